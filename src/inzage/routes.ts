import { describeInzage } from '../domain/inzage.ts'
import { Inzagepakket, Inzagevraag, Leerlingsleutel } from './contract.ts'
import { getInzage } from './service.ts'
import type { Rest } from '../http/rest.ts'

const MARKDOWN = 'text/markdown'
const JSON_ = 'application/json'

export function inzageRoutes (rest: Rest): void {
  rest.get('/leerlingen/:bron/:bronId/inzage', {
    schema: {
      operationId: 'getInzage',
      summary: 'Alles wat over een leerling is vastgelegd',
      description: 'Eén pakket voor de leerling of zijn ouders (AVG art. 15), ook om mee te nemen (art. 20): elk gegeven met zijn versies, de doelen, gronden, termijnen en ontvangers, en wie de gegevens zag. Met `Accept: text/markdown` als leesbare tekst.',
      tags: ['verzoeken'],
      recht: 'verzoeken:lezen',
      params: Leerlingsleutel,
      querystring: Inzagevraag,
      alsoProduces: [MARKDOWN],
      response: { 200: Inzagepakket }
    }
  }, async (request, reply) => {
    const pakket = await getInzage(request.ctx, request.params, request.query)
    reply.header('vary', 'accept')
    if (request.accepts().type([JSON_, MARKDOWN]) !== MARKDOWN) return await reply.send(pakket)
    return await reply.type(`${MARKDOWN}; charset=utf-8`).send(Buffer.from(describeInzage(pakket)) as never)
  })
}
