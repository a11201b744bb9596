import { AppError } from '../errors.ts'
import * as store from './idempotentie-store.ts'
import { NDJSON } from './ndjson.ts'
import { describeError } from './problem.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Ctx } from '../context.ts'

declare module 'fastify' {
  /** The key this request took, until when it has it. */
  interface FastifyRequest { geclaimd: { readonly sleutel: string, readonly bezigTot: string } | undefined }
}

/** How long an answer can be had again. */
const KEPT = 24 * 3_600_000
/** Longer than any request with a JSON answer runs; after it the process that ran it is taken to have died. */
const RUNS_AT_MOST = 120_000
const HEADERS = ['content-type', 'etag', 'link', 'location']
const METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Idempotency-Key (IETF draft 07) on everything that writes: the same key with the same request gets the same answer again for 24 hours, without
 * running it. The request is its method, address, If-Match and body (unzipped); a caller whose rights changed is answered anew. An answer that says
 * "try again" is not kept.
 */
export function registerIdempotentie (scope: FastifyInstance): void {
  scope.decorateRequest('geclaimd', undefined)
  scope.addHook('onRequest', (request, _reply, done) => { done(readSleutel(request) === undefined ? undefined : refuseSleutel(request)) })
  scope.addHook('preValidation', (request, reply, done) => {
    const sleutel = readSleutel(request)
    if (sleutel === undefined || request.place.bron === undefined) done()
    else claim(request, reply, sleutel).then((isAnswered) => { if (!isAnswered) done() }, done)
  })
  scope.addHook('onSend', (request, reply, payload, done) => {
    if (request.geclaimd === undefined) done()
    else settle(request, reply, payload).then(() => { done() }, done)
  })
}

/** For the night: deletes the answers nobody can have again. */
export async function deleteVerlopen (ctx: Ctx): Promise<number> {
  return await ctx.transaction(async (tx) => await store.deleteTotEnMet(tx, before(ctx, KEPT)))
}

function readSleutel (request: FastifyRequest): string | undefined {
  const sleutel = request.headers['idempotency-key'] as string | undefined
  return sleutel !== undefined && METHODS.has(request.method) ? sleutel : undefined
}

function refuseSleutel (request: FastifyRequest): AppError | undefined {
  const detail = !/^[!-~]{1,255}$/.test(readSleutel(request)!)
    ? 'Een Idempotency-Key is 1 tot 255 zichtbare ASCII-tekens, zonder spatie.'
    : request.headers['content-type']?.startsWith(NDJSON) === true
      ? 'NDJSON kent geen Idempotency-Key: elke regel is herhaalbaar door haar eigen bronId.'
      : undefined
  return detail === undefined ? undefined : new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'verkeerde-vorm', pointer: '#headers/idempotency-key', detail }])
}

/** True when the answer of an earlier request was given. */
async function claim (request: FastifyRequest, reply: FastifyReply, sleutel: string): Promise<boolean> {
  const { ctx } = request
  const { bron } = ctx.actor
  const gebruik = { bron, sleutel, inhoud: digestVerzoek(request), actor: digestActor(ctx) }
  // A key that is released between the two statements is free again.
  for (let attempt = 0; attempt < 5; attempt++) {
    const nu = ctx.now()
    const bezigTot = new Date(nu.getTime() + RUNS_AT_MOST).toISOString()
    const bewaard = await ctx.transaction(async (tx) =>
      await store.claimSleutel(tx, gebruik, nu.toISOString(), bezigTot, before(ctx, KEPT)) ? null : await store.findBewaard(tx, bron, sleutel))
    if (bewaard === null) {
      request.geclaimd = { sleutel, bezigTot }
      return false
    }
    if (bewaard === undefined) continue
    if (!bewaard.inhoud.subarray(0, 32).equals(gebruik.inhoud)) throw new AppError('sleutel-hergebruikt', 'Deze Idempotency-Key is al gebruikt voor een ander verzoek; neem voor elk verzoek een nieuwe.')
    if (bewaard.status === null) break
    replay(reply, bewaard.status, bewaard.koppen, bewaard.antwoord === null ? '' : ctx.sleutels.decryptAntwoord(bewaard.antwoord, eigenaar(bron, sleutel)))
    return true
  }
  reply.header('retry-after', '2')
  throw new AppError('bezig', 'Het verzoek met deze Idempotency-Key loopt nog; vraag het over enkele seconden opnieuw.')
}

function replay (reply: FastifyReply, status: number, koppen: Record<string, string> | null, tekst: string): void {
  reply.code(status).headers({ ...koppen, 'idempotent-replayed': 'true' })
  if (tekst === '') reply.send()
  else reply.send(Buffer.from(tekst))
}

function eigenaar (bron: string, sleutel: string): string {
  return JSON.stringify([bron, sleutel])
}

/** Keeps the answer before it leaves, so that who does not get it can have it; or gives the key free. */
async function settle (request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
  const { ctx } = request
  const { sleutel, bezigTot } = request.geclaimd!
  request.geclaimd = undefined
  const { statusCode: status } = reply
  const tekst = status !== 204 && (typeof payload === 'string' || Buffer.isBuffer(payload)) ? payload.toString() : ''
  try {
    await ctx.transaction(async (tx) => {
      if (isTemporary(status, tekst)) await store.releaseSleutel(tx, ctx.actor.bron, sleutel, bezigTot)
      else await store.keepAntwoord(tx, ctx.actor.bron, sleutel, bezigTot, { status, koppen: pickHeaders(reply, tekst), antwoord: ctx.sleutels.encryptAntwoord(tekst, eigenaar(ctx.actor.bron, sleutel)) })
    })
  } catch (error) {
    // The answer is true all the same. Asked again with this key it is `bezig` until bezigTot, and then runs again: every write has its own key.
    request.log.error({ fout: describeError(error) }, 'answer not kept')
  }
}

function isTemporary (status: number, tekst: string): boolean {
  return status >= 500 || status === 408 || status === 429 || (status === 409 && tekst.includes('"urn:aanwezig:fout:bezig"'))
}

function pickHeaders (reply: FastifyReply, tekst: string): Record<string, string> {
  const names = HEADERS.filter((name) => reply.hasHeader(name) && (name !== 'content-type' || tekst !== ''))
  return Object.fromEntries(names.map((name) => [name, String(reply.getHeader(name))]))
}

function digestVerzoek (request: FastifyRequest): Buffer {
  const parts = JSON.stringify([request.method, request.url, request.headers['if-match'] ?? null, request.inhoud?.toString('base64') ?? null])
  return request.ctx.sleutels.digestVerzoek(parts)
}

function digestActor (ctx: Ctx): Buffer {
  const { persoon, rol, gemeente, doelbinding, rechten, scholen, leerlingen } = ctx.actor
  const zichtbaar = leerlingen === undefined ? null : [...leerlingen].map(([sleutel, { verborgen }]) => `${sleutel} ${[...verborgen].sort().join()}`).sort()
  return ctx.sleutels.digestVerzoek(JSON.stringify([persoon ?? null, rol ?? null, gemeente ?? null, doelbinding ?? null, [...rechten].sort(), scholen === '*' ? scholen : scholen.toSorted(), zichtbaar]))
}

function before (ctx: Ctx, milliseconds: number): string {
  return new Date(ctx.now().getTime() - milliseconds).toISOString()
}
