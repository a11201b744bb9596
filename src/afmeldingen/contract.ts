import { z } from 'zod'
import { Absentieaantallen, Absentieresultaat, Redencode, RESULTATEN } from '../absenties/contract.ts'
import { DAGDELEN } from '../domain/absentie.ts'
import { isOmgekeerd } from '../domain/afmelding.ts'
import { Brin, Bron, BronId, Datumveld, Paginavraag, perRecord, Tijdstipveld, Volgende } from '../http/velden.ts'

const Grensveld = z.strictObject({ datum: Datumveld, dagdeel: z.enum(DAGDELEN).nullish() })
const feiten = {
  leerling: BronId.describe('`bronId` van de leerling bij dezelfde bron.'),
  begin: Grensveld.describe('Vanaf deze dag; met dagdeel `middag` vanaf de middag.'),
  einde: Grensveld.nullish().describe('Tot en met deze dag; met dagdeel `ochtend` is de leerling er die middag weer. Null: nog niet terug gemeld.'),
  reden: Redencode.nullish().describe('Code uit het verzuimbeleid; leeg: nog niet verklaard. Geen vrije tekst.')
}
const gewijzigdOp = Tijdstipveld.describe('Moment van de laatste wijziging in de bron; ordent de versies, hoe ze ook binnenkomen. Niet in de toekomst.')
const inVolgorde = ({ begin, einde }: { begin: z.output<typeof Grensveld>, einde?: z.output<typeof Grensveld> | null | undefined }): boolean => !isOmgekeerd({ begin, einde: einde ?? null })
const VOLGORDE = { message: 'ligt voor het begin', path: ['einde'] }

const Melding = z.strictObject({ bronId: BronId, school: Brin, ...feiten, ingetrokken: z.literal(false).optional(), gewijzigdOp }).refine(inVolgorde, VOLGORDE)
const Intrekking = z.strictObject({ bronId: BronId, school: Brin, ingetrokken: z.literal(true), gewijzigdOp })
/** One pushed record; the two shapes differ in `ingetrokken`. */
export const Afmeldingsregel = z.union([Melding, Intrekking])
export type Afmeldingsregel = z.output<typeof Afmeldingsregel>
export { Melding as Afmeldingsmelding, Intrekking as Afmeldingsintrekking }

export const Afmeldingsinvoer = z.strictObject({ school: Brin, ...feiten, gewijzigdOp }).refine(inVolgorde, VOLGORDE)
export const Afmeldingenbulk = z.strictObject({ afmeldingen: perRecord(Afmeldingsregel) })

const dagen = z.int().describe('Lesdagen waarop deze afmelding nu voor een absentie staat.')
export const Afmeldingsresultaat = Absentieresultaat.extend({ dagen: dagen.optional() }).meta({ id: 'Afmeldingsresultaat' })
export type Afmeldingsresultaat = z.output<typeof Afmeldingsresultaat>
export const Afmeldingenantwoord = z.object({ aanlevering: z.uuid(), aantallen: Absentieaantallen, resultaten: z.array(Afmeldingsresultaat) })
export type Afmeldingenantwoord = z.output<typeof Afmeldingenantwoord>

const Grens = z.object({ datum: Datumveld, dagdeel: z.enum(DAGDELEN).nullable() }).meta({ id: 'Afmeldingsgrens' })
export const Afmelding = z.object({
  bron: Bron,
  bronId: BronId,
  school: Brin,
  leerling: BronId,
  begin: Grens,
  einde: Grens.nullable().describe('Null: nog niet terug gemeld.'),
  reden: z.string().nullable(),
  gewijzigdOp: z.iso.datetime()
}).meta({ id: 'Afmelding' })
export type Afmelding = z.output<typeof Afmelding>

export const Afmeldingsputantwoord = z.object({ resultaat: z.enum(RESULTATEN), dagen, afmelding: Afmelding.nullable().describe('Null als een latere intrekking geldt.') })
export type Afmeldingsputantwoord = z.output<typeof Afmeldingsputantwoord>

export const Afmeldingssleutel = z.strictObject({ bron: Bron, bronId: BronId })
export const Afmeldingsverwijdering = z.strictObject({ school: Brin, gewijzigdOp: Tijdstipveld.optional().describe('Standaard nu.') })

export const Afmeldingenvraag = z.strictObject({
  school: Brin,
  leerling: BronId.optional(),
  open: z.enum(['true', 'false']).transform((text) => text === 'true').optional().describe('Met `true` alleen wie nog niet terug is gemeld, met `false` alleen de andere.'),
  ...Paginavraag
})
export type Afmeldingenvraag = z.output<typeof Afmeldingenvraag>
export const Afmeldingenpagina = z.object({ afmeldingen: z.array(Afmelding), volgende: Volgende })

export const Afmeldingsversie = z.object({
  leerling: BronId.nullable(),
  begin: Grens.nullable(),
  einde: Grens.nullable(),
  reden: z.string().nullable(),
  ingetrokken: z.boolean(),
  gewijzigdOp: z.iso.datetime(),
  vastgelegdOp: z.iso.datetime().describe('Moment waarop deze versie hier gold of binnenkwam.'),
  vervangenOp: z.iso.datetime().nullable().describe('Null: de versie die nu geldt.'),
  verouderd: z.boolean().describe('Kwam binnen na een nieuwere versie en heeft nooit gegolden.'),
  aanlevering: z.uuid()
}).meta({ id: 'Afmeldingsversie' })
export type Afmeldingsversie = z.output<typeof Afmeldingsversie>
export const Afmeldingsgeschiedenis = z.object({ bron: Bron, bronId: BronId, school: Brin, versies: z.array(Afmeldingsversie) })
export type Afmeldingsgeschiedenis = z.output<typeof Afmeldingsgeschiedenis>
