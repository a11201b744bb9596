/** A count of 1 up to and including K - 1 is a kleine cel (REKENREGELS 7). */
export const K = 5

export function isKleineCel (aantal: number): boolean {
  return aantal > 0 && aantal < K
}

/**
 * What a figure over some days says of the same figure over parts of them. `som`: the parts add up. `ten-minste-een`: counts whom it befell
 * at least once, so no part exceeds the whole, and parts that cover it are together not less. `aandeel`: only the last, of parts that fit exactly.
 */
export type Tijdverband = 'som' | 'ten-minste-een' | 'aandeel'

/** A figure of one sleutel over some days, half-open; the same in every table that tells it. */
export interface Figuur {
  readonly sleutel: number
  readonly van: number
  readonly tot: number
  readonly waarde: number
  /** Before it was rounded: minutes of `uren`; of a count the count. */
  readonly precies: number
  /** What a reader who knows the rules knows of it once it is hidden, both inclusive. */
  min: number
  max: number
  /** Of a small total nobody can tell that it is small, as it may be hidden for a part: what it can be at most where nothing else is left. */
  uiterst: number
  /** Shown, or known without being shown. */
  openbaar: boolean
  /** Can be hidden now. */
  kiesbaar: boolean
  gevoelig: boolean
  /** Known to be about K leerlingen or more. */
  groot: boolean
  /** Tables that tell it, by number. */
  readonly tabellen: number[]
  /** Hidden along with it. */
  mee: readonly number[]
}

/** Figures added up: what follows from them, and within which bounds a reader knows it to be. */
export interface Gevolg {
  readonly termen: ReadonlyArray<readonly [figuur: number, factor: number]>
  readonly waarde: number
  /** Equal bounds: he knows it exactly. */
  readonly min: number
  readonly max: number
  readonly gevoelig: boolean
  /** Says that something else that follows did not change: what makes it change, makes the other change as well. */
  readonly gelijk?: boolean
  /** Place in the series of what follows, over time; null has none. */
  readonly reeks: number | null
  readonly van: number
  readonly tot: number
}

/** Other values of some figures, at which everything shown and everything known is the same: a reader cannot tell them from the truth. */
export type Wereld = ReadonlyMap<number, number>

/** How one looks for a wereld: where only a long search finds it, or one beyond what a small total can be. */
export interface Wijze { readonly grondig: boolean, readonly uiterst: boolean }

/** A wereld to be kept: what it began with, and by how much each figure is otherwise in it. Once more was told, it grows from there. */
export interface Zaad extends Wijze {
  readonly tekens: ReadonlyArray<readonly [sleutel: string, teken: number]>
  readonly verschil: ReadonlyArray<readonly [sleutel: string, van: number, tot: number, waarde: number, stap: number]>
}

interface Reekslid { readonly id: number, readonly van: number, readonly tot: number, readonly waarde: number }

/** Figures of one sleutel that hold together: told of the same facts. */
interface Groep {
  readonly tijd: Tijdverband
  readonly grenzen: number
  /** `van` and `tot` by number of the boundary. */
  readonly leden: readonly Reekslid[]
}

/** Whole tenths of an hour. */
const TIENDE = 6
/** Units of sleutels that are made, and tried, to protect one number. */
const GEMAAKT = 160
const GEPROEFD = 24
/** Repairs of a count over time, one on top of the other. */
const DIEPTE = 4
/** Changes that are tried for one unit. */
const HERSTELD = 60
/** Units of another column that are tried along with one. */
const MEE = 4

export class Stelsel {
  readonly figuren: Figuur[] = []
  readonly gevolgen: Gevolg[] = []
  readonly #sleutels = new Map<string, number>()
  readonly #namen: string[] = []
  readonly #tijden: Array<Tijdverband | null> = []
  readonly #figurenVan: number[][] = []
  /** Per table and sleutel its figure. */
  readonly #tabellen: Array<Map<number, number>> = []
  readonly #vergelijkingen: Array<{ readonly totaal: number, readonly delen: Set<number>, readonly inTabel: boolean }> = []
  readonly #vergelijkingVan = new Map<string, number>()
  readonly #vergelijkingenVan: number[][] = []
  readonly #gevolgenVan: number[][] = []
  readonly #reeksen: Array<{ readonly tijd: Tijdverband, readonly gevolgen: number[] }> = []
  readonly #groepen = new Map<number, Groep[]>()
  readonly #gevolggroepen = new Map<number, Groep[]>()

  sleutel (naam: string, tijd: Tijdverband | null): number {
    let nummer = this.#sleutels.get(naam)
    if (nummer === undefined) {
      nummer = this.#namen.push(naam) - 1
      this.#sleutels.set(naam, nummer)
      this.#tijden.push(tijd)
      this.#figurenVan.push([])
      this.#vergelijkingenVan.push([])
    } else this.#tijden[nummer] ??= tijd
    return nummer
  }

  naam (sleutel: number): string {
    return this.#namen[sleutel]!
  }

  tijdVan (sleutel: number): Tijdverband | null {
    return this.#tijden[sleutel]!
  }

  listSleutels (): IterableIterator<number> {
    return this.#namen.keys()
  }

  addTabel (): number {
    return this.#tabellen.push(new Map()) - 1
  }

  /** The figure that a table tells of a sleutel. */
  figuurIn (tabel: number, sleutel: number): number | undefined {
    return this.#tabellen[tabel]!.get(sleutel)
  }

  /** One and the same figure when it did not change: so the reader is taken to know which ones did. */
  addFiguur (tabel: number, figuur: Omit<Figuur, 'tabellen'>): number {
    const eigen = this.#figurenVan[figuur.sleutel]!
    let nummer = this.#findFiguur(figuur.sleutel, figuur)
    if (nummer === undefined) {
      nummer = this.figuren.push({ ...figuur, tabellen: [tabel] }) - 1
      eigen.push(nummer)
      this.#gevolgenVan.push([])
    } else {
      const bekend = this.figuren[nummer]!
      bekend.openbaar ||= figuur.openbaar
      bekend.kiesbaar = figuur.kiesbaar && !bekend.openbaar
      bekend.gevoelig ||= figuur.gevoelig
      bekend.groot ||= figuur.groot
      bekend.min = Math.max(bekend.min, figuur.min)
      bekend.max = Math.min(bekend.max, figuur.max)
      bekend.uiterst = Math.min(bekend.uiterst, figuur.uiterst)
      bekend.mee = figuur.mee
      bekend.tabellen.push(tabel)
    }
    this.#tabellen[tabel]!.set(figuur.sleutel, nummer)
    return nummer
  }

  #findFiguur (sleutel: number, { van, tot, waarde }: Pick<Figuur, 'van' | 'tot' | 'waarde'>): number | undefined {
    return this.#figurenVan[sleutel]!.find((nummer) => {
      const figuur = this.figuren[nummer]!
      return van === figuur.van && tot === figuur.tot && waarde === figuur.waarde
    })
  }

  /** These parts, of all there are of a verdeling, make up the total in whatever table: what is moved in the one must be moved in the other. */
  addVergelijking (totaal: number, delen: readonly number[], verdeling: 'regels' | 'kolommen' | 'ontvangers'): void {
    const naam = `${totaal} ${verdeling}`
    let nummer = this.#vergelijkingVan.get(naam)
    if (nummer === undefined) {
      nummer = this.#vergelijkingen.push({ totaal, delen: new Set(), inTabel: verdeling !== 'ontvangers' }) - 1
      this.#vergelijkingVan.set(naam, nummer)
      this.#vergelijkingenVan[totaal]!.push(nummer)
    }
    const bekend = this.#vergelijkingen[nummer]!.delen
    for (const deel of delen) {
      if (bekend.has(deel)) continue
      bekend.add(deel)
      this.#vergelijkingenVan[deel]!.push(nummer)
    }
  }

  addGevolg (gevolg: Gevolg): number {
    const nummer = this.gevolgen.push(gevolg) - 1
    for (const [figuur] of gevolg.termen) this.#gevolgenVan[figuur]!.push(nummer)
    if (gevolg.reeks !== null) this.#reeksen[gevolg.reeks]!.gevolgen.push(nummer)
    return nummer
  }

  addReeks (tijd: Tijdverband): number {
    return this.#reeksen.push({ tijd, gevolgen: [] }) - 1
  }

  // --- what is hidden

  readonly #verborgen = new Set<number>()

  /** Hides it and what goes along; answers what was not hidden before. */
  hide (figuur: number): number[] {
    const { kiesbaar, mee } = this.figuren[figuur]!
    if (!kiesbaar || this.#verborgen.has(figuur)) return []
    this.#verborgen.add(figuur)
    return [figuur, ...mee.flatMap((ander) => this.hide(ander))]
  }

  show (figuur: number): void {
    this.#verborgen.delete(figuur)
  }

  isGetoond (figuur: number): boolean {
    const { openbaar, kiesbaar } = this.figuren[figuur]!
    return openbaar || (kiesbaar && !this.#verborgen.has(figuur))
  }

  // --- what holds over time

  readonly #laatste: Array<Map<number, number>> = []

  /** After everything was added: which figures hold together, and until when each did. */
  relate (): void {
    for (const sleutel of this.#namen.keys()) {
      const laatste = new Map<number, number>()
      this.#laatste.push(laatste)
      const tijd = this.#tijden[sleutel]!
      const verteld = this.#figurenVan[sleutel]!.flatMap((figuur) => this.figuren[figuur]!.tabellen.map((tabel) => ({ figuur, tabel }))).sort((a, b) => a.tabel - b.tabel)
      for (const { figuur } of verteld) {
        const { van, tot } = this.figuren[figuur]!
        laatste.set(spanne(van, tot), figuur)
      }
      if (tijd !== null) this.#groepen.set(sleutel, listGroepen(tijd, verteld.map(({ figuur }) => ({ id: figuur, ...this.figuren[figuur]! })).map((lid) => ({ ...lid, waarde: tijd === 'som' ? lid.precies : lid.waarde }))))
    }
    for (const [reeks, { tijd, gevolgen }] of this.#reeksen.entries()) this.#gevolggroepen.set(reeks, listGroepen(tijd, gevolgen.map((gevolg) => ({ id: gevolg, ...this.gevolgen[gevolg]! }))))
  }

  /** The figure last told of a sleutel over some days. */
  figuurOp (sleutel: number, van: number, tot: number): number | undefined {
    return this.#laatste[sleutel]!.get(spanne(van, tot))
  }

  /** Figures of one sleutel that hold together. */
  listGroepen (sleutel: number): ReadonlyArray<readonly number[]> {
    return (this.#groepen.get(sleutel) ?? []).map(({ leden }) => leden.map(({ id }) => id))
  }

  // --- another world

  /** How many more may be looked at: after that there is none. */
  pogingen = Infinity

  /** Why the last wereld that was looked at is none, as far as more can mend that. */
  #breuk: Breuk = []

  /** Whether nobody who knows what is shown, and how the rest hangs together, can tell these changes from the truth. */
  isWereld (verschil: Wereld): boolean {
    this.#breuk = []
    if (--this.pogingen < 0) return false
    for (const [figuur, stap] of verschil) if (this.figuren[figuur]!.openbaar || !this.#fits(figuur, stap)) return false
    const breuk = this.#findGevolgbreuk(this.#countGevolg(verschil)) ?? this.#findTijdbreuk(verschil)
    if (breuk !== undefined) this.#breuk = breuk
    return breuk === undefined
  }

  #findGevolgbreuk (gevolg: Wereld): Breuk | undefined {
    for (const [nummer, stap] of gevolg) {
      const { waarde, min, max, gelijk } = this.gevolgen[nummer]!
      if (stap === 0 || (waarde + stap >= min && waarde + stap <= max)) continue
      return min === max && gelijk !== true ? [] : this.#listOorzaken(nummer, waarde + stap < min ? 1 : -1)
    }
    for (const [nummer, stap] of gevolg) {
      const { reeks } = this.gevolgen[nummer]!
      if (stap === 0 || reeks === null) continue
      for (const groep of this.#gevolggroepen.get(reeks)!) {
        const breuk = findReeksbreuk(groep, gevolg, 1)
        if (breuk !== undefined) return breuk.flatMap((each) => this.#listOorzaken(each.figuur, each.stap))
      }
    }
    return undefined
  }

  #findTijdbreuk (verschil: Wereld): Breuk | undefined {
    const sleutels = new Set<number>()
    for (const figuur of verschil.keys()) sleutels.add(this.figuren[figuur]!.sleutel)
    for (const sleutel of sleutels) {
      for (const groep of this.#groepen.get(sleutel) ?? []) {
        const breuk = findReeksbreuk(groep, verschil, groep.tijd === 'som' ? TIENDE : 1)
        if (breuk !== undefined) return breuk
      }
    }
    return undefined
  }

  /** Whether a small total may be taken to be no small one. */
  #uiterst = false

  #fits (figuur: number, stap: number): boolean {
    const { waarde, min, max, uiterst } = this.figuren[figuur]!
    return waarde + stap >= min && waarde + stap <= (this.#uiterst ? uiterst : max)
  }

  /** What would make more or less follow. */
  #listOorzaken (gevolg: number, stap: number): Breuk {
    return this.gevolgen[gevolg]!.termen.map(([figuur, factor]) => ({ figuur, stap: stap * factor }))
  }

  #countGevolg (verschil: Wereld): Map<number, number> {
    const gevolg = new Map<number, number>()
    for (const [figuur, stap] of verschil) {
      for (const nummer of this.#gevolgenVan[figuur]!) {
        let factor = 0
        for (const [term, eigen] of this.gevolgen[nummer]!.termen) if (term === figuur) factor += eigen
        gevolg.set(nummer, (gevolg.get(nummer) ?? 0) + factor * stap)
      }
    }
    return gevolg
  }

  /** What a wereld tells otherwise of what must not be found: figures, and what follows. */
  listGeraakt (wereld: Wereld): { figuren: number[], gevolgen: number[] } {
    return { figuren: [...wereld.keys()], gevolgen: [...this.#countGevolg(wereld)].filter(([, stap]) => stap !== 0).map(([nummer]) => nummer) }
  }

  // --- looking for one

  /** The first wereld, of those that need least hidden, in which one of these figures is otherwise and that the caller takes. */
  findWereld (figuren: readonly number[], neem: (wereld: Wereld) => boolean, { grondig, uiterst }: Wijze): { wereld: Wereld, zaad: Zaad } | undefined {
    this.#uiterst = uiterst
    for (const ruim of [false, true]) {
      let beste: { wereld: Wereld, zaad: Zaad, kosten: number } | undefined
      let pogingen = 0
      for (const figuur of figuren) {
        for (const stap of [1, -1]) {
          for (const { tekens, kosten } of this.#listEenheden(figuur, stap)) {
            if (pogingen >= GEPROEFD * 2 || (beste !== undefined && kosten >= beste.kosten)) break
            pogingen++
            for (const wereld of this.#listWerelden(tekens, figuur, { ruim, grondig })) {
              if (!neem(wereld)) continue
              const prijs = this.#countPrijs(wereld)
              if (beste === undefined || prijs < beste.kosten) beste = { wereld, zaad: this.keep(wereld, { tekens: [...tekens].map(([sleutel, teken]) => [this.#namen[sleutel]!, teken] as const), grondig, uiterst }), kosten: prijs }
              if (prijs === 0) return beste
            }
          }
        }
      }
      if (beste !== undefined) return beste
    }
    return undefined
  }

  /** What a wereld is kept as. */
  keep (wereld: Wereld, { tekens, grondig, uiterst }: Omit<Zaad, 'verschil'>): Zaad {
    const verschil = [...wereld].map(([figuur, stap]) => {
      const { sleutel, van, tot, waarde } = this.figuren[figuur]!
      return [this.#namen[sleutel]!, van, tot, waarde, stap] as const
    })
    return { tekens, grondig, uiterst, verschil }
  }

  /** The wereld as it was kept; undefined when a figure of it is not here. */
  recall ({ verschil }: Zaad): Wereld | undefined {
    const wereld = new Map<number, number>()
    for (const [naam, van, tot, waarde, stap] of verschil) {
      const sleutel = this.#sleutels.get(naam)
      const figuur = sleutel === undefined ? undefined : this.#findFiguur(sleutel, { van, tot, waarde })
      if (figuur === undefined) return undefined
      wereld.set(figuur, stap)
    }
    return wereld
  }

  /** As it is now: with what was told since; with `ruim` also where more must be hidden for it. Undefined where nothing grows from it. */
  growZaad (kiem: Wereld, { tekens, uiterst }: Zaad, ruim: boolean): Wereld | undefined {
    this.#uiterst = uiterst
    const mag = (figuur: number): boolean => ruim ? !this.figuren[figuur]!.openbaar : !this.isGetoond(figuur)
    const verder = this.#addUp(kiem)
    if (![...verder.keys()].every(mag)) return undefined
    if (this.isWereld(verder)) return verder
    const eenheid = new Map(tekens.map(([naam, teken]) => [this.#sleutels.get(naam)!, teken]))
    const [eerste] = kiem.keys()
    if (!ruim && eenheid.has(this.figuren[eerste!]!.sleutel)) {
      for (const wereld of this.#listWerelden(eenheid, eerste!, { ruim, grondig: false })) if (this.#countPrijs(wereld) === 0) return wereld
    }
    const perDagen = Map.groupBy(verder, ([figuur]) => spanne(this.figuren[figuur]!.van, this.figuren[figuur]!.tot))
    const eenheden = [...perDagen.values()].map((eigen) => new Map(eigen.map(([figuur, stap]) => [this.figuren[figuur]!.sleutel, stap])))
    const [wereld] = this.#mend(eenheden, verder, mag, { diepte: DIEPTE, over: HERSTELD })
    return wereld
  }

  /** Sums of the new table move as the figures do that they are made up of. */
  #addUp (kiem: Wereld): Map<number, number> {
    const verder = new Map(kiem)
    const sleutels = new Set([...kiem.keys()].map((figuur) => this.figuren[figuur]!.sleutel))
    for (const sleutel of sleutels) {
      const nieuw = this.#tijden[sleutel] === 'som' ? this.#figurenVan[sleutel]!.find((figuur) => this.figuren[figuur]!.kiesbaar && !kiem.has(figuur)) : undefined
      if (nieuw === undefined) continue
      const delen = this.#groepen.get(sleutel)!.find(({ leden }) => leden.some(({ id }) => id === nieuw))?.leden ?? []
      const stap = findVerdeling(delen, nieuw).reduce((som, deel) => som + (kiem.get(deel) ?? 0), 0)
      if (stap !== 0) verder.set(nieuw, stap)
    }
    return verder
  }

  /** How many more must be hidden for it; of as many rather small ones than large ones. */
  #countPrijs (wereld: Wereld): number {
    let prijs = 0
    for (const figuur of wereld.keys()) if (this.isGetoond(figuur)) prijs += this.#prijsVan(figuur)
    return prijs
  }

  #prijsVan (figuur: number): number {
    const { waarde, mee } = this.figuren[figuur]!
    return 1 + Math.log2(1 + waarde) * GEWICHT * 2 + mee.filter((ander) => this.isGetoond(ander)).length
  }

  /** Sleutels that can move together with this figure while every total stays the sum of its parts; those that need least hidden first. */
  * #listEenheden (figuur: number, stap: number): Generator<{ tekens: ReadonlyMap<number, number>, kosten: number }> {
    const { sleutel } = this.figuren[figuur]!
    const begin = this.#countKosten(figuur, sleutel, stap)
    if (begin === undefined) return
    const rij = [this.#knoop(new Map([[sleutel, stap]]), begin, figuur)]
    const gehad = new Set<string>()
    for (let gemaakt = 0; rij.length > 0 && gemaakt < GEMAAKT;) {
      let plek = 0
      for (let index = 1; index < rij.length; index++) if (rij[index]!.rang < rij[plek]!.rang) plek = index
      const [eerste] = rij.splice(plek, 1)
      const { tekens, kosten, scheef } = eerste!
      if (scheef === undefined) {
        yield eerste!
        continue
      }
      const { totaal, delen } = this.#vergelijkingen[scheef.nummer]!
      for (const ander of [...delen, totaal]) {
        if (tekens.has(ander)) continue
        const teken = ander === totaal ? Math.sign(scheef.over) : -Math.sign(scheef.over)
        const erbij = this.#countKosten(figuur, ander, teken)
        if (erbij === undefined) continue
        const meer = new Map(tekens).set(ander, teken)
        const naam = [...meer.keys()].sort((a, b) => a - b).join()
        if (gehad.size === gehad.add(naam).size) continue
        gemaakt++
        rij.push(this.#knoop(meer, kosten + erbij, figuur))
      }
    }
  }

  /** Every sum that is not right yet will need one more at least. */
  #knoop (tekens: Eenheid, kosten: number, figuur: number): { readonly tekens: Eenheid, readonly kosten: number, readonly rang: number, readonly scheef: Scheef | undefined } {
    const scheef = this.#findScheef(tekens, figuur)
    return { tekens, kosten, rang: kosten + (scheef?.aantal ?? 0) * SCHEEF, scheef }
  }

  #findScheef (tekens: Eenheid, figuur: number): Scheef | undefined {
    let eerste: { nummer: number, over: number } | undefined
    const scheef = new Set<number>()
    for (const sleutel of tekens.keys()) {
      for (const nummer of this.#vergelijkingenVan[sleutel]!) {
        if (scheef.has(nummer)) continue
        const { totaal, delen, inTabel } = this.#vergelijkingen[nummer]!
        const geheel = inTabel ? this.#naast(figuur, totaal) : undefined
        let over = -(tekens.get(totaal) ?? 0)
        for (const [ander, teken] of tekens) if (delen.has(ander) && this.#isSamenVerteld(geheel, this.#naast(figuur, ander))) over += teken
        if (over === 0) continue
        scheef.add(nummer)
        eerste ??= { nummer, over }
      }
    }
    return eerste === undefined ? undefined : { ...eerste, aantal: scheef.size }
  }

  /** Not where a correction came between the one table and the other. */
  #isSamenVerteld (geheel: number | undefined, deel: number | undefined): boolean {
    if (geheel === undefined || deel === undefined) return true
    const { tabellen } = this.figuren[deel]!
    return this.figuren[geheel]!.tabellen.some((tabel) => tabellen.includes(tabel))
  }

  /** What was told of a sleutel along with a figure: in the same table, of the same leerlingen, or else, while it still holds, last of the same days. */
  #naast (figuur: number, sleutel: number): number | undefined {
    const { sleutel: eigen, van, tot, tabellen } = this.figuren[figuur]!
    if (sleutel === eigen) return figuur
    for (let index = tabellen.length - 1; index >= 0; index--) {
      const ander = this.#tabellen[tabellen[index]!]!.get(sleutel)
      if (ander !== undefined) return ander
    }
    for (const gevolg of this.#gevolgenVan[figuur]!) for (const [ander] of this.gevolgen[gevolg]!.termen) if (this.figuren[ander]!.sleutel === sleutel) return ander
    return this.figuurOp(eigen, van, tot) === figuur ? this.figuurOp(sleutel, van, tot) : undefined
  }

  /** Undefined where it cannot move; a little more where it moves and nobody told it, as it may be told over other days. */
  #countKosten (bij: number, sleutel: number, teken: number): number | undefined {
    const figuur = this.#naast(bij, sleutel)
    if (figuur === undefined) return 0.1 + GEWICHT
    if (this.figuren[figuur]!.openbaar || !this.#fits(figuur, teken)) return undefined
    return GEWICHT + (this.isGetoond(figuur) ? this.#prijsVan(figuur) : 0)
  }

  * #listWerelden (tekens: Eenheid, doel: number, { ruim, grondig }: { readonly ruim: boolean, readonly grondig: boolean }): Generator<Wereld> {
    const { van, tot } = this.figuren[doel]!
    const over = grondig ? HERSTELD : HERSTELD / 3
    const [sleutel] = tekens.keys()
    const mag = (figuur: number): boolean => {
      const { openbaar, kiesbaar, ...eigen } = this.figuren[figuur]!
      return !openbaar && (!kiesbaar || this.#verborgen.has(figuur) || ruim || (eigen.van === van && eigen.tot === tot))
    }
    if (this.#tijden[sleutel!] === 'som') {
      yield * this.#listVerschuivingen(tekens, doel, mag)
      if (!grondig) return
      const begin = this.#moveTabellen(tekens, new Map(), { figuur: doel, stap: tekens.get(sleutel!)! }, mag)
      if (begin !== undefined) yield * this.#mend([tekens], begin, mag, { diepte: DIEPTE, over })
    } else {
      const begin = this.#moveTabellen(tekens, new Map(), { figuur: doel, stap: tekens.get(sleutel!)! }, mag)
      if (begin === undefined) return
      yield * this.#mend([tekens], begin, mag, { diepte: DIEPTE, over })
      // Who was there all the time is so in every table.
      let overal = begin
      for (const [ander, teken] of tekens) for (const figuur of this.#figurenVan[ander]!) overal = this.#moveTabellen(tekens, overal, { figuur, stap: teken }, mag) ?? overal
      if (overal.size > begin.size) yield * this.#mend([tekens], overal, mag, { diepte: DIEPTE, over })
    }
  }

  /**
   * Of sums over time: one more is counted by every day from some boundaries on, and one less by others. Boundaries between which something is
   * shown, move together; so what is between two that do not, nobody knows.
   */
  * #listVerschuivingen (tekens: Eenheid, doel: number, mag: (figuur: number) => boolean): Generator<Wereld> {
    const { van, tot } = this.figuren[doel]!
    for (const eigen of this.#listSamen(tekens, doel)) {
      const ouder = new Map<number, number>()
      const top = (grens: number): number => {
        let boven = grens
        for (let ander = ouder.get(boven); ander !== undefined && ander !== boven; ander = ouder.get(boven)) boven = ander
        return boven
      }
      const vrij: Array<{ figuur: number, teken: number }> = []
      for (const each of eigen) {
        const { van: begin, tot: einde } = this.figuren[each.figuur]!
        if (each.vrij && mag(each.figuur)) vrij.push(each)
        else ouder.set(top(begin), top(einde))
      }
      const [van1, tot1] = [top(van), top(tot)]
      if (van1 === tot1) continue
      const grenzen = [...new Set(vrij.flatMap(({ figuur }) => [this.figuren[figuur]!.van, this.figuren[figuur]!.tot]))].sort((a, b) => a - b)
      for (const volgorde of [grenzen, grenzen.toReversed(), []]) {
        // What is tied to neither goes along with what lies beside it; or stays.
        const erbij = new Map([[van1, 0], [tot1, 1]])
        let naast = 0
        for (const grens of volgorde) {
          const klasse = top(grens)
          naast = erbij.get(klasse) ?? naast
          erbij.set(klasse, naast)
        }
        const verschil = new Map<number, number>()
        for (const { figuur, teken } of vrij) {
          const eigen = this.figuren[figuur]!
          const stap = ((erbij.get(top(eigen.tot)) ?? 0) - (erbij.get(top(eigen.van)) ?? 0)) * teken
          if (stap !== 0) verschil.set(figuur, stap)
        }
        if (this.isWereld(verschil)) yield verschil
      }
    }
  }

  /** What was told of the same facts as these days; where a correction came in between, also without what still holds of other facts. */
  #listSamen (tekens: Eenheid, bij: number): Array<Array<{ readonly figuur: number, readonly teken: number, readonly vrij: boolean }>> {
    const samen = new Map<number, Set<number>>()
    const elders = new Set<number>()
    const nergens: number[] = []
    for (const sleutel of tekens.keys()) {
      const doel = this.#naast(bij, sleutel)
      const groepen = this.#groepen.get(sleutel) ?? []
      const eigen = doel === undefined ? groepen.slice(-1) : groepen.filter(({ leden }) => leden.some(({ id }) => id === doel))
      samen.set(sleutel, new Set([...doel === undefined ? [] : [doel], ...eigen.flatMap(({ leden }) => leden.map(({ id }) => id))]))
      if (doel === undefined && groepen.length > 0) nergens.push(sleutel)
      for (const groep of groepen) if (!eigen.includes(groep)) for (const { id } of groep.leden) elders.add(id)
    }
    const isGebonden = (figuur: number): boolean => this.figuren[figuur]!.tabellen.some((tabel) => {
      for (const [sleutel, eigen] of samen) {
        const ander = this.#tabellen[tabel]!.get(sleutel)
        if (ander !== undefined && !eigen.has(ander)) return true
      }
      return false
    })
    const alle = [...samen].flatMap(([sleutel, figuren]) => [...figuren].map((figuur) => ({ figuur, teken: tekens.get(sleutel)!, vrij: true })))
    const streng = elders.size === 0 ? alle : alle.map((each) => ({ ...each, vrij: !elders.has(each.figuur) && !isGebonden(each.figuur) }))
    const ruim = elders.size === 0 ? alle : alle.map((each) => ({ ...each, vrij: !isGebonden(each.figuur) }))
    // What is not told of these days may be of other facts altogether.
    const zonder = nergens.length === 0 ? [] : [alle.filter(({ figuur }) => !nergens.includes(this.figuren[figuur]!.sleutel))]
    return elders.size === 0 ? [alle, ...zonder] : [streng, ruim, alle, ...zonder]
  }

  /** Moves a figure, and in every table that tells it the others of its unit; undefined where one may not. */
  #moveTabellen (eenheid: Eenheid, verschil: Wereld, { figuur, stap }: { readonly figuur: number, readonly stap: number }, mag: (figuur: number) => boolean): Map<number, number> | undefined {
    const nieuw = new Map(verschil)
    const maal = stap * eenheid.get(this.figuren[figuur]!.sleutel)!
    const rij = [figuur]
    for (const ander of rij) {
      const { sleutel, van, tot, tabellen } = this.figuren[ander]!
      const anders = maal * eenheid.get(sleutel)!
      const eerder = nieuw.get(ander)
      if (eerder === anders) continue
      if (eerder !== undefined || !mag(ander)) return undefined
      nieuw.set(ander, anders)
      const laatste = this.figuurOp(sleutel, van, tot) === ander
      for (const naast of eenheid.keys()) {
        if (naast === sleutel) continue
        for (const tabel of tabellen) {
          const verder = this.#tabellen[tabel]!.get(naast)
          if (verder !== undefined && !nieuw.has(verder)) rij.push(verder)
        }
        // What others were told of the same days.
        const verder = laatste ? this.figuurOp(naast, van, tot) : undefined
        if (verder !== undefined && !nieuw.has(verder)) rij.push(verder)
      }
    }
    return nieuw
  }

  /** Mends what does not go over time, or between columns, by moving more. */
  * #mend (eenheden: readonly Eenheid[], verschil: Map<number, number>, mag: (figuur: number) => boolean, budget: { readonly diepte: number, over: number }): Generator<Wereld> {
    if (--budget.over < 0) return
    if (this.isWereld(verschil)) {
      yield verschil
      return
    }
    if (budget.diepte === 0) return
    const dieper = { get over () { return budget.over }, set over (over) { budget.over = over }, diepte: budget.diepte - 1 }
    for (const { figuur, stap } of this.#breuk) {
      if (verschil.has(figuur) || !mag(figuur)) continue
      for (const eenheid of this.#listPassend(eenheden, figuur, stap)) {
        const verder = this.#moveTabellen(eenheid, verschil, { figuur, stap }, mag)
        if (verder !== undefined) yield * this.#mend(eenheden.includes(eenheid) ? eenheden : [...eenheden, eenheid], verder, mag, dieper)
      }
    }
  }

  /** Units that can move this figure: first those that move already. */
  * #listPassend (eenheden: readonly Eenheid[], figuur: number, stap: number): Generator<Eenheid> {
    const { sleutel } = this.figuren[figuur]!
    for (const eenheid of eenheden) if (eenheid.has(sleutel)) yield eenheid
    let over = MEE
    for (const { tekens } of this.#listEenheden(figuur, stap)) {
      if (over-- === 0) return
      yield tekens
    }
  }
}

/** Sleutels that move together, and which way each does. */
type Eenheid = ReadonlyMap<number, number>

interface Scheef { readonly nummer: number, readonly over: number, readonly aantal: number }

const SCHEEF = 0.5
/** A small preference for few sleutels, and for small figures. */
const GEWICHT = 0.01

function spanne (van: number, tot: number): number {
  return van * 2 ** 20 + tot
}

// --- figures of one sleutel over time

/**
 * What was told last of each stretch of days, and once more for every time one of them changed, with what was told later of other days, as it
 * may have been so then; and of those what can be so together.
 */
function listGroepen (tijd: Tijdverband, verteld: readonly Reekslid[]): Groep[] {
  const standen = [new Map<number, Reekslid>()]
  for (const lid of verteld) {
    if (lid.tot <= lid.van) continue
    const plek = spanne(lid.van, lid.tot)
    let stand = standen.at(-1)!
    const eerder = stand.get(plek)
    if (eerder !== undefined && eerder.id !== lid.id) standen.push(stand = new Map(stand))
    stand.delete(plek)
    stand.set(plek, lid)
  }
  const groepen = new Map<string, Groep>()
  for (const stand of standen) {
    const later = [...standen.at(-1)!.values()].filter(({ van, tot }) => !stand.has(spanne(van, tot)))
    const leden = [...later, ...stand.values()]
    for (let over = leden; over.length > 0;) {
      // The last of what is left, and with it whatever goes along, the last first.
      let samen = [over.at(-1)!]
      if (over === leden && findReeksbreuk(buildGroep(tijd, leden), GEEN, 1) === undefined) samen = leden
      else for (const lid of leden.toReversed()) if (!samen.includes(lid) && findReeksbreuk(buildGroep(tijd, [lid, ...samen]), GEEN, 1) === undefined) samen = [lid, ...samen]
      if (samen.length > 1) groepen.set(samen.map(({ id }) => id).sort((x, y) => x - y).join(), buildGroep(tijd, samen))
      const binnen = new Set(samen)
      over = over.filter((lid) => !binnen.has(lid))
    }
  }
  return [...groepen.values()]
}

const GEEN: Wereld = new Map()

function buildGroep (tijd: Tijdverband, leden: readonly Reekslid[]): Groep {
  const grenzen = [...new Set(leden.flatMap(({ van, tot }) => [van, tot]))].sort((a, b) => a - b)
  const plek = new Map(grenzen.map((grens, index) => [grens, index]))
  return { tijd, grenzen: grenzen.length, leden: leden.map(({ id, van, tot, waarde }) => ({ id, van: plek.get(van)!, tot: plek.get(tot)!, waarde })).sort((a, b) => a.van - b.van || a.tot - b.tot) }
}

/** Of these as few as possible that lie side by side and make up one; none where none do. */
function findVerdeling (leden: readonly Reekslid[], geheel: number): number[] {
  const { van, tot } = leden.find(({ id }) => id === geheel) ?? { van: 0, tot: 0 }
  const wegen = new Map<number, number[]>([[van, []]])
  for (const { id, van: begin, tot: einde } of leden) {
    const weg = wegen.get(begin)
    if (id === geheel || weg === undefined || einde > tot || weg.length + 1 >= (wegen.get(einde)?.length ?? Infinity)) continue
    wegen.set(einde, [...weg, id])
  }
  return wegen.get(tot) ?? []
}

type Breuk = Array<{ readonly figuur: number, readonly stap: number }>

/** Undefined when the figures, so changed, can be of the same days; otherwise what would mend it. */
function findReeksbreuk (groep: Groep, verschil: Wereld, maal: number): Breuk | undefined {
  if (groep.tijd === 'som') return isLopend(groep, verschil, maal) ? undefined : listMeebewegend(groep, verschil)
  return (groep.tijd === 'ten-minste-een' ? findTeGroot(groep, verschil) : undefined) ?? findOngedekt(groep, verschil)
}

/** Whether a running total exists that never falls and that all of these are differences of (Bellman-Ford). */
function isLopend ({ leden, grenzen }: Groep, verschil: Wereld, maal: number): boolean {
  const lopend = new Float64Array(grenzen)
  for (let ronde = 0; ronde <= grenzen; ronde++) {
    let bewogen = false
    for (const { id, van, tot, waarde } of leden) {
      const som = waarde + (verschil.get(id) ?? 0) * maal
      if (lopend[van]! + som < lopend[tot]!) [lopend[tot], bewogen] = [lopend[van]! + som, true]
      else if (lopend[tot]! - som < lopend[van]!) [lopend[van], bewogen] = [lopend[tot]! - som, true]
    }
    for (let grens = grenzen - 1; grens > 0; grens--) if (lopend[grens]! < lopend[grens - 1]!) [lopend[grens - 1], bewogen] = [lopend[grens]!, true]
    if (!bewogen) return true
  }
  return false
}

/** What can make up for what was moved: what contains it or lies within it with it, what lies beside it against it. */
function listMeebewegend ({ leden }: Groep, verschil: Wereld): Breuk {
  return leden.filter(({ id }) => verschil.has(id)).flatMap((lid) => {
    const stap = verschil.get(lid.id)!
    const anderen = leden.filter(({ id }) => !verschil.has(id))
    const mee = anderen.filter(({ van, tot }) => (van <= lid.van && lid.tot <= tot) || (lid.van <= van && tot <= lid.tot))
    const tegen = anderen.filter(({ van, tot }) => tot <= lid.van || lid.tot <= van)
    return [...mee.map(({ id }) => ({ figuur: id, stap })), ...tegen.map(({ id }) => ({ figuur: id, stap: -stap }))]
  })
}

/** A part that exceeds the whole. */
function findTeGroot ({ leden }: Groep, verschil: Wereld): Breuk | undefined {
  for (const lid of leden) {
    const stap = verschil.get(lid.id)
    if (stap === undefined) continue
    for (const ander of leden) {
      const anders = ander.waarde + (verschil.get(ander.id) ?? 0)
      if (stap > 0 && ander.van <= lid.van && lid.tot <= ander.tot && anders < lid.waarde + stap) return [{ figuur: ander.id, stap: 1 }]
      if (stap < 0 && lid.van <= ander.van && ander.tot <= lid.tot && anders > lid.waarde + stap) return [{ figuur: ander.id, stap: -1 }]
    }
  }
  // Without changes: whether they go together at all.
  if (verschil.size === 0) for (const lid of leden) for (const ander of leden) if (ander.van <= lid.van && lid.tot <= ander.tot && ander.waarde < lid.waarde) return []
  return undefined
}

/** A whole that exceeds parts that cover it: those of a share only where they fit exactly. */
function findOngedekt ({ leden, grenzen, tijd }: Groep, verschil: Wereld): Breuk | undefined {
  const precies = tijd === 'aandeel'
  const lager = verschil.size === 0 ? leden : leden.filter(({ id }) => (verschil.get(id) ?? 0) < 0)
  // Per boundary what covers all up to it at least adds up to, and the last part of that.
  const som = new Float64Array(grenzen)
  const via = new Int32Array(grenzen)
  for (const { id, van, tot, waarde } of leden) {
    const stap = verschil.get(id) ?? 0
    if (stap <= 0 && !lager.some((lid) => lid.van < tot && van < lid.tot)) continue
    som.fill(Infinity, van + 1, tot + 1)
    som[van] = 0
    // By first day: a cover can be laid in that order.
    for (const [nummer, deel] of leden.entries()) {
      if (deel.van >= tot) break
      if (deel.tot <= van || (deel.van <= van && deel.tot >= tot) || (precies && (deel.van < van || deel.tot > tot))) continue
      const samen = som[Math.max(van, deel.van)]! + deel.waarde + (verschil.get(deel.id) ?? 0)
      for (let grens = Math.min(tot, deel.tot); grens > van && som[grens]! > samen; grens--) {
        som[grens] = samen
        via[grens] = nummer
        if (precies) break
      }
    }
    if (som[tot]! >= waarde + stap) continue
    const breuk = [{ figuur: id, stap: -1 }]
    for (let grens = tot; grens > van; grens = Math.max(van, leden[via[grens]!]!.van)) breuk.push({ figuur: leden[via[grens]!]!.id, stap: 1 })
    return breuk
  }
  return undefined
}
