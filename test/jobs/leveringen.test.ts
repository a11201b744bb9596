import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { listPlannen } from '../../src/duo/store.ts'
import { planLeveringen, runLeveringen } from '../../src/jobs/leveringen.ts'
import { startSchedule } from '../../src/jobs/schedule.ts'
import { Werkers } from '../../src/jobs/werkers.ts'
import { requireRecht, systemActor } from '../../src/toegang/service.ts'
import { startService, type Service } from '../support/service.ts'
import { until } from '../verzending/school.ts'

const ONTVANGERS = ['gemeente', 'ocw', 'samenwerkingsverband'] as const
const WEKEN = ['2026-W38', '2026-W39', '2026-W40']

/** Scholen that have levered by the week since 14 September, seen on 9 October: three weeks are due for each ontvanger. */
async function start (t: Test, scholen: readonly string[]): Promise<Service> {
  const service = await startService(t, { now: () => new Date('2026-10-09T12:00:00Z') })
  for (const school of scholen) {
    const bearer = await service.token({ scholen: [school] })
    const send = async (method: 'PUT' | 'POST', url: string, payload: object): Promise<void> => {
      const answer = await service.inject({ method, url: `/v1/${url}`, payload, bearer })
      if (answer.statusCode >= 300 || /"afgewezen":[1-9]/.test(answer.body)) throw new Error(answer.body)
    }
    await send('PUT', `vestigingen/${school}00`, { naam: 'Test', sector: 'vo', regio: 'midden', gemeentecode: '0344', samenwerkingsverband: 'VO2601' })
    await send('POST', 'leerlingen/_bulk', { leerlingen: [1, 2, 3].map((n) => ({ bronId: `L${n}`, school, geboortedatum: '2013-05-05', woongemeente: n === 3 ? '0310' : '0344', inschrijvingen: [{ vestiging: `${school}00`, van: '2026-08-01', leerjaar: 1, minutenPerWeek: 1500 }] })) })
  }
  await service.app.pool.query(`
    insert into leveringsplan (school, ontvanger, periodesoort, dagen_na_periode, aan, sinds, actor, vastgelegd_op)
    select school, ontvanger::ontvanger, 'lesweek', 1, true, '2026-09-14', 'test', now() from unnest($1::text[]) school, unnest($2::text[]) ontvanger`, [scholen, ONTVANGERS])
  return service
}

/** Each levering there is, as school, ontvanger, code, periode and revisie. */
async function list (service: Service): Promise<string[]> {
  const { rows } = await service.app.pool.query<{ wat: string }>("select concat_ws(' ', school, ontvanger, nullif(ontvangercode, ''), periode, revisie) as wat from levering")
  return rows.map(({ wat }) => wat).sort()
}

const verwacht = (scholen: readonly string[]): string[] => scholen.flatMap((school) => ['gemeente 0310', 'gemeente 0344', 'ocw', 'samenwerkingsverband VO2601'].flatMap((naar) => WEKEN.map((week) => `${school} ${naar} ${week} 1`))).sort()

const countJobs = async (service: Service, where = 'true'): Promise<number> => Number((await service.app.pool.query<{ aantal: string }>(`select count(*) as aantal from graphile_worker.jobs where task_identifier = 'levering' and ${where}`)).rows[0]!.aantal)

t.test('what fell due while nothing ran is made at the start, one levering of a school at a time; a school that fails holds up no other, and is tried again', async (t) => {
  const scholen = ['99AA', '99AB', '99AC']
  const service = await start(t, scholen)
  await service.app.pool.query("alter table leveringsronde add constraint stuk check (school <> '99AB') not valid")
  // Nights beside it would only take time.
  await service.app.pool.query("insert into jobrun (school, job, peildatum, gestart_op, gereed_op, verslag) select school, 'nachtelijk', '2026-10-08', now(), now(), '{}' from school")
  const jobs = await planLeveringen(service.app)
  t.equal(jobs.length, 9)
  for (const school of scholen) t.equal(new Set(jobs.filter(({ payload }) => (payload as { school: string }).school === school).map(({ queueName }) => queueName)).size, 1, 'in one queue')
  t.match((await service.inject({ bearer: null, url: '/metrics' })).body, /^aanwezig_leveringen_te_laat 27$/m, 'each of them should have been there')

  const schedule = await startSchedule(service.app)
  const tegelijk: number[] = []
  await until('the others', async () => {
    const { rows } = await service.app.pool.query<{ bezig: number }>("select count(*)::int as bezig from graphile_worker.jobs where locked_at is not null and task_identifier = 'levering' group by queue_name")
    tegelijk.push(...rows.map(({ bezig }) => bezig))
    return (await list(service)).filter((wat) => !wat.startsWith('99AB')).length === 24 && await countJobs(service, 'locked_at is null and attempts > 0') === 3
  })
  t.equal(Math.max(...tegelijk), 1)
  t.strictSame((await list(service)).filter((wat) => !wat.startsWith('99AB')), verwacht(['99AA', '99AC']))
  t.match((await service.app.pool.query('select distinct last_error from graphile_worker.jobs where last_error is not null')).rows, [{ last_error: 'levering failed; see the log' }], 'the queue keeps nothing of a statement')

  await service.app.pool.query('alter table leveringsronde drop constraint stuk')
  await service.app.pool.query('update graphile_worker._private_jobs set run_at = now()')
  await until('the one that failed', async () => await countJobs(service) === 0)
  await schedule.stop()
  t.strictSame(await list(service), verwacht(scholen))
  t.match((await service.app.pool.query('select distinct verloop -> 0 ->> \'door\' as door from levering')).rows, [{ door: 'systeem:leveringen' }])
  t.strictSame(await planLeveringen(service.app), [])
  t.strictSame((await service.app.pool.query('select identifier from graphile_worker._private_known_crontabs order by identifier')).rows, [{ identifier: 'leveringen' }, { identifier: 'nachtelijk' }])
})

t.test('instances and people at once make of each periode one levering', async (t) => {
  const scholen = ['99AA', '99AB', '99AC', '99AD']
  const service = await start(t, scholen)
  await service.app.pool.query("insert into jobrun (school, job, peildatum, gestart_op, gereed_op, verslag) select school, 'nachtelijk', '2026-10-08', now(), now(), '{}' from school")
  const [een, twee, ...verslagen] = await Promise.all([startSchedule(service.app), startSchedule(service.app), runLeveringen(service.app), runLeveringen(service.app, { scholen: scholen.toReversed() })])
  await until('all of it', async () => await countJobs(service) === 0 && (await list(service)).length >= 48)
  await Promise.all([een.stop(), twee.stop()])
  t.strictSame(await list(service), verwacht(scholen))
  t.ok(verslagen.every(({ mislukt }) => mislukt.length === 0))
  const scope = requireRecht(systemActor('test', scholen), 'leveringen:lezen')
  t.ok((await service.app.makeCtx(systemActor('test', scholen)).transaction(async (tx) => await listPlannen(tx, scope))).every(({ gedaan }) => gedaan.length === 3))
})

t.test('by hand it says what it did, of the scholen that were asked, and stops when it is told to', async (t) => {
  const service = await start(t, ['99AA', '99AB'])
  const regels: string[] = []
  t.match(await runLeveringen(service.app, { scholen: ['99AB'], melden: (regel) => regels.push(regel) }), { gemaakt: 12, mislukt: [], afgebroken: false })
  t.strictSame(regels, ['[1/3] 99AB ocw: 3 gemaakt', '[2/3] 99AB gemeente: 6 gemaakt', '[3/3] 99AB samenwerkingsverband: 3 gemaakt', 'Leveringen: 12 gemaakt'])
  t.strictSame(await list(service), verwacht(['99AB']))
  const stop = new AbortController()
  const verslag = await runLeveringen(service.app, { signal: stop.signal, melden: () => { stop.abort() } })
  t.match(verslag, { gemaakt: 3, afgebroken: true })
  t.equal((await list(service)).length, 15)
})

t.test('what a killed process had in hand is given back as soon as its lock is gone; of who lives nothing is taken', async (t) => {
  const service = await start(t, ['99AA'])
  await (await startSchedule(service.app)).stop()
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  t.teardown(async () => { await owner.end() })
  const [dood, levend, kijker] = ['pool-dood', 'pool-levend', 'pool-kijker'].map((id) => ({ id, werkers: new Werkers(service.app.connection) })) as [{ id: string, werkers: Werkers }, { id: string, werkers: Werkers }, { id: string, werkers: Werkers }]
  for (const { id, werkers } of [dood, levend, kijker]) {
    await werkers.begin(id)
    await owner.query("select graphile_worker.add_job('levering', json_build_object('school', '99AA', 'ontvanger', 'ocw'), queue_name => $1, job_key => $1)", [id])
    await owner.query("update graphile_worker._private_jobs set locked_by = key, locked_at = now() - interval '1 minute' where key = $1", [id])
    await owner.query("update graphile_worker._private_job_queues set locked_by = queue_name, locked_at = now() - interval '1 minute' where queue_name = $1", [id])
  }
  t.equal(await kijker.werkers.release(), 0)
  // As the end of its process ends it: the connection is gone.
  await owner.query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = hashtext('pool-dood')::bigint & 4294967295")
  await sleep(50)
  t.equal(await kijker.werkers.release(), 1)
  t.equal(await kijker.werkers.release(), 0)
  t.strictSame((await owner.query('select key from graphile_worker.jobs where locked_at is null and key like \'pool-%\'')).rows, [{ key: 'pool-dood' }])
  t.strictSame((await owner.query('select queue_name from graphile_worker._private_job_queues where locked_at is null and queue_name like \'pool-%\'')).rows, [{ queue_name: 'pool-dood' }])
  for (const { werkers } of [dood, levend, kijker]) await werkers.end()
})
