import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'
import t from 'tap'
import { OWNERS } from '../src/db/tables.ts'

const GROUND = ['context', 'errors', 'http', 'db', 'domain']
const FACTS = ['aanleveringen', 'absenties', 'leerlingen', 'toegang', 'verwerkingen']
/** What a room, one file of it, or a kind of file may import beside GROUND and itself: rooms, or one file of a room. `jobs`, `commands` and `demo` stand in nobody's list but the starters'. */
const ARROWS: Record<string, readonly string[]> = {
  domain: [],
  db: ['domain', 'errors'],
  http: ['toegang', 'app', 'config'],
  graphql: ['app', 'absenties', 'leerlingen', 'signalen', 'statistiek', 'toegang'],
  resolvers: ['graphql', 'leerlingen/loaders'],
  loaders: ['graphql', 'leerlingen/loaders'],
  toegang: [],
  verwerkingen: ['toegang'],
  'verwerkingen/worker': ['app'],
  leerlingen: [...FACTS, 'verzoeken/beperkt', 'bewaring/vernietigd'],
  aanleveringen: ['leerlingen/stam', 'mandaten', 'toegang', 'verwerkingen', 'bewaring/vernietigd'],
  betrekkingen: ['leerlingen', 'toegang', 'verwerkingen'],
  absenties: ['aanleveringen', 'leerlingen/stam', 'mandaten', 'toegang', 'verwerkingen', 'verzoeken/beperkt', 'bewaring/vernietigd'],
  afmeldingen: ['aanleveringen', 'absenties', 'leerlingen/stam', 'mandaten', 'toegang', 'verwerkingen', 'bewaring/vernietigd'],
  bronnen: ['aanleveringen', 'absenties', 'leerlingen/stam', 'toegang', 'verwerkingen'],
  herzieningen: ['aanleveringen', 'absenties', 'afmeldingen', 'leerlingen/stam', 'mandaten', 'signalen', 'toegang', 'verwerkingen'],
  beleid: FACTS,
  dekking: ['leerlingen/stam', 'toegang', 'verwerkingen'],
  regels: ['beleid/contract', 'bronnen', 'leerlingen/stam', 'toegang', 'verwerkingen', 'verzoeken/beperkt'],
  proefberekeningen: ['beleid', 'leerlingen/stam', 'regels', 'toegang', 'verwerkingen'],
  signalen: ['absenties', 'afmeldingen', 'leerlingen/stam', 'regels', 'toegang', 'verwerkingen', 'verzoeken/beperkt', 'bewaring/vernietigd'],
  'signalen/worker': ['app'],
  uitzonderingen: ['leerlingen/stam', 'toegang', 'verwerkingen'],
  mandaten: ['leerlingen/stam', 'toegang'],
  verzoeken: ['bewaring', 'leerlingen/stam', 'toegang', 'uitzonderingen', 'verwerkingen'],
  inzage: ['leerlingen/stam', 'toegang', 'verwerkingen', 'verzoeken'],
  overdrachten: ['leerlingen/stam', 'regels', 'toegang', 'verwerkingen', 'verzoeken/beperkt'],
  meldingen: ['absenties', 'leerlingen/stam', 'mandaten', 'signalen', 'toegang', 'verwerkingen', 'verzoeken/beperkt'],
  statistiek: ['leerlingen/stam', 'toegang', 'verwerkingen', 'bewaring/vernietigd'],
  duo: [...FACTS, 'mandaten', 'signalen', 'statistiek', 'bewaring/vernietigd'],
  bewaring: [...FACTS, 'afmeldingen', 'duo', 'meldingen', 'signalen', 'uitzonderingen'],
  'bewaring/opening': ['app', 'config'],
  verzending: ['duo/bestanden', 'config'],
  'verzending/worker': ['app', 'meldingen', 'toegang'],
  duosimulator: ['config', 'verzending/handtekening', 'verzending/soap', 'verzending/soap-vsv', 'verzending/vsv', 'verzending/xml'],
  importeren: ['absenties', 'leerlingen', 'toegang'],
  'importeren/command': ['app', 'config'],
  jobs: [...FACTS, 'afmeldingen', 'app', 'beleid', 'config', 'duo', 'meldingen', 'signalen', 'statistiek', 'verzoeken', 'bewaring'],
  commands: ['app', 'config', 'duo', 'jobs', 'server', 'signalen/worker', 'toegang', 'verwerkingen', 'verzending/worker', 'bewaring'],
  demo: ['app', 'config', 'jobs', 'server', 'signalen/worker', 'verzending/worker', 'duosimulator/simulator', 'toegang', 'beleid/contract', 'duo/contract', 'meldingen/contract', 'proefberekeningen/contract', 'regels/contract', 'signalen/contract', 'statistiek/contract']
}
/** Beleid changes facts of others, and bewaring ends them: in the owner's own store, within one transaction. */
const FOREIGN_STORES = ['beleid/service.ts → absenties/store.ts', 'beleid/service.ts → leerlingen/store.ts',
  ...['aanleveringen', 'absenties', 'afmeldingen', 'leerlingen', 'meldingen', 'signalen', 'uitzonderingen'].map((room) => `bewaring/vernietigen.ts → ${room}/store.ts`),
  ...['aanleveringen', 'absenties', 'afmeldingen', 'duo', 'verwerkingen'].map((room) => `bewaring/service.ts → ${room}/store.ts`)]
const KINDS: Record<string, { readonly may: RegExp } | { readonly never: RegExp }> = {
  'routes.ts': { may: /^(node:|zod$|http\/(rest|velden|ndjson)\.ts$|domain\/|\w+\/(contract|service)\.ts$)/ },
  'resolvers.ts': { may: /^(node:|zod$|graphql$|context\.ts$|http\/(rest|velden)\.ts$|graphql\/|domain\/|\w+\/(contract|service|loaders)\.ts$)/ },
  'contract.ts': { may: /^(zod$|http\/velden\.ts$|domain\/|\w+\/contract\.ts$|duo\/indeling-[a-z]+\.ts$)/ }, // the columns of a layout are its contract
  'loaders.ts': { never: /^(fastify|mercurius|\w+\/(store|resolvers)\.ts$)/ },
  'store.ts': { never: /^(fastify|mercurius|graphql|(?!toegang\/)\w+\/service\.ts$)/ },
  'service.ts': { never: /^(fastify|mercurius|graphql)/ }
}
const GLOBALS: ReadonlyArray<[RegExp, readonly string[]]> = [
  [/process\.env/, ['config.ts']],
  [/new Date\(\)|Date\.now\(\)/, ['app.ts', 'db/embedded.ts', 'duosimulator/command.ts']], // the clock is injected by app.ts; embedded.ts waits for another process in real time; the simulator is a process of its own
  [/\bconsole\./, []]
]

type Sources = ReadonlyMap<string, string>
interface Import { readonly from: string, readonly to: string, readonly typeOnly: boolean }

const roomOf = (file: string): string => file.includes('/') ? file.slice(0, file.indexOf('/')) : ''
const nameOf = (file: string): string => file.replace(/\.ts$/, '')
const isOurs = (file: string): boolean => file.endsWith('.ts')
const show = ({ from, to }: Import): string => `${from} → ${to}`

/** Every import, also a dynamic one; `to` is a path within src, or a package. */
function listImports (sources: Sources): Import[] {
  return [...sources].flatMap(([from, code]) => [...code.matchAll(/^(?:import|export)\s(type\s)?[^'=;]*?from '([^']+)'|\bimport\('([^']+)'\)/gm)].map(([, type, fixed, loaded]) => {
    const target = fixed ?? loaded!
    return { from, to: target.startsWith('.') ? posix.join(posix.dirname(from), target) : target, typeOnly: type !== undefined }
  }))
}

/** Types vanish before anything loads. */
function findCycles (sources: Sources): string[] {
  const next = Map.groupBy(listImports(sources).filter(({ typeOnly }) => !typeOnly), ({ from }) => from)
  const seen = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [[...path.slice(path.indexOf(file)), file].join(' → ')]
    if (seen.has(file)) return []
    seen.add(file)
    return (next.get(file) ?? []).flatMap(({ to }) => visit(to, [...path, file]))
  }
  return [...sources.keys()].flatMap((file) => visit(file, []))
}

function breaksKind ({ from, to }: Import): boolean {
  const kind = roomOf(from) === 'commands' ? undefined : KINDS[posix.basename(from)]
  return kind !== undefined && ('may' in kind ? !kind.may.test(to) : kind.never.test(to))
}

function breaksArrow (found: Import): boolean {
  const { from, to, typeOnly } = found
  const [room, other] = [roomOf(from), roomOf(to)]
  if (!isOurs(to) || room === '' || room === other) return false
  const allowed = [...(['domain', 'db'].includes(room) ? [] : GROUND), ...ARROWS[room] ?? [], ...ARROWS[nameOf(from)] ?? [], ...ARROWS[nameOf(posix.basename(from))] ?? []]
  const foreignStore = posix.basename(to) === 'store.ts' && !typeOnly && !FOREIGN_STORES.includes(show(found))
  return foreignStore || !(allowed.includes(other) || allowed.includes(nameOf(to)))
}

/** Statements that write a table of another room; anyone may put work on the two lists that signalen and statistiek empty. */
function findForeignWrites ([file, code]: readonly [string, string]): string[] {
  return [...code.matchAll(/\b(insert into|delete from|update) (\w+)/g)].flatMap(([statement, verb, table]) => {
    const owner = (OWNERS as Record<string, string>)[table!]
    return owner === undefined || owner === roomOf(file) || (verb === 'insert into' && table!.endsWith('_markering')) ? [] : [`${file}: ${statement}`]
  })
}

const RULES: ReadonlyArray<{ readonly rule: string, readonly find: (sources: Sources) => string[], readonly planted: Record<string, string>, readonly faults: number }> = [
  {
    rule: 'the domain imports nothing outside itself',
    find: (sources) => listImports(sources).filter(({ from, to }) => roomOf(from) === 'domain' && roomOf(to) !== 'domain').map(show),
    planted: { 'domain/a.ts': "import { z } from 'zod'\nimport type { Tx } from '../db/transaction.ts'\nimport { b } from './b.ts'" },
    faults: 2
  },
  {
    rule: 'no files load each other in a circle',
    find: findCycles,
    planted: { 'a.ts': "import {\n  b\n} from './b.ts'", 'b.ts': "export { c } from './c.ts'\nimport type { a } from './a.ts'", 'c.ts': "const b = await import('./b.ts')" },
    faults: 1
  },
  {
    rule: 'each kind of file imports only what is its own',
    find: (sources) => listImports(sources).filter(breaksKind).map(show),
    planted: { 'duo/routes.ts': "import { a } from './store.ts'", 'duo/store.ts': "import { a } from '../statistiek/service.ts'", 'duo/service.ts': "import type { A } from 'fastify'", 'duo/contract.ts': "import { a } from 'node:crypto'\nimport { b } from '../errors.ts'" },
    faults: 5
  },
  {
    // What a Scope means in SQL is said where a Scope is made.
    rule: 'a service holds no SQL',
    find: (sources) => [...sources].filter(([file, code]) => posix.basename(file) === 'service.ts' && file !== 'toegang/service.ts' && /\bsql(<[^>]*>)?`/.test(code)).map(([file]) => file),
    planted: { 'duo/service.ts': 'const a = sql<A>`select`', 'duo/store.ts': 'const a = sql`select`' },
    faults: 1
  },
  {
    rule: 'rooms import the rooms below them, never a foreign store, the server or the entry',
    find: (sources) => listImports(sources).filter(breaksArrow).map(show),
    planted: { 'leerlingen/service.ts': "import { a } from '../signalen/service.ts'\nimport type { App } from '../app.ts'", 'duo/service.ts': "import { a } from '../statistiek/store.ts'", 'http/rest.ts': "import { a } from '../leerlingen/service.ts'", 'nieuw/service.ts': "import { a } from '../duo/service.ts'" },
    faults: 5
  },
  {
    rule: 'a room writes only the tables it owns',
    find: (sources) => [...sources].filter(([file]) => roomOf(file) !== 'db').flatMap(findForeignWrites),
    planted: { 'duo/store.ts': '`insert into levering` `update signaal s` `insert into evaluatie_markering` `delete from evaluatie_markering m`' },
    faults: 2
  },
  {
    rule: 'the environment, the clock and the output have one place each',
    find: (sources) => GLOBALS.flatMap(([pattern, allowed]) => [...sources].filter(([file, code]) => !allowed.includes(file) && pattern.test(code)).map(([file]) => `${file}: ${pattern.source}`)),
    planted: { 'duo/service.ts': 'process.env.X; new Date(); console.log(1)', 'config.ts': 'process.env' },
    faults: 3
  }
]

const src = join(import.meta.dirname, '..', 'src')
const sources: Sources = new Map(readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(isOurs).map((file) =>
  [file.replaceAll(sep, '/'), readFileSync(join(src, file), 'utf8').replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '')]))

for (const { rule, find, planted, faults } of RULES) {
  t.test(rule, async (t) => {
    t.strictSame(find(sources), [])
    t.equal(find(new Map(Object.entries(planted))).length, faults, 'what was planted is found')
  })
}
t.ok(listImports(sources).length > 200, 'the imports of the whole source were read')
