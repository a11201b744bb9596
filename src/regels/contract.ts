import { z } from 'zod'
import { AbsentieId, Brin, Bron, BronId, Datumveld } from '../http/velden.ts'

export const Onderbouwingsregel = z.object({
  bron: Bron,
  bronId: AbsentieId,
  datum: Datumveld,
  minuten: z.int()
}).meta({ id: 'Onderbouwingsregel' })

export const Regel = z.object({
  regel: z.string(),
  omschrijving: z.string(),
  geldigVan: Datumveld,
  geldigTot: Datumveld.nullable(),
  bron: z.string().describe('Waar de regel en zijn waarden vandaan komen.'),
  status: z.string().describe('Hoe zeker die bron is.'),
  standaardAan: z.boolean(),
  uren: z.int(),
  lesweken: z.int(),
  minimaalDagenTussen: z.int(),
  meldtermijnWerkdagen: z.int()
}).meta({ id: 'Regel' })
export const Regels = z.object({ regels: z.array(Regel) })

export const Marge = z.object({
  regel: z.string(),
  aan: z.boolean().describe('Of de regel in het beleid van de peildatum aan staat.'),
  minuten: z.int().describe('Geteld in het venster dat op de peildatum eindigt.'),
  drempelMinuten: z.int(),
  resterendMinuten: z.int(),
  vensterVan: Datumveld.describe('Eerste dag van het venster; vakanties tellen er niet in mee.'),
  laatsteEinddatum: Datumveld.nullable().describe('Einddatum van het vorige signaal: wat tot en met die dag telde, telt niet meer.'),
  oudsteDag: z.object({ datum: Datumveld, minuten: z.int(), vervaltOp: Datumveld.describe('Eerste lesdag waarop die dag niet meer meetelt.') }).nullable(),
  vroegsteDatum: Datumveld.nullable().describe('Eerste dag waarop het signaal kan komen als vanaf nu alle geplande lestijd ongeoorloofd wordt gemist; null als dat niet binnen het venster kan of het rooster onbekend is.'),
  onderbouwing: z.array(Onderbouwingsregel),
  nietGeteld: z.array(z.object({ bron: Bron, bronId: AbsentieId, datum: Datumveld, minuten: z.int().nullable(), waarom: z.string() })).describe('Absenties in het venster die niet meetellen, met de reden.'),
  volledigheid: z.object({
    lesdagen: z.int().describe('Lesdagen van de leerling in het venster, tot en met de peildatum of vandaag.'),
    aangeleverd: z.int().describe('Lesdagen daarvan die zijn aangeleverd op de vestiging van de leerling.'),
    onbekend: z.array(Datumveld).describe('De andere: dat er geen absentie van is, zegt niet dat de leerling er was.')
  }).meta({ id: 'Margevolledigheid' }),
  toelichting: z.string()
}).meta({ id: 'Marge' })

export const Marges = z.object({
  school: Brin,
  leerling: z.object({ bron: Bron, bronId: BronId }),
  peildatum: Datumveld,
  marges: z.array(Marge).describe('Leeg als de leerling op de peildatum niet is ingeschreven.')
})
export type Marges = z.output<typeof Marges>
export const Margesleutel = z.strictObject({ bron: Bron, bronId: BronId })
export const Margevraag = z.strictObject({ school: Brin, peildatum: Datumveld.optional().describe('Standaard vandaag.') })
