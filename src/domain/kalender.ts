import {
  addDagen, dagnummer, datumVanDagnummer, jaarVan, paasdatum, schooljaarPeriode, schooljaarVanStartjaar, startjaar, weekdag, weekdagVanDagnummer
} from './datum.ts'
import type { Datum } from './datum.ts'
import { NATIONALE_SCHOOLJAREN, NATIONALE_VAKANTIES } from './kalender-nationaal.ts'

export type Regio = 'noord' | 'midden' | 'zuid'

export const REGIOS: readonly Regio[] = ['noord', 'midden', 'zuid']

export type Lesvrijsoort = 'vakantie' | 'feestdag' | 'studiedag'

/** A lesvrije periode, both ends inclusive. */
export interface Lesvrij { readonly van: Datum, readonly tot: Datum, readonly soort: Lesvrijsoort, readonly naam: string }

export interface Schooljaarkalender {
  readonly schooljaar: string
  /** Of a kalender that the school laid down; each change of it is one more. */
  readonly versie?: number
  /** ISO weekdays on which lessons are given, Monday 1. */
  readonly lesdagen: readonly number[]
  readonly lesvrij: readonly Lesvrij[]
}

/** Where a kalender comes from; with 'feestdagen' the vacations are not known, so too many days are lesdag. */
export type Kalenderbron = 'nationaal' | 'feestdagen' | 'school'

export interface NationaleKalender extends Schooljaarkalender { readonly bron: 'nationaal' | 'feestdagen' }

// --- public holidays and werkdagen

/**
 * The public holidays of a calendar year: Algemene termijnenwet art. 3, with Good Friday (lid 2) and 5 May every year.
 * Also the default lesvrije dagen of a school. Koningsdag as since 2014: 27 April, or the 26th when the 27th is a Sunday.
 */
export function feestdagen (jaar: number): Lesvrij[] {
  const pasen = paasdatum(jaar)
  const koningsdag = weekdag(`${jaar}-04-27`) === 7 ? `${jaar}-04-26` : `${jaar}-04-27`
  const dagen: ReadonlyArray<readonly [Datum, string]> = [
    [`${jaar}-01-01`, 'Nieuwjaarsdag'],
    [addDagen(pasen, -2), 'Goede Vrijdag'],
    [addDagen(pasen, 1), 'Tweede paasdag'],
    [koningsdag, 'Koningsdag'],
    [`${jaar}-05-05`, 'Bevrijdingsdag'],
    [addDagen(pasen, 39), 'Hemelvaartsdag'],
    [addDagen(pasen, 50), 'Tweede pinksterdag'],
    [`${jaar}-12-25`, 'Eerste kerstdag'],
    [`${jaar}-12-26`, 'Tweede kerstdag']
  ]
  return dagen.map(([datum, naam]) => ({ van: datum, tot: datum, soort: 'feestdag', naam }))
}

const feestdagenRond = new Map<number, ReadonlySet<number>>()

function isFeestdag (n: number): boolean {
  // A day off at most, so the years beside it are looked at too.
  const jaar = 1970 + Math.floor(n / 365.2425)
  let dagen = feestdagenRond.get(jaar)
  if (dagen === undefined) feestdagenRond.set(jaar, dagen = new Set([jaar - 1, jaar, jaar + 1].flatMap(feestdagen).map(({ van }) => dagnummer(van))))
  return dagen.has(n)
}

/** Monday to Friday and no public holiday (Algemene termijnenwet art. 3). The Friday after Ascension Day is a werkdag. */
export function isWerkdag (dag: Datum | number): boolean {
  const n = nummerVan(dag)
  return weekdagVanDagnummer(n) <= 5 && !isFeestdag(n)
}

/** The n-th werkdag after this day (before it, for negative n); the day itself does not count. n = 0 gives the day back. */
export function addWerkdagen (d: Datum, n: number): Datum {
  const stap = n < 0 ? -1 : 1
  let dag = dagnummer(d)
  for (let over = Math.abs(n); over > 0;) if (isWerkdag(dag += stap)) over--
  return datumVanDagnummer(dag)
}

// --- the national kalender

function clip (lesvrij: Lesvrij, van: Datum, tot: Datum): Lesvrij | undefined {
  if (lesvrij.tot < van || lesvrij.van > tot) return undefined
  return { ...lesvrij, van: lesvrij.van < van ? van : lesvrij.van, tot: lesvrij.tot > tot ? tot : lesvrij.tot }
}

const nationaal = new Map<string, NationaleKalender>()

/**
 * The default kalender of a region: its vacations and the public holidays, cut to the schooljaar, in order of date.
 * Outside the published schooljaren `bron` is 'feestdagen': public holidays and at most the end of a known summer vacation.
 */
export function nationaleKalender (regio: Regio, schooljaar: string): NationaleKalender {
  const sleutel = `${regio} ${schooljaar}`
  let kalender = nationaal.get(sleutel)
  if (kalender === undefined) {
    kalender = buildNationaleKalender(regio, schooljaar)
    nationaal.set(sleutel, kalender)
  }
  return kalender
}

function buildNationaleKalender (regio: Regio, schooljaar: string): NationaleKalender {
  const { van, tot } = schooljaarPeriode(schooljaar)
  const vakanties: Lesvrij[] = NATIONALE_VAKANTIES
    .filter((vakantie) => vakantie.regios.includes(regio))
    .map((vakantie) => ({ van: vakantie.van, tot: vakantie.tot, soort: 'vakantie', naam: vakantie.naam }))
  return {
    schooljaar,
    lesdagen: [1, 2, 3, 4, 5],
    lesvrij: [...vakanties, ...feestdagen(jaarVan(van)), ...feestdagen(jaarVan(tot))]
      .map((lesvrij) => clip(lesvrij, van, tot))
      .filter((lesvrij) => lesvrij !== undefined)
      .sort((a, b) => a.van < b.van ? -1 : a.van > b.van ? 1 : 0),
    bron: NATIONALE_SCHOOLJAREN.includes(schooljaar) ? 'nationaal' : 'feestdagen'
  }
}

// --- the kalender of a vestiging

export interface Kalenderopties {
  readonly regio: Regio
  /** The school's own kalenders; each wholly replaces the national one of its schooljaar. The last one of a schooljaar wins. */
  readonly eigen: readonly Schooljaarkalender[]
  /** Lesdagen an ISO week needs to be a lesweek; default 1. */
  readonly minLesdagen?: number
  /** Lesweken count on over the summer vacation; default true. */
  readonly overZomer?: boolean
}

// 0 is the first lesweek, and the first lesdag, of this schooljaar. Near the data, so that little is computed; the choice itself means nothing.
const OORSPRONG = 2025
// The schooljaren that touch 1900 to 2999, the years of a Datum.
const EERSTE_STARTJAAR = 1899
const LAATSTE_STARTJAAR = 2999
// Larger than any window in lesweken: two schooljaren never meet in one.
const ZOMERGAT = 1000
const GEEN = -0x80000000

/** The lesdagen of one schooljaar by themselves; they depend on no other schooljaar. */
interface Lesdagraster {
  /** Dagnummer of 1 August. */
  readonly start: number
  /** Per day from 1 August: 1 for a lesdag. */
  readonly lesdag: Uint8Array
  readonly aantal: number
}

/** The lesweken a schooljaar owns. */
interface Lesweekraster {
  /** First week owned, in weeks since 29 December 1969. */
  readonly start: number
  /** Per week from `start`: its rank among the lesweken of this schooljaar, or GEEN. */
  readonly rang: Int32Array
  /** The lesweken, in weeks since 29 December 1969. */
  readonly lesweken: readonly number[]
}

/** One schooljaar ready for lookup, per day from 1 August. */
interface Schooljaartabel {
  readonly start: number
  readonly lesdag: Uint8Array
  readonly lesweek: Int32Array
  readonly index: Int32Array
  /** Per length of a window in lesweken: the dagnummer of its first day, or GEEN where nobody asked. */
  readonly vensters: Map<number, Int32Array>
}

function weekVanDagnummer (n: number): number {
  return Math.floor((n + 3) / 7)
}

function nummerVan (dag: Datum | number): number {
  return typeof dag === 'number' ? dag : dagnummer(dag)
}

function maandagVanWeek (week: number): number {
  return week * 7 - 3
}

/**
 * The whole kalender of a vestiging, across schooljaren. Days are real ones (`isDatum`), or their dagnummer where that is at hand.
 * Numbers of lesweken and lesdagen belong to these opties: compare them within one Kalender, never store them.
 * Measured on Node 24: isLesdag and lesweekNummer 30 ns, by dagnummer 3 ns, a new Kalender with its first schooljaar 0.07 ms.
 */
export class Kalender {
  readonly regio: Regio
  readonly minLesdagen: number
  readonly overZomer: boolean
  readonly #eigen: ReadonlyMap<string, Schooljaarkalender>
  readonly #lesdagrasters = new Map<number, Lesdagraster>()
  readonly #lesweekrasters = new Map<number, Lesweekraster>()
  readonly #lesweekbases = new Map<number, number>([[OORSPRONG, 0]])
  readonly #lesdagbases = new Map<number, number>([[OORSPRONG, 0]])
  readonly #tabellen: Array<Schooljaartabel | undefined> = []
  readonly #varianten = new Map<string, Kalender>()
  /** The last one asked: the next day mostly lies in the same schooljaar. */
  #laatste: Schooljaartabel | undefined

  constructor (opties: Kalenderopties) {
    this.regio = opties.regio
    this.minLesdagen = opties.minLesdagen ?? 1
    this.overZomer = opties.overZomer ?? true
    if (!(this.minLesdagen >= 1)) throw new RangeError('minLesdagen is at least 1')
    this.#eigen = new Map(opties.eigen.map((kalender) => [kalender.schooljaar, kalender]))
  }

  /** The same lesdagen, with lesweken that are counted otherwise; made once. */
  variant (minLesdagen = this.minLesdagen, overZomer = this.overZomer): Kalender {
    if (minLesdagen === this.minLesdagen && overZomer === this.overZomer) return this
    const sleutel = `${minLesdagen} ${overZomer}`
    let variant = this.#varianten.get(sleutel)
    if (variant === undefined) this.#varianten.set(sleutel, variant = new Kalender({ regio: this.regio, eigen: [...this.#eigen.values()], minLesdagen, overZomer }))
    return variant
  }

  /** The kalender in force for a schooljaar: the school's own, else the national one. */
  schooljaarkalender (schooljaar: string): Schooljaarkalender {
    return this.#eigen.get(schooljaar) ?? nationaleKalender(this.regio, schooljaar)
  }

  bron (schooljaar: string): Kalenderbron {
    return this.#eigen.has(schooljaar) ? 'school' : nationaleKalender(this.regio, schooljaar).bron
  }

  isLesdag (dag: Datum | number): boolean {
    const n = nummerVan(dag)
    const tabel = this.#tabelVan(n)
    return tabel.lesdag[n - tabel.start] === 1
  }

  /** Why a day is no lesdag: the name of the lesvrije periode, or that this weekday is not taught; undefined for a lesdag. */
  reden (d: Datum): string | undefined {
    if (this.isLesdag(d)) return undefined
    const { lesvrij } = this.schooljaarkalender(schooljaarVanStartjaar(startjaar(d)))
    return lesvrij.find(({ van, tot }) => van <= d && d <= tot)?.naam ?? 'geen lesdag in deze week'
  }

  /** Number of the lesweek this day lies in, for weekends too; consecutive, may be negative; undefined when its ISO week is no lesweek. */
  lesweekNummer (dag: Datum | number): number | undefined {
    const n = nummerVan(dag)
    const tabel = this.#tabelVan(n)
    const nummer = tabel.lesweek[n - tabel.start]
    return nummer === GEEN ? undefined : nummer
  }

  /** Rank of a lesdag among all lesdagen; consecutive, may be negative; undefined for a day that is none. */
  lesdagIndex (dag: Datum | number): number | undefined {
    const n = nummerVan(dag)
    const tabel = this.#tabelVan(n)
    const index = tabel.index[n - tabel.start]
    return index === GEEN ? undefined : index
  }

  /** The lesdagen in a period, both ends inclusive. */
  lesdagen (van: Datum, tot: Datum): Datum[] {
    const dagen: Datum[] = []
    const laatste = dagnummer(tot)
    for (let n = dagnummer(van); n <= laatste; n++) {
      if (this.isLesdag(n)) dagen.push(datumVanDagnummer(n))
    }
    return dagen
  }

  /** Dagnummer of 1 August before this day, or of the day itself. */
  beginSchooljaar (n: number): number {
    return this.#tabelVan(n).start
  }

  /** The first lesdag after this day. */
  nextLesdag (d: Datum): Datum {
    let datum = addDagen(d, 1)
    while (!this.isLesdag(datum)) datum = addDagen(datum, 1)
    return datum
  }

  /** The Monday of a lesweek by number; undefined for a number in the summer gap or out of range. */
  maandagVanLesweek (nummer: number): Datum | undefined {
    let jaar = OORSPRONG
    while (nummer < this.#lesweekbasis(jaar)) {
      if (jaar === EERSTE_STARTJAAR) return undefined
      jaar--
    }
    while (jaar < LAATSTE_STARTJAAR && nummer >= this.#lesweekbasis(jaar + 1)) jaar++
    const week = this.#lesweekraster(jaar).lesweken[nummer - this.#lesweekbasis(jaar)]
    return week === undefined ? undefined : datumVanDagnummer(maandagVanWeek(week))
  }

  /**
   * The Monday with which the window of `aantal` lesweken begins that ends on this day, both as dagnummer. Vacations are skipped, so it may lie
   * months back; a day in no lesweek ends the window of the last one before it, and a window that may not cross the summer begins with the schooljaar.
   */
  lesweekvenster (n: number, aantal: number): number {
    const tabel = this.#tabelVan(n)
    let begins = tabel.vensters.get(aantal)
    if (begins === undefined) tabel.vensters.set(aantal, begins = new Int32Array(tabel.lesdag.length).fill(GEEN))
    let begin = begins[n - tabel.start]!
    if (begin === GEEN) begins[n - tabel.start] = begin = this.#findLesweekvenster(n, aantal)
    return begin
  }

  #findLesweekvenster (n: number, aantal: number): number {
    let laatste = this.lesweekNummer(n)
    for (let dag = n - 7; laatste === undefined; dag -= 7) laatste = this.lesweekNummer(dag)
    for (let eerste = laatste - aantal + 1; ; eerste++) {
      const maandag = this.maandagVanLesweek(eerste)
      if (maandag !== undefined) return dagnummer(maandag)
    }
  }

  #tabelVan (n: number): Schooljaartabel {
    let tabel = this.#laatste
    if (tabel === undefined || n < tabel.start || n >= tabel.start + tabel.lesdag.length) this.#laatste = tabel = this.#tabel(startjaar(datumVanDagnummer(n)))
    return tabel
  }

  #tabel (jaar: number): Schooljaartabel {
    return this.#tabellen[jaar - EERSTE_STARTJAAR] ?? this.#buildTabel(jaar)
  }

  #buildTabel (jaar: number): Schooljaartabel {
    if (!(jaar >= EERSTE_STARTJAAR && jaar <= LAATSTE_STARTJAAR)) throw new RangeError('A day outside 1900 to 2999')
    const { start, lesdag } = this.#lesdagraster(jaar)
    const lesweek = new Int32Array(lesdag.length).fill(GEEN)
    const index = new Int32Array(lesdag.length).fill(GEEN)
    let volgende = this.#lesdagbasis(jaar)
    for (let i = 0; i < lesdag.length; i++) {
      lesweek[i] = this.#nummerVanWeek(weekVanDagnummer(start + i), jaar)
      if (lesdag[i] === 1) index[i] = volgende++
    }
    const tabel = { start, lesdag, lesweek, index, vensters: new Map<number, Int32Array>() }
    this.#tabellen[jaar - EERSTE_STARTJAAR] = tabel
    return tabel
  }

  #lesdagraster (jaar: number): Lesdagraster {
    const bekend = this.#lesdagrasters.get(jaar)
    if (bekend !== undefined) return bekend
    const kalender = this.schooljaarkalender(schooljaarVanStartjaar(jaar))
    const start = dagnummer(`${jaar}-08-01`)
    const lesdag = new Uint8Array(dagnummer(`${jaar + 1}-08-01`) - start)
    for (let i = 0; i < lesdag.length; i++) lesdag[i] = kalender.lesdagen.includes(weekdagVanDagnummer(start + i)) ? 1 : 0
    for (const { van, tot } of kalender.lesvrij) {
      lesdag.fill(0, Math.max(0, dagnummer(van) - start), Math.max(0, dagnummer(tot) - start + 1))
    }
    const raster = { start, lesdag, aantal: lesdag.reduce((som, n) => som + n, 0) }
    this.#lesdagrasters.set(jaar, raster)
    return raster
  }

  /** The week of 1 August belongs to the old schooljaar when lessons were still given in it, else to the new one. */
  #eersteWeek (jaar: number): number {
    const start = dagnummer(`${jaar}-08-01`)
    const week = weekVanDagnummer(start)
    const oud = this.#lesdagraster(jaar - 1).lesdag
    return oud.subarray(oud.length - (start - maandagVanWeek(week))).includes(1) ? week + 1 : week
  }

  #lesweekraster (jaar: number): Lesweekraster {
    const bekend = this.#lesweekrasters.get(jaar)
    if (bekend !== undefined) return bekend
    const start = this.#eersteWeek(jaar)
    const rang = new Int32Array(this.#eersteWeek(jaar + 1) - start).fill(GEEN)
    const lesweken: number[] = []
    for (let i = 0; i < rang.length; i++) {
      if (this.#countLesdagen(start + i, jaar) < this.minLesdagen) continue
      rang[i] = lesweken.length
      lesweken.push(start + i)
    }
    const raster = { start, rang, lesweken }
    this.#lesweekrasters.set(jaar, raster)
    return raster
  }

  /** Lesdagen in a week of this schooljaar; those past 31 July come from the next kalender. */
  #countLesdagen (week: number, jaar: number): number {
    const { start, lesdag } = this.#lesdagraster(jaar)
    const eerste = maandagVanWeek(week) - start
    let aantal = 0
    for (let i = eerste; i < eerste + 7; i++) {
      // Before 1 August (i < 0) there is none: else the week belonged to the old schooljaar.
      if (i >= lesdag.length) aantal += this.#lesdagraster(jaar + 1).lesdag[i - lesdag.length] ?? 0
      else aantal += lesdag[i] ?? 0
    }
    return aantal
  }

  #nummerVanWeek (week: number, jaar: number): number {
    let eigenaar = jaar
    if (week < this.#lesweekraster(jaar).start) eigenaar = jaar - 1
    else if (week >= this.#lesweekraster(jaar).start + this.#lesweekraster(jaar).rang.length) eigenaar = jaar + 1
    const raster = this.#lesweekraster(eigenaar)
    const rang = raster.rang[week - raster.start] ?? GEEN
    return rang === GEEN ? GEEN : this.#lesweekbasis(eigenaar) + rang
  }

  #lesweekbasis (jaar: number): number {
    const gat = this.overZomer ? 0 : ZOMERGAT
    return this.#basis(this.#lesweekbases, jaar, (j) => this.#lesweekraster(j).lesweken.length + gat)
  }

  #lesdagbasis (jaar: number): number {
    return this.#basis(this.#lesdagbases, jaar, (j) => this.#lesdagraster(j).aantal)
  }

  /** Number of the first of a schooljaar: summed from OORSPRONG outward, so it does not depend on what was asked before. */
  #basis (bases: Map<number, number>, jaar: number, lengte: (jaar: number) => number): number {
    const bekend = bases.get(jaar)
    if (bekend !== undefined) return bekend
    let basis = 0
    for (let j = OORSPRONG; j < jaar; j++) {
      basis = bases.get(j) ?? basis
      basis += lengte(j)
      bases.set(j + 1, basis)
    }
    for (let j = OORSPRONG; j > jaar; j--) {
      basis = bases.get(j) ?? basis
      basis -= lengte(j - 1)
      bases.set(j - 1, basis)
    }
    return basis
  }
}

/** The kalender of a vestiging: national by region, replaced per schooljaar by what the school pushed. Lazy per schooljaar. */
export function buildKalender (opties: Kalenderopties): Kalender {
  return new Kalender(opties)
}
