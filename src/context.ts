import type { Logger } from 'pino'
import type { Sleutels } from './db/sleutels.ts'
import type { Tx } from './db/transaction.ts'
import type { Datum } from './domain/datum.ts'
import type { Stamcache } from './leerlingen/stam.ts'
import type { Actor } from './toegang/service.ts'
import type { Trace } from './verwerkingen/trace.ts'

/** What every use case gets. Nothing here is global: a test, a job and a request each make their own. */
export interface Ctx {
  readonly actor: Actor
  readonly now: () => Date
  /** The calendar day in Europe/Amsterdam at `now`. */
  readonly vandaag: () => Datum
  readonly log: Logger
  /** W3C trace of the request or job, for what we record and for what we ask of others. */
  readonly trace: Trace
  readonly sleutels: Sleutels
  readonly stamcache: Stamcache
  readonly wachtDagen: number
  readonly leveringenDir: string
  /** First day of the Wet terugdringen schoolverzuim; null while nobody knows it. */
  readonly inwerkingtreding: Datum | null
  /** One transaction as the service's own role, bound to the actor's scholen. */
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>
  /** Says that marks were committed; the evaluation starts at once instead of at its next look. */
  readonly wake: () => void
}
