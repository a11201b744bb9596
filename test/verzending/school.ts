import { setTimeout as sleep } from 'node:timers/promises'
import type { Service } from '../support/service.ts'

type Inject = (options: { method: 'GET' | 'PUT' | 'POST', url: string, payload?: object }) => Promise<{ readonly statusCode: number, readonly body: string }>

/** Lesdagen of a week without vacation; of each day one lesuur is missed, too little for any signaal. */
export const DAGEN = ['2025-09-01', '2025-09-02', '2025-09-03', '2025-09-04', '2025-09-05', '2025-09-08', '2025-09-09', '2025-09-10', '2025-09-11', '2025-09-12']

/** A school with one leerling who may be gemeld on each of DAGEN; answers must be good. */
export async function createMeldschool (inject: Inject, school = '99AA'): Promise<void> {
  const vestiging = `${school}00`
  await expectOk(inject({ method: 'PUT', url: `/v1/vestigingen/${vestiging}`, payload: { naam: 'De Proef', sector: 'vo', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 60 } }))
  await expectOk(inject({ method: 'PUT', url: `/v1/scholen/${school}/meldgegevens`, payload: { contactpersoon: 'J. de Vries <&>', emailadres: 'verzuim@school.example', informeertBijMelding: true } }))
  await expectOk(inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ bronId: 'L-1', school, geboortedatum: '2012-03-10', persoonsgebondenNummer: '999990019', woongemeente: '0014', inschrijvingen: [{ vestiging, van: '2024-08-01', leerjaar: 2, minutenPerWeek: 1650 }] }] } }))
  const absenties = DAGEN.map((datum) => ({ bronId: datum, school, vestiging, leerling: 'L-1', datum, soort: 'afwezig', reden: 'SPIJ', minuten: 60, gewijzigdOp: `${datum}T15:00:00+02:00` }))
  await expectOk(inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties } }))
}

/** A melding by hand of one of DAGEN; its id. */
export async function createMelding (inject: Inject, datum: string, { school = '99AA', bron = 'test-lvs' }: { readonly school?: string, readonly bron?: string } = {}): Promise<string> {
  const body = await expectOk(inject({ method: 'POST', url: '/v1/meldingen', payload: { leerling: { bron, bronId: 'L-1' }, school, soort: 'O', begindatum: datum, einddatum: datum, toelichting: 'Gebeld & <geen> "gehoor"' } }))
  return (JSON.parse(body) as { id: string }).id
}

export interface Meldingstand { readonly status: string, readonly meldingsnummer: string | null, readonly redenIntrekking: string | null, readonly voorstel: string | null }
export async function readMelding (inject: Inject, id: string): Promise<Meldingstand> {
  return JSON.parse(await expectOk(inject({ method: 'GET', url: `/v1/meldingen/${id}` }))) as Meldingstand
}

export interface Uitzendstand { readonly id: string, readonly operatie: string, readonly status: string, readonly nietVoor: string, readonly pogingen: ReadonlyArray<{ readonly uitslag: string | null, readonly code: string | null, readonly omschrijving: string | null }> }
export async function readUitzendingen (inject: Inject, id: string): Promise<Uitzendstand[]> {
  return (JSON.parse(await expectOk(inject({ method: 'GET', url: `/v1/meldingen/${id}/uitzendingen` }))) as { uitzendingen: Uitzendstand[] }).uitzendingen
}

async function expectOk (answer: ReturnType<Inject>): Promise<string> {
  const { statusCode, body } = await answer
  if (statusCode >= 300 || /"afgewezen":[1-9]/.test(body)) throw new Error(`${statusCode} ${body}`)
  return body
}

/** Every right for these scholen. */
export function openInject (service: Service, scholen: readonly string[] = ['99AA']): Inject {
  // One for each request: a test lets hours pass, and a token lasts ten minutes.
  return async (options) => await service.inject({ bearer: await service.token({ scholen }), ...options })
}

/** Waits for what must come within half a minute, also on a busy machine. */
export async function until (what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1_200; i++) {
    if (await condition()) return
    await sleep(25)
  }
  throw new Error(`${what} did not come`)
}
