import type { Datum } from './datum.ts'
import type { Categorie, Soort } from './absentie.ts'
import type { Sector } from './sector.ts'

/** How certain a value of law is (Kamerstuk 36663 is adopted by the Tweede Kamer, its entry into force was not found). */
export type Bronstatus = 'van-kracht' | 'aangenomen' | 'aangenomen-waarde'

/** A rule that adds up missed minutes in a window of lesweken, with its parameters as dated data. */
export interface Vensterregel {
  readonly regel: string
  readonly omschrijving: string
  readonly geldigVan: Datum
  readonly geldigTot: Datum | null
  readonly bron: string
  readonly status: Bronstatus
  readonly standaardAan: boolean
  readonly leeftijd: 'leer-of-kwalificatieplichtig' | 'vanaf-18'
  readonly soorten: readonly Soort[]
  /** The threshold counts this many uren; how long an uur is depends on the sector. */
  readonly uren: number
  readonly lesweken: number
  /** Calendar days between two einddatums, at least. */
  readonly minimaalDagenTussen: number
  readonly meldtermijnWerkdagen: number
}

const ZESTIEN_UUR = {
  geldigVan: '1900-01-01',
  geldigTot: null,
  soorten: ['afwezig', 'eerder-weg'],
  uren: 16,
  lesweken: 4,
  minimaalDagenTussen: 7,
  meldtermijnWerkdagen: 5
} as const

/** The statutory rules; a school's beleid may switch on what is off by default, never weaken what is on. */
export const VENSTERREGELS: readonly Vensterregel[] = [
  {
    ...ZESTIEN_UUR,
    regel: 'wettelijk-16-uur',
    omschrijving: '16 uur ongeoorloofd verzuim in 4 opeenvolgende lesweken, leer- of kwalificatieplichtig',
    bron: 'Leerplichtwet 1969 art. 21a; DUO, Soorten verzuim: ten minste 16 uur in 4 weken; meldtermijn 5 werkdagen: Inspectie van het Onderwijs',
    status: 'van-kracht',
    standaardAan: true,
    leeftijd: 'leer-of-kwalificatieplichtig'
  },
  {
    ...ZESTIEN_UUR,
    regel: 'wettelijk-16-uur-18plus',
    omschrijving: '16 uur ongeoorloofd verzuim in 4 opeenvolgende lesweken, 18 jaar en ouder',
    bron: 'DUO, Soorten verzuim: 16 uur, 18 jaar en ouder zonder startkwalificatie; niet verplicht, vaak een regionale afspraak',
    status: 'van-kracht',
    standaardAan: false,
    leeftijd: 'vanaf-18'
  }
]

/** Which absenties these rules count at all: what they must read, and when they must be asked again, follows from it. */
export const GETELD: { readonly categorie: Categorie, readonly soorten: readonly Soort[] } = { categorie: 'ongeoorloofd', soorten: [...new Set(VENSTERREGELS.flatMap(({ soorten }) => soorten))] }

export function isGeteld ({ categorie, soort }: { readonly categorie: Categorie, readonly soort: Soort }): boolean {
  return categorie === GETELD.categorie && GETELD.soorten.includes(soort)
}

/** Minutes in one uur of the threshold: po, so and vso count clock hours; vo and mbo count lesuren of at most 60 minutes (Inspectie van het Onderwijs). */
export function uurMinuten (sector: Sector, lesuurMinuten: number): number {
  return sector === 'vo' || sector === 'mbo' ? Math.min(lesuurMinuten, 60) : 60
}
