import { mkdir } from 'node:fs/promises'
import pg from 'pg'
import { pino, type DestinationStream, type Logger } from 'pino'
import { startEmbedded } from './db/embedded.ts'
import { migrate } from './db/migrate.ts'
import { makePool } from './db/pool.ts'
import { deriveSleutels, developmentSleutel, type Sleutels } from './db/sleutels.ts'
import { runTransaction } from './db/transaction.ts'
import { tijdstip, vandaag } from './domain/datum.ts'
import { developmentKeys, makeAuthenticate, type Authenticate, type DevelopmentKeys } from './http/authenticate.ts'
import { Stamcache } from './leerlingen/stam.ts'
import { openTrace } from './verwerkingen/trace.ts'
import type { Config } from './config.ts'
import type { Ctx } from './context.ts'
import type { Actor } from './toegang/service.ts'

/** Everything a process of ours is made of; who opens it, closes it. */
export interface App {
  readonly config: Config
  readonly log: Logger
  readonly pool: pg.Pool
  /** How to reach the same database for things that bring their own client (migrations, the job queue). */
  readonly connection: pg.ClientConfig
  readonly sleutels: Sleutels
  readonly authenticate: Authenticate
  /** Present in development only: signs tokens that this service trusts. */
  readonly developmentKeys: DevelopmentKeys | undefined
  readonly now: () => Date
  /** Set by the worker; a push calls it after its commit. */
  readonly onMarked: Set<() => void>
  readonly makeCtx: (actor: Actor, options?: { traceparent?: string | undefined, log?: Logger }) => Ctx
  readonly close: () => Promise<void>
}

export function makeLog (level: string, destination: DestinationStream = pino.destination(1)): Logger {
  return pino({
    level,
    base: { dienst: 'aanwezig' },
    timestamp: () => `,"tijdstip":"${tijdstip(new Date())}"`,
    // An allow-list: whatever object comes along, only these leave. Bodies, urls and headers are never among them.
    serializers: {
      req: (request: { id?: string, method?: string }) => ({ id: request.id, methode: request.method }),
      res: (reply: { statusCode?: number }) => ({ status: reply.statusCode }),
      err: (error: Error & { code?: string }) => ({ naam: error.name, code: error.code })
    }
  }, destination)
}

/** Opens the store (migrating it), the keys and the pool; a `connection` given goes before the configuration's. */
export async function openApp (config: Config, options: { log?: Logger, now?: () => Date, connection?: pg.ClientConfig } = {}): Promise<App> {
  const log = options.log ?? makeLog(config.logLevel)
  const now = options.now ?? (() => new Date())
  if (config.development && config.databaseUrl !== undefined) {
    await mkdir(config.dataDir, { recursive: true })
    log.warn('AUTH_DEVELOPMENT=1: tokens of the key in DATA_DIR are trusted; never use this outside development')
  }
  const embedded = config.databaseUrl === undefined && options.connection === undefined ? await startEmbedded({ dataDir: config.dataDir, log: (message) => log.info(message) }) : undefined
  const connection: pg.ClientConfig = options.connection ?? (embedded === undefined ? { connectionString: config.databaseUrl! } : { ...embedded.connection, ssl: false })
  const sleutel = config.sleutel ?? (config.development ? await developmentSleutel(config.dataDir) : undefined)
  if (sleutel === undefined) throw new Error('readConfig demands SLEUTEL outside development')
  const sleutels = deriveSleutels(sleutel)
  const keys = config.development ? await developmentKeys(config.dataDir) : undefined

  await migrate(connection, (message) => log.info(message))
  let closing = false
  const pool = makePool(connection, { max: config.verbindingen, onError: (error) => { if (!closing) log.warn({ code: (error as NodeJS.ErrnoException).code }, 'idle database connection lost') } })
  const onMarked = new Set<() => void>()
  const stamcache = new Stamcache()

  return {
    config,
    log,
    pool,
    connection,
    sleutels,
    authenticate: makeAuthenticate(config, keys, now, log),
    developmentKeys: keys,
    now,
    onMarked,
    makeCtx: (actor, { traceparent, log: own = log } = {}) => {
      const trace = openTrace(traceparent)
      const leerlingen = actor.leerlingen === undefined ? undefined : [...actor.leerlingen.values()]
      return {
        actor,
        now,
        vandaag: () => vandaag(now()),
        log: own,
        trace,
        sleutels,
        stamcache,
        wachtDagen: config.wachtDagen,
        leveringenDir: config.leveringenDir,
        inwerkingtreding: config.inwerkingtreding,
        transaction: async (work) => await runTransaction(pool, actor.scholen, work, leerlingen),
        wake: () => { for (const listener of onMarked) listener() }
      }
    },
    close: async () => {
      closing = true
      await pool.end()
      await embedded?.stop()
    }
  }
}
