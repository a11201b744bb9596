import { z } from 'zod'
import { Brin, Bron, Datumveld, Paginavraag, Probleemregel, Volgende } from '../http/velden.ts'

/** The kinds of aanlevering there are. */
export const SOORTEN_AANLEVERING = ['absenties', 'afmeldingen', 'vestigingen', 'kalenders', 'leerlingen', 'vrijstellingen', 'groepen', 'betrekkingen', 'verklaringen', 'momentopname', 'terugdraaiing'] as const
export type Soortaanlevering = typeof SOORTEN_AANLEVERING[number]

export const Aanleveringenvraag = z.strictObject({
  school: Brin,
  bron: Bron.optional(),
  soort: z.enum(SOORTEN_AANLEVERING).optional(),
  van: Datumveld.optional().describe('Ontvangen op deze dag of later.'),
  tot: Datumveld.optional().describe('Ontvangen op deze dag of eerder.'),
  ...Paginavraag
})
export type Aanleveringenvraag = z.output<typeof Aanleveringenvraag>
export const Aanleveringsleutel = z.strictObject({ aanlevering: z.uuid().describe('`aanlevering` uit het antwoord op de aanlevering.') })

const velden = {
  id: z.uuid(),
  school: Brin,
  soort: z.enum(SOORTEN_AANLEVERING),
  bron: Bron,
  actor: z.string().describe('Wie aanleverde: de persoon achter het toegangsbewijs, anders de bron.'),
  ontvangenOp: z.iso.datetime().describe('Het eerste deel.'),
  gereedOp: z.iso.datetime().describe('Het laatste deel.'),
  delen: z.int().describe('Een NDJSON-stroom heeft een deel per 1.000 regels; anders 1.'),
  duurMs: z.int().describe('Rekentijd van alle delen samen, in milliseconden.'),
  aantallen: z.record(z.string(), z.int()).describe('Records per resultaat, over alle delen.'),
  bijzonderheden: z.record(z.string(), z.unknown()).describe('Wat deze soort nog meer zegt: het bereik van een momentopname, wat een terugdraaiing terugdraaide.'),
  teruggedraaidDoor: z.uuid().nullable().describe('De terugdraaiing die deze aanlevering ongedaan maakte.')
}
export const Aanleveringsregel = z.object(velden).meta({ id: 'Aanleveringsregel' })
export type Aanleveringsregel = z.output<typeof Aanleveringsregel>
export const Aanleveringenpagina = z.object({ aanleveringen: z.array(Aanleveringsregel), volgende: Volgende })

const Afgewezenrecord = z.looseObject({
  deel: z.int(),
  index: z.int().describe('Plaats binnen het deel, vanaf 0.'),
  problemen: z.array(Probleemregel).optional()
}).describe('Met de sleutel van het record, voor zover het die noemde.')

export const Aanlevering = z.object({ ...velden, afgewezen: z.array(Afgewezenrecord).describe('Van elk deel de eerste 100 geweigerde records, ten hoogste 1.000; hoeveel het er waren staat in aantallen.') }).meta({ id: 'Aanlevering' })
export type Aanlevering = z.output<typeof Aanlevering>
