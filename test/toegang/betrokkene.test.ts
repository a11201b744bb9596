import t, { type Test } from 'tap'
import { addDagen, vandaag } from '../../src/domain/datum.ts'
import { execute } from '../support/operaties.ts'
import { startService, type Service } from '../support/service.ts'
import { ANDER, prepareWereld, tokenOf, type Wereld } from './wereld.ts'
import type { LightMyRequestResponse } from 'fastify'

const NU = vandaag(new Date())

interface Plaats { readonly service: Service, readonly own: Wereld, readonly ask: (bearer: string, url: string, payload?: object) => Promise<LightMyRequestResponse> }

async function prepare (t: Test): Promise<Plaats> {
  const service = await startService(t)
  const own = await prepareWereld(service, '99AA00', ANDER)
  return { service, own, ask: async (bearer, url, payload) => await service.inject({ bearer, url: `/v1${url}`, ...payload === undefined ? {} : { method: 'POST', payload } }) }
}

interface Pakket { readonly records: Array<{ bronId: string }>, readonly nummers: Array<{ nummer: string }>, readonly delen: Array<{ deel: string, rijen: Array<Record<string, unknown>> }> }
const deelOf = ({ delen }: Pakket, naam: string): Array<Record<string, unknown>> => delen.find(({ deel }) => deel === naam)!.rijen

t.test('an ouder gets of a child under 16 what the school gives of it, but nothing of another ouder', async (t) => {
  const { service, own, ask } = await prepare(t)
  const url = `/leerlingen/test-lvs/L-1/inzage?school=${own.school}`
  const eigen = (await ask(await tokenOf(service, 'ouder', 'eigen', [own.school]), url)).json<Pakket>()
  const geheel = (await ask(await service.token(), url)).json<Pakket>()
  for (const { deel, rijen } of geheel.delen.filter(({ deel }) => deel !== 'betrekkingen')) t.equal(deelOf(eigen, deel).length, rijen.length, `${deel}: as much as the school has`)
  t.ok(geheel.delen.filter(({ rijen }) => rijen.length > 0).length > 10, 'there is much of him')
  t.strictSame(deelOf(geheel, 'betrekkingen').map(({ persoon }) => persoon).sort(), ['eigen', 'eigen', 'geheim', 'p-2'])
  t.strictSame(deelOf(eigen, 'betrekkingen').map(({ persoon }) => persoon), ['eigen', 'eigen'])
  t.strictSame(eigen.nummers.map(({ nummer }) => nummer), ['xxxxxx019'])
})

t.test('from 16 on it is the leerling himself, before that his ouder, and a purpose that hides something gets nothing', async (t) => {
  const { service, own, ask } = await prepare(t)
  const [leerling, ouder] = [await tokenOf(service, 'leerling', 'eigen', [own.school]), await tokenOf(service, 'ouder', 'eigen', [own.school])]
  const inzage = async (bearer: string, bronId: string, doelbinding?: string): Promise<number> => (await service.inject({ bearer, url: `/v1/leerlingen/test-lvs/${bronId}/inzage?school=${own.school}`, ...doelbinding === undefined ? {} : { headers: { doelbinding } } })).statusCode
  t.strictSame([await inzage(leerling, 'L-1'), await inzage(leerling, 'L-18')], [403, 200])
  t.strictSame([await inzage(ouder, 'L-1'), await inzage(ouder, 'L-18')], [200, 403], 'of 18 he sees along, and does not exercise the rights')
  t.equal(await inzage(ouder, ANDER.sleutel), 404)
  const schoolleider = await tokenOf(service, 'schoolleider', 'eigen', [own.school])
  t.strictSame([await inzage(schoolleider, 'L-1'), await inzage(schoolleider, 'L-1', 'verantwoording')], [200, 403])
  t.equal(await inzage(await service.token(), 'L-1', 'leerplicht'), 403, 'nor does an application that bound itself')

  const voluit = async (bearer: string, bronId: string, verzoek: string): Promise<string[]> => (await ask(bearer, `/leerlingen/test-lvs/${bronId}/inzage?school=${own.school}&verzoek=${verzoek}`)).json<Pakket>().nummers.map(({ nummer }) => nummer)
  t.strictSame(await voluit(ouder, 'L-1', own.verzoek), ['999990019'], 'the nummer is whole for who asked')
  t.strictSame(await voluit(schoolleider, 'L-1', own.verzoek), ['xxxxxx019'], 'and for nobody who is shown none')
})

t.test('a leerling and an ouder ask for themselves, of today, and read how it goes without who of the school did it', async (t) => {
  const { service, own, ask } = await prepare(t)
  const [leerling, ouder] = [await tokenOf(service, 'leerling', 'eigen', [own.school]), await tokenOf(service, 'ouder', 'eigen', [own.school])]
  const vraag = async (bearer: string, bronId: string, anders: object): Promise<LightMyRequestResponse> => await ask(bearer, `/leerlingen/test-lvs/${bronId}/verzoeken`, { school: own.school, soort: 'inzage', ontvangenOp: NU, ...anders })
  const redenen = async (answer: Promise<LightMyRequestResponse>): Promise<string[]> => (await answer).json<{ errors: Array<{ code: string, pointer: string }> }>().errors.map(({ code, pointer }) => `${code} ${pointer}`)
  t.strictSame(await redenen(vraag(leerling, 'L-1', { namens: 'leerling' })), ['jonger-dan-16 /namens'])
  t.strictSame(await redenen(vraag(ouder, 'L-18', { namens: 'ouder' })), ['zestien-of-ouder /namens'])
  t.strictSame(await redenen(vraag(ouder, 'L-1', { namens: 'vertegenwoordiger' })), ['past-niet /namens'])
  t.strictSame(await redenen(vraag(ouder, 'L-1', { namens: 'ouder', ontvangenOp: addDagen(NU, -1) })), ['past-niet /ontvangenOp'])
  t.equal((await vraag(ouder, ANDER.sleutel, { namens: 'ouder' })).statusCode, 404)
  t.strictSame(await redenen(vraag(ouder, 'L-1', { namens: 'ouder', soort: 'beperking', betreft: { soort: 'absentie', bronId: 'm-0' } })), ['onbekend /betreft'], 'an absentie of another leerling is not known')

  const { id } = (await vraag(leerling, 'L-18', { namens: 'leerling' })).json<{ id: string }>()
  const stap = await ask(await tokenOf(service, 'schoolleider', 'eigen', [own.school]), `/verzoeken/${id}/stappen`, { status: 'in-behandeling' })
  t.match(stap.json(), { verloop: [{ actor: 'eigen' }, { actor: 'eigen' }] }, 'the school sees who')
  await execute(service, `update verzoek_stap set actor = 'een-ander' where school = '${own.school}' and verzoek = '${id.slice(5)}' and volgnummer = 2`)
  t.match((await ask(leerling, `/verzoeken/${id}`)).json(), { status: 'in-behandeling', verloop: [{ actor: 'eigen', rol: 'leerling' }, { actor: null, rol: 'schoolleider' }] })
  t.equal((await ask(ouder, `/verzoeken/${id}`)).statusCode, 404, 'it is between him and the school')
  t.equal((await ask(leerling, `/verzoeken/${id}/stappen`, { status: 'toegewezen' })).statusCode, 403)
})

t.test('a gemeente reads the melding as it was sent to it, and nothing of how the school came to it', async (t) => {
  const { service, own, ask } = await prepare(t)
  const [gemeente, buur] = [await tokenOf(service, 'leerplichtambtenaar', 'eigen', [own.school]), await tokenOf(service, 'leerplichtambtenaar', 'ander', [own.school])]
  await execute(service, `update melding set invoer = invoer || '{"geinformeerd": {"wie": "ouders", "op": "2026-03-12"}}', uiterlijk_melden = '2026-03-20' where school = '${own.school}'`)
  const melding = (await ask(gemeente, `/meldingen/${own.melding}`)).json<{ invoer: object }>()
  t.match(melding, { leerling: { bronId: 'L-7' }, status: 'R', signaal: null, uiterlijkMelden: null, voorstel: null, verzending: null })
  t.notOk('geinformeerd' in melding.invoer)
  t.match((await ask(await service.token(), `/meldingen/${own.melding}`)).json(), { uiterlijkMelden: '2026-03-20', verzending: { operatie: 'melden' }, invoer: { geinformeerd: { op: '2026-03-12' } } })
  t.match((await ask(gemeente, `/meldingen/${own.melding}/geschiedenis`)).json(), { gebeurtenissen: [{ gebeurtenis: 'gemaakt', actor: null }] })
  t.equal((await ask(gemeente, `/meldingen/${own.melding}/uitzendingen`)).statusCode, 403)
  const lijst = async (bearer: string, vraag = ''): Promise<string[]> => (await ask(bearer, `/meldingen?school=${own.school}${vraag}`)).json<{ meldingen: Array<{ leerling: { bronId: string } }> }>().meldingen.map(({ leerling }) => leerling.bronId)
  t.strictSame(await lijst(gemeente), ['L-7'], 'of two meldingen of him the one that DUO has')
  t.strictSame([await lijst(gemeente, '&voorstel=true'), await lijst(gemeente, '&voorstel=false')], [[], ['L-7']], 'nor through a filter')
  t.equal((await ask(buur, `/meldingen/${own.melding}`)).statusCode, 404)
  await execute(service, `update melding set status = 'I', reden_intrekking = 'fout-in-registratie' where school = '${own.school}' and leerling = 'L-7'`)
  t.strictSame(await lijst(gemeente), [], 'what was withdrawn is no longer')
})
