import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startDienst } from '../bench/dienst.ts'
import { checkOpslag } from './controle.ts'
import { createSchool, divide, pushAll, range, type Klantverslag } from './klant.ts'
import type { Storing } from './storingen.ts'

const KLANTEN = 8
const KEREN = 5

/** kill -9 of the service, with its embedded store, in the middle of pushes of clients that retry. */
export async function killDienst (records: number): Promise<Storing> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aanwezig-storing-'))
  let dienst = await startDienst({ dataDir })
  const port = Number(new URL(dienst.url).port)
  await createSchool(dienst)
  const nummers = range(0, records)
  const verslag: Klantverslag = { bevestigd: [], mislukt: {} }
  const started = performance.now()
  const klanten = Promise.all(divide(nummers, KLANTEN, 500).map(async (batches) => { await pushAll(() => dienst, batches, verslag) }))
  const terug: number[] = []
  for (let keer = 1; keer <= KEREN; keer++) {
    while (verslag.bevestigd.length < records * keer / (KEREN + 1)) await sleep(5)
    await dienst.kill()
    const at = performance.now()
    dienst = await startDienst({ dataDir, port })
    terug.push(performance.now() - at)
  }
  await klanten
  const seconds = (performance.now() - started) / 1000
  const controle = await checkOpslag(dienst, verslag.bevestigd, new Set(nummers))
  await dienst.stop()
  await rm(dataDir, { recursive: true, force: true })
  return {
    naam: `kill -9 van de dienst, ${KEREN} keer onder ${KLANTEN} klanten met samen ${records} records`,
    gezien: {
      'records bevestigd': verslag.bevestigd.length,
      'records opgeslagen': controle.opgeslagen,
      'pogingen zonder 200': Object.entries(verslag.mislukt).map(([wat, aantal]) => `${wat} ${aantal}`).join(', '),
      'weer klaar na een kill (ms)': terug.map((ms) => Math.round(ms)).join(', '),
      'duur (s)': seconds.toFixed(1)
    },
    eisen: { 'elk bevestigd record staat er': controle.kwijt === 0, 'precies een keer, zonder versie te veel': controle.opgeslagen === records && controle.versies === 0, 'niets verzonnen of anders': controle.verzonnen === 0 && controle.anders === 0 }
  }
}
