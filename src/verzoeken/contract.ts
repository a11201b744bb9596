import { z } from 'zod'
import { VERGETELHEIDSGRONDEN } from '../domain/bewaartermijn.ts'
import { NAMENS, VERLENGINGSREDENEN, VERZOEKSOORTEN, VERZOEKSTATUSSEN, WEIGERINGSREDENEN } from '../domain/verzoek.ts'
import { AbsentieId, Brin, Bron, BronId, Datumveld, Paginavraag, Volgende } from '../http/velden.ts'

const ID = /^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
export const Verzoekid = z.string().regex(ID, 'is geen verzoek')
const Beperkingid = z.string().regex(ID, 'is geen beperking')
const Regelcode = z.string().max(60).regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'is geen regelcode: kleine letters, cijfers en streepjes')

export const Leerlingsleutel = z.strictObject({ bron: Bron, bronId: BronId })
export const Verzoeksleutel = z.strictObject({ id: Verzoekid })
export const Beperkingsleutel = z.strictObject({ id: Beperkingid })

// --- verzoeken

export const Betreft = z.discriminatedUnion('soort', [
  z.strictObject({ soort: z.literal('absentie'), bronId: AbsentieId }),
  z.strictObject({ soort: z.literal('afmelding'), bronId: BronId }),
  z.strictObject({ soort: z.literal('signaal'), id: z.string().regex(ID, 'is geen signaal') }),
  z.strictObject({ soort: z.literal('melding'), id: z.string().regex(ID, 'is geen melding') }),
  z.strictObject({ soort: z.literal('regel'), regel: Regelcode })
])
export type Betreft = z.output<typeof Betreft>

const verzoek = {
  soort: z.enum(VERZOEKSOORTEN),
  ontvangenOp: Datumveld.describe('De dag waarop de school het verzoek kreeg; de termijn loopt van die dag. Van een leerling of ouder zelf: vandaag.'),
  namens: z.enum(NAMENS).describe('Wie het deed: onder de 16 de ouder, daarna de leerling zelf (UAVG art. 5 lid 4); een vertegenwoordiger bij curatele of mentorschap.')
}
const betreft = 'Waarover het gaat: een absentie of afmelding van dezelfde bron, een signaal, een melding of een regel. Geen vrije tekst.'

export const Verzoekinvoer = z.strictObject({ school: Brin, ...verzoek, betreft: Betreft.optional().describe(`${betreft} Leeg: alles van de leerling.`) })
export type Verzoekinvoer = z.output<typeof Verzoekinvoer>

const REDENEN = [...VERLENGINGSREDENEN, ...WEIGERINGSREDENEN] as const
const reden = z.enum(REDENEN)

export const Stapinvoer = z.strictObject({
  status: z.enum(VERZOEKSTATUSSEN).exclude(['ontvangen']),
  reden: reden.optional().describe('Verplicht bij `verlengd`, `afgewezen` en `gedeeltelijk-toegewezen`, en alleen daar. Geen vrije tekst.'),
  grond: z.enum(VERGETELHEIDSGRONDEN).optional().describe('Verplicht bij het toewijzen van een verzoek om vergetelheid, en alleen daar: waarom er vernietigd wordt (AVG art. 17 lid 1).')
})
export type Stapinvoer = z.output<typeof Stapinvoer>

const Gevolg = z.object({ soort: z.enum(['beperking', 'uitzondering', 'vernietiging']), id: z.string() }).describe('Wat het besluit maakte; null: niets.')
export type Gevolg = z.output<typeof Gevolg>

const Uitvoering = z.object({
  uitgevoerdOp: z.iso.datetime().nullable().describe('Bij rectificatie: wanneer het betrokken gegeven na het besluit het eerst is gewijzigd; de bron levert de correctie zelf aan. Null: nog niet.'),
  mededelingen: z.array(z.object({
    ontvanger: z.string().describe('DUO en de gemeente, of de BRIN van een school.'),
    via: z.enum(['melding', 'overdracht']),
    id: z.string(),
    geleverdOp: z.iso.datetime(),
    mededeeldOp: z.iso.datetime().nullable().describe('Wanneer deze ontvanger na het besluit een wijziging, intrekking of nieuwe overdracht kreeg; null: nog niet verteld.')
  })).describe('Wie het gegeven eerder kreeg en het moet horen (AVG art. 19). Leveringen staan er niet bij: die bevatten alleen aantallen.')
})
export type Uitvoering = z.output<typeof Uitvoering>

export const Verzoek = z.object({
  id: Verzoekid,
  school: Brin,
  leerling: z.object({ bron: Bron, bronId: BronId }),
  ...verzoek,
  betreft: Betreft.nullable().describe(`${betreft} Null: alles van de leerling.`),
  status: z.enum(VERZOEKSTATUSSEN),
  uiterlijk: Datumveld.nullable().describe('Laatste dag om te antwoorden: een maand na ontvangst, drie na verlenging (AVG art. 12 lid 3). Null: beantwoord.'),
  teLaat: z.boolean(),
  uitleg: z.string().nullable().describe('De reden van de laatste stap zoals zij aan de betrokkene wordt gezegd, met het artikel.'),
  rechtsmiddelen: z.string().nullable().describe('Waar de betrokkene zijn beklag kan doen; bij iedere weigering en verlenging (AVG art. 12 lid 4).'),
  gevolg: Gevolg.nullable(),
  uitvoering: Uitvoering.nullable().describe('Van een toegewezen verzoek om rectificatie of beperking.'),
  verloop: z.array(z.object({
    op: z.iso.datetime(),
    status: z.enum(VERZOEKSTATUSSEN),
    reden: reden.nullable(),
    uiterlijk: Datumveld.nullable(),
    actor: z.string().nullable().describe('Null: niet getoond aan de betrokkene.'),
    rol: z.string().nullable()
  })).describe('Iedere stap; er gaat nooit een af.')
}).meta({ id: 'Verzoek' })
export type Verzoek = z.output<typeof Verzoek>

export const Verzoekenvraag = z.strictObject({
  school: Brin,
  bron: Bron.optional(),
  leerling: BronId.optional(),
  soort: z.enum(VERZOEKSOORTEN).optional(),
  status: z.enum(VERZOEKSTATUSSEN).optional(),
  teLaat: z.enum(['true', 'false']).transform((text) => text === 'true').optional().describe('Met `true` alleen wat vandaag over de termijn is, met `false` al het andere.'),
  ...Paginavraag
})
export type Verzoekenvraag = z.output<typeof Verzoekenvraag>
export const Verzoekenpagina = z.object({ verzoeken: z.array(Verzoek), volgende: Volgende })

// --- beperkingen

export const Beperking = z.object({
  id: Beperkingid,
  school: Brin,
  leerling: z.object({ bron: Bron, bronId: BronId }),
  absentie: AbsentieId.nullable().describe('De absentie van deze bron waarop zij rust; null: alles van de leerling.'),
  verzoek: Verzoekid,
  van: Datumveld,
  actor: z.string(),
  rol: z.string().nullable(),
  medegedeeldOp: Datumveld.nullable().describe('Wanneer de betrokkene hoorde dat zij wordt opgeheven.'),
  opgehevenOp: z.iso.datetime().nullable().describe('Null: van kracht.'),
  opgehevenDoor: z.string().nullable()
}).meta({ id: 'Beperking' })
export type Beperking = z.output<typeof Beperking>

export const Beperkingenvraag = z.strictObject({
  school: Brin,
  bron: Bron.optional(),
  leerling: BronId.optional(),
  geldt: z.enum(['true', 'false']).transform((text) => text === 'true').optional().describe('Met `true` alleen wat van kracht is, met `false` alleen wat is opgeheven.'),
  ...Paginavraag
})
export type Beperkingenvraag = z.output<typeof Beperkingenvraag>
export const Beperkingenpagina = z.object({ beperkingen: z.array(Beperking), volgende: Volgende })
export const Opheffing = z.strictObject({ medegedeeldOp: Datumveld.describe('De dag waarop de betrokkene is verteld dat de beperking wordt opgeheven: vandaag of eerder (AVG art. 18 lid 3).') })
