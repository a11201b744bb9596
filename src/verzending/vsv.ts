import { assert } from '../errors.ts'
import { listVelden, MELDINGSPROFIELEN, type Meldingsprofiel, type Profielveld } from '../domain/meldingsprofiel.ts'
import { readRij, XmlFout, type Element, type Knoop } from './xml.ts'
import type { Duobericht, Operatie, Statuswijziging } from '../domain/duobericht.ts'

// The documents of the legacy web service for relatief verzuim. Certain, from public vendor code: the namespace as written here, the four
// operations, and what DC0001, DC0002, DC0010, DC0011 and DC0018 are for. The names inside them are ours, after the profile: the specification of
// today is not public. Whoever has it changes this file, the profile and test/duo/soap/vsv.xsd, and nothing else.

export const VSV = 'nl.ib_groep.vsv.webservice_v2'
export const NAMESPACES = { vsv: VSV } as const

export const MELDEN = 'meldenRelatiefVerzuim'
export const MUTEREN = 'mutatieMeldingRelatiefVerzuim'
export const PEILEN = 'aanvraagGewijzigdeMeldingRelatiefVerzuim'
export const OPVRAGEN = 'aanvraagGegevens'

/** The value of `mutatie` in a MUTEREN, by what is done. */
export const MUTATIES = { muteren: 'WIJZIGING', intrekken: 'INTREKKING' } as const

export function actionOf (operation: string): string {
  return `${VSV}/${operation}`
}

export type Antwoorddocument =
  | { readonly document: 'DC0001', readonly mutatieOp: string }
  | { readonly document: 'DC0002', readonly code: string, readonly omschrijving: string }
  | { readonly document: 'DC0011', readonly meldingen: readonly Gegevens[] }
  | { readonly document: 'DC0018', readonly meldingsnummer: string, readonly mutatieOp: string }

/** A melding as DUO has it; its fields only where they were asked for. */
export interface Gegevens extends Statuswijziging { readonly velden: Element | undefined }

/** The message of an uitzending. Throws XmlFout for text that XML cannot carry. */
export function buildBericht (operatie: Operatie, bericht: Duobericht): Knoop {
  const velden: Knoop = ['vsv:melding', formatVelden(profielVan(bericht), operatie, bericht.velden)]
  if (operatie === 'melden') return [`vsv:${MELDEN}`, [velden]]
  assert(bericht.meldingsnummer, 'a change names the melding it changes')
  assert(bericht.laatsteMutatie, 'a change says on which mutation it rests')
  return [`vsv:${MUTEREN}`, [
    ['vsv:meldingsnummer', bericht.meldingsnummer],
    ['vsv:laatsteMutatie', bericht.laatsteMutatie],
    ['vsv:mutatie', MUTATIES[operatie]],
    velden
  ]]
}

/** DC0010: what changed since; the cursor is the begin of the selection. */
export function buildPeiling (school: string, sinds: string): Knoop {
  return [`vsv:${PEILEN}`, [['vsv:DC0010', [['vsv:brin', school], ['vsv:beginSelectie', sinds]]]]]
}

/** One melding as DUO has it now. */
export function buildOpvraging (school: string, meldingsnummer: string): Knoop {
  return [`vsv:${OPVRAGEN}`, [['vsv:brin', school], ['vsv:meldingsnummer', meldingsnummer]]]
}

/** The profile a message was written in; a message outlives the day its profile ended. */
export function profielVan ({ profiel }: Pick<Duobericht, 'profiel'>): Meldingsprofiel {
  const found = MELDINGSPROFIELEN.find((kandidaat) => kandidaat.profiel === profiel)
  assert(found, 'the profile of a message is on the list')
  return found
}

/** In the order of the profile, and nothing that it does not name. */
export function formatVelden (profiel: Meldingsprofiel, operatie: Operatie, velden: Readonly<Record<string, unknown>>): Knoop[] {
  return listVelden(profiel, operatie).filter(({ naam }) => velden[naam] !== undefined).map((veld) => [`vsv:${veld.naam}`, formatVeld(veld, velden[veld.naam])])
}

function formatVeld ({ vorm }: Profielveld, waarde: unknown): Knoop[1] {
  if (vorm !== 'dagen') return waarde as string | number | boolean
  return (waarde as ReadonlyArray<{ datum: string, heleDag: boolean, lesuren: readonly number[] }>).map(({ datum, heleDag, lesuren }) =>
    ['vsv:dag', [['vsv:datum', datum], ['vsv:heleDag', heleDag], ...lesuren.map((lesuur): Knoop => ['vsv:lesuur', lesuur])]])
}

/** Reads what DUO answered, strictly: one element too many is an answer we do not know. Throws XmlFout. */
export function readAntwoord (body: Element): Antwoorddocument {
  if (body.namespace !== VSV) throw new XmlFout('een antwoord in een andere namespace')
  switch (body.naam) {
    case 'DC0001': return { document: 'DC0001', mutatieOp: readTijdstip(readRij(body, ['mutatieOp']).mutatieOp) }
    case 'DC0002': {
      const { foutcode, omschrijving } = readRij(body, ['foutcode', 'omschrijving'])
      return { document: 'DC0002', code: foutcode!, omschrijving: omschrijving! }
    }
    case 'DC0011': return { document: 'DC0011', meldingen: body.kinderen.map(readGegevens) }
    case 'DC0018': {
      const { meldingsnummer, mutatieOp } = readRij(body, ['meldingsnummer', 'mutatieOp'])
      return { document: 'DC0018', meldingsnummer: readNummer(meldingsnummer), mutatieOp: readTijdstip(mutatieOp) }
    }
    default: throw new XmlFout('een onbekend document')
  }
}

const STATUSSEN: readonly string[] = ['R', 'B', 'G', 'K', 'I'] satisfies ReadonlyArray<Statuswijziging['status']>

function readGegevens (element: Element): Gegevens {
  if (element.naam !== 'melding' || element.namespace !== VSV) throw new XmlFout('een onverwacht element in DC0011')
  const velden = element.kinderen.find(({ naam }) => naam === 'gegevens')
  const { meldingsnummer, status, mutatieOp, reden } = readRij({ ...element, kinderen: element.kinderen.filter((kind) => kind !== velden) }, ['meldingsnummer', 'status', 'mutatieOp', 'reden?'])
  if (!STATUSSEN.includes(status!) || (reden !== undefined && reden !== 'V')) throw new XmlFout('een onbekende status')
  return { meldingsnummer: readNummer(meldingsnummer), status: status as Statuswijziging['status'], mutatieOp: readTijdstip(mutatieOp), reden: reden ?? null, velden }
}

function readNummer (tekst = ''): string {
  if (!/^[0-9]{1,20}$/.test(tekst)) throw new XmlFout('een meldingsnummer dat geen getal is')
  return tekst
}

/** As it was given: the lock compares it with what DUO keeps. */
function readTijdstip (tekst = ''): string {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$/.test(tekst) || Number.isNaN(Date.parse(tekst))) throw new XmlFout('een tijdstip dat er geen is')
  return tekst
}
