import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmbedded } from '../../src/db/embedded.ts'
import { startDienst } from '../bench/dienst.ts'
import { checkOpslag } from './controle.ts'
import { createSchool, divide, pushAll, range, type Klantverslag } from './klant.ts'
import type { Storing } from './storingen.ts'

const RECORDS = 60_000
const KEREN = 3

/** PostgreSQL stopped for two seconds and started again under load, with the service living on. */
export async function stopOpslag (): Promise<Storing> {
  const root = await mkdtemp(join(tmpdir(), 'aanwezig-storing-'))
  const start = async () => await startEmbedded({ dataDir: join(root, 'opslag'), log: () => {} })
  let opslag = await start()
  const { host, port, user, database } = opslag.connection
  const dienst = await startDienst({ env: { DATABASE_URL: `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}`, AUTH_DEVELOPMENT: '1' } })
  await createSchool(dienst)
  const nummers = range(0, RECORDS)
  const verslag: Klantverslag = { bevestigd: [], mislukt: {} }
  const klanten = Promise.all(divide(nummers, 4, 500).map(async (batches) => { await pushAll(() => dienst, batches, verslag) }))
  const hersteld: number[] = []
  const ready: boolean[] = []
  for (let keer = 1; keer <= KEREN; keer++) {
    while (verslag.bevestigd.length < RECORDS * keer / (KEREN + 1)) await sleep(5)
    await opslag.stop()
    await sleep(2_000)
    ready.push((await fetch(`${dienst.url}/readyz`)).status === 503 && (await fetch(`${dienst.url}/livez`)).status === 200)
    opslag = await start()
    const at = performance.now()
    const before = verslag.bevestigd.length
    while (verslag.bevestigd.length === before) await sleep(5)
    hersteld.push(performance.now() - at)
  }
  await klanten
  const controle = await checkOpslag(dienst, verslag.bevestigd, new Set(nummers))
  const alive = (await fetch(`${dienst.url}/readyz`)).status === 200
  await dienst.stop()
  await opslag.stop()
  await rm(root, { recursive: true, force: true })
  return {
    naam: `PostgreSQL ${KEREN} keer 2 seconden weg onder 4 klanten met samen ${RECORDS} records`,
    gezien: {
      'records bevestigd': verslag.bevestigd.length,
      'pogingen zonder 200': Object.entries(verslag.mislukt).map(([wat, aantal]) => `${wat} ${aantal}`).join(', '),
      'eerste bevestiging na de start van PostgreSQL (ms)': hersteld.map((ms) => Math.round(ms)).join(', ')
    },
    eisen: {
      'elk bevestigd record staat er, een keer': controle.kwijt === 0 && controle.opgeslagen === RECORDS && controle.versies === 0,
      'niets verzonnen of anders': controle.verzonnen === 0 && controle.anders === 0,
      'zolang PostgreSQL weg is: 503, en livez 200': ready.every(Boolean) && Object.keys(verslag.mislukt).every((wat) => wat === '503'),
      'zonder herstart weer klaar': alive
    }
  }
}
