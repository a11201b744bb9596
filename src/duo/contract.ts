import { z } from 'zod'
import { ONTVANGERS, type Kolom } from '../domain/levering.ts'
import { Brin, Datumveld, Paginavraag, Tijdstipveld, Vestigingscode, Volgende } from '../http/velden.ts'
import { Periodeveld } from '../statistiek/contract.ts'
import { INDELING_OCW } from './indeling-ocw.ts'

export const Leveringid = z.string().regex(/^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'is geen levering')
export const Leveringsleutel = z.strictObject({ id: Leveringid })

const Ontvanger = z.enum(ONTVANGERS).describe('Wie de levering krijgt; nu alleen `ocw`.')
const Afkapmoment = z.iso.datetime().describe('Wat tot en met dit moment was vastgelegd, telt mee.')

export const Leveringsinvoer = z.strictObject({
  ontvanger: Ontvanger,
  school: Brin,
  periode: Periodeveld,
  afkapmoment: Tijdstipveld.optional().describe('Bouwt de levering op zoals zij op dat moment was, byte voor byte. Leeg: nu.')
})
export type Leveringsinvoer = z.output<typeof Leveringsinvoer>

const Volledigheid = z.object({ lesdagen: z.int(), aangeleverd: z.int() }).describe('Getelde lesdagen, en die daarvan zijn aangeleverd: compleet verklaard of, als de bronafspraak dat niet eist, met ten minste één absentie. Over de vestigingen met 5 leerlingen of meer.')

const Bestand = z.object({ naam: z.string(), mediatype: z.string(), bytes: z.int(), sha256: z.string().describe('Hexadecimaal.') })

export const Manifest = z.object({
  levering: z.string(),
  gemaaktOp: z.iso.datetime(),
  ontvanger: Ontvanger,
  school: Brin,
  periode: z.string(),
  periodeVan: Datumveld,
  periodeTotEnMet: Datumveld.describe('Laatste getelde dag.'),
  afkapmoment: Afkapmoment,
  peildatum: Datumveld.describe('De kalenderdag van het afkapmoment.'),
  indeling: z.object({ naam: z.string(), versie: z.string(), bron: z.string(), status: z.enum(['vastgesteld', 'aangenomen-waarde']), toelichting: z.string() }),
  engineversie: z.string(),
  kalenders: z.array(z.object({ vestiging: Vestigingscode, schooljaar: z.string(), versie: z.int().nullable().describe('Null is de landelijke kalender van de regio.') })),
  beleidsversies: z.array(z.string()).describe('Gold in de periode; `standaardbeleid` of een nummer.'),
  bronafspraken: z.array(z.string()).default([]).describe('Gold in de periode; `standaardafspraak` of de dag waarop zij inging.'),
  volledigheid: Volledigheid,
  k: z.int().describe('Aantallen van 1 tot en met k - 1 zijn onderdrukt, en alles waaruit zij te berekenen zijn.'),
  rijen: z.int().describe('Zonder de kop.'),
  onderdrukteCellen: z.int(),
  toets: z.object({
    gevoelig: z.int().describe('Cijfers die niet te vinden mogen zijn.'),
    vindbaar: z.int().describe('Daarvan toch te vinden; alleen door wat eerder al is geleverd.'),
    eerdereLeveringen: z.array(z.string()).describe('Eerdere leveringen van deze periode waar ook tegen is getoetst.')
  }),
  bestanden: z.array(Bestand)
}).meta({ id: 'Leveringmanifest' })
export type Manifest = z.output<typeof Manifest>

export const Levering = z.object({
  id: z.string(),
  ontvanger: Ontvanger,
  school: Brin,
  periode: z.string(),
  afkapmoment: Afkapmoment,
  gemaaktOp: z.iso.datetime(),
  status: z.literal('gemaakt'),
  rijen: z.int(),
  onderdrukteCellen: z.int(),
  volledigheid: Volledigheid,
  bestanden: z.array(Bestand),
  links: z.object({ bestand: z.string(), manifest: z.string() })
}).meta({ id: 'Levering' })
export type Levering = z.output<typeof Levering>

export const Leveringenvraag = z.strictObject({ school: Brin.optional(), ...Paginavraag })
export type Leveringenvraag = z.output<typeof Leveringenvraag>
export const Leveringenpagina = z.object({ leveringen: z.array(Levering), volgende: Volgende })

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

export const Leveringbestand = z.strictObject({
  indeling: z.strictObject({ naam: z.string(), versie: z.string() }),
  ontvanger: Ontvanger,
  school: Brin,
  periode: z.string(),
  afkapmoment: Afkapmoment,
  k: z.int(),
  regels: z.array(z.strictObject(Object.fromEntries(INDELING_OCW.kolommen.map((kolom) => [kolom.veld, veldVan(kolom)]))))
}).describe(`Dezelfde waarden als het CSV-bestand. ${INDELING_OCW.toelichting}`).meta({ id: 'Leveringbestand' })
export type Leveringbestand = z.output<typeof Leveringbestand>
