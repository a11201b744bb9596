import { z } from 'zod'
import { INGETROKKEN_DOOR_DUO, INGETROKKEN_ELDERS, INTREKREDENEN, GEINFORMEERDEN, MELDINGSOORTEN, MELDINGSTATUSSEN, OPERATIES, UITZENDSTATUSSEN } from '../domain/melding.ts'
import { CC_ONTVANGERS, hasStuurtekens, LEERWEGEN, lengteVan, VERMOEDELIJKE_REDENEN, VORMEN, type VermoedelijkeReden } from '../domain/meldingsprofiel.ts'
import { VOORSTELLEN } from '../domain/signaal.ts'
import { Brin, Bron, BronId, Datumveld, Paginavraag, Volgende } from '../http/velden.ts'

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const sleutel = (wat: string) => z.string().regex(new RegExp(`^[0-9]{2}[A-Z]{2}-${UUID}$`), `is geen ${wat}`)
export const Meldingsid = sleutel('melding')
const Uitzendingsid = sleutel('uitzending')

const tekst = (veld: string) => z.string().trim().min(1).max(lengteVan(veld)).refine((text) => !hasStuurtekens(text), 'bevat tekens die niet te verzenden zijn')
const Soort = z.enum(MELDINGSOORTEN).describe('`V3` 16 uur in 4 lesweken, `V4` dat bij 18 en ouder, `LRV` langdurig, `RMC` Doorstroompunt, `L` luxeverzuim, `O` overig, `Z` signaal zorgelijk verzuim (vanaf de inwerkingtreding van de wet).')
const Status = z.enum(MELDINGSTATUSSEN).describe('`W` wacht op verzending, `R` geregistreerd, `B` in behandeling, `G` afgesloten, `K` ter kennisgeving aangenomen, `I` ingetrokken.')
const leerling = z.strictObject({ bron: Bron, bronId: BronId })

const contact = {
  contactpersoon: tekst('contactpersoon').optional(),
  functie: tekst('functie').optional(),
  emailadres: z.email().max(lengteVan('emailadres')).optional(),
  netnummer: z.string().regex(/^0[0-9]{1,4}$/, 'is geen netnummer').optional(),
  abonneenummer: z.string().regex(/^[0-9]{5,10}$/, 'is geen abonneenummer').optional(),
  ccEmail: z.enum(CC_ONTVANGERS).optional().describe('Wie een afschrift krijgt.')
}

const invoer = {
  vermoedelijkeReden: z.enum(Object.keys(VERMOEDELIJKE_REDENEN) as [VermoedelijkeReden, ...VermoedelijkeReden[]]).optional().describe('Gesloten lijst; nooit de reden uit het beleid. Standaard `onbekend`, bij luxeverzuim `vakantie-zonder-verlof`.'),
  toelichting: tekst('toelichting').optional().describe('Voor deze melding geschreven; geen gezondheid, geloof of strafbare feiten.'),
  actieOndernemen: z.boolean().optional().describe('Of de school actie van de gemeente vraagt; standaard niet.'),
  toelichtingActieGewenst: tekst('toelichtingActieGewenst').optional().describe('Verplicht bij `actieOndernemen`.'),
  toelichtingOndernomenActie: tekst('toelichtingOndernomenActie').optional(),
  niveau: z.int().min(1).max(4).optional().describe('Alleen mbo.'),
  opleidingsnaam: tekst('opleidingsnaam').optional(),
  leerweg: z.enum(LEERWEGEN).optional(),
  vorm: z.enum(VORMEN).optional(),
  geinformeerd: z.strictObject({ wie: z.enum(GEINFORMEERDEN), op: Datumveld }).optional().describe('Wie over de melding is geïnformeerd en wanneer; blijft hier en gaat niet naar DUO. Weg te laten als de meldgegevens zeggen dat de school dat bij elke melding doet.')
}

export const Meldinginvoer = z.strictObject({
  signaal: sleutel('signaal').optional().describe('Het signaal waarop de melding rust.'),
  leerling: leerling.optional().describe('Zonder signaal, samen met `school`, `soort` en `begindatum`.'),
  school: Brin.optional(),
  soort: Soort.optional().describe('Volgt uit het signaal; bij een zorgelijk signaal kan `O` worden gevraagd, en moet dat zolang de wet niet in werking is.'),
  begindatum: Datumveld.optional(),
  einddatum: Datumveld.optional().describe('Bij V3 en V4 de dag waarop de 16 uur waren bereikt; bij LRV en RMC de dag van terugkeer of uitschrijving, ook later.'),
  ...contact,
  ...invoer
}).superRefine((body, context) => {
  const eigen = ['leerling', 'school', 'begindatum'] as const
  for (const veld of body.signaal === undefined ? [...eigen, 'soort' as const].filter((naam) => body[naam] === undefined) : eigen.filter((naam) => body[naam] !== undefined)) {
    context.addIssue({ code: 'custom', path: [veld], message: body.signaal === undefined ? 'is verplicht zonder signaal' : 'volgt uit het signaal' })
  }
})
export type Meldinginvoer = z.output<typeof Meldinginvoer>

export const Meldingwijziging = z.strictObject({
  laatsteMutatie: z.string().max(60).nullable().describe('`laatsteMutatie` van de melding die u wijzigt; kent DUO intussen een latere, dan volgt 409.'),
  begindatum: Datumveld.optional().describe('Alleen van een melding zonder signaal; anders volgt hij uit het signaal.'),
  einddatum: Datumveld.optional(),
  ...contact,
  ...invoer
})
export type Meldingwijziging = z.output<typeof Meldingwijziging>

export const Meldingintrekking = z.strictObject({ reden: z.enum(INTREKREDENEN) })
export type Meldingintrekking = z.output<typeof Meldingintrekking>

const Dag = z.object({ datum: Datumveld, heleDag: z.boolean(), lesuren: z.array(z.int()) })

export const Melding = z.object({
  id: Meldingsid,
  school: Brin,
  leerling: z.object({ bron: Bron, bronId: BronId }),
  soort: Soort,
  signaal: sleutel('signaal').nullable().describe('Null: met de hand gemaakt.'),
  begindatum: Datumveld,
  einddatum: Datumveld.nullable(),
  dagen: z.array(Dag).describe('Alleen ongeoorloofd gemiste dagen.'),
  uiterlijkMelden: Datumveld.nullable(),
  status: Status,
  meldingsnummer: z.string().nullable().describe('Door DUO gegeven; null tot haar antwoord.'),
  laatsteMutatie: z.string().nullable().describe('Laatste mutatie die DUO noemde.'),
  invoer: z.object({ ...contact, ...invoer }).describe('Wat er voor deze melding is vastgelegd.'),
  redenIntrekking: z.enum([...INTREKREDENEN, INGETROKKEN_DOOR_DUO, INGETROKKEN_ELDERS]).nullable().describe('Gevuld zodra de intrekking is gevraagd; ingetrokken is de melding bij status `I`.'),
  voorstel: z.enum(VOORSTELLEN).nullable().describe('Wat een correctie of vrijstelling van mensen vraagt; een wijziging of intrekking handelt het af.'),
  beperkt: z.boolean().describe('Er rust een beperking op een dag van deze melding (AVG art. 18): wat nog wacht, vertrekt niet, behalve een intrekking.'),
  verzending: z.object({ operatie: z.enum(OPERATIES), status: z.enum(UITZENDSTATUSSEN) }).nullable().describe('De oudste uitzending die DUO niet heeft aangenomen; `dood` vraagt mensen. Null: alles is aangenomen.'),
  aangemaaktOp: z.iso.datetime(),
  bijgewerktOp: z.iso.datetime()
}).meta({ id: 'Melding' })
export type Melding = z.output<typeof Melding>

const Aandachtspunt = z.object({ code: z.string(), detail: z.string() })
const Meldfout = z.object({ code: z.string(), pointer: z.string(), detail: z.string() })

export const Gemaaktemelding = Melding.extend({ aandachtspunten: z.array(Aandachtspunt) }).meta({ id: 'Gemaaktemelding' })
export type Gemaaktemelding = z.output<typeof Gemaaktemelding>

export const Meldingproef = z.object({
  mogelijk: z.boolean(),
  fouten: z.array(Meldfout),
  aandachtspunten: z.array(Aandachtspunt),
  bericht: z.object({ profiel: z.string(), velden: z.record(z.string(), z.unknown()) }).nullable().describe('Wat naar DUO zou gaan; het persoonsgebonden nummer is onleesbaar gemaakt.')
}).meta({ id: 'Meldingproef' })
export type Meldingproef = z.output<typeof Meldingproef>

const ja = z.enum(['true', 'false']).optional().transform((text) => text === undefined ? undefined : text === 'true')
export const Meldingenvraag = z.strictObject({
  school: Brin.optional(),
  leerling: BronId.optional(),
  bron: Bron.optional(),
  status: z.enum(MELDINGSTATUSSEN).optional(),
  soort: z.enum(MELDINGSOORTEN).optional(),
  voorstel: ja.describe('`true`: alleen waar een correctie of vrijstelling iets vraagt.'),
  teLaat: ja.describe('`true`: alleen wat over de termijn nog op verzending wacht.'),
  ...Paginavraag
})
export type Meldingenvraag = z.output<typeof Meldingenvraag>
export const Meldingenpagina = z.object({ meldingen: z.array(Melding), volgende: Volgende })
export const Meldingssleutel = z.strictObject({ id: Meldingsid })

export const Meldinggebeurtenis = z.object({
  op: z.iso.datetime(),
  gebeurtenis: z.enum(['gemaakt', 'gewijzigd', 'intrekking-gevraagd', 'geregistreerd', 'mutatie-aangenomen', 'ingetrokken', 'status']),
  status: Status,
  soort: Soort,
  begindatum: Datumveld,
  einddatum: Datumveld.nullable(),
  meldingsnummer: z.string().nullable(),
  laatsteMutatie: z.string().nullable(),
  redenIntrekking: z.string().nullable(),
  actor: z.string().nullable().describe('Persoon of toepassing. Null: niet getoond aan de gemeente.'),
  rol: z.string().nullable()
}).meta({ id: 'Meldinggebeurtenis' })
export type Meldinggebeurtenis = z.output<typeof Meldinggebeurtenis>
export const Meldinggeschiedenis = z.object({ id: Meldingsid, gebeurtenissen: z.array(Meldinggebeurtenis) })

export const Uitzendingsoverzicht = z.object({
  id: Uitzendingsid,
  melding: Meldingsid,
  volgnummer: z.int().describe('Volgorde binnen de school.'),
  operatie: z.enum(OPERATIES),
  kenmerk: z.uuid().describe('Hetzelfde bij elke poging, zodat DUO niets dubbel doet.'),
  status: z.enum(UITZENDSTATUSSEN).describe('`dood`: geweigerd, of te vaak niet gelukt; `vervallen`: hoefde nooit te vertrekken.'),
  nietVoor: z.iso.datetime().describe('Niet eerder dan dit volgt een poging.'),
  pogingen: z.array(z.object({
    nummer: z.int(),
    begonnenOp: z.iso.datetime(),
    beeindigdOp: z.iso.datetime().nullable().describe('Null: er is niets meer van gehoord.'),
    uitslag: z.enum(['aangenomen', 'geweigerd', 'mislukt']).nullable(),
    code: z.string().nullable(),
    omschrijving: z.string().nullable()
  })),
  aangemaaktOp: z.iso.datetime(),
  gereedOp: z.iso.datetime().nullable()
}).meta({ id: 'Uitzending' })
export type Uitzendingsoverzicht = z.output<typeof Uitzendingsoverzicht>
export const Uitzendingen = z.object({ uitzendingen: z.array(Uitzendingsoverzicht) })
export const Uitzendingssleutel = z.strictObject({ id: Meldingsid, uitzending: Uitzendingsid })

export const Meldgegevensinvoer = z.strictObject({
  ...contact,
  contactpersoon: tekst('contactpersoon'),
  emailadres: z.email().max(lengteVan('emailadres')),
  informeertBijMelding: z.boolean().default(false).describe('De school informeert ouders, of de leerling van 18 en ouder, bij elke melding op de dag zelf.'),
  automatisch: z.array(z.enum(MELDINGSOORTEN)).max(MELDINGSOORTEN.length).default([]).describe('Soorten die de nacht meldt zonder dat iemand erover besluit, als er niets aan ontbreekt.')
})
export type Meldgegevensinvoer = z.output<typeof Meldgegevensinvoer>
export const Meldgegevens = z.object({ school: Brin, ...Meldgegevensinvoer.shape, actor: z.string(), vastgelegdOp: z.iso.datetime() }).meta({ id: 'Meldgegevens' })
export type Meldgegevens = z.output<typeof Meldgegevens>
export const Schoolsleutel = z.strictObject({ brin: Brin })

export const Meldvoorstellenvraag = z.strictObject({ school: Brin, teLaat: ja.describe('`true`: alleen wat over de wettelijke termijn is.'), ...Paginavraag })
export type Meldvoorstellenvraag = z.output<typeof Meldvoorstellenvraag>
export const Meldvoorstel = z.object({
  signaal: sleutel('signaal'),
  regel: z.string(),
  leerling: z.object({ bron: Bron, bronId: BronId }),
  soort: Soort.nullable().describe('Null: de school kiest; een zorgelijk signaal gaat voor de inwerkingtreding alleen als `O`.'),
  begindatum: Datumveld,
  einddatum: Datumveld,
  uiterlijkMelden: Datumveld.nullable(),
  dagenTeLaat: z.int().nullable().describe('Werkdagen over de termijn; null als er geen is.'),
  ontbreekt: z.array(Meldfout).describe('Wat de melding nu nog tegenhoudt.'),
  aandachtspunten: z.array(Aandachtspunt)
}).meta({ id: 'Meldvoorstel' })
export type Meldvoorstel = z.output<typeof Meldvoorstel>
export const Meldvoorstellenpagina = z.object({ meldvoorstellen: z.array(Meldvoorstel), volgende: Volgende })
