import { CATEGORIEEN, SOORTEN, type Categorie, type Feit, type Rooster, type Soort } from './absentie.ts'
import { beleidOp, findReden, STANDAARDBELEID, type Beleid, type Reden } from './beleid.ts'
import { addDagen, datumVanDagnummer, dagnummer, startjaar, verjaardag, weekdag, weekdagVanDagnummer, type Datum, type Periode } from './datum.ts'
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
export interface Regelvlak { readonly van: Datum, readonly tot: Datum, readonly definitie: Regeldefinitie, readonly versie: number, /** Per categorie and soort whether the selection holds it. */ readonly masker: Uint8Array, /** Per reden whether the selection holds it, as it was asked before. */ readonly redenen: Map<Reden | undefined, boolean> }

export interface Regelreeks { readonly regel: string, readonly vlakken: readonly Regelvlak[], /** How its definitions are computed, each once. */ readonly soorten: ReadonlySet<Rekensoort> }

/** Over a sliding window, along runs of lesdagen, or as a share of planned time. */
export type Rekensoort = 'venster' | 'reeks' | 'aandeel'

export function rekensoort ({ meting, venster }: Regeldefinitie): Rekensoort {
  return venster.soort === 'aaneengesloten' ? 'reeks' : meting === 'procent' ? 'aandeel' : 'venster'
}

interface Regelplan { readonly reeksen: readonly Regelreeks[], readonly duidt: boolean, readonly vraagtRedenSinds: boolean, /** Per categorie and soort whether any rule may count it. */ readonly masker: Uint8Array }

const EINDE = '9999-12-31'
const plannen = new WeakMap<readonly Beleid[], Regelplan>()
const STANDAARD: readonly Beleid[] = [STANDAARDBELEID]

/** The rules that these beleidsversies ever switch on, in a fixed order. Computed once for every list. */
export function listReeksen (beleid: readonly Beleid[]): readonly Regelreeks[] {
  return planOf(beleid).reeksen
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
    .map((reeks) => ({ ...reeks, soorten: new Set(reeks.vlakken.map(({ definitie }) => rekensoort(definitie))) }))
  const duidingen = beleid.flatMap((versie) => versie.duidingen)
  const masker = new Uint8Array(CATEGORIEEN.length * SOORTEN.length)
  for (const vlak of reeksen.flatMap(({ vlakken }) => vlakken)) vlak.masker.forEach((telt, at) => { masker[at] = Math.max(masker[at]!, telt) })
  // A duiding may make anything count that its conditions name; which of them hold is not asked here.
  if (duidingen.length > 0) masker.fill(1)
  return { reeksen, duidt: duidingen.length > 0, vraagtRedenSinds: duidingen.some(({ wanneer }) => wanneer.redenNaLesdagen !== undefined), masker }
}

function buildVlakken (regel: string, beleid: readonly Beleid[], grenzen: readonly Datum[]): Regelvlak[] {
  const vlakken: Array<Regelvlak & { tot: Datum }> = []
  for (const [at, van] of grenzen.entries()) {
    const versie = beleidOp(beleid, van)
    const landelijk = findLandelijk(regel, van)
    const definitie = resolveRegel(versie.regels.find((keuze) => keuze.regel === regel), landelijk)
    if (definitie === undefined) continue
    const tot = at + 1 < grenzen.length ? addDagen(grenzen[at + 1]!, -1) : EINDE
    const vorig = vlakken.at(-1)
    if (vorig !== undefined && vorig.versie === versie.versie && vorig.tot < van && addDagen(vorig.tot, 1) === van && JSON.stringify(vorig.definitie) === JSON.stringify(definitie)) vorig.tot = tot
    else vlakken.push({ van, tot, definitie, versie: versie.versie, masker: buildMasker(definitie), redenen: new Map() })
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
export function mayCount (beleid: readonly Beleid[], { categorie, soort }: { readonly categorie: Categorie, readonly soort: Soort }): boolean {
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
  readonly #perioden = new Map<Doelgroep, Periode>()
  readonly #enkel: boolean
  /** The window that was asked for last: the next day mostly lies in the same lesweek. */
  #laatst: { readonly lesweek: number, readonly aantal: number, readonly kalender: Kalender | undefined, readonly begin: number } = { lesweek: 0, aantal: 0, kalender: undefined, begin: 0 }

  constructor (feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: Datum) {
    this.feiten = feiten
    this.vestigingen = vestigingen
    this.beleid = beleid
    this.peildatum = peildatum
    this.gelezen = this.#read()
    const [eerste, ...andere] = feiten.inschrijvingen
    this.#enkel = andere.every(({ vestiging }) => vestiging === eerste!.vestiging)
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
    const { inschrijvingen, vrijstellingen } = this.feiten
    const { datum } = feit
    const categorie = duiding?.telt.categorie ?? feit.categorie
    const soort = duiding?.telt.soort ?? feit.soort
    return {
      feit,
      nummer: dagnummer(datum),
      categorie,
      soort,
      minuten: duiding?.telt.lesuren === undefined ? feit.minuten : duiding.telt.lesuren * (kader?.lesuurMinuten ?? 60),
      plaats: maskerplaats(categorie, soort),
      reden,
      duiding,
      kader,
      lesdag: kader?.kalender.lesdagIndex(datum),
      deelname: findDeelname(inschrijvingen, feit.vestiging, datum),
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
    let vlak: Regelvlak | undefined
    for (const gelezen of this.gelezen) {
      const { datum, vestiging } = gelezen.feit
      if (vlak === undefined || datum > vlak.tot || datum < vlak.van) vlak = vlakOp(reeks, datum)
      if (vlak === undefined || vlak.masker[gelezen.plaats] === 0 || this.#judge(vlak, gelezen, uitzonderingen) !== 'telt') continue
      let dag = dagen.at(-1)
      if (dag?.nummer !== gelezen.nummer) {
        dag = { datum, nummer: gelezen.nummer, vestiging, kader: gelezen.kader!, vlak, gelezen: [], minuten: 0 }
        dagen.push(dag)
      }
      dag.gelezen.push(gelezen)
      dag.minuten += gelezen.minuten ?? 0
    }
    return dagen.some((dag) => dag.vlak.definitie.over.heleDag === true) ? dagen.filter((dag) => dag.vlak.definitie.over.heleDag !== true || this.#isHeel(dag)) : dagen
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
    const { feit: { datum }, minuten, kader, deelname } = gelezen
    const { over, voor, venster, meting } = vlak.definitie
    if (!holdsRegelselectie(vlak, gelezen)) return 'selectie'
    if (over.meerDanMinuten !== undefined && !(minuten !== null && minuten > over.meerDanMinuten)) return 'duur'
    if (minuten === null && TELT_MINUTEN.has(meting)) return 'minuten-onbekend'
    // On a day without planned time nothing was missed; that somebody came late is a registration all the same.
    if (minuten === 0 && meting !== 'registraties') return 'geen-minuten'
    if (kader === undefined || gelezen.lesdag === undefined) return 'lesdag'
    if (venster.soort === 'lesweken' && venster.minLesdagen !== undefined && kader.kalender.variant(venster.minLesdagen, venster.overZomer).lesweekNummer(datum) === undefined) return 'lesweek'
    if (deelname === undefined) return 'inschrijving'
    if (!this.#isInDoelgroep(voor, datum, kader, deelname)) return 'doelgroep'
    if (gelezen.vrijgesteld && voor.ookMetVrijstelling !== true) return 'vrijstelling'
    return uitzonderingen.length > 0 && uitzonderingen.some(({ van, tot }) => van <= datum && datum <= tot) ? 'uitzondering' : 'telt'
  }

  /** The days of the reeks on which planned time is known and counts for this leerling: the rule is on and is for him, no vrijstelling, no uitzondering. */
  listTelbaar (reeks: Regelreeks, van: Datum, tot: Datum): Telbaredag[] {
    const uitzonderingen = this.#listUitzonderingen(reeks)
    const { vrijstellingen } = this.feiten
    let vlak: Regelvlak | undefined
    return this.#walkLesdagen(van, tot, (nummer, datum, jaar, gepland, kader, deelname) => {
      if (vlak === undefined || datum > vlak.tot || datum < vlak.van) vlak = vlakOp(reeks, datum)
      if (gepland === null || vlak === undefined || !this.#isInDoelgroep(vlak.definitie.voor, datum, kader, deelname)) return undefined
      if (vrijstellingen.length > 0 && vlak.definitie.voor.ookMetVrijstelling !== true && vrijstellingen.some((vrij) => vrij.van <= datum && datum <= vrij.tot)) return undefined
      if (uitzonderingen.length > 0 && uitzonderingen.some((vrij) => vrij.van <= datum && datum <= vrij.tot)) return undefined
      return { nummer, datum, jaar, gepland, kader, deelname, vlak }
    })
  }

  #isInDoelgroep (voor: Doelgroep, datum: Datum, kader: Vestigingskader, deelname: Deelname): boolean {
    const { van, tot } = this.leeftijdsperiode(voor)
    return van <= datum && datum <= tot && voor.sectoren?.includes(kader.sector) !== false && voor.leerjaren?.includes(deelname.leerjaar) !== false
  }

  /** The days on which the leerling has the age that a rule is for, both inclusive. */
  leeftijdsperiode (voor: Doelgroep): Periode {
    let periode = this.#perioden.get(voor)
    if (periode === undefined) {
      const groep = voor.leerplicht === undefined ? { van: '0000-01-01', tot: EINDE } : groepsperiode(voor.leerplicht, this.feiten.geboortedatum)
      const van = voor.leeftijd?.van === undefined ? groep.van : verjaardag(this.feiten.geboortedatum, voor.leeftijd.van)
      const tot = voor.leeftijd?.tot === undefined ? groep.tot : addDagen(verjaardag(this.feiten.geboortedatum, voor.leeftijd.tot), -1)
      this.#perioden.set(voor, periode = { van: van > groep.van ? van : groep.van, tot: tot < groep.tot ? tot : groep.tot })
    }
    return periode
  }

  /** Everything planned was missed, and something was planned; where the rooster is unknown only an `afwezig` without duration says so. */
  #isHeel (dag: Teldag): boolean {
    const gepland = this.#gepland(dag.datum)
    return gepland === null ? dag.gelezen.some(({ soort, minuten }) => soort === 'afwezig' && minuten === null) : gepland > 0 && dag.minuten >= gepland
  }

  /** Planned minutes of a day, wherever the leerling is enrolled; null where a rooster is unknown. */
  #gepland (datum: Datum): number | null {
    let gepland: number | null = 0
    for (const deelname of this.feiten.inschrijvingen) {
      if (!covers(deelname, datum) || this.vestigingen.get(deelname.vestiging)?.kalender.isLesdag(datum) !== true) continue
      gepland = gepland === null || deelname.rooster === null ? null : gepland + deelname.rooster[weekdag(datum) - 1]!
    }
    return gepland
  }

  /** Whether the leerling was to be at school: a lesdag with planned time, or of which no rooster is known. Between two inschrijvingen the kalender of `anders` says. */
  isLesdag (datum: Datum, anders: Vestigingskader): boolean {
    let ingeschreven = false
    for (const deelname of this.feiten.inschrijvingen) {
      if (!covers(deelname, datum)) continue
      ingeschreven = true
      if (this.vestigingen.get(deelname.vestiging)?.kalender.isLesdag(datum) === true && (deelname.rooster === null || deelname.rooster[weekdag(datum) - 1]! > 0)) return true
    }
    return !ingeschreven && anders.kalender.isLesdag(datum)
  }

  /** No lesdag of the leerling lies between these two days. */
  isAansluitend (a: Teldag, b: Teldag): boolean {
    if (this.#enkel && a.vestiging === b.vestiging) {
      if (b.gelezen[0]!.lesdag === a.gelezen[0]!.lesdag! + 1) return true
    }
    for (let nummer = a.nummer + 1; nummer < b.nummer; nummer++) {
      if (this.isLesdag(datumVanDagnummer(nummer), a.kader)) return false
    }
    return true
  }

  /** The first lesdag of the leerling in its ISO week. */
  isEersteVanWeek (dag: Teldag): boolean {
    for (let nummer = dag.nummer - weekdagVanDagnummer(dag.nummer) + 1; nummer < dag.nummer; nummer++) {
      if (this.isLesdag(datumVanDagnummer(nummer), dag.kader)) return false
    }
    return true
  }

  /** Dagnummer of the first day of the window of a rule that ends on a day, by the kalender of its vestiging. */
  vensterBegin ({ venster }: Regeldefinitie, datum: Datum, nummer: number, kader: Vestigingskader): number {
    switch (venster.soort) {
      case 'lesweken': {
        const kalender = kader.kalender.variant(venster.minLesdagen, venster.overZomer)
        const lesweek = laatsteLesweek(kalender, datum)
        const laatst = this.#laatst
        if (lesweek !== laatst.lesweek || venster.aantal !== laatst.aantal || kalender !== laatst.kalender) {
          this.#laatst = { lesweek, aantal: venster.aantal, kalender, begin: dagnummer(eersteMaandag(kalender, lesweek, venster.aantal)) }
        }
        return this.#laatst.begin
      }
      case 'lesdagen': return lesdagTerug(kader.kalender, datum, nummer, venster.aantal)
      case 'maanden': return dagnummer(maandenTerug(datum, venster.aantal)) + 1
      case 'schooljaar': return dagnummer(`${startjaar(datum)}-08-01`)
      case 'aaneengesloten': return nummer
    }
  }

  /** The lesdagen of the leerling between two days, both inclusive, with what was planned on each (null unknown). */
  listLesdagen (van: Datum, tot: Datum): Lesdag[] {
    return this.#walkLesdagen(van, tot, (nummer, datum, jaar, gepland, kader, deelname) => ({ nummer, datum, jaar, gepland, kader, deelname }))
  }

  /** What `make` makes of them, in order; a day at two vestigingen is one. */
  #walkLesdagen<T extends Lesdag> (van: Datum, tot: Datum, make: (nummer: number, datum: Datum, jaar: number, gepland: number | null, kader: Vestigingskader, deelname: Deelname) => T | undefined): T[] {
    const lesdagen: T[] = []
    let gesorteerd = true
    for (const deelname of this.feiten.inschrijvingen) {
      const kader = this.vestigingen.get(deelname.vestiging)
      const eerste = deelname.van > van ? deelname.van : van
      const laatste = deelname.tot !== null && deelname.tot < tot ? deelname.tot : tot
      if (kader === undefined || eerste > laatste) continue
      const [first, last] = [dagnummer(eerste), dagnummer(laatste)]
      gesorteerd &&= lesdagen.length === 0 || lesdagen.at(-1)!.nummer < first
      for (let jaar = startjaar(eerste); jaar <= startjaar(laatste); jaar++) {
        const { nummers, datums } = kader.kalender.lesdagrij(jaar)
        for (let at = 0; at < nummers.length; at++) {
          const nummer = nummers[at]!
          if (nummer < first || nummer > last) continue
          const gepland = deelname.rooster === null ? null : deelname.rooster[weekdagVanDagnummer(nummer) - 1]!
          if (gepland === 0) continue
          const lesdag = make(nummer, datums[at]!, jaar, gepland, kader, deelname)
          if (lesdag !== undefined) lesdagen.push(lesdag)
        }
      }
    }
    return gesorteerd ? lesdagen : mergeLesdagen(lesdagen)
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
  #tot: Map<Meting, Float64Array> | undefined
  #begint: Uint8Array | undefined

  constructor (rekening: Leerlingrekening, dagen: readonly Teldag[]) {
    this.#rekening = rekening
    this.dagen = dagen
  }

  /** Over the days from index `eerste` up to and including `laatste`; 0 when there are none. */
  tussen (meting: Meting, eerste: number, laatste: number): number {
    if (laatste < eerste) return 0
    if (meting === 'lesdagen') return laatste - eerste + 1
    this.#tot ??= new Map()
    let tot = this.#tot.get(meting)
    if (tot === undefined) this.#tot.set(meting, tot = this.#add(meting))
    return tot[laatste + 1]! - tot[eerste]!
  }

  /** Whether a spell begins on this day. */
  begint (at: number): boolean {
    this.#begint ??= Uint8Array.from(this.dagen, (dag, n) => n === 0 || !this.#rekening.isAansluitend(this.dagen[n - 1]!, dag) ? 1 : 0)
    return this.#begint[at] === 1
  }

  /** The first day from here on on which a spell begins. */
  eersteBegin (vanaf: number): number {
    let at = vanaf
    while (!this.begint(at)) at++
    return at
  }

  #add (meting: Meting): Float64Array {
    const tot = new Float64Array(this.dagen.length + 1)
    for (const [at, dag] of this.dagen.entries()) {
      tot[at + 1] = tot[at]! + (meting === 'registraties' ? dag.gelezen.length : meting === 'perioden' ? Number(this.begint(at)) : dag.minuten)
    }
    return tot
  }
}

/** A lesdag of a leerling, under the first vestiging where he is enrolled then. */
export interface Lesdag { readonly nummer: number, readonly datum: Datum, /** In which its schooljaar starts. */ readonly jaar: number, readonly gepland: number | null, readonly kader: Vestigingskader, readonly deelname: Deelname }

/** One of them on which a rule is on for the leerling. */
export interface Telbaredag extends Lesdag { readonly vlak: Regelvlak }

/** In order; a day at two vestigingen is one, of the first of them. */
function mergeLesdagen<T extends Lesdag> (lesdagen: readonly T[]): T[] {
  const dagen: T[] = []
  for (const lesdag of lesdagen.toSorted((a, b) => a.nummer - b.nummer)) {
    const vorige = dagen.at(-1)
    if (vorige?.nummer !== lesdag.nummer) dagen.push(lesdag)
    else dagen[dagen.length - 1] = { ...vorige, gepland: vorige.gepland === null || lesdag.gepland === null ? null : vorige.gepland + lesdag.gepland }
  }
  return dagen
}

function findDeelname (inschrijvingen: readonly Deelname[], vestiging: string, datum: Datum): Deelname | undefined {
  for (const deelname of inschrijvingen) {
    if (deelname.vestiging === vestiging && covers(deelname, datum)) return deelname
  }
  return undefined
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

/** A day in no lesweek ends the window of the last lesweek before it. */
function laatsteLesweek (kalender: Kalender, datum: Datum): number {
  let dag = datum
  let nummer = kalender.lesweekNummer(dag)
  while (nummer === undefined) nummer = kalender.lesweekNummer(dag = addDagen(dag, -7))
  return nummer
}

/** Monday of the first lesweek of a window: vacations are skipped, so it may lie months back. A window that may not cross the summer begins with the schooljaar. */
function eersteMaandag (kalender: Kalender, lesweek: number, aantal: number): Datum {
  for (let eerste = lesweek - aantal + 1; ; eerste++) {
    const maandag = kalender.maandagVanLesweek(eerste)
    if (maandag !== undefined) return maandag
  }
}

function lesdagTerug (kalender: Kalender, datum: Datum, nummer: number, aantal: number): number {
  let jaar = startjaar(datum)
  let over = aantal
  for (;;) {
    const { nummers } = kalender.lesdagrij(jaar)
    for (let at = nummers.length - 1; at >= 0; at--) {
      if (nummers[at]! <= nummer && --over === 0) return nummers[at]!
    }
    jaar--
  }
}

function maandenTerug (datum: Datum, aantal: number): Datum {
  const maanden = Number(datum.slice(0, 4)) * 12 + Number(datum.slice(5, 7)) - 1 - aantal
  const begin = `${Math.floor(maanden / 12)}-${String(maanden % 12 + 1).padStart(2, '0')}`
  const volgende = `${Math.floor((maanden + 1) / 12)}-${String((maanden + 1) % 12 + 1).padStart(2, '0')}-01`
  const dag = `${begin}-${datum.slice(8)}`
  return dag < volgende && dagnummer(dag) < dagnummer(volgende) ? dag : addDagen(volgende, -1)
}
