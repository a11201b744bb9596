import { randomUUID } from 'node:crypto'
import { sql, type SQL } from '../db/drizzle.ts'
import { columnText, iso, isVan, readPage, readRows } from '../db/statement.ts'
import { lockEvaluatie } from '../leerlingen/stam.ts'
import { inReikwijdte, inReikwijdteVanSchool, inSchool, inScope, isSchoolwide, type Inzage, type Schoolinzage, type Schoolscope, type Scope } from '../toegang/service.ts'
import { nameBeleidsversie, rustTot, signaalvelden, type Signaalgegevens } from './signaalrij.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Uitkomst } from '../domain/evaluate-regels.ts'
import type { Herleiding } from '../domain/herleiding.ts'
import type { Besluit, Signaalstand, Statusvoorstel, Veranderingen, Voorstel } from '../domain/signaal.ts'
import type { Signaalgebeurtenis } from './contract.ts'

export interface Leerlingsleutel { [column: string]: unknown, readonly bron: string, readonly leerling: string }

/** Up to so many leerlingen a mark is small. */
const KLEIN = 20

/** How many leerlingen a mark names: few, as after a PUT, or many, as after a bulk push. */
export type Omvang = 'klein' | 'groot'

function isVanOmvang (omvang: Omvang | undefined): SQL {
  return omvang === undefined ? sql`true` : sql`(cardinality(leerlingen) + cardinality(overige) <= ${KLEIN}) = ${omvang === 'klein'}`
}

/** Schools with work on the list. */
export async function listGemarkeerdeScholen (tx: Tx, omvang: Omvang | undefined): Promise<string[]> {
  const rows = await readRows<{ school: string }>(tx, sql`select distinct school from evaluatie_markering where ${isVanOmvang(omvang)} order by school`)
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
export async function takeMarkeringen (tx: Tx, scope: Schoolscope, limit: number, omvang: Omvang | undefined): Promise<Genomen> {
  await lockEvaluatie(tx, scope.school)
  const [genomen] = await readRows<Genomen>(tx, sql`
    with af as (
      delete from evaluatie_markering
       where school = ${scope.school}
         and (markering, bron) in (select markering, bron from evaluatie_markering where school = ${scope.school} and ${isVanOmvang(omvang)} order by markering, bron limit ${limit})
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

// The version that a decision left behind holds what it was taken on; both carry the instant of one statement.
const BESLUIT = sql`
  (select json_build_object('besluit', b.besluit,
                            'melding', (select coalesce(max(m.volgnummer) filter (where m.besluit = 'gemeld'), 0) > coalesce(max(m.volgnummer) filter (where m.besluit = 'niet-gemeld'), 0)
                                          from signaal_beoordeling m
                                         where m.school = s.school and m.signaal = s.signaal),
                            'over', case when v.inhoud ->> 'status' <> 'vervallen' then v.inhoud - 'herleiding' end)
     from signaal_beoordeling b
     join signaal_versie v on v.school = b.school and v.signaal = b.signaal and v.vastgelegd_op = b.beoordeeld_op
    where b.school = s.school and b.signaal = s.signaal
    order by b.volgnummer desc
    limit 1)`

export async function listStanden (tx: Tx, scope: Schoolscope, leerlingen: readonly Leerlingsleutel[]): Promise<Signaalrij[]> {
  const { rows } = await tx.execute<Signaalrij>(sql`
    select s.signaal, s.bron, s.leerling, s.regel, s.aard, s.begindatum, s.einddatum, s.minuten, s.eenheid, s.gemeten, s.drempel, s.uiterlijk_afhandelen as "uiterlijkAfhandelen",
           s.status, s.voorstel, s.beleidsversie, s.onderbouwing, s.herleiding_hash as "herleidingHash", ${BESLUIT} as besluit
      from unnest(${columnText(leerlingen, ({ bron }) => bron)}::text[], ${columnText(leerlingen, ({ leerling }) => leerling)}::text[]) as k(bron, leerling)
     cross join lateral (select * from signaal s where s.school = ${scope.school} and s.bron = k.bron and s.leerling = k.leerling offset 0) s
     order by s.bron, s.leerling, s.regel, s.einddatum, s.drempel, s.aangemaakt_op`)
  return rows
}

/** An uitkomst with what it was computed from. */
export interface Herleideuitkomst extends Uitkomst { readonly herleiding: Herleiding, readonly herleidingHash: string }
export interface NieuwSignaal extends Herleideuitkomst { readonly bron: string, readonly leerling: string }

const UITKOMST = sql`
  regel text, aard signaalaard, begindatum date, einddatum date, minuten integer, eenheid text, gemeten integer, drempel integer, "uiterlijkAfhandelen" date,
  beleidsversie integer, onderbouwing jsonb, herleiding jsonb, "herleidingHash" text`

export async function insertSignalen (tx: Tx, scope: Schoolscope, signalen: readonly NieuwSignaal[]): Promise<void> {
  await tx.execute(sql`
    insert into signaal (school, signaal, bron, leerling, regel, aard, begindatum, einddatum, minuten, eenheid, gemeten, drempel, uiterlijk_afhandelen, status, beleidsversie,
                         onderbouwing, herleiding, herleiding_hash, aangemaakt_op, bijgewerkt_op)
    select ${scope.school}, gen_random_uuid(), r.bron, r.leerling, r.regel, r.aard, r.begindatum, r.einddatum, r.minuten, r.eenheid, r.gemeten, r.drempel, r."uiterlijkAfhandelen",
           'open', r.beleidsversie, r.onderbouwing, r.herleiding, r."herleidingHash", statement_timestamp(), statement_timestamp()
      from json_to_recordset(${JSON.stringify(signalen)}::json) as r(bron text, leerling text, ${UITKOMST})`)
}

// A person is told by what the row is of; the version is of the signaal.
const INHOUD = sql`to_jsonb(s) - 'school' - 'signaal' - 'bron' - 'leerling'`

/** Keeps what stood, as a version. */
export async function insertSignaalversies (tx: Tx, scope: Schoolscope, signalen: readonly string[]): Promise<void> {
  await tx.execute(sql`
    insert into signaal_versie (school, signaal, vastgelegd_op, inhoud)
    select school, signaal, statement_timestamp(), ${INHOUD}
      from signaal s
     where school = ${scope.school} and signaal = any(${sql.param(signalen)}::uuid[])`)
}

export interface Gewijzigdsignaal extends Herleideuitkomst, Statusvoorstel { readonly signaal: string }

/** An amended signaal keeps its identity. */
export async function updateSignalen (tx: Tx, scope: Schoolscope, signalen: readonly Gewijzigdsignaal[]): Promise<void> {
  await tx.execute(sql`
    update signaal s
       set aard = r.aard, begindatum = r.begindatum, einddatum = r.einddatum, minuten = r.minuten, eenheid = r.eenheid, gemeten = r.gemeten, drempel = r.drempel,
           uiterlijk_afhandelen = r."uiterlijkAfhandelen", beleidsversie = r.beleidsversie, onderbouwing = r.onderbouwing, herleiding = r.herleiding,
           herleiding_hash = r."herleidingHash", status = r.status, voorstel = r.voorstel, reden_vervallen = null, bijgewerkt_op = statement_timestamp()
      from json_to_recordset(${JSON.stringify(signalen)}::json) as r(signaal uuid, status signaalstatus, voorstel text, ${UITKOMST})
     where s.school = ${scope.school} and s.signaal = r.signaal`)
}

/** What became of the facts of a signaal since; of its days what the kalender says is for the caller. */
export interface Feitverandering extends Omit<Veranderingen, 'beleid' | 'kalender'> {
  readonly [column: string]: unknown
  readonly signaal: string
  readonly dagen: ReadonlyArray<{ readonly vestiging: string, readonly datum: Datum }>
}

// What a duiding reads otherwise than its bron says, is not compared.
const IS_GEWIJZIGD = sql`((a.vestiging, a.datum, a.reden) is distinct from (g.vestiging, g.datum, g.reden) or (g.duiding is null and (a.soort, a.minuten::integer) is distinct from (g.soort, g.minuten)))`

/** Compares what these signalen were computed from with what is stored now. */
export async function compareFeiten (tx: Tx, scope: Schoolscope, signalen: readonly string[]): Promise<Feitverandering[]> {
  const eigen = sql`(a.leerling is not null and x.bron = a.bron and x.leerling = a.leerling or x.bron = s.bron and x.leerling = s.leerling) and g.datum between x.van and x.tot`
  const { rows } = await tx.execute<Feitverandering>(sql`
    select s.signaal,
           count(*) filter (where a.ingetrokken)::int as ingetrokken,
           count(*) filter (where not a.ingetrokken and a.overtroefd_door is not null)::int as overtroefd,
           count(*) filter (where not a.ingetrokken and a.overtroefd_door is null and ${IS_GEWIJZIGD})::int as gewijzigd,
           count(*) filter (where not a.ingetrokken and a.overtroefd_door is null and not ${IS_GEWIJZIGD} and g.duiding is null and a.categorie <> g.categorie)::int as "andersIngedeeld",
           bool_or(not a.ingetrokken and not exists (select from inschrijving i
                                                      where i.school = s.school and i.bron = a.bron and i.leerling = a.leerling and i.vestiging = g.vestiging
                                                        and i.van <= g.datum and (i.tot is null or i.tot >= g.datum))) as inschrijving,
           bool_or(s.herleiding #> '{definitie,voor,ookMetVrijstelling}' is null and exists (select from vrijstelling x where x.school = s.school and ${eigen})) as vrijstelling,
           bool_or(exists (select from uitzondering x where x.school = s.school and x.regel = s.regel and x.ingetrokken_op is null and ${eigen})) as uitzondering,
           json_agg(json_build_object('vestiging', g.vestiging, 'datum', g.datum)) as dagen
      from signaal s
     cross join lateral jsonb_to_recordset(s.herleiding -> 'geteld') as g (bron text, "bronId" text, vestiging text, datum date, soort absentiesoort, reden text, categorie categorie, minuten integer, duiding text)
      join absentie a on a.school = s.school and a.bron_id = g."bronId" and a.bron = g.bron
     where s.school = ${scope.school} and s.signaal = any(${sql.param(signalen)}::uuid[]) and s.herleiding_hash <> ''
     group by s.signaal`)
  return rows
}

export interface Vervallensignaal { readonly signaal: string, readonly voorstel: Voorstel | null, readonly reden: string }

export async function withdrawSignalen (tx: Tx, scope: Schoolscope, signalen: readonly Vervallensignaal[]): Promise<void> {
  await tx.execute(sql`
    update signaal s
       set status = 'vervallen', voorstel = r.voorstel, reden_vervallen = r.reden, bijgewerkt_op = statement_timestamp()
      from json_to_recordset(${JSON.stringify(signalen)}::json) as r(signaal uuid, voorstel text, reden text)
     where s.school = ${scope.school} and s.signaal = r.signaal`)
}

/** A sample of the school's leerlingen, the same for the same seed. */
export async function sampleLeerlingen (tx: Tx, scope: Schoolscope, aantal: number, seed: string): Promise<Leerlingsleutel[]> {
  const { rows } = await tx.execute<Leerlingsleutel>(sql`
    select bron, leerling from leerling where school = ${scope.school} order by md5(bron || leerling || ${seed}) limit ${aantal}`)
  return rows
}

export interface Signaalfilter {
  readonly school?: string | undefined
  readonly leerling?: string | undefined
  readonly bron?: string | undefined
  readonly regel?: string | undefined
  readonly aard?: string | undefined
  readonly status?: string | undefined
  readonly voorstel?: string | undefined
  readonly limit: number
}

function whereSignaal (scope: Inzage, { school, leerling, bron, regel, aard, status, voorstel }: Signaalfilter): SQL {
  return sql`
    where ${inSchool(scope, school, sql`s.school`)} and ${inReikwijdteVanSchool(scope, sql`s`)}
      ${leerling === undefined ? sql`` : sql`and s.leerling = ${leerling}`}
      ${bron === undefined ? sql`` : sql`and s.bron = ${bron}`}
      ${regel === undefined ? sql`` : sql`and s.regel = ${regel}`}
      ${aard === undefined ? sql`` : sql`and s.aard = ${aard}::signaalaard`}
      ${status === undefined ? sql`` : sql`and s.status = ${status}::signaalstatus`}
      ${voorstel === undefined ? sql`` : sql`and s.voorstel = ${voorstel}`}`
}

/** A page in order of school, einddatum and key. */
export async function listSignalen (tx: Tx, scope: Inzage, vandaag: Datum, filter: Signaalfilter & { readonly na?: readonly [school: string, einddatum: string, signaal: string] | undefined }): Promise<Signaalgegevens[]> {
  const { na, limit } = filter
  return await readPage(tx, filter.leerling === undefined && isSchoolwide(scope), sql`
    select ${signaalvelden(vandaag)}
      from signaal s
    ${whereSignaal(scope, filter)}
      ${na === undefined ? sql`` : sql`and (s.school, s.einddatum, s.signaal) > (${na[0]}, ${na[1]}::date, ${na[2]}::uuid)`}
    order by s.school, s.einddatum, s.signaal
    limit ${limit}`)
}

export interface Werklijstfilter extends Signaalfilter {
  readonly werklijst: 'te-doen' | 'te-laat'
  readonly na?: readonly [uiterlijkAfhandelen: string | null, school: string, signaal: string] | undefined
}

/**
 * A page of what asks for work, in order of its term and key; what has no term comes last. Each half in the order of its index: as one condition
 * with `or` a page in the middle of 25,000 signalen took 67 ms, so 5.
 */
export async function listWerk (tx: Tx, scope: Inzage, vandaag: Datum, filter: Werklijstfilter): Promise<Signaalgegevens[]> {
  const { werklijst, na, limit } = filter
  const [termijn, ...sleutel] = na ?? [undefined]
  const deel = (voorwaarde: SQL): SQL => sql`
    (select ${signaalvelden(vandaag)}
       from signaal s
     ${whereSignaal(scope, filter)}
        and s.status in ('open', 'in-behandeling') and ${rustTot(vandaag)} is null and ${voorwaarde}
      order by s.uiterlijk_afhandelen, s.school, s.signaal
      limit ${limit})`
  const metTermijn = sql`
    s.uiterlijk_afhandelen is not null
    ${werklijst === 'te-laat' ? sql`and s.uiterlijk_afhandelen < ${vandaag}::date` : sql``}
    ${termijn === undefined || termijn === null ? sql`` : sql`and (s.uiterlijk_afhandelen, s.school, s.signaal) > (${termijn}::date, ${sleutel[0]}, ${sleutel[1]}::uuid)`}`
  const zonderTermijn = sql`s.uiterlijk_afhandelen is null ${termijn === null ? sql`and (s.school, s.signaal) > (${sleutel[0]}, ${sleutel[1]}::uuid)` : sql``}`
  const delen = [...termijn === null ? [] : [deel(metTermijn)], ...werklijst === 'te-laat' ? [] : [deel(zonderTermijn)]]
  if (delen.length === 0) return []
  return await readPage(tx, filter.leerling === undefined && isSchoolwide(scope), sql`
    select * from (${sql.join(delen, sql` union all `)}) werk
     order by "uiterlijkAfhandelen", school, id
     limit ${limit}`)
}

export async function findSignaal (tx: Tx, scope: Schoolinzage, vandaag: Datum, signaal: string): Promise<Signaalgegevens | undefined> {
  const rows = await readRows<Signaalgegevens>(tx, sql`select ${signaalvelden(vandaag)} from signaal s where s.school = ${scope.school} and s.signaal = ${signaal}::uuid and ${inReikwijdte(scope, sql`s`)}`)
  return rows[0]
}

// --- what people do with it

export interface NieuweBeoordeling {
  readonly besluit: Besluit
  readonly reden: string | null
  readonly notitie: string | null
  readonly actor: string
  readonly rol: string | null
}

/** Lays down an act, what it was taken on, and what the signaal is by it: of one instant, by which they find each other. */
export async function recordBesluit (tx: Tx, scope: Schoolscope, signaal: string, beoordeling: NieuweBeoordeling, { status, voorstel }: Statusvoorstel): Promise<void> {
  const { besluit, reden, notitie, actor, rol } = beoordeling
  await tx.execute(sql`
    with versie as (
      insert into signaal_versie (school, signaal, vastgelegd_op, inhoud)
      select school, signaal, statement_timestamp(), ${INHOUD}
        from signaal s
       where school = ${scope.school} and signaal = ${signaal}::uuid
    ), beoordeling as (
      insert into signaal_beoordeling (school, signaal, volgnummer, besluit, reden, notitie, actor, rol, herleiding_hash, beoordeeld_op)
      select school, signaal, 1 + (select count(*) from signaal_beoordeling b where b.school = s.school and b.signaal = s.signaal), ${besluit}::signaalstatus, ${reden}, ${notitie},
             ${actor}, ${rol}, herleiding_hash, statement_timestamp()
        from signaal s
       where school = ${scope.school} and signaal = ${signaal}::uuid
    )
    update signaal set status = ${status}::signaalstatus, voorstel = ${voorstel}, bijgewerkt_op = statement_timestamp()
     where school = ${scope.school} and signaal = ${signaal}::uuid`)
}

/** Of whom, and of which regel, a rust is. */
export interface Rustsleutel { readonly bron: string, readonly leerling: string, readonly regel: string }

export interface NieuweRust { readonly van: Datum, readonly tot: Datum, readonly reden: string, readonly actor: string, readonly rol: string | null }

/** Begins a rust; one that still ran ends with it. */
export async function insertRust (tx: Tx, scope: Schoolscope, { bron, leerling, regel }: Rustsleutel, { van, tot, reden, actor, rol }: NieuweRust): Promise<void> {
  await tx.execute(sql`
    with beeindigd as (
      update signaalrust set beeindigd_op = statement_timestamp(), beeindigd_door = ${actor}
       where school = ${scope.school} and bron = ${bron} and leerling = ${leerling} and regel = ${regel} and beeindigd_op is null and tot >= ${van}::date
    )
    insert into signaalrust (school, signaalrust, bron, leerling, regel, van, tot, reden, actor, rol, vastgelegd_op)
    values (${scope.school}, gen_random_uuid(), ${bron}, ${leerling}, ${regel}, ${van}, ${tot}, ${reden}, ${actor}, ${rol}, statement_timestamp())`)
}

/** Ends the rust that runs on this day; false when none does. */
export async function endRust (tx: Tx, scope: Schoolscope, { bron, leerling, regel }: Rustsleutel, vandaag: Datum, actor: string): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    update signaalrust set beeindigd_op = statement_timestamp(), beeindigd_door = ${actor}
     where school = ${scope.school} and bron = ${bron} and leerling = ${leerling} and regel = ${regel} and beeindigd_op is null and ${vandaag}::date between van and tot`)
  return (rowCount ?? 0) > 0
}

// --- why, and how it came so

/** What was stored of how a signaal was computed; undefined of one from before that was kept. */
export async function findHerleiding (tx: Tx, scope: Schoolinzage, signaal: string): Promise<{ herleiding: Herleiding, hash: string } | undefined> {
  const { rows } = await tx.execute<{ herleiding: Herleiding, hash: string }>(sql`
    select herleiding, herleiding_hash as hash from signaal where school = ${scope.school} and signaal = ${signaal}::uuid and ${inReikwijdte(scope, sql`signaal`)} and herleiding_hash <> ''`)
  return rows[0]
}

// A version from before rules measured other things than minuten has the names of then.
const STAND = sql`
  json_build_object('soort', 'stand', 'op', ${iso(sql`(inhoud ->> 'bijgewerkt_op')::timestamptz`)}, 'status', inhoud -> 'status', 'redenVervallen', inhoud -> 'reden_vervallen',
                    'voorstel', inhoud -> 'voorstel', 'begindatum', inhoud -> 'begindatum', 'einddatum', inhoud -> 'einddatum', 'eenheid', coalesce(inhoud ->> 'eenheid', 'minuten'),
                    'gemeten', coalesce(inhoud -> 'gemeten', inhoud -> 'minuten'), 'drempel', coalesce(inhoud -> 'drempel', inhoud -> 'drempel_minuten'), 'minuten', inhoud -> 'minuten',
                    'uiterlijkAfhandelen', coalesce(inhoud -> 'uiterlijk_afhandelen', inhoud -> 'uiterlijk_melden'),
                    'beleidsversie', ${nameBeleidsversie(sql`(inhoud ->> 'beleidsversie')::integer`)}, 'onderbouwing', inhoud -> 'onderbouwing',
                    'herleidingHash', coalesce(inhoud ->> 'herleiding_hash', ''))`

/** Everything that happened to a signaal, in order of time; at one instant the act before what it led to. */
export async function listGebeurtenissen (tx: Tx, scope: Schoolscope, signaal: string, { bron, leerling, regel }: Rustsleutel): Promise<Signaalgebeurtenis[]> {
  const { rows } = await tx.execute<{ gebeurtenis: Signaalgebeurtenis }>(sql`
    select gebeurtenis
      from (select (inhoud ->> 'bijgewerkt_op')::timestamptz as op, 4 as plaats, ${STAND} as gebeurtenis
              from (select inhoud from signaal_versie where school = ${scope.school} and signaal = ${signaal}::uuid
                     union all
                    select ${INHOUD} from signaal s where school = ${scope.school} and signaal = ${signaal}::uuid) versies
             union all
            select beoordeeld_op, 3, json_build_object('soort', 'beoordeling', 'op', ${iso(sql`beoordeeld_op`)}, 'besluit', besluit, 'reden', reden, 'notitie', notitie, 'actor', actor,
                                                       'rol', rol, 'herleidingHash', herleiding_hash)
              from signaal_beoordeling
             where school = ${scope.school} and signaal = ${signaal}::uuid
             union all
            select vastgelegd_op, 2, json_build_object('soort', 'rust', 'op', ${iso(sql`vastgelegd_op`)}, 'van', van, 'tot', tot, 'reden', reden, 'actor', actor, 'rol', rol)
              from signaalrust
             where school = ${scope.school} and bron = ${bron} and leerling = ${leerling} and regel = ${regel}
             union all
            select beeindigd_op, 1, json_build_object('soort', 'rust-beeindigd', 'op', ${iso(sql`beeindigd_op`)}, 'tot', tot, 'actor', beeindigd_door)
              from signaalrust
             where school = ${scope.school} and bron = ${bron} and leerling = ${leerling} and regel = ${regel} and beeindigd_op is not null) alle
     order by op, plaats`)
  return rows.map(({ gebeurtenis }) => gebeurtenis)
}

/** How many signalen of each regel are past their term, of every school the Scope covers. */
export async function countTeLaat (tx: Tx, scope: Scope, vandaag: Datum): Promise<Array<{ regel: string, aantal: number }>> {
  const { rows } = await tx.execute<{ regel: string, aantal: number }>(sql`
    select regel, count(*)::int as aantal
      from signaal s
     where ${inScope(scope)} and status in ('open', 'in-behandeling') and uiterlijk_afhandelen < ${vandaag}::date and ${rustTot(vandaag)} is null
     group by regel`)
  return rows
}

// --- destroying

/** Everything of these leerlingen: signalen with their versions and beoordelingen, rust, and their places on the work list. No melding may rest on them any more. */
export async function deleteSignalenVan (tx: Tx, scope: Schoolscope, leerlingen: ReadonlyArray<Pick<Leerlingsleutel, 'bron' | 'leerling'>>): Promise<void> {
  const { school } = scope
  await deleteRustVan(tx, scope, leerlingen)
  await tx.execute(sql`delete from signaal_versie where school = ${school} and signaal in (select signaal from signaal where school = ${school} and ${isVan(leerlingen)})`)
  await tx.execute(sql`delete from signaal where school = ${school} and ${isVan(leerlingen)}`)
  for (const [bron, eigen] of Map.groupBy(leerlingen, (sleutel) => sleutel.bron)) {
    const weg = sql`${sql.param(eigen.map(({ leerling }) => leerling))}::text[]`
    await tx.execute(sql`
      update evaluatie_markering
         set leerlingen = array(select l from unnest(leerlingen) l where l <> all(${weg})), overige = array(select l from unnest(overige) l where l <> all(${weg}))
       where school = ${school} and bron = ${bron} and (leerlingen && ${weg} or overige && ${weg})`)
  }
  await tx.execute(sql`delete from evaluatie_markering where school = ${school} and cardinality(leerlingen) = 0 and cardinality(overige) = 0`)
}

/** Answers how many. */
export async function deleteRustVan (tx: Tx, { school }: Schoolscope, leerlingen: ReadonlyArray<Pick<Leerlingsleutel, 'bron' | 'leerling'>>): Promise<number> {
  const { rowCount } = await tx.execute(sql`delete from signaalrust where school = ${school} and ${isVan(leerlingen)}`)
  return rowCount ?? 0
}

/** What people noted at their decisions; the decisions stay. Answers how many. */
export async function clearNotitiesVan (tx: Tx, { school }: Schoolscope, leerlingen: ReadonlyArray<Pick<Leerlingsleutel, 'bron' | 'leerling'>>): Promise<number> {
  const { rowCount } = await tx.execute(sql`
    update signaal_beoordeling set notitie = null
     where school = ${school} and notitie is not null and signaal in (select signaal from signaal where school = ${school} and ${isVan(leerlingen)})`)
  return rowCount ?? 0
}
