import { z } from 'zod'
import { BANDEN, MATEN, type Band } from '../domain/aggregaat.ts'
import { CATEGORIEEN, type Categorie } from '../domain/absentie.ts'
import { parsePeriode } from '../domain/datum.ts'
import { Datumveld, Vestigingscode } from '../http/velden.ts'

export const Periodeveld = z.string().refine((text) => parsePeriode(text) !== undefined, 'is geen periode: schrijf een lesweek (2026-W37), maand (2026-09) of schooljaar (2026-2027) die bestaat')
  .describe('Lesweek, maand of schooljaar.').meta({ examples: ['2026-W37', '2026-09', '2026-2027'] })

export const Statistiekvraag = z.strictObject({
  vestiging: Vestigingscode,
  periode: Periodeveld,
  leerjaar: z.string().regex(/^([0-9]|1[0-2])?$/, 'is geen leerjaar: 0 tot en met 12').transform((text) => text === '' ? undefined : Number(text)).optional()
    .describe('Alleen dit leerjaar; leeg geeft het totaal en elk leerjaar.')
})
export type Statistiekvraag = z.output<typeof Statistiekvraag>

const aantal = (maat: keyof typeof MATEN) => z.int().describe(MATEN[maat].omschrijving)

const Categoriecijfers = z.object({
  minuten: aantal('minuten'),
  onbekend: aantal('onbekend'),
  registraties: aantal('registraties'),
  leerlingen: aantal('leerlingenMetAbsentie')
}).meta({ id: 'Categoriecijfers' })

const Banden = z.object(Object.fromEntries(BANDEN.map(({ band, vanaf }, nummer) => {
  const tot = BANDEN[nummer + 1]?.vanaf
  return [band, z.int().describe(tot === undefined ? `Vanaf ${vanaf} %.` : `Vanaf ${vanaf} % tot ${tot} %.`)]
})) as Record<Band, z.ZodInt>).describe(MATEN.band.omschrijving).meta({ id: 'Verzuimbanden' })

export const Statistiekcel = z.object({
  leerjaar: z.int().nullable().describe('Null is de hele vestiging. Wie van leerjaar wisselde telt in elk daarvan, en één keer in het totaal.'),
  leerlingen: aantal('leerlingen'),
  geplandeMinuten: aantal('geplandeMinuten'),
  zonderRooster: aantal('zonderRooster'),
  gemisteMinuten: aantal('gemisteMinuten'),
  aandeelGemist: z.number().nullable().describe('gemisteMinuten gedeeld door geplandeMinuten, in vier decimalen; null als er niets gepland was.'),
  categorieen: z.object(Object.fromEntries(CATEGORIEEN.map((categorie) => [categorie, Categoriecijfers])) as Record<Categorie, typeof Categoriecijfers>),
  banden: Banden,
  verzuimperioden: aantal('verzuimperioden'),
  signalen: z.record(z.string(), z.int()).describe(`Per regel. ${MATEN.signalen.omschrijving}`)
}).meta({ id: 'Statistiekcel' })
export type Statistiekcel = z.output<typeof Statistiekcel>

export const Volledigheid = z.object({
  lesdagen: aantal('lesdagen'),
  aangeleverd: aantal('lesdagenAangeleverd')
}).meta({ id: 'Volledigheid' })

export const Statistiek = z.object({
  vestiging: Vestigingscode,
  periode: Periodeveld,
  berekend: z.boolean().describe('Onwaar zolang de nachtelijke verwerking deze periode nog niet heeft geteld; er zijn dan geen cellen, en dat is iets anders dan nul.'),
  van: Datumveld,
  totEnMet: Datumveld.nullable().describe('Laatste getelde dag: het einde van de periode of de peildatum. Null zolang er niet is geteld.'),
  volledigheid: Volledigheid.nullable(),
  cellen: z.array(Statistiekcel).describe('Het totaal eerst, daarna elk leerjaar met leerlingen.')
}).meta({ id: 'Statistiek' })
export type Statistiek = z.output<typeof Statistiek>
