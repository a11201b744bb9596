import { CATEGORIEEN, type Categorie, type Soort } from './absentie.ts'
import { STANDAARDBELEID, type Beleid } from './beleid.ts'
import { addDagen, datumVanDagnummer, dagnummer, isoWeek, maandag, schooljaarPeriode, startjaar, schooljaarVanStartjaar, weekdag, type Datum } from './datum.ts'
import { evaluateReeks, measureAandeel, measureRegel, type Uitkomst } from './evaluate-regels.ts'
import { buildKalender, type Kalender, type Kalenderbron, type Lesvrij } from './kalender.ts'
import { findLandelijk, type Regeldefinitie } from './regel.ts'
import { findReeks, Leerlingrekening, rekensoort, vensterBegin, vlakOp, type Deelname, type Gelezen, type Oordeel, type Regelreeks } from './teldagen.ts'
import { countOf, formatDatum } from './woorden.ts'
import type { Sector } from './sector.ts'

/** Rises when the same facts can come to another outcome. */
const MOTOR = 2

/** What a signaal was computed from, complete enough to compute it again; days both inclusive. Of what did not count it names no reden. */
export interface Herleiding {
  readonly motor: number
  readonly regel: string
  /** The version of the national rule; null for a rule of the school's own. */
  readonly regelversie: { readonly geldigVan: Datum, readonly bron: string } | null
  readonly definitie: Regeldefinitie
  /** Of the counted days and of the einddatum; 0 is the standaardbeleid. */
  readonly beleidsversies: readonly number[]
  readonly uitkomst: Omit<Uitkomst, 'onderbouwing' | 'regel' | 'beleidsversie'>
  readonly venster: { readonly van: Datum, readonly tot: Datum }
  readonly vestigingen: readonly Herleidingsvestiging[]
  readonly inschrijvingen: readonly Deelname[]
  /** Of the signaal before it: from there counting began anew, or the distance is kept. */
  readonly vorigeEinddatum: Datum | null
  /** Of a share: the band of the lesdag before, by the beleid of that day; 0 is none. Null for what is no share. */
  readonly vorigeBand: number | null
  /** Of a share: the lesdagen of which planned time counts, with that time. Null for what is no share. */
  readonly gepland: ReadonlyArray<{ readonly datum: Datum, readonly vestiging: string, readonly leerjaar: number, readonly minuten: number }> | null
  readonly geteld: readonly Geteld[]
  readonly nietGeteld: readonly NietGeteld[]
  /** The rule it had to stay below, as measured on the einddatum. */
  readonly onder: { readonly regel: string, readonly gemeten: number, readonly drempel: number } | null
}

export interface Herleidingsvestiging {
  readonly vestiging: string
  readonly sector: Sector
  readonly lesuurMinuten: number
  /** Which kalender it was; `versie` counts those the school laid down. */
  readonly kalenders: ReadonlyArray<{ readonly schooljaar: string, readonly bron: Kalenderbron, readonly versie: number | null }>
  /** ISO weeks with the ISO weekdays on which lessons were given. */
  readonly lesweken: ReadonlyArray<{ readonly week: string, readonly dagen: readonly number[] }>
  /** Monday to Friday within the window without lessons, and why. */
  readonly overgeslagen: ReadonlyArray<{ readonly van: Datum, readonly tot: Datum, readonly waarom: string }>
}

export interface Geteld { readonly bron: string, readonly bronId: string, readonly vestiging: string, readonly datum: Datum, readonly soort: Soort, readonly reden: string | null, readonly categorie: Categorie, readonly minuten: number | null, /** How the beleid read it otherwise than its reden says. */ readonly duiding: string | null }
export interface NietGeteld { readonly bron: string, readonly bronId: string, readonly datum: Datum, readonly minuten: number | null, readonly waarom: string }

/** Explains one of the uitkomsten that these facts gave for a rule. */
export function buildHerleiding (rekening: Leerlingrekening, uitkomsten: readonly Uitkomst[], uitkomst: Uitkomst): Herleiding {
  const { regel, einddatum } = uitkomst
  const reeks = findReeks(rekening.beleid, regel)!
  const { definitie } = vlakOp(reeks, einddatum)!
  const vorigeEinddatum = findVorige(definitie, uitkomsten, uitkomst)
  const kader = findKader(rekening, uitkomst)
  // Of a run the whole week in which it began: whether that is a whole lesweek.
  const van = rekensoort(definitie) === 'reeks' ? maandag(uitkomst.begindatum) : datumVanDagnummer(vensterBegin(definitie, dagnummer(einddatum), kader))
  const grens = definitie.herstart === 'na-signaal' && vorigeEinddatum !== null && vorigeEinddatum >= van ? addDagen(vorigeEinddatum, 1) : van
  const vanaf = definitie.meting === 'perioden' || rekensoort(definitie) === 'reeks' ? uitkomst.begindatum : grens
  const dagen = rekening.tel(reeks).dagen.filter(({ datum }) => vanaf <= datum && datum <= einddatum)
  const geteld = new Set(dagen.flatMap(({ gelezen }) => gelezen))
  const { onderbouwing: _onderbouwing, regel: _regel, beleidsversie, ...vondst } = uitkomst
  const landelijk = findLandelijk(regel, einddatum)
  const inschrijvingen = rekening.feiten.inschrijvingen.filter((deelname) => deelname.van <= einddatum && (deelname.tot === null || deelname.tot >= van))
  const vestigingen = [...new Set([...inschrijvingen.map(({ vestiging }) => vestiging), ...dagen.map(({ vestiging }) => vestiging)])]
  return {
    motor: MOTOR,
    regel,
    regelversie: landelijk === undefined ? null : { geldigVan: landelijk.geldigVan, bron: landelijk.bron },
    definitie,
    beleidsversies: [...new Set([...dagen.map(({ vlak }) => vlak.versie), beleidsversie])].sort((a, b) => a - b),
    uitkomst: vondst,
    venster: { van, tot: einddatum },
    vestigingen: vestigingen.filter((vestiging) => rekening.vestigingen.has(vestiging)).map((vestiging) => describeVestiging(rekening, vestiging, van, einddatum)),
    inschrijvingen: inschrijvingen.map(({ vestiging, van, tot, leerjaar, rooster }) => ({ vestiging, van, tot, leerjaar, rooster })),
    vorigeEinddatum,
    vorigeBand: rekensoort(definitie) === 'aandeel' ? findVorigeBand(rekening, reeks, uitkomst) : null,
    gepland: rekensoort(definitie) === 'aandeel' ? listGepland(rekening, reeks, van, einddatum) : null,
    geteld: [...geteld].map(describeGeteld),
    nietGeteld: rekening.gelezen.filter((gelezen) => van <= gelezen.feit.datum && gelezen.feit.datum <= einddatum && !geteld.has(gelezen)).map((gelezen) => describeNietGeteld(rekening, reeks, gelezen, vorigeEinddatum)),
    onder: definitie.onderDrempelVan === null ? null : describeOnder(rekening, definitie.onderDrempelVan, einddatum, kader)
  }
}

type Kader = Gelezen['kader'] & object

/** The vestiging by whose kalender the window of the einddatum ran. */
function findKader (rekening: Leerlingrekening, { einddatum, onderbouwing }: Uitkomst): Kader {
  const laatste = onderbouwing.at(-1)
  const gelezen = rekening.gelezen.find(({ feit }) => feit.datum === einddatum && feit.bronId === laatste?.bronId && feit.bron === laatste.bron)
  return gelezen?.kader ?? rekening.vestigingen.get(rekening.findDeelname(einddatum)!.vestiging)!
}

function findVorige (definitie: Regeldefinitie, uitkomsten: readonly Uitkomst[], uitkomst: Uitkomst): Datum | null {
  const eerder = uitkomsten.filter(({ regel, einddatum, drempel }) => regel === uitkomst.regel && einddatum < uitkomst.einddatum && (definitie.herstart === 'na-signaal' || drempel === uitkomst.drempel))
  return eerder.at(-1)?.einddatum ?? null
}

/** The band of the last lesdag before an einddatum that counted; 0 is none. */
function findVorigeBand (rekening: Leerlingrekening, reeks: Regelreeks, { einddatum }: Uitkomst): number {
  const vorige = measureAandeel(rekening, reeks, STANDAARDBELEID.geldigVan, addDagen(einddatum, -1))
  const nieuwJaar = vorige !== undefined && vlakOp(reeks, einddatum)!.definitie.venster.soort === 'schooljaar' && vorige.laatste.nummer < dagnummer(`${startjaar(einddatum)}-08-01`)
  return vorige === undefined || nieuwJaar ? 0 : vorige.band
}

function listGepland (rekening: Leerlingrekening, reeks: Regelreeks, van: Datum, tot: Datum): Herleiding['gepland'] {
  return rekening.listTelbaar(reeks, dagnummer(van), dagnummer(tot))
    .map(({ nummer, gepland, deelname: { vestiging, leerjaar } }) => ({ datum: datumVanDagnummer(nummer), vestiging, leerjaar, minuten: gepland }))
}

function describeVestiging ({ vestigingen }: Leerlingrekening, vestiging: string, van: Datum, tot: Datum): Herleidingsvestiging {
  const { sector, lesuurMinuten, kalender } = vestigingen.get(vestiging)!
  // The whole of the last week: how many lesdagen it has says whether it is a lesweek.
  const zondag = addDagen(maandag(tot), 6)
  const jaren = Array.from({ length: startjaar(zondag) - startjaar(van) + 1 }, (_, at) => schooljaarVanStartjaar(startjaar(van) + at))
  const weken = Map.groupBy(kalender.lesdagen(van, zondag), isoWeek)
  return {
    vestiging,
    sector,
    lesuurMinuten,
    kalenders: jaren.map((jaar) => ({ schooljaar: jaar, bron: kalender.bron(jaar), versie: kalender.schooljaarkalender(jaar).versie ?? null })),
    lesweken: [...weken].map(([week, dagen]) => ({ week, dagen: dagen.map(weekdag) })),
    overgeslagen: listOvergeslagen(kalender, van, tot)
  }
}

function listOvergeslagen (kalender: Kalender, van: Datum, tot: Datum): Array<{ van: Datum, tot: Datum, waarom: string }> {
  const stukken: Array<{ van: Datum, tot: Datum, waarom: string }> = []
  let aansluitend = false
  for (let datum = van; datum <= tot; datum = addDagen(datum, 1)) {
    if (weekdag(datum) > 5) continue
    const waarom = kalender.reden(datum)
    const vorig = stukken.at(-1)
    if (waarom !== undefined && vorig?.waarom === waarom && aansluitend) vorig.tot = datum
    else if (waarom !== undefined) stukken.push({ van: datum, tot: datum, waarom })
    aansluitend = waarom !== undefined
  }
  return stukken
}

function describeGeteld ({ feit, soort, categorie, minuten, duiding }: Gelezen): Geteld {
  const { bron, bronId, vestiging, datum, reden } = feit
  return { bron, bronId, vestiging, datum, soort, reden, categorie, minuten, duiding: duiding?.omschrijving ?? null }
}

export function describeNietGeteld (rekening: Leerlingrekening, reeks: Regelreeks, gelezen: Gelezen, vorigeEinddatum: Datum | null): NietGeteld {
  const { feit: { bron, bronId, datum }, minuten } = gelezen
  const oordeel = rekening.judge(reeks, gelezen)
  const waarom = oordeel !== 'telt' ? describeOordeel(oordeel, gelezen) : vorigeEinddatum !== null && datum <= vorigeEinddatum ? `telde al voor het signaal tot en met ${vorigeEinddatum}` : 'hoort bij een eerdere periode'
  return { bron, bronId, datum, minuten, waarom }
}

/** Why an absentie does not count, as the end of a sentence about it. */
function describeOordeel (oordeel: Exclude<Oordeel, 'telt'>, { categorie, soort, kader }: Gelezen): string {
  return {
    uit: 'de regel stond toen uit',
    categorie: `is ${categorie}`,
    soort: `soort ${soort} telt hier niet`,
    selectie: 'valt buiten de redenen of dagen van de regel',
    duur: 'duurde niet lang genoeg',
    'minuten-onbekend': 'het aantal minuten is onbekend',
    'geen-minuten': 'er is geen lestijd gemist',
    lesdag: kader === undefined ? 'is van een onbekende vestiging' : 'is geen lesdag',
    lesweek: 'ligt in een week met te weinig lesdagen',
    inschrijving: 'valt buiten de inschrijving',
    doelgroep: 'de leerling viel toen niet onder de regel',
    vrijstelling: 'de leerling had vrijstelling',
    uitzondering: 'voor de leerling gold toen een uitzondering',
    'dag-niet-heel': 'die lesdag is niet geheel gemist'
  }[oordeel]
}

function describeOnder (rekening: Leerlingrekening, regel: string, datum: Datum, kader: Kader): Herleiding['onder'] {
  const gemeten = measureRegel(rekening, regel, { nummer: dagnummer(datum), kader })
  return gemeten === undefined ? null : { regel, ...gemeten }
}

// --- computing it again

export type Nagerekend = Pick<Uitkomst, 'begindatum' | 'einddatum' | 'minuten' | 'gemeten' | 'drempel' | 'uiterlijkAfhandelen'>

/** The verdict on the einddatum from the document alone, by the same function; undefined when what it holds does not carry a signaal. */
export function recomputeHerleiding (herleiding: Herleiding): Nagerekend | undefined {
  const { definitie, uitkomst: { einddatum, drempel }, vorigeEinddatum, vorigeBand, onder } = herleiding
  if (onder !== null && onder.gemeten >= onder.drempel) return undefined
  const beleid = [rebuildBeleid(definitie)]
  const vestigingen = new Map(herleiding.vestigingen.map((vestiging) => [vestiging.vestiging, { sector: vestiging.sector, lesuurMinuten: vestiging.lesuurMinuten, kalender: rebuildKalender(vestiging) }]))
  const feiten = {
    // For whom the rule is was decided before: nothing here depends on it.
    geboortedatum: '2000-01-01',
    absenties: herleiding.geteld.map(({ duiding: _duiding, ...feit }) => ({ ...feit, reden: null, redenSinds: null })),
    inschrijvingen: herleiding.gepland === null ? herleiding.inschrijvingen : herleiding.gepland.map(rebuildLesdag),
    vrijstellingen: [],
    uitzonderingen: []
  }
  const rekening = new Leerlingrekening(feiten, vestigingen, beleid, einddatum)
  const reeks = findReeks(beleid, HERLEIDING)!
  const gevonden = evaluateReeks(rekening, reeks, { einddatum: vorigeEinddatum, sinds: einddatum, band: vorigeBand === null ? null : { voor: einddatum, band: vorigeBand } }).uitkomsten.find((uitkomst) => uitkomst.einddatum === einddatum && uitkomst.drempel === drempel)
  if (gevonden === undefined) return undefined
  const { begindatum, minuten, gemeten, uiterlijkAfhandelen } = gevonden
  return { begindatum, einddatum, minuten, gemeten, drempel, uiterlijkAfhandelen }
}

const HERLEIDING = 'herleiding'

/** An inschrijving of one day, with what was planned then. */
function rebuildLesdag ({ datum, vestiging, leerjaar, minuten }: NonNullable<Herleiding['gepland']>[number]): Deelname {
  return { vestiging, van: datum, tot: datum, leerjaar, rooster: [1, 2, 3, 4, 5, 6, 7].map((dag) => dag === weekdag(datum) ? minuten : 0) }
}

/** The rule alone, over everything that was counted. */
function rebuildBeleid (definitie: Regeldefinitie): Beleid {
  const over = { categorieen: CATEGORIEEN, ...(definitie.over.heleDag === true ? { heleDag: true as const } : {}) }
  return { ...STANDAARDBELEID, regels: [{ ...definitie, regel: HERLEIDING, aan: true, aard: 'intern', over, voor: {}, onderDrempelVan: null }] }
}

function rebuildKalender ({ lesweken, kalenders }: Herleidingsvestiging): Kalender {
  const lesdagen = new Set(lesweken.flatMap(({ week, dagen }) => dagen.map((dag) => `${week} ${dag}`)))
  const jaren = kalenders.map(({ schooljaar: jaar }) => jaar)
  const eigen = jaren.map((jaar) => {
    const { van, tot } = schooljaarPeriode(jaar)
    const lesvrij: Lesvrij[] = []
    for (let datum = van; datum <= tot; datum = addDagen(datum, 1)) {
      if (!lesdagen.has(`${isoWeek(datum)} ${weekdag(datum)}`)) lesvrij.push({ van: datum, tot: datum, soort: 'studiedag', naam: 'buiten het venster' })
    }
    return { schooljaar: jaar, lesdagen: [1, 2, 3, 4, 5, 6, 7], lesvrij }
  })
  return buildKalender({ regio: 'noord', eigen })
}

// --- in words

/** The verdict in one Dutch paragraph, for a mentor. */
export function explainHerleiding (herleiding: Herleiding): string {
  const { uitkomst, definitie, venster, geteld, nietGeteld, vestigingen, vorigeEinddatum, onder } = herleiding
  const { begindatum, einddatum, eenheid, gemeten, drempel, uiterlijkAfhandelen, aard } = uitkomst
  const dagen = new Set(geteld.map(({ datum }) => datum)).size
  const weken = new Set(vestigingen.flatMap(({ lesweken }) => lesweken.map(({ week }) => week))).size
  const overgeslagen = [...new Set(vestigingen.flatMap((vestiging) => vestiging.overgeslagen.map(({ waarom }) => waarom)))].filter((waarom) => waarom !== GEEN_LESDAG)
  const waaroms = Map.groupBy(nietGeteld, ({ waarom }) => waarom)
  return [
    `Van ${formatDatum(begindatum)} tot en met ${formatDatum(einddatum)} ${telwoord(eenheid, gemeten)} geteld, in ${countOf(geteld.length, 'absentie', 'absenties')} op ${countOf(dagen, 'dag', 'dagen')}; de drempel is ${drempel}${eenheid === 'procent' ? ' procent' : ''}.`,
    rekensoort(definitie) === 'reeks'
      ? `De reeks liep over ${countOf(weken, 'lesweek', 'lesweken')}${overgeslagen.length > 0 ? `; ${overgeslagen.join(', ')} breekt haar niet` : ''}.`
      : `Het venster liep van ${formatDatum(venster.van)} tot en met ${formatDatum(venster.tot)}, ${countOf(weken, 'lesweek', 'lesweken')}${overgeslagen.length > 0 ? `; overgeslagen: ${overgeslagen.join(', ')}` : ''}.`,
    ...(vorigeEinddatum !== null && definitie.herstart === 'na-signaal' && vorigeEinddatum >= venster.van ? [`Het vorige signaal eindigde op ${formatDatum(vorigeEinddatum)}; daarna begon het tellen opnieuw.`] : []),
    ...(nietGeteld.length > 0 ? [`Niet geteld: ${[...waaroms].map(([waarom, lijst]) => `${lijst.length} (${waarom})`).join(', ')}.`] : []),
    ...(onder === null ? [] : [`Op die dag stond ${onder.regel} op ${onder.gemeten} van ${onder.drempel}.`]),
    ...(uiterlijkAfhandelen === null ? [] : [`${aard === 'wettelijk' ? 'Uiterlijk melden' : 'Uiterlijk afhandelen'} op ${formatDatum(uiterlijkAfhandelen)}.`]),
    ...(aard === 'intern' ? ['Dit signaal blijft binnen de school.'] : [])
  ].join(' ')
}

const GEEN_LESDAG = 'geen lesdag in deze week'
function telwoord (eenheid: Uitkomst['eenheid'], aantal: number): string {
  if (eenheid === 'procent') return `is ${aantal} procent van de geplande lestijd als gemist`
  const [een, meer] = ENKELVOUD[eenheid]
  return `${aantal === 1 ? 'is' : 'zijn'} ${countOf(aantal, een, meer)}`
}

/** One and many of what is counted. */
export const ENKELVOUD = {
  minuten: ['minuut', 'minuten'],
  lesdagen: ['lesdag', 'lesdagen'],
  registraties: ['registratie', 'registraties'],
  perioden: ['periode', 'perioden'],
  lesweken: ['hele lesweek', 'hele lesweken']
} as const
