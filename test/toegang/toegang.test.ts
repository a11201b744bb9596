import t, { type Test } from 'tap'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import type { LightMyRequestResponse } from 'fastify'

const NU = '2026-11-16T10:00:00Z'
const lessen = [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }]

/** Three leerlingen: L-1 of eleven, L-2 of sixteen, L-3 of eighteen since 2026-11-10. A groep of L-1 and L-2 until today, and L-3 from tomorrow. */
async function prepare (t: Test): Promise<{ service: Service, at: (nu: string) => void, as: (rol: string, sub: string, extra?: Record<string, unknown>) => Promise<string> }> {
  let nu = NU
  const service = await startService(t, { now: () => new Date(nu) })
  await createSchool(service, { geboortedatum: '2015-02-01' })
  const leerlingen = [
    { bronId: 'L-1', school: '99AA', geboortedatum: '2015-02-01', woongemeente: '0014', persoonsgebondenNummer: '999990019', inschrijvingen: lessen },
    { bronId: 'L-2', school: '99AA', geboortedatum: '2010-06-01', woongemeente: '0014', inschrijvingen: lessen },
    { bronId: 'L-3', school: '99AA', geboortedatum: '2008-11-10', inschrijvingen: lessen }
  ]
  await good(service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen } }))
  const absenties = leerlingen.flatMap(({ bronId }) => [buildAbsentie(`${bronId}-a`, '2026-09-14', { leerling: bronId, minuten: 330 }), buildAbsentie(`${bronId}-b`, '2026-09-15', { leerling: bronId, minuten: 330, reden: 'GOD' })])
  await good(service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties } }))
  await good(service.inject({
    method: 'PUT',
    url: '/v1/groepen/3B',
    payload: {
      school: '99AA',
      naam: '3B',
      begeleiders: [{ persoon: 'mw-de-vries', rol: 'mentor', van: '2026-08-01' }, { persoon: 'dhr-bos', rol: 'zorgcoordinator', van: '2026-08-01', tot: '2026-11-16' }],
      leden: [{ leerling: 'L-1', van: '2026-08-01', tot: '2026-11-16' }, { leerling: 'L-2', van: '2026-08-01' }, { leerling: 'L-3', van: '2026-11-17' }]
    }
  }))
  const ouder = (bronId: string, leerling: string, persoon: string, anders: object = {}) => ({ bronId, school: '99AA', leerling, persoon, soort: 'ouder', gezag: true, van: '2020-01-01', ...anders })
  await good(service.inject({
    method: 'POST',
    url: '/v1/betrekkingen/_bulk',
    payload: {
      betrekkingen: [
        ...leerlingen.map(({ bronId }) => ({ bronId: `zelf-${bronId}`, school: '99AA', leerling: bronId, persoon: `ik-${bronId}`, soort: 'leerling', van: '2020-01-01' })),
        ouder('o-1', 'L-1', 'ouder-met-gezag'),
        ouder('o-2', 'L-1', 'ouder-zonder-gezag', { gezag: false }),
        ouder('o-3', 'L-1', 'ouder-zonder-contact', { blokkades: [{ soort: 'geen-contact', van: '2026-01-01', tot: '2026-11-16' }] }),
        ouder('o-4', 'L-1', 'ouder-geheim-adres', { blokkades: [{ soort: 'geheim-adres', van: '2026-01-01' }] }),
        ouder('o-5', 'L-1', 'ouder-tot-gisteren', { tot: '2026-11-15' }),
        ouder('o-6', 'L-3', 'ouder-met-gezag')
      ]
    }
  }))
  return { service, at: (moment) => { nu = moment }, as: async (rol, sub, extra = {}) => await service.token({ bron: 'school-app', extra: { rol, sub, ...extra } }) }
}

async function good (answer: ReturnType<Service['inject']>): Promise<LightMyRequestResponse> {
  const done = await answer
  if (done.statusCode >= 300 || /"afgewezen":[1-9]/.test(done.body)) throw new Error(`${done.statusCode} ${done.body}`)
  return done
}

async function listGezien (service: Service, bearer: string): Promise<string[]> {
  const { leerlingen } = (await good(service.inject({ bearer, url: '/v1/leerlingen?school=99AA' }))).json<{ leerlingen: Array<{ bronId: string }> }>()
  return leerlingen.map(({ bronId }) => bronId)
}

t.test('a mentor sees the leden of the groep on the day itself, everywhere the same', async (t) => {
  const { service, at, as } = await prepare(t)
  const mentor = await as('mentor', 'mw-de-vries')
  t.strictSame(await listGezien(service, mentor), ['L-1', 'L-2'])
  t.equal((await service.inject({ bearer: mentor, url: '/v1/leerlingen/test-lvs/L-3?school=99AA' })).statusCode, 404)
  t.equal((await service.inject({ bearer: mentor, url: '/v1/absenties/test-lvs/L-3-a?school=99AA' })).statusCode, 404)
  t.equal((await service.inject({ bearer: mentor, url: '/v1/leerlingen/test-lvs/L-3/marges?school=99AA' })).statusCode, 404)
  t.equal((await service.inject({ bearer: mentor, url: '/v1/leerlingen/test-lvs/L-1/marges?school=99AA' })).statusCode, 200)
  t.equal((await service.inject({ bearer: mentor, url: '/v1/absenties?school=99AA&leerling=L-3' })).json<{ absenties: unknown[] }>().absenties.length, 0)
  t.equal((await service.inject({ bearer: mentor, url: '/v1/absenties?school=99AA' })).json<{ absenties: unknown[] }>().absenties.length, 4)
  const graphql = await service.inject({ bearer: mentor, method: 'POST', url: '/graphql', payload: { query: '{ school(brin: "99AA") { leerlingen { edges { node { bronId absenties { edges { node { bronId } } } } } } absenties { edges { node { leerling leerlinggegevens { bronId } } } } vestigingen { edges { node { leerlingen { edges { node { bronId } } } absenties { edges { node { leerling } } } } } } } }' } })
  t.notMatch(graphql.body, /L-3/)
  t.match(graphql.body, /L-2-b/)
  t.notOk(graphql.json<{ errors?: unknown }>().errors)

  at('2026-11-17T10:00:00Z')
  t.strictSame(await listGezien(service, mentor), ['L-2', 'L-3'], 'the next day the groep is another')
  t.strictSame(await listGezien(service, await as('zorgcoordinator', 'dhr-bos')), [], 'and whose own time is over sees nobody')
  t.strictSame(await listGezien(service, await as('zorgcoordinator', 'mw-de-vries')), [], 'in another role than she has')
  t.strictSame(await listGezien(service, await as('mentor', 'onbekend')), [])
})

t.test('what is about the whole school is not for who sees some of it', async (t) => {
  const { service, as } = await prepare(t)
  const mentor = await as('mentor', 'mw-de-vries')
  const statistiek = await service.inject({ bearer: mentor, url: '/v1/statistieken?vestiging=99AA00&periode=2026-09' })
  t.equal(statistiek.statusCode, 403)
  const vestigingen = await service.inject({ bearer: mentor, url: '/v1/vestigingen?school=99AA' })
  t.equal(vestigingen.statusCode, 200, 'a vestiging is nobody')
  const geschiedenis = await service.inject({ bearer: mentor, url: '/v1/absenties/test-lvs/L-1-a/geschiedenis?school=99AA' })
  t.equal(geschiedenis.statusCode, 403)
  t.match(geschiedenis.json<{ detail: string }>().detail, /alleen eigen leerlingen/)
  const push = await service.inject({ bearer: mentor, method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('x', '2026-09-16')] } })
  t.equal(push.statusCode, 403, 'whatever the scopes of the token say')
})

t.test('a person is somebody, in a role that exists, at scholen that are named', async (t) => {
  const { service } = await prepare(t)
  const ask = async (claims: Parameters<Service['token']>[0]) => (await service.inject({ bearer: await service.token(claims), url: '/v1/leerlingen?school=99AA' })).statusCode
  t.equal(await ask({ extra: { rol: 'conciërge', sub: 'x' } }), 401)
  t.equal(await ask({ extra: { rol: 'mentor' } }), 401)
  t.equal(await ask({ scholen: '*', extra: { rol: 'mentor', sub: 'x' } }), 401)
  t.equal(await ask({ extra: { rol: 'leerplichtambtenaar', sub: 'x' } }), 401, 'without a gemeente')
  t.equal(await ask({ extra: { rol: 'mentor', sub: 'x' } }), 200)
})

t.test('an ouder sees a child on the days, with the gezag and without the blokkades that let him', async (t) => {
  const { service, at, as } = await prepare(t)
  const ziet = async (sub: string): Promise<string[]> => await listGezien(service, await as('ouder', sub))
  t.strictSame(await ziet('ouder-met-gezag'), ['L-1'], 'and not the one who is 18')
  t.strictSame(await ziet('ouder-zonder-gezag'), [])
  t.strictSame(await ziet('ouder-zonder-contact'), [])
  t.strictSame(await ziet('ouder-tot-gisteren'), [])
  t.strictSame(await ziet('ik-L-1'), [], 'a leerling is nobody\'s ouder')
  t.strictSame(await listGezien(service, await as('leerling', 'ik-L-1')), ['L-1'])
  at('2026-11-17T10:00:00Z')
  t.strictSame(await ziet('ouder-zonder-contact'), ['L-1'], 'a blokkade ends by itself')
  at('2026-11-09T10:00:00Z')
  t.strictSame(await ziet('ouder-met-gezag'), ['L-1', 'L-3'], 'the day before the 18th birthday')
})

t.test('an ouder from whom the address is kept learns no place, not from a filter either', async (t) => {
  const { service, as } = await prepare(t)
  const ouder = await as('ouder', 'ouder-geheim-adres')
  const answer = await service.inject({ bearer: ouder, url: '/v1/leerlingen/test-lvs/L-1?school=99AA' })
  t.match(answer.json(), { woongemeente: null, geboortedatum: '2015-02-01', inschrijvingen: [{ vestiging: null }] })
  t.match((await service.inject({ bearer: ouder, url: '/v1/absenties?school=99AA' })).json(), { absenties: [{ vestiging: null }, { vestiging: null }] })
  t.strictSame((await service.inject({ bearer: ouder, url: '/v1/absenties?school=99AA&vestiging=99AA00' })).json<{ absenties: unknown[] }>().absenties, [])
  t.strictSame((await service.inject({ bearer: ouder, url: '/v1/leerlingen?school=99AA&vestiging=99AA00' })).json<{ leerlingen: unknown[] }>().leerlingen, [])
  const graphql = await service.inject({ bearer: ouder, method: 'POST', url: '/graphql', payload: { query: '{ vestiging(code: "99AA00") { leerlingen { edges { node { bronId } } } absenties { edges { node { bronId } } } signalen { edges { node { id } } } } leerling(bron: "test-lvs", bronId: "L-1", school: "99AA") { woongemeente inschrijvingen { vestiging } absenties { edges { node { vestiging } } } } }' } })
  t.strictSame(graphql.json(), { data: { vestiging: { leerlingen: { edges: [] }, absenties: { edges: [] }, signalen: { edges: [] } }, leerling: { woongemeente: null, inschrijvingen: [{ vestiging: null }], absenties: { edges: [{ node: { vestiging: null } }, { node: { vestiging: null } }] } } } })
})

t.test('from 18 on an ouder sees what the leerling consents to, until he takes it back', async (t) => {
  const { service, as } = await prepare(t)
  const [leerling, ouder] = [await as('leerling', 'ik-L-3'), await as('ouder', 'ouder-met-gezag')]
  const give = async (bearer: string, van: string, wie = 'L-3') => await service.inject({ bearer, method: 'POST', url: `/v1/leerlingen/test-lvs/${wie}/toestemmingen`, payload: { school: '99AA', persoon: 'ouder-met-gezag', van } })
  t.equal((await give(leerling, '2026-11-09')).statusCode, 400, 'not for a day before his 18th birthday')
  t.equal((await give(leerling, '2026-11-16', 'L-2')).statusCode, 404, 'not for another')
  t.equal((await give(ouder, '2026-11-16')).statusCode, 403, 'not by the ouder')
  const gegeven = await give(leerling, '2026-11-16')
  t.match(gegeven.json(), { persoon: 'ouder-met-gezag', gegevenDoor: 'ik-L-3', gegevenRol: 'leerling', ingetrokkenOp: null })
  t.strictSame(await listGezien(service, ouder), ['L-1', 'L-3'])
  const { id } = gegeven.json<{ id: string }>()
  const withdraw = async (bearer: string) => (await service.inject({ bearer, method: 'DELETE', url: `/v1/leerlingen/test-lvs/L-3/toestemmingen/${id}?school=99AA` })).statusCode
  t.equal(await withdraw(await as('leerling', 'ik-L-1')), 404)
  t.equal(await withdraw(leerling), 204)
  t.equal(await withdraw(leerling), 204, 'twice changes nothing')
  t.strictSame(await listGezien(service, ouder), ['L-1'])
  t.match((await service.inject({ bearer: leerling, url: '/v1/leerlingen/test-lvs/L-3/toestemmingen?school=99AA' })).json(), { toestemmingen: [{ id, ingetrokkenDoor: 'ik-L-3' }] })
})

t.test('the purpose decides what is shown, and is recorded', async (t) => {
  const { service, as } = await prepare(t)
  const coordinator = await as('verzuimcoordinator', 'mw-jansen')
  const ask = async (bearer: string, doelbinding?: string) => await service.inject({ bearer, url: '/v1/leerlingen/test-lvs/L-1?school=99AA', ...doelbinding === undefined ? {} : { headers: { doelbinding } } })
  t.match((await ask(coordinator)).json(), { woongemeente: '0014', persoonsgebondenNummerBekend: true })
  const begeleiding = await ask(coordinator, 'begeleiding')
  t.match(begeleiding.json(), { woongemeente: null, persoonsgebondenNummerBekend: null, geboortedatum: '2015-02-01' })
  t.match(begeleiding.headers, { doelbinding: 'begeleiding', 'niet-getoond': 'woongemeente, nummer' })
  t.equal((await ask(coordinator, 'toezicht')).statusCode, 403, 'a purpose the role has not')
  const onbekend = await ask(coordinator, 'nieuwsgierigheid')
  t.equal(onbekend.statusCode, 400)
  t.match(onbekend.json(), { errors: [{ pointer: '#headers/doelbinding' }] })

  const redenen = async (bearer: string, doelbinding: string): Promise<unknown[]> => (await good(service.inject({ bearer, url: '/v1/absenties?school=99AA&leerling=L-1', headers: { doelbinding } }))).json<{ absenties: Array<{ reden: string | null }> }>().absenties.map(({ reden }) => reden)
  t.strictSame(await redenen(coordinator, 'verzuimregistratie'), ['SPIJ', 'GOD'])
  t.strictSame(await redenen(coordinator, 'leerplicht'), ['SPIJ', null], 'without the reden that is a bijzonder persoonsgegeven')
  t.strictSame(await redenen(await as('mentor', 'mw-de-vries'), 'begeleiding'), ['SPIJ', null])
  t.strictSame(await redenen(await as('schoolleider', 'dhr-smit'), 'verantwoording'), [null, null])
  t.strictSame(await redenen(await service.token(), 'leerplicht'), ['SPIJ', null], 'an application may bind itself as well')

  const leerling = await as('leerling', 'ik-L-1')
  const { verwerkingen } = (await good(service.inject({ url: '/v1/leerlingen/test-lvs/L-1/verwerkingen?school=99AA' }))).json<{ verwerkingen: Array<{ rol: string | null, doelbinding: string | null, persoon: string | null }> }>()
  t.ok(verwerkingen.some(({ rol, doelbinding, persoon }) => rol === 'verzuimcoordinator' && doelbinding === 'begeleiding' && persoon === 'mw-jansen'))
  t.ok(verwerkingen.some(({ rol, doelbinding }) => rol === null && doelbinding === null), 'who states none, has none')
  const eigen = (await good(service.inject({ bearer: leerling, url: '/v1/leerlingen/test-lvs/L-1/verwerkingen?school=99AA' }))).json<{ verwerkingen: Array<{ rol: string | null, doelbinding: string | null }> }>()
  t.ok(eigen.verwerkingen.some(({ rol, doelbinding }) => rol === 'verzuimcoordinator' && doelbinding === 'leerplicht'), 'the leerling himself sees who saw him')
  t.equal((await service.inject({ bearer: leerling, url: '/v1/leerlingen/test-lvs/L-2/verwerkingen?school=99AA' })).statusCode, 404)
})

t.test('anyone with the right hears why somebody sees a leerling, or not', async (t) => {
  const { service, as } = await prepare(t)
  const coordinator = await as('verzuimcoordinator', 'mw-jansen')
  const explain = async (leerling: string, persoon: string, rol: string, more = ''): Promise<LightMyRequestResponse> => await service.inject({ bearer: coordinator, url: `/v1/toegang/uitleg?school=99AA&bron=test-lvs&leerling=${leerling}&persoon=${persoon}&rol=${rol}${more}` })
  t.match((await explain('L-1', 'mw-de-vries', 'mentor')).json(), { toegang: true, reikwijdte: 'caseload', gronden: [{ soort: 'groep', bronId: '3B', van: '2026-08-01', tot: '2026-11-16', belemmeringen: [] }], nietGetoond: ['woongemeente', 'nummer', 'bijzonder'], toelichting: 'Op 16 november 2026 geeft groep 3B toegang, tot en met 16 november 2026.' })
  t.match((await explain('L-1', 'mw-de-vries', 'mentor', '&datum=2026-11-17')).json(), { toegang: false, gronden: [{ belemmeringen: ['buiten-looptijd'] }], toelichting: 'Op 17 november 2026 is er geen toegang: de periode loopt op deze dag niet.' })
  t.match((await explain('L-1', 'ouder-zonder-gezag', 'ouder')).json(), { toegang: false, gronden: [{ belemmeringen: ['geen-gezag'] }] })
  t.match((await explain('L-3', 'ouder-met-gezag', 'ouder')).json(), { toegang: false, gronden: [{ belemmeringen: ['meerderjarig-zonder-toestemming'] }], toelichting: 'Op 16 november 2026 is er geen toegang: de leerling is 18 en gaf geen toestemming.' })
  t.match((await explain('L-1', 'ouder-geheim-adres', 'ouder')).json(), { toegang: true, nietGetoond: ['woongemeente', 'plaats'] })
  t.match((await explain('L-2', 'ouder-met-gezag', 'ouder')).json(), { toegang: false, gronden: [] })
  t.match((await explain('L-2', 'dhr-smit', 'schoolleider')).json(), { toegang: true, gronden: [{ soort: 'school' }] })
  t.match((await explain('L-2', 'x', 'leerplichtambtenaar', '&gemeente=0014')).json(), { toegang: false, gronden: [] }, 'nothing was reported')
  t.equal((await explain('L-9', 'x', 'mentor')).statusCode, 404)
  t.equal((await explain('L-1', 'x', 'conciërge')).statusCode, 400)
  t.match((await service.inject({ bearer: coordinator, url: '/v1/toegang/uitleg?school=99AA&bron=test-lvs&leerling=L-1' })).json(), { persoon: 'mw-jansen', rol: 'verzuimcoordinator', toegang: true }, 'of oneself without saying so')
  t.equal((await service.inject({ url: '/v1/toegang/uitleg?school=99AA&bron=test-lvs&leerling=L-1' })).statusCode, 400, 'an application is no person')
})

t.test('a record of another bron of the same person is seen with the first', async (t) => {
  const { service, as } = await prepare(t)
  const ander = await service.token({ bron: 'ander-lvs' })
  await good(service.inject({ bearer: ander, method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ bronId: 'X-9', school: '99AA', geboortedatum: '2015-02-01', persoonsgebondenNummer: '999990019', inschrijvingen: lessen }, { bronId: 'X-8', school: '99AA', geboortedatum: '2015-02-01', inschrijvingen: lessen }] } }))
  t.strictSame(await listGezien(service, await as('mentor', 'mw-de-vries')), ['X-9', 'L-1', 'L-2'])
  const marges = async (bearer?: string): Promise<unknown> => (await good(service.inject({ ...bearer === undefined ? {} : { bearer }, url: '/v1/leerlingen/ander-lvs/X-9/marges?school=99AA' }))).json<{ marges: unknown }>().marges
  t.strictSame(await marges(await as('mentor', 'mw-de-vries')), await marges(), 'and counts the same for her as for the school')
})

t.test('a blokkade holds for the person, whatever betrekking or bron does not know of it', async (t) => {
  const { service, as } = await prepare(t)
  const ander = await service.token({ bron: 'ander-lvs' })
  await good(service.inject({ bearer: ander, method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ bronId: 'X-9', school: '99AA', geboortedatum: '2015-02-01', persoonsgebondenNummer: '999990019', inschrijvingen: lessen }] } }))
  const ouder = (bronId: string, leerling: string, persoon: string): object => ({ bronId, school: '99AA', leerling, persoon, soort: 'ouder', gezag: true, van: '2020-01-01' })
  await good(service.inject({ bearer: ander, method: 'POST', url: '/v1/betrekkingen/_bulk', payload: { betrekkingen: [ouder('x-1', 'X-9', 'ouder-zonder-contact'), ouder('x-2', 'X-9', 'ouder-geheim-adres'), ouder('x-3', 'X-9', 'ouder-met-gezag')] } }))
  await good(service.inject({ method: 'PUT', url: '/v1/betrekkingen/o-9', payload: { ...ouder('', 'L-1', 'ouder-zonder-contact'), bronId: undefined } }))
  t.strictSame(await listGezien(service, await as('ouder', 'ouder-zonder-contact')), [])
  t.strictSame(await listGezien(service, await as('ouder', 'ouder-met-gezag')), ['X-9', 'L-1'], 'it is of that ouder alone')
  const verborgen = await as('ouder', 'ouder-geheim-adres')
  t.match((await service.inject({ bearer: verborgen, url: '/v1/leerlingen/ander-lvs/X-9?school=99AA' })).json(), { inschrijvingen: [{ vestiging: null }] })

  const coordinator = await as('verzuimcoordinator', 'mw-jansen')
  const explain = async (persoon: string): Promise<unknown> => (await service.inject({ bearer: coordinator, url: `/v1/toegang/uitleg?school=99AA&bron=ander-lvs&leerling=X-9&persoon=${persoon}&rol=ouder` })).json()
  t.match(await explain('ouder-zonder-contact'), { toegang: false, gronden: [{ belemmeringen: ['geen-contact'] }, { belemmeringen: ['geen-contact'] }, { belemmeringen: ['geen-contact'] }] })
  t.match(await explain('ouder-geheim-adres'), { toegang: true, nietGetoond: ['woongemeente', 'plaats'] })
})

t.test('groepen and betrekkingen are pushed whole, again and again', async (t) => {
  const { service } = await prepare(t)
  const groep = { school: '99AA', naam: '3B', begeleiders: [], leden: [{ leerling: 'L-2', van: '2026-08-01' }, { leerling: 'L-1', van: '2026-08-01' }] }
  const put = async (payload: object) => await service.inject({ method: 'PUT', url: '/v1/groepen/4C', payload })
  t.equal((await put(groep)).statusCode, 201)
  const push = async (groepen: object[]) => (await service.inject({ method: 'POST', url: '/v1/groepen/_bulk', payload: { groepen } })).json<{ resultaten: Array<{ resultaat: string, problemen?: unknown }> }>().resultaten
  t.match(await push([{ bronId: '4C', ...groep, leden: [...groep.leden].reverse() }, { bronId: '4C', ...groep, naam: '4D' }, { bronId: '5A', ...groep, leden: [{ leerling: 'L-9', van: '2026-08-01' }] }, { bronId: '6A', ...groep, leden: [{ leerling: 'L-1', van: '2026-08-02', tot: '2026-08-01' }] }]),
    [{ resultaat: 'ongewijzigd' }, { resultaat: 'gewijzigd' }, { resultaat: 'afgewezen', problemen: [{ code: 'leerling-onbekend', pointer: '/leden/0/leerling' }] }, { resultaat: 'afgewezen', problemen: [{ pointer: '/leden/0/tot' }] }])
  t.match((await service.inject({ url: '/v1/groepen?school=99AA&limit=1' })).json(), { groepen: [{ bronId: '3B' }], volgende: /./ })
  t.match((await service.inject({ url: '/v1/groepen?school=99AA&persoon=mw-de-vries' })).json(), { groepen: [{ bronId: '3B', begeleiders: [{ persoon: 'dhr-bos' }, { persoon: 'mw-de-vries' }] }], volgende: null })
  t.match((await service.inject({ url: '/v1/groepen?school=99AA' })).json(), { groepen: [{ bronId: '3B' }, { bronId: '4C', naam: '4D', leden: [{ leerling: 'L-1' }, { leerling: 'L-2', tot: null }] }] })

  const relatie = { school: '99AA', leerling: 'L-1', persoon: 'p-1', soort: 'ouder', van: '2026-01-01' }
  t.equal((await service.inject({ method: 'PUT', url: '/v1/betrekkingen/b-1', payload: { ...relatie, soort: 'leerling', gezag: true } })).statusCode, 400, 'a leerling has no gezag over himself')
  t.equal((await service.inject({ method: 'PUT', url: '/v1/betrekkingen/b-1', payload: { ...relatie, leerling: 'L-9' } })).statusCode, 409)
  t.match((await service.inject({ method: 'PUT', url: '/v1/betrekkingen/b-1', payload: relatie })).json(), { bron: 'test-lvs', bronId: 'b-1', gezag: false, tot: null, blokkades: [] })
  t.equal((await service.inject({ method: 'PUT', url: '/v1/betrekkingen/b-1', payload: relatie })).statusCode, 200)
  t.match((await service.inject({ url: '/v1/betrekkingen?school=99AA&leerling=L-1&limit=2' })).json(), { betrekkingen: [{ bronId: 'b-1' }, { bronId: 'o-1' }], volgende: /./ })
})
