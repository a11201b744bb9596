import { linkNext, type Rest } from '../http/rest.ts'
import { Sleutelvraag } from '../http/velden.ts'
import { Aanlevering, Aanleveringenpagina, Aanleveringenvraag, Aanleveringsleutel } from './contract.ts'
import { getAanlevering, listAanleveringen } from './service.ts'

const tags = ['absenties']

export function aanleveringenRoutes (rest: Rest): void {
  rest.get('/aanleveringen', {
    schema: {
      operationId: 'listAanleveringen',
      summary: 'Aanleveringen',
      description: 'Alles wat een school is aangeleverd, van elke bron, de nieuwste eerst.',
      tags,
      recht: 'absenties:lezen',
      querystring: Aanleveringenvraag,
      responseHeaders: { Link: 'rel="next": de volgende pagina.' },
      response: { 200: Aanleveringenpagina }
    }
  }, async (request, reply) => {
    const pagina = await listAanleveringen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/aanleveringen/:aanlevering', {
    schema: { operationId: 'getAanlevering', summary: 'Een aanlevering met wat er is geweigerd', tags, recht: 'absenties:lezen', params: Aanleveringsleutel, querystring: Sleutelvraag, response: { 200: Aanlevering } }
  }, async (request) => await getAanlevering(request.ctx, request.params.aanlevering, request.query.school))
}
