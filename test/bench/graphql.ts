import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import packageJson from '../../package.json' with { type: 'json' }
import { startDienst, type Dienst } from './dienst.ts'
import type { Benchregel } from './bench.ts'

export interface GraphqlOpties {
  readonly scholen?: number
  /** Per school; each has 40 absenties. */
  readonly leerlingen?: number
  readonly rondes?: number
  /** Length of one measurement; each round has one of either side. */
  readonly seconden?: number
  /** A service that runs already, with its data: to look into it. */
  readonly dienst?: Pick<Dienst, 'url' | 'token' | 'connection'>
}

const QUERY = `query ($brin: String!, $after: String) {
  school(brin: $brin) {
    brin
    leerlingen(first: 50, after: $after) {
      pageInfo { hasNextPage endCursor }
      edges {
        node {
          bronId
          geboortedatum
          woongemeente
          absenties(first: 20) {
            pageInfo { hasNextPage endCursor }
            edges { node { bronId datum soort reden categorie minuten } }
          }
        }
      }
    }
  }
}`

// The same rows and fields as PostGraphile offers them.
const ANDERMANS_QUERY = `query ($brin: String!, $after: Cursor) {
  schoolBySchool(school: $brin) {
    school
    leerlingsBySchool(first: 50, after: $after, orderBy: PRIMARY_KEY_ASC) {
      pageInfo { hasNextPage endCursor }
      edges {
        node {
          leerling
          geboortedatum
          woongemeente
          absenties(first: 20, condition: { ingetrokken: false }, orderBy: [DATUM_ASC, BRON_ID_ASC]) {
            pageInfo { hasNextPage endCursor }
            edges { node { bronId datum soort reden categorie minuten } }
          }
        }
      }
    }
  }
}`

// The same tree as somebody writes it who has nothing but SQL: no rights, no verwerkingen, no HTTP.
const STATEMENT = `
  select json_build_object('brin', s.school, 'leerlingen', (
           select json_agg(json_build_object('bronId', l.leerling, 'geboortedatum', l.geboortedatum, 'woongemeente', l.woongemeente, 'absenties', (
                    select json_agg(json_build_object('bronId', a.bron_id, 'datum', a.datum, 'soort', a.soort, 'reden', a.reden, 'categorie', a.categorie, 'minuten', a.minuten)
                                    order by a.datum, a.bron_id)
                      from (select * from absentie a
                             where a.school = l.school and a.bron = l.bron and a.leerling = l.leerling and not a.ingetrokken
                             order by a.datum, a.bron_id limit 20) a)) order by l.bron, l.leerling)
             from (select * from leerling l where l.school = s.school and (l.bron, l.leerling) > ($2, $3) order by l.bron, l.leerling limit 50) l)) as school
    from school s
   where s.school = $1`

/** One operation: a page of 50 leerlingen somewhere in some school. */
interface Vraag { readonly school: string, readonly leerling: string }

/**
 * HTTP GraphQL school → 50 leerlingen → 20 absenties on 8 connections, against one json_agg statement of the same data on 4 connections of pg; and
 * where there is one, against a PostGraphile that is asked the same on 8 connections, as owner of the tables: it checks no right and records nothing.
 */
export async function benchGraphql (opties: GraphqlOpties): Promise<Benchregel[]> {
  const { scholen = 20, leerlingen = 500, rondes = 9, seconden = 1 } = opties
  const dienst = opties.dienst === undefined ? await startDienst() : undefined
  const { url, token, connection } = opties.dienst ?? dienst!
  const pool = new pg.Pool({ ...connection, max: 4 })
  pool.on('error', () => {}) // the store stops with the service, sometimes before our connections have said goodbye
  let andermans: Postgraphile | undefined
  try {
    const brins = opties.dienst === undefined ? await fill(pool, scholen, leerlingen) : (await pool.query<{ school: string }>('select school from school order by school')).rows.map(({ school }) => school)
    let turn = 0
    // Every measurement walks the same pages, so neither side finds them warmer than the other.
    const next = (): Vraag => ({ school: brins[turn++ % brins.length]!, leerling: `L-${100_000 + (turn * 37) % (leerlingen - 50)}` })

    andermans = await startPostgraphile(connection)
    const ask = ({ school, leerling }: Vraag): object => ({ query: QUERY, variables: { brin: school, after: Buffer.from(JSON.stringify(['bench-lvs', leerling])).toString('base64url') } })
    const cursors = andermans === undefined ? new Map<string, string>() : await listCursors(andermans.url, brins, leerlingen)
    const askAnderman = ({ school, leerling }: Vraag): object => ({ query: ANDERMANS_QUERY, variables: { brin: school, after: cursors.get(`${school} ${leerling}`) } })
    if (andermans !== undefined) {
      const vraag = next()
      compare(await post(url, ask(vraag), token), await post(andermans.url, askAnderman(vraag)))
    }

    const clients = await Promise.all(Array.from({ length: 8 }, async () => await openClient(url, token)))
    const others = await Promise.all(Array.from({ length: andermans === undefined ? 0 : 8 }, async () => await openClient(andermans!.url)))
    const overHttp = async (index: number): Promise<void> => { await clients[index]!.post(ask(next())) }
    const overPostgraphile = async (index: number): Promise<void> => { await others[index]!.post(askAnderman(next())) }
    const overPg = async (): Promise<void> => {
      const { school, leerling } = next()
      await pool.query(STATEMENT, [school, 'bench-lvs', leerling])
    }
    // Until V8 has compiled what is hot.
    await measure(8, 4, overHttp)
    await measure(4, 1, overPg)
    await measure(others.length, 4, overPostgraphile)
    const measured: Array<readonly [own: number, other: number, postgraphile: number]> = []
    for (let ronde = 0; ronde < rondes; ronde++) {
      turn = ronde * 1_000
      const own = await measure(8, seconden, overHttp)
      turn = ronde * 1_000
      const other = await measure(4, seconden, overPg)
      turn = ronde * 1_000
      measured.push([own, other, await measure(others.length, seconden, overPostgraphile)])
    }
    for (const client of [...clients, ...others]) client.close()
    const line = (naam: string, doel: string, at: 1 | 2): Benchregel => ({
      naam: `GraphQL, school → 50 leerlingen → 20 absenties, ${naam}`,
      eigen: median(measured.map(([own]) => own)),
      vergelijking: median(measured.map((each) => each[at])),
      ratio: median(measured.map((each) => each[0] / each[at])),
      doel,
      eenheid: 'per seconde'
    })
    return [line('tegen één json_agg in pg', '≥ 0.9', 1), ...andermans === undefined ? [] : [line(`tegen PostGraphile ${andermans.versie}`, '≥ 2.5', 2)]]
  } finally {
    await andermans?.stop()
    await pool.end()
    await dienst?.stop()
  }
}

function median (values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
}

/** Calls a second, by so many at once. */
async function measure (clients: number, seconden: number, call: (index: number) => Promise<void>): Promise<number> {
  const started = performance.now()
  let calls = 0
  await Promise.all(Array.from({ length: clients }, async (_, index) => {
    while (performance.now() - started < seconden * 1_000) {
      await call(index)
      calls++
    }
  }))
  return calls / ((performance.now() - started) / 1_000)
}

interface Client { readonly post: (body: object) => Promise<number>, readonly close: () => void }

/** A connection that posts and counts the bytes of the answer: a client of more comfort costs as much as it measures. */
async function openClient (url: string, token?: string): Promise<Client> {
  const { hostname, port } = new URL(url)
  const socket: Socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.setNoDelay(true)
  let answered: PromiseWithResolvers<number> | undefined
  let head = ''
  let awaited = -1
  socket.on('data', (chunk) => {
    let size = chunk.length
    if (awaited < 0) {
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      if (!head.startsWith('HTTP/1.1 200')) answered!.reject(new Error(head))
      if (head.includes('"errors"')) answered!.reject(new Error(head.slice(end)))
      awaited = Number(/content-length: (\d+)/i.exec(head)![1])
      size = head.length - end - 4
    }
    awaited -= size
    if (awaited > 0) return
    const { length } = head
    head = ''
    awaited = -1
    answered!.resolve(length)
  })
  return {
    async post (body) {
      answered = Promise.withResolvers()
      const json = JSON.stringify(body)
      socket.write(`POST /graphql HTTP/1.1\r\nhost: ${hostname}\r\n${token === undefined ? '' : `authorization: Bearer ${token}\r\n`}content-type: application/json\r\ncontent-length: ${Buffer.byteLength(json)}\r\n\r\n${json}`)
      return await answered.promise
    },
    close: () => { socket.destroy() }
  }
}

interface Postgraphile { readonly url: string, readonly versie: string, readonly stop: () => Promise<void> }

/** PostGraphile in a process of its own, with the flags of node we run with; it is no dependency of ours, so who wants the line says where it is. */
async function startPostgraphile (connection: pg.ClientConfig): Promise<Postgraphile | undefined> {
  const folder = process.env['POSTGRAPHILE'] ?? ''
  const manifest = join(folder, 'node_modules', 'postgraphile', 'package.json')
  if (folder === '' || !existsSync(manifest)) {
    process.stderr.write('Voor de regel tegen PostGraphile: npm install --prefix <map> postgraphile@5 en dan POSTGRAPHILE=<volledig pad van die map> npm run bench -- graphql.\n')
    return undefined
  }
  const { version: versie } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const flags = packageJson.scripts.start.split(' ').filter((word) => word.startsWith('--'))
  const child = spawn(process.execPath, [...flags, new URL('./postgraphile.ts', import.meta.url).pathname], {
    env: { ...process.env, POSTGRAPHILE: folder, POSTGRES: JSON.stringify(connection), NODE_ENV: 'production', GRAPHILE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const exited = once(child, 'exit')
  const [port] = await Promise.race([once(child.stdout, 'data'), exited.then(() => { throw new Error('PostGraphile did not start') })]) as [Buffer]
  return {
    url: `http://127.0.0.1:${port.toString().trim()}`,
    versie,
    async stop () {
      child.kill('SIGKILL')
      await exited
    }
  }
}

async function post<T> (url: string, body: object, token?: string): Promise<T> {
  const answer = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...token === undefined ? {} : { authorization: `Bearer ${token}` } }, body: JSON.stringify(body) })
  const { data, errors } = await answer.json() as { data: T, errors?: unknown }
  if (!answer.ok || errors !== undefined) throw new Error(`${url}: ${answer.status} ${JSON.stringify(errors)}`)
  return data
}

interface Connection<T> { readonly edges: ReadonlyArray<{ readonly cursor?: string, readonly node: T }> }

/** Where each leerling stands for PostGraphile: what its cursors are made of is its own affair. */
async function listCursors (url: string, brins: readonly string[], leerlingen: number): Promise<Map<string, string>> {
  const cursors = new Map<string, string>()
  for (const brin of brins) {
    const { schoolBySchool: { leerlingsBySchool: { edges } } } = await post<{ schoolBySchool: { leerlingsBySchool: Connection<{ leerling: string }> } }>(url, {
      query: 'query ($brin: String!, $first: Int!) { schoolBySchool(school: $brin) { leerlingsBySchool(first: $first, orderBy: PRIMARY_KEY_ASC) { edges { cursor node { leerling } } } } }',
      variables: { brin, first: leerlingen }
    })
    for (const { cursor, node: { leerling } } of edges) cursors.set(`${brin} ${leerling}`, cursor!)
  }
  return cursors
}

interface Leerlingen<Sleutel extends string> { readonly edges: ReadonlyArray<{ readonly node: Readonly<Record<Sleutel | 'geboortedatum' | 'woongemeente', string>> & { readonly absenties: Connection<{ readonly soort: string }> } }> }

/** Both sides must answer the same, or their speeds cannot be compared; an enum there knows no hyphens. */
function compare ({ school }: { school: { leerlingen: Leerlingen<'bronId'> } }, { schoolBySchool }: { schoolBySchool: { leerlingsBySchool: Leerlingen<'leerling'> } }): void {
  const own = school.leerlingen.edges.map(({ node: { bronId, geboortedatum, woongemeente, absenties } }) => ({ leerling: bronId, geboortedatum, woongemeente, absenties: absenties.edges.map(({ node }) => ({ ...node, soort: node.soort.replaceAll('-', '_') })) }))
  const other = schoolBySchool.leerlingsBySchool.edges.map(({ node: { leerling, geboortedatum, woongemeente, absenties } }) => ({ leerling, geboortedatum, woongemeente, absenties: absenties.edges.map(({ node }) => ({ ...node })) }))
  if (own.length !== 50 || !own.every(({ absenties }) => absenties.length === 20) || !isDeepStrictEqual(own, other)) throw new Error(`PostGraphile answers something else: ${JSON.stringify([own[0], other[0]])}`)
}

/** Schools filled by SQL: what is measured is reading. */
async function fill (pool: pg.Pool, scholen: number, leerlingen: number): Promise<string[]> {
  const brins = Array.from({ length: scholen }, (_, n) => `${10 + Math.floor(n / 26)}Z${String.fromCharCode(65 + n % 26)}`)
  await pool.query('insert into school (school) select unnest($1::text[])', [brins])
  await pool.query("insert into vestiging select school, school || '00', 'Vestiging', 'vo', 'midden', '0344', null, 50, now() from school")
  await pool.query(`
    insert into leerling (school, bron, leerling, geboortedatum, woongemeente, vastgelegd_op)
    select school, 'bench-lvs', 'L-' || 100000 + n, date '2010-01-01' + n % 700, '0344', now() from school, generate_series(1, $1::int) n`, [leerlingen])
  await pool.query("insert into inschrijving select school, 'bench-lvs', leerling, school || '00', '2024-08-01', null, 3, 1650, '{330,330,330,330,330,0,0}', now() from leerling")
  // In the order of the days, as a year brings them: the absenties of one leerling lie far apart.
  await pool.query(`
    insert into absentie
    select school, 'bench-lvs', 'A-' || right(leerling, 6) || '-' || n, school || '00', leerling, date '2025-08-25' + n * 7 + abs(hashtext(leerling || n)) % 5,
           (array['afwezig', 'te-laat', 'eerder-weg', 'afwezig'])[1 + n % 4]::absentiesoort, case when n % 5 > 0 then 'SPIJ' end, 50 + n, false, array[3, 4], null,
           (array['ongeoorloofd', 'geoorloofd', 'onverklaard'])[1 + n % 3]::categorie, false, now(), now(), gen_random_uuid()
      from leerling, generate_series(1, 40) n
     order by n, hashtext(leerling)`)
  await pool.query('vacuum analyze school, vestiging, leerling, inschrijving, absentie')
  return brins
}
