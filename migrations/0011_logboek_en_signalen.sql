-- Who sees only some leerlingen reads of the processing log what is about them, whatever a statement forgets. Their pseudonyms need the key of the school,
-- so the service sets them (app.betrokkenen, in hex) where it reads the log, from the leerlingen that the transaction is bound to. Unset: nobody.
drop policy eigen_school_persoon on verwerking;
drop policy eigen_school_persoon on verwerking_betrokkene;

-- 16 bytes each: a match across two of them is as likely as a forged pseudonym.
create policy eigen_betrokkenen on verwerking to aanwezig_persoon
  using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
         and exists (select from unnest(string_to_array(current_setting('app.betrokkenen', true), '|')) eigen where position(decode(eigen, 'hex') in betrokkenen) > 0))
  with check (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[]));
create policy eigen_betrokkenen on verwerking_betrokkene to aanwezig_persoon
  using (school = any ((select string_to_array(current_setting('app.scholen', true), '|'))::text[])
         and pseudoniem in (select decode(eigen, 'hex') from unnest(string_to_array(current_setting('app.betrokkenen', true), '|')) eigen));

-- Marks are made, and read by who seals.
revoke select on verwerking_markering from aanwezig_persoon;

-- A page of the signalen of a school, in its order.
create index signaal_per_einddatum on signaal (school, einddatum, signaal);
