import { refuseZonderMandaat, type Dienst } from '../domain/mandaat.ts'
import { AppError } from '../errors.ts'
import { findStam, lockStam, raiseStamversie, type Stam } from '../leerlingen/stam.ts'
import { isJob, requireRecht } from '../toegang/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Mandaat, Mandaatinvoer } from './contract.ts'

/** Gives a bron a mandaat. With the first of a dienst, the school closes that dienst to every bron without one. */
export async function createMandaat (ctx: Ctx, school: string, invoer: Mandaatinvoer): Promise<Mandaat> {
  const scope = requireRecht(ctx.actor, 'beleid:schrijven', school)
  return await ctx.transaction(async (tx) => {
    if (await lockStam(ctx, tx, school) === undefined) throw new AppError('stamgegevens-onbekend', `School ${school} heeft hier nog geen vestiging.`)
    const mandaat = await store.insertMandaat(tx, scope, invoer, ctx.actor.persoon ?? ctx.actor.bron, ctx.vandaag())
    await raiseStamversie(tx, school)
    return mandaat
  })
}

export async function listMandaten (ctx: Ctx, school: string): Promise<{ mandaten: Mandaat[] }> {
  const scope = requireRecht(ctx.actor, 'beleid:lezen', school)
  return { mandaten: await ctx.transaction(async (tx) => await store.listMandaten(tx, scope, ctx.vandaag())) }
}

/** Ends a mandaat at once. The dienst stays closed: a bron whose only mandaat was withdrawn must not be let in by that. */
export async function withdrawMandaat (ctx: Ctx, school: string, id: string): Promise<void> {
  const scope = requireRecht(ctx.actor, 'beleid:schrijven', school)
  await ctx.transaction(async (tx) => {
    await lockStam(ctx, tx, school)
    if (!id.startsWith(`${school}-`) || !await store.withdrawMandaat(tx, scope, id.slice(5), ctx.actor.persoon ?? ctx.actor.bron)) throw new AppError('niet-gevonden', 'Dit mandaat is hier niet bekend.')
    await raiseStamversie(tx, school)
  })
}

/** The fault of an actor whose bron has no mandaat for this dienst of the school today; undefined when it may act, as a job of ours always may. */
export function findMandaatfout (ctx: Ctx, stam: Stam | undefined, dienst: Dienst): ReturnType<typeof refuseZonderMandaat> {
  return stam === undefined || isJob(ctx.actor) ? undefined : refuseZonderMandaat(stam.mandaten, dienst, ctx.actor.bron, ctx.vandaag())
}

/** Throws mandaat-ontbreekt (403) where `findMandaatfout` finds one. */
export async function requireMandaat (ctx: Ctx, tx: Tx, school: string, dienst: Dienst): Promise<void> {
  const fout = findMandaatfout(ctx, await findStam(ctx, tx, school), dienst)
  if (fout !== undefined) throw new AppError('mandaat-ontbreekt', fout.detail, [fout])
}
