import pg from 'pg'

// A day stays the text it is; bigint sums stay exact below 2^53. Set on the driver itself: drizzle asks it, and not the pool, for parsers.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** Statements of one turn of the event loop leave in one write: each write of its own wakes PostgreSQL, and costs this process a system call. */
export class Verbinding extends pg.Client {
  #isWaiting = false

  override query (...given: never[]): never {
    if (!this.#isWaiting) {
      this.#isWaiting = true
      const { stream } = this.connection
      stream.cork()
      setImmediate(() => {
        this.#isWaiting = false
        stream.uncork()
      })
    }
    return super.query(...given as [never]) as never
  }

  /** Writes what this turn gave so far. */
  flush (): void {
    if (!this.#isWaiting) return
    const { stream } = this.connection
    stream.uncork()
    stream.cork()
  }
}

/** The one place that makes a pool: parsers, time-outs, and no connection waiting for ever. */
export function makePool (connection: pg.PoolConfig, options: { max: number, onError: (error: Error) => void }): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    Client: Verbinding,
    max: options.max,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    // Statements are sent without waiting for the answer to the one before; a PUT so waits twice instead of seven times.
    pipeline: true,
    application_name: 'aanwezig',
    // A night's statement over one school is the longest there is.
    statement_timeout: 300_000,
    idle_in_transaction_session_timeout: 60_000
  })
  // An idle connection that breaks (server restart) is replaced by the pool; without a listener it would end the process.
  pool.on('error', options.onError)
  // One that breaks while it is in use fails its statement; the event itself must find a listener too, or it ends the process.
  pool.on('connect', (client) => { client.on('error', () => {}) })
  return pool
}
