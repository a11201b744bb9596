import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import t from 'tap'
import { attackSchool, summarize, type Sabotage } from './aanval.ts'
import { enumerate, findSmal, intervalVan, Kennis, propagate } from './vergelijkingen.ts'

const DFE = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'dfe_attendance_ytd_202526_by_la.csv')

t.test('the solver finds no value that trying all does not, and every interval holds the truth', async () => {
  const stelsel = fc.record({ waarden: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 6 }), rijen: fc.array(fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 6, maxLength: 6 }), { minLength: 1, maxLength: 4 }), over: fc.nat(1) })
  fc.assert(fc.property(stelsel, ({ waarden, rijen, over }) => {
    const kennis = new Kennis()
    for (const waarheid of waarden) kennis.add({ lo: 0, hi: 5, waarheid, geheel: true })
    for (const rij of rijen) {
      const plekken = waarden.map((_, plek) => plek)
      const som = plekken.reduce((total, plek) => total + rij[plek]! * waarden[plek]!, 0)
      kennis.equate(plekken.filter((plek) => rij[plek] === 1), plekken.filter((plek) => rij[plek] === -1), som, som + over)
    }
    const mogelijk = enumerate(kennis)
    const doelen = waarden.map((_, plek) => plek)
    const gevonden = new Set(findSmal(kennis, doelen).map(({ plek }) => plek))
    if (!propagate(kennis)) throw new Error('contradicts itself')
    for (const plek of doelen) {
      const { lo, hi } = intervalVan(kennis, plek)
      const [least, most] = [Math.min(...mogelijk[plek]!), Math.max(...mogelijk[plek]!)]
      if (lo > least + 1e-6 || hi < most - 1e-6) throw new Error(`${lo} - ${hi} leaves out ${least} - ${most}`)
      if (gevonden.has(plek) && mogelijk[plek]!.size > 1) throw new Error('has a second value and was called found')
      if (!gevonden.has(plek) && Math.ceil(lo - 1e-6) === Math.floor(hi + 1e-6)) throw new Error('has one whole value and was not called found')
    }
  }), { numRuns: 300, seed: 36663 })
})

t.test('it gives back the four rows that England hid, exactly and no other', { skip: existsSync(DFE) ? false : 'the file is not here' }, async (t) => {
  const rijen = parse(readFileSync(DFE), { columns: true }) as Array<Record<string, string>>
  const kolommen = Object.keys(rijen[0]!).filter((kolom) => rijen.every((rij) => rij[kolom] === 'c' || /^\d+$/.test(rij[kolom]!)) && rijen.some((rij) => rij[kolom] === 'c')).filter((kolom) => kolom !== 'total_enrolments')
  t.ok(kolommen.length > 20)
  const gevonden = new Map<string, Record<string, number>>()
  for (const kolom of kolommen) {
    const kennis = new Kennis()
    const plekken = new Map(rijen.map((rij) => [rij, kennis.add(rij[kolom] === 'c' ? { lo: 0, hi: Infinity, geheel: true } : { lo: Number(rij[kolom]), hi: Number(rij[kolom]), geheel: true })]))
    const of = (niveau: string, fase: string, regio?: string): number[] => rijen.filter((rij) => rij['geographic_level'] === niveau && rij['education_phase'] === fase && (regio === undefined || rij['region_code'] === regio)).map((rij) => plekken.get(rij)!)
    for (const fase of ['Primary', 'Secondary', 'Special', 'Total']) {
      kennis.equate(of('National', fase), of('Regional', fase), 0)
      for (const regio of new Set(rijen.flatMap((rij) => rij['geographic_level'] === 'Regional' ? [rij['region_code']!] : []))) kennis.equate(of('Regional', fase, regio), of('Local authority', fase, regio), 0)
    }
    t.ok(propagate(kennis), `${kolom} adds up`)
    for (const [rij, plek] of plekken) {
      const { lo, hi } = kennis.getallen[plek]!
      if (rij[kolom] !== 'c' || lo !== hi) continue
      const naam = `${rij['la_name']} ${rij['education_phase']}`
      gevonden.set(naam, { ...gevonden.get(naam), [kolom]: lo })
    }
  }
  t.strictSame([...gevonden.keys()].sort(), ['City of London Primary', 'City of London Total', 'Isles of Scilly Secondary', 'Isles of Scilly Total'])
  for (const [naam, waarden] of gevonden) t.equal(Object.keys(waarden).length, kolommen.length, `${naam}: every column`)
  t.strictSame(gevonden.get('City of London Primary'), gevonden.get('City of London Total'), 'its one school is a primary school')
  for (const waarden of gevonden.values()) t.equal(waarden['authorised_absence']! + waarden['unauthorised_absence']!, waarden['overall_absence'], 'what came back adds up')
})

/** With the school where the search begins: one of which something is known to come back. */
const SABOTAGES: ReadonlyArray<readonly [wat: string, sabotage: Sabotage, begin?: number]> = [
  ['only what is small itself is hidden', { toont: ({ gevoelig, weglaten }) => !gevoelig && !weglaten }],
  ['the levels do not know of each other: what was hidden of leerjaren for the sake of totals is shown', { toont: ({ gevoelig, weglaten, sleutel }) => !gevoelig && !weglaten && !sleutel.includes('//') }],
  ['the totals are shown', { toont: ({ gevoelig, weglaten, sleutel }) => !gevoelig && !weglaten && sleutel.includes('//') }],
  ['every levering as if it were the only one', { kent: () => false }],
  ['the perioden do not know of each other', { kent: (eerder, nu) => eerder.periode === nu.periode }],
  ['the ontvangers do not know of each other', { kent: (eerder, nu) => eerder.ontvanger === nu.ontvanger && eerder !== nu }],
  ['a revisie does not know what it replaces', { kent: (eerder, nu) => eerder.periode !== nu.periode || eerder.ontvanger !== nu.ontvanger || eerder.stand === nu.stand }, 32]
]

for (const [wat, sabotage, begin = 1] of SABOTAGES) {
  t.test(`the attack is a real one: ${wat}, and it gets some back`, { timeout: 300_000 }, async (t) => {
    const lekken: string[] = []
    let seed = begin - 1
    for (let scholen = 0; lekken.length === 0 && scholen < 60; scholen++) {
      seed = seed % 60 + 1
      lekken.push(...attackSchool(seed, sabotage).lekken)
    }
    t.ok(lekken.length > 0, `${lekken.length} in school ${seed}: ${lekken[0]}`)
  })
}

t.test('and small differences of what is shown, where nothing guards them', async (t) => {
  const { lekken } = summarize(Array.from({ length: 5 }, (_, index) => attackSchool(index + 1, { kent: () => false })))
  t.ok(lekken.some((lek) => lek.includes(' without ')), `${lekken.length} in all`)
})

t.test('of a school that publishes weeks, months and years, for three ontvangers, with corrections in between, nobody finds what was hidden', { timeout: 300_000 }, async (t) => {
  const begin = performance.now()
  const uitslagen = []
  for (let seed = 1; seed <= 60 && performance.now() - begin < 15_000; seed++) uitslagen.push(attackSchool(seed))
  const { scholen, tabellen, achtergehouden, cellen, gevoelig, vindbaar, lekken, getoond, nut, duur } = summarize(uitslagen)
  t.ok(scholen >= 5, `${scholen} schools`)
  t.ok(gevoelig > 1000, `${gevoelig} to keep secret, differences among them`)
  t.strictSame(lekken, [])
  t.equal(vindbaar, 0)
  t.ok(achtergehouden * 10 < tabellen, `${achtergehouden} of ${tabellen} held back`)
  t.comment(`${scholen} schools, ${cellen} figures; shown: ${getoond}; ${nut.join('; ')}; ${duur}`)
})
