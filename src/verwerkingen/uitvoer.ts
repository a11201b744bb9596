import { setTimeout as sleep } from 'node:timers/promises'
import { requireRecht } from '../toegang/service.ts'
import { buildRequest, buildSpans, type Span } from './otlp.ts'
import { formatTraceparent } from './trace.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Datum } from '../domain/datum.ts'

const RIJEN = 100
/** Spans of 400 bytes in one message. */
const SPANS = 1_000

/** What was recorded of a school in these days, as messages of OTLP/JSON of at most 1,000 spans: memory does not grow with the days. */
export async function * exportSpans (ctx: Ctx, school: string, { van, tot }: { van: Datum, tot: Datum }): AsyncGenerator<{ json: string, spans: number }> {
  const scope = requireRecht(ctx.actor, 'verwerkingen:lezen', school)
  let na: readonly [string, string] | undefined
  let spans: Span[] = []
  for (;;) {
    const rijen = await ctx.transaction(async (tx) => await store.listPeriode(tx, scope, { van, tot, na, limit: RIJEN }))
    for (const rij of rijen) {
      for (const span of buildSpans(rij)) {
        spans.push(span)
        if (spans.length < SPANS) continue
        yield { json: JSON.stringify(buildRequest(school, spans)), spans: spans.length }
        spans = []
      }
    }
    const last = rijen.at(-1)
    if (last === undefined || rijen.length < RIJEN) break
    na = [last.tijdstip, last.verwerking]
  }
  if (spans.length > 0) yield { json: JSON.stringify(buildRequest(school, spans)), spans: spans.length }
}

/** A collector that did not take everything; the message is for the operator. */
export class Collectorfout extends Error {}

const POGINGEN = 4
const WACHT = 60_000
const OPNIEUW = [429, 502, 503, 504]

/** Delivers one message; waits and tries again when the collector asks for it. Resolves only when everything was acknowledged. */
export async function postSpans (ctx: Ctx, url: string, json: string): Promise<void> {
  for (let poging = 1; ; poging++) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: formatTraceparent(ctx.trace) },
      body: json,
      redirect: 'error',
      signal: AbortSignal.timeout(WACHT)
    }).catch((error: Error) => { throw new Collectorfout(`De collector antwoordt niet: ${(error.cause as Error | undefined)?.message ?? error.message}`) })
    const text = await answer.text()
    if (answer.ok) {
      const geweigerd = readGeweigerd(text)
      if (geweigerd > 0) throw new Collectorfout(`De collector weigerde ${geweigerd} spans.`)
      return
    }
    if (!OPNIEUW.includes(answer.status) || poging === POGINGEN) throw new Collectorfout(`De collector antwoordt met ${answer.status}.`)
    await sleep(Math.min(WACHT, Number(answer.headers.get('retry-after') ?? poging) * 1_000 || 1_000))
  }
}

/** Of an ExportTraceServiceResponse; a collector may also answer nothing at all. */
function readGeweigerd (text: string): number {
  if (text.trim() === '') return 0
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: { rejectedSpans?: string | number } | null }
    return Number(partialSuccess?.rejectedSpans ?? 0)
  } catch {
    throw new Collectorfout('De collector antwoordt iets anders dan OTLP/JSON.')
  }
}
