import { addDagen, leeftijdOp, maandPeriode, type Datum } from './datum.ts'
import { isWerkdag } from './kalender.ts'

export const VERZOEKSOORTEN = ['inzage', 'rectificatie', 'bezwaar', 'beperking', 'overdraagbaarheid', 'vergetelheid'] as const
export type Verzoeksoort = typeof VERZOEKSOORTEN[number]

export const VERZOEKSTATUSSEN = ['ontvangen', 'in-behandeling', 'verlengd', 'toegewezen', 'gedeeltelijk-toegewezen', 'afgewezen', 'ingetrokken'] as const
export type Verzoekstatus = typeof VERZOEKSTATUSSEN[number]

export const NAMENS = ['leerling', 'ouder', 'vertegenwoordiger'] as const
export type Namens = typeof NAMENS[number]

/** What a verzoek may be about beside everything of the leerling. */
export const BETREFT = ['absentie', 'afmelding', 'signaal', 'melding', 'regel'] as const
export type Betreftsoort = typeof BETREFT[number]

/** One fault of what was asked, at its place. */
export interface Verzoekfout { readonly code: string, readonly pointer: string, readonly detail: string }

// --- asking

/** From 16 the leerling exercises his rights himself, before that his ouder; a vertegenwoordiger (curatele, mentorschap) at any age. UAVG art. 5 lid 4. */
export function refuseNamens (namens: Namens, geboortedatum: Datum, ontvangenOp: Datum): Verzoekfout | undefined {
  const zelf = leeftijdOp(geboortedatum, ontvangenOp) >= 16
  if (namens === 'leerling' && !zelf) return { code: 'jonger-dan-16', pointer: '/namens', detail: 'Onder de 16 oefent de ouder deze rechten uit (UAVG art. 5 lid 4).' }
  if (namens === 'ouder' && zelf) return { code: 'zestien-of-ouder', pointer: '/namens', detail: 'Vanaf 16 oefent de leerling deze rechten zelf uit (UAVG art. 5 lid 4).' }
  return undefined
}

/** Null: everything of the leerling. */
const PAST: Readonly<Record<Verzoeksoort, ReadonlyArray<Betreftsoort | null>>> = {
  inzage: [null],
  rectificatie: [null, 'absentie', 'afmelding', 'signaal', 'melding'],
  bezwaar: ['regel', 'signaal'],
  beperking: [null, 'absentie'],
  overdraagbaarheid: [null],
  vergetelheid: [null]
}

export function refuseBetreft (soort: Verzoeksoort, betreft: Betreftsoort | null): Verzoekfout | undefined {
  if (PAST[soort].includes(betreft)) return undefined
  return betreft === null
    ? { code: 'ontbreekt', pointer: '/betreft', detail: `Een verzoek om ${soort} zegt waarover het gaat: ${PAST[soort].join(' of ')}.` }
    : { code: 'past-niet', pointer: '/betreft', detail: `Een verzoek om ${soort} gaat niet over een ${betreft}.` }
}

// --- terms

/**
 * The last day to answer: so many months after receipt, or the last day of that month; on no werkdag the next one.
 * AVG art. 12 lid 3; Verordening 1182/71 art. 3 lid 2 onder c and lid 4.
 */
export function termijnVan (ontvangenOp: Datum, maanden: number): Datum {
  const telling = Number(ontvangenOp.slice(0, 4)) * 12 + Number(ontvangenOp.slice(5, 7)) - 1 + maanden
  const maand = `${Math.floor(telling / 12)}-${String(telling % 12 + 1).padStart(2, '0')}`
  const laatste = maandPeriode(maand).tot
  let dag = `${maand}-${ontvangenOp.slice(8)}`
  if (dag > laatste) dag = laatste
  while (!isWerkdag(dag)) dag = addDagen(dag, 1)
  return dag
}

/** AVG art. 12 lid 3: a month, and two more where it is extended. */
export const TERMIJN_MAANDEN = 1
export const TERMIJN_MAANDEN_VERLENGD = 3

/** AVG art. 12 lid 3. */
export const VERLENGINGSREDENEN = ['complexiteit', 'aantal-verzoeken'] as const

interface Weigeringsgrond { readonly soorten: readonly Verzoeksoort[], readonly zin: string, readonly bron: string }

/** Why a verzoek is refused, wholly or in part: closed, for free text would tell about people. */
export const WEIGERINGSGRONDEN = {
  'identiteit-niet-vastgesteld': { soorten: VERZOEKSOORTEN, zin: 'Wij konden niet vaststellen dat het verzoek van de leerling of diens vertegenwoordiger komt.', bron: 'AVG art. 12 lid 6' },
  'ongegrond-of-buitensporig': { soorten: VERZOEKSOORTEN, zin: 'Het verzoek is kennelijk ongegrond of buitensporig.', bron: 'AVG art. 12 lid 5' },
  'belang-van-de-wet': { soorten: VERZOEKSOORTEN, zin: 'Een zwaarwegend belang dat de wet noemt, staat eraan in de weg.', bron: 'AVG art. 23; UAVG art. 41' },
  'rechten-van-anderen': { soorten: ['inzage', 'overdraagbaarheid'], zin: 'Het zou afbreuk doen aan de rechten van anderen.', bron: 'AVG art. 15 lid 4 en art. 20 lid 4' },
  'gegevens-juist': { soorten: ['rectificatie', 'beperking'], zin: 'Wij hebben de gegevens nagegaan; zij zijn juist.', bron: 'AVG art. 16' },
  'wettelijke-plicht': { soorten: ['bezwaar', 'vergetelheid', 'overdraagbaarheid'], zin: 'De wet verplicht de school om deze gegevens te verwerken.', bron: 'AVG art. 17 lid 3 onder b, art. 20 lid 3 en art. 21 lid 1' },
  rechtsvordering: { soorten: ['bezwaar', 'vergetelheid'], zin: 'De gegevens zijn nodig voor een rechtsvordering.', bron: 'AVG art. 17 lid 3 onder e en art. 21 lid 1' },
  'dwingende-gronden': { soorten: ['bezwaar'], zin: 'De school heeft dwingende gronden die zwaarder wegen dan het bezwaar.', bron: 'AVG art. 21 lid 1' },
  'voorwaarden-niet-vervuld': { soorten: ['bezwaar', 'beperking', 'overdraagbaarheid', 'vergetelheid'], zin: 'Aan de voorwaarden van de wet is niet voldaan.', bron: 'AVG art. 17 lid 1, art. 18 lid 1, art. 20 lid 1 en art. 21 lid 1' }
} as const satisfies Record<string, Weigeringsgrond>
export type Weigeringsreden = keyof typeof WEIGERINGSGRONDEN
export const WEIGERINGSREDENEN = Object.keys(WEIGERINGSGRONDEN) as [Weigeringsreden, ...Weigeringsreden[]]

export type Stapreden = typeof VERLENGINGSREDENEN[number] | Weigeringsreden

/** AVG art. 12 lid 4: said with every refusal, and where the answer comes later. */
export const RECHTSMIDDELEN = 'U kunt een klacht indienen bij de Autoriteit Persoonsgegevens (AVG art. 77) en het oordeel van de rechter vragen (AVG art. 79; UAVG art. 34 en 35).'

export const AFGEHANDELD: readonly Verzoekstatus[] = ['toegewezen', 'gedeeltelijk-toegewezen', 'afgewezen', 'ingetrokken']
export const TOEGEWEZEN: readonly Verzoekstatus[] = ['toegewezen', 'gedeeltelijk-toegewezen']

// --- answering

const VERDER: Readonly<Record<Verzoekstatus, readonly Verzoekstatus[]>> = {
  ontvangen: ['in-behandeling', 'verlengd', ...AFGEHANDELD],
  'in-behandeling': ['verlengd', ...AFGEHANDELD],
  verlengd: AFGEHANDELD,
  toegewezen: [],
  'gedeeltelijk-toegewezen': [],
  afgewezen: [],
  ingetrokken: []
}
const MET_WEIGERING: readonly Verzoekstatus[] = ['afgewezen', 'gedeeltelijk-toegewezen']

export interface Verzoekstand { readonly soort: Verzoeksoort, readonly ontvangenOp: Datum, readonly status: Verzoekstatus, readonly uiterlijk: Datum | null }
export interface Stap { readonly status: Verzoekstatus, readonly reden: Stapreden | null }
export type Stapgevolg = { readonly mogelijk: true, readonly uiterlijk: Datum | null } | { readonly mogelijk: false, readonly fout: Verzoekfout }

/** The term after a step, or why it cannot be taken. An extension is told within the first month. */
export function takeStap (verzoek: Verzoekstand, { status, reden }: Stap, vandaag: Datum): Stapgevolg {
  if (!VERDER[verzoek.status].includes(status)) return refuse('/status', 'status', `Een verzoek dat ${verzoek.status} is, wordt niet ${status}.`)
  const fout = refuseReden(verzoek.soort, status, reden)
  if (fout !== undefined) return { mogelijk: false, fout }
  if (status !== 'verlengd') return { mogelijk: true, uiterlijk: AFGEHANDELD.includes(status) ? null : verzoek.uiterlijk }
  const eerste = termijnVan(verzoek.ontvangenOp, TERMIJN_MAANDEN)
  if (vandaag > eerste) return refuse('/status', 'te-laat', `Verlengen kon tot en met ${eerste}: de verlenging moet binnen de eerste maand zijn meegedeeld (AVG art. 12 lid 3).`)
  return { mogelijk: true, uiterlijk: termijnVan(verzoek.ontvangenOp, TERMIJN_MAANDEN_VERLENGD) }
}

function refuse (pointer: string, code: string, detail: string): Stapgevolg {
  return { mogelijk: false, fout: { code, pointer, detail } }
}

function refuseReden (soort: Verzoeksoort, status: Verzoekstatus, reden: Stapreden | null): Verzoekfout | undefined {
  const mogelijk: readonly string[] = status === 'verlengd' ? VERLENGINGSREDENEN : MET_WEIGERING.includes(status) ? WEIGERINGSREDENEN.filter((each) => (WEIGERINGSGRONDEN[each].soorten as readonly Verzoeksoort[]).includes(soort)) : []
  if (reden === null) return mogelijk.length === 0 ? undefined : { code: 'ontbreekt', pointer: '/reden', detail: `Zeg waarom: ${mogelijk.join(', ')}.` }
  if (mogelijk.includes(reden)) return undefined
  return { code: 'past-niet', pointer: '/reden', detail: mogelijk.length === 0 ? `Bij ${status} hoort geen reden.` : `Bij ${status} van een verzoek om ${soort} hoort een van: ${mogelijk.join(', ')}.` }
}

const VERLENGD = 'Wij hebben meer tijd nodig, door de complexiteit of het aantal van de verzoeken (AVG art. 12 lid 3).'

/** The reden of a step as the betrokkene reads it, with its article. */
export function explainReden (reden: Stapreden | null): string | null {
  if (reden === null) return null
  if (reden === 'complexiteit' || reden === 'aantal-verzoeken') return VERLENGD
  const { zin, bron } = WEIGERINGSGRONDEN[reden]
  return `${zin} (${bron})`
}

/** Whether the betrokkene must be told where he can complain. */
export function needsRechtsmiddelen (status: Verzoekstatus): boolean {
  return status === 'verlengd' || MET_WEIGERING.includes(status)
}
