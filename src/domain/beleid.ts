import type { Categorie } from './absentie.ts'
import { addDagen, type Datum } from './datum.ts'
import type { Kalender } from './kalender.ts'

export const KENMERKEN = ['ziekte', 'luxeverzuim', 'te-laat', 'bijzonder-persoonsgegeven'] as const
export type Kenmerk = typeof KENMERKEN[number]

export interface Reden {
  readonly code: string
  readonly omschrijving: string
  /** What a school may choose; `onverklaard` and `niet-ingedeeld` are states, no choice. */
  readonly categorie: Extract<Categorie, 'geoorloofd' | 'ongeoorloofd' | 'aanwezig-elders'>
  readonly grondslag?: string | undefined
  readonly kenmerken?: readonly Kenmerk[] | undefined
}

/** What one beleidsversie says; 0 is the national standaardbeleid. */
export interface Beleid {
  readonly versie: number
  readonly geldigVan: Datum
  readonly geldigTot: Datum | null
  readonly redenen: readonly Reden[]
  /** Lesdagen after which `onverklaard` becomes `ongeoorloofd`; null is never. */
  readonly onverklaardNaLesdagen: number | null
  /** Rules switched on or off against their default. */
  readonly regels: ReadonlyArray<{ readonly regel: string, readonly aan: boolean }>
}

/**
 * The national redenen, used where a school has laid down none of its own. Articles are of the Leerplichtwet 1969.
 * Sources: art. 11 a-g (gemeente leaflets, rijksoverheid.nl), FORA verzuim, PO-Raad FAQ; the two statutory categories: Kamerstuk 36663 nr 3.
 */
export const STANDAARDBELEID: Beleid = {
  versie: 0,
  geldigVan: '1900-01-01',
  geldigTot: null,
  onverklaardNaLesdagen: null,
  regels: [],
  redenen: [
    { code: 'ZK', omschrijving: 'Ziek', categorie: 'geoorloofd', grondslag: 'art. 11 onder d', kenmerken: ['ziekte'] },
    { code: 'MED', omschrijving: 'Medisch bezoek', categorie: 'geoorloofd', grondslag: 'art. 11 onder d' },
    { code: 'GOD', omschrijving: 'Plichten uit godsdienst of levensovertuiging', categorie: 'geoorloofd', grondslag: 'art. 11 onder e', kenmerken: ['bijzonder-persoonsgegeven'] },
    { code: 'VAK', omschrijving: 'Vakantieverlof wegens het beroep van de ouders', categorie: 'geoorloofd', grondslag: 'art. 11 onder f' },
    { code: 'GEW', omschrijving: 'Andere gewichtige omstandigheden', categorie: 'geoorloofd', grondslag: 'art. 11 onder g' },
    { code: 'SCH', omschrijving: 'Schorsing', categorie: 'geoorloofd', grondslag: 'art. 11 onder c' },
    { code: 'SLU', omschrijving: 'School gesloten of onderwijs opgeschort', categorie: 'geoorloofd', grondslag: 'art. 11 onder a' },
    { code: 'VBD', omschrijving: 'Bezoek bij of krachtens de wet verboden', categorie: 'geoorloofd', grondslag: 'art. 11 onder b' },
    { code: 'VRIJ', omschrijving: 'Vrijstelling', categorie: 'aanwezig-elders', grondslag: 'art. 5, 5a en 15' },
    { code: 'STG', omschrijving: 'Stage, excursie, examen of onderwijs elders', categorie: 'aanwezig-elders' },
    { code: 'VRV', omschrijving: 'Leerlingenvervoer te laat', categorie: 'geoorloofd' },
    { code: 'PSY', omschrijving: 'Ziek, psychisch', categorie: 'geoorloofd', grondslag: 'art. 11 onder d', kenmerken: ['ziekte', 'bijzonder-persoonsgegeven'] },
    { code: 'SPIJ', omschrijving: 'Spijbelen of reden onbekend na navraag', categorie: 'ongeoorloofd' },
    { code: 'LUX', omschrijving: 'Vakantie zonder verlof', categorie: 'ongeoorloofd', kenmerken: ['luxeverzuim'] },
    { code: 'TL', omschrijving: 'Te laat', categorie: 'ongeoorloofd', kenmerken: ['te-laat'] },
    { code: 'VW', omschrijving: 'Verwijderd uit de les', categorie: 'ongeoorloofd' },
    { code: 'WPO', omschrijving: 'Thuis in afwachting van een plaats in het passend onderwijs', categorie: 'ongeoorloofd' }
  ]
}

/** The version in force on a day: a school's own, else the standaardbeleid. Versions do not overlap, so at most one fits. */
export function beleidOp (versies: readonly Beleid[], datum: Datum): Beleid {
  return versies.find(({ geldigVan, geldigTot }) => geldigVan <= datum && (geldigTot === null || datum <= geldigTot)) ?? STANDAARDBELEID
}

const redenenPerBeleid = new WeakMap<Beleid, ReadonlyMap<string, Reden>>()

/** The reden a code means, under one version. */
export function findReden (beleid: Beleid, code: string): Reden | undefined {
  let redenen = redenenPerBeleid.get(beleid)
  if (redenen === undefined) redenenPerBeleid.set(beleid, redenen = new Map(beleid.redenen.map((reden) => [reden.code, reden])))
  return redenen.get(code)
}

/** No reden yet is `onverklaard`; a code this version does not know is `niet-ingedeeld`, and never silently present or absent. */
export function classify (beleid: Beleid, reden: string | null): Categorie {
  if (reden === null) return 'onverklaard'
  return findReden(beleid, reden)?.categorie ?? 'niet-ingedeeld'
}

/**
 * The last day whose `onverklaard` counts as ongeoorloofd by this version: at least so many lesdagen lie after it, up to and including
 * vandaag. Undefined where the beleid never does so.
 */
export function onverklaardTot (beleid: Beleid, kalender: Kalender, vandaag: Datum): Datum | undefined {
  if (beleid.onverklaardNaLesdagen === null) return undefined
  let datum = vandaag
  for (let over = beleid.onverklaardNaLesdagen; over > 0; datum = addDagen(datum, -1)) {
    if (kalender.isLesdag(datum)) over--
  }
  return datum
}
