import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import t, { type Test } from 'tap'
import { Leveringbestand, Manifest, type Levering } from '../../src/duo/contract.ts'
import { INDELING_OCW } from '../../src/duo/indeling-ocw.ts'
import { startService, type Service } from '../support/service.ts'

const PERIODE = '2025-09'
const GOLDEN = join(import.meta.dirname, 'golden')

/** Three leerjaren of 24 leerlingen; at another vestiging a leerjaar of 12 and one of 3; and a vestiging of 3. One moves up a leerjaar halfway. */
async function pushSchool (service: Service): Promise<void> {
  for (const [code, sector] of [['99AA00', 'po'], ['99AA01', 'po'], ['99AA02', 'so']]) {
    await ok(service, 'PUT', `/v1/vestigingen/${code}`, { naam: 'De Proef', sector, regio: 'noord', gemeentecode: '0014' })
  }
  const groepen: ReadonlyArray<readonly [string, number, number]> = [['99AA00', 1, 24], ['99AA00', 2, 24], ['99AA00', 3, 24], ['99AA01', 1, 12], ['99AA01', 2, 3], ['99AA02', 1, 3]]
  const leerlingen = groepen.flatMap(([vestiging, leerjaar, aantal]) => Array.from({ length: aantal }, (_, n) => {
    const inschrijving = { vestiging, leerjaar, minutenPerWeek: 1500 }
    const inschrijvingen = vestiging === '99AA00' && leerjaar === 1 && n === 0
      ? [{ ...inschrijving, van: '2025-08-01', tot: '2025-09-14' }, { ...inschrijving, leerjaar: 2, van: '2025-09-15' }]
      : [{ ...inschrijving, van: '2025-08-01' }]
    return { bronId: keyOf(vestiging, leerjaar, n), school: '99AA', geboortedatum: '2016-03-10', inschrijvingen }
  }))
  await ok(service, 'POST', '/v1/leerlingen/_bulk', { leerlingen })

  const absenties: Array<Record<string, unknown>> = []
  for (const [vestiging, leerjaar, aantal] of groepen) {
    for (let n = 0; n < aantal; n++) {
      const leerling = keyOf(vestiging, leerjaar, n)
      const gevallen = [
        ...(n % 3 === 0 ? [{ datum: '2025-09-02', reden: 'ZK' }] : []),
        ...(n % 8 === 0 ? [{ datum: '2025-09-11', reden: 'SPIJ', minuten: 120 }] : []),
        ...(n % 12 === 0 ? [{ datum: '2025-09-16', reden: 'SPIJ' }, { datum: '2025-09-17', reden: 'SPIJ' }, { datum: '2025-09-18', reden: 'SPIJ', minuten: 40 }] : []),
        ...(n === 5 ? [{ datum: '2025-09-23', reden: null }] : []),
        ...(n === 7 && leerjaar === 3 ? [{ datum: '2025-09-24', reden: 'ONBEKEND' }] : [])
      ]
      absenties.push(...gevallen.map((geval) => buildAbsentie(leerling, vestiging, geval)))
    }
  }
  await ok(service, 'POST', '/v1/absenties/_bulk', { absenties })
}

function keyOf (vestiging: string, leerjaar: number, n: number): string {
  return `${vestiging}-${leerjaar}-${n}`
}

function buildAbsentie (leerling: string, vestiging: string, geval: { datum: string, reden: string | null, minuten?: number, gewijzigdOp?: string }): Record<string, unknown> {
  return { bronId: `${leerling}-${geval.datum}`, school: '99AA', vestiging, leerling, soort: 'afwezig', gewijzigdOp: `${geval.datum}T09:00:00+02:00`, ...geval }
}

async function ok<T> (service: Service, method: 'GET' | 'PUT' | 'POST', url: string, payload?: object): Promise<T> {
  const answer = await service.inject({ method, url, ...(payload === undefined ? {} : { payload }) })
  if (answer.statusCode >= 300 || /"afgewezen":[1-9]/.test(answer.body)) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`)
  return answer.json()
}

async function lever (service: Service, afkapmoment?: string, periode = PERIODE): Promise<Levering> {
  return await ok<Levering>(service, 'POST', '/v1/leveringen', { ontvanger: 'ocw', school: '99AA', periode, ...(afkapmoment === undefined ? {} : { afkapmoment }) })
}

async function fetchBestand (service: Service, levering: Levering, accept?: string): Promise<string> {
  const answer = await service.inject({ url: levering.links.bestand, headers: accept === undefined ? {} : { accept } })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.body
}

const sha256Of = (levering: Levering): string[] => levering.bestanden.map(({ sha256 }) => sha256)

/** Compares with the golden file; GOLDEN=schrijf writes it anew. */
async function matchGolden (t: Test, naam: string, inhoud: string): Promise<void> {
  const path = join(GOLDEN, naam)
  if (process.env['GOLDEN'] === 'schrijf') await writeFile(path, inhoud)
  t.equal(inhoud, await readFile(path, 'utf8'), naam)
}

t.test('a levering for OCW, from the push to the file', async (t) => {
  const service = await startService(t)
  await pushSchool(service)

  const answer = await service.inject({ method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school: '99AA', periode: PERIODE } })
  t.equal(answer.statusCode, 201)
  const levering = answer.json<Levering>()
  t.equal(answer.headers.location, `/v1/leveringen/${levering.id}`)
  t.match(levering.id, /^99AA-[0-9a-f-]{36}$/)
  t.strictSame(await ok(service, 'GET', `/v1/leveringen/${levering.id}`), levering)

  const csv = await service.inject({ url: levering.links.bestand })
  t.match(csv.headers, { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': `attachment; filename="${levering.bestanden[0]!.naam}"`, etag: `"${levering.bestanden[0]!.sha256}"`, vary: 'accept' })
  await matchGolden(t, 'ocw-maand.csv', csv.body)

  const json = await service.inject({ url: levering.links.bestand, headers: { accept: 'application/json' } })
  t.match(json.headers, { 'content-type': 'application/json', etag: `"${levering.bestanden[1]!.sha256}"` })
  await matchGolden(t, 'ocw-maand.json', json.body.replace(levering.afkapmoment, 'AFKAPMOMENT'))

  t.test('the form of the CSV', async (t) => {
    t.not(csv.body.charCodeAt(0), 0xfeff, 'no byte order mark')
    t.notMatch(csv.body.replaceAll('\r\n', ''), /[\r\n]/, 'lines end in CRLF')
    t.notMatch(csv.body, /"/, 'nothing needs quotes')
    const [kop, ...regels] = parse(csv.body, { delimiter: ';' }) as string[][]
    t.strictSame(kop, INDELING_OCW.kolommen.map((kolom) => kolom.kop), 'exactly the columns of the layout')
    t.ok(kop!.every((naam) => /^[A-Z0-9_]+$/.test(naam)))
    t.equal(regels.length, levering.rijen)
    t.strictSame(regels.map((regel) => `${regel[1]} ${regel[6]}`), ['99AA00 1', '99AA00 2', '99AA00 3', '99AA00 TOTAAL', '99AA01 1', '99AA01 2', '99AA01 TOTAAL', '99AA02 TOTAAL', 'TOTAAL TOTAAL'])
  })

  t.test('the JSON says the same, and no more', async (t) => {
    const { regels } = Leveringbestand.parse(json.json())
    const [, ...rijen] = parse(csv.body, { delimiter: ';' }) as string[][]
    const format = (waarde: unknown): string => {
      if (typeof waarde !== 'object' || waarde === null) return String(waarde ?? 'TOTAAL')
      const { waarde: value, onderdrukt } = waarde as { waarde: number | boolean | null, onderdrukt?: string }
      return onderdrukt !== undefined ? '<5' : value === null ? '' : typeof value === 'boolean' ? value ? 'J' : 'N' : String(value).replace('.', ',')
    }
    const bare = (cel: string): string => cel.replace(/,0$/, '')
    t.strictSame(regels.map((regel) => INDELING_OCW.kolommen.map(({ veld, soort }) => soort === 'datum' || soort === 'periode' ? format(regel[veld]).replaceAll('-', '') : bare(format(regel[veld])))),
      rijen.map((rij) => rij.map(bare)))
  })

  t.test('the manifest and the files on the disk', async (t) => {
    const manifest = Manifest.parse(await ok(service, 'GET', levering.links.manifest))
    t.match(manifest, {
      levering: levering.id,
      ontvanger: 'ocw',
      school: '99AA',
      periodeVan: '2025-09-01',
      periodeTotEnMet: '2025-09-30',
      indeling: { naam: 'ocw-verzuim', status: 'aangenomen-waarde' },
      beleidsversies: ['standaardbeleid'],
      kalenders: [{ vestiging: '99AA00', schooljaar: '2025-2026', versie: null }, { vestiging: '99AA01' }, { vestiging: '99AA02' }],
      k: 5,
      rijen: 9,
      toets: { vindbaar: 0, achtergehouden: false, eerdereLeveringen: [] }
    })
    t.equal(manifest.onderdrukteCellen, (csv.body.match(/<5/g) ?? []).length)
    const folder = service.app.config.leveringenDir
    const id8 = levering.id.slice(5, 13)
    t.strictSame((await readdir(folder)).sort(), [`99AA_ocw_2025-09_${id8}.csv`, `99AA_ocw_2025-09_${id8}.json`, `99AA_ocw_2025-09_${id8}.manifest.json`])
    for (const { naam, bytes, sha256 } of manifest.bestanden) {
      const inhoud = await readFile(join(folder, naam))
      t.equal(inhoud.length, bytes)
      t.equal(createHash('sha256').update(inhoud).digest('hex'), sha256)
    }
    t.strictSame(JSON.parse(await readFile(join(folder, `99AA_ocw_2025-09_${id8}.manifest.json`), 'utf8')), manifest)
  })
})

t.test('the same afkapmoment gives the same bytes, whatever is corrected after it', async (t) => {
  const service = await startService(t)
  await pushSchool(service)
  const toen = await lever(service)

  const leerling = keyOf('99AA00', 1, 3)
  await ok(service, 'POST', '/v1/absenties/_bulk', {
    absenties: [
      ...[1, 2, 4, 5, 7, 10, 11].map((n) => buildAbsentie(keyOf('99AA00', 1, n), '99AA00', { datum: '2025-09-25', reden: 'SPIJ' })),
      { bronId: `${keyOf('99AA00', 2, 0)}-2025-09-02`, school: '99AA', ingetrokken: true, gewijzigdOp: '2025-10-01T09:00:00+02:00' },
      buildAbsentie(keyOf('99AA00', 3, 7), '99AA00', { datum: '2025-09-24', reden: 'ZK', gewijzigdOp: '2025-10-01T09:00:00+02:00' })
    ]
  })
  await ok(service, 'POST', '/v1/leerlingen/_bulk', { leerlingen: [{ bronId: leerling, school: '99AA', geboortedatum: '2016-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2025-08-01', leerjaar: 2, minutenPerWeek: 900 }] }] })
  await ok(service, 'PUT', '/v1/vestigingen/99AA03', { naam: 'De Nieuwe', sector: 'po', regio: 'noord', gemeentecode: '0014' })
  await ok(service, 'PUT', '/v1/vestigingen/99AA01/kalenders/2025-2026', { lesvrij: [{ van: '2025-09-29', tot: '2025-09-30', soort: 'studiedag', naam: 'studiedagen' }] })
  const { versie } = await ok<{ versie: number }>(service, 'POST', '/v1/scholen/99AA/beleidsversies', { geldigVan: '2025-08-01' })
  await ok(service, 'POST', `/v1/scholen/99AA/beleidsversies/${versie}/vaststelling`)
  await service.evaluate()

  const nu = await lever(service)
  const opnieuw = await lever(service, toen.afkapmoment)
  t.strictSame(sha256Of(opnieuw), sha256Of(toen), 'rebuilt, byte for byte')
  t.notSame(sha256Of(nu), sha256Of(toen), 'now it is different')
  t.not(opnieuw.id, toen.id)
  t.equal(await fetchBestand(service, opnieuw), await fetchBestand(service, toen))
  t.strictSame(sha256Of(await lever(service, nu.afkapmoment)), sha256Of(nu), 'the second one too, though the first was made again after it')

  const manifesten = await Promise.all([toen, opnieuw].map(async ({ links }) => await ok<Manifest>(service, 'GET', links.manifest)))
  const bare = ({ levering, gemaaktOp, bestanden, revisie, vervangt, reden, watVeranderde, invoerSha256, ...rest }: Manifest): unknown => ({ ...rest, bestanden: bestanden.map(({ naam, ...bestand }) => bestand) })
  t.match(manifesten[1], { revisie: 3, vervangt: nu.id, reden: 'eerder-moment' })
  t.strictSame(bare(manifesten[1]!), bare(manifesten[0]!), 'manifesten differ in their name, moment and revisie only')
  const manifest = await ok<Manifest>(service, 'GET', nu.links.manifest)
  t.match(manifest, { beleidsversies: ['1'], kalenders: [{ versie: null }, { vestiging: '99AA01', versie: 1 }, { versie: null }], toets: { eerdereLeveringen: [toen.id] } })
})

t.test('what bronnen declare and agree counts from its own moment, and an old levering stays as it was', async (t) => {
  const service = await startService(t)
  await pushSchool(service)
  const declare = async (record: object): Promise<void> => { await ok(service, 'POST', '/v1/aanwezigheidsverklaringen', { verklaringen: [{ vestiging: '99AA00', ...record }] }) }
  const standaard = await lever(service)
  t.strictSame(standaard.volledigheid, { lesdagen: 44, aangeleverd: 13 }, 'seven days with an absentie at the one vestiging, six at the other')

  await declare({ van: '2025-09-01', tot: '2025-09-30' })
  const verklaard = await lever(service)
  t.strictSame(verklaard.volledigheid, { lesdagen: 44, aangeleverd: 28 })
  await declare({ van: '2025-09-02', tot: '2025-09-12', ingetrokken: true })
  const ingetrokken = await lever(service)
  await ok(service, 'PUT', '/v1/scholen/99AA/bronafspraken/2025-09-10', { volgorde: [], verklaring: 'uitdrukkelijk' })
  const uitdrukkelijk = await lever(service)
  await ok(service, 'PUT', '/v1/scholen/99AA/bronafspraken/2025-09-10', { volgorde: ['test-lvs'], verklaring: 'door-aanlevering' })
  await ok(service, 'PUT', '/v1/scholen/99AA/bronafspraken/2025-09-01', { volgorde: [], verklaring: 'uitdrukkelijk' })
  await declare({ van: '2025-09-02', tot: '2025-09-12' })
  const laatste = await lever(service)

  for (const [naam, levering, afspraken] of [['standaard', standaard, ['standaardafspraak']], ['verklaard', verklaard, ['standaardafspraak']], ['ingetrokken', ingetrokken, ['standaardafspraak']],
    ['uitdrukkelijk', uitdrukkelijk, ['standaardafspraak', '2025-09-10']], ['laatste', laatste, ['2025-09-01', '2025-09-10']]] as const) {
    const opnieuw = await lever(service, levering.afkapmoment)
    t.strictSame(sha256Of(opnieuw), sha256Of(levering), `${naam}: rebuilt, byte for byte`)
    t.strictSame(opnieuw.volledigheid, levering.volledigheid, naam)
    t.strictSame((await ok<Manifest>(service, 'GET', opnieuw.links.manifest)).bronafspraken, afspraken, naam)
  }
  t.equal(new Set([standaard, verklaard, ingetrokken, uitdrukkelijk].map(({ volledigheid }) => volledigheid.aangeleverd)).size, 4, 'and they differ')
  const [kop, regel] = (parse(await fetchBestand(service, verklaard), { delimiter: ';' }) as string[][]) as [string[], string[]]
  t.strictSame(['LESDAGEN', 'LESDAGEN_AANGELEVERD'].map((naam) => regel[kop.indexOf(naam)]), ['22', '22'], 'a month without a gap')
})

t.test('pushes at the same moment: a levering has exactly those that its afkapmoment says', async (t) => {
  const service = await startService(t)
  await pushSchool(service)
  const pushes = Array.from({ length: 24 }, async (_, n) => await ok(service, 'POST', '/v1/absenties/_bulk', { absenties: [buildAbsentie(keyOf('99AA00', 2, n), '99AA00', { datum: '2025-09-26', reden: 'ZK' })] }))
  const leveringen = Array.from({ length: 6 }, async () => await lever(service))
  const [gemaakt] = await Promise.all([Promise.all(leveringen), Promise.all(pushes)])
  for (const levering of gemaakt) t.strictSame(sha256Of(await lever(service, levering.afkapmoment)), sha256Of(levering))
  t.equal(new Set(gemaakt.map(({ afkapmoment }) => afkapmoment)).size, gemaakt.length, 'no two at one moment')
})

t.test('lists, forms and rights', async (t) => {
  const service = await startService(t)
  await pushSchool(service)
  const leveringen = [await lever(service), await lever(service, undefined, '2025-2026'), await lever(service, undefined, '2025-W37')]

  const first = await service.inject({ url: '/v1/leveringen?school=99AA&limit=2' })
  const { volgende } = first.json<{ volgende: string }>()
  t.strictSame(first.json<{ leveringen: Levering[] }>().leveringen, leveringen.slice(0, 2))
  t.match(first.headers.link, /cursor=.*rel="next"/)
  t.strictSame(await ok(service, 'GET', `/v1/leveringen?limit=2&cursor=${volgende}`), { leveringen: leveringen.slice(2), volgende: null })

  const [, week] = (await fetchBestand(service, leveringen[2]!)).split('\r\n')
  t.match(week, /^99AA;99AA00;2025-2026;2025-W37;20250908;20250914;1;/)
  const [, jaar] = (await fetchBestand(service, leveringen[1]!)).split('\r\n')
  t.match(jaar, /^99AA;99AA00;2025-2026;2025-2026;20250801;/)
  t.match(await fetchBestand(service, leveringen[0]!, '*/*'), /^BRIN;/, 'CSV unless asked otherwise')
  t.match(await fetchBestand(service, leveringen[0]!, 'text/csv'), /^BRIN;/)
  t.equal((await service.inject({ url: leveringen[0]!.links.bestand, headers: { accept: 'application/xml' } })).statusCode, 406)

  const invoer = { ontvanger: 'ocw', school: '99AA', periode: PERIODE }
  const refusal = async (payload: object, bearer?: string): Promise<unknown> => {
    const answer = await service.inject({ method: 'POST', url: '/v1/leveringen', payload, ...(bearer === undefined ? {} : { bearer }) })
    const { code, errors } = answer.json<{ code: string, errors?: Array<{ code: string, pointer: string }> }>()
    return [answer.statusCode, code, ...(errors ?? []).map((fout) => `${fout.pointer} ${fout.code}`)]
  }
  t.strictSame(await refusal({ ...invoer, ontvanger: 'gemeente' }), [400, 'invoer-ongeldig', '/gemeentecode geen-ontvanger'], 'nobody told where he lives')
  t.strictSame(await refusal({ ...invoer, ontvanger: 'samenwerkingsverband' }), [400, 'invoer-ongeldig', '/samenwerkingsverband geen-ontvanger'])
  t.strictSame(await refusal({ ...invoer, gemeentecode: '0014', samenwerkingsverband: 'PO2202' }), [400, 'invoer-ongeldig', '/gemeentecode verkeerde-vorm', '/samenwerkingsverband verkeerde-vorm'])
  t.strictSame(await refusal({ ...invoer, periode: '2025-10', reden: 'afgekeurd' }), [400, 'invoer-ongeldig', '/reden geen-revisie'])
  t.strictSame(await refusal({ ...invoer, afkapmoment: '2999-01-01T00:00:00Z' }), [400, 'invoer-ongeldig', '/afkapmoment afkapmoment-in-toekomst'])
  t.strictSame(await refusal({ ...invoer, periode: '2998-2999' }), [400, 'invoer-ongeldig', '/periode periode-niet-begonnen'])
  t.match(await refusal({ ...invoer, periode: '2025-13', leerling: 'L-1' }), [400, 'invoer-ongeldig', /periode/, /leerling/])
  t.strictSame(await refusal(invoer, await service.token({ scopes: ['leveringen:lezen'] })), [403, 'geen-toegang'])
  t.strictSame(await refusal({ ...invoer, school: '99ZZ' }), [404, 'niet-gevonden'])
  t.strictSame(await refusal({ ...invoer, school: '99ZZ' }, await service.token({ scholen: ['99ZZ'] })), [409, 'stamgegevens-onbekend'])

  const vreemd = await service.token({ scholen: ['99ZZ'] })
  for (const url of [`/v1/leveringen/${leveringen[0]!.id}`, leveringen[0]!.links.bestand, leveringen[0]!.links.manifest]) {
    t.equal((await service.inject({ url, bearer: vreemd })).statusCode, 404, 'outside the token it does not exist')
  }
  t.equal((await service.inject({ url: '/v1/leveringen/99AA-00000000-0000-4000-8000-000000000000' })).statusCode, 404)
  t.strictSame((await service.inject({ url: '/v1/leveringen', bearer: vreemd })).json(), { leveringen: [], volgende: null })
})

t.test('a levering that cannot be written to the disk was never made', async (t) => {
  const service = await startService(t)
  await pushSchool(service)
  const folder = service.app.config.leveringenDir
  await mkdir(join(folder, '..'), { recursive: true })
  await writeFile(folder, 'in the way')
  const answer = await service.inject({ method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school: '99AA', periode: PERIODE } })
  t.equal(answer.statusCode, 500)
  t.strictSame(await ok(service, 'GET', '/v1/leveringen'), { leveringen: [], volgende: null })
  await rm(folder)
  await lever(service)
  t.equal((await readdir(folder)).length, 3)
})
