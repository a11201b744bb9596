import type { Regio } from '../domain/kalender.ts'

/**
 * Vakantieregio by provincie, and the gemeenten that deviate. Source: the national division of gemeenten over the regions (Rijksoverheid, Regeling
 * vaststelling schoolvakanties), as transcribed in OpenHolidays `src/nl/subdivisions.csv`, seen 2026-01. Codes of merged gemeenten stay,
 * because older files use them. A school may belong to another region than its gemeente; its own kalender decides.
 */
export const VAKANTIEREGIO_PEILDATUM = '2026-01-21'

const PROVINCIES: Readonly<Record<string, Regio>> = {
  groningen: 'noord',
  friesland: 'noord',
  fryslân: 'noord',
  drenthe: 'noord',
  overijssel: 'noord',
  flevoland: 'noord',
  'noord-holland': 'noord',
  utrecht: 'midden',
  gelderland: 'midden',
  'zuid-holland': 'midden',
  zeeland: 'zuid',
  'noord-brabant': 'zuid',
  limburg: 'zuid'
}

interface Uitzondering { readonly regio: Regio, readonly plaatsen?: readonly string[], readonly andereRegio?: Regio }

const heel = (regio: Regio, codes: readonly string[]): Array<[string, Uitzondering]> => codes.map((code) => [code, { regio }])

// Arnhem, Beuningen, Doesburg, Druten, Duiven, Groesbeek and Berg en Dal, Heumen, Lingewaard, Maasdriel, Millingen aan de Rijn, Nijmegen,
// Overbetuwe, Renkum, Rheden, Rijnwaarden, Rozendaal, Ubbergen, Westervoort, West Maas en Waal, Wijchen, Zaltbommel, Zevenaar.
const GELDERLAND_ZUID = [
  '0202', '0209', '0221', '0225', '0226', '0241', '1945', '0252', '1705', '0263', '0265', '0268',
  '1734', '0274', '0275', '0196', '0277', '0282', '0293', '0668', '0296', '0297', '0299'
]

/** By gemeentecode; `plaatsen` lie in `andereRegio`: those gemeenten straddle two regions. */
const GEMEENTEN: ReadonlyMap<string, Uitzondering> = new Map([
  ...heel('zuid', GELDERLAND_ZUID),
  ...heel('noord', ['0244', '0317', '0305']), // Hattem, Eemnes, Abcoude
  ...heel('midden', ['0050', '0874']), // Zeewolde, Woudrichem
  ['0736', { regio: 'midden', plaatsen: ['abcoude', 'baambrugge'], andereRegio: 'noord' }], // De Ronde Venen
  ['1740', { regio: 'midden', plaatsen: ['dodewaard'], andereRegio: 'zuid' }], // Neder-Betuwe
  ['1955', { regio: 'midden', plaatsen: ['didam', 'loil', 'nieuw-dijk'], andereRegio: 'zuid' }], // Montferland
  ['0870', { regio: 'midden', plaatsen: ['dussen', 'hank'], andereRegio: 'zuid' }], // Werkendam
  ['1959', { regio: 'midden', plaatsen: ['dussen', 'hank'], andereRegio: 'zuid' }] // Altena
])

export interface Vakantieregio {
  readonly regio: Regio
  /** The gemeente straddles two regions: the name of the place decided, a person should look. */
  readonly gedeeld: boolean
}

/** The region of a place, or undefined for a provincie that is none. Capitals do not matter. */
export function findVakantieregio (provincie: string, gemeentecode: string, plaats: string | undefined): Vakantieregio | undefined {
  const uitzondering = GEMEENTEN.get(gemeentecode)
  if (uitzondering === undefined) {
    const regio = PROVINCIES[provincie.trim().toLowerCase()]
    return regio === undefined ? undefined : { regio, gedeeld: false }
  }
  const { regio, plaatsen, andereRegio } = uitzondering
  const elders = plaatsen?.includes(plaats?.trim().toLowerCase() ?? '') === true
  return { regio: elders ? andereRegio ?? regio : regio, gedeeld: plaatsen !== undefined }
}
