import { drizzle, type NodePgDatabase } from './drizzle.ts'
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

const last = new WeakMap<Tx, Array<Promise<unknown>>>()
const before = new WeakMap<Tx, Array<Promise<unknown>>>()

/** Leaves a statement whose answer the work does not need to be waited for with the commit: both travel together. Its failure fails the transaction, a trial too. */
export function sendLast (tx: Tx, statement: Promise<unknown>): void {
  statement.catch(() => {}) // waited for, and thrown, by runTransaction
  last.get(tx)!.push(statement)
}

/** Work that must have sent its statements before the commit is sent, though nobody waits for its answer. Its failure fails the transaction. */
export function delayCommit (tx: Tx, work: Promise<unknown>): void {
  work.catch(() => {}) // waited for, and thrown, by runTransaction
  before.set(tx, [...before.get(tx) ?? [], work])
}

type Leerlingen = ReadonlyArray<{ readonly school: string, readonly bron: string, readonly leerling: string }>

const bound = new WeakMap<Tx, Leerlingen>()

/** The leerlingen that a transaction reaches, and no others; undefined: all of its scholen. */
export function boundTo (tx: Tx): Leerlingen | undefined {
  return bound.get(tx)
}

/**
 * Runs work in one transaction as the service's role, which row-level security binds to these scholen; with `leerlingen` as the role that reaches
 * only those. A Rollback thrown inside undoes it and still answers. The setting is a plain `set local`, because that is what Citus hands on to
 * its workers.
 */
export async function runTransaction<T> (pool: pg.Pool, scholen: readonly string[] | '*', work: (tx: Tx) => Promise<T>, leerlingen?: Leerlingen): Promise<T> {
  const begin = beginWithin(scholen, leerlingen)
  const client = await pool.connect()
  let broken: Error | undefined
  const tx = drizzle({ client })
  const sent: Array<Promise<unknown>> = []
  last.set(tx, sent)
  if (leerlingen !== undefined) bound.set(tx, leerlingen)
  try {
    // The first statement travels with it (the pool's connections are pipelined); should it fail, so does everything after it.
    sendLast(tx, client.query(begin))
    const answer = await work(tx)
    await Promise.all(before.get(tx) ?? [])
    const commit = client.query('commit')
    await Promise.all([...sent, commit])
    // PostgreSQL answers a commit after a failed statement with a rollback, and no error.
    assert((await commit).command === 'COMMIT', 'the transaction was committed')
    return answer
  } catch (error) {
    const [begun, ...others] = (await Promise.allSettled(sent)).map((each) => each.status === 'rejected' ? each.reason as unknown : undefined)
    await client.query('rollback').catch((failure: Error) => { broken = failure })
    // What comes after a statement that failed, fails with it: the statement itself is the one to be heard of.
    const reason = [begun, error instanceof Rollback ? undefined : error, ...others].find((each) => each !== undefined && !isGevolg(each))
    if (reason === undefined && error instanceof Rollback) return error.answer as T
    throw reason ?? error
  } finally {
    client.release(broken)
  }
}

function isGevolg (error: unknown): boolean {
  return readSqlstate(error) === '25P02' // in_failed_sql_transaction
}

/** The code of a failure: PostgreSQL's own, also where drizzle has wrapped it, or that of another error which has one. */
export function readSqlstate (error: unknown): unknown {
  const { code, cause } = error as { code?: unknown, cause?: { code?: unknown } }
  return code ?? cause?.code
}

function beginWithin (scholen: readonly string[] | '*', leerlingen: Leerlingen | undefined): string {
  assert(scholen === '*' || scholen.every(isBrin), 'only BRINs reach the session setting')
  const binnen = `set local app.scholen = '${scholen === '*' ? '*' : scholen.join('|')}'`
  if (leerlingen === undefined) return `begin; set local role aanwezig_dienst; ${binnen}`
  // A key of a bron is no text to put in a statement; in hex it is.
  const sleutels = leerlingen.map(({ school, bron, leerling }) => Buffer.from(`${school} ${bron} ${leerling}`).toString('hex'))
  return `begin; set local role aanwezig_persoon; ${binnen}; set local app.leerlingen = '${sleutels.join('|')}'`
}
