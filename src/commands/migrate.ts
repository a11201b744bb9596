import { startEmbedded } from '../db/embedded.ts'
import { migrate } from '../db/migrate.ts'
import type { Config } from '../config.ts'

/** Brings the database up to this version; `npm start` does the same. */
export async function runMigrate (config: Config): Promise<number> {
  const say = (message: string): void => { process.stdout.write(`${message}\n`) }
  const embedded = config.databaseUrl === undefined ? await startEmbedded({ dataDir: config.dataDir, log: say }) : undefined
  try {
    const applied = await migrate(embedded === undefined ? { connectionString: config.databaseUrl! } : { ...embedded.connection, ssl: false }, say)
    if (applied.length === 0) say('De database is al bij.')
    return 0
  } finally {
    await embedded?.stop()
  }
}
