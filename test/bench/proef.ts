import { buildKalender } from '../../src/domain/kalender.ts'
import { startDienst } from './dienst.ts'
import type { Benchregel } from './bench.ts'
import type { Proefberekening } from '../../src/proefberekeningen/contract.ts'

const SCHOOL = '99AA'
const VESTIGING = '99AA00'
const DAGEN = buildKalender({ regio: 'noord', eigen: [] }).lesdagen('2025-08-01', '2026-07-31')
const REDENEN = ['ZK', 'ZK', 'ZK', 'MED', 'SPIJ', 'SPIJ', 'TL', 'GEW', null]

/** Every rule there is, as a school may choose them. */
export const ALLE_REGELS = [
  { regel: 'wettelijk-16-uur-18plus', aan: true },
  { regel: 'zorgelijk-verzuim', aan: true, drempels: [8] },
  { regel: 'ziek-frequent', aan: true },
  { regel: 'ziek-langdurig', aan: true },
  { regel: 'te-laat', aan: true },
  { regel: 'aanwezigheidstrede', aan: true }
] as const

/** A proefberekening over HTTP of a school of 1,500 leerlingen and a year, every rule on, against its goal of 5 seconds. */
export async function benchProef (maat: number): Promise<Benchregel[]> {
  const leerlingen = Math.round(1_500 * maat)
  const dienst = await startDienst()
  try {
    const send = async (path: string, body: unknown, type = 'application/json', method = 'POST'): Promise<Response> => {
      const answer = await fetch(`${dienst.url}/v1${path}`, { method, headers: { authorization: `Bearer ${dienst.token}`, 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body) })
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
      return answer
    }
    await send(`/vestigingen/${VESTIGING}`, { naam: 'Bench', sector: 'vo', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 50 }, undefined, 'PUT')
    for (let from = 0; from < leerlingen; from += 500) {
      await send('/leerlingen/_bulk', {
        leerlingen: Array.from({ length: Math.min(500, leerlingen - from) }, (_, at) => ({ bronId: `L-${from + at}`, school: SCHOOL, geboortedatum: `20${10 + at % 4}-03-10`, inschrijvingen: [{ vestiging: VESTIGING, van: '2022-08-01', leerjaar: 1 + at % 4, rooster: [300, 300, 250, 300, 250, 0, 0] }] }))
      })
    }
    const lines = Array.from({ length: leerlingen * 40 }, (_, at) => JSON.stringify(makeAbsentie(at, leerlingen)))
    await (await send('/absenties/_bulk', lines.join('\n'), 'application/x-ndjson')).text()
    const { versie } = await (await send(`/scholen/${SCHOOL}/beleidsversies`, { geldigVan: '2026-08-01', regels: ALLE_REGELS })).json() as { versie: number }
    const seconden: number[] = []
    for (let run = 0; run < 3; run++) {
      const started = performance.now()
      const antwoord = await (await send(`/scholen/${SCHOOL}/beleidsversies/${versie}/proefberekening`, { van: '2025-08-01', tot: '2026-07-31' })).json() as Proefberekening
      seconden.push((performance.now() - started) / 1000)
      if (antwoord.leerlingen !== leerlingen || antwoord.regels.length < 4) throw new Error('the proefberekening did not count everybody')
    }
    const mediaan = seconden.sort((a, b) => a - b)[1]!
    return [{ naam: `proefberekening, ${leerlingen} leerlingen, ${lines.length} absenties`, eigen: mediaan, vergelijking: 5, ratio: mediaan / 5, doel: '≤ 1', eenheid: 's' }]
  } finally {
    await dienst.stop()
  }
}

function makeAbsentie (at: number, leerlingen: number): object {
  const datum = DAGEN[(at * 7 + at % 11) % DAGEN.length]!
  const reden = REDENEN[at % REDENEN.length]
  return { bronId: `a-${at}`, school: SCHOOL, vestiging: VESTIGING, leerling: `L-${at % leerlingen}`, datum, soort: reden === 'TL' ? 'te-laat' : 'afwezig', reden, minuten: reden === 'TL' ? 10 : 50 * (1 + at % 5), gewijzigdOp: `${datum}T09:00:00Z` }
}
