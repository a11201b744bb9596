import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { parse } from 'csv-parse/sync'
import pg from 'pg'
import t, { type Test } from 'tap'
import { INDELINGEN, type Levering, type Leveringindeling, type Manifest } from '../../src/duo/contract.ts'
import { addDagen, parsePeriode, weekdag } from '../../src/domain/datum.ts'
import { findGemeente, listGemeenten } from '../../src/domain/gemeente.ts'
import { bewonerOp, listGepland, PERIODESOORTEN, samenwerkingsverbandVan, WETTELIJKE_SIGNALEN, type Leerlingversie } from '../../src/domain/ontvanger.ts'
import { findLandelijk, LANDELIJKE_REGELS } from '../../src/domain/regel.ts'
import { rebuildLevering } from '../../src/duo/service.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { startService, type Service } from '../support/service.ts'

const GOLDEN = join(import.meta.dirname, 'golden')
const PERIODE = '2025-10'
const ROOT = join(import.meta.dirname, '../..')

async function ok<T> (service: Service, method: 'GET' | 'PUT' | 'POST', url: string, payload?: object): Promise<T> {
  const answer = await service.inject({ method, url, ...(payload === undefined ? {} : { payload }) })
  if (answer.statusCode >= 300 || /"afgewezen":[1-9]/.test(answer.body)) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`)
  return answer.json()
}

/** Where the n-th of a group lives: Groningen, Eemsdelta under its own code and under an old one, Haaren that was split, and nowhere known. */
const WOONGEMEENTEN = ['0014', '0014', '0014', '1979', '0003', '1979', '0014', '1979', '0788', null] as const
const GROEPEN = [['99AA00', 1], ['99AA00', 2], ['99AA01', 1]] as const
const keyOf = (vestiging: string, leerjaar: number, n: number): string => `${vestiging}-${leerjaar}-${n}`

/** Two vestigingen, one in another samenwerkingsverband; in every group of 30 some truant, on holiday, ill for weeks, or too young. */
async function pushSchool (service: Service): Promise<void> {
  for (const [code, verband] of [['99AA00', 'PO-22-02'], ['99AA01', '20-01']]) await ok(service, 'PUT', `/v1/vestigingen/${code}`, { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014', samenwerkingsverband: verband })
  const leerlingen = GROEPEN.flatMap(([vestiging, leerjaar]) => Array.from({ length: 30 }, (_, n) => {
    const woongemeente = WOONGEMEENTEN[n % 10]!
    return { bronId: keyOf(vestiging, leerjaar, n), school: '99AA', geboortedatum: n === 0 ? '2021-01-10' : '2016-03-10', ...(woongemeente === null ? {} : { woongemeente }), inschrijvingen: [{ vestiging, leerjaar, van: '2025-08-01', minutenPerWeek: 1500 }] }
  }))
  await ok(service, 'POST', '/v1/leerlingen/_bulk', { leerlingen })
  const ziekteweken = Array.from({ length: 45 }, (_, dag) => addDagen('2025-09-01', dag)).filter((datum) => weekdag(datum) <= 5)
  const gevallen = (n: number): Array<readonly [string, string]> => [
    ...(n % 4 === 1 ? ['2025-10-06', '2025-10-07', '2025-10-08', '2025-10-09'].map((datum) => [datum, 'SPIJ'] as const) : []),
    ...(n % 5 === 2 ? ['2025-10-10', '2025-10-13'].map((datum) => [datum, 'LUX'] as const) : []),
    ...(n % 6 === 3 ? ziekteweken.map((datum) => [datum, 'ZK'] as const) : [])
  ]
  const absenties = GROEPEN.flatMap(([vestiging, leerjaar]) => Array.from({ length: 30 }, (_, n) => gevallen(n).map(([datum, reden]) =>
    ({ bronId: `${keyOf(vestiging, leerjaar, n)}-${datum}-${reden}`, school: '99AA', vestiging, leerling: keyOf(vestiging, leerjaar, n), datum, soort: 'afwezig', reden, gewijzigdOp: `${datum}T09:00:00+02:00` })))).flat()
  await ok(service, 'POST', '/v1/absenties/_bulk', { absenties })
  await service.evaluate()
}

async function matchGolden (t: Test, naam: string, inhoud: string): Promise<void> {
  const path = join(GOLDEN, naam)
  if (process.env['GOLDEN'] === 'schrijf') await writeFile(path, inhoud)
  t.equal(inhoud, await readFile(path, 'utf8'), naam)
}

async function fetchBestand (service: Service, levering: Levering, accept = 'text/csv'): Promise<string> {
  return (await service.inject({ url: levering.links.bestand, headers: { accept } })).body
}

/** The closed list, once more: a column that is added to a layout must be added here, by somebody who looked why. */
const KOLOMMEN: Readonly<Record<string, readonly string[]>> = {
  'ocw-verzuim': ['BRIN', 'VESTIGINGSCODE', 'SCHOOLJAAR', 'PERIODE', 'PERIODE_VAN', 'PERIODE_TOT_EN_MET', 'LEERJAAR', 'AANTAL_LEERLINGEN', 'GEPLANDE_UREN', 'UREN_GEOORLOOFD', 'UREN_ONGEOORLOOFD', 'UREN_ONVERKLAARD', 'UREN_NIET_INGEDEELD',
    'PERC_GEOORLOOFD', 'PERC_ONGEOORLOOFD', 'AANTAL_LLN_GEOORLOOFD', 'AANTAL_LLN_ONGEOORLOOFD', 'AANTAL_LLN_VANAF_10PERC', 'LESDAGEN', 'LESDAGEN_AANGELEVERD', 'VOLLEDIG'],
  'gemeente-verzuim': ['BRIN', 'VESTIGINGSCODE', 'GEMCODE', 'SCHOOLJAAR', 'PERIODE', 'PERIODE_VAN', 'PERIODE_TOT_EN_MET', 'AANTAL_LEERPLICHTIG', 'AANTAL_LLN_ONGEOORLOOFD', 'AANTAL_LLN_16UUR', 'AANTAL_LLN_LANGDURIG', 'AANTAL_LLN_LUXEVERZUIM',
    'LESDAGEN', 'LESDAGEN_AANGELEVERD', 'VOLLEDIG'],
  'samenwerkingsverband-verzuim': ['BRIN', 'VESTIGINGSCODE', 'SAMENWERKINGSVERBAND', 'SECTOR', 'LEERJAAR', 'SCHOOLJAAR', 'PERIODE', 'PERIODE_VAN', 'PERIODE_TOT_EN_MET', 'AANTAL_LEERLINGEN', 'PERC_GEMIST', 'AANTAL_LLN_VANAF_10PERC', 'AANTAL_LLN_VANAF_20PERC',
    'AANTAL_LLN_LANGDURIG', 'LESDAGEN', 'LESDAGEN_AANGELEVERD', 'VOLLEDIG']
}

t.test('gemeente and samenwerkingsverband, from the push to the file', async (t) => {
  const service = await startService(t)
  await pushSchool(service)
  const ronde = async (ontvanger: string): Promise<{ leveringen: Levering[], onbestelbaar: Record<string, unknown> }> => await ok(service, 'POST', '/v1/leveringsrondes', { ontvanger, school: '99AA', periode: PERIODE })
  const gemeenten = await ronde('gemeente')
  const verbanden = await ronde('samenwerkingsverband')
  const ocw = await ok<Levering>(service, 'POST', '/v1/leveringen', { ontvanger: 'ocw', school: '99AA', periode: PERIODE })

  t.test('each goes where its leerlingen live, an old code to the gemeente it became part of', async (t) => {
    t.strictSame(gemeenten.leveringen.map(({ gemeentecode }) => gemeentecode), ['0014', '1979'])
    t.strictSame(verbanden.leveringen.map(({ samenwerkingsverband }) => samenwerkingsverband), ['PO2001', 'PO2202'], 'in one form, whatever was sent')
    t.match(gemeenten.onbestelbaar, { datum: '2025-10-31', leerlingen: 90, zonderWoongemeente: 9, codes: [{ gemeentecode: '0788', oorzaak: 'gesplitst', naar: ['0757', '0824', '0855', '0865'], leerlingen: 9 }], vestigingenZonderSamenwerkingsverband: [] })
  })

  t.test('the files are the golden ones, byte for byte', async (t) => {
    for (const [naam, levering] of [['gemeente', gemeenten.leveringen[0]!], ['samenwerkingsverband', verbanden.leveringen[1]!]] as const) {
      await matchGolden(t, `${naam}-maand.csv`, await fetchBestand(service, levering))
      await matchGolden(t, `${naam}-maand.json`, (await fetchBestand(service, levering, 'application/json')).replace(levering.afkapmoment, 'AFKAPMOMENT'))
    }
  })

  t.test('each has the columns of its closed list and no other, and its file is what its JSON Schema says', async (t) => {
    const { leveringindelingen } = await ok<{ leveringindelingen: Leveringindeling[] }>(service, 'GET', '/v1/leveringindelingen')
    t.strictSame(leveringindelingen.map(({ naam }) => naam), Object.keys(KOLOMMEN))
    for (const levering of [ocw, ...gemeenten.leveringen, ...verbanden.leveringen]) {
      const indeling = await ok<Leveringindeling>(service, 'GET', levering.links.indeling)
      const [kop, ...rijen] = parse(await fetchBestand(service, levering), { delimiter: ';' }) as string[][]
      t.strictSame(kop, KOLOMMEN[indeling.naam], indeling.naam)
      t.equal(rijen.length, levering.rijen)
      t.ok(indeling.doel.length > 20 && indeling.bron.includes('36663'), 'with its purpose and ground')
      const bestand = JSON.parse(await fetchBestand(service, levering, 'application/json')) as { regels: Array<Record<string, unknown>> }
      const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(indeling.jsonSchema)
      t.ok(validate(bestand), JSON.stringify(validate.errors))
      bestand.regels[0]!['leerling'] = 'L-1'
      t.notOk(validate(bestand), 'a field more is refused')
      t.notOk(validate({ ...bestand, toelichting: '' }))
    }
  })

  t.test('no name of an intern signaal, and no geoorloofd verzuim apart, reaches a gemeente', async (t) => {
    for (const regel of WETTELIJKE_SIGNALEN) t.match(findLandelijk(regel, '2026-09-01'), { verplicht: true, definitie: { aard: 'wettelijk' } }, regel)
    const intern = LANDELIJKE_REGELS.filter(({ definitie }) => definitie.aard === 'intern').map(({ regel }) => regel)
    t.ok(intern.length >= 4 && intern.every((regel) => !(WETTELIJKE_SIGNALEN as readonly string[]).includes(regel)))
    for (const levering of [...gemeenten.leveringen, ...verbanden.leveringen]) {
      const tekst = `${await fetchBestand(service, levering)}${await fetchBestand(service, levering, 'application/json')}`
      t.notMatch(tekst, new RegExp(`${intern.join('|')}|zorgelijk|L-1|99AA00-1-`, 'i'), 'nobody in person')
      if (levering.ontvanger === 'gemeente') t.notMatch(tekst.replaceAll(/ongeoorloofd/gi, ''), /geoorloofd/i)
      if (levering.ontvanger === 'samenwerkingsverband') t.notMatch(tekst, /gem(eente)?code|0014|1979/i, 'nothing by where somebody lives')
    }
  })

  t.test('the counts are right, and what concerns few is hidden', async (t) => {
    const [groningen, eemsdelta] = gemeenten.leveringen
    const read = async (levering: Levering): Promise<Array<Record<string, unknown>>> => (JSON.parse(await fetchBestand(service, levering, 'application/json')) as { regels: Array<Record<string, unknown>> }).regels
    const [eerste] = await read(groningen!)
    // 12 a group live there; of each group the first is not five yet.
    t.match(eerste, { vestiging: '99AA00', gemeentecode: '0014', leerplichtigeLeerlingen: { waarde: 22 } })
    const totaal = (await read(eemsdelta!)).at(-1)
    t.match(totaal, { vestiging: null, leerplichtigeLeerlingen: { waarde: 36 }, leerlingenZestienUur: { waarde: 12 } })
    const verband = await read(verbanden.leveringen[1]!)
    t.match(verband.at(-1), { vestiging: null, leerjaar: null, leerlingen: { waarde: 60 }, leerlingenLangdurig: { waarde: 10 } }, 'ill for more than four lesweken counts')
    t.strictSame(verband.map(({ sector }) => sector), ['po', 'po', 'po', null])
  })

  t.test('the same afkapmoment gives the same bytes, whoever moves or is corrected after it', async (t) => {
    const leveringen = [...gemeenten.leveringen, ...verbanden.leveringen, ocw]
    await ok(service, 'POST', '/v1/leerlingen/_bulk', { leerlingen: [1, 2, 6].map((n) => ({ bronId: keyOf('99AA00', 1, n), school: '99AA', geboortedatum: '2022-01-01', woongemeente: '1979', inschrijvingen: [{ vestiging: '99AA01', leerjaar: 2, van: '2025-08-01', minutenPerWeek: 1200 }] })) })
    await ok(service, 'PUT', '/v1/vestigingen/99AA01', { naam: 'De Proef', sector: 'so', regio: 'noord', gemeentecode: '0014', samenwerkingsverband: 'PO2202' })
    await ok(service, 'POST', '/v1/absenties/_bulk', { absenties: [{ bronId: `${keyOf('99AA00', 2, 1)}-2025-10-06-SPIJ`, school: '99AA', ingetrokken: true, gewijzigdOp: '2025-11-01T08:00:00+01:00' }] })
    await service.evaluate()
    const script = join(ROOT, 'src/main.ts')
    const { host, port, user, database } = service.database
    const environment = { ...process.env, DATA_DIR: service.dataDir, AUTH_DEVELOPMENT: '1', LOG_LEVEL: 'silent', DATABASE_URL: `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(host)}` }
    const herbouw = async (id: string): Promise<[number, string]> => await promisify(execFile)(process.execPath, [script, 'levering', 'herbouw', id], { env: environment, cwd: ROOT }).then(({ stdout }) => [0, stdout], (error: { code: number, stdout: string, stderr: string }) => [error.code, `${error.stdout}${error.stderr}`])
    const ctx = service.app.makeCtx(systemActor('herbouw', ['99AA']))
    for (const { id } of leveringen) t.match(await rebuildLevering(ctx, id), { invoerGelijk: true, verschil: undefined }, id)
    t.match(await herbouw(ocw.id), [0, /gelijk, byte voor byte, ook de invoer/], 'by another process too')

    const client = new pg.Client({ ...service.app.connection })
    await client.connect()
    t.teardown(async () => { await client.end() })
    await client.query("update levering set bestand_csv = replace(bestand_csv, ';22;', ';23;') where levering = $1", [gemeenten.leveringen[0]!.id.slice(5)])
    const [code, uitvoer] = await herbouw(gemeenten.leveringen[0]!.id)
    t.equal(code, 1)
    t.match(uitvoer, /ANDERS[^]*csv, regel 2[^]*bewaard: .*;23;[^]*herbouwd: .*;22;/)
    await client.query('update absentie set minuten = 299 where bron_id = $1', [`${keyOf('99AA01', 1, 5)}-2025-10-06-SPIJ`])
    t.match(await herbouw(gemeenten.leveringen[1]!.id), [1, /cellen of versies eronder/], 'also when the change is under figures that stay the same')
    t.equal((await herbouw('99AA-00000000-0000-4000-8000-000000000000'))[0], 2)
    t.equal((await herbouw('99AA'))[0], 2)

    const nu = await ronde('samenwerkingsverband')
    t.strictSame(nu.leveringen.map(({ samenwerkingsverband, revisie }) => [samenwerkingsverband, revisie]), [['PO2202', 2]], 'the vestiging is in another now')
    const manifest = await ok<Manifest>(service, 'GET', nu.leveringen[0]!.links.manifest)
    t.match(manifest, { vervangt: verbanden.leveringen[1]!.id, reden: 'gegevens-gewijzigd', watVeranderde: { rijenErbij: 3, rijenWeg: 0 } })
    t.not(manifest.invoerSha256, null)
    t.notOk(JSON.stringify(manifest).includes('zout'))
  })
})

t.test('gemeenten since 2013', async (t) => {
  // CBS publishes the number of gemeenten on 1 January of each year.
  for (const [jaar, aantal] of [[2013, 408], [2014, 403], [2015, 393], [2016, 390], [2017, 388], [2018, 380], [2019, 355], [2020, 355], [2021, 352], [2022, 345], [2023, 342], [2026, 342]]) t.equal(listGemeenten(`${jaar}-01-01`).length, aantal, String(jaar))
  t.equal(listGemeenten('2022-04-01').length, 344, 'Weesp joined Amsterdam on 24 March 2022')
  t.strictSame(findGemeente('0457', '2022-03-23'), { soort: 'gemeente', gemeentecode: '0457' })
  t.strictSame(findGemeente('0457', '2022-03-24'), { soort: 'gemeente', gemeentecode: '0363' })
  t.strictSame(findGemeente('0265', '2026-09-01'), { soort: 'gemeente', gemeentecode: '1945' }, 'twice: Millingen into Groesbeek, which took another name')
  t.strictSame(findGemeente('0055', '2026-09-01'), { soort: 'gesplitst', naar: ['0074', '0080', '1900', '1940'] }, 'the parts as they are now')
  t.strictSame(findGemeente('1979', '2019-09-01'), { soort: 'gemeente', gemeentecode: '1979' }, 'newer than the day: it took the work over')
  t.strictSame(findGemeente('9999', '2026-09-01'), { soort: 'onbekend' })
  fc.assert(fc.property(fc.constantFrom(...listGemeenten('2013-01-01')), fc.integer({ min: 0, max: 5000 }), (code, dagen) => {
    const datum = addDagen('2013-01-01', dagen)
    const gevonden = findGemeente(code, datum)
    const bestaat = new Set(listGemeenten(datum))
    return gevonden.soort === 'gemeente' ? bestaat.has(gevonden.gemeentecode) : gevonden.soort === 'gesplitst' && gevonden.naar.length > 1 && gevonden.naar.every((deel) => bestaat.has(deel))
  }))
})

const LIJST = join(ROOT, '..', 'shared', 'data', 'duo_po_vestigingen_ca2013.csv')
t.test('every gemeente with a primary school in 2013 resolves, or is told apart', { skip: existsSync(LIJST) ? false : 'the list is not beside this project' }, async (t) => {
  const [, ...rijen] = readFileSync(LIJST, 'latin1').trim().split(/\r?\n/).map((line) => line.split(';'))
  const codes = [...new Set(rijen.map((rij) => rij[6]!))]
  const gevonden = Map.groupBy(codes, (code) => {
    const { soort, ...rest } = findGemeente(code, '2026-09-01')
    return soort !== 'gemeente' ? soort : 'gemeentecode' in rest && rest.gemeentecode === code ? 'bestaat' : 'opgegaan'
  })
  t.strictSame([...gevonden].map(([soort, { length }]) => [soort, length]).sort(), [['bestaat', 319], ['gesplitst', 6], ['opgegaan', 83]], 'none is unknown')
})

t.test('a samenwerkingsverband has one form', async (t) => {
  for (const [text, sector, code] of [['PO2202', 'po', 'PO2202'], ['PO-22-02', 'so', 'PO2202'], ['22-02', 'po', 'PO2202'], ['22-02', 'so', 'PO2202'], ['2202', 'vso', 'VO2202'], ['vo 22-02', 'vo', 'VO2202'], ['22-02', 'mbo', undefined], ['XX2202', 'po', undefined]] as const) {
    t.equal(samenwerkingsverbandVan(text, sector), code, `${text} ${sector}`)
  }
})

t.test('where somebody lived on a day, as it was known at a moment', async (t) => {
  const versie = (woongemeente: string | null, woontSinds: string, bekend = true, geboortedatum = '2015-01-01'): Leerlingversie => ({ geboortedatum, woongemeente, woontSinds, bekend })
  const verhuisd = [versie('0014', '1900-01-01'), versie('1979', '2026-02-01')]
  t.equal(bewonerOp(verhuisd, '2026-01-31')!.woongemeente, '0014')
  t.equal(bewonerOp(verhuisd, '2026-02-01')!.woongemeente, '1979')
  t.equal(bewonerOp([verhuisd[0]!, { ...verhuisd[1]!, bekend: false }], '2026-03-01')!.woongemeente, '0014', 'told later')
  t.equal(bewonerOp([versie(null, '1900-01-01'), versie('0014', '1900-01-01')], '2020-01-01')!.woongemeente, '0014', 'first unknown: taken to be so always')
  t.equal(bewonerOp([versie('0014', '1900-01-01', true, '2015-01-01'), versie('0014', '1900-01-01', true, '2015-01-02')], '2026-01-01')!.geboortedatum, '2015-01-02')
  t.equal(bewonerOp([versie('0014', '1900-01-01', false)], '2026-01-01')!.woongemeente, '0014', 'before anything was kept')
  t.equal(bewonerOp([], '2026-01-01'), undefined)
})

t.test('a plan makes each of its perioden due once, in order, however long nothing ran', async (t) => {
  fc.assert(fc.property(fc.constantFrom(...PERIODESOORTEN), fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 900 }), (periodesoort, dagenNaPeriode, dagen) => {
    const sinds = '2025-11-12'
    const vandaag = addDagen(sinds, dagen)
    const gepland = listGepland({ periodesoort, dagenNaPeriode, sinds }, vandaag)
    t.equal(new Set(gepland.map(({ periode }) => periode)).size, gepland.length)
    for (const [nummer, { periode, vanaf }] of gepland.entries()) {
      const { soort, van, tot } = parsePeriode(periode)!
      if (soort !== periodesoort || tot < sinds || van > vandaag || vanaf !== addDagen(tot, dagenNaPeriode)) return false
      // Next to each other, without a gap.
      if (nummer > 0 && addDagen(parsePeriode(gepland[nummer - 1]!.periode)!.tot, 1) !== van) return false
    }
    return gepland.length > 0
  }))
  t.equal(INDELINGEN.length, 3)
})
