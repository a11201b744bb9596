import pg from 'pg'
import { addDagen, vandaag } from '../../src/domain/datum.ts'
import { describeApi } from '../../src/server.ts'
import { buildAbsentie, createSchool } from './school.ts'
import type { Recht } from '../../src/toegang/rechten.ts'
import type { Service } from './service.ts'

/** A school with one of everything, and its keys. */
export interface School { readonly school: string, readonly vestiging: string, readonly signaal: string, readonly internSignaal: string, readonly levering: string, readonly aanlevering: string, readonly uitzondering: string, readonly melding: string, readonly dood: { readonly melding: string, readonly uitzending: string }, readonly mandaat: string, readonly vasthouding: string, readonly vernietiging: string, readonly verzoek: string, readonly beperking: string, readonly overdracht: string, readonly toestemming: string }
export interface Verzoek { readonly url: string, readonly payload?: object }
/** What somebody else's school looks like from here: not there, refused per record, or empty. Null: the answer is of no school. */
export type Buiten = 'niet-gevonden' | 'afgewezen' | null

const absentie = (vestiging: string, bronId: string) => buildAbsentie(bronId, '2026-03-12', { school: vestiging.slice(0, 4), vestiging })
const lessen = (vestiging: string) => [{ vestiging, van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }]
const gegevens = { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014' }
const afmelding = (school: string) => ({ school, leerling: 'L-1', begin: { datum: '2026-03-16' }, einde: { datum: '2026-03-17' }, reden: 'ZK', gewijzigdOp: '2026-03-16T08:00:00+01:00' })
const vrijstelling = (school: string) => ({ leerling: 'L-1', school, grondslag: '5a', van: '2026-01-05', tot: '2026-01-09' })
// Of a rule that is on without being mandatory.
const uitzondering = { leerling: { bron: 'test-lvs', bronId: 'L-1' }, regel: 'doorstroompunt', van: '2026-03-02', tot: '2026-03-27', reden: 'medisch-traject' }

const meldgegevens = { contactpersoon: 'A. Voorbeeld', emailadres: 'verzuim@school.example', informeertBijMelding: true }
const melding = (school: string, begindatum: string) => ({ leerling: { bron: 'test-lvs', bronId: 'L-7' }, school, soort: 'O', begindatum, einddatum: begindatum })
const verzoek = (school: string) => ({ school, soort: 'inzage', ontvangenOp: '2026-03-16', namens: 'ouder' })
const overdracht = (school: string) => ({ school, naarSchool: '98ZZ', datum: '2026-03-31' })
const groep = (school: string) => ({ school, naam: '3B', begeleiders: [{ persoon: 'p-1', rol: 'mentor', van: '2025-08-01' }], leden: [{ leerling: 'L-1', van: '2025-08-01' }] })
const betrekking = (school: string) => ({ school, leerling: 'L-1', persoon: 'p-2', soort: 'ouder', gezag: true, van: '2025-08-01' })
const toestemming = (school: string) => ({ school, persoon: 'p-2', van: '2026-02-01' })
const vasthouding = { leerling: { bron: 'test-lvs', bronId: 'L-1' }, reden: 'bezwaar-of-klacht', van: '2026-01-01' }
const mandaat = { bron: 'test-lvs', oin: '00000099000000000000', dienst: 'leveren', van: '2026-01-01' }

/** One valid request an operation, that succeeds for the school itself. An operation without a row here fails the test. */
export const OPERATIES: Record<string, readonly [buiten: Buiten, build: (own: School) => Verzoek]> = {
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
  pushGroepen: ['afgewezen', ({ school }) => ({ url: '/groepen/_bulk', payload: { groepen: [{ bronId: '3B', ...groep(school) }] } })],
  putGroep: ['niet-gevonden', ({ school }) => ({ url: '/groepen/4C', payload: groep(school) })],
  listGroepen: ['niet-gevonden', ({ school }) => ({ url: `/groepen?school=${school}` })],
  pushBetrekkingen: ['afgewezen', ({ school }) => ({ url: '/betrekkingen/_bulk', payload: { betrekkingen: [{ bronId: 'b-1', ...betrekking(school) }] } })],
  putBetrekking: ['niet-gevonden', ({ school }) => ({ url: '/betrekkingen/b-2', payload: betrekking(school) })],
  listBetrekkingen: ['niet-gevonden', ({ school }) => ({ url: `/betrekkingen?school=${school}` })],
  giveToestemming: ['niet-gevonden', ({ school }) => ({ url: '/leerlingen/test-lvs/L-18/toestemmingen', payload: toestemming(school) })],
  listToestemmingen: ['niet-gevonden', ({ school }) => ({ url: `/leerlingen/test-lvs/L-18/toestemmingen?school=${school}` })],
  withdrawToestemming: ['niet-gevonden', ({ school, toestemming: id }) => ({ url: `/leerlingen/test-lvs/L-18/toestemmingen/${id}?school=${school}` })],
  explainToegang: ['niet-gevonden', ({ school }) => ({ url: `/toegang/uitleg?school=${school}&bron=test-lvs&leerling=L-1&persoon=p-1&rol=mentor` })],
  getBewaring: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/bewaring` })],
  listVernietigingen: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/vernietigingen` })],
  getVernietiging: ['niet-gevonden', ({ school, vernietiging: id }) => ({ url: `/scholen/${school}/vernietigingen/${id}` })],
  destroyLeerling: ['niet-gevonden', ({ school }) => ({ url: `/leerlingen/test-lvs/L-fout-2?school=${school}&grond=onrechtmatig-verwerkt` })],
  createVasthouding: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/vasthoudingen`, payload: vasthouding })],
  listVasthoudingen: ['niet-gevonden', ({ school }) => ({ url: `/scholen/${school}/vasthoudingen` })],
  getVasthouding: ['niet-gevonden', ({ school, vasthouding: id }) => ({ url: `/scholen/${school}/vasthoudingen/${id}` })],
  endVasthouding: ['niet-gevonden', ({ school, vasthouding: id }) => ({ url: `/scholen/${school}/vasthoudingen/${id}` })],
  listVerwerkingen: ['niet-gevonden', ({ school }) => ({ url: `/leerlingen/test-lvs/L-1/verwerkingen?school=${school}` })],
  getInzage: ['niet-gevonden', ({ school }) => ({ url: `/leerlingen/test-lvs/L-1/inzage?school=${school}` })],
  createVerzoek: ['niet-gevonden', ({ school }) => ({ url: '/leerlingen/test-lvs/L-1/verzoeken', payload: verzoek(school) })],
  listVerzoeken: ['niet-gevonden', ({ school }) => ({ url: `/verzoeken?school=${school}` })],
  getVerzoek: ['niet-gevonden', ({ verzoek: id }) => ({ url: `/verzoeken/${id}` })],
  decideVerzoek: ['niet-gevonden', ({ verzoek: id }) => ({ url: `/verzoeken/${id}/stappen`, payload: { status: 'in-behandeling' } })],
  listBeperkingen: ['niet-gevonden', ({ school }) => ({ url: `/beperkingen?school=${school}` })],
  liftBeperking: ['niet-gevonden', ({ beperking: id }) => ({ url: `/beperkingen/${id}/opheffing`, payload: { medegedeeldOp: '2026-03-31' } })],
  createOverdracht: ['niet-gevonden', ({ school }) => ({ url: '/leerlingen/test-lvs/L-1/overdrachten', payload: overdracht(school) })],
  listOverdrachten: ['niet-gevonden', ({ school }) => ({ url: `/overdrachten?school=${school}&richting=gedaan` })],
  getOverdracht: ['niet-gevonden', ({ overdracht: id }) => ({ url: `/overdrachten/${id}` })],
  getLeveringmanifest: ['niet-gevonden', ({ levering }) => ({ url: `/leveringen/${levering}/manifest` })]
}

export interface Operation { readonly operationId: string, readonly method: string, readonly recht: Recht, readonly statuses: readonly string[] }

const { paths } = await describeApi() as { paths: Record<string, Record<string, { operationId: string, security: Array<{ toegangsbewijs: [Recht] }>, responses: object }>> }
/** Every operation of the contract that asks a right. */
export const operations: Operation[] = Object.values(paths).flatMap((methods) => Object.entries(methods).flatMap(([method, { operationId, security, responses }]) =>
  security.map(({ toegangsbewijs: [recht] }) => ({ operationId, method: method.toUpperCase(), recht, statuses: Object.keys(responses) }))))

/** A vestiging of a school that is not there yet, with one of everything. */
export async function prepareSchool (service: Service, vestiging: string): Promise<School> {
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
  return { school, vestiging, signaal: signalen[0]!.id, internSignaal: (intern as { id: string }).id, levering: levering.json<{ id: string }>().id, aanlevering, uitzondering: uitgezonderd.json<{ id: string }>().id, melding: gemeld, dood, mandaat: gegeven.json<{ id: string }>().id, ...await prepareVerzoeken(service, school, bearer), ...await prepareBewaring(service, school, vestiging, bearer), toestemming: await prepareToestemming(service, school, vestiging, bearer) }
}

/** A vasthouding of the first leerling, and a vernietiging of one who should never have been here; another such is still. */
async function prepareBewaring (service: Service, school: string, vestiging: string, bearer: string): Promise<Pick<School, 'vasthouding' | 'vernietiging'>> {
  await service.inject({ bearer, method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: ['L-fout-1', 'L-fout-2'].map((bronId) => ({ bronId, school, geboortedatum: '2014-03-10', inschrijvingen: lessen(vestiging) })) } })
  const vernietigd = await service.inject({ bearer, method: 'DELETE', url: `/v1/leerlingen/test-lvs/L-fout-1?school=${school}&grond=onrechtmatig-verwerkt` })
  const vastgehouden = await service.inject({ bearer, method: 'POST', url: `/v1/scholen/${school}/vasthoudingen`, payload: vasthouding })
  return { vasthouding: vastgehouden.json<{ id: string }>().id, vernietiging: vernietigd.json<{ id: string }>().id }
}

/** A verzoek that waits, a beperking that follows from another, and an overdracht. */
async function prepareVerzoeken (service: Service, school: string, bearer: string): Promise<Pick<School, 'verzoek' | 'beperking' | 'overdracht'>> {
  const post = async (url: string, payload: object): Promise<{ id: string, gevolg?: { id: string } }> => (await service.inject({ bearer, method: 'POST', url: `/v1${url}`, payload })).json()
  const { id } = await post('/leerlingen/test-lvs/L-1/verzoeken', verzoek(school))
  const gevraagd = await post('/leerlingen/test-lvs/L-1/verzoeken', { ...verzoek(school), soort: 'beperking', betreft: { soort: 'absentie', bronId: 'a-7' } })
  const { gevolg } = await post(`/verzoeken/${gevraagd.id}/stappen`, { status: 'toegewezen' })
  return { verzoek: id, beperking: gevolg!.id, overdracht: (await post('/leerlingen/test-lvs/L-1/overdrachten', overdracht(school))).id }
}

/** Of a leerling who is eighteen; and a groep and an ouder of the other. */
async function prepareToestemming (service: Service, school: string, vestiging: string, bearer: string): Promise<string> {
  await service.inject({ bearer, method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ bronId: 'L-18', school, geboortedatum: '2008-01-15', inschrijvingen: lessen(vestiging) }] } })
  await service.inject({ bearer, method: 'PUT', url: '/v1/groepen/2A', payload: groep(school) })
  await service.inject({ bearer, method: 'PUT', url: '/v1/betrekkingen/b-0', payload: betrekking(school) })
  return (await service.inject({ bearer, method: 'POST', url: '/v1/leerlingen/test-lvs/L-18/toestemmingen', payload: toestemming(school) })).json<{ id: string }>().id
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

export async function ask (service: Service, method: string, { url, payload }: Verzoek, bearer: string | null): ReturnType<Service['inject']> {
  return await service.inject({ method: method as 'GET', url: `/v1${url}`, bearer, ...(payload === undefined ? {} : { payload }) })
}

/** As the owner of the database: no scope, no row-level security. */
export async function execute (service: Service, statement: string): Promise<pg.QueryResult> {
  const owner = new pg.Client({ ...service.database, ssl: false })
  await owner.connect()
  try {
    return await owner.query(statement)
  } finally {
    await owner.end()
  }
}
