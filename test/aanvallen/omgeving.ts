import { once } from 'node:events'
import { connect } from 'node:net'
import type { Test } from 'tap'
import { readOperaties, type Doelwit } from './doelwit.ts'

const { operaties } = await readOperaties()

/** What is open that should not be: origins, methods, pages that tell too much. */
export async function attackConfiguration (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'configuration'
  for (const path of new Set(operaties.map(({ path }) => path))) {
    const url = path.replaceAll(/\{\w+\}/g, 'x')
    for (const origin of ['https://elders.example', 'null', 'http://localhost:3000']) {
      for (const method of ['OPTIONS', 'GET'] as const) {
        await doelwit.attack(KLASSE, { bearer: null, method, url, headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization' } }, ({ headers }) =>
          headers['access-control-allow-origin'] === (path === '/v1/openapi.json' && method === 'GET' ? '*' : undefined) && headers['access-control-allow-credentials'] === undefined && headers['x-content-type-options'] === 'nosniff' && headers['cache-control'] === 'no-store' && headers['x-powered-by'] === undefined && headers['server'] === undefined)
      }
    }
  }
  t.ok(operaties.length > 40)
  for (const url of ['/livez', '/readyz', '/metrics', '/v1/openapi.json', '/docs/', '/docs/json']) await doelwit.attack(KLASSE, { bearer: null, url }, ({ body }) => !/vreemd|99AB|test-lvs|uitgever\.example|password|DATABASE_URL/i.test(url === '/v1/openapi.json' || url === '/docs/json' ? '' : body))
}

/** Addresses that people forget, or that another framework would have. */
export async function attackInventory (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'undocumented addresses'
  const guesses = ['.env', '.git/config', 'admin', 'actuator/env', 'debug', 'debug/pprof', 'console', 'server-status', 'swagger.json', 'openapi.yaml', 'api', 'v0/signalen', 'v2/signalen', 'v1', 'v1/', 'v1/internal', 'v1/admin', 'v1/gebruikers', 'v1/tokens', 'v1/_bulk', 'v1/debug', 'v1/leerlingen/_bulk/', 'graphql/schema', 'graphiql/main.js', 'voyager', 'playground', 'metrics/prometheus', 'health', 'status', 'package.json', 'src/main.ts', 'migrations/0001_basis.sql', '..%2fpackage.json', 'docs/..%2f..%2fpackage.json', 'docs/static/..%2f..%2fpackage.json', 'docs/static/%2e%2e/%2e%2e/package.json', 'docs/static/....//package.json', 'docs/static/.%00', '.well-known/security.txt', 'xmlrpc.php', 'index.html', 'robots.txt', 'favicon.ico', '%c0%ae%c0%ae/', '//elders.example/x', '?x']
  for (const guess of guesses) for (const bearer of [undefined, null]) await doelwit.attack(KLASSE, { ...(bearer === undefined ? {} : { bearer }), url: guess.startsWith('//') ? guess : `/${guess}` }, ({ statusCode, headers }) => statusCode === 404 || statusCode === 401 || statusCode === 405 || (statusCode >= 400 && statusCode < 500 && headers.location === undefined))
  for (const method of ['TRACE', 'PROPFIND', 'MKCOL', 'LOCK', 'PURGE', 'SEARCH', 'COPY', 'MOVE', 'REPORT', 'QUERY'] as const) for (const url of ['/', '/v1/signalen', '/graphql', '/metrics']) await doelwit.attack(KLASSE, { method: method as 'GET', url })
  t.ok(guesses.length > 40)
}

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!

/** Whether an answer, or how long it takes, tells that something exists elsewhere. */
export async function attackEnumeration (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'enumeration'
  const UUID = '00000000-0000-4000-8000-000000000000'
  const theirs = (await doelwit.inject({ bearer: await doelwit.token({ scholen: ['99AB'] }), url: '/v1/signalen' })).json<{ signalen: Array<{ id: string }> }>().signalen[0]!.id
  const pairs: ReadonlyArray<readonly [name: string, there: string, nowhere: string]> = [
    ['a list', '/v1/absenties?school=99AB', '/v1/absenties?school=98ZZ'],
    ['a leerling', '/v1/leerlingen/vreemd-lvs/vreemd-L1?school=99AB', '/v1/leerlingen/vreemd-lvs/vreemd-L1?school=98ZZ'],
    ['a vestiging', '/v1/vestigingen/99AB00', '/v1/vestigingen/98ZZ00'],
    ['a signaal', `/v1/signalen/${theirs}`, `/v1/signalen/98ZZ-${UUID}`],
    ['a figure', '/v1/statistieken?vestiging=99AB00&periode=2026-03', '/v1/statistieken?vestiging=98ZZ00&periode=2026-03'],
    ['a beleid', '/v1/scholen/99AB/beleidsversies', '/v1/scholen/98ZZ/beleidsversies']
  ]
  const plain = (body: string): string => body.replaceAll(/(99AB-|98ZZ-|urn:aanwezig:verzoek:)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'X').replaceAll(/99AB|98ZZ/g, 'X')
  for (const [name, there, nowhere] of pairs) {
    const times: [number[], number[]] = [[], []]
    for (let turn = 0; turn < 60; turn++) {
      const bodies: string[] = []
      // Who goes first changes, so that neither is always the warm one.
      for (const at of turn % 2 === 0 ? [0, 1] as const : [1, 0] as const) {
        const begin = performance.now()
        const answer = await doelwit.inject({ url: at === 0 ? there : nowhere })
        times[at].push(performance.now() - begin)
        bodies.push(`${answer.statusCode} ${plain(answer.body)}`)
      }
      doelwit.count(KLASSE, `${name}: ${bodies.join(' or ')}`, bodies[0] === bodies[1] && bodies[0]!.startsWith('404'))
    }
    const [a, b] = times.map(median) as [number, number]
    doelwit.count(KLASSE, `${name} takes ${a} ms where it is, ${b} ms where it is not`, Math.abs(a - b) < 2 + 0.5 * Math.min(a, b))
  }
  const push = async (school: string): Promise<string> => plain((await doelwit.inject({ method: 'POST', url: '/v1/vestigingen/_bulk', payload: { vestigingen: [{ vestiging: `${school}00`, naam: 'x', sector: 'po', regio: 'noord', gemeentecode: '0014' }] } })).body)
  doelwit.count(KLASSE, 'a push tells', await push('99AB') === await push('98ZZ'))
  t.equal(pairs.length, 6)
}

/** Requests that two readers would read differently. */
export async function attackFraming (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'request smuggling'
  const token = await doelwit.token()
  const auth = `Host: x\r\nAuthorization: Bearer ${token}\r\n`
  const smuggled = 'GET /kern-gesmokkeld HTTP/1.1\r\nHost: x\r\n\r\n'
  const json = 'Content-Type: application/json\r\n'
  const POST = `POST /v1/leerlingen/_zoek HTTP/1.1\r\n${auth}${json}`
  const raws: ReadonlyArray<readonly [name: string, raw: string]> = [
    ['two lengths', `${POST}Content-Length: 2\r\nContent-Length: ${2 + smuggled.length}\r\n\r\n{}${smuggled}`],
    ['two lengths, the same', `${POST}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}${smuggled}`],
    ['lengths in a list', `${POST}Content-Length: 2, ${2 + smuggled.length}\r\n\r\n{}${smuggled}`],
    ['length and chunks', `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['chunks and length', `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`],
    ['two encodings', `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${smuggled}`],
    ['an encoding nobody knows', `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['identity last', `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a space before the colon', `${POST}Transfer-Encoding : chunked\r\nContent-Length: 2\r\n\r\n{}${smuggled}`],
    ['a folded line', `${POST}X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n{}${smuggled}`],
    ['a vertical tab', `${POST}Transfer-Encoding:\vchunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a NUL in a header', `${POST}X-A: b\0c\r\nContent-Length: 2\r\n\r\n{}${smuggled}`],
    ['a bare CR', `${POST}X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}${smuggled}`],
    ['a negative length', `${POST}Content-Length: -1\r\n\r\n{}${smuggled}`],
    ['a length with a sign', `${POST}Content-Length: +2\r\n\r\n{}${smuggled}`],
    ['a length in hexadecimals', `${POST}Content-Length: 0x2\r\n\r\n{}${smuggled}`],
    ['a length beyond numbers', `${POST}Content-Length: 99999999999999999999999\r\n\r\n{}${smuggled}`],
    ['a chunk that is no number', `${POST}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ['a chunk with a sign', `${POST}Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ['a chunk beyond numbers', `${POST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n${smuggled}`],
    ['a chunk without its end', `${POST}Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n${smuggled}`],
    ['no version', `GET /v1/signalen\r\n${auth}\r\n${smuggled}`],
    ['a version nobody knows', `GET /v1/signalen HTTP/9.9\r\n${auth}\r\n${smuggled}`],
    ['two hosts', `GET /v1/signalen HTTP/1.1\r\n${auth}Host: y\r\nContent-Length: x\r\n\r\n${smuggled}`],
    ['a header without a name', `GET /v1/signalen HTTP/1.1\r\n${auth}: x\r\n\r\n${smuggled}`],
    ['headers of 20 kB', `GET /v1/signalen HTTP/1.1\r\n${auth}X-A: ${'x'.repeat(20_000)}\r\n\r\n${smuggled}`],
    ['ten thousand headers', `GET /v1/signalen HTTP/1.1\r\n${auth}${'X: y\r\n'.repeat(10_000)}\r\n${smuggled}`],
    ['an address with a line in it', `GET /v1/signalen\nX-A: b HTTP/1.1\r\n${auth}\r\n${smuggled}`],
    ['a method with a space', `GE T /v1/signalen HTTP/1.1\r\n${auth}\r\n${smuggled}`],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']
  ]
  for (const [name, raw] of raws) {
    const before = doelwit.log.length
    const answer = await exchange(doelwit.port, raw)
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))
    const passed = doelwit.log.slice(before).some((line) => /"route":"onbekend"/.test(line) && /"status":404/.test(line))
    doelwit.count(KLASSE, `${name}: ${statuses.join()} ${answer.slice(0, 100)}`, statuses.every((status) => status >= 400 && status < 500) && statuses.length <= 1 && !passed)
  }
  t.equal((await doelwit.inject({ url: '/v1/signalen' })).statusCode, 200)
}

async function exchange (port: number, raw: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  let text = ''
  socket.on('data', (chunk) => { text += chunk.toString('latin1') }).on('error', () => {}) // ended by the service: what came before it is the answer
  const ended = once(socket, 'close')
  socket.end(Buffer.from(raw, 'latin1'))
  const timer = setTimeout(() => { socket.destroy() }, 3_000)
  await ended
  clearTimeout(timer)
  return text
}
