import { z } from 'zod'
import { linkNext, type Rest } from '../http/rest.ts'
import { Bron, Proefvraag, Sleutelvraag } from '../http/velden.ts'
import * as contract from './contract.ts'
import * as service from './service.ts'

const tags = ['stamgegevens']
const recht = 'stamgegevens:schrijven'
const LINK = { Link: 'rel="next": de volgende pagina.' }

export function leerlingenRoutes (rest: Rest): void {
  rest.get('/vestigingen', {
    schema: { operationId: 'listVestigingen', summary: 'Vestigingen lezen', tags, recht: 'stamgegevens:lezen', querystring: contract.Vestigingenvraag, responseHeaders: LINK, response: { 200: contract.Vestigingenpagina } }
  }, async (request, reply) => {
    const pagina = await service.listVestigingen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.post('/vestigingen/_bulk', {
    schema: { operationId: 'pushVestigingen', summary: 'Vestigingen aanleveren', tags, recht, querystring: Proefvraag, body: contract.Vestigingenbulk, response: { 200: contract.Vestigingenbulkantwoord } }
  }, async (request) => await service.pushVestigingen(request.ctx, request.body.vestigingen, request.query))

  rest.get('/vestigingen/:vestigingscode', {
    schema: { operationId: 'getVestiging', summary: 'Een vestiging lezen', tags, recht: 'stamgegevens:lezen', params: contract.Vestigingssleutel, response: { 200: contract.Vestiging } }
  }, async (request) => await service.getVestiging(request.ctx, request.params.vestigingscode))

  rest.put('/vestigingen/:vestigingscode', {
    schema: { operationId: 'putVestiging', summary: 'Een vestiging vastleggen', description: 'De school is de BRIN: de eerste vier tekens van de vestigingscode.', tags, recht, params: contract.Vestigingssleutel, body: contract.Vestigingsinvoer, response: { 200: contract.Vestiging, 201: contract.Vestiging.describe('Nieuw.') } }
  }, async (request, reply) => {
    const { resultaat, vestiging } = await service.putVestiging(request.ctx, request.params.vestigingscode, request.body)
    return await reply.code(resultaat === 'nieuw' ? 201 : 200).send(vestiging)
  })

  rest.post('/kalenders/_bulk', {
    schema: { operationId: 'pushKalenders', summary: 'Kalenders aanleveren', tags, recht, querystring: Proefvraag, body: contract.Kalenderbulk, response: { 200: contract.Kalenderbulkantwoord } }
  }, async (request) => await service.pushKalenders(request.ctx, request.body.kalenders, request.query))

  rest.get('/vestigingen/:vestigingscode/kalenders/:schooljaar', {
    schema: { operationId: 'getKalender', summary: 'De kalender die geldt', description: 'Zonder eigen kalender de landelijke van de regio.', tags, recht: 'stamgegevens:lezen', params: contract.Kalendersleutel, response: { 200: contract.Kalenderantwoord } }
  }, async (request) => await service.getKalender(request.ctx, request.params.vestigingscode, request.params.schooljaar))

  rest.put('/vestigingen/:vestigingscode/kalenders/:schooljaar', {
    schema: { operationId: 'putKalender', summary: 'De kalender van een vestiging vastleggen', description: 'Vervangt voor dit schooljaar de landelijke kalender van de regio geheel.', tags, recht, params: contract.Kalendersleutel, body: contract.Kalenderinvoer, response: { 200: contract.Kalenderantwoord, 201: contract.Kalenderantwoord.describe('Nieuw.') } }
  }, async (request, reply) => {
    const { resultaat, kalender } = await service.putKalender(request.ctx, request.params.vestigingscode, request.params.schooljaar, request.body)
    return await reply.code(resultaat === 'nieuw' ? 201 : 200).send(kalender)
  })

  rest.post('/leerlingen/_bulk', {
    schema: { operationId: 'pushLeerlingen', summary: 'Leerlingen en hun inschrijvingen aanleveren', description: 'Elk record noemt alle inschrijvingen van de leerling op deze school.', tags, recht, querystring: Proefvraag, body: contract.Leerlingenbulk, response: { 200: contract.Leerlingenbulkantwoord } }
  }, async (request) => await service.pushLeerlingen(request.ctx, request.body.leerlingen, request.query))

  rest.post('/leerlingen/_zoek', {
    schema: { operationId: 'searchLeerlingen', summary: 'Leerlingen zoeken op persoonsgebonden nummer', tags, recht: 'stamgegevens:lezen', body: contract.Zoekvraag, response: { 200: contract.Zoekantwoord } }
  }, async (request) => await service.searchLeerlingen(request.ctx, request.body))

  rest.get('/leerlingen', {
    schema: { operationId: 'listLeerlingen', summary: 'Leerlingen lezen', tags, recht: 'stamgegevens:lezen', querystring: contract.Leerlingenvraag, responseHeaders: LINK, response: { 200: contract.Leerlingenpagina } }
  }, async (request, reply) => {
    const pagina = await service.listLeerlingen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/leerlingen/:bron/:bronId', {
    schema: { operationId: 'getLeerling', summary: 'Een leerling lezen', tags, recht: 'stamgegevens:lezen', params: contract.Leerlingsleutel, querystring: Sleutelvraag, response: { 200: contract.Leerling } }
  }, async (request) => await service.getLeerling(request.ctx, request.params.bron, request.params.bronId, request.query.school))

  rest.post('/vrijstellingen/_bulk', {
    schema: { operationId: 'pushVrijstellingen', summary: 'Vrijstellingen aanleveren', tags, recht, querystring: Proefvraag, body: contract.Vrijstellingenbulk, response: { 200: contract.Vrijstellingenbulkantwoord } }
  }, async (request) => await service.pushVrijstellingen(request.ctx, request.body.vrijstellingen, request.query))

  rest.put('/vrijstellingen/:bronId', {
    schema: { operationId: 'putVrijstelling', summary: 'Een vrijstelling vastleggen', tags, recht, params: contract.Bronsleutel, body: contract.Vrijstellingsinvoer, response: { 200: contract.Vrijstelling, 201: contract.Vrijstelling.describe('Nieuw.') } }
  }, async (request, reply) => {
    const { bronId } = request.params
    const resultaat = await service.putVrijstelling(request.ctx, bronId, request.body)
    return await reply.code(resultaat === 'nieuw' ? 201 : 200).send({ ...request.body, bron: z.parse(Bron, request.ctx.actor.bron), bronId })
  })
}
