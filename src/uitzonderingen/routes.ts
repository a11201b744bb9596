import { z } from 'zod'
import { linkNext, type Rest } from '../http/rest.ts'
import { Schoolsleutel, Uitzondering, Uitzonderingenpagina, Uitzonderingenvraag, Uitzonderingsinvoer, Uitzonderingssleutel } from './contract.ts'
import { createUitzondering, getUitzondering, listUitzonderingen, withdrawUitzondering } from './service.ts'

const tags = ['signalen']

export function uitzonderingenRoutes (rest: Rest): void {
  rest.post('/scholen/:brin/uitzonderingen', {
    schema: {
      operationId: 'createUitzondering',
      summary: 'Een leerling van een regel uitzonderen',
      description: 'Op deze dagen telt de regel niet voor deze leerling; signalen die daarop berusten vervallen. Niet van een regel die wettelijk verplicht is, en alleen van een regel die in het beleid aan staat.',
      tags,
      recht: 'signalen:beoordelen',
      params: Schoolsleutel,
      body: Uitzonderingsinvoer,
      responseHeaders: { Location: 'Adres van de uitzondering.' },
      response: { 201: Uitzondering }
    }
  }, async (request, reply) => {
    const uitzondering = await createUitzondering(request.ctx, request.params.brin, request.body)
    return await reply.code(201).header('location', `/v1/scholen/${uitzondering.school}/uitzonderingen/${uitzondering.id}`).send(uitzondering)
  })

  rest.get('/scholen/:brin/uitzonderingen', {
    schema: {
      operationId: 'listUitzonderingen',
      summary: 'Uitzonderingen lezen',
      description: 'In volgorde van eerste dag.',
      tags,
      recht: 'signalen:lezen',
      params: Schoolsleutel,
      querystring: Uitzonderingenvraag,
      responseHeaders: { Link: 'rel="next": de volgende pagina.' },
      response: { 200: Uitzonderingenpagina }
    }
  }, async (request, reply) => {
    const pagina = await listUitzonderingen(request.ctx, request.params.brin, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/scholen/:brin/uitzonderingen/:id', {
    schema: { operationId: 'getUitzondering', summary: 'Een uitzondering', tags, recht: 'signalen:lezen', params: Uitzonderingssleutel, response: { 200: Uitzondering } }
  }, async (request) => await getUitzondering(request.ctx, request.params.brin, request.params.id))

  rest.delete('/scholen/:brin/uitzonderingen/:id', {
    schema: {
      operationId: 'withdrawUitzondering',
      summary: 'Een uitzondering intrekken',
      description: 'De regel telt weer voor deze leerling, ook over de dagen die zij al dekte. Zij blijft te lezen, met wie haar introk en wanneer.',
      tags,
      recht: 'signalen:beoordelen',
      params: Uitzonderingssleutel,
      response: { 204: z.null().describe('Ingetrokken.') }
    }
  }, async (request, reply) => {
    await withdrawUitzondering(request.ctx, request.params.brin, request.params.id)
    return await reply.code(204).send(null)
  })
}
