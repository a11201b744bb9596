import { randomUUID } from 'node:crypto'
import { sql } from '../db/drizzle.ts'
import { iso, readRows } from '../db/statement.ts'
import type { Schoolinzage, Schoolscope } from '../toegang/service.ts'
import type { Tx } from '../db/transaction.ts'
import type { Verklaringsvorm } from '../domain/bronafspraak.ts'
import type { Datum } from '../domain/datum.ts'

/** One lesdag of one vestiging. */
export interface Vestigingsdag { readonly vestiging: string, readonly datum: Datum }

/** Which days the bron has declared, at these vestigingen from van to tot. */
export async function listVerklaard (tx: Tx, scope: Schoolscope, vestigingen: readonly string[], van: Datum, tot: Datum): Promise<Vestigingsdag[]> {
  const { rows } = await tx.execute<Vestigingsdag & Record<string, unknown>>(sql`
    select vestiging, datum
      from aanwezigheidsverklaring
     where school = ${scope.school} and bron = ${scope.bron} and vestiging = any(${sql.param(vestigingen)}::text[]) and datum between ${van} and ${tot}
       and ingetrokken_op = 'infinity'`)
  return rows
}

/** Writes what the bron declares and ends what it withdraws, and marks their weeks. Withdrawn ones stay, for figures as of a moment. */
export async function writeVerklaringen (tx: Tx, scope: Schoolscope, dagen: { readonly verklaard: readonly Vestigingsdag[], readonly ingetrokken: readonly Vestigingsdag[] }): Promise<void> {
  const { school, bron } = scope
  await tx.execute(sql`
    with verklaard as (
      insert into aanwezigheidsverklaring (school, vestiging, datum, bron, verklaard_op)
      select ${school}, r.vestiging, r.datum, ${bron}, statement_timestamp()
        from json_to_recordset(${JSON.stringify(dagen.verklaard)}::json) as r(vestiging text, datum date)
      returning vestiging, datum
    ), ingetrokken as (
      update aanwezigheidsverklaring v
         set ingetrokken_op = statement_timestamp()
        from json_to_recordset(${JSON.stringify(dagen.ingetrokken)}::json) as r(vestiging text, datum date)
       where v.school = ${school} and v.bron = ${bron} and v.vestiging = r.vestiging and v.datum = r.datum and v.ingetrokken_op = 'infinity'
      returning v.vestiging, v.datum
    )
    insert into aggregaat_markering (school, vestiging, maandag, markering)
    select distinct ${school}, vestiging, date_trunc('week', datum)::date, ${randomUUID()}::uuid
      from (select * from verklaard union all select * from ingetrokken) geraakt`)
}

export interface Dagrij { readonly datum: Datum, readonly absenties: number, readonly verklaringen: Array<{ bron: string, verklaardOp: string }> }

/** What there is of each of these days at a vestiging, in their order. */
export async function listDagrijen (tx: Tx, scope: Schoolinzage, vestiging: string, dagen: readonly Datum[]): Promise<Dagrij[]> {
  return await readRows<Dagrij>(tx, sql`
    select d.datum,
           tel_absenties_op(${scope.school}, ${vestiging}, d.datum) as absenties,
           coalesce((select json_agg(json_build_object('bron', v.bron, 'verklaardOp', ${iso(sql`v.verklaard_op`)}) order by v.bron)
                       from aanwezigheidsverklaring v
                      where v.school = ${scope.school} and v.vestiging = ${vestiging} and v.datum = d.datum and v.ingetrokken_op = 'infinity'), '[]') as verklaringen
      from unnest(${sql.param(dagen)}::date[]) as d (datum)
     order by d.datum`)
}

// --- bronafspraken

export interface Bronafspraakrij { [column: string]: unknown, readonly geldigVan: Datum, readonly volgorde: string[], readonly verklaring: Verklaringsvorm, readonly vastgelegdOp: string }

/** The bronafspraken that are laid down now, the last first. */
export async function listBronafspraken (tx: Tx, school: string): Promise<Bronafspraakrij[]> {
  const { rows } = await tx.execute<Bronafspraakrij>(sql`
    select geldig_van as "geldigVan", volgorde, verklaring, ${iso(sql`vastgelegd_op`)} as "vastgelegdOp"
      from bronafspraak
     where school = ${school} and vervangen_op = 'infinity'
     order by geldig_van desc`)
  return rows
}

/** Ends the bronafspraak of this day at the very moment a new one begins, or (absent) none does. What is ended stays, for figures as of a moment. */
export async function replaceBronafspraak (tx: Tx, school: string, geldigVan: Datum, nieuw: { readonly volgorde: readonly string[], readonly verklaring: Verklaringsvorm } | undefined): Promise<void> {
  await tx.execute(sql`
    with vervangen as (
      update bronafspraak set vervangen_op = statement_timestamp() where school = ${school} and geldig_van = ${geldigVan} and vervangen_op = 'infinity'
    )
    insert into bronafspraak (school, geldig_van, volgorde, verklaring, vastgelegd_op)
    select ${school}, ${geldigVan}, ${sql.param(nieuw?.volgorde ?? [])}::text[], ${nieuw?.verklaring ?? null}::verklaringsvorm, statement_timestamp()
     where ${nieuw !== undefined}`)
}

/** Marks every week of the school's vestigingen that holds an absentie on these days: of the others, no bronafspraak changes a figure. */
export async function markWeken (tx: Tx, school: string, { van, tot }: { readonly van: Datum, readonly tot: Datum | null }): Promise<void> {
  await tx.execute(sql`
    insert into aggregaat_markering (school, vestiging, maandag, markering)
    select distinct school, vestiging, date_trunc('week', datum)::date, ${randomUUID()}::uuid
      from absentie
     where school = ${school} and datum between ${van} and coalesce(${tot}::date, 'infinity')`)
}
