import { readFileSync } from 'node:fs'
import { GraphQLError, Kind, buildSchema } from 'graphql'
import mercurius, { type IResolvers } from 'mercurius'
import { z } from 'zod'
import { absentiesResolvers } from '../absenties/resolvers.ts'
import { isDatum } from '../domain/datum.ts'
import { AppError } from '../errors.ts'
import { listFouten } from '../http/rest.ts'
import { leerlingenResolvers } from '../leerlingen/resolvers.ts'
import { signalenResolvers } from '../signalen/resolvers.ts'
import { statistiekResolvers } from '../statistiek/resolvers.ts'
import { formatErrors, toProblemErrors } from './errors.ts'
import { Lezing, type Leescontext } from './loaders.ts'
import { limitAliases, LIMITS, limitNodes } from './limits.ts'
import { getNode } from './node.ts'
import { registerGraphiql } from './graphiql.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import type { Ctx } from '../context.ts'
import type { Resolvers } from './resolver.ts'

declare module 'mercurius' {
  interface MercuriusContext extends Leescontext {}
}

const SDL = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')

// What resolvers answer fits its type: the interpreter, which runs first and does check, refuses it if not. 1,000 nodes take 0.2 ms instead of
// 0.6. The type of mercurius' options has forgotten this one.
const COMPILER: object = { compilerOptions: { disableLeafSerialization: true } }

const nodeResolvers = {
  Query: { node: async (_root: unknown, { id }, { lezing }) => await getNode(lezing.ctx, String(id)) }
} satisfies Resolvers

/** `POST /graphql`: mercurius executes schema.graphql; the route is ours, for what GraphQL over HTTP asks and for the errors. */
export async function registerGraphql (server: FastifyInstance, app: App, makeRequestCtx: (app: App, request: FastifyRequest) => Promise<Ctx>): Promise<void> {
  const schema = buildSchema(SDL)
  await server.register(mercurius, {
    schema,
    resolvers: mergeResolvers([nodeResolvers, leerlingenResolvers, absentiesResolvers, signalenResolvers, statistiekResolvers, SCALARS]) as IResolvers,
    routes: false,
    jit: 1, // compiled from the second run on: 2.5 to 3 times the operations a second
    ...COMPILER,
    cache: 256,
    queryDepth: LIMITS.depth,
    validationRules: [limitAliases],
    graphql: { parseOptions: { maxTokens: LIMITS.tokens } },
    errorFormatter: (execution) => ({ statusCode: 200, response: execution as never })
  })
  server.graphql.addHook('preExecution', async (_schema, document, _context, variables) => { limitNodes(schema, document, variables) })

  await server.register(async (scope) => {
    scope.decorateRequest('ctx', null as unknown as Ctx)
    scope.addHook('onRequest', async (request) => { request.ctx = await makeRequestCtx(app, request) })
    scope.post('/graphql', { bodyLimit: LIMITS.bodyBytes }, answerOperation)
  })
  server.route({
    method: ['DELETE', 'GET', 'HEAD', 'PATCH', 'PUT'],
    url: '/graphql',
    handler: async (_request, reply) => {
      reply.header('allow', 'POST')
      throw new AppError('methode-niet-toegestaan', 'Dit adres kent alleen POST.')
    }
  })
  if (app.config.development) registerGraphiql(server)
}

const Json = z.record(z.string(), z.unknown()).nullish()
// Other members are left alone, as the specification of GraphQL over HTTP wants it.
const Bericht = z.object({
  query: z.string(),
  operationName: z.string().regex(/^[_A-Za-z][_0-9A-Za-z]*$/, 'is geen naam').nullish(),
  variables: Json,
  extensions: Json
})

const JSON_TYPE = 'application/json'
const GRAPHQL_TYPE = 'application/graphql-response+json'

async function answerOperation (request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const type = request.headers.accept === undefined ? JSON_TYPE : request.accepts().type([JSON_TYPE, GRAPHQL_TYPE])
  if (type === false || Array.isArray(type)) throw new AppError('vorm-niet-leverbaar', `Dit adres levert ${JSON_TYPE} en ${GRAPHQL_TYPE}.`)
  const parsed = Bericht.safeParse(request.body)
  if (!parsed.success) throw new AppError('invoer-ongeldig', 'Dit is geen bericht van GraphQL over HTTP.', listFouten(parsed.error, '', request.body))

  const { status, ...answer } = await execute(request, reply, parsed.data)
  // A client that asks for plain JSON gets 200 on whatever it wrote in its query; a failure of ours is one everywhere.
  const code = type === GRAPHQL_TYPE || status >= 500 ? status : 200
  if (status === 503) reply.header('retry-after', '5')
  // Bytes, because node joins a text with its head and copies it twice: 0.5 ms of 140 kB.
  await reply.code(code).type(`${type}; charset=utf-8`).send(Buffer.from(JSON.stringify(answer)))
}

type Answer = { status: number, data?: unknown, errors?: ReturnType<typeof formatErrors> }

async function execute (request: FastifyRequest, reply: FastifyReply, { query, operationName, variables }: z.output<typeof Bericht>): Promise<Answer> {
  const lezing = new Lezing(request.ctx)
  // mercurius keeps what it compiled by the source alone, also of a document with several operations; and it reads a source that is JSON as a
  // document, past the limit of tokens. The comment makes the source one operation's own, and never JSON.
  const source = `${query}\n#${operationName ?? ''}`
  try {
    const { data, errors } = await reply.graphql(source, { lezing } as never, variables ?? undefined, operationName ?? undefined)
    await lezing.close()
    if (errors === undefined) return { status: 200, data }
    return { ...(data === undefined ? { status: 400 } : { status: 200, data }), errors: formatErrors(errors, request) }
  } catch (error) {
    await lezing.close().catch(() => {}) // its failure is this one, or came after it
    if (error instanceof GraphQLError) return { status: 400, errors: formatErrors([error], request) }
    const invalid = (error as { code?: unknown }).code === 'MER_ERR_GQL_VALIDATION'
    return invalid ? { status: 400, errors: formatErrors((error as { errors: readonly unknown[] }).errors, request) } : toProblemErrors(error, request)
  }
}

function mergeResolvers (parts: readonly object[]): Record<string, object> {
  const merged: Record<string, object> = {}
  for (const part of parts) for (const [type, fields] of Object.entries(part)) merged[type] = { ...merged[type], ...fields as object }
  return merged
}

const parseDatum = (value: unknown): string => {
  if (typeof value !== 'string' || !isDatum(value)) throw new GraphQLError('Geen bestaande datum; schrijf JJJJ-MM-DD.')
  return value
}
const SCALARS = {
  Datum: { serialize: (value: unknown) => value, parseValue: parseDatum, parseLiteral: (node: { kind: string, value?: unknown }) => parseDatum(node.kind === Kind.STRING ? node.value : undefined) },
  Tijdstip: { serialize: (value: unknown) => value }
}
