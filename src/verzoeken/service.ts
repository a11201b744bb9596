import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { destroyLeerling } from '../bewaring/service.ts'
import { tijdstip } from '../domain/datum.ts'
import { laatsteUitzonderingsdag } from '../domain/uitzondering.ts'
import { explainReden, NAMENS, needsRechtsmiddelen, RECHTSMIDDELEN, refuseBetreft, refuseNamens, takeStap, TERMIJN_MAANDEN, termijnVan, TOEGEWEZEN, type Namens, type Verzoekfout } from '../domain/verzoek.ts'
import { AppError, assert } from '../errors.ts'
import { verzoekenTeLaatMeter } from '../http/health.ts'
import { decodeCursor, encodeCursor, requireMatch } from '../http/rest.ts'
import { lockEvaluatie } from '../leerlingen/stam.ts'
import { isNarrowed, requireInzage, requireRecht, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { createUitzondering } from '../uitzonderingen/service.ts'
import { recordVerwerking, type Betrokkene } from '../verwerkingen/service.ts'
import * as store from './store.ts'
import type { Wisregister } from '../bewaring/wisregister.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Vergetelheidsgrond } from '../domain/bewaartermijn.ts'
import type { Beperking, Beperkingenvraag, Betreft, Gevolg, Stapinvoer, Verzoek, Verzoekenvraag, Verzoekinvoer } from './contract.ts'

/** Lays down what was asked and from when the term runs: by the school, or by the leerling or ouder himself. Everything that keeps it from being asked is thrown at once. */
export async function createVerzoek (ctx: Ctx, leerling: { bron: string, bronId: string }, { school, soort, ontvangenOp, namens, betreft }: Verzoekinvoer): Promise<Verzoek> {
  const scope = requireInzage(ctx.actor, 'verzoeken:schrijven', school)
  const eigen = namensOf(ctx)
  const sleutel = { bron: leerling.bron, leerling: leerling.bronId }
  return await ctx.transaction(async (tx) => {
    const geboortedatum = await store.findGeboortedatum(tx, scope, sleutel.bron, sleutel.leerling)
    if (geboortedatum === undefined) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
    const fouten = [
      ...ontvangenOp > ctx.vandaag() ? [{ code: 'in-de-toekomst', pointer: '/ontvangenOp', detail: 'Ligt na vandaag.' }] : [],
      ...eigen !== undefined && ontvangenOp < ctx.vandaag() ? [{ code: 'past-niet', pointer: '/ontvangenOp', detail: 'Wat u zelf vraagt, komt vandaag binnen.' }] : [],
      ...eigen !== undefined && namens !== eigen ? [{ code: 'past-niet', pointer: '/namens', detail: `U vraagt dit zelf, als ${eigen}.` }] : [],
      refuseNamens(namens, geboortedatum, ontvangenOp),
      refuseBetreft(soort, betreft?.soort ?? null),
      betreft === undefined || await store.isBekend(tx, scope, sleutel, betreft) ? undefined : { code: 'onbekend', pointer: '/betreft', detail: `Deze ${betreft.soort} is van deze leerling hier niet bekend.` }
    ].filter((fout) => fout !== undefined)
    requireGoed(fouten)
    const verzoek = randomUUID()
    await store.insertVerzoek(tx, scope, { verzoek, ...sleutel, soort, namens, ontvangenOp, betreft: betreft ?? null })
    await store.insertStap(tx, scope, verzoek, { status: 'ontvangen', reden: null, uiterlijk: termijnVan(ontvangenOp, TERMIJN_MAANDEN), gevolg: null, ...whoActs(ctx) })
    await recordVerwerking(ctx, tx, 'verzoeken:schrijven', [{ school, ...sleutel }])
    return await getBekend(ctx, tx, scope, verzoek)
  })
}

/**
 * Takes the next step. A decision that grants does what was asked in the same transaction, as far as it is ours to do. Granted vergetelheid takes
 * the verzoek along with the leerling: the vernietiging is what stays of it.
 */
export async function decideVerzoek (ctx: Ctx, register: Wisregister, id: string, stap: Stapinvoer, ifMatch: string | undefined): Promise<Verzoek> {
  const scope = requireRecht(ctx.actor, 'verzoeken:schrijven', id.slice(0, 4))
  const verzoek = id.slice(5)
  const decided = await ctx.transaction(async (tx) => {
    await lockEvaluatie(tx, scope.school)
    const nu = await getBekend(ctx, tx, scope, verzoek)
    requireMatch(ifMatch, nu, 'Het verzoek is intussen veranderd; haal het opnieuw op.')
    const reden = stap.reden ?? null
    const genomen = takeStap(nu, { status: stap.status, reden }, ctx.vandaag())
    if (!genomen.mogelijk) throw refusal([genomen.fout])
    const teVernietigen = isVernietigend(nu.soort, stap.status)
    requireGoed(checkGrond(teVernietigen, stap.grond))
    if (teVernietigen) return nu
    const gevolg = TOEGEWEZEN.includes(stap.status) ? await grant(ctx, tx, scope, nu) : null
    await store.insertStap(tx, scope, verzoek, { status: stap.status, reden, uiterlijk: genomen.uiterlijk, gevolg, ...whoActs(ctx) })
    await recordVerwerking(ctx, tx, 'verzoeken:schrijven', [betrokkeneOf(nu)])
    return await getBekend(ctx, tx, scope, verzoek)
  })
  ctx.wake()
  return isVernietigend(decided.soort, stap.status) ? await destroy(ctx, register, decided, stap.grond!) : decided
}

function isVernietigend (soort: Verzoek['soort'], status: Stapinvoer['status']): boolean {
  return soort === 'vergetelheid' && status === 'toegewezen'
}

function checkGrond (teVernietigen: boolean, grond: Stapinvoer['grond']): Verzoekfout[] {
  if (teVernietigen === (grond !== undefined)) return []
  return [{ code: teVernietigen ? 'ontbreekt' : 'past-niet', pointer: '/grond', detail: 'Hoort bij het toewijzen van een verzoek om vergetelheid, en alleen daarbij.' }]
}

/** Of a transaction of its own, for the wisregister is written before it commits; refused by the law or a vasthouding, the verzoek waits for another answer. */
async function destroy (ctx: Ctx, register: Wisregister, nu: Verzoek, grond: Vergetelheidsgrond): Promise<Verzoek> {
  const { actor, rol, op } = whoActs(ctx)
  const vernietiger: Ctx = { ...ctx, actor: { ...ctx.actor, rechten: new Set([...ctx.actor.rechten, 'bewaring:schrijven']) } }
  const { id } = await destroyLeerling(vernietiger, register, betrokkeneOf(nu), grond)
  const stap = { op: tijdstip(op), status: 'toegewezen' as const, reden: null, uiterlijk: null, actor, rol }
  return { ...nu, status: 'toegewezen', uiterlijk: null, teLaat: false, uitleg: null, rechtsmiddelen: null, gevolg: { soort: 'vernietiging', id }, verloop: [...nu.verloop, stap] }
}

/** What a granted verzoek makes here. Inzage is given at its own address; a correction comes from the bron, and is looked for when the verzoek is read. */
async function grant (ctx: Ctx, tx: Tx, scope: Schoolscope, { id, soort, leerling: { bron, bronId }, betreft }: Verzoek): Promise<Gevolg | null> {
  if (soort === 'beperking') {
    const beperking = randomUUID()
    const { actor, rol, op } = whoActs(ctx)
    await store.insertBeperking(tx, scope, { beperking, bron, leerling: bronId, absentie: betreft?.soort === 'absentie' ? betreft.bronId : null, verzoek: id.slice(5), van: ctx.vandaag(), actor, rol, op })
    await store.markPersoon(tx, scope, { bron, leerling: bronId })
    return { soort: 'beperking', id: `${scope.school}-${beperking}` }
  }
  if (soort !== 'bezwaar') return null
  // The rule counts no day from today on; what it found before stays, and is for a verzoek om vergetelheid.
  const van = ctx.vandaag()
  const uitzondering = await createUitzondering(asBeoordelaar(ctx, tx), scope.school, { leerling: { bron, bronId }, regel: await findRegel(tx, scope, betreft), van, tot: laatsteUitzonderingsdag(van), reden: 'bezwaar' })
  return { soort: 'uitzondering', id: uitzondering.id }
}

/** Who may grant a bezwaar, lays down what follows from it: in this transaction, and in the name of the same person. */
function asBeoordelaar (ctx: Ctx, tx: Tx): Ctx {
  return { ...ctx, actor: { ...ctx.actor, rechten: new Set([...ctx.actor.rechten, 'signalen:beoordelen']) }, transaction: async (work) => await work(tx) }
}

async function findRegel (tx: Tx, scope: Schoolscope, betreft: Betreft | null): Promise<string> {
  if (betreft?.soort === 'regel') return betreft.regel
  const regel = betreft?.soort === 'signaal' ? await store.findRegelVanSignaal(tx, scope, betreft.id.slice(5)) : undefined
  if (regel === undefined) throw refusal([{ code: 'onbekend', pointer: '/betreft', detail: 'Dit signaal is hier niet meer bekend; leg een bezwaar tegen de regel zelf vast.' }])
  return regel
}

/** As whom an actor who sees only some leerlingen exercises the rights of a betrokkene; undefined for who acts for the school. */
export function namensOf ({ actor }: Ctx): Namens | undefined {
  if (!isNarrowed(actor)) return undefined
  const namens = NAMENS.find((each) => each === actor.rol)
  assert(namens, 'of those who see some leerlingen only leerlingen and ouders have rights of a betrokkene')
  return namens
}

/** An ouder reads only what an ouder asked: from 16 on it is between the leerling and the school. */
export async function getVerzoek (ctx: Ctx, id: string): Promise<Verzoek> {
  const scope = requireInzage(ctx.actor, 'verzoeken:lezen', id.slice(0, 4))
  return await ctx.transaction(async (tx) => {
    const found = await getBekend(ctx, tx, scope, id.slice(5))
    if (namensOf(ctx) === 'ouder' && found.namens !== 'ouder') throw onbekend()
    await recordVerwerking(ctx, tx, 'verzoeken:lezen', [betrokkeneOf(found)])
    return found
  })
}

const Positie = z.tuple([z.iso.date(), z.uuid()])

export async function listVerzoeken (ctx: Ctx, { school, cursor, ...vraag }: Verzoekenvraag): Promise<{ verzoeken: Verzoek[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'verzoeken:lezen', school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listVerzoeken(tx, scope, ctx.vandaag(), { ...vraag, na, limit: vraag.limit + 1 })
    const verzoeken = found.slice(0, vraag.limit).map((rij) => complete(ctx, rij))
    await recordVerwerking(ctx, tx, 'verzoeken:lezen', verzoeken.map(betrokkeneOf))
    const last = verzoeken.at(-1)
    return { verzoeken, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.ontvangenOp, last.id.slice(5)]) : null }
  })
}

/** Throws unless this is a verzoek of one of these records that asks for what is held, and was not turned down. */
export async function requireInzageverzoek (tx: Tx, scope: Schoolinzage, id: string, records: ReadonlyArray<{ readonly bron: string, readonly leerling: string }>): Promise<void> {
  const found = id.startsWith(`${scope.school}-`) ? await store.findVerzoek(tx, scope, id.slice(5)) : undefined
  if (found === undefined || !records.some(({ bron, leerling }) => bron === found.leerling.bron && leerling === found.leerling.bronId)) throw new AppError('niet-gevonden', 'Dit verzoek is van deze leerling hier niet bekend.')
  const { soort, status } = found
  if (soort !== 'inzage' && soort !== 'overdraagbaarheid') throw refusal([{ code: 'past-niet', pointer: '#query/verzoek', detail: `Een verzoek om ${soort} geeft geen inzage.` }])
  if (status === 'afgewezen' || status === 'ingetrokken') throw refusal([{ code: 'status', pointer: '#query/verzoek', detail: `Dit verzoek is ${status}.` }])
}

/** For the night: how many verzoeken should have been answered, in the metrics. */
export async function measureVerzoekenTeLaat (ctx: Ctx): Promise<void> {
  const scope = requireRecht(ctx.actor, 'verzoeken:lezen')
  verzoekenTeLaatMeter.set(await ctx.transaction(async (tx) => await store.countTeLaat(tx, scope, ctx.vandaag())))
}

async function getBekend (ctx: Ctx, tx: Tx, scope: Schoolinzage, verzoek: string): Promise<Verzoek> {
  const found = await store.findVerzoek(tx, scope, verzoek)
  if (found === undefined) throw onbekend()
  return complete(ctx, found)
}

function onbekend (): AppError {
  return new AppError('niet-gevonden', 'Dit verzoek is hier niet bekend.')
}

function complete (ctx: Ctx, { reden, verloop, ...rij }: store.Verzoekrij): Verzoek {
  // Who of the school did it is not for the betrokkene (HvJ EU 22 June 2023, C-579/21).
  const getoond = isNarrowed(ctx.actor) ? verloop.map((stap) => stap.actor === ctx.actor.persoon ? stap : { ...stap, actor: null }) : verloop
  return { ...rij, verloop: getoond, teLaat: rij.uiterlijk !== null && rij.uiterlijk < ctx.vandaag(), uitleg: explainReden(reden), rechtsmiddelen: needsRechtsmiddelen(rij.status) ? RECHTSMIDDELEN : null }
}

function requireGoed (fouten: readonly Verzoekfout[]): void {
  if (fouten.length > 0) throw refusal(fouten)
}

function refusal (fouten: readonly Verzoekfout[]): AppError {
  return new AppError('verzoek-niet-toegestaan', fouten.length === 1 ? fouten[0]!.detail : `Er zijn ${fouten.length} redenen waarom dit niet kan.`, fouten)
}

function whoActs ({ actor: { persoon, bron, rol }, now }: Ctx): { actor: string, rol: string | null, op: Date } {
  return { actor: persoon ?? bron, rol: rol ?? null, op: now() }
}

function betrokkeneOf ({ school, leerling: { bron, bronId } }: Verzoek | Beperking): Betrokkene {
  return { school, bron, leerling: bronId }
}

// --- beperkingen

/** Lets what was stored be used again, once the betrokkene was told (AVG art. 18 lid 3). Lifting twice changes nothing. */
export async function liftBeperking (ctx: Ctx, id: string, { medegedeeldOp }: { medegedeeldOp: string }): Promise<Beperking> {
  const scope = requireRecht(ctx.actor, 'verzoeken:schrijven', id.slice(0, 4))
  if (medegedeeldOp > ctx.vandaag()) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'in-de-toekomst', pointer: '/medegedeeldOp', detail: 'Ligt na vandaag: de betrokkene hoort het voordat de beperking eindigt.' }])
  const lifted = await ctx.transaction(async (tx) => {
    const { actor, op } = whoActs(ctx)
    const beperking = await store.liftBeperking(tx, scope, id.slice(5), { medegedeeldOp, door: actor, op }) ?? await store.findBeperking(tx, scope, id.slice(5))
    if (beperking === undefined) throw new AppError('niet-gevonden', 'Deze beperking is hier niet bekend.')
    await store.markPersoon(tx, scope, { bron: beperking.leerling.bron, leerling: beperking.leerling.bronId })
    await recordVerwerking(ctx, tx, 'verzoeken:schrijven', [betrokkeneOf(beperking)])
    return beperking
  })
  ctx.wake()
  return lifted
}

export async function listBeperkingen (ctx: Ctx, { school, cursor, ...vraag }: Beperkingenvraag): Promise<{ beperkingen: Beperking[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'verzoeken:lezen', school)
  const na = cursor === undefined ? undefined : decodeCursor(cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listBeperkingen(tx, scope, { ...vraag, na, limit: vraag.limit + 1 })
    const beperkingen = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'verzoeken:lezen', beperkingen.map(betrokkeneOf))
    const last = beperkingen.at(-1)
    return { beperkingen, volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.van, last.id.slice(5)]) : null }
  })
}
