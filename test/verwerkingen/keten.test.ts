import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import t, { type Test } from 'tap'
import { destroyLogsleutels } from '../../src/bewaring/service.ts'
import { runTransaction } from '../../src/db/transaction.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { verifyKeten, type Keuring, type UitgegevenZegel } from '../../src/verwerkingen/controle.ts'
import { deleteVerlopenVerwerkingen, listDagzegels, recordVerwerking, sealSchool } from '../../src/verwerkingen/service.ts'
import { Collectorfout, exportSpans, postSpans } from '../../src/verwerkingen/uitvoer.ts'
import { startVerzegelaar } from '../../src/verwerkingen/worker.ts'
import { startService, type Service } from '../support/service.ts'
import type { Ctx } from '../../src/context.ts'

const SCHOOL = '99AA'
const LEERLINGEN = ['L-1', 'L-2', 'L-3']

const ctxOf = (service: Service, now: () => Date = service.app.now): Ctx => ({ ...service.app.makeCtx(systemActor('proef', [SCHOOL])), now })

async function connectOwner (t: Test, service: Service): Promise<pg.Client> {
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  t.teardown(async () => { await owner.end() })
  return owner
}

/** So many verwerkingen, each of every leerling, each in a transaction of its own. */
async function record (ctx: Ctx, aantal: number, leerlingen: readonly string[] = LEERLINGEN): Promise<void> {
  for (let at = 0; at < aantal; at++) {
    await ctx.transaction(async (tx) => { await recordVerwerking(ctx, tx, 'absenties:lezen', leerlingen.map((leerling) => ({ school: SCHOOL, bron: 'test-lvs', leerling }))) })
  }
}

const DAGEN = ['2026-03-09T10:00:00Z', '2026-03-10T10:00:00Z', '2026-03-11T10:00:00Z'] as const

/** Three days of five verwerkingen, each day sealed. */
async function recordDagen (service: Service): Promise<void> {
  for (const dag of DAGEN) {
    const ctx = ctxOf(service, () => new Date(dag))
    await record(ctx, 5)
    await sealSchool(ctx, SCHOOL)
  }
}

t.test('whatever is done to the log afterwards is found, and the first broken place named', async (t) => {
  const service = await startService(t)
  const owner = await connectOwner(t, service)
  const ctx = ctxOf(service)
  await recordDagen(service)
  const zegels: UitgegevenZegel[] = (await listDagzegels(ctx, SCHOOL, { van: '2026-03-01', tot: '2026-03-31' })).map(({ laatste, hash }) => ({ positie: laatste, sha256: hash.toString('hex') }))
  t.strictSame(zegels.map(({ positie }) => positie), [5, 10, 15], 'each day has its last seal')
  t.strictSame(await verifyKeten(ctx, SCHOOL, zegels), { zegels: 3, verwerkingen: 15, breuk: null })

  const { rows } = await owner.query<{ id: string }>('select verwerking as id from verwerkingsketen order by positie')
  const at = (positie: number): string => rows[positie - 1]!.id
  const cases: ReadonlyArray<readonly [wat: string, statements: readonly string[], breuk: RegExp]> = [
    ['a row is changed', [`update verwerking set actor = 'iemand-anders' where verwerking = '${at(7)}'`], /^positie 7: verwerking \S+ is niet wat er is verzegeld/],
    ['a betrokkene is taken out', [`update verwerking set betrokkenen = substring(betrokkenen for 32) where verwerking = '${at(7)}'`], /^positie 7: /],
    ['an instant is moved by a microsecond', [`update verwerking set tijdstip = tijdstip + interval '1 microsecond' where verwerking = '${at(1)}'`], /^positie 1: /],
    ['a row is deleted', [`delete from verwerking where verwerking = '${at(9)}'`], /^positie 9: verwerking \S+ is weg/],
    ['a row is deleted with its link', [`delete from verwerking where verwerking = '${at(9)}'`, 'delete from verwerkingsketen where positie = 9'], /^positie 9 ontbreekt in de keten/],
    ['a row is inserted', ['insert into verwerking select school, gen_random_uuid(), activiteit, actor, rol, trace_id, betrokkenen, tijdstip, toepassing, span_id, ouder_span, sleutel from verwerking limit 1'], /^verwerking \S+ staat buiten de keten/],
    ['two rows are swapped', [`update verwerkingsketen set verwerking = case positie when 4 then '${at(6)}'::uuid else '${at(4)}'::uuid end where positie in (4, 6)`], /^positie 4: /],
    ['a whole day is deleted', [`delete from verwerking where verwerking in ('${[6, 7, 8, 9, 10].map(at).join("', '")}')`, 'delete from verwerkingsketen where positie between 6 and 10', 'delete from verwerkingszegel where nummer = 2', 'delete from verwerking_betrokkene where zegel = 2'], /^zegel 2 ontbreekt, met alles vanaf positie 6; het eerstvolgende is 3 \(\d{4}-/],
    ['the beginning is deleted as if its term were over', [`delete from verwerking where verwerking in ('${[1, 2, 3, 4, 5].map(at).join("', '")}')`, 'delete from verwerkingsketen where positie <= 5', 'delete from verwerking_betrokkene where zegel = 1'], /^positie 1 ontbreekt/],
    ['the register is made to forget a leerling', ['delete from verwerking_betrokkene where zegel = 2 and pseudoniem = (select min(pseudoniem) from verwerking_betrokkene)'], /^het register van betrokkenen klopt niet met zegel 2/],
    ['the register is made to name somebody', ["insert into verwerking_betrokkene select school, sha256('x'), zegel, posities from verwerking_betrokkene limit 1"], /^het register van betrokkenen noemt meer/],
    ['a seal is made by somebody else', ["update verwerkingszegel set waarmerk = sha256('x') where nummer = 3"], /^zegel 3 is niet door deze dienst gezet/],
    ['the tail is cut off', [`delete from verwerking where verwerking in ('${[11, 12, 13, 14, 15].map(at).join("', '")}')`, 'delete from verwerkingsketen where positie > 10', 'delete from verwerkingszegel where nummer > 2', 'delete from verwerking_betrokkene where zegel > 2'], /^de keten eindigt op positie 10, maar op 15 is een zegel uitgegeven: het einde is weg/]
  ]
  // Kept beside, and put back after each case.
  const tables = ['verwerking', 'verwerkingsketen', 'verwerkingszegel', 'verwerking_betrokkene']
  for (const table of tables) await owner.query(`create table bewaard_${table} as table ${table}`)
  for (const [wat, statements, breuk] of cases) {
    for (const statement of statements) t.ok(((await owner.query(statement)).rowCount ?? 0) > 0, statement)
    t.match((await verifyKeten(ctx, SCHOOL, zegels)).breuk, breuk, wat)
    if (wat === 'the tail is cut off') t.equal((await verifyKeten(ctx, SCHOOL)).breuk, null, 'which only a seal that was given out can show')
    for (const table of tables) await owner.query(`truncate ${table}; insert into ${table} table bewaard_${table}`)
  }
  t.equal((await verifyKeten(ctx, SCHOOL, zegels)).breuk, null, 'put back, it is whole again')
  t.match((await verifyKeten(ctx, SCHOOL, [{ positie: 10, sha256: 'a'.repeat(64) }])).breuk, /^positie 10 is niet wat er is uitgegeven/, 'a chain made anew with our own key')

  await record(ctx, 1)
  await owner.query(`delete from verwerking where school = '${SCHOOL}' and not exists (select from verwerkingsketen k where k.verwerking = verwerking.verwerking)`)
  await sealSchool(ctx, SCHOOL)
  t.match((await verifyKeten(ctx, SCHOOL, zegels)).breuk, /^positie 16: verwerking \S+ is weg/, 'what was deleted before it was sealed has its place too')
})

t.test('sealers at the same time give every verwerking one place, and recording waits for none of them', async (t) => {
  const service = await startService(t)
  const ctx = ctxOf(service)
  await record(ctx, 1)
  // The chain of the school held: a push goes on.
  await service.app.pool.connect().then(async (client) => {
    await client.query('begin; select pg_advisory_xact_lock(x\'7a656765\'::int, x\'39394141\'::int)')
    await record(ctx, 3)
    await client.query('rollback')
    client.release()
  })
  await Promise.all([record(ctx, 40), ...Array.from({ length: 4 }, async () => { for (let at = 0; at < 5; at++) await sealSchool(ctx, SCHOOL) })])
  await sealSchool(ctx, SCHOOL)
  t.match(await verifyKeten(ctx, SCHOOL), { verwerkingen: 44, breuk: null })

  const verzegelaar = startVerzegelaar(service.app, 10)
  await record(ctx, 600)
  await verzegelaar.stop()
  t.match(await verifyKeten(ctx, SCHOOL), { verwerkingen: 644, breuk: null }, 'the worker seals while pushes go on, and once more when it stops')
  const owner = await connectOwner(t, service)
  t.equal((await owner.query('select from verwerking_markering')).rowCount, 0)
})

t.test('the role of the service adds to the log and can change nothing in it', async (t) => {
  const service = await startService(t)
  await recordDagen(service)
  const attempt = async (statement: string): Promise<string | undefined> => {
    const client = await service.app.pool.connect()
    try {
      await client.query(`begin; set local role aanwezig_dienst; set local app.scholen = '${SCHOOL}'`)
      await client.query(statement)
      return undefined
    } catch (error) {
      return (error as { code: string }).code
    } finally {
      await client.query('rollback')
      client.release()
    }
  }
  for (const table of ['verwerking', 'verwerkingsketen', 'verwerkingszegel', 'verwerking_betrokkene']) {
    t.equal(await attempt(`select from ${table}`), undefined, `${table} is read`)
    for (const statement of [`delete from ${table}`, `update ${table} set school = '99AB'`, `truncate ${table}`]) t.equal(await attempt(statement), '42501', statement)
  }
  t.equal(await attempt('update verwerking_markering set school = school'), '42501')
  t.equal(await attempt('delete from logsleutel'), '42501', 'a key can be emptied, its number stays taken')
  t.equal(await attempt(`select verwijder_verlopen_verwerkingen('${SCHOOL}', current_date - 1000)`), '23514', 'not before its term')
  t.equal(await attempt("select verwijder_verlopen_verwerkingen('99AB', current_date - 2000)"), '42501', 'not of another school')
  t.equal(await attempt(`select verwijder_verlopen_verwerkingen('${SCHOOL}', current_date - 2000)`), undefined)
})

t.test('what passed its term goes, from the beginning, and the rest of the chain still holds', async (t) => {
  const service = await startService(t)
  const ctx = ctxOf(service)
  for (const [dag, aantal] of [['2019-03-09T10:00:00Z', 3], ['2019-05-09T10:00:00Z', 2], ['2026-03-09T10:00:00Z', 4]] as const) {
    const toen = ctxOf(service, () => new Date(dag))
    await record(toen, aantal)
    await sealSchool(toen, SCHOOL)
  }
  const zegels = (await listDagzegels(ctx, SCHOOL, { van: '2019-01-01', tot: '2026-12-31' })).map(({ laatste, hash }) => ({ positie: laatste, sha256: hash.toString('hex') }))
  t.equal(await deleteVerlopenVerwerkingen(ctx, SCHOOL, '2019-04-01'), 3)
  t.strictSame(await verifyKeten(ctx, SCHOOL, zegels), { zegels: 2, verwerkingen: 6, breuk: null } satisfies Keuring)
  t.equal(await deleteVerlopenVerwerkingen(ctx, SCHOOL, '2020-01-01'), 2)
  t.equal(await deleteVerlopenVerwerkingen(ctx, SCHOOL, '2020-01-01'), 0)
  t.strictSame(await verifyKeten(ctx, SCHOOL, zegels), { zegels: 1, verwerkingen: 4, breuk: null })
  await t.rejects(deleteVerlopenVerwerkingen(ctx, SCHOOL, ctx.vandaag()), 'younger than its term: the database refuses')
})

t.test('a key that is destroyed takes the names along: nobody is found in what was recorded before', async (t) => {
  const service = await startService(t)
  const owner = await connectOwner(t, service)
  const list = async (): Promise<number> => (await service.inject({ url: `/v1/leerlingen/test-lvs/L-1/verwerkingen?school=${SCHOOL}` })).json<{ verwerkingen: object[] }>().verwerkingen.length
  const pseudoniemen = async (): Promise<Set<string>> => new Set((await owner.query<{ p: string }>("select distinct encode(pseudoniem, 'hex') as p from verwerking_betrokkene")).rows.map(({ p }) => p))
  const ctx = ctxOf(service)
  await record(ctx, 2)
  t.equal(await list(), 2)
  t.equal(await list(), 3, 'reading it was recorded')
  const voorheen = await pseudoniemen()
  const { rows: [before] } = await owner.query<{ sleutel: Buffer }>('select sleutel from logsleutel')
  t.ok(before!.sleutel.length > 32, 'the key lies encrypted')

  // Another process still has the key it read.
  const ander = { ...ctx, sleutels: { ...ctx.sleutels, logsleutels: new Map(ctx.sleutels.logsleutels) } }
  t.equal(await destroyLogsleutels(ctx, service.server.wisregister, SCHOOL), 1)
  t.same((await owner.query('select nummer, sleutel, vernietigd_op is not null as weg from logsleutel')).rows, [{ nummer: 1, sleutel: null, weg: true }])
  const { rows: [telling] } = await owner.query<{ n: string }>('select count(*) as n from verwerking')
  await t.rejects(record(ander, 1), { code: 'niet-beschikbaar' }, 'it records nothing under a key that is gone')
  t.same((await owner.query('select count(*) as n from verwerking')).rows, [telling], 'and its transaction is undone')
  await record(ander, 1)
  t.equal(await list(), 1, 'what came after is found, under a key of its own')
  t.strictSame([...await pseudoniemen()].filter((pseudoniem) => voorheen.has(pseudoniem)).length, voorheen.size, 'the log itself is untouched')
  t.ok((await pseudoniemen()).size > voorheen.size, 'the same leerling has another pseudonym now')
  t.equal((await verifyKeten(ctx, SCHOOL)).breuk, null, 'and the chain is whole')
  t.equal((await owner.query('select from logsleutel')).rowCount, 2)
})

t.test('a first recording whose answer nobody waits for is committed with its work, also when the key is new', async (t) => {
  const service = await startService(t)
  const ctx = ctxOf(service)
  const { sendLast } = await import('../../src/db/transaction.ts')
  await runTransaction(service.app.pool, [SCHOOL], async (tx) => { sendLast(tx, recordVerwerking(ctx, tx, 'absenties:lezen', [{ school: SCHOOL, bron: 'b', leerling: 'l' }])) })
  const owner = await connectOwner(t, service)
  t.equal((await owner.query('select from verwerking')).rowCount, 1)
})

// ---- export

/** What opentelemetry/proto/trace/v1/trace.proto and its JSON mapping allow of what we use. */
function checkSpan (t: Test, span: Record<string, unknown>): void {
  t.match(span, { traceId: /^(?!0{32})[0-9a-f]{32}$/, spanId: /^(?!0{16})[0-9a-f]{16}$/, name: /^.+$/, startTimeUnixNano: /^\d{19}$/, endTimeUnixNano: /^\d{19}$/, kind: 1, status: { code: 1 } })
  if (span['parentSpanId'] !== undefined) t.match(span['parentSpanId'], /^(?!0{16})[0-9a-f]{16}$/)
  t.strictSame(Object.keys(span).filter((key) => !['traceId', 'spanId', 'parentSpanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano', 'attributes', 'status'].includes(key)), [])
  for (const { key, value } of span['attributes'] as Array<{ key: string, value: object }>) {
    t.match(key, /^dpl\.core\.(processing_activity_id|data_subject_id|data_subject_id_type|foreign_operation\.processor)$/)
    t.strictSame(Object.keys(value), ['stringValue'])
  }
}

interface Bericht { readonly resourceSpans: ReadonlyArray<{ readonly resource: object, readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<Record<string, unknown> & { attributes: Array<{ key: string, value: { stringValue: string } }> }> }> }> }
const spansOf = (json: string) => (JSON.parse(json) as Bericht).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))

t.test('the export is OTLP/JSON with one logical record a betrokkene, in messages of bounded size', async (t) => {
  const service = await startService(t)
  await recordDagen(service)
  const ctx = ctxOf(service)
  const many = Array.from({ length: 2_500 }, (_, at) => `M-${at}`)
  await record(ctxOf(service, () => new Date('2026-03-12T22:59:59.999Z')), 1, many)
  await record(ctxOf(service, () => new Date('2026-03-12T23:00:00Z')), 1, ['L-1'])

  const read = async (van: string, tot: string): Promise<ReturnType<typeof spansOf>> => {
    const spans = []
    for await (const { json, spans: aantal } of exportSpans(ctx, SCHOOL, { van, tot })) {
      t.ok(aantal <= 1_000 && spansOf(json).length === aantal, 'a bounded message')
      spans.push(...spansOf(json))
    }
    return spans
  }
  const valueOf = ({ attributes }: ReturnType<typeof spansOf>[number], key: string): string | undefined => attributes.find((attribute) => attribute.key === key)?.value.stringValue
  const spans = await read('2026-03-09', '2026-03-11')
  for (const span of spans) checkSpan(t, span)
  t.equal(spans.length, 15 * 4, 'an action of three leerlingen is four spans')
  t.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length)
  const children = spans.filter((span) => valueOf(span, 'dpl.core.data_subject_id') !== undefined)
  t.equal(children.length, 15 * 3)
  for (const child of children) t.ok(spans.some(({ spanId, traceId }) => spanId === child['parentSpanId'] && traceId === child['traceId']), 'its action is there, in the same trace')
  t.equal(new Set(children.map((span) => valueOf(span, 'dpl.core.data_subject_id'))).size, 3)
  t.strictSame(new Set(spans.map((span) => valueOf(span, 'dpl.core.processing_activity_id'))), new Set(['urn:aanwezig:verwerkingsactiviteit:absenties:lezen']))
  t.equal(spans[0]!['startTimeUnixNano'], '1773050400000000000', 'an instant to the nanosecond')
  t.strictSame(await read('2026-03-09', '2026-03-11'), spans, 'the same again is the same spans')

  t.equal((await read('2026-03-12', '2026-03-12')).length, 2_501, 'a day ends at midnight in Amsterdam')
  const [alone, ...rest] = await read('2026-03-13', '2026-03-13')
  t.strictSame([valueOf(alone!, 'dpl.core.data_subject_id_type'), rest.length], ['pseudoniem', 0], 'an action of one leerling is one span')

  const folder = await mkdtemp(join(tmpdir(), 'aanwezig-logboek-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const { runLogboek } = await import('../../src/commands/logboek.ts')
  const { readConfig } = await import('../../src/config.ts')
  const { host, port, user, database } = service.database
  const config = readConfig({ DATA_DIR: service.dataDir, AUTH_DEVELOPMENT: '1', DATABASE_URL: `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host!)}&port=${port}`, LOG_LEVEL: 'silent' })
  const file = join(folder, 'maart.jsonl')
  t.equal(await runLogboek(config, ['export', '--school', SCHOOL, '--van', '2026-03-09', '--tot', '2026-03-13', '--naar', file]), 0)
  t.equal((await readFile(file, 'utf8')).trimEnd().split('\n').flatMap(spansOf).length, 60 + 2_501 + 1)
  t.equal(await runLogboek(config, ['controle', '--school', SCHOOL, '--zegel', `999:${'0'.repeat(64)}`]), 1)
  t.equal(await runLogboek(config, ['zegels', '--school', SCHOOL]), 0)
  t.equal(await runLogboek(config, ['controle', '--school', SCHOOL]), 0)
  for (const argv of [['export', '--school', SCHOOL], ['controle'], ['vernietig', '--school', SCHOOL], ['onbekend', '--school', SCHOOL], ['controle', '--school', SCHOOL, '--zegel', '3'], ['opruimen', '--school', SCHOOL, '--voor', '2026-01-01']]) {
    await t.rejects(runLogboek(config, argv), { message: /Gebruik|1095 dagen/ }, argv.join(' '))
  }
})

t.test('a collector gets every message once, is asked again when it is busy, and loses nothing silently', async (t) => {
  const service = await startService(t)
  const ctx = ctxOf(service)
  const answers: Array<[number, string]> = [[503, ''], [200, '{}'], [200, '{"partialSuccess":{"rejectedSpans":"2"}}'], [400, '']]
  const received: Array<{ traceparent: unknown, body: string }> = []
  const collector = createServer((request, response) => {
    let body = ''
    request.on('data', (part: Buffer) => { body += part.toString() }).on('end', () => {
      received.push({ traceparent: request.headers['traceparent'], body })
      const [status, text] = answers.shift()!
      response.writeHead(status, { 'retry-after': '0' }).end(text)
    })
  })
  await new Promise<void>((resolve) => { collector.listen(0, '127.0.0.1', resolve) })
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`
  await postSpans(ctx, url, '{"resourceSpans":[]}')
  t.strictSame(received.map(({ body }) => body), ['{"resourceSpans":[]}', '{"resourceSpans":[]}'])
  t.equal(received[0]!.traceparent, `00-${ctx.trace.traceId}-${ctx.trace.spanId}-01`, 'what we ask of others carries our trace')
  await t.rejects(postSpans(ctx, url, '{}'), { constructor: Collectorfout, message: /weigerde 2 spans/ })
  await t.rejects(postSpans(ctx, url, '{}'), { constructor: Collectorfout, message: /400/ })
  await new Promise((resolve) => collector.close(resolve))
  await t.rejects(postSpans(ctx, url, '{}'), { constructor: Collectorfout, message: /antwoordt niet/ })
})
