import { createHash, randomUUID, X509Certificate } from 'node:crypto'
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK, type JWTHeaderParameters } from 'jose'
import selfsigned from 'selfsigned'
import t, { type Test } from 'tap'
import { readConfig } from '../src/config.ts'
import { developmentKeys } from '../src/http/authenticate.ts'
import { startService, type Service, type Serviceopties } from './support/service.ts'

interface Key { readonly alg: string, readonly kid: string, readonly privateKey: CryptoKey, readonly publicKey: CryptoKey, readonly jwk: JWK }

async function makeKey (alg: string, kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, kid, privateKey, publicKey, jwk: { ...await exportJWK(publicKey), kid, alg, use: 'sig' } }
}

/** An issuer as others run it: its keys over HTTP, its tokens signed by jose. */
class Issuer {
  readonly name: string
  readonly published: JWK[] = []
  asked = 0
  broken = false
  readonly #server: Server

  constructor (name: string) {
    this.name = name
    this.#server = createServer((_request, response) => {
      this.asked++
      response.writeHead(this.broken ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: this.published }))
    })
  }

  async open (t: Test): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    t.teardown(() => { this.close() })
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/jwks`
  }

  close (): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** A good token, but for what `claims` says otherwise; undefined leaves a claim out. */
  async sign (key: Pick<Key, 'alg' | 'kid'> & { privateKey: CryptoKey | Uint8Array }, claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    const all = { alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header }
    return await new SignJWT(this.claims(claims)).setProtectedHeader(all as JWTHeaderParameters).sign(key.privateKey, { crit: { b64: true } })
  }

  claims (claims: Record<string, unknown> = {}): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1000)
    const all = { iss: this.name, aud: 'aanwezig', iat: now, exp: now + 300, jti: randomUUID(), azp: 'extern-lvs', scope: 'signalen:lezen', scholen: ['99AA'], ...claims }
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  }
}

/** The service as it runs elsewhere: issuers of others, no key of its own. */
async function startBehind (t: Test, issuers: readonly Issuer[], { environment = {}, ...options }: Serviceopties = {}): Promise<Service & { readonly issuers: string }> {
  const list = await Promise.all(issuers.map(async (issuer) => ({ issuer: issuer.name, jwksUrl: await issuer.open(t), audience: 'aanwezig', portalen: ['portaal'] })))
  const trusted = JSON.stringify(list)
  const service = await startService(t, { ...options, environment: { AUTH_DEVELOPMENT: '', AUTH_ISSUERS: trusted, SLEUTEL: Buffer.alloc(32, 7).toString('base64'), ...environment } })
  return { ...service, issuers: trusted }
}

async function ask (service: Service, token: string | null, scheme = 'Bearer'): Promise<{ status: number, detail: string | undefined }> {
  const { statusCode, headers, body } = await service.inject({ bearer: null, url: '/v1/signalen', ...(token === null ? {} : { headers: { authorization: `${scheme} ${token}` } }) })
  if (statusCode === 200) return { status: 200, detail: undefined }
  t.equal(headers['content-type'], 'application/problem+json')
  const { status, detail } = JSON.parse(body) as { status: number, detail: string }
  if (statusCode === 401) t.match(headers['www-authenticate'], detail.startsWith('Stuur') ? /^Bearer realm="aanwezig"$/ : /^Bearer realm="aanwezig", error="invalid_token", error_description="[ !#-[\]-~]+"$/)
  t.equal(status, statusCode)
  return { status, detail }
}

t.test('a token counts when a trusted issuer signed it for us, now, and it says who asks', async (t) => {
  const [issuer, other, stranger] = [new Issuer('https://uitgever.example'), new Issuer('https://ander.example'), new Issuer('https://vreemd.example')]
  const [rsa, pss, ec] = [await makeKey('RS256', 'rsa'), await makeKey('PS256', 'pss'), await makeKey('ES256', 'ec')]
  const [theirs, wide] = [await makeKey('ES256', 'theirs'), await makeKey('ES384', 'wide')]
  issuer.published.push(rsa.jwk, pss.jwk, ec.jwk, wide.jwk)
  other.published.push(theirs.jwk)
  const service = await startBehind(t, [issuer, other])
  const now = Math.floor(Date.now() / 1000)

  for (const key of [rsa, pss, ec]) t.equal((await ask(service, await issuer.sign(key))).status, 200, key.alg)
  t.equal((await ask(service, await other.sign(theirs))).status, 200, 'the second issuer with its own key')
  t.equal((await ask(service, await issuer.sign(ec, { aud: ['iets', 'aanwezig'] }))).status, 200, 'one audience of several is ours')
  t.equal((await ask(service, await issuer.sign(ec, { scholen: '*' }))).status, 200, 'every school')
  for (const typ of ['JWT', 'application/at+jwt']) t.equal((await ask(service, await issuer.sign(ec, {}, { typ }))).status, 200, typ)
  t.equal((await ask(service, await issuer.sign(ec, { client_id: 'extern-lvs' }))).status, 200, 'a client that is said twice')
  t.equal((await ask(service, await issuer.sign(ec, { iat: now + 20, nbf: now + 20 }))).status, 200, 'a clock that is a little ahead')
  t.equal((await ask(service, await issuer.sign(ec, { jti: 'A'.repeat(22) }))).status, 200, 'a jti of 128 bits')
  t.equal((await ask(service, await issuer.sign(ec), 'bearer')).status, 200, 'a scheme has no capitals')
  t.equal((await ask(service, await issuer.sign(ec, { azp: 'portaal', sub: 'iemand', rol: 'schoolleider' }))).status, 200, 'somebody at a portaal')
  t.equal((await ask(service, await issuer.sign(ec, { scope: undefined }))).status, 403, 'a token without scope gives no right, and is no stranger')
  t.equal((await ask(service, await issuer.sign(ec, { scope: 'onbekend:recht' }))).status, 403)

  const secret = new TextEncoder().encode(await exportSPKI(rsa.publicKey))
  const good = await issuer.sign(ec)
  const [header, body, signature] = good.split('.') as [string, string, string]
  const forged = Buffer.from(JSON.stringify(issuer.claims({ scholen: '*' }))).toString('base64url')
  const REFUSED: ReadonlyArray<readonly [name: string, token: string | null, detail: RegExp]> = [
    ['no token', null, /^Stuur een toegangsbewijs mee/],
    ['another audience', await issuer.sign(ec, { aud: 'iets-anders' }), /niet geldig/],
    ['no audience', await issuer.sign(ec, { aud: undefined }), /niet geldig/],
    ['an issuer nobody trusts', await stranger.sign(ec), /uitgever/],
    ['no issuer', await issuer.sign(ec, { iss: undefined }), /uitgever/],
    ['the name of one issuer with the key of the other', await issuer.sign(theirs), /niet geldig/],
    ['expired', await issuer.sign(ec, { iat: now - 600, exp: now - 60 }), /verlopen/],
    ['not valid yet', await issuer.sign(ec, { nbf: now + 600 }), /niet geldig/],
    ['without end', await issuer.sign(ec, { exp: undefined }), /niet geldig/],
    ['without begin', await issuer.sign(ec, { iat: undefined }), /niet geldig/],
    ['alg none', new UnsecuredJWT(issuer.claims()).encode(), /./],
    ['alg none with a signature of air', `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.${signature}`, /niet geldig/],
    ['HS256 with the public key as its secret', await issuer.sign({ alg: 'HS256', kid: 'rsa', privateKey: secret }), /niet geldig/],
    ['an algorithm that is not on the list', await issuer.sign(wide), /niet geldig/],
    ['a body that was changed', `${header}.${forged}.${signature}`, /niet geldig/],
    ['a key nobody published', await issuer.sign({ ...theirs, kid: 'nieuw' }), /niet geldig/],
    ['without client', await issuer.sign(ec, { azp: undefined }), /niet geldig/],
    ['a client that is no bron', await issuer.sign(ec, { azp: 'een bron' }), /: azp\.$/],
    ['without jti', await issuer.sign(ec, { jti: undefined }), /niet geldig/],
    ['a short jti', await issuer.sign(ec, { jti: 'kort' }), /: jti\.$/],
    ['without scholen', await issuer.sign(ec, { scholen: undefined }), /: scholen\.$/],
    ['scholen that are none', await issuer.sign(ec, { scholen: ["99AA'; reset role; --"] }), /: scholen/],
    ['several faults', await issuer.sign(ec, { azp: '', jti: 'x', scholen: 7 }), /azp.*scholen.*jti/],
    ['a jti of 126 bits', await issuer.sign(ec, { jti: 'A'.repeat(21) }), /: jti\.$/],
    ['issued in the future', await issuer.sign(ec, { iat: now + 60 }), /iat/],
    ['ended before it began', await issuer.sign(ec, { iat: now + 20, exp: now + 10 }), /iat/],
    ['of two days', await issuer.sign(ec, { exp: now + 172_800 }), /binnen een dag/],
    ['of a portaal, and of nobody', await issuer.sign(ec, { azp: 'portaal', sub: 'iemand' }), /geen rol/],
    ['two clients in one', await issuer.sign(ec, { client_id: 'ander-lvs' }), /: client_id\.$/],
    ['without typ', await issuer.sign(ec, {}, { typ: undefined }), /typ/],
    ['a logout token', await issuer.sign(ec, {}, { typ: 'logout+jwt' }), /typ/],
    ['an extension that jose knows', await issuer.sign(ec, {}, { crit: ['b64'], b64: true }), /crit/],
    ['an extension nobody knows', `${Buffer.from('{"alg":"ES256","kid":"ec","typ":"at+jwt","crit":["exp"],"exp":1}').toString('base64url')}.${body}.${signature}`, /niet geldig/],
    ['bound to a key (DPoP)', await issuer.sign(ec, { cnf: { jkt: 'A'.repeat(43) } }), /: cnf/],
    ['bound to a certificate that nobody shows', await issuer.sign(ec, { cnf: { 'x5t#S256': 'A'.repeat(43) } }), /clientcertificaat/],
    ['no token at all', 'kanarie', /^Stuur een toegangsbewijs mee/],
    ['no JSON inside', 'kanarie.kanarie.kanarie', /uitgever/]
  ]
  for (const [name, token, detail] of REFUSED) {
    const answer = await ask(service, token)
    t.equal(answer.status, 401, name)
    t.match(answer.detail, detail, name)
  }
  t.equal((await ask(service, good, 'Basic')).status, 401, 'another scheme')
  t.equal((await service.inject({ bearer: null, url: `/v1/signalen?access_token=${good}` })).statusCode, 401, 'a token in the address is none')
  t.equal((await service.inject({ bearer: null, url: '/v1/signalen', headers: { cookie: `access_token=${good}` } })).statusCode, 401, 'nor one in a cookie')
  t.equal((await ask(service, good)).status, 200)
  t.equal((await ask(service, `${header}.${body}.${signature.slice(0, -2)}AA`)).status, 401, 'a good token that was accepted vouches for no other')
})

t.test('a token that was accepted is refused from the moment it ends', async (t) => {
  const issuer = new Issuer('https://uitgever.example')
  const key = await makeKey('ES256', 'een')
  issuer.published.push(key.jwk)
  let now = Date.now()
  const url = await issuer.open(t)
  const service = await startService(t, { now: () => new Date(now), environment: { AUTH_ISSUERS: JSON.stringify([{ issuer: issuer.name, jwksUrl: url, audience: 'aanwezig' }]) } })
  const begin = Math.floor(now / 1_000)
  const token = await issuer.sign(key, { iat: begin, exp: begin + 300 })
  t.equal((await ask(service, token)).status, 200)
  for (const seconds of [299, 30]) {
    now += seconds * 1_000
    t.equal((await ask(service, token)).status, 200, 'clocks differ by 30 seconds at most')
  }
  now += 2_000
  t.match(await ask(service, token), { status: 401, detail: /verlopen/ })
})

t.test('an issuer changes its keys: a new one is fetched at once, a withdrawn one no longer counts', async (t) => {
  const issuer = new Issuer('https://uitgever.example')
  const keys = await Promise.all(['een', 'twee', 'drie', 'vier'].map(async (kid) => await makeKey('ES256', kid)))
  const [first, second, third, fourth] = keys as [Key, Key, Key, Key]
  issuer.published.push(first.jwk)
  let ahead = 0
  const service = await startBehind(t, [issuer], { now: () => new Date(Date.now() + ahead * 1_000) })
  const signLong = async (key: Key): Promise<string> => await issuer.sign(key, { exp: Math.floor(Date.now() / 1000) + 7_200 })
  const old = await signLong(first)
  for (const token of [old, await signLong(first), await signLong(first)]) t.equal((await ask(service, token)).status, 200)
  t.equal(issuer.asked, 1, 'keys are asked once')

  issuer.published.push(second.jwk)
  const burst = await Promise.all(Array.from({ length: 8 }, async () => await ask(service, await signLong(second))))
  t.ok(burst.every(({ status }) => status === 200), 'a key that is new is known by its first token, whoever brings it')
  t.equal(issuer.asked, 2)
  issuer.published.push(third.jwk)
  for (const key of [third, fourth, fourth]) t.equal((await ask(service, await signLong(key))).status, 401)
  t.equal(issuer.asked, 2, 'but nobody makes us ask at will')
  ahead += 6
  t.equal((await ask(service, await signLong(third))).status, 200, 'five seconds on it is')
  t.equal(issuer.asked, 3)

  issuer.published.shift()
  t.equal((await ask(service, old)).status, 200, 'what was verified is taken at its word for a while')
  ahead += 301
  t.equal((await ask(service, await signLong(second))).status, 200)
  for (let turn = 0; turn < 100 && issuer.asked < 4; turn++) await delay(10)
  t.equal(issuer.asked, 4, 'keys are asked again beside the requests')
  ahead += 300
  for (const token of [old, await signLong(first)]) t.equal((await ask(service, token)).status, 401, 'ten minutes on the withdrawn key is gone, for tokens that were accepted too')
  t.equal((await ask(service, await signLong(second))).status, 200)
})

t.test('an issuer that is away is no reason to call its tokens false', async (t) => {
  const issuer = new Issuer('https://uitgever.example')
  const [known, unknown] = [await makeKey('ES256', 'een'), await makeKey('ES256', 'twee')]
  issuer.published.push(known.jwk)
  let ahead = 0
  const log: string[] = []
  const service = await startBehind(t, [issuer], { now: () => new Date(Date.now() + ahead * 1_000), logLevel: 'info', logTo: { write: (line) => { log.push(line) } } })
  const sign = async (key: Key): Promise<string> => await issuer.sign(key, { exp: Math.floor(Date.now() / 1000) + 7_200 })
  issuer.broken = true
  for (let turn = 0; turn < 3; turn++) t.match(await ask(service, await sign(known)), { status: 503, detail: /sleutels van de uitgever/ }, 'it answers with an error before we know any key')
  t.equal(issuer.asked, 1, 'and is left alone for a while')
  issuer.broken = false
  ahead += 6
  t.equal((await ask(service, await sign(known))).status, 200)
  t.match(log.join(''), /"uitgever":"https:\/\/uitgever.example".*gives no keys.*gives its keys again/s)

  issuer.close()
  t.equal((await ask(service, await sign(known))).status, 200, 'a key that is known keeps working')
  for (let turn = 0; turn < 2; turn++) t.match(await ask(service, await sign(unknown)), { status: 503 }, 'one that is not may be new')
  ahead += 1_000
  t.equal((await ask(service, await sign(known))).status, 200, 'also when it is time to ask again')
  t.match(await ask(service, await sign(unknown)), { status: 503 })
  t.match((await service.inject({ bearer: null, url: '/metrics' })).body, /^aanwezig_uitgeversleutels_totaal\{resultaat="mislukt"\} [1-9]\d*$/m)
  ahead += 3_300
  t.match(await ask(service, await sign(known)), { status: 503 }, 'but not for ever: it may have been withdrawn since')
})

t.test('a token that is bound to a certificate counts only with it, and only a proxy of ours says which one was shown', async (t) => {
  const issuer = new Issuer('https://uitgever.example')
  const key = await makeKey('ES256', 'een')
  issuer.published.push(key.jwk)
  const service = await startBehind(t, [issuer], { environment: { AUTH_CERTIFICAAT_HEADER: 'X-Client-Cert', VERTROUWDE_PROXYS: '10.0.0.0/8,::1' } })
  const [mine, other] = await Promise.all(['een', 'twee'].map(async (name) => new X509Certificate((await selfsigned.generate([{ name: 'commonName', value: name }])).cert))) as [X509Certificate, X509Certificate]
  const bound = await issuer.sign(key, { cnf: { 'x5t#S256': createHash('sha256').update(mine.raw).digest('base64url') } })
  const come = async (remoteAddress: string, header: string | undefined, token = bound): Promise<number> =>
    (await service.inject({ bearer: token, url: '/v1/signalen', remoteAddress, ...(header === undefined ? {} : { headers: { 'x-client-cert': header } }) })).statusCode
  const ways = ({ raw }: X509Certificate): string[] => {
    const pem = `-----BEGIN CERTIFICATE-----\n${raw.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`
    return [encodeURIComponent(pem), `:${raw.toString('base64')}:`, raw.toString('base64')]
  }
  for (const way of ways(mine)) {
    for (const proxy of ['10.1.2.3', '::ffff:10.1.2.3', '::1']) t.equal(await come(proxy, way), 200, proxy)
    for (const address of ['127.0.0.1', '192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1']) t.equal(await come(address, way), 401, `${address} is no proxy of ours`)
  }
  for (const way of ways(other)) t.equal(await come('10.1.2.3', way), 401, 'the certificate of another')
  for (const header of [undefined, '', 'kanarie', '%E0%A4%A', '-----BEGIN', `${ways(mine)[1]!}, ${ways(other)[1]!}`]) t.equal(await come('10.1.2.3', header), 401, `no certificate: ${header ?? 'no header'}`)
  t.equal(await come('10.1.2.3', ways(mine)[0], await issuer.sign(key)), 200, 'a token that is bound to nothing needs none')

  const without = await startService(t, { environment: { AUTH_ISSUERS: service.issuers } })
  t.equal((await without.inject({ bearer: bound, url: '/v1/signalen', headers: { 'x-client-cert': ways(mine)[0]! } })).statusCode, 401, 'without the setting no header is read')
})

t.test('a request has one token; what is refused says why as RFC 6750 wants it, and the log holds nothing of it', async (t) => {
  const log: string[] = []
  const service = await startService(t, { logLevel: 'debug', logTo: { write: (line) => { log.push(line) } } })
  const origin = await service.server.listen({ host: '127.0.0.1', port: 0 })
  const good = await service.token()
  const send = async (path: string, ...tokens: string[]): Promise<{ status: number, challenge: string | undefined, body: string }> => {
    const request = httpRequest(`${origin}${path}`, { agent: false, headers: ['host', 'localhost', ...tokens.flatMap((token) => ['Authorization', `Bearer ${token}`])] }).end()
    const [response] = await once(request, 'response') as [IncomingMessage]
    let body = ''
    for await (const chunk of response) body += String(chunk)
    return { status: response.statusCode!, challenge: response.headers['www-authenticate'], body }
  }
  t.equal((await send('/v1/signalen', good)).status, 200)
  for (const [path, ...tokens] of [['/v1/signalen', good, good], ['/v1/signalen', good, 'kanarie'], [`/v1/signalen?access_token=${good}`, good], [`/v1/signalen?access%5Ftoken=${good}`, good], [`/graphql?access_token=${good}`, good]] as const) {
    const { status, challenge, body } = await send(path, ...tokens)
    if (path.startsWith('/graphql')) continue // GET is no method there; the POST follows
    t.match({ status, challenge }, { status: 400, challenge: /^Bearer realm="aanwezig", error="invalid_request"/ })
    t.match(JSON.parse(body), { code: 'invoer-ongeldig' })
  }
  t.equal((await service.inject({ method: 'POST', url: `/graphql?access_token=${good}`, payload: { query: '{ __typename }' } })).statusCode, 400, 'nor where the address may hold anything')
  t.match(await send(`/v1/signalen?access_token=${good}`), { status: 401, challenge: 'Bearer realm="aanwezig"' }, 'a token in the address is none')

  const weak = await send('/v1/signalen', await service.token({ scopes: ['absenties:lezen'] }))
  t.match(weak, { status: 403, challenge: 'Bearer realm="aanwezig", error="insufficient_scope", scope="signalen:lezen"' })
  const foreign = await service.inject({ method: 'DELETE', url: '/v1/absenties/ander-lvs/a-1?school=99AA' })
  t.match({ status: foreign.statusCode, challenge: foreign.headers['www-authenticate'] }, { status: 403, challenge: undefined }, 'where no scope would help, none is named')

  const marked = await service.token({ extra: { jti: 'kanarie-kanarie-kanarie-1', sub: 'kanarie', rol: 'verzuimcoordinator' } })
  t.equal((await send('/v1/signalen', marked)).status, 200)
  await send('/v1/signalen', `${marked.slice(0, -8)}AAAAAAAA`)
  await send('/v1/signalen', await service.token({ extra: { jti: 'kanarie' } }))
  t.ok(log.length > 5)
  t.notMatch(log.join(''), /kanarie|eyJ/, 'a token, its claims or its address')
})

t.test('an allow-list that would let strangers in is no configuration', (t) => {
  const read = (list: unknown, environment: Record<string, string> = {}): string => {
    try {
      readConfig({ AUTH_ISSUERS: JSON.stringify(list), ...environment })
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  const entry = { issuer: 'https://uitgever.example', jwksUrl: 'https://uitgever.example/jwks', audience: 'aanwezig' }
  for (const jwksUrl of ['https://uitgever.example/jwks', 'http://127.0.0.1:8080/jwks', 'http://[::1]/jwks', 'http://localhost/jwks', 'http://keycloak:8080/jwks']) t.equal(read([{ ...entry, jwksUrl }]), '', jwksUrl)
  for (const jwksUrl of ['http://uitgever.example/jwks', 'http://10.0.0.1/jwks', 'file:///etc/passwd', 'data:application/json,{}', 'jwks']) t.match(read([{ ...entry, jwksUrl }]), /AUTH_ISSUERS/, jwksUrl)
  t.match(read([entry, { ...entry, audience: 'iets' }]), /elke uitgever staat er een keer/)
  t.match(read([]), /AUTH_ISSUERS/)
  t.match(read([entry], { AUTH_CERTIFICAAT_HEADER: 'client-cert' }), /VERTROUWDE_PROXYS/)
  t.match(read([entry], { AUTH_KLOKVERSCHIL: '301' }), /AUTH_KLOKVERSCHIL/)
  t.end()
})

t.test('only development trusts the development key', async (t) => {
  const issuer = new Issuer('https://uitgever.example')
  const key = await makeKey('ES256', 'een')
  issuer.published.push(key.jwk)
  const service = await startBehind(t, [issuer])
  t.equal(service.app.developmentKeys, undefined)
  const token = await (await developmentKeys(service.dataDir)).sign({ azp: 'demo-lvs', scope: 'signalen:lezen', scholen: '*' }, 60)
  t.match(await ask(service, token), { status: 401, detail: /uitgever/ })
  t.equal((await ask(service, await issuer.sign(key))).status, 200)
})
