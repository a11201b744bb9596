import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { z } from 'zod'
import { isDatum, type Datum } from './domain/datum.ts'
import { isOin } from './domain/identificatie.ts'

const Issuers = z.array(z.strictObject({ issuer: z.string().min(1), jwksUrl: z.url().refine(isSafe, 'jwksUrl begint met https:// (http:// alleen naar deze machine zelf, of een naam zonder punt: een container ernaast)'), audience: z.string().min(1), portalen: z.array(z.string().min(1)).default([]) })).min(1)
  .refine((list) => new Set(list.map(({ issuer }) => issuer)).size === list.length, 'elke uitgever staat er een keer')

/** Who can change the keys on their way can be anybody. */
function isSafe (url: string): boolean {
  const { protocol, hostname = '' } = URL.parse(url) ?? {}
  return protocol === 'https:' || (protocol === 'http:' && (THUIS.includes(hostname) || /^[a-z0-9-]+$/i.test(hostname)))
}

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
  AUTH_KLOKVERSCHIL: z.coerce.number().int().min(0).max(300).default(30),
  AUTH_CERTIFICAAT_HEADER: z.string().regex(/^[A-Za-z0-9-]+$/, 'is de naam van een header').optional(),
  SLEUTEL: z.base64().refine((text) => Buffer.from(text, 'base64').length === 32, 'is base64 van 32 bytes').optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
  WACHT_DAGEN: z.coerce.number().int().min(1).max(365).default(14),
  NACHT_CRON: z.string().regex(/^(\S+\s+){4}\S+$/, 'heeft vijf velden, zoals 0 2 * * *').default('0 2 * * *'),
  LEVERINGEN_CRON: z.string().regex(/^(\S+\s+){4}\S+$/, 'heeft vijf velden, zoals 0 5 * * *').default('0 5 * * *'),
  LEVERINGEN_DIR: z.string().min(1).optional(),
  WISREGISTER_DIR: z.string().min(1).optional(),
  BACKUP_DAGEN: z.coerce.number().int().min(1).max(3_650).default(90),
  INWERKINGTREDING: z.string().refine(isDatum, 'is een datum, zoals 2027-08-01').nullable().default(null),
  DB_VERBINDINGEN: z.coerce.number().int().min(2).max(200).default(10),
  VERZOEKEN_PER_SECONDE: z.coerce.number().int().min(1).max(1_000_000).default(2_000),
  VERZOEKEN_TEGELIJK: z.coerce.number().int().min(1).max(10_000).default(32),
  ADRES_PER_SECONDE: z.coerce.number().int().min(1).max(1_000_000).default(100),
  OPEN_VERZOEKEN: z.coerce.number().int().min(1).max(10_000).default(256),
  BERICHTEN_MB: z.coerce.number().int().min(16).max(10_000).default(32),
  DUO_KANAAL: z.enum(['map', 'soap-vsv']).optional(),
  DUO_MAP: z.string().min(1).optional(),
  DUO_URL: z.url({ protocol: /^https?$/ }).optional(),
  DUO_OIN: z.string().refine(isOin, 'is een OIN van 20 posities').optional(),
  DUO_CERTIFICAAT: z.string().min(1).optional(),
  DUO_SLEUTEL: z.string().min(1).optional(),
  DUO_CA: z.string().min(1).optional(),
  DUO_PROFIEL: z.enum(['2W-be', '2W-be-S']).default('2W-be'),
  DUO_ONDERTEKENING_CERTIFICAAT: z.string().min(1).optional(),
  DUO_ONDERTEKENING_SLEUTEL: z.string().min(1).optional(),
  DUO_ONDERTEKENING_CA: z.string().min(1).optional(),
  DUO_SECONDEN: z.coerce.number().int().min(1).max(120).default(30),
  DUO_PEIL_MINUTEN: z.coerce.number().int().min(1).max(1_440).default(15),
  LOGBOEK_COLLECTOR: z.url().refine(isSafe, 'begint met https:// (http:// alleen naar deze machine zelf, of een naam zonder punt: een container ernaast)').optional(),
  KLANT_SECONDEN: z.coerce.number().int().min(1).max(3_600).default(60),
  VERTROUWDE_PROXYS: z.string().transform((text) => text.split(',').map((address) => address.trim())).refine((list) => list.every(isNetwork), 'is een lijst van adressen of netwerken, zoals 10.0.0.0/8,::1').optional()
})

function isNetwork (text: string): boolean {
  const [address = '', bits, ...more] = text.split('/')
  const kind = isIP(address)
  return kind !== 0 && more.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128)))
}

/** Paths of PEM files, and how the settings that name them begin. */
export interface Pempaden { readonly instelling: string, readonly certificaat: string, readonly sleutel: string, readonly ca: string | undefined }

/** How messages reach DUO. Without `tls` the address is one of this machine itself; without `ondertekening` they are not signed. */
export type Duokanaal =
  | { readonly kanaal: 'map', readonly map: string }
  | { readonly kanaal: 'soap-vsv', readonly url: string, readonly oin: string, readonly seconden: number, readonly tls: Pempaden | undefined, readonly ondertekening: Pempaden | undefined }

export interface Issuer { readonly issuer: string, readonly jwksUrl: string, readonly audience: string, /** Clients (azp) that people sign in at. */ readonly portalen: readonly string[] }

export interface Config {
  readonly host: string
  readonly port: number
  /** Absent: the embedded store under dataDir. */
  readonly databaseUrl: string | undefined
  readonly dataDir: string
  readonly leveringenDir: string
  /** Where it is laid down what was destroyed, and how many days a backup may be old that is put back. */
  readonly wisregister: { readonly map: string, readonly dagen: number }
  readonly issuers: readonly Issuer[]
  /** Seconds that the clock of an issuer may differ from ours. */
  readonly klokverschil: number
  /** Where a trusted proxy puts the certificate of the client, in lower case. */
  readonly certificaatHeader: string | undefined
  /** Trust the key of our own in dataDir, and show GraphiQL. */
  readonly development: boolean
  /** 32 bytes, or undefined: in development one is made in dataDir. */
  readonly sleutel: Buffer | undefined
  readonly logLevel: string
  /** Days an absentie waits for its leerling before it is refused. */
  readonly wachtDagen: number
  readonly nachtCron: string
  readonly leveringenCron: string
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
  /** Absent: meldingen wait. */
  readonly duo: Duokanaal | undefined
  /** Between two questions for the statuses of a school. */
  readonly duoPeilMinuten: number
  /** Where the processing log goes as OTLP; absent: nowhere. */
  readonly logboekCollector: string | undefined
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
    faults.push(...checkProxys(parsed.data), ...checkDuo(parsed.data))
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
    wisregister: { map: resolve(env.WISREGISTER_DIR ?? `${dataDir}/wisregister`), dagen: env.BACKUP_DAGEN },
    issuers: env.AUTH_ISSUERS ?? [],
    klokverschil: env.AUTH_KLOKVERSCHIL,
    certificaatHeader: env.AUTH_CERTIFICAAT_HEADER?.toLowerCase(),
    development: env.AUTH_DEVELOPMENT === '1' || (env.DATABASE_URL === undefined && env.AUTH_DEVELOPMENT !== '0'),
    sleutel: env.SLEUTEL === undefined ? undefined : Buffer.from(env.SLEUTEL, 'base64'),
    logLevel: env.LOG_LEVEL,
    wachtDagen: env.WACHT_DAGEN,
    nachtCron: env.NACHT_CRON,
    leveringenCron: env.LEVERINGEN_CRON,
    inwerkingtreding: env.INWERKINGTREDING,
    verbindingen: env.DB_VERBINDINGEN,
    verzoekenPerSeconde: env.VERZOEKEN_PER_SECONDE,
    verzoekenTegelijk: env.VERZOEKEN_TEGELIJK,
    adresPerSeconde: env.ADRES_PER_SECONDE,
    openVerzoeken: env.OPEN_VERZOEKEN,
    berichtenBytes: env.BERICHTEN_MB * 1024 * 1024,
    duo: buildDuo(env, dataDir),
    duoPeilMinuten: env.DUO_PEIL_MINUTEN,
    logboekCollector: env.LOGBOEK_COLLECTOR,
    klantSeconden: env.KLANT_SECONDEN,
    proxys: env.VERTROUWDE_PROXYS ?? []
  }
}

function checkProxys ({ AUTH_CERTIFICAAT_HEADER: header, VERTROUWDE_PROXYS: proxys }: z.infer<typeof Environment>): string[] {
  return header === undefined || proxys !== undefined ? [] : ['VERTROUWDE_PROXYS: verplicht bij AUTH_CERTIFICAAT_HEADER; van anderen wordt die header niet geloofd']
}

const THUIS = ['localhost', '127.0.0.1', '[::1]']

function checkDuo ({ DUO_KANAAL: kanaal, DUO_URL: url, DUO_OIN: oin, DUO_CERTIFICAAT: certificaat, DUO_SLEUTEL: sleutel, DUO_PROFIEL: profiel, ...env }: z.infer<typeof Environment>): string[] {
  if (kanaal !== 'soap-vsv') return []
  const ondertekening = [env.DUO_ONDERTEKENING_CERTIFICAAT, env.DUO_ONDERTEKENING_SLEUTEL, env.DUO_ONDERTEKENING_CA]
  return [
    ...(url === undefined ? ['DUO_URL: verplicht bij DUO_KANAAL=soap-vsv'] : []),
    ...(oin === undefined ? ['DUO_OIN: verplicht bij DUO_KANAAL=soap-vsv'] : []),
    ...(url?.startsWith('http:') === true && !THUIS.includes(new URL(url).hostname) ? ['DUO_URL: begint met https:// (http:// alleen naar deze machine zelf)'] : []),
    ...(url?.startsWith('https:') === true && (certificaat === undefined || sleutel === undefined) ? ['DUO_CERTIFICAAT, DUO_SLEUTEL: verplicht bij een adres met https://'] : []),
    ...(profiel === '2W-be-S' && ondertekening.includes(undefined) ? ['DUO_ONDERTEKENING_CERTIFICAAT, DUO_ONDERTEKENING_SLEUTEL, DUO_ONDERTEKENING_CA: verplicht bij DUO_PROFIEL=2W-be-S'] : []),
    ...(profiel === '2W-be' && ondertekening.some((pad) => pad !== undefined) ? ['DUO_PROFIEL: 2W-be ondertekent niet; kies 2W-be-S of laat DUO_ONDERTEKENING_… weg'] : [])
  ]
}

function buildDuo ({ DUO_KANAAL: kanaal, DUO_MAP: map, DUO_URL: url = '', DUO_OIN: oin = '', DUO_SECONDEN: seconden, ...pem }: z.infer<typeof Environment>, dataDir: string): Duokanaal | undefined {
  if (kanaal === undefined) return undefined
  if (kanaal === 'map') return { kanaal, map: resolve(map ?? `${dataDir}/duo`) }
  return { kanaal, url, oin, seconden, tls: readPempaden(pem, 'DUO'), ondertekening: readPempaden(pem, 'DUO_ONDERTEKENING') }
}

function readPempaden (env: Partial<z.infer<typeof Environment>>, instelling: 'DUO' | 'DUO_ONDERTEKENING'): Pempaden | undefined {
  const { [`${instelling}_CERTIFICAAT` as const]: certificaat, [`${instelling}_SLEUTEL` as const]: sleutel, [`${instelling}_CA` as const]: ca } = env
  return certificaat === undefined || sleutel === undefined ? undefined : { instelling, certificaat, sleutel, ca }
}
