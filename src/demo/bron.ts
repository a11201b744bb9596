import type { Aantallen, Absentiebericht } from './berichten.ts'

/** An answer of the service that the demo did not count on. */
export class OnverwachtAntwoord extends Error {}

export interface Weigering { readonly code: string, readonly detail: string }

/** The demo's leerlingvolgsysteem: it knows the service only over HTTP, as any other bron does. */
export class Bron {
  readonly origin: string
  readonly #token: string
  readonly #signal: AbortSignal

  constructor (origin: string, token: string, signal: AbortSignal) {
    this.origin = origin
    this.#token = token
    this.#signal = signal
  }

  async get<T> (path: string): Promise<T> {
    return await (await this.#send('GET', path)).json() as T
  }

  async getText (path: string, accept: string): Promise<string> {
    return await (await this.#send('GET', path, { accept })).text()
  }

  async put<T> (path: string, body: unknown): Promise<T> {
    return await (await this.#send('PUT', path, { 'content-type': 'application/json' }, JSON.stringify(body))).json() as T
  }

  async post<T> (path: string, body: unknown): Promise<T> {
    return await (await this.#send('POST', path, { 'content-type': 'application/json' }, JSON.stringify(body))).json() as T
  }

  /** Every page of a list, by its cursor. */
  async list<T> (path: string, noun: string): Promise<T[]> {
    const all: T[] = []
    let volgende: string | null = null
    do {
      const cursor: string = volgende === null ? '' : `&cursor=${encodeURIComponent(volgende)}`
      const page: Record<string, unknown> = await this.get(`${path}${path.includes('?') ? '&' : '?'}limit=1000${cursor}`)
      all.push(...page[noun] as T[])
      volgende = page['volgende'] as string | null
    } while (volgende !== null)
    return all
  }

  /** Pushes absenties as NDJSON; gives the totals of the last line and why records were refused. */
  async pushAbsenties (absenties: readonly Absentiebericht[]): Promise<{ aantallen: Aantallen, weigeringen: Weigering[] }> {
    const body = absenties.map((absentie) => JSON.stringify(absentie) + '\n').join('')
    const answer = await this.#send('POST', '/v1/absenties/_bulk', { 'content-type': 'application/x-ndjson', accept: 'application/x-ndjson' }, body)
    const lines = (await answer.text()).trimEnd().split('\n')
    const last = JSON.parse(lines.pop() ?? '{}') as { aantallen?: Aantallen, fout?: { detail?: string } }
    if (last.aantallen === undefined) throw new OnverwachtAntwoord(`POST /v1/absenties/_bulk brak af: ${last.fout?.detail ?? 'zonder reden'}`)
    const weigeringen = lines.filter((line) => line.includes('"afgewezen"')).flatMap((line) => (JSON.parse(line) as { problemen?: Weigering[] }).problemen ?? [])
    return { aantallen: last.aantallen, weigeringen }
  }

  async #send (method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Response> {
    const answer = await fetch(`${this.origin}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, ...headers },
      signal: this.#signal,
      ...(body === undefined ? {} : { body })
    })
    if (!answer.ok) throw new OnverwachtAntwoord(`${method} ${path} gaf ${answer.status}: ${(await answer.text()).slice(0, 500)}`)
    return answer
  }
}
