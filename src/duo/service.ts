import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { requireHeel, requireOngewijzigd } from '../bewaring/vernietigd.ts'
import { addDagen, type Datum, type Periode } from '../domain/datum.ts'
import { compareRegels, type Ontvanger } from '../domain/levering.ts'
import { AANLOOP_LANGDURIG, listGepland, listOnbestelbaar, nextLeveringstatus, type Leveringsdaad } from '../domain/ontvanger.ts'
import { AppError, assert } from '../errors.ts'
import { decodeCursor, encodeCursor, requireMatch } from '../http/rest.ts'
import { lockEvaluatie, lockStam } from '../leerlingen/stam.ts'
import { requireMandaat } from '../mandaten/service.ts'
import { requireInzage, requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { formatJson, stageBestanden, type Bestand, type Klaargezet } from './bestanden.ts'
import { describeIndeling, INDELINGEN, Leveringbestand, Manifest, type Levering, type Leveringindeling, type Leveringenvraag, type Leveringsinvoer, type Leveringsplan, type Leveringsplaninvoer, type Onbestelbaar, type Ontvangstinvoer, type Rondeantwoord, type Rondeinvoer } from './contract.ts'
import { buildBestanden, buildManifest, invalid, listBewoners, listEerdere, readBouwgrond, type Bouwgrond, type Bouwsel, type Revisie } from './opbouw.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'

// --- making

interface Maakvraag extends Pick<Leveringsinvoer, 'ontvanger' | 'periode' | 'reden' | 'afkapmoment'> {
  /** Absent: the only one there is. */
  readonly code: string | undefined
  /** Nothing is made where this periode was ever made for this ontvanger. */
  readonly eenmaal: boolean
}

/**
 * Builds a levering from everything committed to the school before it, and nothing after; or, with an afkapmoment, as it was then. What went
 * to the same ontvanger over the same periode before is replaced by it. Stored and on the disk when this returns.
 */
export async function createLevering (ctx: Ctx, invoer: Leveringsinvoer): Promise<Levering> {
  const scope = requireRecht(ctx.actor, 'leveringen:schrijven', invoer.school)
  const { ontvanger, periode, reden, afkapmoment, gemeentecode, samenwerkingsverband } = invoer
  const levering = await makeLevering(ctx, scope, { ontvanger, periode, reden, afkapmoment, code: gemeentecode ?? samenwerkingsverband, eenmaal: false })
  assert(levering, 'what is asked for is made')
  return levering
}

async function makeLevering (ctx: Ctx, scope: Schoolscope, vraag: Maakvraag): Promise<Levering | undefined> {
  let klaargezet: Klaargezet | undefined
  try {
    const rij = await ctx.transaction(async (tx) => {
      const nu = await lockMoment(ctx, tx, scope)
      const grond = await readBouwgrond(ctx, tx, scope, { ontvanger: vraag.ontvanger, periode: vraag.periode, afkapmoment: readAfkapmoment(vraag.afkapmoment, nu), activiteit: 'leveringen:schrijven' })
      await requireHeel(tx, scope.school, telperiode(grond))
      const sleutel = { ontvanger: vraag.ontvanger, code: chooseCode(grond, vraag.code) }
      const vorige = await store.findLaatste(tx, scope, sleutel, vraag.periode)
      if (vraag.eenmaal && vorige !== undefined) return undefined

      const eerdere = await listEerdere(tx, grond, sleutel.code)
      const zout = randomBytes(32)
      const bouwsel = await buildBestanden(tx, grond, { code: sleutel.code, eerdere, zout })
      const { levering, manifest } = buildManifest(grond, bouwsel, { sleutel, eerdere, gemaaktOp: nu, revisie: buildRevisie(scope, vorige, vraag, bouwsel) })
      if (vorige !== undefined && nextLeveringstatus(vorige.status, 'vervangen') !== undefined) await store.updateStatus(tx, scope, vorige.levering, { status: 'vervangen', door: actorOf(ctx) })
      await store.insertLevering(tx, scope, { levering, code: sleutel.code, manifest, csv: bouwsel.csv, json: bouwsel.json, publicatie: bouwsel.publicatie, zout, verloop: [{ status: 'gemaakt', op: manifest.gemaaktOp, door: actorOf(ctx) }] })
      klaargezet = await stageBestanden(ctx.leveringenDir, listBestanden(manifest, bouwsel))
      const gemaakt = await store.findLevering(tx, scope, levering)
      assert(gemaakt, 'it was just written')
      return gemaakt
    })
    await klaargezet?.publish()
    return rij === undefined ? undefined : toLevering(rij)
  } catch (error) {
    await klaargezet?.discard()
    throw error
  }
}

/** The days that are counted: those of the periode, and of some before it. */
function telperiode ({ grenzen, vraag: { ontvanger } }: Bouwgrond): Periode {
  return { van: ontvanger === 'samenwerkingsverband' ? addDagen(grenzen.van, -AANLOOP_LANGDURIG) : grenzen.van, tot: grenzen.totEnMet }
}

/** The school alone for this transaction, and an instant after everything that was committed to it; signalen too, so none is on its way. */
async function lockMoment (ctx: Ctx, tx: Tx, scope: Schoolscope): Promise<Date> {
  await lockEvaluatie(tx, scope.school)
  if (await lockStam(ctx, tx, scope.school) === undefined) throw new AppError('stamgegevens-onbekend', `School ${scope.school} heeft hier nog geen vestiging.`)
  await requireMandaat(ctx, tx, scope.school, 'leveren')
  return await store.readMoment(tx)
}

function readAfkapmoment (gevraagd: string | undefined, nu: Date): Date {
  const afkapmoment = gevraagd === undefined ? nu : new Date(gevraagd)
  if (afkapmoment > nu) throw invalid('afkapmoment-in-toekomst', '/afkapmoment', 'Dit moment is nog niet geweest.')
  return afkapmoment
}

const VELD = { ocw: 'ontvanger', gemeente: 'gemeentecode', samenwerkingsverband: 'samenwerkingsverband' } as const satisfies Record<Ontvanger, string>

/** Whom it goes to: who was named, or the only one there is. */
function chooseCode ({ codes, vraag: { ontvanger } }: Bouwgrond, gevraagd: string | undefined): string {
  const pointer = `/${VELD[ontvanger]}`
  const [eerste, ...andere] = codes
  if (eerste === undefined || (gevraagd !== undefined && !codes.includes(gevraagd))) {
    throw invalid('geen-ontvanger', pointer, ontvanger === 'gemeente'
      ? 'Geen leerplichtige leerling van deze school woonde in de periode in deze gemeente, zoals zij toen bestond.'
      : 'Geen vestiging van deze school hoort bij dit samenwerkingsverband.')
  }
  if (gevraagd === undefined && andere.length > 0) throw invalid('meer-ontvangers', pointer, `Kies een van ${codes.join(', ')}, of maak ze alle met een leveringsronde.`)
  return gevraagd ?? eerste
}

function buildRevisie (scope: Schoolscope, vorige: Awaited<ReturnType<typeof store.findLaatste>>, { reden, afkapmoment }: Maakvraag, bouwsel: Bouwsel): Revisie {
  if (vorige === undefined) {
    if (reden !== undefined) throw invalid('geen-revisie', '/reden', 'Van deze periode is voor deze ontvanger nog geen levering.')
    return { revisie: 1, vervangt: null, reden: null, watVeranderde: null }
  }
  const verschil = compareRegels(readRegels(vorige.json), readRegels(bouwsel.json))
  const vanzelf = vorige.status === 'afgekeurd' ? 'afgekeurd' : afkapmoment === undefined ? 'gegevens-gewijzigd' : 'eerder-moment'
  return { revisie: vorige.revisie + 1, vervangt: `${scope.school}-${vorige.levering}`, reden: reden ?? vanzelf, watVeranderde: { ...verschil, kolommen: { ...verschil.kolommen } } }
}

function readRegels (json: string): Array<Record<string, unknown>> {
  return Leveringbestand.parse(JSON.parse(json)).regels
}

function actorOf (ctx: Ctx): string {
  return ctx.actor.persoon ?? ctx.actor.bron
}

/** The manifest last: who sees it, sees the files it speaks of. */
function listBestanden (manifest: Manifest, { csv, json }: store.Bestanden): Bestand[] {
  const [first, second] = manifest.bestanden
  return [{ naam: first!.naam, inhoud: csv }, { naam: second!.naam, inhoud: json }, { naam: first!.naam.replace(/csv$/, 'manifest.json'), inhoud: formatJson(manifest) }]
}

function toLevering ({ manifest: bewaard, revisie, reden, status, verloop, ontvangst }: store.Leveringrij): Levering {
  const manifest = Manifest.parse(bewaard)
  const { levering: id, ontvanger, school, gemeentecode, samenwerkingsverband, periode, afkapmoment, gemaaktOp, rijen, onderdrukteCellen, volledigheid, bestanden, indeling } = manifest
  const links = { bestand: `/v1/leveringen/${id}/bestand`, manifest: `/v1/leveringen/${id}/manifest`, indeling: `/v1/leveringindelingen/${indeling.naam}/${indeling.versie}` }
  return { id, ontvanger, school, gemeentecode, samenwerkingsverband, periode, revisie, reden, afkapmoment, gemaaktOp, status, verloop, ontvangst, rijen, onderdrukteCellen, volledigheid, bestanden, links }
}

/** One levering for every gemeente or samenwerkingsverband there is, each on its own; and what leads to none. */
export async function createRonde (ctx: Ctx, { ontvanger, school, periode }: Rondeinvoer): Promise<Rondeantwoord> {
  const scope = requireRecht(ctx.actor, 'leveringen:schrijven', school)
  const { leveringen, totEnMet } = await makeRonde(ctx, scope, { ontvanger, periode, eenmaal: false })
  return { leveringen, onbestelbaar: await countOnbestelbaar(ctx, scope, totEnMet) }
}

async function makeRonde (ctx: Ctx, scope: Schoolscope, { ontvanger, periode, eenmaal }: { readonly ontvanger: Ontvanger, readonly periode: string, readonly eenmaal: boolean }): Promise<{ leveringen: Levering[], totEnMet: Datum }> {
  const { codes, grenzen } = await ctx.transaction(async (tx) => await readBouwgrond(ctx, tx, scope, { ontvanger, periode, afkapmoment: await lockMoment(ctx, tx, scope), activiteit: 'leveringen:schrijven' }))
  const leveringen: Levering[] = []
  for (const code of codes) {
    const levering = await makeLevering(ctx, scope, { ontvanger, periode, reden: undefined, afkapmoment: undefined, code, eenmaal })
    if (levering !== undefined) leveringen.push(levering)
  }
  return { leveringen, totEnMet: grenzen.totEnMet }
}

// --- the way to the ontvanger

/** Puts the files in the folder of their ontvanger, the manifest last; on the disk before it is said to be so. */
export async function offerLevering (ctx: Ctx, id: string, ifMatch: string | undefined): Promise<Levering> {
  return await changeStatus(ctx, id, ifMatch, 'aanbieden', async (rij) => {
    const manifest = Manifest.parse(rij.manifest)
    const map = join(ctx.leveringenDir, [manifest.ontvanger, manifest.gemeentecode ?? manifest.samenwerkingsverband ?? []].flat().join('-'))
    const klaargezet = await stageBestanden(map, listBestanden(manifest, rij))
    await klaargezet.publish()
  })
}

/** What the ontvanger answered. Once afgekeurd, only a revisie follows. */
export async function recordOntvangst (ctx: Ctx, id: string, invoer: Ontvangstinvoer, ifMatch: string | undefined): Promise<Levering> {
  return await changeStatus(ctx, id, ifMatch, invoer.uitslag === 'ontvangen' ? 'ontvangen' : 'afkeuren', undefined, invoer)
}

async function changeStatus (ctx: Ctx, id: string, ifMatch: string | undefined, daad: Leveringsdaad, act?: (rij: store.Leveringrij & store.Bestanden) => Promise<void>, ontvangst?: Ontvangstinvoer): Promise<Levering> {
  const scope = requireRecht(ctx.actor, 'leveringen:schrijven', id.slice(0, 4))
  return await ctx.transaction(async (tx) => {
    const rij = await store.findLeveringForUpdate(tx, scope, id.slice(5))
    if (rij === undefined) throw onbekend()
    requireMatch(ifMatch, toLevering(rij), 'De levering is intussen veranderd; haal haar opnieuw op.')
    const status = nextLeveringstatus(rij.status, daad)
    if (status === undefined) throw new AppError('besluit-niet-toegestaan', `Deze levering is ${rij.status}; dat kan nu niet.`)
    await act?.(rij)
    return toLevering(await store.updateStatus(tx, scope, rij.levering, { status, door: actorOf(ctx), ...(ontvangst === undefined ? {} : { ontvangst }) }))
  })
}

// --- plans

export async function listLeveringsplannen (ctx: Ctx, school: string): Promise<{ leveringsplannen: Leveringsplan[] }> {
  const scope = requireInzage(ctx.actor, 'leveringen:lezen', school)
  const plannen = await ctx.transaction(async (tx) => await store.listPlannen(tx, scope))
  return { leveringsplannen: plannen.map((plan) => toPlan(ctx, plan)) }
}

function toPlan (ctx: Ctx, { gedaan, ...plan }: store.Planrij): Leveringsplan {
  return { ...plan, gepland: plan.aan ? listGepland(plan, ctx.vandaag()).filter(({ periode }) => !gedaan.includes(periode)) : [] }
}

/** Lays down when leveringen are made. A plan that begins, or gets another kind of periode, begins today: what ended before is not made by it. */
export async function putLeveringsplan (ctx: Ctx, school: string, ontvanger: Ontvanger, invoer: Leveringsplaninvoer, ifMatch: string | undefined): Promise<Leveringsplan> {
  const scope = requireRecht(ctx.actor, 'leveringen:schrijven', school)
  return await ctx.transaction(async (tx) => {
    if (await lockStam(ctx, tx, school) === undefined) throw new AppError('stamgegevens-onbekend', `School ${school} heeft hier nog geen vestiging.`)
    const find = async (): Promise<store.Planrij | undefined> => (await store.listPlannen(tx, scope)).find((plan) => plan.ontvanger === ontvanger)
    const oud = await find()
    requireMatch(ifMatch, oud === undefined ? undefined : toPlan(ctx, oud), 'Het leveringsplan is intussen veranderd; haal het opnieuw op.')
    const loopt = oud?.aan === true && oud.periodesoort === invoer.periodesoort
    await store.upsertPlan(tx, scope, { ontvanger, ...invoer, sinds: loopt ? oud.sinds : ctx.vandaag() }, actorOf(ctx))
    const nieuw = await find()
    assert(nieuw, 'it was just written')
    return toPlan(ctx, nieuw)
  })
}

export interface Verschuldigd { readonly school: string, readonly ontvanger: Ontvanger, readonly perioden: ReadonlyArray<{ readonly periode: string, readonly vanaf: Datum }> }

/** What is due by the plans of every school and was not made yet, also of days on which nothing ran; per school and ontvanger. */
export async function listVerschuldigd (ctx: Ctx): Promise<Verschuldigd[]> {
  const scope = requireRecht(ctx.actor, 'leveringen:schrijven')
  return selectVerschuldigd(ctx, await ctx.transaction(async (tx) => await store.listPlannen(tx, scope)))
}

function selectVerschuldigd (ctx: Ctx, plannen: readonly store.Planrij[]): Verschuldigd[] {
  const vandaag = ctx.vandaag()
  return plannen.filter(({ aan }) => aan).flatMap(({ school, ontvanger, gedaan, ...plan }) => {
    const perioden = listGepland(plan, vandaag).filter(({ periode, vanaf }) => vanaf <= vandaag && !gedaan.includes(periode))
    return perioden.length === 0 ? [] : [{ school, ontvanger, perioden }]
  })
}

/**
 * Makes every periode that is due for an ontvanger of the school. Can be broken off and done again at any time, by several processes at once: of
 * one periode each receiver gets one levering. Answers how many were made; throws after the periode that is being made once `signal` asks to stop.
 */
export async function makeVerschuldigd (ctx: Ctx, school: string, ontvanger: Ontvanger, signal?: AbortSignal): Promise<number> {
  const scope = requireRecht(ctx.actor, 'leveringen:schrijven', school)
  const plannen = await ctx.transaction(async (tx) => await store.listPlannen(tx, scope))
  let aantal = 0
  for (const { periode } of selectVerschuldigd(ctx, plannen).find((each) => each.ontvanger === ontvanger)?.perioden ?? []) {
    signal?.throwIfAborted()
    const { leveringen } = await makeRonde(ctx, scope, { ontvanger, periode, eenmaal: true })
    await ctx.transaction(async (tx) => { await store.insertRonde(tx, scope, ontvanger, periode, leveringen.length) })
    aantal += leveringen.length
  }
  return aantal
}

// --- what leads nowhere

export async function getOnbestelbaar (ctx: Ctx, school: string, datum?: Datum): Promise<Onbestelbaar> {
  return await countOnbestelbaar(ctx, requireRecht(ctx.actor, 'leveringen:lezen', school), datum ?? ctx.vandaag())
}

async function countOnbestelbaar (ctx: Ctx, scope: Schoolscope, datum: Datum): Promise<Onbestelbaar> {
  const { school } = scope
  return await ctx.transaction(async (tx) => {
    const moment = (await store.readMoment(tx)).toISOString()
    const ingeschreven = await store.listIngeschreven(tx, scope, datum)
    const bewoners = await listBewoners(tx, scope, ingeschreven, { datum, moment })
    const vestigingen = await store.listVestigingenOp(tx, scope, moment)
    await recordVerwerking(ctx, tx, 'leveringen:lezen', ingeschreven.map((leerling) => ({ school, ...leerling })))
    const aantallen = [...Map.groupBy(bewoners, ({ woongemeente }) => woongemeente)].map(([woongemeente, eigen]) => ({ woongemeente, leerlingen: eigen.length }))
    const { zonderWoongemeente, codes } = listOnbestelbaar(aantallen, datum)
    return {
      school,
      datum,
      leerlingen: bewoners.length,
      zonderWoongemeente,
      codes: codes.map((code) => ({ ...code, naar: [...code.naar] })),
      vestigingenZonderSamenwerkingsverband: vestigingen.filter(({ samenwerkingsverband }) => samenwerkingsverband === null).map(({ vestiging }) => vestiging)
    }
  })
}

// --- reading

const Positie = z.tuple([z.string(), z.iso.datetime(), z.uuid()])

export async function listLeveringen (ctx: Ctx, vraag: Leveringenvraag): Promise<{ leveringen: Levering[], volgende: string | null }> {
  const scope = vraag.school === undefined ? requireInzage(ctx.actor, 'leveringen:lezen') : requireInzage(ctx.actor, 'leveringen:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  const found = await ctx.transaction(async (tx) => await store.listLeveringen(tx, scope, { na, limit: vraag.limit + 1 }))
  const leveringen = found.slice(0, vraag.limit).map(toLevering)
  const last = leveringen.at(-1)
  return { leveringen, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.school, last.gemaaktOp, last.id.slice(5)]) : null }
}

export async function getLevering (ctx: Ctx, id: string): Promise<Levering> {
  return toLevering(await readLevering(ctx, id))
}

export async function getManifest (ctx: Ctx, id: string): Promise<Manifest> {
  return Manifest.parse((await readLevering(ctx, id)).manifest)
}

async function readLevering (ctx: Ctx, id: string): Promise<store.Leveringrij> {
  const scope = requireInzage(ctx.actor, 'leveringen:lezen', id.slice(0, 4))
  const found = await ctx.transaction(async (tx) => await store.findLevering(tx, scope, id.slice(5)))
  if (found === undefined) throw onbekend()
  return found
}

export interface Leveringsbytes { readonly inhoud: Buffer, readonly naam: string, readonly mediatype: string, readonly sha256: string }

/** The bytes as they went out, in the form the caller prefers. */
export async function getBestand (ctx: Ctx, id: string, vorm: 'csv' | 'json'): Promise<Leveringsbytes> {
  const scope = requireInzage(ctx.actor, 'leveringen:lezen', id.slice(0, 4))
  const found = await ctx.transaction(async (tx) => await store.findBestanden(tx, scope, id.slice(5)))
  if (found === undefined) throw onbekend()
  const bestand = Manifest.parse(found.manifest).bestanden.find(({ naam }) => naam.endsWith(`.${vorm}`))
  assert(bestand, 'the manifest names every form')
  return { ...bestand, inhoud: Buffer.from(found[vorm]) }
}

function onbekend (): AppError {
  return new AppError('niet-gevonden', 'Deze levering is hier niet bekend.')
}

export function listIndelingen (ctx: Ctx): { leveringindelingen: Leveringindeling[] } {
  requireInzage(ctx.actor, 'leveringen:lezen')
  return { leveringindelingen: INDELINGEN.map(describeIndeling) }
}

export function getIndeling (ctx: Ctx, { naam, versie }: { naam: string, versie: string }): Leveringindeling {
  requireInzage(ctx.actor, 'leveringen:lezen')
  const indeling = INDELINGEN.find((each) => each.naam === naam && each.versie === versie)
  if (indeling === undefined) throw new AppError('niet-gevonden', 'Deze indeling is hier niet bekend.')
  return describeIndeling(indeling)
}

// --- proof

export interface Herbouw {
  readonly manifest: Manifest
  /** Null for what was made before inputs had a digest. */
  readonly invoerGelijk: boolean | null
  /** The first line that differs; undefined when every byte is the same. */
  readonly verschil: { readonly bestand: string, readonly regel: number, readonly bewaard: string, readonly herbouwd: string } | undefined
}

/** Builds a levering once more from the store, against the same earlier ones, and compares every byte with what went out. Writes nothing. */
export async function rebuildLevering (ctx: Ctx, id: string): Promise<Herbouw> {
  const scope = requireRecht(ctx.actor, 'leveringen:lezen', id.slice(0, 4))
  return await ctx.transaction(async (tx) => {
    const bewaard = await store.findBestanden(tx, scope, id.slice(5))
    if (bewaard === undefined) throw onbekend()
    const manifest = Manifest.parse(bewaard.manifest)
    const { ontvanger, periode, afkapmoment, gemeentecode, samenwerkingsverband } = manifest
    const grond = await readBouwgrond(ctx, tx, scope, { ontvanger, periode, afkapmoment: new Date(afkapmoment), activiteit: 'leveringen:lezen' })
    const eerdere = await store.listPublicaties(tx, scope, manifest.toets.eerdereLeveringen.map((eerder) => eerder.slice(5)))
    await requireOngewijzigd(tx, scope.school, telperiode(grond), afkapmoment)
    const bouwsel = await buildBestanden(tx, grond, { code: gemeentecode ?? samenwerkingsverband ?? '', eerdere, zout: bewaard.zout ?? Buffer.alloc(0) })
    const verschil = findVerschil('csv', bewaard.csv, bouwsel.csv) ?? findVerschil('json', bewaard.json, bouwsel.json)
    return { manifest, invoerGelijk: manifest.invoerSha256 === null ? null : manifest.invoerSha256 === bouwsel.invoerSha256, verschil }
  })
}

function findVerschil (bestand: string, bewaard: string, herbouwd: string): Herbouw['verschil'] {
  if (bewaard === herbouwd) return undefined
  const [there, here] = [bewaard.split('\n'), herbouwd.split('\n')]
  const at = there.findIndex((line, number) => line !== here[number])
  const regel = at === -1 ? there.length : at
  return { bestand, regel: regel + 1, bewaard: there[regel] ?? '', herbouwd: here[regel] ?? '' }
}
