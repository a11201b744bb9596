import type { Ctx } from '../context.ts'
import type { Datum } from '../domain/datum.ts'

/** What one row means to its indeling: records to push (never none), a reason to pass it by, or why it cannot be used. */
export type Duiding =
  | { readonly uitkomst: 'records', readonly records: readonly Importrecord[] }
  | { readonly uitkomst: 'overgeslagen', readonly reden: string }
  | { readonly uitkomst: 'afgewezen', readonly code: string, readonly detail: string }

/** A record as the REST contract has it; the service of its room parses it again, so an indeling cannot get past a check. */
export type Importrecord = Readonly<Record<string, unknown>>

/** Reads the rows of one file; may keep counts, never rows: a file has any size. */
export interface Lezer {
  readonly parseRij: (velden: readonly string[]) => Duiding
  /** The row as it may stand in the file of rejected rows: the columns of the indeling, without what may not be kept. */
  readonly keepVelden: (velden: readonly string[]) => readonly string[]
  /** Lines for the closing report. */
  readonly listOpmerkingen: () => readonly string[]
}

export interface Leesopdracht {
  /** The one school of the file; always there when the indeling is `perSchool`. */
  readonly school: string | undefined
  readonly scholen: readonly string[] | '*'
  readonly vestiging: string | undefined
  /** The moment this file speaks for, RFC 3339. */
  readonly gewijzigdOp: string
  /** The same as a day in Europe/Amsterdam. */
  readonly peildatum: Datum
  /** Only options that the indeling names. */
  readonly opties: Readonly<Record<string, string>>
  /** The names of the columns, when the indeling has a header. */
  readonly kop: readonly string[]
}

/** A layout of files that the importer reads. A new one is a file in `indelingen/` and its line in the list of `service.ts`. */
export interface Indeling {
  readonly naam: string
  readonly omschrijving: string
  readonly levert: 'vestigingen' | 'leerlingen' | 'absenties'
  /** The first row names the columns. */
  readonly kop: boolean
  /** Its rows do not say of which school they are. */
  readonly perSchool: boolean
  /** Its own command line options, each with its explanation. */
  readonly opties: Readonly<Record<string, string>>
  readonly open: (ctx: Ctx, opdracht: Leesopdracht) => Promise<Lezer>
}

export function reject (code: string, detail: string): Extract<Duiding, { uitkomst: 'afgewezen' }> {
  return { uitkomst: 'afgewezen', code, detail }
}
