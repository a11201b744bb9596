import { parsePeriode } from './datum.ts'

// Asked of every record of a push: in place of the function each call would make a copy of it.
const BRIN = /^[0-9]{2}[A-Z]{2}$/
const VESTIGINGSCODE = /^[0-9]{2}[A-Z]{2}[0-9A-Z]{2}$/

/** BRIN (instellingscode): two digits and two capitals, '99AA'. */
export function isBrin (s: string): boolean {
  return BRIN.test(s)
}

/** Vestigingscode: BRIN and two characters, '99AA00'. Mostly digits; RIO also lists letters. */
export function isVestigingscode (s: string): boolean {
  return VESTIGINGSCODE.test(s)
}

export function brinVan (vestigingscode: string): string {
  return vestigingscode.slice(0, 4)
}

/** CBS gemeentecode, four digits as text ('0363'). Whether the gemeente exists on a day is a matter of dated data. */
export function isGemeentecode (s: string): boolean {
  return /^[0-9]{4}$/.test(s) && s !== '0000'
}

/** Samenwerkingsverband in the one form we store: 'PO2202'. */
export function isSamenwerkingsverband (s: string): boolean {
  return /^(?:PO|VO)[0-9]{4}$/.test(s)
}

/** 'PO-22-02', 'po 22-02' and 'PO2202' are one samenwerkingsverband; undefined when the sector is missing ('22-02'). */
export function normaliseerSamenwerkingsverband (s: string): string | undefined {
  const kort = s.replace(/[\s-]/g, '').toUpperCase()
  return isSamenwerkingsverband(kort) ? kort : undefined
}

/**
 * Elfproef with weights 9..2 and -1: sum mod 11 is 0 for a BSN; 5 for an onderwijsnummer, which starts with 10. No number is both.
 * Says only that the form is right, never that the number was issued.
 */
export function soortPersoonsgebondenNummer (s: string): 'bsn' | 'onderwijsnummer' | undefined {
  if (!/^[0-9]{9}$/.test(s) || s === '000000000') return undefined
  let som = -Number(s[8])
  for (let i = 0; i < 8; i++) som += (9 - i) * Number(s[i])
  const rest = ((som % 11) + 11) % 11
  if (rest === 0) return 'bsn'
  return rest === 5 && s.startsWith('10') ? 'onderwijsnummer' : undefined
}

/**
 * OIN: 20 positions, the first eight the register (Logius, OIN-Stelsel): RSIN 1, KvK 3, subOIN 4, Logius 6, BRIN 7, test 99.
 * A BRIN brings letters: 0000000700000AV00000.
 */
export function isOin (s: string): boolean {
  return /^(?:0000000[1346]|00000099)[0-9]{12}$/.test(s) || /^00000007[0-9A-Z]{12}$/.test(s)
}

/** '2026-2027': two consecutive years. */
export function isSchooljaar (s: string): boolean {
  return parsePeriode(s)?.soort === 'schooljaar'
}
