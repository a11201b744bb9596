import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { makeLog, openApp, type App } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { buildServer } from '../../src/server.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { percentile } from './dienst.ts'
import type { AddressInfo } from 'node:net'
import type { Benchregel } from './bench.ts'

const LEERLINGEN = 1_000
const CASELOAD = 30
const BATCH = 1_000

const QUERY = '{ school(brin: "99AA") { leerlingen(first: 50) { edges { node { bronId geboortedatum absenties(first: 20) { edges { node { bronId datum reden categorie minuten } } } } } } } }'

interface Vraag { readonly method: string, readonly path: string, readonly bearer: string, readonly body?: () => string }

/** What the two walls cost: the same requests with both, without row-level security, and without the narrowing of the services to some leerlingen. */
export async function benchMuren ({ rondes = 11, seconden = 0.15 }: { readonly rondes?: number, readonly seconden?: number } = {}): Promise<Benchregel[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aanwezig-bench-'))
  const app = await openApp(readConfig({ DATA_DIR: dataDir, AUTH_DEVELOPMENT: '1', VERZOEKEN_PER_SECONDE: '1000000' }), { log: makeLog('silent') })
  const zonderReikwijdte: App = {
    ...app,
    makeCtx: (actor, options) => {
      const { leerlingen: _, ...rest } = actor
      return { ...app.makeCtx(actor, options), actor: rest }
    }
  }
  const servers = [await buildServer(app), await buildServer(zonderReikwijdte)]
  const owner = new pg.Client(app.connection)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  try {
    await owner.connect()
    for (const server of servers) await server.listen({ port: 0, host: '127.0.0.1' })
    const [both, unscoped] = servers.map((server) => (server.server.address() as AddressInfo).port) as [number, number]
    await fill(owner)
    const { rows } = await owner.query<{ tabel: string }>("select oid::regclass::text as tabel from pg_class where relnamespace = 'public'::regnamespace and relrowsecurity")
    const rowSecurity = async (verb: 'enable' | 'disable'): Promise<void> => { for (const { tabel } of rows) await owner.query(`alter table ${tabel} ${verb} row level security`) }
    const mentor = await app.developmentKeys!.sign({ azp: 'bench-lvs', scholen: ['99AA'], scope: RECHTEN.join(' '), rol: 'mentor', sub: 'mentor' }, 3_600)
    const toepassing = await app.developmentKeys!.sign({ azp: 'bench-lvs', scholen: ['99AA'], scope: RECHTEN.join(' ') }, 3_600)

    const vragen: ReadonlyArray<readonly [naam: string, vraag: Vraag, isNarrowed: boolean]> = [
      [`push van ${BATCH} absenties`, { method: 'POST', path: '/v1/absenties/_bulk', bearer: toepassing, body: nextPush() }, false],
      ['lijst van 100 absenties, toepassing', { method: 'GET', path: '/v1/absenties?school=99AA&limit=100', bearer: toepassing }, false],
      [`lijst van 100 absenties, mentor van ${CASELOAD}`, { method: 'GET', path: '/v1/absenties?school=99AA&limit=100', bearer: mentor }, true],
      ['GraphQL 50 × 20, toepassing', { method: 'POST', path: '/graphql', bearer: toepassing, body: () => JSON.stringify({ query: QUERY }) }, false],
      [`GraphQL ${CASELOAD} × 20, mentor`, { method: 'POST', path: '/graphql', bearer: mentor, body: () => JSON.stringify({ query: QUERY }) }, true]
    ]
    const regels: Benchregel[] = []
    for (const [naam, vraag, isNarrowed] of vragen) {
      const measure = async (port: number): Promise<number> => await measureVraag(agent, port, vraag, seconden)
      await measure(both)
      const zonderRls: Paar[] = []
      const zonderScope: Paar[] = []
      for (let ronde = 0; ronde < rondes; ronde++) {
        const eigen = await measure(both)
        if (isNarrowed) zonderScope.push([eigen, await measure(unscoped)])
        await rowSecurity('disable')
        await measureVraag(agent, both, vraag, 0.05) // plans and caches know the tables as they are now
        const zonder = await measure(both)
        await rowSecurity('enable')
        await measureVraag(agent, both, vraag, 0.05)
        // Measured on either side of it, so that what drifts falls out.
        zonderRls.push([(eigen + await measure(both)) / 2, zonder])
      }
      regels.push(compare(`${naam}: tegen zonder row-level security`, zonderRls))
      if (isNarrowed) regels.push(compare(`${naam}: tegen zonder inReikwijdte`, zonderScope))
    }
    return regels
  } finally {
    agent.destroy()
    for (const server of servers) await server.close()
    await owner.end()
    await app.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

type Paar = readonly [eigen: number, ander: number]

function compare (naam: string, paren: readonly Paar[]): Benchregel {
  return { naam, eigen: median(paren.map(([eigen]) => eigen)), vergelijking: median(paren.map(([, ander]) => ander)), ratio: median(paren.map(([eigen, ander]) => eigen / ander)), doel: '≤ 1.1', eenheid: 'ms' }
}

function median (values: readonly number[]): number {
  return percentile(values, 0.5)
}

/** The time of an answer, one after the other: the fastest quarter ends there, for the rest is what else the machine does. */
async function measureVraag (agent: Agent, port: number, vraag: Vraag, seconden: number): Promise<number> {
  const times: number[] = []
  const until = performance.now() + seconden * 1_000
  do {
    const body = vraag.body?.()
    const started = performance.now()
    await send(agent, port, vraag, body)
    times.push(performance.now() - started)
  } while (performance.now() < until)
  return percentile(times, 0.25)
}

async function send (agent: Agent, port: number, { method, path, bearer }: Vraag, body: string | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const headers = { authorization: `Bearer ${bearer}`, ...body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }
  request({ agent, host: '127.0.0.1', port, method, path, headers }, (answer) => {
    const parts: Buffer[] = []
    answer.on('data', (part: Buffer) => { parts.push(part) })
    answer.on('end', () => {
      const text = Buffer.concat(parts).toString()
      if (answer.statusCode === 200 && !text.includes('"errors"') && !/"afgewezen":[1-9]/.test(text)) resolve()
      else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`))
    })
  }).on('error', reject).end(body)
  await promise
}

/** The same absenties again and again, each time with another reden: of one gewijzigdOp the last to arrive counts. */
function nextPush (): () => string {
  let turn = 0
  return () => {
    turn++
    return JSON.stringify({
      absenties: Array.from({ length: BATCH }, (_, at) => ({
        bronId: `P-${at}`, school: '99AA', vestiging: '99AA00', leerling: `L-${1_000 + at}`, datum: '2026-03-10', soort: 'afwezig', reden: ['SPIJ', 'ZK'][turn % 2], minuten: 60, gewijzigdOp: '2026-03-10T09:00:00Z'
      }))
    })
  }
}

/** One school by SQL: what is measured is reading. */
async function fill (owner: pg.Client): Promise<void> {
  await owner.query("insert into school (school) values ('99AA')")
  await owner.query("insert into vestiging select school, school || '00', 'Vestiging', 'vo', 'midden', '0344', null, 50, now() from school")
  await owner.query(`
    insert into leerling (school, bron, leerling, geboortedatum, woongemeente, vastgelegd_op)
    select '99AA', 'bench-lvs', 'L-' || 1000 + n, date '2012-01-01' + n % 700, '0344', now() from generate_series(0, $1::int - 1) n`, [LEERLINGEN])
  await owner.query("insert into inschrijving select school, 'bench-lvs', leerling, school || '00', '2024-08-01', null, 3, 1650, '{330,330,330,330,330,0,0}', now() from leerling")
  await owner.query(`
    insert into absentie
    select school, 'bench-lvs', 'A-' || leerling || '-' || n, school || '00', leerling, date '2025-08-25' + n * 7 + abs(hashtext(leerling || n)) % 5,
           (array['afwezig', 'te-laat', 'eerder-weg', 'afwezig'])[1 + n % 4]::absentiesoort, case when n % 5 > 0 then 'SPIJ' end, 50 + n, false, array[3, 4], null,
           (array['ongeoorloofd', 'geoorloofd', 'onverklaard'])[1 + n % 3]::categorie, false, now(), now(), gen_random_uuid()
      from leerling, generate_series(1, 40) n
     order by n, hashtext(leerling)`)
  await owner.query("insert into groep values ('99AA', 'bench-lvs', '3B', '3B', now())")
  await owner.query("insert into groepsbegeleider values ('99AA', 'bench-lvs', '3B', 'mentor', 'mentor', '2020-08-01', null)")
  await owner.query("insert into groepslid select '99AA', 'bench-lvs', '3B', 'L-' || 1000 + n * 30, '2020-08-01', null from generate_series(0, $1::int - 1) n", [CASELOAD])
  await owner.query('vacuum analyze')
}
