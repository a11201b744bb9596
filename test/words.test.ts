import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { buildSchema, isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql'
import t from 'tap'
import ts from 'typescript'
import { parse as parseYaml } from 'yaml'

const root = join(import.meta.dirname, '..')
const src = join(root, 'src')

interface Synoniem { readonly words: readonly string[], readonly banned: string, readonly instead: string, readonly everywhere: boolean }
interface Text { readonly text: string, readonly at: string, readonly kind: 'name' | 'comment' }

/** The words of an identifier or a sentence, lower case: camelCase, snake_case, kebab-case and spaces all separate. */
function splitWords (text: string): string[] {
  return (text.match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{N}+/gu) ?? []).map((word) => word.toLowerCase())
}

/** Equal, or its English or Dutch plural. */
function isForm (word: string | undefined, of: string): boolean {
  return word !== undefined && (word === of || word === `${of}s` || word === `${of}es` || word === `${of}en` || word === of.replace(/y$/, 'ies'))
}

/** A banned word as a word part, or a banned phrase as consecutive parts or written as one. */
function occursIn (words: readonly string[], phrase: readonly string[]): boolean {
  return words.some((word, start) => isForm(word, phrase.join('')) ||
    phrase.every((part, i) => i < phrase.length - 1 ? words[start + i] === part : isForm(words[start + i], part)))
}

/** One line for each banned word in each text; a sentence or a clause is never read across its punctuation. */
function findSynoniemen (texts: readonly Text[], synoniemen: readonly Synoniem[]): string[] {
  return texts.flatMap(({ text, at, kind }) => text.split(/[.,;:!?()|]/).flatMap((clause) => {
    const words = splitWords(clause)
    return synoniemen
      .filter((synoniem) => (kind === 'name' || synoniem.everywhere) && occursIn(words, synoniem.words))
      .map(({ banned, instead }) => `${at}: ${kind} "${clause.trim()}" says "${banned}", we say "${instead}"`)
  }))
}

/** The cells of the first table under a heading. */
function parseTable (markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n')
  const start = lines.findIndex((line) => new RegExp(`^#+ ${heading}$`).test(line))
  if (start < 0) return []
  const after = lines.slice(start + 1)
  const end = after.findIndex((line) => /^#+ /.test(line))
  return (end < 0 ? after : after.slice(0, end))
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()))
}

function parseSynoniemen (rows: readonly string[][]): Synoniem[] {
  return rows.map(([banned = '', instead = '', where]) => ({ banned, instead, words: splitWords(banned), everywhere: where === 'overal' }))
}

/** Identifiers, unquoted or quoted property names, and comments of one TypeScript file; texts in strings are Dutch and not looked at. */
function readTypescript (file: string, code: string): Text[] {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.ESNext, true)
  const texts: Text[] = []
  const comments = new Map<number, number>()
  const at = (position: number): string => `${file}:${source.getLineAndCharacterOfPosition(position).line + 1}`
  const visit = (node: ts.Node): void => {
    const isKey = ts.isStringLiteral(node) && ts.isPropertyAssignment(node.parent) && node.parent.name === node
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node) || isKey) texts.push({ text: node.text, at: at(node.getStart(source)), kind: 'name' })
    const children = node.getChildren(source)
    if (children.length === 0 && node.kind !== ts.SyntaxKind.JsxText) {
      for (const range of ts.getLeadingCommentRanges(code, node.getFullStart()) ?? []) comments.set(range.pos, range.end)
      for (const range of ts.getTrailingCommentRanges(code, node.getEnd()) ?? []) comments.set(range.pos, range.end)
    }
    children.forEach(visit)
  }
  visit(source)
  for (const [from, to] of comments) texts.push({ text: code.slice(from, to), at: at(from), kind: 'comment' })
  return texts
}

/** Names of types, fields, arguments and enum values. */
function readSdl (sdl: string): Text[] {
  const types = Object.values(buildSchema(sdl).getTypeMap()).filter(({ name }) => !name.startsWith('__'))
  const names = types.flatMap((type): string[] => {
    if (isObjectType(type) || isInterfaceType(type)) return [type.name, ...Object.values(type.getFields()).flatMap((field) => [field.name, ...field.args.map(({ name }) => name)])]
    if (isInputObjectType(type)) return [type.name, ...Object.keys(type.getFields())]
    return isEnumType(type) ? [type.name, ...type.getValues().map(({ name }) => name)] : [type.name]
  })
  return [...new Set(names)].map((text) => ({ text, at: 'schema.graphql', kind: 'name' }))
}

/** Paths, operation ids, parameter names, property names, schema names and enum values. */
function readOpenapi (yaml: string): Text[] {
  const names = new Set<string>()
  const add = (value: unknown): void => { if (typeof value === 'string') names.add(value) }
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, value] of Object.entries(node)) {
      if (['paths', 'properties', 'schemas', 'parameters'].includes(key) && !Array.isArray(value)) Object.keys(value ?? {}).forEach(add)
      if (key === 'operationId' || (key === 'name' && 'in' in node)) add(value)
      if (key === 'enum' && Array.isArray(value)) value.forEach(add)
      if (key !== 'example' && key !== 'examples') visit(value)
    }
  }
  visit(parseYaml(yaml))
  return [...names].map((text) => ({ text, at: 'openapi.yaml', kind: 'name' }))
}

const VAGUE = ['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'managers']

/** What is wrong with the name of a file or a directory on this path; nothing is the empty list. */
function checkPath (path: string): string[] {
  return path.split('/').flatMap((part) => [
    ...(/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?$/.test(part) ? [] : [`${path}: "${part}" is not kebab-case`]),
    ...(splitWords(part).some((word) => VAGUE.includes(word)) ? [`${path}: "${part}" does not name what it knows`] : [])
  ])
}

const listFiles = (extension = ''): string[] => readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
  .map((entry) => join(entry.parentPath, entry.name))

const readme = readFileSync(join(root, 'README.md'), 'utf8')
const woordenlijst = parseTable(readme, 'Woordenlijst')
const verboden = parseTable(readme, 'Verboden synoniemen')
const synoniemen = parseSynoniemen(verboden)

t.test('a name falls apart into its words, however it is written', async (t) => {
  for (const [text, words] of [
    ['lesuurMinuten', ['lesuur', 'minuten']],
    ['LESUUR_MINUTEN', ['lesuur', 'minuten']],
    ['wettelijk-16-uur', ['wettelijk', '16', 'uur']],
    ['parseJSONBody', ['parse', 'json', 'body']],
    ['SchoolSiteId', ['school', 'site', 'id']],
    ['/v1/leerlingen/{bronId}', ['v', '1', 'leerlingen', 'bron', 'id']],
    ['coördinator', ['coördinator']],
    ['', []]
  ] as const) t.strictSame(splitWords(text), words, text)
})

t.test('a planted synonym is found as a whole word part, and nothing else is', async (t) => {
  const planted = parseSynoniemen([['pupil', 'leerling', 'overal'], ['school site', 'vestiging', 'overal'], ['category', 'categorie', 'namen']])
  const count = (code: string): number => findSynoniemen(readTypescript('planted.ts', code), planted).length
  for (const [code, found] of [
    ['const pupilId = 1', 1],
    ['const listPupils = 1', 1],
    ['const school_site = 1', 1],
    ['const schoolsites = { schoolSites: 1 }', 2],
    ["const x = { 'pupil-key': 1 }", 1],
    ['class A { #pupil = 1 }', 1],
    ['/** The pupil. */\nconst x = 1', 1],
    ['function f () {\n  // at the school\n  // site\n}', 0],
    ['function f () {\n  /* at the school\n     site */\n}', 1],
    ['const x = 1 // of the school. Site two', 0],
    ['const x = f(1 /* pupil */, `pupil`)', 1],
    ['const categories = 1 // a category', 1],
    ['const pupillary = "pupil" // schoolsiteless', 0],
    ['const x = /pupil/', 0]
  ] as const) t.equal(count(code), found, code)
})

t.test('a planted name in a contract is found', async (t) => {
  const planted = parseSynoniemen([['pupil', 'leerling', 'overal']])
  const sdl = '"""A pupil."""\ntype Query { pupils(pupilId: ID): Kind }\nenum Kind { PUPIL }'
  t.equal(findSynoniemen(readSdl(sdl), planted).length, 3)
  const yaml = `
paths:
  /v1/pupils/{id}:
    get:
      operationId: getPupil
      description: The pupil.
      parameters: [{ name: pupil_id, in: query, schema: { enum: [no-pupil] } }]
components: { schemas: { Pupil: { properties: { pupilName: { type: string, example: pupil } } } } }`
  t.equal(findSynoniemen(readOpenapi(yaml), planted).length, 6)
})

t.test('a planted file name is refused', async (t) => {
  t.strictSame(checkPath('domain/count-lesweken.ts'), [])
  for (const path of ['domain/countLesweken.ts', 'domain/utils.ts', 'common/datum.ts', 'db/date-helpers.ts', 'pool-manager.ts', 'Domain/datum.ts']) t.equal(checkPath(path).length, 1, path)
})

t.test('the glossary has one word for each thing', async (t) => {
  t.ok(woordenlijst.length > 0, 'README.md has a table under Woordenlijst')
  t.ok(verboden.length > 0, 'README.md has a table under Verboden synoniemen')
  const terms = woordenlijst.map(([term]) => term)
  t.strictSame(terms.filter((term, i) => terms.indexOf(term) !== i), [], 'no word twice')
  t.strictSame(woordenlijst.filter((row) => row.length !== 3 || row.includes('')), [], 'every word has its English and its meaning')
  t.strictSame(verboden.filter(([, , where]) => where !== 'overal' && where !== 'namen'), [], 'every synonym says where it is banned')
  t.strictSame(synoniemen.filter(({ instead }) => !terms.includes(instead)).map(({ banned, instead }) => `${banned} → ${instead}`), [], 'what we say instead is in the glossary')
  t.strictSame(findSynoniemen(terms.map((text = '') => ({ text, at: 'README.md', kind: 'name' })), synoniemen), [], 'no word of the glossary is banned')
})

t.test('no banned synonym occurs in a name or a comment of the source', async (t) => {
  const texts = listFiles('.ts').flatMap((file) => readTypescript(relative(root, file), readFileSync(file, 'utf8')))
  t.ok(texts.length > 0)
  t.strictSame(findSynoniemen(texts, synoniemen), [])
})

t.test('no banned synonym occurs in a name of the contracts', async (t) => {
  t.strictSame(findSynoniemen(readSdl(readFileSync(join(root, 'schema.graphql'), 'utf8')), synoniemen), [], 'schema.graphql')
  t.strictSame(findSynoniemen(readOpenapi(readFileSync(join(root, 'openapi.yaml'), 'utf8')), synoniemen), [], 'openapi.yaml')
})

t.test('files are kebab-case and named after the one thing they know', async (t) => {
  const paths = listFiles().map((file) => relative(src, file).split(sep).join('/'))
  t.strictSame(paths.flatMap(checkPath), [])
  t.strictSame(findSynoniemen(paths.map((text) => ({ text, at: `src/${text}`, kind: 'name' })), synoniemen), [])
})
