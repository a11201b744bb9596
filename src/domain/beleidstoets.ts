import { listBijzonderefouten } from './bijzonder.ts'
import { findLandelijk, resolveRegel, type Bronstatus, type Doelgroep, type Landelijkeregel, type Leerplichtgroep, type Regeldefinitie, type Selectie, type Venster } from './regel.ts'
import { describeCategorieen, describeDrempels, describeKenmerken, describeLeeftijd, describeSoorten, describeVenster, describeWeekdagen, listRegelcodes } from './beleidstekst.ts'
import { countOf, enumerate } from './woorden.ts'
import type { Beleid, Indelingsfout } from './beleid.ts'
import type { Beleidselement, Elementeis } from './beleidselement.ts'
import type { Datum } from './datum.ts'

export const RICHTINGEN = ['zwakker', 'strenger', 'anders'] as const
/** `anders` cannot be compared: neither catches all that the other does. */
export type Richting = typeof RICHTINGEN[number]

/** Where a rule differs from a norm: the parameter as a path in the Regelkeuze, and a Dutch sentence. */
export interface Parameterverschil { readonly parameter: string, readonly richting: Richting, readonly omschrijving: string }

type Bevinding = Parameterverschil | undefined

/** Smaller catches less. */
function compareOmvang (norm: number, eigen: number): Richting {
  return eigen < norm ? 'zwakker' : 'strenger'
}

/** What is absent holds everything; whatever of the norm is missing makes it weaker. */
function compareLijst<T> (norm: readonly T[] | undefined, eigen: readonly T[] | undefined): Richting | undefined {
  if (eigen === undefined) return norm === undefined ? undefined : 'strenger'
  if (norm === undefined || norm.some((deel) => !eigen.includes(deel))) return 'zwakker'
  return eigen.every((deel) => norm.includes(deel)) ? undefined : 'strenger'
}

function report (parameter: string, richting: Richting | undefined, omschrijving: string): Bevinding {
  return richting === undefined ? undefined : { parameter, richting, omschrijving }
}

function compareDrempels (norm: Regeldefinitie, eigen: Regeldefinitie): Bevinding {
  if (norm.meting !== eigen.meting) return undefined // said of the meting
  const gelijk = norm.drempels.length === eigen.drempels.length && norm.drempels.every((drempel, at) => drempel === eigen.drempels[at])
  const zwakker = norm.drempels.some((drempel, at) => (eigen.drempels[at] ?? Infinity) > drempel)
  const zijn = eigen.drempels.length > 1 ? 'De drempels zijn' : 'De drempel is'
  return report('drempels', gelijk ? undefined : zwakker ? 'zwakker' : 'strenger', `${zijn} ${describeDrempels(eigen.meting, eigen.drempels, 'en')} in plaats van ${describeDrempels(norm.meting, norm.drempels, 'en')}.`)
}

function compareVensters (norm: Venster, eigen: Venster): Richting | undefined {
  if (norm.soort !== eigen.soort) return 'anders'
  if (norm.soort === 'lesweken' && eigen.soort === 'lesweken') {
    if ((norm.minLesdagen ?? 1) !== (eigen.minLesdagen ?? 1)) return 'anders'
    const [over, eigenOver] = [norm.overZomer ?? true, eigen.overZomer ?? true]
    if (eigen.aantal < norm.aantal || (over && !eigenOver)) return 'zwakker'
    return over === eigenOver && eigen.aantal === norm.aantal ? undefined : 'strenger'
  }
  if (!('aantal' in norm) || !('aantal' in eigen) || norm.aantal === eigen.aantal) return undefined
  return compareOmvang(norm.aantal, eigen.aantal)
}

function compareSelecties (norm: Selectie, eigen: Selectie): Bevinding[] {
  const minuten = (getal: number | undefined): string => getal === undefined ? 'van iedere duur' : `van meer dan ${countOf(getal, 'minuut', 'minuten')}`
  const redenen = (lijst: readonly string[] | undefined): string => lijst === undefined ? 'alle redenen' : enumerate(lijst, 'of')
  return [
    report('over/categorieen', compareLijst(norm.categorieen, eigen.categorieen), `Het verzuim dat meetelt is ${describeCategorieen(eigen.categorieen)} in plaats van ${describeCategorieen(norm.categorieen)}.`),
    report('over/soorten', compareLijst(norm.soorten, eigen.soorten), `De soorten die meetellen zijn ${describeSoorten(eigen.soorten)} in plaats van ${describeSoorten(norm.soorten)}.`),
    report('over/redenen', compareLijst(norm.redenen, eigen.redenen), `De redenen die meetellen zijn ${redenen(eigen.redenen)} in plaats van ${redenen(norm.redenen)}.`),
    report('over/kenmerken', compareLijst(norm.kenmerken, eigen.kenmerken), `De kenmerken die meetellen zijn ${describeKenmerken(eigen.kenmerken)} in plaats van ${describeKenmerken(norm.kenmerken)}.`),
    report('over/weekdagen', compareLijst(norm.weekdagen, eigen.weekdagen), `De weekdagen die meetellen zijn ${describeWeekdagen(eigen.weekdagen)} in plaats van ${describeWeekdagen(norm.weekdagen)}.`),
    report('over/meerDanMinuten', norm.meerDanMinuten === eigen.meerDanMinuten ? undefined : compareOmvang(-(norm.meerDanMinuten ?? -1), -(eigen.meerDanMinuten ?? -1)), `Verzuim telt mee ${minuten(eigen.meerDanMinuten)} in plaats van ${minuten(norm.meerDanMinuten)}.`),
    report('over/heleDag', norm.heleDag === eigen.heleDag ? undefined : eigen.heleDag === true ? 'zwakker' : 'strenger', eigen.heleDag === true ? 'Alleen hele lesdagen tellen mee.' : 'Ook delen van een lesdag tellen mee.')
  ]
}

const GROEPEN: Record<Leerplichtgroep, readonly string[]> = { 'leer-of-kwalificatieplichtig': ['leerplichtig', 'kwalificatieplichtig'], leerplichtig: ['leerplichtig'], kwalificatieplichtig: ['kwalificatieplichtig'] }

function compareLeeftijden ({ van = 0, tot = Infinity }: NonNullable<Doelgroep['leeftijd']> = {}, { van: eigenVan = 0, tot: eigenTot = Infinity }: NonNullable<Doelgroep['leeftijd']> = {}): Richting | undefined {
  if (van === eigenVan && tot === eigenTot) return undefined
  return eigenVan > van || eigenTot < tot ? 'zwakker' : 'strenger'
}

function compareDoelgroepen (norm: Doelgroep, eigen: Doelgroep): Bevinding[] {
  const groep = ({ leerplicht }: Doelgroep): string => leerplicht === undefined ? 'alle leerlingen' : leerplicht === 'leer-of-kwalificatieplichtig' ? 'leer- en kwalificatieplichtigen' : `${leerplicht}en`
  const lijst = (delen: ReadonlyArray<string | number> | undefined, alle: string): string => delen === undefined ? alle : enumerate(delen, 'en')
  return [
    report('voor/leerplicht', compareLijst(norm.leerplicht && GROEPEN[norm.leerplicht], eigen.leerplicht && GROEPEN[eigen.leerplicht]), `De regel geldt voor ${groep(eigen)} in plaats van voor ${groep(norm)}.`),
    report('voor/leeftijd', compareLeeftijden(norm.leeftijd, eigen.leeftijd), `De leeftijd is ${describeLeeftijd(eigen.leeftijd)} in plaats van ${describeLeeftijd(norm.leeftijd)}.`),
    report('voor/sectoren', compareLijst(norm.sectoren, eigen.sectoren), `De regel geldt in ${lijst(eigen.sectoren, 'alle sectoren')} in plaats van in ${lijst(norm.sectoren, 'alle sectoren')}.`),
    report('voor/leerjaren', compareLijst(norm.leerjaren, eigen.leerjaren), `De leerjaren zijn ${lijst(eigen.leerjaren, 'alle')} in plaats van ${lijst(norm.leerjaren, 'alle')}.`),
    report('voor/ookMetVrijstelling', norm.ookMetVrijstelling === eigen.ookMetVrijstelling ? undefined : eigen.ookMetVrijstelling === true ? 'strenger' : 'zwakker', eigen.ookMetVrijstelling === true ? 'Dagen met een vrijstelling tellen mee.' : 'Dagen met een vrijstelling tellen niet mee.')
  ]
}

function compareTermijnen (norm: number | null, eigen: number | null): Bevinding {
  const termijn = (dagen: number | null): string => dagen === null ? 'geen' : countOf(dagen, 'werkdag', 'werkdagen')
  return report('termijnWerkdagen', norm === eigen ? undefined : compareOmvang(-(norm ?? Infinity), -(eigen ?? Infinity)), `De termijn is ${termijn(eigen)} in plaats van ${termijn(norm)}.`)
}

/** Every parameter in which a rule differs from a norm, in a fixed order: weaker catches less or later than the norm, stricter more or earlier. */
export function compareDefinities (norm: Regeldefinitie, eigen: Regeldefinitie): Parameterverschil[] {
  const onder = (regel: string | null): string => regel === null ? 'altijd' : `alleen beneden de drempel van ${regel}`
  return [
    report('meting', norm.meting === eigen.meting ? undefined : 'anders', `De meting is ${eigen.meting} in plaats van ${norm.meting}.`),
    report('herstart', norm.herstart === eigen.herstart ? undefined : 'anders', eigen.herstart === 'geen' ? 'De telling loopt na een signaal door in plaats van opnieuw te beginnen.' : 'De telling begint na een signaal opnieuw in plaats van door te lopen.'),
    compareDrempels(norm, eigen),
    report('venster', compareVensters(norm.venster, eigen.venster), `Het tijdvak is ${describeVenster(eigen.venster)} in plaats van ${describeVenster(norm.venster)}.`),
    ...compareSelecties(norm.over, eigen.over),
    ...compareDoelgroepen(norm.voor, eigen.voor),
    report('minimaalDagenTussen', norm.minimaalDagenTussen === eigen.minimaalDagenTussen ? undefined : compareOmvang(-norm.minimaalDagenTussen, -eigen.minimaalDagenTussen), `Het minimale aantal dagen tussen twee signalen is ${eigen.minimaalDagenTussen} in plaats van ${norm.minimaalDagenTussen}.`),
    report('minimaalLesdagen', norm.minimaalLesdagen === eigen.minimaalLesdagen ? undefined : compareOmvang(-norm.minimaalLesdagen, -eigen.minimaalLesdagen), `Het aantal lesdagen voordat er iets wordt gezegd is ${eigen.minimaalLesdagen} in plaats van ${norm.minimaalLesdagen}.`),
    report('onderDrempelVan', norm.onderDrempelVan === eigen.onderDrempelVan ? undefined : norm.onderDrempelVan === null ? 'zwakker' : eigen.onderDrempelVan === null ? 'strenger' : 'anders', `De regel geldt ${onder(eigen.onderDrempelVan)} in plaats van ${onder(norm.onderDrempelVan)}.`),
    compareTermijnen(norm.termijnWerkdagen, eigen.termijnWerkdagen)
  ].filter((bevinding) => bevinding !== undefined)
}

export const OORDELEN = ['gelijk', 'strenger', 'zwakker', 'uit', 'eigen'] as const
/** Against the national rule; `eigen` is the school's own, or cannot be compared with it. */
export type Oordeel = typeof OORDELEN[number]

export interface Regeltoets {
  readonly regel: string
  /** Null for a rule of the school's own. */
  readonly bron: string | null
  readonly status: Bronstatus | null
  readonly verplicht: boolean
  readonly oordeel: Oordeel
  readonly verschillen: readonly Parameterverschil[]
}
export interface Elementtoets extends Elementeis { readonly verplicht: boolean, readonly aanwezig: boolean }
export interface Strengerpunt { readonly regel: string, readonly omschrijving: string }
export interface Beleidstoets {
  readonly elementen: readonly Elementtoets[]
  readonly regels: readonly Regeltoets[]
  /** Where the school asks more than the law. */
  readonly strenger: readonly Strengerpunt[]
  /** What keeps it from being adopted, with the place in the beleidsversie. */
  readonly belemmeringen: readonly Indelingsfout[]
}

function judge (definitie: Regeldefinitie | undefined, landelijk: Landelijkeregel | undefined, verschillen: readonly Parameterverschil[]): Oordeel {
  if (definitie === undefined) return 'uit'
  if (landelijk === undefined || landelijk.definitie.drempels.length === 0) return 'eigen'
  if (verschillen.some(({ richting }) => richting === 'anders')) return 'eigen'
  if (verschillen.some(({ richting }) => richting === 'zwakker')) return 'zwakker'
  return verschillen.length === 0 ? 'gelijk' : 'strenger'
}

function toetsRegel (beleid: Beleid, regel: string, datum: Datum): Regeltoets[] {
  const landelijk = findLandelijk(regel, datum)
  const keuze = beleid.regels.find((each) => each.regel === regel)
  if (landelijk === undefined && keuze === undefined) return []
  const definitie = resolveRegel(keuze, landelijk)
  const verschillen = definitie === undefined || landelijk === undefined || landelijk.definitie.drempels.length === 0 ? [] : compareDefinities(landelijk.definitie, definitie)
  return [{ regel, bron: landelijk?.bron ?? null, status: landelijk?.status ?? null, verplicht: landelijk?.verplicht ?? false, oordeel: judge(definitie, landelijk, verschillen), verschillen }]
}

/** Criteria are met by a rule of the aard zorgelijk that is on, or by text; redenen by the list itself; the others by text. */
function isAanwezig ({ code }: Elementeis, beleid: Beleid, elementen: readonly Beleidselement[], datum: Datum): boolean {
  if (code === 'redenen') return beleid.redenen.length > 0
  if (elementen.some((element) => element.code === code && element.tekst.trim() !== '')) return true
  return code === 'criteria-zorgelijk-verzuim' && beleid.regels.some((keuze) => resolveRegel(keuze, findLandelijk(keuze.regel, datum))?.aard === 'zorgelijk')
}

function listZwakten ({ regel, oordeel, verschillen }: Regeltoets, beleid: Beleid): Indelingsfout[] {
  const pad = ['regels', beleid.regels.findIndex((keuze) => keuze.regel === regel)]
  if (oordeel === 'uit') return [{ pad: [...pad, 'aan'], code: 'zwakker-dan-wet', detail: `De regel ${regel} is verplicht en kan niet uit.` }]
  return verschillen.flatMap(({ parameter, richting, omschrijving }) => richting === 'strenger'
    ? []
    : [{ pad: [...pad, ...parameter.split('/')], code: richting === 'anders' ? 'niet-vergelijkbaar' : 'zwakker-dan-wet', detail: richting === 'anders' ? `De regel ${regel} is verplicht en zo niet met de wet te vergelijken. ${omschrijving}` : `De regel ${regel} is zo zwakker dan de wet. ${omschrijving}` }])
}

/** A beleidsversie held against the law as it is on a day. */
export function toetsBeleid (beleid: Beleid & { readonly elementen: readonly Beleidselement[] }, eisen: readonly Elementeis[], datum: Datum): Beleidstoets {
  const elementen = eisen.map((eis) => ({ ...eis, verplicht: eis.verplichtVan !== null && eis.verplichtVan <= datum, aanwezig: isAanwezig(eis, beleid, beleid.elementen, datum) }))
  const regels = listRegelcodes(beleid).flatMap((regel) => toetsRegel(beleid, regel, datum))
  return {
    elementen,
    regels,
    strenger: regels.flatMap(({ regel, verplicht, verschillen }) => !verplicht ? [] : verschillen.filter(({ richting }) => richting === 'strenger').map(({ omschrijving }) => ({ regel, omschrijving }))),
    belemmeringen: [
      ...elementen.filter(({ verplicht, aanwezig }) => verplicht && !aanwezig).map(({ code, omschrijving }) => ({ pad: ['elementen'], code: 'element-ontbreekt', detail: `Het element ${code} ontbreekt: ${omschrijving.charAt(0).toLowerCase()}${omschrijving.slice(1)}.` })),
      ...regels.filter(({ verplicht }) => verplicht).flatMap((regel) => listZwakten(regel, beleid)),
      // Also of a concept that was made before a word was listed.
      ...listBijzonderefouten(beleid.redenen, beleid.codes).map((fout) => ({ ...fout, detail: `Deze tekst ${fout.detail}.` }))
    ]
  }
}
