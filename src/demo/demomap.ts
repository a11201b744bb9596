import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Says in Dutch what somebody can do about it. */
export class DemoError extends Error {}

const KENMERK = 'demo.txt'
const UITLEG = 'Deze map is van `npm run demo`: iedere demo wist haar en begint opnieuw. Bewaar hier niets.\n'

/**
 * Gives the demo an empty folder, its own until `release`: one it made before is removed, one that is somebody else's or in use is left
 * alone.
 */
export async function claimDemomap (map: string): Promise<{ readonly release: () => Promise<void> }> {
  const slot = await takeSlot(map)
  const release = async (): Promise<void> => { await new Promise<void>((resolve) => slot.close(() => { resolve() })) }
  try {
    await emptyMap(map)
    return { release }
  } catch (error) {
    await release()
    throw error
  }
}

async function emptyMap (map: string): Promise<void> {
  const inhoud = await listMap(map)
  if (inhoud.length > 0) {
    if (!inhoud.includes(KENMERK)) throw new DemoError(`De map ${map} is niet door de demo gemaakt en wordt daarom niet gewist. Verplaats haar, of kies met DATA_DIR een andere map.`)
    const pid = await findPostgres(map)
    if (pid !== undefined) throw new DemoError(`Op ${map} draait nog de PostgreSQL van een vorige demo (proces ${pid}). Stop dat proces, of kies met DATA_DIR een andere map.`)
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

/** A socket that only one demo on this folder can listen on; unlike a file with a pid it is gone with the process. */
async function takeSlot (map: string): Promise<Server> {
  const path = join(tmpdir(), `aanwezig-demo-${process.getuid?.() ?? 0}-${createHash('sha256').update(resolve(map)).digest('hex').slice(0, 12)}`)
  for (let poging = 0; ; poging++) {
    try {
      return await listenOn(path)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      if (poging > 0 || await answers(path)) throw new DemoError(`Er draait al een demo op ${map}. Stop die eerst met Ctrl-C, of kies met DATA_DIR een andere map.`)
      await rm(path, { force: true })
    }
  }
}

async function listenOn (path: string): Promise<Server> {
  return await new Promise((resolve, reject) => {
    const server = createServer((socket) => { socket.destroy() })
    server.once('error', reject)
    server.listen(path, () => { resolve(server.unref()) })
  })
}

/** The PostgreSQL of this folder that outlived its demo, which Linux prevents; a server that died leaves its lock file behind. */
async function findPostgres (map: string): Promise<number | undefined> {
  const [pid, , , port, host] = (await readFile(join(map, 'postgres', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  if (host === undefined || host === '') return undefined
  return await answers(join(host, `.s.PGSQL.${port}`)) ? Math.abs(Number(pid)) : undefined
}

async function answers (path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ path })
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => { resolve(false) })
  })
}
