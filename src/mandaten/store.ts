import { sql } from '../db/drizzle.ts'
import { iso } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Schoolscope } from '../toegang/service.ts'
import type { Mandaat, Mandaatinvoer } from './contract.ts'

const mandaatvelden = (vandaag: Datum) => sql`
  school || '-' || mandaat as id, school, bron, oin, dienst, van, tot, ingetrokken_op is null and ${vandaag}::date between van and coalesce(tot, 'infinity') as geldt, actor,
  ${iso(sql`vastgelegd_op`)} as "vastgelegdOp", ${iso(sql`ingetrokken_op`)} as "ingetrokkenOp", ingetrokken_door as "ingetrokkenDoor"`

type Rij = Mandaat & Record<string, unknown>

export async function insertMandaat (tx: Tx, { school }: Schoolscope, { bron, oin, dienst, van, tot }: Mandaatinvoer, door: string, vandaag: Datum): Promise<Mandaat> {
  const { rows } = await tx.execute<Rij>(sql`
    insert into mandaat (school, mandaat, bron, oin, dienst, van, tot, actor, vastgelegd_op)
    values (${school}, gen_random_uuid(), ${bron}, ${oin}, ${dienst}, ${van}, ${tot ?? null}, ${door}, statement_timestamp())
    returning ${mandaatvelden(vandaag)}`)
  return rows[0]!
}

/** In order of dienst, bron and first day; what was withdrawn among them. */
export async function listMandaten (tx: Tx, { school }: Schoolscope, vandaag: Datum): Promise<Mandaat[]> {
  const { rows } = await tx.execute<Rij>(sql`select ${mandaatvelden(vandaag)} from mandaat where school = ${school} order by dienst, bron, van, mandaat.mandaat`)
  return rows
}

/** False: not known here. Withdrawing twice keeps the first. */
export async function withdrawMandaat (tx: Tx, { school }: Schoolscope, mandaat: string, door: string): Promise<boolean> {
  const { rowCount } = await tx.execute(sql`
    update mandaat set ingetrokken_op = coalesce(ingetrokken_op, statement_timestamp()), ingetrokken_door = coalesce(ingetrokken_door, ${door})
     where school = ${school} and mandaat = ${mandaat}::uuid`)
  return rowCount === 1
}
