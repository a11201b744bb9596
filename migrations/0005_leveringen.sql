-- Leveringen for three kinds of ontvanger: whom each went to, how far it came, what replaced it, and when the next is due; and what a levering
-- needs to know of leerlingen and vestigingen as it was at a moment.

create type leveringstatus as enum ('gemaakt', 'aangeboden', 'ontvangen', 'afgekeurd', 'vervangen');
create type periodesoort   as enum ('lesweek', 'maand', 'schooljaar');

alter table levering
  -- The gemeente or samenwerkingsverband; empty for OCW, of which there is one.
  add column ontvangercode text           not null default '',
  -- From 1 up, of one periode for one ontvanger; the last is the one that counts.
  add column revisie       integer,
  add column reden         text,
  add column status        leveringstatus not null default 'gemaakt',
  -- Every step with its moment and actor, in order.
  add column verloop       jsonb          not null default '[]',
  -- What the ontvanger answered.
  add column ontvangst     jsonb,
  -- What it was counted from, and which figures were hidden: later leveringen are held against it. Null in what is older than this.
  add column publicatie    jsonb,
  -- Goes into the SHA-256 of the inputs and never leaves: without it the few values a hidden figure can have could be tried out.
  add column invoer_zout   bytea;
update levering
   set revisie = n.revisie,
       status = case when n.laatste then 'gemaakt' else 'vervangen' end::leveringstatus,
       verloop = json_build_array(json_build_object('status', 'gemaakt', 'op', to_char(levering.gemaakt_op at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::jsonb
  from (select school, levering, row_number() over reeks as revisie, lead(levering) over reeks is null as laatste
          from levering
        window reeks as (partition by school, ontvanger, periode order by gemaakt_op, levering)) n
 where n.school = levering.school and n.levering = levering.levering;
alter table levering
  alter column revisie set not null,
  alter column status drop default,
  add constraint levering_revisie unique (school, ontvanger, ontvangercode, periode, revisie),
  add constraint levering_code check ((ontvanger = 'ocw') = (ontvangercode = '')),
  add constraint levering_ontvangst check (status not in ('ontvangen', 'afgekeurd') or ontvangst is not null);

-- For whom a school makes leveringen of its own accord, and how long after each periode.
create table leveringsplan (
  school           text         not null,
  ontvanger        ontvanger    not null,
  periodesoort     periodesoort not null,
  dagen_na_periode smallint     not null,
  aan              boolean      not null,
  -- Perioden that end on this day or later are made; those before it are not.
  sinds            date         not null,
  actor            text         not null,
  vastgelegd_op    timestamptz  not null,
  constraint leveringsplan_pk primary key (school, ontvanger),
  constraint leveringsplan_school foreign key (school) references school (school),
  constraint leveringsplan_dagen check (dagen_na_periode between 1 and 365)
);

-- A periode of a plan that is done, for every gemeente or samenwerkingsverband there was: it is not counted again each night.
create table leveringsronde (
  school     text        not null,
  ontvanger  ontvanger   not null,
  periode    text        not null,
  gemaakt    integer     not null,
  gereed_op  timestamptz not null,
  constraint leveringsronde_pk primary key (school, ontvanger, periode),
  constraint leveringsronde_school foreign key (school) references school (school)
);

-- What was known of a leerling from a moment on: a row for each change. `woont_sinds` is the first day of the woongemeente: the day it was first
-- told, or always where none was known before.
create table leerling_versie (
  school        text        not null,
  bron          text        not null,
  leerling      text        not null,
  geboortedatum date        not null,
  woongemeente  text,
  woont_sinds   date        not null,
  vastgelegd_op timestamptz not null,
  constraint leerling_versie_pk primary key (school, bron, leerling, vastgelegd_op),
  constraint leerling_versie_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade
);
insert into leerling_versie (school, bron, leerling, geboortedatum, woongemeente, woont_sinds, vastgelegd_op)
select school, bron, leerling, geboortedatum, woongemeente, '1900-01-01', vastgelegd_op from leerling;

create table vestiging_versie (
  like vestiging,
  vervangen_op timestamptz not null,
  constraint vestiging_versie_pk primary key (school, vestiging, vastgelegd_op)
);

alter table leerling_versie alter column school set statistics 0, alter column bron set statistics 0;
alter table leerling_versie enable row level security;
create policy eigen_school on leerling_versie to aanwezig_dienst
  using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
         or (select current_setting('app.scholen', true)) = '*');

grant select, insert, update, delete on leveringsplan, leveringsronde, leerling_versie, vestiging_versie to aanwezig_dienst;
