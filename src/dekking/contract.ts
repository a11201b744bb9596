import { z } from 'zod'
import { CATEGORIEEN } from '../domain/absentie.ts'
import { MATEN } from '../domain/aggregaat.ts'
import { addDagen } from '../domain/datum.ts'
import { Brin, Bron, Datumveld } from '../http/velden.ts'

/** A period of one request, in days: no schooljaar is longer. */
const LANGSTE = 366

export const Dekkingsvraag = z.strictObject({ van: Datumveld, tot: Datumveld.describe('Laatste dag; ten hoogste een schooljaar na `van`.') })
  .refine(({ van, tot }) => van <= tot, { message: 'ligt voor van', path: ['tot'] })
  .refine(({ van, tot }) => tot < addDagen(van, LANGSTE), { message: 'ligt meer dan een schooljaar na van', path: ['tot'], params: { code: 'periode-te-lang' } })
export type Dekkingsvraag = z.output<typeof Dekkingsvraag>

const cijfers = {
  registraties: z.int().describe(MATEN.registraties.omschrijving),
  minuten: z.int().describe(MATEN.minuten.omschrijving),
  onbekend: z.int().describe(MATEN.onbekend.omschrijving)
}

export const Codedekking = z.object({
  bron: Bron,
  code: z.string().nullable().describe('Zoals de bron haar stuurde; null: zonder reden.'),
  reden: z.string().nullable().describe('De reden van de school die de code op die dagen betekent; null: geen.'),
  categorie: z.enum(CATEGORIEEN),
  ...cijfers,
  eersteDatum: Datumveld,
  laatsteDatum: Datumveld
}).meta({ id: 'Codedekking' })
export type Codedekking = z.output<typeof Codedekking>

export const Redendekking = z.object({
  school: Brin,
  van: Datumveld,
  tot: Datumveld,
  codes: z.array(Codedekking).describe('Wat niet is ingedeeld eerst, daarna op bron en code. Een code die in de periode van betekenis veranderde, staat er per betekenis.'),
  totalen: z.array(z.object({ categorie: z.enum(CATEGORIEEN), ...cijfers })).describe('Elke categorie, ook met 0.'),
  aandeelNietIngedeeld: z.number().nullable().describe('Minuten die niet zijn ingedeeld, gedeeld door alle minuten, in vier decimalen; null als er geen bekend zijn.')
}).meta({ id: 'Redendekking' })
export type Redendekking = z.output<typeof Redendekking>

export const Schoolsleutel = z.strictObject({ brin: Brin })
