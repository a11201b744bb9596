import { createHash } from 'node:crypto'
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest, FastifySchema, FastifyTypeProvider, RawReplyDefaultExpression, RawRequestDefaultExpression, RawServerDefault } from 'fastify'
import { z } from 'zod'
import { AppError, type Fout } from '../errors.ts'
import { formatPointer, OnleesbaarRecord } from './json.ts'
import { compileSnel } from './snel.ts'
import type { Ctx } from '../context.ts'
import type { Recht } from '../toegang/rechten.ts'

z.config(z.locales.nl())

interface ZodTypeProvider extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown
  serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown
}

/** The REST scope: handlers see parsed input and may only send what their response schema allows. */
export type Rest = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, ZodTypeProvider>

declare module 'fastify' {
  interface FastifySchema {
    operationId?: string
    summary?: string
    description?: string
    tags?: readonly string[]
    /** The right a caller needs; `openbaar` is without a token. */
    recht?: Recht | 'openbaar'
    /** Other media types than JSON that the body may have, for openapi.yaml. */
    alsoConsumes?: readonly string[]
    /** Other media types than JSON that the answer may have: checked against Accept, and in openapi.yaml. */
    alsoProduces?: readonly string[]
    /** Headers of the successful answer beside API-Version, with their description. */
    responseHeaders?: Readonly<Record<string, string>>
  }
  interface FastifyRequest { ctx: Ctx }
}

const PARTS = ['params', 'querystring', 'headers', 'body'] as const
// Of these an operation that describes none has none: a field that would be passed by is refused like any that is not known.
const STRICT: readonly string[] = ['querystring', 'body']
const NOTHING = z.strictObject({})

/** What a part without a schema must be: empty, where it is there. */
function nothing (part: unknown): z.ZodType | undefined {
  return typeof part === 'object' && part !== null ? NOTHING : undefined
}

/** Validates every part of the request with zod and reports all faults of all parts at once. */
export async function validateRequest (request: FastifyRequest): Promise<void> {
  const schema: FastifySchema = request.routeOptions.schema ?? {}
  const faults: Fout[] = []
  const isOperation = schema.recht !== undefined && schema.recht !== 'openbaar'
  for (const part of PARTS) {
    const property = part === 'querystring' ? 'query' : part
    const expected = schema[part] ?? (STRICT.includes(part) && isOperation ? nothing(request[property]) : undefined)
    if (!(expected instanceof z.ZodType)) continue
    if (part === 'body' && isStream(request.body)) {
      // Its handler parses it line by line; an address that does not say so reads no streams.
      if (schema.alsoConsumes === undefined) throw new AppError('soort-niet-ondersteund', 'Dit adres leest alleen application/json.')
      continue
    }
    if (lang.has(expected) && isAlZo(expected, request[property])) continue
    const result = expected.safeParse(request[property])
    // The other headers stay.
    if (result.success && property === 'headers') Object.assign(request.headers, result.data)
    else if (result.success) request[property] = result.data as never
    else faults.push(...listFouten(result.error, part === 'body' ? '' : `#${property}`, request[property]))
  }
  if (faults.length > 0) {
    throw new AppError('invoer-ongeldig', faults.length === 1 ? 'Er is 1 fout in de invoer.' : `Er zijn ${faults.length} fouten in de invoer.`, faults)
  }
}

function isStream (body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'pipe' in body
}

// A record of a hundred thousand unknown fields has as many faults; its sender needs the first.
const MOST_FOUTEN = 50

/** Zod issues as faults with JSON Pointers, at most 50; `prefix` stands before each pointer. Texts never repeat the value that was sent. */
export function listFouten (error: z.ZodError, prefix: string, input: unknown): Fout[] {
  if (input instanceof OnleesbaarRecord) return [...input.fouten]
  return error.issues.slice(0, MOST_FOUTEN).flatMap((issue) => {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.slice(0, MOST_FOUTEN).map((key) => [...issue.path, key]) : [issue.path]
    return paths.map((path) => ({ ...explainIssue(issue, path, input), pointer: prefix + formatPointer(path) }))
  }).slice(0, MOST_FOUTEN)
}

function explainIssue (issue: z.core.$ZodIssue, path: readonly PropertyKey[], input: unknown): { code: string, detail: string } {
  if (issue.code === 'unrecognized_keys') return { code: 'onbekend-veld', detail: 'Dit veld bestaat niet.' }
  const missing = path.length > 0 && readPath(input, path) === undefined
  if (missing && issue.code !== 'custom') return { code: 'ontbreekt', detail: 'Dit veld is verplicht.' }
  const named = issue.code === 'custom' ? issue.params?.['code'] : undefined
  const text = issue.message.charAt(0).toUpperCase() + issue.message.slice(1)
  // A check of our own knows why the field is asked for here.
  return { code: missing ? 'ontbreekt' : typeof named === 'string' ? named : CODES[issue.code], detail: text.endsWith('.') ? text : `${text}.` }
}

function readPath (input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, step) => typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[step] : undefined, input)
}

const CODES: Record<Exclude<z.core.$ZodIssue['code'], 'unrecognized_keys'>, string> = {
  custom: 'verkeerde-vorm',
  invalid_type: 'verkeerd-type',
  invalid_value: 'onbekende-waarde',
  invalid_format: 'verkeerde-vorm',
  invalid_key: 'verkeerde-vorm',
  invalid_element: 'verkeerde-vorm',
  invalid_union: 'geen-passende-vorm',
  too_small: 'te-klein',
  too_big: 'te-groot',
  not_multiple_of: 'verkeerde-stap'
}

/** A strong ETag: equal exactly when the representation is. */
export function etagOf (value: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22)}"`
}

/** Refuses what rests on another version than `nu`, or on one where there is none; who sends no If-Match asks for no such check. Under a lock, or it says nothing. */
export function requireMatch (ifMatch: string | undefined, nu: unknown, detail: string): void {
  if (ifMatch === undefined || (nu !== undefined && (ifMatch === '*' || ifMatch === etagOf(nu)))) return
  throw new AppError('versie-verouderd', detail)
}

/** Makes an encapsulated instance speak zod: in by validateRequest, out by parsing, so an unknown field cannot leave and a wrong one is a 500. */
export function speakZod (instance: FastifyInstance): Rest {
  instance.setValidatorCompiler(() => () => true)
  instance.setSerializerCompiler(({ schema }) => {
    const expected = schema as unknown as z.ZodType
    return lang.has(expected) ? makeSnelleSchrijver(expected) : (data) => JSON.stringify(expected.parse(data))
  })
  instance.addHook('preValidation', validateRequest)
  instance.addHook('onRequest', refuseAccept)
  return instance as unknown as Rest
}

const lang = new WeakSet<z.ZodType>()
const controles = new WeakMap<z.ZodType, ReturnType<typeof compileSnel>>()

/**
 * Marks the schema of a long list, which is read and answered without a copy of each: of 1,000 results parsing leaves 0.7 MB for the collector, of a list
 * of 1,000 unknown records 80 kB. Throws at the first list for a schema that `compileSnel` cannot take.
 */
export function langeLijst<T extends z.ZodType> (schema: T): T {
  lang.add(schema)
  return schema
}

/** Whether parsing would give back the same; no, and parsing says why, or changes it. */
function isAlZo (schema: z.ZodType, value: unknown): boolean {
  let controle = controles.get(schema)
  if (controle === undefined) controles.set(schema, controle = compileSnel(schema))
  return controle(value)
}

/** Writes an answer as parsing would have it; only what a compiled check does not let pass is parsed. */
export function makeSnelleSchrijver (schema: z.ZodType): (data: unknown) => string {
  return (data) => JSON.stringify(isAlZo(schema, data) ? data : schema.parse(data))
}

async function refuseAccept (request: FastifyRequest): Promise<void> {
  const offers = ['application/json', ...(request.routeOptions.schema?.alsoProduces ?? [])]
  if (request.headers.accept !== undefined && request.accepts().type(offers) === false) {
    throw new AppError('vorm-niet-leverbaar', `Dit adres levert ${offers.join(', ')}.`)
  }
}

/** A keyset position that callers hand back as it is; base64url of a JSON array. */
export function encodeCursor (position: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** A cursor of ours, or the fault: parsed by the shape the list expects. */
export function decodeCursor<T> (cursor: string, shape: z.ZodType<T>): T {
  let position: unknown
  try { position = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) } catch { position = undefined }
  const parsed = shape.safeParse(position)
  if (!parsed.success) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'verkeerde-vorm', pointer: '#query/cursor', detail: 'Deze cursor is niet van hier; neem hem over uit Link of uit volgende.' }])
  return parsed.data
}

/** Adds `Link: rel="next"` for the next page of this same query. */
export function linkNext (request: FastifyRequest, reply: FastifyReply, cursor: string | undefined): void {
  if (cursor === undefined) return
  const [path, query] = request.url.split('?')
  const parameters = new URLSearchParams(query)
  parameters.set('cursor', cursor)
  reply.header('link', `<${path}?${parameters.toString()}>; rel="next"`)
}
