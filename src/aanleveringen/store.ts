import { sql } from 'drizzle-orm'
import { readRows } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'

export interface NieuweAanlevering {
  readonly school: string
  readonly aanlevering: string
  readonly deel: number
  readonly bron: string
  readonly actor: string
  readonly soort: string
  readonly aantallen: unknown
  readonly afgewezen: unknown
  readonly bijzonderheden: unknown
  readonly duurMs: number
}

export async function insertAanlevering (tx: Tx, nieuw: NieuweAanlevering): Promise<void> {
  await readRows(tx, sql`
    insert into aanlevering (school, aanlevering, deel, bron, actor, soort, aantallen, afgewezen, bijzonderheden, duur_ms, ontvangen_op)
    values (${nieuw.school}, ${nieuw.aanlevering}, ${nieuw.deel}, ${nieuw.bron}, ${nieuw.actor}, ${nieuw.soort}, ${JSON.stringify(nieuw.aantallen)}::jsonb,
            ${JSON.stringify(nieuw.afgewezen)}::jsonb, ${JSON.stringify(nieuw.bijzonderheden)}::jsonb, ${nieuw.duurMs}, statement_timestamp())`)
}
