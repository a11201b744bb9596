import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { findBewaargrens } from '../bewaring/vernietigd.ts'
import { aandeelGemist, emptyCel, listPerioden, periodenRond, type Cel } from '../domain/aggregaat.ts'
import { buildRaster, countCellen, type Raster } from '../domain/celtelling.ts'
import { addDagen, dagnummer, parsePeriode, schooljaar, schooljaarPeriode, type Datum } from '../domain/datum.ts'
import { brinVan } from '../domain/identificatie.ts'
import { AppError, assert } from '../errors.ts'
import { findKalenders } from '../leerlingen/stam.ts'
import { requireInzage } from '../toegang/service.ts'
import { recordVerwerking, type Betrokkene } from '../verwerkingen/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Kalender } from '../domain/kalender.ts'
import type { Statistiek, Statistiekvraag } from './contract.ts'

export type { Cel } from '../domain/aggregaat.ts'
export { listKalendersOp } from './store.ts'

export interface Cellenvraag {
  readonly vestigingen: readonly string[]
  /** The same perioden for every vestiging, or its own list for each. */
  readonly perioden: readonly string[] | ReadonlyMap<string, readonly string[]>
  /** By vestigingscode; for an afkapmoment those of that moment (`listKalendersOp`). */
  readonly kalenders: ReadonlyMap<string, Kalender>
  readonly peildatum: Datum
  /** Absent: now. Else the versions of absenties, inschrijvingen and signalen that were in force at this instant. */
  readonly afkapmoment?: Date
}

export interface Berekend {
  readonly cellen: Cel[]
  /** Everyone whose facts were read for them; may repeat. */
  readonly betrokkenen: readonly Betrokkene[]
}

/**
 * The cellen of one school, computed from the facts: per vestiging and periode the total first, then each leerjaar that had leerlingen.
 * A periode that has not begun at the peildatum has none. One statement per schooljaar.
 */
export async function computeCellen (tx: Tx, school: string, vraag: Cellenvraag): Promise<Berekend> {
  const totalen = vraag.vestigingen.flatMap((vestiging) => {
    assert(vraag.kalenders.has(vestiging), 'every vestiging asked for has a kalender')
    const perioden = 'get' in vraag.perioden ? vraag.perioden.get(vestiging) ?? [] : vraag.perioden
    return [...new Set(perioden)].flatMap((periode) => emptyCel(vestiging, periode, null, vraag.peildatum) ?? [])
  })
  const cellen: Cel[] = []
  const betrokkenen: Betrokkene[] = []
  const volgorde = totalen.length === 0 ? undefined : await store.findBronvolgorde(tx, school)
  for (const own of Map.groupBy(totalen, ({ totEnMet }) => schooljaar(totEnMet)).values()) {
    const raster = buildRaster(own, vraag.kalenders)
    const { gegevens, leerlingen, overige } = await store.selectCelgegevens(tx, school, raster, vraag.afkapmoment, volgorde)
    cellen.push(...countCellen(raster, gegevens))
    for (const { bron, leerling } of [...leerlingen, ...overige]) betrokkenen.push({ school, bron, leerling })
  }
  return { cellen: cellen.sort(compareCellen), betrokkenen }
}

/** What one periode is counted from, and of whom: leerling 1 of the deelnamen is the first. */
export interface Celfeiten extends store.Celbron { readonly raster: Raster }

/**
 * The facts of one school that the cellen of one periode are counted from (`countCellen`), and those of so many days before it. As of an
 * afkapmoment; undefined when the periode had not begun.
 */
export async function readCelfeiten (tx: Tx, school: string, vraag: Omit<Cellenvraag, 'perioden'> & { readonly periode: string, readonly aanloop: number }): Promise<Celfeiten | undefined> {
  const { vestigingen, periode, kalenders, peildatum, afkapmoment, aanloop } = vraag
  const totalen = vestigingen.flatMap((vestiging) => emptyCel(vestiging, periode, null, peildatum) ?? [])
  if (totalen.length === 0) return undefined
  const volgorde = await store.findBronvolgorde(tx, school)
  const ruim = buildRaster(totalen.map((cel) => ({ ...cel, van: addDagen(cel.van, -aanloop) })), kalenders)
  const nul = dagnummer(ruim.eerste)
  const raster = { ...ruim, vestigingen: ruim.vestigingen.map((vestiging, plek) => ({ ...vestiging, perioden: [{ cel: totalen[plek]!, van: dagnummer(totalen[plek]!.van) - nul, tot: dagnummer(totalen[plek]!.totEnMet) - nul }] })) }
  return { raster, ...await store.selectCelgegevens(tx, school, raster, afkapmoment, volgorde) }
}

function compareCellen (a: Cel, b: Cel): number {
  return compare(a.vestiging, b.vestiging) || compare(a.periode, b.periode) || (a.leerjaar ?? -1) - (b.leerjaar ?? -1)
}

function compare (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

// --- the night

export interface Hertelling { readonly cellen: number, readonly gewijzigd: number }

export interface Hertelopdracht {
  readonly peildatum: Datum
  /** Signalen changed since this moment move the week they end in, which may be another than that of the absentie; null: all. */
  readonly signalenSinds: Date | null
  /** Every periode, whether it needs it or not. */
  readonly volledig?: boolean
}

/**
 * Recomputes what a school needs at this peildatum: perioden that were marked, never computed, or counted until another day. Marks are taken
 * in the same transaction as the cellen they cause. The result is the same as a full recount.
 */
export async function recountSchool (ctx: Ctx, school: string, { peildatum, signalenSinds, volledig = false }: Hertelopdracht): Promise<Hertelling> {
  return await ctx.transaction(async (tx) => {
    await store.markSignalen(tx, school, signalenSinds)
    const markeringen = await store.takeMarkeringen(tx, school)
    const kalenders = await findKalenders(ctx, tx, school)
    const alle = await listVerwacht(tx, school, peildatum)
    const geteld = await store.listGeteld(tx, school)
    const isHeel = await makeIsHeel(tx, school)

    const nodig = new Map([...kalenders].map(([vestiging, kalender]): [string, string[]] => {
      const eigen = new Map(geteld.filter((rij) => rij.vestiging === vestiging).map(({ periode, totEnMet }) => [periode, totEnMet]))
      const gemarkeerd = markeringen.filter((markering) => markering.vestiging === vestiging).flatMap(({ maandag }) => periodenRond(maandag, kalender))
      const verlopen = [...new Set([...alle, ...eigen.keys()])].filter((periode) => eigen.get(periode) !== emptyCel(vestiging, periode, null, peildatum)?.totEnMet)
      return [vestiging, [...new Set([...(volledig ? alle : []), ...gemarkeerd, ...verlopen])].filter(isHeel)]
    }).filter(([, perioden]) => perioden.length > 0))
    if (nodig.size === 0) return { cellen: 0, gewijzigd: 0 }
    const { cellen, betrokkenen } = await computeCellen(tx, school, { vestigingen: [...nodig.keys()], perioden: nodig, kalenders, peildatum })
    await recordVerwerking(ctx, tx, 'statistieken:tellen', betrokkenen)
    return { cellen: cellen.length, gewijzigd: await replaceCellen(tx, school, nodig, cellen) }
  })
}

/** Makes these cellen the only ones of their perioden; answers how many changed. Compared here: 8 ms for 564 equal cellen, against 22 in the database. */
async function replaceCellen (tx: Tx, school: string, perioden: ReadonlyMap<string, readonly string[]>, cellen: readonly Cel[]): Promise<number> {
  const stored = await store.listCellen(tx, [school], [...perioden.keys()], [...new Set([...perioden.values()].flat())])
  const asked = new Map([...perioden].map(([vestiging, eigen]) => [vestiging, new Set(eigen)]))
  const verschillen = listVerschillen(cellen, stored.filter(({ vestiging, periode }) => asked.get(vestiging)!.has(periode)))
  const anders = new Set(verschillen.map(keyOf))
  const nieuw = cellen.filter((cel) => anders.delete(keyOf(cel)))
  const verdwenen = verschillen.filter((verschil) => anders.has(keyOf(verschil)))
  if (verdwenen.length > 0) await store.deleteCellen(tx, school, verdwenen)
  if (nieuw.length > 0) await store.upsertCellen(tx, school, nieuw)
  return verschillen.length
}

/** Every periode there must be cellen of: from the schooljaar of the first absentie of the school up to the peildatum. */
async function listVerwacht (tx: Tx, school: string, peildatum: Datum): Promise<string[]> {
  const eerste = await store.findEersteDag(tx, school)
  const { van } = schooljaarPeriode(schooljaar(eerste !== null && eerste < peildatum ? eerste : peildatum))
  return listPerioden(van, peildatum)
}

/** Whether the facts of a periode are still whole. Of one that begins on or before the bewaargrens, leerlingen were destroyed: it stays as it was counted. */
async function makeIsHeel (tx: Tx, school: string): Promise<(periode: string) => boolean> {
  const grens = await findBewaargrens(tx, school) ?? ''
  return (periode) => (parsePeriode(periode)?.van ?? '') > grens
}

export interface Verschil extends store.Celsleutel { readonly opgeslagen: Partial<Cel>, readonly berekend: Partial<Cel> }

/**
 * Recomputes all perioden of one vestiging, chosen by school and peildatum, and compares them with what is stored; answers the differences.
 * What was marked meanwhile is left out: a push since the recount is no difference.
 */
export async function verifySteekproef (ctx: Ctx, school: string, peildatum: Datum): Promise<Verschil[]> {
  return await ctx.transaction(async (tx) => {
    const kalenders = await findKalenders(ctx, tx, school)
    const perioden = (await listVerwacht(tx, school, peildatum)).filter(await makeIsHeel(tx, school))
    const vestigingen = [...kalenders.keys()].sort()
    if (vestigingen.length === 0) return []
    const vestiging = vestigingen[createHash('sha256').update(`${school} ${peildatum}`).digest().readUInt32BE() % vestigingen.length]!
    const { cellen: berekend, betrokkenen } = await computeCellen(tx, school, { vestigingen: [vestiging], perioden, kalenders, peildatum })
    await recordVerwerking(ctx, tx, 'statistieken:tellen', betrokkenen)
    // After the computation: a mark that came in between is seen here, and excuses its perioden.
    const opgeslagen = await store.listCellen(tx, [school], [vestiging], perioden)
    const markeringen = await store.listMarkeringen(tx, school)
    const onderweg = new Set(markeringen.filter((markering) => markering.vestiging === vestiging).flatMap(({ maandag }) => periodenRond(maandag, kalenders.get(vestiging)!)))
    return listVerschillen(berekend, opgeslagen).filter(({ periode }) => !onderweg.has(periode))
  })
}

/** The cellen that are not the same on both sides, with the measures in which they differ. */
function listVerschillen (berekend: readonly Cel[], opgeslagen: readonly Cel[]): Verschil[] {
  const stored = new Map(opgeslagen.map((cel) => [keyOf(cel), cel]))
  const computed = new Map(berekend.map((cel) => [keyOf(cel), cel]))
  return [...new Set([...computed.keys(), ...stored.keys()])].flatMap((key) => {
    const [stond, nu] = [stored.get(key), computed.get(key)]
    const { vestiging, periode, leerjaar } = (stond ?? nu)!
    const anders = (Object.keys((stond ?? nu)!) as Array<keyof Cel>).filter((maat) => !isDeepStrictEqual(stond?.[maat], nu?.[maat]))
    const pick = (cel: Cel | undefined): Partial<Cel> => cel === undefined ? {} : Object.fromEntries(anders.map((maat) => [maat, cel[maat]]))
    return anders.length === 0 ? [] : [{ vestiging, periode, leerjaar, opgeslagen: pick(stond), berekend: pick(nu) }]
  })
}

function keyOf ({ vestiging, periode, leerjaar }: store.Celsleutel): string {
  return `${vestiging} ${periode} ${leerjaar ?? ''}`
}

// --- reading

/** The figures of one vestiging in one periode. */
export async function getStatistiek (ctx: Ctx, vraag: Statistiekvraag): Promise<Statistiek> {
  const school = brinVan(vraag.vestiging)
  requireInzage(ctx.actor, 'statistieken:lezen', school)
  return await ctx.transaction(async (tx) => {
    if (!await store.hasVestiging(tx, school, vraag.vestiging)) throw new AppError('niet-gevonden', `Vestiging ${vraag.vestiging} is hier niet bekend.`)
    const cellen = await store.listCellen(tx, [school], [vraag.vestiging], [vraag.periode])
    return buildStatistiek(vraag.vestiging, vraag.periode, cellen, vraag.leerjaar)
  })
}

/** The figures of many vestigingen in one periode, in the order asked; one statement. A vestiging outside the token is niet-gevonden. */
export async function listStatistieken (ctx: Ctx, { vestigingen, periode }: { vestigingen: readonly string[], periode: string }): Promise<Statistiek[]> {
  const scholen = [...new Set(vestigingen.map(brinVan))]
  for (const school of scholen) requireInzage(ctx.actor, 'statistieken:lezen', school)
  const cellen = await ctx.transaction(async (tx) => await store.listCellen(tx, scholen, vestigingen, [periode]))
  const perVestiging = Map.groupBy(cellen, ({ vestiging }) => vestiging)
  return vestigingen.map((vestiging) => buildStatistiek(vestiging, periode, perVestiging.get(vestiging) ?? []))
}

/** The answer for one vestiging and periode from its stored cellen; rounding happens here and nowhere before. */
function buildStatistiek (vestiging: string, periode: string, cellen: readonly Cel[], leerjaar?: number): Statistiek {
  const grenzen = parsePeriode(periode)
  assert(grenzen, 'the periode was checked at the edge')
  const totaal = cellen.find((cel) => cel.leerjaar === null)
  return {
    vestiging,
    periode,
    berekend: totaal !== undefined,
    van: grenzen.van,
    totEnMet: totaal?.totEnMet ?? null,
    volledigheid: totaal === undefined ? null : { lesdagen: totaal.lesdagen, aangeleverd: totaal.lesdagenAangeleverd },
    cellen: cellen.filter((cel) => leerjaar === undefined || cel.leerjaar === leerjaar).map((cel) => ({
      leerjaar: cel.leerjaar,
      leerlingen: cel.leerlingen,
      geplandeMinuten: cel.geplandeMinuten,
      zonderRooster: cel.zonderRooster,
      gemisteMinuten: cel.gemisteMinuten,
      aandeelGemist: aandeelGemist(cel),
      categorieen: cel.categorieen,
      banden: cel.banden,
      verzuimperioden: cel.verzuimperioden,
      signalen: cel.signalen
    }))
  }
}
