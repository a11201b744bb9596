import { randomUUID } from 'node:crypto'
import { sql } from '../db/drizzle.ts'
import { iso, isVan } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'
import type { Schoolscope } from '../toegang/service.ts'
import type { Uitzondering, Uitzonderingsinvoer } from './contract.ts'

const UITZONDERING = sql`
  school || '-' || uitzondering as id, school, json_build_object('bron', bron, 'bronId', leerling) as leerling, regel, van, tot, reden, actor, rol,
  ${iso(sql`vastgelegd_op`)} as "vastgelegdOp", ${iso(sql`ingetrokken_op`)} as "ingetrokkenOp", ingetrokken_door as "ingetrokkenDoor"`

type Rij = Uitzondering & Record<string, unknown>

/** Undefined: the leerling is not known here. */
export async function insertUitzondering (tx: Tx, scope: Schoolscope, { leerling, regel, van, tot, reden }: Uitzonderingsinvoer, door: { actor: string, rol: string | null }): Promise<Uitzondering | undefined> {
  const { rows } = await tx.execute<Rij>(sql`
    insert into uitzondering (school, uitzondering, bron, leerling, regel, van, tot, reden, actor, rol, vastgelegd_op)
    select school, gen_random_uuid(), bron, leerling, ${regel}::text, ${van}::date, ${tot}::date, ${reden}::text, ${door.actor}::text, ${door.rol}::text, statement_timestamp()
      from leerling
     where school = ${scope.school} and bron = ${leerling.bron} and leerling = ${leerling.bronId}
    returning ${UITZONDERING}`)
  return rows[0]
}

/** Withdraws one that is in force; who and when stay beside it. Undefined: it is not, or not known here. */
export async function withdrawUitzondering (tx: Tx, scope: Schoolscope, uitzondering: string, door: string): Promise<Uitzondering | undefined> {
  const { rows } = await tx.execute<Rij>(sql`
    update uitzondering set ingetrokken_op = statement_timestamp(), ingetrokken_door = ${door}
     where school = ${scope.school} and uitzondering = ${uitzondering}::uuid and ingetrokken_op is null
    returning ${UITZONDERING}`)
  return rows[0]
}

/** Has the leerling evaluated again. */
export async function markLeerling (tx: Tx, scope: Schoolscope, { bron, bronId }: Uitzondering['leerling']): Promise<void> {
  await tx.execute(sql`
    insert into evaluatie_markering (school, markering, bron, leerlingen)
    values (${scope.school}, ${randomUUID()}::uuid, ${bron}, array[${bronId}]::text[])`)
}

export async function findUitzondering (tx: Tx, scope: Schoolscope, uitzondering: string): Promise<Uitzondering | undefined> {
  const { rows } = await tx.execute<Rij>(sql`select ${UITZONDERING} from uitzondering where school = ${scope.school} and uitzondering = ${uitzondering}::uuid`)
  return rows[0]
}

export interface Uitzonderingsfilter {
  readonly leerling?: string | undefined
  readonly bron?: string | undefined
  readonly op?: string | undefined
  readonly na?: readonly [van: string, uitzondering: string] | undefined
  readonly limit: number
}

/** A page in order of first day and key. */
export async function listUitzonderingen (tx: Tx, scope: Schoolscope, { leerling, bron, op, na, limit }: Uitzonderingsfilter): Promise<Uitzondering[]> {
  const { rows } = await tx.execute<Rij>(sql`
    select ${UITZONDERING}
      from uitzondering
     where school = ${scope.school}
       ${leerling === undefined ? sql`` : sql`and leerling = ${leerling}`}
       ${bron === undefined ? sql`` : sql`and bron = ${bron}`}
       ${op === undefined ? sql`` : sql`and ${op}::date between van and tot and ingetrokken_op is null`}
       ${na === undefined ? sql`` : sql`and (van, uitzondering) > (${na[0]}::date, ${na[1]}::uuid)`}
     order by van, uitzondering.uitzondering
     limit ${limit}`)
  return rows
}

/** Everything of these leerlingen, withdrawn or not; answers how many. */
export async function deleteUitzonderingenVan (tx: Tx, { school }: Schoolscope, leerlingen: ReadonlyArray<{ readonly bron: string, readonly leerling: string }>): Promise<number> {
  const { rowCount } = await tx.execute(sql`
    delete from uitzondering
     where school = ${school} and ${isVan(leerlingen)}`)
  return rowCount ?? 0
}
