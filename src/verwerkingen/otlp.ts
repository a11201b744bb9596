import { createHash } from 'node:crypto'
import { activiteitUri, findActiviteit } from '../domain/verwerkingsactiviteit.ts'
import { listPseudoniemen, type Verwerkingsrij } from './keten.ts'

interface Attribute { readonly key: string, readonly value: { readonly stringValue: string } }

/** A span as the JSON mapping of OTLP has it: ids in hex, instants as text of nanoseconds. */
export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: 1
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  readonly status: { readonly code: 1 }
}

const attribute = (key: string, stringValue: string): Attribute => ({ key, value: { stringValue } })

/**
 * One logical record a betrokkene, as the Logboek Dataverwerkingen asks: the action itself where it is of one, else the action and below it
 * one span each. Only attributes of dpl.core. We know the instant of an action, not how long it took, and keep only what was committed.
 */
export function * buildSpans (rij: Verwerkingsrij): Generator<Span> {
  const { activiteit, toepassing, traceId, ouderSpan, verwerking, betrokkenen, tijdstip } = rij
  const instant = toNano(tijdstip)
  // Before it was recorded, a span is named after its verwerking, which is as random.
  const spanId = rij.spanId ?? verwerking.replaceAll('-', '').slice(0, 16)
  const span = (id: string, ouder: string | null, attributes: readonly Attribute[]): Span => ({
    traceId,
    spanId: id,
    ...(ouder === null ? {} : { parentSpanId: ouder }),
    name: findActiviteit(activiteit)?.naam ?? activiteit,
    kind: 1,
    startTimeUnixNano: instant,
    endTimeUnixNano: instant,
    attributes: [
      attribute('dpl.core.processing_activity_id', activiteitUri(activiteit)),
      ...(toepassing === null || toepassing.startsWith('systeem:') ? [] : [attribute('dpl.core.foreign_operation.processor', `urn:aanwezig:toepassing:${toepassing}`)]),
      ...attributes
    ],
    status: { code: 1 }
  })
  const wie = (pseudoniem: string): Attribute[] => [attribute('dpl.core.data_subject_id', pseudoniem), attribute('dpl.core.data_subject_id_type', 'pseudoniem')]

  if (betrokkenen.length === 16) {
    yield span(spanId, ouderSpan, wie(betrokkenen.toString('hex')))
    return
  }
  yield span(spanId, ouderSpan, [])
  for (const pseudoniem of listPseudoniemen(betrokkenen)) {
    yield span(createHash('sha256').update(`${verwerking} ${pseudoniem}`).digest('hex').slice(0, 16), spanId, wie(pseudoniem))
  }
}

/** An ExportTraceServiceRequest of OTLP/JSON. */
export function buildRequest (school: string, spans: readonly Span[]): object {
  return {
    resourceSpans: [{
      resource: { attributes: [attribute('service.name', 'aanwezig'), attribute('service.namespace', school)] },
      scopeSpans: [{ scope: { name: 'aanwezig/verwerkingen' }, spans }]
    }]
  }
}

/** From RFC 3339 in UTC with microseconds. */
function toNano (tijdstip: string): string {
  return `${Date.parse(`${tijdstip.slice(0, 19)}Z`) / 1000}${tijdstip.slice(20, 26)}000`
}
