import { openApp } from '../app.ts'
import { startSchedule, type Schedule } from '../jobs/schedule.ts'
import { buildServer } from '../server.ts'
import { startEvaluator } from '../signalen/worker.ts'
import type { Config } from '../config.ts'

// What is still running after this is cut off; the store keeps every answered push.
const GRACE = 10_000

/** Serves until SIGINT or SIGTERM; then stops accepting, finishes what runs, and closes what it opened. */
export async function runServe (config: Config): Promise<number> {
  const started = performance.now()
  const app = await openApp(config)
  const server = await buildServer(app)
  const evaluator = startEvaluator(app)
  let schedule: Schedule | undefined
  const signal = waitForSignal()
  try {
    await server.listen({ host: config.host, port: config.port })
    app.log.info({ ms: Math.round(performance.now() - started) }, 'klaar')
    // After listening: nobody waits for the night.
    schedule = await startSchedule(app)
    await signal
    app.log.info('stopping')
  } finally {
    setTimeout(() => {
      app.log.error('stopping took too long; what was not answered is not done')
      process.exit(1)
    }, GRACE).unref()
    await server.close()
    await schedule?.stop()
    await evaluator.stop()
    await app.close()
  }
  return 0
}

/** Resolves at the first SIGINT or SIGTERM. */
export async function waitForSignal (): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => { resolve() })
    process.once('SIGTERM', () => { resolve() })
  })
}
