import { z } from 'zod'
import { AARDEN } from '../domain/regel.ts'
import { Brin, Bron, BronId, Datumveld } from '../http/velden.ts'

const Versie = z.int().min(0).max(1_000_000)

export const Proefvraag = z.strictObject({
  van: Datumveld,
  tot: Datumveld.describe('Laatste dag; signalen met een einddatum in deze periode tellen.'),
  met: Versie.optional().describe('Vergelijken met deze beleidsversie alsof die steeds gold; leeg: met het beleid zoals het dag voor dag van kracht was.')
}).refine(({ van, tot }) => van <= tot, { message: 'ligt voor van', path: ['tot'] })
export type Proefvraag = z.output<typeof Proefvraag>

const Werklast = z.object({
  signalen: z.int(),
  perLesweek: z.number().describe('Gemiddeld, op een tiende.'),
  drukste: z.object({ week: z.string(), signalen: z.int() }).nullable()
})
const Verschuiving = z.object({ bron: Bron, bronId: BronId, regels: z.array(z.string()) })

export const Proefberekening = z.object({
  school: Brin,
  versie: Versie,
  met: Versie.nullable().describe('Null: het beleid zoals het van kracht was.'),
  van: Datumveld,
  tot: Datumveld.describe('Niet later dan vandaag: wat nog komt, kan niemand tellen.'),
  leerlingen: z.int().describe('Ingeschreven in de periode.'),
  absenties: z.int().describe('Absenties waarmee is gerekend, ook van voor de periode waar een venster terugkijkt.'),
  lesweken: z.int(),
  seconden: z.number(),
  regels: z.array(z.object({
    regel: z.string(),
    aard: z.enum(AARDEN),
    signalen: z.int(),
    signalenNu: z.int(),
    leerlingen: z.int(),
    leerlingenNu: z.int(),
    nieuw: z.int().describe('Leerlingen die er een signaal van zouden hebben, en nu niet.'),
    nietMeer: z.int(),
    perLesweek: z.array(z.object({ week: z.string(), signalen: z.int(), nu: z.int() }))
  })),
  werklast: Werklast,
  werklastNu: Werklast,
  nieuw: z.array(Verschuiving).describe('Leerlingen die een signaal zouden krijgen van een regel waarvan zij er nu geen hebben.'),
  nietMeer: z.array(Verschuiving)
}).meta({ id: 'Proefberekening' })
export type Proefberekening = z.output<typeof Proefberekening>

/** A line of the NDJSON answer before the last. */
export interface Voortgang { readonly leerlingen: number, readonly totaal: number }
