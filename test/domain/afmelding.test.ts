import t from 'tap'
import { buildDagsleutel, expandDagen, isOmgekeerd, type Afmelding, type Afmeldingskader, type Grens } from '../../src/domain/afmelding.ts'
import { buildKalender, type Lesvrij } from '../../src/domain/kalender.ts'

const VANDAAG = '2026-03-13'
const inschrijving = { vestiging: '99AA00', van: '2020-08-01', tot: null }
const lesvrij = (van: string, tot: string): Lesvrij => ({ van, tot, soort: 'vakantie', naam: 'Vrij' })

/** A vestiging whose own kalender is Monday to Friday with these days off. */
function vestigingen (...vrij: readonly Lesvrij[]): Afmeldingskader['vestigingen'] {
  const eigen = ['2023-2024', '2025-2026'].map((schooljaar) => ({ schooljaar, lesdagen: [1, 2, 3, 4, 5], lesvrij: vrij }))
  return new Map(['99AA00', '99AA01'].map((code) => [code, { kalender: buildKalender({ regio: 'noord', eigen }) }]))
}

function build (begin: string | Grens, einde: string | Grens | null, bronId = 'm'): Afmelding {
  const grens = (rand: string | Grens): Grens => typeof rand === 'string' ? { datum: rand } : rand
  return { bronId, begin: grens(begin), einde: einde === null ? null : grens(einde) }
}

const middag = (datum: string): Grens => ({ datum, dagdeel: 'middag' })
const ochtend = (datum: string): Grens => ({ datum, dagdeel: 'ochtend' })

/** `datum`, with `+` the vestiging where it is not the first, `/` the dagdeel, and `=` the afmelding where there are several. */
function expand (afmeldingen: readonly Afmelding[], kader: Partial<Afmeldingskader> = {}): string {
  return expandDagen(afmeldingen, { inschrijvingen: [inschrijving], vestigingen: vestigingen(), precies: new Set(), vandaag: VANDAAG, ...kader }).map(({ afmelding, vestiging, datum, dagdeel }) =>
    `${datum.slice(5)}${vestiging === '99AA00' ? '' : `+${vestiging.slice(4)}`}${dagdeel === null ? '' : `/${dagdeel}`}${afmeldingen.length === 1 ? '' : `=${afmelding}`}`).join(' ')
}

const CASES: ReadonlyArray<readonly [name: string, afmeldingen: readonly Afmelding[], days: string, kader?: Partial<Afmeldingskader>]> = [
  ['open covers every lesdag up to and including today', [build('2026-03-11', null)], '03-11 03-12 03-13'],
  ['a weekend in between has no days', [build('2026-03-06', '2026-03-09')], '03-06 03-09'],
  ['a vacation in between has no days', [build('2026-03-02', '2026-03-11')], '03-02 03-03 03-10 03-11', { vestigingen: vestigingen(lesvrij('2026-03-04', '2026-03-09')) }],
  ['it may begin on a free day', [build('2026-03-07', '2026-03-09')], '03-09'],
  ['the dagdeel of a free first day means nothing', [build(middag('2026-03-07'), '2026-03-09')], '03-09'],
  ['the dagdeel of a free last day means nothing', [build('2026-03-06', ochtend('2026-03-07'))], '03-06'],
  ['the first day from the afternoon', [build(middag('2026-03-11'), '2026-03-12')], '03-11/middag 03-12'],
  ['the last day until the afternoon', [build('2026-03-11', ochtend('2026-03-12'))], '03-11 03-12/ochtend'],
  ['one morning', [build('2026-03-11', ochtend('2026-03-11'))], '03-11/ochtend'],
  ['one afternoon', [build(middag('2026-03-11'), '2026-03-11')], '03-11/middag'],
  ['from the morning up to the afternoon is the whole day', [build(ochtend('2026-03-11'), middag('2026-03-11'))], '03-11'],
  ['it begins tomorrow', [build('2026-03-16', null)], ''],
  ['it ends after today', [build('2026-03-12', '2026-03-20')], '03-12 03-13'],
  ['today until the afternoon', [build('2026-03-13', ochtend('2026-03-13'))], '03-13/ochtend'],
  ['the last day of the inschrijving caps it', [build('2026-03-09', null)], '03-09 03-10', { inschrijvingen: [{ ...inschrijving, tot: '2026-03-10' }] }],
  ['the first day of the inschrijving caps it', [build('2026-03-09', '2026-03-12')], '03-11 03-12', { inschrijvingen: [{ ...inschrijving, van: '2026-03-11' }] }],
  ['no inschrijving', [build('2026-03-09', null)], '', { inschrijvingen: [] }],
  ['a vestiging that is not known has no lesdagen', [build('2026-03-09', null)], '', { inschrijvingen: [{ ...inschrijving, vestiging: '99AA09' }] }],
  ['a transfer between vestigingen', [build('2026-03-09', '2026-03-12')], '03-09 03-10 03-11+01 03-12+01', { inschrijvingen: [{ ...inschrijving, tot: '2026-03-10' }, { vestiging: '99AA01', van: '2026-03-11', tot: null }] }],
  ['at two vestigingen at once it counts at both', [build('2026-03-12', '2026-03-12')], '03-12 03-12+01', { inschrijvingen: [inschrijving, { ...inschrijving, vestiging: '99AA01' }] }],
  ['a day that was reported precisely is left to that report', [build('2026-03-10', null)], '03-10 03-12 03-13', { precies: new Set(['2026-03-11']) }],
  ['29 February is a day', [build('2024-02-28', '2024-03-01')], '02-28 02-29 03-01'],
  ['and so is the Monday after the clock moved', [build('2026-03-27', '2026-03-31')], '03-27 03-30 03-31', { vandaag: '2026-03-31' }],
  ['of two that overlap the later begin has the day', [build('2026-03-09', '2026-03-11', 'z'), build('2026-03-10', '2026-03-12', 'a')], '03-09=z 03-10=a 03-11=a 03-12=a'],
  ['one within another', [build('2026-03-09', '2026-03-12', 'a'), build('2026-03-10', '2026-03-11', 'b')], '03-09=a 03-10=b 03-11=b 03-12=a'],
  ['of two that begin together the last bronId', [build('2026-03-10', '2026-03-10', 'b'), build('2026-03-10', '2026-03-11', 'a')], '03-10=b 03-11=a'],
  ['an afternoon begins later than its day', [build(middag('2026-03-10'), '2026-03-11', 'a'), build('2026-03-10', '2026-03-11', 'b')], '03-10/ochtend=b 03-10/middag=a 03-11=a'],
  ['a morning and an afternoon do not overlap', [build('2026-03-09', ochtend('2026-03-10'), 'a'), build(middag('2026-03-10'), '2026-03-11', 'b')], '03-09=a 03-10/ochtend=a 03-10/middag=b 03-11=b'],
  ['nothing to expand', [], '']
]

for (const [name, afmeldingen, days, kader] of CASES) {
  t.test(name, async (t) => {
    t.equal(expand(afmeldingen, kader), days)
    t.equal(expand(afmeldingen.toReversed(), kader), days, 'in whatever order they are given')
  })
}

t.test('an end before the begin is found', async (t) => {
  t.notOk(isOmgekeerd(build('2026-03-10', null)))
  t.notOk(isOmgekeerd(build('2026-03-10', '2026-03-10')))
  t.notOk(isOmgekeerd(build(middag('2026-03-10'), middag('2026-03-10'))))
  t.notOk(isOmgekeerd(build(middag('2026-03-10'), ochtend('2026-03-11'))))
  t.ok(isOmgekeerd(build('2026-03-10', '2026-03-09')))
  t.ok(isOmgekeerd(build(middag('2026-03-10'), ochtend('2026-03-10'))))
})

t.test('the key of a day names the afmelding, the day and the vestiging', async (t) => {
  t.equal(buildDagsleutel({ afmelding: 'a~1', datum: '2026-03-10', vestiging: '99AA0B' }), '~a~1~2026-03-10~0B')
})
