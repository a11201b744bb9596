import { z } from 'zod'
import { Absentieaantallen, Absentieregel, Absentieresultaat } from '../absenties/contract.ts'
import { addDagen } from '../domain/datum.ts'
import { Brin, Bron, BronId, Datumveld, Probleemregel, Proefvraag, Tijdstipveld, Vestigingscode } from '../http/velden.ts'

const MEESTE = 20_000

export const Momentopnameinvoer = z.strictObject({
  school: Brin,
  vestiging: Vestigingscode,
  van: Datumveld,
  tot: Datumveld.describe('Laatste dag; ten hoogste een jaar na `van`.'),
  opgenomenOp: Tijdstipveld.describe('Moment waarop de bron dit overzicht maakte, niet in de toekomst. Wat daarna is gewijzigd, blijft staan.'),
  plafond: z.int().min(0).max(100).default(20).describe('Procent van wat er stond dat ten hoogste wordt ingetrokken; zou het meer zijn, dan gebeurt er niets.'),
  absenties: z.array(z.unknown()).max(MEESTE).meta({ record: Absentieregel, description: `Alle absenties van de vestiging in de periode, ten hoogste ${MEESTE}; elk staat op zichzelf. Leeg: er waren er geen.` })
}).refine(({ vestiging, school }) => vestiging.startsWith(school), { message: 'hoort niet bij deze school', path: ['vestiging'] })
  .refine(({ van, tot }) => van <= tot, { message: 'ligt voor van', path: ['tot'] })
  .refine(({ van, tot }) => tot < addDagen(van, 366), { message: 'ligt meer dan een jaar na van', path: ['tot'] })
export type Momentopnameinvoer = z.output<typeof Momentopnameinvoer>

const uitkomst = {
  leerling: z.object({ bron: Bron, bronId: BronId }),
  regel: z.string(),
  begindatum: Datumveld,
  einddatum: Datumveld,
  minuten: z.int()
}
const Bestaand = z.object({ id: z.string().describe('`id` van het signaal.'), ...uitkomst })
/** What a trial would do to the signalen; `gewijzigd` as they would become. */
export const Signaalgevolgen = z.object({
  nieuw: z.array(z.object(uitkomst)),
  gewijzigd: z.array(Bestaand).describe('Zoals ze zouden worden.'),
  vervallen: z.array(Bestaand)
}).meta({ id: 'Signaalgevolgen' })
export type Signaalgevolgen = z.output<typeof Signaalgevolgen>
const signalen = Signaalgevolgen.optional().describe('Alleen bij een proef, en met het recht signalen:lezen: wat dit met de signalen zou doen.')

export const Momentopnameantwoord = z.object({
  aanlevering: z.uuid(),
  aantallen: Absentieaantallen.extend({ ontbrekend: z.int().describe('Ingetrokken omdat het overzicht ze niet noemt.') }),
  resultaten: z.array(Absentieresultaat),
  ingetrokken: z.array(BronId).describe('Wat het overzicht niet noemt.'),
  nieuwerDan: z.array(BronId).describe('Niet genoemd, maar na `opgenomenOp` gewijzigd: blijft staan.'),
  stond: z.int().describe('Absenties van deze bron die er stonden.'),
  percentage: z.number().nullable().describe('Welk deel daarvan is ingetrokken omdat het ontbreekt, op een tiende procent; null als er niets stond.'),
  signalen
}).meta({ id: 'Momentopname' })
export type Momentopnameantwoord = z.output<typeof Momentopnameantwoord>

/** Keys named in an answer. */
export const NAMEN = 10_000

export const Terugdraaiingsantwoord = z.object({
  aanlevering: z.uuid().describe('De terugdraaiing zelf, ook een aanlevering.'),
  teruggedraaid: z.uuid(),
  aantallen: z.object({
    hersteld: z.int().describe('Terug naar de versie die zonder deze aanlevering zou gelden.'),
    ingetrokken: z.int().describe('Er was geen andere versie, of die was een intrekking.'),
    ongewijzigd: z.int().describe('Dezelfde inhoud staat er al.'),
    sindsGewijzigd: z.int(),
    nietHersteld: z.int(),
    uitWacht: z.int().describe('Records die nog op hun leerling wachtten, en weg zijn.')
  }),
  sindsGewijzigd: z.array(BronId).describe(`Door een andere aanlevering vervangen, dus blijft zoals het is; ten hoogste ${NAMEN} genoemd.`),
  nietHersteld: z.array(z.object({ bronId: BronId, problemen: z.array(Probleemregel) })).describe(`De vorige inhoud past niet meer bij inschrijving of kalender, dus blijft zoals het is; ten hoogste ${NAMEN} genoemd.`),
  signalen
}).meta({ id: 'Terugdraaiing' })
export type Terugdraaiingsantwoord = z.output<typeof Terugdraaiingsantwoord>

export const Terugdraaiingsvraag = Proefvraag.extend({ school: Brin })
