import { EventEmitter } from 'node:events'
import { Logger, parseCronItem, run, type CronMatcher, type Runner, type TaskList, type WorkerEvents } from 'graphile-worker'
import { makePool } from '../db/pool.ts'
import { addDagen, vandaag } from '../domain/datum.ts'
import { describeError } from '../http/problem.ts'
import { systemActor } from '../toegang/service.ts'
import { LEVERING, LEVERINGEN, planLeveringen, runLevering, type Leveringopdracht } from './leveringen.ts'
import { NACHTELIJK, runNacht } from './nachtelijk.ts'
import * as store from './store.ts'
import { Werkers } from './werkers.ts'
import type { Pool } from 'pg'
import type { App } from '../app.ts'

const SCHEMA = 'graphile_worker'
/** A night, and leveringen beside it: neither waits for the other. */
const TEGELIJK = 2
/** One connection listens, one plans, and each worker polls and completes. */
const VERBINDINGEN = 2 + TEGELIJK
/** How often (ms) is looked for work of a process that was killed. */
const NAZIEN = 60_000
/** A night missed while every process was down is still planned this long after. */
const INHALEN = 24 * 3_600_000
/** One waiting night at a time, whoever asks for it. */
const SLEUTEL = { jobKey: NACHTELIJK, jobKeyMode: 'replace', maxAttempts: 3 } as const
const PLANSLEUTEL = { jobKey: LEVERINGEN, jobKeyMode: 'replace', maxAttempts: 3 } as const

const UUR = 3_600_000
const wandklok = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Amsterdam', hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' })

interface Wandtijd { readonly min: number, readonly hour: number, readonly date: number, readonly month: number, readonly dow: number }

/** What the clock on the wall in Amsterdam shows, as milliseconds had that been UTC. */
function wandtijd (moment: number): number {
  const deel = Object.fromEntries(wandklok.formatToParts(moment).map(({ type, value }) => [type, Number(value)])) as Record<string, number>
  return Date.UTC(deel.year!, deel.month! - 1, deel.day!, deel.hour!, deel.minute!)
}

function digest (wand: number): Wandtijd {
  const datum = new Date(wand)
  return { min: datum.getUTCMinutes(), hour: datum.getUTCHours(), date: datum.getUTCDate(), month: datum.getUTCMonth() + 1, dow: datum.getUTCDay() }
}

/**
 * Whether a pattern of Amsterdam wall time fires at this instant. A time that the clock skips in spring fires an hour later by the wall
 * (02:00 at 03:00), one that comes twice in autumn fires the first time: every night exactly once.
 */
export function firesAt (matches: (wandtijd: Wandtijd) => boolean, moment: number): boolean {
  const wand = wandtijd(moment)
  const uurEerder = wandtijd(moment - UUR)
  if (uurEerder === wand) return false
  return matches(digest(wand)) || (wand - uurEerder === 2 * UUR && matches(digest(wand - UUR)))
}

/** graphile-worker asks in UTC, and without the year: it is the one in which that minute lies nearest to now. */
function inAmsterdam (pattern: string, now: () => Date): CronMatcher {
  const { match } = parseCronItem({ task: NACHTELIJK, match: pattern })
  return ({ min, hour, date, month }) => {
    const nu = now().getTime()
    const jaar = new Date(nu).getUTCFullYear()
    const momenten = [jaar - 1, jaar, jaar + 1].map((each) => Date.UTC(each, month - 1, date, hour, min))
    return firesAt(match, momenten.reduce((near, each) => Math.abs(each - nu) < Math.abs(near - nu) ? each : near))
  }
}

export interface Schedule {
  readonly stop: () => Promise<void>
  /** Resolves when it ended by a fault of its own, such as a store that went away while a job was written off; `stop` is still to be called. */
  readonly ended: Promise<void>
}

/**
 * Plans the night by `nachtCron` and the leveringen by `leveringenCron`, in Amsterdam time, and runs them. A night is counted until yesterday and
 * evaluated today; with several processes one plans and one runs, the others may share the scholen. Leveringen have a schedule and jobs of their
 * own: each ontvanger of a school is tried again by itself, while a night is one run that a single fault of counting fails. What was missed is
 * caught up at the start, and what a killed process had in hand within minutes. `stop` lets the school that is being done finish. Throws when the
 * store is away; then nothing is left running.
 */
export async function startSchedule (app: App): Promise<Schedule> {
  const stopping = new AbortController()
  const log = new Logger(() => (level, message, meta) => {
    if (level === 'error' || level === 'warning') app.log.warn({ worker: message.slice(0, 100), fout: meta?.error === undefined ? undefined : describeError(meta.error) }, 'job worker')
  })
  const pool = makePool(app.connection, { max: VERBINDINGEN, onError: (error) => app.log.warn({ fout: describeError(error) }, 'idle job connection lost') })
  // A connection that breaks while it is in use says so itself; without a listener that ends the process.
  pool.on('connect', (client) => { client.on('error', (error) => app.log.warn({ fout: describeError(error) }, 'job connection lost')) })
  const night = async (): Promise<void> => {
    const nu = vandaag(app.now())
    const verslag = await runNacht(app, { peildatum: addDagen(nu, -1), evaluerenTot: nu, melden: (line) => app.log.info(line), signal: stopping.signal })
    // The queue keeps it for another process, or for the next start.
    if (verslag.afgebroken) throw new Error('The night was interrupted by a stop')
  }

  const taskList: TaskList = {
    [NACHTELIJK]: night,
    [LEVERINGEN]: async (_payload, { addJobs }) => { await addJobs(await planLeveringen(app)) },
    [LEVERING]: async (payload) => { await runLevering(app, payload as Leveringopdracht, stopping.signal) }
  }

  let runner: Runner | undefined
  let isRunning = false
  const werkers = new Werkers(app.connection)
  const nazien = setInterval(() => {
    werkers.release().then((weg) => { if (weg > 0) app.log.warn({ weg }, 'jobs of a process that is gone were given back') }, (error: unknown) => { app.log.warn({ fout: describeError(error) }, 'looking for jobs of others failed') })
  }, NAZIEN)
  nazien.unref()
  const close = async (): Promise<void> => {
    clearInterval(nazien)
    if (isRunning) await runner?.stop()
    await werkers.end()
    await pool.end()
  }
  try {
    const pools: string[] = []
    runner = await plan(pool, log, app, taskList, pools)
    isRunning = true
    const ended = runner.promise.catch((error: unknown) => { app.log.error({ fout: describeError(error) }, 'job worker ended') }).finally(() => { isRunning = false })
    for (const id of pools) await werkers.begin(id)
    await werkers.release()
    await catchUp(app, runner)
    return {
      ended,
      async stop () {
        stopping.abort()
        await close()
      }
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** A pool that stops because the store is away cannot write that off; nobody waits for that promise, and a rejection of it would end the process. */
function stillStop (app: App) {
  return async (next: () => unknown): Promise<void> => {
    try {
      await next()
    } catch (error) {
      app.log.warn({ fout: describeError(error) }, 'job worker stopped without the store')
    }
  }
}

/** Starts the workers; `pools` fills with the ids they work under. */
async function plan (pool: Pool, log: Logger, app: App, taskList: TaskList, pools: string[]): Promise<Runner> {
  const events: WorkerEvents = new EventEmitter()
  events.on('pool:create', ({ workerPool }) => { pools.push(workerPool.id) })
  return await run({
    pgPool: pool,
    schema: SCHEMA,
    concurrency: TEGELIJK,
    noHandleSignals: true,
    logger: log,
    events,
    // Written off one by one, a failure of that is waited for by nobody, and the job stays taken; in batches it is tried again and then ends the worker.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 }, plugins: [{ name: 'aanwezig', version: '1', worker: { middleware: { poolGracefulShutdown: stillStop(app) } } }] },
    taskList,
    parsedCronItems: [
      parseCronItem({ task: NACHTELIJK, identifier: NACHTELIJK, match: inAmsterdam(app.config.nachtCron, app.now), options: { backfillPeriod: INHALEN, ...SLEUTEL } }),
      // Nothing to backfill: what was missed is due at the start.
      parseCronItem({ task: LEVERINGEN, identifier: LEVERINGEN, match: inAmsterdam(app.config.leveringenCron, app.now), options: { backfillPeriod: 0, ...PLANSLEUTEL } })
    ]
  })
}

/** Queues the leveringen that are due, and one night when a school was not finished until yesterday. */
async function catchUp (app: App, runner: Runner): Promise<void> {
  if ((await planLeveringen(app)).length > 0) await runner.addJob(LEVERINGEN, {}, PLANSLEUTEL)
  const ctx = app.makeCtx(systemActor(NACHTELIJK, '*'))
  const gisteren = addDagen(ctx.vandaag(), -1)
  const aantal = await ctx.transaction(async (tx) => await store.countAchterstallig(tx, NACHTELIJK, gisteren))
  if (aantal === 0) return
  app.log.info({ scholen: aantal, peildatum: gisteren }, 'a night was missed, catching up')
  await runner.addJob(NACHTELIJK, {}, SLEUTEL)
}
