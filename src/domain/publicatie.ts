import { addDagen, dagnummer, weekdag, type Datum } from './datum.ts'
import { suppress, type Cijfer, type Som } from './onderdrukking.ts'

// Everything that was ever published about the same leerlingen, read as one set of equations: within a table, between tables over days that
// overlap, between tables for several ontvangers, and between revisions.

/**
 * What a figure over some days says of the same figure over parts of them. `som`: the parts add up. `ten-minste-een`: counts whom it befell
 * at least once, so no part exceeds the whole, and parts that cover it are together not less. `aandeel`: only the last, of parts that fit exactly.
 */
export type Tijdverband = 'som' | 'ten-minste-een' | 'aandeel'

/** A figure of a table. Equal keys over equal days are one figure, in whichever table it stands, for whomever. */
export interface Tabelcijfer extends Omit<Cijfer, 'mee'> {
  readonly sleutel: string
  /** Keys in the same table. */
  readonly mee: readonly string[]
  readonly tijd: Tijdverband | null
  /** Key of the figure, in a table for somebody else, that counts all that is counted here: with the others that are part of it, it makes up that figure. */
  readonly deelVan?: string
}

export interface Tabelsom { readonly totaal: string, readonly delen: readonly string[] }

/** The figures of one table and the sums everyone knows to hold between them; first and last day counted. */
export interface Tabel {
  readonly van: Datum
  readonly totEnMet: Datum
  readonly cijfers: readonly Tabelcijfer[]
  readonly sommen: readonly Tabelsom[]
  /** Of a key that is in other tables and not in this one: whether that tells a reader that it is 0. */
  readonly isNul: (sleutel: string) => boolean
}

/** A table that went out, and the keys it did not show. */
export interface Publicatie extends Tabel { readonly onderdrukt: ReadonlySet<string> }

export interface Tabelonderdrukking {
  /** Keys of the new table that must not be shown. */
  readonly onderdrukt: ReadonlySet<string>
  readonly gevoelig: number
  /** How many of those can be found in spite of all; only what went out before can cause it. */
  readonly vindbaar: number
}

/**
 * What a new table must hide, given everything published before about the same leerlingen, oldest first: tables over the same days, over days
 * that overlap or nest, for other ontvangers, and earlier revisions. A table over a schooljaar to date belongs to them. A table that is still
 * to come is put before them with every key hidden: then it can still come. On which days there is school everyone knows: what lies between two
 * tables in a vacation is nothing.
 */
export function suppressTabel (nieuw: Tabel, eerdere: readonly Publicatie[], isLesdag: (datum: Datum) => boolean = isWerkweek): Tabelonderdrukking {
  const sleutels = new Map([...eerdere, nieuw].flatMap(({ cijfers }) => cijfers.map((cijfer) => [cijfer.sleutel, cijfer])))
  const stelsel = new Samenhang(isLesdag)
  for (const eerder of eerdere) stelsel.add(addNullen(eerder, sleutels), eerder.onderdrukt)
  stelsel.add(addNullen(nieuw, sleutels))
  const los = stelsel.listSommen()
  stelsel.relate()
  const cijfers = stelsel.listCijfers()
  const { onderdrukt, gevoelig, vindbaar } = suppress(cijfers, stelsel.listSommen())
  // What can be found whatever is hidden now, is so only if nothing was corrected; if something was, what holds within tables still counts.
  const toch = vindbaar.length === 0 ? [] : suppress(cijfers, los).onderdrukt
  // Also what was shown before: no longer to be hidden from a reader, and still not to be repeated.
  const altijd = nieuw.cijfers.filter((cijfer) => cijfer.zicht === 'te-kiezen' && (cijfer.gevoelig || cijfer.weglaten)).map(({ sleutel }) => sleutel)
  return { onderdrukt: new Set([...altijd, ...[...onderdrukt, ...toch].map((plek) => stelsel.sleutelOp(plek))]), gevoelig, vindbaar: vindbaar.length }
}

/** A table that is still to come: nothing of it was told yet, and what must be hidden in it may not follow from what is told first. */
export function announceTabel (tabel: Tabel): Publicatie {
  return { ...tabel, onderdrukt: new Set(tabel.cijfers.map(({ sleutel }) => sleutel)) }
}

function addNullen (tabel: Tabel, sleutels: ReadonlyMap<string, Tabelcijfer>): Tabel {
  const eigen = new Set(tabel.cijfers.map(({ sleutel }) => sleutel))
  const nullen = [...sleutels.values()].filter(({ sleutel, tijd }) => tijd !== null && !eigen.has(sleutel) && tabel.isNul(sleutel))
  return { ...tabel, cijfers: [...tabel.cijfers, ...nullen.map(({ sleutel, kolom, tijd }): Tabelcijfer => ({ sleutel, tijd, mee: [], ...HULP, kolom, zicht: 'openbaar', waarde: 0 }))] }
}

/** A figure in the equations, and the school days it is about: half-open, from lesdag to lesdag. */
interface Onbekende { readonly sleutel: string, readonly van: number, readonly tot: number, readonly cijfer: Omit<Tabelcijfer, 'mee'>, readonly mee: readonly string[] }

const HULP = { kolom: '', zicht: 'verborgen', gevoelig: false, weglaten: false, min: 0, max: Infinity, ruim: false } as const

class Samenhang {
  readonly #alle: Onbekende[] = []
  readonly #plekken = new Map<string, number>()
  /** Per key the places of the figures as they were last told, one for each stretch of days, the last told last; once more for every time one of them changed. */
  readonly #standen = new Map<string, Array<Map<string, number>>>()
  readonly #sommen = new Map<string, Som>()
  readonly #gezegd = new Set<string>()
  readonly #isLesdag: (datum: Datum) => boolean

  constructor (isLesdag: (datum: Datum) => boolean) {
    this.#isLesdag = isLesdag
  }

  /** The new table, all of it to be chosen; or with what it hid one that went out. */
  add (tabel: Tabel, onderdrukt?: ReadonlySet<string>): void {
    const dagen = { van: this.#grens(tabel.van), tot: this.#grens(addDagen(tabel.totEnMet, 1)) }
    const reeks = `${dagen.van}-${dagen.tot}`
    const eigen = new Map(tabel.cijfers.map((cijfer) => [cijfer.sleutel, `${reeks}/${cijfer.sleutel}=${cijfer.waarde}`]))
    for (const cijfer of tabel.cijfers) this.#place(eigen.get(cijfer.sleutel)!, reeks, dagen, cijfer, cijfer.mee.map((mee) => eigen.get(mee)!), onderdrukt)
    for (const { totaal, delen } of tabel.sommen) this.#addSom(this.#plekken.get(eigen.get(totaal)!)!, delen.map((deel) => this.#plekken.get(eigen.get(deel)!)!))
  }

  /**
   * A figure that did not change is one and the same: shown then, it cannot be hidden now; hidden then, it is not shown now if that would tell
   * it. So the reader is taken to know which figures changed.
   */
  #place (naam: string, reeks: string, dagen: { readonly van: number, readonly tot: number }, cijfer: Tabelcijfer, mee: readonly string[], onderdrukt: ReadonlySet<string> | undefined): void {
    const bekend = this.#plekken.get(naam)
    const eerder = bekend === undefined ? undefined : this.#alle[bekend]!.cijfer
    const getoond = onderdrukt !== undefined && cijfer.zicht === 'te-kiezen' && !onderdrukt.has(cijfer.sleutel)
    const zicht = onderdrukt === undefined || cijfer.zicht === 'openbaar' ? cijfer.zicht : getoond ? 'openbaar' : 'verborgen'
    const plek = bekend ?? this.#alle.length
    this.#plekken.set(naam, plek)
    this.#alle[plek] = {
      sleutel: cijfer.sleutel,
      ...dagen,
      mee: onderdrukt === undefined ? mee : [],
      cijfer: {
        ...cijfer,
        zicht: eerder?.zicht === 'openbaar' ? 'openbaar' : zicht,
        gevoelig: cijfer.gevoelig || eerder?.gevoelig === true,
        weglaten: onderdrukt === undefined && cijfer.weglaten,
        min: Math.max(cijfer.min, eerder?.min ?? -Infinity),
        max: Math.min(cijfer.max, eerder?.max ?? Infinity)
      }
    }
    this.#tell(cijfer.sleutel, reeks, plek)
  }

  #tell (sleutel: string, reeks: string, plek: number): void {
    const standen = this.#standen.get(sleutel) ?? [new Map<string, number>()]
    this.#standen.set(sleutel, standen)
    const laatste = standen.at(-1)!
    const stand = (laatste.get(reeks) ?? plek) === plek ? laatste : new Map(laatste)
    stand.delete(reeks)
    stand.set(reeks, plek)
    if (stand !== laatste) standen.push(stand)
  }

  /** Adds what holds between tables. */
  relate (): void {
    this.#relateDelen()
    for (const standen of this.#standen.values()) {
      for (const stand of standen) {
        const plekken = [...stand.values()].filter((plek) => this.#alle[plek]!.tot > this.#alle[plek]!.van)
        const tijd = this.#alle[plekken[0] ?? 0]!.cijfer.tijd
        if (plekken.length < 2 || tijd === null || plekken.every((plek) => this.#isOpenbaar(plek))) continue
        if (tijd === 'som') this.#relateSom(plekken)
        else if (tijd === 'aandeel') this.#relateDekking(plekken, tijd)
        else this.#relateTellingen(plekken)
      }
    }
  }

  /** What ontvangers were told apart is together what another was told of all; whoever knows nobody is left over is taken to know it. */
  #relateDelen (): void {
    const groepen = new Map<string, { readonly deelVan: string, readonly reeks: string, readonly delen: number[] }>()
    for (const standen of this.#standen.values()) {
      for (const [reeks, plek] of standen.at(-1)!) {
        const { deelVan } = this.#alle[plek]!.cijfer
        if (deelVan === undefined || !this.#standen.has(deelVan)) continue
        const groep = groepen.get(`${reeks}/${deelVan}`) ?? { deelVan, reeks, delen: [] }
        groepen.set(`${reeks}/${deelVan}`, groep)
        groep.delen.push(plek)
      }
    }
    for (const { deelVan, reeks, delen } of groepen.values()) {
      const { van, tot } = this.#alle[delen[0]!]!
      const geheel = this.#standen.get(deelVan)!.at(-1)!
      const som = delen.reduce((total, plek) => total + this.#waarde(plek), 0)
      // Not told over these days: it may still follow from what was told over others.
      const totaal = geheel.get(reeks) ?? this.#addHulp(som, { sleutel: deelVan, van, tot, tijd: this.#alle[geheel.values().next().value!]!.cijfer.tijd })
      if (!geheel.has(reeks)) geheel.set(reeks, totaal)
      const rest = Math.max(0, this.#waarde(totaal) - som)
      this.#addSom(totaal, [...delen, this.#addHulp(rest, { max: rest === 0 ? 0 : Infinity })])
    }
  }

  /**
   * Every figure is the sum of the stretches between all first and last days; what is in a stretch nobody was told. Figures that cannot all be
   * so tell of a correction in between: then those that go with the last told, and those that were so before.
   */
  #relateSom (plekken: readonly number[]): void {
    const grenzen = this.#listGrenzen(plekken)
    const figuren = plekken.map((plek): Figuur => {
      const { van, tot } = this.#alle[plek]!
      return { plek, waarde: this.#waarde(plek), van: grenzen.indexOf(van), tot: grenzen.indexOf(tot) }
    })
    for (let over: readonly Figuur[] = figuren; over.length > 1;) {
      const samen = keepSamen(over, grenzen.length)
      if (!this.#isGezegd(samen.map(({ plek }) => plek).join('+'))) {
        const hulp = fitStukken(samen, grenzen.length - 1).map((waarde) => this.#addHulp(waarde))
        for (const { plek, van, tot } of samen) this.#addSom(plek, hulp.slice(van, tot))
      }
      over = over.slice(0, over.findLastIndex((figuur) => !samen.includes(figuur)) + 1)
    }
  }

  /** Of counts that cannot all be so, as one is larger than another that contains it, those that go with the last told; and those that were so before. */
  #relateTellingen (plekken: readonly number[]): void {
    const past = (deel: number, geheel: number): boolean => !this.#isBinnen(deel, geheel) || this.#waarde(deel) <= this.#waarde(geheel)
    for (let over = plekken; over.length > 1;) {
      const samen: number[] = []
      for (const plek of over.toReversed()) if (samen.every((ander) => past(plek, ander) && past(ander, plek))) samen.unshift(plek)
      this.#relateDekking(samen, 'ten-minste-een')
      this.#relateGrootste(samen)
      over = over.slice(0, over.findLastIndex((plek) => !samen.includes(plek)) + 1)
    }
  }

  #isBinnen (deel: number, geheel: number): boolean {
    return deel !== geheel && this.#alle[geheel]!.van <= this.#alle[deel]!.van && this.#alle[deel]!.tot <= this.#alle[geheel]!.tot
  }

  /** No part exceeds the whole; told of neighbours, it follows for the rest. */
  #relateGrootste (plekken: readonly number[]): void {
    for (const geheel of plekken) {
      const delen = plekken.filter((deel) => this.#isBinnen(deel, geheel))
      for (const deel of delen) {
        if (delen.some((tussen) => this.#isBinnen(deel, tussen)) || (this.#isOpenbaar(geheel) && this.#isOpenbaar(deel)) || this.#isGezegd(`${geheel}>=${deel}`)) continue
        this.#addSom(geheel, [deel, this.#addHulp(this.#waarde(geheel) - this.#waarde(deel))])
      }
    }
  }

  /** The whole does not exceed the parts that cover it. Of all covers the tightest, and the tightest with each figure that a reader does not know. */
  #relateDekking (plekken: readonly number[], tijd: 'ten-minste-een' | 'aandeel'): void {
    const grenzen = this.#listGrenzen(plekken)
    for (const geheel of plekken) {
      const { van, tot } = this.#alle[geheel]!
      const delen = plekken.filter((plek) => {
        const deel = this.#alle[plek]!
        return tijd === 'aandeel' ? plek !== geheel && van <= deel.van && deel.tot <= tot : deel.van < tot && van < deel.tot && !(deel.van <= van && tot <= deel.tot)
      })
      if (delen.length < 2) continue
      const binnen = grenzen.filter((grens) => van <= grens && grens <= tot)
      const kop = this.#coverFrom(van, binnen, delen, tijd === 'aandeel')
      const dekkingen = new Map<string, number[]>()
      for (const verplicht of delen) {
        if (this.#isOpenbaar(geheel) && this.#isOpenbaar(verplicht)) continue
        const deel = this.#alle[verplicht]!
        const voor = kop.get(Math.max(van, deel.van))
        const na = deel.tot >= tot ? [] : this.#coverFrom(deel.tot, binnen.filter((grens) => grens >= deel.tot), delen, tijd === 'aandeel').get(tot)
        if (voor === undefined || na === undefined) continue
        const dekking = [...new Set([...voor, verplicht, ...na])].sort((a, b) => a - b)
        dekkingen.set(dekking.join(), dekking)
      }
      for (const dekking of dekkingen.values()) {
        const over = this.#waarde(geheel) - dekking.reduce((total, plek) => total + this.#waarde(plek), 0)
        if (over > 0 || this.#isGezegd(`${geheel}<=${dekking.join()}`)) continue
        this.#addSom(geheel, [...dekking, this.#addHulp(over, { min: -Infinity, max: 0 })])
      }
    }
  }

  /** Per boundary the parts that cover everything from a day up to it and add up to least; one that cannot be covered is absent. */
  #coverFrom (van: number, grenzen: readonly number[], delen: readonly number[], precies: boolean): Map<number, number[]> {
    const best = new Map<number, { som: number, delen: number[] }>([[van, { som: 0, delen: [] }]])
    for (const grens of grenzen) {
      for (const plek of delen) {
        const deel = this.#alle[plek]!
        const reikt = precies ? deel.tot === grens : deel.van < grens && grens <= deel.tot
        if (!reikt || grens === van) continue
        const begin = best.get(Math.max(van, deel.van))
        if (begin === undefined || (precies && deel.van < van)) continue
        const som = begin.som + this.#waarde(plek)
        if (som < (best.get(grens)?.som ?? Infinity)) best.set(grens, { som, delen: [...begin.delen, plek] })
      }
    }
    return new Map([...best].map(([grens, { delen }]) => [grens, delen]))
  }

  /** The number of the first lesdag from here on: boundaries with no lesdag in between are one. */
  #grens (datum: Datum): number {
    for (let over = 0; over < JAAR; over++) if (this.#isLesdag(addDagen(datum, over))) return dagnummer(datum) + over
    return dagnummer(datum)
  }

  #listGrenzen (plekken: readonly number[]): number[] {
    return [...new Set(plekken.flatMap((plek) => [this.#alle[plek]!.van, this.#alle[plek]!.tot]))].sort((a, b) => a - b)
  }

  #addHulp (waarde: number, { sleutel = '', van = 0, tot = 0, tijd = null, ...grenzen }: Partial<Pick<Onbekende, 'sleutel' | 'van' | 'tot'> & Pick<Tabelcijfer, 'tijd' | 'min' | 'max'>> = {}): number {
    return this.#alle.push({ sleutel, van, tot, mee: [], cijfer: { ...HULP, sleutel, waarde, tijd, ...grenzen } }) - 1
  }

  /** A sum of figures that did not change says the same again; once is enough, and much faster. */
  #addSom (totaal: number, delen: readonly number[]): void {
    this.#sommen.set(`${totaal}=${delen.join()}`, { totaal, delen })
  }

  /** Whether this was said before; it is from now on. */
  #isGezegd (uitspraak: string): boolean {
    return this.#gezegd.size === this.#gezegd.add(uitspraak).size
  }

  #waarde (plek: number): number {
    return this.#alle[plek]!.cijfer.waarde
  }

  #isOpenbaar (plek: number): boolean {
    return this.#alle[plek]!.cijfer.zicht === 'openbaar'
  }

  listCijfers (): Cijfer[] {
    return this.#alle.map(({ cijfer, mee }) => ({ ...cijfer, mee: mee.map((naam) => this.#plekken.get(naam)!) }))
  }

  listSommen (): Som[] {
    return [...this.#sommen.values()]
  }

  sleutelOp (plek: number): string {
    return this.#alle[plek]!.sleutel
  }
}

/** Days looked ahead for a lesdag: a school that began in the middle of a schooljaar had none before. */
const JAAR = 366

/** A figure over the stretches `van` up to `tot`. */
interface Figuur { readonly plek: number, readonly waarde: number, readonly van: number, readonly tot: number }

/** What can be so together, the last told first. */
function keepSamen (figuren: readonly Figuur[], grenzen: number): readonly Figuur[] {
  if (isSamen(figuren, grenzen)) return figuren
  let samen: readonly Figuur[] = []
  for (const figuur of figuren.toReversed()) if (isSamen([figuur, ...samen], grenzen)) samen = [figuur, ...samen]
  return samen
}

/** Half of the last digit: every figure was rounded. */
const AFRONDING = 0.5

/** Whether a running total exists that never falls and that all of these are differences of (Bellman-Ford). */
function isSamen (figuren: readonly Figuur[], grenzen: number): boolean {
  const lopend = new Float64Array(grenzen)
  for (let ronde = 0; ronde <= grenzen; ronde++) {
    let bewogen = false
    const lower = (plek: number, most: number): void => { if (most < lopend[plek]! - 1e-9) [lopend[plek], bewogen] = [most, true] }
    for (const { van, tot, waarde } of figuren) {
      lower(tot, lopend[van]! + waarde + AFRONDING)
      lower(van, lopend[tot]! - waarde + AFRONDING)
    }
    for (let grens = grenzen - 1; grens > 0; grens--) lower(grens - 1, lopend[grens]!)
    if (!bewogen) return true
  }
  return false
}

const RONDEN = 12

/**
 * Amounts of consecutive stretches, whole and none below 0, that make up what every figure says of some of them; of many such the most even
 * (iterative proportional fitting). Where rounding lets nothing fit, nearly so.
 */
function fitStukken (figuren: readonly Figuur[], aantal: number): number[] {
  const waarden = new Float64Array(aantal).fill(1)
  for (let ronde = 0; ronde < RONDEN; ronde++) {
    for (const { waarde, van, tot } of figuren) {
      let som = 0
      for (let stuk = van; stuk < tot; stuk++) som += waarden[stuk]!
      if (som === waarde) continue
      for (let stuk = van; stuk < tot; stuk++) waarden[stuk] = som === 0 ? waarde / (tot - van) : waarden[stuk]! * waarde / som
    }
  }
  // The running total is rounded: what adds up to a whole number still does.
  let lopend = 0
  return Array.from(waarden, (waarde) => {
    const voor = Math.round(lopend)
    lopend += waarde
    return Math.round(lopend) - voor
  })
}

function isWerkweek (datum: Datum): boolean {
  return weekdag(datum) <= 5
}
