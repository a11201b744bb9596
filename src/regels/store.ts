import { sql } from 'drizzle-orm'
import { readRows } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'
import type { Feiten } from '../domain/evaluate-regels.ts'
import type { Schoolscope } from '../toegang/service.ts'

export interface Leerlingfeiten extends Feiten { [column: string]: unknown, readonly bron: string, readonly leerling: string }

/** Everything the rules know of these leerlingen, in one statement; `ongeoorloofd` leaves out what no statutory rule can count. */
export async function listFeiten (tx: Tx, scope: Schoolscope, leerlingen: ReadonlyArray<{ bron: string, leerling: string }>, welke: 'alle' | 'ongeoorloofd'): Promise<Leerlingfeiten[]> {
  const rows = await readRows<Leerlingfeiten>(tx, sql`
    select l.bron, l.leerling, l.geboortedatum,
           coalesce((select json_agg(json_build_object('bron', a.bron, 'bronId', a.bron_id, 'vestiging', a.vestiging, 'datum', a.datum, 'soort', a.soort,
                                                       'reden', a.reden, 'categorie', a.categorie, 'minuten', a.minuten) order by a.datum, a.bron_id)
                       from absentie a
                      where a.school = l.school and a.bron = l.bron and a.leerling = l.leerling and not a.ingetrokken
                        ${welke === 'alle' ? sql`` : sql`and a.categorie = 'ongeoorloofd'`}), '[]') as absenties,
           coalesce((select json_agg(json_build_object('vestiging', i.vestiging, 'van', i.van, 'tot', i.tot, 'rooster', i.rooster) order by i.van, i.vestiging)
                       from inschrijving i
                      where i.school = l.school and i.bron = l.bron and i.leerling = l.leerling), '[]') as inschrijvingen,
           coalesce((select json_agg(json_build_object('van', v.van, 'tot', v.tot))
                       from vrijstelling v
                      where v.school = l.school and v.bron = l.bron and v.leerling = l.leerling), '[]') as vrijstellingen
      from unnest(${sql.param(leerlingen.map(({ bron }) => bron))}::text[], ${sql.param(leerlingen.map(({ leerling }) => leerling))}::text[]) as k(bron, leerling)
      join leerling l on l.school = ${scope.school} and l.bron = k.bron and l.leerling = k.leerling`)
  return rows
}
