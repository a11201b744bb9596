import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import t from 'tap'
import { startDienst } from './bench/dienst.ts'
import { FOUTCODES } from '../src/errors.ts'

const run = promisify(execFile)
const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

t.test('the tour works as it is printed', async (t) => {
  const tour = README.split('<!-- rondleiding')[1]!.split('<!-- einde rondleiding')[0]!
  const blocks = [...tour.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!)
  t.equal(blocks.length, 7)
  const dienst = await startDienst(undefined)
  t.teardown(async () => { await dienst.stop() })
  const script = blocks.map((block) => `${block}\nprintf '\\n@@@@\\n'`).join('\n').replaceAll('http://127.0.0.1:3000', dienst.url)
  const { stdout, stderr } = await run('bash', ['-eu', '-c', script], { cwd: new URL('..', import.meta.url), env: { ...process.env, DATA_DIR: dienst.dataDir }, timeout: 90_000 })
  const [, stam, absenties, signaal, correctie, nacht, graphql] = stdout.split('@@@@\n').map((part) => part.trim())

  t.notMatch(stdout, /urn:aanwezig:fout/, `nothing was refused as a whole ${stderr}`)
  t.match(stam, /"naam":"De Waaier".*"resultaat":"nieuw"/s)
  t.match(absenties, /"aantallen":\{"nieuw":2,"gewijzigd":0,"ongewijzigd":0,"ingetrokken":0,"verouderd":0,"inWacht":1,"afgewezen":1\}/)
  t.match(signaal, /"minuten":800,"drempelMinuten":800,"uiterlijkMelden":"2026-09-15","status":"open".*"marges":\[/s)
  t.match(correctie, /"resultaat":"gewijzigd".*"status":"vervallen".*"versies":\[.*"reden":"SPIJ".*"reden":"ZK"/s)
  t.match(nacht, /"periode":"2026-W37".*VESTIGINGSCODE.*"sha256"/s)
  t.match(graphql, /"bronId":"L-1".*"categorie":"ongeoorloofd".*"status":"vervallen"/s)
})

t.test('the table of foutcodes is the list', async (t) => {
  const listed = [...README.split('## Foutcodes')[1]!.split('\n## ')[0]!.matchAll(/^\| `([a-z-]+)` \| (\d+) \| (.+?) \|$/gm)].map(([, code, status, title]) => [code, Number(status), title])
  t.strictSame(listed, Object.entries(FOUTCODES).map(([code, [status, title]]) => [code, status, title]))
})

t.test('the table of settings is what the configuration reads', async (t) => {
  const source = readFileSync(new URL('../src/config.ts', import.meta.url), 'utf8')
  const read = [...source.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, name]) => name)
  const table = README.split('## Running it for real')[1]!.split('\n## ')[0]!
  t.ok(read.length > 8)
  for (const name of read) t.match(table, `\`${name}\``, `${name} is explained`)
})
