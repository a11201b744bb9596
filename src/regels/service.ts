import { evaluateRegels, measureMarges, type Uitkomst } from '../domain/evaluate-regels.ts'
import { VENSTERREGELS, type Vensterregel } from '../domain/regel.ts'
import { AppError } from '../errors.ts'
import { findStam, type Stam } from '../leerlingen/stam.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { listFeiten } from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Marges } from './contract.ts'

export interface Leerlinguitkomst { readonly bron: string, readonly leerling: string, readonly uitkomsten: readonly Uitkomst[] }

/** What the rules find for these leerlingen of one school, from the facts as this transaction sees them. */
export async function evaluateLeerlingen (tx: Tx, scope: Schoolscope, stam: Stam, leerlingen: ReadonlyArray<{ bron: string, leerling: string }>, peildatum: Datum): Promise<Leerlinguitkomst[]> {
  const feiten = await listFeiten(tx, scope, leerlingen, 'ongeoorloofd')
  return feiten.map((eigen) => ({ bron: eigen.bron, leerling: eigen.leerling, uitkomsten: evaluateRegels(eigen, stam.vestigingen, stam.beleid, peildatum) }))
}

/** How far each rule is from firing for one leerling, and why it did not. */
export async function getMarges (ctx: Ctx, bron: string, bronId: string, school: string, peildatum: Datum = ctx.vandaag()): Promise<Marges> {
  const scope = requireRecht(ctx.actor, 'signalen:lezen', school)
  return await ctx.transaction(async (tx) => {
    const stam = await findStam(ctx, tx, school)
    const [feiten] = stam === undefined ? [] : await listFeiten(tx, scope, [{ bron, leerling: bronId }], 'alle')
    if (stam === undefined || feiten === undefined) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'signalen:lezen', [{ school, bron, leerling: bronId }])
    const marges = measureMarges(feiten, stam.vestigingen, stam.beleid, peildatum)
    return { school, leerling: { bron, bronId }, peildatum, marges: marges.map((marge) => ({ ...marge, onderbouwing: [...marge.onderbouwing], nietGeteld: [...marge.nietGeteld] })) }
  })
}

/** The rules with their parameters and sources. */
export function listRegels (ctx: Ctx): { regels: Vensterregel[] } {
  requireRecht(ctx.actor, 'signalen:lezen')
  return { regels: [...VENSTERREGELS] }
}
