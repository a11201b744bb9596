import type { GraphQLResolveInfo } from 'graphql'
import type { Leescontext } from './loaders.ts'

export type Argumenten = Readonly<Record<string, unknown>>

/** The fields of a room by type. What a parent is, each resolver says itself; schema.graphql decides what is asked. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, (parent: never, args: Argumenten, context: Leescontext, info: GraphQLResolveInfo) => unknown>>>>
