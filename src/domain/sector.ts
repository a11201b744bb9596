/** Sectors of the bill: po, vo and mbo; so and vso follow the Wet op de expertisecentra. */
export const SECTOREN = ['po', 'so', 'vso', 'vo', 'mbo'] as const
export type Sector = typeof SECTOREN[number]
