import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import type pg from 'pg'
import { isBrin } from '../domain/identificatie.ts'
import { assert } from '../errors.ts'

/** A database handle that lives as long as its transaction. */
export type Tx = NodePgDatabase

/** Ends a transaction on purpose without keeping what it did; carries the answer out. */
export class Rollback<T> extends Error {
  readonly answer: T
  constructor (answer: T) {
    super('rollback')
    this.answer = answer
  }
}

/**
 * Runs work in one transaction as the service's role, which row-level security binds to these scholen; a Rollback thrown inside undoes it
 * and still answers. The setting is a plain `set local`, because that is what Citus hands on to its workers.
 */
export async function runTransaction<T> (pool: pg.Pool, scholen: readonly string[] | '*', work: (tx: Tx) => Promise<T>): Promise<T> {
  assert(scholen === '*' || scholen.every(isBrin), 'only BRINs reach the session setting')
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query(`begin; set local role aanwezig_dienst; set local app.scholen = '${scholen === '*' ? '*' : scholen.join('|')}'`)
    const answer = await work(drizzle({ client }))
    await client.query('commit')
    return answer
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => { broken = failure })
    if (error instanceof Rollback) return error.answer as T
    throw error
  } finally {
    client.release(broken)
  }
}
