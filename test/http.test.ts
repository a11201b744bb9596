import { once } from 'node:events'
import { request as rawRequest } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { buildAbsentie, createSchool } from './support/school.ts'
import { startService, type Service, type Serviceopties } from './support/service.ts'

interface Problem { readonly type: string, readonly title: string, readonly status: number, readonly detail: string, readonly code: string, readonly instance: string, readonly errors?: ReadonlyArray<{ code: string, pointer: string, detail: string }> }
interface Live extends Service { readonly origin: string, readonly fetch: (path: string, init?: RequestInit & { bearer?: null, duplex?: 'half' }) => Promise<Response> }

/** The service on a port of loopback; requests carry the default token. */
async function listen (t: Test, options: Serviceopties = {}): Promise<Live> {
  const service = await startService(t, options)
  const origin = await service.server.listen({ host: '127.0.0.1', port: 0 })
  const bearer = await service.token()
  return {
    ...service,
    origin,
    fetch: async (path, { bearer: none, headers, ...init } = {}) => await fetch(origin + path, { redirect: 'manual', ...init, headers: { ...(none === null ? {} : { authorization: `Bearer ${bearer}` }), ...headers as Record<string, string> } })
  }
}

async function expectProblem (t: Test, response: Response, status: number, code: string): Promise<Problem> {
  t.equal(response.status, status, `${code}: status`)
  t.equal(response.headers.get('content-type'), 'application/problem+json', `${code}: type`)
  const problem = await response.json() as Problem
  t.match(problem, { type: `urn:aanwezig:fout:${code}`, code, status, title: /^[A-Z]/, detail: /\.$/, instance: /^urn:aanwezig:verzoek:[0-9a-f-]{36}$/ }, code)
  expectHeaders(t, response)
  return problem
}

/** What the NLgov rules ask of every answer. */
function expectHeaders (t: Test, response: Response): void {
  t.match(Object.fromEntries(response.headers), {
    'api-version': /^\d+\.\d+\.\d+$/,
    // Scripts and styles are the same for everybody.
    'cache-control': /\/docs\/static\//.test(response.url) ? /^public|^no-store$/ : 'no-store',
    'content-security-policy': /frame-ancestors 'none'/,
    'strict-transport-security': /^max-age=\d+/,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer'
  }, `${response.url.replace(/^http:..[^/]+/, '')} has its headers`)
}

const json = (payload: unknown): RequestInit => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: typeof payload === 'string' ? payload : JSON.stringify(payload) })

t.test('what is refused before it reaches a room', async (t) => {
  const { fetch: ask, origin } = await listen(t)

  for (const [method, path, allow] of [['DELETE', '/v1/signalen', 'GET, HEAD'], ['PATCH', '/v1/absenties/test-lvs/a-1', 'DELETE, GET, HEAD, PUT'], ['GET', '/v1/absenties/_bulk', 'POST'], ['OPTIONS', '/v1/signalen', 'GET, HEAD']] as const) {
    const response = await ask(path, { method, bearer: null })
    t.equal(response.headers.get('allow'), allow, `${method} ${path}`)
    await expectProblem(t, response, 405, 'methode-niet-toegestaan')
  }
  for (const path of ['/v1/niets', '/niets', '/', '/v1', '/v1/signalen/', '/v1//signalen', '/v1/signalen/x/y', `/v1/vestigingen/${'x'.repeat(300)}`]) await expectProblem(t, await ask(path), 404, 'niet-gevonden')
  await expectProblem(t, await ask('/v1/absenties/%E0%A4%A'), 404, 'niet-gevonden')

  await expectProblem(t, await ask('/v1/signalen', { headers: { accept: 'application/xml' } }), 406, 'vorm-niet-leverbaar')
  t.equal((await ask('/v1/signalen?leerling=a&cursor=/')).status, 400, 'a slash in the query is no path')
  for (const accept of ['*/*', 'application/json', 'application/*;q=0.5', 'text/html, application/json;q=0.1']) t.equal((await ask('/v1/signalen', { headers: { accept } })).status, 200, accept)

  await expectProblem(t, await ask('/v1/absenties/_bulk', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }), 415, 'soort-niet-ondersteund')
  await expectProblem(t, await ask('/v1/leerlingen/_bulk', { method: 'POST', headers: { 'content-type': 'application/xml' }, body: '<a/>' }), 415, 'soort-niet-ondersteund')
  await expectProblem(t, await ask('/v1/leerlingen/_bulk', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: '{}\n' }), 415, 'soort-niet-ondersteund')
  await expectProblem(t, await ask('/v1/absenties/_bulk', json(`{"absenties": ["${'x'.repeat(9 * 1024 * 1024)}"]}`)), 413, 'bericht-te-groot')
  for (const body of ['{"absenties": [', '', '{"absenties": [], "__proto__": {"x": 1}}']) await expectProblem(t, await ask('/v1/absenties/_bulk', json(body)), 400, 'invoer-ongeldig')

  const { port } = new URL(origin)
  for (const [name, text] of [['no HTTP', 'dit is geen HTTP\r\n\r\n'], ['headers without end', `GET /v1/signalen HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`]] as const) {
    const answer = await speak(Number(port), text)
    t.match(answer, /^HTTP\/1\.1 4\d\d /, name)
    t.match(answer, /content-type: application\/problem\+json/i, `${name}: problem`)
    t.match(answer, /api-version: /i, `${name}: version`)
  }
})

/** Sends bytes as they are and reads until the other side closes. */
async function speak (port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(text)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

t.test('every fault of every part is named at once, in Dutch, without what was sent', async (t) => {
  const { fetch: ask } = await listen(t)
  const problem = await expectProblem(t, await ask('/v1/absenties/_bulk?proef=misschien&proefje=1', json({ absentie: [], absenties: 'kanarie' })), 400, 'invoer-ongeldig')
  t.strictSame(problem.errors?.map(({ code, pointer }) => [pointer, code]).sort(), [
    ['#query/proef', 'onbekende-waarde'], ['#query/proefje', 'onbekend-veld'], ['/absentie', 'onbekend-veld'], ['/absenties', 'verkeerd-type']
  ])
  t.equal(problem.detail, 'Er zijn 4 fouten in de invoer.')

  const many = await expectProblem(t, await ask('/v1/scholen/99AA/beleidsversies', json({
    geldigVan: '2026-02-30', geldigTot: 'kanarie', redenen: [{ code: '', omschrijving: ' ', categorie: 'kanarie', grondslag: 1, kenmerken: ['kanarie'] }], onverklaardNaLesdagen: 1.5, regels: [{ regel: 'wettelijk-16-uur', aan: 'ja' }], 'a/b~c': 1
  })), 400, 'invoer-ongeldig')
  t.strictSame(many.errors?.map(({ pointer }) => pointer).sort(), ['/a~1b~0c', '/geldigTot', '/geldigVan', '/onverklaardNaLesdagen', '/redenen/0/categorie', '/redenen/0/code', '/redenen/0/grondslag', '/redenen/0/kenmerken/0', '/redenen/0/omschrijving', '/regels/0/aan'])
  const params = await expectProblem(t, await ask('/v1/vestigingen/kanarie/kalenders/2026?x=1', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }), 400, 'invoer-ongeldig')
  t.strictSame(params.errors?.map(({ pointer }) => pointer).sort(), ['#params/schooljaar', '#params/vestigingscode', '#query/x', '/lesvrij'])
  for (const { detail, code, pointer } of [...problem.errors ?? [], ...many.errors ?? [], ...params.errors ?? []]) {
    t.match(detail, /^\p{L}.*\.$/u, `${pointer} ${code}: a sentence`)
    t.notMatch(detail, /invalid|expected|received|required|unrecogni|too (small|big)|kanarie|must/i, `${pointer} ${code}: ${detail}`)
  }
  const page = await expectProblem(t, await ask('/v1/signalen?cursor=kanarie&limit=1'), 400, 'invoer-ongeldig')
  t.match(page.errors, [{ pointer: '#query/cursor' }])
})

t.test('every answer has its headers; only the description is for other origins', async (t) => {
  const { fetch: ask, app } = await listen(t)
  for (const [path, status, bearer] of [['/v1/signalen', 200], ['/v1/signalen', 401, null], ['/v1/niets', 404], ['/v1/openapi.json', 200, null], ['/livez', 200, null], ['/readyz', 200, null], ['/metrics', 200, null]] as const) {
    const response = await ask(path, { headers: { origin: 'https://elders.example' }, ...(bearer === undefined ? {} : { bearer }) })
    t.equal(response.status, status, path)
    expectHeaders(t, response)
    t.equal(response.headers.get('access-control-allow-origin'), path === '/v1/openapi.json' ? '*' : null, `${path}: CORS`)
  }
  const head = await ask('/v1/signalen', { method: 'HEAD' })
  t.equal(head.status, 200)
  expectHeaders(t, head)

  const description = await (await ask('/v1/openapi.json', { bearer: null })).json() as { info: { version: string }, paths: object }
  t.equal((await ask('/livez')).headers.get('api-version'), description.info.version)
  t.ok('/absenties/_bulk' in description.paths)
  t.match(await (await ask('/metrics', { bearer: null })).text(), /^aanwezig_verzoek_seconden_count\{methode="GET",route="\/v1\/signalen",status="200"\} \d+$/m)
  t.strictSame(await (await ask('/readyz', { bearer: null })).json(), { status: 'ok' })

  // A fault of ours says its request and nothing else.
  const owner = new pg.Client({ ...app.connection, ssl: false })
  await owner.connect()
  await owner.query('alter table signaal rename to signaal_weg')
  await owner.end()
  const problem = await expectProblem(t, await ask('/v1/signalen'), 500, 'interne-fout')
  t.notMatch(JSON.stringify(problem), /signaal_weg|relation|select|\.ts/)
})

t.test('the interactive description works and asks no other host for anything', async (t) => {
  const { fetch: ask, origin } = await listen(t)
  const seen = new Map<string, string>()
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return
    seen.set(path, '')
    const response = await ask(path, { bearer: null })
    expectHeaders(t, response)
    const next = response.headers.get('location')
    if (next !== null) {
      await visit(new URL(next, origin + path).pathname)
      return
    }
    t.equal(response.status, 200, path)
    const text = await response.text()
    seen.set(path, text)
    if (!/html/.test(response.headers.get('content-type') ?? '')) return
    for (const [, asset] of text.matchAll(/(?:src|href)="([^"#]+)"/g)) {
      const url = new URL(asset!, origin + path)
      t.equal(url.origin, origin, `${asset} is ours`)
      await visit(url.pathname)
    }
  }
  await visit('/docs')
  t.ok([...seen.keys()].filter((path) => path.endsWith('.js')).length >= 2, 'scripts came along')
  // Comments in scripts may name a source; a page or style that loads something from elsewhere may not.
  const own = [...seen].filter(([path]) => !/swagger-ui(-bundle|-standalone-preset)?\.(js|css)$/.test(path)).map(([, text]) => text.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gm, '')).join('\n')
  t.strictSame([...own.matchAll(/(https?:)?\/\/[a-z0-9-]+\.[a-z0-9.-]+/g)].map(([url]) => url), [], 'page, settings and style name no other host')
  const style = [...seen].filter(([path]) => path.endsWith('.css')).map(([, text]) => text).join('\n')
  t.strictSame([...style.matchAll(/@import[^;]*|url\((?!["']?data:)[^)]*\)/g)].map(([url]) => url), [], 'no style fetches anything')
  t.match(own, /\/v1\/openapi\.json/, 'it shows this description')
})

t.test('a store that is away is said, and when it is back the service goes on', async (t) => {
  const sockets = new Set<Socket>()
  let away = false
  const live = await listen(t, {
    reach: async ({ host, port, user, database }) => {
      const proxy = createServer((socket) => {
        if (away) {
          socket.destroy()
          return
        }
        const store = connect(`${host}/.s.PGSQL.${port}`)
        for (const end of [socket, store]) sockets.add(end.on('error', () => {}))
        socket.pipe(store).pipe(socket)
      })
      proxy.listen(0, '127.0.0.1')
      await once(proxy, 'listening')
      t.teardown(() => { proxy.close() })
      return { host: '127.0.0.1', port: (proxy.address() as AddressInfo).port, user, database, ssl: false }
    }
  })
  const { fetch: ask } = live
  t.equal((await ask('/v1/signalen')).status, 200)

  away = true
  for (const socket of sockets) socket.destroy()
  for (let turn = 0; turn < 2; turn++) {
    const response = await ask('/v1/signalen')
    t.match(response.headers.get('retry-after'), /^\d+$/)
    await expectProblem(t, response, 503, 'niet-beschikbaar')
    const push = await ask('/v1/absenties/_bulk', json({ absenties: [buildAbsentie('a-1', '2026-03-09')] }))
    await expectProblem(t, push, 503, 'niet-beschikbaar')
  }
  const ready = await ask('/readyz')
  t.equal(ready.status, 503)
  t.match(ready.headers.get('retry-after'), /^\d+$/)
  t.equal((await ask('/livez')).status, 200, 'the process itself is well')

  away = false
  t.equal((await ask('/readyz')).status, 200)
  t.equal((await ask('/v1/signalen')).status, 200)
})

t.test('NDJSON is answered line by line, a broken line is refused alone, and the totals come last', async (t) => {
  const live = await listen(t)
  await createSchool(live)
  const { fetch: ask } = live
  const lines = Array.from({ length: 5_000 }, (_, at) => JSON.stringify(buildAbsentie(`n-${at}`, ['2026-03-09', '2026-03-10', '2026-03-11', '2026-03-12', '2026-03-13'][at % 5]!, { minuten: 1 })))
  lines[17] = '{"bronId": "n-17",'
  lines[18] = '"geen record"'
  lines[2_500] = `{"bronId": "n-2500", "vulling": "${'x'.repeat(70_000)}"}`
  const response = await ask('/v1/absenties/_bulk', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: lines.join('\n') })
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/x-ndjson/)
  const answer = (await response.text()).trimEnd().split('\n').map((line) => JSON.parse(line) as { index: number, bronId?: string, resultaat: string, problemen?: Array<{ code: string }>, aantallen?: Record<string, number> })
  t.equal(answer.length, 5_001)
  t.strictSame(answer.slice(0, -1).map(({ index }) => index), lines.map((_, at) => at), 'one line for each, in order')
  t.strictSame(answer.at(-1)!.aantallen, { nieuw: 4_997, gewijzigd: 0, ongewijzigd: 0, ingetrokken: 0, verouderd: 0, inWacht: 0, afgewezen: 3 })
  t.strictSame(answer.filter(({ resultaat }) => resultaat === 'afgewezen').map(({ index, problemen }) => [index, problemen?.[0]?.code]), [[17, 'geen-json'], [18, 'verkeerd-type'], [2_500, 'geen-json']])

  const again = await ask('/v1/absenties/_bulk', { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body: `${lines[0]}\r\n\n${lines[1]}` })
  t.match((await again.text()).split('\n').at(-2), /"ongewijzigd":2/, 'empty lines and CRLF are no records, the last line needs no end')
})

t.test('a request under way is finished before the service stops', async (t) => {
  const live = await listen(t)
  await createSchool(live)
  const { hostname, port } = new URL(live.origin)
  const request = rawRequest({ hostname, port, method: 'POST', path: '/v1/absenties/_bulk', headers: { authorization: `Bearer ${await live.token()}`, 'content-type': 'application/x-ndjson' } })
  const answered = once(request, 'response')
  request.write(`${JSON.stringify(buildAbsentie('s-1', '2026-03-09'))}\n`)
  await delay(100)

  const closed = live.server.close()
  await delay(50)
  await t.rejects(fetch(`${live.origin}/livez`), 'nobody else comes in')
  request.end(`${JSON.stringify(buildAbsentie('s-2', '2026-03-10'))}\n`)
  const [response] = await answered as [NodeJS.ReadableStream & { statusCode: number }]
  t.equal(response.statusCode, 200)
  let text = ''
  for await (const chunk of response) text += String(chunk)
  t.match(text.trimEnd().split('\n').at(-1), /"nieuw":2/)
  const answeredAt = performance.now()
  await closed
  t.ok(performance.now() - answeredAt < 2_000, 'a client that keeps its connection open does not keep us')
})
