import { enableCompileCache } from 'node:module'
import { ConfigError, readConfig, type Config } from './config.ts'
import { EmbeddedError } from './db/embedded.ts'
import { MigrationError } from './db/migrate.ts'
import { Herstelfout } from './errors.ts'

// Stripped types and compiled code of an earlier start.
enableCompileCache()

type Command = (config: Config, argv: readonly string[]) => Promise<number>

/** Each command is loaded when it is asked for: `token` needs no database driver, `serve` no generator. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  serve: async () => (await import('./commands/serve.ts')).runServe,
  demo: async () => (await import('./demo/command.ts')).runDemo,
  job: async () => (await import('./jobs/command.ts')).runJob,
  migrate: async () => (await import('./commands/migrate.ts')).runMigrate,
  levering: async () => (await import('./commands/levering.ts')).runLevering,
  token: async () => (await import('./commands/token.ts')).runToken,
  importeer: async () => (await import('./importeren/command.ts')).runImporteer,
  'duo-simulator': async () => (await import('./duosimulator/command.ts')).runDuoSimulator,
  logboek: async () => (await import('./commands/logboek.ts')).runLogboek,
  herstel: async () => (await import('./commands/herstel.ts')).runHerstel,
  contract: async () => (await import('./commands/contract.ts')).runContract
}

/** Says what an operator can act on in one sentence; of anything else where it came from, for the texts of our libraries hold rows. */
async function explain (error: unknown): Promise<string> {
  if (error instanceof ConfigError || error instanceof EmbeddedError || error instanceof MigrationError || error instanceof Herstelfout) return error.message
  const { code, message, port, path } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `Poort ${port} is al in gebruik; kies een andere met PORT=….`
  if (code === 'EACCES' && port !== undefined) return `Poort ${port} mag deze gebruiker niet openen; kies een andere met PORT=….`
  if (path !== undefined && ['EACCES', 'ENOTDIR', 'EROFS', 'ENOSPC', 'EPERM'].includes(code ?? '')) return `Map of bestand ${path} is niet te gebruiken (${code}); kies een andere met DATA_DIR=….`
  if (code === 'ECONNREFUSED') return `De database antwoordt niet: ${message}. Klopt DATABASE_URL, en draait de server?`
  const { describeError } = await import('./http/problem.ts')
  const { naam, bericht, stack, ...meer } = describeError(error) as { naam?: string, bericht?: string, stack?: string[] }
  return [[naam ?? 'Fout', bericht].filter((part) => part !== undefined).join(': '), JSON.stringify(meer), ...stack ?? []].join('\n')
}

// What nobody waited for ends the process too, and Node itself would print all of the error.
process.on('uncaughtException', (error) => {
  explain(error).then((text) => { process.stderr.write(`${text}\n`, () => { process.exit(1) }) }, () => { process.exit(1) })
})

const [name = '', ...argv] = process.argv.slice(2)
const load = COMMANDS[name]
if (load === undefined) {
  process.stderr.write(`Gebruik: node src/main.ts ${Object.keys(COMMANDS).join(' | ')}\n`)
  process.exitCode = 2
} else {
  try {
    const run = await load()
    process.exitCode = await run(readConfig(), argv)
  } catch (error) {
    process.stderr.write(`${await explain(error)}\n`)
    process.exitCode = 1
  }
}
