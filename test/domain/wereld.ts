import fc from 'fast-check'
import { SOORTEN, type Feit } from '../../src/domain/absentie.ts'
import { beleidOp, classify, STANDAARDBELEID, type Beleid } from '../../src/domain/beleid.ts'
import { addDagen, dagnummer } from '../../src/domain/datum.ts'
import { buildKalender } from '../../src/domain/kalender.ts'
import type { Feiten } from '../../src/domain/teldagen.ts'
import type { Duiding, Regelkeuze } from '../../src/domain/regel.ts'
import type { Gevalvestiging } from './geval.ts'

const ZOMERS = [{ van: '2025-08-01', tot: '2025-08-24' }, { van: '2026-07-04', tot: '2026-08-16' }, { van: '2027-07-10', tot: '2027-08-22' }]
const BEGIN = dagnummer('2025-08-25')

/** One leerling at one school, and everything that decides about him. */
export interface Wereld { readonly feiten: Feiten, readonly vestigingen: Map<string, Gevalvestiging>, readonly beleid: readonly Beleid[], readonly peildatum: string }

const dag = (van: number, tot: number): fc.Arbitrary<string> => fc.integer({ min: van, max: tot }).map((n) => addDagen('2025-08-25', n))
const periode = (lengte: number): fc.Arbitrary<{ van: string, tot: string }> => fc.tuple(dag(0, 420), fc.integer({ min: 0, max: lengte })).map(([van, n]) => ({ van, tot: addDagen(van, n) }))
const pick = <T>(...keuze: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...keuze)

const vestiging: fc.Arbitrary<Gevalvestiging> = fc.record({
  sector: pick<Gevalvestiging['sector']>('po', 'so', 'vso', 'vo', 'mbo'),
  regio: pick<Gevalvestiging['regio']>('noord', 'zuid'),
  lesuurMinuten: pick(45, 50, 60, 75),
  lesdagen: pick([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 4, 5], [1, 2, 3, 4, 5, 6], [4]),
  lesvrij: fc.array(periode(12), { maxLength: 5 }),
  eigen: pick(true, true, false)
}).map(({ sector, regio, lesuurMinuten, lesdagen, lesvrij, eigen }) => ({
  sector,
  regio,
  lesuurMinuten,
  kalender: buildKalender({ regio, eigen: eigen ? ['2025-2026', '2026-2027'].map((schooljaar) => ({ schooljaar, lesdagen, lesvrij: [...ZOMERS, ...lesvrij].map((vrij) => ({ ...vrij, soort: 'vakantie' as const, naam: 'lesvrij' })) })) : [] })
}))

const REDENEN = [...STANDAARDBELEID.redenen, { code: 'EIG', omschrijving: 'Eigen', categorie: 'ongeoorloofd' as const, kenmerken: ['luxeverzuim' as const], geldigTot: '2026-01-15' }]
const CATEGORIEEN = pick<Array<Feit['categorie']>>(['ongeoorloofd'], ['ongeoorloofd'], ['geoorloofd', 'ongeoorloofd'], ['geoorloofd', 'ongeoorloofd', 'onverklaard', 'niet-ingedeeld'])
const ladder = (...stappen: readonly number[]): fc.Arbitrary<number[]> => fc.subarray([...stappen], { minLength: 1, maxLength: 3 })
const tussen = pick(0, 0, 7, 10)
const inVenster = fc.oneof(
  fc.record({ soort: fc.constant('lesweken' as const), aantal: pick(1, 3, 4, 12) }),
  fc.record({ soort: fc.constant('lesweken' as const), aantal: pick(2, 6), minLesdagen: pick(1, 2, 3), overZomer: fc.boolean() }),
  fc.record({ soort: fc.constant('lesdagen' as const), aantal: pick(5, 10, 30) }),
  fc.record({ soort: fc.constant('maanden' as const), aantal: pick(1, 3) }),
  fc.constant({ soort: 'schooljaar' as const })
)
const over = fc.record({
  categorieen: CATEGORIEEN,
  soorten: fc.option(fc.subarray([...SOORTEN], { minLength: 1 }), { nil: undefined, freq: 2 }),
  redenen: fc.option(fc.subarray(['SPIJ', 'ZK', 'LUX', 'TL', 'EIG'], { minLength: 2 }), { nil: undefined, freq: 1 }),
  kenmerken: fc.option(pick(['ziekte' as const], ['luxeverzuim' as const, 'te-laat' as const]), { nil: undefined, freq: 1 }),
  weekdagen: fc.option(pick([5], [1, 2, 3], [1, 2, 3, 4]), { nil: undefined, freq: 1 }),
  meerDanMinuten: fc.option(pick(20, 100), { nil: undefined, freq: 1 }),
  heleDag: fc.option(fc.constant(true as const), { nil: undefined, freq: 1 })
})
const voor = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  fc.record({ leerplicht: pick('leer-of-kwalificatieplichtig' as const, 'leerplichtig' as const, 'kwalificatieplichtig' as const) }),
  fc.record({ leeftijd: pick({ van: 18 }, { tot: 18 }, { van: 16, tot: 23 }) }),
  fc.record({ sectoren: pick(['po' as const, 'vo' as const]), ookMetVrijstelling: fc.constant(true as const) }),
  fc.record({ leerjaren: pick([3], [3, 4]) })
)
const herstart = pick('na-signaal' as const, 'geen' as const)

const eigenRegel: fc.Arbitrary<Omit<Regelkeuze, 'regel' | 'aan'>> = fc.oneof(
  fc.record({ meting: pick('minuten' as const), drempels: ladder(60, 300, 330, 700, 960), venster: inVenster, herstart, over, voor, minimaalDagenTussen: tussen, onderDrempelVan: pick(null, null, 'wettelijk-16-uur') }),
  fc.record({ meting: pick('uren' as const, 'lesuren' as const), drempels: ladder(2, 5, 6, 10, 16), venster: inVenster, herstart, over, voor, minimaalDagenTussen: tussen }),
  fc.record({ meting: pick('registraties' as const, 'lesdagen' as const, 'perioden' as const), drempels: ladder(1, 2, 3, 4, 6), venster: inVenster, herstart, over, voor, minimaalDagenTussen: tussen, minimaalLesdagen: pick(0, 0, 5) }),
  fc.record({ meting: fc.constant('lesdagen' as const), drempels: ladder(1, 3, 5, 7), venster: fc.constant({ soort: 'aaneengesloten' as const }), herstart: fc.constant('geen' as const), over, voor, minimaalDagenTussen: tussen }),
  fc.record({ meting: fc.constant('lesweken' as const), drempels: ladder(1, 2, 4), venster: fc.constant({ soort: 'aaneengesloten' as const }), herstart: fc.constant('geen' as const), over, voor }),
  fc.record({ meting: fc.constant('procent' as const), drempels: ladder(5, 10, 20, 50), venster: fc.oneof(fc.constant({ soort: 'schooljaar' as const }), fc.record({ soort: fc.constant('lesweken' as const), aantal: pick(1, 4, 12) })), herstart: fc.constant('geen' as const), over, voor, minimaalLesdagen: pick(0, 5, 20) })
)

/** What a version may say of national rules; the mandatory ones only stricter. */
const landelijk: fc.Arbitrary<Regelkeuze> = fc.oneof(
  fc.record({ regel: pick('wettelijk-16-uur', 'wettelijk-16-uur-18plus'), aan: fc.constant(true), drempels: pick([16], [8], [4, 12]), minimaalDagenTussen: pick(0, 7) }),
  fc.record({ regel: pick('langdurig-verzuim', 'doorstroompunt'), aan: fc.constant(true), drempels: pick([1], [2], [4], [1, 3]) }),
  fc.record({ regel: fc.constant('doorstroompunt'), aan: fc.constant(false) }),
  fc.record({ regel: fc.constant('luxeverzuim'), aan: fc.constant(true), minimaalDagenTussen: pick(0, 14) }),
  fc.record({ regel: fc.constant('zorgelijk-verzuim'), aan: fc.constant(true), drempels: pick([2], [6, 10], [15]), herstart, minimaalDagenTussen: tussen }),
  fc.record({ regel: fc.constant('ziek-frequent'), aan: fc.constant(true), drempels: pick([2], [3], [2, 4]), venster: inVenster, herstart }),
  fc.record({ regel: fc.constant('ziek-langdurig'), aan: fc.constant(true), drempels: pick([3], [5], [3, 7]), minimaalDagenTussen: tussen }),
  fc.record({ regel: fc.constant('te-laat'), aan: fc.constant(true), drempels: pick([3, 6, 9, 12], [1, 2, 3], [5, 9]), minimaalDagenTussen: pick(0, 0, 14) }),
  fc.record({ regel: fc.constant('aanwezigheidstrede'), aan: fc.constant(true), drempels: pick([5, 10, 20], [1, 2, 3]), minimaalLesdagen: pick(0, 10, 20) }),
  fc.record({ regel: pick('ziek-frequent', 'ziek-langdurig', 'te-laat', 'aanwezigheidstrede'), aan: fc.constant(true) })
)

const duiding: fc.Arbitrary<Duiding> = fc.record({
  omschrijving: fc.constant('Strenger gelezen'),
  wanneer: fc.oneof(
    fc.record({ categorieen: fc.constant(['geoorloofd' as const]), redenNaLesdagen: pick(0, 1, 3) }),
    fc.record({ categorieen: CATEGORIEEN, soorten: fc.constant(['te-laat' as const]), meerDanMinuten: pick(10, 20) }),
    fc.record({ categorieen: fc.constant(['onverklaard' as const]), weekdagen: fc.constant([5]) }),
    fc.record({ categorieen: CATEGORIEEN, redenen: fc.constant(['TL', 'VRV']) })
  ),
  telt: fc.record({ categorie: fc.constant('ongeoorloofd' as const), soort: pick(undefined, 'afwezig' as const), lesuren: pick(undefined, 1, 2) })
})

// The shape of a rule of the school's own does not change from version to version; whether it is on, and the national ones, do.
const beleid: fc.Arbitrary<Beleid[]> = fc.tuple(
  fc.array(eigenRegel, { minLength: 1, maxLength: 3 }),
  fc.array(fc.record({ na: fc.integer({ min: 0, max: 150 }), landelijk: fc.array(landelijk, { maxLength: 5 }), eigenAan: fc.boolean(), duidingen: fc.array(duiding, { maxLength: 2 }), codes: pick([], [{ bron: 'b', code: 'SPIJ', reden: 'ZK' }], [{ bron: 'b', code: 'X9', reden: 'SPIJ' }]) }), { maxLength: 3 })
).map(([eigen, versies]) => {
  const begins = versies.reduce<number[]>((vorige, { na }) => [...vorige, (vorige.at(-1) ?? -10) + na + 1], [])
  return versies.map(({ landelijk, eigenAan, duidingen, codes }, at): Beleid => ({
    ...STANDAARDBELEID,
    versie: at + 1,
    geldigVan: addDagen('2025-08-25', begins[at]!),
    geldigTot: begins[at + 1] === undefined ? null : addDagen('2025-08-25', begins[at + 1]! - 1),
    redenen: REDENEN,
    codes,
    duidingen,
    regels: [
      ...new Map(landelijk.map((keuze) => [keuze.regel, keuze])).values(),
      ...eigen.map((keuze, n) => ({ regel: `eigen-${keuze.meting}-${n}`, aan: eigenAan || at === 0, ...keuze }))
    ]
  }))
})

const rooster = pick([330, 330, 330, 330, 330, 0, 0], [330, 330, 0, 330, 330, 0, 0], [300, 315, 200, 0, 90, 60, 0], null)
const inschrijvingen = fc.record({ eerste: pick('A', 'B'), overstap: fc.option(fc.integer({ min: 5, max: 150 }), { nil: undefined }), roosters: fc.tuple(rooster, rooster), leerjaar: pick(3, 4, 5) })
  .map(({ eerste, overstap, roosters, leerjaar }): Feiten['inschrijvingen'] => overstap === undefined
    ? [{ vestiging: eerste, van: '2020-08-01', tot: null, leerjaar, rooster: roosters[0] }]
    : [
        { vestiging: eerste, van: '2020-08-01', tot: addDagen('2025-08-25', overstap - 1), leerjaar, rooster: roosters[0] },
        { vestiging: eerste === 'A' ? 'B' : 'A', van: addDagen('2025-08-25', overstap), tot: null, leerjaar: leerjaar - 1, rooster: roosters[1] }
      ])

const REDEN = pick('SPIJ', 'SPIJ', 'SPIJ', 'ZK', 'ZK', 'LUX', 'TL', 'PSY', 'STG', 'EIG', 'X9', null)
/** A stretch of days that look alike, with holes. */
const stuk = fc.record({ na: pick(0, 0, 1, 2, 5, 14, 40), dagen: pick(1, 1, 1, 2, 4, 9, 20, 35), stap: pick(1, 1, 1, 2, 3), soort: pick('afwezig', 'afwezig', 'afwezig', 'eerder-weg', 'te-laat', 'verwijderd') as fc.Arbitrary<Feit['soort']>, reden: REDEN, minuten: pick(330, 330, 480, 100, 25, 5, 0, null, null), dubbel: pick(false, false, true), redenNa: pick(null, 0, 1, 4) })

/** Any school, leerling and policy, drawn so that drempels are met often. */
export const wereld: fc.Arbitrary<Wereld> = fc.record({
  vestigingen: fc.tuple(vestiging, vestiging).map(([a, b]) => new Map([['A', a], ['B', b]])),
  beleid,
  inschrijvingen,
  begin: pick(0, 0, 60, 120, 280),
  stukken: fc.array(stuk, { minLength: 1, maxLength: 9 }),
  vrijstellingen: fc.array(periode(20), { maxLength: 2 }),
  uitzonderingen: fc.array(fc.tuple(pick('ziek-langdurig', 'ziek-frequent', 'te-laat', 'aanwezigheidstrede', 'eigen-minuten-0', 'eigen-lesdagen-0'), periode(30)).map(([regel, p]) => ({ regel, ...p })), { maxLength: 2 }),
  geboren: pick('2014-03-10', '2012-01-01', '2020-09-15', '2008-02-29', '2007-10-06', '2010-04-04', '2002-11-11', '1999-01-20', '2000-05-05')
}).map(({ vestigingen, beleid, inschrijvingen, begin, stukken, vrijstellingen, uitzonderingen, geboren }) => {
  const absenties: Feit[] = []
  let at = BEGIN + begin
  for (const { na, dagen, stap, soort, reden, minuten, dubbel, redenNa } of stukken) {
    at += na
    for (let n = 0; n < dagen; n += stap) {
      const datum = addDagen('2025-08-25', at + n - BEGIN)
      const deel = inschrijvingen.find(({ van, tot }) => van <= datum && (tot === null || datum <= tot))
      // A push refuses what is no lesdag; a kalender that changes afterwards does not take it back, so a few are left in.
      if (deel === undefined || (!vestigingen.get(deel.vestiging)!.kalender.isLesdag(datum) && n % 5 !== 4)) continue
      const feit: Feit = { bron: 'b', bronId: `a-${String(absenties.length).padStart(3, '0')}`, vestiging: deel.vestiging, datum, soort, reden, categorie: classify(beleidOp(beleid, datum), reden, 'b', datum), minuten, redenSinds: redenNa === null || reden === null ? null : addDagen(datum, redenNa) }
      absenties.push(feit, ...dubbel ? [{ ...feit, bronId: `b-${feit.bronId}`, minuten: minuten === null ? 30 : null }] : [])
    }
    at += dagen
  }
  return { feiten: { geboortedatum: geboren, absenties: sort(absenties), inschrijvingen, vrijstellingen, uitzonderingen }, vestigingen, beleid, peildatum: addDagen('2025-08-25', at - BEGIN + 45) }
})

/** By day, and within it by key. */
function sort (absenties: readonly Feit[]): Feit[] {
  return [...absenties].sort((a, b) => a.datum < b.datum ? -1 : a.datum > b.datum ? 1 : a.bronId < b.bronId ? -1 : 1)
}
