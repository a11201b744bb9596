import { STANDAARDBELEID, type Beleid, type Kenmerk } from '../../src/domain/beleid.ts'
import { LANDELIJKE_REGELS, type Duiding, type Regeldefinitie, type Selectie } from '../../src/domain/regel.ts'
import type { Feit, Soort } from '../../src/domain/absentie.ts'
import type { Uitkomst } from '../../src/domain/evaluate-regels.ts'
import type { Feiten } from '../../src/domain/teldagen.ts'
import type { Sector } from '../../src/domain/sector.ts'

// What the words of REKENREGELS and of the grammar say, a second time and as slowly as they are read: every day, every rule, every fact, one by
// one. Shares nothing with the engine but the grammar's data and the types, neither arithmetic of days nor kalender, so that agreement means something.

export interface Orakelvestiging {
  readonly sector: Sector
  readonly lesuurMinuten: number
  /** All of the kalenders that matter; a day in another schooljaar is no lesdag. */
  readonly kalenders: ReadonlyArray<{ readonly schooljaar: string, readonly lesdagen: readonly number[], readonly lesvrij: ReadonlyArray<{ readonly van: string, readonly tot: string }> }>
}

// --- days, by counting

/** Every day of 2014 to 2034 in order; 1 January 2014 was a Wednesday. */
const DAGEN: string[] = []
for (let jaar = 2014; jaar <= 2034; jaar++) {
  const schrikkel = jaar % 4 === 0
  const maanden = [31, schrikkel ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  for (let maand = 1; maand <= 12; maand++) {
    for (let dag = 1; dag <= maanden[maand - 1]!; dag++) DAGEN.push(`${jaar}-${String(maand).padStart(2, '0')}-${String(dag).padStart(2, '0')}`)
  }
}
const PLAATS = new Map(DAGEN.map((dag, plaats) => [dag, plaats]))

const plaats = (dag: string): number => {
  const n = PLAATS.get(dag)
  if (n === undefined) throw new RangeError(`the oracle knows no ${dag}`)
  return n
}
const weekdag = (dag: string): number => (plaats(dag) + 2) % 7 + 1
const dagenTussen = (van: string, tot: string): number => plaats(tot) - plaats(van)
const later = (dag: string, n: number): string => DAGEN[plaats(dag) + n]!
const maandag = (dag: string): string => later(dag, 1 - weekdag(dag))
/** The year a schooljaar began in, of every day: looked up, for it is asked more often than anything else. */
const BEGINJAAR = new Map(DAGEN.map((dag) => [dag, Number(dag.slice(0, 4)) - (dag.slice(5) < '08-01' ? 1 : 0)]))
const SCHOOLJAREN = new Map([...BEGINJAAR].map(([dag, jaar]) => [dag, `${jaar}-${jaar + 1}`]))
const eersteAugustus = (dag: string): string => `${BEGINJAAR.get(dag)!}-08-01`
const schooljaarVan = (dag: string): string => SCHOOLJAREN.get(dag)!

/** Easter Sundays as printed in almanacs. */
const PASEN: Record<number, string> = { 2019: '04-21', 2020: '04-12', 2021: '04-04', 2022: '04-17', 2023: '04-09', 2024: '03-31', 2025: '04-20', 2026: '04-05', 2027: '03-28', 2028: '04-16', 2029: '04-01', 2030: '04-21', 2031: '04-13', 2032: '03-28', 2033: '04-17', 2034: '04-09' }

/** REKENREGELS 1: the holidays of the Algemene termijnenwet. */
function isFeestdag (dag: string): boolean {
  const jaar = dag.slice(0, 4)
  const pasen = `${jaar}-${PASEN[Number(jaar)]!}`
  const koningsdag = weekdag(`${jaar}-04-27`) === 7 ? `${jaar}-04-26` : `${jaar}-04-27`
  return [`${jaar}-01-01`, later(pasen, -2), later(pasen, 1), koningsdag, `${jaar}-05-05`, later(pasen, 39), later(pasen, 50), `${jaar}-12-25`, `${jaar}-12-26`].includes(dag)
}

function naWerkdagen (dag: string, aantal: number): string {
  let datum = dag
  for (let over = aantal; over > 0;) {
    datum = later(datum, 1)
    if (weekdag(datum) <= 5 && !isFeestdag(datum)) over--
  }
  return datum
}

/** The day someone turns so old; born on 29 February it is 1 March where there is no such day. */
function verjaart (geboortedatum: string, jaren: number): string {
  const dag = `${Number(geboortedatum.slice(0, 4)) + jaren}${geboortedatum.slice(4)}`
  return dag.endsWith('-02-29') && Number(dag.slice(0, 4)) % 4 !== 0 ? `${dag.slice(0, 4)}-03-01` : dag
}

/** The same day so many months earlier, or the last of that month. */
function maandenEerder (dag: string, maanden: number): string {
  let jaar = Number(dag.slice(0, 4))
  let maand = Number(dag.slice(5, 7))
  for (let over = maanden; over > 0; over--) {
    maand--
    if (maand === 0) { maand = 12; jaar-- }
  }
  for (let nummer = Number(dag.slice(8)); ; nummer--) {
    const zelfde = `${jaar}-${String(maand).padStart(2, '0')}-${String(nummer).padStart(2, '0')}`
    if (PLAATS.has(zelfde)) return zelfde
  }
}

// --- the school

type Vestigingen = ReadonlyMap<string, Orakelvestiging>

function isLesdag (vestiging: Orakelvestiging, dag: string): boolean {
  const kalender = vestiging.kalenders.find(({ schooljaar }) => schooljaar === schooljaarVan(dag))
  return kalender !== undefined && kalender.lesdagen.includes(weekdag(dag)) && !kalender.lesvrij.some(({ van, tot }) => van <= dag && dag <= tot)
}

function telLesdagenInWeek (vestiging: Orakelvestiging, maandagVanWeek: string): number {
  let aantal = 0
  for (let i = 0; i < 7; i++) if (isLesdag(vestiging, later(maandagVanWeek, i))) aantal++
  return aantal
}

interface Deel { readonly vestiging: string, readonly van: string, readonly tot: string | null, readonly rooster: readonly number[] | null, readonly leerjaar?: number | null }

/** One leerling, asked about a day. */
class Leerling {
  readonly feiten: Feiten
  readonly vestigingen: Vestigingen
  readonly eerste: string
  readonly laatste: string
  readonly #gepland = new Map<string, number | null>()

  constructor (feiten: Feiten, vestigingen: Vestigingen, peildatum: string) {
    this.feiten = feiten
    this.vestigingen = vestigingen
    const dagen = feiten.absenties.map(({ datum }) => datum).filter((datum) => datum <= peildatum).sort()
    this.eerste = dagen[0] ?? peildatum
    this.laatste = peildatum
  }

  inschrijving (dag: string, vestiging?: string): Deel | undefined {
    return (this.feiten.inschrijvingen as readonly Deel[]).find((deel) => deel.van <= dag && (deel.tot === null || dag <= deel.tot) && (vestiging === undefined || deel.vestiging === vestiging))
  }

  /** Planned minutes; null where the rooster is unknown, 0 outside the inschrijving and on days without lessons. */
  gepland (dag: string): number | null {
    let minuten = this.#gepland.get(dag)
    if (minuten === undefined) this.#gepland.set(dag, minuten = this.#leesGepland(dag))
    return minuten
  }

  #leesGepland (dag: string): number | null {
    const deel = this.inschrijving(dag)
    if (deel === undefined || !isLesdag(this.vestigingen.get(deel.vestiging)!, dag)) return 0
    return deel.rooster === null ? null : deel.rooster[weekdag(dag) - 1]!
  }

  /** A day on which this leerling has lessons, as far as known. */
  heeftLes (dag: string): boolean {
    return this.gepland(dag) !== 0
  }

  vrijgesteld (dag: string): boolean {
    return this.feiten.vrijstellingen.some(({ van, tot }) => van <= dag && dag <= tot)
  }

  uitgezonderd (regel: string, dag: string): boolean {
    return this.feiten.uitzonderingen.some((uitzondering) => uitzondering.regel === regel && uitzondering.van <= dag && dag <= uitzondering.tot)
  }
}

// --- the beleid

function beleidOp (beleid: readonly Beleid[], dag: string): Beleid {
  for (const versie of beleid) if (versie.geldigVan <= dag && (versie.geldigTot === null || dag <= versie.geldigTot)) return versie
  return STANDAARDBELEID
}

/** The school's word for what the bron wrote, while it may be used. */
function vindReden (beleid: Beleid, feit: Feit): { code: string, kenmerken: readonly Kenmerk[] } | undefined {
  const code = beleid.codes.find((eigen) => eigen.bron === feit.bron && eigen.code === feit.reden)?.reden ?? feit.reden
  const reden = beleid.redenen.find((bekend) => bekend.code === code)
  if (reden === undefined || (reden.geldigTot !== undefined && feit.datum > reden.geldigTot)) return undefined
  return { code: reden.code, kenmerken: reden.kenmerken ?? [] }
}

/** The rule in force on a day: what is national on that day, and what the school says differently. */
function regelOp (beleid: readonly Beleid[], code: string, dag: string): Regeldefinitie | undefined {
  const landelijk = LANDELIJKE_REGELS.find((regel) => regel.regel === code && regel.geldigVan <= dag && (regel.geldigTot === null || dag <= regel.geldigTot))
  const keuze = beleidOp(beleid, dag).regels.find((regel) => regel.regel === code)
  if (keuze === undefined) return landelijk?.standaardAan === true ? landelijk.definitie : undefined
  if (!keuze.aan) return undefined
  const definitie: Record<string, unknown> = landelijk === undefined
    ? { aard: 'intern', voor: {}, herstart: 'geen', minimaalDagenTussen: 0, minimaalLesdagen: 0, onderDrempelVan: null, termijnWerkdagen: null }
    : { ...landelijk.definitie }
  for (const [naam, waarde] of Object.entries(keuze)) {
    if (waarde === undefined || naam === 'regel' || naam === 'aan' || naam === 'omschrijving' || naam === 'over') continue
    if (naam !== 'aard' || landelijk === undefined) definitie[naam] = waarde
  }
  const over: Record<string, unknown> = { categorieen: ['ongeoorloofd'], ...landelijk?.definitie.over, ...keuze.over }
  if (definitie.aard !== 'intern') over.categorieen = ['ongeoorloofd']
  definitie.over = over
  return (definitie.drempels as unknown[] | undefined ?? []).length === 0 ? undefined : definitie as unknown as Regeldefinitie
}

// --- what counts

interface Geteld { readonly bron: string, readonly bronId: string, readonly datum: string, readonly vestiging: string, readonly soort: Soort, readonly minuten: number | null }

const IN_MINUTEN = ['minuten', 'uren', 'lesuren', 'procent']

interface Gelezen { readonly categorie: string, readonly soort: Soort, readonly minuten: number | null }

function kiest (selectie: Omit<Selectie, 'heleDag'> | Partial<Selectie>, beleid: Beleid, feit: Feit, gelezen: Gelezen): boolean {
  const reden = vindReden(beleid, feit)
  if (selectie.categorieen !== undefined && !(selectie.categorieen as readonly string[]).includes(gelezen.categorie)) return false
  if (selectie.soorten !== undefined && !selectie.soorten.includes(gelezen.soort)) return false
  if (selectie.redenen !== undefined && (reden === undefined || !selectie.redenen.includes(reden.code))) return false
  if (selectie.kenmerken !== undefined && (reden === undefined || !selectie.kenmerken.some((kenmerk) => reden.kenmerken.includes(kenmerk)))) return false
  if (selectie.weekdagen !== undefined && !selectie.weekdagen.includes(weekdag(feit.datum))) return false
  return selectie.meerDanMinuten === undefined || (gelezen.minuten !== null && gelezen.minuten > selectie.meerDanMinuten)
}

function isTeLaatVerklaard (wanneer: Duiding['wanneer'], vestiging: Orakelvestiging, feit: Feit): boolean {
  if (wanneer.redenNaLesdagen === undefined) return true
  if (feit.redenSinds === null) return false
  let dag = feit.datum
  for (let over = wanneer.redenNaLesdagen; over > 0;) {
    dag = later(dag, 1)
    if (isLesdag(vestiging, dag)) over--
  }
  return feit.redenSinds > dag
}

function lees (beleid: Beleid, vestiging: Orakelvestiging, feit: Feit): Gelezen {
  for (const { wanneer, telt } of beleid.duidingen) {
    if (!kiest(wanneer, beleid, feit, feit) || !isTeLaatVerklaard(wanneer, vestiging, feit)) continue
    return { categorie: telt.categorie, soort: telt.soort ?? feit.soort, minuten: telt.lesuren === undefined ? feit.minuten : telt.lesuren * vestiging.lesuurMinuten }
  }
  return feit
}

function isVoor (definitie: Regeldefinitie, leerling: Leerling, dag: string, deel: Deel, sector: Sector): boolean {
  const { leerplicht, leeftijd, sectoren, leerjaren } = definitie.voor
  const { geboortedatum } = leerling.feiten
  if (leerplicht !== undefined) {
    const vijf = verjaart(geboortedatum, 5)
    const [jaar, maand] = [Number(vijf.slice(0, 4)), Number(vijf.slice(5, 7))]
    const begin = maand === 12 ? `${jaar + 1}-01-01` : `${jaar}-${String(maand + 1).padStart(2, '0')}-01`
    const eindeLeerplicht = `${Number(eersteAugustus(verjaart(geboortedatum, 16)).slice(0, 4)) + 1}-07-31`
    if (dag < begin || dag >= verjaart(geboortedatum, 18)) return false
    if (leerplicht === 'leerplichtig' && dag > eindeLeerplicht) return false
    if (leerplicht === 'kwalificatieplichtig' && dag <= eindeLeerplicht) return false
  }
  if (leeftijd?.van !== undefined && dag < verjaart(geboortedatum, leeftijd.van)) return false
  if (leeftijd?.tot !== undefined && dag >= verjaart(geboortedatum, leeftijd.tot)) return false
  if (sectoren !== undefined && !sectoren.includes(sector)) return false
  return leerjaren === undefined || (deel.leerjaar != null && leerjaren.includes(deel.leerjaar))
}

/** Everything that counts for a rule, in order of day. */
function getelde (regel: string, leerling: Leerling, beleid: readonly Beleid[]): Geteld[] {
  const alle: Geteld[] = []
  for (const dag of new Set(leerling.feiten.absenties.map(({ datum }) => datum).sort())) {
    const definitie = dag <= leerling.laatste ? regelOp(beleid, regel, dag) : undefined
    if (definitie === undefined || leerling.uitgezonderd(regel, dag)) continue
    if (leerling.vrijgesteld(dag) && definitie.voor.ookMetVrijstelling !== true) continue
    const vanDeDag: Geteld[] = []
    for (const feit of leerling.feiten.absenties) {
      const vestiging = leerling.vestigingen.get(feit.vestiging)
      const deel = leerling.inschrijving(dag, feit.vestiging)
      if (feit.datum !== dag || vestiging === undefined || deel === undefined || !isLesdag(vestiging, dag)) continue
      if (!isVoor(definitie, leerling, dag, deel, vestiging.sector)) continue
      const gelezen = lees(beleidOp(beleid, dag), vestiging, feit)
      if (!kiest(definitie.over, beleidOp(beleid, dag), feit, gelezen)) continue
      if (IN_MINUTEN.includes(definitie.meting) && gelezen.minuten === null) continue
      // Nothing was missed; a registration it is all the same.
      if (gelezen.minuten === 0 && definitie.meting !== 'registraties') continue
      vanDeDag.push({ bron: feit.bron, bronId: feit.bronId, datum: dag, vestiging: feit.vestiging, soort: gelezen.soort, minuten: gelezen.minuten })
    }
    alle.push(...definitie.over.heleDag === true ? geheel(vanDeDag, leerling.gepland(dag)) : vanDeDag)
  }
  return alle
}

/** What counts of a day of which everything must be missed. */
function geheel (vanDeDag: readonly Geteld[], gepland: number | null): readonly Geteld[] {
  if (gepland === null) return vanDeDag.some(({ soort, minuten }) => soort === 'afwezig' && minuten === null) ? vanDeDag : []
  return gepland > 0 && som(vanDeDag) >= gepland ? vanDeDag : []
}

function som (feiten: readonly Geteld[]): number {
  let totaal = 0
  for (const { minuten } of feiten) totaal += minuten ?? 0
  return totaal
}

// --- the measure

/** First day of the window that ends at this day; undefined where the day lies in no lesweek. */
function vensterbegin ({ venster }: Regeldefinitie, vestiging: Orakelvestiging, dag: string): string | undefined {
  if (venster.soort === 'schooljaar' || venster.soort === 'aaneengesloten') return eersteAugustus(dag)
  if (venster.soort === 'maanden') return later(maandenEerder(dag, venster.aantal), 1)
  if (venster.soort === 'lesdagen') {
    let begin = dag
    for (let over = venster.aantal - (isLesdag(vestiging, dag) ? 1 : 0), terug = 0; over > 0 && terug < 1000; terug++) {
      begin = later(begin, -1)
      if (isLesdag(vestiging, begin)) over--
    }
    return begin
  }
  let week = maandag(dag)
  if (telLesdagenInWeek(vestiging, week) < (venster.minLesdagen ?? 1)) return undefined
  for (let over = venster.aantal - 1, terug = 0; over > 0 && terug < 150; terug++) {
    week = later(week, -7)
    if (telLesdagenInWeek(vestiging, week) >= (venster.minLesdagen ?? 1)) over--
  }
  return venster.overZomer === false && week < eersteAugustus(dag) ? eersteAugustus(dag) : week
}

/** Within the window; of lesweken only what lies in a lesweek of its own vestiging. */
function ligtIn ({ venster }: Regeldefinitie, leerling: Leerling, { datum, vestiging }: Geteld, begin: string, dag: string): boolean {
  if (datum < begin || datum > dag) return false
  return venster.soort !== 'lesweken' || telLesdagenInWeek(leerling.vestigingen.get(vestiging)!, maandag(datum)) >= (venster.minLesdagen ?? 1)
}

function inMinuten (definitie: Regeldefinitie, drempel: number, { sector, lesuurMinuten }: Orakelvestiging): number {
  if (definitie.meting === 'uren') return drempel * (sector === 'vo' || sector === 'mbo' ? Math.min(lesuurMinuten, 60) : 60)
  return definitie.meting === 'lesuren' ? drempel * lesuurMinuten : drempel
}

const eenheid = (definitie: Regeldefinitie): Uitkomst['eenheid'] => definitie.meting === 'uren' || definitie.meting === 'lesuren' ? 'minuten' : definitie.meting

const dagenVan = (feiten: readonly Geteld[]): string[] => [...new Set(feiten.map(({ datum }) => datum))].sort()

/** The days of lessons and those that counted, in order: what a run is a run of. */
function reeks (leerling: Leerling, geteld: readonly Geteld[]): string[] {
  const dagen: string[] = []
  for (let dag = leerling.eerste; dag <= leerling.laatste; dag = later(dag, 1)) if (leerling.heeftLes(dag) || geteld.some(({ datum }) => datum === dag)) dagen.push(dag)
  return dagen
}

/** First days of runs. */
function runbegins (dagen: readonly string[], geteld: readonly string[]): string[] {
  return dagen.filter((dag, i) => geteld.includes(dag) && (i === 0 || !geteld.includes(dagen[i - 1]!)))
}

function meet (definitie: Regeldefinitie, feiten: readonly Geteld[], begins: readonly string[]): number {
  if (definitie.meting === 'registraties') return feiten.length
  if (definitie.meting === 'lesdagen') return dagenVan(feiten).length
  if (definitie.meting === 'perioden') return dagenVan(feiten).filter((dag) => begins.includes(dag)).length
  return som(feiten)
}

/** The measure of another rule over its own window, whatever it gave before, is not at its first drempel. */
function isOnder (ander: string | null, leerling: Leerling, beleid: readonly Beleid[], dag: string, vestiging: Orakelvestiging): boolean {
  const definitie = ander === null ? undefined : regelOp(beleid, ander, dag)
  if (ander === null || definitie === undefined) return true
  const begin = vensterbegin(definitie, vestiging, dag)
  if (begin === undefined) return true
  const geteld = getelde(ander, leerling, beleid)
  const begins = runbegins(reeks(leerling, geteld), dagenVan(geteld))
  return meet(definitie, geteld.filter((feit) => ligtIn(definitie, leerling, feit, begin, dag)), begins) < inMinuten(definitie, definitie.drempels[0]!, vestiging)
}

// --- when it fires

interface Vuur { /** The step as the rule names it. */ readonly stap: number, readonly drempel: number, readonly gemeten: number, readonly begindatum: string, readonly onderbouwing: readonly Geteld[] }

/** What the words say of one leerling: every signaal of every rule. */
export function predictUitkomsten (feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: string): Uitkomst[] {
  const codes = new Set([...LANDELIJKE_REGELS.map(({ regel }) => regel), ...beleid.flatMap(({ regels }) => regels.map(({ regel }) => regel))])
  const leerling = new Leerling(feiten, vestigingen, peildatum)
  return [...codes].flatMap((regel) => predictRegel(regel, leerling, beleid))
}

function predictRegel (regel: string, leerling: Leerling, beleid: readonly Beleid[]): Uitkomst[] {
  const geteld = getelde(regel, leerling, beleid)
  const getelddagen = dagenVan(geteld)
  const dagen = reeks(leerling, geteld)
  const begins = runbegins(dagen, getelddagen)
  const uitkomsten: Uitkomst[] = []
  const stappen: Array<{ stap: number, einddatum: string }> = []
  for (const dag of dagen) {
    const definitie = regelOp(beleid, regel, dag)
    if (definitie === undefined) continue
    const vestigingscode = geteld.find(({ datum }) => datum === dag)?.vestiging ?? leerling.inschrijving(dag)!.vestiging
    const vestiging = leerling.vestigingen.get(vestigingscode)!
    // Spacing holds per step where there is no restart.
    const teDichtbij = (stap: number): boolean => stappen.some((eerder) => ((definitie.herstart === 'na-signaal' && definitie.meting !== 'procent') || eerder.stap === stap) && eerder.einddatum < dag && dagenTussen(eerder.einddatum, dag) < definitie.minimaalDagenTussen)
    let vuren: Vuur[]
    if (definitie.meting === 'procent') vuren = predictProcent(regel, definitie, leerling, beleid, geteld, dagen, dag)
    else if (!getelddagen.includes(dag)) continue
    else if (definitie.venster.soort === 'aaneengesloten') vuren = predictRun(definitie, leerling, geteld, dagen, dag, uitkomsten.at(-1)?.einddatum)
    else vuren = predictVenster(definitie, leerling, vestiging, geteld, begins, dag, uitkomsten.at(-1)?.einddatum)
    if (!isOnder(definitie.onderDrempelVan, leerling, beleid, dag, vestiging)) continue
    for (const { stap, drempel, gemeten, begindatum, onderbouwing } of vuren) {
      if (teDichtbij(stap)) continue
      stappen.push({ stap, einddatum: dag })
      uitkomsten.push({
        regel,
        aard: definitie.aard,
        begindatum,
        einddatum: dag,
        minuten: som(onderbouwing),
        eenheid: eenheid(definitie),
        gemeten,
        drempel,
        uiterlijkAfhandelen: definitie.termijnWerkdagen === null ? null : naWerkdagen(dag, definitie.termijnWerkdagen),
        beleidsversie: beleidOp(beleid, dag).versie,
        onderbouwing: onderbouwing.map(({ bron, bronId, datum, minuten }) => ({ bron, bronId, datum, minuten }))
      })
    }
  }
  return uitkomsten
}

function telLesdagen (leerling: Leerling, van: string, tot: string): number {
  let aantal = 0
  for (let dag = van; dag <= tot; dag = later(dag, 1)) if (leerling.heeftLes(dag)) aantal++
  return aantal
}

function predictVenster (definitie: Regeldefinitie, leerling: Leerling, vestiging: Orakelvestiging, geteld: readonly Geteld[], begins: readonly string[], dag: string, vorige: string | undefined): Vuur[] {
  const begin = vensterbegin(definitie, vestiging, dag)
  if (begin === undefined || (definitie.minimaalLesdagen > 0 && telLesdagen(leerling, begin, dag) < definitie.minimaalLesdagen)) return []
  // A spell counts on its first day.
  if (definitie.meting === 'perioden' && !begins.includes(dag)) return []
  const herstart = definitie.herstart === 'na-signaal' ? vorige : undefined
  const binnen = geteld.filter((feit) => ligtIn(definitie, leerling, feit, begin, dag) && (herstart === undefined || feit.datum > herstart))
  const waarde = meet(definitie, binnen, begins)
  const zonder = meet(definitie, binnen.filter(({ datum }) => datum !== dag), begins)
  const stappen = definitie.drempels.map((stap) => ({ stap, drempel: inMinuten(definitie, stap, vestiging) })).filter(({ drempel }) => drempel <= waarde)
  const gehaald = definitie.herstart === 'geen' ? stappen.filter(({ drempel }) => zonder < drempel) : stappen.slice(-1)
  const dagen = dagenVan(binnen).filter((eigen) => definitie.meting !== 'perioden' || begins.includes(eigen))
  return gehaald.map(({ stap, drempel }) => ({ stap, drempel, gemeten: waarde, begindatum: dagen[0]!, onderbouwing: binnen.filter(({ datum }) => datum >= dagen[0]!) }))
}

/** The run a counted day is in, back to its first day. */
function runTot (dagen: readonly string[], geteld: readonly string[], dag: string): string[] {
  const run: string[] = []
  for (let i = dagen.indexOf(dag); i >= 0 && geteld.includes(dagen[i]!); i--) run.unshift(dagen[i]!)
  return run
}

/** How many lesweken of this run ended before the week of its last day: of each, every lesdag of the leerling is in the run. */
function telHeleLesweken (leerling: Leerling, run: readonly string[]): number {
  let aantal = 0
  for (const week of new Set(run.map(maandag))) {
    if (week === maandag(run.at(-1)!)) continue
    const lessen: string[] = []
    for (let i = 0; i < 7; i++) if (leerling.heeftLes(later(week, i)) || run.includes(later(week, i))) lessen.push(later(week, i))
    if (lessen.length > 0 && lessen.every((dag) => run.includes(dag))) aantal++
  }
  return aantal
}

function predictRun (definitie: Regeldefinitie, leerling: Leerling, geteld: readonly Geteld[], dagen: readonly string[], dag: string, vorige: string | undefined): Vuur[] {
  const getelddagen = dagenVan(geteld).filter((eigen) => definitie.herstart === 'geen' || vorige === undefined || eigen > vorige)
  const run = runTot(dagen, getelddagen, dag)
  const tel = (dagen: readonly string[]): number => definitie.meting === 'lesdagen' || dagen.length === 0 ? dagen.length : telHeleLesweken(leerling, dagen)
  const [waarde, zonder] = [tel(run), tel(run.slice(0, -1))]
  if (telLesdagen(leerling, run[0]!, dag) < definitie.minimaalLesdagen) return []
  const stappen = definitie.drempels.filter((drempel) => drempel <= waarde)
  return (definitie.herstart === 'geen' ? stappen.filter((drempel) => zonder < drempel) : stappen.slice(-1))
    .map((drempel) => ({ stap: drempel, drempel, gemeten: waarde, begindatum: run[0]!, onderbouwing: geteld.filter(({ datum }) => run[0]! <= datum && datum <= dag) }))
}

/** Planned minutes of a day that are part of the share: known, the rule is on and is for the leerling, who has no vrijstelling and no uitzondering. */
function geplandVoor (regel: string, leerling: Leerling, beleid: readonly Beleid[], dag: string): number {
  const definitie = regelOp(beleid, regel, dag)
  const deel = leerling.inschrijving(dag)
  if (definitie?.meting !== 'procent' || deel === undefined || leerling.uitgezonderd(regel, dag)) return 0
  if (leerling.vrijgesteld(dag) && definitie.voor.ookMetVrijstelling !== true) return 0
  return isVoor(definitie, leerling, dag, deel, leerling.vestigingen.get(deel.vestiging)!.sector) ? leerling.gepland(dag) ?? 0 : 0
}

/** What was missed and planned in the window up to a lesdag, where enough lesdagen lie in it. */
function aandeel (regel: string, definitie: Regeldefinitie, leerling: Leerling, beleid: readonly Beleid[], geteld: readonly Geteld[], dag: string): { gemist: number, gepland: number, binnen: readonly Geteld[] } | undefined {
  const vestiging = leerling.vestigingen.get((geteld.find(({ datum }) => datum === dag) ?? leerling.inschrijving(dag)!).vestiging)!
  const begin = vensterbegin(definitie, vestiging, dag)
  if (begin === undefined) return undefined
  let [gepland, lesdagen] = [0, 0]
  for (let lesdag = begin; lesdag <= dag; lesdag = later(lesdag, 1)) {
    const minuten = geplandVoor(regel, leerling, beleid, lesdag)
    if (minuten === 0) continue
    gepland += minuten
    lesdagen++
  }
  // Where nothing was planned, or nobody knows what was, no share of it was missed.
  const binnen = geteld.filter((feit) => ligtIn(definitie, leerling, feit, begin, dag) && geplandVoor(regel, leerling, beleid, feit.datum) > 0)
  return lesdagen < definitie.minimaalLesdagen || gepland === 0 ? undefined : { gemist: som(binnen), gepland, binnen }
}

const band = (drempels: readonly number[], stand: { gemist: number, gepland: number } | undefined): number =>
  stand === undefined ? 0 : drempels.filter((drempel) => 100 * stand.gemist >= drempel * stand.gepland).at(-1) ?? 0

function predictProcent (regel: string, definitie: Regeldefinitie, leerling: Leerling, beleid: readonly Beleid[], geteld: readonly Geteld[], dagen: readonly string[], dag: string): Vuur[] {
  // Lesdagen of which nobody knows what was planned, or on which the rule does not count, are no data.
  const isBekend = (lesdag: string): boolean => geplandVoor(regel, leerling, beleid, lesdag) > 0
  if (!isBekend(dag)) return []
  const stand = aandeel(regel, definitie, leerling, beleid, geteld, dag)
  const eerder = dagen.slice(0, dagen.indexOf(dag)).findLast(isBekend)
  const toen = eerder === undefined ? undefined : regelOp(beleid, regel, eerder)
  const vorige = eerder === undefined || toen === undefined ? 0 : band(toen.drempels, aandeel(regel, toen, leerling, beleid, geteld, eerder))
  const nu = band(definitie.drempels, stand)
  if (stand === undefined || nu <= vorige) return []
  return [{ stap: nu, drempel: nu, gemeten: Math.floor(100 * stand.gemist / stand.gepland), begindatum: stand.binnen[0]!.datum, onderbouwing: stand.binnen }]
}
