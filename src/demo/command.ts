import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { openApp, type App } from '../app.ts'
import { EmbeddedError } from '../db/embedded.ts'
import { runNacht } from '../jobs/nachtelijk.ts'
import { buildServer } from '../server.ts'
import { startEvaluator } from '../signalen/worker.ts'
import { RECHTEN } from '../toegang/rechten.ts'
import { addAantallen, compareAantallen, pushStamgegevens, pushZending } from './aanleveren.ts'
import { Bron, OnverwachtAntwoord, type Weigering } from './bron.ts'
import { DemoError, prepareDemomap } from './demomap.ts'
import { generateSchooljaar } from './generate.ts'
import { formatAantal, formatDatum, formatMaand } from './tabel.ts'
import { countSignalen, makeLeveringen, showLeveringen, showProbeer, showSignalen, showStatistiek, type Uitkomsten } from './uitkomsten.ts'
import { Verslag } from './verslag.ts'
import { DEMOSCHOOLJAAR, type Aantallen, type DemoSchooljaar, type Zending } from './berichten.ts'
import type { Config } from '../config.ts'

const DEMOBRON = 'demo-lvs'
/** The last day of the schooljaar. */
const PEILDATUM = '2026-07-31'
const TOKENDUUR = 30 * 86_400

/**
 * Plays a whole schooljaar on a store of its own below DATA_DIR and tells what it did. Stays up until it is stopped, or with `--eenmalig`
 * ends: 0 when everything went as the bron expected, 1 when not or when it could not start, 130 when it was interrupted.
 */
export async function runDemo (config: Config, argv: readonly string[]): Promise<number> {
  const interrupted = new AbortController()
  const interrupt = (): void => interrupted.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    return await playDemo(config, readEenmalig(argv), interrupted.signal)
  } catch (error) {
    if (interrupted.signal.aborted) return 130
    if (!(error instanceof DemoError || error instanceof OnverwachtAntwoord || error instanceof EmbeddedError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

function readEenmalig (argv: readonly string[]): boolean {
  const { values, positionals } = parseArgs({ args: [...argv], strict: false, options: { eenmalig: { type: 'boolean' } } })
  const onbekend = [...Object.keys(values).filter((naam) => naam !== 'eenmalig').map((naam) => `--${naam}`), ...positionals]
  if (onbekend.length > 0) throw new DemoError(`De demo kent ${onbekend.join(' ')} niet. Gebruik: npm run demo [-- --eenmalig]`)
  return values['eenmalig'] === true
}

async function playDemo (config: Config, eenmalig: boolean, signal: AbortSignal): Promise<number> {
  const verslag = new Verslag((text) => { process.stdout.write(text) })
  const dataDir = join(config.dataDir, 'demo')
  await prepareDemomap(dataDir)
  verslag.line(`aanwezig speelt schooljaar ${DEMOSCHOOLJAAR} na, met verzonnen scholen en leerlingen.`)
  if (config.databaseUrl !== undefined) verslag.line('DATABASE_URL blijft ongebruikt: de demo heeft een eigen opslag.')
  verslag.line()

  // People read this and the log would run through it; what goes wrong is still said.
  const logLevel = config.logLevel === 'info' ? 'warn' : config.logLevel
  const app = await openApp({ ...config, dataDir, databaseUrl: undefined, issuers: [], development: true, leveringenDir: join(dataDir, 'leveringen'), logLevel })
  const server = await buildServer(app)
  const evaluator = startEvaluator(app)
  try {
    verslag.phase('Opslag', `PostgreSQL in ${relative(process.cwd(), dataDir) || '.'}, tabellen aangelegd`)
    const origin = await listen(async () => await server.listen({ host: config.host, port: eenmalig ? 0 : config.port }), config)
    verslag.phase('Dienst', `luistert op ${origin}`)
    const code = await tell(verslag, { app, origin, eenmalig, signal, idle: async () => await evaluator.idle() })
    if (!eenmalig) {
      verslag.line(`\nDe dienst blijft luisteren op ${origin} (documentatie: ${origin}/docs). Stop met Ctrl-C.`)
      await abortOf(signal)
      verslag.line('Gestopt.')
    }
    return code
  } finally {
    await server.close()
    await evaluator.stop()
    await app.close()
  }
}

async function listen (start: () => Promise<string>, { host, port }: Config): Promise<string> {
  try {
    return await start()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new DemoError(`Poort ${port} op ${host} is al in gebruik. Kies een andere, bijvoorbeeld: PORT=${port + 1} npm run demo`)
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new DemoError(`De demo kan niet luisteren op ${host}, poort ${port} (${code}). Kies HOST of PORT anders.`)
    throw error
  }
}

async function abortOf (signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

interface Podium { readonly app: App, readonly origin: string, readonly eenmalig: boolean, readonly signal: AbortSignal, readonly idle: () => Promise<void> }

/** The story itself; 1 when the service did something else than the bron knows it must. */
async function tell (verslag: Verslag, { app, origin, eenmalig, signal, idle }: Podium): Promise<number> {
  const schooljaar = generateSchooljaar()
  const scholen = [...new Set(schooljaar.leerlingen.map(({ school }) => school))]
  const bron = new Bron(origin, await app.developmentKeys!.sign({ azp: DEMOBRON, scope: RECHTEN.join(' '), scholen }, TOKENDUUR), signal)
  const uitkomsten: Uitkomsten = { bron, schooljaar, scholen, verslag }
  const { leerlingen } = await pushStamgegevens(bron, schooljaar)
  verslag.phase('Stamgegevens', `${schooljaar.vestigingen.length} vestigingen, ${schooljaar.kalenders.length} eigen kalender, ${formatAantal(leerlingen)} leerlingen, ${schooljaar.vrijstellingen.length} vrijstellingen`)

  const verschillen = await pushJaar(bron, schooljaar, verslag)
  await idle()
  verslag.phase('Regels', `${await countSignalen(uitkomsten)}; alle leerlingen zijn bijgewerkt`)
  verschillen.push(...await pushCorrecties(bron, schooljaar.correcties, verslag))
  await idle()
  verslag.phase('Regels', `na de correcties ${await countSignalen(uitkomsten)}`)
  await runNacht(app, { peildatum: PEILDATUM, melden: (text) => verslag.detail(text) })
  verslag.phase('Nacht', `gedaan met peildatum ${formatDatum(PEILDATUM)}`)
  const leveringen = await makeLeveringen(uitkomsten)
  verslag.phase('Leveringen', `${leveringen.length} voor OCW over ${DEMOSCHOOLJAAR}, een per school`)

  await showSignalen(uitkomsten)
  await showStatistiek(uitkomsten)
  await showLeveringen(uitkomsten, leveringen)
  for (const verschil of verschillen) verslag.line(`\nLET OP: ${verschil}`)
  if (!eenmalig) await showProbeer(uitkomsten, app.config.dataDir)
  else verslag.line('\nZonder --eenmalig blijft de dienst staan en kunt u zelf vragen stellen.')
  return verschillen.length === 0 ? 0 : 1
}

/** The months, one after the other; gives what went otherwise than the bron knows it must. */
async function pushJaar (bron: Bron, { absenties: zendingen }: DemoSchooljaar, verslag: Verslag): Promise<string[]> {
  const verschillen: string[] = []
  const weigeringen: Weigering[] = []
  verslag.line('Absenties      per maand over HTTP, zoals een leerlingvolgsysteem ze stuurt:')
  let totaal: Aantallen | undefined
  for (const [i, zending] of zendingen.entries()) {
    const answer = await pushZending(bron, zending, i === 0)
    verslag.detail(`${formatMaand(zending.maand).padEnd(15)}${describeZending(zending, answer.aantallen)}`)
    verschillen.push(...compareAantallen(zending, answer.aantallen))
    weigeringen.push(...answer.weigeringen)
    totaal = totaal === undefined ? answer.aantallen : addAantallen(totaal, answer.aantallen)
  }
  verslag.phase('', `samen ${describeAantallen(totaal!)}`)
  for (const [code, eigen] of Map.groupBy(weigeringen, (weigering) => weigering.code)) verslag.detail(`afgewezen: ${formatAantal(eigen.length)} x ${code}, zoals: ${eigen[0]!.detail}`)
  return verschillen
}

async function pushCorrecties (bron: Bron, correcties: Zending, verslag: Verslag): Promise<string[]> {
  const { aantallen } = await pushZending(bron, correcties, false)
  verslag.phase('Correcties', `${formatAantal(correcties.absenties.length)} late: ${describeAantallen(aantallen)}`)
  return compareAantallen(correcties, aantallen)
}

function describeZending ({ absenties, leerlingen }: Zending, aantallen: Aantallen): string {
  const nieuwe = leerlingen.length > 0 && leerlingen.length < 100 ? `; eerst ${leerlingen.length} nieuwe leerlingen` : ''
  return `${formatAantal(absenties.length).padStart(6)} absenties: ${describeAantallen(aantallen)}${nieuwe}`
}

const NAMEN: ReadonlyArray<readonly [keyof Aantallen, string]> = [
  ['nieuw', 'nieuw'], ['gewijzigd', 'gewijzigd'], ['ongewijzigd', 'ongewijzigd'], ['ingetrokken', 'ingetrokken'], ['verouderd', 'verouderd'], ['inWacht', 'in wacht'], ['afgewezen', 'afgewezen']
]

/** '8.390 nieuw, 22 afgewezen': what there was none of is left out. */
function describeAantallen (aantallen: Aantallen): string {
  return NAMEN.filter(([naam]) => aantallen[naam] > 0).map(([naam, woord]) => `${formatAantal(aantallen[naam])} ${woord}`).join(', ')
}
