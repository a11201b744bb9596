import { z } from 'zod'
import { EENHEDEN } from '../domain/evaluate-regels.ts'
import { AARDEN } from '../domain/regel.ts'
import { BESLUITEN, NIET_GEMELD_REDENEN, RUST_WEKEN, RUSTREDENEN, SIGNAALSTATUSSEN, VOORSTELLEN } from '../domain/signaal.ts'
import { Brin, Bron, BronId, Datumveld, Paginavraag, Volgende } from '../http/velden.ts'
import { Onderbouwingsregel } from '../regels/contract.ts'

export const Signaalid = z.string().regex(/^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is geen signaal')

const minuten = z.int().describe('De bekende minuten van de onderbouwing.')
const uiterlijkAfhandelen = Datumveld.nullable().describe('Einddatum plus de werkdagen van de regel; null als zij geen termijn kent.')
const redenVervallen = z.string().nullable().describe('Wat er veranderde waardoor de feiten het signaal niet meer dragen.')
const voorstel = z.enum(VOORSTELLEN).nullable().describe('Wat een correctie na het besluit vraagt; het volgende besluit handelt het af.')
const onderbouwing = z.array(Onderbouwingsregel).describe('De absenties die het signaal dragen, zoals ze zijn geteld.')

export const Signaal = z.object({
  id: z.string(),
  regel: z.string(),
  aard: z.enum(AARDEN).describe('`wettelijk` moet worden gemeld, `zorgelijk` mag, `intern` blijft binnen de school.'),
  school: Brin,
  leerling: z.object({ bron: Bron, bronId: BronId }),
  begindatum: Datumveld.describe('Eerste getelde dag in het venster.'),
  einddatum: Datumveld.describe('Dag waarop de drempel werd bereikt.'),
  eenheid: z.enum(EENHEDEN).describe('Waarin `gemeten` en `drempel` tellen.'),
  gemeten: z.int(),
  drempel: z.int().describe('De bereikte drempel.'),
  uiterlijkAfhandelen,
  minuten,
  drempelMinuten: z.int().nullable().describe('De drempel in minuten; null als de regel iets anders meet.'),
  uiterlijkMelden: Datumveld.nullable().describe('Einddatum plus 5 werkdagen; null als het signaal niet wettelijk is.'),
  status: z.enum(SIGNAALSTATUSSEN),
  redenVervallen,
  voorstel,
  rustTot: Datumveld.nullable().describe('Tot en met deze dag vraagt de regel bij deze leerling geen werk; null: geen rust.'),
  beleidsversie: z.string().describe('De beleidsversie van de einddatum; `standaardbeleid` of haar nummer.'),
  onderbouwing,
  beperkt: z.boolean().describe('Er rust een beperking op (AVG art. 18): het blijft zoals het staat, en er gaat geen melding van uit.'),
  aangemaaktOp: z.iso.datetime(),
  bijgewerktOp: z.iso.datetime()
}).meta({ id: 'Signaal' })
export type Signaal = z.output<typeof Signaal>

/** A code of a rule, national or of a school. */
const Regelcode = z.string().max(60).regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'is geen regelcode: kleine letters, cijfers en streepjes')
export const WERKLIJSTEN = ['te-doen', 'te-laat'] as const

export const Signalenvraag = z.strictObject({
  school: Brin.optional(),
  leerling: BronId.optional(),
  bron: Bron.optional(),
  regel: Regelcode.optional(),
  aard: z.enum(AARDEN).optional(),
  status: z.enum(SIGNAALSTATUSSEN).optional(),
  voorstel: z.enum(VOORSTELLEN).optional(),
  werklijst: z.enum(WERKLIJSTEN).optional().describe('`te-doen`: open of in behandeling en niet in rust, met de kortste termijn voorop; `te-laat`: daarvan wat vandaag over de termijn is.'),
  ...Paginavraag
})
export type Signalenvraag = z.output<typeof Signalenvraag>

export const Signalenregel = Signaal.extend({
  dagenTeLaat: z.int().nullable().optional().describe('Alleen in een werklijst: werkdagen over de termijn, 0 als die nog loopt, null als er geen is.')
}).meta({ id: 'Signalenregel' })
export type Signalenregel = z.output<typeof Signalenregel>
export const Signalenpagina = z.object({ signalen: z.array(Signalenregel), volgende: Volgende })
export const Signaalsleutel = z.strictObject({ id: Signaalid })

// --- what people do with it

export const Beoordeling = z.strictObject({
  besluit: z.enum(BESLUITEN),
  reden: z.enum(NIET_GEMELD_REDENEN).optional().describe('Verplicht bij `niet-gemeld`, en alleen daar.'),
  notitie: z.string().min(1).max(1_000).optional().describe('Zegt niet wat een leerling mankeert. Terug te lezen in de geschiedenis door wie mag beoordelen, en bij inzage.')
}).refine(({ besluit, reden }) => (besluit === 'niet-gemeld') === (reden !== undefined), { message: 'hoort bij besluit niet-gemeld, en alleen daarbij', path: ['reden'] })
export type Beoordeling = z.output<typeof Beoordeling>

export const Beoordeeldsignaal = Signaal.extend({
  kanttekening: z.string().nullable().describe('Wat de wet van dit besluit zegt; null als er niets te zeggen is.')
}).meta({ id: 'Beoordeeldsignaal' })
export type Beoordeeldsignaal = z.output<typeof Beoordeeldsignaal>

export const Rustinvoer = z.strictObject({
  tot: Datumveld.describe(`Laatste dag van de rust, ten hoogste ${RUST_WEKEN} weken vooruit.`),
  reden: z.enum(RUSTREDENEN)
})
export type Rustinvoer = z.output<typeof Rustinvoer>

// --- why, and how it came so

export const Signaalherleiding = z.object({
  id: z.string(),
  hash: z.string().describe('SHA-256 van de herleiding, hexadecimaal.'),
  nagerekend: z.object({
    gelijk: z.boolean().describe('Of de bewaarde herleiding nog dezelfde hash heeft en opnieuw gerekend hetzelfde signaal geeft.'),
    verschillen: z.array(z.object({ veld: z.string(), bewaard: z.string().nullable(), nagerekend: z.string().nullable() }))
  }),
  toelichting: z.string(),
  herleiding: z.record(z.string(), z.unknown()).nullable().describe('Alles waaruit het signaal is berekend. Null: er staat iets in dat voor dit doel niet wordt getoond.')
}).meta({ id: 'Signaalherleiding' })
export type Signaalherleiding = z.output<typeof Signaalherleiding>

const op = z.iso.datetime()
const wie = { actor: z.string().describe('Persoon of toepassing.'), rol: z.string().nullable() }
export const Signaalgebeurtenis = z.discriminatedUnion('soort', [
  z.object({
    soort: z.literal('stand'),
    op,
    status: z.enum(SIGNAALSTATUSSEN),
    redenVervallen,
    voorstel,
    begindatum: Datumveld,
    einddatum: Datumveld,
    eenheid: z.enum(EENHEDEN),
    gemeten: z.int(),
    drempel: z.int(),
    minuten,
    uiterlijkAfhandelen,
    beleidsversie: z.string(),
    onderbouwing,
    herleidingHash: z.string()
  }),
  z.object({
    soort: z.literal('beoordeling'),
    op,
    besluit: z.enum(BESLUITEN),
    reden: z.enum(NIET_GEMELD_REDENEN).nullable(),
    notitie: z.string().nullable().describe('Null zonder het recht `signalen:beoordelen`.'),
    ...wie,
    herleidingHash: z.string().describe('De herleiding van het signaal zoals het is beoordeeld.')
  }),
  z.object({ soort: z.literal('rust'), op, van: Datumveld, tot: Datumveld, reden: z.enum(RUSTREDENEN), ...wie }),
  z.object({ soort: z.literal('rust-beeindigd'), op, tot: Datumveld.describe('Tot en met deze dag zou de rust hebben geduurd.'), actor: z.string() })
]).meta({ id: 'Signaalgebeurtenis' })
export type Signaalgebeurtenis = z.output<typeof Signaalgebeurtenis>
export const Signaalgeschiedenis = z.object({ id: z.string(), gebeurtenissen: z.array(Signaalgebeurtenis) })
export type Signaalgeschiedenis = z.output<typeof Signaalgeschiedenis>
