import fc from 'fast-check'
import t from 'tap'
import { z } from 'zod'
import { Absentiemelding, Absentiesantwoord, Absentiesbulk } from '../src/absenties/contract.ts'
import { makeSnelleSchrijver } from '../src/http/rest.ts'
import { compileSnel } from '../src/http/snel.ts'

t.test('the compiled check accepts exactly what zod accepts, and zod changes nothing of it', async (t) => {
  const isMelding = compileSnel(Absentiemelding)
  const goed = { bronId: '8841203', school: '99AA', vestiging: '99AA00', leerling: 'L-100122', datum: '2026-09-14', soort: 'afwezig', reden: 'SPIJ', minuten: 100, lesuren: [3, 4], dagdeel: null, ingetrokken: false, gewijzigdOp: '2026-09-14T09:12:00+02:00' }
  const velden = Object.keys(goed)
  const waarden = fc.oneof(
    fc.constantFrom<unknown>(null, undefined, true, false, 0, -0, 1, 1.5, 1440, 1441, -1, Infinity, '', ' ', '99AA', '99AB', '99AA00', '99aa00', '2026-02-29', '2026-02-30', '2028-02-29', 'ochtend', 'te-laat', 'ZK', 'a b', '~x', 'x'.repeat(80), 'x'.repeat(81),
      [], [1], [1, 1], [0], [21], [1.5], ['1'], {}, '2026-09-14T09:12:00', '2026-09-14T09:12:00Z', '2026-09-14T24:00:00Z', '2026-02-30T09:12:00Z', '\u0000', '\ud800'),
    fc.string(), fc.integer(), fc.double(), fc.array(fc.integer({ min: 0, max: 22 }), { maxLength: 22 }))
  let accepted = 0
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom(...velden, 'onzin', '__proto__'), waarden, fc.boolean()), { maxLength: 3 }), (wijzigingen) => {
    const record: Record<string, unknown> = { ...goed }
    for (const [veld, waarde, weg] of wijzigingen) {
      if (weg) delete record[veld]
      else Object.defineProperty(record, veld, { value: waarde, enumerable: true, configurable: true, writable: true })
    }
    const parsed = Absentiemelding.safeParse(record)
    if (isMelding(record) !== parsed.success) throw new Error(`zod: ${parsed.success}`)
    if (!parsed.success) return
    accepted++
    t.strictSame({ ...parsed.data }, { ...record })
  }), { numRuns: 4_000, seed: 20_261_121 })
  t.ok(accepted > 500, `${accepted} of 4,000 were good`)
  for (const niets of [null, undefined, 1, 'x', [], [goed]]) t.equal(isMelding(niets), false)
})

t.test('of a bulk it says as much as zod does, and leaves its records to be parsed one by one', async (t) => {
  const isBulk = compileSnel(Absentiesbulk)
  const bodies = [{ absenties: [1, null, 'x', {}] }, { absenties: Array(5_000).fill({}) }, { absenties: Array(5_001).fill({}) }, { absenties: [] }, { absenties: [{}], onzin: 1 }, { absenties: {} }, { absenties: null }, {}, [], null, undefined, 'x']
  for (const body of bodies) t.equal(isBulk(body), Absentiesbulk.safeParse(body).success)
  t.same(bodies.map(isBulk), [true, true, ...Array(10).fill(false)])
})

t.test('a check stays with its value, however it is dressed', async (t) => {
  const isEven = (value: number): boolean => value % 2 === 0
  const gekleed = (schema: z.ZodType): z.ZodType[] => [schema, schema.describe('x'), schema.nullable(), schema.nullish().describe('x'), schema.nullable().meta({ id: 'Gekleed' }).optional(), z.array(schema.nullable())]
  const waarden = [undefined, null, 'a', 'b', 'ab', '6f1c2f0e-8a57-4c07-9a5c-0c2a4f3f7c11', 1, 2, 3, [], [null], ['a'], ['b'], [2], [3]]
  for (const kaal of [z.string().regex(/^a$/), z.string().regex(/a/).regex(/^.$/), z.string().refine((value) => value === 'a'), z.number().refine(isEven), z.uuid(), z.array(z.string()).refine(({ length }) => length === 1)]) {
    for (const schema of gekleed(kaal)) {
      const record = z.object({ veld: schema })
      const check = compileSnel(record)
      for (const veld of waarden) t.equal(check({ veld }), record.safeParse({ veld }).success, `${JSON.stringify(z.toJSONSchema(schema))}: ${JSON.stringify(veld)}`)
    }
  }
  t.throws(() => compileSnel(z.url()), 'a format without a pattern')
})

t.test('a schema that changes what it parses is not compiled', async (t) => {
  for (const schema of [z.string().transform(Number), z.string().default('x'), z.string().trim(), z.preprocess(String, z.string()), z.string().catch('x'), z.enum(['a', 'b']).refine((value) => value === 'a'), z.string().optional().refine((value) => value !== 'a')]) {
    t.throws(() => compileSnel(z.object({ veld: schema })))
  }
})

t.test('an answer that is written without parsing is the one that parsing gives: nothing unknown leaves, and nothing wrong', async (t) => {
  const write = makeSnelleSchrijver(Absentiesantwoord)
  const aantallen = { nieuw: 1, gewijzigd: 0, ongewijzigd: 0, ingetrokken: 0, verouderd: 0, inWacht: 0, afgewezen: 1 }
  const goed = { aanlevering: '6f1c2f0e-8a57-4c07-9a5c-0c2a4f3f7c11', aantallen, resultaten: [{ index: 0, bronId: 'a', resultaat: 'nieuw' }, { index: 1, resultaat: 'afgewezen', problemen: [{ code: 'ontbreekt', pointer: '/datum', detail: 'Dit veld is verplicht.' }] }] }
  t.equal(write(goed), JSON.stringify(goed))
  t.equal(write({ ...goed, geheim: 1, resultaten: [{ ...goed.resultaten[0], leerling: 'L-1' }] }), JSON.stringify({ ...goed, resultaten: [goed.resultaten[0]] }))
  t.throws(() => write({ ...goed, resultaten: [{ index: 0, resultaat: 'anders' }] }))
})
