import pg from 'pg'
import { finishUitzending, takeUitzending } from '../../src/meldingen/uitzendingen.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { buildAbsentie } from './school.ts'
import { startService, type Service } from './service.ts'
import type { LightMyRequestResponse } from 'fastify'
import type { Test } from 'tap'

export const BSN = '999990019'
const MELDGEGEVENS = { contactpersoon: 'A. Voorbeeld', functie: 'Verzuimcoördinator', emailadres: 'verzuim@school.example', netnummer: '038', abonneenummer: '1234567', informeertBijMelding: true }

export interface Betrokkene {
  readonly service: Service
  readonly send: (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, headers?: Record<string, string>) => Promise<LightMyRequestResponse>
  /** The answer, which must be good. */
  readonly ok: <T = unknown>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) => Promise<T>
  /** Absenties of whole days, each with minutes enough that two of them reach the 16 hours; evaluated. */
  readonly push: (dagen: readonly string[], anders?: Record<string, unknown>) => Promise<void>
  /** Takes the next message to DUO and has it accepted; false: there is none that may leave. */
  readonly carry: (meldingsnummer: string) => Promise<boolean>
  /** As the owner of the database. */
  readonly sql: <R extends pg.QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<R[]>
}

/** School 99AA with leerling L-1 of 13 years, who has a number; it is what the clock says, or a fixed moment. */
export async function startBetrokkene (t: Test, options: { readonly now?: string, readonly leerling?: object } = {}): Promise<Betrokkene> {
  const { now } = options
  const service = await startService(t, now === undefined ? {} : { now: () => new Date(now) })
  const bearer = await service.token({ bron: 'test-lvs' })
  const send: Betrokkene['send'] = async (method, url, payload, headers = {}) => await service.inject({ bearer, method, url: `/v1${url}`, headers, ...(payload === undefined ? {} : { payload }) })
  const ok: Betrokkene['ok'] = async (method, url, payload) => {
    const answer = await send(method, url, payload)
    if (answer.statusCode >= 300 || /"afgewezen":[1-9]/.test(answer.body)) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`)
    return answer.statusCode === 204 ? undefined as never : answer.json()
  }
  await ok('PUT', '/vestigingen/99AA00', { naam: 'De Proef', sector: 'vo', regio: 'noord', gemeentecode: '0014' })
  const leerling = { bronId: 'L-1', school: '99AA', geboortedatum: '2012-03-10', persoonsgebondenNummer: BSN, woongemeente: '0014', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 2, rooster: [480, 480, 480, 480, 480, 0, 0] }], ...options.leerling }
  await ok('POST', '/leerlingen/_bulk', { leerlingen: [leerling] })
  await ok('PUT', '/scholen/99AA/meldgegevens', MELDGEGEVENS)
  return {
    service,
    send,
    ok,
    async push (dagen, anders = {}) {
      await ok('POST', '/absenties/_bulk', { absenties: dagen.map((datum) => buildAbsentie(`d-${datum}`, datum, { minuten: 480, ...anders })) })
      await service.evaluate()
    },
    async carry (meldingsnummer) {
      const ctx = service.app.makeCtx(systemActor('verzender', '*'))
      const uitzending = await takeUitzending(ctx, '99AA')
      if (uitzending === undefined) return false
      await finishUitzending(ctx, uitzending, { uitslag: 'aangenomen', meldingsnummer, mutatieOp: new Date().toISOString() })
      return true
    },
    async sql (text, values = []) {
      const client = new pg.Client({ ...service.database, ssl: false })
      await client.connect()
      try {
        return (await client.query(text, [...values])).rows
      } finally {
        await client.end()
      }
    }
  }
}
