import { readdirSync } from 'node:fs'
import pg from 'pg'
import t, { type Test } from 'tap'
import { migrate, MigrationError } from '../../src/db/migrate.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const FILES = readdirSync(new URL('../../migrations/', import.meta.url)).filter((name) => name.endsWith('.sql')).sort()
const silent = (): void => {}

/** A database that nothing ran on yet; the template that tests clone is migrated already. */
async function createEmptyDatabase (t: Test): Promise<TestDatabase> {
  const { database, ...server } = await createTestDatabase(t)
  await execute({ ...server, database }, 'drop schema public cascade', 'create schema public')
  return { ...server, database }
}

async function execute (connection: TestDatabase, ...statements: string[]): Promise<pg.QueryResult> {
  const client = new pg.Client({ ...connection, ssl: false })
  await client.connect()
  try {
    let result: pg.QueryResult | undefined
    for (const statement of statements) result = await client.query(statement)
    return result!
  } finally {
    await client.end()
  }
}

t.test('the migrations run once, in order, and a second time change nothing', async (t) => {
  const database = await createEmptyDatabase(t)
  const said: string[] = []
  t.strictSame(await migrate(database, (message) => said.push(message)), FILES)
  t.strictSame(said, FILES.map((name) => `migratie ${name} uitgevoerd`))
  const before = await execute(database, 'table migratie')
  t.strictSame(await migrate(database, silent), [])
  t.strictSame((await execute(database, 'table migratie')).rows, before.rows)
})

t.test('of two processes that start together one migrates and the other waits for it', async (t) => {
  const database = await createEmptyDatabase(t)
  const applied = await Promise.all([migrate(database, silent), migrate(database, silent)])
  t.strictSame(applied.flat(), FILES)
})

t.test('a migration that changed after it ran is refused', async (t) => {
  const database = await createTestDatabase(t)
  await execute(database, `update migratie set sha256 = repeat('0', 64) where naam = '${FILES[0]}'`)
  const refusal: unknown = await migrate(database, silent).catch((error: unknown) => error)
  t.ok(refusal instanceof MigrationError, 'an operator sees its sentence, without a stack')
  t.match(refusal, { message: new RegExp(`${FILES[0]} is veranderd`) })
})

t.test('a database of a later version is refused by an earlier one', async (t) => {
  const database = await createTestDatabase(t)
  await execute(database, "insert into migratie (naam, sha256) values ('9999_later.sql', 'x')")
  await t.rejects(migrate(database, silent), { message: /9999_later\.sql.*nieuwere versie/ })
})

t.test('a migration that fails leaves nothing behind and says which one it was', async (t) => {
  const database = await createEmptyDatabase(t)
  await execute(database, 'create table leerling (in_de_weg integer)')
  await t.rejects(migrate(database, silent), { message: /0001_basis\.sql mislukt: .*leerling/ })
  const { rows } = await execute(database, "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1")
  t.strictSame(rows.map(({ relname }) => relname), ['leerling', 'migratie'])
})
