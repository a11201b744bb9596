import { z } from 'zod'
import { rederiveMinuten, replayWachtende, reviseVoorrang } from '../absenties/service.ts'
import { listVernietigd, refuseVernietigd, reopenVernietigd } from '../bewaring/vernietigd.ts'
import type { Tx } from '../db/transaction.ts'
import { spreadMinuten } from '../domain/absentie.ts'
import { addDagen, maandag, schooljaar as schooljaarVan, schooljaarPeriode, type Datum } from '../domain/datum.ts'
import { brinVan, soortPersoonsgebondenNummer } from '../domain/identificatie.ts'
import { samenwerkingsverbandVan } from '../domain/ontvanger.ts'
import { AppError, type Fout } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { requireInzage, requireRecht, withPlaats, type Inzage, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { Kalenderregel, Leerlingregel, Vestigingsregel, Vrijstellingsregel, type Kalenderantwoord, type Leerling, type Stamresultaat, type Vestiging } from './contract.ts'
import { findStam, lockSchool, lockStam, raiseLeerlingversie, raiseStamversie, type Stam } from './stam.ts'
import { showLeerling } from './weergave.ts'
import { fout, push, putOne, type Bulkantwoord, type Soort, type Uitslag } from './stampush.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Activiteit } from '../domain/verwerkingsactiviteit.ts'

// ---- vestigingen

const VESTIGINGEN: Soort<Vestigingsregel> = {
  naam: 'vestigingen',
  vorm: Vestigingsregel,
  schoolOf: ({ vestiging }) => brinVan(vestiging),
  sleutel: ['vestiging'],
  async write (ctx, tx, scope, regels) {
    // A list of every site of the country is 6,649 new schools: two statements each, not six.
    const isNieuw = await store.insertSchool(tx, scope.school)
    if (!isNieuw) await lockSchool(tx, scope.school)
    const bekend = new Map(isNieuw ? [] : (await store.listVestigingenVan(tx, scope.school)).map((rij) => [rij.vestiging, rij]))
    const bestaand = new Set(bekend.keys())
    const uitslagen = new Map<number, Uitslag>()
    const gewijzigd = new Map<string, Vestiging>()
    for (const { index, record } of regels) {
      const samenwerkingsverband = record.samenwerkingsverband == null ? null : samenwerkingsverbandVan(record.samenwerkingsverband, record.sector)
      if (samenwerkingsverband === undefined) {
        uitslagen.set(index, [fout('verkeerde-vorm', '/samenwerkingsverband', `Schrijf PO of VO ervoor: bij sector ${record.sector} hoort geen van beide.`)])
        continue
      }
      const rij: Vestiging = { ...record, school: scope.school, lesuurMinuten: record.lesuurMinuten ?? 60, samenwerkingsverband }
      const oud = bekend.get(rij.vestiging)
      const same = oud !== undefined && (Object.keys(rij) as Array<keyof Vestiging>).every((veld) => rij[veld] === oud[veld])
      uitslagen.set(index, oud === undefined ? 'nieuw' : same ? 'ongewijzigd' : 'gewijzigd')
      if (!same) gewijzigd.set(rij.vestiging, rij)
      bekend.set(rij.vestiging, rij)
    }
    if (gewijzigd.size === 0) return uitslagen
    await store.upsertVestigingen(tx, scope.school, [...gewijzigd.values()])
    if (isNieuw) return uitslagen
    await raiseStamversie(tx, scope.school)
    for (const vestiging of gewijzigd.keys()) {
      if (!bestaand.has(vestiging)) continue
      await rederiveMinuten(ctx, tx, scope, { vestiging })
      await store.markVestiging(tx, scope, vestiging)
      await store.markAlleWeken(tx, scope.school, vestiging, endOfSchooljaar(ctx.vandaag()))
    }
    return uitslagen
  }
}

/** Marks reach to the end of the schooljaar: an open inschrijving plans lessons until then. */
function endOfSchooljaar (vandaag: Datum): Datum {
  return schooljaarPeriode(schooljaarVan(vandaag)).tot
}

export async function pushVestigingen (ctx: Ctx, records: readonly unknown[], opties: { proef: boolean }): Promise<Bulkantwoord> {
  return await push(ctx, VESTIGINGEN, records, opties)
}

export async function putVestiging (ctx: Ctx, vestiging: string, invoer: object): Promise<{ resultaat: Stamresultaat, vestiging: Vestiging }> {
  const resultaat = await putOne(ctx, VESTIGINGEN, { ...invoer, vestiging }, brinVan(vestiging))
  return { resultaat, vestiging: await readVestiging(ctx, requireRecht(ctx.actor, 'stamgegevens:schrijven', brinVan(vestiging)), vestiging) }
}

export async function getVestiging (ctx: Ctx, vestiging: string): Promise<Vestiging> {
  return await readVestiging(ctx, requireInzage(ctx.actor, 'stamgegevens:lezen', brinVan(vestiging)), vestiging)
}

async function readVestiging (ctx: Ctx, scope: Schoolinzage, code: string): Promise<Vestiging> {
  const found = (await ctx.transaction(async (tx) => await store.listVestigingenVan(tx, scope.school))).find(({ vestiging }) => vestiging === code)
  if (found === undefined) throw new AppError('niet-gevonden', `Vestiging ${code} is hier niet bekend.`)
  return found
}

export async function listVestigingen (ctx: Ctx, vraag: { school?: string | undefined, limit: number, cursor?: string | undefined }): Promise<{ vestigingen: Vestiging[], volgende: string | null }> {
  const scope: Inzage = vraag.school === undefined ? requireInzage(ctx.actor, 'stamgegevens:lezen') : requireInzage(ctx.actor, 'stamgegevens:lezen', vraag.school)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, z.tuple([z.string()]))[0]
  const found = await ctx.transaction(async (tx) => await store.listVestigingen(tx, scope, vraag.school, na, vraag.limit + 1))
  const vestigingen = found.slice(0, vraag.limit)
  return { vestigingen, volgende: found.length > vraag.limit ? encodeCursor([vestigingen.at(-1)!.vestiging]) : null }
}

// ---- kalenders

const KALENDERS: Soort<Kalenderregel> = {
  naam: 'kalenders',
  vorm: Kalenderregel,
  schoolOf: ({ vestiging }) => brinVan(vestiging),
  sleutel: ['vestiging', 'schooljaar'],
  async write (ctx, tx, scope, regels) {
    const stam = await lockStam(ctx, tx, scope.school)
    const bekend = new Map((await store.listKalendersVan(tx, scope.school)).map((rij) => [`${rij.vestiging} ${rij.schooljaar}`, rij]))
    const uitslagen = new Map<number, Uitslag>()
    const geraakt = new Map<string, Kalenderregel>()
    for (const { index, record } of regels) {
      const { vestiging, schooljaar, lesdagen, lesvrij } = record
      if (stam?.vestigingen.has(vestiging) !== true) {
        uitslagen.set(index, [fout('vestiging-onbekend', '/vestiging', `Vestiging ${vestiging} is hier niet bekend.`)])
        continue
      }
      const oud = bekend.get(`${vestiging} ${schooljaar}`)
      const rij = { vestiging, schooljaar, lesdagen: [...lesdagen].sort(), lesvrij, versie: (oud?.versie ?? 0) + 1 }
      const same = oud !== undefined && canonical([oud.lesdagen, oud.lesvrij]) === canonical([rij.lesdagen, rij.lesvrij])
      uitslagen.set(index, oud === undefined ? 'nieuw' : same ? 'ongewijzigd' : 'gewijzigd')
      if (same) continue
      await store.insertKalenderversie(tx, scope.school, rij)
      bekend.set(`${vestiging} ${schooljaar}`, rij)
      geraakt.set(`${vestiging} ${schooljaar}`, record)
    }
    if (geraakt.size > 0) await raiseStamversie(tx, scope.school)
    for (const record of geraakt.values()) await followKalender(ctx, tx, scope, record)
    return uitslagen
  }
}

/** What a new kalender brings along: roosters spread over its lesdagen, for as long as they hold, the minutes derived from them, and every leerling and week. */
async function followKalender (ctx: Ctx, tx: Tx, scope: Schoolscope, { vestiging, schooljaar, lesdagen }: Kalenderregel): Promise<void> {
  const { van, tot } = schooljaarPeriode(schooljaar)
  const roosters = await store.listVerdeeldeRoosters(tx, scope, vestiging, van, tot)
  if (roosters.length > 0) {
    await raiseLeerlingversie(tx, scope.school)
    await store.updateRoosters(tx, scope, roosters.map(({ minutenPerWeek, ...rij }) => ({ ...rij, rooster: spreadMinuten(minutenPerWeek, lesdagen) })))
    await rederiveMinuten(ctx, tx, scope, { vestiging })
    await recordVerwerking(ctx, tx, 'stamgegevens:schrijven', roosters.map(({ bron, leerling }) => ({ school: scope.school, bron, leerling })))
  }
  await store.markVestiging(tx, scope, vestiging)
  const einde = endOfSchooljaar(ctx.vandaag())
  await store.markWeken(tx, scope.school, listWeken([{ vestiging, van, tot: roosters.length > 0 && einde > tot ? einde : tot }]))
}

/** jsonb and JSON order keys differently; values decide. */
function canonical (value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1)) : part)
}

export async function pushKalenders (ctx: Ctx, records: readonly unknown[], opties: { proef: boolean }): Promise<Bulkantwoord> {
  return await push(ctx, KALENDERS, records, opties)
}

export async function putKalender (ctx: Ctx, vestiging: string, schooljaar: string, invoer: object): Promise<{ resultaat: Stamresultaat, kalender: Kalenderantwoord }> {
  const resultaat = await putOne(ctx, KALENDERS, { ...invoer, vestiging, schooljaar }, brinVan(vestiging))
  return { resultaat, kalender: await readKalender(ctx, requireRecht(ctx.actor, 'stamgegevens:schrijven', brinVan(vestiging)), vestiging, schooljaar) }
}

/** The kalender in force: the school's own, else the national one of its region. */
export async function getKalender (ctx: Ctx, vestiging: string, schooljaar: string): Promise<Kalenderantwoord> {
  return await readKalender(ctx, requireInzage(ctx.actor, 'stamgegevens:lezen', brinVan(vestiging)), vestiging, schooljaar)
}

async function readKalender (ctx: Ctx, scope: Schoolinzage, vestiging: string, schooljaar: string): Promise<Kalenderantwoord> {
  const stam = await ctx.transaction(async (tx) => await findStam(ctx, tx, scope.school))
  const kalender = stam?.vestigingen.get(vestiging)?.kalender
  if (kalender === undefined) throw new AppError('niet-gevonden', `Vestiging ${vestiging} is hier niet bekend.`)
  const { lesdagen, lesvrij } = kalender.schooljaarkalender(schooljaar)
  const { van, tot } = schooljaarPeriode(schooljaar)
  const lesweken = new Set(kalender.lesdagen(van, tot).map((datum) => maandag(datum))).size
  return { vestiging, schooljaar, herkomst: kalender.bron(schooljaar), lesdagen: [...lesdagen], lesvrij: [...lesvrij], lesweken }
}

// ---- leerlingen

const LEERLINGEN: Soort<Leerlingregel> = {
  naam: 'leerlingen',
  vorm: Leerlingregel,
  schoolOf: ({ school }) => school,
  sleutel: ['bronId'],
  async write (ctx, tx, scope, regels) {
    const stam = await lockStam(ctx, tx, scope.school)
    const uitslagen = new Map<number, Uitslag>()
    const bewaard = new Map((await store.listBewaard(tx, scope, [...new Set(regels.map(({ record }) => record.bronId))])).map((rij) => [rij.leerling, rij]))
    const vernietigd = await listVernietigd(ctx, tx, scope, regels.flatMap(({ record: { bronId } }) => bewaard.has(bronId) ? [] : [bronId]))
    const nieuw = new Map<string, store.Leerlingrij>()
    const weken: Array<{ vestiging: string, van: Datum, tot: Datum | null }> = []
    for (const { index, record } of regels) {
      const problemen = [...checkInschrijvingen(record, stam), ...checkVernietigd(record, vernietigd.get(record.bronId))]
      if (problemen.length > 0) {
        uitslagen.set(index, problemen)
        continue
      }
      const rij = buildLeerlingrij(ctx, scope, record, stam!)
      const oud = bewaard.get(record.bronId)
      const same = oud !== undefined && isGelijk(oud, rij)
      uitslagen.set(index, oud === undefined ? 'nieuw' : same ? 'ongewijzigd' : 'gewijzigd')
      if (same) continue
      nieuw.set(record.bronId, rij)
      weken.push(...rij.inschrijvingen, ...oud?.inschrijvingen ?? [])
      // A key named twice in one push: the later one replaces the earlier.
      bewaard.set(record.bronId, { leerling: rij.leerling, geboortedatum: rij.geboortedatum, woongemeente: rij.woongemeente, pgnZoek: rij.pgnZoek === null ? null : Buffer.from(rij.pgnZoek, 'hex'), inschrijvingen: [...rij.inschrijvingen] })
    }
    if (nieuw.size > 0) {
      const leerlingen = [...nieuw.keys()]
      await raiseLeerlingversie(tx, scope.school)
      if (!stam!.bronnen.includes(scope.bron)) await raiseStamversie(tx, scope.school)
      await reopenVernietigd(ctx, tx, scope, leerlingen.filter((leerling) => vernietigd.has(leerling)))
      const meerBronnen = stam!.bronnen.some((bron) => bron !== scope.bron)
      const voorheen = meerBronnen ? await store.listAndereSleutels(tx, scope, leerlingen) : []
      await store.replaceLeerlingen(tx, scope, [...nieuw.values()], ctx.vandaag())
      await rederiveMinuten(ctx, tx, scope, { leerlingen: { bron: scope.bron, bronIds: leerlingen } })
      await store.markLeerlingen(tx, scope, leerlingen)
      if (meerBronnen) {
        const anderen = [...voorheen, ...await store.listAndereSleutels(tx, scope, leerlingen)]
        await store.markSleutels(tx, scope, anderen)
        await recordVerwerking(ctx, tx, 'stamgegevens:lezen', anderen.map(({ bron, leerling }) => ({ school: scope.school, bron, leerling })))
        await reviseVoorrang(ctx, tx, scope, stam!.afspraken, { leerlingen: [...anderen, ...leerlingen.map((leerling) => ({ bron: scope.bron, leerling }))] })
      }
      await store.markWeken(tx, scope.school, listWeken(weken.map(({ vestiging, van, tot }) => ({ vestiging, van, tot: clip(tot, endOfSchooljaar(ctx.vandaag())) }))))
      await replayWachtende(ctx, tx, scope, leerlingen)
    }
    await recordVerwerking(ctx, tx, 'stamgegevens:schrijven', regels.map(({ record }) => ({ school: scope.school, bron: scope.bron, leerling: record.bronId })))
    return uitslagen
  }
}

function clip (tot: Datum | null, einde: Datum): Datum {
  return tot === null || tot > einde ? einde : tot
}

function checkInschrijvingen (record: Leerlingregel, stam: Stam | undefined): Fout[] {
  const problemen: Fout[] = []
  record.inschrijvingen.forEach(({ vestiging, van, tot }, at) => {
    const pointer = `/inschrijvingen/${at}`
    if (brinVan(vestiging) !== record.school) problemen.push(fout('andere-school', `${pointer}/vestiging`, `Vestiging ${vestiging} hoort niet bij school ${record.school}.`))
    else if (stam?.vestigingen.has(vestiging) !== true) problemen.push(fout('vestiging-onbekend', `${pointer}/vestiging`, `Vestiging ${vestiging} is hier niet bekend.`))
    const overlapt = record.inschrijvingen.some((andere, other) => other < at && andere.vestiging === vestiging && andere.van <= (tot ?? '9999') && van <= (andere.tot ?? '9999'))
    if (overlapt) problemen.push(fout('inschrijving-overlapt', pointer, 'Overlapt een andere inschrijving op dezelfde vestiging.'))
  })
  return problemen
}

/** Who was destroyed comes back by a new inschrijving only, not by what was destroyed. */
function checkVernietigd ({ inschrijvingen }: Leerlingregel, tot: Datum | undefined): Fout[] {
  return tot === undefined ? [] : inschrijvingen.flatMap(({ van }, at) => van > tot ? [] : [refuseVernietigd(`/inschrijvingen/${at}/van`, tot)])
}

function buildLeerlingrij (ctx: Ctx, scope: Schoolscope, record: Leerlingregel, stam: Stam): store.Leerlingrij {
  const { bronId, geboortedatum, persoonsgebondenNummer: nummer = null } = record
  return {
    leerling: bronId,
    geboortedatum,
    woongemeente: record.woongemeente ?? null,
    pgnSoort: nummer === null ? null : soortPersoonsgebondenNummer(nummer)!,
    pgnVersleuteld: nummer === null ? null : ctx.sleutels.encryptPgn(nummer, JSON.stringify([scope.school, scope.bron, bronId])).toString('hex'),
    pgnZoek: nummer === null ? null : ctx.sleutels.searchPgn(nummer, scope.school).toString('hex'),
    inschrijvingen: record.inschrijvingen.map(({ vestiging, van, tot = null, leerjaar, minutenPerWeek, rooster }) => ({
      vestiging,
      van,
      tot,
      leerjaar,
      minutenPerWeek: minutenPerWeek ?? null,
      rooster: rooster ?? (minutenPerWeek == null ? null : spreadMinuten(minutenPerWeek, stam.vestigingen.get(vestiging)!.kalender.schooljaarkalender(schooljaarVan(van)).lesdagen))
    })).sort((a, b) => `${a.van}${a.vestiging}` < `${b.van}${b.vestiging}` ? -1 : 1)
  }
}

function isGelijk (oud: store.Bewaard, rij: store.Leerlingrij): boolean {
  return oud.geboortedatum === rij.geboortedatum && oud.woongemeente === rij.woongemeente && (oud.pgnZoek?.toString('hex') ?? null) === rij.pgnZoek &&
    canonical(oud.inschrijvingen) === canonical(rij.inschrijvingen)
}

/** Every (vestiging, Monday) in these periods, each once. */
function listWeken (perioden: ReadonlyArray<{ vestiging: string, van: Datum, tot: Datum }>): Array<{ vestiging: string, maandag: Datum }> {
  const weken = new Map<string, { vestiging: string, maandag: Datum }>()
  const seen = new Set<string>()
  for (const { vestiging, van, tot } of perioden) {
    if (seen.has(`${vestiging}${van}${tot}`)) continue
    seen.add(`${vestiging}${van}${tot}`)
    for (let dag = maandag(van); dag <= tot; dag = addDagen(dag, 7)) weken.set(`${vestiging}${dag}`, { vestiging, maandag: dag })
  }
  return [...weken.values()]
}

export async function pushLeerlingen (ctx: Ctx, records: readonly unknown[], opties: { proef: boolean }): Promise<Bulkantwoord> {
  return await push(ctx, LEERLINGEN, records, opties)
}

export async function getLeerling (ctx: Ctx, bron: string, bronId: string, school: string): Promise<Leerling> {
  const scope = requireInzage(ctx.actor, 'stamgegevens:lezen', school)
  return await ctx.transaction(async (tx) => {
    const leerling = await store.findLeerling(tx, scope, bron, bronId)
    if (leerling === undefined) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'stamgegevens:lezen', [{ school, bron, leerling: bronId }])
    return showLeerling(ctx.actor, leerling)
  })
}

export async function listLeerlingen (ctx: Ctx, vraag: { school: string, vestiging?: string | undefined, limit: number, cursor?: string | undefined }): Promise<{ leerlingen: Leerling[], volgende: string | null }> {
  const inzage = requireInzage(ctx.actor, 'stamgegevens:lezen', vraag.school)
  const scope = vraag.vestiging === undefined ? inzage : withPlaats(ctx.actor, inzage)
  const na = vraag.cursor === undefined ? undefined : decodeCursor(vraag.cursor, z.tuple([z.string(), z.string()]))
  return await ctx.transaction(async (tx) => {
    const found = await store.listLeerlingen(tx, scope, { vestiging: vraag.vestiging, na, limit: vraag.limit + 1 })
    const leerlingen = found.slice(0, vraag.limit)
    await recordLeerlingen(ctx, tx, 'stamgegevens:lezen', leerlingen)
    const last = leerlingen.at(-1)
    return { leerlingen: leerlingen.map((leerling) => showLeerling(ctx.actor, leerling)), volgende: found.length > vraag.limit && last !== undefined ? encodeCursor([last.bron, last.bronId]) : null }
  })
}

/** Finds leerlingen by their persoonsgebonden nummer: a POST, because the number may be in no url. Not by who is not shown numbers. */
export async function searchLeerlingen (ctx: Ctx, vraag: { school: string, persoonsgebondenNummer: string }): Promise<{ leerlingen: Leerling[] }> {
  if (ctx.actor.verborgen?.has('nummer') === true) throw new AppError('geen-toegang', 'Voor dit doel, of deze rol, is zoeken op persoonsgebonden nummer niet nodig.')
  const scope = requireRecht(ctx.actor, 'stamgegevens:lezen', vraag.school)
  return await ctx.transaction(async (tx) => {
    const leerlingen = await store.searchLeerlingen(tx, scope, ctx.sleutels.searchPgn(vraag.persoonsgebondenNummer, vraag.school))
    await recordLeerlingen(ctx, tx, 'stamgegevens:zoeken', leerlingen)
    return { leerlingen: leerlingen.map((leerling) => showLeerling(ctx.actor, leerling)) }
  })
}

async function recordLeerlingen (ctx: Ctx, tx: Tx, activiteit: Activiteit, leerlingen: readonly Leerling[]): Promise<void> {
  await recordVerwerking(ctx, tx, activiteit, leerlingen.map(({ school, bron, bronId }) => ({ school, bron, leerling: bronId })))
}

// ---- vrijstellingen

const VRIJSTELLINGEN: Soort<Vrijstellingsregel> = {
  naam: 'vrijstellingen',
  vorm: Vrijstellingsregel,
  schoolOf: ({ school }) => school,
  sleutel: ['bronId'],
  async write (ctx, tx, scope, regels) {
    await lockSchool(tx, scope.school)
    const bekend = await store.listBekend(tx, scope, regels.map(({ record }) => record.leerling))
    const oud = new Map((await store.listVrijstellingenVan(tx, scope, regels.map(({ record }) => record.bronId))).map((rij) => [rij.bronId, rij]))
    const uitslagen = new Map<number, Uitslag>()
    const nieuw = new Map<string, store.Vrijstellingsrij>()
    const leerlingen = new Set<string>()
    const betrokkenen = new Set(bekend)
    for (const { index, record: { school, ...rij } } of regels) {
      if (!bekend.has(rij.leerling)) {
        uitslagen.set(index, [fout('leerling-onbekend', '/leerling', 'Deze leerling is bij deze bron niet bekend.')])
        continue
      }
      const eerder = oud.get(rij.bronId)
      if (eerder !== undefined) betrokkenen.add(eerder.leerling)
      const same = eerder !== undefined && canonical(eerder) === canonical(rij)
      uitslagen.set(index, eerder === undefined ? 'nieuw' : same ? 'ongewijzigd' : 'gewijzigd')
      if (same) continue
      nieuw.set(rij.bronId, rij)
      oud.set(rij.bronId, rij)
      leerlingen.add(rij.leerling)
      if (eerder !== undefined) leerlingen.add(eerder.leerling)
    }
    if (nieuw.size > 0) {
      await store.upsertVrijstellingen(tx, scope, [...nieuw.values()])
      await store.markLeerlingen(tx, scope, [...leerlingen])
    }
    await recordVerwerking(ctx, tx, 'stamgegevens:schrijven', [...betrokkenen].map((leerling) => ({ school: scope.school, bron: scope.bron, leerling })))
    return uitslagen
  }
}

export async function pushVrijstellingen (ctx: Ctx, records: readonly unknown[], opties: { proef: boolean }): Promise<Bulkantwoord> {
  return await push(ctx, VRIJSTELLINGEN, records, opties)
}

export async function putVrijstelling (ctx: Ctx, bronId: string, invoer: { school: string }): Promise<Stamresultaat> {
  return await putOne(ctx, VRIJSTELLINGEN, { ...invoer, bronId }, invoer.school)
}
