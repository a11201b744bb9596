import { SOORTEN, type Feit } from './absentie.ts'
import { beleidOp, type Beleid } from './beleid.ts'
import { addDagen, datumVanDagnummer, dagnummer, schooljaarPeriode, schooljaar, weekdag, type Datum } from './datum.ts'
import { drempelIn, eenheidVan, evaluateReeks, explain, measureAandeel, type Eenheid, type Onderbouwingsregel, type Stand } from './evaluate-regels.ts'
import { describeNietGeteld, ENKELVOUD, type NietGeteld } from './herleiding.ts'
import type { Kalender } from './kalender.ts'
import { findLandelijk, LANDELIJKE_REGELS, type Regeldefinitie, type Venster } from './regel.ts'
import { findReeks, Leerlingrekening, rekensoort, vensterBegin, vlakOp, type Deelname, type Feiten, type Regelreeks, type Teldag, type Vestigingen, type Vestigingskader } from './teldagen.ts'
import { countOf, formatDatum } from './woorden.ts'

/** How far a rule is from firing at the peildatum, and why it did not. Null where a rule has no such thing, or is off. */
export interface Marge {
  readonly regel: string
  readonly aan: boolean
  readonly eenheid: Eenheid | null
  /** In the window that ends on the peildatum, or in the run that may still go on. */
  readonly gemeten: number | null
  /** The next step of the ladder, in eenheid. */
  readonly drempel: number | null
  readonly resterend: number | null
  /** Known minutes of what was counted. */
  readonly minuten: number
  readonly drempelMinuten: number | null
  readonly resterendMinuten: number | null
  readonly vensterVan: Datum | null
  readonly laatsteEinddatum: Datum | null
  /** The oldest counted day, and the first lesdag on which it no longer counts. */
  readonly oudsteDag: { readonly datum: Datum, readonly minuten: number, readonly vervaltOp: Datum } | null
  /** The first day on which it can fire, were everything from now on missed; null when that cannot be said. */
  readonly vroegsteDatum: Datum | null
  readonly onderbouwing: readonly Onderbouwingsregel[]
  readonly nietGeteld: readonly NietGeteld[]
  readonly volledigheid: Margevolledigheid
  readonly toelichting: string
}

/** A lesdag of the leerling, and whether it was delivered where he was enrolled. */
export interface Lesdagstand { readonly datum: Datum, readonly aangeleverd: boolean }

/** The lesdagen in the window; of the unknown ones nobody can say that nothing was missed. */
export interface Margevolledigheid { readonly lesdagen: number, readonly aangeleverd: number, readonly onbekend: readonly Datum[] }

/** A marge of which nothing is said yet of what was delivered. */
export type Kernmarge = Omit<Marge, 'volledigheid'>

/** The margins of every rule at the peildatum, for a leerling enrolled then at a known vestiging; else none can be said. */
export function measureMarges (feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: Datum): Kernmarge[] {
  const rekening = new Leerlingrekening(feiten, vestigingen, beleid, peildatum)
  const deelname = rekening.findDeelname(peildatum)
  if (deelname === undefined) return []
  const codes = [...new Set([...LANDELIJKE_REGELS, ...beleidOp(beleid, peildatum).regels].map(({ regel }) => regel))]
  return codes.map((regel) => measureMarge(rekening, regel, deelname))
}

/** With what was delivered in each window; `lesdagen` are the leerling's own from the first window on, in order. */
export function completeMarges (marges: readonly Kernmarge[], lesdagen: readonly Lesdagstand[], peildatum: Datum): Marge[] {
  return marges.map((marge) => {
    const { vensterVan } = marge
    const inVenster = vensterVan === null ? [] : lesdagen.filter(({ datum }) => vensterVan <= datum && datum <= peildatum)
    const onbekend = inVenster.filter(({ aangeleverd }) => !aangeleverd).map(({ datum }) => datum)
    const volledigheid = { lesdagen: inVenster.length, aangeleverd: inVenster.length - onbekend.length, onbekend }
    return { ...marge, volledigheid, toelichting: onbekend.length > 0 ? `${marge.toelichting} Niet aangeleverd en dus onbekend: ${onbekend.length} van de ${inVenster.length} lesdagen in het venster.` : marge.toelichting }
  })
}

function measureMarge (rekening: Leerlingrekening, regel: string, deelname: Deelname): Kernmarge {
  const { peildatum } = rekening
  const reeks = findReeks(rekening.beleid, regel)
  const definitie = reeks === undefined ? undefined : vlakOp(reeks, peildatum)?.definitie
  if (reeks === undefined || definitie === undefined) return describeUit(regel, rekening, deelname)

  const kader = rekening.vestigingen.get(deelname.vestiging)!
  const stand = evaluateReeks(rekening, reeks)
  const laatste = stand.uitkomsten.at(-1)?.einddatum ?? null
  const { dagen, gemeten, vensterVan } = measureNu(rekening, reeks, definitie, stand, kader)
  const eenheid = eenheidVan(definitie.meting)
  const drempels = definitie.drempels.map((drempel) => drempelIn(definitie, drempel, kader))
  const drempel = drempels.find((trede) => trede > gemeten) ?? drempels.at(-1)!
  const resterend = Math.max(0, drempel - gemeten)
  const inMinuten = eenheid === 'minuten'
  const oudste = dagen[0]
  const vervaltOp = oudste === undefined ? null : findVervaltOp(definitie.venster, kader.kalender, oudste.datum)
  const geteld = new Set(dagen.flatMap(({ gelezen }) => gelezen))
  return {
    regel,
    aan: true,
    eenheid,
    gemeten,
    drempel,
    resterend,
    minuten: dagen.reduce((total, dag) => total + dag.minuten, 0),
    drempelMinuten: inMinuten ? drempel : null,
    resterendMinuten: inMinuten ? resterend : null,
    vensterVan,
    laatsteEinddatum: laatste,
    oudsteDag: oudste === undefined || vervaltOp === null ? null : { datum: oudste.datum, minuten: oudste.minuten, vervaltOp },
    vroegsteDatum: findVroegsteDatum(rekening, reeks, definitie, deelname),
    onderbouwing: dagen.flatMap(({ gelezen }) => gelezen.map(explain)),
    nietGeteld: rekening.gelezen.filter((gelezen) => gelezen.feit.datum >= vensterVan && !geteld.has(gelezen)).map((gelezen) => describeNietGeteld(rekening, reeks, gelezen, laatste)),
    toelichting: explainMarge(definitie, { eenheid, gemeten, drempel, resterend, vensterVan, laatste })
  }
}

/** A rule that is off, or for which a school has yet to choose: what its drempel would be, where it is known. */
function describeUit (regel: string, { peildatum, vestigingen }: Leerlingrekening, deelname: Deelname): Kernmarge {
  const definitie = findLandelijk(regel, peildatum)?.definitie
  const kader = vestigingen.get(deelname.vestiging)!
  const eerste = definitie?.drempels[0]
  const drempel = definitie === undefined || eerste === undefined ? null : drempelIn(definitie, eerste, kader)
  const eenheid = definitie === undefined ? null : eenheidVan(definitie.meting)
  return {
    regel,
    aan: false,
    eenheid,
    gemeten: null,
    drempel,
    resterend: null,
    minuten: 0,
    drempelMinuten: eenheid === 'minuten' ? drempel : null,
    resterendMinuten: null,
    vensterVan: null,
    laatsteEinddatum: null,
    oudsteDag: null,
    vroegsteDatum: null,
    onderbouwing: [],
    nietGeteld: [],
    toelichting: 'Deze regel staat uit in het beleid dat nu geldt.'
  }
}

/** What counts at the peildatum. */
function measureNu (rekening: Leerlingrekening, reeks: Regelreeks, definitie: Regeldefinitie, { dagen, vanaf }: Stand, kader: Vestigingskader): { dagen: readonly Teldag[], gemeten: number, vensterVan: Datum } {
  const { peildatum } = rekening
  if (rekensoort(definitie) === 'reeks') return measureRun(rekening, definitie, dagen)
  const begin = datumVanDagnummer(vensterBegin(definitie, dagnummer(peildatum), kader))
  const eerste = Math.max(dagen.findIndex(({ datum }) => datum >= begin), definitie.herstart === 'na-signaal' ? vanaf : 0)
  const inVenster = dagen.filter(({ datum }, at) => datum >= begin && at >= eerste)
  if (rekensoort(definitie) === 'venster') return { dagen: inVenster, gemeten: rekening.tel(reeks).tussen(definitie.meting, dagen.length - inVenster.length, dagen.length - 1), vensterVan: begin }
  const aandeel = measureAandeel(rekening, reeks, begin, peildatum)
  return { dagen: aandeel?.teldagen ?? [], gemeten: aandeel === undefined || aandeel.gepland === 0 ? 0 : Math.floor(100 * aandeel.gemist / aandeel.gepland), vensterVan: begin }
}

/** The run that may still go on: no lesdag lies between its last day and the peildatum. */
function measureRun (rekening: Leerlingrekening, definitie: Regeldefinitie, dagen: readonly Teldag[]): { dagen: readonly Teldag[], gemeten: number, vensterVan: Datum } {
  const { peildatum } = rekening
  const laatste = dagen.at(-1)
  const leeft = laatste !== undefined && !rekening.hasLesdag(laatste.nummer + 1, dagnummer(peildatum), laatste.kader)
  let begin = dagen.length
  if (leeft) for (begin = dagen.length - 1; begin > 0 && rekening.isAansluitend(dagen[begin - 1]!, dagen[begin]!);) begin--
  const run = dagen.slice(begin)
  if (definitie.meting !== 'lesweken') return { dagen: run, gemeten: run.length, vensterVan: run[0]?.datum ?? peildatum }
  const weken = new Set(run.map(({ nummer }) => Math.floor((nummer + 3) / 7)))
  // The first only when it was missed from its first lesdag; the last when no lesdag of it is left.
  const eersteHeel = run.length > 0 && rekening.isEersteVanWeek(run[0]!)
  const laatsteHeel = run.length > 0 && !rekening.hasLesdag(laatste!.nummer + 1, Math.floor((laatste!.nummer + 3) / 7) * 7 + 4, laatste!.kader)
  const heel = weken.size - (eersteHeel ? 0 : 1) - (laatsteHeel || (weken.size === 1 && !eersteHeel) ? 0 : 1)
  return { dagen: run, gemeten: Math.max(0, heel), vensterVan: run[0]?.datum ?? peildatum }
}

/** First lesdag on which a counted day has left the window; null for a run, which ends otherwise. */
function findVervaltOp (venster: Venster, kalender: Kalender, datum: Datum): Datum | null {
  const vanaf = (dag: Datum): Datum => kalender.isLesdag(dag) ? dag : kalender.nextLesdag(dag)
  switch (venster.soort) {
    case 'lesweken': {
      const variant = kalender.variant(venster.minLesdagen, venster.overZomer)
      return vanaf(variant.maandagVanLesweek(variant.lesweekNummer(datum)! + venster.aantal) ?? addDagen(schooljaarPeriode(schooljaar(datum)).tot, 1))
    }
    case 'lesdagen': {
      let dag = datum
      for (let over = venster.aantal; over > 0; over--) dag = kalender.nextLesdag(dag)
      return dag
    }
    case 'maanden': {
      let dag = datum
      for (let over = 0; over < venster.aantal; over++) dag = addMaand(dag, datum)
      return vanaf(dag)
    }
    case 'schooljaar': return vanaf(addDagen(schooljaarPeriode(schooljaar(datum)).tot, 1))
    case 'aaneengesloten': return null
  }
}

/** The same day of the next month as `dagVan` has, or its last. */
function addMaand (datum: Datum, dagVan: Datum): Datum {
  const eerste = addDagen(`${datum.slice(0, 7)}-28`, 4).slice(0, 7)
  const dag = `${eerste}-${dagVan.slice(8)}`
  const laatste = addDagen(`${addDagen(`${eerste}-28`, 4).slice(0, 7)}-01`, -1)
  return dag < laatste ? dag : laatste
}

/** Lesdagen that are looked ahead: enough for the longest run and the last step of a ladder. */
const VOORUIT = 60

/** The first day on which the rule fires when from now on everything it counts happens; of spells, one on every other lesdag. */
function findVroegsteDatum (rekening: Leerlingrekening, reeks: Regelreeks, definitie: Regeldefinitie, deelname: Deelname): Datum | null {
  const { feiten, vestigingen, beleid, peildatum } = rekening
  const { kalender } = vestigingen.get(deelname.vestiging)!
  if (deelname.rooster === null && (eenheidVan(definitie.meting) === 'minuten' || definitie.meting === 'procent')) return null
  const absenties = feiten.absenties.filter(({ datum }) => datum <= peildatum)
  let datum = peildatum
  for (let dag = 0; dag < VOORUIT; dag++) {
    datum = kalender.nextLesdag(datum)
    const gemist = imagine(definitie, beleid, deelname, datum)
    if (gemist !== undefined && !(definitie.meting === 'perioden' && dag % 2 === 1)) absenties.push(gemist)
    const { uitkomsten } = evaluateReeks(new Leerlingrekening({ ...feiten, absenties }, vestigingen, beleid, datum), reeks)
    const einddatum = uitkomsten.at(-1)?.einddatum
    if (einddatum !== undefined && einddatum > peildatum) return einddatum
  }
  return null
}

/** An absentie of the whole day as the rule counts it; undefined where the beleid has no such reden, or on a day it does not look at. */
function imagine ({ over }: Regeldefinitie, beleid: readonly Beleid[], { vestiging, rooster }: Deelname, datum: Datum): Feit | undefined {
  if (over.weekdagen?.includes(weekdag(datum)) === false) return undefined
  const reden = over.redenen === undefined && over.kenmerken === undefined
    ? null
    : beleidOp(beleid, datum).redenen.find((kandidaat) =>
      over.redenen?.includes(kandidaat.code) !== false && (over.kenmerken === undefined || kandidaat.kenmerken?.some((kenmerk) => over.kenmerken!.includes(kenmerk)) === true))?.code
  if (reden === undefined) return undefined
  return { bron: '', bronId: '', vestiging, datum, soort: (over.soorten ?? SOORTEN)[0]!, reden, categorie: over.categorieen[0]!, minuten: rooster?.[weekdag(datum) - 1] ?? null, redenSinds: null }
}

function explainMarge (definitie: Regeldefinitie, { eenheid, gemeten, drempel, resterend, vensterVan, laatste }: { eenheid: Eenheid, gemeten: number, drempel: number, resterend: number, vensterVan: Datum, laatste: Datum | null }): string {
  const sinds = laatste !== null && laatste >= vensterVan && definitie.herstart === 'na-signaal' ? `na het signaal tot en met ${formatDatum(laatste)}` : `sinds ${formatDatum(vensterVan)}`
  if (eenheid === 'procent') return resterend === 0 ? `${gemeten} procent van de geplande lestijd gemist ${sinds}: de hoogste trede.` : `${gemeten} procent van de geplande lestijd gemist ${sinds}; de volgende trede begint bij ${drempel} procent.`
  const [een, meer] = ENKELVOUD[eenheid]
  if (resterend === 0 && definitie.herstart === 'na-signaal') return `De drempel is bereikt (${gemeten} van ${drempel} ${meer} ${sinds}), maar tussen twee signalen liggen ten minste ${definitie.minimaalDagenTussen} dagen.`
  if (resterend === 0) return `De hoogste drempel is bereikt: ${gemeten} van ${drempel} ${meer} ${sinds}.`
  return `${gemeten} van ${drempel} ${meer} in ${describeVenster(definitie.venster)}, geteld ${sinds}; nog ${countOf(resterend, een, meer)} tot een signaal.`
}

function describeVenster (venster: Venster): string {
  switch (venster.soort) {
    case 'lesweken': return `het venster van ${countOf(venster.aantal, 'lesweek', 'lesweken')}`
    case 'lesdagen': return `het venster van ${countOf(venster.aantal, 'lesdag', 'lesdagen')}`
    case 'maanden': return `het venster van ${countOf(venster.aantal, 'maand', 'maanden')}`
    case 'schooljaar': return 'dit schooljaar'
    case 'aaneengesloten': return 'de lopende reeks'
  }
}
