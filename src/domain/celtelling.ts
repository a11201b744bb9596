import { CATEGORIEEN, SOORTEN, type Categorie, type Rooster, type Soort } from './absentie.ts'
import { bandVan, emptyCel, GEEN_VERZUIM, previousLesdag, AFWEZIGE_SOORTEN, type Cel, type Celinwording } from './aggregaat.ts'
import { aanlevergrond, afspraakOp, type Bronafspraak } from './bronafspraak.ts'
import { addDagen, dagnummer, weekdag, type Datum } from './datum.ts'
import type { Kalender } from './kalender.ts'

// All cellen of a school at once: what foldCel says one cel and one day at a time, in typed arrays. A test compares the two.
// Measured on Node 24: 20,000 absenties of 1,000 leerlingen into 132 perioden and their leerjaren in 10 ms, 98,000 in 19.

/** The days and perioden of one count. Days are numbered from `eerste`. */
export interface Raster {
  readonly eerste: Datum
  readonly laatste: Datum
  readonly vestigingen: readonly Vestigingsraster[]
}

interface Vestigingsraster {
  readonly vestiging: string
  /** One cel of zeros a periode, and its first and last day. */
  readonly perioden: ReadonlyArray<{ readonly cel: Celinwording, readonly van: number, readonly tot: number }>
  /** Per day the rank of the lesdag, from 1; 0 is no lesdag. */
  readonly lesdag: Int32Array
  /** Per rank the day. */
  readonly dagen: readonly number[]
  /** Per day the ISO weekday. */
  readonly weekdagen: Uint8Array
}

/** One inschrijving, cut to the raster; both days inclusive. */
export interface Deelname {
  /** The same for every inschrijving of one leerling at one vestiging; from 1 up. */
  readonly leerling: number
  /** Place of the vestiging in the raster. */
  readonly vestiging: number
  readonly van: number
  readonly tot: number
  readonly leerjaar: number
  readonly rooster: Rooster | null
}

export interface Celgegevens {
  /** In order of vestiging and leerling. */
  readonly deelnamen: readonly Deelname[]
  /** Packed by `packAbsentie`, eight bytes each, in any order. */
  readonly absenties: Uint8Array
  readonly signalen: ReadonlyArray<{ readonly deelname: number, readonly dag: number, readonly regel: string, readonly aantal: number }>
  /** The days on which some bron declared a vestiging (its place in the raster) complete; each once. */
  readonly verklaard: ReadonlyArray<{ readonly vestiging: number, readonly dag: number }>
  readonly afspraken: readonly Bronafspraak[]
}

/**
 * An absentie in two 32-bit integers, big-endian. The first: the place of its deelname from 1, or below 0 the vestiging (-1 the first) when it
 * counts for nothing but the delivery: withdrawn, after another bron, or outside every inschrijving. The second: 11 bits day, 2 soort, 3 categorie, 16 minuten + 1
 * (0 is unknown). The statement packs the same; as JSON these rows took four times as long on both sides.
 */
export const VERPAKT = { bytes: 8, dag: 2 ** 21, soort: 2 ** 19, categorie: 2 ** 16 } as const

export function packAbsentie (plaats: number, dag: number, soort: Soort, categorie: Categorie, minuten: number | null): Uint8Array {
  const view = new DataView(new ArrayBuffer(VERPAKT.bytes))
  view.setInt32(0, plaats)
  view.setUint32(4, dag * VERPAKT.dag + SOORTEN.indexOf(soort) * VERPAKT.soort + CATEGORIEEN.indexOf(categorie) * VERPAKT.categorie + (minuten === null ? 0 : minuten + 1))
  return new Uint8Array(view.buffer)
}

/** Lays the days of these cellen of zeros out, from the last lesdag before them: it tells whether a verzuimperiode had begun. */
export function buildRaster (totalen: readonly Celinwording[], kalenders: ReadonlyMap<string, Kalender>): Raster {
  const perVestiging = Map.groupBy(totalen, ({ vestiging }) => vestiging)
  const laatste = totalen.reduce((last, { totEnMet }) => totEnMet > last ? totEnMet : last, '')
  const eerste = [...perVestiging].flatMap(([vestiging, cellen]) => cellen.map(({ van }) => previousLesdag(kalenders.get(vestiging)!, van) ?? van))
    .reduce((first, datum) => datum < first ? datum : first)
  const nul = dagnummer(eerste)
  return {
    eerste,
    laatste,
    vestigingen: [...perVestiging].map(([vestiging, cellen]) => {
      const kalender = kalenders.get(vestiging)!
      const lesdag = new Int32Array(dagnummer(laatste) - nul + 1)
      const dagen = [-1]
      for (let dag = 0; dag < lesdag.length; dag++) {
        if (kalender.isLesdag(addDagen(eerste, dag))) lesdag[dag] = dagen.push(dag) - 1
      }
      const weekdagen = Uint8Array.from(lesdag, (_, dag) => weekdag(addDagen(eerste, dag)))
      return { vestiging, lesdag, dagen, weekdagen, perioden: cellen.map((cel) => ({ cel, van: dagnummer(cel.van) - nul, tot: dagnummer(cel.totEnMet) - nul })) }
    })
  }
}

/** The cellen of every periode of the raster: per vestiging and periode the total first, then each leerjaar that had leerlingen or signalen. */
export function countCellen (raster: Raster, { deelnamen, absenties, signalen, verklaard, afspraken }: Celgegevens): Cel[] {
  const perVestiging = Map.groupBy(deelnamen.keys(), (index) => deelnamen[index]!.vestiging)
  const tellingen = raster.vestigingen.map((vestiging, nummer) => new Telling(vestiging, deelnamen, perVestiging.get(nummer) ?? []))
  for (const { vestiging, dag } of verklaard) tellingen[vestiging]!.addVerklaring(dag)
  const view = new DataView(absenties.buffer, absenties.byteOffset, absenties.byteLength)
  for (let at = 0; at < absenties.byteLength; at += VERPAKT.bytes) {
    const plaats = view.getInt32(at)
    const rest = view.getUint32(at + 4)
    if (plaats < 0) tellingen[-plaats - 1]!.addAanlevering(rest >>> 21)
    else tellingen[deelnamen[plaats - 1]!.vestiging]!.addAbsentie(plaats - 1, rest >>> 21, rest >>> 19 & 3, rest >>> 16 & 7, (rest & 0xffff) - 1)
  }
  for (const { deelname, dag, regel, aantal } of signalen) tellingen[deelnamen[deelname - 1]!.vestiging]!.addSignalen(deelname - 1, dag, regel, aantal)
  const afspraakVanDag = Array.from({ length: dagnummer(raster.laatste) - dagnummer(raster.eerste) + 1 }, (_, dag) => afspraakOp(afspraken, addDagen(raster.eerste, dag)))
  return tellingen.flatMap((telling) => telling.count(afspraakVanDag))
}

const IS_AFWEZIG = SOORTEN.map((soort) => AFWEZIGE_SOORTEN.includes(soort))
const IS_VERZUIM = CATEGORIEEN.map((categorie) => categorie !== GEEN_VERZUIM)
const SOORTEN_PERIODE = 3 // a day lies in at most one lesweek, one maand and one schooljaar
const GEEN = -1
const N = CATEGORIEEN.length

/**
 * The count of one vestiging. A column is a leerjaar, or 0 the total. A row is a leerling in one leerjaar, which also counts in the total
 * when it is his only one; who had several has one row more that counts in the total alone: so nobody counts twice.
 */
class Telling {
  readonly #raster: Vestigingsraster
  readonly #deelnamen: readonly Deelname[]
  readonly #periodenVanDag: Int32Array
  readonly #leerjaren: readonly number[]
  /** Per row its column, and whether it counts in the total. */
  readonly #kolom: number[] = []
  readonly #telt: boolean[] = []
  /** Per deelname its row, the row that counts in the total alone (or GEEN), and the number of its leerling here. */
  readonly #eigen: Int32Array
  readonly #totaal: Int32Array
  readonly #leerling: Int32Array
  #leerlingen = 0
  // Per row and periode.
  readonly #lesdagen: Int32Array
  readonly #gepland: Int32Array
  readonly #onbekend: Uint8Array
  readonly #gemist: Int32Array
  readonly #categorieen: Uint8Array
  // Per periode, column and categorie.
  readonly #registraties: Int32Array
  readonly #zonderMinuten: Int32Array
  readonly #minuten: Float64Array
  /** Per leerling and rank of the lesdag: the deelname that was absent, plus 1. */
  readonly #verzuim: Int32Array
  /** Per day: whether anything of it is stored, and whether it was declared complete. */
  readonly #absenties: Uint8Array
  readonly #verklaard: Uint8Array
  readonly #signalen = new Map<number, Record<string, number>>()

  constructor (raster: Vestigingsraster, deelnamen: readonly Deelname[], eigen: readonly number[]) {
    this.#raster = raster
    this.#deelnamen = deelnamen
    this.#eigen = new Int32Array(deelnamen.length)
    this.#totaal = new Int32Array(deelnamen.length)
    this.#leerling = new Int32Array(deelnamen.length)
    const { perioden, lesdag, dagen } = raster
    const geteldVan = perioden.reduce((first, { van }) => Math.min(first, van), Infinity)
    const geteld = eigen.filter((index) => deelnamen[index]!.tot >= geteldVan)
    this.#leerjaren = [...new Set(geteld.map((index) => deelnamen[index]!.leerjaar))].sort((a, b) => a - b)
    for (const own of Map.groupBy(eigen, (index) => deelnamen[index]!.leerling).values()) this.#addRijen(own, geteldVan)

    this.#periodenVanDag = new Int32Array(lesdag.length * SOORTEN_PERIODE).fill(GEEN)
    for (const [periode, { van, tot }] of perioden.entries()) {
      for (let dag = van; dag <= tot; dag++) {
        if (lesdag[dag] !== 0) this.#periodenVanDag[this.#periodenVanDag.indexOf(GEEN, dag * SOORTEN_PERIODE)] = periode
      }
    }
    const rijen = this.#kolom.length * perioden.length
    this.#lesdagen = new Int32Array(rijen)
    this.#gepland = new Int32Array(rijen)
    this.#onbekend = new Uint8Array(rijen)
    this.#gemist = new Int32Array(rijen)
    this.#categorieen = new Uint8Array(rijen)
    const vakken = perioden.length * (this.#leerjaren.length + 1) * N
    this.#registraties = new Int32Array(vakken)
    this.#zonderMinuten = new Int32Array(vakken)
    this.#minuten = new Float64Array(vakken)
    this.#verzuim = new Int32Array(this.#leerlingen * dagen.length)
    this.#absenties = new Uint8Array(lesdag.length)
    this.#verklaard = new Uint8Array(lesdag.length)
    this.#addGepland(geteld)
  }

  #addRijen (eigen: readonly number[], geteldVan: number): void {
    const leerling = this.#leerlingen++
    const perLeerjaar = new Map<number, number>()
    for (const index of eigen) {
      const { leerjaar, tot } = this.#deelnamen[index]!
      if (tot >= geteldVan && !perLeerjaar.has(leerjaar)) perLeerjaar.set(leerjaar, this.#kolom.push(this.#leerjaren.indexOf(leerjaar) + 1) - 1)
    }
    const totaal = perLeerjaar.size > 1 ? this.#kolom.push(0) - 1 : GEEN
    while (this.#telt.length < this.#kolom.length) this.#telt.push(totaal === GEEN || this.#telt.length === totaal)
    for (const index of eigen) {
      this.#eigen[index] = perLeerjaar.get(this.#deelnamen[index]!.leerjaar) ?? GEEN
      this.#totaal[index] = totaal
      this.#leerling[index] = leerling
    }
  }

  /** Planned time by running sums, one for each rooster that occurs. */
  #addGepland (geteld: readonly number[]): void {
    const { perioden, lesdag } = this.#raster
    const lesdagen = runningSum(lesdag, () => 1)
    const roosters = new Map<string, Int32Array>()
    for (const index of geteld) {
      const { van, tot, rooster } = this.#deelnamen[index]!
      const key = String(rooster)
      let minuten = rooster === null ? undefined : roosters.get(key)
      if (rooster !== null && minuten === undefined) roosters.set(key, minuten = runningSum(lesdag, (dag) => rooster[this.#raster.weekdagen[dag]! - 1]!))
      const rijen = this.#totaal[index] === GEEN ? [this.#eigen[index]!] : [this.#eigen[index]!, this.#totaal[index]!]
      for (const [periode, grenzen] of perioden.entries()) {
        const begin = Math.max(van, grenzen.van)
        const einde = Math.min(tot, grenzen.tot) + 1
        if (begin >= einde || lesdagen[einde] === lesdagen[begin]) continue
        for (const rij of rijen) {
          const vak = rij * perioden.length + periode
          this.#lesdagen[vak]! += lesdagen[einde]! - lesdagen[begin]!
          if (minuten === undefined) this.#onbekend[vak] = 1
          else this.#gepland[vak]! += minuten[einde]! - minuten[begin]!
        }
      }
    }
  }

  addVerklaring (dag: number): void {
    this.#verklaard[dag] = 1
  }

  addAanlevering (dag: number): void {
    this.#absenties[dag] = 1
  }

  /** `minuten` below 0 is unknown. */
  addAbsentie (deelname: number, dag: number, soort: number, categorie: number, minuten: number): void {
    this.#absenties[dag] = 1
    const lesdag = this.#raster.lesdag[dag]!
    if (lesdag === 0) return
    const [eigen, totaal] = [this.#eigen[deelname]!, this.#totaal[deelname]!]
    if (IS_VERZUIM[categorie] && IS_AFWEZIG[soort]) this.#verzuim[this.#leerling[deelname]! * this.#raster.dagen.length + lesdag] = deelname + 1
    const gemist = minuten > 0 && IS_VERZUIM[categorie] && this.#deelnamen[deelname]!.rooster !== null ? minuten : 0
    for (let soortPeriode = 0; soortPeriode < SOORTEN_PERIODE; soortPeriode++) {
      const periode = this.#periodenVanDag[dag * SOORTEN_PERIODE + soortPeriode]!
      if (periode === GEEN) return
      this.#addRegistratie(eigen, periode, categorie, minuten, gemist)
      if (totaal !== GEEN) this.#addRegistratie(totaal, periode, categorie, minuten, gemist)
    }
  }

  #addRegistratie (rij: number, periode: number, categorie: number, minuten: number, gemist: number): void {
    const plek = rij * this.#raster.perioden.length + periode
    this.#categorieen[plek]! |= 1 << categorie
    this.#gemist[plek]! += gemist
    const kolom = this.#kolom[rij]!
    if (kolom > 0) this.#addCijfers(periode, kolom, categorie, minuten)
    if (this.#telt[rij]) this.#addCijfers(periode, 0, categorie, minuten)
  }

  #addCijfers (periode: number, kolom: number, categorie: number, minuten: number): void {
    const vak = (periode * (this.#leerjaren.length + 1) + kolom) * N + categorie
    this.#registraties[vak]!++
    if (minuten < 0) this.#zonderMinuten[vak]!++
    else this.#minuten[vak]! += minuten
  }

  addSignalen (deelname: number, dag: number, regel: string, aantal: number): void {
    const { leerjaar } = this.#deelnamen[deelname]!
    for (const [periode, { van, tot }] of this.#raster.perioden.entries()) {
      if (dag < van || dag > tot) continue
      for (const kolom of [0, this.#leerjaren.indexOf(leerjaar) + 1]) {
        const vak = periode * (this.#leerjaren.length + 1) + kolom
        const eigen = this.#signalen.get(vak) ?? {}
        this.#signalen.set(vak, eigen)
        eigen[regel] = (eigen[regel] ?? 0) + aantal
      }
    }
  }

  count (afspraakVanDag: readonly Bronafspraak[]): Cel[] {
    const { perioden, lesdag } = this.#raster
    const lesdagen = runningSum(lesdag, () => 1)
    const aangeleverd = runningSum(lesdag, (dag) => aanlevergrond(afspraakVanDag[dag]!, { verklaringen: this.#verklaard[dag]!, absenties: this.#absenties[dag]! }) === null ? 0 : 1)
    const perPeriode = perioden.map(({ cel, van, tot }, periode) => [null, ...this.#leerjaren].map((leerjaar, kolom): Celinwording => {
      const vak = periode * (this.#leerjaren.length + 1) + kolom
      return {
        ...emptyCel(cel.vestiging, cel.periode, leerjaar, cel.totEnMet)!,
        lesdagen: lesdagen[tot + 1]! - lesdagen[van]!,
        lesdagenAangeleverd: aangeleverd[tot + 1]! - aangeleverd[van]!,
        categorieen: Object.fromEntries(CATEGORIEEN.map((categorie, nummer) => [categorie, {
          minuten: this.#minuten[vak * N + nummer]!, onbekend: this.#zonderMinuten[vak * N + nummer]!, registraties: this.#registraties[vak * N + nummer]!, leerlingen: 0
        }])) as Celinwording['categorieen'],
        signalen: this.#signalen.get(vak) ?? {}
      }
    }))
    for (let rij = 0; rij < this.#kolom.length; rij++) {
      for (let periode = 0; periode < perioden.length; periode++) {
        if (this.#lesdagen[rij * perioden.length + periode] === 0) continue
        if (this.#kolom[rij]! > 0) this.#addLeerling(perPeriode[periode]![this.#kolom[rij]!]!, rij, periode)
        if (this.#telt[rij]) this.#addLeerling(perPeriode[periode]![0]!, rij, periode)
      }
    }
    this.#addVerzuimperioden(perPeriode)
    return perPeriode.flatMap((cellen) => cellen.filter(({ leerjaar, leerlingen, signalen }) => leerjaar === null || leerlingen > 0 || Object.keys(signalen).length > 0))
  }

  #addLeerling (cel: Celinwording, rij: number, periode: number): void {
    const plek = rij * this.#raster.perioden.length + periode
    cel.leerlingen++
    cel.geplandeMinuten += this.#gepland[plek]!
    cel.gemisteMinuten += this.#gemist[plek]!
    cel.zonderRooster += this.#onbekend[plek]!
    const band = bandVan(this.#gemist[plek]!, this.#gepland[plek]!)
    if (band !== undefined) cel.banden[band]++
    const bits = this.#categorieen[plek]!
    if (bits === 0) return
    for (let categorie = 0; categorie < N; categorie++) if ((bits & 1 << categorie) !== 0) cel.categorieen[CATEGORIEEN[categorie]!].leerlingen++
  }

  /** A verzuimperiode begins on a lesdag with verzuim after one without. */
  #addVerzuimperioden (perPeriode: readonly Celinwording[][]): void {
    const { dagen } = this.#raster
    for (let plek = 0; plek < this.#verzuim.length; plek++) {
      const deelname = this.#verzuim[plek]! - 1
      // Rank 0 is no lesdag, so what lies before the first of a leerling is never that of another.
      if (deelname < 0 || this.#verzuim[plek - 1]! > 0) continue
      const kolom = this.#leerjaren.indexOf(this.#deelnamen[deelname]!.leerjaar) + 1
      const dag = dagen[plek % dagen.length]!
      for (let soortPeriode = 0; soortPeriode < SOORTEN_PERIODE; soortPeriode++) {
        const periode = this.#periodenVanDag[dag * SOORTEN_PERIODE + soortPeriode]!
        if (periode === GEEN) break
        perPeriode[periode]![0]!.verzuimperioden++
        perPeriode[periode]![kolom]!.verzuimperioden++
      }
    }
  }
}

/** Per day the sum over the lesdagen before it, so that a stretch of days is one subtraction. */
function runningSum (lesdag: Int32Array, valueOf: (dag: number) => number): Int32Array {
  const sums = new Int32Array(lesdag.length + 1)
  for (let dag = 0; dag < lesdag.length; dag++) sums[dag + 1] = sums[dag]! + (lesdag[dag] === 0 ? 0 : valueOf(dag))
  return sums
}
