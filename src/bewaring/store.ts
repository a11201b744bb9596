import { randomUUID } from 'node:crypto'
import { sql, type SQL } from '../db/drizzle.ts'
import { isVan, iso } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Schoolscope } from '../toegang/service.ts'
import type { Vasthouding, Vasthoudingsinvoer, Vernietigingsregel } from './contract.ts'
import type { Leerlingsleutel } from './vernietigd.ts'

// 'wisr' in ASCII. A BRIN is four ASCII characters, so it fits an integer.
const SLOT = 0x77697372

/** One writer of the wisregister of a school at a time, until the end of the transaction. */
export async function lockWisregister (tx: Tx, school: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${SLOT}, ${Buffer.from(school, 'ascii').readInt32BE()})`)
}

// ---- where the store stands

/** The last entry of the wisregister that was carried out here, of each school that has one. */
export async function listWisnummers (tx: Tx): Promise<Map<string, number>> {
  const { rows } = await tx.execute<{ school: string, nummer: number }>(sql`select school, wisregister as nummer from bewaarstand where wisregister > 0`)
  return new Map(rows.map(({ school, nummer }) => [school, nummer]))
}

export async function findWisnummer (tx: Tx, school: string): Promise<number> {
  const { rows } = await tx.execute<{ nummer: number }>(sql`select wisregister as nummer from bewaarstand where school = ${school}`)
  return rows[0]?.nummer ?? 0
}

export async function updateWisnummer (tx: Tx, school: string, nummer: number): Promise<void> {
  await tx.execute(sql`
    insert into bewaarstand (school, wisregister) values (${school}, ${nummer})
        on conflict on constraint bewaarstand_pk do update set wisregister = excluded.wisregister`)
}

/** Figures of perioden that begin on or before this day stay as they were counted; the day never goes back. */
export async function raiseGrens (tx: Tx, school: string, grens: Datum): Promise<void> {
  await tx.execute(sql`
    insert into bewaarstand (school, grens) values (${school}, ${grens})
        on conflict on constraint bewaarstand_pk do update set grens = greatest(bewaarstand.grens, excluded.grens)`)
}

/** By the clock of the database, as leveringen have their afkapmoment: which came first must be certain. */
export async function readMoment (tx: Tx): Promise<string> {
  const { rows } = await tx.execute<{ moment: string }>(sql`select ${iso(sql`clock_timestamp()`)} as moment`)
  return rows[0]!.moment
}

/** By the clock of the database, which keeps verwerkingen from being removed too soon. */
export async function readDatabasedag (tx: Tx): Promise<Datum> {
  const { rows } = await tx.execute<{ dag: Datum }>(sql`select current_date as dag`)
  return rows[0]!.dag
}

// ---- who has passed a term

export interface Verlopene extends Leerlingsleutel {
  /** The last day of the person at the school, over all of his records. */
  readonly tot: Datum
}

export interface Verloopvraag {
  /** Who left before this day. */
  readonly grens: Datum
  /** The day on which a vasthouding is asked about. */
  readonly dag: Datum
  readonly wat: 'leerlingen' | 'dossiers'
}

function geldt (tabel: SQL, dag: Datum): SQL {
  return sql`(${tabel}.beeindigd_op is null and ${dag}::date between ${tabel}.van and coalesce(${tabel}.tot, 'infinity'))`
}

/**
 * `persoon`: every record of the school with the person it is of (the same persoonsgebonden nummer). `vertrokken`: persons whose every
 * inschrijving has ended, with the last day, and the day up to which the dossier of all of their records is closed. `gehouden`: those under a
 * vasthouding or a beperking (AVG art. 18: what is kept may be needed), or of whom a message is being sent now. One probe a leerling: joined to
 * all inschrijvingen of the school, without statistics, 1,000 leerlingen took 90 ms.
 */
const personen = ({ school }: Schoolscope, dag: Datum): SQL => sql`
  persoon as materialized (
    select l.bron, l.leerling, coalesce(encode(l.pgn_zoek, 'hex'), l.bron || ' ' || l.leerling) as persoon, i.tot,
           coalesce((select d.tot from dossiersluiting d where d.school = ${school} and d.bron = l.bron and d.leerling = l.leerling), '-infinity') as gesloten
      from leerling l
     cross join lateral (select case when bool_and(n.tot is not null) then max(n.tot) end as tot
                           from inschrijving n
                          where n.school = ${school} and n.bron = l.bron and n.leerling = l.leerling) i
     where l.school = ${school}
  ),
  vertrokken as materialized (
    select persoon, max(tot) as tot, min(gesloten) as gesloten
      from persoon
     group by persoon
    having bool_and(tot is not null)
  ),
  gehouden as materialized (
    select p.persoon from vasthouding v join persoon p on v.leerling is null or (p.bron = v.bron and p.leerling = v.leerling) where v.school = ${school} and ${geldt(sql`v`, dag)}
     union
    select p.persoon from beperking b join persoon p on p.bron = b.bron and p.leerling = b.leerling where b.school = ${school} and b.opgeheven_op is null
     union
    select p.persoon
      from uitzending u
      join melding m on m.school = u.school and m.melding = u.melding
      join persoon p on p.bron = m.bron and p.leerling = m.leerling
     where u.school = ${school} and u.status = 'onderweg'
  )`

const isVerlopen = ({ grens, wat }: Verloopvraag): SQL => sql`p.tot < ${grens}::date ${wat === 'dossiers' ? sql`and p.gesloten < p.tot` : sql``}`
const IS_GEHOUDEN = sql`p.persoon in (select persoon from gehouden)`

/** The records of so many persons who left before a day and whom nothing holds, longest ago first; the records of one person are never split. */
export async function listVrij (tx: Tx, scope: Schoolscope, vraag: Verloopvraag, aantalPersonen: number): Promise<Verlopene[]> {
  const { rows } = await tx.execute<Verlopene & Record<string, unknown>>(sql`
    with ${personen(scope, vraag.dag)},
    vrij as (
      select p.persoon, p.tot
        from vertrokken p
       where ${isVerlopen(vraag)} and not ${IS_GEHOUDEN}
       order by p.tot, p.persoon
       limit ${aantalPersonen}
    )
    select persoon.bron, persoon.leerling, vrij.tot
      from vrij
      join persoon using (persoon)
     order by vrij.tot, persoon.bron, persoon.leerling`)
  return rows
}

/** A page of the records of everybody who left before a day, and whether something holds them. */
export async function listVerlopen (tx: Tx, scope: Schoolscope, vraag: Verloopvraag & { readonly na: readonly [tot: Datum, bron: string, leerling: string] | undefined, readonly limit: number }): Promise<Array<Verlopene & { vastgehouden: boolean }>> {
  const { rows } = await tx.execute<Verlopene & { vastgehouden: boolean } & Record<string, unknown>>(sql`
    with ${personen(scope, vraag.dag)}
    select r.bron, r.leerling, p.tot, ${IS_GEHOUDEN} as vastgehouden
      from vertrokken p
      join persoon r on r.persoon = p.persoon
     where ${isVerlopen(vraag)}
       ${vraag.na === undefined ? sql`` : sql`and (p.tot, r.bron, r.leerling) > (${vraag.na[0]}::date, ${vraag.na[1]}, ${vraag.na[2]})`}
     order by p.tot, r.bron, r.leerling
     limit ${vraag.limit}`)
  return rows
}

export async function countVerlopen (tx: Tx, scope: Schoolscope, vraag: Verloopvraag): Promise<{ leerlingen: number, vastgehouden: number }> {
  const { rows } = await tx.execute<{ leerlingen: number, vastgehouden: number }>(sql`
    with ${personen(scope, vraag.dag)}
    select count(*)::int as leerlingen, (count(*) filter (where ${IS_GEHOUDEN}))::int as vastgehouden
      from vertrokken p
      join persoon r on r.persoon = p.persoon
     where ${isVerlopen(vraag)}`)
  return rows[0]!
}

/** Every record of the person that this leerling is, with the last day of all of them: null while one has no end. Empty: not known here. */
export async function listPersoon (tx: Tx, scope: Schoolscope, { bron, leerling }: Leerlingsleutel, dag: Datum): Promise<Array<Leerlingsleutel & { readonly tot: Datum | null, readonly vastgehouden: boolean, readonly onderweg: boolean }>> {
  const { school } = scope
  const { rows } = await tx.execute<Leerlingsleutel & { tot: Datum | null, vastgehouden: boolean, onderweg: boolean } & Record<string, unknown>>(sql`
    with ${personen(scope, dag)}
    select p.bron, p.leerling, v.tot,
           exists (select from vasthouding h where h.school = ${school} and (h.leerling is null or (h.bron = p.bron and h.leerling = p.leerling)) and ${geldt(sql`h`, dag)}) as vastgehouden,
           exists (select from melding m join uitzending u on u.school = m.school and u.melding = m.melding
                    where m.school = ${school} and m.bron = p.bron and m.leerling = p.leerling and u.status = 'onderweg') as onderweg
      from persoon p
      left join vertrokken v on v.persoon = p.persoon
     where p.persoon = (select persoon from persoon where bron = ${bron} and leerling = ${leerling})
     order by p.bron, p.leerling`)
  return rows
}

/** Everybody of whom anything is stored. */
export async function listSleutels (tx: Tx, { school }: Schoolscope): Promise<Leerlingsleutel[]> {
  const { rows } = await tx.execute<Leerlingsleutel & Record<string, unknown>>(sql`
    select bron, leerling from leerling where school = ${school}
     union select bron, leerling from inschrijving_versie where school = ${school}
     union select bron, leerling from absentie where school = ${school} and leerling is not null
     union select bron, leerling from absentie_versie where school = ${school} and leerling is not null
     union select bron, leerling from absentie_in_wacht where school = ${school}
     union select bron, leerling from afmelding where school = ${school} and leerling is not null
     union select bron, leerling from afmelding_versie where school = ${school} and leerling is not null
     union select bron, unnest(leerlingen || overige) from evaluatie_markering where school = ${school}`)
  return rows
}

// ---- what there is of them

/** Keys of what is of these leerlingen without naming them. */
export interface Onderliggend {
  readonly signalen: readonly string[]
  readonly meldingen: readonly string[]
  readonly uitzendingen: readonly string[]
  readonly verzoeken: readonly string[]
  readonly absenties: ReadonlyArray<{ readonly bron: string, readonly bronId: string }>
  readonly afmeldingen: ReadonlyArray<{ readonly bron: string, readonly bronId: string }>
  readonly vrijstellingen: ReadonlyArray<{ readonly bron: string, readonly bronId: string }>
}

export async function listOnderliggend (tx: Tx, { school }: Schoolscope, leerlingen: readonly Leerlingsleutel[]): Promise<Onderliggend> {
  const { rows } = await tx.execute<Onderliggend & Record<string, unknown>>(sql`
    select array(select s.signaal::text from signaal s where s.school = ${school} and ${isVan(leerlingen, sql`s.`)}) as signalen,
           array(select m.melding::text from melding m where m.school = ${school} and ${isVan(leerlingen, sql`m.`)}) as meldingen,
           array(select u.uitzending::text
                   from melding m
                   join uitzending u on u.school = m.school and u.melding = m.melding
                  where m.school = ${school} and ${isVan(leerlingen, sql`m.`)}) as uitzendingen,
           array(select v.verzoek::text from verzoek v where v.school = ${school} and ${isVan(leerlingen, sql`v.`)}) as verzoeken,
           (select coalesce(json_agg(json_build_object('bron', bron, 'bronId', bron_id)), '[]')
              from (select a.bron, a.bron_id from absentie a where a.school = ${school} and ${isVan(leerlingen, sql`a.`)}
                     union
                    select a.bron, a.bron_id from absentie_versie a where a.school = ${school} and ${isVan(leerlingen, sql`a.`)}
                     union
                    select a.bron, a.bron_id from absentie_in_wacht a where a.school = ${school} and ${isVan(leerlingen, sql`a.`)}) a) as absenties,
           (select coalesce(json_agg(json_build_object('bron', bron, 'bronId', afmelding)), '[]')
              from (select a.bron, a.afmelding from afmelding a where a.school = ${school} and ${isVan(leerlingen, sql`a.`)}
                     union
                    select a.bron, a.afmelding from afmelding_versie a where a.school = ${school} and ${isVan(leerlingen, sql`a.`)}) a) as afmeldingen,
           (select coalesce(json_agg(json_build_object('bron', v.bron, 'bronId', v.vrijstelling)), '[]')
              from vrijstelling v where v.school = ${school} and ${isVan(leerlingen, sql`v.`)}) as vrijstellingen`)
  return rows[0]!
}

/** Rows of these leerlingen in every table that holds any: before, what the receipt says; after, none. */
export async function countRijen (tx: Tx, { school }: Schoolscope, leerlingen: readonly Leerlingsleutel[], onderliggend: Onderliggend): Promise<Map<string, number>> {
  const uuids = (ids: readonly string[]): SQL => sql`any(${sql.param(ids)}::uuid[])`
  const eigen = sql`where t.school = ${school} and ${isVan(leerlingen, sql`t.`)}`
  const { rows } = await tx.execute<{ tabel: string, aantal: number }>(sql`
    with wie as materialized (
      select * from unnest(${sql.param(leerlingen.map(({ bron }) => bron))}::text[], ${sql.param(leerlingen.map(({ leerling }) => leerling))}::text[]) as w(bron, leerling)
    )
              select 'leerling' as tabel, count(*)::int as aantal from leerling t ${eigen}
    union all select 'leerling_versie', count(*)::int from leerling_versie t ${eigen}
    union all select 'inschrijving', count(*)::int from inschrijving t ${eigen}
    union all select 'inschrijving_versie', count(*)::int from inschrijving_versie t ${eigen}
    union all select 'vrijstelling', count(*)::int from vrijstelling t ${eigen}
    union all select 'absentie', count(*)::int from absentie t ${eigen}
    union all select 'absentie_versie', (select count(*) from absentie_versie t ${eigen})::int
                                        + (select count(*)
                                             from json_to_recordset(${JSON.stringify(onderliggend.absenties)}::json) as k(bron text, "bronId" text)
                                             join absentie_versie t on t.school = ${school} and t.bron = k.bron and t.bron_id = k."bronId" and t.leerling is null)::int
    union all select 'absentie_in_wacht', count(*)::int from absentie_in_wacht t ${eigen}
    union all select 'afmelding', count(*)::int from afmelding t ${eigen}
    union all select 'afmelding_versie', (select count(*) from afmelding_versie t ${eigen})::int
                                         + (select count(*)
                                              from json_to_recordset(${JSON.stringify(onderliggend.afmeldingen)}::json) as k(bron text, "bronId" text)
                                              join afmelding_versie t on t.school = ${school} and t.bron = k.bron and t.afmelding = k."bronId" and t.leerling is null)::int
    union all select 'evaluatie_markering', count(*)::int
                from evaluatie_markering t
               where t.school = ${school} and exists (select from wie w where w.bron = t.bron and w.leerling = any(t.leerlingen || t.overige))
    union all select 'signaal', count(*)::int from signaal t ${eigen}
    union all select 'signaal_versie', count(*)::int from signaal_versie t where t.school = ${school} and t.signaal = ${uuids(onderliggend.signalen)}
    union all select 'signaal_beoordeling', count(*)::int from signaal_beoordeling t where t.school = ${school} and t.signaal = ${uuids(onderliggend.signalen)}
    union all select 'signaalrust', count(*)::int from signaalrust t ${eigen}
    union all select 'uitzondering', count(*)::int from uitzondering t ${eigen}
    union all select 'melding', count(*)::int from melding t ${eigen}
    union all select 'melding_versie', count(*)::int from melding_versie t where t.school = ${school} and t.melding = ${uuids(onderliggend.meldingen)}
    union all select 'uitzending', count(*)::int from uitzending t where t.school = ${school} and t.melding = ${uuids(onderliggend.meldingen)}
    union all select 'uitzendpoging', count(*)::int from uitzendpoging t where t.school = ${school} and t.uitzending = ${uuids(onderliggend.uitzendingen)}
    union all select 'groepslid', count(*)::int from groepslid t ${eigen}
    union all select 'betrekking', count(*)::int from betrekking t ${eigen}
    union all select 'toestemming', count(*)::int from toestemming t ${eigen}
    union all select 'verzoek', count(*)::int from verzoek t ${eigen}
    union all select 'verzoek_stap', count(*)::int from verzoek_stap t where t.school = ${school} and t.verzoek = ${uuids(onderliggend.verzoeken)}
    union all select 'beperking', count(*)::int from beperking t ${eigen}
    union all select 'overdracht', count(*)::int from overdracht t ${eigen}
    union all select 'vasthouding', count(*)::int from vasthouding t ${eigen}
    union all select 'dossiersluiting', count(*)::int from dossiersluiting t ${eigen}`)
  return new Map(rows.map(({ tabel, aantal }) => [tabel, aantal]))
}

/** The first and last day these leerlingen were enrolled; until today where no end is known. */
export async function findDagen (tx: Tx, { school }: Schoolscope, leerlingen: readonly Leerlingsleutel[], vandaag: Datum): Promise<{ van: Datum, tot: Datum } | null> {
  const { rows } = await tx.execute<{ van: Datum | null, tot: Datum | null }>(sql`
    select min(i.van) as van, greatest(min(i.van), max(coalesce(i.tot, ${vandaag}::date))) as tot
      from inschrijving i
     where i.school = ${school} and ${isVan(leerlingen, sql`i.`)}`)
  const { van, tot } = rows[0]!
  return van === null || tot === null ? null : { van, tot }
}

/** Has the weeks in which these leerlingen were enrolled counted again, up to a day. */
export async function markWeken (tx: Tx, { school }: Schoolscope, leerlingen: readonly Leerlingsleutel[], einde: Datum): Promise<void> {
  await tx.execute(sql`
    insert into aggregaat_markering (school, vestiging, maandag, markering)
    select distinct ${school}, i.vestiging, maandag::date, ${randomUUID()}::uuid
      from inschrijving i
     cross join lateral generate_series(date_trunc('week', i.van), least(coalesce(i.tot, ${einde}::date), ${einde}::date)::timestamp, interval '7 days') as maandag
     where i.school = ${school} and ${isVan(leerlingen, sql`i.`)}`)
}

/** From here on nothing on or before `tot` is raised or changed for this leerling. */
export async function upsertDossiersluitingen (tx: Tx, { school }: Schoolscope, leerlingen: ReadonlyArray<Leerlingsleutel & { readonly tot: Datum }>): Promise<void> {
  await tx.execute(sql`
    insert into dossiersluiting (school, bron, leerling, tot)
    select ${school}, r.bron, r.leerling, r.tot
      from json_to_recordset(${JSON.stringify(leerlingen)}::json) as r(bron text, leerling text, tot date)
        on conflict on constraint dossiersluiting_pk do update set tot = greatest(dossiersluiting.tot, excluded.tot)`)
}

// ---- receipts

export async function insertVernietiging (tx: Tx, { school }: Schoolscope, regel: Vernietigingsregel, sha256: string, vernietigden: ReadonlyArray<readonly [pseudoniem: string, tot: Datum]>): Promise<void> {
  const { termijn, dagen } = regel
  const vernietiging = regel.id.slice(5)
  await tx.execute(sql`
    insert into vernietiging (school, vernietiging, soort, termijn, termijnversie, grens, grond, vernietigd_op, actor, rol, leerlingen, rijen, dagen_van, dagen_tot, herhaling_van, sha256)
    values (${school}, ${vernietiging}, ${regel.soort}, ${termijn?.naam ?? null}, ${termijn?.versie ?? null}, ${termijn?.grens ?? null}, ${regel.grond}, ${regel.vernietigdOp}::timestamptz, ${regel.actor},
            ${regel.rol}, ${regel.leerlingen}, ${JSON.stringify(regel.rijen)}::jsonb, ${dagen?.van ?? null}, ${dagen?.tot ?? null}, ${regel.herhalingVan?.slice(5) ?? null}, ${sha256})`)
  if (vernietigden.length === 0) return
  await tx.execute(sql`
    insert into vernietigde_leerling (school, pseudoniem, vernietiging, tot)
    select ${school}, decode(r.pseudoniem, 'hex'), ${vernietiging}, r.tot
      from unnest(${sql.param(vernietigden.map(([pseudoniem]) => pseudoniem))}::text[], ${sql.param(vernietigden.map(([, tot]) => tot))}::date[]) as r(pseudoniem, tot)`)
}

const VERNIETIGING = sql`
  school || '-' || vernietiging as id, school, soort,
  case when termijn is not null then json_build_object('naam', termijn, 'versie', termijnversie, 'grens', grens) end as termijn, grond,
  ${iso(sql`vernietigd_op`)} as "vernietigdOp", actor, rol, leerlingen, rijen,
  case when dagen_van is not null then json_build_object('van', dagen_van, 'tot', dagen_tot) end as dagen, school || '-' || herhaling_van as "herhalingVan"`

/** Newest first. */
export async function listVernietigingen (tx: Tx, { school }: Schoolscope, na: readonly [vernietigdOp: string, vernietiging: string] | undefined, limit: number): Promise<Vernietigingsregel[]> {
  const { rows } = await tx.execute<Vernietigingsregel & Record<string, unknown>>(sql`
    select ${VERNIETIGING}
      from vernietiging
     where school = ${school}
       ${na === undefined ? sql`` : sql`and (vernietigd_op, vernietiging.vernietiging) < (${na[0]}::timestamptz, ${na[1]}::uuid)`}
     order by vernietigd_op desc, vernietiging.vernietiging desc
     limit ${limit}`)
  return rows
}

export async function findVernietiging (tx: Tx, { school }: Schoolscope, vernietiging: string): Promise<Vernietigingsregel & { readonly sha256: string, readonly pseudoniemen: string[] } | undefined> {
  const { rows } = await tx.execute<Vernietigingsregel & { sha256: string, pseudoniemen: string[] } & Record<string, unknown>>(sql`
    select ${VERNIETIGING}, sha256,
           array(select encode(l.pseudoniem, 'hex') from vernietigde_leerling l where l.school = vernietiging.school and l.vernietiging = vernietiging.vernietiging order by l.pseudoniem) as pseudoniemen
      from vernietiging
     where school = ${school} and vernietiging.vernietiging = ${vernietiging}::uuid`)
  return rows[0]
}

// ---- vasthoudingen

const vasthoudingvelden = (dag: Datum): SQL => sql`
  school || '-' || vasthouding as id, school, case when leerling is not null then json_build_object('bron', bron, 'bronId', leerling) end as leerling, reden, van, tot,
  ${geldt(sql`vasthouding`, dag)} as geldt, actor, rol, ${iso(sql`vastgelegd_op`)} as "vastgelegdOp", ${iso(sql`beeindigd_op`)} as "beeindigdOp", beeindigd_door as "beeindigdDoor"`

type Vasthoudingsrij = Vasthouding & Record<string, unknown>

/** Undefined: the leerling is not known here. */
export async function insertVasthouding (tx: Tx, { school }: Schoolscope, { leerling, reden, van, tot }: Vasthoudingsinvoer, door: { readonly actor: string, readonly rol: string | null }, dag: Datum): Promise<Vasthouding | undefined> {
  const { rows } = await tx.execute<Vasthoudingsrij>(sql`
    insert into vasthouding (school, vasthouding, bron, leerling, reden, van, tot, actor, rol, vastgelegd_op)
    select ${school}, gen_random_uuid(), ${leerling?.bron ?? null}::text, ${leerling?.bronId ?? null}::text, ${reden}, ${van}::date, ${tot ?? null}::date, ${door.actor}, ${door.rol}, statement_timestamp()
     where ${leerling === undefined ? sql`true` : sql`exists (select from leerling l where l.school = ${school} and l.bron = ${leerling.bron} and l.leerling = ${leerling.bronId})`}
    returning ${vasthoudingvelden(dag)}`)
  return rows[0]
}

/** Ends one that was not ended yet. Undefined: it is not known here, or it was. */
export async function endVasthouding (tx: Tx, { school }: Schoolscope, vasthouding: string, door: string, dag: Datum): Promise<Vasthouding | undefined> {
  const { rows } = await tx.execute<Vasthoudingsrij>(sql`
    update vasthouding set beeindigd_op = statement_timestamp(), beeindigd_door = ${door}
     where school = ${school} and vasthouding = ${vasthouding}::uuid and beeindigd_op is null
    returning ${vasthoudingvelden(dag)}`)
  return rows[0]
}

export async function findVasthouding (tx: Tx, { school }: Schoolscope, vasthouding: string, dag: Datum): Promise<Vasthouding | undefined> {
  const { rows } = await tx.execute<Vasthoudingsrij>(sql`select ${vasthoudingvelden(dag)} from vasthouding where school = ${school} and vasthouding = ${vasthouding}::uuid`)
  return rows[0]
}

/** A page in order of first day and key, ended ones too. */
export async function listVasthoudingen (tx: Tx, { school }: Schoolscope, dag: Datum, na: readonly [van: Datum, vasthouding: string] | undefined, limit: number): Promise<Vasthouding[]> {
  const { rows } = await tx.execute<Vasthoudingsrij>(sql`
    select ${vasthoudingvelden(dag)}
      from vasthouding
     where school = ${school}
       ${na === undefined ? sql`` : sql`and (van, vasthouding.vasthouding) > (${na[0]}::date, ${na[1]}::uuid)`}
     order by van, vasthouding.vasthouding
     limit ${limit}`)
  return rows
}
