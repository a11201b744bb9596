import { schooljaar, type Datum } from './datum.ts'
import { isKleineCel, K, suppress, type Cijfer, type Som } from './onderdrukking.ts'
import type { Cel } from './aggregaat.ts'
import type { Categorie } from './absentie.ts'

export const ONTVANGERS = ['ocw', 'gemeente', 'samenwerkingsverband'] as const
export type Ontvanger = typeof ONTVANGERS[number]

/** Stands where a value is suppressed; never 0, and never the same as null, which is unknown. */
export const ONDERDRUKT = Symbol('onderdrukt')

/** `uren` and `percentage` are whole tenths: rounded once, and the same in every form. */
export type Waarde = string | number | boolean | null | typeof ONDERDRUKT
export type Kolomsoort = 'code' | 'periode' | 'datum' | 'aantal' | 'uren' | 'percentage' | 'ja-nee'

export interface Kolom { readonly kop: string, readonly veld: keyof Leveringregel, readonly soort: Kolomsoort, readonly omschrijving: string }

/** What one ontvanger gets: a closed list of columns, as dated data. */
export interface Indeling {
  readonly naam: string
  readonly versie: string
  readonly ontvanger: Ontvanger
  readonly geldigVan: Datum
  readonly bron: string
  readonly status: 'vastgesteld' | 'aangenomen-waarde'
  /** How the file is written, and what its marks mean. */
  readonly toelichting: string
  readonly kolommen: readonly Kolom[]
}

/** One line. No vestiging: the whole school; no leerjaar: all of them. */
export interface Leveringregel {
  readonly school: string
  readonly vestiging: string | null
  readonly schooljaar: string
  readonly periode: string
  readonly periodeVan: Datum
  readonly periodeTotEnMet: Datum
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

/** An earlier levering of the same periode: its exact figures, and what it did not show of them. */
export interface Vrijgave { readonly cellen: readonly Cel[], readonly onderdrukt: ReadonlySet<string> }

export interface Leveringtabel {
  readonly regels: readonly Leveringregel[]
  readonly onderdrukteCellen: number
  /** Sums over the vestigingen that are no kleine cel. */
  readonly volledigheid: { readonly lesdagen: number, readonly aangeleverd: number }
  /** What a reader must not find, and how much of it he finds in spite of all (see Onderdrukking). */
  readonly toets: { readonly gevoelig: number, readonly vindbaar: number }
}

/** The lines of one school in one periode, suppressed; also against what earlier leveringen of this periode told. */
export function buildTabel (school: string, cellen: readonly Cel[], periode: Pick<Cel, 'periode' | 'van' | 'totEnMet'>, eerdere: readonly Vrijgave[]): Leveringtabel {
  const tellingen = buildTellingen(cellen)
  const { onderdrukt, gevoelig, vindbaar } = suppressTellingen(tellingen, eerdere)
  const regels = tellingen.map((telling) => buildRegel(school, periode, telling, (kolom) => onderdrukt.has(sleutelVan(telling, kolom))))
  const groot = tellingen.filter(({ niveau, leerlingen }) => niveau === 'vestiging' && !isKleineCel(leerlingen))
  return {
    regels,
    onderdrukteCellen: regels.flatMap((regel) => Object.values(regel)).filter((waarde) => waarde === ONDERDRUKT).length,
    volledigheid: { lesdagen: sum(groot, ({ lesdagen }) => lesdagen), aangeleverd: sum(groot, ({ lesdagenAangeleverd }) => lesdagenAangeleverd) },
    toets: { gevoelig, vindbaar }
  }
}

// --- the exact figures

type Geteld = Exclude<Categorie, 'aanwezig-elders'>
const GETELD: readonly Geteld[] = ['geoorloofd', 'ongeoorloofd', 'onverklaard', 'niet-ingedeeld']

interface Telling {
  readonly niveau: 'leerjaar' | 'vestiging' | 'school'
  readonly vestiging: string | null
  readonly leerjaar: number | null
  /** The lines this one is the total of. */
  readonly delen: readonly Telling[]
  readonly leerlingen: number
  readonly geplandeMinuten: number
  readonly zonderRooster: number
  readonly minuten: Readonly<Record<Geteld, number>>
  readonly leerlingenMet: Readonly<Record<Geteld, number>>
  readonly nietIngedeeld: number
  readonly vanaf10: number
  readonly lesdagen: number
  readonly lesdagenAangeleverd: number
}

/**
 * Per vestiging its leerjaren and its total, then the school. A vestiging without leerlingen has no line, so one that came later does not
 * change what is rebuilt; a vestiging that is itself a kleine cel has only its total, because which leerjaren it has would tell too much.
 */
function buildTellingen (cellen: readonly Cel[]): Telling[] {
  const perVestiging = [...Map.groupBy(cellen.filter(({ leerlingen }) => leerlingen > 0), ({ vestiging }) => vestiging)].sort(([a], [b]) => a < b ? -1 : 1)
  const vestigingen = perVestiging.map(([, own]) => {
    const totaal = own.find(({ leerjaar }) => leerjaar === null)!
    const leerjaren = own.filter(({ leerjaar }) => leerjaar !== null).sort((a, b) => a.leerjaar! - b.leerjaar!)
    return tellingVan(totaal, isKleineCel(totaal.leerlingen) ? [] : leerjaren.map((cel) => tellingVan(cel, [])))
  })
  return [...vestigingen.flatMap((vestiging) => [...vestiging.delen, vestiging]), sumTellingen(vestigingen)]
}

function tellingVan (cel: Cel, delen: readonly Telling[]): Telling {
  const { vestiging, leerjaar, leerlingen, geplandeMinuten, zonderRooster, categorieen, banden, lesdagen, lesdagenAangeleverd } = cel
  return {
    niveau: leerjaar === null ? 'vestiging' : 'leerjaar',
    vestiging,
    leerjaar,
    delen,
    leerlingen,
    geplandeMinuten,
    zonderRooster,
    minuten: perCategorie((categorie) => categorieen[categorie].minuten),
    leerlingenMet: perCategorie((categorie) => categorieen[categorie].leerlingen),
    nietIngedeeld: categorieen['niet-ingedeeld'].registraties,
    vanaf10: banden.tot20 + banden.vanaf20,
    lesdagen,
    lesdagenAangeleverd
  }
}

/** The school: who was enrolled at two vestigingen counts at both. Lesdagen of a vestiging that is a kleine cel stay out of the sum. */
function sumTellingen (vestigingen: readonly Telling[]): Telling {
  const groot = vestigingen.filter(({ leerlingen }) => !isKleineCel(leerlingen))
  return {
    niveau: 'school',
    vestiging: null,
    leerjaar: null,
    delen: vestigingen,
    leerlingen: sum(vestigingen, ({ leerlingen }) => leerlingen),
    geplandeMinuten: sum(vestigingen, ({ geplandeMinuten }) => geplandeMinuten),
    zonderRooster: sum(groot, ({ zonderRooster }) => zonderRooster),
    minuten: perCategorie((categorie) => sum(vestigingen, ({ minuten }) => minuten[categorie])),
    leerlingenMet: perCategorie((categorie) => sum(vestigingen, ({ leerlingenMet }) => leerlingenMet[categorie])),
    nietIngedeeld: sum(groot, ({ nietIngedeeld }) => nietIngedeeld),
    vanaf10: sum(vestigingen, ({ vanaf10 }) => vanaf10),
    lesdagen: sum(groot, ({ lesdagen }) => lesdagen),
    lesdagenAangeleverd: sum(groot, ({ lesdagenAangeleverd }) => lesdagenAangeleverd)
  }
}

function perCategorie (count: (categorie: Geteld) => number): Record<Geteld, number> {
  return Object.fromEntries(GETELD.map((categorie) => [categorie, count(categorie)])) as Record<Geteld, number>
}

// --- what a reader can compute with

type Cijferkolom = 'leerlingen' | 'leerlingenGeoorloofd' | 'leerlingenOngeoorloofd' | 'leerlingenVanaf10Procent' |
  'geplandeUren' | 'urenGeoorloofd' | 'urenOngeoorloofd' | 'urenOnverklaard' | 'urenNietIngedeeld'

/** The columns of which the parts add up. `groep`: the leerlingen a figure is about; `mee`: columns that tell too much of this one. */
const CIJFERS: ReadonlyArray<{ kolom: Cijferkolom, waarde: (telling: Telling) => number, groep: (telling: Telling) => number, mee: readonly Cijferkolom[] }> = [
  { kolom: 'leerlingen', waarde: ({ leerlingen }) => leerlingen, groep: ({ leerlingen }) => leerlingen, mee: ['geplandeUren'] },
  { kolom: 'leerlingenGeoorloofd', waarde: ({ leerlingenMet }) => leerlingenMet.geoorloofd, groep: ({ leerlingenMet }) => leerlingenMet.geoorloofd, mee: ['urenGeoorloofd'] },
  { kolom: 'leerlingenOngeoorloofd', waarde: ({ leerlingenMet }) => leerlingenMet.ongeoorloofd, groep: ({ leerlingenMet }) => leerlingenMet.ongeoorloofd, mee: ['urenOngeoorloofd'] },
  { kolom: 'leerlingenVanaf10Procent', waarde: ({ vanaf10 }) => vanaf10, groep: ({ vanaf10 }) => vanaf10, mee: [] },
  { kolom: 'geplandeUren', waarde: ({ geplandeMinuten }) => tiendenUur(geplandeMinuten), groep: ({ leerlingen }) => leerlingen, mee: [] },
  { kolom: 'urenGeoorloofd', waarde: ({ minuten }) => tiendenUur(minuten.geoorloofd), groep: ({ leerlingenMet }) => leerlingenMet.geoorloofd, mee: [] },
  { kolom: 'urenOngeoorloofd', waarde: ({ minuten }) => tiendenUur(minuten.ongeoorloofd), groep: ({ leerlingenMet }) => leerlingenMet.ongeoorloofd, mee: [] },
  { kolom: 'urenOnverklaard', waarde: ({ minuten }) => tiendenUur(minuten.onverklaard), groep: ({ leerlingenMet }) => leerlingenMet.onverklaard, mee: [] },
  { kolom: 'urenNietIngedeeld', waarde: ({ minuten }) => tiendenUur(minuten['niet-ingedeeld']), groep: ({ leerlingenMet }) => leerlingenMet['niet-ingedeeld'], mee: [] }
]

/** Counts of some of the leerlingen of a line: the others are a count too, and `all but 2` tells as much as `2`. */
const DEELGROEPEN: readonly Cijferkolom[] = ['leerlingenGeoorloofd', 'leerlingenOngeoorloofd', 'leerlingenVanaf10Procent']

interface Sleutelcijfer extends Omit<Cijfer, 'mee'> { readonly sleutel: string, readonly mee: readonly string[] }
interface Sleutelsom { readonly totaal: string, readonly delen: readonly string[] }
interface Sleutelstelsel { readonly cijfers: readonly Sleutelcijfer[], readonly sommen: readonly Sleutelsom[] }

function suppressTellingen (tellingen: readonly Telling[], eerdere: readonly Vrijgave[]): { onderdrukt: Set<string>, gevoelig: number, vindbaar: number } {
  const huidig = buildStelsel(tellingen)
  const { cijfers, sommen } = eerdere.reduce(joinVrijgave, huidig)
  const plekken = new Map(cijfers.map(({ sleutel }, plek) => [sleutel, plek]))
  const plekVan = (sleutel: string): number => plekken.get(sleutel)!
  const { onderdrukt, gevoelig, vindbaar } = suppress(
    cijfers.map((cijfer) => ({ ...cijfer, mee: cijfer.mee.map(plekVan) })),
    uniqueSommen(sommen).map(({ totaal, delen }): Som => ({ totaal: plekVan(totaal), delen: delen.map(plekVan) }))
  )
  // Also what an earlier levering showed: no longer to be hidden from a reader, and still not to be repeated.
  const altijd = huidig.cijfers.filter((cijfer) => cijfer.zicht === 'te-kiezen' && (cijfer.gevoelig || cijfer.weglaten)).map(({ sleutel }) => sleutel)
  return { onderdrukt: new Set([...altijd, ...[...onderdrukt].map((plek) => cijfers[plek]!.sleutel)]), gevoelig, vindbaar: vindbaar.length }
}

/** A sum of figures that did not change says the same again; once is enough, and much faster. */
function uniqueSommen (sommen: readonly Sleutelsom[]): Sleutelsom[] {
  return [...new Map(sommen.map((som) => [[som.totaal, ...som.delen].join('\n'), som])).values()]
}

function buildStelsel (tellingen: readonly Telling[]): Sleutelstelsel {
  const kolommen = CIJFERS.flatMap(({ kolom, waarde, groep, mee }) => tellingen.map((telling): Sleutelcijfer => ({
    sleutel: sleutelVan(telling, kolom),
    kolom,
    waarde: waarde(telling),
    zicht: 'te-kiezen',
    gevoelig: isKleineCel(groep(telling)),
    weglaten: telling.niveau !== 'leerjaar' && isKleineCel(telling.leerlingen),
    ...grenzen(telling, waarde(telling), kolom === 'geplandeUren' || kolom.startsWith('uren')),
    mee: mee.map((ander) => sleutelVan(telling, ander))
  })))
  const overigen = DEELGROEPEN.flatMap((kolom) => tellingen.map((telling): Sleutelcijfer => {
    const waarde = telling.leerlingen - CIJFERS.find((cijfer) => cijfer.kolom === kolom)!.waarde(telling)
    // Has no place in the file, so nobody can know that it is small.
    return { sleutel: overigenVan(telling, kolom), kolom, waarde, zicht: 'verborgen', gevoelig: isKleineCel(waarde), weglaten: false, min: 0, max: Infinity, ruim: false, mee: [] }
  }))
  return {
    cijfers: [...kolommen, ...overigen],
    sommen: [
      ...CIJFERS.flatMap(({ kolom }) => tellingen.filter(({ delen }) => delen.length > 0).map((telling) => ({ totaal: sleutelVan(telling, kolom), delen: telling.delen.map((deel) => sleutelVan(deel, kolom)) }))),
      ...DEELGROEPEN.flatMap((kolom) => tellingen.map((telling) => ({ totaal: sleutelVan(telling, 'leerlingen'), delen: [sleutelVan(telling, kolom), overigenVan(telling, kolom)] })))
    ]
  }
}

/** What is known of a hidden figure: a small count is 1 to k - 1, another at least 1. Hours are only not negative. */
function grenzen (telling: Telling, waarde: number, uren: boolean): { min: number, max: number, ruim: boolean } {
  if (uren) return { min: 0, max: Infinity, ruim: false }
  return { min: waarde === 0 ? 0 : 1, max: isKleineCel(waarde) ? K - 1 : Infinity, ruim: telling.delen.length > 0 }
}

/**
 * Adds what an earlier levering told. A figure that did not change is one and the same: shown then, it cannot be hidden now; hidden then, it
 * is not shown now if that would tell it. So the reader is taken to know which figures changed.
 */
function joinVrijgave (stelsel: Sleutelstelsel, eerder: Vrijgave): Sleutelstelsel {
  const { cijfers, sommen } = buildStelsel(buildTellingen(eerder.cellen))
  const alle = new Map(stelsel.cijfers.map((cijfer) => [cijfer.sleutel, cijfer]))
  const namen = new Map(cijfers.map(({ sleutel, waarde }) => [sleutel, alle.get(sleutel)?.waarde === waarde ? sleutel : `${sleutel}=${waarde}`]))
  for (const cijfer of cijfers) {
    const sleutel = namen.get(cijfer.sleutel)!
    const bekend = alle.get(sleutel) ?? { ...cijfer, sleutel, zicht: 'verborgen', weglaten: false, mee: [] }
    const getoond = cijfer.zicht === 'te-kiezen' && !eerder.onderdrukt.has(cijfer.sleutel)
    alle.set(sleutel, {
      ...bekend,
      zicht: getoond ? 'openbaar' : bekend.zicht,
      gevoelig: bekend.gevoelig || cijfer.gevoelig,
      min: Math.max(bekend.min, cijfer.min),
      max: Math.min(bekend.max, cijfer.max)
    })
  }
  return {
    cijfers: [...alle.values()],
    sommen: [...stelsel.sommen, ...sommen.map(({ totaal, delen }) => ({ totaal: namen.get(totaal)!, delen: delen.map((deel) => namen.get(deel)!) }))]
  }
}

/** The key of a figure in every levering of a periode. */
export function sleutelVan ({ vestiging, leerjaar }: { readonly vestiging: string | null, readonly leerjaar: number | null }, kolom: string): string {
  return `${vestiging ?? ''}/${leerjaar ?? ''}/${kolom}`
}

function overigenVan (telling: Telling, kolom: Cijferkolom): string {
  return sleutelVan(telling, `zonder ${kolom}`)
}

// --- the lines

function buildRegel (school: string, { periode, van, totEnMet }: Pick<Cel, 'periode' | 'van' | 'totEnMet'>, telling: Telling, isOnderdrukt: (kolom: Cijferkolom) => boolean): Leveringregel {
  const cijfers = Object.fromEntries(CIJFERS.map(({ kolom, waarde }) => [kolom, isOnderdrukt(kolom) ? ONDERDRUKT : waarde(telling)])) as Record<Cijferkolom, Waarde>
  const klein = telling.niveau !== 'leerjaar' && isKleineCel(telling.leerlingen)
  // Of few leerlingen the days on which anything was delivered are the days on which they were absent.
  const unlessKlein = (waarde: Waarde): Waarde => klein ? ONDERDRUKT : waarde
  const percentage = (categorie: Geteld, uren: Waarde): Waarde => uren === ONDERDRUKT || cijfers.geplandeUren === ONDERDRUKT ? ONDERDRUKT : tiendenProcent(telling, categorie)
  return {
    school,
    vestiging: telling.vestiging,
    schooljaar: schooljaar(van),
    periode,
    periodeVan: van,
    periodeTotEnMet: totEnMet,
    leerjaar: telling.leerjaar,
    ...cijfers,
    percentageGeoorloofd: percentage('geoorloofd', cijfers.urenGeoorloofd),
    percentageOngeoorloofd: percentage('ongeoorloofd', cijfers.urenOngeoorloofd),
    lesdagen: telling.lesdagen,
    lesdagenAangeleverd: unlessKlein(telling.lesdagenAangeleverd),
    volledig: unlessKlein(telling.lesdagenAangeleverd === telling.lesdagen && telling.nietIngedeeld === 0 && telling.zonderRooster === 0)
  }
}

function tiendenUur (minuten: number): number {
  return Math.round(minuten / 6)
}

/** Null when nothing is planned, or when the planned time of somebody is unknown: what he missed would be divided by too little. */
function tiendenProcent ({ minuten, geplandeMinuten, zonderRooster }: Telling, categorie: Geteld): number | null {
  return geplandeMinuten === 0 || zonderRooster > 0 ? null : Math.round(minuten[categorie] * 1000 / geplandeMinuten)
}

function sum<T> (lijst: readonly T[], count: (element: T) => number): number {
  return lijst.reduce((total, element) => total + count(element), 0)
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
export function buildRijen ({ kolommen }: Indeling, regels: readonly Leveringregel[]): string[][] {
  return [kolommen.map(({ kop }) => kop), ...regels.map((regel) => kolommen.map(({ veld, soort }) => formatWaarde(soort, regel[veld])))]
}

export type Jsonwaarde = string | number | boolean | null | { readonly waarde: number | boolean | null, readonly onderdrukt?: 'kleine-cel' }

/** The same values: nothing is more precise here than in the CSV. A figure is an object, so that suppressed has a place beside unknown. */
export function buildJsonregels ({ kolommen }: Indeling, regels: readonly Leveringregel[]): Array<Record<string, Jsonwaarde>> {
  return regels.map((regel) => Object.fromEntries(kolommen.map(({ veld, soort }) => [veld, toJson(soort, regel[veld])])))
}

function toJson (soort: Kolomsoort, waarde: Waarde): Jsonwaarde {
  if (soort === 'code' || soort === 'periode' || soort === 'datum') return waarde as string | number | null
  if (waarde === ONDERDRUKT) return { waarde: null, onderdrukt: 'kleine-cel' }
  return { waarde: (soort === 'uren' || soort === 'percentage') && waarde !== null ? Number(waarde) / 10 : waarde as number | boolean | null }
}
