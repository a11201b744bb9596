import { Aanleveringsleutel } from '../aanleveringen/contract.ts'
import { Proefvraag } from '../http/velden.ts'
import { Momentopnameantwoord, Momentopnameinvoer, Terugdraaiingsantwoord, Terugdraaiingsvraag } from './contract.ts'
import { pushMomentopname, revertAanlevering } from './service.ts'
import type { Rest } from '../http/rest.ts'

const tags = ['absenties']

export function herzieningenRoutes (rest: Rest): void {
  rest.post('/momentopnamen', {
    bodyLimit: 16 * 1024 * 1024, // 20,000 absenties are 5.2 MB
    schema: {
      operationId: 'pushMomentopname',
      summary: 'Een momentopname aanleveren: alle absenties van een vestiging in een periode',
      description: 'Levert de records aan en trekt in wat van deze bron in de vestiging en de periode staat en niet is genoemd. Een geweigerd of wachtend record geldt als genoemd. Alles of niets: zou meer dan `plafond` procent worden ingetrokken, dan volgt 409 en is er niets veranderd.',
      tags,
      recht: 'absenties:schrijven',
      querystring: Proefvraag,
      body: Momentopnameinvoer,
      response: { 200: Momentopnameantwoord }
    }
  }, async (request) => await pushMomentopname(request.ctx, request.body, request.query))

  rest.post('/aanleveringen/:aanlevering/terugdraaiing', {
    schema: {
      operationId: 'revertAanlevering',
      summary: 'Een eigen aanlevering van absenties terugdraaien',
      description: 'Brengt elke absentie waarvan de inhoud uit deze aanlevering komt terug naar wat zonder die aanlevering zou gelden, ingedeeld en berekend naar wat nu geldt. Wat een latere aanlevering ongewijzigd herhaalde, is nog van deze. Ook een terugdraaiing is zelf terug te draaien; wat nog in wacht stond, komt daarmee niet terug.',
      tags,
      recht: 'absenties:schrijven',
      params: Aanleveringsleutel,
      querystring: Terugdraaiingsvraag,
      response: { 200: Terugdraaiingsantwoord }
    }
  }, async (request) => await revertAanlevering(request.ctx, request.params.aanlevering, request.query))
}
