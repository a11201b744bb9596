import { addDagen, type Datum } from './datum.ts'
import { addWerkdagen, isWerkdag } from './kalender.ts'
import { findLandelijk, type Aard } from './regel.ts'
import type { Uitkomst } from './evaluate-regels.ts'

export const SIGNAALSTATUSSEN = ['open', 'in-behandeling', 'gemeld', 'niet-gemeld', 'vervallen'] as const
export type Signaalstatus = typeof SIGNAALSTATUSSEN[number]

/** What people decide; `open` gives a signaal back to the work list. Only facts make it `vervallen`. */
export const BESLUITEN = ['open', 'in-behandeling', 'gemeld', 'niet-gemeld'] as const satisfies readonly Signaalstatus[]
export type Besluit = typeof BESLUITEN[number]

/** What a correction after the decision asks of people. */
export const VOORSTELLEN = ['melding-wijzigen', 'melding-intrekken', 'opnieuw-beoordelen'] as const
export type Voorstel = typeof VOORSTELLEN[number]

/** Why no melding is made. */
export const NIET_GEMELD_REDENEN = ['verzuim-verklaard', 'fout-in-registratie', 'al-gemeld', 'melding-ingetrokken', 'contact-leverde-oplossing', 'anders-afgesproken-met-leerplicht', 'geen-actie-nodig'] as const
export type NietGemeldReden = typeof NIET_GEMELD_REDENEN[number]
/** The facts are wrong, or the melding is there: no duty to report is left. */
const ZONDER_PLICHT: ReadonlySet<NietGemeldReden> = new Set(['verzuim-verklaard', 'fout-in-registratie', 'al-gemeld', 'melding-ingetrokken'])

export const RUSTREDENEN = ['afspraken-lopen', 'begeleiding-loopt', 'wacht-op-ouders', 'wacht-op-jeugdarts', 'wacht-op-leerplicht', 'wacht-op-andere-partij'] as const
/** So far ahead a quiet period may reach, in weeks: a choice, half a schooljaar. */
export const RUST_WEKEN = 26

// --- people decide

export interface Beoordeelbaar { readonly aard: Aard, readonly status: Signaalstatus, readonly voorstel: Voorstel | null }
/** What may be gemeld, by type: of an intern signaal this cannot be made. */
export type MeldbaarSignaal = Beoordeelbaar & { readonly aard: Exclude<Aard, 'intern'> }

export function isMeldbaar<T extends Beoordeelbaar> (signaal: T): signaal is T & MeldbaarSignaal {
  return signaal.aard !== 'intern'
}

export interface Besluitstand { readonly mogelijk: true, readonly status: Signaalstatus, readonly voorstel: null }
export interface Geweigerd { readonly mogelijk: false, readonly reden: string }

const MOGELIJK: Readonly<Record<Signaalstatus, readonly Besluit[]>> = {
  open: ['in-behandeling', 'gemeld', 'niet-gemeld'],
  'in-behandeling': ['open', 'gemeld', 'niet-gemeld'],
  gemeld: ['open', 'in-behandeling'],
  'niet-gemeld': ['open', 'in-behandeling'],
  vervallen: []
}
/** A voorstel about a melding is settled by saying what became of the melding: it stands, changed or not, or it was withdrawn. */
const BIJ_VOORSTEL: Readonly<Record<Voorstel, readonly Besluit[]>> = {
  'melding-wijzigen': ['gemeld'],
  'melding-intrekken': ['gemeld', 'niet-gemeld'],
  'opnieuw-beoordelen': []
}

/** The signaal as a melding leaves it. The only way to `gemeld`. */
export function meld (signaal: MeldbaarSignaal): Besluitstand | Geweigerd {
  return applyBesluit(signaal, 'gemeld')
}

/** The signaal after a decision of people, or why it cannot be. Every decision settles a voorstel; what is vervallen stays so. */
export function decide (signaal: Beoordeelbaar, besluit: Besluit): Besluitstand | Geweigerd {
  if (besluit !== 'gemeld') return applyBesluit(signaal, besluit)
  return isMeldbaar(signaal) ? meld(signaal) : { mogelijk: false, reden: 'Een intern signaal kan ook op geoorloofd verzuim berusten; het wordt nooit gemeld.' }
}

function applyBesluit ({ status, voorstel }: Beoordeelbaar, besluit: Besluit): Besluitstand | Geweigerd {
  const mogelijk = [...MOGELIJK[status], ...voorstel === null ? [] : BIJ_VOORSTEL[voorstel]]
  if (!mogelijk.includes(besluit)) return { mogelijk: false, reden: explainGeweigerd(status, besluit) }
  return { mogelijk: true, status: status === 'vervallen' ? 'vervallen' : besluit, voorstel: null }
}

function explainGeweigerd (status: Signaalstatus, besluit: Besluit): string {
  if (status === 'vervallen') return 'Een vervallen signaal kan niet worden beoordeeld; alleen als er een melding op rust, legt u vast of die is ingetrokken.'
  if (status === besluit) return `Het signaal is al ${status}.`
  return `Het signaal is ${status}; heropen het eerst met besluit open of in-behandeling.`
}

/** What the law says of not reporting a wettelijk signaal, in Dutch; null when there is nothing to say. */
export function remarkBesluit (signaal: { readonly aard: Aard, readonly regel: string, readonly einddatum: Datum }, besluit: Besluit, reden: NietGemeldReden | null): string | null {
  if (signaal.aard !== 'wettelijk' || besluit !== 'niet-gemeld' || reden === null || ZONDER_PLICHT.has(reden)) return null
  const landelijk = findLandelijk(signaal.regel, signaal.einddatum)
  const plicht = landelijk?.verplicht === true ? 'is in strijd met de wet, tenzij de feiten niet kloppen' : 'hoort alleen als de feiten niet kloppen'
  return `Een signaal van de regel ${signaal.regel} niet melden ${plicht}: corrigeer dan de absenties in de bron, waarna het signaal vervalt.${landelijk === undefined ? '' : ` Bron: ${landelijk.bron}.`}`
}

/** The last day to report to DUO: of a wettelijk signaal, by the term of the law, also where the school keeps a shorter one of its own. */
export function uiterlijkMelden ({ aard, regel, einddatum }: { readonly aard: Aard, readonly regel: string, readonly einddatum: Datum }): Datum | null {
  const termijn = aard === 'wettelijk' ? findLandelijk(regel, einddatum)?.definitie.termijnWerkdagen ?? null : null
  return termijn === null ? null : addWerkdagen(einddatum, termijn)
}

/** Werkdagen that passed since the last day on which it could be handled in time; 0 on that day itself. */
export function countDagenTeLaat (uiterlijkAfhandelen: Datum, vandaag: Datum): number {
  let aantal = 0
  for (let datum = uiterlijkAfhandelen; datum < vandaag;) if (isWerkdag(datum = addDagen(datum, 1))) aantal++
  return aantal
}

// --- facts change

/** The dates and sizes a decision was taken on. */
export type Grootte = Pick<Uitkomst, 'begindatum' | 'einddatum' | 'minuten' | 'gemeten' | 'drempel' | 'onderbouwing'>
/** The last decision; `over` is what it was taken on, null where the facts no longer carried anything. */
export interface GenomenBesluit {
  readonly besluit: Besluit
  readonly over: Grootte | null
  /** Whether a melding rests on the signaal: `gemeld` was decided, and `niet-gemeld` not since. */
  readonly melding: boolean
}

/** A signaal as stored, with what tells whether the facts still carry it. */
export interface Signaalstand extends Uitkomst {
  readonly signaal: string
  readonly status: Signaalstatus
  readonly voorstel: Voorstel | null
  readonly besluit: GenomenBesluit | null
  /** Of what the verdict was computed from; empty where none is kept yet. */
  readonly herleidingHash: string
}

export interface Statusvoorstel { readonly status: Signaalstatus, readonly voorstel: Voorstel | null }

/**
 * Where a signaal stands: by the last decision, what that was taken on, and what the facts carry now (null: nothing). Not by the way that led
 * here, so any order of edits with the same end ends the same; facts that come back bring back what was decided on them (REKENREGELS 5).
 */
export function standBij (besluit: GenomenBesluit | null, nu: Grootte | null): Statusvoorstel {
  const anders = besluit !== null && !isFeitelijkGelijk(besluit.over, nu)
  if (nu === null) return { status: 'vervallen', voorstel: anders && besluit.melding ? 'melding-intrekken' : null }
  if (besluit === null) return { status: 'open', voorstel: null }
  if (besluit.besluit === 'gemeld') return { status: 'gemeld', voorstel: anders ? 'melding-wijzigen' : null }
  if (besluit.besluit !== 'niet-gemeld') return { status: besluit.besluit, voorstel: null }
  return besluit.over === null || isZwaarder(nu, besluit.over) ? { status: 'open', voorstel: 'opnieuw-beoordelen' } : { status: 'niet-gemeld', voorstel: null }
}

/** Dates, sizes and the days they are made of; the keys of the bron and the number of the beleidsversie change no melding. */
function isFeitelijkGelijk (a: Grootte | null, b: Grootte | null): boolean {
  if (a === null || b === null) return a === b
  return a.begindatum === b.begindatum && a.einddatum === b.einddatum && a.minuten === b.minuten && a.gemeten === b.gemeten && a.drempel === b.drempel &&
    a.onderbouwing.length === b.onderbouwing.length && a.onderbouwing.every(({ datum, minuten }, at) => datum === b.onderbouwing[at]!.datum && minuten === b.onderbouwing[at]!.minuten)
}

/** More than was decided on, or at another time: a shorter or lighter one was within the decision. */
function isZwaarder (nu: Grootte, over: Grootte): boolean {
  return nu.einddatum !== over.einddatum || nu.begindatum < over.begindatum || nu.gemeten > over.gemeten || nu.drempel > over.drempel
}

/** What became of the facts a signaal rested on. */
export interface Veranderingen {
  readonly ingetrokken: number
  readonly gewijzigd: number
  readonly overtroefd: number
  readonly andersIngedeeld: number
  readonly beleid: boolean
  readonly kalender: boolean
  readonly inschrijving: boolean
  readonly vrijstelling: boolean
  readonly uitzondering: boolean
}

/** Why a signaal is vervallen, in Dutch; what cannot be told (another geboortedatum, a signaal before it) leaves the sentence general. */
export function explainVervallen (wat: Veranderingen): string {
  const redenen = [
    ...countAbsenties(wat.ingetrokken, 'ingetrokken'),
    ...countAbsenties(wat.gewijzigd, 'gewijzigd'),
    ...countAbsenties(wat.overtroefd, 'door een andere bron overtroefd'),
    ...countAbsenties(wat.andersIngedeeld, 'anders ingedeeld'),
    ...wat.beleid ? ['er geldt ander beleid'] : [],
    ...wat.kalender ? ['de kalender is gewijzigd'] : [],
    ...wat.inschrijving ? ['de inschrijving is gewijzigd'] : [],
    ...wat.vrijstelling ? ['de leerling heeft vrijstelling'] : [],
    ...wat.uitzondering ? ['voor de leerling geldt een uitzondering'] : []
  ]
  return redenen.length === 0 ? 'De feiten die nu vastliggen, dragen dit signaal niet meer.' : `De feiten dragen dit signaal niet meer: ${redenen.join(', ')}.`
}

function countAbsenties (aantal: number, wat: string): string[] {
  return aantal === 0 ? [] : [aantal === 1 ? `1 absentie is ${wat}` : `${aantal} absenties zijn ${wat}`]
}

export interface Volging {
  readonly nieuw: readonly Uitkomst[]
  /** Keeps its identity and history. */
  readonly gewijzigd: ReadonlyArray<{ readonly signaal: Signaalstand, readonly uitkomst: Uitkomst, readonly stand: Statusvoorstel }>
  /** `standBij(besluit, null)` says what is asked of people. */
  readonly vervallen: readonly Signaalstand[]
}

const loopt = ({ status }: Signaalstand): boolean => status !== 'vervallen'
const eindigtGelijk = (signaal: Signaalstand, uitkomst: Uitkomst): boolean => signaal.einddatum === uitkomst.einddatum
const zelfdeTrede = (signaal: Signaalstand, uitkomst: Uitkomst): boolean => signaal.drempel === uitkomst.drempel
const overlapt = (signaal: Signaalstand, uitkomst: Uitkomst): boolean => signaal.begindatum <= uitkomst.einddatum && uitkomst.begindatum <= signaal.einddatum

/** How an uitkomst finds its signaal, surest first: a ladder may give several on one day, and a step may move to another day. */
const PAREN: ReadonlyArray<(signaal: Signaalstand, uitkomst: Uitkomst) => boolean> = [
  (signaal, uitkomst) => loopt(signaal) && eindigtGelijk(signaal, uitkomst) && zelfdeTrede(signaal, uitkomst),
  (signaal, uitkomst) => loopt(signaal) && overlapt(signaal, uitkomst) && zelfdeTrede(signaal, uitkomst),
  (signaal, uitkomst) => loopt(signaal) && eindigtGelijk(signaal, uitkomst),
  (signaal, uitkomst) => loopt(signaal) && overlapt(signaal, uitkomst),
  (signaal, uitkomst) => eindigtGelijk(signaal, uitkomst) && zelfdeTrede(signaal, uitkomst),
  (signaal, uitkomst) => eindigtGelijk(signaal, uitkomst),
  (signaal, uitkomst) => overlapt(signaal, uitkomst) && zelfdeTrede(signaal, uitkomst)
]

/**
 * How the stored signalen of one leerling follow a fresh evaluation (REKENREGELS 5), oldest first. An uitkomst belongs to the signaal of its
 * regel, einddatum and drempel, else to one whose period it overlaps, a vervallen one too: facts that return bring it back. The rest is new,
 * or no longer carried.
 */
export function followUitkomsten (signalen: readonly Signaalstand[], uitkomsten: readonly Uitkomst[]): Volging {
  const bewaard = Map.groupBy(signalen, ({ regel }) => regel)
  const nieuw: Uitkomst[] = []
  const paren: Array<{ signaal: Signaalstand, uitkomst: Uitkomst }> = []
  for (const [regel, gevonden] of Map.groupBy(uitkomsten, (uitkomst) => uitkomst.regel)) {
    const vrij = [...bewaard.get(regel) ?? []]
    let over = gevonden
    for (const past of PAREN) {
      if (vrij.length === 0 || over.length === 0) break
      over = over.filter((uitkomst) => {
        const at = vrij.findIndex((signaal) => past(signaal, uitkomst))
        if (at >= 0) paren.push({ signaal: vrij.splice(at, 1)[0]!, uitkomst })
        return at < 0
      })
    }
    nieuw.push(...over)
  }
  const gepaard = new Set(paren.map(({ signaal }) => signaal))
  return {
    nieuw,
    gewijzigd: paren.map(({ signaal, uitkomst }) => ({ signaal, uitkomst, stand: standBij(signaal.besluit, uitkomst) }))
      .filter(({ signaal, uitkomst, stand }) => signaal.herleidingHash === '' || signaal.status !== stand.status || signaal.voorstel !== stand.voorstel || !isGelijk(signaal, uitkomst)),
    vervallen: signalen.filter((signaal) => loopt(signaal) && !gepaard.has(signaal))
  }
}

function isGelijk (a: Uitkomst, b: Uitkomst): boolean {
  return isFeitelijkGelijk(a, b) && a.aard === b.aard && a.eenheid === b.eenheid && a.uiterlijkAfhandelen === b.uiterlijkAfhandelen && a.beleidsversie === b.beleidsversie &&
    a.onderbouwing.every((regel, at) => regel.bron === b.onderbouwing[at]!.bron && regel.bronId === b.onderbouwing[at]!.bronId)
}
