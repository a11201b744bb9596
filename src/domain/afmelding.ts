import type { Dagdeel } from './absentie.ts'
import type { Datum } from './datum.ts'

/** A day and where in it: without dagdeel a begin is the morning and an end the afternoon. */
export interface Grens { readonly datum: Datum, readonly dagdeel?: Dagdeel | null | undefined }

/** Away from `begin` up to and including `einde`; null is not reported better yet. Only those that are not withdrawn. */
export interface Afmelding { readonly bronId: string, readonly begin: Grens, readonly einde: Grens | null }

/** A lesdag on which an afmelding stands for an absentie; `dagdeel` null is the whole day. */
export interface Afgemeldedag { readonly afmelding: string, readonly vestiging: string, readonly datum: Datum, readonly dagdeel: Dagdeel | null }

/** What decides about the days of one leerling beside his afmeldingen. */
export interface Afmeldingskader {
  readonly inschrijvingen: ReadonlyArray<{ readonly vestiging: string, readonly van: Datum, readonly tot: Datum | null }>
  readonly vestigingen: ReadonlyMap<string, { readonly kalender: { readonly lesdagen: (van: Datum, tot: Datum) => Datum[] } }>
  /** Days on which the same bron reported the leerling precisely, whatever the soort: who came late was there. */
  readonly precies: ReadonlySet<Datum>
  readonly vandaag: Datum
}

const DELEN = ['ochtend', 'middag'] as const

/** Whether an afmelding begins after its end; one dagdeel is the least. */
export function isOmgekeerd ({ begin, einde }: Pick<Afmelding, 'begin' | 'einde'>): boolean {
  return einde !== null && (einde.datum < begin.datum || (einde.datum === begin.datum && eersteDeel(begin) > laatsteDeel(einde)))
}

/**
 * The days the afmeldingen of one leerling cover: lesdagen within an inschrijving, up to today, that the bron did not report precisely. A
 * dagdeel that several cover counts once, for the one that began last (of two that began together, the one whose bronId comes last).
 */
export function expandDagen (afmeldingen: readonly Afmelding[], { inschrijvingen, vestigingen, precies, vandaag }: Afmeldingskader): Afgemeldedag[] {
  // In this order, who comes later takes what he covers.
  const volgorde = afmeldingen.toSorted((a, b) => compare(a.begin.datum, b.begin.datum) || eersteDeel(a.begin) - eersteDeel(b.begin) || compare(a.bronId, b.bronId))
  return inschrijvingen.flatMap(({ vestiging, van, tot }) => {
    const dagen = new Map<Datum, [string | undefined, string | undefined]>()
    for (const { bronId, begin, einde } of volgorde) {
      const eerste = begin.datum > van ? begin.datum : van
      const laatste = [einde?.datum, tot, vandaag].reduce<Datum>((vroegste, dag) => dag != null && dag < vroegste ? dag : vroegste, vandaag)
      if (eerste > laatste) continue
      for (const datum of vestigingen.get(vestiging)?.kalender.lesdagen(eerste, laatste) ?? []) {
        if (precies.has(datum)) continue
        const delen = dagen.get(datum) ?? [undefined, undefined]
        dagen.set(datum, delen)
        for (let deel = datum === begin.datum ? eersteDeel(begin) : 0; deel <= (datum === einde?.datum ? laatsteDeel(einde) : 1); deel++) delen[deel] = bronId
      }
    }
    return [...dagen].flatMap(([datum, [ochtend, middag]]): Afgemeldedag[] => ochtend !== undefined && ochtend === middag
      ? [{ afmelding: ochtend, vestiging, datum, dagdeel: null }]
      : [ochtend, middag].flatMap((afmelding, deel) => afmelding === undefined ? [] : [{ afmelding, vestiging, datum, dagdeel: DELEN[deel]! }]))
  })
}

/** The bronId of the absentie of such a day: no bron can push one that begins so. */
export function buildDagsleutel ({ afmelding, datum, vestiging }: Pick<Afgemeldedag, 'afmelding' | 'datum' | 'vestiging'>): string {
  return `~${afmelding}~${datum}~${vestiging.slice(4)}`
}

function eersteDeel ({ dagdeel }: Grens): number {
  return dagdeel === 'middag' ? 1 : 0
}

function laatsteDeel ({ dagdeel }: Grens): number {
  return dagdeel === 'ochtend' ? 0 : 1
}

function compare (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
