import type { Dagdeel } from './absentie.ts'
import { compareBronnen, type Bronafspraak } from './bronafspraak.ts'

/** A report of one leerling on one day, by one of the school's bronnen; none is withdrawn. */
export interface Dagmelding {
  readonly bron: string
  readonly bronId: string
  readonly lesuren: readonly number[] | null
  readonly dagdeel: Dagdeel | null
}

/**
 * Which reports of one leerling on one day count nowhere, and the bron that goes before each: of two bronnen that report the same lesson time
 * the first in the volgorde counts. A report that itself counts nowhere takes nothing away from the ones after it. Reports of one bron never
 * stand in each other's way.
 */
export function decideVoorrang (meldingen: readonly Dagmelding[], afspraak: Bronafspraak): Map<Dagmelding, string> {
  const overtroefd = new Map<Dagmelding, string>()
  const tellend: Dagmelding[] = []
  for (const melding of [...meldingen].sort((a, b) => compareBronnen(afspraak, a.bron, b.bron))) {
    const winnaar = tellend.find((other) => other.bron !== melding.bron && isZelfdeLestijd(other, melding))
    if (winnaar === undefined) tellend.push(melding)
    else overtroefd.set(melding, winnaar.bron)
  }
  return overtroefd
}

/** Lesuren are compared with lesuren, a dagdeel with a dagdeel; of anything else it cannot be ruled out, and a minute never counts twice. */
function isZelfdeLestijd (a: Dagmelding, b: Dagmelding): boolean {
  if (a.lesuren !== null && b.lesuren !== null) return a.lesuren.some((lesuur) => b.lesuren!.includes(lesuur))
  if (a.lesuren === null && b.lesuren === null && a.dagdeel !== null && b.dagdeel !== null) return a.dagdeel === b.dagdeel
  return true
}
