import t from 'tap'
import { createSchool, buildAbsentie } from '../support/school.ts'
import { startService } from '../support/service.ts'

const vestiging = { naam: 'De Waaier', sector: 'vo', regio: 'midden', gemeentecode: '0344' }
const leerling = { bronId: 'L-1', school: '99AA', geboortedatum: '2012-05-05', inschrijvingen: [{ vestiging: '99AA00', van: '2025-08-01', leerjaar: 2, minutenPerWeek: 1500 }] }

t.test('a vestiging is upserted by its code, and what was read can be put back', async (t) => {
  const service = await startService(t)
  const url = '/v1/vestigingen/99AA00'
  const put = async (payload: object): Promise<[number, unknown]> => {
    const answer = await service.inject({ method: 'PUT', url, payload })
    return [answer.statusCode, answer.json()]
  }
  const stored = { ...vestiging, vestiging: '99AA00', school: '99AA', samenwerkingsverband: null, lesuurMinuten: 60 }
  t.same(await put(vestiging), [201, stored])
  const { vestiging: code, school, ...read } = (await service.inject({ url })).json<typeof stored>()
  t.same(await put(read), [200, stored])
  t.same((await put({ ...vestiging, samenwerkingsverband: 'VO-26-02', lesuurMinuten: 50 }))[1], { ...stored, samenwerkingsverband: 'VO2602', lesuurMinuten: 50 })
  const wrong = await put({ naam: '', sector: 'hbo', regio: 'oost', gemeentecode: '344', lesuurMinuten: 10, extra: 1 })
  t.equal(wrong[0], 400)
  t.same((wrong[1] as { errors: Array<{ pointer: string }> }).errors.map(({ pointer }) => pointer).sort(), ['/extra', '/gemeentecode', '/lesuurMinuten', '/naam', '/regio', '/sector'])
  t.equal((await service.inject({ method: 'PUT', url: '/v1/vestigingen/99aa00', payload: vestiging })).statusCode, 400, 'codes are capitals')
  t.equal((await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AB00', payload: vestiging })).statusCode, 404, 'a school outside the token')

  const bulk = await service.inject({ method: 'POST', url: '/v1/vestigingen/_bulk', payload: { vestigingen: [{ ...vestiging, vestiging: '99AA01' }, { vestiging: '99AA02' }, { ...vestiging, vestiging: '99AB00' }] } })
  t.match(bulk.json(), { aantallen: { nieuw: 1, gewijzigd: 0, ongewijzigd: 0, afgewezen: 2 }, resultaten: [{ vestiging: '99AA01', resultaat: 'nieuw' }, { vestiging: '99AA02' }, { problemen: [{ code: 'school-onbekend' }] }] })
  t.same((await service.inject({ url: '/v1/vestigingen?school=99AA' })).json().vestigingen.map((each: { vestiging: string }) => each.vestiging), ['99AA00', '99AA01'])
})

t.test('the national kalender holds until the vestiging pushes its own', async (t) => {
  const service = await startService(t)
  await createSchool(service, { regio: 'zuid' })
  const url = '/v1/vestigingen/99AA00/kalenders/2026-2027'
  const national = (await service.inject({ url })).json()
  t.match(national, { herkomst: 'nationaal', lesdagen: [1, 2, 3, 4, 5], lesweken: 43 })
  t.ok(national.lesvrij.some((vrij: { naam: string, van: string, tot: string }) => /Voorjaar/i.test(vrij.naam) && vrij.van === '2027-02-13' && vrij.tot === '2027-02-21'))
  t.match((await service.inject({ url: '/v1/vestigingen/99AA00/kalenders/2031-2032' })).json(), { herkomst: 'feestdagen' })

  const own = { lesdagen: [1, 2, 4, 5], lesvrij: [{ van: '2026-08-01', tot: '2026-08-30', soort: 'vakantie', naam: 'Zomervakantie' }] }
  t.equal((await service.inject({ method: 'PUT', url, payload: own })).statusCode, 201)
  t.match((await service.inject({ url })).json(), { herkomst: 'school', ...own })
  t.equal((await service.inject({ method: 'PUT', url, payload: own })).statusCode, 200)
  const wrong = await service.inject({ method: 'PUT', url, payload: { lesdagen: [1, 1, 8], lesvrij: [{ van: '2026-09-02', tot: '2026-09-01' }] } })
  t.same(wrong.json().errors.map(({ pointer }: { pointer: string }) => pointer), ['/lesdagen/2', '/lesdagen', '/lesvrij/0/tot'])
  t.equal((await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA07/kalenders/2026-2027', payload: own })).statusCode, 409, 'a vestiging that is not known')
})

t.test('a leerling is pushed whole, and the rooster follows the kalender', async (t) => {
  const service = await startService(t)
  await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA00', payload: vestiging })
  const push = async (...leerlingen: object[]): Promise<{ resultaten: Array<{ resultaat: string, problemen?: Array<{ code: string, pointer: string }> }> }> =>
    (await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen } })).json()
  const read = async (): Promise<Record<string, unknown>> => (await service.inject({ url: '/v1/leerlingen/test-lvs/L-1?school=99AA' })).json()

  t.same((await push(leerling)).resultaten.map(({ resultaat }) => resultaat), ['nieuw'])
  t.same((await push(leerling)).resultaten.map(({ resultaat }) => resultaat), ['ongewijzigd'])
  t.match(await read(), { persoonsgebondenNummerBekend: false, inschrijvingen: [{ rooster: [300, 300, 300, 300, 300, 0, 0], tot: null }] })
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('dag', '2026-09-14'), buildAbsentie('half', '2026-09-15', { dagdeel: 'ochtend' })] } })
  const minuten = async (): Promise<unknown> => (await service.inject({ url: '/v1/absenties?school=99AA' })).json().absenties.map((each: { minuten: number }) => each.minuten)
  t.same(await minuten(), [300, 150])

  t.same((await push({ ...leerling, inschrijvingen: [{ ...leerling.inschrijvingen[0], minutenPerWeek: 1503 }] })).resultaten.map(({ resultaat }) => resultaat), ['gewijzigd'])
  t.same(await minuten(), [301, 151], 'another rooster derives other minutes')
  await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA00/kalenders/2025-2026', payload: { lesdagen: [1, 2, 3, 4], lesvrij: [] } })
  t.match(await read(), { inschrijvingen: [{ rooster: [376, 376, 376, 375, 0, 0, 0] }] })
  t.same(await minuten(), [376, 188], 'and so does a kalender with other lesdagen')

  const wrong = await push(
    { ...leerling, bronId: 'L-2', inschrijvingen: [{ vestiging: '99AA09', van: '2025-08-01', leerjaar: 2 }] },
    { ...leerling, bronId: 'L-3', inschrijvingen: [leerling.inschrijvingen[0], { ...leerling.inschrijvingen[0], van: '2026-01-01' }] },
    { ...leerling, bronId: 'L-4', persoonsgebondenNummer: '123456789' },
    { ...leerling, bronId: 'L-5', inschrijvingen: [] }
  )
  t.same(wrong.resultaten.map(({ problemen = [] }) => problemen.map(({ code, pointer }) => `${code} ${pointer}`)), [
    ['vestiging-onbekend /inschrijvingen/0/vestiging'], ['inschrijving-overlapt /inschrijvingen/1'], ['verkeerde-vorm /persoonsgebondenNummer'], ['te-klein /inschrijvingen']
  ])
})

t.test('a persoonsgebonden nummer is found by, and shown to nobody', async (t) => {
  const service = await startService(t)
  await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA00', payload: vestiging })
  const pushed = await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ ...leerling, persoonsgebondenNummer: '999990019' }, { ...leerling, bronId: 'L-2', persoonsgebondenNummer: '100000016' }] } })
  t.notMatch(pushed.body, '999990019')
  const search = async (nummer: string): Promise<unknown> => (await service.inject({ method: 'POST', url: '/v1/leerlingen/_zoek', payload: { school: '99AA', persoonsgebondenNummer: nummer } })).json().leerlingen?.map((each: { bronId: string }) => each.bronId)
  t.same(await search('999990019'), ['L-1'])
  t.same(await search('100000016'), ['L-2'])
  t.same(await search('123456782'), [])
  const page = await service.inject({ url: '/v1/leerlingen?school=99AA' })
  t.match(page.json(), { leerlingen: [{ bronId: 'L-1', persoonsgebondenNummerBekend: true }, { bronId: 'L-2' }] })
  t.notMatch(page.body, /999990019|100000016/)

  const { rows } = await service.app.pool.query<{ pgn_versleuteld: Buffer, pgn_soort: string }>('select pgn_versleuteld, pgn_soort from leerling order by leerling')
  const { sleutels } = service.app
  t.same(rows.map(({ pgn_soort: soort }) => soort), ['bsn', 'onderwijsnummer'])
  t.equal(sleutels.decryptPgn(rows[0]!.pgn_versleuteld, JSON.stringify(['99AA', 'test-lvs', 'L-1'])), '999990019')
  t.throws(() => sleutels.decryptPgn(rows[0]!.pgn_versleuteld, JSON.stringify(['99AA', 'test-lvs', 'L-2'])), 'a row moved to another leerling does not open')
})
