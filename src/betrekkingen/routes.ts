import { z } from 'zod'
import { linkNext, type Rest } from '../http/rest.ts'
import { Bron, Proefvraag, Sleutelvraag } from '../http/velden.ts'
import * as contract from './contract.ts'
import * as service from './service.ts'

const tags = ['toegang']
const recht = 'stamgegevens:schrijven'
const LINK = { Link: 'rel="next": de volgende pagina.' }

export function betrekkingenRoutes (rest: Rest): void {
  rest.post('/groepen/_bulk', {
    schema: { operationId: 'pushGroepen', summary: 'Groepen aanleveren', description: 'Elk record noemt alle begeleiders en leden van de groep, met hun looptijd. Een mentor of zorgcoördinator ziet op een dag de leden van zijn groepen, en niemand anders.', tags, recht, querystring: Proefvraag, body: contract.Groepenbulk, response: { 200: contract.Relatiesbulkantwoord } }
  }, async (request) => await service.pushGroepen(request.ctx, request.body.groepen, request.query))

  rest.put('/groepen/:bronId', {
    schema: { operationId: 'putGroep', summary: 'Een groep vastleggen', tags, recht, params: contract.Bronsleutel, body: contract.Groepsinvoer, response: { 200: contract.Groep, 201: contract.Groep.describe('Nieuw.') } }
  }, async (request, reply) => {
    const { bronId } = request.params
    const resultaat = await service.putGroep(request.ctx, bronId, request.body)
    const { begeleiders, leden, ...groep } = request.body
    const open = <T extends { tot?: string | null | undefined }>(each: T): T & { tot: string | null } => ({ ...each, tot: each.tot ?? null })
    return await reply.code(resultaat === 'nieuw' ? 201 : 200).send({ ...groep, bron: z.parse(Bron, request.ctx.actor.bron), bronId, begeleiders: begeleiders.map(open), leden: leden.map(open) })
  })

  rest.get('/groepen', {
    schema: { operationId: 'listGroepen', summary: 'Groepen lezen', tags, recht: 'toegang:lezen', querystring: contract.Groepenvraag, responseHeaders: LINK, response: { 200: contract.Groepenpagina } }
  }, async (request, reply) => {
    const pagina = await service.listGroepen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.post('/betrekkingen/_bulk', {
    schema: { operationId: 'pushBetrekkingen', summary: 'Betrekkingen aanleveren', description: 'Wie de leerling zelf is en wie zijn ouders zijn, met looptijd, gezag en blokkades. Een ouder ziet mee tot de leerling 18 is, en daarna zolang die toestemming geeft.', tags, recht, querystring: Proefvraag, body: contract.Betrekkingenbulk, response: { 200: contract.Relatiesbulkantwoord } }
  }, async (request) => await service.pushBetrekkingen(request.ctx, request.body.betrekkingen, request.query))

  rest.put('/betrekkingen/:bronId', {
    schema: { operationId: 'putBetrekking', summary: 'Een betrekking vastleggen', tags, recht, params: contract.Bronsleutel, body: contract.Betrekkingsinvoer, response: { 200: contract.Betrekking, 201: contract.Betrekking.describe('Nieuw.') } }
  }, async (request, reply) => {
    const { bronId } = request.params
    const resultaat = await service.putBetrekking(request.ctx, bronId, request.body)
    const { blokkades, tot, ...betrekking } = request.body
    return await reply.code(resultaat === 'nieuw' ? 201 : 200).send({ ...betrekking, tot: tot ?? null, bron: z.parse(Bron, request.ctx.actor.bron), bronId, blokkades: blokkades.map((each) => ({ ...each, tot: each.tot ?? null })) })
  })

  rest.get('/betrekkingen', {
    schema: { operationId: 'listBetrekkingen', summary: 'Betrekkingen lezen', tags, recht: 'toegang:lezen', querystring: contract.Betrekkingenvraag, responseHeaders: LINK, response: { 200: contract.Betrekkingenpagina } }
  }, async (request, reply) => {
    const pagina = await service.listBetrekkingen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.post('/leerlingen/:bron/:bronId/toestemmingen', {
    schema: { operationId: 'giveToestemming', summary: 'Een ouder laten meezien na 18 jaar', description: 'Door de leerling zelf, of door de school vastgelegd zoals hij haar gaf.', tags, recht: 'toegang:schrijven', params: contract.Leerlingsleutel, body: contract.Toestemmingsinvoer, response: { 201: contract.Toestemming } }
  }, async (request, reply) => await reply.code(201).send(await service.giveToestemming(request.ctx, request.params, request.body)))

  rest.get('/leerlingen/:bron/:bronId/toestemmingen', {
    schema: { operationId: 'listToestemmingen', summary: 'Toestemmingen van een leerling', tags, recht: 'toegang:lezen', params: contract.Leerlingsleutel, querystring: Sleutelvraag, response: { 200: contract.Toestemmingen } }
  }, async (request) => await service.listToestemmingen(request.ctx, request.params, request.query.school))

  rest.delete('/leerlingen/:bron/:bronId/toestemmingen/:id', {
    schema: { operationId: 'withdrawToestemming', summary: 'Een toestemming intrekken', description: 'De ouder ziet vanaf dat moment niets meer; de toestemming blijft te lezen.', tags, recht: 'toegang:schrijven', params: contract.Toestemmingssleutel, querystring: Sleutelvraag, response: { 204: z.null().describe('Ingetrokken.') } }
  }, async (request, reply) => {
    const { id, ...leerling } = request.params
    await service.withdrawToestemming(request.ctx, leerling, id, request.query.school)
    return await reply.code(204).send(null)
  })

  rest.get('/toegang/uitleg', {
    schema: { operationId: 'explainToegang', summary: 'Waarom iemand een leerling ziet, of niet', tags, recht: 'toegang:lezen', querystring: contract.Uitlegvraag, response: { 200: contract.Uitleg } }
  }, async (request) => await service.explainToegang(request.ctx, request.query))
}
