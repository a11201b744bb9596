import { http } from '../http/node-http.ts'
import { request as requestHttps } from 'node:https'

/** Where, how long at most (a message takes two calls, within the time it is lent out), and as whom. */
export interface Toegang {
  readonly url: string
  readonly seconden: number
  /** PEM; absent only to an address of this machine itself. */
  readonly tls: { readonly cert: string, readonly key: string, readonly ca: string | undefined } | undefined
}

/** Of an answer: 20,000 statuses. Reading XML holds everything else up for some 0.2 s a MB. */
const GROOTSTE = 4 * 1024 * 1024

/**
 * One POST over a connection of its own: no redirect, no compression, the server's name and certificate checked. Rejects when no whole answer
 * comes in time (TimeoutError), when it is too large, or when `signal` ends it.
 */
export async function post ({ url, seconden, tls }: Toegang, body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<{ readonly status: number, readonly tekst: string }> {
  const request = url.startsWith('https:') ? requestHttps : http.request
  const limit = AbortSignal.timeout(seconden * 1_000)
  return await new Promise((resolve, reject) => {
    const fail = (error: Error): void => { reject(limit.aborted ? limit.reason as Error : error) }
    const sent = request(url, {
      method: 'POST',
      agent: false,
      signal: AbortSignal.any([signal, limit]),
      minVersion: 'TLSv1.2',
      ...tls,
      headers: { ...headers, 'accept-encoding': 'identity', 'content-length': Buffer.byteLength(body), connection: 'close' }
    }, (answer) => {
      const parts: Buffer[] = []
      let size = 0
      answer.on('data', (part: Buffer) => {
        size += part.length
        if (size > GROOTSTE) answer.destroy(Object.assign(new Error('answer too large'), { code: 'ANTWOORD_TE_GROOT' }))
        else parts.push(part)
      })
      answer.on('error', fail)
      answer.on('end', () => { resolve({ status: answer.statusCode ?? 0, tekst: Buffer.concat(parts).toString('utf8') }) })
    })
    sent.on('error', fail)
    sent.end(body)
  })
}
