import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import pg from 'pg'
import t, { type Test } from 'tap'
import { makePool } from '../../src/db/pool.ts'
import { runTransaction, type Tx } from '../../src/db/transaction.ts'
import { CATEGORIEEN, SOORTEN, type Rooster } from '../../src/domain/absentie.ts'
import { foldCel, listPerioden, type Cel, type Celabsentie, type Celfeiten, type Celinschrijving, type Celsignaal, type Celverklaring } from '../../src/domain/aggregaat.ts'
import { VERKLARINGSVORMEN, type Bronafspraak } from '../../src/domain/bronafspraak.ts'
import { addDagen, type Datum } from '../../src/domain/datum.ts'
import { buildKalender, type Kalender } from '../../src/domain/kalender.ts'
import { runNacht } from '../../src/jobs/nachtelijk.ts'
import { computeCellen, listStatistieken } from '../../src/statistiek/service.ts'
import { systemActor } from '../../src/toegang/service.ts'
import { createTestDatabase } from '../support/database.ts'
import { startService } from '../support/service.ts'

const SCHOOL = '99AA'
const VESTIGINGEN = ['99AA00', '99AA01']
const DAGEN = 35
/** Five weeks with a vacation, a change of month inside a week and a week long before; and the change of schooljaar, with lessons on both sides of it. */
const VENSTERS = ['2026-09-21', '2027-07-12'].map((eerste) => ({ eerste, perioden: [...listPerioden(eerste, addDagen(eerste, DAGEN)), '2026-W36'] }))

const KALENDERS = new Map<string, Kalender>([
  ['99AA00', buildKalender({ regio: 'midden', eigen: [] })],
  // Half a week of lessons and a study day: other lesdagen than the first vestiging on purpose.
  ['99AA01', buildKalender({
    regio: 'midden',
    eigen: [
      { schooljaar: '2026-2027', lesdagen: [1, 2, 4], lesvrij: [{ van: '2026-09-29', tot: '2026-10-02', soort: 'studiedag', naam: 'studiedagen' }] },
      { schooljaar: '2027-2028', lesdagen: [1, 2, 3, 4, 5, 6], lesvrij: [] }
    ]
  })]
])

interface Opslag { readonly pool: pg.Pool, readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T> }

async function openOpslag (t: Test): Promise<Opslag> {
  const connection = await createTestDatabase(t)
  const pool = makePool({ ...connection, ssl: false }, { max: 4, onError: () => {} })
  t.teardown(async () => await pool.end())
  await pool.query('insert into school (school) values ($1)', [SCHOOL])
  for (const vestiging of VESTIGINGEN) {
    await pool.query("insert into vestiging values ($1, $2, 'Test', 'vo', 'midden', '0344', null, 50, now())", [SCHOOL, vestiging])
  }
  return { pool, transaction: async (work) => await runTransaction(pool, [SCHOOL], work) }
}

/** Replaces all facts of the school. */
async function store (pool: pg.Pool, { inschrijvingen, absenties, signalen, verklaringen, afspraken }: Celfeiten): Promise<void> {
  const leerlingen = [...new Map(inschrijvingen.map(({ bron, leerling }) => [`${bron} ${leerling}`, { bron, leerling }])).values()]
  await pool.query('delete from absentie; delete from signaal; delete from leerling; delete from aanwezigheidsverklaring; delete from bronafspraak')
  await pool.query(`insert into leerling (school, bron, leerling, geboortedatum, vastgelegd_op)
    select $1, bron, leerling, '2012-05-05', now() from json_to_recordset($2) as r (bron text, leerling text)`, [SCHOOL, JSON.stringify(leerlingen)])
  await pool.query(`insert into inschrijving (school, bron, leerling, vestiging, van, tot, leerjaar, rooster, vastgelegd_op)
    select $1, r.*, now() from json_to_recordset($2) as r (bron text, leerling text, vestiging text, van date, tot date, leerjaar smallint, rooster smallint[])`, [SCHOOL, JSON.stringify(inschrijvingen)])
  await pool.query(`insert into absentie (school, bron, bron_id, vestiging, leerling, datum, soort, categorie, minuten, ingetrokken, overtroefd_door, minuten_afgeleid, gewijzigd_op, vastgelegd_op, aanlevering)
    select $1, bron, "bronId", vestiging, leerling, datum, soort, categorie, minuten, ingetrokken, case when overtroefd then 'derde' end, false, now(), now(), gen_random_uuid()
      from json_to_recordset($2) as r (bron text, "bronId" text, vestiging text, leerling text, datum date, soort absentiesoort, categorie categorie, minuten smallint, ingetrokken boolean, overtroefd boolean)`,
  [SCHOOL, JSON.stringify(absenties.map((absentie, index) => ({ ...absentie, bronId: String(index) })))])
  await pool.query(`insert into signaal (school, signaal, bron, leerling, regel, begindatum, einddatum, minuten, aard, eenheid, gemeten, drempel, status, reden_vervallen, beleidsversie, onderbouwing, aangemaakt_op, bijgewerkt_op)
    select $1, gen_random_uuid(), bron, leerling, regel, einddatum, einddatum, 960, 'wettelijk', 'minuten', 960, 960, (case when vervallen then 'vervallen' else 'open' end)::signaalstatus,
           case when vervallen then 'feiten veranderd' end, 0, '[]', now(), now()
      from json_to_recordset($2) as r (bron text, leerling text, regel text, einddatum date, vervallen boolean)`, [SCHOOL, JSON.stringify(signalen)])
  // Beside each declaration one of the next day that was withdrawn, and beside each bronafspraak the opposite that it replaced.
  await pool.query(`insert into aanwezigheidsverklaring (school, vestiging, datum, bron, verklaard_op, ingetrokken_op)
    select $1, vestiging, datum + dag, bron, now() - dag * interval '1 hour', case dag when 0 then 'infinity'::timestamptz else now() end
      from json_to_recordset($2) as r (bron text, vestiging text, datum date) cross join generate_series(0, 1) dag`, [SCHOOL, JSON.stringify(verklaringen.filter(({ vestiging }) => VESTIGINGEN.includes(vestiging)))])
  await pool.query(`insert into bronafspraak (school, geldig_van, volgorde, verklaring, vastgelegd_op, vervangen_op)
    select $1, "geldigVan", '{}', case when oud <> (verklaring = 'uitdrukkelijk') then 'uitdrukkelijk' else 'door-aanlevering' end::verklaringsvorm,
           now() - case when oud then 1 else 0 end * interval '1 hour', case when oud then now() else 'infinity'::timestamptz end
      from json_to_recordset($2) as r ("geldigVan" date, verklaring verklaringsvorm) cross join unnest('{false,true}'::boolean[]) oud`, [SCHOOL, JSON.stringify(afspraken)])
}

const rooster: fc.Arbitrary<Rooster | null> = fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 4, arbitrary: fc.constantFrom([300, 300, 200, 300, 300, 0, 0], [0, 0, 0, 0, 0, 0, 0], [60, 60, 60, 60, 60, 60, 60]) })
const sleutel = { bron: fc.constantFrom('lvs', 'lvs', 'ander'), leerling: fc.constantFrom('L1', 'L2') }
const vestiging = fc.constantFrom('99AA00', ...VESTIGINGEN)

/** Facts of a school in the weeks from `eerste`. */
function feitenVanaf (eerste: Datum): fc.Arbitrary<Celfeiten> {
  const datum = dagVanaf(eerste)
  // With gaps, changes of leerjaar and rooster, ends, a later start, and now and then an overlap that no push would let through.
  const inschrijving: fc.Arbitrary<Celinschrijving> = fc.record({
    ...sleutel, vestiging, begin: fc.oneof(fc.integer({ min: -60, max: 0 }), fc.integer({ min: 0, max: DAGEN })), duur: fc.option(fc.integer({ min: 0, max: 60 })), leerjaar: fc.constantFrom(1, 2), rooster
  }).map(({ begin, duur, ...rest }) => ({ ...rest, van: addDagen(eerste, begin), tot: duur === null ? null : addDagen(eerste, begin + duur) }))
  const absentie: fc.Arbitrary<Celabsentie> = fc.record({
    ...sleutel, vestiging, datum, soort: fc.constantFrom(...SOORTEN), categorie: fc.constantFrom(...CATEGORIEEN), minuten: fc.option(fc.constantFrom(0, 15, 30, 60, 300), { freq: 9 }), ingetrokken: fc.nat(9).map((n) => n === 0), overtroefd: fc.nat(9).map((n) => n === 0)
  })
  const signaal: fc.Arbitrary<Celsignaal> = fc.record({ ...sleutel, regel: fc.constantFrom('wettelijk-16-uur', 'te-laat'), einddatum: datum, vervallen: fc.boolean() })
  const verklaring: fc.Arbitrary<Celverklaring> = fc.record({ bron: fc.constantFrom('lvs', 'ander'), vestiging: fc.constantFrom(...VESTIGINGEN), datum })
  const afspraak: fc.Arbitrary<Bronafspraak> = fc.record({ geldigVan: datum, volgorde: fc.constant([]), verklaring: fc.constantFrom(...VERKLARINGSVORMEN) })
  return fc.record({
    verklaringen: fc.uniqueArray(verklaring, { maxLength: 20, selector: ({ bron, vestiging, datum }) => [bron, vestiging, datum].join() }),
    afspraken: fc.uniqueArray(afspraak, { maxLength: 3, selector: ({ geldigVan }) => geldigVan }),
    inschrijvingen: fc.uniqueArray(inschrijving, { maxLength: 10, size: 'max', selector: ({ bron, leerling, vestiging, van }) => [bron, leerling, vestiging, van].join() }),
    absenties: fc.array(absentie, { maxLength: 80, size: 'max' }),
    signalen: fc.uniqueArray(signaal, { maxLength: 6, selector: ({ bron, leerling, regel, einddatum }) => [bron, leerling, regel, einddatum].join() })
  }).map((all) => {
    const bekend = new Set(all.inschrijvingen.map(({ bron, leerling }) => `${bron} ${leerling}`))
    return { ...all, signalen: all.signalen.filter(({ bron, leerling }) => bekend.has(`${bron} ${leerling}`)) }
  })
}

function dagVanaf (eerste: Datum): fc.Arbitrary<Datum> {
  // Dense at first, so that days adjoin.
  return fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 9 }) }, { weight: 1, arbitrary: fc.integer({ min: 0, max: DAGEN }) }).map((dag) => addDagen(eerste, dag))
}

const geval = fc.constantFrom(...VENSTERS).chain(({ eerste, perioden }) => fc.record({ perioden: fc.constant(perioden), feiten: feitenVanaf(eerste), peildatum: fc.integer({ min: 0, max: DAGEN }).map((dag) => addDagen(eerste, dag)) }))

/** What the fold says of the whole school: totals, and the leerjaren that have something. */
function foldAlle (feiten: Celfeiten, perioden: readonly string[], kalenders: ReadonlyMap<string, Kalender>, peildatum: string): Cel[] {
  return VESTIGINGEN.flatMap((vestiging) => [...perioden].sort().flatMap((periode) => [null, 1, 2].flatMap((leerjaar) => {
    const cel = foldCel({ vestiging, periode, leerjaar }, feiten, kalenders.get(vestiging)!, peildatum)
    return cel === undefined || (leerjaar !== null && cel.leerlingen === 0 && Object.keys(cel.signalen).length === 0) ? [] : [cel]
  })))
}

const own = { bron: 'lvs', leerling: 'L1', vestiging: '99AA00' }
const ziek = { ...own, soort: 'afwezig', categorie: 'geoorloofd', minuten: 60, ingetrokken: false, overtroefd: false } as const
const geen = { signalen: [], verklaringen: [], afspraken: [] }

/** Edges that chance seldom hits; each name says what would be counted wrong. */
const RANDGEVALLEN: Array<[string, Celfeiten]> = [
  ['one verzuimperiode runs on over a change of leerjaar', {
    inschrijvingen: [{ ...own, van: '2026-08-01', tot: '2026-09-23', leerjaar: 1, rooster: [60, 60, 60, 60, 60, 0, 0] }, { ...own, van: '2026-09-24', tot: null, leerjaar: 2, rooster: [60, 60, 60, 60, 60, 0, 0] }],
    absenties: ['2026-09-23', '2026-09-24'].map((datum) => ({ ...ziek, datum })),
    ...geen
  }],
  ['an absentie on a day that is no lesdag precedes no verzuimperiode', {
    inschrijvingen: [{ ...own, van: '2026-08-01', tot: null, leerjaar: 1, rooster: null }],
    absenties: ['2026-08-31', '2026-09-05', '2026-09-19', '2026-09-21'].map((datum) => ({ ...ziek, datum })),
    ...geen
  }],
  ['a day declared by two bronnen counts once, and from a geldigVan on a day without one not at all', {
    inschrijvingen: [],
    absenties: ['2026-09-21', '2026-09-23', '2026-09-24'].map((datum) => ({ ...ziek, datum, ingetrokken: true })),
    signalen: [],
    verklaringen: [{ bron: 'lvs', vestiging: '99AA00', datum: '2026-09-22' }, { bron: 'ander', vestiging: '99AA00', datum: '2026-09-22' }, { bron: 'lvs', vestiging: '99AA00', datum: '2026-09-24' }],
    afspraken: [{ geldigVan: '2026-09-23', volgorde: [], verklaring: 'uitdrukkelijk' }]
  }]
]

t.test('the statement counts the edges as the fold does', async (t) => {
  const { pool, transaction } = await openOpslag(t)
  for (const [naam, feiten] of RANDGEVALLEN) {
    await store(pool, feiten)
    for (const peildatum of ['2026-09-21', '2026-09-30']) {
      const { perioden } = VENSTERS[0]!
      const { cellen } = await transaction(async (tx) => await computeCellen(tx, SCHOOL, { vestigingen: VESTIGINGEN, perioden, kalenders: KALENDERS, peildatum }))
      t.strictSame(cellen, foldAlle(feiten, perioden, KALENDERS, peildatum), naam)
    }
  }
})

t.test('the statement says of random facts what the fold says, day by day', async (t) => {
  const { pool, transaction } = await openOpslag(t)
  await fc.assert(fc.asyncProperty(geval, async ({ feiten, perioden, peildatum }) => {
    await store(pool, feiten)
    const { cellen } = await transaction(async (tx) => await computeCellen(tx, SCHOOL, { vestigingen: VESTIGINGEN, perioden, kalenders: KALENDERS, peildatum }))
    deepStrictEqual(cellen, foldAlle(feiten, perioden, KALENDERS, peildatum))
  }), { numRuns: 100, seed: 20261001 })
  t.pass('100 random schools')
})

t.test('the API gives the figures of one vestiging and periode', async (t) => {
  const service = await startService(t, { now: () => new Date('2026-10-30T12:00:00Z') })
  const get = async (query: string, scholen: readonly string[] = ['99AA'], scopes?: readonly string[]): Promise<{ status: number, body: Record<string, unknown> }> => {
    const answer = await service.inject({ url: `/v1/statistieken?${query}`, bearer: await service.token({ scholen, ...(scopes === undefined ? {} : { scopes }) }) })
    return { status: answer.statusCode, body: answer.json() }
  }
  const post = async (path: string, payload: object): Promise<void> => {
    const answer = await service.inject({ method: 'POST', url: `/v1/${path}/_bulk`, payload })
    if (answer.statusCode !== 200 || answer.body.includes('problemen')) throw new Error(answer.body)
  }
  await post('vestigingen', { vestigingen: [{ vestiging: '99AA00', naam: 'Test', sector: 'vo', regio: 'midden', gemeentecode: '0344', lesuurMinuten: 50 }] })
  await post('leerlingen', {
    leerlingen: [
      { bronId: 'L1', school: '99AA', geboortedatum: '2013-05-05', inschrijvingen: [{ vestiging: '99AA00', van: '2026-08-01', leerjaar: 1, rooster: [300, 300, 300, 300, 300, 0, 0] }] },
      { bronId: 'L2', school: '99AA', geboortedatum: '2012-05-05', inschrijvingen: [{ vestiging: '99AA00', van: '2026-08-01', leerjaar: 2, rooster: [300, 300, 300, 300, 300, 0, 0] }] },
      { bronId: 'L3', school: '99AA', geboortedatum: '2012-05-05', inschrijvingen: [{ vestiging: '99AA00', van: '2026-08-01', leerjaar: 2 }] }
    ]
  })
  const absentie = { school: '99AA', vestiging: '99AA00', datum: '2026-09-14', soort: 'afwezig', gewijzigdOp: '2026-09-14T12:00:00+02:00' }
  await post('absenties', { absenties: [{ ...absentie, bronId: 'A1', leerling: 'L1', reden: 'SPIJ', minuten: 100 }, { ...absentie, bronId: 'A2', leerling: 'L3', reden: 'ZK' }] })

  t.strictSame(await get('vestiging=99AA00&periode=2026-W38'), {
    status: 200,
    body: { vestiging: '99AA00', periode: '2026-W38', berekend: false, van: '2026-09-14', totEnMet: null, volledigheid: null, cellen: [] }
  }, 'not counted yet is not zero')

  await runNacht(service.app)
  const geen = { minuten: 0, onbekend: 0, registraties: 0, leerlingen: 0 }
  const leeg = { geoorloofd: geen, ongeoorloofd: geen, 'aanwezig-elders': geen, onverklaard: geen, 'niet-ingedeeld': geen }
  const leerjaar1 = {
    leerjaar: 1,
    leerlingen: 1,
    geplandeMinuten: 1500,
    zonderRooster: 0,
    gemisteMinuten: 100,
    aandeelGemist: 0.0667,
    categorieen: { ...leeg, ongeoorloofd: { minuten: 100, onbekend: 0, registraties: 1, leerlingen: 1 } },
    banden: { tot5: 0, tot10: 1, tot20: 0, vanaf20: 0 },
    verzuimperioden: 1,
    signalen: {}
  }
  const ziek = { minuten: 0, onbekend: 1, registraties: 1, leerlingen: 1 }
  const leerjaar2 = { ...leerjaar1, leerjaar: 2, leerlingen: 2, zonderRooster: 1, gemisteMinuten: 0, aandeelGemist: 0, categorieen: { ...leeg, geoorloofd: ziek }, banden: { tot5: 1, tot10: 0, tot20: 0, vanaf20: 0 } }
  const totaal = {
    ...leerjaar1,
    leerjaar: null,
    leerlingen: 3,
    geplandeMinuten: 3000,
    zonderRooster: 1,
    aandeelGemist: 0.0333,
    categorieen: { ...leerjaar1.categorieen, geoorloofd: ziek },
    banden: { tot5: 1, tot10: 1, tot20: 0, vanaf20: 0 },
    verzuimperioden: 2
  }
  const kop = { vestiging: '99AA00', periode: '2026-W38', berekend: true, van: '2026-09-14', totEnMet: '2026-09-20', volledigheid: { lesdagen: 5, aangeleverd: 1 } }
  t.same(await get('vestiging=99AA00&periode=2026-W38'), { status: 200, body: { ...kop, cellen: [totaal, leerjaar1, leerjaar2] } })
  t.same(await get('vestiging=99AA00&periode=2026-W38&leerjaar='), { status: 200, body: { ...kop, cellen: [totaal, leerjaar1, leerjaar2] } })
  t.same(await get('vestiging=99AA00&periode=2026-W38&leerjaar=1'), { status: 200, body: { ...kop, cellen: [leerjaar1] } })
  t.same(await get('vestiging=99AA00&periode=2026-W38&leerjaar=6'), { status: 200, body: { ...kop, cellen: [] } }, 'a leerjaar without leerlingen')
  t.match(await get('vestiging=99AA00&periode=2026-10'), { status: 200, body: { totEnMet: '2026-10-30', volledigheid: { lesdagen: 17 } } }, 'a periode that runs ends at the peildatum')
  t.match(await get('vestiging=99AA00&periode=2026-W43'), { status: 200, body: { berekend: true, volledigheid: { lesdagen: 0 }, cellen: [{ leerlingen: 0, aandeelGemist: null }] } }, 'a vacation')
  t.match(await get('vestiging=99AA00&periode=2026-2027'), { status: 200, body: { cellen: [{ leerlingen: 3 }, {}, {}] } })
  t.match(await get('vestiging=99AA00&periode=2027-01'), { status: 200, body: { berekend: false } }, 'a periode to come')

  t.match(await get('vestiging=99AB00&periode=2026-W38'), { status: 404, body: { code: 'niet-gevonden' } }, 'another school')
  t.match(await get('vestiging=99AA09&periode=2026-W38'), { status: 404, body: { code: 'niet-gevonden', detail: 'Vestiging 99AA09 is hier niet bekend.' } })
  t.match(await get('vestiging=99AA00&periode=2026-W38', ['99AA'], ['absenties:lezen']), { status: 403 })
  for (const periode of ['2025-W53', '2026-13', '2026-2028', 'september', '']) {
    t.match(await get(`vestiging=99AA00&periode=${periode}`), { status: 400, body: { errors: [{ pointer: '#query/periode', detail: /^Is geen periode: schrijf een lesweek \(2026-W37\), maand \(2026-09\) of schooljaar \(2026-2027\) die bestaat\.$/ }] } }, periode)
  }
  t.match(await get('vestiging=99aa&periode=2026&leerjaar=99&dag=1'), { status: 400, body: { errors: { length: 4 } } }, 'every fault at once')

  const ctx = service.app.makeCtx(systemActor('test', ['99AA']))
  t.match(await listStatistieken(ctx, { vestigingen: ['99AA01', '99AA00'], periode: '2026-W38' }), [{ vestiging: '99AA01', berekend: false }, { vestiging: '99AA00', berekend: true }])
  await t.rejects(listStatistieken(ctx, { vestigingen: ['99AA00', '99AB00'], periode: '2026-W38' }), { code: 'niet-gevonden' })
})
