import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'

/** Says in Dutch what somebody can do about it. */
export class DemoError extends Error {}

const KENMERK = 'demo.txt'
const UITLEG = 'Deze map is van `npm run demo`: iedere demo wist haar en begint opnieuw. Bewaar hier niets.\n'

/** Gives the demo an empty folder: one it made before is removed, one that is somebody else's or in use is left alone. */
export async function prepareDemomap (map: string): Promise<void> {
  const inhoud = await listMap(map)
  if (inhoud.length > 0) {
    if (!inhoud.includes(KENMERK)) throw new DemoError(`De map ${map} is niet door de demo gemaakt en wordt daarom niet gewist. Verplaats haar, of kies met DATA_DIR een andere map.`)
    const pid = await findDraaiende(map)
    if (pid !== undefined) throw new DemoError(`Er draait al een demo op ${map} (PostgreSQL is proces ${pid}). Stop die eerst met Ctrl-C, of kies met DATA_DIR een andere map.`)
    await rm(map, { recursive: true })
  }
  await mkdir(map, { recursive: true })
  await writeFile(join(map, KENMERK), UITLEG)
}

async function listMap (map: string): Promise<string[]> {
  try {
    return await readdir(map)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new DemoError(`De map ${map} is niet te lezen (${code}); kies met DATA_DIR een andere map.`)
  }
}

/** The PostgreSQL of this folder, when it answers on its socket; a server that died leaves its lock file behind. */
async function findDraaiende (map: string): Promise<number | undefined> {
  const lines = (await readFile(join(map, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const [pid, , , port, host] = lines
  if (host === undefined || host === '') return undefined
  return await answers(join(host, `.s.PGSQL.${port}`)) ? Math.abs(Number(pid)) : undefined
}

async function answers (path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => resolve(false))
  })
}
