import { z } from 'zod'
import { etagOf, linkNext, type Rest } from '../http/rest.ts'
import { IfMatch, Proefvraag, Sleutelvraag } from '../http/velden.ts'
import { Afmelding, Afmeldingenantwoord, Afmeldingenbulk, Afmeldingenpagina, Afmeldingenvraag, Afmeldingsgeschiedenis, Afmeldingsinvoer, Afmeldingsputantwoord, Afmeldingssleutel, Afmeldingsverwijdering } from './contract.ts'
import { getAfmelding, getAfmeldinggeschiedenis, listAfmeldingen, pushAfmeldingen, putAfmelding, withdrawAfmelding } from './service.ts'

const tags = ['afmeldingen']
const ETAG = { ETag: 'Versie van deze afmelding, voor If-Match.' }

export function afmeldingenRoutes (rest: Rest): void {
  rest.post('/afmeldingen/_bulk', {
    schema: {
      operationId: 'pushAfmeldingen',
      summary: 'Afmeldingen aanleveren',
      description: 'Afwezig vanaf een moment totdat de leerling terug is gemeld. Elke lesdag tot en met vandaag wordt een absentie; een absentie die dezelfde bron zelf voor die dag aanlevert, gaat voor. Elk record staat op zichzelf.',
      tags,
      recht: 'absenties:schrijven',
      querystring: Proefvraag,
      body: Afmeldingenbulk,
      response: { 200: Afmeldingenantwoord.describe('Per record wat ermee is gebeurd, en op hoeveel lesdagen het nu voor een absentie staat; dat is vastgelegd.') }
    }
  }, async (request) => await pushAfmeldingen(request.ctx, request.body.afmeldingen, request.query))

  rest.get('/afmeldingen', {
    schema: { operationId: 'listAfmeldingen', summary: 'Afmeldingen lezen', description: 'In volgorde van bron en sleutel; ingetrokken afmeldingen staan er niet bij.', tags, recht: 'absenties:lezen', querystring: Afmeldingenvraag, responseHeaders: { Link: 'rel="next": de volgende pagina.' }, response: { 200: Afmeldingenpagina } }
  }, async (request, reply) => {
    const pagina = await listAfmeldingen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/afmeldingen/:bron/:bronId', {
    schema: { operationId: 'getAfmelding', summary: 'Een afmelding lezen', tags, recht: 'absenties:lezen', params: Afmeldingssleutel, querystring: Sleutelvraag, responseHeaders: ETAG, response: { 200: Afmelding } }
  }, async (request, reply) => {
    const afmelding = await getAfmelding(request.ctx, request.params, request.query.school)
    return await reply.header('etag', etagOf(afmelding)).send(afmelding)
  })

  rest.put('/afmeldingen/:bron/:bronId', {
    schema: {
      operationId: 'putAfmelding',
      summary: 'Een afmelding vastleggen, corrigeren of sluiten',
      description: 'Sluiten is een nieuwe versie met `einde`: latere dagen worden ingetrokken.',
      tags,
      recht: 'absenties:schrijven',
      params: Afmeldingssleutel,
      headers: IfMatch,
      body: Afmeldingsinvoer,
      responseHeaders: ETAG,
      response: { 200: Afmeldingsputantwoord, 201: Afmeldingsputantwoord.describe('Nieuw.'), 202: Afmeldingsputantwoord.describe('Bewaard tot de leerling bekend is.') }
    }
  }, async (request, reply) => {
    const antwoord = await putAfmelding(request.ctx, request.params, request.body, request.headers['if-match'])
    if (antwoord.afmelding !== null) reply.header('etag', etagOf(antwoord.afmelding))
    return await reply.code(antwoord.resultaat === 'nieuw' ? 201 : antwoord.resultaat === 'inWacht' ? 202 : 200).send(antwoord)
  })

  rest.delete('/afmeldingen/:bron/:bronId', {
    schema: { operationId: 'withdrawAfmelding', summary: 'Een afmelding intrekken', description: 'Ook de absenties die eruit volgden, worden ingetrokken.', tags, recht: 'absenties:schrijven', params: Afmeldingssleutel, headers: IfMatch, querystring: Afmeldingsverwijdering, response: { 204: z.null().describe('Ingetrokken.') } }
  }, async (request, reply) => {
    const { school, gewijzigdOp } = request.query
    await withdrawAfmelding(request.ctx, request.params, school, gewijzigdOp, request.headers['if-match'])
    return await reply.code(204).send(null)
  })

  rest.get('/afmeldingen/:bron/:bronId/geschiedenis', {
    schema: { operationId: 'getAfmeldinggeschiedenis', summary: 'Alle versies van een afmelding', tags, recht: 'absenties:lezen', params: Afmeldingssleutel, querystring: Sleutelvraag, response: { 200: Afmeldingsgeschiedenis } }
  }, async (request) => await getAfmeldinggeschiedenis(request.ctx, request.params, request.query.school))
}
