import { z } from 'zod'
import { isGemeentecode, normaliseerSamenwerkingsverband, soortPersoonsgebondenNummer } from '../domain/identificatie.ts'
import { REGIOS } from '../domain/kalender.ts'
import { SECTOREN } from '../domain/sector.ts'
import { Brin, Bron, BronId, Datumveld, Paginavraag, perRecord, Probleemregel, Schooljaarveld, Vestigingscode, Volgende } from '../http/velden.ts'

const Gemeentecode = z.string().refine(isGemeentecode, 'is geen gemeentecode: vier cijfers').describe('CBS-gemeentecode.').meta({ examples: ['0344'] })
const Samenwerkingsverband = z.string()
  .transform((text, context) => {
    // Without PO or VO the sector of the vestiging says which.
    const code = normaliseerSamenwerkingsverband(text) ?? (/^[0-9]{2}-?[0-9]{2}$/.test(text) ? text : undefined)
    if (code === undefined) context.addIssue({ code: 'custom', message: 'is geen samenwerkingsverband: PO of VO en vier cijfers' })
    return code ?? z.NEVER
  })
  .describe('Samenwerkingsverband: PO of VO en vier cijfers; ook PO-22-02 wordt gelezen, en 22-02: dan volgt PO of VO uit de sector.').meta({ examples: ['VO2602'] })

const vestiging = {
  naam: z.string().trim().min(1).max(200),
  sector: z.enum(SECTOREN),
  regio: z.enum(REGIOS as readonly ['noord', 'midden', 'zuid']).describe('Vakantieregio van de vestiging.'),
  gemeentecode: Gemeentecode,
  samenwerkingsverband: Samenwerkingsverband.nullish(),
  lesuurMinuten: z.int().min(20).max(120).nullish().describe('Duur van een lesuur in minuten; standaard 60.')
}
export const Vestigingsinvoer = z.strictObject(vestiging)
export const Vestigingsregel = z.strictObject({ vestiging: Vestigingscode, ...vestiging })
export type Vestigingsregel = z.output<typeof Vestigingsregel>

export const Vestiging = z.object({
  vestiging: Vestigingscode,
  school: Brin,
  naam: z.string(),
  sector: z.enum(SECTOREN),
  regio: z.enum(REGIOS as readonly ['noord', 'midden', 'zuid']),
  gemeentecode: z.string(),
  samenwerkingsverband: z.string().nullable(),
  lesuurMinuten: z.int()
}).meta({ id: 'Vestiging' })
export type Vestiging = z.output<typeof Vestiging>

export const Vestigingenvraag = z.strictObject({ school: Brin.optional(), ...Paginavraag })
export const Vestigingenpagina = z.object({ vestigingen: z.array(Vestiging), volgende: Volgende })

const Lesvrij = z.strictObject({
  van: Datumveld,
  tot: Datumveld,
  soort: z.enum(['vakantie', 'feestdag', 'studiedag']).default('vakantie'),
  naam: z.string().trim().min(1).max(100).default('lesvrij')
}).refine(({ van, tot }) => van <= tot, { message: 'van ligt na tot', path: ['tot'] })

const kalender = {
  lesdagen: z.array(z.int().min(1).max(7)).min(1).max(7).refine((dagen) => new Set(dagen).size === dagen.length, 'noemt een dag dubbel')
    .default([1, 2, 3, 4, 5]).describe('Dagen met les, maandag 1 tot en met zondag 7.'),
  lesvrij: z.array(Lesvrij).max(400).describe('Alle lesvrije periodes van dit schooljaar, begin en einde inbegrepen; vervangt de landelijke.')
}
export const Kalenderinvoer = z.strictObject(kalender)
export const Kalenderregel = z.strictObject({ vestiging: Vestigingscode, schooljaar: Schooljaarveld, ...kalender })
export type Kalenderregel = z.output<typeof Kalenderregel>

export const Kalenderantwoord = z.object({
  vestiging: Vestigingscode,
  schooljaar: z.string(),
  herkomst: z.enum(['school', 'nationaal', 'feestdagen']).describe('`feestdagen`: de vakanties van dit schooljaar zijn hier niet bekend.'),
  lesdagen: z.array(z.int()),
  lesvrij: z.array(z.object({ van: Datumveld, tot: Datumveld, soort: z.enum(['vakantie', 'feestdag', 'studiedag']), naam: z.string() })),
  lesweken: z.int().describe('Aantal lesweken in dit schooljaar.')
}).meta({ id: 'Kalender' })
export type Kalenderantwoord = z.output<typeof Kalenderantwoord>

const Inschrijving = z.strictObject({
  vestiging: Vestigingscode,
  van: Datumveld,
  tot: Datumveld.nullish().describe('Laatste dag; leeg zolang de leerling er is.'),
  leerjaar: z.int().min(0).max(12),
  minutenPerWeek: z.int().min(0).max(5000).nullish().describe('Geplande lestijd per week, gelijk verdeeld over de lesdagen.'),
  rooster: z.array(z.int().min(0).max(1440)).length(7).nullish().describe('Geplande minuten van maandag tot en met zondag.')
}).refine(({ van, tot }) => tot == null || van <= tot, { message: 'tot ligt voor van', path: ['tot'] })
  .refine(({ minutenPerWeek, rooster }) => minutenPerWeek == null || rooster == null, { message: 'stuur minutenPerWeek of rooster, niet beide', path: ['rooster'] })

const PersoonsgebondenNummer = z.string().refine((text) => soortPersoonsgebondenNummer(text) !== undefined, 'is geen BSN en geen onderwijsnummer')

export const Leerlingregel = z.strictObject({
  bronId: BronId,
  school: Brin,
  geboortedatum: Datumveld,
  persoonsgebondenNummer: PersoonsgebondenNummer.nullish().describe('BSN of onderwijsnummer; wordt versleuteld bewaard en alleen teruggegeven in de inzage bij een verzoek van de leerling of zijn ouders.'),
  woongemeente: Gemeentecode.nullish(),
  inschrijvingen: z.array(Inschrijving).min(1).max(50)
    .refine((lijst) => new Set(lijst.map(({ van, vestiging: code }) => `${van}${code}`)).size === lijst.length, 'noemt dezelfde vestiging en begindatum dubbel')
})
export type Leerlingregel = z.output<typeof Leerlingregel>

export const Leerling = z.object({
  bron: Bron,
  bronId: BronId,
  school: Brin,
  geboortedatum: Datumveld.nullable().describe('Null: niet getoond voor dit doel.'),
  persoonsgebondenNummerBekend: z.boolean().nullable().describe('Null: niet getoond voor dit doel.'),
  woongemeente: z.string().nullable().describe('Null: onbekend, of niet getoond voor dit doel.'),
  beperkt: z.boolean().describe('Er rust een beperking op alles van deze leerling (AVG art. 18).'),
  inschrijvingen: z.array(z.object({
    vestiging: Vestigingscode.nullable().describe('Null: niet getoond, omdat het adres van de leerling geheim is.'),
    van: Datumveld,
    tot: Datumveld.nullable(),
    leerjaar: z.int(),
    rooster: z.array(z.int()).nullable().describe('Geplande minuten van maandag tot en met zondag; null is onbekend.')
  }))
}).meta({ id: 'Leerling' })
export type Leerling = z.output<typeof Leerling>

export const Leerlingenvraag = z.strictObject({ school: Brin, vestiging: Vestigingscode.optional(), ...Paginavraag })
export const Leerlingenpagina = z.object({ leerlingen: z.array(Leerling), volgende: Volgende })
export const Zoekvraag = z.strictObject({ school: Brin, persoonsgebondenNummer: PersoonsgebondenNummer })
export const Zoekantwoord = z.object({ leerlingen: z.array(Leerling) })

// Leerplichtwet 1969 art. 3a, 3b, 5, 5a, 11 and 15, as people write them. A pattern, because free text would hold why.
const GRONDSLAG = /^(art(ikel)?\.? ?)?(3a|3b|5a?|11|15)([ -]?(onder[ -])?[a-g])?$/i

const vrijstelling = {
  leerling: BronId,
  school: Brin,
  grondslag: z.string().regex(GRONDSLAG, 'is geen artikel van de Leerplichtwet dat vrijstelling geeft, zoals 5-onder-a, 5a, 11-onder-g of 15').describe('Artikel van de Leerplichtwet 1969. `5a` is de trekkende leerling; `5-onder-a` lichamelijke of psychische gronden.'),
  van: Datumveld,
  tot: Datumveld.describe('Laatste dag; een vrijstelling is altijd tijdelijk.')
}
const periodeKlopt = ({ van, tot }: { van: string, tot: string }): boolean => van <= tot
const PERIODE = { message: 'tot ligt voor van', path: ['tot'] }
export const Vrijstellingsinvoer = z.strictObject(vrijstelling).refine(periodeKlopt, PERIODE)
export const Vrijstellingsregel = z.strictObject({ bronId: BronId, ...vrijstelling }).refine(periodeKlopt, PERIODE)
export type Vrijstellingsregel = z.output<typeof Vrijstellingsregel>
export const Vrijstelling = z.object({ bron: Bron, bronId: BronId, ...vrijstelling }).meta({ id: 'Vrijstelling' })

const Stamresultaat = z.enum(['nieuw', 'gewijzigd', 'ongewijzigd', 'afgewezen'])
export type Stamresultaat = z.output<typeof Stamresultaat>

function bulkantwoord<T extends z.ZodRawShape> (sleutel: T) {
  return z.object({
    aanlevering: z.uuid(),
    aantallen: z.object({ nieuw: z.int(), gewijzigd: z.int(), ongewijzigd: z.int(), afgewezen: z.int() }),
    resultaten: z.array(z.object({ index: z.int(), ...sleutel, resultaat: Stamresultaat, problemen: z.array(Probleemregel).optional() }))
  })
}
export const Vestigingenbulk = z.strictObject({ vestigingen: perRecord(Vestigingsregel) })
export const Vestigingenbulkantwoord = bulkantwoord({ vestiging: z.string().optional() })
export const Kalenderbulk = z.strictObject({ kalenders: perRecord(Kalenderregel) })
export const Kalenderbulkantwoord = bulkantwoord({ vestiging: z.string().optional(), schooljaar: z.string().optional() })
export const Leerlingenbulk = z.strictObject({ leerlingen: perRecord(Leerlingregel) })
export const Leerlingenbulkantwoord = bulkantwoord({ bronId: z.string().optional() })
export const Vrijstellingenbulk = z.strictObject({ vrijstellingen: perRecord(Vrijstellingsregel) })
export const Vrijstellingenbulkantwoord = bulkantwoord({ bronId: z.string().optional() })

export const Vestigingssleutel = z.strictObject({ vestigingscode: Vestigingscode })
export const Kalendersleutel = z.strictObject({ vestigingscode: Vestigingscode, schooljaar: Schooljaarveld })
export const Leerlingsleutel = z.strictObject({ bron: Bron, bronId: BronId })
export const Bronsleutel = z.strictObject({ bronId: BronId })
