import { sql, type SQL } from '../db/drizzle.ts'
import { iso, isoPrecies, prepareStatement, readRows } from '../db/statement.ts'
import type { Verwerkingsrij, Zegel } from './keten.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Schoolinzage, Schoolscope } from '../toegang/service.ts'

export type NieuweVerwerking = Omit<Verwerkingsrij, 'verwerking'>

const KOLOMMEN = sql`school, verwerking, activiteit, actor, toepassing, rol, doelbinding, trace_id, span_id, ouder_span, sleutel, betrokkenen, tijdstip`

// Its key is made before the row: who records may not read what he recorded.

/** Records one verwerking, to be sealed. Binary: a push has its pseudonyms as one parameter of 16 bytes each. */
export async function insertVerwerking (tx: Tx, rij: NieuweVerwerking): Promise<void> {
  await legVast(tx, rij)
}

const legVast = prepareStatement<never, NieuweVerwerking>((param) => sql`
    with nieuw as materialized (select ${param('school')}::text as school, gen_random_uuid() as verwerking), vastgelegd as (
      insert into verwerking (${KOLOMMEN})
      select school, verwerking, ${param('activiteit')}, ${param('actor')}, ${param('toepassing')}, ${param('rol')}, ${param('doelbinding')}, ${param('traceId')}, ${param('spanId')},
             ${param('ouderSpan')}, ${levendeSleutel(param('school'), param('sleutel'))}, ${param('betrokkenen')}::bytea, ${param('tijdstip')}::timestamptz
        from nieuw
    )
    insert into verwerking_markering (school, verwerking) select school, verwerking from nieuw`)

/** The same for one school in one statement, with all that they have in common taken from the first. */
export async function insertVerwerkingen (tx: Tx, rijen: readonly NieuweVerwerking[]): Promise<void> {
  const [eerste] = rijen
  if (eerste === undefined) return
  await readRows(tx, sql`
    with nieuw as materialized (
      select ${eerste.school}::text as school, gen_random_uuid() as verwerking, r.*
        from unnest(${sql.param(rijen.map(({ activiteit }) => activiteit))}::text[], ${sql.param(rijen.map(({ spanId }) => spanId))}::text[],
                    ${sql.param(rijen.map(({ ouderSpan }) => ouderSpan))}::text[], ${sql.param(rijen.map(({ betrokkenen }) => betrokkenen))}::bytea[]) as r (activiteit, span_id, ouder_span, betrokkenen)
    ), vastgelegd as (
      insert into verwerking (${KOLOMMEN})
      select school, verwerking, activiteit, ${eerste.actor}, ${eerste.toepassing}, ${eerste.rol}, ${eerste.doelbinding}, ${eerste.traceId}, span_id, ouder_span,
             ${levendeSleutel(eerste.school, eerste.sleutel)}, betrokkenen, ${eerste.tijdstip}::timestamptz
        from nieuw
    )
    insert into verwerking_markering (school, verwerking) select school, verwerking from nieuw`)
}

/** A key that was destroyed meanwhile gives null, which `sleutel` refuses: the transaction fails, whoever waits for this statement. */
function levendeSleutel (school: unknown, nummer: unknown): SQL {
  return sql`(select k.nummer from logsleutel k where k.school = ${school} and k.nummer = ${nummer} and k.sleutel is not null)`
}

// ---- keys

export interface OpgeslagenSleutel { readonly nummer: number, readonly sleutel: Buffer }

export async function findSleutel (tx: Tx, school: string): Promise<OpgeslagenSleutel | undefined> {
  const [rij] = await readRows<OpgeslagenSleutel>(tx, sql`select nummer, sleutel from logsleutel where school = ${school} and sleutel is not null`)
  return rij
}

/** The number that the next key of a school has: no number is used twice, so a pseudonym never means two leerlingen. */
export async function nextSleutelnummer (tx: Tx, school: string): Promise<number> {
  const [rij] = await readRows<{ nummer: number }>(tx, sql`select coalesce(max(nummer), 0) + 1 as nummer from logsleutel where school = ${school}`)
  return rij!.nummer
}

/** False: another transaction was first, and has committed by now. */
export async function insertSleutel (tx: Tx, school: string, { nummer, sleutel }: OpgeslagenSleutel, nu: string): Promise<boolean> {
  const rijen = await readRows(tx, sql`
    insert into logsleutel (school, nummer, sleutel, gemaakt_op) values (${school}, ${nummer}, ${sleutel}, ${nu}::timestamptz)
        on conflict do nothing
    returning nummer`)
  return rijen.length === 1
}

/** Answers which there were; all of them where no `nummers` are named. */
export async function destroySleutels (tx: Tx, scope: Schoolscope, nu: string, nummers?: readonly number[]): Promise<number[]> {
  const { rows } = await tx.execute<{ nummer: number }>(sql`
    update logsleutel set sleutel = null, vernietigd_op = ${nu}::timestamptz
     where school = ${scope.school} and sleutel is not null ${nummers === undefined ? sql`` : sql`and nummer = any(${sql.param(nummers)}::smallint[])`}
    returning nummer`)
  return rows.map(({ nummer }) => nummer)
}

// ---- sealing

/** Scholen with something to seal. */
export async function listOngezegeld (tx: Tx): Promise<string[]> {
  // The first of each school, from the key: a school with a hundred thousand marks costs one look.
  const { rows } = await tx.execute<{ school: string }>(sql`
    with recursive scholen as (
      (select school from verwerking_markering order by school limit 1)
      union all
      select (select m.school from verwerking_markering m where m.school > s.school order by m.school limit 1) from scholen s where s.school is not null
    )
    select school from scholen where school is not null`)
  return rows.map(({ school }) => school)
}

// 'zege' in ASCII. A BRIN is four ASCII characters, so it fits an integer.
const SLOT = 0x7a656765

/** One sealer a school at a time, until the end of the transaction; whoever records waits for nobody. */
export async function lockKeten (tx: Tx, school: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(${SLOT}, ${Buffer.from(school, 'ascii').readInt32BE()})`)
}

const ZEGEL = sql`nummer, dag, eerste, laatste, hash`

export async function findLaatsteZegel (tx: Tx, school: string): Promise<Zegel | undefined> {
  const { rows } = await tx.execute<Zegel & Record<string, unknown>>(sql`select ${ZEGEL} from verwerkingszegel where school = ${school} order by nummer desc limit 1`)
  return rows[0]
}

const RIJ = sql`
  v.school, v.verwerking, v.activiteit, v.actor, v.toepassing, v.rol, v.doelbinding, v.trace_id as "traceId", v.span_id as "spanId", v.ouder_span as "ouderSpan",
  v.sleutel, v.betrokkenen, ${isoPrecies(sql`v.tijdstip`)} as tijdstip`

/** Takes marks away and answers what they marked, in the order of recording; without a row: it was gone. */
export async function takeOngezegeld (tx: Tx, school: string, limit: number): Promise<Array<{ verwerking: string, rij: Verwerkingsrij | null }>> {
  const { rows } = await tx.execute<Verwerkingsrij & { gemarkeerd: string } & Record<string, unknown>>(sql`
    with genomen as (
      delete from verwerking_markering
       where school = ${school} and verwerking in (select verwerking from verwerking_markering where school = ${school} limit ${limit})
      returning verwerking
    )
    select g.verwerking as gemarkeerd, ${RIJ}
      from genomen g
      left join verwerking v on v.school = ${school} and v.verwerking = g.verwerking
     order by v.tijdstip, g.verwerking`)
  return rows.map(({ gemarkeerd, ...rij }) => ({ verwerking: gemarkeerd, rij: rij.school === null ? null : rij }))
}

export interface NieuwZegel extends Zegel {
  readonly van: string
  readonly tot: string
  readonly waarmerk: Buffer
  readonly verzegeldOp: string
  /** Of each place from `eerste` on. */
  readonly schakels: ReadonlyArray<{ readonly verwerking: string, readonly hash: Buffer }>
  readonly betrokkenen: ReadonlyMap<string, readonly number[]>
}

export async function insertZegel (tx: Tx, school: string, zegel: NieuwZegel): Promise<void> {
  const { nummer, dag, eerste, laatste, van, tot, hash, waarmerk, verzegeldOp, schakels, betrokkenen } = zegel
  await readRows(tx, sql`
    insert into verwerkingszegel (school, nummer, dag, eerste, laatste, van, tot, hash, waarmerk, verzegeld_op)
    values (${school}, ${nummer}, ${dag}::date, ${eerste}, ${laatste}, ${van}::timestamptz, ${tot}::timestamptz, ${hash}, ${waarmerk}, ${verzegeldOp}::timestamptz)`)
  await readRows(tx, sql`
    insert into verwerkingsketen (school, positie, verwerking, hash)
    select ${school}, ${eerste} + r.nr - 1, r.verwerking, r.hash
      from unnest(${sql.param(schakels.map(({ verwerking }) => verwerking))}::uuid[], ${sql.param(schakels.map((schakel) => schakel.hash))}::bytea[]) with ordinality as r (verwerking, hash, nr)`)
  await readRows(tx, sql`
    insert into verwerking_betrokkene (school, pseudoniem, zegel, posities)
    select ${school}, decode(r.pseudoniem, 'hex'), ${nummer}, r.posities::bigint[]
      from unnest(${sql.param([...betrokkenen.keys()])}::text[], ${sql.param([...betrokkenen.values()].map((posities) => `{${posities.join(',')}}`))}::text[]) as r (pseudoniem, posities)`)
}

// ---- reading

/** Whose rows this transaction may read, where it is bound to some leerlingen. */
export async function showBetrokkenen (tx: Tx, pseudoniemen: readonly Buffer[]): Promise<void> {
  await readRows(tx, sql`select set_config('app.betrokkenen', ${pseudoniemen.map((pseudoniem) => pseudoniem.toString('hex')).join('|')}, true)`)
}

export type Plaats = readonly [zegel: number, positie: number]

export interface Verwerkingsvraag {
  readonly van?: Datum | undefined
  readonly tot?: Datum | undefined
  readonly voor?: Plaats | undefined
  readonly limit: number
}

export interface Gevonden extends Omit<Verwerkingsrij, 'betrokkenen'> { readonly zegel: number, readonly positie: number, readonly aantal: number }

const vanaf = (dag: Datum): SQL => sql`${dag}::date::timestamp at time zone 'Europe/Amsterdam'`
const totEnMet = (dag: Datum): SQL => sql`(${dag}::date + 1)::timestamp at time zone 'Europe/Amsterdam'`

/** A page of what is recorded of this pseudonym, the last first. */
export async function listVerwerkingen (tx: Tx, scope: Schoolinzage, pseudoniem: Buffer, { van, tot, voor, limit }: Verwerkingsvraag): Promise<Gevonden[]> {
  return await readRows<Gevonden>(tx, sql`
    select b.zegel, p.positie, v.school, v.verwerking, v.activiteit, v.actor, v.toepassing, v.rol, v.doelbinding, v.trace_id as "traceId", v.span_id as "spanId", v.ouder_span as "ouderSpan",
           v.sleutel, octet_length(v.betrokkenen) / 16 as aantal, ${iso(sql`v.tijdstip`)} as tijdstip
      from verwerking_betrokkene b
      join verwerkingszegel z on z.school = b.school and z.nummer = b.zegel
     cross join lateral unnest(b.posities) as p (positie)
      join verwerkingsketen k on k.school = b.school and k.positie = p.positie
      join verwerking v on v.school = b.school and v.verwerking = k.verwerking
     where b.school = ${scope.school} and b.pseudoniem = ${pseudoniem}
       ${voor === undefined ? sql`` : sql`and b.zegel <= ${voor[0]} and p.positie < ${voor[1]}`}
       ${van === undefined ? sql`` : sql`and z.tot >= ${vanaf(van)} and v.tijdstip >= ${vanaf(van)}`}
       ${tot === undefined ? sql`` : sql`and z.van < ${totEnMet(tot)} and v.tijdstip < ${totEnMet(tot)}`}
     order by b.zegel desc, p.positie desc
     limit ${limit}`)
}

export interface Dagtelling { readonly datum: Datum, readonly activiteit: string, readonly toepassing: string, readonly rol: string | null, readonly aantal: number }

/** What is recorded of these pseudonyms, counted per day, activiteit, toepassing and rol; the last day first. */
export async function countPerDag (tx: Tx, scope: Schoolinzage, pseudoniemen: readonly Buffer[]): Promise<Dagtelling[]> {
  return await readRows<Dagtelling>(tx, sql`
    select (v.tijdstip at time zone 'Europe/Amsterdam')::date as datum, v.activiteit, coalesce(v.toepassing, v.actor) as toepassing, v.rol, count(*)::int as aantal
      from (select distinct k.verwerking
              from verwerking_betrokkene b
             cross join lateral unnest(b.posities) as p (positie)
              join verwerkingsketen k on k.school = b.school and k.positie = p.positie
             where b.school = ${scope.school} and b.pseudoniem = any(${sql.param(pseudoniemen)}::bytea[])) eigen
      join verwerking v on v.school = ${scope.school} and v.verwerking = eigen.verwerking
     group by 1, 2, 3, 4
     order by 1 desc, 2, 3, 4`)
}

/** A page of everything of a school in these days, in order of time; for export. */
export async function listPeriode (tx: Tx, scope: Schoolscope, { van, tot, na, limit }: { van: Datum, tot: Datum, na: readonly [tijdstip: string, verwerking: string] | undefined, limit: number }): Promise<Verwerkingsrij[]> {
  return await readRows<Verwerkingsrij>(tx, sql`
    select ${RIJ}
      from verwerking v
     where v.school = ${scope.school} and v.tijdstip < ${totEnMet(tot)}
       and ${na === undefined ? sql`v.tijdstip >= ${vanaf(van)}` : sql`(v.tijdstip, v.verwerking) > (${na[0]}::timestamptz, ${na[1]}::uuid)`}
     order by v.tijdstip, v.verwerking
     limit ${limit}`)
}

// ---- checking

/** First in a transaction: everything after it sees one moment. */
export async function freezeSnapshot (tx: Tx): Promise<void> {
  await tx.execute(sql`set transaction isolation level repeatable read`)
}

export interface ZegelMetWaarmerk extends Zegel { readonly waarmerk: Buffer, /** The youngest verwerking in it. */ readonly tot: string }

export async function listZegels (tx: Tx, scope: Schoolscope, na: number, limit: number): Promise<ZegelMetWaarmerk[]> {
  return await readRows<ZegelMetWaarmerk>(tx, sql`
    select ${ZEGEL}, waarmerk, ${iso(sql`tot`)} as tot from verwerkingszegel where school = ${scope.school} and nummer > ${na} order by nummer limit ${limit}`)
}

export interface Schakel { readonly positie: number, readonly verwerking: string, readonly hash: Buffer, readonly rij: Verwerkingsrij | null }

export async function listSchakels (tx: Tx, scope: Schoolscope, eerste: number, laatste: number): Promise<Schakel[]> {
  const rijen = await readRows<Verwerkingsrij & { positie: number, schakel: string, hash: Buffer }>(tx, sql`
    select k.positie, k.verwerking as schakel, k.hash, ${RIJ}
      from verwerkingsketen k
      left join verwerking v on v.school = k.school and v.verwerking = k.verwerking
     where k.school = ${scope.school} and k.positie between ${eerste} and ${laatste}
     order by k.positie`)
  return rijen.map(({ positie, schakel, hash, ...rij }) => ({ positie, verwerking: schakel, hash, rij: (rij.school as string | null) === null ? null : rij }))
}

/** How many of these entries the register of betrokkenen has, exactly so. */
export async function countBetrokkenen (tx: Tx, scope: Schoolscope, zegel: number, betrokkenen: ReadonlyMap<string, readonly number[]>): Promise<number> {
  const [rij] = await readRows<{ aantal: number }>(tx, sql`
    select count(*) as aantal
      from unnest(${sql.param([...betrokkenen.keys()])}::text[], ${sql.param([...betrokkenen.values()].map((posities) => `{${posities.join(',')}}`))}::text[]) as r (pseudoniem, posities)
      join verwerking_betrokkene b on b.school = ${scope.school} and b.pseudoniem = decode(r.pseudoniem, 'hex') and b.zegel = ${zegel} and b.posities = r.posities::bigint[]`)
  return rij!.aantal
}

export async function countAlleBetrokkenen (tx: Tx, scope: Schoolscope): Promise<number> {
  const { rows } = await tx.execute<{ aantal: number }>(sql`select count(*) as aantal from verwerking_betrokkene where school = ${scope.school}`)
  return rows[0]!.aantal
}

/** The first verwerking by time that is neither in the chain nor waiting for it, and the first place beyond the last seal. */
export async function findBuitenKeten (tx: Tx, scope: Schoolscope, laatste: number): Promise<{ verwerking: string | null, positie: number | null }> {
  const { rows } = await tx.execute<{ verwerking: string | null, positie: number | null }>(sql`
    select (select v.verwerking
              from verwerking v
             where v.school = ${scope.school}
               and not exists (select from verwerkingsketen k where k.school = ${scope.school} and k.verwerking = v.verwerking)
               and not exists (select from verwerking_markering m where m.school = ${scope.school} and m.verwerking = v.verwerking)
             order by v.tijdstip, v.verwerking
             limit 1) as verwerking,
           (select min(positie) from verwerkingsketen where school = ${scope.school} and positie > ${laatste}) as positie`)
  return rows[0]!
}

/** The last seal of each day. */
export async function listDagzegels (tx: Tx, scope: Schoolscope, van: Datum, tot: Datum): Promise<Zegel[]> {
  return await readRows<Zegel>(tx, sql`
    select distinct on (dag) ${ZEGEL} from verwerkingszegel where school = ${scope.school} and dag between ${van}::date and ${tot}::date order by dag, nummer desc`)
}

export async function findSchakel (tx: Tx, scope: Schoolscope, positie: number): Promise<Buffer | undefined> {
  const [rij] = await readRows<{ hash: Buffer }>(tx, sql`
    select hash from verwerkingsketen where school = ${scope.school} and positie = ${positie}
    union all
    select hash from verwerkingszegel where school = ${scope.school} and laatste = ${positie}
    limit 1`)
  return rij?.hash
}

/** Empties the chain from its beginning of what is wholly older than this day; the database refuses a day within the term. Answers how many. */
export async function deleteVerlopen (tx: Tx, scope: Schoolscope, voor: Datum): Promise<number> {
  const { rows } = await tx.execute<{ aantal: number }>(sql`select verwijder_verlopen_verwerkingen(${scope.school}, ${voor}::date) as aantal`)
  return rows[0]!.aantal
}
