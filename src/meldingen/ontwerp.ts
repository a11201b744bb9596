import {
  buildDagen, buildDuobericht, checkMelding, findMeldingsoort, informeert, isMeldbaarsignaal, isSoortVoor, soortVanSignaal,
  type Berichtinhoud, type Meldfout, type Meldgrond, type Meldinginvoer as Invoer, type Meldingsoort, type Meldtoets, type Soortregels, type Voorgenomen
} from '../domain/melding.ts'
import { checkVelden, profielOp } from '../domain/meldingsprofiel.ts'
import { uiterlijkMelden } from '../domain/signaal.ts'
import { AppError, assert } from '../errors.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Duobericht, Operatie } from '../domain/duobericht.ts'
import type { Schoolscope } from '../toegang/service.ts'
import type { Meldgegevens, Meldinginvoer } from './contract.ts'

// What a melding would be, and everything that keeps it from being made; nothing is written here.

/** What is asked, of whom: from a signaal, or by hand. */
export interface Aanvraag {
  readonly bron: string
  readonly leerling: string
  readonly grond: Meldgrond
  readonly signaal: store.Signaalregel | null
  readonly soort: Soortregels
  readonly begindatum: Datum
  readonly einddatum: Datum | null
  readonly invoer: Invoer
  readonly melding: string | null
}

/** A melding as it would be, with what the checks say of it. */
export interface Ontwerp {
  readonly aanvraag: Aanvraag
  readonly voornemen: Voorgenomen
  readonly toets: Meldtoets
  /** Null where the dossier has no inschrijving to speak of. */
  readonly inhoud: Omit<Berichtinhoud, 'leerling'> | null
}

export async function designNieuw (ctx: Ctx, tx: Tx, scope: Schoolscope, body: Meldinginvoer): Promise<Ontwerp> {
  const meldgegevens = await store.findMeldgegevens(tx, scope)
  const { signaal: id, leerling, school: _school, soort: gevraagd, begindatum, einddatum, ...velden } = body
  if (id === undefined) {
    const grond = { aard: 'handmatig', begindatum: begindatum!, einddatum: einddatum ?? null } as const
    const soort = requireSoort(ctx, gevraagd!)
    return await designOne(ctx, tx, scope, meldgegevens, { bron: leerling!.bron, leerling: leerling!.bronId, grond, signaal: null, soort, begindatum: grond.begindatum, einddatum: grond.einddatum, velden, melding: null })
  }
  const signaal = await store.findSignaal(tx, scope, id.slice(5))
  if (signaal === undefined) throw new AppError('niet-gevonden', 'Dit signaal is hier niet bekend.')
  if (!isMeldbaarsignaal(signaal)) throw refusal([{ code: 'signaal-intern', pointer: '/signaal', detail: 'Een intern signaal kan ook op geoorloofd verzuim berusten; het wordt nooit gemeld.' }])
  const soort = requireSoort(ctx, chooseSoort(ctx, signaal, gevraagd))
  const grond: Meldgrond = signaal
  const { bron, leerling: bronId } = signaal
  return await designOne(ctx, tx, scope, meldgegevens, { bron, leerling: bronId, grond, signaal, soort, begindatum: signaal.begindatum, einddatum: chooseEinddatum(soort, signaal.einddatum, einddatum), velden, melding: null })
}

function chooseSoort (ctx: Ctx, signaal: store.Signaalregel & { readonly aard: 'wettelijk' | 'zorgelijk' }, gevraagd: Meldingsoort | undefined): Meldingsoort {
  const soort = gevraagd ?? soortVanSignaal(signaal, ctx.vandaag(), ctx.inwerkingtreding)
  if (soort === undefined) throw refusal([SOORT_KIEZEN])
  if (!isSoortVoor(signaal, soort)) throw refusal([{ code: 'soort-past-niet', pointer: '/soort', detail: `Een signaal van de regel ${signaal.regel} gaat niet als ${soort}.` }])
  return soort
}

const BEPERKT: Meldfout = { code: 'beperkt', pointer: '', detail: 'Op de gegevens rust een beperking (AVG art. 18); er gaat geen melding van uit totdat die is opgeheven.' }
export const SOORT_KIEZEN: Meldfout = { code: 'soort-kiezen', pointer: '/soort', detail: 'De wet die het signaal zorgelijk verzuim kent, is nog niet in werking; vraag soort O om het als overig verzuim te melden.' }

export function requireSoort (ctx: Ctx, soort: Meldingsoort): Soortregels {
  const regels = findMeldingsoort(soort, ctx.vandaag(), ctx.inwerkingtreding)
  if (regels === undefined) throw refusal([{ code: 'soort-niet-van-kracht', pointer: '/soort', detail: `Soort ${soort} bestaat vandaag niet.` }])
  return regels
}

/** The day on which DUO closes what was counted; one that only comes with the return of the leerling is for people. */
export function chooseEinddatum (soort: Soortregels, vanSignaal: Datum, gevraagd: Datum | undefined): Datum | null {
  return gevraagd ?? (soort.einddatum === 'bij-terugkeer' ? null : vanSignaal)
}

type Velden = { readonly [Veld in keyof Invoer]?: Invoer[Veld] | undefined }

export type Opzet = Omit<Aanvraag, 'invoer'> & { readonly velden: Velden }

export async function designOne (ctx: Ctx, tx: Tx, scope: Schoolscope, meldgegevens: Meldgegevens | undefined, opzet: Opzet): Promise<Ontwerp> {
  const [ontwerp] = await design(ctx, tx, scope, meldgegevens, [opzet])
  if (ontwerp === undefined) throw new AppError('stamgegevens-onbekend', 'Deze leerling is hier niet bekend.', [{ code: 'leerling-onbekend', pointer: '/leerling', detail: 'Deze leerling is hier niet bekend.' }])
  return ontwerp
}

/** Fetches what the checks ask of these leerlingen, in one statement, and checks; without those nobody knows. */
export async function design (ctx: Ctx, tx: Tx, scope: Schoolscope, meldgegevens: Meldgegevens | undefined, opzetten: readonly Opzet[]): Promise<Ontwerp[]> {
  const vandaag = ctx.vandaag()
  const dossiers = await store.listDossiers(tx, scope, opzetten.map(({ bron, leerling, signaal, begindatum, einddatum }) =>
    ({ bron, leerling, signaal: signaal?.signaal ?? null, van: begindatum, tot: einddatum !== null && einddatum < vandaag ? einddatum : vandaag })))
  return opzetten.flatMap((opzet, at) => {
    const dossier = dossiers.get(at)
    if (dossier === undefined) return []
    const { velden: _velden, ...rest } = opzet
    const aanvraag: Aanvraag = { ...rest, invoer: completeInvoer(meldgegevens, opzet, dossier.geboortedatum, vandaag) }
    const { soort, grond, signaal, begindatum, einddatum, invoer, melding } = aanvraag
    const term = signaal === null ? null : uiterlijkMelden(signaal)
    const voornemen: Voorgenomen = { soort, grond, signaalstatus: signaal?.status ?? null, begindatum, einddatum, uiterlijkMelden: term, invoer, dossier, melding }
    const toets = checkMelding(voornemen, vandaag)
    const laatste = dossier.feiten.at(-1)
    const dag = laatste?.datum ?? begindatum
    const ingeschreven = dossier.inschrijvingen.filter(({ van, tot }) => van <= dag && (tot === null || dag <= tot))
    const inschrijving = ingeschreven.find(({ vestiging }) => vestiging === laatste?.vestiging) ?? ingeschreven[0]
    const inhoud = inschrijving === undefined ? null : { school: scope.school, grond, soort: soort.soort, begindatum, einddatum, dagen: buildDagen(dossier.feiten, dossier.inschrijvingen), inschrijving, invoer }
    const vormfouten = inhoud === null ? [] : checkBericht(ctx, buildVoorbeeld(ctx, inhoud), 'melden')
    return [{ aanvraag, voornemen, inhoud, toets: { ...toets, fouten: [...dossier.beperkt ? [BEPERKT] : [], ...toets.fouten, ...vormfouten] } }]
  })
}

/** What people said, over what the school says of itself, over what is so unless somebody says otherwise. */
function completeInvoer (meldgegevens: Meldgegevens | undefined, { velden, soort }: Opzet, geboortedatum: Datum, vandaag: Datum): Invoer {
  const { contactpersoon, functie, emailadres, netnummer, abonneenummer, ccEmail, informeertBijMelding } = meldgegevens ?? {}
  const gezegd = Object.fromEntries(Object.entries(velden).filter(([, waarde]) => waarde !== undefined))
  const contact = gezegd['contactpersoon'] === undefined ? { contactpersoon, functie, emailadres, netnummer, abonneenummer } : {}
  return {
    vermoedelijkeReden: soort.soort === 'L' ? 'vakantie-zonder-verlof' : 'onbekend',
    actieOndernemen: false,
    ...contact,
    ccEmail,
    ...informeertBijMelding === true ? { geinformeerd: informeert(geboortedatum, vandaag) } : {},
    ...gezegd
  }
}

export function contentsOf ({ aanvraag: { begindatum, einddatum, invoer }, inhoud }: Ontwerp): store.Meldinginhoud {
  return { begindatum, einddatum, invoer, dagen: inhoud?.dagen ?? [] }
}

/** Stands for the number where only the form of the message matters. */
const ONBEKEND_NUMMER = '000000000'

export function buildVoorbeeld (ctx: Ctx, inhoud: Omit<Berichtinhoud, 'leerling'>, woongemeente: string | null = null): Duobericht {
  return buildDuobericht(profielOp(ctx.vandaag()), { ...inhoud, leerling: { nummersoort: 'bsn', nummer: ONBEKEND_NUMMER, woongemeente } })
}

export function concealNummer ({ profiel, velden }: Duobericht): { profiel: string, velden: Record<string, unknown> } {
  return { profiel, velden: Object.fromEntries(Object.entries(velden).map(([naam, waarde]) => [naam, waarde === ONBEKEND_NUMMER ? '*********' : waarde])) }
}

/** The message with the number in it: the only place that reads it, for the outbox alone. */
export async function buildBericht (ctx: Ctx, tx: Tx, scope: Schoolscope, { aanvraag: { bron, leerling }, voornemen: { dossier: { nummersoort, woongemeente } }, inhoud }: Ontwerp): Promise<Duobericht> {
  const versleuteld = await store.findNummer(tx, scope, bron, leerling)
  assert(versleuteld !== undefined && nummersoort !== null && inhoud !== null, 'the checks refuse a melding without a number or an inschrijving')
  const nummer = ctx.sleutels.decryptPgn(versleuteld, JSON.stringify([scope.school, bron, leerling]))
  return buildDuobericht(profielOp(ctx.vandaag()), { ...inhoud, leerling: { nummersoort, nummer, woongemeente } })
}

export function checkBericht (ctx: Ctx, { velden }: Duobericht, operatie: Operatie): Meldfout[] {
  return checkVelden(profielOp(ctx.vandaag()), operatie, velden).map(({ veld, code, detail }) => ({ code, pointer: `/${veld}`, detail }))
}

export function requireGoed (fouten: readonly Meldfout[]): void {
  if (fouten.length > 0) throw refusal(fouten)
}

export function refusal (fouten: readonly Meldfout[]): AppError {
  return new AppError('melding-niet-toegestaan', fouten.length === 1 ? fouten[0]!.detail : `Er zijn ${fouten.length} redenen waarom dit niet kan.`, fouten)
}
