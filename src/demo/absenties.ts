import type { Dagdeel, Soort } from '../domain/absentie.ts'
import { addDagen, dagnummer, datumVanDagnummer, maand, type Datum } from '../domain/datum.ts'
import type { Sector } from '../domain/sector.ts'
import type { Melding } from './berichten.ts'
import type { Lesdag, Plan, Verblijf } from './leerlingen.ts'
import type { Toeval } from './toeval.ts'

/** One absentie on its way: what the bron wrote down first, and what became of it. */
export interface Geschreven {
  readonly plan: Plan
  readonly verblijf: Verblijf
  readonly datum: Datum
  readonly gepland: number | null
  readonly soort: Soort
  reden: string | null
  readonly minuten: number | null
  readonly lesuren: readonly number[] | null
  readonly dagdeel: Dagdeel | null
  /** Minutes since 1970 on the clock in Amsterdam. */
  moment: number
  readonly lot: 'opgenomen' | 'afgewezen'
  /** A record no service can read. */
  readonly onleesbaar: boolean
  bronId: string
  bericht: Melding | undefined
  ingetrokken: boolean
}

/** A day of one leerling: planned time, and which parts of it are taken. */
interface Dag {
  readonly lesdag: Lesdag
  readonly verblijf: Verblijf
  readonly gepland: number | null
  /** Lesuren, or dagdelen, of the day. */
  readonly delen: number
  bezet: number
}

const ZIEKTEDUUR: ReadonlyArray<readonly [number, number, number]> = [[0.42, 1, 1], [0.66, 2, 2], [0.79, 3, 3], [0.87, 4, 4], [0.92, 5, 5], [0.97, 6, 9], [1, 10, 20]]
const OFFERFEEST = '2026-05-27'
const SUIKERFEEST = '2026-03-20'

/** Writes one leerling's year. Parts of a day are claimed, so missed minutes never exceed planned ones. */
export class Schrijver {
  readonly #plan: Plan
  readonly #toeval: Toeval
  readonly #dagen: readonly Dag[]
  readonly #uit: Geschreven[] = []
  readonly #eigen: { readonly ziek: number, readonly ongeoorloofd: number, readonly teLaat: number }

  constructor (plan: Plan, toeval: Toeval) {
    this.#plan = plan
    this.#toeval = toeval
    this.#dagen = plan.verblijven.flatMap((verblijf) => planDagen(verblijf))
    this.#eigen = { ziek: toeval.skewed(0.75), ongeoorloofd: toeval.skewed(0.85), teLaat: toeval.skewed(1.25) }
  }

  write (): Geschreven[] {
    this.#elders()
    this.#ziekten()
    this.#verlof()
    if (this.#plan.hardnekkig) this.#spijbelperioden()
    this.#dagelijks()
    if (this.#plan.bericht.inschrijvingen[0]!.tot !== undefined) this.#naUitschrijving()
    return this.#uit
  }

  /** Excursies of a whole leerjaar, examens, and stage in the mbo: no verzuim. */
  #elders (): void {
    const { leerjaar } = this.#plan
    this.#dagen.forEach((dag, i) => {
      const { sector } = dag.verblijf.vestiging.demo
      const { datum, weekdag: wd } = dag.lesdag
      const excursie = (sector === 'vo' || sector === 'vso' || sector === 'po') && dag.verblijf.vestiging.lesdagen[20 + leerjaar * 15] === dag.lesdag
      const examen = sector === 'vo' && leerjaar === 6 && datum >= '2026-05-11' && datum <= '2026-05-22'
      const stage = sector === 'mbo' && !this.#plan.deeltijd && ((leerjaar === 2 && wd === 4 && datum >= '2026-02-02') || (leerjaar === 3 && wd === 1))
      if (excursie || examen || stage) this.#whole(i, 'STG', -this.#toeval.between(1, 5))
    })
  }

  #ziekten (): void {
    const { beeld } = this.#plan.verblijven[0]!.vestiging.demo
    const langdurig = this.#toeval.happens(0.012) ? this.#toeval.between(0, this.#dagen.length) : -1
    for (let i = 0; i < this.#dagen.length; i++) {
      const { ziektefactor } = this.#dagen[i]!.lesdag
      if (i === langdurig) i = this.#spell(i, this.#toeval.between(20, 55))
      else if (this.#toeval.happens(beeld.ziek * this.#eigen.ziek * ziektefactor) || (this.#plan.nagekomen && i === 2)) i = this.#spell(i, this.#drawDuur())
    }
  }

  #drawDuur (): number {
    const draw = this.#toeval.next()
    const [, from, to] = ZIEKTEDUUR.find(([upTo]) => draw < upTo)!
    return this.#toeval.between(from, to)
  }

  /** One ziekteperiode; gives the index of its last day. */
  #spell (start: number, duur: number): number {
    const last = Math.min(start + duur, this.#dagen.length) - 1
    const halverwege = this.#toeval.happens(0.16)
    for (let i = start; i <= last; i++) {
      if (i === start && halverwege && this.#dagen[i]!.delen > 1) this.#part(i, 'ZK', { aantal: Math.ceil(this.#dagen[i]!.delen / 2), soort: 'eerder-weg' })
      else this.#whole(i, 'ZK', 0)
      if (i > start && this.#toeval.happens(0.012)) this.#opLesvrijeDag(i)
    }
    return last
  }

  /** Leave asked beforehand, days of religion, suspension, vacation without leave. */
  #verlof (): void {
    const toeval = this.#toeval
    const { beeld, sector } = this.#plan.verblijven[0]!.vestiging.demo
    if (toeval.happens(0.006)) this.#reeks(toeval.between(5, this.#dagen.length), 5, 'VAK', -20)
    if (toeval.happens(beeld.geschorst)) this.#reeks(toeval.between(5, this.#dagen.length), toeval.between(1, 3), 'SCH', 0)
    if (toeval.happens(0.07)) {
      this.#dagen.forEach(({ lesdag: { datum } }, i) => {
        if (datum === OFFERFEEST || datum === SUIKERFEEST) this.#whole(i, 'GOD', -7)
      })
    }
    if (toeval.happens(beeld.luxe)) {
      const randen = this.#dagen.flatMap(({ lesdag }, i) => lesdag.naastVakantie ? [i] : [])
      const rand = randen.length === 0 ? 0 : toeval.pick(randen)
      this.#reeks(Math.max(0, rand - toeval.between(0, 2)), toeval.between(1, sector === 'po' ? 4 : 3), 'LUX', 0)
    }
  }

  #reeks (start: number, duur: number, reden: string, vooraf: number): void {
    for (let i = start; i < Math.min(start + duur, this.#dagen.length); i++) this.#whole(i, reden, vooraf)
  }

  /** Some weeks in which a leerling mostly stays away: where the statutory signalen come from. */
  #spijbelperioden (): void {
    const { sector } = this.#plan.verblijven[0]!.vestiging.demo
    const laatste = this.#toeval.between(1, 2)
    for (let n = 0; n < laatste; n++) {
      const start = this.#toeval.between(10, Math.max(11, this.#dagen.length - 20))
      const dagen = this.#toeval.between(12, 26)
      for (let i = start; i < Math.min(start + dagen, this.#dagen.length); i++) {
        if (!this.#toeval.happens(sector === 'po' || sector === 'so' ? 0.3 : 0.4)) continue
        if (this.#toeval.happens(0.35)) this.#whole(i, 'SPIJ', 0)
        else this.#part(i, 'SPIJ', { aantal: this.#toeval.between(2, 4), soort: 'afwezig' })
      }
    }
  }

  #dagelijks (): void {
    const toeval = this.#toeval
    const { ongeoorloofd, teLaat } = this.#eigen
    this.#dagen.forEach((dag, i) => {
      const { beeld, sector } = dag.verblijf.vestiging.demo
      // One draw decides for most days that nothing happens: ten draws a day would cost a second.
      const rand = dag.lesdag.weekdag === 1 || dag.lesdag.weekdag === 5 ? 1.25 : 0.85
      const chances = [beeld.medisch, beeld.gewichtig, beeld.spijbelen * ongeoorloofd * rand, beeld.onverklaard * ongeoorloofd, beeld.teLaat * teLaat * rand, beeld.verwijderd * ongeoorloofd, beeld.vervoer]
      let draw = toeval.next()
      const wat = chances.findIndex((chance) => { draw -= chance; return draw < 0 })
      if (wat === 0) this.#medisch(i, sector)
      else if (wat === 1) this.#whole(i, 'GEW', -toeval.between(3, 15))
      else if (wat === 2) this.#part(i, 'SPIJ', { aantal: toeval.pick([1, 1, 1, 2, 2, 3]), soort: toeval.happens(0.15) ? 'eerder-weg' : 'afwezig' })
      else if (wat === 3) this.#onverklaard(i)
      else if (wat === 4) this.#minuten(i, 'te-laat', 'TL', toeval.between(1, 6) * 5 - toeval.between(0, 3), 0)
      else if (wat === 5) this.#minuten(i, 'verwijderd', 'VW', toeval.between(2, 5) * 10, toeval.between(0, dag.delen - 1))
      else if (wat === 6) this.#minuten(i, 'te-laat', 'VRV', toeval.between(3, 9) * 5, 0)
    })
  }

  #medisch (i: number, sector: Sector): void {
    if (sector === 'vo' || sector === 'mbo') this.#part(i, 'MED', { aantal: this.#toeval.between(1, 2), soort: 'afwezig' })
    else this.#minuten(i, 'afwezig', 'MED', this.#toeval.between(3, 8) * 15, this.#toeval.between(0, this.#dagen[i]!.delen - 1))
  }

  /** No reden yet. One school writes a code of its own for days at home, until somebody notices. */
  #onverklaard (i: number): void {
    const { verblijf, lesdag, delen } = this.#dagen[i]!
    if (verblijf.vestiging.demo.vestiging === '99AD00' && maand(lesdag.datum) === '2025-11') this.#whole(i, 'THUIS', 0)
    else if (delen === 1 || this.#toeval.happens(0.22)) this.#whole(i, null, 0)
    else this.#part(i, null, { aantal: this.#toeval.between(1, 3), soort: 'afwezig' })
  }

  /** The whole day. `vooraf`: days before it (negative) on which it was written down. */
  #whole (i: number, reden: string | null, vooraf: number): void {
    const dag = this.#dagen[i]!
    if (dag.bezet !== 0) return
    dag.bezet = (1 << dag.delen) - 1
    const lesuren = dag.verblijf.vestiging.demo.registreert === 'lesuur' && dag.gepland !== null && this.#toeval.happens(0.4) ? range(1, dag.delen) : null
    this.#push(dag, 'afwezig', reden, { lesuren }, vooraf < 0 ? { vooraf, minuut: 900 } : { vooraf: 0, minuut: 460 + this.#toeval.between(0, 95) })
  }

  /** A stretch of lesuren, or one dagdeel; mostly the last of the day, always the last when leaving early. */
  #part (i: number, reden: string | null, { aantal, soort }: { aantal: number, soort: Soort }): void {
    const dag = this.#dagen[i]!
    const { registreert } = dag.verblijf.vestiging.demo
    const lengte = registreert === 'dagdeel' ? 1 : Math.min(aantal, dag.delen)
    const begin = soort === 'eerder-weg' || this.#toeval.happens(0.45) ? dag.delen - lengte : this.#toeval.between(0, dag.delen - lengte)
    const mask = ((1 << lengte) - 1) << begin
    if ((dag.bezet & mask) !== 0) return
    dag.bezet |= mask
    // Two dagdelen make a day; a day of one dagdeel is missed whole.
    if (registreert === 'dagdeel' && dag.delen === 1) return this.#push(dag, 'afwezig', reden, {}, { vooraf: 0, minuut: 520 })
    const duur = registreert === 'lesuur' ? { lesuren: range(begin + 1, lengte) } : { dagdeel: begin === 0 ? 'ochtend' as const : 'middag' as const }
    this.#push(dag, soort, reden, duur, { vooraf: 0, minuut: 515 + (begin + lengte) * (registreert === 'lesuur' ? 55 : 180) + this.#toeval.between(0, 25) })
  }

  /** A number of minutes in one part of the day. */
  #minuten (i: number, soort: Soort, reden: string, minuten: number, deel: number): void {
    const dag = this.#dagen[i]!
    const duur = dag.gepland === null ? 50 : dag.gepland / dag.delen
    if ((dag.bezet & (1 << deel)) !== 0) return
    dag.bezet |= 1 << deel
    this.#push(dag, soort, reden, { minuten: Math.min(minuten, Math.floor(duur)) }, { vooraf: 0, minuut: 515 + deel * 55 + this.#toeval.between(5, 40) })
  }

  /** A bron that writes on through a weekend or a vakantie: refused. */
  #opLesvrijeDag (i: number): void {
    const dag = this.#dagen[i]!
    const datum = addDagen(dag.lesdag.datum, 1)
    const { vestiging, tot } = dag.verblijf
    if (vestiging.kalender.isLesdag(datum) || (tot !== undefined && datum > tot) || this.#plan.nagekomen) return
    this.#refuse(dag, datum)
  }

  #naUitschrijving (): void {
    const dag = this.#dagen.at(-1)
    if (dag === undefined) return
    const datum = dag.verblijf.vestiging.kalender.nextLesdag(dag.lesdag.datum)
    if (datum > dag.verblijf.tot! && datum < '2026-07-01' && !this.#plan.nagekomen) this.#refuse(dag, datum)
  }

  #refuse (dag: Dag, datum: Datum): void {
    this.#uit.push({ ...this.#draft(dag), datum, soort: 'afwezig', reden: 'ZK', moment: dagnummer(datum) * 1440 + 540, lot: 'afgewezen', onleesbaar: false })
  }

  #push (dag: Dag, soort: Soort, reden: string | null, duur: { minuten?: number, lesuren?: readonly number[] | null, dagdeel?: Dagdeel }, { vooraf, minuut }: { vooraf: number, minuut: number }): void {
    // Not before the leerling is there.
    const geschreven = Math.max(dag.lesdag.nummer + vooraf, this.#dagen[0]!.lesdag.nummer)
    const moment = geschreven * 1440 + minuut
    const absentie: Geschreven = { ...this.#draft(dag), datum: dag.lesdag.datum, soort, reden, ...duur, moment, lot: 'opgenomen', onleesbaar: false }
    this.#uit.push(absentie)
    if (!this.#plan.nagekomen && this.#toeval.happens(0.0002)) this.#uit.push({ ...absentie, lot: 'afgewezen', onleesbaar: true })
  }

  #draft (dag: Dag) {
    return { plan: this.#plan, verblijf: dag.verblijf, gepland: dag.gepland, minuten: null, lesuren: null, dagdeel: null, bronId: '', bericht: undefined, ingetrokken: false }
  }
}

/** The days on which this leerling has lessons here; `gepland` is null without a rooster. */
export function planDagen (verblijf: Verblijf): Dag[] {
  const { vestiging: { demo, lesdagen }, van, tot, rooster } = verblijf
  return lesdagen.flatMap((lesdag) => {
    if (lesdag.datum < van || (tot !== undefined && lesdag.datum > tot)) return []
    const gepland = rooster === null ? null : rooster[lesdag.weekdag - 1]!
    if (gepland === 0) return []
    const delen = demo.registreert === 'dagdeel' ? (gepland !== null && gepland < 300 ? 1 : 2) : gepland === null ? 6 : Math.floor(gepland / demo.lesuurMinuten)
    return [{ lesdag, verblijf, gepland, delen, bezet: 0 }]
  })
}

export function range (from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}

/** The numbers a bron gives: in the order in which it wrote the absenties down. */
export function numberAbsenties (geschreven: Geschreven[]): void {
  geschreven.sort((a, b) => a.moment - b.moment)
  geschreven.forEach((absentie, i) => { absentie.bronId = String(8_800_001 + i) })
  for (const absentie of geschreven) absentie.bericht = writeMelding(absentie)
}

/** The record as the bron sends it now. */
export function writeMelding (absentie: Geschreven): Melding {
  const { plan, verblijf, bronId, datum, soort, reden, minuten, lesuren, dagdeel, moment, onleesbaar } = absentie
  return {
    bronId,
    school: plan.bericht.school,
    vestiging: verblijf.vestiging.demo.vestiging,
    leerling: plan.bericht.bronId,
    datum,
    // What a bron sends that was connected to something else before.
    soort: onleesbaar ? 'absent' as Soort : soort,
    reden,
    ...(minuten === null ? {} : { minuten }),
    ...(lesuren === null ? {} : { lesuren }),
    ...(dagdeel === null ? {} : { dagdeel }),
    gewijzigdOp: writeTijdstip(moment)
  }
}

// The last Sundays of October and March: directive 2000/84/EC.
const [WINTERTIJD, ZOMERTIJD] = [dagnummer('2025-10-26'), dagnummer('2026-03-29')]

/** RFC 3339 with the offset of Amsterdam in this schooljaar; nothing is written down in the night of a change. */
export function writeTijdstip (moment: number): string {
  const day = Math.floor(moment / 1440)
  const minuut = moment % 1440
  const two = (n: number): string => n < 10 ? `0${n}` : String(n)
  return `${datumVanDagnummer(day)}T${two(Math.floor(minuut / 60))}:${two(minuut % 60)}:00${day >= WINTERTIJD && day < ZOMERTIJD ? '+01:00' : '+02:00'}`
}
