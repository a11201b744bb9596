import type { Categorie, Dagdeel, Rooster, Soort } from '../domain/absentie.ts'
import type { Datum } from '../domain/datum.ts'
import type { Schooljaarkalender } from '../domain/kalender.ts'
import type { Sector } from '../domain/sector.ts'

export const DEMOSCHOOLJAAR = '2025-2026'

// The records as a bron sends them; the contracts of the rooms say what they mean.
export interface Vestigingsbericht {
  readonly vestiging: string
  readonly naam: string
  readonly sector: Sector
  readonly regio: string
  readonly gemeentecode: string
  readonly samenwerkingsverband?: string
  readonly lesuurMinuten?: number
}
export interface Inschrijvingsbericht { readonly vestiging: string, readonly van: Datum, readonly tot?: Datum, readonly leerjaar: number, readonly minutenPerWeek?: number, readonly rooster?: Rooster }
export interface Leerlingbericht {
  readonly bronId: string
  readonly school: string
  readonly geboortedatum: Datum
  readonly persoonsgebondenNummer?: string
  readonly woongemeente: string
  readonly inschrijvingen: readonly Inschrijvingsbericht[]
}
export interface Vrijstellingsbericht { readonly bronId: string, readonly school: string, readonly leerling: string, readonly grondslag: string, readonly van: Datum, readonly tot: Datum }
export interface Melding {
  readonly bronId: string
  readonly school: string
  readonly vestiging: string
  readonly leerling: string
  readonly datum: Datum
  readonly soort: Soort
  readonly reden: string | null
  readonly minuten?: number
  readonly lesuren?: readonly number[]
  readonly dagdeel?: Dagdeel
  readonly gewijzigdOp: string
}
export interface Intrekking { readonly bronId: string, readonly school: string, readonly ingetrokken: true, readonly gewijzigdOp: string }
export type Absentiebericht = Melding | Intrekking

/** What the answer to a zending says when the service does what it promises. */
export interface Aantallen { nieuw: number, gewijzigd: number, ongewijzigd: number, ingetrokken: number, verouderd: number, inWacht: number, afgewezen: number }

/** What a bron sends at once: first the leerlingen it has come to know, then the absenties in the order it wrote them down. */
export interface Zending {
  /** '2025-09'; of the correcties the month in which they are sent. */
  readonly maand: string
  readonly leerlingen: readonly Leerlingbericht[]
  readonly absenties: readonly Absentiebericht[]
  readonly verwacht: Readonly<Aantallen>
}

/** What is in force after everything was sent; minutes, of leerlingen whose rooster is known. */
export interface Vestigingstotaal {
  readonly vestiging: string
  readonly sector: Sector
  leerlingen: number
  gepland: number
  readonly gemist: Record<Categorie, number>
  readonly aantal: Record<Categorie, number>
  /** Absenties of leerlingen without a rooster. */
  zonderRooster: number
}

export interface DemoSchooljaar {
  readonly vestigingen: readonly Vestigingsbericht[]
  readonly kalenders: ReadonlyArray<Schooljaarkalender & { readonly vestiging: string }>
  /** Everybody, also those who come later; `absenties` says when the bron sends whom. */
  readonly leerlingen: readonly Leerlingbericht[]
  readonly vrijstellingen: readonly Vrijstellingsbericht[]
  /** One zending a month, August to July. */
  readonly absenties: readonly Zending[]
  /** Sent after the year: reden found out later, withdrawn, sent again, overtaken. */
  readonly correcties: Zending
  readonly totalen: readonly Vestigingstotaal[]
}
