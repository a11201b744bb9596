-- The ground: schools, their people, absenties, signalen, statistiek, leveringen.
-- School (BRIN) is the tenant and comes first in every key; it is the distribution column when the engine is Citus.

-- The service works as this role, which owns nothing, so row-level security binds it.
do $$
begin
  if not exists (select from pg_roles where rolname = 'aanwezig_dienst') then
    create role aanwezig_dienst nologin;
  end if;
exception
  when duplicate_object or unique_violation then null; -- another database of this cluster created it in the same moment
end
$$;
grant aanwezig_dienst to current_user;

create type sector        as enum ('po', 'so', 'vso', 'vo', 'mbo');
create type regio         as enum ('noord', 'midden', 'zuid');
create type absentiesoort as enum ('afwezig', 'te-laat', 'eerder-weg', 'verwijderd');
create type dagdeel       as enum ('ochtend', 'middag');
create type categorie     as enum ('geoorloofd', 'ongeoorloofd', 'aanwezig-elders', 'onverklaard', 'niet-ingedeeld');
create type beleidsstatus as enum ('concept', 'vastgesteld', 'vervangen');
create type signaalstatus as enum ('open', 'in-behandeling', 'gemeld', 'niet-gemeld', 'vervallen');
create type ontvanger     as enum ('ocw', 'gemeente', 'samenwerkingsverband');

create table school (
  school        text        not null,
  -- Rises with every change of a vestiging, kalender or beleidsversie; a push locks it for share, so what it cached holds.
  stamversie    bigint      not null default 1,
  aangemaakt_op timestamptz not null default now(),
  constraint school_pk primary key (school),
  constraint school_brin check (school ~ '^[0-9]{2}[A-Z]{2}$')
);

create table vestiging (
  school               text        not null,
  vestiging            text        not null,
  naam                 text        not null,
  sector               sector      not null,
  regio                regio       not null,
  gemeentecode         text        not null,
  samenwerkingsverband text,
  lesuur_minuten       smallint    not null,
  vastgelegd_op        timestamptz not null,
  constraint vestiging_pk primary key (school, vestiging),
  constraint vestiging_school foreign key (school) references school (school),
  constraint vestiging_code check (left(vestiging, 4) = school)
);

create table kalender (
  school        text        not null,
  vestiging     text        not null,
  schooljaar    text        not null,
  lesdagen      smallint[]  not null,
  lesvrij       jsonb       not null,
  versie        integer     not null,
  vastgelegd_op timestamptz not null,
  vervangen_op  timestamptz not null default 'infinity',
  constraint kalender_pk primary key (school, vestiging, schooljaar, versie),
  constraint kalender_vestiging foreign key (school, vestiging) references vestiging (school, vestiging)
);

create table beleidsversie (
  school          text          not null,
  versie          integer       not null,
  status          beleidsstatus not null,
  geldig_van      date          not null,
  geldig_tot      date,
  inhoud          jsonb         not null,
  aangemaakt_op   timestamptz   not null,
  vastgesteld_op  timestamptz,
  constraint beleidsversie_pk primary key (school, versie),
  constraint beleidsversie_school foreign key (school) references school (school),
  constraint beleidsversie_geldigheid check (geldig_tot is null or geldig_tot >= geldig_van)
);

create table leerling (
  school          text        not null,
  bron            text        not null,
  leerling        text        not null,
  geboortedatum   date        not null,
  -- Persoonsgebonden nummer: AES-256-GCM, and a keyed HMAC to find it by; the number itself is nowhere.
  pgn_soort       text,
  pgn_versleuteld bytea,
  pgn_zoek        bytea,
  woongemeente    text,
  vastgelegd_op   timestamptz not null,
  constraint leerling_pk primary key (school, bron, leerling),
  constraint leerling_school foreign key (school) references school (school),
  constraint leerling_pgn_heel check (num_nonnulls(pgn_soort, pgn_versleuteld, pgn_zoek) in (0, 3))
);
create index leerling_pgn on leerling (school, pgn_zoek) where pgn_zoek is not null;

create table inschrijving (
  school           text        not null,
  bron             text        not null,
  leerling         text        not null,
  vestiging        text        not null,
  van              date        not null,
  tot              date,
  leerjaar         smallint    not null,
  minuten_per_week smallint,
  -- Planned minutes Monday to Sunday; from minuten_per_week when the bron sent only that; null is unknown.
  rooster          smallint[],
  vastgelegd_op    timestamptz not null,
  constraint inschrijving_pk primary key (school, bron, leerling, van, vestiging),
  constraint inschrijving_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint inschrijving_vestiging foreign key (school, vestiging) references vestiging (school, vestiging),
  constraint inschrijving_rooster check (rooster is null or cardinality(rooster) = 7),
  constraint inschrijving_periode check (tot is null or tot >= van)
);
create index inschrijving_per_vestiging on inschrijving (school, vestiging, van);

create table inschrijving_versie (
  like inschrijving,
  vervangen_op timestamptz not null,
  constraint inschrijving_versie_pk primary key (school, bron, leerling, van, vestiging, vastgelegd_op)
);

create table vrijstelling (
  school        text        not null,
  bron          text        not null,
  vrijstelling  text        not null,
  leerling      text        not null,
  grondslag     text        not null,
  van           date        not null,
  tot           date        not null,
  vastgelegd_op timestamptz not null,
  constraint vrijstelling_pk primary key (school, bron, vrijstelling),
  constraint vrijstelling_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint vrijstelling_periode check (tot >= van)
);
create index vrijstelling_per_leerling on vrijstelling (school, leerling);

-- The big table. Identity is (school, bron, bron_id): an extra uuid key costs a quarter of the insert rate.
-- No foreign key to leerling: the push statement itself joins it, under the lock the leerling's own changes take.
create table absentie (
  school           text          not null,
  bron             text          not null,
  bron_id          text          not null,
  vestiging        text,
  leerling         text,
  datum            date,
  soort            absentiesoort,
  reden            text,
  minuten          smallint,
  minuten_afgeleid boolean       not null,
  lesuren          smallint[],
  dagdeel          dagdeel,
  categorie        categorie,
  ingetrokken      boolean       not null,
  gewijzigd_op     timestamptz   not null,
  vastgelegd_op    timestamptz   not null,
  aanlevering      uuid          not null,
  -- bron last: before the first analyze the planner cannot tell two indexes apart that begin with the same columns, and took the wrong one
  -- (1,000 rows of a push: 1.1 s instead of 0.06 s).
  constraint absentie_pk primary key (school, bron_id, bron),
  -- A tombstone that arrived before its absentie has no facts; everything else has all of them.
  constraint absentie_heel check (ingetrokken or num_nulls(vestiging, leerling, datum, soort, categorie) = 0)
);
-- The key last: a page of one leerling needs no sort.
create index absentie_per_leerling on absentie (school, leerling, datum, bron_id);
-- In the order of GET /v1/absenties: a page costs the same wherever it lies.
create index absentie_per_datum on absentie (school, datum, bron, bron_id);

create table absentie_versie (
  like absentie,
  vervangen_op timestamptz not null,
  -- Arrived after a newer version was stored: kept, never in force.
  verouderd    boolean     not null default false
);
create index absentie_versie_sleutel on absentie_versie (school, bron, bron_id, gewijzigd_op);

create table absentie_in_wacht (
  school       text        not null,
  bron         text        not null,
  bron_id      text        not null,
  leerling     text        not null,
  inhoud       jsonb       not null,
  gewijzigd_op timestamptz not null,
  aanlevering  uuid        not null,
  sinds        timestamptz not null,
  -- Null while it waits; the problem once it is refused.
  probleem     jsonb,
  constraint absentie_in_wacht_pk primary key (school, bron, bron_id)
);
create index absentie_in_wacht_leerling on absentie_in_wacht (school, leerling);

create table aanlevering (
  school       text        not null,
  aanlevering  uuid        not null,
  deel         integer     not null,
  bron         text        not null,
  soort        text        not null,
  aantallen    jsonb       not null,
  ontvangen_op timestamptz not null,
  constraint aanlevering_pk primary key (school, aanlevering, deel)
);
create index aanlevering_per_moment on aanlevering (school, ontvangen_op);

-- Work lists. A mark of its own for every statement that writes: pushes of one school never wait for each other here, and no mark can be
-- taken off the list by a worker that does not yet see what it stands for.
create table evaluatie_markering (
  school    text not null,
  bron      text not null,
  leerling  text not null,
  markering uuid not null,
  constraint evaluatie_markering_pk primary key (school, bron, leerling, markering)
);

create table aggregaat_markering (
  school    text not null,
  vestiging text not null,
  maandag   date not null,
  markering uuid not null,
  constraint aggregaat_markering_pk primary key (school, vestiging, maandag, markering)
);

create table signaal (
  school            text          not null,
  signaal           uuid          not null,
  bron              text          not null,
  leerling          text          not null,
  regel             text          not null,
  begindatum        date          not null,
  einddatum         date          not null,
  minuten           integer       not null,
  drempel_minuten   integer       not null,
  uiterlijk_melden  date          not null,
  status            signaalstatus not null,
  reden_vervallen   text,
  -- 0 is the national standaardbeleid.
  beleidsversie     integer       not null,
  onderbouwing      jsonb         not null,
  aangemaakt_op     timestamptz   not null,
  bijgewerkt_op     timestamptz   not null,
  constraint signaal_pk primary key (school, signaal),
  constraint signaal_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint signaal_vervallen check ((status = 'vervallen') = (reden_vervallen is not null))
);
create index signaal_per_leerling on signaal (school, bron, leerling, regel, einddatum);
create index signaal_per_status on signaal (school, status, einddatum);

create table signaal_versie (
  school        text        not null,
  signaal       uuid        not null,
  vastgelegd_op timestamptz not null,
  inhoud        jsonb       not null,
  constraint signaal_versie_pk primary key (school, signaal, vastgelegd_op)
);

create table statistiek (
  school               text        not null,
  vestiging            text        not null,
  periode              text        not null,
  -- Null is the whole vestiging.
  leerjaar             smallint,
  van                  date        not null,
  -- The last day that was counted: the end of the periode or the peildatum, whichever is first.
  tot_en_met           date        not null,
  lesdagen             integer     not null,
  lesdagen_aangeleverd integer     not null,
  leerlingen           integer     not null,
  geplande_minuten     bigint      not null,
  -- Numerator of the missed share: only days of which the rooster is known, so that it fits geplande_minuten.
  gemiste_minuten      bigint      not null,
  -- Leerlingen of whom no rooster is known: their planned time is unknown, so it is in no sum.
  zonder_rooster       integer     not null,
  verzuimperioden      integer     not null,
  categorieen          jsonb       not null,
  banden               jsonb       not null,
  signalen             jsonb       not null,
  constraint statistiek_cel unique nulls not distinct (school, vestiging, periode, leerjaar),
  constraint statistiek_vestiging foreign key (school, vestiging) references vestiging (school, vestiging)
);

create table levering (
  school        text        not null,
  levering      uuid        not null,
  ontvanger     ontvanger   not null,
  periode       text        not null,
  afkapmoment   timestamptz not null,
  manifest      jsonb       not null,
  bestand_csv   text        not null,
  bestand_json  text        not null,
  gemaakt_op    timestamptz not null,
  constraint levering_pk primary key (school, levering),
  constraint levering_school foreign key (school) references school (school)
);

-- Logboek Dataverwerkingen: one row an action, its betrokkenen as keyed pseudonyms of 16 bytes each, one after the other.
create table verwerking (
  school       text        not null,
  verwerking   uuid        not null,
  activiteit   text        not null,
  actor        text        not null,
  rol          text,
  trace_id     text        not null,
  betrokkenen  bytea       not null,
  tijdstip     timestamptz not null,
  constraint verwerking_pk primary key (school, verwerking)
);
create index verwerking_per_tijdstip on verwerking (school, tijdstip);

create table jobrun (
  school     text        not null,
  job        text        not null,
  peildatum  date        not null,
  gestart_op timestamptz not null,
  gereed_op  timestamptz,
  verslag    jsonb,
  constraint jobrun_pk primary key (school, job, peildatum)
);

-- Without statistics on the tenant's columns the planner takes 1 in 200 for every school, a new one too, and so always prefers the index that
-- names more than the school. With them, a school that no analyze has seen counts as one row in every index, and its pushes scanned all of it.
do $$
declare
  tabel text;
begin
  foreach tabel in array array['leerling', 'inschrijving', 'absentie', 'absentie_versie', 'absentie_in_wacht', 'evaluatie_markering', 'signaal'] loop
    execute format('alter table %I alter column school set statistics 0, alter column bron set statistics 0', tabel);
  end loop;
end
$$;

-- Second wall. The first is the Scope in the types. '*' is every school: the worker and national tokens.
-- The sub-select makes it one look-up a statement instead of one a row.
do $$
declare
  tabel text;
begin
  foreach tabel in array array['leerling', 'inschrijving', 'inschrijving_versie', 'vrijstelling', 'absentie', 'absentie_versie',
                               'absentie_in_wacht', 'evaluatie_markering', 'signaal', 'signaal_versie', 'verwerking'] loop
    execute format('alter table %I enable row level security', tabel);
    execute format($policy$
      create policy eigen_school on %I to aanwezig_dienst
      using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
             or (select current_setting('app.scholen', true)) = '*')$policy$, tabel);
  end loop;
end
$$;

grant usage on schema public to aanwezig_dienst;
grant select, insert, update, delete on
  school, vestiging, kalender, beleidsversie, leerling, inschrijving, inschrijving_versie, vrijstelling, absentie, absentie_versie,
  absentie_in_wacht, aanlevering, evaluatie_markering, aggregaat_markering, signaal, signaal_versie, statistiek, levering, verwerking, jobrun
  to aanwezig_dienst;
-- What was processed stays recorded.
revoke update, delete on verwerking from aanwezig_dienst;
