import { sql, type SQL } from '../db/drizzle.ts'
import { AppError, assert } from '../errors.ts'
import { RECHTEN, type Recht } from './rechten.ts'
import { DOELEN, getRol, isDoelbinding, type Doelbinding, type Gegevensgroep, type Rolnaam } from './rollen.ts'

export interface Leerlingsleutel { readonly school: string, readonly bron: string, readonly leerling: string }

/** One of the leerlingen that a person sees, and what of them is not shown to him beside what his role and purpose leave out. */
export interface Zichtbaar extends Leerlingsleutel { readonly verborgen: readonly Gegevensgroep[] }

/** Who asks: the client (`azp`) and, where a person is behind it, that person. */
export interface Actor {
  readonly bron: string
  readonly persoon?: string
  readonly rol?: Rolnaam
  /** Of a leerplichtambtenaar: his gemeente. */
  readonly gemeente?: string
  readonly rechten: ReadonlySet<Recht>
  /** BRINs, or every school. */
  readonly scholen: readonly string[] | '*'
  /** Why: stated by the caller, or the first of the role. A client that states none has none. */
  readonly doelbinding?: Doelbinding
  /** What the role and the purpose leave out. */
  readonly verborgen?: ReadonlySet<Gegevensgroep>
  /** Absent: everyone of its scholen. By `keyOf`. */
  readonly leerlingen?: ReadonlyMap<string, Zichtbaar>
}

// No azp of a token can begin so: a bron has no colon.
const SYSTEEM = 'systeem:'

declare const granted: unique symbol

/** Proof that a right was checked, reaching all or some leerlingen; what takes it must narrow its statement with `inReikwijdte`. */
export interface Inzage {
  readonly bron: string
  readonly scholen: readonly string[] | '*'
  readonly leerlingen: readonly Leerlingsleutel[] | '*'
  readonly [granted]: Recht
}
/** An Inzage of exactly one school. */
export interface Schoolinzage extends Inzage { readonly school: string }

/** An Inzage of every leerling of its scholen. Only this file makes one, so a store function that wants it cannot be called without the check. */
export interface Scope extends Inzage { readonly leerlingen: '*' }
/** A Scope of exactly one school. */
export interface Schoolscope extends Scope { readonly school: string }

/**
 * Throws geen-toegang without the right, also for who sees only some leerlingen; niet-gevonden for a school outside the token: what is not
 * yours does not exist.
 */
export function requireRecht (actor: Actor, recht: Recht): Scope
export function requireRecht (actor: Actor, recht: Recht, school: string): Schoolscope
export function requireRecht (actor: Actor, recht: Recht, school?: string): Scope {
  if (actor.leerlingen !== undefined) throw new AppError('geen-toegang', `Dit gaat over de hele school; de rol ${actor.rol} ziet alleen eigen leerlingen.`)
  return grant(actor, recht, school) as Scope
}

/** As requireRecht, for what may also be shown of some leerlingen only. */
export function requireInzage (actor: Actor, recht: Recht): Inzage
export function requireInzage (actor: Actor, recht: Recht, school: string): Schoolinzage
export function requireInzage (actor: Actor, recht: Recht, school?: string): Inzage {
  return grant(actor, recht, school)
}

function grant (actor: Actor, recht: Recht, school: string | undefined): Inzage {
  if (!actor.rechten.has(recht)) throw new AppError('geen-toegang', `Dit toegangsbewijs geeft niet het recht ${recht}.`)
  const { bron } = actor
  const leerlingen = actor.leerlingen === undefined ? '*' : [...actor.leerlingen.values()].filter((sleutel) => school === undefined || sleutel.school === school)
  if (school === undefined) return { bron, scholen: actor.scholen, leerlingen } as unknown as Inzage
  if (!coversSchool(actor, school)) throw new AppError('niet-gevonden', `School ${school} is hier niet bekend.`)
  return { bron, scholen: [school], leerlingen, school } as unknown as Schoolinzage
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

/**
 * The condition every statement on persons carries; row-level security repeats it in the database. One school is an equality, which gives the planner the
 * order of an index, and is said once: of two conditions on the school it thinks that next to nothing is left, and takes any index for the best.
 */
export function inScope ({ scholen }: Inzage, column: SQL = sql`school`): SQL {
  if (scholen === '*') return sql`true`
  return scholen.length === 1 ? sql`${column} = ${scholen[0]}` : sql`${column} = any(${sql.param(scholen)}::text[])`
}

/** The same, of one of its scholen or of all. */
export function inSchool (scope: Inzage, school: string | undefined, column: SQL = sql`school`): SQL {
  if (school === undefined || (scope.scholen.length === 1 && scope.scholen[0] === school)) return inScope(scope, column)
  return sql`${inScope(scope, column)} and ${column} = ${school}`
}

/**
 * The condition on whom a statement reads: the columns bron and leerling of its table within one school, or of several with `school`. `is true` has
 * the planner look each row up in it, instead of joining with a list of which it knows nothing: 2 ms instead of 48 for a page of 100 absenties.
 */
export function inReikwijdte ({ leerlingen }: Inzage, tabel: SQL): SQL {
  if (leerlingen === '*') return sql`true`
  return sql`((${tabel}.school, ${tabel}.bron, ${tabel}.leerling) in (select *
                                                                        from unnest(${sql.param(leerlingen.map(({ school }) => school))}::text[], ${sql.param(leerlingen.map(({ bron }) => bron))}::text[],
                                                                                    ${sql.param(leerlingen.map(({ leerling }) => leerling))}::text[]))) is true`
}

/**
 * The same for what reads a whole school otherwise: of a few their keys come first, for an index. One child in a school of 10,000 was looked for in every
 * absentie of it, 400 ms; so it is found in 1. Not where a statement names the leerlingen it asks: there the planner takes it for all there is to look up.
 */
export function inReikwijdteVanSchool (inzage: Inzage, tabel: SQL): SQL {
  const { leerlingen } = inzage
  if (leerlingen === '*' || !areFew(inzage)) return inReikwijdte(inzage, tabel)
  return sql`${tabel}.leerling = any(${sql.param(leerlingen.map(({ leerling }) => leerling))}::text[]) and ${inReikwijdte(inzage, tabel)}`
}

/** Whether there are so few that all a table has of them is looked up; of more, a page in its own order meets some soon. */
export function areFew ({ leerlingen }: Inzage): boolean {
  return leerlingen !== '*' && leerlingen.length <= 100
}

/** Whether a page is one of many rows that an index has in order: those of one school, or of all. Of several scholen no index has. */
export function isSchoolwide (inzage: Inzage): boolean {
  return (inzage.scholen === '*' || inzage.scholen.length === 1) && !areFew(inzage)
}

/** Without the leerlingen of whom this actor may not know where they are: for a question that a vestiging narrows. */
export function withPlaats<S extends Inzage> (actor: Actor, scope: S): S {
  if (scope.leerlingen === '*') return scope
  return { ...scope, leerlingen: scope.leerlingen.filter((sleutel) => actor.leerlingen?.get(keyOf(sleutel))?.verborgen.includes('plaats') !== true) }
}

/** Whether a single leerling is within it: for what is found in another way than by a statement on his rows. */
export function reaches ({ leerlingen }: Inzage, leerling: Leerlingsleutel): boolean {
  return leerlingen === '*' || leerlingen.some((sleutel) => keyOf(sleutel) === keyOf(leerling))
}

/** Whether this actor sees only some leerlingen. */
export function isNarrowed ({ leerlingen }: Actor): boolean {
  return leerlingen !== undefined
}

/** The actor of a job: every right on these scholen. Its work is recorded under the job's name. */
export function systemActor (job: string, scholen: readonly string[] | '*'): Actor {
  return { bron: `${SYSTEEM}${job}`, rechten: new Set(RECHTEN), scholen }
}

/** The actor with the purpose of this call: stated in `Doelbinding`, else the first of the role. Throws geen-toegang for one the role has not. */
export function bindDoel (actor: Actor, stated: string | undefined): Actor {
  if (stated !== undefined && !isDoelbinding(stated)) {
    throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'onbekende-waarde', pointer: '#headers/doelbinding', detail: `Kies uit ${Object.keys(DOELEN).join(', ')}.` }])
  }
  const rol = actor.rol === undefined ? undefined : getRol(actor.rol)
  if (stated !== undefined && rol !== undefined && !rol.doelen.includes(stated)) throw new AppError('geen-toegang', `De rol ${actor.rol} werkt niet voor het doel ${stated}.`)
  const doelbinding = stated ?? rol?.doelen[0]
  return doelbinding === undefined ? actor : { ...actor, doelbinding, verborgen: new Set([...DOELEN[doelbinding].verborgen, ...rol?.verborgen ?? []]) }
}

export function keyOf ({ school, bron, leerling }: Leerlingsleutel): string {
  return `${school} ${bron} ${leerling}`
}

export function coversSchool (holder: { readonly scholen: readonly string[] | '*' }, school: string): boolean {
  return holder.scholen === '*' || holder.scholen.includes(school)
}
