import { addBetrokkene, recordHandelingen, type Betrokkene } from './service.ts'
import type { Activiteit } from '../domain/verwerkingsactiviteit.ts'
import type { Leesctx } from '../graphql/loaders.ts'
import type { Tx } from '../db/transaction.ts'

/** Per school, per activiteit: the leerlingen of each bron. */
type Gelezen = Map<string, Map<Activiteit, Map<string, Set<string>>>>

const gelezen = new WeakMap<Leesctx, Gelezen>()

/**
 * Records what an operation reads, as recordVerwerking does, when it ends: one row per school and activiteit, however many fields read the
 * same leerlingen, and one statement per school. It is in the transaction of the reading, before its commit; without it nothing is told.
 */
export function recordAtEnd (ctx: Leesctx, activiteit: Activiteit, betrokkenen: Iterable<Betrokkene>): void {
  let perSchool = gelezen.get(ctx)
  if (perSchool === undefined) {
    gelezen.set(ctx, perSchool = new Map())
    ctx.beforeCommit(async (tx) => { await flush(ctx, tx) })
  }
  for (const betrokkene of betrokkenen) {
    const { school } = betrokkene
    let perActiviteit = perSchool.get(school)
    if (perActiviteit === undefined) perSchool.set(school, perActiviteit = new Map())
    let eigen = perActiviteit.get(activiteit)
    if (eigen === undefined) perActiviteit.set(activiteit, eigen = new Map())
    addBetrokkene(eigen, betrokkene)
  }
}

async function flush (ctx: Leesctx, tx: Tx): Promise<void> {
  for (const [school, perActiviteit] of gelezen.get(ctx)!) {
    await recordHandelingen(ctx, tx, school, [...perActiviteit].map(([activiteit, betrokkenen]) => ({ activiteit, betrokkenen })))
  }
}
