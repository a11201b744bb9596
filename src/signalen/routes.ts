import { z } from 'zod'
import { etagOf, linkNext, type Rest } from '../http/rest.ts'
import { IfMatch } from '../http/velden.ts'
import { Beoordeeldsignaal, Beoordeling, Rustinvoer, Signaal, Signaalgeschiedenis, Signaalherleiding, Signaalsleutel, Signalenpagina, Signalenvraag } from './contract.ts'
import { beginRust, decideSignaal, endRust, getSignaal, getSignaalgeschiedenis, getSignaalherleiding, listSignalen } from './service.ts'

const tags = ['signalen']
const ETAG = { ETag: 'Versie van dit signaal, voor If-Match.' }

export function signalenRoutes (rest: Rest): void {
  rest.get('/signalen', {
    schema: {
      operationId: 'listSignalen',
      summary: 'Signalen lezen',
      description: 'In volgorde van school en einddatum; een werklijst in volgorde van `uiterlijkAfhandelen`, wat geen termijn heeft achteraan.',
      tags,
      recht: 'signalen:lezen',
      querystring: Signalenvraag,
      responseHeaders: { Link: 'rel="next": de volgende pagina.' },
      response: { 200: Signalenpagina }
    }
  }, async (request, reply) => {
    const pagina = await listSignalen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/signalen/:id', {
    schema: { operationId: 'getSignaal', summary: 'Een signaal met zijn onderbouwing', tags, recht: 'signalen:lezen', params: Signaalsleutel, responseHeaders: ETAG, response: { 200: Signaal } }
  }, async (request, reply) => {
    const signaal = await getSignaal(request.ctx, request.params.id)
    return await reply.header('etag', etagOf(signaal)).send(signaal)
  })

  rest.get('/signalen/:id/herleiding', {
    schema: {
      operationId: 'getSignaalherleiding',
      summary: 'Waaruit een signaal is berekend',
      description: 'Het document zoals het bij de laatste wijziging is bewaard, ter plekke nagerekend, met een toelichting in gewone taal.',
      tags,
      recht: 'signalen:lezen',
      params: Signaalsleutel,
      response: { 200: Signaalherleiding }
    }
  }, async (request) => await getSignaalherleiding(request.ctx, request.params.id))

  rest.get('/signalen/:id/geschiedenis', {
    schema: {
      operationId: 'getSignaalgeschiedenis',
      summary: 'Alles wat met een signaal gebeurde',
      description: 'De standen van het signaal, de beoordelingen en de rust van zijn regel bij deze leerling, in volgorde van tijd.',
      tags,
      recht: 'signalen:lezen',
      params: Signaalsleutel,
      response: { 200: Signaalgeschiedenis }
    }
  }, async (request) => await getSignaalgeschiedenis(request.ctx, request.params.id))

  rest.post('/signalen/:id/beoordelingen', {
    schema: {
      operationId: 'decideSignaal',
      summary: 'Een signaal beoordelen',
      description: '`gemeld` legt vast dat de melding is gedaan, en doet er geen. `open` en `in-behandeling` heropenen een besluit. Een besluit handelt een voorstel af; een vervallen signaal waarop een melding rust, krijgt `niet-gemeld` als zij is ingetrokken of `gemeld` als zij blijft staan, en blijft vervallen.',
      tags,
      recht: 'signalen:beoordelen',
      params: Signaalsleutel,
      headers: IfMatch,
      body: Beoordeling,
      responseHeaders: ETAG,
      response: { 201: Beoordeeldsignaal.describe('Het signaal na het besluit.') }
    }
  }, async (request, reply) => {
    const { kanttekening, ...signaal } = await decideSignaal(request.ctx, request.params.id, request.body, request.headers['if-match'])
    return await reply.code(201).header('etag', etagOf(signaal)).send({ ...signaal, kanttekening })
  })

  rest.post('/signalen/:id/rust', {
    schema: {
      operationId: 'beginRust',
      summary: 'De regel van een signaal bij deze leerling rust geven',
      description: 'Tot en met die dag staat geen signaal van deze regel bij deze leerling in een werklijst, ook niet wat nog komt. Een nieuwe rust vervangt een lopende. Niet bij een wettelijk signaal.',
      tags,
      recht: 'signalen:beoordelen',
      params: Signaalsleutel,
      body: Rustinvoer,
      responseHeaders: ETAG,
      response: { 201: Signaal.describe('Het signaal, in rust.') }
    }
  }, async (request, reply) => {
    const signaal = await beginRust(request.ctx, request.params.id, request.body)
    return await reply.code(201).header('etag', etagOf(signaal)).send(signaal)
  })

  rest.delete('/signalen/:id/rust', {
    schema: { operationId: 'endRust', summary: 'De rust eerder beëindigen', tags, recht: 'signalen:beoordelen', params: Signaalsleutel, response: { 204: z.null().describe('Beëindigd.') } }
  }, async (request, reply) => {
    await endRust(request.ctx, request.params.id)
    return await reply.code(204).send(null)
  })
}
