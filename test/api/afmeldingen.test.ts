import fc from 'fast-check'
import pg from 'pg'
import t, { type Test } from 'tap'
import { expandAfmeldingen } from '../../src/afmeldingen/service.ts'
import { openApp } from '../../src/app.ts'
import { buildDagsleutel, expandDagen } from '../../src/domain/afmelding.ts'
import { buildKalender } from '../../src/domain/kalender.ts'
import { runNacht } from '../../src/jobs/nachtelijk.ts'
import { pushLeerlingen, putKalender } from '../../src/leerlingen/service.ts'
import { evaluateSchool, verifySample } from '../../src/signalen/service.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'

// A Friday; the region's vacation ended on 1 March.
const VANDAAG = '2026-03-13'
const ROOSTER = [330, 330, 331, 330, 330, 0, 0]

interface Resultaat { readonly index: number, readonly bronId?: string, readonly resultaat: string, readonly dagen?: number, readonly problemen?: ReadonlyArray<{ code: string, pointer: string, detail: string }> }
interface Antwoord { readonly aanlevering: string, readonly aantallen: Record<string, number>, readonly resultaten: readonly Resultaat[] }
interface Absentie { readonly bronId: string, readonly vestiging: string, readonly datum: string, readonly dagdeel: string | null, readonly reden: string | null, readonly minuten: number | null, readonly afmelding: string | null, readonly leerling: string, readonly gewijzigdOp: string }

/** A service whose clock the test can move; it stands in the evening. */
async function start (t: Test): Promise<Service & { setVandaag: (datum: string) => void }> {
  let now = new Date(`${VANDAAG}T20:00:00Z`)
  const service = await startService(t, { now: () => now })
  return { ...service, setVandaag: (datum) => { now = new Date(`${datum}T20:00:00Z`) } }
}

/** One vestiging with a leerling of a known rooster. */
async function createRooster (service: Service, inschrijvingen: readonly object[] = [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, rooster: ROOSTER }], leerling = 'L-1'): Promise<void> {
  if (leerling === 'L-1') await createSchool(service)
  await post(service, 'leerlingen', [{ bronId: leerling, school: '99AA', geboortedatum: '2014-03-10', inschrijvingen }])
}

async function post (service: Service, kind: string, records: readonly unknown[], query = ''): Promise<Antwoord> {
  const answer = await service.inject({ method: 'POST', url: `/v1/${kind}/_bulk${query}`, payload: { [kind]: records } })
  if (answer.statusCode !== 200) throw new Error(`${kind}: ${answer.statusCode} ${answer.body}`)
  return answer.json<Antwoord>()
}

const push = async (service: Service, afmeldingen: readonly unknown[], query = ''): Promise<Antwoord> => await post(service, 'afmeldingen', afmeldingen, query)
const resultaten = ({ resultaten: all }: Antwoord): string[] => all.map(({ resultaat, dagen }) => dagen === undefined ? resultaat : `${resultaat} ${dagen}`)

async function list (service: Service): Promise<Absentie[]> {
  return (await service.inject({ url: '/v1/absenties?school=99AA&limit=1000' })).json<{ absenties: Absentie[] }>().absenties
}

/** `datum` with its dagdeel and minutes, of every day that follows from an afmelding. */
async function listDagen (service: Service): Promise<string[]> {
  return (await list(service)).filter(({ afmelding }) => afmelding !== null).map(({ datum, dagdeel, minuten }) => [datum.slice(5), dagdeel, minuten].filter((part) => part !== null).join(' '))
}

const op = (uur: number): string => `2026-03-13T${String(uur).padStart(2, '0')}:00:00+01:00`
function build (bronId: string, begin: string, anders: object = {}): Record<string, unknown> {
  return { bronId, school: '99AA', leerling: 'L-1', begin: { datum: begin }, einde: null, reden: 'ZK', gewijzigdOp: op(8), ...anders }
}
const eind = (datum: string, dagdeel?: string): object => ({ einde: { datum, ...(dagdeel === undefined ? {} : { dagdeel }) } })
const weg = (bronId: string, gewijzigdOp: string): object => ({ bronId, school: '99AA', ingetrokken: true, gewijzigdOp })

t.test('a push says of each afmelding what happened to it, and on how many lesdagen it stands', async (t) => {
  const service = await start(t)
  await createRooster(service)
  const cases: ReadonlyArray<readonly [name: string, record: unknown, resultaat: string, stands?: number]> = [
    ['open: every lesdag up to today', build('m', '2026-03-11', { gewijzigdOp: op(9) }), 'nieuw 3'],
    ['the same again writes nothing', build('m', '2026-03-11', { gewijzigdOp: op(9) }), 'ongewijzigd 3'],
    ['reported back', build('m', '2026-03-11', { ...eind('2026-03-12'), gewijzigdOp: op(11) }), 'gewijzigd 2'],
    ['an earlier version never replaces a later one', build('m', '2026-03-01', { gewijzigdOp: op(10) }), 'verouderd 2'],
    ['the same content at a later moment changes nothing', build('m', '2026-03-11', { ...eind('2026-03-12'), gewijzigdOp: op(13) }), 'ongewijzigd 2'],
    ['but it holds off what lies before that moment', build('m', '2026-03-11', { gewijzigdOp: op(12) }), 'verouderd 2'],
    ['other content at the same moment replaces', build('m', '2026-03-12', { ...eind('2026-03-12'), gewijzigdOp: op(13) }), 'gewijzigd 1'],
    ['a withdrawal takes its days along', weg('m', op(14)), 'ingetrokken 0'],
    ['the withdrawal again', weg('m', op(14)), 'ongewijzigd 0'],
    ['a version before the withdrawal', build('m', '2026-03-11', { gewijzigdOp: op(13) }), 'verouderd 0'],
    ['a version after it brings the afmelding back', build('m', '2026-03-13', { gewijzigdOp: op(15) }), 'gewijzigd 1'],
    ['a withdrawal that comes before its afmelding', weg('n', op(12)), 'ingetrokken 0'],
    ['keeps that afmelding out', build('n', '2026-03-02', { gewijzigdOp: op(9) }), 'verouderd 0'],
    ['and that version again', build('m', '2026-03-11', { gewijzigdOp: op(13) }), 'verouderd 1'],
    ['one that begins tomorrow', build('o', '2026-03-16', { gewijzigdOp: op(9) }), 'nieuw 0'],
    ['a leerling nobody knows yet', build('p', '2026-03-11', { leerling: 'L-9' }), 'inWacht 0'],
    ['and still not', build('p', '2026-03-11', { leerling: 'L-9' }), 'inWacht 0']
  ]
  for (const [name, record, resultaat] of cases) t.same(resultaten(await push(service, [record])), [resultaat], name)
  t.same(await listDagen(service), ['03-13 330'])

  const { versies } = (await service.inject({ url: '/v1/afmeldingen/test-lvs/m/geschiedenis?school=99AA' })).json<{ versies: Array<{ gewijzigdOp: string, einde: { datum: string } | null, ingetrokken: boolean, verouderd: boolean, vervangenOp: string | null }> }>()
  t.same(versies.map(({ gewijzigdOp, einde, ingetrokken, verouderd, vervangenOp }) => `${gewijzigdOp.slice(11, 13)} ${einde?.datum ?? 'open'}${ingetrokken ? ' ingetrokken' : ''}${verouderd ? ' verouderd' : ''}${vervangenOp === null ? ' geldt' : ''}`), [
    '08 open', '09 open verouderd', '11 open verouderd', '12 2026-03-12', '12 2026-03-12', '12 open verouderd', '13 2026-03-12 ingetrokken', '14 open geldt'
  ], 'every version is kept, in the order of the bron')
})

t.test('versions of one key in one push count in their own order', async (t) => {
  const service = await start(t)
  await createRooster(service)
  const answer = await push(service, [
    build('m', '2026-03-12', { gewijzigdOp: op(10) }),
    build('m', '2026-03-02', { gewijzigdOp: op(9) }),
    build('m', '2026-03-12', { ...eind('2026-03-12'), gewijzigdOp: op(11) }),
    build('n', '2026-03-10', { ...eind('2026-03-10'), gewijzigdOp: op(11) })
  ])
  t.same(resultaten(answer), ['nieuw 1', 'verouderd 1', 'gewijzigd 1', 'nieuw 1'])
  t.same(answer.aantallen, { nieuw: 2, gewijzigd: 1, ongewijzigd: 0, ingetrokken: 0, verouderd: 1, inWacht: 0, afgewezen: 0 })
  t.same(await listDagen(service), ['03-10 330', '03-12 330'])
})

t.test('each record stands alone, a refusal names every fault, and a proef writes nothing', async (t) => {
  const service = await start(t)
  await createRooster(service)
  const records = [
    build('ok', '2026-03-12'),
    build('omgekeerd', '2026-03-12', eind('2026-03-11')),
    build('middag-ochtend', '2026-03-12', { begin: { datum: '2026-03-12', dagdeel: 'middag' }, ...eind('2026-03-12', 'ochtend') }),
    { bronId: '~x', school: '99AA', leerling: 'L-1', begin: '2026-03-12', toelichting: 'griep' },
    build('elders', '2026-03-12', { school: '99ZZ' }),
    'geen record',
    build('ook', '2026-03-10', { begin: { datum: '2026-03-10', dagdeel: 'middag' }, ...eind('2026-03-11', 'ochtend') })
  ]
  const proef = await push(service, records, '?proef=true')
  t.same(await list(service), [])
  t.equal((await service.inject({ url: '/v1/afmeldingen/test-lvs/ok?school=99AA' })).statusCode, 404)
  const answer = await push(service, records)
  t.same(answer.resultaten, proef.resultaten, 'a proef answers the same')
  t.same(resultaten(answer), ['nieuw 2', 'afgewezen', 'afgewezen', 'afgewezen', 'afgewezen', 'afgewezen', 'nieuw 2'])
  const codes = answer.resultaten.map(({ problemen = [] }) => problemen.map(({ code, pointer }) => `${code} ${pointer}`))
  t.same(codes.slice(1, 6), [['verkeerde-vorm /einde'], ['verkeerde-vorm /einde'], ['verkeerde-vorm /bronId', 'verkeerd-type /begin', 'ontbreekt /gewijzigdOp', 'onbekend-veld /toelichting'], ['school-onbekend /school'], ['verkeerd-type ']])
  t.same(await listDagen(service), ['03-10 middag 165', '03-11 ochtend 166', '03-12 330', '03-13 330'])
  const client = new pg.Client({ ...service.app.connection })
  await client.connect()
  const { rows } = await client.query('select soort, bron, aantallen, afgewezen from aanlevering where aanlevering = $1', [answer.aanlevering])
  await client.end()
  t.match(rows, [{ soort: 'afmeldingen', bron: 'test-lvs', aantallen: { nieuw: 2, afgewezen: 3 }, afgewezen: [{ index: 1 }, { index: 2 }, { index: 3 }] }], 'the aanlevering is listed; the record of another school is not in it')
})

t.test('a day of an afmelding is an absentie that is read like any other and written by nobody', async (t) => {
  const service = await start(t)
  await createRooster(service)
  await push(service, [build('m', '2026-03-12')])
  const [dag] = await list(service)
  t.match(dag, { bronId: '~m~2026-03-12~00', bron: 'test-lvs', vestiging: '99AA00', leerling: 'L-1', datum: '2026-03-12', soort: 'afwezig', reden: 'ZK', categorie: 'geoorloofd', minuten: 330, minutenAfgeleid: true, dagdeel: null, afmelding: 'm', gewijzigdOp: '2026-03-13T07:00:00.000Z' })
  const url = '/v1/absenties/test-lvs/~m~2026-03-12~00'
  t.equal((await service.inject({ url: `${url}?school=99AA` })).json<Absentie>().afmelding, 'm')

  const query = '{ leerling(bron: "test-lvs", bronId: "L-1", school: "99AA") { absenties(first: 1) { edges { node { id bronId afmelding } } } } }'
  const { data } = (await service.inject({ method: 'POST', url: '/graphql', payload: { query } })).json<{ data: { leerling: { absenties: { edges: Array<{ node: { id: string, bronId: string, afmelding: string } }> } } } }>()
  const { node } = data.leerling.absenties.edges[0]!
  t.match(node, { bronId: '~m~2026-03-12~00', afmelding: 'm' })
  t.match((await service.inject({ method: 'POST', url: '/graphql', payload: { query: `{ node(id: "${node.id}") { ... on Absentie { datum afmelding } } }` } })).json(), { data: { node: { datum: '2026-03-12', afmelding: 'm' } } })

  const invoer = { ...buildAbsentie('x', '2026-03-12'), bronId: undefined }
  for (const verzoek of [{ method: 'PUT', url, payload: invoer }, { method: 'DELETE', url: `${url}?school=99AA` }] as const) {
    const answer = await service.inject(verzoek)
    t.equal(answer.statusCode, 400, verzoek.method)
    t.match(answer.body, /volgt; wijzig die afmelding/, 'the problem says what to do instead')
  }
  const pushed = await post(service, 'absenties', [buildAbsentie('~m~2026-03-12~00', '2026-03-12'), weg('~m~2026-03-12~00', op(20))])
  t.same(pushed.resultaten.map(({ resultaat }) => resultaat), ['afgewezen', 'afgewezen'])
  t.match(pushed.resultaten[0]!.problemen!.map(({ detail }) => detail).join(' '), /volgt; wijzig die afmelding/)

  await push(service, [weg('m', op(9))])
  t.same(await list(service), [])
  const { versies } = (await service.inject({ url: `${url}/geschiedenis?school=99AA` })).json<{ versies: Array<{ ingetrokken: boolean }> }>()
  t.same(versies.map(({ ingetrokken }) => ingetrokken), [false, true], 'what it was stays')
})

t.test('the days follow whatever changes after the afmelding', async (t) => {
  const service = await start(t)
  await createRooster(service)
  const precies = (gewijzigdOp: string, anders: object = {}) => buildAbsentie('a', '2026-03-11', { soort: 'te-laat', minuten: 10, gewijzigdOp, ...anders })
  const kalender = async (lesvrij: readonly object[]): Promise<unknown> => await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA00/kalenders/2025-2026', payload: { lesvrij } })
  const volgt = async (name: string, work: () => Promise<unknown>, days: readonly string[]): Promise<void> => {
    await work()
    await service.evaluate()
    t.same((await listDagen(service)).map((dag) => dag.replace(/ 33[01]$/, '')), days, name)
  }
  await post(service, 'absenties', [precies(op(7))])
  await volgt('a precise absentie that was there first', async () => await push(service, [build('m', '2026-03-10')]), ['03-10', '03-12', '03-13'])
  await volgt('is withdrawn', async () => await post(service, 'absenties', [weg('a', op(8))]), ['03-10', '03-11', '03-12', '03-13'])
  await volgt('and comes after the afmelding', async () => await post(service, 'absenties', [precies(op(9))]), ['03-10', '03-12', '03-13'])
  await volgt('it moves to another day', async () => await post(service, 'absenties', [precies(op(10), { datum: '2026-03-12' })]), ['03-10', '03-11', '03-13'])
  await volgt('another bron reports for itself', async () => await service.inject({ bearer: await service.token({ bron: 'ander-lvs' }), method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [precies(op(9), { datum: '2026-03-10' })] } }), ['03-10', '03-11', '03-13'])
  await volgt('a study day is announced afterwards', async () => await kalender([{ van: '2026-03-10', tot: '2026-03-10' }]), ['03-11', '03-13'])
  await volgt('and put off', async () => await kalender([{ van: '2026-03-13', tot: '2026-03-13' }]), ['03-10', '03-11'])
  await volgt('and called off', async () => await kalender([]), ['03-10', '03-11', '03-13'])
  await volgt('the leerling left', async () => { await createRooster(service, [{ vestiging: '99AA00', van: '2019-08-01', tot: '2026-03-10', leerjaar: 4, rooster: ROOSTER }]) }, ['03-10'])
  await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA01', payload: { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014' } })
  await volgt('for the other vestiging', async () => { await post(service, 'leerlingen', [{ bronId: 'L-1', school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', tot: '2026-03-10', leerjaar: 4, rooster: ROOSTER }, { vestiging: '99AA01', van: '2026-03-11', leerjaar: 4, rooster: ROOSTER }] }]) }, ['03-10', '03-11', '03-13'])
  t.same((await list(service)).filter(({ afmelding }) => afmelding !== null).map(({ vestiging }) => vestiging), ['99AA00', '99AA01', '99AA01'])
  await volgt('a second afmelding overlaps: its days count once', async () => await push(service, [build('n', '2026-03-12', { begin: { datum: '2026-03-11', dagdeel: 'middag' }, reden: 'VERL' })]), ['03-10', '03-11 ochtend 166', '03-11 middag 165', '03-13'])
  await volgt('and is withdrawn', async () => await push(service, [weg('n', op(9))]), ['03-10', '03-11', '03-13'])
  await createRooster(service, undefined, 'L-2')
  await volgt('it was about somebody else', async () => await push(service, [build('m', '2026-03-10', { leerling: 'L-2', gewijzigdOp: op(9) })]), ['03-10', '03-11', '03-12', '03-13'])
  t.same([...new Set((await list(service)).filter(({ afmelding }) => afmelding !== null).map(({ leerling, vestiging }) => `${leerling} ${vestiging}`))], ['L-2 99AA00'])
})

t.test('the days follow what another process changes, though this one remembers how it was', async (t) => {
  const service = await start(t)
  await createRooster(service)
  await push(service, [build('m', '2026-03-10')])
  const andere = await openApp(service.app.config, { connection: service.database, log: service.app.log, now: service.app.now })
  t.teardown(async () => { await andere.close() })
  const ctx = andere.makeCtx({ ...systemActor('test', ['99AA']), bron: 'test-lvs' })
  await putKalender(ctx, '99AA00', '2025-2026', { lesvrij: [{ van: '2026-03-11', tot: '2026-03-11' }] })
  await service.evaluate()
  t.same(await listDagen(service), ['03-10 330', '03-12 330', '03-13 330'])
  await pushLeerlingen(ctx, [{ bronId: 'L-1', school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2026-03-13', leerjaar: 4, rooster: ROOSTER }] }], { proef: false })
  await service.evaluate()
  t.same(await listDagen(service), ['03-13 330'])
  await pushLeerlingen(ctx, [{ bronId: 'L-1', school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, rooster: ROOSTER }] }], { proef: false })
  t.same(resultaten(await push(service, [build('m', '2026-03-09', { gewijzigdOp: op(9) })])), ['gewijzigd 4'], 'a push is complete by what holds now')
})

t.test('an afmelding of a leerling who is not known yet stands from the moment he is', async (t) => {
  const service = await start(t)
  await createRooster(service)
  t.same(resultaten(await push(service, [build('m', '2026-03-12', { leerling: 'L-9' })])), ['inWacht 0'])
  t.equal((await service.inject({ url: '/v1/afmeldingen/test-lvs/m?school=99AA' })).json<{ leerling: string }>().leerling, 'L-9', 'it is kept')
  await createRooster(service, undefined, 'L-9')
  await service.evaluate()
  t.same(await listDagen(service), ['03-12 330', '03-13 330'])
  t.same(resultaten(await push(service, [build('m', '2026-03-12', { leerling: 'L-9' })])), ['ongewijzigd 2'])

  const nieuw = await service.inject({ method: 'POST', url: '/v1/afmeldingen/_bulk', bearer: await service.token({ scholen: ['99AC'] }), payload: { afmeldingen: [build('m', '2026-03-12', { school: '99AC' })] } })
  t.match(nieuw.json<Antwoord>().resultaten, [{ resultaat: 'afgewezen', problemen: [{ code: 'school-onbekend' }] }], 'a school without a vestiging')
})

t.test('days without permission add up to the sixteen hours, and the signaal lapses when they are explained', async (t) => {
  const service = await start(t)
  await createRooster(service)
  const signalen = async () => (await service.inject({ url: '/v1/signalen?school=99AA' })).json<{ signalen: Array<{ status: string, begindatum: string, einddatum: string, minuten: number, onderbouwing: Array<{ bronId: string }> }> }>().signalen
  await push(service, [build('m', '2026-03-10', { reden: 'SPIJ' })])
  await service.evaluate()
  t.match(await signalen(), [{ status: 'open', begindatum: '2026-03-10', einddatum: '2026-03-12', minuten: 991, onderbouwing: [{ bronId: '~m~2026-03-10~00' }, { bronId: '~m~2026-03-11~00' }, { bronId: '~m~2026-03-12~00' }] }])
  t.equal((await service.inject({ url: '/v1/leerlingen/test-lvs/L-1/marges?school=99AA' })).statusCode, 200)
  await post(service, 'absenties', [buildAbsentie('a', '2026-03-11', { reden: 'ZK' })])
  await service.evaluate()
  t.match(await signalen(), [{ status: 'open', einddatum: '2026-03-13', minuten: 990 }], 'one day was sickness: the next one makes it full')
  await push(service, [build('m', '2026-03-10', { reden: 'ZK', gewijzigdOp: op(10) })])
  await service.evaluate()
  t.match(await signalen(), [{ status: 'vervallen' }])
})

t.test('the night brings an open afmelding up to its day, over a weekend with the clock moved, and once', async (t) => {
  const service = await start(t)
  await createRooster(service)
  const nacht = async (): Promise<string> => {
    const regels: string[] = []
    await runNacht(service.app, { melden: (regel) => regels.push(regel) })
    return regels[0]!
  }
  t.notMatch(await nacht(), /afmeldingen/, 'a school without any')
  await push(service, [build('open', '2026-03-12', { reden: null }), build('gepland', '2026-03-26', { leerling: 'L-2', ...eind('2026-03-30') }), build('dicht', '2026-03-09', eind('2026-03-10'))])
  await createRooster(service, undefined, 'L-2')
  await service.evaluate()
  const before = await listDagen(service)
  t.same(before.map((dag) => dag.slice(0, 5)), ['03-09', '03-10', '03-12', '03-13'])

  service.setVandaag('2026-03-27')
  t.match(await nacht(), /: 12 absenties uit afmeldingen, .*leerlingen geëvalueerd/, 'ten days of the open one, two of the planned one')
  service.setVandaag('2026-03-29')
  t.notMatch(await nacht(), /afmeldingen/, 'a Sunday')
  service.setVandaag('2026-03-30')
  t.match(await nacht(), /: 2 absenties uit afmeldingen/)
  t.match(await nacht(), /was al gereed/)
  service.setVandaag('2026-03-31')
  t.match(await nacht(), /: 1 absenties uit afmeldingen/, 'the planned one is over')
  t.equal((await listDagen(service)).length, before.length + 12 + 2 + 1)

  await push(service, [build('open', '2026-03-12', { reden: 'ZK', ...eind('2026-03-13'), gewijzigdOp: '2026-03-31T09:00:00+02:00' })])
  t.same((await list(service)).filter(({ afmelding }) => afmelding === 'open').map(({ datum, reden }) => `${datum} ${reden}`), ['2026-03-12 ZK', '2026-03-13 ZK'], 'closing withdraws what lies after it')
  service.setVandaag('2026-04-01')
  t.notMatch(await nacht(), /afmeldingen/)
})

t.test('one afmelding by its own address', async (t) => {
  const service = await start(t)
  await createRooster(service)
  const url = '/v1/afmeldingen/test-lvs/m'
  const invoer = { ...build('m', '2026-03-12'), bronId: undefined }
  const put = async (payload: object, ifMatch?: string) => await service.inject({ method: 'PUT', url, payload, headers: ifMatch === undefined ? {} : { 'if-match': ifMatch } })
  const created = await put(invoer)
  t.equal(created.statusCode, 201)
  const afmelding = { bron: 'test-lvs', bronId: 'm', school: '99AA', leerling: 'L-1', begin: { datum: '2026-03-12', dagdeel: null }, einde: null, reden: 'ZK', gewijzigdOp: '2026-03-13T07:00:00.000Z' }
  t.strictSame(created.json(), { resultaat: 'nieuw', dagen: 2, afmelding })
  const read = await service.inject({ url: `${url}?school=99AA` })
  t.strictSame(read.json(), afmelding)
  t.equal(read.headers.etag, created.headers.etag)

  const closed = await put({ ...invoer, ...eind('2026-03-12'), gewijzigdOp: op(10) }, String(read.headers.etag))
  t.match(closed.json(), { resultaat: 'gewijzigd', dagen: 1, afmelding: { einde: { datum: '2026-03-12', dagdeel: null } } })
  t.equal((await put({ ...invoer, gewijzigdOp: op(11) }, String(read.headers.etag))).statusCode, 412, 'it has changed meanwhile')
  t.match((await put({ ...invoer, ...eind('2026-03-11') })).json(), { code: 'invoer-ongeldig', errors: [{ pointer: '/einde' }] })
  t.equal((await service.inject({ method: 'PUT', url: '/v1/afmeldingen/test-lvs/w', payload: { ...invoer, leerling: 'L-9' } })).statusCode, 202)
  t.equal((await service.inject({ method: 'PUT', url, payload: invoer, bearer: await service.token({ bron: 'ander-lvs' }) })).statusCode, 403, 'a bron writes only its own')

  const remove = async (query: string) => (await service.inject({ method: 'DELETE', url: `${url}?school=99AA${query}` })).statusCode
  t.equal(await remove(`&gewijzigdOp=${encodeURIComponent(op(9))}`), 412, 'before the version that holds')
  t.equal(await remove(''), 204)
  t.equal(await remove(''), 404)
  t.same(await list(service), [])
  t.match((await put({ ...invoer, gewijzigdOp: op(9) })).json(), { resultaat: 'verouderd', dagen: 0, afmelding: null })
})

t.test('afmeldingen are listed a page at a time, open ones by themselves', async (t) => {
  const service = await start(t)
  await createRooster(service)
  await push(service, ['a', 'b', 'c', 'd'].map((bronId) => build(bronId, '2026-03-12', bronId < 'c' ? eind('2026-03-12') : {})))
  await push(service, [build('e', '2026-03-12', { leerling: 'L-9' }), build('f', '2026-03-12', eind('2026-03-12')), weg('f', op(9))])
  const keys = async (query: string): Promise<string[]> => {
    const found: string[] = []
    for (let cursor = ''; ;) {
      const { afmeldingen, volgende } = (await service.inject({ url: `/v1/afmeldingen?school=99AA${query}${cursor}` })).json<{ afmeldingen: Array<{ bronId: string }>, volgende: string | null }>()
      found.push(...afmeldingen.map(({ bronId }) => bronId))
      if (volgende === null) return found
      cursor = `&cursor=${volgende}`
    }
  }
  t.same(await keys(''), ['a', 'b', 'c', 'd', 'e'])
  t.same(await keys('&limit=2'), ['a', 'b', 'c', 'd', 'e'])
  t.same(await keys('&open=true'), ['c', 'd', 'e'])
  t.same(await keys('&open=false'), ['a', 'b'])
  t.same(await keys('&leerling=L-9&open=true'), ['e'])
})

// ---- any order of edits ends in the same days

const DAGEN = Array.from({ length: 12 }, (_, n) => `2026-03-${String(n + 4).padStart(2, '0')}`)
const dag = fc.constantFrom(...DAGEN)
const dagdeel = fc.constantFrom(null, 'ochtend' as const, 'middag' as const)
const leerling = fc.constantFrom('L-1', 'L-2')
const BESTAAND = [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, rooster: ROOSTER }]
const LEERLINGEN = [BESTAAND, [{ ...BESTAAND[0]!, tot: '2026-03-10' }], [{ ...BESTAAND[0]!, tot: '2026-03-09' }, { ...BESTAAND[0]!, vestiging: '99AA01', van: '2026-03-11' }]]
const KALENDERS = [[], [{ van: '2026-03-05', tot: '2026-03-06' }], [{ van: '2026-03-09', tot: '2026-03-10' }, { van: '2026-03-13', tot: '2026-03-13' }]]

const edit = fc.oneof(
  { weight: 5, arbitrary: fc.record({ soort: fc.constant('afmelding' as const), bronId: fc.constantFrom('m', 'n', 'o'), leerling, begin: dag, begindagdeel: dagdeel, duur: fc.integer({ min: -1, max: 5 }), einddagdeel: dagdeel, ingetrokken: fc.nat(4).map((n) => n === 0) }) },
  { weight: 4, arbitrary: fc.record({ soort: fc.constant('absentie' as const), bronId: fc.constantFrom('a', 'b'), leerling, datum: dag, ingetrokken: fc.nat(2).map((n) => n === 0) }) },
  { weight: 1, arbitrary: fc.record({ soort: fc.constant('kalender' as const), welke: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ soort: fc.constant('leerling' as const), leerling, welke: fc.nat(2) }) }
)
type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never

function buildVersie (found: Extract<Edit, { soort: 'afmelding' }>, moment: number): Record<string, unknown> {
  const { bronId, leerling, begin, begindagdeel, duur, einddagdeel, ingetrokken } = found
  const gewijzigdOp = new Date(Date.UTC(2026, 2, 13, 0, moment)).toISOString()
  if (ingetrokken) return weg(bronId, gewijzigdOp) as Record<string, unknown>
  const omgekeerd = duur === 0 && begindagdeel === 'middag' && einddagdeel === 'ochtend'
  const einde = duur < 0 ? null : { datum: DAGEN[Math.min(DAGEN.length - 1, DAGEN.indexOf(begin) + duur)]!, dagdeel: omgekeerd || (duur > 0 && begin === DAGEN.at(-1)) ? null : einddagdeel }
  return build(bronId, begin, { leerling, begin: { datum: begin, dagdeel: begindagdeel }, einde, gewijzigdOp })
}

/** What the last version of each key, in the order of the bron, says; the last kalender and the last inschrijvingen by arrival. */
class Feiten {
  readonly afmeldingen = new Map<string, [moment: number, record: Record<string, unknown>]>()
  readonly absenties = new Map<string, [moment: number, record: Record<string, unknown>]>()
  readonly leerlingen = new Map<string, typeof LEERLINGEN[number]>([['L-1', BESTAAND]])
  kalender: typeof KALENDERS[number] = []

  keep (map: Map<string, [number, Record<string, unknown>]>, moment: number, record: Record<string, unknown>): void {
    const known = map.get(record['bronId'] as string)
    if (known === undefined || known[0] < moment) map.set(record['bronId'] as string, [moment, record])
  }

  expand (): string[] {
    const eigen = [{ schooljaar: '2025-2026', lesdagen: [1, 2, 3, 4, 5], lesvrij: this.kalender.map((periode) => ({ ...periode, soort: 'vakantie' as const, naam: 'Vrij' })) }]
    const vestigingen = new Map([['99AA00', { kalender: buildKalender({ regio: 'noord', eigen }) }], ['99AA01', { kalender: buildKalender({ regio: 'noord', eigen: [] }) }]])
    const van = (leerling: string, map: Feiten['absenties']) => [...map.values()].map(([, record]) => record).filter((record) => record['leerling'] === leerling && record['ingetrokken'] !== true)
    return [...this.leerlingen].flatMap(([leerling, inschrijvingen]) => expandDagen(
      van(leerling, this.afmeldingen).map(({ bronId, begin, einde }) => ({ bronId, begin, einde }) as Parameters<typeof expandDagen>[0][number]),
      { inschrijvingen: inschrijvingen.map((one) => ({ tot: null, ...one })), vestigingen, precies: new Set(van(leerling, this.absenties).map(({ datum }) => datum as string)), vandaag: VANDAAG }
    ).map((found) => `${buildDagsleutel(found)} ${leerling} ${found.dagdeel}`)).sort()
  }
}

t.test('any order of edits, several at once, ends in the days of the final facts', async (t) => {
  const service = await start(t)
  const ctx = service.app.makeCtx(systemActor('test', ['99AA']))
  const momenten = 60
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(edit, fc.nat(momenten - 1)), { minLength: 4, maxLength: 24 }), async (edits) => {
    // A school of its own is not needed: everything is taken back first.
    const client = new pg.Client({ ...service.app.connection })
    await client.connect()
    await client.query('truncate absentie, absentie_versie, afmelding, afmelding_versie, leerling, leerling_versie, inschrijving, inschrijving_versie, vrijstelling, kalender, evaluatie_markering, signaal, signaal_beoordeling, signaalrust, uitzondering, absentie_in_wacht, melding, melding_versie, uitzending, uitzendpoging cascade; update school set stamversie = stamversie + 1, leerlingversie = leerlingversie + 1')
    await client.end()
    await createRooster(service)
    await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA01', payload: { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014' } })
    await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA00/kalenders/2025-2026', payload: { lesvrij: [] } })
    const feiten = new Feiten()
    const used = new Set<string>()
    const apply = async ([one, moment]: readonly [Edit, number]): Promise<void> => {
      if (one.soort === 'kalender') {
        feiten.kalender = KALENDERS[one.welke]!
        await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA00/kalenders/2025-2026', payload: { lesvrij: feiten.kalender } })
      } else if (one.soort === 'leerling') {
        feiten.leerlingen.set(one.leerling, LEERLINGEN[one.welke]!)
        await post(service, 'leerlingen', [{ bronId: one.leerling, school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: LEERLINGEN[one.welke] }])
      } else if (!used.has(`${one.bronId} ${moment}`)) {
        used.add(`${one.bronId} ${moment}`)
        const record = one.soort === 'afmelding' ? buildVersie(one, moment) : buildVersieAbsentie(one, moment)
        const [{ resultaat }] = (await post(service, one.soort === 'afmelding' ? 'afmeldingen' : 'absenties', [record])).resultaten as [Resultaat]
        if (resultaat !== 'afgewezen') feiten.keep(one.soort === 'afmelding' ? feiten.afmeldingen : feiten.absenties, moment, record)
        else if (one.soort === 'afmelding') throw new Error(`refused: ${JSON.stringify(record)}`)
      }
    }
    // Three at once, but of the stamgegevens only one: which of two arrived last, the test could not know.
    for (let at = 0; at < edits.length;) {
      const samen = edits.slice(at, at + 3)
      const stam = samen.findIndex(([{ soort }]) => soort === 'kalender' || soort === 'leerling')
      const groep = stam < 0 ? samen : samen.slice(0, Math.max(1, stam))
      at += groep.length
      await Promise.all([...groep.map(apply), expandAfmeldingen(ctx, '99AA', '1900-01-01')])
    }
    await service.evaluate()
    const found = (await list(service)).filter(({ afmelding }) => afmelding !== null).map(({ bronId, leerling, dagdeel }) => `${bronId} ${leerling} ${dagdeel}`).sort()
    t.strictSame(found, feiten.expand())
    t.equal(await expandAfmeldingen(ctx, '99AA', '1900-01-01'), 0, 'what is right is not touched again')
    t.same((await verifySample(ctx, '99AA', 10, 'x')).verschillen, [], 'and the signalen are those of these days')
    return found.join() === feiten.expand().join()
  }), { seed: 20260313, numRuns: 25 })
})

function buildVersieAbsentie ({ bronId, leerling, datum, ingetrokken }: Extract<Edit, { soort: 'absentie' }>, moment: number): Record<string, unknown> {
  const gewijzigdOp = new Date(Date.UTC(2026, 2, 13, 0, moment)).toISOString()
  return ingetrokken ? weg(bronId, gewijzigdOp) as Record<string, unknown> : buildAbsentie(bronId, datum, { leerling, reden: 'SPIJ', gewijzigdOp })
}

t.test('one evaluation follows a day that gave way to a precise absentie through to the signaal', async (t) => {
  const service = await startService(t, { now: () => new Date('2025-10-01T10:00:00Z'), withoutEvaluator: true })
  await createSchool(service)
  const ctx = service.app.makeCtx(systemActor('test', ['99AA']))
  const listEinddata = async (): Promise<string[]> => (await service.inject({ url: '/v1/signalen?school=99AA' })).json<{ signalen: Array<{ einddatum: string }> }>().signalen.map(({ einddatum }) => einddatum)

  const afmelding = { bronId: 'Z-1', school: '99AA', leerling: 'L-1', begin: { datum: '2025-09-08' }, einde: { datum: '2025-09-12' }, reden: 'SPIJ', gewijzigdOp: '2025-09-12T10:00:00Z' }
  t.equal((await service.inject({ method: 'POST', url: '/v1/afmeldingen/_bulk', payload: { afmeldingen: [afmelding] } })).statusCode, 200)
  await evaluateSchool(ctx, '99AA')
  t.strictSame(await listEinddata(), ['2025-09-10'], 'three days of 330 minutes')

  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('p-1', '2025-09-09', { reden: 'ZK' })] } })
  await evaluateSchool(ctx, '99AA')
  t.strictSame(await listEinddata(), ['2025-09-11'], 'no rule counts the precise absentie, but it took a counted day away')
  t.equal((await service.app.pool.query('select from evaluatie_markering')).rowCount, 0, 'nothing is left for another evaluation')
})
