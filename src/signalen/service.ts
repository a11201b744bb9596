import { z } from 'zod'
import { retryBotsingen } from '../absenties/service.ts'
import { followAfmeldingen } from '../afmeldingen/service.ts'
import { followUitkomsten, type Volging } from '../domain/signaal.ts'
import { AppError } from '../errors.ts'
import { evaluatieTeller } from '../http/health.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { findStam } from '../leerlingen/stam.ts'
import { evaluateLeerlingen } from '../regels/service.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Signaal, Signalenvraag } from './contract.ts'

/** Marks per transaction, each of one statement that changed facts: a push of 1,000 records is one, and so is a PUT. */
const MARKERINGEN = 50
/** Leerlingen whose facts are in memory at once. */
const BATCH = 250

export interface Evaluatieverslag { readonly leerlingen: number, readonly nieuw: number, readonly gewijzigd: number, readonly vervallen: number }

/** Evaluates everything that was marked of one school when it began, and what follows from it; safe next to other workers and to pushes, which may mark more meanwhile. */
export async function evaluateSchool (ctx: Ctx, school: string, peildatum: Datum = ctx.vandaag()): Promise<Evaluatieverslag> {
  const scope = requireRecht(ctx.actor, 'signalen:beoordelen', school)
  const total = { leerlingen: 0, nieuw: 0, gewijzigd: 0, vervallen: 0 }
  for (;;) {
    const batch = await retryBotsingen(async () => await ctx.transaction(async (tx) => await evaluateMarkeringen(ctx, tx, scope, peildatum)))
    total.leerlingen += batch.leerlingen
    total.nieuw += batch.nieuw
    total.gewijzigd += batch.gewijzigd
    total.vervallen += batch.vervallen
    evaluatieTeller.inc(batch.leerlingen)
    if (batch.gereed) return total
  }
}

async function evaluateMarkeringen (ctx: Ctx, tx: Tx, scope: Schoolscope, peildatum: Datum): Promise<Evaluatieverslag & { readonly gereed: boolean }> {
  const { markeringen, leerlingen: gemarkeerd } = await store.takeMarkeringen(tx, scope, MARKERINGEN)
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
  const { volgingen } = await compare(ctx, tx, scope, leerlingen, peildatum)
  const nieuw = volgingen.flatMap(({ bron, leerling, volging }) => volging.nieuw.map((uitkomst) => ({ ...uitkomst, bron, leerling })))
  const gewijzigd = volgingen.flatMap(({ volging }) => volging.gewijzigd.map(({ signaal, uitkomst }) => ({ ...uitkomst, signaal: signaal.signaal })))
  const vervallen = volgingen.flatMap(({ volging }) => volging.vervallen.map(({ signaal }) => signaal))
  if (gewijzigd.length + vervallen.length > 0) await store.insertSignaalversies(tx, scope, [...gewijzigd.map(({ signaal }) => signaal), ...vervallen])
  if (vervallen.length > 0) await store.withdrawSignalen(tx, scope, vervallen, 'De absenties die nu vastliggen, dragen dit signaal niet meer.')
  if (gewijzigd.length > 0) await store.updateSignalen(tx, scope, gewijzigd)
  if (nieuw.length > 0) await store.insertSignalen(tx, scope, nieuw)
  await recordVerwerking(ctx, tx, 'signalen:evalueren', leerlingen.map(({ bron, leerling }) => ({ school: scope.school, bron, leerling })))
  return { nieuw: nieuw.length, gewijzigd: gewijzigd.length, vervallen: vervallen.length }
}

/** What the signalen of these leerlingen would become by the facts as this transaction sees them; writes nothing. */
export async function previewSignalen (ctx: Ctx, tx: Tx, scope: Schoolscope, leerlingen: readonly store.Leerlingsleutel[], peildatum: Datum = ctx.vandaag()): Promise<Array<{ bron: string, leerling: string, volging: Volging }>> {
  const volgingen: Array<{ bron: string, leerling: string, volging: Volging }> = []
  for (let at = 0; at < leerlingen.length; at += BATCH) volgingen.push(...(await compare(ctx, tx, scope, leerlingen.slice(at, at + BATCH), peildatum)).volgingen)
  return volgingen
}

/** What the stored signalen of these leerlingen must become by a full evaluation. */
async function compare (ctx: Ctx, tx: Tx, scope: Schoolscope, leerlingen: readonly store.Leerlingsleutel[], peildatum: Datum): Promise<{ volgingen: Array<{ bron: string, leerling: string, volging: Volging }> }> {
  const stam = await findStam(ctx, tx, scope.school)
  if (stam === undefined) return { volgingen: [] }
  const uitkomsten = await evaluateLeerlingen(tx, scope, stam, leerlingen, peildatum)
  const standen = Map.groupBy(await store.listStanden(tx, scope, uitkomsten.map(({ bron, leerling }) => ({ bron, leerling }))), ({ bron, leerling }) => `${bron}\n${leerling}`)
  return {
    volgingen: uitkomsten.map(({ bron, leerling, uitkomsten: eigen }) => ({ bron, leerling, volging: followUitkomsten(standen.get(`${bron}\n${leerling}`) ?? [], eigen) }))
  }
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
    const { volgingen } = await compare(ctx, tx, scope, leerlingen, peildatum)
    const verschillen = volgingen.filter(({ volging }) => volging.nieuw.length + volging.gewijzigd.length + volging.vervallen.length > 0)
    return { leerlingen: leerlingen.length, verschillen: verschillen.map(({ bron, leerling }) => ({ bron, leerling })) }
  })
}

/** Schools with something to evaluate; for the worker, whose actor covers every school. */
export async function listGemarkeerdeScholen (ctx: Ctx): Promise<string[]> {
  requireRecht(ctx.actor, 'signalen:beoordelen')
  return await ctx.transaction(async (tx) => await store.listGemarkeerdeScholen(tx))
}

const Positie = z.tuple([z.string(), z.iso.date(), z.uuid()])

export async function listSignalen (ctx: Ctx, vraag: Signalenvraag): Promise<{ signalen: Signaal[], volgende: string | null }> {
  const scope = vraag.school === undefined ? requireRecht(ctx.actor, 'signalen:lezen') : requireRecht(ctx.actor, 'signalen:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listSignalen(tx, scope, { ...vraag, na, limit: vraag.limit + 1 })
    const signalen = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'signalen:lezen', signalen.map(({ school, leerling }) => ({ school, bron: leerling.bron, leerling: leerling.bronId })))
    const last = signalen.at(-1)
    return { signalen, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.school, last.einddatum, last.id.slice(5)]) : null }
  })
}

export async function getSignaal (ctx: Ctx, id: string): Promise<Signaal> {
  const [school, signaal] = [id.slice(0, 4), id.slice(5)]
  const scope = requireRecht(ctx.actor, 'signalen:lezen', school)
  return await ctx.transaction(async (tx) => {
    const found = await store.findSignaal(tx, scope, signaal)
    if (found === undefined) throw new AppError('niet-gevonden', 'Dit signaal is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'signalen:lezen', [{ school, bron: found.leerling.bron, leerling: found.leerling.bronId }])
    return found
  })
}
