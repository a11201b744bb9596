import { reclassify } from '../absenties/store.ts'
import { onverklaardTot, STANDAARDBELEID, type Beleid } from '../domain/beleid.ts'
import { listElementeisen } from '../domain/beleidselement.ts'
import { planOpvolging } from '../domain/beleidsopvolging.ts'
import { renderBeleid } from '../domain/beleidstekst.ts'
import { toetsBeleid, type Beleidstoets } from '../domain/beleidstoets.ts'
import { compareBeleid } from '../domain/beleidsverschil.ts'
import { addDagen, vandaag, type Datum } from '../domain/datum.ts'
import { AppError, type Fout } from '../errors.ts'
import { formatPointer } from '../http/json.ts'
import { lockStam, raiseStamversie, readGewijzigdeStam, type Stam } from '../leerlingen/stam.ts'
import { markVestiging } from '../leerlingen/store.ts'
import { requireInzage, requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { requireMatch } from '../http/rest.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Beleidsinvoer, Beleidstekst, Beleidsversie, Toets, Vaststelling, Verschil } from './contract.ts'

/** The versions of a school, newest first; the national standaardbeleid, in force where none of them is, comes last as version 0. */
export async function listBeleidsversies (ctx: Ctx, school: string): Promise<{ beleidsversies: Beleidsversie[] }> {
  requireInzage(ctx.actor, 'beleid:lezen', school)
  return { beleidsversies: [...await ctx.transaction(async (tx) => await store.listBeleidsversies(tx, school)), buildStandaard(school)] }
}

export async function getBeleidsversie (ctx: Ctx, school: string, versie: number): Promise<Beleidsversie> {
  const { beleidsversies } = await listBeleidsversies(ctx, school)
  return pickVersie(beleidsversies, school, versie)
}

/** A version for another room, which has checked a right of its own. */
export async function readBeleidsversie (tx: Tx, school: string, versie: number): Promise<Beleidsversie> {
  return pickVersie([...await store.listBeleidsversies(tx, school), buildStandaard(school)], school, versie)
}

/** A new concept; nothing counts by it before its vaststelling. */
export async function createBeleidsversie (ctx: Ctx, school: string, invoer: Beleidsinvoer): Promise<Beleidsversie> {
  requireRecht(ctx.actor, 'beleid:schrijven', school)
  return await ctx.transaction(async (tx) => {
    if (await lockStam(ctx, tx, school) === undefined) throw new AppError('stamgegevens-onbekend', `School ${school} heeft hier nog geen vestiging.`)
    const versie = 1 + Math.max(0, ...(await store.listBeleidsversies(tx, school)).map((present) => present.versie))
    await store.insertBeleidsversie(tx, buildConcept(school, versie, invoer))
    return await getOwn(tx, school, versie)
  })
}

/** Replaces the whole of a concept. */
export async function putBeleidsversie (ctx: Ctx, school: string, versie: number, invoer: Beleidsinvoer, ifMatch: string | undefined): Promise<Beleidsversie> {
  requireRecht(ctx.actor, 'beleid:schrijven', school)
  return await ctx.transaction(async (tx) => {
    await getConceptForUpdate(ctx, tx, school, versie, ifMatch)
    await store.updateConcept(tx, buildConcept(school, versie, invoer))
    return await getOwn(tx, school, versie)
  })
}

export async function deleteBeleidsversie (ctx: Ctx, school: string, versie: number, ifMatch: string | undefined): Promise<void> {
  requireRecht(ctx.actor, 'beleid:schrijven', school)
  await ctx.transaction(async (tx) => {
    await getConceptForUpdate(ctx, tx, school, versie, ifMatch)
    await store.deleteConcept(tx, school, versie)
  })
}

/**
 * Adopts a concept: from here it is immutable, and holds until the next version begins; whoever held these days loses them. Refused while
 * anything mandatory is missing or weaker than the law of its first day. Exactly the days it covers are classified anew, and its leerlingen
 * evaluated.
 */
export async function adoptBeleidsversie (ctx: Ctx, school: string, versie: number, ifMatch: string | undefined): Promise<Vaststelling> {
  const scope = requireRecht(ctx.actor, 'beleid:schrijven', school)
  const adopted = await ctx.transaction(async (tx) => {
    const concept = await getConceptForUpdate(ctx, tx, school, versie, ifMatch)
    const { belemmeringen, strenger } = toetsOp(ctx, concept, concept.geldigVan)
    if (belemmeringen.length > 0) throw new AppError('beleid-onvolledig', `Beleidsversie ${versie} kan zo niet worden vastgesteld.`, listFouten(belemmeringen))

    const geldend = (await store.listBeleidsversies(tx, school)).filter(isGeldend)
    const { geldigTot, vervangen } = planOpvolging(geldend, concept.geldigVan)
    if (vervangen !== null) await store.updateVervangen(tx, school, vervangen.versie, vervangen.geldigTot)
    await store.updateVastgesteld(tx, school, versie, { geldigTot, door: ctx.actor.persoon ?? ctx.actor.bron })
    await raiseStamversie(tx, school)

    const stam = await readGewijzigdeStam(tx, school)
    await classifyVersie(ctx, tx, scope, stam, { ...concept, geldigTot })
    for (const vestiging of stam.vestigingen.keys()) await markVestiging(tx, scope, vestiging)
    return { ...await getOwn(tx, school, versie), strenger: [...strenger] }
  })
  ctx.wake()
  return adopted
}

// ---- what a version says, and how it differs

/** A version held against the law of a day: what is there, what is mandatory, and where each rule stands. */
export async function getToets (ctx: Ctx, school: string, versie: number, datum?: Datum): Promise<Toets> {
  const beleid = await getBeleidsversie(ctx, school, versie)
  const op = datum ?? findPeildatum(ctx, beleid)
  const { elementen, regels, strenger, belemmeringen } = toetsOp(ctx, beleid, op)
  return {
    school,
    versie,
    datum: op,
    vastTeStellen: belemmeringen.length === 0,
    elementen: [...elementen],
    regels: regels.map(({ verschillen, ...regel }) => ({ ...regel, verschillen: [...verschillen] })),
    strenger: [...strenger],
    belemmeringen: listFouten(belemmeringen)
  }
}

/** What is different from another version; by default from the one that held its first day before it, else from the standaardbeleid. */
export async function getVerschil (ctx: Ctx, school: string, versie: number, met?: number): Promise<Verschil> {
  const { beleidsversies } = await listBeleidsversies(ctx, school)
  const nieuw = pickVersie(beleidsversies, school, versie)
  const oud = pickVersie(beleidsversies, school, met ?? findVoorganger(beleidsversies, nieuw))
  return { school, versie, met: oud.versie, verschillen: compareBeleid(oud, nieuw, findPeildatum(ctx, nieuw)) }
}

/** The version as Markdown for people. */
export async function getTekst (ctx: Ctx, school: string, versie: number): Promise<Beleidstekst> {
  const beleid = await getBeleidsversie(ctx, school, versie)
  const datum = findPeildatum(ctx, beleid)
  const zinnen = toetsOp(ctx, beleid, datum).strenger.map(({ regel, omschrijving }) => `${regel}: ${omschrijving}`)
  const vastgesteldOp = beleid.vastgesteldOp === null ? null : vandaag(new Date(beleid.vastgesteldOp))
  return { school, versie, tekst: renderBeleid({ ...beleid, vastgesteldOp }, listElementeisen(ctx.inwerkingtreding), zinnen, datum) }
}

function toetsOp (ctx: Ctx, beleid: Beleidsversie, datum: Datum): Beleidstoets {
  return toetsBeleid(beleid, listElementeisen(ctx.inwerkingtreding), datum)
}

function listFouten (belemmeringen: Beleidstoets['belemmeringen']): Fout[] {
  return belemmeringen.map(({ pad, code, detail }) => ({ code, pointer: formatPointer(pad), detail }))
}

/** A concept is read on its first day; any other version today, or on the day of it that is nearest. */
function findPeildatum (ctx: Ctx, { status, geldigVan, geldigTot }: Beleidsversie): Datum {
  const nu = ctx.vandaag()
  if (status === 'concept' || nu < geldigVan || (geldigTot !== null && geldigTot < geldigVan)) return geldigVan
  return geldigTot !== null && nu > geldigTot ? geldigTot : nu
}

function findVoorganger (versies: readonly Beleidsversie[], { status, geldigVan }: Beleidsversie): number {
  const dag = status === 'concept' ? geldigVan : addDagen(geldigVan, -1)
  return versies.find((ander) => ander.versie > 0 && isGeldend(ander) && ander.geldigVan <= dag && (ander.geldigTot === null || dag <= ander.geldigTot))?.versie ?? STANDAARDBELEID.versie
}

function isGeldend ({ status, geldigVan, geldigTot }: Beleidsversie): boolean {
  return status !== 'concept' && (geldigTot === null || geldigVan <= geldigTot)
}

// ---- classification

/** The night's share: what stayed unexplained for too many lesdagen becomes ongeoorloofd, where a version says so. Answers how many. */
export async function applyOnverklaard (ctx: Ctx, school: string): Promise<number> {
  const scope = requireRecht(ctx.actor, 'beleid:schrijven', school)
  return await ctx.transaction(async (tx) => {
    const stam = await lockStam(ctx, tx, school)
    let changed = 0
    for (const beleid of stam?.beleid ?? []) {
      if (beleid.onverklaardNaLesdagen !== null) changed += await classifyVersie(ctx, tx, scope, stam!, beleid)
    }
    return changed
  })
}

async function classifyVersie (ctx: Ctx, tx: Tx, scope: Schoolscope, stam: Stam, beleid: Beleid): Promise<number> {
  let changed = 0
  for (const [vestiging, { kalender }] of stam.vestigingen) {
    const ongeoorloofdTot = onverklaardTot(beleid, kalender, ctx.vandaag())
    const herzien = await reclassify(tx, scope, { vestiging, van: beleid.geldigVan, tot: beleid.geldigTot }, { beleid, ongeoorloofdTot })
    await recordVerwerking(ctx, tx, 'absenties:schrijven', herzien.map(({ bron, leerling }) => ({ school: scope.school, bron, leerling })))
    changed += herzien.reduce((total, { absenties }) => total + absenties, 0)
  }
  return changed
}

async function getOwn (tx: Tx, school: string, versie: number): Promise<Beleidsversie> {
  return pickVersie(await store.listBeleidsversies(tx, school), school, versie)
}

/** Under the lock of the school: what the caller knows is still so when it is changed or adopted. */
async function getConceptForUpdate (ctx: Ctx, tx: Tx, school: string, versie: number, ifMatch: string | undefined): Promise<Beleidsversie> {
  await lockStam(ctx, tx, school)
  const concept = await getOwn(tx, school, versie)
  requireMatch(ifMatch, concept, 'De beleidsversie is intussen veranderd; haal haar opnieuw op.')
  if (concept.status !== 'concept') throw new AppError('beleid-vastgesteld', `Beleidsversie ${versie} is al vastgesteld; maak een nieuwe versie.`)
  return concept
}

function pickVersie (versies: readonly Beleidsversie[], school: string, versie: number): Beleidsversie {
  const found = versies.find((candidate) => candidate.versie === versie)
  if (found === undefined) throw new AppError('niet-gevonden', `School ${school} heeft geen beleidsversie ${versie}.`)
  return found
}

function buildConcept (school: string, versie: number, invoer: Beleidsinvoer): store.Concept {
  return {
    school,
    versie,
    geldigVan: invoer.geldigVan,
    redenen: invoer.redenen ?? buildStandaard(school).redenen,
    codes: invoer.codes ?? [],
    onverklaardNaLesdagen: invoer.onverklaardNaLesdagen ?? null,
    regels: invoer.regels ?? [],
    duidingen: invoer.duidingen ?? [],
    elementen: invoer.elementen ?? []
  }
}

function buildStandaard (school: string): Beleidsversie {
  const { versie, geldigVan, geldigTot, redenen, onverklaardNaLesdagen } = STANDAARDBELEID
  return {
    school,
    versie,
    status: 'vastgesteld',
    geldigVan,
    geldigTot,
    redenen: redenen.map(({ kenmerken, ...reden }) => ({ ...reden, ...(kenmerken === undefined ? {} : { kenmerken: [...kenmerken] }) })),
    codes: [],
    onverklaardNaLesdagen,
    regels: [],
    duidingen: [],
    elementen: [],
    vastgesteldOp: null,
    vastgesteldDoor: null
  }
}
