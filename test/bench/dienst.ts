import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startEmbedded } from '../../src/db/embedded.ts'
import { developmentKeys } from '../../src/http/authenticate.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'

export interface Dienst {
  readonly url: string
  readonly dataDir: string
  readonly connection: pg.ClientConfig
  readonly token: string
  /** Resident memory of the service, MB: now, and the highest so far. */
  readonly memory: () => { nu: number, hoogste: number }
  readonly readyMs: number
  readonly pid: number
  readonly stop: () => Promise<void>
  /** As by kill -9: nothing is finished, nothing is closed. */
  readonly kill: () => Promise<void>
}

export interface Dienstopties {
  /** A folder that stays, to start again on. */
  readonly dataDir?: string
  readonly port?: number
  readonly env?: Readonly<Record<string, string>>
}

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { scripts: { start: string } }
const WOORDEN = scripts.start.split(' ')
const NODE = WOORDEN.indexOf('node')
const OMGEVING = Object.fromEntries(WOORDEN.slice(0, NODE).map((woord) => woord.split('='))) as Record<string, string>
const START = WOORDEN.slice(NODE + 1)

/** The service in a process of its own, as `npm start` runs it, on an empty embedded store. */
export async function startDienst ({ dataDir, port: given, env = {} }: Dienstopties = {}): Promise<Dienst> {
  const own = dataDir ?? await mkdtemp(join(tmpdir(), 'aanwezig-bench-'))
  const port = given ?? await findPort()
  const started = performance.now()
  const child = spawn(process.execPath, START, {
    cwd: new URL('../..', import.meta.url).pathname,
    env: { ...process.env, ...OMGEVING, DATA_DIR: own, PORT: String(port), LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'inherit', 'inherit']
  })
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (child.exitCode !== null) throw new Error('the service did not start')
    try {
      if ((await fetch(`${url}/readyz`)).ok) break
    } catch { /* not listening yet */ }
    await sleep(5)
  }
  const readyMs = performance.now() - started
  // The schedule looks once, after the start, whether a night was missed: not under what is measured, of what is filled in next.
  await sleep(1_000)
  const connection: pg.ClientConfig = env['DATABASE_URL'] === undefined ? { ...(await startEmbedded({ dataDir: own, log: () => {} })).connection, ssl: false } : { connectionString: env['DATABASE_URL'] }
  const keys = await developmentKeys(own)
  return {
    url,
    dataDir: own,
    connection,
    token: await keys.sign({ azp: 'bench-lvs', scholen: '*', scope: RECHTEN.join(' ') }, 7_200),
    memory () {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      const read = (name: string): number => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
      return { nu: read('VmRSS'), hoogste: read('VmHWM') }
    },
    readyMs,
    pid: child.pid!,
    async kill () {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
    async stop () {
      child.kill('SIGTERM')
      await once(child, 'exit')
      if (dataDir === undefined) await rm(own, { recursive: true, force: true })
    }
  }
}

/** A connection of the bench itself, to the store of the service; ended whatever happens, so that a failure is the one that is shown. */
export async function withClient<T> (dienst: Pick<Dienst, 'connection'>, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(dienst.connection)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function findPort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The p-th percentile of measured times. */
export function percentile (values: readonly number[], p: number): number {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * p))]!
}
