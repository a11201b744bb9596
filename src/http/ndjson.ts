import { Readable } from 'node:stream'
import type { Logger } from 'pino'
import { JsonError, OnleesbaarRecord, readJson, toFouten } from './json.ts'
import { describeError, toProblem } from './problem.ts'

export const NDJSON = 'application/x-ndjson'
const BATCH = 1_000
// Lines of the longest kind fill a batch by their bytes.
const BATCH_BYTES = 1024 * 1024
// One absentie is 250 bytes; a line this long is no record of ours.
const LONGEST_LINE = 64 * 1024
const NEWLINE = 10
const CARRIAGE_RETURN = 13

/** A line that is no JSON, or too long, reaches the service as this, so it is refused like any other wrong record. */
export class OngeldigeRegel {}

/**
 * Answers an NDJSON stream with one: batches of lines go through `push` one after the other, its lines leave as they come, and the totals
 * are the last line. The next lines are read when the answer's reader wants more, so memory is flat whatever the length. A fault half-way
 * ends the answer with a line `{"fout": …}` and no totals: everything on the lines before it is durable.
 */
export function answerNdjson (body: Readable, options: { log: Logger, requestId: string, push: (records: unknown[], deel: number) => Promise<object[]>, totals: () => object }): Readable {
  return Readable.from(answer(), { objectMode: false })

  async function * answer (): AsyncGenerator<string> {
    let offset = 0
    let deel = 0
    try {
      for await (const records of readBatches(body)) {
        landing.add(body)
        const lines = await options.push(records, deel++)
        yield lines.map((line) => JSON.stringify('index' in line ? { ...line, index: offset + Number(line.index) } : line) + '\n').join('')
        landing.delete(body)
        offset += records.length
      }
      yield JSON.stringify(options.totals()) + '\n'
    } catch (error) {
      body.destroy()
      yield describeFout(error, options)
    }
  }
}

/** Answers work that takes a while: a line for every step as it comes, and what it returns as the last. A fault half-way is a line `{"fout": …}` and the end. */
export function streamStappen (stappen: AsyncGenerator<object, object>, options: { log: Logger, requestId: string }): Readable {
  return Readable.from(answer(), { objectMode: false })

  async function * answer (): AsyncGenerator<string> {
    try {
      let stap = await stappen.next()
      for (; stap.done !== true; stap = await stappen.next()) yield JSON.stringify(stap.value) + '\n'
      yield JSON.stringify(stap.value) + '\n'
    } catch (error) {
      yield describeFout(error, options)
    } finally {
      // The reader left: the work stops too.
      await stappen.return({})
    }
  }
}

/** What work of several steps comes to, for who does not follow it. */
export async function finishStappen<T> (stappen: AsyncGenerator<unknown, T>): Promise<T> {
  let stap = await stappen.next()
  while (stap.done !== true) stap = await stappen.next()
  return stap.value
}

function describeFout (error: unknown, { log, requestId }: { log: Logger, requestId: string }): string {
  const problem = toProblem(error, requestId)
  if (problem.status >= 500) log.error({ fout: describeError(error) }, 'ndjson stream failed')
  return JSON.stringify({ fout: problem }) + '\n'
}

const landing = new WeakSet<Readable>()

/** Lines that were read are being landed or answered, so nothing more is asked of the client. */
export function isLanding (body: Readable): boolean {
  return landing.has(body)
}

async function * readBatches (body: Readable): AsyncGenerator<unknown[]> {
  let batch: unknown[] = []
  let bytes = 0
  let rest: Buffer = Buffer.alloc(0) // as long as the longest line, once one was cut in two
  let kept = 0
  let isSkipping = false

  const take = (line: Buffer): void => {
    bytes += line.length
    if (!isBlank(line)) batch.push(parseLine(line))
  }
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const length = kept + end - start
      if (isSkipping || length > LONGEST_LINE) batch.push(new OngeldigeRegel())
      else if (kept === 0) take(chunk.subarray(start, end))
      else {
        chunk.copy(rest, kept, start, end)
        take(rest.subarray(0, length))
      }
      isSkipping = false
      kept = 0
      start = end + 1
      if (batch.length === BATCH || bytes >= BATCH_BYTES) {
        if (batch.length > 0) yield batch
        batch = []
        bytes = 0
      }
    }
    const length = chunk.length - start
    isSkipping ||= kept + length > LONGEST_LINE
    if (isSkipping || length === 0) continue
    if (rest.length === 0) rest = Buffer.allocUnsafe(LONGEST_LINE)
    chunk.copy(rest, kept, start)
    kept += length
  }
  if (isSkipping) batch.push(new OngeldigeRegel())
  else take(rest.subarray(0, kept))
  if (batch.length > 0) yield batch
}

function isBlank (line: Buffer): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === CARRIAGE_RETURN)
}

function parseLine (line: Buffer): unknown {
  try {
    const { value, vondsten } = readJson(line)
    return vondsten.length === 0 ? value : new OnleesbaarRecord(toFouten(vondsten.slice(0, 50)), value)
  } catch (error) {
    if (error instanceof JsonError) return new OngeldigeRegel() // refused per record by the service: its neighbours go on
    throw error
  }
}
