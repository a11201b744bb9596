import { setTimeout as sleep } from 'node:timers/promises'
import { openHersteld } from '../bewaring/opening.ts'
import { describeError } from '../http/problem.ts'
import { startSchedule } from '../jobs/schedule.ts'
import { buildServer } from '../server.ts'
import { startEvaluator } from '../signalen/worker.ts'
import { startVerzender, type Verzender } from '../verzending/worker.ts'
import { startVerzegelaar } from '../verwerkingen/worker.ts'
import type { App } from '../app.ts'
import type { Config } from '../config.ts'

// Between two attempts to plan the nights (ms).
const OPNIEUW = 5_000
// What is still running after this is cut off; the store keeps every answered push.
const GRACE = 10_000

/** Serves until SIGINT or SIGTERM; then stops accepting, finishes what runs, and closes what it opened. */
export async function runServe (config: Config): Promise<number> {
  const started = performance.now()
  const app = await openHersteld(config)
  const server = await buildServer(app)
  const evaluator = startEvaluator(app)
  const verzegelaar = startVerzegelaar(app)
  let planned: Promise<void> | undefined
  let verzender: Verzender | undefined
  const signal = waitForSignal()
  try {
    verzender = startVerzender(app)
    await server.listen({ host: config.host, port: config.port })
    app.log.info({ ms: Math.round(performance.now() - started) }, 'klaar')
    // After listening: nobody waits for the night.
    planned = planNachten(app, signal)
    await signal
    app.log.info('stopping')
  } finally {
    setTimeout(() => {
      app.log.error('stopping took too long; what was not answered is not done')
      process.exit(1)
    }, GRACE).unref()
    await server.close()
    await planned
    await evaluator.stop()
    await verzegelaar.stop()
    await verzender?.stop()
    await app.close()
  }
  return 0
}

/** Keeps a schedule until the signal: another one when it ended by itself, again and again while the store is away. */
async function planNachten (app: App, signal: Promise<void>): Promise<void> {
  const stopping = new AbortController()
  signal.then(() => { stopping.abort() }, () => {})
  while (!stopping.signal.aborted) {
    try {
      const schedule = await startSchedule(app)
      await Promise.race([schedule.ended, signal])
      await schedule.stop()
    } catch (error) {
      app.log.error({ fout: describeError(error) }, 'no night is planned yet')
    }
    await sleep(OPNIEUW, undefined, { signal: stopping.signal }).catch(() => {}) // ended early: we stop
  }
}

/** Resolves at the first SIGINT or SIGTERM. */
export async function waitForSignal (): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => { resolve() })
    process.once('SIGTERM', () => { resolve() })
  })
}
