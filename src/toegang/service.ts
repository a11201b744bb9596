import { sql, type SQL } from 'drizzle-orm'
import { AppError, assert } from '../errors.ts'
import { RECHTEN, type Recht } from './rechten.ts'

/** Who asks: the client (`azp`) and, where a person is behind it, that person. */
export interface Actor {
  readonly bron: string
  readonly persoon?: string
  readonly rol?: string
  readonly rechten: ReadonlySet<Recht>
  /** BRINs, or every school. */
  readonly scholen: readonly string[] | '*'
}

// No azp of a token can begin so: a bron has no colon.
const SYSTEEM = 'systeem:'

declare const granted: unique symbol

/** Proof that a right was checked; only this file makes one, so a store function that wants it cannot be called without. */
export interface Scope {
  readonly bron: string
  readonly scholen: readonly string[] | '*'
  readonly [granted]: Recht
}

/** A Scope of exactly one school. */
export interface Schoolscope extends Scope { readonly school: string }

/** Throws geen-toegang without the right, niet-gevonden for a school outside the token: what is not yours does not exist. */
export function requireRecht (actor: Actor, recht: Recht): Scope
export function requireRecht (actor: Actor, recht: Recht, school: string): Schoolscope
export function requireRecht (actor: Actor, recht: Recht, school?: string): Scope {
  if (!actor.rechten.has(recht)) throw new AppError('geen-toegang', `Dit toegangsbewijs geeft niet het recht ${recht}.`)
  if (school === undefined) return { bron: actor.bron, scholen: actor.scholen } as Scope
  if (!coversSchool(actor, school)) throw new AppError('niet-gevonden', `School ${school} is hier niet bekend.`)
  return { bron: actor.bron, scholen: [school], school } as unknown as Schoolscope
}

/** Narrows a Scope to one of its scholen, or undefined: for bulk pushes, where each record stands alone. */
export function scopeOfSchool (scope: Scope, school: string): Schoolscope | undefined {
  return coversSchool(scope, school) ? { ...scope, scholen: [school], school } : undefined
}

/** Whether a job of ours acts; it does what the school decided, and needs nobody's mandaat. */
export function isJob (actor: Actor): boolean {
  return actor.bron.startsWith(SYSTEEM)
}

/** Writes what follows from a bron's own records in that bron's name: a job of ours, or the bron itself. */
export function scopeOfBron (actor: Actor, scope: Schoolscope, bron: string): Schoolscope {
  assert(actor.bron === bron || isJob(actor), 'only a job acts for another bron')
  return { ...scope, bron }
}

/** The condition every statement on persons carries; row-level security repeats it in the database. */
export function inScope (scope: Scope, column: SQL = sql`school`): SQL {
  return scope.scholen === '*' ? sql`true` : sql`${column} = any(${sql.param(scope.scholen)}::text[])`
}

/** The actor of a job: every right on these scholen. Its work is recorded under the job's name. */
export function systemActor (job: string, scholen: readonly string[] | '*'): Actor {
  return { bron: `${SYSTEEM}${job}`, rechten: new Set(RECHTEN), scholen }
}

function coversSchool (holder: { readonly scholen: readonly string[] | '*' }, school: string): boolean {
  return holder.scholen === '*' || holder.scholen.includes(school)
}
