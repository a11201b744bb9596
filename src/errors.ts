/** Every code a caller can meet: HTTP status and Dutch title. Adding one is adding API; openapi.yaml and README list them all. */
export const FOUTCODES = {
  'invoer-ongeldig': [400, 'De invoer is ongeldig'],
  'niet-aangemeld': [401, 'Geen geldig toegangsbewijs'],
  'geen-toegang': [403, 'Geen recht op deze handeling'],
  'mandaat-ontbreekt': [403, 'Geen mandaat van de school'],
  'niet-gevonden': [404, 'Niet gevonden'],
  'methode-niet-toegestaan': [405, 'Methode niet toegestaan'],
  'vorm-niet-leverbaar': [406, 'Gevraagde vorm niet leverbaar'],
  'verzoek-te-langzaam': [408, 'Verzoek kwam te langzaam binnen'],
  'beleid-vastgesteld': [409, 'Beleidsversie is al vastgesteld'],
  'beleid-onvolledig': [409, 'Beleid voldoet niet aan de wet'],
  'besluit-niet-toegestaan': [409, 'Besluit niet toegestaan'],
  bewaarplicht: [409, 'De wet verplicht te bewaren'],
  bezig: [409, 'Al bezig'],
  'gegevens-vernietigd': [409, 'Gegevens zijn vernietigd'],
  'melding-niet-toegestaan': [409, 'Melding niet toegestaan'],
  'momentopname-boven-plafond': [409, 'Momentopname trekt te veel in'],
  'niet-terug-te-draaien': [409, 'Aanlevering is niet terug te draaien'],
  'overdracht-niet-toegestaan': [409, 'Overdracht niet toegestaan'],
  'rust-niet-toegestaan': [409, 'Rust niet toegestaan'],
  'stamgegevens-onbekend': [409, 'Stamgegevens ontbreken'],
  'uitzondering-niet-toegestaan': [409, 'Uitzondering niet toegestaan'],
  vastgehouden: [409, 'Gegevens worden vastgehouden'],
  'verzoek-niet-toegestaan': [409, 'Verzoek niet toegestaan'],
  'versie-verouderd': [412, 'Versie is niet meer de laatste'],
  'bericht-te-groot': [413, 'Bericht te groot'],
  'soort-niet-ondersteund': [415, 'Mediatype niet ondersteund'],
  'sleutel-hergebruikt': [422, 'Idempotency-Key hoort bij een ander verzoek'],
  'te-veel-verzoeken': [429, 'Te veel verzoeken'],
  'niet-beschikbaar': [503, 'Tijdelijk niet beschikbaar'],
  'interne-fout': [500, 'Interne fout']
} as const satisfies Record<string, readonly [number, string]>

export type Foutcode = keyof typeof FOUTCODES

/** One fault in the input: where (JSON Pointer; `#query/…`, `#params/…` and `#headers/…` outside the body) and what, in Dutch. */
export interface Fout { readonly code: string, readonly pointer: string, readonly detail: string }

/** The only error that tells a caller something. `message` is a Dutch sentence with nothing personal the caller did not send. */
export class AppError extends Error {
  readonly code: Foutcode
  readonly errors: readonly Fout[]

  constructor (code: Foutcode, message: string, errors: readonly Fout[] = []) {
    super(message)
    this.name = 'AppError'
    this.code = code
    this.errors = errors
  }

  get status (): number { return FOUTCODES[this.code][0] }
}

/** A store that is older than what was destroyed of it; the message is a Dutch sentence for the operator. */
export class Herstelfout extends Error {}

/** Stops a fault of the programmer, with what was expected. */
export function assert (claim: unknown, message: string): asserts claim {
  if (claim === undefined || claim === null || claim === false) throw new Error(`Assertion failed: ${message}`)
}
