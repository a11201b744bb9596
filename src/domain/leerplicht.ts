import { addDagen, maandPeriode, maand, schooljaar, schooljaarPeriode, verjaardag } from './datum.ts'
import type { Datum, Periode } from './datum.ts'
import type { Leerplichtgroep } from './regel.ts'

/**
 * First day of the month after the one in which the child turns five; born on 1 September: 1 October.
 * Leerplichtwet 1969, art. 3 lid 1, which says its first school day: the same, since only lesdagen count.
 */
export function leerplichtVanaf (geboortedatum: Datum): Datum {
  return addDagen(maandPeriode(maand(verjaardag(geboortedatum, 5))).tot, 1)
}

/** The day leerplicht and kwalificatieplicht have ended (Leerplichtwet 1969, art. 4a). */
export function achttiendeVerjaardag (geboortedatum: Datum): Datum {
  return verjaardag(geboortedatum, 18)
}

/**
 * The days, both inclusive, on which one is leerplichtig or kwalificatieplichtig by age: up to the day before the 18th birthday
 * (Leerplichtwet 1969, art. 3 and 4a). A startkwalificatie or vrijstelling is not weighed here.
 */
export function leerplichtperiode (geboortedatum: Datum): Periode {
  return { van: leerplichtVanaf(geboortedatum), tot: addDagen(achttiendeVerjaardag(geboortedatum), -1) }
}

/**
 * The days of one part of it. Leerplicht ends with the schooljaar in which one turns sixteen (Leerplichtwet 1969, art. 3 lid 1 onder a; after
 * twelve schooljaren too, which is not known here); kwalificatieplicht follows it.
 */
export function groepsperiode (groep: Leerplichtgroep, geboortedatum: Datum): Periode {
  const geheel = leerplichtperiode(geboortedatum)
  const eindeLeerplicht = schooljaarPeriode(schooljaar(verjaardag(geboortedatum, 16))).tot
  if (groep === 'leerplichtig') return { van: geheel.van, tot: eindeLeerplicht }
  return groep === 'kwalificatieplichtig' ? { van: addDagen(eindeLeerplicht, 1), tot: geheel.tot } : geheel
}
