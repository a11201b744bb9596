import { listDagstanden } from '../bronnen/service.ts'
import { afspraakOp, compareBronnen } from '../domain/bronafspraak.ts'
import { evaluateRegels, findVensterbegin, measureMarges, type Feiten, type Lesdagstand, type Uitkomst } from '../domain/evaluate-regels.ts'
import { VENSTERREGELS, type Vensterregel } from '../domain/regel.ts'
import { AppError } from '../errors.ts'
import { findStam, type Stam } from '../leerlingen/stam.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { listFeiten, listLeden } from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum, Periode } from '../domain/datum.ts'
import type { Marges } from './contract.ts'

export interface Leerlinguitkomst { readonly bron: string, readonly leerling: string, readonly uitkomsten: readonly Uitkomst[] }

/**
 * What the rules find for these leerlingen of one school, from the facts as this transaction sees them. A person whom several bronnen know is
 * counted once: his signalen are under the record of the leading bron, the others have none.
 */
export async function evaluateLeerlingen (tx: Tx, scope: Schoolscope, stam: Stam, leerlingen: ReadonlyArray<{ bron: string, leerling: string }>, peildatum: Datum): Promise<Leerlinguitkomst[]> {
  const personen = await listPersonen(tx, scope, stam, leerlingen, 'geteld')
  return personen.flatMap(({ feiten, hoofd, anderen }) => [
    { ...hoofd, uitkomsten: evaluateRegels(feiten, stam.vestigingen, stam.beleid, peildatum) },
    ...anderen.map((lid) => ({ ...lid, uitkomsten: [] }))
  ])
}

interface Sleutel { readonly bron: string, readonly leerling: string }
interface Persoon { readonly feiten: Feiten, readonly hoofd: Sleutel, readonly anderen: readonly Sleutel[] }

/** Every person behind these leerlingen with the facts of all of his records; with one bron every leerling is a person. */
async function listPersonen (tx: Tx, scope: Schoolscope, stam: Stam, leerlingen: readonly Sleutel[], welke: 'alle' | 'geteld'): Promise<Persoon[]> {
  if (stam.bronnen.length < 2) {
    return (await listFeiten(tx, scope, leerlingen, welke)).map(({ bron, leerling, ...feiten }) => ({ feiten, hoofd: { bron, leerling }, anderen: [] }))
  }
  const leden = await listLeden(tx, scope, leerlingen)
  const feiten = new Map((await listFeiten(tx, scope, leden, welke)).map((eigen) => [`${eigen.bron} ${eigen.leerling}`, eigen]))
  // Of the last one laid down, whatever the peildatum: a signaal does not move to another record because a day passes.
  const afspraak = afspraakOp(stam.afspraken, '9999-12-31')
  return [...Map.groupBy(leden, ({ persoon }) => persoon).values()].map((groep) => {
    const [hoofd, ...anderen] = groep.map(({ bron, leerling }) => ({ bron, leerling })).sort((a, b) => compareBronnen(afspraak, a.bron, b.bron) || (a.leerling < b.leerling ? -1 : 1)) as [Sleutel, ...Sleutel[]]
    const eigen = [hoofd, ...anderen].map(({ bron, leerling }) => feiten.get(`${bron} ${leerling}`)!)
    return { feiten: eigen.length === 1 ? eigen[0]! : mergeFeiten(eigen), hoofd, anderen }
  })
}

/** The facts of one person from several records; born when the first of them says. */
function mergeFeiten (records: readonly Feiten[]): Feiten {
  return {
    geboortedatum: records[0]!.geboortedatum,
    absenties: records.flatMap(({ absenties }) => absenties).sort((a, b) => a.datum < b.datum ? -1 : a.datum > b.datum ? 1 : `${a.bronId} ${a.bron}` < `${b.bronId} ${b.bron}` ? -1 : 1),
    inschrijvingen: records.flatMap(({ inschrijvingen }) => inschrijvingen),
    vrijstellingen: records.flatMap(({ vrijstellingen }) => vrijstellingen)
  }
}

/** How far each rule is from firing for one leerling, and why it did not. */
export async function getMarges (ctx: Ctx, bron: string, bronId: string, school: string, peildatum: Datum = ctx.vandaag()): Promise<Marges> {
  const scope = requireRecht(ctx.actor, 'signalen:lezen', school)
  return await ctx.transaction(async (tx) => {
    const stam = await findStam(ctx, tx, school)
    const [persoon] = stam === undefined ? [] : await listPersonen(tx, scope, stam, [{ bron, leerling: bronId }], 'alle')
    if (stam === undefined || persoon === undefined) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
    await recordVerwerking(ctx, tx, 'signalen:lezen', [{ school, bron, leerling: bronId }])
    const begin = findVensterbegin(persoon.feiten, stam.vestigingen, peildatum)
    const lesdagen = begin === undefined ? [] : await listLesdagen(tx, scope, stam, persoon.feiten, { van: begin, tot: peildatum < ctx.vandaag() ? peildatum : ctx.vandaag() })
    const marges = measureMarges(persoon.feiten, stam.vestigingen, stam.beleid, peildatum, lesdagen)
    return {
      school,
      leerling: { bron, bronId },
      peildatum,
      marges: marges.map((marge) => ({ ...marge, onderbouwing: [...marge.onderbouwing], nietGeteld: [...marge.nietGeteld], volledigheid: { ...marge.volledigheid, onbekend: [...marge.volledigheid.onbekend] } }))
    }
  })
}

/** The lesdagen of a leerling wherever he was enrolled in these days; at two vestigingen on one day, both must have been delivered. */
async function listLesdagen (tx: Tx, scope: Schoolscope, stam: Stam, { inschrijvingen }: Feiten, periode: Periode): Promise<Lesdagstand[]> {
  const standen = new Map<Datum, boolean>()
  for (const [vestiging, eigen] of Map.groupBy(inschrijvingen, (inschrijving) => inschrijving.vestiging)) {
    for (const { datum, grond } of await listDagstanden(tx, scope, stam, vestiging, periode)) {
      if (eigen.some(({ van, tot }) => van <= datum && (tot === null || datum <= tot))) standen.set(datum, (standen.get(datum) ?? true) && grond !== null)
    }
  }
  return [...standen].map(([datum, aangeleverd]) => ({ datum, aangeleverd })).sort((a, b) => a.datum < b.datum ? -1 : 1)
}

/** The rules with their parameters and sources. */
export function listRegels (ctx: Ctx): { regels: Vensterregel[] } {
  requireRecht(ctx.actor, 'signalen:lezen')
  return { regels: [...VENSTERREGELS] }
}
