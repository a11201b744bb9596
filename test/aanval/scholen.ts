// Invented schools, day by day, and what was told of them: leveringen of weeks, months and the school year to date, with corrections in between.
import { CATEGORIEEN, type Categorie } from '../../src/domain/absentie.ts'
import { bandVan, emptyCel, type Cel, type Celinwording } from '../../src/domain/aggregaat.ts'
import type { Gemeentefeit } from '../../src/domain/ontvanger.ts'
import { addDagen, isoWeek, maand, parsePeriode, schooljaar, weekdag, type Datum } from '../../src/domain/datum.ts'

export interface Absentie { readonly dag: number, readonly categorie: Categorie, readonly minuten: number }

export interface Leerling {
  readonly vestiging: string
  readonly gemeente: string
  /** From a day on, in a leerjaar; the last one holds to the end. Nobody has none. */
  readonly leerjaren: ReadonlyArray<{ readonly van: number, readonly leerjaar: number }>
  readonly van: number
  /** Exclusive. */
  readonly tot: number
  readonly absenties: readonly Absentie[]
}

export const GEPLAND = 300

/** One moment a table is made: of which periode, on which day, of which facts. */
export interface Uitgave { readonly ontvanger: 'ocw' | 'gemeente' | 'samenwerkingsverband', readonly periode: string, readonly peildatum: Datum, readonly stand: number }

export interface School {
  readonly lesdagen: readonly Datum[]
  /** The facts, and once more after every round of corrections. */
  readonly standen: ReadonlyArray<readonly Leerling[]>
  readonly uitgaven: readonly Uitgave[]
  /** The kinds of perioden of which this school tells; per kind all that lie in the lesdagen. */
  readonly gepland: readonly string[]
}

/** Whole numbers from 0 up to and including `most`, the same for the same seed. */
export function createKans (seed: number): (most: number) => number {
  let state = seed
  return (most) => {
    state = state + 0x6d2b79f5 | 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return Math.floor(((t ^ t >>> 14) >>> 0) / 2 ** 32 * (most + 1))
  }
}
type Kans = ReturnType<typeof createKans>

const pick = <T>(kans: Kans, lijst: readonly T[]): T => lijst[kans(lijst.length - 1)]!

/** Begins and vacation weeks; february 2027 is four whole weeks. */
const TIJDVAKKEN = [
  { van: '2026-08-24', weken: 10, vakantie: 7 },
  { van: '2026-08-31', weken: 9, vakantie: 6 },
  { van: '2027-01-25', weken: 9, vakantie: -1 },
  { van: '2027-01-04', weken: 9, vakantie: 7 }
] as const

export function makeSchool (seed: number): School {
  const kans = createKans(seed)
  const { van, weken, vakantie } = pick(kans, TIJDVAKKEN)
  const lesdagen = Array.from({ length: weken * 7 }, (_, dag) => addDagen(van, dag)).filter((datum, dag) => weekdag(datum) <= 5 && Math.floor(dag / 7) !== vakantie)
  const leerlingen = makeLeerlingen(kans, lesdagen.length)
  const standen = [leerlingen]
  for (let ronde = kans(2); ronde > 0; ronde--) standen.push(correct(kans, standen.at(-1)!, lesdagen.length))
  return { lesdagen, standen, ...makeUitgaven(kans, lesdagen, standen.length) }
}

function makeLeerlingen (kans: Kans, dagen: number): Leerling[] {
  const vestigingen = 1 + kans(2)
  const leerjaren = 1 + kans(3)
  const gemeenten = 1 + kans(2)
  // How often anybody is absent differs from school to school: from nearly never to nearly everyone.
  const druk = pick(kans, [1, 3, 10, 40])
  const leerlingen: Leerling[] = []
  for (let vestiging = 0; vestiging < vestigingen; vestiging++) {
    for (let leerjaar = 1; leerjaar <= leerjaren; leerjaar++) {
      const grootte = pick(kans, [0, 1, 2, 4, 5, 6, 8, 12, 25, 30])
      for (let n = 0; n < grootte; n++) {
        const [begin, einde] = [kans(25) === 0 ? kans(dagen - 1) : 0, kans(25) === 0 ? 1 + kans(dagen - 1) : dagen]
        leerlingen.push({
          vestiging: `99AA0${vestiging}`,
          gemeente: `0${pick(kans, [0, 0, 0, kans(gemeenten - 1)])}`,
          leerjaren: [{ van: 0, leerjaar }, ...(kans(30) === 0 && leerjaar < leerjaren ? [{ van: kans(dagen - 1), leerjaar: leerjaar + 1 }] : [])],
          van: Math.min(begin, einde - 1),
          tot: Math.max(begin + 1, einde),
          absenties: makeAbsenties(kans, dagen, pick(kans, [0, druk, druk, druk, druk * 4]))
        })
      }
    }
  }
  return leerlingen
}

function makeAbsenties (kans: Kans, dagen: number, promille: number): Absentie[] {
  return Array.from({ length: dagen }, (_, dag) => dag).filter(() => kans(999) < promille).map((dag) => makeAbsentie(kans, dag))
}

function makeAbsentie (kans: Kans, dag: number): Absentie {
  return { dag, categorie: pick(kans, ['geoorloofd', 'geoorloofd', 'ongeoorloofd', 'ongeoorloofd', 'onverklaard', 'niet-ingedeeld'] as const), minuten: pick(kans, [GEPLAND, GEPLAND, 50, 100, 7]) }
}

/** A few absenties of a few leerlingen turn out to be otherwise. */
function correct (kans: Kans, leerlingen: readonly Leerling[], dagen: number): Leerling[] {
  const anders = new Set(Array.from({ length: 1 + kans(2) }, () => kans(Math.max(0, leerlingen.length - 1))))
  return leerlingen.map((leerling, index) => !anders.has(index)
    ? leerling
    : {
        ...leerling,
        absenties: kans(1) === 0 ? leerling.absenties.slice(1) : [...leerling.absenties.filter(({ dag }) => dag !== 3), makeAbsentie(kans, Math.min(dagen - 1, 3))]
      })
}

/** In the order of the days or in any order, some of them, some again after a correction. */
function makeUitgaven (kans: Kans, lesdagen: readonly Datum[], standen: number): Pick<School, 'uitgaven' | 'gepland'> {
  const laatste = lesdagen.at(-1)!
  const wat = pick(kans, [[100, 100, 60], [0, 100, 100], [100, 0, 60], [60, 60, 40]] as const)
  const bijtijds: Uitgave[] = []
  const perioden = (soort: (datum: Datum) => string): string[] => [...new Set(lesdagen.map(soort))]
  const ontvangers = pick(kans, [['ocw'], ['ocw'], ['ocw', 'samenwerkingsverband'], ['ocw', 'gemeente'], ['gemeente', 'samenwerkingsverband', 'ocw']] as const)
  const add = (periode: string, peildatum: Datum): void => { for (const ontvanger of ontvangers) bijtijds.push({ ontvanger, periode, peildatum, stand: 0 }) }
  for (const week of perioden(isoWeek)) if (kans(99) < wat[0]) add(week, endOf(week, laatste))
  for (const each of perioden(maand)) {
    if (kans(99) < wat[1]) add(each, endOf(each, laatste))
    if (kans(99) < wat[2]) add(schooljaar(laatste), endOf(each, laatste))
  }
  bijtijds.sort((a, b) => a.peildatum < b.peildatum ? -1 : a.peildatum > b.peildatum ? 1 : a.periode.length - b.periode.length)
  const achteraf = kans(3) === 0
  const reeks = achteraf ? shuffle(kans, bijtijds.map((uitgave) => ({ ...uitgave, peildatum: uitgave.periode === schooljaar(laatste) ? uitgave.peildatum : laatste }))) : bijtijds
  const opnieuw = Array.from({ length: standen - 1 }, (_, ronde) => shuffle(kans, reeks).slice(0, 1 + kans(3)).map((uitgave) => ({ ...uitgave, stand: ronde + 1, peildatum: laatste })))
  return {
    uitgaven: [...reeks.map((uitgave, index) => ({ ...uitgave, stand: Math.floor(index * standen / reeks.length) })), ...opnieuw.at(-1) ?? []],
    gepland: [...(wat[0] > 0 ? perioden(isoWeek) : []), ...(wat[1] > 0 ? perioden(maand) : [])]
  }
}

function endOf (periode: string, laatste: Datum): Datum {
  const { tot } = parsePeriode(periode)!
  return tot < laatste ? tot : laatste
}

function shuffle<T> (kans: Kans, lijst: readonly T[]): T[] {
  const over = [...lijst]
  return lijst.map(() => over.splice(kans(over.length - 1), 1)[0]!)
}

/** The lesdagen of a uitgave, by number; the end exclusive. */
export function dagenVan ({ lesdagen }: Pick<School, 'lesdagen'>, { periode, peildatum }: Pick<Uitgave, 'periode' | 'peildatum'>): { readonly van: number, readonly tot: number } {
  const grenzen = parsePeriode(periode)!
  const einde = grenzen.tot < peildatum ? grenzen.tot : peildatum
  const van = lesdagen.findIndex((datum) => datum >= grenzen.van)
  const tot = lesdagen.findIndex((datum) => datum > einde)
  return { van: van === -1 ? lesdagen.length : van, tot: tot === -1 ? lesdagen.length : tot }
}

export function leerjaarOp ({ leerjaren }: Leerling, dag: number): number {
  return leerjaren.findLast(({ van }) => van <= dag)!.leerjaar
}

/** What of these leerlingen lies in these days, one of them at a time: the days he was enrolled, in this leerjaar, and his absenties on them. */
export function listDelen (leerlingen: readonly Leerling[], { van, tot }: { readonly van: number, readonly tot: number }, leerjaar: number | null): Array<{ readonly gepland: number, readonly absenties: readonly Absentie[] }> {
  return leerlingen.flatMap((leerling) => {
    const telt = (dag: number): boolean => dag >= Math.max(van, leerling.van) && dag < Math.min(tot, leerling.tot) && (leerjaar === null || leerjaarOp(leerling, dag) === leerjaar)
    let dagen = 0
    for (let dag = van; dag < tot; dag++) if (telt(dag)) dagen++
    return dagen === 0 ? [] : [{ gepland: dagen * GEPLAND, absenties: leerling.absenties.filter(({ dag }) => telt(dag)) }]
  })
}

/** Some absenties are the day of a signaal. */
export function heeftSignaal ({ absenties }: { readonly absenties: readonly Absentie[] }, regel: string): number {
  return absenties.some(({ categorie, minuten }) => categorie === 'ongeoorloofd' && (regel === 'wettelijk-16-uur' ? minuten === 100 : regel === 'luxeverzuim' && minuten === 50)) ? 1 : 0
}

/** For a gemeente: of those who live there, with the leerlingen who had a signaal. */
export function countGemeente (school: School, uitgave: Uitgave, gemeentecode: string): Gemeentefeit[] {
  return countCellen(school, uitgave, gemeentecode).filter(({ leerjaar, leerlingen }) => leerjaar === null && leerlingen > 0).map((cel) => {
    const delen = listDelen(school.standen[uitgave.stand]!.filter(({ vestiging, gemeente }) => vestiging === cel.vestiging && gemeente === gemeentecode), dagenVan(school, uitgave), null)
    const met = (regel: string): number => delen.reduce((som, deel) => som + heeftSignaal(deel, regel), 0)
    return { ...cel, gemeentecode, leerlingenMetSignaal: { 'wettelijk-16-uur': met('wettelijk-16-uur'), 'langdurig-verzuim': 0, luxeverzuim: met('luxeverzuim') } }
  })
}

/** The cellen as statistiek would hand them over; of who lives in one gemeente, or of all. */
export function countCellen (school: School, uitgave: Pick<Uitgave, 'periode' | 'peildatum' | 'stand'>, gemeentecode?: string): Cel[] {
  const dagen = dagenVan(school, uitgave)
  const perVestiging = Map.groupBy(school.standen[uitgave.stand]!.filter(({ gemeente }) => gemeentecode === undefined || gemeente === gemeentecode), ({ vestiging }) => vestiging)
  return [...perVestiging].flatMap(([vestiging, eigen]) => {
    const leerjaren = [...new Set(eigen.flatMap(({ leerjaren }) => leerjaren.map(({ leerjaar }) => leerjaar)))]
    return [null, ...leerjaren].flatMap((leerjaar) => {
      const cel: Celinwording = { ...emptyCel(vestiging, uitgave.periode, leerjaar, uitgave.peildatum)!, lesdagen: dagen.tot - dagen.van, lesdagenAangeleverd: dagen.tot - dagen.van }
      for (const { gepland, absenties } of listDelen(eigen, dagen, leerjaar)) {
        cel.leerlingen++
        cel.geplandeMinuten += gepland
        cel.banden[bandVan(absenties.reduce((som, { minuten }) => som + minuten, 0), gepland)!]++
        for (const categorie of CATEGORIEEN) {
          const lijst = absenties.filter((absentie) => absentie.categorie === categorie)
          if (lijst.length === 0) continue
          cel.categorieen[categorie].leerlingen++
          cel.categorieen[categorie].registraties += lijst.length
          cel.categorieen[categorie].minuten += lijst.reduce((som, { minuten }) => som + minuten, 0)
        }
        cel.gemisteMinuten += absenties.reduce((som, { minuten }) => som + minuten, 0)
      }
      return cel.leerlingen > 0 || leerjaar === null ? [cel] : []
    })
  })
}
