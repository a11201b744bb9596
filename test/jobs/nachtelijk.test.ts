import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import pg from 'pg'
import t, { type Test } from 'tap'
import { listPerioden, type Cel } from '../../src/domain/aggregaat.ts'
import { addDagen } from '../../src/domain/datum.ts'
import { readOpdracht } from '../../src/jobs/command.ts'
import { Schoolsloten } from '../../src/jobs/lock.ts'
import { Nachtfout, runNacht, type Nachtopties, type Nachtverslag } from '../../src/jobs/nachtelijk.ts'
import { firesAt, startSchedule } from '../../src/jobs/schedule.ts'
import { findKalenders } from '../../src/leerlingen/stam.ts'
import { computeCellen, listKalendersOp } from '../../src/statistiek/service.ts'
import { listCellen } from '../../src/statistiek/store.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { startService, type Service } from '../support/service.ts'

const VANDAAG = '2026-10-30'
const NU = new Date(`${VANDAAG}T12:00:00Z`)
const ROOSTER = [300, 300, 200, 300, 300, 0, 0]

async function start (t: Test): Promise<Service> {
  return await startService(t, { now: () => NU })
}

async function post (service: Service, path: string, payload: object, school: string): Promise<Record<string, number>> {
  const answer = await service.inject({ method: 'POST', url: `/v1/${path}/_bulk`, payload, bearer: await service.token({ scholen: [school] }) })
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${answer.body}`)
  return answer.json<{ aantallen: Record<string, number> }>().aantallen
}

/** A school with two vestigingen and four leerlingen. */
async function createSchool (service: Service, school = '99AA'): Promise<void> {
  await post(service, 'vestigingen', { vestigingen: ['00', '01'].map((code) => ({ vestiging: `${school}${code}`, naam: 'Test', sector: 'vo', regio: 'midden', gemeentecode: '0344', lesuurMinuten: 50 })) }, school)
  await post(service, 'leerlingen', { leerlingen: [1, 2, 3, 4].map((n) => buildLeerling(school, n)) }, school)
}

function buildLeerling (school: string, n: number, anders: object = {}): object {
  return { bronId: `L${n}`, school, geboortedatum: '2013-05-05', inschrijvingen: [{ vestiging: `${school}0${n % 2}`, van: '2026-08-01', leerjaar: 1 + n % 3, rooster: ROOSTER, ...anders }] }
}

function buildAbsentie (school: string, n: number, datum: string, anders: object = {}): Record<string, unknown> {
  return { bronId: `A-${n}-${datum}`, school, vestiging: `${school}0${n % 2}`, leerling: `L${n}`, datum, soort: 'afwezig', reden: 'SPIJ', minuten: 100, gewijzigdOp: `${datum}T10:00:00+02:00`, ...anders }
}

async function pushAbsenties (service: Service, absenties: readonly unknown[], school = '99AA'): Promise<Record<string, number>> {
  return await post(service, 'absenties', { absenties }, school)
}

async function nacht (service: Service, opties: Nachtopties = {}): Promise<{ verslag: Nachtverslag, regels: string[] }> {
  const regels: string[] = []
  return { verslag: await runNacht(service.app, { ...opties, melden: (regel) => regels.push(regel) }), regels }
}

/** Every measure in which what is stored of a school differs from a full count of this moment. */
async function listVerschillen (service: Service, school: string, peildatum: string): Promise<string[]> {
  const ctx = service.app.makeCtx(systemActor('test', [school]))
  return await ctx.transaction(async (tx) => {
    const kalenders = await findKalenders(ctx, tx, school)
    const vestigingen = [...kalenders.keys()].sort()
    const perioden = listPerioden('2026-08-01', peildatum)
    const stored = await listCellen(tx, [school], vestigingen, perioden)
    return diff(stored, (await computeCellen(tx, school, { vestigingen, perioden, kalenders, peildatum })).cellen)
  })
}

function diff (found: readonly Cel[], expected: readonly Cel[]): string[] {
  const byKey = (cellen: readonly Cel[]): Map<string, Cel> => new Map(cellen.map((cel) => [`${cel.vestiging} ${cel.periode} ${cel.leerjaar ?? 'totaal'}`, cel]))
  const [own, other] = [byKey(found), byKey(expected)]
  return [...new Set([...own.keys(), ...other.keys()])].flatMap((key) => Object.keys((own.get(key) ?? other.get(key))!).flatMap((maat) => {
    const [a, b] = [own.get(key)?.[maat as keyof Cel], other.get(key)?.[maat as keyof Cel]]
    return isDeepStrictEqual(a, b) ? [] : [`${key} ${maat}: ${JSON.stringify(a)} and not ${JSON.stringify(b)}`]
  }))
}

async function query (service: Service, text: string, values: unknown[] = []): Promise<Array<Record<string, unknown>>> {
  const client = new pg.Client({ ...service.app.connection })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows
  } finally {
    await client.end()
  }
}

t.test('a night counts every periode once, says so, and is passed over until something is pushed', async (t) => {
  const service = await start(t)
  await createSchool(service)
  await pushAbsenties(service, [buildAbsentie('99AA', 1, '2026-09-14'), buildAbsentie('99AA', 1, '2026-09-15', { soort: 'te-laat', minuten: 10 }), buildAbsentie('99AA', 3, '2026-10-01')])

  const first = await nacht(service)
  t.equal(first.verslag.scholen[0]?.uitslag, 'gereed')
  t.match(first.regels[0], /^\[1\/1\] 99AA 2026-10-30: \d+ leerlingen geëvalueerd, 0 signalen nieuw, 0 vervallen, \d+ cellen herrekend, \d+,\d\d s$/)
  t.match(first.regels[1], /^Nacht van 2026-10-30: 1 van 1 scholen gedaan, \d+,\d\d s$/)
  t.same(await listVerschillen(service, '99AA', VANDAAG), [])
  const [cel] = await query(service, "select * from statistiek where vestiging = '99AA01' and periode = '2026-09' and leerjaar is null")
  t.match(cel, { leerlingen: 2, verzuimperioden: 1, gemiste_minuten: 110, categorieen: { ongeoorloofd: { registraties: 2, leerlingen: 1, minuten: 110 } }, lesdagen_aangeleverd: 2 })

  const second = await nacht(service)
  t.equal(second.verslag.scholen[0]?.uitslag, 'al-gereed')

  await pushAbsenties(service, [buildAbsentie('99AA', 1, '2026-09-16')])
  const third = await nacht(service)
  t.equal(third.verslag.scholen[0]?.uitslag, 'gereed')
  t.ok((third.verslag.scholen[0]?.cellen ?? 0) < 20, 'only the perioden of that week')
  t.same(await listVerschillen(service, '99AA', VANDAAG), [])
})

t.test('the next day moves the perioden that run, and an earlier peildatum turns the figures back', async (t) => {
  const service = await start(t)
  await createSchool(service)
  await pushAbsenties(service, [buildAbsentie('99AA', 1, '2026-09-30'), buildAbsentie('99AA', 1, '2026-10-01')])
  for (const peildatum of ['2026-09-30', '2026-10-01', '2026-10-08', '2026-09-30', VANDAAG]) {
    await nacht(service, { peildatum })
    t.same(await listVerschillen(service, '99AA', peildatum), [], peildatum)
    t.same(await query(service, 'select count(*)::int as n from statistiek where van > $1', [peildatum]), [{ n: 0 }], 'no cel of a periode that has not begun')
  }
})

t.test('after any edits the increments equal a full count, and every moment can be computed again', async (t) => {
  const service = await start(t)
  await createSchool(service)
  const school = '99AA'
  const datums = Array.from({ length: 25 }, (_, dag) => addDagen('2026-09-14', dag))
  const leerling = fc.integer({ min: 1, max: 4 })
  let volgnummer = 0
  const op = (): string => new Date(Date.UTC(2026, 9, 29) + volgnummer++).toISOString()
  const bewerking = fc.oneof(
    { weight: 6, arbitrary: fc.record({ soort: fc.constant('absentie' as const), leerling, datum: fc.constantFrom(...datums), minuten: fc.option(fc.constantFrom(50, 100, 300)), reden: fc.constantFrom('SPIJ', 'ZK', null, 'ONBEKEND'), wijze: fc.constantFrom('afwezig', 'te-laat') }) },
    { weight: 2, arbitrary: fc.record({ soort: fc.constant('intrekking' as const), leerling, datum: fc.constantFrom(...datums) }) },
    { weight: 1, arbitrary: fc.record({ soort: fc.constant('leerling' as const), leerling, leerjaar: fc.constantFrom(1, 2), wissel: fc.option(fc.constantFrom(...datums)), rooster: fc.option(fc.constant(ROOSTER)) }) },
    { weight: 1, arbitrary: fc.record({ soort: fc.constant('kalender' as const), van: fc.constantFrom(...datums), duur: fc.integer({ min: 0, max: 8 }) }) }
  )
  const ctx = service.app.makeCtx(systemActor('test', [school]))
  const vestigingen = [`${school}00`, `${school}01`]
  const perioden = listPerioden('2026-08-01', VANDAAG)
  const momenten: Array<{ moment: Date, cellen: Cel[] }> = []
  await fc.assert(fc.asyncProperty(fc.array(bewerking, { minLength: 1, maxLength: 12 }), async (bewerkingen) => {
    for (const wat of bewerkingen) {
      if (wat.soort === 'absentie') await pushAbsenties(service, [buildAbsentie(school, wat.leerling, wat.datum, { minuten: wat.minuten, reden: wat.reden, soort: wat.wijze, gewijzigdOp: op() })])
      if (wat.soort === 'intrekking') await pushAbsenties(service, [{ bronId: `A-${wat.leerling}-${wat.datum}`, school, ingetrokken: true, gewijzigdOp: op() }])
      if (wat.soort === 'leerling') {
        const vestiging = `${school}0${wat.leerling % 2}`
        const inschrijvingen = wat.wissel === null
          ? [{ vestiging, van: '2026-08-01', leerjaar: wat.leerjaar, ...(wat.rooster === null ? {} : { rooster: wat.rooster }) }]
          : [{ vestiging, van: '2026-08-01', tot: addDagen(wat.wissel, -1), leerjaar: wat.leerjaar, rooster: ROOSTER }, { vestiging, van: wat.wissel, leerjaar: wat.leerjaar + 1, rooster: ROOSTER }]
        await post(service, 'leerlingen', { leerlingen: [{ bronId: `L${wat.leerling}`, school, geboortedatum: '2013-05-05', inschrijvingen }] }, school)
      }
      if (wat.soort === 'kalender') await post(service, 'kalenders', { kalenders: [{ vestiging: `${school}00`, schooljaar: '2026-2027', lesvrij: [{ van: wat.van, tot: addDagen(wat.van, wat.duur) }] }] }, school)
    }
    await nacht(service)
    t.same(await listVerschillen(service, school, VANDAAG), [])
    const [{ moment }] = await query(service, "select date_trunc('milliseconds', clock_timestamp()) + interval '1 ms' as moment") as [{ moment: Date }]
    momenten.push({ moment, cellen: await ctx.transaction(async (tx) => await listCellen(tx, [school], vestigingen, perioden)) })
    await sleep(3)
  }), { numRuns: 12, seed: 42, endOnFailure: true })

  for (const { moment, cellen } of momenten) {
    const { cellen: toen } = await ctx.transaction(async (tx) =>
      await computeCellen(tx, school, { vestigingen, perioden, kalenders: await listKalendersOp(tx, school, moment), peildatum: VANDAAG, afkapmoment: moment }))
    t.same(diff(toen, cellen), [], moment.toISOString())
  }
})

t.test('a correction on the last lesdag of a week moves where the verzuimperiode of the next week begins', async (t) => {
  const service = await start(t)
  await createSchool(service)
  // The autumn vacation of midden lies between these two lesdagen.
  await pushAbsenties(service, ['2026-10-16', '2026-10-26'].map((datum) => buildAbsentie('99AA', 1, datum)))
  await nacht(service)
  const list = async (): Promise<unknown> => await query(service, "select periode, verzuimperioden from statistiek where vestiging = '99AA01' and periode in ('2026-W42', '2026-W44') and leerjaar is null order by periode")
  t.same(await list(), [{ periode: '2026-W42', verzuimperioden: 1 }, { periode: '2026-W44', verzuimperioden: 0 }], 'one, over the vacation')
  await pushAbsenties(service, [{ bronId: 'A-1-2026-10-16', school: '99AA', ingetrokken: true, gewijzigdOp: '2026-10-27T10:00:00+01:00' }])
  await nacht(service)
  t.same(await list(), [{ periode: '2026-W42', verzuimperioden: 0 }, { periode: '2026-W44', verzuimperioden: 1 }])
  t.same(await listVerschillen(service, '99AA', VANDAAG), [])
})

t.test('a signaal that falls in another week than the correction moves the cel of that week', async (t) => {
  const service = await start(t)
  await createSchool(service)
  const vol = { minuten: 300 }
  // 16 lesuren of 50 minutes are 800: reached on the third day, two weeks on.
  await pushAbsenties(service, ['2026-09-10', '2026-09-11', '2026-09-21'].map((datum) => buildAbsentie('99AA', 1, datum, vol)))
  await service.evaluate()
  await nacht(service)
  const count = async (): Promise<unknown> => await query(service, "select signalen from statistiek where vestiging = '99AA01' and periode = '2026-W39' and leerjaar is null")
  t.same(await count(), [{ signalen: { 'wettelijk-16-uur': 1 } }])
  await pushAbsenties(service, [{ bronId: 'A-1-2026-09-10', school: '99AA', ingetrokken: true, gewijzigdOp: '2026-10-01T10:00:00+02:00' }])
  await service.evaluate()
  await nacht(service)
  t.same(await count(), [{ signalen: {} }], 'the push marked only its own week')
  t.same(await listVerschillen(service, '99AA', VANDAAG), [])
})

t.test('a difference with a full count fails the night loudly, names the cel, and stops no other school', async (t) => {
  const service = await start(t)
  for (const school of ['99AA', '99AB', '99AC']) await createSchool(service, school)
  await nacht(service, { peildatum: '2026-10-01' })
  await query(service, "update statistiek set leerlingen = leerlingen + 1 where school = '99AB' and periode = '2026-09' and leerjaar is null")
  const regels: string[] = []
  const failure = await runNacht(service.app, { peildatum: '2026-10-02', melden: (regel) => regels.push(regel) }).then(() => undefined, (error: unknown) => error)
  t.ok(failure instanceof Nachtfout)
  t.match((failure as Nachtfout).message, 'De nacht van 2026-10-02 mislukte voor 99AB')
  t.same((failure as Nachtfout).verslag.scholen.map(({ uitslag }) => uitslag), ['gereed', 'mislukt', 'gereed'])
  t.match(regels[1], /99AB 2026-10-02: MISLUKT: steekproef: cel 99AB0[01] 2026-09 totaal is opgeslagen als {"leerlingen":3}, volledig geteld {"leerlingen":2}/)
  t.match(regels.at(-1), /2 van 3 scholen gedaan, 1 mislukt/)

  const repaired = await nacht(service, { peildatum: '2026-10-02', volledig: true, scholen: ['99AB'] })
  t.equal(repaired.verslag.scholen[0]?.uitslag, 'gereed')
})

t.test('a night that breaks off loses less than one school, and goes on where it was', async (t) => {
  const service = await start(t)
  const scholen = ['99AA', '99AB', '99AC']
  for (const school of scholen) {
    await createSchool(service, school)
    await pushAbsenties(service, [buildAbsentie(school, 1, '2026-09-14')], school)
  }
  await service.evaluate()

  const stop = new AbortController()
  const broken = await runNacht(service.app, { signal: stop.signal, melden: () => stop.abort() })
  t.ok(broken.afgebroken)
  t.same(broken.scholen.map(({ school, uitslag }) => [school, uitslag]), [['99AA', 'gereed']], 'the school that was begun is finished')

  // The second school is cut off in the middle: its marks are held by another transaction until then.
  const holder = new pg.Client({ ...service.app.connection })
  await holder.connect()
  await holder.query("begin; select from aggregaat_markering where school = '99AB' for update")
  const running = runNacht(service.app).then(() => undefined, (error: unknown) => error)
  for (let poging = 0; poging < 200; poging++) {
    const [{ weg }] = await query(service, "select count(pg_cancel_backend(pid))::int as weg from pg_stat_activity where wait_event_type = 'Lock' and query like '%aggregaat_markering%' and datname = current_database()") as [{ weg: number }]
    if (weg > 0) break
    await sleep(20)
  }
  const failure = await running
  t.ok(failure instanceof Nachtfout)
  t.same((failure as Nachtfout).verslag.scholen.map(({ school, uitslag }) => [school, uitslag]), [['99AA', 'al-gereed'], ['99AB', 'mislukt'], ['99AC', 'gereed']])
  t.same(await query(service, "select count(*)::int as n from statistiek where school = '99AB'"), [{ n: 0 }], 'nothing of it was kept')
  t.same(await query(service, "select count(*)::int > 0 as nog from aggregaat_markering where school = '99AB'"), [{ nog: true }], 'but its marks were')
  await holder.end()

  const { verslag } = await nacht(service)
  t.same(verslag.scholen.map(({ uitslag }) => uitslag), ['al-gereed', 'gereed', 'al-gereed'])
  for (const school of scholen) {
    t.same(await listVerschillen(service, school, VANDAAG), [], school)
  }
})

t.test('two runs at once share the scholen and never do one twice', async (t) => {
  const service = await start(t)
  const scholen = ['99AA', '99AB', '99AC', '99AD', '99AE', '99AF']
  for (const school of scholen) await createSchool(service, school)
  const runs = await Promise.all([nacht(service), nacht(service, { scholen: scholen.toReversed() })])
  const done = runs.flatMap(({ verslag }) => verslag.scholen.filter(({ uitslag }) => uitslag === 'gereed').map(({ school }) => school))
  t.same(done.toSorted(), scholen)

  const sloten = await Schoolsloten.open(service.app.connection)
  t.ok(await sloten.take('99AC'))
  const { regels, verslag } = await nacht(service, { peildatum: '2026-10-02', scholen: ['99AB', '99AC'] })
  t.same(verslag.scholen.map(({ uitslag }) => uitslag), ['gereed', 'elders'])
  t.match(regels[1], '99AC 2026-10-02: wordt door een ander proces gedaan, overgeslagen')
  await sloten.close()
  t.equal((await nacht(service, { peildatum: '2026-10-02', scholen: ['99AC'] })).verslag.scholen[0]?.uitslag, 'gereed', 'a lock ends with its connection')
})

t.test('the command says in Dutch what is wrong with its input, all of it at once', async (t) => {
  for (const [argv, expected] of [
    [['nachtelijk'], { job: 'nachtelijk', volledig: false }],
    [['leveringen', '--school', '99AA'], { job: 'leveringen', scholen: ['99AA'], volledig: false }],
    [['nachtelijk', '--peildatum', '2026-10-01', '--school', '99AA', '--school=99AB', '--volledig'], { job: 'nachtelijk', peildatum: '2026-10-01', scholen: ['99AA', '99AB'], volledig: true }],
    [[], { fouten: ['Welke job? Deze dienst kent: nachtelijk en leveringen.'] }],
    [['dagelijks'], { fouten: ['De job dagelijks bestaat niet; deze dienst kent: nachtelijk en leveringen.'] }],
    [['nachtelijk', '--peildatum', '2026-02-30', '--school', '99aa', '--dag=1', 'nog'], {
      fouten: ['Te veel argumenten: nog.', 'De optie --dag bestaat niet bij nachtelijk.', '--peildatum is geen bestaande datum; schrijf JJJJ-MM-DD, zoals 2026-10-01.', '--school is geen BRIN: twee cijfers en twee hoofdletters, zoals 99AA.']
    }],
    [['leveringen', '--volledig'], { fouten: ['De optie --volledig bestaat niet bij leveringen.'] }],
    [['nachtelijk', '--peildatum'], { fouten: ['--peildatum is geen bestaande datum; schrijf JJJJ-MM-DD, zoals 2026-10-01.'] }]
  ] as const) t.strictSame(readOpdracht(argv), expected, argv.join(' '))
})

t.test('the night comes once every night in Amsterdam, also when the clock is moved', async (t) => {
  const at = (hour: number, min: number) => (wand: { hour: number, min: number }): boolean => wand.hour === hour && wand.min === min
  const list = (van: string, tot: string, matches: Parameters<typeof firesAt>[0]): string[] => {
    const found: string[] = []
    for (let moment = Date.parse(van); moment < Date.parse(tot); moment += 15 * 60_000) if (firesAt(matches, moment)) found.push(new Date(moment).toISOString().slice(0, 16))
    return found
  }
  t.same(list('2026-01-10T00:00Z', '2026-01-12T00:00Z', at(2, 0)), ['2026-01-10T01:00', '2026-01-11T01:00'], 'winter')
  t.same(list('2026-07-10T00:00Z', '2026-07-12T00:00Z', at(2, 0)), ['2026-07-10T00:00', '2026-07-11T00:00'], 'summer')
  t.same(list('2026-03-28T12:00Z', '2026-03-30T12:00Z', at(2, 0)), ['2026-03-29T01:00', '2026-03-30T00:00'], 'spring: 02:00 does not exist, 03:00 stands for it')
  t.same(list('2026-03-28T12:00Z', '2026-03-29T12:00Z', at(2, 30)), ['2026-03-29T01:30'], 'spring, half past')
  t.same(list('2026-10-24T12:00Z', '2026-10-26T12:00Z', at(2, 0)), ['2026-10-25T00:00', '2026-10-26T01:00'], 'autumn: 02:00 comes twice, the first counts')
  for (const hour of [0, 1, 2, 3, 4]) t.equal(list('2025-12-31T23:00Z', '2026-12-31T23:00Z', at(hour, 0)).length, 365, `once a day at ${hour}:00`)
  t.equal(list('2026-10-18T00:00Z', '2026-11-01T00:00Z', (wand) => wand.hour === 2 && wand.min === 0 && (wand as { dow: number }).dow === 0).length, 2, 'on Sundays')
})

t.test('a missed night is caught up at the start; a stop lets the school that runs finish', async (t) => {
  const service = await start(t)
  await createSchool(service)
  await pushAbsenties(service, [buildAbsentie('99AA', 1, '2026-09-14')])
  await service.evaluate()
  const gereed = async (): Promise<unknown> => await query(service, 'select peildatum::text, gereed_op is not null as gereed from jobrun')

  const schedule = await startSchedule(service.app)
  for (let poging = 0; poging < 300 && (await gereed() as Array<{ gereed: boolean }>)[0]?.gereed !== true; poging++) await sleep(20)
  await schedule.stop()
  t.same(await gereed(), [{ peildatum: '2026-10-29', gereed: true }], 'until yesterday: today has only begun')

  const again = await startSchedule(service.app)
  t.same(await query(service, 'select count(*)::int as n from graphile_worker.jobs where locked_at is null'), [{ n: 0 }], 'nothing to catch up')
  await again.stop()

  await query(service, 'delete from jobrun')
  const third = await startSchedule(service.app)
  for (let poging = 0; poging < 300 && (await gereed() as unknown[]).length === 0; poging++) await sleep(5)
  await third.stop()
  t.same(await gereed(), [{ peildatum: '2026-10-29', gereed: true }])
})

t.test('a store that goes away under a night ends the worker; the next one finishes it', async (t) => {
  const service = await start(t)
  await createSchool(service)
  await pushAbsenties(service, [buildAbsentie('99AA', 1, '2026-09-14')])
  await service.evaluate()
  const { database, ...server } = service.app.connection as pg.ClientConfig & { database: string }
  const beheer = new pg.Client({ ...server, database: 'postgres' })
  const houder = new pg.Client({ ...server, database })
  await Promise.all([beheer.connect(), houder.connect()])
  t.teardown(async () => { await Promise.all([beheer.end(), houder.end()]) })
  const { rows: [eigen] } = await houder.query<{ pid: number }>('select pg_backend_pid() as pid')
  await houder.query('begin; lock table statistiek')

  const schedule = await startSchedule(service.app)
  const isWaiting = async (): Promise<boolean> => (await beheer.query("select from pg_stat_activity where datname = $1 and wait_event_type = 'Lock'", [database])).rows.length > 0
  for (let poging = 0; poging < 500 && !await isWaiting(); poging++) await sleep(10)
  t.ok(await isWaiting(), 'the night is under way')
  await beheer.query(`alter database ${database} allow_connections false`)
  await beheer.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> $2', [database, eigen!.pid])
  t.equal((await service.inject({ url: '/v1/absenties?school=99AA' })).statusCode, 503)
  await schedule.ended
  await beheer.query(`alter database ${database} allow_connections true`)
  await houder.query('rollback')
  await schedule.stop()

  const next = await startSchedule(service.app)
  const gereed = async (): Promise<unknown> => await query(service, 'select peildatum::text, gereed_op is not null as gereed from jobrun')
  for (let poging = 0; poging < 300 && (await gereed() as Array<{ gereed: boolean }>)[0]?.gereed !== true; poging++) await sleep(20)
  await next.stop()
  t.same(await gereed(), [{ peildatum: '2026-10-29', gereed: true }])
})
