import { reclassify } from '../absenties/store.ts'
import { onverklaardTot, STANDAARDBELEID, type Beleid } from '../domain/beleid.ts'
import { addDagen } from '../domain/datum.ts'
import { AppError } from '../errors.ts'
import { lockStam, raiseStamversie, readGewijzigdeStam, type Stam } from '../leerlingen/stam.ts'
import { markVestiging } from '../leerlingen/store.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Beleidsinvoer, Beleidsversie } from './contract.ts'

/** The versions of a school, newest first; the national standaardbeleid, in force where none of them is, comes last as version 0. */
export async function listBeleidsversies (ctx: Ctx, school: string): Promise<{ beleidsversies: Beleidsversie[] }> {
  requireRecht(ctx.actor, 'beleid:lezen', school)
  return { beleidsversies: [...await ctx.transaction(async (tx) => await store.listBeleidsversies(tx, school)), buildStandaard(school)] }
}

export async function getBeleidsversie (ctx: Ctx, school: string, versie: number): Promise<Beleidsversie> {
  const { beleidsversies } = await listBeleidsversies(ctx, school)
  const found = beleidsversies.find((candidate) => candidate.versie === versie)
  if (found === undefined) throw new AppError('niet-gevonden', `School ${school} heeft geen beleidsversie ${versie}.`)
  return found
}

/** A new concept; nothing counts by it before its vaststelling. */
export async function createBeleidsversie (ctx: Ctx, school: string, invoer: Beleidsinvoer): Promise<Beleidsversie> {
  requireRecht(ctx.actor, 'beleid:schrijven', school)
  return await ctx.transaction(async (tx) => {
    if (await lockStam(ctx, tx, school) === undefined) throw new AppError('stamgegevens-onbekend', `School ${school} heeft hier nog geen vestiging.`)
    const versie = 1 + Math.max(0, ...(await store.listBeleidsversies(tx, school)).map((present) => present.versie))
    await store.insertBeleidsversie(tx, {
      school,
      versie,
      geldigVan: invoer.geldigVan,
      geldigTot: invoer.geldigTot ?? null,
      redenen: invoer.redenen ?? buildStandaard(school).redenen,
      onverklaardNaLesdagen: invoer.onverklaardNaLesdagen ?? null,
      regels: invoer.regels ?? []
    })
    return await getOwn(tx, school, versie)
  })
}

/**
 * Adopts a concept: from here it is immutable. An open version before it ends the day before; any other overlap is refused. Exactly the
 * days it covers are classified anew, and its leerlingen evaluated.
 */
export async function adoptBeleidsversie (ctx: Ctx, school: string, versie: number): Promise<Beleidsversie> {
  const scope = requireRecht(ctx.actor, 'beleid:schrijven', school)
  const adopted = await ctx.transaction(async (tx) => {
    await lockStam(ctx, tx, school)
    const concept = await getOwn(tx, school, versie)
    if (concept.status !== 'concept') throw new AppError('beleid-vastgesteld', `Beleidsversie ${versie} is al vastgesteld; maak een nieuwe versie.`)
    await closeEarlier(tx, concept)
    await store.updateVastgesteld(tx, school, versie)
    await raiseStamversie(tx, school)

    const stam = await readGewijzigdeStam(tx, school)
    await classifyVersie(ctx, tx, scope, stam, concept)
    for (const vestiging of stam.vestigingen.keys()) await markVestiging(tx, scope, vestiging)
    return await getOwn(tx, school, versie)
  })
  ctx.wake()
  return adopted
}

/** The night's share: what stayed unexplained for too many lesdagen becomes ongeoorloofd, where a version says so. Answers how many. */
export async function applyOnverklaard (ctx: Ctx, school: string): Promise<number> {
  const scope = requireRecht(ctx.actor, 'beleid:schrijven', school)
  return await ctx.transaction(async (tx) => {
    const stam = await lockStam(ctx, tx, school)
    let changed = 0
    for (const beleid of stam?.beleid ?? []) {
      if (beleid.onverklaardNaLesdagen !== null) changed += await classifyVersie(ctx, tx, scope, stam!, beleid)
    }
    return changed
  })
}

async function classifyVersie (ctx: Ctx, tx: Tx, scope: Schoolscope, stam: Stam, beleid: Beleid): Promise<number> {
  const categorieen = new Map(beleid.redenen.map(({ code, categorie }) => [code, categorie]))
  let changed = 0
  for (const [vestiging, { kalender }] of stam.vestigingen) {
    const ongeoorloofdTot = onverklaardTot(beleid, kalender, ctx.vandaag())
    changed += await reclassify(tx, scope, { vestiging, van: beleid.geldigVan, tot: beleid.geldigTot }, { categorieen, ongeoorloofdTot })
  }
  return changed
}

async function closeEarlier (tx: Tx, concept: Beleidsversie): Promise<void> {
  const { school, geldigVan, geldigTot } = concept
  for (const ander of await store.listBeleidsversies(tx, school)) {
    if (ander.status === 'concept') continue
    const overlapt = ander.geldigVan <= (geldigTot ?? '9999-12-31') && geldigVan <= (ander.geldigTot ?? '9999-12-31')
    if (!overlapt) continue
    // A version with an end may not cut an open one in two: what follows it would fall back to the standaardbeleid unseen.
    if (ander.geldigTot !== null || geldigTot !== null || ander.geldigVan >= geldigVan) throw new AppError('beleid-overlapt', `Overlapt beleidsversie ${ander.versie}, die geldt van ${ander.geldigVan} tot en met ${ander.geldigTot ?? 'nader order'}.`)
    await store.updateGeldigTot(tx, school, ander.versie, addDagen(geldigVan, -1))
  }
}

async function getOwn (tx: Tx, school: string, versie: number): Promise<Beleidsversie> {
  const found = (await store.listBeleidsversies(tx, school)).find((candidate) => candidate.versie === versie)
  if (found === undefined) throw new AppError('niet-gevonden', `School ${school} heeft geen beleidsversie ${versie}.`)
  return found
}

function buildStandaard (school: string): Beleidsversie {
  const { versie, geldigVan, geldigTot, redenen, onverklaardNaLesdagen } = STANDAARDBELEID
  return {
    school,
    versie,
    status: 'vastgesteld',
    geldigVan,
    geldigTot,
    redenen: redenen.map(({ kenmerken, ...reden }) => ({ ...reden, ...(kenmerken === undefined ? {} : { kenmerken: [...kenmerken] }) })),
    onverklaardNaLesdagen,
    regels: [],
    vastgesteldOp: null
  }
}
