import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { SIMULATOR_OIN, startSimulator } from '../../src/duosimulator/simulator.ts'
import { startDienst, withClient, type Dienst } from '../bench/dienst.ts'
import { createMelding, createMeldschool, DAGEN, readMelding, readUitzendingen, until } from './school.ts'

t.test('a service killed between sending and hearing the answer leaves one melding, and knows its number after the restart', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'aanwezig-kill-'))
  const simulator = await startSimulator({ port: 0, now: () => new Date() })
  const env = { DUO_KANAAL: 'soap-vsv', DUO_URL: simulator.url, DUO_OIN: SIMULATOR_OIN, LOG_LEVEL: 'silent' }
  t.teardown(async () => {
    await simulator.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  const inject = (dienst: Dienst) => async ({ method, url, payload }: { method: string, url: string, payload?: object }) => {
    const answer = await fetch(`${dienst.url}${url}`, { method, headers: { authorization: `Bearer ${dienst.token}`, ...(payload === undefined ? {} : { 'content-type': 'application/json' }) }, ...(payload === undefined ? {} : { body: JSON.stringify(payload) }) })
    return { statusCode: answer.status, body: await answer.text() }
  }
  const eerste = await startDienst({ dataDir, env })
  await createMeldschool(inject(eerste))
  simulator.storing({ soort: 'traag', milliseconden: 1_000 })
  const id = await createMelding(inject(eerste), DAGEN[0]!, { bron: 'bench-lvs' })
  await until('the message', () => simulator.berichten.length > 0)
  await eerste.kill()
  await until('the work of DUO', () => simulator.meldingen().length === 1)

  const tweede = await startDienst({ dataDir, env })
  t.teardown(async () => { await tweede.stop() })
  t.match(await readUitzendingen(inject(tweede), id), [{ status: 'onderweg', pogingen: [{ uitslag: null }] }], 'nobody knows what became of it, and it is still lent out')
  // The lease ends in minutes; this is that moment.
  await withClient(tweede, async (client) => { await client.query("update uitzending set geleend_tot = now() - interval '1 second'") })
  await until('the number', async () => (await readMelding(inject(tweede), id)).meldingsnummer !== null)
  t.match(await readMelding(inject(tweede), id), { status: 'R', meldingsnummer: simulator.meldingen()[0]!.meldingsnummer })
  t.equal(simulator.meldingen().length, 1)
  const kenmerken = simulator.berichten.filter(({ tekst }) => tekst.includes('<vsv:meldenRelatiefVerzuim>')).map(({ tekst }) => /<wsa:MessageID>(.*?)</.exec(tekst)![1])
  t.equal(kenmerken.length, 2)
  t.equal(new Set(kenmerken).size, 1)
})
