import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { insertAanlevering } from '../../src/aanleveringen/store.ts'
import { countResultaten } from '../../src/absenties/service.ts'
import { findAbsentie, insertAbsenties, insertMarkeringen, type Absentierij } from '../../src/absenties/store.ts'
import { makePool } from '../../src/db/pool.ts'
import { runTransaction, sendLast, type Tx } from '../../src/db/transaction.ts'
import { insertVerwerking } from '../../src/verwerkingen/store.ts'
import { percentile, startDienst, withClient, type Dienst } from './dienst.ts'
import type { Schoolscope } from '../../src/toegang/service.ts'
import type { Benchregel } from './bench.ts'

export const KLANTEN = 4
export const BATCH = 1_000
const RONDES = 3
const LEERLINGEN = 1_000
// Lesdagen of noord from 25 August 2025 on, without looking them up: weekdays outside the first vacations.
const DAGEN = listDagen('2025-08-25', 38)

// Of a hundred absenties, as a school for voortgezet onderwijs might report them: most are illness, one in four is ongeoorloofd.
const MENGSEL = [['afwezig', 'ZK', 55], ['te-laat', 'TL', 15], ['afwezig', 'SPIJ', 11], ['afwezig', 'MED', 8], ['afwezig', null, 8], ['afwezig', 'STG', 3]] as const
const HONDERD = MENGSEL.flatMap(([soort, reden, aantal]) => Array.from({ length: aantal }, () => ({ soort, reden })))

/** Bulk pushes over HTTP against COPY of the same rows into a table with the same columns, keys and indexes. */
export async function benchPush ({ rijen }: { rijen: number }): Promise<Benchregel[]> {
  const dienst = await startDienst()
  try {
    const scholen = Array.from({ length: Math.max(KLANTEN, Math.ceil(rijen / 40_000)) }, (_, at) => `${10 + Math.floor(at / 26)}B${String.fromCharCode(65 + at % 26)}`)
    for (const school of scholen) await createSchool(dienst, school)
    const batches = listBatches(scholen, rijen, false)
    const halves = listBatches(scholen, rijen, true)

    const rondes: Record<'json' | 'ndjson' | 'again', Meting[]> = { json: [], ndjson: [], again: [] }
    for (let ronde = 0; ronde < RONDES; ronde++) {
      if (ronde > 0) await reset(dienst)
      rondes.json.push(await besideCopy(dienst, rijen, async () => await pushAll(dienst, batches, 'json')))
      rondes.again.push(await besideCopy(dienst, rijen, async () => await pushAll(dienst, halves, 'json')))
      await reset(dienst)
      rondes.ndjson.push(await besideCopy(dienst, rijen, async () => await pushAll(dienst, batches, 'ndjson')))
    }
    const [json, ndjson, again] = [median(rondes.json), median(rondes.ndjson), median(rondes.again)]
    const memory = dienst.memory().hoogste
    const { put, transactie, invoeging } = await measurePut(dienst, scholen[0]!)
    return [
      { naam: `bulk push JSON, ${rijen} rijen, ${KLANTEN} klanten`, ...json, doel: '≥ 0.7', eenheid: 'rijen/s tegen COPY' },
      { naam: 'bulk push NDJSON, 1 stroom per klant', ...ndjson, doel: '≥ 0.7', eenheid: 'rijen/s tegen COPY' },
      { naam: 'tweede push, de helft gewijzigd (JSON)', ...again, doel: '≥ 0.7', eenheid: 'rijen/s tegen COPY' },
      { naam: 'bulk push JSON tegen Ed-Fi (225 records/s, hun opgave)', eigen: json.eigen, vergelijking: 225, ratio: json.eigen / 225, doel: '≥ 50', eenheid: 'rijen/s' },
      { naam: 'hoogste geheugen van node tijdens alle pushes', eigen: memory, vergelijking: 250, ratio: memory / 250, doel: '≤ 1', eenheid: 'MB' },
      { naam: 'PUT van een absentie, p95, tegen dezelfde transactie', eigen: put, vergelijking: transactie, ratio: put / transactie, doel: '≤ 2.5', eenheid: 'ms in een kale pg-lus' },
      { naam: 'PUT van een absentie, p95, tegen alleen de invoeging daarin', eigen: put, vergelijking: invoeging, ratio: put / invoeging, doel: '≤ 2.5', eenheid: 'ms in een kale pg-lus' }
    ]
  } finally {
    await dienst.stop()
  }
}

interface Meting { readonly eigen: number, readonly vergelijking: number, readonly ratio: number }

/** Rows a second of a push, against COPY of what it left right after it: the speed of a machine that is shared changes by the minute. */
async function besideCopy (dienst: Dienst, rijen: number, push: () => Promise<number>): Promise<Meting> {
  const eigen = await push()
  const vergelijking = await measureCopy(dienst, rijen)
  return { eigen, vergelijking, ratio: eigen / vergelijking }
}

/** The round with the middle ratio. */
function median (metingen: readonly Meting[]): Meting {
  return metingen.toSorted((a, b) => a.ratio - b.ratio)[Math.floor(metingen.length / 2)]!
}

function listDagen (van: string, aantal: number): string[] {
  const dagen: string[] = []
  for (let at = Date.parse(van); dagen.length < aantal; at += 86_400_000) if (![0, 6].includes(new Date(at).getUTCDay())) dagen.push(new Date(at).toISOString().slice(0, 10))
  return dagen
}

const agent = new Agent({ keepAlive: true })

/** The answer as text. `node:http` and no `fetch`: clients share the machine with the service, and what they cost is not what it does. */
export async function send (dienst: Dienst, method: string, path: string, body: Buffer): Promise<string> {
  const headers = { authorization: `Bearer ${dienst.token}`, 'content-type': 'application/json', 'content-length': body.length }
  const sent = request(`${dienst.url}${path}`, { agent, method, headers })
  sent.end(body)
  const [answer] = await once(sent, 'response') as [IncomingMessage]
  const text = await readAll(answer)
  if (answer.statusCode! >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`)
  return text
}

async function readAll (answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** A school of 1,000 leerlingen, L-0 to L-999. */
export async function createSchool (dienst: Dienst, school: string): Promise<void> {
  await send(dienst, 'PUT', `/v1/vestigingen/${school}00`, Buffer.from(JSON.stringify({ naam: school, sector: 'vo', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 50 })))
  const leerlingen = Array.from({ length: LEERLINGEN }, (_, at) => ({ bronId: `L-${at}`, school, geboortedatum: '2012-05-05', inschrijvingen: [{ vestiging: `${school}00`, van: '2025-08-01', leerjaar: 1 + at % 6, minutenPerWeek: 1500 }] }))
  await send(dienst, 'POST', '/v1/leerlingen/_bulk', Buffer.from(JSON.stringify({ leerlingen })))
}

/** Batches of one school each; `gecorrigeerd` gives every second record another reden, a day later. */
function listBatches (scholen: readonly string[], rijen: number, gecorrigeerd: boolean): string[] {
  return Array.from({ length: Math.ceil(rijen / BATCH) }, (_, batch) =>
    Array.from({ length: Math.min(BATCH, rijen - batch * BATCH) }, (_, at) => JSON.stringify(buildRecord(scholen[batch % scholen.length]!, batch, at, gecorrigeerd && at % 2 === 0))).join('\n'))
}

/** The record at this place of this batch: over all leerlingen, lesdagen, soorten and redenen in time. */
export function buildRecord (school: string, batch: number, at: number, anders = false): object {
  const number = batch * BATCH + at
  // 37 and 17 have no factor in common with 100: every leerling gets every soort and reden in time, and a correction gives him another.
  const { soort, reden } = HONDERD[(number * 37 + batch * 17 + (anders ? 59 : 0)) % 100]!
  return {
    bronId: String(8_000_000 + number),
    school,
    vestiging: `${school}00`,
    leerling: `L-${(number * 7) % LEERLINGEN}`,
    datum: DAGEN[Math.floor(number / 13) % DAGEN.length],
    soort,
    reden,
    minuten: 50 + number % 4 * 50,
    lesuren: [1 + number % 8],
    dagdeel: null,
    gewijzigdOp: anders ? '2025-11-02T10:00:00Z' : '2025-11-01T10:00:00Z'
  }
}

/** Rows a second over all clients, from first byte to last answer; every record must land. */
async function pushAll (dienst: Dienst, batches: readonly string[], vorm: 'json' | 'ndjson'): Promise<number> {
  const bodies = batches.map((batch) => Buffer.from(vorm === 'json' ? `{"absenties":[${batch.replaceAll('\n', ',')}]}` : `${batch}\n`))
  const rows = batches.reduce((total, batch) => total + batch.split('\n').length, 0)
  const started = performance.now()
  await Promise.all(Array.from({ length: KLANTEN }, async (_, klant) => {
    const own = bodies.filter((_, at) => at % KLANTEN === klant)
    if (vorm === 'ndjson') return await stream(dienst, own)
    for (const body of own) checkGeland(await send(dienst, 'POST', '/v1/absenties/_bulk', body))
  }))
  return rows / ((performance.now() - started) / 1000)
}

async function stream (dienst: Dienst, bodies: readonly Buffer[]): Promise<void> {
  const sent = request(`${dienst.url}/v1/absenties/_bulk`, { agent, method: 'POST', headers: { authorization: `Bearer ${dienst.token}`, 'content-type': 'application/x-ndjson' } })
  const sending = pipeline(Readable.from(bodies), sent)
  const [answer] = await once(sent, 'response') as [IncomingMessage]
  let last = ''
  for await (const chunk of answer.setEncoding('latin1')) last = (last + chunk as string).slice(-2_000)
  await sending
  checkGeland(last)
}

/** Every record landed: the counts of an answer, which a stream has on its last line, name no refusal. */
function checkGeland (answer: string): void {
  if (!/"aantallen":\{[^}]*"afgewezen":0[,}]/.test(answer)) throw new Error(`refused: ${answer.slice(-500)}`)
}

async function measureCopy (dienst: Dienst, rijen: number): Promise<number> {
  return await withClient(dienst, async (client) => {
    // The evaluation of what was pushed would share the machine with it.
    await waitForEvaluation(client)
    // `like` leaves out what migration 0012 says of the room on a page.
    await client.query('create table absentie_copy (like absentie including all) with (fillfactor = 70)')
    const chunks: Buffer[] = []
    for await (const chunk of client.query(copyTo('copy absentie to stdout'))) chunks.push(chunk as Buffer)
    const started = performance.now()
    await pipeline(Readable.from(chunks), client.query(copyFrom('copy absentie_copy from stdin')))
    const seconds = (performance.now() - started) / 1000
    await client.query('drop table absentie_copy')
    return rijen / seconds
  })
}

/** The worker is done, and a look of its own further. */
async function waitForEvaluation (client: Client): Promise<void> {
  while ((await client.query<{ nog: boolean }>('select exists (select from evaluatie_markering) as nog')).rows[0]!.nog) await sleep(200)
  await sleep(100)
}

async function reset (dienst: Dienst): Promise<void> {
  await withClient(dienst, async (client) => {
    await waitForEvaluation(client)
    await client.query('truncate absentie, absentie_versie, signaal, signaal_versie, signaal_beoordeling, melding, melding_versie, uitzending, uitzendpoging, evaluatie_markering, aggregaat_markering, verwerking, verwerking_markering, verwerkingsketen, verwerkingszegel, verwerking_betrokkene, aanlevering')
    await client.query('checkpoint')
  })
}

// Of each in turn, so that what else the machine does weighs on all; the first thousand until V8 has compiled what is hot.
const BEURT = 50
const AANLOOP = 20
const BEURTEN = 40

/**
 * p95 of single PUTs by one client, and in a pg loop of all that each of them asks of PostgreSQL (its statements in one transaction, sent together as the service sends them) and of the one
 * statement that writes its row: a plain upsert of the row costs as much.
 */
async function measurePut (dienst: Dienst, school: string): Promise<{ put: number, transactie: number, invoeging: number }> {
  const pool = makePool(dienst.connection, { max: 1, onError: (error) => { throw error } })
  try {
    return await withClient(dienst, async (client) => {
      // What the pushes before left to clear away is not what a PUT costs.
      await waitForEvaluation(client)
      await client.query('vacuum analyze')
      await client.query('checkpoint')
      const vestiging = `${school}00`
      const absentie = { school, vestiging, datum: DAGEN[0]!, soort: 'afwezig', reden: 'SPIJ', minuten: 50, gewijzigdOp: '2025-11-03T10:00:00Z' } as const
      const leerling = (at: number): string => `L-${at % LEERLINGEN}`
      const put = async (at: number): Promise<unknown> => await send(dienst, 'PUT', `/v1/absenties/bench-lvs/put-${at}`, Buffer.from(JSON.stringify({ ...absentie, leerling: leerling(at) })))
      // What the service records of a PUT.
      await put(-1)
      const { rows: [versies] } = await client.query<{ stamversie: number, leerlingversie: number }>('select stamversie, leerlingversie from school where school = $1', [school])
      const { rows: [gelogd] } = await client.query<{ sleutel: number, betrokkenen: Buffer }>('select sleutel, betrokkenen from verwerking where school = $1 order by octet_length(betrokkenen) limit 1', [school])
      const kader = { ...versies!, aanlevering: randomUUID(), geforceerd: false }
      const scope = { school, bron: 'bench-lvs', scholen: [school], leerlingen: '*' } as unknown as Schoolscope
      const rij = (bronId: string, at: number): Absentierij => ({ index: 0, categorie: 'ongeoorloofd', minuten: 50, record: { ...absentie, ingetrokken: false, bronId, leerling: leerling(at) } })
      const transact = async (at: number): Promise<void> => {
        await runTransaction(pool, '*', async (tx) => {
          const aanlevering = randomUUID()
          sendLast(tx, insertAbsenties(tx, scope, { ...kader, aanlevering }, [rij(`heel-${at}`, at)]))
          sendLast(tx, insertMarkeringen(tx, scope, { leerlingen: [leerling(at)], overige: [], weken: [{ vestiging, maandag: DAGEN[0]! }] }))
          sendLast(tx, insertVerwerking(tx, {
            ...gelogd!,
            school,
            activiteit: 'absenties:schrijven',
            actor: scope.bron,
            toepassing: scope.bron,
            rol: null,
            doelbinding: null,
            traceId: randomBytes(16).toString('hex'),
            spanId: randomBytes(8).toString('hex'),
            ouderSpan: null,
            tijdstip: new Date().toISOString()
          }))
          sendLast(tx, findAbsentie(tx, scope, scope.bron, `heel-${at}`))
          sendLast(tx, insertAanlevering(tx, { school, aanlevering, deel: 0, bron: scope.bron, actor: scope.bron, soort: 'absenties', aantallen: countResultaten([]), afgewezen: [], bijzonderheden: {}, duurMs: 1 }))
        })
      }
      // Of a transaction it uses the connection alone.
      const insert = async (at: number): Promise<void> => { await insertAbsenties({ $client: client } as unknown as Tx, scope, kader, [rij(`kaal-${at}`, at)]) }
      const sides = [put, transact, insert].map((call) => ({ call, times: [] as number[] }))
      for (let beurt = 0; beurt < BEURTEN; beurt++) {
        for (const { call, times } of sides) {
          // What follows of one side weighs on that side alone.
          await waitForEvaluation(client)
          for (let at = beurt * BEURT; at < (beurt + 1) * BEURT; at++) {
            const started = performance.now()
            await call(at)
            if (beurt >= AANLOOP) times.push(performance.now() - started)
          }
        }
      }
      const [eigen, transactie, invoeging] = sides.map(({ times }) => percentile(times, 0.95))
      return { put: eigen!, transactie: transactie!, invoeging: invoeging! }
    })
  } finally {
    await pool.end()
  }
}
