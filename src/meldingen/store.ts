import { sql, type SQL } from '../db/drizzle.ts'
import { iso, isVan } from '../db/statement.ts'
import { inReikwijdte, inReikwijdteVanSchool, inSchool, inScope, type Inzage, type Schoolinzage, type Schoolscope, type Scope } from '../toegang/service.ts'
import { isGemeldAan } from '../toegang/gronden.ts'
import { DOSSIER_BEPERKT, MELDING_BEPERKT } from '../verzoeken/beperkt.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Operatie } from '../domain/duobericht.ts'
import type { AndereMelding, Dossier, Meldbaarsignaal, Meldfeit, Meldgrond, Meldingsdag, Meldingsoort, Meldingstatus, Uitzendstatus } from '../domain/melding.ts'
import type { Aard } from '../domain/regel.ts'
import type { Signaalstatus, Voorstel } from '../domain/signaal.ts'
import type { Meldgegevens, Melding, Meldinggebeurtenis, Uitzendingsoverzicht } from './contract.ts'

type Rij<T> = T & Record<string, unknown>

// --- the signaal and the facts a melding rests on

export interface Signaalregel extends Omit<Meldbaarsignaal, 'aard'> {
  readonly aard: Aard
  readonly bron: string
  readonly leerling: string
  readonly status: Signaalstatus
  readonly voorstel: Voorstel | null
}

const SIGNAAL = sql`s.signaal, s.bron, s.leerling, s.regel, s.aard, s.begindatum, s.einddatum, s.status, s.voorstel`

export async function findSignaal (tx: Tx, scope: Schoolscope, signaal: string): Promise<Signaalregel | undefined> {
  const { rows } = await tx.execute<Rij<Signaalregel>>(sql`select ${SIGNAAL} from signaal s where s.school = ${scope.school} and s.signaal = ${signaal}::uuid`)
  return rows[0]
}

/** `termijn` is its place in the order: the last day to handle it, past every day where there is none. */
export interface Opensignaal extends Signaalregel { readonly termijn: Datum }
export type Voorstelpositie = readonly [termijn: Datum, signaal: string]

/** Signalen that could be gemeld and wait for a decision, in order of their term and key; what has no term comes last. */
export async function listOpenSignalen (tx: Tx, scope: Schoolscope, na: Voorstelpositie | undefined, limit: number): Promise<Opensignaal[]> {
  const { rows } = await tx.execute<Rij<Opensignaal>>(sql`
    select ${SIGNAAL}, coalesce(s.uiterlijk_afhandelen, '9999-12-31') as termijn
      from signaal s
     where s.school = ${scope.school} and s.aard <> 'intern' and s.status in ('open', 'in-behandeling')
       ${na === undefined ? sql`` : sql`and (coalesce(s.uiterlijk_afhandelen, '9999-12-31'), s.signaal) > (${na[0]}::date, ${na[1]}::uuid)`}
     order by coalesce(s.uiterlijk_afhandelen, '9999-12-31'), s.signaal
     limit ${limit}`)
  return rows
}

/** What is asked of one leerling: the facts of a signaal, or of the days by hand. */
export interface Dossiervraag { readonly bron: string, readonly leerling: string, readonly signaal: string | null, readonly van: Datum, readonly tot: Datum }

/** The same person may be known by several bronnen of the school. */
const ZELFDE = sql`(e.bron = l.bron and e.leerling = l.leerling or e.pgn_zoek = l.pgn_zoek)`

const FEITEN_VAN_SIGNAAL = sql`
  select json_agg(json_build_object('datum', o.datum, 'vestiging', coalesce(a.vestiging, ''), 'minuten', o.minuten, 'lesuren', a.lesuren, 'dagdeel', a.dagdeel,
                                    'ongeoorloofd', coalesce(not a.ingetrokken and a.overtroefd_door is null and a.datum = o.datum and (a.categorie = 'ongeoorloofd' or g.duiding is not null), false))
                  order by o.datum)
    from signaal s
   cross join lateral jsonb_to_recordset(s.onderbouwing) as o(bron text, "bronId" text, datum date, minuten integer)
    left join lateral (select r.duiding
                         from jsonb_to_recordset(s.herleiding -> 'geteld') as r(bron text, "bronId" text, duiding text)
                        where r.bron = o.bron and r."bronId" = o."bronId"
                        limit 1) g on true
    left join absentie a on a.school = s.school and a.bron_id = o."bronId" and a.bron = o.bron
   where s.school = l.school and s.signaal = v.signaal`

const FEITEN_VAN_DAGEN = sql`
  select json_agg(json_build_object('datum', a.datum, 'vestiging', a.vestiging, 'minuten', a.minuten, 'lesuren', a.lesuren, 'dagdeel', a.dagdeel, 'ongeoorloofd', true) order by a.datum)
    from leerling e
    join absentie a on a.school = e.school and a.leerling = e.leerling and a.bron = e.bron
   where e.school = l.school and ${ZELFDE} and a.datum between v.van and v.tot and a.categorie = 'ongeoorloofd' and not a.ingetrokken and a.overtroefd_door is null`

export interface Meldingsdossier extends Dossier { /** A beperking keeps what it would rest on from being used. */ readonly beperkt: boolean }

/** The dossiers by their place in `vragen`; a leerling nobody knows has none. */
export async function listDossiers (tx: Tx, scope: Schoolscope, vragen: readonly Dossiervraag[]): Promise<Map<number, Meldingsdossier>> {
  const { rows } = await tx.execute<Rij<Meldingsdossier & { nr: number, feiten: Meldfeit[], meldingen: AndereMelding[] }>>(sql`
    select v.nr, l.geboortedatum, l.pgn_soort as nummersoort, l.woongemeente,
           (select coalesce(json_agg(json_build_object('vestiging', i.vestiging, 'sector', w.sector, 'van', i.van, 'tot', i.tot, 'leerjaar', i.leerjaar, 'rooster', i.rooster) order by i.van), '[]')
              from inschrijving i
              join vestiging w on w.school = i.school and w.vestiging = i.vestiging
             where i.school = l.school and i.bron = l.bron and i.leerling = l.leerling) as inschrijvingen,
           (select coalesce(json_agg(json_build_object('van', x.van, 'tot', x.tot)), '[]')
              from leerling e
              join vrijstelling x on x.school = e.school and x.bron = e.bron and x.leerling = e.leerling
             where e.school = l.school and ${ZELFDE}) as vrijstellingen,
           (select coalesce(json_agg(json_build_object('melding', m.melding, 'soort', m.soort, 'begindatum', m.begindatum, 'einddatum', m.einddatum)), '[]')
              from leerling e
              join melding m on m.school = e.school and m.bron = e.bron and m.leerling = e.leerling
             where e.school = l.school and ${ZELFDE} and m.status <> 'I') as meldingen,
           ${DOSSIER_BEPERKT} as beperkt,
           coalesce(case when v.signaal is null then (${FEITEN_VAN_DAGEN}) else (${FEITEN_VAN_SIGNAAL}) end, '[]') as feiten
      from json_to_recordset(${JSON.stringify(vragen.map((vraag, nr) => ({ nr, ...vraag })))}::json) as v(nr integer, bron text, leerling text, signaal uuid, van date, tot date)
      join leerling l on l.school = ${scope.school} and l.bron = v.bron and l.leerling = v.leerling`)
  return new Map(rows.map(({ nr, ...dossier }) => [nr, dossier]))
}

/** The encrypted persoonsgebonden nummer; undefined when none is known. */
export async function findNummer (tx: Tx, scope: Schoolscope, bron: string, leerling: string): Promise<Buffer | undefined> {
  const { rows } = await tx.execute<{ versleuteld: Buffer }>(sql`
    select pgn_versleuteld as versleuteld from leerling where school = ${scope.school} and bron = ${bron} and leerling = ${leerling} and pgn_versleuteld is not null`)
  return rows[0]?.versleuteld
}

// --- meldgegevens

export async function upsertMeldgegevens (tx: Tx, scope: Schoolscope, inhoud: object, actor: string, op: Date): Promise<void> {
  await tx.execute(sql`
    insert into meldgegevens (school, inhoud, actor, vastgelegd_op)
    values (${scope.school}, ${JSON.stringify(inhoud)}::jsonb, ${actor}, ${op.toISOString()})
        on conflict on constraint meldgegevens_pk do update set inhoud = excluded.inhoud, actor = excluded.actor, vastgelegd_op = excluded.vastgelegd_op`)
}

export async function findMeldgegevens (tx: Tx, scope: Schoolscope): Promise<Meldgegevens | undefined> {
  const { rows } = await tx.execute<{ inhoud: Omit<Meldgegevens, 'school' | 'actor' | 'vastgelegdOp'>, actor: string, vastgelegdOp: string }>(sql`
    select inhoud, actor, ${iso(sql`vastgelegd_op`)} as "vastgelegdOp" from meldgegevens where school = ${scope.school}`)
  return rows[0] === undefined ? undefined : { school: scope.school, ...rows[0].inhoud, actor: rows[0].actor, vastgelegdOp: rows[0].vastgelegdOp }
}

// --- meldingen

/** Follows from what stands now, so any order of edits shows the same: a vrijstelling on its days, or what its signaal proposes. */
const VOORSTEL = sql`
  case when m.status not in ('W', 'R', 'B') then null
       when exists (select from vrijstelling x
                     where x.school = m.school and x.bron = m.bron and x.leerling = m.leerling
                       and x.van <= coalesce(m.einddatum, (m.dagen -> -1 ->> 'datum')::date, m.begindatum) and m.begindatum <= x.tot) then 'melding-intrekken'
       else (select s.voorstel from signaal s where s.school = m.school and s.signaal = m.signaal and s.voorstel in ('melding-wijzigen', 'melding-intrekken')) end`

const MELDING = sql`
  m.school || '-' || m.melding as id, m.school, json_build_object('bron', m.bron, 'bronId', m.leerling) as leerling, m.soort, m.school || '-' || m.signaal as signaal,
  m.begindatum, m.einddatum, m.dagen, m.uiterlijk_melden as "uiterlijkMelden", m.status, m.meldingsnummer, m.laatste_mutatie as "laatsteMutatie", m.invoer,
  m.reden_intrekking as "redenIntrekking", ${VOORSTEL} as voorstel, ${MELDING_BEPERKT} as beperkt,
  (select json_build_object('operatie', u.operatie, 'status', u.status)
     from uitzending u
    where u.school = m.school and u.melding = m.melding and u.status not in ('aangenomen', 'vervallen')
    order by u.volgnummer
    limit 1) as verzending,
  ${iso(sql`m.aangemaakt_op`)} as "aangemaaktOp", ${iso(sql`m.bijgewerkt_op`)} as "bijgewerktOp"`

/** With a gemeente: only what was gemeld to it. */
export async function findMelding (tx: Tx, scope: Schoolinzage, melding: string, gemeente?: string): Promise<Melding | undefined> {
  const { rows } = await tx.execute<Rij<Melding>>(sql`
    select ${MELDING} from melding m where m.school = ${scope.school} and m.melding = ${melding}::uuid and ${inReikwijdte(scope, sql`m`)} ${andGemeld(gemeente)}`)
  return rows[0]
}

function andGemeld (gemeente: string | undefined): SQL {
  return gemeente === undefined ? sql`` : sql`and ${isGemeldAan(gemeente)}`
}

export interface Meldingfilter {
  readonly school?: string | undefined
  readonly leerling?: string | undefined
  readonly bron?: string | undefined
  readonly status?: string | undefined
  readonly soort?: string | undefined
  readonly voorstel?: boolean | undefined
  readonly teLaat?: boolean | undefined
  /** Only what was gemeld to it. */
  readonly gemeente?: string | undefined
  readonly na?: readonly [school: string, begindatum: string, melding: string] | undefined
  readonly limit: number
}

/** A page in order of school, begindatum and key. */
export async function listMeldingen (tx: Tx, scope: Inzage, vandaag: Datum, filter: Meldingfilter): Promise<Melding[]> {
  const { school, leerling, bron, status, soort, voorstel, teLaat, gemeente, na, limit } = filter
  const isTeLaat = sql`coalesce(m.status = 'W' and m.uiterlijk_melden < ${vandaag}::date, false)`
  const { rows } = await tx.execute<Rij<Melding>>(sql`
    select ${MELDING}
      from melding m
     where ${inSchool(scope, school, sql`m.school`)} and ${inReikwijdteVanSchool(scope, sql`m`)} ${andGemeld(gemeente)}
       ${leerling === undefined ? sql`` : sql`and m.leerling = ${leerling}`}
       ${bron === undefined ? sql`` : sql`and m.bron = ${bron}`}
       ${status === undefined ? sql`` : sql`and m.status = ${status}::meldingstatus`}
       ${soort === undefined ? sql`` : sql`and m.soort = ${soort}::meldingsoort`}
       ${voorstel === undefined ? sql`` : sql`and (${gemeente === undefined ? VOORSTEL : sql`null`} is not null) = ${voorstel}`}
       ${teLaat === undefined ? sql`` : sql`and ${isTeLaat} = ${teLaat}`}
       ${na === undefined ? sql`` : sql`and (m.school, m.begindatum, m.melding) > (${na[0]}, ${na[1]}::date, ${na[2]}::uuid)`}
     order by m.school, m.begindatum, m.melding
     limit ${limit}`)
  return rows
}

/** Meldingen that DUO has not registered within the term, of every school the Scope covers. */
export async function countTeLaat (tx: Tx, scope: Scope, vandaag: Datum): Promise<number> {
  const { rows } = await tx.execute<{ aantal: number }>(sql`
    select count(*)::int as aantal from melding where ${inScope(scope)} and status = 'W' and uiterlijk_melden < ${vandaag}::date`)
  return rows[0]!.aantal
}

/** Who did something to a melding, and when. */
export interface Daad { readonly gebeurtenis: Meldinggebeurtenis['gebeurtenis'], readonly actor: string, readonly rol: string | null, readonly op: Date }

export interface Meldinginhoud {
  readonly begindatum: Datum
  readonly einddatum: Datum | null
  readonly invoer: object
  readonly dagen: readonly Meldingsdag[]
}
export interface NieuweMelding extends Meldinginhoud {
  readonly melding: string
  readonly bron: string
  readonly leerling: string
  readonly soort: Meldingsoort
  readonly grond: Meldgrond['aard']
  readonly signaal: string | null
  readonly uiterlijkMelden: Datum | null
}

export async function insertMelding (tx: Tx, scope: Schoolscope, nieuw: NieuweMelding, { gebeurtenis, actor, rol, op }: Daad): Promise<void> {
  const { melding, bron, leerling, soort, grond, signaal, begindatum, einddatum, uiterlijkMelden, invoer, dagen } = nieuw
  const tijdstip = op.toISOString()
  await tx.execute(sql`
    insert into melding (school, melding, bron, leerling, soort, grond, signaal, begindatum, einddatum, uiterlijk_melden, status, invoer, dagen, gebeurtenis, actor, rol, aangemaakt_op, bijgewerkt_op)
    values (${scope.school}, ${melding}, ${bron}, ${leerling}, ${soort}, ${grond}, ${signaal}, ${begindatum}, ${einddatum}, ${uiterlijkMelden}, 'W', ${JSON.stringify(invoer)}::jsonb,
            ${JSON.stringify(dagen)}::jsonb, ${gebeurtenis}, ${actor}, ${rol}, ${tijdstip}, ${tijdstip})`)
}

/** Keeps what stood as a version, and marks the melding with what happens to it now; the caller writes the rest. */
async function beginVersie (tx: Tx, scope: Schoolscope, melding: string, { gebeurtenis, actor, rol, op }: Daad): Promise<void> {
  await tx.execute(sql`
    insert into melding_versie (school, melding, versie, inhoud)
    select school, melding, versie, to_jsonb(m) - 'school' - 'melding' - 'bron' - 'leerling' from melding m where school = ${scope.school} and melding = ${melding}::uuid`)
  await tx.execute(sql`
    update melding set versie = versie + 1, gebeurtenis = ${gebeurtenis}, actor = ${actor}, rol = ${rol}, bijgewerkt_op = ${op.toISOString()}
     where school = ${scope.school} and melding = ${melding}::uuid`)
}

export async function updateInhoud (tx: Tx, scope: Schoolscope, melding: string, { begindatum, einddatum, invoer, dagen }: Meldinginhoud, daad: Daad): Promise<void> {
  await beginVersie(tx, scope, melding, daad)
  await tx.execute(sql`
    update melding set begindatum = ${begindatum}, einddatum = ${einddatum}, invoer = ${JSON.stringify(invoer)}::jsonb, dagen = ${JSON.stringify(dagen)}::jsonb
     where school = ${scope.school} and melding = ${melding}::uuid`)
}

export interface Meldingstand {
  readonly status?: Meldingstatus
  readonly meldingsnummer?: string
  readonly laatsteMutatie?: string
  readonly redenIntrekking?: string
}

/** What is not given stays. */
export async function updateStand (tx: Tx, scope: Schoolscope, melding: string, { status, meldingsnummer, laatsteMutatie, redenIntrekking }: Meldingstand, daad: Daad): Promise<void> {
  await beginVersie(tx, scope, melding, daad)
  await tx.execute(sql`
    update melding
       set status = coalesce(${status ?? null}::meldingstatus, status), meldingsnummer = coalesce(${meldingsnummer ?? null}, meldingsnummer),
           laatste_mutatie = coalesce(${laatsteMutatie ?? null}, laatste_mutatie), reden_intrekking = coalesce(${redenIntrekking ?? null}, reden_intrekking)
     where school = ${scope.school} and melding = ${melding}::uuid`)
}

/** The versions of a melding, oldest first; the last is what stands. */
export async function listGebeurtenissen (tx: Tx, scope: Schoolinzage, melding: string): Promise<Meldinggebeurtenis[]> {
  const { rows } = await tx.execute<Rij<Meldinggebeurtenis>>(sql`
    select ${iso(sql`(inhoud ->> 'bijgewerkt_op')::timestamptz`)} as op, inhoud ->> 'gebeurtenis' as gebeurtenis, inhoud ->> 'status' as status, inhoud ->> 'soort' as soort,
           inhoud ->> 'begindatum' as begindatum, inhoud ->> 'einddatum' as einddatum, inhoud ->> 'meldingsnummer' as meldingsnummer,
           inhoud ->> 'laatste_mutatie' as "laatsteMutatie", inhoud ->> 'reden_intrekking' as "redenIntrekking", inhoud ->> 'actor' as actor, inhoud ->> 'rol' as rol
      from (select versie, inhoud from melding_versie where school = ${scope.school} and melding = ${melding}::uuid
             union all
            select versie, to_jsonb(m) from melding m where school = ${scope.school} and melding = ${melding}::uuid) versies
     order by versie`)
  return rows
}

// --- the outbox

export interface NieuweUitzending { readonly uitzending: string, readonly melding: string, readonly operatie: Operatie, readonly kenmerk: string, readonly bericht: Buffer, readonly op: Date }

/** Puts a message behind the others of the school; the caller holds the school's evaluation lock, which makes the order that of the commits. */
export async function insertUitzending (tx: Tx, scope: Schoolscope, { uitzending, melding, operatie, kenmerk, bericht, op }: NieuweUitzending): Promise<void> {
  const tijdstip = op.toISOString()
  await tx.execute(sql`
    insert into uitzending (school, uitzending, melding, volgnummer, operatie, kenmerk, bericht, status, pogingen, niet_voor, aangemaakt_op)
    select ${scope.school}, ${uitzending}, ${melding}, coalesce(max(volgnummer), 0) + 1, ${operatie}, ${kenmerk}, ${bericht}, 'wacht', 0, ${tijdstip}, ${tijdstip}
      from uitzending
     where school = ${scope.school}`)
}

export interface Uitzendingrij {
  readonly uitzending: string
  readonly melding: string
  readonly volgnummer: number
  readonly operatie: Operatie
  readonly kenmerk: string
  readonly bericht: Buffer
  readonly status: Uitzendstatus
  readonly pogingen: number
  readonly meldingsnummer: string | null
  readonly laatsteMutatie: string | null
  /** When it may be taken: past its wait, or past the lease of who took it and was not heard of. */
  readonly aanDeBeurtOp: string
  readonly bron: string
  readonly leerling: string
  readonly meldingstatus: Meldingstatus
  /** What is known of the melding now. */
  readonly nummerNu: string | null
  readonly mutatieNu: string | null
}

const UITZENDING = sql`
  u.uitzending, u.melding, u.volgnummer::int, u.operatie, u.kenmerk, u.bericht, u.status, u.pogingen, u.meldingsnummer, u.laatste_mutatie as "laatsteMutatie",
  ${iso(sql`coalesce(u.geleend_tot, u.niet_voor)`)} as "aanDeBeurtOp", m.bron, m.leerling, m.status as meldingstatus, m.meldingsnummer as "nummerNu", m.laatste_mutatie as "mutatieNu"`
/** A change cannot leave before DUO gave a number to what it changes; while a beperking holds only an intrekking leaves, and what is under way is heard out. */
const KAN_VERTREKKEN = sql`u.status in ('wacht', 'onderweg') and (u.operatie = 'melden' or m.meldingsnummer is not null) and (u.operatie = 'intrekken' or u.status = 'onderweg' or not ${MELDING_BEPERKT})`

/** Schools whose next uitzending may be taken. */
export async function listWachtendeScholen (tx: Tx, scope: Scope, op: Date): Promise<string[]> {
  const { rows } = await tx.execute<{ school: string }>(sql`
    select school
      from (select distinct on (u.school) u.school, coalesce(u.geleend_tot, u.niet_voor) as vanaf
              from uitzending u
              join melding m on m.school = u.school and m.melding = u.melding
             where ${inScope(scope, sql`u.school`)} and ${KAN_VERTREKKEN}
             order by u.school, u.volgnummer) eerste
     where vanaf <= ${op.toISOString()}::timestamptz
     order by school`)
  return rows.map(({ school }) => school)
}

/** The next of a school in order of volgnummer, locked; another process that asks at the same time waits and then sees what this one made of it. */
export async function lockEerste (tx: Tx, scope: Schoolscope): Promise<Uitzendingrij | undefined> {
  const { rows } = await tx.execute<Rij<Uitzendingrij>>(sql`
    select ${UITZENDING}
      from uitzending u
      join melding m on m.school = u.school and m.melding = u.melding
     where u.school = ${scope.school} and ${KAN_VERTREKKEN}
     order by u.volgnummer
     limit 1
       for update of u`)
  return rows[0]
}

export async function lockUitzending (tx: Tx, scope: Schoolscope, uitzending: string): Promise<Uitzendingrij | undefined> {
  const { rows } = await tx.execute<Rij<Uitzendingrij>>(sql`
    select ${UITZENDING}
      from uitzending u
      join melding m on m.school = u.school and m.melding = u.melding
     where u.school = ${scope.school} and u.uitzending = ${uitzending}::uuid
       for update of u`)
  return rows[0]
}

/** The first message of a melding, locked. */
export async function lockMeldbericht (tx: Tx, scope: Schoolscope, melding: string): Promise<Uitzendingrij | undefined> {
  const { rows } = await tx.execute<Rij<Uitzendingrij>>(sql`
    select ${UITZENDING}
      from uitzending u
      join melding m on m.school = u.school and m.melding = u.melding
     where u.school = ${scope.school} and u.melding = ${melding}::uuid and u.operatie = 'melden'
       for update of u`)
  return rows[0]
}

/** Lays down an attempt and lends the uitzending out until a moment. */
export async function lendUitzending (tx: Tx, scope: Schoolscope, { uitzending, meldingsnummer, laatsteMutatie }: Pick<Uitzendingrij, 'uitzending' | 'meldingsnummer' | 'laatsteMutatie'>, poging: number, { op, tot }: { op: Date, tot: Date }): Promise<void> {
  await tx.execute(sql`
    update uitzending set status = 'onderweg', pogingen = ${poging}, meldingsnummer = ${meldingsnummer}, laatste_mutatie = ${laatsteMutatie}, geleend_tot = ${tot.toISOString()}
     where school = ${scope.school} and uitzending = ${uitzending}::uuid`)
  await tx.execute(sql`
    insert into uitzendpoging (school, uitzending, nummer, begonnen_op) values (${scope.school}, ${uitzending}, ${poging}, ${op.toISOString()})`)
}

export interface Pogingantwoord { readonly uitslag: 'aangenomen' | 'geweigerd' | 'mislukt', readonly code: string | null, readonly omschrijving: string | null }

export async function finishPoging (tx: Tx, scope: Schoolscope, uitzending: string, nummer: number, { uitslag, code, omschrijving }: Pogingantwoord, op: Date): Promise<void> {
  await tx.execute(sql`
    update uitzendpoging set beeindigd_op = ${op.toISOString()}, uitslag = ${uitslag}, code = ${code}, omschrijving = ${omschrijving}
     where school = ${scope.school} and uitzending = ${uitzending}::uuid and nummer = ${nummer} and beeindigd_op is null`)
}

export async function settleUitzending (tx: Tx, scope: Schoolscope, uitzending: string, { status, op, nietVoor }: { status: Exclude<Uitzendstatus, 'onderweg'>, op: Date, nietVoor?: Date }): Promise<void> {
  await tx.execute(sql`
    update uitzending
       set status = ${status}::uitzendstatus, geleend_tot = null, niet_voor = coalesce(${nietVoor?.toISOString() ?? null}::timestamptz, niet_voor),
           gereed_op = ${status === 'wacht' ? null : op.toISOString()}::timestamptz
     where school = ${scope.school} and uitzending = ${uitzending}::uuid`)
}

/** Puts an uitzending back in line, with a message and kenmerk; `opnieuw` also forgets what DUO's number and mutation were. */
export async function requeueUitzending (tx: Tx, scope: Schoolscope, uitzending: string, { kenmerk, bericht, op, opnieuw }: { kenmerk: string, bericht: Buffer, op: Date, opnieuw: boolean }): Promise<void> {
  await tx.execute(sql`
    update uitzending
       set status = 'wacht', geleend_tot = null, gereed_op = null, niet_voor = ${op.toISOString()}, kenmerk = ${kenmerk}, bericht = ${bericht},
           meldingsnummer = case when not ${opnieuw}::boolean then meldingsnummer end, laatste_mutatie = case when not ${opnieuw}::boolean then laatste_mutatie end
     where school = ${scope.school} and uitzending = ${uitzending}::uuid`)
}

/** Lets go of changes that a later message says better and that DUO cannot have had; or, once nothing more is to be said, of all that waits. */
export async function dropUitzendingen (tx: Tx, scope: Schoolscope, melding: string, { alles, op }: { alles: boolean, op: Date }): Promise<void> {
  await tx.execute(sql`
    update uitzending
       set status = 'vervallen', gereed_op = ${op.toISOString()}
     where school = ${scope.school} and melding = ${melding}::uuid
       and (status in ('wacht', 'dood') and ${alles} or operatie = 'muteren' and (status = 'dood' or status = 'wacht' and pogingen = 0))`)
}

/** How the last attempt ended; null when it was not heard of. */
export async function findLaatsteUitslag (tx: Tx, scope: Schoolscope, uitzending: string): Promise<Pogingantwoord['uitslag'] | null> {
  const { rows } = await tx.execute<{ uitslag: Pogingantwoord['uitslag'] | null }>(sql`
    select uitslag from uitzendpoging where school = ${scope.school} and uitzending = ${uitzending}::uuid order by nummer desc limit 1`)
  return rows[0]?.uitslag ?? null
}

export async function listUitzendingen (tx: Tx, scope: Schoolscope, melding: string): Promise<Uitzendingsoverzicht[]> {
  const { rows } = await tx.execute<Rij<Uitzendingsoverzicht>>(sql`
    select u.school || '-' || u.uitzending as id, u.school || '-' || u.melding as melding, u.volgnummer::int, u.operatie, u.kenmerk, u.status, ${iso(sql`u.niet_voor`)} as "nietVoor",
           (select coalesce(json_agg(json_build_object('nummer', p.nummer, 'begonnenOp', ${iso(sql`p.begonnen_op`)}, 'beeindigdOp', ${iso(sql`p.beeindigd_op`)}, 'uitslag', p.uitslag,
                                                       'code', p.code, 'omschrijving', p.omschrijving) order by p.nummer), '[]')
              from uitzendpoging p
             where p.school = u.school and p.uitzending = u.uitzending) as pogingen,
           ${iso(sql`u.aangemaakt_op`)} as "aangemaaktOp", ${iso(sql`u.gereed_op`)} as "gereedOp"
      from uitzending u
     where u.school = ${scope.school} and u.melding = ${melding}::uuid
     order by u.volgnummer`)
  return rows
}

// --- reading statuses back

/** Schools of which DUO may yet say something, and until where they were read. */
export async function listPeilingen (tx: Tx, scope: Scope): Promise<Array<{ school: string, sinds: string | null }>> {
  const { rows } = await tx.execute<{ school: string, sinds: string | null }>(sql`
    select school, tot as sinds
      from (select distinct school from melding where ${inScope(scope)} and meldingsnummer is not null and status <> 'I') loopt
      left join peiling using (school)
     order by school`)
  return rows
}

export interface Genummerd { readonly melding: string, readonly bron: string, readonly leerling: string, readonly signaal: string | null, readonly meldingsnummer: string, readonly status: Meldingstatus, readonly laatsteMutatie: string | null }

export async function listGenummerd (tx: Tx, scope: Schoolscope, nummers: readonly string[]): Promise<Genummerd[]> {
  const { rows } = await tx.execute<Rij<Genummerd>>(sql`
    select melding, bron, leerling, signaal, meldingsnummer, status, laatste_mutatie as "laatsteMutatie"
      from melding
     where school = ${scope.school} and meldingsnummer = any(${sql.param(nummers)}::text[])`)
  return rows
}

export async function upsertPeiling (tx: Tx, scope: Schoolscope, tot: string, op: Date): Promise<void> {
  await tx.execute(sql`
    insert into peiling (school, tot, gepeild_op) values (${scope.school}, ${tot}, ${op.toISOString()})
        on conflict on constraint peiling_pk do update set tot = excluded.tot, gepeild_op = excluded.gepeild_op`)
}

// --- destroying

/** Everything of these leerlingen: meldingen with their versions, messages and attempts. */
export async function deleteMeldingenVan (tx: Tx, { school }: Schoolscope, leerlingen: ReadonlyArray<{ readonly bron: string, readonly leerling: string }>): Promise<void> {
  await tx.execute(sql`
    delete from melding
     where school = ${school} and ${isVan(leerlingen)}`)
}
