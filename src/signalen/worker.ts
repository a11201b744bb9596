import { setTimeout as sleep } from 'node:timers/promises'
import { systemActor } from '../toegang/service.ts'
import { describeError } from '../http/problem.ts'
import { evaluateSchool, isVrij, listGemarkeerdeScholen } from './service.ts'
import type { App } from '../app.ts'
import type { Omvang } from './store.ts'

/** Under a stream of changes the list is emptied this often (ms): a leerling who is in many of them is evaluated once, and a PUT seldom waits for it. */
const TUSSEN: Readonly<Record<Omvang, number>> = { klein: 250, groot: 500 }

/** Marks of bulk pushes rest as long as the last round of them took, at most this (ms): what is marked again meanwhile is evaluated once, and half of the machine is left to the pushes. */
const RUST = 2_000

/** How often the list is looked at without being woken: marks of another process, or of one that died. */
const KIJK = 500

export interface Evaluator { readonly stop: () => Promise<void>, /** Resolves when nothing is marked. */ readonly idle: () => Promise<void> }

/**
 * Empties the evaluation marks: at once after a push of this process, within half a second after one of another. Marks of a few leerlingen do not wait
 * for those of bulk pushes: who changes one absentie waits for what follows of it.
 */
export function startEvaluator (app: App): Evaluator {
  const ctx = app.makeCtx(systemActor('evaluatie', '*'))
  const stopping = new AbortController()
  const rijen = (['klein', 'groot'] as const).map((omvang) => startRij(app, omvang, stopping))
  return {
    async idle () {
      do await Promise.all(rijen.map(async ({ idle }) => { await idle() }))
      while (!stopping.signal.aborted && (await listGemarkeerdeScholen(ctx)).length > 0)
    },
    async stop () {
      await Promise.all(rijen.map(async ({ stop }) => { await stop() }))
    }
  }
}

function startRij (app: App, omvang: Omvang, stopping: AbortController): Evaluator {
  const ctx = app.makeCtx(systemActor('evaluatie', '*'))
  let running: Promise<void> | undefined
  let again = false
  let waiting = 0
  let started = -Infinity
  let rustTot = -Infinity
  let pause = new AbortController()

  const run = async (): Promise<void> => {
    try {
      do {
        // The first mark after a quiet while is evaluated at once.
        pause = new AbortController()
        if (waiting === 0) await sleep(Math.max(0, Math.max(started + TUSSEN[omvang], rustTot) - performance.now()), undefined, { signal: pause.signal }).catch(() => {}) // ended early: somebody waits, or we stop
        started = performance.now()
        again = false
        for (const school of await listGemarkeerdeScholen(ctx, omvang)) {
          if (stopping.signal.aborted) return
          const own = app.makeCtx(systemActor('evaluatie', [school]))
          // Whoever waits for the marks of a bulk push in one school finds them in the next one too: both go by the same order, at the same pace. Left for
          // the next look it has its turn: between two rounds those rest at least as long as from one look to the next.
          if (omvang === 'klein' && waiting === 0 && !await isVrij(own, school)) again = true
          else await evaluateSchool(own, school, { omvang })
        }
        if (omvang === 'groot') rustTot = performance.now() + Math.min(RUST, performance.now() - started)
      } while (again && !stopping.signal.aborted)
    } catch (error) {
      // The marks stay; the next look tries again. A store that is away is no reason to end the service.
      app.log.error({ fout: describeError(error) }, 'evaluation failed')
    }
  }
  const wake = (): void => {
    if (stopping.signal.aborted) return
    if (running !== undefined) {
      again = true
      return
    }
    running = run().finally(() => { running = undefined })
  }

  app.onMarked.add(wake)
  const timer = setInterval(wake, KIJK)
  timer.unref()
  wake()

  return {
    async idle () {
      waiting++
      pause.abort()
      do {
        if (running === undefined) wake()
        await running
      } while (!stopping.signal.aborted && (await listGemarkeerdeScholen(ctx, omvang)).length > 0)
      waiting--
    },
    async stop () {
      stopping.abort()
      pause.abort()
      clearInterval(timer)
      app.onMarked.delete(wake)
      await running
    }
  }
}
