import type { Rooster } from '../domain/absentie.ts'
import type { Lesvrij, Regio } from '../domain/kalender.ts'
import type { Sector } from '../domain/sector.ts'

/** How much of each kind of absentie a vestiging has, as chances per lesdag of its average leerling; the shares follow the comment at DEMOVESTIGINGEN. */
export interface Verzuimbeeld {
  /** A ziekteperiode starts. */
  readonly ziek: number
  readonly medisch: number
  readonly gewichtig: number
  readonly spijbelen: number
  readonly onverklaard: number
  readonly teLaat: number
  readonly verwijderd: number
  readonly vervoer: number
  /** Share of the leerlingen. */
  readonly hardnekkig: number
  readonly luxe: number
  readonly geschorst: number
}

export interface Demovestiging {
  readonly vestiging: string
  readonly naam: string
  readonly sector: Sector
  readonly regio: Regio
  readonly gemeentecode: string
  /** Where its leerlingen live. */
  readonly woongemeenten: readonly string[]
  readonly samenwerkingsverband?: string
  readonly lesuurMinuten: number
  readonly leerlingen: number
  /** A leerjaar that occurs twice has twice the leerlingen. */
  readonly leerjaren: readonly number[]
  /** Birth year of leerjaar 0: born from 1 October of this year minus the leerjaar, within twelve months. */
  readonly geboortejaar: number
  /** Chance to be a year older, drawn up to this many times. */
  readonly vertraging: readonly [number, number]
  readonly registreert: 'dagdeel' | 'lesuur'
  readonly roosters: (leerjaar: number) => Rooster
  /** The bron knows minutes a week only, so no rooster is sent. */
  readonly alleenWeektotaal?: true
  readonly deeltijd?: { readonly deel: number, readonly rooster: Rooster }
  readonly beeld: Verzuimbeeld
}

const PO: Rooster = [330, 330, 230, 330, 330, 0, 0]
const SO: Rooster = [315, 315, 225, 315, 315, 0, 0]
const VSO: Rooster = [330, 330, 240, 330, 330, 0, 0]

function vo (leerjaar: number): Rooster {
  const lesuren = leerjaar <= 1 ? [6, 6, 6, 6, 6] : leerjaar <= 3 ? [7, 6, 6, 7, 6] : leerjaar === 4 ? [6, 6, 6, 7, 5] : leerjaar === 5 ? [6, 6, 5, 6, 5] : [6, 5, 5, 5, 5]
  return [...lesuren, 0, 0].map((aantal) => aantal * 50)
}

function mbo (leerjaar: number): Rooster {
  return leerjaar === 1 ? [360, 360, 300, 360, 0, 0, 0] : leerjaar === 2 ? [360, 0, 300, 360, 300, 0, 0] : [360, 360, 0, 360, 240, 0, 0]
}

/**
 * Invented schools. Shares are guided by the English census of 2025-2026 (Department for Education, year to date: primary 5.3 % missed,
 * secondary 8.5 %, special 13.2 %; ziekte 2.8, 3.6 and 5.0 points of it), brought down to Dutch levels of ongeoorloofd verzuim.
 */
export const DEMOVESTIGINGEN: readonly Demovestiging[] = [
  {
    vestiging: '99AA00',
    naam: 'College De Kantlijn',
    sector: 'vo',
    regio: 'midden',
    gemeentecode: '0344',
    woongemeenten: ['0344', '0344', '0344', '0344', '0321', '0356', '0310'],
    samenwerkingsverband: 'VO2601',
    lesuurMinuten: 50,
    leerlingen: 1200,
    leerjaren: [1, 2, 3, 4, 1, 2, 3, 4, 5, 6],
    geboortejaar: 2013,
    vertraging: [0.2, 2],
    registreert: 'lesuur',
    roosters: vo,
    beeld: { ziek: 0.0142, medisch: 0.011, gewichtig: 0.0012, spijbelen: 0.043, onverklaard: 0.02, teLaat: 0.024, verwijderd: 0.004, vervoer: 0, hardnekkig: 0.01, luxe: 0.008, geschorst: 0.008 }
  },
  {
    vestiging: '99AA01',
    naam: 'De Kantlijn Vakroute',
    sector: 'vo',
    regio: 'midden',
    gemeentecode: '0356',
    woongemeenten: ['0356', '0356', '0356', '0344', '0321'],
    samenwerkingsverband: 'VO2601',
    lesuurMinuten: 50,
    leerlingen: 400,
    leerjaren: [1, 2, 3, 4],
    geboortejaar: 2013,
    vertraging: [0.25, 2],
    registreert: 'lesuur',
    roosters: () => [300, 300, 300, 300, 300, 0, 0],
    alleenWeektotaal: true,
    beeld: { ziek: 0.015, medisch: 0.011, gewichtig: 0.0012, spijbelen: 0.05, onverklaard: 0.024, teLaat: 0.028, verwijderd: 0.006, vervoer: 0, hardnekkig: 0.016, luxe: 0.01, geschorst: 0.014 }
  },
  {
    vestiging: '99AB00',
    naam: 'Basisschool De Regenlaars',
    sector: 'po',
    regio: 'noord',
    gemeentecode: '0014',
    woongemeenten: ['0014', '0014', '0014', '0014', '0014', '1969', '1952'],
    samenwerkingsverband: 'PO2001',
    lesuurMinuten: 60,
    leerlingen: 450,
    leerjaren: [1, 2, 3, 4, 5, 6, 7, 8],
    geboortejaar: 2021,
    vertraging: [0.08, 1],
    registreert: 'dagdeel',
    roosters: () => PO,
    beeld: { ziek: 0.0148, medisch: 0.008, gewichtig: 0.0016, spijbelen: 0.0006, onverklaard: 0.003, teLaat: 0.012, verwijderd: 0, vervoer: 0, hardnekkig: 0.005, luxe: 0.022, geschorst: 0 }
  },
  {
    vestiging: '99AC00',
    naam: 'De Klimboom',
    sector: 'so',
    regio: 'zuid',
    gemeentecode: '0855',
    woongemeenten: ['0855', '0855', '0855', '0785', '0809', '0797'],
    samenwerkingsverband: 'PO3005',
    lesuurMinuten: 60,
    leerlingen: 120,
    leerjaren: [2, 3, 4, 5, 6, 7, 8],
    geboortejaar: 2021,
    vertraging: [0.3, 2],
    registreert: 'dagdeel',
    roosters: () => SO,
    beeld: { ziek: 0.027, medisch: 0.018, gewichtig: 0.002, spijbelen: 0.0015, onverklaard: 0.005, teLaat: 0.006, verwijderd: 0, vervoer: 0.02, hardnekkig: 0.01, luxe: 0.01, geschorst: 0 }
  },
  {
    vestiging: '99AC01',
    naam: 'De Klimboom Voortgezet',
    sector: 'vso',
    regio: 'zuid',
    gemeentecode: '0855',
    woongemeenten: ['0855', '0855', '0785', '0809', '0797'],
    samenwerkingsverband: 'VO3003',
    lesuurMinuten: 60,
    leerlingen: 180,
    leerjaren: [1, 2, 3, 4, 5, 6],
    geboortejaar: 2013,
    vertraging: [0.4, 2],
    registreert: 'dagdeel',
    roosters: () => VSO,
    deeltijd: { deel: 0.08, rooster: [330, 0, 240, 330, 0, 0, 0] },
    beeld: { ziek: 0.025, medisch: 0.012, gewichtig: 0.002, spijbelen: 0.008, onverklaard: 0.008, teLaat: 0.01, verwijderd: 0.002, vervoer: 0.016, hardnekkig: 0.03, luxe: 0.006, geschorst: 0.02 }
  },
  {
    vestiging: '99AD00',
    naam: 'Vakschool De Werkbank',
    sector: 'mbo',
    regio: 'midden',
    gemeentecode: '0599',
    woongemeenten: ['0599', '0599', '0599', '0606', '0622', '0502'],
    lesuurMinuten: 60,
    leerlingen: 650,
    leerjaren: [1, 1, 2, 2, 3],
    geboortejaar: 2009,
    vertraging: [0.4, 4],
    registreert: 'lesuur',
    roosters: mbo,
    deeltijd: { deel: 0.15, rooster: [0, 480, 0, 0, 0, 0, 0] },
    beeld: { ziek: 0.0165, medisch: 0.01, gewichtig: 0.0014, spijbelen: 0.05, onverklaard: 0.024, teLaat: 0.03, verwijderd: 0.002, vervoer: 0, hardnekkig: 0.02, luxe: 0.006, geschorst: 0.004 }
  }
]

/** The one vestiging that sends a kalender of its own: the national one of its region with these days added. */
export const KALENDERVESTIGING = '99AB00'

export const STUDIEDAGEN: readonly Lesvrij[] = [
  ['2025-09-29', 'Studiedag rekenen'],
  ['2025-11-21', 'Studiedag'],
  ['2026-02-03', 'Studiedag'],
  ['2026-03-27', 'Studiedag lezen'],
  ['2026-05-15', 'Dag na Hemelvaart'],
  ['2026-06-12', 'Studiedag']
].map(([datum = '', naam = '']) => ({ van: datum, tot: datum, soort: 'studiedag' as const, naam }))
