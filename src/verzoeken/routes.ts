import { etagOf, linkNext, type Rest } from '../http/rest.ts'
import { IfMatch } from '../http/velden.ts'
import { Beperking, Beperkingenpagina, Beperkingenvraag, Beperkingsleutel, Leerlingsleutel, Opheffing, Stapinvoer, Verzoek, Verzoekenpagina, Verzoekenvraag, Verzoekinvoer, Verzoeksleutel } from './contract.ts'
import { createVerzoek, decideVerzoek, getVerzoek, liftBeperking, listBeperkingen, listVerzoeken } from './service.ts'

const tags = ['verzoeken']
const ETAG = { ETag: 'Versie van dit verzoek, voor If-Match.' }
const LINK = { Link: 'rel="next": de volgende pagina.' }

export function verzoekenRoutes (rest: Rest): void {
  rest.post('/leerlingen/:bron/:bronId/verzoeken', {
    schema: {
      operationId: 'createVerzoek',
      summary: 'Een verzoek van een betrokkene vastleggen',
      description: 'Van de leerling, zijn ouder of een vertegenwoordiger (AVG art. 15 tot en met 21). De termijn loopt vanaf de ontvangst.',
      tags,
      recht: 'verzoeken:schrijven',
      params: Leerlingsleutel,
      body: Verzoekinvoer,
      responseHeaders: { Location: 'Adres van het verzoek.', ...ETAG },
      response: { 201: Verzoek }
    }
  }, async (request, reply) => {
    const verzoek = await createVerzoek(request.ctx, request.params, request.body)
    return await reply.code(201).headers({ location: `/v1/verzoeken/${verzoek.id}`, etag: etagOf(verzoek) }).send(verzoek)
  })

  rest.get('/verzoeken', {
    schema: { operationId: 'listVerzoeken', summary: 'Verzoeken van betrokkenen lezen', description: 'In volgorde van ontvangst.', tags, recht: 'verzoeken:lezen', querystring: Verzoekenvraag, responseHeaders: LINK, response: { 200: Verzoekenpagina } }
  }, async (request, reply) => {
    const pagina = await listVerzoeken(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/verzoeken/:id', {
    schema: { operationId: 'getVerzoek', summary: 'Een verzoek met zijn verloop', tags, recht: 'verzoeken:lezen', params: Verzoeksleutel, responseHeaders: ETAG, response: { 200: Verzoek } }
  }, async (request, reply) => {
    const verzoek = await getVerzoek(request.ctx, request.params.id)
    return await reply.header('etag', etagOf(verzoek)).send(verzoek)
  })

  rest.post('/verzoeken/:id/stappen', {
    schema: {
      operationId: 'decideVerzoek',
      summary: 'Een verzoek behandelen, verlengen of beantwoorden',
      description: 'Een toegewezen beperking gaat meteen in. Een toegewezen bezwaar zondert de leerling vanaf vandaag uit van de regel, ten hoogste tot het einde van het volgende schooljaar. Een toegewezen vergetelheid vernietigt de leerling, en het verzoek met hem: de vernietiging die het antwoord noemt, blijft. Een rectificatie levert de bron zelf aan; het verzoek laat zien of dat is gebeurd en wie het nog moet horen. Een antwoord wordt nooit veranderd.',
      tags,
      recht: 'verzoeken:schrijven',
      params: Verzoeksleutel,
      headers: IfMatch,
      body: Stapinvoer,
      responseHeaders: ETAG,
      response: { 201: Verzoek }
    }
  }, async (request, reply) => {
    const verzoek = await decideVerzoek(request.ctx, request.server.wisregister, request.params.id, request.body, request.headers['if-match'])
    return await reply.code(201).header('etag', etagOf(verzoek)).send(verzoek)
  })

  rest.get('/beperkingen', {
    schema: { operationId: 'listBeperkingen', summary: 'Beperkingen lezen', description: 'In volgorde van eerste dag; ook wat is opgeheven.', tags, recht: 'verzoeken:lezen', querystring: Beperkingenvraag, responseHeaders: LINK, response: { 200: Beperkingenpagina } }
  }, async (request, reply) => {
    const pagina = await listBeperkingen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.post('/beperkingen/:id/opheffing', {
    schema: {
      operationId: 'liftBeperking',
      summary: 'Een beperking opheffen',
      description: 'Nadat de betrokkene het is verteld (AVG art. 18 lid 3). De gegevens tellen weer, ook over de dagen ervoor. Nog eens opheffen verandert niets.',
      tags,
      recht: 'verzoeken:schrijven',
      params: Beperkingsleutel,
      body: Opheffing,
      response: { 200: Beperking }
    }
  }, async (request) => await liftBeperking(request.ctx, request.params.id, request.body))
}
