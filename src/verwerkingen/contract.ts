import { z } from 'zod'
import { Brin, Bron, BronId, Datumveld, Paginavraag, Volgende } from '../http/velden.ts'

export const Plaats = z.tuple([z.int(), z.int()])

export const Leerlingsleutel = z.strictObject({ bron: Bron, bronId: BronId })

export const Verwerkingenvraag = z.strictObject({
  school: Brin,
  van: Datumveld.optional().describe('Eerste dag.'),
  tot: Datumveld.optional().describe('Laatste dag.'),
  ...Paginavraag
}).refine(({ van, tot }) => van === undefined || tot === undefined || van <= tot, { message: 'ligt voor van', path: ['tot'] })
export type Verwerkingenvraag = z.output<typeof Verwerkingenvraag>

const id = z.string().describe('URI van de activiteit in het register: `dpl.core.processing_activity_id` van het Logboek Dataverwerkingen.')
const code = z.string().describe('Korte naam.')

export const Verwerking = z.object({
  positie: z.int().describe('Plaats in de keten van deze school.'),
  tijdstip: z.iso.datetime(),
  activiteit: z.object({ id, code, naam: z.string(), doel: z.string().nullable(), grondslag: z.string().nullable() }),
  toepassing: z.string().describe('De toepassing die vroeg of schreef; `systeem:` staat voor een taak van de dienst zelf.'),
  persoon: z.string().nullable().describe('Sleutel van de mens die haar gebruikte; null als zij zelf handelde.'),
  rol: z.string().nullable().describe('Rol van die mens.'),
  doelbinding: z.string().nullable().describe('Het doel dat bij deze handeling is gegeven, of dat uit de rol volgt; null als er geen is gegeven.'),
  aantalBetrokkenen: z.int().describe('Hoeveel leerlingen deze handeling betrof.'),
  traceId: z.string().describe('W3C trace id van het verzoek.'),
  spanId: z.string().nullable()
}).meta({ id: 'Verwerking' })
export type Verwerking = z.output<typeof Verwerking>

export const Verwerkingenpagina = z.object({
  verwerkingen: z.array(Verwerking),
  zegel: z.object({ positie: z.int(), sha256: z.string() }).nullable().describe('Het einde van de keten toen u vroeg. Bewaar het: wie later iets eerders wegneemt of verandert, kan het niet meer laten kloppen.'),
  volgende: Volgende
})

export const Verwerkingsactiviteiten = z.object({
  verwerkingsactiviteiten: z.array(z.object({
    id,
    code,
    naam: z.string(),
    doel: z.string(),
    grondslag: z.string().describe('Met het artikel.'),
    gegevens: z.array(z.string()).describe('Soorten gegevens.'),
    betrokkenen: z.array(z.string()).describe('Soorten personen.'),
    bewaartermijn: z.string().describe('Van de gegevens; een verwerking zelf blijft drie jaar bewaard.'),
    ontvangers: z.array(z.string())
  }).meta({ id: 'Verwerkingsactiviteit' }))
})
export type Verwerkingsactiviteiten = z.output<typeof Verwerkingsactiviteiten>
