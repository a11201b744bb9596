import { sql } from '../db/drizzle.ts'
import { iso, isoPrecies } from '../db/statement.ts'
import { inScope, type Schoolscope, type Scope } from '../toegang/service.ts'
import { SIGNAAL_BEPERKT } from '../verzoeken/beperkt.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'

/** The encrypted persoonsgebonden nummer; undefined when none is known. */
export async function findNummer (tx: Tx, scope: Schoolscope, bron: string, leerling: string): Promise<Buffer | undefined> {
  const { rows } = await tx.execute<{ versleuteld: Buffer }>(sql`
    select pgn_versleuteld as versleuteld from leerling where school = ${scope.school} and bron = ${bron} and leerling = ${leerling} and pgn_versleuteld is not null`)
  return rows[0]?.versleuteld
}

/** Signalen of one person that ask for a decision and that no beperking holds. */
export async function countOpenSignalen (tx: Tx, scope: Schoolscope, leerlingen: ReadonlyArray<{ readonly bron: string, readonly leerling: string }>): Promise<number> {
  const { rows } = await tx.execute<{ aantal: number }>(sql`
    select count(*)::int as aantal
      from unnest(${sql.param(leerlingen.map(({ bron }) => bron))}::text[], ${sql.param(leerlingen.map(({ leerling }) => leerling))}::text[]) as k (bron, leerling)
      join signaal s on s.school = ${scope.school} and s.bron = k.bron and s.leerling = k.leerling
     where s.status in ('open', 'in-behandeling') and not ${SIGNAAL_BEPERKT}`)
  return rows[0]!.aantal
}

export interface NieuweOverdracht {
  readonly overdracht: string
  readonly bron: string
  readonly leerling: string
  readonly naarSchool: string
  readonly datum: Datum
  readonly inhoud: string
  readonly hash: string
  readonly pgnOntvanger: Buffer | null
  readonly actor: string
  readonly rol: string | null
  readonly op: Date
}

export async function insertOverdracht (tx: Tx, scope: Schoolscope, nieuw: NieuweOverdracht): Promise<void> {
  const { overdracht, bron, leerling, naarSchool, datum, inhoud, hash, pgnOntvanger, actor, rol, op } = nieuw
  await tx.execute(sql`
    insert into overdracht (school, overdracht, bron, leerling, naar_school, datum, inhoud, hash, pgn_ontvanger, actor, rol, gemaakt_op)
    values (${scope.school}, ${overdracht}, ${bron}, ${leerling}, ${naarSchool}, ${datum}, ${inhoud}, ${hash}, ${pgnOntvanger}::bytea, ${actor}, ${rol}, ${op.toISOString()})`)
}

export interface Overdrachtrij {
  readonly school: string
  readonly overdracht: string
  readonly naarSchool: string
  readonly datum: Datum
  readonly inhoud: string
  readonly hash: string
  readonly gemaaktOp: string
  readonly bron: string
  readonly leerling: string
  /** To the microsecond, for a cursor. */
  readonly plaats: string
  /** Of the receiving school: its own leerling with the same number. */
  readonly bronOntvanger: string | null
  readonly leerlingOntvanger: string | null
}

// Of several records of the receiving school with one number the first.
const OVERDRACHT = sql`
  o.school, o.overdracht, o.naar_school as "naarSchool", o.datum, o.inhoud, o.hash, ${iso(sql`o.gemaakt_op`)} as "gemaaktOp", o.bron, o.leerling, ${isoPrecies(sql`o.gemaakt_op`)} as plaats,
  n.bron as "bronOntvanger", n.leerling as "leerlingOntvanger"`
const ONTVANGER = sql`
  left join lateral (select l.bron, l.leerling from leerling l where l.school = o.naar_school and l.pgn_zoek = o.pgn_ontvanger order by l.bron, l.leerling limit 1) n on true`

/** One that a school of the Scope made or received. */
export async function findOverdracht (tx: Tx, scope: Scope, school: string, overdracht: string): Promise<Overdrachtrij | undefined> {
  const { rows } = await tx.execute<Overdrachtrij & Record<string, unknown>>(sql`
    select ${OVERDRACHT}
      from overdracht o
    ${ONTVANGER}
     where o.school = ${school} and o.overdracht = ${overdracht}::uuid and (${inScope(scope, sql`o.school`)} or ${inScope(scope, sql`o.naar_school`)})`)
  return rows[0]
}

export interface Overdrachtfilter { readonly richting: 'ontvangen' | 'gedaan', readonly na?: readonly [gemaaktOp: string, overdracht: string] | undefined, readonly limit: number }

/** A page of what others handed over to this school, or this school to others, in the order in which it was made. */
export async function listOverdrachten (tx: Tx, scope: Schoolscope, { richting, na, limit }: Overdrachtfilter): Promise<Overdrachtrij[]> {
  const { rows } = await tx.execute<Overdrachtrij & Record<string, unknown>>(sql`
    select ${OVERDRACHT}
      from overdracht o
    ${ONTVANGER}
     where ${richting === 'gedaan' ? sql`o.school` : sql`o.naar_school`} = ${scope.school}
       ${na === undefined ? sql`` : sql`and (o.gemaakt_op, o.overdracht) > (${na[0]}::timestamptz, ${na[1]}::uuid)`}
     order by o.gemaakt_op, o.overdracht
     limit ${limit}`)
  return rows
}
