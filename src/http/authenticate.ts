import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { createLocalJWKSet, errors, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, jwtVerify, SignJWT, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyResult } from 'jose'
import type { FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import { readOrCreate } from '../db/sleutels.ts'
import { AppError } from '../errors.ts'
import { isBrin, isGemeentecode } from '../domain/identificatie.ts'
import { isRecht } from '../toegang/rechten.ts'
import { getRol, isRol } from '../toegang/rollen.ts'
import { TokenError } from './challenge.ts'
import { makeReadThumbprint } from './client-certificate.ts'
import { IssuerKeys } from './issuer-keys.ts'
import type { Config } from '../config.ts'
import type { Actor } from '../toegang/service.ts'

/** The algorithms of the NL GOV OAuth profile; nothing symmetric, never none. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256']
/** An access token says that it is one (RFC 9068), or is a JWT without saying more, as most issuers make them. */
const TYPES = /^(application\/)?(at\+)?jwt$/i
export const DEVELOPMENT_ISSUER = 'urn:aanwezig:ontwikkeling'
const AUDIENCE = 'aanwezig'
// Verified tokens kept until they expire or their keys are asked anew: verifying ES256 costs 0.15 ms a request, looking up costs 0.003.
const KEPT = 1_000
// The profile asks for six hours at most; who has a token of longer than a day has no access token.
const LONGEST_SECONDS = 86_400

const Claims = z.object({
  azp: z.string().regex(/^[A-Za-z0-9._~-]{1,64}$/),
  client_id: z.string().optional(),
  scope: z.string().default(''),
  scholen: z.union([z.array(z.string().refine(isBrin)).max(10_000), z.literal('*')]),
  // 128 bits are 22 characters of base64url. It is not remembered: one token serves many requests, in several processes, until it ends.
  jti: z.string().regex(/^[!-~]{22,255}$/),
  iat: z.number(),
  exp: z.number(),
  sub: z.string().min(1).max(200).optional(),
  rol: z.string().refine(isRol).optional(),
  gemeente: z.string().refine(isGemeentecode).optional(),
  // Bound in a way that is not checked here (DPoP), it would count for whoever found it.
  cnf: z.strictObject({ 'x5t#S256': z.string().regex(/^[A-Za-z0-9_-]{43}$/) }).optional()
}).refine(({ azp, client_id: client }) => client === undefined || client === azp, { path: ['client_id'] })
  // A role is of a person, and a person has scholen that can be named.
  .refine(({ rol, sub }) => rol === undefined || sub !== undefined, { path: ['sub'] })
  .refine(({ rol, scholen }) => rol === undefined || scholen !== '*', { path: ['scholen'] })
  .refine(({ rol, gemeente }) => rol === undefined || !isRol(rol) || getRol(rol).reikwijdte !== 'gemeld' || gemeente !== undefined, { path: ['gemeente'] })

/** `beforeVerify` runs before a token that is not known yet is verified, and may refuse to. */
export type Authenticate = (request: FastifyRequest, beforeVerify?: () => Promise<void>) => Promise<Actor>

interface TrustedIssuer {
  readonly audience: string
  /** Behind each token of these clients there is somebody with a rol. */
  readonly portalen: readonly string[]
  readonly isDevelopment: boolean
  readonly find: JWTVerifyGetKey
  readonly freshUntil: () => number
}

/** A token that was verified: who it speaks for, until when (ms) that stands, and the certificate it counts with. */
interface Verified { readonly actor: Actor, readonly until: number, readonly thumbprint: string | undefined }

type Settings = Pick<Config, 'issuers' | 'klokverschil' | 'certificaatHeader' | 'proxys'>

/** Builds the check of the Authorization header against the allow-list of issuers. The token comes from nowhere else. */
export function makeAuthenticate (config: Settings, development: DevelopmentKeys | undefined, now: () => Date, log: Logger): Authenticate {
  const trusted = new Map<string, TrustedIssuer>(config.issuers.map((issuer) => {
    const keys = new IssuerKeys(issuer, now, log)
    return [issuer.issuer, { audience: issuer.audience, portalen: issuer.portalen, isDevelopment: false, find: async (header, token) => await keys.find(header, token), freshUntil: () => keys.freshUntil }]
  }))
  if (development !== undefined) trusted.set(DEVELOPMENT_ISSUER, { audience: AUDIENCE, portalen: [], isDevelopment: true, find: createLocalJWKSet({ keys: [development.publicJwk] }), freshUntil: () => Infinity })
  const readThumbprint = makeReadThumbprint(config.certificaatHeader, config.proxys)
  const known = new Map<string, Verified>()

  return async (request, beforeVerify) => {
    const token = readToken(request)
    const digest = createHash('sha256').update(token).digest('base64')
    let verified = known.get(digest)
    if (verified === undefined || verified.until <= now().getTime()) {
      await beforeVerify?.()
      verified = await verify(token, trusted, now(), config.klokverschil)
      if (known.size >= KEPT) known.delete(known.keys().next().value!)
      known.set(digest, verified)
    }
    if (verified.thumbprint !== undefined && verified.thumbprint !== readThumbprint(request)) throw new TokenError('invalid_token', 'Dit toegangsbewijs geldt alleen met het clientcertificaat waaraan het is gebonden.')
    return verified.actor
  }
}

/** The one token of a request; two of them, wherever they stand, are a request that nobody honest makes (RFC 6750, section 2). */
function readToken ({ raw: { rawHeaders }, query }: FastifyRequest): string {
  const values = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'authorization')
  if (values.length + ('access_token' in (query as object) ? 1 : 0) > 1) throw new TokenError('invalid_request', 'Stuur een toegangsbewijs maar een keer mee, in de header Authorization.')
  const token = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(values[0] ?? '')?.[1]
  if (token === undefined) throw new AppError('niet-aangemeld', 'Stuur een toegangsbewijs mee: Authorization: Bearer <token>.')
  return token
}

async function verify (token: string, trusted: ReadonlyMap<string, TrustedIssuer>, now: Date, clockTolerance: number): Promise<Verified> {
  const issuer = trusted.get(readIssuer(token))
  if (issuer === undefined) throw new TokenError('invalid_token', 'De uitgever van dit toegangsbewijs wordt hier niet vertrouwd.')
  let result: JWTVerifyResult
  try {
    result = await jwtVerify(token, issuer.find, { algorithms: ALGORITHMS, audience: issuer.audience, currentDate: now, clockTolerance, requiredClaims: ['exp', 'iat', 'jti', 'azp'] })
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new TokenError('invalid_token', `Dit toegangsbewijs ${error instanceof errors.JWTExpired ? 'is verlopen' : 'is niet geldig'}.`)
  }
  // jose knows one extension itself, b64; here none is.
  const { protectedHeader: { typ, crit }, payload } = result
  if (crit !== undefined || !TYPES.test(typ ?? '')) throw new TokenError('invalid_token', 'Dit toegangsbewijs is niet geldig: typ is at+jwt of JWT, en crit is er niet.')
  const claims = Claims.safeParse(payload)
  if (!claims.success) throw new TokenError('invalid_token', `Dit toegangsbewijs mist of heeft ongeldige gegevens: ${claims.error.issues.map((issue) => issue.path.join('.')).join(', ')}.`)
  const { azp, scope, scholen, sub, rol, gemeente, iat, exp, cnf } = claims.data
  // Without one it would be taken for the client's own, that sees everyone.
  if (rol === undefined && issuer.portalen.includes(azp)) throw new TokenError('invalid_token', `Dit toegangsbewijs noemt geen rol, en achter ${azp} zit altijd een persoon.`)
  // A development token is made by hand, to last as long as its maker likes, also for a service whose clock stands elsewhere.
  if (!issuer.isDevelopment && (iat > now.getTime() / 1000 + clockTolerance || exp <= iat || exp - iat > LONGEST_SECONDS)) throw new TokenError('invalid_token', 'Dit toegangsbewijs is niet geldig: iat ligt in de toekomst, of exp niet binnen een dag daarna.')
  return {
    until: Math.min(exp * 1000, issuer.freshUntil()),
    thumbprint: cnf?.['x5t#S256'],
    actor: {
      bron: azp,
      rechten: new Set(scope.split(' ').filter(isRecht).filter((recht) => rol === undefined || getRol(rol).rechten.includes(recht))),
      scholen,
      ...(rol === undefined ? {} : { rol, persoon: sub! }),
      ...(gemeente === undefined ? {} : { gemeente })
    }
  }
}

function readIssuer (token: string): string {
  try {
    const body = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8')) as { iss?: unknown } | null
    return typeof body?.iss === 'string' ? body.iss : ''
  } catch {
    return '' // no issuer, so not trusted: the caller answers 401
  }
}

export interface DevelopmentKeys {
  readonly sign: (claims: JWTPayload, seconds: number) => Promise<string>
  readonly publicJwk: Awaited<ReturnType<typeof exportJWK>>
}

/** Development only: the key pair in dataDir that signs and checks the tokens of `npm run token`. */
export async function developmentKeys (dataDir: string): Promise<DevelopmentKeys> {
  const pem = await readOrCreate(join(dataDir, 'ontwikkelsleutel.pem'), async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true })
    return Buffer.from(await exportPKCS8(privateKey))
  })
  const privateKey = await importPKCS8(pem.toString('utf8'), 'ES256')
  const publicJwk = { ...await exportJWK(createPublicKey(createPrivateKey(pem))), kid: 'ontwikkeling', alg: 'ES256' }
  return {
    publicJwk,
    sign: async (claims, seconds) => await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'ontwikkeling', typ: 'at+jwt' })
      .setIssuer(DEVELOPMENT_ISSUER).setAudience(AUDIENCE).setIssuedAt().setExpirationTime(`${seconds}s`).setJti(crypto.randomUUID())
      .sign(privateKey)
  }
}
