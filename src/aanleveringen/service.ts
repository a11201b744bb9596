import { z } from 'zod'
import { LEERLING_VERNIETIGD } from '../bewaring/vernietigd.ts'
import { sendLast, type Tx } from '../db/transaction.ts'
import { AppError, type Fout } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { isBrin } from '../domain/identificatie.ts'
import { findStam } from '../leerlingen/stam.ts'
import { findMandaatfout } from '../mandaten/service.ts'
import { requireRecht, scopeOfSchool, type Schoolscope, type Scope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Aanlevering, Aanleveringenvraag, Aanleveringsregel, Soortaanlevering } from './contract.ts'

export interface Afgewezen { readonly index: number, readonly problemen?: readonly Fout[] | undefined, readonly [sleutel: string]: unknown }

export interface Aanleveringsgegevens {
  readonly aanlevering: string
  /** The parts of a stream are numbered from 0. */
  readonly deel?: number
  readonly soort: Soortaanlevering
  readonly aantallen: Readonly<Record<string, number>>
  readonly afgewezen?: readonly Afgewezen[]
  readonly bijzonderheden?: object
  /** `performance.now()` when the work began. */
  readonly begonnen: number
}

/** Refused records kept per part, and told of the whole; all of them are in the answer, and their number in aantallen. */
const BEWAARD = 100
const GETOOND = 1_000

/** A push whose records were read: `regels` are well-formed and of scholen of the scope, the others were answered. */
export interface Ontvangen<Regel, Resultaat> {
  readonly aanlevering: string
  readonly deel?: number
  readonly soort: Soortaanlevering
  readonly begonnen: number
  readonly records: readonly unknown[]
  readonly perSchool: ReadonlyMap<string, readonly Regel[]>
  readonly geweigerd: readonly Resultaat[]
  readonly count: (resultaten: readonly Resultaat[]) => Readonly<Record<string, number>>
  /** The answer to a record of a bron without a mandaat; absent where `land` asks that itself, of the Stam its statement checks. */
  readonly refuse?: (regel: Regel, problemen: Fout[]) => Resultaat
}

/**
 * Lands a push school by school, in order of BRIN so that two pushes over the same scholen never wait for each other in a circle, and records
 * it for each; answers what `land` did. Of scholen of which every record was refused too.
 */
export async function landPerSchool<Regel, Resultaat extends Afgewezen> (ctx: Ctx, tx: Tx, scope: Scope, ontvangen: Ontvangen<Regel, Resultaat>, land: (scope: Schoolscope, regels: readonly Regel[]) => Promise<readonly Resultaat[]>): Promise<Resultaat[]> {
  const { records, perSchool, geweigerd, count, refuse, ...gegevens } = ontvangen
  const geweigerdPerSchool = Map.groupBy(geweigerd, ({ index }) => readSchool(records[index], scope))
  const geland: Resultaat[] = []
  for (const school of [...new Set([...perSchool.keys(), ...geweigerdPerSchool.keys()])].sort()) {
    if (school === '') continue
    const eigen = scopeOfSchool(scope, school)!
    const regels = perSchool.get(school)
    const fout = refuse === undefined || regels === undefined ? undefined : findMandaatfout(ctx, await findStam(ctx, tx, school), 'aanleveren')
    const resultaten = regels === undefined ? [] : fout === undefined ? await land(eigen, regels) : regels.map((regel) => refuse!(regel, [fout]))
    geland.push(...resultaten)
    const alle = [...geweigerdPerSchool.get(school) ?? [], ...resultaten]
    sendLast(tx, recordAanlevering(ctx, tx, eigen, { ...gegevens, aantallen: count(alle), afgewezen: alle.filter(({ problemen }) => problemen !== undefined) }))
  }
  return geland
}

/** The school a refused record is listed under: the one it names, itself or in its vestiging, where it is one of the caller's; else ''. */
function readSchool (record: unknown, scope: Scope): string {
  const { school, vestiging } = (record ?? {}) as { school?: unknown, vestiging?: unknown }
  const named = typeof school === 'string' ? school : typeof vestiging === 'string' ? vestiging.slice(0, 4) : ''
  return isBrin(named) && scopeOfSchool(scope, named) !== undefined ? named : ''
}

/** Records what one school was delivered, in the transaction that lands it. */
export async function recordAanlevering (ctx: Ctx, tx: Tx, scope: Schoolscope, gegevens: Aanleveringsgegevens): Promise<void> {
  const { aanlevering, deel = 0, soort, aantallen, afgewezen = [], bijzonderheden = {}, begonnen } = gegevens
  await store.insertAanlevering(tx, {
    school: scope.school,
    aanlevering,
    deel,
    bron: scope.bron,
    actor: ctx.actor.persoon ?? ctx.actor.bron,
    soort,
    aantallen,
    afgewezen: afgewezen.slice(0, BEWAARD).map(withoutVernietigde),
    bijzonderheden,
    duurMs: Math.round(performance.now() - begonnen)
  })
}

/** The key of who was destroyed is not kept again. */
function withoutVernietigde (afgewezen: Afgewezen): Afgewezen {
  return afgewezen.problemen?.some(({ code }) => code === LEERLING_VERNIETIGD) === true ? { index: afgewezen.index, problemen: afgewezen.problemen } : afgewezen
}

const Positie = z.tuple([z.iso.datetime(), z.uuid()])

/** What a school was delivered, newest first, of every bron. */
export async function listAanleveringen (ctx: Ctx, vraag: Aanleveringenvraag): Promise<{ aanleveringen: Aanleveringsregel[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'absenties:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  const found = await ctx.transaction(async (tx) => await store.listAanleveringen(tx, scope, { ...vraag, na, limit: vraag.limit + 1 }))
  const aanleveringen = found.slice(0, vraag.limit)
  const last = aanleveringen.at(-1)
  return { aanleveringen, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.ontvangenOp, last.id]) : null }
}

export async function getAanlevering (ctx: Ctx, id: string, school: string): Promise<Aanlevering> {
  const scope = requireRecht(ctx.actor, 'absenties:lezen', school)
  return await ctx.transaction(async (tx) => {
    const found = await store.findAanlevering(tx, scope, id, GETOOND)
    if (found === undefined) throw new AppError('niet-gevonden', 'Deze aanlevering is hier niet bekend.')
    // A refused leerling is named by its key; the other kinds name no person.
    const leerlingen = found.soort === 'leerlingen' ? found.afgewezen.flatMap(({ bronId }) => typeof bronId === 'string' ? [bronId] : []) : []
    await recordVerwerking(ctx, tx, 'stamgegevens:lezen', leerlingen.map((leerling) => ({ school, bron: found.bron, leerling })))
    return found
  })
}

/** An aanlevering of the bron of this scope, for the room that turns it back; another's is not there. */
export async function getEigenAanlevering (tx: Tx, scope: Schoolscope, id: string): Promise<Aanlevering> {
  const found = await store.findAanlevering(tx, scope, id, 0)
  if (found === undefined || found.bron !== scope.bron) throw new AppError('niet-gevonden', 'Deze aanlevering is hier niet bekend.')
  return found
}

/** Marks an aanlevering as turned back; of a terugdraaiing, what it turned back stands again. Answers which of this bron now stand no more. */
export async function registerTerugdraaiing (tx: Tx, scope: Schoolscope, aanlevering: string, door: string): Promise<string[]> {
  await store.markTeruggedraaid(tx, scope, aanlevering, door)
  await store.unmarkTeruggedraaid(tx, scope, aanlevering)
  return [...await store.listVervallen(tx, scope), door]
}
