import { linkNext, type Rest } from '../http/rest.ts'
import { Levering, Leveringbestand, Leveringenpagina, Leveringenvraag, Leveringsinvoer, Leveringsleutel, Manifest } from './contract.ts'
import { createLevering, getBestand, getLevering, getManifest, listLeveringen } from './service.ts'

const tags = ['leveringen']
const CSV = 'text/csv'
const JSON_ = 'application/json'

export function duoRoutes (rest: Rest): void {
  rest.post('/leveringen', {
    schema: {
      operationId: 'createLevering',
      summary: 'Een levering maken',
      description: 'Telt alles mee wat voor dit verzoek was vastgelegd en niets daarna, en onderdrukt kleine cellen. Met hetzelfde afkapmoment komen dezelfde bytes terug. De bestanden staan daarna ook in LEVERINGEN_DIR.',
      tags,
      recht: 'leveringen:schrijven',
      body: Leveringsinvoer,
      responseHeaders: { Location: 'Adres van de levering.' },
      response: { 201: Levering.describe('Gemaakt.') }
    }
  }, async (request, reply) => {
    const levering = await createLevering(request.ctx, request.body)
    return await reply.code(201).header('location', `/v1/leveringen/${levering.id}`).send(levering)
  })

  rest.get('/leveringen', {
    schema: { operationId: 'listLeveringen', summary: 'Leveringen', tags, recht: 'leveringen:lezen', querystring: Leveringenvraag, responseHeaders: { Link: 'rel="next": de volgende pagina.' }, response: { 200: Leveringenpagina } }
  }, async (request, reply) => {
    const pagina = await listLeveringen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/leveringen/:id', {
    schema: { operationId: 'getLevering', summary: 'Een levering', tags, recht: 'leveringen:lezen', params: Leveringsleutel, response: { 200: Levering } }
  }, async (request) => await getLevering(request.ctx, request.params.id))

  rest.get('/leveringen/:id/bestand', {
    schema: {
      operationId: 'getLeveringbestand',
      summary: 'Het bestand van een levering',
      description: 'CSV naar de gewoonten van DUO; JSON met `Accept: application/json`.',
      tags,
      recht: 'leveringen:lezen',
      params: Leveringsleutel,
      alsoProduces: [CSV],
      responseHeaders: { ETag: 'SHA-256 van de bytes, hexadecimaal.', 'Content-Disposition': 'De bestandsnaam.' },
      response: { 200: Leveringbestand }
    }
  }, async (request, reply) => {
    const vorm = request.accepts().type([CSV, JSON_]) === JSON_ ? 'json' : 'csv'
    const { inhoud, naam, mediatype, sha256 } = await getBestand(request.ctx, request.params.id, vorm)
    reply.headers({ etag: `"${sha256}"`, vary: 'accept', 'content-disposition': `attachment; filename="${naam}"` })
    // A Buffer leaves as it is: the bytes of the manifest's SHA-256.
    return await reply.type(mediatype).send(inhoud as never)
  })

  rest.get('/leveringen/:id/manifest', {
    schema: { operationId: 'getLeveringmanifest', summary: 'Het manifest van een levering', tags, recht: 'leveringen:lezen', params: Leveringsleutel, response: { 200: Manifest } }
  }, async (request) => await getManifest(request.ctx, request.params.id))
}
