import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT, type CryptoKey, type JWK } from 'jose'
import t, { type Test } from 'tap'
import { developmentKeys } from '../src/http/authenticate.ts'
import { startService, type Service } from './support/service.ts'

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
  async sign (key: Pick<Key, 'alg' | 'kid'> & { privateKey: CryptoKey | Uint8Array }, claims: Record<string, unknown> = {}): Promise<string> {
    return await new SignJWT(this.claims(claims)).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt' }).sign(key.privateKey)
  }

  claims (claims: Record<string, unknown> = {}): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1000)
    const all = { iss: this.name, aud: 'aanwezig', iat: now, exp: now + 300, jti: randomUUID(), azp: 'extern-lvs', scope: 'signalen:lezen', scholen: ['99AA'], ...claims }
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
  }
}

/** The service as it runs elsewhere: issuers of others, no key of its own. */
async function startBehind (t: Test, ...issuers: Issuer[]): Promise<Service> {
  const list = await Promise.all(issuers.map(async (issuer) => ({ issuer: issuer.name, jwksUrl: await issuer.open(t), audience: 'aanwezig' })))
  return await startService(t, { environment: { AUTH_DEVELOPMENT: '', AUTH_ISSUERS: JSON.stringify(list), SLEUTEL: Buffer.alloc(32, 7).toString('base64') } })
}

async function ask (service: Service, token: string | null, scheme = 'Bearer'): Promise<{ status: number, detail: string | undefined }> {
  const { statusCode, headers, body } = await service.inject({ bearer: null, url: '/v1/signalen', ...(token === null ? {} : { headers: { authorization: `${scheme} ${token}` } }) })
  if (statusCode === 200) return { status: 200, detail: undefined }
  t.equal(headers['content-type'], 'application/problem+json')
  if (statusCode === 401) t.equal(headers['www-authenticate'], 'Bearer realm="aanwezig"')
  const { status, detail } = JSON.parse(body) as { status: number, detail: string }
  t.equal(status, statusCode)
  return { status, detail }
}

t.test('a token counts when a trusted issuer signed it for us, now, and it says who asks', async (t) => {
  const [issuer, other, stranger] = [new Issuer('https://uitgever.example'), new Issuer('https://ander.example'), new Issuer('https://vreemd.example')]
  const [rsa, pss, ec] = [await makeKey('RS256', 'rsa'), await makeKey('PS256', 'pss'), await makeKey('ES256', 'ec')]
  const [theirs, wide] = [await makeKey('ES256', 'theirs'), await makeKey('ES384', 'wide')]
  issuer.published.push(rsa.jwk, pss.jwk, ec.jwk, wide.jwk)
  other.published.push(theirs.jwk)
  const service = await startBehind(t, issuer, other)
  const now = Math.floor(Date.now() / 1000)

  for (const key of [rsa, pss, ec]) t.equal((await ask(service, await issuer.sign(key))).status, 200, key.alg)
  t.equal((await ask(service, await other.sign(theirs))).status, 200, 'the second issuer with its own key')
  t.equal((await ask(service, await issuer.sign(ec, { aud: ['iets', 'aanwezig'] }))).status, 200, 'one audience of several is ours')
  t.equal((await ask(service, await issuer.sign(ec, { scholen: '*' }))).status, 200, 'every school')
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
  const token = await issuer.sign(key)
  t.equal((await ask(service, token)).status, 200)
  now += 299_000
  t.equal((await ask(service, token)).status, 200)
  now += 7_000
  t.match(await ask(service, token), { status: 401, detail: /verlopen/ })
})

/** Moves the clock by which the JWKS client decides that its keys are old. */
function later (t: Test, seconds: number): () => void {
  const real = Date.now
  return t.intercept(Date, 'now', { value: () => real() + seconds * 1000 }).restore
}

t.test('an issuer changes its keys: a new one is fetched, a withdrawn one no longer counts', async (t) => {
  const issuer = new Issuer('https://uitgever.example')
  const [first, second] = [await makeKey('ES256', 'een'), await makeKey('ES256', 'twee')]
  issuer.published.push(first.jwk)
  const service = await startBehind(t, issuer)
  for (let turn = 0; turn < 3; turn++) t.equal((await ask(service, await issuer.sign(first))).status, 200)
  t.equal(issuer.asked, 1, 'keys are asked once')

  issuer.published.push(second.jwk)
  t.equal((await ask(service, await issuer.sign(second))).status, 401)
  t.equal(issuer.asked, 1, 'an unknown key does not make us ask at will')
  const back = later(t, 31)
  t.equal((await ask(service, await issuer.sign(second))).status, 200, 'half a minute on it does')
  t.equal(issuer.asked, 2)
  back()

  issuer.published.shift()
  later(t, 1_000)
  t.equal((await ask(service, await issuer.sign(first))).status, 401)
  t.equal((await ask(service, await issuer.sign(second))).status, 200)
})

t.test('an issuer that is away is no reason to call its tokens false', async (t) => {
  const issuer = new Issuer('https://uitgever.example')
  const [known, unknown] = [await makeKey('ES256', 'een'), await makeKey('ES256', 'twee')]
  issuer.published.push(known.jwk)
  const service = await startBehind(t, issuer)
  issuer.broken = true
  t.match(await ask(service, await issuer.sign(known)), { status: 503, detail: /sleutels van de uitgever/ }, 'it answers with an error before we know any key')
  issuer.broken = false
  t.equal((await ask(service, await issuer.sign(known))).status, 200)

  issuer.close()
  t.equal((await ask(service, await issuer.sign(known))).status, 200, 'a key that is known keeps working')
  const back = later(t, 31)
  t.match(await ask(service, await issuer.sign(unknown)), { status: 503 }, 'one that is not may be new')
  back()
  later(t, 1_000)
  t.equal((await ask(service, await issuer.sign(known))).status, 200, 'also when it is time to ask again')
  t.match(await ask(service, await issuer.sign(unknown)), { status: 503 })
})

t.test('only development trusts the development key', async (t) => {
  const issuer = new Issuer('https://uitgever.example')
  const key = await makeKey('ES256', 'een')
  issuer.published.push(key.jwk)
  const service = await startBehind(t, issuer)
  t.equal(service.app.developmentKeys, undefined)
  const token = await (await developmentKeys(service.dataDir)).sign({ azp: 'demo-lvs', scope: 'signalen:lezen', scholen: '*' }, 60)
  t.match(await ask(service, token), { status: 401, detail: /uitgever/ })
  t.equal((await ask(service, await issuer.sign(key))).status, 200)
})
