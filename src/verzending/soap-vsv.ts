import { randomUUID } from 'node:crypto'
import { checkVelden } from '../domain/meldingsprofiel.ts'
import { Handtekeningfout, HANDTEKENINGCODES, openEnvelope, signEnvelope } from './handtekening.ts'
import { post, type Toegang } from './post.ts'
import { addOin, anonymousOf, formatEnvelope, readEnvelope, readFault, type Bericht } from './soap.ts'
import { actionOf, buildBericht, buildOpvraging, buildPeiling, formatVelden, MELDEN, MUTEREN, NAMESPACES, OPVRAGEN, PEILEN, profielVan, readAntwoord, type Antwoorddocument } from './vsv.ts'
import { XmlFout, type Element, type Knoop } from './xml.ts'
import type { Kanaal, Kanaalantwoord, Uitzending } from '../domain/duobericht.ts'
import type { Pem } from './certificaten.ts'

/** Asked from when a school was never asked for: before any melding of ours. */
const BEGIN = '2000-01-01T00:00:00.000Z'
const LENGTE = 500

/** Nothing usable was heard; what the receiver did is not known. */
class Nietgehoord extends Error {}
/** The receiver says that the call itself is wrong: the same call will always be. Its own words are for people, not for the log. */
class Aanroepfout extends Error {
  readonly omschrijving: string

  constructor (code: string, tekst: string) {
    super(`DUO kan de aanroep niet verwerken (${code.slice(0, 50)})`)
    this.omschrijving = `${this.message}: ${maskNummers(tekst)}`
  }
}

export interface Soapopties extends Omit<Toegang, 'tls'> {
  /** OIN of DUO: in the address of every message, and in the certificate that signs its answers. */
  readonly oin: string
  readonly now: () => Date
  /** Asked for at each message, so that a renewed certificate counts at once; absent only to an address of this machine itself. */
  readonly tls: (() => Promise<Pem>) | undefined
  /** With it messages are signed and only signed answers count (Digikoppeling WUS 2W-be-S); absent: the connection is the proof (2W-be). */
  readonly ondertekening: (() => Promise<Pem>) | undefined
}

/** The web service for relatief verzuim over SOAP 1.1 with WS-Addressing. */
export function makeSoapVsv (opties: Soapopties): Kanaal {
  const ask = async (school: string, operation: string, kenmerk: string, body: Knoop, signal: AbortSignal): Promise<Antwoorddocument> => {
    const messageId = `urn:uuid:${kenmerk}`
    const action = actionOf(operation)
    const kop = { action, messageId, relatesTo: '', to: addOin(opties.url, opties.oin), from: anonymousOf(oinVan(school)) }
    const pem = await opties.ondertekening?.()
    const vraag = pem === undefined ? undefined : signEnvelope(kop, body, NAMESPACES, { ...pem, nu: opties.now() })
    const answer = await post({ ...opties, tls: await opties.tls?.() }, vraag?.tekst ?? formatEnvelope(kop, body, NAMESPACES), { 'content-type': 'text/xml; charset=utf-8', soapaction: `"${action}"` }, signal)
    // A SOAP 1.1 fault comes with 500; anything else than these two is no answer of the service.
    if (answer.status !== 200 && answer.status !== 500) throw new Nietgehoord(`HTTP ${answer.status}`)
    const gelezen = pem === undefined ? readEnvelope(answer.tekst) : openEnvelope(answer.tekst, { ca: pem.ca ?? '', oin: opties.oin }, opties.now(), vraag!.handtekening)
    if (gelezen.kop.relatesTo !== messageId && (pem !== undefined || gelezen.kop.relatesTo !== '')) throw new Nietgehoord('antwoord op een ander bericht')
    return understand(gelezen)
  }

  /** Whether a change that was refused at a second attempt had arrived at the first: DUO then has what we sent. */
  const findArrived = async ({ school, operatie, bericht }: Uitzending, signal: AbortSignal): Promise<Kanaalantwoord | undefined> => {
    const nummer = bericht.meldingsnummer!
    const antwoord = await ask(school, OPVRAGEN, randomUUID(), buildOpvraging(school, nummer), signal)
    const melding = antwoord.document === 'DC0011' ? antwoord.meldingen.find(({ meldingsnummer }) => meldingsnummer === nummer) : undefined
    if (melding === undefined) return undefined
    const arrived = operatie === 'intrekken'
      ? melding.status === 'I'
      : melding.status !== 'I' && melding.velden !== undefined && isSame(formatVelden(profielVan(bericht), operatie, bericht.velden), melding.velden)
    return arrived ? { uitslag: 'aangenomen', meldingsnummer: nummer, mutatieOp: melding.mutatieOp } : undefined
  }

  const send = async (uitzending: Uitzending, signal: AbortSignal): Promise<Kanaalantwoord> => {
    const { school, operatie, kenmerk, bericht, poging } = uitzending
    // The last wall: nothing leaves that the profile does not list.
    const fouten = checkVelden(profielVan(bericht), operatie, bericht.velden)
    if (fouten.length > 0) return { uitslag: 'geweigerd', code: 'PROFIEL', omschrijving: `Niet verzonden: het bericht past niet in profiel ${bericht.profiel} (${fouten.map(({ veld, code }) => `${veld} ${code}`).join(', ')}).` }

    const antwoord = await ask(school, operatie === 'melden' ? MELDEN : MUTEREN, kenmerk, buildBericht(operatie, bericht), signal)
    if (antwoord.document === 'DC0018' && operatie === 'melden') return { uitslag: 'aangenomen', meldingsnummer: antwoord.meldingsnummer, mutatieOp: antwoord.mutatieOp }
    if (antwoord.document === 'DC0001' && operatie !== 'melden') return { uitslag: 'aangenomen', meldingsnummer: bericht.meldingsnummer!, mutatieOp: antwoord.mutatieOp }
    if (antwoord.document !== 'DC0002') throw new Nietgehoord(`onverwacht document ${antwoord.document}`)
    const arrived = operatie !== 'melden' && poging > 1 ? await findArrived(uitzending, signal) : undefined
    return arrived ?? { uitslag: 'geweigerd', code: antwoord.code.slice(0, 50), omschrijving: maskNummers(antwoord.omschrijving) }
  }

  return {
    naam: 'soap-vsv',

    async verzend (uitzending, signal) {
      try {
        return await send(uitzending, signal)
      } catch (error) {
        if (error instanceof Aanroepfout) return { uitslag: 'geweigerd', code: 'SOAP-CLIENT', omschrijving: error.omschrijving }
        return { uitslag: 'mislukt', omschrijving: explain(error) }
      }
    },

    async peil (school, sinds, signal) {
      const antwoord = await ask(school, PEILEN, randomUUID(), buildPeiling(school, sinds ?? BEGIN), signal)
      if (antwoord.document === 'DC0002') throw new Error(`peiling geweigerd: ${antwoord.code.slice(0, 50)}`)
      if (antwoord.document !== 'DC0011') throw new Nietgehoord(`onverwacht document ${antwoord.document}`)
      const wijzigingen = antwoord.meldingen.map(({ meldingsnummer, status, mutatieOp, reden }) => ({ meldingsnummer, status, mutatieOp, reden }))
        .toSorted((a, b) => Date.parse(a.mutatieOp) - Date.parse(b.mutatieOp))
      // By their clock: the next question starts at the last mutation it told, which it then tells again.
      return { wijzigingen, tot: wijzigingen.at(-1)?.mutatieOp ?? sinds ?? BEGIN }
    }
  }
}

/** The document of an answer; throws for one that cannot be understood. */
function understand ({ body }: Bericht): Antwoorddocument {
  const fault = readFault(body)
  if (fault === undefined) return readAntwoord(body)
  if (fault.code === 'Server') throw new Nietgehoord('SOAP-fout Server')
  // A certificate or a clock can be mended; the melding itself is not at fault, so it is tried again.
  if ((HANDTEKENINGCODES as readonly string[]).includes(fault.code)) throw new Nietgehoord(`DUO aanvaardt de handtekening niet (${fault.code})`)
  throw new Aanroepfout(fault.code, fault.tekst)
}

/** What may be kept and logged of a failure: never a text of the other side. */
function explain (error: unknown): string {
  if (error instanceof Nietgehoord) return error.message
  if (error instanceof Handtekeningfout) return `antwoord niet te vertrouwen: ${error.message}`
  if (error instanceof XmlFout) return `antwoord niet te lezen: ${error.message}`
  const { code, name } = error as NodeJS.ErrnoException
  if (name === 'AbortError') return 'afgebroken: de dienst stopt'
  if (name === 'TimeoutError') return 'geen antwoord binnen de tijd'
  if (typeof code !== 'string') throw error // of ourselves
  return `geen verbinding: ${code}`
}

/** A refusal is kept for people to read; a number of the leerling in it is not. */
function maskNummers (tekst: string): string {
  return tekst.replaceAll(/\d{8,}/g, '…').slice(0, LENGTE)
}

function isSame (ours: readonly Knoop[], theirs: Element): boolean {
  const flatten = (knopen: readonly Knoop[]): unknown[] => knopen.map(([naam, inhoud]) => [naam.replace('vsv:', ''), typeof inhoud === 'object' ? flatten(inhoud) : String(inhoud)])
  const flattenElement = ({ kinderen }: Element): unknown[] => kinderen.map((kind) => [kind.naam, kind.kinderen.length > 0 ? flattenElement(kind) : kind.tekst])
  return JSON.stringify(flatten(ours)) === JSON.stringify(flattenElement(theirs))
}

/** A school as organisation: prefix of the BRIN register, as in Kennisnet's example 0000000700000AV00000. */
export function oinVan (school: string): string {
  return `00000007000${school}00000`
}
