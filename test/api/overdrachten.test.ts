import { createHash } from 'node:crypto'
import pg from 'pg'
import t from 'tap'
import { runTransaction } from '../../src/db/transaction.ts'
import { addDagen } from '../../src/domain/datum.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { BSN, startBetrokkene, type Betrokkene } from '../support/betrokkene.ts'
import type { Overdracht } from '../../src/overdrachten/contract.ts'

const NU = '2025-09-20T10:00:00Z'
const BASIS = '/leerlingen/test-lvs/L-1/overdrachten'
const naar = { school: '99AA', naarSchool: '99AB', datum: '2025-09-20' }

async function bring (betrokkene: Betrokkene, absenties: ReadonlyArray<Record<string, unknown>>): Promise<void> {
  await betrokkene.ok('POST', '/absenties/_bulk', { absenties })
  await betrokkene.service.evaluate()
}

t.test('an overdracht holds totals per schooljaar and over twelve months, and never an absentie', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU })
  const { send, ok } = betrokkene
  await bring(betrokkene, [
    buildAbsentie('a-1', '2024-09-17', { minuten: 100 }), // a year and three days before
    buildAbsentie('a-2', '2024-09-24', { minuten: 200, reden: 'ZK' }),
    buildAbsentie('a-3', '2025-01-14', { soort: 'te-laat', reden: null, minuten: 10 }),
    buildAbsentie('a-4', '2025-01-15', { soort: 'te-laat', reden: 'TL', minuten: null }),
    buildAbsentie('a-5', '2025-09-08', { minuten: 480 }),
    buildAbsentie('a-6', '2025-09-09', { minuten: 240, lesuren: [1, 2, 3, 4] }),
    buildAbsentie('a-7', '2025-09-09', { minuten: 240, lesuren: [5, 6, 7, 8] }),
    buildAbsentie('a-8', '2025-09-22', { minuten: 480, gewijzigdOp: '2025-09-19T09:00:00Z' }) // after the day
  ])
  const created = await send('POST', BASIS, naar)
  t.equal(created.statusCode, 201, created.body)
  const overdracht = created.json<Overdracht>()
  t.equal(created.headers['location'], `/v1/overdrachten/${overdracht.id}`)
  const niets = { minuten: 0, dagen: 0, registraties: 0, zonderMinuten: 0 }
  const { schooljaren, laatsteTwaalfMaanden, openSignalen } = overdracht.inhoud
  t.match(schooljaren, [
    { schooljaar: '2024-2025', geoorloofd: { minuten: 200, dagen: 1, registraties: 1 }, ongeoorloofd: { minuten: 100, dagen: 2, registraties: 2, zonderMinuten: 1 }, teLaat: 2 },
    { schooljaar: '2025-2026', geoorloofd: niets, ongeoorloofd: { minuten: 960, dagen: 2, registraties: 3, zonderMinuten: 0 }, teLaat: 0 }
  ])
  const ongeoorloofd = { minuten: 960, dagen: 3, registraties: 4, zonderMinuten: 1 }
  t.match(laatsteTwaalfMaanden, { van: '2024-09-21', tot: '2025-09-20', geoorloofd: { minuten: 200 }, ongeoorloofd, frequentieOngeoorloofd: 4, meerDan25Procent: null }, 'without what lies before the twelve months')
  t.equal(openSignalen, 1)
  t.equal(/"a-\d|SPIJ|ZK|99AA00|L-1/.exec(JSON.stringify(overdracht.inhoud))?.[0], undefined, 'no key, no reden, no vestiging')
  t.equal(createHash('sha256').update(JSON.stringify(overdracht.inhoud)).digest('hex'), overdracht.hash, 'who receives it can check it')

  await bring(betrokkene, [buildAbsentie('a-9', '2025-09-10', { minuten: 480 })])
  t.strictSame(await ok('GET', `/overdrachten/${overdracht.id}`), overdracht, 'a correction changes nothing of it')
  const tweede = await ok<Overdracht>('POST', BASIS, naar)
  t.equal(tweede.inhoud.schooljaren[1]!.ongeoorloofd.minuten, 1440, 'the next has it')
  t.match((await ok<{ overdrachten: Overdracht[] }>('GET', '/overdrachten?school=99AA&richting=gedaan')).overdrachten.map(({ id, leerling }) => `${id} ${leerling?.bronId}`).sort(), [overdracht.id, tweede.id].map((id) => `${id} L-1`).sort())
  t.strictSame((await ok<{ overdrachten: Overdracht[] }>('GET', '/overdrachten?school=99AA')).overdrachten, [], 'nobody handed anything over to this school')

  for (const [edge, payload, url, status] of [
    ['to itself', { ...naar, naarSchool: '99AA' }, BASIS, 400],
    ['of days to come', { ...naar, datum: '2025-09-21' }, BASIS, 400],
    ['of nobody', naar, BASIS.replace('L-1', 'L-9'), 404]
  ] as const) t.equal((await send('POST', url, payload)).statusCode, status, edge)
})

t.test('the receiving school reads that row, knows its own leerling in it, and nothing else', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU })
  const { service, ok } = betrokkene
  await betrokkene.push(['2025-09-08', '2025-09-09'])
  const overdracht = await ok<Overdracht>('POST', BASIS, naar)
  const elders = await ok<Overdracht>('POST', BASIS, { ...naar, naarSchool: '99AC' })

  const bearer = await service.token({ bron: 'andere-school', scholen: ['99AB'] })
  const get = async <T>(url: string): Promise<{ statusCode: number, json: T }> => {
    const answer = await service.inject({ bearer, url: `/v1${url}` })
    return { statusCode: answer.statusCode, json: answer.json<T>() }
  }
  t.strictSame((await get<{ overdrachten: Overdracht[] }>('/overdrachten?school=99AB')).json.overdrachten, [{ ...overdracht, leerling: null }], 'whom it does not know yet has no key here')
  await createSchool(service, { vestiging: '99AB00', leerling: 'ander', bearer })
  await service.inject({ bearer, method: 'POST', url: '/v1/leerlingen/_bulk', payload: { leerlingen: [{ bronId: 'NIEUW-1', school: '99AB', geboortedatum: '2012-03-10', persoonsgebondenNummer: BSN, inschrijvingen: [{ vestiging: '99AB00', van: '2025-09-22', leerjaar: 2, minutenPerWeek: 1650 }] }] } })
  t.strictSame((await get<Overdracht>(`/overdrachten/${overdracht.id}`)).json, { ...overdracht, leerling: { bron: 'andere-school', bronId: 'NIEUW-1' } }, 'by the number, which travelled with nobody')
  t.equal((await get(`/overdrachten/${elders.id}`)).statusCode, 404, 'what went to another school is not there')
  t.equal((await get('/overdrachten?school=99AA')).statusCode, 404)
  t.equal((await get('/leerlingen/test-lvs/L-1?school=99AA')).statusCode, 404, 'nor is the leerling himself')

  const pakket = (await get<{ delen: Array<{ deel: string, rijen: Array<{ overdracht: string }> }> }>('/leerlingen/andere-school/NIEUW-1/inzage?school=99AB')).json
  t.match(pakket.delen.find(({ deel }) => deel === 'overdrachten')!.rijen.map((rij) => rij.overdracht), [overdracht.id.slice(5)], 'what it received is in its own inzage')
  const verwerkingen = async (url: string, token: string): Promise<string[]> => (await service.inject({ bearer: token, url: `/v1${url}` })).json<{ verwerkingen: Array<{ activiteit: { code: string } }> }>().verwerkingen.map(({ activiteit }) => activiteit.code)
  t.ok((await verwerkingen('/leerlingen/andere-school/NIEUW-1/verwerkingen?school=99AB', bearer)).includes('overdrachten:lezen'), 'its reading is in its own log')
  t.notOk((await verwerkingen('/leerlingen/test-lvs/L-1/verwerkingen?school=99AA', await service.token())).includes('overdrachten:lezen'), 'and in no other')

  const read = async (scholen: readonly string[], text: string): Promise<number> => await runTransaction(service.app.pool, scholen, async (tx) => (await tx.execute(text)).rows.length)
  t.equal(await read(['99AB'], 'select from overdracht'), 1, 'the database shows the receiving school exactly that row')
  t.equal(await read(['99AC'], 'select from overdracht'), 1)
  t.equal(await read(['99AD'], 'select from overdracht'), 0)
  for (const table of ['leerling', 'absentie', 'signaal', 'verzoek']) t.equal(await read(['99AB'], `select from ${table} where school = '99AA'`), 0, table)
  const write = async (text: string): Promise<unknown> => await runTransaction(service.app.pool, ['99AB'], async (tx) => await tx.execute(text)).then(() => 'written', (error: { cause?: pg.DatabaseError }) => error.cause?.code)
  t.equal(await write('insert into overdracht select school, gen_random_uuid(), bron, leerling, naar_school, datum, inhoud, hash, pgn_ontvanger, actor, rol, gemaakt_op from overdracht'), '42501', 'and makes none in the name of the other')
})

t.test('more than a quarter of the planned time is said only where it is known', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: NU, leerling: { inschrijvingen: [{ vestiging: '99AA00', van: '2025-08-25', leerjaar: 2, rooster: [480, 480, 480, 480, 480, 0, 0] }] } })
  const { ok } = betrokkene
  const kwart = async (): Promise<boolean | null> => (await ok<Overdracht>('POST', BASIS, naar)).inhoud.laatsteTwaalfMaanden.meerDan25Procent
  // Twenty lesdagen of 480 minutes: a quarter is five days.
  const dagen = Array.from({ length: 5 }, (_, at) => addDagen('2025-09-01', at))
  await bring(betrokkene, dagen.map((datum) => buildAbsentie(`d-${datum}`, datum, { minuten: 480 })))
  t.equal(await kwart(), false, 'exactly a quarter is not more')
  await bring(betrokkene, [buildAbsentie('d-meer', '2025-09-08', { soort: 'eerder-weg', minuten: null })])
  t.equal(await kwart(), null, 'an absentie of unknown length may be what makes it more')
  await bring(betrokkene, [buildAbsentie('d-meer', '2025-09-08', { soort: 'eerder-weg', minuten: 1, gewijzigdOp: '2025-09-09T09:00:00Z' })])
  t.equal(await kwart(), true)
})
