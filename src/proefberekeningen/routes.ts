import { Beleidssleutel } from '../beleid/contract.ts'
import { finishStappen, NDJSON, streamStappen } from '../http/ndjson.ts'
import { Proefberekening, Proefvraag } from './contract.ts'
import { startProefberekening } from './service.ts'
import type { Rest } from '../http/rest.ts'

export function proefberekeningenRoutes (rest: Rest): void {
  rest.post('/scholen/:brin/beleidsversies/:versie/proefberekening', {
    schema: {
      operationId: 'startProefberekening',
      summary: 'Een beleidsversie beproeven op het verleden',
      description: 'Welke signalen deze versie, ook een concept, in een periode zou hebben gegeven als zij steeds had gegolden, naast het beleid dat gold of een andere versie. Legt geen signaal vast. Met `Accept: application/x-ndjson` komt de voortgang regel voor regel, en de uitkomst als laatste.',
      tags: ['beleid'],
      recht: 'signalen:lezen',
      params: Beleidssleutel,
      body: Proefvraag,
      alsoProduces: [NDJSON],
      response: { 200: Proefberekening }
    }
  }, async (request, reply) => {
    const { brin, versie } = request.params
    const stappen = await startProefberekening(request.ctx, brin, versie, request.body)
    if (request.accepts().type(['application/json', NDJSON]) !== NDJSON) return await finishStappen(stappen)
    return await reply.type(NDJSON).send(streamStappen(stappen, { log: request.ctx.log, requestId: request.id }) as never)
  })
}
