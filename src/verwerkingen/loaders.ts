import { sql } from 'drizzle-orm'
import { readRows } from '../db/statement.ts'
import type { Leesctx } from '../graphql/loaders.ts'
import type { Tx } from '../db/transaction.ts'
import type { Betrokkene } from './service.ts'

/** Per school, per activiteit, per key of a leerling. */
type Gelezen = Map<string, Map<string, Map<string, Betrokkene>>>

const gelezen = new WeakMap<Leesctx, Gelezen>()

/**
 * Records what an operation reads, as recordVerwerking does, when it ends: one row per school and activiteit, however many fields read the
 * same leerlingen, and one statement per school. It is in the transaction of the reading, before its commit; without it nothing is told.
 */
export function recordAtEnd (ctx: Leesctx, activiteit: string, betrokkenen: Iterable<Betrokkene>): void {
  let perSchool = gelezen.get(ctx)
  if (perSchool === undefined) {
    gelezen.set(ctx, perSchool = new Map())
    ctx.beforeCommit(async (tx) => { await flush(ctx, tx) })
  }
  for (const betrokkene of betrokkenen) {
    const { school, bron, leerling } = betrokkene
    let perActiviteit = perSchool.get(school)
    if (perActiviteit === undefined) perSchool.set(school, perActiviteit = new Map())
    let unique = perActiviteit.get(activiteit)
    if (unique === undefined) perActiviteit.set(activiteit, unique = new Map())
    unique.set(`${bron}\n${leerling}`, betrokkene)
  }
}

async function flush (ctx: Leesctx, tx: Tx): Promise<void> {
  for (const [school, perActiviteit] of gelezen.get(ctx)!) {
    const betrokkenen = [...perActiviteit.values()].map((unique) => ctx.sleutels.pseudonyms(school, unique.values()))
    await insertVerwerkingen(ctx, tx, school, [...perActiviteit.keys()], betrokkenen)
  }
}

async function insertVerwerkingen (ctx: Leesctx, tx: Tx, school: string, activiteiten: readonly string[], betrokkenen: readonly Buffer[]): Promise<void> {
  await readRows(tx, sql`
    insert into verwerking (school, verwerking, activiteit, actor, rol, trace_id, betrokkenen, tijdstip)
    select ${school}, gen_random_uuid(), r.activiteit, ${ctx.actor.persoon ?? ctx.actor.bron}, ${ctx.actor.rol ?? null}, ${ctx.traceId}, r.betrokkenen, ${ctx.now().toISOString()}::timestamptz
      from unnest(${sql.param(activiteiten)}::text[], ${sql.param(betrokkenen)}::bytea[]) as r (activiteit, betrokkenen)`)
}
