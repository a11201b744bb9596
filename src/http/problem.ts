import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { DrizzleQueryError } from '../db/drizzle.ts'
import { AppError, FOUTCODES, type Fout, type Foutcode } from '../errors.ts'
import { buildChallenge } from './challenge.ts'
import { http } from './node-http.ts'

/** RFC 9457, as every 4xx and 5xx leaves the building. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: Foutcode
  readonly instance: string
  readonly errors?: readonly Fout[]
}

export function buildProblem (code: Foutcode, detail: string, requestId: string, faults: readonly Fout[] = []): Problem {
  const [status, title] = FOUTCODES[code]
  return {
    type: `urn:aanwezig:fout:${code}`,
    title,
    status,
    detail,
    code,
    instance: `urn:aanwezig:verzoek:${requestId}`,
    ...(faults.length > 0 ? { errors: faults } : {})
  }
}

// Fastify's own refusals of a request, in our words.
const FASTIFY: Record<string, readonly [Foutcode, string]> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['soort-niet-ondersteund', 'Dit adres leest dit mediatype niet; zie /docs voor wat het wel leest.'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['bericht-te-groot', 'Het bericht is groter dan dit adres leest; splits het, of stuur NDJSON waar dat kan.'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['invoer-ongeldig', 'Content-Length klopt niet met het bericht.'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['invoer-ongeldig', 'Het bericht is geen geldige JSON.'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['invoer-ongeldig', 'Het bericht is leeg.'],
  FST_ERR_BAD_URL: ['niet-gevonden', 'Dit adres bestaat niet.'],
  FST_ERR_MAX_PARAM_LENGTH: ['niet-gevonden', 'Dit adres bestaat niet.'],
  FST_STATIC_FORBIDDEN_PATH: ['niet-gevonden', 'Dit adres bestaat niet.'],
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: ['soort-niet-ondersteund', 'Deze methode vraagt om een Content-Type.'],
  FST_REQ_FILE_TOO_LARGE: ['bericht-te-groot', 'Het bericht is te groot.']
}

// The store is away, starting, stopping or full: try again later. Classes 08, 53, 57P of PostgreSQL and the socket's own errors.
const AWAY = /^(08...|53...|57P0[123]|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/
const AWAY_TEXT = /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/

/** Any error as the public sees it. What is not on the list says only its request id. */
export function toProblem (error: unknown, requestId: string): Problem {
  if (error instanceof AppError) return buildProblem(error.code, error.message, requestId, error.errors)
  const known = FASTIFY[(error as FastifyError)?.code]
  if (known !== undefined) return buildProblem(known[0], known[1], requestId)
  const cause = error instanceof DrizzleQueryError ? error.cause : error
  if (isUnkeepable(cause)) return buildProblem('invoer-ongeldig', 'Er staat een teken in dat geen tekst is.', requestId)
  if (isAway(cause)) return buildProblem('niet-beschikbaar', 'De opslag is even niet bereikbaar; probeer het over enkele seconden opnieuw. Er is niets van dit verzoek vastgelegd.', requestId)
  if (error instanceof SyntaxError && (error as SyntaxError & { statusCode?: number }).statusCode === 400) return buildProblem('invoer-ongeldig', 'Het bericht is geen geldige JSON.', requestId)
  return buildProblem('interne-fout', `Er ging iets mis. Noem bij navraag verzoek ${requestId}.`, requestId)
}

/** A NUL or half a surrogate pair that reached PostgreSQL by another way than a body: an address, a cursor, a variable. */
function isUnkeepable (error: unknown): boolean {
  return error instanceof Error && ['22021', '22P05'].includes((error as NodeJS.ErrnoException).code ?? '')
}

/** Whether an error says that the store is away for a while: nothing is wrong with what was asked of it. */
function isAway (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code = '', routine } = error as NodeJS.ErrnoException & { routine?: string }
  // A database that an operator closed has a code of many uses; the function that said it is of one.
  return AWAY.test(code) || (code === '55000' && routine === 'CheckMyDatabase') || AWAY_TEXT.test(error.message)
}

/**
 * What may be logged of an unexpected error: where it came from, never what was in it. Row values are in the texts of drizzle and pg; the language,
 * Node and our other libraries repeat what they choked on (JSON.parse: `Unexpected token 'L', "L-7" is not valid JSON`).
 */
export function describeError (error: unknown): Record<string, unknown> {
  const cause = error instanceof DrizzleQueryError ? error.cause : error
  if (!(cause instanceof Error)) return { soort: typeof error }
  const { code, constraint, table, routine } = cause as Error & Record<string, unknown>
  const stack = cause.stack?.split('\n').filter((line) => line.startsWith('    at ')).slice(0, 8).map((line) => line.trim())
  return { naam: cause.name, code, constraint, table, routine, stack, ...(error === cause && hasOwnText(cause) ? { bericht: cause.message } : {}) }
}

/** Whether its text is one of ours, or the system's of an address or a file. */
function hasOwnText (error: Error): boolean {
  const { code, severity, syscall } = error as Error & Record<string, unknown>
  if (error instanceof AppError || typeof syscall === 'string') return true
  return error.name === 'Error' && typeof severity !== 'string' && !String(code).startsWith('ERR_')
}

/** The error handler of the whole server. */
export async function sendProblem (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const problem = toProblem(error, request.id)
  if (problem.status >= 500) request.log.error({ fout: describeError(error) }, 'request failed')
  const challenge = buildChallenge(error, problem.status, request)
  if (challenge !== undefined) reply.header('www-authenticate', challenge)
  if (problem.status === 415) reply.header('accept-encoding', 'gzip')
  if (problem.status === 429) reply.header('retry-after', '1')
  if (problem.status === 503) reply.header('retry-after', '5')
  // Fastify closes the connection after a body that was refused; it may be used again once the rest of that body is here, and is ended if it does not come.
  reply.removeHeader('connection')
  // serialize with JSON.stringify: the route's own response schema is not for problems
  await reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem)
}

/** What is no HTTP reaches no route: the answer is written on the socket itself. */
export function answerNoHttp (error: NodeJS.ErrnoException, socket: Socket, headers: Readonly<Record<string, string>>): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy(error)
    return
  }
  const problem = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
    ? buildProblem('verzoek-te-langzaam', 'Het verzoek kwam te langzaam binnen.', randomUUID())
    : buildProblem('invoer-ongeldig', 'Dit is geen geldig HTTP-verzoek, of zijn headers zijn te groot.', randomUUID())
  const body = JSON.stringify(problem)
  const lines = Object.entries({ ...headers, 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(body), connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${problem.status} ${http.STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`)
}
