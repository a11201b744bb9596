import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import t, { type Test } from 'tap'
import { SIMULATOR_OIN, startSimulator, type Simulator } from '../../src/duosimulator/simulator.ts'
import { makeKanaal } from '../../src/verzending/kanaal.ts'
import { startVerzender, type Verzender } from '../../src/verzending/worker.ts'
import { startService, type Service, type Serviceopties } from '../support/service.ts'
import { createMelding, createMeldschool, DAGEN, openInject, readMelding, readUitzendingen, until } from './school.ts'
import type { Kanaal } from '../../src/domain/duobericht.ts'

const MINUUT = 60_000

interface Opstelling {
  readonly service: Service
  readonly simulator: Simulator
  readonly inject: ReturnType<typeof openInject>
  readonly kanaal: Kanaal
  readonly verzend: (kanaal?: Kanaal) => Verzender
  /** Lets time pass. */
  readonly wait: (milliseconds: number) => void
}

/** The service and the simulator on one clock; nothing is sent before `verzend`. */
async function setUp (t: Test, scholen: readonly string[] = ['99AA'], environment: Record<string, string> = {}, opties: Pick<Serviceopties, 'logLevel' | 'logTo'> = {}): Promise<Opstelling> {
  let nu = Date.parse('2025-09-15T08:00:00Z')
  const now = (): Date => new Date(nu)
  const simulator = await startSimulator({ port: 0, now })
  t.teardown(async () => { await simulator.stop() })
  const service = await startService(t, { ...opties, now, environment: { DUO_KANAAL: 'soap-vsv', DUO_URL: simulator.url, DUO_OIN: SIMULATOR_OIN, DUO_SECONDEN: '2', ...environment } })
  const inject = openInject(service, scholen)
  for (const school of scholen) await createMeldschool(inject, school)
  const kanaal = makeKanaal(service.app.config.duo, now, service.app.log)!
  return {
    service,
    simulator,
    inject,
    kanaal,
    verzend (eigen = kanaal) {
      const verzender = startVerzender(service.app, eigen)!
      t.teardown(async () => { await verzender.stop() })
      return verzender
    },
    wait (milliseconds) { nu += milliseconds }
  }
}

async function asOwner (service: Service, statement: string): Promise<void> {
  const client = new pg.Client({ ...service.database, ssl: false })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

t.test('a melding reaches DUO once, keeps its number, and follows what the gemeente and DUO do', async (t) => {
  const { simulator, inject, verzend, wait } = await setUp(t)
  const ids = [await createMelding(inject, DAGEN[0]!), await createMelding(inject, DAGEN[1]!), await createMelding(inject, DAGEN[2]!)]
  t.match(await readMelding(inject, ids[0]!), { status: 'W', meldingsnummer: null })
  const verzender = verzend()
  await verzender.idle()
  t.strictSame(simulator.meldingen().map(({ velden }) => velden['begindatum']), DAGEN.slice(0, 3), 'in order')
  t.equal(simulator.meldingen()[0]!.velden['toelichting'], 'Gebeld & <geen> "gehoor"')
  const nummers = await Promise.all(ids.map(async (id) => (await readMelding(inject, id)).meldingsnummer))
  t.strictSame(nummers, simulator.meldingen().map(({ meldingsnummer }) => meldingsnummer))

  wait(MINUUT)
  simulator.setStatus(nummers[0]!, 'B')
  simulator.setStatus(nummers[1]!, 'K')
  simulator.setStatus(nummers[2]!, 'I', 'V')
  await verzender.peil()
  wait(MINUUT)
  simulator.setStatus(nummers[0]!, 'G')
  await verzender.peil()
  t.match(await Promise.all(ids.map(async (id) => await readMelding(inject, id))), [{ status: 'G' }, { status: 'K' }, { status: 'I', redenIntrekking: 'vrijstelling-duo' }])
})

t.test('a change and a withdrawal rest on what DUO did meanwhile', async (t) => {
  const { simulator, inject, verzend, wait } = await setUp(t)
  const id = await createMelding(inject, DAGEN[0]!)
  const verzender = verzend()
  await verzender.idle()
  wait(MINUUT)
  simulator.setStatus(simulator.meldingen()[0]!.meldingsnummer, 'B') // nobody has asked yet
  wait(MINUUT)
  const { laatsteMutatie } = (await inject({ method: 'GET', url: `/v1/meldingen/${id}` }).then(({ body }) => JSON.parse(body))) as { laatsteMutatie: string }
  const wijziging = await inject({ method: 'PUT', url: `/v1/meldingen/${id}`, payload: { laatsteMutatie, begindatum: DAGEN[0], einddatum: DAGEN[1], toelichting: 'Ook de dag erna' } })
  t.equal(wijziging.statusCode, 200, wijziging.body)
  await verzender.idle()
  t.match(simulator.meldingen(), [{ status: 'B', velden: { toelichting: 'Ook de dag erna', einddatum: DAGEN[1] } }])
  t.match(await readMelding(inject, id), { status: 'B' })
  const intrekking = await inject({ method: 'POST', url: `/v1/meldingen/${id}/intrekking`, payload: { reden: 'verzuim-verklaard' } })
  t.equal(intrekking.statusCode, 200, intrekking.body)
  await verzender.idle()
  t.match(simulator.meldingen(), [{ status: 'I', reden: null }])
  t.match(await readMelding(inject, id), { status: 'I', redenIntrekking: 'verzuim-verklaard' })
  t.match((await readUitzendingen(inject, id)).map(({ operatie, status, pogingen }) => `${operatie} ${status} ${pogingen.length}`), ['melden aangenomen 1', 'muteren aangenomen 1', 'intrekken aangenomen 1'])
})

t.test('the answer that was lost is asked again: one melding, its number kept', async (t) => {
  const { simulator, inject, verzend, wait } = await setUp(t)
  simulator.storing({ soort: 'verbreek-na', aantal: 2 })
  const id = await createMelding(inject, DAGEN[0]!)
  const verzender = verzend()
  for (let i = 0; i < 3; i++) {
    await verzender.idle()
    wait(5 * MINUUT)
  }
  await verzender.idle()
  t.match(await readUitzendingen(inject, id), [{ status: 'aangenomen', pogingen: [{ uitslag: 'mislukt', omschrijving: 'geen verbinding: ECONNRESET' }, { uitslag: 'mislukt' }, { uitslag: 'aangenomen' }] }])
  t.equal(simulator.meldingen().length, 1)
  t.equal((await readMelding(inject, id)).meldingsnummer, simulator.meldingen()[0]!.meldingsnummer)
  t.equal(new Set(simulator.berichten.filter(({ tekst }) => tekst.includes('<vsv:meldenRelatiefVerzuim>')).map(({ tekst }) => /<wsa:MessageID>(.*?)</.exec(tekst)![1])).size, 1, 'under one MessageID')
})

t.test('faults and silence back off longer each time; the school keeps its order, another school goes on', async (t) => {
  const { service, simulator, inject, verzend, wait } = await setUp(t, ['99AA', '99BB'])
  simulator.storing({ soort: 'fout', school: '99AA', aantal: 2 })
  simulator.storing({ soort: 'traag', milliseconden: 3_000, school: '99AA' })
  const [eerste, tweede] = [await createMelding(inject, DAGEN[0]!), await createMelding(inject, DAGEN[1]!)]
  const anders = await createMelding(inject, DAGEN[0]!, { school: '99BB' })
  const verzender = verzend()
  await verzender.idle()
  t.match(await readMelding(inject, anders), { status: 'R' }, 'the other school is done')
  t.match((await readUitzendingen(inject, tweede))[0], { status: 'wacht', pogingen: [] }, 'the second waits for the first')

  const wachten: number[] = []
  for (let i = 0; i < 3; i++) {
    const { nietVoor, pogingen } = (await readUitzendingen(inject, eerste))[0]!
    const over = Date.parse(nietVoor) - service.app.now().getTime()
    wachten.push(over)
    t.equal(pogingen.at(-1)!.omschrijving, i < 2 ? 'SOAP-fout Server' : 'geen antwoord binnen de tijd')
    wait(over - 1)
    await verzender.idle()
    t.equal((await readUitzendingen(inject, eerste))[0]!.pogingen.length, i + 1, 'not a moment sooner')
    wait(1)
    await verzender.idle()
  }
  t.ok(wachten[0]! >= 48_000 && wachten[0]! <= 60_000 && wachten[1]! > wachten[0]! * 1.5 && wachten[2]! > wachten[1]! * 1.5, `${wachten.join(', ')} ms`)
  t.match([await readMelding(inject, eerste), await readMelding(inject, tweede)], [{ status: 'R' }, { status: 'R' }])
  t.strictSame(simulator.meldingen().filter(({ brin }) => brin === '99AA').map(({ velden }) => velden['begindatum']), DAGEN.slice(0, 2))
})

t.test('what DUO refuses stays for people, stops nothing behind it, and goes again when they say so', async (t) => {
  const { simulator, inject, verzend } = await setUp(t)
  simulator.storing({ soort: 'weiger', code: 'X42' })
  const [geweigerd, volgende] = [await createMelding(inject, DAGEN[0]!), await createMelding(inject, DAGEN[1]!)]
  const verzender = verzend()
  await verzender.idle()
  const [uitzending] = await readUitzendingen(inject, geweigerd)
  t.match(uitzending, { status: 'dood', pogingen: [{ uitslag: 'geweigerd', code: 'X42' }] })
  t.match(await readMelding(inject, volgende), { status: 'R' })
  t.equal((await inject({ method: 'POST', url: `/v1/meldingen/${geweigerd}/uitzendingen/${uitzending!.id}/herhaling` })).statusCode, 201)
  await verzender.idle()
  t.match(await readMelding(inject, geweigerd), { status: 'R', meldingsnummer: /^[0-9]+$/ })
})

t.test('two instances share the work: every message once, never two of a school at a time', async (t) => {
  const scholen = ['99AA', '99BB', '99CC', '99DD', '99EE', '99FF']
  const { simulator, inject, kanaal, verzend } = await setUp(t, scholen)
  for (const school of scholen) for (const datum of DAGEN.slice(0, 4)) await createMelding(inject, datum, { school })
  const bezig = new Map<string, number>()
  let dubbel = 0
  let tegelijk = 0
  const geteld: Kanaal = {
    ...kanaal,
    async verzend (uitzending, signal) {
      bezig.set(uitzending.school, (bezig.get(uitzending.school) ?? 0) + 1)
      if (bezig.get(uitzending.school)! > 1) dubbel++
      tegelijk = Math.max(tegelijk, [...bezig.values()].reduce((som, aantal) => som + aantal, 0))
      await sleep(10)
      const antwoord = await kanaal.verzend(uitzending, signal)
      bezig.set(uitzending.school, bezig.get(uitzending.school)! - 1)
      return antwoord
    }
  }
  const [een, twee] = [verzend(geteld), verzend(geteld)]
  await Promise.all([een.idle(), twee.idle()])
  await Promise.all([een.idle(), twee.idle()])
  t.equal(simulator.berichten.filter(({ tekst }) => tekst.includes('<vsv:meldenRelatiefVerzuim>')).length, 24)
  t.equal(simulator.meldingen().length, 24)
  t.equal(dubbel, 0)
  t.ok(tegelijk > 1, `${tegelijk} scholen side by side`)
  for (const school of scholen) t.strictSame(simulator.meldingen().filter(({ brin }) => brin === school).map(({ velden }) => velden['begindatum']), DAGEN.slice(0, 4), `${school} in order`)
})

t.test('a store that is away when the answer comes loses no number', async (t) => {
  const { service, simulator, inject, kanaal, verzend } = await setUp(t)
  const id = await createMelding(inject, DAGEN[0]!)
  let weg: Promise<void> | undefined
  const verzender = verzend({
    ...kanaal,
    async verzend (uitzending, signal) {
      const antwoord = await kanaal.verzend(uitzending, signal)
      await asOwner(service, 'alter table uitzendpoging rename to even_weg')
      weg = sleep(1_500).then(async () => { await asOwner(service, 'alter table even_weg rename to uitzendpoging') })
      return antwoord
    }
  })
  await verzender.idle()
  await weg
  t.match(await readMelding(inject, id), { status: 'R', meldingsnummer: simulator.meldingen()[0]!.meldingsnummer })
  t.equal(simulator.berichten.filter(({ tekst }) => tekst.includes('<vsv:meldenRelatiefVerzuim>')).length, 1, 'sent once, written down twice')
})

t.test('a store that is away while is looked ends nothing', async (t) => {
  const { service, simulator, inject, verzend } = await setUp(t)
  await asOwner(service, 'alter table uitzending rename to even_weg')
  verzend()
  await sleep(200)
  await asOwner(service, 'alter table even_weg rename to uitzending')
  const id = await createMelding(inject, DAGEN[0]!)
  await until('the next look', async () => (await readMelding(inject, id)).status === 'R')
  t.equal(simulator.meldingen().length, 1)
})

t.test('a stop cuts off what DUO does not answer, and the same message goes at the next start', async (t) => {
  const { simulator, inject, verzend, wait } = await setUp(t, ['99AA'], { DUO_SECONDEN: '60' })
  simulator.storing({ soort: 'traag', milliseconden: 20_000 })
  const id = await createMelding(inject, DAGEN[0]!)
  const verzender = verzend()
  await until('the message', () => simulator.berichten.length > 0)
  const started = performance.now()
  await verzender.stop()
  t.ok(performance.now() - started < 6_000)
  t.match(await readUitzendingen(inject, id), [{ status: 'wacht', pogingen: [{ uitslag: 'mislukt', omschrijving: 'afgebroken: de dienst stopt' }] }])
  wait(MINUUT)
  await verzend().idle()
  t.match(await readMelding(inject, id), { status: 'R' })
  t.equal(simulator.meldingen().length, 1)
})

t.test('a fault in the channel itself is an attempt that failed; a school whose statuses fail stops no other', async (t) => {
  const { simulator, inject, kanaal, verzend, wait } = await setUp(t, ['99AA', '99BB'])
  const ids = [await createMelding(inject, DAGEN[0]!), await createMelding(inject, DAGEN[0]!, { school: '99BB' })]
  let stuk = true
  const verzender = verzend({ ...kanaal, verzend: async (uitzending, signal) => { if (stuk) throw new Error('bug'); return await kanaal.verzend(uitzending, signal) } })
  await verzender.idle()
  t.match((await readUitzendingen(inject, ids[0]!))[0]!.pogingen, [{ uitslag: 'mislukt', omschrijving: /fout in het kanaal/ }])
  stuk = false
  wait(2 * MINUUT)
  await verzender.idle()
  wait(MINUUT)
  for (const { meldingsnummer } of simulator.meldingen()) simulator.setStatus(meldingsnummer, 'B')
  simulator.storing({ soort: 'fout', bij: 'peiling', school: '99AA' })
  await verzender.peil()
  t.match(await Promise.all(ids.map(async (id) => (await readMelding(inject, id)).status)), ['R', 'B'])
  await verzender.peil()
  t.match(await readMelding(inject, ids[0]!), { status: 'B' })
})

t.test('without a connection messages are files, and statuses come back as files', async (t) => {
  const { service, inject, verzend, wait } = await setUp(t, ['99AA'], { DUO_KANAAL: 'map' })
  const id = await createMelding(inject, DAGEN[0]!)
  const verzender = verzend()
  await verzender.idle()
  t.match(await readMelding(inject, id), { status: 'R', meldingsnummer: 'L1' })
  const school = join(service.dataDir, 'duo', '99AA')
  t.match((await readdir(school)).filter((naam) => naam !== 'antwoorden'), [/^00000001-[0-9a-f-]{36}$/])
  wait(MINUUT)
  await verzender.peil()
  await writeFile(join(school, 'antwoorden', 'gemeente.json'), JSON.stringify({ meldingsnummer: 'L1', status: 'K', mutatieOp: service.app.now().toISOString() }))
  await verzender.peil()
  t.match(await readMelding(inject, id), { status: 'K' })
})

t.test('the log of the transport holds nothing of the leerling, nor a text of the other side', async (t) => {
  const regels: string[] = []
  const { simulator, inject, kanaal, verzend, wait } = await setUp(t, ['99AA'], {}, { logLevel: 'debug', logTo: { write: (regel) => { regels.push(regel) } } })
  for (const soort of ['weiger', 'fout', 'onleesbaar', 'verbreek-voor', 'verbreek-na'] as const) simulator.storing({ soort })
  simulator.storing({ soort: 'onleesbaar', bij: 'peiling' })
  for (const datum of DAGEN.slice(0, 3)) await createMelding(inject, datum)
  const verzender = verzend(kanaal)
  for (let i = 0; i < 8; i++) {
    await verzender.idle()
    wait(10 * MINUUT)
  }
  await verzender.peil()
  t.equal(simulator.meldingen().length, 2)
  const log = regels.join('')
  t.match(log, /uitzending answered/)
  t.notMatch(log, /999990019|Vries|Gebeld|L-1|<soap|2025-09-0\d"/)
})

t.test('without a channel nothing leaves and nothing is lost', async (t) => {
  const service = await startService(t, { now: () => new Date('2025-09-15T08:00:00Z') })
  const inject = openInject(service)
  await createMeldschool(inject)
  const id = await createMelding(inject, DAGEN[0]!)
  t.equal(startVerzender(service.app), undefined)
  t.match(await readMelding(inject, id), { status: 'W' })
})
