import { startDienst, withClient } from '../bench/dienst.ts'
import { buildRecord, createSchool, send, SCHOOL } from './klant.ts'
import type { Storing } from './storingen.ts'

const SCHRIJVERS = 32
const SLEUTELS = 500

/** Many clients write versions of the same records of the same leerlingen at once, each in another order. */
export async function raceSchrijvers (rondes: number): Promise<Storing> {
  // One token for all of them here: more at once than one supplier is allowed by default.
  const dienst = await startDienst({ env: { VERZOEKEN_TEGELIJK: String(SCHRIJVERS * 2) } })
  await createSchool(dienst)
  const statussen: Record<string, number> = {}
  const started = performance.now()
  let laatste = ''
  await Promise.all(Array.from({ length: SCHRIJVERS }, async (_, schrijver) => {
    for (let ronde = 0; ronde < rondes; ronde++) {
      const versie = ronde * SCHRIJVERS + schrijver
      const gewijzigdOp = new Date(Date.UTC(2025, 9, 1) + versie * 1_000).toISOString()
      if (gewijzigdOp > laatste) laatste = gewijzigdOp
      const absenties = Array.from({ length: SLEUTELS }, (_, at) => ({ ...buildRecord((at * 7 + versie * 13) % SLEUTELS), minuten: versie % 300, gewijzigdOp }))
      const answer = await send(dienst, 'POST', '/v1/absenties/_bulk', { absenties })
      statussen[answer.status] = (statussen[answer.status] ?? 0) + 1
      await answer.body?.cancel()
    }
  }))
  const seconds = (performance.now() - started) / 1000
  const { rijen, deadlocks } = await withClient(dienst, async (client) => ({
    rijen: (await client.query<{ minuten: number, gewijzigd: string }>('select minuten, to_char(gewijzigd_op at time zone \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\') as gewijzigd from absentie where school = $1', [SCHOOL])).rows,
    deadlocks: Number((await client.query<{ deadlocks: string }>('select deadlocks from pg_stat_database where datname = current_database()')).rows[0]!.deadlocks)
  }))
  await dienst.stop()
  return {
    naam: `${SCHRIJVERS} schrijvers tegelijk op dezelfde ${SLEUTELS} records, ${rondes} rondes`,
    gezien: { antwoorden: Object.entries(statussen).map(([status, aantal]) => `${status}: ${aantal}`).join(', '), deadlocks, 'duur (s)': seconds.toFixed(1), 'versies per seconde': Math.round(SCHRIJVERS * rondes * SLEUTELS / seconds) },
    eisen: { 'geen deadlock': deadlocks === 0, 'elke aanlevering is aangenomen': Object.keys(statussen).join() === '200', 'de laatste versie heeft gewonnen, in elk record': rijen.length === SLEUTELS && rijen.every(({ gewijzigd }) => gewijzigd === laatste) }
  }
}
