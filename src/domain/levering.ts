import { schooljaar, type Datum } from './datum.ts'
import { isKleineCel, K, type Tijdverband, type Zaad } from './onderdrukking.ts'
import { suppressTabel, type Publicatie, type Tabel, type Tabelcijfer, type Tabelrest } from './publicatie.ts'
import type { Cel } from './aggregaat.ts'
import type { Categorie } from './absentie.ts'

export const ONTVANGERS = ['ocw', 'gemeente', 'samenwerkingsverband'] as const
export type Ontvanger = typeof ONTVANGERS[number]

/** `vervangen` by a later revisie; before `gemaakt` it is only planned, and has no row anywhere. */
export const LEVERINGSTATUSSEN = ['gemaakt', 'aangeboden', 'ontvangen', 'afgekeurd', 'vervangen'] as const
export type Leveringstatus = typeof LEVERINGSTATUSSEN[number]

/** Stands where a value is suppressed; never 0, and never the same as null, which is unknown. */
export const ONDERDRUKT = Symbol('onderdrukt')

/** `uren` and `percentage` are whole tenths: rounded once, and the same in every form. */
export type Waarde = string | number | boolean | null | typeof ONDERDRUKT
export type Kolomsoort = 'code' | 'periode' | 'datum' | 'aantal' | 'uren' | 'percentage' | 'ja-nee'

export interface Kolom<Veld extends string = string> { readonly kop: string, readonly veld: Veld, readonly soort: Kolomsoort, readonly omschrijving: string }

/** What one ontvanger gets: a closed list of columns, as dated data. */
export interface Indeling<Veld extends string = string> {
  readonly naam: string
  readonly versie: string
  readonly ontvanger: Ontvanger
  readonly geldigVan: Datum
  /** What the ontvanger may use it for, and the law that says so. */
  readonly doel: string
  readonly bron: string
  readonly status: 'vastgesteld' | 'aangenomen-waarde'
  /** What one line is. */
  readonly korrel: string
  /** How the file is written, and what its marks mean. */
  readonly toelichting: string
  readonly kolommen: ReadonlyArray<Kolom<Veld>>
}

/** What every line of every projection begins with. No vestiging: the whole school. */
export type Regelbasis = {
  readonly school: string
  readonly vestiging: string | null
  readonly schooljaar: string
  readonly periode: string
  readonly periodeVan: Datum
  readonly periodeTotEnMet: Datum
}

export type Regel = Regelbasis & { readonly leerjaar?: number | null } & Readonly<Record<string, Waarde>>

/** One line for OCW. No leerjaar: all of them. */
export type Leveringregel = Regelbasis & {
  readonly leerjaar: number | null
  readonly leerlingen: Waarde
  readonly geplandeUren: Waarde
  readonly urenGeoorloofd: Waarde
  readonly urenOngeoorloofd: Waarde
  readonly urenOnverklaard: Waarde
  readonly urenNietIngedeeld: Waarde
  readonly percentageGeoorloofd: Waarde
  readonly percentageOngeoorloofd: Waarde
  readonly leerlingenGeoorloofd: Waarde
  readonly leerlingenOngeoorloofd: Waarde
  readonly leerlingenVanaf10Procent: Waarde
  readonly lesdagen: Waarde
  readonly lesdagenAangeleverd: Waarde
  readonly volledig: Waarde
}

/** An earlier levering about the same leerlingen, of whatever periode: its exact figures, and what it did not show of them. */
export interface Vrijgave { readonly cellen: readonly Cel[], readonly onderdrukt: ReadonlySet<string>, readonly achtergehouden?: boolean, readonly zaden?: readonly Zaad[] | null }

export interface Leveringtabel<R extends Regel = Leveringregel> {
  readonly regels: readonly R[]
  readonly onderdrukteCellen: number
  /** Sums over the vestigingen that are no kleine cel. */
  readonly volledigheid: { readonly lesdagen: number, readonly aangeleverd: number }
  /** What a reader must not find, how much of it could be found before, and whether nothing could be told (see Tabelonderdrukking). */
  readonly toets: { readonly gevoelig: number, readonly vindbaar: number, readonly achtergehouden: boolean }
  /** The exact figures and what was hidden of them: what a later levering is held against. */
  readonly publicatie: Publicatie
}

/** A figure before it is suppressed: whole minutes or a count, and the leerlingen it is about. */
export interface Cijferwaarde { readonly waarde: number, readonly groep: number }

/** A column of which the parts add up. */
export interface Cijferkolom {
  readonly kolom: string
  /** Minutes, shown in whole tenths of an hour; else a count. */
  readonly uren: boolean
  /** Columns that tell too much of this one: hidden along with it. */
  readonly mee: readonly string[]
  /** The column it counts a part of: the others are a count too, and `all but 2` tells as much as `2`. */
  readonly deelVan: string | null
  readonly tijd: Tijdverband
}

/** Which figures of a cel go to one ontvanger, and how a line is made of them; nothing else of a cel has a way out. */
export interface Projectie<Feit extends Cel, R extends Regel> {
  /** The leerlingen of a line first. */
  readonly kolommen: readonly Cijferkolom[]
  readonly count: (feit: Feit) => Readonly<Record<string, Cijferwaarde>>
  readonly buildRegel: (lijn: Lijn<Feit>) => Omit<R, keyof Regelbasis>
  /** Whose figures these are, where the same column of another ontvanger counts other leerlingen; part of every key. */
  readonly kring?: (regel: { readonly vestiging: string | null }) => string | undefined
  /** Speaks of some of the vestigingen only: one that has no line may have leerlingen all the same. */
  readonly gedeeltelijk?: true
  /** Per column the one, in the levering for OCW, that counts all that is counted here. */
  readonly deelVanOcw?: Readonly<Record<string, string>>
  /** What else everyone knows to hold within a line. */
  readonly relate?: (telling: Telling<Feit>) => Verband
}

export type Verband = Partial<Pick<Tabel, 'cijfers' | 'sommen' | 'resten'>>

/** What there is to count and to hide, before it is a line. */
type Telwijze<Feit extends Cel> = Omit<Projectie<Feit, never>, 'buildRegel'>

/** What a line is made of, suppressed where it must be. */
export interface Lijn<Feit extends Cel> {
  readonly telling: Telling<Feit>
  readonly cijfers: Readonly<Record<string, Waarde>>
  readonly volledigheid: { readonly lesdagen: Waarde, readonly lesdagenAangeleverd: Waarde, readonly volledig: Waarde }
}

export interface Telling<Feit extends Cel> {
  readonly niveau: 'leerjaar' | 'vestiging' | 'school'
  readonly vestiging: string | null
  readonly leerjaar: number | null
  /** The lines this one is the total of. */
  readonly delen: ReadonlyArray<Telling<Feit>>
  /** What it was counted from; null for a school. */
  readonly feit: Feit | null
  readonly leerlingen: number
  readonly cijfers: Readonly<Record<string, Cijferwaarde>>
  readonly geplandeMinuten: number
  readonly zonderRooster: number
  readonly nietIngedeeld: number
  readonly lesdagen: number
  readonly lesdagenAangeleverd: number
}

export type Leveringperiode = Pick<Cel, 'periode' | 'van' | 'totEnMet'>

/**
 * The lines of one school in one periode for OCW, suppressed; also against what earlier leveringen told, oldest first. Without `isLesdag` a
 * week has five.
 */
export function buildTabel (school: string, cellen: readonly Cel[], periode: Leveringperiode, eerdere: readonly Vrijgave[], isLesdag?: (datum: Datum) => boolean): Leveringtabel {
  const eerder = eerdere.filter((vrijgave) => vrijgave.cellen.length > 0).map((vrijgave) => buildPublicatie(OCW, vrijgave.cellen[0]!, vrijgave.cellen, vrijgave))
  return buildProjectie(OCW, { school, ...periode }, cellen, eerder, isLesdag)
}

/** The same for any ontvanger. */
export function buildProjectie<Feit extends Cel, R extends Regel> (projectie: Projectie<Feit, R>, kop: Leveringperiode & { readonly school: string }, feiten: readonly Feit[], eerdere: readonly Publicatie[], isLesdag?: (datum: Datum) => boolean): Leveringtabel<R> {
  const tellingen = buildTellingen(projectie, feiten)
  const tabel = buildStelsel(projectie, tellingen, kop)
  const { onderdrukt, achtergehouden, gevoelig, vindbaar, zaden } = suppressTabel(tabel, eerdere, isLesdag)
  // Which lines there are tells too: of what is held back only that there is a school.
  const regels = tellingen.slice(achtergehouden ? -1 : 0).map((telling) => buildRegel(projectie, kop, { telling, achtergehouden }, (kolom) => onderdrukt.has(sleutelIn(projectie, telling, kolom))))
  const groot = tellingen.filter(({ niveau, leerlingen }) => niveau === 'vestiging' && !isKleineCel(leerlingen))
  return {
    regels,
    onderdrukteCellen: regels.flatMap((regel) => Object.values(regel)).filter((waarde) => waarde === ONDERDRUKT).length,
    volledigheid: { lesdagen: sum(groot, ({ lesdagen }) => lesdagen), aangeleverd: sum(groot, ({ lesdagenAangeleverd }) => lesdagenAangeleverd) },
    toets: { gevoelig, vindbaar, achtergehouden },
    publicatie: { ...tabel, onderdrukt, stand: achtergehouden ? 'achtergehouden' : 'verteld', zaden }
  }
}

/** What went out before: its exact figures, what it did not show, and what proved that enough. */
export function buildPublicatie<Feit extends Cel> (projectie: Telwijze<Feit>, periode: Pick<Leveringperiode, 'van' | 'totEnMet'>, feiten: readonly Feit[], { onderdrukt, achtergehouden = false, zaden = [] }: Omit<Vrijgave, 'cellen'>): Publicatie {
  return { ...buildStelsel(projectie, buildTellingen(projectie, feiten), periode), onderdrukt, stand: achtergehouden ? 'achtergehouden' : 'verteld', zaden }
}

// --- the exact figures

type Geteld = Exclude<Categorie, 'aanwezig-elders'>

/**
 * Per vestiging its leerjaren and its total, then the school. A vestiging without leerlingen has no line, so one that came later does not
 * change what is rebuilt; a vestiging that is itself a kleine cel has only its total, because which leerjaren it has would tell too much.
 */
function buildTellingen<Feit extends Cel> (projectie: Pick<Projectie<Feit, never>, 'count'>, feiten: readonly Feit[]): Array<Telling<Feit>> {
  const perVestiging = [...Map.groupBy(feiten.filter(({ leerlingen }) => leerlingen > 0), ({ vestiging }) => vestiging)].sort(([a], [b]) => a < b ? -1 : 1)
  const vestigingen = perVestiging.map(([, own]) => {
    const totaal = own.find(({ leerjaar }) => leerjaar === null)!
    const leerjaren = own.filter(({ leerjaar }) => leerjaar !== null).sort((a, b) => a.leerjaar! - b.leerjaar!)
    return tellingVan(projectie, totaal, isKleineCel(totaal.leerlingen) ? [] : leerjaren.map((feit) => tellingVan(projectie, feit, [])))
  })
  return [...vestigingen.flatMap((vestiging) => [...vestiging.delen, vestiging]), sumTellingen(vestigingen)]
}

function tellingVan<Feit extends Cel> ({ count }: Pick<Projectie<Feit, never>, 'count'>, feit: Feit, delen: ReadonlyArray<Telling<Feit>>): Telling<Feit> {
  const { vestiging, leerjaar, leerlingen, geplandeMinuten, zonderRooster, categorieen, lesdagen, lesdagenAangeleverd } = feit
  return {
    niveau: leerjaar === null ? 'vestiging' : 'leerjaar',
    vestiging,
    leerjaar,
    delen,
    feit,
    leerlingen,
    cijfers: count(feit),
    geplandeMinuten,
    zonderRooster,
    nietIngedeeld: categorieen['niet-ingedeeld'].registraties,
    lesdagen,
    lesdagenAangeleverd
  }
}

/** The school: who was enrolled at two vestigingen counts at both. Lesdagen of a vestiging that is a kleine cel stay out of the sum. */
function sumTellingen<Feit extends Cel> (vestigingen: ReadonlyArray<Telling<Feit>>): Telling<Feit> {
  const groot = vestigingen.filter(({ leerlingen }) => !isKleineCel(leerlingen))
  const kolommen = Object.keys(vestigingen[0]?.cijfers ?? {})
  return {
    niveau: 'school',
    vestiging: null,
    leerjaar: null,
    delen: vestigingen,
    feit: null,
    leerlingen: sum(vestigingen, ({ leerlingen }) => leerlingen),
    cijfers: Object.fromEntries(kolommen.map((kolom) => [kolom, { waarde: sum(vestigingen, ({ cijfers }) => cijfers[kolom]!.waarde), groep: sum(vestigingen, ({ cijfers }) => cijfers[kolom]!.groep) }])),
    geplandeMinuten: sum(vestigingen, ({ geplandeMinuten }) => geplandeMinuten),
    zonderRooster: sum(groot, ({ zonderRooster }) => zonderRooster),
    nietIngedeeld: sum(groot, ({ nietIngedeeld }) => nietIngedeeld),
    lesdagen: sum(groot, ({ lesdagen }) => lesdagen),
    lesdagenAangeleverd: sum(groot, ({ lesdagenAangeleverd }) => lesdagenAangeleverd)
  }
}

/** A count, which is itself the leerlingen it is about. */
export function aantal (waarde: number): Cijferwaarde {
  return { waarde, groep: waarde }
}

/** What a reader sees of a figure; nothing of a school without leerlingen. */
function readCijfer ({ cijfers }: { readonly cijfers: Readonly<Record<string, Cijferwaarde>> }, { kolom, uren }: Cijferkolom): Cijferwaarde & { readonly precies: number } {
  const { waarde, groep } = cijfers[kolom] ?? { waarde: 0, groep: 0 }
  return { waarde: uren ? tiendenUur(waarde) : waarde, groep, precies: waarde }
}

// --- what OCW gets

function telCategorie ({ categorieen }: Cel, categorie: Geteld): Cijferwaarde {
  return { waarde: categorieen[categorie].minuten, groep: categorieen[categorie].leerlingen }
}

export const OCW: Projectie<Cel, Leveringregel> = {
  relate: relateRedenen,
  kolommen: [
    { kolom: 'leerlingen', uren: false, mee: ['geplandeUren'], deelVan: null, tijd: 'ten-minste-een' },
    { kolom: 'leerlingenGeoorloofd', uren: false, mee: ['urenGeoorloofd'], deelVan: 'leerlingen', tijd: 'ten-minste-een' },
    { kolom: 'leerlingenOngeoorloofd', uren: false, mee: ['urenOngeoorloofd'], deelVan: 'leerlingen', tijd: 'ten-minste-een' },
    { kolom: 'leerlingenVanaf10Procent', uren: false, mee: [], deelVan: 'leerlingen', tijd: 'aandeel' },
    { kolom: 'geplandeUren', uren: true, mee: [], deelVan: null, tijd: 'som' },
    { kolom: 'urenGeoorloofd', uren: true, mee: [], deelVan: null, tijd: 'som' },
    { kolom: 'urenOngeoorloofd', uren: true, mee: [], deelVan: null, tijd: 'som' },
    { kolom: 'urenOnverklaard', uren: true, mee: [], deelVan: null, tijd: 'som' },
    { kolom: 'urenNietIngedeeld', uren: true, mee: [], deelVan: null, tijd: 'som' }
  ],
  count: (cel) => ({
    leerlingen: aantal(cel.leerlingen),
    leerlingenGeoorloofd: aantal(cel.categorieen.geoorloofd.leerlingen),
    leerlingenOngeoorloofd: aantal(cel.categorieen.ongeoorloofd.leerlingen),
    leerlingenVanaf10Procent: aantal(cel.banden.tot20 + cel.banden.vanaf20),
    geplandeUren: { waarde: cel.geplandeMinuten, groep: cel.leerlingen },
    urenGeoorloofd: telCategorie(cel, 'geoorloofd'),
    urenOngeoorloofd: telCategorie(cel, 'ongeoorloofd'),
    urenOnverklaard: telCategorie(cel, 'onverklaard'),
    urenNietIngedeeld: telCategorie(cel, 'niet-ingedeeld')
  }),
  buildRegel: ({ telling, cijfers, volledigheid }) => {
    const percentage = (uren: 'urenGeoorloofd' | 'urenOngeoorloofd'): Waarde => cijfers[uren] === ONDERDRUKT || cijfers['geplandeUren'] === ONDERDRUKT ? ONDERDRUKT : tiendenProcent(telling, uren)
    return {
      leerjaar: telling.leerjaar,
      leerlingen: cijfers['leerlingen']!,
      geplandeUren: cijfers['geplandeUren']!,
      urenGeoorloofd: cijfers['urenGeoorloofd']!,
      urenOngeoorloofd: cijfers['urenOngeoorloofd']!,
      urenOnverklaard: cijfers['urenOnverklaard']!,
      urenNietIngedeeld: cijfers['urenNietIngedeeld']!,
      percentageGeoorloofd: percentage('urenGeoorloofd'),
      percentageOngeoorloofd: percentage('urenOngeoorloofd'),
      leerlingenGeoorloofd: cijfers['leerlingenGeoorloofd']!,
      leerlingenOngeoorloofd: cijfers['leerlingenOngeoorloofd']!,
      leerlingenVanaf10Procent: cijfers['leerlingenVanaf10Procent']!,
      ...volledigheid
    }
  }
}

// --- what a reader can compute with

/** The figures of a table and what everyone knows to hold between them. */
function buildStelsel<Feit extends Cel> (projectie: Telwijze<Feit>, tellingen: ReadonlyArray<Telling<Feit>>, { van, totEnMet }: Pick<Cel, 'van' | 'totEnMet'>): Tabel {
  const { kolommen, deelVanOcw = {} } = projectie
  const sleutel = (telling: Telling<Feit>, kolom: string): string => sleutelIn(projectie, telling, kolom)
  const cijfers = kolommen.flatMap((kolom) => tellingen.map((telling): Tabelcijfer => {
    const { waarde, groep, precies } = readCijfer(telling, kolom)
    const geheel = deelVanOcw[kolom.kolom]
    return {
      sleutel: sleutel(telling, kolom.kolom),
      kolom: kolom.kolom,
      waarde,
      precies,
      zicht: 'te-kiezen',
      gevoelig: isKleineCel(groep),
      weglaten: telling.niveau !== 'leerjaar' && isKleineCel(telling.leerlingen),
      ...grenzen(telling, waarde, kolom.uren),
      mee: kolom.mee.map((ander) => sleutel(telling, ander)),
      tijd: kolom.tijd,
      ...(geheel === undefined ? {} : { deelVan: sleutelVan(telling, geheel) })
    }
  }))
  const meer = tellingen.map((telling): Verband => projectie.relate?.(telling) ?? {})
  return {
    van,
    totEnMet,
    isNul: buildNultoets(projectie, tellingen),
    cijfers: [...cijfers, ...meer.flatMap(({ cijfers = [] }) => cijfers)],
    sommen: [
      ...kolommen.flatMap(({ kolom }) => tellingen.filter(({ delen }) => delen.length > 0).map((telling) => ({ totaal: sleutel(telling, kolom), delen: telling.delen.map((deel) => sleutel(deel, kolom)) }))),
      ...meer.flatMap(({ sommen = [] }) => sommen)
    ],
    resten: [
      ...kolommen.flatMap(({ kolom, deelVan }) => deelVan === null
        ? []
        : tellingen.map((telling): Tabelrest => ({ sleutel: sleutel(telling, `zonder ${kolom}`), van: [sleutel(telling, deelVan)], zonder: [sleutel(telling, kolom)], speling: 0, telling: true, tijd: deelVan === kolommen[0]!.kolom ? 'aandeel' : null }))),
      ...meer.flatMap(({ resten = [] }) => resten)
    ]
  }
}

/** A line that is not there had no leerlingen; unless it is a leerjaar of a vestiging too small to show its leerjaren. */
function buildNultoets<Feit extends Cel> ({ kolommen, kring, gedeeltelijk }: Telwijze<Feit>, tellingen: ReadonlyArray<Telling<Feit>>): Tabel['isNul'] {
  const klein = new Set(tellingen.filter(({ niveau, leerlingen }) => niveau === 'vestiging' && isKleineCel(leerlingen)).map(({ vestiging }) => vestiging))
  const namen = new Set(kolommen.map(({ kolom }) => kolom))
  const aanwezig = new Set(tellingen.map(({ vestiging }) => vestiging))
  return (sleutel) => {
    const [hoofd = '', , kolom = ''] = sleutel.split('/')
    const vestiging = hoofd.slice(hoofd.indexOf(' ') + 1)
    const eigen = kring?.({ vestiging: vestiging === '' ? null : vestiging })
    if (hoofd !== (eigen === undefined ? vestiging : `${eigen} ${vestiging}`)) return false
    return namen.has(kolom) && !klein.has(vestiging) && (gedeeltelijk !== true || aanwezig.has(vestiging))
  }
}

/** A figure that has no place in the file, so nobody can know that it is small. */
export function buildVerborgen (sleutel: string, kolom: string, { waarde, precies, tijd }: Pick<Tabelcijfer, 'waarde' | 'precies' | 'tijd'>): Tabelcijfer {
  return { sleutel, kolom, waarde, precies, zicht: 'verborgen', gevoelig: false, weglaten: false, min: 0, max: Infinity, uiterst: Infinity, mee: [], tijd }
}

/** Who missed 10 % was absent for some reason; where nothing is unexplained or unclassified, he is in one of the other two groups at least. */
function relateRedenen (telling: Telling<Cel>): Verband {
  const anders = ['urenOnverklaard', 'urenNietIngedeeld'].map((kolom) => telling.cijfers[kolom] ?? aantal(0))
  if (anders.some(({ waarde }) => tiendenUur(waarde) > 0)) return {}
  const sleutel = (kolom: string): string => sleutelVan(telling, kolom)
  return { resten: [{ sleutel: sleutel('dubbel'), van: [sleutel('leerlingenGeoorloofd'), sleutel('leerlingenOngeoorloofd')], zonder: [sleutel('leerlingenVanaf10Procent')], speling: sum(anders, ({ groep }) => groep), telling: false, tijd: null }] }
}

/** What is known of a hidden figure: a small count is 1 to k - 1, another at least 1. Hours are only not negative. */
function grenzen (telling: { readonly delen: readonly unknown[] }, waarde: number, uren: boolean): { min: number, max: number, uiterst: number } {
  if (uren) return { min: 0, max: Infinity, uiterst: Infinity }
  const max = isKleineCel(waarde) ? K - 1 : Infinity
  return { min: waarde === 0 ? 0 : 1, max, uiterst: telling.delen.length === 0 ? max : Infinity }
}

/** The key of a figure in every levering: of whatever periode, for whatever ontvanger. */
export function sleutelVan ({ vestiging, leerjaar }: { readonly vestiging: string | null, readonly leerjaar?: number | null }, kolom: string): string {
  return `${vestiging ?? ''}/${leerjaar ?? ''}/${kolom}`
}

/** The key in a projection that is not about all leerlingen of a line. */
export function sleutelIn ({ kring }: Pick<Projectie<never, never>, 'kring'>, regel: { readonly vestiging: string | null, readonly leerjaar?: number | null }, kolom: string): string {
  const eigen = kring?.(regel)
  return eigen === undefined ? sleutelVan(regel, kolom) : `${eigen} ${sleutelVan(regel, kolom)}`
}

// --- the lines

function buildRegel<Feit extends Cel, R extends Regel> (projectie: Projectie<Feit, R>, { school, periode, van, totEnMet }: Leveringperiode & { readonly school: string }, { telling, achtergehouden }: { readonly telling: Telling<Feit>, readonly achtergehouden: boolean }, isOnderdrukt: (kolom: string) => boolean): R {
  const klein = achtergehouden || (telling.niveau !== 'leerjaar' && isKleineCel(telling.leerlingen))
  // Of few leerlingen the days on which anything was delivered are the days on which they were absent.
  const unlessKlein = (waarde: Waarde): Waarde => klein ? ONDERDRUKT : waarde
  const eigen = projectie.buildRegel({
    telling,
    cijfers: Object.fromEntries(projectie.kolommen.map((kolom) => [kolom.kolom, isOnderdrukt(kolom.kolom) ? ONDERDRUKT : readCijfer(telling, kolom).waarde])),
    volledigheid: {
      lesdagen: achtergehouden ? ONDERDRUKT : telling.lesdagen,
      lesdagenAangeleverd: unlessKlein(telling.lesdagenAangeleverd),
      volledig: unlessKlein(telling.lesdagenAangeleverd === telling.lesdagen && telling.nietIngedeeld === 0 && telling.zonderRooster === 0)
    }
  })
  const basis: Regelbasis = { school, vestiging: telling.vestiging, schooljaar: schooljaar(van), periode, periodeVan: van, periodeTotEnMet: totEnMet }
  return { ...basis, ...eigen } as R
}

export function tiendenUur (minuten: number): number {
  return Math.round(minuten / 6)
}

/** Null when nothing is planned, or when the planned time of somebody is unknown: what he missed would be divided by too little. */
export function tiendenProcent ({ cijfers, geplandeMinuten, zonderRooster }: Pick<Telling<Cel>, 'cijfers' | 'geplandeMinuten' | 'zonderRooster'>, kolom: string): number | null {
  return geplandeMinuten === 0 || zonderRooster > 0 ? null : Math.round((cijfers[kolom]?.waarde ?? 0) * 1000 / geplandeMinuten)
}

function sum<T> (lijst: readonly T[], count: (element: T) => number): number {
  return lijst.reduce((total, element) => total + count(element), 0)
}

// --- the next revisie

export interface Verschil { readonly rijenErbij: number, readonly rijenWeg: number, readonly rijenGewijzigd: number, readonly kolommen: Readonly<Record<string, number>> }

type Jsonregel = Readonly<Record<string, unknown>>

/** How two files differ as they were delivered, in numbers of lines: what is suppressed in both is the same here, whatever is under it. */
export function compareRegels (oud: readonly Jsonregel[], nieuw: readonly Jsonregel[]): Verschil {
  const plek = (regel: Jsonregel): string => `${String(regel['vestiging'])} ${String(regel['leerjaar'] ?? '')}`
  const voorheen = new Map(oud.map((regel) => [plek(regel), regel]))
  const kolommen: Record<string, number> = {}
  let rijenGewijzigd = 0
  for (const regel of nieuw) {
    const eerder = voorheen.get(plek(regel))
    if (eerder === undefined) continue
    const anders = Object.keys(regel).filter((kolom) => JSON.stringify(regel[kolom]) !== JSON.stringify(eerder[kolom]))
    for (const kolom of anders) kolommen[kolom] = (kolommen[kolom] ?? 0) + 1
    if (anders.length > 0) rijenGewijzigd++
  }
  const gebleven = nieuw.filter((regel) => voorheen.has(plek(regel))).length
  return { rijenErbij: nieuw.length - gebleven, rijenWeg: oud.length - gebleven, rijenGewijzigd, kolommen }
}

// --- the two forms

/** A value as DUO's files have it: decimal comma, J or N, YYYYMM and YYYYMMDD, `<5` for what is suppressed, empty for unknown. */
export function formatWaarde (soort: Kolomsoort, waarde: Waarde): string {
  if (waarde === ONDERDRUKT) return `<${K}`
  if (waarde === null) return soort === 'code' ? 'TOTAAL' : ''
  if (typeof waarde === 'boolean') return waarde ? 'J' : 'N'
  if (soort === 'uren' || soort === 'percentage') return `${Math.trunc(Number(waarde) / 10)},${Number(waarde) % 10}`
  if (soort === 'datum') return String(waarde).replaceAll('-', '')
  if (soort === 'periode') return /^\d{4}-\d{2}$/.test(String(waarde)) ? String(waarde).replace('-', '') : String(waarde)
  return String(waarde)
}

/** Header and lines, cell by cell. */
export function buildRijen ({ kolommen }: Indeling, regels: readonly Regel[]): string[][] {
  return [kolommen.map(({ kop }) => kop), ...regels.map((regel) => kolommen.map(({ veld, soort }) => formatWaarde(soort, regel[veld]!)))]
}

export type Jsonwaarde = string | number | boolean | null | { readonly waarde: number | boolean | null, readonly onderdrukt?: 'kleine-cel' }

/** The same values: nothing is more precise here than in the CSV. A figure is an object, so that suppressed has a place beside unknown. */
export function buildJsonregels ({ kolommen }: Indeling, regels: readonly Regel[]): Array<Record<string, Jsonwaarde>> {
  return regels.map((regel) => Object.fromEntries(kolommen.map(({ veld, soort }) => [veld, toJson(soort, regel[veld]!)])))
}

function toJson (soort: Kolomsoort, waarde: Waarde): Jsonwaarde {
  if (soort === 'code' || soort === 'periode' || soort === 'datum') return waarde as string | number | null
  if (waarde === ONDERDRUKT) return { waarde: null, onderdrukt: 'kleine-cel' }
  return { waarde: (soort === 'uren' || soort === 'percentage') && waarde !== null ? Number(waarde) / 10 : waarde as number | boolean | null }
}
