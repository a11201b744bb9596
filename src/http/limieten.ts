import rateLimit from '@fastify/rate-limit'
import { isLanding } from './ndjson.ts'
import { weigeringTeller } from './health.ts'
import { AppError } from '../errors.ts'
import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import type { Actor } from '../toegang/service.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers also when the service refuses other work: health. */
    always?: boolean
  }
  interface FastifyRequest { place: Place }
  interface FastifyInstance { limieten: Limieten }
}

/** What a client must at least send or take of a stream while we wait for it, measured over KLANT_SECONDEN. */
const SLOWEST_BYTES_PER_SECOND = 1024
// A body that was refused is read and thrown away so long: closing at once would destroy the answer on its way (RFC 9112, 9.6).
const LINGER = 2_000
const WAITING_PER_CONNECTION = 8
// What a token that is no good, or is there twice, is answered.
const GUESSES: ReadonlySet<string> = new Set(['niet-aangemeld', 'invoer-ongeldig'])

/** What one client (azp) has in progress. */
interface Klant { requests: number, bytes: number }

/** A request in progress: what it holds of the limits until its work is done and its answer has gone, or its connection. */
export interface Place {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  /** Present once its token was good. */
  klant: Klant | undefined
  bron: string | undefined
  bytes: number
  /** Since when (ms) we have been waiting for the client, and how much its connection had moved by then. */
  since: number
  moved: number
  /** Ends the reading of the body with this error; present while it is read. */
  fail: ((error: AppError) => void) | undefined
  /** The lines of an NDJSON body. */
  stream: Readable | undefined
  answered: boolean
  closed: boolean
  /** Of health: answers whatever else is refused. */
  readonly always: boolean
}

type CheckRate = ReturnType<FastifyInstance['createRateLimit']>

/**
 * What keeps one client from hurting the others, and all of them together from filling the memory: requests a second, requests at once and bytes of
 * messages per bron; requests, bytes and waiting for the store in total; and an end to whoever lets us wait.
 */
export class Limieten {
  readonly #app: App
  readonly #perBron: CheckRate
  readonly #perAddress: CheckRate
  readonly #klanten = new Map<string, Klant>()
  readonly #places = new Set<Place>()
  #bytes = 0

  constructor (app: App, perBron: CheckRate, perAddress: CheckRate) {
    this.#app = app
    this.#perBron = perBron
    this.#perAddress = perAddress
  }

  /** Gives a request its place, and the error when there is none: before its token or its body is looked at. */
  enter (request: FastifyRequest, reply: FastifyReply): AppError | undefined {
    const { openVerzoeken, verbindingen } = this.#app.config
    const place: Place = { request, reply, klant: undefined, bron: undefined, bytes: 0, since: performance.now(), moved: 0, fail: undefined, stream: undefined, answered: false, closed: false, always: request.routeOptions.config?.always === true }
    request.place = place
    this.#places.add(place)
    reply.raw.once('close', () => {
      place.closed = true
      this.#leave(place)
      linger(request)
    })
    if (place.always) return undefined
    if (this.#places.size > openVerzoeken) return refuse('verzoeken', 'Er lopen nu te veel verzoeken; probeer het over enkele seconden opnieuw.')
    if (this.#app.pool.waitingCount > WAITING_PER_CONNECTION * verbindingen) return refuse('wachtrij', 'De opslag is nu te druk; probeer het over enkele seconden opnieuw.')
    return undefined
  }

  /** The work is done; what was sent may still be on its way. */
  answer (place: Place): void {
    const { request, reply } = place
    // node closes at the end of the answer where the client asked so; with a body still on its way that destroys the answer.
    if (request.raw.complete === false && request.raw.httpVersionMinor > 0) reply.raw.shouldKeepAlive = true
    place.answered = true
    place.since = performance.now()
    this.#leave(place)
  }

  // An aborted request whose work still runs keeps its place: who hangs up and asks again does not get a second one.
  #leave (place: Place): void {
    if (!place.answered || !place.closed || !this.#places.delete(place)) return
    this.#bytes -= place.bytes
    const { klant, bron } = place
    if (klant === undefined || bron === undefined) return
    klant.bytes -= place.bytes
    if (--klant.requests === 0) this.#klanten.delete(bron)
  }

  /** The actor of the token, within the limits of its bron. A token that is not known yet is looked at only from an address that did not fail too often. */
  async authenticate (request: FastifyRequest): Promise<Actor> {
    let actor: Actor
    try {
      actor = await this.#app.authenticate(request, async () => { await this.limitAddress(request, { increment: false }) })
    } catch (error) {
      if (error instanceof AppError && GUESSES.has(error.code)) await this.limitAddress(request)
      throw error
    }
    request.place.bron = actor.bron
    await this.#limitBron(request.place, actor.bron)
    return actor
  }

  async #limitBron (place: Place, bron: string): Promise<void> {
    const rate = await this.#perBron(place.request)
    if (!rate.isAllowed) {
      place.reply.header('ratelimit-policy', `"bron";q=${rate.max};w=1`).header('ratelimit', `"bron";r=${rate.remaining};t=${rate.ttlInSeconds}`)
      if (rate.isExceeded) throw refuse('tempo', `Deze bron doet meer dan ${rate.max} verzoeken per seconde.`)
    }
    const klant = this.#klanten.get(bron) ?? { requests: 0, bytes: 0 }
    const most = this.#app.config.verzoekenTegelijk
    if (klant.requests >= most) throw refuse('gelijktijdig', `Er lopen al ${most} verzoeken van deze bron tegelijk; wacht op een antwoord.`)
    klant.requests++
    this.#klanten.set(bron, klant)
    place.klant = klant
  }

  /** Refuses an address that asked too much without a good token; `increment: false` only looks. */
  async limitAddress (request: FastifyRequest, options?: { increment: false }): Promise<void> {
    const rate = await this.#perAddress(request, options)
    if (!rate.isAllowed && rate.isExceeded) throw refuse('adres', `Vanaf dit adres komen meer dan ${rate.max} verzoeken per seconde zonder geldig toegangsbewijs.`)
  }

  /** Counts bytes of a message that are about to be held; the client alone may have half of what all may. */
  take (place: Place, bytes: number): void {
    const most = this.#app.config.berichtenBytes
    if (place.klant !== undefined && place.klant.bytes + bytes > most / 2) throw refuse('eigen-bytes', 'De berichten van deze bron die nu worden verwerkt zijn samen te groot; wacht op een antwoord.')
    if (this.#bytes + bytes > most) throw refuse('bytes', 'De berichten die nu worden verwerkt zijn samen te groot; probeer het over enkele seconden opnieuw.')
    place.bytes += bytes
    this.#bytes += bytes
    if (place.klant !== undefined) place.klant.bytes += bytes
  }

  /** Ends who lets us wait: a message or an answer within KLANT_SECONDEN, a stream not slower than 1 kB a second over that time. */
  sweep (): void {
    const now = performance.now()
    const allowed = this.#app.config.klantSeconden * 1_000
    for (const place of this.#places) {
      const { raw: { socket } } = place.request
      const moved = socket.bytesRead + socket.bytesWritten - socket.writableLength
      const waited = now - place.since
      const isMoving = place.stream !== undefined && waited >= allowed && moved - place.moved >= SLOWEST_BYTES_PER_SECOND * waited / 1_000
      if (!isAwaitingClient(place) || isMoving) {
        place.since = now
        place.moved = moved
      } else if (waited >= allowed) cut(place, now)
    }
  }
}

/** A body that is not here, or an answer that is not taken; while lines are being landed the client waits for us. */
function isAwaitingClient ({ request, reply, answered, fail, stream }: Place): boolean {
  const isReading = fail !== undefined && request.raw.complete === false && (stream === undefined || !isLanding(stream))
  return isReading || (answered && reply.raw.writableLength > 0)
}

function cut (place: Place, now: number): void {
  weigeringTeller.inc({ reden: 'traag' })
  place.since = now
  // Who does not take its answer cannot be told.
  if (place.fail === undefined || place.reply.raw.writableLength > 0) place.request.raw.socket.destroy()
  else place.fail(new AppError('verzoek-te-langzaam', 'Het bericht kwam te langzaam binnen.'))
}

/** After the answer: reads what is left of the body for a while, then closes as the client asked, or because it never came. */
function linger ({ raw }: FastifyRequest): void {
  const isLast = raw.headers.connection?.toLowerCase() === 'close'
  if (raw.complete === true && isLast) raw.socket.end()
  if (raw.complete !== false) return
  raw.unpipe()
  raw.resume()
  const timer = setTimeout(() => { raw.socket.destroy() }, LINGER).unref()
  raw.once('end', () => { if (isLast) raw.socket.end() }).once('close', () => { clearTimeout(timer) })
}

function refuse (reden: string, detail: string): AppError {
  weigeringTeller.inc({ reden })
  return new AppError(OVER_ALL.has(reden) ? 'niet-beschikbaar' : 'te-veel-verzoeken', detail)
}
const OVER_ALL = new Set(['verzoeken', 'wachtrij', 'bytes'])

/** Puts the limits before and around everything the server does. */
export async function registerLimieten (server: FastifyInstance, app: App): Promise<void> {
  await server.register(rateLimit, { global: false })
  const { verzoekenPerSeconde, adresPerSeconde, klantSeconden } = app.config
  const limieten = new Limieten(app,
    server.createRateLimit({ max: verzoekenPerSeconde, timeWindow: 1_000, keyGenerator: (request) => request.place.bron! }),
    server.createRateLimit({ max: adresPerSeconde, timeWindow: 1_000 }))
  server.decorate('limieten', limieten)
  server.decorateRequest('place', null as unknown as Place)
  server.addHook('onRequest', (request, reply, done) => { done(limieten.enter(request, reply)) })
  server.addHook('preHandler', (request, _reply, done) => {
    if (request.place.bron !== undefined || request.place.always) done()
    else limieten.limitAddress(request).then(() => { done() }, done)
  })
  server.addHook('onSend', (request, _reply, _payload, done) => {
    limieten.answer(request.place)
    done()
  })
  const sweeping = setInterval(() => { limieten.sweep() }, Math.min(5_000, klantSeconden * 250)).unref()
  server.addHook('onClose', async () => { clearInterval(sweeping) })
}
