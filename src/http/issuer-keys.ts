import { createLocalJWKSet, errors, type CryptoKey, type FlattenedJWSInput, type JSONWebKeySet, type JWSHeaderParameters } from 'jose'
import type { Logger } from 'pino'
import { AppError } from '../errors.ts'
import { sleutelTeller } from './health.ts'
import { describeError } from './problem.ts'

/** Keys are taken at their word so long (ms): a withdrawn key counts no longer than this. */
const FRESH = 600_000
/** From this age on they are asked again beside the requests, so that no request waits for it. */
const RENEW = 300_000
/** How much longer the last keys stand while the issuer is away: an outage is survived, a withdrawn key does not live on. */
const STAND = 3_600_000
/** Between two questions for a key that is not known, and after a question that failed: strangers do not make us ask at will. */
const COOLDOWN = 5_000
const TIMEOUT = 3_000

/** The keys an issuer publishes (JWKS), kept, renewed, and asked for at once when a token names one that is new. */
export class IssuerKeys {
  readonly #issuer: string
  readonly #url: string
  readonly #now: () => Date
  readonly #log: Logger
  #keys: ReturnType<typeof createLocalJWKSet> | undefined
  #fetchedAt = -Infinity
  /** Of the last question, when that failed. */
  #failedAt: number | undefined
  #soughtAt = -Infinity
  #renewing: Promise<void> | undefined
  #seeking: Promise<void> | undefined

  constructor ({ issuer, jwksUrl }: { readonly issuer: string, readonly jwksUrl: string }, now: () => Date, log: Logger) {
    this.#issuer = issuer
    this.#url = jwksUrl
    this.#now = now
    this.#log = log
  }

  /** Until when (ms) what these keys vouched for needs no second look. */
  get freshUntil (): number { return this.#fetchedAt + FRESH }

  /** The key a token names. Throws niet-beschikbaar where only the issuer could tell and it is away; a JOSEError where it has no such key. */
  async find (header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const age = this.#now().getTime() - this.#fetchedAt
    const renewing = age >= RENEW ? this.#renew() : undefined
    // While it is away requests do not wait for it, where there are keys to go on.
    if (this.#keys === undefined || (age >= FRESH && this.#failedAt === undefined)) await renewing
    const keys = this.#keys
    if (keys === undefined || this.#now().getTime() - this.#fetchedAt >= FRESH + STAND) throw awayError()
    try {
      return await keys(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      if (this.#keys === keys) await (this.#seeking ??= this.#seek().finally(() => { this.#seeking = undefined }))
      const renewed = this.#keys
      if (renewed === undefined || renewed === keys) throw this.#failedAt === undefined ? error : awayError()
      return await renewed(header, token)
    }
  }

  /** Asks once for a key that is not known; what was already on its way may be from before it was published. */
  async #seek (): Promise<void> {
    const now = this.#now().getTime()
    if (now - this.#soughtAt < COOLDOWN) return
    this.#soughtAt = now
    await this.#renewing
    await this.#renew()
  }

  /** Never rejects: without an answer the keys stay as they are. */
  async #renew (): Promise<void> {
    const now = this.#now().getTime()
    if (this.#failedAt !== undefined && now - this.#failedAt < COOLDOWN) return
    this.#renewing ??= this.#fetch(now).finally(() => { this.#renewing = undefined })
    await this.#renewing
  }

  async #fetch (now: number): Promise<void> {
    try {
      const response = await fetch(this.#url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT), headers: { accept: 'application/jwk-set+json, application/json' } })
      if (response.status !== 200) throw new Error(`the JWKS answers ${response.status}`)
      this.#keys = createLocalJWKSet(await response.json() as JSONWebKeySet)
      this.#fetchedAt = now
      sleutelTeller.inc({ resultaat: 'opgehaald' })
      if (this.#failedAt !== undefined) this.#log.info({ uitgever: this.#issuer }, 'the issuer gives its keys again')
      this.#failedAt = undefined
    } catch (error) {
      this.#failedAt = now
      sleutelTeller.inc({ resultaat: 'mislukt' })
      this.#log.warn({ uitgever: this.#issuer, fout: describeError(error) }, 'the issuer gives no keys; its last ones stand for an hour')
    }
  }
}

function awayError (): AppError {
  return new AppError('niet-beschikbaar', 'De sleutels van de uitgever zijn nu niet op te halen.')
}
