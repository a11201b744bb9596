import { datumVanDagnummer, dagnummer, type Datum } from './datum.ts'
import type { Beleid } from './beleid.ts'
import { addWerkdagen } from './kalender.ts'
import { drempelMinuten, type Aard, type Meting, type Regeldefinitie } from './regel.ts'
import { Leerlingrekening, listReeksen, rekensoort, vlakOp, type Feiten, type Lesdag, type Regelreeks, type Regelvlak, type Telbaredag, type Teldag, type Vestigingen, type Vestigingskader } from './teldagen.ts'

/** What gemeten and drempel of an uitkomst count. */
export const EENHEDEN = ['minuten', 'lesdagen', 'registraties', 'perioden', 'lesweken', 'procent'] as const
export type Eenheid = typeof EENHEDEN[number]

export interface Onderbouwingsregel { readonly bron: string, readonly bronId: string, readonly datum: Datum, readonly minuten: number | null }

/** What a rule found; days both inclusive. */
export interface Uitkomst {
  readonly regel: string
  readonly aard: Aard
  readonly begindatum: Datum
  readonly einddatum: Datum
  /** The known minutes of the onderbouwing. */
  readonly minuten: number
  readonly eenheid: Eenheid
  readonly gemeten: number
  /** Of the ladder the step that was reached, in eenheid. */
  readonly drempel: number
  readonly uiterlijkAfhandelen: Datum | null
  /** In force on the einddatum; 0 is the standaardbeleid. */
  readonly beleidsversie: number
  readonly onderbouwing: readonly Onderbouwingsregel[]
}

/**
 * Every signaal the facts carry up to and including the peildatum, oldest first per rule (REKENREGELS 3 and 4). The same function serves a push,
 * a correction, the night, the margins, the explanation and a proefberekening: the outcome depends on its arguments alone.
 */
export function evaluateRegels (feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: Datum): Uitkomst[] {
  const rekening = new Leerlingrekening(feiten, vestigingen, beleid, peildatum)
  return listReeksen(beleid).flatMap((reeks) => evaluateReeks(rekening, reeks).uitkomsten)
}

/** Where a rule stands at the peildatum. */
export interface Stand {
  readonly uitkomsten: readonly Uitkomst[]
  readonly dagen: readonly Teldag[]
  /** Index of the first day after the last restart. */
  readonly vanaf: number
}

/** What went before, of facts that are not all: the last signaal keeps its distance, days before `sinds` count but find nothing, and the band of the lesdag before a day. */
export interface Voorgeschiedenis { readonly einddatum: Datum | null, readonly sinds: Datum, readonly band: { readonly voor: Datum, readonly band: number } | null }

/** One rule over one leerling. */
export function evaluateReeks (rekening: Leerlingrekening, reeks: Regelreeks, voor?: Voorgeschiedenis): Stand {
  const { dagen } = rekening.tel(reeks)
  if (dagen.length === 0) return { uitkomsten: [], dagen, vanaf: 0 }
  const { soorten } = reeks
  const loop = { rekening, reeks, dagen, uitkomsten: [] as Uitkomst[], vorige: voor?.einddatum == null ? -Infinity : dagnummer(voor.einddatum), voorBand: voor?.band ?? null, sinds: voor?.sinds ?? '' }
  const vanaf = soorten.has('venster') ? runVensters(loop) : 0
  if (soorten.has('reeks')) runReeksen(loop)
  if (soorten.has('aandeel')) runAandelen(loop)
  if (soorten.size > 1) loop.uitkomsten.sort((a, b) => a.einddatum < b.einddatum ? -1 : a.einddatum > b.einddatum ? 1 : 0)
  return { uitkomsten: loop.uitkomsten, dagen, vanaf }
}

interface Loop {
  readonly rekening: Leerlingrekening
  readonly reeks: Regelreeks
  readonly dagen: readonly Teldag[]
  readonly uitkomsten: Uitkomst[]
  /** Dagnummer of an einddatum before the facts begin. */
  readonly vorige: number
  readonly voorBand: Voorgeschiedenis['band']
  readonly sinds: Datum
}

export function eenheidVan (meting: Meting): Eenheid {
  return meting === 'uren' || meting === 'lesuren' ? 'minuten' : meting
}

/** A drempel in the eenheid of its meting: hours become minutes, as the sector and the lesuur of the vestiging have it. */
export function drempelIn ({ meting }: Regeldefinitie, drempel: number, { sector, lesuurMinuten }: Vestigingskader): number {
  return drempelMinuten(meting, drempel, sector, lesuurMinuten) ?? drempel
}

// --- windows

/** Answers the index of the first day after the last restart. */
function runVensters (loop: Loop): number {
  const { rekening, reeks, dagen } = loop
  const sommen = rekening.tel(reeks)
  const perTrede = new Map<number, number>()
  let vorige = loop.vorige
  let vanaf = 0
  let laag = 0
  for (let at = 0; at < dagen.length; at++) {
    const dag = dagen[at]!
    const { definitie } = dag.vlak
    if (rekensoort(definitie) !== 'venster' || dag.datum < loop.sinds) continue
    laag = seek(dagen, laag, rekening.vensterBegin(definitie, dag.datum, dag.nummer, dag.kader))
    const { meting } = definitie
    const herstart = definitie.herstart === 'na-signaal'
    const eerste = herstart ? Math.max(laag, vanaf) : laag
    const gemeten = sommen.tussen(meting, eerste, at)
    if (gemeten < drempelIn(definitie, definitie.drempels[0]!, dag.kader) || (meting === 'perioden' && !sommen.begint(at))) continue
    const treden = listTreden(dag, definitie, { gemeten, zonder: gemeten - sommen.tussen(meting, at, at), vorige: herstart ? vorige : loop.vorige, perTrede })
    if (treden.length === 0 || !mayFire(rekening, dag, definitie)) continue
    const begin = meting === 'perioden' ? sommen.eersteBegin(eerste) : eerste
    for (const trede of treden) {
      loop.uitkomsten.push(makeUitkomst(reeks, dag, dag.vlak, { dagen: dagen.slice(begin, at + 1), gemeten, drempel: drempelIn(definitie, trede, dag.kader) }))
      perTrede.set(trede, dag.nummer)
    }
    vorige = dag.nummer
    if (herstart) vanaf = at + 1
  }
  return vanaf
}

interface Meetwaarde { readonly gemeten: number, /** Without the day itself. */ readonly zonder: number, /** Dagnummer of the last einddatum. */ readonly vorige: number, readonly perTrede: ReadonlyMap<number, number> }

/** The steps that fire on a day: after a restart the highest that is reached, else each that this day reaches from below; all at their distance. */
function listTreden (dag: Dag, definitie: Regeldefinitie, { gemeten, zonder, vorige, perTrede }: Meetwaarde): number[] {
  const { herstart, drempels, minimaalDagenTussen } = definitie
  if (herstart === 'na-signaal') return dag.nummer - vorige < minimaalDagenTussen ? [] : drempels.filter((trede) => drempelIn(definitie, trede, dag.kader) <= gemeten).slice(-1)
  return drempels.filter((trede) => {
    const drempel = drempelIn(definitie, trede, dag.kader)
    return gemeten >= drempel && zonder < drempel && dag.nummer - (perTrede.get(trede) ?? vorige) >= minimaalDagenTussen
  })
}

/** The first index whose day lies at or after `begin`; windows mostly move on, so the last answer is where to look. */
function seek (dagen: readonly Teldag[], from: number, begin: number): number {
  let at = from
  while (at > 0 && dagen[at - 1]!.nummer >= begin) at--
  while (at < dagen.length && dagen[at]!.nummer < begin) at++
  return at
}

// --- runs

interface Run { readonly begin: number, /** Whole lesweken before the one of the last day. */ weken: number, /** The week of the last day is missed from its first lesdag on. */ weekHeel: boolean }

function runReeksen ({ rekening, reeks, dagen, uitkomsten, vorige: eerder, sinds }: Loop): void {
  const perTrede = new Map<number, number>()
  let vorige = eerder
  let run: Run | undefined
  for (let at = 0; at < dagen.length; at++) {
    const dag = dagen[at]!
    const vorigeDag = dagen[at - 1]
    let zonder = run?.weken ?? 0
    if (run === undefined || !rekening.isAansluitend(vorigeDag!, dag)) {
      run = { begin: at, weken: zonder = 0, weekHeel: rekening.isEersteVanWeek(dag) }
    } else if (weekVan(dag) !== weekVan(vorigeDag!)) {
      if (run.weekHeel) run.weken++
      run.weekHeel = true
    }
    const { definitie } = dag.vlak
    const { begin, weken } = run
    const gemeten = definitie.meting === 'lesweken' ? weken : at - begin + 1
    if (rekensoort(definitie) !== 'reeks' || dag.datum < sinds || gemeten < definitie.drempels[0]!) continue
    const treden = listTreden(dag, definitie, { gemeten, zonder: definitie.meting === 'lesweken' ? zonder : at - begin, vorige: definitie.herstart === 'na-signaal' ? vorige : eerder, perTrede })
    if (treden.length === 0 || !mayFire(rekening, dag, definitie, dagen[begin]!.datum)) continue
    for (const trede of treden) {
      uitkomsten.push(makeUitkomst(reeks, dag, dag.vlak, { dagen: dagen.slice(begin, at + 1), gemeten, drempel: trede }))
      perTrede.set(trede, dag.nummer)
    }
    vorige = dag.nummer
    if (definitie.herstart === 'na-signaal') run = undefined
  }
}

function weekVan ({ nummer }: Teldag): number {
  return Math.floor((nummer + 3) / 7)
}

// --- shares

/** The lesdagen of which planned time is known and counts, with what was missed on each. */
interface Aandeeldagen { readonly lesdagen: readonly Telbaredag[], /** The teldag of each, where something was missed. */ readonly teldagen: ReadonlyArray<Teldag | undefined>, /** Up to each of them, from 0. */ readonly gepland: Float64Array, readonly gemist: Float64Array }

function listAandeeldagen (rekening: Leerlingrekening, reeks: Regelreeks, van: Datum, tot: Datum): Aandeeldagen {
  const { dagen } = rekening.tel(reeks)
  const telbaar = rekening.listTelbaar(reeks, van, tot)
  const lesdagen = reeks.soorten.size === 1 ? telbaar : telbaar.filter(({ vlak }) => rekensoort(vlak.definitie) === 'aandeel')
  const [gepland, gemist] = [new Float64Array(lesdagen.length + 1), new Float64Array(lesdagen.length + 1)]
  const teldagen: Array<Teldag | undefined> = []
  let at = 0
  for (const [n, lesdag] of lesdagen.entries()) {
    while (at < dagen.length && dagen[at]!.nummer < lesdag.nummer) at++
    const teldag = dagen[at]?.nummer === lesdag.nummer ? dagen[at] : undefined
    teldagen.push(teldag)
    gepland[n + 1] = gepland[n]! + lesdag.gepland!
    gemist[n + 1] = gemist[n]! + (teldag?.minuten ?? 0)
  }
  return { lesdagen, teldagen, gepland, gemist }
}

/** The share in the window that ends on a lesdag. */
export interface Aandeel { readonly gepland: number, readonly gemist: number, readonly lesdagen: number, /** The highest drempel reached; 0 is none, or too little data. */ readonly band: number, readonly teldagen: readonly Teldag[] }

function runAandelen ({ rekening, reeks, dagen, uitkomsten, vorige, voorBand }: Loop): void {
  // A band is only entered where something was missed in the window, so nothing before the first missed day matters but its window.
  const eerste = dagen[0]!
  const begins = reeks.vlakken.filter(({ definitie }) => rekensoort(definitie) === 'aandeel').map(({ definitie }) => rekening.vensterBegin(definitie, eerste.datum, eerste.nummer, eerste.kader))
  const aandeeldagen = listAandeeldagen(rekening, reeks, datumVanDagnummer(Math.min(...begins)), rekening.peildatum)
  const perTrede = new Map<number, number>()
  let band = 0
  let laag = 0
  for (const [at, lesdag] of aandeeldagen.lesdagen.entries()) {
    const { datum, nummer, vlak, vlak: { definitie } } = lesdag
    laag = seekLesdag(aandeeldagen.lesdagen, laag, beginVan(rekening, definitie, lesdag))
    // A window that begins anew with the schooljaar begins without a band.
    const vorigeBand = voorBand?.voor === datum ? voorBand.band : definitie.venster.soort === 'schooljaar' && laag === at ? 0 : band
    band = findBand(aandeeldagen, definitie, laag, at)
    if (band <= vorigeBand || nummer - (perTrede.get(band) ?? vorige) < definitie.minimaalDagenTussen || !mayFire(rekening, lesdag, definitie)) continue
    const { gemist, gepland, teldagen } = sumAandeel(aandeeldagen, definitie, laag, at)
    uitkomsten.push(makeUitkomst(reeks, lesdag, vlak, { dagen: teldagen, gemeten: Math.floor(100 * gemist / gepland), drempel: band }))
    perTrede.set(band, nummer)
  }
}

function beginVan (rekening: Leerlingrekening, definitie: Regeldefinitie, { datum, nummer, jaar, kader }: Telbaredag): number {
  return definitie.venster.soort === 'schooljaar' ? eersteAugustus(jaar) : rekening.vensterBegin(definitie, datum, nummer, kader)
}

const augustus = new Map<number, number>()

function eersteAugustus (jaar: number): number {
  let nummer = augustus.get(jaar)
  if (nummer === undefined) augustus.set(jaar, nummer = dagnummer(`${jaar}-08-01`))
  return nummer
}

function seekLesdag (lesdagen: readonly Lesdag[], from: number, begin: number): number {
  let at = from
  while (at > 0 && lesdagen[at - 1]!.nummer >= begin) at--
  while (lesdagen[at]!.nummer < begin) at++
  return at
}

function findBand ({ gepland, gemist }: Aandeeldagen, { minimaalLesdagen, drempels }: Regeldefinitie, laag: number, at: number): number {
  if (at - laag + 1 < minimaalLesdagen) return 0
  const [noemer, teller] = [gepland[at + 1]! - gepland[laag]!, gemist[at + 1]! - gemist[laag]!]
  return 100 * teller < drempels[0]! * noemer ? 0 : drempels.findLast((drempel) => 100 * teller >= drempel * noemer)!
}

function sumAandeel (dagen: Aandeeldagen, definitie: Regeldefinitie, laag: number, at: number): Aandeel {
  return {
    gepland: dagen.gepland[at + 1]! - dagen.gepland[laag]!,
    gemist: dagen.gemist[at + 1]! - dagen.gemist[laag]!,
    lesdagen: at - laag + 1,
    band: findBand(dagen, definitie, laag, at),
    teldagen: dagen.teldagen.slice(laag, at + 1).filter((teldag) => teldag !== undefined)
  }
}

/** The share at the last lesdag that counts, up to and including a day, for who is not told by a signaal; undefined when there is none in the window of that day. */
export function measureAandeel (rekening: Leerlingrekening, reeks: Regelreeks, van: Datum, tot: Datum): Aandeel & { readonly laatste: Telbaredag } | undefined {
  const dagen = listAandeeldagen(rekening, reeks, van, tot)
  const laatste = dagen.lesdagen.at(-1)
  if (laatste === undefined) return undefined
  const { definitie } = laatste.vlak
  return { ...sumAandeel(dagen, definitie, seekLesdag(dagen.lesdagen, 0, beginVan(rekening, definitie, laatste)), dagen.lesdagen.length - 1), laatste }
}

// --- what all of them ask

type Dag = Pick<Teldag, 'datum' | 'nummer' | 'kader'>

/** There is data enough from `eerste` on (the window's own first day, when it is not given), and the rule it must stay below is not reached. */
function mayFire (rekening: Leerlingrekening, dag: Dag, definitie: Regeldefinitie, eerste?: Datum): boolean {
  if (definitie.minimaalLesdagen > 0 && rekensoort(definitie) !== 'aandeel') {
    const begin = eerste ?? datumVanDagnummer(rekening.vensterBegin(definitie, dag.datum, dag.nummer, dag.kader))
    if (rekening.listLesdagen(begin, dag.datum).length < definitie.minimaalLesdagen) return false
  }
  if (definitie.onderDrempelVan === null) return true
  const ander = measureRegel(rekening, definitie.onderDrempelVan, dag)
  return ander === undefined || ander.gemeten < ander.drempel
}

/** What another rule measures on a day over its own window, restarts ignored; undefined where it is off or has no window that adds up. */
export function measureRegel (rekening: Leerlingrekening, regel: string, { datum, nummer, kader }: Dag): { readonly gemeten: number, readonly drempel: number } | undefined {
  const reeks = listReeksen(rekening.beleid).find((kandidaat) => kandidaat.regel === regel)
  const definitie = reeks === undefined ? undefined : vlakOp(reeks, datum)?.definitie
  if (reeks === undefined || definitie === undefined || rekensoort(definitie) !== 'venster') return undefined
  const sommen = rekening.tel(reeks)
  const eerste = countVoor(sommen.dagen, rekening.vensterBegin(definitie, datum, nummer, kader))
  return { gemeten: sommen.tussen(definitie.meting, eerste, countVoor(sommen.dagen, nummer + 1) - 1), drempel: drempelIn(definitie, definitie.drempels[0]!, kader) }
}

/** How many of the days lie before this one: by halves, for it is asked of many days. */
function countVoor (dagen: readonly Teldag[], nummer: number): number {
  let [laag, hoog] = [0, dagen.length]
  while (laag < hoog) {
    const midden = (laag + hoog) >> 1
    if (dagen[midden]!.nummer < nummer) laag = midden + 1
    else hoog = midden
  }
  return laag
}

function makeUitkomst ({ regel }: Regelreeks, { datum }: Dag, { definitie, versie }: Regelvlak, { dagen, gemeten, drempel }: { dagen: readonly Teldag[], gemeten: number, drempel: number }): Uitkomst {
  const onderbouwing: Onderbouwingsregel[] = []
  let minuten = 0
  for (const dag of dagen) {
    minuten += dag.minuten
    for (const gelezen of dag.gelezen) onderbouwing.push(explain(gelezen))
  }
  return {
    regel,
    aard: definitie.aard,
    begindatum: dagen[0]!.datum,
    einddatum: datum,
    minuten,
    eenheid: eenheidVan(definitie.meting),
    gemeten,
    drempel,
    uiterlijkAfhandelen: definitie.termijnWerkdagen === null ? null : addWerkdagen(datum, definitie.termijnWerkdagen),
    beleidsversie: versie,
    onderbouwing
  }
}

export function explain ({ feit: { bron, bronId, datum }, minuten }: Teldag['gelezen'][number]): Onderbouwingsregel {
  return { bron, bronId, datum, minuten }
}
