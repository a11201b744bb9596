-- What is reported to DUO: meldingen with their history, the outbox they leave by, what a school says of itself in them, and who may act for it.

-- W wacht op verzending, R geregistreerd, B in behandeling, G afgesloten, K ter kennisgeving aangenomen, I ingetrokken; W is ours alone.
create type meldingsoort   as enum ('V3', 'V4', 'LRV', 'RMC', 'L', 'O', 'Z');
create type meldingstatus  as enum ('W', 'R', 'B', 'G', 'K', 'I');
create type meldinggrond   as enum ('wettelijk', 'zorgelijk', 'handmatig');
create type operatie       as enum ('melden', 'muteren', 'intrekken');
create type uitzendstatus  as enum ('wacht', 'onderweg', 'aangenomen', 'dood', 'vervallen');
create type mandaatdienst  as enum ('aanleveren', 'melden', 'leveren');

-- Who speaks for the school in a melding, and which soorten leave without a person deciding on each.
create table meldgegevens (
  school        text        not null,
  inhoud        jsonb       not null,
  actor         text        not null,
  vastgelegd_op timestamptz not null,
  constraint meldgegevens_pk primary key (school),
  constraint meldgegevens_school foreign key (school) references school (school)
);

create table melding (
  school           text          not null,
  melding          uuid          not null,
  bron             text          not null,
  leerling         text          not null,
  soort            meldingsoort  not null,
  -- Of what it rests on. The third wall after the types and the service: the type has no word for an intern signaal.
  grond            meldinggrond  not null,
  -- Null: by hand.
  signaal          uuid,
  begindatum       date          not null,
  einddatum        date,
  uiterlijk_melden date,
  status           meldingstatus not null,
  -- Null until DUO answered.
  meldingsnummer   text,
  -- In DUO's own words: a change hands it back as it came.
  laatste_mutatie  text,
  -- What people laid down for this melding, and the days that are in it.
  invoer           jsonb         not null,
  dagen            jsonb         not null,
  reden_intrekking text,
  -- Rises with everything that happens to it.
  versie           integer       not null default 1,
  gebeurtenis      text          not null,
  actor            text          not null,
  rol              text,
  aangemaakt_op    timestamptz   not null,
  bijgewerkt_op    timestamptz   not null,
  constraint melding_pk primary key (school, melding),
  constraint melding_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint melding_signaal foreign key (school, signaal) references signaal (school, signaal),
  constraint melding_periode check (einddatum is null or einddatum >= begindatum),
  constraint melding_grond check ((grond = 'handmatig') = (signaal is null)),
  -- Only DUO gives a number, and nothing has another status before it did; what never left may be withdrawn without one.
  constraint melding_nummer check (meldingsnummer is not null or status in ('W', 'I')),
  constraint melding_intrekking check (status <> 'I' or reden_intrekking is not null)
);
-- A signaal carries one melding at a time.
create unique index melding_per_signaal on melding (school, signaal) where status <> 'I';
create unique index melding_per_nummer on melding (school, meldingsnummer);
create index melding_per_leerling on melding (school, bron, leerling);
create index melding_per_dag on melding (school, begindatum, melding);
create index melding_wacht on melding (school, uiterlijk_melden) where status = 'W';

create table melding_versie (
  school        text        not null,
  melding       uuid        not null,
  versie        integer     not null,
  inhoud        jsonb       not null,
  constraint melding_versie_pk primary key (school, melding, versie),
  constraint melding_versie_melding foreign key (school, melding) references melding (school, melding) on delete cascade
);

-- The outbox. Written with the melding in one transaction; leaves in order of volgnummer, one at a time of a school.
create table uitzending (
  school          text          not null,
  uitzending      uuid          not null,
  melding         uuid          not null,
  volgnummer      bigint        not null,
  operatie        operatie      not null,
  -- The same at every attempt; another one only after DUO refused, for then nothing was laid down under it.
  kenmerk         uuid          not null,
  -- AES-256-GCM: the persoonsgebonden nummer is in it.
  bericht         bytea         not null,
  status          uitzendstatus not null,
  pogingen        integer       not null,
  -- What DUO's number and last mutation were at the first attempt under this kenmerk: every attempt is the same message.
  meldingsnummer  text,
  laatste_mutatie text,
  niet_voor       timestamptz   not null,
  geleend_tot     timestamptz,
  aangemaakt_op   timestamptz   not null,
  gereed_op       timestamptz,
  constraint uitzending_pk primary key (school, uitzending),
  constraint uitzending_volgnummer unique (school, volgnummer),
  constraint uitzending_melding foreign key (school, melding) references melding (school, melding) on delete cascade,
  constraint uitzending_onderweg check ((status = 'onderweg') = (geleend_tot is not null))
);
create index uitzending_wacht on uitzending (school, volgnummer) where status in ('wacht', 'onderweg');
create index uitzending_per_melding on uitzending (school, melding);

-- Each attempt, laid down before it leaves; without an answer it was not heard of again.
create table uitzendpoging (
  school       text        not null,
  uitzending   uuid        not null,
  nummer       integer     not null,
  begonnen_op  timestamptz not null,
  beeindigd_op timestamptz,
  uitslag      text,
  code         text,
  omschrijving text,
  constraint uitzendpoging_pk primary key (school, uitzending, nummer),
  constraint uitzendpoging_uitzending foreign key (school, uitzending) references uitzending (school, uitzending) on delete cascade,
  constraint uitzendpoging_uitslag check (uitslag in ('aangenomen', 'geweigerd', 'mislukt'))
);

-- Until where the statuses of a school were read; the moment is the channel's own.
create table peiling (
  school     text        not null,
  tot        text        not null,
  gepeild_op timestamptz not null,
  constraint peiling_pk primary key (school),
  constraint peiling_school foreign key (school) references school (school)
);

-- Which bron may do what for a school. What was withdrawn stays: a school that ever gave one for a dienst is closed to everybody else.
create table mandaat (
  school         text          not null,
  mandaat        uuid          not null,
  bron           text          not null,
  oin            text          not null,
  dienst         mandaatdienst not null,
  van            date          not null,
  tot            date,
  actor          text          not null,
  vastgelegd_op  timestamptz   not null,
  ingetrokken_op timestamptz,
  ingetrokken_door text,
  constraint mandaat_pk primary key (school, mandaat),
  constraint mandaat_school foreign key (school) references school (school),
  constraint mandaat_periode check (tot is null or tot >= van)
);

do $$
declare
  tabel text;
begin
  foreach tabel in array array['meldgegevens', 'melding', 'melding_versie', 'uitzending', 'uitzendpoging'] loop
    execute format('alter table %I enable row level security', tabel);
    execute format($policy$
      create policy eigen_school on %I to aanwezig_dienst
      using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
             or (select current_setting('app.scholen', true)) = '*')$policy$, tabel);
  end loop;
end
$$;

grant select, insert, update, delete on meldgegevens, melding, melding_versie, uitzending, uitzendpoging, peiling, mandaat to aanwezig_dienst;
