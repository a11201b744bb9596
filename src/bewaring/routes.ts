import { z } from 'zod'
import { linkNext, type Rest } from '../http/rest.ts'
import { Bewaring, Bewaringsvraag, Leerlingpad, Schoolsleutel, Vasthouding, Vasthoudingenpagina, Vasthoudingenvraag, Vasthoudingsinvoer, Vasthoudingssleutel, Vergetelheidsvraag, Vernietiging, Vernietigingenpagina, Vernietigingenvraag, Vernietigingssleutel } from './contract.ts'
import { createVasthouding, destroyLeerling, endVasthouding, getBewaring, getVasthouding, getVernietiging, listVasthoudingen, listVernietigingen } from './service.ts'

const tags = ['bewaring']
const Link = 'rel="next": de volgende pagina.'

export function bewaringRoutes (rest: Rest): void {
  rest.get('/scholen/:brin/bewaring', {
    schema: {
      operationId: 'getBewaring',
      summary: 'Wat er vernietigd gaat worden',
      description: 'Elke bewaartermijn met haar bron, en de leerlingen van wie de gegevens op de peildatum verlopen zijn: de nacht van die dag vernietigt ze, tenzij ze worden vastgehouden.',
      tags,
      recht: 'bewaring:lezen',
      params: Schoolsleutel,
      querystring: Bewaringsvraag,
      responseHeaders: { Link },
      response: { 200: Bewaring }
    }
  }, async (request, reply) => {
    const bewaring = await getBewaring(request.ctx, request.params.brin, request.query)
    linkNext(request, reply, bewaring.volgende ?? undefined)
    return bewaring
  })

  rest.get('/scholen/:brin/vernietigingen', {
    schema: {
      operationId: 'listVernietigingen',
      summary: 'Vernietigingen lezen',
      description: 'Wat er is vernietigd, wanneer, waarom en hoeveel; de laatste eerst.',
      tags,
      recht: 'bewaring:lezen',
      params: Schoolsleutel,
      querystring: Vernietigingenvraag,
      responseHeaders: { Link },
      response: { 200: Vernietigingenpagina }
    }
  }, async (request, reply) => {
    const pagina = await listVernietigingen(request.ctx, request.params.brin, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/scholen/:brin/vernietigingen/:id', {
    schema: { operationId: 'getVernietiging', summary: 'Een vernietiging, nagerekend', tags, recht: 'bewaring:lezen', params: Vernietigingssleutel, response: { 200: Vernietiging } }
  }, async (request) => await getVernietiging(request.ctx, request.params.brin, request.params.id))

  rest.delete('/leerlingen/:bron/:bronId', {
    schema: {
      operationId: 'destroyLeerling',
      summary: 'Een leerling vernietigen (AVG art. 17)',
      description: 'Alles van deze persoon, ook wat andere bronnen van hem weten, definitief; het antwoord is de vernietiging. Zolang de wet verplicht te bewaren alleen op grond `onrechtmatig-verwerkt` of `wettelijke-verplichting`, en niet onder een vasthouding. Wat bij DUO of een gemeente ligt, blijft daar: trek een melding zo nodig eerst in (AVG art. 19). Wat de bron daarna van deze leerling stuurt, wordt geweigerd, tot zij hem stuurt met alleen inschrijvingen die later beginnen.',
      tags,
      recht: 'bewaring:schrijven',
      params: Leerlingpad,
      querystring: Vergetelheidsvraag,
      response: { 200: Vernietiging }
    }
  }, async (request) => await destroyLeerling(request.ctx, request.server.wisregister, { school: request.query.school, bron: request.params.bron, leerling: request.params.bronId }, request.query.grond))

  rest.post('/scholen/:brin/vasthoudingen', {
    schema: {
      operationId: 'createVasthouding',
      summary: 'Gegevens vasthouden',
      description: 'Zolang zij geldt wordt er van de leerling, of van de hele school, niets vernietigd.',
      tags,
      recht: 'bewaring:schrijven',
      params: Schoolsleutel,
      body: Vasthoudingsinvoer,
      responseHeaders: { Location: 'Adres van de vasthouding.' },
      response: { 201: Vasthouding }
    }
  }, async (request, reply) => {
    const vasthouding = await createVasthouding(request.ctx, request.params.brin, request.body)
    return await reply.code(201).header('location', `/v1/scholen/${vasthouding.school}/vasthoudingen/${vasthouding.id}`).send(vasthouding)
  })

  rest.get('/scholen/:brin/vasthoudingen', {
    schema: {
      operationId: 'listVasthoudingen',
      summary: 'Vasthoudingen lezen',
      description: 'In volgorde van eerste dag; ook wat is beëindigd.',
      tags,
      recht: 'bewaring:lezen',
      params: Schoolsleutel,
      querystring: Vasthoudingenvraag,
      responseHeaders: { Link },
      response: { 200: Vasthoudingenpagina }
    }
  }, async (request, reply) => {
    const pagina = await listVasthoudingen(request.ctx, request.params.brin, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/scholen/:brin/vasthoudingen/:id', {
    schema: { operationId: 'getVasthouding', summary: 'Een vasthouding', tags, recht: 'bewaring:lezen', params: Vasthoudingssleutel, response: { 200: Vasthouding } }
  }, async (request) => await getVasthouding(request.ctx, request.params.brin, request.params.id))

  rest.delete('/scholen/:brin/vasthoudingen/:id', {
    schema: {
      operationId: 'endVasthouding',
      summary: 'Een vasthouding beëindigen',
      description: 'Per direct: wat verlopen is, vernietigt de volgende nacht. Zij blijft te lezen, met wie haar beëindigde en wanneer.',
      tags,
      recht: 'bewaring:schrijven',
      params: Vasthoudingssleutel,
      response: { 204: z.null().describe('Beëindigd.') }
    }
  }, async (request, reply) => {
    await endVasthouding(request.ctx, request.params.brin, request.params.id)
    return await reply.code(204).send(null)
  })
}
