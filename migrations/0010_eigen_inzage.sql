-- What who sees only some leerlingen reads beside 0007: everything held on them, for the rights of a betrokkene, and what is of no person.
do $$
declare
  tabel  text;
  moeder text;
begin
  foreach tabel in array array['inschrijving_versie', 'absentie_in_wacht', 'afmelding', 'afmelding_versie', 'groepslid', 'betrekking', 'verzoek', 'vasthouding', 'dossiersluiting'] loop
    execute format($policy$
      create policy eigen_leerlingen on %I to aanwezig_persoon
      using ((school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
              and school || ' ' || bron || ' ' || leerling in (select convert_from(decode(sleutel, 'hex'), 'UTF8') from unnest(string_to_array(current_setting('app.leerlingen', true), '|')) sleutel)) is true)$policy$, tabel);
    execute format('grant select on %I to aanwezig_persoon', tabel);
  end loop;

  -- What hangs from a row is seen where that row is: the policy of its table holds within this one.
  for tabel, moeder in values ('signaal_versie', 'signaal'), ('signaal_beoordeling', 'signaal'), ('melding_versie', 'melding'), ('uitzending', 'melding'), ('uitzendpoging', 'uitzending') loop
    execute format('create policy eigen_leerlingen on %1$I to aanwezig_persoon using (exists (select from %2$I p where p.school = %1$I.school and p.%2$I = %1$I.%2$I))', tabel, moeder);
    execute format('grant select on %I to aanwezig_persoon', tabel);
  end loop;
end
$$;

-- A betrokkene asks; the school takes every step after that.
create policy eigen_leerlingen on verzoek_stap to aanwezig_persoon
  using (exists (select from verzoek v where v.school = verzoek_stap.school and v.verzoek = verzoek_stap.verzoek))
  with check (status = 'ontvangen' and volgnummer = 1 and exists (select from verzoek v where v.school = verzoek_stap.school and v.verzoek = verzoek_stap.verzoek));
grant select, insert on verzoek_stap to aanwezig_persoon;
grant insert on verzoek to aanwezig_persoon;

-- Made of him by his school, or received of him by it: that row knows him by his number.
create policy eigen_leerlingen on overdracht to aanwezig_persoon
  using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
         and school || ' ' || bron || ' ' || leerling in (select convert_from(decode(sleutel, 'hex'), 'UTF8') from unnest(string_to_array(current_setting('app.leerlingen', true), '|')) sleutel)
         or naar_school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
         and pgn_ontvanger in (select l.pgn_zoek from leerling l where l.school = overdracht.naar_school));
grant select on overdracht to aanwezig_persoon;

-- Of no person: figures, and what went out of them.
grant select on statistiek, levering, leveringsplan, leveringsronde to aanwezig_persoon;
-- The answers kept for a client, under its own name and key.
grant select, insert, update, delete on idempotentie to aanwezig_persoon;
