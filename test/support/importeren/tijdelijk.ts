import type { Test } from 'tap'
import { openApp, type App } from '../../../src/app.ts'
import { readConfig } from '../../../src/config.ts'
import { createTestDatabase } from '../database.ts'
export async function startService (t: Test, { now }: { now: () => Date }): Promise<{ app: App }> {
  const { host, port, user, database } = await createTestDatabase(t)
  const url = host.startsWith('/') ? `postgres://${user}@/${database}?host=${encodeURIComponent(host)}&port=${port}` : `postgres://${user}@${host}:${port}/${database}`
  const app = await openApp(readConfig({ DATABASE_URL: url, AUTH_DEVELOPMENT: '1', DATA_DIR: t.testdir(), LOG_LEVEL: 'silent' }), { now })
  t.teardown(async () => await app.close())
  return { app }
}
