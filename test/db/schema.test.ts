import { getTableName, is } from 'drizzle-orm'
import { getTableConfig, isPgEnum, PgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import t from 'tap'
import * as tables from '../../src/db/tables.ts'
import { createTestDatabase } from '../support/database.ts'

const mirrored = Object.values<unknown>(tables).filter((value) => is(value, PgTable))
const enums = Object.values<unknown>(tables).filter(isPgEnum)

t.test('tables.ts says of every column what the migrated database says', async (t) => {
  const client = new pg.Client({ ...await createTestDatabase(t), ssl: false })
  await client.connect()
  try {
    const { rows } = await client.query<{ line: string }>(`
      select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end as line
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped`)
    const here = mirrored.flatMap((table) => getTableConfig(table).columns.map((column) => `${getTableName(table)}.${column.name} ${column.getSQLType()}${column.notNull ? ' not null' : ''}`))
    t.strictSame(here.sort(), rows.map(({ line }) => line).sort())

    const values = await client.query<{ line: string }>("select typname || ': ' || string_agg(enumlabel, ' ' order by enumsortorder) as line from pg_enum join pg_type on pg_type.oid = enumtypid group by typname")
    t.strictSame(enums.map(({ enumName, enumValues }) => `${enumName}: ${enumValues.join(' ')}`).sort(), values.rows.map(({ line }) => line).sort(), 'an enum is the list of the domain, in its order')
    t.strictSame(Object.keys(tables.OWNERS).sort(), mirrored.map(getTableName).sort(), 'every table has an owner')
  } finally {
    await client.end()
  }
})
