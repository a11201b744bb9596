import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { EmbeddedError, startEmbedded, type Embedded, type EmbeddedConnection } from '../../src/db/embedded.ts'

const log = (): void => {}
let major = '' // of the PostgreSQL that is installed
const source = JSON.stringify(new URL('../../src/db/embedded.ts', import.meta.url).href)

interface Other { readonly process: ChildProcess, readonly connection: EmbeddedConnection, readonly started: boolean }

function makeFolder (t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'aanwezig-embedded-'))
  chmodSync(folder, 0o711) // as root without user namespaces PostgreSQL passes here as nobody
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function start (t: Test, dataDir: string): Promise<Embedded> {
  const embedded = await startEmbedded({ dataDir, log })
  t.teardown(embedded.stop)
  return embedded
}

/** Another node process, which starts or adopts and then lives until it is killed. */
async function startOther (t: Test, dataDir: string): Promise<Other> {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', `
    const { startEmbedded } = await import(${source})
    const { connection, started, stop } = await startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, log () {} })
    process.once('SIGTERM', async () => { await stop(); process.exit(0) })
    setInterval(() => {}, 60_000)
    console.log(JSON.stringify({ connection, started }))
  `], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(async () => await end(child, 'SIGTERM'))
  const ready = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next() as IteratorResult<string, undefined>
  if (ready.done !== true) return { process: child, ...JSON.parse(ready.value) as { connection: EmbeddedConnection, started: boolean } }
  throw new Error('the other process ended before it was ready')
}

async function end (child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

async function query (connection: EmbeddedConnection, text: string): Promise<unknown[]> {
  const client = new pg.Client({ ...connection, ssl: false })
  await client.connect()
  try {
    return (await client.query<{ value: unknown }>(text)).rows.map((row) => row.value)
  } finally {
    await client.end()
  }
}

t.test('the first start makes a database that is safe by default, and a second start keeps it', async (t) => {
  const dataDir = makeFolder(t)
  const first = await startEmbedded({ dataDir, log })
  t.equal(first.started, true)
  t.same(await query(first.connection, 'select current_database() as value'), ['aanwezig'])
  for (const [setting, value] of [['fsync', 'on'], ['synchronous_commit', 'on'], ['data_checksums', 'on'], ['listen_addresses', ''], ['TimeZone', 'UTC'], ['server_encoding', 'UTF8']] as const) {
    t.same(await query(first.connection, `select current_setting('${setting}') as value`), [value], setting)
  }
  major = readFileSync(join(dataDir, 'postgres', 'PG_VERSION'), 'utf8')
  await query(first.connection, 'create table blijft as select 1 as value')
  await first.stop()
  await first.stop()
  t.notOk(existsSync(first.connection.host), 'the folder of the socket is gone')

  const second = await start(t, dataDir)
  t.equal(second.started, true)
  t.same(await query(second.connection, 'select value from blijft'), [1])
})

t.test('a second process adopts the running server and does not stop it', async (t) => {
  const dataDir = makeFolder(t)
  const owner = await start(t, dataDir)
  const other = await startOther(t, dataDir)
  t.equal(other.started, false)
  t.same(other.connection, owner.connection)
  await end(other.process, 'SIGTERM')
  t.same(await query(owner.connection, 'select 1 as value'), [1])

  const another = await startEmbedded({ dataDir: `${dataDir}/../${dataDir.split('/').at(-1)}/`, log })
  t.equal(another.started, false, 'another spelling of the folder is the same folder')
})

t.test('of processes that start at the same moment on an empty folder one starts and the rest adopt', async (t) => {
  const dataDir = makeFolder(t)
  const all = await Promise.all([1, 2, 3].map(async () => await startOther(t, dataDir)))
  t.equal(all.filter(({ started }) => started).length, 1)
  for (const { connection } of all) t.same(await query(connection, 'select 1 as value'), [1])
})

t.test('after kill -9 of the process that started it the server starts again with every acknowledged row', async (t) => {
  const dataDir = makeFolder(t)
  const other = await startOther(t, dataDir)
  t.equal(other.started, true)
  await query(other.connection, 'create table bevestigd as select 1 as value')
  await query(other.connection, 'insert into bevestigd values (2)')
  await end(other.process, 'SIGKILL')

  const again = await start(t, dataDir)
  t.same(await query(again.connection, 'select value from bevestigd order by 1'), [1, 2])
})

t.test('after kill -9 of both the server recovers, whatever its pid has become', async (t) => {
  const dataDir = makeFolder(t)
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid')
  const bystander = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 60_000)'])
  t.teardown(async () => await end(bystander, 'SIGKILL'))

  for (const [round, pid] of ['unchanged', String(bystander.pid), '1'].entries()) {
    const other = await startOther(t, dataDir)
    t.equal(other.started, true, `round ${round} starts`)
    await query(other.connection, `create table ronde${round} as select ${round} as value`)
    const text = readFileSync(pidFile, 'utf8')
    process.kill(Number.parseInt(text, 10), 'SIGKILL')
    await end(other.process, 'SIGKILL')
    await sleep(50)
    if (pid === 'unchanged') continue
    // The socket carries a lock of its own.
    for (const file of [pidFile, join(other.connection.host, '.s.PGSQL.5432.lock')]) writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, pid))
  }
  const last = await start(t, dataDir)
  t.equal(last.started, true)
  t.same(await query(last.connection, 'select value from ronde0 union select value from ronde1 union select value from ronde2 order by 1'), [0, 1, 2])
})

t.test('a half written lock file of a crash does not keep the server from starting', async (t) => {
  const dataDir = makeFolder(t)
  const first = await startEmbedded({ dataDir, log })
  await first.stop()
  writeFileSync(join(dataDir, 'postgres', 'postmaster.pid'), '')
  const again = await start(t, dataDir)
  t.equal(again.started, true)
})

t.test('a folder that cannot be used is told in one sentence with what to do', async (t) => {
  const folder = makeFolder(t)
  const cases: [title: string, prepare: (dataDir: string) => string, message: RegExp][] = [
    ['a file instead of a folder', (path) => { writeFileSync(path, ''); return path }, /^.* is geen map; .*DATA_DIR.*\.$/],
    ['below a file', (path) => { writeFileSync(path, ''); return join(path, 'in') }, /^.* is geen map; .*DATA_DIR.*\.$/],
    ['not writable, not even for root', () => process.platform === 'darwin' ? '/System/aanwezig' : '/sys/aanwezig', /^De map .* is niet beschrijfbaar .*DATA_DIR.*\.$/],
    ['a file where the cluster should be', (path) => { mkdirSync(path); writeFileSync(join(path, 'postgres'), ''); return path }, /is geen map; .*DATA_DIR.*\.$/],
    ['a folder that is no cluster', (path) => { mkdirSync(join(path, 'postgres'), { recursive: true }); return path }, /bestaat maar is geen PostgreSQL-map; .*DATA_DIR.*\.$/],
    ['a cluster of another major version', (path) => {
      mkdirSync(join(path, 'postgres'), { recursive: true })
      writeFileSync(join(path, 'postgres', 'PG_VERSION'), '12\n')
      return path
    }, /^De map .* is van PostgreSQL 12 en hier is PostgreSQL .*DATA_DIR.*pg_dump.*\.$/],
    ['a damaged cluster', (path) => {
      mkdirSync(join(path, 'postgres'), { recursive: true })
      writeFileSync(join(path, 'postgres', 'PG_VERSION'), major)
      return path
    }, /^PostgreSQL start niet op .*postgres\.log.*DATABASE_URL.*\.$/]
  ]
  for (const [index, [title, prepare, message]] of cases.entries()) {
    const dataDir = prepare(join(folder, `geval${index}`))
    const error = await startEmbedded({ dataDir, log }).then(() => undefined, (error: unknown) => error)
    t.ok(error instanceof EmbeddedError, title)
    t.match((error as Error).message, message, title)
    t.notMatch((error as Error).message, '\n', `${title}: one line`)
  }
})
