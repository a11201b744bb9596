import { z } from 'zod'
import { UITZONDERINGSREDENEN } from '../domain/uitzondering.ts'
import { Brin, Bron, BronId, Datumveld, Paginavraag, Volgende } from '../http/velden.ts'

const Uitzonderingsid = z.string().regex(/^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is geen uitzondering')

const feiten = {
  leerling: z.strictObject({ bron: Bron, bronId: BronId }),
  regel: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'is geen code van een regel').max(60).describe('Code van een regel die in het beleid aan staat en niet wettelijk verplicht is.'),
  van: Datumveld,
  tot: Datumveld.describe('Laatste dag; ten hoogste het einde van het volgende schooljaar.'),
  reden: z.enum(UITZONDERINGSREDENEN).describe('Geen vrije tekst.')
}

export const Uitzonderingsinvoer = z.strictObject(feiten).refine(({ van, tot }) => van <= tot, { message: 'ligt voor van', path: ['tot'] })
export type Uitzonderingsinvoer = z.output<typeof Uitzonderingsinvoer>

export const Uitzondering = z.object({
  id: Uitzonderingsid,
  school: Brin,
  ...feiten,
  actor: z.string().describe('Wie haar vastlegde.'),
  rol: z.string().nullable(),
  vastgelegdOp: z.iso.datetime(),
  ingetrokkenOp: z.iso.datetime().nullable().describe('Null: van kracht in haar periode. Daarna telt de regel weer, ook over de dagen ervoor.'),
  ingetrokkenDoor: z.string().nullable()
}).meta({ id: 'Uitzondering' })
export type Uitzondering = z.output<typeof Uitzondering>

export const Uitzonderingenvraag = z.strictObject({
  leerling: BronId.optional(),
  bron: Bron.optional(),
  op: Datumveld.optional().describe('Alleen wat op deze dag van kracht is; leeg: alles, ook wat is ingetrokken.'),
  ...Paginavraag
})
export type Uitzonderingenvraag = z.output<typeof Uitzonderingenvraag>
export const Uitzonderingenpagina = z.object({ uitzonderingen: z.array(Uitzondering), volgende: Volgende })
export const Schoolsleutel = z.strictObject({ brin: Brin })
export const Uitzonderingssleutel = z.strictObject({ brin: Brin, id: Uitzonderingsid })
