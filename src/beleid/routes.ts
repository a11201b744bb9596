import { Beleidsinvoer, Beleidspagina, Beleidssleutel, Beleidsversie, Schoolsleutel } from './contract.ts'
import { adoptBeleidsversie, createBeleidsversie, getBeleidsversie, listBeleidsversies } from './service.ts'
import type { Rest } from '../http/rest.ts'

const tags = ['beleid']

export function beleidRoutes (rest: Rest): void {
  rest.get('/scholen/:brin/beleidsversies', {
    schema: { operationId: 'listBeleidsversies', summary: 'Beleidsversies van een school', tags, recht: 'beleid:lezen', params: Schoolsleutel, response: { 200: Beleidspagina } }
  }, async (request) => await listBeleidsversies(request.ctx, request.params.brin))

  rest.post('/scholen/:brin/beleidsversies', {
    schema: { operationId: 'createBeleidsversie', summary: 'Een concept maken', tags, recht: 'beleid:schrijven', params: Schoolsleutel, body: Beleidsinvoer, responseHeaders: { Location: 'Adres van de nieuwe versie.' }, response: { 201: Beleidsversie } }
  }, async (request, reply) => {
    const versie = await createBeleidsversie(request.ctx, request.params.brin, request.body)
    return await reply.code(201).header('location', `/v1/scholen/${versie.school}/beleidsversies/${versie.versie}`).send(versie)
  })

  rest.get('/scholen/:brin/beleidsversies/:versie', {
    schema: { operationId: 'getBeleidsversie', summary: 'Een beleidsversie', description: 'Versie 0 is het landelijke standaardbeleid.', tags, recht: 'beleid:lezen', params: Beleidssleutel, response: { 200: Beleidsversie } }
  }, async (request) => await getBeleidsversie(request.ctx, request.params.brin, request.params.versie))

  rest.post('/scholen/:brin/beleidsversies/:versie/vaststelling', {
    schema: { operationId: 'adoptBeleidsversie', summary: 'Een concept vaststellen', description: 'Daarna onveranderlijk. De dagen waarop de versie geldt worden opnieuw ingedeeld en de signalen volgen.', tags, recht: 'beleid:schrijven', params: Beleidssleutel, response: { 201: Beleidsversie } }
  }, async (request, reply) => await reply.code(201).send(await adoptBeleidsversie(request.ctx, request.params.brin, request.params.versie)))
}
