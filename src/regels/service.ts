import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { listDagstanden } from '../bronnen/service.ts'
import { afspraakOp, compareBronnen } from '../domain/bronafspraak.ts'
import { evaluateRegels, type Uitkomst } from '../domain/evaluate-regels.ts'
import { buildHerleiding, type Herleiding } from '../domain/herleiding.ts'
import { completeMarges, measureMarges, type Lesdagstand } from '../domain/marge.ts'
import { LANDELIJKE_REGELS } from '../domain/regel.ts'
import { Leerlingrekening, whatIsAsked, type Feiten } from '../domain/teldagen.ts'
import { AppError } from '../errors.ts'
import { findStam, type Stam } from '../leerlingen/stam.ts'
import { requireInzage, type Schoolinzage, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { Regels, type Marges } from './contract.ts'
import { listFeiten, listLeden, type Feitenvraag } from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Geldendebeperking } from '../domain/beperking.ts'
import type { Datum, Periode } from '../domain/datum.ts'

export interface Leerlinguitkomst { readonly bron: string, readonly leerling: string, readonly uitkomsten: readonly Uitkomst[], /** What of the leerling is stored and not used. */ readonly beperkingen: readonly Geldendebeperking[], /** What one of them was computed from. */ readonly herleid: (uitkomst: Uitkomst) => Herleiding }

/**
 * What the rules find for these leerlingen of one school, from the facts as this transaction sees them. A person whom several bronnen know is
 * counted once: his signalen are under the record of the leading bron, the others have none.
 */
export async function evaluateLeerlingen (tx: Tx, scope: Schoolscope, stam: Stam, leerlingen: ReadonlyArray<{ bron: string, leerling: string }>, peildatum: Datum): Promise<Leerlinguitkomst[]> {
  const personen = await listPersonen(tx, scope, stam, leerlingen, whatIsAsked(stam.beleid))
  const gevonden: Leerlinguitkomst[] = []
  let beurt = performance.now()
  for (const { feiten, hoofd, anderen, beperkingen } of personen) {
    if (performance.now() - beurt > BEURT) {
      await setImmediate()
      beurt = performance.now()
    }
    const uitkomsten = evaluateRegels(feiten, stam.vestigingen, stam.beleid, peildatum)
    const herleid = (uitkomst: Uitkomst): Herleiding => buildHerleiding(new Leerlingrekening(feiten, stam.vestigingen, stam.beleid, peildatum), uitkomsten, uitkomst)
    gevonden.push({ ...hoofd, uitkomsten, beperkingen, herleid }, ...anderen.map((lid) => ({ ...lid, uitkomsten: [], beperkingen, herleid })))
  }
  return gevonden
}

/** How long (ms) evaluation holds the process before requests have their turn: of 250 leerlingen in one go, each waited 25 ms. */
const BEURT = 2

/** SHA-256 over the document, its keys in order of name: the same facts give the same receipt on any machine. */
export function hashHerleiding (herleiding: Herleiding): string {
  return createHash('sha256').update(JSON.stringify(sortKeys(herleiding))).digest('hex')
}

function sortKeys (value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined).sort(([a], [b]) => a < b ? -1 : 1).map(([key, inner]) => [key, sortKeys(inner)]))
}

interface Sleutel { readonly bron: string, readonly leerling: string }
export interface Persoon { readonly feiten: Feiten, readonly hoofd: Sleutel, readonly anderen: readonly Sleutel[], readonly beperkingen: readonly Geldendebeperking[] }

/** Every person behind these leerlingen with the facts of all of his records; with one bron every leerling is a person. */
export async function listPersonen (tx: Tx, scope: Schoolinzage, stam: Stam, leerlingen: readonly Sleutel[], vraag: Feitenvraag): Promise<Persoon[]> {
  if (stam.bronnen.length < 2) {
    return (await listFeiten(tx, scope, leerlingen, vraag)).map(({ bron, leerling, beperkingen, ...feiten }) => ({ feiten, hoofd: { bron, leerling }, anderen: [], beperkingen }))
  }
  const leden = await listLeden(tx, scope, leerlingen)
  const feiten = new Map((await listFeiten(tx, scope, leden, vraag)).map((eigen) => [`${eigen.bron} ${eigen.leerling}`, eigen]))
  // Of the last one laid down, whatever the peildatum: a signaal does not move to another record because a day passes.
  const afspraak = afspraakOp(stam.afspraken, '9999-12-31')
  return [...Map.groupBy(leden, ({ persoon }) => persoon).values()].map((groep) => {
    const [hoofd, ...anderen] = groep.map(({ bron, leerling }) => ({ bron, leerling })).sort((a, b) => compareBronnen(afspraak, a.bron, b.bron) || (a.leerling < b.leerling ? -1 : 1)) as [Sleutel, ...Sleutel[]]
    const eigen = [hoofd, ...anderen].map(({ bron, leerling }) => feiten.get(`${bron} ${leerling}`)!)
    return { feiten: eigen.length === 1 ? eigen[0]! : mergeFeiten(eigen), hoofd, anderen, beperkingen: eigen.flatMap((each) => each.beperkingen) }
  })
}

/** The facts of one person from several records; born when the first of them says. */
function mergeFeiten (records: readonly Feiten[]): Feiten {
  return {
    geboortedatum: records[0]!.geboortedatum,
    absenties: records.flatMap(({ absenties }) => absenties).sort((a, b) => a.datum < b.datum ? -1 : a.datum > b.datum ? 1 : `${a.bronId} ${a.bron}` < `${b.bronId} ${b.bron}` ? -1 : 1),
    inschrijvingen: records.flatMap(({ inschrijvingen }) => inschrijvingen),
    vrijstellingen: records.flatMap(({ vrijstellingen }) => vrijstellingen),
    uitzonderingen: records.flatMap(({ uitzonderingen }) => uitzonderingen)
  }
}

/** How far each rule is from firing for one leerling, and why it did not. */
export async function getMarges (ctx: Ctx, bron: string, bronId: string, school: string, peildatum: Datum = ctx.vandaag()): Promise<Marges> {
  const scope = requireInzage(ctx.actor, 'signalen:lezen', school)
  return await ctx.transaction(async (tx) => {
    const stam = await findStam(ctx, tx, school)
    const [persoon] = stam === undefined ? [] : await listPersonen(tx, scope, stam, [{ bron, leerling: bronId }], { ...whatIsAsked(stam.beleid), alles: true })
    if (stam === undefined || persoon === undefined) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'signalen:lezen', [{ school, bron, leerling: bronId }])
    const kernen = measureMarges(persoon.feiten, stam.vestigingen, stam.beleid, peildatum)
    const begin = kernen.flatMap(({ vensterVan }) => vensterVan ?? []).sort()[0]
    const lesdagen = begin === undefined ? [] : await listLesdagen(tx, scope, stam, persoon.feiten, { van: begin, tot: peildatum < ctx.vandaag() ? peildatum : ctx.vandaag() })
    const marges = completeMarges(kernen, lesdagen, peildatum)
    return {
      school,
      leerling: { bron, bronId },
      peildatum,
      marges: marges.map((marge) => ({ ...marge, onderbouwing: [...marge.onderbouwing], nietGeteld: [...marge.nietGeteld], volledigheid: { ...marge.volledigheid, onbekend: [...marge.volledigheid.onbekend] } }))
    }
  })
}

/** The lesdagen of a leerling wherever he was enrolled in these days; at two vestigingen on one day, both must have been delivered. */
async function listLesdagen (tx: Tx, scope: Schoolinzage, stam: Stam, { inschrijvingen }: Feiten, periode: Periode): Promise<Lesdagstand[]> {
  const standen = new Map<Datum, boolean>()
  for (const [vestiging, eigen] of Map.groupBy(inschrijvingen, (inschrijving) => inschrijving.vestiging)) {
    for (const { datum, grond } of await listDagstanden(tx, scope, stam, vestiging, periode)) {
      if (eigen.some(({ van, tot }) => van <= datum && (tot === null || datum <= tot))) standen.set(datum, (standen.get(datum) ?? true) && grond !== null)
    }
  }
  return [...standen].map(([datum, aangeleverd]) => ({ datum, aangeleverd })).sort((a, b) => a.datum < b.datum ? -1 : 1)
}

/** The national rules with their definitions and sources. */
export function listRegels (ctx: Ctx): Regels {
  requireInzage(ctx.actor, 'signalen:lezen')
  return Regels.parse({ regels: LANDELIJKE_REGELS })
}
