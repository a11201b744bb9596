import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { pushStamgegevens, pushZending } from '../src/demo/aanleveren.ts'
import { Bron } from '../src/demo/bron.ts'
import { claimDemomap } from '../src/demo/demomap.ts'
import { generateSchooljaar } from '../src/demo/generate.ts'
import { formatAandeel, formatAantal, layTabel } from '../src/demo/tabel.ts'
import { makeLeveringen, showLeveringen, showProbeer, showSignalen, showStatistiek } from '../src/demo/uitkomsten.ts'
import { Verslag } from '../src/demo/verslag.ts'
import { CATEGORIEEN, SOORTEN, type Categorie } from '../src/domain/absentie.ts'
import { isDatum, leeftijdOp, vandaag } from '../src/domain/datum.ts'
import { isBrin, isGemeentecode, isSamenwerkingsverband, isVestigingscode, soortPersoonsgebondenNummer } from '../src/domain/identificatie.ts'
import { buildKalender, type Regio } from '../src/domain/kalender.ts'
import { formatDatum } from '../src/domain/woorden.ts'
import { runNacht } from '../src/jobs/nachtelijk.ts'
import { startService } from './support/service.ts'
import type { DemoSchooljaar, Melding, Vestigingstotaal } from '../src/demo/berichten.ts'
import type { Statistiek } from '../src/statistiek/contract.ts'

const schooljaar = generateSchooljaar()
const meldingen = schooljaar.absenties.flatMap(({ absenties }) => absenties as Melding[])
const kalenders = new Map(schooljaar.vestigingen.map(({ vestiging, regio }) =>
  [vestiging, buildKalender({ regio: regio as Regio, eigen: schooljaar.kalenders.filter((kalender) => kalender.vestiging === vestiging) })]))

function digest (jaar: DemoSchooljaar): string {
  return createHash('sha256').update(JSON.stringify(jaar)).digest('hex')
}

/** Minutes missed, every categorie but aanwezig-elders, as a share of planned time. */
function gemistAandeel (totalen: readonly Vestigingstotaal[]): number {
  const gemist = totalen.flatMap(({ gemist: per }) => CATEGORIEEN.filter((categorie) => categorie !== 'aanwezig-elders').map((categorie) => per[categorie]))
  return gemist.reduce((sum, minuten) => sum + minuten, 0) / totalen.reduce((sum, { gepland }) => sum + gepland, 0)
}

t.test('the same seed gives the same schooljaar, another seed another', async (t) => {
  const here = digest(schooljaar)
  t.equal(digest(generateSchooljaar()), here)
  t.equal(digest(generateSchooljaar(20252026)), here)
  t.not(digest(generateSchooljaar(1)), here)
})

t.test('six vestigingen in every sector and region hold 3,000 leerlingen', async (t) => {
  t.equal(schooljaar.leerlingen.length, 3000)
  t.equal(schooljaar.vestigingen.length, 6)
  t.strictSame([...new Set(schooljaar.vestigingen.map(({ sector }) => sector))].sort(), ['mbo', 'po', 'so', 'vo', 'vso'])
  t.strictSame([...new Set(schooljaar.vestigingen.map(({ regio }) => regio))].sort(), ['midden', 'noord', 'zuid'])
  t.ok(meldingen.length > 80_000 && meldingen.length < 100_000, `${meldingen.length} absenties`)
})

t.test('every leerling is sent once', async (t) => {
  const sent = schooljaar.absenties.flatMap(({ leerlingen }) => leerlingen.map(({ bronId }) => bronId))
  t.strictSame(sent.sort(), schooljaar.leerlingen.map(({ bronId }) => bronId).sort())
})

t.test('5 to 7 percent of planned time is missed, and each sector is plausible', async (t) => {
  const overall = gemistAandeel(schooljaar.totalen)
  t.ok(overall >= 0.05 && overall <= 0.07, `${overall}`)
  for (const [sector, low, high, ongeoorloofdLow, ongeoorloofdHigh] of [
    ['po', 0.04, 0.06, 0.02, 0.1],
    ['so', 0.06, 0.1, 0.02, 0.1],
    ['vso', 0.06, 0.11, 0.06, 0.2],
    ['vo', 0.055, 0.08, 0.22, 0.36],
    ['mbo', 0.06, 0.09, 0.22, 0.4]
  ] as const) {
    const totalen = schooljaar.totalen.filter((totaal) => totaal.sector === sector)
    const aandeel = gemistAandeel(totalen)
    t.ok(aandeel >= low && aandeel <= high, `${sector} misses ${aandeel}`)
    const ongeoorloofd = totalen.reduce((sum, { gemist }) => sum + gemist.ongeoorloofd + gemist.onverklaard, 0) / totalen.reduce((sum, { gepland }) => sum + gepland, 0) / aandeel
    t.ok(ongeoorloofd >= ongeoorloofdLow && ongeoorloofd <= ongeoorloofdHigh, `${sector}: ${ongeoorloofd} of it ongeoorloofd or onverklaard`)
  }
})

t.test('ziekte is most of it, and every reden of the standaardbeleid that a demo needs occurs', async (t) => {
  const aantallen = Map.groupBy(meldingen, ({ reden }) => reden)
  for (const reden of ['ZK', 'MED', 'GOD', 'VAK', 'GEW', 'SCH', 'VRV', 'SPIJ', 'LUX', 'TL', 'VW', 'STG', null]) t.ok((aantallen.get(reden)?.length ?? 0) > 10, `${reden}`)
  t.equal(aantallen.size, 14, 'and one code the standaardbeleid does not know')
  const winter = meldingen.filter(({ reden, datum }) => reden === 'ZK' && datum >= '2026-01-12' && datum <= '2026-02-08').length
  const najaar = meldingen.filter(({ reden, datum }) => reden === 'ZK' && datum >= '2025-09-08' && datum <= '2025-10-05').length
  t.ok(winter > 1.5 * najaar, `${winter} in four weeks of winter, ${najaar} in September`)
})

t.test('a few leerlingen carry much of the verzuim', async (t) => {
  const counts = [...Map.groupBy(meldingen.filter(({ reden }) => reden === 'SPIJ'), ({ leerling }) => leerling).values()].map((own) => own.length).sort((a, b) => b - a)
  const total = counts.reduce((sum, count) => sum + count, 0)
  const top = counts.slice(0, 300).reduce((sum, count) => sum + count, 0)
  t.ok(top / total > 0.35 && top / total < 0.7, `a tenth of the leerlingen has ${top / total} of the spijbelen`)
})

t.test('every absentie lies on a lesdag within the inschrijving, but those the bron knows will be refused', async (t) => {
  const leerlingen = new Map(schooljaar.leerlingen.map((leerling) => [leerling.bronId, leerling]))
  for (const { maand, absenties, verwacht } of schooljaar.absenties) {
    const wrong = (absenties as Melding[]).filter(({ datum, vestiging, leerling, soort }) => {
      const inschrijving = leerlingen.get(leerling)!.inschrijvingen.find((een) => een.vestiging === vestiging && een.van <= datum && (een.tot === undefined || datum <= een.tot))
      return !isDatum(datum) || inschrijving === undefined || !kalenders.get(vestiging)!.isLesdag(datum) || !SOORTEN.includes(soort)
    })
    t.equal(wrong.length, verwacht.afgewezen, maand)
  }
})

t.test('no leerling misses a lesuur or a dagdeel twice', async (t) => {
  const perDag = Map.groupBy(meldingen, ({ leerling, datum }) => `${leerling} ${datum}`)
  const double = [...perDag.values()].filter((own) => {
    const current = [...new Map(own.map((melding) => [melding.bronId, melding])).values()].filter(({ soort }) => SOORTEN.includes(soort))
    const lesuren = current.flatMap((melding) => melding.lesuren ?? [])
    const dagdelen = current.flatMap(({ dagdeel }) => dagdeel ?? [])
    const heel = current.filter((melding) => melding.soort === 'afwezig' && melding.lesuren === undefined && melding.dagdeel === undefined && melding.minuten === undefined)
    return new Set(lesuren).size < lesuren.length || new Set(dagdelen).size < dagdelen.length || (heel.length > 0 && current.length > 1)
  })
  t.strictSame(double, [])
})

t.test('identifiers are form-valid and nobody has a BSN', async (t) => {
  for (const { vestiging, gemeentecode, samenwerkingsverband } of schooljaar.vestigingen) {
    t.ok(isVestigingscode(vestiging) && vestiging.startsWith('99A') && isGemeentecode(gemeentecode), vestiging)
    t.ok(samenwerkingsverband === undefined || isSamenwerkingsverband(samenwerkingsverband))
  }
  const nummers = schooljaar.leerlingen.flatMap(({ persoonsgebondenNummer }) => persoonsgebondenNummer ?? [])
  t.equal(nummers.length, new Set(nummers).size)
  t.ok(nummers.length > 500 && nummers.every((nummer) => soortPersoonsgebondenNummer(nummer) === 'onderwijsnummer'))
  t.ok(schooljaar.leerlingen.every(({ school, woongemeente }) => isBrin(school) && isGemeentecode(woongemeente)))
  const verouderd = schooljaar.absenties.reduce((sum, { verwacht }) => sum + verwacht.verouderd, 0)
  t.equal(meldingen.length - new Set(meldingen.map(({ bronId }) => bronId)).size, verouderd, 'a bronId comes twice only when its first version was late')
})

t.test('ages fit: four-year-olds in leerjaar 1 of the po, adults in vo 6 and mbo', async (t) => {
  const ages = (vestiging: string, leerjaar: number, peildatum: string): number[] => schooljaar.leerlingen
    .filter(({ inschrijvingen: [eerste] }) => eerste!.vestiging === vestiging && eerste!.leerjaar === leerjaar)
    .map(({ geboortedatum }) => leeftijdOp(geboortedatum, peildatum))
  const klein = ages('99AB00', 1, '2025-10-01')
  t.ok(klein.includes(4) && klein.every((age) => age >= 3 && age <= 6))
  t.ok(ages('99AA00', 6, '2026-06-01').includes(18))
  t.ok(ages('99AD00', 2, '2026-06-01').some((age) => age >= 18))
  t.ok(ages('99AA00', 1, '2025-10-01').every((age) => age >= 11 && age <= 14))
})

t.test('every moment is written with the offset of Amsterdam', async (t) => {
  const moments = [...meldingen, ...schooljaar.correcties.absenties].map(({ gewijzigdOp }) => gewijzigdOp)
  for (const moment of new Set(moments.map((text) => `${text.slice(0, 11)}23:59:00${text.slice(19)}`))) {
    t.equal(vandaag(new Date(moment)), moment.slice(0, 10))
    t.not(vandaag(new Date(Date.parse(moment) + 60_000)), moment.slice(0, 10))
  }
})

t.test('a small schooljaar over HTTP ends as the bron knows it must', async (t) => {
  const klein = generateSchooljaar(7, 0.05)
  const service = await startService(t)
  const origin = await service.server.listen({ host: '127.0.0.1', port: 0 })
  const scholen = [...new Set(klein.leerlingen.map(({ school }) => school))]
  const bron = new Bron(origin, await service.token({ bron: 'demo-lvs', scholen }), new AbortController().signal)

  await pushStamgegevens(bron, klein)
  for (const [i, zending] of [...klein.absenties, klein.correcties].entries()) {
    const { aantallen } = await pushZending(bron, zending, i === 0)
    t.strictSame(aantallen, zending.verwacht, `zending ${i + 1}`)
  }
  for (const maat of ['nieuw', 'gewijzigd', 'ongewijzigd', 'ingetrokken', 'verouderd', 'inWacht', 'afgewezen'] as const) {
    t.ok([...klein.absenties, klein.correcties].some(({ verwacht }) => verwacht[maat] > 0), `${maat} occurs`)
  }

  for (const { vestiging, aantal } of klein.totalen) {
    const stored = await bron.list<{ categorie: Categorie }>(`/v1/absenties?school=${vestiging.slice(0, 4)}&vestiging=${vestiging}`, 'absenties')
    t.strictSame(Object.fromEntries(CATEGORIEEN.map((categorie) => [categorie, stored.filter((absentie) => absentie.categorie === categorie).length])), aantal, vestiging)
  }
  for (const school of scholen) t.strictSame(await bron.list(`/v1/wachtende-absenties?school=${school}`, 'wachtend'), [], `nothing of ${school} waits`)
  await service.evaluate()
  const signalen = await bron.list<{ regel: string }>('/v1/signalen', 'signalen')
  t.ok(signalen.some(({ regel }) => regel === 'wettelijk-16-uur'), `${signalen.length} signalen`)

  await runNacht(service.app, { peildatum: '2026-07-31' })
  for (const { vestiging, gepland, gemist, leerlingen } of klein.totalen) {
    const { cellen: [cel] } = await bron.get<Statistiek>(`/v1/statistieken?vestiging=${vestiging}&periode=2025-2026&leerjaar=`)
    const expected = gemist.geoorloofd + gemist.ongeoorloofd + gemist.onverklaard + gemist['niet-ingedeeld']
    t.strictSame([cel?.leerlingen, cel?.geplandeMinuten, cel?.gemisteMinuten], [leerlingen, gepland, expected], `${vestiging} is counted as it was invented`)
  }

  const lines: string[] = []
  const uitkomsten = { bron, schooljaar: klein, scholen, verslag: new Verslag((text) => lines.push(text)) }
  await showSignalen(uitkomsten)
  await showStatistiek(uitkomsten)
  showLeveringen(uitkomsten, await makeLeveringen(uitkomsten), service.app.config.leveringenDir)
  await showProbeer(uitkomsten, service.app.config, false)
  const told = lines.join('')
  for (const part of ['wettelijk-16-uur', '99AD00', '100,00 %', 'ocw', '/v1/signalen?school=99AA', '/graphql']) t.match(told, part)
  t.notMatch(told, /undefined|null|NaN|niet berekend/)
})

t.test('columns are as wide as their widest cell, and numbers are Dutch', async (t) => {
  t.strictSame(layTabel(['a', 'kop'], [['bb', formatAantal(8412)], ['c', formatAandeel(1, 8)]]), ['a       kop', '──  ───────', 'bb    8.412', 'c   12,50 %'])
  t.equal(formatAandeel(0, 0), '-')
  t.equal(formatDatum('2026-03-01'), '1 maart 2026')
})

t.test('the demo empties only a folder of its own that nobody uses', async (t) => {
  const folder = t.testdir({ vreemd: { 'brief.txt': 'bewaar mij' } })
  await t.rejects(claimDemomap(join(folder, 'vreemd')), { message: /niet door de demo gemaakt/ })
  t.ok(existsSync(join(folder, 'vreemd', 'brief.txt')))

  const map = join(folder, 'demo')
  const first = await claimDemomap(map)
  await writeFile(join(map, 'oud'), '')
  await t.rejects(claimDemomap(map), { message: /draait al een demo/ })
  t.ok(existsSync(join(map, 'oud')))
  await first.release()
  const second = await claimDemomap(map)
  t.notOk(existsSync(join(map, 'oud')))
  await second.release()
})
