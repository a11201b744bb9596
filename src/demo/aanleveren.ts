import { OnverwachtAntwoord, type Bron, type Weigering } from './bron.ts'
import type { Aantallen, DemoSchooljaar, Leerlingbericht, Zending } from './berichten.ts'

interface Stamantwoord { readonly aantallen: { readonly nieuw: number, readonly afgewezen: number }, readonly resultaten: ReadonlyArray<{ readonly problemen?: readonly Weigering[] }> }

const LEERLINGEN_PER_KEER = 1_000

/** The vestigingen, the kalender of the one that has its own, whoever is there on the first day, and the vrijstellingen. */
export async function pushStamgegevens (bron: Bron, { vestigingen, kalenders, absenties, vrijstellingen }: DemoSchooljaar): Promise<{ leerlingen: number }> {
  requireAll(await bron.post<Stamantwoord>('/v1/vestigingen/_bulk', { vestigingen }), vestigingen.length)
  for (const { vestiging, schooljaar, lesdagen, lesvrij } of kalenders) await bron.put(`/v1/vestigingen/${vestiging}/kalenders/${schooljaar}`, { lesdagen, lesvrij })
  const [eerste] = absenties
  const leerlingen = await pushLeerlingen(bron, eerste!.leerlingen)
  requireAll(await bron.post<Stamantwoord>('/v1/vrijstellingen/_bulk', { vrijstellingen }), vrijstellingen.length)
  return { leerlingen }
}

async function pushLeerlingen (bron: Bron, leerlingen: readonly Leerlingbericht[]): Promise<number> {
  for (let from = 0; from < leerlingen.length; from += LEERLINGEN_PER_KEER) {
    const deel = leerlingen.slice(from, from + LEERLINGEN_PER_KEER)
    requireAll(await bron.post<Stamantwoord>('/v1/leerlingen/_bulk', { leerlingen: deel }), deel.length)
  }
  return leerlingen.length
}

function requireAll ({ aantallen, resultaten }: Stamantwoord, aantal: number): void {
  if (aantallen.afgewezen === 0 && aantallen.nieuw === aantal) return
  const [probleem] = resultaten.flatMap(({ problemen }) => problemen ?? [])
  throw new OnverwachtAntwoord(`Van ${aantal} stamgegevens zijn er ${aantallen.nieuw} nieuw en ${aantallen.afgewezen} afgewezen: ${probleem?.detail ?? 'zonder reden'}`)
}

/** One zending: the leerlingen the bron has come to know since the last one, then its absenties. */
export async function pushZending (bron: Bron, { leerlingen, absenties }: Zending, eersteKeer: boolean): Promise<{ aantallen: Aantallen, weigeringen: Weigering[] }> {
  if (!eersteKeer) await pushLeerlingen(bron, leerlingen)
  return await bron.pushAbsenties(absenties)
}

/** What differs from what the bron knows must happen, in words; empty when nothing does. */
export function compareAantallen (zending: Zending, aantallen: Readonly<Aantallen>): string[] {
  return (Object.keys(zending.verwacht) as Array<keyof Aantallen>)
    .filter((naam) => zending.verwacht[naam] !== aantallen[naam])
    .map((naam) => `${zending.maand}: ${aantallen[naam]} ${naam}, verwacht ${zending.verwacht[naam]}`)
}

export function addAantallen (a: Readonly<Aantallen>, b: Readonly<Aantallen>): Aantallen {
  return {
    nieuw: a.nieuw + b.nieuw,
    gewijzigd: a.gewijzigd + b.gewijzigd,
    ongewijzigd: a.ongewijzigd + b.ongewijzigd,
    ingetrokken: a.ingetrokken + b.ingetrokken,
    verouderd: a.verouderd + b.verouderd,
    inWacht: a.inWacht + b.inWacht,
    afgewezen: a.afgewezen + b.afgewezen
  }
}
