import { z } from 'zod'
import { Proefvraag } from '../http/velden.ts'
import { Bronafspraak, Bronafspraakinvoer, Bronafspraaksleutel, Bronafspraken, Dagstanden, Schoolsleutel, Verklaringenantwoord, Verklaringenbulk, Verklaringenvraag } from './contract.ts'
import { listAanwezigheidsverklaringen, listBronafspraken, pushAanwezigheidsverklaringen, putBronafspraak, withdrawBronafspraak } from './service.ts'
import type { Rest } from '../http/rest.ts'

export function bronnenRoutes (rest: Rest): void {
  rest.post('/aanwezigheidsverklaringen', {
    schema: {
      operationId: 'pushAanwezigheidsverklaringen',
      summary: 'Verklaren dat alles is aangeleverd',
      description: 'De bron verklaart per vestiging dat zij van deze lesdagen alle absenties leverde: wie niet genoemd is, was er. Zonder verklaring en zonder absentie is een dag onbekend. Dagen die geen lesdag zijn worden overgeslagen.',
      tags: ['absenties'],
      recht: 'absenties:schrijven',
      querystring: Proefvraag,
      body: Verklaringenbulk,
      response: { 200: Verklaringenantwoord.describe('Per record wat ermee is gebeurd; wat hier staat, is vastgelegd.') }
    }
  }, async (request) => await pushAanwezigheidsverklaringen(request.ctx, request.body.verklaringen, request.query))

  rest.get('/aanwezigheidsverklaringen', {
    schema: {
      operationId: 'listAanwezigheidsverklaringen',
      summary: 'Per lesdag of hij is aangeleverd, en waardoor',
      description: 'Van ten hoogste een schooljaar.',
      tags: ['absenties'],
      recht: 'absenties:lezen',
      querystring: Verklaringenvraag,
      response: { 200: Dagstanden }
    }
  }, async (request) => await listAanwezigheidsverklaringen(request.ctx, request.query))

  rest.get('/scholen/:brin/bronafspraken', {
    schema: { operationId: 'listBronafspraken', summary: 'Hoe de bronnen van een school zich verhouden', tags: ['beleid'], recht: 'beleid:lezen', params: Schoolsleutel, response: { 200: Bronafspraken } }
  }, async (request) => await listBronafspraken(request.ctx, request.params.brin))

  rest.put('/scholen/:brin/bronafspraken/:geldigVan', {
    schema: {
      operationId: 'putBronafspraak',
      summary: 'Een bronafspraak vastleggen',
      description: 'Geldt vanaf deze dag tot de volgende afspraak. Absenties, signalen en cijfers vanaf die dag volgen; leveringen van voor dit moment zijn onveranderd na te maken.',
      tags: ['beleid'],
      recht: 'beleid:schrijven',
      params: Bronafspraaksleutel,
      body: Bronafspraakinvoer,
      response: { 200: Bronafspraak, 201: Bronafspraak.describe('Nieuw.') }
    }
  }, async (request, reply) => {
    const { nieuw, bronafspraak } = await putBronafspraak(request.ctx, request.params.brin, request.params.geldigVan, request.body)
    return await reply.code(nieuw ? 201 : 200).send(bronafspraak)
  })

  rest.delete('/scholen/:brin/bronafspraken/:geldigVan', {
    schema: {
      operationId: 'withdrawBronafspraak',
      summary: 'Een bronafspraak intrekken',
      description: 'Vanaf die dag geldt weer de afspraak ervoor.',
      tags: ['beleid'],
      recht: 'beleid:schrijven',
      params: Bronafspraaksleutel,
      response: { 204: z.null().describe('Ingetrokken.') }
    }
  }, async (request, reply) => {
    await withdrawBronafspraak(request.ctx, request.params.brin, request.params.geldigVan)
    return await reply.code(204).send(null)
  })
}
