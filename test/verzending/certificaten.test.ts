import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino, type Logger } from 'pino'
import t, { type Test } from 'tap'
import { SIMULATOR_OIN, startSimulator, type Simulator } from '../../src/duosimulator/simulator.ts'
import { duoCertificaatGeweigerdMeter, duoCertificaatMeter } from '../../src/http/health.ts'
import { openCertificaat } from '../../src/verzending/certificaten.ts'
import { makeKanaal } from '../../src/verzending/kanaal.ts'
import { makeCertificaat, type Certificaat } from './certificaat.ts'
import { buildUitzending, RUSTIG } from './voorbeeld.ts'
import type { Kanaalantwoord } from '../../src/domain/duobericht.ts'

const rsa = { keyType: 'rsa' } as const
const dagenGeleden = (dagen: number): Date => new Date(Date.now() - dagen * 86_400_000)
const [oudeCa, nieuweCa] = await Promise.all([makeCertificaat('Oude CA', undefined, rsa), makeCertificaat('Nieuwe CA', undefined, rsa)])
const [server, oud, nieuw, verlopen, straks] = await Promise.all([
  makeCertificaat('127.0.0.1', nieuweCa, rsa), makeCertificaat('oud.example', oudeCa, rsa), makeCertificaat('nieuw.example', nieuweCa, rsa),
  makeCertificaat('verlopen.example', nieuweCa, { ...rsa, van: dagenGeleden(20), tot: dagenGeleden(1) }), makeCertificaat('straks.example', nieuweCa, { ...rsa, van: dagenGeleden(-1), tot: dagenGeleden(-90) })
])

interface Map { readonly paden: { readonly instelling: string, readonly certificaat: string, readonly sleutel: string, readonly ca: string }, readonly put: (certificaat: Certificaat, ca?: string) => Promise<void>, readonly regels: string[], readonly log: Logger }

async function openFolder (t: Test, certificaat: Certificaat, ca: string): Promise<Map> {
  const folder = await mkdtemp(join(tmpdir(), 'aanwezig-pem-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const regels: string[] = []
  const paden = { instelling: 'DUO', certificaat: join(folder, 'cert.pem'), sleutel: join(folder, 'key.pem'), ca: join(folder, 'ca.pem') }
  const put = async ({ cert, key }: Certificaat, uitgever?: string): Promise<void> => {
    for (const [pad, inhoud] of [[paden.certificaat, cert], [paden.sleutel, key], ...(uitgever === undefined ? [] : [[paden.ca, uitgever]])] as Array<[string, string]>) {
      // As who renews certificates does it: a whole file takes the place of the other.
      await writeFile(`${pad}.nieuw`, inhoud)
      await rename(`${pad}.nieuw`, pad)
    }
  }
  await put(certificaat, ca)
  return { paden, put, regels, log: pino({ level: 'info' }, { write: (regel) => { regels.push(regel) } }) }
}

const read = async (meter: typeof duoCertificaatMeter, gebruik: string): Promise<number | undefined> => (await meter.get()).values.find(({ labels }) => labels.gebruik === gebruik)?.value

t.test('a certificate that is renewed on the disk is the one of the next message, over TLS and without a restart', async (t) => {
  const simulator: Simulator = await startSimulator({ port: 0, now: () => new Date(), tls: { ...server, ca: nieuweCa.cert } })
  t.teardown(async () => { await simulator.stop() })
  const { paden, put, regels, log } = await openFolder(t, oud, nieuweCa.cert)
  const kanaal = makeKanaal({ kanaal: 'soap-vsv', url: simulator.url, oin: SIMULATOR_OIN, seconden: 5, tls: paden, ondertekening: undefined }, () => new Date(), log)!
  const send = async (): Promise<Kanaalantwoord> => await kanaal.verzend(buildUitzending(), RUSTIG)
  t.match(await send(), { uitslag: 'mislukt', omschrijving: /geen verbinding/ }, 'of a CA that is no longer believed')
  await put(nieuw)
  t.match(await send(), { uitslag: 'aangenomen' })
  t.match(regels.join(''), /renewed certificate for DUO is in use/)
  t.equal(await read(duoCertificaatGeweigerdMeter, 'tls'), 0)

  for (const [wat, kapot] of [
    ['no PEM', { cert: 'geen PEM', key: nieuw.key }],
    ['half a file', { cert: nieuw.cert.slice(0, 300), key: nieuw.key }],
    ['a key of another certificate', { cert: nieuw.cert, key: oud.key }],
    ['a certificate that ended', verlopen],
    ['a certificate that has not begun', straks]
  ] as const) {
    regels.length = 0
    await put(kapot)
    t.match(await send(), { uitslag: 'aangenomen' }, `${wat}: the last good one stays in use`)
    t.match(await send(), { uitslag: 'aangenomen' })
    t.equal(regels.filter((regel) => regel.includes('"level":50') && regel.includes('cannot be used')).length, 1, `${wat}: said once, as an error`)
    t.equal(await read(duoCertificaatGeweigerdMeter, 'tls'), 1)
  }
  await rm(paden.sleutel)
  t.match(await send(), { uitslag: 'aangenomen' }, 'a file that is gone')
  t.match(regels.join(''), /niet te lezen \(ENOENT\)/)
  await put(nieuw)
  t.match(await send(), { uitslag: 'aangenomen' })
  t.equal(await read(duoCertificaatGeweigerdMeter, 'tls'), 0, 'mended')

  await put(nieuw, oudeCa.cert)
  t.match(await send(), { uitslag: 'mislukt', omschrijving: /UNABLE_TO_VERIFY|SELF_SIGNED/ }, 'the CA that is believed is read again too')
  t.notMatch(regels.join(''), /PRIVATE KEY|BEGIN/)
})

t.test('a certificate that signs is renewed the same way, and one that could not sign never takes its place', async (t) => {
  const simulator = await startSimulator({ port: 0, now: () => new Date(), ondertekening: { ...await makeCertificaat('duo.example', nieuweCa, { ...rsa, oin: SIMULATOR_OIN }), ca: nieuweCa.cert } })
  t.teardown(async () => { await simulator.stop() })
  const { paden, put, regels, log } = await openFolder(t, oud, nieuweCa.cert)
  const kanaal = makeKanaal({ kanaal: 'soap-vsv', url: simulator.url, oin: SIMULATOR_OIN, seconden: 5, tls: undefined, ondertekening: { ...paden, instelling: 'DUO_ONDERTEKENING' } }, () => new Date(), log)!
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: /InvalidSecurityToken/ })
  await put(nieuw)
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'aangenomen' })
  await put(await makeCertificaat('ec.example', undefined))
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'aangenomen' })
  t.match(regels.join(''), /RSA-sleutel van ten minste 2048 bits/)
  await put(nieuw, '# no CA\n')
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'aangenomen' })
  t.equal(await read(duoCertificaatGeweigerdMeter, 'ondertekening'), 1)
})

t.test('the end of a certificate is in the metrics, and from a month before it in the log of each day', async (t) => {
  const { paden, regels, log } = await openFolder(t, oud, oudeCa.cert)
  let nu = Date.now() + 300 * 86_400_000
  const lees = openCertificaat('tls', paden, { now: () => new Date(nu), log })
  await lees()
  t.strictSame(regels, [])
  t.equal(await read(duoCertificaatMeter, 'tls'), 64)
  nu += 50 * 86_400_000
  for (let uur = 0; uur < 48; uur++) {
    await lees()
    nu += 3_600_000
  }
  t.ok(regels.length >= 2 && regels.length <= 3, 'once a day')
  t.match(regels[0], /"gebruik":"tls","dagen":14.*ends soon/)
  t.equal(await read(duoCertificaatMeter, 'tls'), 13)
})
