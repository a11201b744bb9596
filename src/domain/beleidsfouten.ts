import { findLandelijk, isEigenCode, LANDELIJKE_REGELS, type Duiding, type Meting, type Regeldefinitie, type Regelkeuze, type Venster, ZESTIEN_UUR_REGEL } from './regel.ts'
import type { Indelingsfout, Reden } from './beleid.ts'
import type { Beleidselement } from './beleidselement.ts'
import type { Datum } from './datum.ts'

/** What a concept says of rules, duidingen and elementen; redenen are those it counts by. */
export interface Concept {
  readonly geldigVan: Datum
  readonly redenen: readonly Reden[]
  readonly regels: readonly Regelkeuze[]
  readonly duidingen: readonly Duiding[]
  readonly elementen: readonly Beleidselement[]
}

/** Faults of the grammar that the shape alone does not show, all at once; details are parts of a sentence, as of listIndelingsfouten. */
export function listBeleidsfouten (concept: Concept): Indelingsfout[] {
  const { redenen, regels, duidingen, elementen } = concept
  const codes = new Set(redenen.map(({ code }) => code))
  return [
    ...listDubbele(regels.map(({ regel }) => regel)).map((at) => ({ pad: ['regels', at, 'regel'], code: 'dubbel', detail: 'staat er al' })),
    ...listDubbele(elementen.map(({ code }) => code)).map((at) => ({ pad: ['elementen', at, 'code'], code: 'dubbel', detail: 'staat er al' })),
    ...listDubbele(duidingen.map(({ omschrijving }) => omschrijving)).map((at) => ({ pad: ['duidingen', at, 'omschrijving'], code: 'dubbel', detail: 'staat er al' })),
    ...regels.flatMap((keuze, at) => under(['regels', at], [
      ...(LANDELIJKE_REGELS.some(({ regel }) => regel === keuze.regel) ? listLandelijkefouten(keuze, concept.geldigVan) : listEigenfouten(keuze)),
      ...listVormfouten(keuze, concept.geldigVan),
      ...listSelectiefouten(keuze, concept.geldigVan),
      ...listVerwijsfouten(keuze, regels),
      ...under(['over'], listRedenfouten(keuze.over?.redenen, codes))
    ])),
    ...duidingen.flatMap(({ wanneer }, at) => under(['duidingen', at, 'wanneer'], [...listRedenfouten(wanneer.redenen, codes), ...listDuidingsfouten(wanneer, redenen)]))
  ]
}

function under (pad: Indelingsfout['pad'], fouten: readonly Indelingsfout[]): Indelingsfout[] {
  return fouten.map((fout) => ({ ...fout, pad: [...pad, ...fout.pad] }))
}

function listDubbele (sleutels: readonly string[]): number[] {
  return sleutels.flatMap((sleutel, at) => sleutels.indexOf(sleutel) < at ? [at] : [])
}

function listRedenfouten (genoemd: readonly string[] | undefined, codes: ReadonlySet<string>): Indelingsfout[] {
  return (genoemd ?? []).flatMap((reden, at) => codes.has(reden) ? [] : [{ pad: ['redenen', at], code: 'reden-onbekend', detail: 'is geen reden van deze beleidsversie' }])
}

function listLandelijkefouten (keuze: Regelkeuze, geldigVan: Datum): Indelingsfout[] {
  const zonderDrempel = keuze.drempels === undefined && keuze.aan && findLandelijk(keuze.regel, geldigVan)?.definitie.drempels.length === 0
  return [
    ...(keuze.aard === undefined ? [] : [{ pad: ['aard'], code: 'niet-te-kiezen', detail: 'ligt bij een landelijke regel vast' }]),
    ...(zonderDrempel ? [{ pad: ['drempels'], code: 'ontbreekt', detail: 'is verplicht: deze regel heeft landelijk geen drempel' }] : [])
  ]
}

function listEigenfouten (keuze: Regelkeuze): Indelingsfout[] {
  const aard = keuze.aard ?? 'intern'
  const naam = aard === 'wettelijk'
    ? [{ pad: ['aard'], code: 'niet-te-kiezen', detail: 'kan voor een eigen regel alleen intern of zorgelijk zijn' }]
    : isEigenCode(keuze.regel, aard)
      ? []
      : [{ pad: ['regel'], code: 'verkeerde-naam', detail: aard === 'zorgelijk' ? 'begint bij een eigen regel van de aard zorgelijk met zorgelijk-verzuim-' : 'begint alleen bij de aard zorgelijk met zorgelijk-verzuim-' }]
  const ontbrekend = (['meting', 'venster', 'drempels'] as const).filter((veld) => keuze[veld] === undefined)
  return [...naam, ...ontbrekend.map((veld) => ({ pad: [veld], code: 'ontbreekt', detail: `is verplicht: ${keuze.regel} is geen landelijke regel, en een eigen regel noemt meting, venster en drempels` }))]
}

function isPassend (meting: Meting, venster: Venster): boolean {
  if (meting === 'lesweken') return venster.soort === 'aaneengesloten'
  if (meting === 'procent') return venster.soort === 'lesweken' || venster.soort === 'schooljaar'
  return meting === 'lesdagen' || venster.soort !== 'aaneengesloten'
}

function listVormfouten (keuze: Regelkeuze, geldigVan: Datum): Indelingsfout[] {
  const { drempels = [], voor: { leeftijd: { van, tot } = {} } = {} } = keuze
  const landelijk = findLandelijk(keuze.regel, geldigVan)?.definitie
  const [meting, venster] = [keuze.meting ?? landelijk?.meting, keuze.venster ?? landelijk?.venster]
  const past = meting === undefined || venster === undefined || isPassend(meting, venster)
  return [
    ...(past ? [] : [{ pad: [keuze.venster === undefined ? 'meting' : 'venster'], code: 'past-niet', detail: `past niet: ${meting} ${PASSENDE[meting]}` }]),
    ...drempels.flatMap((drempel, at) => at > 0 && drempel <= drempels[at - 1]! ? [{ pad: ['drempels', at], code: 'niet-oplopend', detail: 'is niet hoger dan de vorige' }] : []),
    ...(meting === 'procent' ? drempels.flatMap((drempel, at) => drempel > 100 ? [{ pad: ['drempels', at], code: 'te-groot', detail: 'is meer dan 100 procent' }] : []) : []),
    ...listDatafouten(keuze, landelijk, meting, venster),
    ...(van !== undefined && tot !== undefined && van >= tot ? [{ pad: ['voor', 'leeftijd', 'tot'], code: 'verkeerde-volgorde', detail: 'is niet hoger dan van' }] : [])
  ]
}

/** A share that has too little data at the begin of every week would begin anew, and fire again, at the end of it. */
function listDatafouten ({ minimaalLesdagen }: Regelkeuze, landelijk: Regeldefinitie | undefined, meting: Meting | undefined, venster: Venster | undefined): Indelingsfout[] {
  if (meting !== 'procent' || venster?.soort !== 'lesweken') return []
  const past = (minimaalLesdagen ?? landelijk?.minimaalLesdagen ?? 0) <= 5 * (venster.aantal - 1)
  return past ? [] : [{ pad: [minimaalLesdagen === undefined ? 'venster' : 'minimaalLesdagen'], code: 'past-niet', detail: `past niet: voor de laatste lesweek liggen er ten hoogste ${5 * (venster.aantal - 1)} lesdagen in het venster` }]
}

const SOM = 'telt in lesweken, lesdagen, maanden of het schooljaar, niet aaneengesloten'
const PASSENDE: Record<Meting, string> = {
  minuten: SOM,
  uren: SOM,
  lesuren: SOM,
  registraties: SOM,
  perioden: SOM,
  lesdagen: 'past bij ieder venster',
  lesweken: 'telt alleen aaneengesloten',
  procent: 'telt alleen in lesweken of het schooljaar'
}

function listSelectiefouten (keuze: Regelkeuze, geldigVan: Datum): Indelingsfout[] {
  const aard = findLandelijk(keuze.regel, geldigVan)?.definitie.aard ?? keuze.aard ?? 'intern'
  if (aard === 'intern') return (keuze.over?.categorieen ?? []).includes('aanwezig-elders') ? [{ pad: ['over', 'categorieen'], code: 'past-niet', detail: 'telt alleen verzuim; wie elders aanwezig is, verzuimt niet' }] : []
  return (keuze.over?.categorieen ?? ['ongeoorloofd']).every((categorie) => categorie === 'ongeoorloofd')
    ? []
    : [{ pad: ['over', 'categorieen'], code: 'past-niet', detail: `is bij de aard ${aard} alleen ongeoorloofd` }]
}

function listVerwijsfouten (keuze: Regelkeuze, regels: readonly Regelkeuze[]): Indelingsfout[] {
  const { regel, onderDrempelVan } = keuze
  const pad = ['onderDrempelVan']
  // Below the 16 hours is what makes it zorgelijk (REKENREGELS 4): said or not, it is nothing else.
  if (regel === 'zorgelijk-verzuim' || keuze.aard === 'zorgelijk') return onderDrempelVan === undefined || onderDrempelVan === ZESTIEN_UUR_REGEL ? [] : [{ pad, code: 'past-niet', detail: `is bij zorgelijk verzuim ${ZESTIEN_UUR_REGEL}` }]
  if (onderDrempelVan === undefined || onderDrempelVan === null) return []
  if (onderDrempelVan === regel) return [{ pad, code: 'regel-onbekend', detail: 'is de regel zelf' }]
  const bekend = [...LANDELIJKE_REGELS, ...regels].some((ander) => ander.regel === onderDrempelVan)
  return bekend ? [] : [{ pad, code: 'regel-onbekend', detail: 'is geen landelijke regel en geen regel van deze beleidsversie' }]
}

function listDuidingsfouten ({ categorieen, redenen: genoemd = [], kenmerken = [] }: Duiding['wanneer'], redenen: readonly Reden[]): Indelingsfout[] {
  const bijzonder = new Set(redenen.filter((reden) => reden.kenmerken?.includes('bijzonder-persoonsgegeven')).map(({ code }) => code))
  const detail = 'mag geen bijzonder persoonsgegeven uitkiezen'
  return [
    ...(categorieen.includes('aanwezig-elders') ? [{ pad: ['categorieen'], code: 'past-niet', detail: 'telt alleen verzuim; wie elders aanwezig is, verzuimt niet' }] : []),
    ...kenmerken.flatMap((kenmerk, at) => kenmerk === 'bijzonder-persoonsgegeven' ? [{ pad: ['kenmerken', at], code: 'bijzonder-persoonsgegeven', detail }] : []),
    ...genoemd.flatMap((reden, at) => bijzonder.has(reden) ? [{ pad: ['redenen', at], code: 'bijzonder-persoonsgegeven', detail }] : [])
  ]
}
