import t from 'tap'
import { makePool } from '../../src/db/pool.ts'
import { Rollback, runTransaction, sendLast, type Tx } from '../../src/db/transaction.ts'
import { sql } from '../../src/db/drizzle.ts'
import fc from 'fast-check'
import { arrayText, prepareStatement, readRows } from '../../src/db/statement.ts'
import { createTestDatabase } from '../support/database.ts'

t.test('a transaction', async (t) => {
  const pool = makePool({ ...await createTestDatabase(t), ssl: false }, { max: 2, onError: () => {} })
  t.teardown(async () => { await pool.end() })
  const schools = async (): Promise<unknown> => (await pool.query('select school from school order by 1')).rows.map(({ school }: { school: string }) => school)

  await t.rejects(runTransaction(pool, ['99AA'], async (tx) => {
    await tx.execute(sql`insert into school (school) values ('99AA')`)
    throw new Error('halfway')
  }), { message: 'halfway' })
  t.same(await schools(), [], 'that fails leaves nothing')
  t.equal(await runTransaction(pool, ['99AA'], async (tx) => {
    await tx.execute(sql`insert into school (school) values ('99AA')`)
    throw new Rollback(7)
  }), 7, 'that is a trial answers')
  t.same(await schools(), [], 'and leaves nothing either')
  await t.rejects(runTransaction(pool, ["99AA'; drop table school; --"], async () => 1), { message: /only BRINs/ })
  t.same(await runTransaction(pool, ['99AA', '99AB'], async (tx) => (await tx.execute(sql`select current_user as rol, current_setting('app.scholen') as scholen`)).rows), [{ rol: 'aanwezig_dienst', scholen: '99AA|99AB' }])
  t.same((await pool.query("select current_user as rol, current_setting('app.scholen', true) as scholen")).rows, [{ rol: 'aanwezig', scholen: '' }], 'and both end with it')

  await t.rejects(runTransaction(pool, '*', async (tx) => {
    const { rows } = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
    await pool.query('select pg_terminate_backend($1)', [rows[0]!.pid])
    await tx.execute(sql`select pg_sleep(1)`)
  }))
  t.same(await schools(), [], 'whose connection was cut fails, and the pool goes on')

  // Of what was sent without waiting, one statement fails and the rest with it.
  const sendAll = (tx: Tx): void => { for (const deler of [1, 0, 2]) sendLast(tx, readRows(tx, sql`select 1 / ${deler}::integer`)) }
  const DEELT = { code: '22012' }
  await t.rejects(runTransaction(pool, '*', async (tx) => { sendAll(tx) }), DEELT, 'that fails at a statement nobody waited for fails by that, not by what came after it')
  await t.rejects(runTransaction(pool, '*', async (tx) => {
    sendAll(tx)
    await tx.execute(sql`select 1`)
  }), DEELT, 'also when something later was waited for')
  await t.rejects(runTransaction(pool, '*', async (tx) => {
    sendAll(tx)
    throw new Rollback(7)
  }), DEELT, 'also as a trial')
  await t.rejects(runTransaction(pool, '*', async (tx) => {
    sendAll(tx)
    throw new Error('of the work')
  }), { message: 'of the work' })

  // What an array of PostgreSQL means by a bare word, a brace or a quote is here only text.
  const vreemd = fc.constantFrom('NULL', 'null', 'Null', '', ' ', '{', '}', ',', '"', '\\', '\\"', '{1,2}', 'a b', 'a\nb', 'é', '🙂', '-0', 'nullen')
  await fc.assert(fc.asyncProperty(fc.array(fc.oneof(vreemd, fc.constant(null), fc.string().filter((tekst) => !tekst.includes('\0')))), async (waarden) => {
    t.strictSame((await pool.query('select $1::text[] as waarden', [arrayText(waarden)])).rows, [{ waarden }])
  }), { numRuns: 200, seed: 20_261_122 })
  t.strictSame((await pool.query('select $1::smallint[] as getallen, $2::boolean[] as booleans, ($3::text[])[1]::smallint[] as lijst', [arrayText([1, null, -3]), arrayText([true, false, undefined]), arrayText([[1, 2], null])])).rows,
    [{ getallen: [1, null, -3], booleans: [true, false, null], lijst: [1, 2] }])

  const tel = prepareStatement<{ som: number, keer: number, rol: string }, { a: number, b: number, rol: string | null }>((param) => sql`
    select ${param('a')}::integer + ${param('b')}::integer + ${param('a')}::integer as som, ${param('a')}::integer * ${param('a')}::integer as keer, coalesce(${param('rol')}, 'geen') as rol`)
  t.same(await runTransaction(pool, '*', async (tx) => [(await tel(tx, { b: 2, rol: null, a: 10 })).rows, (await tel(tx, { a: 1, b: -1, rol: 'x' })).rows]), [[{ som: 22, keer: 100, rol: 'geen' }], [{ som: 1, keer: 1, rol: 'x' }]], 'a parameter that is named more than once means the same each time')
  const vast = prepareStatement<never, { a: number }>((param) => sql`select ${param('a')}::integer, ${'a value of the first time'}::text`)
  await t.rejects(runTransaction(pool, '*', async (tx) => await vast(tx, { a: 1 })), { message: /names its parameters/ })
})
