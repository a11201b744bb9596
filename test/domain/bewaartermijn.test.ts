import fc from 'fast-check'
import t from 'tap'
import { OWNERS } from '../../src/db/tables.ts'
import { BLIJVEND, grensOp, listBewaartermijnen, TABELLEN, termijnOp, TERMIJNNAMEN, vernietigbaarOp } from '../../src/domain/bewaartermijn.ts'
import { addDagen, datumVanDagnummer } from '../../src/domain/datum.ts'

t.test('five years after uitschrijving, and three from the day the bill is law', async (t) => {
  for (const [dag, inwerkingtreding, versie, grens] of [
    ['2026-08-01', null, '1', '2021-08-01'],
    ['2027-07-31', '2027-08-01', '1', '2022-07-31'],
    ['2027-08-01', '2027-08-01', '2', '2024-08-01'],
    ['2028-02-29', null, '1', '2023-03-01']
  ] as const) {
    const termijn = termijnOp('verzuimgegevens', dag, inwerkingtreding)
    t.equal(termijn.versie, versie, dag)
    t.equal(grensOp(termijn, dag), grens, dag)
  }
  t.equal(vernietigbaarOp(termijnOp('verzuimgegevens', '2026-08-01', null), '2021-07-31'), '2026-08-01', 'the whole fifth year is kept')
  t.equal(vernietigbaarOp(termijnOp('leerlingdossier', '2026-08-01', null), '2024-02-29'), '2026-03-01', 'a year without that day ends on the 28th')
})

t.test('on every day exactly one version of each bewaartermijn applies, and it names its source', async (t) => {
  const dag = fc.integer({ min: 14_000, max: 25_000 }).map(datumVanDagnummer)
  fc.assert(fc.property(dag, fc.option(dag), fc.constantFrom(...TERMIJNNAMEN), (op, inwerkingtreding, naam) => {
    const geldig = listBewaartermijnen(inwerkingtreding).filter((each) => each.naam === naam && each.geldigVan <= op && (each.geldigTot === null || op <= each.geldigTot))
    return geldig.length === 1 && geldig[0]!.bron.length > 20
  }), { seed: 17, numRuns: 500 })
  t.pass()
})

t.test('a day has passed its term exactly when it lies before the grens', async (t) => {
  const dag = fc.integer({ min: 14_000, max: 25_000 }).map(datumVanDagnummer)
  const duur = fc.oneof(fc.record({ jaren: fc.integer({ min: 1, max: 8 }) }), fc.record({ dagen: fc.integer({ min: 1, max: 2_000 }) }))
  fc.assert(fc.property(dag, dag, duur, (telt, op, lang) => (telt < grensOp({ duur: lang }, op)) === (vernietigbaarOp({ duur: lang }, telt) <= op)), { seed: 18, numRuns: 5_000 })
  // Right around the grens, where it matters.
  fc.assert(fc.property(dag, duur, fc.integer({ min: -3, max: 3 }), (op, lang, verschil) => {
    const telt = addDagen(grensOp({ duur: lang }, op), verschil)
    return (verschil < 0) === (vernietigbaarOp({ duur: lang }, telt) <= op)
  }), { seed: 19, numRuns: 5_000 })
  t.pass()
})

t.test('every table ends by a bewaartermijn, or says why it stays', async (t) => {
  const eindigend = new Set(Object.values(TABELLEN).flat())
  t.strictSame([...new Set([...eindigend, ...Object.keys(BLIJVEND)])].sort(), Object.keys(OWNERS).sort())
  t.strictSame(Object.keys(BLIJVEND).filter((tabel) => eindigend.has(tabel)), [], 'and not both')
})
