import { Statistiek, Statistiekvraag } from './contract.ts'
import { getStatistiek } from './service.ts'
import type { Rest } from '../http/rest.ts'

export function statistiekRoutes (rest: Rest): void {
  rest.get('/statistieken', {
    schema: {
      operationId: 'getStatistiek',
      summary: 'De verzuimstatistiek van een vestiging in een periode',
      description: 'Binnen de school, dus zonder onderdrukking van kleine cellen. Wordt elke nacht bijgewerkt tot en met de dag ervoor.',
      tags: ['statistiek'],
      recht: 'statistieken:lezen',
      querystring: Statistiekvraag,
      response: { 200: Statistiek }
    }
  }, async (request) => await getStatistiek(request.ctx, request.query))
}
