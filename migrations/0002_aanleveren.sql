-- Pushes at speed and whole deliveries: what a push must know of leerlingen is versioned, one mark stands for a whole statement, aanleveringen
-- are listed and can be turned back, open-ended afmeldingen, declarations of completeness, the order of bronnen, stored answers.

-- Rises with every change of a leerling or inschrijving; a push that computed with an older one starts again.
alter table school add column leerlingversie bigint not null default 1;

-- A row for every leerling of a push was a fifth of its work (1,000 marks: 5 ms, and as much again to take them off).
alter table evaluatie_markering rename to evaluatie_markering_per_leerling;
alter table evaluatie_markering_per_leerling rename constraint evaluatie_markering_pk to evaluatie_markering_per_leerling_pk;
create table evaluatie_markering (
  school     text   not null,
  markering  uuid   not null,
  bron       text   not null,
  -- To evaluate.
  leerlingen text[] not null,
  -- Changed in what no rule counts; their afmeldingen follow it all the same.
  overige    text[] not null default '{}',
  constraint evaluatie_markering_pk primary key (school, markering, bron)
);
insert into evaluatie_markering (school, markering, bron, leerlingen)
select school, gen_random_uuid(), bron, array_agg(distinct leerling) from evaluatie_markering_per_leerling group by school, bron;
drop table evaluatie_markering_per_leerling;

-- The afmelding a day was expanded from; the bron whose report of the same lesson time goes before this one, which then counts nowhere.
alter table absentie
  add column afmelding      text,
  add column overtroefd_door text;
alter table absentie_versie
  add column afmelding      text,
  add column overtroefd_door text;
-- What the rules count of a leerling, without reading the rest: one in five to ten rows is in it.
create index absentie_geteld on absentie (school, bron, leerling, datum) where categorie = 'ongeoorloofd' and soort in ('afwezig', 'eerder-weg') and not ingetrokken;

alter table aanlevering
  add column actor          text    not null default '',
  add column duur_ms        integer not null default 0,
  -- The first of the refused records of this part: index, bronId, problemen. Their number is in aantallen.
  add column afgewezen      jsonb   not null default '[]',
  -- What else the kind of aanlevering has to say of itself: the periode of a momentopname, the aanlevering a terugdraaiing undid.
  add column bijzonderheden jsonb   not null default '{}',
  add column teruggedraaid_door uuid;

create table afmelding (
  school         text        not null,
  bron           text        not null,
  afmelding      text        not null,
  -- Null: a tombstone that arrived before its afmelding.
  leerling       text,
  begindatum     date,
  begindagdeel   dagdeel,
  -- The last day away; null is not reported better yet.
  einddatum      date,
  einddagdeel    dagdeel,
  reden          text,
  ingetrokken    boolean     not null,
  gewijzigd_op   timestamptz not null,
  vastgelegd_op  timestamptz not null,
  aanlevering    uuid        not null,
  -- bron last, as in absentie: before the first analyze the planner cannot tell two indexes apart that begin with the same columns.
  constraint afmelding_pk primary key (school, afmelding, bron),
  constraint afmelding_periode check (einddatum is null or einddatum >= begindatum),
  constraint afmelding_heel check (ingetrokken or num_nulls(leerling, begindatum) = 0)
);
create index afmelding_per_leerling on afmelding (school, leerling, bron);
create index afmelding_open on afmelding (school) where einddatum is null and not ingetrokken;

create table afmelding_versie (
  like afmelding,
  vervangen_op timestamptz not null
);
create index afmelding_versie_sleutel on afmelding_versie (school, bron, afmelding, vastgelegd_op);

-- "This bron delivered everything of this vestiging on this lesdag." Withdrawn ones stay, so that a figure can be rebuilt as of a moment.
create table aanwezigheidsverklaring (
  school         text        not null,
  vestiging      text        not null,
  datum          date        not null,
  bron           text        not null,
  verklaard_op   timestamptz not null,
  ingetrokken_op timestamptz not null default 'infinity',
  constraint aanwezigheidsverklaring_pk primary key (school, vestiging, datum, bron, verklaard_op),
  constraint aanwezigheidsverklaring_vestiging foreign key (school, vestiging) references vestiging (school, vestiging)
);

-- How a school's bronnen relate from a day on: which goes before which, and whether a push implies that the day was delivered.
create type verklaringsvorm as enum ('door-aanlevering', 'uitdrukkelijk');
create table bronafspraak (
  school        text            not null,
  geldig_van    date            not null,
  volgorde      text[]          not null,
  verklaring    verklaringsvorm not null,
  vastgelegd_op timestamptz     not null,
  vervangen_op  timestamptz     not null default 'infinity',
  constraint bronafspraak_pk primary key (school, geldig_van, vastgelegd_op),
  constraint bronafspraak_school foreign key (school) references school (school)
);

-- Pseudonyms do not compress; PostgreSQL need not try.
alter table verwerking alter column betrokkenen set storage external;

-- The answers to requests with an Idempotency-Key, for a day. Not of one school: the key is the client's own.
create table idempotentie (
  bron         text        not null,
  sleutel      text        not null,
  -- Of method, address and body.
  inhoud       bytea       not null,
  -- Null while the request runs; who finds it past this moment may take it over: its process died.
  bezig_tot    timestamptz,
  status       smallint,
  koppen       jsonb,
  -- AES-256-GCM: it names records of persons, and no row-level security can guard what is of no school.
  antwoord     bytea,
  ontvangen_op timestamptz not null,
  constraint idempotentie_pk primary key (bron, sleutel)
);
create index idempotentie_per_moment on idempotentie (ontvangen_op);

do $$
declare
  tabel text;
begin
  foreach tabel in array array['evaluatie_markering', 'afmelding', 'afmelding_versie'] loop
    execute format('alter table %I alter column school set statistics 0, alter column bron set statistics 0', tabel);
    execute format('alter table %I enable row level security', tabel);
    execute format($policy$
      create policy eigen_school on %I to aanwezig_dienst
      using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
             or (select current_setting('app.scholen', true)) = '*')$policy$, tabel);
  end loop;
end
$$;

grant select, insert, update, delete on evaluatie_markering, afmelding, afmelding_versie, aanwezigheidsverklaring, bronafspraak, idempotentie to aanwezig_dienst;
