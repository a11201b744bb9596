import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { GELDIG, Handtekeningfout, KLOKVERSCHIL, openEnvelope, signEnvelope, type Ondertekening } from '../verzending/handtekening.ts'
import { anonymousOf, buildFault, formatEnvelope, readEnvelope, readOin, WSA, type Kop } from '../verzending/soap.ts'
import { oinVan } from '../verzending/soap-vsv.ts'
import { actionOf, NAMESPACES } from '../verzending/vsv.ts'
import { XmlFout, type Knoop } from '../verzending/xml.ts'
import { readVraag } from './berichten.ts'
import { Register, type Gemeld, type Vrijstelling } from './register.ts'
import type { AddressInfo } from 'node:net'

// The other side of soap-vsv, for development, tests and demonstrations: our reading of a service whose specification is not public.

const GROOTSTE = 1024 * 1024
/** Of the last so many messages the text is kept. */
const BEWAARD = 2_000
const PAD = '/vsv'
/** An OIN of the range for tests. */
export const SIMULATOR_OIN = '00000099000000001000'

/** What goes wrong with the next messages, or with the next questions for statuses. `verbreek-na` has done what was asked when it hangs up; `verbreek-voor` has not. */
const Storing = z.strictObject({
  soort: z.enum(['fout', 'verbreek-voor', 'verbreek-na', 'traag', 'weiger', 'onleesbaar']),
  aantal: z.number().int().min(1).max(100_000).default(1),
  bij: z.enum(['bericht', 'peiling']).default('bericht'),
  /** Of this school only. */
  school: z.string().optional(),
  /** Of `traag`. */
  milliseconden: z.number().int().min(0).max(600_000).default(1_000),
  /** Of `weiger`. */
  code: z.string().min(1).max(50).default('SIM05')
})
const Status = z.strictObject({ status: z.enum(['R', 'B', 'G', 'K', 'I']), reden: z.literal('V').nullable().default(null) })
const Vrij = z.strictObject({ nummer: z.string().regex(/^[0-9]{9}$/), van: z.iso.date(), tot: z.iso.date() })

export type Storingsopdracht = z.input<typeof Storing>

export interface Simulatoropties {
  /** 0: any that is free. */
  readonly port: number
  readonly now: () => Date
  /** Share of messages that meets a fault by chance. */
  readonly storing?: number
  readonly toeval?: () => number
  /** Milliseconds every answer takes. */
  readonly traag?: number
  /** Milliseconds in which the gemeente takes a melding up, and again in which it ends it. */
  readonly gemeente?: number
  /** PEM: of the server, and the CA that a client's certificate must have. */
  readonly tls?: { readonly cert: string, readonly key: string, readonly ca: string }
  /** With it every message must be signed by a certificate of this CA, once and lately, and every answer is (2W-be-S). */
  readonly ondertekening?: Ondertekening
}

export interface Simulator {
  /** Of the web service: the value of DUO_URL. */
  readonly url: string
  readonly meldingen: () => Gemeld[]
  /** Every message in the order of the wire: what came, what was answered. */
  readonly berichten: ReadonlyArray<{ readonly richting: 'in' | 'uit', readonly tekst: string }>
  readonly storing: (storing: Storingsopdracht) => void
  readonly setStatus: (meldingsnummer: string, status: Gemeld['status'], reden?: 'V' | null) => Gemeld | undefined
  readonly exempt: (vrijstelling: Vrijstelling) => void
  readonly stop: () => Promise<void>
}

/** Answers on 127.0.0.1: the service on /vsv, the steering on /sturing. What it knows is gone when it stops. */
export async function startSimulator (opties: Simulatoropties): Promise<Simulator> {
  const register = new Register(opties.now, opties.gemeente)
  const storingen: Array<{ opdracht: z.output<typeof Storing>, over: number }> = []
  const berichten: Array<{ richting: 'in' | 'uit', tekst: string }> = []
  const keep = (richting: 'in' | 'uit', tekst: string): void => {
    berichten.push({ richting, tekst })
    if (berichten.length > BEWAARD) berichten.shift()
  }
  const plan = (opdracht: Storingsopdracht): void => {
    const parsed = Storing.parse(opdracht)
    storingen.push({ opdracht: parsed, over: parsed.aantal })
  }
  /** The fault this message meets: one that was ordered, else one by chance. */
  const takeStoring = (school: string, bij: 'bericht' | 'peiling'): z.output<typeof Storing> | undefined => {
    const gevonden = storingen.find(({ opdracht }) => opdracht.bij === bij && (opdracht.school === undefined || opdracht.school === school))
    if (gevonden !== undefined) {
      gevonden.over--
      if (gevonden.over === 0) storingen.splice(storingen.indexOf(gevonden), 1)
      return gevonden.opdracht
    }
    const toeval = opties.toeval ?? Math.random
    if (toeval() >= (opties.storing ?? 0)) return undefined
    return Storing.parse({ soort: (['fout', 'verbreek-voor', 'verbreek-na'] as const)[Math.floor(toeval() * 3)] ?? 'fout' })
  }
  const state: Staat = { opties, register, keep, plan, takeStoring, storingen, gezien: new Map() }

  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const pad = request.url?.split('?')[0] ?? ''
    const work = pad === PAD ? answerSoap(state, request, response) : pad.startsWith('/sturing') ? answerSturing(state, pad, request, response) : Promise.resolve().then(() => { send(response, 404, 'text/plain', 'Dit adres bestaat niet.\n') })
    // A client that hung up is no news; anything else is answered as a fault of ours.
    work.catch(() => { if (!response.headersSent && !response.destroyed) send(response, 500, 'text/plain', 'Fout in de simulator.\n') })
  }
  const server = opties.tls === undefined ? createHttp(handle) : createHttps({ ...opties.tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' }, handle)
  server.listen(opties.port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `${opties.tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}${PAD}`,
    meldingen: () => [...register.meldingen.values()],
    berichten,
    storing: plan,
    setStatus: (meldingsnummer, status, reden) => register.setStatus(meldingsnummer, status, reden),
    exempt: (vrijstelling) => { register.exempt(vrijstelling) },
    async stop () {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }
}

interface Staat {
  readonly opties: Simulatoropties
  readonly register: Register
  readonly keep: (richting: 'in' | 'uit', tekst: string) => void
  readonly plan: (opdracht: Storingsopdracht) => void
  readonly takeStoring: (school: string, bij: 'bericht' | 'peiling') => z.output<typeof Storing> | undefined
  readonly storingen: unknown[]
  /** Signatures that came, and until when (ms) the same could come again. */
  readonly gezien: Map<string, number>
}

// --- the web service

async function answerSoap (staat: Staat, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') {
    send(response, 405, 'text/plain', 'Alleen POST.\n')
    return
  }
  const tekst = await readBody(request)
  if (tekst === undefined) {
    send(response, 413, 'text/plain', 'Het bericht is te groot.\n')
    return
  }
  staat.keep('in', tekst)
  if (staat.opties.traag !== undefined) await sleep(staat.opties.traag, undefined, { ref: false })
  const gelezen = understand(staat, tekst, String(request.headers.soapaction))
  if ('fault' in gelezen) {
    reply(staat, response, 500, gelezen, gelezen.fault)
    return
  }
  const { kop, vraag } = gelezen
  const storing = staat.takeStoring(vraag.brin, vraag.vraag === 'peilen' ? 'peiling' : 'bericht')
  if (storing?.soort === 'traag') await sleep(storing.milliseconden, undefined, { ref: false })
  if (storing?.soort === 'verbreek-voor') {
    response.destroy()
    return
  }
  if (storing?.soort === 'fout') {
    reply(staat, response, 500, gelezen, buildFault('soap:Server', 'Storing'))
    return
  }
  const document = staat.register.answer(vraag, kop.messageId, storing?.soort === 'weiger' ? storing.code : undefined)
  if (storing?.soort === 'verbreek-na') response.destroy()
  else if (storing?.soort === 'onleesbaar') send(response, 200, 'text/xml; charset=utf-8', '<soap:Envelope')
  else reply(staat, response, 200, gelezen, document)
}

/** `handtekening`: that of a question that was signed. */
interface Gevraagd { readonly kop: Kop, readonly handtekening: string | null }
type Gelezen = Gevraagd & ({ readonly vraag: ReturnType<typeof readVraag> } | { readonly fault: Knoop })

const ONBEKEND: Kop = { action: '', messageId: '', relatesTo: '', to: '', from: '' }

/** The question, or the fault of a call that no melding can repair. */
function understand (staat: Staat, tekst: string, soapaction: string): Gelezen {
  let kop = ONBEKEND
  let handtekening: string | null = null
  try {
    let envelope = readEnvelope(tekst)
    kop = envelope.kop
    if (staat.opties.ondertekening !== undefined) {
      // A fault says which message and which signature it is about, also where neither can be believed.
      handtekening = /SignatureValue[^>]*>([^<]+)</.exec(tekst)?.[1]?.replaceAll(/\s/g, '') ?? null
      envelope = openOnce(staat, tekst, staat.opties.ondertekening)
      kop = envelope.kop
    }
    const vraag = readVraag(envelope.body)
    const action = actionOf(envelope.body.naam)
    if (kop.action !== action || soapaction !== `"${action}"`) throw new XmlFout('Action noemt een andere operatie')
    if (!/^urn:uuid:[0-9a-f-]{36}$/.test(kop.messageId)) throw new XmlFout('MessageID is geen urn:uuid')
    if (readOin(kop.to) === undefined || readOin(kop.from) === undefined) throw new XmlFout('To of From noemt geen OIN')
    // Without a school the melding itself is at fault.
    if (vraag.brin !== '' && readOin(kop.from) !== oinVan(vraag.brin)) throw new XmlFout('From is een andere school dan het bericht')
    return { kop, handtekening, vraag }
  } catch (error) {
    if (error instanceof Handtekeningfout) return { kop, handtekening, fault: buildFault(`wsse:${error.code}`, error.message) }
    if (error instanceof XmlFout) return { kop, handtekening, fault: buildFault('soap:Client', error.message) }
    throw error
  }
}

/** A signed message, the first time it comes: sent again it has another Timestamp, and so another signature. */
function openOnce ({ gezien, opties: { now } }: Staat, tekst: string, { ca }: Ondertekening): ReturnType<typeof openEnvelope> {
  const nu = now()
  const geopend = openEnvelope(tekst, { ca, oin: undefined }, nu)
  for (const [oud, tot] of gezien) if (tot < nu.getTime()) gezien.delete(oud)
  if (gezien.has(geopend.handtekening)) throw new Handtekeningfout('MessageExpired', 'dit bericht is al eerder ontvangen')
  gezien.set(geopend.handtekening, nu.getTime() + GELDIG + 2 * KLOKVERSCHIL)
  return geopend
}

function reply (staat: Staat, response: ServerResponse, status: number, { kop: vraag, handtekening }: Gevraagd, document: Knoop): void {
  const kop: Kop = { action: `${vraag.action}Response`, messageId: `urn:uuid:${randomUUID()}`, relatesTo: vraag.messageId, to: `${WSA}/anonymous`, from: anonymousOf(SIMULATOR_OIN) }
  const { ondertekening, now } = staat.opties
  const tekst = ondertekening === undefined ? formatEnvelope(kop, document, NAMESPACES) : signEnvelope(kop, document, NAMESPACES, { ...ondertekening, nu: now(), bevestigt: handtekening }).tekst
  staat.keep('uit', tekst)
  send(response, status, 'text/xml; charset=utf-8', tekst)
}

// --- the steering: JSON, from this machine only

async function answerSturing (staat: Staat, pad: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = (status: number, body: unknown): void => { send(response, status, 'application/json', `${JSON.stringify(body, null, 2)}\n`) }
  if (!['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(request.socket.remoteAddress ?? '')) {
    answer(403, { fout: 'Sturen kan alleen vanaf deze machine.' })
    return
  }
  const { register } = staat
  if (request.method === 'GET' && pad === '/sturing/meldingen') {
    answer(200, { meldingen: [...register.meldingen.values()].map(({ meldingsnummer, brin, status, mutatieOp, reden, velden }) => ({ meldingsnummer, brin, soort: velden['soort'], status, mutatieOp, reden })) })
    return
  }
  if (request.method !== 'POST') {
    answer(404, { fout: 'GET /sturing/meldingen, POST /sturing/storingen, /sturing/vrijstellingen of /sturing/meldingen/{meldingsnummer}/status.' })
    return
  }
  const body = parseJson(await readBody(request) ?? '')
  const nummer = /^\/sturing\/meldingen\/([0-9]+)\/status$/.exec(pad)?.[1]
  const schema = nummer !== undefined ? Status : pad === '/sturing/storingen' ? Storing : pad === '/sturing/vrijstellingen' ? Vrij : undefined
  const parsed = schema?.safeParse(body)
  if (parsed?.success !== true) {
    answer(parsed === undefined ? 404 : 400, { fout: parsed === undefined ? 'Dit adres bestaat niet.' : z.prettifyError(parsed.error) })
    return
  }
  if (nummer !== undefined) {
    const { status, reden } = Status.parse(body)
    const melding = register.setStatus(nummer, status, reden)
    answer(melding === undefined ? 404 : 200, melding === undefined ? { fout: 'Deze melding is hier niet bekend.' } : { meldingsnummer: nummer, status, mutatieOp: melding.mutatieOp })
    return
  }
  if (schema === Storing) staat.plan(Storing.parse(body))
  else register.exempt(Vrij.parse(body))
  answer(200, { storingen: staat.storingen, vrijstellingen: register.vrijstellingen.length })
}

function parseJson (tekst: string): unknown {
  try {
    return JSON.parse(tekst)
  } catch {
    return undefined // refused by every schema
  }
}

/** undefined when it is larger than a message is. */
async function readBody (request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length
    if (size <= GROOTSTE) parts.push(part)
  }
  return size > GROOTSTE ? undefined : Buffer.concat(parts).toString('utf8')
}

function send (response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}
