import { sql } from '../db/drizzle.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Schoolscope } from '../toegang/service.ts'

/** Who was ingeschreven at the school on any day of these, in order of key. */
export async function listIngeschrevenen (tx: Tx, scope: Schoolscope, van: Datum, tot: Datum): Promise<Array<{ bron: string, leerling: string }>> {
  const { rows } = await tx.execute<{ bron: string, leerling: string }>(sql`
    select distinct bron, leerling
      from inschrijving
     where school = ${scope.school} and van <= ${tot}::date and (tot is null or tot >= ${van}::date)
     order by bron, leerling`)
  return rows
}
