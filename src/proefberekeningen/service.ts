import { readBeleidsversie } from '../beleid/service.ts'
import { isoWeek, type Datum } from '../domain/datum.ts'
import { evaluateRegels, type Uitkomst } from '../domain/evaluate-regels.ts'
import { Proeftelling, reclassifyFeiten } from '../domain/proefberekening.ts'
import { whatIsAsked, type Feiten } from '../domain/teldagen.ts'
import { AppError } from '../errors.ts'
import { findStam, type Stam } from '../leerlingen/stam.ts'
import { listPersonen } from '../regels/service.ts'
import { requireRecht } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { listIngeschrevenen } from './store.ts'
import type { Ctx } from '../context.ts'
import type { Beleid } from '../domain/beleid.ts'
import type { Proefberekening, Proefvraag, Voortgang } from './contract.ts'

/** Leerlingen whose facts are in memory at once; after each so many the caller hears how far it is. */
const BATCH = 250

/**
 * What a beleidsversie, a concept too, would have raised in a period had it always been in force, beside the beleid that was or another version.
 * Stores no signaal. Yields its progress, and the outcome last; faults in the question come before the first of it.
 */
export async function startProefberekening (ctx: Ctx, school: string, versie: number, vraag: Proefvraag): Promise<AsyncGenerator<Voortgang, Proefberekening>> {
  const scope = requireRecht(ctx.actor, 'signalen:lezen', school)
  const tot = vraag.tot < ctx.vandaag() ? vraag.tot : ctx.vandaag()
  if (vraag.van > tot) throw new AppError('invoer-ongeldig', 'De periode begint na vandaag.', [{ code: 'in-toekomst', pointer: '/van', detail: 'De periode begint na vandaag.' }])
  const proef = await readAltijd(ctx, school, versie)
  const met = vraag.met === undefined ? undefined : await readAltijd(ctx, school, vraag.met)
  const { stam, leerlingen } = await ctx.transaction(async (tx) => ({ stam: await findStam(ctx, tx, school), leerlingen: await listIngeschrevenen(tx, scope, vraag.van, tot) }))
  if (stam === undefined) throw new AppError('stamgegevens-onbekend', `School ${school} heeft hier nog geen vestiging.`)
  return run()

  async function * run (): AsyncGenerator<Voortgang, Proefberekening> {
    const gestart = performance.now()
    const telling = new Proeftelling()
    const gedaan = new Set<string>()
    let absenties = 0
    const vragen = [proef, met ?? stam!.beleid].map(whatIsAsked)
    const gevraagd = { alles: true, redenSinds: vragen.some(({ redenSinds }) => redenSinds) }
    for (let at = 0; at < leerlingen.length; at += BATCH) {
      const deel = leerlingen.slice(at, at + BATCH)
      const personen = await ctx.transaction(async (tx) => {
        await recordVerwerking(ctx, tx, 'beleid:proefberekenen', deel.map((leerling) => ({ school, ...leerling })))
        return await listPersonen(tx, scope, stam!, deel, gevraagd)
      })
      for (const { feiten, hoofd } of personen) {
        // A person whom several bronnen know comes with the first of his records.
        const sleutel = `${hoofd.bron} ${hoofd.leerling}`
        if (gedaan.has(sleutel)) continue
        gedaan.add(sleutel)
        absenties += feiten.absenties.length
        const zou = evaluateAltijd(feiten, stam!, proef, tot)
        const nu = met === undefined ? evaluateRegels(feiten, stam!.vestigingen, stam!.beleid, tot) : evaluateAltijd(feiten, stam!, met, tot)
        telling.add({ bron: hoofd.bron, bronId: hoofd.leerling }, inPeriode(zou, vraag.van), inPeriode(nu, vraag.van))
      }
      yield { leerlingen: Math.min(at + BATCH, leerlingen.length), totaal: leerlingen.length }
    }
    return describe(stam!, telling, { school, versie, met: vraag.met ?? null, van: vraag.van, tot, leerlingen: gedaan.size, absenties, seconden: Math.round(performance.now() - gestart) / 1000 })
  }
}

/** One version as if it had always been in force. */
async function readAltijd (ctx: Ctx, school: string, versie: number): Promise<readonly Beleid[]> {
  return [{ ...await ctx.transaction(async (tx) => await readBeleidsversie(tx, school, versie)), geldigVan: '1900-01-01', geldigTot: null }]
}

function evaluateAltijd (feiten: Feiten, { vestigingen }: Stam, beleid: readonly Beleid[], peildatum: Datum): Uitkomst[] {
  return evaluateRegels({ ...feiten, absenties: reclassifyFeiten(feiten.absenties, beleid[0]!, vestigingen, peildatum) }, vestigingen, beleid, peildatum)
}

function inPeriode (uitkomsten: readonly Uitkomst[], van: Datum): Uitkomst[] {
  return uitkomsten.filter(({ einddatum }) => einddatum >= van)
}

function describe ({ vestigingen }: Stam, telling: Proeftelling, kop: Omit<Proefberekening, 'lesweken' | 'regels' | 'werklast' | 'werklastNu' | 'nieuw' | 'nietMeer'>): Proefberekening {
  const lesweken = new Set([...vestigingen.values()].flatMap(({ kalender }) => kalender.lesdagen(kop.van, kop.tot).map(isoWeek))).size
  return {
    ...kop,
    lesweken,
    regels: [...telling.regels.values()].sort((a, b) => a.regel < b.regel ? -1 : 1).map(({ perLesweek, ...regel }) => ({
      ...regel,
      perLesweek: [...perLesweek].sort((a, b) => a[0] < b[0] ? -1 : 1).map(([week, aantallen]) => ({ week, ...aantallen }))
    })),
    werklast: telling.werklast('signalen', lesweken),
    werklastNu: telling.werklast('nu', lesweken),
    nieuw: telling.nieuw.map((verschuiving) => ({ ...verschuiving, regels: [...verschuiving.regels] })),
    nietMeer: telling.nietMeer.map((verschuiving) => ({ ...verschuiving, regels: [...verschuiving.regels] }))
  }
}
