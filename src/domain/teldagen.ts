import { CATEGORIEEN, SOORTEN, type Categorie, type Feit, type Rooster, type Soort } from './absentie.ts'
import { beleidOp, findReden, STANDAARDBELEID, type Beleid, type Reden } from './beleid.ts'
import { addDagen, datumVanDagnummer, dagnummer, verjaardag, weekdag, weekdagVanDagnummer, type Datum } from './datum.ts'
import type { Kalender } from './kalender.ts'
import { groepsperiode } from './leerplicht.ts'
import { findLandelijk, LANDELIJKE_REGELS, resolveRegel, WETTELIJK_GETELD, type Doelgroep, type Duiding, type Meting, type Regeldefinitie } from './regel.ts'
import type { Sector } from './sector.ts'

// What the rules count, day by day; evaluate-regels.ts decides what it amounts to.

export interface Deelname {
  readonly vestiging: string
  readonly van: Datum
  readonly tot: Datum | null
  readonly leerjaar: number
  readonly rooster: Rooster | null
}

/** Everything the rules know of one leerling at one school. Absenties are sorted by datum and none is withdrawn. */
export interface Feiten {
  readonly geboortedatum: Datum
  readonly absenties: readonly Feit[]
  readonly inschrijvingen: readonly Deelname[]
  readonly vrijstellingen: ReadonlyArray<{ readonly van: Datum, readonly tot: Datum }>
  /** Days on which a rule does not count for this leerling. */
  readonly uitzonderingen: ReadonlyArray<{ readonly regel: string, readonly van: Datum, readonly tot: Datum }>
}

export interface Vestigingskader { readonly sector: Sector, readonly lesuurMinuten: number, readonly kalender: Kalender }
export type Vestigingen = ReadonlyMap<string, Vestigingskader>

// --- the rules of a school as they were in force

/** Days on which a rule is on with one definition, under one beleidsversie. */
export interface Regelvlak {
  readonly van: Datum
  readonly tot: Datum
  /** The same two days as dagnummer. */
  readonly eerste: number
  readonly laatste: number
  readonly definitie: Regeldefinitie
  readonly soort: Rekensoort
  readonly versie: number
  /** Per categorie and soort whether the selection holds it. */
  readonly masker: Uint8Array
  /** Per reden whether the selection holds it, as it was asked before. */
  readonly redenen: Map<Reden | undefined, boolean>
}

export interface Regelreeks { readonly regel: string, readonly vlakken: readonly Regelvlak[], /** How its definitions are computed, each once. */ readonly soorten: ReadonlySet<Rekensoort> }

/** Over a sliding window, along runs of lesdagen, or as a share of planned time. */
export type Rekensoort = 'venster' | 'reeks' | 'aandeel'

export function rekensoort ({ meting, venster }: Regeldefinitie): Rekensoort {
  return venster.soort === 'aaneengesloten' ? 'reeks' : meting === 'procent' ? 'aandeel' : 'venster'
}

interface Regelplan { readonly reeksen: readonly Regelreeks[], readonly perRegel: ReadonlyMap<string, Regelreeks>, readonly duidt: boolean, readonly vraagtRedenSinds: boolean, /** Per categorie and soort whether any rule may count it. */ readonly masker: Uint8Array }

const EINDE = '9999-12-31'
const plannen = new WeakMap<readonly Beleid[], Regelplan>()
const STANDAARD: readonly Beleid[] = [STANDAARDBELEID]

/** The rules that these beleidsversies ever switch on, in a fixed order. Computed once for every list. */
export function listReeksen (beleid: readonly Beleid[]): readonly Regelreeks[] {
  return planOf(beleid).reeksen
}

export function findReeks (beleid: readonly Beleid[], regel: string): Regelreeks | undefined {
  return planOf(beleid).perRegel.get(regel)
}

function planOf (beleid: readonly Beleid[]): Regelplan {
  const versies = beleid.length === 0 ? STANDAARD : beleid
  let plan = plannen.get(versies)
  if (plan === undefined) plannen.set(versies, plan = buildPlan(versies))
  return plan
}

function buildPlan (beleid: readonly Beleid[]): Regelplan {
  const perioden = [...beleid, ...LANDELIJKE_REGELS]
  const grenzen = [...new Set([STANDAARDBELEID.geldigVan, ...perioden.flatMap(({ geldigVan, geldigTot }) => geldigTot === null ? [geldigVan] : [geldigVan, addDagen(geldigTot, 1)])])].sort()
  const codes = new Set([...LANDELIJKE_REGELS, ...beleid.flatMap(({ regels }) => regels)].map(({ regel }) => regel))
  const reeksen = [...codes].map((regel) => ({ regel, vlakken: buildVlakken(regel, beleid, grenzen) })).filter(({ vlakken }) => vlakken.length > 0)
    .map((reeks) => ({ ...reeks, soorten: new Set(reeks.vlakken.map(({ soort }) => soort)) }))
  const duidingen = beleid.flatMap((versie) => versie.duidingen)
  const masker = new Uint8Array(CATEGORIEEN.length * SOORTEN.length)
  for (const vlak of reeksen.flatMap(({ vlakken }) => vlakken)) vlak.masker.forEach((telt, at) => { masker[at] = Math.max(masker[at]!, telt) })
  // A duiding may make anything count that its conditions name; which of them hold is not asked here.
  if (duidingen.length > 0) masker.fill(1)
  return { reeksen, perRegel: new Map(reeksen.map((reeks) => [reeks.regel, reeks])), duidt: duidingen.length > 0, vraagtRedenSinds: duidingen.some(({ wanneer }) => wanneer.redenNaLesdagen !== undefined), masker }
}

function buildVlakken (regel: string, beleid: readonly Beleid[], grenzen: readonly Datum[]): Regelvlak[] {
  const vlakken: Array<Regelvlak & { tot: Datum, laatste: number }> = []
  for (const [at, van] of grenzen.entries()) {
    const versie = beleidOp(beleid, van)
    const landelijk = findLandelijk(regel, van)
    const definitie = resolveRegel(versie.regels.find((keuze) => keuze.regel === regel), landelijk)
    if (definitie === undefined) continue
    const tot = at + 1 < grenzen.length ? addDagen(grenzen[at + 1]!, -1) : EINDE
    const vorig = vlakken.at(-1)
    if (vorig !== undefined && vorig.versie === versie.versie && vorig.tot < van && addDagen(vorig.tot, 1) === van && JSON.stringify(vorig.definitie) === JSON.stringify(definitie)) Object.assign(vorig, { tot, laatste: dagnummer(tot) })
    else vlakken.push({ van, tot, eerste: dagnummer(van), laatste: dagnummer(tot), definitie, soort: rekensoort(definitie), versie: versie.versie, masker: buildMasker(definitie), redenen: new Map() })
  }
  return vlakken
}

function buildMasker ({ over }: Regeldefinitie): Uint8Array {
  const masker = new Uint8Array(CATEGORIEEN.length * SOORTEN.length)
  for (const categorie of over.categorieen) {
    for (const soort of over.soorten ?? SOORTEN) masker[maskerplaats(categorie, soort)] = 1
  }
  return masker
}

function maskerplaats (categorie: Categorie, soort: Soort): number {
  return CATEGORIEEN.indexOf(categorie) * SOORTEN.length + SOORTEN.indexOf(soort)
}

/** Whether any rule of these beleidsversies may count such an absentie, so that its leerling must be evaluated when it comes or goes. */
export function mayCount (beleid: readonly Beleid[], categorie: Categorie, soort: Soort): boolean {
  return planOf(beleid).masker[maskerplaats(categorie, soort)] === 1
}

/** What the rules of these beleidsversies ask of the store. */
export function whatIsAsked (beleid: readonly Beleid[]): { /** More than what the statutory rules count. */ readonly alles: boolean, readonly redenSinds: boolean } {
  const { masker, vraagtRedenSinds } = planOf(beleid)
  const alles = CATEGORIEEN.some((categorie) => SOORTEN.some((soort) =>
    masker[maskerplaats(categorie, soort)] === 1 && !(categorie === WETTELIJK_GETELD.categorie && WETTELIJK_GETELD.soorten.includes(soort))))
  return { alles, redenSinds: vraagtRedenSinds }
}

/** The definition in force on a day. */
export function vlakOp (reeks: Regelreeks, datum: Datum): Regelvlak | undefined {
  return reeks.vlakken.find(({ van, tot }) => van <= datum && datum <= tot)
}

// --- the facts of a leerling, read once for all rules

/** An absentie as the beleid of its day reads it. */
export interface Gelezen {
  readonly feit: Feit
  readonly nummer: number
  readonly categorie: Categorie
  readonly soort: Soort
  readonly minuten: number | null
  readonly plaats: number
  readonly reden: Reden | undefined
  readonly duiding: Duiding | undefined
  readonly kader: Vestigingskader | undefined
  /** Rank among the lesdagen of its vestiging; undefined on a day that is none. */
  readonly lesdag: number | undefined
  readonly deelname: Deelname | undefined
  readonly vrijgesteld: boolean
}

/** One day's counted absenties, under the vestiging where they were missed. */
export interface Teldag {
  readonly datum: Datum
  readonly nummer: number
  readonly vestiging: string
  readonly kader: Vestigingskader
  readonly vlak: Regelvlak
  readonly gelezen: Gelezen[]
  /** As far as known. */
  minuten: number
}

/** Why an absentie counts or not, for one rule. */
export const OORDELEN = ['telt', 'uit', 'categorie', 'soort', 'selectie', 'duur', 'minuten-onbekend', 'geen-minuten', 'lesdag', 'lesweek', 'inschrijving', 'doelgroep', 'vrijstelling', 'uitzondering', 'dag-niet-heel'] as const
export type Oordeel = typeof OORDELEN[number]

/** These add up minutes, so an absentie of unknown length is nothing to them. */
const TELT_MINUTEN: ReadonlySet<Meting> = new Set(['minuten', 'uren', 'lesuren', 'procent'])

/** The facts of one leerling up to and including the peildatum, ready to be counted by any rule. */
export class Leerlingrekening {
  readonly feiten: Feiten
  readonly vestigingen: Vestigingen
  readonly beleid: readonly Beleid[]
  readonly peildatum: Datum
  readonly gelezen: readonly Gelezen[]
  readonly #tellingen = new Map<Regelreeks, Telling>()
  readonly #leeftijden = new Map<Doelgroep, Dagnummers>()
  readonly #verblijven: readonly Verblijf[]
  readonly #enkel: boolean

  constructor (feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: Datum) {
    this.feiten = feiten
    this.vestigingen = vestigingen
    this.beleid = beleid
    this.peildatum = peildatum
    this.#verblijven = feiten.inschrijvingen.map((deelname) => ({ deelname, kader: vestigingen.get(deelname.vestiging), ...numberDagen(deelname) }))
    this.#enkel = this.#verblijven.every(({ deelname: { vestiging } }) => vestiging === feiten.inschrijvingen[0]!.vestiging)
    this.gelezen = this.#read()
  }

  #read (): Gelezen[] {
    const { duidt } = planOf(this.beleid)
    const gelezen: Gelezen[] = []
    let versie: Beleid | undefined
    let vestiging: string | undefined
    let kader: Vestigingskader | undefined
    for (const feit of this.feiten.absenties) {
      const { datum } = feit
      if (datum > this.peildatum) break
      if (versie === undefined || versie === STANDAARDBELEID || !covers({ van: versie.geldigVan, tot: versie.geldigTot }, datum)) versie = beleidOp(this.beleid, datum)
      if (vestiging !== feit.vestiging) kader = this.vestigingen.get(vestiging = feit.vestiging)
      const reden = feit.reden === null ? undefined : findReden(versie, feit.reden, feit.bron, datum)
      const duiding = duidt ? versie.duidingen.find((kandidaat) => holdsDuiding(kandidaat, feit, reden, kader)) : undefined
      gelezen.push(this.#readFeit(feit, kader, reden, duiding))
    }
    return gelezen
  }

  #readFeit (feit: Feit, kader: Vestigingskader | undefined, reden: Reden | undefined, duiding: Duiding | undefined): Gelezen {
    const { vrijstellingen } = this.feiten
    const { datum } = feit
    const nummer = dagnummer(datum)
    const categorie = duiding?.telt.categorie ?? feit.categorie
    const soort = duiding?.telt.soort ?? feit.soort
    return {
      feit,
      nummer,
      categorie,
      soort,
      minuten: duiding?.telt.lesuren === undefined ? feit.minuten : duiding.telt.lesuren * (kader?.lesuurMinuten ?? 60),
      plaats: maskerplaats(categorie, soort),
      reden,
      duiding,
      kader,
      lesdag: kader?.kalender.lesdagIndex(nummer),
      deelname: this.#verblijven.find((verblijf) => verblijf.deelname.vestiging === feit.vestiging && holds(verblijf, nummer))?.deelname,
      vrijgesteld: vrijstellingen.length > 0 && vrijstellingen.some(({ van, tot }) => van <= datum && datum <= tot)
    }
  }

  /** What counts for a rule; counted once. */
  tel (reeks: Regelreeks): Telling {
    let telling = this.#tellingen.get(reeks)
    if (telling === undefined) this.#tellingen.set(reeks, telling = new Telling(this, this.#countTeldagen(reeks)))
    return telling
  }

  #countTeldagen (reeks: Regelreeks): Teldag[] {
    const dagen: Teldag[] = []
    const uitzonderingen = this.#listUitzonderingen(reeks)
    let dag: Teldag | undefined
    for (const vlak of reeks.vlakken) {
      const { eerste, laatste } = this.#dagenVan(vlak)
      for (let at = countVoor(this.gelezen, eerste); at < this.gelezen.length; at++) {
        const gelezen = this.gelezen[at]!
        if (gelezen.nummer > laatste) break
        if (vlak.masker[gelezen.plaats] === 0 || this.#judge(vlak, gelezen, uitzonderingen) !== 'telt') continue
        if (dag?.nummer === gelezen.nummer) {
          dag.gelezen.push(gelezen)
          dag.minuten += gelezen.minuten ?? 0
        } else {
          dagen.push(dag = { datum: gelezen.feit.datum, nummer: gelezen.nummer, vestiging: gelezen.feit.vestiging, kader: gelezen.kader!, vlak, gelezen: [gelezen], minuten: gelezen.minuten ?? 0 })
        }
      }
    }
    return reeks.vlakken.some(({ definitie }) => definitie.over.heleDag === true) ? dagen.filter((dag) => dag.vlak.definitie.over.heleDag !== true || this.#isHeel(dag)) : dagen
  }

  /** The days on which a rule is on and the leerling has the age it is for. */
  #dagenVan ({ eerste, laatste, definitie: { voor } }: Regelvlak): Dagnummers {
    const leeftijd = this.#leeftijd(voor)
    return { eerste: Math.max(eerste, leeftijd.eerste), laatste: Math.min(laatste, leeftijd.laatste) }
  }

  /** None of a mandatory rule, whatever was once laid down. */
  #listUitzonderingen (reeks: Regelreeks): Feiten['uitzonderingen'] {
    const { uitzonderingen } = this.feiten
    return uitzonderingen.length === 0 ? uitzonderingen : uitzonderingen.filter(({ regel, van }) => regel === reeks.regel && findLandelijk(regel, van)?.verplicht !== true)
  }

  /** Why an absentie does not count for a rule on its day; 'telt' when it does. */
  judge (reeks: Regelreeks, gelezen: Gelezen): Oordeel {
    const vlak = vlakOp(reeks, gelezen.feit.datum)
    if (vlak === undefined) return 'uit'
    const { over } = vlak.definitie
    if (!over.categorieen.includes(gelezen.categorie)) return 'categorie'
    if (vlak.masker[gelezen.plaats] === 0) return 'soort'
    const oordeel = this.#judge(vlak, gelezen, this.#listUitzonderingen(reeks))
    if (oordeel !== 'telt' || over.heleDag !== true) return oordeel
    return this.tel(reeks).dagen.some(({ nummer }) => nummer === gelezen.nummer) ? 'telt' : 'dag-niet-heel'
  }

  /** Of what the masker lets through. */
  #judge (vlak: Regelvlak, gelezen: Gelezen, uitzonderingen: Feiten['uitzonderingen']): Oordeel {
    const { feit: { datum }, nummer, minuten, kader, deelname } = gelezen
    const { over, voor, venster, meting } = vlak.definitie
    if (!holdsRegelselectie(vlak, gelezen)) return 'selectie'
    if (over.meerDanMinuten !== undefined && !(minuten !== null && minuten > over.meerDanMinuten)) return 'duur'
    if (minuten === null && TELT_MINUTEN.has(meting)) return 'minuten-onbekend'
    // On a day without planned time nothing was missed; that somebody came late is a registration all the same.
    if (minuten === 0 && meting !== 'registraties') return 'geen-minuten'
    if (kader === undefined || gelezen.lesdag === undefined) return 'lesdag'
    if (venster.soort === 'lesweken' && venster.minLesdagen !== undefined && kader.kalender.variant(venster.minLesdagen, venster.overZomer).lesweekNummer(nummer) === undefined) return 'lesweek'
    if (deelname === undefined) return 'inschrijving'
    if (!this.#isInDoelgroep(voor, nummer, kader, deelname)) return 'doelgroep'
    if (gelezen.vrijgesteld && voor.ookMetVrijstelling !== true) return 'vrijstelling'
    return uitzonderingen.length > 0 && uitzonderingen.some(({ van, tot }) => van <= datum && datum <= tot) ? 'uitzondering' : 'telt'
  }

  /** The lesdagen between two dagnummers of which the planned time is known and counts for a share: the rule is on and is for the leerling, no vrijstelling, no uitzondering. */
  listTelbaar (reeks: Regelreeks, van: number, tot: number): Telbaredag[] {
    const telbaar: Telbaredag[] = []
    const uitzonderingen = this.#listUitzonderingen(reeks)
    for (const { deelname, kader, eerste, laatste } of this.#verblijven) {
      if (kader === undefined || deelname.rooster === null) continue
      for (const vlak of reeks.vlakken) {
        const { voor } = vlak.definitie
        if (vlak.soort !== 'aandeel' || !isVoor(voor, kader, deelname)) continue
        const dagen = this.#dagenVan(vlak)
        const [begin, einde] = [Math.max(van, eerste, dagen.eerste), Math.min(tot, laatste, dagen.laatste)]
        const vrij = [...voor.ookMetVrijstelling === true ? [] : this.feiten.vrijstellingen, ...uitzonderingen].map(numberDagen)
        for (let nummer = begin; nummer <= einde; nummer++) {
          const gepland = kader.kalender.isLesdag(nummer) ? deelname.rooster[weekdagVanDagnummer(nummer) - 1]! : 0
          if (gepland > 0 && !isVrij(vrij, nummer)) telbaar.push({ nummer, gepland, kader, deelname, vlak })
        }
      }
    }
    return this.#verblijven.length > 1 ? mergeLesdagen(telbaar) : telbaar
  }

  #isInDoelgroep (voor: Doelgroep, nummer: number, kader: Vestigingskader, deelname: Deelname): boolean {
    return holds(this.#leeftijd(voor), nummer) && isVoor(voor, kader, deelname)
  }

  /** The days on which the leerling has the age that a rule is for. */
  #leeftijd (voor: Doelgroep): Dagnummers {
    let dagen = this.#leeftijden.get(voor)
    if (dagen === undefined) this.#leeftijden.set(voor, dagen = buildLeeftijd(voor, this.feiten.geboortedatum))
    return dagen
  }

  /** Everything planned was missed, and something was planned; where the rooster is unknown only an `afwezig` without duration says so. */
  #isHeel (dag: Teldag): boolean {
    const gepland = this.#gepland(dag.nummer)
    return gepland === null ? dag.gelezen.some(({ soort, minuten }) => soort === 'afwezig' && minuten === null) : gepland > 0 && dag.minuten >= gepland
  }

  /** Planned minutes of a day, wherever the leerling is enrolled; null where a rooster is unknown. */
  #gepland (nummer: number): number | null {
    let gepland: number | null = 0
    for (const verblijf of this.#verblijven) {
      if (!holds(verblijf, nummer) || verblijf.kader?.kalender.isLesdag(nummer) !== true) continue
      const { rooster } = verblijf.deelname
      gepland = gepland === null || rooster === null ? null : gepland + rooster[weekdagVanDagnummer(nummer) - 1]!
    }
    return gepland
  }

  /** Whether the leerling was to be at school: a lesdag with planned time, or of which no rooster is known. Between two inschrijvingen the kalender of `anders` says. */
  isLesdag (nummer: number, anders?: Vestigingskader): boolean {
    let ingeschreven = false
    for (const verblijf of this.#verblijven) {
      if (!holds(verblijf, nummer)) continue
      ingeschreven = true
      const { rooster } = verblijf.deelname
      if (verblijf.kader?.kalender.isLesdag(nummer) === true && (rooster === null || rooster[weekdagVanDagnummer(nummer) - 1]! > 0)) return true
    }
    return !ingeschreven && anders?.kalender.isLesdag(nummer) === true
  }

  /** From `van` up to, not including, `voor`. */
  hasLesdag (van: number, voor: number, anders: Vestigingskader): boolean {
    for (let nummer = van; nummer < voor; nummer++) if (this.isLesdag(nummer, anders)) return true
    return false
  }

  /** No lesdag of the leerling lies between these two days. */
  isAansluitend (a: Teldag, b: Teldag): boolean {
    if (this.#enkel && a.vestiging === b.vestiging && b.gelezen[0]!.lesdag === a.gelezen[0]!.lesdag! + 1) return true
    return !this.hasLesdag(a.nummer + 1, b.nummer, a.kader)
  }

  /** The first lesdag of the leerling in its ISO week. */
  isEersteVanWeek ({ nummer, kader }: Teldag): boolean {
    return !this.hasLesdag(nummer - weekdagVanDagnummer(nummer) + 1, nummer, kader)
  }

  findDeelname (datum: Datum): Deelname | undefined {
    return this.feiten.inschrijvingen.find((deelname) => this.vestigingen.has(deelname.vestiging) && covers(deelname, datum))
  }
}

// --- sums

/** The days that count for a rule, in order, with sums over consecutive ones; each measure is added up once. */
export class Telling {
  readonly #rekening: Leerlingrekening
  readonly dagen: readonly Teldag[]
  readonly #tot = new Map<Meting, readonly number[]>()
  #begint: readonly boolean[] | undefined

  constructor (rekening: Leerlingrekening, dagen: readonly Teldag[]) {
    this.#rekening = rekening
    this.dagen = dagen
  }

  /** Over the days from index `eerste` up to and including `laatste`; 0 when there are none. */
  tussen (meting: Meting, eerste: number, laatste: number): number {
    if (laatste < eerste) return 0
    if (meting === 'lesdagen') return laatste - eerste + 1
    let tot = this.#tot.get(meting)
    if (tot === undefined) this.#tot.set(meting, tot = this.#add(meting))
    return tot[laatste + 1]! - tot[eerste]!
  }

  /** Whether a spell begins on this day. */
  begint (at: number): boolean {
    this.#begint ??= this.dagen.map((dag, n) => n === 0 || !this.#rekening.isAansluitend(this.dagen[n - 1]!, dag))
    return this.#begint[at]!
  }

  /** The first day from here on on which a spell begins. */
  eersteBegin (vanaf: number): number {
    let at = vanaf
    while (!this.begint(at)) at++
    return at
  }

  /** From 0. No typed array: making one takes 1.5 µs, adding up a leerling's year less. */
  #add (meting: Meting): readonly number[] {
    const tot = [0]
    for (let at = 0; at < this.dagen.length; at++) {
      const dag = this.dagen[at]!
      tot.push(tot[at]! + (meting === 'registraties' ? dag.gelezen.length : meting === 'perioden' ? Number(this.begint(at)) : dag.minuten))
    }
    return tot
  }
}

/** A lesdag of a leerling on which a rule is on for him, under the first vestiging where he is enrolled then. */
export interface Telbaredag { readonly nummer: number, readonly gepland: number, readonly kader: Vestigingskader, readonly deelname: Deelname, readonly vlak: Regelvlak }

/** In order; a day at two vestigingen is one, of the first of them. */
function mergeLesdagen (lesdagen: readonly Telbaredag[]): Telbaredag[] {
  const dagen: Telbaredag[] = []
  for (const lesdag of lesdagen.toSorted((a, b) => a.nummer - b.nummer)) {
    const vorige = dagen.at(-1)
    if (vorige?.nummer !== lesdag.nummer) dagen.push(lesdag)
    else dagen[dagen.length - 1] = { ...vorige, gepland: vorige.gepland + lesdag.gepland }
  }
  return dagen
}

/** How many of them, in order, lie before this day: by halves, for it is asked of many days. */
export function countVoor (dagen: ReadonlyArray<{ readonly nummer: number }>, nummer: number): number {
  let [laag, hoog] = [0, dagen.length]
  while (laag < hoog) {
    const midden = (laag + hoog) >> 1
    if (dagen[midden]!.nummer < nummer) laag = midden + 1
    else hoog = midden
  }
  return laag
}

/** Days as dagnummer, both inclusive. */
interface Dagnummers { readonly eerste: number, readonly laatste: number }

interface Verblijf extends Dagnummers { readonly deelname: Deelname, /** Undefined where the vestiging is not known. */ readonly kader: Vestigingskader | undefined }

function numberDagen ({ van, tot }: { readonly van: Datum, readonly tot: Datum | null }): Dagnummers {
  return { eerste: dagnummer(van), laatste: tot === null ? Infinity : dagnummer(tot) }
}

function holds ({ eerste, laatste }: Dagnummers, nummer: number): boolean {
  return eerste <= nummer && nummer <= laatste
}

function isVrij (vrij: readonly Dagnummers[], nummer: number): boolean {
  for (const dagen of vrij) if (holds(dagen, nummer)) return true
  return false
}

function buildLeeftijd ({ leerplicht, leeftijd }: Doelgroep, geboortedatum: Datum): Dagnummers {
  const groep = leerplicht === undefined ? undefined : groepsperiode(leerplicht, geboortedatum)
  return {
    eerste: Math.max(groep === undefined ? -Infinity : dagnummer(groep.van), leeftijd?.van === undefined ? -Infinity : dagnummer(verjaardag(geboortedatum, leeftijd.van))),
    laatste: Math.min(groep === undefined ? Infinity : dagnummer(groep.tot), leeftijd?.tot === undefined ? Infinity : dagnummer(verjaardag(geboortedatum, leeftijd.tot)) - 1)
  }
}

function isVoor ({ sectoren, leerjaren }: Doelgroep, { sector }: Vestigingskader, { leerjaar }: Deelname): boolean {
  return sectoren?.includes(sector) !== false && leerjaren?.includes(leerjaar) !== false
}

export function covers ({ van, tot }: { readonly van: Datum, readonly tot: Datum | null }, datum: Datum): boolean {
  return van <= datum && (tot === null || datum <= tot)
}

/** As holdsSelectie; which redenen a rule takes is asked of every absentie of the school, and a school has few. */
function holdsRegelselectie ({ definitie: { over }, redenen }: Regelvlak, { feit, reden }: Gelezen): boolean {
  let past = redenen.get(reden)
  if (past === undefined) redenen.set(reden, past = holdsReden(over, reden))
  return past && (over.weekdagen === undefined || over.weekdagen.includes(weekdag(feit.datum)))
}

function holdsReden (over: { readonly redenen?: readonly string[] | undefined, readonly kenmerken?: readonly string[] | undefined }, reden: Reden | undefined): boolean {
  if (over.redenen !== undefined && !(reden !== undefined && over.redenen.includes(reden.code))) return false
  return over.kenmerken === undefined || reden?.kenmerken?.some((kenmerk) => over.kenmerken!.includes(kenmerk)) === true
}

/** The conditions of a selection beyond categorie, soort and length. */
function holdsSelectie (over: { readonly redenen?: readonly string[] | undefined, readonly kenmerken?: readonly string[] | undefined, readonly weekdagen?: readonly number[] | undefined }, feit: Feit, reden: Reden | undefined): boolean {
  return holdsReden(over, reden) && (over.weekdagen === undefined || over.weekdagen.includes(weekdag(feit.datum)))
}

function holdsDuiding ({ wanneer }: Duiding, feit: Feit, reden: Reden | undefined, kader: Vestigingskader | undefined): boolean {
  if (!wanneer.categorieen.includes(feit.categorie) || wanneer.soorten?.includes(feit.soort) === false || !holdsSelectie(wanneer, feit, reden)) return false
  if (wanneer.meerDanMinuten !== undefined && !(feit.minuten !== null && feit.minuten > wanneer.meerDanMinuten)) return false
  if (wanneer.redenNaLesdagen === undefined) return true
  if (feit.redenSinds === null || feit.redenSinds <= feit.datum || kader === undefined) return false
  // Lesdagen that passed wholly: after the day of the absentie and before the one on which the reden came.
  return kader.kalender.lesdagen(addDagen(feit.datum, 1), addDagen(feit.redenSinds, -1)).length >= wanneer.redenNaLesdagen
}

/** Dagnummer of the first day of the window that ends on this one, by the kalender of its vestiging. */
export function vensterBegin ({ venster }: Regeldefinitie, nummer: number, { kalender }: Vestigingskader): number {
  switch (venster.soort) {
    case 'lesweken': return kalender.variant(venster.minLesdagen, venster.overZomer).lesweekvenster(nummer, venster.aantal)
    case 'lesdagen': return lesdagTerug(kalender, nummer, venster.aantal)
    case 'maanden': return dagnummer(maandenTerug(datumVanDagnummer(nummer), venster.aantal)) + 1
    case 'schooljaar': return kalender.beginSchooljaar(nummer)
    case 'aaneengesloten': return nummer
  }
}

/** The last `aantal` lesdagen up to and including a day begin on this one. */
function lesdagTerug (kalender: Kalender, nummer: number, aantal: number): number {
  let dag = nummer
  for (let over = kalender.isLesdag(dag) ? aantal - 1 : aantal; over > 0;) if (kalender.isLesdag(--dag)) over--
  return dag
}

function maandenTerug (datum: Datum, aantal: number): Datum {
  const maanden = Number(datum.slice(0, 4)) * 12 + Number(datum.slice(5, 7)) - 1 - aantal
  const begin = `${Math.floor(maanden / 12)}-${String(maanden % 12 + 1).padStart(2, '0')}`
  const volgende = `${Math.floor((maanden + 1) / 12)}-${String((maanden + 1) % 12 + 1).padStart(2, '0')}-01`
  const dag = `${begin}-${datum.slice(8)}`
  return dag < volgende && dagnummer(dag) < dagnummer(volgende) ? dag : addDagen(volgende, -1)
}
