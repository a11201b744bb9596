import { parseArgs } from 'node:util'
import { ConfigError, type Config } from '../config.ts'
import { isBrin, isGemeentecode } from '../domain/identificatie.ts'
import { developmentKeys } from '../http/authenticate.ts'
import { isRecht, RECHTEN } from '../toegang/rechten.ts'
import { isRol, ROLLEN } from '../toegang/rollen.ts'

const USAGE = 'Gebruik: npm run --silent token -- --bron NAAM --scholen 99AA,99AB|* --scopes "absenties:schrijven …"|alle [--uren 12] [--rol ROL --sub PERSOON [--gemeente 0344]]'

/** Prints one development token on stdout. */
export async function runToken (config: Config, argv: readonly string[]): Promise<number> {
  if (!config.development) throw new ConfigError('Tokens maken kan alleen in ontwikkeling: de uitgever van uw omgeving geeft ze uit.')
  const { values } = parse(argv)
  const scopes = values.scopes === 'alle' ? [...RECHTEN] : (values.scopes ?? '').split(/[ ,]+/).filter(Boolean)
  const scholen = values.scholen === '*' ? '*' : (values.scholen ?? '').split(',').filter(Boolean)
  const uren = Number(values.uren)
  const faults = [...listKlantfouten(values.bron, scopes, scholen, uren), ...listPersoonsfouten(values, scholen)]
  if (faults.length > 0) throw new ConfigError(`${faults.join('\n')}\n${USAGE}`)

  const keys = await developmentKeys(config.dataDir)
  const token = await keys.sign({
    azp: values.bron!,
    scope: scopes.join(' '),
    scholen,
    ...(values.rol === undefined ? {} : { rol: values.rol }),
    ...(values.sub === undefined ? {} : { sub: values.sub }),
    ...(values.gemeente === undefined ? {} : { gemeente: values.gemeente })
  }, uren * 3600)
  process.stdout.write(`${token}\n`)
  return 0
}

function parse (argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: { bron: { type: 'string' }, scholen: { type: 'string' }, scopes: { type: 'string' }, uren: { type: 'string', default: '12' }, rol: { type: 'string' }, sub: { type: 'string' }, gemeente: { type: 'string' } }
    })
  } catch (error) {
    throw new ConfigError(`${(error as Error).message}\n${USAGE}`)
  }
}

function listKlantfouten (bron: string | undefined, scopes: readonly string[], scholen: readonly string[] | '*', uren: number): string[] {
  return [
    ...(bron === undefined || !/^[A-Za-z0-9._~-]{1,64}$/.test(bron) ? ['--bron: 1 tot 64 letters, cijfers of . _ ~ -'] : []),
    ...(scopes.length === 0 ? ['--scopes: noem rechten, of alle'] : scopes.filter((scope) => !isRecht(scope)).map((scope) => `--scopes: ${scope} bestaat niet; kies uit ${RECHTEN.join(' ')}`)),
    ...(scholen.length === 0 ? ['--scholen: noem BRINs, of *'] : scholen === '*' ? [] : scholen.filter((brin) => !isBrin(brin)).map((brin) => `--scholen: ${brin} is geen BRIN`)),
    ...(uren > 0 && uren <= 24 * 366 ? [] : ['--uren: een getal groter dan 0'])
  ]
}

function listPersoonsfouten ({ rol, sub, gemeente }: { readonly rol?: string | undefined, readonly sub?: string | undefined, readonly gemeente?: string | undefined }, scholen: readonly string[] | '*'): string[] {
  if (rol === undefined) return []
  return [
    ...(isRol(rol) ? [] : [`--rol: kies uit ${Object.keys(ROLLEN).join(' ')}`]),
    ...((sub !== undefined && scholen !== '*') ? [] : ['--rol: een mens heeft een --sub, en scholen met naam']),
    ...(rol !== 'leerplichtambtenaar' || isGemeentecode(gemeente ?? '') ? [] : ['--gemeente: de CBS-code van de gemeente van de leerplichtambtenaar'])
  ]
}
