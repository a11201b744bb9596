import { z } from 'zod'
import { retryBotsingen } from '../absenties/service.ts'
import { followAfmeldingen } from '../afmeldingen/service.ts'
import { listDossiersluitingen } from '../bewaring/vernietigd.ts'
import { beleidOp } from '../domain/beleid.ts'
import { holdBeperkt } from '../domain/beperking.ts'
import { describeAard } from '../domain/bijzonder.ts'
import { addDagen, type Datum } from '../domain/datum.ts'
import { explainHerleiding, recomputeHerleiding } from '../domain/herleiding.ts'
import { countDagenTeLaat, decide, explainVervallen, followUitkomsten, remarkBesluit, RUST_WEKEN, standBij, type Signaalstand, type Volging } from '../domain/signaal.ts'
import { AppError } from '../errors.ts'
import { evaluatieTeller, teLaatMeter } from '../http/health.ts'
import { decodeCursor, encodeCursor, requireMatch } from '../http/rest.ts'
import { findStam, isEvaluatieVrij, lockEvaluatie } from '../leerlingen/stam.ts'
import { evaluateLeerlingen, hashHerleiding, type Leerlinguitkomst } from '../regels/service.ts'
import { requireInzage, requireRecht, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { listVerborgen } from '../toegang/weergave.ts'
import { recordVerwerking, type Betrokkene } from '../verwerkingen/service.ts'
import { completeSignaal, type Signaalgegevens } from './signaalrij.ts'
import * as store from './store.ts'
import type { Omvang } from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Uitkomst } from '../domain/evaluate-regels.ts'
import type { Beoordeeldsignaal, Beoordeling, Rustinvoer, Signaal, Signaalgeschiedenis, Signaalherleiding, Signalenregel, Signalenvraag } from './contract.ts'

/** Marks per transaction, each of one statement that changed facts: a push of 1,000 records is one, and so is a PUT. */
const MARKERINGEN = 50
/** Leerlingen whose facts are in memory at once. */
const BATCH = 250

export interface Evaluatieverslag { readonly leerlingen: number, readonly nieuw: number, readonly gewijzigd: number, readonly vervallen: number }

export interface Evaluatieopties {
  /** Default today. */
  readonly peildatum?: Datum
  /** Only what marks of this size ask; default everything. */
  readonly omvang?: Omvang
}

/** Evaluates everything that was marked of one school when it began, and what follows from it; safe next to other workers and to pushes, which may mark more meanwhile. */
export async function evaluateSchool (ctx: Ctx, school: string, { peildatum = ctx.vandaag(), omvang }: Evaluatieopties = {}): Promise<Evaluatieverslag> {
  const scope = requireRecht(ctx.actor, 'signalen:beoordelen', school)
  const total = { leerlingen: 0, nieuw: 0, gewijzigd: 0, vervallen: 0 }
  for (;;) {
    const batch = await retryBotsingen(async () => await ctx.transaction(async (tx) => await evaluateMarkeringen(ctx, tx, scope, peildatum, omvang)))
    total.leerlingen += batch.leerlingen
    total.nieuw += batch.nieuw
    total.gewijzigd += batch.gewijzigd
    total.vervallen += batch.vervallen
    evaluatieTeller.inc(batch.leerlingen)
    if (batch.gereed) return total
  }
}

async function evaluateMarkeringen (ctx: Ctx, tx: Tx, scope: Schoolscope, peildatum: Datum, omvang: Omvang | undefined): Promise<Evaluatieverslag & { readonly gereed: boolean }> {
  const { markeringen, leerlingen: gemarkeerd } = await store.takeMarkeringen(tx, scope, MARKERINGEN, omvang)
  // With the marks in hand: a mark that comes later stands for facts of which the days are still to follow.
  const dagen = await followAfmeldingen(ctx, tx, scope.school, gemarkeerd)
  const leerlingen = gemarkeerd.filter(({ telt }) => telt)
  // Days that followed are marked anew: among them may be leerlingen whom nothing else asked to evaluate.
  const total = { gereed: markeringen < MARKERINGEN && dagen === 0, leerlingen: leerlingen.length, nieuw: 0, gewijzigd: 0, vervallen: 0 }
  for (let at = 0; at < leerlingen.length; at += BATCH) {
    const { nieuw, gewijzigd, vervallen } = await followFeiten(ctx, tx, scope, leerlingen.slice(at, at + BATCH), peildatum)
    total.nieuw += nieuw
    total.gewijzigd += gewijzigd
    total.vervallen += vervallen
  }
  return total
}

async function followFeiten (ctx: Ctx, tx: Tx, scope: Schoolscope, leerlingen: readonly store.Leerlingsleutel[], peildatum: Datum): Promise<Omit<Evaluatieverslag, 'leerlingen'>> {
  const volgingen = await compare(ctx, tx, scope, leerlingen, peildatum)
  const nieuw = volgingen.flatMap(({ bron, leerling, herleid, volging }) => volging.nieuw.map((uitkomst) => ({ ...explainUitkomst(herleid, uitkomst), bron, leerling })))
  const gewijzigd = volgingen.flatMap(({ herleid, volging }) => volging.gewijzigd.map(({ signaal: { signaal }, uitkomst, stand }) => ({ ...explainUitkomst(herleid, uitkomst), ...stand, signaal })))
  const vervallen = volgingen.flatMap(({ volging }) => volging.vervallen)
  if (gewijzigd.length + vervallen.length > 0) await store.insertSignaalversies(tx, scope, [...gewijzigd, ...vervallen].map(({ signaal }) => signaal))
  if (vervallen.length > 0) await store.withdrawSignalen(tx, scope, await nameRedenen(ctx, tx, scope, vervallen))
  if (gewijzigd.length > 0) await store.updateSignalen(tx, scope, gewijzigd)
  if (nieuw.length > 0) await store.insertSignalen(tx, scope, nieuw)
  await recordVerwerking(ctx, tx, 'signalen:evalueren', leerlingen.map(({ bron, leerling }) => ({ school: scope.school, bron, leerling })))
  return { nieuw: nieuw.length, gewijzigd: gewijzigd.length, vervallen: vervallen.length }
}

function explainUitkomst (herleid: Leerlinguitkomst['herleid'], uitkomst: Uitkomst): store.Herleideuitkomst {
  const herleiding = herleid(uitkomst)
  return { ...uitkomst, herleiding, herleidingHash: hashHerleiding(herleiding) }
}

/** Why these signalen are vervallen: from what they were computed from, against the facts, the kalender and the beleid of now. */
async function nameRedenen (ctx: Ctx, tx: Tx, scope: Schoolscope, vervallen: readonly Signaalstand[]): Promise<store.Vervallensignaal[]> {
  const stam = await findStam(ctx, tx, scope.school)
  const veranderingen = new Map((await store.compareFeiten(tx, scope, vervallen.map(({ signaal }) => signaal))).map((each) => [each.signaal, each]))
  return vervallen.map(({ signaal, einddatum, beleidsversie, besluit }) => {
    const eigen = veranderingen.get(signaal)
    const beleid = beleidOp(stam?.beleid ?? [], einddatum).versie !== beleidsversie
    const kalender = eigen?.dagen.some(({ vestiging, datum }) => stam?.vestigingen.get(vestiging)?.kalender.isLesdag(datum) === false) ?? false
    return { signaal, voorstel: standBij(besluit, null).voorstel, reden: explainVervallen({ ...GEEN_VERANDERING, ...eigen, beleid, kalender }) }
  })
}

const GEEN_VERANDERING = { ingetrokken: 0, gewijzigd: 0, overtroefd: 0, andersIngedeeld: 0, inschrijving: false, vrijstelling: false, uitzondering: false }

interface Leerlingvolging extends Pick<Leerlinguitkomst, 'bron' | 'leerling' | 'herleid'> { readonly volging: Volging }

/** What the signalen of these leerlingen would become by the facts as this transaction sees them; writes nothing. */
export async function previewSignalen (ctx: Ctx, tx: Tx, scope: Schoolscope, leerlingen: readonly store.Leerlingsleutel[], peildatum: Datum = ctx.vandaag()): Promise<Leerlingvolging[]> {
  const volgingen: Leerlingvolging[] = []
  for (let at = 0; at < leerlingen.length; at += BATCH) volgingen.push(...await compare(ctx, tx, scope, leerlingen.slice(at, at + BATCH), peildatum))
  return volgingen
}

/** What the stored signalen of these leerlingen must become by a full evaluation. */
async function compare (ctx: Ctx, tx: Tx, scope: Schoolscope, leerlingen: readonly store.Leerlingsleutel[], peildatum: Datum): Promise<Leerlingvolging[]> {
  const stam = await findStam(ctx, tx, scope.school)
  if (stam === undefined) return []
  const uitkomsten = await evaluateLeerlingen(tx, scope, stam, leerlingen, peildatum)
  const [standen, sluitingen] = await Promise.all([store.listStanden(tx, scope, uitkomsten.map(({ bron, leerling }) => ({ bron, leerling }))), listDossiersluitingen(tx, scope, uitkomsten)])
  const perLeerling = Map.groupBy(standen, ({ bron, leerling }) => `${bron} ${leerling}`)
  return uitkomsten.map(({ bron, leerling, beperkingen, herleid, uitkomsten: eigen }) => {
    const sleutel = `${bron} ${leerling}`
    const isOpen = ({ einddatum }: { readonly einddatum: Datum }): boolean => einddatum > (sluitingen.get(sleutel) ?? '')
    return { bron, leerling, herleid, volging: holdBeperkt(followUitkomsten((perLeerling.get(sleutel) ?? []).filter(isOpen), eigen.filter(isOpen)), beperkingen) }
  })
}

/** Marks leerlingen with an absentie on these days, both inclusive: pushed ahead, and now their day has come. */
export async function markDagen (ctx: Ctx, school: string, van: Datum, tot: Datum): Promise<void> {
  const scope = requireRecht(ctx.actor, 'signalen:beoordelen', school)
  await ctx.transaction(async (tx) => { await store.markDagen(tx, scope, van, tot) })
}

export interface Steekproef { readonly leerlingen: number, readonly verschillen: ReadonlyArray<{ bron: string, leerling: string }> }

/** Compares the stored signalen of a seeded sample with a full evaluation; a difference is a fault of ours. Run it when nothing is marked. */
export async function verifySample (ctx: Ctx, school: string, aantal: number, seed: string, peildatum: Datum = ctx.vandaag()): Promise<Steekproef> {
  const scope = requireRecht(ctx.actor, 'signalen:beoordelen', school)
  return await ctx.transaction(async (tx) => {
    const leerlingen = await store.sampleLeerlingen(tx, scope, aantal, seed)
    const volgingen = await compare(ctx, tx, scope, leerlingen, peildatum)
    await recordVerwerking(ctx, tx, 'signalen:evalueren', [...leerlingen, ...volgingen].map(({ bron, leerling }) => ({ school, bron, leerling })))
    const verschillen = volgingen.filter(({ volging }) => volging.nieuw.length + volging.gewijzigd.length + volging.vervallen.length > 0)
    return { leerlingen: leerlingen.length, verschillen: verschillen.map(({ bron, leerling }) => ({ bron, leerling })) }
  })
}

/** Schools with something to evaluate, in marks of this size, or any; for the worker, whose actor covers every school. */
export async function listGemarkeerdeScholen (ctx: Ctx, omvang?: Omvang): Promise<string[]> {
  requireRecht(ctx.actor, 'signalen:beoordelen')
  return await ctx.transaction(async (tx) => await store.listGemarkeerdeScholen(tx, omvang))
}

/** Whether who evaluates this school now would not wait for another who does. */
export async function isVrij (ctx: Ctx, school: string): Promise<boolean> {
  requireRecht(ctx.actor, 'signalen:beoordelen', school)
  return await ctx.transaction(async (tx) => await isEvaluatieVrij(tx, school))
}

const Positie = z.tuple([z.string(), z.iso.date(), z.uuid()])
const Werkpositie = z.tuple([z.iso.date().nullable(), z.string(), z.uuid()])

/** A page of signalen on school, einddatum and key; of a werklijst on term and key. */
export async function listSignalen (ctx: Ctx, vraag: Signalenvraag): Promise<{ signalen: Signalenregel[], volgende: string | null }> {
  const scope = vraag.school === undefined ? requireInzage(ctx.actor, 'signalen:lezen') : requireInzage(ctx.actor, 'signalen:lezen', vraag.school)
  const vandaag = ctx.vandaag()
  const { werklijst, cursor, limit, ...filter } = vraag
  return await ctx.transaction(async (tx) => {
    const found = werklijst === undefined
      ? await store.listSignalen(tx, scope, vandaag, { ...filter, na: cursor === undefined ? undefined : decodeCursor(cursor, Positie), limit: limit + 1 })
      : await store.listWerk(tx, scope, vandaag, { ...filter, werklijst, na: cursor === undefined ? undefined : decodeCursor(cursor, Werkpositie), limit: limit + 1 })
    const page = found.slice(0, limit)
    await recordVerwerking(ctx, tx, 'signalen:lezen', page.map(({ school, leerling }) => ({ school, bron: leerling.bron, leerling: leerling.bronId })))
    const last = page.at(-1)
    const signalen = page.map((gegevens) => werklijst === undefined ? completeSignaal(gegevens) : { ...completeSignaal(gegevens), dagenTeLaat: gegevens.uiterlijkAfhandelen === null ? null : countDagenTeLaat(gegevens.uiterlijkAfhandelen, vandaag) })
    return { signalen, volgende: found.length > limit && last !== undefined ? encodeCursor(positionOf(last, werklijst !== undefined)) : null }
  })
}

function positionOf ({ id, school, einddatum, uiterlijkAfhandelen }: Signaalgegevens, inWerklijst: boolean): Array<string | null> {
  return inWerklijst ? [uiterlijkAfhandelen, school, id.slice(5)] : [school, einddatum, id.slice(5)]
}

/** One signaal within a right, and whom it is of. */
interface Toegang<S> { readonly scope: S, readonly signaal: string, readonly gevonden: Signaalgegevens, readonly van: store.Rustsleutel, readonly betrokkenen: readonly Betrokkene[] }

async function getToegang<S extends Schoolinzage> (ctx: Ctx, tx: Tx, scope: S, id: string): Promise<Toegang<S>> {
  const signaal = id.slice(5)
  const gevonden = await store.findSignaal(tx, scope, ctx.vandaag(), signaal)
  if (gevonden === undefined) throw new AppError('niet-gevonden', 'Dit signaal is hier niet bekend.')
  const { school, leerling: { bron, bronId }, regel } = gevonden
  return { scope, signaal, gevonden, van: { bron, leerling: bronId, regel }, betrokkenen: [{ school, bron, leerling: bronId }] }
}

export async function getSignaal (ctx: Ctx, id: string): Promise<Signaal> {
  return await readSignaal(ctx, id, requireInzage(ctx.actor, 'signalen:lezen', id.slice(0, 4)), async (_tx, { gevonden }) => completeSignaal(gevonden))
}

/** Reads something of one signaal, and records it. */
async function readSignaal<S extends Schoolinzage, T> (ctx: Ctx, id: string, scope: S, read: (tx: Tx, toegang: Toegang<S>) => Promise<T>): Promise<T> {
  return await ctx.transaction(async (tx) => {
    const toegang = await getToegang(ctx, tx, scope, id)
    await recordVerwerking(ctx, tx, 'signalen:lezen', toegang.betrokkenen)
    return await read(tx, toegang)
  })
}

/** What people do with one signaal: after every evaluation of the school that had begun, so that neither overwrites the other. */
async function actOnSignaal<T> (ctx: Ctx, id: string, act: (tx: Tx, toegang: Toegang<Schoolscope>) => Promise<T>): Promise<T> {
  const scope = requireRecht(ctx.actor, 'signalen:beoordelen', id.slice(0, 4))
  return await ctx.transaction(async (tx) => {
    await lockEvaluatie(tx, scope.school)
    const toegang = await getToegang(ctx, tx, scope, id)
    const done = await act(tx, toegang)
    await recordVerwerking(ctx, tx, 'signalen:beoordelen', toegang.betrokkenen)
    return done
  })
}

/**
 * Decides on a signaal as the caller knows it (If-Match); `gemeld` lays down that a melding was made, and makes none. A notitie says as little of
 * what ails a leerling as a reden may.
 */
export async function decideSignaal (ctx: Ctx, id: string, { besluit, reden, notitie }: Beoordeling, ifMatch: string | undefined): Promise<Beoordeeldsignaal> {
  const aard = notitie === undefined ? undefined : describeAard(notitie)
  if (aard !== undefined) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'aard-van-ziekte', pointer: '/notitie', detail: `Deze notitie ${aard}.` }])
  return await actOnSignaal(ctx, id, async (tx, { scope, signaal, gevonden }) => {
    requireMatch(ifMatch, completeSignaal(gevonden), 'Het signaal is intussen veranderd; haal het opnieuw op.')
    const stand = decide(gevonden, besluit)
    if (!stand.mogelijk) throw new AppError('besluit-niet-toegestaan', stand.reden)

    await store.recordBesluit(tx, scope, signaal, { besluit, reden: reden ?? null, notitie: notitie ?? null, ...whoActs(ctx) }, stand)
    const { gevonden: beoordeeld } = await getToegang(ctx, tx, scope, id)
    return { ...completeSignaal(beoordeeld), kanttekening: remarkBesluit(gevonden, besluit, reden ?? null) }
  })
}

function whoActs ({ actor: { persoon, bron, rol } }: Ctx): { actor: string, rol: string | null } {
  return { actor: persoon ?? bron, rol: rol ?? null }
}

/** Lets the regel of this signaal ask no work for its leerling until a day; what it finds meanwhile is raised and shown. */
export async function beginRust (ctx: Ctx, id: string, { tot, reden }: Rustinvoer): Promise<Signaal> {
  const van = ctx.vandaag()
  return await actOnSignaal(ctx, id, async (tx, { scope, gevonden, van: sleutel }) => {
    if (gevonden.aard === 'wettelijk') throw new AppError('rust-niet-toegestaan', 'Een wettelijk signaal kent geen rust: de termijn van de wet loopt door.')
    const laatste = addDagen(van, RUST_WEKEN * 7)
    if (tot < van || tot > laatste) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: tot < van ? 'te-klein' : 'te-groot', pointer: '/tot', detail: `Ligt niet tussen vandaag en ${laatste}: een rust duurt ten hoogste ${RUST_WEKEN} weken.` }])
    await store.insertRust(tx, scope, sleutel, { van, tot, reden, ...whoActs(ctx) })
    return completeSignaal((await getToegang(ctx, tx, scope, id)).gevonden)
  })
}

export async function endRust (ctx: Ctx, id: string): Promise<void> {
  await actOnSignaal(ctx, id, async (tx, { scope, van }) => {
    if (!await store.endRust(tx, scope, van, ctx.vandaag(), whoActs(ctx).actor)) throw new AppError('niet-gevonden', 'Deze regel heeft bij deze leerling nu geen rust.')
  })
}

// The document has them in it, and is one whole with its hash: it is shown whole or not.
const IN_HERLEIDING = ['geboortedatum', 'reden', 'bijzonder', 'plaats'] as const

/** What the signaal was computed from, computed again: a difference is reported, not hidden. */
export async function getSignaalherleiding (ctx: Ctx, id: string): Promise<Signaalherleiding> {
  return await readSignaal(ctx, id, requireInzage(ctx.actor, 'signalen:lezen', id.slice(0, 4)), async (tx, { scope, signaal, gevonden, betrokkenen: [betrokkene] }) => {
    const bewaard = await store.findHerleiding(tx, scope, signaal)
    if (bewaard === undefined) throw new AppError('niet-gevonden', 'Van dit signaal is nog geen herleiding bewaard; zij komt bij de volgende evaluatie van de leerling.')
    const { herleiding, hash } = bewaard
    const verborgen = listVerborgen(ctx.actor, betrokkene!)
    const verschillen = [
      ...compareVelden({ hash }, { hash: hashHerleiding(herleiding) }, ['hash']),
      ...compareVelden({ ...gevonden }, { ...recomputeHerleiding(herleiding) }, ['begindatum', 'einddatum', 'gemeten', 'drempel', 'minuten', 'uiterlijkAfhandelen'])
    ]
    return { id, hash, nagerekend: { gelijk: verschillen.length === 0, verschillen }, toelichting: explainHerleiding(herleiding), herleiding: IN_HERLEIDING.some((groep) => verborgen.has(groep)) ? null : { ...herleiding } }
  })
}

function compareVelden (bewaard: Readonly<Record<string, unknown>>, nagerekend: Readonly<Record<string, unknown>>, velden: readonly string[]): Signaalherleiding['nagerekend']['verschillen'] {
  const show = (waarde: unknown): string | null => waarde === undefined || waarde === null ? null : String(waarde)
  return velden.map((veld) => ({ veld, bewaard: show(bewaard[veld]), nagerekend: show(nagerekend[veld]) })).filter((each) => each.bewaard !== each.nagerekend)
}

/** How the signaal came to be what it is; what people noted is for those who may decide. */
export async function getSignaalgeschiedenis (ctx: Ctx, id: string): Promise<Signaalgeschiedenis> {
  const magNotities = ctx.actor.rechten.has('signalen:beoordelen')
  return await readSignaal(ctx, id, requireRecht(ctx.actor, 'signalen:lezen', id.slice(0, 4)), async (tx, { scope, signaal, van }) => {
    const gebeurtenissen = await store.listGebeurtenissen(tx, scope, signaal, van)
    return { id, gebeurtenissen: gebeurtenissen.map((each) => each.soort === 'beoordeling' && !magNotities ? { ...each, notitie: null } : each) }
  })
}

/** For the night: how many signalen of each regel are past their term, in the metrics. */
export async function measureTeLaat (ctx: Ctx): Promise<void> {
  const scope = requireRecht(ctx.actor, 'signalen:lezen')
  const geteld = await ctx.transaction(async (tx) => await store.countTeLaat(tx, scope, ctx.vandaag()))
  teLaatMeter.reset()
  for (const { regel, aantal } of geteld) teLaatMeter.set({ regel }, aantal)
}
