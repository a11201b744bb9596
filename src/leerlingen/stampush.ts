import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { landPerSchool } from '../aanleveringen/service.ts'
import { nameFoutcode } from '../absenties/service.ts'
import { AppError, type Fout } from '../errors.ts'
import { listFouten } from '../http/rest.ts'
import { requireRecht, scopeOfSchool, type Schoolscope } from '../toegang/service.ts'
import { tryTransaction } from '../verwerkingen/service.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Stamresultaat } from './contract.ts'

// What every bulk push of stamgegevens does the same, whatever it is of.

export interface Recordresultaat { readonly index: number, readonly resultaat: Stamresultaat, readonly problemen?: Fout[], readonly [sleutel: string]: unknown }
export interface Bulkantwoord { readonly aanlevering: string, readonly aantallen: Record<Stamresultaat, number>, readonly resultaten: Recordresultaat[] }

export interface Regel<T> { readonly index: number, readonly record: T }
export type Uitslag = Stamresultaat | Fout[]

/** What differs between the kinds of stamgegevens. */
export interface Soort<T> {
  readonly naam: 'vestigingen' | 'kalenders' | 'leerlingen' | 'vrijstellingen' | 'groepen' | 'betrekkingen'
  readonly vorm: z.ZodType<T>
  readonly schoolOf: (record: T) => string
  /** The key of a record as it came, also of a malformed one. */
  readonly sleutel: readonly string[]
  /** Decides and writes the well-formed records of one school; index → what happened. */
  readonly write: (ctx: Ctx, tx: Tx, scope: Schoolscope, regels: ReadonlyArray<Regel<T>>) => Promise<Map<number, Uitslag>>
}

/** Each record stands alone; with `proef` the same answer, and nothing written. */
export async function push<T> (ctx: Ctx, soort: Soort<T>, records: readonly unknown[], opties: { proef: boolean }): Promise<Bulkantwoord> {
  const begonnen = performance.now()
  const scope = requireRecht(ctx.actor, 'stamgegevens:schrijven')
  const aanlevering = randomUUID()
  const geweigerd: Recordresultaat[] = []
  const regels: Array<Regel<T>> = []
  const describe = (index: number, uitslag: Uitslag): Recordresultaat => describeUitslag(index, readSleutel(records[index], soort.sleutel), uitslag)
  records.forEach((record, index) => {
    const parsed = soort.vorm.safeParse(record)
    if (!parsed.success) geweigerd.push(describe(index, listFouten(parsed.error, '', record)))
    else if (scopeOfSchool(scope, soort.schoolOf(parsed.data)) === undefined) geweigerd.push(describe(index, [fout('school-onbekend', '/school', `School ${soort.schoolOf(parsed.data)} is hier niet bekend.`)]))
    else regels.push({ index, record: parsed.data })
  })
  const perSchool = Map.groupBy(regels, ({ record }) => soort.schoolOf(record))
  const ontvangen = { aanlevering, soort: soort.naam, begonnen, records, perSchool, geweigerd, count: countUitslagen, refuse: ({ index }: Regel<T>, problemen: Fout[]) => describe(index, problemen) }
  const land = async (tx: Tx): Promise<Recordresultaat[]> => await landPerSchool(ctx, tx, scope, ontvangen, async (eigen, eigenRegels) => [...await soort.write(ctx, tx, eigen, eigenRegels)].map(([index, uitslag]) => describe(index, uitslag)))
  const landed = opties.proef ? await tryTransaction(ctx, land) : await ctx.transaction(land)
  if (!opties.proef) ctx.wake()
  const resultaten = [...geweigerd, ...landed].sort((a, b) => a.index - b.index)
  return { aanlevering, aantallen: countUitslagen(resultaten), resultaten }
}

function describeUitslag (index: number, sleutel: Record<string, unknown>, uitslag: Uitslag): Recordresultaat {
  return typeof uitslag === 'string' ? { index, ...sleutel, resultaat: uitslag } : { index, ...sleutel, resultaat: 'afgewezen', problemen: uitslag }
}

function countUitslagen (resultaten: readonly Recordresultaat[]): Record<Stamresultaat, number> {
  const aantallen: Record<Stamresultaat, number> = { nieuw: 0, gewijzigd: 0, ongewijzigd: 0, afgewezen: 0 }
  for (const { resultaat } of resultaten) aantallen[resultaat]++
  return aantallen
}

/** One record by PUT: the bulk push of one, with its problem thrown. */
export async function putOne<T> (ctx: Ctx, soort: Soort<T>, record: unknown, school: string): Promise<Stamresultaat> {
  requireRecht(ctx.actor, 'stamgegevens:schrijven', school)
  const { resultaten: [resultaat] } = await push(ctx, soort, [record], { proef: false })
  if (resultaat!.problemen !== undefined) throw new AppError(resultaat!.problemen.every(({ code }) => code.endsWith('-onbekend')) ? 'stamgegevens-onbekend' : nameFoutcode(resultaat!.problemen), resultaat!.problemen[0]!.detail, resultaat!.problemen)
  return resultaat!.resultaat
}

function readSleutel (record: unknown, sleutel: readonly string[]): Record<string, unknown> {
  const value = typeof record === 'object' && record !== null ? record as Record<string, unknown> : {}
  return Object.fromEntries(sleutel.flatMap((naam) => typeof value[naam] === 'string' ? [[naam, value[naam].slice(0, 80)]] : []))
}

export function fout (code: string, pointer: string, detail: string): Fout {
  return { code, pointer, detail }
}
