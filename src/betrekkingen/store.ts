import { randomUUID } from 'node:crypto'
import { sql } from '../db/drizzle.ts'
import { iso } from '../db/statement.ts'
import { inReikwijdte, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { BLOKKADES, isGemeldAan, TOESTEMMINGEN, ZELFDE_PERSOON } from '../toegang/gronden.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Betrekking, Betrekkingsregel, Groep, Groepsregel, Toestemming, Toestemmingsinvoer } from './contract.ts'

// ---- groepen

const GROEP = sql`
  g.bron, g.groep as "bronId", g.school, g.naam,
  coalesce((select json_agg(json_build_object('persoon', b.persoon, 'rol', b.rol, 'van', b.van, 'tot', b.tot) order by b.van, b.persoon, b.rol)
              from groepsbegeleider b
             where b.school = g.school and b.bron = g.bron and b.groep = g.groep), '[]') as begeleiders,
  coalesce((select json_agg(json_build_object('leerling', l.leerling, 'van', l.van, 'tot', l.tot) order by l.leerling, l.van)
              from groepslid l
             where l.school = g.school and l.bron = g.bron and l.groep = g.groep), '[]') as leden`

type Groepsrij = Groep & Record<string, unknown>

/** The groepen of this bron with these keys. */
export async function listGroepenVan (tx: Tx, scope: Schoolscope, bronIds: readonly string[]): Promise<Groep[]> {
  const { rows } = await tx.execute<Groepsrij>(sql`
    select ${GROEP} from groep g where g.school = ${scope.school} and g.bron = ${scope.bron} and g.groep = any(${sql.param(bronIds)}::text[])`)
  return rows
}

/** Writes these groepen whole: who is not named is no longer in them. */
export async function replaceGroepen (tx: Tx, scope: Schoolscope, groepen: readonly Groepsregel[]): Promise<void> {
  const sleutels = sql.param(groepen.map(({ bronId }) => bronId))
  await tx.execute(sql`delete from groepsbegeleider where school = ${scope.school} and bron = ${scope.bron} and groep = any(${sleutels}::text[])`)
  await tx.execute(sql`delete from groepslid where school = ${scope.school} and bron = ${scope.bron} and groep = any(${sleutels}::text[])`)
  await tx.execute(sql`
    with r as (
      select * from json_to_recordset(${JSON.stringify(groepen)}::json) as r("bronId" text, naam text, begeleiders json, leden json)
    ), kop as (
      insert into groep (school, bron, groep, naam, vastgelegd_op)
      select ${scope.school}, ${scope.bron}, "bronId", naam, statement_timestamp() from r order by "bronId"
          on conflict on constraint groep_pk do update set naam = excluded.naam, vastgelegd_op = excluded.vastgelegd_op
    ), begeleiders as (
      insert into groepsbegeleider (school, bron, groep, persoon, rol, van, tot)
      select ${scope.school}, ${scope.bron}, r."bronId", b.persoon, b.rol, b.van, b.tot
        from r, json_to_recordset(r.begeleiders) as b(persoon text, rol text, van date, tot date)
    )
    insert into groepslid (school, bron, groep, leerling, van, tot)
    select ${scope.school}, ${scope.bron}, r."bronId", l.leerling, l.van, l.tot
      from r, json_to_recordset(r.leden) as l(leerling text, van date, tot date)`)
}

/** A page on bron and key. */
export async function listGroepen (tx: Tx, scope: Schoolscope, { persoon, na, limit }: { persoon?: string | undefined, na?: readonly [string, string] | undefined, limit: number }): Promise<Groep[]> {
  const { rows } = await tx.execute<Groepsrij>(sql`
    select ${GROEP}
      from groep g
     where g.school = ${scope.school}
       ${persoon === undefined ? sql`` : sql`and exists (select from groepsbegeleider b where b.school = g.school and b.bron = g.bron and b.groep = g.groep and b.persoon = ${persoon})`}
       ${na === undefined ? sql`` : sql`and (g.bron, g.groep) > (${na[0]}, ${na[1]})`}
     order by g.bron, g.groep
     limit ${limit}`)
  return rows
}

// ---- betrekkingen

const BETREKKING = sql`bron, betrekking as "bronId", school, leerling, persoon, soort, gezag, van, tot, blokkades`

type Betrekkingsrij = Betrekking & Record<string, unknown>

export async function listBetrekkingenVan (tx: Tx, scope: Schoolscope, bronIds: readonly string[]): Promise<Betrekking[]> {
  const { rows } = await tx.execute<Betrekkingsrij>(sql`
    select ${BETREKKING} from betrekking where school = ${scope.school} and bron = ${scope.bron} and betrekking = any(${sql.param(bronIds)}::text[])`)
  return rows
}

export async function upsertBetrekkingen (tx: Tx, scope: Schoolscope, rijen: readonly Betrekkingsregel[]): Promise<void> {
  await tx.execute(sql`
    insert into betrekking (school, bron, betrekking, leerling, persoon, soort, gezag, van, tot, blokkades, vastgelegd_op)
    select ${scope.school}, ${scope.bron}, r."bronId", r.leerling, r.persoon, r.soort, r.gezag, r.van, r.tot, r.blokkades, statement_timestamp()
      from json_to_recordset(${JSON.stringify(rijen)}::json)
        as r("bronId" text, leerling text, persoon text, soort text, gezag boolean, van date, tot date, blokkades jsonb)
     order by r."bronId"
        on conflict on constraint betrekking_pk do update
           set leerling = excluded.leerling, persoon = excluded.persoon, soort = excluded.soort, gezag = excluded.gezag, van = excluded.van, tot = excluded.tot,
               blokkades = excluded.blokkades, vastgelegd_op = excluded.vastgelegd_op`)
}

/** A page on bron and key. */
export async function listBetrekkingen (tx: Tx, scope: Schoolscope, { bron, leerling, na, limit }: { bron?: string | undefined, leerling?: string | undefined, na?: readonly [string, string] | undefined, limit: number }): Promise<Betrekking[]> {
  const { rows } = await tx.execute<Betrekkingsrij>(sql`
    select ${BETREKKING}
      from betrekking
     where school = ${scope.school}
       ${bron === undefined ? sql`` : sql`and bron = ${bron}`}
       ${leerling === undefined ? sql`` : sql`and leerling = ${leerling}`}
       ${na === undefined ? sql`` : sql`and (bron, betrekking) > (${na[0]}, ${na[1]})`}
     order by bron, betrekking.betrekking
     limit ${limit}`)
  return rows
}

/** The leerlingen of this bron that are known here, of these. */
export async function listBekend (tx: Tx, scope: Schoolscope, leerlingen: readonly string[]): Promise<Set<string>> {
  const { rows } = await tx.execute<{ leerling: string }>(sql`
    select leerling from leerling where school = ${scope.school} and bron = ${scope.bron} and leerling = any(${sql.param(leerlingen)}::text[])`)
  return new Set(rows.map(({ leerling }) => leerling))
}

// ---- toestemmingen

export interface Sleutel { readonly bron: string, readonly bronId: string }

const TOESTEMMING = sql`
  school || '-' || toestemming as id, school, json_build_object('bron', bron, 'bronId', leerling) as leerling, persoon, van, tot, gegeven_door as "gegevenDoor",
  gegeven_rol as "gegevenRol", ${iso(sql`gegeven_op`)} as "gegevenOp", ingetrokken_door as "ingetrokkenDoor", ${iso(sql`ingetrokken_op`)} as "ingetrokkenOp"`

type Toestemmingsrij = Toestemming & Record<string, unknown>

export async function findGeboortedatum (tx: Tx, scope: Schoolinzage, { bron, bronId }: Sleutel): Promise<Datum | undefined> {
  const { rows } = await tx.execute<{ geboortedatum: Datum }>(sql`
    select geboortedatum from leerling where school = ${scope.school} and bron = ${bron} and leerling = ${bronId} and ${inReikwijdte(scope, sql`leerling`)}`)
  return rows[0]?.geboortedatum
}

export async function insertToestemming (tx: Tx, scope: Schoolinzage, { bron, bronId }: Sleutel, { persoon, van, tot }: Toestemmingsinvoer, door: { actor: string, rol: string | null, op: string }): Promise<Toestemming> {
  const { rows } = await tx.execute<Toestemmingsrij>(sql`
    insert into toestemming (school, toestemming, bron, leerling, persoon, van, tot, gegeven_door, gegeven_rol, gegeven_op)
    values (${scope.school}, ${randomUUID()}::uuid, ${bron}, ${bronId}, ${persoon}, ${van}::date, ${tot ?? null}::date, ${door.actor}, ${door.rol}, ${door.op}::timestamptz)
    returning ${TOESTEMMING}`)
  return rows[0]!
}

/** All of a leerling, the last given first; with `id` only that one. */
export async function listToestemmingen (tx: Tx, scope: Schoolinzage, { bron, bronId }: Sleutel, id?: string): Promise<Toestemming[]> {
  const { rows } = await tx.execute<Toestemmingsrij>(sql`
    select ${TOESTEMMING}
      from toestemming
     where school = ${scope.school} and bron = ${bron} and leerling = ${bronId} and ${inReikwijdte(scope, sql`toestemming`)}
       ${id === undefined ? sql`` : sql`and toestemming.toestemming = ${id}::uuid`}
     order by gegeven_op desc, toestemming.toestemming`)
  return rows
}

/** Withdraws one that is in force; withdrawing twice changes nothing. */
export async function withdrawToestemming (tx: Tx, scope: Schoolinzage, { bron, bronId }: Sleutel, id: string, door: { actor: string, op: string }): Promise<void> {
  await tx.execute(sql`
    update toestemming
       set ingetrokken_door = ${door.actor}, ingetrokken_op = ${door.op}::timestamptz
     where school = ${scope.school} and bron = ${bron} and leerling = ${bronId} and ${inReikwijdte(scope, sql`toestemming`)} and toestemming.toestemming = ${id}::uuid and ingetrokken_op is null`)
}

// ---- uitleg

export interface Grond { readonly soort: 'groep' | 'betrekking', readonly bronId: string, readonly van: Datum, readonly tot: Datum | null, readonly gezag: boolean, readonly betrekking: 'leerling' | 'ouder' | null, readonly blokkades: Betrekking['blokkades'], readonly toestemmingen: ReadonlyArray<{ readonly van: Datum, readonly tot: Datum | null }> }

/** What ties this person to this leerling, ever: groepen of this role, with the days both were in it, and betrekkingen. Of every record that is the same person. */
export async function listGronden (tx: Tx, scope: Schoolscope, { bron, bronId }: Sleutel, persoon: string, rol: string): Promise<Grond[]> {
  const { rows } = await tx.execute<Grond & Record<string, unknown>>(sql`
    with zelf as (
      select p.school, p.bron, p.leerling
        from leerling l
        join ${ZELFDE_PERSOON}
       where l.school = ${scope.school} and l.bron = ${bron} and l.leerling = ${bronId}
    )
    select 'groep' as soort, g.groep as "bronId", greatest(g.van, b.van) as van, least(g.tot, b.tot) as tot, true as gezag, null as betrekking, '[]'::jsonb as blokkades, '[]'::json as toestemmingen
      from zelf z
      join groepslid g on g.school = z.school and g.bron = z.bron and g.leerling = z.leerling
      join groepsbegeleider b on b.school = g.school and b.bron = g.bron and b.groep = g.groep
     where b.persoon = ${persoon} and b.rol = ${rol} and greatest(g.van, b.van) <= coalesce(least(g.tot, b.tot), 'infinity')
     union all
    select 'betrekking', b.betrekking, b.van, b.tot, b.gezag, b.soort, ${BLOKKADES}, ${TOESTEMMINGEN}
      from zelf z
      join betrekking b on b.school = z.school and b.bron = z.bron and b.leerling = z.leerling
     where b.persoon = ${persoon} and b.soort = ${rol}
     order by 3, 2`)
  return rows
}

/** Whether a melding of this leerling, under any of his records, reached this gemeente. */
export async function isGemeld (tx: Tx, scope: Schoolscope, { bron, bronId }: Sleutel, gemeente: string): Promise<boolean> {
  const { rows } = await tx.execute(sql`
    select
      from leerling l
      join ${ZELFDE_PERSOON}
      join melding m on m.school = p.school and m.bron = p.bron and m.leerling = p.leerling
     where l.school = ${scope.school} and l.bron = ${bron} and l.leerling = ${bronId} and ${isGemeldAan(gemeente)}
     limit 1`)
  return rows.length > 0
}
