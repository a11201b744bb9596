import { sql, type SQL } from '../db/drizzle.ts'
import { readRows } from '../db/statement.ts'
import { BLOKKADES, isGemeldAan, TOESTEMMINGEN } from './gronden.ts'
import type { Tx } from '../db/transaction.ts'
import type { Betrekking, Toestemming } from '../domain/betrekking.ts'
import type { Datum } from '../domain/datum.ts'
import type { Leerlingsleutel } from './service.ts'

// Read before there is a Scope: what makes one.

const opDatum = (tabel: SQL, datum: Datum): SQL => sql`${tabel}.van <= ${datum}::date and (${tabel}.tot is null or ${tabel}.tot >= ${datum}::date)`

export interface Persoon { readonly persoon: string, readonly scholen: readonly string[] }

/** The leden on a day of the groepen that this person has in this role. */
export async function listCaseload (tx: Tx, { persoon, scholen }: Persoon, rol: string, datum: Datum): Promise<Leerlingsleutel[]> {
  return await readRows<Leerlingsleutel>(tx, sql`
    select distinct g.school, g.bron, g.leerling
      from groepsbegeleider b
      join groepslid g on g.school = b.school and g.bron = b.bron and g.groep = b.groep
     where b.school = any(${sql.param(scholen)}::text[]) and b.persoon = ${persoon} and b.rol = ${rol} and ${opDatum(sql`b`, datum)} and ${opDatum(sql`g`, datum)}`)
}

export interface Betrekkingsrij extends Betrekking, Leerlingsleutel { readonly geboortedatum: Datum, readonly toestemmingen: readonly Toestemming[] }

/** What this person is to whom, with what the leerling consented to. */
export async function listBetrekkingen (tx: Tx, { persoon, scholen }: Persoon, soort: string): Promise<Betrekkingsrij[]> {
  return await readRows<Betrekkingsrij>(tx, sql`
    select b.school, b.bron, b.leerling, b.soort, b.gezag, b.van, b.tot, l.geboortedatum, ${BLOKKADES} as blokkades, ${TOESTEMMINGEN} as toestemmingen
      from betrekking b
      join leerling l on l.school = b.school and l.bron = b.bron and l.leerling = b.leerling
     where b.school = any(${sql.param(scholen)}::text[]) and b.persoon = ${persoon} and b.soort = ${soort}`)
}

/** Who was reported to this gemeente. */
export async function listGemeld (tx: Tx, scholen: readonly string[], gemeente: string): Promise<Leerlingsleutel[]> {
  return await readRows<Leerlingsleutel>(tx, sql`
    select distinct m.school, m.bron, m.leerling
      from melding m
     where m.school = any(${sql.param(scholen)}::text[]) and ${isGemeldAan(gemeente)}`)
}

/** Records of other bronnen of the same school that are the same person, by persoonsgebonden nummer: [of whom, which]. */
export async function listZelfdePersoon (tx: Tx, sleutels: readonly Leerlingsleutel[]): Promise<Array<Leerlingsleutel & { readonly nr: number }>> {
  return await readRows<Leerlingsleutel & { readonly nr: number }>(tx, sql`
    select k.nr, a.school, a.bron, a.leerling
      from unnest(${sql.param(sleutels.map(({ school }) => school))}::text[], ${sql.param(sleutels.map(({ bron }) => bron))}::text[],
                  ${sql.param(sleutels.map(({ leerling }) => leerling))}::text[]) with ordinality as k (school, bron, leerling, nr)
      join leerling l on l.school = k.school and l.bron = k.bron and l.leerling = k.leerling
      join leerling a on a.school = l.school and a.pgn_zoek = l.pgn_zoek and (a.bron, a.leerling) <> (l.bron, l.leerling)`)
}
