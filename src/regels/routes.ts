import { Margesleutel, Margevraag, Marges, Regels } from './contract.ts'
import { getMarges, listRegels } from './service.ts'
import type { Rest } from '../http/rest.ts'

const tags = ['signalen']

export function regelsRoutes (rest: Rest): void {
  rest.get('/regels', {
    schema: { operationId: 'listRegels', summary: 'De regels, hun waarden en hun bronnen', tags, recht: 'signalen:lezen', response: { 200: Regels } }
  }, async (request) => listRegels(request.ctx))

  rest.get('/leerlingen/:bron/:bronId/marges', {
    schema: { operationId: 'getMarges', summary: 'Hoe ver een leerling van elk signaal af is', tags, recht: 'signalen:lezen', params: Margesleutel, querystring: Margevraag, response: { 200: Marges } }
  }, async (request) => await getMarges(request.ctx, request.params.bron, request.params.bronId, request.query.school, request.query.peildatum))
}
