import { addDagen, isDatum, jaarVan, type Datum } from './datum.ts'
import type { Bronstatus } from './regel.ts'

/** What ends together. The first two are of a leerling, and count from his last uitschrijving; the others from the row itself. */
export const TERMIJNNAMEN = ['verzuimgegevens', 'leerlingdossier', 'zonder-leerling', 'aanleveringen', 'leveringen', 'verwerkingen', 'antwoorden'] as const
export type Termijnnaam = typeof TERMIJNNAMEN[number]

export interface Bewaartermijn {
  readonly naam: Termijnnaam
  /** Goes into the receipt of what was destroyed by it. */
  readonly versie: string
  readonly omschrijving: string
  readonly duur: { readonly jaren: number } | { readonly dagen: number }
  readonly vanaf: 'uitschrijving' | 'vastlegging' | 'einde-periode'
  readonly geldigVan: Datum
  readonly geldigTot: Datum | null
  readonly status: Bronstatus
  readonly bron: string
}

/** Days that a verwerking is kept; the database knows the same, and refuses less. */
export const VERWERKINGDAGEN = 1095

const ALTIJD = { geldigVan: '1900-01-01', geldigTot: null } as const
const AMENDEMENT = 'Wet terugdringen schoolverzuim (Kamerstuk 36663), amendement-Ceder, aangenomen op 7 april 2026: vernietigen na ten hoogste drie jaar; dat zij telt vanaf de uitschrijving, is een aanname'

const VERZUIMGEGEVENS = {
  naam: 'verzuimgegevens',
  omschrijving: 'Leerling, inschrijvingen, absenties, afmeldingen, signalen en meldingen, met hun versies, en alles wat daarbij is vastgelegd',
  vanaf: 'uitschrijving'
} as const

const TERMIJNEN: readonly Bewaartermijn[] = [
  { naam: 'leerlingdossier', versie: '1', omschrijving: 'Notities bij beoordelingen, rust en uitzonderingen', vanaf: 'uitschrijving', duur: { jaren: 2 }, ...ALTIJD, status: 'aangenomen-waarde', bron: 'Leerlingdossier: twee jaar nadat de leerling de school verliet, een vuistregel van besturenorganisaties; het Vrijstellingsbesluit Wbp, dat hem gaf, verviel met de AVG, en wat er bij ons toe hoort, is een aanname' },
  { naam: 'zonder-leerling', versie: '1', omschrijving: 'Geweigerde wachtende absenties, en afmeldingen en intrekkingen waarvan de leerling nooit bekend werd', vanaf: 'vastlegging', duur: { jaren: 1 }, ...ALTIJD, status: 'aangenomen-waarde', bron: 'AVG art. 5 lid 1 onder e; de duur is een aanname: een schooljaar om het na te leveren' },
  { naam: 'aanleveringen', versie: '1', omschrijving: 'Verslagen van aanleveringen, met de sleutels van geweigerde records', vanaf: 'vastlegging', duur: { jaren: 2 }, ...ALTIJD, status: 'aangenomen-waarde', bron: 'AVG art. 5 lid 1 onder e; de duur is een aanname: zolang een aanlevering nog kan worden teruggedraaid' },
  { naam: 'leveringen', versie: '1', omschrijving: 'Leveringen met hun bestanden, en de tellingen eronder', vanaf: 'einde-periode', duur: { jaren: 5 }, ...ALTIJD, status: 'aangenomen-waarde', bron: 'De tellingen eronder zijn niet onderdrukt; zij gaan zo lang mee als de verzuimgegevens zelf (aanname)' },
  { naam: 'verwerkingen', versie: '1', omschrijving: 'Het logboek van verwerkingen', vanaf: 'vastlegging', duur: { dagen: VERWERKINGDAGEN }, ...ALTIJD, status: 'aangenomen-waarde', bron: 'Verantwoording (AVG art. 5 lid 2); de duur is een aanname, en de database weigert een kortere' },
  { naam: 'antwoorden', versie: '1', omschrijving: 'Antwoorden op verzoeken met een Idempotency-Key', vanaf: 'vastlegging', duur: { dagen: 1 }, ...ALTIJD, status: 'aangenomen-waarde', bron: 'draft-ietf-httpapi-idempotency-key-header; de duur is een aanname' }
]

/** Every bewaartermijn there is; that of the bill from its entry into force, which nobody may know yet (null). */
export function listBewaartermijnen (inwerkingtreding: Datum | null): Bewaartermijn[] {
  const nu = { ...VERZUIMGEGEVENS, versie: '1', duur: { jaren: 5 }, geldigVan: '1900-01-01', status: 'van-kracht', bron: 'Verzuim- en inschrijvingsgegevens: vijf jaar na uitschrijving (voorlichting van besturenorganisaties over bekostigingsvoorschriften po en vo)' } as const
  return [
    { ...nu, geldigTot: inwerkingtreding === null ? null : addDagen(inwerkingtreding, -1) },
    ...inwerkingtreding === null ? [] : [{ ...VERZUIMGEGEVENS, versie: '2', duur: { jaren: 3 }, geldigVan: inwerkingtreding, geldigTot: null, status: 'aangenomen', bron: AMENDEMENT } as const],
    ...TERMIJNEN
  ]
}

/** The bewaartermijn that applies on a day. */
export function termijnOp (naam: Termijnnaam, dag: Datum, inwerkingtreding: Datum | null): Bewaartermijn {
  return listBewaartermijnen(inwerkingtreding).find((termijn) => termijn.naam === naam && termijn.geldigVan <= dag && (termijn.geldigTot === null || dag <= termijn.geldigTot))!
}

/** What counts from before this day has passed its bewaartermijn on `dag`: kept up to and including the same calendar day, years later. */
export function grensOp ({ duur }: Pick<Bewaartermijn, 'duur'>, dag: Datum): Datum {
  return 'dagen' in duur ? addDagen(dag, -duur.dagen) : verschuif(dag, -duur.jaren)
}

/** The first day on which what counts from `datum` is destroyed. */
export function vernietigbaarOp ({ duur }: Pick<Bewaartermijn, 'duur'>, datum: Datum): Datum {
  return addDagen('dagen' in duur ? addDagen(datum, duur.dagen) : verschuif(datum, duur.jaren), 1)
}

/** Years on or back. From 29 February on to the 28th, back to the first of March: a day has passed its term exactly when it is before the grens. */
function verschuif (datum: Datum, jaren: number): Datum {
  const verschoven = `${jaarVan(datum) + jaren}${datum.slice(4)}`
  return isDatum(verschoven) ? verschoven : `${verschoven.slice(0, 4)}${jaren > 0 ? '-02-28' : '-03-01'}`
}

/**
 * Which tables end by which bewaartermijn; a table of a leerling must be in the first of them. `signaal_beoordeling` keeps its decisions as long
 * as the signaal, and only loses its notities with the leerlingdossier.
 */
export const TABELLEN: Readonly<Record<Termijnnaam, readonly string[]>> = {
  verzuimgegevens: [
    'leerling', 'leerling_versie', 'inschrijving', 'inschrijving_versie', 'vrijstelling', 'absentie', 'absentie_versie', 'absentie_in_wacht', 'afmelding', 'afmelding_versie',
    'evaluatie_markering', 'signaal', 'signaal_versie', 'signaal_beoordeling', 'signaalrust', 'uitzondering', 'melding', 'melding_versie', 'uitzending', 'uitzendpoging',
    'groepslid', 'betrekking', 'toestemming', 'verzoek', 'verzoek_stap', 'beperking', 'overdracht', 'vasthouding', 'dossiersluiting'
  ],
  leerlingdossier: ['signaalrust', 'uitzondering', 'signaal_beoordeling'],
  'zonder-leerling': ['absentie_in_wacht', 'afmelding', 'afmelding_versie', 'absentie', 'absentie_versie'],
  aanleveringen: ['aanlevering'],
  leveringen: ['levering'],
  verwerkingen: ['verwerking', 'verwerking_markering', 'verwerkingsketen', 'verwerkingszegel', 'verwerking_betrokkene'],
  antwoorden: ['idempotentie']
}

const VAN_DE_SCHOOL = 'van de school zelf, noemt geen leerling'
const TELLING = 'aantallen zonder sleutel van een leerling: na de vernietiging gaan zij over niemand meer'
const VERNIETIGD = 'zegt dat er vernietigd is: zonder de sleutel van de dienst niet tot een leerling te herleiden, en nodig om te weigeren wat een bron opnieuw stuurt'

/** Tables that stay, and why. */
export const BLIJVEND: Readonly<Record<string, string>> = {
  school: VAN_DE_SCHOOL,
  vestiging: VAN_DE_SCHOOL,
  vestiging_versie: VAN_DE_SCHOOL,
  kalender: VAN_DE_SCHOOL,
  beleidsversie: VAN_DE_SCHOOL,
  aanwezigheidsverklaring: VAN_DE_SCHOOL,
  bronafspraak: VAN_DE_SCHOOL,
  groep: VAN_DE_SCHOOL,
  groepsbegeleider: 'een medewerker; de bron neemt hem weg',
  meldgegevens: 'de contactpersoon van de school; de school vervangt hem',
  mandaat: VAN_DE_SCHOOL,
  peiling: VAN_DE_SCHOOL,
  leveringsplan: VAN_DE_SCHOOL,
  leveringsronde: TELLING,
  statistiek: TELLING,
  aggregaat_markering: TELLING,
  jobrun: TELLING,
  logsleutel: 'zonder haar is het logboek niet te lezen; de school vernietigt haar uitdrukkelijk',
  vernietiging: VERNIETIGD,
  vernietigde_leerling: VERNIETIGD,
  bewaarstand: VERNIETIGD,
  migratie: 'van de dienst zelf'
}

/** Why nothing of a leerling may be destroyed for now; no free text, for it would tell about him. */
export const VASTHOUDREDENEN = ['gerechtelijke-procedure', 'strafrechtelijk-onderzoek', 'bezwaar-of-klacht', 'onderzoek-inspectie', 'verzoek-betrokkene'] as const
export type Vasthoudreden = typeof VASTHOUDREDENEN[number]

/** AVG art. 17 lid 1, onder a to e. */
export const VERGETELHEIDSGRONDEN = ['niet-meer-nodig', 'toestemming-ingetrokken', 'bezwaar', 'onrechtmatig-verwerkt', 'wettelijke-verplichting'] as const
export type Vergetelheidsgrond = typeof VERGETELHEIDSGRONDEN[number]

/** Whether data that the law wants kept (AVG art. 17 lid 3 onder b) must go on this ground all the same: what should never have been there, or what a law or a judge orders. */
export function gaatVoorBewaarplicht (grond: Vergetelheidsgrond): boolean {
  return grond === 'onrechtmatig-verwerkt' || grond === 'wettelijke-verplichting'
}
