import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import {
  buildDagen, buildDuobericht, buildIntrekbericht, checkMelding, findMeldingsoort, followStatus, informeert, isMeldbaarsignaal, isSoortVoor, LEENTIJD, listMeldingsoorten, magMelding, MEESTE_POGINGEN, soortVanSignaal, wachttijd,
  type Berichtinhoud, type Meldfout, type Meldgrond, type Meldinginvoer as Invoer, type Meldingsoort, type Meldtoets, type Soortregels, type Voorgenomen
} from '../domain/melding.ts'
import { checkVelden, profielOp } from '../domain/meldingsprofiel.ts'
import { countDagenTeLaat, uiterlijkMelden } from '../domain/signaal.ts'
import { AppError, assert } from '../errors.ts'
import { meldingenTeLaatMeter } from '../http/health.ts'
import { decodeCursor, encodeCursor, requireMatch } from '../http/rest.ts'
import { lockEvaluatie } from '../leerlingen/stam.ts'
import { requireMandaat } from '../mandaten/service.ts'
import { decideSignaal } from '../signalen/service.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Duobericht, Kanaalantwoord, Operatie, Statuswijziging, Uitzending } from '../domain/duobericht.ts'
import type { Besluit, NietGemeldReden } from '../domain/signaal.ts'
import type { Activiteit } from '../domain/verwerkingsactiviteit.ts'
import type { Gemaaktemelding, Meldgegevens, Meldgegevensinvoer, Melding, Meldingenvraag, Meldinggebeurtenis, Meldinginvoer, Meldingintrekking, Meldingproef, Meldingwijziging, Meldvoorstel, Meldvoorstellenvraag, Uitzendingsoverzicht } from './contract.ts'

// --- making one

/** What is asked, of whom: from a signaal, or by hand. */
interface Aanvraag {
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
interface Ontwerp {
  readonly aanvraag: Aanvraag
  readonly voornemen: Voorgenomen
  readonly toets: Meldtoets
  /** Null where the dossier has no inschrijving to speak of. */
  readonly inhoud: Omit<Berichtinhoud, 'leerling'> | null
}

/**
 * Makes a melding, decides its signaal to be gemeld and puts its message in the outbox, in one transaction. Everything that keeps it from being
 * made is thrown at once.
 */
export async function createMelding (ctx: Ctx, invoer: Meldinginvoer): Promise<Gemaaktemelding> {
  return await onSchool(ctx, schoolOf(invoer), async (tx, scope) => {
    const ontwerp = await designNieuw(ctx, tx, scope, invoer)
    requireGoed(ontwerp.toets.fouten)
    const { aanvraag: { bron, leerling, grond, signaal, soort }, voornemen } = ontwerp
    const melding = randomUUID()
    const nieuw = { ...contentsOf(ontwerp), melding, bron, leerling, soort: soort.soort, grond: grond.aard, signaal: signaal?.signaal ?? null, uiterlijkMelden: voornemen.uiterlijkMelden }
    await store.insertMelding(tx, scope, nieuw, daad(ctx, 'gemaakt'))
    await queue(ctx, tx, scope, melding, 'melden', await buildBericht(ctx, tx, scope, ontwerp))
    if (signaal !== null) await decideAlsMelder(ctx, tx, scope, signaal.signaal, 'gemeld')
    await record(ctx, tx, scope, 'meldingen:schrijven', aanvraagSleutel(ontwerp.aanvraag))
    return { ...await getBekend(tx, scope, melding), aandachtspunten: [...ontwerp.toets.aandachtspunten] }
  })
}

/** The same checks and the same message, with nothing kept. */
export async function tryMelding (ctx: Ctx, invoer: Meldinginvoer): Promise<Meldingproef> {
  return await onSchool(ctx, schoolOf(invoer), async (tx, scope) => {
    const { toets, inhoud, aanvraag } = await designNieuw(ctx, tx, scope, invoer)
    await record(ctx, tx, scope, 'meldingen:lezen', aanvraagSleutel(aanvraag))
    const bericht = inhoud === null ? null : concealNummer(buildVoorbeeld(ctx, inhoud))
    return { mogelijk: toets.fouten.length === 0, fouten: [...toets.fouten], aandachtspunten: [...toets.aandachtspunten], bericht }
  })
}

function schoolOf ({ signaal, school }: Meldinginvoer): string {
  return signaal?.slice(0, 4) ?? school!
}

/** Work on the meldingen of a school: after every evaluation of it that had begun, and one at a time. */
async function onSchool<T> (ctx: Ctx, school: string, work: (tx: Tx, scope: Schoolscope) => Promise<T>): Promise<T> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  const done = await ctx.transaction(async (tx) => {
    await lockEvaluatie(tx, school)
    await requireMandaat(ctx, tx, school, 'melden')
    return await work(tx, scope)
  })
  ctx.wake()
  return done
}

async function designNieuw (ctx: Ctx, tx: Tx, scope: Schoolscope, body: Meldinginvoer): Promise<Ontwerp> {
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

const SOORT_KIEZEN: Meldfout = { code: 'soort-kiezen', pointer: '/soort', detail: 'De wet die het signaal zorgelijk verzuim kent, is nog niet in werking; vraag soort O om het als overig verzuim te melden.' }

function requireSoort (ctx: Ctx, soort: Meldingsoort): Soortregels {
  const regels = findMeldingsoort(soort, ctx.vandaag(), ctx.inwerkingtreding)
  if (regels === undefined) throw refusal([{ code: 'soort-niet-van-kracht', pointer: '/soort', detail: `Soort ${soort} bestaat vandaag niet.` }])
  return regels
}

/** The day on which DUO closes what was counted; one that only comes with the return of the leerling is for people. */
function chooseEinddatum (soort: Soortregels, vanSignaal: Datum, gevraagd: Datum | undefined): Datum | null {
  return gevraagd ?? (soort.einddatum === 'bij-terugkeer' ? null : vanSignaal)
}

type Velden = { readonly [Veld in keyof Invoer]?: Invoer[Veld] | undefined }
type Opzet = Omit<Aanvraag, 'invoer'> & { readonly velden: Velden }

async function designOne (ctx: Ctx, tx: Tx, scope: Schoolscope, meldgegevens: Meldgegevens | undefined, opzet: Opzet): Promise<Ontwerp> {
  const [ontwerp] = await design(ctx, tx, scope, meldgegevens, [opzet])
  if (ontwerp === undefined) throw new AppError('stamgegevens-onbekend', 'Deze leerling is hier niet bekend.', [{ code: 'leerling-onbekend', pointer: '/leerling', detail: 'Deze leerling is hier niet bekend.' }])
  return ontwerp
}

/** Fetches what the checks ask of these leerlingen, in one statement, and checks; without those nobody knows. */
async function design (ctx: Ctx, tx: Tx, scope: Schoolscope, meldgegevens: Meldgegevens | undefined, opzetten: readonly Opzet[]): Promise<Ontwerp[]> {
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
    return [{ aanvraag, voornemen, inhoud, toets: { ...toets, fouten: [...toets.fouten, ...vormfouten] } }]
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

function contentsOf ({ aanvraag: { begindatum, einddatum, invoer }, inhoud }: Ontwerp): store.Meldinginhoud {
  return { begindatum, einddatum, invoer, dagen: inhoud?.dagen ?? [] }
}

/** Stands for the number where only the form of the message matters. */
const ONBEKEND_NUMMER = '000000000'

function buildVoorbeeld (ctx: Ctx, inhoud: Omit<Berichtinhoud, 'leerling'>, woongemeente: string | null = null): Duobericht {
  return buildDuobericht(profielOp(ctx.vandaag()), { ...inhoud, leerling: { nummersoort: 'bsn', nummer: ONBEKEND_NUMMER, woongemeente } })
}

function concealNummer ({ profiel, velden }: Duobericht): { profiel: string, velden: Record<string, unknown> } {
  return { profiel, velden: Object.fromEntries(Object.entries(velden).map(([naam, waarde]) => [naam, waarde === ONBEKEND_NUMMER ? '*********' : waarde])) }
}

/** The message with the number in it: the only place that reads it, for the outbox alone. */
async function buildBericht (ctx: Ctx, tx: Tx, scope: Schoolscope, { aanvraag: { bron, leerling }, voornemen: { dossier: { nummersoort, woongemeente } }, inhoud }: Ontwerp): Promise<Duobericht> {
  const versleuteld = await store.findNummer(tx, scope, bron, leerling)
  assert(versleuteld !== undefined && nummersoort !== null && inhoud !== null, 'the checks refuse a melding without a number or an inschrijving')
  const nummer = ctx.sleutels.decryptPgn(versleuteld, JSON.stringify([scope.school, bron, leerling]))
  return buildDuobericht(profielOp(ctx.vandaag()), { ...inhoud, leerling: { nummersoort, nummer, woongemeente } })
}

function checkBericht (ctx: Ctx, { velden }: Duobericht, operatie: Operatie): Meldfout[] {
  return checkVelden(profielOp(ctx.vandaag()), operatie, velden).map(({ veld, code, detail }) => ({ code, pointer: `/${veld}`, detail }))
}

function requireGoed (fouten: readonly Meldfout[]): void {
  if (fouten.length > 0) throw refusal(fouten)
}

function refusal (fouten: readonly Meldfout[]): AppError {
  return new AppError('melding-niet-toegestaan', fouten.length === 1 ? fouten[0]!.detail : `Er zijn ${fouten.length} redenen waarom dit niet kan.`, fouten)
}

/** Puts a message in the outbox, encrypted. What the profile does not know cannot come here: it is a fault of ours. */
async function queue (ctx: Ctx, tx: Tx, scope: Schoolscope, melding: string, operatie: Operatie, bericht: Duobericht): Promise<void> {
  assert(checkBericht(ctx, bericht, operatie).length === 0, 'a message to DUO is what its profile says')
  const uitzending = randomUUID()
  await store.insertUitzending(tx, scope, { uitzending, melding, operatie, kenmerk: randomUUID(), bericht: encrypt(ctx, scope, uitzending, bericht), op: ctx.now() })
}

function encrypt (ctx: Ctx, { school }: Schoolscope, uitzending: string, bericht: Duobericht): Buffer {
  return ctx.sleutels.encryptBericht(JSON.stringify(bericht), JSON.stringify([school, uitzending]))
}

function decrypt (ctx: Ctx, { school }: Schoolscope, { uitzending, bericht }: Pick<store.Uitzendingrij, 'uitzending' | 'bericht'>): Duobericht {
  return JSON.parse(ctx.sleutels.decryptBericht(bericht, JSON.stringify([school, uitzending]))) as Duobericht
}

/** A melding is a decision on its signaal: who may make the one, makes the other with it, in this transaction and in the name of the same person. */
async function decideAlsMelder (ctx: Ctx, tx: Tx, { school }: Schoolscope, signaal: string, besluit: Besluit, reden?: NietGemeldReden): Promise<void> {
  const melder: Ctx = { ...ctx, actor: { ...ctx.actor, rechten: new Set([...ctx.actor.rechten, 'signalen:beoordelen']) }, transaction: async (work) => await work(tx) }
  await decideSignaal(melder, `${school}-${signaal}`, { besluit, ...reden === undefined ? {} : { reden } }, undefined)
}

function daad ({ actor: { persoon, bron, rol }, now }: Ctx, gebeurtenis: Meldinggebeurtenis['gebeurtenis']): store.Daad {
  return { gebeurtenis, actor: persoon ?? bron, rol: rol ?? null, op: now() }
}

interface Leerlingsleutel { readonly bron: string, readonly leerling: string }

function aanvraagSleutel ({ bron, leerling }: Aanvraag): Leerlingsleutel {
  return { bron, leerling }
}

function sleutelOf ({ leerling: { bron, bronId } }: Pick<Melding, 'leerling'>): Leerlingsleutel {
  return { bron, leerling: bronId }
}

async function record (ctx: Ctx, tx: Tx, { school }: Schoolscope, activiteit: Activiteit, ...leerlingen: readonly Leerlingsleutel[]): Promise<void> {
  await recordVerwerking(ctx, tx, activiteit, leerlingen.map((sleutel) => ({ school, ...sleutel })))
}

async function getBekend (tx: Tx, scope: Schoolscope, melding: string): Promise<Melding> {
  const found = await store.findMelding(tx, scope, melding)
  if (found === undefined) throw new AppError('niet-gevonden', 'Deze melding is hier niet bekend.')
  return found
}

// --- changing and withdrawing

/**
 * Changes what a melding says; of one that rests on a signaal, its days follow from the signaal as it is now. `laatsteMutatie` is what the
 * caller knew of DUO's last mutation: a later one is a 409. What never left is replaced where it waits.
 */
export async function changeMelding (ctx: Ctx, id: string, { laatsteMutatie, begindatum, einddatum, ...velden }: Meldingwijziging, ifMatch: string | undefined): Promise<Gemaaktemelding> {
  return await onSchool(ctx, id.slice(0, 4), async (tx, scope) => {
    const { melding, nu } = await getWijzigbaar(tx, scope, id, ifMatch)
    requireGoed(checkWijzigbaar(nu, laatsteMutatie))
    const signaal = nu.signaal === null ? null : await store.findSignaal(tx, scope, nu.signaal.slice(5)) ?? null
    const soort = listMeldingsoorten(ctx.inwerkingtreding).find((regels) => regels.soort === nu.soort)
    assert(soort, 'a soort that was sent is known')
    const ontwerp = await designOne(ctx, tx, scope, await store.findMeldgegevens(tx, scope), {
      ...sleutelOf(nu), ...followGrond(nu, soort, signaal, { begindatum, einddatum }), signaal, soort, velden: { geinformeerd: nu.invoer.geinformeerd, ...velden }, melding
    })
    requireGoed(ontwerp.toets.fouten)
    await store.updateInhoud(tx, scope, melding, contentsOf(ontwerp), daad(ctx, 'gewijzigd'))
    const bericht = await buildBericht(ctx, tx, scope, ontwerp)
    // A change says all of the melding: one that never left, or was refused, has nothing to add.
    await store.dropUitzendingen(tx, scope, melding, { alles: false, op: ctx.now() })
    if (!await replaceOngezonden(ctx, tx, scope, melding, bericht)) await queue(ctx, tx, scope, melding, 'muteren', bericht)
    if (signaal?.voorstel === 'melding-wijzigen') await decideAlsMelder(ctx, tx, scope, signaal.signaal, 'gemeld')
    await record(ctx, tx, scope, 'meldingen:schrijven', sleutelOf(nu))
    return { ...await getBekend(tx, scope, melding), aandachtspunten: [...ontwerp.toets.aandachtspunten] }
  })
}

async function getWijzigbaar (tx: Tx, scope: Schoolscope, id: string, ifMatch: string | undefined): Promise<{ melding: string, nu: Melding }> {
  const melding = id.slice(5)
  const nu = await getBekend(tx, scope, melding)
  requireMatch(ifMatch, nu, 'De melding is intussen veranderd; haal haar opnieuw op.')
  return { melding, nu }
}

function checkWijzigbaar ({ status, redenIntrekking, laatsteMutatie }: Melding, gekend: string | null): Meldfout[] {
  return [
    ...magMelding(status, 'school', status) ? [] : [{ code: 'status', pointer: '', detail: `Een melding met status ${status} kan de school niet meer wijzigen.` }],
    ...redenIntrekking === null ? [] : [{ code: 'intrekking-gevraagd', pointer: '', detail: 'De intrekking van deze melding is al gevraagd.' }],
    ...gekend === laatsteMutatie ? [] : [{ code: 'mutatie-verouderd', pointer: '/laatsteMutatie', detail: 'DUO noemde intussen een latere mutatie; haal de melding opnieuw op.' }]
  ]
}

function followGrond (nu: Melding, soort: Soortregels, signaal: store.Signaalregel | null, { begindatum, einddatum }: { begindatum: Datum | undefined, einddatum: Datum | undefined }): Pick<Aanvraag, 'grond' | 'begindatum' | 'einddatum'> {
  if (signaal === null) {
    const eigen = { begindatum: begindatum ?? nu.begindatum, einddatum: einddatum ?? nu.einddatum }
    return { grond: { aard: 'handmatig', ...eigen }, ...eigen }
  }
  assert(isMeldbaarsignaal(signaal), 'a signaal with a melding is meldbaar')
  if (begindatum !== undefined && begindatum !== signaal.begindatum) throw refusal([{ code: 'begindatum-wijkt-af', pointer: '/begindatum', detail: `De begindatum volgt uit het signaal: ${signaal.begindatum}.` }])
  return { grond: signaal, begindatum: signaal.begindatum, einddatum: chooseEinddatum(soort, signaal.einddatum, einddatum ?? (soort.einddatum === 'bij-terugkeer' ? nu.einddatum ?? undefined : undefined)) }
}

/** DUO never heard of it: not tried yet, or refused. */
async function findOngehoord (tx: Tx, scope: Schoolscope, melding: string): Promise<store.Uitzendingrij | undefined> {
  const eerste = await store.lockMeldbericht(tx, scope, melding)
  if (eerste === undefined || eerste.meldingstatus !== 'W') return undefined
  if (eerste.status === 'wacht') return eerste.pogingen === 0 ? eerste : undefined
  return eerste.status === 'dood' && await store.findLaatsteUitslag(tx, scope, eerste.uitzending) === 'geweigerd' ? eerste : undefined
}

async function replaceOngezonden (ctx: Ctx, tx: Tx, scope: Schoolscope, melding: string, bericht: Duobericht): Promise<boolean> {
  const eerste = await findOngehoord(tx, scope, melding)
  if (eerste === undefined) return false
  assert(checkBericht(ctx, bericht, 'melden').length === 0, 'a message to DUO is what its profile says')
  await store.requeueUitzending(tx, scope, eerste.uitzending, { kenmerk: randomUUID(), bericht: encrypt(ctx, scope, eerste.uitzending, bericht), op: ctx.now(), opnieuw: true })
  return true
}

/** Withdraws a melding: at DUO, or, of what DUO never heard, here. Its signaal is settled in the same transaction and keeps its history. */
export async function withdrawMelding (ctx: Ctx, id: string, { reden }: Meldingintrekking, ifMatch: string | undefined): Promise<Melding> {
  return await onSchool(ctx, id.slice(0, 4), async (tx, scope) => {
    const { melding, nu } = await getWijzigbaar(tx, scope, id, ifMatch)
    if (!magMelding(nu.status, 'school', 'I')) throw refusal([{ code: 'status', pointer: '', detail: `Een melding met status ${nu.status} kan de school niet intrekken.` }])
    if (nu.redenIntrekking !== null) throw refusal([{ code: 'intrekking-gevraagd', pointer: '', detail: 'De intrekking van deze melding is al gevraagd.' }])
    const isOngehoord = await findOngehoord(tx, scope, melding) !== undefined
    await store.dropUitzendingen(tx, scope, melding, { alles: isOngehoord, op: ctx.now() })
    if (isOngehoord) {
      await store.updateStand(tx, scope, melding, { status: 'I', redenIntrekking: reden }, daad(ctx, 'ingetrokken'))
    } else {
      await store.updateStand(tx, scope, melding, { redenIntrekking: reden }, daad(ctx, 'intrekking-gevraagd'))
      await queue(ctx, tx, scope, melding, 'intrekken', buildIntrekbericht(profielOp(ctx.vandaag()), scope.school))
    }
    if (nu.signaal !== null) await settleSignaal(ctx, tx, scope, nu.signaal.slice(5))
    await record(ctx, tx, scope, 'meldingen:schrijven', sleutelOf(nu))
    return await getBekend(tx, scope, melding)
  })
}

/** No melding rests on the signaal any more: decided as such, so that its voorstel is settled too. */
async function settleSignaal (ctx: Ctx, tx: Tx, scope: Schoolscope, id: string): Promise<void> {
  const signaal = await store.findSignaal(tx, scope, id)
  if (signaal === undefined) return
  // What was gemeld is first opened again; a vervallen one with a voorstel is decided as it is, and without one has nothing to settle.
  if (signaal.status === 'gemeld') await decideAlsMelder(ctx, tx, scope, id, 'open')
  if (signaal.status === 'gemeld' || signaal.voorstel === 'melding-intrekken') await decideAlsMelder(ctx, tx, scope, id, 'niet-gemeld', 'melding-ingetrokken')
}

// --- reading

/** Reads something of one melding, and records it. */
async function readMelding<T> (ctx: Ctx, id: string, read: (tx: Tx, scope: Schoolscope, melding: Melding) => Promise<T>): Promise<T> {
  const scope = requireRecht(ctx.actor, 'meldingen:lezen', id.slice(0, 4))
  return await ctx.transaction(async (tx) => {
    const melding = await getBekend(tx, scope, id.slice(5))
    await record(ctx, tx, scope, 'meldingen:lezen', sleutelOf(melding))
    return await read(tx, scope, melding)
  })
}

export async function getMelding (ctx: Ctx, id: string): Promise<Melding> {
  return await readMelding(ctx, id, async (_tx, _scope, melding) => melding)
}

export async function getMeldinggeschiedenis (ctx: Ctx, id: string): Promise<{ id: string, gebeurtenissen: Meldinggebeurtenis[] }> {
  return await readMelding(ctx, id, async (tx, scope) => ({ id, gebeurtenissen: await store.listGebeurtenissen(tx, scope, id.slice(5)) }))
}

/** Every message of a melding with its attempts and their answers; never what was in it. */
export async function listUitzendingen (ctx: Ctx, id: string): Promise<{ uitzendingen: Uitzendingsoverzicht[] }> {
  return await readMelding(ctx, id, async (tx, scope) => ({ uitzendingen: await store.listUitzendingen(tx, scope, id.slice(5)) }))
}

const Positie = z.tuple([z.string(), z.iso.date(), z.uuid()])

export async function listMeldingen (ctx: Ctx, { cursor, ...vraag }: Meldingenvraag): Promise<{ meldingen: Melding[], volgende: string | null }> {
  const scope = vraag.school === undefined ? requireRecht(ctx.actor, 'meldingen:lezen') : requireRecht(ctx.actor, 'meldingen:lezen', vraag.school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listMeldingen(tx, scope, ctx.vandaag(), { ...vraag, na, limit: vraag.limit + 1 })
    const meldingen = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'meldingen:lezen', meldingen.map((melding) => ({ school: melding.school, ...sleutelOf(melding) })))
    const last = meldingen.at(-1)
    return { meldingen, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.school, last.begindatum, last.id.slice(5)]) : null }
  })
}

// --- what the school says of itself

/** Replaces the meldgegevens. From the next night the soorten under `automatisch` are gemeld when nothing is missing. */
export async function putMeldgegevens (ctx: Ctx, school: string, invoer: Meldgegevensinvoer): Promise<Meldgegevens> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  return await ctx.transaction(async (tx) => {
    await requireMandaat(ctx, tx, school, 'melden')
    await store.upsertMeldgegevens(tx, scope, invoer, ctx.actor.persoon ?? ctx.actor.bron, ctx.now())
    const found = await store.findMeldgegevens(tx, scope)
    assert(found, 'what was just written is there')
    return found
  })
}

export async function getMeldgegevens (ctx: Ctx, school: string): Promise<Meldgegevens> {
  const scope = requireRecht(ctx.actor, 'meldingen:lezen', school)
  const found = await ctx.transaction(async (tx) => await store.findMeldgegevens(tx, scope))
  if (found === undefined) throw new AppError('niet-gevonden', `School ${school} heeft nog geen meldgegevens.`)
  return found
}

// --- what could be gemeld

const Voorstelpositie = z.tuple([z.iso.date(), z.uuid()])

/** Signalen that wait for a melding, soonest term first, each with what is still missing for it. Proposes; sends nothing. */
export async function listMeldvoorstellen (ctx: Ctx, { school, teLaat, cursor, limit }: Meldvoorstellenvraag): Promise<{ meldvoorstellen: Meldvoorstel[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'meldingen:lezen', school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Voorstelpositie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listOpenSignalen(tx, scope, na, limit + 1)
    const page = found.slice(0, limit)
    const voorstellen = await propose(ctx, tx, scope, page)
    const meldvoorstellen = voorstellen.filter(({ dagenTeLaat }) => teLaat === undefined || ((dagenTeLaat ?? 0) > 0) === teLaat)
    await record(ctx, tx, scope, 'meldingen:lezen', ...meldvoorstellen.map(sleutelOf))
    const last = page.at(-1)
    return { meldvoorstellen, volgende: found.length > limit && last !== undefined ? encodeCursor([last.termijn, last.signaal]) : null }
  })
}

async function propose (ctx: Ctx, tx: Tx, scope: Schoolscope, signalen: readonly store.Signaalregel[]): Promise<Meldvoorstel[]> {
  const vandaag = ctx.vandaag()
  const voorstellen: Array<{ readonly signaal: store.Signaalregel, readonly gekozen: Meldingsoort | undefined, readonly opzet: Opzet }> = []
  for (const signaal of signalen) {
    if (!isMeldbaarsignaal(signaal)) continue
    const gekozen = soortVanSignaal(signaal, vandaag, ctx.inwerkingtreding)
    const soort = requireSoort(ctx, gekozen ?? 'O')
    const { bron, leerling, begindatum } = signaal
    voorstellen.push({ signaal, gekozen, opzet: { bron, leerling, grond: signaal, signaal, soort, begindatum, einddatum: chooseEinddatum(soort, signaal.einddatum, undefined), velden: {}, melding: null } })
  }
  if (voorstellen.length === 0) return []
  const ontwerpen = await design(ctx, tx, scope, await store.findMeldgegevens(tx, scope), voorstellen.map(({ opzet }) => opzet))
  assert(ontwerpen.length === voorstellen.length, 'a signaal is of a leerling that is known')
  return ontwerpen.map(({ voornemen, toets }, at) => {
    const { gekozen, signaal: { signaal, regel, bron, leerling, begindatum, einddatum } } = voorstellen[at]!
    const term = voornemen.uiterlijkMelden
    return {
      signaal: `${scope.school}-${signaal}`,
      regel,
      leerling: { bron, bronId: leerling },
      soort: gekozen ?? null,
      begindatum,
      einddatum,
      uiterlijkMelden: term,
      dagenTeLaat: term === null ? null : countDagenTeLaat(term, vandaag),
      ontbreekt: [...gekozen === undefined ? [SOORT_KIEZEN] : [], ...toets.fouten],
      aandachtspunten: [...toets.aandachtspunten]
    }
  })
}

/** Makes the meldingen of a school that it wants made without deciding on each; what misses something is left for people. Answers how many. */
export async function sendAutomatisch (ctx: Ctx, school: string): Promise<number> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  const meldgegevens = await ctx.transaction(async (tx) => await store.findMeldgegevens(tx, scope))
  const soorten = new Set(meldgegevens?.automatisch)
  if (soorten.size === 0) return 0
  let gemeld = 0
  let cursor: string | undefined
  do {
    const { meldvoorstellen, volgende } = await listMeldvoorstellen(ctx, { school, limit: 200, cursor, teLaat: undefined })
    for (const { signaal, soort, ontbreekt } of meldvoorstellen) {
      if (soort === null || !soorten.has(soort) || ontbreekt.length > 0) continue
      if (await meldIndienMogelijk(ctx, signaal)) gemeld++
    }
    cursor = volgende ?? undefined
  } while (cursor !== undefined)
  return gemeld
}

async function meldIndienMogelijk (ctx: Ctx, signaal: string): Promise<boolean> {
  try {
    await createMelding(ctx, { signaal })
    return true
  } catch (error) {
    // Decided, or changed, since it was proposed: people see it among the proposals, with what is missing.
    if (error instanceof AppError && error.code === 'melding-niet-toegestaan') return false
    throw error
  }
}

/** For the night: how many meldingen wait past their term, in the metrics. */
export async function measureMeldingenTeLaat (ctx: Ctx): Promise<void> {
  const scope = requireRecht(ctx.actor, 'meldingen:lezen')
  meldingenTeLaatMeter.set(await ctx.transaction(async (tx) => await store.countTeLaat(tx, scope, ctx.vandaag())))
}

// --- the outbox, for who carries it

/** Schools whose next uitzending may be taken now. */
export async function listWachtendeScholen (ctx: Ctx): Promise<string[]> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven')
  return await ctx.transaction(async (tx) => await store.listWachtendeScholen(tx, scope, ctx.now()))
}

/**
 * The next message of a school, lent out for a while with its attempt laid down; undefined while one is under way or waits its turn, or there
 * is none. Who takes it finishes it; not heard of within the lease it is taken again, under the same kenmerk.
 */
export async function takeUitzending (ctx: Ctx, school: string): Promise<Uitzending | undefined> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  return await ctx.transaction(async (tx) => {
    const eerste = await store.lockEerste(tx, scope)
    const op = ctx.now()
    if (eerste === undefined || Date.parse(eerste.aanDeBeurtOp) > op.getTime()) return undefined
    if (eerste.status === 'onderweg' && isLaatste(eerste.pogingen)) {
      await store.settleUitzending(tx, scope, eerste.uitzending, { status: 'dood', op })
      return undefined
    }
    const { uitzending, melding, volgnummer, operatie, kenmerk, bron, leerling } = eerste
    // Laid down at the first attempt under a kenmerk: every attempt carries the same message.
    const meldingsnummer = eerste.meldingsnummer ?? eerste.nummerNu
    const laatsteMutatie = eerste.meldingsnummer === null ? eerste.mutatieNu : eerste.laatsteMutatie
    const poging = eerste.pogingen + 1
    await store.lendUitzending(tx, scope, { uitzending, meldingsnummer, laatsteMutatie }, poging, { op, tot: new Date(op.getTime() + LEENTIJD) })
    await record(ctx, tx, scope, 'meldingen:verzenden', { bron, leerling })
    return { school, uitzending, melding, volgnummer, operatie, kenmerk, poging, bericht: { ...decrypt(ctx, scope, eerste), meldingsnummer, laatsteMutatie } }
  })
}

function isLaatste (pogingen: number): boolean {
  return pogingen > 0 && pogingen % MEESTE_POGINGEN === 0
}

/** Lays down what the channel answered. An answer that comes after the lease still counts: DUO's number is never lost. */
export async function finishUitzending (ctx: Ctx, { school, uitzending, poging }: Uitzending, antwoord: Kanaalantwoord): Promise<void> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  await ctx.transaction(async (tx) => {
    await lockEvaluatie(tx, school)
    const rij = await store.lockUitzending(tx, scope, uitzending)
    if (rij === undefined) throw new AppError('niet-gevonden', 'Deze uitzending is hier niet bekend.')
    const op = ctx.now()
    await store.finishPoging(tx, scope, uitzending, poging, trimAntwoord(antwoord), op)
    if (rij.status === 'aangenomen' || rij.status === 'vervallen') return
    if (antwoord.uitslag === 'aangenomen') {
      await store.settleUitzending(tx, scope, uitzending, { status: 'aangenomen', op })
      await acceptMelding(ctx, tx, scope, rij, antwoord)
    } else if (rij.meldingstatus === 'I') {
      await store.settleUitzending(tx, scope, uitzending, { status: 'vervallen', op })
    } else if (rij.status === 'onderweg' && rij.pogingen === poging) {
      const dood = antwoord.uitslag === 'geweigerd' || isLaatste(poging)
      await store.settleUitzending(tx, scope, uitzending, dood ? { status: 'dood', op } : { status: 'wacht', op, nietVoor: new Date(op.getTime() + wachttijd((poging - 1) % MEESTE_POGINGEN + 1, Math.random())) })
    }
    ctx.log.info({ school, uitzending, poging, uitslag: antwoord.uitslag, ...'code' in antwoord ? { code: antwoord.code } : {} }, 'uitzending answered')
  })
}

/** Enough of an answer to act on; a number of nine digits in it is somebody's. */
function trimAntwoord (antwoord: Kanaalantwoord): store.Pogingantwoord {
  const trim = (text: string, most: number): string => text.replaceAll(/[0-9]{9,}/g, '*********').slice(0, most)
  if (antwoord.uitslag === 'aangenomen') return { uitslag: 'aangenomen', code: null, omschrijving: null }
  return { uitslag: antwoord.uitslag, code: antwoord.uitslag === 'geweigerd' ? trim(antwoord.code, 40) : null, omschrijving: trim(antwoord.omschrijving, 500) }
}

const GEVOLGEN = { melden: 'geregistreerd', muteren: 'mutatie-aangenomen', intrekken: 'ingetrokken' } as const

async function acceptMelding (ctx: Ctx, tx: Tx, scope: Schoolscope, { melding, operatie, meldingstatus, mutatieNu }: store.Uitzendingrij, { meldingsnummer, mutatieOp }: Extract<Kanaalantwoord, { uitslag: 'aangenomen' }>): Promise<void> {
  const status = operatie === 'intrekken' ? 'I' : operatie === 'melden' && meldingstatus === 'W' ? 'R' : meldingstatus
  // A status that was read back meanwhile may be later than this answer.
  const later = mutatieNu !== null && Date.parse(mutatieNu) > Date.parse(mutatieOp)
  await store.updateStand(tx, scope, melding, { status, meldingsnummer, laatsteMutatie: later ? mutatieNu : mutatieOp }, daad(ctx, GEVOLGEN[operatie]))
  if (status === 'I') await store.dropUitzendingen(tx, scope, melding, { alles: true, op: ctx.now() })
}

/**
 * Puts a dead uitzending back in line. What was not heard keeps its kenmerk, for DUO may have it; what was refused gets another, and DUO's last
 * mutation as it is known now.
 */
export async function resendUitzending (ctx: Ctx, id: string, melding?: string): Promise<Uitzendingsoverzicht> {
  return await onSchool(ctx, id.slice(0, 4), async (tx, scope) => {
    const rij = await store.lockUitzending(tx, scope, id.slice(5))
    if (rij === undefined || (melding !== undefined && melding !== `${scope.school}-${rij.melding}`)) throw new AppError('niet-gevonden', 'Deze uitzending is hier niet bekend.')
    if (rij.status !== 'dood') throw refusal([{ code: 'uitzending-niet-dood', pointer: '', detail: `De uitzending is ${rij.status}; alleen een dode wordt herhaald.` }])
    const geweigerd = await store.findLaatsteUitslag(tx, scope, rij.uitzending) === 'geweigerd'
    await store.requeueUitzending(tx, scope, rij.uitzending, { kenmerk: geweigerd ? randomUUID() : rij.kenmerk, bericht: rij.bericht, op: ctx.now(), opnieuw: geweigerd })
    await record(ctx, tx, scope, 'meldingen:schrijven', rij)
    const overzicht = (await store.listUitzendingen(tx, scope, rij.melding)).find((each) => each.id === id)
    assert(overzicht, 'what was just put in line is listed')
    return overzicht
  })
}

/** Schools of which DUO may yet say something, with the moment its channel gave last. */
export async function listPeilingen (ctx: Ctx): Promise<Array<{ school: string, sinds: string | null }>> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven')
  return await ctx.transaction(async (tx) => await store.listPeilingen(tx, scope))
}

/** Lays down what DUO says of meldingen of a school, oldest first; what is no news, or of a melding that was not made here, changes nothing. */
export async function applyStatussen (ctx: Ctx, school: string, { wijzigingen, tot }: { readonly wijzigingen: readonly Statuswijziging[], readonly tot: string }): Promise<void> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  await ctx.transaction(async (tx) => {
    await lockEvaluatie(tx, school)
    const bekend = new Map((await store.listGenummerd(tx, scope, wijzigingen.map(({ meldingsnummer }) => meldingsnummer))).map((melding) => [melding.meldingsnummer, melding]))
    const geraakt: Leerlingsleutel[] = []
    for (const wijziging of wijzigingen.toSorted((a, b) => Date.parse(a.mutatieOp) - Date.parse(b.mutatieOp))) {
      const melding = bekend.get(wijziging.meldingsnummer)
      const stand = melding === undefined ? undefined : followStatus(melding, wijziging)
      if (melding === undefined || stand === undefined) continue
      const { status, redenIntrekking } = stand
      await store.updateStand(tx, scope, melding.melding, { status, laatsteMutatie: wijziging.mutatieOp, ...redenIntrekking === null ? {} : { redenIntrekking } }, daad(ctx, status === 'I' ? 'ingetrokken' : 'status'))
      if (status === 'I') await store.dropUitzendingen(tx, scope, melding.melding, { alles: true, op: ctx.now() })
      if (status === 'I' && melding.signaal !== null) await settleSignaal(ctx, tx, scope, melding.signaal)
      bekend.set(wijziging.meldingsnummer, { ...melding, status, laatsteMutatie: wijziging.mutatieOp })
      geraakt.push({ bron: melding.bron, leerling: melding.leerling })
    }
    await store.upsertPeiling(tx, scope, tot, ctx.now())
    await record(ctx, tx, scope, 'meldingen:peilen', ...geraakt)
  })
}
