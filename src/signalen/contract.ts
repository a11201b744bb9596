import { z } from 'zod'
import { VENSTERREGELS } from '../domain/regel.ts'
import { SIGNAALSTATUSSEN } from '../domain/signaal.ts'
import { Brin, Bron, BronId, Datumveld, Paginavraag, Volgende } from '../http/velden.ts'
import { Onderbouwingsregel } from '../regels/contract.ts'

export const Signaalid = z.string().regex(/^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is geen signaal')

export const Signaal = z.object({
  id: z.string(),
  regel: z.string(),
  school: Brin,
  leerling: z.object({ bron: Bron, bronId: BronId }),
  begindatum: Datumveld.describe('Eerste getelde dag in het venster.'),
  einddatum: Datumveld.describe('Dag waarop de drempel werd bereikt.'),
  minuten: z.int(),
  drempelMinuten: z.int(),
  uiterlijkMelden: Datumveld.describe('Einddatum plus 5 werkdagen.'),
  status: z.enum(SIGNAALSTATUSSEN),
  redenVervallen: z.string().nullable(),
  beleidsversie: z.string().describe('De beleidsversie van de einddatum; `standaardbeleid` of haar nummer.'),
  onderbouwing: z.array(Onderbouwingsregel).describe('De absenties die het signaal dragen, zoals ze zijn geteld.'),
  aangemaaktOp: z.iso.datetime(),
  bijgewerktOp: z.iso.datetime()
}).meta({ id: 'Signaal' })
export type Signaal = z.output<typeof Signaal>

export const Signalenvraag = z.strictObject({
  school: Brin.optional(),
  leerling: BronId.optional(),
  bron: Bron.optional(),
  regel: z.enum(VENSTERREGELS.map(({ regel }) => regel) as [string, ...string[]]).optional(),
  status: z.enum(SIGNAALSTATUSSEN).optional(),
  ...Paginavraag
})
export type Signalenvraag = z.output<typeof Signalenvraag>
export const Signalenpagina = z.object({ signalen: z.array(Signaal), volgende: Volgende })
export const Signaalsleutel = z.strictObject({ id: Signaalid })
