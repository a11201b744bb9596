import fc from 'fast-check'
import t from 'tap'
import {
  addDagen, dagnummer, datumVanDagnummer, isDatum, isoWeek, leeftijdOp, maand, maandag, maandPeriode, paasdatum, parsePeriode, schooljaar,
  schooljaarPeriode, tijdstip, vandaag, verjaardag, weekdag, weekdagVanDagnummer, weekPeriode
} from '../../src/domain/datum.ts'

const EERSTE = dagnummer('1900-01-01')
const LAATSTE = dagnummer('2999-12-31')
const dag = fc.integer({ min: EERSTE, max: LAATSTE })
const datum = dag.map(datumVanDagnummer)

t.test('only a day that exists is a datum', async (t) => {
  const gevallen: Array<[string, string, boolean]> = [
    ['an ordinary day', '2026-09-08', true],
    ['a leap day', '2028-02-29', true],
    ['29 February in a year without it', '2026-02-29', false],
    ['30 February', '2026-02-30', false],
    ['31 April', '2026-04-31', false],
    ['29 February 2000', '2000-02-29', true],
    ['29 February 1900, a century without leap day', '1900-02-29', false],
    ['month 13', '2026-13-01', false],
    ['month 0', '2026-00-10', false],
    ['day 0', '2026-01-00', false],
    ['before 1900', '1899-12-31', false],
    ['after 2999', '3000-01-01', false],
    ['an instant', '2026-09-08T00:00:00Z', false],
    ['no leading zero', '2026-9-8', false],
    ['a trailing line end', '2026-09-08\n', false],
    ['nothing', '', false]
  ]
  for (const [naam, s, verwacht] of gevallen) t.equal(isDatum(s), verwacht, naam)
})

t.test('days are counted from 1 January 1970, as Date.UTC counts them', async () => {
  t.equal(dagnummer('1970-01-01'), 0)
  t.equal(dagnummer('1969-12-31'), -1)
  fc.assert(fc.property(dag, (n) => {
    const d = datumVanDagnummer(n)
    return dagnummer(d) === n && isDatum(d) && d === new Date(n * 86_400_000).toISOString().slice(0, 10)
  }), { numRuns: 5000 })
  fc.assert(fc.property(datum, fc.integer({ min: -5000, max: 5000 }), (d, n) => addDagen(addDagen(d, n), -n) === d))
})

t.test('weekdays and ISO weeks follow ISO 8601', async (t) => {
  const gevallen: Array<[string, string, number, string, string]> = [
    ['the first day of the era', '1970-01-01', 4, '1969-12-29', '1970-W01'],
    ['a Sunday', '2026-03-29', 7, '2026-03-23', '2026-W13'],
    ['week 53 of 2026 reaches into 2027', '2027-01-03', 7, '2026-12-28', '2026-W53'],
    ['the Monday after week 53', '2027-01-04', 1, '2027-01-04', '2027-W01'],
    ['a December day in week 1 of the next year', '2025-12-29', 1, '2025-12-29', '2026-W01'],
    ['1 January in week 53 of the year before', '2021-01-01', 5, '2020-12-28', '2020-W53'],
    ['1 January in week 52 of the year before', '2023-01-01', 7, '2022-12-26', '2022-W52']
  ]
  for (const [naam, d, dagVanWeek, ma, week] of gevallen) {
    t.same([weekdag(d), maandag(d), isoWeek(d)], [dagVanWeek, ma, week], naam)
  }
  fc.assert(fc.property(datum, (d) => {
    const week = weekPeriode(isoWeek(d))
    return week.van === maandag(d) && week.tot === addDagen(week.van, 6) && weekdag(week.van) === 1 && weekdagVanDagnummer(dagnummer(d)) === weekdag(d)
  }))
})

t.test('the schooljaar turns on 1 August', async (t) => {
  t.equal(schooljaar('2026-07-31'), '2025-2026')
  t.equal(schooljaar('2026-08-01'), '2026-2027')
  t.equal(schooljaar('2027-01-01'), '2026-2027')
  t.same(schooljaarPeriode('2026-2027'), { van: '2026-08-01', tot: '2027-07-31' })
  t.equal(maand('2026-09-08'), '2026-09')
  t.same(maandPeriode('2028-02'), { van: '2028-02-01', tot: '2028-02-29' })
  t.same(maandPeriode('2026-12'), { van: '2026-12-01', tot: '2026-12-31' })
})

t.test('a period is a lesweek, a month or a schooljaar that exists', async (t) => {
  t.same(parsePeriode('2026-W37'), { soort: 'lesweek', van: '2026-09-07', tot: '2026-09-13' })
  t.same(parsePeriode('2026-W53'), { soort: 'lesweek', van: '2026-12-28', tot: '2027-01-03' })
  t.same(parsePeriode('2026-09'), { soort: 'maand', van: '2026-09-01', tot: '2026-09-30' })
  t.same(parsePeriode('2026-2027'), { soort: 'schooljaar', van: '2026-08-01', tot: '2027-07-31' })
  for (const s of ['2026-W54', '2025-W53', '2026-W00', '2026-W7', '2026-13', '2026-00', '2026-2028', '2026-2026', '2026', '', '2026-09-01', 'W37-2026', '1899-1900', '3000-01']) {
    t.equal(parsePeriode(s), undefined, `'${s}' is no period`)
  }
})

t.test('a day starts and ends at midnight in Amsterdam, also on the days the clock changes', async (t) => {
  const gevallen: Array<[string, string, string]> = [
    ['the last instant before 29 March 2026, in winter time', '2026-03-28T22:59:59.999Z', '2026-03-28'],
    ['the first instant of 29 March 2026', '2026-03-28T23:00:00.000Z', '2026-03-29'],
    ['the hour that is skipped', '2026-03-29T01:00:00.000Z', '2026-03-29'],
    ['the last instant of 29 March 2026, a day of 23 hours', '2026-03-29T21:59:59.999Z', '2026-03-29'],
    ['the first instant of 30 March 2026', '2026-03-29T22:00:00.000Z', '2026-03-30'],
    ['the first instant of 25 October 2026, in summer time', '2026-10-24T22:00:00.000Z', '2026-10-25'],
    ['the hour that comes twice', '2026-10-25T01:30:00.000Z', '2026-10-25'],
    ['the last instant of 25 October 2026, a day of 25 hours', '2026-10-25T22:59:59.999Z', '2026-10-25'],
    ['the first instant of 26 October 2026', '2026-10-25T23:00:00.000Z', '2026-10-26'],
    ['New Year in Amsterdam, still the old year in UTC', '2025-12-31T23:00:00.000Z', '2026-01-01']
  ]
  for (const [naam, instant, verwacht] of gevallen) t.equal(vandaag(new Date(instant)), verwacht, naam)
  t.equal(tijdstip(new Date(Date.UTC(2026, 2, 29, 1))), '2026-03-29T01:00:00.000Z')
  fc.assert(fc.property(fc.integer({ min: dagnummer('1990-01-01'), max: dagnummer('2099-12-31') }), (n) =>
    vandaag(new Date(n * 86_400_000 + 43_200_000)) === datumVanDagnummer(n)))
})

t.test('age goes up on the birthday', async (t) => {
  const gevallen: Array<[string, string, string, number]> = [
    ['the day before', '2007-09-24', '2025-09-23', 17],
    ['the birthday', '2007-09-24', '2025-09-24', 18],
    ['born on 29 February, on the 28th of a common year', '2008-02-29', '2026-02-28', 17],
    ['born on 29 February, on 1 March of a common year', '2008-02-29', '2026-03-01', 18],
    ['born on 29 February, on the 29th of a leap year', '2008-02-29', '2028-02-29', 20],
    ['the day of birth', '2020-01-01', '2020-01-01', 0]
  ]
  for (const [naam, geboren, d, verwacht] of gevallen) t.equal(leeftijdOp(geboren, d), verwacht, naam)
  fc.assert(fc.property(fc.integer({ min: dagnummer('1990-01-01'), max: dagnummer('2030-12-31') }).map(datumVanDagnummer), fc.integer({ min: 1, max: 30 }), (geboren, leeftijd) =>
    leeftijdOp(geboren, verjaardag(geboren, leeftijd)) === leeftijd && leeftijdOp(geboren, addDagen(verjaardag(geboren, leeftijd), -1)) === leeftijd - 1))
})

t.test('Easter falls where the computus puts it', async (t) => {
  const gevallen: Array<[number, string]> = [
    [1981, '1981-04-19'], [2000, '2000-04-23'], [2008, '2008-03-23'], [2024, '2024-03-31'], [2025, '2025-04-20'],
    [2026, '2026-04-05'], [2027, '2027-03-28'], [2028, '2028-04-16'], [2038, '2038-04-25'], [2285, '2285-03-22']
  ]
  for (const [jaar, verwacht] of gevallen) t.equal(paasdatum(jaar), verwacht)
  for (let jaar = 1900; jaar < 3000; jaar++) {
    const d = paasdatum(jaar)
    if (weekdag(d) !== 7 || d < `${jaar}-03-22` || d > `${jaar}-04-25`) t.fail(`${d} cannot be Easter`)
  }
})
