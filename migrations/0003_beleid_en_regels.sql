-- Rules of every kind, and what people do with their signalen: what was measured and in what, the explanation that can be computed again,
-- decisions as acts, quiet periods, exceptions for one leerling.

-- Whether a signaal may lead to a melding; `intern` never does.
create type signaalaard as enum ('wettelijk', 'zorgelijk', 'intern');

alter table signaal rename column drempel_minuten to drempel;
alter table signaal rename column uiterlijk_melden to uiterlijk_afhandelen;
alter table signaal
  add column aard      signaalaard not null default 'wettelijk',
  -- What gemeten and drempel count; minuten stays the sum of what is known of the onderbouwing.
  add column eenheid   text        not null default 'minuten',
  add column gemeten   integer,
  -- Everything the verdict was computed from, and the SHA-256 over it.
  add column herleiding      jsonb not null default '{}',
  add column herleiding_hash text  not null default '',
  -- What a correction after the decision asks of people: of a melding that rests on it, or of the decision.
  add column voorstel text,
  alter column uiterlijk_afhandelen drop not null;
update signaal set gemeten = minuten;
alter table signaal
  alter column gemeten set not null,
  alter column aard drop default,
  alter column eenheid drop default,
  add constraint signaal_eenheid check (eenheid in ('minuten', 'lesdagen', 'registraties', 'perioden', 'lesweken', 'procent')),
  -- The third wall after the types and the service: what draws on geoorloofd absence is never gemeld.
  add constraint signaal_intern_blijft_binnen check (aard <> 'intern' or (status <> 'gemeld' and voorstel is distinct from 'melding-wijzigen' and voorstel is distinct from 'melding-intrekken')),
  add constraint signaal_voorstel check (voorstel in ('melding-wijzigen', 'melding-intrekken', 'opnieuw-beoordelen'));
-- Work that has a term, soonest first.
create index signaal_te_doen on signaal (school, uiterlijk_afhandelen, signaal) where status in ('open', 'in-behandeling');

-- Acts of people on a signaal, in order; never changed.
create table signaal_beoordeling (
  school        text          not null,
  signaal       uuid          not null,
  volgnummer    integer       not null,
  besluit       signaalstatus not null,
  -- Of a closed list; no free text, so nothing of it can slip into a melding or an export.
  reden         text,
  -- For the school alone: read with the signaal, in no list, file or GraphQL field.
  notitie       text,
  actor         text          not null,
  rol           text,
  -- The signaal as it was decided on.
  herleiding_hash text        not null,
  beoordeeld_op timestamptz   not null,
  constraint signaal_beoordeling_pk primary key (school, signaal, volgnummer),
  constraint signaal_beoordeling_signaal foreign key (school, signaal) references signaal (school, signaal) on delete cascade
);

-- A quiet period: no signaal of this regel asks for work until it ends. An act of its own, which ends early by another.
create table signaalrust (
  school        text        not null,
  signaalrust   uuid        not null,
  bron          text        not null,
  leerling      text        not null,
  regel         text        not null,
  van           date        not null,
  tot           date        not null,
  reden         text        not null,
  actor         text        not null,
  rol           text,
  vastgelegd_op timestamptz not null,
  beeindigd_op  timestamptz,
  beeindigd_door text,
  constraint signaalrust_pk primary key (school, signaalrust),
  constraint signaalrust_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint signaalrust_periode check (tot >= van)
);
create index signaalrust_per_leerling on signaalrust (school, bron, leerling, regel);

-- On these days a rule does not count for this leerling. Never of a mandatory rule; what was withdrawn stays to be seen.
create table uitzondering (
  school        text        not null,
  uitzondering  uuid        not null,
  bron          text        not null,
  leerling      text        not null,
  regel         text        not null,
  van           date        not null,
  tot           date        not null,
  reden         text        not null,
  actor         text        not null,
  rol           text,
  vastgelegd_op timestamptz not null,
  ingetrokken_op timestamptz,
  ingetrokken_door text,
  constraint uitzondering_pk primary key (school, uitzondering),
  constraint uitzondering_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint uitzondering_periode check (tot >= van)
);
create index uitzondering_per_leerling on uitzondering (school, bron, leerling) where ingetrokken_op is null;

alter table beleidsversie add column vastgesteld_door text;

-- More rules are on than before, and what stands has no herleiding yet: everybody is evaluated once.
insert into evaluatie_markering (school, markering, bron, leerlingen)
select school, gen_random_uuid(), bron, array_agg(leerling) from leerling group by school, bron;

do $$
declare
  tabel text;
begin
  foreach tabel in array array['signaal_beoordeling', 'signaalrust', 'uitzondering'] loop
    execute format('alter table %I enable row level security', tabel);
    execute format($policy$
      create policy eigen_school on %I to aanwezig_dienst
      using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
             or (select current_setting('app.scholen', true)) = '*')$policy$, tabel);
  end loop;
end
$$;

grant select, insert, update, delete on signaal_beoordeling, signaalrust, uitzondering to aanwezig_dienst;
