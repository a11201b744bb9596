import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { InjectOptions } from 'fastify'
import pg from 'pg'
import t, { type Test } from 'tap'
import { OWNERS } from '../src/db/tables.ts'
import { createSchool } from './support/school.ts'
import { startService, type Service } from './support/service.ts'

// A form-valid number of nobody, and values that occur nowhere else.
const NUMMER = '999990019'
const KANARIES: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ['persoonsgebonden nummer', /(?<!\d)99999001/],
  ['geboortedatum', /2013-02-17|2013-02-16/],
  ['woongemeente', /"?0987"/],
  ['sleutel or free text', /kanarie/i]
]
const find = (text: string): string[] => KANARIES.filter(([, pattern]) => pattern.test(text)).map(([what]) => `${what}: ${text.slice(0, 300)}`)

const leerling = (bronId: string, anders: object = {}) => ({
  bronId, school: '99AA', geboortedatum: '2013-02-17', persoonsgebondenNummer: NUMMER, woongemeente: '0987', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }], ...anders
})
const absentie = (bronId: string, datum: string, anders: object = {}) => ({ bronId, school: '99AA', vestiging: '99AA00', leerling: 'kanarie-1', datum, soort: 'afwezig', reden: 'SPIJ', minuten: 330, gewijzigdOp: '2026-03-12T09:00:00Z', ...anders })
const vrijstelling = { leerling: 'kanarie-1', school: '99AA', grondslag: '5a', van: '2026-01-05', tot: '2026-01-09' }
const graph = 'query ($bronId: String!) { leerling(bron: "test-lvs", bronId: $bronId, school: "99AA") { geboortedatum woongemeente absenties { edges { node { bronId datum } } } } }'

const post = (url: string, payload: object): InjectOptions => ({ method: 'POST', url: `/v1${url}`, payload })
const ndjson = (payload: string): InjectOptions => ({ method: 'POST', url: '/v1/absenties/_bulk', payload, headers: { 'content-type': 'application/x-ndjson' } })
const asJson = (url: string, payload: string): InjectOptions => ({ method: 'POST', url: `/v1${url}`, payload, headers: { 'content-type': 'application/json' } })

/** Everything that brings or asks something of a person, in order: on an empty school each of them succeeds. */
const GOED: readonly InjectOptions[] = [
  post('/leerlingen/_bulk?proef=true', { leerlingen: [leerling('kanarie-1')] }),
  post('/absenties/_bulk', { absenties: [absentie('kanarie-a0', '2026-03-12'), absentie('kanarie-w1', '2026-03-12', { leerling: 'kanarie-wacht' })] }),
  post('/leerlingen/_bulk', { leerlingen: [leerling('kanarie-1'), leerling('kanarie-2')] }),
  post('/leerlingen/_bulk', { leerlingen: [leerling('kanarie-1', { geboortedatum: '2013-02-16' })] }),
  post('/leerlingen/_zoek', { school: '99AA', persoonsgebondenNummer: NUMMER }),
  post('/vrijstellingen/_bulk', { vrijstellingen: [{ bronId: 'kanarie-v0', ...vrijstelling }] }),
  { method: 'PUT', url: '/v1/vrijstellingen/kanarie-v1', payload: vrijstelling },
  post('/absenties/_bulk', { absenties: ['2026-03-09', '2026-03-10', '2026-03-11'].map((datum, at) => absentie(`kanarie-a${at}`, datum)) }),
  ndjson(`${JSON.stringify(absentie('kanarie-a3', '2026-03-13'))}\n`),
  { method: 'PUT', url: '/v1/absenties/test-lvs/kanarie-a4', payload: { ...absentie('', '2026-03-16'), bronId: undefined } },
  { method: 'DELETE', url: '/v1/absenties/test-lvs/kanarie-a4?school=99AA' },
  { url: '/v1/leerlingen?school=99AA&limit=1' },
  { url: '/v1/leerlingen/test-lvs/kanarie-1?school=99AA' },
  { url: '/v1/leerlingen/test-lvs/kanarie-1/marges?school=99AA' },
  { url: '/v1/absenties?school=99AA&leerling=kanarie-1&limit=1' },
  { url: '/v1/absenties/test-lvs/kanarie-a1?school=99AA' },
  { url: '/v1/absenties/test-lvs/kanarie-a1/geschiedenis?school=99AA' },
  { url: '/v1/wachtende-absenties?school=99AA' },
  { url: '/v1/signalen?school=99AA&leerling=kanarie-1' },
  { method: 'POST', url: '/graphql', payload: { query: graph, variables: { bronId: 'kanarie-1' } } },
  post('/leveringen', { ontvanger: 'ocw', school: '99AA', periode: '2026-03' })
]

/** What callers get wrong, with a person in it. */
const FOUT: readonly InjectOptions[] = [
  asJson('/leerlingen/_bulk', `{"leerlingen": [{"bronId": "kanarie-1", "persoonsgebondenNummer": "${NUMMER}", kanarie`),
  asJson('/leerlingen/_bulk', `"kanarie ${NUMMER}"`),
  post('/leerlingen/_bulk', { leerling: [leerling('kanarie-1')], onbekend: NUMMER }),
  post('/leerlingen/_bulk', { leerlingen: [leerling('kanarie-1', { persoonsgebondenNummer: '999990018' }), leerling('kanarie 1'), leerling('kanarie-1', { geboortedatum: '2013-02-17T00:00' }), leerling('kanarie-1', { woongemeente: '0987 kanarie', naam: 'kanarie' }), leerling('kanarie-3', { school: '99AB' })] }),
  post('/leerlingen/_bulk', { leerlingen: [leerling('kanarie-1', { inschrijvingen: [{ vestiging: '99AA77', van: '2019-08-01', leerjaar: 4 }] })] }),
  post('/leerlingen/_zoek', { school: '99AA', persoonsgebondenNummer: '999990018' }),
  post('/leerlingen/_zoek', { school: '99AB', persoonsgebondenNummer: NUMMER }),
  { url: `/v1/leerlingen?school=99AA&persoonsgebondenNummer=${NUMMER}` },
  { url: '/v1/leerlingen/test-lvs/kanarie-onbekend?school=99AA' },
  { url: '/v1/leerlingen/test-lvs/kanarie%20onbekend?school=99AA&geboortedatum=2013-02-17' },
  { url: '/v1/leerlingen/test-lvs/kanarie-onbekend/marges?school=99AA' },
  { url: '/v1/kanarie/2013-02-17' },
  { method: 'PATCH', url: '/v1/leerlingen/test-lvs/kanarie-1' },
  { url: '/v1/leerlingen/test-lvs/kanarie-1?school=99AA', headers: { accept: 'text/kanarie' } },
  { method: 'PUT', url: '/v1/vrijstellingen/kanarie-v2', payload: { ...vrijstelling, leerling: 'kanarie-onbekend' } },
  { method: 'PUT', url: '/v1/vrijstellingen/kanarie-v2', payload: { ...vrijstelling, grondslag: 'kanarie heeft een ziekte' } },
  { method: 'PUT', url: '/v1/absenties/test-lvs/kanarie-a5', payload: { ...absentie('', '2018-03-12'), bronId: undefined } },
  { method: 'PUT', url: '/v1/absenties/test-lvs/kanarie-a5', payload: { ...absentie('', '2026-03-14'), bronId: undefined } },
  { method: 'PUT', url: '/v1/absenties/test-lvs/kanarie-a1', payload: { ...absentie('', '2026-03-10'), bronId: undefined }, headers: { 'if-match': '"kanarie"' } },
  { method: 'DELETE', url: '/v1/absenties/test-lvs/kanarie-onbekend?school=99AA' },
  post('/absenties/_bulk', { absenties: [absentie('kanarie-a6', 'kanarie'), absentie('kanarie-a6', '2026-03-12', { reden: 'kanarie is ziek', opmerking: 'kanarie' }), absentie('kanarie-a6', '2013-02-18')] }),
  ndjson(`{"bronId": "kanarie-a7", "leerling": "kanarie-1", ${NUMMER}\n${JSON.stringify(absentie('kanarie-a7', '2026-03-12', { soort: 'kanarie' }))}\n`),
  { url: '/v1/absenties?school=99AA&cursor=kanarie' },
  { url: '/v1/signalen/99AA-kanarie' },
  { method: 'POST', url: '/graphql', payload: { query: '{ leerling(bron: "kanarie", bronId: 7) { onbekend } }', variables: { bronId: NUMMER } } },
  { method: 'POST', url: '/graphql', payload: { query: graph, variables: { bronId: 'kanarie-onbekend' } } }
]

/** How the database may fail in the middle of it; each names a statement that repairs it. Texts of PostgreSQL quote the row. */
const KAPOT: ReadonlyArray<readonly [breaks: string, repairs: string]> = [
  ["alter table leerling add constraint kapot check (geboortedatum < '1900-01-01') not valid", 'alter table leerling drop constraint kapot'],
  ['alter table inschrijving add constraint kapot check (leerjaar > 99) not valid', 'alter table inschrijving drop constraint kapot'],
  ['alter table vrijstelling add constraint kapot check (false) not valid', 'alter table vrijstelling drop constraint kapot'],
  ['alter table absentie add constraint kapot check (minuten > 9999) not valid', 'alter table absentie drop constraint kapot'],
  ['alter table absentie_in_wacht add constraint kapot check (false) not valid', 'alter table absentie_in_wacht drop constraint kapot'],
  ['alter table verwerking add constraint kapot check (false) not valid', 'alter table verwerking drop constraint kapot'],
  ['alter table leerling rename column leerling to weg', 'alter table leerling rename column weg to leerling'],
  ['alter table absentie rename to weg', 'alter table weg rename to absentie'],
  ['alter table signaal rename to weg', 'alter table weg rename to signaal']
]

t.test('nothing of a person is in the log, in an error, in the figures of the process; and the number is nowhere', async (t) => {
  const log: string[] = []
  const service = await startService(t, { logLevel: 'debug', logTo: { write: (line) => { log.push(line) } } })
  await createSchool(service)
  const bearer = await service.token({ extra: { sub: 'kanarie-persoon' } })
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  t.teardown(async () => { await owner.end() })

  for (const request of GOED) {
    const { statusCode, body } = await service.inject({ ...request, bearer })
    t.ok(statusCode < 300 && !/"afgewezen":[1-9]|"errors"/.test(body), `${request.method ?? 'GET'} ${String(request.url)} succeeds ${statusCode >= 300 ? body : ''}`)
  }
  await service.evaluate()
  t.match((await service.inject({ url: '/v1/signalen?school=99AA' })).body, /"minuten":990/, 'and was evaluated')

  for (const request of FOUT) await checkAnswer(t, service, { ...request, bearer }, 'refused')
  for (const [breaks, repairs] of KAPOT) {
    const failures = countFailures(log)
    await owner.query(breaks)
    // Versions ahead, so that every record is written again.
    for (const request of [...GOED, FOUT.at(-1)!]) await checkAnswer(t, service, { ...advance(request), bearer }, breaks)
    t.ok(countFailures(log) > failures, `${breaks}: the log tells that it failed`)
    await owner.query(repairs)
  }
  await service.evaluate()

  t.strictSame(log.flatMap(find), [], 'the log')
  t.strictSame(find((await service.inject({ bearer: null, url: '/metrics' })).body), [], 'the figures of the process')
  t.strictSame(await findNummer(owner), [], 'the tables')
  const files = (await readdir(service.app.config.leveringenDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  t.ok(files.length > 0)
  for (const { parentPath, name } of files) t.strictSame(find(await readFile(join(parentPath, name), 'utf8')), [], name)

  service.app.log.info({ leerling: 'kanarie-1' }, 'planted')
  t.equal(log.flatMap(find).length, 1, 'what is planted is found')
  await owner.query(`update leerling set woongemeente = '${NUMMER}', pgn_zoek = sha256('${NUMMER}'), pgn_versleuteld = '${NUMMER}' where leerling = 'kanarie-1'`)
  t.ok((await findNummer(owner)).length >= 3, 'in every form')
})

let version = 0
function advance (request: InjectOptions): InjectOptions {
  const later = `2026-03-12T10:00:00.${String(++version).padStart(6, '0')}Z`
  const text = typeof request.payload === 'string' ? request.payload : JSON.stringify(request.payload ?? {})
  return { ...request, ...(request.payload === undefined ? {} : { payload: text.replaceAll('2026-03-12T09:00:00Z', later).replaceAll('"leerjaar":4', `"leerjaar":${version % 9}`).replaceAll('2026-01-09', `2026-02-${String(10 + version % 9)}`), headers: { 'content-type': 'application/json', ...request.headers } }) }
}

/** An answer that is an error, or holds one, tells nothing of a person; the key of a record that the caller sent is how the answer points at it. */
async function checkAnswer (t: Test, service: Service, request: Parameters<Service['inject']>[0], name: string): Promise<void> {
  const { statusCode, body } = await service.inject(request)
  const at = `${name}: ${request.method ?? 'GET'} ${String(request.url).slice(0, 60)}`
  const errors = statusCode >= 400 ? [body] : [...body.matchAll(/"problemen":(\[.*?\])/g), ...body.matchAll(/"errors":(\[.*\])/g)].map(([, found]) => found!)
  t.strictSame(errors.flatMap(find), [], at)
  if (name === 'refused') t.ok(errors.length > 0, `${at} is refused`)
}

const countFailures = (log: readonly string[]): number => log.filter((line) => /"level":50/.test(line)).length

/** Columns of any table that hold the number as text, as bytes, or as a hash that anyone could make. */
async function findNummer (owner: pg.Client): Promise<string[]> {
  const hashes = ['md5', 'sha1', 'sha256', 'sha512'].flatMap((kind) => [NUMMER, `99AA${NUMMER}`, `99AA|${NUMMER}`].map((text) => createHash(kind).update(text).digest('hex')))
  const forms = [NUMMER, Buffer.from(NUMMER).toString('hex'), Buffer.from(NUMMER).toString('base64').slice(0, 12), ...hashes]
  const { rows } = await owner.query<{ table: string, column: string }>("select table_name as table, column_name as column from information_schema.columns where table_schema = 'public'")
  const found: string[] = []
  for (const { table, column } of rows) {
    if (!(table in OWNERS)) found.push(`${table} is not in tables.ts`)
    const { rowCount } = await owner.query(`select from "${table}" where "${column}"::text like any ($1)`, [forms.map((form) => `%${form}%`)])
    if (rowCount !== 0) found.push(`${table}.${column}`)
  }
  return found
}
