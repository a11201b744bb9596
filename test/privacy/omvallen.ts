import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { request, type ClientRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { operations, OPERATIES, type School } from '../support/operaties.ts'
import { buildAbsentie } from '../support/school.ts'
import { find } from './kanarie.ts'
import type { Service } from '../support/service.ts'
import type { Test } from 'tap'

// A process of the service that ends while it has marked values in hand: by what nobody catches, or because its store is gone.

const ROOT = join(import.meta.dirname, '../..')

/** The absentie at which the driver, where nobody waits for it, fails with all that it was given. */
const OMVAL = 'kanarie-omval'
// Loaded before the service; in base64, for the address of a module is in every stack.
const PRELOAD = `data:text/javascript;base64,${Buffer.from(`
import { createRequire } from 'node:module'
const { Client } = createRequire(${JSON.stringify(`${ROOT}/package.json`)})('pg')
const { query } = Client.prototype
Client.prototype.query = function (...args) {
  const given = JSON.stringify(args)
  if (given.includes('${OMVAL}')) setImmediate(() => { throw Object.assign(new TypeError('kanarie ' + given, { cause: new Error(given) }), { detail: given, parameters: args }) })
  return query.apply(this, args)
}`).toString('base64')}`

interface Proces {
  readonly url: string
  /** An empty folder that it runs in. */
  readonly map: string
  /** All it ever said, and how it ended. */
  readonly einde: Promise<{ code: number | null, uitvoer: string, fouten: string }>
}

async function startProces (t: Test, service: Service): Promise<Proces> {
  const { host, port, user, database } = service.database
  const map = await mkdtemp(join(tmpdir(), 'aanwezig-omval-'))
  const child = spawn(process.execPath, ['--import', PRELOAD, join(ROOT, 'src/main.ts'), 'serve'], {
    cwd: map,
    env: { ...process.env, DATA_DIR: service.dataDir, AUTH_DEVELOPMENT: '1', PORT: '0', LOG_LEVEL: 'debug', DB_VERBINDINGEN: '4', DATABASE_URL: `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}` },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(async () => {
    child.kill('SIGKILL')
    await rm(map, { recursive: true })
  })
  const tekst = { stdout: '', stderr: '' }
  for (const naam of ['stdout', 'stderr'] as const) child[naam].setEncoding('utf8').on('data', (deel: string) => { tekst[naam] += deel })
  const einde = once(child, 'close').then(([code]) => ({ code: code as number | null, uitvoer: tekst.stdout, fouten: tekst.stderr }))
  for (;;) {
    const url = /"msg":"Server listening at (http:[^"]+)"/.exec(tekst.stdout)?.[1]
    if (url !== undefined) return { url, map, einde }
    if (await Promise.race([once(child.stdout, 'data').then(() => false), einde.then(() => true)])) throw new Error(`it did not start: ${tekst.stderr}`)
  }
}

/** What brings and shows most of a leerling; the others have been asked in this process. */
const GEVRAAGD = ['pushLeerlingen', 'searchLeerlingen', 'listLeerlingen', 'pushAbsenties', 'listAbsenties', 'listMeldingen', 'getMelding', 'listSignalen', 'getSignaalherleiding', 'getInzage', 'getOverdracht', 'getGeschiedenis']

/** Asks with these operations, and leaves a push half sent. Answers the statuses and what is still on its way. */
async function fill ({ url }: Proces, own: School, bearer: string): Promise<{ statussen: number[], onderweg: ClientRequest }> {
  const onderweg = request(`${url}/v1/absenties/_bulk`, { method: 'POST', headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/x-ndjson' } })
  onderweg.write(`${JSON.stringify(buildAbsentie('kanarie-1', '2026-03-16', { leerling: 'L-7' }))}\n{"bronId": "kanarie-2", "leerling": "L-7", `)
  const statussen: number[] = []
  for (const { operationId, method } of operations.filter(({ operationId }) => GEVRAAGD.includes(operationId))) {
    const { url: pad, payload } = OPERATIES[operationId]![1](own)
    const antwoord = await fetch(`${url}/v1${pad}`, { method, headers: { authorization: `Bearer ${bearer}`, ...payload === undefined ? {} : { 'content-type': 'application/json' } }, ...payload === undefined ? {} : { body: JSON.stringify(payload) } })
    await antwoord.arrayBuffer()
    statussen.push(antwoord.status)
  }
  return { statussen, onderweg }
}

/** The store goes away with requests waiting in it, and comes back. */
async function loseStore (t: Test, service: Service, { url }: Proces, own: School, bearer: string): Promise<void> {
  const [admin, houder] = [new pg.Client({ ...service.database, database: 'postgres', ssl: false }), new pg.Client({ ...service.database, ssl: false })]
  await Promise.all([admin.connect(), houder.connect()])
  await houder.query('begin; lock table leerling in access exclusive mode')
  const gevraagd = ['L-1', 'L-7'].map(async (leerling) => await fetch(`${url}/v1/leerlingen/test-lvs/${leerling}?school=${own.school}`, { headers: { authorization: `Bearer ${bearer}` } }))
  const waiting = async (): Promise<number> => (await admin.query("select from pg_stat_activity where datname = $1 and application_name = 'aanwezig' and wait_event_type = 'Lock' and query ~ 'leerling'", [service.database.database])).rowCount ?? 0
  for (let turn = 0; turn < 400 && await waiting() < gevraagd.length; turn++) await new Promise((resolve) => setTimeout(resolve, 25))
  await admin.query(`alter database ${service.database.database} allow_connections false`)
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name like 'aanwezig%'", [service.database.database])
  t.strictSame([...new Set((await Promise.all(gevraagd)).map(({ status }) => status))], [503], 'in flight when the store went')
  await admin.query(`alter database ${service.database.database} allow_connections true`)
  await Promise.all([admin.end(), houder.end()])
}

/** A process that loses its store, gets it back, and then ends by an exception in the driver, with a push half sent. */
export async function failProcess (t: Test, service: Service, own: School): Promise<void> {
  const bearer = await service.token()
  const proces = await startProces(t, service)
  const { statussen, onderweg } = await fill(proces, own, bearer)
  t.strictSame([...new Set(statussen)], [200])
  await loseStore(t, service, proces, own, bearer)
  const afgebroken = once(onderweg, 'error')
  const laatste: unknown = await fetch(`${proces.url}/v1/absenties/test-lvs/${OMVAL}`, { method: 'PUT', headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' }, body: JSON.stringify({ ...buildAbsentie('', '2026-03-17', { leerling: 'L-7' }), bronId: undefined }) }).catch((error: unknown) => error)
  t.ok(laatste instanceof Error, 'it ended before it answered')
  t.match(await afgebroken, [{ code: /ECONNRESET|EPIPE/ }], 'with a push half sent')

  const { code, uitvoer, fouten } = await proces.einde
  t.equal(code, 1)
  t.match(fouten, /^TypeError[^]*^at /m, 'it tells what ended it and where')
  t.match(uitvoer, /"code":"57P01"/, 'and that it had lost its store')
  t.ok(uitvoer.split('\n').length > GEVRAAGD.length, 'it logged')
  t.strictSame(find(uitvoer), [], 'what a process that ended so had said')
  t.strictSame(find(fouten), [], 'what it said of its end')
  t.strictSame(await readdir(proces.map), [], 'nothing is left where it ran')
  for (const { parentPath, name } of (await readdir(service.dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())) t.strictSame(find(await readFile(join(parentPath, name), 'utf8')), [], `${name} of DATA_DIR`)
}
