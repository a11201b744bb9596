import type { FastifyInstance } from 'fastify'

export function registerGraphiql (_server: FastifyInstance): void {}
