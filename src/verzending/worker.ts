import { setTimeout as sleep } from 'node:timers/promises'
import { describeError } from '../http/problem.ts'
import { applyStatussen, finishUitzending, listPeilingen, listWachtendeScholen, takeUitzending } from '../meldingen/uitzendingen.ts'
import { systemActor } from '../toegang/service.ts'
import { makeKanaal } from './kanaal.ts'
import type { App } from '../app.ts'
import type { Kanaal, Kanaalantwoord, Uitzending } from '../domain/duobericht.ts'

/** How often is looked for what is due (ms): what was made by another process, or whose back-off is over. */
const KIJK = 1_000
/** Scholen that are sent for, or asked about, side by side. */
const TEGELIJK = 4
/** A message that is under way when the service stops gets so long (ms) to be answered. */
const AFMAKEN = 4_000
/** An answer is written down again when the store was away: this often, with this pause (ms) between. The lease outlives it. */
const SCHRIJFPOGINGEN = 10
const SCHRIJFPAUZE = 1_000

export interface Verzender {
  /** Resolves when nothing is due and nothing is under way. */
  readonly idle: () => Promise<void>
  /** Asks DUO for the statuses of every school, now. */
  readonly peil: () => Promise<void>
  readonly stop: () => Promise<void>
}

/**
 * Brings what the outbox holds to DUO: per school in order and one at a time, several scholen side by side, and brings statuses back. Undefined
 * where no channel was chosen: then meldingen wait. Throws ConfigError for a channel that cannot be used.
 */
export function startVerzender (app: App, kanaal: Kanaal | undefined = makeKanaal(app.config.duo, app.now, app.log)): Verzender | undefined {
  if (kanaal === undefined) {
    app.log.info('no DUO_KANAAL: meldingen wait')
    return undefined
  }
  return new Verzending(app, kanaal)
}

class Verzending implements Verzender {
  readonly #app: App
  readonly #kanaal: Kanaal
  /** No new work is begun. */
  readonly #stopping = new AbortController()
  /** What is under way is cut off. */
  readonly #cutting = new AbortController()
  readonly #banen = new Map<string, Promise<void>>()
  readonly #timers: NodeJS.Timeout[]
  #looking: Promise<void> | undefined
  #peiling: Promise<void> | undefined
  readonly #wake = (): void => { this.#look() }

  constructor (app: App, kanaal: Kanaal) {
    this.#app = app
    this.#kanaal = kanaal
    app.onMarked.add(this.#wake)
    this.#timers = [setInterval(this.#wake, KIJK), setInterval(() => { this.peil() }, app.config.duoPeilMinuten * 60_000)]
    for (const timer of this.#timers) timer.unref()
    this.#wake()
    this.peil()
  }

  async idle (): Promise<void> {
    do {
      await this.#look()
      await Promise.all(this.#banen.values())
    } while (!this.#stopping.signal.aborted && (await listWachtendeScholen(this.#ctx('*'))).length > 0)
  }

  async peil (): Promise<void> {
    this.#peiling ??= this.#peilAll().finally(() => { this.#peiling = undefined })
    await this.#peiling
  }

  async stop (): Promise<void> {
    this.#stopping.abort()
    this.#app.onMarked.delete(this.#wake)
    for (const timer of this.#timers) clearInterval(timer)
    const cut = setTimeout(() => { this.#cutting.abort() }, AFMAKEN)
    await this.#looking
    await Promise.all([...this.#banen.values(), this.#peiling])
    clearTimeout(cut)
  }

  #ctx (scholen: '*' | string): ReturnType<App['makeCtx']> {
    return this.#app.makeCtx(systemActor('verzending', scholen === '*' ? '*' : [scholen]))
  }

  async #look (): Promise<void> {
    this.#looking ??= this.#startBanen().finally(() => { this.#looking = undefined })
    await this.#looking
  }

  /** Gives every school that waits a lane of its own, as far as there is room; a lane that ends looks for the next school. */
  async #startBanen (): Promise<void> {
    if (this.#stopping.signal.aborted) return
    try {
      for (const school of await listWachtendeScholen(this.#ctx('*'))) {
        if (this.#banen.size >= TEGELIJK || this.#stopping.signal.aborted) return
        if (this.#banen.has(school)) continue
        this.#banen.set(school, this.#sendSchool(school).then((verzonden) => {
          this.#banen.delete(school)
          // Room for another school; where nothing could be sent the next look is soon enough.
          if (verzonden > 0) this.#wake()
        }))
      }
    } catch (error) {
      // What waits stays; the next look tries again. A store that is away is no reason to end the service.
      this.#app.log.error({ fout: describeError(error) }, 'looking for messages failed')
    }
  }

  /** Sends until nothing of the school is due; how many. */
  async #sendSchool (school: string): Promise<number> {
    const ctx = this.#ctx(school)
    let verzonden = 0
    try {
      // A change rests on DUO's last mutation: what the gemeente did meanwhile is fetched first.
      const peiling = (await listPeilingen(ctx)).find((each) => each.school === school)
      if (peiling !== undefined) await this.#peilSchool(peiling)
      while (!this.#stopping.signal.aborted) {
        const uitzending = await takeUitzending(ctx, school)
        if (uitzending === undefined) break
        await this.#finish(ctx, uitzending, await this.#send(uitzending))
        verzonden++
      }
    } catch (error) {
      // Its lease ends, and then the same message goes again under the same kenmerk.
      this.#app.log.error({ school, fout: describeError(error) }, 'sending failed for a school')
    }
    return verzonden
  }

  async #send (uitzending: Uitzending): Promise<Kanaalantwoord> {
    try {
      return await this.#kanaal.verzend(uitzending, this.#cutting.signal)
    } catch (error) {
      this.#app.log.error({ school: uitzending.school, uitzending: uitzending.uitzending, fout: describeError(error) }, 'channel failed')
      return { uitslag: 'mislukt', omschrijving: 'fout in het kanaal; zie het logboek' }
    }
  }

  async #finish (ctx: ReturnType<App['makeCtx']>, uitzending: Uitzending, antwoord: Kanaalantwoord): Promise<void> {
    for (let poging = 1; ; poging++) {
      try {
        await finishUitzending(ctx, uitzending, antwoord)
        return
      } catch (error) {
        if (poging === SCHRIJFPOGINGEN || this.#stopping.signal.aborted) throw error
        this.#app.log.warn({ school: uitzending.school, fout: describeError(error) }, 'an answer is not written down yet')
        await sleep(SCHRIJFPAUZE, undefined, { signal: this.#stopping.signal }).catch(() => {}) // ended early: one more try
      }
    }
  }

  async #peilAll (): Promise<void> {
    try {
      const wachtend = await listPeilingen(this.#ctx('*'))
      await Promise.all(Array.from({ length: TEGELIJK }, async () => {
        for (let peiling = wachtend.shift(); peiling !== undefined && !this.#stopping.signal.aborted; peiling = wachtend.shift()) await this.#peilSchool(peiling)
      }))
    } catch (error) {
      this.#app.log.error({ fout: describeError(error) }, 'polling failed')
    }
  }

  async #peilSchool ({ school, sinds }: { readonly school: string, readonly sinds: string | null }): Promise<void> {
    try {
      await applyStatussen(this.#ctx(school), school, await this.#kanaal.peil(school, sinds, this.#cutting.signal))
    } catch (error) {
      // The other scholen go on; the same moment is asked from next time.
      this.#app.log.error({ school, fout: describeError(error) }, 'polling failed for a school')
    }
  }
}
