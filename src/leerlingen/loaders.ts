import { sql, type SQL } from '../db/drizzle.ts'
import { AppError } from '../errors.ts'
import { readPage, readRows } from '../db/statement.ts'
import { perSchool, type Leesctx } from '../graphql/loaders.ts'
import { RECHTEN } from '../toegang/rechten.ts'
import { inReikwijdte, inReikwijdteVanSchool, isSchoolwide, requireInzage, withPlaats, type Schoolinzage } from '../toegang/service.ts'
import { recordAtEnd } from '../verwerkingen/loaders.ts'
import { LEERLING_BEPERKT } from '../verzoeken/beperkt.ts'
import { findStam } from './stam.ts'
import { showInschrijvingen, showLeerling } from './weergave.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Leerling } from './contract.ts'

// What GraphQL reads below many parents at once: one statement per field and school, however many parents.

/** A leerling without what is read apart. */
export type Leerlingkop = Omit<Leerling, 'inschrijvingen'> & { readonly inschrijvingen?: Leerling['inschrijvingen'] }
export interface Leerlingsleutel { readonly school: string, readonly bron: string, readonly bronId: string }

export interface School { readonly brin: string }

/** A school the token covers, with any right to read: it holds nothing of its own. One that is known stays: no school is ever removed. */
export async function getSchool (ctx: Ctx, brin: string): Promise<School> {
  requireInzage(ctx.actor, RECHTEN.find((recht) => recht.endsWith(':lezen') && ctx.actor.rechten.has(recht)) ?? 'stamgegevens:lezen', brin)
  if (ctx.stamcache.has(brin)) return { brin }
  const stam = await ctx.transaction(async (tx) => await findStam(ctx, tx, brin))
  if (stam === undefined) throw new AppError('niet-gevonden', `School ${brin} is hier niet bekend.`)
  return { brin }
}

export interface Leerlingenplaats { readonly school: string, /** Null: of the whole school. */ readonly vestiging: string | null }
export interface Leerlingenpaginavraag { readonly na?: readonly [bron: string, bronId: string] | undefined, readonly first: number }

/** A page of leerlingen per plaats, on bron and key, and one more if there is one. */
export async function listLeerlingenPer (ctx: Leesctx, plaatsen: readonly Leerlingenplaats[], vraag: Leerlingenpaginavraag): Promise<Leerlingkop[][]> {
  return await perSchool(plaatsen, async (school, own) => {
    const inzage = requireInzage(ctx.actor, 'stamgegevens:lezen', school)
    const scope = own.every(({ vestiging }) => vestiging === null) ? inzage : withPlaats(ctx.actor, inzage)
    return await ctx.transaction(async (tx) => {
      const lists = splitPer(own.length, await selectLeerlingenPer(tx, scope, own, vraag))
      recordAtEnd(ctx, 'stamgegevens:lezen', lists.flatMap((list) => list.slice(0, vraag.first)).map(({ bron, bronId }) => ({ school, bron, leerling: bronId })))
      return lists.map((list) => list.map((leerling) => showLeerling(ctx.actor, leerling)))
    })
  })
}

const LEERLING = sql`l.bron, l.leerling as "bronId", l.school, l.geboortedatum, l.pgn_zoek is not null as "persoonsgebondenNummerBekend", l.woongemeente, ${LEERLING_BEPERKT} as beperkt`

const isIngeschreven = sql`(p.vestiging is null or exists (select from inschrijving i
                                                            where i.school = l.school and i.bron = l.bron and i.leerling = l.leerling and i.vestiging = p.vestiging))`

type Genummerd<T> = T & { readonly nr: number }

async function selectLeerlingenPer (tx: Tx, scope: Schoolinzage, plaatsen: readonly Leerlingenplaats[], { na, first }: Leerlingenpaginavraag): Promise<Array<Genummerd<Leerlingkop>>> {
  const ingeschreven = plaatsen.every(({ vestiging }) => vestiging === null) ? sql`` : sql`and ${isIngeschreven}`
  return await readPage<Genummerd<Leerlingkop>>(tx, isSchoolwide(scope), sql`
    select p.nr, l.*
      from unnest(${sql.param(plaatsen.map(({ vestiging }) => vestiging))}::text[]) with ordinality as p (vestiging, nr)
     cross join lateral (select ${LEERLING}
                           from leerling l
                          where l.school = ${scope.school} and ${inReikwijdteVanSchool(scope, sql`l`)} ${naPositie(na)} ${ingeschreven}
                          order by l.bron, l.leerling
                          limit ${first + 1}) l
     order by p.nr, l.bron, l."bronId"`)
}

function naPositie (na: readonly [string, string] | undefined): SQL {
  return na === undefined ? sql`` : sql`and (l.bron, l.leerling) > (${na[0]}, ${na[1]})`
}

/** Rows numbered from 1 by their parent, as one list per parent. */
function splitPer<T> (parents: number, rows: ReadonlyArray<Genummerd<T>>): T[][] {
  const lists: T[][] = Array.from({ length: parents }, () => [])
  for (const row of rows) lists[row.nr - 1]!.push(row)
  return lists
}

/** Leerlingen by key; one that is not there is niet-gevonden. */
export async function listLeerlingenVan (ctx: Leesctx, sleutels: readonly Leerlingsleutel[]): Promise<Leerlingkop[]> {
  return await perSchool(sleutels, async (school, own) => {
    const scope = requireInzage(ctx.actor, 'stamgegevens:lezen', school)
    return await ctx.transaction(async (tx) => {
      const rows = await selectLeerlingenVan(tx, scope, own)
      recordAtEnd(ctx, 'stamgegevens:lezen', rows.map(({ bron, bronId }) => ({ school, bron, leerling: bronId })))
      return splitPer(own.length, rows).map(([leerling]) => {
        if (leerling === undefined) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
        return showLeerling(ctx.actor, leerling)
      })
    })
  })
}

async function selectLeerlingenVan (tx: Tx, scope: Schoolinzage, sleutels: readonly Leerlingsleutel[]): Promise<Array<Genummerd<Leerlingkop>>> {
  const rows = await readRows<Genummerd<Leerlingkop>>(tx, sql`
    select k.nr, l.*
      from ${unnestSleutels(sleutels)} as k (bron, leerling, nr)
     cross join lateral (select ${LEERLING} from leerling l where l.school = ${scope.school} and l.bron = k.bron and l.leerling = k.leerling and ${inReikwijdte(scope, sql`l`)} offset 0) l`)
  return rows
}

/** All inschrijvingen per leerling, on begindatum. The leerlingen themselves were recorded when they were read. */
export async function listInschrijvingenVan (ctx: Leesctx, sleutels: readonly Leerlingsleutel[]): Promise<Array<Leerling['inschrijvingen']>> {
  return await perSchool(sleutels, async (school, own) => {
    const scope = requireInzage(ctx.actor, 'stamgegevens:lezen', school)
    const lists = splitPer(own.length, await ctx.transaction(async (tx) => await selectInschrijvingenVan(tx, scope, own)))
    return lists.map((list, at) => showInschrijvingen(ctx.actor, own[at]!, list))
  })
}

type Inschrijving = Leerling['inschrijvingen'][number]

async function selectInschrijvingenVan (tx: Tx, scope: Schoolinzage, sleutels: readonly Leerlingsleutel[]): Promise<Array<Genummerd<Inschrijving>>> {
  const rows = await readRows<Genummerd<Inschrijving>>(tx, sql`
    select k.nr, i.vestiging, i.van, i.tot, i.leerjaar, i.rooster
      from ${unnestSleutels(sleutels)} as k (bron, leerling, nr)
     cross join lateral (select * from inschrijving i where i.school = ${scope.school} and i.bron = k.bron and i.leerling = k.leerling and ${inReikwijdte(scope, sql`i`)} offset 0) i
     order by k.nr, i.van, i.vestiging`)
  return rows
}

/** Keys of leerlingen as a numbered table (bron, leerling, nr). */
export function unnestSleutels (sleutels: ReadonlyArray<{ readonly bron: string, readonly bronId: string }>): SQL {
  return sql`unnest(${sql.param(sleutels.map(({ bron }) => bron))}::text[], ${sql.param(sleutels.map(({ bronId }) => bronId))}::text[]) with ordinality`
}
