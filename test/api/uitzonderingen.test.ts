import t from 'tap'
import { STANDAARDBELEID, type Beleid } from '../../src/domain/beleid.ts'
import { laatsteUitzonderingsdag, refuseUitzondering } from '../../src/domain/uitzondering.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import type { Uitzondering } from '../../src/uitzonderingen/contract.ts'

t.test('no leerling is excepted from what the law makes mandatory, nor from what is not on', async (t) => {
  const versie = (geldigVan: string, geldigTot: string | null, regels: Beleid['regels']): Beleid => ({ ...STANDAARDBELEID, versie: 1, geldigVan, geldigTot, regels })
  const aan = (regel: string, geldigVan: string, geldigTot: string | null = null): Beleid => versie(geldigVan, geldigTot, [{ regel, aan: true }])
  const eigen = versie('2026-01-01', null, [{ regel: 'vaak-weg', aan: true, meting: 'registraties', venster: { soort: 'schooljaar' }, drempels: [5] }])
  const cases: ReadonlyArray<[edge: string, beleid: Beleid[], regel: string, van: string, tot: string, weigering: string | undefined]> = [
    ['mandatory', [], 'wettelijk-16-uur', '2026-03-02', '2026-03-27', 'regel-verplicht'],
    ['mandatory, though the school says something of it', [aan('langdurig-verzuim', '2026-01-01')], 'langdurig-verzuim', '2026-03-02', '2026-03-27', 'regel-verplicht'],
    ['of law, and not mandatory', [], 'doorstroompunt', '2026-03-02', '2026-03-27', undefined],
    ['national, and off unless a school wants it', [], 'ziek-langdurig', '2026-03-02', '2026-03-27', 'regel-uit'],
    ['switched on', [aan('ziek-langdurig', '2026-01-01')], 'ziek-langdurig', '2026-03-02', '2026-03-27', undefined],
    ['switched on from the last day on', [aan('ziek-langdurig', '2026-03-27')], 'ziek-langdurig', '2026-03-02', '2026-03-27', undefined],
    ['from the day after', [aan('ziek-langdurig', '2026-03-28')], 'ziek-langdurig', '2026-03-02', '2026-03-27', 'regel-uit'],
    ['on until the first day', [aan('ziek-langdurig', '2026-01-01', '2026-03-02')], 'ziek-langdurig', '2026-03-02', '2026-03-27', undefined],
    ['until the day before', [aan('ziek-langdurig', '2026-01-01', '2026-03-01')], 'ziek-langdurig', '2026-03-02', '2026-03-27', 'regel-uit'],
    ['off only while a version of the school holds', [versie('2026-01-01', '2026-03-10', [{ regel: 'doorstroompunt', aan: false }])], 'doorstroompunt', '2026-03-02', '2026-03-27', undefined],
    ['off all days', [versie('2026-01-01', '2026-03-27', [{ regel: 'doorstroompunt', aan: false }])], 'doorstroompunt', '2026-03-02', '2026-03-27', 'regel-uit'],
    ['without a drempel a rule is not on', [aan('zorgelijk-verzuim', '2026-01-01')], 'zorgelijk-verzuim', '2026-03-02', '2026-03-27', 'regel-uit'],
    ['a rule of the school', [eigen], 'vaak-weg', '2026-03-02', '2026-03-27', undefined],
    ['of another school', [eigen], 'vaak-afwezig', '2026-03-02', '2026-03-27', 'regel-onbekend'],
    ['of a version to come', [eigen], 'vaak-weg', '2025-03-02', '2025-12-31', 'regel-onbekend']
  ]
  for (const [edge, beleid, regel, van, tot, weigering] of cases) t.equal(refuseUitzondering(beleid, regel, { van, tot })?.code, weigering, edge)
  t.strictSame(['2026-07-31', '2026-08-01'].map(laatsteUitzonderingsdag), ['2027-07-31', '2028-07-31'], 'up to the end of the schooljaar after this one')
})

async function ask (service: Service, method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object): Promise<{ statusCode: number, body: string, headers: Record<string, unknown>, json: <T>() => T }> {
  const bearer = await service.token({ bron: 'zorgteam', extra: { sub: 'mw-de-vries', rol: 'schoolleider' } })
  return await service.inject({ bearer, method, url: `/v1${url}`, ...(payload === undefined ? {} : { payload }) })
}

async function send<T> (service: Service, method: 'GET' | 'POST', url: string, payload?: object): Promise<T> {
  const answer = await ask(service, method, url, payload)
  if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${answer.body}`)
  return answer.json<T>()
}

const BASIS = '/scholen/99AA/uitzonderingen'
const invoer = { leerling: { bron: 'test-lvs', bronId: 'L-1' }, regel: 'doorstroompunt', van: '2026-03-02', tot: '2026-03-27', reden: 'startkwalificatie' }

t.test('an uitzondering is laid down, read and withdrawn, and who did so stays', async (t) => {
  const service = await startService(t, { now: () => new Date('2026-03-16T10:00:00Z') })
  await createSchool(service)
  await createSchool(service, { leerling: 'L-2' })
  const created = await ask(service, 'POST', BASIS, invoer)
  t.equal(created.statusCode, 201, created.body)
  const uitzondering = created.json<Uitzondering>()
  t.match(uitzondering, { ...invoer, id: /^99AA-[0-9a-f-]{36}$/, school: '99AA', actor: 'mw-de-vries', rol: 'schoolleider', ingetrokkenOp: null, ingetrokkenDoor: null })
  t.equal(created.headers['location'], `/v1${BASIS}/${uitzondering.id}`)
  t.strictSame(await send(service, 'GET', `${BASIS}/${uitzondering.id}`), uitzondering)

  const tweede = await send<Uitzondering>(service, 'POST', BASIS, { ...invoer, leerling: { bron: 'test-lvs', bronId: 'L-2' }, van: '2026-01-05', tot: '2027-07-31', reden: 'anders' })
  const list = async (vraag = ''): Promise<string[]> => (await send<{ uitzonderingen: Uitzondering[] }>(service, 'GET', `${BASIS}${vraag}`)).uitzonderingen.map(({ id }) => id)
  t.strictSame(await list(), [tweede.id, uitzondering.id], 'in order of first day')
  t.strictSame(await list('?leerling=L-1&bron=test-lvs'), [uitzondering.id])
  t.strictSame(await list('?leerling=L-1&bron=ander-lvs'), [], 'of another bron it is another leerling')
  t.strictSame(await list('?op=2026-03-01'), [tweede.id])
  t.strictSame(await list('?op=2026-03-02'), [tweede.id, uitzondering.id], 'the first day')
  t.strictSame(await list('?op=2026-03-27'), [tweede.id, uitzondering.id], 'the last')
  t.strictSame(await list('?op=2026-03-28'), [tweede.id])
  const first = await send<{ uitzonderingen: Uitzondering[], volgende: string | null }>(service, 'GET', `${BASIS}?limit=1`)
  t.strictSame([first.uitzonderingen.map(({ id }) => id), await list(`?limit=1&cursor=${first.volgende}`)], [[tweede.id], [uitzondering.id]], 'page by page')

  t.equal((await ask(service, 'DELETE', `${BASIS}/${uitzondering.id}`)).statusCode, 204)
  const withdrawn = await send<Uitzondering>(service, 'GET', `${BASIS}/${uitzondering.id}`)
  t.match(withdrawn, { ...invoer, ingetrokkenOp: /^\d{4}-/, ingetrokkenDoor: 'mw-de-vries' })
  t.equal((await ask(service, 'DELETE', `${BASIS}/${uitzondering.id}`)).statusCode, 204, 'again changes nothing')
  t.strictSame(await send(service, 'GET', `${BASIS}/${uitzondering.id}`), withdrawn)
  t.strictSame(await list('?op=2026-03-16'), [tweede.id], 'it holds no longer')
  t.strictSame(await list('?leerling=L-1'), [uitzondering.id], 'and can be read')

  for (const id of [uitzondering.id.replace('99AA', '99AB'), `99AA-${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}`]) {
    t.equal((await ask(service, 'GET', `${BASIS}/${id}`)).statusCode, 404, id)
    t.equal((await ask(service, 'DELETE', `${BASIS}/${id}`)).statusCode, 404, id)
  }
  const { rows } = await service.app.pool.query<{ activiteit: string, aantal: number }>(`
    select activiteit, count(*) as aantal from verwerking where actor = 'mw-de-vries' and rol = 'schoolleider' group by activiteit order by activiteit`)
  t.match(rows.map(({ activiteit }) => activiteit), ['signalen:beoordelen', 'signalen:lezen'])
  t.equal(Number(rows[0]!.aantal), 3, 'two laid down, one withdrawn')
})

t.test('what cannot be excepted is refused with its reason, and nothing is kept', async (t) => {
  const service = await startService(t, { now: () => new Date('2026-03-16T10:00:00Z') })
  await createSchool(service)
  const cases: ReadonlyArray<[edge: string, anders: object, status: number, code: string, fout: string]> = [
    ['a mandatory rule', { regel: 'wettelijk-16-uur' }, 409, 'uitzondering-niet-toegestaan', '/regel regel-verplicht'],
    ['a rule that is off', { regel: 'ziek-langdurig' }, 409, 'uitzondering-niet-toegestaan', '/regel regel-uit'],
    ['a rule nobody has', { regel: 'vaak-weg' }, 409, 'uitzondering-niet-toegestaan', '/regel regel-onbekend'],
    ['a leerling nobody has', { leerling: { bron: 'test-lvs', bronId: 'L-9' } }, 409, 'stamgegevens-onbekend', '/leerling leerling-onbekend'],
    ['of another bron', { leerling: { bron: 'ander-lvs', bronId: 'L-1' } }, 409, 'stamgegevens-onbekend', '/leerling leerling-onbekend'],
    ['no end', { tot: undefined }, 400, 'invoer-ongeldig', '/tot ontbreekt'],
    ['an end before the beginning', { tot: '2026-03-01' }, 400, 'invoer-ongeldig', '/tot verkeerde-vorm'],
    ['further than the next schooljaar', { tot: '2027-08-01' }, 400, 'invoer-ongeldig', '/tot te-ver-vooruit'],
    ['a reden in words of its own', { reden: 'hij heeft het moeilijk' }, 400, 'invoer-ongeldig', '/reden onbekende-waarde'],
    ['a field more', { toelichting: 'x' }, 400, 'invoer-ongeldig', '/toelichting onbekend-veld']
  ]
  for (const [edge, anders, status, code, fout] of cases) {
    const answer = await ask(service, 'POST', BASIS, { ...invoer, ...anders })
    const problem = answer.json<{ code: string, errors: Array<{ pointer: string, code: string }> }>()
    t.strictSame([answer.statusCode, problem.code, problem.errors.map(({ pointer, code }) => `${pointer} ${code}`).join()], [status, code, fout], edge)
  }
  t.equal((await ask(service, 'POST', BASIS, { ...invoer, tot: '2027-07-31' })).statusCode, 201, 'to the end of the next schooljaar')
  t.equal((await send<{ uitzonderingen: unknown[] }>(service, 'GET', BASIS)).uitzonderingen.length, 1)
  const lezer = await service.token({ scopes: RECHTEN.filter((recht) => recht !== 'signalen:beoordelen') })
  t.equal((await service.inject({ bearer: lezer, method: 'POST', url: `/v1${BASIS}`, payload: invoer })).statusCode, 403, 'who may only read lays nothing down')
})

t.test('an uitzondering takes the signaal away that it covers, and withdrawn gives it back', async (t) => {
  const service = await startService(t, { now: () => new Date('2026-03-31T10:00:00Z') })
  await createSchool(service)
  const { versie } = await send<{ versie: number }>(service, 'POST', '/scholen/99AA/beleidsversies', { geldigVan: '2026-01-05', regels: [{ regel: 'ziek-langdurig', aan: true }] })
  await send(service, 'POST', `/scholen/99AA/beleidsversies/${versie}/vaststelling`)
  // Nine lesdagen ill, over a weekend: the seventh is Tuesday 10 March.
  const dagen = ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05', '2026-03-06', '2026-03-09', '2026-03-10', '2026-03-11', '2026-03-12']
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: dagen.map((datum) => buildAbsentie(`z-${datum}`, datum, { reden: 'ZK' })) } })
  const signalen = async (): Promise<Array<{ id: string, status: string, einddatum: string, regel: string, aard: string }>> => {
    await service.evaluate()
    return (await send<{ signalen: Awaited<ReturnType<typeof signalen>> }>(service, 'GET', '/signalen?school=99AA')).signalen
  }
  const [signaal, ...meer] = await signalen()
  t.match(signaal, { regel: 'ziek-langdurig', aard: 'intern', status: 'open', einddatum: '2026-03-10' })
  t.strictSame(meer, [])

  const except = async (van: string, tot: string): Promise<string> => (await send<Uitzondering>(service, 'POST', BASIS, { ...invoer, regel: 'ziek-langdurig', van, tot, reden: 'medisch-traject' })).id
  const withdraw = async (id: string): Promise<void> => { t.equal((await ask(service, 'DELETE', `${BASIS}/${id}`)).statusCode, 204) }
  const { id } = signaal!
  const geheel = await except('2026-03-02', '2026-03-12')
  t.match(await signalen(), [{ id, status: 'vervallen' }], 'the days do not count')
  await withdraw(geheel)
  t.match(await signalen(), [{ id, status: 'open', einddatum: '2026-03-10' }], 'they count again, and the signaal is the same')

  const begin = await except('2026-01-05', '2026-03-03')
  t.match((await signalen()).filter(({ status }) => status === 'open'), [{ einddatum: '2026-03-12' }], 'two days less: the seventh that counts is two later')
  await withdraw(begin)
  const elders = await except('2026-03-16', '2026-07-31')
  t.match((await signalen()).filter(({ status }) => status === 'open'), [{ id, einddatum: '2026-03-10' }], 'other days change nothing')
  await withdraw(elders)
})
