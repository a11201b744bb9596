import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { countRijen } from '../../src/bewaring/store.ts'
import { OWNERS } from '../../src/db/tables.ts'
import { runTransaction } from '../../src/db/transaction.ts'
import { TABELLEN } from '../../src/domain/bewaartermijn.ts'
import { rebuildLevering } from '../../src/duo/service.ts'
import { runNacht } from '../../src/jobs/nachtelijk.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { execute, prepareSchool } from '../support/operaties.ts'
import { buildAbsentie } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import type { Schoolscope } from '../../src/toegang/service.ts'

interface Klok { op: (dag: string) => void }

/** A service whose day the test says; tokens are of the day they are made, so each request brings its own. */
async function start (t: Test, dag: string, environment: Record<string, string> = {}): Promise<Service & { klok: Klok }> {
  let nu = new Date(`${dag}T10:00:00Z`)
  const service = await startService(t, { now: () => nu, environment })
  const ask: Service['inject'] = async (options) => await service.inject({ bearer: await service.token({ seconds: 400_000_000 }), ...options })
  return { ...service, inject: ask, klok: { op: (ander) => { nu = new Date(`${ander}T10:00:00Z`) } } }
}

async function nacht (service: Service, volledig = false): Promise<string> {
  const regels: string[] = []
  await runNacht(service.app, { volledig, melden: (regel) => regels.push(regel) })
  return regels.join('\n')
}

/** Pushes leerlingen with their inschrijvingen; what happened to each. */
async function push (service: Service, leerlingen: ReadonlyArray<{ bronId: string, van?: string, tot?: string | null, nummer?: string, bron?: string }>): Promise<Array<{ resultaat: string, problemen?: Array<{ code: string, pointer: string }> }>> {
  const [eerste] = leerlingen
  const bearer = await service.token({ seconds: 400_000_000, ...(eerste?.bron === undefined ? {} : { bron: eerste.bron }) })
  const answer = await service.inject({ bearer, method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: leerlingen.map(({ bronId, van = '2019-08-01', tot = null, nummer }) => ({ bronId, school: '99AA', geboortedatum: '2014-03-10', ...(nummer === undefined ? {} : { persoonsgebondenNummer: nummer }), inschrijvingen: [{ vestiging: '99AA00', van, tot, leerjaar: 4, minutenPerWeek: 1650 }] })) } })
  return answer.json<{ resultaten: Array<{ resultaat: string }> }>().resultaten
}

async function createVestiging (service: Service): Promise<void> {
  await service.inject({ method: 'PUT', url: '/v1/vestigingen/99AA00', payload: { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014' } })
}

/** Every row of every table as text, by table. */
async function dump (service: Service): Promise<Map<string, string[]>> {
  const tabellen = new Map<string, string[]>()
  for (const tabel of Object.keys(OWNERS)) tabellen.set(tabel, (await execute(service, `select t::text as rij from ${tabel} t`)).rows.map(({ rij }) => rij as string))
  return tabellen
}

const bestaat = async (service: Service, bronId: string, bron = 'test-lvs'): Promise<boolean> => (await service.inject({ url: `/v1/leerlingen/${bron}/${bronId}?school=99AA` })).statusCode === 200

t.test('one of everything: it goes in two steps, nothing of the leerling is left anywhere, and the figures stand', async (t) => {
  const service = await start(t, '2026-04-01')
  const own = await prepareSchool(service, '99AA00')
  // What the preparation has not: versions, decisions with a notitie, rust, what waits for a leerling, a vasthouding that ended.
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [{ ...buildAbsentie('a-0', '2026-03-09', { minuten: 300 }), gewijzigdOp: '2026-03-20T09:00:00Z' }, { ...buildAbsentie('a-6', '2026-03-12'), bronId: 'a-6', ingetrokken: true, gewijzigdOp: '2026-03-20T09:00:00Z', vestiging: undefined, leerling: undefined, datum: undefined, soort: undefined, reden: undefined }].map((record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))) } })
  for (const einde of ['2026-03-17', '2026-03-18']) {
    const afgemeld = await service.inject({ method: 'PUT', url: '/v1/afmeldingen/test-lvs/m-5', payload: { school: '99AA', leerling: 'L-1', begin: { datum: '2026-03-17' }, einde: { datum: einde }, reden: 'ZK', gewijzigdOp: `${einde}T12:00:00Z` } })
    t.ok(afgemeld.statusCode < 300, afgemeld.body)
  }
  await service.inject({ method: 'PUT', url: '/v1/vrijstellingen/v-1', payload: { leerling: 'L-1', school: '99AA', grondslag: '5a', van: '2026-01-05', tot: '2026-01-09' } })
  await service.evaluate()
  t.equal((await service.inject({ method: 'POST', url: `/v1/signalen/${own.internSignaal}/rust`, payload: { tot: '2026-04-08', reden: 'afspraken-lopen' } })).statusCode, 201)
  await execute(service, `insert into signaal_beoordeling select school, signaal, 1, 'in-behandeling', null, 'besproken', 'x', null, '', now() from signaal where school || '-' || signaal = '${own.signaal}'`)
  await execute(service, "insert into melding_versie select school, melding, 1, jsonb_build_object('leerling', leerling) from melding")
  await execute(service, 'insert into uitzendpoging select school, uitzending, 1, now() from uitzending')
  t.equal((await service.inject({ method: 'DELETE', url: `/v1/scholen/99AA/vasthoudingen/${own.vasthouding}` })).statusCode, 204)
  await execute(service, "update beperking set medegedeeld_op = '2026-04-01', opgeheven_op = now(), opgeheven_door = 'x'")
  await nacht(service)
  const leerlingen = ['L-1', 'L-7', 'L-18', 'L-fout-2']
  await push(service, leerlingen.map((bronId) => ({ bronId, tot: '2026-07-31', ...(bronId === 'L-7' ? { nummer: '123456782' } : {}) })))
  await service.evaluate()

  service.klok.op('2028-07-31')
  t.notMatch(await nacht(service), /vernietigd/, 'the last day of the second year')
  service.klok.op('2028-08-01')
  t.match(await nacht(service), /vernietigd: 0 leerlingen, 4 dossiers, 3 rijen/, 'a rust, an uitzondering and a notitie')
  t.match((await execute(service, 'select (select count(*) from signaalrust) as rust, (select count(*) from uitzondering) as uitzondering, (select count(*) from signaal_beoordeling where notitie is not null) as notities, (select count(*) from signaal_beoordeling where notitie is null) as besluiten')).rows[0], { rust: 0, uitzondering: 0, notities: 0 }, 'decisions stay without what was noted at them')
  t.ok(await bestaat(service, 'L-1'), 'the absenties and the leerling stay')
  const signalen = async (): Promise<unknown> => (await execute(service, 'select signaal, regel, status, einddatum from signaal order by signaal')).rows
  const voor = await signalen()
  await execute(service, "insert into evaluatie_markering values ('99AA', gen_random_uuid(), 'test-lvs', '{L-1}', '{}')")
  await service.evaluate()
  t.strictSame(await signalen(), voor, 'without the uitzondering nothing is raised again')

  service.klok.op('2031-07-31')
  t.notMatch(await nacht(service), /vernietigd: [1-9]/, 'the last day of the fifth year')
  const cellen = async (): Promise<unknown> => (await execute(service, 'select vestiging, periode, leerjaar, leerlingen, gemiste_minuten, categorieen, signalen from statistiek where tot_en_met < \'2031-07-01\' order by vestiging, periode, leerjaar')).rows
  const geteld = await cellen()
  const before = await dump(service)
  // Whatever hangs on them is found by what it names; the rest of the fixture is of the school.
  const genoemd = (rijen: readonly string[]): number => rijen.filter((rij) => /[(,{"](L-(1|7|18|fout-[12])|a-[0-9]+|m-[0-9]+|~m-[^,"]*|v-1|b-0)[),}"]/.test(rij)).length
  for (const tabel of TABELLEN.verzuimgegevens) {
    if (!['signaalrust', 'uitzondering', 'absentie_in_wacht', 'evaluatie_markering'].includes(tabel)) t.ok(before.get(tabel)!.length > 0, `${tabel} has something to destroy`)
  }
  service.klok.op('2031-08-01')
  t.match(await nacht(service), /vernietigd: 4 leerlingen/, 'the day after')

  const after = await dump(service)
  for (const [tabel, rijen] of after) {
    t.equal(genoemd(rijen), 0, `${tabel} names nobody`)
    if (TABELLEN.verzuimgegevens.includes(tabel) && tabel !== 'evaluatie_markering') t.strictSame(rijen, [], tabel)
  }
  const { vernietigingen } = (await service.inject({ url: '/v1/scholen/99AA/vernietigingen' })).json<{ vernietigingen: Array<{ id: string, termijn: { naam: string, versie: string, grens: string }, leerlingen: number, rijen: Record<string, number>, dagen: object }> }>()
  const grote = vernietigingen.find(({ termijn }) => termijn.naam === 'verzuimgegevens')!
  t.match(grote, { soort: 'bewaartermijn', termijn: { versie: '1', grens: '2026-08-01' }, grond: null, actor: 'systeem:nachtelijk', leerlingen: 4, dagen: { van: '2019-08-01', tot: '2026-07-31' }, herhalingVan: null })
  for (const [tabel, aantal] of Object.entries(grote.rijen)) {
    if (tabel !== 'evaluatie_markering') t.equal(aantal, before.get(tabel)!.length - after.get(tabel)!.length, `the receipt counts every row of ${tabel}`)
  }
  t.strictSame(Object.keys(grote.rijen).filter((tabel) => !TABELLEN.verzuimgegevens.includes(tabel)), [])

  const een = async (): Promise<{ pseudoniemen: string[], sha256: string, ongeschonden: boolean }> => (await service.inject({ url: `/v1/scholen/99AA/vernietigingen/${grote.id}` })).json()
  t.match(await een(), { pseudoniemen: [/^[0-9a-f]{32}$/, String, String, String], ongeschonden: true })
  const register = await readFile(join(service.dataDir, 'wisregister', '99AA.jsonl'), 'utf8')
  t.match(register, (await een()).sha256, 'and lies outside the database too')
  t.notMatch(register, /L-1|L-7|L-18/, 'which names nobody')
  await execute(service, `update vernietiging set rijen = '{"absentie": 1}' where school || '-' || vernietiging = '${grote.id}'`)
  t.equal((await een()).ongeschonden, false, 'a receipt that was changed says so')

  t.strictSame(await cellen(), geteld, 'no figure changed')
  await nacht(service, true)
  t.strictSame(await cellen(), geteld, 'nor by counting everything anew')
  t.match((await service.inject({ method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school: '99AA', periode: '2026-03' } })).json(), { status: 409, code: 'gegevens-vernietigd' }, 'of those days nothing is counted anew')
})

t.test('every table that holds something of a leerling is destroyed with him', async (t) => {
  const service = await startService(t)
  // By a column that names one, or by a key to a table that does.
  const { rows } = await execute(service, `
    with recursive sleutel as (
      select conrelid::regclass::text as tabel, confrelid::regclass::text as naar from pg_constraint where contype = 'f' and conrelid <> confrelid
    ), eigen (tabel) as (
      select distinct table_name::text from information_schema.columns where table_schema = 'public' and column_name in ('leerling', 'leerlingen', 'overige') and data_type in ('text', 'ARRAY')
      union
      select s.tabel from sleutel s join eigen e on e.tabel = s.naar
    )
    select tabel from eigen order by tabel`)
  // Without a key of the database: versions of signalen.
  t.strictSame([...rows.map(({ tabel }) => tabel as string), 'signaal_versie'].sort(), [...TABELLEN.verzuimgegevens].sort())
  const geteld = await runTransaction(service.app.pool, ['99AA'], async (tx) => await countRijen(tx, { school: '99AA' } as Schoolscope, [], { signalen: [], meldingen: [], uitzendingen: [], verzoeken: [], absenties: [], afmeldingen: [], vrijstellingen: [] }))
  t.strictSame([...geteld.keys()].sort(), [...TABELLEN.verzuimgegevens].sort(), 'and counted before and after')
})

t.test('what a bron sends of who was destroyed is refused, until it enrols him anew', async (t) => {
  const service = await start(t, '2026-10-01')
  await createVestiging(service)
  await push(service, [{ bronId: 'L-1', tot: '2021-09-01' }, { bronId: 'L-2' }])
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('a-1', '2021-03-09')] } })
  await service.evaluate()
  await nacht(service)
  t.notOk(await bestaat(service, 'L-1'))
  t.ok(await bestaat(service, 'L-2'), 'who has no last day stays')

  t.match(await push(service, [{ bronId: 'L-1', tot: '2021-09-01' }, { bronId: 'L-3' }]), [{ resultaat: 'afgewezen', problemen: [{ code: 'leerling-vernietigd', pointer: '/inschrijvingen/0/van' }] }, { resultaat: 'nieuw' }], 'his neighbour stands alone')
  const absenties = async (datum: string): Promise<unknown> => (await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('a-1', datum), buildAbsentie('a-2', datum, { leerling: 'L-99' })] } })).json()
  t.match(await absenties('2021-03-09'), { aantallen: { inWacht: 1, afgewezen: 1 }, resultaten: [{ problemen: [{ code: 'leerling-vernietigd', pointer: '/leerling' }] }, { resultaat: 'inWacht' }] }, 'what nobody knows yet still waits')
  const afmelding = (bronId: string, leerling: string): object => ({ bronId, school: '99AA', leerling, begin: { datum: '2026-09-28' }, gewijzigdOp: '2026-09-28T08:00:00Z' })
  t.match((await service.inject({ method: 'POST', url: '/v1/afmeldingen/_bulk', payload: { afmeldingen: [afmelding('m-1', 'L-1'), afmelding('m-2', 'L-2')] } })).json(), { resultaten: [{ problemen: [{ code: 'leerling-vernietigd' }] }, { resultaat: 'nieuw' }] })
  const over = [...await dump(service)].flatMap(([tabel, rijen]) => rijen.filter((rij) => /[(,{"]L-1[),}"]/.test(rij)).map((rij) => `${tabel}: ${rij}`))
  t.strictSame(over, [], 'and none of it is kept, not even that it was refused')

  t.match(await push(service, [{ bronId: 'L-1', van: '2026-09-01' }]), [{ resultaat: 'nieuw' }], 'a later inschrijving begins anew')
  t.match(await absenties('2026-09-15'), { resultaten: [{ resultaat: 'nieuw' }, {}] })
  t.match(await push(service, [{ bronId: 'L-1', van: '2019-08-01' }]), [{ resultaat: 'gewijzigd' }], 'from then on he is as any other')
})

t.test('who is enrolled again starts anew, and a person of several bronnen is one', async (t) => {
  const service = await start(t, '2026-10-01')
  await createVestiging(service)
  await push(service, [{ bronId: 'weg', tot: '2021-06-01', nummer: '123456782' }, { bronId: 'terug', tot: '2020-06-01' }, { bronId: 'alleen', tot: '2021-06-01' }])
  await push(service, [{ bronId: 'X-1', bron: 'ander-lvs', tot: null, nummer: '123456782' }])
  await service.inject({ method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ bronId: 'terug', school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2015-08-01', tot: '2018-07-31', leerjaar: 1 }, { vestiging: '99AA00', van: '2024-08-01', tot: '2025-07-31', leerjaar: 4 }] }] } })
  const preview = async (peildatum: string): Promise<string[]> => (await service.inject({ url: `/v1/scholen/99AA/bewaring?peildatum=${peildatum}` })).json<{ leerlingen: Array<{ leerling: { bronId: string } }> }>().leerlingen.map(({ leerling }) => leerling.bronId)
  t.strictSame(await preview('2026-10-01'), ['alleen'])
  t.strictSame(await preview('2030-07-31'), ['alleen'], 'five years after his last day, not his first')
  t.strictSame(await preview('2030-08-01'), ['alleen', 'terug'])
  await nacht(service)
  t.strictSame([await bestaat(service, 'alleen'), await bestaat(service, 'weg'), await bestaat(service, 'X-1', 'ander-lvs'), await bestaat(service, 'terug')], [false, true, true, true], 'what one bron ended another goes on with')

  await push(service, [{ bronId: 'X-1', bron: 'ander-lvs', tot: '2026-09-30', nummer: '123456782' }])
  service.klok.op('2031-10-01')
  await nacht(service)
  t.strictSame([await bestaat(service, 'weg'), await bestaat(service, 'X-1', 'ander-lvs')], [false, false], 'and both go when the last of them ends')
  const { vernietigingen } = (await service.inject({ url: '/v1/scholen/99AA/vernietigingen' })).json<{ vernietigingen: Array<{ termijn: { naam: string }, leerlingen: number }> }>()
  t.strictSame(vernietigingen.filter(({ termijn }) => termijn.naam === 'verzuimgegevens').map(({ leerlingen }) => leerlingen), [3, 1], 'with who left in between')
})

t.test('nothing under a vasthouding is destroyed, and what ended it is to be seen', async (t) => {
  const service = await start(t, '2026-10-01')
  await createVestiging(service)
  await push(service, [{ bronId: 'L-1', tot: '2021-06-01', nummer: '123456782' }, { bronId: 'L-2', tot: '2021-06-01' }])
  await push(service, [{ bronId: 'X-1', bron: 'ander-lvs', tot: '2021-06-01', nummer: '123456782' }])
  const hold = async (payload: object): Promise<{ id: string }> => (await service.inject({ method: 'POST', url: '/v1/scholen/99AA/vasthoudingen', payload })).json()
  const vasthouding = await hold({ leerling: { bron: 'test-lvs', bronId: 'L-1' }, reden: 'gerechtelijke-procedure', van: '2026-09-01' })
  t.match(vasthouding, { id: /^99AA-/, school: '99AA', leerling: { bronId: 'L-1' }, geldt: true, tot: null, actor: 'test-lvs', beeindigdOp: null })
  await hold({ leerling: { bron: 'test-lvs', bronId: 'L-2' }, reden: 'onderzoek-inspectie', van: '2026-09-01', tot: '2026-09-30' })
  t.match((await service.inject({ url: '/v1/scholen/99AA/bewaring' })).json(), {
    termijnen: [{ naam: 'verzuimgegevens', duur: 'P5Y', grens: '2021-10-01', leerlingen: 3, vastgehouden: 2 }, { naam: 'leerlingdossier', duur: 'P2Y' }],
    leerlingen: [{ leerling: { bron: 'ander-lvs', bronId: 'X-1' }, uitgeschrevenOp: '2021-06-01', vernietigbaarOp: '2026-06-02', vastgehouden: true }, { vastgehouden: true }, { leerling: { bronId: 'L-2' }, vastgehouden: false }],
    volgende: null
  }, 'of the same person too; one whose last day has passed holds nothing')
  await nacht(service)
  t.strictSame([await bestaat(service, 'L-1'), await bestaat(service, 'X-1', 'ander-lvs'), await bestaat(service, 'L-2')], [true, true, false])
  t.match((await service.inject({ method: 'DELETE', url: '/v1/leerlingen/ander-lvs/X-1?school=99AA&grond=onrechtmatig-verwerkt' })).json(), { status: 409, code: 'vastgehouden' }, 'whatever the ground')

  const school = await hold({ alle: true, reden: 'strafrechtelijk-onderzoek', van: '2026-10-01' })
  await service.inject({ method: 'DELETE', url: `/v1/scholen/99AA/vasthoudingen/${vasthouding.id}` })
  await nacht(service, true)
  t.ok(await bestaat(service, 'L-1'), 'one of the whole school holds everybody')
  t.match((await service.inject({ url: `/v1/scholen/99AA/vasthoudingen/${vasthouding.id}` })).json(), { geldt: false, beeindigdDoor: 'test-lvs', beeindigdOp: String })
  await service.inject({ method: 'DELETE', url: `/v1/scholen/99AA/vasthoudingen/${school.id}` })
  await nacht(service, true)
  t.notOk(await bestaat(service, 'L-1'))
  t.match((await service.inject({ url: '/v1/scholen/99AA/vasthoudingen' })).json(), { vasthoudingen: [{ id: school.id, leerling: null, geldt: false }] }, 'that of a leerling goes with him; of what was destroyed it says nothing')

  for (const [payload, pointer] of [[{ reden: 'bezwaar-of-klacht', van: '2026-10-01' }, '/leerling'], [{ alle: true, leerling: { bron: 'test-lvs', bronId: 'L-1' }, reden: 'bezwaar-of-klacht', van: '2026-10-01' }, '/leerling'], [{ alle: true, reden: 'omdat', van: '2026-10-01' }, '/reden'], [{ alle: true, reden: 'bezwaar-of-klacht', van: '2026-10-02', tot: '2026-10-01' }, '/tot']] as const) {
    t.match(await hold(payload), { status: 400, errors: [{ pointer }] })
  }
  t.match(await hold({ leerling: { bron: 'test-lvs', bronId: 'L-9' }, reden: 'bezwaar-of-klacht', van: '2026-10-01' }), { status: 409, code: 'stamgegevens-onbekend' })
})

t.test('vergetelheid is refused while the law wants it kept, unless it should never have been here', async (t) => {
  const service = await start(t, '2026-10-01')
  await createVestiging(service)
  await push(service, [{ bronId: 'hier' }, { bronId: 'weg', tot: '2022-07-31' }, { bronId: 'L-1', nummer: '123456782' }])
  await push(service, [{ bronId: 'X-1', bron: 'ander-lvs', nummer: '123456782' }])
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('a-1', '2026-09-15', { minuten: 60 })] } })
  await service.evaluate()
  await nacht(service)
  const levering = (await service.inject({ method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school: '99AA', periode: '2026-09' } })).json<{ id: string }>()
  const destroy = async (bronId: string, grond: string): Promise<{ code?: string, detail?: string, id: string, status?: number }> => (await service.inject({ method: 'DELETE', url: `/v1/leerlingen/test-lvs/${bronId}?school=99AA&grond=${grond}` })).json()
  for (const grond of ['niet-meer-nodig', 'toestemming-ingetrokken', 'bezwaar']) {
    t.match(await destroy('hier', grond), { status: 409, code: 'bewaarplicht', detail: /nog ingeschreven.*art\. 17 lid 3 onder b/ }, grond)
    t.match(await destroy('weg', grond), { status: 409, code: 'bewaarplicht', detail: /tot en met 2027-07-31/ }, grond)
  }
  t.match(await destroy('L-1', 'zomaar'), { status: 400, code: 'invoer-ongeldig' })
  t.match(await destroy('L-9', 'onrechtmatig-verwerkt'), { status: 404 })
  const telling = async (): Promise<{ leerlingen: number }> => (await service.inject({ url: '/v1/statistieken?vestiging=99AA00&periode=2026-09' })).json<{ cellen: Array<{ leerlingen: number }> }>().cellen[0]!
  t.match(await telling(), { leerlingen: 2 })

  service.klok.op('2026-10-02')
  const vernietiging = await destroy('L-1', 'onrechtmatig-verwerkt')
  t.match(vernietiging, { id: /^99AA-/, soort: 'vergetelheid', termijn: null, grond: 'onrechtmatig-verwerkt', actor: 'test-lvs', leerlingen: 2, rijen: { leerling: 2, inschrijving: 2, absentie: 1 }, ongeschonden: true }, 'both records of the person')
  t.strictSame([await bestaat(service, 'L-1'), await bestaat(service, 'X-1', 'ander-lvs')], [false, false])
  t.match(await destroy('L-1', 'onrechtmatig-verwerkt'), { status: 404 })
  t.match(await push(service, [{ bronId: 'L-1', van: '2026-08-01' }]), [{ resultaat: 'afgewezen' }])

  await nacht(service)
  t.match(await telling(), { leerlingen: 1 }, 'figures that are not closed count without him')
  t.equal((await service.inject({ url: `/v1/leveringen/${levering.id}/bestand` })).statusCode, 200, 'what went out stays as it went out')
  await t.rejects(rebuildLevering(service.app.makeCtx(systemActor('herbouw', ['99AA'])), levering.id), { code: 'gegevens-vernietigd', message: new RegExp(vernietiging.id) }, 'and cannot be proved by counting again, which says why')
  t.equal((await service.inject({ method: 'POST', url: '/v1/leveringen', payload: { ontvanger: 'ocw', school: '99AA', periode: '2026-09' } })).statusCode, 201, 'a new one counts without him')

  service.klok.op('2027-08-01')
  t.match(await destroy('weg', 'niet-meer-nodig'), { soort: 'vergetelheid', leerlingen: 1 }, 'after its term nobody need wait for the night')
})

t.test('from the day the bill is law three years are enough', async (t) => {
  const service = await start(t, '2027-07-31', { INWERKINGTREDING: '2027-08-01' })
  await createVestiging(service)
  await push(service, [{ bronId: 'L-1', tot: '2023-07-31' }])
  await nacht(service)
  t.ok(await bestaat(service, 'L-1'))
  service.klok.op('2027-08-01')
  await nacht(service)
  t.notOk(await bestaat(service, 'L-1'))
  t.match((await service.inject({ url: '/v1/scholen/99AA/vernietigingen' })).json(), { vernietigingen: [{ termijn: { naam: 'verzuimgegevens', versie: '2', grens: '2024-08-01' } }] })
})

t.test('what is of no known leerling, and reports of aanleveringen, end too; each with a receipt', async (t) => {
  const service = await start(t, '2026-10-01')
  await createVestiging(service)
  await push(service, [{ bronId: 'L-1' }])
  const intrekking = { bronId: 'nooit', school: '99AA', ingetrokken: true, gewijzigdOp: '2026-09-15T08:00:00Z' }
  await service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: [buildAbsentie('a-1', '2026-09-15', { leerling: 'L-99' }), intrekking] } })
  await service.inject({ method: 'POST', url: '/v1/afmeldingen/_bulk', payload: { afmeldingen: [{ bronId: 'm-1', school: '99AA', leerling: 'L-98', begin: { datum: '2026-09-28' }, gewijzigdOp: '2026-09-28T08:00:00Z' }] } })
  // Stored by the clock of the database, which the test cannot set.
  for (const [tabel, kolom] of [['absentie_in_wacht', 'sinds'], ['absentie', 'vastgelegd_op'], ['afmelding', 'vastgelegd_op'], ['aanlevering', 'ontvangen_op']]) await execute(service, `update ${tabel} set ${kolom} = '2026-10-01T10:00:00Z'`)
  service.klok.op('2027-09-30')
  await nacht(service)
  t.match((await service.inject({ url: '/v1/scholen/99AA/vernietigingen' })).json(), { vernietigingen: [] }, 'within the year')
  service.klok.op('2027-10-02')
  t.match(await nacht(service), /vernietigd: 0 leerlingen, 0 dossiers, 3 rijen/)
  t.match((await service.inject({ url: '/v1/scholen/99AA/vernietigingen' })).json(), { vernietigingen: [{ soort: 'bewaartermijn', termijn: { naam: 'zonder-leerling' }, leerlingen: 0, rijen: { absentie_in_wacht: 1, absentie: 1, afmelding: 1 } }] })
  service.klok.op('2028-10-02')
  await nacht(service)
  t.match((await service.inject({ url: '/v1/scholen/99AA/vernietigingen?limit=1' })).json(), { vernietigingen: [{ termijn: { naam: 'aanleveringen' }, rijen: { aanlevering: Number } }], volgende: String })
  t.match((await service.inject({ url: '/v1/aanleveringen?school=99AA' })).json(), { aanleveringen: [] })
})

t.test('work that was marked for who is destroyed is not done for him, and of a message on its way he waits', async (t) => {
  const service = await startService(t, { withoutEvaluator: true })
  const own = await startService(t, {})
  await prepareSchool(own, '99AA00')
  await createVestiging(service)
  await push({ ...service }, [{ bronId: 'L-1' }, { bronId: 'L-2' }])
  await execute(service, "insert into evaluatie_markering values ('99AA', gen_random_uuid(), 'test-lvs', '{L-1,L-2}', '{L-1}')")
  t.equal((await service.inject({ method: 'DELETE', url: '/v1/leerlingen/test-lvs/L-1?school=99AA&grond=onrechtmatig-verwerkt' })).statusCode, 200)
  const { rows } = await execute(service, "select leerlingen || overige as wie from evaluatie_markering where 'L-2' = any(leerlingen)")
  t.ok(rows.length > 0 && rows.every(({ wie }) => !(wie as string[]).includes('L-1')), 'his neighbour is still evaluated')

  await execute(own, "update uitzending set status = 'onderweg', geleend_tot = now() + interval '1 minute' where status = 'wacht'")
  const bezig = await own.inject({ method: 'DELETE', url: '/v1/leerlingen/test-lvs/L-7?school=99AA&grond=onrechtmatig-verwerkt' })
  t.match(bezig.json(), { status: 409, code: 'bezig' })
  await execute(own, "update uitzending set status = 'wacht', geleend_tot = null where status = 'onderweg'")
  t.equal((await own.inject({ method: 'DELETE', url: '/v1/leerlingen/test-lvs/L-7?school=99AA&grond=onrechtmatig-verwerkt' })).statusCode, 200)
})

t.test('a destruction that fails is not done, and is called off in the wisregister', async (t) => {
  const service = await startService(t)
  await createVestiging(service)
  await push(service, [{ bronId: 'L-1' }])
  // At the commit, after it was laid down.
  await execute(service, "create function weiger () returns trigger language plpgsql as $$ begin raise exception 'no'; end $$; create constraint trigger weiger after insert on vernietiging deferrable initially deferred for each row execute function weiger()")
  const destroy = async (): Promise<number> => (await service.inject({ method: 'DELETE', url: '/v1/leerlingen/test-lvs/L-1?school=99AA&grond=onrechtmatig-verwerkt' })).statusCode
  t.equal(await destroy(), 500)
  t.ok(await bestaat(service, 'L-1'))
  const register = service.server.wisregister
  t.match(await register.read('99AA'), { begin: 0, einde: 1, voornemens: [], open: undefined, breuk: null })
  await execute(service, 'drop trigger weiger on vernietiging')
  t.equal(await destroy(), 200)
  t.match(await register.read('99AA'), { einde: 2, voornemens: [{ nummer: 2 }], open: undefined })
})
