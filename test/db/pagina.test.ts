import { randomUUID } from 'node:crypto'
import { sql } from '../../src/db/drizzle.ts'
import pg, { type ClientBase } from 'pg'
import t from 'tap'
import { insertAbsenties, listAbsenties, writeAbsenties, type Absentiefilter } from '../../src/absenties/store.ts'
import { makePool } from '../../src/db/pool.ts'
import { arrayText, readPage } from '../../src/db/statement.ts'
import { runTransaction, type Tx } from '../../src/db/transaction.ts'
import { keyOf, requireInzage, type Actor, type Schoolscope } from '../../src/toegang/service.ts'
import { createTestDatabase } from '../support/database.ts'

const LEERLINGEN = 500
const PER_LEERLING = 20
const LIMIT = 51

const TOEPASSING: Actor = { bron: 'lvs', rechten: new Set(['absenties:lezen']), scholen: ['99AA'] }

/** Who sees only the first so many leerlingen. */
function seesOnly (aantal: number): Actor {
  const zichtbaar = Array.from({ length: aantal }, (_, at) => ({ school: '99AA', bron: 'lvs', leerling: `L-${at}`, verborgen: [] }))
  return { ...TOEPASSING, leerlingen: new Map(zichtbaar.map((each) => [keyOf(each), each])) }
}

interface Knoop { readonly 'Actual Rows': number, readonly 'Actual Loops': number, readonly 'Relation Name'?: string, readonly 'Rows Removed by Filter'?: number, readonly Plans?: readonly Knoop[] }

function countGelezen (knoop: Knoop): number {
  const eigen = knoop['Relation Name'] === 'absentie' ? (knoop['Actual Rows'] + (knoop['Rows Removed by Filter'] ?? 0)) * knoop['Actual Loops'] : 0
  return (knoop.Plans ?? []).reduce((total, plan) => total + countGelezen(plan), eigen)
}

async function explain (client: ClientBase, text: string, values?: unknown[]): Promise<number> {
  const { rows } = await client.query<{ 'QUERY PLAN': ReadonlyArray<{ Plan: Knoop }> }>(`explain (analyze, format json) ${text}`, values)
  return countGelezen(rows[0]!['QUERY PLAN'][0]!.Plan)
}

t.test('a page of absenties', async (t) => {
  const pool = makePool({ ...await createTestDatabase(t), ssl: false }, { max: 2, onError: () => {} })
  t.teardown(async () => { await pool.end() })
  await pool.query("insert into school (school) values ('99AA')")
  await pool.query("insert into vestiging select school, school || '00', 'Vestiging', 'vo', 'midden', '0344', null, 50, now() from school")
  await pool.query("insert into leerling (school, bron, leerling, geboortedatum, vastgelegd_op) select '99AA', 'lvs', 'L-' || n, '2012-05-05', now() from generate_series(0, $1::int - 1) n", [LEERLINGEN])
  await pool.query(`
    insert into absentie
    select school, bron, leerling || '-' || n, '99AA00', leerling, date '2025-08-25' + n * 7, 'afwezig', 'ZK', 50, false, null, null, 'geoorloofd', false, now(), now(), gen_random_uuid()
      from leerling, generate_series(1, $1::int) n`, [PER_LEERLING])
  await pool.query('vacuum analyze')

  /** How many rows of the table the page took, by the plan that PostgreSQL made of the statement itself: the worst of both, where it has one for these values and one for any. */
  const countRead = async (actor: Actor, filter: Omit<Absentiefilter, 'limit'>): Promise<number> => {
    const inzage = requireInzage(actor, 'absenties:lezen', '99AA')
    return await runTransaction(pool, ['99AA'], async (tx) => {
      let gelezen: number | undefined
      const { $client: client } = tx as unknown as { $client: ClientBase }
      const explained = Object.assign(Object.create(tx) as Tx, {
        $client: {
          query: async (statement: string | { name?: string, text: string, values: unknown[] }) => {
            if (typeof statement === 'string') return await client.query(statement)
            const { name, text, values } = statement
            const plannen = [explain(client, text, values)]
            // A statement with a name has, from its sixth time on, a plan for any values. Sent in one go: what comes after it is of what is around it.
            if (name !== undefined) {
              const prepared = client.query(`set local plan_cache_mode = force_generic_plan; prepare pagina as ${text}`)
              plannen.push(explain(client, `execute pagina (${values.map((value) => pg.escapeLiteral(Array.isArray(value) ? arrayText(value as string[]) : String(value))).join(', ')})`))
              await Promise.all([prepared, client.query('deallocate pagina')])
            }
            gelezen = Math.max(...await Promise.all(plannen))
            return { rows: [] }
          }
        }
      })
      await listAbsenties(explained, inzage, { ...filter, limit: LIMIT })
      return gelezen!
    }, inzage.leerlingen === '*' ? undefined : inzage.leerlingen)
  }

  const na = ['2025-11-03', 'lvs', 'L-100-10'] as const
  const FILTERS: ReadonlyArray<readonly [naam: string, filter: Omit<Absentiefilter, 'limit'>]> = [
    ['the first', {}], ['a later one', { na }], ['of a bron', { bron: 'lvs' }], ['of a vestiging', { vestiging: '99AA00' }], ['from a day on', { van: '2025-10-01' }],
    ['of a bron and vestiging, a later one', { bron: 'lvs', vestiging: '99AA00', na }]
  ]
  for (const [naam, filter] of FILTERS) t.equal(await countRead(TOEPASSING, filter), LIMIT, `${naam}: reads no more of the school than it shows`)
  for (const [naam, filter] of FILTERS) {
    const gelezen = await countRead(seesOnly(2), filter)
    t.ok(gelezen > 0 && gelezen <= 2 * PER_LEERLING, `${naam}, of who sees two leerlingen: reads those only, ${gelezen} rows`)
  }
  // A statement that fails ends the transaction, and those around it with it: it is the one that is heard of.
  for (const inOrder of [true, false]) await t.rejects(runTransaction(pool, ['99AA'], async (tx) => await readPage(tx, inOrder, sql`select ${'\0'}::text`)), { code: '22021' })
  // Half of the school: in order of the days, every second row is his.
  for (const [naam, filter] of FILTERS) {
    const gelezen = await countRead(seesOnly(LEERLINGEN / 2), filter)
    t.ok(gelezen >= LIMIT && gelezen <= LEERLINGEN + LIMIT, `${naam}, of who sees half of the school: reads on until the page is full, ${gelezen} rows`)
  }
})

t.test('a push of corrections looks each up by its key, also with a plan from when the table was empty and nobody had analyzed it', async (t) => {
  const pool = makePool({ ...await createTestDatabase(t), ssl: false }, { max: 1, onError: () => {} })
  t.teardown(async () => { await pool.end() })
  let statement: { readonly text: string, readonly values: unknown[] } | undefined
  const tx = { $client: { query: (sent: typeof statement) => { statement = sent; return { rows: [] } } } } as unknown as Tx
  const rij = { index: 0, record: { bronId: 'a-1', school: '99AA', ingetrokken: true, gewijzigdOp: '2026-09-14T09:12:00Z' } } as const
  // The statement is all that is wanted of it; of no rows it makes nothing.
  await t.rejects(writeAbsenties(tx, { school: '99AA', bron: 'lvs' } as unknown as Schoolscope, { stamversie: 1, leerlingversie: 1, aanlevering: randomUUID(), geforceerd: false }, [rij]), TypeError)
  const { text, values } = statement!
  // As the role of the service: behind row-level security only what cannot leak reaches an index.
  await pool.query(`begin; set local role aanwezig_dienst; set local app.scholen = '*'; set local plan_cache_mode = force_generic_plan; prepare push as ${text}`)
  const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`explain execute push (${values.map((value) => value === null ? 'null' : pg.escapeLiteral(String(value))).join(', ')})`)
  const plan = rows.map(({ 'QUERY PLAN': line }) => line)
  const gelezen = plan.flatMap((line, at) => / on absentie a /.test(line) ? [`${line.trim()} ${plan[at + 1]!.trim()}`] : [])
  t.match(gelezen, [/Index Scan using absentie_pk .* Index Cond: .*bron_id = /])
  t.equal(gelezen.length, 1)
})

t.test('what a push writes is planned once a connection, whether it is one record or a thousand', async (t) => {
  const pool = makePool({ ...await createTestDatabase(t), ssl: false }, { max: 1, onError: () => {} })
  t.teardown(async () => { await pool.end() })
  await pool.query("insert into school (school) values ('99AA')")
  await pool.query("insert into vestiging select school, school || '00', 'Vestiging', 'vo', 'midden', '0344', null, 50, now() from school")
  await pool.query("insert into leerling (school, bron, leerling, geboortedatum, vastgelegd_op) values ('99AA', 'lvs', 'L-1', '2012-05-05', now())")
  const { rows: [versies] } = await pool.query<{ stamversie: number, leerlingversie: number }>('select stamversie, leerlingversie from school')
  const write = async (bronId: string): Promise<void> => {
    const rij = { index: 0, categorie: 'ongeoorloofd', minuten: 50, record: { bronId, school: '99AA', vestiging: '99AA00', leerling: 'L-1', datum: '2025-09-01', soort: 'afwezig', reden: 'SPIJ', ingetrokken: false, gewijzigdOp: '2025-09-01T09:00:00Z' } } as const
    for (const schrijf of [insertAbsenties, writeAbsenties]) {
      await runTransaction(pool, ['99AA'], async (tx) => { await schrijf(tx, { school: '99AA', bron: 'lvs' } as unknown as Schoolscope, { ...versies!, aanlevering: randomUUID(), geforceerd: false }, [rij]) })
    }
  }
  for (let at = 0; at < 10; at++) await write(`a-${at}`)
  const { rows } = await pool.query("select custom_plans::integer as eigen, generic_plans::integer as ieder from pg_prepared_statements where statement like '%insert into absentie %' order by statement")
  t.same(rows, [{ eigen: 5, ieder: 5 }, { eigen: 5, ieder: 5 }])
})
