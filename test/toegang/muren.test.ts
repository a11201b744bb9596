import t, { type Test } from 'tap'
import { makeLog, type App } from '../../src/app.ts'
import { OWNERS } from '../../src/db/tables.ts'
import { runTransaction } from '../../src/db/transaction.ts'
import { buildServer } from '../../src/server.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { requireInzage } from '../../src/toegang/service.ts'
import { sealSchool, summarizeVerwerkingen } from '../../src/verwerkingen/service.ts'
import { exportSpans } from '../../src/verwerkingen/uitvoer.ts'
import { execute, operations, OPERATIES } from '../support/operaties.ts'
import { startService, type Service } from '../support/service.ts'
import { VERWERKT } from '../support/verwerkt.ts'
import { ANDER, askAls, askGraaf, NARROWED, ELDERS, findMerken, GRAAF, LEESOPERATIES, prepareWereld, ROLNAMEN, tokenOf, VAN_ANDER, VAN_EIGEN, VAN_ELDERS, type Wereld } from './wereld.ts'
import type { Rolnaam } from '../../src/toegang/rollen.ts'
import type { FastifyInstance } from 'fastify'

// Two walls: Scope in the services, row-level security in the database. Each is taken away in turn; what is left hides the same persons.

interface Plaats { readonly service: Service, readonly own: Wereld, readonly elders: Wereld }

async function prepare (t: Test): Promise<Plaats> {
  const service = await startService(t, { environment: { VERZOEKEN_PER_SECONDE: '100000' } })
  return { service, own: await prepareWereld(service, '99AA00', ANDER), elders: await prepareWereld(service, '99AB00', ELDERS) }
}

/** The services are told that whoever asks may do everything, everywhere; their transactions are bound as his token says. */
async function buildWithoutScope (t: Test, { app }: Service): Promise<FastifyInstance> {
  const forged: App = {
    ...app,
    log: makeLog('silent'),
    makeCtx: (actor, options) => {
      const { bron, persoon } = actor
      return { ...app.makeCtx(actor, options), actor: { bron, ...persoon === undefined ? {} : { persoon }, rechten: new Set(RECHTEN), scholen: '*' } }
    }
  }
  const server = await buildServer(forged)
  t.teardown(async () => { await server.close() })
  return server
}

/** Nor is there a table that a role of the database may not read. One by one: all at once would wait for the evaluation, and it for us. */
async function dropRowSecurity (service: Service): Promise<void> {
  for (const table of Object.keys(OWNERS)) await execute(service, `alter table ${table} disable row level security`)
  await execute(service, 'grant select on all tables in schema public to aanwezig_persoon')
}

/** Somebody, and what of others must be nowhere in what he is answered. */
interface Lezer { readonly naam: string, readonly rol: Rolnaam | undefined, readonly bearer: string, readonly verboden: readonly string[] }

async function listLezers ({ service, own, elders }: Plaats): Promise<Lezer[]> {
  const lezers: Lezer[] = [{ naam: 'toepassing van elders', rol: undefined, bearer: await service.token({ scholen: [elders.school] }), verboden: [...VAN_EIGEN, ...VAN_ANDER] }]
  for (const rol of ROLNAMEN) {
    lezers.push({ naam: `${rol} van elders`, rol, bearer: await tokenOf(service, rol, 'eigen', [elders.school]), verboden: [...VAN_EIGEN, ...VAN_ANDER] })
    if (!NARROWED.includes(rol)) continue
    lezers.push({ naam: `${rol} van een ander`, rol, bearer: await tokenOf(service, rol, 'ander', [own.school]), verboden: [...VAN_EIGEN, ...VAN_ELDERS] })
    lezers.push({ naam: rol, rol, bearer: await tokenOf(service, rol, 'eigen', [own.school]), verboden: [...VAN_ANDER, ...VAN_ELDERS] })
  }
  return lezers
}

/** Of persons, and every list; the beleid of a school names its redenen, of nobody. A proefberekening is a POST that reads. */
const LEZEN = [...LEESOPERATIES, ...operations.filter(({ operationId }) => operationId === 'startProefberekening')]
  .filter(({ operationId }) => VERWERKT[operationId]!.length > 0 || (operationId.startsWith('list') && operationId !== 'listBeleidsversies'))

/** A cursor of every list, into the middle of it, by who sees everything. */
async function listCursors ({ service, own }: Plaats): Promise<Array<{ operationId: string, url: string }>> {
  const cursors = []
  for (const { operationId, method } of LEESOPERATIES.filter(({ operationId }) => operationId.startsWith('list'))) {
    const { url } = OPERATIES[operationId]![1](own)
    const { volgende } = (await service.inject({ bearer: await service.token({ scholen: [own.school] }), method: method as 'GET', url: `/v1${url}&limit=1` })).json<{ volgende?: string | null }>()
    if (typeof volgende === 'string') cursors.push({ operationId, url: `/v1${url}&limit=100&cursor=${volgende}` })
  }
  return cursors
}

/** Everything of others in what these readers are answered: lists, single records, counts, histories, exports, the graph, and cursors of somebody else. */
async function * findLekken ({ own }: Plaats, server: FastifyInstance, lezers: readonly Lezer[], cursors: ReadonlyArray<{ operationId: string, url: string }>): AsyncGenerator<string> {
  for (const { naam, rol, bearer, verboden } of lezers) {
    const search = (waar: string, { statusCode, body }: { statusCode: number, body: string }): string[] => statusCode < 300 ? findMerken(body, verboden).map((merk) => `${naam}: ${waar} toont ${merk}`) : []
    for (const operation of LEZEN) yield * search(operation.operationId, await askAls(server, bearer, rol ?? 'mentor', operation, own))
    for (const veld of Object.keys(GRAAF)) yield * search(veld, await askGraaf(server, bearer, veld, own))
    for (const { operationId, url } of cursors) yield * search(`${operationId} met een cursor`, await server.inject({ url, headers: { authorization: `Bearer ${bearer}` } }))
  }
}

async function collect (lekken: AsyncIterable<string>): Promise<string[]> {
  const gevonden: string[] = []
  for await (const lek of lekken) gevonden.push(lek)
  return gevonden
}

/** What is counted of a school, by one who sees one of its leerlingen and one who sees none. */
async function countGezien ({ own }: Plaats, server: FastifyInstance, bearer: string): Promise<unknown[]> {
  const ask = async (url: string): Promise<{ leerlingen?: number, totalen?: Array<{ registraties: number }>, delen?: Array<{ rijen: unknown[] }> }> => (await server.inject({ url: `/v1${url}`, headers: { authorization: `Bearer ${bearer}` } })).json()
  const { leerlingen } = await ask(`/scholen/${own.school}/onbestelbaar?datum=2026-03-31`)
  const { totalen } = await ask(`/scholen/${own.school}/redendekking?van=2026-03-01&tot=2026-03-31`)
  const { delen } = await ask(`/leerlingen/test-lvs/L-1/inzage?school=${own.school}`)
  return [leerlingen ?? 0, totalen?.reduce((som, { registraties }) => som + registraties, 0) ?? 0, delen?.reduce((som, { rijen }) => som + rijen.length, 0) ?? 0]
}

/** The lines of the log of a school that one may export. */
async function countSpans (service: Service, server: 'wall' | 'forged', scholen: readonly string[], school: string): Promise<number> {
  const echt = service.app.makeCtx({ bron: 'test-lvs', rechten: new Set(RECHTEN), scholen })
  const ctx = server === 'wall' ? echt : { ...echt, actor: { ...echt.actor, scholen: '*' as const } }
  let spans = 0
  for await (const deel of exportSpans(ctx, school, { van: '2020-01-01', tot: '2099-12-31' })) spans += deel.spans
  return spans
}

/** What the log says of one leerling, asked by whoever may ask for all, in a transaction that is bound to another. */
async function countGelogd ({ service, own: { school } }: Plaats, van: string, gevraagd: string): Promise<number> {
  const ctx = service.app.makeCtx({ bron: 'test-lvs', rechten: new Set(RECHTEN), scholen: [school] })
  await sealSchool(ctx, school)
  const scope = requireInzage(ctx.actor, 'verwerkingen:lezen', school)
  const sleutel = (leerling: string): { school: string, bron: string, leerling: string } => ({ school, bron: 'test-lvs', leerling })
  return await runTransaction(service.app.pool, [school], async (tx) => (await summarizeVerwerkingen(ctx, tx, scope, [sleutel(gevraagd)])).length, [sleutel(van)])
}

t.test('without row-level security the Scope of the services hides other scholen and other leerlingen; without either, nothing does', async (t) => {
  const plaats = await prepare(t)
  const { service, own, elders } = plaats
  const [lezers, cursors] = [await listLezers(plaats), await listCursors(plaats)]
  t.ok(cursors.length >= 8, 'cursors of lists that go on')
  await dropRowSecurity(service)
  t.strictSame(await collect(findLekken(plaats, service.server, lezers, cursors)), [])
  t.ok((await service.inject({ bearer: lezers.find(({ naam }) => naam === 'mentor')!.bearer, url: `/v1/leerlingen?school=${own.school}` })).body.includes('"L-1"'), 'what is his he sees')
  await t.rejects(countSpans(service, 'wall', [elders.school], own.school), { code: 'niet-gevonden' })
  await t.test('an answer is replayed to nobody else', async (t) => { await checkHerhaling(t, plaats, service.server) })

  const forged = await buildWithoutScope(t, service)
  for (const lezer of lezers) t.notOk((await findLekken(plaats, forged, [lezer], cursors).next()).done, `${lezer.naam}: both walls gone is seen`)
  t.not(await countSpans(service, 'forged', [elders.school], own.school), 0)
  t.not(await countGelogd(plaats, ANDER.sleutel, 'L-1'), 0, 'the log of another leerling')
})

t.test('row-level security hides them when the services believe that whoever asks may see everything', async (t) => {
  const plaats = await prepare(t)
  const { service, own, elders } = plaats
  const [lezers, cursors] = [await listLezers(plaats), await listCursors(plaats)]
  const forged = await buildWithoutScope(t, service)
  t.strictSame(await collect(findLekken(plaats, forged, lezers, cursors)), [])
  for (const rol of ['mentor', 'zorgcoordinator', 'ouder', 'leerling'] as const) {
    const ask = async (wie: 'eigen' | 'ander'): Promise<string> => (await forged.inject({ url: `/v1/leerlingen?school=${own.school}`, headers: { authorization: `Bearer ${await tokenOf(service, rol, wie, [own.school])}` } })).body
    t.ok((await ask('eigen')).includes('"L-1"'), `${rol}: what is his he sees`)
    t.ok((await ask('ander')).includes(ANDER.sleutel), `${rol}: and another what is his`)
  }
  const alles = await countGezien(plaats, forged, await service.token({ scholen: [own.school] }))
  t.ok(alles.every((aantal) => Number(aantal) > 1), 'what there is to count')
  t.strictSame(await countGezien(plaats, forged, await service.token({ scholen: [elders.school] })), [0, 0, 0], 'counts of another school')
  for (const rol of NARROWED) t.ok((await countGezien(plaats, forged, await tokenOf(service, rol, 'ander', [own.school]))).every((aantal, at) => Number(aantal) < Number(alles[at]) && (at < 2 || aantal === 0)), `${rol}: counts of the own leerling at most`)
  t.equal(await countSpans(service, 'forged', [elders.school], own.school), 0, 'the log of another school')
  t.not(await countSpans(service, 'forged', [own.school], own.school), 0)
  t.equal(await countGelogd(plaats, ANDER.sleutel, 'L-1'), 0, 'the log of another leerling')
  t.not(await countGelogd(plaats, 'L-1', 'L-1'), 0)
  const logregels = await runTransaction(service.app.pool, [own.school], async (tx) => (await tx.execute('select school from verwerking union all select school from verwerking_betrokkene')).rows.length, [{ school: own.school, bron: 'test-lvs', leerling: 'L-1' }])
  t.equal(logregels, 0, 'nothing of the log before it is opened')
  await t.test('an answer is replayed to nobody else', async (t) => { await checkHerhaling(t, plaats, service.server) })
})

/** The same request under the same Idempotency-Key, by somebody else, by the same person for another purpose, and once he sees nothing more. */
async function checkHerhaling (t: Test, { service, own }: Plaats, server: FastifyInstance): Promise<void> {
  const payload = { school: own.school, persoon: 'geheim', van: '2026-02-01' }
  const give = async (bearer: string, headers: Record<string, string> = {}) => await server.inject({ method: 'POST', url: '/v1/leerlingen/test-lvs/L-18/toestemmingen', headers: { authorization: `Bearer ${bearer}`, 'idempotency-key': 'h-1', ...headers }, payload })
  const leerling = await tokenOf(service, 'leerling', 'eigen', [own.school])
  const first = await give(leerling)
  t.equal(first.statusCode, 201)
  const again = await give(leerling)
  t.equal(again.headers['idempotent-replayed'], 'true')
  t.equal(again.body, first.body)

  const ander = await give(await tokenOf(service, 'leerling', 'ander', [own.school]))
  t.equal(ander.statusCode, 404)
  t.notOk(ander.headers['idempotent-replayed'], 'somebody else')

  const schoolleider = await tokenOf(service, 'schoolleider', 'eigen', [own.school])
  const door = await give(schoolleider)
  t.equal(door.statusCode, 201)
  t.notOk(door.headers['idempotent-replayed'], 'the same person in another role')
  t.notOk((await give(schoolleider, { doelbinding: 'begeleiding' })).headers['idempotent-replayed'], 'for another purpose')

  t.equal((await give(leerling)).statusCode, 201)
  const { rowCount } = await execute(service, `update betrekking set tot = '2026-01-01' where school = '${own.school}' and persoon = 'eigen' and soort = 'leerling' and leerling = 'L-18'`)
  t.equal(rowCount, 1)
  t.equal((await give(leerling)).statusCode, 404, 'who sees him no more')
  await execute(service, `update betrekking set tot = null where school = '${own.school}' and persoon = 'eigen' and soort = 'leerling' and leerling = 'L-18'`)
}
