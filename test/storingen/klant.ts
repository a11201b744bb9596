import { setTimeout as sleep } from 'node:timers/promises'
import type { Dienst } from '../bench/dienst.ts'

export const SCHOOL = '99ZA'
const DAGEN = ['2025-09-08', '2025-09-09', '2025-09-10', '2025-09-11', '2025-09-12', '2025-09-15', '2025-09-16', '2025-09-17', '2025-09-18', '2025-09-19']

/** A school with 500 leerlingen, delivered through the API. */
export async function createSchool (dienst: Dienst): Promise<void> {
  await expectOk(await send(dienst, 'PUT', `/v1/vestigingen/${SCHOOL}00`, { naam: 'Storing', sector: 'vo', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 50 }))
  const leerlingen = Array.from({ length: 500 }, (_, at) => ({ bronId: `L-${at}`, school: SCHOOL, geboortedatum: '2012-05-05', inschrijvingen: [{ vestiging: `${SCHOOL}00`, van: '2025-08-01', leerjaar: 2, minutenPerWeek: 1500 }] }))
  await expectOk(await send(dienst, 'POST', '/v1/leerlingen/_bulk', { leerlingen }))
}

async function expectOk (answer: Response): Promise<void> {
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
}

export async function send (dienst: Pick<Dienst, 'url' | 'token'>, method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return await fetch(`${dienst.url}${path}`, { method, headers: { authorization: `Bearer ${dienst.token}`, 'content-type': 'application/json', ...headers }, body: JSON.stringify(body), signal: AbortSignal.timeout(60_000) })
}

export interface Testrecord { readonly bronId: string, readonly minuten: number, readonly [veld: string]: unknown }

/** Record `nummer`; its minuten follow from its number, so what is stored can be checked without a list of what was sent. */
export function buildRecord (nummer: number): Testrecord {
  return {
    bronId: `s-${nummer}`, school: SCHOOL, vestiging: `${SCHOOL}00`, leerling: `L-${nummer % 500}`, datum: DAGEN[Math.floor(nummer / 500) % DAGEN.length]!, soort: 'afwezig', reden: nummer % 4 === 0 ? 'SPIJ' : 'ZK', minuten: 1 + nummer % 300, gewijzigdOp: '2025-09-20T10:00:00Z'
  }
}

export interface Klantverslag {
  /** Numbers of records whose durability was answered. */
  readonly bevestigd: number[]
  /** Attempts that got no answer, or another than 200, by what came. */
  readonly mislukt: Record<string, number>
}

/** A supplier's client: pushes its batches one after the other, and each again until it is answered with 200. */
export async function pushAll (dienst: () => Pick<Dienst, 'url' | 'token'>, batches: ReadonlyArray<readonly number[]>, verslag: Klantverslag): Promise<void> {
  for (const nummers of batches) {
    for (;;) {
      try {
        const answer = await send(dienst(), 'POST', '/v1/absenties/_bulk', { absenties: nummers.map(buildRecord) })
        if (answer.status === 200) {
          const { aantallen } = await answer.json() as { aantallen: Record<string, number> }
          if (aantallen['nieuw']! + aantallen['ongewijzigd']! !== nummers.length) throw new Error(`refused: ${JSON.stringify(aantallen)}`)
          verslag.bevestigd.push(...nummers)
          break
        }
        count(verslag, String(answer.status))
        await answer.body?.cancel()
        await sleep(answer.headers.get('retry-after') === null ? 100 : 250)
      } catch (error) {
        if (error instanceof Error && error.message.startsWith('refused')) throw error
        count(verslag, 'geen antwoord')
        await sleep(100)
      }
    }
  }
}

function count (verslag: Klantverslag, wat: string): void {
  verslag.mislukt[wat] = (verslag.mislukt[wat] ?? 0) + 1
}

export function range (van: number, aantal: number): number[] {
  return Array.from({ length: aantal }, (_, at) => van + at)
}

/** Splits numbers over clients, in batches. */
export function divide (nummers: readonly number[], klanten: number, batch: number): number[][][] {
  const batches = Array.from({ length: Math.ceil(nummers.length / batch) }, (_, at) => nummers.slice(at * batch, (at + 1) * batch))
  return Array.from({ length: klanten }, (_, klant) => batches.filter((_, at) => at % klanten === klant))
}
