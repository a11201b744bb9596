import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { makeLog, openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { buildServer } from '../../src/server.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { percentile } from './dienst.ts'
import type { AddressInfo } from 'node:net'
import type { Benchregel } from './bench.ts'

const SCHOOL = '10PA'
const KLEIN = '11AA'
/** Besides the one that is asked, which holds a tenth of all rows. */
const ANDERE = 90
const PER_LEERLING = 40
const LIMIT = 100
/** Of each page, in turn. */
const KEREN = 200
const EERSTE_DAG = '2025-08-25'
const DAGEN = 200

/** The last keyset page of GET /v1/absenties against the first, in a table of so many rows. Without workers: a night over rows that nobody pushed would weigh on one page and not on the next. */
export async function benchPagina ({ rijen }: { readonly rijen: number }): Promise<Benchregel[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aanwezig-bench-'))
  const app = await openApp(readConfig({ DATA_DIR: dataDir, AUTH_DEVELOPMENT: '1', VERZOEKEN_PER_SECONDE: '1000000' }), { log: makeLog('error') })
  const server = await buildServer(app)
  const owner = new pg.Client(app.connection)
  try {
    await owner.connect()
    const aantallen = await fill(owner, rijen)
    await server.listen({ port: 0, host: '127.0.0.1' })
    const dienst: Dienst = {
      url: `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
      token: await app.developmentKeys!.sign({ azp: 'bench-lvs', scholen: [SCHOOL, KLEIN], scope: RECHTEN.join(' ') }, 3_600)
    }
    const eerste = `/v1/absenties?school=${SCHOOL}&limit=${LIMIT}`
    const klein = eerste.replace(SCHOOL, KLEIN)
    const laatste = await findLaatste(dienst, eerste, aantallen.bijna)
    const times: readonly [number[], number[], number[]] = [[], [], []]
    for (let keer = -20; keer < KEREN; keer++) { // the first until V8 has compiled what is hot
      for (const [at, path] of [eerste, klein, laatste].entries()) {
        const started = performance.now()
        await getPagina(dienst, path)
        if (keer >= 0) times[at]!.push(performance.now() - started)
      }
    }
    const [first, small, last] = times.map((values) => percentile(values, 0.5)) as [number, number, number]
    const school = `van een school met ${aantallen.eigen} van ${aantallen.alle} absenties, p50`
    return [
      { naam: `laatste keysetpagina ${school}`, eigen: last, vergelijking: first, ratio: last / first, doel: '≤ 1.2', eenheid: 'ms tegen de eerste' },
      // A first page that reads its whole school makes any last page look well.
      { naam: `eerste pagina ${school}`, eigen: first, vergelijking: small, ratio: first / small, doel: '≤ 1.2', eenheid: 'ms tegen die van een school met een tiende daarvan' }
    ]
  } finally {
    await server.close()
    await owner.end()
    await app.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

interface Dienst { readonly url: string, readonly token: string }
interface Pagina { readonly absenties: readonly unknown[], readonly volgende: string | null }

async function getPagina ({ url, token }: Dienst, path: string): Promise<Pagina> {
  const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return await answer.json() as Pagina
}

/** Where a client ends that follows every `volgende`: found by following from almost the last day, asked without that `van`. As full as the first, or the comparison would flatter it. */
async function findLaatste (dienst: Dienst, eerste: string, bijna: string): Promise<string> {
  let cursor: string | null = null
  let pagina = await getPagina(dienst, `${eerste}&van=${bijna}`)
  while (pagina.volgende !== null) {
    cursor = pagina.volgende
    pagina = await getPagina(dienst, `${eerste}&cursor=${cursor}`)
  }
  if (cursor === null || pagina.absenties.length !== LIMIT) throw new Error(`a last page of ${pagina.absenties.length} absenties`)
  return `${eerste}&cursor=${cursor}`
}

/** Schools filled by SQL, without the indexes until the rows are there. */
async function fill (client: pg.Client, rijen: number): Promise<{ readonly eigen: number, readonly alle: number, readonly bijna: string }> {
  const eigen = Math.ceil(rijen / 10 / DAGEN / LIMIT) * LIMIT // of the school that is asked, each day: whole pages
  const ander = Math.ceil(eigen * 9 / ANDERE)
  await client.query("insert into school (school) select $1 union all select '11' || chr(65 + n / 26) || chr(65 + n % 26) from generate_series(0, $2::int - 1) n", [SCHOOL, ANDERE])
  await client.query("insert into vestiging select school, school || '00', 'Vestiging', 'vo', 'midden', '0344', null, 50, now() from school")
  await client.query(`
    insert into leerling (school, bron, leerling, geboortedatum, woongemeente, vastgelegd_op)
    select school, 'bench-lvs', 'L-' || n, date '2010-01-01' + n % 700, '0344', now()
      from school, generate_series(0, case when school = $1 then $2::int else $3::int end * $4::int / $5::int) n`, [SCHOOL, eigen, ander, DAGEN, PER_LEERLING])
  await client.query("insert into inschrijving select school, bron, leerling, school || '00', '2024-08-01', null, 3, 1650, '{330,330,330,330,330,0,0}', now() from leerling")

  const { rows: indexes } = await client.query<{ weg: string, terug: string }>(`
    select case when c.oid is null then format('drop index %s', i.indexrelid::regclass) else format('alter table absentie drop constraint %I', conname) end as weg,
           case when c.oid is null then pg_get_indexdef(i.indexrelid) else format('alter table absentie add constraint %I %s', conname, pg_get_constraintdef(c.oid)) end as terug
      from pg_index i
      left join pg_constraint c on c.conindid = i.indexrelid and c.conrelid = i.indrelid
     where i.indrelid = 'absentie'::regclass`)
  for (const { weg } of indexes) await client.query(weg)
  // In the order of the days, as a year brings them; of a day one school after the other, as they push.
  await client.query(`
    insert into absentie
    select school, 'bench-lvs', 'A-' || nummer, school || '00', 'L-' || nummer::bigint * 7919 % (aantal * $5::bigint / $6::int), date '${EERSTE_DAG}' + dag / 5 * 7 + dag % 5,
           (array['afwezig', 'te-laat', 'eerder-weg', 'afwezig'])[1 + nummer % 4]::absentiesoort, case when nummer % 5 > 0 then 'SPIJ' end, 50, false, array[3, 4], null,
           (array['ongeoorloofd', 'geoorloofd', 'onverklaard'])[1 + nummer % 3]::categorie, false, now(), now(), gen_random_uuid()
      from generate_series(0, $5::int - 1) dag
     cross join lateral (select $1::text as school, $2::int as aantal
                          union all
                         select '11' || chr(65 + n / 26) || chr(65 + n % 26), $3::int from generate_series(0, $4::int - 1) n) s
     cross join lateral (select dag * aantal + plaats as nummer from generate_series(0, aantal - 1) plaats) r`,
  [SCHOOL, eigen, ander, ANDERE, DAGEN, PER_LEERLING])
  await client.query("set maintenance_work_mem = '1GB'")
  for (const { terug } of indexes) await client.query(terug)
  await client.query('vacuum analyze')
  await client.query('checkpoint')
  const { rows: [telling] } = await client.query<{ eigen: number, alle: number, bijna: string }>('select count(*) filter (where school = $1)::int as eigen, count(*)::int as alle, (max(datum) - 1)::text as "bijna" from absentie', [SCHOOL])
  return telling!
}
