import { setTimeout as sleep } from 'node:timers/promises'
import { percentile, startDienst, withClient, type Dienst } from './dienst.ts'
import { BATCH, buildRecord, createSchool, KLANTEN, send } from './push.ts'
import type { Benchregel } from './bench.ts'

// So many that at 40,000 rows/s nobody has more absenties in the end than the worst of a year: 40.
const SCHOLEN = Array.from({ length: 32 }, (_, at) => `${10 + Math.floor(at / 26)}S${String.fromCharCode(65 + at % 26)}`)
// Two days of spijbelen are 600 minuten, below 16 lesuren of 50; the third passes them.
const VOORAF = ['2025-09-01', '2025-09-02'] as const
const BESLISSEND = '2025-09-03'
const REGEL = 'wettelijk-16-uur'
const TEGELIJK = 8
/** Whose signaal is not there by then counts for this long (ms): the line is printed, its goal missed, and the bench ends. */
const GEDULD = 30_000

/** From the answer that accepted the decisive absentie of a leerling to the answer that shows his signaal, while four clients push without a pause. */
export async function benchSignaal ({ aantal }: { readonly aantal: number }): Promise<Benchregel[]> {
  const dienst = await startDienst()
  try {
    const wachters = listWachters(aantal)
    for (const school of SCHOLEN) await createSchool(dienst, school)
    for (const each of wachters) await createWachter(dienst, each)
    await settle(dienst)

    const stopping = new AbortController()
    let rows = 0
    const load = Promise.all(Array.from({ length: KLANTEN }, async (_, klant) => {
      for (let batch = klant; !stopping.signal.aborted; batch += KLANTEN) {
        const landed = await push(dienst, Array.from({ length: BATCH }, (_, at) => buildRecord(SCHOLEN[batch % SCHOLEN.length]!, batch, at)))
        rows += landed
      }
    }))
    // A client that fails ends the measurement: under less load it would give finer figures.
    const failed = load.then(() => { throw new Error('the load ended by itself') })
    const measured = async (): Promise<Benchregel[]> => {
      await sleep(3_000) // until V8 has compiled what is hot
      const began = { rows, op: performance.now() }
      const times = await measureSignalen(dienst, wachters)
      if (times.every((ms) => ms > GEDULD)) throw new Error('no signaal came of what makes one')
      const pace = Math.round((rows - began.rows) / ((performance.now() - began.op) / 1_000))
      const line = (p: number, doel: string): Benchregel => {
        const eigen = percentile(times, p)
        return { naam: `push → zichtbaar signaal onder volle last, p${p * 100} van ${times.length}`, eigen, vergelijking: 1_000, ratio: eigen / 1_000, doel, eenheid: `ms, naast ${pace} rijen/s` }
      }
      return [line(0.5, 'geen'), line(0.95, '≤ 1')]
    }
    try {
      return await Promise.race([measured(), failed])
    } finally {
      stopping.abort()
      await Promise.allSettled([load, failed])
    }
  } finally {
    await dienst.stop()
  }
}

async function ask<T> (dienst: Dienst, method: string, path: string, body?: unknown): Promise<T> {
  return JSON.parse(await send(dienst, method, path, Buffer.from(body === undefined ? '' : JSON.stringify(body)))) as T
}

/** Every record must land; answers how many there were. */
async function push (dienst: Dienst, absenties: readonly object[]): Promise<number> {
  const { aantallen } = await ask<{ aantallen: Record<string, number> }>(dienst, 'POST', '/v1/absenties/_bulk', { absenties })
  if (aantallen['nieuw'] !== absenties.length) throw new Error(`not all new: ${JSON.stringify(aantallen)}`)
  return absenties.length
}

/** A leerling whose signaal is waited for; they are spread over the scholen under load. */
interface Wachter { readonly school: string, readonly leerling: string }

const listWachters = (aantal: number): Wachter[] => Array.from({ length: aantal }, (_, at) => ({ school: SCHOLEN[at % SCHOLEN.length]!, leerling: `W-${at}` }))

const spijbelt = ({ school, leerling }: Wachter, datum: string): object =>
  ({ bronId: `${leerling}-${datum}`, school, vestiging: `${school}00`, leerling, datum, soort: 'afwezig', reden: 'SPIJ', minuten: 300, gewijzigdOp: '2025-11-01T10:00:00Z' })

const leerlingOf = (school: string, bronId: string): object =>
  ({ bronId, school, geboortedatum: '2012-05-05', inschrijvingen: [{ vestiging: `${school}00`, van: '2025-08-01', leerjaar: 2, minutenPerWeek: 1500 }] })

async function createWachter (dienst: Dienst, wachter: Wachter): Promise<void> {
  await ask(dienst, 'POST', '/v1/leerlingen/_bulk', { leerlingen: [leerlingOf(wachter.school, wachter.leerling)] })
  await push(dienst, VOORAF.map((datum) => spijbelt(wachter, datum)))
}

/** Nothing is left to evaluate, and nobody has a signaal yet. */
async function settle (dienst: Dienst): Promise<void> {
  await withClient(dienst, async (client) => {
    while ((await client.query<{ nog: boolean }>('select exists (select from evaluatie_markering) as nog')).rows[0]!.nog) await sleep(100)
    if ((await client.query('select from signaal')).rowCount !== 0) throw new Error('a signaal before the absentie that makes it')
  })
}

/**
 * Milliseconds from accepted to seen. One leerling every quarter of a second, whether or not the one before was seen: who waits for an answer before
 * asking again asks less when it is slow. Looks 10 ms after the last answers, of at most eight at once: a time is at most such a round too long for
 * every eight that wait, and never too short.
 */
async function measureSignalen (dienst: Dienst, wachters: readonly Wachter[]): Promise<number[]> {
  const waiting = new Map<Wachter, number>()
  const times: number[] = []
  const arrive = async (): Promise<void> => {
    for (const [at, wachter] of wachters.entries()) {
      await push(dienst, [spijbelt(wachter, BESLISSEND)])
      waiting.set(wachter, performance.now())
      await sleep(200 + at * 37 % 100) // not in step with a worker that looks every half second
    }
  }
  const watch = async (): Promise<void> => {
    while (times.length < wachters.length) {
      await Promise.all([...waiting].slice(0, TEGELIJK).map(async ([wachter, accepted]) => {
        const { signalen } = await ask<{ signalen: unknown[] }>(dienst, 'GET', `/v1/signalen?school=${wachter.school}&bron=bench-lvs&leerling=${wachter.leerling}&regel=${REGEL}`)
        const waited = performance.now() - accepted
        waiting.delete(wachter)
        if (signalen.length > 0 || waited > GEDULD) times.push(waited)
        else waiting.set(wachter, accepted) // at the end of the row
      }))
      await sleep(10)
    }
  }
  await Promise.all([arrive(), watch()])
  return times
}
