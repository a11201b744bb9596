import { evaluateRegels } from '../../src/domain/evaluate-regels.ts'
import { classify, STANDAARDBELEID, type Beleid } from '../../src/domain/beleid.ts'
import { buildKalender } from '../../src/domain/kalender.ts'
import type { Feiten } from '../../src/domain/teldagen.ts'
import { percentile } from './dienst.ts'
import { ALLE_REGELS } from './proef.ts'
import type { Benchregel } from './bench.ts'

/** Rule evaluation in memory with every rule on: facts a second on one core, and the time of one leerling's schooljaar. In CPU time, its garbage collection included, so that other work on the machine does not count. */
export async function benchRegels (): Promise<Benchregel[]> {
  const kalender = buildKalender({ regio: 'noord', eigen: [] })
  const vestigingen = new Map([['99AA00', { sector: 'po' as const, lesuurMinuten: 60, kalender }]])
  const beleid: readonly Beleid[] = [{ ...STANDAARDBELEID, versie: 1, regels: ALLE_REGELS }]
  const dagen = kalender.lesdagen('2025-08-01', '2026-07-31')
  const build = (every: number, redenen: readonly string[]): Feiten => ({
    geboortedatum: '2014-03-10',
    inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', tot: null, leerjaar: 5, rooster: [330, 330, 330, 330, 330, 0, 0] }],
    vrijstellingen: [],
    uitzonderingen: [],
    absenties: dagen.filter((_, at) => at % every === 0).map((datum, at) => {
      const reden = redenen[at % redenen.length]!
      return { bron: 'b', bronId: String(at), vestiging: '99AA00', datum, soort: reden === 'TL' ? 'te-laat' : 'afwezig', reden, categorie: classify(STANDAARDBELEID, reden, 'b', datum), minuten: reden === 'TL' ? 15 : 330, redenSinds: null }
    })
  })
  const measure = (feiten: Feiten, versies: readonly Beleid[]): { perSecond: number, p95: number } => {
    const times: number[] = []
    for (let run = 0; run < 20_000; run++) {
      const started = process.cpuUsage()
      evaluateRegels(feiten, vestigingen, versies, '2026-07-31')
      const { user, system } = process.cpuUsage(started)
      if (run >= 2_000) times.push((user + system) / 1000)
    }
    return { perSecond: feiten.absenties.length * times.length / (times.reduce((a, b) => a + b, 0) / 1000), p95: percentile(times, 0.95) }
  }
  const redenen = ['ZK', 'ZK', 'SPIJ', 'TL', 'MED', 'GEW']
  const gemengd = build(2, redenen)
  // In the demo a leerling has 30 absenties a year.
  const [wettelijk, alle, gewoon, spijbelend] = [measure(gemengd, []), measure(gemengd, beleid), measure(build(6, redenen), beleid), measure(build(1, ['SPIJ']), beleid)]
  const perSecond = (naam: string, { perSecond: eigen }: { perSecond: number }): Benchregel => ({ naam, eigen, vergelijking: 1_000_000, ratio: eigen / 1_000_000, doel: '≥ 1', eenheid: 'feiten/s' })
  const perJaar = (naam: string, { p95: eigen }: { p95: number }): Benchregel => ({ naam, eigen, vergelijking: 0.2, ratio: eigen / 0.2, doel: '≤ 1', eenheid: 'ms' })
  return [
    perSecond('standaardbeleid, feiten per seconde (halve jaar gemist)', wettelijk),
    perSecond('alle tien regels, feiten per seconde (halve jaar gemist)', alle),
    perJaar('alle tien regels van een leerlingjaar (zesde deel gemist), p95', gewoon),
    perJaar('alle tien regels van een leerlingjaar (halve jaar gemist), p95', alle),
    perJaar('alle tien regels van een leerlingjaar (heel jaar gemist), p95', spijbelend)
  ]
}
