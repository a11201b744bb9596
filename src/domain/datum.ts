/** A calendar day 'YYYY-MM-DD'. A day has no time zone; only `vandaag` turns an instant into one. */
export type Datum = string

/** A stretch of days, both ends inclusive. */
export interface Periode { readonly van: Datum, readonly tot: Datum }

export type Periodesoort = 'lesweek' | 'maand' | 'schooljaar'

const EERSTE_JAAR = 1900
const LAATSTE_JAAR = 2999

const TWEE_CIJFERS: readonly string[] = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'))

function getal (d: string, van: number, tot: number): number {
  let n = 0
  for (let i = van; i < tot; i++) n = n * 10 + d.charCodeAt(i) - 48
  return n
}

function dagnummerVan (jaar: number, maandnummer: number, dag: number): number {
  // Years counted from March put the leap day last, so the month lengths are one linear formula (H. Hinnant, days_from_civil).
  const y = maandnummer > 2 ? jaar : jaar - 1
  const m = maandnummer > 2 ? maandnummer - 3 : maandnummer + 9
  return 365 * y + (y / 4 | 0) - (y / 100 | 0) + (y / 400 | 0) + ((153 * m + 2) / 5 | 0) + dag - 719469
}

/** Days since 1970-01-01. Takes a real day (`isDatum`); no check, because this is the inner loop: 18 ns. */
export function dagnummer (d: Datum): number {
  return dagnummerVan(getal(d, 0, 4), getal(d, 5, 7), getal(d, 8, 10))
}

export function datumVanDagnummer (n: number): Datum {
  const z = n + 719468
  const era = Math.floor(z / 146097)
  const doe = z - era * 146097
  const yoe = (doe - (doe / 1460 | 0) + (doe / 36524 | 0) - (doe / 146096 | 0)) / 365 | 0
  const doy = doe - (365 * yoe + (yoe / 4 | 0) - (yoe / 100 | 0))
  const m = (5 * doy + 2) / 153 | 0
  const dag = doy - ((153 * m + 2) / 5 | 0) + 1
  const maandnummer = m < 10 ? m + 3 : m - 9
  const jaar = yoe + era * 400 + (maandnummer <= 2 ? 1 : 0)
  return `${jaar}-${TWEE_CIJFERS[maandnummer]}-${TWEE_CIJFERS[dag]}`
}

// In place of the function each call would make a copy of it.
const VORM = /^\d{4}-\d{2}-\d{2}$/

/** A day that exists, in 1900 to 2999. */
export function isDatum (s: string): boolean {
  if (!VORM.test(s)) return false
  const jaar = jaarVan(s)
  const maandnummer = getal(s, 5, 7)
  const dag = getal(s, 8, 10)
  if (jaar < EERSTE_JAAR || jaar > LAATSTE_JAAR || maandnummer < 1 || maandnummer > 12 || dag < 1) return false
  const volgende = maandnummer === 12 ? dagnummerVan(jaar + 1, 1, 1) : dagnummerVan(jaar, maandnummer + 1, 1)
  return dag <= volgende - dagnummerVan(jaar, maandnummer, 1)
}

export function jaarVan (d: Datum): number {
  return getal(d, 0, 4)
}

export function addDagen (d: Datum, n: number): Datum {
  return datumVanDagnummer(dagnummer(d) + n)
}

/** ISO weekday: Monday 1 to Sunday 7. */
export function weekdagVanDagnummer (n: number): number {
  // 1970-01-01 was a Thursday.
  return (((n + 3) % 7) + 7) % 7 + 1
}

export function weekdag (d: Datum): number {
  return weekdagVanDagnummer(dagnummer(d))
}

/** The Monday of the ISO week of this day. */
export function maandag (d: Datum): Datum {
  const n = dagnummer(d)
  return datumVanDagnummer(n - weekdagVanDagnummer(n) + 1)
}

/** '2026-W37', with the ISO year: 2027-01-03 lies in '2026-W53'. */
export function isoWeek (d: Datum): string {
  const n = dagnummer(d)
  // The Thursday of a week decides its year (ISO 8601).
  const donderdag = n - weekdagVanDagnummer(n) + 4
  const jaar = jaarVan(datumVanDagnummer(donderdag))
  const week = Math.floor((donderdag - dagnummerVan(jaar, 1, 1)) / 7) + 1
  return `${jaar}-W${TWEE_CIJFERS[week]}`
}

/** The calendar month, '2026-09'. */
export function maand (d: Datum): string {
  return d.slice(0, 7)
}

/** The year in which the schooljaar of this day starts: 2026 for '2027-07-31'. */
export function startjaar (d: Datum): number {
  return getal(d, 5, 7) >= 8 ? jaarVan(d) : jaarVan(d) - 1
}

export function schooljaarVanStartjaar (jaar: number): string {
  return `${jaar}-${jaar + 1}`
}

/** '2026-2027': 1 August to 31 July (WPO art. 1, WVO 2020 art. 1.1). */
export function schooljaar (d: Datum): string {
  return schooljaarVanStartjaar(startjaar(d))
}

export function schooljaarPeriode (sj: string): Periode {
  return { van: `${sj.slice(0, 4)}-08-01`, tot: `${sj.slice(5, 9)}-07-31` }
}

export function maandPeriode (m: string): Periode {
  const jaar = getal(m, 0, 4)
  const nummer = getal(m, 5, 7)
  const volgende = nummer === 12 ? dagnummerVan(jaar + 1, 1, 1) : dagnummerVan(jaar, nummer + 1, 1)
  return { van: `${m}-01`, tot: datumVanDagnummer(volgende - 1) }
}

/** Monday to Sunday of an ISO week '2026-W37'. */
export function weekPeriode (week: string): Periode {
  // 4 January always lies in week 1 (ISO 8601).
  const vierde = dagnummerVan(getal(week, 0, 4), 1, 4)
  const van = vierde - weekdagVanDagnummer(vierde) + 1 + (getal(week, 6, 8) - 1) * 7
  return { van: datumVanDagnummer(van), tot: datumVanDagnummer(van + 6) }
}

/** Reads '2026-W37', '2026-09' or '2026-2027'; undefined for a period that does not exist (2025-W53, 2026-13, 2026-2028). */
export function parsePeriode (periode: string): { readonly soort: Periodesoort, readonly van: Datum, readonly tot: Datum } | undefined {
  const jaar = getal(periode, 0, 4)
  if (!(jaar >= EERSTE_JAAR && jaar <= LAATSTE_JAAR)) return undefined
  if (/^\d{4}-W\d{2}$/.test(periode)) {
    const week = weekPeriode(periode)
    return isoWeek(week.van) === periode ? { soort: 'lesweek', ...week } : undefined
  }
  if (/^\d{4}-\d{2}$/.test(periode)) {
    return isDatum(`${periode}-01`) ? { soort: 'maand', ...maandPeriode(periode) } : undefined
  }
  return periode === schooljaarVanStartjaar(jaar) ? { soort: 'schooljaar', ...schooljaarPeriode(periode) } : undefined
}

const amsterdam = new Intl.DateTimeFormat('en', {
  timeZone: 'Europe/Amsterdam', calendar: 'gregory', numberingSystem: 'latn', year: 'numeric', month: '2-digit', day: '2-digit'
})

// Asked several times a push, of the same second: ICU takes 0.04 ms.
let laatst = { seconde: NaN, dag: '' }

/** The calendar day of an instant in Europe/Amsterdam: the only place that knows the time zone. */
export function vandaag (instant: Date): Datum {
  const seconde = Math.floor(instant.getTime() / 1000)
  if (laatst.seconde !== seconde) {
    // By parts: the order and the separators of a locale are no promise of ICU.
    const deel = Object.fromEntries(amsterdam.formatToParts(instant).map(({ type, value }) => [type, value]))
    laatst = { seconde, dag: `${deel.year}-${deel.month}-${deel.day}` }
  }
  return laatst.dag
}

/** RFC 3339 in UTC with milliseconds, '2026-03-29T01:00:00.000Z'. */
export function tijdstip (instant: Date): string {
  return instant.toISOString()
}

/** The day a person reaches this age. Born on 29 February: 1 March in a year without that day. */
export function verjaardag (geboortedatum: Datum, leeftijd: number): Datum {
  const datum = `${jaarVan(geboortedatum) + leeftijd}${geboortedatum.slice(4)}`
  return isDatum(datum) ? datum : `${datum.slice(0, 4)}-03-01`
}

/** Age in full years; the birthday itself counts. Born on 29 February: a year older on 1 March when there is no 29th. */
export function leeftijdOp (geboortedatum: Datum, datum: Datum): number {
  return jaarVan(datum) - jaarVan(geboortedatum) - (datum.slice(5) < geboortedatum.slice(5) ? 1 : 0)
}

/** Easter Sunday (Gregorian computus, Meeus/Jones/Butcher). */
export function paasdatum (jaar: number): Datum {
  const a = jaar % 19
  const b = Math.floor(jaar / 100)
  const c = jaar % 100
  const h = (19 * a + b - Math.floor(b / 4) - Math.floor((b - Math.floor((b + 8) / 25) + 1) / 3) + 15) % 30
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - c % 4) % 7
  const m = Math.floor((a + 11 * h + 22 * l) / 451)
  const s = h + l - 7 * m + 114
  return datumVanDagnummer(dagnummerVan(jaar, Math.floor(s / 31), s % 31 + 1))
}
