import { sql } from 'drizzle-orm'
import { readRows } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'

export interface NieuweVerwerking {
  readonly school: string
  readonly activiteit: string
  readonly actor: string
  readonly rol: string | null
  readonly traceId: string
  /** Pseudonyms of 16 bytes, one after the other. */
  readonly betrokkenen: Buffer
  readonly tijdstip: string
}

export async function insertVerwerking (tx: Tx, verwerking: NieuweVerwerking): Promise<void> {
  const { school, activiteit, actor, rol, traceId, betrokkenen, tijdstip } = verwerking
  await readRows(tx, sql`
    insert into verwerking (school, verwerking, activiteit, actor, rol, trace_id, betrokkenen, tijdstip)
    values (${school}, gen_random_uuid(), ${activiteit}, ${actor}, ${rol}, ${traceId}, ${betrokkenen}, ${tijdstip})`)
}
