import { createHash } from 'node:crypto'
import { PassThrough, Transform } from 'node:stream'
import { createGunzip, gunzip, type Gunzip } from 'node:zlib'
import { AppError } from '../errors.ts'
import { formatPointer, JsonError, OnleesbaarRecord, readJson, toFouten, type Vondst } from './json.ts'
import { NDJSON } from './ndjson.ts'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'

declare module 'fastify' {
  /** SHA-256 of the body as it was read, unzipped; only of a request with an Idempotency-Key. */
  interface FastifyRequest { inhoud: Buffer | undefined }
}

/** Reads JSON, as it is or with gzip: within the limits, and only of who showed a good token. */
export function acceptJson (server: FastifyInstance): void {
  server.decorateRequest('inhoud', undefined)
  server.removeContentTypeParser(['application/json', 'text/plain'])
  server.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) => {
    if (request.place.bron === undefined) return undefined
    const bytes = await readBytes(request, payload)
    if (request.headers['idempotency-key'] !== undefined) request.inhoud = createHash('sha256').update(bytes).digest()
    return parse(bytes, request.routeOptions.url?.endsWith('/_bulk') === true)
  })
}

/** Hands NDJSON on as a stream, unzipped as it is asked for; its handler reads the lines. */
export function acceptNdjson (server: FastifyInstance): void {
  server.addContentTypeParser(NDJSON, (request: FastifyRequest, payload: IncomingMessage, done) => {
    if (request.place.bron === undefined) done(null)
    else openStream(request, payload, done)
  })
}

/** A body that is no JSON is refused whole; of a list, what has two meanings only where it stands. */
function parse (bytes: Buffer, isBulk: boolean): unknown {
  if (bytes.length === 0) throw new AppError('invoer-ongeldig', 'Het bericht is leeg.')
  try {
    const { value, vondsten } = readJson(bytes)
    return vondsten.length === 0 ? value : isolate(value, vondsten, isBulk)
  } catch (error) {
    if (error instanceof JsonError) throw new AppError('invoer-ongeldig', `Het bericht ${error.message}.`)
    throw error
  }
}

function isolate (value: unknown, vondsten: readonly Vondst[], isBulk: boolean): unknown {
  const perRecord = Map.groupBy(vondsten, ({ path: [list, index] }) => isBulk && typeof index === 'number' ? formatPointer([list!, index]) : '')
  const whole = perRecord.get('')
  if (whole !== undefined) throw new AppError('invoer-ongeldig', whole.length === 1 ? 'Er is 1 fout in de invoer.' : `Er zijn ${whole.length} fouten in de invoer.`, toFouten(whole.slice(0, 50)))
  for (const own of perRecord.values()) {
    const [list, index] = own[0]!.path as [string, number]
    const records = (value as Record<string, unknown[]>)[list]!
    records[index] = new OnleesbaarRecord(toFouten(own.slice(0, 50), 2), records[index])
  }
  return value
}

async function readBytes (request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> {
  const limit = request.routeOptions.bodyLimit
  const isZipped = readEncoding(request)
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > limit) throw tooLarge()
  const { place, server: { limieten } } = request
  limieten.take(place, declared)

  const bytes = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const end = (error?: Error): void => {
      place.fail = undefined
      payload.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone)
      if (error === undefined) resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length))
      else reject(error)
    }
    const onData = (chunk: Buffer): void => {
      length += chunk.length
      chunks.push(chunk)
      try {
        if (length > limit) throw tooLarge()
        if (length > declared) limieten.take(place, Math.min(chunk.length, length - declared))
      } catch (error) { end(error as Error) }
    }
    const onEnd = (): void => { end(length < declared ? new AppError('invoer-ongeldig', 'Content-Length klopt niet met het bericht.') : undefined) }
    const onGone = (): void => { end(aborted()) }
    place.fail = end
    payload.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
  if (!isZipped) return bytes
  const plain = await unzip(bytes, limit)
  limieten.take(place, plain.length)
  return plain
}

async function unzip (bytes: Buffer, limit: number): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    gunzip(bytes, { maxOutputLength: limit }, (error, plain) => {
      if (error === null) resolve(plain)
      else reject((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : brokenGzip())
    })
  })
}

// Absenties compress 10 to 40 times; gzip itself reaches 1,032.
const MOST_RATIO = 200
const FREE_BYTES = 1024 * 1024
// A batch of lines and what it is parsed into.
const STREAM_BYTES = 1024 * 1024

/** Ended from outside (by a client that went away or is too slow) the stream fails, and the connection is still there to answer on. */
function openStream (request: FastifyRequest, payload: IncomingMessage, done: (error: Error | null, body?: unknown) => void): void {
  const { place, server: { limieten } } = request
  let isZipped: boolean
  try {
    isZipped = readEncoding(request)
    limieten.take(place, STREAM_BYTES)
  } catch (error) {
    done(error as Error)
    return
  }
  const unzip = isZipped ? createGunzip({ chunkSize: 64 * 1024 }) : undefined
  const lines = unzip === undefined ? new PassThrough() : limitRatio(unzip)
  place.stream = lines
  place.fail = (error) => {
    place.fail = undefined
    payload.unpipe()
    lines.destroy(error)
  }
  const onGone = (): void => { if (!payload.complete) place.fail?.(aborted()) }
  payload.on('error', onGone).on('close', onGone)
  unzip?.on('error', () => place.fail?.(brokenGzip()))
  lines.on('close', () => { unzip?.destroy() })
  done(null, unzip === undefined ? payload.pipe(lines) : payload.pipe(unzip).pipe(lines))
}

function limitRatio (unzip: Gunzip): Transform {
  let length = 0
  return new Transform({
    transform (chunk: Buffer, _encoding, next) {
      length += chunk.length
      if (length > FREE_BYTES && length > MOST_RATIO * unzip.bytesWritten) next(new AppError('bericht-te-groot', `De gzip wordt uitgepakt meer dan ${MOST_RATIO} keer zo groot.`))
      else next(null, chunk)
    }
  })
}

function readEncoding (request: FastifyRequest): boolean {
  const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity'
  if (encoding === 'identity') return false
  if (encoding === 'gzip' || encoding === 'x-gzip') return true
  throw new AppError('soort-niet-ondersteund', 'Content-Encoding is hier gzip, of wordt weggelaten.')
}

const tooLarge = (): AppError => new AppError('bericht-te-groot', 'Het bericht is groter dan dit adres leest; splits het, of stuur NDJSON waar dat kan.')
const brokenGzip = (): AppError => new AppError('invoer-ongeldig', 'Het bericht is geen volledige, geldige gzip.')
const aborted = (): AppError => new AppError('invoer-ongeldig', 'De verbinding brak af voor het einde van het bericht.')
