import { insertVerwerking } from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'

export interface Betrokkene { readonly school: string, readonly bron: string, readonly leerling: string }

/**
 * Records one processing of these leerlingen, per school one row, in the transaction that does it (Logboek Dataverwerkingen: every
 * reading and writing, no sampling). Nobody is named: betrokkenen are keyed pseudonyms. No betrokkenen, nothing to record.
 */
export async function recordVerwerking (ctx: Ctx, tx: Tx, activiteit: string, betrokkenen: Iterable<Betrokkene>): Promise<void> {
  const perSchool = new Map<string, Map<string, Betrokkene>>()
  for (const betrokkene of betrokkenen) {
    let known = perSchool.get(betrokkene.school)
    if (known === undefined) perSchool.set(betrokkene.school, known = new Map())
    known.set(`${betrokkene.bron}\n${betrokkene.leerling}`, betrokkene)
  }
  for (const [school, unique] of perSchool) {
    await insertVerwerking(tx, {
      school,
      activiteit,
      actor: ctx.actor.persoon ?? ctx.actor.bron,
      rol: ctx.actor.rol ?? null,
      traceId: ctx.traceId,
      betrokkenen: ctx.sleutels.pseudonyms(school, unique.values()),
      tijdstip: ctx.now().toISOString()
    })
  }
}
