import { gzipSync } from 'node:zlib'
import pg from 'pg'
import t, { type Test } from 'tap'
import { deleteVerlopen } from '../src/http/idempotentie.ts'
import { RECHTEN } from '../src/toegang/rechten.ts'
import { systemActor } from '../src/toegang/service.ts'
import { buildAbsentie, createSchool } from './support/school.ts'
import { startService, type Service } from './support/service.ts'

type Verzoek = Parameters<Service['inject']>[0]
type Antwoord = Awaited<ReturnType<Service['inject']>>

const absentie = (bronId: string): Record<string, unknown> => buildAbsentie(bronId, '2026-03-09', { minuten: 1 })
const push = (...bronIds: string[]): Verzoek => ({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: bronIds.map(absentie) } })
const put = (bronId: string, anders: object = {}): Verzoek => ({ method: 'PUT', url: `/v1/absenties/test-lvs/${bronId}`, payload: { ...absentie(bronId), bronId: undefined, ...anders } })
const aantallenOf = ({ body }: Antwoord): Record<string, number> => (JSON.parse(body) as { aantallen: Record<string, number> }).aantallen
const codeOf = ({ body }: Antwoord): string => (JSON.parse(body) as { code: string }).code

interface Proef extends Service {
  readonly keyed: (sleutel: string, verzoek: Verzoek) => Promise<Antwoord>
  readonly owner: pg.Client
  readonly clock: { at: number }
}

async function start (t: Test): Promise<Proef> {
  const clock = { at: Date.parse('2026-03-20T12:00:00Z') }
  const service = await startService(t, { now: () => new Date(clock.at) })
  // Tokens that last as long as the clock is moved here.
  const bearer = await service.token({ seconds: 10_000_000_000 })
  const inject: Service['inject'] = async (verzoek) => await service.inject({ bearer, ...verzoek })
  await createSchool({ ...service, inject })
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  t.teardown(async () => { await owner.end() })
  return { ...service, inject, owner, clock, keyed: async (sleutel, { headers, ...verzoek }) => await inject({ ...verzoek, headers: { ...headers, 'idempotency-key': sleutel } }) }
}

/** The same answer, given again. */
function expectReplay (t: Test, first: Antwoord, second: Antwoord, name: string): void {
  t.equal(second.headers['idempotent-replayed'], 'true', `${name}: says so`)
  t.equal(first.headers['idempotent-replayed'], undefined)
  t.equal(second.statusCode, first.statusCode, `${name}: status`)
  t.equal(second.body, first.body, `${name}: body`)
  for (const header of ['content-type', 'etag', 'location', 'link', 'api-version']) t.equal(second.headers[header], first.headers[header], `${name}: ${header}`)
}

t.test('the same key with the same request gives the same answer again, and nothing happens', async (t) => {
  const { keyed, inject, owner, evaluate } = await start(t)
  const count = async (): Promise<string> => (await owner.query<{ n: string }>('select (select count(*) from absentie) + (select count(*) from absentie_versie) + (select count(*) from aanlevering) + (select count(*) from verwerking) as n')).rows[0]!.n

  const first = await keyed('sleutel-1', push('a-1', 'a-2'))
  t.match(aantallenOf(first), { nieuw: 2 })
  await evaluate()
  const facts = await count()
  expectReplay(t, first, await keyed('sleutel-1', push('a-1', 'a-2')), 'a push')
  expectReplay(t, first, await keyed('sleutel-1', { ...push(), payload: gzipSync(JSON.stringify(push('a-1', 'a-2').payload)), headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }), 'the same, zipped')
  t.equal(await count(), facts, 'nothing was written')

  const one = await keyed('sleutel-2', put('a-3'))
  t.equal(one.statusCode, 201)
  expectReplay(t, one, await keyed('sleutel-2', put('a-3')), 'a PUT')
  t.equal((await inject(put('a-3'))).statusCode, 200, 'which without its key is no longer new')
  const gone: Verzoek = { method: 'DELETE', url: '/v1/absenties/test-lvs/a-3?school=99AA&gewijzigdOp=2026-03-10T00:00:00Z' }
  const withdrawn = await keyed('sleutel-3', gone)
  t.equal(withdrawn.statusCode, 204)
  expectReplay(t, withdrawn, await keyed('sleutel-3', gone), 'a DELETE')
  const concept: Verzoek = { method: 'POST', url: '/v1/scholen/99AA/beleidsversies', payload: { geldigVan: '2026-08-01' } }
  const created = await keyed('"sleutel-4"', concept)
  t.equal(created.statusCode, 201)
  expectReplay(t, created, await keyed('"sleutel-4"', concept), 'a POST that makes something')
  const adopt: Verzoek = { method: 'POST', url: '/v1/scholen/99AA/beleidsversies/1/vaststelling' }
  expectReplay(t, await keyed('sleutel-5', adopt), await keyed('sleutel-5', adopt), 'a POST without a body')
  const trial = { ...push('a-9'), url: '/v1/absenties/_bulk?proef=true' }
  expectReplay(t, await keyed('sleutel-6', trial), await keyed('sleutel-6', trial), 'a trial run')

  const wrong = put('a-8', { vestiging: '99AB00' })
  const refused = await keyed('sleutel-7', wrong)
  t.equal(refused.statusCode, 400)
  expectReplay(t, refused, await keyed('sleutel-7', wrong), 'a refusal')
  t.equal((await inject({ url: '/v1/regels', headers: { 'idempotency-key': 'wat een lezer stuurt' } })).statusCode, 200, 'reading takes no key')
})

t.test('a key belongs to one request of one bron, with the rights it had', async (t) => {
  const { keyed, token } = await start(t)
  const first = await keyed('sleutel-1', push('a-1'))
  for (const [name, verzoek] of [
    ['another body', push('a-2')],
    ['another address', { ...push('a-1'), url: '/v1/absenties/_bulk?proef=true' }],
    ['another method', put('a-1')],
    ['a space more', { ...push(), payload: JSON.stringify(push('a-1').payload).replace(':', ': '), headers: { 'content-type': 'application/json' } }],
    ['another If-Match', { ...push('a-1'), headers: { 'if-match': '"x"' } }]
  ] as const) {
    const refused = await keyed('sleutel-1', verzoek)
    t.equal(refused.statusCode, 422, name)
    t.equal(codeOf(refused), 'sleutel-hergebruikt')
  }
  const seconds = 10_000_000_000
  const other = await keyed('sleutel-1', { ...push('a-1'), bearer: await token({ bron: 'ander-lvs', seconds }) })
  t.equal(other.statusCode, 200)
  t.equal(other.headers['idempotent-replayed'], undefined, 'the same key of another bron is another key')
  const narrower = await keyed('sleutel-1', { ...push('a-1'), bearer: await token({ scholen: ['99AB'], seconds }) })
  t.match(aantallenOf(narrower), { afgewezen: 1 }, 'who may not see the school any more does not get the answer about it')
  const reader = await token({ scopes: RECHTEN.filter((recht) => recht !== 'absenties:schrijven'), seconds })
  const forbidden = await keyed('sleutel-1', { ...push('a-1'), bearer: reader })
  t.equal(forbidden.statusCode, 403)
  expectReplay(t, forbidden, await keyed('sleutel-1', { ...push('a-1'), bearer: reader }), 'its refusal')
  const renewed = await keyed('sleutel-1', { ...push('a-1'), bearer: await token({ seconds }) })
  t.match(aantallenOf(renewed), { ongewijzigd: 1 })
  t.not(renewed.body, first.body)
})

t.test('of twenty at once exactly one runs', async (t) => {
  const { keyed, inject } = await start(t)
  for (let turn = 0; turn < 5; turn++) {
    const answers = await Promise.all(Array.from({ length: 20 }, async () => await keyed(`samen-${turn}`, push(`t-${turn}`))))
    const ran = answers.filter(({ statusCode, headers }) => statusCode === 200 && headers['idempotent-replayed'] === undefined)
    t.equal(ran.length, 1)
    t.match(aantallenOf(ran[0]!), { nieuw: 1 })
    for (const answer of answers) {
      if (answer === ran[0] || answer.headers['idempotent-replayed'] !== undefined) t.equal(answer.body, ran[0]!.body)
      else {
        t.equal(codeOf(answer), 'bezig')
        t.match(answer.headers['retry-after'], /^\d+$/)
      }
    }
    t.equal((await keyed(`samen-${turn}`, push(`t-${turn}`))).body, ran[0]!.body)
  }
  const { versies } = (await inject({ url: '/v1/absenties/test-lvs/t-0/geschiedenis?school=99AA' })).json<{ versies: unknown[] }>()
  t.equal(versies.length, 1)
})

t.test('what says "try again" is not kept; what a process left when it died is taken over in time', async (t) => {
  const { keyed, owner, clock } = await start(t)
  await owner.query('alter table absentie rename to weg')
  t.equal((await keyed('sleutel-1', push('a-1'))).statusCode, 500)
  await owner.query('alter table weg rename to absentie')
  t.match(aantallenOf(await keyed('sleutel-1', push('a-1'))), { nieuw: 1 }, 'the same key after a failure of ours')

  await keyed('sleutel-2', push('a-2'))
  await owner.query("update idempotentie set status = null, koppen = null, antwoord = null, bezig_tot = $1 where sleutel = 'sleutel-2'", [new Date(clock.at + 120_000)])
  t.equal(codeOf(await keyed('sleutel-2', push('a-2'))), 'bezig')
  t.equal(codeOf(await keyed('sleutel-2', push('a-3'))), 'sleutel-hergebruikt')
  clock.at += 120_000
  const again = await keyed('sleutel-2', push('a-2'))
  t.match(aantallenOf(again), { ongewijzigd: 1 }, 'it runs again, and every record has its own key')
  expectReplay(t, again, await keyed('sleutel-2', push('a-2')), 'and is kept')

  await owner.query('alter table idempotentie add constraint kapot check (antwoord is null) not valid')
  t.match(aantallenOf(await keyed('sleutel-3', push('a-3'))), { nieuw: 1 }, 'an answer that cannot be kept is given all the same')
  await owner.query('alter table idempotentie drop constraint kapot')
  t.equal(codeOf(await keyed('sleutel-3', push('a-3'))), 'bezig')
  clock.at += 120_000
  t.match(aantallenOf(await keyed('sleutel-3', push('a-3'))), { ongewijzigd: 1 })

  await owner.query('alter table idempotentie rename to weg')
  t.equal((await keyed('sleutel-4', push('a-4'))).statusCode, 500, 'without its table nothing runs under a key')
  t.equal((await keyed('sleutel-4', { url: '/v1/absenties/test-lvs/a-4?school=99AA' })).statusCode, 404)
  await owner.query('alter table weg rename to idempotentie')
})

t.test('an answer is kept for a day', async (t) => {
  const { keyed, owner, clock, app } = await start(t)
  const first = await keyed('sleutel-1', push('a-1'))
  clock.at += 24 * 3_600_000 - 1_000
  expectReplay(t, first, await keyed('sleutel-1', push('a-1')), 'almost a day later')
  await keyed('sleutel-2', push('a-2'))
  clock.at += 1_000
  const night = app.makeCtx(systemActor('nacht', '*'))
  t.equal(await deleteVerlopen(night), 1)
  t.equal(await deleteVerlopen(night), 0)
  t.equal((await owner.query('select from idempotentie')).rowCount, 1)
  clock.at += 24 * 3_600_000
  t.equal((await keyed('sleutel-2', push('a-9'))).statusCode, 200, 'what expired is not read either, also for another request')
})

t.test('a key that is none, or with NDJSON, is refused before the body is read', async (t) => {
  const { keyed, inject, owner } = await start(t)
  for (const sleutel of ['', ' ', 'a b', 'é', 'x'.repeat(256), 'a\tb', 'a, b']) {
    const refused = await keyed(sleutel, push('a-1'))
    t.equal(refused.statusCode, 400, JSON.stringify(sleutel))
    t.match(refused.json(), { code: 'invoer-ongeldig', errors: [{ pointer: '#headers/idempotency-key' }] })
  }
  for (const sleutel of ['!', '~'.repeat(255), '8e03978e-40d5-43dd-bc93-6894a57f9324', '"8e03978e"']) t.equal((await keyed(sleutel, push('a-1'))).statusCode, 200, sleutel)
  const stream = await keyed('sleutel-1', { method: 'POST', url: '/v1/absenties/_bulk', payload: '{}\n', headers: { 'content-type': 'application/x-ndjson' } })
  t.equal(stream.statusCode, 400)
  t.match(stream.json(), { errors: [{ detail: /NDJSON/ }] })
  t.equal((await keyed('sleutel-1', { method: 'POST', url: '/v1/signalen', payload: {} })).statusCode, 405)
  t.equal((await keyed('sleutel-1', { ...push('a-1'), bearer: null })).statusCode, 401)
  t.equal((await keyed('sleutel-1', { ...push(), payload: '{', headers: { 'content-type': 'application/json' } })).statusCode, 400)
  const { rows } = await owner.query("select from idempotentie where sleutel = 'sleutel-1'")
  t.equal(rows.length, 0, 'none of these took the key')
  t.equal((await inject(push('a-1'))).headers['idempotent-replayed'], undefined)
})
