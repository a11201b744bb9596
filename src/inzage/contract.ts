import { z } from 'zod'
import { INZAGEDELEN, type Inzagedeel } from '../domain/inzage.ts'
import { Brin, Bron, BronId, Datumveld } from '../http/velden.ts'
import { Verzoekid } from '../verzoeken/contract.ts'

export const Leerlingsleutel = z.strictObject({ bron: Bron, bronId: BronId })
export const Inzagevraag = z.strictObject({
  school: Brin,
  verzoek: Verzoekid.optional().describe('Het verzoek om inzage of overdraagbaarheid waarvoor dit is, niet afgewezen of ingetrokken. Alleen dan staat het persoonsgebonden nummer er voluit in.')
})

const DELEN = Object.keys(INZAGEDELEN) as [Inzagedeel, ...Inzagedeel[]]
const Rij = z.record(z.string(), z.unknown())
export const Inzagepakket = z.object({
  school: Brin,
  leerling: z.object({ bron: Bron, bronId: BronId }),
  opgemaaktOp: z.iso.datetime(),
  verzoek: Verzoekid.nullable(),
  records: z.array(z.object({ bron: Bron, bronId: BronId })).describe('Alle records van deze persoon: die van andere bronnen hebben hetzelfde persoonsgebonden nummer.'),
  nummers: z.array(z.object({
    bron: Bron,
    bronId: BronId,
    soort: z.string(),
    nummer: z.string().describe('Voluit bij een verzoek; anders alleen de laatste drie cijfers.')
  })).describe('Persoonsgebonden nummers.'),
  verantwoording: z.object({
    activiteiten: z.array(z.object({ naam: z.string(), doel: z.string(), grondslag: z.string(), gegevens: z.array(z.string()), bewaartermijn: z.string(), ontvangers: z.array(z.string()) })).describe('Waarvoor, op welke grond en hoelang (AVG art. 15 lid 1 onder a, b en d).'),
    ontvangers: z.array(z.string()).describe('Wie werkelijk gegevens van deze leerling kreeg (onder c).'),
    bronnen: z.array(z.string()).describe('Waar de gegevens vandaan komen (onder g).'),
    rechten: z.string(),
    klacht: z.string(),
    besluitvorming: z.string(),
    doorgifte: z.string()
  }),
  redenen: z.array(z.object({ code: z.string(), omschrijving: z.string() })).describe('Wat de codes van redenen betekenen, volgens het laatste beleid dat ze kende.'),
  delen: z.array(z.object({ deel: z.enum(DELEN), omschrijving: z.string(), rijen: z.array(Rij) })).describe('Elk gegeven zoals het bewaard is, oudste eerst. Wie van de school het vastlegde staat er niet bij, wel in welke rol.'),
  verwerkingen: z.array(z.object({
    datum: Datumveld,
    activiteit: z.string(),
    doel: z.string().nullable(),
    toepassing: z.string(),
    rol: z.string().nullable(),
    aantal: z.int()
  })).describe('Wie de gegevens zag of veranderde, per dag; medewerkers worden niet bij naam genoemd (HvJ EU 22 juni 2023, C-579/21).')
}).meta({ id: 'Inzagepakket' })
export type Inzagepakket = z.output<typeof Inzagepakket>
