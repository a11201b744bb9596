import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'

const FOLDER = new URL('../../migrations/', import.meta.url)
// Any number will do as long as every version of the service takes the same: 'aanw' in ASCII.
const LOCK = 0x61616e77

export class MigrationError extends Error {}

/** Applies migrations/*.sql in order, each in its own transaction, under a lock; refuses a file that changed after it ran. Returns what it applied. */
export async function migrate (connection: pg.ClientConfig, log: (message: string) => void): Promise<string[]> {
  // A client of its own: an advisory lock on a pooled one would be inherited by its next user.
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK])
    await client.query(`create table if not exists migratie (
      naam text primary key, sha256 text not null, uitgevoerd_op timestamptz not null default now())`)
    const { rows } = await client.query<{ naam: string, sha256: string }>('select naam, sha256 from migratie')
    const known = new Map(rows.map((row) => [row.naam, row.sha256]))
    const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort()
    for (const naam of known.keys()) {
      if (!files.includes(naam)) throw new MigrationError(`De database kent migratie ${naam}, deze versie van aanwezig niet: draai een nieuwere versie.`)
    }

    const applied: string[] = []
    for (const naam of files) {
      const text = await readFile(new URL(naam, FOLDER), 'utf8')
      const sha256 = createHash('sha256').update(text).digest('hex')
      const earlier = known.get(naam)
      if (earlier === sha256) continue
      if (earlier !== undefined) throw new MigrationError(`Migratie ${naam} is veranderd nadat zij was uitgevoerd; een migratie is onveranderlijk.`)
      await apply(client, naam, text, sha256)
      log(`migratie ${naam} uitgevoerd`)
      applied.push(naam)
    }
    return applied
  } finally {
    await client.end()
  }
}

async function apply (client: pg.Client, naam: string, text: string, sha256: string): Promise<void> {
  try {
    await client.query('begin')
    await client.query(text)
    await client.query('insert into migratie (naam, sha256) values ($1, $2)', [naam, sha256])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw new MigrationError(`Migratie ${naam} mislukt: ${(error as Error).message}`, { cause: error })
  }
}
