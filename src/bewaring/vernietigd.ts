// What other rooms ask of what was destroyed. Apart from the service, which writes in all of them.
import { sql } from '../db/drizzle.ts'
import { isVan, readRows } from '../db/statement.ts'
import { AppError, type Fout } from '../errors.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum, Periode } from '../domain/datum.ts'
import type { Schoolscope } from '../toegang/service.ts'

/** Of these leerlingen of the bron of the scope, who were destroyed and not enrolled anew since: the last day of what was destroyed. */
export async function listVernietigd (ctx: Ctx, tx: Tx, scope: Schoolscope, leerlingen: Iterable<string>): Promise<Map<string, Datum>> {
  const pseudoniemen = new Map([...leerlingen].map((leerling) => [ctx.sleutels.pseudonymVernietigd({ school: scope.school, bron: scope.bron, leerling }).toString('hex'), leerling]))
  if (pseudoniemen.size === 0) return new Map()
  const gevonden = await readRows<{ pseudoniem: string, tot: Datum }>(tx, sql`
    select encode(pseudoniem, 'hex') as pseudoniem, max(tot)::text as tot
      from vernietigde_leerling
     where school = ${scope.school} and heropend_op is null and pseudoniem = any(array(select decode(p, 'hex') from unnest(${sql.param([...pseudoniemen.keys()])}::text[]) p))
     group by pseudoniem`)
  return new Map(gevonden.map(({ pseudoniem, tot }) => [pseudoniemen.get(pseudoniem)!, tot]))
}

/** The bron enrols these leerlingen anew: from here on they are as any other. */
export async function reopenVernietigd (ctx: Ctx, tx: Tx, { school, bron }: Schoolscope, leerlingen: readonly string[]): Promise<void> {
  if (leerlingen.length === 0) return
  const pseudoniemen = leerlingen.map((leerling) => ctx.sleutels.pseudonymVernietigd({ school, bron, leerling }).toString('hex'))
  await tx.execute(sql`
    update vernietigde_leerling set heropend_op = statement_timestamp()
     where school = ${school} and heropend_op is null and pseudoniem = any(array(select decode(p, 'hex') from unnest(${sql.param(pseudoniemen)}::text[]) p))`)
}

export const LEERLING_VERNIETIGD = 'leerling-vernietigd'

/** Why nothing of a leerling who was destroyed is taken: the bron must enrol him anew first, from a day after what was destroyed. */
export function refuseVernietigd (pointer: string, tot: Datum): Fout {
  return { code: LEERLING_VERNIETIGD, pointer, detail: `De gegevens van deze leerling tot en met ${tot} zijn vernietigd. Is hij opnieuw ingeschreven, stuur dan de leerling met alleen inschrijvingen die daarna beginnen.` }
}

/** Verzuimgegevens up to this day are not whole any more; null: nothing was destroyed by its term. */
export async function findBewaargrens (tx: Tx, school: string): Promise<Datum | null> {
  const [stand] = await readRows<{ grens: Datum | null }>(tx, sql`select grens from bewaarstand where school = ${school}`)
  return stand?.grens ?? null
}

/** Refuses to count days of which the verzuimgegevens are not whole any more: what came out would be too low, and tell by how much. */
export async function requireHeel (tx: Tx, school: string, periode: Periode): Promise<void> {
  const grens = await findBewaargrens(tx, school)
  if (grens !== null && periode.van <= grens) throw new AppError('gegevens-vernietigd', `De verzuimgegevens tot en met ${grens} zijn na hun bewaartermijn vernietigd; over deze dagen is niet meer te tellen.`)
}

/** Refuses to count anew what was counted at a moment, when leerlingen of those days were destroyed since. */
export async function requireOngewijzigd (tx: Tx, school: string, periode: Periode, sinds: string): Promise<void> {
  const [eerste] = await readRows<{ id: string, op: Datum }>(tx, sql`
    select school || '-' || vernietiging as id, (vernietigd_op at time zone 'Europe/Amsterdam')::date::text as op
      from vernietiging
     where school = ${school} and vernietigd_op > ${sinds}::timestamptz and dagen_van <= ${periode.tot}::date and dagen_tot >= ${periode.van}::date
     order by vernietiging.vernietigd_op
     limit 1`)
  if (eerste !== undefined) throw new AppError('gegevens-vernietigd', `Op ${eerste.op} zijn gegevens van deze dagen vernietigd (vernietiging ${eerste.id}); wat daarvoor werd geteld, is niet meer na te bouwen. De levering zelf blijft zoals zij was.`)
}

export interface Leerlingsleutel { readonly bron: string, readonly leerling: string }

/** Up to which day the leerlingdossier of these leerlingen was destroyed, by `bron`, a space and the key: what was raised on or before it stands as it is. */
export async function listDossiersluitingen (tx: Tx, scope: Schoolscope, leerlingen: readonly Leerlingsleutel[]): Promise<Map<string, Datum>> {
  const gesloten = await readRows<Leerlingsleutel & { tot: Datum }>(tx, sql`
    select bron, leerling, tot
      from dossiersluiting
     where school = ${scope.school} and ${isVan(leerlingen)}`)
  return new Map(gesloten.map(({ bron, leerling, tot }) => [`${bron} ${leerling}`, tot]))
}
