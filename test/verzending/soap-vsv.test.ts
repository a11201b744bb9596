import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { readConfig, type Config } from '../../src/config.ts'
import { SIMULATOR_OIN, startSimulator, type Simulator, type Simulatoropties } from '../../src/duosimulator/simulator.ts'
import { readOpties } from '../../src/duosimulator/command.ts'
import { listVelden, MELDINGSPROFIELEN, type Profielveld } from '../../src/domain/meldingsprofiel.ts'
import { makeKanaal } from '../../src/verzending/kanaal.ts'
import { makeSoapVsv } from '../../src/verzending/soap-vsv.ts'
import { formatEnvelope, readEnvelope } from '../../src/verzending/soap.ts'
import { buildBericht, NAMESPACES } from '../../src/verzending/vsv.ts'
import { escapeXml, readXml } from '../../src/verzending/xml.ts'
import { findSchemafouten } from '../duo/soap/schema.ts'
import { makeCertificaat } from './certificaat.ts'
import { buildUitzending, RUSTIG, VELDEN } from './voorbeeld.ts'
import type { Gemeld } from '../../src/duosimulator/register.ts'
import type { Kanaal, Uitzending } from '../../src/domain/duobericht.ts'

const PROFIEL = MELDINGSPROFIELEN.at(-1)!
/** On this machine itself, and not signed. */
const ZONDER = { now: () => new Date(), tls: undefined, ondertekening: undefined }
const gebruikt: Simulator[] = []

async function simulate (t: Test, opties: Partial<Simulatoropties> = {}): Promise<{ simulator: Simulator, kanaal: Kanaal }> {
  const simulator = await startSimulator({ port: 0, now: () => new Date(), ...opties })
  gebruikt.push(simulator)
  t.teardown(async () => { await simulator.stop() })
  return { simulator, kanaal: makeSoapVsv({ url: simulator.url, oin: SIMULATOR_OIN, seconden: 5, ...ZONDER }) }
}

/** A receiver that answers whatever a test makes up. */
async function answerWith (t: Test, listener: RequestListener, seconden = 5): Promise<Kanaal> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return makeSoapVsv({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/vsv`, oin: SIMULATOR_OIN, seconden, ...ZONDER })
}

const answerXml = (tekst: string, status = 200): RequestListener => (request, response) => { request.resume().on('end', () => response.writeHead(status, { 'content-type': 'text/xml' }).end(tekst)) }

t.test('a melding gets a number, is changed and withdrawn, and the gemeente is heard', async (t) => {
  const { simulator, kanaal } = await simulate(t)
  const gemeld = await kanaal.verzend(buildUitzending(), RUSTIG)
  t.match(gemeld, { uitslag: 'aangenomen', meldingsnummer: /^[0-9]{9}$/ })
  if (gemeld.uitslag !== 'aangenomen') return
  t.strictSame(simulator.meldingen().map(({ velden, brin, status }) => ({ velden, brin, status })), [{ velden: VELDEN, brin: '99AA', status: 'R' }], 'every value arrived as it was')

  simulator.setStatus(gemeld.meldingsnummer, 'B')
  const eerste = await kanaal.peil('99AA', null, RUSTIG)
  t.match(eerste, { wijzigingen: [{ meldingsnummer: gemeld.meldingsnummer, status: 'B', reden: null }] })
  t.equal(eerste.tot, eerste.wijzigingen[0]!.mutatieOp)
  t.strictSame((await kanaal.peil('99BB', null, RUSTIG)).wijzigingen, [], 'another school hears nothing of it')

  const op = { meldingsnummer: gemeld.meldingsnummer, laatsteMutatie: gemeld.mutatieOp }
  t.match(await kanaal.verzend(buildUitzending({ operatie: 'muteren', ...op }), RUSTIG), { uitslag: 'geweigerd', code: 'SIM03' }, 'a change on a mutation that is no longer the last')
  const gewijzigd = await kanaal.verzend(buildUitzending({ operatie: 'muteren', ...op, laatsteMutatie: eerste.tot, velden: { ...VELDEN, toelichting: 'Ouders gesproken' } }), RUSTIG)
  t.match(gewijzigd, { uitslag: 'aangenomen', meldingsnummer: gemeld.meldingsnummer })
  if (gewijzigd.uitslag !== 'aangenomen') return
  t.equal(simulator.meldingen()[0]!.velden['toelichting'], 'Ouders gesproken')

  t.match(await kanaal.verzend(buildUitzending({ operatie: 'intrekken', ...op, laatsteMutatie: gewijzigd.mutatieOp }), RUSTIG), { uitslag: 'aangenomen' })
  const later = await kanaal.peil('99AA', eerste.tot, RUSTIG)
  t.match(later.wijzigingen, [{ status: 'I', reden: null }])
  t.match(await kanaal.verzend(buildUitzending({ operatie: 'intrekken', meldingsnummer: '1', laatsteMutatie: gewijzigd.mutatieOp }), RUSTIG), { uitslag: 'geweigerd', code: 'SIM04' })
})

t.test('the gemeente acts in time; an exemption withdraws what overlaps it, with reason V', async (t) => {
  let nu = Date.parse('2026-09-10T10:00:00Z')
  const { simulator, kanaal } = await simulate(t, { now: () => new Date(nu), gemeente: 60_000 })
  for (let i = 0; i < 2; i++) await kanaal.verzend(buildUitzending(), RUSTIG)
  const peil = async (): Promise<string[]> => (await kanaal.peil('99AA', null, RUSTIG)).wijzigingen.map(({ status, reden }) => `${status}${reden ?? ''}`)
  t.strictSame(await peil(), ['R', 'R'])
  nu += 60_000
  t.strictSame(await peil(), ['B', 'B'])
  nu += 60_000
  t.strictSame(await peil(), ['G', 'K'])
  simulator.exempt({ nummer: '999990019', van: '2026-09-09', tot: '2027-07-31' })
  t.strictSame(await peil(), ['IV', 'IV'])
  await kanaal.verzend(buildUitzending({ velden: { ...VELDEN, begindatum: '2026-08-24', einddatum: '2026-09-08' } }), RUSTIG)
  await kanaal.verzend(buildUitzending(), RUSTIG)
  t.strictSame((await peil()).toSorted(), ['IV', 'IV', 'IV', 'R'], 'a day before it stays; a later melding that overlaps is withdrawn too')
})

t.test('a connection that breaks after the work was done leaves one melding, whatever was asked', async (t) => {
  const { simulator, kanaal } = await simulate(t)
  const twice = async (uitzending: Uitzending): Promise<string> => {
    simulator.storing({ soort: 'verbreek-na' })
    t.match(await kanaal.verzend(uitzending, RUSTIG), { uitslag: 'mislukt', omschrijving: 'geen verbinding: ECONNRESET' })
    const antwoord = await kanaal.verzend({ ...uitzending, poging: 2 }, RUSTIG)
    t.equal(antwoord.uitslag, 'aangenomen')
    return antwoord.uitslag === 'aangenomen' ? antwoord.mutatieOp : ''
  }
  let laatsteMutatie = await twice(buildUitzending())
  const [{ meldingsnummer }] = simulator.meldingen() as [Gemeld]
  laatsteMutatie = await twice(buildUitzending({ operatie: 'muteren', meldingsnummer, laatsteMutatie, velden: { ...VELDEN, toelichting: 'Tweede' } }))
  await twice(buildUitzending({ operatie: 'intrekken', meldingsnummer, laatsteMutatie }))
  t.match(simulator.meldingen(), [{ meldingsnummer, status: 'I' }])
  t.equal(simulator.meldingen().length, 1)
})

t.test('a change whose first attempt arrived is known by what the receiver has, also where it forgets a MessageID', async (t) => {
  const { simulator, kanaal } = await simulate(t)
  await kanaal.verzend(buildUitzending(), RUSTIG)
  const [{ meldingsnummer, mutatieOp: laatsteMutatie }] = simulator.meldingen() as [Gemeld]
  const wijziging = buildUitzending({ operatie: 'muteren', meldingsnummer, laatsteMutatie, velden: { ...VELDEN, toelichting: 'Nieuw' } })
  await kanaal.verzend(wijziging, RUSTIG)
  // As a receiver without memory sees the second attempt: another message on an old mutation.
  const opnieuw = { ...wijziging, kenmerk: buildUitzending().kenmerk }
  t.match(await kanaal.verzend({ ...opnieuw, poging: 2 }, RUSTIG), { uitslag: 'aangenomen', mutatieOp: simulator.meldingen()[0]!.mutatieOp })
  t.match(await kanaal.verzend({ ...opnieuw, poging: 1 }, RUSTIG), { uitslag: 'geweigerd', code: 'SIM03' }, 'a first attempt cannot have arrived')
  const anders = buildUitzending({ operatie: 'muteren', meldingsnummer, laatsteMutatie, velden: { ...VELDEN, toelichting: 'Anders' }, poging: 2 })
  t.match(await kanaal.verzend(anders, RUSTIG), { uitslag: 'geweigerd', code: 'SIM03' }, 'the receiver has something else')

  const nu = simulator.meldingen()[0]!.mutatieOp
  const intrekking = buildUitzending({ operatie: 'intrekken', meldingsnummer, laatsteMutatie: nu })
  await kanaal.verzend(intrekking, RUSTIG)
  t.match(await kanaal.verzend({ ...intrekking, kenmerk: buildUitzending().kenmerk, poging: 2 }, RUSTIG), { uitslag: 'aangenomen' })
})

t.test('the last wall: a field more, less or of another form does not leave; the receiver refuses it too', async (t) => {
  const { simulator, kanaal } = await simulate(t)
  const { soort, ...zonder } = VELDEN
  for (const [velden, fout] of [
    [{ ...VELDEN, verzuimreden: 'griep' }, 'verzuimreden onbekend-veld'],
    [zonder, 'soort ontbreekt'],
    [{ ...VELDEN, leerjaar: 9 }, 'leerjaar verkeerde-vorm'],
    [{ ...VELDEN, dagen: [{ datum: '2026-09-07', heleDag: true, lesuren: [], opmerking: 'ziek' }] }, 'dagen verkeerde-vorm'],
    [{ ...VELDEN, onderwijsnummer: '100000016' }, 'burgerservicenummer ontbreekt']
  ] as const) {
    const antwoord = await kanaal.verzend(buildUitzending({ velden }), RUSTIG)
    t.match(antwoord, { uitslag: 'geweigerd', code: 'PROFIEL' })
    t.match(JSON.stringify(antwoord), fout)
  }
  t.equal(simulator.berichten.length, 0, 'nothing left')
  t.match(await kanaal.verzend(buildUitzending({ velden: { ...VELDEN, burgerservicenummer: '123456789' } }), RUSTIG), { uitslag: 'geweigerd', code: 'SIM02' }, 'nine digits, but no BSN')

  // Past our wall, as another sender would.
  const post = async (tekst: string, operation = 'meldenRelatiefVerzuim'): Promise<string> => await (await fetch(simulator.url, { method: 'POST', body: tekst, headers: { soapaction: `"nl.ib_groep.vsv.webservice_v2/${operation}"` } })).text()
  const goed = simulator.berichten[0]!.tekst.replace('123456789', '999990019')
  const send = async (van: string | RegExp, naar: string): Promise<string> => await post(goed.replace(van, naar).replace(/urn:uuid:[^<]+/, `urn:uuid:${crypto.randomUUID()}`))
  t.match(await send('', ''), /DC0018/)
  for (const [van, naar, antwoord] of [
    ['<vsv:soort>', '<vsv:kenmerk>ziek</vsv:kenmerk><vsv:soort>', /SIM01.*kenmerk onbekend-veld/],
    ['<vsv:soort>V3</vsv:soort>', '', /SIM01.*soort ontbreekt/],
    ['<vsv:leerjaar>3<', '<vsv:leerjaar>drie<', /SIM01.*leerjaar verkeerde-vorm/],
    ['<vsv:soort>V3</vsv:soort>', '<vsv:soort>V3</vsv:soort><vsv:soort>V3</vsv:soort>', /SIM01.*volgorde/],
    [/(<vsv:brin>.*?brin>)(<vsv:vestiging>.*?vestiging>)/, '$2$1', /SIM01.*volgorde/],
    ['<vsv:heleDag>', '<vsv:ziek>1</vsv:ziek><vsv:heleDag>', /SIM01.*dagen verkeerde-vorm/],
    ['<vsv:brin>99AA', '<vsv:brin>99BB', /soap:Client.*andere school/],
    [/oin=00000099[0-9]+/, 'oin=1', /soap:Client.*geen OIN/],
    ['meldenRelatiefVerzuim</wsa:Action>', 'aanvraagGegevens</wsa:Action>', /soap:Client.*andere operatie/],
    ['nl.ib_groep.vsv.webservice_v2"', 'urn:x"', /soap:Client/],
    ['<?xml version="1.0" encoding="UTF-8"?>', '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', /soap:Client.*documenttype/],
    ['Twee keer gebeld.', '&a;', /soap:Client.*welgevormde/]
  ] as const) t.match(await send(van, naar), antwoord, `${String(van)} → ${naar}`)
  t.equal(simulator.meldingen().length, 1, 'none of these became a melding')
  t.equal((await fetch(simulator.url)).status, 405)
  t.equal((await fetch(simulator.url, { method: 'POST', body: 'x'.repeat(1_100_000) })).status, 413)
  // What was broken on purpose is no example for the schema.
  ;(simulator.berichten as unknown[]).length = 0
})

const tekens = fc.oneof(fc.constantFrom('<', '>', '&', '"', "'", ']]>', '<![CDATA[', '</vsv:toelichting><vsv:soort>Z</vsv:soort>', '&lt;', '&#0;', '<!--', '<?x?>', '%x;', 'é', '😀'), fc.string({ minLength: 1, maxLength: 4 }))
function drawVeld (veld: Profielveld): fc.Arbitrary<unknown> {
  switch (veld.vorm) {
    case 'tekst': {
      if (veld.naam === 'burgerservicenummer') return fc.constant('999990019')
      if (veld.naam === 'brin' || veld.naam === 'vestiging') return fc.constant(VELDEN[veld.naam])
      return veld.patroon !== undefined
        ? fc.constant({ gemeentecode: '0014', netnummer: '050', abonneenummer: '1234567', emailadres: "a<b>&'\"@school.example" }[veld.naam] ?? '')
        : fc.array(tekens, { minLength: 1, maxLength: 12 }).map((delen) => delen.join('').slice(0, veld.lengte)).filter((tekst) => tekst.trim() !== '' && !/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(tekst))
    }
    case 'keuze': return fc.constantFrom(...veld.waarden)
    case 'getal': return fc.integer({ min: veld.van, max: veld.tot })
    case 'datum': return fc.constantFrom('2026-09-07', '2026-02-28')
    case 'ja-nee': return fc.boolean()
    case 'dagen': return fc.uniqueArray(fc.integer({ min: 10, max: 28 }), { minLength: 1, maxLength: 8 }).map((dagen) => dagen.map((dag) => ({ datum: `2026-09-${dag}`, heleDag: dag % 2 === 0, lesuren: dag % 2 === 0 ? [] : [1, dag % 12 + 1].filter((uur, i, alle) => alle.indexOf(uur) === i) })))
  }
}

t.test('whatever people write arrives letter for letter, is by the schema, and becomes no element', async (t) => {
  const { simulator, kanaal } = await simulate(t)
  const lijst = listVelden(PROFIEL, 'melden').filter(({ naam }) => naam !== 'onderwijsnummer')
  const moet = ['burgerservicenummer', 'dagen', 'toelichtingActieGewenst']
  const velden = fc.record(Object.fromEntries(lijst.map((veld) => [veld.naam, drawVeld(veld)])), { requiredKeys: lijst.filter(({ naam, verplicht }) => verplicht === 'altijd' || moet.includes(naam)).map(({ naam }) => naam) })
  await fc.assert(fc.asyncProperty(velden, async (velden) => {
    const uitzending = buildUitzending({ velden: velden as Uitzending['bericht']['velden'] })
    const antwoord = await kanaal.verzend(uitzending, RUSTIG)
    if (antwoord.uitslag !== 'aangenomen') throw new Error(JSON.stringify(antwoord))
    const fouten = simulator.berichten.slice(-2).flatMap(({ tekst }) => findSchemafouten(tekst))
    if (fouten.length > 0) throw new Error(fouten.join())
    const aangekomen = simulator.meldingen().at(-1)!.velden
    if (JSON.stringify(Object.entries(aangekomen).sort()) !== JSON.stringify(Object.entries(velden).sort())) throw new Error(`${JSON.stringify(velden)} arrived as ${JSON.stringify(aangekomen)}`)
  }), { numRuns: 150, seed: 36_663 })
  t.equal(simulator.meldingen().length, 150)
})

t.test('the schema refuses what the profile refuses', async (t) => {
  const format = (velden: Record<string, unknown>): string => formatEnvelope({ action: 'a', messageId: `urn:uuid:${crypto.randomUUID()}`, relatesTo: '', to: 'x', from: 'y' }, buildBericht('melden', buildUitzending({ velden: velden as Uitzending['bericht']['velden'] }).bericht), NAMESPACES)
  t.strictSame(findSchemafouten(format(VELDEN)), [])
  for (const veld of PROFIEL.velden) {
    if (veld.vorm === 'tekst' || veld.vorm === 'keuze') t.equal(findSchemafouten(format({ ...VELDEN, [veld.naam]: 'x'.repeat(201) })).length, 1, `${veld.naam} too long, or not on its list`)
    if (veld.verplicht === 'altijd') t.equal(findSchemafouten(format({ ...VELDEN, [veld.naam]: undefined })).length, 1, `${veld.naam} missing`)
  }
  t.equal(findSchemafouten(format(VELDEN).replace('<vsv:soort>', '<vsv:reden>x</vsv:reden><vsv:soort>')).length, 1)
})

t.test('what XML cannot carry is refused before it is written', async (t) => {
  for (const tekst of ['\u0000', 'a\u0001b', '\u001f', '\ud800', '\uffff']) t.throws(() => escapeXml(tekst), { message: 'een teken dat XML niet kent' })
  t.equal(readXml(`<a>${escapeXml('<&>"\r\n\t😀')}</a>`).tekst, '<&>"\r\n\t😀')
})

const WELKOM = formatEnvelope({ action: 'a', messageId: 'b', relatesTo: '', to: 'c', from: 'd' }, ['vsv:DC0018', [['vsv:meldingsnummer', '1'], ['vsv:mutatieOp', '2026-09-10T10:00:00Z']]], NAMESPACES)

t.test('an answer that is hostile or not understood is not heard; the attempt comes again', async (t) => {
  const lachen = `<!DOCTYPE x [<!ENTITY a "ha">${Array.from({ length: 10 }, (_, i) => `<!ENTITY a${i} "${`&a${i === 0 ? '' : i - 1};`.repeat(10)}">`).join('')}]>`
  for (const [wat, tekst, reden] of [
    ['an external entity', WELKOM.replace(/<\?.*?\?>\n/, '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>').replace('>1<', '>&a;<'), /welgevormde|documenttype/],
    ['a document type without use', WELKOM.replace(/<\?.*?\?>\n/, '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">'), /documenttype/],
    ['a billion laughs', WELKOM.replace(/<\?.*?\?>\n/, lachen).replace('>1<', '>&a9;<'), /welgevormde|documenttype/],
    ['nesting without end', WELKOM.replace('>1<', `>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}<`), /welgevormde/],
    ['half an answer', WELKOM.slice(0, 300), /welgevormde/],
    ['nothing', '', /welgevormde/],
    ['JSON', '{}', /welgevormde/],
    ['two documents in one body', WELKOM.replace('<vsv:DC0018>', '<vsv:DC0001/><vsv:DC0018>'), /niet één bericht/],
    ['a field more', WELKOM.replace('</vsv:DC0018>', '<vsv:extra>1</vsv:extra></vsv:DC0018>'), /onverwacht element/],
    ['a number that is none', WELKOM.replace('>1<', '>L1<'), /geen getal/],
    ['a moment that is none', WELKOM.replace('2026-09-10T10', '2026-09-10 10'), /tijdstip/],
    ['another namespace', WELKOM.replace('nl.ib_groep.vsv.webservice_v2', 'urn:x'), /namespace/],
    ['a prefix without namespace', WELKOM.replaceAll('vsv:meldingsnummer', 'x:meldingsnummer'), /voorvoegsel/],
    ['another document', WELKOM.replaceAll('DC0018', 'DC0042'), /onbekend document/],
    ['the answer to a change', WELKOM.replaceAll('DC0018', 'DC0001').replace(/<vsv:meldingsnummer>.*?<\/vsv:meldingsnummer>/, ''), /onverwacht document DC0001/],
    ['the answer to another message', WELKOM.replace('<wsa:To>', '<wsa:RelatesTo>urn:uuid:x</wsa:RelatesTo><wsa:To>'), /ander bericht/]
  ] as const) {
    const kanaal = await answerWith(t, answerXml(tekst))
    const started = performance.now()
    t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: reden }, wat)
    t.ok(performance.now() - started < 2_000, `${wat} is refused at once`)
  }
  t.match(await (await answerWith(t, answerXml(WELKOM))).verzend(buildUitzending(), RUSTIG), { uitslag: 'aangenomen', meldingsnummer: '1' }, 'the same without a fault is heard')
  t.match(await (await answerWith(t, answerXml(WELKOM, 404))).verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: 'HTTP 404' })
  t.match(await (await answerWith(t, answerXml('', 302))).verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: 'HTTP 302' }, 'no redirect is followed')
  await t.rejects((await answerWith(t, answerXml(WELKOM))).peil('99AA', null, RUSTIG), /DC0018/)
})

t.test('an answer without end, without content or without haste ends in time', async (t) => {
  const groot = await answerWith(t, (_request, response) => {
    response.writeHead(200)
    const part = Buffer.alloc(1024 * 1024, 0x20)
    const pour = (): void => { while (!response.destroyed && response.write(part)); }
    response.on('drain', pour)
    pour()
  })
  t.match(await groot.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: 'geen verbinding: ANTWOORD_TE_GROOT' })
  const stil = await answerWith(t, () => {}, 1)
  t.match(await stil.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: 'geen antwoord binnen de tijd' })
  const traag = await answerWith(t, (_request, response) => {
    response.writeHead(200)
    const drip = setInterval(() => response.write(' '), 100)
    response.on('close', () => { clearInterval(drip) })
  }, 1)
  t.match(await traag.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: 'geen antwoord binnen de tijd' })
  const stop = new AbortController()
  setTimeout(() => { stop.abort() }, 100)
  t.match(await (await answerWith(t, () => {})).verzend(buildUitzending(), stop.signal), { uitslag: 'mislukt', omschrijving: 'afgebroken: de dienst stopt' })
  const weg = makeSoapVsv({ url: 'http://127.0.0.1:9/vsv', oin: SIMULATOR_OIN, seconden: 5, ...ZONDER })
  t.match(await weg.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: 'geen verbinding: ECONNREFUSED' })
})

t.test('a fault over there comes again, a refusal stays for people without the number of the leerling in it', async (t) => {
  const { simulator, kanaal } = await simulate(t)
  simulator.storing({ soort: 'fout' })
  simulator.storing({ soort: 'onleesbaar' })
  simulator.storing({ soort: 'weiger', code: 'X9' })
  simulator.storing({ soort: 'traag', milliseconden: 50, school: '99BB' })
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: 'SOAP-fout Server' })
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: /antwoord niet te lezen/ })
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'geweigerd', code: 'X9' })
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'aangenomen' }, 'a fault of another school is not met')
  const klaagt = await answerWith(t, answerXml(formatEnvelope({ action: 'a', messageId: 'b', relatesTo: '', to: 'c', from: 'd' }, ['vsv:DC0002', [['vsv:foutcode', 'F1'], ['vsv:omschrijving', 'BSN 999990019 onbekend']]], NAMESPACES)))
  t.strictSame(await klaagt.verzend(buildUitzending(), RUSTIG), { uitslag: 'geweigerd', code: 'F1', omschrijving: 'BSN … onbekend' })
  const client = await answerWith(t, answerXml(formatEnvelope({ action: 'a', messageId: 'b', relatesTo: '', to: 'c', from: 'd' }, ['soap:Fault', [['faultcode', 'soap:Client'], ['faultstring', 'Onbekende OIN']]]), 500))
  t.match(await client.verzend(buildUitzending(), RUSTIG), { uitslag: 'geweigerd', code: 'SOAP-CLIENT', omschrijving: /Onbekende OIN/ })
  await t.rejects(client.peil('99AA', null, RUSTIG), { message: 'DUO kan de aanroep niet verwerken (Client)' }, 'what goes to the log holds no text of theirs')
  t.match(readEnvelope(simulator.berichten[0]!.tekst).body.naam, 'meldenRelatiefVerzuim')
})

t.test('only a client with a certificate of the right CA is let in, and only the right server is believed', async (t) => {
  const ca = await makeCertificaat('CA', undefined)
  const vreemd = await makeCertificaat('Vreemde CA', undefined)
  const [server, client, indringer] = await Promise.all([makeCertificaat('127.0.0.1', ca), makeCertificaat('leverancier', ca), makeCertificaat('indringer', vreemd)])
  const { simulator } = await simulate(t, { tls: { ...server, ca: ca.cert } })
  t.match(simulator.url, /^https:/)
  const connect = async (tls: { cert: string, key: string, ca: string | undefined } | undefined): Promise<unknown> =>
    await makeSoapVsv({ url: simulator.url, oin: SIMULATOR_OIN, seconden: 5, ...ZONDER, tls: tls === undefined ? undefined : async () => tls }).verzend(buildUitzending(), RUSTIG)
  t.match(await connect({ ...client, ca: ca.cert }), { uitslag: 'aangenomen' })
  t.match(await connect({ ...indringer, ca: ca.cert }), { uitslag: 'mislukt' }, 'a certificate of another CA')
  t.match(await connect({ ...client, ca: vreemd.cert }), { uitslag: 'mislukt', omschrijving: /UNABLE_TO_VERIFY|SELF_SIGNED/ }, 'a server of another CA')
  t.match(await connect(undefined), { uitslag: 'mislukt' }, 'no certificate at all')
  const nagemaakt = await simulate(t, { tls: { ...await makeCertificaat('elders.example', ca), ca: ca.cert } })
  t.match(await makeSoapVsv({ url: nagemaakt.simulator.url, oin: SIMULATOR_OIN, seconden: 5, ...ZONDER, tls: async () => ({ ...client, ca: ca.cert }) }).verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: /ERR_TLS_CERT_ALTNAME_INVALID/ }, 'a certificate of another host')
  t.equal(simulator.meldingen().length, 1)
  t.equal(nagemaakt.simulator.berichten.length, 0)
})

t.test('settings that could not work are refused at the start, all at once, and a certificate that ends is told', async (t) => {
  const read = (anders: Record<string, string>): Config => readConfig({ DATA_DIR: '/tmp/x', DUO_KANAAL: 'soap-vsv', ...anders })
  t.throws(() => read({}), { message: /DUO_URL: verplicht[^]*DUO_OIN: verplicht/ })
  t.throws(() => read({ DUO_URL: 'http://duo.example/vsv', DUO_OIN: SIMULATOR_OIN }), { message: /DUO_URL: begint met https/ })
  t.throws(() => read({ DUO_URL: 'https://duo.example/vsv', DUO_OIN: '123' }), { message: /DUO_OIN: is een OIN/ })
  t.throws(() => read({ DUO_URL: 'https://duo.example/vsv', DUO_OIN: SIMULATOR_OIN }), { message: /DUO_CERTIFICAAT, DUO_SLEUTEL: verplicht/ })
  t.throws(() => read({ DUO_URL: 'ftp://duo.example/vsv', DUO_OIN: SIMULATOR_OIN }), { message: /DUO_URL/ })
  t.strictSame(read({ DUO_URL: 'http://127.0.0.1:8090/vsv', DUO_OIN: SIMULATOR_OIN }).duo, { kanaal: 'soap-vsv', url: 'http://127.0.0.1:8090/vsv', oin: SIMULATOR_OIN, seconden: 30, tls: undefined, ondertekening: undefined })
  const lokaal = { DUO_URL: 'http://127.0.0.1:8090/vsv', DUO_OIN: SIMULATOR_OIN }
  t.throws(() => read({ ...lokaal, DUO_PROFIEL: '2W-be-S', DUO_ONDERTEKENING_SLEUTEL: '/s.pem' }), { message: /DUO_ONDERTEKENING_CERTIFICAAT, DUO_ONDERTEKENING_SLEUTEL, DUO_ONDERTEKENING_CA: verplicht bij DUO_PROFIEL=2W-be-S/ })
  t.throws(() => read({ ...lokaal, DUO_ONDERTEKENING_CA: '/ca.pem' }), { message: /DUO_PROFIEL: 2W-be ondertekent niet/ }, 'nobody believes to sign who does not')
  t.match(read({ ...lokaal, DUO_PROFIEL: '2W-be-S', DUO_ONDERTEKENING_CERTIFICAAT: '/c.pem', DUO_ONDERTEKENING_SLEUTEL: '/s.pem', DUO_ONDERTEKENING_CA: '/ca.pem' }).duo, { ondertekening: { instelling: 'DUO_ONDERTEKENING', certificaat: '/c.pem', sleutel: '/s.pem', ca: '/ca.pem' } })
  t.match(read({ DUO_KANAAL: 'map' }).duo, { kanaal: 'map', map: '/tmp/x/duo' })
  t.equal(read({ DUO_KANAAL: '' }).duo, undefined)

  const folder = await mkdtemp(join(tmpdir(), 'aanwezig-pem-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const ca = await makeCertificaat('CA', undefined)
  const [goed, ander] = await Promise.all([makeCertificaat('leverancier', ca), makeCertificaat('ander', ca)])
  const put = async (naam: string, inhoud: string): Promise<string> => {
    await writeFile(join(folder, naam), inhoud)
    return join(folder, naam)
  }
  const [certificaat, sleutel, verkeerd, onzin] = await Promise.all([put('cert.pem', goed.cert), put('key.pem', goed.key), put('ander.pem', ander.key), put('onzin.pem', 'geen PEM')])
  const regels: string[] = []
  const log = pino({ level: 'warn' }, { write: (regel) => { regels.push(regel) } })
  const make = (anders: object, now = new Date()): unknown => makeKanaal({ kanaal: 'soap-vsv', url: 'https://duo.example/vsv', oin: SIMULATOR_OIN, seconden: 5, tls: { instelling: 'DUO', certificaat, sleutel, ca: undefined, ...anders }, ondertekening: undefined }, () => now, log)
  t.ok(make({}))
  t.strictSame(regels, [])
  t.throws(() => make({ sleutel: verkeerd }), { message: /horen niet bij elkaar/ })
  t.throws(() => make({ certificaat: onzin }), { message: /zijn geen PEM/ })
  t.throws(() => make({ ca: '/bestaat/niet' }), { message: /DUO_CA: het bestand is niet te lezen \(ENOENT\)/ })
  make({}, new Date(Date.now() + 350 * 86_400_000))
  t.match(regels, [/ends soon/])
})

t.test('the simulator is steered over HTTP, and says what it is asked wrongly', async (t) => {
  const { simulator, kanaal } = await simulate(t)
  const base = simulator.url.replace('/vsv', '/sturing')
  const post = async (pad: string, body: unknown): Promise<{ status: number, body: string }> => {
    const answer = await fetch(`${base}${pad}`, { method: 'POST', body: JSON.stringify(body) })
    return { status: answer.status, body: await answer.text() }
  }
  t.equal((await post('/storingen', { soort: 'fout' })).status, 200)
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt' })
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'aangenomen' })
  const [{ meldingsnummer }] = simulator.meldingen() as [Gemeld]
  t.match(await post(`/meldingen/${meldingsnummer}/status`, { status: 'K' }), { status: 200, body: /"status": "K"/ })
  t.match(await (await fetch(`${base}/meldingen`)).text(), /"soort": "V3",\s+"status": "K"/)
  t.notMatch(await (await fetch(`${base}/meldingen`)).text(), /999990019/, 'the list holds no number of a leerling')
  t.equal((await post('/vrijstellingen', { nummer: '999990019', van: '2026-09-01', tot: '2026-09-30' })).status, 200)
  t.match(simulator.meldingen(), [{ status: 'I', reden: 'V' }])
  t.equal((await post('/meldingen/1/status', { status: 'K' })).status, 404)
  t.equal((await post('/storingen', { soort: 'onweer' })).status, 400)
  t.equal((await post('/onzin', {})).status, 404)
  t.equal((await fetch(simulator.url.replace('/vsv', '/'))).status, 404)
})

t.test('the command says what is wrong with its options', async (t) => {
  t.match(readOpties([]), { port: 8090, storing: 0 })
  t.match(readOpties(['--port', '0', '--storing', '0.1', '--traag', '500', '--gemeente', '60']), { port: 0, storing: 0.1, traag: 500, gemeente: 60_000 })
  for (const argv of [['--port', 'x'], ['--storing', '2'], ['--traag', 'snel'], ['--gemeente', '-1'], ['--tls-ca', '/ca.pem'], ['--onzin'], ['--tls-ca', '/x', '--tls-sleutel', '/x', '--tls-certificaat', '/x']]) t.type(readOpties(argv), 'string', argv.join(' '))
})

t.test('everything that was on the wire is by the schema, but for what a test broke on purpose', async (t) => {
  const teksten = gebruikt.flatMap(({ berichten }) => berichten.map(({ tekst }) => tekst))
  t.ok(teksten.length > 300)
  t.strictSame(teksten.flatMap(findSchemafouten), [])
})
