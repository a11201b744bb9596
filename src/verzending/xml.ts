import { parseXml, XmlElement as Parsed, XmlText } from '@rgrove/parse-xml'

/** Not XML, more than we read, or text that XML has no way to carry. Never says what stood there: that may be about a person. */
export class XmlFout extends Error {}

/** What is to be written: a name with its prefix, text or more of these, and attributes. Text is escaped here and nowhere else. */
export type Knoop = readonly [naam: string, inhoud: string | number | boolean | readonly Knoop[], attributen?: Readonly<Record<string, string>>]

/** Read back: the name without its prefix, and the namespace that prefix stood for. */
export interface Element {
  readonly naam: string
  readonly namespace: string
  readonly kinderen: readonly Element[]
  /** By namespace and name, as `{urn:x}Id`; without a prefix by the name alone. */
  readonly attributen: ReadonlyMap<string, string>
  /** Empty where there are children; only white space may stand between those. */
  readonly tekst: string
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' }
// Outside these XML 1.0 has no character, also not as a reference (section 2.2).
const UNSAYABLE = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u

/** Text between tags or quotes. Throws XmlFout for a control character or half a surrogate pair. */
export function escapeXml (text: string): string {
  if (UNSAYABLE.test(text)) throw new XmlFout('een teken dat XML niet kent')
  return text.replaceAll(/[&<>"\r]/g, (character) => ESCAPES[character]!)
}

/** A whole document in UTF-8; `namespaces` by prefix, declared on the root. */
export function formatXml (root: Knoop, namespaces: Readonly<Record<string, string>>): string {
  const declared = Object.entries(namespaces).map(([prefix, uri]) => ` xmlns:${prefix}="${escapeXml(uri)}"`).join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n${formatKnoop(root, declared)}\n`
}

function formatKnoop ([naam, inhoud, attributen = {}]: Knoop, declared = ''): string {
  const attributes = Object.entries(attributen).map(([attribuut, waarde]) => ` ${attribuut}="${escapeXml(waarde)}"`).join('')
  const binnen = typeof inhoud === 'object' ? inhoud.map((kind) => formatKnoop(kind)).join('') : escapeXml(String(inhoud))
  return `<${naam}${declared}${attributes}>${binnen}</${naam}>`
}

/** The root of a document. A document type is refused whatever it holds (SOAP 1.1 section 3), so no entity is ever defined, fetched or expanded. */
export function readXml (text: string): Element {
  try {
    const document = parseXml(text, { preserveDocumentType: true })
    if (document.root === null || document.children.some(({ type }) => type === 'doctype')) throw new XmlFout('een documenttype is niet toegestaan')
    return resolve(document.root, new Map([['xml', 'http://www.w3.org/XML/1998/namespace'], ['', '']]))
  } catch (error) {
    // The parser quotes the text in its message; nesting too deep ends the stack.
    throw error instanceof XmlFout ? error : new XmlFout('geen welgevormde XML')
  }
}

function resolve (parsed: Parsed, outer: ReadonlyMap<string, string>): Element {
  const declared = Object.entries(parsed.attributes).filter(([name]) => name === 'xmlns' || name.startsWith('xmlns:')).map(([name, uri]) => [name.slice(6), uri] as const)
  const scope = declared.length === 0 ? outer : new Map([...outer, ...declared])
  const [naam, namespace] = resolveNaam(parsed.name, scope)
  const attributen = new Map(Object.entries(parsed.attributes).filter(([name]) => name !== 'xmlns' && !name.startsWith('xmlns:')).map(([name, waarde]) => {
    // Without a prefix an attribute is in no namespace, whatever the default is.
    const [eigen, ns] = name.includes(':') ? resolveNaam(name, scope) : [name, '']
    return [ns === '' ? eigen : `{${ns}}${eigen}`, waarde]
  }))
  const kinderen = parsed.children.filter((child) => child instanceof Parsed).map((child) => resolve(child, scope))
  const tekst = parsed.children.map((child) => child instanceof XmlText ? child.text : '').join('')
  if (kinderen.length > 0 && tekst.trim() !== '') throw new XmlFout('tekst tussen elementen')
  return { naam, namespace, kinderen, attributen, tekst: kinderen.length > 0 ? '' : tekst }
}

function resolveNaam (name: string, scope: ReadonlyMap<string, string>): [naam: string, namespace: string] {
  const [naam, prefix = ''] = name.split(':').reverse() as [string, string?]
  const namespace = scope.get(prefix)
  if (namespace === undefined) throw new XmlFout('een voorvoegsel zonder namespace')
  return [naam, namespace]
}

/** The texts of a flat element: these children in this order, each once; one that ends in `?` may be absent. Throws XmlFout for anything else. */
export function readRij (element: Element, namen: readonly string[]): Record<string, string> {
  const rij: Record<string, string> = {}
  const wachtend = [...element.kinderen]
  for (const naam of namen) {
    const [kind] = wachtend
    const bekend = naam.replace('?', '')
    if (kind?.naam === bekend && kind.namespace === element.namespace && kind.kinderen.length === 0) rij[bekend] = wachtend.shift()!.tekst
    else if (!naam.endsWith('?')) throw new XmlFout(`${bekend} ontbreekt in ${element.naam}`)
  }
  if (wachtend.length > 0) throw new XmlFout(`een onverwacht element in ${element.naam}`)
  return rij
}
