import pg from 'pg'

// Any number will do as long as every version of the service takes the same: 'werk' in ASCII.
const WERKER = 0x7765726b
/** Jobs that were taken less than this ago (s) may be of a process that is still on its way to `begin`. */
const AANLOOP = 30

/**
 * Who works at the queue: graphile-worker leaves what a process had in hand when it was killed for four hours. Each process holds a lock for as
 * long as it lives, so that the others can tell whose work is nobody's any more.
 */
export class Werkers {
  readonly #connection: pg.ClientConfig
  #client: pg.Client | undefined
  #id: string | undefined

  constructor (connection: pg.ClientConfig) {
    this.#connection = connection
  }

  /** Says that a pool of workers lives; until `end`, or the end of this process. */
  async begin (id: string): Promise<void> {
    this.#id = id
    await this.#hold()
  }

  /** Gives back what was in the hands of pools that are gone; how many of those there were. */
  async release (): Promise<number> {
    const client = await this.#hold()
    const { rows } = await client.query<{ weg: string[] | null }>(`
      select array_agg(locked_by) as weg
        from (select distinct locked_by from graphile_worker.jobs where locked_by <> $2 and locked_at < now() - make_interval(secs => $3)) bezig
       where pg_try_advisory_xact_lock($1, hashtext(locked_by))`, [WERKER, this.#id, AANLOOP])
    const weg = rows[0]?.weg ?? []
    if (weg.length > 0) await client.query('select graphile_worker.force_unlock_workers($1)', [weg])
    return weg.length
  }

  async end (): Promise<void> {
    await this.#client?.end()
  }

  /** A connection of its own that holds the lock; a new one where the last one broke. */
  async #hold (): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client
    const client = new pg.Client({ ...this.#connection, application_name: 'aanwezig werker', keepAlive: true })
    // Without a listener a connection that breaks ends the process.
    client.on('error', () => { this.#client = undefined })
    client.on('end', () => { this.#client = undefined })
    await client.connect()
    await client.query('select pg_advisory_lock($1, hashtext($2))', [WERKER, this.#id])
    this.#client = client
    return client
  }
}
