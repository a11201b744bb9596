import { sql } from '../db/drizzle.ts'
import { aandeelGemist, foldCel, previousLesdag, type Cel, type Celabsentie, type Celinschrijving } from '../domain/aggregaat.ts'
import { addDagen, parsePeriode, type Datum } from '../domain/datum.ts'
import { assert } from '../errors.ts'
import { readRows } from '../db/statement.ts'
import { perSchool, type Leesctx } from '../graphql/loaders.ts'
import { unnestSleutels, type Leerlingsleutel } from '../leerlingen/loaders.ts'
import { findKalenders } from '../leerlingen/stam.ts'
import { requireInzage, requireRecht, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { recordAtEnd } from '../verwerkingen/loaders.ts'
import { listStatistieken } from './service.ts'
import type { Tx } from '../db/transaction.ts'
import type { Kalender } from '../domain/kalender.ts'
import type { Statistiek } from './contract.ts'

// What GraphQL reads below many parents at once: a fixed number of statements per field and school, however many parents.

/** The figures of every vestiging of a school in one periode, on vestigingscode. */
export async function listStatistiekenVanSchool (ctx: Leesctx, school: string, periode: string): Promise<Statistiek[]> {
  const scope = requireInzage(ctx.actor, 'statistieken:lezen', school)
  const vestigingen = await ctx.transaction(async (tx) => await listVestigingscodes(tx, scope))
  return await listStatistieken(ctx, { vestigingen, periode })
}

async function listVestigingscodes (tx: Tx, scope: Schoolinzage): Promise<string[]> {
  const rows = await readRows<{ vestiging: string }>(tx, sql`select vestiging from vestiging where school = ${scope.school} order by vestiging`)
  return rows.map(({ vestiging }) => vestiging)
}

/** One leerling on one vestiging. */
export type Leerlingcijfers = Pick<Cel, 'vestiging' | 'periode' | 'van' | 'totEnMet' | 'geplandeMinuten' | 'gemisteMinuten' | 'verzuimperioden' | 'categorieen'> &
  { readonly zonderRooster: boolean, readonly aandeelGemist: number | null }

/**
 * The own figures of leerlingen in one periode up to and including yesterday, as the figures of the vestiging are; per vestiging where they had
 * a lesdag. The same fold as a cel, over one leerling. It needs both rights: this is about persons. Takes 0.3 to 0.5 ms a leerling and schooljaar.
 */
export async function listStatistiekenPerLeerling (ctx: Leesctx, leerlingen: readonly Leerlingsleutel[], periode: string): Promise<Leerlingcijfers[][]> {
  const grenzen = parsePeriode(periode)
  assert(grenzen, 'the periode was checked at the edge')
  return await perSchool(leerlingen, async (school, own) => {
    requireRecht(ctx.actor, 'statistieken:lezen', school)
    const scope = requireRecht(ctx.actor, 'absenties:lezen', school)
    return await ctx.transaction(async (tx) => {
      const kalenders = await findKalenders(ctx, tx, school)
      const feiten = await selectFeiten(tx, scope, own, eersteDag(grenzen.van, kalenders), grenzen.tot)
      recordAtEnd(ctx, 'absenties:lezen', own.map(({ bron, bronId }) => ({ school, bron, leerling: bronId })))
      return feiten.map((eigen) => foldLeerling(eigen, periode, kalenders, addDagen(ctx.vandaag(), -1)))
    })
  })
}

/** The last lesdag before the periode: it tells whether a verzuimperiode began earlier. */
function eersteDag (van: Datum, kalenders: ReadonlyMap<string, Kalender>): Datum {
  return [...kalenders.values()].reduce((first, kalender) => {
    const vorige = previousLesdag(kalender, van) ?? van
    return vorige < first ? vorige : first
  }, van)
}

interface Leerlingfeiten { readonly inschrijvingen: readonly Celinschrijving[], readonly absenties: readonly Celabsentie[] }

async function selectFeiten (tx: Tx, scope: Schoolscope, leerlingen: readonly Leerlingsleutel[], van: Datum, tot: Datum): Promise<Leerlingfeiten[]> {
  const rows = await readRows<Leerlingfeiten>(tx, sql`
    select coalesce(i.inschrijvingen, '[]') as inschrijvingen, coalesce(a.absenties, '[]') as absenties
      from ${unnestSleutels(leerlingen)} as k (bron, leerling, nr)
     cross join lateral (select json_agg(json_build_object('bron', bron, 'leerling', leerling, 'vestiging', vestiging, 'van', van, 'tot', tot,
                                                           'leerjaar', leerjaar, 'rooster', rooster)) as inschrijvingen
                           from inschrijving i
                          where i.school = ${scope.school} and i.bron = k.bron and i.leerling = k.leerling) i
     cross join lateral (select json_agg(json_build_object('bron', bron, 'leerling', leerling, 'vestiging', vestiging, 'datum', datum, 'soort', soort,
                                                           'categorie', categorie, 'minuten', minuten, 'ingetrokken', false, 'overtroefd', false)) as absenties
                           from absentie a
                          where a.school = ${scope.school} and a.bron = k.bron and a.leerling = k.leerling and not a.ingetrokken and a.overtroefd_door is null
                            and a.datum between ${van} and ${tot}) a
     order by k.nr`)
  return rows
}

function foldLeerling (feiten: Leerlingfeiten, periode: string, kalenders: ReadonlyMap<string, Kalender>, peildatum: Datum): Leerlingcijfers[] {
  const vestigingen = [...new Set(feiten.inschrijvingen.map(({ vestiging }) => vestiging))].sort()
  return vestigingen.flatMap((vestiging) => {
    const kalender = kalenders.get(vestiging)
    assert(kalender, 'every vestiging of an inschrijving has a kalender')
    const cel = foldCel({ vestiging, periode, leerjaar: null }, { ...feiten, signalen: [], verklaringen: [], afspraken: [] }, kalender, peildatum)
    if (cel === undefined || cel.leerlingen === 0) return []
    const { van, totEnMet, geplandeMinuten, zonderRooster, gemisteMinuten, verzuimperioden, categorieen } = cel
    return [{ vestiging, periode, van, totEnMet, geplandeMinuten, zonderRooster: zonderRooster > 0, gemisteMinuten, aandeelGemist: aandeelGemist(cel), verzuimperioden, categorieen }]
  })
}
