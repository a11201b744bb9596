import { spawnSync } from 'node:child_process'
import { chown, cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import t, { type Test } from 'tap'
import { makeLog, openApp } from '../../src/app.ts'
import { compareWisregister, requireHersteld, restartWisregister, restore } from '../../src/bewaring/service.ts'
import { Wisregister } from '../../src/bewaring/wisregister.ts'
import { deriveSleutels } from '../../src/db/sleutels.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { startDienst, withClient, type Dienst } from '../bench/dienst.ts'
import { createSchool } from '../support/school.ts'
import { startService } from '../support/service.ts'

const root = join(import.meta.dirname, '..', '..')

async function makeFolder (t: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'aanwezig-herstel-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  return folder
}

async function ask (dienst: Dienst, method: string, path: string, payload?: object): Promise<{ status: number, body: Record<string, unknown> }> {
  const answer = await fetch(`${dienst.url}/v1${path}`, { method, headers: { authorization: `Bearer ${dienst.token}`, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) }, ...(payload === undefined ? {} : { body: JSON.stringify(payload) }) })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) as Record<string, unknown> }
}

/** A school with these leerlingen, each with an absentie. */
async function fill (dienst: Dienst, leerlingen: readonly string[]): Promise<void> {
  await ask(dienst, 'PUT', '/vestigingen/99AA00', { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014' })
  await ask(dienst, 'POST', '/leerlingen/_bulk', { leerlingen: leerlingen.map((bronId) => ({ bronId, school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }] })) })
  const { body } = await ask(dienst, 'POST', '/absenties/_bulk', { absenties: leerlingen.map((leerling) => ({ bronId: `a-${leerling}`, school: '99AA', vestiging: '99AA00', leerling, datum: '2026-03-10', soort: 'afwezig', reden: 'SPIJ', gewijzigdOp: '2026-03-10T09:00:00Z' })) })
  if ((body['aantallen'] as { nieuw: number }).nieuw !== leerlingen.length) throw new Error(JSON.stringify(body))
}

const destroy = async (dienst: Dienst, leerling: string): Promise<number> => (await ask(dienst, 'DELETE', `/leerlingen/bench-lvs/${leerling}?school=99AA&grond=onrechtmatig-verwerkt`)).status
const bestaat = async (dienst: Dienst, leerling: string): Promise<boolean> => (await ask(dienst, 'GET', `/leerlingen/bench-lvs/${leerling}?school=99AA`)).status === 200

function run (command: string, dataDir: string, ...args: string[]): { code: number | null, uit: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', command, ...args], { cwd: root, env: { ...process.env, DATA_DIR: dataDir, PORT: '0' }, encoding: 'utf8', timeout: 60_000 })
  return { code: status, uit: stdout + stderr }
}

t.test('a backup of the data folder that is put back holds nobody who was destroyed since', async (t) => {
  const dataDir = await makeFolder(t)
  const backup = join(await makeFolder(t), 'postgres')
  let dienst = await startDienst({ dataDir })
  await fill(dienst, ['L-1', 'L-2', 'L-3', 'L-4'])
  t.equal(await destroy(dienst, 'L-1'), 200, 'before the backup')
  await dienst.stop()
  await cp(join(dataDir, 'postgres'), backup, { recursive: true, preserveTimestamps: true })

  dienst = await startDienst({ dataDir })
  t.equal(await destroy(dienst, 'L-2'), 200)
  t.equal(await destroy(dienst, 'L-3'), 200)
  await fill(dienst, ['L-5'])
  t.equal(await destroy(dienst, 'L-5'), 200, 'who came and went after it')
  await dienst.stop()
  t.match(run('logboek', dataDir, 'vernietig', '--school', '99AA', '--bevestig', '99AA'), { code: 0, uit: /1 sleutels vernietigd/ })

  await rm(join(dataDir, 'postgres'), { recursive: true })
  await rename(backup, join(dataDir, 'postgres'))
  t.match(run('serve', dataDir), { code: 1, uit: /passen niet bij elkaar \(99AA: 4 vernietigingen zijn van na deze back-up\)\. Draai eerst npm run herstel\.\n$/ }, 'the service does not start')
  const herstel = run('herstel', dataDir)
  t.equal(herstel.code, 0, herstel.uit)
  t.match(herstel.uit, /99AA 2: 1 van 1 leerlingen waren terug en zijn opnieuw vernietigd, [0-9]+ rijen/)
  t.match(herstel.uit, /99AA 4: 0 van 1 leerlingen waren terug/)
  t.match(herstel.uit, /99AA 5: 1 van 1 logsleutels waren terug/)
  t.match(run('herstel', dataDir), { code: 0, uit: /1 scholen nagegaan, 0 keer opnieuw vernietigd; de opslag en het wisregister passen bij elkaar/ }, 'once is enough')

  dienst = await startDienst({ dataDir })
  t.teardown(async () => { await dienst.stop() })
  t.strictSame([await bestaat(dienst, 'L-1'), await bestaat(dienst, 'L-2'), await bestaat(dienst, 'L-3'), await bestaat(dienst, 'L-4')], [false, false, false, true])
  const { rows } = await withClient(dienst, async (client) => await client.query('select (select count(*) from absentie)::int as absenties, (select count(*) from logsleutel where nummer = 1 and sleutel is not null)::int as sleutels'))
  t.match(rows[0], { absenties: 1, sleutels: 0 })
  const { body } = await ask(dienst, 'GET', '/scholen/99AA/vernietigingen')
  t.equal((body['vernietigingen'] as Array<{ herhalingVan: string | null }>).filter(({ herhalingVan }) => herhalingVan !== null).length, 4, 'each repetition has a receipt that names the first')
  const { body: geweigerd } = await ask(dienst, 'POST', '/leerlingen/_bulk', { leerlingen: [{ bronId: 'L-5', school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4 }] }] })
  t.match(geweigerd, { resultaten: [{ resultaat: 'afgewezen', problemen: [{ code: 'leerling-vernietigd' }] }] }, 'also of whom the backup never knew')
  t.equal(await destroy(dienst, 'L-4'), 200, 'and it goes on from there')
})

t.test('a process that dies between its intention and its commit is finished by the next', async (t) => {
  const dataDir = await makeFolder(t)
  let dienst = await startDienst({ dataDir })
  await fill(dienst, ['L-1', 'L-2'])
  // The commit of the first takes long enough to die in.
  await withClient(dienst, async (client) => await client.query('create function wacht () returns trigger language plpgsql as $$ begin if new.herhaling_van is null then perform pg_sleep(60); end if; return null; end $$; create constraint trigger wacht after insert on vernietiging deferrable initially deferred for each row execute function wacht()'))
  const path = join(dataDir, 'wisregister', '99AA.jsonl')
  const answer = destroy(dienst, 'L-1').catch(() => 0)
  while (!existsSync(path) || !(await readFile(path, 'utf8')).includes('"voornemen"')) await sleep(10)
  await dienst.kill()
  t.equal(await answer, 0, 'nobody was answered')
  dienst = await startDienst({ dataDir })
  t.teardown(async () => { await dienst.stop() })
  t.strictSame([await bestaat(dienst, 'L-1'), await bestaat(dienst, 'L-2')], [false, true])
  t.match(await ask(dienst, 'GET', '/scholen/99AA/vernietigingen'), { body: { vernietigingen: [{ leerlingen: 1, grond: 'onrechtmatig-verwerkt', herhalingVan: /^99AA-/ }] } })
  t.match((await readFile(path, 'utf8')).trim().split('\n').map((line) => (JSON.parse(line) as { soort: string }).soort), ['begin', 'voornemen', 'gedaan'])
})

t.test('a wisregister that was cut, changed or lost is not believed', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const { wisregister: register } = service.server
  await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: ['L-2', 'L-3'].map((bronId) => ({ bronId, school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4 }] })) } })
  for (const leerling of ['L-1', 'L-2', 'L-3']) t.equal((await service.inject({ method: 'DELETE', url: `/v1/leerlingen/test-lvs/${leerling}?school=99AA&grond=onrechtmatig-verwerkt` })).statusCode, 200)
  const ctx = service.app.makeCtx(systemActor('herstel', '*'))
  await requireHersteld(ctx, register)
  const path = join(service.dataDir, 'wisregister', '99AA.jsonl')
  const text = await readFile(path, 'utf8')
  const lines = text.trimEnd().split('\n')
  const swapped = (at: number, from: string | RegExp, to: string): string => lines.map((line, number) => number === at ? line.replace(from, to) : line).join('\n') + '\n'
  const stukken: ReadonlyArray<readonly [wat: string, inhoud: string, fout: RegExp]> = [
    ['one changed', swapped(3, /"leerlingen":\[\["../, '"leerlingen":[["zz'), /regel 4 past niet/],
    ['one of another day', swapped(3, /2026-/, '2025-'), /regel 4 past niet/],
    ['one called off by hand', swapped(2, '"gedaan"', '"ongedaan"'), /regel 3 past niet/],
    ['one left out', lines.filter((_, at) => at !== 1).join('\n') + '\n', /regel 2 past niet/],
    ['its end cut off', lines.slice(0, 5).join('\n') + '\n', /eindigt bij 2, en hier is 3 al gedaan/],
    ['nothing left', '', /eindigt bij 0/],
    ['no longer ours', 'x\n', /regel 1 past niet/]
  ]
  for (const [wat, inhoud, fout] of stukken) {
    await writeFile(path, inhoud)
    t.match(await compareWisregister(ctx, register), [{ school: '99AA', fout, achter: 0 }], wat)
    await t.rejects(requireHersteld(ctx, register), { message: /Draai eerst npm run herstel/ }, `${wat}: the service does not start`)
  }
  await writeFile(path, text + '{"soort":"voor')
  await requireHersteld(ctx, register)
  await createSchool(service, { leerling: 'L-4' })
  t.equal((await service.inject({ method: 'DELETE', url: '/v1/leerlingen/test-lvs/L-4?school=99AA&grond=onrechtmatig-verwerkt' })).statusCode, 200)
  t.match(await register.read('99AA'), { einde: 4, breuk: null }, 'what a crash left half written was never acted on, and is written over')

  await rm(path)
  await t.rejects(requireHersteld(ctx, register), { message: /Draai eerst npm run herstel/ })
  await restartWisregister(ctx, register, '99AA')
  await requireHersteld(ctx, register)
  await register.restart('99AA', 9)
  t.match(await compareWisregister(ctx, register), [{ fout: /begint na 9, en deze opslag is van bij 4: de back-up is ouder/ }], 'a backup from before what it goes back to is not taken for whole')
})

t.test('the wisregister is as long as a backup may be old, and its chain holds all the same', async (t) => {
  const map = join(await makeFolder(t), 'wisregister')
  let nu = new Date('2026-01-01T00:00:00Z')
  const sleutels = deriveSleutels(Buffer.alloc(32, 1))
  const register = new Wisregister({ map, dagen: 30 }, sleutels, () => nu)
  const intend = async (): Promise<number> => await register.intend({ school: '99AA', vernietiging: '99AA-x', sha256: '', wat: 'leerlingen', termijn: null, grond: 'bezwaar', leerlingen: [['00', '2026-01-01']], logsleutels: [] }, () => {})
  for (let at = 1; at <= 6; at++) {
    t.equal(await intend(), at)
    await register.settle('99AA', at === 2 ? 'ongedaan' : 'gedaan')
    await register.shorten('99AA')
    nu = new Date(nu.getTime() + 10 * 86_400_000)
  }
  t.match(await register.read('99AA'), { begin: 1, einde: 6, breuk: null })
  t.strictSame((await register.read('99AA')).voornemens.map(({ nummer }) => nummer), [3, 4, 5, 6])
  t.equal(await intend(), 7)
  await register.shorten('99AA')
  t.equal((await register.read('99AA')).open?.nummer, 7, 'what is open stays')
  t.match(await new Wisregister({ map, dagen: 30 }, deriveSleutels(Buffer.alloc(32, 2)), () => nu).read('99AA'), { voornemens: [], breuk: /regel 1/ }, 'another SLEUTEL believes nothing of it')
  t.strictSame(await register.listScholen(), ['99AA'])
})

/** A PostgreSQL of the system with its dump and restore, of one version; the embedded one comes without. */
function findSystem (): string | undefined {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').filter((version) => Number(version) >= 15) : []
  return versions.map((version) => join('/usr/lib/postgresql', version, 'bin')).find((bin) => ['initdb', 'postgres', 'pg_dump', 'pg_restore'].every((program) => existsSync(join(bin, program))))
}

/** PostgreSQL refuses root; then it is somebody else. */
const ALS = process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] : []

async function startSystem (t: Test, bin: string): Promise<{ connection: pg.ClientConfig, run: (program: string, ...args: string[]) => void }> {
  const folder = await makeFolder(t)
  if (ALS.length > 0) await chown(folder, 65534, 65534)
  const run = (program: string, ...args: string[]): void => {
    const [command, ...rest] = [...ALS, join(bin, program), ...args]
    const { status, stderr } = spawnSync(command!, rest, { encoding: 'utf8', cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C' } })
    if (status !== 0) throw new Error(`${program}: ${stderr}`)
  }
  run('initdb', '-D', join(folder, 'data'), '-U', 'aanwezig', '-A', 'trust', '--no-sync')
  run('pg_ctl', 'start', '-w', '-D', join(folder, 'data'), '-l', join(folder, 'log'), '-o', `-c listen_addresses= -c unix_socket_directories=${folder} -c fsync=off`)
  t.teardown(() => { run('pg_ctl', 'stop', '-m', 'immediate', '-D', join(folder, 'data')) })
  const connection = { host: folder, port: 5432, user: 'aanwezig', database: 'postgres', ssl: false }
  return { connection, run: (program, ...args) => { run(program, '-h', folder, '-U', 'aanwezig', ...args) } }
}

const system = findSystem()
t.test('nor does a dump of the database that is restored', { skip: system === undefined ? 'this machine has no PostgreSQL with pg_dump' : false }, async (t) => {
  const { connection, run: runSystem } = await startSystem(t, system!)
  const dump = join(connection.host!, 'dump')
  const service = await startService(t, { reach: async () => connection })
  await createSchool(service)
  await createSchool(service, { leerling: 'L-2' })
  const destroyed = async (leerling: string): Promise<number> => (await service.inject({ method: 'DELETE', url: `/v1/leerlingen/test-lvs/${leerling}?school=99AA&grond=onrechtmatig-verwerkt` })).statusCode
  runSystem('pg_dump', '-Fc', '-f', dump, 'postgres')
  t.equal(await destroyed('L-2'), 200)
  runSystem('createdb', 'terug')
  runSystem('pg_restore', '-d', 'terug', dump)

  const app = await openApp(service.app.config, { connection: { ...connection, database: 'terug' }, log: makeLog('silent') })
  t.teardown(async () => { await app.close() })
  const ctx = app.makeCtx(systemActor('herstel', '*'))
  const leerlingen = async (): Promise<string[]> => (await app.pool.query<{ leerling: string }>('select leerling from leerling order by leerling')).rows.map(({ leerling }) => leerling)
  t.strictSame(await leerlingen(), ['L-1', 'L-2'])
  await t.rejects(requireHersteld(ctx, service.server.wisregister), { message: /99AA: 1 vernietigingen zijn van na deze back-up/ })
  t.match(await restore(ctx, service.server.wisregister, '99AA'), [{ voornemen: { nummer: 1 }, terug: 1, regel: { leerlingen: 1, rijen: { leerling: 1, inschrijving: 1 } } }])
  t.strictSame(await leerlingen(), ['L-1'])
  await requireHersteld(ctx, service.server.wisregister)
})
