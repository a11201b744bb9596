import { randomUUID } from 'node:crypto'
import { sql, type SQL } from '../db/drizzle.ts'
import { arrayText, columnText, iso, isVan, prepareStatement, readPage, readRows } from '../db/statement.ts'
import { readSqlstate, type Tx } from '../db/transaction.ts'
import { listBetekenissen, type Beleid } from '../domain/beleid.ts'
import { areFew, inReikwijdte, inReikwijdteVanSchool, isSchoolwide, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { absentieBeperkt } from '../verzoeken/beperkt.ts'
import type { Categorie, Soort } from '../domain/absentie.ts'
import type { Dagmelding } from '../domain/voorrang.ts'
import type { Absentie, Absentieregel, Absentieversie, Wachtende } from './contract.ts'

/** One record on its way to the table: everything about it is decided but what stands there already. */
export interface Absentierij {
  readonly index: number
  readonly record: Absentieregel
  /** By the beleid of the day; absent of an intrekking. */
  readonly categorie?: Categorie
  /** Missed, as sent or derived; null is unknown. */
  readonly minuten?: number | null
  /** The afmelding this day was expanded from. */
  readonly afmelding?: string
  /** The aanlevering that brought it, where it is not that of the push. */
  readonly aanlevering?: string
}

/** What became of each row that was not simply new. */
export type Schrijfresultaten = ReadonlyMap<Absentierij, Schrijfresultaat>

export interface Schrijfresultaat {
  /** What stood before; undefined where that is what the row says itself, and of an intrekking that came before its absentie. */
  readonly oud: Stand | undefined
  readonly actie: 'gewijzigd' | 'bevestigd' | 'ongewijzigd' | 'verouderd'
}

/** What an absentie that stood says of the figures and signalen that must follow. */
export interface Stand { readonly leerling: string, readonly vestiging: string, readonly datum: string, readonly categorie: Categorie, readonly soort: Soort, readonly ingetrokken: boolean }

/** What the rows were computed with; the statement writes nothing when either version has risen. */
export interface Schrijfkader {
  readonly stamversie: number
  readonly leerlingversie: number
  readonly aanlevering: string
  /** Also replaces a version with a later gewijzigdOp: to put back what stood before. */
  readonly geforceerd: boolean
}

/** The minutes an absentie misses, as domain/absentie.ts `deriveMinuten` says it; `gepland` is the rooster's entry of the day. */
function gemisteMinuten (van: { soort: SQL, lesuren: SQL, dagdeel: SQL, lesuurMinuten: SQL, gepland: SQL }): SQL {
  return sql`case when ${van.soort} = 'te-laat'         then null
                  when cardinality(${van.lesuren}) > 0  then cardinality(${van.lesuren}) * ${van.lesuurMinuten}
                  when ${van.dagdeel} = 'ochtend'       then (${van.gepland} + 1) / 2
                  when ${van.dagdeel} = 'middag'        then ${van.gepland} / 2
                  when ${van.soort} = 'afwezig'         then ${van.gepland}
             end`
}

const NAMEN = ['school', 'bron', 'bron_id', 'vestiging', 'leerling', 'datum', 'soort', 'reden', 'minuten', 'minuten_afgeleid', 'lesuren', 'dagdeel', 'categorie', 'ingetrokken', 'gewijzigd_op',
  'vastgelegd_op', 'aanlevering', 'afmelding', 'overtroefd_door']
const KOLOMMEN = sql.raw(NAMEN.join(', '))
// As columns of their own: of a row kept as one value, each look at a field takes it apart anew.
const ALS_OUD = sql.raw(NAMEN.map((naam) => `a.${naam} as oud_${naam}`).join(', '))
// The key is the row's own.
const OUD = sql.raw(NAMEN.slice(3).map((naam) => `oud_${naam}`).join(', '))

/**
 * One push of one school and bron in one statement: looks up what stands of its keys, inserts what is new, compares the rest, writes only what
 * differs, keeps what it replaces, and says what happened. Throws Schoolwijziging, with nothing written, when the school has changed since the rows were computed.
 *
 * Keys are unique and sorted within `rijen`. All insertions come first, then all locks, both in that order, so concurrent pushes never
 * deadlock: who still inserts holds no lock on a row that stands (they run as the answer counts them, and what it does not count runs last). `nu` lies after the school's lock was taken: a levering, which takes that
 * lock alone, never misses a row that carries an earlier moment.
 *
 * A look-up in the big table is a lateral the planner cannot flatten (`offset 0`, `on conflict`): one index probe a row whatever the statistics
 * say. As a plain join, a school before its first analyze was scanned whole by each batch. Where all indexes cost the same, in a plan from when the
 * table was empty, the key is taken as the youngest of them (migration 0012).
 *
 * A row is locked by the write itself, which carries the `vastgelegd_op` that was found and passes over a row that has another by now, or a later
 * gewijzigdOp: every write but a confirmation gives it a new one.
 */
export async function writeAbsenties (tx: Tx, scope: Schoolscope, kader: Schrijfkader, rijen: readonly Absentierij[]): Promise<Schrijfresultaten> {
  const { rows } = await schrijf(tx, readWaarden(scope, kader, rijen))
  return readUitslag(rijen, rows[0]!)
}

/**
 * The same of one row or more of whose keys nothing is expected to stand: inserts and looks nothing up, a fifth less work for PostgreSQL. Where something
 * does stand it fails (`isDubbel`), at the first such key. However it fails, so does what was sent after it: its answer need not be waited for.
 */
export async function insertAbsenties (tx: Tx, scope: Schoolscope, kader: Schrijfkader, rijen: readonly Absentierij[]): Promise<void> {
  try {
    await voegIn(tx, readWaarden(scope, kader, rijen))
  } catch (error) {
    const { code, column } = error as { code?: unknown, column?: unknown }
    throw code === '23502' && column === 'vastgelegd_op' ? new Schoolwijziging() : error
  }
}

// What is decided of a row is kept once for all that reads it: a store of rows of which each part makes another costs a sixth more.
const schrijf = prepareStatement<Uitslag, Schrijfwaarden>((param) => sql`
    with ${stamOp(param)}, besluit as materialized (
      select r.*, v.*,
             case when oud_school is null                                                    then 'nieuw'
                  when "gewijzigdOp" < oud_gewijzigd_op and not ${param('geforceerd')}::boolean     then 'verouderd'
                  when ingetrokken <> oud_ingetrokken                                        then 'gewijzigd'
                  when not ingetrokken
                       and (vestiging, leerling, datum, soort, reden, categorie, minuten, afgeleid, lesuren, dagdeel)
                           is distinct from (oud_vestiging, oud_leerling, oud_datum, oud_soort, oud_reden, oud_categorie, oud_minuten, oud_minuten_afgeleid, oud_lesuren, oud_dagdeel)
                                                                                             then 'gewijzigd'
                  when "gewijzigdOp" <> oud_gewijzigd_op                                     then 'bevestigd'
                  else 'ongewijzigd'
             end as actie
        from stam
       cross join ${invoer(param)} r
        left join lateral (select ${ALS_OUD}
                             from absentie a
                            where a.school = ${param('school')} and a.bron = ${param('bron')} and a.bron_id = r."bronId"
                           offset 0) v on true
    ), ingevoegd as (
      insert into absentie (${KOLOMMEN})
      select ${nieuweRij(param)}
        from besluit
       where actie = 'nieuw'
      returning 1
    ), bewaard as (
      insert into absentie_versie (${KOLOMMEN}, vervangen_op, verouderd)
      select ${param('school')}, ${param('bron')}, "bronId", ${OUD}, (select nu from stam), false from besluit where actie = 'gewijzigd'
    ), te_laat_binnen as (
      insert into absentie_versie (${KOLOMMEN}, vervangen_op, verouderd)
      select ${param('school')}, ${param('bron')}, b."bronId", b.vestiging, b.leerling, b.datum, b.soort, b.reden, b.minuten, coalesce(b.afgeleid, true), b.lesuren, b.dagdeel, b.categorie,
             b.ingetrokken, b."gewijzigdOp", (select nu from stam), ${param('dezeAanlevering')}::uuid, b.afmelding, null, (select nu from stam), true
        from (select * from besluit where actie = 'verouderd') b
        left join lateral (select true as bekend
                             from absentie_versie h
                            where h.school = ${param('school')} and h.bron = ${param('bron')} and h.bron_id = b."bronId" and h.gewijzigd_op = b."gewijzigdOp"
                              and (h.ingetrokken, h.vestiging, h.leerling, h.datum, h.soort, h.reden, h.lesuren, h.dagdeel)
                                  is not distinct from (b.ingetrokken, b.vestiging, b.leerling, b.datum, b.soort, b.reden, b.lesuren, b.dagdeel)
                            limit 1) h on true
       where h.bekend is null
    ), herschreven as (
      insert into absentie (${KOLOMMEN})
      select ${param('school')}, ${param('bron')}, "bronId", coalesce(vestiging, oud_vestiging), coalesce(leerling, oud_leerling), coalesce(datum, oud_datum), coalesce(soort, oud_soort),
             case when ingetrokken then oud_reden else reden end, case when ingetrokken then oud_minuten else minuten end,
             case when ingetrokken then oud_minuten_afgeleid else afgeleid end, case when ingetrokken then oud_lesuren else lesuren end,
             case when ingetrokken then oud_dagdeel else dagdeel end, coalesce(categorie, oud_categorie), ingetrokken, "gewijzigdOp", oud_vastgelegd_op,
             case when actie = 'bevestigd' then oud_aanlevering else coalesce(aanlevering, ${param('dezeAanlevering')}::uuid) end, coalesce(afmelding, oud_afmelding), oud_overtroefd_door
        from besluit
       where actie in ('gewijzigd', 'bevestigd')
       order by "bronId"
          on conflict on constraint absentie_pk do update
             set vestiging = excluded.vestiging, leerling = excluded.leerling, datum = excluded.datum, soort = excluded.soort, reden = excluded.reden,
                 minuten = excluded.minuten, minuten_afgeleid = excluded.minuten_afgeleid, lesuren = excluded.lesuren, dagdeel = excluded.dagdeel,
                 categorie = excluded.categorie, ingetrokken = excluded.ingetrokken, gewijzigd_op = excluded.gewijzigd_op, aanlevering = excluded.aanlevering,
                 vastgelegd_op = case when (absentie.reden, absentie.categorie, absentie.soort, absentie.minuten, absentie.minuten_afgeleid, absentie.lesuren, absentie.dagdeel,
                                            absentie.ingetrokken, absentie.leerling, absentie.datum, absentie.vestiging)
                                           is distinct from (excluded.reden, excluded.categorie, excluded.soort, excluded.minuten, excluded.minuten_afgeleid, excluded.lesuren, excluded.dagdeel,
                                            excluded.ingetrokken, excluded.leerling, excluded.datum, excluded.vestiging)
                                      then (select nu from stam) else absentie.vastgelegd_op end
           where absentie.vastgelegd_op = excluded.vastgelegd_op and (${param('geforceerd')}::boolean or absentie.gewijzigd_op <= excluded.gewijzigd_op)
      returning 1
    ), ${opgeruimd(param)}
    select exists (select from stam) as actueel,
           (select count(*) from ingevoegd) as nieuw,
           (select count(*) from herschreven) as herschreven,
           (select '[' || string_agg('[' || plaats || ',"' || actie || '"'
                                     || case when (actie in ('ongewijzigd', 'bevestigd') and not ingetrokken) or num_nulls(oud_leerling, oud_datum) > 0 then ''
                                             else ',"' || oud_categorie || '","' || oud_soort || '",' || oud_ingetrokken
                                                  || case when (leerling, vestiging, datum) is not distinct from (oud_leerling, oud_vestiging, oud_datum) then ''
                                                          else ',"' || oud_leerling || '","' || oud_vestiging || '","' || oud_datum || '"' end
                                        end || ']', ',') || ']'
              from besluit
             where actie <> 'nieuw') as anders`)

// As the statement itself, which runs before what is in its `with`: who still inserts holds no lock on what waits. Of a school that has changed there is no moment
// `nu`, which no row goes without.
const voegIn = prepareStatement<never, Schrijfwaarden>((param) => sql`
    with ${stamOp(param)}, ${opgeruimd(param)}
    insert into absentie (${KOLOMMEN})
    select ${nieuweRij(param)}
      from ${invoer(param)} r`)

/** The school, locked for share, when it is as the rows were computed with. */
function stamOp (param: Param): SQL {
  return sql`stam as materialized (
      select clock_timestamp() as nu
        from (select from school where school = ${param('school')} and stamversie = ${param('stamversie')} and leerlingversie = ${param('leerlingversie')} for share) s
    )`
}

/** What a row says of each field but its key, with the type of its list and, where that differs, of itself; of the facts of an absentie an intrekking says nothing. */
const VELDEN = {
  ingetrokken: ['boolean', ({ record }) => record.ingetrokken === true],
  gewijzigdOp: ['timestamptz', ({ record }) => record.gewijzigdOp],
  vestiging: ['text', (rij) => feitenVan(rij)?.vestiging],
  leerling: ['text', (rij) => feitenVan(rij)?.leerling],
  datum: ['date', (rij) => feitenVan(rij)?.datum],
  soort: ['absentiesoort', (rij) => feitenVan(rij)?.soort],
  reden: ['text', (rij) => feitenVan(rij)?.reden],
  categorie: ['categorie', ({ categorie }) => categorie],
  minuten: ['smallint', ({ minuten }) => minuten],
  afgeleid: ['boolean', (rij) => rij.record.ingetrokken === true ? null : rij.record.minuten == null],
  lesuren: ['text', (rij) => feitenVan(rij)?.lesuren, 'smallint[]'],
  dagdeel: ['dagdeel', (rij) => feitenVan(rij)?.dagdeel],
  afmelding: ['text', ({ afmelding }) => afmelding],
  aanlevering: ['uuid', ({ aanlevering }) => aanlevering]
} satisfies Record<string, Veld>
type Veld = readonly [type: string, lees: (rij: Absentierij) => string | number | boolean | readonly number[] | null | undefined, eigenType?: string]

function feitenVan ({ record }: Absentierij): Exclude<Absentieregel, { ingetrokken: true }> | undefined {
  return record.ingetrokken === true ? undefined : record
}

type Kolommen = Readonly<{ bronId: string } & Record<keyof typeof VELDEN, string> & Record<`elke_${keyof typeof VELDEN}`, string | null>>
interface Schrijfwaarden extends Kolommen { readonly aantal: number, readonly school: string, readonly bron: string, readonly stamversie: number, readonly leerlingversie: number, readonly geforceerd: boolean, readonly dezeAanlevering: string }
type Param = (naam: keyof Schrijfwaarden) => unknown

function readWaarden ({ school, bron }: Schoolscope, { stamversie, leerlingversie, geforceerd, aanlevering: dezeAanlevering }: Schrijfkader, rijen: readonly Absentierij[]): Schrijfwaarden {
  return { ...readKolommen(rijen), aantal: rijen.length, school, bron, stamversie, leerlingversie, geforceerd, dezeAanlevering }
}

/**
 * The rows as a column of each field, as the text of a PostgreSQL array: unnest of these takes 3.5 ms for 1,000 rows, json_to_recordset of the same 6.4.
 * A field of which every row says the same, as often the vestiging and that nothing is withdrawn, is that one value and an empty column.
 */
function readKolommen (rijen: readonly Absentierij[]): Kolommen {
  const velden = Object.entries<Veld>(VELDEN).flatMap(([naam, [, lees]]) => {
    const elke = readElke(rijen, lees)
    return [[naam, elke === undefined ? columnText(rijen, lees) : '{}'], [`elke_${naam}`, elke == null ? null : String(elke)]]
  })
  return { bronId: columnText(rijen, ({ record }) => record.bronId), ...Object.fromEntries(velden) as Omit<Kolommen, 'bronId'> }
}

/** Undefined of rows that differ, and of a list. */
function readElke (rijen: readonly Absentierij[], lees: Veld[1]): string | number | boolean | null | undefined {
  const eerste = rijen.length === 0 ? null : lees(rijen[0]!) ?? null
  if (typeof eerste === 'object' && eerste !== null) return undefined
  return rijen.every((rij) => (lees(rij) ?? null) === eerste) ? eerste : undefined
}

/**
 * The rows as a table, in their order and with their place. Each unnest is a column and not in the `from`, where PostgreSQL keeps what each gives in a store of its own before it
 * hands on the first row: a tenth of an insertion. The key stays the plain column it is: row-level security lets nothing else near the index.
 * The number of rows is a `select` of its own, which the planner does not look into: it would find a plan for the one row of a PUT better than one for any number, and make
 * it anew each time, 1.8 ms of 6.
 */
function invoer (param: Param): SQL {
  const velden = Object.entries(VELDEN) as Array<[keyof typeof VELDEN, Veld]>
  const kolommen = velden.map(([naam, [type]]) => sql`unnest(${param(naam)}::${sql.raw(type)}[]) as ${sql.identifier(naam)}`)
  const waarden = velden.map(([naam, [type, , eigen = type]]) => sql`coalesce(${sql.identifier(naam)}::${sql.raw(eigen)}, ${param(`elke_${naam}`)}::${sql.raw(eigen)}) as ${sql.identifier(naam)}`)
  return sql`(select plaats, "bronId", ${sql.join(waarden, sql`, `)}
                     from (select generate_series(0, (select ${param('aantal')}::integer) - 1) as plaats, unnest(${param('bronId')}::text[]) as "bronId", ${sql.join(kolommen, sql`, `)}) kolom)`
}

/** A row that was not there. */
function nieuweRij (param: Param): SQL {
  return sql`${param('school')}, ${param('bron')}, "bronId", vestiging, leerling, datum, soort, reden, minuten, coalesce(afgeleid, true), lesuren, dagdeel, categorie, ingetrokken,
             "gewijzigdOp", (select nu from stam), coalesce(aanlevering, ${param('dezeAanlevering')}::uuid), afmelding, null`
}

/** What waited under these keys does so no more. */
function opgeruimd (param: Param): SQL {
  return sql`opgeruimd as (
      delete from absentie_in_wacht w
       where exists (select from stam) and w.school = ${param('school')} and w.bron = ${param('bron')} and w.bron_id = any(${param('bronId')}::text[])
         and w.gewijzigd_op <= (select coalesce(k.op, ${param('elke_gewijzigdOp')}::timestamptz) from unnest(${param('bronId')}::text[], ${param('gewijzigdOp')}::timestamptz[]) as k(sleutel, op) where k.sleutel = w.bron_id)
    )`
}

interface Uitslag {
  readonly actueel: boolean
  readonly nieuw: number
  readonly herschreven: number
  /** As JSON, an `Anders` of each row that was not new; keys of a bron hold nothing that JSON would escape. */
  readonly anders: string | null
}

/** The last three only where they were not what the row says itself. */
type Anders = [plaats: number, actie: Schrijfresultaat['actie'], categorie?: Categorie, soort?: Soort, ingetrokken?: boolean, leerling?: string, vestiging?: string, datum?: string]

function readUitslag (rijen: readonly Absentierij[], { actueel, nieuw, herschreven, anders }: Uitslag): Schrijfresultaten {
  if (!actueel) throw new Schoolwijziging()
  const resultaten = new Map<Absentierij, Schrijfresultaat>()
  let teHerschrijven = 0
  for (const [plaats, actie, categorie, soort, ingetrokken, leerling, vestiging, datum] of JSON.parse(anders ?? '[]') as Anders[]) {
    const rij = rijen[plaats]!
    const feiten = leerling === undefined ? feitenVan(rij) : { leerling, vestiging: vestiging!, datum: datum! }
    const oud = categorie === undefined ? undefined : { leerling: feiten!.leerling, vestiging: feiten!.vestiging, datum: feiten!.datum, categorie, soort: soort!, ingetrokken: ingetrokken! }
    if (actie === 'gewijzigd' || actie === 'bevestigd') teHerschrijven++
    resultaten.set(rij, { actie, oud })
  }
  // Some row was no longer as it was found: another transaction wrote it since this statement began.
  if (herschreven !== teHerschrijven || nieuw + resultaten.size !== rijen.length) throw new Botsing()
  return resultaten
}

/** Two transactions wrote one key in the same moment, or the school changed; the whole transaction is to be tried again. */
export class Botsing extends Error {}

/** The school has changed since the rows were computed. */
export class Schoolwijziging extends Botsing {}

/** Whether a transaction that failed with this may succeed when it is run again; a deadlock or a serialization failure of PostgreSQL too. */
export function isBotsing (error: unknown): boolean {
  return error instanceof Botsing || isDubbel(error) || ['40P01', '40001'].includes(String(readSqlstate(error)))
}

/** Whether a row was inserted of which the key stood, or was written by another transaction in the same moment. */
export function isDubbel (error: unknown): boolean {
  const { code, constraint } = error as { code?: unknown, constraint?: unknown }
  return code === '23505' && constraint === 'absentie_pk'
}

/** Keeps records whose leerling is not known yet; the newest version of each. */
export async function insertWachtende (tx: Tx, scope: Schoolscope, aanlevering: string, records: ReadonlyArray<{ bronId: string, leerling: string, gewijzigdOp: string, inhoud: unknown }>): Promise<void> {
  await tx.execute(sql`
    insert into absentie_in_wacht (school, bron, bron_id, leerling, inhoud, gewijzigd_op, aanlevering, sinds)
    select ${scope.school}, ${scope.bron}, r."bronId", r.leerling, r.inhoud, r."gewijzigdOp", ${aanlevering}, statement_timestamp()
      from json_to_recordset(${JSON.stringify(records)}::json) as r("bronId" text, leerling text, "gewijzigdOp" timestamptz, inhoud jsonb)
     order by r."bronId"
        on conflict on constraint absentie_in_wacht_pk do update
           set leerling = excluded.leerling, inhoud = excluded.inhoud, gewijzigd_op = excluded.gewijzigd_op, aanlevering = excluded.aanlevering, probleem = null
         where absentie_in_wacht.gewijzigd_op < excluded.gewijzigd_op`)
}

/**
 * Marks whom to evaluate, who else was touched, and the weeks to count again; of leerlingen of the bron of the scope. Every statement marks under
 * a key of its own: with that of the aanlevering, the next part of a stream would find the mark of the part before, add none, and lose its
 * evaluation to a worker that takes that mark before this part commits.
 */
export async function insertMarkeringen (tx: Tx, { school, bron }: Schoolscope, gevolgen: { leerlingen: readonly string[], overige: readonly string[], weken: ReadonlyArray<{ vestiging: string, maandag: string }> }): Promise<void> {
  const { leerlingen, overige, weken } = gevolgen
  await markeer(tx, {
    school,
    bron,
    markering: randomUUID(),
    leerlingen: arrayText(leerlingen),
    overige: arrayText(overige),
    vestigingen: columnText(weken, ({ vestiging }) => vestiging),
    maandagen: columnText(weken, ({ maandag }) => maandag)
  })
}

const markeer = prepareStatement<never, { school: string, bron: string, markering: string, leerlingen: string, overige: string, vestigingen: string, maandagen: string }>((param) => sql`
    with te_evalueren as (
      insert into evaluatie_markering (school, markering, bron, leerlingen, overige)
      values (${param('school')}, ${param('markering')}::uuid, ${param('bron')}, ${param('leerlingen')}::text[], ${param('overige')}::text[])
    )
    insert into aggregaat_markering (school, vestiging, maandag, markering)
    select ${param('school')}, vestiging, maandag, ${param('markering')}::uuid
      from unnest(${param('vestigingen')}::text[], ${param('maandagen')}::date[]) as w(vestiging, maandag)`)

/** Whom an absentie is of. */
export interface Absentieleerling { readonly bron: string, readonly leerling: string }

export interface Wachtrecord { [column: string]: unknown, bronId: string, inhoud: unknown, aanlevering: string }

/** What waited for these leerlingen, refused or not, in key order; it stays until the replay writes it. */
export async function listWachtendeVan (tx: Tx, scope: Schoolscope, leerlingen: readonly string[]): Promise<Wachtrecord[]> {
  const { rows } = await tx.execute<Wachtrecord>(sql`
    select bron_id as "bronId", inhoud, aanlevering
      from absentie_in_wacht
     where school = ${scope.school} and bron = ${scope.bron} and leerling = any(${sql.param(leerlingen)}::text[])
     order by bron_id
       for update`)
  return rows
}

/** Answers the leerling of each record it deleted. */
export async function deleteWachtende (tx: Tx, scope: Schoolscope, aanlevering: string): Promise<string[]> {
  const { rows } = await tx.execute<{ leerling: string }>(sql`
    delete from absentie_in_wacht
     where school = ${scope.school} and bron = ${scope.bron} and aanlevering = ${aanlevering}
    returning leerling`)
  return rows.map(({ leerling }) => leerling)
}

export async function refuseWachtende (tx: Tx, scope: Schoolscope, problemen: ReadonlyArray<{ bron: string, bronId: string, probleem: unknown }>): Promise<void> {
  await tx.execute(sql`
    update absentie_in_wacht w
       set probleem = r.probleem
      from json_to_recordset(${JSON.stringify(problemen)}::json) as r(bron text, "bronId" text, probleem jsonb)
     where w.school = ${scope.school} and w.bron = r.bron and w.bron_id = r."bronId"`)
}

/** Refuses what waited since before `sinds`; answers the leerling of each. */
export async function refuseWachtendeVoor (tx: Tx, scope: Schoolscope, sinds: string, probleem: unknown): Promise<Absentieleerling[]> {
  const { rows } = await tx.execute<Absentieleerling & Record<string, unknown>>(sql`
    update absentie_in_wacht set probleem = ${JSON.stringify(probleem)}::jsonb
     where school = ${scope.school} and probleem is null and sinds < ${sinds}::timestamptz
    returning bron, leerling`)
  return rows
}

export async function listWachtende (tx: Tx, scope: Schoolscope, na: readonly [string, string] | undefined, limit: number): Promise<Wachtende[]> {
  const { rows } = await tx.execute<Wachtende>(sql`
    select bron, bron_id as "bronId", leerling, ${iso(sql`gewijzigd_op`)} as "gewijzigdOp", ${iso(sql`sinds`)} as sinds, probleem
      from absentie_in_wacht
     where school = ${scope.school} ${na === undefined ? sql`` : sql`and (bron, bron_id) > (${na[0]}, ${na[1]})`}
     order by bron, bron_id
     limit ${limit}`)
  return rows
}

const ABSENTIE = sql`
  bron, bron_id as "bronId", school, vestiging, leerling, datum, soort, reden, categorie, minuten, minuten_afgeleid as "minutenAfgeleid", lesuren, dagdeel,
  overtroefd_door as "overtroefdDoor", afmelding, ${absentieBeperkt('absentie')} as beperkt, ${iso(sql`gewijzigd_op`)} as "gewijzigdOp"`

export interface Absentiefilter {
  readonly vestiging?: string | undefined
  readonly leerling?: string | undefined
  readonly bron?: string | undefined
  readonly van?: string | undefined
  readonly tot?: string | undefined
  readonly na?: readonly [datum: string, bron: string, bronId: string] | undefined
  readonly limit: number
}

/** A page in order of datum and key; withdrawn ones are left out. Of a few leerlingen the bron is looked at last: the planner would read all that it has of a school by the key. */
export async function listAbsenties (tx: Tx, scope: Schoolinzage, filter: Absentiefilter): Promise<Absentie[]> {
  const { vestiging, leerling, bron, van, tot, na, limit } = filter
  return await readPage<Absentie>(tx, isSchoolwide(scope), sql`
    select ${ABSENTIE}
      from absentie
     where school = ${scope.school} and ${inReikwijdteVanSchool(scope, sql`absentie`)} and not ingetrokken
       ${vestiging === undefined ? sql`` : sql`and vestiging = ${vestiging}`}
       ${leerling === undefined ? sql`` : sql`and leerling = ${leerling}`}
       ${bron === undefined ? sql`` : areFew(scope) ? sql`and coalesce(bron = ${bron}, false)` : sql`and bron = ${bron}`}
       ${van === undefined ? sql`` : sql`and datum >= ${van}`}
       ${tot === undefined ? sql`` : sql`and datum <= ${tot}`}
       ${na === undefined ? sql`` : sql`and (datum, bron, bron_id) > (${na[0]}, ${na[1]}, ${na[2]})`}
     order by datum, bron, bron_id
     limit ${limit}`)
}

export async function lockAbsentie (tx: Tx, scope: Schoolscope, bron: string, bronId: string): Promise<void> {
  await tx.execute(sql`select from absentie where school = ${scope.school} and bron = ${bron} and bron_id = ${bronId} for update`)
}

export async function findAbsentie (tx: Tx, scope: Schoolinzage, bron: string, bronId: string): Promise<Absentie | undefined> {
  const rows = await readRows<Absentie>(tx, sql`
    select ${ABSENTIE} from absentie where school = ${scope.school} and bron = ${bron} and bron_id = ${bronId} and ${inReikwijdte(scope, sql`absentie`)} and not ingetrokken`)
  return rows[0]
}

/** Every version of one absentie in the order of the bron's own changes, the one in force last. */
export async function listVersies (tx: Tx, scope: Schoolscope, bron: string, bronId: string): Promise<Absentieversie[]> {
  const columns = sql`vestiging, leerling, datum, soort, reden, categorie, minuten, lesuren, dagdeel, ingetrokken, ${iso(sql`gewijzigd_op`)} as "gewijzigdOp",
                      ${iso(sql`vastgelegd_op`)} as "vastgelegdOp"`
  const { rows } = await tx.execute<Absentieversie>(sql`
    select *
      from (select ${columns}, ${iso(sql`vervangen_op`)} as "vervangenOp", verouderd, aanlevering
              from absentie_versie where school = ${scope.school} and bron = ${bron} and bron_id = ${bronId}
             union all
            select ${columns}, null, false, aanlevering
              from absentie where school = ${scope.school} and bron = ${bron} and bron_id = ${bronId}) versies
     order by "vervangenOp" is null, "gewijzigdOp", "vastgelegdOp"`)
  return rows
}

/** Which rows a change of stamgegevens or beleid touches. */
export interface Herzieningsbereik { readonly vestiging?: string, readonly leerlingen?: { readonly bron: string, readonly bronIds: readonly string[] }, readonly van?: string, readonly tot?: string | null }

function inBereik (bereik: Herzieningsbereik): SQL {
  return sql`true
    ${bereik.vestiging === undefined ? sql`` : sql`and a.vestiging = ${bereik.vestiging}`}
    ${bereik.leerlingen === undefined ? sql`` : sql`and a.bron = ${bereik.leerlingen.bron} and a.leerling = any(${sql.param(bereik.leerlingen.bronIds)}::text[])`}
    ${bereik.van === undefined ? sql`` : sql`and a.datum >= ${bereik.van}`}
    ${bereik.tot == null ? sql`` : sql`and a.datum <= ${bereik.tot}`}`
}

/** Derives anew the minutes the bron did not send; keeps the versions it replaces. Answers whose absenties changed. */
export async function rederiveMinuten (tx: Tx, scope: Schoolscope, bereik: Herzieningsbereik): Promise<Absentieleerling[]> {
  const { rows } = await tx.execute<Absentieleerling & Record<string, unknown>>(sql`
    with nieuw as materialized (
      select a.bron, a.bron_id,
             ${gemisteMinuten({ soort: sql`a.soort`, lesuren: sql`a.lesuren`, dagdeel: sql`a.dagdeel`, lesuurMinuten: sql`v.lesuur_minuten`, gepland: sql`n.rooster[extract(isodow from a.datum)]` })}::smallint as minuten
        from absentie a
        join vestiging v on v.school = a.school and v.vestiging = a.vestiging
        left join lateral (select i.rooster
                             from inschrijving i
                            where i.school = a.school and i.bron = a.bron and i.leerling = a.leerling and i.vestiging = a.vestiging
                              and i.van <= a.datum and (i.tot is null or i.tot >= a.datum)
                            limit 1) n on true
       where a.school = ${scope.school} and a.minuten_afgeleid and ${inBereik(bereik)}
    ), oud as materialized (
      select a.*, n.minuten as nieuwe_minuten
        from absentie a
        join nieuw n on n.bron = a.bron and n.bron_id = a.bron_id
       where a.school = ${scope.school} and a.minuten is distinct from n.minuten
       order by a.bron, a.bron_id
         for update of a
    ), ${replaceVersie(scope.school)}, nieuw_afgeleid as (
      update absentie a
         set minuten = o.nieuwe_minuten, vastgelegd_op = statement_timestamp()
        from oud o
       where a.school = ${scope.school} and a.bron = o.bron and a.bron_id = o.bron_id
      returning a.bron, a.leerling
    )
    select distinct bron, leerling from nieuw_afgeleid`)
  return rows
}

/** The absenties of a leerling that another categorie came over. */
export interface Herziening extends Absentieleerling { readonly absenties: number }

/**
 * Classifies anew the days a beleidsversie covers; keeps the versions it replaces. What `classify` says of every reden, said in SQL; without
 * reden it is onverklaard, and ongeoorloofd up to and including `ongeoorloofdTot`. Codes are looked up in one document: joined as rows, 2,000 of
 * them were walked for each absentie before the first analyze (100,000 absenties: 22 s instead of 0.8).
 */
export async function reclassify (tx: Tx, scope: Schoolscope, bereik: Herzieningsbereik, { beleid, ongeoorloofdTot }: { beleid: Pick<Beleid, 'redenen' | 'codes'>, ongeoorloofdTot: string | undefined }): Promise<Herziening[]> {
  const boek = Object.fromEntries(listBetekenissen(beleid).map(({ bron, code, reden: { categorie, geldigTot } }) => [`${bron ?? ''} ${code}`, { categorie, tot: geldigTot }]))
  const nieuw = sql`case when a.reden is null and a.datum <= ${ongeoorloofdTot ?? null}::date  then 'ongeoorloofd'
                         when a.reden is null                                                 then 'onverklaard'
                         when a.datum > (b.betekenis ->> 'tot')::date                         then 'niet-ingedeeld'
                         else coalesce((b.betekenis ->> 'categorie')::categorie, 'niet-ingedeeld')
                    end`
  const { rows } = await tx.execute<Herziening & Record<string, unknown>>(sql`
    with redenboek as materialized (
      select ${JSON.stringify(boek)}::jsonb as boek
    ), oud as materialized (
      select a.*, ${nieuw} as nieuwe_categorie
        from absentie a
       cross join redenboek
       cross join lateral (select coalesce(boek -> (a.bron || ' ' || a.reden), boek -> (' ' || a.reden)) as betekenis) b
       where a.school = ${scope.school} and a.datum is not null and ${inBereik(bereik)}
         and a.categorie <> ${nieuw}
       order by a.bron, a.bron_id
         for update of a
    ), ${replaceVersie(scope.school)}, nieuw as (
      update absentie a
         set categorie = o.nieuwe_categorie, vastgelegd_op = statement_timestamp()
        from oud o
       where a.school = ${scope.school} and a.bron = o.bron and a.bron_id = o.bron_id
      returning a.bron, a.leerling
    )
    select bron, leerling, count(*) as absenties from nieuw group by bron, leerling`)
  return rows
}

export interface Voorrangsrij extends Dagmelding, Absentieleerling { readonly bron: string, readonly datum: string, readonly overtroefdDoor: string | null, /** The same for every record of one person. */ readonly persoon: string }

/** Which records of a school are weighed against each other: those of these leerlingen and of whoever is the same person, or of everybody whom several bronnen know. */
export interface Voorrangsbereik {
  readonly leerlingen?: readonly Absentieleerling[]
  readonly van?: string | undefined
  readonly tot?: string | null | undefined
  readonly dagen?: readonly string[]
}

/**
 * The reports to weigh, locked in key order. Records of a leerling in two bronnen are one person where they carry the same
 * persoonsgebonden nummer; without a number nobody can say so.
 */
export async function listVoorrangsrijen (tx: Tx, scope: Schoolscope, { leerlingen, van, tot, dagen }: Voorrangsbereik): Promise<Voorrangsrij[]> {
  const { school } = scope
  const gevraagd = leerlingen === undefined
    ? sql`select l.bron, l.leerling, l.pgn_zoek from leerling l
           where l.school = ${school} and l.pgn_zoek in (select pgn_zoek from leerling where school = ${school} and pgn_zoek is not null group by pgn_zoek having count(distinct bron) > 1)
          union
          select a.bron, a.leerling, l.pgn_zoek from absentie a join leerling l on l.school = a.school and l.bron = a.bron and l.leerling = a.leerling
           where a.school = ${school} and a.overtroefd_door is not null`
    : sql`select l.bron, l.leerling, l.pgn_zoek
            from unnest(${sql.param(leerlingen.map(({ bron }) => bron))}::text[], ${sql.param(leerlingen.map(({ leerling }) => leerling))}::text[]) as k(bron, leerling)
            join leerling l on l.school = ${school} and l.bron = k.bron and l.leerling = k.leerling`
  const { rows } = await tx.execute<Voorrangsrij & Record<string, unknown>>(sql`
    with gevraagd as materialized (${gevraagd}
    ), lid as materialized (
      select bron, leerling, pgn_zoek from gevraagd
      union
      select l.bron, l.leerling, l.pgn_zoek from leerling l where l.school = ${school} and l.pgn_zoek in (select pgn_zoek from gevraagd)
    )
    select a.bron, a.bron_id as "bronId", a.leerling, a.datum, a.lesuren, a.dagdeel, a.overtroefd_door as "overtroefdDoor",
           coalesce(encode(m.pgn_zoek, 'hex'), m.bron || ' ' || m.leerling) as persoon
      from lid m
     cross join lateral (select *
                           from absentie a
                          where a.school = ${school} and a.bron = m.bron and a.leerling = m.leerling and not a.ingetrokken
                            ${dagen === undefined ? sql`` : sql`and a.datum = any(${sql.param(dagen)}::date[])`}
                            ${van === undefined ? sql`` : sql`and a.datum >= ${van}`}
                            ${tot == null ? sql`` : sql`and a.datum <= ${tot}`}
                         offset 0) a
     order by a.bron_id, a.bron`)
  return rows
}

/** Marks everybody whom several bronnen know. */
export async function markGedeelden (tx: Tx, scope: Schoolscope): Promise<void> {
  await tx.execute(sql`
    insert into evaluatie_markering (school, markering, bron, leerlingen)
    select school, ${randomUUID()}::uuid, bron, array_agg(leerling)
      from leerling
     where school = ${scope.school}
       and pgn_zoek in (select pgn_zoek from leerling where school = ${scope.school} and pgn_zoek is not null group by pgn_zoek having count(distinct bron) > 1)
     group by school, bron`)
}

/** Says of absenties which bron goes before theirs, or that none does; keeps the versions it replaces. */
export async function updateVoorrang (tx: Tx, scope: Schoolscope, oordelen: ReadonlyArray<{ bron: string, bronId: string, door: string | null }>): Promise<void> {
  await tx.execute(sql`
    with oud as materialized (
      select a.*, r.door
        from json_to_recordset(${JSON.stringify(oordelen)}::json) as r(bron text, "bronId" text, door text)
       cross join lateral (select * from absentie a where a.school = ${scope.school} and a.bron = r.bron and a.bron_id = r."bronId" for update) a
    ), ${replaceVersie(scope.school)}
    update absentie a
       set overtroefd_door = o.door, vastgelegd_op = statement_timestamp()
      from oud o
     where a.school = ${scope.school} and a.bron = o.bron and a.bron_id = o.bron_id`)
}

/** CTEs that keep the rows of `oud` as versions and mark what they touch. */
function replaceVersie (school: string): SQL {
  const markering = randomUUID()
  return sql`bewaard as (
      insert into absentie_versie (${KOLOMMEN}, vervangen_op, verouderd)
      select ${KOLOMMEN}, statement_timestamp(), false from oud
    ), te_evalueren as (
      insert into evaluatie_markering (school, markering, bron, leerlingen)
      select ${school}, ${markering}::uuid, bron, array_agg(distinct leerling) from oud where not ingetrokken group by bron
    ), te_tellen as (
      insert into aggregaat_markering
      select distinct ${school}, vestiging, date_trunc('week', datum)::date, ${markering}::uuid from oud where not ingetrokken
    )`
}

// ---- destroying

/** Everything of these leerlingen, with what their absenties were without a leerling (`sleutels`). */
export async function deleteAbsentiesVan (tx: Tx, { school }: Schoolscope, leerlingen: ReadonlyArray<{ readonly bron: string, readonly leerling: string }>, sleutels: ReadonlyArray<{ readonly bron: string, readonly bronId: string }>): Promise<void> {
  const van = isVan(leerlingen)
  await tx.execute(sql`delete from absentie where school = ${school} and ${van}`)
  await tx.execute(sql`delete from absentie_versie where school = ${school} and ${van}`)
  await tx.execute(sql`delete from absentie_in_wacht where school = ${school} and ${van}`)
  await tx.execute(sql`
    delete from absentie_versie
     where school = ${school} and leerling is null
       and (bron, bron_id) in (select bron, "bronId" from json_to_recordset(${JSON.stringify(sleutels)}::json) as k(bron text, "bronId" text))`)
}

/** What was refused after waiting since before this instant, and intrekkingen of then that never had an absentie; whose keys those were, and how many rows in each table. */
export async function deleteZonderLeerling (tx: Tx, { school }: Schoolscope, voor: string): Promise<{ leerlingen: Array<{ bron: string, leerling: string }>, rijen: { absentie_in_wacht: number, absentie: number, absentie_versie: number } }> {
  const { rows: gewacht } = await tx.execute<{ bron: string, leerling: string }>(sql`
    delete from absentie_in_wacht where school = ${school} and sinds < ${voor}::timestamptz and probleem is not null returning bron, leerling`)
  const { rowCount: versies } = await tx.execute(sql`
    delete from absentie_versie v
     where v.school = ${school} and v.leerling is null and v.vastgelegd_op < ${voor}::timestamptz
       and not exists (select from absentie a where a.school = ${school} and a.bron = v.bron and a.bron_id = v.bron_id and a.leerling is not null)`)
  const { rowCount: leeg } = await tx.execute(sql`delete from absentie where school = ${school} and leerling is null and vastgelegd_op < ${voor}::timestamptz`)
  return { leerlingen: gewacht, rijen: { absentie_in_wacht: gewacht.length, absentie: leeg ?? 0, absentie_versie: versies ?? 0 } }
}
