import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import pg from 'pg'
import t, { type Test } from 'tap'
import { FOUTCODES } from '../../src/errors.ts'
import { Nachtfout, runNacht } from '../../src/jobs/nachtelijk.ts'
import { exportSpans } from '../../src/verwerkingen/uitvoer.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { startVerzender } from '../../src/verzending/worker.ts'
import { execute, operations, OPERATIES, prepareSchool, type School } from '../support/operaties.ts'
import { startService, type Service } from '../support/service.ts'
import { GRAAF } from '../toegang/wereld.ts'
import { find, KANARIE } from './kanarie.ts'
import { failProcess } from './omvallen.ts'

// Every operation of the contract on a school whose leerlingen carry these values, with success and through every way to fail; then everything
// that leaves the service by itself is searched for them.

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

/** Every code that was answered: of the closed list none may be missing in the end. */
const beantwoord = new Set<string>()

/** What an answer says of what went wrong: all of a problem, and of a bulk or a graph the faults in it. */
function listFouten (statusCode: number, body: string): string[] {
  for (const [, code] of body.matchAll(/"urn:aanwezig:fout:([a-z-]+)"/g)) beantwoord.add(code!)
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
  await exceed(t, service, own, bearer)

  for (const payload of [
    { query: '{ leerling(bron: "kanarie", bronId: 7) { onbekend } }' }, { query: '{ kanarie(' }, { query: 'query ($x: Int!) { school(brin: "99AA") { leerlingen(first: $x) { edges { cursor } } } }', variables: { x: KANARIE } },
    { query: `{ ${'node(id: "kanarie") { id } '.repeat(1)} school(brin: "99AA") { absenties(van: "kanarie") { edges { cursor } } } }` }, { query: `{ school(brin: "99AA") ${'{ vestigingen { edges { node '.repeat(9)} { id } ${'} } }'.repeat(9)} }` }, { onbekend: KANARIE }
  ]) await service.inject({ method: 'POST', url: '/graphql', bearer, payload })

  await noteInWords(t, service, own, bearer)
  await refuse(t, service, foreign)
  await breakStore(t, service, own, bearer, log)
  await breakInside(t, service, own, bearer, log)
  await breakOff(t, service, bearer)
  await Promise.all([overload(t, own, log), overfill(t, own, log), failSending(t, log)])
  await failNight(t, service, log)
  await failProcess(t, service, own)
  await failCommands(t, service)

  t.strictSame(Object.keys(FOUTCODES).filter((code) => !beantwoord.has(code)), [], 'codes of the closed list that no request here was answered')

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

/** What somebody noted at a beoordeling does not say what ails a leerling, is read back in its geschiedenis and by who asks his own gegevens, and is in nothing else that is asked. */
async function noteInWords (t: Test, service: Service, own: School, bearer: string): Promise<void> {
  const aard = await service.inject(inject('POST', { url: `/signalen/${own.signaal}/beoordelingen`, payload: { besluit: 'open', notitie: 'Volgens zijn ouders heeft hij buikgriep' } }, { bearer }))
  t.match(aard.json(), { status: 400, errors: [{ code: 'aard-van-ziekte', pointer: '/notitie' }] }, 'what ails him is no notitie')
  const notitie = 'Kanarie: op 10 maart 2014 geboren, gesproken met A. Voorbeeld'
  await check(t, service, 'a notitie', inject('POST', { url: `/signalen/${own.signaal}/beoordelingen`, payload: { besluit: 'open', notitie } }, { bearer }), 201)
  const tonen: string[] = []
  for (const { operationId, method } of operations.filter(({ method }) => method === 'GET')) {
    const { body } = await service.inject(inject(method, OPERATIES[operationId]![1](own), { bearer }))
    if (body.includes('Kanarie')) tonen.push(operationId)
  }
  for (const [veld, build] of Object.entries(GRAAF)) if ((await service.inject({ method: 'POST', url: '/graphql', bearer, payload: { query: `{ ${build(own)} }` } })).body.includes('Kanarie')) tonen.push(veld)
  t.strictSame(tonen.sort(), ['getInzage', 'getSignaalgeschiedenis'], 'what shows it')
  const zonder = await service.token({ scopes: RECHTEN.filter((recht) => recht !== 'signalen:beoordelen') })
  t.notMatch((await service.inject({ bearer: zonder, url: `/v1/signalen/${own.signaal}/geschiedenis` })).body, /Kanarie/, 'to who may not decide, the geschiedenis does not')
}

const KB = 1024
const MB = 1024 * KB
/** A record of at least so many bytes, marked all over. */
const makeLang = (bytes: number): string => `{"bronId": "kanarie", "leerling": "L-7", "toelichting": "${'Nagevraagd: kanarie 123456782, 2014-03-10. '.repeat(Math.ceil(bytes / 42))}"}`
const makeBulk = (bytes: number): string => `{"absenties": [${makeLang(bytes)}]}`

/** More than is read: bodies by the length they say, by what comes and by what they unzip to; lines, values, addresses and headers. */
async function exceed (t: Test, service: Service, own: School, bearer: string): Promise<void> {
  await askAll(t, service, own, 'longer than is read', (method, { url, payload }) => payload === undefined ? undefined : inject(method, { url }, { bearer, payload: JSON.stringify(payload), headers: { 'content-type': 'application/json', 'content-length': String(16 * MB + 1) } }), 413)
  const teLang = await askAll(t, service, own, 'with values longer than any may be', (method, { url, payload }) => payload === undefined ? undefined : inject(method, { url, payload: lengthen(payload) }, { bearer }))
  t.strictSame([...teLang.keys()].sort(), [200, 400], 'refused, or record by record')
  await askAll(t, service, own, 'at an address longer than any is', (method, { url, payload }) => inject(method, { url: url.replace(/(?=\?|$)/, `/${'kanarie-123456782-'.repeat(20)}`), ...(payload === undefined ? {} : { payload }) }, { bearer }), 404)

  const [json, ndjson] = [{ 'content-type': 'application/json' }, { 'content-type': 'application/x-ndjson' }]
  const gzip = { 'content-encoding': 'gzip' }
  const url = '/absenties/_bulk'
  const bulk = makeBulk(8 * MB)
  await check(t, service, 'a body that is too large', inject('POST', { url }, { bearer, payload: bulk, headers: json }), 413)
  await check(t, service, 'a body that is too large, of no stated length', inject('POST', { url }, { bearer, payload: Readable.from(bulk.match(/[^]{1,65536}/g)!, { objectMode: false }), headers: json }), 413)
  await check(t, service, 'a body that unzips to too much', inject('POST', { url }, { bearer, payload: gzipSync(bulk), headers: { ...json, ...gzip } }), 413)
  await check(t, service, 'a query that is too large', { method: 'POST', url: '/graphql', bearer, payload: { query: `{ leerling(bron: "test-lvs", bronId: ${JSON.stringify(makeLang(64 * KB))}) { id } }` } }, 413)
  for (const [what, payload, headers, antwoord] of [
    ['lines that are too long', `${makeLang(64 * KB)}\n${makeLang(200 * KB)}\r\n${makeLang(64 * KB)}`, ndjson, /"afgewezen":3/],
    ['lines that unzip to too much', gzipSync(makeLang(2 * MB)), { ...ndjson, ...gzip }, /bericht-te-groot/]
  ] as const) {
    const { statusCode, body } = await service.inject(inject('POST', { url }, { bearer, payload, headers }))
    t.equal(statusCode, 200, what)
    t.match(body, antwoord, what)
    t.strictSame(find(body), [], what)
  }
}

/** The same body, in which no text is short. */
function lengthen (value: unknown): object {
  return JSON.parse(JSON.stringify(value), (_naam, deel: unknown) => typeof deel === 'string' ? `${KANARIE} `.repeat(200) : deel) as object
}

/** More bytes at once than a bron may have read, and than all may. */
async function overfill (t: Test, own: School, log: string[]): Promise<void> {
  const service = await startService(t, { logLevel: 'trace', logTo: { write: (line) => { log.push(line) } }, environment: { BERICHTEN_MB: '16', VERZOEKEN_PER_SECONDE: '100000', ADRES_PER_SECONDE: '100000' } })
  const stromen = await Promise.all(Array.from({ length: 16 }, async (_, at) => {
    const body = new PassThrough()
    body.write(makeLang(KB))
    return { body, antwoord: service.inject({ bearer: await service.token({ bron: `stroom-lvs-${at}` }), method: 'POST', url: '/v1/absenties/_bulk', payload: body, headers: { 'content-type': 'application/x-ndjson' } }) }
  }))
  await new Promise((resolve) => setTimeout(resolve, 50))
  const allen = async (what: string, bron: string, bytes: number, status: number): Promise<void> => {
    const bearer = await service.token({ bron })
    await askAll(t, service, own, what, (method, { url, payload }) => payload === undefined ? undefined : inject(method, { url }, { bearer, payload: makeLang(KB), headers: { 'content-type': 'application/json', 'content-length': String(bytes) } }), status)
  }
  await allen('more bytes of a bron than are read at once', 'stroom-lvs-0', 8 * MB, 429)
  await allen('more bytes than are read at once', 'ander-lvs', KB, 503)
  for (const { body } of stromen) body.end()
  for (const { antwoord } of stromen) t.strictSame(listFouten(200, (await antwoord).body).flatMap(find), [])
  const { body } = await service.inject({ bearer: null, url: '/metrics' })
  for (const reden of ['eigen-bytes', 'bytes']) t.match(body, new RegExp(`reden="${reden}"\\} [1-9]`), `${reden} was a reason`)
}

const WEGEN: ReadonlyArray<readonly [code: string, method: string, build: (own: School) => Verzoek, anders?: Partial<Vraag>]> = [
  ['methode-niet-toegestaan', 'PATCH', ({ school }) => ({ url: `/leerlingen/test-lvs/L-7?school=${school}`, payload: { geboortedatum: '2014-03-10' } })],
  ['bezig', 'POST', ({ school }) => ({ url: '/leerlingen/_zoek', payload: { school, persoonsgebondenNummer: '999990019' } }), { headers: { 'idempotency-key': 'kanarie-bezig' } }],
  ['beleid-onvolledig', 'POST', ({ school }) => ({ url: `/scholen/${school}/beleidsversies/1/vaststelling` })],
  ['bewaarplicht', 'DELETE', ({ school }) => ({ url: `/leerlingen/test-lvs/L-7?school=${school}&grond=niet-meer-nodig` })],
  ['vastgehouden', 'DELETE', ({ school }) => ({ url: `/leerlingen/test-lvs/L-1?school=${school}&grond=onrechtmatig-verwerkt` })],
  ['gegevens-vernietigd', 'POST', ({ school }) => ({ url: '/leveringen', payload: { ontvanger: 'ocw', school, periode: '2026-01' } })],
  ['momentopname-boven-plafond', 'POST', ({ school, vestiging }) => ({ url: '/momentopnamen', payload: { school, vestiging, van: '2026-03-09', tot: '2026-03-12', opgenomenOp: '2026-03-21T12:00:00Z', plafond: 0, absenties: [] } })],
  ['overdracht-niet-toegestaan', 'POST', ({ school }) => ({ url: '/leerlingen/test-lvs/L-1/overdrachten', payload: { school, naarSchool: '98ZZ', datum: '2026-03-31' } })],
  ['rust-niet-toegestaan', 'POST', ({ signaal }) => ({ url: `/signalen/${signaal}/rust`, payload: { tot: '2999-01-01', reden: 'afspraken-lopen' } })],
  ['stamgegevens-onbekend', 'PUT', ({ school }) => ({ url: '/vrijstellingen/kanarie-v', payload: { school, leerling: 'kanarie-onbekend', grondslag: '5a', van: '2026-01-05', tot: '2026-01-09' } })],
  ['uitzondering-niet-toegestaan', 'POST', ({ school }) => ({ url: `/scholen/${school}/uitzonderingen`, payload: { leerling: { bron: 'test-lvs', bronId: 'L-7' }, regel: 'wettelijk-16-uur', van: '2026-03-02', tot: '2026-03-27', reden: 'bezwaar' } })],
  ['mandaat-ontbreekt', 'PUT', ({ school, vestiging }) => ({ url: '/absenties/ander-lvs/kanarie-a', payload: { school, vestiging, leerling: 'L-7', datum: '2026-03-12', soort: 'afwezig', gewijzigdOp: '2026-03-12T09:00:00Z' } })]
]

/** What only the state of the school refuses: a school of which one leerling is held and beperkt, with a beleid that is weaker than the law. */
async function refuse (t: Test, service: Service, school: School): Promise<void> {
  const token = async (bron: string): Promise<string> => await service.token({ bron, scholen: [school.school] })
  const [bearer, ander] = [await token('test-lvs'), await token('ander-lvs')]
  await check(t, service, 'a beleid', inject('PUT', { url: `/scholen/${school.school}/beleidsversies/1`, payload: { geldigVan: '2026-08-01', regels: [{ regel: 'wettelijk-16-uur', aan: false }] } }, { bearer }), 200)
  const { id } = (await service.inject(inject('POST', { url: '/leerlingen/test-lvs/L-1/verzoeken', payload: { school: school.school, soort: 'beperking', ontvangenOp: '2026-03-16', namens: 'ouder' } }, { bearer }))).json<{ id: string }>()
  await check(t, service, 'a beperking', inject('POST', { url: `/verzoeken/${id}/stappen`, payload: { status: 'toegewezen' } }, { bearer }), 201)
  await check(t, service, 'a mandaat', inject('POST', { url: `/scholen/${school.school}/mandaten`, payload: { bron: 'test-lvs', oin: '00000099000000000000', dienst: 'aanleveren', van: '2026-01-01' } }, { bearer }), 201)
  await execute(service, `insert into bewaarstand (school, grens) values ('${school.school}', '2026-01-31') on conflict (school) do update set grens = excluded.grens`)
  const { url, payload } = WEGEN.find(([code]) => code === 'bezig')![2](school)
  await service.inject(inject('POST', { url, payload: payload! }, { bearer, headers: { 'idempotency-key': 'kanarie-bezig' } }))
  await execute(service, "update idempotentie set bezig_tot = '2999-01-01', status = null where sleutel = 'kanarie-bezig'")

  for (const [code, method, build, anders] of WEGEN) {
    const vraag = inject(method, build(school), { bearer: code === 'mandaat-ontbreekt' ? ander : bearer, ...anders })
    const { statusCode, body } = await service.inject(vraag)
    t.match(JSON.parse(body), { code }, `${code}: ${body.slice(0, 200)}`)
    t.strictSame(listFouten(statusCode, body).flatMap(find), [], code)
  }
}

/** Rows that no table takes, columns that are gone, statements that are cancelled, connections that end: each with every operation. */
async function breakStore (t: Test, service: Service, own: School, bearer: string, log: readonly string[]): Promise<void> {
  const tabellen = (await execute(service, PERSONEN)).rows.map(({ relname }) => String(relname))
  const { rows: rechten } = await execute(service, "select format('grant %s on %s to aanwezig_dienst', string_agg(privilege_type, ', '), table_name) as grant from information_schema.role_table_grants where grantee = 'aanwezig_dienst' and table_schema = 'public' group by table_name")
  const breaks: ReadonlyArray<readonly [what: string, breaks: readonly string[], repairs: readonly string[]]> = [
    // PostgreSQL quotes the row beside its own words; what a trigger says may be the row itself.
    ['a constraint, or a trigger', [
      "create function kapot () returns trigger language plpgsql as $$ begin raise exception 'kanarie %', coalesce(new, old) using detail = 'kanarie ' || to_jsonb(coalesce(new, old)), hint = 'kanarie'; end $$",
      ...tabellen.map((tabel, at) => at % 2 === 0 ? `alter table ${tabel} add constraint kapot check (false) not valid` : `create trigger kapot before insert or update or delete on ${tabel} for each row execute function kapot()`)
    ], ['drop function kapot cascade', ...tabellen.filter((_, at) => at % 2 === 0).map((tabel) => `alter table ${tabel} drop constraint kapot`)]],
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

/** Failures that no statement of the database is to blame for: what is stored cannot be read, and a driver that repeats what it was given. */
async function breakInside (t: Test, service: Service, own: School, bearer: string, log: readonly string[]): Promise<void> {
  const { rows: [bewaard] } = await execute(service, `select inhoud from overdracht where school = '${own.school}' limit 1`)
  for (const inhoud of ['kanarie 123456782', '{"kanarie": "L-7"}']) {
    const eerder = countFailures(log)
    await execute(service, `update overdracht set inhoud = '${inhoud}'`)
    await check(t, service, `an overdracht that holds ${inhoud}`, inject('GET', OPERATIES['getOverdracht']![1](own), { bearer }), 500)
    t.equal(countFailures(log), eerder + 1)
  }
  await execute(service, `update overdracht set inhoud = '${String((bewaard as { inhoud: string }).inhoud)}'`)

  const eerder = countFailures(log)
  const clients = await Promise.all(Array.from({ length: service.app.config.verbindingen }, async () => await service.app.pool.connect()))
  const queries = clients.map((client) => client.query.bind(client) as (...args: unknown[]) => Promise<unknown>)
  for (const [at, client] of clients.entries()) {
    client.query = (async (...args: unknown[]) => {
      const [{ values }, given = values ?? []] = args as [{ values?: unknown[] }, unknown[]?]
      if (given.length > 0) throw new RangeError(`kanarie cannot be sent: ${JSON.stringify(given)}`, { cause: new Error(KANARIE) })
      return await queries[at]!(...args)
    }) as typeof client.query
    client.release()
  }
  const statussen = await askAll(t, service, own, 'a driver that repeats what it was given', (method, verzoek) => inject(method, verzoek, { bearer }))
  await service.inject({ method: 'POST', url: '/graphql', bearer, payload: { query: '{ leerling(bron: "test-lvs", bronId: "L-7", school: "99AA") { geboortedatum } }' } })
  t.ok((statussen.get(500) ?? 0) > 80 && countFailures(log) > eerder + 80, [...statussen].join(' '))
  for (const [at, client] of clients.entries()) client.query = queries[at] as typeof client.query
}

/** Requests that are refused because of all the others: of their bron too many a second or at once, of all too many, and who lets the service wait. */
async function overload (t: Test, own: School, log: string[]): Promise<void> {
  const begin = async (environment: Record<string, string>): Promise<Service> => await startService(t, { logLevel: 'trace', logTo: { write: (line) => { log.push(line) } }, environment })
  const service = await begin({ VERZOEKEN_PER_SECONDE: '100000', VERZOEKEN_TEGELIJK: '1', ADRES_PER_SECONDE: '20', OPEN_VERZOEKEN: '2', DB_VERBINDINGEN: '2', KLANT_SECONDEN: '1' })
  const tellen = async (): Promise<Record<string, number>> => Object.fromEntries([...(await service.inject({ bearer: null, url: '/metrics' })).body.matchAll(/^aanwezig_geweigerd_totaal\{reden="(.+)"\} (\d+)$/gm)].map(([, reden, aantal]) => [reden!, Number(aantal)]))
  const eerder = await tellen()
  const stroom = async (bron: string): Promise<{ body: PassThrough, antwoord: ReturnType<Service['inject']> }> => {
    const body = new PassThrough()
    body.write('{"bronId": "kanarie", "leerling": "L-7"}\n')
    return { body, antwoord: service.inject({ bearer: await service.token({ bron }), method: 'POST', url: '/v1/absenties/_bulk', payload: body, headers: { 'content-type': 'application/x-ndjson' } }) }
  }
  const allen = async (what: string, bearer: string | null, status: number): Promise<void> => { t.strictSame([...(await askAll(t, service, own, what, (method, verzoek) => inject(method, verzoek, { bearer }))).keys()], [status], what) }

  const eerste = await stroom('eerste-lvs')
  await new Promise((resolve) => setTimeout(resolve, 50))
  await allen('more of a bron at once than it may', await service.token({ bron: 'eerste-lvs' }), 429)
  const tweede = await stroom('tweede-lvs')
  await new Promise((resolve) => setTimeout(resolve, 50))
  await allen('more than all may', await service.token({ bron: 'derde-lvs' }), 503)
  for (const { body, antwoord } of [eerste, tweede]) {
    body.end('{"bronId": "kanarie-2", "leerling": "L-7"')
    t.strictSame(listFouten(200, (await antwoord).body).flatMap(find), [])
  }
  const bezet = await Promise.all([service.app.pool.connect(), service.app.pool.connect()])
  const wachtend = Array.from({ length: 17 }, async () => { (await service.app.pool.connect()).release() })
  await allen('while the store has a queue', await service.token({ bron: 'vierde-lvs' }), 503)
  for (const client of bezet) client.release()
  await Promise.all(wachtend)

  const haastig = await begin({ VERZOEKEN_PER_SECONDE: '1' })
  const bearer = await haastig.token()
  t.ok(((await askAll(t, haastig, own, 'more a second than it may', (method, verzoek) => inject(method, verzoek, { bearer }))).get(429) ?? 0) > 80, 'most of them')

  await service.server.listen({ port: 0, host: '127.0.0.1' })
  const { port } = service.server.server.address() as AddressInfo
  const traag = await Promise.all([
    'POST /v1/absenties/_bulk?kanarie=123456782 HTTP/1.1\r\nhost: kanarie\r\nkanarie: ',
    ...['application/json', 'application/x-ndjson'].map((type, at) => `POST /v1/absenties/_bulk HTTP/1.1\r\nhost: kanarie\r\ncontent-type: ${type}\r\ncontent-length: 9999\r\nauthorization: Bearer TOKEN-${at}\r\n\r\n{"bronId": "kanarie", "leerling": "L-7"}\n{"absenties": [`)
  ].map(async (tekst, at) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(tekst.replace(/TOKEN-\d/, await service.token({ bron: `trage-lvs-${at}` })))
    let antwoord = ''
    for await (const deel of socket) antwoord += String(deel)
    return antwoord
  }))
  t.match(traag, [/verzoek-te-langzaam/, /verzoek-te-langzaam/, /verzoek-te-langzaam/])
  t.strictSame(traag.flatMap((antwoord) => listFouten(408, antwoord)).flatMap(find), [], 'who is too slow')
  t.ok((await askAll(t, service, own, 'guesses', (method, verzoek) => inject(method, verzoek, { bearer: 'kanarie' }))).has(429))
  const later = await tellen()
  t.strictSame(['tempo', 'gelijktijdig', 'adres', 'verzoeken', 'wachtrij', 'traag'].filter((reden) => (later[reden] ?? 0) <= (eerder[reden] ?? 0)), [], 'each of them was the reason')
}

/** Bodies that stop half way and headers without end, on a real connection. */
async function breakOff (t: Test, service: Service, bearer: string): Promise<void> {
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
  const koppig = connect(port, '127.0.0.1')
  koppig.write(`GET /v1/leerlingen?school=99AA HTTP/1.1\r\nHost: kanarie\r\nKanarie: ${'kanarie 123456782 '.repeat(2_000)}\r\n\r\n`)
  let antwoord = ''
  for await (const deel of koppig) antwoord += String(deel)
  t.match(antwoord, /^HTTP\/1\.1 400 .*invoer-ongeldig/s, 'headers that are too large')
  t.strictSame(find(antwoord), [])
}

/** DUO that answers with a fault, and says again what it got: once, and then more often than is read. */
async function failSending (t: Test, log: string[]): Promise<void> {
  let keer = 1
  const duo = createServer((request, response) => {
    let body = ''
    request.on('data', (deel: Buffer) => { body += deel.toString() })
    request.on('end', () => { response.writeHead(500, { 'content-type': 'text/xml' }).end(`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>${`kanarie 123456782 ${body.length} ${encodeURIComponent(body)}`.repeat(keer)}</faultstring></soap:Fault></soap:Body></soap:Envelope>`) })
  }).listen(0, '127.0.0.1')
  await once(duo, 'listening')
  t.teardown(() => { duo.close() })
  const service = await startService(t, { logLevel: 'trace', logTo: { write: (line) => { log.push(line) } }, environment: { DUO_KANAAL: 'soap-vsv', DUO_URL: `http://127.0.0.1:${(duo.address() as AddressInfo).port}/`, DUO_OIN: '00000099000000000000' } })
  await prepareSchool(service, '99AA00')
  const verzender = startVerzender(service.app)!
  const listPogingen = async (): Promise<unknown[]> => (await execute(service, "select omschrijving from uitzendpoging where uitslag = 'mislukt' order by nummer")).rows.map(({ omschrijving }) => omschrijving)
  t.strictSame(await until(listPogingen, ({ length }) => length === 1), ['SOAP-fout Server'], 'DUO refused')
  keer = 5_000
  await execute(service, "update uitzending set niet_voor = statement_timestamp() where status = 'wacht'")
  await verzender.idle()
  t.strictSame(await until(listPogingen, ({ length }) => length === 2), ['SOAP-fout Server', 'geen verbinding: ANTWOORD_TE_GROOT'], 'and answered more than is read')
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
