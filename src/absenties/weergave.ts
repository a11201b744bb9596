import { findReden, STANDAARDBELEID } from '../domain/beleid.ts'
import { findStam, type Stam } from '../leerlingen/stam.ts'
import { hide, isGesluierd, listVerborgen } from '../toegang/weergave.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Gegevensgroep } from '../toegang/rollen.ts'

interface Redendrager { readonly bron: string, readonly reden: string | null }
interface Getoond extends Redendrager { readonly school: string, readonly leerling: string }

const GROEPEN = { reden: 'reden', vestiging: 'plaats' } as const

/** These absenties or afmeldingen as the actor sees them for this purpose; `bron` and `leerling` must be there, whatever else was asked. */
export async function showRedenen<T extends Getoond> (ctx: Ctx, tx: Tx, records: readonly T[]): Promise<T[]> {
  if (!isGesluierd(ctx.actor)) return [...records]
  const stammen = new Map<string, Stam | undefined>()
  for (const school of new Set(records.map((record) => record.school))) stammen.set(school, await findStam(ctx, tx, school))
  return records.map((record) => showReden(record, listVerborgen(ctx.actor, record), stammen.get(record.school)))
}

/** The versions of one absentie or afmelding of a leerling, as the actor sees them for this purpose. */
export async function showVersies<T extends { readonly reden: string | null }> (ctx: Ctx, tx: Tx, { school, bron, leerling }: { school: string, bron: string, leerling: string }, versies: readonly T[]): Promise<T[]> {
  if (!isGesluierd(ctx.actor)) return [...versies]
  const verborgen = listVerborgen(ctx.actor, { school, bron, leerling })
  const stam = await findStam(ctx, tx, school)
  return versies.map((versie) => {
    const { bron: _, ...shown } = showReden({ ...versie, bron }, verborgen, stam)
    return shown as unknown as T
  })
}

function showReden<T extends Redendrager> (record: T, verborgen: ReadonlySet<Gegevensgroep>, stam: Stam | undefined): T {
  const shown = hide(record, GROEPEN, verborgen)
  if (shown.reden === null || !verborgen.has('bijzonder')) return shown
  const { reden } = shown
  const isBijzonder = [STANDAARDBELEID, ...stam?.beleid ?? []].some((beleid) => findReden(beleid, reden, shown.bron)?.kenmerken?.includes('bijzonder-persoonsgegeven'))
  return isBijzonder ? { ...shown, reden: null } : shown
}
