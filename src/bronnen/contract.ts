import { z } from 'zod'
import { AANLEVERGRONDEN, VERKLARINGSVORMEN } from '../domain/bronafspraak.ts'
import { addDagen } from '../domain/datum.ts'
import { Brin, Bron, Datumveld, perRecord, Probleemregel, Vestigingscode } from '../http/velden.ts'

/** A period of one request, in days: no schooljaar is longer. */
const LANGSTE = 366

const tot = Datumveld.describe('Laatste dag; leeg: alleen `van`.')
interface Invoerperiode { readonly van: string, readonly tot?: string | null | undefined }
const inOrde = ({ van, tot }: Invoerperiode): boolean => tot == null || van <= tot
const isKort = ({ van, tot }: Invoerperiode): boolean => tot == null || tot < addDagen(van, LANGSTE)
const ORDE = { message: 'tot ligt voor van', path: ['tot'] }
const LENGTE = { message: 'ligt meer dan een schooljaar na van', path: ['tot'], params: { code: 'periode-te-lang' } }

export const Verklaringsregel = z.strictObject({
  vestiging: Vestigingscode,
  van: Datumveld,
  tot: tot.nullish(),
  ingetrokken: z.literal(true).optional().describe('Trekt de verklaring van deze bron over deze lesdagen in.')
}).refine(inOrde, ORDE).refine(isKort, LENGTE)
export type Verklaringsregel = z.output<typeof Verklaringsregel>

export const Verklaringenbulk = z.strictObject({ verklaringen: perRecord(Verklaringsregel, 1000) })

export const VERKLARINGSRESULTATEN = ['nieuw', 'ongewijzigd', 'ingetrokken', 'afgewezen'] as const
export const Verklaringsresultaat = z.object({
  index: z.int().describe('Plaats in de aanlevering, vanaf 0.'),
  resultaat: z.enum(VERKLARINGSRESULTATEN).describe('`nieuw`: van ten minste één lesdag.'),
  lesdagen: z.int().optional().describe('Lesdagen in deze periode; de andere dagen zijn overgeslagen.'),
  problemen: z.array(Probleemregel).optional()
}).meta({ id: 'Verklaringsresultaat' })
export type Verklaringsresultaat = z.output<typeof Verklaringsresultaat>

export const Verklaringenantwoord = z.object({
  aanlevering: z.uuid(),
  aantallen: z.object({ nieuw: z.int(), ongewijzigd: z.int(), ingetrokken: z.int(), afgewezen: z.int() }),
  resultaten: z.array(Verklaringsresultaat)
})
export type Verklaringenantwoord = z.output<typeof Verklaringenantwoord>

export const Verklaringenvraag = z.strictObject({ vestiging: Vestigingscode, van: Datumveld, tot: tot.optional() }).refine(inOrde, ORDE).refine(isKort, LENGTE)
export type Verklaringenvraag = z.output<typeof Verklaringenvraag>

export const Dagstand = z.object({
  datum: Datumveld,
  aangeleverd: z.boolean().describe('Onwaar: wie er was is niet bekend, ook niet dat iedereen er was.'),
  grond: z.enum(AANLEVERGRONDEN).nullable().describe('`verklaard`: een bron verklaarde de dag compleet. `door-aanlevering`: niemand verklaarde iets, er zijn absenties van, en de bronafspraak van die dag heeft daar genoeg aan.'),
  absenties: z.int().describe('Absenties die van deze dag zijn aangeleverd, ook de ingetrokken.'),
  verklaringen: z.array(z.object({ bron: Bron, verklaardOp: z.iso.datetime() }))
}).meta({ id: 'Dagstand' })
export type Dagstand = z.output<typeof Dagstand>

export const Dagstanden = z.object({ vestiging: Vestigingscode, dagen: z.array(Dagstand).describe('Elke lesdag in de periode, tot en met vandaag.') })
export type Dagstanden = z.output<typeof Dagstanden>

// --- bronafspraken

export const Bronafspraakinvoer = z.strictObject({
  volgorde: z.array(Bron).max(50).refine((bronnen) => new Set(bronnen).size === bronnen.length, 'noemt een bron dubbel')
    .describe('Wie eerst staat gaat voor als twee bronnen over dezelfde lestijd van een leerling melden. Wie ontbreekt komt daarna, op naam.'),
  verklaring: z.enum(VERKLARINGSVORMEN).describe('`door-aanlevering`: een lesdag met een absentie is aangeleverd. `uitdrukkelijk`: alleen als een bron dat verklaart.')
})
export type Bronafspraakinvoer = z.output<typeof Bronafspraakinvoer>

export const Bronafspraak = z.object({
  school: Brin,
  geldigVan: Datumveld,
  geldigTot: Datumveld.nullable().describe('Laatste dag voor de volgende afspraak; null: tot nader order.'),
  volgorde: z.array(Bron),
  verklaring: z.enum(VERKLARINGSVORMEN),
  bronnen: z.array(z.object({ bron: Bron, genoemd: z.boolean().describe('Staat in `volgorde`.') }))
    .describe('Alle bronnen die ooit leerlingen van de school aanleverden of genoemd zijn, in de volgorde waarin zij voorgaan.'),
  vastgelegdOp: z.iso.datetime().nullable().describe('Null: de standaardafspraak, die geldt waar de school niets afsprak.')
}).meta({ id: 'Bronafspraak' })
export type Bronafspraak = z.output<typeof Bronafspraak>

export const Bronafspraken = z.object({ bronafspraken: z.array(Bronafspraak).describe('De laatste eerst.') })
export const Schoolsleutel = z.strictObject({ brin: Brin })
export const Bronafspraaksleutel = z.strictObject({ brin: Brin, geldigVan: Datumveld })
