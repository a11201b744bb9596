import fc from 'fast-check'
import t from 'tap'
import { STANDAARDAFSPRAAK } from '../../src/domain/bronafspraak.ts'
import { decideVoorrang, type Dagmelding } from '../../src/domain/voorrang.ts'
import { findKalenders } from '../../src/leerlingen/stam.ts'
import { computeCellen } from '../../src/statistiek/service.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { startService, type Service } from '../support/service.ts'

const SCHOLEN = ['99AA', '99AB']

t.test('of two reports of the same lesson time the first bron in the volgorde counts', async (t) => {
  const melding = (bron: string, lesuren: number[] | null, dagdeel: 'ochtend' | 'middag' | null = null): Dagmelding => ({ bron, bronId: '1', lesuren, dagdeel })
  const cases: ReadonlyArray<[edge: string, meldingen: Dagmelding[], losers: Array<[bron: string, door: string]>]> = [
    ['the same lesuur', [melding('b', [3]), melding('a', [3])], [['b', 'a']]],
    ['one lesuur in common', [melding('a', [1, 2]), melding('b', [2, 3])], [['b', 'a']]],
    ['other lesuren', [melding('a', [1, 2]), melding('b', [3])], []],
    ['a whole day against a lesuur', [melding('a', null), melding('b', [3])], [['b', 'a']]],
    ['the same dagdeel', [melding('a', null, 'ochtend'), melding('b', null, 'ochtend')], [['b', 'a']]],
    ['the other dagdeel', [melding('a', null, 'ochtend'), melding('b', null, 'middag')], []],
    ['a lesuur against a dagdeel cannot be told apart', [melding('a', [8]), melding('b', null, 'ochtend')], [['b', 'a']]],
    ['the same bron twice', [melding('a', [3]), melding('a', [3])], []],
    ['a loser takes nothing from the third', [melding('a', [1]), melding('b', [1, 2]), melding('c', [2])], [['b', 'a']]]
  ]
  for (const [edge, meldingen, losers] of cases) {
    t.strictSame([...decideVoorrang(meldingen, STANDAARDAFSPRAAK)].map(([{ bron }, door]) => [bron, door]), losers, edge)
  }
  t.strictSame([...decideVoorrang([melding('a', [3]), melding('z', [3])], { ...STANDAARDAFSPRAAK, volgorde: ['z'] }).values()], ['z'], 'a bron that is named goes before one that is not')
})

/** Nine digits that pass the test of a burgerservicenummer; of nobody. */
function buildNummer (serie: number): string {
  for (let start = 999_100_000 + serie * 20; ; start++) {
    const digits = [...String(start)].map(Number)
    if (digits.reduce((sum, digit, at) => sum + digit * (at === 8 ? -1 : 9 - at), 0) % 11 === 0) return String(start)
  }
}

interface Rij { bron: string, bronId: string, school: string, datum: string, minuten: number | null, categorie: string, overtroefdDoor: string | null, leerling: string }

async function send (service: Service, bron: string, method: 'GET' | 'PUT' | 'POST', url: string, payload?: object): Promise<{ aantallen: Record<string, number> } & Record<string, unknown>> {
  const answer = await service.inject({ bearer: await service.token({ bron, scholen: SCHOLEN }), method, url: `/v1${url}`, ...(payload === undefined ? {} : { payload }) })
  if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${answer.body}`)
  return answer.json()
}

/** One person whom both bronnen know, each under a key of its own. */
async function createPersoon (service: Service, school: string, serie: number): Promise<void> {
  for (const bron of ['kiosk', 'lvs']) {
    await send(service, bron, 'POST', '/leerlingen/_bulk', { leerlingen: [{ bronId: `${bron}-${serie}`, school, geboortedatum: '2012-05-05', persoonsgebondenNummer: buildNummer(serie), inschrijvingen: [{ vestiging: `${school}00`, van: '2025-08-01', leerjaar: 2, minutenPerWeek: 1650 }] }] })
  }
}

async function createScholen (service: Service): Promise<void> {
  for (const school of SCHOLEN) await send(service, 'lvs', 'PUT', `/vestigingen/${school}00`, { naam: 'De Proef', sector: 'vo', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 60 })
}

const listRijen = async (service: Service, school: string, serie: number): Promise<Rij[]> =>
  ((await send(service, 'lvs', 'GET', `/absenties?school=${school}&limit=1000`)) as unknown as { absenties: Rij[] }).absenties.filter(({ leerling }) => leerling.endsWith(`-${serie}`))

const melding = (bron: string, serie: number, bronId: string, datum: string, lesuren: number[] | null, anders: object = {}): Record<string, unknown> =>
  ({ bronId, school: '99AA', vestiging: '99AA00', leerling: `${bron}-${serie}`, datum, soort: 'afwezig', reden: 'SPIJ', lesuren, gewijzigdOp: '2025-09-20T10:00:00Z', ...anders })

t.test('two bronnen report one leerling: the loser stays visible and counts nowhere', async (t) => {
  const service = await startService(t, { now: () => new Date('2025-10-01T10:00:00Z') })
  await createScholen(service)
  await createPersoon(service, '99AA', 1)
  const push = async (bron: string, absenties: object[]): Promise<unknown> => await send(service, bron, 'POST', '/absenties/_bulk', { absenties })
  const overtroefd = async (): Promise<string[]> => (await listRijen(service, '99AA', 1)).filter((rij) => rij.overtroefdDoor !== null).map(({ bron, bronId, overtroefdDoor }) => `${bron} ${bronId} < ${overtroefdDoor}`)
  const signalen = async (): Promise<Array<{ leerling: { bron: string }, minuten: number, status: string, onderbouwing: unknown[] }>> => {
    await service.evaluate()
    return ((await send(service, 'lvs', 'GET', '/signalen?school=99AA')) as unknown as { signalen: Awaited<ReturnType<typeof signalen>> }).signalen
  }

  // 8 lesuren a day by both, on two days: 960 minutes once, and 1,920 were both to count.
  const uren = [1, 2, 3, 4, 5, 6, 7, 8]
  await push('lvs', ['2025-09-08', '2025-09-09'].map((datum) => melding('lvs', 1, `l-${datum}`, datum, uren)))
  await push('kiosk', ['2025-09-08', '2025-09-09'].map((datum) => melding('kiosk', 1, `k-${datum}`, datum, uren)))
  t.strictSame(await overtroefd(), ['lvs l-2025-09-08 < kiosk', 'lvs l-2025-09-09 < kiosk'], 'without a bronafspraak in order of name')
  t.match(await signalen(), [{ leerling: { bron: 'kiosk' }, minuten: 960, status: 'open' }])

  await send(service, 'lvs', 'PUT', '/scholen/99AA/bronafspraken/2025-09-09', { volgorde: ['lvs', 'kiosk'], verklaring: 'door-aanlevering' })
  t.strictSame(await overtroefd(), ['lvs l-2025-09-08 < kiosk', 'kiosk k-2025-09-09 < lvs'], 'each day by the afspraak of that day')
  const verhuisd = (await signalen()).filter(({ status }) => status === 'open')
  t.match(verhuisd, [{ leerling: { bron: 'lvs' }, minuten: 960 }], 'under the record of the leading bron, once')
  t.equal(verhuisd.length, 1)

  await send(service, 'lvs', 'POST', '/absenties/_bulk', { absenties: [{ bronId: 'l-2025-09-09', school: '99AA', ingetrokken: true, gewijzigdOp: '2025-09-21T10:00:00Z' }] })
  t.strictSame(await overtroefd(), ['lvs l-2025-09-08 < kiosk'], 'a withdrawn winner gives way')
  await push('lvs', [melding('lvs', 1, 'l-2025-09-08', '2025-09-10', [1], { gewijzigdOp: '2025-09-22T10:00:00Z' })])
  t.strictSame(await overtroefd(), [], 'so does one that moved to another day')

  const { cellen: [cel] } = await service.app.makeCtx(systemActor('test', ['99AA'])).transaction(async (tx) =>
    await computeCellen(tx, '99AA', { vestigingen: ['99AA00'], perioden: ['2025-09'], kalenders: await findKalenders(service.app.makeCtx(systemActor('test', ['99AA'])), tx, '99AA'), peildatum: '2025-09-30' }))
  t.match(cel, { leerlingen: 1, geplandeMinuten: 22 * 330, categorieen: { ongeoorloofd: { minuten: 480 + 480 + 60, leerlingen: 1 } } }, 'one leerling in the figures, with his planned time once')

  const marges = await send(service, 'lvs', 'GET', '/leerlingen/lvs/lvs-1/marges?school=99AA') as unknown as { marges: Array<{ regel: string, laatsteEinddatum: string | null }> }
  t.equal(marges.marges.find(({ regel }) => regel === 'wettelijk-16-uur')!.laatsteEinddatum, '2025-09-09', 'marges see the person too')

  await push('lvs', [melding('lvs', 1, 'l-9', '2025-09-09', [1])])
  t.strictSame(await overtroefd(), ['kiosk k-2025-09-09 < lvs'])
  await send(service, 'kiosk', 'POST', '/leerlingen/_bulk', { leerlingen: [{ bronId: 'kiosk-1', school: '99AA', geboortedatum: '2012-05-05', inschrijvingen: [{ vestiging: '99AA00', van: '2025-08-01', leerjaar: 2, minutenPerWeek: 1650 }] }] })
  t.strictSame(await overtroefd(), [], 'without the number nobody can say that they are one person')
})

t.test('edits of two bronnen in any order end in the same rows and signalen as their sorted replay', async (t) => {
  const service = await startService(t, { now: () => new Date('2025-10-01T10:00:00Z') })
  await createScholen(service)
  await send(service, 'lvs', 'PUT', '/scholen/99AA/bronafspraken/2025-09-09', { volgorde: ['lvs'], verklaring: 'door-aanlevering' })
  await send(service, 'lvs', 'PUT', '/scholen/99AB/bronafspraken/2025-09-09', { volgorde: ['lvs'], verklaring: 'door-aanlevering' })
  const edit = fc.record({
    bron: fc.constantFrom('kiosk', 'lvs'),
    sleutel: fc.integer({ min: 0, max: 3 }),
    minuut: fc.integer({ min: 0, max: 59 }),
    datum: fc.constantFrom('2025-09-08', '2025-09-09', '2025-09-10'),
    lesuren: fc.constantFrom([1], [1, 2], [2, 3, 4, 5], null),
    reden: fc.constantFrom('SPIJ', 'ZK', null),
    ingetrokken: fc.boolean()
  })
  let serie = 100
  await fc.assert(fc.asyncProperty(fc.uniqueArray(edit, { minLength: 2, maxLength: 16, selector: ({ bron, sleutel, minuut }) => `${bron} ${sleutel} ${minuut}` }), fc.infiniteStream(fc.nat(1_000)), async (edits, random) => {
    const nummer = serie++
    for (const school of SCHOLEN) await createPersoon(service, school, nummer)
    const record = (school: string, { bron, sleutel, minuut, datum, lesuren, reden, ingetrokken }: typeof edits[number]): object => {
      const kern = { bronId: `${nummer}-${sleutel}`, school, gewijzigdOp: `2025-09-20T10:${String(minuut).padStart(2, '0')}:00Z` }
      return ingetrokken && sleutel > 1 ? { ...kern, ingetrokken: true } : { ...kern, vestiging: `${school}00`, leerling: `${bron}-${nummer}`, datum, soort: 'afwezig', reden, lesuren }
    }
    const push = async (school: string, some: typeof edits): Promise<void> => {
      for (const bron of ['kiosk', 'lvs']) {
        const absenties = some.filter((one) => one.bron === bron).map((one) => record(school, one))
        if (absenties.length > 0) await send(service, bron, 'POST', '/absenties/_bulk', { absenties })
      }
    }
    for (const one of [...edits].sort((a, b) => a.minuut - b.minuut)) await push('99AB', [one])
    const shuffled = edits.map((one) => ({ one, key: random.next().value as number })).sort((a, b) => a.key - b.key).map(({ one }) => one)
    while (shuffled.length > 0) {
      await Promise.all([push('99AA', shuffled.splice(0, 1 + (random.next().value as number) % 4)), push('99AA', shuffled.splice(0, (random.next().value as number) % 4))])
    }
    await service.evaluate()
    const end = async (school: string): Promise<unknown> => [
      (await listRijen(service, school, nummer)).map(({ school: _school, ...rij }) => ({ ...rij, vestiging: null })),
      ((await send(service, 'lvs', 'GET', `/signalen?school=${school}&limit=1000`)) as unknown as { signalen: Array<Record<string, unknown> & { leerling: { bronId: string } }> }).signalen
        .filter(({ leerling, status }) => leerling.bronId.endsWith(`-${nummer}`) && status !== 'vervallen')
        .map(({ regel, leerling, begindatum, einddatum, minuten, onderbouwing }) => ({ regel, leerling, begindatum, einddatum, minuten, onderbouwing }))
    ]
    t.strictSame(await end('99AA'), await end('99AB'))
  }), { numRuns: 30, seed: 20_261_121 })
})
