import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildSchema, getNullableType, isEnumType, isListType, isNonNullType, isObjectType, type GraphQLObjectType, type GraphQLOutputType } from 'graphql'
import t from 'tap'
import { parse } from 'yaml'
import { renderOpenapi } from '../src/commands/contract.ts'
import { FOUTCODES } from '../src/errors.ts'
import { RECHTEN } from '../src/toegang/rechten.ts'

interface Json { readonly type?: string | readonly string[], readonly format?: string, readonly enum?: ReadonlyArray<string | null>, readonly $ref?: string, readonly items?: Json, readonly properties?: Readonly<Record<string, Json>>, readonly required?: readonly string[] }
interface Operation { readonly operationId: string, readonly summary?: string, readonly tags: readonly string[], readonly security: ReadonlyArray<Record<string, readonly string[]>>, readonly parameters?: ReadonlyArray<{ name: string, in: string, schema: Json }>, readonly responses: Record<string, { headers?: Record<string, unknown>, $ref?: string }> }
interface Openapi {
  readonly info: { readonly version: string, readonly contact: Record<string, string> }
  readonly servers: ReadonlyArray<{ readonly url: string }>
  readonly tags: ReadonlyArray<{ readonly name: string }>
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> }
}

/** Asked by anybody, without a token. */
const OPENBAAR = ['getOpenapi', 'listVerwerkingsactiviteiten']

const root = join(import.meta.dirname, '..')
const read = (file: string): string => existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : ''
const rendered = await renderOpenapi()
const api = parse(rendered) as Openapi
const operations = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })))

t.test('openapi.yaml is what the registered routes say', async (t) => {
  const [here, there] = [read('openapi.yaml').split('\n'), rendered.split('\n')]
  const at = there.findIndex((line, number) => line !== here[number])
  t.strictSame(at === -1 ? [] : [at + 1, here[at], there[at]], [], 'the first line that differs; run: npm run contract')
  t.equal(here.length, there.length)
})

t.test('every error code is in the contract and in README, and no other', async (t) => {
  const codes = Object.keys(FOUTCODES).sort()
  t.strictSame([...api.components.schemas['Probleem']!.properties!['code']!.enum!].sort(), codes)
  const [, section = ''] = read('README.md').split(/^## Foutcodes$/m)
  const rows = section.split(/^## /m)[0]!.split('\n').flatMap((line) => {
    const [, code, status] = /^\| `([a-z-]+)` \| (\d{3}) \|/.exec(line) ?? []
    return code === undefined ? [] : [[code, Number(status)] as const]
  })
  t.strictSame(Object.fromEntries(rows), Object.fromEntries(codes.map((code) => [code, FOUTCODES[code as keyof typeof FOUTCODES][0]])), 'README, Foutcodes: | `code` | status | …')
})

t.test('every operation says who it is, where it belongs and what right it asks', async (t) => {
  const ids = operations.map(({ operationId }) => operationId)
  t.strictSame(ids.filter((id, at) => id === undefined || ids.indexOf(id) !== at), [], 'operationIds are unique')
  const tags = api.tags.map(({ name }) => name)
  for (const { path, method, operationId, summary, tags: own = [], security } of operations) {
    const name = `${method.toUpperCase()} ${path} (${operationId})`
    t.ok(summary, `${name} has a summary`)
    t.ok(own.length === 1 && tags.includes(own[0]!), `${name} has one known tag`)
    const rechten = security.flatMap((each) => each['toegangsbewijs'] ?? [])
    t.ok(OPENBAAR.includes(operationId) ? rechten.length === 0 : rechten.length === 1 && RECHTEN.includes(rechten[0] as typeof RECHTEN[number]), `${name} asks one right`)
  }
})

t.test('the contract keeps the NLgov API Design Rules that a document can show', async (t) => {
  t.match(api.info.version, /^\d+\.\d+\.\d+$/)
  t.ok(['name', 'email', 'url'].every((field) => api.info.contact[field] !== undefined))
  t.ok(api.servers.every(({ url }) => url.endsWith(`/v${api.info.version.split('.')[0]}`)), 'the major version is in the address')
  t.strictSame(Object.keys(api.paths).filter((path) => !/^(\/([a-z0-9-]+|\{[A-Za-z]+\}))+(\/_[a-z]+)?$|^\/openapi\.json$/.test(path)), [], 'paths are kebab-case, without a slash at the end')
  for (const { path, method, parameters = [], responses } of operations) {
    t.strictSame(parameters.filter(({ in: where, name }) => where === 'query' && !/^[a-z][A-Za-z0-9]*$/.test(name)), [], `${method} ${path}: query keys are camelCase`)
    t.ok(parameters.length === 0 || '400' in responses, `${method} ${path}: may answer 400`)
    for (const [status, answer] of Object.entries(responses)) t.ok(status < '400' ? answer.headers?.['API-Version'] : answer.$ref?.endsWith('/Probleem'), `${method} ${path} ${status}`)
  }
})

const RULESET = join(root, '..', 'shared', 'adr', 'linter-v2.2.0-rc.1-main-c780316.yaml')
t.test('the official linter of the NLgov API Design Rules finds no error', { skip: existsSync(RULESET) ? false : 'the ruleset is not beside this project' }, async (t) => {
  const manifest = createRequire(import.meta.url).resolve('@stoplight/spectral-cli/package.json')
  const { stdout, stderr } = spawnSync(process.execPath, [join(manifest, '..', 'dist', 'index.js'), 'lint', '--ruleset', RULESET, '--format', 'json', '--quiet', join(root, 'openapi.yaml')], { encoding: 'utf8' })
  t.equal(stderr, '')
  const findings = JSON.parse(stdout) as Array<{ severity: number, code: string, path: string[], message: string }>
  t.strictSame(findings.filter(({ severity }) => severity === 0).map(({ code, path, message }) => `${code} ${path.join('.')}: ${message}`), [])
  t.comment(`${findings.filter(({ severity }) => severity === 1).length} warnings: ${[...new Set(findings.map(({ code }) => code))].join(', ')}`)
})

// What SDL names otherwise, and what only a graph has.
const RENAMED: Readonly<Record<string, string>> = { 'Vestiging.vestiging': 'code' }
const ONLY_SDL = ['absenties', 'id', 'leerlingen', 'leerlinggegevens', 'signalen', 'statistieken']
const SCALARS: Readonly<Record<string, readonly string[]>> = { string: ['String', 'ID'], date: ['Datum'], 'date-time': ['Tijdstip'], integer: ['Int'], number: ['Float'], boolean: ['Boolean'] }

/** Where a type of the SDL says something else than the REST answer of the same data. */
function findDifferences (named: Json, type: GraphQLOutputType, at: string): string[] {
  const json = named.$ref === undefined ? named : api.components.schemas[named.$ref.split('/').at(-1)!]!
  const types = [json.type ?? 'object'].flat()
  const inner = getNullableType(type)
  const nullable = types.includes('null') === isNonNullType(type) ? [`${at}: only one of the two may be null`] : []
  if (isListType(inner)) return [...nullable, ...(json.items === undefined ? [`${at}: no list in REST`] : findDifferences(json.items, inner.ofType as GraphQLOutputType, `${at}[]`))]
  if (isObjectType(inner)) return [...nullable, ...(json.properties === undefined ? [`${at}: no object in REST`] : findFieldDifferences(json, inner))]
  if (isEnumType(inner)) {
    const [here, there] = [inner.getValues().map(({ name }) => name.replaceAll('_', '-')).join(), json.enum?.filter((value) => value !== null).join()]
    return here === there ? nullable : [...nullable, `${at}: ${here} is not ${there}`]
  }
  const expected = SCALARS[json.format ?? ''] ?? SCALARS[types[0]!]
  return expected?.includes(inner.name) === true && json.enum === undefined ? nullable : [...nullable, `${at}: ${inner.name} is not ${types.join()}`]
}

function findFieldDifferences (json: Json, type: GraphQLObjectType): string[] {
  const fields = type.getFields()
  const names = Object.keys(json.properties!).map((name) => [name, RENAMED[`${type.name}.${name}`] ?? name] as const)
  const extra = Object.keys(fields).filter((name) => !names.some(([, other]) => other === name) && !ONLY_SDL.includes(name))
  return [...extra.map((name) => `${type.name}.${name}: not in REST`), ...names.flatMap(([name, other]) => {
    const field = fields[other]
    return field === undefined ? [`${type.name}.${other}: only in REST`] : findDifferences(json.properties![name]!, field.type, `${type.name}.${other}`)
  })]
}

t.test('what GraphQL answers has the fields, the nulls and the values of REST', { skip: read('schema.graphql') === '' ? 'there is no schema.graphql' : false }, async (t) => {
  const compare = (sdl: string): string[] => ['Absentie', 'Leerling', 'Signaal', 'Vestiging'].flatMap((name) => findFieldDifferences(api.components.schemas[name]!, buildSchema(sdl).getType(name) as GraphQLObjectType))
  const sdl = read('schema.graphql')
  t.strictSame(compare(sdl), [])
  const planted = sdl.replace('  te_laat\n', '').replace('geboortedatum: Datum\n', 'geboortedatum: Datum!\n').replace('gemeten: Int!', 'geteld: Int!').replace('naam: String!', 'naam: Int!')
  t.equal(compare(planted).length, 5, 'what was planted is found')
})
