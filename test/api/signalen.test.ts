import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import t from 'tap'
import { verifySample } from '../../src/signalen/service.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'

interface Signaal { readonly id: string, readonly begindatum: string, readonly einddatum: string, readonly minuten: number, readonly status: string, readonly redenVervallen: string | null, readonly beleidsversie: string, readonly onderbouwing: ReadonlyArray<{ bronId: string }> }

async function push (service: Service, absenties: ReadonlyArray<Record<string, unknown>>, bearer?: string): Promise<void> {
  const answer = await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties }, ...(bearer === undefined ? {} : { bearer }) })
  if (answer.statusCode !== 200) throw new Error(answer.body)
}

async function list (service: Service, query = ''): Promise<Signaal[]> {
  await service.evaluate()
  return (await service.inject({ url: `/v1/signalen?school=99AA&limit=1000${query}` })).json<{ signalen: Signaal[] }>().signalen
}

const short = ({ einddatum, minuten, status }: Signaal): string => `${einddatum} ${minuten} ${status}`
const op = (uur: number): string => `2025-09-20T${String(uur).padStart(2, '0')}:00:00Z`
const dag = (datum: string, anders: Record<string, unknown> = {}): Record<string, unknown> => buildAbsentie(`d-${datum}`, datum, { minuten: 480, gewijzigdOp: op(1), ...anders })

t.test('a signaal is visible within a second of the push that caused it', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await push(service, [dag('2025-09-08'), dag('2025-09-09')])
  const started = performance.now()
  let found: Signaal[] = []
  while (found.length === 0 && performance.now() - started < 3_000) {
    found = (await service.inject({ url: '/v1/signalen?school=99AA' })).json<{ signalen: Signaal[] }>().signalen
    await sleep(10)
  }
  t.same(found.map(short), ['2025-09-09 960 open'])
  t.ok(performance.now() - started < 1_000, 'within a second')
  const one = await service.inject({ url: `/v1/signalen/${found[0]!.id}` })
  t.same(one.json(), found[0])
  t.same(found[0]!.onderbouwing.map(({ bronId }) => bronId), ['d-2025-09-08', 'd-2025-09-09'])
})

t.test('a school whose signalen take long keeps no other school waiting', async (t) => {
  const service = await startService(t)
  const scholen = ['99AA', '99AB']
  const bearer = await service.token({ scholen })
  for (const school of scholen) await createSchool(service, { vestiging: `${school}00`, bearer })
  await service.evaluate()
  const bezig = await service.app.pool.connect()
  try {
    await bezig.query("begin; select pg_advisory_xact_lock(hashtextextended('evaluatie 99AA', 0))")
    for (const school of scholen) await push(service, ['2025-09-08', '2025-09-09'].map((datum) => dag(datum, { school, vestiging: `${school}00` })), bearer)
    const seen = async (school: string): Promise<number> => (await service.inject({ url: `/v1/signalen?school=${school}`, bearer })).json<{ signalen: unknown[] }>().signalen.length
    for (let at = 0; at < 300 && await seen('99AB') === 0; at++) await sleep(10)
    t.same([await seen('99AA'), await seen('99AB')], [0, 1], 'the other one, behind it in order, has its signaal')
    await bezig.query('rollback')
    for (let at = 0; at < 300 && await seen('99AA') === 0; at++) await sleep(10)
    t.equal(await seen('99AA'), 1, 'and the one that was busy has it afterwards, though nobody pushed again')
  } finally {
    bezig.release(true)
  }
})

t.test('signalen follow corrections and keep their identity', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await push(service, [dag('2025-09-08'), dag('2025-09-09')])
  const [first] = await list(service)

  await push(service, [dag('2025-09-09', { minuten: 500, gewijzigdOp: op(2) })])
  t.same(await list(service).then((all) => all.map((s) => [s.id, short(s)])), [[first!.id, '2025-09-09 980 open']], 'another size amends it')

  await push(service, [dag('2025-09-09', { minuten: 400, gewijzigdOp: op(3) }), dag('2025-09-10')])
  t.same(await list(service).then((all) => all.map((s) => [s.id, short(s)])), [[first!.id, '2025-09-10 1360 open']], 'another einddatum amends it too')

  await push(service, [dag('2025-09-08', { reden: 'ZK', gewijzigdOp: op(4) }), dag('2025-09-10', { reden: 'ZK', gewijzigdOp: op(4) })])
  const [gone] = await list(service)
  t.same([gone!.id, gone!.status], [first!.id, 'vervallen'], 'a correction in the past withdraws the signaal it no longer carries')
  t.match(gone!.redenVervallen, /dragen dit signaal niet meer/)

  await push(service, [dag('2025-09-08', { gewijzigdOp: op(5) }), dag('2025-09-10', { gewijzigdOp: op(5) })])
  t.same(await list(service).then((all) => all.map((s) => [s.id, short(s)])), [[first!.id, '2025-09-10 1360 open']], 'facts that return bring it back')

  await push(service, [{ bronId: 'd-2025-09-10', school: '99AA', ingetrokken: true, gewijzigdOp: op(6) }])
  t.same((await list(service)).map(({ status }) => status), ['vervallen'], 'a withdrawn absentie carries nothing')
})

t.test('what else changes the facts changes the signalen', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await push(service, [dag('2025-09-08'), dag('2025-09-09')])
  t.same((await list(service)).map(short), ['2025-09-09 960 open'])
  const standing = async (): Promise<string[]> => (await list(service, '&status=open')).map(short)
  const put = async (url: string, payload: object): Promise<number> => (await service.inject({ method: 'PUT', url, payload })).statusCode

  t.equal(await put('/v1/vrijstellingen/V-1', { leerling: 'L-1', school: '99AA', grondslag: '5-onder-a', van: '2025-09-09', tot: '2026-07-31' }), 201)
  t.same(await standing(), [], 'a vrijstelling')
  t.equal(await put('/v1/vrijstellingen/V-1', { leerling: 'L-1', school: '99AA', grondslag: '5-onder-a', van: '2025-10-01', tot: '2026-07-31' }), 200)
  t.same(await standing(), ['2025-09-09 960 open'], 'and its correction')

  await put('/v1/vestigingen/99AA00/kalenders/2025-2026', { lesvrij: [{ van: '2025-09-09', tot: '2025-09-09', soort: 'studiedag', naam: 'Studiedag' }] })
  t.same(await standing(), [], 'a studiedag pushed afterwards')
  await put('/v1/vestigingen/99AA00/kalenders/2025-2026', { lesvrij: [] })
  t.same(await standing(), ['2025-09-09 960 open'])

  await put('/v1/vestigingen/99AA00', { naam: 'De Proef', sector: 'vo', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 45 })
  t.same((await list(service, '&status=open')).map((s) => [s.einddatum, s.minuten]), [['2025-09-09', 960]])
  const marge = (await service.inject({ url: '/v1/leerlingen/test-lvs/L-1/marges?school=99AA' })).json<{ marges: Array<{ drempelMinuten: number }> }>().marges[0]!
  t.equal(marge.drempelMinuten, 720, 'a vestiging that turns out to be vo counts lesuren')

  const leerling = { bronId: 'L-1', school: '99AA', geboortedatum: '2007-09-09', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }] }
  await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [leerling] } })
  t.same(await standing(), [], 'a geboortedatum: on 9 September the leerling turns out to be 18')
  await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ ...leerling, geboortedatum: '2014-01-01', inschrijvingen: [{ ...leerling.inschrijvingen[0], tot: '2025-09-08' }] }] } })
  t.same(await standing(), [], 'an inschrijving that ended before')
})

t.test('a beleidsversie classifies exactly its own days, and switches on what is optional', async (t) => {
  const service = await startService(t)
  await createSchool(service, { geboortedatum: '2006-01-01', sector: 'mbo' })
  await push(service, [
    buildAbsentie('voor', '2025-09-05', { reden: 'EIGEN', minuten: 100 }), buildAbsentie('op', '2025-09-08', { reden: 'EIGEN', minuten: 480 }),
    buildAbsentie('na', '2025-09-09', { reden: 'EIGEN', minuten: 480 }), buildAbsentie('ziek', '2025-09-10', { reden: 'ZK', minuten: 480 })
  ])
  const categorieen = async (): Promise<unknown> => (await service.inject({ url: '/v1/absenties?school=99AA' })).json<{ absenties: Array<{ categorie: string }> }>().absenties.map(({ categorie }) => categorie)
  t.same(await categorieen(), ['niet-ingedeeld', 'niet-ingedeeld', 'niet-ingedeeld', 'geoorloofd'])

  const url = '/v1/scholen/99AA/beleidsversies'
  const post = async (path: string, payload: object = {}): Promise<{ statusCode: number, body: Record<string, unknown> }> => {
    const { statusCode, json } = await service.inject({ method: 'POST', url: path, ...(path === url ? { payload } : {}) })
    return { statusCode, body: json() }
  }
  const redenen = [{ code: 'EIGEN', omschrijving: 'Eigen reden', categorie: 'ongeoorloofd' }, { code: 'ZK', omschrijving: 'Ziek', categorie: 'geoorloofd' }]
  const concept = await post(url, { geldigVan: '2025-09-08', redenen, regels: [{ regel: 'wettelijk-16-uur-18plus', aan: true }] })
  t.match(concept, { statusCode: 201, body: { versie: 1, status: 'concept' } })
  t.same(await categorieen(), ['niet-ingedeeld', 'niet-ingedeeld', 'niet-ingedeeld', 'geoorloofd'], 'a concept changes nothing')
  t.equal((await post(`${url}/1/vaststelling`)).statusCode, 201)
  t.same(await categorieen(), ['niet-ingedeeld', 'ongeoorloofd', 'ongeoorloofd', 'geoorloofd'])
  t.same((await list(service)).map((s) => [s.einddatum, s.beleidsversie]), [['2025-09-09', '1']], 'the rule for 18 and older is on')

  t.match(await post(`${url}/1/vaststelling`), { statusCode: 409, body: { code: 'beleid-vastgesteld' } })
  t.match(await post(url, { geldigVan: '2025-09-09', geldigTot: '2025-09-09', redenen }), { statusCode: 400 }, 'an end is no input')
  await post(url, { geldigVan: '2025-09-09', redenen: [{ code: 'EIGEN', omschrijving: 'Eigen reden', categorie: 'geoorloofd' }] })
  t.equal((await post(`${url}/2/vaststelling`)).statusCode, 201, 'a later version takes over')
  t.same(await categorieen(), ['niet-ingedeeld', 'ongeoorloofd', 'geoorloofd', 'niet-ingedeeld'])
  t.same((await list(service, '&status=open')).length, 0)
  t.equal((await post(url, { geldigVan: '2026-01-01', regels: [{ regel: 'wettelijk-16-uur', aan: false }] })).statusCode, 201)
  t.match(await post(`${url}/3/vaststelling`), { statusCode: 409, body: { code: 'beleid-onvolledig', errors: [{ code: 'zwakker-dan-wet', pointer: '/regels/0/aan' }] } })
})

t.test('what stays unexplained becomes ongeoorloofd only where the beleid says so, after its lesdagen', async (t) => {
  let now = new Date('2025-09-11T10:00:00Z')
  const service = await startService(t, { now: () => now })
  await createSchool(service)
  await service.inject({ method: 'POST', url: '/v1/scholen/99AA/beleidsversies', payload: { geldigVan: '2025-08-01', onverklaardNaLesdagen: 3 } })
  await service.inject({ method: 'POST', url: '/v1/scholen/99AA/beleidsversies/1/vaststelling' })
  await push(service, ['2025-09-05', '2025-09-08', '2025-09-09'].map((datum) => buildAbsentie(datum, datum, { reden: null, minuten: 330 })))
  const { applyOnverklaard } = await import('../../src/beleid/service.ts')
  const categorieen = async (): Promise<unknown> => (await service.inject({ url: '/v1/absenties?school=99AA' })).json<{ absenties: Array<{ categorie: string }> }>().absenties.map(({ categorie }) => categorie)
  t.same(await categorieen(), ['ongeoorloofd', 'ongeoorloofd', 'onverklaard'], 'three lesdagen after 8 September is 11 September')
  now = new Date('2025-09-12T01:00:00Z')
  const bearer = await service.token()
  t.equal(await applyOnverklaard(service.app.makeCtx(systemActor('test', ['99AA'])), '99AA'), 1)
  await service.evaluate()
  t.same((await service.inject({ bearer, url: '/v1/signalen?school=99AA' })).json<{ signalen: Signaal[] }>().signalen.map(({ minuten }) => minuten), [990])
})

t.test('the margins say how far off a rule is, and when', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await push(service, [
    dag('2025-09-08', { minuten: 300 }), dag('2025-09-17', { minuten: 330 }), dag('2025-09-18', { reden: 'ZK' }), dag('2025-09-19', { soort: 'te-laat', reden: 'TL', minuten: 20 }),
    dag('2025-09-22', { minuten: null, soort: 'eerder-weg' })
  ])
  const answer = (await service.inject({ url: '/v1/leerlingen/test-lvs/L-1/marges?school=99AA&peildatum=2025-09-24' })).json()
  t.match(answer.marges[0], {
    regel: 'wettelijk-16-uur',
    minuten: 630,
    resterendMinuten: 330,
    vensterVan: '2025-09-01',
    laatsteEinddatum: null,
    oudsteDag: { datum: '2025-09-08', minuten: 300, vervaltOp: '2025-10-06' },
    vroegsteDatum: '2025-09-25',
    toelichting: '630 van 960 minuten in het venster van 4 lesweken, geteld sinds 1 september 2025; nog 330 minuten tot een signaal.'
  })
  t.same(answer.marges[0].nietGeteld.map(({ datum, waarom }: { datum: string, waarom: string }) => `${datum} ${waarom}`), ['2025-09-18 is geoorloofd', '2025-09-19 soort te-laat telt hier niet', '2025-09-22 het aantal minuten is onbekend'])
  t.equal((await service.inject({ url: '/v1/leerlingen/test-lvs/L-404/marges?school=99AA' })).statusCode, 404)
})

t.test('after any edits the signalen are those of a fresh start from the final facts', async (t) => {
  const service = await startService(t)
  const dagen = ['2025-09-01', '2025-09-03', '2025-09-05', '2025-09-08', '2025-09-10', '2025-09-16', '2025-09-24', '2025-10-01', '2025-10-06', '2025-10-27', '2025-11-03', '2025-11-10']
  const edit = fc.oneof(
    { weight: 6, arbitrary: fc.record({ soort: fc.constant('absentie' as const), datum: fc.constantFrom(...dagen), minuten: fc.constantFrom(120, 330, 480, 960), reden: fc.constantFrom('SPIJ', 'SPIJ', 'ZK', null) }) },
    { weight: 2, arbitrary: fc.record({ soort: fc.constant('intrekking' as const), datum: fc.constantFrom(...dagen) }) },
    { weight: 1, arbitrary: fc.record({ soort: fc.constant('vrijstelling' as const), van: fc.constantFrom(...dagen), tot: fc.constantFrom('2025-09-20', '2025-11-05') }) },
    { weight: 1, arbitrary: fc.record({ soort: fc.constant('kalender' as const), vrij: fc.constantFrom(...dagen) }) },
    { weight: 1, arbitrary: fc.record({ soort: fc.constant('geboortedatum' as const), datum: fc.constantFrom('2014-01-01', '2007-09-10', '2020-08-20') }) }
  )
  let run = 0
  await fc.assert(fc.asyncProperty(fc.array(edit, { minLength: 3, maxLength: 15 }), async (edits) => {
    const school = `${10 + run % 90}Z${String.fromCharCode(65 + Math.floor(run++ / 90))}`
    const bearer = await service.token({ scholen: [school] })
    await createSchool(service, { vestiging: `${school}00`, bearer })
    const absentie = (key: string, leerling: string, datum: string, rest: object): Record<string, unknown> => ({ ...buildAbsentie(key, datum), school, vestiging: `${school}00`, leerling, ...rest })
    const leerling = async (bronId: string, geboortedatum: string): Promise<void> => {
      await service.inject({ bearer, method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ bronId, school, geboortedatum, inschrijvingen: [{ vestiging: `${school}00`, van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }] }] } })
    }
    const vrijstelling = async (bronId: string, van: string, tot: string): Promise<void> => {
      await service.inject({ bearer, method: 'PUT', url: `/v1/vrijstellingen/V-${bronId}`, payload: { leerling: bronId, school, grondslag: '5a', van, tot: van <= tot ? tot : van } })
    }
    const final = new Map<string, Record<string, unknown>>()
    let [geboortedatum, vrij] = ['2014-03-10', undefined as { van: string, tot: string } | undefined]
    for (const [at, one] of edits.entries()) {
      const gewijzigdOp = `2025-12-01T10:${String(at).padStart(2, '0')}:00Z`
      if (one.soort === 'absentie') await push(service, [final.set(one.datum, { datum: one.datum, minuten: one.minuten, reden: one.reden, gewijzigdOp }).get(one.datum)!].map((f) => absentie(`a-${one.datum}`, 'L-1', one.datum, f)), bearer)
      else if (one.soort === 'intrekking') {
        final.delete(one.datum)
        await push(service, [{ bronId: `a-${one.datum}`, school, ingetrokken: true, gewijzigdOp }], bearer)
      } else if (one.soort === 'vrijstelling') await vrijstelling('L-1', ...Object.values(vrij = { van: one.van, tot: one.tot }) as [string, string])
      else if (one.soort === 'kalender') await service.inject({ bearer, method: 'PUT', url: `/v1/vestigingen/${school}00/kalenders/2025-2026`, payload: { lesvrij: [{ van: '2025-10-18', tot: '2025-10-26' }, { van: one.vrij, tot: one.vrij }] } })
      else await leerling('L-1', geboortedatum = one.datum)
      if (at % 3 === 0) await service.evaluate()
    }
    await service.evaluate()
    // The final facts for another leerling of the same school, in one go. Days that are no lesdag any more would be refused now, and count nowhere.
    await leerling('L-2', geboortedatum)
    if (vrij !== undefined) await vrijstelling('L-2', vrij.van, vrij.tot)
    if (final.size > 0) await push(service, [...final].map(([datum, rest]) => absentie(`f-${datum}`, 'L-2', datum, rest)), bearer)
    await service.evaluate()
    const standing = async (bronId: string): Promise<unknown> => (await service.inject({ bearer, url: `/v1/signalen?school=${school}&leerling=${bronId}&status=open` })).json<{ signalen: Array<Record<string, unknown>> }>().signalen
      .map(({ begindatum, einddatum, minuten, uiterlijkMelden }) => ({ begindatum, einddatum, minuten, uiterlijkMelden }))
    t.strictSame(await standing('L-1'), await standing('L-2'))
    t.same((await verifySample(service.app.makeCtx(systemActor('test', [school])), school, 10, 'x')).verschillen, [])
  }), { numRuns: 40, seed: 20_260_902 })
})
