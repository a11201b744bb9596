import { randomUUID } from 'node:crypto'
import { sql } from '../db/drizzle.ts'
import { inReikwijdte, inReikwijdteVanSchool, inScope, isSchoolwide, type Inzage, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { LEERLING_BEPERKT } from '../verzoeken/beperkt.ts'
import { isVan, readPage } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Lesvrij } from '../domain/kalender.ts'
import type { Leerling, Vestiging } from './contract.ts'

const VESTIGING = sql`vestiging, school, naam, sector, regio, gemeentecode, samenwerkingsverband, lesuur_minuten as "lesuurMinuten"`

/** Answers whether the school is new; this transaction then holds it alone. */
export async function insertSchool (tx: Tx, school: string): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`insert into school (school) values (${school}) on conflict on constraint school_pk do nothing`)
  return rowCount === 1
}

export async function listVestigingenVan (tx: Tx, school: string): Promise<Vestiging[]> {
  const { rows } = await tx.execute<Vestiging>(sql`select ${VESTIGING} from vestiging where school = ${school}`)
  return rows
}

/** What they replace is kept as versions, that end at the moment the new ones begin. */
export async function upsertVestigingen (tx: Tx, school: string, rijen: readonly Vestiging[]): Promise<void> {
  await tx.execute(sql`
    with oud as (
      insert into vestiging_versie
      select *, statement_timestamp() from vestiging where school = ${school} and vestiging = any(${sql.param(rijen.map(({ vestiging }) => vestiging))}::text[])
    )
    insert into vestiging (school, vestiging, naam, sector, regio, gemeentecode, samenwerkingsverband, lesuur_minuten, vastgelegd_op)
    select ${school}, r.vestiging, r.naam, r.sector, r.regio, r.gemeentecode, r.samenwerkingsverband, r."lesuurMinuten", statement_timestamp()
      from json_to_recordset(${JSON.stringify(rijen)}::json)
        as r(vestiging text, naam text, sector sector, regio regio, gemeentecode text, samenwerkingsverband text, "lesuurMinuten" smallint)
     order by r.vestiging
        on conflict on constraint vestiging_pk do update
           set naam = excluded.naam, sector = excluded.sector, regio = excluded.regio, gemeentecode = excluded.gemeentecode,
               samenwerkingsverband = excluded.samenwerkingsverband, lesuur_minuten = excluded.lesuur_minuten, vastgelegd_op = excluded.vastgelegd_op`)
}

export async function listVestigingen (tx: Tx, scope: Inzage, school: string | undefined, na: string | undefined, limit: number): Promise<Vestiging[]> {
  const { rows } = await tx.execute<Vestiging>(sql`
    select ${VESTIGING}
      from vestiging
     where ${inScope(scope)}
       ${school === undefined ? sql`` : sql`and school = ${school}`}
       ${na === undefined ? sql`` : sql`and (school, vestiging) > (left(${na}, 4), ${na})`}
     order by school, vestiging
     limit ${limit}`)
  return rows
}

export interface Kalenderrij { [column: string]: unknown, vestiging: string, schooljaar: string, lesdagen: number[], lesvrij: Lesvrij[], versie: number }

export async function listKalendersVan (tx: Tx, school: string): Promise<Kalenderrij[]> {
  const { rows } = await tx.execute<Kalenderrij>(sql`
    select vestiging, schooljaar, lesdagen, lesvrij, versie from kalender where school = ${school} and vervangen_op = 'infinity'`)
  return rows
}

/** Closes the version in force and opens the next, so what was computed with it can be rebuilt. */
export async function insertKalenderversie (tx: Tx, school: string, rij: Kalenderrij): Promise<void> {
  await tx.execute(sql`
    update kalender set vervangen_op = statement_timestamp()
     where school = ${school} and vestiging = ${rij.vestiging} and schooljaar = ${rij.schooljaar} and vervangen_op = 'infinity'`)
  await tx.execute(sql`
    insert into kalender (school, vestiging, schooljaar, lesdagen, lesvrij, versie, vastgelegd_op)
    values (${school}, ${rij.vestiging}, ${rij.schooljaar}, ${sql.param(rij.lesdagen)}::smallint[], ${JSON.stringify(rij.lesvrij)}::jsonb, ${rij.versie},
            (select coalesce(max(vervangen_op), statement_timestamp()) from kalender
              where school = ${school} and vestiging = ${rij.vestiging} and schooljaar = ${rij.schooljaar}))`)
}

export interface Bewaardelessen { readonly vestiging: string, readonly van: string, readonly tot: string | null, readonly leerjaar: number, readonly minutenPerWeek: number | null, readonly rooster: readonly number[] | null }

/** A leerling as stored, with what is needed to see whether a push changes it. */
export interface Bewaard {
  [column: string]: unknown
  leerling: string
  geboortedatum: string
  woongemeente: string | null
  pgnZoek: Buffer | null
  inschrijvingen: Bewaardelessen[]
}

/** The stored leerlingen of these keys, locked in key order. */
export async function listBewaard (tx: Tx, scope: Schoolscope, leerlingen: readonly string[]): Promise<Bewaard[]> {
  const { rows } = await tx.execute<Bewaard>(sql`
    with eigen as (
      select leerling, geboortedatum, woongemeente, pgn_zoek
        from leerling
       where school = ${scope.school} and bron = ${scope.bron} and leerling = any(${sql.param(leerlingen)}::text[])
       order by leerling
         for update
    )
    select e.leerling, e.geboortedatum, e.woongemeente, e.pgn_zoek as "pgnZoek", coalesce(i.inschrijvingen, '[]') as inschrijvingen
      from eigen e
      left join lateral (select json_agg(json_build_object('vestiging', n.vestiging, 'van', n.van, 'tot', n.tot, 'leerjaar', n.leerjaar,
                                                           'minutenPerWeek', n.minuten_per_week, 'rooster', n.rooster) order by n.van, n.vestiging) as inschrijvingen
                           from inschrijving n
                          where n.school = ${scope.school} and n.bron = ${scope.bron} and n.leerling = e.leerling) i on true`)
  return rows
}

export interface Leerlingrij {
  readonly leerling: string
  readonly geboortedatum: string
  readonly woongemeente: string | null
  readonly pgnSoort: string | null
  /** Hex, because it travels inside JSON. */
  readonly pgnVersleuteld: string | null
  readonly pgnZoek: string | null
  readonly inschrijvingen: readonly Bewaardelessen[]
}

/** Writes leerlingen with all their inschrijvingen: what they replace is kept as versions, that end at the moment the new ones begin. */
export async function replaceLeerlingen (tx: Tx, scope: Schoolscope, rijen: readonly Leerlingrij[], vandaag: Datum): Promise<void> {
  const { school, bron } = scope
  const json = JSON.stringify(rijen)
  const { rows: [first] } = await tx.execute<{ moment: string }>(sql`
    insert into leerling (school, bron, leerling, geboortedatum, woongemeente, pgn_soort, pgn_versleuteld, pgn_zoek, vastgelegd_op)
    select ${school}, ${bron}, r.leerling, r.geboortedatum, r.woongemeente, r."pgnSoort", decode(r."pgnVersleuteld", 'hex'), decode(r."pgnZoek", 'hex'), statement_timestamp()
      from json_to_recordset(${json}::json)
        as r(leerling text, geboortedatum date, woongemeente text, "pgnSoort" text, "pgnVersleuteld" text, "pgnZoek" text)
     order by r.leerling
        on conflict on constraint leerling_pk do update
           set geboortedatum = excluded.geboortedatum, woongemeente = excluded.woongemeente, pgn_soort = excluded.pgn_soort,
               pgn_versleuteld = excluded.pgn_versleuteld, pgn_zoek = excluded.pgn_zoek, vastgelegd_op = excluded.vastgelegd_op
    returning vastgelegd_op::text as moment`)
  const moment = sql`${first!.moment}::timestamptz`
  await insertLeerlingversies(tx, scope, json, { moment: first!.moment, vandaag })
  await tx.execute(sql`
    with oud as (
      delete from inschrijving
       where school = ${school} and bron = ${bron} and leerling = any(${sql.param(rijen.map(({ leerling }) => leerling))}::text[])
      returning *
    )
    insert into inschrijving_versie select *, ${moment} from oud`)
  await tx.execute(sql`
    insert into inschrijving (school, bron, leerling, vestiging, van, tot, leerjaar, minuten_per_week, rooster, vastgelegd_op)
    select ${school}, ${bron}, r.leerling, i.vestiging, i.van, i.tot, i.leerjaar, i."minutenPerWeek", i.rooster, ${moment}
      from json_to_recordset(${json}::json) as r(leerling text, inschrijvingen json)
     cross join lateral json_to_recordset(r.inschrijvingen)
        as i(vestiging text, van date, tot date, leerjaar smallint, "minutenPerWeek" smallint, rooster smallint[])`)
}

/**
 * Keeps where a leerling lives, from the day it was first told; where nothing was known before, it is taken to have been so always. Rows only
 * for what changed.
 */
async function insertLeerlingversies (tx: Tx, scope: Schoolscope, json: string, { moment, vandaag }: { readonly moment: string, readonly vandaag: Datum }): Promise<void> {
  await tx.execute(sql`
    insert into leerling_versie (school, bron, leerling, geboortedatum, woongemeente, woont_sinds, vastgelegd_op)
    select ${scope.school}, ${scope.bron}, r.leerling, r.geboortedatum, r.woongemeente,
           case when oud.woongemeente is null or oud.woongemeente = r.woongemeente then coalesce(oud.woont_sinds, '1900-01-01') else ${vandaag}::date end,
           ${moment}::timestamptz
      from json_to_recordset(${json}::json) as r(leerling text, geboortedatum date, woongemeente text)
      left join lateral (select geboortedatum, woongemeente, woont_sinds
                           from leerling_versie v
                          where v.school = ${scope.school} and v.bron = ${scope.bron} and v.leerling = r.leerling
                          order by vastgelegd_op desc
                          limit 1) oud on true
     where (oud.geboortedatum, oud.woongemeente) is distinct from (r.geboortedatum, r.woongemeente)`)
}

export interface Roosterrij { [column: string]: unknown, bron: string, leerling: string, vestiging: string, van: string, minutenPerWeek: number }

/** Inschrijvingen whose rooster we spread ourselves, of one vestiging, that begin in a periode. */
export async function listVerdeeldeRoosters (tx: Tx, scope: Schoolscope, vestiging: string, van: string, tot: string): Promise<Roosterrij[]> {
  const { rows } = await tx.execute<Roosterrij>(sql`
    select bron, leerling, vestiging, van, minuten_per_week as "minutenPerWeek"
      from inschrijving
     where school = ${scope.school} and vestiging = ${vestiging} and minuten_per_week is not null and van between ${van} and ${tot}
     order by bron, leerling, van`)
  return rows
}

export async function updateRoosters (tx: Tx, scope: Schoolscope, rijen: ReadonlyArray<{ bron: string, leerling: string, vestiging: string, van: string, rooster: readonly number[] }>): Promise<void> {
  await tx.execute(sql`
    with r as (
      select * from json_to_recordset(${JSON.stringify(rijen)}::json) as r(bron text, leerling text, vestiging text, van date, rooster smallint[])
    ), bewaard as (
      insert into inschrijving_versie
      select i.*, statement_timestamp()
        from inschrijving i
        join r using (bron, leerling, vestiging, van)
       where i.school = ${scope.school} and i.rooster is distinct from r.rooster
    )
    update inschrijving i
       set rooster = r.rooster, vastgelegd_op = statement_timestamp()
      from r
     where i.school = ${scope.school} and i.bron = r.bron and i.leerling = r.leerling and i.vestiging = r.vestiging and i.van = r.van
       and i.rooster is distinct from r.rooster`)
}

/** Marks leerlingen for evaluation, by key. Every statement marks anew: see `writeAbsenties`. */
export async function markLeerlingen (tx: Tx, scope: Schoolscope, leerlingen: readonly string[]): Promise<void> {
  await tx.execute(sql`
    insert into evaluatie_markering (school, markering, bron, leerlingen)
    values (${scope.school}, ${randomUUID()}, ${scope.bron}, ${sql.param(leerlingen)}::text[])`)
}

/** Who else of the school is the same person as one of these leerlingen: another record with the same persoonsgebonden nummer. */
export async function listAndereSleutels (tx: Tx, scope: Schoolscope, leerlingen: readonly string[]): Promise<Array<{ bron: string, leerling: string }>> {
  const { rows } = await tx.execute<{ bron: string, leerling: string }>(sql`
    select distinct o.bron, o.leerling
      from leerling l
      join leerling o on o.school = l.school and o.pgn_zoek = l.pgn_zoek and (o.bron, o.leerling) <> (l.bron, l.leerling)
     where l.school = ${scope.school} and l.bron = ${scope.bron} and l.leerling = any(${sql.param(leerlingen)}::text[])`)
  return rows
}

/** Marks leerlingen of any bron for evaluation. */
export async function markSleutels (tx: Tx, scope: Schoolscope, sleutels: ReadonlyArray<{ bron: string, leerling: string }>): Promise<void> {
  await tx.execute(sql`
    insert into evaluatie_markering (school, markering, bron, leerlingen)
    select ${scope.school}, ${randomUUID()}::uuid, bron, array_agg(distinct leerling)
      from json_to_recordset(${JSON.stringify(sleutels)}::json) as r(bron text, leerling text)
     group by bron`)
}

/** Marks every leerling ever enrolled at a vestiging: its kalender, lesuur or sector changed. */
export async function markVestiging (tx: Tx, scope: Schoolscope, vestiging: string): Promise<void> {
  await tx.execute(sql`
    insert into evaluatie_markering (school, markering, bron, leerlingen)
    select school, ${randomUUID()}::uuid, bron, array_agg(distinct leerling)
      from inschrijving
     where school = ${scope.school} and vestiging = ${vestiging}
     group by school, bron`)
}

/** Marks every week of a vestiging since its first inschrijving, up to and including `tot`. */
export async function markAlleWeken (tx: Tx, school: string, vestiging: string, tot: string): Promise<void> {
  await tx.execute(sql`
    insert into aggregaat_markering (school, vestiging, maandag, markering)
    select ${school}, ${vestiging}, maandag::date, ${randomUUID()}
      from (select date_trunc('week', min(van)) as eerste from inschrijving where school = ${school} and vestiging = ${vestiging}) i
     cross join lateral generate_series(i.eerste, ${tot}::date, interval '7 days') as maandag`)
}

/** Marks the weeks of a vestiging for the figures, by their Mondays. */
export async function markWeken (tx: Tx, school: string, weken: ReadonlyArray<{ vestiging: string, maandag: string }>): Promise<void> {
  await tx.execute(sql`
    insert into aggregaat_markering (school, vestiging, maandag, markering)
    select ${school}, r.vestiging, r.maandag, ${randomUUID()}
      from json_to_recordset(${JSON.stringify(weken)}::json) as r(vestiging text, maandag date)`)
}

const LEERLING = sql`
  l.bron, l.leerling as "bronId", l.school, l.geboortedatum, l.pgn_zoek is not null as "persoonsgebondenNummerBekend", l.woongemeente, ${LEERLING_BEPERKT} as beperkt,
  coalesce((select json_agg(json_build_object('vestiging', i.vestiging, 'van', i.van, 'tot', i.tot, 'leerjaar', i.leerjaar, 'rooster', i.rooster) order by i.van, i.vestiging)
              from inschrijving i
             where i.school = l.school and i.bron = l.bron and i.leerling = l.leerling), '[]') as inschrijvingen`

export async function findLeerling (tx: Tx, scope: Schoolinzage, bron: string, bronId: string): Promise<Leerling | undefined> {
  const { rows } = await tx.execute<Leerling>(sql`
    select ${LEERLING} from leerling l where l.school = ${scope.school} and l.bron = ${bron} and l.leerling = ${bronId} and ${inReikwijdte(scope, sql`l`)}`)
  return rows[0]
}

export async function listLeerlingen (tx: Tx, scope: Schoolinzage, filter: { vestiging?: string | undefined, na?: readonly [string, string] | undefined, limit: number }): Promise<Leerling[]> {
  const { vestiging, na, limit } = filter
  return await readPage<Leerling>(tx, isSchoolwide(scope), sql`
    select ${LEERLING}
      from leerling l
     where l.school = ${scope.school} and ${inReikwijdteVanSchool(scope, sql`l`)}
       ${vestiging === undefined ? sql`` : sql`and (exists (select from inschrijving i where i.school = l.school and i.bron = l.bron and i.leerling = l.leerling and i.vestiging = ${vestiging})) is true`}
       ${na === undefined ? sql`` : sql`and (l.bron, l.leerling) > (${na[0]}, ${na[1]})`}
     order by l.bron, l.leerling
     limit ${limit}`)
}

export async function searchLeerlingen (tx: Tx, scope: Schoolscope, pgnZoek: Buffer): Promise<Leerling[]> {
  const { rows } = await tx.execute<Leerling>(sql`
    select ${LEERLING} from leerling l where l.school = ${scope.school} and l.pgn_zoek = ${pgnZoek} order by l.bron, l.leerling limit 20`)
  return rows
}

export interface Vrijstellingsrij { [column: string]: unknown, bronId: string, leerling: string, grondslag: string, van: string, tot: string }

export async function listVrijstellingenVan (tx: Tx, scope: Schoolscope, bronIds: readonly string[]): Promise<Vrijstellingsrij[]> {
  const { rows } = await tx.execute<Vrijstellingsrij>(sql`
    select vrijstelling as "bronId", leerling, grondslag, van, tot
      from vrijstelling
     where school = ${scope.school} and bron = ${scope.bron} and vrijstelling = any(${sql.param(bronIds)}::text[])`)
  return rows
}

/** Which of these leerlingen exist. */
export async function listBekend (tx: Tx, scope: Schoolscope, leerlingen: readonly string[]): Promise<Set<string>> {
  const { rows } = await tx.execute<{ leerling: string }>(sql`
    select leerling from leerling where school = ${scope.school} and bron = ${scope.bron} and leerling = any(${sql.param(leerlingen)}::text[])`)
  return new Set(rows.map(({ leerling }) => leerling))
}

export async function upsertVrijstellingen (tx: Tx, scope: Schoolscope, rijen: readonly Vrijstellingsrij[]): Promise<void> {
  await tx.execute(sql`
    insert into vrijstelling (school, bron, vrijstelling, leerling, grondslag, van, tot, vastgelegd_op)
    select ${scope.school}, ${scope.bron}, r."bronId", r.leerling, r.grondslag, r.van, r.tot, statement_timestamp()
      from json_to_recordset(${JSON.stringify(rijen)}::json) as r("bronId" text, leerling text, grondslag text, van date, tot date)
     order by r."bronId"
        on conflict on constraint vrijstelling_pk do update
           set leerling = excluded.leerling, grondslag = excluded.grondslag, van = excluded.van, tot = excluded.tot, vastgelegd_op = excluded.vastgelegd_op`)
}

/** The leerlingen themselves, with everything that hangs on them: inschrijvingen and vrijstellingen, versions too. */
export async function deleteLeerlingenVan (tx: Tx, { school }: Schoolscope, leerlingen: ReadonlyArray<{ readonly bron: string, readonly leerling: string }>): Promise<void> {
  const van = isVan(leerlingen)
  await tx.execute(sql`delete from inschrijving_versie where school = ${school} and ${van}`)
  await tx.execute(sql`delete from leerling where school = ${school} and ${van}`)
}
