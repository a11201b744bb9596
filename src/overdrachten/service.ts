import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { countOverdracht } from '../domain/overdracht.ts'
import { AppError } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { findStam } from '../leerlingen/stam.ts'
import { listPersonen } from '../regels/service.ts'
import { requireRecht } from '../toegang/service.ts'
import { recordVerwerking, type Betrokkene } from '../verwerkingen/service.ts'
import { Overdrachtinhoud, type Overdracht, type Overdrachtenvraag, type Overdrachtinvoer } from './contract.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'

/**
 * Makes the record that goes with a leerling to another school: totals with a hash, which nobody changes again. While a beperking holds for
 * everything of the leerling nothing leaves (AVG art. 18 lid 2); a single absentie under one is in no total.
 */
export async function createOverdracht (ctx: Ctx, { bron, bronId }: { bron: string, bronId: string }, { school, naarSchool, datum }: Overdrachtinvoer): Promise<Overdracht> {
  const scope = requireRecht(ctx.actor, 'verzoeken:schrijven', school)
  if (datum > ctx.vandaag()) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'in-de-toekomst', pointer: '/datum', detail: 'Ligt na vandaag.' }])
  return await ctx.transaction(async (tx) => {
    const stam = await findStam(ctx, tx, school)
    const [persoon] = stam === undefined ? [] : await listPersonen(tx, scope, stam, [{ bron, leerling: bronId }], { alles: true, redenSinds: false })
    if (stam === undefined || persoon === undefined) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
    const { feiten, hoofd, anderen, beperkingen } = persoon
    if (beperkingen.some(({ absentie }) => absentie === null)) throw new AppError('overdracht-niet-toegestaan', 'Op de gegevens van deze leerling rust een beperking (AVG art. 18); zij worden niet overgedragen totdat die is opgeheven.')

    const overdracht = randomUUID()
    const inhoud: Overdrachtinhoud = {
      vorm: 'aanwezig-overdracht/1',
      overdracht: `${school}-${overdracht}`,
      vanSchool: school,
      naarSchool,
      datum,
      ...Overdrachtinhoud.pick({ schooljaren: true, laatsteTwaalfMaanden: true }).parse(countOverdracht(feiten, stam.vestigingen, datum)),
      openSignalen: await store.countOpenSignalen(tx, scope, [hoofd, ...anderen])
    }
    const tekst = JSON.stringify(Overdrachtinhoud.parse(inhoud))
    const versleuteld = await store.findNummer(tx, scope, bron, bronId)
    const pgnOntvanger = versleuteld === undefined ? null : ctx.sleutels.searchPgn(ctx.sleutels.decryptPgn(versleuteld, JSON.stringify([school, bron, bronId])), naarSchool)
    const { persoon: mens, bron: toepassing, rol } = ctx.actor
    await store.insertOverdracht(tx, scope, {
      overdracht, bron, leerling: bronId, naarSchool, datum, inhoud: tekst, hash: createHash('sha256').update(tekst).digest('hex'), pgnOntvanger, actor: mens ?? toepassing, rol: rol ?? null, op: ctx.now()
    })
    await recordVerwerking(ctx, tx, 'overdrachten:schrijven', [{ school, bron, leerling: bronId }])
    return toOverdracht((await store.findOverdracht(tx, scope, school, overdracht))!, school)
  })
}

export async function getOverdracht (ctx: Ctx, id: string): Promise<Overdracht> {
  const scope = requireRecht(ctx.actor, 'verzoeken:lezen')
  return await ctx.transaction(async (tx) => {
    const rij = await store.findOverdracht(tx, scope, id.slice(0, 4), id.slice(5))
    if (rij === undefined) throw new AppError('niet-gevonden', 'Deze overdracht is hier niet bekend.')
    const lezer = scope.scholen === '*' || scope.scholen.includes(rij.school) ? rij.school : rij.naarSchool
    await recordVerwerking(ctx, tx, 'overdrachten:lezen', [betrokkeneOf(rij, lezer)])
    return toOverdracht(rij, lezer)
  })
}

const Positie = z.tuple([z.iso.datetime(), z.uuid()])

export async function listOverdrachten (ctx: Ctx, { school, richting, cursor, limit }: Overdrachtenvraag): Promise<{ overdrachten: Overdracht[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'verzoeken:lezen', school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listOverdrachten(tx, scope, { richting, na, limit: limit + 1 })
    const page = found.slice(0, limit)
    await recordVerwerking(ctx, tx, 'overdrachten:lezen', page.map((rij) => betrokkeneOf(rij, school)))
    const last = page.at(-1)
    return { overdrachten: page.map((rij) => toOverdracht(rij, school)), volgende: found.length > limit && last !== undefined ? encodeCursor([last.plaats, last.overdracht]) : null }
  })
}

/** As one of both scholen sees it: each knows the leerling by its own key. */
function toOverdracht ({ school, overdracht, naarSchool, datum, inhoud, hash, gemaaktOp, bron, leerling, bronOntvanger, leerlingOntvanger }: store.Overdrachtrij, lezer: string): Overdracht {
  const ontvangen = bronOntvanger === null || leerlingOntvanger === null ? null : { bron: bronOntvanger, bronId: leerlingOntvanger }
  return {
    id: `${school}-${overdracht}`,
    vanSchool: school,
    naarSchool,
    datum,
    leerling: lezer === school ? { bron, bronId: leerling } : ontvangen,
    gemaaktOp,
    hash,
    inhoud: Overdrachtinhoud.parse(JSON.parse(inhoud))
  }
}

/** Each school has a log of its own. Whom the receiving school does not know yet is recorded there by the key of the overdracht. */
function betrokkeneOf ({ school, naarSchool, overdracht, bron, leerling, bronOntvanger, leerlingOntvanger }: store.Overdrachtrij, lezer: string): Betrokkene {
  if (lezer === school) return { school, bron, leerling }
  return { school: naarSchool, bron: bronOntvanger ?? `overdracht:${school}`, leerling: leerlingOntvanger ?? overdracht }
}
