import { z } from 'zod'
import { Brin, Bron, BronId, Datumveld, Paginavraag, Volgende } from '../http/velden.ts'

const Overdrachtid = z.string().regex(/^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is geen overdracht')
export const Leerlingsleutel = z.strictObject({ bron: Bron, bronId: BronId })
export const Overdrachtsleutel = z.strictObject({ id: Overdrachtid })

export const Overdrachtinvoer = z.strictObject({
  school: Brin,
  naarSchool: Brin.describe('BRIN van de school waar de leerling heen gaat; ook een school die hier niet is aangesloten.'),
  datum: Datumveld.describe('Tot en met deze dag wordt geteld; vandaag of eerder.')
}).refine(({ school, naarSchool }) => school !== naarSchool, { message: 'is de school zelf', path: ['naarSchool'] })
export type Overdrachtinvoer = z.output<typeof Overdrachtinvoer>

const Totaal = z.object({
  minuten: z.int().describe('Van de registraties met bekende minuten.'),
  dagen: z.int(),
  registraties: z.int(),
  zonderMinuten: z.int().describe('Registraties waarvan de minuten onbekend zijn.')
}).meta({ id: 'Overdrachtstotaal' })

/** In the order in which it was made: the hash is over exactly this text. */
export const Overdrachtinhoud = z.object({
  vorm: z.literal('aanwezig-overdracht/1'),
  overdracht: Overdrachtid,
  vanSchool: Brin,
  naarSchool: Brin,
  datum: Datumveld,
  schooljaren: z.array(z.object({ schooljaar: z.string(), geoorloofd: Totaal, ongeoorloofd: Totaal, teLaat: z.int().describe('Keren te laat, van elke categorie.') })),
  laatsteTwaalfMaanden: z.object({
    van: Datumveld,
    tot: Datumveld,
    geoorloofd: Totaal,
    ongeoorloofd: Totaal,
    frequentieOngeoorloofd: z.int().describe('OSO `frequentie`: elke ongeoorloofde registratie telt.'),
    meerDan25Procent: z.boolean().nullable().describe('OSO `meerdan25percent`; null als het rooster of minuten onbekend zijn.')
  }).describe('Zoals het blok verzuim van een OSO-overstapdossier.'),
  openSignalen: z.int().describe('Signalen die nog niet zijn afgehandeld; welke, staat er niet bij.')
}).meta({ id: 'Overdrachtinhoud' })
export type Overdrachtinhoud = z.output<typeof Overdrachtinhoud>

export const Overdracht = z.object({
  id: Overdrachtid,
  vanSchool: Brin,
  naarSchool: Brin,
  datum: Datumveld,
  leerling: z.object({ bron: Bron, bronId: BronId }).nullable().describe('De leerling van de school die vraagt: bij de ontvangende school haar eigen leerling met hetzelfde persoonsgebonden nummer, null als die hier niet bekend is.'),
  gemaaktOp: z.iso.datetime(),
  hash: z.string().describe('SHA-256, hexadecimaal, over `inhoud` als JSON zonder witruimte, in de volgorde waarin zij hier staat.'),
  inhoud: Overdrachtinhoud
}).meta({ id: 'Overdracht' })
export type Overdracht = z.output<typeof Overdracht>

export const Overdrachtenvraag = z.strictObject({
  school: Brin,
  richting: z.enum(['ontvangen', 'gedaan']).default('ontvangen').describe('Wat andere scholen aan deze school overdroegen, of zij aan andere.'),
  ...Paginavraag
})
export type Overdrachtenvraag = z.output<typeof Overdrachtenvraag>
export const Overdrachtenpagina = z.object({ overdrachten: z.array(Overdracht), volgende: Volgende })
