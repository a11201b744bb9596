import type { Categorie } from './absentie.ts'
import { listBijzonderefouten } from './bijzonder.ts'
import { addDagen, type Datum } from './datum.ts'
import type { Kalender } from './kalender.ts'
import type { Duiding, Regelkeuze } from './regel.ts'

export const KENMERKEN = ['ziekte', 'luxeverzuim', 'te-laat', 'bijzonder-persoonsgegeven'] as const
export type Kenmerk = typeof KENMERKEN[number]

export interface Reden {
  readonly code: string
  readonly omschrijving: string
  /** What a school may choose; `onverklaard` and `niet-ingedeeld` are states, no choice. */
  readonly categorie: Extract<Categorie, 'geoorloofd' | 'ongeoorloofd' | 'aanwezig-elders'>
  readonly grondslag?: string | undefined
  readonly kenmerken?: readonly Kenmerk[] | undefined
  /** Last day on which the code may be used, within the version; on later days it is `niet-ingedeeld`. */
  readonly geldigTot?: Datum | undefined
}

/** What a bron calls a reden of the school in its own words. */
export interface Broncode { readonly bron: string, readonly code: string, readonly reden: string }

/** What one beleidsversie says; 0 is the national standaardbeleid. */
export interface Beleid {
  readonly versie: number
  readonly geldigVan: Datum
  readonly geldigTot: Datum | null
  /** In the order in which the school shows them. */
  readonly redenen: readonly Reden[]
  readonly codes: readonly Broncode[]
  /** Lesdagen after which `onverklaard` becomes `ongeoorloofd`; null is never. */
  readonly onverklaardNaLesdagen: number | null
  /** What the school says of rules, national or its own; of the others the national default holds. */
  readonly regels: readonly Regelkeuze[]
  /** In order: the first that fits an absentie is taken. */
  readonly duidingen: readonly Duiding[]
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
  duidingen: [],
  codes: [],
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

/** A code that means something: that of one bron, or (null) of the school, for every bron that did not give it a meaning of its own. */
export interface Betekenis { readonly bron: string | null, readonly code: string, readonly reden: Reden }

/** Every code of one version. This is the whole of the classification: findReden and the statement that classifies anew both read it. */
export function listBetekenissen (beleid: Pick<Beleid, 'redenen' | 'codes'>): Betekenis[] {
  const eigen = new Map(beleid.redenen.map((reden) => [reden.code, reden]))
  const vanBronnen = beleid.codes.flatMap(({ bron, code, reden: doel }): Betekenis[] => {
    const reden = eigen.get(doel)
    return reden === undefined ? [] : [{ bron, code, reden }]
  })
  return [...beleid.redenen.map((reden) => ({ bron: null, code: reden.code, reden })), ...vanBronnen]
}

interface Redenboek { readonly school: ReadonlyMap<string, Reden>, readonly perBron: ReadonlyMap<string, ReadonlyMap<string, Reden>> }

const boeken = new WeakMap<Beleid, Redenboek>()

function buildRedenboek (beleid: Beleid): Redenboek {
  const betekenissen = listBetekenissen(beleid)
  const read = (van: string | null): Array<[string, Reden]> => betekenissen.filter(({ bron }) => bron === van).map(({ code, reden }) => [code, reden])
  const school = new Map(read(null))
  const bronnen = new Set(betekenissen.flatMap(({ bron }) => bron ?? []))
  // Of each bron the whole book, so that a push looks once: 19 ns a record, 37 with codes of bronnen and last days.
  return { school, perBron: new Map([...bronnen].map((bron) => [bron, new Map([...school, ...read(bron)])])) }
}

/** The reden a code of this bron means on a day, under one version; without a bron the school's own code, without a datum whatever its last day. */
export function findReden (beleid: Beleid, code: string, bron?: string, datum?: Datum): Reden | undefined {
  let boek = boeken.get(beleid)
  if (boek === undefined) boeken.set(beleid, boek = buildRedenboek(beleid))
  const reden = ((bron === undefined ? undefined : boek.perBron.get(bron)) ?? boek.school).get(code)
  return reden?.geldigTot !== undefined && datum !== undefined && datum > reden.geldigTot ? undefined : reden
}

/** No reden yet is `onverklaard`; a code this version does not know on the day is `niet-ingedeeld`, and never silently present or absent. */
export function classify (beleid: Beleid, reden: string | null, bron: string, datum: Datum): Categorie {
  if (reden === null) return 'onverklaard'
  return findReden(beleid, reden, bron, datum)?.categorie ?? 'niet-ingedeeld'
}

export interface Indelingsfout { readonly pad: ReadonlyArray<string | number>, readonly code: string, readonly detail: string }

/** What redenen and codes of one version say against each other or against the law, all of it; details are parts of a sentence. */
export function listIndelingsfouten (geldigVan: Datum, redenen: readonly Reden[], codes: readonly Broncode[]): Indelingsfout[] {
  const bekend = new Set(redenen.map(({ code }) => code))
  const eerder = new Set<string>()
  return [
    ...redenen.flatMap((reden, at) => listRedenfouten(reden, geldigVan).map((fout) => ({ ...fout, pad: ['redenen', at, ...fout.pad] }))),
    ...codes.flatMap(({ bron, code, reden }, at): Indelingsfout[] => {
      const sleutel = `${bron} ${code}`
      const dubbel = eerder.has(sleutel)
      eerder.add(sleutel)
      return [
        ...(dubbel ? [{ pad: ['codes', at], code: 'dubbel', detail: 'geeft deze code van deze bron een tweede betekenis' }] : []),
        ...(bekend.has(reden) ? [] : [{ pad: ['codes', at, 'reden'], code: 'reden-onbekend', detail: 'is geen reden van deze beleidsversie' }])
      ]
    }),
    ...listBijzonderefouten(redenen, codes)
  ]
}

function listRedenfouten ({ categorie, grondslag, kenmerken = [], geldigTot }: Reden, geldigVan: Datum): Indelingsfout[] {
  const fouten: Indelingsfout[] = []
  const refuse = (pad: string | readonly [string, number], code: string, detail: string): void => { fouten.push({ pad: [pad].flat(), code, detail }) }
  kenmerken.forEach((kenmerk, at) => {
    if (kenmerken.indexOf(kenmerk) < at) refuse(['kenmerken', at], 'dubbel', 'staat er al')
    // What a melding may rest on, and what it may not: luxeverzuim is verzuim without verlof, ziekte is a ground of art. 11 Leerplichtwet 1969.
    if (kenmerk === 'luxeverzuim' && categorie !== 'ongeoorloofd') refuse(['kenmerken', at], 'past-niet', 'hoort alleen bij een ongeoorloofde reden')
    if (kenmerk === 'ziekte' && categorie === 'ongeoorloofd') refuse(['kenmerken', at], 'past-niet', 'hoort niet bij een ongeoorloofde reden: ziekte is geoorloofd (Leerplichtwet 1969 art. 11 onder d)')
  })
  if (kenmerken.includes('bijzonder-persoonsgegeven') && !grondslag) refuse('grondslag', 'ontbreekt', 'is verplicht bij een bijzonder persoonsgegeven')
  if (geldigTot !== undefined && geldigTot < geldigVan) refuse('geldigTot', 'verkeerde-volgorde', 'ligt voor geldigVan van de beleidsversie')
  return fouten
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
