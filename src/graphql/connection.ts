import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { decodeCursor, encodeCursor, listFouten } from '../http/rest.ts'

/** What `first` may be at most, and is when left out. */
export const FIRST = { most: 100, standard: 20 }

/** The arguments of a connection whose cursors hold this position. */
export function pagina (positie: z.ZodType) {
  return {
    first: z.int().min(1).max(FIRST.most).default(FIRST.standard),
    after: z.string().max(500).refine((cursor) => isCursor(cursor, positie), 'is geen cursor van deze lijst; neem hem over uit pageInfo').optional()
  }
}

function isCursor (cursor: string, positie: z.ZodType): boolean {
  try {
    decodeCursor(cursor, positie)
    return true
  } catch {
    return false // the one fault it has: not of this list
  }
}

/** Arguments as their shape wants them; null is the same as left out. Every fault at once. */
export function parseArguments<T> (shape: z.ZodType<T>, args: Readonly<Record<string, unknown>>): T {
  const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null))
  const parsed = shape.safeParse(given)
  if (parsed.success) return parsed.data
  const faults = listFouten(parsed.error, '', given)
  throw new AppError('invoer-ongeldig', faults.length === 1 ? 'Er is 1 fout in de invoer.' : `Er zijn ${faults.length} fouten in de invoer.`, faults)
}

/** Where a row stands in its list: what its cursor holds. */
type PositionOf<T> = (node: T) => readonly unknown[]

// Getters, because most operations ask for no cursor: 1,000 of them take 1 ms.
class Edge<T> {
  readonly node: T
  readonly positionOf: PositionOf<T>

  constructor (node: T, positionOf: PositionOf<T>) {
    this.node = node
    this.positionOf = positionOf
  }

  get cursor (): string { return encodeCursor(this.positionOf(this.node)) }
}

class PageInfo {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  readonly #edges: ReadonlyArray<{ readonly cursor: string }>

  constructor (edges: ReadonlyArray<{ readonly cursor: string }>, hasNextPage: boolean, hasPreviousPage: boolean) {
    this.#edges = edges
    this.hasNextPage = hasNextPage
    this.hasPreviousPage = hasPreviousPage
  }

  get startCursor (): string | null { return this.#edges[0]?.cursor ?? null }
  get endCursor (): string | null { return this.#edges.at(-1)?.cursor ?? null }
}

export interface Connection<T> { readonly edges: ReadonlyArray<{ readonly node: T, readonly cursor: string }>, readonly pageInfo: PageInfo }

/** A page of nodes as Relay wants it. `after` is the argument: with it there is a previous page. */
export function buildConnection<T> (nodes: readonly T[], hasNextPage: boolean, after: string | undefined, positionOf: PositionOf<T>): Connection<T> {
  const edges = nodes.map((node) => new Edge(node, positionOf))
  return { edges, pageInfo: new PageInfo(edges, hasNextPage, after !== undefined) }
}

/** The same from rows read one further than asked. */
export function cutConnection<T> (rows: readonly T[], { first, after }: { first: number, after?: string | undefined }, positionOf: PositionOf<T>): Connection<T> {
  return buildConnection(rows.length > first ? rows.slice(0, first) : rows, rows.length > first, after, positionOf)
}

const asked = new WeakMap<GraphQLResolveInfo['fieldNodes'], ReadonlySet<string>>()

/**
 * The fields asked of the nodes of a connection, `cursor` among them where a cursor is. At least: what @include and @skip leave out may be
 * named too. Kept per query text: graphql-jit passes the same nodes at every run.
 */
export function listNodeFields (info: GraphQLResolveInfo): ReadonlySet<string> {
  let fields = asked.get(info.fieldNodes)
  if (fields === undefined) {
    const found = new Set<string>()
    for (const { selectionSet } of info.fieldNodes) addFields(info, selectionSet, [], found)
    asked.set(info.fieldNodes, fields = found)
  }
  return fields
}

function addFields (info: GraphQLResolveInfo, selectionSet: SelectionSetNode | undefined, path: readonly string[], found: Set<string>): void {
  for (const selection of selectionSet?.selections ?? []) {
    if (selection.kind === Kind.FIELD) {
      const name = selection.name.value
      if (path.join('.') === 'edges.node') found.add(name)
      else if (/cursor$/i.test(name)) found.add('cursor')
      else addFields(info, selection.selectionSet, [...path, name], found)
    } else {
      addFields(info, selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet : info.fragments[selection.name.value]?.selectionSet, path, found)
    }
  }
}
