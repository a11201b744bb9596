import { Readable } from 'node:stream'
import type { Logger } from 'pino'
import { describeError, toProblem } from './problem.ts'

export const NDJSON = 'application/x-ndjson'
const BATCH = 1_000
// One absentie is 250 bytes; a line this long is no record of ours.
const LONGEST_LINE = 64 * 1024
const NEWLINE = 10

/** A line that is no JSON reaches the service as this, so it is refused like any other wrong record. */
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
        const lines = await options.push(records, deel++)
        yield lines.map((line) => JSON.stringify('index' in line ? { ...line, index: offset + Number(line.index) } : line) + '\n').join('')
        offset += records.length
      }
      yield JSON.stringify(options.totals()) + '\n'
    } catch (error) {
      const problem = toProblem(error, options.requestId)
      if (problem.status >= 500) options.log.error({ fout: describeError(error) }, 'ndjson stream failed')
      yield JSON.stringify({ fout: problem }) + '\n'
      body.destroy()
    }
  }
}

async function * readBatches (body: Readable): AsyncGenerator<unknown[]> {
  let batch: unknown[] = []
  for await (const line of readLines(body)) {
    batch.push(line)
    if (batch.length === BATCH) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

async function * readLines (body: Readable): AsyncGenerator<unknown> {
  let rest: Buffer = Buffer.alloc(0)
  let skipping = false
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const line = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(start, end)]) : chunk.subarray(start, end)
      rest = Buffer.alloc(0)
      start = end + 1
      if (skipping || line.length > LONGEST_LINE) yield new OngeldigeRegel()
      else if (!isBlank(line)) yield parseLine(line)
      skipping = false
    }
    if (skipping) continue
    rest = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(start)]) : chunk.subarray(start)
    if (rest.length > LONGEST_LINE) {
      skipping = true
      rest = Buffer.alloc(0)
    }
  }
  if (skipping) yield new OngeldigeRegel()
  else if (!isBlank(rest)) yield parseLine(rest)
}

function isBlank (line: Buffer): boolean {
  return line.length === 0 || (line.length === 1 && line[0] === 13)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function parseLine (line: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(line))
  } catch {
    return new OngeldigeRegel() // refused per record by the service: its neighbours go on
  }
}
