import { SOORTEN, type Categorie, type Soort } from './absentie.ts'
import { findLandelijk, LANDELIJKE_REGELS, resolveRegel, type Doelgroep, type Duiding, type Meting, type Regeldefinitie, type Selectie, type Venster } from './regel.ts'
import { countOf, enumerate, formatDatum } from './woorden.ts'
import type { Beleid, Kenmerk, Reden } from './beleid.ts'
import type { Beleidselement, Elementeis } from './beleidselement.ts'
import type { Datum } from './datum.ts'

// Rules and beleid in plain Dutch, generated from the same data that is evaluated.

const EENHEID: Record<Meting, readonly [one: string, more: string]> = {
  minuten: ['minuut', 'minuten'],
  uren: ['uur', 'uur'],
  lesuren: ['lesuur', 'lesuren'],
  lesdagen: ['lesdag', 'lesdagen'],
  registraties: ['keer', 'keer'],
  perioden: ['periode', 'perioden'],
  lesweken: ['lesweek', 'lesweken'],
  procent: ['procent', 'procent']
}
const CATEGORIEWOORD: Record<Categorie, string> = { geoorloofd: 'geoorloofd', ongeoorloofd: 'ongeoorloofd', onverklaard: 'onverklaard', 'niet-ingedeeld': 'niet ingedeeld', 'aanwezig-elders': 'elders aanwezig' }
const SOORTWOORD: Record<Soort, string> = { afwezig: 'afwezig', 'te-laat': 'te laat', 'eerder-weg': 'eerder weg', verwijderd: 'uit de les verwijderd' }
const KENMERKWOORD: Record<Kenmerk, string> = { ziekte: 'ziekte', luxeverzuim: 'vakantie zonder verlof', 'te-laat': 'te laat komen', 'bijzonder-persoonsgegeven': 'een reden die een bijzonder persoonsgegeven is' }
const WEEKDAGEN = ['maandag', 'dinsdag', 'woensdag', 'donderdag', 'vrijdag', 'zaterdag', 'zondag']

/** `16 uur`, `3, 6, 9 of 12 keer`. */
export function describeDrempels (meting: Meting, drempels: readonly number[], voegwoord: 'en' | 'of' = 'of'): string {
  const [one, more] = EENHEID[meting]
  return drempels.length === 0 ? 'nog geen drempel' : `${enumerate(drempels, voegwoord)} ${drempels.length === 1 && drempels[0] === 1 ? one : more}`
}

/** As it follows `binnen`. */
export function describeVenster (venster: Venster): string {
  switch (venster.soort) {
    case 'schooljaar': return 'het schooljaar'
    case 'aaneengesloten': return 'een aaneengesloten periode'
    case 'maanden': return venster.aantal === 1 ? 'één maand' : `${venster.aantal} maanden`
    case 'lesdagen': return venster.aantal === 1 ? 'één lesdag' : `${venster.aantal} opeenvolgende lesdagen`
    case 'lesweken': return [
      venster.aantal === 1 ? 'één lesweek' : `${venster.aantal} opeenvolgende lesweken`,
      ...((venster.minLesdagen ?? 1) > 1 ? [`met ${venster.aantal === 1 ? '' : 'elk '}ten minste ${venster.minLesdagen} lesdagen`] : []),
      ...(venster.overZomer === false ? ['in hetzelfde schooljaar'] : [])
    ].join(' ')
  }
}

export function describeSoorten (soorten: readonly Soort[] | undefined): string {
  return soorten === undefined ? 'alle soorten' : enumerate(soorten.map((soort) => SOORTWOORD[soort]), 'of')
}
export function describeCategorieen (categorieen: readonly Categorie[]): string {
  return enumerate(categorieen.map((categorie) => CATEGORIEWOORD[categorie]), 'of')
}
export function describeKenmerken (kenmerken: readonly Kenmerk[] | undefined): string {
  return kenmerken === undefined ? 'alle kenmerken' : enumerate(kenmerken.map((kenmerk) => KENMERKWOORD[kenmerk]), 'of')
}
export function describeWeekdagen (weekdagen: readonly number[] | undefined): string {
  return weekdagen === undefined ? 'alle weekdagen' : enumerate(weekdagen.toSorted((a, b) => a - b).map((dag) => WEEKDAGEN[dag - 1]!), 'of')
}
export function describeLeeftijd ({ van, tot }: NonNullable<Doelgroep['leeftijd']> = {}): string {
  if (van === undefined) return tot === undefined ? 'alle leeftijden' : `jonger dan ${tot} jaar`
  return tot === undefined ? `van ${van} jaar of ouder` : `van ${van} tot ${tot} jaar`
}

/** What counts, as a thing one can have: `ongeoorloofd verzuim (afwezig of eerder weg) wegens ziekte`. */
function describeSelectie ({ categorieen, soorten, redenen, kenmerken, weekdagen, meerDanMinuten, heleDag }: Selectie): string {
  const verzuim = categorieen.filter((categorie) => categorie !== 'aanwezig-elders')
  const elders = categorieen.includes('aanwezig-elders')
  const alle = verzuim.length === 4
  const haakjes = [...(soorten === undefined || soorten.length === SOORTEN.length ? [] : [describeSoorten(soorten)]), ...(heleDag === true ? ['alleen hele lesdagen'] : [])]
  return [
    ...(verzuim.length === 0 ? [] : [alle ? 'verzuim' : `${describeCategorieen(verzuim)} verzuim`]),
    ...(elders ? [verzuim.length === 0 ? 'aanwezigheid elders' : 'of aanwezigheid elders'] : []),
    ...(haakjes.length === 0 ? [] : [`(${haakjes.join('; ')})`]),
    ...(kenmerken === undefined ? [] : [`wegens ${describeKenmerken(kenmerken)}`]),
    ...(redenen === undefined ? [] : [`met reden ${enumerate(redenen, 'of')}`]),
    ...(alle && kenmerken === undefined && redenen === undefined ? ['om welke reden ook'] : []),
    ...(meerDanMinuten === undefined ? [] : [`van meer dan ${countOf(meerDanMinuten, 'minuut', 'minuten')}`]),
    ...(weekdagen === undefined ? [] : [`op ${describeWeekdagen(weekdagen)}`])
  ].join(' ')
}

function describeDoelgroep ({ leerplicht, leeftijd, sectoren, leerjaren }: Doelgroep): string {
  const groep = leerplicht === undefined ? 'leerling' : leerplicht === 'leer-of-kwalificatieplichtig' ? 'leer- of kwalificatieplichtige leerling' : `${leerplicht}e leerling`
  return [
    `een ${groep}`,
    ...(leeftijd?.van === undefined && leeftijd?.tot === undefined ? [] : [describeLeeftijd(leeftijd)]),
    ...(sectoren === undefined ? [] : [`in het ${enumerate(sectoren, 'of')}`]),
    ...(leerjaren === undefined ? [] : [`in leerjaar ${enumerate(leerjaren.toSorted((a, b) => a - b), 'of')}`])
  ].join(' ')
}

const VOORZETSEL: Partial<Record<Meting, string>> = { lesdagen: 'met ', perioden: 'van ' }

function describeAanleiding ({ meting, venster, drempels, over, voor }: Regeldefinitie): string {
  const [wie, wat, maat] = [describeDoelgroep(voor), describeSelectie(over), describeDrempels(meting, drempels)]
  if (drempels.length === 0) return `bij welke drempel er een signaal volgt, bepaalt de school; wat telt, is ${wat} van ${wie} binnen ${describeVenster(venster)}`
  if (venster.soort !== 'aaneengesloten') {
    const wanneer = `er volgt een signaal zodra ${wie} binnen ${describeVenster(venster)}`
    return meting === 'procent' ? `${wanneer} ${maat} van de geplande lestijd mist door ${wat}` : `${wanneer} uitkomt op ${maat} ${VOORZETSEL[meting] ?? ''}${wat}`
  }
  if (meting === 'lesweken') return `er volgt een signaal zodra er bij ${wie} op elke lesdag van meer dan ${drempels.length === 1 && drempels[0] === 1 ? 'één hele lesweek' : `${enumerate(drempels, 'of')} opeenvolgende hele lesweken`} sprake is van ${wat}`
  if (drempels.length === 1 && drempels[0] === 1) return `er volgt een signaal op de eerste lesdag van elke aaneengesloten periode waarin er bij ${wie} sprake is van ${wat}`
  return `er volgt een signaal zodra er bij ${wie} ${maat} achtereen sprake is van ${wat}`
}

const GEVOLG = {
  wettelijk: 'Het signaal kan leiden tot een melding van ongeoorloofd verzuim.',
  zorgelijk: 'Het signaal kan leiden tot een melding van zorgelijk verzuim.',
  intern: 'Het signaal blijft binnen de school.'
} as const

/** A rule as it is in force, in a few Dutch sentences; `code` is the name it goes by. Every rule the grammar allows can be read so. */
export function describeRegel (definitie: Regeldefinitie, code: string): string {
  const { aard, venster, meting, drempels, voor, herstart, minimaalDagenTussen, minimaalLesdagen, onderDrempelVan, termijnWerkdagen } = definitie
  // A run and a share have steps of their own: each fires once a run, or on entering a band.
  const telt = venster.soort !== 'aaneengesloten' && meting !== 'procent'
  const zinnen = [
    `Regel ${code}: ${describeAanleiding(definitie)}`,
    ...(drempels.length > 1 && meting === 'procent' ? ['Telkens als het aandeel een hogere stap bereikt, volgt er een signaal'] : []),
    ...(drempels.length > 1 && meting !== 'procent' && (herstart === 'geen' || !telt) ? ['Elke stap geeft een eigen signaal'] : []),
    ...(telt && herstart === 'na-signaal' ? ['Na een signaal begint de telling opnieuw'] : []),
    ...(telt && herstart === 'geen' && venster.soort !== 'schooljaar' ? ['Dezelfde drempel geeft pas opnieuw een signaal als hij intussen niet meer werd gehaald'] : []),
    ...(minimaalDagenTussen === 0 ? [] : [minimaalDagenTussen === 1 ? 'Tussen twee signalen ligt ten minste 1 dag' : `Tussen twee signalen liggen ten minste ${minimaalDagenTussen} dagen`]),
    ...(minimaalLesdagen === 0 ? [] : [`Zolang de leerling in het tijdvak minder dan ${countOf(minimaalLesdagen, 'lesdag', 'lesdagen')} had, volgt er geen signaal`]),
    ...(onderDrempelVan === null ? [] : [`Dit geldt alleen zolang het verzuim beneden de drempel van de regel ${onderDrempelVan} blijft`]),
    ...(voor.ookMetVrijstelling === true ? ['Dagen met een vrijstelling tellen mee'] : []),
    ...(termijnWerkdagen === null ? [] : [`De school handelt het signaal binnen ${countOf(termijnWerkdagen, 'werkdag', 'werkdagen')} af`])
  ]
  return `${zinnen.join('. ')}. ${GEVOLG[aard]}`
}

/** How one duiding reads an absentie, in a Dutch sentence. */
export function describeDuiding ({ wanneer: { redenNaLesdagen, ...selectie }, telt }: Duiding): string {
  const laat = redenNaLesdagen === undefined ? '' : redenNaLesdagen === 0 ? ' waarvan de reden pas na de dag zelf bekend werd' : ` waarvan de reden pas bekend werd toen er meer dan ${countOf(redenNaLesdagen, 'lesdag', 'lesdagen')} voorbij waren`
  const zin = `${describeSelectie(selectie)}${laat} telt als ongeoorloofd verzuim${telt.soort === undefined ? '' : ' (afwezig)'}${telt.lesuren === undefined ? '' : ` van ${countOf(telt.lesuren, 'lesuur', 'lesuren')}`}.`
  return zin.charAt(0).toUpperCase() + zin.slice(1)
}

/** The codes of every rule that can be on: the national ones first, each once, then the school's own in its own order. */
export function listRegelcodes (beleid: Pick<Beleid, 'regels'>): string[] {
  return [...new Set([...LANDELIJKE_REGELS, ...beleid.regels].map(({ regel }) => regel))]
}

export interface Beleidsstuk extends Beleid {
  readonly school: string
  readonly status: 'concept' | 'vastgesteld' | 'vervangen'
  /** The day of it. */
  readonly vastgesteldOp: Datum | null
  readonly elementen: readonly Beleidselement[]
}

// What people typed stays what they typed: nothing of it becomes a heading, a table or HTML.
function plain (tekst: string): string {
  return tekst.replaceAll(/[\\`*_[\]<>#|~&]/g, '\\$&').replaceAll(/^[-=]+[ \t]*$/gm, '\\$&')
}

const cell = (tekst: string): string => plain(tekst.replaceAll(/\s+/g, ' ').trim())

function renderRedenen (redenen: readonly Reden[], categorie: Reden['categorie'], kop: string): string[] {
  const rijen = redenen.filter((reden) => reden.categorie === categorie)
  if (rijen.length === 0) return []
  return [`### ${kop}`, ['| Code | Reden | Grondslag |', '| --- | --- | --- |', ...rijen.map(({ code, omschrijving, grondslag, geldigTot }) =>
    `| ${cell(code)} | ${cell(omschrijving)}${geldigTot === undefined ? '' : ` (tot en met ${formatDatum(geldigTot)})`} | ${cell(grondslag ?? '')} |`)].join('\n')]
}

function renderRegel (beleid: Beleidsstuk, regel: string, datum: Datum): string[] {
  const [keuze, landelijk] = [beleid.regels.find((each) => each.regel === regel), findLandelijk(regel, datum)]
  const definitie = resolveRegel(keuze, landelijk)
  if (definitie === undefined) return []
  // The national words hold the national numbers.
  const eigen = keuze !== undefined && Object.keys(keuze).some((sleutel) => !['regel', 'aan', 'omschrijving'].includes(sleutel))
  const kop = keuze?.omschrijving ?? (eigen ? undefined : landelijk?.omschrijving)
  return [`- ${kop === undefined ? '' : `**${cell(kop)}.** `}${plain(describeRegel(definitie, regel))}`]
}

function renderOnverklaard (lesdagen: number | null): string {
  if (lesdagen === null) return 'Verzuim waarvan geen reden bekend is, is onverklaard totdat er een reden is.'
  return `Verzuim waarvan geen reden bekend is, is onverklaard; na ${countOf(lesdagen, 'lesdag', 'lesdagen')} zonder reden is het ongeoorloofd.`
}

function renderStatus ({ versie, status, geldigVan, geldigTot, vastgesteldOp }: Beleidsstuk): string {
  if (versie === 0) return 'Het landelijke standaardbeleid; het geldt zolang de school zelf niets heeft vastgesteld.'
  if (status === 'concept') return `Versie ${versie}, een concept dat nog niet geldt; bedoeld vanaf ${formatDatum(geldigVan)}.`
  const vastgesteld = vastgesteldOp === null ? '' : `, vastgesteld op ${formatDatum(vastgesteldOp)}`
  if (geldigTot !== null && geldigTot < geldigVan) return `Versie ${versie}${vastgesteld}; geheel vervangen door een latere versie.`
  return `Versie ${versie}${vastgesteld}, geldig van ${formatDatum(geldigVan)} ${geldigTot === null ? 'tot een volgende versie' : `tot en met ${formatDatum(geldigTot)}`}.`
}

/**
 * One beleidsversie as Markdown for the schoolgids, with the rules as they are on `datum`. `strenger`: sentences on where it asks more than the
 * law does.
 */
export function renderBeleid (beleid: Beleidsstuk, eisen: readonly Elementeis[], strenger: readonly string[], datum: Datum): string {
  const teksten = new Map(beleid.elementen.map(({ code, tekst }) => [code, tekst]))
  return [
    `# Verzuimbeleid van school ${beleid.school}`,
    renderStatus(beleid),
    '## Wat is geoorloofd en wat niet',
    ...renderRedenen(beleid.redenen, 'geoorloofd', 'Geoorloofd'),
    ...renderRedenen(beleid.redenen, 'ongeoorloofd', 'Ongeoorloofd'),
    ...renderRedenen(beleid.redenen, 'aanwezig-elders', 'Geen verzuim: elders aanwezig'),
    renderOnverklaard(beleid.onverklaardNaLesdagen),
    ...(beleid.duidingen.length === 0 ? [] : ['### Wat anders telt dan de reden', beleid.duidingen.map((duiding) => `- **${cell(duiding.omschrijving)}.** ${plain(describeDuiding(duiding))}`).join('\n')]),
    ...eisen.flatMap(({ code, omschrijving }) => teksten.has(code) ? [`## ${omschrijving}`, plain(teksten.get(code)!.trim())] : []),
    '## Wanneer een signaal volgt',
    listRegelcodes(beleid).flatMap((regel) => renderRegel(beleid, regel, datum)).join('\n'),
    ...(strenger.length === 0 ? [] : ['## Strenger dan de wet', strenger.map((zin) => `- ${plain(zin)}`).join('\n')])
  ].join('\n\n') + '\n'
}
