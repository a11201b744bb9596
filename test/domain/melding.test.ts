import fc from 'fast-check'
import t from 'tap'
import { addDagen, type Datum } from '../../src/domain/datum.ts'
import { refuseZonderMandaat, type Mandaat } from '../../src/domain/mandaat.ts'
import {
  buildDagen, buildDuobericht, buildIntrekbericht, checkMelding, findMeldingsoort, followStatus, INGETROKKEN_DOOR_DUO, INGETROKKEN_ELDERS, isMeldbaarsignaal, isSoortVoor, listMeldingsoorten, magMelding, MEESTE_POGINGEN,
  MELDINGSOORTEN, MELDINGSTATUSSEN, soortVanSignaal, wachttijd, type Berichtinhoud, type Dossier, type Meldbaarsignaal, type Meldinginvoer, type Meldingsoort, type Meldingstatus, type Voorgenomen
} from '../../src/domain/melding.ts'
import { checkVelden, listVelden, MELDINGSPROFIELEN, profielOp, VERMOEDELIJKE_REDENEN } from '../../src/domain/meldingsprofiel.ts'
import { STANDAARDBELEID } from '../../src/domain/beleid.ts'
import type { Aard } from '../../src/domain/regel.ts'
import type { Statuswijziging } from '../../src/domain/duobericht.ts'

const VANDAAG = '2025-09-15'
const INWERKING = '2027-08-01'
const profiel = profielOp(VANDAAG)

const signaal: Meldbaarsignaal = { signaal: '00000000-0000-4000-8000-000000000001', regel: 'wettelijk-16-uur', aard: 'wettelijk', begindatum: '2025-09-08', einddatum: '2025-09-10' }
const invoer: Meldinginvoer = { vermoedelijkeReden: 'onbekend', actieOndernemen: false, contactpersoon: 'A. Voorbeeld', emailadres: 'verzuim@school.example', geinformeerd: { wie: 'ouders', op: '2025-09-11' } }
const dossier: Dossier = {
  geboortedatum: '2012-03-10',
  nummersoort: 'bsn',
  woongemeente: '0014',
  inschrijvingen: [{ vestiging: '99AA00', sector: 'vo', van: '2023-08-01', tot: null, leerjaar: 2, rooster: [330, 330, 330, 330, 330, 0, 0] }],
  vrijstellingen: [],
  feiten: ['2025-09-08', '2025-09-09', '2025-09-10'].map((datum) => ({ datum, vestiging: '99AA00', minuten: 330, lesuren: null, dagdeel: null, ongeoorloofd: true })),
  meldingen: []
}
const soort = (code: Meldingsoort) => findMeldingsoort(code, INWERKING, INWERKING)!
const voornemen: Voorgenomen = { soort: soort('V3'), grond: signaal, signaalstatus: 'open', begindatum: '2025-09-08', einddatum: '2025-09-10', uiterlijkMelden: '2025-09-17', invoer, dossier, melding: null }
const handmatig = (code: Meldingsoort, begindatum: Datum, einddatum: Datum | null, anders: Partial<Dossier> = {}): Voorgenomen =>
  ({ ...voornemen, soort: soort(code), grond: { aard: 'handmatig', begindatum, einddatum }, signaalstatus: null, begindatum, einddatum, uiterlijkMelden: null, dossier: { ...dossier, ...anders } })
const inhoud: Berichtinhoud = { school: '99AA', grond: signaal, soort: 'V3', begindatum: '2025-09-08', einddatum: '2025-09-10', dagen: buildDagen(dossier.feiten, dossier.inschrijvingen), inschrijving: dossier.inschrijvingen[0]!, leerling: { nummersoort: 'bsn', nummer: '999990019', woongemeente: '0014' }, invoer }

t.test('an intern signaal cannot become a message: not by type, and not by the data either', async (t) => {
  const intern = { ...signaal, aard: 'intern' as const }
  // @ts-expect-error an intern signaal is no ground of a melding
  const bericht = (): unknown => buildDuobericht(profiel, { ...inhoud, grond: intern })
  t.type(bericht, 'function')
  // @ts-expect-error nor is one of which nobody looked at the aard
  const ongezien = (): unknown => buildDuobericht(profiel, { ...inhoud, grond: { ...signaal, aard: 'wettelijk' as Aard } })
  t.type(ongezien, 'function')
  t.equal(isMeldbaarsignaal(intern), false)
  t.equal(isMeldbaarsignaal({ ...signaal, aard: 'iets-anders' as Aard }), false, 'what is not known is not meldbaar')
  t.ok(isMeldbaarsignaal(signaal))
})

t.test('the soorten are dated data: V1 and V2 have no word, Z begins with the law', async (t) => {
  t.notOk((MELDINGSOORTEN as readonly string[]).includes('V1'))
  t.equal(findMeldingsoort('Z', '2027-07-31', INWERKING), undefined)
  t.equal(findMeldingsoort('Z', INWERKING, INWERKING)?.status, 'aangenomen')
  t.equal(findMeldingsoort('Z', '2030-01-01', null), undefined, 'nobody knows when: nothing to send')
  for (const regels of listMeldingsoorten(INWERKING)) t.not(regels.bron, '', `${regels.soort} names its source`)
  const zorgelijk = { aard: 'zorgelijk', regel: 'zorgelijk-verzuim-eigen' } as const
  t.equal(soortVanSignaal(zorgelijk, VANDAAG, null), undefined, 'the caller must ask for O')
  t.equal(soortVanSignaal(zorgelijk, INWERKING, INWERKING), 'Z')
  t.equal(isSoortVoor(zorgelijk, 'O'), true)
  t.equal(isSoortVoor(zorgelijk, 'V3'), false)
  t.equal(isSoortVoor(signaal, 'O'), false, 'a wettelijk signaal is no overig verzuim')
  for (const [regel, code] of [['wettelijk-16-uur', 'V3'], ['wettelijk-16-uur-18plus', 'V4'], ['langdurig-verzuim', 'LRV'], ['doorstroompunt', 'RMC'], ['luxeverzuim', 'L']] as const) {
    t.equal(soortVanSignaal({ aard: 'wettelijk', regel }, VANDAAG, null), code, regel)
  }
})

t.test('a melding that is in order has no fault, and every fault is named at once', async (t) => {
  t.strictSame(checkMelding(voornemen, VANDAAG), { fouten: [], aandachtspunten: [] })
  const alles = checkMelding({
    ...voornemen,
    signaalstatus: 'niet-gemeld',
    einddatum: '2025-09-11',
    invoer: { ...invoer, geinformeerd: undefined },
    dossier: { ...dossier, nummersoort: null, geboortedatum: '2022-01-01', inschrijvingen: [], vrijstellingen: [{ van: '2025-09-10', tot: '2025-09-12' }], meldingen: [{ melding: 'x', soort: 'V3', begindatum: '2025-09-01', einddatum: '2025-09-08' }] }
  }, VANDAAG)
  t.strictSame(alles.fouten.map(({ code }) => code), ['einddatum-wijkt-af', 'signaal-niet-open', 'vrijstelling', 'niet-ingeschreven', 'uitgeschreven', 'nummer-ontbreekt', 'buiten-doelgroep', 'dubbel', 'te-kort-na-vorige', 'niet-geinformeerd'])
})

t.test('each check has its edge', async (t) => {
  const feit = dossier.feiten[0]!
  const leerling = (geboortedatum: Datum): Partial<Dossier> => ({ geboortedatum, feiten: [{ ...feit, datum: '2025-09-08' }] })
  const zelf = { ...invoer, geinformeerd: { wie: 'leerling', op: '2025-09-11' } } as const
  const cases: ReadonlyArray<readonly [string, Voorgenomen, readonly string[]]> = [
    ['V3 by hand', handmatig('V3', '2025-09-08', '2025-09-10'), ['signaal-ontbreekt']],
    ['V4 without einddatum', { ...handmatig('V4', '2025-09-08', null, leerling('2006-01-01')), invoer: zelf }, ['einddatum-ontbreekt']],
    ['tomorrow', handmatig('O', '2025-09-16', null, { feiten: [] }), ['datum-in-toekomst', 'geen-ongeoorloofd-verzuim']],
    ['the wrong way round', handmatig('O', '2025-09-10', '2025-09-09'), ['periode-keert-om']],
    ['a day that became geoorloofd', { ...voornemen, dossier: { ...dossier, feiten: [{ ...feit, ongeoorloofd: false }] } }, ['niet-ongeoorloofd']],
    ['a change after the facts went', { ...voornemen, melding: 'm', signaalstatus: 'vervallen' }, ['signaal-vervallen']],
    ['a change after uitschrijving', { ...voornemen, melding: 'm', signaalstatus: 'gemeld', dossier: { ...dossier, inschrijvingen: [{ ...dossier.inschrijvingen[0]!, tot: '2025-09-10' }] } }, []],
    ['a new one after uitschrijving', { ...voornemen, dossier: { ...dossier, inschrijvingen: [{ ...dossier.inschrijvingen[0]!, tot: '2025-09-14' }] } }, ['uitgeschreven']],
    ['a new one on the last day', { ...voornemen, dossier: { ...dossier, inschrijvingen: [{ ...dossier.inschrijvingen[0]!, tot: '2025-09-15' }] } }, []],
    ['L the day before 18', { ...handmatig('L', '2025-09-08', null, leerling('2007-09-09')), invoer: zelf }, []],
    ['L on the day of 18', { ...handmatig('L', '2025-09-08', null, leerling('2007-09-08')), invoer: zelf }, ['buiten-doelgroep']],
    ['RMC at 22 in 2025', { ...handmatig('RMC', '2025-09-08', null, leerling('2002-10-01')), invoer: zelf }, []],
    ['RMC at 23 in 2025', { ...handmatig('RMC', '2025-09-08', null, leerling('2002-09-08')), invoer: zelf }, ['buiten-doelgroep']],
    ['ouders of who is 18', handmatig('O', '2025-09-08', null, leerling('2007-09-11')), ['leerling-zelf']],
    ['a leerling of 15', { ...handmatig('O', '2025-09-08', null, leerling('2009-09-12')), invoer: zelf }, ['ouders']],
    ['a leerling of 16', { ...handmatig('O', '2025-09-08', null, leerling('2009-09-11')), invoer: zelf }, []],
    ['what ails him, in three places', { ...voornemen, invoer: { ...invoer, toelichting: 'Vaak ziek: migraine', toelichtingActieGewenst: 'Vraag naar de Depressie', toelichtingOndernomenActie: 'gebeld over griep' } }, ['aard-van-ziekte', 'aard-van-ziekte', 'aard-van-ziekte']],
    ['that he is ziek', { ...voornemen, invoer: { ...invoer, toelichting: 'Vaak ziek gemeld, ouders gesproken' } }, []],
    ['told tomorrow', { ...voornemen, invoer: { ...invoer, geinformeerd: { wie: 'ouders', op: '2025-09-16' } } }, ['datum-in-toekomst']],
    ['V3 six days after another', { ...voornemen, dossier: { ...dossier, meldingen: [{ melding: 'x', soort: 'V3', begindatum: '2025-09-01', einddatum: '2025-09-04' }] } }, ['te-kort-na-vorige']],
    ['V3 seven days after another', { ...voornemen, dossier: { ...dossier, meldingen: [{ melding: 'x', soort: 'V3', begindatum: '2025-09-01', einddatum: '2025-09-03' }] } }, []],
    ['LRV beside one that has not ended', handmatig('LRV', '2025-09-08', null, { meldingen: [{ melding: 'x', soort: 'LRV', begindatum: '2025-03-01', einddatum: null }] }), ['dubbel']],
    ['LRV after one that ended', handmatig('LRV', '2025-09-08', null, { meldingen: [{ melding: 'x', soort: 'LRV', begindatum: '2025-03-01', einddatum: '2025-09-07' }] }), []],
    ['another soort over the same days', { ...voornemen, dossier: { ...dossier, meldingen: [{ melding: 'x', soort: 'O', begindatum: '2025-09-08', einddatum: '2025-09-10' }] } }, []],
    ['a vrijstelling that ended the day before', { ...voornemen, dossier: { ...dossier, vrijstellingen: [{ van: '2025-08-01', tot: '2025-09-07' }] } }, []]
  ]
  for (const [naam, geval, verwacht] of cases) t.strictSame(checkMelding(geval, VANDAAG).fouten.map(({ code }) => code), verwacht, naam)
  t.strictSame(checkMelding({ ...voornemen, uiterlijkMelden: '2025-09-12', dossier: { ...dossier, woongemeente: null } }, VANDAAG).aandachtspunten.map(({ code }) => code), ['te-laat', 'woongemeente-onbekend'])
})

t.test('the message is what the profile lists, and one field more is refused', async (t) => {
  const bericht = buildDuobericht(profiel, inhoud)
  t.strictSame(checkVelden(profiel, 'melden', bericht.velden), [])
  t.strictSame(bericht.velden['dagen'], ['2025-09-08', '2025-09-09', '2025-09-10'].map((datum) => ({ datum, heleDag: true, lesuren: [] })))
  t.match(bericht.velden, { burgerservicenummer: '999990019', soortOnderwijs: 'VO', leerjaar: 2, alleLessenGemist: true, vermoedelijkeReden: 'Niet bekend na navraag' })
  t.strictSame(buildIntrekbericht(profiel, '99AA').velden, { brin: '99AA' }, 'an intrekking says nothing of the leerling')
  t.strictSame(checkVelden(profiel, 'intrekken', buildIntrekbericht(profiel, '99AA').velden), [])

  const met = (velden: Record<string, unknown>): string[] => checkVelden(profiel, 'melden', { ...bericht.velden, ...velden }).map(({ veld, code }) => `${veld} ${code}`)
  for (const veld of ['reden', 'kenmerken', 'categorie', 'notitie', 'ziekte', 'geinformeerd', '__proto__x']) t.strictSame(met({ [veld]: 'x' }), [`${veld} onbekend-veld`])
  t.strictSame(met({ onderwijsnummer: '100000016' }), ['burgerservicenummer ontbreekt'], 'one number, not two')
  t.strictSame(met({ burgerservicenummer: undefined }), ['burgerservicenummer ontbreekt'])
  t.strictSame(met({ contactpersoon: undefined, emailadres: 'geen adres' }), ['contactpersoon ontbreekt', 'emailadres verkeerde-vorm'])
  t.strictSame(met({ actieOndernemen: true }), ['toelichtingActieGewenst ontbreekt'])
  t.strictSame(met({ toelichting: 'x'.repeat(100) }), [])
  t.strictSame(met({ toelichting: 'x'.repeat(101) }), ['toelichting verkeerde-vorm'])
  t.strictSame(met({ toelichting: 'a\u0000b' }), ['toelichting verkeerde-vorm'])
  t.strictSame(met({ vermoedelijkeReden: 'Ziek, psychisch' }), ['vermoedelijkeReden verkeerde-vorm'])
  t.strictSame(met({ dagen: [{ datum: '2025-09-08', heleDag: true, lesuren: [], reden: 'ZK' }] }), ['dagen verkeerde-vorm'], 'a day has no reden')
  t.strictSame(met({ dagen: [1, 2].map(() => ({ datum: '2025-09-08', heleDag: true, lesuren: [] })) }), ['dagen verkeerde-vorm'], 'no day twice')
  t.strictSame(met({ dagen: [{ datum: '2025-09-08', heleDag: false, lesuren: [13] }] }), ['dagen verkeerde-vorm'])
})

t.test('no word for health, faith or a reden of the beleid is in what the profile can say by itself', async (t) => {
  const woorden = Object.values(VERMOEDELIJKE_REDENEN).join(' ').toLowerCase()
  for (const { omschrijving, kenmerken = [] } of STANDAARDBELEID.redenen) {
    if (kenmerken.some((kenmerk) => kenmerk === 'ziekte' || kenmerk === 'bijzonder-persoonsgegeven')) t.notOk(woorden.includes(omschrijving.toLowerCase()), omschrijving)
  }
  t.notMatch(woorden, /ziek|psych|medisch|godsdienst|schorsing|arts/)
  for (const { velden } of MELDINGSPROFIELEN) t.notOk(velden.some(({ herkomst }) => !['leerling', 'inschrijving', 'signaal', 'melding', 'meldgegevens'].includes(herkomst)))
  t.ok(listVelden(profiel, 'melden').length > listVelden(profiel, 'intrekken').length)
})

t.test('whatever people type, the message fits its profile or the check says what does not', async () => {
  const tekst = fc.option(fc.string({ unit: 'grapheme', maxLength: 220 }), { nil: undefined })
  fc.assert(fc.property(fc.record({ toelichting: tekst, contactpersoon: tekst, functie: tekst, toelichtingActieGewenst: tekst, actieOndernemen: fc.boolean() }), (typed) => {
    const { velden } = buildDuobericht(profiel, { ...inhoud, invoer: { ...invoer, ...typed } })
    const fouten = new Set(checkVelden(profiel, 'melden', velden).map(({ veld }) => veld))
    for (const veld of listVelden(profiel, 'melden')) {
      const waarde = velden[veld.naam]
      if (veld.vorm === 'tekst' && typeof waarde === 'string' && waarde.length > veld.lengte && !fouten.has(veld.naam)) return false
    }
    return Object.keys(velden).every((naam) => profiel.velden.some((veld) => veld.naam === naam))
  }), { seed: 42, numRuns: 300 })
})

t.test('a day is whole when all of its rooster was missed', async (t) => {
  const feit = { vestiging: '99AA00', dagdeel: null, ongeoorloofd: true }
  t.strictSame(buildDagen([
    { ...feit, datum: '2025-09-09', minuten: 100, lesuren: [3, 2] }, { ...feit, datum: '2025-09-09', minuten: 50, lesuren: [2, 14] },
    { ...feit, datum: '2025-09-08', minuten: 200, lesuren: [1] }, { ...feit, datum: '2025-09-08', minuten: 130, lesuren: [2] },
    { ...feit, datum: '2025-09-10', minuten: null, lesuren: null },
    { ...feit, datum: '2025-09-11', minuten: 60, lesuren: null, ongeoorloofd: false }
  ], dossier.inschrijvingen), [
    { datum: '2025-09-08', heleDag: true, lesuren: [1, 2] },
    { datum: '2025-09-09', heleDag: false, lesuren: [2, 3] },
    { datum: '2025-09-10', heleDag: true, lesuren: [] }
  ])
})

t.test('who may make what of a melding: the school changes and withdraws, the gemeente closes, DUO withdraws', async (t) => {
  const mag = (wie: 'school' | 'gemeente' | 'duo', status: Meldingstatus): string => MELDINGSTATUSSEN.filter((naar) => magMelding(status, wie, naar)).join('')
  t.strictSame(MELDINGSTATUSSEN.map((status) => [status, mag('school', status), mag('gemeente', status), mag('duo', status)]), [
    ['W', 'WRI', '', ''],
    ['R', 'RI', 'BGK', 'RI'],
    ['B', 'BI', 'BGK', 'RI'],
    ['G', '', 'BGK', 'RI'],
    ['K', '', 'BGK', 'RI'],
    ['I', '', '', '']
  ])
})

t.test('a status that is read back counts when it is later than what is known', async (t) => {
  const wijziging: Statuswijziging = { meldingsnummer: '1', status: 'B', mutatieOp: '2025-09-16T10:00:00+02:00', reden: null }
  const melding = { status: 'R', laatsteMutatie: '2025-09-16T07:59:59Z' } as const
  t.strictSame(followStatus(melding, wijziging), { status: 'B', redenIntrekking: null })
  t.equal(followStatus({ ...melding, laatsteMutatie: '2025-09-16T08:00:00Z' }, wijziging), undefined, 'the same instant in another zone is no news')
  t.equal(followStatus({ ...melding, status: 'I' }, wijziging), undefined, 'withdrawn stays withdrawn')
  t.strictSame(followStatus(melding, { ...wijziging, status: 'I', reden: 'V' }), { status: 'I', redenIntrekking: INGETROKKEN_DOOR_DUO })
  t.strictSame(followStatus(melding, { ...wijziging, status: 'I' }), { status: 'I', redenIntrekking: INGETROKKEN_ELDERS })

  fc.assert(fc.property(fc.array(fc.record({ status: fc.constantFrom('R', 'B', 'G', 'K' as const), minuut: fc.integer({ min: 0, max: 59 }) }), { minLength: 1, maxLength: 8 }), fc.infiniteStream(fc.nat()), (lijst, kans) => {
    const uniek = [...new Map(lijst.map((each) => [each.minuut, each])).values()].map(({ status, minuut }) => ({ ...wijziging, status, mutatieOp: `2025-09-16T11:${String(minuut).padStart(2, '0')}:00Z` }))
    const fold = (wijzigingen: typeof uniek): Meldingstatus => wijzigingen.reduce<{ status: Meldingstatus, laatsteMutatie: string | null }>((nu, each) => {
      const volgt = followStatus(nu, each)
      return volgt === undefined ? nu : { status: volgt.status, laatsteMutatie: each.mutatieOp }
    }, melding).status
    const laatste = uniek.toSorted((a, b) => a.mutatieOp < b.mutatieOp ? 1 : -1)[0]!.status
    const geschud = uniek.map((each) => [kans.next().value as number, each] as const).sort(([a], [b]) => a - b).map(([, each]) => each)
    return fold(geschud) === laatste
  }), { seed: 7, numRuns: 300 })
})

t.test('an attempt waits twice as long as the one before, at most six hours', async (t) => {
  t.strictSame([1, 2, 3, 9, 10, MEESTE_POGINGEN].map((poging) => wachttijd(poging, 0) / 60_000), [1, 2, 4, 256, 360, 360])
  t.strictSame([1, 10].map((poging) => wachttijd(poging, 1) / 60_000), [0.8, 288], 'chance takes off a fifth at most')
})

t.test('a school without a mandaat is open, and closes a dienst with the first it gives', async (t) => {
  const mandaat: Mandaat = { bron: 'lvs', dienst: 'melden', van: '2025-09-01', tot: '2025-09-30', ingetrokken: false }
  const mag = (mandaten: readonly Mandaat[], bron: string, datum: Datum = VANDAAG, dienst: Mandaat['dienst'] = 'melden'): boolean => refuseZonderMandaat(mandaten, dienst, bron, datum) === undefined
  t.ok(mag([], 'ander'))
  t.ok(mag([mandaat], 'lvs'))
  t.notOk(mag([mandaat], 'ander'))
  t.ok(mag([mandaat], 'ander', VANDAAG, 'aanleveren'), 'another dienst stays open')
  for (const [datum, verwacht] of [['2025-08-31', false], ['2025-09-01', true], ['2025-09-30', true], ['2025-10-01', false]] as const) t.equal(mag([mandaat], 'lvs', datum), verwacht, datum)
  t.ok(mag([{ ...mandaat, tot: null }], 'lvs', addDagen(VANDAAG, 3_000)))
  t.notOk(mag([{ ...mandaat, ingetrokken: true }], 'lvs'), 'withdrawing the last one opens nothing')
  t.equal(refuseZonderMandaat([mandaat], 'melden', 'ander', VANDAAG)?.code, 'mandaat-ontbreekt')
})
