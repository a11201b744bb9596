import { parseArgs } from 'node:util'
import { openHersteld } from '../bewaring/opening.ts'
import { isDatum, type Datum } from '../domain/datum.ts'
import { isBrin } from '../domain/identificatie.ts'
import { systemActor } from '../toegang/service.ts'
import { LEVERINGEN, runLeveringen } from './leveringen.ts'
import { NACHTELIJK, Nachtfout, runNacht } from './nachtelijk.ts'
import * as store from './store.ts'
import type { App } from '../app.ts'
import type { Config } from '../config.ts'

const GEBRUIK = `Gebruik: npm run job -- ${NACHTELIJK} [--peildatum 2026-10-01] [--school 99AA] [--volledig]
         npm run job -- ${LEVERINGEN} [--school 99AA]`
const OPTIES: Readonly<Record<string, readonly string[]>> = { [NACHTELIJK]: ['peildatum', 'school', 'volledig'], [LEVERINGEN]: ['school'] }
const KENT = `deze dienst kent: ${Object.keys(OPTIES).join(' en ')}.`

export interface Opdracht { readonly job: string, readonly peildatum?: Datum, readonly scholen?: readonly string[], readonly volledig: boolean }

/** `job`: 0 done, 1 a school failed or the run was interrupted, 2 the input is wrong. */
export async function runJob (config: Config, argv: readonly string[]): Promise<number> {
  const opdracht = readOpdracht(argv)
  if ('fouten' in opdracht) {
    process.stderr.write(`${opdracht.fouten.join('\n')}\n${GEBRUIK}\n`)
    return 2
  }
  const app = await openHersteld(config)
  const stop = new AbortController()
  const interrupt = (): void => {
    process.stderr.write('Stopt na deze school; de rest komt bij een volgende run.\n')
    stop.abort()
  }
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  try {
    const bekend = await app.makeCtx(systemActor(opdracht.job, '*')).transaction(store.listScholen)
    const onbekend = (opdracht.scholen ?? []).filter((school) => !bekend.includes(school))
    if (onbekend.length > 0) {
      process.stderr.write(`School ${onbekend.join(', ')} is hier niet bekend.\n`)
      return 2
    }
    return await run(app, opdracht, stop.signal)
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
    await app.close()
  }
}

async function run (app: App, { job, ...opties }: Opdracht, signal: AbortSignal): Promise<number> {
  const melden = (line: string): void => { process.stdout.write(`${line}\n`) }
  if (job === LEVERINGEN) {
    const { mislukt, afgebroken } = await runLeveringen(app, { scholen: opties.scholen, melden, signal })
    return mislukt.length > 0 || afgebroken ? 1 : 0
  }
  try {
    const { afgebroken } = await runNacht(app, { ...opties, melden, signal })
    return afgebroken ? 1 : 0
  } catch (error) {
    if (!(error instanceof Nachtfout)) throw error
    process.stderr.write(`${error.message}.\n`)
    return 1
  }
}

/** Reads the arguments, or says everything that is wrong with them. */
export function readOpdracht (argv: readonly string[]): Opdracht | { fouten: string[] } {
  const { values, positionals, tokens } = parseArgs({
    args: [...argv], strict: false, allowPositionals: true, tokens: true, options: { peildatum: { type: 'string' }, school: { type: 'string', multiple: true }, volledig: { type: 'boolean' } }
  })
  const fouten: string[] = []
  const [job, ...overig] = positionals
  const kent = OPTIES[job ?? '']
  if (job === undefined) fouten.push(`Welke job? ${KENT.replace('deze', 'Deze')}`)
  else if (kent === undefined) fouten.push(`De job ${job} bestaat niet; ${KENT}`)
  if (overig.length > 0) fouten.push(`Te veel argumenten: ${overig.join(' ')}.`)
  for (const token of tokens) {
    if (token.kind === 'option' && !(kent ?? Object.values(OPTIES).flat()).includes(token.name)) fouten.push(`De optie ${token.rawName} bestaat niet${kent === undefined ? '' : ` bij ${job}`}.`)
  }
  const { peildatum, school: scholen, volledig } = values
  if (peildatum !== undefined && !(typeof peildatum === 'string' && isDatum(peildatum))) fouten.push('--peildatum is geen bestaande datum; schrijf JJJJ-MM-DD, zoals 2026-10-01.')
  if (scholen !== undefined && !(Array.isArray(scholen) && scholen.every((school) => typeof school === 'string' && isBrin(school)))) fouten.push('--school is geen BRIN: twee cijfers en twee hoofdletters, zoals 99AA.')
  if (job === undefined || fouten.length > 0) return { fouten }
  return {
    job,
    ...(peildatum === undefined ? {} : { peildatum: peildatum as Datum }),
    ...(scholen === undefined ? {} : { scholen: scholen as string[] }),
    volledig: volledig === true
  }
}
