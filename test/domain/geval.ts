import { deriveMinuten, spreadMinuten, type Feit, type Soort } from '../../src/domain/absentie.ts'
import { classify, beleidOp, STANDAARDBELEID, type Beleid } from '../../src/domain/beleid.ts'
import { addDagen, vandaag, weekdag } from '../../src/domain/datum.ts'
import { buildKalender } from '../../src/domain/kalender.ts'
import type { Feiten } from '../../src/domain/teldagen.ts'
import type { Kalender, Regio } from '../../src/domain/kalender.ts'
import type { Sector } from '../../src/domain/sector.ts'
import type { Orakelvestiging } from './oracle.ts'

// One case of the vectors: the shared ones, with all that other rules need. Suffixes of vestigingen are two positions, '00' unless said.

interface Lesvrijvan { readonly van: string, readonly tot: string }

export interface Gevalabsentie {
  /** One day, or one absentie on every lesdag from `van` to `tot`, of these weekdays if given. */
  readonly datum?: string
  readonly van?: string
  readonly tot?: string
  readonly weekdagen?: readonly number[]
  readonly soort?: Soort
  /** Absent is SPIJ; null is not explained yet. */
  readonly reden?: string | null
  /** Absent or null: not sent. */
  readonly minuten?: number | null
  readonly lesuren?: readonly number[]
  readonly vestiging?: string
  /** When the bron gave the reden; absent is the morning of the day itself. */
  readonly gewijzigdOp?: string
}

export interface Geval {
  readonly naam: string
  readonly regel?: string
  readonly sector: Sector
  readonly regio: Regio
  readonly lesuurMinuten: number
  readonly geboortedatum: string
  readonly schooljaar: string
  /** The kalender of `schooljaar` at every vestiging; absent is the national one. */
  readonly lesvrij?: readonly Lesvrijvan[]
  readonly kalenders?: ReadonlyArray<{ readonly vestiging?: string, readonly schooljaar: string, readonly lesdagen?: readonly number[], readonly lesvrij: readonly Lesvrijvan[] }>
  readonly vestigingen?: ReadonlyArray<{ readonly code: string, readonly sector?: Sector, readonly regio?: Regio, readonly lesuurMinuten?: number }>
  /** Planned minutes Monday to Sunday; null is unknown. */
  readonly rooster?: readonly number[] | null
  readonly minutenPerWeek?: number
  readonly inschrijvingen?: ReadonlyArray<{ readonly vestiging?: string, readonly van: string, readonly tot?: string, readonly leerjaar?: number, readonly rooster?: readonly number[] | null }>
  readonly vrijstellingen?: readonly Lesvrijvan[]
  readonly uitzonderingen?: ReadonlyArray<{ readonly regel: string, readonly van: string, readonly tot: string }>
  /** As posted, in order of geldigVan; each holds until the next. Absent is the standaardbeleid. */
  readonly beleid?: Gevalbeleid | readonly Gevalbeleid[]
  readonly peildatum?: string
  readonly absenties: readonly Gevalabsentie[]
  readonly verwacht: ReadonlyArray<Record<string, unknown>>
}

interface Gevalbeleid extends Partial<Pick<Beleid, 'redenen' | 'codes' | 'regels' | 'duidingen' | 'onverklaardNaLesdagen'>> { readonly geldigVan?: string }

export interface Vectorbestand { readonly regel: string, readonly toelichting: string, readonly standaard?: Partial<Geval>, readonly gevallen: readonly Geval[] }

export const EERSTE_BELEID = '2015-08-01'
export const LAATSTE_PEILDATUM = '2029-07-31'
const SCHOOLJAREN = Array.from({ length: 20 }, (_, n) => `${2014 + n}-${2015 + n}`)

export interface Gevalvestiging { readonly sector: Sector, readonly regio: Regio, readonly lesuurMinuten: number, readonly kalender: Kalender }

/** The vestigingen of a case by suffix. */
export function listVestigingen (geval: Geval): Map<string, Gevalvestiging> {
  return new Map([{ code: '00' }, ...geval.vestigingen ?? []].map((vestiging) => {
    const { code, sector, regio, lesuurMinuten } = { sector: geval.sector, regio: geval.regio, lesuurMinuten: geval.lesuurMinuten, ...vestiging }
    return [code, { sector, regio, lesuurMinuten, kalender: buildKalender({ regio, eigen: listKalenders(geval, code).map((eigen) => ({ ...eigen, lesvrij: eigen.lesvrij.map((vrij) => ({ ...vrij, soort: 'vakantie', naam: 'lesvrij' })) })) }) }]
  }))
}

/** The kalenders a school would push for one of its vestigingen. */
export function listKalenders (geval: Geval, code: string): Array<{ schooljaar: string, lesdagen: readonly number[], lesvrij: readonly Lesvrijvan[] }> {
  const eigen = (geval.kalenders ?? []).filter(({ vestiging = '00' }) => vestiging === code)
  const alle = [...geval.lesvrij === undefined ? [] : [{ schooljaar: geval.schooljaar, lesvrij: geval.lesvrij }], ...eigen]
  return [...new Map(alle.map((kalender) => [kalender.schooljaar, { lesdagen: [1, 2, 3, 4, 5], ...kalender }])).values()].map(({ schooljaar, lesdagen, lesvrij }) => ({ schooljaar, lesdagen, lesvrij }))
}

export function listInschrijvingen (geval: Geval): Array<{ vestiging: string, van: string, tot: string | null, leerjaar: number, rooster: readonly number[] | null }> {
  const rooster = geval.rooster === undefined ? spreadMinuten(geval.minutenPerWeek ?? 1650, [1, 2, 3, 4, 5]) : geval.rooster
  return (geval.inschrijvingen ?? [{ van: '2015-08-01' }]).map((deel) => ({ vestiging: '00', tot: null, leerjaar: 4, rooster, ...deel }))
}

export function listBeleid ({ beleid }: Geval): Beleid[] {
  const versies = beleid === undefined ? [] : Array.isArray(beleid) ? beleid as readonly Gevalbeleid[] : [beleid as Gevalbeleid]
  return versies.map(({ geldigVan = EERSTE_BELEID, ...inhoud }, at) => {
    const volgende = versies[at + 1]?.geldigVan
    return { ...STANDAARDBELEID, ...inhoud, versie: at + 1, geldigVan, geldigTot: volgende === undefined ? null : addDagen(volgende, -1) }
  })
}

export interface Dagabsentie { readonly bronId: string, readonly vestiging: string, readonly datum: string, readonly soort: Soort, readonly reden: string | null, readonly minuten: number | null, readonly lesuren: readonly number[] | null, readonly gewijzigdOp: string }

/** One absentie a day; also those that will be refused. */
export function listAbsenties (geval: Geval): Dagabsentie[] {
  const vestigingen = listVestigingen(geval)
  const dagen = geval.absenties.flatMap(({ datum, van, tot, weekdagen, ...absentie }) => {
    const rest = { vestiging: '00', soort: 'afwezig' as Soort, reden: 'SPIJ', minuten: null, lesuren: null, ...absentie }
    if (datum !== undefined) return [{ datum, ...rest }]
    return vestigingen.get(rest.vestiging)!.kalender.lesdagen(van!, tot!).filter((dag) => weekdagen?.includes(weekdag(dag)) ?? true).map((dag) => ({ datum: dag, ...rest }))
  })
  return dagen.map((absentie, at) => ({ bronId: `v-${String(at).padStart(4, '0')}`, gewijzigdOp: `${absentie.datum}T09:00:00Z`, ...absentie }))
}

/** What the rules would be given of it: what a push refuses left out, minutes and categorieen as a push decides them. */
export function buildFeiten (geval: Geval): Feiten {
  const vestigingen = listVestigingen(geval)
  const inschrijvingen = listInschrijvingen(geval)
  const beleid = listBeleid(geval)
  const absenties = listAbsenties(geval).flatMap(({ gewijzigdOp, lesuren, ...absentie }): Feit[] => {
    const { vestiging, datum, reden } = absentie
    const { kalender, lesuurMinuten } = vestigingen.get(vestiging)!
    const deel = inschrijvingen.find((eigen) => eigen.vestiging === vestiging && eigen.van <= datum && (eigen.tot === null || datum <= eigen.tot))
    if (deel === undefined || !kalender.isLesdag(datum)) return []
    return [{
      ...absentie,
      bron: 'test-lvs',
      categorie: classify(beleidOp(beleid, datum), reden, 'test-lvs', datum),
      minuten: deriveMinuten({ ...absentie, lesuren, dagdeel: null }, lesuurMinuten, deel.rooster?.[weekdag(datum) - 1] ?? null),
      redenSinds: reden === null ? null : vandaag(new Date(gewijzigdOp))
    }]
  }).sort((a, b) => a.datum < b.datum ? -1 : a.datum > b.datum ? 1 : a.bronId < b.bronId ? -1 : 1)
  return { geboortedatum: geval.geboortedatum, absenties, inschrijvingen, vrijstellingen: geval.vrijstellingen ?? [], uitzonderingen: geval.uitzonderingen ?? [] }
}

/** The same vestigingen as the oracle reads them. */
export function forOracle (vestigingen: ReadonlyMap<string, Gevalvestiging>): Map<string, Orakelvestiging> {
  return new Map([...vestigingen].map(([code, { sector, lesuurMinuten, kalender }]) => [code, { sector, lesuurMinuten, kalenders: SCHOOLJAREN.map((schooljaar) => kalender.schooljaarkalender(schooljaar)) }]))
}
