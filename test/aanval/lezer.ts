// The reader who kept everything: every levering of a school, of whatever periode, for whomever, before and after corrections. He knows the
// school days, the layout and the rules; which figures a correction left as they were; and by how much sums are off through rounding, or
// through who is in two leerjaren. Shares no code with what he attacks.
import { ONDERDRUKT, type Waarde } from '../../src/domain/levering.ts'
import { dagenVan, heeftSignaal, listDelen, type Leerling, type School, type Uitgave } from './scholen.ts'
import { Kennis } from './vergelijkingen.ts'
import type { Categorie } from '../../src/domain/absentie.ts'

const K = 5
const isKlein = (aantal: number): boolean => aantal > 0 && aantal < K

type Tijd = 'som' | 'ten-minste-een' | 'aandeel'
type Deel = ReturnType<typeof listDelen>[number]

interface Maat { readonly tijd: Tijd, readonly uren: boolean, readonly waarde: (deel: Deel) => number, readonly groep: (deel: Deel) => number }

const minuten = ({ absenties }: Deel, ...categorieen: readonly Categorie[]): number => absenties.filter(({ categorie }) => categorieen.includes(categorie)).reduce((som, each) => som + each.minuten, 0)
const heeft = ({ absenties }: Deel, ...categorieen: readonly Categorie[]): number => absenties.some(({ categorie }) => categorieen.includes(categorie)) ? 1 : 0
const VERZUIM = ['geoorloofd', 'ongeoorloofd', 'onverklaard', 'niet-ingedeeld'] as const
const vanaf = (promille: number) => (deel: Deel): number => minuten(deel, ...VERZUIM) * 1000 >= deel.gepland * promille ? 1 : 0
const telling = (tijd: Tijd, waarde: (deel: Deel) => number): Maat => ({ tijd, uren: false, waarde, groep: waarde })
const uren = (...categorieen: readonly Categorie[]): Maat => ({ tijd: 'som', uren: true, waarde: (deel) => minuten(deel, ...categorieen), groep: (deel) => heeft(deel, ...categorieen) })
const een = (): number => 1

/** Every measure that is in some levering, counted anew from the facts. */
const MATEN: Readonly<Record<string, Maat>> = {
  leerlingen: telling('ten-minste-een', een),
  leerlingenGeoorloofd: telling('ten-minste-een', (deel) => heeft(deel, 'geoorloofd')),
  leerlingenOngeoorloofd: telling('ten-minste-een', (deel) => heeft(deel, 'ongeoorloofd')),
  leerlingenVanaf10Procent: telling('aandeel', vanaf(100)),
  geplandeUren: { tijd: 'som', uren: true, waarde: ({ gepland }) => gepland, groep: een },
  urenGeoorloofd: uren('geoorloofd'),
  urenOngeoorloofd: uren('ongeoorloofd'),
  urenOnverklaard: uren('onverklaard'),
  urenNietIngedeeld: uren('niet-ingedeeld'),
  leerlingenVanaf20Procent: telling('aandeel', vanaf(200)),
  leerlingenLangdurig: telling('ten-minste-een', () => 0),
  urenGemist: { ...uren(...VERZUIM), groep: (deel) => heeft(deel, ...VERZUIM) },
  leerplichtigeLeerlingen: telling('ten-minste-een', een),
  leerlingenZestienUur: telling('ten-minste-een', (deel) => heeftSignaal(deel, 'wettelijk-16-uur')),
  leerlingenLuxeverzuim: telling('ten-minste-een', (deel) => heeftSignaal(deel, 'luxeverzuim'))
}

/** What one kind of levering shows: measures, and for each the one it is a part of. */
export interface Vorm {
  readonly maten: Readonly<Record<string, string | null>>
  /** Of those who live in one gemeente only. */
  readonly gemeente?: string
}

export function gemeente (code: string): Vorm {
  return { gemeente: code, maten: { leerplichtigeLeerlingen: null, leerlingenOngeoorloofd: 'leerplichtigeLeerlingen', leerlingenZestienUur: 'leerplichtigeLeerlingen', leerlingenLangdurig: 'leerplichtigeLeerlingen', leerlingenLuxeverzuim: 'leerplichtigeLeerlingen' } }
}

/** The hours missed are no column: the percentage stands for them. */
export const VERBAND: Vorm = { maten: { leerlingen: null, leerlingenVanaf10Procent: 'leerlingen', leerlingenVanaf20Procent: 'leerlingenVanaf10Procent', leerlingenLangdurig: 'leerlingen', urenGemist: null } }

export const OCW: Vorm = {
  maten: {
    leerlingen: null,
    leerlingenGeoorloofd: 'leerlingen',
    leerlingenOngeoorloofd: 'leerlingen',
    leerlingenVanaf10Procent: 'leerlingen',
    geplandeUren: null,
    urenGeoorloofd: null,
    urenOngeoorloofd: null,
    urenOnverklaard: null,
    urenNietIngedeeld: null
  }
}

export interface Leveringregel { readonly vestiging: string | null, readonly leerjaar?: number | null, readonly gemeente?: string | undefined }

/** A levering as it was read, and the moment it was of. */
export interface Gelezen { readonly uitgave: Uitgave, readonly vorm: Vorm, readonly regels: ReadonlyArray<Leveringregel & Readonly<Record<string, unknown>>> }

export interface Cijfer {
  readonly plek: number
  readonly naam: string
  readonly uitgave: Uitgave
  readonly getoond: boolean
  /** Nobody may find it: about 1 to k - 1 leerlingen, and not shown before. */
  readonly gevoelig: boolean
}

interface Dagen { readonly van: number, readonly tot: number }
interface Figuur extends Dagen { readonly plek: number, readonly waarde: number }

export class Lezer {
  readonly kennis = new Kennis()
  readonly cijfers: Cijfer[] = []
  readonly #school: School
  readonly #plekken = new Map<string, number>()
  /** Per key every figure that was told, over whichever days. */
  readonly #reeksen = new Map<string, { readonly groep: Groep, readonly maat: string, readonly figuren: Map<string, Figuur> }>()
  readonly #getoond = new Set<number>()

  constructor (school: School) {
    this.#school = school
  }

  read ({ uitgave, vorm, regels: gelezen }: Gelezen): void {
    const regels = gelezen.map((regel): Leveringregel & Readonly<Record<string, unknown>> => ({ ...regel, gemeente: vorm.gemeente }))
    const dagen = dagenVan(this.#school, uitgave)
    const isTotaal = (regel: Leveringregel): boolean => (regel.leerjaar ?? null) === null && regels.some((ander) => regel.vestiging === null ? ander.vestiging !== null : ander.vestiging === regel.vestiging && (ander.leerjaar ?? null) !== null)
    const at = new Map<string, Figuur>()
    for (const regel of regels) {
      for (const maat of Object.keys(vorm.maten)) {
        const { waarde, groep } = this.#count(uitgave.stand, regel, maat, dagen)
        const getoond = regel[maat === 'urenGemist' ? 'percentageGemist' : maat] !== ONDERDRUKT
        if (getoond && maat !== 'urenGemist' && regel[maat] !== waarde) throw new Error(`${naamVan(regel, maat)} is ${String(regel[maat] as Waarde)} and not ${waarde}`)
        const { uren } = MATEN[maat]!
        const hi = isKlein(waarde) && !uren && !isTotaal(regel) ? K - 1 : Infinity
        at.set(naamVan(regel, maat), this.#tell(uitgave, dagen, regel, maat, { waarde, getoond, gevoelig: !getoond && isKlein(groep), lo: uren || waarde === 0 ? 0 : 1, hi }))
      }
      for (const [maat, geheel] of Object.entries(vorm.maten)) {
        if (geheel === null) continue
        const [met, alle] = [at.get(naamVan(regel, maat))!, at.get(naamVan(regel, geheel))!]
        const waarde = alle.waarde - met.waarde
        const zonder = this.#tell(uitgave, dagen, regel, `zonder ${maat}`, { waarde, getoond: false, gevoelig: isKlein(waarde), lo: 0, hi: Infinity })
        at.set(naamVan(regel, `zonder ${maat}`), zonder)
        this.kennis.equate([alle.plek], [met.plek, zonder.plek], 0)
      }
      if (vorm === VERBAND) this.#readUren(uitgave, dagen, regel)
      if (vorm === OCW) this.#readRedenen(uitgave, dagen, regel, at)
    }
    for (const regel of regels.filter(isTotaal)) {
      const delen = regels.filter((deel) => regel.vestiging === null ? deel.vestiging !== null && (deel.leerjaar ?? null) === null : deel.vestiging === regel.vestiging && (deel.leerjaar ?? null) !== null)
      for (const maat of Object.keys(vorm.maten)) this.#addUp(at.get(naamVan(regel, maat))!, delen.map((deel) => at.get(naamVan(deel, maat))!))
    }
    this.#readAfwezigeRegels(uitgave, dagen, vorm, regels)
  }

  /** What is missed in all is what is missed in each categorie, should he know those from elsewhere. */
  #readUren (uitgave: Uitgave, dagen: Dagen, regel: Leveringregel): void {
    const delen = ['urenGeoorloofd', 'urenOngeoorloofd', 'urenOnverklaard', 'urenNietIngedeeld'].map((maat) => {
      const { waarde } = this.#count(uitgave.stand, regel, maat, dagen)
      return this.#tell(uitgave, dagen, regel, maat, { waarde, getoond: false, gevoelig: false, lo: 0, hi: Infinity })
    })
    this.#addUp(this.#tell(uitgave, dagen, regel, 'urenGemist', { ...this.#count(uitgave.stand, regel, 'urenGemist', dagen), getoond: false, gevoelig: false, lo: 0, hi: Infinity }), delen)
  }

  /** Those of a gemeente are some of all; whoever are left over live elsewhere, and where nobody is left over the reader may know it. */
  #readGemeenten (): void {
    const delen = [...this.#reeksen.values()].filter(({ groep, maat }) => groep.gemeente !== undefined && (maat === 'leerplichtigeLeerlingen' || maat === 'leerlingenOngeoorloofd'))
    for (const stand of this.#school.standen.keys()) {
      const sommen = Map.groupBy(delen.flatMap(({ groep, maat, figuren }) => [...figuren.values()].filter((figuur) => this.#count(stand, groep, maat, figuur).waarde === figuur.waarde).map((figuur) => ({ groep, maat, figuur }))),
        ({ groep, maat, figuur }) => `${naamVan({ ...groep, gemeente: undefined }, maat === 'leerplichtigeLeerlingen' ? 'leerlingen' : maat)}|${figuur.van}-${figuur.tot}`)
      for (const [naam, deel] of sommen) {
        const geheel = [...this.#reeksen.get(naam.split('|')[0]!)?.figuren.values() ?? []].find((figuur) => figuur.van === deel[0]!.figuur.van && figuur.tot === deel[0]!.figuur.tot && this.#count(stand, { ...deel[0]!.groep, gemeente: undefined }, naam.split('|')[0]!.split('/')[2]!, figuur).waarde === figuur.waarde)
        if (geheel === undefined) continue
        const rest = geheel.waarde - deel.reduce((som, { figuur }) => som + figuur.waarde, 0)
        const plek = this.kennis.add({ lo: 0, hi: rest === 0 ? 0 : Infinity, waarheid: rest, geheel: true })
        this.kennis.equate([geheel.plek], [plek, ...deel.map(({ figuur }) => figuur.plek)], 0)
        if (isKlein(rest)) this.verschillen.push({ plek, naam: `${naam} without ${deel.length} gemeenten` })
      }
    }
  }

  /** Who missed 10 % was absent for some reason. Of reasons that have no count of leerlingen only that there is nobody where there are no hours. */
  #readRedenen (uitgave: Uitgave, dagen: Dagen, regel: Leveringregel, at: ReadonlyMap<string, Figuur>): void {
    const plek = (maat: string): number => at.get(naamVan(regel, maat))!.plek
    const leerlingen = at.get(naamVan(regel, 'leerlingen'))!.waarde
    const zonderTelling = (['onverklaard', 'niet-ingedeeld'] as const).map((categorie) => {
      const waarheid = this.#delenVan(uitgave.stand, regel, dagen).reduce((som, deel) => som + heeft(deel, categorie), 0)
      return this.kennis.add({ lo: 0, hi: waarheid === 0 ? 0 : leerlingen + 100, waarheid, geheel: true })
    })
    this.kennis.equate([plek('leerlingenVanaf10Procent')], [plek('leerlingenGeoorloofd'), plek('leerlingenOngeoorloofd'), ...zonderTelling], -Infinity, 0)
  }

  /** A leerjaar or vestiging that has no line here and has one elsewhere had nobody; of a vestiging too small to show leerjaren it is not told. */
  #readAfwezigeRegels (uitgave: Uitgave, dagen: Dagen, vorm: Vorm, regels: readonly Leveringregel[]): void {
    this.#afwezig.push({ uitgave, dagen, vorm, regels })
  }

  readonly #afwezig: Array<{ readonly uitgave: Uitgave, readonly dagen: Dagen, readonly vorm: Vorm, readonly regels: readonly Leveringregel[] }> = []

  /** Reads everything side by side; answers the figures nobody may find. */
  finish (): Array<Pick<Cijfer, 'plek' | 'naam'>> {
    for (const { uitgave, dagen, vorm, regels } of this.#afwezig) {
      const klein = new Set(regels.filter(({ vestiging, leerjaar }) => vestiging !== null && (leerjaar ?? null) === null && !regels.some((ander) => ander.vestiging === vestiging && (ander.leerjaar ?? null) !== null)).map(({ vestiging }) => vestiging))
      for (const { groep, maat } of [...this.#reeksen.values()]) {
        if (!(maat in vorm.maten) || groep.gemeente !== vorm.gemeente || regels.some((regel) => naamVan(regel, maat) === naamVan(groep, maat)) || (groep.leerjaar !== null && klein.has(groep.vestiging))) continue
        const { waarde } = this.#count(uitgave.stand, groep, maat, dagen)
        if (waarde !== 0) throw new Error(`${naamVan(groep, maat)} has no line and is ${waarde}`)
        this.#tell(uitgave, dagen, groep, maat, { waarde: 0, getoond: true, gevoelig: false, lo: 0, hi: 0 })
      }
    }
    this.#readGemeenten()
    for (const stand of this.#school.standen.keys()) {
      for (const { groep, maat, figuren } of this.#reeksen.values()) {
        // What is still so by these facts, whenever it was told.
        const geldig = [...figuren.values()].filter((figuur) => figuur.tot > figuur.van && this.#count(stand, groep, maat, figuur).waarde === figuur.waarde)
        // Who is between 10 and 20 % may be below and above it in the parts.
        if (geldig.length < 2 || maat === 'zonder leerlingenVanaf20Procent') continue
        const tijd = maat.startsWith('zonder') ? 'aandeel' : MATEN[maat]!.tijd
        if (tijd === 'som') this.#addStretches(stand, groep, maat, geldig)
        else for (const geheel of geldig) this.#cover(geheel, geldig, tijd)
      }
    }
    this.#readVerschillen()
    const laatste = new Map<string, Cijfer>()
    for (const cijfer of this.cijfers) if (cijfer.gevoelig && !this.#getoond.has(cijfer.plek)) laatste.set(String(cijfer.plek), cijfer)
    return [...laatste.values(), ...this.verschillen]
  }

  /** What no levering tells and two of them together might: differences that are about 1 to k - 1 leerlingen. */
  readonly verschillen: Array<Pick<Cijfer, 'plek' | 'naam'>> = []

  #readVerschillen (): void {
    const gehad = new Set<string>()
    for (const stand of this.#school.standen.keys()) {
      for (const { groep, maat, figuren } of this.#reeksen.values()) {
        if (maat.startsWith('zonder') || MATEN[maat]!.tijd === 'aandeel') continue
        const geldig = [...figuren.values()].filter((figuur) => figuur.tot > figuur.van && this.#count(stand, groep, maat, figuur).waarde === figuur.waarde)
        for (const geheel of geldig) {
          const binnen = geldig.filter((deel) => deel !== geheel && geheel.van <= deel.van && deel.tot <= geheel.tot)
          const lagen = MATEN[maat]!.tijd === 'som' ? [1, -1].map((orde) => layOut(binnen.toSorted((a, b) => orde * ((a.tot - a.van) - (b.tot - b.van)) || a.van - b.van))) : []
          for (const delen of [...binnen.map((deel) => [deel]), ...lagen.filter(({ length }) => length > 1)]) {
            const naam = `${geheel.plek}-${delen.map(({ plek }) => plek).sort((a, b) => a - b).join()}`
            const waarde = delen.reduce((som, deel) => som - deel.waarde, geheel.waarde)
            if (gehad.has(naam) || waarde <= 0 || !isKlein(this.#countBuiten(stand, groep, maat, { geheel, delen }))) continue
            gehad.add(naam)
            const plek = this.kennis.add({ lo: -Infinity, hi: Infinity, waarheid: waarde, geheel: true })
            this.kennis.equate([geheel.plek], [plek, ...delen.map((deel) => deel.plek)], 0)
            this.verschillen.push({ plek, naam: `${naamVan(groep, maat)} ${geheel.van}-${geheel.tot} without ${delen.map(({ van, tot }) => `${van}-${tot}`).join(', ')}` })
          }
        }
      }
    }
  }

  /** Of a sum those it befell on the other days; of a count those it befell on no other. */
  #countBuiten (stand: number, groep: Groep, maat: string, { geheel, delen }: { readonly geheel: Dagen, readonly delen: readonly Figuur[] }): number {
    const { tijd, groep: telt } = MATEN[maat]!
    if (tijd !== 'som') return this.#count(stand, groep, maat, geheel).waarde - delen[0]!.waarde
    const gaten: Dagen[] = []
    let van = geheel.van
    for (const deel of delen.toSorted((a, b) => a.van - b.van)) {
      if (deel.van > van) gaten.push({ van, tot: deel.van })
      van = deel.tot
    }
    if (van < geheel.tot) gaten.push({ van, tot: geheel.tot })
    return this.#leerlingenVan(stand, groep.vestiging, groep.gemeente).filter((leerling) => gaten.some((gat) => listDelen([leerling], gat, groep.leerjaar).some((deel) => telt(deel) > 0))).length
  }

  /** Parts add up: every figure is the difference of a running total, that never falls. */
  #addStretches (stand: number, groep: Groep, maat: string, figuren: readonly Figuur[]): void {
    const grenzen = [...new Set(figuren.flatMap(({ van, tot }) => [van, tot]))].sort((a, b) => a - b)
    const lopend = new Map(grenzen.map((grens) => [grens, this.kennis.add({ lo: 0, hi: Infinity, geheel: false })]))
    for (const [index, grens] of grenzen.slice(1).entries()) this.kennis.equate([lopend.get(grens)!], [lopend.get(grenzen[index]!)!], 0, Infinity)
    for (const figuur of figuren) {
      const precies = this.#delenVan(stand, groep, figuur).reduce((som, deel) => som + MATEN[maat]!.waarde(deel), 0) / 6
      this.kennis.equate([lopend.get(figuur.tot)!], [lopend.get(figuur.van)!, figuur.plek], precies - figuur.waarde)
    }
  }

  /**
   * Whom it befell in these days it befell first in one stretch of them: no part counts fewer than began in it. Of a share of the time only
   * parts that fit inside tell anything, and a stretch may be less than nothing.
   */
  #cover (geheel: Figuur, figuren: readonly Figuur[], tijd: Tijd): void {
    const binnen = (deel: Dagen): boolean => geheel.van <= deel.van && deel.tot <= geheel.tot
    const delen = figuren.filter((deel) => deel !== geheel && (tijd === 'aandeel' ? binnen(deel) : deel.van < geheel.tot && geheel.van < deel.tot))
    if (delen.length === 0) return
    const grenzen = [...new Set([geheel, ...delen].flatMap(({ van, tot }) => [van, tot]))].filter((grens) => geheel.van <= grens && grens <= geheel.tot).sort((a, b) => a - b)
    const eerste = grenzen.slice(0, -1).map((van) => ({ van, plek: this.kennis.add({ lo: tijd === 'aandeel' ? -Infinity : 0, hi: Infinity, geheel: false }) }))
    this.kennis.equate([geheel.plek], eerste.map(({ plek }) => plek), tijd === 'aandeel' ? -Infinity : 0, 0)
    for (const deel of delen) {
      this.kennis.equate([deel.plek], eerste.filter(({ van }) => deel.van <= van && van < deel.tot).map(({ plek }) => plek), 0, Infinity)
      if (tijd === 'ten-minste-een' && binnen(deel)) this.kennis.equate([geheel.plek], [deel.plek], 0, Infinity)
    }
  }

  #addUp (totaal: Figuur, delen: readonly Figuur[]): void {
    this.kennis.equate([totaal.plek], delen.map(({ plek }) => plek), totaal.waarde - delen.reduce((som, { waarde }) => som + waarde, 0))
  }

  /** The same figure over the same days is one number, whoever was told. */
  #tell (uitgave: Uitgave, dagen: Dagen, groep: Leveringregel, maat: string, { waarde, getoond, gevoelig, lo, hi }: { readonly waarde: number, readonly getoond: boolean, readonly gevoelig: boolean, readonly lo: number, readonly hi: number }): Figuur {
    const naam = `${naamVan(groep, maat)} ${dagen.van}-${dagen.tot} = ${waarde}`
    const plek = this.#plekken.get(naam) ?? this.kennis.add({ lo, hi, waarheid: waarde, geheel: true })
    this.#plekken.set(naam, plek)
    const getal = this.kennis.getallen[plek]!
    if (getoond) {
      this.#getoond.add(plek)
      getal.lo = getal.hi = waarde
    }
    this.cijfers.push({ plek, naam: `${uitgave.periode} ${naam}`, uitgave, getoond, gevoelig })
    const reeks = this.#reeksen.get(naamVan(groep, maat)) ?? { groep: { vestiging: groep.vestiging, leerjaar: groep.leerjaar ?? null, gemeente: groep.gemeente }, maat, figuren: new Map<string, Figuur>() }
    this.#reeksen.set(naamVan(groep, maat), reeks)
    const figuur = { plek, waarde, ...dagen }
    reeks.figuren.set(naam, figuur)
    return figuur
  }

  readonly #geteld = new Map<string, { waarde: number, groep: number }>()

  /** The figure as it goes out, and the leerlingen it is about; a total over leerjaren or vestigingen that a reader would add up himself. */
  #count (stand: number, groep: Leveringregel, maat: string, { van, tot }: Dagen): { readonly waarde: number, readonly groep: number } {
    const key = `${stand} ${naamVan(groep, maat)} ${van} ${tot}`
    let geteld = this.#geteld.get(key)
    if (geteld === undefined) this.#geteld.set(key, geteld = this.#countNew(stand, groep, maat, { van, tot }))
    return geteld
  }

  #countNew (stand: number, groep: Leveringregel, maat: string, dagen: Dagen): { waarde: number, groep: number } {
    if (maat.startsWith('zonder ')) {
      const geheel = groep.gemeente !== undefined ? 'leerplichtigeLeerlingen' : maat === 'zonder leerlingenVanaf20Procent' ? 'leerlingenVanaf10Procent' : 'leerlingen'
      const waarde = this.#count(stand, groep, geheel, dagen).waarde - this.#count(stand, groep, maat.slice(7), dagen).waarde
      return { waarde, groep: waarde }
    }
    const { uren, waarde, groep: aantal } = MATEN[maat]!
    const delen = this.#delenVan(stand, groep, dagen)
    const som = delen.reduce((total, deel) => total + waarde(deel), 0)
    return { waarde: uren ? Math.round(som / 6) : som, groep: delen.reduce((total, deel) => total + aantal(deel), 0) }
  }

  readonly #delen = new Map<string, Deel[]>()

  #delenVan (stand: number, { vestiging, leerjaar = null, gemeente }: Leveringregel, { van, tot }: Dagen): readonly Deel[] {
    const key = `${stand} ${gemeente} ${vestiging} ${leerjaar} ${van} ${tot}`
    let delen = this.#delen.get(key)
    if (delen === undefined) this.#delen.set(key, delen = listDelen(this.#leerlingenVan(stand, vestiging, gemeente), { van, tot }, leerjaar))
    return delen
  }

  #leerlingenVan (stand: number, vestiging: string | null, gemeente: string | undefined): readonly Leerling[] {
    return this.#school.standen[stand]!.filter((leerling) => (vestiging === null || leerling.vestiging === vestiging) && (gemeente === undefined || leerling.gemeente === gemeente))
  }
}

/** Of these, in this order, those that do not overlap one before. */
function layOut (figuren: readonly Figuur[]): Figuur[] {
  const naast: Figuur[] = []
  for (const figuur of figuren) if (naast.every(({ van, tot }) => figuur.tot <= van || tot <= figuur.van)) naast.push(figuur)
  return naast
}

interface Groep { readonly vestiging: string | null, readonly leerjaar: number | null, readonly gemeente: string | undefined }

function naamVan ({ vestiging, leerjaar, gemeente }: Leveringregel, maat: string): string {
  return `${gemeente === undefined ? '' : `${gemeente} `}${vestiging ?? 'school'}/${leerjaar ?? '-'}/${maat}`
}
