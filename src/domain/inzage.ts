import { explainHerleiding, type Herleiding } from './herleiding.ts'
import { listMeldingsoorten } from './melding.ts'
import { countOf, enumerate, formatDatum } from './woorden.ts'

// What a betrokkene is told of what is held on him (AVG art. 15), and how it reads.

/** The parts of the package, in the order in which they are read. */
export const INZAGEDELEN = {
  leerling: 'Wie de leerling is.',
  inschrijvingen: 'Waar de leerling is ingeschreven, met het rooster in minuten van maandag tot en met zondag.',
  groepen: 'In welke groepen de leerling zit.',
  betrekkingen: 'Wie als ouder of als leerling zelf mag meekijken.',
  toestemmingen: 'Wie van de leerling vanaf 18 jaar mag blijven meekijken.',
  vrijstellingen: 'Vrijstellingen van de Leerplichtwet 1969.',
  absenties: 'Absenties zoals zij nu gelden, ook wat is ingetrokken.',
  'absenties-wachtend': 'Absenties die wachten totdat de leerling bekend is, of daarom zijn geweigerd.',
  afmeldingen: 'Afmeldingen: afwezig totdat de leerling terug is gemeld.',
  signalen: 'Signalen: berekend uit de absenties, met waaruit.',
  beoordelingen: 'Wat mensen over een signaal besloten.',
  rust: 'Tijden waarin een regel geen werk vraagt.',
  uitzonderingen: 'Dagen waarop een regel voor deze leerling niet telt.',
  meldingen: 'Verzuimmeldingen aan DUO.',
  uitzendingen: 'Berichten aan DUO, met hun inhoud.',
  uitzendpogingen: 'Wanneer een bericht is verstuurd en wat DUO antwoordde.',
  overdrachten: 'Totalen die met de leerling naar een andere school gingen, of daarvandaan kwamen.',
  verzoeken: 'Verzoeken over deze gegevens.',
  'verzoeken-verloop': 'Wat er met die verzoeken is gedaan.',
  beperkingen: 'Gegevens die wel bewaard maar niet gebruikt worden.',
  vasthoudingen: 'Gegevens die langer bewaard moeten blijven.',
  dossiersluitingen: 'Tot welke dag het leerlingdossier al is vernietigd.',
  'leerling-eerder': 'Wat er eerder over de leerling vastlag.',
  'inschrijvingen-eerder': 'Inschrijvingen zoals zij eerder vastlagen.',
  'absenties-eerder': 'Absenties zoals zij eerder vastlagen.',
  'afmeldingen-eerder': 'Afmeldingen zoals zij eerder vastlagen.',
  'signalen-eerder': 'Signalen zoals zij eerder waren.',
  'meldingen-eerder': 'Meldingen zoals zij eerder waren.'
} as const satisfies Record<string, string>
export type Inzagedeel = keyof typeof INZAGEDELEN

export const RECHTEN_VAN_BETROKKENE = 'U kunt de school vragen om gegevens te verbeteren (AVG art. 16), te wissen (art. 17) of tijdelijk niet te gebruiken (art. 18), bezwaar maken tegen het gebruik (art. 21) en de gegevens in digitale vorm meenemen (art. 20). De school antwoordt binnen een maand.'
export const KLACHT = 'U kunt een klacht indienen bij de Autoriteit Persoonsgegevens (AVG art. 77).'
export const DOORGIFTE = 'De dienst geeft niets door aan landen buiten de Europese Economische Ruimte of aan internationale organisaties.'
/** AVG art. 15 lid 1 onder h, as it is here. */
export const BESLUITVORMING = 'Signalen worden berekend uit absenties, kalender en verzuimbeleid; de rekenwijze staat bij ieder signaal. Een mens beoordeelt het signaal. Wettelijke meldingen kan de school automatisch laten versturen zodra een wettelijke grens is bereikt; ook dan kan een mens haar wijzigen of intrekken.'

interface Pakketdeel { readonly deel: Inzagedeel, readonly omschrijving: string, readonly rijen: ReadonlyArray<Readonly<Record<string, unknown>>> }
interface Pakket {
  readonly school: string
  readonly leerling: { readonly bron: string, readonly bronId: string }
  readonly opgemaaktOp: string
  readonly nummers: ReadonlyArray<{ readonly soort: string, readonly nummer: string }>
  readonly verantwoording: {
    readonly activiteiten: ReadonlyArray<{ readonly naam: string, readonly doel: string, readonly grondslag: string, readonly bewaartermijn: string, readonly ontvangers: readonly string[] }>
    readonly ontvangers: readonly string[]
    readonly bronnen: readonly string[]
    readonly rechten: string
    readonly klacht: string
    readonly besluitvorming: string
    readonly doorgifte: string
  }
  readonly redenen: ReadonlyArray<{ readonly code: string, readonly omschrijving: string }>
  readonly delen: readonly Pakketdeel[]
  readonly verwerkingen: ReadonlyArray<{ readonly datum: string, readonly activiteit: string, readonly doel: string | null, readonly toepassing: string, readonly aantal: number }>
}

type Kolom = readonly [veld: string, kop: string]
const BEWAARD: Kolom = ['vastgelegdOp', 'Vastgelegd op']
const PERIODE: readonly Kolom[] = [['van', 'Van'], ['tot', 'Tot en met']]
const LEERLING: readonly Kolom[] = [['geboortedatum', 'Geboortedatum'], ['woongemeente', 'Woongemeente']]
const INSCHRIJVING: readonly Kolom[] = [['vestiging', 'Vestiging'], ...PERIODE, ['leerjaar', 'Leerjaar'], ['rooster', 'Rooster']]
const ABSENTIE: readonly Kolom[] = [['datum', 'Datum'], ['soort', 'Soort'], ['reden', 'Reden'], ['categorie', 'Categorie'], ['minuten', 'Minuten'], ['lesuren', 'Lesuren'], ['dagdeel', 'Dagdeel'], ['ingetrokken', 'Ingetrokken']]
const AFMELDING: readonly Kolom[] = [['begindatum', 'Eerste dag'], ['begindagdeel', 'Vanaf'], ['einddatum', 'Laatste dag'], ['einddagdeel', 'Tot en met'], ['reden', 'Reden'], ['ingetrokken', 'Ingetrokken']]
const SIGNAAL: readonly Kolom[] = [['regel', 'Regel'], ['begindatum', 'Van'], ['einddatum', 'Tot en met'], ['gemeten', 'Gemeten'], ['drempel', 'Drempel'], ['eenheid', 'Eenheid'], ['status', 'Status'], ['redenVervallen', 'Waarom vervallen']]
const MELDING: readonly Kolom[] = [['soort', 'Soort'], ['begindatum', 'Van'], ['einddatum', 'Tot en met'], ['status', 'Status'], ['meldingsnummer', 'Nummer van DUO'], ['invoer.toelichting', 'Toelichting'], ['redenIntrekking', 'Waarom ingetrokken']]
const GOLD_TOT: Kolom = ['vervangenOp', 'Gold tot']
const within = (kolommen: readonly Kolom[]): Kolom[] => kolommen.map(([veld, kop]) => [`inhoud.${veld}`, kop])

/** What a reader sees of each part. */
const KOLOMMEN: Readonly<Record<Inzagedeel, readonly Kolom[]>> = {
  leerling: [...LEERLING, BEWAARD],
  inschrijvingen: INSCHRIJVING,
  groepen: [['groep', 'Groep'], ...PERIODE],
  betrekkingen: [['soort', 'Soort'], ['gezag', 'Met gezag'], ...PERIODE],
  toestemmingen: [...PERIODE, ['gegevenOp', 'Gegeven op'], ['ingetrokkenOp', 'Ingetrokken op']],
  vrijstellingen: [['grondslag', 'Artikel'], ...PERIODE],
  absenties: ABSENTIE,
  'absenties-wachtend': [['sinds', 'Sinds'], ['inhoud', 'Wat'], ['probleem.detail', 'Waarom geweigerd']],
  afmeldingen: AFMELDING,
  signalen: SIGNAAL,
  beoordelingen: [['beoordeeldOp', 'Wanneer'], ['besluit', 'Besluit'], ['reden', 'Reden'], ['notitie', 'Notitie'], ['rol', 'Door']],
  rust: [['regel', 'Regel'], ...PERIODE, ['reden', 'Reden'], ['beeindigdOp', 'Beëindigd op']],
  uitzonderingen: [['regel', 'Regel'], ...PERIODE, ['reden', 'Reden'], ['ingetrokkenOp', 'Ingetrokken op']],
  meldingen: MELDING,
  uitzendingen: [['operatie', 'Wat'], ['status', 'Hoe het ging'], ['gereedOp', 'Klaar op'], ['inhoud.velden', 'Inhoud']],
  uitzendpogingen: [['begonnenOp', 'Verstuurd op'], ['uitslag', 'Antwoord'], ['omschrijving', 'Omschrijving']],
  overdrachten: [['datum', 'Tot en met'], ['naarSchool', 'Naar school'], ['inhoud.schooljaren', 'Per schooljaar'], ['inhoud.laatsteTwaalfMaanden', 'Laatste twaalf maanden'], ['inhoud.openSignalen', 'Open signalen']],
  verzoeken: [['ontvangenOp', 'Ontvangen op'], ['soort', 'Soort'], ['namens', 'Namens'], ['betreft', 'Betreft']],
  'verzoeken-verloop': [['vastgelegdOp', 'Wanneer'], ['status', 'Stap'], ['reden', 'Reden'], ['uiterlijk', 'Uiterlijk']],
  beperkingen: [['van', 'Van'], ['absentie', 'Absentie'], ['opgehevenOp', 'Opgeheven op']],
  vasthoudingen: [['reden', 'Reden'], ...PERIODE, ['beeindigdOp', 'Beëindigd op']],
  dossiersluitingen: [['tot', 'Tot en met']],
  'leerling-eerder': [...LEERLING, ['woontSinds', 'Woont daar sinds'], BEWAARD],
  'inschrijvingen-eerder': [...INSCHRIJVING, GOLD_TOT],
  'absenties-eerder': [...ABSENTIE, ['verouderd', 'Kwam te laat binnen'], GOLD_TOT],
  'afmeldingen-eerder': [...AFMELDING, GOLD_TOT],
  'signalen-eerder': [...within(SIGNAAL), ['vastgelegdOp', 'Was zo tot']],
  'meldingen-eerder': [...within(MELDING), ['inhoud.bijgewerktOp', 'Was zo vanaf']]
}

const STATUS_BIJ_DUO: Readonly<Record<string, string>> = { W: 'wacht op verzending', R: 'geregistreerd', B: 'in behandeling', G: 'afgesloten', K: 'ter kennisgeving aangenomen', I: 'ingetrokken' }
const MELDINGSOORT: Readonly<Record<string, string>> = Object.fromEntries(listMeldingsoorten('0001-01-01').map(({ soort, omschrijving }) => [soort, omschrijving]))

/** A code as a reader says it. */
function nameCode (veld: string, waarde: unknown, redenen: ReadonlyMap<string, string>): unknown {
  if (typeof waarde !== 'string') return waarde
  if (veld === 'reden') return redenen.get(waarde) ?? waarde
  if (veld.endsWith('status')) return STATUS_BIJ_DUO[waarde] ?? waarde
  return veld.endsWith('soort') ? MELDINGSOORT[waarde] ?? waarde : waarde
}

/** The package as Markdown that a parent can read. What is nested is in the JSON of the same address. */
export function describeInzage (pakket: Pakket): string {
  const { school, leerling, opgemaaktOp, nummers, verantwoording, redenen, delen, verwerkingen } = pakket
  const woorden = new Map(redenen.map(({ code, omschrijving }) => [code, omschrijving]))
  const gevuld = delen.filter(({ rijen }) => rijen.length > 0)
  const leeg = delen.filter(({ rijen }) => rijen.length === 0).map(({ deel }) => nameDeel(deel).toLowerCase())
  return [
    '# Wat de school over deze leerling vastlegt',
    `School ${school}, leerling ${escapeTekst(leerling.bronId)} in ${escapeTekst(leerling.bron)}; opgemaakt op ${formatDatum(opgemaaktOp.slice(0, 10))}. Dit overzicht bevat alles wat in dit register staat (AVG art. 15).`,
    ...nummers.map(({ soort, nummer }) => `Persoonsgebonden nummer (${soort === 'bsn' ? 'burgerservicenummer' : 'onderwijsnummer'}): ${escapeTekst(nummer)}.`),
    '## Waar het vandaan komt, en wie het kreeg',
    ...verantwoording.bronnen.length === 0 ? [] : [`De gegevens komen van de school zelf, uit ${enumerate(verantwoording.bronnen.map(escapeTekst), 'en')}.`],
    verantwoording.ontvangers.length === 0 ? 'Buiten de school heeft niemand gegevens van deze leerling gekregen.' : `Buiten de school kregen gegevens van deze leerling: ${enumerate(verantwoording.ontvangers.map(escapeTekst), 'en')}.`,
    verantwoording.besluitvorming,
    verantwoording.doorgifte,
    '## Uw rechten',
    verantwoording.rechten,
    verantwoording.klacht,
    ...gevuld.flatMap((deel) => renderDeel(deel, woorden)),
    ...leeg.length === 0 ? [] : ['## Niets vastgelegd', `Hierover staat er niets: ${leeg.join('; ')}.`],
    '## Wie de gegevens zag of veranderde',
    verwerkingen.length === 0 ? 'Niets vastgelegd.' : renderTabel(['Dag', 'Wat', 'Waarvoor', 'Toepassing', 'Keer'], verwerkingen.map(({ datum, activiteit, doel, toepassing, aantal }) => [formatDatum(datum), activiteit, doel ?? '', toepassing, String(aantal)])),
    '## Waarvoor, op welke grond en hoelang',
    ...[...Map.groupBy(verantwoording.activiteiten, ({ grondslag }) => grondslag)].flatMap(([grondslag, eigen]) =>
      [escapeTekst(grondslag), renderTabel(['Wat', 'Waarvoor', 'Hoelang bewaard', 'Voor wie'], eigen.map(({ naam, doel, bewaartermijn, ontvangers }) => [naam, doel, bewaartermijn, ontvangers.join(', ')]))])
  ].join('\n\n') + '\n'
}

function nameDeel (deel: string): string {
  return `${deel.charAt(0).toUpperCase()}${deel.slice(1).replace('-', ', ')}`
}

function renderDeel ({ deel, omschrijving, rijen }: Pakketdeel, redenen: ReadonlyMap<string, string>): string[] {
  const read = (rij: Pakketdeel['rijen'][number], veld: string): string => formatWaarde(nameCode(veld, readVeld(rij, veld), redenen))
  // A column in which nothing stands tells nothing.
  const kolommen = KOLOMMEN[deel].filter(([veld]) => rijen.some((rij) => read(rij, veld) !== ''))
  return [
    `## ${nameDeel(deel)}`,
    `${omschrijving} ${countOf(rijen.length, 'regel', 'regels')}.`,
    renderTabel(kolommen.map(([, kop]) => kop), rijen.map((rij) => kolommen.map(([veld]) => read(rij, veld)))),
    ...deel === 'signalen' ? rijen.flatMap(explainSignaal) : []
  ]
}

/** A field, or one within another: `inhoud.status`. */
function readVeld (rij: Readonly<Record<string, unknown>>, veld: string): unknown {
  return veld.split('.').reduce<unknown>((waarde, stap) => typeof waarde === 'object' && waarde !== null ? (waarde as Record<string, unknown>)[stap] : undefined, rij)
}

function explainSignaal ({ regel, einddatum, herleiding }: Readonly<Record<string, unknown>>): string[] {
  if (typeof herleiding !== 'object' || herleiding === null || !('uitkomst' in herleiding)) return []
  return [`${escapeTekst(String(regel))}, ${formatDatum(String(einddatum))}: ${escapeTekst(explainHerleiding(herleiding as Herleiding))}`]
}

/** `zonderMinuten` as `zonder minuten`. */
function spellVeld (veld: string): string {
  return veld.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

const TIJDSTIP = /^\d{4}-\d{2}-\d{2}T/
const DAG = /^\d{4}-\d{2}-\d{2}$/

function formatWaarde (waarde: unknown): string {
  if (waarde === null || waarde === undefined) return ''
  if (typeof waarde === 'boolean') return waarde ? 'ja' : 'nee'
  if (Array.isArray(waarde)) return waarde.map(formatWaarde).join(waarde.every((each) => typeof each === 'number') ? ' ' : ' / ')
  if (typeof waarde === 'object') return Object.entries(waarde).map(([veld, inner]) => [spellVeld(veld), formatWaarde(inner)]).filter(([, inner]) => inner !== '').map((deel) => deel.join(' ')).join(', ')
  const tekst = String(waarde)
  return TIJDSTIP.test(tekst) || DAG.test(tekst) ? formatDatum(tekst.slice(0, 10)) : tekst
}

function renderTabel (koppen: readonly string[], rijen: ReadonlyArray<readonly string[]>): string {
  const regel = (cellen: readonly string[]): string => `| ${cellen.map(escapeTekst).join(' | ')} |`
  return [regel(koppen), `| ${koppen.map(() => '---').join(' | ')} |`, ...rijen.map(regel)].join('\n')
}

/** What somebody wrote stays text, on its line and in its cell. */
function escapeTekst (tekst: string): string {
  return tekst.replaceAll(/[\\`*_[\]<>|]/g, (teken) => `\\${teken}`).replaceAll(/\s+/g, ' ')
}
