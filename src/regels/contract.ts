import { z } from 'zod'
import { Doelgroep, Selectie, Venster } from '../beleid/contract.ts'
import { EENHEDEN } from '../domain/evaluate-regels.ts'
import { AARDEN, HERSTARTEN, METINGEN } from '../domain/regel.ts'
import { AbsentieId, Brin, Bron, BronId, Datumveld } from '../http/velden.ts'

export const Onderbouwingsregel = z.object({
  bron: Bron,
  bronId: AbsentieId,
  datum: Datumveld,
  minuten: z.int().nullable().describe('Zoals geteld; null als het aantal onbekend is en de regel er niet om vraagt.')
}).meta({ id: 'Onderbouwingsregel' })

export const Regeldefinitie = z.object({
  aard: z.enum(AARDEN).describe('`wettelijk` moet en `zorgelijk` mag gemeld; `intern` verlaat de school nooit.'),
  meting: z.enum(METINGEN),
  over: Selectie,
  venster: Venster,
  drempels: z.array(z.number()).describe('In eenheden van de meting; leeg: een school moet kiezen.'),
  voor: Doelgroep,
  herstart: z.enum(HERSTARTEN),
  minimaalDagenTussen: z.int(),
  minimaalLesdagen: z.int(),
  onderDrempelVan: z.string().nullable(),
  termijnWerkdagen: z.int().nullable()
}).meta({ id: 'Regeldefinitie' })

export const Regel = z.object({
  regel: z.string(),
  omschrijving: z.string(),
  geldigVan: Datumveld,
  geldigTot: Datumveld.nullable(),
  bron: z.string().describe('Waar de regel en zijn waarden vandaan komen.'),
  status: z.string().describe('Hoe zeker die bron is.'),
  standaardAan: z.boolean().describe('Of hij aan staat in het standaardbeleid.'),
  verplicht: z.boolean().describe('Een school kan hem niet uitzetten of zwakker maken.'),
  definitie: Regeldefinitie
}).meta({ id: 'Regel' })
export const Regels = z.object({ regels: z.array(Regel) })
export type Regels = z.output<typeof Regels>

export const NietGeteld = z.object({ bron: Bron, bronId: AbsentieId, datum: Datumveld, minuten: z.int().nullable(), waarom: z.string() }).meta({ id: 'NietGeteld' })

export const Marge = z.object({
  regel: z.string(),
  aan: z.boolean().describe('Of de regel in het beleid van de peildatum aan staat; anders is de rest onbekend.'),
  eenheid: z.enum(EENHEDEN).nullable().describe('Waarin gemeten, drempel en resterend tellen.'),
  gemeten: z.int().nullable().describe('In het venster dat op de peildatum eindigt, of in de reeks die nog kan doorlopen.'),
  drempel: z.int().nullable().describe('De eerstvolgende drempel.'),
  resterend: z.int().nullable(),
  minuten: z.int().describe('Bekende minuten van wat is geteld.'),
  drempelMinuten: z.int().nullable(),
  resterendMinuten: z.int().nullable(),
  vensterVan: Datumveld.nullable().describe('Eerste dag van het venster; vakanties tellen er niet in mee.'),
  laatsteEinddatum: Datumveld.nullable().describe('Einddatum van het vorige signaal van deze regel.'),
  oudsteDag: z.object({ datum: Datumveld, minuten: z.int(), vervaltOp: Datumveld.describe('Eerste lesdag waarop die dag niet meer meetelt.') }).nullable(),
  vroegsteDatum: Datumveld.nullable().describe('Eerste dag waarop het signaal kan komen als vanaf nu alles gebeurt wat de regel telt; null als dat niet binnen 60 lesdagen kan of niet te zeggen is.'),
  onderbouwing: z.array(Onderbouwingsregel),
  nietGeteld: z.array(NietGeteld).describe('Absenties in het venster die niet meetellen, met de reden.'),
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
