import pg from 'pg'
import t, { type Test } from 'tap'
import { Toeval } from '../../src/demo/toeval.ts'
import { measureMeldingenTeLaat, sendAutomatisch } from '../../src/meldingen/service.ts'
import { applyStatussen, finishUitzending, listPeilingen, listWachtendeScholen, takeUitzending } from '../../src/meldingen/uitzendingen.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { buildAbsentie } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import type { Ctx } from '../../src/context.ts'
import type { Kanaalantwoord, Statuswijziging, Uitzending } from '../../src/domain/duobericht.ts'

type Antwoord = Awaited<ReturnType<Service['inject']>>
interface Fout { readonly code: string, readonly pointer: string }
interface Signaal { readonly id: string, readonly status: string, readonly voorstel: string | null, readonly regel: string }
interface Melding {
  readonly id: string
  readonly soort: string
  readonly status: string
  readonly signaal: string | null
  readonly begindatum: string
  readonly einddatum: string | null
  readonly dagen: ReadonlyArray<{ datum: string, heleDag: boolean, lesuren: number[] }>
  readonly meldingsnummer: string | null
  readonly laatsteMutatie: string | null
  readonly voorstel: string | null
  readonly redenIntrekking: string | null
  readonly verzending: { operatie: string, status: string } | null
  readonly uiterlijkMelden: string | null
  readonly aandachtspunten?: Array<{ code: string }>
}

const BSN = '999990019'
const MELDGEGEVENS = { contactpersoon: 'A. Voorbeeld', functie: 'Verzuimcoördinator', emailadres: 'verzuim@school.example', netnummer: '038', abonneenummer: '1234567', informeertBijMelding: true }
const dag = (datum: string, anders: Record<string, unknown> = {}): Record<string, unknown> => buildAbsentie(`d-${datum}`, datum, { minuten: 480, gewijzigdOp: '2025-09-12T01:00:00Z', ...anders })
const codes = (antwoord: Antwoord): string[] => antwoord.json<{ errors?: Fout[] }>().errors?.map(({ code }) => code) ?? []
const aangenomen = (meldingsnummer: string, mutatieOp: string): Kanaalantwoord => ({ uitslag: 'aangenomen', meldingsnummer, mutatieOp })
const mislukt: Kanaalantwoord = { uitslag: 'mislukt', omschrijving: `Time-out bij ${BSN}` }

/** A school with one leerling who has a number, at a day of its own; the test itself carries the outbox. */
class Dossier {
  readonly service: Service
  now: Date
  #bearer: string | undefined

  constructor (service: Service, now: string) {
    this.service = service
    this.now = new Date(now)
  }

  static async start (t: Test, { now = '2025-09-12T10:00:00Z', environment = {}, meldgegevens = MELDGEGEVENS as object | null, leerling = {} }: { now?: string, environment?: Record<string, string>, meldgegevens?: object | null, leerling?: object } = {}): Promise<Dossier> {
    const klok: { dossier?: Dossier } = {}
    const service = await startService(t, { now: () => klok.dossier?.now ?? new Date(now), environment })
    const dossier = klok.dossier = new Dossier(service, now)
    await dossier.at(now)
    await dossier.ok('PUT', '/vestigingen/99AA00', { naam: 'De Proef', sector: 'vo', regio: 'noord', gemeentecode: '0014' })
    await dossier.leerling('L-1', leerling)
    if (meldgegevens !== null) await dossier.ok('PUT', '/scholen/99AA/meldgegevens', meldgegevens)
    return dossier
  }

  async leerling (bronId: string, anders: object = {}): Promise<void> {
    await this.ok('POST', '/leerlingen/_bulk', { leerlingen: [{ bronId, school: '99AA', geboortedatum: '2012-03-10', persoonsgebondenNummer: BSN, woongemeente: '0014', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 2, rooster: [480, 480, 480, 480, 480, 0, 0] }], ...anders }] })
  }

  /** A token lasts ten minutes. */
  async at (now: string): Promise<void> {
    this.now = new Date(now)
    this.#bearer = await this.service.token()
  }

  async send (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, headers: Record<string, string> = {}): Promise<Antwoord> {
    return await this.service.inject({ bearer: this.#bearer!, method, url: `/v1${url}`, headers, ...(payload === undefined ? {} : { payload }) })
  }

  async ok<T = unknown> (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object): Promise<T> {
    const answer = await this.send(method, url, payload)
    if (answer.statusCode >= 300 || /"afgewezen":[1-9]/.test(answer.body)) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`)
    return answer.json<T>()
  }

  async push (...absenties: ReadonlyArray<Record<string, unknown>>): Promise<void> {
    await this.ok('POST', '/absenties/_bulk', { absenties })
    await this.service.evaluate()
  }

  /** 16 uur in two days. */
  async signaal (): Promise<Signaal> {
    await this.push(dag('2025-09-08'), dag('2025-09-09'))
    return await this.signaalNu()
  }

  async signaalNu (query = ''): Promise<Signaal> {
    await this.service.evaluate()
    const { signalen: [signaal] } = await this.ok<{ signalen: Signaal[] }>('GET', `/signalen?school=99AA${query}`)
    if (signaal === undefined) throw new Error('no signaal')
    return signaal
  }

  async meld (payload: object): Promise<Melding> {
    return await this.ok<Melding>('POST', '/meldingen', payload)
  }

  async melding ({ id }: Pick<Melding, 'id'>): Promise<Melding> {
    return await this.ok<Melding>('GET', `/meldingen/${id}`)
  }

  get ctx (): Ctx { return this.service.app.makeCtx(systemActor('verzender', '*')) }

  async take (school = '99AA'): Promise<Uitzending | undefined> { return await takeUitzending(this.ctx, school) }

  /** Takes the next and answers it. */
  async carry (antwoord: Kanaalantwoord): Promise<Uitzending> {
    const uitzending = await this.take()
    if (uitzending === undefined) throw new Error('nothing to carry')
    await finishUitzending(this.ctx, uitzending, antwoord)
    return uitzending
  }

  async peil (...wijzigingen: Statuswijziging[]): Promise<void> { await applyStatussen(this.ctx, '99AA', { wijzigingen, tot: 'tot-hier' }) }

  async query<T extends object> (statement: string): Promise<T[]> {
    const owner = new pg.Client({ ...this.service.database, ssl: false })
    await owner.connect()
    try {
      return (await owner.query<T>(statement)).rows
    } finally {
      await owner.end()
    }
  }
}

t.test('a signaal becomes a melding, in one transaction with its decision and its message', async (t) => {
  const dossier = await Dossier.start(t)
  const signaal = await dossier.signaal()
  const proef = await dossier.ok<{ mogelijk: boolean, fouten: Fout[], bericht: { velden: Record<string, unknown> } }>('POST', '/meldingen?proef=true', { signaal: signaal.id })
  t.match(proef, { mogelijk: true, fouten: [], bericht: { profiel: 'duo-vsv-v8', velden: { burgerservicenummer: '*********', soort: 'V3' } } })
  t.notMatch(JSON.stringify(proef), BSN, 'the number is not shown')
  t.strictSame(await dossier.query('select * from melding'), [], 'a proef keeps nothing')

  const answer = await dossier.send('POST', '/meldingen', { signaal: signaal.id, toelichting: 'Ouders zijn gebeld' })
  t.equal(answer.statusCode, 201, answer.body)
  const melding = answer.json<Melding>()
  t.match(melding, { soort: 'V3', signaal: signaal.id, status: 'W', begindatum: '2025-09-08', einddatum: '2025-09-09', uiterlijkMelden: '2025-09-16', meldingsnummer: null, verzending: { operatie: 'melden', status: 'wacht' }, aandachtspunten: [] })
  t.strictSame(melding.dagen, [{ datum: '2025-09-08', heleDag: true, lesuren: [] }, { datum: '2025-09-09', heleDag: true, lesuren: [] }])
  t.equal(answer.headers['location'], `/v1/meldingen/${melding.id}`)
  t.equal((await dossier.send('GET', `/meldingen/${melding.id}`)).headers['etag'], answer.headers['etag'])
  t.equal((await dossier.signaalNu()).status, 'gemeld')

  const uitzending = await dossier.take()
  t.match(uitzending, { operatie: 'melden', poging: 1, bericht: { school: '99AA', meldingsnummer: null, laatsteMutatie: null } })
  t.strictSame(uitzending!.bericht.velden, {
    burgerservicenummer: BSN,
    gemeentecode: '0014',
    brin: '99AA',
    vestiging: '99AA00',
    soortOnderwijs: 'VO',
    leerjaar: 2,
    soort: 'V3',
    begindatum: '2025-09-08',
    einddatum: '2025-09-09',
    alleLessenGemist: true,
    dagenGespecificeerd: true,
    dagen: melding.dagen,
    vermoedelijkeReden: 'Niet bekend na navraag',
    toelichting: 'Ouders zijn gebeld',
    actieOndernemen: false,
    contactpersoon: 'A. Voorbeeld',
    functie: 'Verzuimcoördinator',
    emailadres: 'verzuim@school.example',
    netnummer: '038',
    abonneenummer: '1234567'
  }, 'every field, and no field more: no reden, no minuten, nothing of the beleid')
  await finishUitzending(dossier.ctx, uitzending!, aangenomen('700001', '2025-09-12T10:00:01.123456Z'))
  t.match(await dossier.melding(melding), { status: 'R', meldingsnummer: '700001', laatsteMutatie: '2025-09-12T10:00:01.123456Z', verzending: null })
  t.equal(await dossier.take(), undefined)

  const opslag = JSON.stringify(await dossier.query("select encode(bericht, 'escape') as bericht, to_jsonb(m) from uitzending join melding m using (school, melding)"))
  t.notMatch(opslag, BSN, 'the message is encrypted where it waits')
  for (const url of ['/meldingen?school=99AA', `/meldingen/${melding.id}/geschiedenis`, `/meldingen/${melding.id}/uitzendingen`]) t.notMatch((await dossier.send('GET', url)).body, BSN, url)
  t.match(await dossier.ok('GET', `/meldingen/${melding.id}/geschiedenis`), { gebeurtenissen: [{ gebeurtenis: 'gemaakt', status: 'W', actor: 'test-lvs' }, { gebeurtenis: 'geregistreerd', status: 'R', meldingsnummer: '700001', actor: 'systeem:verzender' }] })

  t.strictSame(codes(await dossier.send('POST', '/meldingen', { signaal: signaal.id })), ['signaal-niet-open', 'dubbel', 'te-kort-na-vorige'], 'not twice')
})

t.test('everything that keeps a melding from being made is in one answer, and nothing is kept', async (t) => {
  const dossier = await Dossier.start(t, { meldgegevens: null, leerling: { persoonsgebondenNummer: null, geboortedatum: '2006-01-01' } })
  await dossier.push(dag('2025-09-08'))
  const hand = { leerling: { bron: 'test-lvs', bronId: 'L-1' }, school: '99AA', soort: 'L', begindatum: '2025-09-08' }
  const geweigerd = await dossier.send('POST', '/meldingen', { ...hand, actieOndernemen: true })
  t.equal(geweigerd.statusCode, 409)
  t.match(geweigerd.json(), { code: 'melding-niet-toegestaan' })
  t.strictSame(codes(geweigerd), ['nummer-ontbreekt', 'buiten-doelgroep', 'niet-geinformeerd', 'ontbreekt', 'ontbreekt', 'ontbreekt'])
  t.strictSame(geweigerd.json<{ errors: Fout[] }>().errors.slice(3).map(({ pointer }) => pointer), ['/toelichtingActieGewenst', '/contactpersoon', '/emailadres'])
  t.match(await dossier.ok('POST', '/meldingen?proef=true', { ...hand, actieOndernemen: true }), { mogelijk: false, fouten: { length: 6 } }, 'a proef says the same')

  t.strictSame(codes(await dossier.send('POST', '/meldingen', { ...hand, leerling: { bron: 'test-lvs', bronId: 'L-9' } })), ['leerling-onbekend'])
  t.strictSame(codes(await dossier.send('POST', '/meldingen', { ...hand, soort: 'Z' })), ['soort-niet-van-kracht'])
  for (const [payload, verwacht] of [
    [{ ...hand, soort: 'V1' }, ['/soort']],
    [{ ...hand, reden: 'SPIJ' }, ['/reden']],
    [{ ...hand, vermoedelijkeReden: 'ziek' }, ['/vermoedelijkeReden']],
    [{ ...hand, toelichting: 'x'.repeat(101) }, ['/toelichting']],
    [{ ...hand, toelichting: 'a\u0007b' }, ['/toelichting']],
    [{ soort: 'O' }, ['/leerling', '/school', '/begindatum']],
    [{ ...hand, signaal: '99AA-00000000-0000-4000-8000-000000000000' }, ['/leerling', '/school', '/begindatum']]
  ] as const) {
    const answer = await dossier.send('POST', '/meldingen', payload)
    t.equal(answer.statusCode, 400, answer.body)
    t.strictSame(answer.json<{ errors: Fout[] }>().errors.map(({ pointer }) => pointer), verwacht)
  }
  t.strictSame(await dossier.query('select * from melding union all select * from melding'), [])
  t.strictSame(await dossier.query('select * from uitzending'), [])
})

t.test('an intern signaal is refused by the service and by the database', async (t) => {
  const dossier = await Dossier.start(t)
  const { id } = await dossier.signaal()
  await dossier.query("update signaal set aard = 'intern', regel = 'ziek-langdurig'")
  t.strictSame(codes(await dossier.send('POST', '/meldingen', { signaal: id })), ['signaal-intern'])
  t.match(await dossier.ok('GET', '/meldvoorstellen?school=99AA'), { meldvoorstellen: [] })
  await t.rejects(dossier.query("insert into melding (school, melding, bron, leerling, soort, grond, begindatum, status, invoer, dagen, gebeurtenis, actor, aangemaakt_op, bijgewerkt_op) values ('99AA', gen_random_uuid(), 'test-lvs', 'L-1', 'O', 'intern', '2025-09-08', 'W', '{}', '[]', 'gemaakt', 'x', now(), now())"), /meldinggrond/)
})

t.test('what became geoorloofd is not sent, whatever the signaal still says', async (t) => {
  const dossier = await Dossier.start(t)
  const { id } = await dossier.signaal()
  // As between a correction and its evaluation.
  await dossier.query("update absentie set categorie = 'geoorloofd' where bron_id = 'd-2025-09-09'")
  t.strictSame(codes(await dossier.send('POST', '/meldingen', { signaal: id })), ['niet-ongeoorloofd'])
})

t.test('a correction proposes a change, the change goes to DUO with her last mutation, and a later one refuses it', async (t) => {
  const dossier = await Dossier.start(t)
  const melding = await dossier.meld({ signaal: (await dossier.signaal()).id })
  await dossier.carry(aangenomen('700001', '2025-09-12T10:00:01Z'))
  await dossier.push(dag('2025-09-05'), dag('2025-09-08', { ingetrokken: undefined, minuten: 100, gewijzigdOp: '2025-09-12T02:00:00Z' }))
  await dossier.push(dag('2025-09-04', { minuten: 400 }))
  const { voorstel } = await dossier.melding(melding)
  t.equal(voorstel, 'melding-wijzigen')
  t.match(await dossier.ok('GET', '/meldingen?school=99AA&voorstel=true'), { meldingen: [{ id: melding.id }] })
  t.match(await dossier.ok('GET', '/meldingen?school=99AA&voorstel=false'), { meldingen: [] })

  t.strictSame(codes(await dossier.send('PUT', `/meldingen/${melding.id}`, { laatsteMutatie: null })), ['mutatie-verouderd'])
  t.equal((await dossier.send('PUT', `/meldingen/${melding.id}`, { laatsteMutatie: '2025-09-12T10:00:01Z' }, { 'if-match': '"x"' })).statusCode, 412)
  const gewijzigd = await dossier.ok<Melding>('PUT', `/meldingen/${melding.id}`, { laatsteMutatie: '2025-09-12T10:00:01Z' })
  t.match(gewijzigd, { status: 'R', begindatum: '2025-09-04', voorstel: null, verzending: { operatie: 'muteren', status: 'wacht' } })
  t.match(await dossier.signaalNu(), { status: 'gemeld', voorstel: null })

  const mutatie = await dossier.carry({ uitslag: 'geweigerd', code: 'VSV-12', omschrijving: `Mutatie verouderd voor ${BSN}` })
  t.match(mutatie, { operatie: 'muteren', bericht: { meldingsnummer: '700001', laatsteMutatie: '2025-09-12T10:00:01Z' } })
  t.match((await dossier.melding(melding)).verzending, { operatie: 'muteren', status: 'dood' })
  const { uitzendingen } = await dossier.ok<{ uitzendingen: Array<{ id: string, status: string, kenmerk: string, pogingen: Array<{ omschrijving: string }> }> }>('GET', `/meldingen/${melding.id}/uitzendingen`)
  t.match(uitzendingen, [{ status: 'aangenomen' }, { status: 'dood', pogingen: [{ nummer: 1, uitslag: 'geweigerd', code: 'VSV-12', omschrijving: 'Mutatie verouderd voor *********' }] }])

  // The gemeente took it up meanwhile: a resend goes with what DUO says now, under another kenmerk.
  await dossier.peil({ meldingsnummer: '700001', status: 'B', mutatieOp: '2025-09-12T11:00:00Z', reden: null })
  const herhaald = await dossier.ok<{ id: string, kenmerk: string }>('POST', `/meldingen/${melding.id}/uitzendingen/${uitzendingen[1]!.id}/herhaling`)
  t.not(herhaald.kenmerk, uitzendingen[1]!.kenmerk)
  t.strictSame(codes(await dossier.send('POST', `/meldingen/${melding.id}/uitzendingen/${uitzendingen[0]!.id}/herhaling`)), ['uitzending-niet-dood'])
  t.match(await dossier.carry(aangenomen('700001', '2025-09-12T11:30:00Z')), { bericht: { laatsteMutatie: '2025-09-12T11:00:00Z' } })
  t.match(await dossier.melding(melding), { status: 'B', laatsteMutatie: '2025-09-12T11:30:00Z', verzending: null })
})

t.test('what DUO never heard is replaced or withdrawn where it waits', async (t) => {
  const dossier = await Dossier.start(t)
  const { id } = await dossier.signaal()
  const melding = await dossier.meld({ signaal: id })
  await dossier.ok('PUT', `/meldingen/${melding.id}`, { laatsteMutatie: null, toelichting: 'Beter gezegd' })
  t.match(await dossier.query('select operatie, volgnummer::int from uitzending'), [{ operatie: 'melden', volgnummer: 1 }], 'one message')
  t.equal((await dossier.carry({ uitslag: 'geweigerd', code: 'X', omschrijving: 'Nee' })).bericht.velden['toelichting'], 'Beter gezegd')
  await dossier.ok('PUT', `/meldingen/${melding.id}`, { laatsteMutatie: null, toelichting: 'Nog beter' })
  t.equal((await dossier.take())?.bericht.velden['toelichting'], 'Nog beter', 'a refused one is put right where it stands')

  // Under way: DUO may have it, so the change comes after it.
  await dossier.ok('PUT', `/meldingen/${melding.id}`, { laatsteMutatie: null, toelichting: 'Ten slotte' })
  const ingetrokken = await dossier.ok<Melding>('POST', `/meldingen/${melding.id}/intrekking`, { reden: 'fout-in-registratie' })
  t.match(ingetrokken, { status: 'W', redenIntrekking: 'fout-in-registratie' })
  t.strictSame(await dossier.query('select operatie, status from uitzending order by volgnummer'), [{ operatie: 'melden', status: 'onderweg' }, { operatie: 'muteren', status: 'vervallen' }, { operatie: 'intrekken', status: 'wacht' }], 'a change that never left is let go')
  t.match(await dossier.signaalNu(), { status: 'niet-gemeld', voorstel: null })

  const tweede = await Dossier.start(t)
  const nooit = await tweede.meld({ signaal: (await tweede.signaal()).id })
  t.match(await tweede.ok('POST', `/meldingen/${nooit.id}/intrekking`, { reden: 'verzuim-verklaard' }), { status: 'I', verzending: null })
  t.equal(await tweede.take(), undefined, 'nothing leaves')
  t.strictSame(codes(await tweede.send('POST', `/meldingen/${nooit.id}/intrekking`, { reden: 'anders' })), ['status'])
  t.match(await tweede.ok('GET', `/signalen/${nooit.signaal}/geschiedenis`), { gebeurtenissen: { length: 7 } }, 'the signaal keeps its history')
  await tweede.ok('POST', `/signalen/${nooit.signaal}/beoordelingen`, { besluit: 'open' })
  t.equal((await tweede.meld({ signaal: nooit.signaal! })).status, 'W', 'and may be gemeld again')
})

t.test('a withdrawn absentie lapses the signaal; the intrekking settles its voorstel', async (t) => {
  const dossier = await Dossier.start(t)
  const melding = await dossier.meld({ signaal: (await dossier.signaal()).id })
  await dossier.carry(aangenomen('700001', '2025-09-12T10:00:01Z'))
  await dossier.push({ bronId: 'd-2025-09-09', school: '99AA', ingetrokken: true, gewijzigdOp: '2025-09-12T03:00:00Z' })
  t.equal((await dossier.melding(melding)).voorstel, 'melding-intrekken')
  t.strictSame(codes(await dossier.send('PUT', `/meldingen/${melding.id}`, { laatsteMutatie: '2025-09-12T10:00:01Z' })).slice(0, 1), ['signaal-vervallen'])
  await dossier.ok('POST', `/meldingen/${melding.id}/intrekking`, { reden: 'fout-in-registratie' })
  t.match(await dossier.signaalNu(), { status: 'vervallen', voorstel: null })
  const uitzending = await dossier.carry(aangenomen('700001', '2025-09-12T10:10:00Z'))
  t.strictSame(uitzending.bericht, { profiel: 'duo-vsv-v8', school: '99AA', meldingsnummer: '700001', laatsteMutatie: '2025-09-12T10:00:01Z', velden: { brin: '99AA' } })
  t.match(await dossier.melding(melding), { status: 'I', voorstel: null, redenIntrekking: 'fout-in-registratie' })
})

t.test('a vrijstelling that is pushed later asks for the intrekking; DUO may be first, with reason V', async (t) => {
  const dossier = await Dossier.start(t)
  await dossier.push(dag('2025-09-08', { reden: 'SPIJ' }))
  const melding = await dossier.meld({ leerling: { bron: 'test-lvs', bronId: 'L-1' }, school: '99AA', soort: 'O', begindatum: '2025-09-08', einddatum: '2025-09-08' })
  t.match(melding, { signaal: null, aandachtspunten: [{ code: 'niet-verplicht' }] })
  await dossier.carry(aangenomen('700001', '2025-09-12T10:00:01Z'))
  await dossier.ok('PUT', '/vrijstellingen/v-1', { leerling: 'L-1', school: '99AA', grondslag: '5-onder-a', van: '2025-09-08', tot: '2025-10-31' })
  t.equal((await dossier.melding(melding)).voorstel, 'melding-intrekken')
  await dossier.peil({ meldingsnummer: '700001', status: 'I', mutatieOp: '2025-09-12T12:00:00Z', reden: 'V' }, { meldingsnummer: '999999', status: 'B', mutatieOp: '2025-09-12T12:00:00Z', reden: null })
  t.match(await dossier.melding(melding), { status: 'I', redenIntrekking: 'vrijstelling-duo', voorstel: null })
  t.strictSame(await listPeilingen(dossier.ctx), [], 'of what is withdrawn DUO says nothing more')
})

t.test('statuses come back by number, the latest counts, and a school never closes', async (t) => {
  const dossier = await Dossier.start(t)
  const melding = await dossier.meld({ signaal: (await dossier.signaal()).id })
  t.strictSame(await listPeilingen(dossier.ctx), [])
  await dossier.carry(aangenomen('700001', '2025-09-12T10:00:01Z'))
  t.strictSame(await listPeilingen(dossier.ctx), [{ school: '99AA', sinds: null }])
  const wijziging = (status: Statuswijziging['status'], uur: number): Statuswijziging => ({ meldingsnummer: '700001', status, mutatieOp: `2025-09-13T0${uur}:00:00Z`, reden: null })
  await dossier.peil(wijziging('G', 2), wijziging('B', 1))
  t.match(await dossier.melding(melding), { status: 'G', laatsteMutatie: '2025-09-13T02:00:00Z' }, 'in order of time, not of arrival')
  await dossier.peil(wijziging('B', 1))
  t.equal((await dossier.melding(melding)).status, 'G', 'the same again is no news')
  t.strictSame(await listPeilingen(dossier.ctx), [{ school: '99AA', sinds: 'tot-hier' }])
  t.strictSame(codes(await dossier.send('PUT', `/meldingen/${melding.id}`, { laatsteMutatie: '2025-09-13T02:00:00Z' })), ['status'])
  t.strictSame(codes(await dossier.send('POST', `/meldingen/${melding.id}/intrekking`, { reden: 'anders' })), ['status'])
  t.match(await dossier.ok('GET', `/meldingen/${melding.id}/geschiedenis`), { gebeurtenissen: [{ status: 'W' }, { status: 'R' }, { status: 'B' }, { status: 'G' }] })
})

t.test('zorgelijk verzuim goes as O only when asked, and as Z once the law is in force', async (t) => {
  for (const [inwerkingtreding, eerst, soort] of [[undefined, ['soort-kiezen'], 'O'], ['2025-09-01', [], 'Z']] as const) {
    const dossier = await Dossier.start(t, { environment: inwerkingtreding === undefined ? {} : { INWERKINGTREDING: inwerkingtreding } })
    await dossier.push(dag('2025-09-08'))
    const [{ id } = { id: '' }] = await dossier.query<{ id: string }>(`
      insert into signaal (school, signaal, bron, leerling, regel, aard, begindatum, einddatum, minuten, eenheid, gemeten, drempel, status, beleidsversie, onderbouwing, aangemaakt_op, bijgewerkt_op)
      values ('99AA', gen_random_uuid(), 'test-lvs', 'L-1', 'zorgelijk-verzuim', 'zorgelijk', '2025-09-08', '2025-09-08', 480, 'minuten', 480, 480, 'open', 0,
              '[{"bron": "test-lvs", "bronId": "d-2025-09-08", "datum": "2025-09-08", "minuten": 480}]', now(), now())
      returning school || '-' || signaal as id`)
    const { meldvoorstellen: [voorstel] } = await dossier.ok<{ meldvoorstellen: Array<{ soort: string | null, ontbreekt: Fout[], dagenTeLaat: number | null }> }>('GET', '/meldvoorstellen?school=99AA')
    t.strictSame([voorstel?.soort, voorstel?.ontbreekt.map(({ code }) => code), voorstel?.dagenTeLaat], [inwerkingtreding === undefined ? null : 'Z', eerst, null])
    if (eerst.length > 0) t.strictSame(codes(await dossier.send('POST', '/meldingen', { signaal: id })), eerst)
    t.strictSame(codes(await dossier.send('POST', '/meldingen', { signaal: id, soort: 'L' })), ['soort-past-niet'])
    t.equal((await dossier.meld({ signaal: id, ...inwerkingtreding === undefined ? { soort: 'O' } : {} })).soort, soort)
  }
})

t.test('what could be gemeld is proposed with what is missing; the night sends only what the school said it may', async (t) => {
  const dossier = await Dossier.start(t, { meldgegevens: { ...MELDGEGEVENS, informeertBijMelding: false } })
  await dossier.leerling('L-2', { persoonsgebondenNummer: '123456782' })
  await dossier.push(...['2025-09-08', '2025-09-09'].flatMap((datum) => [dag(datum), dag(datum, { bronId: `e-${datum}`, leerling: 'L-2' })]), dag('2025-09-10', { reden: 'LUX' }))
  interface Voorstel { readonly signaal: string, readonly soort: string, readonly leerling: { bronId: string }, readonly ontbreekt: Fout[], readonly dagenTeLaat: number | null }
  const voorstellen = async (query = ''): Promise<Voorstel[]> => (await dossier.ok<{ meldvoorstellen: Voorstel[] }>('GET', `/meldvoorstellen?school=99AA${query}`)).meldvoorstellen
  const gezien = (lijst: Voorstel[]): string[] => lijst.map(({ soort, leerling, ontbreekt }) => `${leerling.bronId} ${soort} ${ontbreekt.map(({ code }) => code).join()}`).sort()
  t.strictSame(gezien(await voorstellen()), ['L-1 L niet-geinformeerd', 'L-1 V3 niet-geinformeerd', 'L-2 V3 niet-geinformeerd'])
  t.equal(await sendAutomatisch(dossier.ctx, '99AA'), 0, 'nothing unasked')

  await dossier.ok('PUT', '/scholen/99AA/meldgegevens', { ...MELDGEGEVENS, informeertBijMelding: false, automatisch: ['V3'] })
  t.equal(await sendAutomatisch(dossier.ctx, '99AA'), 0, 'nothing that misses something')
  await dossier.ok('PUT', '/scholen/99AA/meldgegevens', { ...MELDGEGEVENS, automatisch: ['V3'] })
  t.match(await dossier.ok('GET', '/scholen/99AA/meldgegevens'), { automatisch: ['V3'], actor: 'test-lvs' })
  t.equal(await sendAutomatisch(dossier.ctx, '99AA'), 2)
  t.equal(await sendAutomatisch(dossier.ctx, '99AA'), 0, 'once')
  t.strictSame(gezien(await voorstellen()), ['L-1 L '])
  t.match(await dossier.ok('GET', '/meldingen?school=99AA'), { meldingen: [{ soort: 'V3' }, { soort: 'V3' }] })

  t.strictSame(await voorstellen('&teLaat=true'), [])
  await dossier.at('2025-09-22T10:00:00Z')
  t.strictSame((await voorstellen('&teLaat=true')).map(({ soort, dagenTeLaat }) => [soort, dagenTeLaat]), [['L', 3]])
  t.match(await dossier.ok('GET', '/meldingen?school=99AA&teLaat=true'), { meldingen: { length: 2 } }, 'made in time, and still here')
  await measureMeldingenTeLaat(dossier.ctx)
  t.match((await dossier.service.inject({ bearer: null, url: '/metrics' })).body, /^aanwezig_meldingen_te_laat 2$/m)
  await dossier.carry(aangenomen('700001', '2025-09-22T10:00:01Z'))
  t.match(await dossier.ok('GET', '/meldingen?school=99AA&teLaat=true'), { meldingen: { length: 1 } })
})

t.test('messages of a school leave in order, one at a time; another school goes on', async (t) => {
  const dossier = await Dossier.start(t)
  const bearer = await dossier.service.token({ scholen: ['99AA', '99AB'] })
  await dossier.push(...['2025-09-08', '2025-09-09', '2025-09-10'].map((datum) => dag(datum, { minuten: 60 })))
  const hand = (datum: string): object => ({ leerling: { bron: 'test-lvs', bronId: 'L-1' }, school: '99AA', soort: 'O', begindatum: datum, einddatum: datum })
  for (const datum of ['2025-09-08', '2025-09-09', '2025-09-10']) await dossier.meld(hand(datum))
  for (const [url, payload] of [
    ['PUT /vestigingen/99AB00', { naam: 'De Ander', sector: 'vo', regio: 'noord', gemeentecode: '0014' }],
    ['POST /leerlingen/_bulk', { leerlingen: [{ bronId: 'L-1', school: '99AB', geboortedatum: '2012-03-10', persoonsgebondenNummer: '123456782', inschrijvingen: [{ vestiging: '99AB00', van: '2019-08-01', leerjaar: 2 }] }] }],
    ['POST /absenties/_bulk', { absenties: [dag('2025-09-08', { school: '99AB', vestiging: '99AB00' })] }],
    ['PUT /scholen/99AB/meldgegevens', MELDGEGEVENS],
    ['POST /meldingen', { ...hand('2025-09-08'), school: '99AB' }]
  ] as const) {
    const [method, path] = url.split(' ') as ['PUT', string]
    const answer = await dossier.service.inject({ bearer, method, url: `/v1${path}`, payload })
    t.ok(answer.statusCode < 300, answer.body)
  }
  t.strictSame(await listWachtendeScholen(dossier.ctx), ['99AA', '99AB'])

  // Several takers at once: one gets it.
  const genomen = (await Promise.all([1, 2, 3, 4].map(async () => await dossier.take()))).filter((uitzending) => uitzending !== undefined)
  t.equal(genomen.length, 1)
  const [eerste] = genomen as [Uitzending]
  t.match(eerste, { volgnummer: 1, poging: 1 })
  t.strictSame(await listWachtendeScholen(dossier.ctx), ['99AB'], 'one under way: the school waits')
  await finishUitzending(dossier.ctx, eerste, mislukt)
  t.strictSame([await listWachtendeScholen(dossier.ctx), await dossier.take()], [['99AB'], undefined], 'nothing passes one that is in back-off')
  t.match(await dossier.take('99AB'), { school: '99AB', volgnummer: 1 })

  await dossier.at('2025-09-12T10:01:01Z')
  const opnieuw = await dossier.take()
  t.match(opnieuw, { volgnummer: 1, poging: 2, kenmerk: eerste.kenmerk, bericht: eerste.bericht }, 'the same message under the same kenmerk')

  // The process dies here: after the lease it is taken again, and a late answer still counts.
  await dossier.at('2025-09-12T10:05:00Z')
  t.equal(await dossier.take(), undefined, 'the lease still runs')
  await dossier.at('2025-09-12T10:06:02Z')
  t.strictSame(await listWachtendeScholen(dossier.ctx), ['99AA', '99AB'])
  const derde = await dossier.take()
  t.match(derde, { volgnummer: 1, poging: 3, kenmerk: eerste.kenmerk, bericht: eerste.bericht })
  await finishUitzending(dossier.ctx, opnieuw!, aangenomen('700001', '2025-09-12T10:02:00Z'))
  await finishUitzending(dossier.ctx, derde!, mislukt)
  const { meldingen: [melding] } = await dossier.ok<{ meldingen: Melding[] }>('GET', '/meldingen?school=99AA&status=R')
  t.match(melding, { meldingsnummer: '700001', verzending: null })
  t.match(await dossier.ok('GET', `/meldingen/${melding!.id}/uitzendingen`), { uitzendingen: [{ status: 'aangenomen', pogingen: [{ uitslag: 'mislukt', omschrijving: 'Time-out bij *********' }, { uitslag: 'aangenomen' }, { uitslag: 'mislukt' }] }] })

  t.strictSame([(await dossier.carry(aangenomen('700002', '2025-09-12T10:07:00Z'))).volgnummer, (await dossier.carry(aangenomen('700003', '2025-09-12T10:07:01Z'))).volgnummer], [2, 3])
})

t.test('what is refused is dead and lets the next pass; what is not heard is dead after twelve attempts', async (t) => {
  const dossier = await Dossier.start(t)
  await dossier.push(...['2025-09-08', '2025-09-09'].map((datum) => dag(datum, { minuten: 60 })))
  const meldingen: Melding[] = []
  for (const begindatum of ['2025-09-08', '2025-09-09']) meldingen.push(await dossier.meld({ leerling: { bron: 'test-lvs', bronId: 'L-1' }, school: '99AA', soort: 'O', begindatum, einddatum: begindatum }))
  await dossier.carry({ uitslag: 'geweigerd', code: 'X', omschrijving: 'x'.repeat(2_000) })
  t.match((await dossier.melding(meldingen[0]!)).verzending, { operatie: 'melden', status: 'dood' })

  let vorige = 0
  let kenmerk = ''
  for (let poging = 1; poging <= 12; poging++) {
    const uitzending = await dossier.carry(mislukt)
    t.strictSame([uitzending.poging, kenmerk === '' || uitzending.kenmerk === kenmerk], [poging, true])
    kenmerk = uitzending.kenmerk
    const [rij] = await dossier.query<{ status: string, wacht: number, omschrijving: number }>(`
      select u.status, extract(epoch from niet_voor - '${dossier.now.toISOString()}'::timestamptz)::float as wacht from uitzending u where uitzending = '${uitzending.uitzending}'`)
    if (poging === 12) t.equal(rij!.status, 'dood')
    else {
      t.equal(await dossier.take(), undefined)
      t.ok(rij!.wacht > vorige * 1.5 || rij!.wacht >= 0.8 * 21_600, `${rij!.wacht}`)
      t.ok(rij!.wacht <= 21_600)
      vorige = rij!.wacht
      await dossier.at(new Date(dossier.now.getTime() + rij!.wacht * 1_000 + 1).toISOString())
    }
  }
  t.equal(await dossier.take(), undefined)
  const { uitzendingen: [dood] } = await dossier.ok<{ uitzendingen: Array<{ id: string }> }>('GET', `/meldingen/${meldingen[1]!.id}/uitzendingen`)
  t.match(await dossier.ok('POST', `/meldingen/${meldingen[1]!.id}/uitzendingen/${dood!.id}/herhaling`), { status: 'wacht', kenmerk }, 'DUO may have it: the kenmerk stays')
  t.equal((await dossier.send('POST', `/meldingen/${meldingen[0]!.id}/uitzendingen/${dood!.id}/herhaling`)).statusCode, 404, 'of another melding')
  t.match(await dossier.carry(aangenomen('700009', '2025-09-14T10:00:00Z')), { poging: 13, kenmerk })
  t.equal((await dossier.query<{ lengte: number }>('select max(length(omschrijving)) as lengte from uitzendpoging'))[0]!.lengte, 500)
})

for (const seed of [3, 7]) {
  t.test(`however answers and changes interleave (${seed}), DUO gets each melding once and in order, and ends where the school does`, async (t) => {
    const dossier = await Dossier.start(t)
    await dossier.push(...['2025-09-08', '2025-09-09', '2025-09-10'].map((datum) => dag(datum, { minuten: 60 })))
    /** What a receiver holds that does nothing twice. */
    const duo = new Map<string, { antwoord: Kanaalantwoord }>()
    const stand = new Map<string, { toelichting: unknown, ingetrokken: boolean }>()
    let nummer = 700_000
    const receive = ({ kenmerk, operatie, bericht }: Uitzending): Kanaalantwoord => {
      const eerder = duo.get(kenmerk)
      if (eerder !== undefined) return eerder.antwoord
      const meldingsnummer = operatie === 'melden' ? String(++nummer) : bericht.meldingsnummer!
      if (operatie === 'intrekken') stand.get(meldingsnummer)!.ingetrokken = true
      else stand.set(meldingsnummer, { toelichting: bericht.velden['toelichting'], ingetrokken: false })
      const antwoord = aangenomen(meldingsnummer, dossier.now.toISOString())
      duo.set(kenmerk, { antwoord })
      return antwoord
    }
    const toeval = new Toeval(seed)
    const chance = (most: number): number => toeval.between(0, most - 1)
    const meldingen: Melding[] = []
    for (const begindatum of ['2025-09-08', '2025-09-09', '2025-09-10']) meldingen.push(await dossier.meld({ leerling: { bron: 'test-lvs', bronId: 'L-1' }, school: '99AA', soort: 'O', begindatum, einddatum: begindatum, toelichting: 'eerst' }))
    const verwacht = new Map<string, string>()
    for (let stap = 0; stap < 60; stap++) {
      await dossier.at(new Date(dossier.now.getTime() + 400_000).toISOString())
      const melding = await dossier.melding(meldingen[chance(3)]!)
      if (chance(3) === 0 && melding.redenIntrekking === null) {
        if (chance(6) === 0) {
          await dossier.ok('POST', `/meldingen/${melding.id}/intrekking`, { reden: 'anders' })
          verwacht.set(melding.id, 'ingetrokken')
        } else {
          await dossier.ok('PUT', `/meldingen/${melding.id}`, { laatsteMutatie: melding.laatsteMutatie, toelichting: `stap ${stap}` })
          verwacht.set(melding.id, `stap ${stap}`)
        }
      }
      const uitzending = await dossier.take()
      if (uitzending === undefined) continue
      const lot = chance(5)
      // Lost on the way there, lost on the way back, the process died, refused, or heard.
      if (lot === 0) await finishUitzending(dossier.ctx, uitzending, mislukt)
      else if (lot === 1) { receive(uitzending); await finishUitzending(dossier.ctx, uitzending, mislukt) } else if (lot === 2) receive(uitzending)
      else if (lot === 3 && !duo.has(uitzending.kenmerk)) await finishUitzending(dossier.ctx, uitzending, { uitslag: 'geweigerd', code: 'X', omschrijving: 'Nee' })
      else await finishUitzending(dossier.ctx, uitzending, receive(uitzending))
    }
    for (let rest = 0; rest < 40; rest++) {
      await dossier.at(new Date(dossier.now.getTime() + 7 * 3_600_000).toISOString())
      for (const { id, melding } of await dossier.query<{ id: string, melding: string }>("select school || '-' || uitzending as id, school || '-' || melding as melding from uitzending where status = 'dood'")) {
        await dossier.ok('POST', `/meldingen/${melding}/uitzendingen/${id}/herhaling`)
      }
      const uitzending = await dossier.take()
      if (uitzending !== undefined) await finishUitzending(dossier.ctx, uitzending, receive(uitzending))
    }
    t.strictSame(await dossier.query("select * from uitzending where status not in ('aangenomen', 'vervallen')"), [], 'everything arrived')
    for (const { id } of meldingen) {
      const melding = await dossier.melding({ id })
      const laatste = verwacht.get(id) ?? 'eerst'
      if (melding.meldingsnummer === null) t.match(melding, { status: 'I' }, 'withdrawn before it left')
      else t.strictSame(stand.get(melding.meldingsnummer), laatste === 'ingetrokken' ? { toelichting: stand.get(melding.meldingsnummer)?.toelichting, ingetrokken: true } : { toelichting: laatste, ingetrokken: false })
      t.equal(melding.status, laatste === 'ingetrokken' ? 'I' : 'R')
    }
    t.ok(stand.size <= 3, 'no melding twice')
  })
}

t.test('lists show the own scholen, in pages; who may not read meldingen reads none', async (t) => {
  const dossier = await Dossier.start(t)
  await dossier.push(...['2025-09-08', '2025-09-09', '2025-09-10'].map((datum) => dag(datum, { minuten: 60 })))
  for (const begindatum of ['2025-09-10', '2025-09-08', '2025-09-09']) await dossier.meld({ leerling: { bron: 'test-lvs', bronId: 'L-1' }, school: '99AA', soort: 'O', begindatum, einddatum: begindatum })
  const gezien: string[] = []
  let url = '/meldingen?limit=1'
  for (;;) {
    const { meldingen, volgende } = await dossier.ok<{ meldingen: Melding[], volgende: string | null }>('GET', url)
    gezien.push(...meldingen.map(({ begindatum }) => begindatum))
    if (volgende === null) break
    url = `/meldingen?limit=1&cursor=${volgende}`
  }
  t.strictSame(gezien, ['2025-09-08', '2025-09-09', '2025-09-10'])
  for (const [query, aantal] of [['leerling=L-1', 3], ['leerling=L-2', 0], ['soort=V3', 0], ['status=W', 3], ['bron=test-lvs&soort=O', 3]] as const) {
    t.equal((await dossier.ok<{ meldingen: Melding[] }>('GET', `/meldingen?school=99AA&${query}`)).meldingen.length, aantal, query)
  }
  const vreemd = await dossier.service.token({ scholen: ['99AB'] })
  t.same((await dossier.service.inject({ bearer: vreemd, url: '/v1/meldingen' })).json(), { meldingen: [], volgende: null })
  const zonder = await dossier.service.token({ scopes: RECHTEN.filter((recht) => recht !== 'meldingen:lezen') })
  t.equal((await dossier.service.inject({ bearer: zonder, url: '/v1/meldingen?school=99AA' })).statusCode, 403)
})

t.test('a page of meldvoorstellen is as full as it can be, also of only what is late', async (t) => {
  const dossier = await Dossier.start(t)
  await dossier.at('2025-10-13T10:00:00Z')
  // The leerling himself is still marked: his evaluation would find no absenties for signalen that were put there by hand.
  await dossier.service.evaluate()
  const dagen = ['2025-09-08', '2025-10-06', '2025-09-09', '2025-10-07', '2025-09-10', '2025-10-08']
  for (const [volgnummer, datum] of dagen.entries()) {
    // The term of the school puts them in another order than the law does.
    await dossier.query(`
      insert into signaal (school, signaal, bron, leerling, regel, aard, begindatum, einddatum, uiterlijk_afhandelen, minuten, eenheid, gemeten, drempel, status, beleidsversie, onderbouwing, aangemaakt_op, bijgewerkt_op)
      values ('99AA', gen_random_uuid(), 'test-lvs', 'L-1', 'luxeverzuim', 'wettelijk', '${datum}', '${datum}', date '2025-10-20' + ${volgnummer}, 480, 'minuten', 480, 480, 'open', 0, '[]', now(), now())`)
  }
  interface Pagina { readonly meldvoorstellen: ReadonlyArray<{ begindatum: string }>, readonly volgende: string | null }
  const read = async (query: string): Promise<string[][]> => {
    const paginas: string[][] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const pagina: Pagina = await dossier.ok<Pagina>('GET', `/meldvoorstellen?school=99AA&limit=2${query}${cursor === '' ? '' : `&cursor=${cursor}`}`)
      paginas.push(pagina.meldvoorstellen.map(({ begindatum }) => begindatum))
      cursor = pagina.volgende
    }
    return paginas
  }
  t.strictSame(await read(''), [dagen.slice(0, 2), dagen.slice(2, 4), dagen.slice(4)])
  t.strictSame(await read('&teLaat=true'), [['2025-09-08', '2025-09-09'], ['2025-09-10']])
  t.strictSame(await read('&teLaat=false'), [['2025-10-06', '2025-10-07'], ['2025-10-08']])
})
