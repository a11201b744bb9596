-- Who stands in which relation to a leerling, and so may see him: groepen with their begeleiders, and betrekkingen of persons with a leerling.
create table groep (
  school        text        not null,
  bron          text        not null,
  groep         text        not null,
  naam          text        not null,
  vastgelegd_op timestamptz not null,
  constraint groep_pk primary key (school, bron, groep),
  constraint groep_school foreign key (school) references school (school)
);

create table groepslid (
  school   text not null,
  bron     text not null,
  groep    text not null,
  leerling text not null,
  van      date not null,
  tot      date,
  constraint groepslid_pk primary key (school, bron, groep, leerling, van),
  constraint groepslid_groep foreign key (school, bron, groep) references groep (school, bron, groep) on delete cascade,
  constraint groepslid_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint groepslid_periode check (tot is null or van <= tot)
);
create index groepslid_per_leerling on groepslid (school, bron, leerling);

create table groepsbegeleider (
  school  text not null,
  bron    text not null,
  groep   text not null,
  -- `sub` of the token.
  persoon text not null,
  rol     text not null,
  van     date not null,
  tot     date,
  constraint groepsbegeleider_pk primary key (school, bron, groep, persoon, rol, van),
  constraint groepsbegeleider_groep foreign key (school, bron, groep) references groep (school, bron, groep) on delete cascade,
  constraint groepsbegeleider_rol check (rol in ('mentor', 'zorgcoordinator')),
  constraint groepsbegeleider_periode check (tot is null or van <= tot)
);
create index groepsbegeleider_per_persoon on groepsbegeleider (school, persoon);

create table betrekking (
  school        text        not null,
  bron          text        not null,
  betrekking    text        not null,
  leerling      text        not null,
  -- `sub` of the token.
  persoon       text        not null,
  soort         text        not null,
  gezag         boolean     not null,
  van           date        not null,
  tot           date,
  -- [{soort, van, tot}]
  blokkades     jsonb       not null,
  vastgelegd_op timestamptz not null,
  constraint betrekking_pk primary key (school, bron, betrekking),
  constraint betrekking_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint betrekking_soort check (soort in ('leerling', 'ouder')),
  constraint betrekking_periode check (tot is null or van <= tot)
);
create index betrekking_per_persoon on betrekking (school, persoon);
create index betrekking_per_leerling on betrekking (school, bron, leerling);

-- A leerling of 18 and older lets an ouder go on seeing; what was is kept.
create table toestemming (
  school            text        not null,
  toestemming       uuid        not null,
  bron              text        not null,
  leerling          text        not null,
  -- The ouder.
  persoon           text        not null,
  van               date        not null,
  tot               date,
  gegeven_door      text        not null,
  gegeven_rol       text,
  gegeven_op        timestamptz not null,
  ingetrokken_door  text,
  ingetrokken_op    timestamptz,
  constraint toestemming_pk primary key (school, toestemming),
  constraint toestemming_leerling foreign key (school, bron, leerling) references leerling (school, bron, leerling) on delete cascade,
  constraint toestemming_periode check (tot is null or van <= tot),
  constraint toestemming_intrekking check ((ingetrokken_op is null) = (ingetrokken_door is null))
);
create index toestemming_per_leerling on toestemming (school, bron, leerling);

-- The purpose the caller stated, or that follows from the role. Null: none was stated.
alter table verwerking add column doelbinding text;

-- Who sees only some leerlingen works as this role: it can read what is granted here, of those leerlingen, whatever a statement forgets.
do $$
begin
  if not exists (select from pg_roles where rolname = 'aanwezig_persoon') then
    create role aanwezig_persoon nologin;
  end if;
exception
  when duplicate_object or unique_violation then null; -- another database of this cluster created it in the same moment
end
$$;
grant aanwezig_persoon to current_user;

do $$
declare
  tabel text;
begin
  foreach tabel in array array['groep', 'groepslid', 'groepsbegeleider', 'betrekking', 'toestemming'] loop
    execute format('alter table %I enable row level security', tabel);
    execute format($policy$
      create policy eigen_school on %I to aanwezig_dienst
      using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
             or (select current_setting('app.scholen', true)) = '*')$policy$, tabel);
  end loop;

  -- app.leerlingen: school, bron and key with spaces between, of which a bron has none, in hex. Unset: nobody. `is true` keeps the condition from being
  -- an index condition: with it the planner read all of a school for 30 leerlingen, in 900 ms instead of 40.
  foreach tabel in array array['leerling', 'leerling_versie', 'inschrijving', 'vrijstelling', 'absentie', 'absentie_versie', 'signaal', 'signaalrust', 'uitzondering', 'melding', 'toestemming'] loop
    execute format($policy$
      create policy eigen_leerlingen on %I to aanwezig_persoon
      using ((school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
              and school || ' ' || bron || ' ' || leerling in (select convert_from(decode(sleutel, 'hex'), 'UTF8') from unnest(string_to_array(current_setting('app.leerlingen', true), '|')) sleutel)) is true)$policy$, tabel);
    execute format('grant select on %I to aanwezig_persoon', tabel);
  end loop;

  -- The log names its betrokkenen by a pseudonym that only the service can make.
  foreach tabel in array array['logsleutel', 'verwerking', 'verwerking_markering', 'verwerkingsketen', 'verwerkingszegel', 'verwerking_betrokkene'] loop
    execute format($policy$
      create policy eigen_school_persoon on %I to aanwezig_persoon
      using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[]))$policy$, tabel);
  end loop;
end
$$;

grant select, insert, update, delete on groep, groepslid, groepsbegeleider, betrekking, toestemming to aanwezig_dienst;

-- What is known of a school is the same for who sees all of its leerlingen and who sees some: these name no person.
create function bronnen_van_leerlingen (p_school text) returns text[]
language sql stable security definer set search_path = public, pg_temp
as $$
  select array(select distinct bron from leerling where school = p_school order by bron)
$$;
create function tel_absenties_op (p_school text, p_vestiging text, p_datum date) returns bigint
language sql stable security definer set search_path = public, pg_temp
as $$
  select count(*) from absentie where school = p_school and vestiging = p_vestiging and datum = p_datum
$$;
revoke all on function bronnen_van_leerlingen (text), tel_absenties_op (text, text, date) from public;
grant execute on function bronnen_van_leerlingen (text), tel_absenties_op (text, text, date) to aanwezig_dienst, aanwezig_persoon;

grant usage on schema public to aanwezig_persoon;
-- Of no person.
grant select on school, vestiging, kalender, beleidsversie, bronafspraak, mandaat, aanwezigheidsverklaring to aanwezig_persoon;
grant select, insert on logsleutel, verwerking, verwerking_markering to aanwezig_persoon;
grant select on verwerkingsketen, verwerkingszegel, verwerking_betrokkene to aanwezig_persoon;
-- What a leerling decides himself.
grant insert, update (ingetrokken_door, ingetrokken_op) on toestemming to aanwezig_persoon;
