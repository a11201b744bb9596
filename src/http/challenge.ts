import { AppError } from '../errors.ts'
import type { FastifyRequest } from 'fastify'

/** A token that was refused, with its error code of RFC 6750, section 3.1; the sentence goes into a header, so it is plain ASCII without quotes. */
export class TokenError extends AppError {
  readonly reason: 'invalid_request' | 'invalid_token'

  constructor (reason: TokenError['reason'], message: string) {
    super(reason === 'invalid_request' ? 'invoer-ongeldig' : 'niet-aangemeld', message)
    this.reason = reason
  }
}

const REALM = 'Bearer realm="aanwezig"'

/** WWW-Authenticate of a refusal (RFC 6750, section 3); undefined where another token would not help. */
export function buildChallenge (error: unknown, status: number, request: FastifyRequest): string | undefined {
  if (error instanceof TokenError) return `${REALM}, error="${error.reason}", error_description="${error.message}"`
  if (status === 401) return REALM
  const recht = request.routeOptions?.schema?.recht
  if (status !== 403 || recht === undefined || recht === 'openbaar' || request.ctx?.actor.rechten.has(recht) !== false) return undefined
  return `${REALM}, error="insufficient_scope", scope="${recht}"`
}
