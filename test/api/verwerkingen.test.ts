import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { VERWERKINGSACTIVITEITEN } from '../../src/domain/verwerkingsactiviteit.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { formatTraceparent, openTrace } from '../../src/verwerkingen/trace.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import type { LightMyRequestResponse } from 'fastify'

interface Verwerking { readonly positie: number, readonly tijdstip: string, readonly activiteit: { readonly id: string, readonly code: string, readonly doel: string, readonly grondslag: string }, readonly toepassing: string, readonly persoon: string | null, readonly rol: string | null, readonly aantalBetrokkenen: number, readonly traceId: string, readonly spanId: string }
interface Pagina { readonly verwerkingen: readonly Verwerking[], readonly zegel: { readonly positie: number, readonly sha256: string } | null, readonly volgende: string | null }

const wie = (leerling: string, vraag = ''): string => `/v1/leerlingen/test-lvs/${leerling}/verwerkingen?school=99AA${vraag}`
const read = (answer: LightMyRequestResponse): Pagina => answer.json<Pagina>()

async function pushLeerlingen (service: Service, leerlingen: readonly string[]): Promise<void> {
  const { body } = await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: leerlingen.map((bronId) => ({ bronId, school: '99AA', geboortedatum: '2014-03-10', persoonsgebondenNummer: bronId === 'L-2' ? '999990019' : undefined, inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }] })) } })
  if (!body.includes('"afgewezen":0')) throw new Error(body)
}

t.test('a leerling sees who saw him, for what, by what right', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await pushLeerlingen(service, ['L-2', 'L-3'])
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('a-1', '2026-03-09'), buildAbsentie('a-2', '2026-03-09', { leerling: 'L-2' })] } })
  await service.inject({ method: 'PUT', url: '/v1/groepen/3B', payload: { school: '99AA', naam: '3B', begeleiders: [{ persoon: 'mw-de-vries', rol: 'mentor', van: '2026-01-01' }], leden: [{ leerling: 'L-1', van: '2026-01-01' }] } })
  const mentor = await service.token({ bron: 'mentor-app', extra: { sub: 'mw-de-vries', rol: 'mentor' } })
  const seen = await service.inject({ bearer: mentor, url: '/v1/absenties?school=99AA&leerling=L-1', headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } })
  t.match(seen.headers['traceparent'], /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/, 'the answer goes on in the trace of the caller')
  await service.evaluate()

  const { verwerkingen, zegel, volgende } = read(await service.inject({ url: wie('L-1') }))
  t.equal(volgende, null)
  const lezing = verwerkingen.find(({ toepassing }) => toepassing === 'mentor-app')
  t.match(lezing, {
    activiteit: { id: 'urn:aanwezig:verwerkingsactiviteit:absenties:lezen', code: 'absenties:lezen', doel: VERWERKINGSACTIVITEITEN['absenties:lezen'].doel, grondslag: VERWERKINGSACTIVITEITEN['absenties:lezen'].grondslag },
    persoon: 'mw-de-vries',
    rol: 'mentor',
    doelbinding: 'begeleiding',
    aantalBetrokkenen: 1,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: String(seen.headers['traceparent']).slice(36, 52)
  })
  t.match(verwerkingen.find(({ activiteit }) => activiteit.code === 'absenties:schrijven'), { toepassing: 'test-lvs', persoon: null, rol: null, aantalBetrokkenen: 2 }, 'a push of a client without a person')
  t.match(verwerkingen.find(({ activiteit }) => activiteit.code === 'signalen:evalueren'), { toepassing: 'systeem:evaluatie', persoon: null })
  t.match(verwerkingen.find(({ activiteit }) => activiteit.code === 'stamgegevens:schrijven'), { aantalBetrokkenen: 1 })
  t.equal(zegel!.positie, verwerkingen[0]!.positie >= zegel!.positie ? verwerkingen[0]!.positie : zegel!.positie, 'everything shown is sealed')
  t.match(zegel!.sha256, /^[0-9a-f]{64}$/)

  const other = read(await service.inject({ url: wie('L-2') })).verwerkingen
  t.notOk(other.some(({ toepassing, activiteit }) => toepassing === 'mentor-app' || activiteit.code === 'verwerkingen:lezen'), 'of another leerling other things')
  const again = read(await service.inject({ url: wie('L-1') })).verwerkingen
  t.equal(again.length, verwerkingen.length + 1)
  t.match(again[0], { activiteit: { code: 'verwerkingen:lezen' }, toepassing: 'test-lvs' }, 'reading this is recorded as well')
  t.equal(read(await service.inject({ url: wie('L-nooit-gezien') })).verwerkingen.length, 0)
  t.equal((await service.inject({ url: wie('L-1', '&van=2026-03-02&tot=2026-03-01') })).statusCode, 400)
})

t.test('pages are complete and in order, whatever is recorded in between', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  for (let at = 0; at < 12; at++) {
    await service.inject({ url: `/v1/absenties?school=99AA&leerling=L-${at % 2 === 0 ? 1 : 2}` })
    await service.inject({ url: '/v1/leerlingen/test-lvs/L-1?school=99AA' })
    // Sealed in pieces: a page crosses seals.
    if (at % 4 === 0) await service.inject({ url: wie('L-2') })
  }
  await service.evaluate()
  const all = read(await service.inject({ url: wie('L-1', '&limit=1000') })).verwerkingen.map(({ positie }) => positie)
  t.ok(all.length >= 13)
  t.strictSame(all, all.toSorted((a, b) => b - a), 'the last first')
  const collected: number[] = []
  let answer = await service.inject({ url: wie('L-1', '&limit=3') })
  for (;;) {
    const { verwerkingen, volgende } = read(answer)
    collected.push(...verwerkingen.map(({ positie }) => positie))
    if (volgende === null) break
    t.equal(answer.headers['link'], `<${wie('L-1').split('?')[0]}?school=99AA&limit=3&cursor=${volgende}>; rel="next"`)
    answer = await service.inject({ url: wie('L-1', `&limit=3&cursor=${volgende}`) })
  }
  t.strictSame(collected.slice(1), all, 'one more than before: the reading of all of them')
  t.equal((await service.inject({ url: wie('L-1', '&cursor=W10') })).statusCode, 400)

  const vandaag = service.app.makeCtx({ bron: 'x', rechten: new Set(), scholen: [] }).vandaag()
  t.ok(read(await service.inject({ url: wie('L-1', `&van=${vandaag}&tot=${vandaag}`) })).verwerkingen.length > all.length)
  t.equal(read(await service.inject({ url: wie('L-1', '&van=2020-01-01&tot=2020-12-31') })).verwerkingen.length, 0)
  t.equal(read(await service.inject({ url: wie('L-1', `&tot=${vandaag.slice(0, 4) === '2020' ? '2019' : '2020'}-12-31`) })).verwerkingen.length, 0)
})

t.test('a trace goes on from a good traceparent, and begins anew for anything else', async (t) => {
  const good = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  for (const [header, goesOn] of [
    [good, true],
    [good.replace(/^00/, '01'), true],
    [`${good.replace(/^00/, 'cc')}-later`, true],
    [`${good}-later`, false],
    [good.replace(/^00/, 'ff'), false],
    [good.toUpperCase(), false],
    [good.replace(/-b7ad6b7169203331-/, '-0000000000000000-'), false],
    [good.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)), false],
    [good.slice(0, -1), false],
    [`${good} `, false],
    ['', false],
    [undefined, false]
  ] as const) {
    const trace = openTrace(header)
    t.equal(trace.traceId === '0af7651916cd43dd8448eb211c80319c', goesOn, header ?? 'no header')
    t.match(formatTraceparent(trace), /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/)
    t.strictSame(trace.nextSpan(), { span: trace.spanId, ouder: goesOn ? 'b7ad6b7169203331' : null }, 'the first action hangs on the caller')
    t.match(trace.nextSpan(), { span: /^[0-9a-f]{16}$/, ouder: trace.spanId }, 'the others on the first')
  }
  const service = await startService(t)
  const { headers } = await service.inject({ url: '/v1/regels', headers: { traceparent: 'onzin' } })
  t.match(headers['traceparent'], /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  t.match((await service.inject({ method: 'POST', url: '/graphql', payload: { query: '{ __typename }' }, headers: { traceparent: good } })).headers['traceparent'], /^00-0af7651916cd43dd8448eb211c80319c-/)
  t.equal((await service.inject({ url: '/v1/regels', bearer: null })).headers['traceparent'], undefined, 'without a token nothing is begun')
})

t.test('the register is open, complete, and says of each activity what AVG art. 30 asks', async (t) => {
  const service = await startService(t)
  const answer = await service.inject({ url: '/v1/verwerkingsactiviteiten', bearer: null })
  const { verwerkingsactiviteiten } = answer.json<{ verwerkingsactiviteiten: Array<Record<string, string | string[]>> }>()
  t.strictSame(verwerkingsactiviteiten.map(({ code }) => code), Object.keys(VERWERKINGSACTIVITEITEN))
  for (const activiteit of verwerkingsactiviteiten) {
    t.equal(activiteit['id'], `urn:aanwezig:verwerkingsactiviteit:${String(activiteit['code'])}`)
    for (const field of ['naam', 'doel', 'grondslag', 'gegevens', 'betrokkenen', 'bewaartermijn', 'ontvangers']) t.ok((activiteit[field]?.length ?? 0) > 0, `${String(activiteit['code'])}: ${field}`)
    t.match(activiteit['grondslag'], /art\. \d/, 'a ground has its article')
  }

  // The type of recordVerwerking keeps the code to the register; here the other way round: nothing in it that nobody does.
  const src = join(import.meta.dirname, '..', '..', 'src')
  const code = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/(rechten|verwerkingsactiviteit|contract|routes)\.ts$/.test(file))
    .map((file) => readFileSync(join(src, file), 'utf8').replaceAll(/requireRecht\([^)]*\)/g, ''))
  const used = Object.keys(VERWERKINGSACTIVITEITEN).filter((activiteit) => code.some((text) => text.includes(`'${activiteit}'`) && /\brecord\w*\(/.test(text)))
  t.strictSame(used, Object.keys(VERWERKINGSACTIVITEITEN))
  const known = new Set<string>([...Object.keys(VERWERKINGSACTIVITEITEN), ...RECHTEN])
  const recorded = code.flatMap((text) => [...text.matchAll(/\brecord\w*\([^\n]*?'([a-z]+:[a-z]+)'/g)].map(([, activiteit]) => activiteit!))
  t.strictSame(recorded.filter((activiteit) => !known.has(activiteit)), [])
  t.ok(recorded.length > 20, 'the recordings of every room were read')
})

t.test('what the matrix of rights does not reach is recorded too', async (t) => {
  const service = await startService(t)
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  t.teardown(async () => { await owner.end() })
  const recorded = async (answer: LightMyRequestResponse): Promise<Record<string, number>> => {
    t.ok(answer.statusCode < 300, answer.body.slice(0, 300))
    const { rows } = await owner.query<{ activiteit: string, n: number }>('select activiteit, sum(octet_length(betrokkenen) / 16)::int as n from verwerking where trace_id = $1 group by 1 order by 1', [String(answer.headers['traceparent']).slice(3, 35)])
    return Object.fromEntries(rows.map(({ activiteit, n }) => [activiteit, n]))
  }
  await createSchool(service)
  await pushLeerlingen(service, ['L-2', 'L-3'])
  t.strictSame(await recorded(await service.inject({ method: 'POST', url: '/v1/leerlingen/_zoek', payload: { school: '99AA', persoonsgebondenNummer: '999990019' } })), { 'stamgegevens:zoeken': 1 }, 'who is found by his number')
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('a-1', '2026-03-09', { reden: 'X9' }), buildAbsentie('a-2', '2026-03-10', { reden: 'X9', leerling: 'L-2' }), buildAbsentie('a-3', '2026-03-10', { leerling: 'L-3' }), buildAbsentie('a-9', '2026-03-10', { leerling: 'L-9' })] } })
  t.strictSame(await recorded(await service.inject({ url: '/v1/wachtende-absenties?school=99AA' })), { 'absenties:lezen': 1 }, 'an absentie that waits names its leerling')
  t.strictSame(await recorded(await service.inject({ method: 'POST', url: '/v1/momentopnamen', payload: { school: '99AA', vestiging: '99AA00', van: '2026-03-09', tot: '2026-03-09', opgenomenOp: new Date().toISOString(), plafond: 100, absenties: [] } })), { 'absenties:schrijven': 1 }, 'what a momentopname withdraws')
  const kop = await service.inject({ method: 'POST', url: '/v1/scholen/99AA/beleidsversies', payload: { geldigVan: '2026-02-01', redenen: [{ code: 'X9', omschrijving: 'Eigen', categorie: 'ongeoorloofd' }] } })
  t.equal(kop.statusCode, 201, kop.body)
  t.strictSame(await recorded(await service.inject({ method: 'POST', url: `/v1/scholen/99AA/beleidsversies/${kop.json<{ versie: number }>().versie}/vaststelling` })), { 'absenties:schrijven': 3 }, 'whose absenties a beleid classifies anew, withdrawn ones too')
})
