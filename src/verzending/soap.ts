import { formatXml, readXml, XmlFout, type Element, type Knoop } from './xml.ts'

export const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'
export const WSA = 'http://www.w3.org/2005/08/addressing'
const ANONIEM = `${WSA}/anonymous`

/** The WS-Addressing headers of a message. */
export interface Kop {
  readonly action: string
  readonly messageId: string
  readonly to: string
  readonly from: string
  /** MessageID that this answers; empty in a question. */
  readonly relatesTo: string
}

/** What the receiver says is wrong with the call itself: `Client` is ours to mend, `Server` passes, others are of a standard on top. */
export interface Soapfault { readonly code: string, readonly tekst: string }

/** An address that names its organisation, as Digikoppeling WUS writes an OIN. */
export function addOin (address: string, oin: string): string {
  return `${address}${address.includes('?') ? '&' : '?'}oin=${encodeURIComponent(oin)}`
}

export function anonymousOf (oin: string): string {
  return addOin(ANONIEM, oin)
}

/** The OIN in such an address; undefined when there is none. */
export function readOin (address: string): string | undefined {
  return /[?&]oin=([0-9A-Z]{20})(?:&|$)/.exec(address)?.[1]
}

/** The header blocks of WS-Addressing, each once. */
export function buildKop (kop: Kop): Knoop[] {
  return [
    ['wsa:Action', kop.action],
    ['wsa:MessageID', kop.messageId],
    ...(kop.relatesTo === '' ? [] : [['wsa:RelatesTo', kop.relatesTo] as const]),
    ['wsa:To', kop.to],
    ['wsa:From', [['wsa:Address', kop.from]]],
    ['wsa:ReplyTo', [['wsa:Address', ANONIEM]]]
  ]
}

export function formatEnvelope (kop: Kop, body: Knoop, namespaces: Readonly<Record<string, string>> = {}): string {
  return formatXml(['soap:Envelope', [['soap:Header', buildKop(kop)], ['soap:Body', [body]]]], { soap: SOAP, wsa: WSA, ...namespaces })
}

/** `soap:Client`: ours to mend; `soap:Server`: it passes; another code by its own prefix, which the envelope declares. */
export function buildFault (code: string, tekst: string): Knoop {
  return ['soap:Fault', [['faultcode', code], ['faultstring', tekst]]]
}

export interface Bericht { readonly kop: Kop, readonly body: Element }

/** Throws XmlFout for what is no envelope with one element in its body. */
export function readEnvelope (text: string): Bericht {
  const envelope = readXml(text)
  if (!is(envelope, SOAP, 'Envelope')) throw new XmlFout('geen SOAP 1.1-envelop')
  return readDelen(envelope.kinderen.find((kind) => is(kind, SOAP, 'Header'))?.kinderen ?? [], envelope.kinderen.find((kind) => is(kind, SOAP, 'Body')))
}

/** What header blocks and a body say. Throws XmlFout when there is not one element in the body. */
export function readDelen (header: readonly Element[], inhoud: Element | undefined): Bericht {
  const [body, ...more] = inhoud?.kinderen ?? []
  if (body === undefined || more.length > 0) throw new XmlFout('niet één bericht in de envelop')
  const find = (naam: string): Element | undefined => header.find((kind) => is(kind, WSA, naam))
  const read = (naam: string): string => find(naam)?.tekst.trim() ?? ''
  return {
    kop: { action: read('Action'), messageId: read('MessageID'), relatesTo: read('RelatesTo'), to: read('To'), from: find('From')?.kinderen.find((kind) => is(kind, WSA, 'Address'))?.tekst.trim() ?? '' },
    body
  }
}

/** The fault a body holds, its code without prefix; undefined when it is none. */
export function readFault (body: Element): Soapfault | undefined {
  if (!is(body, SOAP, 'Fault')) return undefined
  const read = (naam: string): string => body.kinderen.find((kind) => kind.naam === naam)?.tekst.trim() ?? ''
  return { code: read('faultcode').replace(/^.*:/, ''), tekst: read('faultstring') }
}

export function is (element: Element, namespace: string, naam: string): boolean {
  return element.namespace === namespace && element.naam === naam
}
