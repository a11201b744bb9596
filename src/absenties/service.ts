import { randomUUID } from 'node:crypto'
import { landPerSchool, recordAanlevering } from '../aanleveringen/service.ts'
import { listVernietigd, refuseVernietigd } from '../bewaring/vernietigd.ts'
import { absentieTeller } from '../http/health.ts'
import { OngeldigeRegel } from '../http/ndjson.ts'
import { decodeCursor, encodeCursor, listFouten, requireMatch } from '../http/rest.ts'
import { compileSnel } from '../http/snel.ts'
import { flush } from '../db/statement.ts'
import { sendLast, type Tx } from '../db/transaction.ts'
import { deriveMinuten, type Categorie, type Dagdeel } from '../domain/absentie.ts'
import { beleidOp, classify, onverklaardTot, type Beleid } from '../domain/beleid.ts'
import { describeAard } from '../domain/bijzonder.ts'
import { afspraakOp, type Bronafspraak } from '../domain/bronafspraak.ts'
import { maandag, weekdag, type Datum } from '../domain/datum.ts'
import { mayCount } from '../domain/teldagen.ts'
import { decideVoorrang } from '../domain/voorrang.ts'
import { AppError, assert, type Fout, type Foutcode } from '../errors.ts'
import { dropKader, findKader, lockSchool, readGewijzigdKader, type Inschrijving, type Kader, type Stam } from '../leerlingen/stam.ts'
import { findMandaatfout } from '../mandaten/service.ts'
import { coversSchool, requireInzage, requireRecht, withPlaats, type Schoolscope, type Scope } from '../toegang/service.ts'
import { recordLeerlingenVan, recordVerwerking, tryTransaction } from '../verwerkingen/service.ts'
import { z } from 'zod'
import { Absentieintrekking, Absentiemelding, RESULTATEN, type Absentie, type Absentieaantallen, type Absentieregel, type Absentieresultaat, type Absentiesantwoord, type Absentiesvraag, type Absentieversie, type Resultaat, type Wachtende } from './contract.ts'
import * as store from './store.ts'
import { showRedenen, showVersies } from './weergave.ts'
import type { Ctx } from '../context.ts'

/** A pushed record that is well-formed, with its place in the push. */
export interface Regel { readonly index: number, readonly record: Absentieregel }

/** How often a push starts again when another transaction inserted one of its keys, or changed the school, in the same moment. */
const POGINGEN = 8

/** School and bron of which the last push named keys that stood: what stands is looked up first. Of the others a push just inserts, and starts again when it should not have. */
const bekenden = new Set<string>()
/** Fewer records than this do not wait for what they insert: all of it travels at once, of a PUT a fifth. The answers about more would be carried along by the collector. */
const WEINIG = 100

/**
 * Takes a push: each record stands alone, and the answer says per record what happened. What it answers is durable. `proef` does exactly
 * the same and undoes it.
 */
export async function pushAbsenties (ctx: Ctx, records: readonly unknown[], opties: { proef: boolean, aanlevering?: string, deel?: number }): Promise<Absentiesantwoord> {
  const begonnen = performance.now()
  const scope = requireRecht(ctx.actor, 'absenties:schrijven')
  const { aanlevering = randomUUID(), deel = 0 } = opties
  const { perSchool, geweigerd } = parseRegels(ctx, records, scope)
  const ontvangen = { aanlevering, deel, soort: 'absenties', begonnen, records, perSchool, geweigerd, count: countResultaten } as const
  const land = async (tx: Tx): Promise<Absentieresultaat[]> => await landPerSchool(ctx, tx, scope, ontvangen, async (eigen, regels) => await landRegels(ctx, tx, eigen, aanlevering, regels, { nieuw: true }))
  const geland = await retryBotsingen(async () => opties.proef ? await tryTransaction(ctx, land) : await ctx.transaction(land))

  const resultaten = inVolgorde(geweigerd, geland)
  const aantallen = countResultaten(resultaten)
  if (!opties.proef) reportLanded(ctx, aantallen)
  return { aanlevering, aantallen, resultaten }
}

/** The answers to a push in the order of its records. */
function inVolgorde (geweigerd: readonly Absentieresultaat[], geland: Absentieresultaat[]): Absentieresultaat[] {
  // Of one school they are.
  if (geweigerd.length === 0 && geland.every(({ index }, at) => index === at)) return geland
  const resultaten: Absentieresultaat[] = []
  for (const resultaat of [...geweigerd, ...geland]) resultaten[resultaat.index] = resultaat
  return resultaten
}

/** Counts what a committed transaction landed, and says that there are marks. */
export function reportLanded (ctx: Ctx, aantallen: Absentieaantallen): void {
  for (const naam of RESULTATEN) absentieTeller.inc({ resultaat: naam }, aantallen[naam])
  ctx.wake()
}

/** The well-formed records on scholen of this scope, and the answer to the others. */
export function parseRegels (ctx: Ctx, records: readonly unknown[], scope: Scope): { perSchool: Map<string, Regel[]>, geweigerd: Absentieresultaat[] } {
  const geweigerd: Absentieresultaat[] = []
  const perSchool = new Map<string, Regel[]>()
  const check = makeControle(ctx)
  records.forEach((record, index) => {
    const parsed = parseRegel(record, scope, check)
    if ('problemen' in parsed) {
      geweigerd.push(refuse(index, readBronId(record), parsed.problemen))
      return
    }
    const regels = perSchool.get(parsed.school)
    if (regels === undefined) perSchool.set(parsed.school, [{ index, record: parsed }])
    else regels.push({ index, record: parsed })
  })
  return { perSchool, geweigerd }
}

export interface Landopties {
  /** Also replaces a version with a later gewijzigdOp: to put back what stood before. */
  readonly geforceerd?: boolean
  /** What the transaction itself made of the leerlingen. */
  readonly kader?: Kader
  /** Begins as if nothing of it stood, unless the last push of this bron taught otherwise. */
  readonly nieuw?: boolean
}

/**
 * Lands records of one school within a transaction of the caller, as a push does; `index` in the answer is the place in `records`. Throws
 * what `retryBotsingen` catches: the whole transaction is then to be run again.
 */
export async function landAbsenties (ctx: Ctx, tx: Tx, scope: Schoolscope, aanlevering: string, records: readonly Absentieregel[], opties: Landopties = {}): Promise<Absentieresultaat[]> {
  return await landRegels(ctx, tx, scope, aanlevering, records.map((record, index) => ({ index, record })), opties)
}

/** Replays what waited for these leerlingen, now that they are known; within the transaction that made them known. */
export async function replayWachtende (ctx: Ctx, tx: Tx, scope: Schoolscope, leerlingen: readonly string[]): Promise<void> {
  const wachtend = await store.listWachtendeVan(tx, scope, leerlingen)
  if (wachtend.length === 0) return
  const kader = await readGewijzigdKader(tx, scope.school, scope.bron, leerlingen)
  for (const [aanlevering, own] of Map.groupBy(wachtend, (record) => record.aanlevering)) {
    const resultaten = await landAbsenties(ctx, tx, scope, aanlevering, own.map((record) => Absentiemelding.parse(record.inhoud)), { kader })
    const geweigerd = resultaten.flatMap(({ bronId, problemen }) => problemen === undefined ? [] : [{ bron: scope.bron, bronId: bronId!, probleem: problemen[0] }])
    if (geweigerd.length > 0) await store.refuseWachtende(tx, scope, geweigerd)
  }
}

/** Takes back what of this aanlevering still waits for its leerling, or was refused after it; answers how many. */
export async function withdrawWachtende (ctx: Ctx, tx: Tx, scope: Schoolscope, aanlevering: string): Promise<number> {
  const leerlingen = await store.deleteWachtende(tx, scope, aanlevering)
  await recordVerwerking(ctx, tx, 'absenties:schrijven', leerlingen.map((leerling) => ({ school: scope.school, bron: scope.bron, leerling })))
  return leerlingen.length
}

/** Refuses absenties whose leerling did not come within the limit; they stay listed with that reason. */
export async function refuseWachtende (ctx: Ctx, school: string): Promise<number> {
  const scope = requireRecht(ctx.actor, 'absenties:schrijven', school)
  const sinds = new Date(ctx.now().getTime() - ctx.wachtDagen * 86_400_000).toISOString()
  const probleem = { code: 'leerling-onbekend', pointer: '/leerling', detail: `De leerling is na ${ctx.wachtDagen} dagen nog niet bekend.` }
  return await ctx.transaction(async (tx) => {
    const geweigerd = await store.refuseWachtendeVoor(tx, scope, sinds, probleem)
    await recordLeerlingen(ctx, tx, scope, geweigerd)
    return geweigerd.length
  })
}

/** Derives anew the minutes the bron did not send, after a rooster, inschrijving or lesuur changed. */
export async function rederiveMinuten (ctx: Ctx, tx: Tx, scope: Schoolscope, bereik: store.Herzieningsbereik): Promise<void> {
  await recordLeerlingen(ctx, tx, scope, await store.rederiveMinuten(tx, scope, bereik))
}

async function recordLeerlingen (ctx: Ctx, tx: Tx, { school }: Schoolscope, leerlingen: readonly store.Absentieleerling[]): Promise<void> {
  await recordVerwerking(ctx, tx, 'absenties:schrijven', leerlingen.map(({ bron, leerling }) => ({ school, bron, leerling })))
}

async function landRegels (ctx: Ctx, tx: Tx, scope: Schoolscope, aanlevering: string, regels: readonly Regel[], opties: Landopties = {}): Promise<Absentieresultaat[]> {
  if (regels.length === 0) return []
  const betrokkenen = listLeerlingen(regels)
  const kader = opties.kader ?? await findKader(ctx, tx, scope.school, scope.bron, betrokkenen)
  if (kader === undefined) {
    return regels.map(({ index, record }) => refuse(index, record.bronId, [{ code: 'school-onbekend', pointer: '/school', detail: `School ${scope.school} heeft hier nog geen vestiging.` }]))
  }
  const prepare = makePrepare(ctx, scope, kader)
  const mandaatfout = findMandaatfout(ctx, kader.stam, 'aanleveren')
  const oordelen = regels.map(({ index, record }): Rijuitslag => mandaatfout === undefined ? prepare(index, record) : { problemen: [mandaatfout] })
  const wachtend = regels.filter((_, at) => oordelen[at] === 'inWacht') as Wachtend[]
  const vernietigd = wachtend.length === 0 ? undefined : await landWachtende(ctx, tx, scope, aanlevering, wachtend)
  const rijen = oordelen.filter((oordeel): oordeel is store.Absentierij => oordeel !== 'inWacht' && !('problemen' in oordeel))
  const anders = await writeRijen(ctx, tx, scope, kader, { aanlevering, geforceerd: opties.geforceerd === true, nieuw: opties.nieuw === true }, rijen)
  for (const { oud } of anders.values()) if (oud !== undefined) betrokkenen.add(oud.leerling)
  sendLast(tx, recordLeerlingenVan(ctx, tx, 'absenties:schrijven', scope, betrokkenen))
  // Only now: while PostgreSQL is at work they would be carried along by the collector.
  return regels.map(({ index, record }, at): Absentieresultaat => {
    const oordeel = oordelen[at]!
    const tot = oordeel === 'inWacht' && record.ingetrokken !== true ? vernietigd?.get(record.leerling) : undefined
    if (tot !== undefined) return refuse(index, record.bronId, [refuseVernietigd('/leerling', tot)])
    if (oordeel === 'inWacht') return { index, bronId: record.bronId, resultaat: 'inWacht' }
    if ('problemen' in oordeel) return refuse(index, record.bronId, oordeel.problemen)
    return { index, bronId: record.bronId, resultaat: nameResultaat(record, anders.get(oordeel)?.actie) }
  })
}

function nameResultaat ({ ingetrokken }: Absentieregel, actie: store.Schrijfresultaat['actie'] | undefined): Resultaat {
  if (actie === undefined || actie === 'gewijzigd') return ingetrokken === true ? 'ingetrokken' : actie ?? 'nieuw'
  return actie === 'bevestigd' ? 'ongewijzigd' : actie
}

/** A record whose leerling is not known. */
interface Wachtend { readonly record: z.output<typeof Absentiemelding> }

/** Keeps these until their leerling is known; but not those of whom he was destroyed: until when each of these is remembered. */
async function landWachtende (ctx: Ctx, tx: Tx, scope: Schoolscope, aanlevering: string, wachtend: readonly Wachtend[]): Promise<ReadonlyMap<string, Datum>> {
  // Who holds the school waits for none of its rows: always the school first.
  await lockSchool(tx, scope.school)
  const vernietigd = await listVernietigd(ctx, tx, scope, new Set(wachtend.map(({ record }) => record.leerling)))
  const blijvend = wachtend.filter(({ record }) => !vernietigd.has(record.leerling))
  if (blijvend.length > 0) await store.insertWachtende(tx, scope, aanlevering, blijvend.map(({ record: { bronId, leerling, gewijzigdOp }, record }) => ({ bronId, leerling, gewijzigdOp, inhoud: record })))
  return vernietigd
}

function listLeerlingen (regels: readonly Regel[]): Set<string> {
  const leerlingen = new Set<string>()
  for (const { record } of regels) if (record.ingetrokken !== true) leerlingen.add(record.leerling)
  return leerlingen
}

/** A day an afmelding covers, or (ingetrokken) no longer does; `aanlevering` is the one that brought the afmelding. */
export interface Afmeldingsdag {
  readonly aanlevering: string
  readonly bronId: string
  readonly afmelding: string
  readonly ingetrokken: boolean
  readonly gewijzigdOp: string
  readonly leerling: string
  readonly vestiging: string
  readonly datum: Datum
  readonly dagdeel: Dagdeel | null
  readonly reden: string | null
}

/** Lands days of afmeldingen of one bron (that of the scope) as absenties; each is a lesdag within the inschrijving. Its caller records whose. Throws as `landAbsenties`. */
export async function landAfmeldingsdagen (ctx: Ctx, tx: Tx, scope: Schoolscope, dagen: readonly Afmeldingsdag[]): Promise<void> {
  if (dagen.length === 0) return
  const kader = await findKader(ctx, tx, scope.school, scope.bron, new Set(dagen.map(({ leerling }) => leerling)))
  assert(kader, 'a school with leerlingen is known')
  const prepare = makePrepare(ctx, scope, kader)
  const rijen = dagen.map(({ afmelding, aanlevering, ...dag }, index): store.Absentierij => {
    const { school } = scope
    const rij = prepare(index, dag.ingetrokken ? { bronId: dag.bronId, school, ingetrokken: true, gewijzigdOp: dag.gewijzigdOp } : { ...dag, ingetrokken: false, school, soort: 'afwezig' })
    // Computed from what has changed since: begin again.
    if (rij === 'inWacht' || 'problemen' in rij) {
      dropKader(ctx, scope.school)
      throw new store.Botsing()
    }
    return { ...rij, afmelding, aanlevering }
  })
  await writeRijen(ctx, tx, scope, kader, { aanlevering: dagen[0]!.aanlevering, geforceerd: true }, rijen)
}

async function writeRijen (ctx: Ctx, tx: Tx, scope: Schoolscope, { stam, leerlingversie }: Kader, { nieuw = false, ...hoe }: { aanlevering: string, geforceerd: boolean, nieuw?: boolean }, rijen: readonly store.Absentierij[]): Promise<store.Schrijfresultaten> {
  const anders = new Map<store.Absentierij, store.Schrijfresultaat>()
  // Who goes before whom is decided by all that stands, so bronnen of one school take turns.
  if (stam.bronnen.length > 1) await lockSchool(tx, scope.school)
  const rondes = listRondes(rijen)
  // Without a row the statement still says whether what made them wait or refused them is how things stand.
  if (rondes.length === 0) rondes.push([])
  const wie = `${scope.school} ${scope.bron}`
  const kader = { ...hoe, stamversie: stam.stamversie, leerlingversie }
  const learn = (error: unknown): never => {
    if (store.isDubbel(error)) bekenden.add(wie)
    if (error instanceof store.Schoolwijziging) dropKader(ctx, scope.school)
    throw error
  }
  for (const [nummer, ronde] of rondes.entries()) {
    if (nieuw && nummer === 0 && ronde.length > 0 && !bekenden.has(wie)) {
      const ingevoegd = store.insertAbsenties(tx, scope, kader, ronde).catch(learn)
      if (ronde.length < WEINIG) {
        sendLast(tx, ingevoegd)
        flush(tx)
      } else {
        await ingevoegd
      }
    } else {
      for (const [rij, resultaat] of await store.writeAbsenties(tx, scope, kader, ronde).catch(learn)) anders.set(rij, resultaat)
    }
  }
  if (nieuw && anders.size === 0) bekenden.delete(wie)
  const geraakt = readGeraakt(stam.beleid, rijen, anders)
  if (geraakt.leerlingen.size + geraakt.overige.size === 0) return anders
  const weken = [...geraakt.dagen].flatMap(([vestiging, eigen]) => [...new Set([...eigen].map(maandag))].map((dag) => ({ vestiging, maandag: dag })))
  sendLast(tx, store.insertMarkeringen(tx, scope, { leerlingen: [...geraakt.leerlingen], overige: [...geraakt.overige].filter((leerling) => !geraakt.leerlingen.has(leerling)), weken }))
  if (stam.bronnen.length > 1) {
    const dagen = [...new Set([...geraakt.dagen.values()].flatMap((eigen) => [...eigen]))]
    await reviseVoorrang(ctx, tx, scope, stam.afspraken, { leerlingen: [...new Set([...geraakt.leerlingen, ...geraakt.overige])].map((leerling) => ({ bron: scope.bron, leerling })), dagen })
  }
  return anders
}

/** Of whom facts came or went, and when. */
interface Geraakt {
  /** In what a rule may count. */
  readonly leerlingen: Set<string>
  /** In anything else. */
  readonly overige: Set<string>
  readonly dagen: Map<string, Set<Datum>>
}

/** What these rows brought, and what they took away. */
function readGeraakt (beleid: readonly Beleid[], rijen: readonly store.Absentierij[], anders: store.Schrijfresultaten): Geraakt {
  const geraakt: Geraakt = { leerlingen: new Set(), overige: new Set(), dagen: new Map() }
  const add = (feit: Omit<store.Stand, 'ingetrokken' | 'categorie'>, categorie: Categorie): void => {
    (mayCount(beleid, categorie, feit.soort) ? geraakt.leerlingen : geraakt.overige).add(feit.leerling)
    const eigen = geraakt.dagen.get(feit.vestiging)
    if (eigen === undefined) geraakt.dagen.set(feit.vestiging, new Set([feit.datum]))
    else eigen.add(feit.datum)
  }
  for (const rij of rijen) {
    const geschreven = anders.get(rij)
    if (geschreven !== undefined && geschreven.actie !== 'gewijzigd') continue
    const { record } = rij
    if (record.ingetrokken !== true) add(record, rij.categorie!)
    if (geschreven?.oud !== undefined && (record.ingetrokken === true || !geschreven.oud.ingetrokken)) add(geschreven.oud, geschreven.oud.categorie)
  }
  return geraakt
}

/**
 * Decides anew which reports of two bronnen about the same lesson time count, by the bronafspraken; under the school's lock, for a school
 * that more than one bron knows. Losers stay visible and count nowhere.
 */
export async function reviseVoorrang (ctx: Ctx, tx: Tx, scope: Schoolscope, afspraken: readonly Bronafspraak[], bereik: store.Voorrangsbereik): Promise<void> {
  const rijen = await store.listVoorrangsrijen(tx, scope, bereik)
  const oordelen: Array<{ bron: string, bronId: string, door: string | null }> = []
  for (const dag of Map.groupBy(rijen, ({ persoon, datum }) => `${persoon} ${datum}`).values()) {
    const overtroefd = decideVoorrang(dag, afspraakOp(afspraken, dag[0]!.datum))
    for (const rij of dag) {
      const door = overtroefd.get(rij) ?? null
      if (door !== rij.overtroefdDoor) oordelen.push({ bron: rij.bron, bronId: rij.bronId, door })
    }
  }
  if (oordelen.length > 0) await store.updateVoorrang(tx, scope, oordelen)
  await recordLeerlingen(ctx, tx, scope, rijen)
  // The leading record may be another now: who has the signalen.
  if (bereik.leerlingen === undefined) await store.markGedeelden(tx, scope)
}

type Rijuitslag = store.Absentierij | 'inWacht' | { problemen: Fout[] }

/** Decides about records by the vestiging, its kalender, its beleid on the day, and the leerling's inschrijving. What holds for a day is asked once. */
function makePrepare (ctx: Ctx, { bron }: Schoolscope, { stam, leerlingen }: Kader): (index: number, record: Absentieregel) => Rijuitslag {
  const vandaag = ctx.vandaag()
  const perVestiging = new Map<string, Map<Datum, ReturnType<typeof describeDag>>>()
  const findDag = (vestiging: string, datum: Datum) => {
    let dagen = perVestiging.get(vestiging)
    if (dagen === undefined) perVestiging.set(vestiging, dagen = new Map())
    let dag = dagen.get(datum)
    if (dag === undefined) dagen.set(datum, dag = describeDag(stam, vestiging, datum, vandaag))
    return dag
  }
  return (index, record) => {
    if (record.ingetrokken === true) return { index, record }
    const { vestiging, leerling, datum, soort, reden = null, minuten = null, lesuren = null, dagdeel = null } = record
    const dag = findDag(vestiging, datum)
    if ('code' in dag) return { problemen: [dag] }
    const inschrijvingen = leerlingen.get(leerling) ?? null
    if (inschrijvingen === null) return 'inWacht'
    const inschrijving = findInschrijving(inschrijvingen, vestiging, datum)
    if (inschrijving === undefined) return { problemen: [{ code: 'buiten-inschrijving', pointer: '/datum', detail: 'De leerling is op deze datum niet op deze vestiging ingeschreven.' }] }
    const categorie = reden === null && dag.onverklaardIsOngeoorloofd ? 'ongeoorloofd' : classify(dag.beleid, reden, bron, datum)
    const gemist = minuten ?? deriveMinuten({ soort, minuten, lesuren, dagdeel }, dag.lesuurMinuten, inschrijving.rooster?.[dag.weekdag - 1] ?? null)
    return { index, record, categorie, minuten: gemist }
  }
}

function findInschrijving (inschrijvingen: readonly Inschrijving[], vestiging: string, datum: Datum): Inschrijving | undefined {
  for (const own of inschrijvingen) if (own.vestiging === vestiging && own.van <= datum && (own.tot === null || datum <= own.tot)) return own
  return undefined
}

function describeDag (stam: Stam, vestiging: string, datum: Datum, vandaag: Datum): Fout | { beleid: Beleid, onverklaardIsOngeoorloofd: boolean, weekdag: number, lesuurMinuten: number } {
  const kader = stam.vestigingen.get(vestiging)
  if (kader === undefined) return { code: 'vestiging-onbekend', pointer: '/vestiging', detail: `Vestiging ${vestiging} is hier niet bekend.` }
  if (!kader.kalender.isLesdag(datum)) return { code: 'geen-lesdag', pointer: '/datum', detail: `${datum} is op deze vestiging geen lesdag: ${kader.kalender.reden(datum) ?? 'lesvrij'}.` }
  const beleid = beleidOp(stam.beleid, datum)
  const grens = onverklaardTot(beleid, kader.kalender, vandaag)
  return { beleid, onverklaardIsOngeoorloofd: grens !== undefined && datum <= grens, weekdag: weekdag(datum), lesuurMinuten: kader.lesuurMinuten }
}

/** The rows in rounds without a double key, each sorted by key: a push that names a key twice means its versions in that order. */
function listRondes (rijen: readonly store.Absentierij[]): Array<readonly store.Absentierij[]> {
  if (rijen.length > 0 && rijen.every(({ record }, at) => at === 0 || rijen[at - 1]!.record.bronId < record.bronId)) return [rijen]
  const rondes: store.Absentierij[][] = []
  let vorige: string | undefined
  let ronde = 0
  for (const rij of rijen.toSorted(({ record: { bronId: a } }, { record: { bronId: b } }) => a < b ? -1 : a > b ? 1 : 0)) {
    ronde = rij.record.bronId === vorige ? ronde + 1 : 0
    vorige = rij.record.bronId
    const rows = rondes[ronde] ??= []
    rows.push(rij)
  }
  return rondes
}

// Compiled at the first push: 19 ms.
let isMelding: ((value: unknown) => value is z.output<typeof Absentiemelding>) | undefined

function parseRegel (record: unknown, scope: Scope, check: Controle): Absentieregel | { problemen: Fout[] } {
  if (record instanceof OngeldigeRegel) return { problemen: [{ code: 'geen-json', pointer: '', detail: 'Deze regel is geen geldige JSON in UTF-8, of te lang.' }] }
  const withdrawn = typeof record === 'object' && record !== null && (record as { ingetrokken?: unknown }).ingetrokken === true
  isMelding ??= compileSnel(Absentiemelding)
  let regel: Absentieregel
  if (isMelding(record)) {
    regel = record
  } else {
    const parsed = (withdrawn ? Absentieintrekking : Absentiemelding).safeParse(record)
    if (!parsed.success) return { problemen: listFouten(parsed.error, '', record) }
    regel = parsed.data
  }
  if (!coversSchool(scope, regel.school)) return { problemen: [{ code: 'school-onbekend', pointer: '/school', detail: `School ${regel.school} is hier niet bekend.` }] }
  const problemen = check(regel)
  return problemen === undefined ? regel : { problemen }
}

/** What is wrong with a well-formed record whatever it is about; undefined when nothing is. */
export type Controle = (record: { readonly gewijzigdOp: string, readonly reden?: string | null | undefined }) => Fout[] | undefined

/** A version from the future is refused, and so is a code that says what ails a leerling. For the records of one push: it names each code once. */
export function makeControle (ctx: Ctx): Controle {
  const isToekomst = makeToekomst(ctx)
  const codes = new Map<string, string | undefined>()
  return ({ gewijzigdOp, reden }) => {
    if (reden != null && !codes.has(reden)) codes.set(reden, describeAard(reden))
    const aard = reden == null ? undefined : codes.get(reden)
    const toekomst = isToekomst(gewijzigdOp)
    if (aard === undefined && !toekomst) return undefined
    return [...aard === undefined ? [] : [{ code: 'aard-van-ziekte', pointer: '/reden', detail: `Deze code ${aard}.` }], ...toekomst ? [noemToekomst('/gewijzigdOp')] : []]
  }
}

/** How far the clock of a bron may run ahead of ours. A version from further on would go before every change that is still to come. */
const KLOKVERSCHIL_MINUTEN = 5

/** Tells of a tijdstip of a bron whether it lies in the future, by more than a difference of clocks: 0.16 µs each. */
export function makeToekomst (ctx: Ctx): (tijdstip: string) => boolean {
  const grens = ctx.now().getTime() + KLOKVERSCHIL_MINUTEN * 60_000
  return (tijdstip) => Date.parse(tijdstip) > grens
}

export function noemToekomst (pointer: string): Fout {
  return { code: 'tijdstip-in-toekomst', pointer, detail: `Ligt meer dan ${KLOKVERSCHIL_MINUTEN} minuten in de toekomst; controleer de klok en de tijdzone van de bron.` }
}

/** The key that a record names, also a malformed one. */
export function readBronId (record: unknown): string | undefined {
  const bronId = (record as { bronId?: unknown } | null | undefined)?.bronId
  return typeof bronId === 'string' ? bronId.slice(0, 80) : undefined
}

export function refuse (index: number, bronId: string | undefined, problemen: Fout[]): Absentieresultaat {
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

/** Runs work that lands absenties, again when it met another in the same moment. */
export async function retryBotsingen<T> (work: () => Promise<T>): Promise<T> {
  for (let poging = 1; ; poging++) {
    try {
      return await work()
    } catch (error) {
      if (!store.isBotsing(error) || poging === POGINGEN) throw error
    }
  }
}

/** One record by its own key, as the bulk push would take it; a problem is thrown instead of listed. */
export async function putAbsentie (ctx: Ctx, sleutel: { bron: string, bronId: string }, invoer: { school: string }, ifMatch: string | undefined): Promise<{ resultaat: Resultaat, absentie: Absentie | null }> {
  return await landOne(ctx, sleutel.bron, { ...invoer, bronId: sleutel.bronId }, ifMatch === undefined, async (tx, scope) => {
    if (ifMatch !== undefined) await requireEtag(tx, scope, sleutel, ifMatch)
  })
}

/** Withdraws one absentie; its versions stay. */
export async function withdrawAbsentie (ctx: Ctx, sleutel: { bron: string, bronId: string }, school: string, gewijzigdOp: string | undefined, ifMatch: string | undefined): Promise<void> {
  const record = { bronId: sleutel.bronId, school, ingetrokken: true, gewijzigdOp: gewijzigdOp ?? ctx.now().toISOString() }
  const { resultaat } = await landOne(ctx, sleutel.bron, record, false, async (tx, scope) => {
    if (await store.findAbsentie(tx, scope, sleutel.bron, sleutel.bronId) === undefined) throw new AppError('niet-gevonden', 'Deze absentie is hier niet bekend.')
    if (ifMatch !== undefined) await requireEtag(tx, scope, sleutel, ifMatch)
  })
  if (resultaat === 'verouderd') throw new AppError('versie-verouderd', 'Er is al een latere versie van deze absentie.')
}

async function landOne (ctx: Ctx, bron: string, record: { readonly school: string, readonly bronId: string }, nieuw: boolean, check: (tx: Tx, scope: Schoolscope) => Promise<void>): Promise<{ resultaat: Resultaat, absentie: Absentie | null }> {
  const begonnen = performance.now()
  const scope = requireRecht(ctx.actor, 'absenties:schrijven', record.school)
  if (bron !== ctx.actor.bron) throw new AppError('geen-toegang', 'Een bron schrijft alleen haar eigen absenties.')
  const aanlevering = randomUUID()
  const parsed = parseRegel(record, scope, makeControle(ctx))
  const landed = await retryBotsingen(async () => await ctx.transaction(async (tx) => {
    await check(tx, scope)
    const [{ resultaat, problemen }] = ('problemen' in parsed ? [refuse(0, record.bronId, parsed.problemen)] : await landAbsenties(ctx, tx, scope, aanlevering, [parsed], { nieuw })) as [Absentieresultaat]
    if (problemen !== undefined) throw new AppError(nameFoutcode(problemen), problemen[0]!.detail, problemen)
    const found = store.findAbsentie(tx, scope, bron, record.bronId)
    sendLast(tx, found)
    sendLast(tx, recordAanlevering(ctx, tx, scope, { aanlevering, soort: 'absenties', aantallen: countResultaten([{ index: 0, resultaat }]), begonnen }))
    return { resultaat, found }
  }))
  reportLanded(ctx, countResultaten([{ index: 0, resultaat: landed.resultaat }]))
  return { resultaat: landed.resultaat, absentie: await landed.found ?? null }
}

/** The code of the answer about one record, by its first problem. */
export function nameFoutcode ([probleem]: readonly Fout[]): Foutcode {
  if (probleem?.code === 'mandaat-ontbreekt') return 'mandaat-ontbreekt'
  return probleem?.code === 'school-onbekend' ? 'stamgegevens-onbekend' : 'invoer-ongeldig'
}

/** Locks the row it compares, so what the caller knows is still so when it is replaced. */
async function requireEtag (tx: Tx, scope: Schoolscope, { bron, bronId }: { bron: string, bronId: string }, ifMatch: string): Promise<void> {
  await lockSchool(tx, scope.school)
  await store.lockAbsentie(tx, scope, bron, bronId)
  const absentie = await store.findAbsentie(tx, scope, bron, bronId)
  requireMatch(ifMatch, absentie, 'De absentie is intussen veranderd; haal haar opnieuw op.')
}

export async function getAbsentie (ctx: Ctx, { bron, bronId }: { bron: string, bronId: string }, school: string): Promise<Absentie> {
  const scope = requireInzage(ctx.actor, 'absenties:lezen', school)
  return await ctx.transaction(async (tx) => {
    const absentie = await store.findAbsentie(tx, scope, bron, bronId)
    if (absentie === undefined) throw new AppError('niet-gevonden', 'Deze absentie is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'absenties:lezen', [absentie])
    return (await showRedenen(ctx, tx, [absentie]))[0]!
  })
}

const Positie = z.tuple([z.iso.date(), z.string(), z.string()])

/** One page; the cursor is a keyset position, so a page costs the same wherever it lies. */
export async function listAbsenties (ctx: Ctx, vraag: Absentiesvraag): Promise<{ absenties: Absentie[], volgende: string | null }> {
  const inzage = requireInzage(ctx.actor, 'absenties:lezen', vraag.school)
  const scope = vraag.vestiging === undefined ? inzage : withPlaats(ctx.actor, inzage)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listAbsenties(tx, scope, { ...vraag, na, limit: vraag.limit + 1 })
    const absenties = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'absenties:lezen', absenties)
    const last = absenties.at(-1)
    return { absenties: await showRedenen(ctx, tx, absenties), volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.datum, last.bron, last.bronId]) : null }
  })
}

/** Every version there ever was, the ones that came too late to count among them. */
export async function getGeschiedenis (ctx: Ctx, { bron, bronId }: { bron: string, bronId: string }, school: string): Promise<{ bron: string, bronId: string, school: string, versies: Absentieversie[] }> {
  const scope = requireRecht(ctx.actor, 'absenties:lezen', school)
  return await ctx.transaction(async (tx) => {
    const versies = await store.listVersies(tx, scope, bron, bronId)
    if (versies.length === 0) throw new AppError('niet-gevonden', 'Deze absentie is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'absenties:lezen', versies.flatMap(({ leerling }) => leerling === null ? [] : [{ school, bron, leerling }]))
    const getoond = await showVersies(ctx, tx, { school, bron, leerling: versies.find(({ leerling }) => leerling !== null)?.leerling ?? '' }, versies)
    return { bron, bronId, school, versies: getoond }
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
