import { z } from 'zod'
import { isDatum } from '../domain/datum.ts'
import { isBrin, isSchooljaar, isVestigingscode } from '../domain/identificatie.ts'

// The fields that several rooms share, each spelled once. Identifiers that people copy by hand keep their capitals: no silent repair.

export const Datumveld = z.string().refine(isDatum, 'is geen bestaande datum; schrijf JJJJ-MM-DD').meta({ format: 'date', examples: ['2026-09-14'] })
export const Tijdstipveld = z.iso.datetime({ offset: true, message: 'is geen tijdstip met tijdzone, zoals 2026-09-14T09:12:00+02:00' })
export const Brin = z.string().refine(isBrin, 'is geen BRIN: twee cijfers en twee hoofdletters').describe('BRIN van de school.').meta({ examples: ['99AA'] })
export const Vestigingscode = z.string().refine(isVestigingscode, 'is geen vestigingscode: de BRIN en twee tekens').describe('Vestigingscode: BRIN en twee tekens.').meta({ examples: ['99AA00'] })
export const Schooljaarveld = z.string().refine(isSchooljaar, 'is geen schooljaar, zoals 2026-2027').describe('Schooljaar, 1 augustus tot en met 31 juli.').meta({ examples: ['2026-2027'] })
export const BRONSLEUTEL = [/^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,79}$/, 'is geen sleutel: 1 tot 80 letters, cijfers of . _ : @ ~ -'] as const
/** A key of the bron: opaque to us, short, and safe in a path. */
export const BronId = z.string().regex(...BRONSLEUTEL).describe('Sleutel van de bron; voor ons zonder betekenis.')
/** The key of an absentie as it is read: the bron's own, or of a day that follows from an afmelding (domain/afmelding.ts). */
export const AbsentieId = z.string().regex(/^([A-Za-z0-9][A-Za-z0-9._:@~-]{0,79}|~[A-Za-z0-9][A-Za-z0-9._:@~-]{0,79}~[0-9]{4}-[0-9]{2}-[0-9]{2}~[0-9A-Z]{2})$/, 'is geen sleutel van een absentie')
  .describe('Sleutel van de bron; met ~ voorop van een dag die uit een afmelding volgt.')
export const Bron = z.string().regex(/^[A-Za-z0-9._~-]{1,64}$/, 'is geen bron').describe('De aanleverende toepassing: `azp` van haar toegangsbewijs.')

export const Paginavraag = {
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('Hoogste aantal per antwoord.'),
  cursor: z.string().max(500).optional().describe('Plaats waar de vorige pagina ophield; neem hem over uit `volgende` of `Link`.')
}
export const Volgende = z.string().nullable().describe('Cursor van de volgende pagina; null als dit de laatste is.')

export const Proefvraag = z.strictObject({
  proef: z.enum(['true', 'false']).default('false').transform((text) => text === 'true').describe('Met `true` hetzelfde antwoord, zonder iets vast te leggen.')
})

export const Probleemregel = z.object({
  code: z.string().describe('Vaste code.'),
  pointer: z.string().describe('JSON Pointer binnen het record.'),
  detail: z.string().describe('Wat er mis is.')
}).meta({ id: 'Recordprobleem' })

export const IfMatch = z.object({ 'if-match': z.string().max(100).optional().describe('ETag van de versie die u kent; is er intussen een andere, dan volgt 412.') })

export const Sleutelvraag = z.strictObject({ school: Brin })

/** A bulk list whose records are parsed one by one in the service, so a wrong one never stops its neighbours; `record` is for openapi.yaml. */
export function perRecord (record: z.ZodType, most = 5000) {
  return z.array(z.unknown()).min(1).max(most).meta({ record, description: `Ten hoogste ${most} records; elk staat op zichzelf.` })
}
