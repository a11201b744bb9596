import { sql } from '../db/drizzle.ts'
import { iso } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Beleidsversie } from './contract.ts'

type Inhoud = Pick<Beleidsversie, 'redenen' | 'codes' | 'onverklaardNaLesdagen' | 'regels' | 'duidingen' | 'elementen'>
export type Concept = Inhoud & Pick<Beleidsversie, 'school' | 'versie' | 'geldigVan'>

interface Rij extends Omit<Beleidsversie, keyof Inhoud> { [column: string]: unknown, inhoud: Pick<Inhoud, 'redenen' | 'onverklaardNaLesdagen'> & Partial<Inhoud> }

/** Every version of a school, newest first. What was replaced from its first day on has no end in the table; its geldigTot is the day before it. */
export async function listBeleidsversies (tx: Tx, school: string): Promise<Beleidsversie[]> {
  const { rows } = await tx.execute<Rij>(sql`
    select school, versie, status, geldig_van as "geldigVan",
           case when status = 'vervangen' then coalesce(geldig_tot, geldig_van - 1) else geldig_tot end as "geldigTot",
           inhoud, ${iso(sql`vastgesteld_op`)} as "vastgesteldOp", vastgesteld_door as "vastgesteldDoor"
      from beleidsversie
     where school = ${school}
     order by versie desc`)
  return rows.map(({ inhoud: { redenen, onverklaardNaLesdagen, codes = [], regels = [], duidingen = [], elementen = [] }, vastgesteldOp, vastgesteldDoor, ...rij }) =>
    ({ ...rij, redenen, codes, onverklaardNaLesdagen, regels, duidingen, elementen, vastgesteldOp, vastgesteldDoor }))
}

export async function insertBeleidsversie (tx: Tx, concept: Concept): Promise<void> {
  await tx.execute(sql`
    insert into beleidsversie (school, versie, status, geldig_van, inhoud, aangemaakt_op)
    values (${concept.school}, ${concept.versie}, 'concept', ${concept.geldigVan}, ${formatInhoud(concept)}::jsonb, statement_timestamp())`)
}

export async function updateConcept (tx: Tx, concept: Concept): Promise<void> {
  await tx.execute(sql`
    update beleidsversie
       set geldig_van = ${concept.geldigVan}, inhoud = ${formatInhoud(concept)}::jsonb
     where school = ${concept.school} and versie = ${concept.versie} and status = 'concept'`)
}

export async function deleteConcept (tx: Tx, school: string, versie: number): Promise<void> {
  await tx.execute(sql`
    delete from beleidsversie where school = ${school} and versie = ${versie} and status = 'concept'`)
}

export async function updateVastgesteld (tx: Tx, school: string, versie: number, { geldigTot, door }: { geldigTot: Datum | null, door: string }): Promise<void> {
  await tx.execute(sql`
    update beleidsversie
       set status = 'vastgesteld', geldig_tot = ${geldigTot}, vastgesteld_op = statement_timestamp(), vastgesteld_door = ${door}
     where school = ${school} and versie = ${versie}`)
}

/** A later version takes over: this one ends the day before; null is from its first day on. */
export async function updateVervangen (tx: Tx, school: string, versie: number, geldigTot: Datum | null): Promise<void> {
  await tx.execute(sql`
    update beleidsversie set status = 'vervangen', geldig_tot = ${geldigTot} where school = ${school} and versie = ${versie}`)
}

function formatInhoud ({ redenen, codes, onverklaardNaLesdagen, regels, duidingen, elementen }: Inhoud): string {
  return JSON.stringify({ redenen, codes, onverklaardNaLesdagen, regels, duidingen, elementen } satisfies Inhoud)
}
