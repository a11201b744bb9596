import { z } from 'zod'
import { laatsteUitzonderingsdag, refuseUitzondering } from '../domain/uitzondering.ts'
import { AppError } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { findStam } from '../leerlingen/stam.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Uitzondering, Uitzonderingenvraag, Uitzonderingsinvoer } from './contract.ts'

/** Keeps a rule from counting for one leerling on these days; his signalen follow. Never of a rule the law makes mandatory. */
export async function createUitzondering (ctx: Ctx, school: string, invoer: Uitzonderingsinvoer): Promise<Uitzondering> {
  const scope = requireRecht(ctx.actor, 'signalen:beoordelen', school)
  const laatste = laatsteUitzonderingsdag(ctx.vandaag())
  if (invoer.tot > laatste) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'te-ver-vooruit', pointer: '/tot', detail: `Ligt na ${laatste}, het einde van het volgende schooljaar.` }])
  const uitzondering = await ctx.transaction(async (tx) => {
    const stam = await findStam(ctx, tx, school)
    const weigering = refuseUitzondering(stam?.beleid ?? [], invoer.regel, invoer)
    if (weigering !== undefined) throw new AppError('uitzondering-niet-toegestaan', weigering.detail, [{ ...weigering, pointer: '/regel' }])

    const created = await store.insertUitzondering(tx, scope, invoer, { actor: actorOf(ctx), rol: ctx.actor.rol ?? null })
    if (created === undefined) throw new AppError('stamgegevens-onbekend', 'Deze leerling is hier niet bekend.', [{ code: 'leerling-onbekend', pointer: '/leerling', detail: 'Deze leerling is hier niet bekend.' }])
    await recordGevolg(ctx, tx, scope, created)
    return created
  })
  ctx.wake()
  return uitzondering
}

/** From here on the rule counts for the leerling again, on past days too. Withdrawing twice changes nothing. */
export async function withdrawUitzondering (ctx: Ctx, school: string, id: string): Promise<void> {
  const scope = requireRecht(ctx.actor, 'signalen:beoordelen', school)
  await ctx.transaction(async (tx) => {
    const sleutel = sleutelOf(school, id)
    const withdrawn = await store.withdrawUitzondering(tx, scope, sleutel, actorOf(ctx))
    if (withdrawn === undefined) await getBekend(tx, scope, sleutel)
    else await recordGevolg(ctx, tx, scope, withdrawn)
  })
  ctx.wake()
}

export async function getUitzondering (ctx: Ctx, school: string, id: string): Promise<Uitzondering> {
  const scope = requireRecht(ctx.actor, 'signalen:lezen', school)
  return await ctx.transaction(async (tx) => {
    const found = await getBekend(tx, scope, sleutelOf(school, id))
    await recordVerwerking(ctx, tx, 'signalen:lezen', [betrokkeneOf(found)])
    return found
  })
}

const Positie = z.tuple([z.iso.date(), z.uuid()])

export async function listUitzonderingen (ctx: Ctx, school: string, vraag: Uitzonderingenvraag): Promise<{ uitzonderingen: Uitzondering[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'signalen:lezen', school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listUitzonderingen(tx, scope, { ...vraag, na, limit: vraag.limit + 1 })
    const uitzonderingen = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'signalen:lezen', uitzonderingen.map(betrokkeneOf))
    const last = uitzonderingen.at(-1)
    return { uitzonderingen, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.van, sleutelOf(school, last.id)]) : null }
  })
}

async function recordGevolg (ctx: Ctx, tx: Tx, scope: Schoolscope, uitzondering: Uitzondering): Promise<void> {
  await store.markLeerling(tx, scope, uitzondering.leerling)
  await recordVerwerking(ctx, tx, 'signalen:beoordelen', [betrokkeneOf(uitzondering)])
}

async function getBekend (tx: Tx, scope: Schoolscope, sleutel: string): Promise<Uitzondering> {
  const found = await store.findUitzondering(tx, scope, sleutel)
  if (found === undefined) throw onbekend()
  return found
}

/** The key within the school; that of another school is not known here. */
function sleutelOf (school: string, id: string): string {
  if (!id.startsWith(`${school}-`)) throw onbekend()
  return id.slice(school.length + 1)
}

function onbekend (): AppError {
  return new AppError('niet-gevonden', 'Deze uitzondering is hier niet bekend.')
}

function actorOf ({ actor }: Ctx): string {
  return actor.persoon ?? actor.bron
}

function betrokkeneOf ({ school, leerling }: Uitzondering): { school: string, bron: string, leerling: string } {
  return { school, bron: leerling.bron, leerling: leerling.bronId }
}
