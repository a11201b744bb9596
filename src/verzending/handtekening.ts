import { createHash, verify as verifySignature, X509Certificate, type KeyObject } from 'node:crypto'
import { DOMParser } from '@xmldom/xmldom'
import { ExclusiveCanonicalization, SignedXml } from 'xml-crypto'
import { buildKop, is, readDelen, SOAP, WSA, type Bericht, type Kop } from './soap.ts'
import { formatXml, readXml, XmlFout, type Element, type Knoop } from './xml.ts'

// Digikoppeling WUS profile 2W-be-S (Koppelvlakstandaard WUS, WB001 to WB014): body, addressing headers and Timestamp each signed, with the
// certificate in the message, and the answer confirms the signature it answers. Of a signed message nothing is read but the bytes that were signed.

const WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd'
const WSSE11 = 'http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd'
const WSU = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd'
const DS = 'http://www.w3.org/2000/09/xmldsig#'
const X509V3 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-x509-token-profile-1.0#X509v3'
const BASE64 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary'
const EXC_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
const RSA_SHA256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const HASHES: ReadonlyMap<string | undefined, string> = new Map([[SHA256, 'sha256'], ['http://www.w3.org/2001/04/xmldsig-more#sha384', 'sha384'], ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512']])
const HASHES_VAN_RSA: ReadonlyMap<string | undefined, string> = new Map(['sha256', 'sha384', 'sha512'].map((hash) => [`http://www.w3.org/2001/04/xmldsig-more#rsa-${hash}`, hash]))
const PREFIXEN = { soap: SOAP, wsa: WSA, wsse: WSSE, wsse11: WSSE11, wsu: WSU } as const
const ID = `{${WSU}}Id`

/** How long (ms) after it was made a message counts: 5 minutes, and how far (ms) the clocks of two organisations may differ (WB002). */
export const GELDIG = 300_000
export const KLOKVERSCHIL = 60_000
/** Bits of an RSA key: PKIoverheid asks no less. */
export const KLEINSTE_SLEUTEL = 2_048

/** Codes of WS-Security (SOAP Message Security 1.1, section 12) as we use them. */
export const HANDTEKENINGCODES = ['InvalidSecurity', 'InvalidSecurityToken', 'FailedCheck', 'MessageExpired'] as const
export type Handtekeningcode = typeof HANDTEKENINGCODES[number]

/** A message that proves nothing; its words are of here, and hold no text of the message. */
export class Handtekeningfout extends Error {
  readonly code: Handtekeningcode
  constructor (code: Handtekeningcode, message: string) {
    super(message)
    this.code = code
  }
}

/** PEM: the certificate of who signs and its key (RSA), and the CAs that issue the certificates of the other side. */
export interface Ondertekening { readonly cert: string, readonly key: string, readonly ca: string }

export interface Getekend { readonly tekst: string, /** The SignatureValue. */ readonly handtekening: string }

/** A signed envelope; an answer confirms the signature of its question (`bevestigt`), or with null that it had none that could be read. */
export function signEnvelope (kop: Kop, body: Knoop, namespaces: Readonly<Record<string, string>>, { cert, key, nu, bevestigt }: Pick<Ondertekening, 'cert' | 'key'> & { readonly nu: Date, readonly bevestigt?: string | null }): Getekend {
  const security: Knoop[] = [
    ['wsse:BinarySecurityToken', new X509Certificate(cert).raw.toString('base64'), { 'wsu:Id': 'certificaat', ValueType: X509V3, EncodingType: BASE64 }],
    ['wsu:Timestamp', [['wsu:Created', nu.toISOString()], ['wsu:Expires', new Date(nu.getTime() + GELDIG).toISOString()]], { 'wsu:Id': 'tijdstip' }],
    ...(bevestigt === undefined ? [] : [['wsse11:SignatureConfirmation', '', { 'wsu:Id': 'bevestiging', ...(bevestigt === null ? {} : { Value: bevestigt }) }] as const])
  ]
  const header = buildKop(kop).map(([naam, inhoud]): Knoop => [naam, inhoud, { 'wsu:Id': naam.replace('wsa:', '') }])
  const tekst = formatXml(['soap:Envelope', [
    ['soap:Header', [...header, ['wsse:Security', security, { 'soap:mustUnderstand': '1' }]]],
    ['soap:Body', [body], { 'wsu:Id': 'Body' }]
  ]], { ...PREFIXEN, ...namespaces })

  const signer = new SignedXml({
    idMode: 'wssecurity',
    privateKey: key,
    signatureAlgorithm: RSA_SHA256,
    canonicalizationAlgorithm: EXC_C14N,
    getKeyInfoContent: () => `<wsse:SecurityTokenReference xmlns:wsse="${WSSE}"><wsse:Reference URI="#certificaat" ValueType="${X509V3}"/></wsse:SecurityTokenReference>`
  })
  const paden = [`/*/*[local-name()='Header']/*[namespace-uri()='${WSA}']`, "/*/*[local-name()='Header']/*/*[local-name()='Timestamp' or local-name()='SignatureConfirmation']", "/*/*[local-name()='Body']"]
  for (const xpath of paden) signer.addReference({ xpath, transforms: [EXC_C14N], digestAlgorithm: SHA256 })
  signer.computeSignature(tekst, { prefix: 'ds', location: { reference: "/*/*[local-name()='Header']/*[local-name()='Security']", action: 'append' } })
  return { tekst: signer.getSignedXml(), handtekening: readHandtekening(readXml(signer.getSignatureXml())) }
}

function readHandtekening (signature: Element): string {
  return one(signature.kinderen, DS, 'SignatureValue').tekst.replaceAll(/\s/g, '')
}

/** Whom to believe: who has a certificate of one of these CAs (PEM), with this OIN in it unless any will do. */
export interface Vertrouwen { readonly ca: string, readonly oin: string | undefined }

/**
 * What a signed envelope says, from the bytes that were signed, and its signature. `bevestiging`: the signature that it must confirm. Throws
 * Handtekeningfout for every message that is not wholly and newly signed by whom we believe, XmlFout for what is no XML.
 */
export function openEnvelope (tekst: string, vertrouwen: Vertrouwen, nu: Date, bevestiging?: string): Bericht & Pick<Getekend, 'handtekening'> {
  const { delen, security, signature } = readOpbouw(readXml(tekst))
  const ids = delen.map((deel) => {
    const id = deel.attributen.get(ID)
    if (id === undefined) throw new Handtekeningfout('FailedCheck', `${deel.naam} is niet ondertekend`)
    return id
  })
  const token = one(security.kinderen, WSSE, 'BinarySecurityToken')
  const verwijzing = one(one(one(signature.kinderen, DS, 'KeyInfo').kinderen, WSSE, 'SecurityTokenReference').kinderen, WSSE, 'Reference').attributen.get('URI')
  if (verwijzing === undefined || verwijzing !== `#${token.attributen.get(ID)}`) throw new Handtekeningfout('InvalidSecurityToken', 'de sleutel is niet die van het certificaat in het bericht')
  const handtekening = readHandtekening(signature)
  const getekend = verify(tekst, trust(token, vertrouwen, nu), handtekening)
  const gelezen = delen.map(({ namespace, naam }, at) => {
    const canoniek = getekend.get(ids[at]!)
    if (canoniek === undefined) throw new Handtekeningfout('FailedCheck', `${naam} is niet ondertekend`)
    return one([readXml(canoniek)], namespace, naam)
  })
  checkTijdstip(one(gelezen, WSU, 'Timestamp'), nu)
  if (bevestiging !== undefined && one(gelezen, WSSE11, 'SignatureConfirmation').attributen.get('Value') !== bevestiging) throw new Handtekeningfout('FailedCheck', 'het antwoord bevestigt een andere handtekening')
  return { ...readDelen(gelezen, one(gelezen, SOAP, 'Body')), handtekening }
}

/** The parts that must be signed, each at its place; anything else in the envelope is refused (WS007), so nothing can be hidden in it. */
function readOpbouw (envelope: Element): { readonly delen: readonly Element[], readonly security: Element, readonly signature: Element } {
  const [header, body, ...more] = envelope.kinderen
  if (!is(envelope, SOAP, 'Envelope') || header === undefined || body === undefined || !is(header, SOAP, 'Header') || !is(body, SOAP, 'Body') || more.length > 0) throw new Handtekeningfout('InvalidSecurity', 'geen envelop met één Header en één Body')
  const security = one(header.kinderen, WSSE, 'Security')
  const adressering = header.kinderen.filter((kind) => kind !== security)
  if (adressering.some(({ namespace }) => namespace !== WSA) || new Set(adressering.map(({ naam }) => naam)).size < adressering.length) throw new Handtekeningfout('InvalidSecurity', 'een onbekend of dubbel deel in de Header')
  const bevestigingen = security.kinderen.filter((kind) => is(kind, WSSE11, 'SignatureConfirmation'))
  if (bevestigingen.length > 1 || security.kinderen.length > 3 + bevestigingen.length) throw new Handtekeningfout('InvalidSecurity', 'een onbekend of dubbel deel in Security')
  return { delen: [...adressering, one(security.kinderen, WSU, 'Timestamp'), ...bevestigingen, body], security, signature: one(security.kinderen, DS, 'Signature') }
}

function one (elementen: readonly Element[], namespace: string, naam: string): Element {
  const [found, ...more] = elementen.filter((element) => is(element, namespace, naam))
  if (found === undefined || more.length > 0) throw new Handtekeningfout('InvalidSecurity', found === undefined ? `${naam} ontbreekt` : `meer dan één ${naam}`)
  return found
}

/** The certificate of the message. Its issuer must be in `ca` itself: a message carries no chain. Nothing is asked of a revocation list. */
function trust (token: Element, { ca, oin }: Vertrouwen, nu: Date): X509Certificate {
  const refuse = (reden: string): Handtekeningfout => new Handtekeningfout('InvalidSecurityToken', `het certificaat van de ondertekenaar ${reden}`)
  const gelezen = readCertificaat(token.tekst, listCertificaten(ca).filter((uitgever) => uitgever.ca && isGeldig(uitgever, nu)))
  if (gelezen === undefined) throw refuse('is niet te lezen')
  const { certificaat, sleutel: { asymmetricKeyType, asymmetricKeyDetails }, isUitgegeven } = gelezen
  if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < KLEINSTE_SLEUTEL) throw refuse(`heeft geen RSA-sleutel van ten minste ${KLEINSTE_SLEUTEL} bits`)
  if (!isUitgegeven) throw refuse('is niet van een vertrouwde uitgever')
  if (!isGeldig(certificaat, nu)) throw refuse('is niet geldig op dit moment')
  if (oin !== undefined && certificaat.toLegacyObject().subject['serialNumber'] !== oin) throw refuse('is van een andere OIN')
  return certificaat
}

function readCertificaat (base64: string, uitgevers: readonly X509Certificate[]): { readonly certificaat: X509Certificate, readonly sleutel: KeyObject, readonly isUitgegeven: boolean } | undefined {
  try {
    const certificaat = new X509Certificate(Buffer.from(base64, 'base64'))
    return { certificaat, sleutel: certificaat.publicKey, isUitgegeven: uitgevers.some((uitgever) => certificaat.checkIssued(uitgever) && certificaat.verify(uitgever.publicKey)) }
  } catch {
    return undefined // whatever OpenSSL cannot read of it; refused by the caller
  }
}

/** Every certificate of a PEM file. Throws for one that cannot be read. */
export function listCertificaten (pem: string): X509Certificate[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(([tekst]) => new X509Certificate(tekst))
}

export function isGeldig ({ validFromDate, validToDate }: X509Certificate, nu: Date): boolean {
  return validFromDate <= nu && nu <= validToDate
}

/**
 * The canonical bytes of every part that is signed, by its Id; only parts at their own place can be. SHA-2 and RSA alone (SIGN001 to SIGN004).
 * Not by SignedXml: that searches the whole document for each part (10 s of 3 MB, this 1 s), wherever it stands.
 */
function verify (tekst: string, certificaat: X509Certificate, handtekening: string): Map<string, string> {
  const { signedInfo, plaatsen } = findPlaatsen(tekst)
  const canoniek = canonicalize(signedInfo, '')
  const info = readXml(canoniek)
  const hash = HASHES_VAN_RSA.get(one(info.kinderen, DS, 'SignatureMethod').attributen.get('Algorithm'))
  if (hash === undefined || one(info.kinderen, DS, 'CanonicalizationMethod').attributen.get('Algorithm') !== EXC_C14N) throw new Handtekeningfout('InvalidSecurity', 'een algoritme dat hier niet telt')
  if (!verifySignature(hash, Buffer.from(canoniek), certificaat.publicKey, Buffer.from(handtekening, 'base64'))) throw new Handtekeningfout('FailedCheck', 'de handtekening klopt niet')

  const getekend = new Map<string, string>()
  for (const verwijzing of info.kinderen.filter((kind) => is(kind, DS, 'Reference'))) {
    const id = verwijzing.attributen.get('URI')?.replace(/^#/, '') ?? ''
    const plaats = plaatsen.get(id)
    if (plaats === undefined || getekend.has(id)) throw new Handtekeningfout('FailedCheck', 'een ondertekend deel staat niet op zijn plaats')
    const transform = one(one(verwijzing.kinderen, DS, 'Transforms').kinderen, DS, 'Transform')
    const digest = HASHES.get(one(verwijzing.kinderen, DS, 'DigestMethod').attributen.get('Algorithm'))
    if (transform.attributen.get('Algorithm') !== EXC_C14N || digest === undefined) throw new Handtekeningfout('InvalidSecurity', 'een algoritme dat hier niet telt')
    const deel = canonicalize(plaats, transform.kinderen.find((kind) => is(kind, EXC_C14N, 'InclusiveNamespaces'))?.attributen.get('PrefixList') ?? '')
    if (createHash(digest).update(deel).digest('base64') !== one(verwijzing.kinderen, DS, 'DigestValue').tekst.replaceAll(/\s/g, '')) throw new Handtekeningfout('FailedCheck', 'een ondertekend deel is veranderd')
    getekend.set(id, deel)
  }
  return getekend
}

// By default it says on stderr what it made of what it could not read.
const DOM = new DOMParser({ errorHandler: () => { throw new XmlFout('geen welgevormde XML') } })
type Domelement = ReturnType<DOMParser['parseFromString']>['documentElement']

/** What may be signed, by Id: the blocks of the Header and of Security, and the Body. An Id that is there twice is refused. */
function findPlaatsen (tekst: string): { readonly signedInfo: Domelement, readonly plaatsen: ReadonlyMap<string, Domelement> } {
  const [header, body] = listKinderen(DOM.parseFromString(tekst, 'text/xml').documentElement)
  const blokken = header === undefined ? [] : listKinderen(header)
  const security = blokken.flatMap((blok) => blok.namespaceURI === WSSE && blok.localName === 'Security' ? listKinderen(blok) : [])
  const signedInfo = security.flatMap((blok) => blok.namespaceURI === DS ? listKinderen(blok).filter(({ localName }) => localName === 'SignedInfo') : [])
  const plaatsen = new Map<string, Domelement>()
  for (const plaats of [...blokken, ...security, ...(body === undefined ? [] : [body])]) {
    const id = plaats.getAttributeNS(WSU, 'Id') ?? ''
    if (id !== '' && plaatsen.has(id)) throw new Handtekeningfout('InvalidSecurity', 'een Id komt twee keer voor')
    if (id !== '') plaatsen.set(id, plaats)
  }
  if (signedInfo.length !== 1) throw new Handtekeningfout('InvalidSecurity', 'niet één SignedInfo')
  return { signedInfo: signedInfo[0]!, plaatsen }
}

function listKinderen (ouder: Domelement): Domelement[] {
  return Array.from(ouder.childNodes).filter((kind): kind is Domelement => kind.nodeType === 1)
}

/** Exclusive XML canonicalization 1.0, without comments; `prefixen` are those that its signer treated as inclusive. */
function canonicalize (element: Domelement, prefixen: string): string {
  const ancestorNamespaces: Array<{ prefix: string, namespaceURI: string }> = []
  for (let ouder = element.parentNode; ouder !== null && ouder.nodeType === 1; ouder = ouder.parentNode) {
    for (const { prefix, localName, value } of Array.from((ouder as Domelement).attributes)) {
      if (prefix === 'xmlns' && !ancestorNamespaces.some((nader) => nader.prefix === localName)) ancestorNamespaces.push({ prefix: localName, namespaceURI: value })
    }
  }
  return new ExclusiveCanonicalization().process(element, { ancestorNamespaces, inclusiveNamespacesPrefixList: prefixen.split(' ').filter((prefix) => prefix !== '') })
}

const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/

function checkTijdstip (timestamp: Element, nu: Date): void {
  const read = (naam: string): number | undefined => {
    const [eerste, ...meer] = timestamp.kinderen.filter((kind) => is(kind, WSU, naam))
    if (eerste === undefined) return undefined
    const tekst = eerste.tekst.trim()
    if (meer.length > 0 || !UTC.test(tekst) || Number.isNaN(Date.parse(tekst))) throw new Handtekeningfout('InvalidSecurity', `${naam} is geen tijdstip in UTC`)
    return Date.parse(tekst)
  }
  const [gemaakt, verloopt] = [read('Created'), read('Expires')]
  if (gemaakt === undefined) throw new Handtekeningfout('InvalidSecurity', 'Created ontbreekt')
  if (gemaakt > nu.getTime() + KLOKVERSCHIL) throw new Handtekeningfout('MessageExpired', 'het bericht is van later dan nu')
  if (nu.getTime() > Math.min(gemaakt + GELDIG, verloopt ?? Infinity) + KLOKVERSCHIL) throw new Handtekeningfout('MessageExpired', 'het bericht is verlopen')
}
