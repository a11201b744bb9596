import { randomUUID } from 'node:crypto'
import accepts from '@fastify/accepts'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { z } from 'zod'
import { aanleveringenRoutes } from './aanleveringen/routes.ts'
import { absentiesRoutes } from './absenties/routes.ts'
import { afmeldingenRoutes } from './afmeldingen/routes.ts'
import { beleidRoutes } from './beleid/routes.ts'
import { betrekkingenRoutes } from './betrekkingen/routes.ts'
import { bewaringRoutes } from './bewaring/routes.ts'
import { Wisregister } from './bewaring/wisregister.ts'
import { bronnenRoutes } from './bronnen/routes.ts'
import { dekkingRoutes } from './dekking/routes.ts'
import { duoRoutes } from './duo/routes.ts'
import { AppError } from './errors.ts'
import { registerGraphql } from './graphql/plugin.ts'
import { acceptJson, acceptNdjson } from './http/bericht.ts'
import { observeRequest, registerHealth } from './http/health.ts'
import { registerIdempotentie } from './http/idempotentie.ts'
import { registerLimieten } from './http/limieten.ts'
import { API_VERSION, buildOpenapi, collectRoutes, refuseOtherMethods, type Operation } from './http/openapi.ts'
import { answerNoHttp, describeError, sendProblem } from './http/problem.ts'
import { speakZod } from './http/rest.ts'
import { herzieningenRoutes } from './herzieningen/routes.ts'
import { inzageRoutes } from './inzage/routes.ts'
import { leerlingenRoutes } from './leerlingen/routes.ts'
import { mandatenRoutes } from './mandaten/routes.ts'
import { meldingenRoutes } from './meldingen/routes.ts'
import { overdrachtenRoutes } from './overdrachten/routes.ts'
import { proefberekeningenRoutes } from './proefberekeningen/routes.ts'
import { regelsRoutes } from './regels/routes.ts'
import { signalenRoutes } from './signalen/routes.ts'
import { statistiekRoutes } from './statistiek/routes.ts'
import { uitzonderingenRoutes } from './uitzonderingen/routes.ts'
import { verwerkingenRoutes } from './verwerkingen/routes.ts'
import { hasReikwijdte, resolveReikwijdte } from './toegang/reikwijdte.ts'
import { bindDoel, type Actor } from './toegang/service.ts'
import { verzoekenRoutes } from './verzoeken/routes.ts'
import { formatTraceparent } from './verwerkingen/trace.ts'
import type { App } from './app.ts'
import type { Ctx } from './context.ts'

declare module 'fastify' {
  interface FastifyInstance { wisregister: Wisregister }
}

const MAX_BODY = 8 * 1024 * 1024 // 5,000 absenties are 1.3 MB; more goes as NDJSON

const HEADERS = {
  'api-version': API_VERSION,
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY'
}

// The interactive pages bring their own scripts and styles, from this host only.
const PAGES = /^\/(docs|graphiql)(\/|$|\?)/
const PAGE_POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; worker-src 'self' blob:; font-src 'self' data:; frame-ancestors 'none'"

/** Everything that is registered, in order. */
export async function buildServer (app: App): Promise<FastifyInstance> {
  const server = Fastify({
    loggerInstance: app.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    bodyLimit: MAX_BODY,
    connectionTimeout: 0, // a push that waits for the store is silent too; who lets us wait is ended by the limits
    requestTimeout: 0, // an NDJSON stream takes as long as it takes
    http: { headersTimeout: Math.min(15_000, app.config.klantSeconden * 1_000), connectionsCheckingInterval: Math.min(5_000, app.config.klantSeconden * 250) },
    trustProxy: app.config.proxys.length > 0 ? [...app.config.proxys] : false,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    // Before any route or hook: an address that cannot be read, and what is no HTTP.
    frameworkErrors: (error, request, reply) => { sendProblem(error, request, reply.headers(HEADERS)).catch((failure) => { request.log.error({ fout: describeError(failure) }, 'problem not sent') }) },
    clientErrorHandler: (error, socket) => { answerNoHttp(error, socket, HEADERS) }
  })
  server.server.maxConnections = 4_000 // of 20 kB each while they send headers
  await server.register(accepts)
  server.setErrorHandler(sendProblem)
  server.setNotFoundHandler(async () => { throw new AppError('niet-gevonden', 'Dit adres bestaat niet.') })

  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS)
    if (PAGES.test(request.url)) reply.header('content-security-policy', PAGE_POLICY)
  })
  await registerLimieten(server, app)
  acceptJson(server)
  server.addHook('onSend', async (request, reply) => {
    // Who asks finds in its own log what ours says of this request. Without a token nothing was begun.
    if (request.ctx?.trace !== undefined) reply.header('traceparent', formatTraceparent(request.ctx.trace))
    const { doelbinding, verborgen } = request.ctx?.actor ?? {}
    if (doelbinding !== undefined) reply.header('doelbinding', doelbinding).header('niet-getoond', [...verborgen ?? []].join(', '))
  })
  server.addHook('onResponse', observeRequest)
  server.addHook('preClose', async () => {
    // A connection that becomes idle while we stop would keep us for as long as its client likes.
    const sweep = setInterval(() => { server.server.closeIdleConnections() }, 50).unref()
    server.server.once('close', () => { clearInterval(sweep) })
  })

  registerHealth(server, app)
  server.decorate('wisregister', new Wisregister(app.config.wisregister, app.sleutels, app.now))
  const operations: Operation[] = []
  await server.register(async (scope) => { registerRest(scope, app, operations) }, { prefix: '/v1' })
  await registerGraphql(server, app, makeRequestCtx)

  // Built at the first question: it would take 0.2 s and more of every start.
  await server.register(swagger, { openapi: {}, transformObject: () => buildOpenapi(operations, '/v1') })
  await server.register(swaggerUi, { routePrefix: '/docs', uiConfig: { url: '/v1/openapi.json' }, staticCSP: false })
  return server
}

function registerRest (scope: FastifyInstance, app: App, operations: Operation[]): void {
  scope.decorateRequest('ctx', null as unknown as Ctx)
  scope.addHook('onRequest', async (request) => {
    // `/signalen/` would be `/signalen/{id}` without an id.
    if (/^[^?]*\/(\?|$)/.test(request.url)) throw new AppError('niet-gevonden', 'Dit adres bestaat niet.')
    if (request.routeOptions.schema?.recht !== 'openbaar') request.ctx = await makeRequestCtx(app, request)
  })
  acceptNdjson(scope)
  registerIdempotentie(scope)
  registerRoutes(scope, operations)
}

/** The routes of every room; `operations` fills with what they say of themselves. */
function registerRoutes (scope: FastifyInstance, operations: Operation[]): void {
  collectRoutes(scope, operations)
  const rest = speakZod(scope)
  leerlingenRoutes(rest)
  betrekkingenRoutes(rest)
  absentiesRoutes(rest)
  afmeldingenRoutes(rest)
  aanleveringenRoutes(rest)
  herzieningenRoutes(rest)
  beleidRoutes(rest)
  dekkingRoutes(rest)
  proefberekeningenRoutes(rest)
  bronnenRoutes(rest)
  regelsRoutes(rest)
  signalenRoutes(rest)
  uitzonderingenRoutes(rest)
  meldingenRoutes(rest)
  mandatenRoutes(rest)
  statistiekRoutes(rest)
  duoRoutes(rest)
  bewaringRoutes(rest)
  verwerkingenRoutes(rest)
  verzoekenRoutes(rest)
  inzageRoutes(rest)
  overdrachtenRoutes(rest)
  let document: string | undefined
  rest.get('/openapi.json', {
    schema: { operationId: 'getOpenapi', summary: 'Deze beschrijving als OpenAPI 3.1', tags: ['algemeen'], recht: 'openbaar', response: { 200: OpenapiDocument } }
  }, async (_request, reply) => await reply.header('access-control-allow-origin', '*').type('application/json; charset=utf-8').serializer(String).send((document ??= JSON.stringify(rest.swagger())) as never))
  refuseOtherMethods(scope, operations)
}

/** The OpenAPI document without a store: for openapi.yaml. */
export async function describeApi (): Promise<Record<string, unknown>> {
  const operations: Operation[] = []
  const server = Fastify()
  await server.register(async (scope) => { registerRoutes(scope, operations) }, { prefix: '/v1' })
  await server.ready()
  await server.close()
  return buildOpenapi(operations, '/v1')
}

const OpenapiDocument = z.record(z.string(), z.unknown()).describe('Het OpenAPI-document.')

/** The context of one request: the actor of its token with its purpose and whom it may see, and the trace it belongs to (W3C traceparent). */
export async function makeRequestCtx (app: App, request: FastifyRequest): Promise<Ctx> {
  const authenticated = await request.server.limieten.authenticate(request)
  const { traceparent, doelbinding } = request.headers
  const actor = bindDoel(authenticated, typeof doelbinding === 'string' ? doelbinding : undefined)
  const make = (own: Actor): Ctx => app.makeCtx(own, { log: request.log as Logger, traceparent: typeof traceparent === 'string' ? traceparent : undefined })
  const ctx = make(actor)
  return hasReikwijdte(actor) ? make({ ...actor, leerlingen: await ctx.transaction(async (tx) => await resolveReikwijdte(tx, actor, ctx.vandaag())) }) : ctx
}
