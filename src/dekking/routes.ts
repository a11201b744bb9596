import { Dekkingsvraag, Redendekking, Schoolsleutel } from './contract.ts'
import { getRedendekking } from './service.ts'
import type { Rest } from '../http/rest.ts'

export function dekkingRoutes (rest: Rest): void {
  rest.get('/scholen/:brin/redendekking', {
    schema: {
      operationId: 'getRedendekking',
      summary: 'Welke codes de bronnen sturen, en wat zij betekenen',
      description: 'Voor de administratie van de school: hiermee vindt zij de codes die nog geen reden van het beleid zijn, om ze in een volgende beleidsversie onder `codes` te zetten. Alleen aantallen, van absenties die tellen: niet ingetrokken en niet overtroefd door een andere bron.',
      tags: ['beleid'],
      recht: 'beleid:lezen',
      params: Schoolsleutel,
      querystring: Dekkingsvraag,
      response: { 200: Redendekking }
    }
  }, async (request) => await getRedendekking(request.ctx, request.params.brin, request.query))
}
