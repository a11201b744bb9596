import { z } from 'zod'
import { Mandaat, Mandaatinvoer, Mandaatsleutel, Mandaten, Schoolsleutel } from './contract.ts'
import { createMandaat, listMandaten, withdrawMandaat } from './service.ts'
import type { Rest } from '../http/rest.ts'

const tags = ['mandaten']

export function mandatenRoutes (rest: Rest): void {
  rest.post('/scholen/:brin/mandaten', {
    schema: {
      operationId: 'createMandaat',
      summary: 'Een bron mandaat geven',
      description: 'Vanaf het eerste mandaat voor een dienst handelt voor de school alleen nog een bron die er vandaag een heeft; zolang de school er geen gaf, mag elke bron met het recht. De school geeft het: geef dit recht niet aan de toepassing die het mandaat krijgt.',
      tags,
      recht: 'beleid:schrijven',
      params: Schoolsleutel,
      body: Mandaatinvoer,
      response: { 201: Mandaat }
    }
  }, async (request, reply) => await reply.code(201).send(await createMandaat(request.ctx, request.params.brin, request.body)))

  rest.get('/scholen/:brin/mandaten', {
    schema: {
      operationId: 'listMandaten',
      summary: 'Mandaten lezen',
      description: 'In volgorde van dienst, bron en eerste dag; ook wat is ingetrokken.',
      tags,
      recht: 'beleid:lezen',
      params: Schoolsleutel,
      response: { 200: Mandaten }
    }
  }, async (request) => await listMandaten(request.ctx, request.params.brin))

  rest.delete('/scholen/:brin/mandaten/:id', {
    schema: {
      operationId: 'withdrawMandaat',
      summary: 'Een mandaat intrekken',
      description: 'Per direct. De dienst blijft gesloten voor wie geen mandaat heeft, ook als dit het laatste was.',
      tags,
      recht: 'beleid:schrijven',
      params: Mandaatsleutel,
      response: { 204: z.null().describe('Ingetrokken.') }
    }
  }, async (request, reply) => {
    await withdrawMandaat(request.ctx, request.params.brin, request.params.id)
    return await reply.code(204).send(null)
  })
}
