import pg from 'pg'
import t, { type Test } from 'tap'
import { pushAbsenties } from '../../src/absenties/service.ts'
import { makeLog, openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'

const OIN = '00000003123456780000'
const mandaat = (bron: string, anders: object = {}): object => ({ bron, oin: OIN, dienst: 'aanleveren', van: '2020-01-01', ...anders })
type Antwoord = Awaited<ReturnType<Service['inject']>>

/** A school, and a way to act in it as some bron. */
async function startSchool (t: Test): Promise<{ service: Service, as: (bron: string, method: string, url: string, payload?: object) => Promise<Antwoord>, give: (bron: string, anders?: object) => Promise<string> }> {
  const service = await startService(t)
  const bearers = new Map<string, string>()
  const as = async (bron: string, method: string, url: string, payload?: object): Promise<Antwoord> => {
    const bearer = bearers.get(bron) ?? await service.token({ bron, scholen: ['99AA', '99AB'] })
    bearers.set(bron, bearer)
    return await service.inject({ bearer, method: method as 'GET', url: `/v1${url}`, ...payload === undefined ? {} : { payload } })
  }
  await createSchool(service, { bearer: await service.token({ bron: 'lvs' }) })
  return {
    service,
    as,
    give: async (bron, anders) => {
      const answer = await as('school', 'POST', '/scholen/99AA/mandaten', mandaat(bron, anders))
      if (answer.statusCode !== 201) throw new Error(answer.body)
      return answer.json<{ id: string }>().id
    }
  }
}

const leerling = (bronId: string, vestiging = '99AA00'): object => ({ bronId, school: vestiging.slice(0, 4), geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging, van: '2019-08-01', leerjaar: 4 }] })
const absentie = (bronId: string): object => buildAbsentie(bronId, '2026-03-12')
const zonderId = (record: object): object => ({ ...record, bronId: undefined })
const afmelding = { school: '99AA', leerling: 'L-1', begin: { datum: '2026-03-16' }, einde: { datum: '2026-03-17' }, reden: 'ZK', gewijzigdOp: '2026-03-16T08:00:00+01:00' }
const vestiging = { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014' }
const vrijstelling = { leerling: 'L-1', school: '99AA', grondslag: '5a', van: '2026-01-05', tot: '2026-01-09' }

/** Every way in. The bulk ones answer per record. */
const BULK: ReadonlyArray<readonly [string, object]> = [
  ['/vestigingen/_bulk', { vestigingen: [{ vestiging: '99AA00', ...vestiging }] }],
  ['/kalenders/_bulk', { kalenders: [{ vestiging: '99AA00', schooljaar: '2026-2027', lesvrij: [] }] }],
  ['/leerlingen/_bulk', { leerlingen: [leerling('L-1')] }],
  ['/vrijstellingen/_bulk', { vrijstellingen: [{ bronId: 'v-1', ...vrijstelling }] }],
  ['/absenties/_bulk', { absenties: [absentie('a-1')] }],
  ['/afmeldingen/_bulk', { afmeldingen: [{ bronId: 'm-1', ...afmelding }] }],
  ['/aanwezigheidsverklaringen', { verklaringen: [{ vestiging: '99AA00', van: '2026-03-09' }] }]
]
const ENKEL: ReadonlyArray<readonly [string, string, object?]> = [
  ['PUT', '/vestigingen/99AA00', vestiging],
  ['PUT', '/vestigingen/99AA00/kalenders/2026-2027', { lesvrij: [] }],
  ['PUT', '/vrijstellingen/v-1', vrijstelling],
  ['PUT', '/absenties/BRON/a-1', zonderId(absentie('a-1'))],
  ['DELETE', '/absenties/BRON/a-1?school=99AA'],
  ['PUT', '/afmeldingen/BRON/m-1', afmelding],
  ['DELETE', '/afmeldingen/BRON/m-1?school=99AA'],
  ['POST', '/momentopnamen', { school: '99AA', vestiging: '99AA00', van: '2026-03-13', tot: '2026-03-13', opgenomenOp: '2026-03-13T12:00:00Z', absenties: [] }]
]

t.test('a school without mandaten is open; its first closes every way in to a bron without one', async (t) => {
  const { service, as, give } = await startSchool(t)
  for (const [url, payload] of BULK) t.match((await as('lvs', 'POST', url, payload)).json(), { aantallen: { afgewezen: 0 } }, `${url} is open`)
  const { aanlevering } = (await as('lvs', 'POST', '/absenties/_bulk', { absenties: [absentie('a-2')] })).json<{ aanlevering: string }>()
  const voor = await snapshot(service)

  await give('ander')
  for (const [url, payload] of BULK) {
    const answer = await as('lvs', 'POST', url, payload)
    t.equal(answer.statusCode, 200, url)
    t.match(answer.json(), { aantallen: { afgewezen: 1 }, resultaten: [{ index: 0, resultaat: 'afgewezen', problemen: [{ code: 'mandaat-ontbreekt', pointer: '/school' }] }] }, `${url} is closed`)
  }
  for (const [method, url, payload] of [...ENKEL, ['POST', `/aanleveringen/${aanlevering}/terugdraaiing?school=99AA`]] as const) {
    const answer = await as('lvs', method, url.replace('BRON', 'lvs'), payload)
    t.equal(answer.statusCode, 403, `${method} ${url} ${answer.body}`)
    t.match(answer.json(), { code: 'mandaat-ontbreekt' }, url)
  }
  t.strictSame(await snapshot(service), voor, 'nothing was changed')

  t.match((await as('lvs', 'POST', '/leerlingen/_bulk', { leerlingen: [leerling('L-1'), leerling('L-1', '99AB00')] })).json(), { resultaten: [{ problemen: [{ code: 'mandaat-ontbreekt' }] }, { problemen: [{ code: 'vestiging-onbekend' }] }] }, 'another school stands alone')
  t.equal((await as('lvs', 'GET', '/absenties?school=99AA')).statusCode, 200, 'reading is a matter of rights')

  await give('lvs')
  for (const [url, payload] of BULK) t.match((await as('lvs', 'POST', url, payload)).json(), { aantallen: { afgewezen: 0 } }, `${url} with a mandaat`)
  for (const [method, url, payload] of ENKEL) t.ok((await as('lvs', method, url.replace('BRON', 'lvs'), payload)).statusCode < 300, `${method} ${url}`)
})

/** What the pushes write. */
async function snapshot (service: Service): Promise<unknown[]> {
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  try {
    const { rows } = await owner.query('select (select json_agg(a order by bron_id) from absentie a) as absenties, (select json_agg(l) from leerling l) as leerlingen, (select json_agg(v) from vrijstelling v) as vrijstellingen, (select json_agg(m) from afmelding m) as afmeldingen, (select count(*) from kalender) as kalenders')
    return rows as unknown[]
  } finally {
    await owner.end()
  }
}

t.test('a mandaat holds from its first to its last day, and no longer than it is not withdrawn', async (t) => {
  const { as, give } = await startSchool(t)
  const mag = async (bron: string): Promise<boolean> => (await as(bron, 'POST', '/absenties/_bulk?proef=true', { absenties: [absentie('a-1')] })).json<{ aantallen: { afgewezen: number } }>().aantallen.afgewezen === 0
  await give('lvs', { van: '2020-01-01', tot: '2020-12-31' })
  t.equal(await mag('lvs'), false, 'it has ended')
  await give('lvs', { van: '2999-01-01' })
  t.equal(await mag('lvs'), false, 'it has not begun')
  const id = await give('lvs', { van: '2020-01-02' })
  t.equal(await mag('lvs'), true)
  const { mandaten } = (await as('school', 'GET', '/scholen/99AA/mandaten')).json<{ mandaten: Array<{ id: string, geldt: boolean, actor: string }> }>()
  t.strictSame(mandaten.map(({ geldt }) => geldt), [false, true, false])
  t.equal((await as('school', 'DELETE', `/scholen/99AA/mandaten/${id}`)).statusCode, 204)
  t.equal((await as('school', 'DELETE', `/scholen/99AA/mandaten/${id}`)).statusCode, 204, 'twice is once')
  t.equal(await mag('lvs'), false)
  t.equal(await mag('ander'), false, 'and opens to nobody')
  t.match((await as('school', 'GET', '/scholen/99AA/mandaten')).json(), { mandaten: [{}, { id, geldt: false, ingetrokkenDoor: 'school' }, {}] }, 'it stays to be seen')
  t.equal((await as('school', 'DELETE', '/scholen/99AA/mandaten/99AA-00000000-0000-4000-8000-000000000000')).statusCode, 404)
})

t.test('another process that knew the school before sees a mandaat at its next push', async (t) => {
  const { service, give } = await startSchool(t)
  const app = await openApp(readConfig({ DATA_DIR: service.dataDir, AUTH_DEVELOPMENT: '1', DATABASE_URL: 'postgres://unused' }), { connection: service.database, log: makeLog('silent') })
  t.teardown(async () => { await app.close() })
  const ctx = app.makeCtx({ bron: 'lvs', rechten: new Set(RECHTEN), scholen: ['99AA'] })
  const push = async (bronId: string): Promise<string | undefined> => (await pushAbsenties(ctx, [absentie(bronId)], { proef: false })).resultaten[0]!.problemen?.[0]?.code
  t.equal(await push('a-1'), undefined)
  const id = await give('ander')
  t.equal(await push('a-2'), 'mandaat-ontbreekt')
  await give('lvs')
  t.equal(await push('a-2'), undefined, 'nor does it keep refusing')
  t.type(id, 'string')
})

t.test('melden and leveren have mandaten of their own', async (t) => {
  const { as, give } = await startSchool(t)
  const meldgegevens = { contactpersoon: 'A. Voorbeeld', emailadres: 'verzuim@school.example' }
  const melding = { leerling: { bron: 'lvs', bronId: 'L-1' }, school: '99AA', soort: 'O', begindatum: '2026-03-12' }
  const levering = { ontvanger: 'ocw', school: '99AA', periode: '2026-03' }
  await give('ander', { dienst: 'melden' })
  for (const [method, url, payload] of [['POST', '/meldingen', melding], ['POST', '/meldingen?proef=true', melding], ['PUT', '/scholen/99AA/meldgegevens', meldgegevens]] as const) {
    const answer = await as('lvs', method, url, payload)
    t.strictSame([answer.statusCode, answer.json<{ code: string }>().code], [403, 'mandaat-ontbreekt'], url)
  }
  t.equal((await as('ander', 'PUT', '/scholen/99AA/meldgegevens', meldgegevens)).statusCode, 200)
  t.equal((await as('lvs', 'POST', '/leveringen', levering)).statusCode, 201, 'leveren is still open')
  await give('ander', { dienst: 'leveren' })
  t.equal((await as('lvs', 'POST', '/leveringen', levering)).statusCode, 403)
  t.equal((await as('ander', 'POST', '/leveringen', levering)).statusCode, 201)
})

t.test('an OIN is twenty positions of a known register; a BRIN in it brings letters', async (t) => {
  const { as } = await startSchool(t)
  const status = async (anders: object): Promise<number> => (await as('school', 'POST', '/scholen/99AA/mandaten', mandaat('lvs', anders))).statusCode
  for (const oin of ['00000001123456789000', '00000003123456780000', '00000004123456780000', '0000000700099AA00000', '00000099000000000000']) t.equal(await status({ oin }), 201, oin)
  for (const oin of ['0000000312345678000', '00000002123456780000', '0000000300099AA00000', '0000000700099aa00000', '']) t.equal(await status({ oin }), 400, oin)
  t.equal(await status({ dienst: 'lezen' }), 400)
  t.equal(await status({ van: '2026-02-01', tot: '2026-01-31' }), 400)
  t.equal((await as('school', 'POST', '/scholen/99AB/mandaten', mandaat('lvs'))).statusCode, 409, 'a school nobody registered')
})
