import { setTimeout as sleep } from 'node:timers/promises'
import { vandaag } from '../domain/datum.ts'
import { describeError } from '../http/problem.ts'
import { systemActor } from '../toegang/service.ts'
import { listOngezegeldeScholen, sealSchool } from './service.ts'
import type { App } from '../app.ts'

/** How long a verwerking may wait for its place in the chain (ms), and how much is collected into one seal. */
const TUSSEN = 60_000

export interface Verzegelaar { readonly stop: () => Promise<void> }

/** Seals every school with something new, each minute; at a stop once more. Several processes may do so at once. */
export function startVerzegelaar (app: App, tussen: number = TUSSEN): Verzegelaar {
  const ctx = app.makeCtx(systemActor('verzegeling', '*'))
  const stopping = new AbortController()
  const dagen = new Map<string, string>()

  const seal = async (): Promise<void> => {
    try {
      for (const school of await listOngezegeldeScholen(ctx)) {
        const { zegel } = await sealSchool(app.makeCtx(systemActor('verzegeling', [school])), school)
        const dag = vandaag(app.now())
        // Said once a day and school, outside the database: whoever cuts off what came before cannot take this back.
        if (zegel !== undefined && dagen.get(school) !== dag) app.log.info({ school, dag, positie: zegel.laatste, zegel: zegel.hash.toString('hex') }, 'zegel')
        dagen.set(school, dag)
      }
    } catch (error) {
      // The marks stay; the next look tries again.
      app.log.error({ fout: describeError(error) }, 'sealing failed')
    }
  }
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(tussen, undefined, { signal: stopping.signal, ref: false }).catch(() => {}) // ended early: we stop
      if (!stopping.signal.aborted) await seal()
    }
    await seal()
  })()

  return {
    async stop () {
      stopping.abort()
      await running
    }
  }
}
