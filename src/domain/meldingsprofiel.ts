import type { Operatie } from './duobericht.ts'
import type { Datum } from './datum.ts'
import type { Bronstatus } from './regel.ts'

// The one list of what may be in a message to DUO. The message is built from it, checked against it, and what is not in it cannot leave.

/** Of which value a field is filled. None of them is a reden, a kenmerk or a note of the school. */
export type Herkomst = 'leerling' | 'inschrijving' | 'signaal' | 'melding' | 'meldgegevens'

interface Veld {
  readonly naam: string
  readonly omschrijving: string
  readonly herkomst: Herkomst
  /** Messages it belongs in. */
  readonly bij: readonly Operatie[]
  readonly verplicht: 'altijd' | 'nooit' | { readonly als: string, readonly is: boolean }
}
export type Profielveld = Veld & (
  | { readonly vorm: 'tekst', readonly lengte: number, readonly patroon?: RegExp }
  | { readonly vorm: 'keuze', readonly waarden: readonly string[] }
  | { readonly vorm: 'getal', readonly van: number, readonly tot: number }
  | { readonly vorm: 'datum' | 'ja-nee' | 'dagen' }
)

export interface Meldingsprofiel {
  readonly profiel: string
  readonly geldigVan: Datum
  readonly geldigTot: Datum | null
  readonly bron: string
  readonly status: Bronstatus
  readonly velden: readonly Profielveld[]
  /** Of each of these exactly one is there. */
  readonly eenVan: ReadonlyArray<readonly string[]>
}

const MELDEN: readonly Operatie[] = ['melden', 'muteren']
const ALLE: readonly Operatie[] = ['melden', 'muteren', 'intrekken']

export const LEERWEGEN = ['BOL', 'BBL'] as const
export const VORMEN = ['VT', 'DT'] as const
export const CC_ONTVANGERS = ['CONTACTPERSOON', 'BEHANDELAAR', 'BEIDE'] as const
/** Lessons a day that DUO can name. */
export const MEESTE_LESUREN = 12

/** What the school supposes, in words that give no reden of its beleid and nothing about health away. */
export const VERMOEDELIJKE_REDENEN = {
  onbekend: 'Niet bekend na navraag',
  'zonder-bericht': 'Afwezig zonder bericht',
  'zonder-verlof': 'Afwezig zonder verlof',
  'vakantie-zonder-verlof': 'Vakantie zonder verlof',
  'niet-teruggekeerd': 'Niet teruggekeerd na een vakantie of verlof',
  'herhaald-te-laat': 'Herhaald te laat in de les',
  'geen-contact': 'Geen contact met ouders of leerling te krijgen'
} as const
export type VermoedelijkeReden = keyof typeof VERMOEDELIJKE_REDENEN

export const MELDINGSPROFIELEN: readonly Meldingsprofiel[] = [{
  profiel: 'duo-vsv-v8',
  geldigVan: '1900-01-01',
  geldigTot: null,
  bron: 'Webservice nl.ib_groep.vsv.webservice_v2 (DUO_RelatiefVerzuim_V8) naar openbare leverancierscode; de huidige berichtdefinitie van DUO is niet openbaar',
  status: 'aangenomen-waarde',
  eenVan: [['burgerservicenummer', 'onderwijsnummer']],
  velden: [
    { naam: 'burgerservicenummer', omschrijving: 'BSN van de leerling.', herkomst: 'leerling', bij: MELDEN, verplicht: 'nooit', vorm: 'tekst', lengte: 9, patroon: /^[0-9]{9}$/ },
    { naam: 'onderwijsnummer', omschrijving: 'Onderwijsnummer van wie geen BSN heeft.', herkomst: 'leerling', bij: MELDEN, verplicht: 'nooit', vorm: 'tekst', lengte: 9, patroon: /^10[0-9]{7}$/ },
    { naam: 'gemeentecode', omschrijving: 'Woongemeente: haar leerplichtambtenaar ontvangt de melding.', herkomst: 'leerling', bij: MELDEN, verplicht: 'nooit', vorm: 'tekst', lengte: 4, patroon: /^[0-9]{4}$/ },
    { naam: 'brin', omschrijving: 'BRIN van de school.', herkomst: 'inschrijving', bij: ALLE, verplicht: 'altijd', vorm: 'tekst', lengte: 4, patroon: /^[0-9]{2}[A-Z]{2}$/ },
    { naam: 'vestiging', omschrijving: 'Vestigingscode.', herkomst: 'inschrijving', bij: MELDEN, verplicht: 'altijd', vorm: 'tekst', lengte: 6, patroon: /^[0-9]{2}[A-Z]{2}[0-9A-Z]{2}$/ },
    { naam: 'soortOnderwijs', omschrijving: 'Voortgezet onderwijs of beroepsonderwijs; in po, so en vso niet van toepassing.', herkomst: 'inschrijving', bij: MELDEN, verplicht: 'nooit', vorm: 'keuze', waarden: ['VO', 'BVE'] },
    { naam: 'leerjaar', omschrijving: 'Leerjaar, alleen in het voortgezet onderwijs.', herkomst: 'inschrijving', bij: MELDEN, verplicht: 'nooit', vorm: 'getal', van: 1, tot: 6 },
    { naam: 'niveau', omschrijving: 'Niveau, alleen in het mbo.', herkomst: 'melding', bij: MELDEN, verplicht: 'nooit', vorm: 'getal', van: 1, tot: 4 },
    { naam: 'opleidingsnaam', omschrijving: 'Opleiding.', herkomst: 'melding', bij: MELDEN, verplicht: 'nooit', vorm: 'tekst', lengte: 40 },
    { naam: 'leerweg', omschrijving: 'Leerweg, alleen in het mbo.', herkomst: 'melding', bij: MELDEN, verplicht: 'nooit', vorm: 'keuze', waarden: LEERWEGEN },
    { naam: 'vorm', omschrijving: 'Voltijd of deeltijd, alleen in het mbo.', herkomst: 'melding', bij: MELDEN, verplicht: 'nooit', vorm: 'keuze', waarden: VORMEN },
    { naam: 'soort', omschrijving: 'Soort melding.', herkomst: 'melding', bij: MELDEN, verplicht: 'altijd', vorm: 'keuze', waarden: ['V3', 'V4', 'LRV', 'RMC', 'L', 'O', 'Z'] },
    { naam: 'begindatum', omschrijving: 'Eerste dag.', herkomst: 'signaal', bij: MELDEN, verplicht: 'altijd', vorm: 'datum' },
    { naam: 'einddatum', omschrijving: 'Laatste dag; bij 16 uur de dag waarop die waren bereikt.', herkomst: 'signaal', bij: MELDEN, verplicht: 'nooit', vorm: 'datum' },
    { naam: 'alleLessenGemist', omschrijving: 'Of op elke genoemde dag alle lessen zijn gemist.', herkomst: 'signaal', bij: MELDEN, verplicht: 'altijd', vorm: 'ja-nee' },
    { naam: 'dagenGespecificeerd', omschrijving: 'Of er dagen zijn genoemd.', herkomst: 'signaal', bij: MELDEN, verplicht: 'altijd', vorm: 'ja-nee' },
    { naam: 'dagen', omschrijving: 'De ongeoorloofd gemiste dagen, elk een keer.', herkomst: 'signaal', bij: MELDEN, verplicht: { als: 'dagenGespecificeerd', is: true }, vorm: 'dagen' },
    { naam: 'vermoedelijkeReden', omschrijving: 'Uit een gesloten lijst.', herkomst: 'melding', bij: MELDEN, verplicht: 'altijd', vorm: 'keuze', waarden: Object.values(VERMOEDELIJKE_REDENEN) },
    { naam: 'toelichting', omschrijving: 'Door mensen geschreven, voor deze melding.', herkomst: 'melding', bij: MELDEN, verplicht: 'nooit', vorm: 'tekst', lengte: 100 },
    { naam: 'actieOndernemen', omschrijving: 'Of de school actie van de gemeente vraagt.', herkomst: 'melding', bij: MELDEN, verplicht: 'altijd', vorm: 'ja-nee' },
    { naam: 'toelichtingActieGewenst', omschrijving: 'Welke actie de school vraagt.', herkomst: 'melding', bij: MELDEN, verplicht: { als: 'actieOndernemen', is: true }, vorm: 'tekst', lengte: 200 },
    { naam: 'toelichtingOndernomenActie', omschrijving: 'Wat de school zelf al deed.', herkomst: 'melding', bij: MELDEN, verplicht: 'nooit', vorm: 'tekst', lengte: 200 },
    { naam: 'contactpersoon', omschrijving: 'Naam.', herkomst: 'meldgegevens', bij: MELDEN, verplicht: 'altijd', vorm: 'tekst', lengte: 100 },
    { naam: 'functie', omschrijving: 'Functie van de contactpersoon.', herkomst: 'meldgegevens', bij: MELDEN, verplicht: 'nooit', vorm: 'tekst', lengte: 60 },
    { naam: 'emailadres', omschrijving: 'Van de contactpersoon.', herkomst: 'meldgegevens', bij: MELDEN, verplicht: 'altijd', vorm: 'tekst', lengte: 100, patroon: /^[^\s@]+@[^\s@]+\.[^\s@]+$/ },
    { naam: 'netnummer', omschrijving: 'Netnummer.', herkomst: 'meldgegevens', bij: MELDEN, verplicht: 'nooit', vorm: 'tekst', lengte: 5, patroon: /^0[0-9]{1,4}$/ },
    { naam: 'abonneenummer', omschrijving: 'Abonneenummer.', herkomst: 'meldgegevens', bij: MELDEN, verplicht: 'nooit', vorm: 'tekst', lengte: 10, patroon: /^[0-9]{5,10}$/ },
    { naam: 'ccEmail', omschrijving: 'Wie een afschrift per e-mail krijgt.', herkomst: 'meldgegevens', bij: MELDEN, verplicht: 'nooit', vorm: 'keuze', waarden: CC_ONTVANGERS }
  ]
}]

/** The profile in which a message is written on a day. */
export function profielOp (datum: Datum): Meldingsprofiel {
  return MELDINGSPROFIELEN.find(({ geldigVan, geldigTot }) => geldigVan <= datum && (geldigTot === null || datum <= geldigTot))!
}

/** The fields of one kind of message. */
export function listVelden ({ velden }: Meldingsprofiel, operatie: Operatie): Profielveld[] {
  return velden.filter(({ bij }) => bij.includes(operatie))
}

/** The length of a text field; the contract of the API reads its limits here. */
export function lengteVan (naam: string): number {
  const veld = MELDINGSPROFIELEN.at(-1)!.velden.find((kandidaat) => kandidaat.naam === naam)
  if (veld?.vorm !== 'tekst') throw new Error(`${naam} is no text field of the profile`)
  return veld.lengte
}

export interface Veldfout { readonly veld: string, readonly code: 'onbekend-veld' | 'ontbreekt' | 'verkeerde-vorm', readonly detail: string }

/** Everything that is wrong with the fields of a message by its profile: one more than the list, one less, or one of another form. */
export function checkVelden (profiel: Meldingsprofiel, operatie: Operatie, velden: Readonly<Record<string, unknown>>): Veldfout[] {
  const lijst = listVelden(profiel, operatie)
  const bekend = new Set(lijst.map(({ naam }) => naam))
  const eenVan = profiel.eenVan.filter(([eerste]) => bekend.has(eerste!))
  return [
    ...Object.keys(velden).filter((naam) => !bekend.has(naam)).map((veld): Veldfout => ({ veld, code: 'onbekend-veld', detail: 'Dit veld staat niet in het profiel.' })),
    ...lijst.flatMap((veld) => checkVeld(veld, velden)),
    ...eenVan.filter((namen) => namen.filter((naam) => velden[naam] !== undefined).length !== 1)
      .map((namen): Veldfout => ({ veld: namen[0]!, code: 'ontbreekt', detail: `Precies een van ${namen.join(', ')} is er.` }))
  ]
}

function checkVeld (veld: Profielveld, velden: Readonly<Record<string, unknown>>): Veldfout[] {
  const { naam, verplicht } = veld
  const waarde = velden[naam]
  if (waarde !== undefined) return past(veld, waarde) ? [] : [{ veld: naam, code: 'verkeerde-vorm', detail: explainVorm(veld) }]
  const moet = typeof verplicht === 'string' ? verplicht === 'altijd' : velden[verplicht.als] === verplicht.is
  return moet ? [{ veld: naam, code: 'ontbreekt', detail: 'Dit veld is verplicht.' }] : []
}

function past (veld: Profielveld, waarde: unknown): boolean {
  switch (veld.vorm) {
    case 'tekst': return typeof waarde === 'string' && waarde.trim() !== '' && waarde.length <= veld.lengte && !hasStuurtekens(waarde) && (veld.patroon?.test(waarde) ?? true)
    case 'keuze': return typeof waarde === 'string' && veld.waarden.includes(waarde)
    case 'getal': return Number.isInteger(waarde) && (waarde as number) >= veld.van && (waarde as number) <= veld.tot
    case 'datum': return typeof waarde === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(waarde)
    case 'ja-nee': return typeof waarde === 'boolean'
    case 'dagen': return Array.isArray(waarde) && waarde.length > 0 && waarde.every(isDag) && new Set(waarde.map(({ datum }: { datum: string }) => datum)).size === waarde.length
  }
}

/** XML cannot carry them, and no sentence needs them. */
export function hasStuurtekens (tekst: string): boolean {
  return /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/u.test(tekst)
}

function isDag (dag: unknown): dag is { datum: string, heleDag: boolean, lesuren: number[] } {
  if (typeof dag !== 'object' || dag === null) return false
  const { datum, heleDag, lesuren, ...meer } = dag as Record<string, unknown>
  return Object.keys(meer).length === 0 && typeof datum === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(datum) && typeof heleDag === 'boolean' &&
    Array.isArray(lesuren) && new Set(lesuren).size === lesuren.length && lesuren.every((uur) => Number.isInteger(uur) && uur >= 1 && uur <= MEESTE_LESUREN)
}

function explainVorm (veld: Profielveld): string {
  switch (veld.vorm) {
    case 'tekst': return `Is tekst van ten hoogste ${veld.lengte} tekens${veld.patroon === undefined ? '' : ', in de vorm van dit veld'}.`
    case 'keuze': return `Is een van: ${veld.waarden.join(', ')}.`
    case 'getal': return `Is een getal van ${veld.van} tot en met ${veld.tot}.`
    case 'datum': return 'Is een datum.'
    case 'ja-nee': return 'Is ja of nee.'
    case 'dagen': return `Zijn dagen, elk een keer, met hele dag en lesuren 1 tot en met ${MEESTE_LESUREN}.`
  }
}
