import fc from 'fast-check'
import t from 'tap'
import { startService, type Service } from '../support/service.ts'

// Whatever order facts, kalenders, beleid, vrijstellingen and exceptions arrive in, corrections and withdrawals among them: the signalen that
// stand are those of a school that was only ever told how it ended.

type Waarde = Record<string, unknown>
type Bewerking =
  | { readonly soort: 'absenties', readonly records: ReadonlyArray<{ readonly id: number, readonly volgorde: number, readonly feit: Waarde | null }> }
  | { readonly soort: 'inschrijvingen', readonly keuze: number }
  | { readonly soort: 'kalender', readonly vestiging: string, readonly lesvrij: readonly Waarde[] }
  | { readonly soort: 'beleid', readonly geldigVan: string, readonly keuze: number }
  | { readonly soort: 'vrijstelling', readonly van: string, readonly tot: string }
  | { readonly soort: 'uitzondering', readonly van: string, readonly tot: string, readonly regel: string }
  | { readonly soort: 'einde-uitzondering' }

const NU = new Date('2026-03-02T12:00:00Z')
const ZOMER = { van: '2025-08-01', tot: '2025-08-24' }
const VIJF_DAGEN = [330, 330, 330, 330, 330, 0, 0]

/** Every one of them takes the leerling to lessons on most days, somewhere. */
const INSCHRIJVINGEN = [
  [{ vestiging: '00', van: '2020-08-01', leerjaar: 4, rooster: VIJF_DAGEN }],
  [{ vestiging: '00', van: '2020-08-01', leerjaar: 4, rooster: [330, 330, 200, 330, 330, 0, 0] }],
  [{ vestiging: '00', van: '2020-08-01', tot: '2025-09-14', leerjaar: 4, rooster: VIJF_DAGEN }, { vestiging: '01', van: '2025-09-15', leerjaar: 5, rooster: VIJF_DAGEN }],
  [{ vestiging: '00', van: '2025-09-08', leerjaar: 4, rooster: [330, 330, 0, 330, 330, 0, 0] }],
  [{ vestiging: '00', van: '2020-08-01', leerjaar: 4, rooster: null }]
]

const ALTIJD = [{ regel: 'ziek-langdurig', aan: true, drempels: [3] }, { regel: 'te-laat', aan: true, drempels: [2, 4] }, { regel: 'langdurig-verzuim', aan: true, drempels: [1, 2] }]
const BELEID = [
  { regels: [...ALTIJD, { regel: 'aanwezigheidstrede', aan: true, minimaalLesdagen: 5 }] },
  { regels: [...ALTIJD, { regel: 'ziek-frequent', aan: true, drempels: [2] }, { regel: 'wettelijk-16-uur', aan: true, drempels: [12] }] },
  { regels: [...ALTIJD, { regel: 'zorgelijk-verzuim', aan: true, drempels: [8] }, { regel: 'ziek-frequent', aan: true, drempels: [2, 3], herstart: 'geen' }], redenen: [{ code: 'SPIJ', omschrijving: 'Spijbelen', categorie: 'ongeoorloofd' }, { code: 'ZK', omschrijving: 'Ziek', categorie: 'geoorloofd', kenmerken: ['ziekte'] }] },
  { regels: [...ALTIJD, { regel: 'eigen-rijtje', aan: true, omschrijving: 'Twee dagen in tien', meting: 'lesdagen', over: { categorieen: ['ongeoorloofd', 'onverklaard'] }, venster: { soort: 'lesdagen', aantal: 10 }, drempels: [2], herstart: 'na-signaal' }], duidingen: [{ omschrijving: 'Lang te laat', wanneer: { categorieen: ['ongeoorloofd'], soorten: ['te-laat'], meerDanMinuten: 20 }, telt: { categorie: 'ongeoorloofd', soort: 'afwezig', lesuren: 2 } }] }
]

const dag = fc.integer({ min: 0, max: 34 }).map((n) => new Date(Date.UTC(2025, 8, 1 + n)).toISOString().slice(0, 10))
const na = (datum: string, dagen: number): string => new Date(Date.parse(datum) + dagen * 86_400_000).toISOString().slice(0, 10)
const periode = fc.tuple(dag, fc.integer({ min: 0, max: 6 })).map(([van, n]) => ({ van, tot: na(van, n) }))

const feit = fc.record({
  datum: dag,
  vestiging: fc.constantFrom('00', '00', '01'),
  soort: fc.constantFrom('afwezig', 'afwezig', 'afwezig', 'eerder-weg', 'te-laat'),
  reden: fc.constantFrom('SPIJ', 'SPIJ', 'SPIJ', 'ZK', 'ZK', 'LUX', 'TL', 'X9', null),
  minuten: fc.constantFrom(null, null, 330, 480, 25)
})
/** Many absenties at once, of few keys: new ones, corrections, withdrawals, and late arrivals of what was replaced. */
const absenties = fc.record({
  soort: fc.constant('absenties' as const),
  records: fc.uniqueArray(fc.record({ id: fc.integer({ min: 0, max: 19 }), volgorde: fc.integer({ min: 0, max: 40 }), feit: fc.option(feit, { freq: 6 }) }), { selector: ({ id }) => id, minLength: 1, maxLength: 14 })
})
const bewerking: fc.Arbitrary<Bewerking> = fc.oneof(
  { weight: 8, arbitrary: absenties },
  // A week on end, of one reden: runs and spells.
  { weight: 4, arbitrary: fc.tuple(dag, fc.integer({ min: 3, max: 16 }), feit, fc.integer({ min: 0, max: 40 }), fc.constantFrom(100, 200)).map(([van, dagen, feit, volgorde, eerste]) => ({ soort: 'absenties' as const, records: Array.from({ length: dagen }, (_, n) => ({ id: eerste + n, volgorde, feit: { ...feit, datum: na(van, n) } })) })) },
  { weight: 2, arbitrary: fc.record({ soort: fc.constant('inschrijvingen' as const), keuze: fc.nat(INSCHRIJVINGEN.length - 1) }) },
  { weight: 2, arbitrary: fc.record({ soort: fc.constant('kalender' as const), vestiging: fc.constantFrom('00', '01'), lesvrij: fc.array(periode, { maxLength: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ soort: fc.constant('beleid' as const), geldigVan: dag, keuze: fc.nat(BELEID.length - 1) }) },
  { weight: 1, arbitrary: periode.map((p) => ({ soort: 'vrijstelling' as const, ...p })) },
  { weight: 2, arbitrary: fc.tuple(periode, fc.constantFrom('ziek-langdurig', 'te-laat')).map(([p, regel]) => ({ soort: 'uitzondering' as const, regel, ...p })) },
  { weight: 1, arbitrary: fc.constant({ soort: 'einde-uitzondering' as const }) }
)

/** One school, and what it was last told. */
class School {
  readonly brin: string
  readonly #service: Service
  readonly #bearer: string
  readonly absenties = new Map<number, Waarde & { volgorde: number }>()
  inschrijvingen = 0
  readonly kalenders = new Map<string, readonly Waarde[]>([['00', []], ['01', []]])
  readonly beleid: Array<{ geldigVan: string, keuze: number }> = []
  vrijstelling: { van: string, tot: string } | undefined
  readonly uitzonderingen: Array<{ id: string, van: string, tot: string, regel: string }> = []

  constructor (service: Service, bearer: string, brin: string) {
    this.#service = service
    this.#bearer = bearer
    this.brin = brin
  }

  async send (method: 'POST' | 'PUT' | 'DELETE' | 'GET', url: string, payload?: object, allowed: readonly number[] = []): Promise<{ status: number, body: Waarde }> {
    const answer = await this.#service.inject({ bearer: this.#bearer, method, url, ...(payload === undefined ? {} : { payload }) })
    if (answer.statusCode >= 300 && !allowed.includes(answer.statusCode)) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`)
    return { status: answer.statusCode, body: answer.body === '' ? {} : answer.json<Waarde>() }
  }

  async open (): Promise<void> {
    for (const code of ['00', '01']) {
      await this.send('PUT', `/v1/vestigingen/${this.brin}${code}`, { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 60 })
      await this.putKalender(code, [])
    }
  }

  async putKalender (code: string, lesvrij: readonly Waarde[]): Promise<void> {
    this.kalenders.set(code, lesvrij)
    await this.send('PUT', `/v1/vestigingen/${this.brin}${code}/kalenders/2025-2026`, { lesvrij: [ZOMER, ...lesvrij] })
  }

  async putInschrijvingen (keuze: number): Promise<void> {
    this.inschrijvingen = keuze
    const inschrijvingen = INSCHRIJVINGEN[keuze]!.map(({ vestiging, ...deel }) => ({ vestiging: `${this.brin}${vestiging}`, ...deel }))
    const { body } = await this.send('POST', '/v1/leerlingen/_bulk', { leerlingen: [{ bronId: 'L-1', school: this.brin, geboortedatum: '2014-03-10', inschrijvingen }] })
    if ((body.aantallen as { afgewezen: number }).afgewezen > 0) throw new Error(JSON.stringify(body))
  }

  /** A version that may not be adopted any more, because a later one holds, is no part of the end. */
  async adopt (geldigVan: string, keuze: number): Promise<void> {
    const posted = await this.send('POST', `/v1/scholen/${this.brin}/beleidsversies`, { geldigVan, ...BELEID[keuze]! }, [409])
    if (posted.status === 409) return
    const adopted = await this.send('POST', `/v1/scholen/${this.brin}/beleidsversies/${String(posted.body.versie)}/vaststelling`, {}, [409])
    if (adopted.status !== 409) this.beleid.push({ geldigVan, keuze })
  }

  async putVrijstelling (periode: { van: string, tot: string }): Promise<void> {
    this.vrijstelling = periode
    await this.send('PUT', `/v1/vrijstellingen/V-${this.brin}`, { leerling: 'L-1', school: this.brin, grondslag: '5-onder-a', ...periode })
  }

  async except (uitzondering: { van: string, tot: string, regel: string }): Promise<void> {
    const { body } = await this.send('POST', `/v1/scholen/${this.brin}/uitzonderingen`, { leerling: { bron: 'test-lvs', bronId: 'L-1' }, reden: 'anders', ...uitzondering })
    this.uitzonderingen.push({ id: String(body.id), ...uitzondering })
  }

  /** Of a record that is refused, what was there before stays. */
  async push (records: ReadonlyArray<{ id: number, volgorde: number, feit: Waarde | null }>): Promise<void> {
    const absenties = records.map(({ id, volgorde, feit }) => ({
      bronId: `a-${id}`,
      school: this.brin,
      gewijzigdOp: new Date(Date.UTC(2025, 10, 1, 0, volgorde)).toISOString(),
      ...(feit === null ? { ingetrokken: true } : { ...feit, leerling: 'L-1', vestiging: `${this.brin}${String(feit.vestiging)}` })
    }))
    const { body } = await this.send('POST', '/v1/absenties/_bulk', { absenties })
    for (const [at, { resultaat }] of (body.resultaten as Array<{ resultaat: string }>).entries()) {
      const { id, volgorde, feit } = records[at]!
      if (resultaat === 'nieuw' || resultaat === 'gewijzigd' || resultaat === 'ongewijzigd') this.absenties.set(id, { ...feit, volgorde })
      if (resultaat === 'ingetrokken') this.absenties.delete(id)
    }
  }

  async apply (bewerking: Bewerking): Promise<void> {
    if (bewerking.soort === 'absenties') await this.push(bewerking.records)
    else if (bewerking.soort === 'inschrijvingen') await this.putInschrijvingen(bewerking.keuze)
    else if (bewerking.soort === 'kalender') await this.putKalender(bewerking.vestiging, bewerking.lesvrij)
    else if (bewerking.soort === 'beleid') await this.adopt(bewerking.geldigVan, bewerking.keuze)
    else if (bewerking.soort === 'vrijstelling') await this.putVrijstelling({ van: bewerking.van, tot: bewerking.tot })
    else if (bewerking.soort === 'uitzondering') await this.except({ van: bewerking.van, tot: bewerking.tot, regel: bewerking.regel })
    else {
      const last = this.uitzonderingen.pop()
      if (last !== undefined) await this.send('DELETE', `/v1/scholen/${this.brin}/uitzonderingen/${last.id}`)
    }
    await this.#service.evaluate()
  }

  /** Told at once how another school ended. */
  async become (other: School): Promise<void> {
    await this.open()
    for (const [code, lesvrij] of other.kalenders) await this.putKalender(code, lesvrij)
    for (const { geldigVan, keuze } of other.beleid) await this.adopt(geldigVan, keuze)
    await this.putInschrijvingen(other.inschrijvingen)
    if (other.vrijstelling !== undefined) await this.putVrijstelling(other.vrijstelling)
    for (const { id: _id, ...uitzondering } of other.uitzonderingen) await this.except(uitzondering)
    if (other.absenties.size > 0) await this.push([...other.absenties].sort(([a], [b]) => a - b).map(([id, { volgorde, ...feit }]) => ({ id, volgorde, feit })))
    await this.#service.evaluate()
  }

  /** What stands, without what is the school's own. */
  async listStanding (): Promise<string[]> {
    const { body } = await this.send('GET', `/v1/signalen?school=${this.brin}&limit=1000`)
    return (body.signalen as Waarde[]).filter(({ status }) => status !== 'vervallen')
      .map(({ regel, aard, begindatum, einddatum, minuten, eenheid, gemeten, drempel, uiterlijkAfhandelen, onderbouwing }) => JSON.stringify({ regel, aard, begindatum, einddatum, minuten, eenheid, gemeten, drempel, uiterlijkAfhandelen, onderbouwing })).sort()
  }
}

t.test('any order of edits ends in the signalen of the final facts', { timeout: 110_000 }, async (t) => {
  const service = await startService(t, { now: () => NU })
  const sequences = fc.sample(fc.array(bewerking, { minLength: 5, maxLength: 16 }), { seed: Number(process.env['ZAAD'] ?? 20261122), numRuns: Number(process.env['REEKSEN'] ?? 100) })
  const regels = new Set<string>()
  let [signalen, lapsed] = [0, 0]
  const run = async (bewerkingen: readonly Bewerking[], number: number): Promise<void> => {
    const brin = (letter: string): string => `${10 + number % 90}${letter}${String.fromCharCode(65 + Math.floor(number / 90))}`
    const bearer = await service.token({ scholen: [brin('A'), brin('B')], seconds: 86_400 * 365 })
    const edited = new School(service, bearer, brin('A'))
    await edited.open()
    await edited.putInschrijvingen(0)
    await edited.adopt('2025-08-01', 0)
    for (const bewerking of bewerkingen) await edited.apply(bewerking)
    const fresh = new School(service, bearer, brin('B'))
    await fresh.become(edited)

    const standing = await edited.listStanding()
    t.same(standing, await fresh.listStanding(), `sequence ${number}: ${JSON.stringify(bewerkingen)}`)
    const { body } = await edited.send('GET', `/v1/signalen?school=${edited.brin}&limit=1000`)
    lapsed += (body.signalen as Waarde[]).length - standing.length
    signalen += standing.length
    for (const line of standing) regels.add(String((JSON.parse(line) as Waarde).regel))
  }
  // A few schools at once, as in life; the sequences of one school stay in order.
  const waiting = [...sequences.entries()]
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next[1], next[0])
  }))
  t.ok(signalen > 2 * sequences.length && lapsed > sequences.length, `enough stood (${signalen}) and fell (${lapsed})`)
  t.same(['aanwezigheidstrede', 'eigen-rijtje', 'langdurig-verzuim', 'luxeverzuim', 'te-laat', 'wettelijk-16-uur', 'ziek-frequent', 'ziek-langdurig', 'zorgelijk-verzuim'].filter((regel) => !regels.has(regel)), [], 'of every kind')
})
