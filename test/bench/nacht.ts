// The night against plain SQL over the same rows, in one run: node test/bench/nacht.ts [--scholen 10] [--leerlingen 1000] [--absenties 20]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openApp, makeLog, type App } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { buildKalender } from '../../src/domain/kalender.ts'
import { runNacht } from '../../src/jobs/nachtelijk.ts'
import { recountSchool } from '../../src/statistiek/service.ts'
import { systemActor } from '../../src/toegang/service.ts'
import type { Benchregel } from './bench.ts'

export interface Nachtmaat {
  /** Each has four vestigingen. */
  readonly scholen: number
  readonly leerlingen: number
  /** A leerling in a schooljaar: 20 is as in life, 100 is dense. */
  readonly absenties: number
}

const PEILDATUM = '2027-07-31'
const RONDEN = 5

/** A synthetic schooljaar: sick days in a row, single lesuren, te-laat; 5 % leaves, half of those comes back in another leerjaar, 1 % has no rooster. */
export async function fill (app: App, { scholen, leerlingen, absenties }: Nachtmaat): Promise<void> {
  const lesdagen = buildKalender({ regio: 'midden', eigen: [] }).lesdagen('2026-08-01', PEILDATUM)
  const { pool } = app
  await pool.query("insert into school (school) select '99' || chr(65 + n / 26) || chr(65 + n % 26) from generate_series(0, $1 - 1) n", [scholen])
  await pool.query("insert into vestiging select school, school || '0' || v, 'Vestiging', 'vo', 'midden', '0344', null, 50, now() from school, generate_series(0, 3) v")
  await pool.query("insert into leerling select school, 'lvs', 'L' || l, '2012-03-04', null, null, null, null, now() from school, generate_series(1, $1) l", [leerlingen])
  await pool.query(`
    insert into inschrijving
    select school, 'lvs', 'L' || l, school || '0' || l % 4, '2026-08-01', case when l % 20 = 0 then date '2026-12-01' + l % 90 end, l % 6 + 1, 1500,
           case when l % 97 > 0 then (array['{300,300,300,300,300,0,0}', '{350,350,200,300,300,0,0}', '{300,310,320,330,240,0,0}', '{280,300,300,300,320,0,0}'])[1 + l / 4 % 4]::smallint[] end, now()
      from school, generate_series(1, $1) l`, [leerlingen])
  await pool.query('insert into inschrijving select school, bron, leerling, vestiging, tot + 1, null, leerjaar % 6 + 1, minuten_per_week, rooster, now() from inschrijving where tot is not null and substr(leerling, 2)::int % 40 = 0')
  // An episode is 1.6 days on average.
  await pool.query(`
    insert into absentie
    select i.school, i.bron, i.leerling || '-' || episode || '-' || dag, i.vestiging, i.leerling, d.datum, soort::absentiesoort, 'X', minuten, false, null, null, categorie::categorie,
           h % 200 = 0, now(), now(), gen_random_uuid()
      from (select i.*, episode, abs(hashtext(school || leerling || episode)::bigint) as h from inschrijving i, generate_series(1, ceil($1::numeric / 1.6)::int) episode) i
     cross join lateral (select h % 10 as keus, case when h % 50 = 7 then null when h % 10 < 4 then 300 when h % 10 < 6 then 50 else 15 end as minuten,
                                case when h % 10 < 6 then 'afwezig' when h % 10 < 9 then 'te-laat' else 'eerder-weg' end as soort,
                                case when h % 10 < 4 then 'geoorloofd' when h % 40 = 5 then 'aanwezig-elders' when h % 10 < 9 then 'ongeoorloofd' when h % 20 = 9 then 'onverklaard' else 'niet-ingedeeld' end as categorie) wat
     cross join lateral generate_series(0, case when keus < 4 then h / 7 % 4 else 0 end) dag
      join unnest($2::date[]) with ordinality as d (datum, nr) on d.nr = 1 + h / 1000 % ($3 - 4) + dag
     where d.datum between i.van and coalesce(i.tot, 'infinity')
     order by d.datum, i.school, h`, [absenties, lesdagen, lesdagen.length])
  await pool.query('vacuum analyze')
}

const BASIS = `
  select a.vestiging, date_trunc('week', a.datum), i.leerjaar, a.categorie, count(*), sum(a.minuten)
    from absentie a
    join inschrijving i on (i.school, i.bron, i.leerling, i.vestiging) = (a.school, a.bron, a.leerling, a.vestiging) and a.datum between i.van and coalesce(i.tot, 'infinity')
   where a.school = $1 and not a.ingetrokken
   group by 1, 2, 3, 4`

async function time (work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** The night over synthetic scholen, each comparison on both sides in the same run. */
export async function benchNacht (maat: Nachtmaat): Promise<Benchregel[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aanwezig-bench-'))
  const app = await openApp(readConfig({ DATA_DIR: dataDir }), { log: makeLog('silent'), now: () => new Date(`${PEILDATUM}T12:00:00Z`) })
  try {
    await fill(app, maat)
    const { rows } = await app.pool.query<{ school: string }>('select school from school order by school')
    const scholen = rows.map(({ school }) => school)
    await runNacht(app)
    await app.pool.query('vacuum analyze')

    const opgave = `${maat.absenties} absenties per leerling`
    const [school, basis] = await measureSide(scholen, async (each) => { await recount(app, each, true) }, async (each) => await app.pool.query(BASIS, [each]))
    const volledig = school * scholen.length
    const samen = await measureChange(app, 'school, vestiging, datum desc')
    const verspreid = await measureChange(app, 'datum desc, school')
    const line = (naam: string, eigen: number, vergelijking: number, doel: string, eenheid: string): Benchregel => ({ naam, eigen, vergelijking, ratio: eigen / vergelijking, doel, eenheid })
    return [
      line(`nacht, school volledig tellen : group by, ${opgave}`, school, basis, '≤ 2', 'ms'),
      line('nacht, 1 % gewijzigd bij een vestiging : alles', samen, volledig, '≤ 0.05', 'ms'),
      // The cel of the schooljaar needs the whole year of every leerling, so a change anywhere in a school reads that.
      line('nacht, 1 % gewijzigd bij alle vestigingen : alles', verspreid, volledig, 'geen', 'ms')
    ]
  } finally {
    await app.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function recount (app: App, school: string, volledig: boolean): Promise<void> {
  await recountSchool(app.makeCtx(systemActor('bench', [school])), school, { peildatum: PEILDATUM, signalenSinds: new Date(), volledig })
}

/** Milliseconds to find the scholen that 1 % of the absenties touched, and to recount what changed there; the median round. */
async function measureChange (app: App, order: string): Promise<number> {
  const values = []
  for (let ronde = 0; ronde < RONDEN; ronde++) {
    await change(app, order)
    values.push(await time(async () => {
      const { rows } = await app.pool.query<{ school: string }>('select distinct school from aggregaat_markering')
      for (const { school } of rows) await recount(app, school, false)
    }))
  }
  return values.toSorted((a, b) => a - b)[RONDEN >> 1]!
}

/** Both sides by turns, so that what else the machine does weighs on both; the mean per school of the median round. */
async function measureSide (scholen: readonly string[], own: (school: string) => Promise<unknown>, other: (school: string) => Promise<unknown>): Promise<[number, number]> {
  const rondes: Array<[number, number]> = []
  for (let ronde = 0; ronde < RONDEN; ronde++) {
    const som: [number, number] = [0, 0]
    for (const school of scholen) {
      som[1] += await time(async () => await other(school)) / scholen.length
      som[0] += await time(async () => await own(school)) / scholen.length
    }
    rondes.push(som)
  }
  return rondes.toSorted(([a, b], [c, d]) => a / b - c / d)[rondes.length >> 1]!
}

/** Changes the first 1 % of the absenties in this order, and marks their weeks as a push of corrections does: under one key. */
async function change (app: App, order: string): Promise<void> {
  await app.pool.query(`
    with gewijzigd as (
      update absentie set minuten = coalesce(minuten, 0) + 5
       where (school, bron, bron_id) in (select school, bron, bron_id from absentie order by ${order} limit (select count(*) / 100 from absentie))
      returning school, vestiging, datum
    ), push as materialized (select gen_random_uuid() as markering)
    insert into aggregaat_markering select distinct school, vestiging, date_trunc('week', datum)::date, markering from gewijzigd, push`)
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { scholen: { type: 'string', default: '10' }, leerlingen: { type: 'string', default: '1000' }, absenties: { type: 'string', default: '20' } } })
  for (const regel of await benchNacht({ scholen: Number(values.scholen), leerlingen: Number(values.leerlingen), absenties: Number(values.absenties) })) console.log(regel)
}
