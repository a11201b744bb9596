import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { buildIntrekbericht, isMeldbaarsignaal, listMeldingsoorten, magMelding, soortVanSignaal, type Meldfout, type Meldingsoort, type Soortregels } from '../domain/melding.ts'
import { profielOp } from '../domain/meldingsprofiel.ts'
import { countDagenTeLaat, uiterlijkMelden } from '../domain/signaal.ts'
import { AppError, assert } from '../errors.ts'
import { meldingenTeLaatMeter } from '../http/health.ts'
import { decodeCursor, encodeCursor, requireMatch } from '../http/rest.ts'
import { lockEvaluatie } from '../leerlingen/stam.ts'
import { requireMandaat } from '../mandaten/service.ts'
import { requireInzage, requireRecht, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { daad, decideAlsMelder, record, settleSignaal, type Leerlingsleutel } from './daden.ts'
import { buildBericht, buildVoorbeeld, chooseEinddatum, concealNummer, contentsOf, design, designNieuw, designOne, refusal, requireGoed, requireSoort, SOORT_KIEZEN, type Aanvraag, type Opzet } from './ontwerp.ts'
import * as store from './store.ts'
import { gemeldAan, showGebeurtenissen, showMelding } from './weergave.ts'
import { findOngehoord, queue, replaceOngezonden } from './uitzendingen.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'
import type { Gemaaktemelding, Meldgegevens, Meldgegevensinvoer, Melding, Meldingenvraag, Meldinggebeurtenis, Meldinginvoer, Meldingintrekking, Meldingproef, Meldingwijziging, Meldvoorstel, Meldvoorstellenvraag, Uitzendingsoverzicht } from './contract.ts'

// --- making one

/**
 * Makes a melding, decides its signaal to be gemeld and puts its message in the outbox, in one transaction. Everything that keeps it from being
 * made is thrown at once.
 */
export async function createMelding (ctx: Ctx, invoer: Meldinginvoer): Promise<Gemaaktemelding> {
  return await onSchool(ctx, schoolOf(invoer), async (tx, scope) => {
    const ontwerp = await designNieuw(ctx, tx, scope, invoer)
    requireGoed(ontwerp.toets.fouten)
    const { aanvraag: { bron, leerling, grond, signaal, soort }, voornemen } = ontwerp
    const melding = randomUUID()
    const nieuw = { ...contentsOf(ontwerp), melding, bron, leerling, soort: soort.soort, grond: grond.aard, signaal: signaal?.signaal ?? null, uiterlijkMelden: voornemen.uiterlijkMelden }
    await store.insertMelding(tx, scope, nieuw, daad(ctx, 'gemaakt'))
    await queue(ctx, tx, scope, melding, 'melden', await buildBericht(ctx, tx, scope, ontwerp))
    if (signaal !== null) await decideAlsMelder(ctx, tx, scope, signaal.signaal, 'gemeld')
    await record(ctx, tx, scope, 'meldingen:schrijven', aanvraagSleutel(ontwerp.aanvraag))
    return { ...await getBekend(tx, scope, melding), aandachtspunten: [...ontwerp.toets.aandachtspunten] }
  })
}

/** The same checks and the same message, with nothing kept. */
export async function tryMelding (ctx: Ctx, invoer: Meldinginvoer): Promise<Meldingproef> {
  return await onSchool(ctx, schoolOf(invoer), async (tx, scope) => {
    const { toets, inhoud, aanvraag } = await designNieuw(ctx, tx, scope, invoer)
    await record(ctx, tx, scope, 'meldingen:lezen', aanvraagSleutel(aanvraag))
    const bericht = inhoud === null ? null : concealNummer(buildVoorbeeld(ctx, inhoud))
    return { mogelijk: toets.fouten.length === 0, fouten: [...toets.fouten], aandachtspunten: [...toets.aandachtspunten], bericht }
  })
}

function schoolOf ({ signaal, school }: Meldinginvoer): string {
  return signaal?.slice(0, 4) ?? school!
}

/** Work on the meldingen of a school: after every evaluation of it that had begun, and one at a time. */
async function onSchool<T> (ctx: Ctx, school: string, work: (tx: Tx, scope: Schoolscope) => Promise<T>): Promise<T> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  const done = await ctx.transaction(async (tx) => {
    await lockEvaluatie(tx, school)
    await requireMandaat(ctx, tx, school, 'melden')
    return await work(tx, scope)
  })
  ctx.wake()
  return done
}

function aanvraagSleutel ({ bron, leerling }: Aanvraag): Leerlingsleutel {
  return { bron, leerling }
}

function sleutelOf ({ leerling: { bron, bronId } }: Pick<Melding, 'leerling'>): Leerlingsleutel {
  return { bron, leerling: bronId }
}

async function getBekend (tx: Tx, scope: Schoolinzage, melding: string, gemeente?: string): Promise<Melding> {
  const found = await store.findMelding(tx, scope, melding, gemeente)
  if (found === undefined) throw new AppError('niet-gevonden', 'Deze melding is hier niet bekend.')
  return found
}

// --- changing and withdrawing

/**
 * Changes what a melding says; of one that rests on a signaal, its days follow from the signaal as it is now. `laatsteMutatie` is what the
 * caller knew of DUO's last mutation: a later one is a 409. What never left is replaced where it waits.
 */
export async function changeMelding (ctx: Ctx, id: string, { laatsteMutatie, begindatum, einddatum, ...velden }: Meldingwijziging, ifMatch: string | undefined): Promise<Gemaaktemelding> {
  return await onSchool(ctx, id.slice(0, 4), async (tx, scope) => {
    const { melding, nu } = await getWijzigbaar(tx, scope, id, ifMatch)
    requireGoed(checkWijzigbaar(nu, laatsteMutatie))
    const signaal = nu.signaal === null ? null : await store.findSignaal(tx, scope, nu.signaal.slice(5)) ?? null
    const soort = listMeldingsoorten(ctx.inwerkingtreding).find((regels) => regels.soort === nu.soort)
    assert(soort, 'a soort that was sent is known')
    const ontwerp = await designOne(ctx, tx, scope, await store.findMeldgegevens(tx, scope), {
      ...sleutelOf(nu), ...followGrond(nu, soort, signaal, { begindatum, einddatum }), signaal, soort, velden: { geinformeerd: nu.invoer.geinformeerd, ...velden }, melding
    })
    requireGoed(ontwerp.toets.fouten)
    await store.updateInhoud(tx, scope, melding, contentsOf(ontwerp), daad(ctx, 'gewijzigd'))
    const bericht = await buildBericht(ctx, tx, scope, ontwerp)
    // A change says all of the melding: one that never left, or was refused, has nothing to add.
    await store.dropUitzendingen(tx, scope, melding, { alles: false, op: ctx.now() })
    if (!await replaceOngezonden(ctx, tx, scope, melding, bericht)) await queue(ctx, tx, scope, melding, 'muteren', bericht)
    if (signaal?.voorstel === 'melding-wijzigen') await decideAlsMelder(ctx, tx, scope, signaal.signaal, 'gemeld')
    await record(ctx, tx, scope, 'meldingen:schrijven', sleutelOf(nu))
    return { ...await getBekend(tx, scope, melding), aandachtspunten: [...ontwerp.toets.aandachtspunten] }
  })
}

async function getWijzigbaar (tx: Tx, scope: Schoolscope, id: string, ifMatch: string | undefined): Promise<{ melding: string, nu: Melding }> {
  const melding = id.slice(5)
  const nu = await getBekend(tx, scope, melding)
  requireMatch(ifMatch, nu, 'De melding is intussen veranderd; haal haar opnieuw op.')
  return { melding, nu }
}

function checkWijzigbaar ({ status, redenIntrekking, laatsteMutatie }: Melding, gekend: string | null): Meldfout[] {
  return [
    ...magMelding(status, 'school', status) ? [] : [{ code: 'status', pointer: '', detail: `Een melding met status ${status} kan de school niet meer wijzigen.` }],
    ...redenIntrekking === null ? [] : [{ code: 'intrekking-gevraagd', pointer: '', detail: 'De intrekking van deze melding is al gevraagd.' }],
    ...gekend === laatsteMutatie ? [] : [{ code: 'mutatie-verouderd', pointer: '/laatsteMutatie', detail: 'DUO noemde intussen een latere mutatie; haal de melding opnieuw op.' }]
  ]
}

function followGrond (nu: Melding, soort: Soortregels, signaal: store.Signaalregel | null, { begindatum, einddatum }: { begindatum: Datum | undefined, einddatum: Datum | undefined }): Pick<Aanvraag, 'grond' | 'begindatum' | 'einddatum'> {
  if (signaal === null) {
    const eigen = { begindatum: begindatum ?? nu.begindatum, einddatum: einddatum ?? nu.einddatum }
    return { grond: { aard: 'handmatig', ...eigen }, ...eigen }
  }
  assert(isMeldbaarsignaal(signaal), 'a signaal with a melding is meldbaar')
  if (begindatum !== undefined && begindatum !== signaal.begindatum) throw refusal([{ code: 'begindatum-wijkt-af', pointer: '/begindatum', detail: `De begindatum volgt uit het signaal: ${signaal.begindatum}.` }])
  return { grond: signaal, begindatum: signaal.begindatum, einddatum: chooseEinddatum(soort, signaal.einddatum, einddatum ?? (soort.einddatum === 'bij-terugkeer' ? nu.einddatum ?? undefined : undefined)) }
}

/** Withdraws a melding: at DUO, or, of what DUO never heard, here. Its signaal is settled in the same transaction and keeps its history. */
export async function withdrawMelding (ctx: Ctx, id: string, { reden }: Meldingintrekking, ifMatch: string | undefined): Promise<Melding> {
  return await onSchool(ctx, id.slice(0, 4), async (tx, scope) => {
    const { melding, nu } = await getWijzigbaar(tx, scope, id, ifMatch)
    if (!magMelding(nu.status, 'school', 'I')) throw refusal([{ code: 'status', pointer: '', detail: `Een melding met status ${nu.status} kan de school niet intrekken.` }])
    if (nu.redenIntrekking !== null) throw refusal([{ code: 'intrekking-gevraagd', pointer: '', detail: 'De intrekking van deze melding is al gevraagd.' }])
    const isOngehoord = await findOngehoord(tx, scope, melding) !== undefined
    await store.dropUitzendingen(tx, scope, melding, { alles: isOngehoord, op: ctx.now() })
    if (isOngehoord) {
      await store.updateStand(tx, scope, melding, { status: 'I', redenIntrekking: reden }, daad(ctx, 'ingetrokken'))
    } else {
      await store.updateStand(tx, scope, melding, { redenIntrekking: reden }, daad(ctx, 'intrekking-gevraagd'))
      await queue(ctx, tx, scope, melding, 'intrekken', buildIntrekbericht(profielOp(ctx.vandaag()), scope.school))
    }
    if (nu.signaal !== null) await settleSignaal(ctx, tx, scope, nu.signaal.slice(5))
    await record(ctx, tx, scope, 'meldingen:schrijven', sleutelOf(nu))
    return await getBekend(tx, scope, melding)
  })
}

/**
 * Puts a dead uitzending back in line. What was not heard keeps its kenmerk, for DUO may have it; what was refused gets another, and DUO's last
 * mutation as it is known now.
 */
export async function resendUitzending (ctx: Ctx, id: string, melding?: string): Promise<Uitzendingsoverzicht> {
  return await onSchool(ctx, id.slice(0, 4), async (tx, scope) => {
    const rij = await store.lockUitzending(tx, scope, id.slice(5))
    if (rij === undefined || (melding !== undefined && melding !== `${scope.school}-${rij.melding}`)) throw new AppError('niet-gevonden', 'Deze uitzending is hier niet bekend.')
    if (rij.status !== 'dood') throw refusal([{ code: 'uitzending-niet-dood', pointer: '', detail: `De uitzending is ${rij.status}; alleen een dode wordt herhaald.` }])
    const geweigerd = await store.findLaatsteUitslag(tx, scope, rij.uitzending) === 'geweigerd'
    await store.requeueUitzending(tx, scope, rij.uitzending, { kenmerk: geweigerd ? randomUUID() : rij.kenmerk, bericht: rij.bericht, op: ctx.now(), opnieuw: geweigerd })
    await record(ctx, tx, scope, 'meldingen:schrijven', rij)
    const overzicht = (await store.listUitzendingen(tx, scope, rij.melding)).find((each) => each.id === id)
    assert(overzicht, 'what was just put in line is listed')
    return overzicht
  })
}

// --- reading

/** Reads something of one melding, and records it. */
async function readMelding<S extends Schoolinzage, T> (ctx: Ctx, id: string, scope: S, read: (tx: Tx, melding: Melding) => Promise<T>): Promise<T> {
  return await ctx.transaction(async (tx) => {
    const melding = await getBekend(tx, scope, id.slice(5), gemeldAan(ctx.actor))
    await record(ctx, tx, scope, 'meldingen:lezen', sleutelOf(melding))
    return await read(tx, melding)
  })
}

export async function getMelding (ctx: Ctx, id: string): Promise<Melding> {
  return await readMelding(ctx, id, requireInzage(ctx.actor, 'meldingen:lezen', id.slice(0, 4)), async (_tx, melding) => showMelding(ctx.actor, melding))
}

export async function getMeldinggeschiedenis (ctx: Ctx, id: string): Promise<{ id: string, gebeurtenissen: Meldinggebeurtenis[] }> {
  const scope = requireInzage(ctx.actor, 'meldingen:lezen', id.slice(0, 4))
  return await readMelding(ctx, id, scope, async (tx) => ({ id, gebeurtenissen: showGebeurtenissen(ctx.actor, await store.listGebeurtenissen(tx, scope, id.slice(5))) }))
}

/** Every message of a melding with its attempts and their answers; never what was in it. */
export async function listUitzendingen (ctx: Ctx, id: string): Promise<{ uitzendingen: Uitzendingsoverzicht[] }> {
  const scope = requireRecht(ctx.actor, 'meldingen:lezen', id.slice(0, 4))
  return await readMelding(ctx, id, scope, async (tx) => ({ uitzendingen: await store.listUitzendingen(tx, scope, id.slice(5)) }))
}

const Positie = z.tuple([z.string(), z.iso.date(), z.uuid()])

export async function listMeldingen (ctx: Ctx, { cursor, ...vraag }: Meldingenvraag): Promise<{ meldingen: Melding[], volgende: string | null }> {
  const scope = vraag.school === undefined ? requireInzage(ctx.actor, 'meldingen:lezen') : requireInzage(ctx.actor, 'meldingen:lezen', vraag.school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listMeldingen(tx, scope, ctx.vandaag(), { ...vraag, gemeente: gemeldAan(ctx.actor), na, limit: vraag.limit + 1 })
    const meldingen = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'meldingen:lezen', meldingen.map((melding) => ({ school: melding.school, ...sleutelOf(melding) })))
    const last = meldingen.at(-1)
    return { meldingen: meldingen.map((melding) => showMelding(ctx.actor, melding)), volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.school, last.begindatum, last.id.slice(5)]) : null }
  })
}

// --- what the school says of itself

/** Replaces the meldgegevens. From the next night the soorten under `automatisch` are gemeld when nothing is missing. */
export async function putMeldgegevens (ctx: Ctx, school: string, invoer: Meldgegevensinvoer): Promise<Meldgegevens> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  return await ctx.transaction(async (tx) => {
    await requireMandaat(ctx, tx, school, 'melden')
    await store.upsertMeldgegevens(tx, scope, invoer, ctx.actor.persoon ?? ctx.actor.bron, ctx.now())
    const found = await store.findMeldgegevens(tx, scope)
    assert(found, 'what was just written is there')
    return found
  })
}

export async function getMeldgegevens (ctx: Ctx, school: string): Promise<Meldgegevens> {
  const scope = requireRecht(ctx.actor, 'meldingen:lezen', school)
  const found = await ctx.transaction(async (tx) => await store.findMeldgegevens(tx, scope))
  if (found === undefined) throw new AppError('niet-gevonden', `School ${school} heeft nog geen meldgegevens.`)
  return found
}

// --- what could be gemeld

const Voorstelpositie = z.tuple([z.iso.date(), z.uuid()])

/** Signalen that wait for a melding, soonest term first, each with what is still missing for it. Proposes; sends nothing. */
export async function listMeldvoorstellen (ctx: Ctx, { school, teLaat, cursor, limit }: Meldvoorstellenvraag): Promise<{ meldvoorstellen: Meldvoorstel[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'meldingen:lezen', school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Voorstelpositie)
  return await ctx.transaction(async (tx) => {
    const found = await listGevraagd(ctx, tx, scope, { teLaat, na, limit: limit + 1 })
    const page = found.slice(0, limit)
    const meldvoorstellen = await propose(ctx, tx, scope, page)
    await record(ctx, tx, scope, 'meldingen:lezen', ...meldvoorstellen.map(sleutelOf))
    const last = page.at(-1)
    return { meldvoorstellen, volgende: found.length > limit && last !== undefined ? encodeCursor([last.termijn, last.signaal]) : null }
  })
}

/** Open signalen read at a time where not every one is asked for. */
const SLAG = 500

/** The next open signalen that are asked for, as many as there are up to a limit: which are late follows from the law of their day, which no column holds. */
async function listGevraagd (ctx: Ctx, tx: Tx, scope: Schoolscope, { teLaat, na, limit }: { readonly teLaat: boolean | undefined, readonly na: store.Voorstelpositie | undefined, readonly limit: number }): Promise<store.Opensignaal[]> {
  if (teLaat === undefined) return await store.listOpenSignalen(tx, scope, na, limit)
  const vandaag = ctx.vandaag()
  const gevraagd: store.Opensignaal[] = []
  for (let vanaf = na; ;) {
    const slag = await store.listOpenSignalen(tx, scope, vanaf, SLAG)
    gevraagd.push(...slag.filter((signaal) => isTeLaat(signaal, vandaag) === teLaat))
    const last = slag.at(-1)
    if (gevraagd.length >= limit || last === undefined || slag.length < SLAG) return gevraagd.slice(0, limit)
    vanaf = [last.termijn, last.signaal]
  }
}

function isTeLaat (signaal: store.Signaalregel, vandaag: Datum): boolean {
  const term = uiterlijkMelden(signaal)
  return term !== null && countDagenTeLaat(term, vandaag) > 0
}

async function propose (ctx: Ctx, tx: Tx, scope: Schoolscope, signalen: readonly store.Signaalregel[]): Promise<Meldvoorstel[]> {
  const vandaag = ctx.vandaag()
  const voorstellen: Array<{ readonly signaal: store.Signaalregel, readonly gekozen: Meldingsoort | undefined, readonly opzet: Opzet }> = []
  for (const signaal of signalen) {
    if (!isMeldbaarsignaal(signaal)) continue
    const gekozen = soortVanSignaal(signaal, vandaag, ctx.inwerkingtreding)
    const soort = requireSoort(ctx, gekozen ?? 'O')
    const { bron, leerling, begindatum } = signaal
    voorstellen.push({ signaal, gekozen, opzet: { bron, leerling, grond: signaal, signaal, soort, begindatum, einddatum: chooseEinddatum(soort, signaal.einddatum, undefined), velden: {}, melding: null } })
  }
  if (voorstellen.length === 0) return []
  const ontwerpen = await design(ctx, tx, scope, await store.findMeldgegevens(tx, scope), voorstellen.map(({ opzet }) => opzet))
  assert(ontwerpen.length === voorstellen.length, 'a signaal is of a leerling that is known')
  return ontwerpen.map(({ voornemen, toets }, at) => {
    const { gekozen, signaal: { signaal, regel, bron, leerling, begindatum, einddatum } } = voorstellen[at]!
    const term = voornemen.uiterlijkMelden
    return {
      signaal: `${scope.school}-${signaal}`,
      regel,
      leerling: { bron, bronId: leerling },
      soort: gekozen ?? null,
      begindatum,
      einddatum,
      uiterlijkMelden: term,
      dagenTeLaat: term === null ? null : countDagenTeLaat(term, vandaag),
      ontbreekt: [...gekozen === undefined ? [SOORT_KIEZEN] : [], ...toets.fouten],
      aandachtspunten: [...toets.aandachtspunten]
    }
  })
}

/** Makes the meldingen of a school that it wants made without deciding on each; what misses something is left for people. Answers how many. */
export async function sendAutomatisch (ctx: Ctx, school: string): Promise<number> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  const meldgegevens = await ctx.transaction(async (tx) => await store.findMeldgegevens(tx, scope))
  const soorten = new Set(meldgegevens?.automatisch)
  if (soorten.size === 0) return 0
  let gemeld = 0
  let cursor: string | undefined
  do {
    const { meldvoorstellen, volgende } = await listMeldvoorstellen(ctx, { school, limit: 200, cursor, teLaat: undefined })
    for (const { signaal, soort, ontbreekt } of meldvoorstellen) {
      if (soort === null || !soorten.has(soort) || ontbreekt.length > 0) continue
      if (await meldIndienMogelijk(ctx, signaal)) gemeld++
    }
    cursor = volgende ?? undefined
  } while (cursor !== undefined)
  return gemeld
}

async function meldIndienMogelijk (ctx: Ctx, signaal: string): Promise<boolean> {
  try {
    await createMelding(ctx, { signaal })
    return true
  } catch (error) {
    // Decided, or changed, since it was proposed: people see it among the proposals, with what is missing.
    if (error instanceof AppError && error.code === 'melding-niet-toegestaan') return false
    throw error
  }
}

/** For the night: how many meldingen wait past their term, in the metrics. */
export async function measureMeldingenTeLaat (ctx: Ctx): Promise<void> {
  const scope = requireRecht(ctx.actor, 'meldingen:lezen')
  meldingenTeLaatMeter.set(await ctx.transaction(async (tx) => await store.countTeLaat(tx, scope, ctx.vandaag())))
}
