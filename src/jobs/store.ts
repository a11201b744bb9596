import { sql } from '../db/drizzle.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'

export async function listScholen (tx: Tx): Promise<string[]> {
  const { rows } = await tx.execute<{ school: string }>(sql`select school from school order by school`)
  return rows.map(({ school }) => school)
}

export interface Vorigerun { [column: string]: unknown, readonly peildatum: Datum, /** Milliseconds since 1970, by the clock of the database. */ readonly gestartOp: number, readonly verslag: Record<string, unknown> }

/** The run of this job that was finished last, whatever its peildatum. */
export async function findLaatste (tx: Tx, school: string, job: string): Promise<Vorigerun | undefined> {
  const { rows } = await tx.execute<Vorigerun>(sql`
    select peildatum, (extract(epoch from gestart_op) * 1000)::bigint as "gestartOp", verslag
      from jobrun
     where school = ${school} and job = ${job} and gereed_op is not null
     order by gereed_op desc
     limit 1`)
  return rows[0]
}

/** Scholen whose last finished run was for this peildatum, and to which nothing was pushed since. */
export async function listGereed (tx: Tx, scholen: readonly string[], job: string, peildatum: Datum): Promise<Set<string>> {
  const { rows } = await tx.execute<{ school: string }>(sql`
    select school
      from jobrun
     where school = any(${sql.param(scholen)}::text[]) and job = ${job} and peildatum = ${peildatum} and gereed_op is not null
       and not exists (select from jobrun later where later.school = jobrun.school and later.job = jobrun.job and later.gereed_op > jobrun.gereed_op)
       and not exists (select from evaluatie_markering where evaluatie_markering.school = jobrun.school)
       and not exists (select from aggregaat_markering where aggregaat_markering.school = jobrun.school)`)
  return new Set(rows.map(({ school }) => school))
}

export async function startRun (tx: Tx, school: string, job: string, peildatum: Datum): Promise<void> {
  await tx.execute(sql`
    insert into jobrun (school, job, peildatum, gestart_op)
    values (${school}, ${job}, ${peildatum}, statement_timestamp())
        on conflict on constraint jobrun_pk do update set gestart_op = excluded.gestart_op, gereed_op = null, verslag = null`)
}

export async function finishRun (tx: Tx, school: string, job: string, peildatum: Datum, verslag: object): Promise<void> {
  await tx.execute(sql`
    update jobrun set gereed_op = statement_timestamp(), verslag = ${JSON.stringify(verslag)}::jsonb
     where school = ${school} and job = ${job} and peildatum = ${peildatum}`)
}

/** Scholen whose last finished run is of an earlier peildatum, or that never had one. */
export async function countAchterstallig (tx: Tx, job: string, peildatum: Datum): Promise<number> {
  const { rows } = await tx.execute<{ aantal: number }>(sql`
    select count(*) as aantal
      from school
     where not exists (select from jobrun
                        where jobrun.school = school.school and jobrun.job = ${job} and jobrun.peildatum >= ${peildatum} and jobrun.gereed_op is not null)`)
  return rows[0]!.aantal
}
