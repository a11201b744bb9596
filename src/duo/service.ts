import { z } from 'zod'
import { AppError, assert } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { lockStam } from '../leerlingen/stam.ts'
import { requireRecht } from '../toegang/service.ts'
import { formatJson, stageBestanden, type Klaargezet } from './bestanden.ts'
import { buildLevering, invalid } from './opbouw.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Levering, Leveringenvraag, Leveringsinvoer, Manifest } from './contract.ts'

/**
 * Builds a levering from everything committed to the school before it, and nothing after; or, with an afkapmoment, as it was then. Stored
 * and on the disk when this returns.
 */
export async function createLevering (ctx: Ctx, invoer: Leveringsinvoer): Promise<Levering> {
  const scope = requireRecht(ctx.actor, 'leveringen:schrijven', invoer.school)
  if (invoer.ontvanger !== 'ocw') throw invalid('ontvanger-niet-beschikbaar', '/ontvanger', 'Leveringen voor deze ontvanger zijn er nog niet; nu alleen ocw.')
  let klaargezet: Klaargezet | undefined
  try {
    const manifest = await ctx.transaction(async (tx) => {
      if (await lockStam(ctx, tx, scope.school) === undefined) throw new AppError('stamgegevens-onbekend', `School ${scope.school} heeft hier nog geen vestiging.`)
      const nu = await store.readMoment(tx)
      const levering = await buildLevering(tx, scope, invoer, { gemaaktOp: nu, afkapmoment: readAfkapmoment(invoer.afkapmoment, nu) })
      await store.insertLevering(tx, scope, levering)
      klaargezet = await stageBestanden(ctx.leveringenDir, listBestanden(levering))
      return levering.manifest
    })
    await klaargezet?.publish()
    return toLevering(manifest)
  } catch (error) {
    await klaargezet?.discard()
    throw error
  }
}

function readAfkapmoment (gevraagd: string | undefined, nu: Date): Date {
  const afkapmoment = gevraagd === undefined ? nu : new Date(gevraagd)
  if (afkapmoment > nu) throw invalid('afkapmoment-in-toekomst', '/afkapmoment', 'Dit moment is nog niet geweest.')
  return afkapmoment
}

/** The manifest last: who sees it, sees the files it speaks of. */
function listBestanden ({ manifest, csv, json }: store.Nieuwelevering): Array<{ naam: string, inhoud: string }> {
  const [first, second] = manifest.bestanden
  return [{ naam: first!.naam, inhoud: csv }, { naam: second!.naam, inhoud: json }, { naam: first!.naam.replace(/csv$/, 'manifest.json'), inhoud: formatJson(manifest) }]
}

function toLevering (manifest: Manifest): Levering {
  const { levering: id, ontvanger, school, periode, afkapmoment, gemaaktOp, rijen, onderdrukteCellen, volledigheid, bestanden } = manifest
  const links = { bestand: `/v1/leveringen/${id}/bestand`, manifest: `/v1/leveringen/${id}/manifest` }
  return { id, ontvanger, school, periode, afkapmoment, gemaaktOp, status: 'gemaakt', rijen, onderdrukteCellen, volledigheid, bestanden, links }
}

// --- reading

const Positie = z.tuple([z.string(), z.iso.datetime(), z.uuid()])

export async function listLeveringen (ctx: Ctx, vraag: Leveringenvraag): Promise<{ leveringen: Levering[], volgende: string | null }> {
  const scope = vraag.school === undefined ? requireRecht(ctx.actor, 'leveringen:lezen') : requireRecht(ctx.actor, 'leveringen:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  const found = await ctx.transaction(async (tx) => await store.listManifesten(tx, scope, { na, limit: vraag.limit + 1 }))
  const leveringen = found.slice(0, vraag.limit).map(toLevering)
  const last = leveringen.at(-1)
  return { leveringen, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.school, last.gemaaktOp, last.id.slice(5)]) : null }
}

export async function getLevering (ctx: Ctx, id: string): Promise<Levering> {
  return toLevering(await getManifest(ctx, id))
}

export async function getManifest (ctx: Ctx, id: string): Promise<Manifest> {
  const scope = requireRecht(ctx.actor, 'leveringen:lezen', id.slice(0, 4))
  const manifest = await ctx.transaction(async (tx) => await store.findManifest(tx, scope, id.slice(5)))
  if (manifest === undefined) throw onbekend()
  return manifest
}

export interface Leveringsbytes { readonly inhoud: Buffer, readonly naam: string, readonly mediatype: string, readonly sha256: string }

/** The bytes as they went out, in the form the caller prefers. */
export async function getBestand (ctx: Ctx, id: string, vorm: 'csv' | 'json'): Promise<Leveringsbytes> {
  const scope = requireRecht(ctx.actor, 'leveringen:lezen', id.slice(0, 4))
  const found = await ctx.transaction(async (tx) => await store.findBestand(tx, scope, id.slice(5), vorm))
  if (found === undefined) throw onbekend()
  const bestand = found.manifest.bestanden.find(({ naam }) => naam.endsWith(`.${vorm}`))
  assert(bestand, 'the manifest names every form')
  return { ...bestand, inhoud: Buffer.from(found.inhoud) }
}

function onbekend (): AppError {
  return new AppError('niet-gevonden', 'Deze levering is hier niet bekend.')
}
