import { datumVanDagnummer, dagnummer, type Datum } from './datum.ts'
import type { Beleid } from './beleid.ts'
import { addWerkdagen } from './kalender.ts'
import { drempelMinuten, type Aard, type Meting, type Regeldefinitie } from './regel.ts'
import { Leerlingrekening, listReeksen, vlakOp, type Feiten, type Lesdag, type Regelreeks, type Regelvlak, type Teldag, type Vestigingen, type Vestigingskader } from './teldagen.ts'

export { mayCount } from './teldagen.ts'
export type { Deelname, Feiten, Vestigingen, Vestigingskader } from './teldagen.ts'

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
  const soorten = new Set(reeks.vlakken.map(({ definitie }) => rekensoort(definitie)))
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

/** How a definition is computed: over a sliding window, along runs of lesdagen, or as a share of planned time. */
export function rekensoort ({ meting, venster }: Regeldefinitie): 'venster' | 'reeks' | 'aandeel' {
  return venster.soort === 'aaneengesloten' ? 'reeks' : meting === 'procent' ? 'aandeel' : 'venster'
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
    const herstart = definitie.herstart === 'na-signaal'
    if (herstart && dag.nummer - vorige < definitie.minimaalDagenTussen) continue
    const { meting } = definitie
    const eerste = herstart ? Math.max(laag, vanaf) : laag
    const gemeten = sommen.tussen(meting, eerste, at)
    if (gemeten < drempelIn(definitie, definitie.drempels[0]!, dag.kader) || (meting === 'perioden' && !sommen.begint(at))) continue
    const treden = herstart ? definitie.drempels.filter((drempel) => drempelIn(definitie, drempel, dag.kader) <= gemeten).slice(-1) : listGekruist(loop, dag, { gemeten, eigen: sommen.tussen(meting, at, at), perTrede })
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

/** The steps that this day reaches from below, each at its distance from the last time. */
function listGekruist ({ vorige }: Loop, dag: Teldag, { gemeten, eigen, perTrede }: { gemeten: number, eigen: number, perTrede: ReadonlyMap<number, number> }): number[] {
  const { definitie } = dag.vlak
  return definitie.drempels.filter((trede) => {
    const drempel = drempelIn(definitie, trede, dag.kader)
    return gemeten >= drempel && gemeten - eigen < drempel && dag.nummer - (perTrede.get(trede) ?? vorige) >= definitie.minimaalDagenTussen
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

interface Run { begin: number, /** Whole lesweken before the one of the last day. */ weken: number, /** The week of the last day is missed from its first lesdag on. */ weekHeel: boolean, readonly gevuurd: Set<number> }

function runReeksen ({ rekening, reeks, dagen, uitkomsten, vorige, sinds }: Loop): void {
  const perTrede = new Map<number, number>()
  let run: Run | undefined
  for (let at = 0; at < dagen.length; at++) {
    const dag = dagen[at]!
    const vorigeDag = dagen[at - 1]
    if (run === undefined || !rekening.isAansluitend(vorigeDag!, dag)) {
      run = { begin: at, weken: 0, weekHeel: rekening.isEersteVanWeek(dag), gevuurd: new Set() }
    } else if (weekVan(dag) !== weekVan(vorigeDag!)) {
      if (run.weekHeel) run.weken++
      run.weekHeel = true
    }
    const { definitie } = dag.vlak
    if (rekensoort(definitie) !== 'reeks' || dag.datum < sinds) continue
    const gemeten = definitie.meting === 'lesweken' ? run.weken : at - run.begin + 1
    if (gemeten < definitie.drempels[0]!) continue
    const { begin, gevuurd } = run
    const treden = definitie.drempels.filter((trede) => gemeten >= trede && !gevuurd.has(trede) && dag.nummer - (perTrede.get(trede) ?? vorige) >= definitie.minimaalDagenTussen)
    if (treden.length === 0 || !mayFire(rekening, dag, definitie, dagen[begin]!.datum)) continue
    for (const trede of treden) {
      uitkomsten.push(makeUitkomst(reeks, dag, dag.vlak, { dagen: dagen.slice(begin, at + 1), gemeten, drempel: trede }))
      perTrede.set(trede, dag.nummer)
      gevuurd.add(trede)
    }
    if (definitie.herstart === 'na-signaal') run = undefined
  }
}

function weekVan ({ nummer }: Teldag): number {
  return Math.floor((nummer + 3) / 7)
}

// --- shares

/** The lesdagen of the leerling of which planned time is known, with what was missed on each. */
interface Aandeeldagen { readonly lesdagen: readonly Lesdag[], /** Up to each of them, from 0. */ readonly gepland: Float64Array, readonly gemist: Float64Array }

function listAandeeldagen (rekening: Leerlingrekening, dagen: readonly Teldag[], van: Datum, tot: Datum): Aandeeldagen {
  const lesdagen = rekening.listLesdagen(van, tot).filter(({ gepland }) => gepland !== null)
  const [gepland, gemist] = [new Float64Array(lesdagen.length + 1), new Float64Array(lesdagen.length + 1)]
  let at = 0
  for (const [n, lesdag] of lesdagen.entries()) {
    while (at < dagen.length && dagen[at]!.nummer < lesdag.nummer) at++
    const minuten = dagen[at]?.nummer === lesdag.nummer ? dagen[at]!.minuten : 0
    gepland[n + 1] = gepland[n]! + lesdag.gepland!
    gemist[n + 1] = gemist[n]! + minuten
  }
  return { lesdagen, gepland, gemist }
}

/** The share in the window that ends on a lesdag. */
export interface Aandeel { readonly gepland: number, readonly gemist: number, readonly lesdagen: number, /** Index of the highest drempel reached; -1 none, or too little data. */ readonly band: number }

function runAandelen ({ rekening, reeks, dagen, uitkomsten, vorige, voorBand }: Loop): void {
  // A band is only entered where something was missed in the window, so nothing before the first missed day matters but its window.
  const eerste = dagen[0]!
  const begins = reeks.vlakken.filter(({ definitie }) => rekensoort(definitie) === 'aandeel').map(({ definitie }) => rekening.vensterBegin(definitie, eerste.datum, eerste.nummer, eerste.kader))
  const aandeeldagen = listAandeeldagen(rekening, dagen, datumVanDagnummer(Math.min(...begins)), rekening.peildatum)
  const perTrede = new Map<number, number>()
  let vlak: Regelvlak | undefined
  let band = -1
  let laag = 0
  for (const [at, { nummer, jaar, kader }] of aandeeldagen.lesdagen.entries()) {
    const datum = datumVanDagnummer(nummer)
    if (vlak === undefined || datum > vlak.tot) vlak = vlakOp(reeks, datum)
    if (vlak === undefined || rekensoort(vlak.definitie) !== 'aandeel') {
      band = -1
      continue
    }
    const { definitie } = vlak
    const begin = definitie.venster.soort === 'schooljaar' ? eersteAugustus(jaar) : rekening.vensterBegin(definitie, datum, nummer, kader)
    laag = seekLesdag(aandeeldagen.lesdagen, laag, begin)
    const aandeel = sumAandeel(aandeeldagen, definitie, laag, at)
    // A window that begins anew with the schooljaar begins without a band.
    const vorigeBand = voorBand?.voor === datum ? voorBand.band : definitie.venster.soort === 'schooljaar' && laag === at ? -1 : band
    band = aandeel.band
    if (band <= vorigeBand) continue
    const trede = definitie.drempels[band]!
    const dag = { datum, nummer, kader }
    if (nummer - (perTrede.get(trede) ?? vorige) < definitie.minimaalDagenTussen || !mayFire(rekening, dag, definitie)) continue
    const onderbouwing = dagen.slice(countVoor(dagen, begin), countVoor(dagen, nummer + 1))
    uitkomsten.push(makeUitkomst(reeks, dag, vlak, { dagen: onderbouwing, gemeten: Math.floor(100 * aandeel.gemist / aandeel.gepland), drempel: trede }))
    perTrede.set(trede, nummer)
  }
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

function sumAandeel ({ gepland: totGepland, gemist: totGemist }: Aandeeldagen, { minimaalLesdagen, drempels }: Regeldefinitie, laag: number, at: number): Aandeel {
  const gepland = totGepland[at + 1]! - totGepland[laag]!
  const gemist = totGemist[at + 1]! - totGemist[laag]!
  const lesdagen = at - laag + 1
  return { gepland, gemist, lesdagen, band: lesdagen < minimaalLesdagen ? -1 : drempels.findLastIndex((drempel) => 100 * gemist >= drempel * gepland) }
}

/** The share at a day of the leerling, for who is not told by a signaal; undefined without a lesdag with known planned time in the window. */
export function measureAandeel (rekening: Leerlingrekening, dagen: readonly Teldag[], definitie: Regeldefinitie, begin: Datum, tot: Datum): Aandeel | undefined {
  const aandeeldagen = listAandeeldagen(rekening, dagen, begin, tot)
  return aandeeldagen.lesdagen.length === 0 ? undefined : sumAandeel(aandeeldagen, definitie, 0, aandeeldagen.lesdagen.length - 1)
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
