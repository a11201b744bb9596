import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { listAbsenties } from '../../src/absenties/service.ts'
import { buildKalender } from '../../src/domain/kalender.ts'
import { AppError } from '../../src/errors.ts'
import { parseImporteerArgs } from '../../src/importeren/command.ts'
import { readRijen } from '../../src/importeren/csv.ts'
import { makeLezer as makeDuo } from '../../src/importeren/indelingen/duo-vestigingen.ts'
import { makeLezer as makeEduarte, parseRedenen } from '../../src/importeren/indelingen/eduarte.ts'
import { importeer, type Importopdracht, type Importverslag } from '../../src/importeren/service.ts'
import { findVakantieregio } from '../../src/importeren/vakantieregio.ts'
import { listVestigingen, pushKalenders, pushLeerlingen, pushVestigingen } from '../../src/leerlingen/service.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { startService } from '../support/service.ts'
import type { Absentie } from '../../src/absenties/contract.ts'
import type { Ctx } from '../../src/context.ts'
import type { Importrecord } from '../../src/importeren/indeling.ts'

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const fixtures = join(import.meta.dirname, '..', 'support', 'importeren')
const shared = join(import.meta.dirname, '..', '..', '..', 'shared', 'data')

// 15 s on an idle machine, most of it the 6,804 vestigingen of the real list; a busy one needs more than tap's default.
t.setTimeout(300_000)

// --- reading rows

t.test('a row is a line: quotes, byte order marks, line ends and a stray quotation mark cost no neighbour', async (t) => {
  const gevallen: Array<[string, string | Buffer, Array<[number, string[]]>]> = [
    ['CRLF and a byte order mark', '\ufeffa;b\r\n1;2\r\n', [[1, ['a', 'b']], [2, ['1', '2']]]],
    ['no line end at the end', 'a;b\n1;2', [[1, ['a', 'b']], [2, ['1', '2']]]],
    ['an empty line is no row, but is counted as a line', 'a\n\nb\n', [[1, ['a']], [3, ['b']]]],
    ['quotes around a separator', '1;"x; ""y""";2\n', [[1, ['1', 'x; "y"', '2']]]],
    ['a stray opening quotation mark', '1;"griep\n2;b\n3;c"\n', [[1, ['1', '"griep']], [2, ['2', 'b']], [3, ['3', 'c"']]]],
    ['quotation marks inside a field', 'zei "ja";b\n', [[1, ['zei "ja"', 'b']]]],
    ['rows of different width', 'a\nb;c;d\n', [[1, ['a']], [2, ['b', 'c', 'd']]]],
    ['nothing at all', '', []]
  ]
  const map = t.testdir(Object.fromEntries(gevallen.map(([, inhoud], i) => [`${i}.csv`, inhoud])))
  for (const [i, [naam, , verwacht]] of gevallen.entries()) {
    t.same((await collect(join(map, `${i}.csv`))).map(({ regel, velden }) => [regel, velden]), verwacht, naam)
  }
})

t.test('a file in another coding is refused with the remedy, and read with it', async (t) => {
  const bestand = join(t.testdir({ 'naam.csv': Buffer.from('1;Moza\xefek\r\n', 'latin1') }), 'naam.csv')
  await t.rejects(collect(bestand), { code: 'invoer-ongeldig', message: /naam\.csv is geen utf-8; probeer --codering windows-1252/ })
  t.same((await collect(bestand, 'windows-1252'))[0]?.velden, ['1', 'Mozaïek'])
  writeFileSync(bestand, '\ufeff1;Mozaïek\r\n')
  t.same((await collect(bestand, 'windows-1252'))[0]?.velden, ['1', 'Mozaïek'], 'a byte order mark says more than the option')
})

async function collect (bestand: string, codering: 'utf-8' | 'windows-1252' = 'utf-8'): Promise<Array<{ regel: number, velden: readonly string[] }>> {
  const rijen = []
  for await (const rij of readRijen(bestand, codering, () => {})) rijen.push(rij)
  return rijen
}

// --- the eduarte layout

const kalender = buildKalender({ regio: 'midden', eigen: [{ schooljaar: '2026-2027', lesdagen: [1, 2, 3, 4, 5], lesvrij: [{ van: '2026-09-18', tot: '2026-09-18', soort: 'studiedag', naam: 'Studiedag' }] }] })
const gegevens = { school: '99AA', vestiging: '99AA00', kalender, gewijzigdOp: '2026-09-30T10:00:00.000Z', peildatum: '2026-09-30', redenen: parseRedenen('Z=ZK, SP=SPIJ, ?=') }

t.test('an eduarte row becomes one absentie per lesdag, or says why not', async (t) => {
  const duur = (...records: Array<[string, string, object]>): Importrecord[] => records.map(([datum, plek, velden]) =>
    ({ bronId: `eduarte:1:${datum}:melding:${plek}`, school: '99AA', vestiging: '99AA00', leerling: '1', datum, soort: 'afwezig', reden: 'ZK', ...velden, gewijzigdOp: gegevens.gewijzigdOp }))
  const gevallen: Array<[string, string, Importrecord[] | string]> = [
    ['a lesuur', '1;20260914;1000;20260914;1045;2;2;Z;', duur(['2026-09-14', '2', { lesuren: [2] }])],
    ['a row of lesuren', '1;20260914;;20260914;;1;4;Z;', duur(['2026-09-14', '1', { lesuren: [1, 2, 3, 4] }])],
    ['lesuren over more days, of which one is a studiedag and two are weekend', '1;20260917;;20260921;;1;2;Z;', duur(['2026-09-17', '1', { lesuren: [1, 2] }], ['2026-09-21', '1', { lesuren: [1, 2] }])],
    ['clock times', '1;20260914;0900;20260914;1030;;;Z;', duur(['2026-09-14', 't0900', { minuten: 90 }])],
    ['a clock time that lost its zero', '1;20260914;900;20260914;10:30;;;Z;', duur(['2026-09-14', 't0900', { minuten: 90 }])],
    ['a whole day', '1;20260914;;20260914;;;;Z;', duur(['2026-09-14', 'dag', {}])],
    ['a whole day as EduArte keeps it', '1;20260914;0000;20260915;2359;;;Z;', duur(['2026-09-14', 'dag', {}], ['2026-09-15', 'dag', {}])],
    ['no einddatum runs to the day of the file', '1;20260929;;;;;;Z;', duur(['2026-09-29', 'dag', {}], ['2026-09-30', 'dag', {}])],
    ['no einddatum, with lesuren: that day', '1;20260929;;;;3;3;Z;', duur(['2026-09-29', '3', { lesuren: [3] }])],
    ['no einddatum, begins after the file: its first day', '1;20261005;;;;;;Z;', duur(['2026-10-05', 'dag', {}])],
    ['no reden yet', '1;20260914;;20260914;;;;;', duur(['2026-09-14', 'dag', { reden: null }])],
    ['a reden that means none', '1;20260914;;20260914;;;;?;', duur(['2026-09-14', 'dag', { reden: null }])],
    ['a reden without translation', '1;20260914;;20260914;;;;X9;', duur(['2026-09-14', 'dag', { reden: 'X9' }])],
    ['spaces around fields', ' 1 ; 20260914 ;; 20260914 ;;;; Z ;', duur(['2026-09-14', 'dag', {}])],
    ['a mended row of a file of rejected rows', '1;20260914;;20260914;;;;Z;;7;begindatum;De begindatum is geen bestaande dag', duur(['2026-09-14', 'dag', {}])],
    ['a weekend', '1;20260919;;20260920;;;;Z;', 'geen-lesdag'],
    ['a studiedag', '1;20260918;;20260918;;2;2;Z;', 'geen-lesdag'],
    ['31 February', '1;20260231;;20260301;;;;Z;', 'begindatum'],
    ['a Dutch date', '1;14-09-2026;;14-09-2026;;;;Z;', 'begindatum'],
    ['an end that is no day', '1;20260914;;20260931;;;;Z;', 'einddatum'],
    ['an end before the begin', '1;20260914;;20260911;;;;Z;', 'einddatum'],
    ['a slip in the year', '1;20260914;;20270915;;;;Z;', 'periode-te-lang'],
    ['one lesuur missing', '1;20260914;;20260914;;2;;Z;', 'lesuren'],
    ['lesuren the wrong way round', '1;20260914;;20260914;;3;2;Z;', 'lesuren'],
    ['lesuur 0', '1;20260914;;20260914;;0;2;Z;', 'lesuren'],
    ['a time that does not exist', '1;20260914;1060;20260914;1130;;;Z;', 'tijd'],
    ['half of the times', '1;20260914;0900;20260914;;;;Z;', 'tijd'],
    ['times the wrong way round', '1;20260914;1030;20260914;0900;;;Z;', 'tijd'],
    ['times over more days', '1;20260914;0900;20260915;1030;;;Z;', 'tijden-over-dagen'],
    ['no leerlingnummer', ';20260914;;20260914;;;;Z;', 'leerlingnummer'],
    ['a name for a leerlingnummer', 'Jan Jansen;20260914;;20260914;;;;Z;', 'leerlingnummer'],
    ['too few columns', '1;20260914;;20260914;;;;Z', 'aantal-kolommen'],
    ['a separator in the opmerking', '1;20260914;;20260914;;;;Z;griep; koorts', 'aantal-kolommen']
  ]
  for (const [naam, regel, verwacht] of gevallen) {
    const lezer = makeEduarte(gegevens)
    lezer.parseRij('1;20260914;;20260914;;;;Z;'.split(';'))
    const duiding = lezer.parseRij(regel.split(';'))
    if (typeof verwacht === 'string') t.match(duiding, { uitkomst: 'afgewezen', code: verwacht }, naam)
    else t.same(duiding, { uitkomst: 'records', records: verwacht }, naam)
  }
})

t.test('the first row that can only be of one kind decides what an eduarte file is', async (t) => {
  const melding = '1;20260914;;20260914;;2;2;Z;belde'
  const waarneming = '1;20260914;;20260914;;2;2;NEA;Afwezig;J'
  const kapot = '1;20260914;;20260914;;2;2;NEA;Afwezig'
  const codes = (...regels: string[]): string[] => {
    const lezer = makeEduarte(gegevens)
    return regels.map((regel) => {
      const duiding = lezer.parseRij(regel.split(';'))
      return duiding.uitkomst === 'afgewezen' ? duiding.code : duiding.uitkomst
    })
  }
  t.same(codes(melding, waarneming), ['records', 'aantal-kolommen'])
  t.same(codes(waarneming, melding), ['records', 'aantal-kolommen'])
  t.same(codes(kapot, waarneming, kapot), ['indeling-onbekend', 'records', 'aantal-kolommen'], 'a waarneming that lost its last column is never a melding')
  t.same(codes(waarneming, waarneming.replace('Afwezig', 'Aanwezig'), waarneming.replace('Afwezig', 'nvt'), waarneming.replace('Afwezig', 'Ziek')), ['records', 'overgeslagen', 'overgeslagen', 'soort-onbekend'])
  t.same(codes(waarneming, waarneming.replace(';;20260914;', ';;;')), ['records', 'einddatum'], 'a waarneming has an einddatum')
})

t.test('free text of an eduarte row is kept nowhere, whatever is wrong with the row', async (t) => {
  for (const [naam, eerst, regel, bewaard] of [
    ['an opmerking', '1;20260914;;20260914;;2;2;Z;', '1;x;;20260914;;2;2;Z;griep', '1;x;;20260914;;2;2;Z;'],
    ['an opmerking with a separator', '1;20260914;;20260914;;2;2;Z;', '1;20260914;;20260914;;2;2;Z;griep; koorts', '1;20260914;;20260914;;2;2;Z;'],
    ['a first row nobody recognises', undefined, '1;20260914;;20260914;;2;2;Z;griep;J', '1;20260914;;20260914;;2;2;Z;'],
    ['a rejected row again', '1;20260914;;20260914;;2;2;Z;', '1;x;;20260914;;2;2;Z;;7;begindatum;De begindatum', '1;x;;20260914;;2;2;Z;'],
    ['a waarneming', '1;20260914;;20260914;;2;2;NEA;Afwezig;J', '1;x;;20260914;;2;2;NEA;Afwezig;J', '1;x;;20260914;;2;2;NEA;Afwezig;J'],
    ['a melding among waarnemingen', '1;20260914;;20260914;;2;2;NEA;Afwezig;J', '1;20260914;;20260914;;2;2;Z;griep', '1;20260914;;20260914;;2;2;Z;;'],
    ['a short row', '1;20260914;;20260914;;2;2;Z;', '1;20260914', '1;20260914;;;;;;;']
  ] as const) {
    const lezer = makeEduarte(gegevens)
    if (eerst !== undefined) lezer.parseRij(eerst.split(';'))
    t.equal(lezer.parseRij(regel.split(';')).uitkomst, 'afgewezen', naam)
    t.equal(lezer.keepVelden(regel.split(';')).join(';'), bewaard, naam)
  }
})

t.test('a translation of redenen that is none is refused', async (t) => {
  t.same([...parseRedenen('Z=ZK,SP=SPIJ')], [['Z', 'ZK'], ['SP', 'SPIJ']])
  for (const fout of ['Z', '=ZK', 'Z=ZK=X']) t.throws(() => parseRedenen(fout), AppError, fout)
})

// --- the DUO layout

t.test('the vakantieregio follows the provincie, but for the gemeenten that deviate', async (t) => {
  for (const [provincie, gemeente, plaats, regio, gedeeld] of [
    ['Drenthe', '0114', 'EMMEN', 'noord', false],
    ['Fryslân', '0080', 'LEEUWARDEN', 'noord', false],
    ['UTRECHT', '0344', 'UTRECHT', 'midden', false],
    ['Utrecht', '0317', 'EEMNES', 'noord', false],
    ['Utrecht', '0736', 'ABCOUDE', 'noord', true],
    ['Utrecht', '0736', 'MIJDRECHT', 'midden', true],
    ['Flevoland', '0050', 'ZEEWOLDE', 'midden', false],
    ['Gelderland', '0200', 'APELDOORN', 'midden', false],
    ['Gelderland', '0202', 'ARNHEM', 'zuid', false],
    ['Gelderland', '0244', 'HATTEM', 'noord', false],
    ['Gelderland', '1955', 'DIDAM', 'zuid', true],
    ['Gelderland', '1955', undefined, 'midden', true],
    ['Noord-Brabant', '1959', 'Hank', 'zuid', true],
    ['Noord-Brabant', '0874', 'WOUDRICHEM', 'midden', false],
    ['Noord-Brabant', '0738', 'VEEN', 'zuid', false],
    ['Limburg', '0935', 'MAASTRICHT', 'zuid', false]
  ] as const) t.same(findVakantieregio(provincie, gemeente, plaats), { regio, gedeeld }, `${plaats ?? gemeente}`)
  t.equal(findVakantieregio('Atlantis', '9999', 'ERGENS'), undefined)
})

t.test('the columns of a DUO file are found by name, under the names they have had', async (t) => {
  const opdracht = { opties: { sector: 'vo', regio: 'zuid' }, scholen: '*' as const }
  const lezer = makeDuo({ ...opdracht, kop: ['VESTIGINGSNAAM', 'Gemeentenummer', 'INSTELLINGSCODE', 'VESTIGINGSCODE'] }, new Map())
  t.same(lezer.parseRij(['De Proef', '0344', '99BA', '99BA00']), { uitkomst: 'records', records: [{ vestiging: '99BA00', naam: 'De Proef', sector: 'vo', regio: 'zuid', gemeentecode: '0344' }] })
  t.match(lezer.parseRij(['De Proef', '0344', '99BA']), { uitkomst: 'afgewezen', code: 'aantal-kolommen' })
  t.throws(() => makeDuo({ ...opdracht, kop: ['VESTIGINGSNAAM'] }, new Map()), { message: 'De kopregel mist: BRIN NUMMER of INSTELLINGSCODE, VESTIGINGSNUMMER of VESTIGINGSCODE, GEMEENTENUMMER.' })
  t.throws(() => makeDuo({ ...opdracht, opties: { sector: 'wo' }, kop: [] }, new Map()), { message: '--sector is een van: po, so, vso, vo, mbo.' })
})

// --- the command line

t.test('arguments are read, and every fault is named at once', async (t) => {
  t.same(parseImporteerArgs(['--bron', 'oud-lvs', '--school', '99AA', '--indeling', 'eduarte', '--redenen', 'Z=ZK', '--proef', 'a.csv']),
    { bron: 'oud-lvs', scholen: ['99AA'], school: '99AA', indeling: 'eduarte', bestand: 'a.csv', proef: true, opties: { redenen: 'Z=ZK' } })
  t.same(parseImporteerArgs(['b.csv', '--bron=duo', '--indeling=duo-vestigingen', '--afgewezen=weg.csv']),
    { bron: 'duo', scholen: '*', indeling: 'duo-vestigingen', bestand: 'b.csv', proef: false, afgewezenBestand: 'weg.csv', opties: {} })
  t.same(parseImporteerArgs(['b.csv', '--bron=duo', '--indeling=duo-vestigingen', '--school=99AA,99AB']).scholen, ['99AA', '99AB'])
  const basis = ['--bron', 'x', '--school', '99AA', '--indeling', 'eduarte', 'a.csv']
  const gevallen: Array<[string[], string]> = [
    [[], '--bron ontbreekt; --indeling ontbreekt: eduarte of duo-vestigingen; het bestand ontbreekt.'],
    [[...basis, '--sectr', 'po'], 'onbekende optie --sectr; er is meer dan één bestand; lees ze een voor een.'],
    [[...basis, '--vestiging', '99AB00'], '--vestiging hoort niet bij --school.'],
    [[...basis, '--vestiging', '99AA'], '--vestiging is een vestigingscode als 99AA00.'],
    [[...basis, '--school', '99AB'], '--school staat er twee keer.'],
    [[...basis, '--redenen'], '--redenen mist een waarde.'],
    [[...basis, '--redenen', '--proef'], '--redenen mist een waarde.'],
    [['--bron', 'mijn bron', '--school', '99aa', '--indeling', 'som', 'a.csv'], '--bron heeft 1 tot 64 letters, cijfers of . _ ~ -; indeling som is er niet; wel: eduarte, duo-vestigingen; --school is een BRIN als 99AA, of meer met komma\'s ertussen.'],
    [['--bron', 'x', '--indeling', 'eduarte', 'a.csv'], 'indeling eduarte leest één school per bestand: --school met één BRIN.']
  ]
  for (const [argv, message] of gevallen) t.throws(() => parseImporteerArgs(argv), { message }, argv.join(' '))
})

// --- against the store

t.test('files land in the register', async (t) => {
  const { app } = await startService(t, { now: () => new Date('2026-10-12T08:00:00Z') })
  const ctx = app.makeCtx({ bron: 'oud-lvs', rechten: new Set(RECHTEN), scholen: ['99AA'] })
  await prepareSchool(ctx)

  await t.test('a file of absentiemeldingen: every row has an outcome, and the bad ones can be mended', async (t) => {
    const { bestand, map } = copyFixture(t, 'eduarte-absentiemeldingen.csv')
    const regels: string[] = []
    const opdracht: Importopdracht = { indeling: 'eduarte', bestand, school: '99AA', proef: false, opties: { redenen: 'Z=ZK,SP=SPIJ' }, melden: (regel) => regels.push(regel) }

    const proef = await importeer(ctx, { ...opdracht, proef: true, afgewezenBestand: join(map, 'proef.csv') })
    t.same((await listAll(ctx)).length, 0, 'a proef writes nothing')
    const verslag = await importeer(ctx, opdracht)
    t.same(rijen(verslag), { nieuw: 6, inWacht: 1, afgewezen: 4, overgeslagen: 1 })
    t.same(rijen(proef), rijen(verslag), 'and said the same')
    t.same(verslag.gelezen, 12)
    t.same([...verslag.afgewezen], [['geen-lesdag', 1], ['begindatum', 1], ['aantal-kolommen', 1], ['buiten-inschrijving', 1]])
    t.same([...verslag.nietIngedeeld], [['X9', 1]])
    t.equal(verslag.exitCode, 2)
    t.match(regels.join('\n'), /opmerkingen weggelaten: 8 /)
    t.match(regels.join('\n'), /niet ingedeeld: X9 \(1\)/)
    t.match(regels.join('\n'), /dagen weggelaten: 3 /)

    const absenties = await listAll(ctx)
    t.same(absenties.map(({ datum, reden, minuten, lesuren }) => [datum, reden, minuten, lesuren]), [
      ['2026-09-14', 'ZK', 50, [2]],
      ['2026-09-15', 'SPIJ', 330, null],
      ['2026-09-16', 'X9', 90, null],
      ['2026-09-17', 'ZK', 400, [1, 2, 3, 4, 5, 6, 7, 8]],
      ['2026-09-21', 'ZK', 400, [1, 2, 3, 4, 5, 6, 7, 8]],
      ['2026-09-23', 'ZK', 330, null],
      ['2026-09-24', 'ZK', 330, null]
    ])

    const afgewezen = join(map, 'melding.csv.afgewezen.csv')
    t.equal(verslag.afgewezenBestand, afgewezen)
    t.equal(readFileSync(afgewezen, 'utf8'), '\ufeff' + [
      '100201;20260919;;20260920;;;;Z;;5;geen-lesdag;Volgens de kalender van 99AA00 is er in deze periode geen lesdag (geen lesdag in deze week).',
      '100201;20260231;;20260301;;;;Z;;7;begindatum;De begindatum is geen bestaande dag als JJJJMMDD.',
      '100201;20260922;;20260922;;;;Z;;8;aantal-kolommen;"Deze rij heeft 10 kolommen; absentiemeldingen hebben er 9."',
      '100202;20260914;;20260914;;;;Z;;9;buiten-inschrijving;datum: De leerling is op deze datum niet op deze vestiging ingeschreven.',
      ''
    ].join('\r\n'))
    t.equal(statSync(afgewezen).mode & 0o777, 0o600, 'only its owner reads it')

    const nogmaals = await importeer(ctx, opdracht)
    t.same(rijen(nogmaals), { ongewijzigd: 6, inWacht: 1, afgewezen: 4, overgeslagen: 1 }, 'reading again changes nothing')
    t.equal(nogmaals.afgewezenBestand, join(map, 'melding.csv.afgewezen.2.csv'), 'and leaves the file somebody may be mending')

    writeFileSync(afgewezen, readFileSync(afgewezen, 'utf8').replace('20260919;;20260920', '20260925;;20260925').replace('20260231;;20260301', '20260228;;20260301').replace('100202;20260914;;20260914', '100202;20261001;;20261001'))
    utimesSync(afgewezen, new Date('2026-10-12T07:00:00Z'), new Date('2026-10-12T07:00:00Z'))
    const verbeterd = await importeer(ctx, { ...opdracht, bestand: afgewezen })
    t.same(rijen(verbeterd), { nieuw: 3, afgewezen: 1 }, 'what was mended lands, its extra columns are passed by')
    t.same([...verbeterd.afgewezen], [['geen-lesdag', 1]], 'and 28 February 2026 is a Saturday')
    t.match(readFileSync(verbeterd.afgewezenBestand!, 'utf8'), /^\ufeff100201;20260228;;20260301;;;;Z;;2;geen-lesdag;[^;]*\r\n$/, 'the extra columns do not pile up')

    for (const file of readdirSync(map).filter((naam) => naam.includes('afgewezen') || naam.includes('proef'))) {
      t.notMatch(readFileSync(join(map, file), 'utf8'), /verzorger|bestaat niet|been|ziekenhuis|ingeschreven;|Griep|belde/, `${file} holds no opmerking`)
    }
  })

  await t.test('a later file replaces an earlier one, an earlier one never a later one', async (t) => {
    const { bestand } = copyFixture(t, 'eduarte-absentiemeldingen.csv')
    const regel = (reden: string): void => writeFileSync(bestand, `100201;20260929;;20260929;;4;4;${reden};\r\n`)
    const lees = async (opties: Record<string, string> = {}): Promise<object> =>
      rijen(await importeer(ctx, { indeling: 'eduarte', bestand, school: '99AA', proef: false, opties, melden: () => {} }))
    const moment = (tekst: string): void => utimesSync(bestand, new Date(tekst), new Date(tekst))
    regel('SPIJ')
    moment('2026-10-01T08:00:00Z')
    t.same(await lees(), { nieuw: 1 })
    regel('ZK')
    moment('2026-10-02T08:00:00Z')
    t.same(await lees(), { gewijzigd: 1 }, 'another reden for the same lesuur')
    t.same(await lees(), { ongewijzigd: 1 })
    regel('MED')
    t.same(await lees({ 'gewijzigd-op': '2026-10-01T12:00:00+02:00' }), { verouderd: 1 })
    t.same((await listAll(ctx)).filter(({ datum }) => datum === '2026-09-29').map(({ reden }) => reden), ['ZK'])
    await t.rejects(lees({ 'gewijzigd-op': 'gisteren' }), { code: 'invoer-ongeldig' })
  })

  await t.test('a file of waarnemingen: present is no absentie', async (t) => {
    const { bestand } = copyFixture(t, 'eduarte-waarnemingen.csv')
    const verslag = await importeer(ctx, { indeling: 'eduarte', bestand, school: '99AA', proef: false, melden: () => {} })
    t.same(rijen(verslag), { nieuw: 2, overgeslagen: 2, afgewezen: 2 })
    t.same([...verslag.overgeslagen], [['waarneming Aanwezig is geen absentie', 1], ['waarneming Nvt is geen absentie', 1]])
    t.same([...verslag.afgewezen], [['soort-onbekend', 1], ['aantal-kolommen', 1]])
    t.same((await listAll(ctx)).filter(({ datum }) => datum === '2026-10-05').map(({ bronId, reden, categorie }) => [bronId, reden, categorie]),
      [['eduarte:100201:2026-10-05:waarneming:2', null, 'onverklaard'], ['eduarte:100201:2026-10-05:waarneming:3', null, 'onverklaard']])
  })

  await t.test('more rows than one push: batches, a row over many days, one aanlevering', async (t) => {
    const { bestand } = copyFixture(t, 'eduarte-absentiemeldingen.csv')
    const dagen = kalender.lesdagen('2026-10-26', '2027-06-30').map((dag) => dag.replaceAll('-', ''))
    const rows = dagen.flatMap((dag) => Array.from({ length: 8 }, (_, i) => `100201;${dag};;${dag};;${i + 1};${i + 1};ZK;`))
    writeFileSync(bestand, [...rows, '100202;20261026;;20270630;;;;ZK;', 'x;y', ''].join('\n'))
    utimesSync(bestand, new Date('2026-10-12T07:00:00Z'), new Date('2026-10-12T07:00:00Z'))
    const regels: string[] = []
    let moment = ctx.now().getTime()
    const verslag = await importeer({ ...ctx, now: () => new Date(moment += 1_000) }, { indeling: 'eduarte', bestand, school: '99AA', proef: false, melden: (regel) => regels.push(regel) })
    t.ok(rows.length > 1_000)
    t.match(regels[0], /^… 1\.000 rijen gelezen, 1\.000 verwerkt, 0 overgeslagen, 0 afgewezen \(\d+ % van het bestand\)$/, 'tells how far it is')
    t.same(rijen(verslag), { nieuw: rows.length + 1, afgewezen: 1 })
    t.equal(verslag.records.nieuw, rows.length + dagen.length)
  })

  await t.test('what cannot begin says why and writes nothing', async (t) => {
    const { bestand, map } = copyFixture(t, 'eduarte-absentiemeldingen.csv')
    const opdracht: Importopdracht = { indeling: 'eduarte', bestand, school: '99AA', proef: false, melden: () => {} }
    await t.rejects(importeer(ctx, { ...opdracht, vestiging: '99AA07' }), { code: 'stamgegevens-onbekend' })
    await t.rejects(importeer(ctx, { ...opdracht, indeling: 'som' }), { message: 'Indeling som is er niet; wel: eduarte, duo-vestigingen.' })
    await t.rejects(importeer(ctx, { ...opdracht, opties: { sector: 'po' } }), { message: /Indeling eduarte kent geen --sector/ })
    await t.rejects(importeer(ctx, { ...opdracht, bestand: join(map, 'weg.csv') }), { message: /weg\.csv bestaat niet/ })
    t.same(readdirSync(map), ['melding.csv'])
  })

  await t.test('a list of vestigingen of DUO, for every school or for some', async (t) => {
    const { bestand } = copyFixture(t, 'duo-vestigingen.csv')
    const duo = app.makeCtx({ bron: 'duo', rechten: new Set(RECHTEN), scholen: '*' })
    const opdracht: Importopdracht = { indeling: 'duo-vestigingen', bestand, proef: false, melden: () => {} }
    const enkel = await importeer(app.makeCtx({ bron: 'duo', rechten: new Set(RECHTEN), scholen: ['99BB'] }), opdracht)
    t.same(rijen(enkel), { nieuw: 2, overgeslagen: 6 })
    t.equal(enkel.exitCode, 0)
    t.notOk(existsSync(`${bestand}.afgewezen.csv`))

    const regels: string[] = []
    const verslag = await importeer(duo, { ...opdracht, melden: (regel) => regels.push(regel) })
    t.same(rijen(verslag), { nieuw: 3, ongewijzigd: 2, afgewezen: 3 })
    t.match(regels.join('\n'), /al bekende vestigingen: 2 .*\nvakantieregio afgeleid: 4 .*2026-01-21.*\ngemeente in twee vakantieregio's, de plaatsnaam besliste: 1955 \(1\)/)
    const { vestigingen } = await listVestigingen(duo, { limit: 100 })
    t.same(vestigingen.filter(({ school }) => school.startsWith('99B')).map(({ vestiging, naam, regio }) => [vestiging, naam, regio]), [
      ['99BA00', 'OBS \'t Verzonnen Mozaïek', 'noord'], ['99BB00', 'De "Proef"; een school', 'zuid'], ['99BB01', 'De Toets', 'noord'], ['99BC00', 'DE KEURING', 'zuid'], ['99BD00', 'De Staal', 'midden']
    ])

    const afgewezen = readFileSync(verslag.afgewezenBestand!, 'utf8')
    t.match(afgewezen, /^\ufeffPROVINCIE;.*;RMC-REGIO NAAM;REGEL;CODE;REDEN\r\nAtlantis;.*;7;provincie-onbekend;.*\r\nLimburg;.*;8;vestiging-past-niet;/)
    writeFileSync(verslag.afgewezenBestand!, afgewezen.replace('Atlantis', 'Drenthe').replace('99BG00', '99BF00').replace('De Gemeenteloze;MAASTRICHT;;', 'De Gemeenteloze;MAASTRICHT;0935;'))
    const verbeterd = await importeer(duo, { ...opdracht, bestand: verslag.afgewezenBestand! })
    t.same(rijen(verbeterd), { nieuw: 3 })

    await pushVestigingen(duo, [{ vestiging: '99BA00', naam: 'Oude naam', sector: 'po', regio: 'midden', gemeentecode: '0114', lesuurMinuten: 45, samenwerkingsverband: 'PO2203' }], { proef: false })
    t.match(rijen(await importeer(duo, opdracht)), { gewijzigd: 1, ongewijzigd: 5 }, 'the row without a usable provincie too, now that its region is known')
    t.match((await listVestigingen(duo, { school: '99BA', limit: 1 })).vestigingen, [{ naam: 'OBS \'t Verzonnen Mozaïek', regio: 'midden', lesuurMinuten: 45, samenwerkingsverband: 'PO2203' }], 'what the list does not say stays as the school set it')
  })

  await t.test('the real files of the vendor and of DUO', { skip: existsSync(shared) ? false : 'only beside ../shared' }, async (t) => {
    const map = t.testdir()
    const copy = (naam: string): string => {
      copyFileSync(join(shared, naam), join(map, naam))
      utimesSync(join(map, naam), new Date('2026-10-12T07:00:00Z'), new Date('2026-10-12T07:00:00Z'))
      return join(map, naam)
    }
    const eduarte: Omit<Importopdracht, 'bestand'> = { indeling: 'eduarte', school: '99AA', proef: false, opties: { redenen: 'Z=ZK' }, melden: () => {} }
    t.same(rijen(await importeer(ctx, { ...eduarte, bestand: copy('eduarte_voorbeeld_absentiemeldingen.csv') })), { inWacht: 4 })
    t.same(rijen(await importeer(ctx, { ...eduarte, bestand: copy('eduarte_voorbeeld_waarnemingen.csv') })), { inWacht: 3, overgeslagen: 2 })

    const duo = app.makeCtx({ bron: 'duo', rechten: new Set(RECHTEN), scholen: '*' })
    const opdracht: Importopdracht = { indeling: 'duo-vestigingen', bestand: copy('duo_po_vestigingen_ca2013.csv'), proef: false, melden: () => {} }
    const verslag = await importeer(duo, opdracht)
    t.same(rijen(verslag), { nieuw: 6_804 })
    t.comment(`6,804 vestigingen in ${Math.round(verslag.milliseconden)} ms`)
  })
})

t.test('the command: exit code, report on stdout, faults on stderr', async (t) => {
  const { app } = await startService(t, { now: () => new Date('2026-10-12T08:00:00Z') })
  await prepareSchool(app.makeCtx({ bron: 'oud-lvs', rechten: new Set(RECHTEN), scholen: ['99AA'] }))
  const { bestand } = copyFixture(t, 'eduarte-absentiemeldingen.csv')
  const { host, port, user, database } = app.connection
  const DATABASE_URL = `postgres://${user}@/${database}?host=${encodeURIComponent(String(host))}&port=${port}`
  const run = async (...argv: string[]): Promise<{ code: number, stdout: string, stderr: string }> => {
    const env = { ...process.env, DATABASE_URL, AUTH_DEVELOPMENT: '1', DATA_DIR: app.config.dataDir, LOG_LEVEL: 'silent' }
    try {
      return { code: 0, ...await promisify(execFile)(process.execPath, [main, 'importeer', ...argv], { env }) }
    } catch (error) {
      return error as { code: number, stdout: string, stderr: string }
    }
  }
  const basis = ['--bron', 'oud-lvs', '--school', '99AA', '--indeling', 'eduarte']
  const eerste = await run(...basis, '--redenen', 'Z=ZK,SP=SPIJ', bestand)
  t.match(eerste, { code: 2, stderr: '' })
  t.match(eerste.stdout, /^Geïmporteerd met indeling eduarte\.\n +rijen +records\n {2}afgewezen +4 +1\n {2}inWacht +1 +1\n {2}nieuw +6 +7\n {2}overgeslagen +1\n {2}gelezen +12 +9\n/)
  writeFileSync(bestand, '100201;20260914;;20260914;;6;6;ZK;\n')
  t.match(await run(...basis, bestand), { code: 0, stderr: '' })
  t.match(await run('--bron', 'x'), { code: 1, stdout: '', stderr: /^--indeling ontbreekt.*\n\nGebruik: npm run importeer/ })
  t.match(await run(...basis, '--vestiging', '99AA09', bestand), { code: 1, stderr: /^Vestiging 99AA09 is hier niet bekend/ })
})

async function prepareSchool (ctx: Ctx): Promise<void> {
  await pushVestigingen(ctx, [{ vestiging: '99AA00', naam: 'De Proefschool', sector: 'vo', regio: 'midden', gemeentecode: '0344', lesuurMinuten: 50 }], { proef: false })
  await pushKalenders(ctx, [{ vestiging: '99AA00', schooljaar: '2026-2027', lesvrij: [{ van: '2026-09-18', tot: '2026-09-18', soort: 'studiedag', naam: 'Studiedag' }] }], { proef: false })
  const leerling = (bronId: string, van: string): object =>
    ({ bronId, school: '99AA', geboortedatum: '2012-05-04', inschrijvingen: [{ vestiging: '99AA00', van, leerjaar: 2, rooster: [330, 330, 330, 330, 330, 0, 0] }] })
  await pushLeerlingen(ctx, [leerling('100201', '2026-08-01'), leerling('100202', '2026-10-01')], { proef: false })
}

function copyFixture (t: Test, naam: string): { bestand: string, map: string } {
  const map = t.testdir()
  const bestand = join(map, 'melding.csv')
  copyFileSync(join(fixtures, naam), bestand)
  utimesSync(bestand, new Date('2026-10-10T08:00:00Z'), new Date('2026-10-10T08:00:00Z'))
  return { bestand, map }
}

/** The outcomes that occurred; that they sum to the rows read is asserted where they are counted. */
function rijen (verslag: Importverslag): object {
  return Object.fromEntries(Object.entries(verslag.rijen).filter(([, aantal]) => aantal > 0))
}

async function listAll (ctx: Ctx): Promise<Absentie[]> {
  return (await listAbsenties(ctx, { school: '99AA', limit: 1_000 })).absenties
}
