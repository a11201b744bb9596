import { z } from 'zod'
import { isGeblokkeerd, isLopend, listBelemmeringen, type Belemmering } from '../domain/betrekking.ts'
import { leeftijdOp, tijdstip, type Datum } from '../domain/datum.ts'
import { enumerate, formatDatum } from '../domain/woorden.ts'
import { AppError } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { lockSchool } from '../leerlingen/stam.ts'
import { fout, push, putOne, type Bulkantwoord, type Soort, type Uitslag } from '../leerlingen/stampush.ts'
import { getRol, isRol, type Rolnaam } from '../toegang/rollen.ts'
import { bindDoel, requireInzage, requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { Betrekkingsregel, Groepsregel, type Betrekking, type Betrekkingenvraag, type Groep, type Groepenvraag, type Toestemming, type Toestemmingsinvoer, type Uitleg, type Uitlegvraag } from './contract.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Stamresultaat } from '../leerlingen/contract.ts'

const Positie = z.tuple([z.string(), z.string()])

// ---- groepen

const GROEPEN: Soort<Groepsregel> = {
  naam: 'groepen',
  vorm: Groepsregel,
  schoolOf: ({ school }) => school,
  sleutel: ['bronId'],
  async write (ctx, tx, scope, regels) {
    await lockSchool(tx, scope.school)
    const bekend = await store.listBekend(tx, scope, regels.flatMap(({ record }) => record.leden.map(({ leerling }) => leerling)))
    const oud = new Map((await store.listGroepenVan(tx, scope, regels.map(({ record }) => record.bronId))).map((groep) => [groep.bronId, describeGroep(groep)]))
    const uitslagen = new Map<number, Uitslag>()
    const nieuw = new Map<string, Groepsregel>()
    for (const { index, record } of regels) {
      const onbekend = record.leden.flatMap(({ leerling }, at) => bekend.has(leerling) ? [] : [fout('leerling-onbekend', `/leden/${at}/leerling`, 'Deze leerling is bij deze bron niet bekend.')])
      if (onbekend.length > 0) {
        uitslagen.set(index, onbekend)
        continue
      }
      const eerder = oud.get(record.bronId)
      const same = eerder === describeGroep(record)
      uitslagen.set(index, eerder === undefined ? 'nieuw' : same ? 'ongewijzigd' : 'gewijzigd')
      if (same) continue
      nieuw.set(record.bronId, record)
      oud.set(record.bronId, describeGroep(record))
    }
    if (nieuw.size > 0) await store.replaceGroepen(tx, scope, [...nieuw.values()])
    await recordVerwerking(ctx, tx, 'toegang:schrijven', [...nieuw.values()].flatMap(({ leden }) => leden.map(({ leerling }) => ({ school: scope.school, bron: scope.bron, leerling }))))
    return uitslagen
  }
}

/** The same text exactly when two say the same of a groep, in whatever order. */
function describeGroep ({ naam, begeleiders, leden }: Pick<Groepsregel, 'naam' | 'begeleiders' | 'leden'>): string {
  return JSON.stringify([naam, begeleiders.map(({ persoon, rol, van, tot }) => `${van} ${tot ?? ''} ${rol} ${persoon}`).sort(), leden.map(({ leerling, van, tot }) => `${leerling} ${van} ${tot ?? ''}`).sort()])
}

export async function pushGroepen (ctx: Ctx, records: readonly unknown[], opties: { proef: boolean }): Promise<Bulkantwoord> {
  return await push(ctx, GROEPEN, records, opties)
}

export async function putGroep (ctx: Ctx, bronId: string, invoer: { school: string }): Promise<Stamresultaat> {
  return await putOne(ctx, GROEPEN, { ...invoer, bronId }, invoer.school)
}

/** A page on bron and key. */
export async function listGroepen (ctx: Ctx, vraag: Groepenvraag): Promise<{ groepen: Groep[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'toegang:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listGroepen(tx, scope, { ...vraag, na, limit: vraag.limit + 1 })
    const groepen = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'toegang:lezen', groepen.flatMap(({ bron, leden }) => leden.map(({ leerling }) => ({ school: vraag.school, bron, leerling }))))
    return { groepen, volgende: nextOf(found, groepen, vraag.limit) }
  })
}

// ---- betrekkingen

const BETREKKINGEN: Soort<Betrekkingsregel> = {
  naam: 'betrekkingen',
  vorm: Betrekkingsregel,
  schoolOf: ({ school }) => school,
  sleutel: ['bronId'],
  async write (ctx, tx, scope, regels) {
    await lockSchool(tx, scope.school)
    const bekend = await store.listBekend(tx, scope, regels.map(({ record }) => record.leerling))
    const oud = new Map((await store.listBetrekkingenVan(tx, scope, regels.map(({ record }) => record.bronId))).map((each) => [each.bronId, { leerling: each.leerling, inhoud: describeBetrekking(each) }]))
    const uitslagen = new Map<number, Uitslag>()
    const nieuw = new Map<string, Betrekkingsregel>()
    const leerlingen = new Set<string>()
    for (const { index, record } of regels) {
      if (!bekend.has(record.leerling)) {
        uitslagen.set(index, [fout('leerling-onbekend', '/leerling', 'Deze leerling is bij deze bron niet bekend.')])
        continue
      }
      const eerder = oud.get(record.bronId)
      const inhoud = describeBetrekking(record)
      uitslagen.set(index, eerder === undefined ? 'nieuw' : eerder.inhoud === inhoud ? 'ongewijzigd' : 'gewijzigd')
      if (eerder?.inhoud === inhoud) continue
      nieuw.set(record.bronId, record)
      oud.set(record.bronId, { leerling: record.leerling, inhoud })
      leerlingen.add(record.leerling)
      if (eerder !== undefined) leerlingen.add(eerder.leerling)
    }
    if (nieuw.size > 0) await store.upsertBetrekkingen(tx, scope, [...nieuw.values()].map((each) => ({ ...each, blokkades: each.blokkades.map((blokkade) => ({ ...blokkade, tot: blokkade.tot ?? null })) })))
    await recordVerwerking(ctx, tx, 'toegang:schrijven', [...leerlingen].map((leerling) => ({ school: scope.school, bron: scope.bron, leerling })))
    return uitslagen
  }
}

function describeBetrekking ({ leerling, persoon, soort, gezag, van, tot, blokkades }: Pick<Betrekkingsregel, 'leerling' | 'persoon' | 'soort' | 'gezag' | 'van' | 'tot' | 'blokkades'>): string {
  return JSON.stringify([leerling, persoon, soort, gezag, van, tot ?? null, blokkades.map((each) => `${each.soort} ${each.van} ${each.tot ?? ''}`).sort()])
}

export async function pushBetrekkingen (ctx: Ctx, records: readonly unknown[], opties: { proef: boolean }): Promise<Bulkantwoord> {
  return await push(ctx, BETREKKINGEN, records, opties)
}

export async function putBetrekking (ctx: Ctx, bronId: string, invoer: { school: string }): Promise<Stamresultaat> {
  return await putOne(ctx, BETREKKINGEN, { ...invoer, bronId }, invoer.school)
}

/** A page on bron and key. */
export async function listBetrekkingen (ctx: Ctx, vraag: Betrekkingenvraag): Promise<{ betrekkingen: Betrekking[], volgende: string | null }> {
  const scope = requireRecht(ctx.actor, 'toegang:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, Positie)
  return await ctx.transaction(async (tx) => {
    const found = await store.listBetrekkingen(tx, scope, { ...vraag, na, limit: vraag.limit + 1 })
    const betrekkingen = found.slice(0, vraag.limit)
    await recordVerwerking(ctx, tx, 'toegang:lezen', betrekkingen)
    return { betrekkingen, volgende: nextOf(found, betrekkingen, vraag.limit) }
  })
}

function nextOf (found: readonly unknown[], page: ReadonlyArray<{ readonly bron: string, readonly bronId: string }>, limit: number): string | null {
  const last = page.at(-1)
  return found.length > limit && last !== undefined ? encodeCursor([last.bron, last.bronId]) : null
}

// ---- toestemmingen

/** Lets an ouder go on seeing after the 18th birthday: given by the leerling, or laid down for him by the school. Not before he is 18: there is nothing to consent to. */
export async function giveToestemming (ctx: Ctx, leerling: store.Sleutel, invoer: Toestemmingsinvoer): Promise<Toestemming> {
  const scope = requireInzage(ctx.actor, 'toegang:schrijven', invoer.school)
  return await ctx.transaction(async (tx) => {
    const geboortedatum = await store.findGeboortedatum(tx, scope, leerling)
    if (geboortedatum === undefined) throw onbekend()
    if (leeftijdOp(geboortedatum, invoer.van) < 18) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'te-klein', pointer: '/van', detail: 'Ligt voor de achttiende verjaardag; tot dan zien ouders met gezag mee zonder toestemming.' }])
    const { persoon, bron, rol } = ctx.actor
    const gegeven = await store.insertToestemming(tx, scope, leerling, invoer, { actor: persoon ?? bron, rol: rol ?? null, op: tijdstip(ctx.now()) })
    await recordToestemming(ctx, tx, 'toegang:schrijven', invoer.school, leerling)
    return gegeven
  })
}

/** The ouder sees nothing more from this moment. */
export async function withdrawToestemming (ctx: Ctx, leerling: store.Sleutel, id: string, school: string): Promise<void> {
  const scope = requireInzage(ctx.actor, 'toegang:schrijven', school)
  if (!id.startsWith(`${school}-`)) throw geenToestemming()
  const toestemming = id.slice(school.length + 1)
  await ctx.transaction(async (tx) => {
    if ((await store.listToestemmingen(tx, scope, leerling, toestemming)).length === 0) throw geenToestemming()
    await store.withdrawToestemming(tx, scope, leerling, toestemming, { actor: ctx.actor.persoon ?? ctx.actor.bron, op: tijdstip(ctx.now()) })
    await recordToestemming(ctx, tx, 'toegang:schrijven', school, leerling)
  })
}

export async function listToestemmingen (ctx: Ctx, leerling: store.Sleutel, school: string): Promise<{ toestemmingen: Toestemming[] }> {
  const scope = requireInzage(ctx.actor, 'toegang:lezen', school)
  return await ctx.transaction(async (tx) => {
    if (await store.findGeboortedatum(tx, scope, leerling) === undefined) throw onbekend()
    await recordToestemming(ctx, tx, 'toegang:lezen', school, leerling)
    return { toestemmingen: await store.listToestemmingen(tx, scope, leerling) }
  })
}

async function recordToestemming (ctx: Ctx, tx: Tx, activiteit: 'toegang:lezen' | 'toegang:schrijven', school: string, { bron, bronId }: store.Sleutel): Promise<void> {
  await recordVerwerking(ctx, tx, activiteit, [{ school, bron, leerling: bronId }])
}

function onbekend (): AppError {
  return new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
}

function geenToestemming (): AppError {
  return new AppError('niet-gevonden', 'Deze toestemming is hier niet bekend.')
}

// ---- uitleg

interface Vraagsteller { readonly persoon: string, readonly rol: Rolnaam, readonly datum: Datum, readonly gemeente: string | undefined }

/** Why a person in a role sees this leerling on a day, or why not: the same facts and the same function that decide it. */
export async function explainToegang (ctx: Ctx, vraag: Uitlegvraag): Promise<Uitleg> {
  const { school, bron, leerling, datum = ctx.vandaag(), persoon = ctx.actor.persoon, rol = ctx.actor.rol, gemeente } = vraag
  const scope = requireRecht(ctx.actor, 'toegang:lezen', school)
  if (persoon === undefined || rol === undefined) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'ontbreekt', pointer: persoon === undefined ? '#query/persoon' : '#query/rol', detail: 'Dit toegangsbewijs is van een toepassing; noem de persoon en zijn rol.' }])
  if (!isRol(rol)) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'onbekende-waarde', pointer: '#query/rol', detail: 'Deze rol bestaat niet.' }])
  const sleutel = { bron, bronId: leerling }
  return await ctx.transaction(async (tx) => {
    const geboortedatum = await store.findGeboortedatum(tx, scope, sleutel)
    if (geboortedatum === undefined) throw onbekend()
    await recordVerwerking(ctx, tx, 'toegang:lezen', [{ school, bron, leerling }])
    const gronden = await listGronden(tx, scope, sleutel, { persoon, rol, datum, gemeente }, geboortedatum)
    const geeft = gronden.filter(({ belemmeringen }) => belemmeringen.length === 0)
    const { reikwijdte, doelen } = getRol(rol)
    const nietGetoond = new Set<string>(bindDoel({ bron: ctx.actor.bron, persoon, rol, rechten: new Set(), scholen: [school] }, undefined).verborgen)
    if (geeft.some(({ adresGeheim }) => adresGeheim)) for (const groep of ['woongemeente', 'plaats']) nietGetoond.add(groep)
    return {
      school,
      leerling: sleutel,
      persoon,
      rol,
      datum,
      toegang: geeft.length > 0,
      reikwijdte,
      gronden: gronden.map(({ adresGeheim: _, ...grond }) => grond),
      doelen: [...doelen],
      nietGetoond: [...nietGetoond],
      toelichting: explain(rol, gronden, datum)
    }
  })
}

interface Gewogen { readonly soort: Uitleg['gronden'][number]['soort'], readonly bronId: string | null, readonly van: Datum | null, readonly tot: Datum | null, readonly belemmeringen: Belemmering[], readonly adresGeheim: boolean }

async function listGronden (tx: Tx, scope: Schoolscope, leerling: store.Sleutel, { persoon, rol, datum, gemeente }: Vraagsteller, geboortedatum: Datum): Promise<Gewogen[]> {
  const { reikwijdte } = getRol(rol)
  const algemeen = { bronId: null, van: null, tot: null, belemmeringen: [], adresGeheim: false }
  if (reikwijdte === 'school') return [{ soort: 'school', ...algemeen }]
  if (reikwijdte === 'gemeld') {
    return gemeente !== undefined && await store.isGemeld(tx, scope, leerling, gemeente) ? [{ soort: 'melding', ...algemeen }] : []
  }
  return (await store.listGronden(tx, scope, leerling, persoon, rol)).map(({ soort, bronId, van, tot, gezag, betrekking, blokkades, toestemmingen }) => ({
    soort,
    bronId,
    van,
    tot,
    belemmeringen: betrekking === null
      ? isLopend({ van, tot }, datum) ? [] : ['buiten-looptijd' as const]
      : listBelemmeringen({ soort: betrekking, gezag, van, tot, blokkades }, { geboortedatum, toestemmingen, datum }),
    adresGeheim: isGeblokkeerd(blokkades, 'geheim-adres', datum)
  }))
}

const IN_WOORDEN: Record<Belemmering, string> = {
  'buiten-looptijd': 'de periode loopt op deze dag niet',
  'geen-gezag': 'er is geen gezag',
  'geen-contact': 'er geldt een contactverbod',
  'meerderjarig-zonder-toestemming': 'de leerling is 18 en gaf geen toestemming'
}

function explain (rol: Rolnaam, gronden: readonly Gewogen[], datum: Datum): string {
  const op = formatDatum(datum)
  const geeft = gronden.find(({ belemmeringen }) => belemmeringen.length === 0)
  if (geeft?.soort === 'school') return `De rol ${rol} ziet op ${op} de leerlingen van de hele school.`
  if (geeft?.soort === 'melding') return `Deze leerling is aan de gemeente gemeld; de rol ${rol} ziet die melding.`
  if (geeft !== undefined) return `Op ${op} geeft ${geeft.soort} ${geeft.bronId} toegang${geeft.tot === null ? '' : `, tot en met ${formatDatum(geeft.tot)}`}.`
  if (gronden.length === 0) return `Op ${op} is er geen groep, betrekking of melding die deze persoon als ${rol} met deze leerling verbindt.`
  const redenen = [...new Set(gronden.flatMap(({ belemmeringen }) => belemmeringen))].map((belemmering) => IN_WOORDEN[belemmering])
  return `Op ${op} is er geen toegang: ${enumerate(redenen, 'en')}.`
}
