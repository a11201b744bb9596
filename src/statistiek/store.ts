import { randomUUID } from 'node:crypto'
import { sql, type SQL } from '../db/drizzle.ts'
import { CATEGORIEEN, SOORTEN, type Rooster } from '../domain/absentie.ts'
import { VERPAKT, type Celgegevens, type Raster } from '../domain/celtelling.ts'
import { buildKalender, type Kalender, type Lesvrij, type Regio } from '../domain/kalender.ts'
import type { Tx } from '../db/transaction.ts'
import type { Cel } from '../domain/aggregaat.ts'
import type { Bronafspraak } from '../domain/bronafspraak.ts'
import type { Datum } from '../domain/datum.ts'

/**
 * The facts of one school in these days, ready to be counted (domain/celtelling.ts): every inschrijving with a number, and each absentie packed
 * with that of the inschrijving it falls in. One pass over the absenties; what they mean is not decided here. And who they all are.
 *
 * Measured (PostgreSQL 18, one core, 1,000 leerlingen, 195 lesdagen): 24 ms for 20,000 absenties and 90 for 98,000; a plain group by of the
 * same rows by vestiging, week, leerjaar and categorie 55 and 130 to 230. Grouping these measures in the database took 106 and 335, most of it
 * to count leerlingen once per periode. Of the CTE the planner expects a handful of rows, so without the setting it may loop over all of
 * them for every absentie: 5 s.
 */
export async function selectCelgegevens (tx: Tx, school: string, raster: Raster, afkapmoment: Date | undefined, volgorde: readonly string[] | undefined): Promise<Celbron> {
  const { eerste, laatste } = raster
  const vestigingen = sql`${sql.param(raster.vestigingen.map(({ vestiging }) => vestiging))}::text[]`
  await tx.execute(sql`set local enable_nestloop = off`)
  const { rows } = await tx.execute<Celrijen>(sql`
    with ${bronnen(school, afkapmoment)} ${volgorde === undefined ? sql`` : personen(school, volgorde)}
    gevraagd as materialized (
      select vestiging, plaats::int from unnest(${vestigingen}) with ordinality as v (vestiging, plaats)
    ),
    deelname as materialized (
      select row_number() over (order by vestiging, bron, leerling, van)::int as nummer, dense_rank() over (order by vestiging, bron, leerling)::int as leerlingnummer,
             vestiging, plaats, bron, leerling, greatest(van, ${eerste}::date) as van, least(tot, ${laatste}::date) as tot, leerjaar, rooster
        from (select vestiging, bron, leerling, van, least(tot, lead(van) over (partition by vestiging, bron, leerling order by van) - 1) as tot, leerjaar, rooster
                from ${volgorde === undefined ? sql`inschrijving` : sql`samengevoegde_inschrijving inschrijving`}
               where school = ${school} and vestiging = any(${vestigingen})) inschrijving
        join gevraagd using (vestiging)
       where van <= ${laatste}::date and (tot is null or tot >= ${eerste}::date)
    )
    select (select coalesce(json_agg(json_build_array(leerlingnummer, plaats - 1, van - ${eerste}::date, tot - ${eerste}::date, leerjaar, rooster) order by nummer), '[]')
              from deelname) as deelnamen,
           (select coalesce(json_agg(json_build_array(bron, leerling) order by leerlingnummer), '[]')
              from (select distinct leerlingnummer, bron, leerling from deelname) leerlingen) as leerlingen,
           ${volgorde === undefined ? sql`'[]'::json` : sql`(select coalesce(json_agg(json_build_array(lidbron, lid)), '[]') from persoon)`} as leden,
           feiten.absenties, feiten.buiten,
           (select coalesce(json_agg(json_build_array(nummer, dag, regel, aantal)), '[]')
              from (select nummer, einddatum - ${eerste}::date as dag, regel, count(*) as aantal
                      from signaal
                      ${volgorde === undefined ? sql`` : sql`left join persoon on persoon.lidbron = signaal.bron and persoon.lid = signaal.leerling`}
                      join deelname on ${eigenaar(volgorde, sql`signaal`)} and einddatum between deelname.van and deelname.tot
                     where signaal.school = ${school} and status <> 'vervallen'
                     group by nummer, einddatum, regel) signalen) as signalen,
           (select coalesce(json_agg(json_build_array(plaats - 1, dag)), '[]')
              from (select distinct plaats, datum - ${eerste}::date as dag
                      from aanwezigheidsverklaring
                      join gevraagd using (vestiging)
                     where school = ${school} and datum between ${eerste} and ${laatste} and ${gold(sql`verklaard_op`, sql`ingetrokken_op`, afkapmoment)}) verklaard) as verklaard,
           (select coalesce(json_agg(json_build_object('geldigVan', geldig_van, 'volgorde', volgorde, 'verklaring', verklaring)), '[]')
              from bronafspraak
             where school = ${school} and ${gold(sql`vastgelegd_op`, sql`vervangen_op`, afkapmoment)}) as afspraken
      from (select coalesce(string_agg(int8send(case when nummer is null or ingetrokken or overtroefd_door is not null then -gevraagd.plaats else nummer end * ${2 ** 32}::bigint
                                                + (datum - ${eerste}::date) * ${VERPAKT.dag}::bigint + ${placeIn(SOORTEN, sql`soort`, sql`absentiesoort`)} * ${VERPAKT.soort}
                                                + ${placeIn(CATEGORIEEN, sql`categorie`, sql`categorie`)} * ${VERPAKT.categorie} + coalesce(minuten + 1, 0)), ''), '') as absenties,
                   coalesce(json_agg(json_build_array(absentie.bron, absentie.leerling)) filter (where nummer is null), '[]') as buiten
              from absentie
              join gevraagd using (vestiging)
              ${volgorde === undefined ? sql`` : sql`left join persoon on persoon.lidbron = absentie.bron and persoon.lid = absentie.leerling`}
              left join deelname on deelname.vestiging = absentie.vestiging and ${eigenaar(volgorde, sql`absentie`)} and absentie.datum between deelname.van and deelname.tot
             where absentie.school = ${school} and absentie.vestiging = any(${vestigingen}) and absentie.datum between ${eerste} and ${laatste}) feiten`)
  await tx.execute(sql`set local enable_nestloop to default`)
  const { deelnamen, leerlingen, leden, absenties, buiten, signalen, verklaard, afspraken } = rows[0]!
  const gegevens = {
    deelnamen: deelnamen.map(([leerling, vestiging, van, tot, leerjaar, rooster]) => ({ leerling, vestiging, van, tot, leerjaar, rooster })),
    absenties,
    signalen: signalen.map(([deelname, dag, regel, aantal]) => ({ deelname, dag, regel, aantal })),
    verklaard: verklaard.map(([vestiging, dag]) => ({ vestiging, dag })),
    afspraken
  }
  return { gegevens, leerlingen: leerlingen.map(toLeerling), overige: [...leden, ...buiten].map(toLeerling) }
}

function toLeerling ([bron, leerling]: Sleutelrij): Celleerling {
  return { bron, leerling }
}

export interface Celleerling { readonly bron: string, readonly leerling: string }

/** What is counted, and of whom it was read. */
export interface Celbron {
  readonly gegevens: Celgegevens
  /** The leerlingen of the deelnamen in the order of their numbers, from 1: under the record that leads where a person has several. */
  readonly leerlingen: readonly Celleerling[]
  /** Of whom rows were read besides: other records of the same person, and absenties outside every inschrijving. May repeat. */
  readonly overige: readonly Celleerling[]
}

type Sleutelrij = [bron: string, leerling: string]

interface Celrijen {
  [column: string]: unknown
  deelnamen: Array<[leerling: number, vestiging: number, van: number, tot: number, leerjaar: number, rooster: Rooster | null]>
  leerlingen: Sleutelrij[]
  leden: Sleutelrij[]
  absenties: Buffer
  buiten: Sleutelrij[]
  signalen: Array<[deelname: number, dag: number, regel: string, aantal: number]>
  verklaard: Array<[vestiging: number, dag: number]>
  afspraken: Bronafspraak[]
}

/** Whether a row that stays when it ends was in force: now, or at an instant. */
function gold (begin: SQL, einde: SQL, afkapmoment: Date | undefined): SQL {
  if (afkapmoment === undefined) return sql`${einde} = 'infinity'`
  const moment = afkapmoment.toISOString()
  return sql`${begin} <= ${moment}::timestamptz and ${einde} > ${moment}::timestamptz`
}

/** The deelname a row belongs to: of its own leerling, or of the leading record of the same person. */
function eigenaar (volgorde: readonly string[] | undefined, tabel: SQL): SQL {
  return volgorde === undefined
    ? sql`deelname.bron = ${tabel}.bron and deelname.leerling = ${tabel}.leerling`
    : sql`deelname.bron = coalesce(persoon.bron, ${tabel}.bron) and deelname.leerling = coalesce(persoon.leerling, ${tabel}.leerling)`
}

/**
 * Who has a record with several bronnen is one leerling: everything under the record of the leading bron. Days on which two records are
 * enrolled at one vestiging are those of the first of them.
 */
function personen (school: string, volgorde: readonly string[]): SQL {
  return sql`
    persoon as materialized (
      select bron as lidbron, leerling as lid, rank() over leden as rang, first_value(bron) over leden as bron, first_value(leerling) over leden as leerling
        from leerling
       where school = ${school} and pgn_zoek in (select pgn_zoek from leerling where school = ${school} and pgn_zoek is not null group by pgn_zoek having count(*) > 1)
      window leden as (partition by pgn_zoek order by array_position(${sql.param(volgorde)}::text[], bron) nulls last, bron, leerling)
    ),
    samengevoegde_inschrijving as (
      select i.school, i.vestiging, coalesce(p.bron, i.bron) as bron, coalesce(p.leerling, i.leerling) as leerling, lower(dagen) as van, upper(dagen) - 1 as tot, i.leerjaar, i.rooster
        from inschrijving i
        left join persoon p on p.lidbron = i.bron and p.lid = i.leerling
       cross join lateral unnest(datemultirange(daterange(i.van, i.tot, '[]'))
                                 - coalesce((select range_agg(daterange(o.van, o.tot, '[]'))
                                               from persoon q
                                               join inschrijving o on o.bron = q.lidbron and o.leerling = q.lid and o.vestiging = i.vestiging
                                              where o.school = ${school} and q.bron = p.bron and q.leerling = p.leerling and q.rang < p.rang), '{}'::datemultirange)) as dagen
       where i.school = ${school}
    ),`
}

/** The order of the bronnen of a school where a person has a record with several of them; else undefined. By the persoonsgebonden nummers as they are now. */
export async function findBronvolgorde (tx: Tx, school: string): Promise<readonly string[] | undefined> {
  const { rows } = await tx.execute<{ gedeeld: boolean, volgorde: string[] | null }>(sql`
    select exists (select from leerling where school = ${school} and pgn_zoek is not null group by pgn_zoek having count(*) > 1) as gedeeld,
           (select volgorde from bronafspraak where school = ${school} and vervangen_op = 'infinity' order by geldig_van desc limit 1) as volgorde`)
  return rows[0]!.gedeeld ? rows[0]!.volgorde ?? [] : undefined
}

/** The place of an enum value in our own list of them, from 0. */
function placeIn (values: readonly string[], column: SQL, type: SQL): SQL {
  return sql`case ${column} ${sql.join(values.map((value, place) => sql`when ${value}::${type} then ${sql.raw(String(place))}`), sql` `)} end`
}

/**
 * Now, the tables themselves. As of an instant, the versions that were in force then, under the same names: a version holds from its
 * vastgelegd_op until the next one replaces it.
 */
function bronnen (school: string, afkapmoment: Date | undefined): SQL {
  if (afkapmoment === undefined) return sql``
  const moment = sql`${afkapmoment.toISOString()}::timestamptz`
  const toen = sql`school = ${school} and vastgelegd_op <= ${moment}`
  const vervangen = sql`vervangen_op > ${moment}`
  const absentie = sql`school, bron, leerling, vestiging, datum, soort, categorie, minuten, ingetrokken, overtroefd_door`
  const inschrijving = sql`school, bron, leerling, vestiging, van, tot, leerjaar, rooster`
  return sql`
    absentie as (
      select ${absentie} from absentie where ${toen}
       union all
      select ${absentie} from absentie_versie where ${toen} and ${vervangen} and not verouderd
    ),
    inschrijving as (
      select ${inschrijving} from inschrijving where ${toen}
       union all
      select ${inschrijving} from inschrijving_versie where ${toen} and ${vervangen}
    ),
    signaal as (
      select school, bron, leerling, regel, einddatum, status from signaal where school = ${school} and bijgewerkt_op <= ${moment}
       union all
      select signaal.school, bron, leerling, inhoud ->> 'regel', (inhoud ->> 'einddatum')::date, (inhoud ->> 'status')::signaalstatus
        from signaal_versie
        join signaal using (school, signaal)
       where school = ${school} and vastgelegd_op > ${moment} and (inhoud ->> 'bijgewerkt_op')::timestamptz <= ${moment}
    ),`
}

interface Kalenderrij { [column: string]: unknown, vestiging: string, regio: Regio, schooljaren: Array<{ schooljaar: string, lesdagen: number[], lesvrij: Lesvrij[] }> }

/** The kalenders of a school's vestigingen as they were in force at an instant. */
export async function listKalendersOp (tx: Tx, school: string, moment: Date): Promise<Map<string, Kalender>> {
  const { rows } = await tx.execute<Kalenderrij>(sql`
    select vestiging, regio, (select coalesce(json_agg(json_build_object('schooljaar', kalender.schooljaar, 'lesdagen', kalender.lesdagen, 'lesvrij', kalender.lesvrij)), '[]')
                                from kalender
                               where kalender.school = vestiging.school and kalender.vestiging = vestiging.vestiging
                                 and kalender.vastgelegd_op <= ${moment.toISOString()}::timestamptz and kalender.vervangen_op > ${moment.toISOString()}::timestamptz) as schooljaren
      from vestiging
     where school = ${school}`)
  return new Map(rows.map(({ vestiging, regio, schooljaren }) => [vestiging, buildKalender({ regio, eigen: schooljaren })]))
}

// --- the stored cellen

const CEL = sql`
  vestiging, periode, leerjaar, van, tot_en_met as "totEnMet", lesdagen, lesdagen_aangeleverd as "lesdagenAangeleverd", leerlingen,
  geplande_minuten as "geplandeMinuten", zonder_rooster as "zonderRooster", gemiste_minuten as "gemisteMinuten", verzuimperioden, categorieen, banden, signalen`

type Celrij = Cel & Record<string, unknown>

/** The stored cellen of these vestigingen in these perioden, in order of vestiging, periode, total first, leerjaar. */
export async function listCellen (tx: Tx, scholen: readonly string[], vestigingen: readonly string[], perioden: readonly string[], leerjaar?: number): Promise<Cel[]> {
  const { rows } = await tx.execute<Celrij>(sql`
    select ${CEL}
      from statistiek
     where school = any(${sql.param(scholen)}::text[]) and vestiging = any(${sql.param(vestigingen)}::text[]) and periode = any(${sql.param(perioden)}::text[])
       ${leerjaar === undefined ? sql`` : sql`and (leerjaar is null or leerjaar = ${leerjaar})`}
     order by vestiging, periode, leerjaar nulls first`)
  return rows
}

/** What is stored of a school: until which day each periode was counted. */
export async function listGeteld (tx: Tx, school: string): Promise<Array<{ vestiging: string, periode: string, totEnMet: Datum }>> {
  const { rows } = await tx.execute<{ vestiging: string, periode: string, totEnMet: Datum }>(sql`
    select vestiging, periode, tot_en_met as "totEnMet" from statistiek where school = ${school} and leerjaar is null`)
  return rows
}

/** A cel by its key. */
export type Celsleutel = Pick<Cel, 'vestiging' | 'periode' | 'leerjaar'>

export async function deleteCellen (tx: Tx, school: string, sleutels: readonly Celsleutel[]): Promise<void> {
  await tx.execute(sql`
    delete from statistiek
     using json_to_recordset(${JSON.stringify(sleutels)}::json) as weg (vestiging text, periode text, leerjaar smallint)
     where statistiek.school = ${school} and statistiek.vestiging = weg.vestiging and statistiek.periode = weg.periode and statistiek.leerjaar is not distinct from weg.leerjaar`)
}

export async function upsertCellen (tx: Tx, school: string, cellen: readonly Cel[]): Promise<void> {
  await tx.execute(sql`
    insert into statistiek (school, vestiging, periode, leerjaar, van, tot_en_met, lesdagen, lesdagen_aangeleverd, leerlingen, geplande_minuten,
                            zonder_rooster, gemiste_minuten, verzuimperioden, categorieen, banden, signalen)
    select ${school}, vestiging, periode, leerjaar, van, "totEnMet", lesdagen, "lesdagenAangeleverd", leerlingen, "geplandeMinuten", "zonderRooster",
           "gemisteMinuten", verzuimperioden, categorieen, banden, signalen
      from json_to_recordset(${JSON.stringify(cellen)}::json)
        as cel (vestiging text, periode text, leerjaar smallint, van date, "totEnMet" date, lesdagen int, "lesdagenAangeleverd" int, leerlingen int,
                "geplandeMinuten" bigint, "zonderRooster" int, "gemisteMinuten" bigint, verzuimperioden int, categorieen jsonb, banden jsonb, signalen jsonb)
        on conflict on constraint statistiek_cel do update
           set (van, tot_en_met, lesdagen, lesdagen_aangeleverd, leerlingen, geplande_minuten, zonder_rooster, gemiste_minuten, verzuimperioden, categorieen, banden, signalen)
             = (excluded.van, excluded.tot_en_met, excluded.lesdagen, excluded.lesdagen_aangeleverd, excluded.leerlingen, excluded.geplande_minuten,
                excluded.zonder_rooster, excluded.gemiste_minuten, excluded.verzuimperioden, excluded.categorieen, excluded.banden, excluded.signalen)`)
}

// --- the work list

export interface Weekmarkering { [column: string]: unknown, vestiging: string, maandag: Datum }

/** Takes the marks of a school: in the transaction that writes the cellen they ask for. A push that commits later keeps its mark. */
export async function takeMarkeringen (tx: Tx, school: string): Promise<Weekmarkering[]> {
  const { rows } = await tx.execute<Weekmarkering>(sql`
    with genomen as (delete from aggregaat_markering where school = ${school} returning vestiging, maandag)
    select distinct vestiging, maandag from genomen`)
  return rows
}

/** Marks the weeks in which a signaal now ends, or ended before a change since this moment (null: ever), wherever the leerling was enrolled then. */
export async function markSignalen (tx: Tx, school: string, sinds: Date | null): Promise<void> {
  const moment = sql`${sinds?.toISOString() ?? '-infinity'}::timestamptz`
  await tx.execute(sql`
    insert into aggregaat_markering (school, vestiging, maandag, markering)
    select distinct ${school}, inschrijving.vestiging, date_trunc('week', einde.einddatum)::date, ${randomUUID()}::uuid
      from (select bron, leerling, einddatum from signaal where school = ${school} and bijgewerkt_op >= ${moment}
             union
            select bron, leerling, (inhoud ->> 'einddatum')::date
              from signaal_versie
              join signaal using (school, signaal)
             where school = ${school} and vastgelegd_op >= ${moment}) einde
      join inschrijving on inschrijving.school = ${school} and inschrijving.bron = einde.bron and inschrijving.leerling = einde.leerling
                       and inschrijving.van <= einde.einddatum and (inschrijving.tot is null or inschrijving.tot >= einde.einddatum)`)
}

export async function listMarkeringen (tx: Tx, school: string): Promise<Weekmarkering[]> {
  const { rows } = await tx.execute<Weekmarkering>(sql`select distinct vestiging, maandag from aggregaat_markering where school = ${school}`)
  return rows
}

/** The first day of which anything is stored, or that is declared complete; null when there is none. */
export async function findEersteDag (tx: Tx, school: string): Promise<Datum | null> {
  const { rows } = await tx.execute<{ datum: Datum | null }>(sql`
    select least((select datum from absentie where school = ${school} and datum is not null order by datum limit 1),
                 (select min(datum) from aanwezigheidsverklaring where school = ${school} and ingetrokken_op = 'infinity')) as datum`)
  return rows[0]!.datum
}

export async function hasVestiging (tx: Tx, school: string, vestiging: string): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`select from vestiging where school = ${school} and vestiging = ${vestiging}`)
  return rowCount === 1
}
