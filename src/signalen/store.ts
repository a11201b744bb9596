import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import { iso, readRows } from '../db/statement.ts'
import { lockEvaluatie } from '../leerlingen/stam.ts'
import { inScope, type Schoolscope, type Scope } from '../toegang/service.ts'
import type { Tx } from '../db/transaction.ts'
import type { Uitkomst } from '../domain/evaluate-regels.ts'
import type { Signaalstand } from '../domain/signaal.ts'
import type { Signaal } from './contract.ts'

export interface Leerlingsleutel { [column: string]: unknown, readonly bron: string, readonly leerling: string }

/** Schools with work on the list. */
export async function listGemarkeerdeScholen (tx: Tx): Promise<string[]> {
  const { rows } = await tx.execute<{ school: string }>(sql`select distinct school from evaluatie_markering order by school`)
  return rows.map(({ school }) => school)
}

export interface Genomen {
  /** 0: nothing was marked. */
  readonly markeringen: number
  readonly leerlingen: ReadonlyArray<Leerlingsleutel & { readonly telt: boolean }>
}

/**
 * Takes up to `limit` marks off the list and answers their leerlingen, each once; `telt` is to evaluate. The others changed in what no rule
 * counts, and are named only in a school with afmeldingen, which follow that too. Until the transaction ends no other worker evaluates this
 * school. What the marks stand for is committed, so the next statement of this transaction sees it; a push that commits later brings a mark
 * of its own.
 */
export async function takeMarkeringen (tx: Tx, scope: Schoolscope, limit: number): Promise<Genomen> {
  await lockEvaluatie(tx, scope.school)
  const [genomen] = await readRows<Genomen>(tx, sql`
    with af as (
      delete from evaluatie_markering
       where school = ${scope.school}
         and (markering, bron) in (select markering, bron from evaluatie_markering where school = ${scope.school} order by markering, bron limit ${limit})
      returning bron, leerlingen, overige
    )
    select (select count(*) from af) as markeringen,
           (select coalesce(json_agg(json_build_object('bron', bron, 'leerling', leerling, 'telt', telt) order by bron, leerling), '[]')
              from (select bron, leerling, bool_or(telt) as telt
                      from (select bron, unnest(leerlingen) as leerling, true as telt from af
                            union all
                            select bron, unnest(overige), false from af where exists (select from afmelding where school = ${scope.school})) alle
                     group by bron, leerling) m) as leerlingen`)
  return genomen!
}

/** Marks leerlingen with an absentie on these days: absenties that were pushed ahead, whose day has come. */
export async function markDagen (tx: Tx, scope: Schoolscope, van: string, tot: string): Promise<void> {
  await tx.execute(sql`
    insert into evaluatie_markering (school, markering, bron, leerlingen)
    select school, ${randomUUID()}::uuid, bron, array_agg(distinct leerling)
      from absentie
     where school = ${scope.school} and datum between ${van} and ${tot} and not ingetrokken
     group by school, bron`)
}

export interface Signaalrij extends Signaalstand { [column: string]: unknown, readonly bron: string, readonly leerling: string }

export async function listStanden (tx: Tx, scope: Schoolscope, leerlingen: readonly Leerlingsleutel[]): Promise<Signaalrij[]> {
  const { rows } = await tx.execute<Signaalrij>(sql`
    select s.signaal, s.bron, s.leerling, s.regel, s.begindatum, s.einddatum, s.minuten, s.drempel_minuten as "drempelMinuten", s.uiterlijk_melden as "uiterlijkMelden",
           s.status, s.beleidsversie, s.onderbouwing
      from signaal s
      join unnest(${sql.param(leerlingen.map(({ bron }) => bron))}::text[], ${sql.param(leerlingen.map(({ leerling }) => leerling))}::text[]) as k(bron, leerling)
        on k.bron = s.bron and k.leerling = s.leerling
     where s.school = ${scope.school}
     order by s.bron, s.leerling, s.regel, s.einddatum, s.aangemaakt_op`)
  return rows
}

export interface NieuwSignaal extends Uitkomst { readonly bron: string, readonly leerling: string }

export async function insertSignalen (tx: Tx, scope: Schoolscope, signalen: readonly NieuwSignaal[]): Promise<void> {
  await tx.execute(sql`
    insert into signaal (school, signaal, bron, leerling, regel, begindatum, einddatum, minuten, drempel_minuten, uiterlijk_melden, status, beleidsversie, onderbouwing,
                         aangemaakt_op, bijgewerkt_op)
    select ${scope.school}, gen_random_uuid(), r.bron, r.leerling, r.regel, r.begindatum, r.einddatum, r.minuten, r."drempelMinuten", r."uiterlijkMelden", 'open',
           r.beleidsversie, r.onderbouwing, statement_timestamp(), statement_timestamp()
      from json_to_recordset(${JSON.stringify(signalen)}::json)
        as r(bron text, leerling text, regel text, begindatum date, einddatum date, minuten integer, "drempelMinuten" integer, "uiterlijkMelden" date,
             beleidsversie integer, onderbouwing jsonb)`)
}

/** Keeps what stood, as a version. */
export async function insertSignaalversies (tx: Tx, scope: Schoolscope, signalen: readonly string[]): Promise<void> {
  await tx.execute(sql`
    insert into signaal_versie (school, signaal, vastgelegd_op, inhoud)
    select school, signaal, statement_timestamp(), to_jsonb(s) - 'school' - 'signaal' - 'bron' - 'leerling'
      from signaal s
     where school = ${scope.school} and signaal = any(${sql.param(signalen)}::uuid[])`)
}

/** An amended signaal keeps its identity; one whose facts came back is open again. */
export async function updateSignalen (tx: Tx, scope: Schoolscope, signalen: ReadonlyArray<Uitkomst & { signaal: string }>): Promise<void> {
  await tx.execute(sql`
    update signaal s
       set begindatum = r.begindatum, einddatum = r.einddatum, minuten = r.minuten, drempel_minuten = r."drempelMinuten", uiterlijk_melden = r."uiterlijkMelden",
           beleidsversie = r.beleidsversie, onderbouwing = r.onderbouwing, bijgewerkt_op = statement_timestamp(),
           status = case when s.status = 'vervallen' then 'open' else s.status end, reden_vervallen = null
      from json_to_recordset(${JSON.stringify(signalen)}::json)
        as r(signaal uuid, begindatum date, einddatum date, minuten integer, "drempelMinuten" integer, "uiterlijkMelden" date, beleidsversie integer, onderbouwing jsonb)
     where s.school = ${scope.school} and s.signaal = r.signaal`)
}

export async function withdrawSignalen (tx: Tx, scope: Schoolscope, signalen: readonly string[], reden: string): Promise<void> {
  await tx.execute(sql`
    update signaal set status = 'vervallen', reden_vervallen = ${reden}, bijgewerkt_op = statement_timestamp()
     where school = ${scope.school} and signaal = any(${sql.param(signalen)}::uuid[])`)
}

/** A sample of the school's leerlingen, the same for the same seed. */
export async function sampleLeerlingen (tx: Tx, scope: Schoolscope, aantal: number, seed: string): Promise<Leerlingsleutel[]> {
  const { rows } = await tx.execute<Leerlingsleutel>(sql`
    select bron, leerling from leerling where school = ${scope.school} order by md5(bron || leerling || ${seed}) limit ${aantal}`)
  return rows
}

const SIGNAAL = sql`
  school || '-' || signaal as id, regel, school, json_build_object('bron', bron, 'bronId', leerling) as leerling, begindatum, einddatum, minuten,
  drempel_minuten as "drempelMinuten", uiterlijk_melden as "uiterlijkMelden", status, reden_vervallen as "redenVervallen",
  case when beleidsversie = 0 then 'standaardbeleid' else beleidsversie::text end as beleidsversie, onderbouwing,
  ${iso(sql`aangemaakt_op`)} as "aangemaaktOp",
  ${iso(sql`bijgewerkt_op`)} as "bijgewerktOp"`

export interface Signaalfilter {
  readonly school?: string | undefined
  readonly leerling?: string | undefined
  readonly bron?: string | undefined
  readonly regel?: string | undefined
  readonly status?: string | undefined
  readonly na?: readonly [school: string, einddatum: string, signaal: string] | undefined
  readonly limit: number
}

/** A page in order of school, einddatum and key. */
export async function listSignalen (tx: Tx, scope: Scope, filter: Signaalfilter): Promise<Signaal[]> {
  const { school, leerling, bron, regel, status, na, limit } = filter
  const { rows } = await tx.execute<Signaal>(sql`
    select ${SIGNAAL}
      from signaal
     where ${inScope(scope)}
       ${school === undefined ? sql`` : sql`and school = ${school}`}
       ${leerling === undefined ? sql`` : sql`and leerling = ${leerling}`}
       ${bron === undefined ? sql`` : sql`and bron = ${bron}`}
       ${regel === undefined ? sql`` : sql`and regel = ${regel}`}
       ${status === undefined ? sql`` : sql`and status = ${status}::signaalstatus`}
       ${na === undefined ? sql`` : sql`and (school, einddatum, signaal) > (${na[0]}, ${na[1]}::date, ${na[2]}::uuid)`}
     order by school, einddatum, signaal.signaal
     limit ${limit}`)
  return rows
}

export async function findSignaal (tx: Tx, scope: Schoolscope, signaal: string): Promise<Signaal | undefined> {
  const { rows } = await tx.execute<Signaal>(sql`select ${SIGNAAL} from signaal where school = ${scope.school} and signaal = ${signaal}::uuid`)
  return rows[0]
}
