import { describeAard } from './bijzonder.ts'
import { achttiendeVerjaardag, groepsperiode } from './leerplicht.ts'
import { dagnummer, leeftijdOp, weekdag, type Datum, type Periode } from './datum.ts'
import { MEESTE_LESUREN, VERMOEDELIJKE_REDENEN, type CC_ONTVANGERS, type LEERWEGEN, type Meldingsprofiel, type VermoedelijkeReden, type VORMEN } from './meldingsprofiel.ts'
import { findLandelijk, type Aard, type Bronstatus, type Doelgroep } from './regel.ts'
import type { Dagdeel, Rooster } from './absentie.ts'
import type { Duobericht, Operatie, Statuswijziging } from './duobericht.ts'
import type { Sector } from './sector.ts'
import type { Signaalstatus } from './signaal.ts'

// --- soorten

/** V1 (3 schooldagen) and V2 (an eighth in 4 weken) are abolished: there is no word for them here. */
export const MELDINGSOORTEN = ['V3', 'V4', 'LRV', 'RMC', 'L', 'O', 'Z'] as const
export type Meldingsoort = typeof MELDINGSOORTEN[number]

export interface Soortregels {
  readonly soort: Meldingsoort
  readonly omschrijving: string
  readonly geldigVan: Datum
  readonly geldigTot: Datum | null
  readonly bron: string
  readonly status: Bronstatus
  /** The national rule it belongs to, which also says for whom it is; null is none. */
  readonly regel: string | null
  readonly verplicht: boolean
  /** The day the drempel was reached; the day of return or uitschrijving, which comes later; or as the school says. */
  readonly einddatum: 'dag-van-drempel' | 'bij-terugkeer' | 'vrij'
  /** Cannot be made by hand: only a signaal says on which day the drempel was reached. */
  readonly alleenOpSignaal: boolean
}

const ALTIJD = { geldigVan: '1900-01-01', geldigTot: null, status: 'van-kracht', verplicht: true, alleenOpSignaal: false } as const
const SOORTEN: readonly Soortregels[] = [
  { ...ALTIJD, soort: 'V3', omschrijving: '16 uur in 4 lesweken', regel: 'wettelijk-16-uur', einddatum: 'dag-van-drempel', alleenOpSignaal: true, bron: 'Leerplichtwet 1969 art. 21a; DUO, Soorten verzuim' },
  { ...ALTIJD, soort: 'V4', omschrijving: '16 uur in 4 lesweken, 18 jaar en ouder', regel: 'wettelijk-16-uur-18plus', verplicht: false, einddatum: 'dag-van-drempel', bron: 'DUO, Soorten verzuim: niet verplicht, vaak een regionale afspraak' },
  { ...ALTIJD, soort: 'LRV', omschrijving: 'Langdurig relatief verzuim', regel: 'langdurig-verzuim', einddatum: 'bij-terugkeer', bron: 'Leerplichtwet 1969 art. 21a; DUO, Soorten verzuim' },
  { ...ALTIJD, soort: 'RMC', omschrijving: 'Doorstroompunt: langdurig verzuim van 18 jaar en ouder', regel: 'doorstroompunt', einddatum: 'bij-terugkeer', bron: 'DUO, Soorten verzuim; Wet van school naar duurzaam werk' },
  { ...ALTIJD, soort: 'L', omschrijving: 'Luxeverzuim', regel: 'luxeverzuim', einddatum: 'vrij', bron: 'Leerplichtwet 1969 art. 11 onder f en 13a; DUO, Soorten verzuim' },
  { ...ALTIJD, soort: 'O', omschrijving: 'Overig verzuim', regel: null, verplicht: false, einddatum: 'vrij', bron: 'DUO, Soorten verzuim' }
]

/** The soorten with the days on which they can be sent; Z only once it is known when the law enters into force. */
export function listMeldingsoorten (inwerkingtreding: Datum | null): Soortregels[] {
  if (inwerkingtreding === null) return [...SOORTEN]
  return [...SOORTEN, { ...ALTIJD, soort: 'Z', omschrijving: 'Signaal zorgelijk verzuim', regel: 'zorgelijk-verzuim', verplicht: false, einddatum: 'vrij', geldigVan: inwerkingtreding, status: 'aangenomen', bron: 'Kamerstuk 36663: signaal zorgelijk verzuim' }]
}

export function findMeldingsoort (soort: Meldingsoort, datum: Datum, inwerkingtreding: Datum | null): Soortregels | undefined {
  return listMeldingsoorten(inwerkingtreding).find((regels) => regels.soort === soort && regels.geldigVan <= datum && (regels.geldigTot === null || datum <= regels.geldigTot))
}

/**
 * The soort a signaal is sent as; undefined when the caller must say so. A zorgelijk signaal is Z once the law is in force, and before that
 * goes as O only when the caller asks for it.
 */
export function soortVanSignaal ({ aard, regel }: Pick<Meldbaarsignaal, 'aard' | 'regel'>, datum: Datum, inwerkingtreding: Datum | null): Meldingsoort | undefined {
  if (aard === 'zorgelijk') return findMeldingsoort('Z', datum, inwerkingtreding)?.soort
  return SOORTEN.find((regels) => regels.regel === regel)?.soort
}

/** What may be asked instead of what follows from the signaal: O for a zorgelijk one, in force or not. */
export function isSoortVoor ({ aard, regel }: Pick<Meldbaarsignaal, 'aard' | 'regel'>, soort: Meldingsoort): boolean {
  return aard === 'zorgelijk' ? soort === 'Z' || soort === 'O' : SOORTEN.some((regels) => regels.regel === regel && regels.soort === soort)
}

// --- what it rests on

/** A signaal that may be gemeld, by type: an intern one has an aard this does not know. */
export interface Meldbaarsignaal {
  readonly signaal: string
  readonly regel: string
  readonly aard: Exclude<Aard, 'intern'>
  readonly begindatum: Datum
  readonly einddatum: Datum
}
/** What the school saw itself; its days are looked up like those of a signaal. */
export interface EigenMelding { readonly aard: 'handmatig', readonly begindatum: Datum, readonly einddatum: Datum | null }
export type Meldgrond = Meldbaarsignaal | EigenMelding

/** The type says it too; data that come from outside the types are asked. */
export function isMeldbaarsignaal<T extends { readonly aard: Aard }> (signaal: T): signaal is T & { readonly aard: Meldbaarsignaal['aard'] } {
  return signaal.aard === 'wettelijk' || signaal.aard === 'zorgelijk'
}

/** An absentie under a melding. */
export interface Meldfeit {
  readonly datum: Datum
  readonly vestiging: string
  readonly minuten: number | null
  readonly lesuren: readonly number[] | null
  readonly dagdeel: Dagdeel | null
  /** By the categorie that stands now, or because a duiding of the beleid counts it so. */
  readonly ongeoorloofd: boolean
}
export interface Meldinschrijving extends Omit<Periode, 'tot'> { readonly vestiging: string, readonly sector: Sector, readonly tot: Datum | null, readonly leerjaar: number, readonly rooster: Rooster | null }
export interface AndereMelding { readonly melding: string, readonly soort: Meldingsoort, readonly begindatum: Datum, readonly einddatum: Datum | null }

/** What is known of one leerling, as far as a melding asks. */
export interface Dossier {
  readonly geboortedatum: Datum
  readonly nummersoort: 'bsn' | 'onderwijsnummer' | null
  readonly woongemeente: string | null
  readonly inschrijvingen: readonly Meldinschrijving[]
  readonly vrijstellingen: readonly Periode[]
  readonly feiten: readonly Meldfeit[]
  /** Of the same person under any bron, without what was withdrawn. */
  readonly meldingen: readonly AndereMelding[]
}

export const GEINFORMEERDEN = ['ouders', 'leerling'] as const
export interface Geinformeerd { readonly wie: typeof GEINFORMEERDEN[number], readonly op: Datum }

/** Who speaks for the school. */
export interface Contact {
  readonly contactpersoon?: string | undefined
  readonly functie?: string | undefined
  readonly emailadres?: string | undefined
  readonly netnummer?: string | undefined
  readonly abonneenummer?: string | undefined
  readonly ccEmail?: typeof CC_ONTVANGERS[number] | undefined
}
/** What people say in one melding. */
export interface Meldinginvoer extends Contact {
  readonly vermoedelijkeReden: VermoedelijkeReden
  readonly toelichting?: string | undefined
  readonly actieOndernemen: boolean
  readonly toelichtingActieGewenst?: string | undefined
  readonly toelichtingOndernomenActie?: string | undefined
  readonly niveau?: number | undefined
  readonly opleidingsnaam?: string | undefined
  readonly leerweg?: typeof LEERWEGEN[number] | undefined
  readonly vorm?: typeof VORMEN[number] | undefined
  readonly geinformeerd?: Geinformeerd | undefined
}

// --- the checks

export interface Meldfout { readonly code: string, readonly pointer: string, readonly detail: string }
export interface Aandachtspunt { readonly code: string, readonly detail: string }
export interface Meldtoets { readonly fouten: readonly Meldfout[], readonly aandachtspunten: readonly Aandachtspunt[] }

export interface Voorgenomen {
  readonly soort: Soortregels
  readonly grond: Meldgrond
  /** Of the signaal, or null by hand. */
  readonly signaalstatus: Signaalstatus | null
  readonly begindatum: Datum
  readonly einddatum: Datum | null
  readonly uiterlijkMelden: Datum | null
  readonly invoer: Meldinginvoer
  readonly dossier: Dossier
  /** A change of this melding; null is a new one. */
  readonly melding: string | null
}

/** V3, with permanent absentie: one melding per so many days (DUO, Soorten verzuim). */
const DAGEN_TUSSEN_V3 = 7
/** From here on a leerling may be told instead of the ouders (AVG: from 16 one exercises one's own rights). */
const ZELF_VANAF = 16

/** Everything that keeps a melding from being made, at once, and what people should look at. Pure: what it needs is in the dossier. */
export function checkMelding (voornemen: Voorgenomen, vandaag: Datum): Meldtoets {
  const fouten = [
    ...checkPeriode(voornemen, vandaag),
    ...checkSignaal(voornemen),
    ...checkFeiten(voornemen),
    ...checkInschrijving(voornemen, vandaag),
    ...checkPersoon(voornemen),
    ...checkAndere(voornemen),
    ...checkGeinformeerd(voornemen, vandaag),
    ...checkTeksten(voornemen)
  ]
  return { fouten, aandachtspunten: listAandachtspunten(voornemen, vandaag) }
}

function checkPeriode ({ soort, grond, begindatum, einddatum }: Voorgenomen, vandaag: Datum): Meldfout[] {
  const fouten: Meldfout[] = []
  if (begindatum > vandaag) fouten.push({ code: 'datum-in-toekomst', pointer: '/begindatum', detail: 'Deze dag is nog niet geweest.' })
  if (einddatum === null) return soort.einddatum === 'dag-van-drempel' ? [...fouten, { code: 'einddatum-ontbreekt', pointer: '/einddatum', detail: `Een melding ${soort.soort} eindigt op de dag waarop de 16 uur waren bereikt.` }] : fouten
  if (einddatum > vandaag) fouten.push({ code: 'datum-in-toekomst', pointer: '/einddatum', detail: 'Deze dag is nog niet geweest.' })
  if (einddatum < begindatum) fouten.push({ code: 'periode-keert-om', pointer: '/einddatum', detail: 'Ligt voor de begindatum.' })
  if (soort.einddatum === 'dag-van-drempel' && grond.aard !== 'handmatig' && einddatum !== grond.einddatum) {
    fouten.push({ code: 'einddatum-wijkt-af', pointer: '/einddatum', detail: `De 16 uur waren bereikt op ${grond.einddatum}.` })
  }
  return fouten
}

function checkSignaal ({ soort, grond, signaalstatus, melding }: Voorgenomen): Meldfout[] {
  if (grond.aard === 'handmatig') {
    return soort.alleenOpSignaal ? [{ code: 'signaal-ontbreekt', pointer: '/signaal', detail: `Een melding ${soort.soort} rust op het signaal dat zegt wanneer de 16 uur waren bereikt.` }] : []
  }
  if (melding === null && signaalstatus !== 'open' && signaalstatus !== 'in-behandeling') return [{ code: 'signaal-niet-open', pointer: '/signaal', detail: `Het signaal is ${signaalstatus}.` }]
  return signaalstatus === 'vervallen' ? [{ code: 'signaal-vervallen', pointer: '/signaal', detail: 'De feiten dragen het signaal niet meer; trek de melding in.' }] : []
}

function checkFeiten ({ dossier: { feiten, vrijstellingen }, begindatum, einddatum, grond }: Voorgenomen): Meldfout[] {
  const fouten: Meldfout[] = []
  const pointer = grond.aard === 'handmatig' ? '/begindatum' : '/signaal'
  if (feiten.length === 0) fouten.push({ code: 'geen-ongeoorloofd-verzuim', pointer, detail: 'In deze periode is niets ongeoorloofd gemist.' })
  const anders = [...new Set(feiten.filter(({ ongeoorloofd }) => !ongeoorloofd).map(({ datum }) => datum))].sort()
  if (anders.length > 0) fouten.push({ code: 'niet-ongeoorloofd', pointer, detail: `Wat op ${anders.join(', ')} is gemist, is nu niet ongeoorloofd; wacht op de evaluatie of corrigeer de absenties.` })
  const laatste = einddatum ?? feiten.map(({ datum }) => datum).sort().at(-1) ?? begindatum
  if (vrijstellingen.some(({ van, tot }) => van <= laatste && begindatum <= tot)) fouten.push({ code: 'vrijstelling', pointer, detail: 'De leerling heeft in deze periode vrijstelling; DUO trekt zo een melding in.' })
  return fouten
}

function checkInschrijving ({ dossier: { feiten, inschrijvingen }, begindatum, grond, melding }: Voorgenomen, vandaag: Datum): Meldfout[] {
  const isIngeschreven = (dag: Datum): boolean => inschrijvingen.some(({ van, tot }) => van <= dag && (tot === null || dag <= tot))
  const buiten = [...new Set([begindatum, ...feiten.map(({ datum }) => datum)])].filter((dag) => !isIngeschreven(dag)).sort()
  const fouten: Meldfout[] = []
  if (buiten.length > 0) fouten.push({ code: 'niet-ingeschreven', pointer: grond.aard === 'handmatig' ? '/begindatum' : '/signaal', detail: `De leerling was niet ingeschreven op ${buiten.join(', ')}.` })
  if (melding === null && !isIngeschreven(vandaag)) fouten.push({ code: 'uitgeschreven', pointer: '/leerling', detail: 'Na de uitschrijving van de leerling kan niet worden gemeld.' })
  return fouten
}

function checkPersoon ({ soort, dossier: { geboortedatum, nummersoort, feiten }, begindatum }: Voorgenomen): Meldfout[] {
  const fouten: Meldfout[] = []
  if (nummersoort === null) fouten.push({ code: 'nummer-ontbreekt', pointer: '/leerling', detail: 'Van de leerling is geen persoonsgebonden nummer bekend.' })
  if (soort.regel === null) return fouten
  const buiten = [...new Set([begindatum, ...feiten.map(({ datum }) => datum)])].filter((dag) => !isVoor(findLandelijk(soort.regel!, dag)?.definitie.voor, geboortedatum, dag)).sort()
  if (buiten.length > 0) fouten.push({ code: 'buiten-doelgroep', pointer: '/leerling', detail: `Door de leeftijd valt de leerling niet onder ${soort.soort} op ${buiten.join(', ')}.` })
  return fouten
}

/** For whom a rule is, as far as age says; none is for everybody. */
function isVoor (voor: Doelgroep | undefined, geboortedatum: Datum, dag: Datum): boolean {
  if (voor?.leerplicht !== undefined) {
    const { van, tot } = groepsperiode(voor.leerplicht, geboortedatum)
    if (dag < van || dag > tot) return false
  }
  const { van = 0, tot = Infinity } = voor?.leeftijd ?? {}
  const leeftijd = leeftijdOp(geboortedatum, dag)
  return van <= leeftijd && leeftijd < tot
}

function checkAndere ({ soort, begindatum, einddatum, dossier: { meldingen }, melding }: Voorgenomen): Meldfout[] {
  const andere = meldingen.filter((each) => each.soort === soort.soort && each.melding !== melding)
  const einde = (dag: Datum | null, begin: Datum): Datum => dag ?? (soort.einddatum === 'bij-terugkeer' ? '9999-12-31' : begin)
  const fouten: Meldfout[] = []
  if (andere.some((each) => each.begindatum <= einde(einddatum, begindatum) && begindatum <= einde(each.einddatum, each.begindatum))) {
    fouten.push({ code: 'dubbel', pointer: '/begindatum', detail: `Er is al een melding ${soort.soort} over (een deel van) deze periode.` })
  }
  const dichtbij = soort.soort === 'V3' && einddatum !== null && andere.some((each) => each.einddatum !== null && Math.abs(dagnummer(each.einddatum) - dagnummer(einddatum)) < DAGEN_TUSSEN_V3)
  if (dichtbij) fouten.push({ code: 'te-kort-na-vorige', pointer: '/einddatum', detail: `Binnen ${DAGEN_TUSSEN_V3} dagen is er al een melding V3.` })
  return fouten
}

function checkGeinformeerd ({ invoer: { geinformeerd }, dossier: { geboortedatum } }: Voorgenomen, vandaag: Datum): Meldfout[] {
  if (geinformeerd === undefined) return [{ code: 'niet-geinformeerd', pointer: '/geinformeerd', detail: 'Leg vast wie over de melding is geïnformeerd, en op welke dag.' }]
  const { wie, op } = geinformeerd
  if (op > vandaag) return [{ code: 'datum-in-toekomst', pointer: '/geinformeerd/op', detail: 'Deze dag is nog niet geweest.' }]
  if (wie === 'ouders' && op >= achttiendeVerjaardag(geboortedatum)) return [{ code: 'leerling-zelf', pointer: '/geinformeerd/wie', detail: 'Wie 18 is, wordt zelf geïnformeerd.' }]
  if (wie === 'leerling' && leeftijdOp(geboortedatum, op) < ZELF_VANAF) return [{ code: 'ouders', pointer: '/geinformeerd/wie', detail: `Onder de ${ZELF_VANAF} worden de ouders geïnformeerd.` }]
  return []
}

/** Who reads a melding learns that somebody is ziek, and never of what. */
function checkTeksten ({ invoer }: Voorgenomen): Meldfout[] {
  return (['toelichting', 'toelichtingActieGewenst', 'toelichtingOndernomenActie'] as const).flatMap((veld) => {
    const aard = describeAard(invoer[veld] ?? '')
    return aard === undefined ? [] : [{ code: 'aard-van-ziekte', pointer: `/${veld}`, detail: `Deze tekst ${aard}.` }]
  })
}

/** Who is told of a melding of this leerling when the school tells it at every melding. */
export function informeert (geboortedatum: Datum, op: Datum): Geinformeerd {
  return { wie: op >= achttiendeVerjaardag(geboortedatum) ? 'leerling' : 'ouders', op }
}

function listAandachtspunten ({ soort, einddatum, uiterlijkMelden, dossier: { woongemeente } }: Voorgenomen, vandaag: Datum): Aandachtspunt[] {
  return [
    ...uiterlijkMelden !== null && uiterlijkMelden < vandaag ? [{ code: 'te-laat', detail: `Uiterlijk op ${uiterlijkMelden} had dit gemeld moeten zijn; meld het alsnog.` }] : [],
    ...woongemeente === null ? [{ code: 'woongemeente-onbekend', detail: 'De woongemeente van de leerling is niet bekend; DUO bepaalt dan zelf welke gemeente de melding krijgt.' }] : [],
    ...soort.soort === 'V4' || soort.soort === 'RMC' ? [{ code: 'startkwalificatie-onbekend', detail: 'Ga na dat de leerling geen startkwalificatie heeft; dat is hier niet bekend.' }] : [],
    ...soort.einddatum === 'bij-terugkeer' && einddatum === null ? [{ code: 'einddatum-open', detail: 'Vul de einddatum in als de leerling terug of uitgeschreven is.' }] : [],
    ...soort.soort === 'O' || soort.soort === 'Z' ? [{ code: 'niet-verplicht', detail: 'De school mag dit melden en weegt dat zelf af, naar haar beleid.' }] : []
  ]
}

// --- the message

export interface Meldingsdag { readonly datum: Datum, readonly heleDag: boolean, readonly lesuren: readonly number[] }

/** The days of a melding, each once; a whole day where all of the rooster is missed, or where nothing says that it was less. */
export function buildDagen (feiten: readonly Meldfeit[], inschrijvingen: readonly Meldinschrijving[]): Meldingsdag[] {
  return [...Map.groupBy(feiten.filter(({ ongeoorloofd }) => ongeoorloofd), ({ datum }) => datum)].sort(([a], [b]) => a < b ? -1 : 1).map(([datum, eigen]) => {
    const rooster = inschrijvingen.find(({ vestiging, van, tot }) => vestiging === eigen[0]!.vestiging && van <= datum && (tot === null || datum <= tot))?.rooster
    const gepland = rooster?.[weekdag(datum) - 1] ?? null
    const minuten = eigen.every((feit) => feit.minuten !== null) ? eigen.reduce((som, feit) => som + feit.minuten!, 0) : null
    const heleDag = gepland !== null && minuten !== null ? minuten >= gepland : eigen.some(({ lesuren, dagdeel }) => lesuren === null && dagdeel === null)
    return { datum, heleDag, lesuren: [...new Set(eigen.flatMap(({ lesuren }) => lesuren ?? []))].filter((uur) => uur >= 1 && uur <= MEESTE_LESUREN).sort((a, b) => a - b) }
  })
}

export interface Berichtinhoud {
  readonly school: string
  readonly grond: Meldgrond
  readonly soort: Meldingsoort
  readonly begindatum: Datum
  readonly einddatum: Datum | null
  readonly dagen: readonly Meldingsdag[]
  readonly inschrijving: Pick<Meldinschrijving, 'vestiging' | 'sector' | 'leerjaar'>
  readonly leerling: { readonly nummersoort: 'bsn' | 'onderwijsnummer', readonly nummer: string, readonly woongemeente: string | null }
  readonly invoer: Meldinginvoer
}

/** The message of a melding: every field named by the profile, from its own source, and nothing else. Undefined values are left out. */
export function buildDuobericht ({ profiel }: Meldingsprofiel, inhoud: Berichtinhoud): Duobericht {
  const { school, soort, begindatum, einddatum, dagen, inschrijving: { vestiging, sector, leerjaar }, leerling, invoer } = inhoud
  const { vermoedelijkeReden, toelichting, actieOndernemen, toelichtingActieGewenst, toelichtingOndernomenActie, niveau, opleidingsnaam, leerweg, vorm } = invoer
  const { contactpersoon, functie, emailadres, netnummer, abonneenummer, ccEmail } = invoer
  const isMbo = sector === 'mbo'
  const velden = {
    [leerling.nummersoort === 'bsn' ? 'burgerservicenummer' : 'onderwijsnummer']: leerling.nummer,
    gemeentecode: leerling.woongemeente,
    brin: school,
    vestiging,
    soortOnderwijs: isMbo ? 'BVE' : sector === 'vo' ? 'VO' : null,
    leerjaar: sector === 'vo' && leerjaar >= 1 && leerjaar <= 6 ? leerjaar : null,
    niveau: isMbo ? niveau : null,
    opleidingsnaam,
    leerweg: isMbo ? leerweg : null,
    vorm: isMbo ? vorm : null,
    soort,
    begindatum,
    einddatum,
    alleLessenGemist: dagen.length > 0 && dagen.every(({ heleDag }) => heleDag),
    dagenGespecificeerd: dagen.length > 0,
    dagen: dagen.length > 0 ? dagen.map(({ datum, heleDag, lesuren }) => ({ datum, heleDag, lesuren })) : null,
    vermoedelijkeReden: VERMOEDELIJKE_REDENEN[vermoedelijkeReden],
    toelichting,
    actieOndernemen,
    toelichtingActieGewenst: actieOndernemen ? toelichtingActieGewenst : null,
    toelichtingOndernomenActie,
    contactpersoon,
    functie,
    emailadres,
    netnummer,
    abonneenummer,
    ccEmail
  }
  return { profiel, school, meldingsnummer: null, laatsteMutatie: null, velden: Object.fromEntries(Object.entries(velden).flatMap(([naam, waarde]) => waarde === null || waarde === undefined ? [] : [[naam, waarde]])) }
}

/** The message that withdraws: DUO finds the melding by its number, so nothing of the leerling travels along. */
export function buildIntrekbericht ({ profiel }: Meldingsprofiel, school: string): Duobericht {
  return { profiel, school, meldingsnummer: null, laatsteMutatie: null, velden: { brin: school } }
}

// --- statuses

/** W wacht op verzending, R geregistreerd, B in behandeling, G afgesloten, K ter kennisgeving aangenomen, I ingetrokken. */
export const MELDINGSTATUSSEN = ['W', 'R', 'B', 'G', 'K', 'I'] as const
export type Meldingstatus = typeof MELDINGSTATUSSEN[number]

export const INTREKREDENEN = ['fout-in-registratie', 'verzuim-verklaard', 'vrijstelling', 'dubbel-gemeld', 'anders'] as const
/** By DUO because of a vrijstelling; by somebody of the school in another system than this. */
export const INGETROKKEN_DOOR_DUO = 'vrijstelling-duo'
export const INGETROKKEN_ELDERS = 'elders-ingetrokken'

type Wie = 'school' | 'gemeente' | 'duo'
/** Who may make what of a melding (DUO, statussen since 12 August 2020). A school changes and withdraws; only the gemeente closes. */
const OVERGANGEN: Readonly<Record<Meldingstatus, Readonly<Record<Wie, readonly Meldingstatus[]>>>> = {
  W: { school: ['W', 'R', 'I'], gemeente: [], duo: [] },
  R: { school: ['R', 'I'], gemeente: ['B', 'G', 'K'], duo: ['R', 'I'] },
  B: { school: ['B', 'I'], gemeente: ['B', 'G', 'K'], duo: ['R', 'I'] },
  G: { school: [], gemeente: ['B', 'G', 'K'], duo: ['R', 'I'] },
  K: { school: [], gemeente: ['B', 'G', 'K'], duo: ['R', 'I'] },
  I: { school: [], gemeente: [], duo: [] }
}

export function magMelding (status: Meldingstatus, wie: Wie, naar: Meldingstatus): boolean {
  return OVERGANGEN[status][wie].includes(naar)
}

/** What a status that was read back makes of a melding; undefined when it says nothing new: older than what is known, or not possible any more. */
export function followStatus (melding: { readonly status: Meldingstatus, readonly laatsteMutatie: string | null }, { status, mutatieOp, reden }: Statuswijziging): { readonly status: Meldingstatus, readonly redenIntrekking: string | null } | undefined {
  if (melding.laatsteMutatie !== null && Date.parse(mutatieOp) <= Date.parse(melding.laatsteMutatie)) return undefined
  if (!magMelding(melding.status, status === 'R' || status === 'I' ? 'duo' : 'gemeente', status)) return undefined
  return { status, redenIntrekking: status !== 'I' ? null : reden === 'V' ? INGETROKKEN_DOOR_DUO : INGETROKKEN_ELDERS }
}

// --- the outbox

export const UITZENDSTATUSSEN = ['wacht', 'onderweg', 'aangenomen', 'dood', 'vervallen'] as const
export type Uitzendstatus = typeof UITZENDSTATUSSEN[number]
export const OPERATIES = ['melden', 'muteren', 'intrekken'] as const satisfies readonly Operatie[]

/** After so many unheard attempts people must look: a little over a day. */
export const MEESTE_POGINGEN = 12
const MINUUT = 60_000
const LANGSTE_WACHT = 6 * 60 * MINUUT
/** How long an uitzending is lent out, in milliseconds: longer than any channel may take over one message. */
export const LEENTIJD = 5 * MINUUT

/** Milliseconds until the next attempt after this many: 1 minute doubled each time, at most 6 hours, and up to a fifth less by chance (0 to 1). */
export function wachttijd (pogingen: number, toeval: number): number {
  return Math.round(Math.min(LANGSTE_WACHT, MINUUT * 2 ** (pogingen - 1)) * (1 - 0.2 * toeval))
}
