import { readFileSync } from 'node:fs'
import { buildSchema } from 'graphql'
import t, { type Test } from 'tap'
import { insertAanlevering } from '../src/aanleveringen/store.ts'
import { findAbsentie, insertWachtende, listAbsenties } from '../src/absenties/store.ts'
import { runTransaction } from '../src/db/transaction.ts'
import { OWNERS } from '../src/db/tables.ts'
import { findLeerling, listLeerlingen } from '../src/leerlingen/store.ts'
import { listSignalen } from '../src/signalen/store.ts'
import { RECHTEN } from '../src/toegang/rechten.ts'
import { insertVerwerking } from '../src/verwerkingen/store.ts'
import { ask, execute, operations, OPERATIES, prepareSchool, type School } from './support/operaties.ts'
import { buildAbsentie } from './support/school.ts'
import { startService, type Service } from './support/service.ts'
import { VERWERKT, VERWERKT_WORTELS } from './support/verwerkt.ts'
import type { Schoolscope } from '../src/toegang/service.ts'

const absentie = (vestiging: string, bronId: string) => buildAbsentie(bronId, '2026-03-12', { school: vestiging.slice(0, 4), vestiging })

/** Lists that may be asked without a school: then they show what is the caller's own. */
const ZONDER_SCHOOL = ['/vestigingen', '/signalen', '/meldingen', '/leveringen']

/** Every operation on a school that is not in the token, though it may do everything. */
async function checkForeign (t: Test, service: Service, foreign: School): Promise<void> {
  const bearer = await service.token({ scholen: ['99AA'] })
  for (const { operationId, method, statuses } of operations) {
    const [buiten, build] = OPERATIES[operationId]!
    if (buiten === null) continue
    const { statusCode, body } = await ask(service, method, build(foreign), bearer)
    if (buiten === 'niet-gevonden') {
      t.equal(statusCode, 404, `${operationId}: a foreign school is not there`)
      t.equal(JSON.parse(body).code, 'niet-gevonden', operationId)
      t.ok(statuses.includes('404'), operationId)
    } else {
      const { aantallen, resultaten } = JSON.parse(body) as { aantallen: { afgewezen: number }, resultaten: Array<{ problemen: Array<{ code: string }> }> }
      t.equal(aantallen.afgewezen, 1, `${operationId}: a record of a foreign school is refused`)
      t.equal(resultaten[0]!.problemen[0]!.code, 'school-onbekend', operationId)
    }
  }
  const nobody = await service.token({ scholen: ['99AC'] })
  for (const url of ZONDER_SCHOOL) {
    const { statusCode, body } = await ask(service, 'GET', { url }, nobody)
    t.equal(statusCode, 200)
    t.same(Object.values(JSON.parse(body) as object)[0], [], `${url} shows a caller without data nothing`)
  }
}

/** The activities recorded in the trace of this answer. */
async function listVerwerkt (service: Service, { headers }: Awaited<ReturnType<Service['inject']>>): Promise<string[]> {
  const { rows } = await execute(service, `select distinct activiteit from verwerking where trace_id = '${String(headers['traceparent']).slice(3, 35)}' order by activiteit`)
  return rows.map(({ activiteit }) => activiteit as string)
}

t.test('the matrix of rights: every operation, with and without its right, on its own and a foreign school', async (t) => {
  const service = await startService(t, { environment: { ADRES_PER_SECONDE: '100000' } })
  const own = await prepareSchool(service, '99AA00')
  const foreign = await prepareSchool(service, '99AB00')
  t.strictSame(operations.map(({ operationId }) => operationId).sort(), Object.keys(OPERATIES).sort(), 'every operation with a right has its row')

  for (const { operationId, method, recht } of operations) {
    const verzoek = OPERATIES[operationId]![1](own)
    const stranger = await ask(service, method, verzoek, null)
    t.equal(stranger.statusCode, 401, `${operationId}: not without a token`)
    t.match(stranger.headers, { 'content-type': /^application\/problem\+json/, 'www-authenticate': /^Bearer/ }, operationId)

    const others = await ask(service, method, verzoek, await service.token({ scopes: RECHTEN.filter((other) => other !== recht) }))
    t.equal(others.statusCode, 403, `${operationId}: not with every other right`)
    t.equal(others.json<{ code: string }>().code, 'geen-toegang', operationId)
  }

  await t.test('a foreign school does not exist', async (t) => { await checkForeign(t, service, foreign) })
  // The second wall away: what the first holds alone.
  // One by one: all at once would hold the locks of some while it waits for another's, which the evaluation does too.
  for (const table of Object.keys(OWNERS)) await execute(service, `alter table ${table} disable row level security`)
  await t.test('nor without row-level security', async (t) => { await checkForeign(t, service, foreign) })

  for (const { operationId, method, recht, statuses } of operations) {
    const answer = await ask(service, method, OPERATIES[operationId]![1](own), await service.token({ scopes: [recht] }))
    const { statusCode, body } = answer
    t.strictSame(await listVerwerkt(service, answer), VERWERKT[operationId], `${operationId}: what it records of persons`)
    t.ok(statusCode < 300, `${operationId}: ${recht} alone is enough ${statusCode < 300 ? '' : body}`)
    t.ok(statuses.includes(String(statusCode)), `${operationId}: ${statusCode} is in the contract`)
  }
})

/** The roots of the graph, each as a query that finds something of the school. */
const WORTELS: Record<string, (own: School) => string> = {
  school: ({ school }) => `school(brin: "${school}") { brin }`,
  vestiging: ({ vestiging }) => `vestiging(code: "${vestiging}") { code }`,
  leerling: ({ school }) => `leerling(bron: "test-lvs", bronId: "L-1", school: "${school}") { bronId }`,
  node: ({ signaal }) => `node(id: "${signaal}") { id }`
}

t.test('every root of the graph asks the same rights and knows the same scholen', async (t) => {
  const service = await startService(t)
  const own = await prepareSchool(service, '99AA00')
  const foreign = await prepareSchool(service, '99AB00')
  const roots = buildSchema(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')).getQueryType()!.getFields()
  t.strictSame(Object.keys(roots).sort(), Object.keys(WORTELS).sort(), 'every root has its row')

  for (const [name, build] of Object.entries(WORTELS)) {
    const query = async (school: School, bearer: string | null) => await service.inject({ method: 'POST', url: '/graphql', bearer, payload: { query: `{ ${build(school)} }` } })
    t.equal((await query(own, null)).statusCode, 401, `${name}: not without a token`)
    const found = await query(own, await service.token())
    t.match(found.json(), { data: { [name]: Object }, errors: undefined }, `${name}: the own school`)
    t.strictSame(await listVerwerkt(service, found), VERWERKT_WORTELS[name], `${name}: what it records of persons`)
    for (const [bearer, school, code] of [[await service.token({ scopes: [] }), own, 'geen-toegang'], [await service.token(), foreign, 'niet-gevonden']] as const) {
      t.match((await query(school, bearer)).json(), { data: { [name]: null }, errors: [{ extensions: { code } }] }, `${name}: ${code}`)
    }
  }
})

t.test('a client writes only as the bron it is', async (t) => {
  const service = await startService(t)
  const { vestiging, school } = await prepareSchool(service, '99AA00')
  const bearer = await service.token({ bron: 'ander-lvs' })
  for (const [method, verzoek] of [['PUT', { url: '/absenties/test-lvs/a-1', payload: { ...absentie(vestiging, 'a-1'), bronId: undefined } }], ['DELETE', { url: `/absenties/test-lvs/a-1?school=${school}` }]] as const) {
    t.equal((await ask(service, method, verzoek, bearer)).statusCode, 403, method)
  }
  const { body } = await ask(service, 'POST', { url: '/absenties/_bulk', payload: { absenties: [absentie(vestiging, 'a-1')] } }, bearer)
  t.equal(JSON.parse(body).resultaten[0].resultaat, 'inWacht', 'the same key of another bron is another absentie')
  t.equal((await ask(service, 'GET', { url: `/absenties/test-lvs/a-1?school=${school}` }, bearer)).json<{ datum: string }>().datum, '2026-03-10')
})

t.test('row-level security holds when the first wall is gone', async (t) => {
  const service = await startService(t)
  const { signaal } = await prepareSchool(service, '99AA00')
  const forged = { bron: 'test-lvs', scholen: ['99AA'], leerlingen: '*', school: '99AA' } as unknown as Schoolscope
  const wachtend = [{ bronId: 'x', leerling: 'L-9', gewijzigdOp: '2026-03-09T09:00:00Z', inhoud: {} }]
  const verwerking = { school: '99AA', activiteit: 'x', actor: 'x', toepassing: 'x', rol: null, doelbinding: null, traceId: '0', spanId: '0', ouderSpan: null, sleutel: 1, betrokkenen: Buffer.alloc(16), tijdstip: '2026-03-09T09:00:00Z' }
  const key = '00000000-0000-4000-8000-000000000000'

  const read = async (scholen: readonly string[] | '*') => await runTransaction(service.app.pool, scholen, async (tx) => [
    await findLeerling(tx, forged, 'test-lvs', 'L-1') !== undefined,
    (await listLeerlingen(tx, forged, { limit: 10 })).length > 0,
    await findAbsentie(tx, forged, 'test-lvs', 'a-1') !== undefined,
    (await listAbsenties(tx, forged, { limit: 10 })).length > 0,
    (await listSignalen(tx, forged, '2026-03-31', { limit: 10 })).some(({ id }) => id === signaal)
  ])
  t.strictSame(await read(['99AB']), [false, false, false, false, false], 'the scholen of the transaction decide, not the Scope')
  t.strictSame(await read([]), [false, false, false, false, false], 'nothing without scholen')
  t.strictSame(await read(['99AB', '99AA']), [true, true, true, true, true])
  t.strictSame(await read('*'), [true, true, true, true, true])

  const write = async (scholen: readonly string[], work: Parameters<typeof runTransaction>[2]): Promise<unknown> => await runTransaction(service.app.pool, scholen, work).then(() => 'written', (error: { code?: string, cause?: { code?: string } }) => error.cause?.code ?? error.code)
  t.equal(await write(['99AB'], async (tx) => { await insertWachtende(tx, forged, key, wachtend) }), '42501')
  t.equal(await write(['99AB'], async (tx) => { await insertVerwerking(tx, verwerking) }), '42501')
  t.equal(await write(['99AA'], async (tx) => { await insertWachtende(tx, forged, key, wachtend) }), 'written')
  t.equal(await write(['99AB'], async (tx) => { await insertAanlevering(tx, { school: '99AA', aanlevering: key, deel: 0, bron: 'x', actor: 'x', soort: 'x', aantallen: {}, afgewezen: [], bijzonderheden: {}, duurMs: 0 }) }), 'written', 'a table without persons has no second wall')
})

t.test('every table that knows a person has its policy, and the service owns none', async (t) => {
  const ZONDER_PERSONEN = ['mandaat', 'peiling', 'aanwezigheidsverklaring', 'bronafspraak', 'idempotentie', 'aanlevering', 'aggregaat_markering', 'beleidsversie', 'jobrun', 'kalender', 'levering', 'leveringsplan', 'leveringsronde', 'vestiging_versie', 'migratie', 'school', 'statistiek', 'vestiging', 'bewaarstand']
  const service = await startService(t)
  const { rows } = await execute(service, `
    select relname, relrowsecurity, pg_get_userbyid(relowner) as owner, has_table_privilege('aanwezig_dienst', c.oid, 'truncate, references, trigger') as more,
           array(select distinct pg_get_userbyid(r) || ' ' || polcmd::text from pg_policy p cross join unnest(polroles) r where p.polrelid = c.oid) as policies
      from pg_class c
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`)
  for (const { relname, relrowsecurity, owner, more, policies } of rows) {
    t.not(owner, 'aanwezig_dienst', `${relname}: an owner would pass the policy by`)
    t.equal(more, false, `${relname}: rows, and nothing more`)
    if (!ZONDER_PERSONEN.includes(relname)) t.ok(relrowsecurity && policies.filter((policy: string) => policy === 'aanwezig_dienst *').length === 1 && policies.every((policy: string) => /^aanwezig_(dienst|persoon) \*$/.test(policy)), `${relname} has row-level security for every command`)
  }
  t.strictSame((await execute(service, "select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname = 'aanwezig_dienst'")).rows, [{ rolsuper: false, rolbypassrls: false, rolcanlogin: false, rolcreaterole: false }])
  t.strictSame((await execute(service, "select has_table_privilege('aanwezig_dienst', 'verwerking', 'update, delete') as changes, has_table_privilege('aanwezig_dienst', 'migratie', 'select, insert, update, delete') as migrates")).rows, [{ changes: false, migrates: false }], 'what was processed stays recorded')
})
