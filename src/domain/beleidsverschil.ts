import { findLandelijk, resolveRegel, type Regeldefinitie } from './regel.ts'
import { compareDefinities } from './beleidstoets.ts'
import { describeDuiding, describeRegel, listRegelcodes } from './beleidstekst.ts'
import { countOf } from './woorden.ts'
import type { Beleid, Reden } from './beleid.ts'
import type { Beleidselement } from './beleidselement.ts'
import type { Datum } from './datum.ts'

export const ONDERDELEN = ['algemeen', 'reden', 'code', 'regel', 'duiding', 'element'] as const
export type Onderdeel = typeof ONDERDELEN[number]
export const VERSCHILSOORTEN = ['toegevoegd', 'verwijderd', 'gewijzigd'] as const

/** One difference between two beleidsversies; `oud` and `nieuw` are as in the documents, null where it is not there. */
export interface Beleidsverschil {
  readonly onderdeel: Onderdeel
  readonly sleutel: string
  readonly soort: typeof VERSCHILSOORTEN[number]
  readonly oud: unknown
  readonly nieuw: unknown
  /** A Dutch sentence. */
  readonly omschrijving: string
}

interface Woorden<T> {
  readonly toegevoegd: (nieuw: T, sleutel: string) => string
  readonly verwijderd: (oud: T, sleutel: string) => string
  readonly gewijzigd: (oud: T, nieuw: T, sleutel: string) => string
  readonly isGelijk?: (oud: T, nieuw: T) => boolean
}

/** The differences of two lists by key, in order of the key. */
function compareLijsten<T> (onderdeel: Onderdeel, oud: ReadonlyMap<string, T>, nieuw: ReadonlyMap<string, T>, woorden: Woorden<T>): Beleidsverschil[] {
  return [...new Set([...oud.keys(), ...nieuw.keys()])].sort().flatMap((sleutel): Beleidsverschil[] => {
    const [toen, nu] = [oud.get(sleutel), nieuw.get(sleutel)]
    if (toen === undefined && nu !== undefined) return [{ onderdeel, sleutel, soort: 'toegevoegd', oud: null, nieuw: nu, omschrijving: woorden.toegevoegd(nu, sleutel) }]
    if (toen !== undefined && nu === undefined) return [{ onderdeel, sleutel, soort: 'verwijderd', oud: toen, nieuw: null, omschrijving: woorden.verwijderd(toen, sleutel) }]
    return (woorden.isGelijk ?? isGelijk)(toen!, nu!) ? [] : [{ onderdeel, sleutel, soort: 'gewijzigd', oud: toen, nieuw: nu, omschrijving: woorden.gewijzigd(toen!, nu!, sleutel) }]
  })
}

/** Equal as JSON, whatever the order of the keys: jsonb keeps its own. */
function isGelijk (a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b)
}

function canonical (waarde: unknown): string {
  return JSON.stringify(waarde, (_sleutel, deel: unknown) => typeof deel === 'object' && deel !== null && !Array.isArray(deel) ? Object.fromEntries(Object.entries(deel).sort(([a], [b]) => a < b ? -1 : 1)) : deel)
}

function perSleutel<T> (lijst: readonly T[], sleutelOf: (deel: T) => string): Map<string, T> {
  return new Map(lijst.map((deel) => [sleutelOf(deel), deel]))
}

type Vergelijkbaar = Beleid & { readonly elementen: readonly Beleidselement[] }

function describeReden (oud: Reden, nieuw: Reden): string {
  if (oud.categorie !== nieuw.categorie) return `Reden ${nieuw.code} (${nieuw.omschrijving}) is ${nieuw.categorie} in plaats van ${oud.categorie}.`
  return `Reden ${nieuw.code} (${nieuw.omschrijving}) is gewijzigd; de categorie blijft ${nieuw.categorie}.`
}

interface Geldenderegel { readonly omschrijving: string | undefined, readonly definitie: Regeldefinitie }

function listGeldend (beleid: Beleid, datum: Datum): Map<string, Geldenderegel> {
  return new Map(listRegelcodes(beleid).flatMap((regel) => {
    const [keuze, landelijk] = [beleid.regels.find((each) => each.regel === regel), findLandelijk(regel, datum)]
    const definitie = resolveRegel(keuze, landelijk)
    return definitie === undefined ? [] : [[regel, { omschrijving: keuze?.omschrijving ?? landelijk?.omschrijving, definitie }] as const]
  }))
}

function listRegelzinnen (oud: Geldenderegel, nieuw: Geldenderegel): string[] {
  return [...compareDefinities(oud.definitie, nieuw.definitie).map(({ omschrijving }) => omschrijving), ...(oud.omschrijving === nieuw.omschrijving ? [] : ['De omschrijving is gewijzigd.'])]
}

// Both against the same national rules, so what is shown is what the school changed.
function compareRegels (oud: Beleid, nieuw: Beleid, datum: Datum): Beleidsverschil[] {
  return compareLijsten('regel', listGeldend(oud, datum), listGeldend(nieuw, datum), {
    toegevoegd: ({ definitie }, regel) => `Komt erbij. ${describeRegel(definitie, regel)}`,
    verwijderd: (_, regel) => `Regel ${regel} vervalt.`,
    gewijzigd: (toen, nu, regel) => `Regel ${regel} is anders. ${listRegelzinnen(toen, nu).join(' ')}`,
    isGelijk: (toen, nu) => listRegelzinnen(toen, nu).length === 0
  })
}

function compareDuidingen (oud: Beleid, nieuw: Beleid): Beleidsverschil[] {
  const [toen, nu] = [perSleutel(oud.duidingen, ({ omschrijving }) => omschrijving), perSleutel(nieuw.duidingen, ({ omschrijving }) => omschrijving)]
  const gebleven = (duidingen: ReadonlyMap<string, unknown>, ander: ReadonlyMap<string, unknown>): string[] => [...duidingen.keys()].filter((sleutel) => ander.has(sleutel))
  const [volgorde, nieuweVolgorde] = [gebleven(toen, nu), gebleven(nu, toen)]
  return [
    ...compareLijsten('duiding', toen, nu, {
      toegevoegd: (duiding) => `Duiding „${duiding.omschrijving}” komt erbij. ${describeDuiding(duiding)}`,
      verwijderd: (duiding) => `Duiding „${duiding.omschrijving}” vervalt.`,
      gewijzigd: (_, duiding) => `Duiding „${duiding.omschrijving}” is anders. ${describeDuiding(duiding)}`
    }),
    ...(isGelijk(volgorde, nieuweVolgorde) ? [] : [{ onderdeel: 'duiding' as const, sleutel: '', soort: 'gewijzigd' as const, oud: volgorde, nieuw: nieuweVolgorde, omschrijving: 'De duidingen staan in een andere volgorde; de eerste die past, telt.' }])
  ]
}

/** Everything that is different in `nieuw`, in a stable order; rules as they are on `datum`. */
export function compareBeleid (oud: Vergelijkbaar, nieuw: Vergelijkbaar, datum: Datum): Beleidsverschil[] {
  const na = (lesdagen: number | null): string => lesdagen === null ? 'nooit vanzelf' : `na ${countOf(lesdagen, 'lesdag', 'lesdagen')}`
  return [
    ...(oud.onverklaardNaLesdagen === nieuw.onverklaardNaLesdagen
      ? []
      : [{ onderdeel: 'algemeen' as const, sleutel: 'onverklaardNaLesdagen', soort: 'gewijzigd' as const, oud: oud.onverklaardNaLesdagen, nieuw: nieuw.onverklaardNaLesdagen, omschrijving: `Onverklaard verzuim wordt ${na(nieuw.onverklaardNaLesdagen)} ongeoorloofd in plaats van ${na(oud.onverklaardNaLesdagen)}.` }]),
    ...compareLijsten('reden', perSleutel(oud.redenen, ({ code }) => code), perSleutel(nieuw.redenen, ({ code }) => code), {
      toegevoegd: ({ code, omschrijving, categorie }) => `Reden ${code} (${omschrijving}) komt erbij als ${categorie}.`,
      verwijderd: ({ code, omschrijving }) => `Reden ${code} (${omschrijving}) vervalt.`,
      gewijzigd: describeReden
    }),
    ...compareLijsten('code', perSleutel(oud.codes, ({ bron, code }) => `${bron}/${code}`), perSleutel(nieuw.codes, ({ bron, code }) => `${bron}/${code}`), {
      toegevoegd: ({ bron, code, reden }) => `Code ${code} van bron ${bron} betekent nu ${reden}.`,
      verwijderd: ({ bron, code }) => `Code ${code} van bron ${bron} heeft geen eigen betekenis meer.`,
      gewijzigd: (toen, { bron, code, reden }) => `Code ${code} van bron ${bron} betekent ${reden} in plaats van ${toen.reden}.`
    }),
    ...compareRegels(oud, nieuw, datum),
    ...compareDuidingen(oud, nieuw),
    ...compareLijsten('element', perSleutel(oud.elementen, ({ code }) => code), perSleutel(nieuw.elementen, ({ code }) => code), {
      toegevoegd: ({ code }) => `De tekst van het element ${code} komt erbij.`,
      verwijderd: ({ code }) => `De tekst van het element ${code} vervalt.`,
      gewijzigd: (_, { code }) => `De tekst van het element ${code} is gewijzigd.`
    })
  ]
}
