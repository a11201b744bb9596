import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { ConfigError, type Pempaden } from '../config.ts'
import { duoCertificaatMeter, duoCertificaatGeweigerdMeter } from '../http/health.ts'
import { isGeldig, KLEINSTE_SLEUTEL, listCertificaten } from './handtekening.ts'
import type { Logger } from 'pino'

/** A certificate is renewed in weeks, not in days. */
const ZEGGEN_VANAF = 30
const DAG = 86_400_000

export type Gebruik = 'tls' | 'ondertekening'
/** What stands in the files: PEM of a certificate, its key, and the CAs to believe. */
export interface Pem { readonly cert: string, readonly key: string, readonly ca: string | undefined }

interface Opties { readonly now: () => Date, readonly log: Logger }

/**
 * A certificate with its key, read from the files again at each use: a renewed one counts without a restart. What is put there but cannot be
 * used leaves the last good one in use, in the log and in the metrics. Throws ConfigError when there is no good one to begin with.
 */
export function openCertificaat (gebruik: Gebruik, paden: Pempaden, { now, log }: Opties): () => Promise<Pem> {
  let goed = readAtStart(gebruik, paden)
  let gezien = goed
  let gezegdOp = ''
  const tell = (): void => {
    const dagen = Math.floor((new X509Certificate(goed.cert).validToDate.getTime() - now().getTime()) / DAG)
    duoCertificaatMeter.set({ gebruik }, dagen)
    const vandaag = now().toISOString().slice(0, 10)
    if (dagen >= ZEGGEN_VANAF || gezegdOp === vandaag) return
    gezegdOp = vandaag
    log.warn({ gebruik, dagen }, 'the certificate for DUO ends soon; after that no melding leaves')
  }
  const refuse = (fout: string): void => {
    duoCertificaatGeweigerdMeter.set({ gebruik }, 1)
    log.error({ gebruik, fout }, 'the new certificate for DUO cannot be used; the last good one stays in use')
  }
  duoCertificaatGeweigerdMeter.set({ gebruik }, 0)
  tell()

  return async () => {
    const nu = await readFiles(paden)
    if (!isSame(nu, gezien)) {
      gezien = nu
      const fout = nu.fout ?? findFout(gebruik, nu) ?? (isGeldig(new X509Certificate(nu.cert), now()) ? undefined : 'is niet geldig op dit moment')
      if (fout === undefined) {
        goed = nu
        duoCertificaatGeweigerdMeter.set({ gebruik }, 0)
        log.info({ gebruik }, 'a renewed certificate for DUO is in use')
      } else {
        refuse(fout)
      }
    }
    tell()
    return goed
  }
}

interface Gelezen extends Pem { readonly fout?: string }

function readAtStart (gebruik: Gebruik, { certificaat, sleutel, ca, instelling }: Pempaden): Gelezen {
  const read = (naam: string, pad: string): string => {
    try {
      return readFileSync(pad, 'utf8')
    } catch (error) {
      throw new ConfigError(`De configuratie klopt niet:\n  - ${instelling}_${naam}: het bestand is niet te lezen (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  const pem = { cert: read('CERTIFICAAT', certificaat), key: read('SLEUTEL', sleutel), ca: ca === undefined ? undefined : read('CA', ca) }
  const fout = findFout(gebruik, pem)
  if (fout !== undefined) throw new ConfigError(`De configuratie klopt niet:\n  - ${instelling}_CERTIFICAAT en ${instelling}_SLEUTEL: ${fout}`)
  return pem
}

async function readFiles ({ certificaat, sleutel, ca }: Pempaden): Promise<Gelezen> {
  try {
    const [cert, key, uitgevers] = await Promise.all([certificaat, sleutel, ca].map(async (pad) => pad === undefined ? undefined : await readFile(pad, 'utf8')))
    return { cert: cert!, key: key!, ca: uitgevers }
  } catch (error) {
    return { cert: '', key: '', ca: undefined, fout: `is niet te lezen (${(error as NodeJS.ErrnoException).code})` }
  }
}

function isSame (a: Gelezen, b: Gelezen): boolean {
  return a.cert === b.cert && a.key === b.key && a.ca === b.ca && a.fout === b.fout
}

/** Why this cannot be used, in Dutch; by the same rules as the use itself will. */
function findFout (gebruik: Gebruik, { cert, key, ca }: Pem): string | undefined {
  try {
    createSecureContext({ cert, key, ca })
    if (gebruik === 'tls') return undefined
    const { asymmetricKeyType, asymmetricKeyDetails } = createPrivateKey(key)
    if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < KLEINSTE_SLEUTEL) return `ondertekenen vraagt een RSA-sleutel van ten minste ${KLEINSTE_SLEUTEL} bits`
    return listCertificaten(ca ?? '').length === 0 ? 'er staat geen uitgever in het bestand van de CA' : undefined
  } catch {
    return 'zijn geen PEM, of horen niet bij elkaar'
  }
}
