import { etagOf, linkNext, type Rest } from '../http/rest.ts'
import { IfMatch } from '../http/velden.ts'
import {
  Indelingsleutel, Levering, Leveringbestand, Leveringenpagina, Leveringenvraag, Leveringindeling, Leveringindelingen, Leveringsinvoer, Leveringsleutel, Leveringsplan,
  Leveringsplaninvoer, Leveringsplannen, Leveringsplansleutel, Manifest, Onbestelbaar, Onbestelbaarvraag, Ontvangstinvoer, Rondeantwoord, Rondeinvoer, Schoolsleutel
} from './contract.ts'
import {
  createLevering, createRonde, getBestand, getIndeling, getLevering, getManifest, getOnbestelbaar, listIndelingen, listLeveringen, listLeveringsplannen, offerLevering,
  putLeveringsplan, recordOntvangst
} from './service.ts'

const tags = ['leveringen']
const CSV = 'text/csv'
const JSON_ = 'application/json'
const ETAG = { ETag: 'Versie van deze levering, voor If-Match.' }

export function duoRoutes (rest: Rest): void {
  rest.post('/leveringen', {
    schema: {
      operationId: 'createLevering',
      summary: 'Een levering maken',
      description: 'Telt alles mee wat voor dit verzoek was vastgelegd en niets daarna, en onderdrukt kleine cellen. Met hetzelfde afkapmoment komen dezelfde bytes terug. Is deze periode al aan deze ontvanger geleverd, dan is dit de volgende revisie en wordt de vorige `vervangen`. De bestanden staan daarna ook in LEVERINGEN_DIR.',
      tags,
      recht: 'leveringen:schrijven',
      body: Leveringsinvoer,
      responseHeaders: { Location: 'Adres van de levering.', ...ETAG },
      response: { 201: Levering.describe('Gemaakt.') }
    }
  }, async (request, reply) => {
    const levering = await createLevering(request.ctx, request.body)
    return await reply.code(201).headers({ location: `/v1/leveringen/${levering.id}`, etag: etagOf(levering) }).send(levering)
  })

  rest.get('/leveringen', {
    schema: { operationId: 'listLeveringen', summary: 'Leveringen', tags, recht: 'leveringen:lezen', querystring: Leveringenvraag, responseHeaders: { Link: 'rel="next": de volgende pagina.' }, response: { 200: Leveringenpagina } }
  }, async (request, reply) => {
    const pagina = await listLeveringen(request.ctx, request.query)
    linkNext(request, reply, pagina.volgende ?? undefined)
    return pagina
  })

  rest.get('/leveringen/:id', {
    schema: { operationId: 'getLevering', summary: 'Een levering', tags, recht: 'leveringen:lezen', params: Leveringsleutel, responseHeaders: ETAG, response: { 200: Levering } }
  }, async (request, reply) => {
    const levering = await getLevering(request.ctx, request.params.id)
    return await reply.header('etag', etagOf(levering)).send(levering)
  })

  rest.get('/leveringen/:id/bestand', {
    schema: {
      operationId: 'getLeveringbestand',
      summary: 'Het bestand van een levering',
      description: 'CSV naar de gewoonten van DUO; JSON met `Accept: application/json`.',
      tags,
      recht: 'leveringen:lezen',
      params: Leveringsleutel,
      alsoProduces: [CSV],
      responseHeaders: { ETag: 'SHA-256 van de bytes, hexadecimaal.', 'Content-Disposition': 'De bestandsnaam.' },
      response: { 200: Leveringbestand }
    }
  }, async (request, reply) => {
    const vorm = request.accepts().type([CSV, JSON_]) === JSON_ ? 'json' : 'csv'
    const { inhoud, naam, mediatype, sha256 } = await getBestand(request.ctx, request.params.id, vorm)
    reply.headers({ etag: `"${sha256}"`, vary: 'accept', 'content-disposition': `attachment; filename="${naam}"` })
    // A Buffer leaves as it is: the bytes of the manifest's SHA-256.
    return await reply.type(mediatype).send(inhoud as never)
  })

  rest.get('/leveringen/:id/manifest', {
    schema: { operationId: 'getLeveringmanifest', summary: 'Het manifest van een levering', tags, recht: 'leveringen:lezen', params: Leveringsleutel, response: { 200: Manifest } }
  }, async (request) => await getManifest(request.ctx, request.params.id))

  rest.post('/leveringen/:id/aanbieding', {
    schema: {
      operationId: 'offerLevering',
      summary: 'Een levering aanbieden',
      description: 'Zet de bestanden in LEVERINGEN_DIR in de map van de ontvanger (`ocw`, `gemeente-0014`, `samenwerkingsverband-PO2202`), het manifest als laatste.',
      tags,
      recht: 'leveringen:schrijven',
      params: Leveringsleutel,
      headers: IfMatch,
      responseHeaders: ETAG,
      response: { 200: Levering.describe('Aangeboden.') }
    }
  }, async (request, reply) => {
    const levering = await offerLevering(request.ctx, request.params.id, request.headers['if-match'])
    return await reply.header('etag', etagOf(levering)).send(levering)
  })

  rest.post('/leveringen/:id/ontvangst', {
    schema: {
      operationId: 'recordOntvangst',
      summary: 'Vastleggen wat de ontvanger antwoordde',
      description: 'Na `afgekeurd` volgt een nieuwe levering van dezelfde periode: de volgende revisie.',
      tags,
      recht: 'leveringen:schrijven',
      params: Leveringsleutel,
      headers: IfMatch,
      body: Ontvangstinvoer,
      responseHeaders: ETAG,
      response: { 200: Levering.describe('Vastgelegd.') }
    }
  }, async (request, reply) => {
    const levering = await recordOntvangst(request.ctx, request.params.id, request.body, request.headers['if-match'])
    return await reply.header('etag', etagOf(levering)).send(levering)
  })

  rest.post('/leveringsrondes', {
    schema: {
      operationId: 'createLeveringsronde',
      summary: 'Een levering voor elke gemeente of elk samenwerkingsverband',
      description: 'Maakt er een voor elke gemeente waarin op de laatste getelde dag leerplichtige leerlingen woonden, of voor elk samenwerkingsverband van de vestigingen; elke levering staat op zichzelf. Wat nergens heen kon, staat erbij als aantal.',
      tags,
      recht: 'leveringen:schrijven',
      body: Rondeinvoer,
      response: { 201: Rondeantwoord.describe('Gemaakt.') }
    }
  }, async (request, reply) => await reply.code(201).send(await createRonde(request.ctx, request.body)))

  rest.get('/scholen/:brin/onbestelbaar', {
    schema: { operationId: 'getOnbestelbaar', summary: 'Wat naar geen gemeente of samenwerkingsverband leidt', tags, recht: 'leveringen:lezen', params: Schoolsleutel, querystring: Onbestelbaarvraag, response: { 200: Onbestelbaar } }
  }, async (request) => await getOnbestelbaar(request.ctx, request.params.brin, request.query.datum))

  rest.get('/scholen/:brin/leveringsplannen', {
    schema: { operationId: 'listLeveringsplannen', summary: 'Wanneer een school levert', tags, recht: 'leveringen:lezen', params: Schoolsleutel, response: { 200: Leveringsplannen } }
  }, async (request) => await listLeveringsplannen(request.ctx, request.params.brin))

  rest.put('/scholen/:brin/leveringsplannen/:ontvanger', {
    schema: {
      operationId: 'putLeveringsplan',
      summary: 'Vastleggen wanneer een school levert',
      description: 'De nacht maakt elke periode die eindigt vanaf de dag waarop het plan begon, ook als zij een tijd niet liep: per ontvanger één keer.',
      tags,
      recht: 'leveringen:schrijven',
      params: Leveringsplansleutel,
      headers: IfMatch,
      body: Leveringsplaninvoer,
      responseHeaders: { ETag: 'Versie van dit plan, voor If-Match.' },
      response: { 200: Leveringsplan }
    }
  }, async (request, reply) => {
    const plan = await putLeveringsplan(request.ctx, request.params.brin, request.params.ontvanger, request.body, request.headers['if-match'])
    return await reply.header('etag', etagOf(plan)).send(plan)
  })

  rest.get('/leveringindelingen', {
    schema: { operationId: 'listLeveringindelingen', summary: 'De indelingen van leveringen', description: 'Per ontvanger de gesloten lijst van kolommen, met doel en grondslag.', tags, recht: 'leveringen:lezen', response: { 200: Leveringindelingen } }
  }, async (request) => listIndelingen(request.ctx))

  rest.get('/leveringindelingen/:naam/:versie', {
    schema: { operationId: 'getLeveringindeling', summary: 'Een indeling, met het JSON Schema van haar bestand', tags, recht: 'leveringen:lezen', params: Indelingsleutel, response: { 200: Leveringindeling } }
  }, async (request) => getIndeling(request.ctx, request.params))
}
