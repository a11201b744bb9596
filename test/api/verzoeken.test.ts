import t from 'tap'
import { verzoekenTeLaatMeter } from '../../src/http/health.ts'
import { verifySample } from '../../src/signalen/service.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { measureVerzoekenTeLaat } from '../../src/verzoeken/service.ts'
import { buildAbsentie } from '../support/school.ts'
import { BSN, startBetrokkene, type Betrokkene } from '../support/betrokkene.ts'
import type { Beperking, Verzoek } from '../../src/verzoeken/contract.ts'

const VERZOEKEN = '/leerlingen/test-lvs/L-1/verzoeken'
const NU = '2025-09-20T10:00:00Z'
const inzage = { school: '99AA', soort: 'inzage', ontvangenOp: '2025-09-15', namens: 'ouder' }

interface Signaal { readonly id: string, readonly status: string, readonly einddatum: string, readonly beperkt: boolean, readonly bijgewerktOp: string }

async function ask (betrokkene: Betrokkene, verzoek: object): Promise<Verzoek> {
  return await betrokkene.ok<Verzoek>('POST', VERZOEKEN, { ...inzage, ...verzoek })
}

async function decide (betrokkene: Betrokkene, { id }: Pick<Verzoek, 'id'>, status: string, reden?: string): Promise<Verzoek> {
  return await betrokkene.ok<Verzoek>('POST', `/verzoeken/${id}/stappen`, { status, reden })
}

async function listSignalen (betrokkene: Betrokkene): Promise<Signaal[]> {
  await betrokkene.service.evaluate()
  return (await betrokkene.ok<{ signalen: Signaal[] }>('GET', '/signalen?school=99AA')).signalen
}

/** Asks for a beperking and grants it. */
async function restrict (betrokkene: Betrokkene, betreft?: object): Promise<string> {
  const { gevolg } = await decide(betrokkene, await ask(betrokkene, { soort: 'beperking', betreft }), 'toegewezen')
  return gevolg!.id
}

async function lift (betrokkene: Betrokkene, id: string): Promise<Beperking> {
  return await betrokkene.ok<Beperking>('POST', `/beperkingen/${id}/opheffing`, { medegedeeldOp: '2025-09-20' })
}

t.test('a verzoek has a term, a course that only grows, and an answer that says where to complain', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU })
  const { send, ok } = betrokkene
  const created = await send('POST', VERZOEKEN, inzage)
  t.equal(created.statusCode, 201, created.body)
  const verzoek = created.json<Verzoek>()
  t.match(verzoek, { soort: 'inzage', leerling: { bron: 'test-lvs', bronId: 'L-1' }, status: 'ontvangen', uiterlijk: '2025-10-15', teLaat: false, betreft: null, uitleg: null, rechtsmiddelen: null, gevolg: null, uitvoering: null, verloop: [{ status: 'ontvangen', actor: 'test-lvs' }] })
  t.equal(created.headers['location'], `/v1/verzoeken/${verzoek.id}`)
  const etag = String(created.headers['etag'])
  t.equal((await send('GET', `/verzoeken/${verzoek.id}`)).headers['etag'], etag)

  const stap = (payload: object, ifMatch?: string) => send('POST', `/verzoeken/${verzoek.id}/stappen`, payload, ifMatch === undefined ? {} : { 'if-match': ifMatch })
  const taken = await stap({ status: 'in-behandeling' }, etag)
  t.equal(taken.statusCode, 201, taken.body)
  const stale = await stap({ status: 'toegewezen' }, etag)
  t.strictSame([stale.statusCode, stale.json<{ code: string }>().code], [412, 'versie-verouderd'], 'who knows an older one decides nothing')
  const extended = await decide(betrokkene, verzoek, 'verlengd', 'complexiteit')
  t.match(extended, { status: 'verlengd', uiterlijk: '2025-12-15', uitleg: /AVG art\. 12 lid 3/, rechtsmiddelen: /Autoriteit Persoonsgegevens/ })
  const refused = await decide(betrokkene, verzoek, 'afgewezen', 'identiteit-niet-vastgesteld')
  t.match(refused, { status: 'afgewezen', uiterlijk: null, teLaat: false, uitleg: /AVG art\. 12 lid 6/, rechtsmiddelen: /Autoriteit Persoonsgegevens/ })
  t.strictSame(refused.verloop.map(({ status, reden }) => [status, reden]), [['ontvangen', null], ['in-behandeling', null], ['verlengd', 'complexiteit'], ['afgewezen', 'identiteit-niet-vastgesteld']])
  const after = await stap({ status: 'toegewezen' })
  t.strictSame([after.statusCode, after.json<{ code: string, errors: Array<{ code: string }> }>().code], [409, 'verzoek-niet-toegestaan'], 'an answer is not changed')
  t.strictSame((await ok<Verzoek>('GET', `/verzoeken/${verzoek.id}`)).verloop, refused.verloop)
  for (const statement of ["update verzoek set soort = 'bezwaar'", 'delete from verzoek_stap', "update verzoek_stap set status = 'toegewezen'", "update overdracht set hash = ''"]) {
    await t.rejects(betrokkene.service.app.makeCtx(systemActor('proef', '*')).transaction(async (tx) => await tx.execute(statement)), { cause: { code: '42501' } }, `the service may not: ${statement}`)
  }
})

t.test('what cannot be asked is refused with everything that is wrong at once', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU })
  await betrokkene.push(['2025-09-08'])
  const cases: ReadonlyArray<[edge: string, anders: object, status: number, fouten: readonly string[]]> = [
    ['by the leerling, who is thirteen', { namens: 'leerling' }, 409, ['/namens jonger-dan-16']],
    ['tomorrow', { ontvangenOp: '2025-09-21' }, 409, ['/ontvangenOp in-de-toekomst']],
    ['a bezwaar against nothing', { soort: 'bezwaar' }, 409, ['/betreft ontbreekt']],
    ['an inzage of one absentie', { betreft: { soort: 'absentie', bronId: 'd-2025-09-08' } }, 409, ['/betreft past-niet']],
    ['an absentie nobody has', { soort: 'rectificatie', betreft: { soort: 'absentie', bronId: 'd-nergens' } }, 409, ['/betreft onbekend']],
    ['all of it', { soort: 'bezwaar', namens: 'leerling', ontvangenOp: '2025-09-21', betreft: { soort: 'melding', id: `99AA-${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}` } }, 409, ['/ontvangenOp in-de-toekomst', '/namens jonger-dan-16', '/betreft past-niet', '/betreft onbekend']],
    ['in words of its own', { toelichting: 'omdat' }, 400, ['/toelichting onbekend-veld']],
    ['a soort the law does not have', { soort: 'klacht' }, 400, ['/soort onbekende-waarde']]
  ]
  for (const [edge, anders, status, fouten] of cases) {
    const answer = await betrokkene.send('POST', VERZOEKEN, { ...inzage, ...anders })
    t.strictSame([answer.statusCode, answer.json<{ errors: Array<{ pointer: string, code: string }> }>().errors.map(({ pointer, code }) => `${pointer} ${code}`)], [status, fouten], edge)
  }
  t.equal((await betrokkene.send('POST', '/leerlingen/test-lvs/L-9/verzoeken', inzage)).statusCode, 404, 'of a leerling nobody knows')
  t.equal((await betrokkene.ok<{ verzoeken: unknown[] }>('GET', '/verzoeken?school=99AA')).verzoeken.length, 0, 'nothing is kept')
  const lezer = await betrokkene.service.token({ scopes: RECHTEN.filter((recht) => recht !== 'verzoeken:schrijven') })
  t.equal((await betrokkene.service.inject({ bearer: lezer, method: 'POST', url: `/v1${VERZOEKEN}`, payload: inzage })).statusCode, 403)
})

t.test('the school sees what it should have answered', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU })
  const laat = await ask(betrokkene, { ontvangenOp: '2025-08-19' })
  const net = await ask(betrokkene, { ontvangenOp: '2025-08-20', soort: 'vergetelheid' })
  const nieuw = await ask(betrokkene, {})
  t.match([laat, net].map(({ uiterlijk, teLaat }) => [uiterlijk, teLaat]), [['2025-09-19', true], ['2025-09-22', false]], 'the 20th is a Saturday')
  const list = async (vraag = ''): Promise<string[]> => (await betrokkene.ok<{ verzoeken: Verzoek[] }>('GET', `/verzoeken?school=99AA${vraag}`)).verzoeken.map(({ id }) => id)
  t.strictSame(await list(), [laat.id, net.id, nieuw.id], 'in order of receipt')
  t.strictSame(await list('&teLaat=true'), [laat.id])
  t.strictSame(await list('&teLaat=false'), [net.id, nieuw.id])
  t.strictSame(await list('&soort=vergetelheid'), [net.id])
  t.strictSame(await list('&leerling=L-2'), [])
  const first = await betrokkene.ok<{ verzoeken: Verzoek[], volgende: string }>('GET', '/verzoeken?school=99AA&limit=2')
  t.strictSame([first.verzoeken.map(({ id }) => id), await list(`&limit=2&cursor=${first.volgende}`)], [[laat.id, net.id], [nieuw.id]], 'page by page')

  const measure = async (): Promise<number | undefined> => {
    await measureVerzoekenTeLaat(betrokkene.service.app.makeCtx(systemActor('nacht', '*')))
    return (await verzoekenTeLaatMeter.get()).values[0]?.value
  }
  t.equal(await measure(), 1)
  t.match((await betrokkene.service.inject({ url: '/metrics' })).body, /^aanwezig_verzoeken_te_laat 1$/m)
  await decide(betrokkene, laat, 'toegewezen')
  t.strictSame([await list('&status=toegewezen'), await list('&teLaat=true'), await measure()], [[laat.id], [], 0], 'once answered it is late no more')
})

t.test('while a beperking holds for a leerling nothing new follows from his absenties, and what was stays as it stood', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU })
  const { ok, send, push, service } = betrokkene
  await push(['2025-09-08', '2025-09-09'])
  const [before] = await listSignalen(betrokkene)
  t.match(before, { status: 'open', einddatum: '2025-09-09', beperkt: false })
  const cijfers = async (): Promise<string> => (await send('GET', '/statistieken?vestiging=99AA00&periode=2025-09')).body
  const geteld = await cijfers()

  const id = await restrict(betrokkene)
  t.match(await listSignalen(betrokkene), [{ ...before, beperkt: true }], 'the signaal stays, under a beperking')
  t.match(await ok('GET', '/leerlingen/test-lvs/L-1?school=99AA'), { beperkt: true })
  t.match(await ok('GET', '/absenties/test-lvs/d-2025-09-08?school=99AA'), { beperkt: true })
  const { data } = (await service.inject({ method: 'POST', url: '/graphql', payload: { query: '{ leerling(bron: "test-lvs", bronId: "L-1", school: "99AA") { beperkt absenties { edges { node { beperkt } } } signalen { edges { node { beperkt } } } } }' } })).json<{ data: unknown }>()
  t.strictSame(data, { leerling: { beperkt: true, absenties: { edges: [{ node: { beperkt: true } }, { node: { beperkt: true } }] }, signalen: { edges: [{ node: { beperkt: true } }] } } }, 'the graph says so too')

  // Enough for another signaal, a correction that would take the first away, and what the night proves of both.
  await push(['2025-09-16', '2025-09-17', '2025-09-18'])
  await push(['2025-09-08'], { reden: 'ZK', gewijzigdOp: '2025-09-18T12:00:00Z' })
  t.match(await listSignalen(betrokkene), [{ ...before, beperkt: true }], 'neither raised nor taken away')
  t.strictSame((await verifySample(service.app.makeCtx(systemActor('nacht', '*')), '99AA', 10, 'x')).verschillen, [], 'and the night finds no difference')
  t.equal(await cijfers(), geteld, 'aggregates name nobody, and stay as they are counted')

  const refused = await send('POST', '/meldingen', { signaal: before!.id })
  t.match(refused.json(), { code: 'melding-niet-toegestaan', errors: [{ code: 'beperkt' }] })
  t.match((await ok<{ meldvoorstellen: Array<{ ontbreekt: Array<{ code: string }> }> }>('GET', '/meldvoorstellen?school=99AA')).meldvoorstellen[0]!.ontbreekt[0], { code: 'beperkt' })
  t.equal((await send('POST', '/leerlingen/test-lvs/L-1/overdrachten', { school: '99AA', naarSchool: '99AB', datum: '2025-09-20' })).json<{ code: string }>().code, 'overdracht-niet-toegestaan')

  t.match((await send('POST', `/beperkingen/${id}/opheffing`, { medegedeeldOp: '2025-09-21' })).json(), { code: 'invoer-ongeldig', errors: [{ pointer: '/medegedeeldOp' }] }, 'not before the betrokkene was told')
  t.match(await lift(betrokkene, id), { id, absentie: null, medegedeeldOp: '2025-09-20', opgehevenDoor: 'test-lvs' })
  t.match(await lift(betrokkene, id), { id, opgehevenDoor: 'test-lvs' }, 'again changes nothing')
  const after = (await listSignalen(betrokkene)).filter(({ status }) => status === 'open')
  t.match(after.map(({ einddatum, beperkt }) => [einddatum, beperkt]), [['2025-09-16', false]], 'then the facts of now count')
  t.match((await ok<{ beperkingen: Beperking[] }>('GET', '/beperkingen?school=99AA&geldt=false')).beperkingen.map((each) => each.id), [id])
  t.strictSame((await ok<{ beperkingen: Beperking[] }>('GET', '/beperkingen?school=99AA&geldt=true')).beperkingen, [])
})

t.test('a beperking on one absentie keeps that one from being counted, and what rests on it from leaving', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU })
  const { ok, push, carry, send } = betrokkene
  await push(['2025-09-08', '2025-09-09'])
  const [signaal] = await listSignalen(betrokkene)
  const { id: melding } = await ok<{ id: string }>('POST', '/meldingen', { signaal: signaal!.id })

  const id = await restrict(betrokkene, { soort: 'absentie', bronId: 'd-2025-09-09' })
  t.match((await ok<{ absenties: Array<{ bronId: string, beperkt: boolean }> }>('GET', '/absenties?school=99AA')).absenties.map(({ bronId, beperkt }) => [bronId, beperkt]), [['d-2025-09-08', false], ['d-2025-09-09', true]])
  t.equal(await carry('700001'), false, 'the melding that waited does not leave')
  t.match(await ok('GET', `/meldingen/${melding}`), { beperkt: true, verzending: { status: 'wacht' } }, 'and says why')
  t.match(await listSignalen(betrokkene), [{ id: signaal!.id, status: 'gemeld', beperkt: true }], 'and what is decided stays')

  // Two whole days without the one that is under it: the 16 hours of another window.
  await push(['2025-09-16', '2025-09-17'])
  t.match((await listSignalen(betrokkene)).map(({ status, beperkt }) => [status, beperkt]), [['gemeld', true]], 'the first signaal holds those days as well')
  await ok('POST', `/meldingen/${melding}/intrekking`, { reden: 'fout-in-registratie' })

  await lift(betrokkene, id)
  const open = (await listSignalen(betrokkene)).filter(({ status }) => status === 'open')
  t.match(open.map(({ einddatum, beperkt }) => [einddatum, beperkt]), [['2025-09-17', false]], 'once it counts again, so do the days after it')
  const { id: tweede } = await ok<{ id: string }>('POST', '/meldingen', { signaal: open[0]!.id })
  t.equal(await carry('700002'), true)
  await restrict(betrokkene, { soort: 'absentie', bronId: 'd-2025-09-17' })
  t.match((await send('PUT', `/meldingen/${tweede}`, { laatsteMutatie: (await ok<{ laatsteMutatie: string }>('GET', `/meldingen/${tweede}`)).laatsteMutatie, toelichting: 'Nagevraagd' })).json(), { errors: [{ code: 'beperkt' }] }, 'what DUO has is not changed from it')
  await ok('POST', `/meldingen/${tweede}/intrekking`, { reden: 'fout-in-registratie' })
  t.equal(await carry('700002'), true, 'an intrekking leaves')
})

t.test('a beperking is of a person, whichever bron knows him', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU })
  const { service } = betrokkene
  const bearer = await service.token({ bron: 'ander-lvs' })
  const inject = async (url: string, payload: object): Promise<void> => { t.match((await service.inject({ bearer, method: 'POST', url: `/v1${url}`, payload })).body, /"afgewezen":0/) }
  await inject('/leerlingen/_bulk', { leerlingen: [{ bronId: 'P-1', school: '99AA', geboortedatum: '2012-03-10', persoonsgebondenNummer: BSN, inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 2, rooster: [480, 480, 480, 480, 480, 0, 0] }] }] })
  const id = await restrict(betrokkene)
  await inject('/absenties/_bulk', { absenties: ['2025-09-08', '2025-09-09'].map((datum) => buildAbsentie(`p-${datum}`, datum, { leerling: 'P-1', minuten: 480 })) })
  t.strictSame(await listSignalen(betrokkene), [], 'absenties of the other bron count no more than his own')
  t.match(await betrokkene.ok('GET', '/leerlingen/ander-lvs/P-1?school=99AA'), { beperkt: true })
  await lift(betrokkene, id)
  t.match(await listSignalen(betrokkene), [{ status: 'open', einddatum: '2025-09-09' }])
})

t.test('a granted bezwaar excepts the leerling from the rule, and never from what the law asks', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU })
  const { ok, push, send } = betrokkene
  const { versie } = await ok<{ versie: number }>('POST', '/scholen/99AA/beleidsversies', { geldigVan: '2025-08-01', regels: [{ regel: 'ziek-langdurig', aan: true, drempels: [2] }] })
  await ok('POST', `/scholen/99AA/beleidsversies/${versie}/vaststelling`)
  await push(['2025-09-08', '2025-09-09'], { reden: 'ZK' })
  const [signaal] = await listSignalen(betrokkene)
  const verzoek = await ask(betrokkene, { soort: 'bezwaar', betreft: { soort: 'signaal', id: signaal!.id } })
  const { gevolg } = await decide(betrokkene, verzoek, 'toegewezen')
  t.equal(gevolg?.soort, 'uitzondering')
  t.match(await ok('GET', `/scholen/99AA/uitzonderingen/${gevolg!.id}`), { regel: 'ziek-langdurig', reden: 'bezwaar', van: '2025-09-20', tot: '2027-07-31', actor: 'test-lvs' })

  const wettelijk = await ask(betrokkene, { soort: 'bezwaar', betreft: { soort: 'regel', regel: 'wettelijk-16-uur' } })
  const refused = await send('POST', `/verzoeken/${wettelijk.id}/stappen`, { status: 'toegewezen' })
  t.match(refused.json(), { code: 'uitzondering-niet-toegestaan', errors: [{ code: 'regel-verplicht' }] })
  t.match(await ok('GET', `/verzoeken/${wettelijk.id}`), { status: 'ontvangen' }, 'and the verzoek waits for another answer')
  t.match(await decide(betrokkene, wettelijk, 'afgewezen', 'wettelijke-plicht'), { uitleg: /art\. 21 lid 1/ })
})

t.test('a granted rectificatie shows whether the bron corrected it, and who has yet to hear', async (t) => {
  const betrokkene = await startBetrokkene(t)
  const { ok, push, carry } = betrokkene
  const vandaag = new Date().toISOString().slice(0, 10)
  await push(['2025-09-08', '2025-09-09'])
  const [signaal] = await listSignalen(betrokkene)
  const { id: melding } = await ok<{ id: string }>('POST', '/meldingen', { signaal: signaal!.id })
  t.equal(await carry('700001'), true)
  await ok('POST', '/leerlingen/test-lvs/L-1/overdrachten', { school: '99AA', naarSchool: '99AB', datum: '2025-10-01' })
  const { id } = await ask(betrokkene, { soort: 'rectificatie', ontvangenOp: vandaag, betreft: { soort: 'absentie', bronId: 'd-2025-09-09' } })
  const ander = await ask(betrokkene, { soort: 'rectificatie', ontvangenOp: vandaag, betreft: { soort: 'absentie', bronId: 'd-2025-09-08' } })
  t.equal((await ok<Verzoek>('GET', `/verzoeken/${id}`)).uitvoering, null, 'nothing to do before the decision')
  const decided = await decide(betrokkene, { id }, 'toegewezen')
  await decide(betrokkene, ander, 'afgewezen', 'gegevens-juist')
  t.match(decided.uitvoering, { uitgevoerdOp: null, mededelingen: [{ via: 'melding', id: melding, mededeeldOp: null }, { ontvanger: '99AB', via: 'overdracht', mededeeldOp: null }] })

  await push(['2025-09-09'], { reden: 'ZK', gewijzigdOp: new Date().toISOString() })
  const corrected = (await ok<Verzoek>('GET', `/verzoeken/${id}`)).uitvoering
  t.match(corrected, { uitgevoerdOp: /^\d{4}-/, mededelingen: [{ mededeeldOp: null }, { mededeeldOp: null }] }, 'corrected here, and nobody was told')
  await ok('POST', `/meldingen/${melding}/intrekking`, { reden: 'fout-in-registratie' })
  t.equal(await carry('700001'), true)
  await ok('POST', '/leerlingen/test-lvs/L-1/overdrachten', { school: '99AA', naarSchool: '99AB', datum: '2025-10-01' })
  const told = (await ok<Verzoek>('GET', `/verzoeken/${id}`)).uitvoering!
  t.strictSame(told.mededelingen.map(({ via, mededeeldOp }) => [via, mededeeldOp !== null]), [['melding', true], ['overdracht', true]], 'both have heard')
  t.equal(told.uitgevoerdOp, corrected!.uitgevoerdOp, 'the first correction counts')
  t.equal((await ok<Verzoek>('GET', `/verzoeken/${ander.id}`)).uitvoering, null, 'of a refusal nobody need hear')
})

t.test('granted vergetelheid destroys the leerling, and the verzoek with him; what the law wants kept is refused', async (t) => {
  const gone = [{ vestiging: '99AA00', van: '2010-08-01', tot: '2012-07-31', leerjaar: 2, minutenPerWeek: 1650 }]
  const betrokkene = await startBetrokkene(t, { now: NU, leerling: { inschrijvingen: gone } })
  const { ok, send } = betrokkene
  await ok('POST', '/leerlingen/_bulk', { leerlingen: [{ bronId: 'L-2', school: '99AA', geboortedatum: '2013-01-01', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 3, minutenPerWeek: 1650 }] }] })
  const verzoek = await ask(betrokkene, { soort: 'vergetelheid' })
  const stap = async (id: string, payload: object): Promise<{ code?: string, errors?: Array<{ pointer: string, code: string }> }> => (await send('POST', `/verzoeken/${id}/stappen`, payload)).json()
  t.match(await stap(verzoek.id, { status: 'toegewezen' }), { code: 'verzoek-niet-toegestaan', errors: [{ pointer: '/grond', code: 'ontbreekt' }] })
  t.match(await stap(verzoek.id, { status: 'in-behandeling', grond: 'bezwaar' }), { code: 'verzoek-niet-toegestaan', errors: [{ pointer: '/grond', code: 'past-niet' }] })
  t.match(await stap(verzoek.id, { status: 'toegewezen', grond: 'niet-meer-nodig' }), { id: verzoek.id, status: 'toegewezen', uiterlijk: null, gevolg: { soort: 'vernietiging' }, verloop: [{ status: 'ontvangen' }, { status: 'toegewezen' }] })
  t.equal((await send('GET', '/leerlingen/test-lvs/L-1?school=99AA')).statusCode, 404)
  t.equal((await send('GET', `/verzoeken/${verzoek.id}`)).statusCode, 404, 'the vernietiging stays, and names nobody')

  const ingeschreven = await ok<Verzoek>('POST', '/leerlingen/test-lvs/L-2/verzoeken', { ...inzage, soort: 'vergetelheid' })
  t.match(await stap(ingeschreven.id, { status: 'toegewezen', grond: 'niet-meer-nodig' }), { code: 'bewaarplicht' })
  t.match(await ok('GET', `/verzoeken/${ingeschreven.id}`), { status: 'ontvangen' }, 'and the verzoek waits for another answer')
})
