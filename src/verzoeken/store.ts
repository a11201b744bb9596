import { sql } from '../db/drizzle.ts'
import { iso } from '../db/statement.ts'
import { inReikwijdte, inScope, type Schoolinzage, type Schoolscope, type Scope } from '../toegang/service.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Namens, Stapreden, Verzoeksoort, Verzoekstatus } from '../domain/verzoek.ts'
import type { Beperking, Betreft, Gevolg, Verzoek } from './contract.ts'

type Rij<T> = T & Record<string, unknown>

/** Undefined: not known here. */
export async function findGeboortedatum (tx: Tx, scope: Schoolinzage, bron: string, leerling: string): Promise<Datum | undefined> {
  const { rows } = await tx.execute<{ geboortedatum: Datum }>(sql`
    select geboortedatum from leerling where school = ${scope.school} and bron = ${bron} and leerling = ${leerling} and ${inReikwijdte(scope, sql`leerling`)}`)
  return rows[0]?.geboortedatum
}

/** Whether what a verzoek is about is there and of this leerling; a regel is of nobody. */
export async function isBekend (tx: Tx, scope: Schoolinzage, { bron, leerling }: { readonly bron: string, readonly leerling: string }, betreft: Betreft): Promise<boolean> {
  const { school } = scope
  const [soort, sleutel] = [betreft.soort, 'bronId' in betreft ? betreft.bronId : 'id' in betreft ? betreft.id : betreft.regel]
  const { rows } = await tx.execute<{ bekend: boolean }>(sql`
    select case ${soort}::text
             when 'absentie'  then exists (select from absentie where school = ${school} and bron_id = ${sleutel} and bron = ${bron} and leerling = ${leerling})
             when 'afmelding' then exists (select from afmelding where school = ${school} and afmelding = ${sleutel} and bron = ${bron} and leerling = ${leerling})
             when 'signaal'   then exists (select from signaal where school = ${school} and school || '-' || signaal = ${sleutel} and bron = ${bron} and leerling = ${leerling})
             when 'melding'   then exists (select from melding where school = ${school} and school || '-' || melding = ${sleutel} and bron = ${bron} and leerling = ${leerling})
             else true
           end as bekend`)
  return rows[0]!.bekend
}

export async function findRegelVanSignaal (tx: Tx, scope: Schoolscope, signaal: string): Promise<string | undefined> {
  const { rows } = await tx.execute<{ regel: string }>(sql`select regel from signaal where school = ${scope.school} and signaal = ${signaal}::uuid`)
  return rows[0]?.regel
}

// --- verzoeken

export interface NieuwVerzoek { readonly verzoek: string, readonly bron: string, readonly leerling: string, readonly soort: Verzoeksoort, readonly namens: Namens, readonly ontvangenOp: Datum, readonly betreft: Betreft | null }

export async function insertVerzoek (tx: Tx, scope: Schoolinzage, { verzoek, bron, leerling, soort, namens, ontvangenOp, betreft }: NieuwVerzoek): Promise<void> {
  await tx.execute(sql`
    insert into verzoek (school, verzoek, bron, leerling, soort, namens, ontvangen_op, betreft)
    values (${scope.school}, ${verzoek}, ${bron}, ${leerling}, ${soort}, ${namens}, ${ontvangenOp}, ${betreft === null ? null : JSON.stringify(betreft)}::jsonb)`)
}

export interface NieuweStap { readonly status: Verzoekstatus, readonly reden: Stapreden | null, readonly uiterlijk: Datum | null, readonly gevolg: Gevolg | null, readonly actor: string, readonly rol: string | null, readonly op: Date }

/** Adds the next step; the caller holds the school's evaluation lock. */
export async function insertStap (tx: Tx, scope: Schoolinzage, verzoek: string, { status, reden, uiterlijk, gevolg, actor, rol, op }: NieuweStap): Promise<void> {
  await tx.execute(sql`
    insert into verzoek_stap (school, verzoek, volgnummer, status, reden, uiterlijk, gevolg, actor, rol, vastgelegd_op)
    select ${scope.school}, ${verzoek}::uuid, coalesce(max(volgnummer), 0) + 1, ${status}::verzoekstatus, ${reden}, ${uiterlijk}::date, ${gevolg === null ? null : JSON.stringify(gevolg)}::jsonb, ${actor}, ${rol},
           ${op.toISOString()}::timestamptz
      from verzoek_stap
     where school = ${scope.school} and verzoek = ${verzoek}::uuid`)
}

/** A verzoek with its steps; what follows from them is for the service. */
export interface Verzoekrij extends Pick<Verzoek, 'id' | 'school' | 'leerling' | 'soort' | 'namens' | 'ontvangenOp' | 'betreft' | 'status' | 'uiterlijk' | 'gevolg' | 'verloop' | 'uitvoering'> { readonly reden: Stapreden | null }

// When what a rectificatie is about first changed after the decision; of a signaal or melding when it followed.
const UITGEVOERD = sql`
  case when v.soort <> 'rectificatie' then null
       when v.betreft is null then (select l.vastgelegd_op from leerling l where l.school = v.school and l.bron = v.bron and l.leerling = v.leerling and l.vastgelegd_op > s.vastgelegd_op)
       when v.betreft ->> 'soort' = 'absentie' then
            (select min(w.op) from (select a.vastgelegd_op as op from absentie a where a.school = v.school and a.bron_id = v.betreft ->> 'bronId' and a.bron = v.bron
                                     union all
                                    select h.vastgelegd_op from absentie_versie h where h.school = v.school and h.bron = v.bron and h.bron_id = v.betreft ->> 'bronId' and not h.verouderd) w
              where w.op > s.vastgelegd_op)
       when v.betreft ->> 'soort' = 'afmelding' then
            (select min(w.op) from (select f.vastgelegd_op as op from afmelding f where f.school = v.school and f.afmelding = v.betreft ->> 'bronId' and f.bron = v.bron
                                     union all
                                    select h.vastgelegd_op from afmelding_versie h where h.school = v.school and h.bron = v.bron and h.afmelding = v.betreft ->> 'bronId') w
              where w.op > s.vastgelegd_op)
       when v.betreft ->> 'soort' = 'signaal' then (select g.bijgewerkt_op from signaal g where g.school = v.school and g.school || '-' || g.signaal = v.betreft ->> 'id' and g.bijgewerkt_op > s.vastgelegd_op)
       else (select m.bijgewerkt_op from melding m where m.school = v.school and m.school || '-' || m.melding = v.betreft ->> 'id' and m.bijgewerkt_op > s.vastgelegd_op)
  end`

// Whether a melding holds what the verzoek is about: an absentie is in it by its day.
const MELDING_RAAKT = sql`
  case v.betreft ->> 'soort'
    when 'melding'   then m.school || '-' || m.melding = v.betreft ->> 'id'
    when 'signaal'   then m.school || '-' || m.signaal = v.betreft ->> 'id'
    when 'absentie'  then exists (select from absentie a where a.school = v.school and a.bron_id = v.betreft ->> 'bronId' and a.bron = v.bron and m.dagen @> jsonb_build_array(jsonb_build_object('datum', a.datum)))
    when 'afmelding' then exists (select from absentie a where a.school = v.school and a.bron = v.bron and a.afmelding = v.betreft ->> 'bronId' and a.leerling = v.leerling
                                                           and m.dagen @> jsonb_build_array(jsonb_build_object('datum', a.datum)))
    else true
  end`

// Who got it before the decision, and what he got after it (AVG art. 19).
const MEDEDELINGEN = sql`
  (select coalesce(json_agg(r order by r."geleverdOp", r.id), '[]')
     from (select 'DUO en de gemeente' as ontvanger, 'melding' as via, m.school || '-' || m.melding as id, ${iso(sql`min(u.gereed_op)`)} as "geleverdOp",
                  ${iso(sql`min(u.gereed_op) filter (where u.gereed_op > s.vastgelegd_op and u.operatie <> 'melden')`)} as "mededeeldOp"
             from melding m
             join uitzending u on u.school = m.school and u.melding = m.melding and u.status = 'aangenomen'
            where m.school = v.school and m.bron = v.bron and m.leerling = v.leerling and ${MELDING_RAAKT}
            group by m.school, m.melding
           having min(u.gereed_op) <= s.vastgelegd_op
            union all
           select o.naar_school, 'overdracht', o.school || '-' || o.overdracht, ${iso(sql`o.gemaakt_op`)},
                  ${iso(sql`(select min(n.gemaakt_op) from overdracht n where n.school = o.school and n.bron = o.bron and n.leerling = o.leerling and n.naar_school = o.naar_school and n.gemaakt_op > s.vastgelegd_op)`)}
             from overdracht o
            where o.school = v.school and o.bron = v.bron and o.leerling = v.leerling and o.gemaakt_op <= s.vastgelegd_op) r)`

const VERZOEK = sql`
  v.school || '-' || v.verzoek as id, v.school, json_build_object('bron', v.bron, 'bronId', v.leerling) as leerling, v.soort, v.namens, v.ontvangen_op as "ontvangenOp", v.betreft,
  s.status, s.reden, s.uiterlijk, s.gevolg,
  case when s.status in ('toegewezen', 'gedeeltelijk-toegewezen') and v.soort in ('rectificatie', 'beperking')
       then json_build_object('uitgevoerdOp', ${iso(sql`(${UITGEVOERD})`)}, 'mededelingen', ${MEDEDELINGEN}) end as uitvoering,
  (select json_agg(json_build_object('op', ${iso(sql`t.vastgelegd_op`)}, 'status', t.status, 'reden', t.reden, 'uiterlijk', t.uiterlijk, 'actor', t.actor, 'rol', t.rol) order by t.volgnummer)
     from verzoek_stap t
    where t.school = v.school and t.verzoek = v.verzoek) as verloop`

const LAATSTE_STAP = sql`
  cross join lateral (select t.status, t.reden, t.uiterlijk, t.gevolg, t.vastgelegd_op
                        from verzoek_stap t
                       where t.school = v.school and t.verzoek = v.verzoek
                       order by t.volgnummer desc
                       limit 1) s`

export async function findVerzoek (tx: Tx, scope: Schoolinzage, verzoek: string): Promise<Verzoekrij | undefined> {
  const { rows } = await tx.execute<Rij<Verzoekrij>>(sql`
    select ${VERZOEK} from verzoek v ${LAATSTE_STAP} where v.school = ${scope.school} and v.verzoek = ${verzoek}::uuid and ${inReikwijdte(scope, sql`v`)}`)
  return rows[0]
}

export interface Verzoekfilter {
  readonly bron?: string | undefined
  readonly leerling?: string | undefined
  readonly soort?: string | undefined
  readonly status?: string | undefined
  readonly teLaat?: boolean | undefined
  readonly na?: readonly [ontvangenOp: string, verzoek: string] | undefined
  readonly limit: number
}

/** A page in order of receipt and key. */
export async function listVerzoeken (tx: Tx, scope: Schoolscope, vandaag: Datum, { bron, leerling, soort, status, teLaat, na, limit }: Verzoekfilter): Promise<Verzoekrij[]> {
  const { rows } = await tx.execute<Rij<Verzoekrij>>(sql`
    select ${VERZOEK}
      from verzoek v
    ${LAATSTE_STAP}
     where v.school = ${scope.school}
       ${bron === undefined ? sql`` : sql`and v.bron = ${bron}`}
       ${leerling === undefined ? sql`` : sql`and v.leerling = ${leerling}`}
       ${soort === undefined ? sql`` : sql`and v.soort = ${soort}::verzoeksoort`}
       ${status === undefined ? sql`` : sql`and s.status = ${status}::verzoekstatus`}
       ${teLaat === undefined ? sql`` : sql`and coalesce(s.uiterlijk < ${vandaag}::date, false) = ${teLaat}`}
       ${na === undefined ? sql`` : sql`and (v.ontvangen_op, v.verzoek) > (${na[0]}::date, ${na[1]}::uuid)`}
     order by v.ontvangen_op, v.verzoek
     limit ${limit}`)
  return rows
}

/** Verzoeken that should have been answered, of every school the Scope covers. */
export async function countTeLaat (tx: Tx, scope: Scope, vandaag: Datum): Promise<number> {
  const { rows } = await tx.execute<{ aantal: number }>(sql`
    select count(*)::int as aantal from verzoek v ${LAATSTE_STAP} where ${inScope(scope, sql`v.school`)} and s.uiterlijk < ${vandaag}::date`)
  return rows[0]!.aantal
}

// --- beperkingen

const BEPERKING = sql`
  b.school || '-' || b.beperking as id, b.school, json_build_object('bron', b.bron, 'bronId', b.leerling) as leerling, b.absentie, b.school || '-' || b.verzoek as verzoek, b.van, b.actor, b.rol,
  b.medegedeeld_op as "medegedeeldOp", ${iso(sql`b.opgeheven_op`)} as "opgehevenOp", b.opgeheven_door as "opgehevenDoor"`

export interface NieuweBeperking { readonly beperking: string, readonly bron: string, readonly leerling: string, readonly absentie: string | null, readonly verzoek: string, readonly van: Datum, readonly actor: string, readonly rol: string | null, readonly op: Date }

export async function insertBeperking (tx: Tx, scope: Schoolscope, { beperking, bron, leerling, absentie, verzoek, van, actor, rol, op }: NieuweBeperking): Promise<void> {
  await tx.execute(sql`
    insert into beperking (school, beperking, bron, leerling, absentie, verzoek, van, actor, rol, vastgelegd_op)
    values (${scope.school}, ${beperking}, ${bron}, ${leerling}, ${absentie}, ${verzoek}, ${van}, ${actor}, ${rol}, ${op.toISOString()})`)
}

/** Undefined: it is not in force, or not known here. */
export async function liftBeperking (tx: Tx, scope: Schoolscope, beperking: string, { medegedeeldOp, door, op }: { medegedeeldOp: Datum, door: string, op: Date }): Promise<Beperking | undefined> {
  const { rows } = await tx.execute<Rij<Beperking>>(sql`
    update beperking b set medegedeeld_op = ${medegedeeldOp}::date, opgeheven_op = ${op.toISOString()}::timestamptz, opgeheven_door = ${door}
     where b.school = ${scope.school} and b.beperking = ${beperking}::uuid and b.opgeheven_op is null
    returning ${BEPERKING}`)
  return rows[0]
}

export async function findBeperking (tx: Tx, scope: Schoolscope, beperking: string): Promise<Beperking | undefined> {
  const { rows } = await tx.execute<Rij<Beperking>>(sql`select ${BEPERKING} from beperking b where b.school = ${scope.school} and b.beperking = ${beperking}::uuid`)
  return rows[0]
}

export interface Beperkingfilter {
  readonly bron?: string | undefined
  readonly leerling?: string | undefined
  readonly geldt?: boolean | undefined
  readonly na?: readonly [van: string, beperking: string] | undefined
  readonly limit: number
}

/** A page in order of first day and key. */
export async function listBeperkingen (tx: Tx, scope: Schoolscope, { bron, leerling, geldt, na, limit }: Beperkingfilter): Promise<Beperking[]> {
  const { rows } = await tx.execute<Rij<Beperking>>(sql`
    select ${BEPERKING}
      from beperking b
     where b.school = ${scope.school}
       ${bron === undefined ? sql`` : sql`and b.bron = ${bron}`}
       ${leerling === undefined ? sql`` : sql`and b.leerling = ${leerling}`}
       ${geldt === undefined ? sql`` : sql`and (b.opgeheven_op is null) = ${geldt}`}
       ${na === undefined ? sql`` : sql`and (b.van, b.beperking) > (${na[0]}::date, ${na[1]}::uuid)`}
     order by b.van, b.beperking
     limit ${limit}`)
  return rows
}

/** Has everyone who is this person evaluated again. */
export async function markPersoon (tx: Tx, scope: Schoolscope, { bron, leerling }: { readonly bron: string, readonly leerling: string }): Promise<void> {
  await tx.execute(sql`
    insert into evaluatie_markering (school, markering, bron, leerlingen)
    select l.school, gen_random_uuid(), o.bron, array_agg(o.leerling)
      from leerling l
      join leerling o on o.school = l.school and (o.bron = l.bron and o.leerling = l.leerling or o.pgn_zoek = l.pgn_zoek)
     where l.school = ${scope.school} and l.bron = ${bron} and l.leerling = ${leerling}
     group by l.school, o.bron`)
}
