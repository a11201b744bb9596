-- What ends: vasthoudingen that keep it off, receipts of what was destroyed, and what keeps it from coming back.

-- Nothing under one is destroyed. Without a leerling it is of the whole school; what was ended stays to be seen.
create table vasthouding (
  school        text        not null,
  vasthouding   uuid        not null,
  bron          text,
  leerling      text,
  reden         text        not null,
  van           date        not null,
  tot           date,
  actor         text        not null,
  rol           text,
  vastgelegd_op timestamptz not null,
  beeindigd_op  timestamptz,
  beeindigd_door text,
  constraint vasthouding_pk primary key (school, vasthouding),
  constraint vasthouding_school foreign key (school) references school (school),
  constraint vasthouding_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint vasthouding_sleutel check ((bron is null) = (leerling is null)),
  constraint vasthouding_periode check (tot is null or tot >= van),
  constraint vasthouding_einde check ((beeindigd_op is null) = (beeindigd_door is null))
);
create index vasthouding_per_leerling on vasthouding (school, bron, leerling) where beeindigd_op is null;

-- A receipt, written in the transaction that destroys. Of whom is in vernietigde_leerling, by pseudonym. Of a school that a backup does not know yet too.
create table vernietiging (
  school         text        not null,
  vernietiging   uuid        not null,
  soort          text        not null,
  termijn        text,
  termijnversie  text,
  -- The last day that was destroyed by that version of the bewaartermijn.
  grens          date,
  grond          text,
  vernietigd_op  timestamptz not null,
  actor          text        not null,
  rol            text,
  leerlingen     integer     not null,
  -- Per table, what is gone.
  rijen          jsonb       not null,
  -- The first and last day that the destroyed leerlingen were enrolled; null where it was of no leerling.
  dagen_van      date,
  dagen_tot      date,
  -- The one that was done again after an older store was put back.
  herhaling_van  uuid,
  sha256         text        not null,
  constraint vernietiging_pk primary key (school, vernietiging),
  constraint vernietiging_soort check (soort in ('bewaartermijn', 'vergetelheid', 'logsleutel')),
  constraint vernietiging_termijn check ((soort = 'bewaartermijn') = (termijn is not null) and num_nonnulls(termijn, termijnversie) in (0, 2)),
  constraint vernietiging_grond check ((soort = 'vergetelheid') = (grond is not null))
);
create index vernietiging_per_moment on vernietiging (school, vernietigd_op, vernietiging);

-- Keyed HMAC of school, bron and key. What a bron sends of such a leerling is refused, until it enrols him anew from a later day on.
create table vernietigde_leerling (
  school       text        not null,
  pseudoniem   bytea       not null,
  vernietiging uuid        not null,
  -- The last day of what was destroyed.
  tot          date        not null,
  heropend_op  timestamptz,
  constraint vernietigde_leerling_pk primary key (school, pseudoniem, vernietiging),
  constraint vernietigde_leerling_vernietiging foreign key (school, vernietiging) references vernietiging (school, vernietiging)
);
create index vernietigde_leerling_per_vernietiging on vernietigde_leerling (school, vernietiging);

-- His leerlingdossier was destroyed up to this day: no signaal on or before it is raised or changed any more.
create table dossiersluiting (
  school       text not null,
  bron         text not null,
  leerling     text not null,
  tot          date not null,
  constraint dossiersluiting_pk primary key (school, bron, leerling),
  constraint dossiersluiting_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade
);

create table bewaarstand (
  school       text   not null,
  -- The last entry of the wisregister, which lies outside this database, that was carried out here: an older store has a lower one.
  wisregister  bigint not null default 0,
  -- Verzuimgegevens up to this day are not whole any more: figures of perioden that begin on or before it stay as they were counted.
  grens        date,
  constraint bewaarstand_pk primary key (school)
);

do $$
declare
  tabel text;
begin
  foreach tabel in array array['vasthouding', 'vernietiging', 'vernietigde_leerling', 'dossiersluiting'] loop
    execute format('alter table %I enable row level security', tabel);
    execute format($policy$
      create policy eigen_school on %I to aanwezig_dienst
      using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
             or (select current_setting('app.scholen', true)) = '*')$policy$, tabel);
  end loop;
end
$$;

grant select, insert on vasthouding, vernietiging, vernietigde_leerling to aanwezig_dienst;
grant update (beeindigd_op, beeindigd_door) on vasthouding to aanwezig_dienst;
grant update (heropend_op) on vernietigde_leerling to aanwezig_dienst;
grant select, insert, update on dossiersluiting, bewaarstand to aanwezig_dienst;
