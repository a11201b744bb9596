import { AppError } from '../errors.ts'
import type { FieldNode, GraphQLResolveInfo } from 'graphql'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'

interface Batch { readonly keys: unknown[], readonly calls: Array<PromiseWithResolvers<unknown>> }

/** The Ctx of an operation: every transaction of a service that gets it is the one of the operation. */
export interface Leesctx extends Ctx {
  /** Work for the end of the operation, in its transaction. */
  readonly beforeCommit: (work: (tx: Tx) => Promise<void>) => void
}

/** What every resolver gets beside its parent and arguments. */
export interface Leescontext { readonly lezing: Lezing }

/**
 * Everything one operation reads: in one transaction that begins with the first statement, one call for all parents that ask for the same
 * field. Services join that transaction by the Ctx of here. What was read may be told only after `close`, which commits its verwerkingen.
 */
export class Lezing {
  readonly ctx: Leesctx
  readonly #outer: Ctx
  readonly #batches = new Map<readonly FieldNode[], Batch>()
  readonly #end = Promise.withResolvers<void>()
  readonly #before: Array<(tx: Tx) => Promise<void>> = []
  #begun: Promise<Tx> | undefined
  #committed: Promise<void> | undefined
  #last: Promise<unknown> = Promise.resolve()
  #fault: unknown

  constructor (ctx: Ctx) {
    this.#outer = ctx
    this.ctx = {
      ...ctx,
      transaction: async (work) => await this.#join(work),
      beforeCommit: (work) => { this.#before.push(work) }
    }
  }

  /**
   * A field of this parent: `read` gets every key that asks for the field in the same turn, and answers in their order. The nodes of a field
   * are the same array for all its parents, in the interpreter of graphql-js as in what graphql-jit compiles; a test counts the statements.
   */
  load<K, V> (info: GraphQLResolveInfo, key: K, read: (keys: readonly K[]) => Promise<readonly V[]>): Promise<V> {
    let batch = this.#batches.get(info.fieldNodes)
    if (batch === undefined) {
      batch = { keys: [], calls: [] }
      this.#batches.set(info.fieldNodes, batch)
      // After the microtasks: every parent of this level has asked by then.
      process.nextTick(async () => { await this.#flush(info.fieldNodes, read as (keys: readonly unknown[]) => Promise<readonly unknown[]>) })
    }
    const call = Promise.withResolvers<unknown>()
    batch.keys.push(key)
    batch.calls.push(call)
    return call.promise as Promise<V>
  }

  async #flush (field: readonly FieldNode[], read: (keys: readonly unknown[]) => Promise<readonly unknown[]>): Promise<void> {
    const { keys, calls } = this.#batches.get(field)!
    this.#batches.delete(field)
    try {
      const values = await read(keys)
      calls.forEach((call, at) => call.resolve(values[at]))
    } catch (error) {
      for (const call of calls) call.reject(error)
    }
  }

  /** One after the other: a transaction has one connection. After a fault the transaction is lost, so nothing more is read. */
  async #join<T> (work: (tx: Tx) => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      if (this.#fault !== undefined) throw this.#fault
      try {
        return await work(await (this.#begun ??= this.#begin()))
      } catch (error) {
        if (!(error instanceof AppError)) this.#fault = error
        throw error
      }
    })
    this.#last = turn.catch(() => {})
    return await turn
  }

  async #begin (): Promise<Tx> {
    const begun = Promise.withResolvers<Tx>()
    this.#committed = this.#outer.transaction(async (tx) => {
      begun.resolve(tx)
      await this.#end.promise
      if (this.#fault !== undefined) throw this.#fault
    })
    this.#committed.catch(begun.reject)
    return await begun.promise
  }

  /** Commits; throws what went wrong in the transaction. Then no reading was recorded, so no answer may leave. */
  async close (): Promise<void> {
    await this.#last
    for (const work of this.#before.splice(0)) {
      await this.#join(work).catch((error: unknown) => { this.#fault ??= error }) // and the transaction throws it
    }
    this.#end.resolve()
    await this.#committed
  }
}

/** One call per school, because a statement names one school; answers in the order of the keys. */
export async function perSchool<K extends { readonly school: string }, V> (keys: readonly K[], read: (school: string, own: readonly K[]) => Promise<readonly V[]>): Promise<V[]> {
  const answers = new Map<K, V>()
  for (const [school, own] of Map.groupBy(keys, (key) => key.school)) {
    const values = await read(school, own)
    own.forEach((key, at) => answers.set(key, values[at]!))
  }
  return keys.map((key) => answers.get(key)!)
}
