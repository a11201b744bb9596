import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { landPerSchool } from '../aanleveringen/service.ts'
import { reviseVoorrang } from '../absenties/service.ts'
import { Rollback, type Tx } from '../db/transaction.ts'
import { aanlevergrond, afspraakOp, compareBronnen, STANDAARDAFSPRAAK, type Aanlevergrond } from '../domain/bronafspraak.ts'
import { addDagen, type Datum, type Periode } from '../domain/datum.ts'
import { brinVan } from '../domain/identificatie.ts'
import { AppError, type Fout } from '../errors.ts'
import { listFouten } from '../http/rest.ts'
import { findStam, lockStam, raiseStamversie, readGewijzigdeStam, type Stam } from '../leerlingen/stam.ts'
import { requireRecht, scopeOfSchool, type Schoolinzage, type Schoolscope, type Scope } from '../toegang/service.ts'
import { Verklaringsregel, VERKLARINGSRESULTATEN, type Bronafspraak, type Bronafspraakinvoer, type Dagstanden, type Verklaringenantwoord, type Verklaringenvraag, type Verklaringsresultaat } from './contract.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'

interface Regel { readonly index: number, readonly record: Verklaringsregel }

/**
 * Takes declarations that a bron delivered everything of lesdagen; each record stands alone. A bron withdraws its own only. `proef` does the
 * same and undoes it.
 */
export async function pushAanwezigheidsverklaringen (ctx: Ctx, records: readonly unknown[], opties: { proef: boolean }): Promise<Verklaringenantwoord> {
  const begonnen = performance.now()
  const scope = requireRecht(ctx.actor, 'absenties:schrijven')
  const aanlevering = randomUUID()
  const geweigerd: Verklaringsresultaat[] = []
  const regels: Regel[] = []
  records.forEach((record, index) => {
    const parsed = parseRegel(record, scope)
    if ('problemen' in parsed) geweigerd.push(refuse(index, parsed.problemen))
    else regels.push({ index, record: parsed })
  })
  const perSchool = Map.groupBy(regels, ({ record }) => brinVan(record.vestiging))
  const ontvangen = { aanlevering, soort: 'verklaringen', begonnen, records, perSchool, geweigerd, count: countResultaten, refuse: ({ index }: Regel, problemen: Fout[]) => refuse(index, problemen) } as const
  const geland = await ctx.transaction(async (tx) => {
    const own = await landPerSchool(ctx, tx, scope, ontvangen, async (eigen, eigenRegels) => await landVerklaringen(ctx, tx, eigen, eigenRegels))
    if (opties.proef) throw new Rollback(own)
    return own
  })
  const resultaten = [...geweigerd, ...geland].sort((a, b) => a.index - b.index)
  return { aanlevering, aantallen: countResultaten(resultaten), resultaten }
}

function parseRegel (record: unknown, scope: Scope): Verklaringsregel | { problemen: Fout[] } {
  const parsed = Verklaringsregel.safeParse(record)
  if (!parsed.success) return { problemen: listFouten(parsed.error, '', record) }
  const school = brinVan(parsed.data.vestiging)
  if (scopeOfSchool(scope, school) === undefined) return { problemen: [{ code: 'school-onbekend', pointer: '/vestiging', detail: `School ${school} is hier niet bekend.` }] }
  return parsed.data
}

function refuse (index: number, problemen: Fout[]): Verklaringsresultaat {
  return { index, resultaat: 'afgewezen', problemen }
}

function countResultaten (resultaten: readonly Verklaringsresultaat[]): Verklaringenantwoord['aantallen'] {
  const aantallen = { nieuw: 0, ongewijzigd: 0, ingetrokken: 0, afgewezen: 0 } satisfies Record<typeof VERKLARINGSRESULTATEN[number], number>
  for (const { resultaat } of resultaten) aantallen[resultaat]++
  return aantallen
}

/** Under the school's lock: the kalender that says which days these are stands still, and so does what the bron declared before. */
async function landVerklaringen (ctx: Ctx, tx: Tx, scope: Schoolscope, regels: readonly Regel[]): Promise<Verklaringsresultaat[]> {
  const stam = await lockStam(ctx, tx, scope.school)
  const resultaten: Verklaringsresultaat[] = []
  const goed: Array<Regel & { readonly lesdagen: readonly Datum[] }> = []
  for (const { index, record } of regels) {
    const lesdagen = listLesdagen(record, stam, ctx.vandaag())
    if (Array.isArray(lesdagen)) goed.push({ index, record, lesdagen })
    else resultaten.push(refuse(index, [lesdagen]))
  }
  if (goed.length === 0) return resultaten

  const dagen = goed.flatMap(({ lesdagen }) => [lesdagen[0]!, lesdagen.at(-1)!]).sort()
  const stond = new Set((await store.listVerklaard(tx, scope, [...new Set(goed.map(({ record }) => record.vestiging))], dagen[0]!, dagen.at(-1)!)).map(keyOf))
  const staat = new Set(stond)
  for (const { index, record: { vestiging, ingetrokken }, lesdagen } of goed) {
    const eerder = staat.size
    for (const datum of lesdagen) {
      if (ingetrokken === true) staat.delete(keyOf({ vestiging, datum }))
      else staat.add(keyOf({ vestiging, datum }))
    }
    resultaten.push({ index, resultaat: staat.size === eerder ? 'ongewijzigd' : ingetrokken === true ? 'ingetrokken' : 'nieuw', lesdagen: lesdagen.length })
  }
  const verklaard = [...staat].filter((key) => !stond.has(key)).map(readKey)
  const ingetrokken = [...stond].filter((key) => !staat.has(key)).map(readKey)
  if (verklaard.length + ingetrokken.length > 0) await store.writeVerklaringen(tx, scope, { verklaard, ingetrokken })
  return resultaten
}

function keyOf ({ vestiging, datum }: store.Vestigingsdag): string {
  return `${vestiging} ${datum}`
}

function readKey (key: string): store.Vestigingsdag {
  const [vestiging, datum] = key.split(' ') as [string, string]
  return { vestiging, datum }
}

/** The lesdagen a record is about, at least one. */
function listLesdagen ({ vestiging, van, tot }: Verklaringsregel, stam: Stam | undefined, vandaag: Datum): Datum[] | Fout {
  const laatste = tot ?? van
  const kalender = stam?.vestigingen.get(vestiging)?.kalender
  if (kalender === undefined) return { code: 'vestiging-onbekend', pointer: '/vestiging', detail: `Vestiging ${vestiging} is hier niet bekend.` }
  if (laatste > vandaag) return { code: 'datum-in-toekomst', pointer: tot == null ? '/van' : '/tot', detail: 'Deze dag is nog niet geweest.' }
  const lesdagen = kalender.lesdagen(van, laatste)
  if (lesdagen.length > 0) return lesdagen
  return { code: 'geen-lesdag', pointer: '/van', detail: van === laatste ? `${van} is op deze vestiging geen lesdag: ${kalender.reden(van) ?? 'lesvrij'}.` : 'Deze periode heeft op deze vestiging geen lesdag.' }
}

export interface Dagstand extends store.Dagrij { readonly grond: Aanlevergrond | null }

/** Of every lesdag of a vestiging in a periode what was delivered, and whether that makes it a delivered day. */
export async function listDagstanden (tx: Tx, scope: Schoolinzage, { vestigingen, afspraken }: Stam, vestiging: string, { van, tot }: Periode): Promise<Dagstand[]> {
  const lesdagen = vestigingen.get(vestiging)?.kalender.lesdagen(van, tot) ?? []
  if (lesdagen.length === 0) return []
  return (await store.listDagrijen(tx, scope, vestiging, lesdagen)).map((rij) =>
    ({ ...rij, grond: aanlevergrond(afspraakOp(afspraken, rij.datum), { verklaringen: rij.verklaringen.length, absenties: rij.absenties }) }))
}

/** The lesdagen of a vestiging up to and including today: who declared them, and whether they count as delivered. */
export async function listAanwezigheidsverklaringen (ctx: Ctx, { vestiging, van, tot }: Verklaringenvraag): Promise<Dagstanden> {
  const scope = requireRecht(ctx.actor, 'absenties:lezen', brinVan(vestiging))
  return await ctx.transaction(async (tx) => {
    const stam = await findStam(ctx, tx, scope.school)
    if (stam?.vestigingen.has(vestiging) !== true) throw new AppError('niet-gevonden', `Vestiging ${vestiging} is hier niet bekend.`)
    const [laatste] = [tot ?? van, ctx.vandaag()].sort()
    const standen = await listDagstanden(tx, scope, stam, vestiging, { van, tot: laatste! })
    return { vestiging, dagen: standen.map((stand) => ({ ...stand, aangeleverd: stand.grond !== null })) }
  })
}

// --- bronafspraken

/** The bronafspraken of a school, the last first; the standaardafspraak, in force before all of them, closes the list. */
export async function listBronafspraken (ctx: Ctx, school: string): Promise<{ bronafspraken: Bronafspraak[] }> {
  requireRecht(ctx.actor, 'beleid:lezen', school)
  return await ctx.transaction(async (tx) => {
    const stam = await findStam(ctx, tx, school)
    return { bronafspraken: buildBronafspraken(school, await store.listBronafspraken(tx, school), stam?.bronnen ?? []) }
  })
}

function buildBronafspraken (school: string, rijen: readonly store.Bronafspraakrij[], bekend: readonly string[]): Bronafspraak[] {
  const eigen = rijen.map((rij): Omit<Bronafspraak, 'geldigTot' | 'bronnen' | 'school'> => rij)
  const standaard = { ...STANDAARDAFSPRAAK, volgorde: [...STANDAARDAFSPRAAK.volgorde], vastgelegdOp: null }
  const alle = eigen.some(({ geldigVan }) => geldigVan <= standaard.geldigVan) ? eigen : [...eigen, standaard]
  return alle.map((afspraak, at) => ({
    ...afspraak,
    school,
    geldigTot: at === 0 ? null : addDagen(alle[at - 1]!.geldigVan, -1),
    bronnen: [...new Set([...afspraak.volgorde, ...bekend])].sort((a, b) => compareBronnen(afspraak, a, b)).map((bron) => ({ bron, genoemd: afspraak.volgorde.includes(bron) }))
  }))
}

/** Lays down how the bronnen relate from a day on; what that changes follows, and the earlier version stays for figures as of a moment. */
export async function putBronafspraak (ctx: Ctx, school: string, geldigVan: Datum, invoer: Bronafspraakinvoer): Promise<{ nieuw: boolean, bronafspraak: Bronafspraak }> {
  const scope = requireRecht(ctx.actor, 'beleid:schrijven', school)
  const answer = await ctx.transaction(async (tx) => {
    const stam = await lockStam(ctx, tx, school)
    if (stam === undefined) throw new AppError('stamgegevens-onbekend', `School ${school} heeft hier nog geen vestiging.`)
    const oud = stam.afspraken.find((afspraak) => afspraak.geldigVan === geldigVan)
    if (!isDeepStrictEqual(oud, { geldigVan, ...invoer })) await replaceBronafspraak(ctx, tx, scope, stam, geldigVan, invoer)
    const alle = buildBronafspraken(school, await store.listBronafspraken(tx, school), stam.bronnen)
    return { nieuw: oud === undefined, bronafspraak: alle.find((afspraak) => afspraak.geldigVan === geldigVan)! }
  })
  ctx.wake()
  return answer
}

/** From its day on the bronafspraak before it holds again. */
export async function withdrawBronafspraak (ctx: Ctx, school: string, geldigVan: Datum): Promise<void> {
  const scope = requireRecht(ctx.actor, 'beleid:schrijven', school)
  await ctx.transaction(async (tx) => {
    const stam = await lockStam(ctx, tx, school)
    if (stam?.afspraken.some((afspraak) => afspraak.geldigVan === geldigVan) !== true) throw new AppError('niet-gevonden', `School ${school} heeft geen bronafspraak die ingaat op ${geldigVan}.`)
    await replaceBronafspraak(ctx, tx, scope, stam, geldigVan, undefined)
  })
  ctx.wake()
}

/** What a bronafspraak changes lies on its own days: up to the next one. */
async function replaceBronafspraak (ctx: Ctx, tx: Tx, scope: Schoolscope, { bronnen }: Stam, geldigVan: Datum, nieuw: Bronafspraakinvoer | undefined): Promise<void> {
  await store.replaceBronafspraak(tx, scope.school, geldigVan, nieuw)
  await raiseStamversie(tx, scope.school)
  const { afspraken } = await readGewijzigdeStam(tx, scope.school)
  const volgende = afspraken.map((afspraak) => afspraak.geldigVan).filter((dag) => dag > geldigVan).sort()[0]
  const bereik = { van: geldigVan, tot: volgende === undefined ? null : addDagen(volgende, -1) }
  await store.markWeken(tx, scope.school, bereik)
  if (bronnen.length > 1) await reviseVoorrang(ctx, tx, scope, afspraken, bereik)
}
