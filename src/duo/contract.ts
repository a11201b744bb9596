import { z } from 'zod'
import { isGemeentecode, isSamenwerkingsverband } from '../domain/identificatie.ts'
import { LEVERINGSTATUSSEN, ONTVANGERS, type Indeling, type Kolom } from '../domain/levering.ts'
import { PERIODESOORTEN, REVISIEREDENEN } from '../domain/ontvanger.ts'
import { Brin, Datumveld, Paginavraag, Tijdstipveld, Vestigingscode, Volgende } from '../http/velden.ts'
import { Periodeveld } from '../statistiek/contract.ts'
import { INDELING_GEMEENTE } from './indeling-gemeente.ts'
import { INDELING_OCW } from './indeling-ocw.ts'
import { INDELING_SAMENWERKINGSVERBAND } from './indeling-samenwerkingsverband.ts'

/** Every layout there ever was; a levering says which one it has. */
export const INDELINGEN: readonly Indeling[] = [INDELING_OCW, INDELING_GEMEENTE, INDELING_SAMENWERKINGSVERBAND]

export const Leveringid = z.string().regex(/^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is geen levering')
export const Leveringsleutel = z.strictObject({ id: Leveringid })

const Ontvanger = z.enum(ONTVANGERS).describe('Wie de levering krijgt.')
const Afkapmoment = z.iso.datetime().describe('Wat tot en met dit moment was vastgelegd, telt mee.')
const Gemeentecode = z.string().refine(isGemeentecode, 'is geen gemeentecode: vier cijfers').describe('CBS-code van de gemeente van de leerlingen.').meta({ examples: ['0014'] })
const Samenwerkingsverband = z.string().refine(isSamenwerkingsverband, 'is geen samenwerkingsverband: PO of VO en vier cijfers').describe('Het samenwerkingsverband van de vestigingen.').meta({ examples: ['PO2202'] })
const Reden = z.enum(REVISIEREDENEN).describe('Waarom deze periode opnieuw wordt geleverd.')

const ontvangst = {
  ontvanger: Ontvanger,
  school: Brin,
  periode: Periodeveld
}
export const Leveringsinvoer = z.strictObject({
  ...ontvangst,
  gemeentecode: Gemeentecode.optional().describe('Bij ontvanger gemeente. Leeg mag als de leerlingen in één gemeente wonen.'),
  samenwerkingsverband: Samenwerkingsverband.optional().describe('Bij ontvanger samenwerkingsverband. Leeg mag als de vestigingen bij één horen.'),
  reden: Reden.optional().describe('Bij een revisie. Leeg: `afgekeurd` als de vorige dat is, `eerder-moment` met een afkapmoment, anders `gegevens-gewijzigd`.'),
  afkapmoment: Tijdstipveld.optional().describe('Bouwt de levering op zoals zij op dat moment was, byte voor byte. Leeg: nu.')
})
  .refine(({ ontvanger, gemeentecode }) => ontvanger === 'gemeente' || gemeentecode === undefined, { message: 'hoort bij ontvanger gemeente', path: ['gemeentecode'] })
  .refine(({ ontvanger, samenwerkingsverband }) => ontvanger === 'samenwerkingsverband' || samenwerkingsverband === undefined, { message: 'hoort bij ontvanger samenwerkingsverband', path: ['samenwerkingsverband'] })
export type Leveringsinvoer = z.output<typeof Leveringsinvoer>

export const Rondeinvoer = z.strictObject(ontvangst)
export type Rondeinvoer = z.output<typeof Rondeinvoer>

const Volledigheid = z.object({ lesdagen: z.int(), aangeleverd: z.int() }).describe('Getelde lesdagen, en die daarvan zijn aangeleverd: compleet verklaard of, als de bronafspraak dat niet eist, met ten minste één absentie. Over de vestigingen met 5 leerlingen of meer.')

const Bestand = z.object({ naam: z.string(), mediatype: z.string(), bytes: z.int(), sha256: z.string().describe('Hexadecimaal.') })

const Verschil = z.object({
  rijenErbij: z.int(),
  rijenWeg: z.int(),
  rijenGewijzigd: z.int(),
  kolommen: z.record(z.string(), z.int()).describe('Per kolom het aantal rijen met een andere waarde.')
}).describe('Vergeleken met de vorige revisie, zoals beide zijn geleverd: een cijfer dat in beide is onderdrukt, is hier gelijk.')
export type Verschil = z.output<typeof Verschil>

export const Manifest = z.object({
  levering: z.string(),
  gemaaktOp: z.iso.datetime(),
  ontvanger: Ontvanger,
  school: Brin,
  gemeentecode: z.string().nullable().default(null),
  samenwerkingsverband: z.string().nullable().default(null),
  periode: z.string(),
  revisie: z.int().default(1).describe('Van deze periode voor deze ontvanger; de hoogste geldt.'),
  vervangt: z.string().nullable().default(null).describe('De levering waarvoor deze in de plaats komt.'),
  reden: Reden.nullable().default(null),
  watVeranderde: Verschil.nullable().default(null),
  periodeVan: Datumveld,
  periodeTotEnMet: Datumveld.describe('Laatste getelde dag.'),
  afkapmoment: Afkapmoment,
  peildatum: Datumveld.describe('De kalenderdag van het afkapmoment.'),
  indeling: z.object({ naam: z.string(), versie: z.string(), bron: z.string(), status: z.enum(['vastgesteld', 'aangenomen-waarde']), toelichting: z.string() }),
  engineversie: z.string(),
  invoerSha256: z.string().nullable().default(null).describe('SHA-256, hexadecimaal, over de getelde cellen en de versies in volgorde, met een geheim van deze levering ervoor: zonder dat zouden onderdrukte cijfers uit te proberen zijn.'),
  standVanNu: z.array(z.string()).default([]).describe('Waarvan geen geschiedenis wordt bewaard: bij herbouwen telt de stand van dat moment.'),
  kalenders: z.array(z.object({ vestiging: Vestigingscode, schooljaar: z.string(), versie: z.int().nullable().describe('Null is de landelijke kalender van de regio.') })),
  beleidsversies: z.array(z.string()).describe('Gold in de periode; `standaardbeleid` of een nummer.'),
  bronafspraken: z.array(z.string()).default([]).describe('Gold in de periode; `standaardafspraak` of de dag waarop zij inging.'),
  volledigheid: Volledigheid,
  k: z.int().describe('Aantallen van 1 tot en met k - 1 zijn onderdrukt, en alles waaruit zij te berekenen zijn.'),
  rijen: z.int().describe('Zonder de kop.'),
  onderdrukteCellen: z.int(),
  toets: z.object({
    gevoelig: z.int().describe('Cijfers die niet te vinden mogen zijn.'),
    vindbaar: z.int().describe('Cijfers die al te vinden waren door wat is geleverd voordat dat werd uitgesloten; deze levering zegt er niets meer van.'),
    achtergehouden: z.boolean().default(false).describe('Niets van deze levering kon worden getoond zonder iets te verraden dat eerder is onderdrukt: het bestand heeft één regel en elk cijfer is onderdrukt.'),
    eerdereLeveringen: z.array(z.string()).describe('Eerdere leveringen van dit schooljaar waar ook tegen is getoetst, aan wie ook.')
  }),
  bestanden: z.array(Bestand)
}).meta({ id: 'Leveringmanifest' })
export type Manifest = z.output<typeof Manifest>

const Gebeurtenis = z.object({ status: z.enum(LEVERINGSTATUSSEN), op: z.iso.datetime(), door: z.string().optional() })
export type Gebeurtenis = z.output<typeof Gebeurtenis>

const fout = z.strictObject({
  code: z.string().regex(/^[A-Za-z0-9._-]{1,40}$/, 'is geen code: 1 tot 40 letters, cijfers of . _ -').describe('Code van de ontvanger.'),
  kolom: z.string().regex(/^[A-Z0-9_]{1,60}$/, 'is geen kolom: hoofdletters, cijfers of _').optional().describe('De kop van de kolom.'),
  regel: z.int().min(1).optional().describe('Regel in het CSV-bestand; 1 is de kop.')
})
export const Ontvangstinvoer = z.strictObject({
  uitslag: z.enum(['ontvangen', 'afgekeurd']),
  kenmerk: z.string().regex(/^[A-Za-z0-9._:/-]{1,80}$/, 'is geen kenmerk: 1 tot 80 letters, cijfers of . _ : / -').describe('Kenmerk dat de ontvanger gaf.'),
  fouten: z.array(fout).max(1000).default([])
}).refine(({ uitslag, fouten }) => uitslag === 'afgekeurd' || fouten.length === 0, { message: 'hoort bij een afkeuring', path: ['fouten'] })
export type Ontvangstinvoer = z.output<typeof Ontvangstinvoer>

export const Levering = z.object({
  id: z.string(),
  ontvanger: Ontvanger,
  school: Brin,
  gemeentecode: z.string().nullable(),
  samenwerkingsverband: z.string().nullable(),
  periode: z.string(),
  revisie: z.int(),
  reden: Reden.nullable(),
  afkapmoment: Afkapmoment,
  gemaaktOp: z.iso.datetime(),
  status: z.enum(LEVERINGSTATUSSEN),
  verloop: z.array(Gebeurtenis).describe('Elke stap, in volgorde.'),
  ontvangst: z.object({ uitslag: z.enum(['ontvangen', 'afgekeurd']), kenmerk: z.string(), fouten: z.array(fout) }).nullable(),
  rijen: z.int(),
  onderdrukteCellen: z.int(),
  volledigheid: Volledigheid,
  bestanden: z.array(Bestand),
  links: z.object({ bestand: z.string(), manifest: z.string(), indeling: z.string() })
}).meta({ id: 'Levering' })
export type Levering = z.output<typeof Levering>

export const Leveringenvraag = z.strictObject({ school: Brin.optional(), ...Paginavraag })
export type Leveringenvraag = z.output<typeof Leveringenvraag>
export const Leveringenpagina = z.object({ leveringen: z.array(Levering), volgende: Volgende })

export const Onbestelbaar = z.object({
  school: Brin,
  datum: Datumveld,
  leerlingen: z.int().describe('Ingeschreven op deze dag.'),
  zonderWoongemeente: z.int().describe('Daarvan zonder woongemeente.'),
  codes: z.array(z.object({
    gemeentecode: z.string(),
    oorzaak: z.enum(['gesplitst', 'onbekend']),
    naar: z.array(z.string()).describe('De gemeenten waarover een gesplitste gemeente is verdeeld.'),
    leerlingen: z.int()
  })).describe('Codes die op deze dag niet naar één gemeente leiden.'),
  vestigingenZonderSamenwerkingsverband: z.array(Vestigingscode)
}).describe('Alleen aantallen.').meta({ id: 'Onbestelbaar' })
export type Onbestelbaar = z.output<typeof Onbestelbaar>
export const Onbestelbaarvraag = z.strictObject({ datum: Datumveld.optional().describe('Leeg: vandaag.') })
export const Schoolsleutel = z.strictObject({ brin: Brin })

export const Rondeantwoord = z.object({ leveringen: z.array(Levering), onbestelbaar: Onbestelbaar })
export type Rondeantwoord = z.output<typeof Rondeantwoord>

export const Leveringsplansleutel = z.strictObject({ brin: Brin, ontvanger: Ontvanger })
export const Leveringsplaninvoer = z.strictObject({
  periodesoort: z.enum(PERIODESOORTEN),
  dagenNaPeriode: z.int().min(1).max(365).describe('Zoveel dagen na de laatste dag van de periode wordt zij gemaakt, in de nacht.'),
  aan: z.boolean()
})
export type Leveringsplaninvoer = z.output<typeof Leveringsplaninvoer>
export const Leveringsplan = z.object({
  school: Brin,
  ontvanger: Ontvanger,
  periodesoort: z.enum(PERIODESOORTEN),
  dagenNaPeriode: z.int(),
  aan: z.boolean(),
  sinds: Datumveld.describe('Perioden die op deze dag of later eindigen, horen bij het plan.'),
  gepland: z.array(z.object({ periode: z.string(), vanaf: Datumveld.describe('De dag waarop zij wordt gemaakt.') })).describe('Begonnen en nog niet gemaakt.')
}).meta({ id: 'Leveringsplan' })
export type Leveringsplan = z.output<typeof Leveringsplan>
export const Leveringsplannen = z.object({ leveringsplannen: z.array(Leveringsplan) })

// Each column of the layout once more as a field, so that a column cannot be in one form only.
const FIGUUR = {
  aantal: z.int(),
  uren: z.number(),
  percentage: z.number(),
  'ja-nee': z.boolean()
}

function veldVan ({ soort, omschrijving }: Kolom) {
  if (soort === 'code' || soort === 'periode' || soort === 'datum') return z.union([z.string(), z.int()]).nullable().describe(omschrijving)
  return z.strictObject({ waarde: FIGUUR[soort].nullable(), onderdrukt: z.literal('kleine-cel').optional() }).describe(omschrijving)
}

/** One file as it may be, closed: a field more does not pass. */
function bestandVan ({ ontvanger, kolommen }: Indeling) {
  return z.strictObject({
    indeling: z.strictObject({ naam: z.string(), versie: z.string() }),
    ontvanger: z.literal(ontvanger),
    school: Brin,
    periode: z.string(),
    afkapmoment: Afkapmoment,
    k: z.int(),
    regels: z.array(z.strictObject(Object.fromEntries(kolommen.map((kolom) => [kolom.veld, veldVan(kolom)]))))
  })
}

export const Leveringbestand = z.discriminatedUnion('ontvanger', [bestandVan(INDELING_OCW), bestandVan(INDELING_GEMEENTE), bestandVan(INDELING_SAMENWERKINGSVERBAND)])
  .describe('Dezelfde waarden als het CSV-bestand; welke kolommen staat bij de indeling.').meta({ id: 'Leveringbestand' })
export type Leveringbestand = z.output<typeof Leveringbestand>

// --- layouts

export const Leveringindeling = z.object({
  naam: z.string(),
  versie: z.string(),
  ontvanger: Ontvanger,
  geldigVan: Datumveld,
  doel: z.string().describe('Waarvoor de ontvanger de cijfers mag gebruiken.'),
  bron: z.string().describe('Grondslag.'),
  status: z.enum(['vastgesteld', 'aangenomen-waarde']),
  korrel: z.string().describe('Waarover één regel gaat.'),
  toelichting: z.string(),
  kolommen: z.array(z.object({ kop: z.string(), veld: z.string(), soort: z.enum(['code', 'periode', 'datum', 'aantal', 'uren', 'percentage', 'ja-nee']), omschrijving: z.string() })),
  jsonSchema: z.record(z.string(), z.unknown()).describe('JSON Schema 2020-12 van het JSON-bestand.')
}).meta({ id: 'Leveringindeling' })
export type Leveringindeling = z.output<typeof Leveringindeling>
export const Leveringindelingen = z.object({ leveringindelingen: z.array(Leveringindeling) })
export const Indelingsleutel = z.strictObject({ naam: z.string().regex(/^[a-z-]{1,60}$/), versie: z.string().regex(/^[0-9.]{1,20}$/) })

/** A layout as outsiders read it, with the schema of its JSON file. */
export function describeIndeling (indeling: Indeling): Leveringindeling {
  const { $schema, ...schema } = z.toJSONSchema(bestandVan(indeling), { unrepresentable: 'any' })
  return { ...indeling, kolommen: indeling.kolommen.map((kolom) => ({ ...kolom })), jsonSchema: { $schema, title: `${indeling.naam} ${indeling.versie}`, ...schema } }
}
