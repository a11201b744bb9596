import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTHeaderParameters } from 'jose'
import type { Test } from 'tap'
import { describeApi } from '../../src/server.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'

/** The classes of attack, as README lists them. */
export const KLASSEN = ['objects of another school', 'tokens and headers', 'fields that are not yours', 'resource consumption', 'functions without the right', 'business flows', 'URLs to fetch', 'configuration', 'undocumented addresses', 'answers of an issuer', 'injection', 'enumeration', 'request smuggling'] as const
export type Klasse = typeof KLASSEN[number]

type Json = Record<string, unknown>
export interface Parameter { readonly name: string, readonly in: 'path' | 'query' | 'header' }
export interface Operatie { readonly operationId: string, readonly method: string, readonly path: string, readonly open: boolean, readonly parameters: readonly Parameter[], readonly body: Json | undefined }

/** Every operation of the contract, and the schemas its bodies are made of. */
export async function readOperaties (): Promise<{ operaties: Operatie[], schemas: Record<string, Json> }> {
  const api = await describeApi() as { paths: Record<string, Record<string, { operationId: string, security: unknown[], parameters?: Parameter[], requestBody?: { content: Record<string, { schema: Json }> } }>>, components: { schemas: Record<string, Json> } }
  const operaties = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, { operationId, security, parameters = [], requestBody }]) =>
    ({ operationId, method: method.toUpperCase(), path: `/v1${path}`, open: security.length === 0, parameters, body: requestBody?.content['application/json']?.schema })))
  return { operaties, schemas: api.components.schemas }
}

export interface Key { readonly alg: string, readonly kid: string, readonly privateKey: CryptoKey, readonly publicKey: CryptoKey, readonly jwk: JWK }

export async function makeKey (alg: string, kid: string): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { alg, kid, privateKey, publicKey, jwk: { ...await exportJWK(publicKey), kid, alg, use: 'sig' } }
}

export interface Antwoord { readonly status?: number, readonly headers?: Record<string, string>, readonly body?: string }

/** A listener that only counts who comes. */
export async function startCanary (t: Test, answer: (url: string) => Antwoord = () => ({})): Promise<{ readonly origin: string, readonly hits: string[] }> {
  const hits: string[] = []
  const server = createServer((request, response) => {
    hits.push(request.url!)
    const { status = 200, headers = {}, body = '' } = answer(request.url!)
    response.writeHead(status, headers).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, hits }
}

export const UITGEVER = 'https://uitgever.example'

export function claims (anders: Json = {}): Json {
  const now = Math.floor(Date.now() / 1000)
  const all = { iss: UITGEVER, aud: 'aanwezig', iat: now, exp: now + 600, jti: randomUUID(), azp: 'test-lvs', scope: RECHTEN.join(' '), scholen: ['99AA'], ...anders }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

export async function sign (key: { readonly alg: string, readonly kid: string, readonly privateKey: CryptoKey | Uint8Array }, anders: Json = {}, header: Json = {}): Promise<string> {
  return await new SignJWT(claims(anders)).setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header } as JWTHeaderParameters).sign(key.privateKey)
}

// What no answer may hold: places in our source, texts of PostgreSQL and node, keys, addresses of the store.
const LEK = /node_modules|\.ts\b[:)]|\n\s+at |\bselect\b[^"]*\bfrom\b|relation \\?"|syntax error at or near|violates|invalid input syntax|ECONN|PRIVATE KEY|postgres(ql)?:\/\/|"stack"/i

/** The service that is attacked, with an issuer beside its development key, a foreign school, and a log that is kept. */
export interface Doelwit extends Service {
  readonly port: number
  readonly log: string[]
  readonly rsa: Key
  readonly ec: Key
  /** An attack counts, and its answer is held against what none may bring about; what it did is among `gevolgen`. */
  readonly attack: (klasse: Klasse, options: InjectOptions & { bearer?: string | null }, refused?: (answer: LightMyRequestResponse) => boolean) => Promise<LightMyRequestResponse>
  readonly count: (klasse: Klasse, name: string, held: boolean) => void
  readonly tellingen: Map<Klasse, number>
  readonly gevolgen: string[]
}

export async function startDoelwit (t: Test): Promise<Doelwit> {
  const log: string[] = []
  const [rsa, ec] = [await makeKey('RS256', 'rsa'), await makeKey('ES256', 'ec')]
  const keys = await startCanary(t, () => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify({ keys: [rsa.jwk, ec.jwk] }) }))
  const sleutel = createHash('sha256').update('doelwit').digest('base64')
  const service = await startService(t, {
    logLevel: 'debug',
    logTo: { write: (line) => { log.push(line) } },
    environment: { AUTH_ISSUERS: JSON.stringify([{ issuer: UITGEVER, jwksUrl: `${keys.origin}/jwks`, audience: 'aanwezig' }]), SLEUTEL: sleutel, ADRES_PER_SECONDE: '1000000', VERZOEKEN_PER_SECONDE: '1000000', VERZOEKEN_TEGELIJK: '1000', OPEN_VERZOEKEN: '1000' }
  })
  const origin = await service.server.listen({ host: '127.0.0.1', port: 0 })
  await createSchool(service)
  const bearer = await service.token({ bron: 'vreemd-lvs', scholen: ['99AB'] })
  await createSchool(service, { vestiging: '99AB00', leerling: 'vreemd-L1', bearer })
  const push = await service.inject({ bearer, method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: ['2026-03-09', '2026-03-10', '2026-03-11'].map((datum, at) => buildAbsentie(`vreemd-a${at}`, datum, { school: '99AB', vestiging: '99AB00', leerling: 'vreemd-L1', minuten: 330 })) } })
  if (push.json<{ aantallen: { nieuw: number } }>().aantallen.nieuw !== 3) throw new Error(push.body)
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('a-1', '2026-03-09')] } })
  await service.evaluate()

  const secrets = [sleutel, Buffer.from(sleutel, 'base64').toString('hex')]
  const tellingen = new Map<Klasse, number>()
  const gevolgen: string[] = []
  const count: Doelwit['count'] = (klasse, name, held) => {
    tellingen.set(klasse, (tellingen.get(klasse) ?? 0) + 1)
    if (!held) gevolgen.push(`${klasse}: ${name}`)
  }
  return {
    ...service,
    port: Number(new URL(origin).port),
    log,
    rsa,
    ec,
    tellingen,
    gevolgen,
    count,
    attack: async (klasse, options, refused = ({ statusCode }) => statusCode >= 400) => {
      const answer = await service.inject(options)
      const { statusCode, headers, body } = answer
      const faults = [
        ...(statusCode >= 500 ? ['fails'] : []),
        ...(LEK.test(body) || secrets.some((secret) => body.includes(secret)) ? ['tells of the inside'] : []),
        ...(Object.keys(headers).some((name) => name.includes('kanarie')) ? ['sets a header'] : []),
        ...(refused(answer) ? [] : ['is let in'])
      ]
      count(klasse, `${options.method ?? 'GET'} ${String(options.url).slice(0, 120)} ${faults.join(', ')}: ${statusCode} ${body.slice(0, 200)}`, faults.length === 0)
      return answer
    }
  }
}
