import type { Test } from 'tap'
import pg from 'pg'
import { buildAbsentie } from '../support/school.ts'
import { readOperaties, startCanary, type Doelwit, type Operatie } from './doelwit.ts'

type Json = Record<string, unknown>
const { operaties, schemas } = await readOperaties()

/** What a path may hold, of the foreign school where it names one; an unknown name gets a key. */
const VREEMD: Record<string, string> = { brin: '99AB', school: '99AB', vestigingscode: '99AB00', vestiging: '99AB00', bron: 'vreemd-lvs', bronId: 'vreemd-a1', schooljaar: '2025-2026', versie: '1', geldigVan: '2026-03-09', id: '99AB-00000000-0000-4000-8000-000000000000' }
const UUID = '00000000-0000-4000-8000-000000000000'

function fill (path: string, values: Record<string, string> = {}): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? VREEMD[name] ?? UUID)
}

const payloadOf = ({ body }: Operatie): { payload?: string, headers?: Record<string, string> } => body === undefined ? {} : { payload: '{}', headers: { 'content-type': 'application/json' } }

/** Objects of another school, beside the matrix of test/access.test.ts: foreign keys under one's own school, lists that are asked for more, pages and nodes of others. */
export async function attackObjects (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'objects of another school'
  const theirs = await doelwit.token({ bron: 'vreemd-lvs', scholen: ['99AB'] })
  const { signalen: [signaal] } = (await doelwit.inject({ bearer: theirs, url: '/v1/signalen' })).json<{ signalen: Array<{ id: string }> }>()
  const levering = (await doelwit.inject({ bearer: theirs, method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school: '99AB', periode: '2026-03' } })).json<{ id: string }>().id
  const { aanleveringen: [aanlevering] } = (await doelwit.inject({ bearer: theirs, url: '/v1/aanleveringen?school=99AB' })).json<{ aanleveringen: Array<{ id: string }> }>()
  t.ok(signaal !== undefined && levering !== undefined && aanlevering !== undefined, 'there is something to take')
  const ids = [signaal!.id, levering, aanlevering!.id, 'vreemd-a1', 'vreemd-L1', '99AB-' + UUID]
  const own = ids.map((id) => id.replace(/^99AB/, '99AA'))

  const shows = ({ statusCode, body }: { statusCode: number, body: string }): boolean => statusCode < 400 && /99AB|vreemd/.test(body)
  for (const operatie of operaties.filter(({ open }) => !open)) {
    const names = [...operatie.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!)
    const school = operatie.parameters.some(({ name, in: where }) => name === 'school' && where === 'query')
    for (const id of names.length === 0 ? [UUID] : new Set([...ids, ...own])) {
      const path = fill(operatie.path, Object.fromEntries(names.map((name) => [name, /^(brin|school)$/.test(name) ? '99AA' : /^vestiging/.test(name) ? '99AA00' : name === 'bron' ? 'vreemd-lvs' : VREEMD[name] === undefined || /id$/i.test(name) ? id : VREEMD[name]!])))
      await doelwit.attack(KLASSE, { method: operatie.method as 'GET', url: `${path}${school ? '?school=99AA' : ''}`, ...payloadOf(operatie) }, (answer) => !shows(answer))
    }
    if (school) {
      for (const query of ['school=99AB', 'school=99AA&school=99AB', 'school[]=99AB', 'school=99AA,99AB', 'school=*', 'school=', 'school=99ab', 'school=%25', 'school[$ne]=99AA', 'scholen=99AB', 'school=99AA%00']) {
        await doelwit.attack(KLASSE, { method: operatie.method as 'GET', url: `${fill(operatie.path, { bron: 'vreemd-lvs' })}?${query}`, ...payloadOf(operatie) }, (answer) => !shows(answer) && (query === 'school=' || answer.statusCode >= 400))
      }
    }
  }
  const page = (await doelwit.inject({ bearer: theirs, url: '/v1/absenties?school=99AB&limit=1' })).json<{ volgende: string }>().volgende
  t.type(page, 'string')
  for (const url of [`/v1/absenties?school=99AA&cursor=${page}`, `/v1/signalen?cursor=${page}`, `/v1/leerlingen?school=99AA&cursor=${page}`, `/v1/absenties?school=99AB&cursor=${page}`]) await doelwit.attack(KLASSE, { url }, (answer) => !shows(answer))
  const asks = [...ids, ...own].flatMap((id) => [`{ node(id: "${id}") { id __typename } }`, `{ a: node(id: "${id}") { ... on Signaal { school } } }`])
  for (const query of [...asks, '{ school(brin: "99AB") { brin } }', '{ vestiging(code: "99AB00") { code naam } }', '{ leerling(bron: "vreemd-lvs", bronId: "vreemd-L1", school: "99AB") { bronId } }', '{ leerling(bron: "vreemd-lvs", bronId: "vreemd-L1", school: "99AA") { bronId } }', '{ a: school(brin: "99AA") { brin } b: school(brin: "99AB") { brin vestigingen(first: 1) { edges { node { naam } } } } }']) {
    await doelwit.attack(KLASSE, { method: 'POST', url: '/graphql', payload: { query } }, ({ body }) => !/"(id|brin|bronId|code|school)":"(99AB|vreemd)/.test(body))
  }
}

/** Functions that a token does not give, by other methods, other spellings of an address, and claims that sound like more. */
export async function attackFunctions (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'functions without the right'
  const weak = await doelwit.token({ scopes: [], extra: { rol: 'schoolleider', sub: 'beheerder', is_admin: true, groups: ['admin'], rechten: ['*'], roles: ['admin'] } })
  for (const operatie of operaties.filter(({ open }) => !open)) {
    const path = fill(operatie.path, { brin: '99AA', school: '99AA', vestigingscode: '99AA00' })
    const spellings = [path, path.toUpperCase(), `/${path}`, path.replace('/v1', '/v1/'), path.replace('/v1', '/v1/.'), path.replace('/v1', '/v1/x/..'), path.replace('/v1', '/v1/%2e%2e/v1'), `${path}/`, `${path};x=1`, `${path}%20`, `${path}%00`, `${path}.json`, path.replace('/v1', '/v1%2f'), path.replace('/v1', '\\v1')]
    for (const url of spellings) for (const bearer of [null, weak]) await doelwit.attack(KLASSE, { bearer, method: operatie.method as 'GET', url, ...payloadOf(operatie) })
    for (const headers of [{ 'x-http-method-override': operatie.method }, { 'x-method-override': operatie.method }, { 'x-original-url': path }, { 'x-rewrite-url': path }, { 'x-forwarded-prefix': path }]) await doelwit.attack(KLASSE, { bearer: null, url: path, headers: headers as Record<string, string> })
  }
  t.ok(operaties.length > 40)
}

function resolve (schema: Json): Json {
  return typeof schema['$ref'] === 'string' ? schemas[schema['$ref'].split('/').at(-1)!]! : schema
}

/** Every object of a schema, at any depth, that takes fields. */
function listObjects (schema: Json, at: string, seen = new Set<Json>()): Array<readonly [at: string, object: Json]> {
  const found = resolve(schema)
  if (seen.has(found)) return []
  seen.add(found)
  const below = [...['anyOf', 'oneOf', 'allOf'].flatMap((key) => (found[key] as Json[] | undefined ?? []).map((each) => [at, each] as const)),
    ...(found['items'] === undefined ? [] : [[`${at}/0`, found['items'] as Json] as const]),
    ...Object.entries(found['properties'] as Record<string, Json> | undefined ?? {}).map(([name, each]) => [`${at}/${name}`, each] as const)]
  return [...(found['properties'] === undefined ? [] : [[at, found] as const]), ...below.flatMap(([where, each]) => listObjects(each, where, seen))]
}

const VERZONNEN = ['id', 'rol', 'rechten', 'isAdmin', 'actor', 'scholen', 'eigenaar', 'aangemaaktOp', 'aanlevering', 'categorie', 'beleidsversie', 'status', 'pgn_versleuteld', 'vastgesteldOp', 'constructor', '__proto__', 'toString', 'hasOwnProperty']

/** Fields that a client may not set, on every write: made up, read-only, and those that JavaScript itself knows. */
export async function attackFields (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'fields that are not yours'
  for (const operatie of operaties.filter(({ body }) => body !== undefined)) {
    for (const [at, object] of listObjects(operatie.body!, '')) doelwit.count(KLASSE, `${operatie.operationId} ${at} takes any field`, object['additionalProperties'] === false)
    const [list, items] = Object.entries(resolve(operatie.body!)['properties'] as Record<string, Json> | undefined ?? {}).find(([, { items }]) => items !== undefined && operatie.path.endsWith('/_bulk')) ?? []
    const known = new Set(Object.keys((resolve((items?.['items'] as Json | undefined) ?? operatie.body!)['properties'] as Json | undefined) ?? {}))
    const fields = VERZONNEN.filter((name) => !known.has(name) && (items === undefined || !JSON.stringify(items).includes(`"${name}"`)))
    for (const field of fields) {
      const record = `{${JSON.stringify(field)}: "99AB"}`
      const payload = list === undefined ? record : `{${JSON.stringify(list)}: [${record}]}`
      const url = fill(operatie.path, { brin: '99AA', vestigingscode: '99AA00', bron: 'test-lvs' })
      await doelwit.attack(KLASSE, { method: operatie.method as 'POST', url, payload, headers: { 'content-type': 'application/json' } }, ({ statusCode, body }) => statusCode >= 400 || /"afgewezen":1/.test(body))
    }
  }
  for (const operatie of operaties.filter(({ body, method }) => body === undefined && method === 'POST')) {
    await doelwit.attack(KLASSE, { method: 'POST', url: fill(operatie.path, { brin: '99AA' }), payload: { versie: 2 } }, ({ statusCode, body }) => statusCode === 400 && body.includes('"/versie"'))
  }
  for (const operatie of operaties.filter(({ open, method }) => !open && method === 'GET')) {
    for (const query of ['recht=alles', 'scholen=*', '__proto__=1', 'constructor[prototype][x]=1', 'fields=*', 'expand=persoonsgebondenNummer', 'limit=1&limit=1000']) {
      await doelwit.attack(KLASSE, { url: `${fill(operatie.path, { brin: '99AA', vestigingscode: '99AA00', bron: 'test-lvs' })}?${query}` })
    }
  }
  t.equal(({} as Json)['x'], undefined, 'no prototype was touched')
}

const GIF = ["' or '1'='1", "'; drop table leerling; --", '1) union select 1--', '\\\'; select pg_sleep(5); --', '$1', '$' + '{7*7}', '%0d%0aX-Kanarie:%201', '%0aSet-Cookie:%20kanarie=1', '../../../../etc/passwd', '%00', '\u202Ekanarie', '=HYPERLINK("http://x")', '@SUM(1)', '<script>alert(1)</script>', '$(id)', '{"$gt":""}', '99AA%27||%2799AB', '\uD800', 'a'.repeat(190)]

/** Texts that mean something elsewhere: to SQL, a header, a shell, a spreadsheet, a log, a stream of lines. */
export async function attackTexts (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'injection'
  const owner = new pg.Client({ ...doelwit.database, ssl: false })
  await owner.connect()
  t.teardown(async () => { await owner.end() })
  const count = async (): Promise<unknown> => (await owner.query("select (select count(*) from leerling) as leerlingen, (select count(*) from absentie) as absenties, (select count(*) from signaal) as signalen, (select count(*) from information_schema.tables where table_schema = 'public') as tabellen")).rows
  const before = await count()
  for (const operatie of operaties) {
    const write = operatie.method !== 'GET'
    for (const { name, in: where } of operatie.parameters) {
      if (where === 'header') continue
      for (const text of GIF) {
        const value = /%[0-9a-f]{2}/i.test(text) ? text : encodeURIComponent(text.toWellFormed())
        const url = where === 'path' ? fill(operatie.path.replace(`{${name}}`, value), { brin: '99AA' }) : `${fill(operatie.path, { brin: '99AA', vestigingscode: '99AA00', bron: 'test-lvs' })}?${name}=${value}`
        await doelwit.attack(KLASSE, { method: operatie.method as 'GET', url, ...payloadOf(operatie) }, ({ statusCode, body }) => !/99AB|vreemd|kanarie=1/.test(statusCode < 400 ? body : '') && (!write || statusCode >= 400))
      }
    }
  }
  t.strictSame(await count(), before, 'every table is there, with what it held')

  // A text that is only kept comes back as it was, and nowhere as something else.
  const texts = GIF.filter((text) => text.isWellFormed() && !text.includes('%'))
  for (const naam of texts) {
    await doelwit.attack(KLASSE, { method: 'PUT', url: '/v1/vestigingen/99AA00', payload: { naam, sector: 'po', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 60 } }, ({ statusCode }) => statusCode === 200)
    t.equal((await doelwit.inject({ url: '/v1/vestigingen/99AA00' })).json<{ naam: string }>().naam, naam.trim())
  }
  t.strictSame(await count(), before)

  const { id } = (await doelwit.inject({ method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school: '99AA', periode: '2026-03' } })).json<{ id: string }>()
  await doelwit.attack(KLASSE, { url: `/v1/leveringen/${id}/bestand` }, ({ statusCode, body }) => statusCode === 200 && body.split(/\r\n|;/).every((cell) => !/^"?[=+@\t\r-]/.test(cell)))

  const lines = texts.map((bronId) => JSON.stringify(buildAbsentie('n-1', '2026-03-09', { bronId, minuten: 1 })))
  const split = ['\\n', '\\r\\n', '\\u2028', '\\u2029', '\\u0000', '\\u0085', '\\u000b'].map((separator) => JSON.stringify(buildAbsentie('x@y', '2026-03-09', { minuten: 1 })).replace('x@y', `n${separator}{}${separator}n`))
  for (const line of [...lines, ...split]) {
    await doelwit.attack(KLASSE, { method: 'POST', url: '/v1/absenties/_bulk', payload: `${line}\n`, headers: { 'content-type': 'application/x-ndjson' } }, ({ statusCode, body }) => {
      const answers = body.trimEnd().split('\n').map((each) => JSON.parse(each) as { resultaat?: string, aantallen?: { afgewezen: number } })
      return statusCode === 200 && answers.length === 2 && answers[0]!.resultaat === 'afgewezen' && answers[1]!.aantallen!.afgewezen === 1
    })
  }
  // One that PostgreSQL cannot keep, as a key or in one, takes no neighbour along.
  const well = ['n-1', 'n-2'].map((bronId) => JSON.stringify(buildAbsentie(bronId, '2026-03-09', { minuten: 1 }))) as [string, string]
  for (const broken of [well[0].replace('n-1', 'n\\u0000'), well[0].replace('n-1', 'n\\ud800'), well[0].replace('"minuten"', '"a\\u0000"'), well[0].replace('{', '{"a\\u0000":1,"a\\u0000":1,'), well[0].replace('"n-1"', '{"a":"\\u0000"}'), well[0].replace('99AA', '99AA\\u0000')]) {
    const lands = ({ body }: { body: string }): boolean => /"afgewezen":1/.test(body) && (body.match(/"resultaat":"(nieuw|ongewijzigd)"/g) ?? []).length === 2
    await doelwit.attack(KLASSE, { method: 'POST', url: '/v1/absenties/_bulk', payload: `${well[0]}\n${broken}\n${well[1]}\n`, headers: { 'content-type': 'application/x-ndjson' } }, lands)
    await doelwit.attack(KLASSE, { method: 'POST', url: '/v1/absenties/_bulk', payload: `{"absenties": [${well[0]}, ${broken}, ${well[1]}]}`, headers: { 'content-type': 'application/json' } }, lands)
  }
  for (const text of ['kanarie\r\nX-Kanarie: 1', 'kanarie\n{"level":60,"msg":"kanarie"}', '\u001B[31mkanarie', 'kanarie\u2028kanarie', '"},{"kanarie":"']) {
    for (const name of ['user-agent', 'traceparent', 'x-request-id', 'idempotency-key', 'referer', 'accept', 'if-match', 'x-forwarded-for', 'content-type']) {
      await doelwit.attack(KLASSE, { method: 'POST', url: '/v1/leerlingen/_zoek', payload: '{}', headers: { 'content-type': 'application/json', [name]: text } })
    }
  }
  t.ok(doelwit.log.every((line) => line.endsWith('}\n') && !line.slice(0, -1).includes('\n') && JSON.parse(line) !== null), 'a line of the log is one object')
  t.notMatch(doelwit.log.join(''), /kanarie|\\u001b|eyJ/i, 'and holds nothing of what a stranger wrote')
}

/** Milliseconds of processor since then: a busy machine does not count. */
function spent (begin: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begin)
  return (user + system) / 1_000
}

/** Requests that cost more than they look: queries, pages, bodies, patterns. */
export async function attackResources (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'resource consumption'
  const graph = async (query: unknown): Promise<void> => {
    const begin = process.cpuUsage()
    await doelwit.attack(KLASSE, { method: 'POST', url: '/graphql', payload: typeof query === 'string' ? { query } : query as object, headers: { accept: 'application/graphql-response+json' } })
    doelwit.count(KLASSE, 'takes a second', spent(begin) < 1_000)
  }
  const deep = (levels: number): string => levels === 0 ? 'bronId' : `leerlinggegevens { absenties(first: 1) { edges { node { ${deep(levels - 1)} } } } }`
  for (const levels of [3, 10, 100]) await graph(`{ school(brin: "99AA") { absenties(first: 1) { edges { node { ${deep(levels)} } } } } }`)
  for (const many of [31, 300, 5_000]) await graph(`{ ${Array.from({ length: many }, (_, at) => `a${at}: __typename`).join(' ')} }`)
  for (const many of [31, 200]) await graph(`{ ${Array.from({ length: many }, (_, at) => `a${at}: school(brin: "99AA") { brin }`).join(' ')} }`)
  const asks = '{ school(brin: "99AA") { brin } }'
  for (const many of [1, 2, 100]) await graph(Array.from({ length: many }, () => ({ query: asks })))
  await graph('{ school(brin: "99AA") { leerlingen(first: 100) { edges { node { absenties(first: 100) { edges { node { leerlinggegevens { absenties(first: 100) { edges { node { datum } } } } } } } } } } } }')
  for (const query of ['query { ...a } fragment a on Query { ...b } fragment b on Query { ...a }', `{ ${'{ a '.repeat(5_000)}`, `{ a(b: ${'['.repeat(5_000)}${']'.repeat(5_000)}) }`, `{ __typename ${'@skip(if: false) '.repeat(600)} }`, `query (${Array.from({ length: 600 }, (_, at) => `$a${at}: Int`).join(' ')}) { __typename }`, '"'.repeat(60_000), `{ school(brin: "${'9'.repeat(70_000)}") { brin } }`, '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }', ' ', '\0']) await graph(query)
  for (const query of ['subscription { a }', 'mutation { a }']) await doelwit.attack(KLASSE, { method: 'POST', url: '/graphql', payload: { query } }, ({ body }) => /"data":null,"errors"/.test(body))
  for (const operatie of operaties.filter(({ parameters }) => parameters.some(({ name }) => name === 'limit'))) {
    for (const limit of ['0', '-1', '1001', '1e9', '99999999999999999999', 'NaN', 'Infinity', '1.5', '', '١']) await doelwit.attack(KLASSE, { url: `${fill(operatie.path, { brin: '99AA' })}?limit=${encodeURIComponent(limit)}` })
  }
  const big = { 'content-type': 'application/json' }
  const bodies = [`"${'x'.repeat(9 * 1024 * 1024)}"`, '['.repeat(100_000), '{"a":'.repeat(100_000), `[${'0,'.repeat(1_000_000)}0]`, `{"absenties": [${'{},'.repeat(6_000)}{}]}`, `{"absenties": ${'9'.repeat(1_000_000)}}`, `{"absenties": [{"minuten": 1e${'9'.repeat(1_000)}}`, `{${Array.from({ length: 200_000 }, (_, at) => `"a${at}":1`).join()}}`]
  for (const payload of bodies) await doelwit.attack(KLASSE, { method: 'POST', url: '/v1/absenties/_bulk', payload, headers: big })

  // Every pattern of the contract, and the texts that make a bad one run for ever.
  const patterns = new Set([...JSON.stringify({ operaties, schemas }).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text!) as string))
  t.ok(patterns.size >= 6)
  for (const pattern of patterns) {
    for (const unit of ['a', 'A', '0', '-', 'a-', '~', 'a~', '.', ' ', '9999-', 'art. ', ':', '5a']) {
      const begin = process.cpuUsage()
      const found = new RegExp(pattern, 'u').test(`${unit.repeat(50_000)}!\n`)
      doelwit.count(KLASSE, `${pattern} on ${unit}`, !found && spent(begin) < 50)
    }
  }
  for (const text of ['a-'.repeat(100_000), '0'.repeat(200_000), '2026-03-09T'.repeat(20_000), ' '.repeat(200_000), 'a@'.repeat(100_000)]) {
    const begin = process.cpuUsage()
    await doelwit.attack(KLASSE, { method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [Object.fromEntries(Object.keys(buildAbsentie('a', '2026-03-09')).map((name) => [name, text]))] } }, ({ body }) => /"afgewezen":1/.test(body))
    doelwit.count(KLASSE, `a long text takes ${spent(begin)} ms`, spent(begin) < 1_000)
  }
}

/** Flows of the trade that one bron could turn against another. */
export async function attackFlows (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'business flows'
  const other = await doelwit.token({ bron: 'ander-lvs' })
  const key = { 'idempotency-key': 'kern-1', 'content-type': 'application/json' }
  const body = JSON.stringify({ absenties: [buildAbsentie('flow-1', '2026-03-10')] })
  const first = await doelwit.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: body, headers: key })
  t.equal(first.json<{ aantallen: { nieuw: number } }>().aantallen.nieuw, 1)
  const { aanlevering } = first.json<{ aanlevering: string }>()
  await doelwit.attack(KLASSE, { bearer: other, method: 'POST', url: '/v1/absenties/_bulk', payload: body, headers: key }, ({ headers, body }) => headers['idempotent-replayed'] === undefined && !body.includes(aanlevering))
  await doelwit.attack(KLASSE, { bearer: other, method: 'POST', url: `/v1/aanleveringen/${aanlevering}/terugdraaiing?school=99AA` })
  await doelwit.attack(KLASSE, { bearer: other, method: 'DELETE', url: '/v1/absenties/test-lvs/flow-1?school=99AA' })
  await doelwit.attack(KLASSE, { bearer: other, method: 'PUT', url: '/v1/absenties/test-lvs/flow-1', payload: { ...buildAbsentie('flow-1', '2026-03-10', { reden: 'ZK' }), bronId: undefined } })
  await doelwit.attack(KLASSE, { bearer: other, method: 'POST', url: '/v1/momentopnamen', payload: { school: '99AA', vestiging: '99AA00', van: '2026-03-09', tot: '2026-03-13', opgenomenOp: '2026-03-14T12:00:00Z', absenties: [] } }, ({ statusCode, body }) => statusCode >= 400 || /"ingetrokken":0/.test(body))
  t.match((await doelwit.inject({ url: '/v1/absenties/test-lvs/flow-1?school=99AA' })).json(), { reden: 'SPIJ' }, 'what a bron brought stays its own')
  for (const gewijzigdOp of ['275760-09-13T00:00:00Z', '0001-01-01T00:00:00Z', '2026-03-10T09:00:00', '-1']) {
    await doelwit.attack(KLASSE, { method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('flow-1', '2026-03-10', { gewijzigdOp })] } }, ({ body }) => /"(afgewezen|verouderd)":1/.test(body))
  }
  const { signalen } = (await doelwit.inject({ url: '/v1/signalen?limit=1' })).json<{ signalen: Array<{ id: string }> }>()
  for (const { id } of signalen) for (const besluit of ['vervallen', 'open', 'gemeld ', 'GEMELD', '']) await doelwit.attack(KLASSE, { method: 'POST', url: `/v1/signalen/${id}/beoordelingen`, payload: { besluit } })
}

/** Addresses that are to be fetched: the API takes none, so nothing comes by, wherever one is written. */
export async function attackUrls (t: Test, doelwit: Doelwit): Promise<void> {
  const KLASSE = 'URLs to fetch'
  const canary = await startCanary(t)
  for (const { operationId, body, parameters } of operaties) {
    doelwit.count(KLASSE, `${operationId} takes a URL`, !/"format":"(uri|url|iri|hostname)"/.test(JSON.stringify([parameters, ...(body === undefined ? [] : listObjects(body, '').map(([, object]) => object))])))
  }
  for (const url of [`${canary.origin}/kern`, 'http://169.254.169.254/latest/meta-data', 'file:///etc/passwd', `gopher://127.0.0.1:${new URL(canary.origin).port}/x`, `\\\\127.0.0.1@${new URL(canary.origin).port}\\x`]) {
    for (const name of ['host', 'x-forwarded-host', 'forwarded', 'referer', 'origin', 'x-original-url', 'link', 'x-wap-profile', 'callback-url', 'destination']) {
      await doelwit.attack(KLASSE, { url: '/v1/absenties?school=99AA&limit=1', headers: { [name]: url } }, ({ statusCode, headers }) => statusCode < 400 && !String(headers.link).includes(new URL(canary.origin).host))
    }
    await doelwit.attack(KLASSE, { method: 'PUT', url: '/v1/vestigingen/99AA00', payload: { naam: url, sector: 'po', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 60 } }, ({ statusCode }) => statusCode === 200)
    for (const field of ['callback', 'webhook', 'url', '$ref', '@context']) await doelwit.attack(KLASSE, { method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school: '99AA', periode: '2026-03', [field]: url } })
    await doelwit.attack(KLASSE, { method: 'POST', url: '/v1/absenties/_bulk', payload: `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "${url}">]><a>&b;</a>`, headers: { 'content-type': 'application/xml' } })
  }
  t.strictSame(canary.hits, [], 'nobody came by')
}
