import { z } from 'zod'
import { KENMERKEN } from '../domain/beleid.ts'
import { VENSTERREGELS } from '../domain/regel.ts'
import { Brin, Datumveld } from '../http/velden.ts'

const Reden = z.strictObject({
  code: z.string().regex(/^[A-Za-z0-9_-]{1,20}$/, 'is geen redencode: 1 tot 20 letters, cijfers, _ of -'),
  omschrijving: z.string().trim().min(1).max(120),
  categorie: z.enum(['geoorloofd', 'ongeoorloofd', 'aanwezig-elders']),
  grondslag: z.string().trim().max(60).optional().describe('Artikel van de Leerplichtwet 1969.'),
  kenmerken: z.array(z.enum(KENMERKEN)).max(KENMERKEN.length).optional()
}).meta({ id: 'Reden' })

const Regelkeuze = z.strictObject({
  regel: z.enum(VENSTERREGELS.map(({ regel }) => regel) as [string, ...string[]]),
  aan: z.boolean()
}).refine(({ regel, aan }) => aan || VENSTERREGELS.find((bekend) => bekend.regel === regel)?.standaardAan !== true, { message: 'is wettelijk verplicht en kan niet uit', path: ['aan'], params: { code: 'zwakker-dan-wet' } })

export const Beleidsinvoer = z.strictObject({
  geldigVan: Datumveld,
  geldigTot: Datumveld.nullish().describe('Laatste dag; leeg tot een volgende versie het overneemt.'),
  redenen: z.array(Reden).min(1).max(200)
    .refine((redenen) => new Set(redenen.map(({ code }) => code)).size === redenen.length, 'noemt een code dubbel')
    .optional().describe('De redenen van de school; leeg: die van het standaardbeleid.'),
  onverklaardNaLesdagen: z.int().min(1).max(60).nullish().describe('Na zoveel lesdagen zonder reden is een absentie ongeoorloofd; leeg: nooit vanzelf.'),
  regels: z.array(Regelkeuze).max(20).optional().describe('Regels die anders staan dan standaard.')
}).refine(({ geldigVan, geldigTot }) => geldigTot == null || geldigVan <= geldigTot, { message: 'ligt voor geldigVan', path: ['geldigTot'] })
export type Beleidsinvoer = z.output<typeof Beleidsinvoer>

export const Beleidsversie = z.object({
  school: Brin,
  versie: z.int().describe('0 is het landelijke standaardbeleid.'),
  status: z.enum(['concept', 'vastgesteld', 'vervangen']),
  geldigVan: Datumveld,
  geldigTot: Datumveld.nullable(),
  redenen: z.array(Reden),
  onverklaardNaLesdagen: z.int().nullable(),
  regels: z.array(z.object({ regel: z.string(), aan: z.boolean() })),
  vastgesteldOp: z.iso.datetime().nullable()
}).meta({ id: 'Beleidsversie' })
export type Beleidsversie = z.output<typeof Beleidsversie>

export const Beleidspagina = z.object({ beleidsversies: z.array(Beleidsversie) })
export const Schoolsleutel = z.strictObject({ brin: Brin })
export const Beleidssleutel = z.strictObject({ brin: Brin, versie: z.coerce.number().int().min(0).max(1_000_000) })
