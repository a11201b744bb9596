import type { Datum } from './datum.ts'

/** What says that a bron delivered a lesdag: any record of that day it pushed, or only its own declaration. */
export const VERKLARINGSVORMEN = ['door-aanlevering', 'uitdrukkelijk'] as const
export type Verklaringsvorm = typeof VERKLARINGSVORMEN[number]

/** How the bronnen of one school relate from a day on. */
export interface Bronafspraak {
  readonly geldigVan: Datum
  /** The bronnen whose report goes before that of the ones after them; bronnen that are not named come last, in order of name. */
  readonly volgorde: readonly string[]
  readonly verklaring: Verklaringsvorm
}

/** In force before a school's first own: bronnen in order of name, so that no lesson time ever counts twice; a push implies the day. */
export const STANDAARDAFSPRAAK: Bronafspraak = { geldigVan: '1900-01-01', volgorde: [], verklaring: 'door-aanlevering' }

/** The bronafspraak in force on a day: the last that began on or before it. */
export function afspraakOp (afspraken: readonly Bronafspraak[], datum: Datum): Bronafspraak {
  return afspraken.reduce((found, candidate) => candidate.geldigVan <= datum && candidate.geldigVan >= found.geldigVan ? candidate : found, STANDAARDAFSPRAAK)
}

/** Negative when `a` goes before `b`; never 0 for two bronnen. */
export function compareBronnen (afspraak: Bronafspraak, a: string, b: string): number {
  const [rangA, rangB] = [a, b].map((bron) => {
    const at = afspraak.volgorde.indexOf(bron)
    return at === -1 ? afspraak.volgorde.length : at
  }) as [number, number]
  return rangA - rangB || (a < b ? -1 : a > b ? 1 : 0)
}

/** What makes a lesdag of a vestiging count as delivered. */
export const AANLEVERGRONDEN = ['verklaard', 'door-aanlevering'] as const
export type Aanlevergrond = typeof AANLEVERGRONDEN[number]

/** What there is of one lesdag of one vestiging: verklaringen in force, of any bron, and absenties stored, the withdrawn ones among them. */
export interface Dagaanlevering { readonly verklaringen: number, readonly absenties: number }

/** Why a lesdag counts as delivered; null: it does not, and then nobody knows who was there. Many absenties prove no more than one. */
export function aanlevergrond ({ verklaring }: Bronafspraak, { verklaringen, absenties }: Dagaanlevering): Aanlevergrond | null {
  if (verklaringen > 0) return 'verklaard'
  return verklaring === 'door-aanlevering' && absenties > 0 ? 'door-aanlevering' : null
}
