import { addDagen, dagnummer, weekdag, type Datum } from './datum.ts'
import { isKleineCel, K, Stelsel, type Gevolg, type Tijdverband, type Wereld, type Wijze, type Zaad } from './onderdrukking.ts'

// Everything that was ever published about the same leerlingen, read as one set of equations: within a table, between tables over days that
// overlap, between tables for several ontvangers, and between revisions.

/** A figure of a table. Equal keys over equal days are one figure, in whichever table it stands, for whomever. */
export interface Tabelcijfer {
  readonly sleutel: string
  readonly kolom: string
  readonly waarde: number
  /** Before it was rounded: minutes of hours; of a count the count. */
  readonly precies: number
  /** `te-kiezen` goes out unless it is suppressed; `verborgen` never goes out, but may follow from what does. */
  readonly zicht: 'te-kiezen' | 'verborgen'
  /** A reader must not find it. */
  readonly gevoelig: boolean
  /** Must not be shown, gevoelig or not. */
  readonly weglaten: boolean
  /** What a reader who knows the rules knows of it once it is hidden, both inclusive. */
  readonly min: number
  readonly max: number
  /** Where nothing else is left: nobody can tell that a small total is small, as it may be hidden for a part. */
  readonly uiterst: number
  /** Keys in the same table that say too much of this one: hidden along with it. */
  readonly mee: readonly string[]
  readonly tijd: Tijdverband | null
  /** Key of the figure, in a table for somebody else, that counts all that is counted here: with the others that are part of it, it makes up that figure. */
  readonly deelVan?: string
}

/** The parts add up to the total; where they do not quite (rounding, a leerling in two parts), the reader is taken to know by how much. */
export interface Tabelsom { readonly totaal: string, readonly delen: readonly string[] }

/** What is left of some figures without others, and `speling` more: never below 0. */
export interface Tabelrest {
  readonly sleutel: string
  readonly van: readonly string[]
  readonly zonder: readonly string[]
  readonly speling: number
  /** A count of leerlingen as well: `all but 2` tells as much as `2`. */
  readonly telling: boolean
  readonly tijd: Tijdverband | null
}

/** The figures of one table and what everyone knows to hold between them; first and last day counted. */
export interface Tabel {
  readonly van: Datum
  readonly totEnMet: Datum
  readonly cijfers: readonly Tabelcijfer[]
  readonly sommen: readonly Tabelsom[]
  readonly resten: readonly Tabelrest[]
  /** Of a key that is in other tables and not in this one: whether that tells a reader that it is 0. */
  readonly isNul: (sleutel: string) => boolean
}

/** A table that went out, and the keys it did not show. */
export interface Publicatie extends Tabel {
  readonly onderdrukt: ReadonlySet<string>
  /** Of what is held back nothing was told, not even which lines there are; of what is announced nothing yet. */
  readonly stand: 'verteld' | 'achtergehouden' | 'aangekondigd'
  /** What shows that nobody can find what must not be found, in this table and those before it; empty where a later table has it, null where nothing does. */
  readonly zaden: readonly Zaad[] | null
}

/** A table that is still to come: nothing of it was told yet, and what must be hidden in it may not follow from what is told first. */
export function announceTabel (tabel: Publicatie): Publicatie {
  return { ...tabel, stand: 'aangekondigd', onderdrukt: new Set(tabel.cijfers.map(({ sleutel }) => sleutel)) }
}

export interface Tabelonderdrukking {
  /** Keys of the new table that must not be shown. */
  readonly onderdrukt: ReadonlySet<string>
  /** Nothing of it can be told. */
  readonly achtergehouden: boolean
  readonly gevoelig: number
  /** How many of those could be found before this table, and it tells no more of them. */
  readonly vindbaar: number
  readonly zaden: readonly Zaad[]
}

/**
 * What a new table must hide, given everything published before about the same leerlingen, oldest first: tables over the same days, over days
 * that overlap or nest, for other ontvangers, and earlier revisions. Every number that must not be found has another value in some wereld in
 * which all that is shown is the same; where none is found more is hidden, and at last the whole table. On which days there is school everyone
 * knows: what lies between two tables in a vacation is nothing.
 */
export function suppressTabel (nieuw: Tabel, eerdere: readonly Publicatie[], isLesdag: (datum: Datum) => boolean = isWerkweek): Tabelonderdrukking {
  // The last has what those before it needed as well.
  const zaden = eerdere.findLast((eerder) => eerder.zaden !== null && eerder.zaden.length > 0)?.zaden ?? []
  const verteld = eerdere.filter(({ stand }) => stand === 'verteld')
  // What nobody could protect before this table, of what went out before there was proof, is not its doing.
  const vooraf = verteld.some((eerder) => eerder.zaden === null) ? new Keuze(verteld, isLesdag).listVindbaar(zaden) : []
  // What is still to come is taken into account where that is possible.
  const alle = eerdere.filter(({ stand }) => stand !== 'achtergehouden')
  for (const [bekend, alles] of [[alle, false], [alle, true], ...alle.length > verteld.length ? [[verteld, true] as const] : []] as const) {
    const keuze = new Keuze([...bekend, nieuw], isLesdag)
    if (keuze.protect(zaden, { behalve: vooraf, alles })) return keuze.answer(vooraf.length)
  }
  return { onderdrukt: new Set(nieuw.cijfers.map(({ sleutel }) => sleutel)), achtergehouden: true, gevoelig: 0, vindbaar: vooraf.length, zaden }
}

/** No day has so much lesson time, in minutes. */
const LANGSTE_LESDAG = 600

/** How one looks for a wereld: from what is hidden with least doubt to what may take long. */
const STRENG = { grondig: false, uiterst: false }
const UITERST = { grondig: false, uiterst: true }
const GRONDIG = { grondig: true, uiterst: true }

/** Werelden that are looked at before a levering hides more, or is held back: at most 0.1 s in a few weeks of leveringen, 1 s in a year. */
const POGINGEN = 3000

type Doel = { readonly figuur: number } | { readonly gevolg: number }

/** What is to be shown of the last of these tables, the others having gone out. */
class Keuze {
  readonly #stelsel = new Stelsel()
  readonly #tabellen: ReadonlyArray<Tabel | Publicatie>
  readonly #eigen = new Map<string, number>()
  readonly #altijd = new Set<number>()
  /** Hidden in a table that went out: not shown in another either. */
  readonly #verzwegen = new Set<number>()
  readonly #doelen: Doel[] = []
  readonly #perFiguur = new Map<number, number>()
  readonly #perGevolg = new Map<number, number>()
  readonly #werelden: Array<{ readonly wereld: Wereld, readonly zaad: Zaad, readonly doelen: readonly number[] }> = []
  readonly #beschermd: number[] = []
  readonly #tijdlijn: Tijdlijn

  constructor (tabellen: ReadonlyArray<Tabel | Publicatie>, isLesdag: (datum: Datum) => boolean) {
    this.#tabellen = tabellen
    this.#tijdlijn = new Tijdlijn(isLesdag)
    const sleutels = new Map(tabellen.flatMap(({ cijfers }) => cijfers.flatMap(({ sleutel, tijd }) => tijd === null ? [] : [[sleutel, tijd] as const])))
    const delen = new Map(tabellen.flatMap(({ cijfers }) => cijfers.flatMap(({ sleutel, deelVan }) => deelVan === undefined ? [] : [[sleutel, deelVan] as const])))
    for (const tabel of tabellen) this.#addTabel(tabel, sleutels)
    if (delen.size > 0) this.#addOverigen(delen)
    this.#stelsel.relate()
    this.#addVerschillen()
    for (const figuur of this.#altijd) this.#stelsel.hide(figuur)
    for (const [figuur, { gevoelig, openbaar }] of this.#stelsel.figuren.entries()) if (gevoelig && !openbaar) this.#perFiguur.set(figuur, this.#doelen.push({ figuur }) - 1)
    for (const [gevolg, { gevoelig, termen }] of this.#stelsel.gevolgen.entries()) {
      if (gevoelig && termen.some(([figuur]) => !this.#stelsel.figuren[figuur]!.openbaar)) this.#perGevolg.set(gevolg, this.#doelen.push({ gevolg }) - 1)
    }
    this.#beschermd = this.#doelen.map(() => 0)
  }

  #addTabel (tabel: Tabel | Publicatie, sleutels: ReadonlyMap<string, Tijdverband>): void {
    const nummer = this.#stelsel.addTabel()
    const dagen = this.#tijdlijn.dagenVan(tabel)
    const eigen = 'onderdrukt' in tabel ? this.#addVerteld(nummer, tabel, dagen) : this.#addNieuw(nummer, tabel, dagen)
    for (const [sleutel, tijd] of sleutels) {
      if (eigen.has(sleutel) || !tabel.isNul(sleutel)) continue
      this.#stelsel.addFiguur(nummer, { sleutel: this.#stelsel.sleutel(sleutel, tijd), ...dagen, waarde: 0, precies: 0, min: 0, max: 0, uiterst: 0, openbaar: true, kiesbaar: false, gevoelig: false, groot: false, mee: [] })
    }
    for (const { totaal, delen } of tabel.sommen) {
      this.#stelsel.addVergelijking(this.#stelsel.sleutel(totaal, null), delen.map((deel) => this.#stelsel.sleutel(deel, null)), kolomVan(totaal) === kolomVan(delen[0]!) ? 'regels' : 'kolommen')
      this.#addGevolg([[eigen.get(totaal)!, -1], ...delen.map((deel) => [eigen.get(deel)!, 1] as const)], { bekend: true })
    }
    for (const { sleutel, van, zonder, speling, telling, tijd } of tabel.resten) {
      const termen = [...van.map((deel) => [eigen.get(deel)!, 1] as const), ...zonder.map((deel) => [eigen.get(deel)!, -1] as const)]
      this.#addGevolg(termen, { speling, telling, reeks: tijd === null ? null : this.#reeksVan(sleutel, tijd), ...dagen })
      if (telling) this.#addGelijk(`${sleutel} ${dagen.van}-${dagen.tot}`, termen)
    }
  }

  #addVerteld (nummer: number, tabel: Publicatie, dagen: Dagen): Map<string, number> {
    return new Map(tabel.cijfers.map((cijfer) => {
      const openbaar = cijfer.zicht === 'te-kiezen' && !tabel.onderdrukt.has(cijfer.sleutel)
      const figuur = this.#stelsel.addFiguur(nummer, { ...cijfer, ...dagen, sleutel: this.#stelsel.sleutel(cijfer.sleutel, cijfer.tijd), kiesbaar: false, openbaar, groot: isGroot(cijfer), mee: [] })
      if (tabel.stand === 'verteld' && cijfer.zicht === 'te-kiezen' && !openbaar) this.#verzwegen.add(figuur)
      return [cijfer.sleutel, figuur]
    }))
  }

  #addNieuw (nummer: number, { cijfers }: Tabel, dagen: Dagen): Map<string, number> {
    for (const cijfer of cijfers) {
      const figuur = this.#stelsel.addFiguur(nummer, { ...cijfer, ...dagen, sleutel: this.#stelsel.sleutel(cijfer.sleutel, cijfer.tijd), kiesbaar: cijfer.zicht === 'te-kiezen', openbaar: false, groot: isGroot(cijfer), mee: [] })
      this.#eigen.set(cijfer.sleutel, figuur)
      if (cijfer.zicht === 'te-kiezen' && (cijfer.gevoelig || cijfer.weglaten || this.#verzwegen.has(figuur))) this.#altijd.add(figuur)
    }
    for (const { sleutel, mee } of cijfers) if (mee.length > 0) this.#stelsel.figuren[this.#eigen.get(sleutel)!]!.mee = mee.map((ander) => this.#eigen.get(ander)!)
    return this.#eigen
  }

  readonly #resten = new Map<string, Gevolg['termen']>()

  /** Of what is left, too, the reader is taken to know whether it changed. */
  #addGelijk (naam: string, termen: Gevolg['termen']): void {
    const waarde = termen.reduce((som, [figuur, factor]) => som + factor * this.#waarde(figuur), 0)
    const eerder = this.#resten.get(`${naam}=${waarde}`)
    this.#resten.set(`${naam}=${waarde}`, eerder ?? termen)
    if (eerder !== undefined && eerder.join() !== termen.join()) this.#addGevolg([...termen, ...eerder.map(([figuur, factor]) => [figuur, -factor] as const)], { bekend: true, gelijk: true })
  }

  readonly #reeksen = new Map<string, number>()

  #reeksVan (sleutel: string, tijd: Tijdverband): number {
    const reeks = this.#reeksen.get(sleutel) ?? this.#stelsel.addReeks(tijd)
    this.#reeksen.set(sleutel, reeks)
    return reeks
  }

  readonly #gezegd = new Set<string>()

  #addGevolg (termen: Gevolg['termen'], { bekend = false, gelijk = false, speling = 0, telling = false, reeks = null, van = 0, tot = 0 }: { readonly bekend?: boolean, readonly gelijk?: boolean, readonly speling?: number, readonly telling?: boolean, readonly reeks?: number | null, readonly van?: number, readonly tot?: number }): void {
    // What did not change says the same again.
    if (this.#gezegd.size === this.#gezegd.add(`${bekend ? '=' : reeks} ${termen.join()}`).size) return
    const waarde = termen.reduce((som, [figuur, factor]) => som + factor * this.#stelsel.figuren[figuur]!.waarde, speling)
    this.#stelsel.addGevolg({ termen, waarde, min: bekend ? waarde : Math.min(0, waarde), max: bekend ? waarde : Infinity, gevoelig: telling && isKleineCel(waarde), gelijk, reeks, van, tot })
  }

  /** What ontvangers were told apart is together part of what another was told of all; whoever knows nobody is left over is taken to know it. */
  #addOverigen (delen: ReadonlyMap<string, string>): void {
    const gehelen = new Set(delen.values())
    const standen = new Map<string, { readonly geheel: string, readonly figuren: Map<string, number> }>()
    for (const [nummer, tabel] of this.#tabellen.entries()) {
      const { van, tot } = this.#tijdlijn.dagenVan(tabel)
      for (const { sleutel } of tabel.cijfers) {
        const geheel = delen.get(sleutel) ?? (gehelen.has(sleutel) ? sleutel : undefined)
        if (geheel === undefined) continue
        const plek = `${geheel} ${van}-${tot}`
        const stand = standen.get(plek) ?? { geheel, figuren: new Map<string, number>() }
        standen.set(plek, stand)
        const figuur = this.#stelsel.figuurIn(nummer, this.#stelsel.sleutel(sleutel, null))!
        // A correction: what was so before is so by itself.
        if ((stand.figuren.get(sleutel) ?? figuur) !== figuur) this.#addRest(stand.geheel, stand.figuren)
        stand.figuren.set(sleutel, figuur)
      }
    }
    for (const { geheel, figuren } of standen.values()) this.#addRest(geheel, figuren)
  }

  #addRest (geheel: string, figuren: ReadonlyMap<string, number>): void {
    const totaal = figuren.get(geheel)
    const delen = [...figuren].filter(([sleutel]) => sleutel !== geheel)
    if (totaal === undefined || delen.length === 0) return
    const { van, tot, waarde } = this.#stelsel.figuren[totaal]!
    const rest = delen.reduce((som, [, deel]) => som - this.#waarde(deel), waarde)
    // Told of other facts: they have nothing to do with each other.
    if (rest < 0) return
    const sleutel = this.#stelsel.sleutel(`overigen ${geheel}`, null)
    const over = this.#stelsel.addFiguur(this.#stelsel.addTabel(), { sleutel, van, tot, waarde: rest, precies: rest, min: 0, max: rest === 0 ? 0 : Infinity, uiterst: rest === 0 ? 0 : Infinity, openbaar: rest === 0, kiesbaar: false, gevoelig: isKleineCel(rest), groot: false, mee: [] })
    this.#stelsel.addVergelijking(this.#stelsel.sleutel(geheel, null), [...delen.map(([deel]) => this.#stelsel.sleutel(deel, null)), sleutel], 'ontvangers')
    this.#addGevolg([[totaal, -1], ...delen.map(([, deel]) => [deel, 1] as const), [over, 1]], { bekend: true })
  }

  // --- differences

  /** A small difference of two that can be shown: those counted over some days and not over some of them; the hours of the other days. */
  #addVerschillen (): void {
    const tellingVan = new Map(this.#tabellen.flatMap(({ cijfers }) => cijfers.flatMap(({ sleutel, mee }) => mee.map((uren) => [uren, sleutel] as const))))
    const gehad = new Set<string>()
    for (const sleutel of this.#stelsel.listSleutels()) {
      const tijd = this.#stelsel.tijdVan(sleutel)
      if (tijd !== 'som' && tijd !== 'ten-minste-een') continue
      for (const groep of this.#stelsel.listGroepen(sleutel)) {
        for (const geheel of groep) {
          const delen = groep.filter((deel) => deel !== geheel && isBinnen(this.#stelsel.figuren[deel]!, this.#stelsel.figuren[geheel]!))
          const sets = tijd === 'som' && delen.length > 1 ? [...delen.map((deel) => [deel]), this.#listNaastElkaar(delen)] : delen.map((deel) => [deel])
          for (const set of sets) {
            const naam = `${geheel}-${set.join()}`
            if (gehad.has(naam) || (tijd === 'som' && this.#holdsGroot(groep, geheel, set))) continue
            gehad.add(naam)
            if (tijd === 'som' ? this.#isKleinDeel(geheel, set, tellingVan.get(this.#stelsel.naam(sleutel))) : isKleineCel(this.#waarde(geheel) - this.#waarde(set[0]!))) this.#addVerschil(geheel, set)
          }
        }
      }
    }
  }

  /** Whether a figure about enough leerlingen lies in what is left: then that is about as many at least. */
  #holdsGroot (groep: readonly number[], geheel: number, delen: readonly number[]): boolean {
    const binnen = this.#stelsel.figuren[geheel]!
    return groep.some((ander) => {
      const figuur = this.#stelsel.figuren[ander]!
      return figuur.groot && isBinnen(figuur, binnen) && delen.every((deel) => this.#stelsel.figuren[deel]!.tot <= figuur.van || figuur.tot <= this.#stelsel.figuren[deel]!.van)
    })
  }

  #addVerschil (geheel: number, delen: readonly number[]): void {
    const waarde = delen.reduce((som, deel) => som - this.#waarde(deel), this.#waarde(geheel))
    this.#stelsel.addGevolg({ termen: [[geheel, 1], ...delen.map((deel) => [deel, -1] as const)], waarde, min: -Infinity, max: Infinity, gevoelig: true, reeks: null, van: 0, tot: 0 })
  }

  #waarde (figuur: number): number {
    return this.#stelsel.figuren[figuur]!.waarde
  }

  /** Parts that do not overlap, from the first day on. */
  #listNaastElkaar (delen: readonly number[]): number[] {
    const naast: number[] = []
    let gedekt = -Infinity
    const rij = delen.map((deel) => ({ deel, ...this.#stelsel.figuren[deel]! })).sort((a, b) => a.tot - b.tot || b.van - a.van)
    for (const { deel, van, tot } of rij) {
      if (van < gedekt) continue
      naast.push(deel)
      gedekt = tot
    }
    return naast
  }

  /** Whether the hours of the other days may be of few: there are some, and not so many that they cannot. */
  #isKleinDeel (geheel: number, delen: readonly number[], telling: string | undefined): boolean {
    const minuten = delen.reduce((som, deel) => som - this.#stelsel.figuren[deel]!.precies, this.#stelsel.figuren[geheel]!.precies)
    if (minuten <= 0) return false
    const lesdagen = delen.reduce((som, deel) => som - this.#tijdlijn.countLesdagen(this.#stelsel.figuren[deel]!), this.#tijdlijn.countLesdagen(this.#stelsel.figuren[geheel]!))
    if (minuten > (K - 1) * lesdagen * LANGSTE_LESDAG) return false
    if (telling === undefined) return true
    const aantal = (figuur: number): number | undefined => {
      const { van, tot } = this.#stelsel.figuren[figuur]!
      const ander = this.#stelsel.figuurOp(this.#stelsel.sleutel(telling, null), van, tot)
      return ander === undefined ? undefined : this.#waarde(ander)
    }
    return !(delen.reduce((som, deel) => som - (aantal(deel) ?? Infinity), aantal(geheel) ?? 0) >= K)
  }

  // --- choosing

  /**
   * Hides until everything that must not be found, but for what could be before, has another value in some wereld; or with `alles` hides
   * everything, and shows again what no wereld needs. False where that does not do, or takes too long.
   */
  protect (zaden: readonly Zaad[], { behalve, alles }: { readonly behalve: readonly string[], readonly alles: boolean }): boolean {
    this.#stelsel.pogingen = POGINGEN
    if (alles) for (const figuur of this.#eigen.values()) this.#stelsel.hide(figuur)
    this.#growZaden(zaden)
    for (const doel of this.#doelen.keys()) {
      if (this.#beschermd[doel] !== 0 || this.#findWereld(doel, STRENG) || this.#findWereld(doel, UITERST) || this.#growKiem(doel)) continue
      if (alles && this.#findWereld(doel, GRONDIG)) continue
      if (behalve.length === 0 || !behalve.includes(this.#naamVanDoel(doel))) return false
    }
    this.#release()
    return true
  }

  /** Of what went out: what can be found, as far as anybody could prove. */
  listVindbaar (zaden: readonly Zaad[]): string[] {
    this.#stelsel.pogingen = POGINGEN
    this.#growZaden(zaden)
    return [...this.#doelen.keys()].filter((doel) => this.#beschermd[doel] === 0 && !this.#findWereld(doel, GRONDIG)).map((doel) => this.#naamVanDoel(doel))
  }

  /** What did not grow of itself. */
  readonly #kiemen: Array<{ readonly kiem: Wereld, readonly zaad: Zaad, readonly doelen: readonly number[] }> = []

  #growZaden (zaden: readonly Zaad[]): void {
    for (const zaad of zaden) {
      const kiem = this.#stelsel.recall(zaad)
      if (kiem === undefined) continue
      const doelen = this.#listDoelen(kiem)
      if (doelen.every((doel) => this.#beschermd[doel]! > 0)) continue
      const wereld = this.#stelsel.growZaad(kiem, zaad, false)
      if (wereld === undefined) this.#kiemen.push({ kiem, zaad, doelen })
      else this.#addWereld(wereld, this.#stelsel.keep(wereld, zaad))
    }
  }

  /** Has the last that protected a number before grow, by hiding more. */
  #growKiem (doel: number): boolean {
    for (const { kiem, zaad, doelen } of this.#kiemen) {
      if (!doelen.includes(doel)) continue
      const wereld = this.#stelsel.growZaad(kiem, zaad, true)
      if (wereld === undefined || !this.#isAnders(doel, wereld)) continue
      for (const figuur of wereld.keys()) this.#stelsel.hide(figuur)
      this.#addWereld(wereld, this.#stelsel.keep(wereld, zaad))
      return true
    }
    return false
  }

  #listDoelen (wereld: Wereld): number[] {
    const { figuren, gevolgen } = this.#stelsel.listGeraakt(wereld)
    return [...figuren.map((figuur) => this.#perFiguur.get(figuur)), ...gevolgen.map((gevolg) => this.#perGevolg.get(gevolg))].filter((doel) => doel !== undefined)
  }

  #naamVanDoel (nummer: number): string {
    const doel = this.#doelen[nummer]!
    return 'figuur' in doel ? this.#naamVan(doel.figuur) : this.#stelsel.gevolgen[doel.gevolg]!.termen.map(([figuur, factor]) => `${factor} ${this.#naamVan(figuur)}`).join()
  }

  #findWereld (doel: number, wijze: Wijze): boolean {
    const gevonden = this.#stelsel.findWereld(this.#listFiguren(doel), (wereld) => this.#isAnders(doel, wereld), wijze)
    if (gevonden === undefined) return false
    for (const figuur of gevonden.wereld.keys()) this.#stelsel.hide(figuur)
    this.#addWereld(gevonden.wereld, gevonden.zaad)
    return true
  }

  #addWereld (wereld: Wereld, zaad: Zaad): void {
    const doelen = this.#listDoelen(wereld)
    if (doelen.every((doel) => this.#beschermd[doel]! > 0)) return
    for (const doel of doelen) this.#beschermd[doel]!++
    this.#werelden.push({ wereld, zaad, doelen })
  }

  #isAnders (doel: number, wereld: Wereld): boolean {
    const eigen = this.#doelen[doel]!
    return 'figuur' in eigen ? wereld.has(eigen.figuur) : this.#stelsel.gevolgen[eigen.gevolg]!.termen.reduce((som, [figuur, factor]) => som + factor * (wereld.get(figuur) ?? 0), 0) !== 0
  }

  /** Those of which one must be otherwise: what is hidden already first. */
  #listFiguren (doel: number): number[] {
    const eigen = this.#doelen[doel]!
    const figuren = 'figuur' in eigen ? [eigen.figuur] : this.#stelsel.gevolgen[eigen.gevolg]!.termen.map(([figuur]) => figuur)
    const open = figuren.filter((figuur) => !this.#stelsel.figuren[figuur]!.openbaar)
    return open.sort((a, b) => Number(this.#stelsel.isGetoond(a)) - Number(this.#stelsel.isGetoond(b)) || this.#waarde(a) - this.#waarde(b))
  }

  /** Shows again what no wereld needs that something depends on, the largest first. */
  #release (): void {
    const verborgen = [...this.#eigen.values()].filter((figuur) => this.#stelsel.figuren[figuur]!.kiesbaar && !this.#stelsel.isGetoond(figuur) && !this.#altijd.has(figuur)).sort((a, b) => this.#waarde(b) - this.#waarde(a) || a - b)
    // Twice: what was hidden along is looked at by itself once the other is shown.
    for (let ronde = 0; ronde < 2; ronde++) {
      for (const figuur of verborgen) {
        if (this.#stelsel.isGetoond(figuur) || this.#isMee(figuur)) continue
        const weg = this.#werelden.filter(({ wereld }) => wereld.has(figuur))
        const minder = new Map<number, number>()
        for (const { doelen } of weg) for (const doel of doelen) minder.set(doel, (minder.get(doel) ?? 0) + 1)
        if ([...minder].some(([doel, aantal]) => this.#beschermd[doel]! - aantal < 1)) continue
        this.#stelsel.show(figuur)
        for (const [doel, aantal] of minder) this.#beschermd[doel]! -= aantal
        for (const each of weg) this.#werelden.splice(this.#werelden.indexOf(each), 1)
      }
    }
  }

  #isMee (figuur: number): boolean {
    return [...this.#eigen.values()].some((ander) => !this.#stelsel.isGetoond(ander) && this.#stelsel.figuren[ander]!.mee.includes(figuur))
  }

  #naamVan (figuur: number): string {
    const { sleutel, van, tot, waarde } = this.#stelsel.figuren[figuur]!
    return `${this.#stelsel.naam(sleutel)} ${van}-${tot}=${waarde}`
  }

  answer (vindbaar: number): Tabelonderdrukking {
    // Also what was shown before: no longer to be hidden from a reader, and still not to be repeated.
    const onderdrukt = new Set([...this.#eigen].flatMap(([sleutel, figuur]) => this.#altijd.has(figuur) || !this.#stelsel.isGetoond(figuur) ? [sleutel] : []))
    return { onderdrukt, achtergehouden: false, gevoelig: this.#doelen.length, vindbaar, zaden: this.#werelden.map(({ zaad }) => zaad) }
  }
}

/** Of what has no place in a file nobody counted whom it is about. */
function isGroot ({ zicht, gevoelig, waarde }: Tabelcijfer): boolean {
  return zicht === 'te-kiezen' && !gevoelig && waarde > 0
}

/** Half-open, by number of the day. */
interface Dagen { readonly van: number, readonly tot: number }

function kolomVan (sleutel: string): string {
  return sleutel.slice(sleutel.lastIndexOf('/') + 1)
}

function isBinnen (deel: Dagen, geheel: Dagen): boolean {
  return geheel.van <= deel.van && deel.tot <= geheel.tot
}

/** Days looked ahead for a lesdag: a school that began in the middle of a schooljaar had none before. */
const JAAR = 366

/** Which days everyone knows to be lesdagen, by number. */
class Tijdlijn {
  readonly #isLesdag: (datum: Datum) => boolean
  readonly #grenzen = new Map<Datum, number>()
  readonly #lesdagen = new Map<number, number>()

  constructor (isLesdag: (datum: Datum) => boolean) {
    this.#isLesdag = isLesdag
  }

  /** Half-open, from lesdag to lesdag: boundaries with no lesdag in between are one. */
  dagenVan ({ van, totEnMet }: Pick<Tabel, 'van' | 'totEnMet'>): Dagen {
    const dagen = { van: this.#grens(van), tot: this.#grens(addDagen(totEnMet, 1)) }
    if (!this.#lesdagen.has(spanne(dagen))) {
      let lesdagen = 0
      for (let datum = van; datum <= totEnMet; datum = addDagen(datum, 1)) if (this.#isLesdag(datum)) lesdagen++
      this.#lesdagen.set(spanne(dagen), lesdagen)
    }
    return dagen
  }

  countLesdagen (dagen: Dagen): number {
    return this.#lesdagen.get(spanne(dagen))!
  }

  #grens (datum: Datum): number {
    let grens = this.#grenzen.get(datum)
    if (grens === undefined) {
      let over = 0
      while (over < JAAR && !this.#isLesdag(addDagen(datum, over))) over++
      this.#grenzen.set(datum, grens = dagnummer(datum) + over % JAAR)
    }
    return grens
  }
}

function spanne ({ van, tot }: Dagen): number {
  return van * 2 ** 20 + tot
}

function isWerkweek (datum: Datum): boolean {
  return weekdag(datum) <= 5
}
