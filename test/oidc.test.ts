import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import Provider, { type ClientCredentials } from 'oidc-provider'
import t, { type Test } from 'tap'
import { Betrekkingsinvoer } from '../src/betrekkingen/contract.ts'
import { RECHTEN, type Recht } from '../src/toegang/rechten.ts'
import { getRol, ROLLEN, type Rolnaam } from '../src/toegang/rollen.ts'
import { buildAbsentie, createSchool } from './support/school.ts'
import { startService, type Service } from './support/service.ts'

interface Key { readonly alg: string, readonly kid: string, readonly privateKey: CryptoKey, readonly publicJwk: JWK, readonly privateJwk: JWK }

async function makeKey (alg: string, kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const said = { kid, alg, use: 'sig' }
  return { alg, kid, privateKey, publicJwk: { ...await exportJWK(publicKey), ...said }, privateJwk: { ...await exportJWK(privateKey), ...said } }
}

/** A client as the issuer knows it: its own key, what it may do, and for which scholen. */
interface Bron { readonly naam: string, readonly key: Key, readonly rechten: readonly Recht[], readonly scholen: readonly string[] | '*' }

interface Issuer {
  readonly jwksUrl: string
  readonly name: string
  /** Starts the issuer anew with these keys: the first of an algorithm signs, all are published. */
  readonly rotate: (...keys: Key[]) => void
  /** A token by client_credentials, the client proving itself with a signed assertion (private_key_jwt). */
  readonly grant: (bron: Bron, asked?: { readonly scope?: string, readonly resource?: string, readonly key?: Key }) => Promise<{ status: number, token: string, error: string | undefined }>
}

const RESOURCE = 'urn:nld:oin:00000099000000001000:systeem:aanwezig'
const AUDIENCES: Record<string, string> = { [RESOURCE]: 'aanwezig', 'urn:iets:anders': 'iets-anders' }

/** A certified OpenID Connect server (oidc-provider) on loopback. */
async function startIssuer (t: Test, bronnen: readonly Bron[], first: Key): Promise<Issuer> {
  let listener: RequestListener = (_request, response) => { response.writeHead(503).end() }
  const server = createServer((request, response) => { listener(request, response) }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const name = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const rotate: Issuer['rotate'] = (...keys) => {
    listener = new Provider(name, {
      jwks: { keys: keys.map(({ privateJwk }) => privateJwk) },
      scopes: RECHTEN,
      clients: bronnen.map(({ naam, key, rechten }) => ({
        client_id: naam,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        scope: rechten.join(' '),
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: key.alg,
        id_token_signed_response_alg: keys[0]!.alg,
        jwks: { keys: [key.publicJwk] }
      })),
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => RESOURCE,
          getResourceServerInfo: (_ctx: unknown, resource: string) => ({ scope: RECHTEN.join(' '), audience: AUDIENCES[resource], accessTokenFormat: 'jwt', accessTokenTTL: 3_600, jwt: { sign: { alg: keys[0]!.alg, kid: keys[0]!.kid } } })
        }
      },
      ttl: { ClientCredentials: 3_600 },
      formats: {
        customizers: {
          jwt: (_ctx: unknown, { clientId }: ClientCredentials, { payload }: { payload: Record<string, unknown> }) => {
            payload['azp'] = clientId
            payload['scholen'] = bronnen.find(({ naam }) => naam === clientId)!.scholen
          }
        }
      }
    }).callback()
  }
  rotate(first)
  const { token_endpoint: tokenUrl, jwks_uri: jwksUrl } = await (await fetch(`${name}/.well-known/openid-configuration`)).json() as Record<string, string>

  const grant: Issuer['grant'] = async ({ naam, key, rechten }, { scope = rechten.join(' '), resource = RESOURCE, key: other } = {}) => {
    const assertion = await new SignJWT({}).setProtectedHeader({ alg: key.alg, kid: key.kid }).setIssuer(naam).setSubject(naam).setAudience(name)
      .setIssuedAt().setExpirationTime('1m').setJti(randomUUID()).sign((other ?? key).privateKey)
    const body = new URLSearchParams({ grant_type: 'client_credentials', scope, resource, client_assertion: assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' })
    const response = await fetch(tokenUrl!, { method: 'POST', body })
    const { access_token: token = '', error } = await response.json() as { access_token?: string, error?: string }
    return { status: response.status, token, error }
  }
  return { name, jwksUrl: jwksUrl!, rotate, grant }
}

async function push (service: Service, bearer: string, ...absenties: object[]): Promise<{ status: number, aantallen: Record<string, number> | undefined, code: string | undefined }> {
  const { statusCode, body } = await service.inject({ bearer, method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties } })
  const { aantallen, code, resultaten } = JSON.parse(body) as { aantallen?: Record<string, number>, code?: string, resultaten?: Array<{ problemen?: Array<{ code: string }> }> }
  return { status: statusCode, aantallen, code: code ?? resultaten?.[0]?.problemen?.[0]?.code }
}

interface Mapper { readonly protocolMapper: string, readonly config: Readonly<Record<string, string>> }
interface Mens { readonly id: string, readonly username: string, readonly attributes: Readonly<Record<string, readonly string[]>>, readonly credentials?: unknown }
interface Realm {
  readonly defaultSignatureAlgorithm: string
  readonly accessTokenLifespan: number
  readonly clientScopes: ReadonlyArray<{ name: string }>
  readonly clients: ReadonlyArray<{ readonly clientId: string, readonly redirectUris?: readonly string[], readonly optionalClientScopes: readonly string[], readonly protocolMappers: readonly Mapper[] }>
  readonly components: Readonly<Record<string, ReadonlyArray<{ readonly config: Readonly<Record<string, readonly string[]>> }>>>
  readonly users: readonly Mens[]
}

/** The claims that mappers of Keycloak put in an access token; of the client itself where there is no `mens`. */
function listClaims (mappers: readonly Mapper[], mens?: Mens): Record<string, unknown> {
  return Object.fromEntries(mappers.filter(({ config }) => config['access.token.claim'] === 'true').flatMap(({ protocolMapper, config }): Array<[string, unknown]> => {
    if (protocolMapper === 'oidc-audience-mapper') return [['aud', config['included.custom.audience']]]
    if (protocolMapper === 'oidc-hardcoded-claim-mapper') return [[config['claim.name']!, JSON.parse(config['claim.value']!)]]
    if (protocolMapper === 'oidc-sub-mapper') return [['sub', mens?.id]]
    if (protocolMapper !== 'oidc-usermodel-attribute-mapper') throw new Error(`no known mapper: ${protocolMapper}`)
    const values = mens?.attributes[config['user.attribute']!]
    return values === undefined ? [] : [[config['claim.name']!, config['multivalued'] === 'true' ? values : values[0]]]
  }))
}

t.test('the realm of docker-compose knows every recht and every rol, and its tokens are accepted', async (t) => {
  const realm = JSON.parse(readFileSync(new URL('../keycloak/aanwezig-realm.json', import.meta.url), 'utf8')) as Realm
  const [toepassing, portaal] = realm.clients
  t.strictSame(realm.clientScopes.map(({ name }) => name).sort(), [...RECHTEN].sort())
  for (const { optionalClientScopes } of realm.clients) t.strictSame([...optionalClientScopes].sort(), [...RECHTEN].sort())
  // People sign in by a code with PKCE, and go back to this machine; nobody hands over a password.
  t.match(portaal, { publicClient: true, standardFlowEnabled: true, implicitFlowEnabled: false, directAccessGrantsEnabled: false, serviceAccountsEnabled: false, fullScopeAllowed: false, attributes: { 'pkce.code.challenge.method': 'S256' } })
  t.ok(portaal!.redirectUris!.every((uri) => uri.startsWith('http://127.0.0.1/') && !uri.includes('*')))

  const { attributes } = JSON.parse(realm.components['org.keycloak.userprofile.UserProfileProvider']![0]!.config['kc.user.profile.config']![0]!) as { attributes: Array<{ name: string, permissions: { edit: string[] }, required?: { roles: string[] }, validations: { options?: { options: string[] } } }> }
  const profiel = new Map(attributes.map((attribuut) => [attribuut.name, attribuut]))
  t.strictSame(profiel.get('rol')!.validations.options!.options, Object.keys(ROLLEN))
  for (const naam of ['rol', 'scholen', 'gemeente']) t.strictSame(profiel.get(naam)!.permissions.edit, ['admin'], `nobody gives himself a ${naam}`)
  for (const naam of ['rol', 'scholen']) t.strictSame(profiel.get(naam)!.required, { roles: ['admin'] }, `nobody is made without a ${naam}`)
  t.strictSame(realm.users.flatMap((mens) => Object.keys(mens.attributes).filter((naam) => !profiel.has(naam))), [])

  const key = await makeKey(realm.defaultSignatureAlgorithm, 'keycloak')
  const jwks = createServer((_request, response) => { response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [key.publicJwk] })) }).listen(0, '127.0.0.1')
  await once(jwks, 'listening')
  t.teardown(() => {
    jwks.close()
    jwks.closeAllConnections()
  })
  const issuer = 'http://127.0.0.1:8080/realms/aanwezig'
  const { app } = await startService(t, { environment: { AUTH_DEVELOPMENT: '', AUTH_ISSUERS: JSON.stringify([{ issuer, jwksUrl: `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/`, audience: 'aanwezig', portalen: [portaal!.clientId] }]), SLEUTEL: Buffer.alloc(32, 7).toString('base64') } })
  const authenticate = async (azp: string, claims: Record<string, unknown>): Promise<unknown> => {
    const iat = Math.floor(Date.now() / 1_000)
    const token = await new SignJWT({ iss: issuer, azp, iat, exp: iat + realm.accessTokenLifespan, typ: 'Bearer', scope: RECHTEN.join(' '), ...claims }).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'JWT' }).sign(key.privateKey)
    return await app.authenticate({ raw: { rawHeaders: ['Authorization', `Bearer ${token}`] }, query: {} } as FastifyRequest)
  }

  // What Keycloak adds of itself: how the token came about stands before its id, and of a service account who asked from where.
  const bron = await authenticate(toepassing!.clientId, { ...listClaims(toepassing!.protocolMappers), jti: `trrtcc:${randomUUID()}`, client_id: toepassing!.clientId, clientHost: '172.18.0.1', clientAddress: '172.18.0.1' })
  t.strictSame(bron, { bron: 'demo-lvs', rechten: new Set(RECHTEN), scholen: ['99AA'] })
  await t.rejects(authenticate(portaal!.clientId, { ...listClaims(portaal!.protocolMappers, realm.users[0]), rol: undefined, jti: `onrtac:${randomUUID()}` }), { code: 'niet-aangemeld' }, 'nobody without a rol')
  t.strictSame(realm.users.map(({ username }) => username), Object.keys(ROLLEN))
  for (const mens of realm.users) {
    const { rol, gemeente } = listClaims(portaal!.protocolMappers, mens)
    t.equal(rol, mens.username)
    const actor = await authenticate(portaal!.clientId, { ...listClaims(portaal!.protocolMappers, mens), jti: `onrtac:${randomUUID()}`, sid: randomUUID() })
    t.strictSame(actor, { bron: 'demo-portaal', rechten: new Set(RECHTEN.filter((recht) => getRol(mens.username as Rolnaam).rechten.includes(recht))), scholen: ['99AA'], rol, persoon: mens.id, ...(gemeente === undefined ? {} : { gemeente }) }, mens.username)
    t.ok(Betrekkingsinvoer.safeParse({ school: '99AA', leerling: 'L-1', persoon: mens.id, soort: 'ouder', gezag: true, van: '2026-08-01' }).success, 'his sub is a persoon of a betrekking')
    t.notOk('credentials' in mens, 'a password is not in the file')
  }
})

t.test('bronnen get tokens of an OpenID Connect server with keys of their own, and push on while its keys change', async (t) => {
  const [a, b, c] = [await makeKey('PS256', 'een'), await makeKey('PS256', 'twee'), await makeKey('ES256', 'drie')]
  const noord: Bron = { naam: 'lvs-noord', key: await makeKey('RS256', 'noord'), rechten: ['stamgegevens:schrijven', 'absenties:schrijven', 'absenties:lezen'], scholen: ['99AA'] }
  const zuid: Bron = { naam: 'lvs-zuid', key: await makeKey('PS256', 'zuid'), rechten: ['stamgegevens:schrijven', 'absenties:schrijven', 'signalen:lezen'], scholen: ['99AB'] }
  const issuer = await startIssuer(t, [noord, zuid], a)
  let ahead = 0
  const service = await startService(t, {
    now: () => new Date(Date.now() + ahead * 1_000),
    environment: { AUTH_DEVELOPMENT: '', AUTH_ISSUERS: JSON.stringify([{ issuer: issuer.name, jwksUrl: issuer.jwksUrl, audience: 'aanwezig' }]), SLEUTEL: Buffer.alloc(32, 7).toString('base64') }
  })
  const scholen = [[noord, '99AA00'], [zuid, '99AB00']] as const
  for (const [bron, vestiging] of scholen) await createSchool(service, { vestiging, bearer: (await issuer.grant(bron)).token })
  const record = (vestiging: string, bronId: string): object => buildAbsentie(bronId, '2026-03-12', { school: vestiging.slice(0, 4), vestiging, minuten: 1 })

  await t.test('scopes and scholen are those of the token', async (t) => {
    const { token } = await issuer.grant(noord)
    t.match(await push(service, token, record('99AA00', 'n-1')), { status: 200, aantallen: { nieuw: 1 } })
    t.match(await push(service, token, record('99AB00', 'n-2')), { status: 200, aantallen: { afgewezen: 1 }, code: 'school-onbekend' }, 'a school of another bron')
    t.match(await push(service, (await issuer.grant(noord, { scope: 'absenties:lezen' })).token, record('99AA00', 'n-3')), { status: 403, code: 'geen-toegang' }, 'a token for less than the client may')
    t.equal((await service.inject({ bearer: token, url: '/v1/absenties/lvs-noord/n-1?school=99AA' })).statusCode, 200, 'azp is the bron')
    const other = (await issuer.grant(zuid)).token
    t.equal((await service.inject({ bearer: other, url: '/v1/signalen?school=99AB' })).statusCode, 200)
    t.equal((await service.inject({ bearer: other, url: '/v1/signalen?school=99AA' })).statusCode, 404)
    t.match(await push(service, (await issuer.grant(noord, { resource: 'urn:iets:anders' })).token, record('99AA00', 'n-4')), { status: 401, code: 'niet-aangemeld' }, 'a token for another service')
    t.match(await issuer.grant(noord, { key: await makeKey('RS256', 'noord') }), { status: 401, error: 'invalid_client' }, 'the key of another client gets none')
    t.match(await issuer.grant(noord, { scope: 'signalen:beoordelen' }), { status: 400, error: 'invalid_scope' })
  })

  await t.test('no push fails while the issuer changes its keys twice', async (t) => {
    const ROUNDS = 45
    const seen = new Set<string>()
    const statuses: number[] = []
    let round = 0
    const run = async (bron: Bron, vestiging: string): Promise<void> => {
      while (round < ROUNDS) {
        const { token } = await issuer.grant(bron)
        seen.add((JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid)
        for (let turn = 0; turn < 4; turn++) statuses.push((await push(service, token, record(vestiging, `r-${statuses.length}`))).status)
        round++
        if (round === 15) issuer.rotate(b, a)
        if (round === 30) {
          ahead += 10
          issuer.rotate(c, b, a)
        }
      }
    }
    await Promise.all([...scholen, ...scholen].map(async ([bron, vestiging]) => { await run(bron, vestiging) }))
    t.ok(statuses.length >= 4 * ROUNDS)
    t.strictSame(new Set(statuses), new Set([200]), `${statuses.length} pushes`)
    t.strictSame([...seen], ['een', 'twee', 'drie'], 'with tokens of every key, RSA and elliptic')
  })

  await t.test('a key the issuer withdraws stops, a token that was accepted with it too', async (t) => {
    issuer.rotate(a)
    const stolen = (await issuer.grant(noord)).token
    t.equal((await push(service, stolen, record('99AA00', 's-1'))).status, 200)
    issuer.rotate(c, b)
    ahead += 600
    t.match(await push(service, stolen, record('99AA00', 's-2')), { status: 401, code: 'niet-aangemeld' })
    t.equal((await push(service, (await issuer.grant(noord)).token, record('99AA00', 's-2'))).status, 200)
  })
})
