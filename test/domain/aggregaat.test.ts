import t from 'tap'
import { aandeelGemist, bandVan, foldCel, listPerioden, MATEN, periodenRond, previousLesdag, type Cel, type Celabsentie, type Celfeiten, type Celinschrijving, type Celverklaring } from '../../src/domain/aggregaat.ts'
import { buildKalender } from '../../src/domain/kalender.ts'

// Midden 2026-2027: autumn vacation 17 to 25 October, lessons again on 26 October.
const kalender = buildKalender({ regio: 'midden', eigen: [] })
const ROOSTER = [300, 300, 200, 300, 300, 0, 0]

function enrol (anders: Partial<Celinschrijving> = {}): Celinschrijving {
  return { bron: 'lvs', leerling: 'L1', vestiging: '99AA00', van: '2026-08-01', tot: null, leerjaar: 1, rooster: ROOSTER, ...anders }
}

function absent (datum: string, anders: Partial<Celabsentie> = {}): Celabsentie {
  return { bron: 'lvs', leerling: 'L1', vestiging: '99AA00', datum, soort: 'afwezig', categorie: 'ongeoorloofd', minuten: 100, ingetrokken: false, overtroefd: false, ...anders }
}

function fold (feiten: Partial<Celfeiten>, periode = '2026-W38', anders: { leerjaar?: number, peildatum?: string } = {}): Cel | undefined {
  const { leerjaar = null, peildatum = '2027-07-31' } = anders
  return foldCel({ vestiging: '99AA00', periode, leerjaar }, { inschrijvingen: [enrol()], absenties: [], signalen: [], verklaringen: [], afspraken: [], ...feiten }, kalender, peildatum)
}

t.test('every measure has a name, a unit and a sentence', async (t) => {
  for (const [maat, { eenheid, omschrijving }] of Object.entries(MATEN)) t.ok(eenheid.length > 0 && /^[A-Z].*\.$/.test(omschrijving), maat)
})

t.test('planned time is that of the leerlingen enrolled on the day', async (t) => {
  const week = 1400
  for (const [name, inschrijvingen, expected] of [
    ['a whole week', [enrol()], { leerlingen: 1, geplandeMinuten: week, zonderRooster: 0 }],
    ['nobody', [], { leerlingen: 0, geplandeMinuten: 0, banden: { tot5: 0, tot10: 0, tot20: 0, vanaf20: 0 } }],
    ['at another vestiging', [enrol({ vestiging: '99AA01' })], { leerlingen: 0 }],
    ['from Wednesday on', [enrol({ van: '2026-09-16' })], { leerlingen: 1, geplandeMinuten: 800 }],
    ['up to and including Wednesday', [enrol({ tot: '2026-09-16' })], { leerlingen: 1, geplandeMinuten: 800 }],
    ['only in the weekend', [enrol({ van: '2026-09-19', tot: '2026-09-20' })], { leerlingen: 0 }],
    ['a rooster that is unknown', [enrol({ rooster: null })], { leerlingen: 1, geplandeMinuten: 0, zonderRooster: 1, banden: { tot5: 0 } }],
    ['a rooster that is known from Thursday on', [enrol({ tot: '2026-09-16', rooster: null }), enrol({ van: '2026-09-17' })], { leerlingen: 1, geplandeMinuten: 600, zonderRooster: 1, banden: { tot5: 1 } }],
    ['a rooster without lessons', [enrol({ rooster: [0, 0, 0, 0, 0, 0, 0] })], { leerlingen: 1, geplandeMinuten: 0, zonderRooster: 0, banden: { tot5: 0 } }],
    ['a change of leerjaar', [enrol({ tot: '2026-09-16' }), enrol({ van: '2026-09-17', leerjaar: 2 })], { leerlingen: 1, geplandeMinuten: week }],
    ['two leerlingen with one key in two bronnen', [enrol(), enrol({ bron: 'ander' })], { leerlingen: 2, geplandeMinuten: 2 * week }]
  ] as const) t.match(fold({ inschrijvingen }), expected, name)
  const wissel = [enrol({ tot: '2026-09-16' }), enrol({ van: '2026-09-17', leerjaar: 2 })]
  t.match(fold({ inschrijvingen: wissel }, '2026-W38', { leerjaar: 1 }), { leerlingen: 1, geplandeMinuten: 800 }, 'once in each leerjaar')
  t.match(fold({ inschrijvingen: wissel }, '2026-W38', { leerjaar: 2 }), { leerlingen: 1, geplandeMinuten: 600 })
})

t.test('nothing after the peildatum counts, and a periode that has not begun has no cel', async (t) => {
  const feiten = { absenties: [absent('2026-09-15'), absent('2026-09-17')] }
  t.match(fold(feiten, '2026-W38', { peildatum: '2026-09-16' }), { totEnMet: '2026-09-16', lesdagen: 3, lesdagenAangeleverd: 1, geplandeMinuten: 800, gemisteMinuten: 100 })
  t.match(fold(feiten, '2026-W38', { peildatum: '2026-09-20' }), { totEnMet: '2026-09-20', lesdagen: 5, lesdagenAangeleverd: 2, gemisteMinuten: 200 })
  t.equal(fold(feiten, '2026-W39', { peildatum: '2026-09-20' }), undefined)
})

t.test('an absentie counts by what it is and where the leerling was', async (t) => {
  const geen = { minuten: 0, onbekend: 0, registraties: 0, leerlingen: 0 }
  for (const [name, absentie, expected] of [
    ['ongeoorloofd', absent('2026-09-15'), { gemisteMinuten: 100, verzuimperioden: 1, categorieen: { ongeoorloofd: { minuten: 100, onbekend: 0, registraties: 1, leerlingen: 1 } } }],
    ['unknown minutes are not zero', absent('2026-09-15', { minuten: null }), { gemisteMinuten: 0, categorieen: { ongeoorloofd: { minuten: 0, onbekend: 1, registraties: 1, leerlingen: 1 } } }],
    ['aanwezig-elders is nothing missed', absent('2026-09-15', { categorie: 'aanwezig-elders' }), { gemisteMinuten: 0, verzuimperioden: 0, categorieen: { 'aanwezig-elders': { minuten: 100, leerlingen: 1 } } }],
    ['te-laat misses minutes, and no lesdag', absent('2026-09-15', { soort: 'te-laat', minuten: 10 }), { gemisteMinuten: 10, verzuimperioden: 0 }],
    ['verwijderd was there', absent('2026-09-15', { soort: 'verwijderd' }), { verzuimperioden: 0 }],
    ['eerder-weg is verzuim', absent('2026-09-15', { soort: 'eerder-weg' }), { verzuimperioden: 1 }],
    ['withdrawn: delivered all the same', absent('2026-09-15', { ingetrokken: true }), { lesdagenAangeleverd: 1, gemisteMinuten: 0, categorieen: { ongeoorloofd: geen } }],
    ['after another bron: delivered all the same', absent('2026-09-15', { overtroefd: true }), { lesdagenAangeleverd: 1, gemisteMinuten: 0, categorieen: { ongeoorloofd: geen } }],
    ['on a day that is no lesdag', absent('2026-09-19'), { lesdagenAangeleverd: 0, categorieen: { ongeoorloofd: geen } }],
    ['outside every inschrijving', absent('2026-09-15', { leerling: 'L9' }), { lesdagenAangeleverd: 1, categorieen: { ongeoorloofd: geen } }],
    ['at another vestiging', absent('2026-09-15', { vestiging: '99AA01' }), { lesdagenAangeleverd: 0, categorieen: { ongeoorloofd: geen } }]
  ] as const) t.match(fold({ absenties: [absentie] }), expected, name)
  t.match(fold({ inschrijvingen: [enrol({ rooster: null })], absenties: [absent('2026-09-15')] }), { gemisteMinuten: 0, categorieen: { ongeoorloofd: { minuten: 100 } } }, 'without a rooster it is in no share')
  t.match(fold({ absenties: [absent('2026-09-15'), absent('2026-09-15', { minuten: 50 }), absent('2026-09-16', { categorie: 'onverklaard' })] }),
    { categorieen: { ongeoorloofd: { registraties: 2, leerlingen: 1, minuten: 150 }, onverklaard: { registraties: 1, leerlingen: 1 } }, verzuimperioden: 1 }, 'a leerling counts once a categorie')
})

t.test('a lesdag counts as delivered by a declaration, or by an absentie where that is enough', async (t) => {
  const uitdrukkelijk = [{ geldigVan: '2026-09-16', volgorde: [], verklaring: 'uitdrukkelijk' as const }]
  const verklaar = (...datums: string[]): Celverklaring[] => datums.map((datum) => ({ bron: 'lvs', vestiging: '99AA00', datum }))
  for (const [name, feiten, expected] of [
    ['nothing at all', {}, 0],
    ['a declaration and nobody absent', { verklaringen: verklaar('2026-09-14') }, 1],
    ['a declaration and an absentie of one day', { verklaringen: verklaar('2026-09-14'), absenties: [absent('2026-09-14')] }, 1],
    ['two bronnen on one day', { verklaringen: [...verklaar('2026-09-14'), { bron: 'ander', vestiging: '99AA00', datum: '2026-09-14' }] }, 1],
    ['a declaration of a day in the weekend', { verklaringen: verklaar('2026-09-19') }, 0],
    ['a declaration of another vestiging', { verklaringen: [{ bron: 'lvs', vestiging: '99AA01', datum: '2026-09-14' }] }, 0],
    ['an absentie on the last day on which that was enough', { afspraken: uitdrukkelijk, absenties: [absent('2026-09-15')] }, 1],
    ['an absentie on the first day on which it is not', { afspraken: uitdrukkelijk, absenties: [absent('2026-09-16')] }, 0],
    ['a declaration on that day', { afspraken: uitdrukkelijk, verklaringen: verklaar('2026-09-16') }, 1],
    ['an absentie after it is enough again', { afspraken: [...uitdrukkelijk, { ...uitdrukkelijk[0]!, geldigVan: '2026-09-18', verklaring: 'door-aanlevering' as const }], absenties: [absent('2026-09-17'), absent('2026-09-18')] }, 1]
  ] as const) t.equal(fold(feiten)!.lesdagenAangeleverd, expected, name)
  t.match(fold({ verklaringen: verklaar('2026-10-16', '2026-10-19') }, '2026-10'), { lesdagen: 17, lesdagenAangeleverd: 1 }, 'a day in a vacation is no lesdag')
})

t.test('a verzuimperiode counts where it begins; weekend and vacation do not break it, a lesdag does', async (t) => {
  const count = (periode: string, datums: readonly string[], feiten: Partial<Celfeiten> = {}, leerjaar?: number): number | undefined =>
    fold({ absenties: datums.map((datum) => absent(datum)), ...feiten }, periode, leerjaar === undefined ? {} : { leerjaar })?.verzuimperioden
  t.equal(count('2026-W38', ['2026-09-14', '2026-09-15']), 1, 'two lesdagen in a row')
  t.equal(count('2026-W38', ['2026-09-14', '2026-09-16']), 2, 'a lesdag between')
  t.same([count('2026-W38', ['2026-09-18', '2026-09-21']), count('2026-W39', ['2026-09-18', '2026-09-21'])], [1, 0], 'over the weekend')
  t.same([count('2026-W42', ['2026-10-16', '2026-10-26']), count('2026-W44', ['2026-10-16', '2026-10-26'])], [1, 0], 'over the vacation')
  t.same([count('2026-09', ['2026-09-30', '2026-10-01']), count('2026-10', ['2026-09-30', '2026-10-01']), count('2026-2027', ['2026-09-30', '2026-10-01'])], [1, 0, 1], 'over the end of a month')
  const inschrijvingen = [enrol({ tot: '2026-09-15' }), enrol({ van: '2026-09-16', leerjaar: 2 })]
  t.same([undefined, 1, 2].map((leerjaar) => count('2026-W38', ['2026-09-15', '2026-09-16'], { inschrijvingen }, leerjaar)), [1, 1, 0], 'over a change of leerjaar')
  t.equal(count('2026-W38', ['2026-09-15', '2026-09-16'], { inschrijvingen: [enrol({ van: '2026-09-16' })] }), 1, 'what lies before the inschrijving does not count')
})

t.test('bands are of the own planned minutes, and their lower end belongs to them', async (t) => {
  for (const [gemist, band] of [[0, 'tot5'], [49, 'tot5'], [50, 'tot10'], [99, 'tot10'], [100, 'tot20'], [199, 'tot20'], [200, 'vanaf20'], [1200, 'vanaf20']] as const) t.equal(bandVan(gemist, 1000), band, `${gemist} of 1000`)
  t.equal(bandVan(0, 0), undefined)
  t.equal(aandeelGemist({ gemisteMinuten: 1, geplandeMinuten: 3 }), 0.3333)
  t.equal(aandeelGemist({ gemisteMinuten: 5, geplandeMinuten: 0 }), null)
})

t.test('a signaal counts on its einddatum, in the leerjaar of that day', async (t) => {
  const signaal = { bron: 'lvs', leerling: 'L1', regel: 'te-laat', einddatum: '2026-09-16', vervallen: false }
  const inschrijvingen = [enrol({ tot: '2026-09-15' }), enrol({ van: '2026-09-16', leerjaar: 2 })]
  t.same(fold({ signalen: [signaal, { ...signaal, regel: 'luxeverzuim' }] })?.signalen, { 'te-laat': 1, luxeverzuim: 1 })
  t.same([1, 2].map((leerjaar) => fold({ inschrijvingen, signalen: [signaal] }, '2026-W38', { leerjaar })?.signalen), [{}, { 'te-laat': 1 }])
  for (const [name, anders] of [['vervallen', { vervallen: true }], ['another week', { einddatum: '2026-09-21' }], ['of somebody who is not enrolled', { leerling: 'L9' }]] as const) {
    t.same(fold({ signalen: [{ ...signaal, ...anders }] })?.signalen, {}, name)
  }
})

t.test('the perioden of days, and those a change can move', async (t) => {
  t.same(listPerioden('2026-12-28', '2027-01-03'), ['2026-12', '2026-2027', '2026-W53', '2027-01'], 'week 53')
  t.same(listPerioden('2027-07-31', '2027-08-01'), ['2026-2027', '2027-07', '2027-08', '2027-2028', '2027-W30'], 'two schooljaren')
  t.same(listPerioden('2026-09-02', '2026-09-01'), [])
  t.equal(listPerioden('2026-08-01', '2027-07-31').filter((periode) => periode.includes('W')).length, 53)
  t.same(periodenRond('2026-09-14', kalender), ['2026-09', '2026-2027', '2026-W38', '2026-W39'])
  t.same(periodenRond('2026-10-12', kalender), ['2026-10', '2026-2027', '2026-W42', '2026-W44'], 'the next lesdag lies after the vacation')
  t.equal(previousLesdag(kalender, '2026-10-26'), '2026-10-16')
  t.equal(previousLesdag(buildKalender({ regio: 'midden', eigen: ['2025-2026', '2026-2027'].map((schooljaar) => ({ schooljaar, lesdagen: [], lesvrij: [] })) }), '2027-07-31'), undefined)
})
