import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { answerNdjson, NDJSON } from '../http/ndjson.ts'
import { etagOf, langeLijst, linkNext, type Rest } from '../http/rest.ts'
import { IfMatch, Sleutelvraag } from '../http/velden.ts'
import { Absentie, Absentieinvoer, Absentiesantwoord, Absentiesbulk, Absentiesbulkvraag, Absentiesleutel, Absentiespagina, Absentiesvraag, Absentieverwijdering, Geschiedenis, RESULTATEN, Schrijfsleutel, Wachtendenpagina, Wachtendevraag } from './contract.ts'
import { countResultaten, getAbsentie, getGeschiedenis, listAbsenties, listWachtende, pushAbsenties, putAbsentie, sumAantallen, withdrawAbsentie } from './service.ts'

const tags = ['absenties']
const Putantwoord = z.object({ resultaat: z.enum(RESULTATEN), absentie: Absentie.nullable().describe('Null zolang het record op zijn leerling wacht.') })
const ETAG = { ETag: 'Versie van deze absentie, voor If-Match.' }

export function absentiesRoutes (rest: Rest): void {
  rest.post('/absenties/_bulk', {
    bodyLimit: 8 * 1024 * 1024,
    schema: {
      operationId: 'pushAbsenties',
      summary: 'Absenties aanleveren',
      description: 'Nieuw, gewijzigd en ingetrokken door elkaar; zo vaak als nodig. Elk record staat op zichzelf. NDJSON: een record per regel, zonder grens; het antwoord is dan ook NDJSON, met de aantallen op de laatste regel.',
      tags,
      recht: 'absenties:schrijven',
      querystring: Absentiesbulkvraag,
      body: langeLijst(Absentiesbulk),
      alsoConsumes: [NDJSON],
      alsoProduces: [NDJSON],
      response: { 200: langeLijst(Absentiesantwoord.describe('Per record wat ermee is gebeurd; wat hier staat, is vastgelegd.')) }
    }
  }, async (request, reply) => {
    const { proef } = request.query
    if (request.headers['content-type']?.startsWith(NDJSON) !== true) return await pushAbsenties(request.ctx, request.body.absenties, { proef })
    const aanlevering = randomUUID()
    let aantallen = countResultaten([])
    const lines = answerNdjson(request.body as unknown as Readable, {
      log: request.ctx.log,
      requestId: request.id,
      push: async (records, deel) => {
        const antwoord = await pushAbsenties(request.ctx, records, { proef, aanlevering, deel })
        aantallen = sumAantallen(aantallen, antwoord.aantallen)
        return antwoord.resultaten
      },
      totals: () => ({ aanlevering, aantallen })
    })
    return await reply.type(NDJSON).send(lines as never)
  })

  rest.get('/absenties', {
    schema: { operationId: 'listAbsenties', summary: 'Absenties lezen', tags, recht: 'absenties:lezen', querystring: Absentiesvraag, responseHeaders: { Link: 'rel="next": de volgende pagina.' }, response: { 200: Absentiespagina } }
  }, async (request, reply) => {
    const pagina = await listAbsenties(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/absenties/:bron/:bronId', {
    schema: { operationId: 'getAbsentie', summary: 'Een absentie lezen', tags, recht: 'absenties:lezen', params: Absentiesleutel, querystring: Sleutelvraag, responseHeaders: ETAG, response: { 200: Absentie } }
  }, async (request, reply) => {
    const absentie = await getAbsentie(request.ctx, request.params, request.query.school)
    return await reply.header('etag', etagOf(absentie)).send(absentie)
  })

  rest.put('/absenties/:bron/:bronId', {
    schema: {
      operationId: 'putAbsentie',
      summary: 'Een absentie vastleggen of corrigeren',
      tags,
      recht: 'absenties:schrijven',
      params: Schrijfsleutel,
      headers: IfMatch,
      body: Absentieinvoer,
      responseHeaders: ETAG,
      response: { 200: Putantwoord, 201: Putantwoord.describe('Nieuw.'), 202: Putantwoord.describe('Bewaard tot de leerling bekend is.') }
    }
  }, async (request, reply) => {
    const antwoord = await putAbsentie(request.ctx, request.params, request.body, request.headers['if-match'])
    if (antwoord.absentie !== null) reply.header('etag', etagOf(antwoord.absentie))
    return await reply.code(antwoord.resultaat === 'nieuw' ? 201 : antwoord.resultaat === 'inWacht' ? 202 : 200).send(antwoord)
  })

  rest.delete('/absenties/:bron/:bronId', {
    schema: { operationId: 'withdrawAbsentie', summary: 'Een absentie intrekken', tags, recht: 'absenties:schrijven', params: Schrijfsleutel, headers: IfMatch, querystring: Absentieverwijdering, response: { 204: z.null().describe('Ingetrokken.') } }
  }, async (request, reply) => {
    const { school, gewijzigdOp } = request.query
    await withdrawAbsentie(request.ctx, request.params, school, gewijzigdOp, request.headers['if-match'])
    return await reply.code(204).send(null)
  })

  rest.get('/absenties/:bron/:bronId/geschiedenis', {
    schema: { operationId: 'getGeschiedenis', summary: 'Alle versies van een absentie', tags, recht: 'absenties:lezen', params: Absentiesleutel, querystring: Sleutelvraag, response: { 200: Geschiedenis } }
  }, async (request) => await getGeschiedenis(request.ctx, request.params, request.query.school))

  rest.get('/wachtende-absenties', {
    schema: { operationId: 'listWachtende', summary: 'Absenties die op hun leerling wachten', description: 'Ook wat na het wachten is geweigerd staat hier, met de reden.', tags, recht: 'absenties:lezen', querystring: Wachtendevraag, responseHeaders: { Link: 'rel="next": de volgende pagina.' }, response: { 200: Wachtendenpagina } }
  }, async (request, reply) => {
    const pagina = await listWachtende(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })
}
