import { z } from 'zod'
import { CATEGORIEEN, SOORTEN } from '../domain/absentie.ts'
import { KENMERKEN, listIndelingsfouten, STANDAARDBELEID, type Broncode as Codebetekenis, type Reden as Redenbetekenis } from '../domain/beleid.ts'
import { ELEMENTCODES } from '../domain/beleidselement.ts'
import { listBeleidsfouten } from '../domain/beleidsfouten.ts'
import { OORDELEN, RICHTINGEN } from '../domain/beleidstoets.ts'
import { ONDERDELEN, VERSCHILSOORTEN } from '../domain/beleidsverschil.ts'
import { AARDEN, HERSTARTEN, LEERPLICHTGROEPEN, METINGEN, type Doelgroep as Doelgroepvorm, type Duiding as Duidingsvorm, type Regelkeuze as Keuzevorm, type Selectie as Selectievorm, type Venster as Venstervorm } from '../domain/regel.ts'
import { SECTOREN } from '../domain/sector.ts'
import { Brin, Bron, Datumveld, Probleemregel } from '../http/velden.ts'

const Reden = z.strictObject({
  code: z.string().regex(/^[A-Za-z0-9_-]{1,20}$/, 'is geen redencode: 1 tot 20 letters, cijfers, _ of -'),
  omschrijving: z.string().trim().min(1).max(120),
  categorie: z.enum(['geoorloofd', 'ongeoorloofd', 'aanwezig-elders']),
  grondslag: z.string().trim().max(60).optional().describe('Artikel van de Leerplichtwet 1969; verplicht bij een bijzonder persoonsgegeven.'),
  kenmerken: z.array(z.enum(KENMERKEN)).max(KENMERKEN.length).optional()
    .describe('`luxeverzuim` alleen bij een ongeoorloofde reden, `ziekte` nooit.'),
  geldigTot: Datumveld.optional().describe('Laatste dag waarop de code binnen deze versie te gebruiken is; van later is zij `niet-ingedeeld`.')
}).meta({ id: 'Reden' })

const Broncode = z.strictObject({
  bron: Bron,
  code: Reden.shape.code.describe('Zoals de bron haar stuurt.'),
  reden: Reden.shape.code.describe('De code van een reden van deze beleidsversie.')
}).describe('Wat een code bij één bron betekent; gaat daar voor de gelijknamige reden van de school.').meta({ id: 'Broncode' })

const Broncodes = z.array(Broncode).max(2000)

interface Indeling { readonly geldigVan: string, readonly redenen?: readonly Redenbetekenis[] | undefined, readonly codes?: readonly Codebetekenis[] | undefined }

/** Refuses what redenen and codes say against each other or the law; every fault at its own place. */
export function checkIndeling ({ geldigVan, redenen = STANDAARDBELEID.redenen, codes = [] }: Indeling, context: z.RefinementCtx): void {
  for (const { pad, code, detail } of listIndelingsfouten(geldigVan, redenen, codes)) context.addIssue({ code: 'custom', path: [...pad], message: detail, params: { code } })
}

// ---- the grammar of rules, as it is written: domain/regel.ts says what it means

const uniek = <T extends z.ZodType>(deel: T, most: number) => z.array(deel).min(1).max(most).refine((lijst) => new Set(lijst).size === lijst.length, 'noemt iets dubbel')

const Selectievelden = {
  soorten: uniek(z.enum(SOORTEN), SOORTEN.length).optional(),
  redenen: uniek(Reden.shape.code, 50).optional().describe('Alleen met een van deze redenen van de beleidsversie.'),
  kenmerken: uniek(z.enum(KENMERKEN), KENMERKEN.length).optional().describe('Alleen met een reden die ten minste een van deze kenmerken heeft.'),
  weekdagen: uniek(z.int().min(1).max(7), 7).optional().describe('Maandag is 1.'),
  meerDanMinuten: z.int().min(0).max(1440).optional().describe('Alleen wat langer duurde; wat een onbekende duur heeft, telt dan niet.')
}
const Categorieenveld = uniek(z.enum(CATEGORIEEN), CATEGORIEEN.length)
const HeleDag = z.literal(true).optional().describe('Alleen lesdagen die geheel zijn gemist.')

export const Selectie = z.strictObject({ categorieen: Categorieenveld, ...Selectievelden, heleDag: HeleDag }).describe('Welk verzuim telt; alles wat er staat, moet gelden.').meta({ id: 'Selectie' })

export const Venster = z.discriminatedUnion('soort', [
  z.strictObject({ soort: z.literal('lesweken'), aantal: z.int().min(1).max(60), minLesdagen: z.int().min(1).max(7).optional(), overZomer: z.boolean().optional() }),
  z.strictObject({ soort: z.literal('lesdagen'), aantal: z.int().min(1).max(300) }),
  z.strictObject({ soort: z.literal('maanden'), aantal: z.int().min(1).max(12) }),
  z.strictObject({ soort: z.literal('schooljaar') }),
  z.strictObject({ soort: z.literal('aaneengesloten') })
]).describe('Het tijdvak dat eindigt op de dag die wordt bekeken.').meta({ id: 'Venster' })

export const Doelgroep = z.strictObject({
  leerplicht: z.enum(LEERPLICHTGROEPEN).optional(),
  leeftijd: z.strictObject({ van: z.int().min(0).max(120).optional(), tot: z.int().min(1).max(120).optional() }).optional().describe('Van de verjaardag `van` tot de dag voor de verjaardag `tot`.'),
  sectoren: uniek(z.enum(SECTOREN), SECTOREN.length).optional(),
  leerjaren: uniek(z.int().min(0).max(12), 13).optional(),
  ookMetVrijstelling: z.literal(true).optional()
}).describe('Voor wie een dag kan tellen; leeg is iedereen.').meta({ id: 'Doelgroep' })

export const Regelkeuze = z.strictObject({
  regel: z.string().max(60).regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'is geen regelcode: kleine letters, cijfers en streepjes').describe('Een landelijke regel, of een eigen; een eigen van de aard zorgelijk begint met zorgelijk-verzuim-.'),
  aan: z.boolean(),
  omschrijving: z.string().trim().min(1).max(200).optional(),
  aard: z.enum(AARDEN).optional().describe('Alleen van een eigen regel: intern (standaard) of zorgelijk.'),
  meting: z.exactOptional(z.enum(METINGEN)),
  over: z.strictObject({ categorieen: z.exactOptional(Categorieenveld), ...Selectievelden, heleDag: HeleDag }).optional().describe('Als Selectie; wat er niet staat, blijft als bij de landelijke regel. Bij wettelijk en zorgelijk telt alleen ongeoorloofd.'),
  venster: z.exactOptional(Venster),
  drempels: z.array(z.int().min(1).max(100_000)).min(1).max(20).optional().describe('Een drempel of een oplopende reeks, in eenheden van de meting.'),
  voor: z.exactOptional(Doelgroep),
  herstart: z.exactOptional(z.enum(HERSTARTEN)).describe('`na-signaal`: wat tot en met een signaal telde, telt niet meer. `geen`: telkens wanneer een drempel wordt bereikt.'),
  minimaalDagenTussen: z.exactOptional(z.int().min(0).max(366)),
  minimaalLesdagen: z.exactOptional(z.int().min(0).max(300)),
  onderDrempelVan: z.exactOptional(z.string().max(60).nullable()).describe('Alleen zolang de meting van deze andere regel beneden haar eerste drempel blijft; bij zorgelijk verzuim altijd wettelijk-16-uur.'),
  termijnWerkdagen: z.exactOptional(z.int().min(1).max(100).nullable())
}).describe('Wat anders is dan bij de landelijke regel; van een eigen regel alles.').meta({ id: 'Regelkeuze' })

export const Duiding = z.strictObject({
  omschrijving: z.string().trim().min(1).max(200),
  wanneer: z.strictObject({ categorieen: Categorieenveld, ...Selectievelden, redenNaLesdagen: z.int().min(0).max(60).optional().describe('Alleen als de reden pas bekend werd nadat zoveel lesdagen voorbij waren; 0 is na de dag zelf.') }),
  telt: z.strictObject({ categorie: z.literal('ongeoorloofd'), soort: z.literal('afwezig').optional(), lesuren: z.int().min(1).max(20).optional().describe('Telt als zoveel lesuren, wat de minuten ook zijn.') })
}).describe('Hoe een absentie wordt gelezen voordat de regels tellen; de eerste die past, telt.').meta({ id: 'Duiding' })

// What is written and what is evaluated are one grammar: each of these lines fails to compile where a field is missing, extra or of another type.
type Kern<T> = T extends readonly unknown[] | string | number | boolean | null ? T extends ReadonlyArray<infer U> ? ReadonlyArray<Kern<U>> : T : { readonly [K in keyof T]: Kern<Exclude<T[K], undefined>> }
type Gelijk<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
true satisfies Gelijk<Kern<z.output<typeof Selectie>>, Kern<Selectievorm>>
true satisfies Gelijk<Kern<z.output<typeof Venster>>, Kern<Venstervorm>>
true satisfies Gelijk<Kern<z.output<typeof Doelgroep>>, Kern<Doelgroepvorm>>
true satisfies Gelijk<Kern<z.output<typeof Regelkeuze>>, Kern<Keuzevorm>>
true satisfies Gelijk<Kern<z.output<typeof Duiding>>, Kern<Duidingsvorm>>

const Element = z.strictObject({
  code: z.enum(ELEMENTCODES),
  tekst: z.string().trim().min(1).max(4000)
}).describe('Wat de school over een onderdeel van het verzuimbeleid heeft vastgelegd.').meta({ id: 'Beleidselement' })

export const Beleidsinvoer = z.strictObject({
  geldigVan: Datumveld.describe('Eerste dag; zij geldt tot een volgende versie het overneemt.'),
  redenen: z.array(Reden).min(1).max(200)
    .refine((redenen) => new Set(redenen.map(({ code }) => code)).size === redenen.length, 'noemt een code dubbel')
    .optional().describe('De redenen van de school, in de volgorde waarin zij die toont; leeg: die van het standaardbeleid.'),
  codes: Broncodes.optional().describe('Eigen codes van bronnen, en welke reden van de school zij betekenen.'),
  onverklaardNaLesdagen: z.int().min(1).max(60).nullish().describe('Na zoveel lesdagen zonder reden is een absentie ongeoorloofd; leeg: nooit vanzelf.'),
  regels: z.array(Regelkeuze).max(50).optional().describe('Regels die anders staan dan standaard, en eigen regels.'),
  duidingen: z.array(Duiding).max(20).optional().describe('Op volgorde: de eerste die past, telt.'),
  elementen: z.array(Element).max(ELEMENTCODES.length).optional().describe('Teksten bij de onderdelen die een verzuimbeleid moet hebben.')
}).superRefine(checkIndeling)
  .superRefine(({ geldigVan, redenen = STANDAARDBELEID.redenen, regels = [], duidingen = [], elementen = [] }, context) => {
    for (const { pad, code, detail } of listBeleidsfouten({ geldigVan, redenen, regels, duidingen, elementen })) context.addIssue({ code: 'custom', path: [...pad], message: detail, params: { code } })
  })
export type Beleidsinvoer = z.output<typeof Beleidsinvoer>

export const Beleidsversie = z.object({
  school: Brin,
  versie: z.int().describe('0 is het landelijke standaardbeleid.'),
  status: z.enum(['concept', 'vastgesteld', 'vervangen']).describe('`vervangen`: een later vastgestelde versie nam haar laatste dagen over, of al haar dagen.'),
  geldigVan: Datumveld,
  geldigTot: Datumveld.nullable().describe('Dag voordat de volgende versie begint; ligt hij voor geldigVan, dan geldt zij op geen enkele dag meer.'),
  redenen: z.array(Reden),
  codes: Broncodes,
  onverklaardNaLesdagen: z.int().nullable(),
  regels: z.array(Regelkeuze),
  duidingen: z.array(Duiding),
  elementen: z.array(Element),
  vastgesteldOp: z.iso.datetime().nullable(),
  vastgesteldDoor: z.string().nullable().describe('De persoon achter het toegangsbewijs, anders de bron.')
}).meta({ id: 'Beleidsversie' })
export type Beleidsversie = z.output<typeof Beleidsversie>

export const Beleidspagina = z.object({ beleidsversies: z.array(Beleidsversie) })
export const Schoolsleutel = z.strictObject({ brin: Brin })
export const Beleidssleutel = z.strictObject({ brin: Brin, versie: z.coerce.number().int().min(0).max(1_000_000) })

const Strengerpunt = z.object({ regel: z.string(), omschrijving: z.string() }).meta({ id: 'Strengerpunt' })
const Strenger = z.array(Strengerpunt).describe('Waarin de school meer vraagt dan de wet.')

export const Vaststelling = Beleidsversie.extend({ strenger: Strenger }).meta({ id: 'Vaststelling' })
export type Vaststelling = z.output<typeof Vaststelling>

export const Toetsvraag = z.strictObject({ datum: Datumveld.optional().describe('Dag waarop de wet wordt gelezen; standaard geldigVan van een concept, en anders vandaag of de dag van de versie die daar het dichtst bij ligt.') })
export const Toets = z.object({
  school: Brin,
  versie: z.int(),
  datum: Datumveld,
  vastTeStellen: z.boolean().describe('Niets staat een vaststelling op deze dag in de weg.'),
  elementen: z.array(z.object({
    code: z.enum(ELEMENTCODES),
    omschrijving: z.string(),
    bron: z.string(),
    status: z.string().describe('Hoe zeker die bron is.'),
    verplichtVan: Datumveld.nullable().describe('Null: de dag waarop de wet ingaat, is niet bekend.'),
    verplicht: z.boolean(),
    aanwezig: z.boolean()
  })),
  regels: z.array(z.object({
    regel: z.string(),
    bron: z.string().nullable().describe('Null van een eigen regel.'),
    status: z.string().nullable(),
    verplicht: z.boolean(),
    oordeel: z.enum(OORDELEN).describe('`eigen`: van de school zelf, of niet met de landelijke regel te vergelijken.'),
    verschillen: z.array(z.object({ parameter: z.string(), richting: z.enum(RICHTINGEN), omschrijving: z.string() }))
  })),
  strenger: Strenger,
  belemmeringen: z.array(Probleemregel).describe('Wat een vaststelling weigert, met de plaats in de beleidsversie.')
}).meta({ id: 'Beleidstoets' })
export type Toets = z.output<typeof Toets>

export const Verschilvraag = z.strictObject({ met: z.coerce.number().int().min(0).max(1_000_000).optional().describe('Versie om mee te vergelijken; standaard die hiervoor gold, en anders 0, het standaardbeleid.') })
export const Verschil = z.object({
  school: Brin,
  versie: z.int(),
  met: z.int(),
  verschillen: z.array(z.object({
    onderdeel: z.enum(ONDERDELEN),
    sleutel: z.string(),
    soort: z.enum(VERSCHILSOORTEN),
    oud: z.unknown().describe('Zoals het in `met` staat; null als het daar niet is.'),
    nieuw: z.unknown(),
    omschrijving: z.string()
  }))
}).meta({ id: 'Beleidsverschil' })
export type Verschil = z.output<typeof Verschil>

export const Beleidstekst = z.object({ school: Brin, versie: z.int(), tekst: z.string().describe('Markdown.') }).meta({ id: 'Beleidstekst' })
export type Beleidstekst = z.output<typeof Beleidstekst>
