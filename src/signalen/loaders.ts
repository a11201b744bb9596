import { sql, type SQL } from '../db/drizzle.ts'
import { readPage, readRows } from '../db/statement.ts'
import { perSchool, type Leesctx } from '../graphql/loaders.ts'
import { unnestSleutels, type Leerlingsleutel } from '../leerlingen/loaders.ts'
import { inReikwijdte, inReikwijdteVanSchool, isSchoolwide, requireInzage, withPlaats, type Schoolinzage } from '../toegang/service.ts'
import { recordAtEnd } from '../verwerkingen/loaders.ts'
import { completeSignaal, signaalvelden, type Signaalgegevens } from './signaalrij.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Signaal } from './contract.ts'

// What GraphQL reads below many parents at once: one statement per field and school, however many parents.

export interface Signalenpaginavraag {
  readonly status?: string | undefined
  readonly regel?: string | undefined
  readonly na?: readonly [school: string, einddatum: string, signaal: string] | undefined
  readonly first: number
}

interface Ouders { readonly tabel: SQL, readonly van: SQL, readonly perVestiging: boolean }

/** A page of signalen per leerling, on einddatum, and one more if there is one. */
export async function listSignalenPerLeerling (ctx: Leesctx, leerlingen: readonly Leerlingsleutel[], vraag: Signalenpaginavraag): Promise<Signaal[][]> {
  return await perSchool(leerlingen, async (school, own) =>
    await listPer(ctx, school, { tabel: sql`${unnestSleutels(own)} as k (bron, leerling, nr)`, van: sql`s.bron = k.bron and s.leerling = k.leerling`, perVestiging: false }, vraag))
}

/** A page of signalen per vestiging, on einddatum, and one more if there is one: of leerlingen who were ingeschreven there on that day. */
export async function listSignalenPerVestiging (ctx: Leesctx, vestigingen: ReadonlyArray<{ readonly school: string, readonly vestiging: string }>, vraag: Signalenpaginavraag): Promise<Signaal[][]> {
  return await perSchool(vestigingen, async (school, own) => await listPer(ctx, school, {
    tabel: sql`unnest(${sql.param(own.map(({ vestiging }) => vestiging))}::text[]) with ordinality as k (vestiging, nr)`,
    van: sql`(exists (select from inschrijving i
                      where i.school = s.school and i.bron = s.bron and i.leerling = s.leerling and i.vestiging = k.vestiging
                        and i.van <= s.einddatum and (i.tot is null or i.tot >= s.einddatum))) is true`,
    perVestiging: true
  }, vraag))
}

async function listPer (ctx: Leesctx, school: string, ouders: Ouders, vraag: Signalenpaginavraag): Promise<Signaal[][]> {
  const inzage = requireInzage(ctx.actor, 'signalen:lezen', school)
  const scope = ouders.perVestiging ? withPlaats(ctx.actor, inzage) : inzage
  return await ctx.transaction(async (tx) => {
    const lists = await selectSignalenPer(tx, scope, ctx.vandaag(), ouders, vraag)
    recordAtEnd(ctx, 'signalen:lezen', lists.flatMap((list) => list.slice(0, vraag.first)).map(({ leerling }) => ({ school, bron: leerling.bron, leerling: leerling.bronId })))
    return lists
  })
}

interface Gelezen { readonly signalen: Signaalgegevens[] | null }

async function selectSignalenPer (tx: Tx, scope: Schoolinzage, vandaag: Datum, ouders: Ouders, { status, regel, na, first }: Signalenpaginavraag): Promise<Signaal[][]> {
  const query = sql`
    select p.signalen
      from ${ouders.tabel}
     cross join lateral (select json_agg(r order by r.einddatum, r.id) as signalen
                           from (select ${signaalvelden(vandaag)}
                                   from signaal s
                                  where s.school = ${scope.school} and ${ouders.van} and ${(ouders.perVestiging ? inReikwijdteVanSchool : inReikwijdte)(scope, sql`s`)}
                                    ${status === undefined ? sql`` : sql`and s.status = ${status}::signaalstatus`}
                                    ${regel === undefined ? sql`` : sql`and s.regel = ${regel}`}
                                    ${na === undefined ? sql`` : sql`and (s.school, s.einddatum, s.signaal) > (${na[0]}, ${na[1]}::date, ${na[2]}::uuid)`}
                                  order by s.einddatum, s.signaal
                                  limit ${first + 1}) r) p
     order by k.nr`
  const rows = await (ouders.perVestiging ? readPage<Gelezen>(tx, isSchoolwide(scope), query) : readRows<Gelezen>(tx, query))
  return rows.map(({ signalen }) => (signalen ?? []).map(completeSignaal))
}
