import { readFileSync } from 'node:fs'
import { buildSchema } from 'graphql'
import pg from 'pg'
import t, { type Test } from 'tap'
import { insertAanlevering } from '../src/aanleveringen/store.ts'
import { findAbsentie, insertWachtende, listAbsenties } from '../src/absenties/store.ts'
import { runTransaction } from '../src/db/transaction.ts'
import { addDagen, vandaag } from '../src/domain/datum.ts'
import { OWNERS } from '../src/db/tables.ts'
import { findLeerling, listLeerlingen } from '../src/leerlingen/store.ts'
import { describeApi } from '../src/server.ts'
import { listSignalen } from '../src/signalen/store.ts'
import { RECHTEN, type Recht } from '../src/toegang/rechten.ts'
import { insertVerwerking } from '../src/verwerkingen/store.ts'
import { buildAbsentie, createSchool } from './support/school.ts'
import { startService, type Service } from './support/service.ts'
import { VERWERKT, VERWERKT_WORTELS } from './support/verwerkt.ts'
import type { Schoolscope } from '../src/toegang/service.ts'

/** A school with one of everything, and its keys. */
interface School { readonly school: string, readonly vestiging: string, readonly signaal: string, readonly internSignaal: string, readonly levering: string, readonly aanlevering: string, readonly uitzondering: string, readonly melding: string, readonly dood: { readonly melding: string, readonly uitzending: string }, readonly mandaat: string }
interface Verzoek { readonly url: string, readonly payload?: object }
/** What somebody else's school looks like from here: not there, refused per record, or empty. Null: the answer is of no school. */
type Buiten = 'niet-gevonden' | 'afgewezen' | null

const absentie = (vestiging: string, bronId: string) => buildAbsentie(bronId, '2026-03-12', { school: vestiging.slice(0, 4), vestiging })
const lessen = (vestiging: string) => [{ vestiging, van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }]
const gegevens = { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014' }
const afmelding = (school: string) => ({ school, leerling: 'L-1', begin: { datum: '2026-03-16' }, einde: { datum: '2026-03-17' }, reden: 'ZK', gewijzigdOp: '2026-03-16T08:00:00+01:00' })
const vrijstelling = (school: string) => ({ leerling: 'L-1', school, grondslag: '5a', van: '2026-01-05', tot: '2026-01-09' })
// Of a rule that is on without being mandatory.
const uitzondering = { leerling: { bron: 'test-lvs', bronId: 'L-1' }, regel: 'doorstroompunt', van: '2026-03-02', tot: '2026-03-27', reden: 'medisch-traject' }

const meldgegevens = { contactpersoon: 'A. Voorbeeld', emailadres: 'verzuim@school.example', informeertBijMelding: true }
const melding = (school: string, begindatum: string) => ({ leerling: { bron: 'test-lvs', bronId: 'L-7' }, school, soort: 'O', begindatum, einddatum: begindatum })
const mandaat = { bron: 'test-lvs', oin: '00000099000000000000', dienst: 'leveren', van: '2026-01-01' }

/** One valid request an operation, that succeeds for the school itself. An operation without a row here fails the test. */
const OPERATIES: Record<string, readonly [buiten: Buiten, build: (own: School) => Verzoek]> = {
  listVestigingen: ['niet-gevonden', ({ school }) => ({ url: `/vestigingen?school=${school}` })],
  pushVestigingen: ['afgewezen', ({ vestiging }) => ({ url: '/vestigingen/_bulk', payload: { vestigingen: [{ vestiging, ...gegevens }] } })],
  getVestiging: ['niet-gevonden', ({ vestiging }) => ({ url: `/vestigingen/${vestiging}` })],
  putVestiging: ['niet-gevonden', ({ vestiging }) => ({ url: `/vestigingen/${vestiging}`, payload: gegevens })],
  pushKalenders: ['afgewezen', ({ vestiging }) => ({ url: '/kalenders/_bulk', payload: { kalenders: [{ vestiging, schooljaar: '2026-2027', lesvrij: [] }] } })],
  getKalender: ['niet-gevonden', ({ vestiging }) => ({ url: `/vestigingen/${vestiging}/kalenders/2026-2027` })],
  putKalender: ['niet-gevonden', ({ vestiging }) => ({ url: `/vestigingen/${vestiging}/kalenders/2026-2027`, payload: { lesvrij: [] } })],
  pushLeerlingen: ['afgewezen', ({ school, vestiging }) => ({ url: '/leerlingen/_bulk', payload: { leerlingen: [{ bronId: 'L-2', school, geboortedatum: '2015-01-01', inschrijvingen: lessen(vestiging) }] } })],
  searchLeerlingen: ['niet-gevonden', ({ school }) => ({ url: '/leerlingen/_zoek', payload: { school, persoonsgebondenNummer: '999990019' } })],
  listLeerlingen: ['niet-gevonden', ({ school }) => ({ url: `/leerlingen?school=${school}` })],
  getLeerling: ['niet-gevonden', ({ school }) => ({ url: `/leerlingen/test-lvs/L-1?school=${school}` })],
  pushVrijstellingen: ['afgewezen', ({ school }) => ({ url: '/vrijstellingen/_bulk', payload: { vrijstellingen: [{ bronId: 'v-1', ...vrijstelling(school) }] } })],
  putVrijstelling: ['niet-gevonden', ({ school }) => ({ url: '/vrijstellingen/v-2', payload: vrijstelling(school) })],
  pushAbsenties: ['afgewezen', ({ vestiging }) => ({ url: '/absenties/_bulk', payload: { absenties: [absentie(vestiging, 'a-9')] } })],
  listAbsenties: ['niet-gevonden', ({ school }) => ({ url: `/absenties?school=${school}` })],
  getAbsentie: ['niet-gevonden', ({ school }) => ({ url: `/absenties/test-lvs/a-1?school=${school}` })],
  putAbsentie: ['niet-gevonden', ({ vestiging }) => ({ url: '/absenties/test-lvs/a-8', payload: { ...absentie(vestiging, 'a-8'), bronId: undefined } })],
  withdrawAbsentie: ['niet-gevonden', ({ school }) => ({ url: `/absenties/test-lvs/a-7?school=${school}` })],
  getGeschiedenis: ['niet-gevonden', ({ school }) => ({ url: `/absenties/test-lvs/a-1/geschiedenis?school=${school}` })],
  listWachtende: ['niet-gevonden', ({ school }) => ({ url: `/wachtende-absenties?school=${school}` })],
  pushAfmeldingen: ['afgewezen', ({ school }) => ({ url: '/afmeldingen/_bulk', payload: { afmeldingen: [{ bronId: 'm-1', ...afmelding(school) }] } })],
  listAfmeldingen: ['niet-gevonden', ({ school }) => ({ url: `/afmeldingen?school=${school}` })],
  getAfmelding: ['niet-gevonden', ({ school }) => ({ url: `/afmeldingen/test-lvs/m-1?school=${school}` })],
  putAfmelding: ['niet-gevonden', ({ school }) => ({ url: '/afmeldingen/test-lvs/m-2', payload: afmelding(school) })],
  withdrawAfmelding: ['niet-gevonden', ({ school }) => ({ url: `/afmeldingen/test-lvs/m-2?school=${school}` })],
  getAfmeldinggeschiedenis: ['niet-gevonden', ({ school }) => ({ url: `/afmeldingen/test-lvs/m-1/geschiedenis?school=${school}` })],
  listAanleveringen: ['niet-gevonden', ({ school }) => ({ url: `/aanleveringen?school=${school}` })],
  getAanlevering: ['niet-gevonden', ({ school, aanlevering }) => ({ url: `/aanleveringen/${aanlevering}?school=${school}` })],
  revertAanlevering: ['niet-gevonden', ({ school, aanlevering }) => ({ url: `/aanleveringen/${aanlevering}/terugdraaiing?school=${school}` })],
  pushMomentopname: ['niet-gevonden', ({ school, vestiging }) => ({ url: '/momentopnamen', payload: { school, vestiging, van: '2026-03-13', tot: '2026-03-13', opgenomenOp: '2026-03-13T12:00:00Z', absenties: [] } })],
  listBeleidsversies: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies` })],
  createBeleidsversie: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies`, payload: { geldigVan: '2027-08-01' } })],
  getBeleidsversie: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies/1` })],
  putBeleidsversie: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies/1`, payload: { geldigVan: '2026-08-01' } })],
  deleteBeleidsversie: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies/2` })],
  adoptBeleidsversie: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies/1/vaststelling` })],
  getBeleidstoets: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies/1/toets` })],
  getBeleidsverschil: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies/1/verschil` })],
  getBeleidstekst: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies/1/tekst` })],
  startProefberekening: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/beleidsversies/0/proefberekening`, payload: { van: '2026-03-01', tot: '2026-03-31' } })],
  getRedendekking: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/redendekking?van=2026-03-01&tot=2026-03-31` })],
  pushAanwezigheidsverklaringen: ['afgewezen', ({ vestiging }) => ({ url: '/aanwezigheidsverklaringen', payload: { verklaringen: [{ vestiging, van: '2026-03-09' }] } })],
  listAanwezigheidsverklaringen: ['niet-gevonden', ({ vestiging }) => ({ url: `/aanwezigheidsverklaringen?vestiging=${vestiging}&van=2026-03-09` })],
  listBronafspraken: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/bronafspraken` })],
  putBronafspraak: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/bronafspraken/2026-03-09`, payload: { volgorde: ['test-lvs'], verklaring: 'uitdrukkelijk' } })],
  withdrawBronafspraak: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/bronafspraken/2026-03-09` })],
  listRegels: [null, () => ({ url: '/regels' })],
  getMarges: ['niet-gevonden', ({ school }) => ({ url: `/leerlingen/test-lvs/L-1/marges?school=${school}` })],
  listSignalen: ['niet-gevonden', ({ school }) => ({ url: `/signalen?school=${school}` })],
  getSignaal: ['niet-gevonden', ({ signaal }) => ({ url: `/signalen/${signaal}` })],
  getSignaalherleiding: ['niet-gevonden', ({ signaal }) => ({ url: `/signalen/${signaal}/herleiding` })],
  getSignaalgeschiedenis: ['niet-gevonden', ({ signaal }) => ({ url: `/signalen/${signaal}/geschiedenis` })],
  decideSignaal: ['niet-gevonden', ({ signaal }) => ({ url: `/signalen/${signaal}/beoordelingen`, payload: { besluit: 'in-behandeling' } })],
  beginRust: ['niet-gevonden', ({ internSignaal }) => ({ url: `/signalen/${internSignaal}/rust`, payload: { tot: addDagen(vandaag(new Date()), 7), reden: 'afspraken-lopen' } })],
  endRust: ['niet-gevonden', ({ internSignaal }) => ({ url: `/signalen/${internSignaal}/rust` })],
  createUitzondering: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/uitzonderingen`, payload: uitzondering })],
  listUitzonderingen: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/uitzonderingen` })],
  getUitzondering: ['niet-gevonden', ({ school, uitzondering: id }) => ({ url: `/scholen/${school}/uitzonderingen/${id}` })],
  withdrawUitzondering: ['niet-gevonden', ({ school, uitzondering: id }) => ({ url: `/scholen/${school}/uitzonderingen/${id}` })],
  createMelding: ['niet-gevonden', ({ school }) => ({ url: '/meldingen', payload: melding(school, '2026-03-11') })],
  listMeldingen: ['niet-gevonden', ({ school }) => ({ url: `/meldingen?school=${school}` })],
  getMelding: ['niet-gevonden', ({ melding: id }) => ({ url: `/meldingen/${id}` })],
  changeMelding: ['niet-gevonden', ({ melding: id }) => ({ url: `/meldingen/${id}`, payload: { laatsteMutatie: null, toelichting: 'Nagevraagd' } })],
  withdrawMelding: ['niet-gevonden', ({ melding: id }) => ({ url: `/meldingen/${id}/intrekking`, payload: { reden: 'fout-in-registratie' } })],
  getMeldinggeschiedenis: ['niet-gevonden', ({ melding: id }) => ({ url: `/meldingen/${id}/geschiedenis` })],
  listUitzendingen: ['niet-gevonden', ({ melding: id }) => ({ url: `/meldingen/${id}/uitzendingen` })],
  resendUitzending: ['niet-gevonden', ({ dood: { melding: id, uitzending } }) => ({ url: `/meldingen/${id}/uitzendingen/${uitzending}/herhaling` })],
  listMeldvoorstellen: ['niet-gevonden', ({ school }) => ({ url: `/meldvoorstellen?school=${school}` })],
  getMeldgegevens: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/meldgegevens` })],
  putMeldgegevens: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/meldgegevens`, payload: meldgegevens })],
  createMandaat: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/mandaten`, payload: mandaat })],
  listMandaten: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/mandaten` })],
  withdrawMandaat: ['niet-gevonden', ({ school, mandaat: id }) => ({ url: `/scholen/${school}/mandaten/${id}` })],
  getStatistiek: ['niet-gevonden', ({ vestiging }) => ({ url: `/statistieken?vestiging=${vestiging}&periode=2026-03` })],
  createLevering: ['niet-gevonden', ({ school }) => ({ url: '/leveringen', payload: { ontvanger: 'ocw', school, periode: '2026-02' } })],
  listLeveringen: ['niet-gevonden', ({ school }) => ({ url: `/leveringen?school=${school}` })],
  getLevering: ['niet-gevonden', ({ levering }) => ({ url: `/leveringen/${levering}` })],
  offerLevering: ['niet-gevonden', ({ levering }) => ({ url: `/leveringen/${levering}/aanbieding` })],
  recordOntvangst: ['niet-gevonden', ({ levering }) => ({ url: `/leveringen/${levering}/ontvangst`, payload: { uitslag: 'ontvangen', kenmerk: 'K-1' } })],
  createLeveringsronde: ['niet-gevonden', ({ school }) => ({ url: '/leveringsrondes', payload: { ontvanger: 'ocw', school, periode: '2026-01' } })],
  getOnbestelbaar: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/onbestelbaar` })],
  listLeveringsplannen: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/leveringsplannen` })],
  putLeveringsplan: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/leveringsplannen/ocw`, payload: { periodesoort: 'maand', dagenNaPeriode: 5, aan: false } })],
  listLeveringindelingen: [null, () => ({ url: '/leveringindelingen' })],
  getLeveringindeling: [null, () => ({ url: '/leveringindelingen/ocw-verzuim/2026.1' })],
  getLeveringbestand: ['niet-gevonden', ({ levering }) => ({ url: `/leveringen/${levering}/bestand` })],
  listVerwerkingen: ['niet-gevonden', ({ school }) => ({ url: `/leerlingen/test-lvs/L-1/verwerkingen?school=${school}` })],
  getLeveringmanifest: ['niet-gevonden', ({ levering }) => ({ url: `/leveringen/${levering}/manifest` })]
}
/** Lists that may be asked without a school: then they show what is the caller's own. */
const ZONDER_SCHOOL = ['/vestigingen', '/signalen', '/meldingen', '/leveringen']

interface Operation { readonly operationId: string, readonly method: string, readonly recht: Recht, readonly statuses: readonly string[] }

const { paths } = await describeApi() as { paths: Record<string, Record<string, { operationId: string, security: Array<{ toegangsbewijs: [Recht] }>, responses: object }>> }
const operations: Operation[] = Object.values(paths).flatMap((methods) => Object.entries(methods).flatMap(([method, { operationId, security, responses }]) =>
  security.map(({ toegangsbewijs: [recht] }) => ({ operationId, method: method.toUpperCase(), recht, statuses: Object.keys(responses) }))))

async function prepareSchool (service: Service, vestiging: string): Promise<School> {
  const school = vestiging.slice(0, 4)
  const bearer = await service.token({ scholen: [school] })
  await createSchool(service, { vestiging, bearer })
  const absenties = ['2026-03-09', '2026-03-10', '2026-03-11'].map((datum, at) => buildAbsentie(`a-${at}`, datum, { school, vestiging, minuten: 330 }))
  const pushed = await service.inject({ bearer, method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [...absenties, absentie(vestiging, 'a-7')] } })
  if (pushed.json<{ aantallen: { nieuw: number } }>().aantallen.nieuw !== 4) throw new Error(pushed.body)
  const { aanlevering } = (await service.inject({ bearer, method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [absentie(vestiging, 'a-6')] } })).json<{ aanlevering: string }>()
  await service.inject({ bearer, method: 'POST', url: `/v1/scholen/${school}/beleidsversies`, payload: { geldigVan: '2026-08-01' } })
  await service.evaluate()
  const { signalen } = (await service.inject({ bearer, url: `/v1/signalen?school=${school}` })).json<{ signalen: Array<{ id: string }> }>()
  // A wettelijk signaal knows no rust; a rule that gives others is in no beleid here.
  const { rows: [intern] } = await execute(service, `
    insert into signaal
    select (jsonb_populate_record(s, jsonb_build_object('signaal', gen_random_uuid(), 'regel', 'te-laat', 'aard', 'intern'))).* from signaal s where school = '${school}'
    returning school || '-' || signaal as id`)
  const levering = await service.inject({ bearer, method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school, periode: '2026-03' } })
  const uitgezonderd = await service.inject({ bearer, method: 'POST', url: `/v1/scholen/${school}/uitzonderingen`, payload: uitzondering })
  const { gemeld, dood } = await prepareMeldingen(service, school, vestiging, bearer)
  const gegeven = await service.inject({ bearer, method: 'POST', url: `/v1/scholen/${school}/mandaten`, payload: mandaat })
  return { school, vestiging, signaal: signalen[0]!.id, internSignaal: (intern as { id: string }).id, levering: levering.json<{ id: string }>().id, aanlevering, uitzondering: uitgezonderd.json<{ id: string }>().id, melding: gemeld, dood, mandaat: gegeven.json<{ id: string }>().id }
}

/** Of a leerling with a number: one melding that waits, and one of which the message is dead. */
async function prepareMeldingen (service: Service, school: string, vestiging: string, bearer: string): Promise<{ gemeld: string, dood: School['dood'] }> {
  const leerling = { bronId: 'L-7', school, geboortedatum: '2014-03-10', persoonsgebondenNummer: '123456782', woongemeente: '0014', inschrijvingen: lessen(vestiging) }
  await service.inject({ bearer, method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [leerling] } })
  const absenties = ['2026-03-09', '2026-03-10', '2026-03-11'].map((datum, at) => buildAbsentie(`m-${at}`, datum, { school, vestiging, leerling: 'L-7', minuten: 60 }))
  await service.inject({ bearer, method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties } })
  await service.inject({ bearer, method: 'PUT', url: `/v1/scholen/${school}/meldgegevens`, payload: meldgegevens })
  const meld = async (begindatum: string): Promise<string> => (await service.inject({ bearer, method: 'POST', url: '/v1/meldingen', payload: melding(school, begindatum) })).json<{ id: string }>().id
  const gemeld = await meld('2026-03-09')
  const ander = await meld('2026-03-10')
  const { rows: [uitzending] } = await execute(service, `update uitzending set status = 'dood' where school = '${school}' and melding = '${ander.slice(5)}' returning school || '-' || uitzending as id`)
  return { gemeld, dood: { melding: ander, uitzending: (uitzending as { id: string }).id } }
}

async function ask (service: Service, method: string, { url, payload }: Verzoek, bearer: string | null): ReturnType<Service['inject']> {
  return await service.inject({ method: method as 'GET', url: `/v1${url}`, bearer, ...(payload === undefined ? {} : { payload }) })
}

/** Every operation on a school that is not in the token, though it may do everything. */
async function checkForeign (t: Test, service: Service, foreign: School): Promise<void> {
  const bearer = await service.token({ scholen: ['99AA'] })
  for (const { operationId, method, statuses } of operations) {
    const [buiten, build] = OPERATIES[operationId]!
    if (buiten === null) continue
    const { statusCode, body } = await ask(service, method, build(foreign), bearer)
    if (buiten === 'niet-gevonden') {
      t.equal(statusCode, 404, `${operationId}: a foreign school is not there`)
      t.equal(JSON.parse(body).code, 'niet-gevonden', operationId)
      t.ok(statuses.includes('404'), operationId)
    } else {
      const { aantallen, resultaten } = JSON.parse(body) as { aantallen: { afgewezen: number }, resultaten: Array<{ problemen: Array<{ code: string }> }> }
      t.equal(aantallen.afgewezen, 1, `${operationId}: a record of a foreign school is refused`)
      t.equal(resultaten[0]!.problemen[0]!.code, 'school-onbekend', operationId)
    }
  }
  const nobody = await service.token({ scholen: ['99AC'] })
  for (const url of ZONDER_SCHOOL) {
    const { statusCode, body } = await ask(service, 'GET', { url }, nobody)
    t.equal(statusCode, 200)
    t.same(Object.values(JSON.parse(body) as object)[0], [], `${url} shows a caller without data nothing`)
  }
}

async function execute (service: Service, statement: string): Promise<pg.QueryResult> {
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  try {
    return await owner.query(statement)
  } finally {
    await owner.end()
  }
}

/** The activities recorded in the trace of this answer. */
async function listVerwerkt (service: Service, { headers }: Awaited<ReturnType<Service['inject']>>): Promise<string[]> {
  const { rows } = await execute(service, `select distinct activiteit from verwerking where trace_id = '${String(headers['traceparent']).slice(3, 35)}' order by activiteit`)
  return rows.map(({ activiteit }) => activiteit as string)
}

t.test('the matrix of rights: every operation, with and without its right, on its own and a foreign school', async (t) => {
  const service = await startService(t)
  const own = await prepareSchool(service, '99AA00')
  const foreign = await prepareSchool(service, '99AB00')
  t.strictSame(operations.map(({ operationId }) => operationId).sort(), Object.keys(OPERATIES).sort(), 'every operation with a right has its row')

  for (const { operationId, method, recht } of operations) {
    const verzoek = OPERATIES[operationId]![1](own)
    const stranger = await ask(service, method, verzoek, null)
    t.equal(stranger.statusCode, 401, `${operationId}: not without a token`)
    t.match(stranger.headers, { 'content-type': /^application\/problem\+json/, 'www-authenticate': /^Bearer/ }, operationId)

    const others = await ask(service, method, verzoek, await service.token({ scopes: RECHTEN.filter((other) => other !== recht) }))
    t.equal(others.statusCode, 403, `${operationId}: not with every other right`)
    t.equal(others.json<{ code: string }>().code, 'geen-toegang', operationId)
  }

  await t.test('a foreign school does not exist', async (t) => { await checkForeign(t, service, foreign) })
  // The second wall away: what the first holds alone.
  // One by one: all at once would hold the locks of some while it waits for another's, which the evaluation does too.
  for (const table of Object.keys(OWNERS)) await execute(service, `alter table ${table} disable row level security`)
  await t.test('nor without row-level security', async (t) => { await checkForeign(t, service, foreign) })

  for (const { operationId, method, recht, statuses } of operations) {
    const answer = await ask(service, method, OPERATIES[operationId]![1](own), await service.token({ scopes: [recht] }))
    const { statusCode, body } = answer
    t.strictSame(await listVerwerkt(service, answer), VERWERKT[operationId], `${operationId}: what it records of persons`)
    t.ok(statusCode < 300, `${operationId}: ${recht} alone is enough ${statusCode < 300 ? '' : body}`)
    t.ok(statuses.includes(String(statusCode)), `${operationId}: ${statusCode} is in the contract`)
  }
})

/** The roots of the graph, each as a query that finds something of the school. */
const WORTELS: Record<string, (own: School) => string> = {
  school: ({ school }) => `school(brin: "${school}") { brin }`,
  vestiging: ({ vestiging }) => `vestiging(code: "${vestiging}") { code }`,
  leerling: ({ school }) => `leerling(bron: "test-lvs", bronId: "L-1", school: "${school}") { bronId }`,
  node: ({ signaal }) => `node(id: "${signaal}") { id }`
}

t.test('every root of the graph asks the same rights and knows the same scholen', async (t) => {
  const service = await startService(t)
  const own = await prepareSchool(service, '99AA00')
  const foreign = await prepareSchool(service, '99AB00')
  const roots = buildSchema(readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')).getQueryType()!.getFields()
  t.strictSame(Object.keys(roots).sort(), Object.keys(WORTELS).sort(), 'every root has its row')

  for (const [name, build] of Object.entries(WORTELS)) {
    const query = async (school: School, bearer: string | null) => await service.inject({ method: 'POST', url: '/graphql', bearer, payload: { query: `{ ${build(school)} }` } })
    t.equal((await query(own, null)).statusCode, 401, `${name}: not without a token`)
    const found = await query(own, await service.token())
    t.match(found.json(), { data: { [name]: Object }, errors: undefined }, `${name}: the own school`)
    t.strictSame(await listVerwerkt(service, found), VERWERKT_WORTELS[name], `${name}: what it records of persons`)
    for (const [bearer, school, code] of [[await service.token({ scopes: [] }), own, 'geen-toegang'], [await service.token(), foreign, 'niet-gevonden']] as const) {
      t.match((await query(school, bearer)).json(), { data: { [name]: null }, errors: [{ extensions: { code } }] }, `${name}: ${code}`)
    }
  }
})

t.test('a client writes only as the bron it is', async (t) => {
  const service = await startService(t)
  const { vestiging, school } = await prepareSchool(service, '99AA00')
  const bearer = await service.token({ bron: 'ander-lvs' })
  for (const [method, verzoek] of [['PUT', { url: '/absenties/test-lvs/a-1', payload: { ...absentie(vestiging, 'a-1'), bronId: undefined } }], ['DELETE', { url: `/absenties/test-lvs/a-1?school=${school}` }]] as const) {
    t.equal((await ask(service, method, verzoek, bearer)).statusCode, 403, method)
  }
  const { body } = await ask(service, 'POST', { url: '/absenties/_bulk', payload: { absenties: [absentie(vestiging, 'a-1')] } }, bearer)
  t.equal(JSON.parse(body).resultaten[0].resultaat, 'inWacht', 'the same key of another bron is another absentie')
  t.equal((await ask(service, 'GET', { url: `/absenties/test-lvs/a-1?school=${school}` }, bearer)).json<{ datum: string }>().datum, '2026-03-10')
})

t.test('row-level security holds when the first wall is gone', async (t) => {
  const service = await startService(t)
  const { signaal } = await prepareSchool(service, '99AA00')
  const forged = { bron: 'test-lvs', scholen: ['99AA'], school: '99AA' } as unknown as Schoolscope
  const wachtend = [{ bronId: 'x', leerling: 'L-9', gewijzigdOp: '2026-03-09T09:00:00Z', inhoud: {} }]
  const verwerking = { school: '99AA', activiteit: 'x', actor: 'x', toepassing: 'x', rol: null, traceId: '0', spanId: '0', ouderSpan: null, sleutel: 1, betrokkenen: Buffer.alloc(16), tijdstip: '2026-03-09T09:00:00Z' }
  const key = '00000000-0000-4000-8000-000000000000'

  const read = async (scholen: readonly string[] | '*') => await runTransaction(service.app.pool, scholen, async (tx) => [
    await findLeerling(tx, forged, 'test-lvs', 'L-1') !== undefined,
    (await listLeerlingen(tx, forged, { limit: 10 })).length > 0,
    await findAbsentie(tx, forged, 'test-lvs', 'a-1') !== undefined,
    (await listAbsenties(tx, forged, { school: '99AA', limit: 10 })).length > 0,
    (await listSignalen(tx, forged, '2026-03-31', { limit: 10 })).some(({ id }) => id === signaal)
  ])
  t.strictSame(await read(['99AB']), [false, false, false, false, false], 'the scholen of the transaction decide, not the Scope')
  t.strictSame(await read([]), [false, false, false, false, false], 'nothing without scholen')
  t.strictSame(await read(['99AB', '99AA']), [true, true, true, true, true])
  t.strictSame(await read('*'), [true, true, true, true, true])

  const write = async (scholen: readonly string[], work: Parameters<typeof runTransaction>[2]): Promise<unknown> => await runTransaction(service.app.pool, scholen, work).then(() => 'written', (error: { code?: string, cause?: { code?: string } }) => error.cause?.code ?? error.code)
  t.equal(await write(['99AB'], async (tx) => { await insertWachtende(tx, forged, key, wachtend) }), '42501')
  t.equal(await write(['99AB'], async (tx) => { await insertVerwerking(tx, verwerking) }), '42501')
  t.equal(await write(['99AA'], async (tx) => { await insertWachtende(tx, forged, key, wachtend) }), 'written')
  t.equal(await write(['99AB'], async (tx) => { await insertAanlevering(tx, { school: '99AA', aanlevering: key, deel: 0, bron: 'x', actor: 'x', soort: 'x', aantallen: {}, afgewezen: [], bijzonderheden: {}, duurMs: 0 }) }), 'written', 'a table without persons has no second wall')
})

t.test('every table that knows a person has its policy, and the service owns none', async (t) => {
  const ZONDER_PERSONEN = ['mandaat', 'peiling', 'aanwezigheidsverklaring', 'bronafspraak', 'idempotentie', 'aanlevering', 'aggregaat_markering', 'beleidsversie', 'jobrun', 'kalender', 'levering', 'leveringsplan', 'leveringsronde', 'vestiging_versie', 'migratie', 'school', 'statistiek', 'vestiging']
  const service = await startService(t)
  const { rows } = await execute(service, `
    select relname, relrowsecurity, pg_get_userbyid(relowner) as owner, has_table_privilege('aanwezig_dienst', c.oid, 'truncate, references, trigger') as more,
           array(select distinct pg_get_userbyid(r) || ' ' || polcmd::text from pg_policy p cross join unnest(polroles) r where p.polrelid = c.oid) as policies
      from pg_class c
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')`)
  for (const { relname, relrowsecurity, owner, more, policies } of rows) {
    t.not(owner, 'aanwezig_dienst', `${relname}: an owner would pass the policy by`)
    t.equal(more, false, `${relname}: rows, and nothing more`)
    if (!ZONDER_PERSONEN.includes(relname)) t.ok(relrowsecurity && policies.length === 1 && policies[0] === 'aanwezig_dienst *', `${relname} has row-level security for every command`)
  }
  t.strictSame((await execute(service, "select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname = 'aanwezig_dienst'")).rows, [{ rolsuper: false, rolbypassrls: false, rolcanlogin: false, rolcreaterole: false }])
  t.strictSame((await execute(service, "select has_table_privilege('aanwezig_dienst', 'verwerking', 'update, delete') as changes, has_table_privilege('aanwezig_dienst', 'migratie', 'select, insert, update, delete') as migrates")).rows, [{ changes: false, migrates: false }], 'what was processed stays recorded')
})
