import { setImmediate } from 'node:timers/promises'
import { tijdstip, vandaag, type Datum } from '../domain/datum.ts'
import { activiteitUri, findActiviteit, VERWERKINGSACTIVITEITEN, type Activiteit } from '../domain/verwerkingsactiviteit.ts'
import { AppError } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { boundTo, delayCommit, Rollback, type Tx } from '../db/transaction.ts'
import { isNarrowed, reaches, requireInzage, requireRecht, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { BEGIN, describeZegel, hashVerwerking, indexBetrokkenen, type Zegel } from './keten.ts'
import { Plaats, type Verwerking, type Verwerkingenvraag, type Verwerkingsactiviteiten } from './contract.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Logsleutel } from '../db/sleutels.ts'

export interface Betrokkene { readonly school: string, readonly bron: string, readonly leerling: string }

/** Leerlingen of one school, each named once, by the bron that knows them. */
export type Betrokkenen = ReadonlyMap<string, ReadonlySet<string>>

/** Of one school: what is recorded, of whom. */
export interface Handeling { readonly activiteit: Activiteit, readonly betrokkenen: Betrokkenen }

// ---- recording

/**
 * Records one processing of these leerlingen, per school one row, in the transaction that does it (Logboek Dataverwerkingen: every
 * reading and writing, no sampling). Nobody is named: betrokkenen are keyed pseudonyms. No betrokkenen, nothing to record.
 */
export async function recordVerwerking (ctx: Ctx, tx: Tx, activiteit: Activiteit, betrokkenen: Iterable<Betrokkene>): Promise<void> {
  const perSchool = new Map<string, Map<string, Set<string>>>()
  for (const betrokkene of betrokkenen) {
    let eigen = perSchool.get(betrokkene.school)
    if (eigen === undefined) perSchool.set(betrokkene.school, eigen = new Map())
    addBetrokkene(eigen, betrokkene)
  }
  await Promise.all([...perSchool].map(async ([school, eigen]) => { await recordHandelingen(ctx, tx, school, [{ activiteit, betrokkenen: eigen }]) }))
}

/** Adds a leerling of this school to those of his bron. */
export function addBetrokkene (betrokkenen: Map<string, Set<string>>, { bron, leerling }: Betrokkene): void {
  const leerlingen = betrokkenen.get(bron)
  if (leerlingen === undefined) betrokkenen.set(bron, new Set([leerling]))
  else leerlingen.add(leerling)
}

/** As recordVerwerking, of leerlingen of one school and bron. */
export async function recordLeerlingenVan (ctx: Ctx, tx: Tx, activiteit: Activiteit, { school, bron }: Pick<Betrokkene, 'school' | 'bron'>, leerlingen: ReadonlySet<string>): Promise<void> {
  if (leerlingen.size > 0) await recordHandelingen(ctx, tx, school, [{ activiteit, betrokkenen: new Map([[bron, leerlingen]]) }])
}

const proeven = new WeakMap<Tx, Map<Activiteit, Betrokkene[]>>()

/**
 * Runs work, undoes it and still answers: a trial. Its record would be undone with it, so that is made afterwards, of the reading that it was;
 * without it nothing is answered.
 */
export async function tryTransaction<T> (ctx: Ctx, work: (tx: Tx) => Promise<T>): Promise<T> {
  const gelezen = new Map<Activiteit, Betrokkene[]>()
  const answer = await ctx.transaction<T>(async (tx) => {
    proeven.set(tx, gelezen)
    throw new Rollback(await work(tx))
  })
  await ctx.transaction(async (tx) => {
    for (const [activiteit, betrokkenen] of gelezen) await recordVerwerking(ctx, tx, activiteit, betrokkenen)
  })
  return answer
}

function noteProef (gelezen: Map<Activiteit, Betrokkene[]>, school: string, handelingen: readonly Handeling[]): void {
  for (const { activiteit, betrokkenen } of handelingen) {
    const lezing = activiteit.replace(/:schrijven$/, ':lezen') as Activiteit
    const eigen = [...betrokkenen].flatMap(([bron, leerlingen]) => [...leerlingen].map((leerling) => ({ school, bron, leerling })))
    gelezen.set(lezing, [...gelezen.get(lezing) ?? [], ...eigen])
  }
}

/** Records what was done at one school in one statement, which is sent at once, or else before the commit. */
export async function recordHandelingen (ctx: Ctx, tx: Tx, school: string, handelingen: readonly Handeling[]): Promise<void> {
  const proef = proeven.get(tx)
  if (proef !== undefined) {
    noteProef(proef, school, handelingen)
    return
  }
  const known = ctx.sleutels.logsleutels.get(school)
  const recorded = known === undefined
    ? getLogsleutel(ctx, tx, school).then(async (sleutel) => { await insert(ctx, tx, sleutel, handelingen) })
    : insert(ctx, tx, known, handelingen)
  if (known === undefined) delayCommit(tx, recorded)
  await recorded
}

async function insert (ctx: Ctx, tx: Tx, sleutel: Logsleutel, handelingen: readonly Handeling[]): Promise<void> {
  const { actor } = ctx
  const rijen = handelingen.map(({ activiteit, betrokkenen }) => {
    const { span, ouder } = ctx.trace.nextSpan()
    return {
      school: sleutel.school,
      activiteit,
      actor: actor.persoon ?? actor.bron,
      toepassing: actor.bron,
      rol: actor.rol ?? null,
      doelbinding: actor.doelbinding ?? null,
      traceId: ctx.trace.traceId,
      spanId: span,
      ouderSpan: ouder,
      sleutel: sleutel.nummer,
      betrokkenen: ctx.sleutels.pseudonyms(sleutel, betrokkenen),
      tijdstip: tijdstip(ctx.now())
    }
  })
  try {
    await (rijen.length === 1 ? store.insertVerwerking(tx, rijen[0]!) : store.insertVerwerkingen(tx, rijen))
  } catch (error) {
    const { code, column } = error as { code?: string, column?: string }
    if (code !== '23502' || column !== 'sleutel') throw error
    ctx.sleutels.logsleutels.delete(sleutel.school)
    throw new AppError('niet-beschikbaar', 'De sleutel van het logboek van deze school is zojuist vernietigd; doe het verzoek opnieuw.')
  }
}

const made = new WeakMap<Tx, Map<string, Logsleutel>>()

/** The key of a school, made with the first thing that is recorded of it. What this transaction made itself may yet be undone, so only it knows. */
async function getLogsleutel (ctx: Ctx, tx: Tx, school: string): Promise<Logsleutel> {
  const own = made.get(tx)?.get(school)
  if (own !== undefined) return own
  for (;;) {
    const found = await store.findSleutel(tx, school)
    if (found !== undefined) {
      const sleutel = { school, nummer: found.nummer, sleutel: ctx.sleutels.openLogsleutel(found.sleutel, eigenaarOf(school, found.nummer)) }
      ctx.sleutels.logsleutels.set(school, sleutel)
      return sleutel
    }
    const nummer = await store.nextSleutelnummer(tx, school)
    const versleuteld = ctx.sleutels.makeLogsleutel(eigenaarOf(school, nummer))
    if (await store.insertSleutel(tx, school, { nummer, sleutel: versleuteld }, tijdstip(ctx.now()))) {
      const sleutel = { school, nummer, sleutel: ctx.sleutels.openLogsleutel(versleuteld, eigenaarOf(school, nummer)) }
      made.set(tx, new Map([...made.get(tx) ?? [], [school, sleutel]]))
      return sleutel
    }
  }
}

function eigenaarOf (school: string, nummer: number): string {
  return `${school}|${nummer}`
}

/**
 * Nobody can tell from here on whom the log of this school was about; what is recorded later has a key of its own. Answers the numbers of the
 * keys there were (of these, where some are named). Its caller lays down that they are gone, for a backup still has them.
 */
export async function destroyLogsleutels (ctx: Ctx, tx: Tx, scope: Schoolscope, nummers?: readonly number[]): Promise<number[]> {
  const vernietigd = await store.destroySleutels(tx, scope, tijdstip(ctx.now()), nummers)
  ctx.sleutels.logsleutels.delete(scope.school)
  return vernietigd
}

// ---- sealing

/** Rows in one seal: 200 pushes of 5,000 leerlingen are 16 MB. */
const DEEL = 200
/** Rows that are hashed before others get a turn: of 1,000 leerlingen each, 10 ms. */
const BEURT = 25

/** Scholen with something to seal; for the worker, whose actor covers every school. */
export async function listOngezegeldeScholen (ctx: Ctx): Promise<string[]> {
  return await ctx.transaction(store.listOngezegeld)
}

/** Seals what is committed of a school: gives each verwerking its place in the chain. Answers the last seal, and how many there were to seal. */
export async function sealSchool (ctx: Ctx, school: string): Promise<{ zegel: Zegel | undefined, aantal: number }> {
  let aantal = 0
  for (;;) {
    const { zegel, gezegeld } = await ctx.transaction(async (tx) => await sealDeel(ctx, tx, school))
    aantal += gezegeld
    if (gezegeld < DEEL) return { zegel, aantal }
  }
}

async function sealDeel (ctx: Ctx, tx: Tx, school: string): Promise<{ zegel: Zegel | undefined, gezegeld: number }> {
  await store.lockKeten(tx, school)
  const vorig = await store.findLaatsteZegel(tx, school)
  const genomen = await store.takeOngezegeld(tx, school, DEEL)
  if (genomen.length === 0) return { zegel: vorig, gezegeld: 0 }

  const nu = ctx.now()
  const eerste = (vorig?.laatste ?? 0) + 1
  let hash = vorig?.hash ?? BEGIN
  const schakels: store.Schakel[] = []
  const betrokkenen = new Map<string, number[]>()
  for (let van = 0; van < genomen.length; van += BEURT) {
    const beurt = genomen.slice(van, van + BEURT).map(({ verwerking, rij }, at) => {
      const positie = eerste + van + at
      hash = hashVerwerking(hash, positie, verwerking, rij)
      return { positie, verwerking, hash, rij }
    })
    indexBetrokkenen(beurt, betrokkenen)
    schakels.push(...beurt)
    await setImmediate()
  }
  const tijden = genomen.flatMap(({ rij }) => rij === null ? [] : [rij.tijdstip]).sort()
  const zegel = { nummer: (vorig?.nummer ?? 0) + 1, dag: vandaag(nu), eerste, laatste: eerste + genomen.length - 1, hash }
  await store.insertZegel(tx, school, {
    ...zegel,
    van: tijden[0] ?? tijdstip(nu),
    tot: tijden.at(-1) ?? tijdstip(nu),
    waarmerk: ctx.sleutels.signZegel(describeZegel(school, zegel)),
    verzegeldOp: tijdstip(nu),
    schakels,
    betrokkenen
  })
  return { zegel, gezegeld: genomen.length }
}

/** The last seal of each of these days: what, kept elsewhere, shows that the end of the chain was cut off or made anew. */
export async function listDagzegels (ctx: Ctx, school: string, { van, tot }: { van: Datum, tot: Datum }): Promise<Zegel[]> {
  const scope = requireRecht(ctx.actor, 'verwerkingen:lezen', school)
  await sealSchool(ctx, school)
  return await ctx.transaction(async (tx) => await store.listDagzegels(tx, scope, van, tot))
}

/** Removes from the beginning what is wholly older than this day, at least three years back: the database itself refuses less. Answers how many. */
export async function deleteVerlopenVerwerkingen (ctx: Ctx, school: string, voor: Datum): Promise<number> {
  const scope = requireRecht(ctx.actor, 'verwerkingen:lezen', school)
  return await ctx.transaction(async (tx) => await store.deleteVerlopen(tx, scope, voor))
}

// ---- reading

export function listActiviteiten (): Verwerkingsactiviteiten {
  return { verwerkingsactiviteiten: Object.entries(VERWERKINGSACTIVITEITEN).map(([code, activiteit]) => ({ id: activiteitUri(code), code, ...activiteit, gegevens: [...activiteit.gegevens], betrokkenen: [...activiteit.betrokkenen], ontvangers: [...activiteit.ontvangers] })) }
}

function pseudonymOf (ctx: Ctx, sleutel: Logsleutel, { bron, leerling }: Betrokkene): Buffer {
  return ctx.sleutels.pseudonyms(sleutel, new Map([[bron, [leerling]]]))
}

/** The key of a school, in a transaction that may from here on read what the log has of the leerlingen it is bound to, whoever is asked for. */
async function openLogboek (ctx: Ctx, tx: Tx, school: string): Promise<Logsleutel> {
  const sleutel = await getLogsleutel(ctx, tx, school)
  const eigen = boundTo(tx)?.filter((leerling) => leerling.school === school)
  if (eigen !== undefined) await store.showBetrokkenen(tx, eigen.map((leerling) => pseudonymOf(ctx, sleutel, leerling)))
  return sleutel
}

/**
 * Who saw or changed this leerling, for what, by what right: the last first. What is committed is sealed first, so every row has its place.
 * Whether the leerling is still known here does not matter; what was done before the key of the school was destroyed cannot be found.
 */
export async function listVerwerkingen (ctx: Ctx, leerling: { bron: string, bronId: string }, vraag: Verwerkingenvraag): Promise<{ verwerkingen: Verwerking[], zegel: { positie: number, sha256: string } | null, volgende: string | null }> {
  const { school, van, tot, limit } = vraag
  const scope = requireInzage(ctx.actor, 'verwerkingen:lezen', school)
  const voor = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Plaats)
  const betrokkene = { school, bron: leerling.bron, leerling: leerling.bronId }
  if (!reaches(scope, betrokkene)) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
  // Who sees only some leerlingen reads what the worker has sealed, a moment ago.
  const zegel = isNarrowed(ctx.actor) ? await ctx.transaction(async (tx) => await store.findLaatsteZegel(tx, school)) : (await sealSchool(ctx, school)).zegel
  return await ctx.transaction(async (tx) => {
    const sleutel = await openLogboek(ctx, tx, school)
    const pseudoniem = pseudonymOf(ctx, sleutel, betrokkene)
    const found = await store.listVerwerkingen(tx, scope, pseudoniem, { van, tot, voor, limit: limit + 1 })
    await recordVerwerking(ctx, tx, 'verwerkingen:lezen', [betrokkene])
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return {
      verwerkingen: page.map(toVerwerking),
      zegel: zegel === undefined ? null : { positie: zegel.laatste, sha256: zegel.hash.toString('hex') },
      volgende: found.length > limit && last !== undefined ? encodeCursor([last.zegel, last.positie]) : null
    }
  })
}

export interface Verwerkingstelling extends store.Dagtelling { readonly naam: string, readonly doel: string | null }

/**
 * What was done with these records of one person, counted per day, with nobody named (HvJ EU 22 June 2023, C-579/21). Of what is sealed:
 * `sealSchool` comes before it. The caller has the right, and records that it reads.
 */
export async function summarizeVerwerkingen (ctx: Ctx, tx: Tx, scope: Schoolinzage, betrokkenen: readonly Betrokkene[]): Promise<Verwerkingstelling[]> {
  const sleutel = await openLogboek(ctx, tx, scope.school)
  const geteld = await store.countPerDag(tx, scope, betrokkenen.map((betrokkene) => pseudonymOf(ctx, sleutel, betrokkene)))
  return geteld.map((telling) => ({ ...telling, naam: findActiviteit(telling.activiteit)?.naam ?? telling.activiteit, doel: findActiviteit(telling.activiteit)?.doel ?? null }))
}

function toVerwerking ({ activiteit, actor, toepassing, rol, doelbinding, traceId, spanId, tijdstip, positie, aantal }: store.Gevonden): Verwerking {
  const bekend = findActiviteit(activiteit)
  return {
    positie,
    tijdstip,
    activiteit: { id: activiteitUri(activiteit), code: activiteit, naam: bekend?.naam ?? activiteit, doel: bekend?.doel ?? null, grondslag: bekend?.grondslag ?? null },
    toepassing: toepassing ?? actor,
    persoon: toepassing === null || toepassing === actor ? null : actor,
    rol,
    doelbinding,
    aantalBetrokkenen: aantal,
    traceId,
    spanId
  }
}
