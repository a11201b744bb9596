import { sql } from '../db/drizzle.ts'
import { isoPrecies, prepareStatement } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'
import type { Schoolscope } from '../toegang/service.ts'
import type { Aanlevering, Aanleveringsregel } from './contract.ts'

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
  const { aantallen, afgewezen, bijzonderheden } = nieuw
  await voegToe(tx, { ...nieuw, aantallen: JSON.stringify(aantallen), afgewezen: JSON.stringify(afgewezen), bijzonderheden: JSON.stringify(bijzonderheden) })
}

const voegToe = prepareStatement<never, NieuweAanlevering>((param) => sql`
    insert into aanlevering (school, aanlevering, deel, bron, actor, soort, aantallen, afgewezen, bijzonderheden, duur_ms, ontvangen_op)
    values (${param('school')}, ${param('aanlevering')}, ${param('deel')}, ${param('bron')}, ${param('actor')}, ${param('soort')}, ${param('aantallen')}::jsonb,
            ${param('afgewezen')}::jsonb, ${param('bijzonderheden')}::jsonb, ${param('duurMs')}, statement_timestamp())`)

/** A whole aanlevering from its first part `a`. */
const GEHEEL = sql`
  select a.aanlevering as id, a.school, a.soort, a.bron, a.actor, ${isoPrecies(sql`a.ontvangen_op`)} as "ontvangenOp", ${isoPrecies(sql`g.gereed_op`)} as "gereedOp", g.delen, g."duurMs",
         (select coalesce(json_object_agg(s.naam, s.aantal), '{}')
            from (select n.key as naam, sum(n.value::bigint) as aantal
                    from aanlevering p
                   cross join jsonb_each_text(p.aantallen) n
                   where p.school = a.school and p.aanlevering = a.aanlevering
                   group by n.key) s) as aantallen,
         a.bijzonderheden, g."teruggedraaidDoor"`
// Of a stream that went on after it was turned back, the last part is not: it can be turned back again.
const DELEN = sql`
  cross join lateral (select count(*) as delen, sum(p.duur_ms) as "duurMs", max(p.ontvangen_op) as gereed_op, (array_agg(p.teruggedraaid_door order by p.deel desc))[1] as "teruggedraaidDoor"
                        from aanlevering p
                       where p.school = a.school and p.aanlevering = a.aanlevering) g`

export interface Aanleveringenfilter {
  readonly bron?: string | undefined
  readonly soort?: string | undefined
  readonly van?: string | undefined
  readonly tot?: string | undefined
  readonly na?: readonly [ontvangenOp: string, aanlevering: string] | undefined
  readonly limit: number
}

/**
 * A page, newest first. A later part is passed over by one probe of the key for the part before it; a stream to many scholen need not begin
 * with part 0 at each. A page with two streams of 1,000 parts takes 50 ms, adding them up included.
 */
export async function listAanleveringen (tx: Tx, scope: Schoolscope, { bron, soort, van, tot, na, limit }: Aanleveringenfilter): Promise<Aanleveringsregel[]> {
  const { rows } = await tx.execute<Aanleveringsregel>(sql`
    ${GEHEEL}
      from (select *
              from aanlevering e
             where e.school = ${scope.school}
               and (e.deel = 0 or e.deel = (select min(v.deel) from aanlevering v where v.school = e.school and v.aanlevering = e.aanlevering))
               ${bron === undefined ? sql`` : sql`and e.bron = ${bron}`}
               ${soort === undefined ? sql`` : sql`and e.soort = ${soort}`}
               ${van === undefined ? sql`` : sql`and e.ontvangen_op >= ${van}::date::timestamp at time zone 'Europe/Amsterdam'`}
               ${tot === undefined ? sql`` : sql`and e.ontvangen_op < (${tot}::date + 1)::timestamp at time zone 'Europe/Amsterdam'`}
               ${na === undefined ? sql`` : sql`and (e.ontvangen_op, e.aanlevering) < (${na[0]}::timestamptz, ${na[1]}::uuid)`}
             order by e.ontvangen_op desc, e.aanlevering desc
             limit ${limit}) a
    ${DELEN}
     order by a.ontvangen_op desc, a.aanlevering desc`)
  return rows
}

/** One aanlevering with the refused records that were kept, in their order. */
export async function findAanlevering (tx: Tx, scope: Schoolscope, aanlevering: string, meeste: number): Promise<Aanlevering | undefined> {
  const { rows } = await tx.execute<Aanlevering>(sql`
    ${GEHEEL},
         (select coalesce(json_agg(f.record order by f.deel, f.plaats), '[]')
            from (select p.deel, w.plaats, jsonb_build_object('deel', p.deel) || w.record as record
                    from aanlevering p
                   cross join jsonb_array_elements(p.afgewezen) with ordinality w(record, plaats)
                   where p.school = a.school and p.aanlevering = a.aanlevering
                   order by p.deel, w.plaats
                   limit ${meeste}) f) as afgewezen
      from (select * from aanlevering where school = ${scope.school} and aanlevering = ${aanlevering} order by deel limit 1) a
    ${DELEN}`)
  return rows[0]
}

/** The aanleveringen of this bron that stand no more, and the terugdraaiingen themselves: what they put back is a version of another. */
export async function listVervallen (tx: Tx, scope: Schoolscope): Promise<string[]> {
  const { rows } = await tx.execute<{ aanlevering: string }>(sql`
    select distinct aanlevering
      from aanlevering
     where school = ${scope.school} and bron = ${scope.bron} and (teruggedraaid_door is not null or soort = 'terugdraaiing')`)
  return rows.map(({ aanlevering }) => aanlevering)
}

/** Marks every part that is not turned back yet. */
export async function markTeruggedraaid (tx: Tx, scope: Schoolscope, aanlevering: string, door: string): Promise<void> {
  await tx.execute(sql`
    update aanlevering set teruggedraaid_door = ${door}
     where school = ${scope.school} and aanlevering = ${aanlevering} and teruggedraaid_door is null`)
}

/** What a terugdraaiing turned back, stands again. */
export async function unmarkTeruggedraaid (tx: Tx, scope: Schoolscope, door: string): Promise<void> {
  await tx.execute(sql`
    update aanlevering set teruggedraaid_door = null
     where school = ${scope.school} and bron = ${scope.bron} and teruggedraaid_door = ${door}`)
}

/** Takes refused records with these keys out of what is kept of aanleveringen; the numbers stay. */
export async function forgetAfgewezen (tx: Tx, { school }: Schoolscope, sleutels: ReadonlyArray<{ readonly bron: string, readonly bronId: string }>): Promise<void> {
  for (const [bron, eigen] of Map.groupBy(sleutels, (sleutel) => sleutel.bron)) {
    const weg = sql`${sql.param(eigen.map(({ bronId }) => bronId))}::text[]`
    await tx.execute(sql`
      update aanlevering
         set afgewezen = coalesce((select jsonb_agg(e.record order by e.plaats) from jsonb_array_elements(afgewezen) with ordinality e(record, plaats) where coalesce(e.record ->> 'bronId', '') <> all(${weg})), '[]')
       where school = ${school} and bron = ${bron} and afgewezen <> '[]' and exists (select from jsonb_array_elements(afgewezen) e where e ->> 'bronId' = any(${weg}))`)
  }
}

/** Answers how many parts were of before this instant. */
export async function deleteVerlopen (tx: Tx, { school }: Schoolscope, voor: string): Promise<number> {
  const { rowCount } = await tx.execute(sql`delete from aanlevering where school = ${school} and ontvangen_op < ${voor}::timestamptz`)
  return rowCount ?? 0
}
