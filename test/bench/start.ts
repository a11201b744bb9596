import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDienst } from './dienst.ts'
import type { Benchregel } from './bench.ts'

/** From spawning `serve` to the first good answer of /readyz: on an empty folder, and on one that was used before. */
export async function benchStart (): Promise<Benchregel[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aanwezig-start-'))
  const measure = async (): Promise<number> => {
    const dienst = await startDienst({ dataDir })
    await dienst.stop()
    return dienst.readyMs / 1000
  }
  const first = await measure()
  const warm = Math.min(await measure(), await measure(), await measure())
  await rm(dataDir, { recursive: true, force: true })
  return [
    { naam: 'npm start, allereerste keer', eigen: first, vergelijking: 4, ratio: first / 4, doel: '≤ 1', eenheid: 's' },
    { naam: 'npm start, warm (beste van 3)', eigen: warm, vergelijking: 1, ratio: warm, doel: '≤ 1', eenheid: 's' }
  ]
}
