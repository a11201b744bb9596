import { sql, type SQL } from '../db/drizzle.ts'
import { readRows } from '../db/statement.ts'
import { buildKalender, type Kalender, type Lesvrij, type Regio } from '../domain/kalender.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Rooster } from '../domain/absentie.ts'
import type { Beleid } from '../domain/beleid.ts'
import type { Bronafspraak } from '../domain/bronafspraak.ts'
import type { Datum } from '../domain/datum.ts'
import type { Mandaat } from '../domain/mandaat.ts'
import type { Sector } from '../domain/sector.ts'

/** What a push needs to know of one school, kept in memory until its stamversie rises. */
export interface Stam {
  readonly stamversie: number
  readonly vestigingen: ReadonlyMap<string, Stamvestiging>
  /** The vastgestelde beleidsversies. */
  readonly beleid: readonly Beleid[]
  /** Who ever delivered leerlingen of the school; with more than one of them, volgorde decides what counts. */
  readonly bronnen: readonly string[]
  readonly afspraken: readonly Bronafspraak[]
  readonly mandaten: readonly Mandaat[]
}

export interface Stamvestiging { readonly sector: Sector, readonly lesuurMinuten: number, readonly kalender: Kalender }

/** An inschrijving as a push needs it. */
export interface Inschrijving { readonly vestiging: string, readonly van: Datum, readonly tot: Datum | null, readonly rooster: Rooster | null }

/** What a push computes with, and the versions it holds for: its statement checks them, and writes nothing when either has risen. */
export interface Kader {
  readonly stam: Stam
  readonly leerlingversie: number
  /** Null for a leerling this bron has not delivered; only the leerlingen that were asked for are certain to be here. */
  readonly leerlingen: ReadonlyMap<string, readonly Inschrijving[] | null>
}

interface Bewaard { stam: Stam, leerlingversie: number | undefined, readonly perBron: Map<string, Map<string, readonly Inschrijving[] | null>> }

// A school's Stam is some tens of kB once its kalenders are asked about; a leerling some 300 bytes.
const KEPT = 2_000
const KEPT_LEERLINGEN = 50_000

/** What was read of scholen, under the versions it was read at; the oldest go first. */
export class Stamcache {
  readonly #scholen = new Map<string, Bewaard>()
  #leerlingen = 0

  find (school: string): Bewaard | undefined { return this.#scholen.get(school) }

  has (school: string): boolean { return this.#scholen.has(school) }

  keep (school: string, stam: Stam): Bewaard {
    const known = this.#scholen.get(school)
    if (known !== undefined) {
      known.stam = stam
      return known
    }
    if (this.#scholen.size >= KEPT) this.drop(this.#scholen.keys().next().value!)
    const kept: Bewaard = { stam, leerlingversie: undefined, perBron: new Map() }
    this.#scholen.set(school, kept)
    return kept
  }

  keepLeerlingen (school: string, kept: Bewaard, bron: string, leerlingen: Iterable<readonly [string, readonly Inschrijving[] | null]>): void {
    let own = kept.perBron.get(bron)
    if (own === undefined) kept.perBron.set(bron, own = new Map())
    const before = own.size
    for (const [leerling, inschrijvingen] of leerlingen) own.set(leerling, inschrijvingen)
    if (this.#scholen.get(school) !== kept) return // dropped while these were read
    this.#leerlingen += own.size - before
    for (const other of this.#scholen.keys()) {
      if (this.#leerlingen <= KEPT_LEERLINGEN) return
      if (other !== school) this.drop(other)
    }
  }

  drop (school: string): void {
    for (const own of this.#scholen.get(school)?.perBron.values() ?? []) this.#leerlingen -= own.size
    this.#scholen.delete(school)
  }
}

/**
 * The Stam of a school as this transaction sees it; undefined for a school nobody registered. For changes to it, and for work on the whole
 * school: until the commit it holds off every push, whose statement locks the school for share.
 */
export async function lockStam (ctx: Ctx, tx: Tx, school: string): Promise<Stam | undefined> {
  const [row] = await readRows<{ stamversie: number }>(tx, sql`select stamversie from school where school = ${school} for update`)
  return row === undefined ? undefined : await readStam(ctx, tx, school, row.stamversie)
}

/** Holds off pushes and other changes of a school, for work that needs nothing of its Stam. */
export async function lockSchool (tx: Tx, school: string): Promise<void> {
  await tx.execute(sql`select from school where school = ${school} for update`)
}

/**
 * Lets one transaction at a time derive what follows from the facts of a school: signalen from absenties, absenties from afmeldingen. To be
 * taken before any other lock of the school.
 */
export async function lockEvaluatie (tx: Tx, school: string): Promise<void> {
  await readRows(tx, sql`select pg_advisory_xact_lock(${evaluatieSlot(school)})`)
}

/** Whether no other transaction derives anything of this school at this moment; none begins to until this one ends. */
export async function isEvaluatieVrij (tx: Tx, school: string): Promise<boolean> {
  const [slot] = await readRows<{ vrij: boolean }>(tx, sql`select pg_try_advisory_xact_lock(${evaluatieSlot(school)}) as vrij`)
  return slot!.vrij
}

function evaluatieSlot (school: string): SQL {
  return sql`hashtextextended('evaluatie ' || ${school}, 0)`
}

/** The Stam without a lock: for readers, who see one moment anyway. */
export async function findStam (ctx: Ctx, tx: Tx, school: string): Promise<Stam | undefined> {
  const [row] = await readRows<{ stamversie: number }>(tx, sql`select stamversie from school where school = ${school}`)
  return row === undefined ? undefined : await readStam(ctx, tx, school, row.stamversie)
}

/** The kalenders of a school by vestigingscode. */
export async function findKalenders (ctx: Ctx, tx: Tx, school: string): Promise<Map<string, Kalender>> {
  const stam = await findStam(ctx, tx, school)
  return new Map([...stam?.vestigingen ?? []].map(([code, { kalender }]) => [code, kalender]))
}

/** A change of a vestiging, kalender, beleid, bronafspraak or mandaat, or a bron more: from the commit on every cache reads anew. */
export async function raiseStamversie (tx: Tx, school: string): Promise<void> {
  await tx.execute(sql`update school set stamversie = stamversie + 1 where school = ${school}`)
}

/** A change of a leerling or inschrijving: from the commit on no push computes with what it knew before. */
export async function raiseLeerlingversie (tx: Tx, school: string): Promise<void> {
  await tx.execute(sql`update school set leerlingversie = leerlingversie + 1 where school = ${school}`)
}

/**
 * What a push of this bron needs of a school and these leerlingen; undefined for a school nobody registered. Costs no round trip when all of
 * it was read before. It may be out of date at any moment, which the push statement finds out: nothing is locked here, for a push that must
 * hold off the school's other bronnen takes the stronger lock next, and two that first shared a weaker one would wait for each other.
 */
export async function findKader (ctx: Ctx, tx: Tx, school: string, bron: string, leerlingen: ReadonlySet<string>): Promise<Kader | undefined> {
  let kept = ctx.stamcache.find(school)
  if (kept?.leerlingversie === undefined) {
    const [row] = await readRows<{ stamversie: number, leerlingversie: number }>(tx, sql`select stamversie, leerlingversie from school where school = ${school}`)
    if (row === undefined) return undefined
    await readStam(ctx, tx, school, row.stamversie)
    kept = ctx.stamcache.find(school)!
    kept.leerlingversie ??= row.leerlingversie
  }
  const { stam, leerlingversie } = kept
  const known = kept.perBron.get(bron)
  const missing = [...leerlingen].filter((leerling) => known?.has(leerling) !== true)
  if (missing.length > 0) ctx.stamcache.keepLeerlingen(school, kept, bron, await listInschrijvingen(tx, school, bron, missing))
  return { stam, leerlingversie, leerlingen: kept.perBron.get(bron) ?? new Map() }
}

/** The Kader as this transaction has changed it; kept by nobody, for the transaction may yet be undone. */
export async function readGewijzigdKader (tx: Tx, school: string, bron: string, leerlingen: readonly string[]): Promise<Kader> {
  const [row] = await readRows<{ stamversie: number, leerlingversie: number }>(tx, sql`select stamversie, leerlingversie from school where school = ${school}`)
  return { stam: await loadStam(tx, school, row!.stamversie), leerlingversie: row!.leerlingversie, leerlingen: await listInschrijvingen(tx, school, bron, leerlingen) }
}

/** Forgets what was read of a school: a push found that it has changed. */
export function dropKader (ctx: Ctx, school: string): void {
  ctx.stamcache.drop(school)
}

async function listInschrijvingen (tx: Tx, school: string, bron: string, leerlingen: readonly string[]): Promise<Map<string, readonly Inschrijving[] | null>> {
  const rows = await readRows<{ leerling: string, inschrijvingen: Inschrijving[] }>(tx, sql`
    select l.leerling, (select coalesce(json_agg(json_build_object('vestiging', i.vestiging, 'van', i.van, 'tot', i.tot, 'rooster', i.rooster)), '[]')
                          from inschrijving i
                         where i.school = l.school and i.bron = l.bron and i.leerling = l.leerling) as inschrijvingen
      from leerling l
     where l.school = ${school} and l.bron = ${bron} and l.leerling = any(${sql.param(leerlingen)}::text[])`)
  const found = new Map<string, readonly Inschrijving[] | null>(leerlingen.map((leerling) => [leerling, null]))
  for (const { leerling, inschrijvingen } of rows) found.set(leerling, inschrijvingen)
  return found
}

async function readStam (ctx: Ctx, tx: Tx, school: string, stamversie: number): Promise<Stam> {
  const kept = ctx.stamcache.find(school)?.stam
  if (kept?.stamversie === stamversie) return kept
  return ctx.stamcache.keep(school, await loadStam(tx, school, stamversie)).stam
}

/** The Stam as this transaction has changed it; kept by nobody, for the transaction may yet be undone. */
export async function readGewijzigdeStam (tx: Tx, school: string): Promise<Stam> {
  return await loadStam(tx, school, 0)
}

interface Stamrij {
  vestigingen: Array<{ vestiging: string, sector: Sector, regio: Regio, lesuurMinuten: number, kalenders: Array<{ schooljaar: string, versie: number, lesdagen: number[], lesvrij: Lesvrij[] }> }>
  beleid: Array<{ versie: number, geldigVan: string, geldigTot: string | null, inhoud: Pick<Beleid, 'redenen' | 'onverklaardNaLesdagen'> & Partial<Pick<Beleid, 'codes' | 'regels' | 'duidingen'>> }>
  bronnen: string[]
  afspraken: Bronafspraak[]
  mandaten: Mandaat[]
}

async function loadStam (tx: Tx, school: string, stamversie: number): Promise<Stam> {
  const [rij] = await readRows<Stamrij>(tx, sql`
    select coalesce((select json_agg(json_build_object('vestiging', v.vestiging, 'sector', v.sector, 'regio', v.regio, 'lesuurMinuten', v.lesuur_minuten,
                              'kalenders', (select coalesce(json_agg(json_build_object('schooljaar', k.schooljaar, 'versie', k.versie, 'lesdagen', k.lesdagen, 'lesvrij', k.lesvrij)), '[]')
                                              from kalender k
                                             where k.school = v.school and k.vestiging = v.vestiging and k.vervangen_op = 'infinity')))
                       from vestiging v
                      where v.school = ${school}), '[]') as vestigingen,
           coalesce((select json_agg(json_build_object('versie', b.versie, 'geldigVan', b.geldig_van, 'geldigTot', b.geldig_tot, 'inhoud', b.inhoud))
                       from beleidsversie b
                      where b.school = ${school} and (b.status = 'vastgesteld' or b.status = 'vervangen' and b.geldig_tot is not null)), '[]') as beleid,
           bronnen_van_leerlingen(${school}) as bronnen,
           coalesce((select json_agg(json_build_object('geldigVan', f.geldig_van, 'volgorde', f.volgorde, 'verklaring', f.verklaring))
                       from bronafspraak f
                      where f.school = ${school} and f.vervangen_op = 'infinity'), '[]') as afspraken,
           coalesce((select json_agg(json_build_object('bron', m.bron, 'dienst', m.dienst, 'van', m.van, 'tot', m.tot, 'ingetrokken', m.ingetrokken_op is not null))
                       from mandaat m
                      where m.school = ${school}), '[]') as mandaten`)
  const { vestigingen, beleid, bronnen, afspraken, mandaten } = rij!
  return {
    stamversie,
    vestigingen: new Map(vestigingen.map(({ vestiging, sector, regio, lesuurMinuten, kalenders }) =>
      [vestiging, { sector, lesuurMinuten, kalender: buildKalender({ regio, eigen: kalenders }) }])),
    beleid: beleid.map(({ versie, geldigVan, geldigTot, inhoud: { redenen, onverklaardNaLesdagen, codes = [], regels = [], duidingen = [] } }) =>
      ({ versie, geldigVan, geldigTot, redenen, onverklaardNaLesdagen, codes, regels, duidingen })),
    bronnen,
    afspraken,
    mandaten
  }
}
