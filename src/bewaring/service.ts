import { z } from 'zod'
import * as aanleveringen from '../aanleveringen/store.ts'
import * as absenties from '../absenties/store.ts'
import * as afmeldingen from '../afmeldingen/store.ts'
import { gaatVoorBewaarplicht, grensOp, TERMIJNNAMEN, termijnOp, vernietigbaarOp, type Bewaartermijn, type Termijnnaam, type Vergetelheidsgrond } from '../domain/bewaartermijn.ts'
import { addDagen, parsePeriode, type Datum } from '../domain/datum.ts'
import * as duo from '../duo/store.ts'
import { AppError, assert, Herstelfout } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { lockSchool } from '../leerlingen/stam.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import * as verwerkingen from '../verwerkingen/store.ts'
import * as store from './store.ts'
import { buildRegel, destroy, hashVernietiging, recordVernietiging, repeatVoornemens, settle, type Herhaling, type Reden, type Vernietigd } from './vernietigen.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Bewaring, Bewaringsvraag, Vasthouding, Vasthoudingenvraag, Vasthoudingsinvoer, Vernietiging, Vernietigingenvraag, Vernietigingsregel } from './contract.ts'
import type { Leerlingsleutel } from './vernietigd.ts'
import type { Wisregister } from './wisregister.ts'

// ---- what has passed its term

/** Persons in one transaction: of 8 years with 100 absenties each it destroys some 25,000 rows. */
const DEEL = 25
const VAN_EEN_LEERLING = { verzuimgegevens: 'leerlingen', leerlingdossier: 'dossiers' } as const

export interface Vernietigingsverslag { readonly leerlingen: number, readonly dossiers: number, readonly rijen: number }

/** Destroys everything of a school that has passed its bewaartermijn today, in parts that each leave a receipt. Can be broken off and done again at any time. */
export async function destroyVerlopen (ctx: Ctx, register: Wisregister, school: string): Promise<Vernietigingsverslag> {
  const scope = requireRecht(ctx.actor, 'bewaring:schrijven', school)
  const total = { leerlingen: 0, dossiers: 0, rijen: 0 }
  for (const naam of ['verzuimgegevens', 'leerlingdossier'] as const) {
    for (const { regel } of await destroyVanLeerlingen(ctx, register, scope, naam)) {
      total[VAN_EEN_LEERLING[naam]] += regel.leerlingen
      total.rijen += countRijen(regel)
    }
  }
  for (const naam of Object.keys(OPRUIMEN) as Opruimbaar[]) total.rijen += await tidyUp(ctx, scope, naam)
  await register.shorten(school)
  return total
}

async function destroyVanLeerlingen (ctx: Ctx, register: Wisregister, scope: Schoolscope, naam: keyof typeof VAN_EEN_LEERLING): Promise<Vernietigd[]> {
  const dag = ctx.vandaag()
  const termijn = termijnOp(naam, dag, ctx.inwerkingtreding)
  const vraag = { grens: grensOp(termijn, dag), dag, wat: VAN_EEN_LEERLING[naam] }
  // Almost always there is nobody: that takes no lock.
  if ((await ctx.transaction(async (tx) => await store.listVrij(tx, scope, vraag, 1))).length === 0) return []
  const gedaan: Vernietigd[] = []
  for (;;) {
    const deel = await destroy(ctx, register, scope, async (tx) => {
      const leerlingen = await store.listVrij(tx, scope, vraag, DEEL)
      return leerlingen.length === 0 ? undefined : { wat: vraag.wat, reden: redenVan(termijn, vraag.grens), leerlingen }
    })
    if (deel === undefined) return gedaan
    gedaan.push(deel)
  }
}

function redenVan ({ naam, versie }: Bewaartermijn, grens: Datum): Reden {
  return { soort: 'bewaartermijn', termijn: { naam, versie, grens }, grond: null }
}

function countRijen ({ rijen }: Vernietigingsregel): number {
  return Object.values(rijen).reduce((total, aantal) => total + aantal, 0)
}

type Opruimbaar = Exclude<Termijnnaam, keyof typeof VAN_EEN_LEERLING | 'antwoorden'>
interface Opgeruimd { readonly rijen: Readonly<Record<string, number>>, readonly leerlingen?: readonly Leerlingsleutel[] }

/** What is of no leerling that we know, each by the room that owns it; a backup brings it back until the next night, so it is in no wisregister. */
const OPRUIMEN: Readonly<Record<Opruimbaar, (tx: Tx, scope: Schoolscope, grens: Datum) => Promise<Opgeruimd>>> = {
  'zonder-leerling': async (tx, scope, grens) => {
    const [absentie, afmelding] = [await absenties.deleteZonderLeerling(tx, scope, grens), await afmeldingen.deleteZonderLeerling(tx, scope, grens)]
    return { rijen: { ...absentie.rijen, ...afmelding.rijen }, leerlingen: [...absentie.leerlingen, ...afmelding.leerlingen] }
  },
  aanleveringen: async (tx, scope, grens) => ({ rijen: { aanlevering: await aanleveringen.deleteVerlopen(tx, scope, grens) } }),
  leveringen: async (tx, scope, grens) => {
    const verlopen = (await duo.listPerioden(tx, scope)).filter((periode) => (parsePeriode(periode)?.tot ?? grens) < grens)
    return { rijen: { levering: verlopen.length === 0 ? 0 : await duo.deleteLeveringenVan(tx, scope, verlopen) } }
  },
  verwerkingen: async (tx, scope, grens) => {
    const eigen = await store.readDatabasedag(tx)
    const uiterlijk = grensOp(termijnOp('verwerkingen', eigen, null), eigen)
    return { rijen: { verwerking: await verwerkingen.deleteVerlopen(tx, scope, grens < uiterlijk ? grens : uiterlijk) } }
  }
}

async function tidyUp (ctx: Ctx, scope: Schoolscope, naam: Opruimbaar): Promise<number> {
  const { school } = scope
  const dag = ctx.vandaag()
  const termijn = termijnOp(naam, dag, ctx.inwerkingtreding)
  return await ctx.transaction(async (tx) => {
    const grens = grensOp(termijn, dag)
    const { rijen, leerlingen = [] } = await OPRUIMEN[naam](tx, scope, grens)
    const weg = Object.fromEntries(Object.entries(rijen).filter(([, aantal]) => aantal > 0))
    if (Object.keys(weg).length === 0) return 0
    await recordVerwerking(ctx, tx, 'bewaring:vernietigen', leerlingen.map(({ bron, leerling }) => ({ school, bron, leerling })))
    const regel = await buildRegel(ctx, tx, scope, redenVan(termijn, grens), { rijen: weg, dagen: null, leerlingen: 0, herhalingVan: null })
    await recordVernietiging(tx, scope, regel)
    return countRijen(regel)
  })
}

const Verloopplaats = z.tuple([z.iso.date(), z.string(), z.string()])

/** What the night of this day will destroy of leerlingen, and what keeps it from doing so: the same questions as the night asks. */
export async function getBewaring (ctx: Ctx, school: string, { peildatum: dag = ctx.vandaag(), termijn: gevraagd, limit, cursor }: Bewaringsvraag): Promise<Bewaring> {
  const scope = requireRecht(ctx.actor, 'bewaring:lezen', school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Verloopplaats)
  return await ctx.transaction(async (tx) => {
    const termijnen: Bewaring['termijnen'] = []
    for (const naam of TERMIJNNAMEN) {
      const { omschrijving, duur, ...termijn } = termijnOp(naam, dag, ctx.inwerkingtreding)
      const grens = grensOp({ duur }, dag)
      const geteld = isVanLeerling(naam) ? await store.countVerlopen(tx, scope, { grens, dag, wat: VAN_EEN_LEERLING[naam] }) : { leerlingen: null, vastgehouden: null }
      termijnen.push({ naam, omschrijving, versie: termijn.versie, duur: 'jaren' in duur ? `P${duur.jaren}Y` : `P${duur.dagen}D`, vanaf: termijn.vanaf, status: termijn.status, bron: termijn.bron, grens, ...geteld })
    }
    const termijn = termijnOp(gevraagd, dag, ctx.inwerkingtreding)
    const found = await store.listVerlopen(tx, scope, { grens: grensOp(termijn, dag), dag, wat: VAN_EEN_LEERLING[gevraagd], na, limit: limit + 1 })
    const page = found.slice(0, limit)
    await recordVerwerking(ctx, tx, 'bewaring:lezen', page.map(({ bron, leerling }) => ({ school, bron, leerling })))
    const last = page.at(-1)
    return {
      school,
      peildatum: dag,
      termijnen,
      leerlingen: page.map(({ bron, leerling, tot, vastgehouden }) => ({ leerling: { bron, bronId: leerling }, uitgeschrevenOp: tot, vernietigbaarOp: vernietigbaarOp(termijn, tot), vastgehouden })),
      volgende: found.length > limit && last !== undefined ? encodeCursor([last.tot, last.bron, last.leerling]) : null
    }
  })
}

function isVanLeerling (naam: Termijnnaam): naam is keyof typeof VAN_EEN_LEERLING {
  return naam in VAN_EEN_LEERLING
}

// ---- vergetelheid

/**
 * Destroys everything of the person this leerling is, with the records of other bronnen (AVG art. 17). Refused while the law wants it kept,
 * unless the ground goes before that, and under a vasthouding.
 */
export async function destroyLeerling (ctx: Ctx, register: Wisregister, { school, bron, leerling }: Leerlingsleutel & { readonly school: string }, grond: Vergetelheidsgrond): Promise<Vernietiging> {
  const scope = requireRecht(ctx.actor, 'bewaring:schrijven', school)
  const dag = ctx.vandaag()
  const vernietigd = await destroy(ctx, register, scope, async (tx) => {
    const records = await store.listPersoon(tx, scope, { bron, leerling }, dag)
    if (records.length === 0) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
    if (records.some(({ vastgehouden }) => vastgehouden)) throw new AppError('vastgehouden', 'Deze gegevens vallen onder een vasthouding; beëindig haar eerst.')
    if (!gaatVoorBewaarplicht(grond)) refuseBewaarplicht(ctx, records[0]!.tot, dag)
    if (records.some(({ onderweg }) => onderweg)) throw new AppError('bezig', 'Er gaat net een bericht over deze leerling naar DUO; doe het verzoek zo opnieuw.')
    // Enrolled until later than today, he may be enrolled anew from tomorrow.
    return { wat: 'leerlingen', reden: { soort: 'vergetelheid', termijn: null, grond }, leerlingen: records.map(({ bron, leerling, tot }) => ({ bron, leerling, tot: tot === null || tot > dag ? dag : tot })) }
  })
  assert(vernietigd, 'who was found is destroyed')
  ctx.wake()
  return await ctx.transaction(async (tx) => await readVernietiging(tx, scope, vernietigd.regel.id))
}

function refuseBewaarplicht (ctx: Ctx, tot: Datum | null, dag: Datum): void {
  const termijn = termijnOp('verzuimgegevens', dag, ctx.inwerkingtreding)
  const vanaf = tot === null ? null : vernietigbaarOp(termijn, tot)
  if (vanaf !== null && vanaf <= dag) return
  throw new AppError('bewaarplicht', vanaf === null
    ? 'De leerling staat nog ingeschreven: de wet verplicht deze gegevens te bewaren (AVG art. 17 lid 3 onder b).'
    : `De wet verplicht deze gegevens te bewaren tot en met ${addDagen(vanaf, -1)} (AVG art. 17 lid 3 onder b).`)
}

/** Nobody can tell from here on whom the log of this school was about. A backup still has the keys; the wisregister has that they are gone. Answers how many there were. */
export async function destroyLogsleutels (ctx: Ctx, register: Wisregister, school: string): Promise<number> {
  const scope = requireRecht(ctx.actor, 'bewaring:schrijven', school)
  const vernietigd = await destroy(ctx, register, scope, async () => ({ wat: 'logsleutels', reden: { soort: 'logsleutel', termijn: null, grond: null }, leerlingen: [] }))
  return vernietigd?.logsleutels.length ?? 0
}

// ---- receipts

const Vernietigingsplaats = z.tuple([z.iso.datetime(), z.uuid()])

export async function listVernietigingen (ctx: Ctx, school: string, { limit, cursor }: Vernietigingenvraag): Promise<{ vernietigingen: Vernietigingsregel[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'bewaring:lezen', school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Vernietigingsplaats)
  const found = await ctx.transaction(async (tx) => await store.listVernietigingen(tx, scope, na, limit + 1))
  const vernietigingen = found.slice(0, limit)
  const last = vernietigingen.at(-1)
  return { vernietigingen, volgende: found.length > limit && last !== undefined ? encodeCursor([last.vernietigdOp, last.id.slice(5)]) : null }
}

export async function getVernietiging (ctx: Ctx, school: string, id: string): Promise<Vernietiging> {
  const scope = requireRecht(ctx.actor, 'bewaring:lezen', school)
  return await ctx.transaction(async (tx) => await readVernietiging(tx, scope, id))
}

async function readVernietiging (tx: Tx, scope: Schoolscope, id: string): Promise<Vernietiging> {
  const found = await store.findVernietiging(tx, scope, keyWithin(scope.school, id, 'Deze vernietiging'))
  if (found === undefined) throw onbekend('Deze vernietiging')
  return { ...found, ongeschonden: hashVernietiging(found, found.pseudoniemen) === found.sha256 }
}

/** The key within the school; that of another school is not known here. */
function keyWithin (school: string, id: string, wat: string): string {
  if (!id.startsWith(`${school}-`)) throw onbekend(wat)
  return id.slice(5)
}

function onbekend (wat: string): AppError {
  return new AppError('niet-gevonden', `${wat} is hier niet bekend.`)
}

// ---- vasthoudingen

const Vasthoudingsplaats = z.tuple([z.iso.date(), z.uuid()])

/** From its first day nothing under it is destroyed. */
export async function createVasthouding (ctx: Ctx, school: string, invoer: Vasthoudingsinvoer): Promise<Vasthouding> {
  const scope = requireRecht(ctx.actor, 'bewaring:schrijven', school)
  return await ctx.transaction(async (tx) => {
    // After whatever is being destroyed, so that it holds all there still is.
    await lockSchool(tx, school)
    const { persoon, bron, rol = null } = ctx.actor
    const vasthouding = await store.insertVasthouding(tx, scope, invoer, { actor: persoon ?? bron, rol }, ctx.vandaag())
    if (vasthouding === undefined) throw new AppError('stamgegevens-onbekend', 'Deze leerling is hier niet bekend.', [{ code: 'leerling-onbekend', pointer: '/leerling', detail: 'Deze leerling is hier niet bekend.' }])
    await recordLeerlingen(ctx, tx, 'bewaring:schrijven', [vasthouding])
    return vasthouding
  })
}

/** From today on it holds nothing any more; it stays to be read. Ending it twice keeps the first. */
export async function endVasthouding (ctx: Ctx, school: string, id: string): Promise<void> {
  const scope = requireRecht(ctx.actor, 'bewaring:schrijven', school)
  await ctx.transaction(async (tx) => {
    const key = keyWithin(school, id, 'Deze vasthouding')
    const beeindigd = await store.endVasthouding(tx, scope, key, ctx.actor.persoon ?? ctx.actor.bron, ctx.vandaag()) ?? await store.findVasthouding(tx, scope, key, ctx.vandaag())
    if (beeindigd === undefined) throw onbekend('Deze vasthouding')
    await recordLeerlingen(ctx, tx, 'bewaring:schrijven', [beeindigd])
  })
}

export async function getVasthouding (ctx: Ctx, school: string, id: string): Promise<Vasthouding> {
  const scope = requireRecht(ctx.actor, 'bewaring:lezen', school)
  return await ctx.transaction(async (tx) => {
    const found = await store.findVasthouding(tx, scope, keyWithin(school, id, 'Deze vasthouding'), ctx.vandaag())
    if (found === undefined) throw onbekend('Deze vasthouding')
    await recordLeerlingen(ctx, tx, 'bewaring:lezen', [found])
    return found
  })
}

export async function listVasthoudingen (ctx: Ctx, school: string, { limit, cursor }: Vasthoudingenvraag): Promise<{ vasthoudingen: Vasthouding[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'bewaring:lezen', school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Vasthoudingsplaats)
  return await ctx.transaction(async (tx) => {
    const found = await store.listVasthoudingen(tx, scope, ctx.vandaag(), na, limit + 1)
    const vasthoudingen = found.slice(0, limit)
    await recordLeerlingen(ctx, tx, 'bewaring:lezen', vasthoudingen)
    const last = vasthoudingen.at(-1)
    return { vasthoudingen, volgende: found.length > limit && last !== undefined ? encodeCursor([last.van, last.id.slice(5)]) : null }
  })
}

async function recordLeerlingen (ctx: Ctx, tx: Tx, activiteit: 'bewaring:lezen' | 'bewaring:schrijven', vasthoudingen: readonly Vasthouding[]): Promise<void> {
  await recordVerwerking(ctx, tx, activiteit, vasthoudingen.flatMap(({ school, leerling }) => leerling === null ? [] : [{ school, bron: leerling.bron, leerling: leerling.bronId }]))
}

// ---- after a restore

/** How a school's store stands to its wisregister. */
export interface Toestand {
  readonly school: string
  /** What is wrong that destroying again does not mend; null: nothing. */
  readonly fout: string | null
  /** How much was destroyed after this store was as it is. */
  readonly achter: number
  /** That is one intention, and its process died before it was done: no backup was put back. */
  readonly afgebroken: boolean
}

/** Compares the store with the wisregister, of every school that is in either. */
export async function compareWisregister (ctx: Ctx, register: Wisregister): Promise<Toestand[]> {
  const nummers = await ctx.transaction(store.listWisnummers)
  const toestanden: Toestand[] = []
  for (const school of [...new Set([...await register.listScholen(), ...nummers.keys()])].sort()) {
    const nummer = nummers.get(school) ?? 0
    const { begin, einde, voornemens, open, breuk } = await register.read(school)
    const fout = breuk ?? (nummer > einde ? `het eindigt bij ${einde}, en hier is ${nummer} al gedaan: het einde is weg` : nummer < begin ? `het begint na ${begin}, en deze opslag is van bij ${nummer}: de back-up is ouder dan het wisregister teruggaat` : null)
    const na = voornemens.filter((voornemen) => voornemen.nummer > nummer)
    toestanden.push({ school, fout, achter: na.length, afgebroken: fout === null && na.length === 1 && na[0] === open })
  }
  return toestanden
}

/**
 * Refuses a store that is older than the wisregister: what was destroyed would be here again, and be used. An intention whose process died is
 * carried out. Throws Herstelfout, a sentence for the operator.
 */
export async function requireHersteld (ctx: Ctx, register: Wisregister): Promise<void> {
  const toestanden = await compareWisregister(ctx, register)
  for (const { school } of toestanden.filter(({ afgebroken }) => afgebroken)) await settle(ctx, register, requireRecht(ctx.actor, 'bewaring:schrijven', school), 'volbrengen')
  const mis = toestanden.filter(({ fout, achter, afgebroken }) => fout !== null || (achter > 0 && !afgebroken))
  if (mis.length === 0) return
  const wat = mis.map(({ school, fout, achter }) => `${school}: ${fout ?? `${achter} vernietigingen zijn van na deze back-up`}`)
  throw new Herstelfout(`De opslag en het wisregister passen niet bij elkaar (${wat.join('; ')}). Draai eerst npm run herstel.`)
}

/** Destroys again, at one school, what a backup brought back. */
export async function restore (ctx: Ctx, register: Wisregister, school: string): Promise<Herhaling[]> {
  return await repeatVoornemens(ctx, register, requireRecht(ctx.actor, 'bewaring:schrijven', school))
}

/** Begins the wisregister of a school anew where the store is: the old one was lost. */
export async function restartWisregister (ctx: Ctx, register: Wisregister, school: string): Promise<void> {
  requireRecht(ctx.actor, 'bewaring:schrijven', school)
  await ctx.transaction(async (tx) => {
    await store.lockWisregister(tx, school)
    await register.restart(school, await store.findWisnummer(tx, school))
  })
}
