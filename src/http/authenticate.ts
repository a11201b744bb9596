import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { createLocalJWKSet, createRemoteJWKSet, errors, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, jwtVerify, SignJWT, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { z } from 'zod'
import { readOrCreate } from '../db/sleutels.ts'
import { AppError } from '../errors.ts'
import { isBrin } from '../domain/identificatie.ts'
import { isRecht } from '../toegang/rechten.ts'
import type { Issuer } from '../config.ts'
import type { Actor } from '../toegang/service.ts'

/** The algorithms of the NL GOV OAuth profile; nothing symmetric, never none. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256']
const DEVELOPMENT_ISSUER = 'urn:aanwezig:ontwikkeling'
const AUDIENCE = 'aanwezig'
// Verified tokens kept until they expire: verifying ES256 costs 0.15 ms a request, looking up costs 0.003.
const KEPT = 1_000

const Claims = z.object({
  azp: z.string().regex(/^[A-Za-z0-9._~-]{1,64}$/),
  scope: z.string().default(''),
  scholen: z.union([z.array(z.string().refine(isBrin)).max(10_000), z.literal('*')]),
  jti: z.string().min(16),
  exp: z.number(),
  sub: z.string().max(200).optional(),
  rol: z.string().max(50).optional()
})

/** `beforeVerify` runs before a token that is not known yet is verified, and may refuse to. */
export type Authenticate = (authorization: string | undefined, beforeVerify?: () => Promise<void>) => Promise<Actor>

interface TrustedIssuer { readonly keys: JWTVerifyGetKey, readonly audience: string }

/** Builds the check of the Authorization header against the allow-list of issuers. The token comes from nowhere else. */
export function makeAuthenticate (issuers: readonly Issuer[], development: DevelopmentKeys | undefined, now: () => Date): Authenticate {
  const trusted = new Map<string, TrustedIssuer>(issuers.map(({ issuer, jwksUrl, audience }) =>
    [issuer, { keys: remoteKeys(jwksUrl, now), audience }]))
  if (development !== undefined) trusted.set(DEVELOPMENT_ISSUER, { keys: createLocalJWKSet({ keys: [development.publicJwk] }), audience: AUDIENCE })
  const verified = new Map<string, { actor: Actor, exp: number }>()

  return async (authorization, beforeVerify) => {
    const token = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/.exec(authorization ?? '')?.[1]
    if (token === undefined) throw new AppError('niet-aangemeld', 'Stuur een toegangsbewijs mee: Authorization: Bearer <token>.')
    const digest = createHash('sha256').update(token).digest('base64')
    const kept = verified.get(digest)
    if (kept !== undefined && kept.exp > now().getTime() / 1000) return kept.actor

    await beforeVerify?.()
    const { actor, exp } = await verify(token, trusted, now())
    if (verified.size >= KEPT) verified.delete(verified.keys().next().value!)
    verified.set(digest, { actor, exp })
    return actor
  }
}

async function verify (token: string, trusted: ReadonlyMap<string, TrustedIssuer>, now: Date): Promise<{ actor: Actor, exp: number }> {
  const issuer = trusted.get(readIssuer(token))
  if (issuer === undefined) throw new AppError('niet-aangemeld', 'De uitgever van dit toegangsbewijs wordt hier niet vertrouwd.')
  let payload: JWTPayload
  try {
    ({ payload } = await jwtVerify(token, issuer.keys, { algorithms: ALGORITHMS, audience: issuer.audience, currentDate: now, clockTolerance: 5, requiredClaims: ['exp', 'iat', 'jti', 'azp'] }))
  } catch (error) {
    if (isIssuerAway(error)) throw new AppError('niet-beschikbaar', 'De sleutels van de uitgever zijn nu niet op te halen.')
    const why = error instanceof errors.JWTExpired ? 'is verlopen' : 'is niet geldig'
    throw new AppError('niet-aangemeld', `Dit toegangsbewijs ${why}.`)
  }
  const claims = Claims.safeParse(payload)
  if (!claims.success) throw new AppError('niet-aangemeld', `Dit toegangsbewijs mist of heeft ongeldige gegevens: ${claims.error.issues.map((issue) => issue.path.join('.')).join(', ')}.`)
  const { azp, scope, scholen, sub, rol, exp } = claims.data
  return {
    exp,
    actor: {
      bron: azp,
      rechten: new Set(scope.split(' ').filter(isRecht)),
      scholen,
      ...(rol === undefined ? {} : { rol, ...(sub === undefined ? {} : { persoon: sub }) })
    }
  }
}

/** How long an issuer's last keys stand while it is away: an outage is survived, a withdrawn key does not live on. */
const KEYS_STAND = 3_600_000

/** The keys an issuer publishes, asked again every ten minutes and for a key that is new. While it is away, the keys it published last stand. */
function remoteKeys (jwksUrl: string, now: () => Date): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 3_000 })
  let awaySince: number | undefined
  return async (header, token) => {
    try {
      const key = await keys(header, token)
      awaySince = undefined
      return key
    } catch (error) {
      const last = keys.jwks()
      if (!isIssuerAway(error) || last === undefined) throw error
      awaySince ??= now().getTime()
      if (now().getTime() - awaySince > KEYS_STAND) throw error
      return await createLocalJWKSet(last)(header, token).catch(() => { throw error })
    }
  }
}

/** jose says of a JWKS that is not there, is no JSON or answers with an error that it is a JOSEError without a kind of its own. */
function isIssuerAway (error: unknown): boolean {
  return !(error instanceof errors.JOSEError) || ['ERR_JOSE_GENERIC', 'ERR_JWKS_INVALID', 'ERR_JWKS_TIMEOUT'].includes(error.code)
}

function readIssuer (token: string): string {
  try {
    const body = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString('utf8')) as { iss?: unknown }
    return typeof body.iss === 'string' ? body.iss : ''
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
