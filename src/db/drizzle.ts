import { createRequire } from 'node:module'

export type { Placeholder, SQL } from 'drizzle-orm'
export type { NodePgDatabase } from 'drizzle-orm/node-postgres'

// The one place that loads drizzle. Its package.json is 179 kB, which node reads again for each of its 118 ES modules: half a second of every start. Its
// CommonJS build, the same code, takes 40 ms.
const require = createRequire(import.meta.url)

export const { sql } = require('drizzle-orm') as typeof import('drizzle-orm')
export const { DrizzleQueryError } = require('drizzle-orm/errors') as typeof import('drizzle-orm/errors')
export const { drizzle } = require('drizzle-orm/node-postgres') as typeof import('drizzle-orm/node-postgres')
export const { bigint, boolean, customType, date, integer, jsonb, pgEnum, PgDialect, pgTable, smallint, text, timestamp, uuid } = require('drizzle-orm/pg-core') as typeof import('drizzle-orm/pg-core')
