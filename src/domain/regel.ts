import type { Categorie, Soort } from './absentie.ts'
import type { Kenmerk } from './beleid.ts'
import type { Datum } from './datum.ts'
import type { Sector } from './sector.ts'

// The grammar of rules: small and closed. A rule is data; evaluate-regels.ts is its only reader, so what cannot be said here cannot be evaluated.

/** How certain a value of law is (Kamerstuk 36663 is adopted by the Tweede Kamer, its entry into force was not found). */
export type Bronstatus = 'van-kracht' | 'aangenomen' | 'aangenomen-waarde'

/** Whether a signaal may lead to a melding: `wettelijk` must, `zorgelijk` may (Kamerstuk 36663), `intern` never leaves the school. */
export const AARDEN = ['wettelijk', 'zorgelijk', 'intern'] as const
export type Aard = typeof AARDEN[number]

/**
 * What is measured. `uren` are the hours of the law (`uurMinuten`), `lesuren` those of the vestiging; both add up minutes. `perioden` are spells:
 * consecutive lesdagen. `lesweken` are whole ones, all of their lesdagen counted; `procent` is the share of planned minutes missed.
 */
export const METINGEN = ['minuten', 'uren', 'lesuren', 'lesdagen', 'registraties', 'perioden', 'lesweken', 'procent'] as const
export type Meting = typeof METINGEN[number]

/** Which absenties count; everything given must hold. Absent is: whatever it is. */
export interface Selectie {
  readonly categorieen: readonly Categorie[]
  readonly soorten?: readonly Soort[] | undefined
  readonly redenen?: readonly string[] | undefined
  /** A reden with at least one of these. */
  readonly kenmerken?: readonly Kenmerk[] | undefined
  /** ISO weekdays, Monday 1. */
  readonly weekdagen?: readonly number[] | undefined
  /** Only absenties longer than this; one of unknown length does not count. */
  readonly meerDanMinuten?: number | undefined
  /** Only days of which every planned minute is missed by what counts; unknown where the rooster is. */
  readonly heleDag?: true | undefined
}

export type Venster =
  /** The lesweek of the day and those before it, `aantal` in all (REKENREGELS 1); without `overZomer` it begins with the schooljaar. */
  | { readonly soort: 'lesweken', readonly aantal: number, readonly minLesdagen?: number | undefined, readonly overZomer?: boolean | undefined }
  | { readonly soort: 'lesdagen', readonly aantal: number }
  /** Calendar months: the day itself and everything after the same day so many months before. */
  | { readonly soort: 'maanden', readonly aantal: number }
  | { readonly soort: 'schooljaar' }
  /** One run of lesdagen of the leerling: weekends, vacations and days without planned time do not break it, one lesdag without does. */
  | { readonly soort: 'aaneengesloten' }

/** For whom a day can count. */
export interface Doelgroep {
  readonly leerplicht?: Leerplichtgroep | undefined
  /** From the birthday `van` up to the day before the birthday `tot`. */
  readonly leeftijd?: { readonly van?: number | undefined, readonly tot?: number | undefined } | undefined
  readonly sectoren?: readonly Sector[] | undefined
  readonly leerjaren?: readonly number[] | undefined
  /** Count days under a vrijstelling too. */
  readonly ookMetVrijstelling?: true | undefined
}

export const LEERPLICHTGROEPEN = ['leer-of-kwalificatieplichtig', 'leerplichtig', 'kwalificatieplichtig'] as const
export type Leerplichtgroep = typeof LEERPLICHTGROEPEN[number]

/** `na-signaal`: days up to and including the einddatum never count again. `geen`: each time the measure reaches a drempel from below. */
export const HERSTARTEN = ['na-signaal', 'geen'] as const
export type Herstart = typeof HERSTARTEN[number]

interface Grondvorm {
  readonly meting: Meting
  readonly venster: Venster
  /** One threshold, or a ladder of them, rising, in units of the meting; reached at `>=`. */
  readonly drempels: readonly number[]
  readonly voor: Doelgroep
  readonly herstart: Herstart
  /** Calendar days between two einddatums, at least. */
  readonly minimaalDagenTussen: number
  /** Lesdagen of the leerling in the window before which nothing is said. */
  readonly minimaalLesdagen: number
  /** Only while the measure of this other rule, over its own window without restarts, stays below its first drempel. */
  readonly onderDrempelVan: string | null
  /** Werkdagen after the einddatum; null is no term. */
  readonly termijnWerkdagen: number | null
}

/** A selection that can carry a melding: nothing but ongeoorloofd, by type. */
export type Meldbareselectie = Selectie & { readonly categorieen: readonly ['ongeoorloofd'] }
/** A rule whose signalen may lead to a melding. */
export type Meldbareregel = Grondvorm & { readonly aard: 'wettelijk' | 'zorgelijk', readonly over: Meldbareselectie }
/** A rule that may draw on every absentie; nothing of it leaves the school. */
export type Interneregel = Grondvorm & { readonly aard: 'intern', readonly over: Selectie }
export type Regeldefinitie = Meldbareregel | Interneregel

/** A rule everybody knows by its code, with its default parameters as dated data. */
export interface Landelijkeregel {
  readonly regel: string
  readonly omschrijving: string
  readonly geldigVan: Datum
  readonly geldigTot: Datum | null
  readonly bron: string
  readonly status: Bronstatus
  /** In the standaardbeleid. */
  readonly standaardAan: boolean
  /** A school may not switch it off, nor make it weaker. */
  readonly verplicht: boolean
  /** What a school that switches it on gets unless it says otherwise; a rule without drempels must be completed by the school. */
  readonly definitie: Regeldefinitie
}

const ALTIJD = { geldigVan: '1900-01-01', geldigTot: null } as const
const ONGEOORLOOFD_AFWEZIG = { categorieen: ['ongeoorloofd'], soorten: ['afwezig', 'eerder-weg'] } as const
const ALLE_VERZUIM: readonly Categorie[] = ['geoorloofd', 'ongeoorloofd', 'onverklaard', 'niet-ingedeeld']
const ZONDER_MEER = { voor: {}, herstart: 'geen', minimaalDagenTussen: 0, minimaalLesdagen: 0, onderDrempelVan: null, termijnWerkdagen: null } as const

/** What zorgelijk verzuim stays below. */
export const ZESTIEN_UUR_REGEL = 'wettelijk-16-uur'

const ZESTIEN_UUR = {
  ...ZONDER_MEER,
  aard: 'wettelijk',
  meting: 'uren',
  over: ONGEOORLOOFD_AFWEZIG,
  venster: { soort: 'lesweken', aantal: 4 },
  drempels: [16],
  herstart: 'na-signaal',
  minimaalDagenTussen: 7,
  termijnWerkdagen: 5
} as const

const LANGDURIG = {
  ...ZONDER_MEER,
  aard: 'wettelijk',
  meting: 'lesweken',
  over: { ...ONGEOORLOOFD_AFWEZIG, heleDag: true },
  venster: { soort: 'aaneengesloten' },
  drempels: [4],
  termijnWerkdagen: 5
} as const

const DOORSTROOMPUNT = {
  regel: 'doorstroompunt',
  omschrijving: 'Langdurig ongeoorloofd verzuim van wie 18 is en onder de leeftijdsgrens van RMC en Doorstroompunt blijft',
  status: 'aangenomen-waarde',
  standaardAan: true,
  // Who has a startkwalificatie is not known here; a school where most have one must be able to do without.
  verplicht: false
} as const

/** REKENREGELS 3 and 4. Of one code at most one version holds on a day. */
export const LANDELIJKE_REGELS: readonly Landelijkeregel[] = [
  {
    ...ALTIJD,
    regel: ZESTIEN_UUR_REGEL,
    omschrijving: '16 uur ongeoorloofd verzuim in 4 opeenvolgende lesweken, leer- of kwalificatieplichtig',
    bron: 'Leerplichtwet 1969 art. 21a; DUO, Soorten verzuim: ten minste 16 uur in 4 weken; meldtermijn 5 werkdagen: Inspectie van het Onderwijs',
    status: 'van-kracht',
    standaardAan: true,
    verplicht: true,
    definitie: { ...ZESTIEN_UUR, voor: { leerplicht: 'leer-of-kwalificatieplichtig' } }
  },
  {
    ...ALTIJD,
    regel: 'wettelijk-16-uur-18plus',
    omschrijving: '16 uur ongeoorloofd verzuim in 4 opeenvolgende lesweken, 18 jaar en ouder',
    bron: 'DUO, Soorten verzuim: 16 uur, 18 jaar en ouder zonder startkwalificatie; niet verplicht, vaak een regionale afspraak',
    status: 'van-kracht',
    standaardAan: false,
    verplicht: false,
    definitie: { ...ZESTIEN_UUR, voor: { leeftijd: { van: 18 } } }
  },
  {
    ...ALTIJD,
    regel: 'langdurig-verzuim',
    omschrijving: 'Elke lesdag van meer dan 4 opeenvolgende lesweken geheel ongeoorloofd gemist, leer- of kwalificatieplichtig',
    bron: 'Leerplichtwet 1969 art. 21a; DUO, Soorten verzuim: langdurig relatief verzuim, meer dan 4 opeenvolgende weken',
    status: 'van-kracht',
    standaardAan: true,
    verplicht: true,
    definitie: { ...LANGDURIG, voor: { leerplicht: 'leer-of-kwalificatieplichtig' } }
  },
  {
    ...DOORSTROOMPUNT,
    geldigVan: '1900-01-01',
    geldigTot: '2025-12-31',
    bron: 'DUO, Soorten verzuim: RMC, 18 tot 23 jaar zonder startkwalificatie; de duur van een maand is een aanname',
    definitie: { ...LANGDURIG, voor: { leeftijd: { van: 18, tot: 23 } } }
  },
  {
    ...DOORSTROOMPUNT,
    geldigVan: '2026-01-01',
    geldigTot: null,
    bron: 'Wet van school naar duurzaam werk: van 18 tot 27 jaar sinds 1 januari 2026, zonder startkwalificatie; de duur van een maand is een aanname',
    definitie: { ...LANGDURIG, voor: { leeftijd: { van: 18, tot: 27 } } }
  },
  {
    ...ALTIJD,
    regel: 'luxeverzuim',
    omschrijving: 'Vakantie zonder verlof: elke aaneengesloten periode, op de eerste dag',
    bron: 'Leerplichtwet 1969 art. 11 onder f en 13a; DUO, Soorten verzuim: luxeverzuim, altijd melden',
    status: 'van-kracht',
    standaardAan: true,
    verplicht: true,
    definitie: {
      ...ZONDER_MEER,
      aard: 'wettelijk',
      meting: 'lesdagen',
      over: { ...ONGEOORLOOFD_AFWEZIG, kenmerken: ['luxeverzuim'] },
      venster: { soort: 'aaneengesloten' },
      drempels: [1],
      voor: { leerplicht: 'leer-of-kwalificatieplichtig' },
      termijnWerkdagen: 5
    }
  },
  {
    ...ALTIJD,
    regel: 'zorgelijk-verzuim',
    omschrijving: 'Zorgelijk verzuim naar de criteria van de school, beneden de 16 uur in 4 lesweken',
    bron: 'Kamerstuk 36663: signaal zorgelijk verzuim, naar criteria in het verzuimbeleid',
    status: 'aangenomen',
    standaardAan: false,
    verplicht: false,
    definitie: {
      ...ZONDER_MEER,
      aard: 'zorgelijk',
      meting: 'uren',
      over: { categorieen: ['ongeoorloofd'] },
      venster: { soort: 'lesweken', aantal: 4 },
      drempels: [],
      voor: { leerplicht: 'leer-of-kwalificatieplichtig' },
      herstart: 'na-signaal',
      onderDrempelVan: ZESTIEN_UUR_REGEL
    }
  },
  {
    ...ALTIJD,
    regel: 'ziek-frequent',
    omschrijving: 'Vaak ziek: de vierde ziekmelding binnen 12 lesweken (M@ZL)',
    bron: 'M@ZL: 4 ziekmeldingen in 12 schoolweken',
    status: 'aangenomen-waarde',
    standaardAan: false,
    verplicht: false,
    definitie: { ...ZONDER_MEER, aard: 'intern', meting: 'perioden', over: { categorieen: ALLE_VERZUIM, kenmerken: ['ziekte'] }, venster: { soort: 'lesweken', aantal: 12 }, drempels: [4], herstart: 'na-signaal' }
  },
  {
    ...ALTIJD,
    regel: 'ziek-langdurig',
    omschrijving: 'Lang ziek: de zevende lesdag van een ziekteperiode (M@ZL)',
    bron: 'M@ZL: zevende aaneengesloten schooldag ziek',
    status: 'aangenomen-waarde',
    standaardAan: false,
    verplicht: false,
    definitie: { ...ZONDER_MEER, aard: 'intern', meting: 'lesdagen', over: { categorieen: ALLE_VERZUIM, kenmerken: ['ziekte'] }, venster: { soort: 'aaneengesloten' }, drempels: [7] }
  },
  {
    ...ALTIJD,
    regel: 'te-laat',
    omschrijving: 'Te laat: de 3e, 6e, 9e en 12e keer in een schooljaar',
    bron: 'Regionale afspraken (Schiedam, Den Haag): 3, 6, 9 en 12 keer',
    status: 'aangenomen-waarde',
    standaardAan: false,
    verplicht: false,
    definitie: { ...ZONDER_MEER, aard: 'intern', meting: 'registraties', over: { categorieen: ALLE_VERZUIM, soorten: ['te-laat'] }, venster: { soort: 'schooljaar' }, drempels: [3, 6, 9, 12] }
  },
  {
    ...ALTIJD,
    regel: 'aanwezigheidstrede',
    omschrijving: 'Aandeel van de geplande lestijd dat is gemist, om welke reden ook, komt in een hogere band: 5, 10 of 20 procent (MTSS)',
    bron: 'MD-MTSS (Kearney en Graczyk); banden naar Attendance Works, een aanname: een Nederlandse norm is niet gevonden',
    status: 'aangenomen-waarde',
    standaardAan: false,
    verplicht: false,
    definitie: { ...ZONDER_MEER, aard: 'intern', meting: 'procent', over: { categorieen: ALLE_VERZUIM }, venster: { soort: 'schooljaar' }, drempels: [5, 10, 20], minimaalLesdagen: 20 }
  }
]

/** What a beleidsversie says of a rule: on or off, and what differs from the national one; for a rule of the school's own, all of it. */
export interface Regelkeuze extends Partial<Omit<Grondvorm, 'drempels'>> {
  readonly regel: string
  readonly aan: boolean
  readonly omschrijving?: string | undefined
  readonly aard?: Aard | undefined
  readonly over?: Partial<Selectie> | undefined
  readonly drempels?: readonly number[] | undefined
}

/** How a beleidsversie reads an absentie before the rules do: the first whose conditions all hold. It can only be stricter than the reden. */
export interface Duiding {
  readonly omschrijving: string
  readonly wanneer: Omit<Selectie, 'heleDag'> & {
    /** Only what was given its reden after so many lesdagen had passed: 0 is after the day itself. */
    readonly redenNaLesdagen?: number | undefined
  }
  readonly telt: {
    readonly categorie: 'ongeoorloofd'
    readonly soort?: 'afwezig' | undefined
    /** Counts as so many lesuren, whatever its minutes. */
    readonly lesuren?: number | undefined
  }
}

/** The national version of a rule that holds on a day. */
export function findLandelijk (regel: string, datum: Datum): Landelijkeregel | undefined {
  return LANDELIJKE_REGELS.find((landelijk) => landelijk.regel === regel && landelijk.geldigVan <= datum && (landelijk.geldigTot === null || datum <= landelijk.geldigTot))
}

/** A school's own codes keep clear of the national ones; what may be sent on as zorgelijk says so in its name. */
export function isEigenCode (regel: string, aard: Aard): boolean {
  return !LANDELIJKE_REGELS.some((landelijk) => landelijk.regel === regel) && regel.startsWith('zorgelijk-verzuim-') === (aard === 'zorgelijk') && aard !== 'wettelijk'
}

/**
 * The rule as it is in force: the national definition with what the school says differently, or the school's own; undefined when it is off, or
 * has no drempel. What a school says of a mandatory rule was held against the law before it was adopted.
 */
export function resolveRegel (keuze: Regelkeuze | undefined, landelijk: Landelijkeregel | undefined): Regeldefinitie | undefined {
  if (!(keuze?.aan ?? landelijk?.standaardAan ?? false)) return undefined
  if (keuze === undefined) return landelijk!.definitie
  const { regel: _regel, aan: _aan, omschrijving: _omschrijving, ...eigen } = keuze
  const gezegd = Object.fromEntries(Object.entries(eigen).filter(([, waarde]) => waarde !== undefined))
  const aard = landelijk?.definitie.aard ?? keuze.aard ?? 'intern'
  const over = { categorieen: ['ongeoorloofd'], ...landelijk?.definitie.over, ...keuze.over, ...(aard === 'intern' ? {} : { categorieen: ['ongeoorloofd'] }) }
  // What is worrying by the school's own criteria is so below the 16 hours: from there the law says more (Kamerstuk 36663).
  const beneden = aard === 'zorgelijk' ? { onderDrempelVan: ZESTIEN_UUR_REGEL } : {}
  const definitie = { ...ZONDER_MEER, ...beneden, ...landelijk?.definitie, ...gezegd, aard, over } as Regeldefinitie
  return definitie.drempels === undefined || definitie.drempels.length === 0 || definitie.meting === undefined || definitie.venster === undefined ? undefined : definitie
}

/** Minutes in one uur of the threshold: po, so and vso count clock hours; vo and mbo count lesuren of at most 60 minutes (Inspectie van het Onderwijs). */
export function uurMinuten (sector: Sector, lesuurMinuten: number): number {
  return sector === 'vo' || sector === 'mbo' ? Math.min(lesuurMinuten, 60) : 60
}

/** In minutes, for the metingen that add them up; else null. */
export function drempelMinuten (meting: Meting, drempel: number, sector: Sector, lesuurMinuten: number): number | null {
  if (meting === 'minuten') return drempel
  if (meting === 'uren') return drempel * uurMinuten(sector, lesuurMinuten)
  return meting === 'lesuren' ? drempel * lesuurMinuten : null
}

/** What the statutory rules count at most; the store has an index on it. A school with other rules reads everything. */
export const WETTELIJK_GETELD: { readonly categorie: Categorie, readonly soorten: readonly Soort[] } = { categorie: 'ongeoorloofd', soorten: ONGEOORLOOFD_AFWEZIG.soorten }
