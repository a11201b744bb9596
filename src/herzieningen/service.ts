import { randomUUID } from 'node:crypto'
import { getEigenAanlevering, recordAanlevering, registerTerugdraaiing } from '../aanleveringen/service.ts'
import { countResultaten, landAbsenties, makeToekomst, noemToekomst, parseRegels, readBronId, refuse, reportLanded, retryBotsingen, withdrawWachtende, type Regel } from '../absenties/service.ts'
import { followAfmeldingen } from '../afmeldingen/service.ts'
import { AppError, type Fout } from '../errors.ts'
import { lockEvaluatie, lockSchool, lockStam } from '../leerlingen/stam.ts'
import { requireMandaat } from '../mandaten/service.ts'
import { previewSignalen } from '../signalen/service.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking, tryTransaction } from '../verwerkingen/service.ts'
import { NAMEN, type Momentopnameantwoord, type Momentopnameinvoer, type Signaalgevolgen, type Terugdraaiingsantwoord } from './contract.ts'
import * as store from './store.ts'
import type { Absentieregel, Absentieresultaat } from '../absenties/contract.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Uitkomst } from '../domain/evaluate-regels.ts'

/** Records a statement, as many as a push has in a batch. */
const BATCH = 1_000
/** Keys in memory at once: each page of them passes the rows of the school that come after it. */
const SLEUTELS = 20_000

/**
 * Takes a declaration of everything there is: lands the records as a push does, and withdraws what stands of this bron at the vestiging in
 * the periode and is not named. All of it or, above the plafond, nothing.
 */
export async function pushMomentopname (ctx: Ctx, invoer: Momentopnameinvoer, { proef }: { proef: boolean }): Promise<Momentopnameantwoord> {
  const begonnen = performance.now()
  const { school, vestiging, van, tot, opgenomenOp, plafond, absenties } = invoer
  const scope = requireRecht(ctx.actor, 'absenties:schrijven', school)
  if (makeToekomst(ctx)(opgenomenOp)) throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [noemToekomst('/opgenomenOp')])
  const aanlevering = randomUUID()
  const { regels, geweigerd } = parseInvoer(ctx, invoer)
  const genoemd = absenties.flatMap((record) => readBronId(record) ?? [])
  const land = async (tx: Tx): Promise<Momentopnameantwoord> => {
    if (proef) await lockEvaluatie(tx, school)
    const stam = await lockStam(ctx, tx, school)
    await requireMandaat(ctx, tx, school, 'aanleveren')
    if (stam?.vestigingen.has(vestiging) !== true) throw new AppError('stamgegevens-onbekend', `Vestiging ${vestiging} is hier niet bekend.`)
    const stond = await store.countStaande(tx, scope, invoer)
    const ongenoemd = await store.listOngenoemde(tx, scope, invoer, genoemd, opgenomenOp)
    const ontbrekend = ongenoemd.filter(({ nieuwer }) => !nieuwer)
    const nieuwerDan = ongenoemd.filter(({ nieuwer }) => nieuwer).map(({ bronId }) => bronId)
    const percentage = stond === 0 ? null : Math.round(1_000 * ontbrekend.length / stond) / 10
    if (ontbrekend.length * 100 > plafond * stond) {
      const detail = `Er stonden ${stond} absenties; ${ontbrekend.length} daarvan (${percentage} %) ontbreken. Het plafond is ${plafond} %.`
      throw new AppError('momentopname-boven-plafond', `${detail} Er is niets vastgelegd.`, [{ code: 'boven-plafond', pointer: '/plafond', detail }])
    }

    const leerlingen = new Set(ontbrekend.map(({ leerling }) => leerling))
    const geland = [...geweigerd]
    for (const deel of listDelen(regels)) {
      if (proef) await addLeerlingen(tx, scope, deel.map(({ record }) => record), leerlingen)
      for (const resultaat of await landAbsenties(ctx, tx, scope, aanlevering, deel.map(({ record }) => record))) geland.push({ ...resultaat, index: deel[resultaat.index]!.index })
    }
    for (const deel of listDelen(ontbrekend)) {
      await landAbsenties(ctx, tx, scope, aanlevering, deel.map(({ bronId }) => ({ bronId, school, ingetrokken: true, gewijzigdOp: opgenomenOp })))
    }

    const resultaten = geland.sort((a, b) => a.index - b.index)
    const aantallen = { ...countResultaten(resultaten), ontbrekend: ontbrekend.length }
    const afgewezen = resultaten.filter(({ problemen }) => problemen !== undefined)
    await recordAanlevering(ctx, tx, scope, { aanlevering, soort: 'momentopname', aantallen, afgewezen, bijzonderheden: { vestiging, van, tot, opgenomenOp, plafond, stond, percentage, nieuwerDan: nieuwerDan.length }, begonnen })
    const geheel = { aanlevering, aantallen, resultaten, ingetrokken: ontbrekend.map(({ bronId }) => bronId), nieuwerDan, stond, percentage }
    return proef ? await addSignalen(ctx, tx, scope, geheel, leerlingen) : geheel
  }
  if (proef) return await retryBotsingen(async () => await tryTransaction(ctx, land))
  const antwoord = await retryBotsingen(async () => await ctx.transaction(land))
  const { aantallen } = antwoord
  reportLanded(ctx, { ...aantallen, ingetrokken: aantallen.ingetrokken + aantallen.ontbrekend })
  return antwoord
}

/** The records that lie where the momentopname does, and the answer to the others. */
function parseInvoer (ctx: Ctx, { school, vestiging, van, tot, absenties }: Momentopnameinvoer): { regels: Regel[], geweigerd: Absentieresultaat[] } {
  const { perSchool, geweigerd } = parseRegels(ctx, absenties, requireRecht(ctx.actor, 'absenties:schrijven'))
  const buiten = (pointer: string, detail: string): Fout => ({ code: 'buiten-momentopname', pointer, detail })
  const regels: Regel[] = []
  for (const regel of [...perSchool.values()].flat().sort((a, b) => a.index - b.index)) {
    const { index, record } = regel
    const problemen: Fout[] = []
    if (record.school !== school) problemen.push(buiten('/school', `De momentopname is van school ${school}.`))
    else if (record.ingetrokken !== true && record.vestiging !== vestiging) problemen.push(buiten('/vestiging', `De momentopname is van vestiging ${vestiging}.`))
    if (record.ingetrokken !== true && (record.datum < van || record.datum > tot)) problemen.push(buiten('/datum', `De momentopname loopt van ${van} tot en met ${tot}.`))
    if (problemen.length > 0) geweigerd.push(refuse(index, record.bronId, problemen))
    else regels.push(regel)
  }
  return { regels, geweigerd }
}

/**
 * Turns back an aanlevering of absenties of the caller's own bron: every key of which it brought a version gets the version that would be in
 * force had it never come, classified and derived by what is in force now. A terugdraaiing is turned back the same way.
 */
export async function revertAanlevering (ctx: Ctx, id: string, { school, proef }: { school: string, proef: boolean }): Promise<Terugdraaiingsantwoord> {
  const begonnen = performance.now()
  const scope = requireRecht(ctx.actor, 'absenties:schrijven', school)
  const terugdraaiing = randomUUID()
  const land = async (tx: Tx): Promise<Terugdraaiingsantwoord> => {
    if (proef) await lockEvaluatie(tx, school)
    await lockSchool(tx, school)
    await requireMandaat(ctx, tx, school, 'aanleveren')
    const bracht = await requireTerugdraaibaar(tx, scope, id)
    const vervallen = await registerTerugdraaiing(tx, scope, id, terugdraaiing)
    const leerlingen = new Set<string>()
    const geheel: Terugdraaiingsantwoord = {
      aanlevering: terugdraaiing,
      teruggedraaid: id,
      aantallen: { hersteld: 0, ingetrokken: 0, ongewijzigd: 0, sindsGewijzigd: 0, nietHersteld: 0, uitWacht: await withdrawWachtende(ctx, tx, scope, id) },
      sindsGewijzigd: [],
      nietHersteld: []
    }
    for await (const sleutels of readSleutels(tx, scope, bracht)) {
      const records = await listHerstel(tx, scope, { bracht, vervallen, sleutels }, geheel)
      if (proef) await addLeerlingen(tx, scope, records, leerlingen)
      for (const { index, resultaat, problemen } of await landAbsenties(ctx, tx, scope, terugdraaiing, records, { geforceerd: true })) {
        if (resultaat === 'afgewezen' || resultaat === 'inWacht') nameNietHersteld(geheel, records[index]!.bronId, problemen)
        else geheel.aantallen[resultaat === 'ingetrokken' || resultaat === 'ongewijzigd' ? resultaat : 'hersteld']++
      }
    }
    const afgewezen = geheel.nietHersteld.map((record, index) => ({ index, ...record }))
    await recordAanlevering(ctx, tx, scope, { aanlevering: terugdraaiing, soort: 'terugdraaiing', aantallen: geheel.aantallen, afgewezen, bijzonderheden: { aanlevering: id }, begonnen })
    return proef ? await addSignalen(ctx, tx, scope, geheel, leerlingen) : geheel
  }
  if (proef) return await retryBotsingen(async () => await tryTransaction(ctx, land))
  const antwoord = await retryBotsingen(async () => await ctx.transaction(land))
  ctx.wake()
  return antwoord
}

/** The aanlevering whose versions this is about: itself, or the one that a terugdraaiing turned back. Throws when it cannot be turned back. */
async function requireTerugdraaibaar (tx: Tx, scope: Schoolscope, id: string): Promise<string> {
  const { soort, teruggedraaidDoor, bijzonderheden } = await getEigenAanlevering(tx, scope, id)
  if (teruggedraaidDoor !== null) throw new AppError('niet-terug-te-draaien', `Deze aanlevering is al teruggedraaid, door ${teruggedraaidDoor}.`)
  if (soort === 'absenties' || soort === 'momentopname') return id
  if (soort !== 'terugdraaiing') throw new AppError('niet-terug-te-draaien', `Een aanlevering van soort ${soort} is niet terug te draaien, wel een van absenties of een momentopname.`)
  const bracht = await getEigenAanlevering(tx, scope, String(bijzonderheden['aanlevering']))
  if (bracht.soort === 'terugdraaiing') throw new AppError('niet-terug-te-draaien', 'Deze terugdraaiing herstelde een aanlevering; draai die aanlevering zelf terug.')
  return bracht.id
}

async function * readSleutels (tx: Tx, scope: Schoolscope, aanlevering: string): AsyncGenerator<store.Sleutel[]> {
  let page: store.Sleutel[]
  let na = ''
  do {
    page = await store.listSleutels(tx, scope, aanlevering, na, SLEUTELS)
    yield * listDelen(page)
    na = page.at(-1)?.bronId ?? na
  } while (page.length === SLEUTELS)
}

/** What must land so that these keys are as they would be; counts and names those that another aanlevering has since decided. */
async function listHerstel (tx: Tx, scope: Schoolscope, van: { bracht: string, vervallen: readonly string[], sleutels: readonly store.Sleutel[] }, geheel: Terugdraaiingsantwoord): Promise<Absentieregel[]> {
  const gold = new Map(van.sleutels.map((sleutel) => [sleutel.bronId, sleutel.gold]))
  const records: Absentieregel[] = []
  for (const { bronId, ingetrokken, gewijzigdOp, eigen, geldt, versie } of await store.listStanden(tx, scope, van.bracht, van.vervallen, [...gold.keys()])) {
    if (geldt) {
      if (eigen || gold.get(bronId) !== true) continue
      geheel.aantallen.sindsGewijzigd++
      if (geheel.sindsGewijzigd.length < NAMEN) geheel.sindsGewijzigd.push(bronId)
    } else if (versie !== null && !versie.ingetrokken) {
      records.push({ bronId, school: scope.school, ...versie, ingetrokken: false })
    } else if (versie !== null || !ingetrokken) {
      records.push({ bronId, school: scope.school, ingetrokken: true, gewijzigdOp: versie?.gewijzigdOp ?? gewijzigdOp })
    } else {
      geheel.aantallen.ongewijzigd++
    }
  }
  return records
}

function nameNietHersteld (geheel: Terugdraaiingsantwoord, bronId: string, problemen: Fout[] = [{ code: 'leerling-onbekend', pointer: '/leerling', detail: 'De leerling is niet meer bekend.' }]): void {
  geheel.aantallen.nietHersteld++
  if (geheel.nietHersteld.length < NAMEN) geheel.nietHersteld.push({ bronId, problemen })
}

function * listDelen<T> (alle: readonly T[]): Generator<T[]> {
  for (let at = 0; at < alle.length; at += BATCH) yield alle.slice(at, at + BATCH)
}

/** Whom these records are about, and whom what stands under their keys is about: before they land. */
async function addLeerlingen (tx: Tx, scope: Schoolscope, records: readonly Absentieregel[], leerlingen: Set<string>): Promise<void> {
  for (const record of records) if (record.ingetrokken !== true) leerlingen.add(record.leerling)
  for (const leerling of await store.listLeerlingenVan(tx, scope, records.map(({ bronId }) => bronId))) leerlingen.add(leerling)
}

/** What the signalen would become by a trial, where the caller may know. */
async function addSignalen<T extends object> (ctx: Ctx, tx: Tx, scope: Schoolscope, antwoord: T, leerlingen: ReadonlySet<string>): Promise<T & { signalen?: Signaalgevolgen }> {
  if (!ctx.actor.rechten.has('signalen:lezen')) return antwoord
  const geraakt = [...leerlingen].map((leerling) => ({ bron: scope.bron, leerling }))
  const signalen: Signaalgevolgen = { nieuw: [], gewijzigd: [], vervallen: [] }
  await followAfmeldingen(ctx, tx, scope.school, geraakt)
  const volgingen = await previewSignalen(ctx, tx, scope, geraakt)
  // A person whom several bronnen know may come with each of them.
  const uniek = [...new Map(volgingen.map((each) => [`${each.bron}\n${each.leerling}`, each])).values()]
  for (const { bron, leerling, volging } of uniek) {
    const describe = ({ regel, begindatum, einddatum, minuten }: Uitkomst) => ({ leerling: { bron, bronId: leerling }, regel, begindatum, einddatum, minuten })
    signalen.nieuw.push(...volging.nieuw.map(describe))
    signalen.gewijzigd.push(...volging.gewijzigd.map(({ signaal, uitkomst }) => ({ id: `${scope.school}-${signaal.signaal}`, ...describe(uitkomst) })))
    signalen.vervallen.push(...volging.vervallen.map((signaal) => ({ id: `${scope.school}-${signaal.signaal}`, ...describe(signaal) })))
  }
  await recordVerwerking(ctx, tx, 'signalen:lezen', uniek.map(({ bron, leerling }) => ({ school: scope.school, bron, leerling })))
  return { ...antwoord, signalen }
}
