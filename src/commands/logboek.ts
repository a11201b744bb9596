import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { openApp } from '../app.ts'
import { destroyLogsleutels } from '../bewaring/service.ts'
import { Wisregister } from '../bewaring/wisregister.ts'
import { ConfigError, type Config } from '../config.ts'
import { VERWERKINGDAGEN } from '../domain/bewaartermijn.ts'
import { addDagen, isDatum, type Datum } from '../domain/datum.ts'
import { isBrin } from '../domain/identificatie.ts'
import { systemActor } from '../toegang/service.ts'
import { verifyKeten, type UitgegevenZegel } from '../verwerkingen/controle.ts'
import { deleteVerlopenVerwerkingen, listDagzegels, sealSchool } from '../verwerkingen/service.ts'
import { Collectorfout, exportSpans, postSpans } from '../verwerkingen/uitvoer.ts'
import type { Ctx } from '../context.ts'

const USAGE = `Gebruik: npm run logboek -- HANDELING --school 99AA
  export    --van 2026-03-01 --tot 2026-03-31 [--naar BESTAND]   OTLP/JSON, een bericht per regel; zonder --naar naar LOGBOEK_COLLECTOR
  zegels    [--van 2026-03-01] [--tot 2026-03-31]                laatste zegel van elke dag; bewaar ze buiten deze database
  controle  [--zegel POSITIE:SHA256 …]                           rekent de keten na, ook tegen zegels die zijn uitgegeven
  opruimen  [--voor 2023-01-01]                                  verwijdert wat geheel ouder is dan de termijn van drie jaar
  vernietig --bevestig 99AA                                      vernietigt de sleutel: niemand kan nog zeggen over wie het logboek gaat`

interface Opdracht {
  readonly school: string
  readonly van: Datum | undefined
  readonly tot: Datum | undefined
  readonly voor: Datum | undefined
  readonly naar: string | undefined
  readonly bevestig: string | undefined
  readonly zegels: readonly UitgegevenZegel[]
  readonly collector: string | undefined
}

interface Uitvoering extends Opdracht { readonly register: Wisregister }

type Say = (line: string) => void

const HANDELINGEN: Record<string, { readonly faults: (opdracht: Opdracht) => string[], readonly run: (ctx: Ctx, opdracht: Uitvoering, say: Say) => Promise<number> }> = {
  export: {
    faults: ({ van, tot, naar, collector }) => [
      ...(van === undefined || tot === undefined || van > tot ? ['--van en --tot: de eerste en de laatste dag'] : []),
      ...(naar === undefined && collector === undefined ? ['--naar: een bestand, of stel LOGBOEK_COLLECTOR in'] : [])
    ],
    run: runExport
  },
  zegels: { faults: () => [], run: runZegels },
  controle: { faults: () => [], run: runControle },
  opruimen: { faults: () => [], run: runOpruimen },
  vernietig: { faults: ({ school, bevestig }) => bevestig === school ? [] : [`--bevestig ${school}: dit is niet terug te draaien`], run: runVernietig }
}

/** Everything about the processing log that an operator does; 1 when the chain is broken or the collector did not take all. */
export async function runLogboek (config: Config, argv: readonly string[]): Promise<number> {
  const { handeling, opdracht } = parse(config, argv)
  const app = await openApp({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel })
  try {
    const register = new Wisregister(config.wisregister, app.sleutels, app.now)
    return await handeling.run(app.makeCtx(systemActor('logboek', [opdracht.school])), { ...opdracht, register }, (line) => { process.stdout.write(`${line}\n`) })
  } finally {
    await app.close()
  }
}

async function runExport (ctx: Ctx, { school, van, tot, naar, collector }: Opdracht, say: Say): Promise<number> {
  const file = naar === undefined ? undefined : createWriteStream(naar, { mode: 0o600 })
  // A disk that is full fails the waiting below, or the end.
  const written = file === undefined ? undefined : finished(file)
  written?.catch(() => {})
  let spans = 0
  try {
    for await (const bericht of exportSpans(ctx, school, { van: van!, tot: tot! })) {
      if (file === undefined) await postSpans(ctx, collector!, bericht.json)
      else if (!file.write(`${bericht.json}\n`)) await Promise.race([once(file, 'drain'), written])
      spans += bericht.spans
    }
  } catch (error) {
    if (!(error instanceof Collectorfout)) throw error
    say(`${error.message} ${spans} spans waren al geleverd; lever de periode opnieuw, zelfde spans houden dezelfde sleutel.`)
    return 1
  }
  file?.end()
  await written
  say(`${school}: ${spans} spans van ${van} tot en met ${tot}`)
  return 0
}

async function runZegels (ctx: Ctx, { school, van = '1900-01-01', tot = ctx.vandaag() }: Opdracht, say: Say): Promise<number> {
  for (const { dag, laatste, hash } of await listDagzegels(ctx, school, { van, tot })) say(`${school} ${dag} ${laatste}:${hash.toString('hex')}`)
  return 0
}

async function runControle (ctx: Ctx, { school, zegels }: Opdracht, say: Say): Promise<number> {
  const { breuk, ...gezien } = await verifyKeten(ctx, school, zegels)
  say(`${school}: ${gezien.verwerkingen} verwerkingen in ${gezien.zegels} zegels nagerekend`)
  say(breuk === null ? 'De keten is heel.' : `GEBROKEN: ${breuk}`)
  return breuk === null ? 0 : 1
}

async function runOpruimen (ctx: Ctx, { school, voor = addDagen(ctx.vandaag(), -VERWERKINGDAGEN) }: Opdracht, say: Say): Promise<number> {
  if (voor > addDagen(ctx.vandaag(), -VERWERKINGDAGEN)) throw new ConfigError(`--voor: ten minste ${VERWERKINGDAGEN} dagen geleden`)
  await sealSchool(ctx, school)
  say(`${school}: ${await deleteVerlopenVerwerkingen(ctx, school, voor)} verwerkingen van voor ${voor} verwijderd`)
  return 0
}

async function runVernietig (ctx: Ctx, { school, register }: Uitvoering, say: Say): Promise<number> {
  say(`${school}: ${await destroyLogsleutels(ctx, register, school)} sleutels vernietigd`)
  return 0
}

function parse (config: Config, argv: readonly string[]): { handeling: (typeof HANDELINGEN)[string], opdracht: Opdracht } {
  const { values, positionals } = readArgs(argv)
  const handeling = HANDELINGEN[positionals[0] ?? '']
  if (handeling === undefined || positionals.length !== 1) throw new ConfigError(USAGE)
  const { school = '', van, tot, voor, zegel = [], naar, bevestig } = values
  const zegels = zegel.map((text) => /^([1-9]\d{0,15}):([0-9a-f]{64})$/.exec(text))
  const opdracht: Opdracht = { school, van, tot, voor, naar, bevestig, zegels: zegels.flatMap((found) => found === null ? [] : [{ positie: Number(found[1]), sha256: found[2]! }]), collector: config.logboekCollector }
  const faults = [
    ...(isBrin(school) ? [] : ['--school: een BRIN']),
    ...Object.entries({ van, tot, voor }).flatMap(([name, datum]) => datum === undefined || isDatum(datum) ? [] : [`--${name}: een datum, zoals 2026-03-01`]),
    ...(zegels.includes(null) ? ['--zegel: POSITIE:SHA256, zoals `zegels` ze geeft'] : []),
    ...handeling.faults(opdracht)
  ]
  if (faults.length > 0) throw new ConfigError(`${faults.join('\n')}\n${USAGE}`)
  return { handeling, opdracht }
}

function readArgs (argv: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({ args: [...argv], allowPositionals: true, options: { school: text, van: text, tot: text, voor: text, naar: text, bevestig: text, zegel: { type: 'string', multiple: true } } })
  } catch (error) {
    throw new ConfigError(`${(error as Error).message}\n${USAGE}`)
  }
}
