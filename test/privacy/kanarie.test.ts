import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import t, { type Test } from 'tap'
import { Nachtfout, runNacht } from '../../src/jobs/nachtelijk.ts'
import { exportSpans } from '../../src/verwerkingen/uitvoer.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { startVerzender } from '../../src/verzending/worker.ts'
import { execute, operations, OPERATIES, prepareSchool, type School } from '../support/operaties.ts'
import { startService, type Service } from '../support/service.ts'

// Every operation of the contract on a school whose leerlingen carry these values, with success and through every way to fail; then everything
// that leaves the service by itself is searched for them.

/** As support/operaties.ts fills its school, and what this test sends itself. */
const KANARIES: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ['persoonsgebonden nummer', /123456782|999990019/],
  ['geboortedatum', /2014-03-10|2015-01-01/],
  ['sleutel of a leerling', /\bL-[1279]\b/],
  ['toelichting', /Nagevraagd/],
  ['contactpersoon', /A\. Voorbeeld|verzuim@school/],
  ['sent by the caller', /kanarie/i]
]
const find = (text: string): string[] => KANARIES.flatMap(([what, pattern]) => {
  const at = text.search(pattern)
  return at === -1 ? [] : [`${what}: ${text.slice(Math.max(0, at - 150), at + 150)}`]
})

const KANARIE = 'kanarie 123456782'
/** Tables that know a person, as they were found: what another migration adds is broken too. */
const PERSONEN = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relrowsecurity"

interface Verzoek { readonly url: string, readonly payload?: object }
type Vraag = Parameters<Service['inject']>[0]

const inject = (method: string, { url, payload }: Verzoek, anders: Partial<Vraag> = {}): Vraag => ({ method: method as 'GET', url: `/v1${url}`, ...(payload === undefined ? {} : { payload }), ...anders })

/** Each leaf of a body replaced, one at a time, and one field too many. */
function * listMisvormd (payload: object): Generator<object> {
  const text = JSON.stringify(payload)
  for (const pad of listPaden(payload)) {
    const kopie = JSON.parse(text) as Record<string, unknown>
    const ouder = pad.slice(0, -1).reduce<Record<string, unknown>>((deel, naam) => deel[naam] as Record<string, unknown>, kopie)
    ouder[pad.at(-1)!] = { onbekend: KANARIE }
    yield kopie
    ouder[pad.at(-1)!] = `${KANARIE} !`
    yield kopie
  }
  yield { ...payload, onbekend: KANARIE }
}

function * listPaden (value: unknown, pad: readonly string[] = []): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) yield pad
  else for (const [naam, deel] of Object.entries(value)) yield * listPaden(deel, [...pad, naam])
}

/** What an answer says of what went wrong: all of a problem, and of a bulk or a graph the faults in it. */
function listFouten (statusCode: number, body: string): string[] {
  if (statusCode >= 400) return [body]
  return [...body.matchAll(/"(?:problemen|errors)":(\[.*?\}\])/gs)].map(([, fouten]) => fouten!)
}

async function check (t: Test, service: Service, naam: string, vraag: Vraag, status?: number): Promise<number> {
  const { statusCode, body } = await service.inject(vraag)
  if (status !== undefined) t.equal(statusCode, status, `${naam} ${body.slice(0, 200)}`)
  t.strictSame(listFouten(statusCode, body).flatMap(find), [], naam)
  return statusCode
}

/** Asks every operation in one wrong way. */
async function askAll (t: Test, service: Service, own: School, what: string, build: (method: string, verzoek: Verzoek, operationId: string) => Vraag | undefined, status?: number): Promise<Map<number, number>> {
  const statussen = new Map<number, number>()
  for (const { operationId, method } of operations) {
    const vraag = build(method, OPERATIES[operationId]![1](own), operationId)
    if (vraag === undefined) continue
    const gekregen = await check(t, service, `${operationId}: ${what}`, vraag, status)
    statussen.set(gekregen, (statussen.get(gekregen) ?? 0) + 1)
  }
  return statussen
}

const countFailures = (log: readonly string[]): number => log.filter((line) => /"level":50/.test(line)).length

t.test('marked values of leerlingen, through every operation and every way to fail, leave by no other door', { timeout: 110_000 }, async (t) => {
  const log: string[] = []
  const service = await startService(t, { logLevel: 'trace', logTo: { write: (line) => { log.push(line) } }, environment: { DUO_KANAAL: 'map', VERZOEKEN_PER_SECONDE: '100000', ADRES_PER_SECONDE: '100000' } })
  const own = await prepareSchool(service, '99AA00')
  const foreign = await prepareSchool(service, '99AB00')
  const bearer = await service.token()

  for (const { operationId, method } of operations) {
    const { statusCode, body } = await service.inject(inject(method, OPERATIES[operationId]![1](own), { bearer }))
    t.ok(statusCode < 300, `${operationId} succeeds ${statusCode < 300 ? '' : body}`)
  }
  await service.evaluate()

  const zonder = async (recht: string): Promise<string> => await service.token({ scopes: RECHTEN.filter((ander) => ander !== recht) })
  const rechten = new Map(await Promise.all(operations.map(async ({ operationId, recht }) => [operationId, await zonder(recht)] as const)))
  await askAll(t, service, own, 'without a token', (method, verzoek) => inject(method, verzoek, { bearer: null }), 401)
  await askAll(t, service, own, 'with a token of somebody else', (method, verzoek) => inject(method, verzoek, { bearer: `${bearer.slice(0, -8)}kanarie0` }), 401)
  await askAll(t, service, own, 'without its right', (method, verzoek, operationId) => inject(method, verzoek, { bearer: rechten.get(operationId)! }), 403)
  await askAll(t, service, foreign, 'of another school', (method, verzoek) => inject(method, verzoek, { bearer }))
  await askAll(t, service, own, 'with a query nobody knows', (method, { url, payload }) => inject(method, { url: `${url}${url.includes('?') ? '&' : '?'}onbekend=123456782`, ...(payload === undefined ? {} : { payload }) }, { bearer }))
  await askAll(t, service, own, 'by another method', (_method, verzoek) => inject('TRACE', { url: verzoek.url }, { bearer }))
  await askAll(t, service, own, 'for a form that is not there', (method, verzoek) => inject(method, verzoek, { bearer, headers: { accept: 'text/kanarie' } }))
  t.match(await askAll(t, service, own, 'in a form that is not read', (method, { url, payload }) => payload === undefined ? undefined : inject(method, { url }, { bearer, payload: KANARIE, headers: { 'content-type': 'text/kanarie' } })), new Map([[415, Number]]))
  await askAll(t, service, own, 'of a version that has passed', (method, verzoek) => inject(method, verzoek, { bearer, headers: { 'if-match': '"kanarie"' } }))
  await askAll(t, service, own, 'with a broken body', (method, { url, payload }) => payload === undefined ? undefined : inject(method, { url }, { bearer, payload: `${JSON.stringify(payload).slice(0, -1)}, kanarie`, headers: { 'content-type': 'application/json' } }), 400)
  await askAll(t, service, own, 'compressed by somebody who cannot', (method, { url, payload }) => payload === undefined ? undefined : inject(method, { url }, { bearer, payload: JSON.stringify(payload), headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }))
  await askAll(t, service, own, 'under a key that was used', (method, verzoek, operationId) => verzoek.payload === undefined ? undefined : inject(method, { url: verzoek.url, payload: { ...verzoek.payload, onbekend: operationId } }, { bearer, headers: { 'idempotency-key': 'kanarie-123456782' } }))

  let misvormd = 0
  for (const { operationId, method } of operations) {
    const { url, payload } = OPERATIES[operationId]![1](own)
    for (const fout of payload === undefined ? [] : listMisvormd(payload)) {
      misvormd++
      const { statusCode, body } = await service.inject(inject(method, { url, payload: fout }, { bearer }))
      // A record is pointed at by its own key; what was sent is not said again.
      t.strictSame(listFouten(statusCode, body).flatMap(find), [], `${operationId} ${JSON.stringify(fout).slice(0, 200)}`)
    }
  }
  t.ok(misvormd > 200, `${misvormd} bodies with one wrong value`)
  await check(t, service, 'a body that is too large', inject('POST', { url: '/absenties/_bulk' }, { bearer, payload: `{"absenties": ["${'kanarie '.repeat(4_000_000)}"]}`, headers: { 'content-type': 'application/json' } }), 413)

  for (const payload of [
    { query: '{ leerling(bron: "kanarie", bronId: 7) { onbekend } }' }, { query: '{ kanarie(' }, { query: 'query ($x: Int!) { school(brin: "99AA") { leerlingen(first: $x) { edges { cursor } } } }', variables: { x: KANARIE } },
    { query: `{ ${'node(id: "kanarie") { id } '.repeat(1)} school(brin: "99AA") { absenties(van: "kanarie") { edges { cursor } } } }` }, { query: `{ school(brin: "99AA") ${'{ vestigingen { edges { node '.repeat(9)} { id } ${'} } }'.repeat(9)} }` }, { onbekend: KANARIE }
  ]) await service.inject({ method: 'POST', url: '/graphql', bearer, payload })

  await breakStore(t, service, own, bearer, log)
  await breakOff(service, bearer)
  await failSending(t, log)
  await failNight(t, service, log)
  await failCommands(t, service)

  t.ok(log.length > 1_000, `${log.length} lines of log, at level trace`)
  t.strictSame(log.flatMap(find).slice(0, 5), [], 'the log')
  t.strictSame(find((await service.inject({ bearer: null, url: '/metrics' })).body), [], 'the figures of the process')
  t.strictSame(find([process.title, ...process.execArgv].join(' ')), [], 'the title of the process')
  t.strictSame((await execute(service, "select query from pg_stat_activity where application_name like 'aanwezig%'")).rows.flatMap(({ query }) => find(String(query))), [], 'the statements as the database shows them')
  for (const { parentPath, name } of readdirSync(service.app.config.leveringenDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) t.strictSame(find(readFileSync(join(parentPath, name), 'utf8')), [], `levering ${name}`)
  const { rows: [map] } = await execute(service, 'show data_directory')
  t.strictSame(find(readFileSync(join(dirname(String((map as { data_directory: string }).data_directory)), 'postgres.log'), 'utf8')), [], 'the log of PostgreSQL')
  let spans = 0
  for await (const deel of exportSpans(service.app.makeCtx(systemActor('test', ['99AA'])), '99AA', { van: '2026-01-01', tot: '2999-12-31' })) {
    spans += deel.spans
    t.strictSame(find(deel.json), [], 'the processing log as it goes to a collector')
  }
  t.ok(spans > 100)

  service.app.log.info({ leerling: 'L-7' }, 'planted')
  t.equal(log.flatMap(find).length, 1, 'what is planted is found')
})

/** Rows that no table takes, columns that are gone, statements that are cancelled, connections that end: each with every operation. */
async function breakStore (t: Test, service: Service, own: School, bearer: string, log: readonly string[]): Promise<void> {
  const tabellen = (await execute(service, PERSONEN)).rows.map(({ relname }) => String(relname))
  const { rows: rechten } = await execute(service, "select format('grant %s on %s to aanwezig_dienst', string_agg(privilege_type, ', '), table_name) as grant from information_schema.role_table_grants where grantee = 'aanwezig_dienst' and table_schema = 'public' group by table_name")
  const breaks: ReadonlyArray<readonly [what: string, breaks: readonly string[], repairs: readonly string[]]> = [
    ['a constraint', tabellen.map((tabel) => `alter table ${tabel} add constraint kapot check (false) not valid`), tabellen.map((tabel) => `alter table ${tabel} drop constraint kapot`)],
    ['a table that is gone', tabellen.map((tabel) => `alter table ${tabel} rename to weg_${tabel}`), tabellen.map((tabel) => `alter table weg_${tabel} rename to ${tabel}`)],
    ['no right on a table', ['revoke all on all tables in schema public from aanwezig_dienst'], rechten.map(({ grant }) => String(grant))]
  ]
  for (const [what, breekt, herstelt] of breaks) {
    const eerder = countFailures(log)
    // One by one: all at once would hold the locks of some while it waits for another's, which the evaluation does too.
    for (const statement of breekt) await execute(service, statement)
    const statussen = await askAll(t, service, own, what, (method, verzoek) => inject(method, verzoek, { bearer }))
    await service.inject({ method: 'POST', url: '/graphql', bearer, payload: { query: '{ leerling(bron: "test-lvs", bronId: "L-7", school: "99AA") { geboortedatum absenties { edges { node { bronId } } } } }' } })
    t.ok((statussen.get(500) ?? 0) > 20 && countFailures(log) > eerder, `${what}: the log tells that it failed, ${[...statussen].join(' ')}`)
    for (const statement of herstelt) await execute(service, statement)
  }

  const owner = new pg.Client({ ...service.database, ssl: false, application_name: 'owner' })
  await owner.connect()
  await service.evaluate()
  await owner.query(`begin; lock table ${tabellen.join(', ')} in access exclusive mode`)
  const weg = setInterval(() => { execute(service, "select pg_cancel_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'aanwezig'").catch((error: unknown) => { t.fail(String(error)) }) }, 15)
  await askAll(t, service, own, 'a statement that is cancelled', (method, verzoek) => inject(method, verzoek, { bearer }))
  clearInterval(weg)
  await owner.query('rollback')
  await execute(service, `alter database ${service.database.database} allow_connections false`).catch(() => {})
  await owner.end()
  const admin = new pg.Client({ ...service.database, database: 'postgres', ssl: false })
  await admin.connect()
  await admin.query(`alter database ${service.database.database} allow_connections false`)
  await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and application_name = 'aanwezig'", [service.database.database])
  const statussen = await askAll(t, service, own, 'a store that is gone', (method, verzoek) => inject(method, verzoek, { bearer }))
  t.ok([...statussen.keys()].some((status) => status >= 500), [...statussen].join(' '))
  await admin.query(`alter database ${service.database.database} allow_connections true`)
  await admin.end()
}

/** Bodies that stop half way, on a real connection. */
async function breakOff (service: Service, bearer: string): Promise<void> {
  await service.server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = service.server.server.address() as AddressInfo
  for (const [type, body] of [['application/json', '{"absenties": [{"bronId": "kanarie", "leerling": "L-7", '], ['application/x-ndjson', '{"bronId": "kanarie", "leerling": "L-7"}\n{"bronId": "kan']] as const) {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(`POST /v1/absenties/_bulk HTTP/1.1\r\nHost: kanarie\r\nAuthorization: Bearer ${bearer}\r\nContent-Type: ${type}\r\nContent-Length: 9999\r\n\r\n${body}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.destroy()
  }
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.resume().end('KANARIE 123456782 HTTP/9\r\n\r\n')
  await once(socket, 'close')
}

/** DUO that answers with a fault, and says again what it got. */
async function failSending (t: Test, log: string[]): Promise<void> {
  const duo = createServer((request, response) => {
    let body = ''
    request.on('data', (deel: Buffer) => { body += deel.toString() })
    request.on('end', () => { response.writeHead(500, { 'content-type': 'text/xml' }).end(`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>kanarie 123456782 ${body.length} ${encodeURIComponent(body)}</faultstring></soap:Fault></soap:Body></soap:Envelope>`) })
  }).listen(0, '127.0.0.1')
  await once(duo, 'listening')
  t.teardown(() => { duo.close() })
  const service = await startService(t, { logLevel: 'trace', logTo: { write: (line) => { log.push(line) } }, environment: { DUO_KANAAL: 'soap-vsv', DUO_URL: `http://127.0.0.1:${(duo.address() as AddressInfo).port}/`, DUO_OIN: '00000099000000000000' } })
  await prepareSchool(service, '99AA00')
  const verzender = startVerzender(service.app)!
  const { rows: [stand] } = await until(async () => await execute(service, "select count(*)::int as n from uitzendpoging where uitslag is not null and uitslag <> 'aangenomen'"), ({ rows: [rij] }) => (rij as { n: number }).n > 0)
  t.ok((stand as { n: number }).n > 0, 'DUO refused')
  await verzender.peil()
  await verzender.stop()
}

async function until<T> (read: () => Promise<T>, klaar: (value: T) => boolean): Promise<T> {
  for (let poging = 0; ; poging++) {
    const value = await read()
    if (klaar(value) || poging > 400) return value
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

async function failNight (t: Test, service: Service, log: readonly string[]): Promise<void> {
  const eerder = countFailures(log)
  await execute(service, 'alter table statistiek rename to weg; alter table evaluatie_markering add constraint kapot check (false) not valid')
  const regels: string[] = []
  const fout: unknown = await runNacht(service.app, { volledig: true, melden: (regel) => { regels.push(regel) } }).catch((error: unknown) => error)
  t.ok(fout instanceof Nachtfout && countFailures(log) > eerder, 'a night that fails')
  t.strictSame(find([...regels, (fout as Error).message].join('\n')), [], 'says of whom not')
  await execute(service, 'alter table weg rename to statistiek; alter table evaluatie_markering drop constraint kapot')
}

/** A command that fails prints what went wrong, and no row; so does one that nobody waited for. */
async function failCommands (t: Test, service: Service): Promise<void> {
  const root = join(import.meta.dirname, '../..')
  const bestand = join(service.dataDir, 'kanarie.csv')
  writeFileSync(bestand, '100201;20260309;;20260309;;4;4;ZK;\nL-7;20260309;;20260309;;4;4;ZK;\n')
  const { host, port, user, database } = service.database
  const env = { ...process.env, DATA_DIR: service.dataDir, AUTH_DEVELOPMENT: '1', DATABASE_URL: `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}` }
  await execute(service, 'alter table absentie_in_wacht add constraint kapot check (false) not valid; alter table verwerking add constraint kapot check (false) not valid')
  const importeer = await promisify(execFile)(process.execPath, [join(root, 'src/main.ts'), 'importeer', '--bron', 'test-lvs', '--school', '99AA', '--indeling', 'eduarte', bestand], { env }).then(() => undefined, (error: { code: number, stdout: string, stderr: string }) => error)
  t.equal(importeer?.code, 1, 'an import that fails')
  t.match(importeer?.stderr, /23514/, 'says why')
  t.notMatch(`${importeer?.stdout}${importeer?.stderr}`, /100201|\bL-7\b/, 'and of whom not')
  await execute(service, 'alter table absentie_in_wacht drop constraint kapot; alter table verwerking drop constraint kapot')
}
