import { createHash, randomUUID } from 'node:crypto'
import { absentieTeller } from '../http/health.ts'
import { OngeldigeRegel } from '../http/ndjson.ts'
import { decodeCursor, encodeCursor, listFouten } from '../http/rest.ts'
import { Rollback, type Tx } from '../db/transaction.ts'
import { beleidOp, classify, onverklaardTot } from '../domain/beleid.ts'
import { AppError, type Fout } from '../errors.ts'
import { lockStam, type Stam } from '../leerlingen/stam.ts'
import { requireRecht, scopeOfSchool, type Schoolscope, type Scope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { z } from 'zod'
import { Absentieintrekking, Absentiemelding, RESULTATEN, type Absentie, type Absentieaantallen, type Absentieregel, type Absentieresultaat, type Absentiesantwoord, type Absentiesvraag, type Absentieversie, type Resultaat, type Wachtende } from './contract.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Datum } from '../domain/datum.ts'

/** A pushed record that is well-formed, with its place in the push. */
interface Regel { readonly index: number, readonly record: Absentieregel }

/** How often a push starts again when another transaction inserted one of its keys in the same moment. */
const POGINGEN = 5

/**
 * Takes a push: each record stands alone, and the answer says per record what happened. What it answers is durable. `proef` does exactly
 * the same and undoes it.
 */
export async function pushAbsenties (ctx: Ctx, records: readonly unknown[], opties: { proef: boolean, aanlevering?: string, deel?: number }): Promise<Absentiesantwoord> {
  const scope = requireRecht(ctx.actor, 'absenties:schrijven')
  const aanlevering = opties.aanlevering ?? randomUUID()
  const { perSchool, geweigerd } = parseRegels(records, scope)
  const geland = await retryBotsingen(async () => await ctx.transaction(async (tx) => {
    const own = await landRegels(ctx, tx, scope, perSchool, aanlevering, opties.deel ?? 0)
    if (opties.proef) throw new Rollback(own)
    return own
  }))

  const resultaten: Absentieresultaat[] = []
  for (const resultaat of [...geweigerd, ...geland]) resultaten[resultaat.index] = resultaat
  const aantallen = countResultaten(resultaten)
  if (!opties.proef) reportLanded(ctx, aantallen)
  return { aanlevering, aantallen, resultaten }
}

function reportLanded (ctx: Ctx, aantallen: Absentieaantallen): void {
  for (const naam of RESULTATEN) absentieTeller.inc({ resultaat: naam }, aantallen[naam])
  ctx.wake()
}

function parseRegels (records: readonly unknown[], scope: Scope): { perSchool: Map<string, Regel[]>, geweigerd: Absentieresultaat[] } {
  const geweigerd: Absentieresultaat[] = []
  const regels: Regel[] = []
  records.forEach((record, index) => {
    const parsed = parseRegel(record, scope)
    if ('problemen' in parsed) geweigerd.push(refuse(index, readBronId(record), parsed.problemen))
    else regels.push({ index, record: parsed })
  })
  return { perSchool: Map.groupBy(regels, ({ record }) => record.school), geweigerd }
}

/** Writes the well-formed records, school by school in order of BRIN, so that two pushes over the same scholen never wait for each other in a circle. */
async function landRegels (ctx: Ctx, tx: Tx, scope: Scope, perSchool: ReadonlyMap<string, readonly Regel[]>, aanlevering: string, deel: number): Promise<Absentieresultaat[]> {
  const geland: Absentieresultaat[] = []
  for (const school of [...perSchool.keys()].sort()) {
    const own = scopeOfSchool(scope, school)!
    const resultaten = await pushSchool(ctx, tx, own, aanlevering, perSchool.get(school)!)
    await store.insertAanlevering(tx, own, aanlevering, deel, 'absenties', countResultaten(resultaten))
    geland.push(...resultaten)
  }
  return geland
}

/** Replays what waited for these leerlingen, now that they are known; within the transaction that made them known. */
export async function replayWachtende (ctx: Ctx, tx: Tx, scope: Schoolscope, leerlingen: readonly string[]): Promise<void> {
  const wachtend = await store.listWachtendeVan(tx, scope, leerlingen)
  for (const [aanlevering, own] of Map.groupBy(wachtend, (record) => record.aanlevering)) {
    const regels = own.map((record, index) => ({ index, record: Absentiemelding.parse(record.inhoud) }))
    const resultaten = await pushSchool(ctx, tx, scope, aanlevering, regels)
    const geweigerd = resultaten.flatMap(({ bronId, problemen }) => problemen === undefined ? [] : [{ bron: scope.bron, bronId: bronId!, probleem: problemen[0] }])
    if (geweigerd.length > 0) await store.refuseWachtende(tx, scope, geweigerd)
  }
}

/** Refuses absenties whose leerling did not come within the limit; they stay listed with that reason. */
export async function refuseWachtende (ctx: Ctx, school: string): Promise<number> {
  const scope = requireRecht(ctx.actor, 'absenties:schrijven', school)
  const sinds = new Date(ctx.now().getTime() - ctx.wachtDagen * 86_400_000).toISOString()
  const probleem = { code: 'leerling-onbekend', pointer: '/leerling', detail: `De leerling is na ${ctx.wachtDagen} dagen nog niet bekend.` }
  return await ctx.transaction(async (tx) => await store.refuseWachtendeVoor(tx, scope, sinds, probleem))
}

async function pushSchool (ctx: Ctx, tx: Tx, scope: Schoolscope, aanlevering: string, regels: readonly Regel[]): Promise<Absentieresultaat[]> {
  const stam = await lockStam(ctx, tx, scope.school, 'share')
  if (stam === undefined) {
    return regels.map(({ index, record }) => refuse(index, record.bronId, [{ code: 'school-onbekend', pointer: '/school', detail: `School ${scope.school} heeft hier nog geen vestiging.` }]))
  }
  const resultaten: Absentieresultaat[] = []
  const rijen: store.Absentierij[] = []
  const vandaag = ctx.vandaag()
  for (const { index, record } of regels) {
    const rij = prepareRij(index, record, stam, vandaag)
    if ('problemen' in rij) resultaten.push(refuse(index, record.bronId, rij.problemen))
    else rijen.push(rij)
  }

  const records = new Map(regels.map((regel) => [regel.index, regel.record]))
  const betrokkenen = new Set<string>()
  for (const ronde of listRondes(rijen)) {
    const geschreven = await store.writeAbsenties(tx, scope, aanlevering, ronde)
    for (const { index, leerling, resultaat } of geschreven) {
      if (leerling !== null) betrokkenen.add(leerling)
      const { bronId } = records.get(index)!
      resultaten.push(resultaat === 'buiten-inschrijving'
        ? refuse(index, bronId, [{ code: 'buiten-inschrijving', pointer: '/datum', detail: 'De leerling is op deze datum niet op deze vestiging ingeschreven.' }])
        : { index, bronId, resultaat })
    }
    const wachtend = geschreven.filter(({ resultaat }) => resultaat === 'inWacht').map(({ index }) => records.get(index) as z.output<typeof Absentiemelding>)
    if (wachtend.length > 0) await store.insertWachtende(tx, scope, aanlevering, wachtend.map((inhoud) => ({ bronId: inhoud.bronId, leerling: inhoud.leerling, gewijzigdOp: inhoud.gewijzigdOp, inhoud })))
  }
  await recordVerwerking(ctx, tx, 'absenties:schrijven', [...betrokkenen].map((leerling) => ({ school: scope.school, bron: scope.bron, leerling })))
  return resultaten
}

/** Checks that need no person: the vestiging, its kalender, its beleid on that day. */
function prepareRij (index: number, record: Absentieregel, stam: Stam, vandaag: Datum): store.Absentierij | { problemen: Fout[] } {
  const { bronId, gewijzigdOp } = record
  if (record.ingetrokken === true) return { index, bronId, ingetrokken: true, gewijzigdOp }
  const { vestiging, leerling, datum, soort, reden = null, minuten = null, lesuren = null, dagdeel = null } = record
  const kader = stam.vestigingen.get(vestiging)
  if (kader === undefined) return { problemen: [{ code: 'vestiging-onbekend', pointer: '/vestiging', detail: `Vestiging ${vestiging} is hier niet bekend.` }] }
  if (!kader.kalender.isLesdag(datum)) return { problemen: [{ code: 'geen-lesdag', pointer: '/datum', detail: `${datum} is op deze vestiging geen lesdag: ${kader.kalender.reden(datum) ?? 'lesvrij'}.` }] }
  const beleid = beleidOp(stam.beleid, datum)
  const grens = onverklaardTot(beleid, kader.kalender, vandaag)
  const categorie = reden === null && grens !== undefined && datum <= grens ? 'ongeoorloofd' : classify(beleid, reden)
  return { index, bronId, ingetrokken: false, gewijzigdOp, vestiging, leerling, datum, soort, reden, categorie, minuten, lesuren, dagdeel, lesuurMinuten: kader.lesuurMinuten }
}

/** The rows in rounds without a double key, each sorted by key: a push that names a key twice means its versions in that order. */
function listRondes (rijen: readonly store.Absentierij[]): store.Absentierij[][] {
  const rondes: store.Absentierij[][] = []
  const seen = new Map<string, number>()
  for (const rij of rijen) {
    const ronde = seen.get(rij.bronId) ?? 0
    seen.set(rij.bronId, ronde + 1)
    const rows = rondes[ronde] ??= []
    rows.push(rij)
  }
  for (const ronde of rondes) ronde.sort((a, b) => a.bronId < b.bronId ? -1 : 1)
  return rondes
}

function parseRegel (record: unknown, scope: Scope): Absentieregel | { problemen: Fout[] } {
  if (record instanceof OngeldigeRegel) return { problemen: [{ code: 'geen-json', pointer: '', detail: 'Deze regel is geen geldige JSON in UTF-8, of te lang.' }] }
  const withdrawn = typeof record === 'object' && record !== null && (record as { ingetrokken?: unknown }).ingetrokken === true
  const parsed = (withdrawn ? Absentieintrekking : Absentiemelding).safeParse(record)
  if (!parsed.success) return { problemen: listFouten(parsed.error, '', record) }
  if (scopeOfSchool(scope, parsed.data.school) === undefined) {
    return { problemen: [{ code: 'school-onbekend', pointer: '/school', detail: `School ${parsed.data.school} is hier niet bekend.` }] }
  }
  return parsed.data
}

function readBronId (record: unknown): string | undefined {
  const bronId = (record as { bronId?: unknown } | null | undefined)?.bronId
  return typeof bronId === 'string' ? bronId.slice(0, 80) : undefined
}

function refuse (index: number, bronId: string | undefined, problemen: Fout[]): Absentieresultaat {
  return { index, ...(bronId === undefined ? {} : { bronId }), resultaat: 'afgewezen', problemen }
}

/** How many of each resultaat; every one is named, also at 0. */
export function countResultaten (resultaten: readonly Absentieresultaat[]): Absentieaantallen {
  const aantallen = Object.fromEntries(RESULTATEN.map((naam) => [naam, 0])) as Record<Resultaat, number>
  for (const { resultaat } of resultaten) aantallen[resultaat]++
  return aantallen
}

export function sumAantallen (a: Absentieaantallen, b: Absentieaantallen): Absentieaantallen {
  return Object.fromEntries(RESULTATEN.map((naam) => [naam, a[naam] + b[naam]])) as Record<Resultaat, number>
}

async function retryBotsingen<T> (work: () => Promise<T>): Promise<T> {
  for (let poging = 1; ; poging++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof store.Botsing) || poging === POGINGEN) throw error
    }
  }
}

/** One record by its own key, as the bulk push would take it; a problem is thrown instead of listed. */
export async function putAbsentie (ctx: Ctx, sleutel: { bron: string, bronId: string }, invoer: { school: string }, ifMatch: string | undefined): Promise<{ resultaat: Resultaat, absentie: Absentie | null }> {
  return await landOne(ctx, sleutel, invoer.school, { ...invoer, bronId: sleutel.bronId }, async (tx, scope) => {
    if (ifMatch !== undefined) await requireEtag(tx, scope, sleutel, ifMatch)
  })
}

/** Withdraws one absentie; its versions stay. */
export async function withdrawAbsentie (ctx: Ctx, sleutel: { bron: string, bronId: string }, school: string, gewijzigdOp: string | undefined, ifMatch: string | undefined): Promise<void> {
  const record = { bronId: sleutel.bronId, school, ingetrokken: true, gewijzigdOp: gewijzigdOp ?? ctx.now().toISOString() }
  const { resultaat } = await landOne(ctx, sleutel, school, record, async (tx, scope) => {
    if (await store.findAbsentie(tx, scope, sleutel.bron, sleutel.bronId) === undefined) throw new AppError('niet-gevonden', 'Deze absentie is hier niet bekend.')
    if (ifMatch !== undefined) await requireEtag(tx, scope, sleutel, ifMatch)
  })
  if (resultaat === 'verouderd') throw new AppError('versie-verouderd', 'Er is al een latere versie van deze absentie.')
}

async function landOne (ctx: Ctx, { bron, bronId }: { bron: string, bronId: string }, school: string, record: object, check: (tx: Tx, scope: Schoolscope) => Promise<void>): Promise<{ resultaat: Resultaat, absentie: Absentie | null }> {
  const scope = requireRecht(ctx.actor, 'absenties:schrijven', school)
  if (bron !== ctx.actor.bron) throw new AppError('geen-toegang', 'Een bron schrijft alleen haar eigen absenties.')
  const { perSchool, geweigerd } = parseRegels([record], scope)
  const landed = await retryBotsingen(async () => await ctx.transaction(async (tx) => {
    await check(tx, scope)
    const geland = await landRegels(ctx, tx, scope, perSchool, randomUUID(), 0)
    const [{ resultaat, problemen }] = [...geweigerd, ...geland] as [Absentieresultaat]
    if (problemen !== undefined) throw new AppError(problemen[0]!.code === 'school-onbekend' ? 'stamgegevens-onbekend' : 'invoer-ongeldig', problemen[0]!.detail, problemen)
    return { resultaat, absentie: await store.findAbsentie(tx, scope, bron, bronId) ?? null }
  }))
  reportLanded(ctx, countResultaten([{ index: 0, resultaat: landed.resultaat }]))
  return landed
}

/** Locks the row it compares, so what the caller knows is still so when it is replaced. */
async function requireEtag (tx: Tx, scope: Schoolscope, { bron, bronId }: { bron: string, bronId: string }, ifMatch: string): Promise<void> {
  await store.lockAbsentie(tx, scope, bron, bronId)
  const absentie = await store.findAbsentie(tx, scope, bron, bronId)
  if (absentie === undefined || (ifMatch !== '*' && ifMatch !== etagOf(absentie))) throw new AppError('versie-verouderd', 'De absentie is intussen veranderd; haal haar opnieuw op.')
}

/** A strong ETag: equal exactly when the representation is. */
export function etagOf (value: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22)}"`
}

export async function getAbsentie (ctx: Ctx, { bron, bronId }: { bron: string, bronId: string }, school: string): Promise<Absentie> {
  const scope = requireRecht(ctx.actor, 'absenties:lezen', school)
  return await ctx.transaction(async (tx) => {
    const absentie = await store.findAbsentie(tx, scope, bron, bronId)
    if (absentie === undefined) throw new AppError('niet-gevonden', 'Deze absentie is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'absenties:lezen', [absentie])
    return absentie
  })
}

const Positie = z.tuple([z.iso.date(), z.string(), z.string()])

/** One page; the cursor is a keyset position, so a page costs the same wherever it lies. */
export async function listAbsenties (ctx: Ctx, vraag: Absentiesvraag): Promise<{ absenties: Absentie[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'absenties:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listAbsenties(tx, scope, { ...vraag, na, limit: vraag.limit + 1 })
    const absenties = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'absenties:lezen', absenties)
    const last = absenties.at(-1)
    return { absenties, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.datum, last.bron, last.bronId]) : null }
  })
}

/** Every version there ever was, the ones that came too late to count among them. */
export async function getGeschiedenis (ctx: Ctx, { bron, bronId }: { bron: string, bronId: string }, school: string): Promise<{ bron: string, bronId: string, school: string, versies: Absentieversie[] }> {
  const scope = requireRecht(ctx.actor, 'absenties:lezen', school)
  return await ctx.transaction(async (tx) => {
    const versies = await store.listVersies(tx, scope, bron, bronId)
    if (versies.length === 0) throw new AppError('niet-gevonden', 'Deze absentie is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'absenties:lezen', versies.flatMap(({ leerling }) => leerling === null ? [] : [{ school, bron, leerling }]))
    return { bron, bronId, school, versies }
  })
}

const Sleutel = z.tuple([z.string(), z.string()])

/** What waits for its leerling, and what was refused because that leerling never came or did not fit. */
export async function listWachtende (ctx: Ctx, vraag: { school: string, limit: number, cursor?: string | undefined }): Promise<{ wachtend: Wachtende[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'absenties:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Sleutel)
  return await ctx.transaction(async (tx) => {
    const found = await store.listWachtende(tx, scope, na, vraag.limit + 1)
    const wachtend = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'absenties:lezen', wachtend.map(({ bron, leerling }) => ({ school: vraag.school, bron, leerling })))
    const last = wachtend.at(-1)
    return { wachtend, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.bron, last.bronId]) : null }
  })
}
