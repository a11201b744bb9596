import type { Datum } from './datum.ts'
import type { Bronstatus } from './regel.ts'

/** What a verzuimbeleid must say something about. */
export const ELEMENTCODES = ['signalering', 'samenwerking', 'criteria-zorgelijk-verzuim', 'redenen', 'langdurig-verzuim', 'bevordering-aanwezigheid', 'registratie', 'ouders-en-leerlingen', 'jeugdgezondheidszorg', 'bekendmaking'] as const
export type Elementcode = typeof ELEMENTCODES[number]

/** The text of a school for one of them. */
export interface Beleidselement { readonly code: Elementcode, readonly tekst: string }

export interface Elementeis {
  readonly code: Elementcode
  readonly omschrijving: string
  readonly bron: string
  readonly status: Bronstatus
  /** First day on which it must be there; null while that is not known. */
  readonly verplichtVan: Datum | null
}

const WETSVOORSTEL = 'Wet terugdringen schoolverzuim (Kamerstuk 36663)'
const DOEL = `${WETSVOORSTEL}: titel en doel; dat het beleid hierover moet gaan, is een aanname`

// All of them are of the bill, whose entry into force is set by decree; none was found in the Leerplichtwet 1969 as it is.
const EISEN: ReadonlyArray<Omit<Elementeis, 'verplichtVan'>> = [
  { code: 'signalering', omschrijving: 'Hoe verzuim, ook langdurig, wordt gesignaleerd', bron: `${WETSVOORSTEL}, nota naar aanleiding van het verslag (nr. 8)`, status: 'aangenomen' },
  { code: 'samenwerking', omschrijving: 'Samenwerking met gemeente en samenwerkingsverband, en wie wanneer wordt betrokken', bron: `${WETSVOORSTEL}, nota naar aanleiding van het verslag (nr. 8)`, status: 'aangenomen' },
  { code: 'criteria-zorgelijk-verzuim', omschrijving: 'Criteria voor een signaal van zorgelijk verzuim', bron: WETSVOORSTEL, status: 'aangenomen' },
  { code: 'redenen', omschrijving: 'De redenen die de school onder geoorloofd en ongeoorloofd onderscheidt', bron: WETSVOORSTEL, status: 'aangenomen' },
  { code: 'langdurig-verzuim', omschrijving: 'Hoe langdurig verzuim wordt tegengegaan', bron: `${WETSVOORSTEL}, amendement-Ceder, aangenomen op 7 april 2026`, status: 'aangenomen' },
  { code: 'bevordering-aanwezigheid', omschrijving: 'Hoe aanwezigheid wordt bevorderd en verzuim voorkomen', bron: DOEL, status: 'aangenomen-waarde' },
  { code: 'registratie', omschrijving: 'Hoe, wanneer en door wie verzuim wordt vastgelegd, en wat er met onverklaard verzuim gebeurt', bron: DOEL, status: 'aangenomen-waarde' },
  { code: 'ouders-en-leerlingen', omschrijving: 'Hoe ouders en leerlingen worden ingelicht en gesproken', bron: DOEL, status: 'aangenomen-waarde' },
  { code: 'jeugdgezondheidszorg', omschrijving: 'Wanneer de jeugdarts of de jeugdgezondheidszorg wordt betrokken', bron: DOEL, status: 'aangenomen-waarde' },
  { code: 'bekendmaking', omschrijving: 'Bekendmaking in de schoolgids, medezeggenschap en evaluatie', bron: DOEL, status: 'aangenomen-waarde' }
]

/** The elements of the law with the day from which each is mandatory; without a known entry into force none is. */
export function listElementeisen (inwerkingtreding: Datum | null): Elementeis[] {
  return EISEN.map((eis) => ({ ...eis, verplichtVan: inwerkingtreding }))
}
