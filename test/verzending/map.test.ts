import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import t, { type Test } from 'tap'
import { makeMap } from '../../src/verzending/map.ts'
import { readXml } from '../../src/verzending/xml.ts'
import { buildUitzending, RUSTIG, VELDEN } from './voorbeeld.ts'
import type { Kanaal } from '../../src/domain/duobericht.ts'

const NU = '2026-09-10T10:00:00.000Z'

async function openMap (t: Test): Promise<{ map: string, kanaal: Kanaal }> {
  const folder = await mkdtemp(join(tmpdir(), 'aanwezig-map-'))
  t.teardown(async () => { await rm(folder, { recursive: true, force: true }) })
  const map = join(folder, 'duo')
  return { map, kanaal: makeMap({ map, now: () => new Date(NU), log: pino({ level: 'silent' }) }) }
}

t.test('a message is a folder that is there whole, in order, provable, and readable by nobody else', async (t) => {
  const { map, kanaal } = await openMap(t)
  const eerste = buildUitzending({ volgnummer: 9 })
  t.strictSame(await kanaal.verzend(eerste, RUSTIG), { uitslag: 'aangenomen', meldingsnummer: 'L9', mutatieOp: NU })
  const tweede = buildUitzending({ volgnummer: 10, operatie: 'muteren', meldingsnummer: 'L9', laatsteMutatie: NU })
  t.strictSame(await kanaal.verzend(tweede, RUSTIG), { uitslag: 'aangenomen', meldingsnummer: 'L9', mutatieOp: NU })
  const mappen = await readdir(join(map, '99AA'))
  t.strictSame(mappen.toSorted(), [`00000009-${eerste.kenmerk}`, `00000010-${tweede.kenmerk}`], 'by name they are in order')

  const doel = join(map, '99AA', mappen.toSorted()[0]!)
  const manifest = JSON.parse(await readFile(join(doel, 'manifest.json'), 'utf8')) as { bestanden: Array<{ bestand: string, bytes: number, sha256: string }> }
  t.match(manifest, { kenmerk: eerste.kenmerk, school: '99AA', volgnummer: 9, operatie: 'melden' })
  for (const { bestand, bytes, sha256 } of manifest.bestanden) {
    const inhoud = await readFile(join(doel, bestand))
    t.strictSame({ bytes: inhoud.length, sha256: createHash('sha256').update(inhoud).digest('hex') }, { bytes, sha256 }, bestand)
    t.equal((await stat(join(doel, bestand))).mode & 0o777, 0o600)
  }
  t.equal(manifest.bestanden.length, 2)
  t.equal((await stat(doel)).mode & 0o777, 0o700)
  t.strictSame((JSON.parse(await readFile(join(doel, 'bericht.json'), 'utf8')) as { velden: unknown }).velden, VELDEN)
  t.equal(readXml(await readFile(join(doel, 'bericht.xml'), 'utf8')).naam, 'meldenRelatiefVerzuim')
})

t.test('the same kenmerk is one folder and one answer, also after a write that was cut off', async (t) => {
  const { map, kanaal } = await openMap(t)
  const uitzending = buildUitzending({ volgnummer: 1 })
  await mkdir(join(map, '99AA', `.00000001-${uitzending.kenmerk}.tijdelijk`), { recursive: true })
  await writeFile(join(map, '99AA', `.00000001-${uitzending.kenmerk}.tijdelijk`, 'bericht.json'), '{"half')
  const eerste = await kanaal.verzend(uitzending, RUSTIG)
  const later = makeMap({ map, now: () => new Date('2027-01-01T00:00:00Z'), log: pino({ level: 'silent' }) })
  t.strictSame(await later.verzend({ ...uitzending, poging: 2 }, RUSTIG), eerste)
  t.strictSame(await readdir(join(map, '99AA')), [`00000001-${uitzending.kenmerk}`])
})

t.test('a folder that cannot be written is tried again; what XML cannot carry is for people; a name is no path', async (t) => {
  const { map, kanaal } = await openMap(t)
  await mkdir(map, { recursive: true })
  await writeFile(join(map, '99AA'), 'a file where the folder should be')
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'mislukt', omschrijving: /de map is niet te beschrijven: (EEXIST|ENOTDIR)/ })
  await rm(join(map, '99AA'))
  t.match(await kanaal.verzend(buildUitzending(), RUSTIG), { uitslag: 'aangenomen' })
  t.match(await kanaal.verzend(buildUitzending({ velden: { ...VELDEN, toelichting: 'a\u0000b' } }), RUSTIG), { uitslag: 'geweigerd', code: 'XML' })
  await t.rejects(kanaal.verzend(buildUitzending({ kenmerk: '../../x' }), RUSTIG), /no path/)
})

t.test('statuses are read from files that people put there; a broken one says so beside itself and stops no other', async (t) => {
  const { map, kanaal } = await openMap(t)
  t.strictSame(await kanaal.peil('99AA', null, RUSTIG), { wijzigingen: [], tot: NU })
  const antwoorden = join(map, '99AA', 'antwoorden')
  const put = async (naam: string, inhoud: unknown): Promise<void> => { await writeFile(join(antwoorden, naam), typeof inhoud === 'string' ? inhoud : JSON.stringify(inhoud)) }
  await put('b.json', { meldingsnummer: 'L1', status: 'G', mutatieOp: '2026-10-02T09:00:00+02:00' })
  await put('a.json', [{ meldingsnummer: 'L1', status: 'B', mutatieOp: '2026-10-01T09:00:00+02:00' }, { meldingsnummer: '12', status: 'I', mutatieOp: '2026-10-03T00:00:00Z', reden: 'V' }])
  await put('half.json', '{"meldingsnummer": ')
  await put('anders.json', { meldingsnummer: 'L1', status: 'D', mutatieOp: '2026-10-01T09:00:00+02:00' })
  await put('.nog-bezig.json', '{')
  await put('lees.txt', 'no answer')
  const { wijzigingen, tot } = await kanaal.peil('99AA', null, RUSTIG)
  t.strictSame(wijzigingen.map(({ meldingsnummer, status, reden }) => [meldingsnummer, status, reden]), [['L1', 'B', null], ['L1', 'G', null], ['12', 'I', 'V']])
  t.equal(tot, '2026-10-03T00:00:00Z')
  t.match(await readFile(join(antwoorden, 'half.json.fout.txt'), 'utf8'), /geen geldige JSON/)
  t.match(await readFile(join(antwoorden, 'anders.json.fout.txt'), 'utf8'), /Verwacht/)

  await put('half.json', { meldingsnummer: 'L2', status: 'K', mutatieOp: '2026-09-01T00:00:00Z' })
  t.equal((await kanaal.peil('99AA', tot, RUSTIG)).wijzigingen.length, 4, 'what was put there late with an earlier moment counts too')
  t.strictSame((await readdir(antwoorden)).filter((naam) => naam.endsWith('.fout.txt')), ['anders.json.fout.txt'])
})
