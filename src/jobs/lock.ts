import pg from 'pg'

// Any number will do as long as every version of the service takes the same: 'nach' in ASCII. Migrations lock another.
const JOB = 0x6e616368

/**
 * Locks on scholen, held by a connection of their own: an advisory lock on a pooled client would go to its next user, and a lock must end
 * when this process does.
 */
export class Schoolsloten {
  readonly #client: pg.Client
  #lost = false

  private constructor (client: pg.Client) {
    this.#client = client
    // A connection that breaks takes its locks along; without a listener it would end the process.
    client.on('error', () => { this.#lost = true })
    client.on('end', () => { this.#lost = true })
  }

  static async open (connection: pg.ClientConfig): Promise<Schoolsloten> {
    const client = new pg.Client({ ...connection, application_name: 'aanwezig nacht', keepAlive: true })
    const sloten = new Schoolsloten(client)
    await client.connect()
    return sloten
  }

  /** True when this process now holds the school; false when another does. */
  async take (school: string): Promise<boolean> {
    this.assertHeld()
    const { rows } = await this.#client.query<{ genomen: boolean }>('select pg_try_advisory_lock($1, $2) as genomen', [JOB, keyOf(school)])
    return rows[0]!.genomen
  }

  async release (school: string): Promise<void> {
    if (!this.#lost) await this.#client.query('select pg_advisory_unlock($1, $2)', [JOB, keyOf(school)])
  }

  /** Throws when the connection broke: another process may have taken over by now. */
  assertHeld (): void {
    if (this.#lost) throw new Error('The connection that holds the locks of the night was lost')
  }

  async close (): Promise<void> {
    await this.#client.end()
  }
}

/** A BRIN is four ASCII characters, so it fits an integer: two scholen never share a lock. */
function keyOf (school: string): number {
  return Buffer.from(school, 'ascii').readInt32BE()
}
