import pg from 'pg'
import t, { type Test } from 'tap'
import { measureTeLaat } from '../../src/signalen/service.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'

interface Signaal {
  readonly id: string
  readonly regel: string
  readonly einddatum: string
  readonly minuten: number
  readonly uiterlijkAfhandelen: string | null
  readonly status: string
  readonly redenVervallen: string | null
  readonly voorstel: string | null
  readonly rustTot: string | null
  readonly dagenTeLaat?: number | null
}
interface Gebeurtenis { readonly soort: string, readonly op: string, readonly status?: string, readonly besluit?: string, readonly notitie?: string | null, readonly actor?: string, readonly einddatum?: string, readonly herleidingHash?: string, readonly reden?: string | null }
type Antwoord = Awaited<ReturnType<Service['inject']>>

const dag = (datum: string, uur = 1, anders: Record<string, unknown> = {}): Record<string, unknown> => buildAbsentie(`d-${datum}`, datum, { minuten: 480, gewijzigdOp: `2025-09-11T${String(uur).padStart(2, '0')}:00:00Z`, ...anders })
const telaat = (datum: string, anders: Record<string, unknown> = {}): Record<string, unknown> => buildAbsentie(`t-${datum}`, datum, { soort: 'te-laat', reden: 'TL', minuten: 10, ...anders })

/** A school of its own, at a day of its own. */
class Dossier {
  readonly service: Service
  now = new Date('2025-09-12T10:00:00Z')
  #bearer: string | undefined

  constructor (service: Service) { this.service = service }

  static async start (t: Test, { now = '2025-09-12T10:00:00Z', regels }: { now?: string, regels?: readonly object[] } = {}): Promise<Dossier> {
    const klok: { dossier?: Dossier } = {}
    const service = await startService(t, { now: () => klok.dossier?.now ?? new Date(now) })
    const dossier = klok.dossier = new Dossier(service)
    await dossier.at(now)
    await createSchool(service, { bearer: dossier.#bearer! })
    if (regels !== undefined) await dossier.adopt(regels)
    return dossier
  }

  /** A token lasts ten minutes. */
  async at (now: string): Promise<void> {
    this.now = new Date(now)
    this.#bearer = await this.service.token()
  }

  async adopt (regels: readonly object[], geldigVan = '2025-08-01', redenen?: readonly object[]): Promise<void> {
    const concept = await this.send('POST', '/scholen/99AA/beleidsversies', { geldigVan, regels, ...(redenen === undefined ? {} : { redenen }) })
    const { versie } = concept.json<{ versie: number }>()
    const vaststelling = await this.send('POST', `/scholen/99AA/beleidsversies/${versie}/vaststelling`)
    if (vaststelling.statusCode !== 201) throw new Error(`${concept.body} ${vaststelling.body}`)
  }

  async send (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, headers: Record<string, string> = {}, bearer = this.#bearer!): Promise<Antwoord> {
    return await this.service.inject({ bearer, method, url: `/v1${url}`, headers, ...(payload === undefined ? {} : { payload }) })
  }

  async push (...absenties: ReadonlyArray<Record<string, unknown>>): Promise<void> {
    const answer = await this.send('POST', '/absenties/_bulk', { absenties })
    if (answer.statusCode !== 200 || answer.json<{ aantallen: { afgewezen: number } }>().aantallen.afgewezen > 0) throw new Error(answer.body)
  }

  async list (query = ''): Promise<Signaal[]> {
    await this.service.evaluate()
    const answer = await this.send('GET', `/signalen?school=99AA${query}`)
    if (answer.statusCode !== 200) throw new Error(answer.body)
    return answer.json<{ signalen: Signaal[] }>().signalen
  }

  async one (query = ''): Promise<Signaal> {
    const [signaal, ...rest] = await this.list(query)
    if (signaal === undefined || rest.length > 0) throw new Error(`${rest.length + (signaal === undefined ? 0 : 1)} signalen`)
    return signaal
  }

  async decide (signaal: Signaal, besluit: string, reden?: string): Promise<Antwoord> {
    return await this.send('POST', `/signalen/${signaal.id}/beoordelingen`, { besluit, ...(reden === undefined ? {} : { reden }) })
  }

  async geschiedenis (signaal: Signaal, bearer?: string): Promise<Gebeurtenis[]> {
    return (await this.send('GET', `/signalen/${signaal.id}/geschiedenis`, undefined, {}, bearer)).json<{ gebeurtenissen: Gebeurtenis[] }>().gebeurtenissen
  }

  /** As the owner of the database. */
  async execute (statement: string): Promise<void> {
    const owner = new pg.Client({ ...this.service.database, ssl: false })
    await owner.connect()
    try {
      await owner.query(statement)
    } finally {
      await owner.end()
    }
  }
}

const stand = ({ status, voorstel, minuten }: Signaal): string => [status, voorstel, minuten].filter((each) => each !== null).join(' ')

t.test('a decision is an act on the signaal as its maker knows it', async (t) => {
  const dossier = await Dossier.start(t)
  await dossier.push(dag('2025-09-08'), dag('2025-09-09'))
  const signaal = await dossier.one()
  t.match(signaal, { status: 'open', aard: 'wettelijk', drempelMinuten: 960, uiterlijkMelden: '2025-09-16', uiterlijkAfhandelen: '2025-09-16', voorstel: null, rustTot: null })
  const url = `/signalen/${signaal.id}/beoordelingen`
  const known = String((await dossier.send('GET', `/signalen/${signaal.id}`)).headers.etag)

  const taken = await dossier.send('POST', url, { besluit: 'in-behandeling' }, { 'if-match': known })
  t.match([taken.statusCode, taken.json()], [201, { status: 'in-behandeling', kanttekening: null }])
  t.equal(taken.headers.etag, (await dossier.send('GET', `/signalen/${signaal.id}`)).headers.etag, 'the answer carries the version it left')
  t.match([(await dossier.send('POST', url, { besluit: 'gemeld' }, { 'if-match': known })).json()], [{ status: 412, code: 'versie-verouderd' }])
  t.match((await dossier.send('POST', url, { besluit: 'in-behandeling' })).json(), { status: 409, code: 'besluit-niet-toegestaan', detail: 'Het signaal is al in-behandeling.' })

  for (const [invoer, pointer] of [[{ besluit: 'niet-gemeld' }, '/reden'], [{ besluit: 'gemeld', reden: 'al-gemeld' }, '/reden'], [{ besluit: 'vervallen' }, '/besluit'], [{ besluit: 'niet-gemeld', reden: 'zomaar' }, '/reden'], [{ besluit: 'open', notitie: 'x'.repeat(1_001) }, '/notitie']] as const) {
    t.match((await dossier.send('POST', url, invoer)).json(), { status: 400, errors: [{ pointer }] }, JSON.stringify(invoer).slice(0, 60))
  }
  t.match((await dossier.decide(signaal, 'niet-gemeld', 'geen-actie-nodig')).json(), { status: 'niet-gemeld', kanttekening: /in strijd met de wet/ })
  t.match((await dossier.decide(signaal, 'gemeld')).json(), { status: 409, detail: /heropen het eerst/ })
  t.match((await dossier.decide(signaal, 'in-behandeling')).json(), { status: 'in-behandeling', kanttekening: null })
  t.match((await dossier.decide(signaal, 'niet-gemeld', 'fout-in-registratie')).json(), { status: 'niet-gemeld', kanttekening: null })
  t.equal((await dossier.decide({ ...signaal, id: '99AA-00000000-0000-4000-8000-000000000000' }, 'gemeld')).statusCode, 404)
  t.same((await dossier.geschiedenis(signaal)).map(({ soort, status, besluit, reden }) => soort === 'stand' ? status : `${soort} ${besluit} ${reden}`), [
    'open', 'beoordeling in-behandeling null', 'in-behandeling', 'beoordeling niet-gemeld geen-actie-nodig', 'niet-gemeld',
    'beoordeling in-behandeling null', 'in-behandeling', 'beoordeling niet-gemeld fout-in-registratie', 'niet-gemeld'
  ])
  const [eerste, ...rest] = await dossier.geschiedenis(signaal)
  t.ok(eerste!.herleidingHash!.length === 64 && rest.every(({ herleidingHash }) => herleidingHash === eerste!.herleidingHash), 'every decision names what it was taken on')
})

t.test('what people note is read in the history alone, by those who may decide', async (t) => {
  const MARK = 'VERTROUWELIJK-7f3a'
  const dossier = await Dossier.start(t)
  await dossier.push(dag('2025-09-08'), dag('2025-09-09'))
  const signaal = await dossier.one()
  const answer = await dossier.send('POST', `/signalen/${signaal.id}/beoordelingen`, { besluit: 'gemeld', notitie: MARK })
  t.equal(answer.statusCode, 201)
  const beoordelingen = (gebeurtenissen: Gebeurtenis[]): unknown => gebeurtenissen.filter(({ soort }) => soort === 'beoordeling').map(({ notitie, actor }) => [notitie, actor])
  t.same(beoordelingen(await dossier.geschiedenis(signaal)), [[MARK, 'test-lvs']])
  const lezer = await dossier.service.token({ scopes: ['signalen:lezen'] })
  t.same(beoordelingen(await dossier.geschiedenis(signaal, lezer)), [[null, 'test-lvs']])

  await dossier.push(dag('2025-09-08', 2, { minuten: 490 }))
  const { id: levering } = (await dossier.send('POST', '/leveringen', { ontvanger: 'ocw', school: '99AA', periode: '2025-09' })).json<{ id: string }>()
  const query = '{ leerling(bron: "test-lvs", bronId: "L-1", school: "99AA") { signalen(first: 5) { edges { node { id status } } } } }'
  const graph = await dossier.service.inject({ bearer: await dossier.service.token(), method: 'POST', url: '/graphql', payload: { query } })
  t.match(graph.body, signaal.id)
  const elders = [answer, graph, ...await Promise.all([
    '/signalen?school=99AA', '/signalen?school=99AA&status=gemeld', `/signalen/${signaal.id}`, `/signalen/${signaal.id}/herleiding`, '/leerlingen/test-lvs/L-1/marges?school=99AA',
    `/leveringen/${levering}`, `/leveringen/${levering}/bestand`, `/leveringen/${levering}/manifest`
  ].map(async (url) => await dossier.send('GET', url)))]
  for (const { body, statusCode } of elders) t.ok(statusCode < 300 && !body.includes(MARK), body.slice(0, 100))
})

t.test('an intern signaal is never gemeld', async (t) => {
  const dossier = await Dossier.start(t, { regels: [{ regel: 'te-laat', aan: true, drempels: [3, 6] }] })
  await dossier.push(...['2025-09-01', '2025-09-02', '2025-09-03'].map((datum) => telaat(datum)))
  const signaal = await dossier.one()
  t.match(signaal, { regel: 'te-laat', aard: 'intern', eenheid: 'registraties', gemeten: 3, drempel: 3, drempelMinuten: null, uiterlijkMelden: null, uiterlijkAfhandelen: null, minuten: 30 })
  t.match((await dossier.decide(signaal, 'gemeld')).json(), { status: 409, code: 'besluit-niet-toegestaan', detail: /nooit gemeld/ })
  t.match((await dossier.decide(signaal, 'in-behandeling')).json(), { status: 'in-behandeling' })
  t.match((await dossier.decide(signaal, 'gemeld')).json(), { status: 409 })
  t.match((await dossier.decide(signaal, 'niet-gemeld', 'contact-leverde-oplossing')).json(), { status: 'niet-gemeld', kanttekening: null })
  for (const change of ["status = 'gemeld'", "voorstel = 'melding-wijzigen'"]) await t.rejects(dossier.execute(`update signaal set ${change}`), { message: /signaal_intern_blijft_binnen/ }, 'nor by who passes the service by')
  t.same((await dossier.list('&aard=intern')).length, 1)
  t.same((await dossier.list('&aard=wettelijk')).length, 0)
})

t.test('a quiet period keeps a regel of one leerling from the work list, and ends', async (t) => {
  const dossier = await Dossier.start(t, { regels: [{ regel: 'te-laat', aan: true, drempels: [2, 3] }] })
  await dossier.push(dag('2025-09-08'), dag('2025-09-09'), telaat('2025-09-02'), telaat('2025-09-03'))
  const [wettelijk] = await dossier.list('&regel=wettelijk-16-uur')
  const [eerste] = await dossier.list('&regel=te-laat')
  const url = `/signalen/${eerste!.id}/rust`
  const rust = { tot: '2025-10-03', reden: 'afspraken-lopen' }
  t.match((await dossier.send('POST', `/signalen/${wettelijk!.id}/rust`, rust)).json(), { status: 409, code: 'rust-niet-toegestaan' }, 'the term of the law runs')
  for (const tot of ['2025-09-11', '2026-03-14', '2025-02-30']) t.match((await dossier.send('POST', url, { ...rust, tot })).json(), { status: 400, errors: [{ pointer: '/tot' }] }, tot)
  t.match((await dossier.send('POST', url, { ...rust, reden: 'zomaar' })).json(), { status: 400, errors: [{ pointer: '/reden' }] })

  const werk = async (): Promise<string[]> => (await dossier.list('&werklijst=te-doen')).map(({ regel, einddatum }) => `${regel} ${einddatum}`)
  t.same(await werk(), ['wettelijk-16-uur 2025-09-09', 'te-laat 2025-09-03'])
  t.match([(await dossier.send('POST', url, { ...rust, tot: '2026-03-13' })).json()], [{ rustTot: '2026-03-13' }], '26 weeks ahead')
  const begonnen = await dossier.send('POST', url, rust)
  t.match([begonnen.statusCode, begonnen.json()], [201, { id: eerste!.id, status: 'open', rustTot: '2025-10-03' }], 'another takes its place')
  await dossier.push(telaat('2025-09-04'))
  t.same((await dossier.list('&regel=te-laat')).map(({ einddatum, rustTot }) => [einddatum, rustTot]), [['2025-09-03', '2025-10-03'], ['2025-09-04', '2025-10-03']], 'what comes meanwhile is raised, and rests too')
  t.same(await werk(), ['wettelijk-16-uur 2025-09-09'])

  t.equal((await dossier.send('DELETE', url)).statusCode, 204)
  t.same((await werk()).length, 3, 'ended early')
  t.equal((await dossier.send('DELETE', url)).statusCode, 404)
  await dossier.send('POST', url, rust)
  await dossier.at('2025-10-03T10:00:00Z')
  t.same(await werk(), ['wettelijk-16-uur 2025-09-09'], 'its last day')
  await dossier.at('2025-10-04T10:00:00Z')
  t.same((await werk()).length, 3, 'the day after')
  t.same((await dossier.geschiedenis(eerste!)).map(({ soort }) => soort), ['stand', 'rust', 'rust-beeindigd', 'rust', 'rust-beeindigd', 'rust'])
})

t.test('work that is due comes first, and what is due today is not late', async (t) => {
  const dossier = await Dossier.start(t, { now: '2025-10-01T10:00:00Z', regels: [{ regel: 'te-laat', aan: true, drempels: [1] }, { regel: 'zorgelijk-verzuim', aan: true, drempels: [4], termijnWerkdagen: 10 }] })
  await dossier.push(telaat('2025-09-01'), dag('2025-09-08', 1, { minuten: 300 }), dag('2025-09-24'), dag('2025-09-25', 1, { minuten: 400 }))
  await dossier.service.evaluate()
  const paginas: Signaal[][] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const pagina: { signalen: Signaal[], volgende: string | null } = (await dossier.send('GET', `/signalen?school=99AA&werklijst=te-doen&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`)).json()
    paginas.push(pagina.signalen)
    cursor = pagina.volgende
  }
  t.same(paginas.flat().map(({ regel, uiterlijkAfhandelen, dagenTeLaat }) => [regel, uiterlijkAfhandelen, dagenTeLaat]), [['zorgelijk-verzuim', '2025-09-22', 7], ['wettelijk-16-uur', '2025-10-02', 0], ['zorgelijk-verzuim', '2025-10-08', 0], ['te-laat', null, null]], 'page by page, no term last')
  t.same((await dossier.send('GET', `/signalen?school=99AA&werklijst=te-laat&cursor=${Buffer.from(JSON.stringify([null, '99AA', '00000000-0000-4000-8000-000000000000'])).toString('base64url')}`)).json(), { signalen: [], volgende: null }, 'what has no term is never late')
  t.match((await dossier.send('GET', `/signalen?school=99AA&werklijst=te-doen&cursor=${Buffer.from('["99AA","2025-09-01"]').toString('base64url')}`)).json(), { status: 400, errors: [{ pointer: '#query/cursor' }] })

  const laat = async (): Promise<unknown> => (await dossier.list('&werklijst=te-laat&regel=wettelijk-16-uur')).map(({ dagenTeLaat }) => dagenTeLaat)
  await dossier.at('2025-10-02T21:59:00Z')
  t.same(await laat(), [], 'the last day, until midnight in Amsterdam')
  await dossier.at('2025-10-02T22:01:00Z')
  t.same(await laat(), [1])
  await dossier.at('2025-10-06T10:00:00Z')
  t.same(await laat(), [2], 'a weekend counts no werkdagen')
  await measureTeLaat(dossier.service.app.makeCtx(systemActor('test', '*')))
  t.match((await dossier.service.inject({ url: '/metrics' })).body, /aanwezig_signalen_te_laat\{regel="wettelijk-16-uur"\} 1\n/)

  const signaal = await dossier.one('&regel=wettelijk-16-uur')
  await dossier.decide(signaal, 'in-behandeling')
  t.same(await laat(), [2], 'taken up is not done')
  await dossier.decide(signaal, 'gemeld')
  t.same(await laat(), [])
  t.notOk('dagenTeLaat' in await dossier.one('&regel=wettelijk-16-uur'), 'only a work list says so')
})

t.test('a school may keep a shorter term than the law, and the term of the law stays', async (t) => {
  const dossier = await Dossier.start(t, { regels: [{ regel: 'wettelijk-16-uur', aan: true, termijnWerkdagen: 3 }] })
  await dossier.push(dag('2025-09-08'), dag('2025-09-09'))
  t.match(await dossier.one(), { uiterlijkAfhandelen: '2025-09-12', uiterlijkMelden: '2025-09-16' })
})

t.test('corrections after the decision keep the decision, and say what they ask', async (t) => {
  const dossier = await Dossier.start(t)
  await dossier.push(dag('2025-09-08'), dag('2025-09-09'))
  const signaal = await dossier.one()
  const now = async (): Promise<string> => {
    const found = await dossier.one()
    t.equal(found.id, signaal.id, 'the same signaal')
    return stand(found)
  }
  let uur = 2
  const correct = async (datum: string, anders: Record<string, unknown>): Promise<string> => {
    await dossier.push(dag(datum, uur++, anders))
    return await now()
  }

  await dossier.decide(signaal, 'in-behandeling')
  t.equal(await correct('2025-09-09', { minuten: 500 }), 'in-behandeling 980')
  await dossier.decide(signaal, 'gemeld')
  t.equal(await correct('2025-09-09', { minuten: 510 }), 'gemeld melding-wijzigen 990')
  t.equal(await correct('2025-09-09', { minuten: 500 }), 'gemeld 980', 'what was reported is true again')
  t.equal(await correct('2025-09-09', { minuten: 510 }), 'gemeld melding-wijzigen 990')
  t.same((await dossier.list('&voorstel=melding-wijzigen')).length, 1)
  t.equal((await dossier.decide(signaal, 'gemeld')).statusCode, 201, 'the melding was changed')
  t.equal(await now(), 'gemeld 990')

  t.equal(await correct('2025-09-09', { reden: 'ZK' }), 'vervallen melding-intrekken 990')
  t.equal(await correct('2025-09-09', { minuten: 510 }), 'gemeld 990', 'facts that return unchanged')
  await dossier.push({ bronId: 'd-2025-09-09', school: '99AA', ingetrokken: true, gewijzigdOp: `2025-09-11T${String(uur++).padStart(2, '0')}:00:00Z` })
  t.equal(await now(), 'vervallen melding-intrekken 990')
  t.match((await dossier.decide(signaal, 'open')).json(), { status: 409 }, 'only facts bring it back')
  t.match((await dossier.decide(signaal, 'niet-gemeld', 'melding-ingetrokken')).json(), { status: 'vervallen', voorstel: null, redenVervallen: /ingetrokken/ })
  t.match((await dossier.decide(signaal, 'gemeld')).json(), { status: 409 }, 'settled')
  t.equal(await correct('2025-09-09', {}), 'open opnieuw-beoordelen 960', 'the melding is gone, so it is decided anew')

  await dossier.decide(signaal, 'niet-gemeld', 'al-gemeld')
  t.equal(await correct('2025-09-08', { minuten: 600 }), 'open opnieuw-beoordelen 1080')
  t.equal(await correct('2025-09-08', {}), 'niet-gemeld 960', 'what was decided on')
  t.equal(await correct('2025-09-10', {}), 'niet-gemeld 960')
  t.equal(await correct('2025-09-09', { minuten: 470 }), 'open opnieuw-beoordelen 1430', 'it moves to another einddatum')
  await dossier.decide(signaal, 'niet-gemeld', 'verzuim-verklaard')
  t.equal(await correct('2025-09-10', { minuten: 400 }), 'niet-gemeld 1350', 'it shrinks')

  const gebeurtenissen = await dossier.geschiedenis(signaal)
  t.same(gebeurtenissen.map(({ op }) => op), gebeurtenissen.map(({ op }) => op).sort(), 'in order of time')
  t.equal(gebeurtenissen.filter(({ soort }) => soort === 'beoordeling').length, 6)
  t.equal(gebeurtenissen.filter(({ soort }) => soort === 'stand').length, 1 + 6 + 12, 'every act, and every correction that changed something, left the version before it')
})

t.test('a decision and an evaluation at the same moment both hold', async (t) => {
  const dossier = await Dossier.start(t)
  await dossier.push(dag('2025-09-08'), dag('2025-09-09'))
  const signaal = await dossier.one()
  await dossier.decide(signaal, 'gemeld')
  for (let at = 0; at < 10; at++) {
    const [besluit] = await Promise.all([
      dossier.decide(signaal, at % 2 === 0 ? 'open' : 'gemeld'),
      dossier.push(dag('2025-09-09', 2 + at, { minuten: 481 + at })),
      dossier.service.evaluate()
    ])
    t.equal(besluit.statusCode, 201)
    t.match(await dossier.one(), { status: at % 2 === 0 ? 'open' : 'gemeld', minuten: 961 + at })
  }
})

t.test('why a signaal is vervallen says what changed', async (t) => {
  const dossier = await Dossier.start(t, { regels: [{ regel: 'te-laat', aan: true, drempels: [1] }] })
  await dossier.push(dag('2025-09-08'), dag('2025-09-09'), telaat('2025-09-01'))
  const reden = async (regel = 'wettelijk-16-uur'): Promise<string | null> => (await dossier.one(`&regel=${regel}`)).redenVervallen
  const put = async (url: string, payload: object): Promise<void> => {
    const { statusCode, body } = await dossier.send('PUT', url, payload)
    if (statusCode >= 300) throw new Error(body)
  }
  const vrijstelling = { leerling: 'L-1', school: '99AA', grondslag: '5-onder-a', tot: '2026-07-31' }
  const leerling = { bronId: 'L-1', school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }] }
  const schrijfIn = async (anders: object): Promise<void> => { await dossier.send('POST', '/leerlingen/_bulk', { leerlingen: [{ ...leerling, ...anders }] }) }
  const hersteld = async (): Promise<void> => { t.equal(await reden(), null) }

  await hersteld()
  await dossier.push(dag('2025-09-09', 2, { reden: 'ZK' }))
  t.equal(await reden(), 'De feiten dragen dit signaal niet meer: 1 absentie is gewijzigd.')
  await dossier.push(dag('2025-09-09', 3))
  await hersteld()
  await dossier.push(...['2025-09-08', '2025-09-09'].map((datum) => ({ bronId: `d-${datum}`, school: '99AA', ingetrokken: true, gewijzigdOp: '2025-09-11T04:00:00Z' })))
  t.equal(await reden(), 'De feiten dragen dit signaal niet meer: 2 absenties zijn ingetrokken.')
  await dossier.push(dag('2025-09-08', 5), dag('2025-09-09', 5))
  await hersteld()
  await put('/vrijstellingen/V-1', { ...vrijstelling, van: '2025-09-09' })
  t.equal(await reden(), 'De feiten dragen dit signaal niet meer: de leerling heeft vrijstelling.')
  await put('/vrijstellingen/V-1', { ...vrijstelling, van: '2025-12-01' })
  await hersteld()
  await put('/vestigingen/99AA00/kalenders/2025-2026', { lesvrij: [{ van: '2025-09-09', tot: '2025-09-09', soort: 'studiedag', naam: 'Studiedag' }] })
  t.equal(await reden(), 'De feiten dragen dit signaal niet meer: de kalender is gewijzigd.')
  await put('/vestigingen/99AA00/kalenders/2025-2026', { lesvrij: [] })
  await hersteld()
  await schrijfIn({ inschrijvingen: [{ ...leerling.inschrijvingen[0], tot: '2025-09-08' }] })
  t.equal(await reden(), 'De feiten dragen dit signaal niet meer: de inschrijving is gewijzigd.')
  await schrijfIn({})
  await hersteld()
  await schrijfIn({ geboortedatum: '2021-01-01' })
  t.equal(await reden(), 'De feiten die nu vastliggen, dragen dit signaal niet meer.', 'too young: what is not told is not guessed')
  await schrijfIn({})
  await hersteld()

  const uitzondering = await dossier.send('POST', '/scholen/99AA/uitzonderingen', { leerling: { bron: 'test-lvs', bronId: 'L-1' }, regel: 'te-laat', van: '2025-09-01', tot: '2025-09-30', reden: 'medisch-traject' })
  t.equal(uitzondering.statusCode, 201, uitzondering.body)
  t.equal(await reden('te-laat'), 'De feiten dragen dit signaal niet meer: voor de leerling geldt een uitzondering.')
  await hersteld()
  await dossier.adopt([], '2025-09-09', [{ code: 'SPIJ', omschrijving: 'Spijbelen', categorie: 'geoorloofd' }])
  t.equal(await reden(), 'De feiten dragen dit signaal niet meer: 1 absentie is anders ingedeeld, er geldt ander beleid.')
})

t.test('the herleiding is kept, computed again, and a difference is reported', async (t) => {
  const dossier = await Dossier.start(t)
  await dossier.push(dag('2025-09-08'), dag('2025-09-09'))
  const signaal = await dossier.one()
  const read = async (): Promise<{ hash: string, nagerekend: unknown, toelichting: string, herleiding: { geteld: unknown[] } }> => (await dossier.send('GET', `/signalen/${signaal.id}/herleiding`)).json()
  const eerst = await read()
  t.same(eerst.nagerekend, { gelijk: true, verschillen: [] })
  t.match(eerst.hash, /^[0-9a-f]{64}$/)
  t.match(eerst.toelichting, /960 minuten geteld.*drempel is 960/)
  t.equal(eerst.herleiding.geteld.length, 2)
  await dossier.push(dag('2025-09-09', 2, { minuten: 500 }))
  await dossier.one()
  const later = await read()
  t.same(later.nagerekend, { gelijk: true, verschillen: [] })
  t.not(later.hash, eerst.hash)

  await dossier.execute('update signaal set minuten = 999, gemeten = 999')
  t.match((await read()).nagerekend, { gelijk: false, verschillen: [{ veld: 'gemeten', bewaard: '999', nagerekend: '980' }, { veld: 'minuten' }] }, 'another size')
  await dossier.execute("update signaal set minuten = 980, gemeten = 980, herleiding = jsonb_set(herleiding, '{geteld,0,reden}', '\"ZK\"')")
  t.match((await read()).nagerekend, { gelijk: false, verschillen: [{ veld: 'hash', bewaard: later.hash }] }, 'another document')
  await dossier.execute("update signaal set herleiding = jsonb_set(herleiding, '{geteld}', '[]')")
  t.match((await read()).nagerekend, { gelijk: false, verschillen: [{ veld: 'hash' }, { veld: 'begindatum', nagerekend: null }] }, 'a document that carries nothing')
  await dossier.execute("update signaal set herleiding = '{}', herleiding_hash = ''")
  t.match((await dossier.send('GET', `/signalen/${signaal.id}/herleiding`)).json(), { status: 404, detail: /nog geen herleiding/ })
  await dossier.push(dag('2025-09-10', 3, { minuten: 60 }))
  await dossier.one()
  t.same((await read()).nagerekend, { gelijk: true, verschillen: [] }, 'one from before it was kept gets it at the next evaluation')
})

t.test('who may only read decides nothing', async (t) => {
  const dossier = await Dossier.start(t)
  await dossier.push(dag('2025-09-08'), dag('2025-09-09'))
  const signaal = await dossier.one()
  const bearer = await dossier.service.token({ scopes: RECHTEN.filter((recht) => recht !== 'signalen:beoordelen') })
  for (const [method, pad, payload] of [['POST', 'beoordelingen', { besluit: 'gemeld' }], ['POST', 'rust', { tot: '2025-10-01', reden: 'afspraken-lopen' }], ['DELETE', 'rust', undefined]] as const) {
    t.equal((await dossier.send(method, `/signalen/${signaal.id}/${pad}`, payload, {}, bearer)).statusCode, 403, pad)
  }
  t.equal((await dossier.one()).status, 'open')
})
