import { createHash, randomUUID, verify, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import { XmlC14NMode, XmlDocument, type XmlElement } from 'libxml2-wasm'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { SignedXml } from 'xml-crypto'
import { SIMULATOR_OIN, startSimulator, type Simulator } from '../../src/duosimulator/simulator.ts'
import { Handtekeningfout, openEnvelope, signEnvelope, type Ondertekening } from '../../src/verzending/handtekening.ts'
import { anonymousOf } from '../../src/verzending/soap.ts'
import { makeSoapVsv } from '../../src/verzending/soap-vsv.ts'
import { actionOf, MELDEN, NAMESPACES } from '../../src/verzending/vsv.ts'
import { XmlFout } from '../../src/verzending/xml.ts'
import { findSchemafouten } from '../duo/soap/schema.ts'
import { makeCertificaat, type Certificaat } from './certificaat.ts'
import { buildUitzending, RUSTIG, VELDEN } from './voorbeeld.ts'
import type { Gemeld } from '../../src/duosimulator/register.ts'
import type { Kanaal } from '../../src/domain/duobericht.ts'

const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'
const rsa = { keyType: 'rsa' } as const
const ca = await makeCertificaat('CA', undefined, rsa)
const vreemd = await makeCertificaat('Vreemde CA', undefined, rsa)
const [duo, leverancier, ander, indringer, verlopen, elliptisch] = await Promise.all([
  makeCertificaat('duo.example', ca, { ...rsa, oin: SIMULATOR_OIN }),
  makeCertificaat('leverancier.example', ca, { ...rsa, oin: '00000003123456780000' }),
  makeCertificaat('ander.example', ca, { ...rsa, oin: '00000003876543210000' }),
  makeCertificaat('indringer.example', vreemd, { ...rsa, oin: SIMULATOR_OIN }),
  makeCertificaat('verlopen.example', ca, { ...rsa, oin: SIMULATOR_OIN, van: new Date(Date.now() - 20 * 86_400_000), tot: new Date(Date.now() - 86_400_000) }),
  makeCertificaat('elliptisch.example', undefined, { oin: SIMULATOR_OIN })
])
/** Once there are certificates that hold. */
const VANDAAG = new Date()
const token = ({ cert }: Certificaat): string => new X509Certificate(cert).raw.toString('base64')
const bij = (certificaat: Certificaat, uitgever = ca): Ondertekening => ({ ...certificaat, ca: uitgever.cert })
const seconden = (aantal: number): Date => new Date(VANDAAG.getTime() + aantal * 1_000)

async function simulate (t: Test, now = () => new Date()): Promise<{ simulator: Simulator, connect: (met: Ondertekening) => Kanaal }> {
  const simulator = await startSimulator({ port: 0, now, ondertekening: bij(duo) })
  t.teardown(async () => { await simulator.stop() })
  return { simulator, connect: (met) => makeSoapVsv({ url: simulator.url, oin: SIMULATOR_OIN, seconden: 5, now, tls: undefined, ondertekening: async () => met }) }
}

t.test('a signed melding gets a number, is changed and withdrawn, and statuses come back signed', async (t) => {
  const { simulator, connect } = await simulate(t)
  const kanaal = connect(bij(leverancier))
  const gemeld = await kanaal.verzend(buildUitzending(), RUSTIG)
  t.match(gemeld, { uitslag: 'aangenomen', meldingsnummer: /^[0-9]{9}$/ })
  t.strictSame(simulator.meldingen()[0]!.velden, VELDEN, 'every value arrived as it was')
  const [{ meldingsnummer, mutatieOp }] = simulator.meldingen() as [Gemeld]
  simulator.storing({ soort: 'verbreek-na' })
  const wijziging = buildUitzending({ operatie: 'muteren', meldingsnummer, laatsteMutatie: mutatieOp, velden: { ...VELDEN, toelichting: 'Ouders gesproken' } })
  t.match(await kanaal.verzend(wijziging, RUSTIG), { uitslag: 'mislukt', omschrijving: 'geen verbinding: ECONNRESET' })
  t.match(await kanaal.verzend({ ...wijziging, poging: 2 }, RUSTIG), { uitslag: 'aangenomen' }, 'the same kenmerk, signed once more')
  simulator.setStatus(meldingsnummer, 'B')
  t.match((await kanaal.peil('99AA', null, RUSTIG)).wijzigingen, [{ meldingsnummer, status: 'B' }])
  simulator.storing({ soort: 'fout' })
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: 'SOAP-fout Server' }, 'a fault is signed too')
  t.match(await kanaal.verzend(buildUitzending({ velden: { ...VELDEN, burgerservicenummer: '123456789' } }), RUSTIG), { uitslag: 'geweigerd', code: 'SIM02' })
  t.strictSame(simulator.berichten.flatMap(({ tekst }) => findSchemafouten(tekst)), [], 'both ways by the schema')
})

/** With libxml2 and OpenSSL alone, as another organisation would. */
function checkElders (tekst: string): { readonly goed: boolean, readonly namen: string[] } {
  const document = XmlDocument.fromString(tekst)
  const namespaces = { ds: 'http://www.w3.org/2000/09/xmldsig#', wsse: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd', wsu: WSU }
  const find = (xpath: string): XmlElement[] => document.find(xpath, namespaces) as XmlElement[]
  const canonicalize = (element: XmlElement): string => element.canonicalizeToString({ mode: XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 })
  try {
    const certificaat = new X509Certificate(Buffer.from(find('//wsse:BinarySecurityToken')[0]!.content, 'base64'))
    const waarde = Buffer.from(find('//ds:SignatureValue')[0]!.content, 'base64')
    const ondertekend = find('//ds:Reference').map((verwijzing) => {
      const id = verwijzing.attr('URI')!.value.slice(1)
      const deel = find(`//*[@wsu:Id='${id}']`)
      const digest = (verwijzing.get('ds:DigestValue', namespaces) as XmlElement).content
      return { naam: deel[0]!.name, gelijk: deel.length === 1 && createHash('sha256').update(canonicalize(deel[0]!)).digest('base64') === digest }
    })
    return { goed: ondertekend.every(({ gelijk }) => gelijk) && verify('sha256', Buffer.from(canonicalize(find('//ds:SignedInfo')[0]!)), certificaat.publicKey, waarde), namen: ondertekend.map(({ naam }) => naam).sort() }
  } finally {
    document.dispose()
  }
}

t.test('another implementation comes to the same: body, addressing and Timestamp are signed, and in an answer the confirmation', async (t) => {
  const { simulator, connect } = await simulate(t)
  await connect(bij(leverancier)).verzend(buildUitzending(), RUSTIG)
  // C14N (section 1.3) knows no relative namespace, which the one of the service is: libxml2 refuses what others canonicalise as it stands.
  const [vraag, antwoord] = simulator.berichten.map(({ richting, tekst }) => signAgain(tekst.replace('"nl.ib_groep', '"urn:nl.ib_groep'), richting === 'in' ? leverancier : duo)) as [string, string]
  t.strictSame(checkElders(vraag), { goed: true, namen: ['Action', 'Body', 'From', 'MessageID', 'ReplyTo', 'Timestamp', 'To'] })
  t.strictSame(checkElders(antwoord), { goed: true, namen: ['Action', 'Body', 'From', 'MessageID', 'RelatesTo', 'ReplyTo', 'SignatureConfirmation', 'Timestamp', 'To'] })
  t.equal(checkElders(vraag.replace('Twee keer', 'Drie keer')).goed, false)

  const tekens = fc.array(fc.constantFrom('<', '>', '&', '"', "'", ']]>', '\r', '\n', '\t', ' ', 'é', '😀', 'a'), { minLength: 1, maxLength: 12 }).map((delen) => delen.join(''))
  fc.assert(fc.property(tekens, (waarde) => {
    const { tekst } = signEnvelope({ action: 'a', messageId: 'b', relatesTo: '', to: 'c', from: waarde }, ['vsv:DC0002', [['vsv:foutcode', 'F1'], ['vsv:omschrijving', waarde]]], { vsv: 'urn:vsv' }, { ...duo, nu: VANDAAG })
    return checkElders(tekst).goed && openEnvelope(tekst, { ca: ca.cert, oin: undefined }, VANDAAG).body.kinderen[1]!.tekst === waarde
  }), { numRuns: 60, seed: 36_663 })
})

t.test('a signature that others make is believed: SHA-512, other Ids, prefixes declared elsewhere, an inclusive prefix', async (t) => {
  const { tekst } = signEnvelope({ action: 'a', messageId: 'b', relatesTo: '', to: 'c', from: 'd' }, ['vsv:DC0001', [['vsv:mutatieOp', '2026-09-10T10:00:00Z']]], NAMESPACES, { ...duo, nu: VANDAAG })
  const anders = signAgain(tekst.replaceAll(/(wsu:Id="|URI="#)(?!certificaat)/g, '$1id-').replaceAll('<vsv:', '\n<vsv:'), duo, { hash: 'sha512', inclusief: ['soap', 'vsv'] })
  t.match(openEnvelope(anders, { ca: ca.cert, oin: SIMULATOR_OIN }, VANDAAG), { kop: { action: 'a', from: 'd' }, body: { naam: 'DC0001' } })
  t.throws(() => openEnvelope(anders.replace('2026-09-10', '2026-09-11'), { ca: ca.cert, oin: SIMULATOR_OIN }, VANDAAG), { code: 'FailedCheck' })
})

interface Anders { readonly hash?: 'sha1' | 'sha256' | 'sha512', readonly delen?: string, readonly inclusief?: string[], readonly transform?: string }

/** Signs what is left of a message once its signature is taken off. */
function signAgain (tekst: string, { key }: Certificaat, { hash = 'sha256', delen = "/*/*/*[local-name()!='Security'] | /*/*/*/*[local-name()='Timestamp' or local-name()='SignatureConfirmation'] | /*/*[local-name()='Body']", inclusief = [], transform = EXC_C14N }: Anders = {}): string {
  const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(tekst)![0]
  const info = /<ds:KeyInfo>(.*)<\/ds:KeyInfo>/s.exec(signature)![1]!
  const [digest, methode] = { sha1: ['http://www.w3.org/2000/09/xmldsig#sha1', 'http://www.w3.org/2000/09/xmldsig#rsa-sha1'], sha256: ['http://www.w3.org/2001/04/xmlenc#sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'], sha512: ['http://www.w3.org/2001/04/xmlenc#sha512', 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512'] }[hash] as [string, string]
  const signer = new SignedXml({ idMode: 'wssecurity', privateKey: key, signatureAlgorithm: methode, canonicalizationAlgorithm: EXC_C14N, getKeyInfoContent: () => info })
  for (const xpath of delen.split(' | ')) signer.addReference({ xpath: xpath.replace("/*/*/*[local-name()!='Security']", "/*/*[local-name()='Header']/*[local-name()!='Security']"), transforms: [transform], digestAlgorithm: digest, inclusiveNamespacesPrefixList: inclusief })
  signer.computeSignature(tekst.replace(signature, ''), { prefix: 'ds', location: { reference: "/*/*[local-name()='Header']/*[local-name()='Security']", action: 'append' } })
  return signer.getSignedXml()
}

const body = (tekst: string): string => /<soap:Body.*<\/soap:Body>/s.exec(tekst)![0]
const vals = (tekst: string): string => body(tekst).replace(/99AA00|>1</, (gevonden) => gevonden === '>1<' ? '>2<' : '99AA01')
const zonder = (tekst: string, naam: string): string => tekst.replace(new RegExp(`<${naam}[ >].*</${naam}>`, 's'), '')
const ELK = "/*/*/*[local-name()!='Security'] | /*/*/*/*[local-name()='Timestamp' or local-name()='SignatureConfirmation'] | /*/*[local-name()='Body']"

/** What somebody does to a message that was signed well, and what is said of it. `eigen`: who signed it. */
const AANVALLEN: ReadonlyArray<readonly [wat: string, doe: (tekst: string, eigen: Certificaat) => string, code: string]> = [
  ['no signature', (tekst) => zonder(tekst, 'wsse:Security'), 'InvalidSecurity'],
  ['a body that was changed', (tekst) => tekst.replace(body(tekst), vals(tekst)), 'FailedCheck'],
  ['an address that was changed', (tekst) => tekst.replace('</wsa:To>', '&amp;x=1</wsa:To>'), 'FailedCheck'],
  ['a MessageID that was changed', (tekst) => tekst.replace(/urn:uuid:[0-9a-f-]+<\/wsa:MessageID>/, `urn:uuid:${randomUUID()}</wsa:MessageID>`), 'FailedCheck'],
  ['a key of nobody we know', (tekst, eigen) => signAgain(tekst.replace(token(eigen), token(indringer)), indringer), 'InvalidSecurityToken'],
  ['another key than that of the certificate', (tekst) => signAgain(tekst, indringer), 'FailedCheck'],
  ['the certificate of somebody else', (tekst, eigen) => tekst.replace(token(eigen), token(ander)), 'FailedCheck|InvalidSecurityToken'],
  ['a certificate that ended', (tekst, eigen) => signAgain(tekst.replace(token(eigen), token(verlopen)), verlopen), 'InvalidSecurityToken'],
  ['a key that is not RSA', (tekst, eigen) => tekst.replace(token(eigen), token(elliptisch)), 'InvalidSecurityToken'],
  ['a certificate that is none', (tekst, eigen) => tekst.replace(token(eigen), 'AAAA'), 'InvalidSecurityToken'],
  ['a reference to another key', (tekst) => tekst.replace('<wsse:Reference URI="#certificaat"', '<wsse:Reference URI="#x"'), 'InvalidSecurityToken'],
  ['SHA-1', (tekst, eigen) => signAgain(tekst, eigen, { hash: 'sha1' }), 'InvalidSecurity'],
  ['another transform', (tekst, eigen) => signAgain(tekst, eigen, { transform: 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315' }), 'InvalidSecurity'],
  ['a second body', (tekst) => tekst.replace('</soap:Envelope>', `${vals(tekst).replace('wsu:Id="Body"', '')}</soap:Envelope>`), 'InvalidSecurity'],
  ['a second body in front', (tekst) => tekst.replace(body(tekst), `${vals(tekst).replace('wsu:Id="Body"', '')}${body(tekst)}`), 'InvalidSecurity'],
  ['the signed body hidden in the Header', (tekst) => tekst.replace(body(tekst), vals(tekst).replace('wsu:Id="Body"', 'wsu:Id="anders"')).replace('</soap:Header>', `<weg xmlns="urn:x">${body(tekst)}</weg></soap:Header>`), 'InvalidSecurity'],
  ['the signed body hidden in an address', (tekst) => tekst.replace('</wsa:ReplyTo>', `${body(tekst)}</wsa:ReplyTo>`).replace(new RegExp(`${body(tekst).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?=</soap:Envelope>)`), vals(tekst).replace('wsu:Id="Body"', 'wsu:Id="anders"')), 'FailedCheck'],
  ['the signed body hidden in the signature', (tekst) => tekst.replace(body(tekst), vals(tekst).replace('wsu:Id="Body"', '')).replace('</ds:Signature>', `<ds:Object>${body(tekst)}</ds:Object></ds:Signature>`), 'FailedCheck'],
  ['the signed body hidden in Security', (tekst) => tekst.replace(body(tekst), vals(tekst).replace('wsu:Id="Body"', '')).replace('<ds:Signature ', `${body(tekst)}<ds:Signature `), 'InvalidSecurity'],
  ['the Id of the body twice', (tekst) => tekst.replace('wsu:Id="ReplyTo"', 'wsu:Id="Body"'), 'InvalidSecurity'],
  ['an Id that was moved', (tekst) => tekst.replace('wsu:Id="To"', 'wsu:Id="x"').replace('wsu:Id="From"', 'wsu:Id="To"').replace('wsu:Id="x"', 'wsu:Id="From"'), 'FailedCheck'],
  ['an Id that was taken off', (tekst) => tekst.replace('<soap:Body wsu:Id="Body">', '<soap:Body>'), 'FailedCheck'],
  ['a body that was not signed', (tekst, eigen) => signAgain(tekst, eigen, { delen: ELK.replace(" | /*/*[local-name()='Body']", '') }), 'FailedCheck'],
  ['an address that was not signed', (tekst, eigen) => signAgain(tekst, eigen, { delen: ELK.replace("/*/*/*[local-name()!='Security']", "/*/*[local-name()='Header']/*[local-name()='To' or local-name()='Action']") }), 'FailedCheck'],
  ['a Timestamp that was not signed', (tekst, eigen) => signAgain(tekst, eigen, { delen: ELK.replace(" | /*/*/*/*[local-name()='Timestamp' or local-name()='SignatureConfirmation']", '') }), 'FailedCheck'],
  ['no Timestamp', (tekst, eigen) => signAgain(zonder(tekst, 'wsu:Timestamp'), eigen, { delen: ELK.replace(" | /*/*/*/*[local-name()='Timestamp' or local-name()='SignatureConfirmation']", '') }), 'InvalidSecurity'],
  ['a Timestamp without Created', (tekst, eigen) => signAgain(zonder(tekst, 'wsu:Created'), eigen), 'InvalidSecurity'],
  ['a Timestamp that is not in UTC', (tekst, eigen) => signAgain(tekst.replace(/Z<\/wsu:Created>/, '+00:00</wsu:Created>'), eigen), 'InvalidSecurity'],
  ['a message of six minutes ago', (tekst, eigen) => signAgain(zonder(tekst, 'wsu:Expires').replace(/>[^<]+<\/wsu:Created>/, `>${seconden(-361).toISOString()}</wsu:Created>`), eigen), 'MessageExpired'],
  ['a message that lasted a moment', (tekst, eigen) => signAgain(tekst.replace(/>[^<]+<\/wsu:Created>/, `>${seconden(-70).toISOString()}</wsu:Created>`).replace(/>[^<]+<\/wsu:Expires>/, `>${seconden(-61).toISOString()}</wsu:Expires>`), eigen), 'MessageExpired'],
  ['a message of later than now', (tekst, eigen) => signAgain(tekst.replace(/>[^<]+<\/wsu:Created>/, `>${seconden(61).toISOString()}</wsu:Created>`), eigen), 'MessageExpired'],
  ['a block that nobody asked for', (tekst, eigen) => signAgain(tekst.replace('</wsa:ReplyTo>', '</wsa:ReplyTo><x:y xmlns:x="urn:x" wsu:Id="y"/>'), eigen), 'InvalidSecurity'],
  ['two addresses', (tekst, eigen) => signAgain(tekst.replace('</wsa:To>', '</wsa:To><wsa:To wsu:Id="To2">x</wsa:To>'), eigen), 'InvalidSecurity'],
  ['two signatures', (tekst) => tekst.replace(/<ds:Signature .*<\/ds:Signature>/s, (signature) => signature + signature), 'InvalidSecurity'],
  ['two Security blocks', (tekst) => tekst.replace(/<wsse:Security .*<\/wsse:Security>/s, (security) => security + security), 'InvalidSecurity']
]

t.test('a message that was forged, changed, wrapped or kept is refused by DUO, with its reason', async (t) => {
  const { simulator, connect } = await simulate(t, () => VANDAAG)
  await connect(bij(leverancier)).verzend(buildUitzending(), RUSTIG)
  const goed = simulator.berichten[0]!.tekst
  const post = async (tekst: string): Promise<string> => await (await fetch(simulator.url, { method: 'POST', body: tekst, headers: { soapaction: `"${actionOf(MELDEN)}"` } })).text()
  for (const [wat, doe, code] of AANVALLEN) {
    const tekst = doe(goed, leverancier)
    t.not(tekst, goed, wat)
    t.match(await post(tekst), new RegExp(`<faultcode>wsse:(${code})</faultcode>`), wat)
  }
  t.match(await post(goed), /wsse:MessageExpired.*al eerder ontvangen/, 'the same message once more')
  t.match(await post(`<!DOCTYPE x>${goed.replace(/<\?.*?\?>\n/, '')}`), /soap:Client/)
  t.equal(simulator.meldingen().length, 1, 'none of these became a melding')
  // The helpers themselves make what is believed.
  t.match(await post(signAgain(goed.replace(/urn:uuid:[0-9a-f-]+<\/wsa:MessageID>/, `urn:uuid:${randomUUID()}</wsa:MessageID>`), leverancier)), /DC0018/)
  t.equal(simulator.meldingen().length, 2)
})

t.test('an answer that was forged, changed, wrapped or kept is not heard; the attempt comes again', async (t) => {
  let doe: (tekst: string, eigen: Certificaat) => string = (tekst) => tekst
  let ondertekenaar = duo
  const antwoorden: string[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part)).on('end', () => {
      const { kop, handtekening } = openEnvelope(Buffer.concat(parts).toString('utf8'), { ca: ca.cert, oin: undefined }, VANDAAG)
      const antwoord = { action: `${kop.action}Response`, messageId: `urn:uuid:${randomUUID()}`, relatesTo: kop.messageId, to: anonymousOf(SIMULATOR_OIN), from: anonymousOf(SIMULATOR_OIN) }
      const { tekst } = signEnvelope(antwoord, ['vsv:DC0018', [['vsv:meldingsnummer', '1'], ['vsv:mutatieOp', '2026-09-10T10:00:00Z']]], NAMESPACES, { ...ondertekenaar, nu: VANDAAG, bevestigt: handtekening })
      antwoorden.push(tekst)
      response.writeHead(200, { 'content-type': 'text/xml' }).end(doe(tekst, ondertekenaar))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  let nu = VANDAAG
  const kanaal = makeSoapVsv({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/vsv`, oin: SIMULATOR_OIN, seconden: 5, now: () => nu, tls: undefined, ondertekening: async () => bij(leverancier) })
  const uitzending = buildUitzending()
  t.match(await kanaal.verzend(uitzending, RUSTIG), { uitslag: 'aangenomen', meldingsnummer: '1' }, 'as it was signed it is heard')
  for (const [wat, aanval] of AANVALLEN) {
    doe = aanval
    t.match(await kanaal.verzend(uitzending, RUSTIG), { uitslag: 'mislukt', omschrijving: /^antwoord niet te vertrouwen: / }, wat)
  }
  const [eerste] = antwoorden as [string]
  doe = () => eerste
  nu = seconden(1) // another Timestamp
  t.match(await kanaal.verzend({ ...uitzending, poging: 2 }, RUSTIG), { uitslag: 'mislukt', omschrijving: 'antwoord niet te vertrouwen: het antwoord bevestigt een andere handtekening' }, 'the answer to an earlier attempt, under the same kenmerk')
  doe = (tekst, eigen) => signAgain(tekst.replace(/<wsse11:SignatureConfirmation[^>]*>/, '').replace('</wsse11:SignatureConfirmation>', ''), eigen)
  t.match(await kanaal.verzend(uitzending, RUSTIG), { uitslag: 'mislukt', omschrijving: /SignatureConfirmation ontbreekt/ })
  doe = (tekst, eigen) => signAgain(tekst.replace(/urn:uuid:[0-9a-f-]+<\/wsa:RelatesTo>/, `urn:uuid:${randomUUID()}</wsa:RelatesTo>`), eigen)
  t.match(await kanaal.verzend(uitzending, RUSTIG), { uitslag: 'mislukt', omschrijving: 'antwoord op een ander bericht' })
  doe = (tekst) => tekst
  ondertekenaar = leverancier
  t.match(await kanaal.verzend(uitzending, RUSTIG), { uitslag: 'mislukt', omschrijving: /van een andere OIN/ }, 'of the right CA, but not DUO')
  ondertekenaar = duo
  t.match(await kanaal.verzend(uitzending, RUSTIG), { uitslag: 'aangenomen' })
})

t.test('whatever one byte of a signed message becomes, what is read is what was signed', async (t) => {
  const { tekst } = signEnvelope({ action: 'a', messageId: 'urn:uuid:b', relatesTo: '', to: 'c', from: 'd' }, ['vsv:DC0018', [['vsv:meldingsnummer', '12'], ['vsv:mutatieOp', '2026-09-10T10:00:00Z']]], NAMESPACES, { ...duo, nu: VANDAAG })
  const read = (van: string): string => {
    const { kop, body: { kinderen } } = openEnvelope(van, { ca: ca.cert, oin: SIMULATOR_OIN }, VANDAAG)
    return JSON.stringify([kop, kinderen.map(({ naam, tekst: inhoud }) => [naam, inhoud])])
  }
  const goed = read(tekst)
  let geweigerd = 0
  fc.assert(fc.property(fc.integer({ min: 0, max: tekst.length - 1 }), fc.constantFrom('x', ' ', '<', '"', '1', '&', '/'), fc.boolean(), (plaats, teken, erbij) => {
    try {
      return read(tekst.slice(0, plaats) + teken + tekst.slice(erbij ? plaats : plaats + 1)) === goed
    } catch (error) {
      geweigerd++
      return error instanceof Handtekeningfout || error instanceof XmlFout
    }
  }), { numRuns: 1_000, seed: 36_663 })
  t.ok(geweigerd > 800, `${geweigerd} of 1,000 refused`)
})

t.test('who is not believed is told so, and the melding waits for a better certificate instead of for people', async (t) => {
  const { simulator, connect } = await simulate(t)
  t.match(await connect(bij(indringer)).verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: 'DUO aanvaardt de handtekening niet (InvalidSecurityToken)' })
  t.match(await connect({ ...leverancier, ca: vreemd.cert }).verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: /niet van een vertrouwde uitgever/ }, 'nor is who we do not believe')
  await t.rejects(connect(bij(indringer)).peil('99AA', null, RUSTIG), /handtekening niet/)
  const onbekend = makeSoapVsv({ url: simulator.url, oin: SIMULATOR_OIN, seconden: 5, now: () => VANDAAG, tls: undefined, ondertekening: undefined })
  t.match(await onbekend.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: /handtekening niet/ }, 'unsigned')
})
