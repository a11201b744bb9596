// The test command: `npm test [-- file…]`. One PostgreSQL in a temporary folder, one migrated template (sjabloon), which each test file clones; then tap.
import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { constants as os, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { startEmbedded, type EmbeddedConnection } from '../../src/db/embedded.ts'
import { createTapDigest, type Digest } from './tap-digest.ts'

const root = join(import.meta.dirname, '..', '..')
const tap = join(root, 'node_modules', '.bin', 'tap')
const MEMORY = '/dev/shm'
const ROOM = 2 ** 31

let child: ChildProcess | undefined
let interrupted: NodeJS.Signals | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = signal
    stopChild('SIGTERM')
    setTimeout(stopChild, 3000, 'SIGKILL').unref()
  })
}

/** The whole group: tap itself waits for its test files. */
function stopChild (signal: NodeJS.Signals): void {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  process.kill(-child.pid, signal)
}

process.exitCode = await main(process.argv.slice(2))

async function main (files: readonly string[]): Promise<number> {
  const folder = makeFolder()
  try {
    const server = await startEmbedded({ dataDir: folder, log: () => {} })
    try {
      await buildTemplate(server.connection)
      if (!isTapBuilt()) await runNode([tap, 'build'])
      const code = interrupted === undefined ? await runTap(server.connection, files) : 1
      return interrupted === undefined ? code : 128 + os.signals[interrupted]
    } finally {
      await server.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * The folder of everything that this run writes, its stores, its sockets and those of the services that tests start. In memory where there is room:
 * a store is 1,000 files, a clone 600, and where as many were just removed ext4 looks long for each new one (twelve services 10 s, so 3.5).
 */
function makeFolder (): string {
  const folder = mkdtempSync(join(process.env['TMPDIR'] === undefined && isRoomInMemory() ? MEMORY : tmpdir(), 'aanwezig-test-'))
  chmodSync(folder, 0o711) // PostgreSQL, which refuses root, goes through it as another user
  process.env['TMPDIR'] = join(folder, 'tmp')
  mkdirSync(process.env['TMPDIR'])
  chmodSync(process.env['TMPDIR'], 0o1777)
  return folder
}

/** Not where programs may not be run from: PostgreSQL's are copied when the user that it runs as cannot reach them. */
function isRoomInMemory (): boolean {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    const mount = readFileSync('/proc/mounts', 'utf8').split('\n').findLast((line) => line.split(' ')[1] === MEMORY)
    return bavail * bsize >= ROOM && mount?.includes('noexec') === false
  } catch {
    return false // not Linux, or not ours: then on disk
  }
}

async function buildTemplate (connection: EmbeddedConnection): Promise<void> {
  const admin = new pg.Client({ ...connection, ssl: false })
  await admin.connect()
  try {
    // This cluster is thrown away, so it need not survive a power cut: a clone then takes 20 ms instead of 55, dropping it 8 instead of 35.
    await admin.query('alter system set fsync = off')
    await admin.query('alter system set full_page_writes = off')
    await admin.query('select pg_reload_conf()')
    await admin.query('create database sjabloon')
  } finally {
    await admin.end()
  }
  const { migrate } = await import('../../src/db/migrate.ts')
  await migrate({ ...connection, ssl: false, database: 'sjabloon' }, () => {})
}

/** A fresh install holds tap's default plug-ins; with another list the first `tap` fails, and a build takes 4 to 6 s. */
function isTapBuilt (): boolean {
  const { tap: { plugin } } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { tap: { plugin: string[] } }
  const built = readFileSync(join(root, 'node_modules', '@tapjs', 'test', 'test-built', 'dist', 'esm', 'index.js'), 'utf8')
  return plugin.every((each) => built.includes(`from "${each.replace('!', '')}"`) !== each.startsWith('!'))
}

async function runNode (args: readonly string[]): Promise<number> {
  child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', detached: true })
  return await exitCodeOf(child)
}

async function runTap (connection: EmbeddedConnection, files: readonly string[]): Promise<number> {
  // tap's own reporters redraw the screen and swallow what a crashing file writes to stderr; its TAP goes through our digest instead.
  child = spawn(process.execPath, [tap, 'run', '--reporter=tap', ...files], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      AANWEZIG_TEST: '1',
      TEST_DATABASE_HOST: connection.host,
      TEST_DATABASE_PORT: String(connection.port),
      TEST_DATABASE_USER: connection.user
    }
  })
  const ended = exitCodeOf(child)
  const digest = createTapDigest((line) => console.log(line))
  if (child.stdout !== null) for await (const line of createInterface({ input: child.stdout })) digest.read(line)
  return conclude(await ended, digest)
}

function conclude (code: number, digest: Digest): number {
  const { passed, skipped, todo, emptyFiles } = digest
  let { failed } = digest
  for (const file of emptyFiles) console.log(`not ok  ${file}: holds no tests`)
  failed += emptyFiles.length
  if (passed + failed === 0) console.log('not ok  no test was executed')
  // tap has failed for a reason that it did not count, such as a file that does not exist.
  if (failed === 0 && (code !== 0 || passed === 0)) failed = 1
  if (skipped + todo > 0) console.log(`${skipped} skipped, ${todo} todo`)
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : code || 1
}

async function exitCodeOf (process: ChildProcess): Promise<number> {
  return await new Promise((resolve, reject) => {
    process.once('error', reject)
    process.once('exit', (code) => resolve(code ?? 1))
  })
}
