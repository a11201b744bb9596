import { getNamedType, GraphQLError, isObjectType, Kind, type DocumentNode, type FragmentDefinitionNode, type GraphQLNamedType, type GraphQLSchema, type SelectionSetNode, type ValidationContext, type ValueNode, type ASTVisitor } from 'graphql'
import { FIRST } from './connection.ts'

/** What one operation may ask. The depth leaves room for a school down to the absenties of a leerling (11), and for introspection (15). */
export const LIMITS = { bodyBytes: 64 * 1024, tokens: 2_000, depth: 15, aliases: 30, nodes: 20_000 }

/** The own figures of a leerling are computed, 0.3 to 0.5 ms for a schooljaar: as dear as this many nodes. */
const COMPUTED = 100

/** Validation rule: so many aliases. One field under many names would pass every other limit. */
export function limitAliases (context: ValidationContext): ASTVisitor {
  let aliases = 0
  return {
    Field (node) {
      if (node.alias !== undefined && ++aliases === LIMITS.aliases + 1) context.reportError(new GraphQLError(`Meer dan ${LIMITS.aliases} aliassen in een bericht.`, { nodes: node }))
    }
  }
}

type Variables = Readonly<Record<string, unknown>> | null | undefined

// Documents are the same objects as long as mercurius keeps them: counting anew would be 6 % of the node side of an operation.
const counts = new WeakMap<DocumentNode, Count>()

interface Count {
  /** The variables that are a `first` somewhere: what they are decides the number. */
  readonly variables: Set<string>
  readonly nodes: Map<string, number>
}
const KEPT = 100

/** Refuses an operation that could answer too many nodes: the product of every `first` down the tree, before anything is read. */
export function limitNodes (schema: GraphQLSchema, document: DocumentNode, variables: Variables): void {
  let count = counts.get(document)
  if (count === undefined) counts.set(document, count = { variables: new Set(), nodes: new Map() })
  let nodes = count.nodes.get(keyOf(count, variables))
  if (nodes === undefined) {
    nodes = countDocument(schema, document, variables, count.variables)
    if (count.nodes.size >= KEPT) count.nodes.clear()
    count.nodes.set(keyOf(count, variables), nodes)
  }
  if (nodes > LIMITS.nodes) throw new GraphQLError(`Deze vraag kan ${nodes} knopen opleveren; ten hoogste ${LIMITS.nodes} mogen het er zijn. Vraag kleinere pagina's.`)
}

/** What the variables do to the number; a value that is no number counts as none, and is refused later. */
function keyOf (count: Count, variables: Variables): string {
  return [...count.variables].map((name) => {
    const given = variables?.[name]
    return typeof given === 'number' ? given : given === undefined ? 'default' : 'standard'
  }).join()
}

/** The most nodes of any of its operations; adds the variables it depends on to `seen`. */
function countDocument (schema: GraphQLSchema, document: DocumentNode, variables: Variables, seen: Set<string>): number {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  return Math.max(...document.definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return 0
    const defaults = new Map((definition.variableDefinitions ?? []).map(({ variable, defaultValue }) => [variable.name.value, defaultValue]))
    const counter = new Counter(schema, fragments, (value) => {
      if (value?.kind === Kind.VARIABLE) seen.add(value.name.value)
      return readFirst(value, variables, defaults)
    })
    return counter.countNodes(definition.selectionSet, schema.getRootType(definition.operation))
  }))
}

/** What `first` will be; what it may not be is refused by its field, and takes nothing off the rest. */
function readFirst (value: ValueNode | undefined, variables: Variables, defaults: ReadonlyMap<string, ValueNode | undefined>): number {
  if (value?.kind === Kind.INT) return clamp(Number(value.value))
  if (value?.kind !== Kind.VARIABLE) return FIRST.standard
  const given = variables?.[value.name.value]
  if (typeof given === 'number') return clamp(given)
  return given === undefined ? readFirst(defaults.get(value.name.value), {}, new Map()) : FIRST.standard
}

function clamp (first: number): number {
  return Math.max(0, Math.min(first, FIRST.most))
}

class Counter {
  readonly #schema: GraphQLSchema
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #readFirst: (value: ValueNode | undefined) => number
  // A fragment is counted once: spread in each other they could be walked for ever so long.
  readonly #counted = new Map<string, number>()

  constructor (schema: GraphQLSchema, fragments: ReadonlyMap<string, FragmentDefinitionNode>, readFirst: (value: ValueNode | undefined) => number) {
    this.#schema = schema
    this.#fragments = fragments
    this.#readFirst = readFirst
  }

  /** Objects below one object of this type. */
  countNodes (selectionSet: SelectionSetNode | undefined, type: GraphQLNamedType | undefined | null): number {
    let nodes = 0
    for (const selection of selectionSet?.selections ?? []) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) nodes += this.#countFragment(selection.name.value)
      else if (selection.kind === Kind.INLINE_FRAGMENT) nodes += this.countNodes(selection.selectionSet, selection.typeCondition === undefined ? type : this.#schema.getType(selection.typeCondition.name.value))
      else if (selection.selectionSet !== undefined) {
        const field = isObjectType(type) ? type.getFields()[selection.name.value] : undefined
        if (field === undefined) continue // introspection, which has a rule of its own
        const times = field.args.some(({ name }) => name === 'first') ? this.#readFirst(selection.arguments?.find(({ name }) => name.value === 'first')?.value) : 1
        nodes += times * (weighField(type!.name, field.name) + this.countNodes(selection.selectionSet, getNamedType(field.type)))
      }
    }
    return nodes
  }

  #countFragment (name: string): number {
    let nodes = this.#counted.get(name)
    if (nodes === undefined) {
      const fragment = this.#fragments.get(name)
      nodes = this.countNodes(fragment?.selectionSet, this.#schema.getType(fragment?.typeCondition.name.value ?? ''))
      this.#counted.set(name, nodes)
    }
    return nodes
  }
}

/** What surrounds a node in a connection costs next to nothing. */
function weighField (type: string, field: string): number {
  if (type === 'Leerling' && field === 'statistieken') return COMPUTED
  return /(Connection|Edge)$/.test(type) ? 0 : 1
}
