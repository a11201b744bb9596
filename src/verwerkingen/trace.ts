import { randomBytes } from 'node:crypto'

/** One trace in this process: the span of the request or job, and those of what it records. */
export interface Trace {
  /** 32 hex digits, the caller's where he has one. */
  readonly traceId: string
  /** 16 hex digits; what we ask of others hangs on it, as does every action but the first, which is it. */
  readonly spanId: string
  /** The span for the next action that is recorded. */
  readonly nextSpan: () => { readonly span: string, readonly ouder: string | null }
}

// W3C Trace Context, version 00 and what later ones add behind it; ff is no version, and ids of zeros are none.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/

/** Goes on with the caller's trace, or begins one: a header that is not a traceparent counts as none, as W3C wants it. */
export function openTrace (traceparent?: string): Trace {
  const [, versie, gegeven, ouder, meer] = TRACEPARENT.exec(traceparent ?? '') ?? []
  const geldig = gegeven !== undefined && !(versie === '00' && meer !== undefined)
  const traceId = geldig ? gegeven : randomBytes(16).toString('hex')
  const spanId = randomBytes(8).toString('hex')
  let begun = false
  return {
    traceId,
    spanId,
    nextSpan () {
      if (begun) return { span: randomBytes(8).toString('hex'), ouder: spanId }
      begun = true
      return { span: spanId, ouder: geldig ? ouder! : null }
    }
  }
}

/** The header for what is asked of others, and for the answer. Nothing is sampled away. */
export function formatTraceparent ({ traceId, spanId }: Trace): string {
  return `00-${traceId}-${spanId}-01`
}
