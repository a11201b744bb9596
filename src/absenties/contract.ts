import { z } from 'zod'
import { CATEGORIEEN, DAGDELEN, SOORTEN } from '../domain/absentie.ts'
import { AbsentieId, Brin, Bron, BronId, BRONSLEUTEL, Datumveld, Paginavraag, perRecord, Probleemregel, Proefvraag, Tijdstipveld, Vestigingscode, Volgende } from '../http/velden.ts'

// One fault, not also that it is no key of a bron.
const EigenId = z.string().refine((id) => !id.startsWith('~'), { message: 'hoort bij een dag die uit een afmelding volgt; wijzig die afmelding of trek haar in', abort: true }).regex(...BRONSLEUTEL)
  .describe('Sleutel van de bron; voor ons zonder betekenis.')
export const Redencode = z.string().regex(/^[A-Za-z0-9_-]{1,20}$/, 'is geen redencode: 1 tot 20 letters, cijfers, _ of -')

/** No function inside it: of each record it would be made anew. */
function isZonderDubbel (lesuren: readonly number[]): boolean {
  for (let at = 1; at < lesuren.length; at++) if (lesuren.indexOf(lesuren[at]!) !== at) return false
  return true
}

const feiten = {
  vestiging: Vestigingscode,
  leerling: BronId.describe('`bronId` van de leerling bij dezelfde bron.'),
  datum: Datumveld,
  soort: z.enum(SOORTEN),
  reden: Redencode.nullish().describe('Code uit het verzuimbeleid; leeg: nog niet verklaard. Geen vrije tekst.'),
  minuten: z.int().min(0).max(1440).nullish().describe('Gemiste geplande lestijd. Leeg: afgeleid uit lesuren, dagdeel of rooster; onbekend blijft onbekend.'),
  lesuren: z.array(z.int().min(1).max(20)).min(1).max(20).refine(isZonderDubbel, 'noemt een lesuur dubbel').nullish(),
  dagdeel: z.enum(DAGDELEN).nullish()
}
const gewijzigdOp = Tijdstipveld.describe('Moment van de laatste wijziging in de bron; ordent de versies, hoe ze ook binnenkomen. Niet in de toekomst.')

const Melding = z.strictObject({ bronId: EigenId, school: Brin, ...feiten, ingetrokken: z.literal(false).optional(), gewijzigdOp })
  .refine(({ vestiging, school }) => vestiging.startsWith(school), { message: 'hoort niet bij deze school', path: ['vestiging'] })
const Intrekking = z.strictObject({ bronId: EigenId, school: Brin, ingetrokken: z.literal(true), gewijzigdOp })
/** One pushed record; the two shapes differ in `ingetrokken`. */
export const Absentieregel = z.union([Melding, Intrekking])
export type Absentieregel = z.output<typeof Absentieregel>
export { Melding as Absentiemelding, Intrekking as Absentieintrekking }

export const Absentieinvoer = z.strictObject({ school: Brin, ...feiten, gewijzigdOp })
  .refine(({ vestiging, school }) => vestiging.startsWith(school), { message: 'hoort niet bij deze school', path: ['vestiging'] })

export const Absentiesbulk = z.strictObject({ absenties: perRecord(Absentieregel) })
export const Absentiesbulkvraag = Proefvraag

export const RESULTATEN = ['nieuw', 'gewijzigd', 'ongewijzigd', 'ingetrokken', 'verouderd', 'inWacht', 'afgewezen'] as const
export type Resultaat = typeof RESULTATEN[number]

export const Absentieresultaat = z.object({
  index: z.int().describe('Plaats in de aanlevering, vanaf 0.'),
  bronId: z.string().optional(),
  resultaat: z.enum(RESULTATEN),
  problemen: z.array(Probleemregel).optional()
}).meta({ id: 'Absentieresultaat' })
export type Absentieresultaat = z.output<typeof Absentieresultaat>

export const Absentieaantallen = z.object(Object.fromEntries(RESULTATEN.map((naam) => [naam, z.int()])) as Record<Resultaat, z.ZodInt>)
export type Absentieaantallen = z.output<typeof Absentieaantallen>

export const Absentiesantwoord = z.object({ aanlevering: z.uuid(), aantallen: Absentieaantallen, resultaten: z.array(Absentieresultaat) })
export type Absentiesantwoord = z.output<typeof Absentiesantwoord>

export const Absentiesleutel = z.strictObject({ bron: Bron, bronId: AbsentieId })
/** Of an absentie a bron can write: not one that follows from an afmelding. */
export const Schrijfsleutel = z.strictObject({ bron: Bron, bronId: EigenId })
export const Absentieverwijdering = z.strictObject({ school: Brin, gewijzigdOp: Tijdstipveld.optional().describe('Standaard nu.') })

export const Absentie = z.object({
  bron: Bron,
  bronId: AbsentieId,
  school: Brin,
  vestiging: Vestigingscode.nullable().describe('Null: niet getoond, omdat het adres van de leerling geheim is.'),
  leerling: BronId,
  datum: Datumveld,
  soort: z.enum(SOORTEN),
  reden: z.string().nullable().describe('Null: nog niet bekend, of niet getoond voor dit doel.'),
  categorie: z.enum(CATEGORIEEN).describe('Volgens de beleidsversie die op de datum gold.'),
  minuten: z.int().nullable().describe('Gemiste geplande lestijd; null is onbekend.'),
  minutenAfgeleid: z.boolean().describe('De bron stuurde geen minuten.'),
  lesuren: z.array(z.int()).nullable(),
  dagdeel: z.enum(DAGDELEN).nullable(),
  overtroefdDoor: Bron.nullable().describe('De bron die dezelfde lestijd meldt en voorgaat; dit record telt dan nergens. Null: het telt.'),
  afmelding: BronId.nullable().describe('De afmelding waaruit deze dag volgt; null: zo aangeleverd.'),
  beperkt: z.boolean().describe('Er rust een beperking op (AVG art. 18): bewaard, en niet gebruikt voor signalen en meldingen.'),
  gewijzigdOp: z.iso.datetime()
}).meta({ id: 'Absentie' })
export type Absentie = z.output<typeof Absentie>

export const Absentiesvraag = z.strictObject({
  school: Brin,
  vestiging: Vestigingscode.optional(),
  leerling: BronId.optional(),
  bron: Bron.optional(),
  van: Datumveld.optional(),
  tot: Datumveld.optional(),
  ...Paginavraag
})
export type Absentiesvraag = z.output<typeof Absentiesvraag>
export const Absentiespagina = z.object({ absenties: z.array(Absentie), volgende: Volgende })

export const Absentieversie = z.object({
  vestiging: Vestigingscode.nullable(),
  leerling: BronId.nullable(),
  datum: Datumveld.nullable(),
  soort: z.enum(SOORTEN).nullable(),
  reden: z.string().nullable(),
  categorie: z.enum(CATEGORIEEN).nullable(),
  minuten: z.int().nullable(),
  lesuren: z.array(z.int()).nullable(),
  dagdeel: z.enum(DAGDELEN).nullable(),
  ingetrokken: z.boolean(),
  gewijzigdOp: z.iso.datetime(),
  vastgelegdOp: z.iso.datetime().describe('Moment waarop deze versie hier gold of binnenkwam.'),
  vervangenOp: z.iso.datetime().nullable().describe('Null: de versie die nu geldt.'),
  verouderd: z.boolean().describe('Kwam binnen na een nieuwere versie en heeft nooit gegolden.'),
  aanlevering: z.uuid()
}).meta({ id: 'Absentieversie' })
export type Absentieversie = z.output<typeof Absentieversie>
export const Geschiedenis = z.object({ bron: Bron, bronId: AbsentieId, school: Brin, versies: z.array(Absentieversie) })

export const Wachtendevraag = z.strictObject({ school: Brin, ...Paginavraag })
export const Wachtende = z.object({
  bron: Bron,
  bronId: BronId,
  leerling: BronId,
  gewijzigdOp: z.iso.datetime(),
  sinds: z.iso.datetime(),
  probleem: Probleemregel.nullable().describe('Null zolang het record wacht; daarna waarom het is geweigerd.')
}).meta({ id: 'WachtendeAbsentie' })
export type Wachtende = z.output<typeof Wachtende>
export const Wachtendenpagina = z.object({ wachtend: z.array(Wachtende), volgende: Volgende })
