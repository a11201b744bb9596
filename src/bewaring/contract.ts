import { z } from 'zod'
import { TERMIJNNAMEN, VASTHOUDREDENEN, VERGETELHEIDSGRONDEN } from '../domain/bewaartermijn.ts'
import { Brin, Bron, BronId, Datumveld, Paginavraag, Volgende } from '../http/velden.ts'

const ID = /^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const Vasthoudingsid = z.string().regex(ID, 'is geen vasthouding')
const Vernietigingsid = z.string().regex(ID, 'is geen vernietiging')
const Leerlingverwijzing = z.strictObject({ bron: Bron, bronId: BronId })

const vasthouding = {
  reden: z.enum(VASTHOUDREDENEN).describe('Geen vrije tekst.'),
  van: Datumveld.describe('Eerste dag waarop niets wordt vernietigd.')
}

export const Vasthoudingsinvoer = z.strictObject({
  leerling: Leerlingverwijzing.optional().describe('Alleen deze leerling, met wat andere bronnen van dezelfde persoon weten.'),
  alle: z.literal(true).optional().describe('De hele school.'),
  ...vasthouding,
  tot: Datumveld.nullish().describe('Laatste dag; leeg tot nader order.')
}).refine(({ van, tot }) => tot == null || van <= tot, { message: 'ligt voor van', path: ['tot'] })
  .refine(({ leerling, alle }) => (leerling === undefined) !== (alle === undefined), { message: 'noem leerling of alle, een van beide', path: ['leerling'] })
export type Vasthoudingsinvoer = z.output<typeof Vasthoudingsinvoer>

export const Vasthouding = z.object({
  id: Vasthoudingsid,
  school: Brin,
  leerling: Leerlingverwijzing.nullable().describe('Null: de hele school.'),
  ...vasthouding,
  tot: Datumveld.nullable(),
  geldt: z.boolean().describe('Of er vandaag om haar niets wordt vernietigd.'),
  actor: z.string().describe('Wie haar vastlegde.'),
  rol: z.string().nullable(),
  vastgelegdOp: z.iso.datetime(),
  beeindigdOp: z.iso.datetime().nullable(),
  beeindigdDoor: z.string().nullable()
}).meta({ id: 'Vasthouding' })
export type Vasthouding = z.output<typeof Vasthouding>

export const Vasthoudingenvraag = z.strictObject({ ...Paginavraag })
export type Vasthoudingenvraag = z.output<typeof Vasthoudingenvraag>
export const Vasthoudingenpagina = z.object({ vasthoudingen: z.array(Vasthouding), volgende: Volgende })

const vernietiging = {
  id: Vernietigingsid,
  school: Brin,
  soort: z.enum(['bewaartermijn', 'vergetelheid', 'logsleutel']),
  termijn: z.object({ naam: z.enum(TERMIJNNAMEN), versie: z.string(), grens: Datumveld.nullable().describe('Wat van voor deze dag telde, was verlopen.') }).nullable(),
  grond: z.enum(VERGETELHEIDSGRONDEN).nullable().describe('AVG art. 17 lid 1.'),
  vernietigdOp: z.iso.datetime(),
  actor: z.string(),
  rol: z.string().nullable(),
  leerlingen: z.int().describe('Hoeveel leerlingen; van een persoon bij twee bronnen beide.'),
  rijen: z.record(z.string(), z.int()).describe('Per tabel wat weg is.'),
  dagen: z.object({ van: Datumveld, tot: Datumveld }).nullable().describe('Eerste en laatste dag waarop deze leerlingen waren ingeschreven.'),
  herhalingVan: Vernietigingsid.nullable().describe('De vernietiging die na het terugzetten van een back-up is overgedaan.')
}
export const Vernietigingsregel = z.object(vernietiging).meta({ id: 'Vernietigingsregel' })
export type Vernietigingsregel = z.output<typeof Vernietigingsregel>

export const Vernietiging = z.object({
  ...vernietiging,
  pseudoniemen: z.array(z.string()).describe('Van elke leerling; zonder de sleutel van deze dienst tot niemand te herleiden.'),
  sha256: z.string().describe('Over al het voorgaande; ook in het wisregister, buiten de database.'),
  ongeschonden: z.boolean().describe('Of de SHA-256 opnieuw berekend dezelfde is.')
}).meta({ id: 'Vernietiging' })
export type Vernietiging = z.output<typeof Vernietiging>

export const Vernietigingenvraag = z.strictObject({ ...Paginavraag })
export type Vernietigingenvraag = z.output<typeof Vernietigingenvraag>
export const Vernietigingenpagina = z.object({ vernietigingen: z.array(Vernietigingsregel), volgende: Volgende })

export const Bewaringsvraag = z.strictObject({
  peildatum: Datumveld.optional().describe('Wat er die nacht weg zou zijn; standaard vandaag.'),
  termijn: z.enum(['verzuimgegevens', 'leerlingdossier']).default('verzuimgegevens').describe('Waarvan de leerlingen worden genoemd.'),
  ...Paginavraag
})
export type Bewaringsvraag = z.output<typeof Bewaringsvraag>

export const Bewaring = z.object({
  school: Brin,
  peildatum: Datumveld,
  termijnen: z.array(z.object({
    naam: z.enum(TERMIJNNAMEN),
    versie: z.string(),
    omschrijving: z.string(),
    duur: z.string().describe('ISO 8601, zoals P5Y.'),
    vanaf: z.enum(['uitschrijving', 'vastlegging', 'einde-periode']),
    status: z.enum(['van-kracht', 'aangenomen', 'aangenomen-waarde']).describe('`aangenomen-waarde`: geen bron noemt deze termijn.'),
    bron: z.string(),
    grens: Datumveld.describe('Wat van voor deze dag telt, is op de peildatum verlopen.'),
    leerlingen: z.int().nullable().describe('Hoeveel leerlingen verlopen zijn; null bij een termijn die niet van een leerling telt.'),
    vastgehouden: z.int().nullable().describe('Hoeveel daarvan blijven: onder een vasthouding of een beperking, of omdat er net een bericht van hen naar DUO gaat.')
  })),
  leerlingen: z.array(z.object({
    leerling: Leerlingverwijzing,
    uitgeschrevenOp: Datumveld.describe('Laatste dag, over alle bronnen van deze persoon.'),
    vernietigbaarOp: Datumveld,
    vastgehouden: z.boolean()
  })).describe('Wie verlopen zijn, eerst wie het langst weg is.'),
  volgende: Volgende
}).meta({ id: 'Bewaring' })
export type Bewaring = z.output<typeof Bewaring>

export const Schoolsleutel = z.strictObject({ brin: Brin })
export const Leerlingpad = z.strictObject({ bron: Bron, bronId: BronId })
export const Vasthoudingssleutel = z.strictObject({ brin: Brin, id: Vasthoudingsid })
export const Vernietigingssleutel = z.strictObject({ brin: Brin, id: Vernietigingsid })
export const Vergetelheidsvraag = z.strictObject({
  school: Brin,
  grond: z.enum(VERGETELHEIDSGRONDEN).describe('AVG art. 17 lid 1, onder a tot en met e.')
})
