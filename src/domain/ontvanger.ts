import { CATEGORIEEN, SOORTEN } from './absentie.ts'
import { AFWEZIGE_SOORTEN, GEEN_VERZUIM, listPerioden, type Cel } from './aggregaat.ts'
import { countCellen, VERPAKT, type Celgegevens, type Deelname, type Raster } from './celtelling.ts'
import { addDagen, dagnummer, parsePeriode, type Datum, type Periodesoort } from './datum.ts'
import { findGemeente, type Gemeente } from './gemeente.ts'
import { normaliseerSamenwerkingsverband } from './identificatie.ts'
import { leerplichtperiode } from './leerplicht.ts'
import { aantal, buildVerborgen, ONDERDRUKT, sleutelVan, tiendenProcent, tiendenUur, type Leveringstatus, type Ontvanger, type Projectie, type Regelbasis, type Telling, type Verband, type Waarde } from './levering.ts'
import { LANDELIJKE_REGELS, type Meldbareregel } from './regel.ts'
import type { Sector } from './sector.ts'

// --- whom it goes to

/** A samenwerkingsverband in the one form we store, 'PO2202'; '22-02' takes PO or VO from the sector, which mbo does not have. */
export function samenwerkingsverbandVan (code: string, sector: Sector): string | undefined {
  const kaal = /^[0-9]{2}[\s-]?[0-9]{2}$/.test(code.trim())
  if (!kaal) return normaliseerSamenwerkingsverband(code)
  // Special primary schools belong to the samenwerkingsverband PO, special secondary schools to VO (WPO art. 18a, WVO 2020 art. 2.47).
  return sector === 'mbo' ? undefined : normaliseerSamenwerkingsverband(`${sector === 'po' || sector === 'so' ? 'PO' : 'VO'}${code}`)
}

/** What was known of a leerling at an afkapmoment: where he lived on a day. */
export interface Bewoner { readonly geboortedatum: Datum, readonly woongemeente: string | null }

/** What a bron said of a leerling, one after the other; `bekend`: at the afkapmoment. */
export interface Leerlingversie { readonly geboortedatum: Datum, readonly woongemeente: string | null, readonly woontSinds: Datum, readonly bekend: boolean }

/** Who lived where on a day, as it was known; undefined without a version. What was said first is taken to have been known before it was kept. */
export function bewonerOp (versies: readonly Leerlingversie[], datum: Datum): Bewoner | undefined {
  const bekend = versies.filter((versie, nummer) => versie.bekend || nummer === 0)
  const laatste = bekend.at(-1)
  if (laatste === undefined) return undefined
  const woonde = bekend.filter(({ woontSinds }) => woontSinds <= datum).reduce<Leerlingversie | undefined>((last, versie) => last === undefined || versie.woontSinds >= last.woontSinds ? versie : last, undefined)
  return { geboortedatum: laatste.geboortedatum, woongemeente: (woonde ?? bekend[0]!).woongemeente }
}

export interface Onbestelbaar { readonly gemeentecode: string, readonly oorzaak: 'gesplitst' | 'onbekend', readonly naar: readonly string[], readonly leerlingen: number }

/** The codes that lead to no one gemeente on a day, with how many leerlingen; null is no code at all. */
export function listOnbestelbaar (aantallen: ReadonlyArray<{ readonly woongemeente: string | null, readonly leerlingen: number }>, datum: Datum): { zonderWoongemeente: number, codes: Onbestelbaar[] } {
  const codes = aantallen.flatMap(({ woongemeente, leerlingen }): Onbestelbaar[] => {
    if (woongemeente === null) return []
    const gevonden = findGemeente(woongemeente, datum)
    if (gevonden.soort === 'gemeente') return []
    return [{ gemeentecode: woongemeente, oorzaak: gevonden.soort, naar: gevonden.soort === 'gesplitst' ? gevonden.naar : [], leerlingen }]
  })
  return { zonderWoongemeente: aantallen.find(({ woongemeente }) => woongemeente === null)?.leerlingen ?? 0, codes: codes.sort((a, b) => a.gemeentecode < b.gemeentecode ? -1 : 1) }
}

// --- gemeente: whether the Leerplichtwet is kept by those who live there

/** The signalen of the law for who is leerplichtig. A rule of aard intern or of the school itself has no name here, so it has no way out. */
export const WETTELIJKE_SIGNALEN = ['wettelijk-16-uur', 'langdurig-verzuim', 'luxeverzuim'] as const
export type Wettelijksignaal = typeof WETTELIJKE_SIGNALEN[number]

/** The total of a vestiging, of the leerplichtige leerlingen who live in one gemeente. */
export type Gemeentefeit = Cel & { readonly gemeentecode: string, readonly leerlingenMetSignaal: Readonly<Record<Wettelijksignaal, number>> }

export type Gemeenteregel = Regelbasis & {
  readonly gemeentecode: string
  readonly leerplichtigeLeerlingen: Waarde
  readonly leerlingenOngeoorloofd: Waarde
  readonly leerlingenZestienUur: Waarde
  readonly leerlingenLangdurig: Waarde
  readonly leerlingenLuxeverzuim: Waarde
  readonly lesdagen: Waarde
  readonly lesdagenAangeleverd: Waarde
  readonly volledig: Waarde
}

export interface Gemeentevraag { readonly raster: Raster, readonly gegevens: Celgegevens, /** By the number of the leerling, from 0. */ readonly bewoners: readonly Bewoner[] }

/** The last day counted: who lives where is asked of that day. */
function peildag ({ vestigingen }: Raster): Datum {
  return vestigingen[0]!.perioden[0]!.cel.totEnMet
}

/** Every gemeente in which somebody lives who was leerplichtig on a counted lesdag. */
export function listGemeentenVan ({ raster, gegevens, bewoners }: Gemeentevraag): string[] {
  const codes = gegevens.deelnamen.flatMap((deelname) => {
    const { woongemeente, geboortedatum } = bewoners[deelname.leerling - 1]!
    const gevonden: Gemeente | undefined = woongemeente === null ? undefined : findGemeente(woongemeente, peildag(raster))
    return gevonden?.soort === 'gemeente' && cutToLeerplicht(raster, deelname, geboortedatum) !== undefined ? [gevonden.gemeentecode] : []
  })
  return [...new Set(codes)].sort()
}

/** Per vestiging what is counted of who lives in a gemeente on the last day, over the days on which he is leerplichtig or kwalificatieplichtig. */
export function countGemeente ({ raster, gegevens, bewoners }: Gemeentevraag, gemeentecode: string): Gemeentefeit[] {
  const woontHier = bewoners.map(({ woongemeente }) => {
    const gevonden = woongemeente === null ? undefined : findGemeente(woongemeente, peildag(raster))
    return gevonden?.soort === 'gemeente' && gevonden.gemeentecode === gemeentecode
  })
  const eigen = narrowGegevens(gegevens, (deelname) => woontHier[deelname.leerling - 1] === true ? cutToLeerplicht(raster, deelname, bewoners[deelname.leerling - 1]!.geboortedatum) : undefined)
  const plekken = new Map(raster.vestigingen.map(({ vestiging }, plek) => [vestiging, plek]))
  return countCellen(raster, eigen).filter(({ leerjaar }) => leerjaar === null).map((cel) => ({
    ...cel,
    gemeentecode,
    leerlingenMetSignaal: Object.fromEntries(WETTELIJKE_SIGNALEN.map((regel) => [regel, countMetSignaal(raster, eigen, plekken.get(cel.vestiging)!, regel)])) as Record<Wettelijksignaal, number>
  }))
}

/** The counted days of a deelname on which its leerling is leerplichtig; undefined when no lesdag is among them. */
function cutToLeerplicht (raster: Raster, deelname: Deelname, geboortedatum: Datum): { van: number, tot: number } | undefined {
  const nul = dagnummer(raster.eerste)
  const { lesdag, perioden: [periode] } = raster.vestigingen[deelname.vestiging]!
  const plicht = leerplichtperiode(geboortedatum)
  const van = Math.max(deelname.van, periode!.van, dagnummer(plicht.van) - nul)
  const tot = Math.min(deelname.tot, periode!.tot, dagnummer(plicht.tot) - nul)
  for (let dag = van; dag <= tot; dag++) if (lesdag[dag] !== 0) return { van, tot }
  return undefined
}

const WEG = { van: 0, tot: -1 }

/** The same facts with deelnamen cut to some days, or left out; an absentie outside them counts for nothing but that its day was delivered. */
function narrowGegevens (gegevens: Celgegevens, cut: (deelname: Deelname) => { van: number, tot: number } | undefined): Celgegevens {
  const deelnamen = gegevens.deelnamen.map((deelname) => ({ ...deelname, ...cut(deelname) ?? WEG }))
  const absenties = Uint8Array.from(gegevens.absenties)
  const view = new DataView(absenties.buffer)
  for (let at = 0; at < absenties.byteLength; at += VERPAKT.bytes) {
    const plaats = view.getInt32(at)
    if (plaats < 0) continue
    const { vestiging, van, tot } = deelnamen[plaats - 1]!
    const dag = Math.floor(view.getUint32(at + 4) / VERPAKT.dag)
    if (dag < van || dag > tot) view.setInt32(at, -vestiging - 1)
  }
  const signalen = gegevens.signalen.filter(({ deelname, dag }) => deelnamen[deelname - 1]!.van <= dag && dag <= deelnamen[deelname - 1]!.tot)
  return { ...gegevens, deelnamen, absenties, signalen }
}

/** Leerlingen, not signalen: DUO counts leerlingen too, and five signalen can be of one. */
function countMetSignaal ({ vestigingen }: Raster, { deelnamen, signalen }: Celgegevens, plek: number, regel: Wettelijksignaal): number {
  const { van, tot } = vestigingen[plek]!.perioden[0]!
  return new Set(signalen.filter((signaal) => signaal.regel === regel && van <= signaal.dag && signaal.dag <= tot && deelnamen[signaal.deelname - 1]!.vestiging === plek)
    .map(({ deelname }) => deelnamen[deelname - 1]!.leerling)).size
}

const TEN_MINSTE_EEN = { uren: false, mee: [], tijd: 'ten-minste-een' } as const

/** For one gemeente. Its figures are keyed by its code, and are a part of what OCW is told of everybody. */
export function gemeenteprojectie (gemeentecode: string): Projectie<Gemeentefeit, Gemeenteregel> {
  return {
    kring: () => gemeentecode,
    deelVanOcw: { leerplichtigeLeerlingen: 'leerlingen', leerlingenOngeoorloofd: 'leerlingenOngeoorloofd' },
    kolommen: [
      { ...TEN_MINSTE_EEN, kolom: 'leerplichtigeLeerlingen', deelVan: null },
      { ...TEN_MINSTE_EEN, kolom: 'leerlingenOngeoorloofd', deelVan: 'leerplichtigeLeerlingen' },
      { ...TEN_MINSTE_EEN, kolom: 'leerlingenZestienUur', deelVan: 'leerplichtigeLeerlingen' },
      { ...TEN_MINSTE_EEN, kolom: 'leerlingenLangdurig', deelVan: 'leerplichtigeLeerlingen' },
      { ...TEN_MINSTE_EEN, kolom: 'leerlingenLuxeverzuim', deelVan: 'leerplichtigeLeerlingen' }
    ],
    count: ({ leerlingen, categorieen, leerlingenMetSignaal }) => ({
      leerplichtigeLeerlingen: aantal(leerlingen),
      leerlingenOngeoorloofd: aantal(categorieen.ongeoorloofd.leerlingen),
      leerlingenZestienUur: aantal(leerlingenMetSignaal['wettelijk-16-uur']),
      leerlingenLangdurig: aantal(leerlingenMetSignaal['langdurig-verzuim']),
      leerlingenLuxeverzuim: aantal(leerlingenMetSignaal.luxeverzuim)
    }),
    buildRegel: ({ cijfers, volledigheid }) => ({
      gemeentecode,
      leerplichtigeLeerlingen: cijfers['leerplichtigeLeerlingen']!,
      leerlingenOngeoorloofd: cijfers['leerlingenOngeoorloofd']!,
      leerlingenZestienUur: cijfers['leerlingenZestienUur']!,
      leerlingenLangdurig: cijfers['leerlingenLangdurig']!,
      leerlingenLuxeverzuim: cijfers['leerlingenLuxeverzuim']!,
      ...volledigheid
    })
  }
}

// --- samenwerkingsverband: where support is needed, in numbers only

/** A vestiging as it was at an afkapmoment. */
export interface Vestigingstand { readonly vestiging: string, readonly sector: Sector, readonly samenwerkingsverband: string | null }

export type Verbandfeit = Cel & { readonly sector: Sector, readonly langdurig: number }

export type Verbandregel = Regelbasis & {
  readonly samenwerkingsverband: string
  readonly sector: Sector | null
  readonly leerjaar: number | null
  readonly leerlingen: Waarde
  readonly percentageGemist: Waarde
  readonly leerlingenVanaf10Procent: Waarde
  readonly leerlingenVanaf20Procent: Waarde
  readonly leerlingenLangdurig: Waarde
  readonly lesdagen: Waarde
  readonly lesdagenAangeleverd: Waarde
  readonly volledig: Waarde
}

/** More than so many lesweken: those of the law, counted over every categorie. */
const LANGDURIG_LESWEKEN = (LANDELIJKE_REGELS.find(({ regel }) => regel === 'langdurig-verzuim')!.definitie as Meldbareregel).drempels[0]!
/** Days before a periode in which such verzuim can have begun: its lesweken, a summer, and a week that was not whole. */
export const AANLOOP_LANGDURIG = 7 * (LANGDURIG_LESWEKEN + 13)

export function listVerbanden (vestigingen: readonly Vestigingstand[]): string[] {
  return [...new Set(vestigingen.flatMap(({ samenwerkingsverband }) => samenwerkingsverband ?? []))].sort()
}

/** What is counted of the vestigingen of one samenwerkingsverband; the raster begins AANLOOP_LANGDURIG days before the periode. */
export function countVerband (raster: Raster, gegevens: Celgegevens, vestigingen: readonly Vestigingstand[], verband: string): Verbandfeit[] {
  const sectoren = new Map(vestigingen.filter(({ samenwerkingsverband }) => samenwerkingsverband === verband).map(({ vestiging, sector }) => [vestiging, sector]))
  const langdurig = new Map([...listLangdurig(raster, gegevens)].map(([plek, leerlingen]) => [raster.vestigingen[plek]!.vestiging, leerlingen]))
  return countCellen(raster, gegevens).filter(({ vestiging }) => sectoren.has(vestiging)).map((cel) => ({
    ...cel,
    sector: sectoren.get(cel.vestiging)!,
    langdurig: (langdurig.get(cel.vestiging) ?? []).filter((leerjaren) => cel.leerjaar === null || leerjaren.has(cel.leerjaar)).length
  }))
}

/**
 * Per vestiging of the raster the leerlingen, each with the leerjaren he was in, who missed a lesdag of the periode after more than four
 * lesweken of which they missed every planned minute, whatever the categorie. Of an unknown rooster nothing can be said.
 */
function listLangdurig (raster: Raster, gegevens: Celgegevens): Map<number, Array<Set<number>>> {
  const gemist = listGemist(gegevens)
  const found = new Map<number, Array<Set<number>>>()
  const eigen = Map.groupBy(gegevens.deelnamen.keys(), (index) => gegevens.deelnamen[index]!.leerling)
  for (const indexen of eigen.values()) {
    if (indexen.reduce((total, index) => total + (gemist.get(index)?.size ?? 0), 0) <= LANGDURIG_LESWEKEN) continue
    const plek = gegevens.deelnamen[indexen[0]!]!.vestiging
    const leerjaren = listLangdurigeLeerjaren(raster.vestigingen[plek]!, indexen.map((index) => ({ deelname: gegevens.deelnamen[index]!, gemist: gemist.get(index) })))
    if (leerjaren.size > 0) found.set(plek, [...found.get(plek) ?? [], leerjaren])
  }
  return found
}

/** Per deelname the minutes missed on each day, as far as they are known. */
function listGemist ({ absenties }: Celgegevens): Map<number, Map<number, number>> {
  const gemist = new Map<number, Map<number, number>>()
  const view = new DataView(absenties.buffer, absenties.byteOffset, absenties.byteLength)
  for (let at = 0; at < absenties.byteLength; at += VERPAKT.bytes) {
    const plaats = view.getInt32(at)
    const rest = view.getUint32(at + 4)
    if (plaats < 0 || !AFWEZIGE_SOORTEN.includes(SOORTEN[rest >>> 19 & 3]!) || CATEGORIEEN[rest >>> 16 & 7] === GEEN_VERZUIM) continue
    const dagen = gemist.get(plaats - 1) ?? new Map<number, number>()
    gemist.set(plaats - 1, dagen)
    dagen.set(rest >>> 21, (dagen.get(rest >>> 21) ?? 0) + Math.max(0, (rest & 0xffff) - 1))
  }
  return gemist
}

interface Verzuimvandeelname { readonly deelname: Deelname, readonly gemist: ReadonlyMap<number, number> | undefined }

function listLangdurigeLeerjaren ({ dagen, weekdagen, perioden: [periode] }: Raster['vestigingen'][number], eigen: readonly Verzuimvandeelname[]): Set<number> {
  const leerjaren = new Set<number>()
  let hele = 0
  let week = NaN
  let heel = false
  for (const dag of dagen.slice(1)) {
    const nu = eigen.find(({ deelname }) => deelname.van <= dag && dag <= deelname.tot)
    const gepland = nu?.deelname.rooster?.[weekdagen[dag]! - 1]
    if (nu !== undefined && gepland === 0) continue
    if (dag - weekdagen[dag]! !== week) {
      hele = heel ? hele + 1 : 0
      week = dag - weekdagen[dag]!
      heel = true
    }
    if (gepland === undefined || (nu!.gemist?.get(dag) ?? -1) < gepland) {
      hele = 0
      heel = false
    } else if (hele >= LANGDURIG_LESWEKEN && periode!.van <= dag && dag <= periode!.tot) leerjaren.add(nu!.deelname.leerjaar)
  }
  return leerjaren
}

const ONDERDELEN = ['urenGeoorloofd', 'urenOngeoorloofd', 'urenOnverklaard', 'urenNietIngedeeld'] as const
const CATEGORIE_VAN = { urenGeoorloofd: 'geoorloofd', urenOngeoorloofd: 'ongeoorloofd', urenOnverklaard: 'onverklaard', urenNietIngedeeld: 'niet-ingedeeld' } as const

/** For one samenwerkingsverband. Of a vestiging its figures are those that OCW is told; so is the total, where it has all vestigingen of the school. */
export function verbandprojectie (verband: string, heel: boolean): Projectie<Verbandfeit, Verbandregel> {
  return {
    kring: ({ vestiging }) => vestiging === null && !heel ? verband : undefined,
    gedeeltelijk: true,
    kolommen: [
      { kolom: 'leerlingen', uren: false, mee: ['urenGemist'], deelVan: null, tijd: 'ten-minste-een' },
      { kolom: 'leerlingenVanaf10Procent', uren: false, mee: [], deelVan: 'leerlingen', tijd: 'aandeel' },
      { kolom: 'leerlingenVanaf20Procent', uren: false, mee: [], deelVan: 'leerlingenVanaf10Procent', tijd: 'aandeel' },
      { kolom: 'leerlingenLangdurig', uren: false, mee: [], deelVan: 'leerlingen', tijd: 'ten-minste-een' },
      // Not a column: who knows the planned time reads it from the percentage, so it is guarded as if it were.
      { kolom: 'urenGemist', uren: true, mee: [], deelVan: null, tijd: 'som' }
    ],
    count: (feit) => ({
      leerlingen: aantal(feit.leerlingen),
      leerlingenVanaf10Procent: aantal(feit.banden.tot20 + feit.banden.vanaf20),
      leerlingenVanaf20Procent: aantal(feit.banden.vanaf20),
      leerlingenLangdurig: aantal(feit.langdurig),
      // At least so many missed something: those of the largest categorie.
      urenGemist: { waarde: feit.gemisteMinuten, groep: ONDERDELEN.reduce((most, uren) => Math.max(most, feit.categorieen[CATEGORIE_VAN[uren]].leerlingen), 0) }
    }),
    relate: relateUren,
    buildRegel: ({ telling, cijfers, volledigheid }) => ({
      samenwerkingsverband: verband,
      sector: telling.feit?.sector ?? null,
      leerjaar: telling.leerjaar,
      leerlingen: cijfers['leerlingen']!,
      percentageGemist: cijfers['urenGemist'] === ONDERDRUKT ? ONDERDRUKT : tiendenProcent(telling, 'urenGemist'),
      leerlingenVanaf10Procent: cijfers['leerlingenVanaf10Procent']!,
      leerlingenVanaf20Procent: cijfers['leerlingenVanaf20Procent']!,
      leerlingenLangdurig: cijfers['leerlingenLangdurig']!,
      ...volledigheid
    })
  }
}

/** What OCW is told per categorie makes up what is missed in all, where every rooster is known. */
function relateUren (telling: Telling<Verbandfeit>): Verband {
  const { feit } = telling
  if (feit === null || feit.zonderRooster > 0) return {}
  const minuten = (uren: typeof ONDERDELEN[number]): number => feit.categorieen[CATEGORIE_VAN[uren]].minuten
  return {
    cijfers: ONDERDELEN.map((uren) => buildVerborgen(sleutelVan(telling, uren), 'urenGemist', { waarde: tiendenUur(minuten(uren)), precies: minuten(uren), tijd: 'som' })),
    sommen: [{ totaal: sleutelVan(telling, 'urenGemist'), delen: ONDERDELEN.map((uren) => sleutelVan(telling, uren)) }]
  }
}

// --- when

export const PERIODESOORTEN = ['lesweek', 'maand', 'schooljaar'] as const satisfies readonly Periodesoort[]

export interface Leveringsplan { readonly periodesoort: Periodesoort, readonly dagenNaPeriode: number, readonly sinds: Datum }

/** The perioden of a plan that have begun, with the day from which each is due; those that ended before the plan did not begin with it. */
export function listGepland ({ periodesoort, dagenNaPeriode, sinds }: Leveringsplan, vandaag: Datum): Array<{ periode: string, vanaf: Datum }> {
  return listPerioden(sinds, vandaag).flatMap((periode) => {
    const { soort, tot } = parsePeriode(periode)!
    return soort === periodesoort ? [{ periode, vanaf: addDagen(tot, dagenNaPeriode) }] : []
  })
}

// --- how far it came

export type Leveringsdaad = 'aanbieden' | 'ontvangen' | 'afkeuren' | 'vervangen'

const STAPPEN: Readonly<Record<Leveringsdaad, { readonly van: readonly Leveringstatus[], readonly naar: Leveringstatus }>> = {
  aanbieden: { van: ['gemaakt'], naar: 'aangeboden' },
  ontvangen: { van: ['aangeboden'], naar: 'ontvangen' },
  afkeuren: { van: ['aangeboden'], naar: 'afgekeurd' },
  vervangen: { van: ['gemaakt', 'aangeboden', 'ontvangen', 'afgekeurd'], naar: 'vervangen' }
}

/** The status after an act; undefined when it cannot be done now. */
export function nextLeveringstatus (status: Leveringstatus, daad: Leveringsdaad): Leveringstatus | undefined {
  return STAPPEN[daad].van.includes(status) ? STAPPEN[daad].naar : undefined
}

/** Why a periode is delivered once more. */
export const REVISIEREDENEN = ['gegevens-gewijzigd', 'afgekeurd', 'indeling-gewijzigd', 'eerder-moment'] as const
export type Revisiereden = typeof REVISIEREDENEN[number]

export interface Ontvangersleutel { readonly ontvanger: Ontvanger, /** Of a gemeente or samenwerkingsverband; empty for OCW. */ readonly code: string }
