import type { Feit, Rooster } from './absentie.ts'
import { beleidOp, type Beleid } from './beleid.ts'
import { addDagen, dagnummer, weekdag, type Datum, type Periode } from './datum.ts'
import { addWerkdagen, type Kalender } from './kalender.ts'
import { achttiendeVerjaardag, leerplichtperiode } from './leerplicht.ts'
import { GETELD, uurMinuten, VENSTERREGELS, type Vensterregel } from './regel.ts'
import type { Sector } from './sector.ts'

export interface Deelname {
  readonly vestiging: string
  readonly van: Datum
  readonly tot: Datum | null
  readonly rooster: Rooster | null
}

/** Everything the rules know of one leerling at one school. Absenties are sorted by datum and none is withdrawn. */
export interface Feiten {
  readonly geboortedatum: Datum
  readonly absenties: readonly Feit[]
  readonly inschrijvingen: readonly Deelname[]
  readonly vrijstellingen: ReadonlyArray<{ readonly van: Datum, readonly tot: Datum }>
}

export interface Vestigingskader { readonly sector: Sector, readonly lesuurMinuten: number, readonly kalender: Kalender }
export type Vestigingen = ReadonlyMap<string, Vestigingskader>

export interface Onderbouwingsregel { readonly bron: string, readonly bronId: string, readonly datum: Datum, readonly minuten: number }

/** What a rule found; whole minutes, days both inclusive. */
export interface Uitkomst {
  readonly regel: string
  readonly begindatum: Datum
  readonly einddatum: Datum
  readonly minuten: number
  readonly drempelMinuten: number
  readonly uiterlijkMelden: Datum
  readonly beleidsversie: number
  readonly onderbouwing: readonly Onderbouwingsregel[]
}

/**
 * Every signaal the facts carry up to and including the peildatum, oldest first per rule (REKENREGELS 3). The same function serves a push,
 * a correction, the night and the margins: the outcome depends on its arguments alone.
 */
export function evaluateRegels (feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: Datum): Uitkomst[] {
  return VENSTERREGELS.filter((regel) => isOoitAan(regel, beleid))
    .flatMap((regel) => evaluateVenster(regel, countDagen(regel, feiten, vestigingen, beleid, peildatum), vestigingen).uitkomsten)
}

function isOoitAan (regel: Vensterregel, beleid: readonly Beleid[]): boolean {
  return regel.standaardAan || beleid.some((versie) => isAan(regel, versie))
}

/** One day's counted minutes, under the vestiging where they were missed. */
interface Teldag { readonly datum: Datum, readonly nummer: number, readonly vestiging: string, readonly beleidsversie: number, readonly feiten: Feit[], minuten: number }

interface Stand { readonly uitkomsten: Uitkomst[], readonly dagen: readonly Teldag[], /** Index of the first day after the last restart. */ readonly vanaf: number }

/** The days on which a leerling has the age of a rule, both inclusive. */
function leeftijdsperiode (regel: Vensterregel, geboortedatum: Datum): Periode {
  return regel.leeftijd === 'vanaf-18' ? { van: achttiendeVerjaardag(geboortedatum), tot: '9999-12-31' } : leerplichtperiode(geboortedatum)
}

/** Why an absentie does not count for a rule on its day; undefined when it does. */
function whyNot (regel: Vensterregel, feit: Feit, feiten: Feiten, leeftijd: Periode, vestigingen: Vestigingen, beleid: readonly Beleid[]): string | undefined {
  const { datum, vestiging } = feit
  if (feit.categorie !== GETELD.categorie) return `is ${feit.categorie}`
  if (!regel.soorten.includes(feit.soort)) return `soort ${feit.soort} telt hier niet`
  if (datum < regel.geldigVan || (regel.geldigTot !== null && datum > regel.geldigTot)) return 'de regel gold toen niet'
  if (!isAan(regel, beleidOp(beleid, datum))) return 'de regel stond toen uit'
  if (feit.minuten === null) return 'het aantal minuten is onbekend'
  if (feit.minuten === 0) return 'er is geen lestijd gemist'
  const kalender = vestigingen.get(vestiging)?.kalender
  if (kalender === undefined || !kalender.isLesdag(datum)) return 'is geen lesdag'
  if (!feiten.inschrijvingen.some((deelname) => coversDeelname(deelname, vestiging, datum))) return 'valt buiten de inschrijving'
  if (datum < leeftijd.van || datum > leeftijd.tot) return regel.leeftijd === 'vanaf-18' ? 'de leerling was nog geen 18' : 'de leerling was niet leer- of kwalificatieplichtig'
  if (feiten.vrijstellingen.some(({ van, tot }) => van <= datum && datum <= tot)) return 'de leerling had vrijstelling'
  return undefined
}

function isAan (regel: Vensterregel, beleid: Beleid): boolean {
  return beleid.regels.find((keuze) => keuze.regel === regel.regel)?.aan ?? regel.standaardAan
}

function coversDeelname (deelname: Deelname, vestiging: string, datum: Datum): boolean {
  return deelname.vestiging === vestiging && deelname.van <= datum && (deelname.tot === null || datum <= deelname.tot)
}

function countDagen (regel: Vensterregel, feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: Datum): Teldag[] {
  const dagen: Teldag[] = []
  const leeftijd = leeftijdsperiode(regel, feiten.geboortedatum)
  for (const feit of feiten.absenties) {
    if (feit.datum > peildatum) break
    if (whyNot(regel, feit, feiten, leeftijd, vestigingen, beleid) !== undefined) continue
    let dag = dagen.at(-1)
    if (dag?.datum !== feit.datum) {
      dag = { datum: feit.datum, nummer: dagnummer(feit.datum), vestiging: feit.vestiging, beleidsversie: beleidOp(beleid, feit.datum).versie, feiten: [], minuten: 0 }
      dagen.push(dag)
    }
    dag.feiten.push(feit)
    dag.minuten += feit.minuten!
  }
  return dagen
}

function evaluateVenster (regel: Vensterregel, dagen: readonly Teldag[], vestigingen: Vestigingen): Stand {
  const uitkomsten: Uitkomst[] = []
  let vanaf = 0
  let vorige = -Infinity
  for (let index = 0; index < dagen.length; index++) {
    const dag = dagen[index]!
    if (dag.nummer - vorige < regel.minimaalDagenTussen) continue
    const { eerste, minuten } = sumVenster(regel, dagen, vanaf, index, vestigingen)
    const drempel = drempelMinuten(regel, vestigingen, dag.vestiging)
    if (minuten < drempel) continue
    uitkomsten.push({
      regel: regel.regel,
      begindatum: dagen[eerste]!.datum,
      einddatum: dag.datum,
      minuten,
      drempelMinuten: drempel,
      uiterlijkMelden: addWerkdagen(dag.datum, regel.meldtermijnWerkdagen),
      beleidsversie: dag.beleidsversie,
      onderbouwing: dagen.slice(eerste, index + 1).flatMap(({ feiten }) => feiten.map(explain))
    })
    vanaf = index + 1
    vorige = dag.nummer
  }
  return { uitkomsten, dagen, vanaf }
}

function explain ({ bron, bronId, datum, minuten }: Feit): Onderbouwingsregel {
  return { bron, bronId, datum, minuten: minuten! }
}

function drempelMinuten (regel: Vensterregel, vestigingen: Vestigingen, vestiging: string): number {
  const { sector, lesuurMinuten } = vestigingen.get(vestiging)!
  return regel.uren * uurMinuten(sector, lesuurMinuten)
}

/** The sum over the days from `vanaf` that lie in the window ending at `index`, and the first of them. */
function sumVenster (regel: Vensterregel, dagen: readonly Teldag[], vanaf: number, index: number, vestigingen: Vestigingen): { eerste: number, minuten: number } {
  const begin = vensterVan(regel, vestigingen.get(dagen[index]!.vestiging)!.kalender, dagen[index]!.datum)
  let eerste = index
  let minuten = 0
  for (let at = index; at >= vanaf && dagen[at]!.datum >= begin; at--) {
    eerste = at
    minuten += dagen[at]!.minuten
  }
  return { eerste, minuten }
}

/** Monday of the first lesweek of the window that ends on this day: vacations are skipped, so it may lie months back. */
function vensterVan (regel: Vensterregel, kalender: Kalender, datum: Datum): Datum {
  // A day in no lesweek ends the window of the last lesweek before it.
  let day = datum
  let nummer = kalender.lesweekNummer(day)
  while (nummer === undefined) nummer = kalender.lesweekNummer(day = addDagen(day, -7))
  return kalender.maandagVanLesweek(nummer - regel.lesweken + 1)!
}

/** How far a rule is from firing, and why it did not. */
export interface Marge {
  readonly regel: string
  readonly aan: boolean
  readonly minuten: number
  readonly drempelMinuten: number
  readonly resterendMinuten: number
  readonly vensterVan: Datum
  readonly laatsteEinddatum: Datum | null
  /** The oldest counted day, and the first lesdag on which it no longer counts. */
  readonly oudsteDag: { readonly datum: Datum, readonly minuten: number, readonly vervaltOp: Datum } | null
  /** The first day on which it can fire, were every planned minute from now on missed; null when that cannot be said. */
  readonly vroegsteDatum: Datum | null
  readonly onderbouwing: readonly Onderbouwingsregel[]
  readonly nietGeteld: ReadonlyArray<{ readonly bron: string, readonly bronId: string, readonly datum: Datum, readonly minuten: number | null, readonly waarom: string }>
  readonly volledigheid: Margevolledigheid
  readonly toelichting: string
}

/** A lesdag of the leerling, and whether it was delivered where he was enrolled. */
export interface Lesdagstand { readonly datum: Datum, readonly aangeleverd: boolean }

/** The lesdagen in the window; of the unknown ones nobody can say that nothing was missed. */
export interface Margevolledigheid { readonly lesdagen: number, readonly aangeleverd: number, readonly onbekend: readonly Datum[] }

/** The first day in the window of any rule at the peildatum; undefined for a leerling without margins. */
export function findVensterbegin (feiten: Feiten, vestigingen: Vestigingen, peildatum: Datum): Datum | undefined {
  const deelname = findDeelname(feiten, vestigingen, peildatum)
  return deelname === undefined ? undefined : VENSTERREGELS.map((regel) => vensterVan(regel, vestigingen.get(deelname.vestiging)!.kalender, peildatum)).sort()[0]
}

function findDeelname (feiten: Feiten, vestigingen: Vestigingen, peildatum: Datum): Deelname | undefined {
  return feiten.inschrijvingen.find((deelname) => vestigingen.has(deelname.vestiging) && coversDeelname(deelname, deelname.vestiging, peildatum))
}

/**
 * The margins of every rule at the peildatum, for a leerling enrolled then at a known vestiging; else none can be said. `lesdagen` are his own
 * since `findVensterbegin`, in order.
 */
export function measureMarges (feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: Datum, lesdagen: readonly Lesdagstand[]): Marge[] {
  const deelname = findDeelname(feiten, vestigingen, peildatum)
  if (deelname === undefined) return []
  return VENSTERREGELS.map((regel) => {
    const marge = measureMarge(regel, deelname, feiten, vestigingen, beleid, peildatum)
    const inVenster = lesdagen.filter(({ datum }) => marge.vensterVan <= datum && datum <= peildatum)
    const onbekend = inVenster.filter(({ aangeleverd }) => !aangeleverd).map(({ datum }) => datum)
    const volledigheid = { lesdagen: inVenster.length, aangeleverd: inVenster.length - onbekend.length, onbekend }
    return { ...marge, volledigheid, toelichting: marge.aan && onbekend.length > 0 ? `${marge.toelichting} Niet aangeleverd en dus onbekend: ${onbekend.length} van de ${inVenster.length} lesdagen in het venster.` : marge.toelichting }
  })
}

function measureMarge (regel: Vensterregel, deelname: Deelname, feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: Datum): Omit<Marge, 'volledigheid'> {
  const { kalender } = vestigingen.get(deelname.vestiging)!
  const { uitkomsten, dagen, vanaf } = evaluateVenster(regel, countDagen(regel, feiten, vestigingen, beleid, peildatum), vestigingen)
  const leeftijd = leeftijdsperiode(regel, feiten.geboortedatum)
  const begin = vensterVan(regel, kalender, peildatum)
  const inVenster = dagen.slice(vanaf).filter(({ datum }) => datum >= begin)
  const minuten = inVenster.reduce((total, dag) => total + dag.minuten, 0)
  const drempel = drempelMinuten(regel, vestigingen, deelname.vestiging)
  const oudste = inVenster[0]
  const aan = isAan(regel, beleidOp(beleid, peildatum))
  const laatste = uitkomsten.at(-1)?.einddatum ?? null
  return {
    regel: regel.regel,
    aan,
    minuten,
    drempelMinuten: drempel,
    resterendMinuten: Math.max(0, drempel - minuten),
    vensterVan: begin,
    laatsteEinddatum: laatste,
    oudsteDag: oudste === undefined ? null : { datum: oudste.datum, minuten: oudste.minuten, vervaltOp: vervaltOp(regel, kalender, oudste.datum) },
    vroegsteDatum: aan ? findVroegsteDatum(regel, deelname, feiten, vestigingen, beleid, peildatum) : null,
    onderbouwing: inVenster.flatMap((dag) => dag.feiten.map(explain)),
    nietGeteld: feiten.absenties.filter(({ datum }) => datum >= begin && datum <= peildatum).flatMap((feit) => {
      const waarom = whyNot(regel, feit, feiten, leeftijd, vestigingen, beleid) ?? (laatste !== null && feit.datum <= laatste ? `telde al voor het signaal tot en met ${laatste}` : undefined)
      return waarom === undefined ? [] : [{ bron: feit.bron, bronId: feit.bronId, datum: feit.datum, minuten: feit.minuten, waarom }]
    }),
    toelichting: explainMarge(regel, aan, minuten, drempel, begin, laatste)
  }
}

function explainMarge (regel: Vensterregel, aan: boolean, minuten: number, drempel: number, begin: Datum, laatste: Datum | null): string {
  if (!aan) return 'Deze regel staat uit in het beleid dat nu geldt.'
  const sinds = laatste !== null && laatste >= begin ? `na het signaal tot en met ${laatste}` : `sinds ${begin}`
  if (minuten >= drempel) return `De drempel is bereikt (${minuten} van ${drempel} minuten ${sinds}), maar tussen twee signalen liggen ten minste ${regel.minimaalDagenTussen} dagen.`
  return `${minuten} van ${drempel} minuten in het venster van ${regel.lesweken} lesweken, geteld ${sinds}; nog ${drempel - minuten} minuten tot een signaal.`
}

/** First lesdag of the lesweek in which a counted day has left the window. */
function vervaltOp (regel: Vensterregel, kalender: Kalender, datum: Datum): Datum {
  const maandag = kalender.maandagVanLesweek(kalender.lesweekNummer(datum)! + regel.lesweken)!
  return kalender.isLesdag(maandag) ? maandag : kalender.nextLesdag(maandag)
}

/** Lesdagen that are looked ahead: past these the window holds nothing of today. */
const VOORUIT = 25

function findVroegsteDatum (regel: Vensterregel, deelname: Deelname, feiten: Feiten, vestigingen: Vestigingen, beleid: readonly Beleid[], peildatum: Datum): Datum | null {
  if (deelname.rooster === null) return null
  const { kalender } = vestigingen.get(deelname.vestiging)!
  const absenties = feiten.absenties.filter(({ datum }) => datum <= peildatum)
  let datum = peildatum
  for (let day = 0; day < VOORUIT; day++) {
    datum = kalender.nextLesdag(datum)
    const minuten = deelname.rooster[weekdag(datum) - 1]!
    absenties.push({ bron: '', bronId: '', vestiging: deelname.vestiging, datum, soort: regel.soorten[0]!, reden: null, categorie: GETELD.categorie, minuten })
    const { uitkomsten } = evaluateVenster(regel, countDagen(regel, { ...feiten, absenties }, vestigingen, beleid, datum), vestigingen)
    const einddatum = uitkomsten.at(-1)?.einddatum
    if (einddatum !== undefined && einddatum > peildatum) return einddatum
  }
  return null
}
