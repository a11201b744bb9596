import { z } from 'zod'
import { IfMatch } from '../http/velden.ts'
import { etagOf, type Rest } from '../http/rest.ts'
import { Beleidsinvoer, Beleidspagina, Beleidssleutel, Beleidstekst, Beleidsversie, Schoolsleutel, Toets, Toetsvraag, Vaststelling, Verschil, Verschilvraag } from './contract.ts'
import { adoptBeleidsversie, createBeleidsversie, deleteBeleidsversie, getBeleidsversie, getTekst, getToets, getVerschil, listBeleidsversies, putBeleidsversie } from './service.ts'

const tags = ['beleid']
const ETAG = { ETag: 'Versie van deze beleidsversie, voor If-Match.' }
const MARKDOWN = 'text/markdown'
const JSON_ = 'application/json'

export function beleidRoutes (rest: Rest): void {
  rest.get('/scholen/:brin/beleidsversies', {
    schema: { operationId: 'listBeleidsversies', summary: 'Beleidsversies van een school', description: 'Nieuwste eerst; versie 0, het landelijke standaardbeleid, staat achteraan. Vanaf de eerste dag van de eerste versie geldt er op iedere dag precies één.', tags, recht: 'beleid:lezen', params: Schoolsleutel, response: { 200: Beleidspagina } }
  }, async (request) => await listBeleidsversies(request.ctx, request.params.brin))

  rest.post('/scholen/:brin/beleidsversies', {
    schema: { operationId: 'createBeleidsversie', summary: 'Een concept maken', description: 'Er telt niets naar voordat het is vastgesteld. Wat de grammatica niet toestaat, is 400; wat zwakker is dan de wet, blijkt uit de toets.', tags, recht: 'beleid:schrijven', params: Schoolsleutel, body: Beleidsinvoer, responseHeaders: { Location: 'Adres van de nieuwe versie.', ...ETAG }, response: { 201: Beleidsversie } }
  }, async (request, reply) => {
    const versie = await createBeleidsversie(request.ctx, request.params.brin, request.body)
    return await reply.code(201).headers({ location: `/v1/scholen/${versie.school}/beleidsversies/${versie.versie}`, etag: etagOf(versie) }).send(versie)
  })

  rest.get('/scholen/:brin/beleidsversies/:versie', {
    schema: { operationId: 'getBeleidsversie', summary: 'Een beleidsversie', description: 'Versie 0 is het landelijke standaardbeleid.', tags, recht: 'beleid:lezen', params: Beleidssleutel, responseHeaders: ETAG, response: { 200: Beleidsversie } }
  }, async (request, reply) => {
    const versie = await getBeleidsversie(request.ctx, request.params.brin, request.params.versie)
    return await reply.header('etag', etagOf(versie)).send(versie)
  })

  rest.put('/scholen/:brin/beleidsversies/:versie', {
    schema: { operationId: 'putBeleidsversie', summary: 'Een concept vervangen', description: 'In zijn geheel, en alleen zolang het een concept is.', tags, recht: 'beleid:schrijven', params: Beleidssleutel, headers: IfMatch, body: Beleidsinvoer, responseHeaders: ETAG, response: { 200: Beleidsversie } }
  }, async (request, reply) => {
    const versie = await putBeleidsversie(request.ctx, request.params.brin, request.params.versie, request.body, request.headers['if-match'])
    return await reply.header('etag', etagOf(versie)).send(versie)
  })

  rest.delete('/scholen/:brin/beleidsversies/:versie', {
    schema: { operationId: 'deleteBeleidsversie', summary: 'Een concept weggooien', tags, recht: 'beleid:schrijven', params: Beleidssleutel, headers: IfMatch, response: { 204: z.null().describe('Weg.') } }
  }, async (request, reply) => {
    await deleteBeleidsversie(request.ctx, request.params.brin, request.params.versie, request.headers['if-match'])
    return await reply.code(204).send(null)
  })

  rest.post('/scholen/:brin/beleidsversies/:versie/vaststelling', {
    schema: { operationId: 'adoptBeleidsversie', summary: 'Een concept vaststellen', description: 'Daarna onveranderlijk. De versie geldt totdat de volgende begint, en neemt haar dagen over van wie ze had. Die dagen worden opnieuw ingedeeld en de signalen volgen. Ontbreekt er iets verplichts of is er iets zwakker dan de wet, dan noemt 409 `beleid-onvolledig` alles tegelijk.', tags, recht: 'beleid:schrijven', params: Beleidssleutel, headers: IfMatch, response: { 201: Vaststelling } }
  }, async (request, reply) => await reply.code(201).send(await adoptBeleidsversie(request.ctx, request.params.brin, request.params.versie, request.headers['if-match'])))

  rest.get('/scholen/:brin/beleidsversies/:versie/toets', {
    schema: { operationId: 'getBeleidstoets', summary: 'Een beleidsversie aan de wet toetsen', description: 'Welke onderdelen er zijn en welke verplicht zijn, hoe iedere regel zich tot de landelijke verhoudt, en wat een vaststelling in de weg staat.', tags, recht: 'beleid:lezen', params: Beleidssleutel, querystring: Toetsvraag, response: { 200: Toets } }
  }, async (request) => await getToets(request.ctx, request.params.brin, request.params.versie, request.query.datum))

  rest.get('/scholen/:brin/beleidsversies/:versie/verschil', {
    schema: { operationId: 'getBeleidsverschil', summary: 'Twee beleidsversies vergelijken', tags, recht: 'beleid:lezen', params: Beleidssleutel, querystring: Verschilvraag, response: { 200: Verschil } }
  }, async (request) => await getVerschil(request.ctx, request.params.brin, request.params.versie, request.query.met))

  rest.get('/scholen/:brin/beleidsversies/:versie/tekst', {
    schema: { operationId: 'getBeleidstekst', summary: 'Een beleidsversie als leesbare tekst', description: 'Markdown, bijvoorbeeld voor de schoolgids; dezelfde tekst in JSON met `Accept: application/json`.', tags, recht: 'beleid:lezen', params: Beleidssleutel, alsoProduces: [MARKDOWN], response: { 200: Beleidstekst } }
  }, async (request, reply) => {
    const beleid = await getTekst(request.ctx, request.params.brin, request.params.versie)
    reply.header('vary', 'accept')
    if (request.accepts().type([MARKDOWN, JSON_]) === JSON_) return await reply.send(beleid)
    return await reply.type(`${MARKDOWN}; charset=utf-8`).send(Buffer.from(beleid.tekst) as never)
  })
}
