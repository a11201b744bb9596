import { jaarVan, type Datum } from './datum.ts'

// How days and numbers read in a Dutch sentence.

const MAANDEN = ['januari', 'februari', 'maart', 'april', 'mei', 'juni', 'juli', 'augustus', 'september', 'oktober', 'november', 'december']

/** The month of a day, or '2025-09', as 'september 2025'. */
export function formatMaand (maand: string): string {
  return `${MAANDEN[Number(maand.slice(5, 7)) - 1]} ${jaarVan(maand)}`
}

/** '2025-09-08' as '8 september 2025'. */
export function formatDatum (datum: Datum): string {
  return `${Number(datum.slice(8))} ${formatMaand(datum)}`
}

/** A number of something, in the singular where it is one. */
export function countOf (aantal: number, one: string, more: string): string {
  return `${aantal} ${aantal === 1 ? one : more}`
}

/** `a, b of c`. */
export function enumerate (delen: ReadonlyArray<string | number>, voegwoord: 'en' | 'of'): string {
  return delen.length < 2 ? delen.join('') : `${delen.slice(0, -1).join(', ')} ${voegwoord} ${delen.at(-1)}`
}
