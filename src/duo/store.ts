import { sql } from 'drizzle-orm'
import { iso } from '../db/statement.ts'
import { inScope, type Schoolscope, type Scope } from '../toegang/service.ts'
import type { Tx } from '../db/transaction.ts'
import type { Bronafspraak } from '../domain/bronafspraak.ts'
import type { Datum } from '../domain/datum.ts'
import type { Ontvanger } from '../domain/levering.ts'
import type { Manifest } from './contract.ts'

/**
 * An instant after everything that was committed to this school and before everything that will be; under the school's lock. Rounded up to
 * the millisecond that callers can hand back, and waited for.
 */
export async function readMoment (tx: Tx): Promise<Date> {
  const { rows } = await tx.execute<{ moment: number }>(sql`
    select extract(epoch from date_trunc('milliseconds', statement_timestamp()) + interval '1 millisecond') * 1000 as moment from pg_sleep(0.002)`)
  return new Date(Number(rows[0]!.moment))
}

export interface Nieuwelevering { readonly levering: string, readonly manifest: Manifest, readonly csv: string, readonly json: string }

export async function insertLevering (tx: Tx, scope: Schoolscope, { levering, manifest, csv, json }: Nieuwelevering): Promise<void> {
  const { ontvanger, periode, afkapmoment, gemaaktOp } = manifest
  await tx.execute(sql`
    insert into levering (school, levering, ontvanger, periode, afkapmoment, manifest, bestand_csv, bestand_json, gemaakt_op)
    values (${scope.school}, ${levering}, ${ontvanger}, ${periode}, ${afkapmoment}, ${JSON.stringify(manifest)}::jsonb, ${csv}, ${json}, ${gemaaktOp})`)
}

export interface EerdereLevering { [column: string]: unknown, readonly levering: string, readonly afkapmoment: string, readonly json: string }

export interface Eerdervraag { readonly ontvanger: Ontvanger, readonly periode: string, readonly afkapmoment: string, readonly limit: number }

/**
 * What went out of this periode before, one per afkapmoment, the latest first; for an afkapmoment that was used before, what went out before
 * that: so a rebuild is tested against the same, and comes out the same.
 */
export async function listEerdere (tx: Tx, scope: Schoolscope, { ontvanger, periode, afkapmoment, limit }: Eerdervraag): Promise<EerdereLevering[]> {
  const { rows } = await tx.execute<EerdereLevering>(sql`
    with eigen as (
      select levering, afkapmoment, gemaakt_op, bestand_csv, bestand_json
        from levering
       where school = ${scope.school} and ontvanger = ${ontvanger}::ontvanger and periode = ${periode}
    ), eerder as (
      select distinct on (bestand_csv) levering, afkapmoment, gemaakt_op, bestand_json
        from eigen
       where gemaakt_op < coalesce((select min(gemaakt_op) from eigen where afkapmoment = ${afkapmoment}::timestamptz), 'infinity')
       order by bestand_csv, gemaakt_op
    )
    select levering, ${iso(sql`afkapmoment`)} as afkapmoment, bestand_json as json
      from eerder
     order by gemaakt_op desc
     limit ${limit}`)
  return rows
}

export async function listManifesten (tx: Tx, scope: Scope, filter: { readonly na?: readonly [school: string, gemaaktOp: string, levering: string] | undefined, readonly limit: number }): Promise<Manifest[]> {
  const { na, limit } = filter
  const { rows } = await tx.execute<{ manifest: Manifest }>(sql`
    select manifest
      from levering
     where ${inScope(scope)}
       ${na === undefined ? sql`` : sql`and (school, gemaakt_op, levering) > (${na[0]}, ${na[1]}::timestamptz, ${na[2]}::uuid)`}
     order by school, gemaakt_op, levering
     limit ${limit}`)
  return rows.map(({ manifest }) => manifest)
}

export async function findManifest (tx: Tx, scope: Schoolscope, levering: string): Promise<Manifest | undefined> {
  const { rows } = await tx.execute<{ manifest: Manifest }>(sql`select manifest from levering where school = ${scope.school} and levering = ${levering}::uuid`)
  return rows[0]?.manifest
}

export async function findBestand (tx: Tx, scope: Schoolscope, levering: string, vorm: 'csv' | 'json'): Promise<{ manifest: Manifest, inhoud: string } | undefined> {
  const { rows } = await tx.execute<{ manifest: Manifest, inhoud: string }>(sql`
    select manifest, ${vorm === 'csv' ? sql`bestand_csv` : sql`bestand_json`} as inhoud from levering where school = ${scope.school} and levering = ${levering}::uuid`)
  return rows[0]
}

export interface Kalenderversie { [column: string]: unknown, readonly vestiging: string, readonly schooljaar: string, readonly versie: number }

/** The own kalenders of a school that were in force at an instant. */
export async function listKalenderversies (tx: Tx, scope: Schoolscope, schooljaren: readonly string[], moment: string): Promise<Kalenderversie[]> {
  const { rows } = await tx.execute<Kalenderversie>(sql`
    select vestiging, schooljaar, versie
      from kalender
     where school = ${scope.school} and schooljaar = any(${sql.param(schooljaren)}::text[])
       and vastgelegd_op <= ${moment}::timestamptz and vervangen_op > ${moment}::timestamptz
     order by vestiging, schooljaar`)
  return rows
}

export interface Geldigheid { [column: string]: unknown, readonly versie: number, readonly van: Datum, readonly tot: Datum | null }

/** The beleidsversies as adopted at an instant: each held until the next began, and of two that begin on one day the last adopted counted. */
export async function listGeldigheden (tx: Tx, scope: Schoolscope, moment: string): Promise<Geldigheid[]> {
  const { rows } = await tx.execute<Geldigheid>(sql`
    select versie, van, lead(van) over (order by van) - 1 as tot
      from (select distinct on (geldig_van) versie, geldig_van as van
              from beleidsversie
             where school = ${scope.school} and vastgesteld_op <= ${moment}::timestamptz
             order by geldig_van, vastgesteld_op desc) laatste
     order by van`)
  return rows
}

/** The bronafspraken of a school as they were laid down at an instant. */
export async function listBronafspraken (tx: Tx, scope: Schoolscope, moment: string): Promise<Bronafspraak[]> {
  const { rows } = await tx.execute<Bronafspraak & Record<string, unknown>>(sql`
    select geldig_van as "geldigVan", volgorde, verklaring
      from bronafspraak
     where school = ${scope.school} and vastgelegd_op <= ${moment}::timestamptz and vervangen_op > ${moment}::timestamptz`)
  return rows
}
