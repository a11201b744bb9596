import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { SIMULATOR_OIN, startSimulator, type Simulatoropties } from './simulator.ts'
import type { Config } from '../config.ts'
import type { Ondertekening } from '../verzending/handtekening.ts'

const GEBRUIK = `Gebruik: npm run duo-simulator -- [--port 8090] [--storing 0.1] [--traag 500] [--gemeente 60]
                                  [--tls-certificaat server.pem --tls-sleutel server-sleutel.pem --tls-ca clients.pem]
                                  [--ondertekening-certificaat duo.pem --ondertekening-sleutel duo-sleutel.pem --ondertekening-ca scholen.pem]
  --storing    kans dat een bericht op een storing stuit, 0 tot 1
  --traag      milliseconden dat elk antwoord duurt
  --gemeente   seconden waarna de gemeente een melding in behandeling neemt, en weer waarna zij haar afsluit
  --tls-…      PEM-bestanden; een client moet dan een certificaat van die CA hebben
  --ondertekening-…  PEM-bestanden (RSA); berichten moeten dan ondertekend zijn met een certificaat van die CA, en antwoorden zijn het ook`

/** Runs until SIGINT or SIGTERM; 2 when the input is wrong. */
export async function runDuoSimulator (_config: Config, argv: readonly string[]): Promise<number> {
  const opties = readOpties(argv)
  if (typeof opties === 'string') {
    process.stderr.write(`${opties}\n${GEBRUIK}\n`)
    return 2
  }
  const simulator = await startSimulator(opties)
  const base = simulator.url.replace(/\/vsv$/, '')
  process.stdout.write(`DUO-simulator op ${simulator.url}\n  DUO_KANAAL=soap-vsv DUO_URL=${simulator.url} DUO_OIN=${SIMULATOR_OIN}${opties.ondertekening === undefined ? '' : ' DUO_PROFIEL=2W-be-S'} npm start\n  sturen: ${base}/sturing/meldingen en /sturing/storingen; zie README\n`)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => { resolve() })
    process.once('SIGTERM', () => { resolve() })
  })
  await simulator.stop()
  return 0
}

/** The options, or in Dutch what is wrong with them. */
export function readOpties (argv: readonly string[]): Simulatoropties | string {
  let values: Record<string, string | undefined>
  try {
    const text = { type: 'string' } as const
    values = parseArgs({ args: [...argv], options: { port: { ...text, default: '8090' }, storing: text, traag: text, gemeente: text, 'tls-certificaat': text, 'tls-sleutel': text, 'tls-ca': text, 'ondertekening-certificaat': text, 'ondertekening-sleutel': text, 'ondertekening-ca': text } }).values
  } catch (error) {
    return (error as Error).message
  }
  const [port, storing, traag, gemeente] = [values['port'], values['storing'] ?? '0', values['traag'] ?? '0', values['gemeente'] ?? '0'].map(Number) as [number, number, number, number]
  if (!Number.isInteger(port) || port < 0 || port > 65_535) return '--port is een poort, zoals 8090.'
  if (!(storing >= 0 && storing <= 1)) return '--storing is een kans van 0 tot en met 1, zoals 0.1.'
  if (!(traag >= 0 && traag <= 600_000)) return '--traag is een aantal milliseconden.'
  if (!(gemeente >= 0 && gemeente <= 86_400)) return '--gemeente is een aantal seconden.'
  const [tls, ondertekening] = [readPem('tls', values), readPem('ondertekening', values)]
  if (typeof tls === 'string') return tls
  if (typeof ondertekening === 'string') return ondertekening
  return {
    port,
    now: () => new Date(),
    storing,
    ...(traag === 0 ? {} : { traag }),
    ...(gemeente === 0 ? {} : { gemeente: gemeente * 1_000 }),
    ...(tls === undefined ? {} : { tls }),
    ...(ondertekening === undefined ? {} : { ondertekening })
  }
}

function readPem (naam: 'tls' | 'ondertekening', values: Readonly<Record<string, string | undefined>>): Ondertekening | string | undefined {
  const paden = ['certificaat', 'sleutel', 'ca'].map((deel) => values[`${naam}-${deel}`])
  if (paden.every((pad) => pad === undefined)) return undefined
  try {
    const [cert, key, ca] = paden.map((pad) => pad === undefined ? undefined : readFileSync(pad, 'utf8'))
    return cert === undefined || key === undefined || ca === undefined ? `--${naam}-certificaat, --${naam}-sleutel en --${naam}-ca horen bij elkaar.` : { cert, key, ca }
  } catch (error) {
    return `--${naam}-…: ${(error as NodeJS.ErrnoException).path} is niet te lezen.`
  }
}
