// The seam between the meldingen and the channel to DUO. What is in a Duobericht is decided by the profile (meldingsprofiel.ts) alone.

export type Operatie = 'melden' | 'muteren' | 'intrekken'

/** What goes to DUO and nothing else: a closed list of fields from the profile. */
export interface Duobericht {
  readonly profiel: string
  readonly school: string
  /** DUO's own number; null until it gave one. */
  readonly meldingsnummer: string | null
  /** DUO's last mutation as we know it (RFC 3339): the optimistic lock of a change. */
  readonly laatsteMutatie: string | null
  readonly velden: Readonly<Record<string, string | number | boolean | ReadonlyArray<Readonly<Record<string, unknown>>>>>
}

export interface Uitzending {
  readonly school: string
  readonly uitzending: string
  readonly melding: string
  /** Order within the school. */
  readonly volgnummer: number
  readonly operatie: Operatie
  /** The same at every attempt: the receiver does nothing twice. */
  readonly kenmerk: string
  readonly bericht: Duobericht
  /** From 1. */
  readonly poging: number
}

export type Kanaalantwoord =
  | { readonly uitslag: 'aangenomen', readonly meldingsnummer: string, readonly mutatieOp: string }
  /** DUO said no: people must look. */
  | { readonly uitslag: 'geweigerd', readonly code: string, readonly omschrijving: string }
  /** Not heard, or a fault over there: try again. */
  | { readonly uitslag: 'mislukt', readonly omschrijving: string }

export interface Statuswijziging {
  readonly meldingsnummer: string
  readonly status: 'R' | 'B' | 'G' | 'K' | 'I'
  readonly mutatieOp: string
  /** `V`: DUO withdrew it because of a vrijstelling. */
  readonly reden: 'V' | null
}

export interface Kanaal {
  readonly naam: string
  verzend (uitzending: Uitzending, signal: AbortSignal): Promise<Kanaalantwoord>
  /** What changed since a moment this channel gave before (null: from the beginning), and the moment to ask from next time. */
  peil (school: string, sinds: string | null, signal: AbortSignal): Promise<{ readonly wijzigingen: readonly Statuswijziging[], readonly tot: string }>
}
