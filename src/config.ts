import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'
import { isDatum, type Datum } from './domain/datum.ts'

const Issuers = z.array(z.strictObject({ issuer: z.string().min(1), jwksUrl: z.url(), audience: z.string().min(1) })).min(1)

const json = z.string().transform((text, context) => {
  try { return JSON.parse(text) as unknown } catch {
    context.addIssue({ code: 'custom', message: 'is geen geldige JSON' })
    return z.NEVER
  }
})

const Environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'begint met postgres:// of postgresql://').optional(),
  DATA_DIR: z.string().min(1).default('.aanwezig'),
  AUTH_ISSUERS: json.pipe(Issuers).optional(),
  AUTH_DEVELOPMENT: z.enum(['0', '1']).optional(),
  SLEUTEL: z.base64().refine((text) => Buffer.from(text, 'base64').length === 32, 'is base64 van 32 bytes').optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  WACHT_DAGEN: z.coerce.number().int().min(1).max(365).default(14),
  NACHT_CRON: z.string().regex(/^(\S+\s+){4}\S+$/, 'heeft vijf velden, zoals 0 2 * * *').default('0 2 * * *'),
  LEVERINGEN_DIR: z.string().min(1).optional(),
  INWERKINGTREDING: z.string().refine(isDatum, 'is een datum, zoals 2027-08-01').optional(),
  DB_VERBINDINGEN: z.coerce.number().int().min(2).max(200).default(10),
  VERZOEKEN_PER_SECONDE: z.coerce.number().int().min(1).max(1_000_000).default(2_000),
  VERZOEKEN_TEGELIJK: z.coerce.number().int().min(1).max(10_000).default(32),
  ADRES_PER_SECONDE: z.coerce.number().int().min(1).max(1_000_000).default(100),
  OPEN_VERZOEKEN: z.coerce.number().int().min(1).max(10_000).default(256),
  BERICHTEN_MB: z.coerce.number().int().min(16).max(10_000).default(32),
  KLANT_SECONDEN: z.coerce.number().int().min(1).max(3_600).default(60),
  VERTROUWDE_PROXYS: z.string().transform((text) => text.split(',').map((address) => address.trim())).refine((list) => list.every(isNetwork), 'is een lijst van adressen of netwerken, zoals 10.0.0.0/8,::1').optional()
})

function isNetwork (text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const kind = isIP(address)
  return kind !== 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128)))
}

export interface Issuer { readonly issuer: string, readonly jwksUrl: string, readonly audience: string }

export interface Config {
  readonly host: string
  readonly port: number
  /** Absent: the embedded store under dataDir. */
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  readonly leveringenDir: string
  readonly issuers: readonly Issuer[]
  /** Trust the key of our own in dataDir, and show GraphiQL. */
  readonly development: boolean
  /** 32 bytes, or undefined: in development one is made in dataDir. */
  readonly sleutel: Buffer | undefined
  readonly logLevel: string
  /** Days an absentie waits for its leerling before it is refused. */
  readonly wachtDagen: number
  readonly nachtCron: string
  /** First day of the Wet terugdringen schoolverzuim; null while nobody knows it. */
  readonly inwerkingtreding: Datum | null
  readonly verbindingen: number
  /** Of one bron, in a second. */
  readonly verzoekenPerSeconde: number
  /** Of one bron, in progress. */
  readonly verzoekenTegelijk: number
  /** From one address without a good token, in a second. */
  readonly adresPerSeconde: number
  /** Of everybody, in progress. */
  readonly openVerzoeken: number
  /** Bytes of bodies in progress, of everybody. */
  readonly berichtenBytes: number
  /** How long a client may let us wait for a body, or for its taking an answer. */
  readonly klantSeconden: number
  /** Addresses and networks whose X-Forwarded-For is believed. */
  readonly proxys: readonly string[]
}

export class ConfigError extends Error {}

/** Reads the environment once; every fault in one message. */
export function readConfig (environment: NodeJS.ProcessEnv = process.env): Config {
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = Environment.safeParse(present)
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  if (parsed.success) {
    const { DATABASE_URL: url, AUTH_DEVELOPMENT: development, AUTH_ISSUERS: issuers, SLEUTEL: sleutel } = parsed.data
    if (url !== undefined && development !== '1' && issuers === undefined) faults.push('AUTH_ISSUERS: verplicht bij een eigen database (of AUTH_DEVELOPMENT=1, alleen om te ontwikkelen)')
    if (url !== undefined && development !== '1' && sleutel === undefined) faults.push('SLEUTEL: verplicht bij een eigen database; maak er een met: openssl rand -base64 32')
  }
  if (!parsed.success || faults.length > 0) throw new ConfigError(`De configuratie klopt niet:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)

  const env = parsed.data
  const dataDir = resolve(env.DATA_DIR)
  return {
    host: env.HOST,
    port: env.PORT,
    databaseUrl: env.DATABASE_URL,
    dataDir,
    leveringenDir: resolve(env.LEVERINGEN_DIR ?? `${dataDir}/leveringen`),
    issuers: env.AUTH_ISSUERS ?? [],
    development: env.AUTH_DEVELOPMENT === '1' || (env.DATABASE_URL === undefined && env.AUTH_DEVELOPMENT !== '0'),
    sleutel: env.SLEUTEL === undefined ? undefined : Buffer.from(env.SLEUTEL, 'base64'),
    logLevel: env.LOG_LEVEL,
    wachtDagen: env.WACHT_DAGEN,
    nachtCron: env.NACHT_CRON,
    inwerkingtreding: env.INWERKINGTREDING ?? null,
    verbindingen: env.DB_VERBINDINGEN,
    verzoekenPerSeconde: env.VERZOEKEN_PER_SECONDE,
    verzoekenTegelijk: env.VERZOEKEN_TEGELIJK,
    adresPerSeconde: env.ADRES_PER_SECONDE,
    openVerzoeken: env.OPEN_VERZOEKEN,
    berichtenBytes: env.BERICHTEN_MB * 1024 * 1024,
    klantSeconden: env.KLANT_SECONDEN,
    proxys: env.VERTROUWDE_PROXYS ?? []
  }
}
