import { sql } from 'drizzle-orm'
import { readRows } from '../db/statement.ts'
import { buildKalender, type Kalender, type Lesvrij, type Regio } from '../domain/kalender.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Beleid } from '../domain/beleid.ts'
import type { Sector } from '../domain/sector.ts'

/** What a push needs to know of one school, kept in memory until its stamversie rises. */
export interface Stam {
  readonly stamversie: number
  readonly vestigingen: ReadonlyMap<string, Stamvestiging>
  /** The vastgestelde beleidsversies. */
  readonly beleid: readonly Beleid[]
}

export interface Stamvestiging { readonly sector: Sector, readonly lesuurMinuten: number, readonly kalender: Kalender }

export type Stamcache = Map<string, Stam>

// A school's Stam is some tens of kB once its kalenders are asked about.
const KEPT = 2_000

/**
 * The Stam of a school as this transaction sees it; undefined for a school nobody registered. `share` holds off changes to it until the
 * commit, so what was classified with it stays true; `update` is for those changes, and also holds off every push to the school.
 */
export async function lockStam (ctx: Ctx, tx: Tx, school: string, lock: 'share' | 'update'): Promise<Stam | undefined> {
  const [row] = await readRows<{ stamversie: number }>(tx, lock === 'share'
    ? sql`select stamversie from school where school = ${school} for share`
    : sql`select stamversie from school where school = ${school} for update`)
  return row === undefined ? undefined : await readStam(ctx, tx, school, row.stamversie)
}

/** Holds off pushes and other changes of a school, for work that needs nothing of its Stam. */
export async function lockSchool (tx: Tx, school: string): Promise<void> {
  await tx.execute(sql`select from school where school = ${school} for update`)
}

/** The Stam without a lock: for readers, who see one moment anyway. */
export async function findStam (ctx: Ctx, tx: Tx, school: string): Promise<Stam | undefined> {
  const { rows } = await tx.execute<{ stamversie: number }>(sql`select stamversie from school where school = ${school}`)
  return rows[0] === undefined ? undefined : await readStam(ctx, tx, school, rows[0].stamversie)
}

/** The kalenders of a school by vestigingscode. */
export async function findKalenders (ctx: Ctx, tx: Tx, school: string): Promise<Map<string, Kalender>> {
  const stam = await findStam(ctx, tx, school)
  return new Map([...stam?.vestigingen ?? []].map(([code, { kalender }]) => [code, kalender]))
}

/** A change of a vestiging, kalender or beleid: from the commit on every cache reads anew. */
export async function raiseStamversie (tx: Tx, school: string): Promise<void> {
  await tx.execute(sql`update school set stamversie = stamversie + 1 where school = ${school}`)
}

async function readStam (ctx: Ctx, tx: Tx, school: string, stamversie: number): Promise<Stam> {
  const kept = ctx.stamcache.get(school)
  if (kept?.stamversie === stamversie) return kept
  const stam = await loadStam(tx, school, stamversie)
  if (ctx.stamcache.size >= KEPT) ctx.stamcache.delete(ctx.stamcache.keys().next().value!)
  ctx.stamcache.set(school, stam)
  return stam
}

interface Stamrij {
  [column: string]: unknown
  vestigingen: Array<{ vestiging: string, sector: Sector, regio: Regio, lesuurMinuten: number, kalenders: Array<{ schooljaar: string, lesdagen: number[], lesvrij: Lesvrij[] }> }>
  beleid: Array<{ versie: number, geldigVan: string, geldigTot: string | null, inhoud: Pick<Beleid, 'redenen' | 'onverklaardNaLesdagen' | 'regels'> }>
}

async function loadStam (tx: Tx, school: string, stamversie: number): Promise<Stam> {
  const { rows } = await tx.execute<Stamrij & Record<string, unknown>>(sql`
    select coalesce((select json_agg(json_build_object('vestiging', v.vestiging, 'sector', v.sector, 'regio', v.regio, 'lesuurMinuten', v.lesuur_minuten,
                              'kalenders', (select coalesce(json_agg(json_build_object('schooljaar', k.schooljaar, 'lesdagen', k.lesdagen, 'lesvrij', k.lesvrij)), '[]')
                                              from kalender k
                                             where k.school = v.school and k.vestiging = v.vestiging and k.vervangen_op = 'infinity')))
                       from vestiging v
                      where v.school = ${school}), '[]') as vestigingen,
           coalesce((select json_agg(json_build_object('versie', b.versie, 'geldigVan', b.geldig_van, 'geldigTot', b.geldig_tot, 'inhoud', b.inhoud))
                       from beleidsversie b
                      where b.school = ${school} and b.status <> 'concept'), '[]') as beleid`)
  const { vestigingen, beleid } = rows[0]!
  return {
    stamversie,
    vestigingen: new Map(vestigingen.map(({ vestiging, sector, regio, lesuurMinuten, kalenders }) =>
      [vestiging, { sector, lesuurMinuten, kalender: buildKalender({ regio, eigen: kalenders }) }])),
    beleid: beleid.map(({ versie, geldigVan, geldigTot, inhoud }) => ({ versie, geldigVan, geldigTot, ...inhoud }))
  }
}
