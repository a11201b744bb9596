import pg from 'pg'
import type { Socket } from 'node:net'

// A day stays the text it is; bigint sums stay exact below 2^53. Set on the driver itself: drizzle asks it, and not the pool, for parsers.
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** The one place that makes a pool: parsers, time-outs, and no connection waiting for ever. */
export function makePool (connection: pg.PoolConfig, options: { max: number, onError: (error: Error) => void }): pg.Pool {
  const pool = new pg.Pool({
    ...connection,
    max: options.max,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    // Statements are sent without waiting for the answer to the one before; a PUT so waits three times instead of seven.
    pipeline: true,
    application_name: 'aanwezig',
    // A night's statement over one school is the longest there is.
    statement_timeout: 300_000,
    idle_in_transaction_session_timeout: 60_000
  })
  // An idle connection that breaks (server restart) is replaced by the pool; without a listener it would end the process.
  pool.on('error', options.onError)
  // One that breaks while it is in use fails its statement; the event itself must find a listener too, or it ends the process.
  pool.on('connect', (client) => {
    client.on('error', () => {})
    writeTogether(client)
  })
  return pool
}

/** Statements of one turn of the event loop leave in one write: each write of its own wakes PostgreSQL, and costs this process a system call. */
function writeTogether (client: pg.PoolClient): void {
  const { stream } = (client as pg.PoolClient & { readonly connection: { readonly stream: Socket } }).connection
  const query = client.query.bind(client) as (...given: unknown[]) => unknown
  let waiting = false
  client.query = ((...given: unknown[]) => {
    if (!waiting) {
      waiting = true
      stream.cork()
      setImmediate(() => {
        waiting = false
        stream.uncork()
      })
    }
    return query(...given)
  }) as typeof client.query
}
