import { decideSignaal } from '../signalen/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Besluit, NietGemeldReden } from '../domain/signaal.ts'
import type { Activiteit } from '../domain/verwerkingsactiviteit.ts'
import type { Schoolinzage, Schoolscope } from '../toegang/service.ts'
import type { Meldinggebeurtenis } from './contract.ts'

// What every act on a melding brings along: who did it, the decision on its signaal, the verwerking.

/** A melding is a decision on its signaal: who may make the one, makes the other with it, in this transaction and in the name of the same person. */
export async function decideAlsMelder (ctx: Ctx, tx: Tx, { school }: Schoolscope, signaal: string, besluit: Besluit, reden?: NietGemeldReden): Promise<void> {
  const melder: Ctx = { ...ctx, actor: { ...ctx.actor, rechten: new Set([...ctx.actor.rechten, 'signalen:beoordelen']) }, transaction: async (work) => await work(tx) }
  await decideSignaal(melder, `${school}-${signaal}`, { besluit, ...reden === undefined ? {} : { reden } }, undefined)
}

/** No melding rests on the signaal any more: decided as such, so that its voorstel is settled too. */
export async function settleSignaal (ctx: Ctx, tx: Tx, scope: Schoolscope, id: string): Promise<void> {
  const signaal = await store.findSignaal(tx, scope, id)
  if (signaal === undefined) return
  // What was gemeld is first opened again; a vervallen one with a voorstel is decided as it is, and without one has nothing to settle.
  if (signaal.status === 'gemeld') await decideAlsMelder(ctx, tx, scope, id, 'open')
  if (signaal.status === 'gemeld' || signaal.voorstel === 'melding-intrekken') await decideAlsMelder(ctx, tx, scope, id, 'niet-gemeld', 'melding-ingetrokken')
}

export function daad ({ actor: { persoon, bron, rol }, now }: Ctx, gebeurtenis: Meldinggebeurtenis['gebeurtenis']): store.Daad {
  return { gebeurtenis, actor: persoon ?? bron, rol: rol ?? null, op: now() }
}

export interface Leerlingsleutel { readonly bron: string, readonly leerling: string }

export async function record (ctx: Ctx, tx: Tx, { school }: Schoolinzage, activiteit: Activiteit, ...leerlingen: readonly Leerlingsleutel[]): Promise<void> {
  await recordVerwerking(ctx, tx, activiteit, leerlingen.map((sleutel) => ({ school, ...sleutel })))
}
