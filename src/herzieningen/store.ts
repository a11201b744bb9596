import { sql, type SQL } from '../db/drizzle.ts'
import { isoPrecies, readRows } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'
import type { Dagdeel, Soort } from '../domain/absentie.ts'
import type { Datum } from '../domain/datum.ts'
import type { Schoolscope } from '../toegang/service.ts'

export interface Bereik { readonly vestiging: string, readonly van: Datum, readonly tot: Datum }

/** What stands of the bron itself: the days of an afmelding are no records of its own. */
function inBereik (scope: Schoolscope, { vestiging, van, tot }: Bereik): SQL {
  return sql`school = ${scope.school} and bron = ${scope.bron} and vestiging = ${vestiging} and datum between ${van} and ${tot} and not ingetrokken and afmelding is null`
}

export async function countStaande (tx: Tx, scope: Schoolscope, bereik: Bereik): Promise<number> {
  const { rows } = await tx.execute<{ aantal: number }>(sql`select count(*) as aantal from absentie where ${inBereik(scope, bereik)}`)
  return rows[0]!.aantal
}

export interface Ongenoemde { [column: string]: unknown, readonly bronId: string, readonly leerling: string, readonly nieuwer: boolean }

/** What stands and is not among these keys, in key order; `nieuwer` changed after the moment of the momentopname. */
export async function listOngenoemde (tx: Tx, scope: Schoolscope, bereik: Bereik, genoemd: readonly string[], opgenomenOp: string): Promise<Ongenoemde[]> {
  const { rows } = await tx.execute<Ongenoemde>(sql`
    select bron_id as "bronId", leerling, gewijzigd_op > ${opgenomenOp}::timestamptz as nieuwer
      from absentie
     where ${inBereik(scope, bereik)} and bron_id not in (select unnest(${sql.param(genoemd)}::text[]))
     order by bron_id`)
  return rows
}

/** The leerlingen of these records as they stand. */
export async function listLeerlingenVan (tx: Tx, scope: Schoolscope, bronIds: readonly string[]): Promise<string[]> {
  const rows = await readRows<{ leerling: string }>(tx, sql`
    select distinct a.leerling
      from unnest(${sql.param(bronIds)}::text[]) as k(bron_id)
     cross join lateral (select leerling from absentie where school = ${scope.school} and bron = ${scope.bron} and bron_id = k.bron_id offset 0) a
     where a.leerling is not null`)
  return rows.map(({ leerling }) => leerling)
}

export interface Sleutel { [column: string]: unknown, readonly bronId: string, /** A version of the aanlevering was in force. */ readonly gold: boolean }

/**
 * Keys after `na` of which this aanlevering brought a version, in key order. No index knows it: the rows of the school are passed in the
 * order of their keys, once for all pages together.
 */
export async function listSleutels (tx: Tx, scope: Schoolscope, aanlevering: string, na: string, limit: number): Promise<Sleutel[]> {
  const { rows } = await tx.execute<Sleutel>(sql`
    select bron_id as "bronId", bool_or(gold) as gold
      from ((select bron_id, true as gold
               from absentie
              where school = ${scope.school} and bron = ${scope.bron} and aanlevering = ${aanlevering} and bron_id > ${na}
              order by bron_id
              limit ${limit})
            union all
            (select bron_id, bool_or(not verouderd)
               from absentie_versie
              where school = ${scope.school} and bron = ${scope.bron} and aanlevering = ${aanlevering} and bron_id > ${na}
              group by bron_id
              order by bron_id
              limit ${limit})) s
     group by bron_id
     order by bron_id
     limit ${limit}`)
  return rows
}

export interface Versie {
  readonly vestiging: string
  readonly leerling: string
  readonly datum: Datum
  readonly soort: Soort
  readonly reden: string | null
  /** Null when they were derived. */
  readonly minuten: number | null
  readonly lesuren: number[] | null
  readonly dagdeel: Dagdeel | null
  readonly ingetrokken: boolean
  readonly gewijzigdOp: string
}

export interface Stand {
  [column: string]: unknown
  readonly bronId: string
  readonly leerling: string | null
  readonly ingetrokken: boolean
  readonly gewijzigdOp: string
  /** Its content is of this aanlevering. */
  readonly eigen: boolean
  /** It is the latest version of what stands. */
  readonly geldt: boolean
  /** The latest other version of an aanlevering that stands; null when there is none. */
  readonly versie: Versie | null
}

/**
 * What stands under these keys, and which version would be in force had the aanleveringen in `vervallen` never come: the latest by its
 * gewijzigdOp, also one that came too late to count while theirs was in force; of two with one gewijzigdOp the one that replaced the other.
 */
export async function listStanden (tx: Tx, scope: Schoolscope, aanlevering: string, vervallen: readonly string[], bronIds: readonly string[]): Promise<Stand[]> {
  return await readRows<Stand>(tx, sql`
    select a.bron_id as "bronId", a.leerling, a.ingetrokken, ${isoPrecies(sql`a.gewijzigd_op`)} as "gewijzigdOp", a.aanlevering = ${aanlevering}::uuid as eigen,
           a.aanlevering <> all(${sql.param(vervallen)}::uuid[]) and (v.gewijzigd_op is null or v.gewijzigd_op <= a.gewijzigd_op) as geldt,
           case when v.bron_id is not null
                then json_build_object('vestiging', v.vestiging, 'leerling', v.leerling, 'datum', v.datum, 'soort', v.soort, 'reden', v.reden,
                                       'minuten', case when not v.minuten_afgeleid then v.minuten end, 'lesuren', v.lesuren, 'dagdeel', v.dagdeel,
                                       'ingetrokken', v.ingetrokken, 'gewijzigdOp', ${isoPrecies(sql`v.gewijzigd_op`)})
           end as versie
      from unnest(${sql.param(bronIds)}::text[]) as k(bron_id)
     cross join lateral (select * from absentie where school = ${scope.school} and bron = ${scope.bron} and bron_id = k.bron_id offset 0) a
      left join lateral (select *
                           from absentie_versie
                          where school = ${scope.school} and bron = ${scope.bron} and bron_id = k.bron_id and aanlevering <> all(${sql.param(vervallen)}::uuid[])
                          order by gewijzigd_op desc, verouderd, vervangen_op desc
                          limit 1) v on true
     order by k.bron_id`)
}
