import { linkNext, type Rest } from '../http/rest.ts'
import { Signaal, Signaalsleutel, Signalenpagina, Signalenvraag } from './contract.ts'
import { getSignaal, listSignalen } from './service.ts'

const tags = ['signalen']

export function signalenRoutes (rest: Rest): void {
  rest.get('/signalen', {
    schema: { operationId: 'listSignalen', summary: 'Signalen lezen', tags, recht: 'signalen:lezen', querystring: Signalenvraag, responseHeaders: { Link: 'rel="next": de volgende pagina.' }, response: { 200: Signalenpagina } }
  }, async (request, reply) => {
    const pagina = await listSignalen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/signalen/:id', {
    schema: { operationId: 'getSignaal', summary: 'Een signaal met zijn onderbouwing', tags, recht: 'signalen:lezen', params: Signaalsleutel, response: { 200: Signaal } }
  }, async (request) => await getSignaal(request.ctx, request.params.id))
}
