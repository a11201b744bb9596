import { linkNext, type Rest } from '../http/rest.ts'
import { Leerlingsleutel, Verwerkingenpagina, Verwerkingenvraag, Verwerkingsactiviteiten } from './contract.ts'
import { listActiviteiten, listVerwerkingen } from './service.ts'

const tags = ['verwerkingen']

export function verwerkingenRoutes (rest: Rest): void {
  rest.get('/verwerkingsactiviteiten', {
    schema: {
      operationId: 'listVerwerkingsactiviteiten',
      summary: 'Het register van verwerkingsactiviteiten',
      description: 'Wat hier met gegevens van personen gebeurt, waarvoor, op welke grond en hoelang (AVG art. 30). Voor iedereen te lezen.',
      tags,
      recht: 'openbaar',
      response: { 200: Verwerkingsactiviteiten }
    }
  }, async () => listActiviteiten())

  rest.get('/leerlingen/:bron/:bronId/verwerkingen', {
    schema: {
      operationId: 'listVerwerkingen',
      summary: 'Wie zag deze leerling, waarvoor, en met welk recht',
      description: 'De laatste eerst. Elke verwerking, lezen zo goed als schrijven; dit lezen zelf ook, in het volgende antwoord.',
      tags,
      recht: 'verwerkingen:lezen',
      params: Leerlingsleutel,
      querystring: Verwerkingenvraag,
      responseHeaders: { Link: 'rel="next": de volgende pagina.' },
      response: { 200: Verwerkingenpagina }
    }
  }, async (request, reply) => {
    const pagina = await listVerwerkingen(request.ctx, request.params, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })
}
