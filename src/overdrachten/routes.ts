import { linkNext, type Rest } from '../http/rest.ts'
import { Leerlingsleutel, Overdracht, Overdrachtenpagina, Overdrachtenvraag, Overdrachtinvoer, Overdrachtsleutel } from './contract.ts'
import { createOverdracht, getOverdracht, listOverdrachten } from './service.ts'

const tags = ['overdrachten']

export function overdrachtenRoutes (rest: Rest): void {
  rest.post('/leerlingen/:bron/:bronId/overdrachten', {
    schema: {
      operationId: 'createOverdracht',
      summary: 'Verzuim van een leerling aan een andere school overdragen',
      description: 'Totalen per schooljaar en over de laatste twaalf maanden, zoals een OSO-overstapdossier ze kent; geen absenties. Eenmaal gemaakt verandert een overdracht niet: maak een nieuwe na een correctie.',
      tags,
      recht: 'verzoeken:schrijven',
      params: Leerlingsleutel,
      body: Overdrachtinvoer,
      responseHeaders: { Location: 'Adres van de overdracht.' },
      response: { 201: Overdracht }
    }
  }, async (request, reply) => {
    const overdracht = await createOverdracht(request.ctx, request.params, request.body)
    return await reply.code(201).header('location', `/v1/overdrachten/${overdracht.id}`).send(overdracht)
  })

  rest.get('/overdrachten', {
    schema: {
      operationId: 'listOverdrachten',
      summary: 'Overdrachten lezen',
      description: 'In volgorde van maken. De ontvangende school ziet de overdracht, en verder niets van de leerling bij de andere school.',
      tags,
      recht: 'verzoeken:lezen',
      querystring: Overdrachtenvraag,
      responseHeaders: { Link: 'rel="next": de volgende pagina.' },
      response: { 200: Overdrachtenpagina }
    }
  }, async (request, reply) => {
    const pagina = await listOverdrachten(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/overdrachten/:id', {
    schema: { operationId: 'getOverdracht', summary: 'Een overdracht', tags, recht: 'verzoeken:lezen', params: Overdrachtsleutel, response: { 200: Overdracht } }
  }, async (request) => await getOverdracht(request.ctx, request.params.id))
}
