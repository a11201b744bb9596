import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openApp, type App } from '../app.ts'
import { EmbeddedError } from '../db/embedded.ts'
import { formatDatum, formatMaand } from '../domain/woorden.ts'
import { Nachtfout, runNacht } from '../jobs/nachtelijk.ts'
import { buildServer } from '../server.ts'
import { SIMULATOR_OIN, startSimulator, type Simulator } from '../duosimulator/simulator.ts'
import { startEvaluator, type Evaluator } from '../signalen/worker.ts'
import { RECHTEN } from '../toegang/rechten.ts'
import { startVerzender } from '../verzending/worker.ts'
import { addAantallen, compareAantallen, pushStamgegevens, pushZending } from './aanleveren.ts'
import { adoptBeleid, BELEIDSCHOOL, showProefberekening } from './beleid.ts'
import { Bron, OnverwachtAntwoord, type Weigering } from './bron.ts'
import { claimDemomap, DemoError } from './demomap.ts'
import { generateSchooljaar } from './generate.ts'
import { showMeldingen } from './meldingen.ts'
import { formatAantal, shortPath } from './tabel.ts'
import { describeSignalen, makeLeveringen, showLeveringen, showProbeer, showSignalen, showStatistiek, type Uitkomsten } from './uitkomsten.ts'
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
    if (interrupted.signal.aborted) {
      process.stderr.write('Afgebroken.\n')
      return 130
    }
    if (!(error instanceof DemoError || error instanceof OnverwachtAntwoord || error instanceof EmbeddedError || error instanceof Nachtfout)) throw error
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
  const dataDir = join(config.dataDir, 'demo')
  const map = await claimDemomap(dataDir)
  try {
    const verslag = new Verslag((text) => { process.stdout.write(text) })
    verslag.line(`aanwezig speelt schooljaar ${DEMOSCHOOLJAAR} na, met verzonnen scholen en leerlingen.`)
    if (config.databaseUrl !== undefined) verslag.line('DATABASE_URL blijft ongebruikt: de demo heeft een eigen opslag.')
    verslag.line()
    // People read this and the log would run through it; what goes wrong is still said.
    const logLevel = config.logLevel === 'info' ? 'warn' : config.logLevel
    const simulator = await startSimulator({ port: 0, now: () => app.now() })
    const duo = { kanaal: 'soap-vsv', url: simulator.url, oin: SIMULATOR_OIN, seconden: 30, tls: undefined, ondertekening: undefined } as const
    const app = await openApp({ ...config, dataDir, databaseUrl: undefined, issuers: [], development: true, leveringenDir: join(dataDir, 'leveringen'), logLevel, duo })
    try {
      verslag.phase('Opslag', `PostgreSQL in ${shortPath(dataDir)}, tabellen aangelegd`)
      return await serve(app, simulator, eenmalig, signal, verslag)
    } finally {
      await app.close()
      await simulator.stop()
    }
  } finally {
    await map.release()
  }
}

async function serve (app: App, simulator: Simulator, eenmalig: boolean, signal: AbortSignal, verslag: Verslag): Promise<number> {
  const server = await buildServer(app)
  const evaluatie = new Evaluatie(app)
  const verzender = startVerzender(app)!
  try {
    const origin = await listen(async () => await server.listen({ host: app.config.host, port: eenmalig ? 0 : app.config.port }), app.config)
    verslag.phase('Dienst', `luistert op ${origin}`)
    const code = await tell(verslag, { app, origin, eenmalig, evaluatie, verkeer: { simulator, verzender }, signal })
    if (!eenmalig) {
      verslag.line(`\nDe dienst blijft luisteren op ${origin} (documentatie: ${origin}/docs). Stop met Ctrl-C.`)
      await abortOf(signal)
      verslag.line('Gestopt.')
    }
    return code
  } finally {
    await server.close()
    await verzender.stop()
    await evaluatie.stop()
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

/** The evaluation of the rules, which can be held for a while. */
class Evaluatie {
  readonly #app: App
  #evaluator: Evaluator

  constructor (app: App) {
    this.#app = app
    this.#evaluator = startEvaluator(app)
  }

  start (): void {
    this.#evaluator = startEvaluator(this.#app)
  }

  async stop (): Promise<void> {
    await this.#evaluator.stop()
  }

  /** Resolves when every leerling that was touched is evaluated. */
  async idle (): Promise<void> {
    await this.#evaluator.idle()
  }
}

interface Podium { readonly app: App, readonly origin: string, readonly eenmalig: boolean, readonly evaluatie: Evaluatie, readonly verkeer: Parameters<typeof showMeldingen>[1], readonly signal: AbortSignal }

/** The story itself; 1 when the service did something else than the bron knows it must. */
async function tell (verslag: Verslag, { app, origin, eenmalig, evaluatie, verkeer, signal }: Podium): Promise<number> {
  const schooljaar = generateSchooljaar()
  const scholen = [...new Set(schooljaar.leerlingen.map(({ school }) => school))]
  const bron = new Bron(origin, await app.developmentKeys!.sign({ azp: DEMOBRON, scope: RECHTEN.join(' '), scholen }, TOKENDUUR), signal)
  const uitkomsten: Uitkomsten = { bron, schooljaar, scholen, verslag }
  const { leerlingen } = await pushStamgegevens(bron, schooljaar)
  verslag.phase('Stamgegevens', `${schooljaar.vestigingen.length} vestigingen, ${schooljaar.kalenders.length} eigen kalender, ${formatAantal(leerlingen)} leerlingen, ${schooljaar.vrijstellingen.length} vrijstellingen`)

  await adoptBeleid(bron)
  verslag.phase('Beleid', `school ${BELEIDSCHOOL} stelt haar verzuimbeleid vast; voor de andere geldt het standaardbeleid`)

  const verschillen = await pushJaar(bron, schooljaar, verslag)
  verschillen.push(...await checkWachtende(uitkomsten))
  await evaluatie.idle()
  verslag.phase('Regels', await describeSignalen(uitkomsten))
  // How many signalen lapse depends on the states in between, so on the moment a rule looks: here it looks once, to count the same each time.
  await evaluatie.stop()
  verschillen.push(...await pushCorrecties(bron, schooljaar.correcties, verslag))
  evaluatie.start()
  await evaluatie.idle()
  verslag.phase('Regels', `na de correcties ${await describeSignalen(uitkomsten)}`)
  // The night evaluates too; without the other one it says the same each time.
  await evaluatie.stop()
  await runNacht(app, { peildatum: PEILDATUM, melden: (text) => verslag.detail(text), signal })
  evaluatie.start()
  verslag.phase('Nacht', `gedaan met peildatum ${formatDatum(PEILDATUM)}`)
  const leveringen = await makeLeveringen(uitkomsten)
  verslag.phase('Leveringen', `${leveringen.length} voor OCW over ${DEMOSCHOOLJAAR}, een per school`)

  await showSignalen(uitkomsten)
  await showMeldingen(uitkomsten, verkeer)
  await showStatistiek(uitkomsten)
  await showProefberekening(uitkomsten)
  showLeveringen(uitkomsten, leveringen, app.config.leveringenDir)
  for (const verschil of verschillen) verslag.line(`\nLET OP: ${verschil}`)
  await showProbeer(uitkomsten, app.config, eenmalig)
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

/** By now every leerling is known, so nothing may wait. */
async function checkWachtende ({ bron, scholen, verslag }: Uitkomsten): Promise<string[]> {
  const lijsten = await Promise.all(scholen.map(async (school) => await bron.list(`/v1/wachtende-absenties?school=${school}`, 'wachtend')))
  const aantal = lijsten.flat().length
  if (aantal > 0) return [`${aantal} absenties wachten nog op hun leerling`]
  verslag.detail('in wacht: kwam voor de leerling, en is alsnog opgenomen toen de bron die stuurde')
  return []
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
