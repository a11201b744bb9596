import { GraphQLError, type GraphQLFormattedError } from 'graphql'
import { describeError, toProblem, type Problem } from '../http/problem.ts'
import type { FastifyRequest } from 'fastify'

/**
 * Errors as they leave, in the words of the REST problems. GraphQL's own faults in the request keep their text; of anything else that is no
 * AppError only the request id is told, for our libraries put row values in their texts.
 */
export function formatErrors (errors: readonly unknown[], request: FastifyRequest): GraphQLFormattedError[] {
  const logged = new Set<unknown>()
  return errors.map((error) => {
    const cause = error instanceof GraphQLError ? error.originalError ?? error : error
    if (isRequestFault(error, cause)) return format(error, error.message, { code: 'invoer-ongeldig' })
    const problem = toProblem(cause, request.id)
    if (problem.status >= 500 && !logged.has(cause)) request.log.error({ fout: describeError(cause) }, 'graphql field failed')
    logged.add(cause)
    return format(error, problem.detail, extensionsOf(problem))
  })
}

/** A fault in the query or its variables, or in an argument that only showed at its field. A value that does not fit its type is ours. */
function isRequestFault (error: unknown, cause: unknown): error is Error {
  if (!(error instanceof GraphQLError)) return isDepthFault(error)
  return isDepthFault(cause) || (cause instanceof GraphQLError && (error.path === undefined || error.message.startsWith('Argument "')))
}

function isDepthFault (error: unknown): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'MER_ERR_GQL_QUERY_DEPTH'
}

function extensionsOf ({ code, errors }: Problem): { code: string, errors?: Problem['errors'] } {
  return { code, ...(errors === undefined ? {} : { errors }) }
}

function format (error: unknown, message: string, extensions: Record<string, unknown>): GraphQLFormattedError {
  const { locations, path } = error instanceof GraphQLError ? error : {}
  return { message, ...(locations === undefined ? {} : { locations }), ...(path === undefined ? {} : { path }), extensions }
}

/** The error of a whole operation, of which nothing may be told but this. */
export function toProblemErrors (error: unknown, request: FastifyRequest): { status: number, errors: GraphQLFormattedError[] } {
  const problem = toProblem(error, request.id)
  if (problem.status >= 500) request.log.error({ fout: describeError(error) }, 'graphql operation failed')
  return { status: problem.status, errors: [{ message: problem.detail, extensions: extensionsOf(problem) }] }
}
