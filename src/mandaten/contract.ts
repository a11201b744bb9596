import { z } from 'zod'
import { isOin } from '../domain/identificatie.ts'
import { DIENSTEN } from '../domain/mandaat.ts'
import { Brin, Bron, Datumveld } from '../http/velden.ts'

const Mandaatid = z.string().regex(/^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is geen mandaat')

const mandaat = {
  bron: Bron,
  oin: z.string().refine(isOin, 'is geen OIN van 20 posities').describe('Organisatie-identificatienummer van wie de bron beheert; `00000099…` is om te testen.').meta({ examples: ['00000003123456780000'] }),
  dienst: z.enum(DIENSTEN).describe('`aanleveren`: stamgegevens en absenties brengen; `melden`: meldingen maken; `leveren`: leveringen maken.'),
  van: Datumveld
}

export const Mandaatinvoer = z.strictObject({ ...mandaat, tot: Datumveld.nullish().describe('Laatste dag; leeg tot nader order.') })
  .refine(({ van, tot }) => tot == null || van <= tot, { message: 'ligt voor van', path: ['tot'] })
export type Mandaatinvoer = z.output<typeof Mandaatinvoer>

export const Mandaat = z.object({
  id: Mandaatid,
  school: Brin,
  ...mandaat,
  tot: Datumveld.nullable(),
  geldt: z.boolean().describe('Of de bron er vandaag op mag handelen.'),
  actor: z.string().describe('Wie het gaf.'),
  vastgelegdOp: z.iso.datetime(),
  ingetrokkenOp: z.iso.datetime().nullable(),
  ingetrokkenDoor: z.string().nullable()
}).meta({ id: 'Mandaat' })
export type Mandaat = z.output<typeof Mandaat>

export const Mandaten = z.object({ mandaten: z.array(Mandaat) })
export const Schoolsleutel = z.strictObject({ brin: Brin })
export const Mandaatsleutel = z.strictObject({ brin: Brin, id: Mandaatid })
