import type { Datum } from './datum.ts'
import type { Regio } from './kalender.ts'

/** A national school vacation, first to last free day, from weekend to weekend; stored once, also when it crosses 31 July. */
export interface NationaleVakantie {
  /** The schooljaar it is published with; the summer vacation closes its schooljaar. */
  readonly schooljaar: string
  readonly naam: string
  readonly regios: readonly Regio[]
  readonly van: Datum
  readonly tot: Datum
  /** Summer, Christmas and the week in May bind every school; autumn and spring are advice a school may leave. */
  readonly verplicht: boolean
  readonly bron: string
  /** How many independent sources these dates were compared with. */
  readonly status: 'twee-bronnen' | 'een-bron'
}

/** The schooljaren of which every vacation is known; outside them only public holidays are. */
export const NATIONALE_SCHOOLJAREN: readonly string[] = ['2025-2026', '2026-2027', '2027-2028']

const ALLE: readonly Regio[] = ['noord', 'midden', 'zuid']
const NOORD_MIDDEN: readonly Regio[] = ['noord', 'midden']
const MIDDEN_ZUID: readonly Regio[] = ['midden', 'zuid']

interface Publicatie { readonly schooljaar: string, readonly bron: string, readonly status: NationaleVakantie['status'] }

const P2425: Publicatie = { schooljaar: '2024-2025', bron: 'Rijksoverheid, schoolvakanties 2024-2025', status: 'een-bron' }
const P2526: Publicatie = { schooljaar: '2025-2026', bron: 'Rijksoverheid, schoolvakanties 2025-2026', status: 'een-bron' }
const P2627: Publicatie = { schooljaar: '2026-2027', bron: 'Rijksoverheid, schoolvakanties 2026-2027', status: 'twee-bronnen' }
const P2728: Publicatie = { schooljaar: '2027-2028', bron: 'Rijksoverheid, schoolvakanties 2027-2028', status: 'een-bron' }

const HERFST = { naam: 'Herfstvakantie', verplicht: false }
const KERST = { naam: 'Kerstvakantie', verplicht: true }
const VOORJAAR = { naam: 'Voorjaarsvakantie', verplicht: false }
const MEI = { naam: 'Meivakantie', verplicht: true }
const ZOMER = { naam: 'Zomervakantie', verplicht: true }

/** Rijksoverheid, schoolvakanties: official dates per region. Of 2024-2025 only the summer, whose tail opens 2025-2026. */
export const NATIONALE_VAKANTIES: readonly NationaleVakantie[] = [
  { ...P2425, ...ZOMER, regios: ['zuid'], van: '2025-07-05', tot: '2025-08-17' },
  { ...P2425, ...ZOMER, regios: ['noord'], van: '2025-07-12', tot: '2025-08-24' },
  { ...P2425, ...ZOMER, regios: ['midden'], van: '2025-07-19', tot: '2025-08-31' },

  { ...P2526, ...HERFST, regios: ['zuid'], van: '2025-10-11', tot: '2025-10-19' },
  { ...P2526, ...HERFST, regios: NOORD_MIDDEN, van: '2025-10-18', tot: '2025-10-26' },
  { ...P2526, ...KERST, regios: ALLE, van: '2025-12-20', tot: '2026-01-04' },
  { ...P2526, ...VOORJAAR, regios: MIDDEN_ZUID, van: '2026-02-14', tot: '2026-02-22' },
  { ...P2526, ...VOORJAAR, regios: ['noord'], van: '2026-02-21', tot: '2026-03-01' },
  { ...P2526, ...MEI, regios: ALLE, van: '2026-04-25', tot: '2026-05-03' },
  { ...P2526, ...ZOMER, regios: ['noord'], van: '2026-07-04', tot: '2026-08-16' },
  { ...P2526, ...ZOMER, regios: ['zuid'], van: '2026-07-11', tot: '2026-08-23' },
  { ...P2526, ...ZOMER, regios: ['midden'], van: '2026-07-18', tot: '2026-08-30' },

  { ...P2627, ...HERFST, regios: ['noord'], van: '2026-10-10', tot: '2026-10-18' },
  { ...P2627, ...HERFST, regios: MIDDEN_ZUID, van: '2026-10-17', tot: '2026-10-25' },
  { ...P2627, ...KERST, regios: ALLE, van: '2026-12-19', tot: '2027-01-03' },
  // OpenHolidays ends this one on 21 March: a typing error that would delete four lesweken.
  { ...P2627, ...VOORJAAR, regios: ['zuid'], van: '2027-02-13', tot: '2027-02-21' },
  { ...P2627, ...VOORJAAR, regios: NOORD_MIDDEN, van: '2027-02-20', tot: '2027-02-28' },
  { ...P2627, ...MEI, regios: ALLE, van: '2027-04-24', tot: '2027-05-02' },
  { ...P2627, ...ZOMER, regios: ['noord'], van: '2027-07-10', tot: '2027-08-22' },
  { ...P2627, ...ZOMER, regios: ['midden'], van: '2027-07-17', tot: '2027-08-29' },
  { ...P2627, ...ZOMER, regios: ['zuid'], van: '2027-07-24', tot: '2027-09-05' },

  { ...P2728, ...HERFST, regios: NOORD_MIDDEN, van: '2027-10-16', tot: '2027-10-24' },
  { ...P2728, ...HERFST, regios: ['zuid'], van: '2027-10-23', tot: '2027-10-31' },
  { ...P2728, ...KERST, regios: ALLE, van: '2027-12-25', tot: '2028-01-09' },
  { ...P2728, ...VOORJAAR, regios: ['noord'], van: '2028-02-19', tot: '2028-02-27' },
  { ...P2728, ...VOORJAAR, regios: MIDDEN_ZUID, van: '2028-02-26', tot: '2028-03-05' },
  { ...P2728, ...MEI, regios: ALLE, van: '2028-04-29', tot: '2028-05-07' },
  { ...P2728, ...ZOMER, regios: ['midden'], van: '2028-07-08', tot: '2028-08-20' },
  { ...P2728, ...ZOMER, regios: ['noord'], van: '2028-07-15', tot: '2028-08-27' },
  { ...P2728, ...ZOMER, regios: ['zuid'], van: '2028-07-22', tot: '2028-09-03' }
]
