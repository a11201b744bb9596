import type { Datum } from './datum.ts'

/** What a bron may be asked to do for a school (OSR of Kennisnet keeps the same by service). */
export const DIENSTEN = ['aanleveren', 'melden', 'leveren'] as const
export type Dienst = typeof DIENSTEN[number]

export interface Mandaat {
  readonly bron: string
  readonly dienst: Dienst
  readonly van: Datum
  /** Last day; null is until further notice. */
  readonly tot: Datum | null
  /** Stays in the list: that the school ever gave one is what closes the dienst to others. */
  readonly ingetrokken: boolean
}

/** The fault of a bron that acts outside every mandaat; undefined when it may. A school that never gave a mandaat for the dienst is open to all. */
export function refuseZonderMandaat (mandaten: readonly Mandaat[], dienst: Dienst, bron: string, vandaag: Datum): { code: 'mandaat-ontbreekt', pointer: string, detail: string } | undefined {
  const gegeven = mandaten.filter((mandaat) => mandaat.dienst === dienst)
  const geldt = gegeven.some((mandaat) => !mandaat.ingetrokken && mandaat.bron === bron && mandaat.van <= vandaag && (mandaat.tot === null || vandaag <= mandaat.tot))
  if (gegeven.length === 0 || geldt) return undefined
  return { code: 'mandaat-ontbreekt', pointer: '/school', detail: `De school heeft deze bron vandaag geen mandaat gegeven voor ${dienst}.` }
}
