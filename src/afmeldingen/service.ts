import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { landPerSchool, recordAanlevering } from '../aanleveringen/service.ts'
import { countResultaten, landAfmeldingsdagen, makeControle, retryBotsingen, type Afmeldingsdag, type Controle } from '../absenties/service.ts'
import { listVernietigd, refuseVernietigd } from '../bewaring/vernietigd.ts'
import { showRedenen, showVersies } from '../absenties/weergave.ts'
import { sendLast, type Tx } from '../db/transaction.ts'
import { buildDagsleutel, expandDagen } from '../domain/afmelding.ts'
import { AppError, type Fout } from '../errors.ts'
import { decodeCursor, encodeCursor, listFouten, requireMatch } from '../http/rest.ts'
import { findStam, lockEvaluatie, type Stam } from '../leerlingen/stam.ts'
import { requireMandaat } from '../mandaten/service.ts'
import { requireInzage, requireRecht, scopeOfBron, scopeOfSchool, type Schoolscope, type Scope } from '../toegang/service.ts'
import { recordVerwerking, tryTransaction } from '../verwerkingen/service.ts'
import { Afmeldingsintrekking, Afmeldingsmelding, type Afmelding, type Afmeldingenantwoord, type Afmeldingenvraag, type Afmeldingsgeschiedenis, type Afmeldingsputantwoord, type Afmeldingsregel, type Afmeldingsresultaat } from './contract.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Datum } from '../domain/datum.ts'

/** A pushed record that is well-formed, with its place in the push. */
interface Regel { readonly index: number, readonly record: Afmeldingsregel }
interface Sleutel { readonly bron: string, readonly bronId: string }

/** Leerlingen in one statement, and of a night in one transaction. */
const BATCH = 500
/** Days in one statement, as many as records in a push. */
const DAGEN = 5_000

/**
 * Takes a push of afmeldingen and the days that follow from them, in one transaction: what it answers is durable and complete up to today.
 * `proef` does exactly the same and undoes it.
 */
export async function pushAfmeldingen (ctx: Ctx, records: readonly unknown[], { proef }: { proef: boolean }): Promise<Afmeldingenantwoord> {
  const begonnen = performance.now()
  const scope = requireRecht(ctx.actor, 'absenties:schrijven')
  const aanlevering = randomUUID()
  const geweigerd: Afmeldingsresultaat[] = []
  const regels: Regel[] = []
  const check = makeControle(ctx)
  records.forEach((record, index) => {
    const parsed = parseRegel(record, scope, check)
    if ('problemen' in parsed) geweigerd.push(refuse(index, record, parsed.problemen))
    else regels.push({ index, record: parsed })
  })
  const perSchool = Map.groupBy(regels, ({ record }) => record.school)
  const ontvangen = { aanlevering, soort: 'afmeldingen', begonnen, records, perSchool, geweigerd, count: countResultaten, refuse: ({ index, record }: Regel, problemen: Fout[]) => refuse(index, record, problemen) } as const
  const land = async (tx: Tx): Promise<Afmeldingsresultaat[]> => await landPerSchool(ctx, tx, scope, ontvangen, async (eigen, eigenRegels) => await landRegels(ctx, tx, eigen, aanlevering, eigenRegels))
  const geland = await retryBotsingen(async () => proef ? await tryTransaction(ctx, land) : await ctx.transaction(land))
  if (!proef) ctx.wake()
  const resultaten: Afmeldingsresultaat[] = []
  for (const resultaat of [...geweigerd, ...geland]) resultaten[resultaat.index] = resultaat
  return { aanlevering, aantallen: countResultaten(resultaten), resultaten }
}

function parseRegel (record: unknown, scope: Scope, check: Controle): Afmeldingsregel | { problemen: Fout[] } {
  const withdrawn = typeof record === 'object' && record !== null && (record as { ingetrokken?: unknown }).ingetrokken === true
  const parsed = (withdrawn ? Afmeldingsintrekking : Afmeldingsmelding).safeParse(record)
  if (!parsed.success) return { problemen: listFouten(parsed.error, '', record) }
  if (scopeOfSchool(scope, parsed.data.school) === undefined) {
    return { problemen: [{ code: 'school-onbekend', pointer: '/school', detail: `School ${parsed.data.school} is hier niet bekend.` }] }
  }
  const problemen = check(parsed.data)
  return problemen === undefined ? parsed.data : { problemen }
}

function refuse (index: number, record: unknown, problemen: Fout[]): Afmeldingsresultaat {
  const bronId = (record as { bronId?: unknown } | null | undefined)?.bronId
  return { index, ...(typeof bronId === 'string' ? { bronId: bronId.slice(0, 80) } : {}), resultaat: 'afgewezen', problemen }
}

/** Lands records of one school and bron within a transaction of the caller. Throws what `retryBotsingen` catches. */
async function landRegels (ctx: Ctx, tx: Tx, scope: Schoolscope, aanlevering: string, alle: readonly Regel[]): Promise<Afmeldingsresultaat[]> {
  await lockEvaluatie(tx, scope.school)
  const vernietigd = await listVernietigd(ctx, tx, scope, new Set(alle.flatMap(({ record }) => record.ingetrokken === true ? [] : [record.leerling])))
  const [regels, geweigerd]: [Regel[], Afmeldingsresultaat[]] = [[], []]
  for (const regel of alle) {
    const tot = regel.record.ingetrokken === true ? undefined : vernietigd.get(regel.record.leerling)
    if (tot === undefined) regels.push(regel)
    else geweigerd.push(refuse(regel.index, regel.record, [refuseVernietigd('/leerling', tot)]))
  }
  return [...geweigerd, ...await landBekende(ctx, tx, scope, aanlevering, regels)]
}

async function landBekende (ctx: Ctx, tx: Tx, scope: Schoolscope, aanlevering: string, regels: readonly Regel[]): Promise<Afmeldingsresultaat[]> {
  const stam = await findStam(ctx, tx, scope.school)
  if (stam === undefined) return regels.map(({ index, record }) => refuse(index, record, [{ code: 'school-onbekend', pointer: '/school', detail: `School ${scope.school} heeft hier nog geen vestiging.` }]))

  const geschreven = new Map<number, store.Schrijfresultaat>()
  for (const ronde of listRondes(regels)) {
    for (const rij of await store.writeAfmeldingen(tx, scope, aanlevering, ronde.map(buildRij))) geschreven.set(rij.index, rij)
  }
  const vorige = new Set([...geschreven.values()].flatMap((rij) => rij.vorige ?? []))
  const betrokkenen = new Set(vorige)
  for (const { record } of regels) if (record.ingetrokken !== true) betrokkenen.add(record.leerling)
  const { dagen } = await followLeerlingen(ctx, tx, scope, stam, [...betrokkenen], vorige)
  const bekend = await store.listBekend(tx, scope, [...betrokkenen])
  sendLast(tx, recordVerwerking(ctx, tx, 'absenties:schrijven', [...betrokkenen].map((leerling) => ({ school: scope.school, bron: scope.bron, leerling }))))
  return regels.map(({ index, record }) => {
    const { actie } = geschreven.get(index)!
    return { index, bronId: record.bronId, resultaat: nameResultaat(actie, record, bekend), dagen: dagen.get(record.bronId) ?? 0 }
  })
}

function nameResultaat (actie: store.Schrijfresultaat['actie'], record: Afmeldingsregel, bekend: ReadonlySet<string>): Afmeldingsresultaat['resultaat'] {
  if (actie === 'verouderd') return 'verouderd'
  if (record.ingetrokken !== true && !bekend.has(record.leerling)) return 'inWacht'
  if (actie === 'bevestigd' || actie === 'ongewijzigd') return 'ongewijzigd'
  return record.ingetrokken === true ? 'ingetrokken' : actie
}

/** The records in rounds without a double key: a push that names a key twice means its versions in that order. */
function listRondes (regels: readonly Regel[]): Regel[][] {
  const rondes: Regel[][] = []
  const seen = new Map<string, number>()
  for (const regel of regels) {
    const ronde = seen.get(regel.record.bronId) ?? 0
    seen.set(regel.record.bronId, ronde + 1);
    (rondes[ronde] ??= []).push(regel)
  }
  return rondes
}

function buildRij ({ index, record }: Regel): store.Afmeldingsrij {
  const { bronId, gewijzigdOp } = record
  if (record.ingetrokken === true) return { index, bronId, ingetrokken: true, gewijzigdOp }
  const { leerling, begin, einde, reden = null } = record
  return {
    index,
    bronId,
    ingetrokken: false,
    gewijzigdOp,
    leerling,
    begindatum: begin.datum,
    begindagdeel: begin.dagdeel ?? null,
    einddatum: einde?.datum ?? null,
    einddagdeel: einde?.dagdeel ?? null,
    reden
  }
}

// ---- the days that follow

interface Gevolg {
  /** Of whom there were afmeldingen, or days of them. */
  readonly bekeken: readonly string[]
  /** Per afmelding the number of lesdagen on which it stands for an absentie. */
  readonly dagen: ReadonlyMap<string, number>
  /** What must be written so that the stored days are the ones that follow. */
  readonly landen: readonly Afmeldingsdag[]
}

/**
 * Makes the absenties that follow from afmeldingen of these leerlingen what they must be by the facts as this transaction sees them; answers
 * how many it wrote. Under the school's evaluation lock, by a job of ours. What is right already is not touched and marks nothing. A school
 * without afmeldingen costs one look at an index. Throws what `retryBotsingen` catches.
 */
export async function followAfmeldingen (ctx: Ctx, tx: Tx, school: string, leerlingen: readonly store.Leerlingsleutel[]): Promise<number> {
  const scope = requireRecht(ctx.actor, 'absenties:schrijven', school)
  if (leerlingen.length === 0 || !await store.hasAfmeldingen(tx, scope)) return 0
  const stam = await findStam(ctx, tx, school)
  if (stam === undefined) return 0
  let anders = 0
  for (const [bron, own] of Map.groupBy(leerlingen, (sleutel) => sleutel.bron)) {
    const { bekeken, landen } = await followLeerlingen(ctx, tx, scopeOfBron(ctx.actor, scope, bron), stam, own.map(({ leerling }) => leerling))
    await recordVerwerking(ctx, tx, 'absenties:schrijven', bekeken.map((leerling) => ({ school, bron, leerling })))
    anders += landen.length
  }
  return anders
}

/** The night's step: days that came since `sinds` (the last day that was expanded to) get their absenties; answers how many. */
export async function expandAfmeldingen (ctx: Ctx, school: string, sinds: Datum): Promise<number> {
  const scope = requireRecht(ctx.actor, 'absenties:schrijven', school)
  const lopend = await ctx.transaction(async (tx) => await store.listLopende(tx, scope, sinds))
  let anders = 0
  for (let at = 0; at < lopend.length; at += BATCH) {
    anders += await retryBotsingen(async () => await ctx.transaction(async (tx) => {
      await lockEvaluatie(tx, school)
      return await followAfmeldingen(ctx, tx, school, lopend.slice(at, at + BATCH))
    }))
  }
  return anders
}

/** For leerlingen of the bron of the scope; of `ook` the days are looked at even when they have no afmelding any more. */
async function followLeerlingen (ctx: Ctx, tx: Tx, scope: Schoolscope, stam: Stam, leerlingen: readonly string[], ook: ReadonlySet<string> = new Set()): Promise<Gevolg> {
  const vandaag = ctx.vandaag()
  const standen: store.Leerlingstand[] = []
  for (let at = 0; at < leerlingen.length; at += BATCH) {
    const batch = leerlingen.slice(at, at + BATCH)
    standen.push(...await store.listStanden(tx, scope, batch, batch.filter((leerling) => ook.has(leerling)), vandaag))
  }
  const gevolg = { bekeken: standen.map(({ leerling }) => leerling), ...compareDagen(standen, stam, vandaag) }
  for (let at = 0; at < gevolg.landen.length; at += DAGEN) await landAfmeldingsdagen(ctx, tx, scope, gevolg.landen.slice(at, at + DAGEN))
  return gevolg
}

/** Of all leerlingen together: a day may be somebody else's since its afmelding is. */
function compareDagen (standen: readonly store.Leerlingstand[], stam: Stam, vandaag: Datum): Omit<Gevolg, 'bekeken'> {
  const perSleutel = new Map(standen.flatMap(({ afmeldingen }) => afmeldingen.map((afmelding) => [afmelding.bronId, afmelding])))
  const bewaard = new Map(standen.flatMap(({ dagen }) => dagen.map((dag) => [dag.bronId, dag])))
  const landen: Afmeldingsdag[] = []
  const datums = new Map<string, Set<Datum>>()
  for (const { leerling, inschrijvingen, precies, afmeldingen } of standen) {
    const kader = { inschrijvingen, vestigingen: stam.vestigingen, precies: new Set(precies), vandaag }
    for (const { afmelding, ...dag } of expandDagen(afmeldingen.filter(({ ingetrokken }) => !ingetrokken), kader)) {
      const { reden, gewijzigdOp, aanlevering } = perSleutel.get(afmelding)!
      const nieuw = { bronId: buildDagsleutel({ afmelding, ...dag }), afmelding, leerling, ...dag, reden, gewijzigdOp, ingetrokken: false }
      const oud = bewaard.get(nieuw.bronId)
      bewaard.delete(nieuw.bronId)
      if (oud === undefined || (Object.keys(nieuw) as Array<keyof typeof nieuw>).some((veld) => oud[veld] !== nieuw[veld])) landen.push({ ...nieuw, aanlevering })
      const eigen = datums.get(afmelding) ?? new Set()
      datums.set(afmelding, eigen.add(dag.datum))
    }
  }
  for (const oud of bewaard.values()) {
    const afmelding = perSleutel.get(oud.afmelding)
    if (afmelding !== undefined && !oud.ingetrokken) landen.push({ ...oud, gewijzigdOp: afmelding.gewijzigdOp, aanlevering: afmelding.aanlevering, ingetrokken: true })
  }
  return { dagen: new Map([...datums].map(([afmelding, eigen]) => [afmelding, eigen.size])), landen }
}

// ---- one afmelding

/** One record by its own key, as the bulk push would take it; a problem is thrown instead of listed. */
export async function putAfmelding (ctx: Ctx, sleutel: Sleutel, invoer: { school: string }, ifMatch: string | undefined): Promise<Afmeldingsputantwoord> {
  return await landOne(ctx, sleutel, { ...invoer, bronId: sleutel.bronId }, async (tx, scope) => {
    if (ifMatch !== undefined) await requireEtag(tx, scope, sleutel, ifMatch)
  })
}

/** Withdraws one afmelding and with it every day that followed from it; versions stay. */
export async function withdrawAfmelding (ctx: Ctx, sleutel: Sleutel, school: string, gewijzigdOp: string | undefined, ifMatch: string | undefined): Promise<void> {
  const record = { bronId: sleutel.bronId, school, ingetrokken: true, gewijzigdOp: gewijzigdOp ?? ctx.now().toISOString() }
  const { resultaat } = await landOne(ctx, sleutel, record, async (tx, scope) => {
    if (await store.findAfmelding(tx, scope, sleutel.bron, sleutel.bronId) === undefined) throw new AppError('niet-gevonden', 'Deze afmelding is hier niet bekend.')
    if (ifMatch !== undefined) await requireEtag(tx, scope, sleutel, ifMatch)
  })
  if (resultaat === 'verouderd') throw new AppError('versie-verouderd', 'Er is al een latere versie van deze afmelding.')
}

async function landOne (ctx: Ctx, { bron, bronId }: Sleutel, record: { readonly school: string, readonly [veld: string]: unknown }, check: (tx: Tx, scope: Schoolscope) => Promise<void>): Promise<Afmeldingsputantwoord> {
  const begonnen = performance.now()
  const scope = requireRecht(ctx.actor, 'absenties:schrijven', record.school)
  if (bron !== ctx.actor.bron) throw new AppError('geen-toegang', 'Een bron schrijft alleen haar eigen afmeldingen.')
  const aanlevering = randomUUID()
  const parsed = parseRegel(record, scope, makeControle(ctx))
  const antwoord = await retryBotsingen(async () => await ctx.transaction(async (tx) => {
    await lockEvaluatie(tx, scope.school)
    await requireMandaat(ctx, tx, scope.school, 'aanleveren')
    await check(tx, scope)
    const [{ resultaat, problemen, dagen = 0 }] = ('problemen' in parsed ? [refuse(0, record, parsed.problemen)] : await landRegels(ctx, tx, scope, aanlevering, [{ index: 0, record: parsed }])) as [Afmeldingsresultaat]
    if (problemen !== undefined) throw new AppError(problemen[0]!.code === 'school-onbekend' ? 'stamgegevens-onbekend' : 'invoer-ongeldig', problemen[0]!.detail, problemen)
    sendLast(tx, recordAanlevering(ctx, tx, scope, { aanlevering, soort: 'afmeldingen', aantallen: countResultaten([{ index: 0, resultaat }]), begonnen }))
    return { resultaat, dagen, afmelding: await store.findAfmelding(tx, scope, bron, bronId) ?? null }
  }))
  ctx.wake()
  return antwoord
}

/** Under the evaluation lock: what the caller knows is still so when it is replaced. */
async function requireEtag (tx: Tx, scope: Schoolscope, { bron, bronId }: Sleutel, ifMatch: string): Promise<void> {
  const afmelding = await store.findAfmelding(tx, scope, bron, bronId)
  requireMatch(ifMatch, afmelding, 'De afmelding is intussen veranderd; haal haar opnieuw op.')
}

export async function getAfmelding (ctx: Ctx, { bron, bronId }: Sleutel, school: string): Promise<Afmelding> {
  const scope = requireInzage(ctx.actor, 'absenties:lezen', school)
  return await ctx.transaction(async (tx) => {
    const afmelding = await store.findAfmelding(tx, scope, bron, bronId)
    if (afmelding === undefined) throw new AppError('niet-gevonden', 'Deze afmelding is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'absenties:lezen', [afmelding])
    return (await showRedenen(ctx, tx, [afmelding]))[0]!
  })
}

const Positie = z.tuple([z.string(), z.string()])

/** One page in order of bron and key. */
export async function listAfmeldingen (ctx: Ctx, vraag: Afmeldingenvraag): Promise<{ afmeldingen: Afmelding[], volgende: string | null }> {
  const scope = requireInzage(ctx.actor, 'absenties:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listAfmeldingen(tx, scope, { ...vraag, na, limit: vraag.limit + 1 })
    const afmeldingen = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'absenties:lezen', afmeldingen)
    const last = afmeldingen.at(-1)
    return { afmeldingen: await showRedenen(ctx, tx, afmeldingen), volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.bron, last.bronId]) : null }
  })
}

/** Every version there ever was, the ones that came too late to count among them. */
export async function getAfmeldinggeschiedenis (ctx: Ctx, { bron, bronId }: Sleutel, school: string): Promise<Afmeldingsgeschiedenis> {
  const scope = requireRecht(ctx.actor, 'absenties:lezen', school)
  return await ctx.transaction(async (tx) => {
    const versies = await store.listVersies(tx, scope, bron, bronId)
    if (versies.length === 0) throw new AppError('niet-gevonden', 'Deze afmelding is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'absenties:lezen', versies.flatMap(({ leerling }) => leerling === null ? [] : [{ school, bron, leerling }]))
    const getoond = await showVersies(ctx, tx, { school, bron, leerling: versies.find(({ leerling }) => leerling !== null)?.leerling ?? '' }, versies)
    return { bron, bronId, school, versies: getoond }
  })
}
