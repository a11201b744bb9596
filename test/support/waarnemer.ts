import pg from 'pg'
import { execute } from './operaties.ts'
import type { Test } from 'tap'
import type { Service } from './service.ts'

/** A statement on tables of persons that found or changed something. */
export interface Blik {
  readonly tekst: string
  readonly tabellen: readonly string[]
  /** Keys of leerlingen in its answer. */
  readonly gezien: readonly string[]
}

/** One transaction of the service that saw something of persons, and `school pseudonym` of everyone it recorded. */
export interface Transactie { readonly blikken: readonly Blik[], readonly vastgelegd: ReadonlySet<string>, readonly einde: 'commit' | 'rollback' }

/** Rows of a person that a transaction wrote, and whom that transaction recorded. */
export interface Geschreven { readonly tabel: string, readonly school: string, readonly bron: string, readonly leerling: string, readonly transactie: string, readonly vastgelegd: ReadonlySet<string> }

export interface Waarnemer {
  /** What ended since the last look. */
  readonly takeTransacties: () => Transactie[]
  readonly takeGeschreven: () => Promise<Geschreven[]>
  /** As it stands in `vastgelegd`. */
  readonly describePersoon: (school: string, bron: string, leerling: string) => string
}

/** Of the log itself: it holds pseudonyms, and is what we compare with. */
const LOGBOEK = /^(logsleutel|verwerking.*)$/

interface Lopend { readonly blikken: Blik[], readonly vastgelegd: Set<string> }

/**
 * Looks along with every statement of the service, and (by triggers of the test) with every row it writes; a leerling is known in an answer
 * by a key that `sleutel` finds. The driver itself is watched, so no way around a room is missed.
 */
export async function observePersonen (t: Test, service: Service, sleutel: RegExp): Promise<Waarnemer> {
  const { rows } = await execute(service, `
    select relname, exists (select from pg_attribute where attrelid = c.oid and attname = 'leerling') as rechtstreeks,
           (select string_agg(attname::text, ' ') from pg_attribute where attrelid = c.oid and attname in ('signaal', 'melding') and relname not in ('signaal', 'melding')) as via
      from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relrowsecurity`) as { rows: Array<{ relname: string, rechtstreeks: boolean, via: string | null }> }
  const personen = rows.filter(({ relname }) => !LOGBOEK.test(relname))
  await watchRows(service, personen)

  const tabel = new RegExp(`\\b(?:from|join|into|update)\\s+"?(${personen.map(({ relname }) => relname).join('|')})"?\\b`, 'g')
  const lopend = new WeakMap<pg.Client, Lopend>()
  const klaar: Transactie[] = []
  const query = pg.Client.prototype.query as (this: pg.Client, ...args: unknown[]) => Promise<pg.QueryResult | pg.QueryResult[]>
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const result = query.apply(this, args)
    const [asked, given] = args as [string | { text: string, values?: unknown[] }, unknown[]?]
    const tekst = typeof asked === 'string' ? asked : asked.text
    if (/set local role/.test(tekst)) lopend.set(this, { blikken: [], vastgelegd: new Set() })
    const transactie = lopend.get(this)
    if (transactie === undefined) return result
    const tabellen = [...tekst.matchAll(tabel)].map(([, naam]) => naam!)
    if (/insert into verwerking /.test(tekst)) noteVastgelegd(transactie, (typeof asked === 'string' ? given : asked.values ?? given) ?? [])
    const einde = /^(commit|rollback)$/.exec(tekst)?.[1] as Transactie['einde'] | undefined
    result.then((found) => {
      const gevonden = [found].flat()
      if (tabellen.length > 0 && gevonden.some(({ rowCount }) => rowCount !== 0)) {
        const gezien = JSON.stringify(gevonden.map(({ rows: rijen }) => rijen)).match(sleutel) ?? []
        transactie.blikken.push({ tekst: tekst.replaceAll(/\s+/g, ' ').trim(), tabellen: [...new Set(tabellen)], gezien: [...new Set(gezien)] })
      }
      if (einde !== undefined && transactie.blikken.length > 0) klaar.push({ ...transactie, einde })
    }, () => {}) // the service hears of it itself
    return result
  } as typeof pg.Client.prototype.query
  t.teardown(() => { pg.Client.prototype.query = query as typeof pg.Client.prototype.query })
  // A connection keeps the driver as it was when it opened (db/pool.ts): what was open already goes, or it would not be seen.
  const open = await Promise.all(Array.from({ length: service.app.config.verbindingen }, async () => await service.app.pool.connect()))
  for (const client of open) client.release(true)

  return {
    takeTransacties: () => klaar.splice(0),
    takeGeschreven: async () => await takeGeschreven(service),
    describePersoon (school, bron, leerling) {
      const logsleutel = service.app.sleutels.logsleutels.get(school)
      if (logsleutel === undefined) throw new Error(`nothing of ${school} was recorded`)
      return `${school} ${service.app.sleutels.pseudonyms(logsleutel, new Map([[bron, [leerling]]])).toString('hex')}`
    }
  }
}

/** The parameters of the insertion: the school is the first, and every pseudonym is 16 bytes of a Buffer. */
function noteVastgelegd ({ vastgelegd }: Lopend, values: readonly unknown[]): void {
  for (const value of values.flat()) {
    if (!Buffer.isBuffer(value)) continue
    for (const pseudoniem of listPseudoniemen(value.toString('hex'))) vastgelegd.add(`${String(values[0])} ${pseudoniem}`)
  }
}

function listPseudoniemen (hex: string): string[] {
  return hex.match(/.{32}/g) ?? []
}

/** Notes each row of a person that is written, with the transaction that did it: what is rolled back leaves no note. */
async function watchRows (service: Service, tabellen: ReadonlyArray<{ relname: string, rechtstreeks: boolean, via: string | null }>): Promise<void> {
  await execute(service, `
    create schema waarneming;
    create table waarneming.geschreven (transactie xid8, tabel text, school text, bron text, leerling text);
    create function waarneming.note (tabel text, rij jsonb) returns void language plpgsql as $$
    begin
      insert into waarneming.geschreven
      select pg_current_xact_id(), tabel, rij ->> 'school', p.bron, p.leerling
        from (select rij ->> 'bron' as bron, rij ->> 'leerling' as leerling where rij ? 'leerling'
              union all select bron, l from (select rij ->> 'bron' as bron, jsonb_array_elements_text(rij -> 'leerlingen' || (rij -> 'overige')) as l where rij ? 'leerlingen') m
              union all select s.bron, s.leerling from public.signaal s where not rij ? 'leerling' and s.school = rij ->> 'school' and s.signaal::text = rij ->> 'signaal'
              union all select m.bron, m.leerling from public.melding m where not rij ? 'leerling' and m.school = rij ->> 'school' and m.melding::text = rij ->> 'melding') p
       where p.leerling is not null;
    end $$;
    create function waarneming.kijk () returns trigger language plpgsql security definer as $$
    begin
      if tg_op <> 'INSERT' then perform waarneming.note(tg_table_name, to_jsonb(old)); end if;
      if tg_op <> 'DELETE' then perform waarneming.note(tg_table_name, to_jsonb(new)); end if;
      return null;
    end $$;
    grant usage on schema waarneming to public;
    ${tabellen.map(({ relname }) => `create trigger kijk after insert or update or delete on ${relname} for each row when (current_setting('role') <> 'none') execute function waarneming.kijk();`).join('\n')}`)
}

async function takeGeschreven (service: Service): Promise<Geschreven[]> {
  const { rows } = await execute(service, `
    with genomen as (delete from waarneming.geschreven returning *)
    select tabel, school, bron, leerling, transactie::text as transactie,
           coalesce((select json_agg(encode(betrokkenen, 'hex')) from verwerking v where v.school = g.school and v.xmin = g.transactie::xid), '[]') as vastgelegd
      from (select distinct tabel, school, bron, leerling, transactie from genomen) g`) as { rows: Array<Omit<Geschreven, 'vastgelegd'> & { vastgelegd: string[] }> }
  return rows.map(({ vastgelegd, ...rij }) => ({ ...rij, vastgelegd: new Set(vastgelegd.flatMap((hex) => listPseudoniemen(hex).map((pseudoniem) => `${rij.school} ${pseudoniem}`))) }))
}
