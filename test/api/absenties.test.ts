import { Readable } from 'node:stream'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { deriveMinuten, SOORTEN, DAGDELEN } from '../../src/domain/absentie.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'

interface Antwoord {
  readonly aanlevering: string
  readonly aantallen: Record<string, number>
  readonly resultaten: ReadonlyArray<{ index: number, bronId?: string, resultaat: string, problemen?: ReadonlyArray<{ code: string, pointer: string, detail: string }> }>
}
interface Absentie { readonly bronId: string, readonly datum: string, readonly minuten: number | null, readonly categorie: string, readonly reden: string | null }

async function push (service: Service, absenties: readonly unknown[], query = ''): Promise<Antwoord> {
  const answer = await service.inject({ method: 'POST', url: `/v1/absenties/_bulk${query}`, payload: { absenties } })
  if (answer.statusCode !== 200 || answer.headers['content-type'] !== 'application/json; charset=utf-8') throw new Error(`${answer.statusCode} ${answer.headers['content-type']} ${answer.body}`)
  return answer.json<Antwoord>()
}

async function list (service: Service, query = ''): Promise<Absentie[]> {
  return (await service.inject({ url: `/v1/absenties?school=99AA&limit=1000${query}` })).json<{ absenties: Absentie[] }>().absenties
}

const resultaten = ({ resultaten: all }: Antwoord): string[] => all.map(({ resultaat }) => resultaat)

t.test('a push says of each record what happened to it', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const op = (uur: number): string => `2025-09-08T${String(uur).padStart(2, '0')}:00:00+02:00`

  const cases: ReadonlyArray<readonly [name: string, record: Record<string, unknown>, resultaat: string]> = [
    ['a first version is new', buildAbsentie('a', '2025-09-08', { gewijzigdOp: op(9) }), 'nieuw'],
    ['the same again writes nothing', buildAbsentie('a', '2025-09-08', { gewijzigdOp: op(9) }), 'ongewijzigd'],
    ['a later version replaces it', buildAbsentie('a', '2025-09-08', { reden: 'ZK', gewijzigdOp: op(11) }), 'gewijzigd'],
    ['an earlier one never does', buildAbsentie('a', '2025-09-08', { reden: 'MED', gewijzigdOp: op(10) }), 'verouderd'],
    ['the same content at a later moment changes nothing', buildAbsentie('a', '2025-09-08', { reden: 'ZK', gewijzigdOp: op(13) }), 'ongewijzigd'],
    ['but it holds off what lies before that moment', buildAbsentie('a', '2025-09-08', { reden: 'MED', gewijzigdOp: op(12) }), 'verouderd'],
    ['a withdrawal', { bronId: 'a', school: '99AA', ingetrokken: true, gewijzigdOp: op(14) }, 'ingetrokken'],
    ['the withdrawal again', { bronId: 'a', school: '99AA', ingetrokken: true, gewijzigdOp: op(14) }, 'ongewijzigd'],
    ['a version before the withdrawal', buildAbsentie('a', '2025-09-08', { gewijzigdOp: op(13) }), 'verouderd'],
    ['a version after it brings the absentie back', buildAbsentie('a', '2025-09-08', { gewijzigdOp: op(15) }), 'gewijzigd'],
    ['a withdrawal that comes before its absentie', { bronId: 'b', school: '99AA', ingetrokken: true, gewijzigdOp: op(12) }, 'ingetrokken'],
    ['keeps that absentie out', buildAbsentie('b', '2025-09-08', { gewijzigdOp: op(9) }), 'verouderd'],
    ['a leerling nobody knows yet', buildAbsentie('c', '2025-09-08', { leerling: 'L-9' }), 'inWacht']
  ]
  for (const [name, record, resultaat] of cases) t.same(resultaten(await push(service, [record])), [resultaat], name)
  t.same((await list(service)).map(({ bronId }) => bronId), ['a'])
})

t.test('each record stands alone, and a refusal names every fault with its place', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const answer = await push(service, [
    buildAbsentie('ok-1', '2025-09-08'),
    { bronId: 'x', school: '99AA', vestiging: '99AA00', leerling: 'L-1', datum: '2026-02-30', soort: 'weg', redenn: 'ZK' },
    buildAbsentie('zondag', '2025-09-07'),
    buildAbsentie('vakantie', '2025-10-20'),
    buildAbsentie('vestiging', '2025-09-08', { vestiging: '99AA07' }),
    buildAbsentie('andere-school', '2025-09-08', { vestiging: '99AB00' }),
    buildAbsentie('school', '2025-09-08', { school: '99ZZ', vestiging: '99ZZ00' }),
    buildAbsentie('te-vroeg', '2018-09-10'),
    'geen record',
    buildAbsentie('ok-2', '2025-09-09', { minuten: null, reden: null })
  ])
  t.same(resultaten(answer), ['nieuw', 'afgewezen', 'afgewezen', 'afgewezen', 'afgewezen', 'afgewezen', 'afgewezen', 'afgewezen', 'afgewezen', 'nieuw'])
  const codes = answer.resultaten.map(({ problemen = [] }) => problemen.map(({ code, pointer }) => `${code} ${pointer}`))
  t.same(codes[1], ['verkeerde-vorm /datum', 'onbekende-waarde /soort', 'ontbreekt /gewijzigdOp', 'onbekend-veld /redenn'])
  t.same(codes.slice(2, 9), [['geen-lesdag /datum'], ['geen-lesdag /datum'], ['vestiging-onbekend /vestiging'], ['verkeerde-vorm /vestiging'], ['school-onbekend /school'], ['buiten-inschrijving /datum'], ['verkeerd-type ']])
  t.match(answer.resultaten[3]!.problemen![0]!.detail, /Herfstvakantie/i, 'the refusal says why it is no lesdag')
  t.equal(answer.aantallen.afgewezen, 8)
})

t.test('versions of one key in one push count in their own order', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const answer = await push(service, [
    buildAbsentie('a', '2025-09-08', { reden: 'ZK', gewijzigdOp: '2025-09-08T12:00:00Z' }),
    buildAbsentie('a', '2025-09-08', { reden: 'MED', gewijzigdOp: '2025-09-08T11:00:00Z' }),
    buildAbsentie('a', '2025-09-08', { reden: 'GEW', gewijzigdOp: '2025-09-08T13:00:00Z' })
  ])
  t.same(resultaten(answer), ['nieuw', 'verouderd', 'gewijzigd'])
  t.equal((await list(service))[0]!.reden, 'GEW')
  const { versies } = (await service.inject({ url: '/v1/absenties/test-lvs/a/geschiedenis?school=99AA' })).json<{ versies: Array<{ reden: string, verouderd: boolean, vervangenOp: string | null }> }>()
  t.same(versies.map(({ reden, verouderd, vervangenOp }) => [reden, verouderd, vervangenOp === null]), [['MED', true, false], ['ZK', false, false], ['GEW', false, true]], 'nothing that came in is lost')
})

t.test('a trial answers the same and writes nothing', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const records = [buildAbsentie('a', '2025-09-08'), buildAbsentie('b', '2025-09-08', { leerling: 'L-9' })]
  const trial = await push(service, records, '?proef=true')
  t.same(resultaten(trial), ['nieuw', 'inWacht'])
  t.same(await list(service), [])
  t.same((await service.inject({ url: '/v1/wachtende-absenties?school=99AA' })).json().wachtend, [])
  t.same(resultaten(await push(service, records)), resultaten(trial))
})

t.test('an absentie waits for its leerling, and is taken the moment that leerling is known', async (t) => {
  let now = new Date()
  const service = await startService(t, { now: () => now })
  await createSchool(service)
  const leerling = (bronId: string): object => ({ bronId, school: '99AA', geboortedatum: '2014-01-01', inschrijvingen: [{ vestiging: '99AA00', van: '2025-08-25', leerjaar: 4, minutenPerWeek: 1500 }] })
  await push(service, [
    buildAbsentie('past', '2025-09-08', { leerling: 'L-2', minuten: null }),
    buildAbsentie('buiten', '2024-09-09', { leerling: 'L-2' }),
    buildAbsentie('nooit', '2025-09-08', { leerling: 'L-3' })
  ])
  await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [leerling('L-2')] } })
  t.same((await list(service, '&leerling=L-2')).map(({ bronId, minuten }) => [bronId, minuten]), [['past', 300]], 'with the minutes of its rooster')
  const wachtend = async (): Promise<unknown> => (await service.inject({ url: '/v1/wachtende-absenties?school=99AA' })).json<{ wachtend: Array<{ bronId: string, probleem: { code: string } | null }> }>().wachtend.map(({ bronId, probleem }) => [bronId, probleem?.code])
  t.same(await wachtend(), [['buiten', 'buiten-inschrijving'], ['nooit', undefined]], 'what does not fit stays listed with its reason')

  const { refuseWachtende } = await import('../../src/absenties/service.ts')
  const { systemActor } = await import('../../src/toegang/service.ts')
  const ctx = service.app.makeCtx(systemActor('test', ['99AA']))
  now = new Date(Date.now() + 13 * 86_400_000)
  t.equal(await refuseWachtende(ctx, '99AA'), 0, 'the limit is 14 days')
  now = new Date(Date.now() + 15 * 86_400_000)
  t.equal(await refuseWachtende(ctx, '99AA'), 1)
  now = new Date()
  t.same(await wachtend(), [['buiten', 'buiten-inschrijving'], ['nooit', 'leerling-onbekend']])
  await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [leerling('L-3')] } })
  t.same((await list(service, '&leerling=L-3')).length, 1, 'and is still taken should the leerling come after all')
})

t.test('one absentie by PUT and DELETE, guarded by its ETag', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const { bronId, ...payload } = buildAbsentie('a', '2025-09-08')
  const url = '/v1/absenties/test-lvs/a'
  const created = await service.inject({ method: 'PUT', url, payload })
  t.equal(created.statusCode, 201)
  const etag = String(created.headers.etag)
  const read = await service.inject({ url: `${url}?school=99AA` })
  t.equal(read.headers.etag, etag)
  t.same(read.json(), created.json().absentie)

  const next = { ...payload, reden: 'ZK', gewijzigdOp: '2025-09-09T09:00:00Z' }
  t.equal((await service.inject({ method: 'PUT', url, payload: next, headers: { 'if-match': '"iets-anders"' } })).statusCode, 412)
  t.equal((await service.inject({ method: 'PUT', url, payload: next, headers: { 'if-match': etag } })).statusCode, 200)
  t.equal((await service.inject({ method: 'PUT', url: '/v1/absenties/andere-lvs/a', payload })).statusCode, 403, 'a bron writes only its own')
  const wrong = await service.inject({ method: 'PUT', url, payload: { ...payload, datum: '2025-09-07' } })
  t.match([wrong.statusCode, wrong.json().code, wrong.json().errors[0].code], [400, 'invoer-ongeldig', 'geen-lesdag'])
  t.equal((await service.inject({ method: 'PUT', url: '/v1/absenties/test-lvs/w', payload: { ...payload, leerling: 'L-9' } })).statusCode, 202)

  t.equal((await service.inject({ method: 'DELETE', url: `${url}?school=99AA&gewijzigdOp=2025-09-08T00:00:00Z` })).statusCode, 412, 'an older withdrawal does not win')
  t.equal((await service.inject({ method: 'DELETE', url: `${url}?school=99AA` })).statusCode, 204)
  t.equal((await service.inject({ method: 'DELETE', url: `${url}?school=99AA` })).statusCode, 404)
  t.equal((await service.inject({ url: `${url}?school=99AA` })).statusCode, 404)
})

t.test('NDJSON in gives NDJSON out, and a broken line stops no other', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const lines = [JSON.stringify(buildAbsentie('n-0', '2025-09-08')), '{"bronId": ', '', ...Array.from({ length: 2_500 }, (_, at) => JSON.stringify(buildAbsentie(`n-${at + 1}`, '2025-09-08', { minuten: 10 })))]
  const answer = await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', headers: { 'content-type': 'application/x-ndjson' }, payload: Readable.from([Buffer.from(lines.join('\n'))]) })
  t.equal(answer.statusCode, 200)
  t.equal(answer.headers['content-type'], 'application/x-ndjson')
  const out = answer.body.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
  t.same(out.at(-1)!['aantallen'], { nieuw: 2_501, gewijzigd: 0, ongewijzigd: 0, ingetrokken: 0, verouderd: 0, inWacht: 0, afgewezen: 1 })
  t.same(out.slice(0, -1).map(({ index }) => index), Array.from({ length: 2_502 }, (_, at) => at), 'one line a record, numbered through')
  t.match(out[1], { resultaat: 'afgewezen', problemen: [{ code: 'geen-json' }] })
})

t.test('pages follow each other without a gap, also while rows arrive', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const dagen = ['2025-09-08', '2025-09-09', '2025-09-10']
  await push(service, Array.from({ length: 25 }, (_, at) => buildAbsentie(`p-${String(at).padStart(2, '0')}`, dagen[at % 3]!, { minuten: 5 })))
  const seen: string[] = []
  let url: string | undefined = '/v1/absenties?school=99AA&limit=10'
  while (url !== undefined) {
    const page = await service.inject({ url })
    seen.push(...page.json<{ absenties: Absentie[] }>().absenties.map(({ bronId }) => bronId))
    url = /<([^>]+)>; rel="next"/.exec(String(page.headers.link))?.[1]
    await push(service, [buildAbsentie('p-late', '2025-09-08', { minuten: 5 })])
  }
  t.equal(new Set(seen).size, seen.length, 'no row twice')
  t.equal(seen.filter((bronId) => bronId !== 'p-late').length, 25)
  t.equal((await service.inject({ url: '/v1/absenties?school=99AA&cursor=onzin' })).statusCode, 400)
})

t.test('missed minutes: what a push derives, and derives anew when the lesuur changes, is what the domain derives', async (t) => {
  const service = await startService(t)
  await createSchool(service, { lesuurMinuten: 50, minutenPerWeek: 1503 })
  const rooster = [301, 301, 301, 300, 300]
  const dagen = ['2025-09-08', '2025-09-09', '2025-09-10', '2025-09-11', '2025-09-12']
  const cases = [...SOORTEN].flatMap((soort) => [null, 0, 37].flatMap((minuten) => [null, [2], [1, 2, 3]].flatMap((lesuren) => [null, ...DAGDELEN].flatMap((dagdeel) => dagen.map((datum, dag) => ({ soort, minuten, lesuren, dagdeel, datum, dag }))))))
  await push(service, cases.map(({ dag, ...record }, at) => buildAbsentie(`m-${at}`, record.datum, record)))
  for (const lesuurMinuten of [50, 45]) {
    await createSchool(service, { lesuurMinuten, minutenPerWeek: 1503 })
    const stored = new Map((await list(service)).map(({ bronId, minuten }) => [bronId, minuten]))
    for (const [at, { dag, ...record }] of cases.entries()) {
      if (stored.get(`m-${at}`) !== deriveMinuten(record, lesuurMinuten, rooster[dag]!)) t.fail(`${lesuurMinuten} ${JSON.stringify(record)}`)
    }
    t.equal(stored.size, cases.length)
  }
  t.equal(deriveMinuten({ soort: 'afwezig', minuten: null, lesuren: null, dagdeel: null }, 45, null), null, 'unknown stays unknown')
})

t.test('versions in any order, in any division over pushes, end in the same rows', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await createSchool(service, { leerling: 'L-2' })
  const versie = fc.record({ sleutel: fc.integer({ min: 0, max: 3 }), minuut: fc.integer({ min: 0, max: 59 }), soort: fc.constantFrom('SPIJ', 'ZK', null, 'weg'), dag: fc.constantFrom('2025-09-08', '2025-09-09') })
  let run = 0
  let vulling = 0
  // New records in number enough to make it a bulk, which begins as if nothing of it stood.
  const listVulling = (): unknown[] => Array.from({ length: 100 }, () => buildAbsentie(`v${vulling++}`, '2025-09-08', { leerling: 'L-2' }))
  await fc.assert(fc.asyncProperty(fc.uniqueArray(versie, { minLength: 1, maxLength: 14, selector: ({ sleutel, minuut }) => `${sleutel} ${minuut}` }), fc.infiniteStream(fc.nat(1_000)), async (versies, random) => {
    const name = run++
    const record = ({ sleutel, minuut, soort, dag }: typeof versies[number], kant: string): Record<string, unknown> => {
      const gewijzigdOp = `2025-09-10T10:${String(minuut).padStart(2, '0')}:00Z`
      return soort === 'weg' ? { bronId: `${kant}${name}-${sleutel}`, school: '99AA', ingetrokken: true, gewijzigdOp } : buildAbsentie(`${kant}${name}-${sleutel}`, dag, { reden: soort, minuten: minuut, gewijzigdOp })
    }
    const sorted = [...versies].sort((a, b) => a.minuut - b.minuut)
    for (const one of sorted) await push(service, [record(one, 's')])
    const shuffled = versies.map((one) => ({ one, key: random.next().value as number })).sort((a, b) => a.key - b.key).map(({ one }) => one)
    while (shuffled.length > 0) {
      const own = shuffled.splice(0, 1 + (random.next().value as number) % 5).map((one) => record(one, 'g'))
      const { aantallen } = await push(service, (random.next().value as number) % 2 === 0 ? [...own, ...listVulling()] : own)
      t.equal(aantallen.afgewezen, 0)
    }
    const rows = async (kant: string): Promise<unknown> => (await list(service, '&leerling=L-1')).filter(({ bronId }) => bronId.startsWith(`${kant}${name}-`)).map(({ bronId, ...rest }) => ({ ...rest, sleutel: bronId.split('-')[1] }))
    t.strictSame(await rows('g'), await rows('s'))
  }), { numRuns: 40, seed: 20_260_901 })
})

// Enough for a bulk, which begins as if nothing of it stood.
const SLEUTELS = 120

t.test('32 writers on the same keys neither deadlock nor lose', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const answers = await Promise.all(Array.from({ length: 32 }, async (_, writer) => await push(service, Array.from({ length: SLEUTELS }, (_, at) =>
    buildAbsentie(`c-${(at * 7 + writer) % SLEUTELS}`, '2025-09-08', { minuten: writer, gewijzigdOp: `2025-09-08T10:00:${String(writer).padStart(2, '0')}Z` })))))
  t.equal(answers.length, 32)
  t.ok(answers.every(({ aantallen }) => aantallen.afgewezen === 0))
  const rows = await list(service)
  t.equal(rows.length, SLEUTELS)
  t.ok(rows.every(({ minuten }) => minuten === 31), 'the latest version of each won')
  await sumVersies(t, service, SLEUTELS * 32)
})

t.test('a bulk of new records with some that stand after all: each is answered as if it came alone', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const bulk = (van: number, anders: Record<number, Record<string, unknown>> = {}): unknown[] => Array.from({ length: 150 }, (_, at) => buildAbsentie(`k-${String(van + at).padStart(4, '0')}`, '2025-09-08', anders[van + at]))
  const tel = ({ aantallen }: Antwoord): string => Object.entries(aantallen).flatMap(([naam, aantal]) => aantal === 0 ? [] : `${aantal} ${naam}`).join(', ')
  const wachtend = async (): Promise<number> => (await service.inject({ url: '/v1/wachtende-absenties?school=99AA' })).json<{ wachtend: unknown[] }>().wachtend.length
  const later = '2025-09-09T09:00:00+02:00'

  await push(service, [buildAbsentie('k-0005', '2025-09-08', { leerling: 'L-9' })])
  t.equal(await wachtend(), 1)
  t.equal(tel(await push(service, bulk(0))), '150 nieuw')
  t.equal(await wachtend(), 0, 'what waited under one of its keys is superseded')
  t.equal(tel(await push(service, bulk(149, { 149: { reden: 'ZK', gewijzigdOp: later } }), '?proef=true')), '149 nieuw, 1 gewijzigd', 'in a trial')
  t.equal(tel(await push(service, bulk(149, { 149: { reden: 'ZK', gewijzigdOp: later } }))), '149 nieuw, 1 gewijzigd', 'one stood')
  t.equal(tel(await push(service, bulk(300))), '150 nieuw', 'looked up, and none stood')
  t.equal(tel(await push(service, [...bulk(450), buildAbsentie('k-0500', '2025-09-08', { reden: 'ZK', gewijzigdOp: later })])), '150 nieuw, 1 gewijzigd', 'a key twice')
  t.equal(tel(await push(service, bulk(0))), '149 ongewijzigd, 1 verouderd')
  const { versies } = (await service.inject({ url: '/v1/absenties/test-lvs/k-0149/geschiedenis?school=99AA' })).json<{ versies: Array<{ reden: string }> }>()
  t.same(versies.map(({ reden }) => reden), ['SPIJ', 'ZK'], 'a push that began again left nothing behind')
})

t.test('what a push of new records was computed with is never out of date, however few or many they are', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const PUSHES: ReadonlyArray<readonly [naam: string, push: (sleutel: string) => Promise<number>]> = [
    ['by PUT', async (sleutel) => {
      const { bronId, ...payload } = buildAbsentie(`${sleutel}-0`, '2025-09-08')
      return (await service.inject({ method: 'PUT', url: `/v1/absenties/test-lvs/${bronId as string}`, payload })).statusCode === 201 ? 1 : 0
    }],
    ...[3, 150].map((aantal) => [`${aantal} at once`, async (sleutel: string) => (await push(service, Array.from({ length: aantal }, (_, at) => buildAbsentie(`${sleutel}-${at}`, '2025-09-08')))).aantallen['nieuw']!] as const)
  ]
  for (const [at, [naam, pushNieuw]] of PUSHES.entries()) {
    // Read and kept: what the next push of it finds changed.
    await push(service, [buildAbsentie(`vooraf-${at}`, '2025-09-08')])
    await createSchool(service, { minutenPerWeek: 1_500 - at * 250 })
    const aantal = await pushNieuw(`n${at}`)
    t.ok(aantal > 0, naam)
    t.same((await list(service)).filter(({ bronId }) => bronId.startsWith(`n${at}-`)).map(({ minuten }) => minuten), Array.from({ length: aantal }, () => 300 - at * 50), `${naam}: by the rooster of now`)
  }
})

async function sumVersies (t: Test, service: Service, expected: number): Promise<void> {
  let total = 0
  for (let at = 0; at < SLEUTELS; at++) total += (await service.inject({ url: `/v1/absenties/test-lvs/c-${at}/geschiedenis?school=99AA` })).json<{ versies: unknown[] }>().versies.length
  t.equal(total, expected, 'every version is in the history exactly once')
}

t.test('a version from the future is refused: it would go before every change that is still to come', async (t) => {
  const NU = '2026-03-12T09:00:00.000Z'
  const service = await startService(t, { now: () => new Date(NU) })
  await createSchool(service)
  const outcome = async (url: string, payload: object): Promise<string> => {
    const { statusCode, body } = await service.inject({ method: 'POST', url: `/v1${url}`, payload })
    interface Probleem { readonly code: string, readonly pointer: string }
    const { resultaten: [first] = [], errors } = JSON.parse(body) as { resultaten?: ReadonlyArray<{ resultaat: string, problemen?: readonly Probleem[] }>, errors?: readonly Probleem[] }
    const [fout] = errors ?? first?.problemen ?? []
    return [statusCode, first?.resultaat, fout?.code, fout?.pointer].filter((part) => part !== undefined).join(' ')
  }
  const GEWEIGERD = '200 afgewezen tijdstip-in-toekomst /gewijzigdOp'
  const afmelding = { school: '99AA', leerling: 'L-1', begin: { datum: '2026-03-12' } }
  const momentopname = { school: '99AA', vestiging: '99AA00', van: '2026-03-02', tot: '2026-03-02', absenties: [] }

  for (const [gewijzigdOp, laat] of [
    ['2026-03-12T09:05:00.000Z', false], ['2026-03-12T10:05:00+01:00', false], ['2026-03-11T23:05:00-10:00', false],
    ['2026-03-12T09:05:00.001Z', true], ['2026-03-12T10:05:00.001+01:00', true], ['2026-03-12T09:05:00+00:30', false], ['2026-03-12T09:06:00+00:00', true], ['9999-12-31T23:59:59Z', true]
  ] as const) {
    const key = gewijzigdOp.replaceAll(/[:+]/g, '.')
    t.equal(await outcome('/absenties/_bulk', { absenties: [buildAbsentie(`a${key}`, '2026-03-09', { gewijzigdOp })] }), laat ? GEWEIGERD : '200 nieuw', `an absentie of ${gewijzigdOp}`)
    t.equal(await outcome('/absenties/_bulk', { absenties: [{ bronId: `w${key}`, school: '99AA', ingetrokken: true, gewijzigdOp }] }), laat ? GEWEIGERD : '200 ingetrokken', `a withdrawal of ${gewijzigdOp}`)
    t.equal(await outcome('/afmeldingen/_bulk', { afmeldingen: [{ bronId: `m${key}`, ...afmelding, gewijzigdOp }] }), laat ? GEWEIGERD : '200 nieuw', `an afmelding of ${gewijzigdOp}`)
    t.equal(await outcome('/momentopnamen', { ...momentopname, opgenomenOp: gewijzigdOp }), laat ? '400 tijdstip-in-toekomst /opgenomenOp' : '200', `a momentopname of ${gewijzigdOp}`)
  }
  const [laat, op] = ['2026-03-12T09:05:00.001Z', '2026-03-12T09:05:00.000Z']
  t.equal(await outcome('/momentopnamen', { ...momentopname, opgenomenOp: NU, van: '2026-03-09', tot: '2026-03-09', plafond: 100, absenties: [buildAbsentie('s', '2026-03-09', { gewijzigdOp: laat })] }), GEWEIGERD, 'a record of a momentopname')
  for (const [method, url, payload] of [
    ['PUT', '/absenties/test-lvs/p', { ...buildAbsentie('', '2026-03-10'), bronId: undefined, gewijzigdOp: laat }],
    ['PUT', '/afmeldingen/test-lvs/p', { ...afmelding, gewijzigdOp: laat }],
    ['DELETE', `/absenties/test-lvs/p?school=99AA&gewijzigdOp=${laat}`, undefined],
    ['DELETE', `/afmeldingen/test-lvs/p?school=99AA&gewijzigdOp=${laat}`, undefined]
  ] as const) {
    if (method === 'DELETE') await service.inject({ method: 'PUT', url: `/v1${url.replace(/\?.*/, '')}`, payload: url.startsWith('/afm') ? { ...afmelding, gewijzigdOp: op } : { ...buildAbsentie('', '2026-03-10'), bronId: undefined, gewijzigdOp: op } })
    const answer = await service.inject({ method, url: `/v1${url}`, ...(payload === undefined ? {} : { payload }) })
    t.equal(answer.statusCode, 400, `${method} ${url} ${answer.body}`)
    t.match(answer.json(), { code: 'invoer-ongeldig', errors: [{ code: 'tijdstip-in-toekomst', pointer: '/gewijzigdOp' }] })
  }
})

t.test('a reden that says what ails a leerling is not taken, whoever sends it', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const codes = async (url: string, payload: object): Promise<string[]> => (await service.inject({ method: 'POST', url: `/v1${url}`, payload })).json<{ resultaten: Array<{ resultaat: string, problemen?: Array<{ code: string, pointer: string }> }> }>()
    .resultaten.map(({ resultaat, problemen = [] }) => [resultaat, ...problemen.flatMap(({ code, pointer }) => [code, pointer])].join(' '))
  t.strictSame(await codes('/absenties/_bulk', { absenties: ['Griep', 'ZK_MIGRAINE', 'ZK', 'ZKH', 'PSY'].map((reden, at) => buildAbsentie(`a-${at}`, '2026-03-09', { reden })) }), ['afgewezen aard-van-ziekte /reden', 'afgewezen aard-van-ziekte /reden', 'nieuw', 'nieuw', 'nieuw'])
  t.strictSame(await codes('/afmeldingen/_bulk', { afmeldingen: ['COVID-19', 'ZK'].map((reden, at) => ({ bronId: `m-${at}`, school: '99AA', leerling: 'L-1', begin: { datum: '2026-03-10' }, reden, gewijzigdOp: '2026-03-10T08:00:00Z' })) }), ['afgewezen aard-van-ziekte /reden', 'nieuw'])
})
