import { parseArgs } from 'node:util'
import { openApp } from '../app.ts'
import { isBrin, isVestigingscode } from '../domain/identificatie.ts'
import { AppError } from '../errors.ts'
import { RECHTEN } from '../toegang/rechten.ts'
import { ALGEMENE_OPTIES, importeer, INDELINGEN } from './service.ts'
import type { Config } from '../config.ts'

export interface Importeerargumenten {
  readonly bron: string
  readonly scholen: readonly string[] | '*'
  readonly indeling: string
  readonly bestand: string
  readonly school?: string
  readonly vestiging?: string
  readonly proef: boolean
  readonly afgewezenBestand?: string
  readonly opties: Readonly<Record<string, string>>
}

const EIGEN = ['bron', 'school', 'indeling', 'vestiging', 'afgewezen'] as const

/** Reads the arguments; every fault in one message. What an option may hold is for its indeling to say. */
export function parseImporteerArgs (argv: readonly string[]): Importeerargumenten {
  const { gegeven, proef, bestanden, fouten } = readArgumenten(argv)
  const scholen = gegeven.get('school')?.split(',').map((school) => school.trim())
  const [bestand] = bestanden
  fouten.push(...checkGegeven(gegeven, scholen))
  if (bestand === undefined) fouten.push('het bestand ontbreekt')
  if (bestanden.length > 1) fouten.push('er is meer dan één bestand; lees ze een voor een')
  if (fouten.length > 0) throw new AppError('invoer-ongeldig', `${fouten.join('; ')}.`)

  const eigen = new Set<string>(EIGEN)
  const [vestiging, afgewezenBestand] = [gegeven.get('vestiging'), gegeven.get('afgewezen')]
  return {
    bron: gegeven.get('bron')!,
    scholen: scholen ?? '*',
    indeling: gegeven.get('indeling')!,
    bestand: bestand!,
    ...(scholen?.length === 1 ? { school: scholen[0]! } : {}),
    ...(vestiging === undefined ? {} : { vestiging }),
    proef,
    ...(afgewezenBestand === undefined ? {} : { afgewezenBestand }),
    opties: Object.fromEntries([...gegeven].filter(([naam]) => !eigen.has(naam)))
  }
}

function readArgumenten (argv: readonly string[]): { gegeven: Map<string, string>, proef: boolean, bestanden: readonly string[], fouten: string[] } {
  const namen = new Set([...EIGEN, ...Object.keys(ALGEMENE_OPTIES), ...INDELINGEN.flatMap(({ opties }) => Object.keys(opties))])
  // Not strict: its own faults are English and come one at a time.
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: { ...Object.fromEntries([...namen].map((naam) => [naam, { type: 'string' as const }])), proef: { type: 'boolean' } }
  })
  const fouten: string[] = []
  const gegeven = new Map<string, string>()
  const opties = tokens.filter((token) => token.kind === 'option')
  for (const { name, rawName, value, inlineValue } of opties.filter(({ name }) => name !== 'proef')) {
    if (!namen.has(name)) fouten.push(`onbekende optie ${rawName}`)
    else if (value === undefined || value === '' || (inlineValue === false && value.startsWith('--'))) fouten.push(`${rawName} mist een waarde`)
    else if (gegeven.has(name)) fouten.push(`${rawName} staat er twee keer`)
    else gegeven.set(name, value)
  }
  return { gegeven, proef: opties.some(({ name }) => name === 'proef'), bestanden: positionals, fouten }
}

function checkGegeven (gegeven: ReadonlyMap<string, string>, scholen: readonly string[] | undefined): string[] {
  const fouten: string[] = []
  const [bron, naam, vestiging] = [gegeven.get('bron'), gegeven.get('indeling'), gegeven.get('vestiging')]
  const indeling = INDELINGEN.find((een) => een.naam === naam)
  if (bron === undefined) fouten.push('--bron ontbreekt')
  else if (!/^[A-Za-z0-9._~-]{1,64}$/.test(bron)) fouten.push('--bron heeft 1 tot 64 letters, cijfers of . _ ~ -')
  if (naam === undefined) fouten.push(`--indeling ontbreekt: ${INDELINGEN.map((een) => een.naam).join(' of ')}`)
  else if (indeling === undefined) fouten.push(`indeling ${naam} is er niet; wel: ${INDELINGEN.map((een) => een.naam).join(', ')}`)
  if (indeling?.perSchool === true && scholen?.length !== 1) fouten.push(`indeling ${naam} leest één school per bestand: --school met één BRIN`)
  if (scholen?.every(isBrin) === false) fouten.push('--school is een BRIN als 99AA, of meer met komma\'s ertussen')
  if (vestiging !== undefined && !isVestigingscode(vestiging)) fouten.push('--vestiging is een vestigingscode als 99AA00')
  else if (vestiging !== undefined && scholen?.some((school) => vestiging.startsWith(school)) !== true) fouten.push('--vestiging hoort niet bij --school')
  return fouten
}

function describeGebruik (): string {
  const lijst = (opties: Readonly<Record<string, string>>): string[] => Object.entries(opties).map(([naam, uitleg]) => `  --${naam.padEnd(14)}${uitleg}`)
  return [
    'Gebruik: npm run importeer -- --bron NAAM [--school 99AA] --indeling NAAM BESTAND.csv',
    ...lijst({
      bron: 'het systeem waaruit het bestand komt; onderdeel van de sleutel van iedere absentie',
      school: 'BRIN, of meer met komma\'s ertussen',
      vestiging: 'vestiging van de rijen (standaard de school en 00)',
      proef: 'alles doen behalve vastleggen',
      afgewezen: 'bestand voor de afgewezen rijen (standaard BESTAND.csv.afgewezen.csv)',
      ...ALGEMENE_OPTIES
    }),
    ...INDELINGEN.flatMap(({ naam, omschrijving, opties }) => ['', `--indeling ${naam}: ${omschrijving}`, ...lijst(opties)])
  ].join('\n')
}

/** The command: exit code 0 when every row landed, 2 when some were rejected, 1 when it could not start or had to stop. */
export async function runImporteer (config: Config, argv: readonly string[]): Promise<number> {
  const print = (regel: string): void => { process.stdout.write(`${regel}\n`) }
  let opdracht: Importeerargumenten
  try {
    opdracht = parseImporteerArgs(argv)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    process.stderr.write(`${error.message}\n\n${describeGebruik()}\n`)
    return 1
  }
  // The report is for people; what the store logs when it starts is not.
  const app = await openApp(config.logLevel === 'info' ? { ...config, logLevel: 'warn' } : config)
  try {
    const { bron, scholen, ...rest } = opdracht
    const verslag = await importeer(app.makeCtx({ bron, rechten: new Set(RECHTEN), scholen }), { ...rest, melden: print })
    return verslag.exitCode
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 1
  } finally {
    await app.close()
  }
}
