import { sql } from '../db/drizzle.ts'
import type { Tx } from '../db/transaction.ts'
import type { Categorie } from '../domain/absentie.ts'
import type { Datum } from '../domain/datum.ts'
import type { Schoolscope } from '../toegang/service.ts'

export interface Coderij {
  [column: string]: unknown
  readonly bron: string
  readonly code: string | null
  readonly categorie: Categorie
  readonly registraties: number
  readonly minuten: number
  readonly onbekend: number
  readonly eersteDatum: Datum
  readonly laatsteDatum: Datum
  readonly leerlingen: readonly string[]
}

/** How often each code came, and of whom, apart for each stretch between `wissels` (rising; the first is the first day asked for), up to and including `tot`. */
export async function countCodes (tx: Tx, scope: Schoolscope, wissels: readonly Datum[], tot: Datum): Promise<Coderij[]> {
  const { rows } = await tx.execute<Coderij>(sql`
    select bron, reden as code, categorie, count(*) as registraties, coalesce(sum(minuten), 0) as minuten, count(*) - count(minuten) as onbekend,
           min(datum) as "eersteDatum", max(datum) as "laatsteDatum",
           array_agg(distinct leerling) as leerlingen
      from absentie
     where school = ${scope.school} and datum between ${wissels[0]} and ${tot} and not ingetrokken and overtroefd_door is null
     group by bron, reden, categorie, width_bucket(datum, ${sql.param(wissels)}::date[])
     order by bron, reden, categorie, min(datum)`)
  return rows
}
