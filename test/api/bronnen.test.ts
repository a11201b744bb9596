import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import pg from 'pg'
import t from 'tap'
import { buildKalender } from '../../src/domain/kalender.ts'
import { readMoment } from '../../src/duo/store.ts'
import { runNacht } from '../../src/jobs/nachtelijk.ts'
import { computeCellen } from '../../src/statistiek/service.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import type { Bronafspraak, Dagstand, Verklaringenantwoord } from '../../src/bronnen/contract.ts'

// Midden: autumn vacation 17 to 25 October; 30 October is a Friday.
const now = (): Date => new Date('2026-10-30T12:00:00Z')
const VESTIGING = '99AA00'

async function declare (service: Service, verklaringen: readonly unknown[], opties: { bearer?: string, proef?: boolean } = {}): Promise<Verklaringenantwoord> {
  const { bearer, proef = false } = opties
  const answer = await service.inject({ method: 'POST', url: `/v1/aanwezigheidsverklaringen?proef=${proef}`, payload: { verklaringen }, ...(bearer === undefined ? {} : { bearer }) })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json()
}

const short = ({ resultaten }: Verklaringenantwoord): string[] => resultaten.map(({ resultaat, lesdagen, problemen }) => [resultaat, ...problemen?.map(({ code, pointer }) => `${pointer} ${code}`) ?? [lesdagen]].join(' '))

async function listDagen (service: Service, van: string, tot: string, vestiging = VESTIGING): Promise<string[]> {
  const answer = await service.inject({ url: `/v1/aanwezigheidsverklaringen?vestiging=${vestiging}&van=${van}&tot=${tot}` })
  return answer.json<{ dagen: Dagstand[] }>().dagen.map(({ datum, aangeleverd, grond, absenties, verklaringen }) =>
    [datum, aangeleverd ? grond : 'onbekend', absenties, ...verklaringen.map(({ bron }) => bron)].join(' '))
}

async function push (service: Service, absenties: ReadonlyArray<Record<string, unknown>>, bearer?: string): Promise<void> {
  const answer = await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties }, ...(bearer === undefined ? {} : { bearer }) })
  if (answer.statusCode !== 200 || answer.body.includes('problemen')) throw new Error(answer.body)
}

async function putAfspraak (service: Service, geldigVan: string, payload: object, bearer?: string): Promise<{ status: number, body: Bronafspraak }> {
  const answer = await service.inject({ method: 'PUT', url: `/v1/scholen/99AA/bronafspraken/${geldigVan}`, payload, ...(bearer === undefined ? {} : { bearer }) })
  return { status: answer.statusCode, body: answer.json() }
}

async function readVolledigheid (service: Service, periode: string, vestiging = VESTIGING): Promise<unknown> {
  return (await service.inject({ url: `/v1/statistieken?vestiging=${vestiging}&periode=${periode}` })).json<{ volledigheid: unknown }>().volledigheid
}

async function query<T extends pg.QueryResultRow> (service: Service, statement: string): Promise<T[]> {
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  try {
    return (await owner.query<T>(statement)).rows
  } finally {
    await owner.end()
  }
}

t.test('a bron declares lesdagen complete, and each declaration stands alone', async (t) => {
  const service = await startService(t, { now })
  await createSchool(service, { regio: 'midden' })

  t.strictSame(short(await declare(service, [{ vestiging: VESTIGING, van: '2026-10-12', tot: '2026-10-26' }])), ['nieuw 6'], 'days of the vacation are no lesdag')
  t.strictSame(short(await declare(service, [{ vestiging: VESTIGING, van: '2026-10-26', tot: null }, { vestiging: VESTIGING, van: '2026-10-26', tot: '2026-10-27' }])), ['ongewijzigd 1', 'nieuw 2'])

  const answer = await declare(service, [
    { vestiging: '99AA09', van: '2026-10-12' },
    { vestiging: '99AB00', van: '2026-10-12' },
    { vestiging: VESTIGING, van: '2026-10-29', tot: '2026-10-31' },
    { vestiging: VESTIGING, van: '2026-10-30' },
    { vestiging: VESTIGING, van: '2026-10-19', tot: '2026-10-23' },
    { vestiging: VESTIGING, van: '2026-10-24' },
    { vestiging: VESTIGING, van: '2026-10-13', tot: '2026-10-12' },
    { vestiging: VESTIGING, van: '2025-08-01', tot: '2026-08-02' },
    { vestiging: VESTIGING, van: '2026-02-30' },
    { vestiging: VESTIGING, van: '2026-10-12', ingetrokken: false },
    { vestiging: VESTIGING, datum: '2026-10-12' },
    'geen record'
  ])
  t.strictSame(short(answer), [
    'afgewezen /vestiging vestiging-onbekend', 'afgewezen /vestiging school-onbekend', 'afgewezen /tot datum-in-toekomst', 'nieuw 1', 'afgewezen /van geen-lesdag', 'afgewezen /van geen-lesdag',
    'afgewezen /tot verkeerde-vorm', 'afgewezen /tot periode-te-lang', 'afgewezen /van verkeerde-vorm', 'afgewezen /ingetrokken onbekende-waarde', 'afgewezen /van ontbreekt /datum onbekend-veld', 'afgewezen  verkeerd-type'
  ])
  t.strictSame(answer.aantallen, { nieuw: 1, ongewijzigd: 0, ingetrokken: 0, afgewezen: 11 })
  t.match(answer.resultaten[5]!.problemen![0]!.detail, /^2026-10-24 is op deze vestiging geen lesdag: .+\.$/, 'why it is none')
  t.strictSame(await query(service, "select aantallen from aanlevering where soort = 'verklaringen' order by ontvangen_op desc limit 1"), [{ aantallen: { nieuw: 1, ongewijzigd: 0, ingetrokken: 0, afgewezen: 9 } }], 'the list of aanleveringen of the school holds what named it')

  t.strictSame(short(await declare(service, [{ vestiging: VESTIGING, van: '2026-10-28' }], { proef: true })), ['nieuw 1'])
  t.strictSame(await listDagen(service, '2026-10-23', '2026-11-06'), ['2026-10-26 verklaard 0 test-lvs', '2026-10-27 verklaard 0 test-lvs', '2026-10-28 onbekend 0', '2026-10-29 onbekend 0', '2026-10-30 verklaard 0 test-lvs'],
    'a proef wrote nothing, and days to come are not listed')

  const day = { vestiging: VESTIGING, van: '2026-10-28' }
  t.strictSame(short(await declare(service, [day, { ...day, ingetrokken: true }, { ...day, ingetrokken: true }, day])), ['nieuw 1', 'ingetrokken 1', 'ongewijzigd 1', 'nieuw 1'], 'in the order they were sent')
  t.strictSame(short(await declare(service, [{ ...day, van: '2026-10-26', tot: '2026-10-30', ingetrokken: true }])), ['ingetrokken 5'])
  t.strictSame(await listDagen(service, '2026-10-26', '2026-10-30'), ['26', '27', '28', '29', '30'].map((dag) => `2026-10-${dag} onbekend 0`))

  const tegelijk = await Promise.all(Array.from({ length: 8 }, async () => short(await declare(service, [day]))[0]))
  t.strictSame(tegelijk.sort(), ['nieuw 1', ...Array<string>(7).fill('ongewijzigd 1')], 'of eight at once one declares')
  t.equal((await query(service, "select from aanwezigheidsverklaring where datum = '2026-10-28' and ingetrokken_op = 'infinity'")).length, 1)

  for (const [query, pointer] of [['vestiging=99AA00', '#query/van'], ['vestiging=99AA00&van=2026-10-02&tot=2026-10-01', '#query/tot'], ['vestiging=99AA00&van=2025-01-01&tot=2026-10-01', '#query/tot'], ['vestiging=99aa00&van=2026-10-01', '#query/vestiging']] as const) {
    t.match((await service.inject({ url: `/v1/aanwezigheidsverklaringen?${query}` })).json(), { code: 'invoer-ongeldig', errors: [{ pointer }] }, query)
  }
  t.match((await service.inject({ url: '/v1/aanwezigheidsverklaringen?vestiging=99AA09&van=2026-10-01' })).json(), { code: 'niet-gevonden', detail: 'Vestiging 99AA09 is hier niet bekend.' })
})

t.test('a day that two bronnen declared stays delivered when one withdraws; nobody withdraws for another', async (t) => {
  const service = await startService(t, { now })
  await createSchool(service, { regio: 'midden' })
  const bearer = await service.token({ bron: 'ander-lvs' })
  const day = { vestiging: VESTIGING, van: '2026-09-14' }
  await declare(service, [day])
  t.strictSame(short(await declare(service, [{ ...day, ingetrokken: true }], { bearer })), ['ongewijzigd 1'], 'not its own')
  await declare(service, [day], { bearer })
  t.strictSame(await listDagen(service, day.van, day.van), ['2026-09-14 verklaard 0 ander-lvs test-lvs'])
  await declare(service, [{ ...day, ingetrokken: true }])
  t.strictSame(await listDagen(service, day.van, day.van), ['2026-09-14 verklaard 0 ander-lvs'])
  await declare(service, [{ ...day, ingetrokken: true }], { bearer })
  t.strictSame(await listDagen(service, day.van, day.van), ['2026-09-14 onbekend 0'])
})

t.test('figures know what was delivered: not counted, nothing, declared and implied are four things', async (t) => {
  const service = await startService(t, { now })
  await createSchool(service, { regio: 'midden' })
  await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA01', payload: { naam: 'Zonder gegevens', sector: 'po', regio: 'midden', gemeentecode: '0014' } })
  t.equal(await readVolledigheid(service, '2026-W42'), null, 'not counted yet')

  await declare(service, [{ vestiging: VESTIGING, van: '2026-08-31', tot: '2026-09-04' }])
  await runNacht(service.app)
  t.strictSame(await readVolledigheid(service, '2026-W36'), { lesdagen: 5, aangeleverd: 5 }, 'everybody was there')
  t.strictSame(await readVolledigheid(service, '2026-W42'), { lesdagen: 5, aangeleverd: 0 }, 'counted, and nothing known')
  t.strictSame(await readVolledigheid(service, '2026-W42', '99AA01'), { lesdagen: 5, aangeleverd: 0 })
  t.strictSame(await readVolledigheid(service, '2026-W43'), { lesdagen: 0, aangeleverd: 0 }, 'a vacation')
  await declare(service, [{ vestiging: VESTIGING, van: '2026-06-15' }])
  await runNacht(service.app)
  t.strictSame(await readVolledigheid(service, '2026-W26'), { lesdagen: 5, aangeleverd: 0 }, 'figures begin with the schooljaar of the first day that was declared')

  await push(service, [buildAbsentie('a-1', '2026-10-13'), buildAbsentie('a-2', '2026-10-14')])
  await declare(service, [{ vestiging: VESTIGING, van: '2026-10-14', tot: '2026-10-26' }])
  await runNacht(service.app)
  t.strictSame(await readVolledigheid(service, '2026-W42'), { lesdagen: 5, aangeleverd: 4 }, 'the night counts the weeks of changed declarations again')
  t.strictSame(await readVolledigheid(service, '2026-W44'), { lesdagen: 5, aangeleverd: 1 })
  t.strictSame(await listDagen(service, '2026-10-12', '2026-10-16'), ['2026-10-12 onbekend 0', '2026-10-13 door-aanlevering 1', '2026-10-14 verklaard 1 test-lvs', '2026-10-15 verklaard 0 test-lvs', '2026-10-16 verklaard 0 test-lvs'])

  t.equal((await putAfspraak(service, '2026-10-14', { volgorde: [], verklaring: 'uitdrukkelijk' })).status, 201)
  await declare(service, [{ vestiging: VESTIGING, van: '2026-10-14', ingetrokken: true }])
  t.strictSame(await listDagen(service, '2026-10-13', '2026-10-14'), ['2026-10-13 door-aanlevering 1', '2026-10-14 onbekend 1'], 'an absentie is enough up to the day before')
  await runNacht(service.app)
  t.strictSame(await readVolledigheid(service, '2026-W42'), { lesdagen: 5, aangeleverd: 3 })

  t.equal((await putAfspraak(service, '2026-10-13', { volgorde: [], verklaring: 'uitdrukkelijk' })).status, 201)
  await runNacht(service.app)
  t.strictSame(await readVolledigheid(service, '2026-W42'), { lesdagen: 5, aangeleverd: 2 }, 'without another change, the bronafspraak alone moves the figure')
  for (const geldigVan of ['2026-10-13', '2026-10-14']) t.equal((await service.inject({ method: 'DELETE', url: `/v1/scholen/99AA/bronafspraken/${geldigVan}` })).statusCode, 204)
  await runNacht(service.app)
  t.strictSame(await readVolledigheid(service, '2026-W42'), { lesdagen: 5, aangeleverd: 4 })
  await runNacht(service.app, { volledig: true })
  t.strictSame(await readVolledigheid(service, '2026-W42'), { lesdagen: 5, aangeleverd: 4 }, 'as counted in full')
})

t.test('whatever is declared, withdrawn and agreed, in any order: the days are those of the last of it, and every moment can be counted again', async (t) => {
  const service = await startService(t, { now })
  await createSchool(service, { regio: 'midden' })
  const lesdagen = ['08-31', '09-01', '09-02', '09-03', '09-04', '09-07', '09-08', '09-09', '09-10', '09-11'].map((dag) => `2026-${dag}`)
  const metAbsentie = [lesdagen[1]!, lesdagen[4]!, lesdagen[8]!]
  await push(service, metAbsentie.map((datum) => buildAbsentie(`a-${datum}`, datum)))
  const bearers = new Map([['test-lvs', await service.token()], ['ander-lvs', await service.token({ bron: 'ander-lvs' })]])
  const kalenders = new Map([[VESTIGING, buildKalender({ regio: 'midden', eigen: [] })]])

  const dag = fc.nat(lesdagen.length - 1)
  const verklaring = fc.record({ van: dag, tot: dag, ingetrokken: fc.boolean() }).map(({ van, tot, ingetrokken }) => ({ van: Math.min(van, tot), tot: Math.max(van, tot), ingetrokken }))
  const stap = fc.oneof(
    { weight: 4, arbitrary: fc.record({ bron: fc.constantFrom(...bearers.keys()), verklaringen: fc.array(verklaring, { minLength: 1, maxLength: 4 }) }) },
    { weight: 1, arbitrary: fc.record({ geldigVan: fc.constantFrom(lesdagen[0]!, lesdagen[4]!, lesdagen[8]!), verklaring: fc.option(fc.constantFrom('door-aanlevering' as const, 'uitdrukkelijk' as const)) }) }
  )
  // What stands is carried over from run to run, and so are the moments to count again.
  const verklaard = new Map([...bearers.keys()].map((bron) => [bron, new Set<string>()]))
  const afspraken = new Map<string, string>()
  const momenten: Array<{ moment: Date, aangeleverd: number }> = []
  await fc.assert(fc.asyncProperty(fc.array(stap, { minLength: 1, maxLength: 4 }), async (stappen) => {
    for (const each of stappen) {
      if ('bron' in each) {
        const eigen = verklaard.get(each.bron)!
        for (const { van, tot, ingetrokken } of each.verklaringen) for (const datum of lesdagen.slice(van, tot + 1)) ingetrokken ? eigen.delete(datum) : eigen.add(datum)
        const records = each.verklaringen.map(({ van, tot, ingetrokken }) => ({ vestiging: VESTIGING, van: lesdagen[van], tot: lesdagen[tot], ...(ingetrokken ? { ingetrokken } : {}) }))
        await declare(service, records, { bearer: bearers.get(each.bron)! })
      } else if (each.verklaring === null) {
        await service.inject({ method: 'DELETE', url: `/v1/scholen/99AA/bronafspraken/${each.geldigVan}` })
        afspraken.delete(each.geldigVan)
      } else {
        await putAfspraak(service, each.geldigVan, { volgorde: [], verklaring: each.verklaring })
        afspraken.set(each.geldigVan, each.verklaring)
      }
    }
    const verwacht = lesdagen.map((datum) => {
      const bronnen = [...verklaard].filter(([, eigen]) => eigen.has(datum)).map(([bron]) => bron).sort()
      const vorm = [...afspraken].filter(([van]) => van <= datum).sort().at(-1)?.[1]
      const grond = bronnen.length > 0 ? 'verklaard' : vorm !== 'uitdrukkelijk' && metAbsentie.includes(datum) ? 'door-aanlevering' : 'onbekend'
      return [datum, grond, metAbsentie.includes(datum) ? 1 : 0, ...bronnen].join(' ')
    })
    deepStrictEqual(await listDagen(service, lesdagen[0]!, lesdagen.at(-1)!), verwacht)
    momenten.push({ moment: await service.app.makeCtx(systemActor('test', ['99AA'])).transaction(readMoment), aangeleverd: verwacht.filter((regel) => !regel.includes('onbekend')).length })
  }), { numRuns: 40, seed: 20261030 })

  const ctx = service.app.makeCtx(systemActor('test', ['99AA']))
  const opnieuw = await ctx.transaction(async (tx) => {
    const found: number[] = []
    for (const { moment } of momenten) {
      const [w36, w37] = await computeCellen(tx, '99AA', { vestigingen: [VESTIGING], perioden: ['2026-W36', '2026-W37'], kalenders, peildatum: '2026-09-30', afkapmoment: moment }).then(({ cellen }) => cellen.filter(({ leerjaar }) => leerjaar === null))
      found.push(w36!.lesdagenAangeleverd + w37!.lesdagenAangeleverd)
    }
    return found
  })
  t.strictSame(opnieuw, momenten.map(({ aangeleverd }) => aangeleverd))
  t.ok(new Set(opnieuw).size > 3, 'and they differ')
})

t.test('bronafspraken say from a day on who goes before whom', async (t) => {
  const service = await startService(t, { now })
  const url = '/v1/scholen/99AA/bronafspraken'
  t.strictSame(await putAfspraak(service, '2026-10-01', { volgorde: [], verklaring: 'uitdrukkelijk' }).then(({ status, body }) => [status, (body as unknown as { code: string }).code]), [409, 'stamgegevens-onbekend'])
  await createSchool(service, { regio: 'midden' })
  const bearer = await service.token({ bron: 'ander-lvs' })
  const leerling = (bronId: string): object => ({ bronId, school: '99AA', geboortedatum: '2014-03-10', persoonsgebondenNummer: '999990019', inschrijvingen: [{ vestiging: VESTIGING, van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }] })
  await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [leerling('L-1')] } })
  await service.inject({ bearer, method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [leerling('X-1')] } })

  const list = async (): Promise<string[]> => (await service.inject({ url })).json<{ bronafspraken: Bronafspraak[] }>().bronafspraken.map(({ geldigVan, geldigTot, verklaring, bronnen, vastgelegdOp }) =>
    [geldigVan, geldigTot, verklaring, ...bronnen.map(({ bron, genoemd }) => genoemd ? bron : `(${bron})`), vastgelegdOp === null ? 'standaard' : ''].join(' ').trim())
  t.strictSame(await list(), ['1900-01-01  door-aanlevering (ander-lvs) (test-lvs) standaard'], 'in order of name')

  for (const datum of ['2026-10-12', '2026-10-13', '2026-10-14']) {
    await push(service, [buildAbsentie(`a-${datum}`, datum)])
    await push(service, [buildAbsentie(`x-${datum}`, datum, { leerling: 'X-1' })], bearer)
  }
  const overtroefd = async (): Promise<string[]> => (await service.inject({ url: '/v1/absenties?school=99AA' })).json<{ absenties: Array<{ bronId: string, overtroefdDoor: string | null }> }>().absenties
    .flatMap(({ bronId, overtroefdDoor }) => overtroefdDoor === null ? [] : [bronId])
  t.strictSame(await overtroefd(), ['a-2026-10-12', 'a-2026-10-13', 'a-2026-10-14'])

  const first = await putAfspraak(service, '2026-10-13', { volgorde: ['test-lvs', 'straks-lvs'], verklaring: 'door-aanlevering' })
  t.match(first, { status: 201, body: { school: '99AA', geldigVan: '2026-10-13', geldigTot: null, volgorde: ['test-lvs', 'straks-lvs'], bronnen: [{ bron: 'test-lvs', genoemd: true }, { bron: 'straks-lvs', genoemd: true }, { bron: 'ander-lvs', genoemd: false }] } })
  t.strictSame(await overtroefd(), ['a-2026-10-12', 'x-2026-10-13', 'x-2026-10-14'], 'from its day on')
  await putAfspraak(service, '2026-10-14', { volgorde: ['ander-lvs'], verklaring: 'uitdrukkelijk' })
  t.strictSame(await overtroefd(), ['a-2026-10-12', 'x-2026-10-13', 'a-2026-10-14'])
  t.strictSame(await list(), ['2026-10-14  uitdrukkelijk ander-lvs (test-lvs)', '2026-10-13 2026-10-13 door-aanlevering test-lvs straks-lvs (ander-lvs)', '1900-01-01 2026-10-12 door-aanlevering (ander-lvs) (test-lvs) standaard'])

  t.strictSame(await putAfspraak(service, '2026-10-13', { volgorde: ['test-lvs', 'straks-lvs'], verklaring: 'door-aanlevering' }), { status: 200, body: { ...first.body, geldigTot: '2026-10-13' } }, 'the same again is the same, since the same moment')
  t.equal((await putAfspraak(service, '2026-10-13', { volgorde: ['ander-lvs'], verklaring: 'door-aanlevering' })).status, 200)
  t.strictSame(await overtroefd(), ['a-2026-10-12', 'a-2026-10-13', 'a-2026-10-14'])
  t.equal((await service.inject({ method: 'DELETE', url: `${url}/2026-10-14` })).statusCode, 204)
  t.match((await service.inject({ method: 'DELETE', url: `${url}/2026-10-14` })).json(), { status: 404, code: 'niet-gevonden' })
  t.strictSame(await list(), ['2026-10-13  door-aanlevering ander-lvs (test-lvs)', '1900-01-01 2026-10-12 door-aanlevering (ander-lvs) (test-lvs) standaard'])
  t.strictSame(await query(service, "select geldig_van::text, volgorde[1] as bron, vervangen_op = 'infinity' as nu from bronafspraak order by geldig_van, vastgelegd_op"), [
    { geldig_van: '2026-10-13', bron: 'test-lvs', nu: false }, { geldig_van: '2026-10-13', bron: 'ander-lvs', nu: true }, { geldig_van: '2026-10-14', bron: 'ander-lvs', nu: false }
  ], 'what was replaced stays')

  await putAfspraak(service, '1900-01-01', { volgorde: ['test-lvs'], verklaring: 'door-aanlevering' })
  t.strictSame((await list()).length, 2, 'a bronafspraak from the first day on leaves no room for the standard one')
  t.strictSame(await overtroefd(), ['x-2026-10-12', 'a-2026-10-13', 'a-2026-10-14'])
  for (const [payload, pointer] of [[{ volgorde: ['a', 'a'], verklaring: 'uitdrukkelijk' }, '/volgorde'], [{ volgorde: ['a b'], verklaring: 'uitdrukkelijk' }, '/volgorde/0'], [{ volgorde: [] }, '/verklaring'], [{ volgorde: [], verklaring: 'soms' }, '/verklaring']] as const) {
    t.match(await putAfspraak(service, '2026-10-13', payload), { status: 400, body: { errors: [{ pointer }] } })
  }
  t.match(await putAfspraak(service, '2026-02-30', { volgorde: [], verklaring: 'uitdrukkelijk' }), { status: 400, body: { errors: [{ pointer: '#params/geldigVan' }] } })
})

t.test('a marge says on which lesdagen it rests', async (t) => {
  const service = await startService(t, { now })
  await createSchool(service, { regio: 'midden' })
  interface Marge { volledigheid: { lesdagen: number, aangeleverd: number, onbekend: string[] }, toelichting: string, vensterVan: string }
  const read = async (peildatum: string, bronId = 'L-1'): Promise<Marge> => (await service.inject({ url: `/v1/leerlingen/test-lvs/${bronId}/marges?school=99AA&peildatum=${peildatum}` })).json<{ marges: Marge[] }>().marges[0]!

  await push(service, [buildAbsentie('a-1', '2026-10-15')])
  await declare(service, [{ vestiging: VESTIGING, van: '2026-09-28', tot: '2026-10-12' }])
  const marge = await read('2026-10-16')
  t.equal(marge.vensterVan, '2026-09-21')
  t.strictSame(marge.volledigheid, { lesdagen: 20, aangeleverd: 12, onbekend: ['2026-09-21', '2026-09-22', '2026-09-23', '2026-09-24', '2026-09-25', '2026-10-13', '2026-10-14', '2026-10-16'] })
  t.match(marge.toelichting, /nog \d+ minuten tot een signaal\. Niet aangeleverd en dus onbekend: 8 van de 20 lesdagen in het venster\.$/)

  await declare(service, [{ vestiging: VESTIGING, van: '2026-09-21', tot: '2026-10-16' }])
  t.strictSame((await read('2026-10-16')).volledigheid, { lesdagen: 20, aangeleverd: 20, onbekend: [] })
  t.match((await read('2026-10-16')).toelichting, /tot een signaal\.$/)
  t.strictSame((await read('2026-10-12')).volledigheid.lesdagen, 16, 'up to the peildatum')
  t.strictSame((await read('2026-11-06')).volledigheid, { lesdagen: 15, aangeleverd: 10, onbekend: ['2026-10-26', '2026-10-27', '2026-10-28', '2026-10-29', '2026-10-30'] }, 'days to come are not unknown')

  await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA01', payload: { naam: 'Tweede', sector: 'po', regio: 'midden', gemeentecode: '0014' } })
  const inschrijvingen = [{ vestiging: VESTIGING, van: '2026-08-01', tot: '2026-10-14' }, { vestiging: '99AA01', van: '2026-10-14' }].map((each) => ({ ...each, leerjaar: 1, minutenPerWeek: 1500 }))
  await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ bronId: 'L-2', school: '99AA', geboortedatum: '2014-03-10', inschrijvingen }] } })
  t.strictSame((await read('2026-10-16', 'L-2')).volledigheid, { lesdagen: 20, aangeleverd: 17, onbekend: ['2026-10-14', '2026-10-15', '2026-10-16'] }, 'each day where the leerling was enrolled, and on a day at two of them at both')
})
