import { once } from 'node:events'
import { request as httpRequest, type ClientRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import pg from 'pg'
import t, { type Test } from 'tap'
import { readJson } from '../../src/http/json.ts'
import { startDienst } from '../bench/dienst.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service, type Serviceopties } from '../support/service.ts'

interface Antwoord { readonly status: number, readonly headers: IncomingMessage['headers'], readonly text: string }
interface Problem { readonly code: string, readonly detail: string, readonly errors?: ReadonlyArray<{ code: string, pointer: string }> }
interface Regel { readonly index?: number, readonly bronId?: string, readonly resultaat?: string, readonly problemen?: ReadonlyArray<{ code: string, pointer: string }>, readonly aantallen?: Record<string, number>, readonly fout?: Problem }
interface Live extends Service {
  readonly port: number
  readonly open: (path: string, options?: { method?: string, bron?: string, bearer?: string | null, headers?: OutgoingHttpHeaders }) => Promise<ClientRequest>
  readonly ask: (path: string, options?: { method?: string, bron?: string, bearer?: string | null, headers?: OutgoingHttpHeaders, body?: string | Buffer }) => Promise<Antwoord>
}

const NDJSON = { 'content-type': 'application/x-ndjson' }
const JSON_TYPE = { 'content-type': 'application/json' }
const BULK = '/v1/absenties/_bulk'

/** The service on a port of loopback, asked as `test-lvs` unless another bron or token is given. */
async function listen (t: Test, environment: Record<string, string> = {}, options: Serviceopties = {}): Promise<Live> {
  const service = await startService(t, { ...options, environment: { ADRES_PER_SECONDE: '10000', ...environment } })
  const origin = await service.server.listen({ host: '127.0.0.1', port: 0 })
  const port = Number(new URL(origin).port)
  const tokens = new Map<string, string>()
  const open: Live['open'] = async (path, { method = 'POST', bron = 'test-lvs', bearer, headers = {} } = {}) => {
    if (!tokens.has(bron)) tokens.set(bron, await service.token({ bron }))
    const authorization = bearer === null ? {} : { authorization: `Bearer ${bearer ?? tokens.get(bron)!}` }
    const request = httpRequest({ host: '127.0.0.1', port, path, method, agent: false, headers: { ...authorization, ...headers } })
    request.on('error', () => {}) // seen by who waits for the answer
    return request
  }
  return {
    ...service,
    port,
    open,
    ask: async (path, { body, ...options } = {}) => {
      const request = await open(path, { method: body === undefined ? 'GET' : 'POST', ...options })
      request.end(body)
      return await answerOf(request)
    }
  }
}

async function answerOf (request: ClientRequest): Promise<Antwoord> {
  const [response] = await once(request, 'response') as [IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode!, headers: response.headers, text }
}

const problemOf = ({ text }: Antwoord): Problem => JSON.parse(text) as Problem
const linesOf = ({ text }: Antwoord): Regel[] => text.trimEnd().split('\n').map((line) => JSON.parse(line) as Regel)

function expectProblem (t: Test, antwoord: Antwoord, status: number, code: string, name: string): void {
  t.equal(antwoord.status, status, `${name}: status`)
  t.equal(antwoord.headers['content-type'], 'application/problem+json', `${name}: type`)
  t.equal(antwoord.headers['api-version'], '1.0.0', `${name}: version`)
  t.equal(problemOf(antwoord).code, code, `${name}: ${problemOf(antwoord).detail}`)
}

/** Waits until it is so; fails after five seconds. */
async function until (t: Test, name: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 250; turn++) {
    if (await holds()) {
      t.pass(name)
      return
    }
    await delay(20)
  }
  t.fail(name)
}

const line = (bronId: string, datum = '2026-03-09'): string => JSON.stringify(buildAbsentie(bronId, datum, { minuten: 1 })) + '\n'
const bulk = (...absenties: object[]): string => JSON.stringify({ absenties })

/** A push that has begun and does not end by itself. */
async function openStream (live: Live, bron = 'test-lvs'): Promise<ClientRequest> {
  const request = await live.open(BULK, { bron, headers: NDJSON })
  request.write(line(`s-${Math.random()}`))
  return request
}

async function openAs (t: Test, live: Live): Promise<pg.Client> {
  const owner = new pg.Client({ ...live.database, ssl: false })
  await owner.connect()
  t.teardown(async () => { await owner.end() })
  return owner
}

t.test('who asks too often is told when to come back, and nobody else notices', async (t) => {
  const live = await listen(t, { VERZOEKEN_PER_SECONDE: '20' })
  const { ask } = live
  const burst = await Promise.all(Array.from({ length: 30 }, async () => await ask('/v1/regels')))
  const refused = burst.filter(({ status }) => status === 429)
  t.equal(refused.length, 10)
  t.ok(burst.every(({ status, headers }) => (status === 200 || status === 429) && headers['ratelimit-policy'] === '"bron";q=20;w=1' && /^"bron";r=\d+;t=1$/.test(String(headers.ratelimit))))
  expectProblem(t, refused[0]!, 429, 'te-veel-verzoeken', 'too often')
  t.equal(refused[0]!.headers['retry-after'], '1')

  t.equal((await ask('/v1/regels', { bron: 'ander-lvs' })).status, 200, 'another bron')
  for (const path of ['/livez', '/readyz', '/metrics', '/v1/openapi.json']) t.equal((await ask(path, { bearer: null })).status, 200, path)
  t.match((await ask('/metrics')).text, /^aanwezig_geweigerd_totaal\{reden="tempo"\} \d+$/m)
  await delay(1_050)
  t.equal((await ask('/v1/regels')).status, 200, 'a second later')
})

t.test('guessing tokens, and asking without one, is limited per address; a client with a good token goes on', async (t) => {
  const live = await listen(t, { ADRES_PER_SECONDE: '10', VERTROUWDE_PROXYS: '127.0.0.0/8' })
  const { ask } = live
  t.equal((await ask('/v1/regels')).status, 200)
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const forged = (await live.token()).slice(0, -6) + 'AAAAAA'
  const guesses = await Promise.all(Array.from({ length: 25 }, async () => await ask('/v1/regels', { bearer: forged, headers: from('203.0.113.7') })))
  t.same([401, 429].map((status) => guesses.filter((guess) => guess.status === status).length), [10, 15])
  expectProblem(t, guesses.find(({ status }) => status === 429)!, 429, 'te-veel-verzoeken', 'guessing')
  const fresh = await live.token({ bron: 'nieuw-lvs' })
  t.equal((await ask('/v1/regels', { bearer: fresh, headers: from('203.0.113.7') })).status, 429, 'no other token is tried from there now')
  t.equal((await ask('/v1/regels', { headers: from('203.0.113.7') })).status, 200, 'one that is known is')
  t.equal((await ask('/v1/regels', { bearer: fresh, headers: from('203.0.113.8') })).status, 200, 'from elsewhere')

  const open = await Promise.all(Array.from({ length: 25 }, async (_, at) => await ask(['/v1/openapi.json', '/docs/', '/niets'][at % 3]!, { bearer: null, headers: from('203.0.113.9') })))
  t.equal(open.filter(({ status }) => status === 429).length, 15, 'the open pages')
  t.equal((await ask('/livez', { bearer: null, headers: from('203.0.113.9') })).status, 200)
})

t.test('who showed no good token is not read: not on a known path, an unknown one or a method that does not exist', async (t) => {
  const { open } = await listen(t)
  for (const [path, method, status] of [[BULK, 'POST', 401], ['/v1/niets', 'POST', 404], ['/v1/signalen', 'POST', 405], ['/graphql', 'PUT', 405], ['/docs/', 'POST', 404]] as const) {
    const request = await open(path, { method, bearer: null, headers: { ...JSON_TYPE, 'content-length': '5000000' } })
    request.write('{')
    t.equal((await answerOf(request)).status, status, `${method} ${path}`)
    await once(request, 'close')
    t.pass('and the rest of it is not waited for')
  }
})

t.test('one bron has a number of requests at once, streams included; a place is free again after the answer, a break and a time-out', async (t) => {
  const live = await listen(t, { VERZOEKEN_TEGELIJK: '3', KLANT_SECONDEN: '2' })
  await createSchool(live)
  const { ask } = live
  const [first, second, third] = [await openStream(live), await openStream(live), await openStream(live)]
  await until(t, 'three streams fill the places', async () => (await ask('/v1/regels')).status === 429)
  const refused = await ask(BULK, { headers: JSON_TYPE, body: bulk(buildAbsentie('x', '2026-03-09')) })
  expectProblem(t, refused, 429, 'te-veel-verzoeken', 'a fourth')
  t.equal(refused.headers['retry-after'], '1')
  t.equal((await ask('/v1/regels', { bron: 'ander-lvs' })).status, 200, 'another bron')

  const ended = answerOf(first)
  first.end()
  t.match(linesOf(await ended).at(-1), { aantallen: { nieuw: 1 } })
  await until(t, 'free after the answer', async () => (await ask('/v1/regels')).status === 200)
  const again = await openStream(live)
  await until(t, 'full again', async () => (await ask('/v1/regels')).status === 429)
  second.destroy()
  await until(t, 'free after a break', async () => (await ask('/v1/regels')).status === 200)
  const [late, last] = await Promise.all([answerOf(third), answerOf(again)])
  for (const answer of [late, last]) t.match(linesOf(answer).at(-1), { fout: { code: 'verzoek-te-langzaam', status: 408 } })
  const places = await Promise.all([1, 2, 3].map(async () => await ask('/v1/regels')))
  t.same(places.map(({ status }) => status), [200, 200, 200], 'free after the time-out')
})

t.test('a request whose client hung up keeps its place until its work is done', async (t) => {
  const live = await listen(t, { VERZOEKEN_TEGELIJK: '1' })
  await createSchool(live)
  const owner = await openAs(t, live)
  await owner.query('begin; lock table signaal in access exclusive mode')
  const request = await live.open('/v1/signalen', { method: 'GET' })
  request.end()
  await until(t, 'it waits in the store', async () => (await live.ask('/v1/regels')).status === 429)
  request.destroy()
  await delay(100)
  t.equal((await live.ask('/v1/regels')).status, 429)
  await owner.query('rollback')
  await until(t, 'done', async () => (await live.ask('/v1/regels')).status === 200)
})

t.test('more than the whole can do is refused at once, before a body is read, and health goes on', async (t) => {
  await t.test('requests in progress', async (t) => {
    const live = await listen(t, { OPEN_VERZOEKEN: '4' })
    const streams = await Promise.all(['a', 'b', 'c', 'd'].map(async (bron) => await openStream(live, bron)))
    await until(t, 'full', async () => (await live.ask('/v1/regels')).status === 503)
    const request = await live.open(BULK, { headers: { ...JSON_TYPE, 'content-length': '5000000' } })
    request.write('{')
    const refused = await answerOf(request)
    expectProblem(t, refused, 503, 'niet-beschikbaar', 'full')
    t.match(refused.headers['retry-after'], /^\d+$/)
    for (const path of ['/livez', '/readyz', '/metrics']) t.equal((await live.ask(path, { bearer: null })).status, 200, path)
    t.match((await live.ask('/metrics')).text, /^aanwezig_geweigerd_totaal\{reden="verzoeken"\} [1-9]/m)
    for (const stream of streams) stream.destroy()
    await until(t, 'and back', async () => (await live.ask('/v1/regels')).status === 200)
  })

  await t.test('bytes of messages', async (t) => {
    const live = await listen(t, { BERICHTEN_MB: '16' })
    const announce = async (bron: string): Promise<{ request: ClientRequest, answered: Promise<Antwoord> }> => {
      const request = await live.open(BULK, { bron, headers: { ...JSON_TYPE, 'content-length': String(6 * 1024 * 1024) } })
      const answered = answerOf(request)
      answered.catch(() => {}) // of one that is broken off
      request.write('{')
      await delay(50)
      return { request, answered }
    }
    const held = [await announce('a'), await announce('b')]
    expectProblem(t, await (await announce('a')).answered, 429, 'te-veel-verzoeken', 'more than half for one')
    expectProblem(t, await (await announce('c')).answered, 503, 'niet-beschikbaar', 'more than all')
    t.equal((await live.ask(BULK, { bron: 'c', headers: JSON_TYPE, body: bulk({}) })).status, 200, 'a small one still goes')
    for (const { request } of held) request.destroy()
    await delay(50)
    t.equal((await live.ask(BULK, { bron: 'd', headers: JSON_TYPE, body: bulk({ x: 'x'.repeat(7 * 1024 * 1024) }) })).status, 200, 'what was held is given back')
  })

  await t.test('waiting for the store', async (t) => {
    const live = await listen(t, { DB_VERBINDINGEN: '2', VERZOEKEN_TEGELIJK: '100' })
    const owner = await openAs(t, live)
    await owner.query('begin; lock table signaal in access exclusive mode')
    const asked = Array.from({ length: 25 }, async () => await live.ask('/v1/signalen'))
    await until(t, 'the queue is long', () => live.app.pool.waitingCount > 16)
    expectProblem(t, await live.ask('/v1/regels'), 503, 'niet-beschikbaar', 'no more')
    t.equal((await live.ask('/livez', { bearer: null })).status, 200)
    await owner.query('rollback')
    const statuses = (await Promise.all(asked)).map(({ status }) => status)
    t.ok(statuses.filter((status) => status === 200).length >= 18 && statuses.every((status) => status === 200 || status === 503), statuses.join())
    t.equal((await live.ask('/v1/signalen')).status, 200)
  })
})

t.test('a client that lets the service wait is ended, and holds no connection of the store', async (t) => {
  const live = await listen(t, { KLANT_SECONDEN: '1' })
  await createSchool(live)
  const drip = async (write: (text: string) => void, isOver: () => boolean): Promise<number> => {
    const started = performance.now()
    for (let turn = 0; turn < 60 && !isOver(); turn++) {
      write('x')
      await delay(100)
    }
    return performance.now() - started
  }

  await t.test('headers', async (t) => {
    const socket = connect(live.port, '127.0.0.1')
    let text = ''
    socket.on('data', (chunk) => { text += String(chunk) }).on('error', () => {})
    socket.write('GET /v1/regels HTTP/1.1\r\nhost: x\r\nx: ')
    t.ok(await drip((each) => { socket.write(each) }, () => text !== '') < 4_000)
    t.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n[^]*verzoek-te-langzaam/)
    const silent = connect(live.port, '127.0.0.1')
    silent.on('error', () => {}).resume()
    await once(silent, 'close')
    t.pass('nothing at all')
  })

  await t.test('a JSON body', async (t) => {
    const request = await live.open(BULK, { headers: { ...JSON_TYPE, 'content-length': '5000' } })
    const answered = answerOf(request)
    let isOver = false
    answered.finally(() => { isOver = true }).catch(() => {})
    t.ok(await drip((each) => { request.write(each) }, () => isOver) < 4_000)
    expectProblem(t, await answered, 408, 'verzoek-te-langzaam', 'slow')
    await until(t, 'its connection is closed', () => request.destroyed)
  })

  await t.test('an NDJSON stream, and what stood before the silence is durable', async (t) => {
    const request = await live.open(BULK, { headers: NDJSON })
    for (let at = 0; at < 1_000; at++) request.write(line(`traag-${at}`))
    const answered = answerOf(request)
    let isOver = false
    answered.finally(() => { isOver = true }).catch(() => {})
    t.ok(await drip((each) => { request.write(each) }, () => isOver) < 4_000)
    const lines = linesOf(await answered)
    t.equal(lines.length, 1_001)
    t.match(lines.at(-1), { fout: { code: 'verzoek-te-langzaam' } })
    t.equal((await live.ask('/v1/absenties/test-lvs/traag-999?school=99AA')).status, 200)
  })

  await t.test('an answer that is not read', async (t) => {
    const request = await live.open(BULK, { headers: NDJSON })
    let unread: IncomingMessage | undefined
    request.on('response', (response) => { unread = response.pause() })
    const started = performance.now()
    const junk = 'x\n'.repeat(10_000)
    while (!request.destroyed && performance.now() - started < 20_000) {
      if (!request.write(junk)) await delay(20)
    }
    t.ok(unread !== undefined)
    t.ok(request.destroyed, `ended after ${Math.round(performance.now() - started)} ms`)
  })

  t.equal(live.app.pool.totalCount - live.app.pool.idleCount, 0, 'no connection of the store is held')
})

t.test('an honest stream lives on: longer than a client may wait, and while the store lets it wait', async (t) => {
  const live = await listen(t, { KLANT_SECONDEN: '1' })
  await createSchool(live)
  const request = await live.open(BULK, { headers: NDJSON })
  const answered = answerOf(request)
  const owner = await openAs(t, live)
  for (let turn = 0; turn < 12; turn++) {
    for (let at = 0; at < 100; at++) request.write(line(`eerlijk-${turn}-${at}`))
    if (turn === 9) await owner.query('begin; lock table absentie in access exclusive mode')
    await delay(turn === 9 ? 2_500 : 200)
    if (turn === 9) await owner.query('rollback')
  }
  request.end()
  t.match(linesOf(await answered).at(-1), { aantallen: { nieuw: 1_200 } })
})

t.test('gzip is read as what it holds, and only as that', async (t) => {
  const live = await listen(t)
  await createSchool(live)
  const { ask } = live
  const json = { ...JSON_TYPE, 'content-encoding': 'gzip' }
  const ndjson = { ...NDJSON, 'content-encoding': 'gzip' }
  const text = bulk(...Array.from({ length: 2_000 }, (_, at) => buildAbsentie(`g-${at}`, '2026-03-09', { minuten: 1 })))
  t.match(JSON.parse((await ask(BULK, { headers: json, body: gzipSync(text) })).text), { aantallen: { nieuw: 2_000 } })
  const lines = Array.from({ length: 2_000 }, (_, at) => line(`g-${at}`)).join('')
  t.match(linesOf(await ask(BULK, { headers: { ...ndjson, 'content-encoding': 'X-GZIP' }, body: gzipSync(lines) })).at(-1), { aantallen: { ongewijzigd: 2_000 } })
  t.match(linesOf(await ask(BULK, { headers: ndjson, body: Buffer.concat([gzipSync(line('g-1')), gzipSync(line('g-2'))]) })).at(-1), { aantallen: { ongewijzigd: 2 } }, 'two members are one text')
  t.match(JSON.parse((await ask('/graphql', { headers: json, body: gzipSync('{"query": "{ __typename }"}') })).text), { data: { __typename: 'Query' } })
  t.equal((await ask(BULK, { headers: { ...JSON_TYPE, 'content-encoding': 'identity' }, body: bulk({}) })).status, 200)

  for (const encoding of ['br', 'deflate', 'gzip, gzip', 'kanarie']) {
    for (const type of [JSON_TYPE, NDJSON]) {
      const refused = await ask(BULK, { headers: { ...type, 'content-encoding': encoding }, body: gzipSync(text) })
      expectProblem(t, refused, 415, 'soort-niet-ondersteund', encoding)
      t.equal(refused.headers['accept-encoding'], 'gzip')
    }
  }
  const whole = gzipSync(text)
  const corrupt = Buffer.from(whole)
  corrupt.fill(0xAA, 60, 90)
  for (const [name, body] of [['not gzip', Buffer.from(text)], ['cut off', whole.subarray(0, -20)], ['corrupt', corrupt], ['more behind it', Buffer.concat([whole, Buffer.from(line('g-9'))])], ['nothing', Buffer.alloc(0)]] as const) {
    expectProblem(t, await ask(BULK, { headers: json, body }), 400, 'invoer-ongeldig', name)
  }
  const zipped = gzipSync(lines)
  for (const [name, body] of [['cut off', zipped.subarray(0, -20)], ['more behind it', Buffer.concat([zipped, Buffer.from('x')])], ['not gzip', Buffer.from(lines)]] as const) {
    t.match(linesOf(await ask(BULK, { headers: ndjson, body })).at(-1), { fout: { code: 'invoer-ongeldig', detail: /gzip/ } }, `NDJSON: ${name}`)
  }

  const bomb = gzipSync(Buffer.alloc(50_000_000, 32))
  expectProblem(t, await ask(BULK, { headers: json, body: bomb }), 413, 'bericht-te-groot', 'a bomb as JSON')
  t.match(linesOf(await ask(BULK, { headers: ndjson, body: bomb })).at(-1), { fout: { code: 'bericht-te-groot' } }, 'and as NDJSON')
  const alike = Array.from({ length: 20_000 }, (_, at) => line(`g-${at % 2_000}`)).join('')
  const small = gzipSync(alike, { level: 9 })
  t.match(linesOf(await ask(BULK, { headers: ndjson, body: small })).at(-1), { aantallen: { ongewijzigd: 20_000 } }, `an honest stream that compresses ${Math.round(alike.length / small.length)} times`)

  const members = await live.open(BULK, { headers: ndjson })
  const answered = answerOf(members)
  members.write(gzipSync(line('g-1')))
  await delay(50)
  members.write(gzipSync(line('g-2')))
  await delay(50)
  members.end('x')
  t.match(linesOf(await answered).at(-1), { fout: { code: 'invoer-ongeldig' } }, 'also when it comes in parts')
})

// Names what of a record may be wrong without its JSON being so; its neighbours land.
const good = (bronId: string): string => JSON.stringify(buildAbsentie(bronId, '2026-03-09', { minuten: 1 }))
const without = (field: string, text: string): string => JSON.stringify({ ...buildAbsentie('k', '2026-03-09', { minuten: 1 }), [field]: undefined }).replace(/\}$/, `, ${text}}`)
const RECORDS: ReadonlyArray<readonly [name: string, record: string, code: string | RegExp, pointer: string]> = [
  ['a key twice', good('k').replace('{', '{"minuten": 2, '), 'dubbel-veld', '/minuten'],
  ['a key twice, once written with an escape', good('k').replace('{', '{"\\u006dinuten": 2, '), 'dubbel-veld', '/minuten'],
  ['__proto__', good('k').replace('{', '{"__proto__": {"school": "99AB"}, '), 'onbekend-veld', '/__proto__'],
  ['__proto__ with an escape', good('k').replace('{', '{"__proto\\u005f_": 1, '), 'onbekend-veld', '/__proto__'],
  ['a key twice inside an unknown field', good('k').replace('{', '{"x/y": [0, {"a": 1, "a": 2}], '), 'dubbel-veld', '/x~1y/1/a'],
  ['a date that does not exist', without('datum', '"datum": "2026-02-30"'), 'verkeerde-vorm', '/datum'],
  ['NUL', without('reden', '"reden": "a\\u0000b"'), 'verboden-teken', '/reden'],
  ['half a surrogate pair', without('reden', '"reden": "\\ud83d"'), 'verboden-teken', '/reden'],
  ['NUL in a name', good('k').replace('{', '{"a\\u0000": 1, '), 'verboden-teken', ''],
  ['a number without end', without('minuten', '"minuten": 1e999'), /./, '/minuten'],
  ['a number past every integer', without('minuten', '"minuten": 99999999999999999999'), /./, '/minuten'],
  ['a number past smallint', without('minuten', '"minuten": 40000'), 'te-groot', '/minuten'],
  ['a broken number', without('minuten', '"minuten": 1.5'), /./, '/minuten'],
  ['below zero', without('minuten', '"minuten": -1'), 'te-klein', '/minuten'],
  ['lesuren past every integer', without('lesuren', '"lesuren": [1e308]'), /./, '/lesuren/0'],
  ['constructor', good('k').replace('{', '{"constructor": {"prototype": {"school": "99AB"}}, '), 'onbekend-veld', '/constructor']
]

t.test('what JSON lets through and nobody can rely on is refused per record; its neighbours land', async (t) => {
  const live = await listen(t)
  await createSchool(live)
  const { ask } = live
  const records = RECORDS.flatMap(([, record], at) => [good(`b-${at}`), record])
  const check = (resultaten: readonly Regel[], how: string): void => {
    for (const [at, [name, , code, pointer]] of RECORDS.entries()) {
      t.match(resultaten[2 * at], { resultaat: /nieuw|ongewijzigd/ }, `${how}: the neighbour of ${name}`)
      t.match(resultaten[2 * at + 1], { resultaat: 'afgewezen', bronId: 'k', problemen: [{ code, pointer }] }, `${how}: ${name}`)
    }
  }
  const whole = await ask(BULK, { headers: JSON_TYPE, body: `{"absenties": [${records.join()}]}` })
  t.equal(whole.status, 200)
  check((JSON.parse(whole.text) as { resultaten: Regel[] }).resultaten, 'JSON')
  const streamed = linesOf(await ask(BULK, { headers: NDJSON, body: [...records, '{"bronId": NaN}', '{"bronId": Infinity}', `${'['.repeat(30_000)}`, '{"bronId": "\u{1F600}"}'].join('\n') }))
  check(streamed, 'NDJSON')
  t.same(streamed.slice(-5, -1).map(({ problemen }) => problemen![0]!.code).slice(0, 3), ['geen-json', 'geen-json', 'geen-json'])
  const latin = Buffer.concat([Buffer.from(line('u-1')), Buffer.from('{"bronId": "'), Buffer.from([0xE9, 0x22, 0x7D, 10]), Buffer.from(line('u-2')), Buffer.from('\u{FEFF}' + line('u-3'))])
  t.same(linesOf(await ask(BULK, { headers: NDJSON, body: latin })).slice(0, -1).map(({ resultaat }) => resultaat), ['nieuw', 'afgewezen', 'nieuw', 'nieuw'], 'a line that is no UTF-8')

  const many = Array.from({ length: 5_000 }, (_, at) => good(`m-${at}`).replace('{', '{"minuten": 2, "reden": "x", '))
  t.match(JSON.parse((await ask(BULK, { headers: JSON_TYPE, body: `{"absenties": [${many.join()}]}` })).text), { aantallen: { nieuw: 0, afgewezen: 5_000 } }, 'a client that always does so')
  const leerling = { bronId: 'L-2', school: '99AA', geboortedatum: '2015-01-01', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }] }
  const twice = JSON.stringify(leerling).replace('"leerjaar":4', '"leerjaar":4,"leerjaar":5')
  const pushed = JSON.parse((await ask('/v1/leerlingen/_bulk', { headers: JSON_TYPE, body: `{"leerlingen": [${JSON.stringify({ ...leerling, bronId: 'L-3' })}, ${twice}]}` })).text) as { resultaten: Regel[] }
  t.match(pushed.resultaten, [{ resultaat: 'nieuw' }, { resultaat: 'afgewezen', bronId: 'L-2', problemen: [{ code: 'dubbel-veld', pointer: '/inschrijvingen/0/leerjaar' }] }], 'in every room')
})

t.test('a message that is no JSON, or means two things, is refused whole', async (t) => {
  const live = await listen(t)
  await createSchool(live)
  const { ask } = live
  for (const [name, body, detail] of [
    ['deep lists', '['.repeat(100_000) + ']'.repeat(100_000), /dieper/],
    ['deep objects', '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000), /dieper/],
    ['deep and unfinished', '{"absenties":' + '['.repeat(1_000_000), /dieper/],
    ['no UTF-8', Buffer.from([0x7B, 0x22, 0xC3, 0x28, 0x22, 0x3A, 0x31, 0x7D]), /UTF-8/],
    ['half a surrogate pair as bytes', Buffer.from([0x7B, 0x22, 0xED, 0xA0, 0x80, 0x22, 0x3A, 0x31, 0x7D]), /UTF-8/],
    ['UTF-16', Buffer.from('{"absenties": []}', 'utf16le'), /JSON/],
    ['NaN', '{"absenties": [NaN]}', /JSON/],
    ['a raw NUL', '{"absenties": ["\0"]}', /JSON/],
    ['a quote that does not close', '{"absenties": ["', /JSON/],
    ['very many keys twice', `{"absenties": [{${'"a": 1, '.repeat(30_000)}"a": 1}]}`, /te veel/],
    ['two texts', '{"absenties": [{}]} {"absenties": [{}]}', /JSON/],
    ['the list twice', '{"absenties": [{}], "absenties": []}', /1 fout/],
    ['nothing', '', /leeg/]
  ] as const) {
    const antwoord = await ask(BULK, { headers: JSON_TYPE, body })
    expectProblem(t, antwoord, 400, 'invoer-ongeldig', name)
    t.match(problemOf(antwoord).detail, detail, name)
  }
  const put = async (payload: string): Promise<Antwoord> => await ask('/v1/vestigingen/99AA00', { method: 'PUT', headers: JSON_TYPE, body: payload })
  const vestiging = '"sector": "po", "regio": "noord", "gemeentecode": "0014"'
  t.match(problemOf(await put(`{"naam": "A", ${vestiging}, "naam": "B"}`)).errors, [{ code: 'dubbel-veld', pointer: '/naam' }])
  t.match(problemOf(await put(`{"naam": "A\\u0000B", ${vestiging}}`)).errors, [{ code: 'verboden-teken', pointer: '/naam' }])
  t.match(problemOf(await put(`{"naam": "A", ${vestiging}, "lesuurMinuten": 1e9}`)).errors, [{ code: 'te-groot', pointer: '/lesuurMinuten' }])
  t.equal((await put(`\u{FEFF}{"naam": "De \\ud83c\\udf33 \\u00e9 \u{1F333}", ${vestiging}}`)).status, 200, 'a pair of surrogates is a sign')
  t.equal((JSON.parse((await ask('/v1/vestigingen/99AA00')).text) as { naam: string }).naam, 'De \u{1F333} \u00e9 \u{1F333}')
  const fields = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`veld${at}`, at]))
  t.equal((JSON.parse((await ask(BULK, { headers: JSON_TYPE, body: bulk(fields) })).text) as { resultaten: Regel[] }).resultaten[0]!.problemen!.length, 50, 'of very many faults the first are named')
  t.equal(problemOf(await put(JSON.stringify(fields))).errors!.length, 50)

  const cursor = Buffer.from(JSON.stringify(['2026-03-09', 'test-lvs', '\0'])).toString('base64url')
  for (const path of [`/v1/absenties?school=99AA&cursor=${cursor}`, '/v1/signalen/%00', '/v1/signalen?leerling=%00', '/v1/leerlingen/%00/%00?school=99AA']) t.match((await ask(path)).status, /^4\d\d$/, path)
  const graph = await ask('/graphql', { headers: JSON_TYPE, body: JSON.stringify({ query: '{ leerling(bron: "\\u0000", bronId: "\\u0000", school: "99AA") { bronId } }' }) })
  t.notMatch(graph.text, /interne-fout/)
})

t.test('the scan of JSON suspects no record that is well', (t) => {
  const record = JSON.stringify({ ...buildAbsentie('"\\\\"{[,:]}', '2026-03-09', { lesuren: [1, 2], dagdeel: null, reden: 'a:"b"' }), diep: [{ a: { a: [{ a: 1 }, { a: 1 }] }, b: [] }, { a: 2 }] })
  const text = `{"absenties": [${Array.from({ length: 1_000 }, () => record).join(' , ')}]}`
  t.same(readJson(Buffer.from(text)), { value: JSON.parse(text), vondsten: [] })
  t.end()
})

async function * repeat (chunk: Buffer, times: number): AsyncGenerator<Buffer> { for (let turn = 0; turn < times; turn++) yield chunk }

t.test('a body without end is refused at the limit', async (t) => {
  const live = await listen(t)
  for (const headers of [{ 'content-length': String(2_000_000_000) }, { 'transfer-encoding': 'chunked' }]) {
    const started = performance.now()
    const request = await live.open(BULK, { headers: { ...JSON_TYPE, ...headers } })
    const answered = answerOf(request)
    const closed = new Promise((resolve) => { request.once('close', resolve) })
    Readable.from(repeat(Buffer.alloc(65_536, 32), 32_000)).pipe(request)
    expectProblem(t, await answered, 413, 'bericht-te-groot', Object.keys(headers)[0]!)
    t.ok(performance.now() - started < 2_000)
    await closed
    t.ok(performance.now() - started < 6_000, 'and who goes on sending is cut off')
  }
})

t.test('NDJSON without end is read in the same memory, however long it is', async (t) => {
  const dienst = await startDienst()
  t.teardown(async () => { await dienst.stop() })
  // WEERBAARHEID_MB=2048 WEERBAARHEID_REGEL=204 is the long version, ten million lines.
  const { WEERBAARHEID_MB: megabytes = '1000', WEERBAARHEID_REGEL: bytes = '16384' } = process.env
  const perMegabyte = Math.floor(1_048_576 / Number(bytes))
  const junk = Buffer.from(`${'{"bronId": "kanarie", dit is geen JSON '.padEnd(Number(bytes) - 1, 'x')}\n`.repeat(perMegabyte))
  const send = async (count: number): Promise<number> => {
    const request = httpRequest(`${dienst.url}${BULK}`, { method: 'POST', agent: false, headers: { ...NDJSON, authorization: `Bearer ${dienst.token}` } })
    const answered = once(request, 'response') as Promise<[IncomingMessage]>
    Readable.from(repeat(junk, count)).pipe(request)
    const [response] = await answered
    let last = ''
    for await (const chunk of response) last = (last + String(chunk)).slice(-2_000)
    t.match(JSON.parse(last.trimEnd().split('\n').at(-1)!), { aantallen: { afgewezen: count * perMegabyte } })
    return dienst.memory().hoogste
  }
  const [started, before] = [performance.now(), dienst.memory().hoogste]
  const after = await send(Number(megabytes))
  // A reader that keeps what it reads grows by all of it. node frees buffers late where the machine is busy, at the latest at half of its heap limit.
  t.ok(after - before < Math.max(600, Number(megabytes) / 4), `${megabytes} MB of junk in ${Math.round(performance.now() - started)} ms, memory at most ${before} and then ${after} MB`)
})
