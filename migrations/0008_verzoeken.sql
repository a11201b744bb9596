-- Rights of betrokkenen (AVG art. 12 to 22): what was asked and what became of it, beperkingen, and what goes with a leerling to another school.

create type verzoeksoort  as enum ('inzage', 'rectificatie', 'bezwaar', 'beperking', 'overdraagbaarheid', 'vergetelheid');
create type verzoekstatus as enum ('ontvangen', 'in-behandeling', 'verlengd', 'toegewezen', 'gedeeltelijk-toegewezen', 'afgewezen', 'ingetrokken');
create type namens        as enum ('leerling', 'ouder', 'vertegenwoordiger');

-- What was asked; it never changes.
create table verzoek (
  school        text         not null,
  verzoek       uuid         not null,
  bron          text         not null,
  leerling      text         not null,
  soort         verzoeksoort not null,
  namens        namens       not null,
  ontvangen_op  date         not null,
  -- A reference of a closed form; null is everything of the leerling.
  betreft       jsonb,
  constraint verzoek_pk primary key (school, verzoek),
  constraint verzoek_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade
);
create index verzoek_per_leerling on verzoek (school, bron, leerling);
create index verzoek_per_dag on verzoek (school, ontvangen_op, verzoek);

-- What became of it, step by step; the last says where it stands.
create table verzoek_stap (
  school        text          not null,
  verzoek       uuid          not null,
  volgnummer    integer       not null,
  status        verzoekstatus not null,
  -- Of a closed list: of an extension, or of a refusal.
  reden         text,
  -- The last day to answer; null once it was answered.
  uiterlijk     date,
  -- What the decision made: {soort, id}.
  gevolg        jsonb,
  actor         text          not null,
  rol           text,
  vastgelegd_op timestamptz   not null,
  constraint verzoek_stap_pk primary key (school, verzoek, volgnummer),
  constraint verzoek_stap_verzoek foreign key (school, verzoek) references verzoek (school, verzoek) on delete cascade,
  constraint verzoek_stap_termijn check ((uiterlijk is not null) = (status in ('ontvangen', 'in-behandeling', 'verlengd')))
);

-- Stored and not used until it is lifted (AVG art. 18). It has no last day: before it is lifted the betrokkene is told (lid 3).
create table beperking (
  school          text        not null,
  beperking       uuid        not null,
  bron            text        not null,
  leerling        text        not null,
  -- One absentie of this bron; null is everything of the leerling.
  absentie        text,
  verzoek         uuid        not null,
  van             date        not null,
  actor           text        not null,
  rol             text,
  vastgelegd_op   timestamptz not null,
  medegedeeld_op  date,
  opgeheven_op    timestamptz,
  opgeheven_door  text,
  constraint beperking_pk primary key (school, beperking),
  constraint beperking_verzoek foreign key (school, verzoek) references verzoek (school, verzoek) on delete cascade,
  constraint beperking_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint beperking_opheffing check (num_nonnulls(medegedeeld_op, opgeheven_op, opgeheven_door) in (0, 3))
);
-- Asked with every evaluation, and almost always empty.
create index beperking_geldt on beperking (school) where opgeheven_op is null;

-- The record that goes with a leerling to another school: totals, as they were when it was made.
create table overdracht (
  school        text        not null,
  overdracht    uuid        not null,
  bron          text        not null,
  leerling      text        not null,
  naar_school   text        not null,
  datum         date        not null,
  -- JSON as it was made: the hash is over these bytes.
  inhoud        text        not null,
  hash          text        not null,
  -- HMAC of the persoonsgebonden nummer as the receiving school searches by it, so that it finds its own leerling; the number itself goes nowhere.
  pgn_ontvanger bytea,
  actor         text        not null,
  rol           text,
  gemaakt_op    timestamptz not null,
  constraint overdracht_pk primary key (school, overdracht),
  constraint overdracht_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint overdracht_naar check (naar_school <> school)
);
create index overdracht_per_leerling on overdracht (school, bron, leerling);
-- The one look-up that is not within a school: what others hand over to this one.
create index overdracht_ontvangen on overdracht (naar_school, gemaakt_op, overdracht);

-- Versions of a leerling are found by walking those of his school: an inzage is asked now and then, and an index would be paid by every correction that is pushed.

do $$
declare
  tabel text;
begin
  foreach tabel in array array['verzoek', 'verzoek_stap', 'beperking'] loop
    execute format('alter table %I enable row level security', tabel);
    execute format($policy$
      create policy eigen_school on %I to aanwezig_dienst
      using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
             or (select current_setting('app.scholen', true)) = '*')$policy$, tabel);
  end loop;
end
$$;

-- The receiving school reads this row, and nothing else of the leerling; only the sending school makes one.
alter table overdracht enable row level security;
create policy eigen_school on overdracht to aanwezig_dienst
  using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
         or naar_school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
         or (select current_setting('app.scholen', true)) = '*')
  with check (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
              or (select current_setting('app.scholen', true)) = '*');

-- Who sees only some leerlingen sees of those that a beperking holds.
create policy eigen_leerlingen on beperking to aanwezig_persoon
  using ((school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
          and school || ' ' || bron || ' ' || leerling in (select convert_from(decode(sleutel, 'hex'), 'UTF8') from unnest(string_to_array(current_setting('app.leerlingen', true), '|')) sleutel)) is true);
grant select on beperking to aanwezig_persoon;

-- Only ever added to; they go with the leerling.
grant select, insert on verzoek, verzoek_stap, overdracht to aanwezig_dienst;
grant select, insert on beperking to aanwezig_dienst;
grant update (medegedeeld_op, opgeheven_op, opgeheven_door) on beperking to aanwezig_dienst;
