import type { Indelingsfout, Reden, Broncode } from './beleid.ts'
import type { Datum } from './datum.ts'

interface Woordenlijst {
  /** Day on which the list was drawn up. */
  readonly opgesteld: Datum
  readonly bron: string
  /** How a word begins, in lower case and without accents; with a full stop behind it the whole word. */
  readonly woorden: readonly string[]
}

/**
 * Words that say what somebody ails. A school may lay down that a leerling is ill and not of what, so no reden and no code may hold one. The words
 * are ours, by the chapters of ICD-10 and what parents report most.
 */
export const AARD_VAN_ZIEKTE: Woordenlijst = {
  opgesteld: '2026-11-22',
  bron: 'AVG art. 9 lid 1 (gegevens over gezondheid); VO-raad, Q&A privacy en registratie covid-19, 6 januari 2021: wel dat iemand ziek is, niet wat die persoon mankeert',
  woorden: [
    'griep', 'buikgriep', 'covid', 'corona', 'verkoud', 'keelontst', 'longontst', 'oorontst', 'blaasontst', 'norovirus', 'waterpok', 'mazelen', 'rodehond', 'kinkhoest', 'pfeiffer', 'krentenbaard', 'hoofdlui', 'schurft', 'hepatitis', 'hiv.', 'aids.', 'soa.', 'tuberculose', 'koorts',
    'kanker', 'leukemie', 'tumor', 'bloedarmoede', 'anemie', 'diabetes', 'suikerziekte', 'obesitas', 'anorexia', 'boulimi', 'eetstoornis',
    'depress', 'burnout', 'overspannen', 'angststoornis', 'paniek', 'autis', 'adhd.', 'add.', 'psychose', 'psychotisch', 'schizofren', 'ptss.', 'suicid', 'zelfmoord', 'zelfbeschadig', 'automutil', 'verslav',
    'migraine', 'hoofdpijn', 'epilep', 'hersenschudding', 'astma', 'hooikoorts', 'allergi', 'eczeem', 'buikpijn', 'maagpijn', 'misselijk', 'diarree', 'braken.', 'overgeven.', 'crohn', 'coeliakie', 'blindedarm', 'reuma',
    'menstru', 'ongesteld', 'miskraam', 'abortus', 'syndroom', 'diagnose'
  ]
}

/** Words that are a bijzonder persoonsgegeven or one of strafrechtelijke aard by themselves: a reden with one is flagged so, and then needs its grondslag. */
export const BIJZONDER: Woordenlijst = {
  opgesteld: '2026-11-22',
  bron: 'AVG art. 9 lid 1 (godsdienst, levensovertuiging, gezondheid) en art. 10 (strafrechtelijk); UAVG art. 22 tot en met 33',
  woorden: [
    'godsdienst', 'levensovertuiging', 'geloof', 'relig', 'islam', 'moslim', 'christ', 'joods', 'hindoe', 'boeddh', 'ramadan', 'suikerfeest', 'offerfeest', 'bidden', 'kerk',
    'psych', 'zwanger', 'bevalling', 'detentie', 'gedetineer', 'gevangen', 'arrest', 'aanhouding', 'strafrecht', 'verdacht', 'veroordeel', 'vreemdelingenbewaring'
  ]
}

/** The first word of a text that the list names. */
function findWoord ({ woorden }: Woordenlijst, tekst: string): string | undefined {
  const gelezen = tekst.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll(/burn[ -]out/g, 'burnout').match(/[a-z]+/g) ?? []
  return gelezen.find((woord) => woorden.some((begin) => begin.endsWith('.') ? woord === begin.slice(0, -1) : woord.startsWith(begin)))
}

/** What is wrong with a text or code that names the aard of a ziekte; part of a sentence. */
export function describeAard (tekst: string): string | undefined {
  const woord = findWoord(AARD_VAN_ZIEKTE, tekst)
  return woord === undefined ? undefined : `noemt met "${woord}" de aard van een ziekte; leg vast dat iemand ziek is, en niet wat hem mankeert (AVG art. 9)`
}

/** Where redenen and codes of bronnen say more of somebody than a school may lay down, or do not say that they do; details are parts of a sentence. */
export function listBijzonderefouten (redenen: readonly Reden[], codes: readonly Broncode[]): Indelingsfout[] {
  const listAard = (pad: Indelingsfout['pad'], tekst: string): Indelingsfout[] => {
    const detail = describeAard(tekst)
    return detail === undefined ? [] : [{ pad, code: 'aard-van-ziekte', detail }]
  }
  return [
    ...redenen.flatMap(({ code, omschrijving, kenmerken = [] }, at) => [
      ...listAard(['redenen', at, 'code'], code),
      ...listAard(['redenen', at, 'omschrijving'], omschrijving),
      ...kenmerken.includes('bijzonder-persoonsgegeven') ? [] : listOngenoemd(['redenen', at, 'omschrijving'], `${code} ${omschrijving}`)
    ]),
    ...codes.flatMap(({ code }, at) => listAard(['codes', at, 'code'], code))
  ]
}

function listOngenoemd (pad: Indelingsfout['pad'], tekst: string): Indelingsfout[] {
  const woord = findWoord(BIJZONDER, tekst)
  return woord === undefined ? [] : [{ pad, code: 'bijzonder-persoonsgegeven', detail: `noemt met "${woord}" een bijzonder persoonsgegeven; geef de reden dat kenmerk en een grondslag` }]
}
