import t from 'tap'
import { SIMULATOR_OIN, startSimulator } from '../../src/duosimulator/simulator.ts'
import { startVerzender } from '../../src/verzending/worker.ts'
import { startService } from '../support/service.ts'
import { createMeldschool, openInject, readMelding, readUitzendingen } from '../verzending/school.ts'
import { findSchemafouten } from './soap/schema.ts'

interface Signaal { readonly id: string, readonly regel: string, readonly status: string, readonly voorstel: string | null, readonly einddatum: string }

/** Two whole days, which with the ten lesuren before them are more than sixteen; without them they are not. */
const SPIJBELEN = ['2025-09-15', '2025-09-16']

t.test('from a push to DUO and back: a melding, what the gemeente does with it, a correction, a proposal, a withdrawal', async (t) => {
  let nu = Date.parse('2025-09-17T08:00:00Z')
  const now = (): Date => new Date(nu)
  const later = (): void => { nu += 60_000 }
  const simulator = await startSimulator({ port: 0, now })
  t.teardown(async () => { await simulator.stop() })
  const service = await startService(t, { now, environment: { DUO_KANAAL: 'soap-vsv', DUO_URL: simulator.url, DUO_OIN: SIMULATOR_OIN } })
  const inject = openInject(service)
  const verzender = startVerzender(service.app)!
  t.teardown(async () => { await verzender.stop() })
  await createMeldschool(inject)
  const push = async (reden: string, kenmerk = {}): Promise<void> => {
    const absenties = SPIJBELEN.map((datum) => ({ bronId: `s-${datum}`, school: '99AA', vestiging: '99AA00', leerling: 'L-1', datum, soort: 'afwezig', reden, minuten: 480, gewijzigdOp: now().toISOString(), ...kenmerk }))
    const { body } = await inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties } })
    t.match(body, /"afgewezen":0/)
    await service.evaluate()
  }
  const readSignaal = async (): Promise<Signaal> => {
    const { body } = await inject({ method: 'GET', url: '/v1/signalen?school=99AA&regel=wettelijk-16-uur' })
    const { signalen } = JSON.parse(body) as { signalen: Signaal[] }
    t.equal(signalen.length, 1, body)
    return signalen[0]!
  }

  await push('SPIJ')
  const signaal = await readSignaal()
  t.match(signaal, { status: 'open', voorstel: null })

  const gemaakt = await inject({ method: 'POST', url: '/v1/meldingen', payload: { signaal: signaal.id, toelichting: 'Mentor heeft gebeld', actieOndernemen: true, toelichtingActieGewenst: 'Gesprek' } })
  t.equal(gemaakt.statusCode, 201, gemaakt.body)
  const { id } = JSON.parse(gemaakt.body) as { id: string }
  t.match(await readSignaal(), { status: 'gemeld' })
  await verzender.idle()
  const [gemeld] = simulator.meldingen()
  t.match(gemeld, { brin: '99AA', status: 'R', velden: { soort: 'V3', burgerservicenummer: '999990019', gemeentecode: '0014', soortOnderwijs: 'VO', leerjaar: 2, einddatum: signaal.einddatum, contactpersoon: 'J. de Vries <&>' } })
  t.notMatch(JSON.stringify(gemeld!.velden), /SPIJ|L-1|"reden"/, 'no reden of the school and no key of its system')
  t.match(await readMelding(inject, id), { status: 'R', meldingsnummer: gemeld!.meldingsnummer })

  later()
  simulator.setStatus(gemeld!.meldingsnummer, 'B')
  await verzender.peil()
  t.match(await readMelding(inject, id), { status: 'B', voorstel: null })

  // The ouders bring a statement: it was ziekte after all.
  later()
  await push('ZK')
  t.match(await readSignaal(), { voorstel: 'melding-intrekken' })
  t.match(await readMelding(inject, id), { status: 'B', voorstel: 'melding-intrekken' })
  await verzender.idle()
  t.match(simulator.meldingen(), [{ status: 'B' }], 'a proposal sends nothing')

  later()
  const intrekking = await inject({ method: 'POST', url: `/v1/meldingen/${id}/intrekking`, payload: { reden: 'verzuim-verklaard' } })
  t.equal(intrekking.statusCode, 200, intrekking.body)
  await verzender.idle()
  t.match(simulator.meldingen(), [{ meldingsnummer: gemeld!.meldingsnummer, status: 'I', reden: null }])
  t.match(await readMelding(inject, id), { status: 'I', voorstel: null, redenIntrekking: 'verzuim-verklaard' })
  t.match(await readSignaal(), { voorstel: null })
  t.strictSame((await readUitzendingen(inject, id)).map(({ operatie, status }) => `${operatie} ${status}`), ['melden aangenomen', 'intrekken aangenomen'])

  const over = simulator.berichten.map(({ tekst }) => tekst)
  t.strictSame(over.flatMap(findSchemafouten), [], 'every message was by the schema')
  t.notMatch(over.join('\n'), /ziek|ZK|L-1|demo|s-2025/i, 'and none of them knows why')
})
