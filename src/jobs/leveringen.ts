import { listVerschuldigd, makeVerschuldigd, type Verschuldigd } from '../duo/service.ts'
import { addDagen } from '../domain/datum.ts'
import { leveringenTeLaatMeter } from '../http/health.ts'
import { describeError } from '../http/problem.ts'
import { systemActor } from '../toegang/service.ts'
import type { AddJobsJobSpec } from 'graphile-worker'
import type { App } from '../app.ts'

/** Plans, at LEVERINGEN_CRON and at the start: what is due, however long nothing ran, becomes a job of LEVERING. */
export const LEVERINGEN = 'leveringen'
/** Makes what is due of one school for one ontvanger. */
export const LEVERING = 'levering'

/**
 * Queues of graphile-worker, in which jobs run one at a time; every job of a school is in the same one. A fixed number, for with one for each
 * school every look for a job would lock as many rows as there are scholen.
 */
const RIJEN = 16
/** With its growing pauses some four hours; then the next plan begins anew. */
const POGINGEN = 10

export type Leveringopdracht = Pick<Verschuldigd, 'school' | 'ontvanger'>

/** A job for each school and ontvanger of which something is due; the same one again takes the place of the one that still waits. */
export async function planLeveringen (app: App): Promise<AddJobsJobSpec[]> {
  const ctx = app.makeCtx(systemActor(LEVERINGEN, '*'))
  const verschuldigd = await listVerschuldigd(ctx)
  const gisteren = addDagen(ctx.vandaag(), -1)
  leveringenTeLaatMeter.set(verschuldigd.reduce((som, { perioden }) => som + perioden.filter(({ vanaf }) => vanaf < gisteren).length, 0))
  return verschuldigd.map(({ school, ontvanger }) => ({ identifier: LEVERING, payload: { school, ontvanger } satisfies Leveringopdracht, queueName: `${LEVERINGEN} ${rijVan(school)}`, jobKey: `${LEVERING} ${school} ${ontvanger}`, maxAttempts: POGINGEN }))
}

function rijVan (school: string): number {
  return [...Buffer.from(school)].reduce((som, teken) => (som * 31 + teken) % RIJEN, 0)
}

/** Answers how many leveringen were made. A failure is logged, and thrown without what it was about: the job is tried again, others are not held up by it. */
export async function runLevering (app: App, { school, ontvanger }: Leveringopdracht, signal?: AbortSignal): Promise<number> {
  try {
    return await makeVerschuldigd(app.makeCtx(systemActor(LEVERINGEN, [school])), school, ontvanger, signal)
  } catch (error) {
    if (signal?.aborted === true) throw new Error('levering interrupted by a stop')
    app.log.error({ school, ontvanger, fout: describeError(error) }, 'levering failed')
    // The queue keeps what is thrown; drizzle puts the parameters of a statement in its message.
    throw new Error('levering failed; see the log')
  }
}

export interface Leveringenverslag { readonly gemaakt: number, readonly mislukt: readonly string[], readonly afgebroken: boolean }

/** By hand, here and now: everything that is due of these scholen (all by default). What a job is making at the same time is not made twice. */
export async function runLeveringen (app: App, { scholen, melden = () => {}, signal }: { readonly scholen?: readonly string[] | undefined, readonly melden?: (line: string) => void, readonly signal?: AbortSignal } = {}): Promise<Leveringenverslag> {
  const opdrachten = (await listVerschuldigd(app.makeCtx(systemActor(LEVERINGEN, '*')))).filter(({ school }) => scholen === undefined || scholen.includes(school))
  let gemaakt = 0
  let gedaan = 0
  const mislukt: string[] = []
  const isGestopt = (): boolean => signal?.aborted === true
  for (const opdracht of opdrachten) {
    if (isGestopt()) break
    const wat = `${opdracht.school} ${opdracht.ontvanger}`
    try {
      const aantal = await runLevering(app, opdracht, signal)
      gemaakt += aantal
      melden(`[${++gedaan}/${opdrachten.length}] ${wat}: ${aantal} gemaakt`)
    } catch {
      if (isGestopt()) break
      // In the log already; the others go on, and the answer names this one.
      mislukt.push(wat)
      melden(`[${++gedaan}/${opdrachten.length}] ${wat}: MISLUKT; zie het logboek`)
    }
  }
  const afgebroken = gedaan < opdrachten.length
  melden(`Leveringen: ${gemaakt} gemaakt${mislukt.length > 0 ? `, ${mislukt.length} mislukt` : ''}${afgebroken ? `, ${opdrachten.length - gedaan} niet begonnen: onderbroken` : ''}`)
  return { gemaakt, mislukt, afgebroken }
}
