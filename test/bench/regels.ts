import { evaluateRegels, type Feiten } from '../../src/domain/evaluate-regels.ts'
import { buildKalender } from '../../src/domain/kalender.ts'
import { percentile } from './dienst.ts'
import type { Benchregel } from './bench.ts'

/** Rule evaluation in memory: facts a second on one core, and the time of one leerling's schooljaar. */
export async function benchRegels (): Promise<Benchregel[]> {
  const kalender = buildKalender({ regio: 'noord', eigen: [] })
  const vestigingen = new Map([['99AA00', { sector: 'po' as const, lesuurMinuten: 60, kalender }]])
  const dagen = kalender.lesdagen('2025-08-01', '2026-07-31')
  const build = (every: number): Feiten => ({
    geboortedatum: '2014-03-10',
    inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', tot: null, rooster: [330, 330, 330, 330, 330, 0, 0] }],
    vrijstellingen: [],
    absenties: dagen.filter((_, at) => at % every === 0).map((datum, at) => ({ bron: 'b', bronId: String(at), vestiging: '99AA00', datum, soort: 'afwezig', reden: 'SPIJ', categorie: 'ongeoorloofd', minuten: 330 }))
  })
  const measure = (feiten: Feiten): { perSecond: number, p95: number } => {
    const times: number[] = []
    for (let run = 0; run < 20_000; run++) {
      const started = performance.now()
      evaluateRegels(feiten, vestigingen, [], '2026-07-31')
      if (run >= 2_000) times.push(performance.now() - started)
    }
    return { perSecond: feiten.absenties.length * times.length / (times.reduce((a, b) => a + b, 0) / 1000), p95: percentile(times, 0.95) }
  }
  const [sparse, dense] = [measure(build(10)), measure(build(1))]
  return [
    { naam: 'regels, feiten per seconde (elke tiende lesdag gemist)', eigen: sparse.perSecond, vergelijking: 1_000_000, ratio: sparse.perSecond / 1_000_000, doel: '≥ 1', eenheid: 'feiten/s' },
    { naam: 'regels, feiten per seconde (elke lesdag gemist)', eigen: dense.perSecond, vergelijking: 1_000_000, ratio: dense.perSecond / 1_000_000, doel: '≥ 1', eenheid: 'feiten/s' },
    { naam: 'alle regels van een leerlingjaar, elke lesdag gemist, p95', eigen: dense.p95, vergelijking: 0.2, ratio: dense.p95 / 0.2, doel: '≤ 1', eenheid: 'ms' }
  ]
}
