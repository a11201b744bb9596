import { Readable } from 'node:stream'
import fc from 'fast-check'
import pg from 'pg'
import t from 'tap'
import { verifySample } from '../../src/signalen/service.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'

interface Regel { readonly id: string, readonly soort: string, readonly bron: string, readonly actor: string, readonly delen: number, readonly aantallen: Record<string, number>, readonly bijzonderheden: Record<string, unknown>, readonly teruggedraaidDoor: string | null, readonly ontvangenOp: string, readonly gereedOp: string, readonly duurMs: number }
interface Gevolg { readonly id?: string, readonly leerling: { bronId: string }, readonly regel: string, readonly begindatum: string, readonly einddatum: string, readonly minuten: number }
interface Antwoord {
  readonly aanlevering: string
  readonly aantallen: Record<string, number>
  readonly resultaten: ReadonlyArray<{ index: number, bronId?: string, resultaat: string, problemen?: ReadonlyArray<{ code: string, pointer: string }> }>
  readonly ingetrokken: readonly string[]
  readonly nieuwerDan: readonly string[]
  readonly stond: number
  readonly percentage: number | null
  readonly sindsGewijzigd: readonly string[]
  readonly nietHersteld: ReadonlyArray<{ bronId: string, problemen: ReadonlyArray<{ code: string }> }>
  readonly signalen?: { nieuw: Gevolg[], gewijzigd: Gevolg[], vervallen: Gevolg[] }
}
interface Vraag { readonly status?: number, readonly bearer?: string }

async function send (service: Service, url: string, payload: object | undefined, { status = 200, bearer }: Vraag = {}): Promise<Antwoord & { code?: string, detail: string, errors?: ReadonlyArray<{ code: string, pointer: string, detail: string }> }> {
  const answer = await service.inject({ method: 'POST', url, ...(payload === undefined ? {} : { payload }), ...(bearer === undefined ? {} : { bearer }) })
  if (answer.statusCode !== status) throw new Error(`${answer.statusCode} ${answer.body}`)
  return answer.json()
}

const push = async (service: Service, absenties: readonly unknown[], vraag?: Vraag) => await send(service, '/v1/absenties/_bulk', { absenties }, vraag)
const revert = async (service: Service, aanlevering: string, vraag?: Vraag & { query?: string }) => await send(service, `/v1/aanleveringen/${aanlevering}/terugdraaiing?school=99AA${vraag?.query ?? ''}`, undefined, vraag)
const snapshot = async (service: Service, absenties: readonly unknown[], anders: Record<string, unknown> = {}, vraag?: Vraag & { query?: string }) =>
  await send(service, `/v1/momentopnamen${vraag?.query ?? ''}`, { school: '99AA', vestiging: '99AA00', van: '2025-09-08', tot: '2025-09-12', opgenomenOp: '2025-09-13T00:00:00Z', absenties, ...anders }, vraag)

async function list (service: Service, query = ''): Promise<Regel[]> {
  return (await service.inject({ url: `/v1/aanleveringen?school=99AA${query}` })).json<{ aanleveringen: Regel[] }>().aanleveringen
}

async function query (service: Service, statement: string, values: readonly unknown[] = []): Promise<Array<Record<string, unknown>>> {
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  try {
    return (await owner.query(statement, [...values])).rows
  } finally {
    await owner.end()
  }
}

/** The rows as they stand, without when they were stored and by what; of a withdrawn one only that it is. */
async function readRijen (service: Service, school = '99AA', deel = ''): Promise<Array<Record<string, unknown>>> {
  return await query(service, `
    select bron, substr(bron_id, length($2) + 1) as bron_id, right(vestiging, 2) as vestiging, leerling, datum, soort, reden, minuten, minuten_afgeleid, lesuren, dagdeel, categorie, overtroefd_door, gewijzigd_op
      from absentie where school = $1 and starts_with(bron_id, $2) and not ingetrokken order by bron_id, bron`, [school, deel])
}

async function readSignalen (service: Service): Promise<string[]> {
  await service.evaluate()
  const { signalen } = (await service.inject({ url: '/v1/signalen?school=99AA' })).json<{ signalen: Array<{ einddatum: string, minuten: number, status: string }> }>()
  return signalen.map(({ einddatum, minuten, status }) => `${einddatum} ${minuten} ${status}`)
}

const dag = (bronId: string, datum: string, anders: Record<string, unknown> = {}): Record<string, unknown> => buildAbsentie(bronId, datum, { minuten: 480, ...anders })
const weg = (bronId: string, gewijzigdOp: string): Record<string, unknown> => ({ bronId, school: '99AA', ingetrokken: true, gewijzigdOp })
const op = (uur: number): string => `2025-09-20T${String(uur).padStart(2, '0')}:00:00Z`
const kort = ({ leerling: { bronId }, einddatum, minuten }: Gevolg): string => `${bronId} ${einddatum} ${minuten}`
const codes = ({ resultaten }: Antwoord): string[][] => resultaten.map(({ problemen = [] }) => problemen.map(({ code, pointer }) => `${code} ${pointer}`))

t.test('everything a school was delivered is listed, newest first, with what was refused', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const absenties = await push(service, [dag('a', '2025-09-08'), dag('zondag', '2025-09-07'), dag('b', '2025-09-08', { leerling: 'L-9' })])
  await send(service, '/v1/leerlingen/_bulk', { leerlingen: [{ bronId: 'L-2', school: '99AA' }, { bronId: 'L-3', school: '99ZZ' }] })
  await send(service, '/v1/kalenders/_bulk', { kalenders: [{ vestiging: '99AA77', schooljaar: '2025-2026', lesvrij: [] }] })
  await service.inject({ method: 'PUT', url: '/v1/vrijstellingen/v-1', payload: { leerling: 'L-1', school: '99AA', grondslag: '5a', van: '2026-01-05', tot: '2026-01-09' } })
  await push(service, [dag('c', '2025-09-09')], { bearer: await service.token({ bron: 'ander-lvs', extra: { sub: 'j.jansen', rol: 'administratie' } }) })
  await push(service, [dag('nooit', '2025-09-09', { onbekend: 1 })])
  await send(service, '/v1/absenties/_bulk?proef=true', { absenties: [dag('proef', '2025-09-09')] })

  const all = await list(service)
  t.same(all.map(({ soort, bron, aantallen }) => [soort, bron, Object.entries(aantallen).filter(([, aantal]) => aantal > 0).map(([naam, aantal]) => `${naam} ${aantal}`).sort().join()]), [
    ['absenties', 'test-lvs', 'afgewezen 1'],
    ['absenties', 'ander-lvs', 'inWacht 1'],
    ['vrijstellingen', 'test-lvs', 'nieuw 1'],
    ['kalenders', 'test-lvs', 'afgewezen 1'],
    ['leerlingen', 'test-lvs', 'afgewezen 1'],
    ['absenties', 'test-lvs', 'afgewezen 1,inWacht 1,nieuw 1'],
    ['leerlingen', 'test-lvs', 'nieuw 1'],
    ['vestigingen', 'test-lvs', 'nieuw 1']
  ], 'a trial is no aanlevering')
  t.match(all[5], { id: absenties.aanlevering, school: '99AA', delen: 1, actor: 'test-lvs', teruggedraaidDoor: null, bijzonderheden: {} })
  t.notOk('afgewezen' in all[5]!, 'the list has their number only')
  t.not(all[1]!.actor, 'ander-lvs', 'the person behind the token')

  const one = (await service.inject({ url: `/v1/aanleveringen/${absenties.aanlevering}?school=99AA` })).json()
  t.same({ ...one, afgewezen: undefined }, { ...all[5], afgewezen: undefined })
  t.match(one.afgewezen, [{ deel: 0, index: 1, bronId: 'zondag', problemen: [{ code: 'geen-lesdag', pointer: '/datum' }] }])
  const leerlingen = (await service.inject({ url: `/v1/aanleveringen/${all[4]!.id}?school=99AA` })).json()
  t.match(leerlingen.afgewezen, [{ bronId: 'L-2', problemen: [{ code: 'ontbreekt' }] }], 'the school of another is not this one')
  t.equal((await query(service, "select from verwerking where activiteit = 'stamgegevens:lezen'")).length, 1, 'a refused leerling was read')
  t.equal((await service.inject({ url: `/v1/aanleveringen/${crypto.randomUUID()}?school=99AA` })).statusCode, 404)

  t.same((await list(service, '&soort=absenties&bron=ander-lvs')).map(({ id }) => id), [all[1]!.id])
  await query(service, "update aanlevering set ontvangen_op = '2025-09-07T22:30:00Z' where aanlevering = $1", [absenties.aanlevering])
  t.same((await list(service, '&van=2025-09-08&tot=2025-09-08')).map(({ id }) => id), [absenties.aanlevering], 'half past midnight in Amsterdam is the next day')
  t.same((await list(service, '&tot=2025-09-07')).length, 0)

  const seen: string[] = []
  let url: string | undefined = '/v1/aanleveringen?school=99AA&limit=3'
  while (url !== undefined) {
    const page = await service.inject({ url })
    seen.push(...page.json<{ aanleveringen: Regel[] }>().aanleveringen.map(({ id }) => id))
    url = /<([^>]+)>; rel="next"/.exec(String(page.headers.link))?.[1]
  }
  t.same(seen, (await list(service)).map(({ id }) => id), 'pages follow each other without a gap')
  t.equal(seen.length, 8)
})

t.test('a stream is one aanlevering, however many parts it has, and is turned back whole', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await push(service, [dag('n-5', '2025-09-08', { minuten: 11, gewijzigdOp: '2025-09-08T06:00:00Z' })])
  const before = await readRijen(service)
  const lines = [...Array.from({ length: 2_400 }, (_, at) => JSON.stringify(dag(`n-${at}`, '2025-09-08', { minuten: 10 }))), ...Array.from({ length: 150 }, (_, at) => JSON.stringify(dag(`z-${at}`, '2025-09-07')))]
  const answer = await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', headers: { 'content-type': 'application/x-ndjson' }, payload: Readable.from([Buffer.from(lines.join('\n'))]) })
  const { aanlevering } = JSON.parse(answer.body.trim().split('\n').at(-1)!) as Antwoord
  const [stream] = await list(service)
  t.match(stream, { id: aanlevering, delen: 3, aantallen: { nieuw: 2_399, gewijzigd: 1, afgewezen: 150 } })
  t.ok(stream!.gereedOp > stream!.ontvangenOp)
  const { afgewezen } = (await service.inject({ url: `/v1/aanleveringen/${aanlevering}?school=99AA` })).json<{ afgewezen: Array<{ deel: number, index: number, bronId: string }> }>()
  t.match([afgewezen.length, afgewezen[0]], [100, { deel: 2, index: 400, bronId: 'z-0' }])

  t.match((await revert(service, aanlevering)).aantallen, { hersteld: 1, ingetrokken: 2_399, sindsGewijzigd: 0 })
  t.same(await readRijen(service), before)
  t.ok((await list(service))[1]!.teruggedraaidDoor)
})

t.test('a momentopname withdraws what it does not name, and nothing else', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await createSchool(service, { vestiging: '99AA01', leerling: 'L-2' })
  const ander = await service.token({ bron: 'ander-lvs' })
  await createSchool(service, { bearer: ander })
  const vroeg = { gewijzigdOp: '2025-09-01T00:00:00Z' }
  await push(service, [
    ...['blijft', 'beter', 'verhuist', 'weg', 'geweigerd', 'wacht', 'ingetrokken'].map((bronId) => dag(bronId, '2025-09-08', vroeg)),
    dag('nieuwer', '2025-09-09', { gewijzigdOp: '2025-09-14T00:00:00Z' }),
    dag('ervoor', '2025-09-05', vroeg), dag('erna', '2025-09-15', vroeg),
    dag('elders', '2025-09-08', { ...vroeg, vestiging: '99AA01', leerling: 'L-2' }), dag('daarheen', '2025-09-05', { ...vroeg })
  ])
  await push(service, [dag('weg', '2025-09-08', vroeg)], { bearer: ander })
  const anders = await readRijen(service)

  const answer = await snapshot(service, [
    dag('blijft', '2025-09-08', vroeg),
    dag('beter', '2025-09-08', { reden: 'ZK', gewijzigdOp: '2025-09-10T00:00:00Z' }),
    dag('verhuist', '2025-09-11', { gewijzigdOp: '2025-09-10T00:00:00Z' }),
    dag('daarheen', '2025-09-12', { gewijzigdOp: '2025-09-10T00:00:00Z' }),
    { ...dag('geweigerd', '2025-09-08'), soort: 'onzin' },
    dag('wacht', '2025-09-08', { leerling: 'L-9' }),
    { ...weg('ingetrokken', '2025-09-10T00:00:00Z') },
    dag('nieuw', '2025-09-10'),
    dag('te-laat', '2025-09-15'),
    dag('daar', '2025-09-08', { vestiging: '99AA01', leerling: 'L-2' }),
    dag('ander', '2025-09-08', { school: '99AB', vestiging: '99AB00' })
  ], { plafond: 15 })
  t.same(answer.resultaten.map(({ resultaat }) => resultaat), ['ongewijzigd', 'gewijzigd', 'gewijzigd', 'gewijzigd', 'afgewezen', 'inWacht', 'ingetrokken', 'nieuw', 'afgewezen', 'afgewezen', 'afgewezen'])
  t.same(codes(answer).slice(8), [['buiten-momentopname /datum'], ['buiten-momentopname /vestiging'], ['school-onbekend /school']])
  t.same([answer.stond, answer.ingetrokken, answer.nieuwerDan, answer.percentage], [8, ['weg'], ['nieuwer'], 12.5])
  t.match(answer.aantallen, { nieuw: 1, gewijzigd: 3, ingetrokken: 1, ontbrekend: 1, inWacht: 1, afgewezen: 4 })
  t.notOk('signalen' in answer)

  const rijen = await readRijen(service)
  t.same(rijen.map(({ bron, bron_id: bronId, datum }) => `${String(bron).slice(0, 5)} ${String(bronId)} ${String(datum).slice(5)}`), [
    'test- beter 09-08', 'test- blijft 09-08', 'test- daarheen 09-12', 'test- elders 09-08', 'test- erna 09-15', 'test- ervoor 09-05', 'test- geweigerd 09-08', 'test- nieuw 09-10', 'test- nieuwer 09-09',
    'test- verhuist 09-11', 'test- wacht 09-08', 'ander weg 09-08'
  ], 'refused and waiting count as named; the other vestiging, periode and bron stay')
  t.same(rijen.filter(({ bron_id: bronId }) => ['elders', 'ervoor', 'erna'].includes(String(bronId))), anders.filter(({ bron_id: bronId }) => ['elders', 'ervoor', 'erna'].includes(String(bronId))))
  t.match((await list(service))[0], { id: answer.aanlevering, soort: 'momentopname', aantallen: { ontbrekend: 1 }, bijzonderheden: { vestiging: '99AA00', van: '2025-09-08', tot: '2025-09-12', plafond: 15, stond: 8, percentage: 12.5, nieuwerDan: 1 } })

  t.same((await push(service, [dag('weg', '2025-09-08', { gewijzigdOp: '2025-09-12T23:59:59Z' })])).resultaten[0]!.resultaat, 'verouderd', 'an older version does not come back')
  t.same((await push(service, [dag('weg', '2025-09-08', { gewijzigdOp: '2025-09-13T00:00:01Z' })])).resultaten[0]!.resultaat, 'gewijzigd', 'a later one does')
  t.equal((await snapshot(service, [], { vestiging: '99AA55' }, { status: 409 })).code, 'stamgegevens-onbekend')
  t.same((await snapshot(service, [], { vestiging: '99AB00', van: '2025-09-13', tot: '2025-09-12' }, { status: 400 })).errors!.map(({ code, pointer }) => `${code} ${pointer}`), ['verkeerde-vorm /vestiging', 'verkeerde-vorm /tot'])
  t.same((await snapshot(service, [], { van: '2025-09-12', tot: '2026-09-13' }, { status: 400 })).errors!.map(({ pointer }) => pointer), ['/tot'])
})

t.test('the days of an afmelding are no records that a momentopname could leave out', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await send(service, '/v1/afmeldingen/_bulk', { afmeldingen: [{ bronId: 'ziek', school: '99AA', leerling: 'L-1', begin: { datum: '2025-09-10' }, einde: { datum: '2025-09-11' }, reden: 'ZK', gewijzigdOp: '2025-09-10T08:00:00Z' }] })
  await push(service, [dag('a', '2025-09-08')])
  t.match(await snapshot(service, [], { plafond: 100 }), { stond: 1, ingetrokken: ['a'] })
  await service.evaluate()
  t.same((await readRijen(service)).map(({ datum }) => datum), ['2025-09-10', '2025-09-11'])
})

t.test('a momentopname above its plafond changes nothing at all', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const vroeg = { gewijzigdOp: '2025-09-01T00:00:00Z' }
  t.match(await snapshot(service, [dag('a', '2025-09-08', vroeg), dag('b', '2025-09-09', vroeg), dag('c', '2025-09-10', vroeg), dag('d', '2025-09-11', vroeg), dag('e', '2025-09-12', vroeg)], { plafond: 0 }), { stond: 0, percentage: null, aantallen: { nieuw: 5 } }, 'where nothing stood there is no plafond')
  const before = await readRijen(service)
  const refused = await snapshot(service, [dag('a', '2025-09-08', { reden: 'ZK', gewijzigdOp: op(1) }), dag('b', '2025-09-09', vroeg), dag('c', '2025-09-10', vroeg), dag('nieuw', '2025-09-10')], {}, { status: 409 })
  t.match(refused, { code: 'momentopname-boven-plafond', errors: [{ code: 'boven-plafond', pointer: '/plafond', detail: 'Er stonden 5 absenties; 2 daarvan (40 %) ontbreken. Het plafond is 20 %.' }] })
  t.equal((await snapshot(service, [], {}, { status: 409, query: '?proef=true' })).code, 'momentopname-boven-plafond', 'a trial says the same')
  t.same(await readRijen(service), before)
  t.equal((await list(service, '&soort=momentopname')).length, 1)
  t.match(await snapshot(service, ['a', 'b', 'c', 'd'].map((bronId, at) => dag(bronId, `2025-09-${String(8 + at).padStart(2, '0')}`, vroeg))), { ingetrokken: ['e'], percentage: 20 }, 'exactly the plafond is allowed')
  t.match(await snapshot(service, [], { plafond: 100 }), { stond: 4, percentage: 100, aantallen: { ontbrekend: 4 } }, 'nobody was away')
  t.same(await readRijen(service), [])
})

t.test('a trial writes nothing and tells what the signalen would become', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  for (const leerling of ['L-2', 'L-3', 'L-4']) await createSchool(service, { leerling })
  const van = (leerling: string, datum: string, anders: Record<string, unknown> = {}): Record<string, unknown> => dag(`${leerling}-${datum}`, datum, { leerling, gewijzigdOp: '2025-09-01T00:00:00Z', ...anders })
  const staat = [van('L-1', '2025-09-08'), van('L-1', '2025-09-09'), van('L-2', '2025-09-08'), van('L-2', '2025-09-09'), van('L-3', '2025-09-08'), van('L-4', '2025-09-08'), van('L-4', '2025-09-09')]
  const { aanlevering } = await push(service, staat)
  t.equal((await readSignalen(service)).length, 3)
  const { signalen } = (await service.inject({ url: '/v1/signalen?school=99AA' })).json<{ signalen: Array<{ id: string, leerling: { bronId: string } }> }>()
  const idOf = (leerling: string): string => signalen.find((signaal) => signaal.leerling.bronId === leerling)!.id
  const before = await query(service, 'select * from absentie order by bron_id')

  const records = [staat[0], van('L-2', '2025-09-08', { minuten: 490, gewijzigdOp: op(1) }), staat[3], staat[4], van('L-3', '2025-09-09'), staat[5], staat[6]]
  const trial = await snapshot(service, records, {}, { query: '?proef=true' })
  t.same(trial.signalen!.nieuw.map(kort), ['L-3 2025-09-09 960'])
  t.same(trial.signalen!.gewijzigd.map((gevolg) => [gevolg.id, kort(gevolg)]), [[idOf('L-2'), 'L-2 2025-09-09 970']])
  t.same(trial.signalen!.vervallen.map((gevolg) => [gevolg.id, kort(gevolg)]), [[idOf('L-1'), 'L-1 2025-09-09 960']])
  t.same(Object.keys(trial.signalen!.nieuw[0]!).sort(), ['begindatum', 'einddatum', 'leerling', 'minuten', 'regel'])
  t.same(await query(service, 'select * from absentie order by bron_id'), before)
  t.equal((await list(service)).filter(({ soort }) => soort === 'momentopname').length, 0)
  t.same(await query(service, "select activiteit from verwerking where activiteit like '%:lezen' and length(betrokkenen) = 4 * 16 order by activiteit"), [{ activiteit: 'absenties:lezen' }, { activiteit: 'signalen:lezen' }],
    'who was read is recorded, though the trial is undone')

  const undone = await revert(service, aanlevering, { query: '&proef=true' })
  t.same([undone.signalen!.vervallen.map(kort).sort(), undone.aantallen['ingetrokken']], [['L-1 2025-09-09 960', 'L-2 2025-09-09 960', 'L-4 2025-09-09 960'], 7])
  t.same(await query(service, 'select * from absentie order by bron_id'), before)
  const blind = await service.token({ scopes: ['absenties:schrijven'] })
  t.notOk('signalen' in await snapshot(service, records, {}, { query: '?proef=true', bearer: blind }), 'only for who may know them')
  t.notOk('signalen' in await revert(service, aanlevering, { query: '&proef=true', bearer: blind }))

  const real = await snapshot(service, records)
  const { signalen: _, ...rest } = trial
  t.same({ ...real, aanlevering: '' }, { ...rest, aanlevering: '' }, 'and the answer was the same')
  t.same((await readSignalen(service)).sort(), ['2025-09-09 960 open', '2025-09-09 960 open', '2025-09-09 960 vervallen', '2025-09-09 970 open'])
})

t.test('a terugdraaiing brings back what would have stood, by what is in force now', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const eerst = await push(service, [...['gewijzigd', 'ingetrokken', 'sinds', 'was-weg', 'verplaatst'].map((bronId) => dag(bronId, '2025-09-08', { reden: 'EIGEN', minuten: null, gewijzigdOp: op(1) })), dag('vrij', '2025-09-10', { minuten: null, gewijzigdOp: op(1) })])
  await push(service, [weg('was-weg', op(2))])
  const fout = await push(service, [
    dag('nieuw', '2025-09-09', { gewijzigdOp: op(5) }), dag('gewijzigd', '2025-09-08', { reden: 'ZK', gewijzigdOp: op(5) }), weg('ingetrokken', op(5)),
    dag('sinds', '2025-09-08', { minuten: 1, gewijzigdOp: op(5) }), dag('was-weg', '2025-09-08', { gewijzigdOp: op(5) }), dag('verplaatst', '2025-09-11', { gewijzigdOp: op(5) }),
    dag('vrij', '2025-09-11', { gewijzigdOp: op(5) }), dag('wacht', '2025-09-08', { leerling: 'L-9', gewijzigdOp: op(5) }), dag('zondag', '2025-09-07')
  ])
  await push(service, [dag('sinds', '2025-09-08', { minuten: 2, gewijzigdOp: op(6) })])
  t.same((await push(service, [dag('gewijzigd', '2025-09-08', { reden: 'EIGEN', minuten: 3, gewijzigdOp: op(3) })])).resultaten[0]!.resultaat, 'verouderd')

  // Since then the beleid knows the reden, the 10th became a free day, and the rooster has other minutes.
  const url = '/v1/scholen/99AA/beleidsversies'
  await send(service, url, { geldigVan: '2025-08-01', redenen: [{ code: 'EIGEN', omschrijving: 'Eigen reden', categorie: 'ongeoorloofd' }, { code: 'ZK', omschrijving: 'Ziek', categorie: 'geoorloofd' }] }, { status: 201 })
  await send(service, `${url}/1/vaststelling`, undefined, { status: 201 })
  await createSchool(service, { minutenPerWeek: 1500, lesvrij: [{ van: '2025-09-10', tot: '2025-09-10' }] })

  const answer = await revert(service, fout.aanlevering)
  t.same(answer.aantallen, { hersteld: 3, ingetrokken: 2, ongewijzigd: 0, sindsGewijzigd: 1, nietHersteld: 1, uitWacht: 1 })
  t.same([answer.sindsGewijzigd, answer.nietHersteld.map(({ bronId, problemen }) => `${bronId} ${problemen[0]!.code}`)], [['sinds'], ['vrij geen-lesdag']])
  const rijen = new Map((await readRijen(service)).map((rij) => [rij['bron_id'], rij]))
  t.same([...rijen.keys()], ['gewijzigd', 'ingetrokken', 'sinds', 'verplaatst', 'vrij'])
  t.match(rijen.get('ingetrokken'), { reden: 'EIGEN', categorie: 'ongeoorloofd', minuten: 300, minuten_afgeleid: true, gewijzigd_op: new Date(op(1)) }, 'classified by the beleid and derived from the rooster of now')
  t.match(rijen.get('gewijzigd'), { minuten: 3, gewijzigd_op: new Date(op(3)) }, 'the version that came too late only because of this aanlevering counts')
  t.match(rijen.get('verplaatst'), { datum: '2025-09-08' })
  t.match(rijen.get('sinds'), { minuten: 2 })
  t.match(rijen.get('vrij'), { datum: '2025-09-11' }, 'what does not fit is left')
  t.same((await service.inject({ url: '/v1/wachtende-absenties?school=99AA' })).json().wachtend, [])

  t.match(await revert(service, fout.aanlevering, { status: 409 }), { code: 'niet-terug-te-draaien', detail: `Deze aanlevering is al teruggedraaid, door ${answer.aanlevering}.` })
  t.equal((await revert(service, eerst.aanlevering, { status: 404, bearer: await service.token({ bron: 'ander-lvs' }) })).code, 'niet-gevonden', 'of another bron')
  t.equal((await revert(service, crypto.randomUUID(), { status: 404 })).code, 'niet-gevonden')
  const stam = (await list(service, '&soort=leerlingen'))[0]!
  t.match(await revert(service, stam.id, { status: 409 }), { code: 'niet-terug-te-draaien', detail: /soort leerlingen/ })
  t.match((await list(service))[0], { id: answer.aanlevering, soort: 'terugdraaiing', bijzonderheden: { aanlevering: fout.aanlevering }, aantallen: answer.aantallen, teruggedraaidDoor: null })
  t.match((await list(service)).find(({ id }) => id === fout.aanlevering), { teruggedraaidDoor: answer.aanlevering })
  t.match((await service.inject({ url: `/v1/aanleveringen/${answer.aanlevering}?school=99AA` })).json().afgewezen, [{ bronId: 'vrij', problemen: [{ code: 'geen-lesdag' }] }])
  await service.evaluate()
  t.same((await verifySample(service.app.makeCtx(systemActor('test', ['99AA'])), '99AA', 10, 'x')).verschillen, [])
})

t.test('signalen follow a terugdraaiing, and the terugdraaiing of that', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await push(service, [dag('a', '2025-09-08', { gewijzigdOp: op(1) })])
  t.same(await readSignalen(service), [])
  const { aanlevering } = await push(service, [dag('a', '2025-09-08', { minuten: 500, gewijzigdOp: op(2) }), dag('b', '2025-09-09', { gewijzigdOp: op(2) })])
  t.same(await readSignalen(service), ['2025-09-09 980 open'])
  const pushed = await readRijen(service)

  const terug = await revert(service, aanlevering)
  t.same(await readSignalen(service), ['2025-09-09 980 vervallen'])
  const again = await revert(service, terug.aanlevering)
  t.same(await readRijen(service), pushed, 'as after the push')
  t.same(await readSignalen(service), ['2025-09-09 980 open'])
  t.match(await list(service), [{ id: again.aanlevering }, { id: terug.aanlevering, teruggedraaidDoor: again.aanlevering }, { id: aanlevering, teruggedraaidDoor: null }])
  t.match(await revert(service, again.aanlevering, { status: 409 }), { code: 'niet-terug-te-draaien', detail: /draai die aanlevering zelf terug/ })
  await revert(service, aanlevering)
  t.same(await readSignalen(service), ['2025-09-09 980 vervallen'])
})

t.test('a momentopname is turned back: what it withdrew stands again', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  await push(service, ['a', 'b', 'c'].map((bronId) => dag(bronId, '2025-09-08', { gewijzigdOp: '2025-09-09T00:00:00Z' })))
  const before = await readRijen(service)
  const { aanlevering } = await snapshot(service, [dag('a', '2025-09-08', { reden: 'ZK', gewijzigdOp: '2025-09-10T00:00:00Z' }), dag('d', '2025-09-09')], { plafond: 100 })
  t.same((await readRijen(service)).map(({ bron_id: bronId }) => bronId), ['a', 'd'])
  t.match((await revert(service, aanlevering)).aantallen, { hersteld: 3, ingetrokken: 1 })
  t.same(await readRijen(service), before)
})

t.test('pushes that arrive while an aanlevering is turned back wait for it, and none is lost', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const dagen = ['2025-09-08', '2025-09-09', '2025-09-10', '2025-09-11', '2025-09-12']
  const { aanlevering } = await push(service, Array.from({ length: 2_500 }, (_, at) => dag(`a-${at}`, dagen[at % 5]!, { minuten: 1, gewijzigdOp: op(1) })))
  const { aanlevering: wacht } = await push(service, Array.from({ length: 50 }, (_, at) => dag(`w-${at}`, '2025-09-08', { leerling: 'L-9', gewijzigdOp: op(1) })))
  const puts = [1, 999, 2_401].map(async (at) => {
    const { bronId, ...payload } = dag(`a-${at}`, dagen[at % 5]!, { minuten: 70, gewijzigdOp: op(2) })
    return (await service.inject({ method: 'PUT', url: `/v1/absenties/test-lvs/${String(bronId)}`, payload, headers: { 'if-match': '*' } })).statusCode
  })
  const wachtend = Array.from({ length: 10 }, (_, at) => [dag(`w-${at}`, '2025-09-08', { leerling: 'L-9', minuten: 2, gewijzigdOp: op(2) })])
  const later = Array.from({ length: 12 }, (_, at) => [dag(`a-${at * 200}`, dagen[at % 5]!, { minuten: 60, gewijzigdOp: op(2) }), dag(`b-${at}`, dagen[at % 5]!, { minuten: 60, gewijzigdOp: op(2) })])
  const [answer] = await Promise.all([revert(service, aanlevering), revert(service, wacht), ...[...later, ...wachtend].map(async (records) => await push(service, records))])
  const statussen = await Promise.all(puts)
  t.ok(statussen.every((status) => status === 200 || status === 412), `a PUT that knew the row comes before or after it: ${statussen.join()}`)
  t.equal(answer.aantallen['ingetrokken']! + answer.aantallen['sindsGewijzigd']!, 2_500)
  t.same((await readRijen(service)).map(({ bron_id: bronId }) => bronId).sort(), [...later.flat().map(({ bronId }) => bronId), ...[1, 999, 2_401].flatMap((at, nr) => statussen[nr] === 200 ? [`a-${at}`] : [])].sort())
  t.equal((await service.inject({ url: '/v1/wachtende-absenties?school=99AA' })).json<{ wachtend: unknown[] }>().wachtend.length, 10)
  await service.evaluate()
  t.same((await verifySample(service.app.makeCtx(systemActor('test', ['99AA'])), '99AA', 10, 'x')).verschillen, [])
})

t.test('turning back leaves the rows as if those aanleveringen had never come, in any order', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const versie = fc.record({ deel: fc.integer({ min: 0, max: 3 }), sleutel: fc.integer({ min: 0, max: 3 }), minuut: fc.integer({ min: 0, max: 59 }), dag: fc.constantFrom('2025-09-08', '2025-09-09', '2025-09-10'), reden: fc.constantFrom('SPIJ', 'ZK', null), weg: fc.boolean() })
  const versies = fc.uniqueArray(versie, { minLength: 2, maxLength: 16, selector: ({ sleutel, minuut }) => `${sleutel} ${minuut}` })
  const terug = fc.uniqueArray(fc.record({ deel: fc.integer({ min: 0, max: 3 }), herroepen: fc.boolean() }), { minLength: 1, maxLength: 3, selector: ({ deel }) => deel })
  let run = 0
  await fc.assert(fc.asyncProperty(versies, terug, async (alle, terugdraaiingen) => {
    const name = run++
    // A second withdrawal of a key says nothing new: it belongs to the first.
    const withdrawn = new Set<number>()
    const echt = alle.map((each, at) => ({ ...each, at, weg: each.weg && !withdrawn.has(each.sleutel) && withdrawn.add(each.sleutel).size > 0 }))
    const record = ({ sleutel, minuut, dag: datum, reden, weg: gone, at }: typeof echt[number], kant: string): Record<string, unknown> => {
      const gewijzigdOp = `2025-09-12T10:${String(minuut).padStart(2, '0')}:00.000${String(at).padStart(3, '0')}Z`
      return gone ? weg(`${kant}${name}-${sleutel}`, gewijzigdOp) : buildAbsentie(`${kant}${name}-${sleutel}`, datum, { reden, minuten: at, gewijzigdOp })
    }
    const aanleveringen: Array<string | undefined> = []
    for (const deel of [0, 1, 2, 3]) {
      const records = echt.filter((each) => each.deel === deel).map((each) => record(each, 'x'))
      aanleveringen.push(records.length === 0 ? undefined : (await push(service, records)).aanlevering)
    }
    const gone = new Set<number>()
    const herroepen: string[] = []
    for (const { deel, herroepen: again } of terugdraaiingen) {
      if (aanleveringen[deel] === undefined) continue
      gone.add(deel)
      const { aanlevering, nietHersteld } = await revert(service, aanleveringen[deel])
      if (nietHersteld.length > 0) throw new Error('every version fits')
      if (again) {
        herroepen.push(aanlevering)
        gone.delete(deel)
      }
    }
    for (const aanlevering of herroepen) await revert(service, aanlevering)
    for (const deel of [0, 1, 2, 3]) {
      const records = echt.filter((each) => each.deel === deel && !gone.has(deel)).map((each) => record(each, 'y'))
      if (records.length > 0) await push(service, records)
    }
    t.strictSame(await readRijen(service, '99AA', `x${name}-`), await readRijen(service, '99AA', `y${name}-`))
  }), { numRuns: 60, seed: 20_250_912 })
})

t.test('a momentopname is what withdrawing by hand is', async (t) => {
  const service = await startService(t)
  const dagen = ['2025-09-05', '2025-09-08', '2025-09-10', '2025-09-12', '2025-09-15']
  const stand = fc.uniqueArray(fc.record({ sleutel: fc.integer({ min: 0, max: 9 }), dag: fc.constantFrom(...dagen), vestiging: fc.constantFrom('00', '00', '01'), uur: fc.constantFrom(1, 9) }), { maxLength: 10, selector: ({ sleutel }) => sleutel })
  const opname = fc.uniqueArray(fc.record({ sleutel: fc.integer({ min: 0, max: 11 }), dag: fc.constantFrom('2025-09-08', '2025-09-10', '2025-09-12'), uur: fc.constantFrom(0, 4, 8), weg: fc.boolean() }), { maxLength: 6, selector: ({ sleutel }) => sleutel })
  let run = 0
  await fc.assert(fc.asyncProperty(stand, opname, async (staand, genoemd) => {
    const [school, hand] = [`${10 + run}ZA`, `${10 + run++}ZB`]
    const bearer = await service.token({ scholen: [school, hand] })
    const build = (brin: string, sleutel: number, datum: string, uur: number, vestiging = '00'): Record<string, unknown> =>
      buildAbsentie(`k-${sleutel}`, datum, { school: brin, vestiging: `${brin}${vestiging}`, leerling: `L-${vestiging}`, minuten: uur, gewijzigdOp: op(uur) })
    const opnemen = (brin: string): object[] => genoemd.map(({ sleutel, dag: datum, uur, weg: gone }) => gone ? { bronId: `k-${sleutel}`, school: brin, ingetrokken: true, gewijzigdOp: op(uur) } : build(brin, sleutel, datum, uur))
    for (const brin of [school, hand]) {
      for (const vestiging of ['00', '01']) await createSchool(service, { vestiging: `${brin}${vestiging}`, leerling: `L-${vestiging}`, bearer })
      if (staand.length > 0) await push(service, staand.map(({ sleutel, dag: datum, vestiging, uur }) => build(brin, sleutel, datum, uur, vestiging)), { bearer })
    }
    const weggelaten = staand.filter(({ sleutel, dag: datum, vestiging, uur }) => vestiging === '00' && datum >= '2025-09-08' && datum <= '2025-09-12' && uur <= 5 && !genoemd.some((ander) => ander.sleutel === sleutel)).map(({ sleutel }) => `k-${sleutel}`)
    const answer = await snapshot(service, opnemen(school), { school, vestiging: `${school}00`, opgenomenOp: op(5), plafond: 100 }, { bearer })
    t.strictSame(answer.ingetrokken, weggelaten.sort())
    const records = [...opnemen(hand), ...weggelaten.map((bronId) => ({ bronId, school: hand, ingetrokken: true, gewijzigdOp: op(5) }))]
    if (records.length > 0) await push(service, records, { bearer })
    const all = 'select bron_id, right(vestiging, 2) as vestiging, leerling, datum, soort, reden, minuten, categorie, ingetrokken, gewijzigd_op from absentie where school = $1 order by bron_id'
    t.strictSame(await query(service, all, [school]), await query(service, all, [hand]))
  }), { numRuns: 25, seed: 20_250_913 })
})
