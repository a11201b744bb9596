-- The key under which betrokkenen of a school are pseudonyms in the processing log; itself encrypted with SLEUTEL. Without it nobody, we
-- included, can tell whom the log is about: destroying it is one update, whatever backups of the log there are.
create table logsleutel (
  school        text        not null,
  nummer        smallint    not null,
  -- Null: destroyed.
  sleutel       bytea,
  gemaakt_op    timestamptz not null,
  vernietigd_op timestamptz,
  constraint logsleutel_pk primary key (school, nummer),
  constraint logsleutel_vernietigd check ((sleutel is null) = (vernietigd_op is not null))
);
-- One key at a time: a leerling has one pseudonym.
create unique index logsleutel_levend on logsleutel (school) where sleutel is not null;

alter table verwerking
  -- The client that asked; actor is the person behind it, or else that client. Null: recorded before this was.
  add column toepassing text,
  add column span_id    text,
  add column ouder_span text,
  -- 0: recorded before scholen had keys of their own; nobody is found in those. A recording under a key that was destroyed meanwhile finds
  -- none here and fails, with the transaction it belongs to.
  add column sleutel    smallint not null default 0;
alter table verwerking alter column sleutel drop default;

-- What is not in the chain yet. A row is made with its verwerking and taken away by who seals it: no order of commits can leave one out.
create table verwerking_markering (
  school     text not null,
  verwerking uuid not null,
  constraint verwerking_markering_pk primary key (school, verwerking)
);
insert into verwerking_markering (school, verwerking) select school, verwerking from verwerking;

-- The chain: place and SHA-256 over (hash before it, content) of every verwerking.
create table verwerkingsketen (
  school     text   not null,
  positie    bigint not null,
  verwerking uuid   not null,
  hash       bytea  not null,
  constraint verwerkingsketen_pk primary key (school, positie)
);

-- One sealing: its places, the instants of its verwerkingen, the hash of the last, and a keyed mark that the database alone cannot make.
create table verwerkingszegel (
  school       text        not null,
  nummer       bigint      not null,
  dag          date        not null,
  eerste       bigint      not null,
  laatste      bigint      not null,
  van          timestamptz not null,
  tot          timestamptz not null,
  hash         bytea       not null,
  waarmerk     bytea       not null,
  verzegeld_op timestamptz not null,
  constraint verwerkingszegel_pk primary key (school, nummer),
  constraint verwerkingszegel_reeks check (eerste <= laatste)
);
create index verwerkingszegel_per_dag on verwerkingszegel (school, dag, nummer);

-- Where a betrokkene occurs, per sealing: made with it, so a push does not pay for it.
create table verwerking_betrokkene (
  school     text     not null,
  pseudoniem bytea    not null,
  zegel      bigint   not null,
  posities   bigint[] not null,
  constraint verwerking_betrokkene_pk primary key (school, pseudoniem, zegel)
);

do $$
declare
  tabel text;
begin
  foreach tabel in array array['logsleutel', 'verwerking_markering', 'verwerkingsketen', 'verwerkingszegel', 'verwerking_betrokkene'] loop
    execute format('alter table %I enable row level security', tabel);
    execute format($policy$
      create policy eigen_school on %I to aanwezig_dienst
      using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
             or (select current_setting('app.scholen', true)) = '*')$policy$, tabel);
  end loop;
end
$$;

grant select, insert on logsleutel, verwerkingsketen, verwerkingszegel, verwerking_betrokkene to aanwezig_dienst;
grant update (sleutel, vernietigd_op) on logsleutel to aanwezig_dienst;
grant select, insert, delete on verwerking_markering to aanwezig_dienst;

-- The only way out of the log. It keeps the last seal it empties, so the chain still has what it hangs on, and takes nothing that is younger
-- than the shortest term, whoever asks and whatever clock he has.
create function verwijder_verlopen_verwerkingen (p_school text, p_voor date) returns bigint
language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  grens  verwerkingszegel;
  aantal bigint;
begin
  if not (p_school = any (coalesce(string_to_array(current_setting('app.scholen', true), '|'), '{}')) or coalesce(current_setting('app.scholen', true), '') = '*') then
    raise exception 'school % is not in scope', p_school using errcode = 'insufficient_privilege';
  end if;
  if p_voor is null or p_voor > current_date - 1095 then
    raise exception 'verwerkingen are kept for at least 1095 days' using errcode = 'check_violation';
  end if;
  -- The first seal that holds anything younger ends what may go: the chain is emptied from its beginning only.
  select * into grens
    from verwerkingszegel z
   where z.school = p_school
     and z.nummer < coalesce((select min(y.nummer) from verwerkingszegel y where y.school = p_school and y.tot >= p_voor), 9223372036854775807)
   order by z.nummer desc
   limit 1;
  if not found then return 0; end if;
  delete from verwerking v
   using verwerkingsketen k
   where k.school = p_school and k.positie <= grens.laatste and v.school = p_school and v.verwerking = k.verwerking;
  get diagnostics aantal = row_count;
  delete from verwerkingsketen where school = p_school and positie <= grens.laatste;
  delete from verwerking_betrokkene where school = p_school and zegel <= grens.nummer;
  delete from verwerkingszegel where school = p_school and nummer < grens.nummer;
  return aantal;
end
$$;
revoke all on function verwijder_verlopen_verwerkingen (text, date) from public;
grant execute on function verwijder_verlopen_verwerkingen (text, date) to aanwezig_dienst;
