import { CATEGORIEEN, type Categorie, type Rooster, type Soort } from './absentie.ts'
import { aanlevergrond, afspraakOp, type Bronafspraak } from './bronafspraak.ts'
import { addDagen, isoWeek, maand, parsePeriode, schooljaar, weekdag, type Datum } from './datum.ts'
import type { Kalender } from './kalender.ts'

export type Eenheid = 'leerlingen' | 'minuten' | 'absenties' | 'lesdagen' | 'verzuimperioden' | 'signalen'

/** Every measure of a cel: its one name, its unit, and what it counts, as people read it. */
export const MATEN = {
  lesdagen: { eenheid: 'lesdagen', omschrijving: 'Lesdagen van de vestiging in de periode, tot en met de peildatum.' },
  lesdagenAangeleverd: { eenheid: 'lesdagen', omschrijving: 'Lesdagen die zijn aangeleverd: een bron verklaarde dat zij alles leverde of, als de bronafspraak dat niet eist, er is ten minste één absentie van, ook als zij is ingetrokken. Niets aangeleverd is iets anders dan iedereen aanwezig.' },
  leerlingen: { eenheid: 'leerlingen', omschrijving: 'Leerlingen die op ten minste één getelde lesdag op deze vestiging waren ingeschreven.' },
  geplandeMinuten: { eenheid: 'minuten', omschrijving: 'Geplande lestijd van die leerlingen op de dagen van hun inschrijving.' },
  zonderRooster: { eenheid: 'leerlingen', omschrijving: 'Leerlingen van wie op ten minste één getelde lesdag het rooster onbekend is; die dagen tellen niet mee in geplande en gemiste minuten.' },
  gemisteMinuten: { eenheid: 'minuten', omschrijving: 'Gemiste minuten in elke categorie behalve aanwezig-elders, op dagen waarvan het rooster bekend is: de teller van het aandeel.' },
  verzuimperioden: { eenheid: 'verzuimperioden', omschrijving: 'Reeksen lesdagen achtereen met verzuim (afwezig of eerder weg), geteld waar zij beginnen; weekend en vakantie breken een reeks niet, een lesdag zonder verzuim wel.' },
  minuten: { eenheid: 'minuten', omschrijving: 'Gemiste minuten voor zover bekend.' },
  onbekend: { eenheid: 'absenties', omschrijving: 'Absenties waarvan het aantal minuten onbekend is.' },
  registraties: { eenheid: 'absenties', omschrijving: 'Absenties.' },
  leerlingenMetAbsentie: { eenheid: 'leerlingen', omschrijving: 'Leerlingen met ten minste één absentie.' },
  band: { eenheid: 'leerlingen', omschrijving: 'Leerlingen met geplande minuten, naar het deel daarvan dat zij misten.' },
  signalen: { eenheid: 'signalen', omschrijving: 'Signalen met een einddatum in de periode, zonder de vervallen.' }
} as const satisfies Record<string, { eenheid: Eenheid, omschrijving: string }>

/** Bands of the missed share (rule aanwezigheidstrede): from this percentage of the leerling's own planned minutes on. */
export const BANDEN = [
  { band: 'tot5', vanaf: 0 },
  { band: 'tot10', vanaf: 5 },
  { band: 'tot20', vanaf: 10 },
  { band: 'vanaf20', vanaf: 20 }
] as const
export type Band = typeof BANDEN[number]['band']

/** Only these are verzuim of a lesdag: who came late or was removed from a lesuur was there. */
export const AFWEZIGE_SOORTEN: readonly Soort[] = ['afwezig', 'eerder-weg']
export const GEEN_VERZUIM: Categorie = 'aanwezig-elders'

export interface Categoriecijfers {
  readonly minuten: number
  readonly onbekend: number
  readonly registraties: number
  readonly leerlingen: number
}

/** The figures of one vestiging in one periode, of one leerjaar or (null) of all. Exact integers. */
export interface Cel {
  readonly vestiging: string
  readonly periode: string
  readonly leerjaar: number | null
  readonly van: Datum
  /** The last day that was counted: the end of the periode or the peildatum, whichever is first. */
  readonly totEnMet: Datum
  readonly lesdagen: number
  readonly lesdagenAangeleverd: number
  readonly leerlingen: number
  readonly geplandeMinuten: number
  readonly zonderRooster: number
  readonly gemisteMinuten: number
  readonly verzuimperioden: number
  readonly categorieen: Readonly<Record<Categorie, Categoriecijfers>>
  readonly banden: Readonly<Record<Band, number>>
  /** Per regel; a regel without signalen is absent. */
  readonly signalen: Readonly<Record<string, number>>
}

/** A Cel while it is added up. */
export type Celinwording = {
  -readonly [Maat in keyof Cel]:
  Maat extends 'categorieen' ? Record<Categorie, { -readonly [Cijfer in keyof Categoriecijfers]: number }>
    : Maat extends 'banden' ? Record<Band, number>
      : Maat extends 'signalen' ? Record<string, number>
        : Cel[Maat]
}

/** A cel of zeros over the part of a periode up to the peildatum; undefined for a periode that has not begun. */
export function emptyCel (vestiging: string, periode: string, leerjaar: number | null, peildatum: Datum): Celinwording | undefined {
  const grenzen = parsePeriode(periode)
  if (grenzen === undefined) throw new RangeError(`Not a periode: ${periode}`)
  if (grenzen.van > peildatum) return undefined
  return {
    vestiging,
    periode,
    leerjaar,
    van: grenzen.van,
    totEnMet: grenzen.tot < peildatum ? grenzen.tot : peildatum,
    lesdagen: 0,
    lesdagenAangeleverd: 0,
    leerlingen: 0,
    geplandeMinuten: 0,
    zonderRooster: 0,
    gemisteMinuten: 0,
    verzuimperioden: 0,
    categorieen: Object.fromEntries(CATEGORIEEN.map((categorie) => [categorie, { minuten: 0, onbekend: 0, registraties: 0, leerlingen: 0 }])) as Celinwording['categorieen'],
    banden: { tot5: 0, tot10: 0, tot20: 0, vanaf20: 0 },
    signalen: {}
  }
}

/** The band of a missed share; undefined without planned minutes. In whole numbers, so 5 % exactly is in tot10. */
export function bandVan (gemist: number, gepland: number): Band | undefined {
  if (gepland === 0) return undefined
  let band: Band = 'tot5'
  for (const each of BANDEN) if (gemist * 100 >= gepland * each.vanaf) band = each.band
  return band
}

/** The share of the planned minutes that was missed, four decimals; null when nothing is planned. */
export function aandeelGemist ({ gemisteMinuten, geplandeMinuten }: Pick<Cel, 'gemisteMinuten' | 'geplandeMinuten'>): number | null {
  return geplandeMinuten === 0 ? null : Math.round(gemisteMinuten / geplandeMinuten * 10_000) / 10_000
}

/** The lesweek, maand and schooljaar a day lies in. */
export function periodenVan (datum: Datum): [lesweek: string, maand: string, schooljaar: string] {
  return [isoWeek(datum), maand(datum), schooljaar(datum)]
}

/** Every lesweek, maand and schooljaar that touches these days, both ends inclusive. */
export function listPerioden (van: Datum, tot: Datum): string[] {
  const perioden = new Set<string>()
  for (let datum = van; datum <= tot; datum = addDagen(datum, 7)) for (const periode of periodenVan(datum)) perioden.add(periode)
  if (van <= tot) for (const periode of periodenVan(tot)) perioden.add(periode)
  return [...perioden].sort()
}

/**
 * The perioden a change in the week of this maandag can move. The next lesdag is among them: whether a verzuimperiode begins there depends
 * on the day before.
 */
export function periodenRond (maandag: Datum, kalender: Kalender): string[] {
  const zondag = addDagen(maandag, 6)
  return [...new Set([maandag, zondag, kalender.nextLesdag(zondag)].flatMap(periodenVan))].sort()
}

// --- the fold: what every measure means, one fact at a time

export interface Celinschrijving {
  readonly bron: string
  readonly leerling: string
  readonly vestiging: string
  readonly van: Datum
  readonly tot: Datum | null
  readonly leerjaar: number
  /** Planned minutes Monday to Sunday; null is unknown. */
  readonly rooster: Rooster | null
}

export interface Celabsentie {
  readonly bron: string
  readonly leerling: string
  readonly vestiging: string
  readonly datum: Datum
  readonly soort: Soort
  readonly categorie: Categorie
  readonly minuten: number | null
  readonly ingetrokken: boolean
  /** Another bron goes before this one, for the same lesson time. */
  readonly overtroefd: boolean
}

export interface Celsignaal { readonly bron: string, readonly leerling: string, readonly regel: string, readonly einddatum: Datum, readonly vervallen: boolean }

/** A bron's declaration, in force, that it delivered everything of this vestiging on this day. */
export interface Celverklaring { readonly bron: string, readonly vestiging: string, readonly datum: Datum }

export interface Celfeiten {
  readonly inschrijvingen: readonly Celinschrijving[]
  readonly absenties: readonly Celabsentie[]
  readonly signalen: readonly Celsignaal[]
  readonly verklaringen: readonly Celverklaring[]
  readonly afspraken: readonly Bronafspraak[]
}

/**
 * One cel from the facts of a school, day by day (REKENREGELS 6). The statement in statistiek/store.ts says the same for all cellen at
 * once; a test compares them. A later inschrijving at the same vestiging ends the earlier one.
 */
export function foldCel (sleutel: Pick<Cel, 'vestiging' | 'periode' | 'leerjaar'>, feiten: Celfeiten, kalender: Kalender, peildatum: Datum): Cel | undefined {
  const { vestiging, periode, leerjaar } = sleutel
  const cel = emptyCel(vestiging, periode, leerjaar, peildatum)
  if (cel === undefined) return undefined
  const lesdagen = kalender.lesdagen(cel.van, cel.totEnMet)
  cel.lesdagen = lesdagen.length
  cel.lesdagenAangeleverd = lesdagen.filter((datum) => isAangeleverd(vestiging, datum, feiten)).length

  const eigen = feiten.inschrijvingen.filter((inschrijving) => inschrijving.vestiging === vestiging)
  for (const inschrijvingen of Map.groupBy(eigen, keyOf).values()) {
    const key = keyOf(inschrijvingen[0]!)
    const absenties = feiten.absenties.filter((absentie) => absentie.vestiging === vestiging && !absentie.ingetrokken && !absentie.overtroefd && keyOf(absentie) === key)
    addLeerling(cel, inschrijvingen, absenties, lesdagen, kalender)
    for (const { regel } of feiten.signalen.filter((signaal) => keyOf(signaal) === key && countsSignaal(cel, signaal, inschrijvingen))) cel.signalen[regel] = (cel.signalen[regel] ?? 0) + 1
  }
  return cel
}

function isAangeleverd (vestiging: string, datum: Datum, { absenties, verklaringen, afspraken }: Celfeiten): boolean {
  const ofDag = (each: { readonly vestiging: string, readonly datum: Datum }): boolean => each.vestiging === vestiging && each.datum === datum
  return aanlevergrond(afspraakOp(afspraken, datum), { verklaringen: verklaringen.filter(ofDag).length, absenties: absenties.filter(ofDag).length }) !== null
}

function addLeerling (cel: Celinwording, inschrijvingen: readonly Celinschrijving[], absenties: readonly Celabsentie[], lesdagen: readonly Datum[], kalender: Kalender): void {
  const dagen = lesdagen.flatMap((datum) => {
    const inschrijving = inschrijvingOp(inschrijvingen, datum)
    return inschrijving !== undefined && ofLeerjaar(cel, inschrijving) ? [{ datum, rooster: inschrijving.rooster }] : []
  })
  if (dagen.length === 0) return
  const onDag = ({ datum }: { datum: Datum }): Celabsentie[] => absenties.filter((absentie) => absentie.datum === datum)
  const sum = (lijst: readonly Celabsentie[]): number => lijst.reduce((total, { minuten }) => total + (minuten ?? 0), 0)

  const bekend = dagen.filter(({ rooster }) => rooster !== null)
  const gepland = bekend.reduce((total, { datum, rooster }) => total + rooster![weekdag(datum) - 1]!, 0)
  const gemist = sum(bekend.flatMap(onDag).filter(({ categorie }) => categorie !== GEEN_VERZUIM))
  cel.leerlingen++
  cel.geplandeMinuten += gepland
  cel.gemisteMinuten += gemist
  if (bekend.length < dagen.length) cel.zonderRooster++
  const band = bandVan(gemist, gepland)
  if (band !== undefined) cel.banden[band]++
  cel.verzuimperioden += dagen.filter(({ datum }) => startsVerzuim(datum, inschrijvingen, absenties, kalender)).length

  for (const [categorie, lijst] of Map.groupBy(dagen.flatMap(onDag), ({ categorie }) => categorie)) {
    const cijfers = cel.categorieen[categorie]
    cijfers.minuten += sum(lijst)
    cijfers.onbekend += lijst.filter(({ minuten }) => minuten === null).length
    cijfers.registraties += lijst.length
    cijfers.leerlingen++
  }
}

function startsVerzuim (datum: Datum, inschrijvingen: readonly Celinschrijving[], absenties: readonly Celabsentie[], kalender: Kalender): boolean {
  const isVerzuim = (dag: Datum): boolean => inschrijvingOp(inschrijvingen, dag) !== undefined &&
    absenties.some((absentie) => absentie.datum === dag && absentie.categorie !== GEEN_VERZUIM && AFWEZIGE_SOORTEN.includes(absentie.soort))
  const vorige = previousLesdag(kalender, datum)
  return isVerzuim(datum) && (vorige === undefined || !isVerzuim(vorige))
}

/** The last lesdag before this day; undefined when there was none for a year. */
export function previousLesdag (kalender: Kalender, datum: Datum): Datum | undefined {
  for (let n = 1; n <= 366; n++) {
    const dag = addDagen(datum, -n)
    if (kalender.isLesdag(dag)) return dag
  }
  return undefined
}

function countsSignaal (cel: Celinwording, { einddatum, vervallen }: Celsignaal, inschrijvingen: readonly Celinschrijving[]): boolean {
  const inschrijving = inschrijvingOp(inschrijvingen, einddatum)
  return !vervallen && cel.van <= einddatum && einddatum <= cel.totEnMet && inschrijving !== undefined && ofLeerjaar(cel, inschrijving)
}

/** Of inschrijvingen at one vestiging, the one in force: the last that began, while it lasts. */
function inschrijvingOp (inschrijvingen: readonly Celinschrijving[], datum: Datum): Celinschrijving | undefined {
  const begonnen = inschrijvingen.filter(({ van }) => van <= datum)
  const laatste = begonnen.reduce<Celinschrijving | undefined>((last, each) => last === undefined || each.van > last.van ? each : last, undefined)
  return laatste !== undefined && (laatste.tot === null || datum <= laatste.tot) ? laatste : undefined
}

function ofLeerjaar (cel: Celinwording, inschrijving: Celinschrijving): boolean {
  return cel.leerjaar === null || cel.leerjaar === inschrijving.leerjaar
}

function keyOf ({ bron, leerling }: { bron: string, leerling: string }): string {
  return `${bron}\n${leerling}`
}
