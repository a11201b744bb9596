import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { openApp, makeLog, type App } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { buildServer } from '../../src/server.ts'
import { startEvaluator } from '../../src/signalen/worker.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { createTestDatabase, type TestDatabase } from './database.ts'
import type pg from 'pg'
import type { DestinationStream } from 'pino'
import type { Test } from 'tap'

export interface Claims { readonly bron?: string, readonly scholen?: readonly string[] | '*', readonly scopes?: readonly string[], readonly extra?: Record<string, unknown>, readonly seconds?: number }

export interface Service {
  readonly app: App
  readonly server: FastifyInstance
  /** As its owner sees it: no scope, no row-level security. */
  readonly database: TestDatabase
  readonly dataDir: string
  /** A development token; by default bron `test-lvs`, school 99AA, every right. */
  readonly token: (claims?: Claims) => Promise<string>
  /** Injects with the default token, or `bearer` (null: none). */
  readonly inject: (options: InjectOptions & { bearer?: string | null }) => Promise<LightMyRequestResponse>
  /** Resolves when nothing is marked for evaluation. */
  readonly evaluate: () => Promise<void>
}

export interface Serviceopties {
  readonly now?: () => Date
  readonly environment?: Record<string, string>
  readonly logLevel?: string
  /** Where the log goes instead of stdout. */
  readonly logTo?: DestinationStream
  /** Nobody evaluates but the test itself, as where only a night runs. */
  readonly withoutEvaluator?: boolean
  /** Another way to the same database, such as through a proxy that can be cut. */
  readonly reach?: (database: TestDatabase) => Promise<pg.ClientConfig>
}

/** The whole service on a database of its own, ended with the test. */
export async function startService (t: Test, options: Serviceopties = {}): Promise<Service> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aanwezig-dienst-'))
  const database = await createTestDatabase(t)
  const connection = await options.reach?.(database) ?? database
  const config = readConfig({ DATA_DIR: dataDir, AUTH_DEVELOPMENT: '1', DATABASE_URL: 'postgres://unused', DB_VERBINDINGEN: '6', ...options.environment })
  const app = await openApp(config, { connection, log: makeLog(options.logLevel ?? 'silent', options.logTo), ...(options.now === undefined ? {} : { now: options.now }) })
  const server = await buildServer(app)
  const evaluator = options.withoutEvaluator === true ? undefined : startEvaluator(app)
  t.teardown(async () => {
    await server.close()
    await evaluator?.stop()
    await app.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  const token = async ({ bron = 'test-lvs', scholen = ['99AA'], scopes = RECHTEN, extra = {}, seconds = 600 }: Claims = {}): Promise<string> =>
    await app.developmentKeys!.sign({ azp: bron, scholen: scholen as string[], scope: scopes.join(' '), ...extra }, seconds)
  const standard = app.developmentKeys === undefined ? null : await token()
  return {
    app,
    database,
    server,
    dataDir,
    token,
    inject: async ({ bearer = standard, headers, ...rest }) => await server.inject({ ...rest, headers: { ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }), ...headers } }),
    evaluate: async () => { await evaluator?.idle() }
  }
}
