import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import { z } from 'zod'
import { AppError, FOUTCODES } from '../errors.ts'
import { DOELEN, GEGEVENSGROEPEN } from '../toegang/rollen.ts'

export const API_VERSION = '1.0.0'

type Json = Record<string, unknown>

export interface Operation { readonly method: string, readonly path: string, readonly schema: FastifySchema }

/** Remembers every route of an instance as it is registered, for openapi.yaml and for 405. */
export function collectRoutes (instance: FastifyInstance, operations: Operation[]): void {
  instance.addHook('onRoute', (route: RouteOptions) => {
    for (const method of [route.method].flat()) {
      if (route.schema?.operationId !== undefined && method !== 'HEAD') operations.push({ method, path: route.url, schema: route.schema })
    }
  })
}

/** Answers 405 with Allow on every known path for every method it does not have; Fastify itself says 404. */
export function refuseOtherMethods (instance: FastifyInstance, operations: readonly Operation[]): void {
  const methods = ['DELETE', 'GET', 'OPTIONS', 'PATCH', 'POST', 'PUT']
  const known = Map.groupBy([...operations], ({ path }) => path)
  for (const [url, present] of known) {
    const allowed = present.map(({ method }) => method)
    const others = methods.filter((method) => !allowed.includes(method))
    // GET brings HEAD along
    const method = allowed.includes('GET') ? others : [...others, 'HEAD']
    const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : [])].sort().join(', ')
    instance.route({
      method,
      url: url.slice(instance.prefix.length),
      schema: { recht: 'openbaar' },
      handler: async (_request, reply) => {
        reply.header('allow', allow)
        throw new AppError('methode-niet-toegestaan', `Dit adres kent alleen ${allow}.`)
      }
    })
  }
}

/** The OpenAPI 3.1 document of the collected routes; `prefix` (/v1) moves to `servers`, as the NLgov rules want it. */
export function buildOpenapi (operations: readonly Operation[], prefix: string): Json {
  const components = new Components()
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const { method, path } = operation
    const url = path.slice(prefix.length).replaceAll(/:([A-Za-z]+)/g, '{$1}')
    paths[url] ??= {}
    paths[url][method.toLowerCase()] = buildOperation(operation, components)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'aanwezig',
      version: API_VERSION,
      description: 'Aanwezigheids- en verzuimregister voor scholen: absenties aanleveren, signalen en marges lezen, statistiek en leveringen ophalen.',
      contact: { name: 'Team aanwezig', email: 'team@aanwezig.example', url: 'https://aanwezig.example/contact' },
      license: { name: 'EUPL-1.2', identifier: 'EUPL-1.2' }
    },
    servers: [{ url: prefix, description: 'Deze installatie' }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
    security: [{ toegangsbewijs: [] }],
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => a < b ? -1 : 1)),
    components: {
      schemas: components.sorted(),
      headers: HEADERS,
      parameters: { IdempotencyKey: IDEMPOTENCY_KEY, Doelbinding: DOELBINDING },
      responses: { Probleem: { description: 'Het verzoek slaagde niet; `code` zegt waarom, `errors` noemt elke fout met zijn plaats.', headers: { ...VERSION, 'Retry-After': { $ref: '#/components/headers/Retry-After' } }, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Probleem' } } } } },
      securitySchemes: { toegangsbewijs: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'JWT (RS256, PS256 of ES256) van een vertrouwde uitgever; `azp` is de bron, `scholen` de BRINs, `scope` de rechten; van een persoon ook `rol` en `sub`.' } }
    }
  }
}

const TAGS = [
  ['stamgegevens', 'Vestigingen, kalenders, leerlingen, inschrijvingen en vrijstellingen'],
  ['absenties', 'Aanleveren, corrigeren en lezen van absenties'],
  ['afmeldingen', 'Afwezig totdat de leerling terug is gemeld'],
  ['beleid', 'Verzuimbeleid in gedateerde versies'],
  ['signalen', 'Signalen en marges'],
  ['meldingen', 'Meldingen aan DUO, van het voorstel tot de status'],
  ['mandaten', 'Welke bron voor de school mag handelen'],
  ['statistiek', 'Verzuimstatistiek per vestiging'],
  ['leveringen', 'Geaggregeerde leveringen aan OCW, gemeente en samenwerkingsverband'],
  ['verwerkingen', 'Wie gegevens van een leerling zag of wijzigde, waarvoor en op welke grond'],
  ['toegang', 'Groepen, betrekkingen en toestemmingen: wie welke leerling ziet, en waarom'],
  ['verzoeken', 'Rechten van betrokkenen: inzage, verzoeken en beperkingen'],
  ['overdrachten', 'Wat een volgende school van een leerling krijgt'],
  ['bewaring', 'Bewaartermijnen, vasthoudingen en vernietiging'],
  ['algemeen', 'Deze beschrijving']
] as const

const HEADERS = {
  Doelbinding: { description: 'Het doel waarvoor dit antwoord is gegeven en vastgelegd: het gevraagde, of het eerste van de rol. Afwezig bij een toepassing die er geen noemt.', schema: { type: 'string', enum: Object.keys(DOELEN) } },
  'Niet-Getoond': { description: `Welke gegevens bij dit doel en deze rol null zijn: van ${GEGEVENSGROEPEN.join(', ')}. Er is altijd een Doelbinding bij.`, schema: { type: 'string', examples: ['woongemeente, nummer'] } },
  'API-Version': { description: 'De volledige versie van deze API.', schema: { type: 'string', examples: [API_VERSION] } },
  RateLimit: { description: 'Hoeveel verzoeken deze bron in het lopende venster nog heeft (r), en over hoeveel seconden het volgende begint (t).', schema: { type: 'string', examples: ['"bron";r=1999;t=1'] } },
  'RateLimit-Policy': { description: 'Hoeveel verzoeken een bron heeft (q) per venster van w seconden.', schema: { type: 'string', examples: ['"bron";q=2000;w=1'] } },
  'Retry-After': { description: 'Bij 429 en 503, en bij 409 zolang hetzelfde verzoek nog loopt: na hoeveel seconden opnieuw vragen zin heeft.', schema: { type: 'integer', minimum: 1 } }
}
const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Sleutel die de client voor elk verzoek nieuw kiest. Hetzelfde verzoek met dezelfde sleutel krijgt 24 uur lang hetzelfde antwoord, met `Idempotent-Replayed: true`, en wordt niet opnieuw uitgevoerd. Niet bij NDJSON.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' }
}
const DOELBINDING = {
  name: 'Doelbinding',
  in: 'header',
  required: false,
  description: `Waarvoor u vraagt (AVG art. 5 lid 1 onder b); wordt bij de verwerking vastgelegd, en wat er niet voor nodig is wordt niet getoond. Een rol heeft een of meer doelen en zonder deze header geldt haar eerste. ${Object.entries(DOELEN).map(([doel, { omschrijving }]) => `\`${doel}\`: ${omschrijving}`).join(' ')}`,
  schema: { type: 'string', enum: Object.keys(DOELEN) }
}
const DOEL = { Doelbinding: { $ref: '#/components/headers/Doelbinding' }, 'Niet-Getoond': { $ref: '#/components/headers/Niet-Getoond' } }
const VERSION = { 'API-Version': { $ref: '#/components/headers/API-Version' } }
const RATE = { RateLimit: { $ref: '#/components/headers/RateLimit' }, 'RateLimit-Policy': { $ref: '#/components/headers/RateLimit-Policy' } }

function buildOperation ({ method, schema }: Operation, components: Components): Json {
  const open = schema.recht === 'openbaar'
  const parameters = [
    ...(['params', 'querystring', 'headers'] as const).flatMap((part) => buildParameters(schema[part], part, components)),
    ...(method === 'GET' ? [] : [{ $ref: '#/components/parameters/IdempotencyKey' }]),
    ...(open ? [] : [{ $ref: '#/components/parameters/Doelbinding' }])
  ]
  const description = [schema.description, open ? undefined : `Recht: \`${schema.recht}\`.`].filter(Boolean).join('\n\n')
  const faults = open && parameters.length === 0 ? ['429', '503'] : listFoutstatussen(method, schema)
  return {
    operationId: schema.operationId,
    summary: schema.summary,
    ...(description === '' ? {} : { description }),
    tags: schema.tags,
    // Since 3.1 the list names what the token must hold, also for a bearer token.
    security: open ? [] : [{ toegangsbewijs: [schema.recht] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(schema.body instanceof z.ZodType ? { requestBody: buildBody(schema.body, schema.alsoConsumes ?? [], components) } : {}),
    responses: { ...buildAnswers(schema, components), ...Object.fromEntries(faults.map((status) => [status, { $ref: '#/components/responses/Probleem' }])) }
  }
}

function buildBody (body: z.ZodType, others: readonly string[], components: Components): Json {
  const lines = { schema: { type: 'string', description: 'Een record per regel, in de vorm van de lijst bij application/json.' } }
  return { description: 'Mag ook met Content-Encoding: gzip.', required: true, content: { 'application/json': { schema: components.convert(body, 'input') }, ...Object.fromEntries(others.map((type) => [type, lines])) } }
}

function buildAnswers (schema: FastifySchema, components: Components): Json {
  const extra = Object.entries(schema.responseHeaders ?? {}).map(([name, description]) => [name, { description, schema: { type: 'string' } }])
  const others = (schema.alsoProduces ?? []).map((type) => [type, { schema: { type: 'string' } }])
  return Object.fromEntries(Object.entries(schema.response as Record<string, z.ZodType> ?? {}).map(([status, body]) => [status, {
    description: body.description ?? 'Gelukt.',
    headers: { ...VERSION, ...(schema.recht === 'openbaar' ? {} : { ...RATE, ...DOEL }), ...Object.fromEntries(extra) },
    ...(body instanceof z.ZodNull ? {} : { content: { 'application/json': { schema: components.convert(body, 'output') }, ...Object.fromEntries(others) } })
  }]))
}

/** The statuses an operation may refuse with; what it says about one record of a bulk push is no refusal. */
function listFoutstatussen (method: string, schema: FastifySchema): string[] {
  const conditional = method === 'DELETE' || (schema.headers instanceof z.ZodObject && 'if-match' in schema.headers.shape)
  return ['400', ...(schema.recht === 'openbaar' ? [] : ['401', '403']), '404', '406', ...(method === 'GET' ? [] : ['409', '422']), ...(conditional ? ['412'] : []),
    ...(schema.body === undefined ? [] : ['408', '413', '415']), '429', '500', '503']
}

function buildParameters (schema: unknown, part: 'params' | 'querystring' | 'headers', components: Components): Json[] {
  if (!(schema instanceof z.ZodObject)) return []
  const { properties, required } = components.convert(schema, 'input') as { properties: Record<string, Json>, required?: string[] }
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property
    return { name, in: part === 'params' ? 'path' : part === 'querystring' ? 'query' : 'header', required: required?.includes(name) ?? false, ...(description === undefined ? {} : { description }), schema: rest }
  })
}

/** Named schemas (`.meta({ id })`) become components; the same name must always mean the same shape. */
class Components {
  readonly #schemas = new Map<string, Json>([['Probleem', PROBLEM]])

  convert (schema: z.ZodType, io: 'input' | 'output'): Json {
    const { $schema, $defs, ...root } = z.toJSONSchema(schema, { io, unrepresentable: 'any', override: ({ zodSchema, jsonSchema }) => { this.#refine(zodSchema as unknown as z.ZodType, jsonSchema as Json, io) } }) as Json
    for (const [id, definition] of Object.entries($defs as Record<string, Json> ?? {})) this.#add(id, moveRefs(definition))
    // What a named shape means at one answer (`.describe()`) is said at the answer.
    return moveRefs('$ref' in root ? { $ref: root['$ref'] } : root)
  }

  #refine (schema: z.ZodType, json: Json, io: 'input' | 'output'): void {
    if (json['minimum'] === Number.MIN_SAFE_INTEGER) delete json['minimum']
    if (json['maximum'] === Number.MAX_SAFE_INTEGER) delete json['maximum']
    // The format says it; zod's pattern is a third of a page.
    if (json['format'] === 'date-time' || json['format'] === 'uuid') delete json['pattern']
    // An answer may gain a field within v1, so clients are not promised that it never does.
    if (io === 'output' && schema instanceof z.ZodObject && schema.def.catchall === undefined) delete json['additionalProperties']
    foldNull(json)
    const record = z.globalRegistry.get(schema)?.['record']
    delete json['record']
    if (record instanceof z.ZodType) json['items'] = this.convert(record, 'input')
  }

  #add (id: string, definition: Json): void {
    const present = this.#schemas.get(id)
    if (present !== undefined && JSON.stringify(present) !== JSON.stringify(definition)) throw new Error(`Two shapes are called ${id} in the API`)
    this.#schemas.set(id, definition)
  }

  sorted (): Json {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => a < b ? -1 : 1))
  }
}

/** `anyOf: [{type: X, …}, {type: null}]` as `type: [X, null]`: the same in 3.1, and readers (the NLgov linter too) find `format` where they look. */
function foldNull (json: Json): void {
  const { anyOf, ...own } = json
  const [present, absent, ...more] = (anyOf ?? []) as Json[]
  if (absent?.['type'] !== 'null' || more.length > 0 || typeof present?.['type'] !== 'string') return
  delete json['anyOf']
  Object.assign(json, present, own, { type: [present['type'], 'null'] }, Array.isArray(present['enum']) ? { enum: [...present['enum'], null] } : {})
}

function moveRefs (node: Json): Json {
  return JSON.parse(JSON.stringify(node).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json
}

const PROBLEM: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'instance'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(FOUTCODES) },
    instance: { type: 'string', format: 'uri' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['code', 'pointer', 'detail'],
        properties: {
          code: { type: 'string' },
          pointer: { type: 'string', description: 'JSON Pointer in het bericht; met `#query`, `#params` of `#headers` ervoor buiten het bericht.' },
          detail: { type: 'string' }
        }
      }
    }
  }
}
