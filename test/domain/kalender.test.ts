import fc from 'fast-check'
import t from 'tap'
import { addDagen, dagnummer, datumVanDagnummer, isoWeek, maandag, schooljaar, weekdag } from '../../src/domain/datum.ts'
import { addWerkdagen, buildKalender, feestdagen, isWerkdag, nationaleKalender, REGIOS } from '../../src/domain/kalender.ts'
import type { Kalenderopties, Lesvrij, Regio, Schooljaarkalender } from '../../src/domain/kalender.ts'
import { NATIONALE_SCHOOLJAREN, NATIONALE_VAKANTIES } from '../../src/domain/kalender-nationaal.ts'

const noord = buildKalender({ regio: 'noord', eigen: [] })
const midden = buildKalender({ regio: 'midden', eigen: [] })
const zuid = buildKalender({ regio: 'zuid', eigen: [] })

const datum = fc.integer({ min: dagnummer('1990-01-01'), max: dagnummer('2100-12-31') }).map(datumVanDagnummer)
const dichtbij = fc.integer({ min: dagnummer('2024-01-01'), max: dagnummer('2029-12-31') }).map(datumVanDagnummer)

function vrij (van: string, tot: string, naam = 'Studiedag'): Lesvrij {
  return { van, tot, soort: 'studiedag', naam }
}

function getNummer (kalender: { lesweekNummer: (d: string) => number | undefined }, d: string): number {
  const nummer = kalender.lesweekNummer(d)
  if (nummer === undefined) throw new Error(`${d} lies in no lesweek`)
  return nummer
}

t.test('the term for a melding counts werkdagen', async (t) => {
  const gevallen: Array<[string, string, number, string]> = [
    ['an ordinary week', '2025-09-10', 5, '2025-09-17'],
    ['over Christmas Day and Boxing Day', '2025-12-19', 5, '2025-12-30'],
    ['over Good Friday and Easter Monday', '2026-03-31', 5, '2026-04-09'],
    ['over Ascension Day, not the Friday after it', '2026-05-12', 5, '2026-05-20'],
    ['no days at all', '2026-05-14', 0, '2026-05-14'],
    ['back over a weekend', '2026-09-07', -1, '2026-09-04']
  ]
  for (const [naam, d, n, verwacht] of gevallen) t.equal(addWerkdagen(d, n), verwacht, naam)
  const werkdag: Array<[string, string, boolean]> = [
    ['Koningsdag', '2026-04-27', false],
    ['26 April when the 27th is a Sunday is a Saturday', '2025-04-26', false],
    ['the Monday after it', '2025-04-28', true],
    ['5 May in a year that is no lustrum', '2027-05-05', false],
    ['Whit Monday', '2026-05-25', false],
    ['Good Friday', '2026-04-03', false],
    ['New Year\'s Eve', '2026-12-31', true],
    ['a Saturday', '2026-09-05', false]
  ]
  for (const [naam, d, verwacht] of werkdag) t.equal(isWerkdag(d), verwacht, naam)
  fc.assert(fc.property(datum, fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 30 }), (d, n, meer) =>
    addWerkdagen(d, n) < addWerkdagen(d, n + meer) && addWerkdagen(d, n) <= addWerkdagen(addDagen(d, meer), n) &&
    isWerkdag(addWerkdagen(d, meer)) && addWerkdagen(addWerkdagen(d, n), meer) === addWerkdagen(d, n + meer)))
})

t.test('the public holidays of a year are known by name', async (t) => {
  t.same(feestdagen(2027).map(({ van, naam }) => `${van} ${naam}`), [
    '2027-01-01 Nieuwjaarsdag', '2027-03-26 Goede Vrijdag', '2027-03-29 Tweede paasdag', '2027-04-27 Koningsdag', '2027-05-05 Bevrijdingsdag',
    '2027-05-06 Hemelvaartsdag', '2027-05-17 Tweede pinksterdag', '2027-12-25 Eerste kerstdag', '2027-12-26 Tweede kerstdag'
  ])
  t.equal(feestdagen(2025).find(({ naam }) => naam === 'Koningsdag')?.van, '2025-04-26')
})

t.test('a national vacation runs from Saturday to Sunday, once per region and schooljaar', async (t) => {
  for (const { naam, schooljaar: sj, van, tot, regios } of NATIONALE_VAKANTIES) {
    const dagen = dagnummer(tot) - dagnummer(van) + 1
    t.same([weekdag(van), weekdag(tot), dagen, schooljaar(van)], [6, 7, { Zomervakantie: 44, Kerstvakantie: 16 }[naam] ?? 9, sj], `${naam} ${sj} ${regios.join(', ')}`)
  }
  for (const sj of NATIONALE_SCHOOLJAREN) {
    for (const regio of REGIOS) {
      const namen = NATIONALE_VAKANTIES.filter((v) => v.schooljaar === sj && v.regios.includes(regio)).map(({ naam }) => naam)
      t.same(namen, ['Herfstvakantie', 'Kerstvakantie', 'Voorjaarsvakantie', 'Meivakantie', 'Zomervakantie'], `${regio} ${sj}`)
    }
  }
})

t.test('a summer vacation that crosses 31 July belongs to both schooljaren', async (t) => {
  const staart: Array<[Regio, string]> = [['noord', '2025-08-24'], ['midden', '2025-08-31'], ['zuid', '2025-08-17']]
  for (const [regio, tot] of staart) {
    const { lesvrij, lesdagen, bron } = nationaleKalender(regio, '2025-2026')
    t.same(lesvrij[0], { van: '2025-08-01', tot, soort: 'vakantie', naam: 'Zomervakantie' }, `${regio}: the tail of the summer of 2025`)
    t.same([lesdagen, bron, lesvrij.at(-1)?.tot], [[1, 2, 3, 4, 5], 'nationaal', '2026-07-31'])
  }
  t.same(nationaleKalender('midden', '2026-2027').lesvrij[0], { van: '2026-08-01', tot: '2026-08-30', soort: 'vakantie', naam: 'Zomervakantie' })
})

t.test('outside the published schooljaren the kalender says that vacations are unknown', async (t) => {
  t.equal(nationaleKalender('noord', '2020-2021').bron, 'feestdagen')
  t.ok(nationaleKalender('noord', '2020-2021').lesvrij.every(({ soort }) => soort === 'feestdag'))
  t.equal(nationaleKalender('zuid', '2028-2029').lesvrij[0]?.tot, '2028-09-03', 'the known end of the summer vacation of 2028 is kept')
  const eigen: Schooljaarkalender = { schooljaar: '2030-2031', lesdagen: [1, 2, 3, 4, 5], lesvrij: [] }
  const kalender = buildKalender({ regio: 'zuid', eigen: [eigen] })
  t.same(['2026-2027', '2028-2029', '2030-2031'].map((sj) => kalender.bron(sj)), ['nationaal', 'feestdagen', 'school'])
  t.equal(kalender.schooljaarkalender('2030-2031'), eigen)
})

t.test('a day is a lesdag, or there is a reason why not', async (t) => {
  const gevallen: Array<[string, typeof noord, string, string | undefined]> = [
    ['an ordinary Tuesday', noord, '2026-09-08', undefined],
    ['a Saturday', noord, '2026-09-12', 'geen lesdag in deze week'],
    ['20 October 2025 in noord', noord, '2025-10-20', 'Herfstvakantie'],
    ['20 October 2025 in zuid', zuid, '2025-10-20', undefined],
    ['the last weekday of the summer in midden', midden, '2026-08-28', 'Zomervakantie'],
    ['the first lesdag in midden', midden, '2026-08-31', undefined],
    ['Good Friday', noord, '2026-04-03', 'Goede Vrijdag'],
    ['5 May', noord, '2026-05-05', 'Bevrijdingsdag'],
    ['the Friday after Ascension Day, which a school must push itself', noord, '2026-05-15', undefined],
    ['the week after the spring vacation of zuid', zuid, '2027-03-01', undefined],
    ['a holiday long before the data', noord, '1991-04-01', 'Tweede paasdag']
  ]
  for (const [naam, kalender, d, verwacht] of gevallen) {
    t.equal(kalender.reden(d), verwacht, naam)
    t.equal(kalender.isLesdag(d), verwacht === undefined, naam)
  }
  t.throws(() => noord.isLesdag('3200-01-01'), RangeError)
})

t.test('what a school pushes wholly replaces the national kalender of that schooljaar', async (t) => {
  const kalender = buildKalender({
    regio: 'noord',
    eigen: [{ schooljaar: '2026-2027', lesdagen: [1, 2, 4, 5], lesvrij: [vrij('2026-10-07', '2026-10-09'), vrij('2027-07-30', '2027-08-31')] }]
  })
  t.ok(kalender.isLesdag('2026-12-25'), 'no national holiday is added')
  t.equal(kalender.reden('2026-09-09'), 'geen lesdag in deze week', 'no lessons on Wednesday')
  t.equal(kalender.reden('2026-10-08'), 'Studiedag')
  t.ok(kalender.isLesdag('2027-07-29'))
  t.equal(kalender.reden('2027-08-30'), undefined, 'its lesvrije periode stops at 31 July: the next schooljaar is national')
  t.equal(kalender.nextLesdag('2026-10-06'), '2026-10-12')
  t.same(kalender.lesdagen('2026-10-05', '2026-10-13'), ['2026-10-05', '2026-10-06', '2026-10-12', '2026-10-13'])
})

t.test('four lesweken span vacations, schooljaren and week 53', async (t) => {
  const gevallen: Array<[string, typeof noord, string, string, number]> = [
    ['over the herfstvakantie', noord, '2025-10-13', '2025-10-27', 1],
    ['over Christmas: 30 November to 4 January are four lesweken', noord, '2026-11-30', '2027-01-04', 3],
    ['over the summer of noord', noord, '2026-06-29', '2026-08-17', 1],
    ['over the summer of zuid', zuid, '2026-07-10', '2026-08-24', 1],
    ['Monday and Sunday of one week', noord, '2026-09-07', '2026-09-13', 0],
    ['a week of one free day is a lesweek', noord, '2026-05-11', '2026-05-18', 1]
  ]
  for (const [naam, kalender, eerst, dan, verschil] of gevallen) {
    t.equal(getNummer(kalender, dan) - getNummer(kalender, eerst), verschil, naam)
  }
  t.equal(isoWeek('2026-12-30'), '2026-W53')
  t.equal(noord.lesweekNummer('2026-12-30'), undefined, 'week 53 of 2026 is no lesweek')
  t.equal(noord.lesweekNummer('2026-07-31'), undefined, 'a week of the summer is none')

  const vijfdrie: Schooljaarkalender = {
    schooljaar: '2020-2021', lesdagen: [1, 2, 3, 4, 5], lesvrij: [vrij('2020-12-19', '2021-01-03', 'Kerstvakantie')]
  }
  const kalender = buildKalender({ regio: 'noord', eigen: [vijfdrie] })
  t.equal(getNummer(kalender, '2021-01-25') - getNummer(kalender, '2020-12-14'), 4, '25 January 2021 is the fifth lesweek from 14 December')

  const aantal = (k: typeof noord): number => getNummer(k, k.nextLesdag('2027-08-01')) - getNummer(k, k.nextLesdag('2026-08-01'))
  t.same([aantal(noord), aantal(midden), aantal(zuid)], [42, 41, 43], 'lesweken in 2026-2027 on the national dates')
})

t.test('a week around 1 August is the union of two schooljaarkalenders and has one number', async (t) => {
  // 31 July 2028 is a Monday, 1 August a Tuesday.
  const oud = (lesvrij: Lesvrij[]): Schooljaarkalender => ({ schooljaar: '2027-2028', lesdagen: [1, 2, 3, 4, 5], lesvrij })
  const nieuw = (lesvrij: Lesvrij[]): Schooljaarkalender => ({ schooljaar: '2028-2029', lesdagen: [1, 2, 3, 4, 5], lesvrij })
  const zomer = vrij('2028-08-02', '2028-09-03')
  const gevallen: Array<[string, Schooljaarkalender[], number, boolean]> = [
    ['one lesdag on each side makes two', [oud([]), nieuw([zomer])], 2, true],
    ['they make no three', [oud([]), nieuw([zomer])], 3, false],
    ['only the old schooljaar teaches', [oud([]), nieuw([vrij('2028-08-01', '2028-09-03')])], 1, true],
    ['only the new schooljaar teaches', [oud([vrij('2028-07-31', '2028-07-31')]), nieuw([zomer])], 1, true],
    ['neither does', [oud([vrij('2028-07-31', '2028-07-31')]), nieuw([vrij('2028-08-01', '2028-09-03')])], 1, false]
  ]
  for (const [naam, eigen, minLesdagen, verwacht] of gevallen) {
    for (const overZomer of [true, false]) {
      const kalender = buildKalender({ regio: 'noord', eigen, minLesdagen, overZomer })
      const nummers = ['2028-07-31', '2028-08-01', '2028-08-06'].map((d) => kalender.lesweekNummer(d))
      t.same([nummers[0] !== undefined, nummers[1], nummers[2]], [verwacht, nummers[0], nummers[0]], naam)
      if (nummers[0] !== undefined) t.equal(kalender.maandagVanLesweek(nummers[0]), '2028-07-31', naam)
    }
  }
  const apart = buildKalender({ regio: 'noord', eigen: [oud([vrij('2028-07-31', '2028-07-31')]), nieuw([vrij('2028-08-07', '2028-09-03')])], overZomer: false })
  t.ok(getNummer(apart, '2028-08-01') - getNummer(apart, '2028-07-28') > 1000, 'a week taught only after 1 August opens the new schooljaar')
  t.equal(getNummer(apart, '2028-09-04') - getNummer(apart, '2028-08-01'), 1)
})

t.test('a school may want more lesdagen in a lesweek, or a fresh count after the summer', async (t) => {
  const vijf = buildKalender({ regio: 'noord', eigen: [], minLesdagen: 5 })
  t.equal(vijf.lesweekNummer('2026-05-12'), undefined, 'the week of Ascension Day has four lesdagen')
  t.equal(getNummer(vijf, '2026-06-01') - getNummer(vijf, '2026-05-18'), 1, 'so has that of Whit Monday')
  t.throws(() => buildKalender({ regio: 'noord', eigen: [], minLesdagen: 0 }), RangeError)

  const vers = buildKalender({ regio: 'noord', eigen: [], overZomer: false })
  t.equal(getNummer(vers, '2026-08-17') - getNummer(vers, '2026-06-29'), 1001)
  t.equal(getNummer(vers, '2027-01-04') - getNummer(vers, '2026-11-30'), 3, 'within a schooljaar nothing changes')
  t.equal(vers.maandagVanLesweek(getNummer(vers, '2026-06-29') + 500), undefined, 'a number in the gap is no lesweek')
  t.equal(vers.maandagVanLesweek(1e9), undefined)
  t.equal(vers.maandagVanLesweek(-1e9), undefined)
})

const lesvrijVan = fc.tuple(dichtbij, fc.integer({ min: 0, max: 70 })).map(([van, n]) => vrij(van, addDagen(van, n)))
const eigenKalender = fc.record({
  schooljaar: fc.constantFrom('2023-2024', '2024-2025', '2025-2026', '2026-2027', '2027-2028', '2028-2029'),
  lesdagen: fc.uniqueArray(fc.integer({ min: 1, max: 7 }), { maxLength: 7 }),
  lesvrij: fc.array(lesvrijVan, { maxLength: 6 })
})
const opties: fc.Arbitrary<Kalenderopties> = fc.record({
  regio: fc.constantFrom(...REGIOS),
  eigen: fc.uniqueArray(eigenKalender, { maxLength: 5, selector: (k) => k.schooljaar }),
  minLesdagen: fc.integer({ min: 1, max: 4 }),
  overZomer: fc.boolean()
})

t.test('lesweken and lesdagen are numbered one by one, for any kalender', async () => {
  fc.assert(fc.property(opties, (o) => {
    const kalender = buildKalender(o)
    let week: number | undefined
    let dag: number | undefined
    let gezien = 0
    for (let d = '2023-01-02'; d < '2030-01-01'; d = addDagen(d, 1)) {
      const nummer = kalender.lesweekNummer(d)
      if (weekdag(d) === 1) {
        const lesdagen = kalender.lesdagen(d, addDagen(d, 6)).length
        if ((nummer !== undefined) !== (lesdagen >= (o.minLesdagen ?? 1))) return false
        if (nummer !== undefined) {
          if (week !== undefined && nummer !== week + 1 && (o.overZomer || (nummer - week - 1) % 1000 !== 0 || nummer <= week)) return false
          if (kalender.maandagVanLesweek(nummer) !== d) return false
          week = nummer
        }
      } else if (nummer !== kalender.lesweekNummer(maandag(d))) return false

      const index = kalender.lesdagIndex(d)
      if ((index !== undefined) !== kalender.isLesdag(d) || (kalender.reden(d) === undefined) !== kalender.isLesdag(d)) return false
      if (index === undefined) continue
      if (dag !== undefined && index !== dag + 1) return false
      dag = index
      gezien++
    }
    return gezien > 0
  }), { numRuns: 60 })
})

t.test('a number does not depend on what was asked before', async () => {
  fc.assert(fc.property(opties, fc.array(datum, { minLength: 1, maxLength: 12 }), (o, dagen) => {
    const samen = buildKalender(o)
    const antwoorden = dagen.map((d) => [samen.lesweekNummer(d), samen.lesdagIndex(d), samen.isLesdag(d), samen.lesweekvenster(dagnummer(d), 4)].join())
    return dagen.every((d, i) => {
      const vers = buildKalender(o)
      const n = dagnummer(d)
      return [vers.lesweekNummer(n), vers.lesdagIndex(n), vers.isLesdag(n), vers.lesweekvenster(n, 4)].join() === antwoorden[i]
    })
  }), { numRuns: 100 })
})

t.test('a window of lesweken holds so many of them, or begins with the schooljaar it may not cross', async () => {
  fc.assert(fc.property(opties, fc.integer({ min: dagnummer('2024-08-01'), max: dagnummer('2029-07-31') }), fc.integer({ min: 1, max: 12 }), (o, n, aantal) => {
    const kalender = buildKalender(o)
    const begin = kalender.lesweekvenster(n, aantal)
    const lesweken = new Set<number>()
    for (let dag = begin; dag <= n; dag++) lesweken.add(kalender.lesweekNummer(dag) ?? NaN)
    lesweken.delete(NaN)
    const eerder = kalender.lesweekNummer(begin)! - 1
    return weekdag(datumVanDagnummer(begin)) === 1 && (lesweken.size === aantal || (!o.overZomer && lesweken.size < aantal && kalender.maandagVanLesweek(eerder) === undefined))
  }), { numRuns: 300 })
})

t.test('the next lesdag is a lesdag, and none lies between', async () => {
  fc.assert(fc.property(datum, (d) => {
    const next = zuid.nextLesdag(d)
    return next > d && zuid.isLesdag(next) && zuid.lesdagen(addDagen(d, 1), next).length === 1
  }))
})
