import { z } from 'zod'
import { BELEMMERINGEN, BETREKKINGSOORTEN, BLOKKADESOORTEN } from '../domain/betrekking.ts'
import { Brin, Bron, BronId, Datumveld, Paginavraag, perRecord, Probleemregel, Volgende } from '../http/velden.ts'

/** Roles that have a groep. */
export const BEGELEIDERS = ['mentor', 'zorgcoordinator'] as const

const Persoon = z.string().regex(/^[!-~]{1,200}$/, 'is geen sleutel van een persoon').describe('`sub` van het toegangsbewijs van deze persoon; voor ons zonder betekenis.')
const tot = Datumveld.nullish().describe('Laatste dag; leeg zolang het duurt.')
const looptijd = { van: Datumveld, tot }
const looptKlopt = ({ van, tot: einde }: { van: string, tot?: string | null | undefined }): boolean => einde == null || van <= einde
const LOOPTIJD = { message: 'ligt voor van', path: ['tot'] }

// --- groepen

const groep = {
  school: Brin,
  naam: z.string().trim().regex(/^[\p{L}\p{N}][\p{L}\p{N} ._/-]{0,39}$/u, 'is geen naam van een groep: 1 tot 40 letters, cijfers, spaties of . _ / -').meta({ examples: ['3B'] }),
  begeleiders: z.array(z.strictObject({ persoon: Persoon, rol: z.enum(BEGELEIDERS), ...looptijd }).refine(looptKlopt, LOOPTIJD)).max(50)
    .refine((lijst) => new Set(lijst.map(({ persoon, rol, van }) => `${persoon} ${rol} ${van}`)).size === lijst.length, 'noemt dezelfde begeleider en begindatum dubbel'),
  leden: z.array(z.strictObject({ leerling: BronId, ...looptijd }).refine(looptKlopt, LOOPTIJD)).max(2_000)
    .refine((lijst) => new Set(lijst.map(({ leerling, van }) => `${leerling} ${van}`)).size === lijst.length, 'noemt dezelfde leerling en begindatum dubbel')
}
export const Groepsinvoer = z.strictObject(groep)
export const Groepsregel = z.strictObject({ bronId: BronId, ...groep })
export type Groepsregel = z.output<typeof Groepsregel>
export const Groepenbulk = z.strictObject({ groepen: perRecord(Groepsregel, 500) })

export const Groep = z.object({
  bron: Bron,
  bronId: BronId,
  school: Brin,
  naam: z.string(),
  begeleiders: z.array(z.object({ persoon: z.string(), rol: z.enum(BEGELEIDERS), van: Datumveld, tot: Datumveld.nullable() })),
  leden: z.array(z.object({ leerling: BronId, van: Datumveld, tot: Datumveld.nullable() }))
}).meta({ id: 'Groep' })
export type Groep = z.output<typeof Groep>
export const Groepenvraag = z.strictObject({ school: Brin, persoon: Persoon.optional(), ...Paginavraag })
export type Groepenvraag = z.output<typeof Groepenvraag>
export const Groepenpagina = z.object({ groepen: z.array(Groep), volgende: Volgende })

// --- betrekkingen

const betrekking = {
  school: Brin,
  leerling: BronId,
  persoon: Persoon,
  soort: z.enum(BETREKKINGSOORTEN).describe('`leerling`: deze persoon is de leerling zelf. `ouder`: ook een voogd of verzorger.'),
  gezag: z.boolean().default(false).describe('Of een ouder het gezag heeft. Zonder gezag informeert de school op verzoek (BW 1:377c), en is er geen toegang.'),
  ...looptijd,
  blokkades: z.array(z.strictObject({ soort: z.enum(BLOKKADESOORTEN), ...looptijd }).refine(looptKlopt, LOOPTIJD)).max(20).default([])
    .describe('`geen-contact`: ziet niets. `geheim-adres`: ziet niet waar de leerling woont en les krijgt.')
}
const soortKlopt = ({ soort, gezag, blokkades }: { soort: string, gezag: boolean, blokkades: readonly unknown[] }): boolean => soort === 'ouder' || (!gezag && blokkades.length === 0)
const SOORT = { message: 'gezag en blokkades horen bij een ouder', path: ['soort'] }
export const Betrekkingsinvoer = z.strictObject(betrekking).refine(looptKlopt, LOOPTIJD).refine(soortKlopt, SOORT)
export const Betrekkingsregel = z.strictObject({ bronId: BronId, ...betrekking }).refine(looptKlopt, LOOPTIJD).refine(soortKlopt, SOORT)
export type Betrekkingsregel = z.output<typeof Betrekkingsregel>
export const Betrekkingenbulk = z.strictObject({ betrekkingen: perRecord(Betrekkingsregel) })

export const Betrekking = z.object({
  bron: Bron,
  bronId: BronId,
  school: Brin,
  leerling: BronId,
  persoon: z.string(),
  soort: z.enum(BETREKKINGSOORTEN),
  gezag: z.boolean(),
  van: Datumveld,
  tot: Datumveld.nullable(),
  blokkades: z.array(z.object({ soort: z.enum(BLOKKADESOORTEN), van: Datumveld, tot: Datumveld.nullable() }))
}).meta({ id: 'Betrekking' })
export type Betrekking = z.output<typeof Betrekking>
export const Betrekkingenvraag = z.strictObject({ school: Brin, bron: Bron.optional(), leerling: BronId.optional(), ...Paginavraag })
export type Betrekkingenvraag = z.output<typeof Betrekkingenvraag>
export const Betrekkingenpagina = z.object({ betrekkingen: z.array(Betrekking), volgende: Volgende })

const Resultaat = z.enum(['nieuw', 'gewijzigd', 'ongewijzigd', 'afgewezen'])
export const Relatiesbulkantwoord = z.object({
  aanlevering: z.uuid(),
  aantallen: z.object({ nieuw: z.int(), gewijzigd: z.int(), ongewijzigd: z.int(), afgewezen: z.int() }),
  resultaten: z.array(z.object({ index: z.int(), bronId: z.string().optional(), resultaat: Resultaat, problemen: z.array(Probleemregel).optional() }))
})
export const Bronsleutel = z.strictObject({ bronId: BronId })
export const Leerlingsleutel = z.strictObject({ bron: Bron, bronId: BronId })

// --- toestemmingen

const Toestemmingsid = z.string().regex(/^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is geen toestemming')
export const Toestemmingsinvoer = z.strictObject({ school: Brin, persoon: Persoon.describe('De ouder die mag blijven zien.'), ...looptijd }).refine(looptKlopt, LOOPTIJD)
export type Toestemmingsinvoer = z.output<typeof Toestemmingsinvoer>
export const Toestemming = z.object({
  id: Toestemmingsid,
  school: Brin,
  leerling: z.object({ bron: Bron, bronId: BronId }),
  persoon: z.string().describe('De ouder.'),
  van: Datumveld,
  tot: Datumveld.nullable(),
  gegevenDoor: z.string().describe('De leerling zelf, of wie zijn toestemming voor hem vastlegde.'),
  gegevenRol: z.string().nullable(),
  gegevenOp: z.iso.datetime(),
  ingetrokkenDoor: z.string().nullable(),
  ingetrokkenOp: z.iso.datetime().nullable().describe('Null: van kracht in haar looptijd.')
}).meta({ id: 'Toestemming' })
export type Toestemming = z.output<typeof Toestemming>
export const Toestemmingen = z.object({ toestemmingen: z.array(Toestemming) })
export const Toestemmingssleutel = z.strictObject({ bron: Bron, bronId: BronId, id: Toestemmingsid })

// --- uitleg

export const Uitlegvraag = z.strictObject({
  school: Brin,
  bron: Bron.describe('Bron van de leerling.'),
  leerling: BronId,
  persoon: Persoon.optional().describe('Van wie; standaard uzelf.'),
  rol: z.string().max(50).optional().describe('In welke rol; standaard de uwe.'),
  gemeente: z.string().regex(/^[0-9]{4}$/).optional().describe('Van een leerplichtambtenaar.'),
  datum: Datumveld.optional().describe('Op welke dag; standaard vandaag.')
})
export type Uitlegvraag = z.output<typeof Uitlegvraag>

export const Uitleg = z.object({
  school: Brin,
  leerling: z.object({ bron: Bron, bronId: BronId }),
  persoon: z.string(),
  rol: z.string(),
  datum: Datumveld,
  toegang: z.boolean(),
  reikwijdte: z.string().describe('Wie de rol ziet: `school`, `caseload`, `zelf`, `kinderen`, `gemeld` of `niemand`.'),
  gronden: z.array(z.object({
    soort: z.enum(['school', 'groep', 'betrekking', 'melding']),
    bronId: z.string().nullable().describe('Van de groep of de betrekking, bij haar bron.'),
    van: Datumveld.nullable(),
    tot: Datumveld.nullable(),
    belemmeringen: z.array(z.enum(BELEMMERINGEN)).describe('Waarom deze grond op deze dag geen toegang geeft; leeg: hij geeft toegang.')
  })),
  doelen: z.array(z.string()),
  nietGetoond: z.array(z.string()).describe('Gegevens die bij het eerste doel niet worden getoond.'),
  toelichting: z.string()
}).meta({ id: 'Toegangsuitleg' })
export type Uitleg = z.output<typeof Uitleg>
