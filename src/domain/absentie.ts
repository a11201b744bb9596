import type { Datum } from './datum.ts'

export const SOORTEN = ['afwezig', 'te-laat', 'eerder-weg', 'verwijderd'] as const
export type Soort = typeof SOORTEN[number]

/** Decided by the beleidsversie in force on the day. The first two are statutory (memorie van toelichting, Kamerstuk 36663). */
export const CATEGORIEEN = ['geoorloofd', 'ongeoorloofd', 'aanwezig-elders', 'onverklaard', 'niet-ingedeeld'] as const
export type Categorie = typeof CATEGORIEEN[number]

export const DAGDELEN = ['ochtend', 'middag'] as const
export type Dagdeel = typeof DAGDELEN[number]

/** Planned minutes Monday to Sunday. */
export type Rooster = readonly number[]

/** Spreads minutes over the weekdays taught, whole minutes, the remainder over the first days; the sum is exact. */
export function spreadMinuten (minutenPerWeek: number, lesdagen: readonly number[]): Rooster {
  const days = [...lesdagen].sort((a, b) => a - b)
  const [each, rest] = [Math.floor(minutenPerWeek / days.length), minutenPerWeek % days.length]
  return [1, 2, 3, 4, 5, 6, 7].map((day) => days.includes(day) ? each + (days.indexOf(day) < rest ? 1 : 0) : 0)
}

export interface Duurgegevens {
  readonly soort: Soort
  readonly minuten: number | null
  readonly lesuren: readonly number[] | null
  readonly dagdeel: Dagdeel | null
}

/**
 * Planned lesson minutes missed (REKENREGELS 2): as sent, else lesuren x lesuurMinuten, else the dagdeel of the rooster (the morning has the
 * odd minute), else the whole planned day. Null is unknown. Only an `afwezig` without any duration is the whole day: how late, how early or
 * how long removed cannot be known from a rooster. What derives stored absenties anew says the same in SQL (absenties/store.ts); a test compares them.
 */
export function deriveMinuten (gegevens: Duurgegevens, lesuurMinuten: number, gepland: number | null): number | null {
  const { soort, minuten, lesuren, dagdeel } = gegevens
  if (minuten !== null) return minuten
  if (soort === 'te-laat') return null
  if (lesuren !== null && lesuren.length > 0) return lesuren.length * lesuurMinuten
  if (gepland === null) return null
  if (dagdeel !== null) return dagdeel === 'ochtend' ? Math.ceil(gepland / 2) : Math.floor(gepland / 2)
  return soort === 'afwezig' ? gepland : null
}

/** An absentie as rules and figures see it; only those that are not withdrawn. */
export interface Feit {
  readonly bron: string
  readonly bronId: string
  readonly vestiging: string
  readonly datum: Datum
  readonly soort: Soort
  readonly reden: string | null
  readonly categorie: Categorie
  readonly minuten: number | null
  /** The day on which the bron first gave this reden; null where nobody asked. */
  readonly redenSinds: Datum | null
}
