import { sql } from '../db/drizzle.ts'
import { iso } from '../db/statement.ts'
import { inScope, type Inzage, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import type { Tx } from '../db/transaction.ts'
import type { Cel } from '../domain/aggregaat.ts'
import type { Bronafspraak } from '../domain/bronafspraak.ts'
import type { Datum, Periodesoort } from '../domain/datum.ts'
import type { Leveringstatus, Ontvanger } from '../domain/levering.ts'
import type { Zaad } from '../domain/onderdrukking.ts'
import type { Leerlingversie, Ontvangersleutel, Revisiereden, Vestigingstand } from '../domain/ontvanger.ts'
import type { Gebeurtenis, Manifest, Ontvangstinvoer } from './contract.ts'

/**
 * An instant after everything that was committed to this school and before everything that will be; under the school's lock. Rounded up to
 * the millisecond that callers can hand back, and waited for.
 */
export async function readMoment (tx: Tx): Promise<Date> {
  const { rows } = await tx.execute<{ moment: number }>(sql`
    select extract(epoch from date_trunc('milliseconds', statement_timestamp()) + interval '1 millisecond') * 1000 as moment from pg_sleep(0.002)`)
  return new Date(Number(rows[0]!.moment))
}

export interface Nieuwelevering {
  readonly levering: string
  readonly code: string
  readonly manifest: Manifest
  readonly csv: string
  readonly json: string
  readonly publicatie: Bewaardepublicatie
  readonly zout: Buffer
  readonly verloop: readonly Gebeurtenis[]
}

export async function insertLevering (tx: Tx, scope: Schoolscope, nieuw: Nieuwelevering): Promise<void> {
  const { ontvanger, periode, afkapmoment, gemaaktOp, revisie, reden } = nieuw.manifest
  await tx.execute(sql`
    insert into levering (school, levering, ontvanger, ontvangercode, periode, revisie, reden, status, verloop, afkapmoment, manifest, bestand_csv, bestand_json,
                          publicatie, invoer_zout, gemaakt_op)
    values (${scope.school}, ${nieuw.levering}, ${ontvanger}, ${nieuw.code}, ${periode}, ${revisie}, ${reden}, 'gemaakt', ${JSON.stringify(nieuw.verloop)}::jsonb, ${afkapmoment},
            ${JSON.stringify(nieuw.manifest)}::jsonb, ${nieuw.csv}, ${nieuw.json}, ${JSON.stringify(nieuw.publicatie)}::jsonb, ${nieuw.zout}, ${gemaaktOp})`)
}

/** What a levering was counted from, and the figures it did not show. */
export interface Bewaardepublicatie {
  readonly feiten: readonly Cel[]
  readonly onderdrukt: readonly string[]
  readonly achtergehouden?: boolean
  /** Absent in what was made before there was any. */
  readonly zaden?: readonly Zaad[] | null
  /** For a samenwerkingsverband that all vestigingen of the school belong to. */
  readonly heel?: boolean
}

export interface EerdereLevering extends Ontvangersleutel { [column: string]: unknown, readonly levering: string, readonly periode: string, readonly van: Datum, readonly totEnMet: Datum, readonly afkapmoment: string, readonly json: string, /** Null in what was made before it was kept. */ readonly publicatie: Bewaardepublicatie | null }

const EERDER = sql`
  levering, ontvanger, ontvangercode as code, periode, manifest ->> 'periodeVan' as van, manifest ->> 'periodeTotEnMet' as "totEnMet", ${iso(sql`afkapmoment`)} as afkapmoment,
  bestand_json as json,
  case when publicatie ? 'zaden' and row_number() over (order by gemaakt_op desc, levering desc) > 1 then jsonb_set(publicatie, '{zaden}', '[]') else publicatie end as publicatie`

export interface Eerdervraag extends Ontvangersleutel { readonly periode: string, readonly van: Datum, readonly totEnMet: Datum, readonly afkapmoment: string }

/**
 * What went out of the same school before over days that overlap, for whomever; of equal facts once, oldest first. For an
 * afkapmoment that was used before, what went out before that: so a rebuild is tested against the same, and comes out the same.
 */
export async function listEerdere (tx: Tx, scope: Schoolscope, { ontvanger, code, periode, van, totEnMet, afkapmoment }: Eerdervraag): Promise<EerdereLevering[]> {
  const { rows } = await tx.execute<EerdereLevering>(sql`
    with grens as (
      select min(gemaakt_op) as gemaakt_op
        from levering
       where school = ${scope.school} and ontvanger = ${ontvanger}::ontvanger and ontvangercode = ${code} and periode = ${periode} and afkapmoment = ${afkapmoment}::timestamptz
    ), eerder as (
      select distinct on (ontvanger, ontvangercode, periode, md5(bestand_csv), md5(publicatie ->> 'feiten')) *
        from levering
       where school = ${scope.school}
         and gemaakt_op < coalesce((select gemaakt_op from grens), 'infinity')
         and (manifest ->> 'periodeVan')::date <= ${totEnMet}::date and (manifest ->> 'periodeTotEnMet')::date >= ${van}::date
       order by ontvanger, ontvangercode, periode, md5(bestand_csv), md5(publicatie ->> 'feiten'), gemaakt_op
    )
    select ${EERDER} from eerder order by gemaakt_op, levering`)
  return rows
}

/** These leveringen, in this order. */
export async function listPublicaties (tx: Tx, scope: Schoolscope, leveringen: readonly string[]): Promise<EerdereLevering[]> {
  const { rows } = await tx.execute<EerdereLevering>(sql`
    select ${EERDER}
      from levering
     where school = ${scope.school} and levering = any(${sql.param(leveringen)}::uuid[])
     order by array_position(${sql.param(leveringen)}::uuid[], levering)`)
  return rows
}

/** A levering without its files. */
export interface Leveringrij {
  [column: string]: unknown
  readonly levering: string
  readonly manifest: unknown
  readonly revisie: number
  readonly reden: Revisiereden | null
  readonly status: Leveringstatus
  readonly verloop: Gebeurtenis[]
  readonly ontvangst: Ontvangstinvoer | null
}

const LEVERING = sql`levering, manifest, revisie, reden, status, verloop, ontvangst`

/** The revisie that counts. */
export async function findLaatste (tx: Tx, scope: Schoolscope, { ontvanger, code }: Ontvangersleutel, periode: string): Promise<Leveringrij & { readonly json: string } | undefined> {
  const { rows } = await tx.execute<Leveringrij & { readonly json: string }>(sql`
    select ${LEVERING}, bestand_json as json
      from levering
     where school = ${scope.school} and ontvanger = ${ontvanger}::ontvanger and ontvangercode = ${code} and periode = ${periode}
     order by revisie desc
     limit 1`)
  return rows[0]
}

export async function listLeveringen (tx: Tx, scope: Inzage, filter: { readonly na?: readonly [school: string, gemaaktOp: string, levering: string] | undefined, readonly limit: number }): Promise<Leveringrij[]> {
  const { na, limit } = filter
  const { rows } = await tx.execute<Leveringrij>(sql`
    select ${LEVERING}
      from levering
     where ${inScope(scope)}
       ${na === undefined ? sql`` : sql`and (school, gemaakt_op, levering) > (${na[0]}, ${na[1]}::timestamptz, ${na[2]}::uuid)`}
     order by school, gemaakt_op, levering
     limit ${limit}`)
  return rows
}

export async function findLevering (tx: Tx, scope: Schoolinzage, levering: string): Promise<Leveringrij | undefined> {
  const { rows } = await tx.execute<Leveringrij>(sql`select ${LEVERING} from levering where school = ${scope.school} and levering = ${levering}::uuid`)
  return rows[0]
}

export async function findLeveringForUpdate (tx: Tx, scope: Schoolscope, levering: string): Promise<Leveringrij & Bestanden | undefined> {
  const { rows } = await tx.execute<Leveringrij & Bestanden>(sql`
    select ${LEVERING}, bestand_csv as csv, bestand_json as json from levering where school = ${scope.school} and levering = ${levering}::uuid for update`)
  return rows[0]
}

export interface Bestanden { readonly csv: string, readonly json: string }

export async function findBestanden (tx: Tx, scope: Schoolinzage, levering: string): Promise<Bestanden & { readonly manifest: unknown, readonly zout: Buffer | null } | undefined> {
  const { rows } = await tx.execute<Bestanden & { readonly manifest: unknown, readonly zout: Buffer | null } & Record<string, unknown>>(sql`
    select manifest, bestand_csv as csv, bestand_json as json, invoer_zout as zout from levering where school = ${scope.school} and levering = ${levering}::uuid`)
  return rows[0]
}

/** The next step, with its moment by the clock of the database. */
export async function updateStatus (tx: Tx, scope: Schoolscope, levering: string, stap: { readonly status: Leveringstatus, readonly door: string, readonly ontvangst?: Ontvangstinvoer }): Promise<Leveringrij> {
  const { status, door, ontvangst } = stap
  const { rows } = await tx.execute<Leveringrij>(sql`
    update levering
       set status = ${status}::leveringstatus,
           verloop = verloop || jsonb_build_array(jsonb_build_object('status', ${status}::text, 'op', ${iso(sql`statement_timestamp()`)}, 'door', ${door}::text))
           ${ontvangst === undefined ? sql`` : sql`, ontvangst = ${JSON.stringify(ontvangst)}::jsonb`}
     where school = ${scope.school} and levering = ${levering}::uuid
    returning ${LEVERING}`)
  return rows[0]!
}

// --- plans

export interface Planrij { [column: string]: unknown, readonly school: string, readonly ontvanger: Ontvanger, readonly periodesoort: Periodesoort, readonly dagenNaPeriode: number, readonly aan: boolean, readonly sinds: Datum, /** Perioden that are done. */ readonly gedaan: string[] }

/** In order of school and ontvanger. */
export async function listPlannen (tx: Tx, scope: Inzage): Promise<Planrij[]> {
  const { rows } = await tx.execute<Planrij>(sql`
    select school, ontvanger, periodesoort, dagen_na_periode as "dagenNaPeriode", aan, sinds,
           array(select periode from leveringsronde r where r.school = p.school and r.ontvanger = p.ontvanger) as gedaan
      from leveringsplan p
     where ${inScope(scope)}
     order by school, ontvanger`)
  return rows
}

export async function upsertPlan (tx: Tx, scope: Schoolscope, plan: Omit<Planrij, 'school' | 'gedaan'>, actor: string): Promise<void> {
  await tx.execute(sql`
    insert into leveringsplan (school, ontvanger, periodesoort, dagen_na_periode, aan, sinds, actor, vastgelegd_op)
    values (${scope.school}, ${plan.ontvanger}, ${plan.periodesoort}, ${plan.dagenNaPeriode}, ${plan.aan}, ${plan.sinds}, ${actor}, statement_timestamp())
        on conflict on constraint leveringsplan_pk do update
           set periodesoort = excluded.periodesoort, dagen_na_periode = excluded.dagen_na_periode, aan = excluded.aan, sinds = excluded.sinds,
               actor = excluded.actor, vastgelegd_op = excluded.vastgelegd_op`)
}

export async function insertRonde (tx: Tx, scope: Schoolscope, ontvanger: Ontvanger, periode: string, gemaakt: number): Promise<void> {
  await tx.execute(sql`
    insert into leveringsronde (school, ontvanger, periode, gemaakt, gereed_op)
    values (${scope.school}, ${ontvanger}, ${periode}, ${gemaakt}, statement_timestamp())
        on conflict on constraint leveringsronde_pk do nothing`)
}

// --- who and where, as it was known

/** The vestigingen of a school as they were laid down at an instant. */
export async function listVestigingenOp (tx: Tx, scope: Schoolscope, moment: string): Promise<Vestigingstand[]> {
  const { rows } = await tx.execute<Vestigingstand & Record<string, unknown>>(sql`
    select vestiging, sector, samenwerkingsverband from vestiging where school = ${scope.school} and vastgelegd_op <= ${moment}::timestamptz
     union all
    select vestiging, sector, samenwerkingsverband from vestiging_versie where school = ${scope.school} and vastgelegd_op <= ${moment}::timestamptz and vervangen_op > ${moment}::timestamptz
     order by vestiging`)
  return rows
}

export interface Versierij extends Leerlingversie { [column: string]: unknown, readonly bron: string, readonly leerling: string }

/** Everything said of the leerlingen of a school, oldest first; `bekend`: at an instant. */
export async function listLeerlingversies (tx: Tx, scope: Schoolscope, moment: string): Promise<Versierij[]> {
  const { rows } = await tx.execute<Versierij>(sql`
    select bron, leerling, geboortedatum, woongemeente, woont_sinds as "woontSinds", vastgelegd_op <= ${moment}::timestamptz as bekend
      from leerling_versie
     where school = ${scope.school}
     order by bron, leerling, vastgelegd_op`)
  return rows
}

/** Who is enrolled on a day. */
export async function listIngeschreven (tx: Tx, scope: Schoolscope, datum: Datum): Promise<Array<{ bron: string, leerling: string }>> {
  const { rows } = await tx.execute<{ bron: string, leerling: string }>(sql`
    select distinct bron, leerling from inschrijving where school = ${scope.school} and van <= ${datum} and (tot is null or tot >= ${datum})`)
  return rows
}

export interface Kalenderversie { [column: string]: unknown, readonly vestiging: string, readonly schooljaar: string, readonly versie: number }

/** The own kalenders of a school that were in force at an instant. */
export async function listKalenderversies (tx: Tx, scope: Schoolscope, schooljaren: readonly string[], moment: string): Promise<Kalenderversie[]> {
  const { rows } = await tx.execute<Kalenderversie>(sql`
    select vestiging, schooljaar, versie
      from kalender
     where school = ${scope.school} and schooljaar = any(${sql.param(schooljaren)}::text[])
       and vastgelegd_op <= ${moment}::timestamptz and vervangen_op > ${moment}::timestamptz
     order by vestiging, schooljaar`)
  return rows
}

export interface Geldigheid { [column: string]: unknown, readonly versie: number, readonly van: Datum, readonly tot: Datum | null }

/** The beleidsversies as adopted at an instant: each held until the next began, and of two that begin on one day the last adopted counted. */
export async function listGeldigheden (tx: Tx, scope: Schoolscope, moment: string): Promise<Geldigheid[]> {
  const { rows } = await tx.execute<Geldigheid>(sql`
    select versie, van, lead(van) over (order by van) - 1 as tot
      from (select distinct on (geldig_van) versie, geldig_van as van
              from beleidsversie
             where school = ${scope.school} and vastgesteld_op <= ${moment}::timestamptz
             order by geldig_van, vastgesteld_op desc) laatste
     order by van`)
  return rows
}

/** The bronafspraken of a school as they were laid down at an instant. */
export async function listBronafspraken (tx: Tx, scope: Schoolscope, moment: string): Promise<Bronafspraak[]> {
  const { rows } = await tx.execute<Bronafspraak & Record<string, unknown>>(sql`
    select geldig_van as "geldigVan", volgorde, verklaring
      from bronafspraak
     where school = ${scope.school} and vastgelegd_op <= ${moment}::timestamptz and vervangen_op > ${moment}::timestamptz`)
  return rows
}

/** The perioden of which there are leveringen. */
export async function listPerioden (tx: Tx, { school }: Schoolscope): Promise<string[]> {
  const { rows } = await tx.execute<{ periode: string }>(sql`select distinct periode from levering where school = ${school}`)
  return rows.map(({ periode }) => periode)
}

/** Answers how many leveringen there were of these perioden. */
export async function deleteLeveringenVan (tx: Tx, { school }: Schoolscope, perioden: readonly string[]): Promise<number> {
  const { rowCount } = await tx.execute(sql`delete from levering where school = ${school} and periode = any(${sql.param(perioden)}::text[])`)
  return rowCount ?? 0
}
