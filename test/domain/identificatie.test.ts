import fc from 'fast-check'
import t from 'tap'
import { addDagen, datumVanDagnummer, dagnummer } from '../../src/domain/datum.ts'
import {
  brinVan, isBrin, isGemeentecode, isOin, isSamenwerkingsverband, isSchooljaar, isVestigingscode, normaliseerSamenwerkingsverband,
  soortPersoonsgebondenNummer
} from '../../src/domain/identificatie.ts'
import { achttiendeVerjaardag, leerplichtperiode, leerplichtVanaf } from '../../src/domain/leerplicht.ts'

t.test('codes of schools and gemeenten have one form', async (t) => {
  const gevallen: Array<[string, (s: string) => boolean, string[], string[]]> = [
    ['BRIN', isBrin, ['99AA', '00ZZ'], ['99aa', '9AAA', '99AA0', '99A1', '', '99AA\n']],
    ['vestigingscode', isVestigingscode, ['99AA00', '99AA01', '99AA0B'], ['99AA', '99AA0', '99aa00', '99AA0b', '99AA000', '99AA-0']],
    ['gemeentecode', isGemeentecode, ['0363', '1980'], ['0000', '363', 'GM0363', '03630']],
    ['samenwerkingsverband', isSamenwerkingsverband, ['PO2202', 'VO2001'], ['PO-22-02', '2202', 'SO2202', 'PO22021']],
    ['schooljaar', isSchooljaar, ['2026-2027', '1999-2000'], ['2026-2028', '2026/2027', '2026', '2026-09', '2027-2026']],
    ['OIN', isOin, ['00000007000099AA0000', '00000001123456789000', '00000099000000001000'],
      ['0000000112345678900', '00000001123456789AB0', '00000042123456789000', '000000070000099aa000']]
  ]
  for (const [soort, is, goed, fout] of gevallen) {
    for (const s of goed) t.ok(is(s), `${s} is a ${soort}`)
    for (const s of fout) t.notOk(is(s), `'${s}' is no ${soort}`)
  }
  t.equal(brinVan('99AA01'), '99AA')
})

t.test('a samenwerkingsverband is stored in one form', async (t) => {
  for (const s of ['PO2202', 'PO-22-02', 'po-2202', ' PO 22-02 ']) t.equal(normaliseerSamenwerkingsverband(s), 'PO2202', s)
  for (const s of ['22-02', 'PO-22', '', 'PO-22-022']) t.equal(normaliseerSamenwerkingsverband(s), undefined, `'${s}'`)
})

t.test('the elfproef tells a BSN from an onderwijsnummer', async (t) => {
  const gevallen: Array<[string, string, string | undefined]> = [
    ['a form-valid BSN', '123456782', 'bsn'],
    ['another', '999990019', 'bsn'],
    ['an onderwijsnummer', '100000016', 'onderwijsnummer'],
    ['one digit wrong', '123456783', undefined],
    ['two digits swapped', '213456782', undefined],
    ['only zeros', '000000000', undefined],
    ['the remainder of an onderwijsnummer without the 10', '000000006', undefined],
    ['eight digits', '12345678', undefined],
    ['ten digits', '0123456782', undefined],
    ['a letter', '12345678A', undefined]
  ]
  for (const [naam, s, verwacht] of gevallen) t.equal(soortPersoonsgebondenNummer(s), verwacht, naam)
  fc.assert(fc.property(fc.constantFrom('123456782', '999990019', '100000016'), fc.integer({ min: 0, max: 8 }), fc.integer({ min: 1, max: 9 }), (s, plaats, plus) => {
    const fout = s.slice(0, plaats) + String((Number(s[plaats]) + plus) % 10) + s.slice(plaats + 1)
    // One wrong digit never leaves a number of the same kind.
    return soortPersoonsgebondenNummer(fout) !== soortPersoonsgebondenNummer(s)
  }))
})

t.test('leerplicht starts the month after the fifth birthday and ends, as kwalificatieplicht, the day before the eighteenth', async (t) => {
  const gevallen: Array<[string, string, string, string]> = [
    ['mid-month', '2020-09-15', '2025-10-01', '2038-09-15'],
    ['born on the first', '2020-09-01', '2025-10-01', '2038-09-01'],
    ['born on the last', '2020-09-30', '2025-10-01', '2038-09-30'],
    ['born in December', '2020-12-31', '2026-01-01', '2038-12-31'],
    ['born on 29 February: five on 1 March', '2020-02-29', '2025-04-01', '2038-03-01']
  ]
  for (const [naam, geboren, vanaf, achttien] of gevallen) {
    t.same([leerplichtVanaf(geboren), achttiendeVerjaardag(geboren)], [vanaf, achttien], naam)
    t.same(leerplichtperiode(geboren), { van: vanaf, tot: addDagen(achttien, -1) }, `${naam}: up to and including the day before 18`)
  }
  fc.assert(fc.property(fc.integer({ min: dagnummer('1990-01-01'), max: dagnummer('2030-12-31') }).map(datumVanDagnummer), (geboren) =>
    leerplichtVanaf(geboren).endsWith('-01') && leerplichtVanaf(geboren) > geboren))
})
