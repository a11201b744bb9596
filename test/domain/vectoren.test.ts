import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { evaluateRegels, type Uitkomst } from '../../src/domain/evaluate-regels.ts'
import { startService, type Service } from '../support/service.ts'
import { buildFeiten, forOracle, LAATSTE_PEILDATUM, listAbsenties, listBeleid, listInschrijvingen, listKalenders, listVestigingen, type Geval, type Vectorbestand } from './geval.ts'
import { predictUitkomsten } from './oracle.ts'

type Verwacht = Record<string, unknown>

// The shared vectors of the rekenregels lie beside the project where it is developed; our own always run.
const SHARED = new URL('../../../shared/vectors/', import.meta.url)
const OWN = new URL('./vectoren/', import.meta.url)

const gevallen = [OWN, ...(existsSync(SHARED) ? [SHARED] : [])]
  .flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Vectorbestand))
  .flatMap(({ regel, standaard, gevallen }) => gevallen.map((geval): Geval & { regel: string } => ({ regel, ...standaard, ...geval })))

t.test('every vector holds for the rules and for the words', async (t) => {
  for (const geval of gevallen) {
    const feiten = buildFeiten(geval)
    const vestigingen = listVestigingen(geval)
    const peildatum = geval.peildatum ?? LAATSTE_PEILDATUM
    const short = (uitkomsten: readonly Uitkomst[]): Verwacht[] => compared(uitkomsten.filter(({ regel }) => regel === geval.regel).map(asSignaal), geval)
    t.same(short(evaluateRegels(feiten, vestigingen, listBeleid(geval), peildatum)), geval.verwacht, `${geval.regel}, evaluated: ${geval.naam}`)
    t.same(short(predictUitkomsten(feiten, forOracle(vestigingen), listBeleid(geval), peildatum)), geval.verwacht, `${geval.regel}, read from the words: ${geval.naam}`)
  }
  t.ok(gevallen.length >= 200, 'there are vectors')
})

t.test('every vector passes through the API', { timeout: 110_000 }, async (t) => {
  let clock = LAATSTE_PEILDATUM
  const service = await startService(t, { now: () => new Date(`${clock}T20:00:00Z`) })
  const nummers = new Map(gevallen.map((geval, number) => [geval, number]))
  for (const [peildatum, samen] of Map.groupBy(gevallen, (geval) => geval.peildatum ?? LAATSTE_PEILDATUM)) {
    clock = peildatum
    // A school each, a few at once.
    const waiting = [...samen]
    await Promise.all(Array.from({ length: 6 }, async () => {
      for (let geval = waiting.shift(); geval !== undefined; geval = waiting.shift()) {
        const number = nummers.get(geval)!
        const school = `10${String.fromCharCode(65 + Math.floor(number / 26))}${String.fromCharCode(65 + number % 26)}`
        t.same(await listSignalen(service, school, geval), geval.verwacht, `${geval.regel}: ${geval.naam}`)
      }
    }))
  }
})

/** As the contract of the API says it. */
function asSignaal (uitkomst: Uitkomst): Verwacht {
  const { aard, eenheid, drempel, uiterlijkAfhandelen } = uitkomst
  return { ...uitkomst, drempelMinuten: eenheid === 'minuten' ? drempel : null, uiterlijkMelden: aard === 'wettelijk' ? uiterlijkAfhandelen : null }
}

/** In order of einddatum and step; of each only what the case names. */
function compared (signalen: readonly Verwacht[], { verwacht }: Geval): Verwacht[] {
  const sorted = [...signalen].sort((a, b) => String(a.einddatum) < String(b.einddatum) ? -1 : String(a.einddatum) > String(b.einddatum) ? 1 : Number(a.drempel) - Number(b.drempel))
  return sorted.map((signaal, at) => Object.fromEntries(Object.keys(verwacht[at] ?? { begindatum: '', einddatum: '' }).map((key) => [key, signaal[key]])))
}

/** What a school of its own is told for a case, and what it then reads. */
async function listSignalen (service: Service, school: string, geval: Geval & { regel: string }): Promise<Verwacht[]> {
  // The clock of a case may lie years ahead of the one that dates the token.
  const bearer = await service.token({ scholen: [school], seconds: 10 * 365 * 86_400 })
  const send = async (method: 'POST' | 'PUT', url: string, payload: object): Promise<Record<string, unknown>> => {
    const answer = await service.inject({ bearer, method, url, payload })
    if (answer.statusCode >= 300) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`)
    return answer.json<Record<string, unknown>>()
  }
  for (const [code, { sector, regio, lesuurMinuten }] of listVestigingen(geval)) {
    await send('PUT', `/v1/vestigingen/${school}${code}`, { naam: 'De Proef', sector, regio, gemeentecode: '0014', lesuurMinuten })
    for (const { schooljaar, ...kalender } of listKalenders(geval, code)) await send('PUT', `/v1/vestigingen/${school}${code}/kalenders/${schooljaar}`, kalender)
  }
  for (const { geldigVan, redenen, codes, regels, duidingen, onverklaardNaLesdagen } of listBeleid(geval)) {
    const { versie } = await send('POST', `/v1/scholen/${school}/beleidsversies`, { geldigVan, redenen, codes, regels, duidingen, onverklaardNaLesdagen })
    await send('POST', `/v1/scholen/${school}/beleidsversies/${String(versie)}/vaststelling`, {})
  }
  const inschrijvingen = listInschrijvingen(geval).map(({ vestiging, ...deel }) => ({ vestiging: `${school}${vestiging}`, ...deel }))
  const leerlingen = await send('POST', '/v1/leerlingen/_bulk', { leerlingen: [{ bronId: 'L-1', school, geboortedatum: geval.geboortedatum, inschrijvingen }] })
  if ((leerlingen.aantallen as { nieuw: number }).nieuw !== 1) throw new Error(JSON.stringify(leerlingen))
  for (const [at, { van, tot }] of (geval.vrijstellingen ?? []).entries()) await send('PUT', `/v1/vrijstellingen/V-${at}`, { leerling: 'L-1', school, grondslag: '5-onder-a', van, tot })
  for (const uitzondering of geval.uitzonderingen ?? []) await send('POST', `/v1/scholen/${school}/uitzonderingen`, { leerling: { bron: 'test-lvs', bronId: 'L-1' }, reden: 'anders', ...uitzondering })

  // What lies after the peildatum was told before it.
  const laatst = `${geval.peildatum ?? LAATSTE_PEILDATUM}T09:00:00Z`
  const absenties = listAbsenties(geval).map(({ vestiging, gewijzigdOp, ...absentie }) => ({ ...absentie, gewijzigdOp: gewijzigdOp < laatst ? gewijzigdOp : laatst, school, vestiging: `${school}${vestiging}`, leerling: 'L-1' }))
  const { resultaten } = await send('POST', '/v1/absenties/_bulk', { absenties }) as { resultaten: Array<{ resultaat: string, problemen?: Array<{ code: string }> }> }
  for (const { resultaat, problemen } of resultaten) {
    if (resultaat !== 'nieuw' && problemen?.[0]?.code !== 'geen-lesdag') throw new Error(`not taken, though there was a lesson: ${JSON.stringify(problemen)}`)
  }
  await service.evaluate()
  const { signalen } = (await service.inject({ bearer, url: `/v1/signalen?school=${school}&regel=${geval.regel}&limit=1000` })).json<{ signalen: Verwacht[] }>()
  return compared(signalen, geval)
}
