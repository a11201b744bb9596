import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { App } from '../app.ts'

const registry = new Registry()
collectDefaultMetrics({ register: registry })

const verzoeken = new Histogram({
  name: 'aanwezig_verzoek_seconden',
  help: 'Duur van HTTP-verzoeken per route, methode en status.',
  labelNames: ['methode', 'route', 'status'],
  buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
  registers: [registry]
})

/** Records pushed, by what happened to them. */
export const absentieTeller = new Counter({ name: 'aanwezig_absenties_totaal', help: 'Aangeleverde absenties per resultaat.', labelNames: ['resultaat'], registers: [registry] })

/** Leerlingen evaluated by the worker, and how long the oldest batch took from start to commit. */
export const evaluatieTeller = new Counter({ name: 'aanwezig_evaluaties_totaal', help: 'Geëvalueerde leerlingen.', registers: [registry] })

/** Signalen that people should have handled; as the last night of this process counted them. */
export const teLaatMeter = new Gauge({ name: 'aanwezig_signalen_te_laat', help: 'Onafgehandelde signalen over hun termijn, per regel, bij de laatste nacht.', labelNames: ['regel'], registers: [registry] })

/** Meldingen that DUO has not registered within the term; as the last night of this process counted them. */
export const meldingenTeLaatMeter = new Gauge({ name: 'aanwezig_meldingen_te_laat', help: 'Meldingen die over de wettelijke termijn nog op verzending wachten, bij de laatste nacht.', registers: [registry] })

/** Verzoeken van betrokkenen that were not answered in time; as the last night of this process counted them. */
export const verzoekenTeLaatMeter = new Gauge({ name: 'aanwezig_verzoeken_te_laat', help: 'Verzoeken van betrokkenen die over de termijn van AVG art. 12 nog niet zijn beantwoord, bij de laatste nacht.', registers: [registry] })

/** Perioden of plans that a plan of an earlier day should have made. */
export const leveringenTeLaatMeter = new Gauge({ name: 'aanwezig_leveringen_te_laat', help: 'Perioden van leveringsplannen die al langer dan een dag gemaakt moesten zijn, toen deze instantie voor het laatst plande.', registers: [registry] })

/** Certificates for DUO, by what they are for: those for the connection and those that sign. */
export const duoCertificaatMeter = new Gauge({ name: 'aanwezig_duo_certificaat_dagen', help: 'Dagen tot het certificaat voor DUO dat in gebruik is, eindigt.', labelNames: ['gebruik'], registers: [registry] })
export const duoCertificaatGeweigerdMeter = new Gauge({ name: 'aanwezig_duo_certificaat_geweigerd', help: '1: het nieuwe certificaat voor DUO is onbruikbaar en het vorige blijft in gebruik.', labelNames: ['gebruik'], registers: [registry] })

/** Requests refused, or ended, to protect the others; by what was too much. */
export const weigeringTeller = new Counter({ name: 'aanwezig_geweigerd_totaal', help: 'Verzoeken die geweigerd of afgebroken zijn om de andere te beschermen, per reden.', labelNames: ['reden'], registers: [registry] })

/** Questions to issuers for the keys of their tokens. */
export const sleutelTeller = new Counter({ name: 'aanwezig_uitgeversleutels_totaal', help: 'Vragen aan uitgevers om de sleutels van hun toegangsbewijzen, per resultaat.', labelNames: ['resultaat'], registers: [registry] })

/** One line a request, with the route's pattern instead of its url: ids of people stay out of the log. */
export async function observeRequest (request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const route = request.routeOptions.url ?? 'onbekend'
  verzoeken.observe({ methode: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000)
  request.log.info({ methode: request.method, route, status: reply.statusCode, ms: Math.round(reply.elapsedTime * 10) / 10, bron: (request as { ctx?: { actor?: { bron: string } } }).ctx?.actor?.bron }, 'verzoek')
}

/** `/livez`: the process answers. `/readyz`: the store does too. `/metrics`: Prometheus. None needs a token, none holds anything of a person. */
export function registerHealth (server: FastifyInstance, app: App): void {
  let closing = false
  server.addHook('preClose', async () => { closing = true })
  // One registry a process; a second server in it (tests) takes the gauge over.
  registry.removeSingleMetric('aanwezig_verbindingen')
  registry.registerMetric(new Gauge({
    name: 'aanwezig_verbindingen',
    help: 'Databaseverbindingen per toestand.',
    labelNames: ['toestand'],
    registers: [],
    collect () {
      this.set({ toestand: 'open' }, app.pool.totalCount)
      this.set({ toestand: 'vrij' }, app.pool.idleCount)
      this.set({ toestand: 'wachtend' }, app.pool.waitingCount)
    }
  }))

  // Answered whatever else is refused, so each is cheap: callers at the same moment share one question and one page.
  const options = { config: { always: true } }
  const ask = share(0, async () => { await app.pool.query('select 1') })
  const collect = share(250, async () => await registry.metrics())
  server.get('/livez', options, async () => ({ status: 'ok' }))
  server.get('/readyz', options, async (_request, reply) => {
    if (closing) return await reply.code(503).header('retry-after', '5').send({ status: 'sluit' })
    try {
      await ask()
      return { status: 'ok' }
    } catch {
      // The answer is the message: this endpoint exists to say so.
      return await reply.code(503).header('retry-after', '5').send({ status: 'opslag niet bereikbaar' })
    }
  })
  server.get('/metrics', options, async (_request, reply) => await reply.type(registry.contentType).send(await collect()))
}

/** One run for everybody who asks while it runs, or within so many milliseconds after. */
function share<T> (milliseconds: number, work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined
  const forget = (): void => { running = undefined }
  return async () => {
    running ??= work().finally(() => {
      if (milliseconds === 0) forget()
      else setTimeout(forget, milliseconds).unref()
    })
    return await running
  }
}
