import { etagOf, linkNext, type Rest } from '../http/rest.ts'
import { IfMatch, Proefvraag } from '../http/velden.ts'
import {
  Gemaaktemelding, Meldgegevens, Meldgegevensinvoer, Melding, Meldingenpagina, Meldingenvraag, Meldinggeschiedenis, Meldinginvoer, Meldingintrekking, Meldingproef, Meldingssleutel, Meldingwijziging, Meldvoorstellenpagina,
  Meldvoorstellenvraag, Schoolsleutel, Uitzendingen, Uitzendingsoverzicht, Uitzendingssleutel
} from './contract.ts'
import {
  changeMelding, createMelding, getMelding, getMeldgegevens, getMeldinggeschiedenis, listMeldingen, listMeldvoorstellen, listUitzendingen, putMeldgegevens, resendUitzending, tryMelding, withdrawMelding
} from './service.ts'

const tags = ['meldingen']
const ETAG = { ETag: 'Versie van deze melding, voor If-Match.' }
const LINK = { Link: 'rel="next": de volgende pagina.' }

export function meldingenRoutes (rest: Rest): void {
  rest.post('/meldingen', {
    schema: {
      operationId: 'createMelding',
      summary: 'Een melding aan DUO maken',
      description: 'Van een signaal, of met de hand. Alles wat haar tegenhoudt staat in één antwoord. Het signaal wordt gemeld en het bericht gaat in volgorde naar DUO; met `proef=true` gebeurt er niets en ziet u het bericht. Een intern signaal wordt nooit gemeld, en van een melding gaat niets mee dan de velden van het profiel.',
      tags,
      recht: 'meldingen:schrijven',
      querystring: Proefvraag,
      body: Meldinginvoer,
      responseHeaders: { ...ETAG, Location: 'Adres van de melding.' },
      response: { 200: Meldingproef.describe('Met `proef=true`: de toetsen en het bericht.'), 201: Gemaaktemelding }
    }
  }, async (request, reply) => {
    if (request.query.proef) return await reply.code(200).send(await tryMelding(request.ctx, request.body))
    const { aandachtspunten, ...melding } = await createMelding(request.ctx, request.body)
    return await reply.code(201).header('etag', etagOf(melding)).header('location', `/v1/meldingen/${melding.id}`).send({ ...melding, aandachtspunten })
  })

  rest.get('/meldingen', {
    schema: { operationId: 'listMeldingen', summary: 'Meldingen lezen', description: 'In volgorde van school en begindatum.', tags, recht: 'meldingen:lezen', querystring: Meldingenvraag, responseHeaders: LINK, response: { 200: Meldingenpagina } }
  }, async (request, reply) => {
    const pagina = await listMeldingen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/meldingen/:id', {
    schema: { operationId: 'getMelding', summary: 'Een melding', tags, recht: 'meldingen:lezen', params: Meldingssleutel, responseHeaders: ETAG, response: { 200: Melding } }
  }, async (request, reply) => {
    const melding = await getMelding(request.ctx, request.params.id)
    return await reply.header('etag', etagOf(melding)).send(melding)
  })

  rest.put('/meldingen/:id', {
    schema: {
      operationId: 'changeMelding',
      summary: 'Een melding wijzigen',
      description: 'Vervangt wat er voor deze melding is vastgelegd. De dagen volgen opnieuw uit het signaal, of uit de absenties van de periode. Wat DUO nog niet bereikte wordt vervangen; anders gaat er een mutatie naar DUO.',
      tags,
      recht: 'meldingen:schrijven',
      params: Meldingssleutel,
      headers: IfMatch,
      body: Meldingwijziging,
      responseHeaders: ETAG,
      response: { 200: Gemaaktemelding }
    }
  }, async (request, reply) => {
    const { aandachtspunten, ...melding } = await changeMelding(request.ctx, request.params.id, request.body, request.headers['if-match'])
    return await reply.header('etag', etagOf(melding)).send({ ...melding, aandachtspunten })
  })

  rest.post('/meldingen/:id/intrekking', {
    schema: {
      operationId: 'withdrawMelding',
      summary: 'Een melding intrekken',
      description: 'Wat DUO nog niet bereikte is meteen ingetrokken; anders gaat er een intrekking naar DUO en volgt status `I` op haar antwoord. Het signaal wordt niet-gemeld en houdt zijn geschiedenis. Afsluiten kan alleen de gemeente.',
      tags,
      recht: 'meldingen:schrijven',
      params: Meldingssleutel,
      headers: IfMatch,
      body: Meldingintrekking,
      responseHeaders: ETAG,
      response: { 200: Melding }
    }
  }, async (request, reply) => {
    const melding = await withdrawMelding(request.ctx, request.params.id, request.body, request.headers['if-match'])
    return await reply.header('etag', etagOf(melding)).send(melding)
  })

  rest.get('/meldingen/:id/geschiedenis', {
    schema: { operationId: 'getMeldinggeschiedenis', summary: 'Alles wat met een melding gebeurde', tags, recht: 'meldingen:lezen', params: Meldingssleutel, response: { 200: Meldinggeschiedenis } }
  }, async (request) => await getMeldinggeschiedenis(request.ctx, request.params.id))

  rest.get('/meldingen/:id/uitzendingen', {
    schema: { operationId: 'listUitzendingen', summary: 'De berichten van een melding, met elke poging en haar antwoord', tags, recht: 'meldingen:lezen', params: Meldingssleutel, response: { 200: Uitzendingen } }
  }, async (request) => await listUitzendingen(request.ctx, request.params.id))

  rest.post('/meldingen/:id/uitzendingen/:uitzending/herhaling', {
    schema: {
      operationId: 'resendUitzending',
      summary: 'Een dode uitzending herhalen',
      description: 'Zet haar terug op haar plaats in de volgorde. Wat DUO misschien al heeft, houdt zijn kenmerk; wat DUO weigerde, krijgt een nieuw.',
      tags,
      recht: 'meldingen:schrijven',
      params: Uitzendingssleutel,
      response: { 201: Uitzendingsoverzicht }
    }
  }, async (request, reply) => await reply.code(201).send(await resendUitzending(request.ctx, request.params.uitzending, request.params.id)))

  rest.get('/meldvoorstellen', {
    schema: {
      operationId: 'listMeldvoorstellen',
      summary: 'Wat gemeld zou kunnen worden',
      description: 'Open signalen zonder melding, de kortste termijn voorop, met wat er aan een melding nog ontbreekt. Er wordt niets gemeld; alleen soorten die de school in haar meldgegevens automatisch noemt, meldt de nacht.',
      tags,
      recht: 'meldingen:lezen',
      querystring: Meldvoorstellenvraag,
      responseHeaders: LINK,
      response: { 200: Meldvoorstellenpagina }
    }
  }, async (request, reply) => {
    const pagina = await listMeldvoorstellen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/scholen/:brin/meldgegevens', {
    schema: { operationId: 'getMeldgegevens', summary: 'Wat in elke melding van de school staat', tags, recht: 'meldingen:lezen', params: Schoolsleutel, response: { 200: Meldgegevens } }
  }, async (request) => await getMeldgegevens(request.ctx, request.params.brin))

  rest.put('/scholen/:brin/meldgegevens', {
    schema: {
      operationId: 'putMeldgegevens',
      summary: 'Vastleggen wat in elke melding van de school staat',
      description: 'De contactpersoon, of de school altijd zelf informeert, en welke soorten zonder besluit per geval gemeld mogen worden.',
      tags,
      recht: 'meldingen:schrijven',
      params: Schoolsleutel,
      body: Meldgegevensinvoer,
      response: { 200: Meldgegevens }
    }
  }, async (request) => await putMeldgegevens(request.ctx, request.params.brin, request.body))
}
