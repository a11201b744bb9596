import { openCertificaat } from './certificaten.ts'
import { makeMap } from './map.ts'
import { makeSoapVsv } from './soap-vsv.ts'
import type { Logger } from 'pino'
import type { Duokanaal } from '../config.ts'
import type { Kanaal } from '../domain/duobericht.ts'

/** The channel of this installation; undefined when none was chosen. Throws ConfigError for a certificate that cannot be used. */
export function makeKanaal (duo: Duokanaal | undefined, now: () => Date, log: Logger): Kanaal | undefined {
  if (duo === undefined) return undefined
  if (duo.kanaal === 'map') return makeMap({ map: duo.map, now, log })
  const { url, oin, seconden, tls, ondertekening } = duo
  return makeSoapVsv({
    url,
    oin,
    seconden,
    now,
    tls: tls === undefined ? undefined : openCertificaat('tls', tls, { now, log }),
    ondertekening: ondertekening === undefined ? undefined : openCertificaat('ondertekening', ondertekening, { now, log })
  })
}
