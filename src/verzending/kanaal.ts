import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ConfigError, type Duokanaal } from '../config.ts'
import { makeMap } from './map.ts'
import { makeSoapVsv } from './soap-vsv.ts'
import type { Logger } from 'pino'
import type { Toegang } from './post.ts'
import type { Kanaal } from '../domain/duobericht.ts'

/** A certificate is renewed in weeks, not in days. */
const WAARSCHUWEN = 30

/** The channel of this installation; undefined when none was chosen. Throws ConfigError for a certificate that cannot be used. */
export function makeKanaal (duo: Duokanaal | undefined, now: () => Date, log: Logger): Kanaal | undefined {
  if (duo === undefined) return undefined
  if (duo.kanaal === 'map') return makeMap({ map: duo.map, now, log })
  return makeSoapVsv({ url: duo.url, oin: duo.oin, seconden: duo.seconden, tls: duo.tls === undefined ? undefined : readTls(duo.tls, now, log) })
}

function readTls ({ certificaat, sleutel, ca }: { readonly certificaat: string, readonly sleutel: string, readonly ca: string | undefined }, now: () => Date, log: Logger): NonNullable<Toegang['tls']> {
  const cert = readPem('DUO_CERTIFICAAT', certificaat)
  const key = readPem('DUO_SLEUTEL', sleutel)
  let dagen
  try {
    // Read by the same rules as the connection will.
    createSecureContext({ cert, key })
    dagen = Math.floor((new X509Certificate(cert).validToDate.getTime() - now().getTime()) / 86_400_000)
  } catch {
    throw new ConfigError('De configuratie klopt niet:\n  - DUO_CERTIFICAAT en DUO_SLEUTEL: zijn geen PEM, of horen niet bij elkaar')
  }
  if (dagen < WAARSCHUWEN) log.warn({ dagen }, 'the client certificate for DUO ends soon; after that no melding leaves')
  return { cert, key, ca: ca === undefined ? undefined : readPem('DUO_CA', ca) }
}

function readPem (naam: string, pad: string): string {
  try {
    return readFileSync(pad, 'utf8')
  } catch (error) {
    throw new ConfigError(`De configuratie klopt niet:\n  - ${naam}: het bestand is niet te lezen (${(error as NodeJS.ErrnoException).code})`)
  }
}
