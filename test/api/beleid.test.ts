import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { ELEMENTCODES } from '../../src/domain/beleidselement.ts'
import { addDagen } from '../../src/domain/datum.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import type { Beleidsversie, Toets, Vaststelling, Verschil } from '../../src/beleid/contract.ts'
import type { Fout } from '../../src/errors.ts'

const ADRES = '/v1/scholen/99AA/beleidsversies'
const TEKSTEN = ELEMENTCODES.map((code) => ({ code, tekst: `Zo doen wij ${code}.` }))

interface Antwoord<T> { readonly status: number, readonly body: T, readonly etag: string }

async function ask<T> (service: Service, method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, headers: Record<string, string> = {}): Promise<Antwoord<T>> {
  const answer = await service.inject({ method, url: `${ADRES}${url}`, headers, ...(payload === undefined ? {} : { payload }) })
  return { status: answer.statusCode, body: answer.body === '' ? null as T : answer.json<T>(), etag: String(answer.headers['etag']) }
}

async function adopt (t: Test, service: Service, invoer: object): Promise<Vaststelling> {
  const concept = await ask<Beleidsversie & { errors?: Fout[] }>(service, 'POST', '', invoer)
  t.equal(concept.status, 201, JSON.stringify(concept.body.errors))
  const vastgesteld = await ask<Vaststelling & { errors?: Fout[] }>(service, 'POST', `/${concept.body.versie}/vaststelling`)
  t.equal(vastgesteld.status, 201, JSON.stringify(vastgesteld.body.errors))
  return vastgesteld.body
}

t.test('a concept is replaced and thrown away; what was adopted stays as it is', async (t) => {
  const service = await startService(t, { now: () => new Date('2026-06-15T10:00:00Z') })
  t.match(await ask(service, 'POST', '', { geldigVan: '2026-08-01' }), { status: 409, body: { code: 'stamgegevens-onbekend' } })
  await createSchool(service)
  const inhoud = {
    geldigVan: '2026-08-01',
    codes: [{ bron: 'test-lvs', code: 'Z', reden: 'ZK' }],
    regels: [{ regel: 'te-laat', aan: true, drempels: [5, 9] }],
    duidingen: [{ omschrijving: 'Te laat gemeld', wanneer: { categorieen: ['geoorloofd'], redenNaLesdagen: 0 }, telt: { categorie: 'ongeoorloofd' } }],
    elementen: [{ code: 'signalering', tekst: 'De mentor kijkt iedere week.' }],
    onverklaardNaLesdagen: 5
  }
  const concept = await ask<Beleidsversie>(service, 'POST', '', inhoud)
  t.match(concept, { status: 201, body: { versie: 1, status: 'concept', geldigTot: null, vastgesteldOp: null, vastgesteldDoor: null, ...inhoud } })
  const gelezen = await ask<Beleidsversie>(service, 'GET', '/1')
  t.same(gelezen, { ...concept, status: 200 }, 'what was answered is what is read, ETag and all')

  const nieuw = { geldigVan: '2026-09-01', elementen: TEKSTEN }
  const put = await ask<Beleidsversie>(service, 'PUT', '/1', nieuw, { 'if-match': concept.etag })
  t.match(put, { status: 200, body: { versie: 1, status: 'concept', geldigVan: '2026-09-01', codes: [], regels: [], duidingen: [], onverklaardNaLesdagen: null } }, 'as a whole')
  t.not(put.etag, concept.etag)
  t.match(await ask(service, 'PUT', '/1', nieuw, { 'if-match': concept.etag }), { status: 412, body: { code: 'versie-verouderd' } })
  t.match(await ask(service, 'DELETE', '/1', undefined, { 'if-match': concept.etag }), { status: 412 })
  t.match(await ask(service, 'POST', '/1/vaststelling', undefined, { 'if-match': concept.etag }), { status: 412 }, 'nor is what nobody read adopted')
  t.match(await ask(service, 'PUT', '/7', nieuw), { status: 404 })
  t.match(await ask(service, 'PUT', '/0', nieuw), { status: 404 }, 'the standaardbeleid is nobody\'s')
  t.match(await ask(service, 'PUT', '/1', { geldigVan: '2026-09-01', regels: [{ regel: 'eigen', aan: true }] }), { status: 400, body: { code: 'invoer-ongeldig', errors: ['meting', 'venster', 'drempels'].map((veld) => ({ code: 'ontbreekt', pointer: `/regels/0/${veld}` })) } })

  t.equal((await ask(service, 'POST', '', inhoud)).status, 201)
  t.equal((await ask(service, 'DELETE', '/2')).status, 204)
  t.equal((await ask(service, 'GET', '/2')).status, 404)

  t.match(await ask(service, 'POST', '/1/vaststelling', undefined, { 'if-match': put.etag }), { status: 201, body: { status: 'vastgesteld', geldigTot: null, vastgesteldDoor: 'test-lvs', vastgesteldOp: String, strenger: [] } })
  for (const [method, url, payload] of [['PUT', '/1', nieuw], ['DELETE', '/1', undefined], ['POST', '/1/vaststelling', undefined]] as const) {
    t.match(await ask(service, method, url, payload), { status: 409, body: { code: 'beleid-vastgesteld' } }, `${method} ${url}`)
  }
  const { rows: [rij] } = await service.app.pool.query<{ door: string, op: Date }>('select vastgesteld_door as door, vastgesteld_op as op from beleidsversie')
  t.equal(rij!.door, 'test-lvs')
  t.ok(rij!.op instanceof Date)

  const mens = await service.token({ extra: { rol: 'schoolleider', sub: 'd-17' } })
  await ask(service, 'POST', '', inhoud)
  t.match((await service.inject({ method: 'POST', url: `${ADRES}/2/vaststelling`, bearer: mens })).json(), { vastgesteldDoor: 'd-17' }, 'the person, where there is one')
})

t.test('versions follow each other without gaps, and one in the past touches exactly its own days', async (t) => {
  const service = await startService(t)
  await createSchool(service, { schooljaar: '2025-2026', lesvrij: [{ van: '2026-07-01', tot: '2026-07-31' }] })
  const dagen = ['2026-03-09', '2026-03-10', '2026-03-11', '2026-03-12', '2026-03-13']
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: dagen.map((datum, at) => buildAbsentie(`a-${at}`, datum, { reden: 'EIG', minuten: 60 })) } })
  const redenen = (categorie: string): object[] => [{ code: 'EIG', omschrijving: 'Eigen', categorie }]
  const read = async (): Promise<Array<{ datum: string, categorie: string, vastgelegd: string }>> =>
    (await service.app.pool.query<{ datum: string, categorie: string, vastgelegd: string }>('select datum, categorie, vastgelegd_op::text as vastgelegd from absentie order by datum')).rows
  const keur = async (): Promise<string> => (await read()).map(({ categorie }) => categorie[0]).join('')
  t.equal(await keur(), 'nnnnn', 'nobody knows the reden')

  // Adopted in another order than they hold; one day's version is replaced from its first day on.
  const orde: ReadonlyArray<readonly [geldigVan: string, categorie: string, keur: string]> = [
    ['2026-03-12', 'ongeoorloofd', 'nnnoo'], ['2026-03-10', 'geoorloofd', 'nggoo'], ['2026-03-11', 'aanwezig-elders', 'ngaoo'], ['2026-03-11', 'ongeoorloofd', 'ngooo'], ['2026-03-13', 'geoorloofd', 'ngoog']
  ]
  for (const [at, [geldigVan, categorie, verwacht]] of orde.entries()) {
    const voor = await read()
    const { geldigTot } = await adopt(t, service, { geldigVan, redenen: redenen(categorie) })
    const na = await read()
    t.equal(na.map((rij) => rij.categorie[0]).join(''), verwacht, `version ${at + 1}`)
    const geraakt = na.filter(({ vastgelegd }, rij) => vastgelegd !== voor[rij]!.vastgelegd).map(({ datum }) => datum)
    t.ok(geraakt.length > 0 && geraakt.every((datum) => geldigVan <= datum && (geldigTot === null || datum <= geldigTot)), 'rows outside are not written')

    const { beleidsversies } = (await ask<{ beleidsversies: Beleidsversie[] }>(service, 'GET', '')).body
    const geldend = beleidsversies.filter((versie) => versie.versie > 0 && (versie.geldigTot === null || versie.geldigVan <= versie.geldigTot)).sort((a, b) => a.geldigVan < b.geldigVan ? -1 : 1)
    t.same(geldend.map((versie) => versie.geldigTot), [...geldend.slice(1).map((versie) => addDagen(versie.geldigVan, -1)), null], 'each holds until the next begins')
  }
  const [, vierde, derde] = (await ask<{ beleidsversies: Beleidsversie[] }>(service, 'GET', '')).body.beleidsversies
  t.match([vierde, derde], [{ versie: 4, status: 'vastgesteld', geldigVan: '2026-03-11', geldigTot: '2026-03-11' }, { versie: 3, status: 'vervangen', geldigVan: '2026-03-11', geldigTot: '2026-03-10' }])

  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('later', '2026-03-11', { reden: 'EIG', minuten: 30 })] } })
  t.equal((await service.app.pool.query<{ categorie: string }>("select categorie from absentie where bron_id = 'later'")).rows[0]!.categorie, 'ongeoorloofd', 'a push counts by the version that replaced the other')
  t.match((await ask<Verschil>(service, 'GET', '/4/verschil')).body, { met: 2, verschillen: [{ onderdeel: 'reden', sleutel: 'EIG', soort: 'gewijzigd' }] }, 'against what held the day before')
  t.match((await ask<Verschil>(service, 'GET', '/4/verschil?met=0')).body.verschillen.length, 18)
  t.match(await ask(service, 'GET', '/4/verschil?met=9'), { status: 404 })
  await ask(service, 'POST', '', { geldigVan: '2026-03-20', redenen: redenen('geoorloofd') })
  t.match((await ask<Verschil>(service, 'GET', '/6/verschil')).body, { met: 5, verschillen: [] }, 'a concept against what holds where it would begin')

  await t.test('a levering counts by the versions as they were adopted', async (t) => {
    const levering = await service.inject({ method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school: '99AA', periode: '2026-03' } })
    t.equal(levering.statusCode, 201, levering.body)
    const manifest = (await service.inject({ url: `/v1/leveringen/${levering.json<{ id: string }>().id}/manifest` })).json<{ beleidsversies: string[] }>()
    t.same([...manifest.beleidsversies].sort(), ['1', '2', '4', '5', 'standaardbeleid'])
  })
})

t.test('a concept that is weaker than the law, or lacks what it demands, is refused with everything at once', async (t) => {
  const service = await startService(t, { now: () => new Date('2026-06-15T10:00:00Z'), environment: { INWERKINGTREDING: '2026-08-01' } })
  await createSchool(service)
  const regels = [
    { regel: 'wettelijk-16-uur', aan: true, drempels: [20], venster: { soort: 'lesweken', aantal: 2 }, over: { soorten: ['afwezig'] }, termijnWerkdagen: 10 },
    { regel: 'luxeverzuim', aan: false },
    { regel: 'langdurig-verzuim', aan: true, herstart: 'na-signaal' }
  ]
  t.equal((await ask(service, 'POST', '', { geldigVan: '2026-08-01', regels, elementen: TEKSTEN.slice(0, 2) })).status, 201, 'a concept may be anything the grammar allows')
  const { status, body } = await ask<{ code: string, errors: Fout[] }>(service, 'POST', '/1/vaststelling')
  t.match([status, body.code], [409, 'beleid-onvolledig'])
  t.same(body.errors.map(({ code, pointer }) => `${code} ${pointer}`), [
    ...Array.from({ length: 7 }, () => 'element-ontbreekt /elementen'),
    'zwakker-dan-wet /regels/0/drempels', 'zwakker-dan-wet /regels/0/venster', 'zwakker-dan-wet /regels/0/over/soorten', 'zwakker-dan-wet /regels/0/termijnWerkdagen',
    'niet-vergelijkbaar /regels/2/herstart', 'zwakker-dan-wet /regels/1/aan'
  ])
  const toets = (await ask<Toets>(service, 'GET', '/1/toets')).body
  t.match(toets, { datum: '2026-08-01', vastTeStellen: false, elementen: [{ code: 'signalering', verplichtVan: '2026-08-01', verplicht: true, aanwezig: true, status: 'aangenomen' }] })
  t.same(toets.belemmeringen, body.errors, 'the toets says the same beforehand')
  t.equal((await ask<Toets>(service, 'GET', '/1/toets?datum=2026-07-31')).body.belemmeringen.length, 6, 'before the law only the rules weigh')
  t.match(await ask(service, 'GET', '/1/toets?datum=morgen'), { status: 400 })

  t.equal((await ask(service, 'PUT', '/1', { geldigVan: '2026-08-01', elementen: TEKSTEN, regels: [{ regel: 'wettelijk-16-uur', aan: true, drempels: [12] }] })).status, 200)
  t.match(await ask<Vaststelling>(service, 'POST', '/1/vaststelling'), { status: 201, body: { strenger: [{ regel: 'wettelijk-16-uur', omschrijving: 'De drempel is 12 uur in plaats van 16 uur.' }] } })
  t.match((await ask<Toets>(service, 'GET', '/1/toets')).body, { vastTeStellen: true, regels: [{ regel: 'wettelijk-16-uur', verplicht: true, oordeel: 'strenger' }] })
  t.match((await ask<Toets>(service, 'GET', '/0/toets?datum=2026-09-01')).body, { vastTeStellen: false, regels: [{ oordeel: 'gelijk' }] }, 'the standaardbeleid lacks texts')
})

t.test('policies as schools have them, which README shows, are adopted and read as text', async (t) => {
  const service = await startService(t, { now: () => new Date('2026-06-15T10:00:00Z') })
  await createSchool(service)
  const voorbeelden = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').split('<!-- beleidsvoorbeelden')[1]!.split('<!-- einde beleidsvoorbeelden')[0]!
  const inhouden = [...voorbeelden.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json]) => JSON.parse(json!) as Partial<Beleidsversie>)
  t.equal(inhouden.length, 6)
  for (const inhoud of inhouden) t.match(await adopt(t, service, inhoud), { status: 'vastgesteld', ...inhoud })
  const { rows } = await service.app.pool.query<{ inhoud: Beleidsversie }>('select inhoud from beleidsversie order by versie')
  t.same(rows.map(({ inhoud }) => [inhoud.duidingen, inhoud.regels]), inhouden.map(({ duidingen = [], regels = [] }) => [duidingen, regels]), 'kept as they were pushed')
  t.same((await ask<Vaststelling>(service, 'GET', '/6/toets')).body.strenger.map(({ regel }) => regel), ['wettelijk-16-uur'])

  const markdown = await service.inject({ url: `${ADRES}/4/tekst` })
  t.match(markdown.headers, { 'content-type': 'text/markdown; charset=utf-8', vary: /accept/ })
  t.match(markdown.body, /^# Verzuimbeleid van school 99AA\n\nVersie 4, vastgesteld op \d+ \w+ \d{4}, geldig van 22 augustus 2026 tot en met 28 augustus 2026\.\n/)
  t.match(markdown.body, 'uitkomt op 5 of 9 keer verzuim (te laat) om welke reden ook')
  t.same((await service.inject({ url: `${ADRES}/4/tekst`, headers: { accept: 'application/json' } })).json(), { school: '99AA', versie: 4, tekst: markdown.body })
  t.equal((await service.inject({ url: `${ADRES}/4/tekst`, headers: { accept: 'application/pdf' } })).statusCode, 406)
  t.match((await service.inject({ url: `${ADRES}/0/tekst` })).body, 'Het landelijke standaardbeleid')
  t.match((await service.inject({ url: `${ADRES}/1/tekst` })).body, '- **Meer dan 20 minuten te laat.** Ongeoorloofd of onverklaard verzuim (te laat) van meer dan 20 minuten telt als ongeoorloofd verzuim (afwezig) van 1 lesuur.')
})
