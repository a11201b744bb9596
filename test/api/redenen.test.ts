import { sql } from '../../src/db/drizzle.ts'
import fc from 'fast-check'
import t from 'tap'
import { reclassify } from '../../src/absenties/store.ts'
import { Rollback } from '../../src/db/transaction.ts'
import { classify, findReden, listIndelingsfouten, STANDAARDBELEID, type Beleid, type Reden } from '../../src/domain/beleid.ts'
import { requireRecht, systemActor } from '../../src/toegang/service.ts'
import { buildAbsentie, createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import type { Redendekking } from '../../src/dekking/contract.ts'

const ZIEK: Reden = { code: 'ZK', omschrijving: 'Ziek', categorie: 'geoorloofd', kenmerken: ['ziekte'] }
const SPIJ: Reden = { code: 'SPIJ', omschrijving: 'Spijbelen', categorie: 'ongeoorloofd' }
const beleidVan = (redenen: readonly Reden[], codes: Beleid['codes'] = []): Beleid => ({ ...STANDAARDBELEID, versie: 1, redenen, codes })

t.test('a code means what the bron means by it, else what the school does, up to its last day', async (t) => {
  const beleid = beleidVan([ZIEK, { ...SPIJ, geldigTot: '2026-01-31' }, { code: '7', omschrijving: 'Uit', categorie: 'aanwezig-elders' }], [
    { bron: 'lvs', code: '7', reden: 'ZK' },
    { bron: 'lvs', code: 'x', reden: 'SPIJ' },
    { bron: 'kiosk', code: 'ZK', reden: 'SPIJ' }
  ])
  const cases: ReadonlyArray<[edge: string, code: string | null, bron: string, datum: string, categorie: string]> = [
    ['a code of this bron goes before the same code of the school', '7', 'lvs', '2026-01-05', 'geoorloofd'],
    ['of another bron it means nothing', '7', 'kiosk', '2026-01-05', 'aanwezig-elders'],
    ['a code only the bron has', 'x', 'lvs', '2026-01-05', 'ongeoorloofd'],
    ['which another bron does not have', 'x', 'derde', '2026-01-05', 'niet-ingedeeld'],
    ['the last day of the reden', 'SPIJ', 'lvs', '2026-01-31', 'ongeoorloofd'],
    ['the day after', 'SPIJ', 'lvs', '2026-02-01', 'niet-ingedeeld'],
    ['also under the name a bron has for it', 'x', 'lvs', '2026-02-01', 'niet-ingedeeld'],
    ['a bron that means an ended reden does not fall back on the school', 'ZK', 'kiosk', '2026-02-01', 'niet-ingedeeld'],
    ['no reden', null, 'lvs', '2026-02-01', 'onverklaard']
  ]
  for (const [edge, code, bron, datum, categorie] of cases) t.equal(classify(beleid, code, bron, datum), categorie, edge)
  t.equal(findReden(beleid, 'SPIJ')?.omschrijving, 'Spijbelen', 'without a day whatever its last one')
  t.strictSame(listIndelingsfouten(STANDAARDBELEID.geldigVan, STANDAARDBELEID.redenen, STANDAARDBELEID.codes), [], 'the standaardbeleid says nothing against itself')
})

async function ask (service: Service, method: 'GET' | 'POST', url: string, payload?: object, bron = 'test-lvs'): Promise<{ statusCode: number, json: <T>() => T, body: string }> {
  return await service.inject({ bearer: await service.token({ bron }), method, url: `/v1${url}`, ...(payload === undefined ? {} : { payload }) })
}

async function send<T> (service: Service, method: 'GET' | 'POST', url: string, payload?: object, bron?: string): Promise<T> {
  const answer = await ask(service, method, url, payload, bron)
  if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${answer.body}`)
  return answer.json<T>()
}

async function adopt (service: Service, invoer: object): Promise<void> {
  const { versie } = await send<{ versie: number }>(service, 'POST', '/scholen/99AA/beleidsversies', invoer)
  await send(service, 'POST', `/scholen/99AA/beleidsversies/${versie}/vaststelling`)
}

t.test('a beleidsversie whose redenen contradict the law or each other is refused, each fault at its place', async (t) => {
  const service = await startService(t)
  await createSchool(service)
  const refuse = async (invoer: object): Promise<string[]> => {
    const answer = await ask(service, 'POST', '/scholen/99AA/beleidsversies', { geldigVan: '2026-01-05', ...invoer })
    return answer.statusCode === 400 ? answer.json<{ errors: Array<{ pointer: string, code: string }> }>().errors.map(({ pointer, code }) => `${pointer} ${code}`) : [String(answer.statusCode)]
  }
  const reden = (anders: object) => ({ redenen: [ZIEK, { ...SPIJ, ...anders }] })
  const cases: ReadonlyArray<[edge: string, invoer: object, fouten: string[]]> = [
    ['luxeverzuim is ongeoorloofd', reden({ kenmerken: ['luxeverzuim'] }), ['201']],
    ['and nothing else', reden({ categorie: 'geoorloofd', kenmerken: ['te-laat', 'luxeverzuim'] }), ['/redenen/1/kenmerken/1 past-niet']],
    ['also no presence elsewhere', reden({ categorie: 'aanwezig-elders', kenmerken: ['luxeverzuim'] }), ['/redenen/1/kenmerken/0 past-niet']],
    ['who is ill is not unauthorised', reden({ kenmerken: ['ziekte'] }), ['/redenen/1/kenmerken/0 past-niet']],
    ['a kenmerk twice', reden({ kenmerken: ['te-laat', 'te-laat'] }), ['/redenen/1/kenmerken/1 dubbel']],
    ['a kenmerk nobody knows', reden({ kenmerken: ['vip'] }), ['/redenen/1/kenmerken/0 onbekende-waarde']],
    ['a special category of data without its ground', reden({ kenmerken: ['bijzonder-persoonsgegeven'] }), ['/redenen/1/grondslag ontbreekt']],
    ['with an empty one', reden({ kenmerken: ['bijzonder-persoonsgegeven'], grondslag: ' ' }), ['/redenen/1/grondslag ontbreekt']],
    ['with its ground', reden({ categorie: 'geoorloofd', kenmerken: ['bijzonder-persoonsgegeven'], grondslag: 'art. 11 onder e' }), ['201']],
    ['a reden that ends on the first day', reden({ geldigTot: '2026-01-05' }), ['201']],
    ['and one that ends before it', reden({ geldigTot: '2026-01-04' }), ['/redenen/1/geldigTot verkeerde-volgorde']],
    ['a code of a bron for a reden of the standaardbeleid', { codes: [{ bron: 'lvs', code: '7', reden: 'LUX' }] }, ['201']],
    ['for a reden that is not in this version', { redenen: [ZIEK], codes: [{ bron: 'lvs', code: '7', reden: 'LUX' }] }, ['/codes/0/reden reden-onbekend']],
    ['the same code of the same bron twice', { codes: [{ bron: 'lvs', code: '7', reden: 'ZK' }, { bron: 'kiosk', code: '7', reden: 'ZK' }, { bron: 'lvs', code: '7', reden: 'ZK' }] }, ['/codes/2 dubbel']],
    ['what an illness is', reden({ omschrijving: 'Ziek: bùikgriep' }), ['/redenen/1/omschrijving aard-van-ziekte']],
    ['also flagged and with a ground', { redenen: [{ ...ZIEK, omschrijving: 'Ziek (burn-out)', grondslag: 'art. 11 onder d', kenmerken: ['ziekte', 'bijzonder-persoonsgegeven'] }] }, ['/redenen/0/omschrijving aard-van-ziekte']],
    ['in its code', reden({ code: 'ZK-COVID' }), ['/redenen/1/code aard-van-ziekte']],
    ['or in what a bron calls it', { codes: [{ bron: 'lvs', code: 'migraine_2', reden: 'ZK' }, { bron: 'lvs', code: 'ZK2', reden: 'ZK' }] }, ['/codes/0/code aard-van-ziekte']],
    ['a religion that is not flagged', reden({ categorie: 'geoorloofd', omschrijving: 'Vrij voor het Suikerfeest', grondslag: 'art. 11 onder e' }), ['/redenen/1/omschrijving bijzonder-persoonsgegeven']],
    ['and flagged', reden({ categorie: 'geoorloofd', omschrijving: 'Vrij voor het Suikerfeest', grondslag: 'art. 11 onder e', kenmerken: ['bijzonder-persoonsgegeven'] }), ['201']],
    ['flagged without its ground', reden({ categorie: 'geoorloofd', omschrijving: 'Zwangerschapsverlof', kenmerken: ['bijzonder-persoonsgegeven'] }), ['/redenen/1/grondslag ontbreekt']],
    ['words that only look alike', { redenen: [ZIEK, { ...SPIJ, omschrijving: 'Adderen op een kerstviering' }] }, ['201']],
    ['everything at once', { redenen: [{ ...ZIEK, categorie: 'ongeoorloofd', kenmerken: ['ziekte', 'bijzonder-persoonsgegeven'], geldigTot: '2025-01-01' }], codes: [{ bron: 'lvs', code: '7', reden: 'x' }] },
      ['/redenen/0/kenmerken/0 past-niet', '/redenen/0/grondslag ontbreekt', '/redenen/0/geldigTot verkeerde-volgorde', '/codes/0/reden reden-onbekend']]
  ]
  for (const [edge, invoer, fouten] of cases) t.strictSame(await refuse(invoer), fouten, edge)

  const redenen = [SPIJ, { ...ZIEK, geldigTot: '2026-02-01' }, { code: 'A', omschrijving: 'Anders', categorie: 'geoorloofd', grondslag: 'art. 11 onder g', kenmerken: [] }]
  const codes = [{ bron: 'z', code: '9', reden: 'A' }, { bron: 'a', code: '1', reden: 'ZK' }]
  const { versie } = await send<{ versie: number }>(service, 'POST', '/scholen/99AA/beleidsversies', { geldigVan: '2026-01-05', redenen, codes })
  t.match(await send(service, 'GET', `/scholen/99AA/beleidsversies/${versie}`), { redenen, codes }, 'redenen and codes come back in the order of the school')
})

t.test('what the administratie finds in the coverage it maps, and after the vaststelling it is gone', async (t) => {
  const service = await startService(t, { now: () => new Date('2026-03-31T10:00:00Z') })
  await createSchool(service)
  const push = async (absenties: object[], bron = 'test-lvs'): Promise<void> => { await send(service, 'POST', '/absenties/_bulk', { absenties }, bron) }
  const dekking = async (van = '2026-03-01', tot = '2026-03-31'): Promise<Redendekking> => await send(service, 'GET', `/scholen/99AA/redendekking?van=${van}&tot=${tot}`)
  t.match(await dekking(), { codes: [], aandeelNietIngedeeld: null, totalen: [{ categorie: 'geoorloofd', registraties: 0, minuten: 0, onbekend: 0 }] }, 'nothing came')

  await push([
    buildAbsentie('a-1', '2026-03-02', { reden: 'AFW-7', minuten: 300 }),
    buildAbsentie('a-2', '2026-03-03', { reden: 'AFW-7', minuten: 100 }),
    buildAbsentie('a-3', '2026-03-04', { reden: 'AFW-7', soort: 'te-laat' }),
    buildAbsentie('a-4', '2026-03-09', { reden: 'ZK', minuten: 200 }),
    buildAbsentie('a-5', '2026-03-10', { reden: null, minuten: 200 }),
    buildAbsentie('a-6', '2026-03-11', { reden: 'AFW-7', minuten: 330 }),
    buildAbsentie('a-7', '2026-02-11', { reden: 'AFW-7', minuten: 330 })
  ])
  await push([{ bronId: 'a-6', school: '99AA', ingetrokken: true, gewijzigdOp: '2026-03-12T09:00:00+01:00' }])
  const griep = { bron: 'test-lvs', code: 'AFW-7', registraties: 3, minuten: 400, onbekend: 1, eersteDatum: '2026-03-02', laatsteDatum: '2026-03-04' }
  t.strictSame(await dekking(), {
    school: '99AA',
    van: '2026-03-01',
    tot: '2026-03-31',
    codes: [
      { ...griep, reden: null, categorie: 'niet-ingedeeld' },
      { bron: 'test-lvs', code: 'ZK', reden: 'ZK', categorie: 'geoorloofd', registraties: 1, minuten: 200, onbekend: 0, eersteDatum: '2026-03-09', laatsteDatum: '2026-03-09' },
      { bron: 'test-lvs', code: null, reden: null, categorie: 'onverklaard', registraties: 1, minuten: 200, onbekend: 0, eersteDatum: '2026-03-10', laatsteDatum: '2026-03-10' }
    ],
    totalen: [
      { categorie: 'geoorloofd', registraties: 1, minuten: 200, onbekend: 0 },
      { categorie: 'ongeoorloofd', registraties: 0, minuten: 0, onbekend: 0 },
      { categorie: 'aanwezig-elders', registraties: 0, minuten: 0, onbekend: 0 },
      { categorie: 'onverklaard', registraties: 1, minuten: 200, onbekend: 0 },
      { categorie: 'niet-ingedeeld', registraties: 3, minuten: 400, onbekend: 1 }
    ],
    aandeelNietIngedeeld: 0.5
  }, 'what was withdrawn or lies outside the days is not counted')

  await adopt(service, { geldigVan: '2026-03-03', codes: [{ bron: 'test-lvs', code: 'AFW-7', reden: 'ZK' }] })
  const halverwege = (await dekking()).codes.filter(({ code }) => code === 'AFW-7')
  t.match(halverwege, [
    { reden: null, categorie: 'niet-ingedeeld', registraties: 1, minuten: 300, eersteDatum: '2026-03-02', laatsteDatum: '2026-03-02' },
    { reden: 'ZK', categorie: 'geoorloofd', registraties: 2, minuten: 100, onbekend: 1, eersteDatum: '2026-03-03', laatsteDatum: '2026-03-04' }
  ], 'each day by the version of that day')
  t.strictSame((await dekking('2026-03-03', '2026-03-31')).codes.filter(({ categorie }) => categorie === 'niet-ingedeeld'), [], 'from the version on nothing is left to map')
  t.match(await send(service, 'GET', '/absenties/test-lvs/a-2?school=99AA'), { reden: 'AFW-7', categorie: 'geoorloofd' }, 'the absentie keeps what the bron sent')
  await push([buildAbsentie('a-8', '2026-03-13', { reden: 'AFW-7', minuten: 60 })])
  t.match(await send(service, 'GET', '/absenties/test-lvs/a-8?school=99AA'), { reden: 'AFW-7', categorie: 'geoorloofd' }, 'so does what comes after')

  for (const [url, pointer] of [['van=2026-03-31&tot=2026-03-01', '#query/tot'], ['van=2024-03-31&tot=2026-03-01', '#query/tot'], ['van=2026-03-31', '#query/tot']] as const) {
    const answer = await ask(service, 'GET', `/scholen/99AA/redendekking?${url}`)
    t.equal(answer.statusCode, 400, url)
    t.equal(answer.json<{ errors: Array<{ pointer: string }> }>().errors[0]!.pointer, pointer, url)
  }
})

t.test('a code whose last day has passed is no longer taken, in a push as in a version that is adopted later', async (t) => {
  const service = await startService(t, { now: () => new Date('2026-03-31T10:00:00Z') })
  await createSchool(service)
  const categorie = async (bronId: string): Promise<string> => (await send<{ categorie: string }>(service, 'GET', `/absenties/test-lvs/${bronId}?school=99AA`)).categorie
  const push = async (serie: string): Promise<void> => { await send(service, 'POST', '/absenties/_bulk', { absenties: ['2026-03-12', '2026-03-13', '2026-03-16'].map((datum) => buildAbsentie(`${serie}-${datum}`, datum, { reden: 'SPIJ' })) }) }
  await push('eerder')
  await adopt(service, { geldigVan: '2026-03-02', redenen: [ZIEK, { ...SPIJ, geldigTot: '2026-03-13' }] })
  await push('later')
  for (const serie of ['eerder', 'later']) {
    t.strictSame(await Promise.all(['2026-03-12', '2026-03-13', '2026-03-16'].map(async (datum) => await categorie(`${serie}-${datum}`))), ['ongeoorloofd', 'ongeoorloofd', 'niet-ingedeeld'], serie)
  }
})

t.test('classifying anew in the database says what classify says, whatever the beleid', async (t) => {
  const service = await startService(t, { withoutEvaluator: true })
  const ctx = service.app.makeCtx(systemActor('test', ['99AA']))
  const scope = requireRecht(ctx.actor, 'beleid:schrijven', '99AA')
  const bronnen = ['kiosk', 'lvs', 'derde']
  const codes = ['A', 'B', 'C', 'D', 'E']
  const dagen = ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05']
  await ctx.transaction(async (tx) => {
    await tx.execute(sql`
      insert into absentie (school, bron, bron_id, vestiging, leerling, datum, soort, reden, minuten_afgeleid, categorie, ingetrokken, gewijzigd_op, vastgelegd_op, aanlevering)
      select '99AA', bron, bron || datum || coalesce(reden, ''), '99AA00', 'L-1', datum, 'afwezig', reden, true, 'onverklaard', false, now(), now(), gen_random_uuid()
        from unnest(${sql.param(bronnen)}::text[]) bron
       cross join unnest(${sql.param(dagen)}::date[]) datum
       cross join unnest(${sql.param([...codes, null])}::text[]) reden`)
  })
  const dag = fc.option(fc.constantFrom(...dagen), { nil: undefined })
  const beleid = fc.record({
    redenen: fc.uniqueArray(fc.record({ code: fc.constantFrom(...codes), omschrijving: fc.constant('x'), categorie: fc.constantFrom('geoorloofd', 'ongeoorloofd', 'aanwezig-elders'), geldigTot: dag }), { selector: ({ code }) => code }),
    codes: fc.uniqueArray(fc.record({ bron: fc.constantFrom(...bronnen.slice(0, 2)), code: fc.constantFrom(...codes), reden: fc.constantFrom(...codes) }), { selector: ({ bron, code }) => `${bron} ${code}` }),
    ongeoorloofdTot: dag
  })
  let versies = 0
  await fc.assert(fc.asyncProperty(beleid, async ({ redenen, codes, ongeoorloofdTot }) => {
    const versie = beleidVan(redenen as Reden[], codes)
    const rijen = await ctx.transaction(async (tx): Promise<Array<{ bron: string, reden: string | null, datum: string, categorie: string }>> => {
      await reclassify(tx, scope, { vestiging: '99AA00', van: dagen[0]!, tot: null }, { beleid: versie, ongeoorloofdTot })
      const { rows } = await tx.execute<{ bron: string, reden: string | null, datum: string, categorie: string }>(sql`select bron, reden, datum, categorie from absentie where school = '99AA'`)
      throw new Rollback(rows)
    })
    if (rijen.length !== 72) throw new Error(`${rijen.length} rows`)
    for (const { bron, reden, datum, categorie } of rijen) {
      const verwacht = reden === null && ongeoorloofdTot !== undefined && datum <= ongeoorloofdTot ? 'ongeoorloofd' : classify(versie, reden, bron, datum)
      if (categorie !== verwacht) throw new Error(`${bron} ${reden} ${datum}: ${categorie}, not ${verwacht}`)
    }
    versies++
  }), { seed: 20260314, numRuns: 250 })
  t.equal(versies, 250)
})
