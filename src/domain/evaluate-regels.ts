import { datumVanDagnummer, dagnummer, type Datum } from './datum.ts'
import type { Beleid } from './beleid.ts'
import { addWerkdagen } from './kalender.ts'
import { drempelMinuten, type Aard, type Meting, type Regeldefinitie } from './regel.ts'
import { countVoor, findReeks, Leerlingrekening, listReeksen, vensterBegin, type Feiten, type Regelreeks, type Regelvlak, type Telbaredag, type Teldag, type Vestigingen, type Vestigingskader } from './teldagen.ts'

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
  const loop = { rekening, reeks, dagen, uitkomsten: [] as Uitkomst[], vorige: voor?.einddatum == null ? -Infinity : dagnummer(voor.einddatum), voorBand: voor?.band ?? null, sinds: voor === undefined ? -Infinity : dagnummer(voor.sinds) }
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
  /** Dagnummer. */
  readonly sinds: number
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
    const { definitie, soort } = dag.vlak
    if (soort !== 'venster' || dag.nummer < loop.sinds) continue
    laag = seek(dagen, laag, vensterBegin(definitie, dag.nummer, dag.kader))
    const { meting } = definitie
    const herstart = definitie.herstart === 'na-signaal'
    const eerste = herstart ? Math.max(laag, vanaf) : laag
    const gemeten = sommen.tussen(meting, eerste, at)
    if (gemeten < drempelIn(definitie, definitie.drempels[0]!, dag.kader) || (meting === 'perioden' && !sommen.begint(at))) continue
    const treden = listTreden(dag, definitie, gemeten, gemeten - sommen.tussen(meting, at, at), herstart ? vorige : loop.vorige, perTrede)
    if (treden.length === 0 || !mayFire(rekening, dag)) continue
    const begin = meting === 'perioden' ? sommen.eersteBegin(eerste) : eerste
    for (const trede of treden) {
      loop.uitkomsten.push(makeUitkomst(reeks, dag, { dagen: dagen.slice(begin, at + 1), gemeten, drempel: drempelIn(definitie, trede, dag.kader) }))
      perTrede.set(trede, dag.nummer)
    }
    vorige = dag.nummer
    if (herstart) vanaf = at + 1
  }
  return vanaf
}

/**
 * The steps that fire on a day: after a restart the highest that is reached, else each that this day reaches from below; all at their distance
 * from `vorige`, the dagnummer of the last einddatum, or that of their own in `perTrede`. `zonder` is the measure without the day itself.
 */
function listTreden (dag: Dag, definitie: Regeldefinitie, gemeten: number, zonder: number, vorige: number, perTrede: ReadonlyMap<number, number>): number[] {
  const { herstart, drempels, minimaalDagenTussen } = definitie
  const treden: number[] = []
  for (const trede of drempels) {
    const drempel = drempelIn(definitie, trede, dag.kader)
    const eerder = herstart === 'na-signaal' ? vorige : perTrede.get(trede) ?? vorige
    if (gemeten < drempel || dag.nummer - eerder < minimaalDagenTussen) continue
    if (herstart === 'na-signaal') treden[0] = trede
    else if (zonder < drempel) treden.push(trede)
  }
  return treden
}

/** The first index whose day lies at or after `begin`; windows mostly move on, so the last answer is where to look. */
function seek (dagen: ReadonlyArray<{ readonly nummer: number }>, from: number, begin: number): number {
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
    const { definitie, soort } = dag.vlak
    const { begin, weken } = run
    const gemeten = definitie.meting === 'lesweken' ? weken : at - begin + 1
    if (soort !== 'reeks' || dag.nummer < sinds || gemeten < definitie.drempels[0]!) continue
    const treden = listTreden(dag, definitie, gemeten, definitie.meting === 'lesweken' ? zonder : at - begin, definitie.herstart === 'na-signaal' ? vorige : eerder, perTrede)
    if (treden.length === 0 || !mayFire(rekening, dag, dagen[begin]!.nummer)) continue
    for (const trede of treden) {
      uitkomsten.push(makeUitkomst(reeks, dag, { dagen: dagen.slice(begin, at + 1), gemeten, drempel: trede }))
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
interface Aandeeldagen { readonly lesdagen: readonly Telbaredag[], /** The teldag of each, where something was missed. */ readonly teldagen: ReadonlyArray<Teldag | undefined>, /** Up to each of them, from 0. */ readonly gepland: readonly number[], readonly gemist: readonly number[] }

function listAandeeldagen (rekening: Leerlingrekening, reeks: Regelreeks, van: number, tot: number): Aandeeldagen {
  const { dagen } = rekening.tel(reeks)
  const lesdagen = rekening.listTelbaar(reeks, van, tot)
  const [gepland, gemist] = [[0], [0]]
  const teldagen: Array<Teldag | undefined> = []
  let at = 0
  for (let n = 0; n < lesdagen.length; n++) {
    const lesdag = lesdagen[n]!
    while (at < dagen.length && dagen[at]!.nummer < lesdag.nummer) at++
    const teldag = dagen[at]?.nummer === lesdag.nummer ? dagen[at] : undefined
    teldagen.push(teldag)
    gepland.push(gepland[n]! + lesdag.gepland)
    gemist.push(gemist[n]! + (teldag?.minuten ?? 0))
  }
  return { lesdagen, teldagen, gepland, gemist }
}

/** The share in the window that ends on a lesdag. */
export interface Aandeel { readonly gepland: number, readonly gemist: number, readonly lesdagen: number, /** The highest drempel reached; 0 is none, or too little data. */ readonly band: number, readonly teldagen: readonly Teldag[] }

function runAandelen ({ rekening, reeks, dagen, uitkomsten, vorige, voorBand }: Loop): void {
  // A band is only entered where something was missed in the window, so nothing before the first missed day matters but its window.
  const eerste = dagen[0]!
  const begins = reeks.vlakken.filter(({ soort }) => soort === 'aandeel').map(({ definitie }) => vensterBegin(definitie, eerste.nummer, eerste.kader))
  const aandeeldagen = listAandeeldagen(rekening, reeks, Math.min(...begins), dagnummer(rekening.peildatum))
  const { lesdagen } = aandeeldagen
  const eersteNa = voorBand === null ? undefined : dagnummer(voorBand.voor)
  const perTrede = new Map<number, number>()
  let band = 0
  let laag = 0
  for (let at = 0; at < lesdagen.length; at++) {
    const lesdag = lesdagen[at]!
    const { nummer, vlak: { definitie } } = lesdag
    laag = seek(lesdagen, laag, vensterBegin(definitie, nummer, lesdag.kader))
    // A window that begins anew with the schooljaar begins without a band.
    const vorigeBand = nummer === eersteNa ? voorBand!.band : definitie.venster.soort === 'schooljaar' && laag === at ? 0 : band
    band = findBand(aandeeldagen, definitie, laag, at)
    if (band <= vorigeBand || nummer - (perTrede.get(band) ?? vorige) < definitie.minimaalDagenTussen || !mayFire(rekening, lesdag)) continue
    const { gemist, gepland, teldagen } = sumAandeel(aandeeldagen, definitie, laag, at)
    uitkomsten.push(makeUitkomst(reeks, lesdag, { dagen: teldagen, gemeten: Math.floor(100 * gemist / gepland), drempel: band }))
    perTrede.set(band, nummer)
  }
}

function findBand ({ gepland, gemist }: Aandeeldagen, { minimaalLesdagen, drempels }: Regeldefinitie, laag: number, at: number): number {
  if (at - laag + 1 < minimaalLesdagen) return 0
  const [noemer, teller] = [gepland[at + 1]! - gepland[laag]!, gemist[at + 1]! - gemist[laag]!]
  let band = 0
  for (const drempel of drempels) if (100 * teller >= drempel * noemer) band = drempel
  return band
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
  const dagen = listAandeeldagen(rekening, reeks, dagnummer(van), dagnummer(tot))
  const laatste = dagen.lesdagen.at(-1)
  if (laatste === undefined) return undefined
  const { definitie } = laatste.vlak
  return { ...sumAandeel(dagen, definitie, seek(dagen.lesdagen, 0, vensterBegin(definitie, laatste.nummer, laatste.kader)), dagen.lesdagen.length - 1), laatste }
}

// --- what all of them ask

type Dag = Pick<Teldag, 'nummer' | 'kader'>

/** There is data enough from `eerste` on (the window's own first day, when it is not given), and the rule it must stay below is not reached. */
function mayFire (rekening: Leerlingrekening, dag: Dag & { readonly vlak: Regelvlak }, eerste?: number): boolean {
  const { nummer: laatste, kader, vlak: { definitie, soort } } = dag
  if (definitie.minimaalLesdagen > 0 && soort !== 'aandeel') {
    let lesdagen = 0
    for (let nummer = eerste ?? vensterBegin(definitie, laatste, kader); nummer <= laatste; nummer++) if (rekening.isLesdag(nummer)) lesdagen++
    if (lesdagen < definitie.minimaalLesdagen) return false
  }
  if (definitie.onderDrempelVan === null) return true
  const ander = measureRegel(rekening, definitie.onderDrempelVan, dag)
  return ander === undefined || ander.gemeten < ander.drempel
}

/** What another rule measures on a day over its own window, restarts ignored; undefined where it is off or has no window that adds up. */
export function measureRegel (rekening: Leerlingrekening, regel: string, dag: Dag): { readonly gemeten: number, readonly drempel: number } | undefined {
  const reeks = findReeks(rekening.beleid, regel)
  const vlak = reeks?.vlakken.find(({ eerste, laatste }) => eerste <= dag.nummer && dag.nummer <= laatste)
  if (reeks === undefined || vlak?.soort !== 'venster') return undefined
  const { definitie } = vlak
  const sommen = rekening.tel(reeks)
  const eerste = countVoor(sommen.dagen, vensterBegin(definitie, dag.nummer, dag.kader))
  return { gemeten: sommen.tussen(definitie.meting, eerste, countVoor(sommen.dagen, dag.nummer + 1) - 1), drempel: drempelIn(definitie, definitie.drempels[0]!, dag.kader) }
}

function makeUitkomst ({ regel }: Regelreeks, { nummer, vlak: { definitie, versie } }: Pick<Teldag, 'nummer' | 'vlak'>, { dagen, gemeten, drempel }: { dagen: readonly Teldag[], gemeten: number, drempel: number }): Uitkomst {
  const datum = datumVanDagnummer(nummer)
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
