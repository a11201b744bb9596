import { sql } from 'drizzle-orm'
import { iso } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'
import type { Beleidsversie } from './contract.ts'

type Inhoud = Pick<Beleidsversie, 'redenen' | 'onverklaardNaLesdagen' | 'regels'>

interface Rij extends Omit<Beleidsversie, keyof Inhoud> { [column: string]: unknown, inhoud: Inhoud }

/** Every version of a school, newest first. */
export async function listBeleidsversies (tx: Tx, school: string): Promise<Beleidsversie[]> {
  const { rows } = await tx.execute<Rij>(sql`
    select school, versie, status, geldig_van as "geldigVan", geldig_tot as "geldigTot", inhoud,
           ${iso(sql`vastgesteld_op`)} as "vastgesteldOp"
      from beleidsversie
     where school = ${school}
     order by versie desc`)
  return rows.map(({ inhoud, ...rij }) => ({ ...rij, ...inhoud }))
}

export async function insertBeleidsversie (tx: Tx, versie: Omit<Beleidsversie, 'status' | 'vastgesteldOp'>): Promise<void> {
  const { school, geldigVan, geldigTot, redenen, onverklaardNaLesdagen, regels } = versie
  await tx.execute(sql`
    insert into beleidsversie (school, versie, status, geldig_van, geldig_tot, inhoud, aangemaakt_op)
    values (${school}, ${versie.versie}, 'concept', ${geldigVan}, ${geldigTot}, ${JSON.stringify({ redenen, onverklaardNaLesdagen, regels })}::jsonb, statement_timestamp())`)
}

export async function updateVastgesteld (tx: Tx, school: string, versie: number): Promise<void> {
  await tx.execute(sql`
    update beleidsversie set status = 'vastgesteld', vastgesteld_op = statement_timestamp() where school = ${school} and versie = ${versie}`)
}

/** A later version takes over: this one ends the day before. */
export async function updateGeldigTot (tx: Tx, school: string, versie: number, geldigTot: string): Promise<void> {
  await tx.execute(sql`
    update beleidsversie set status = 'vervangen', geldig_tot = ${geldigTot} where school = ${school} and versie = ${versie}`)
}
