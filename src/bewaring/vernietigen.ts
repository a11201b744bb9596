import { createHash, randomUUID } from 'node:crypto'
import { forgetAfgewezen } from '../aanleveringen/store.ts'
import { deleteAbsentiesVan } from '../absenties/store.ts'
import { deleteAfmeldingenVan } from '../afmeldingen/store.ts'
import { schooljaar, schooljaarPeriode, type Datum } from '../domain/datum.ts'
import { assert } from '../errors.ts'
import { describeError } from '../http/problem.ts'
import { deleteLeerlingenVan } from '../leerlingen/store.ts'
import { lockEvaluatie, lockSchool, raiseLeerlingversie, raiseStamversie } from '../leerlingen/stam.ts'
import { deleteMeldingenVan } from '../meldingen/store.ts'
import { clearNotitiesVan, deleteRustVan, deleteSignalenVan } from '../signalen/store.ts'
import { deleteUitzonderingenVan } from '../uitzonderingen/store.ts'
import { destroyLogsleutels, recordVerwerking } from '../verwerkingen/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Schoolscope } from '../toegang/service.ts'
import type { Vernietigingsregel } from './contract.ts'
import type { Leerlingsleutel } from './vernietigd.ts'
import type { Voornemen, Wisregister } from './wisregister.ts'

/** A leerling, and the last day of what is destroyed of him. */
export interface Teverwijderen extends Leerlingsleutel { readonly tot: Datum }

/** Why: a bewaartermijn that has passed, or a ground of AVG art. 17; of logsleutels neither. */
export type Reden = Pick<Vernietigingsregel, 'soort' | 'termijn' | 'grond'>

export interface Opdracht {
  readonly wat: Voornemen['wat']
  readonly reden: Reden
  readonly leerlingen: readonly Teverwijderen[]
  /** Absent: every one there is. */
  readonly logsleutels?: readonly number[]
}

/** What is gone, with its receipt. */
export interface Vernietigd { readonly regel: Vernietigingsregel, readonly sha256: string, readonly logsleutels: readonly number[] }

/**
 * Destroys what `choose` finds, in one transaction with its receipt, after it was laid down in the wisregister: from then on it is done, or done
 * again by whoever finds it undone. Undefined: there was nothing. Whatever else works on the school waits: an evaluation, a push, a levering.
 */
export async function destroy (ctx: Ctx, register: Wisregister, scope: Schoolscope, choose: (tx: Tx) => Promise<Opdracht | undefined>): Promise<Vernietigd | undefined> {
  const { school } = scope
  await settle(ctx, register, scope, 'volbrengen')
  let voorgenomen = false
  try {
    const vernietigd = await ctx.transaction(async (tx) => {
      await lockAlles(tx, school)
      const { einde, open, voornemens } = await register.read(school)
      const nummer = await store.findWisnummer(tx, school)
      assert(open === undefined && nummer >= (voornemens.at(-1)?.nummer ?? 0) && nummer <= einde, 'the store is where the wisregister is; else `npm run herstel`')
      const opdracht = await choose(tx)
      if (opdracht === undefined) return undefined
      const gedaan = await carryOut(ctx, tx, scope, opdracht)
      await store.updateWisnummer(tx, school, await register.intend(describe(ctx, scope, opdracht, gedaan), () => { voorgenomen = true }))
      return gedaan
    })
    if (vernietigd !== undefined) await settle(ctx, register, scope, 'volbrengen')
    return vernietigd
  } catch (error) {
    // What went wrong is what the caller hears; what stays open is settled by whoever destroys next.
    if (voorgenomen) await settle(ctx, register, scope, 'afblazen').catch((failure: unknown) => { ctx.log.error({ school, fout: describeError(failure) }, 'an intention in the wisregister stays open') })
    throw error
  }
}

async function lockAlles (tx: Tx, school: string): Promise<void> {
  await lockEvaluatie(tx, school)
  await lockSchool(tx, school)
  await store.lockWisregister(tx, school)
}

function describe (ctx: Ctx, { school }: Schoolscope, { wat, leerlingen, reden: { termijn, grond } }: Opdracht, { regel, sha256, logsleutels }: Vernietigd): Omit<Voornemen, 'soort' | 'nummer' | 'op'> {
  return { school, vernietiging: regel.id, wat, termijn, grond, leerlingen: leerlingen.map(({ tot, ...sleutel }) => [pseudonymOf(ctx, school, sleutel), tot]), logsleutels: [...logsleutels], sha256 }
}

function pseudonymOf (ctx: Ctx, school: string, { bron, leerling }: Leerlingsleutel): string {
  return ctx.sleutels.pseudonymVernietigd({ school, bron, leerling }).toString('hex')
}

/**
 * Settles an intention of which nothing was said yet. It was done when the store says so; else its process died before the commit and it is
 * carried out now, or it failed before our eyes and is called off.
 */
export async function settle (ctx: Ctx, register: Wisregister, scope: Schoolscope, hoe: 'volbrengen' | 'afblazen'): Promise<void> {
  const { school } = scope
  const blijft = await ctx.transaction(async (tx) => {
    await store.lockWisregister(tx, school)
    const { open } = await register.read(school)
    if (open === undefined) return false
    const gedaan = await store.findWisnummer(tx, school) >= open.nummer
    if (!gedaan && hoe === 'volbrengen') return true
    await register.settle(school, gedaan ? 'gedaan' : 'ongedaan')
    return false
  })
  if (blijft) await repeatVoornemens(ctx, register, scope)
}

export interface Herhaling { readonly voornemen: Voornemen, /** How many of its leerlingen, or logsleutels, were here again. */ readonly terug: number, readonly regel: Vernietigingsregel }

/**
 * Does again what the wisregister says was destroyed after this store was as it is, each in its own transaction. Nothing holds it off: it was
 * decided then, and a vasthouding that a backup brings back had ended.
 */
export async function repeatVoornemens (ctx: Ctx, register: Wisregister, scope: Schoolscope): Promise<Herhaling[]> {
  const { school } = scope
  const herhalingen: Herhaling[] = []
  for (;;) {
    const herhaling = await ctx.transaction(async (tx): Promise<Herhaling | undefined> => {
      await lockAlles(tx, school)
      const { voornemens, open, breuk } = await register.read(school)
      const nummer = await store.findWisnummer(tx, school)
      const voornemen = voornemens.find((each) => each.nummer > nummer)
      if (voornemen === undefined) {
        if (open !== undefined && breuk === null) await register.settle(school, 'gedaan')
        return undefined
      }
      const opdracht = await recognise(ctx, tx, scope, voornemen)
      const { regel, logsleutels } = await carryOut(ctx, tx, scope, opdracht, voornemen)
      await store.updateWisnummer(tx, school, voornemen.nummer)
      return { voornemen, terug: opdracht.leerlingen.length + logsleutels.length, regel }
    })
    if (herhaling === undefined) return herhalingen
    herhalingen.push(herhaling)
  }
}

/** The rows of this store that an intention is about, by their pseudonyms. */
async function recognise (ctx: Ctx, tx: Tx, scope: Schoolscope, { wat, termijn, grond, leerlingen, logsleutels }: Voornemen): Promise<Opdracht> {
  const weg = new Map(leerlingen)
  const aanwezig = weg.size === 0 ? [] : await store.listSleutels(tx, scope)
  return {
    wat,
    reden: { soort: termijn !== null ? 'bewaartermijn' : grond !== null ? 'vergetelheid' : 'logsleutel', termijn, grond },
    leerlingen: aanwezig.flatMap((sleutel) => {
      const tot = weg.get(pseudonymOf(ctx, scope.school, sleutel))
      return tot === undefined ? [] : [{ ...sleutel, tot }]
    }),
    logsleutels
  }
}

// ---- what it is to destroy

interface Weg { readonly rijen: Readonly<Record<string, number>>, readonly dagen: Vernietigingsregel['dagen'], readonly logsleutels: readonly number[] }

async function carryOut (ctx: Ctx, tx: Tx, scope: Schoolscope, opdracht: Opdracht, voornemen?: Voornemen): Promise<Vernietigd> {
  const { school } = scope
  const { wat, leerlingen, reden } = opdracht
  await recordVerwerking(ctx, tx, 'bewaring:vernietigen', leerlingen.map(({ bron, leerling }) => ({ school, bron, leerling })))
  const { logsleutels, ...weg } = await ERASE[wat](ctx, tx, scope, opdracht)
  const regel = await buildRegel(ctx, tx, scope, reden, { ...weg, leerlingen: leerlingen.length, herhalingVan: voornemen?.vernietiging ?? null })
  // Of those a backup did not bring back too: what a bron sends of them again is refused.
  const vernietigden = wat === 'leerlingen' ? voornemen?.leerlingen ?? leerlingen.map(({ tot, ...sleutel }) => [pseudonymOf(ctx, school, sleutel), tot] as const) : []
  return { regel, sha256: await recordVernietiging(tx, scope, regel, vernietigden), logsleutels }
}

const ERASE: Readonly<Record<Voornemen['wat'], (ctx: Ctx, tx: Tx, scope: Schoolscope, opdracht: Opdracht) => Promise<Weg>>> = { leerlingen: eraseLeerlingen, dossiers: eraseDossiers, logsleutels: eraseLogsleutels }

/** Everything of these leerlingen, in every room; and proof that nothing is left. */
async function eraseLeerlingen (ctx: Ctx, tx: Tx, scope: Schoolscope, { leerlingen, reden }: Opdracht): Promise<Weg> {
  if (leerlingen.length === 0) return { rijen: {}, dagen: null, logsleutels: [] }
  const { school } = scope
  const onderliggend = await store.listOnderliggend(tx, scope, leerlingen)
  const rijen = await store.countRijen(tx, scope, leerlingen, onderliggend)
  const dagen = await store.findDagen(tx, scope, leerlingen, ctx.vandaag())
  // Figures of long ago stay as they were counted; of what was never to be here, those that are not closed yet follow.
  if (reden.soort === 'bewaartermijn') await store.raiseGrens(tx, school, leerlingen.map(({ tot }) => tot).sort().at(-1)!)
  else await store.markWeken(tx, scope, leerlingen, schooljaarPeriode(schooljaar(ctx.vandaag())).tot)

  const { absenties, afmeldingen, vrijstellingen } = onderliggend
  await deleteMeldingenVan(tx, scope, leerlingen)
  await deleteSignalenVan(tx, scope, leerlingen)
  await deleteUitzonderingenVan(tx, scope, leerlingen)
  await deleteAfmeldingenVan(tx, scope, leerlingen, afmeldingen)
  await deleteAbsentiesVan(tx, scope, leerlingen, absenties)
  await deleteLeerlingenVan(tx, scope, leerlingen)
  await forgetAfgewezen(tx, scope, [...absenties, ...afmeldingen, ...vrijstellingen, ...leerlingen.map(({ bron, leerling }) => ({ bron, bronId: leerling }))])
  await raiseLeerlingversie(tx, school)
  await raiseStamversie(tx, school)

  const resten = listAanwezig(await store.countRijen(tx, scope, leerlingen, onderliggend))
  assert(Object.keys(resten).length === 0, `nothing is left of who was destroyed, but ${JSON.stringify(resten)}`)
  return { rijen: listAanwezig(rijen), dagen, logsleutels: [] }
}

function listAanwezig (rijen: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...rijen].filter(([, aantal]) => aantal > 0))
}

/** What people laid down beside the facts. The facts stay, and nothing is derived from them any more. */
async function eraseDossiers (_ctx: Ctx, tx: Tx, scope: Schoolscope, { leerlingen }: Opdracht): Promise<Weg> {
  const rijen = new Map([
    ['signaal_beoordeling', await clearNotitiesVan(tx, scope, leerlingen)],
    ['signaalrust', await deleteRustVan(tx, scope, leerlingen)],
    ['uitzondering', await deleteUitzonderingenVan(tx, scope, leerlingen)]
  ])
  await store.upsertDossiersluitingen(tx, scope, leerlingen)
  return { rijen: listAanwezig(rijen), dagen: null, logsleutels: [] }
}

async function eraseLogsleutels (ctx: Ctx, tx: Tx, scope: Schoolscope, { logsleutels }: Opdracht): Promise<Weg> {
  const vernietigd = await destroyLogsleutels(ctx, tx, scope, logsleutels)
  return { rijen: listAanwezig(new Map([['logsleutel', vernietigd.length]])), dagen: null, logsleutels: vernietigd }
}

// ---- receipts

type Gebeurd = Pick<Vernietigingsregel, 'rijen' | 'dagen' | 'leerlingen' | 'herhalingVan'>

export async function buildRegel (ctx: Ctx, tx: Tx, { school }: Schoolscope, reden: Reden, gebeurd: Gebeurd): Promise<Vernietigingsregel> {
  const { persoon, bron, rol = null } = ctx.actor
  return { id: `${school}-${randomUUID()}`, school, ...reden, vernietigdOp: await store.readMoment(tx), actor: persoon ?? bron, rol, ...gebeurd }
}

/** Writes a receipt; answers its SHA-256. */
export async function recordVernietiging (tx: Tx, scope: Schoolscope, regel: Vernietigingsregel, vernietigden: ReadonlyArray<readonly [pseudoniem: string, tot: Datum]> = []): Promise<string> {
  const sha256 = hashVernietiging(regel, vernietigden.map(([pseudoniem]) => pseudoniem))
  await store.insertVernietiging(tx, scope, regel, sha256, vernietigden)
  return sha256
}

/** SHA-256 over everything a receipt says, in this order, tables and pseudonyms in order of name. */
export function hashVernietiging (regel: Vernietigingsregel, pseudoniemen: readonly string[]): string {
  const { id, school, soort, termijn, grond, vernietigdOp, actor, rol, leerlingen, rijen, dagen, herhalingVan } = regel
  const inhoud = [
    id, school, soort, termijn === null ? null : [termijn.naam, termijn.versie, termijn.grens], grond, vernietigdOp, actor, rol, leerlingen,
    Object.entries(rijen).sort(([a], [b]) => a < b ? -1 : 1), dagen === null ? null : [dagen.van, dagen.tot], herhalingVan, pseudoniemen.toSorted()
  ]
  return createHash('sha256').update(JSON.stringify(inhoud)).digest('hex')
}
