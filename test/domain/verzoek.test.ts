import fc from 'fast-check'
import t from 'tap'
import { addDagen } from '../../src/domain/datum.ts'
import { isWerkdag } from '../../src/domain/kalender.ts'
import { explainReden, needsRechtsmiddelen, refuseBetreft, refuseNamens, takeStap, termijnVan, VERZOEKSOORTEN, VERZOEKSTATUSSEN, WEIGERINGSGRONDEN, WEIGERINGSREDENEN, type Namens, type Stapreden, type Verzoeksoort, type Verzoekstatus } from '../../src/domain/verzoek.ts'

t.test('from sixteen on the leerling exercises his rights, before that his ouder', async (t) => {
  const cases: ReadonlyArray<[edge: string, namens: Namens, geboortedatum: string, op: string, code: string | undefined]> = [
    ['the day before his sixteenth birthday', 'leerling', '2010-09-15', '2026-09-14', 'jonger-dan-16'],
    ['his ouder, that day', 'ouder', '2010-09-15', '2026-09-14', undefined],
    ['on the birthday itself', 'leerling', '2010-09-15', '2026-09-15', undefined],
    ['his ouder, on it', 'ouder', '2010-09-15', '2026-09-15', 'zestien-of-ouder'],
    ['born on 29 February, in a year without it', 'leerling', '2008-02-29', '2024-02-28', 'jonger-dan-16'],
    ['sixteen on 29 February', 'leerling', '2008-02-29', '2024-02-29', undefined],
    ['under curatele before sixteen', 'vertegenwoordiger', '2014-01-01', '2026-09-15', undefined],
    ['and after it', 'vertegenwoordiger', '2004-01-01', '2026-09-15', undefined]
  ]
  for (const [edge, namens, geboortedatum, op, code] of cases) t.equal(refuseNamens(namens, geboortedatum, op)?.code, code, edge)
})

t.test('the term is a month by the calendar, and ends on a werkdag', async (t) => {
  for (const [edge, ontvangenOp, maanden, uiterlijk] of [
    ['the same day of the next month', '2026-03-05', 1, '2026-04-07'], // 5 April 2026 is Easter Sunday, the 6th Easter Monday
    ['on a werkdag', '2026-09-15', 1, '2026-10-15'],
    ['on a Saturday: Monday', '2026-09-10', 1, '2026-10-12'], // the 10th is a Saturday
    ['31 January: the last day of February', '2025-01-31', 1, '2025-02-28'],
    ['in a leap year', '2028-01-31', 1, '2028-02-29'],
    ['over New Year', '2026-12-15', 1, '2027-01-15'],
    ['1 December: New Year is no werkdag', '2026-12-01', 1, '2027-01-04'],
    ['with two months more', '2026-09-15', 3, '2026-12-15'],
    ['30 November with two more: the last of February is a Sunday', '2026-11-30', 3, '2027-03-01']
  ] as const) t.equal(termijnVan(ontvangenOp, maanden), uiterlijk, edge)
})

t.test('whatever the day of receipt, a term ends on a werkdag of its month, or on the first after it', async (t) => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 4_000 }), fc.constantFrom(1, 3), (dagen, maanden) => {
    const ontvangenOp = addDagen('2025-01-01', dagen)
    const termijn = termijnVan(ontvangenOp, maanden)
    const later = termijnVan(addDagen(ontvangenOp, 1), maanden)
    return isWerkdag(termijn) && termijn > addDagen(ontvangenOp, maanden * 28 - 1) && termijn <= addDagen(ontvangenOp, maanden * 31 + 6) && later >= termijn
  }), { seed: 12, numRuns: 2_000 })
  t.pass('2,000 days')
})

const verzoek = (status: Verzoekstatus, soort: Verzoeksoort = 'inzage', ontvangenOp = '2026-09-15') => ({ soort, ontvangenOp, status, uiterlijk: '2026-10-15' })
const take = (from: ReturnType<typeof verzoek>, status: Verzoekstatus, reden: Stapreden | null, vandaag = '2026-09-20'): string => {
  const gevolg = takeStap(from, { status, reden }, vandaag)
  return gevolg.mogelijk ? gevolg.uiterlijk ?? 'klaar' : `${gevolg.fout.pointer} ${gevolg.fout.code}`
}

t.test('a verzoek goes forward only, and every refusal says why', async (t) => {
  for (const [edge, from, status, reden, outcome] of [
    ['taken up, the term stays', 'ontvangen', 'in-behandeling', null, '2026-10-15'],
    ['answered at once', 'ontvangen', 'toegewezen', null, 'klaar'],
    ['not taken up twice', 'in-behandeling', 'in-behandeling', null, '/status status'],
    ['extended', 'in-behandeling', 'verlengd', 'complexiteit', '2026-12-15'],
    ['extended without a reden', 'ontvangen', 'verlengd', null, '/reden ontbreekt'],
    ['extended with the reden of a refusal', 'ontvangen', 'verlengd', 'gegevens-juist', '/reden past-niet'],
    ['not extended twice', 'verlengd', 'verlengd', 'complexiteit', '/status status'],
    ['granted with a reden', 'in-behandeling', 'toegewezen', 'gegevens-juist', '/reden past-niet'],
    ['refused without one', 'in-behandeling', 'afgewezen', null, '/reden ontbreekt'],
    ['refused with the reden of another soort', 'in-behandeling', 'afgewezen', 'dwingende-gronden', '/reden past-niet'],
    ['refused', 'in-behandeling', 'afgewezen', 'rechten-van-anderen', 'klaar'],
    ['granted in part', 'verlengd', 'gedeeltelijk-toegewezen', 'rechten-van-anderen', 'klaar'],
    ['withdrawn by who asked', 'verlengd', 'ingetrokken', null, 'klaar'],
    ['back to the beginning', 'in-behandeling', 'ontvangen', null, '/status status']
  ] as ReadonlyArray<readonly [string, Verzoekstatus, Verzoekstatus, Stapreden | null, string]>) t.equal(take(verzoek(from), status, reden), outcome, edge)
  for (const from of ['toegewezen', 'gedeeltelijk-toegewezen', 'afgewezen', 'ingetrokken'] as const) {
    for (const status of VERZOEKSTATUSSEN) t.equal(take(verzoek(from), status, null), '/status status', `${from} is never ${status} after`)
  }
  t.equal(take(verzoek('ontvangen'), 'verlengd', 'complexiteit', '2026-10-15'), '2026-12-15', 'an extension on the last day of the first month')
  t.equal(take(verzoek('ontvangen'), 'verlengd', 'complexiteit', '2026-10-16'), '/status te-laat', 'and not on the day after')
})

t.test('each soort has what it can be about, and grounds to refuse it', async (t) => {
  t.strictSame(VERZOEKSOORTEN.map((soort) => [null, 'absentie', 'afmelding', 'signaal', 'melding', 'regel'].map((betreft) => refuseBetreft(soort, betreft as 'absentie' | null)?.code ?? 'goed').join(' ')), [
    'goed past-niet past-niet past-niet past-niet past-niet',
    'goed goed goed goed goed past-niet',
    'ontbreekt past-niet past-niet goed past-niet goed',
    'goed goed past-niet past-niet past-niet past-niet',
    'goed past-niet past-niet past-niet past-niet past-niet',
    'goed past-niet past-niet past-niet past-niet past-niet'
  ])
  for (const reden of WEIGERINGSREDENEN) {
    t.ok(WEIGERINGSGRONDEN[reden].soorten.length > 0, `${reden} refuses something`)
    t.match(explainReden(reden), /^[A-Z].*\((AVG|UAVG) art\. .*\)$/, `${reden} is told with its article`)
  }
  t.match(explainReden('complexiteit'), /AVG art\. 12 lid 3/)
  t.equal(explainReden(null), null)
  t.strictSame(VERZOEKSTATUSSEN.filter(needsRechtsmiddelen), ['verlengd', 'gedeeltelijk-toegewezen', 'afgewezen'], 'with these goes where to complain')
})
