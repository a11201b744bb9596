import { addDagen, type Datum } from './datum.ts'

export interface Geldigheid { readonly versie: number, readonly geldigVan: Datum, readonly geldigTot: Datum | null }

/** `geldigTot` is the last day of what is adopted; `vervangen` lost its last days to it, all of them where its own geldigTot is null. */
export interface Opvolging {
  readonly geldigTot: Datum | null
  readonly vervangen: { readonly versie: number, readonly geldigTot: Datum | null } | null
}

/**
 * Where a new version finds its place among those in force: it holds until the next one begins, and takes these days from the one that held
 * them. So from the first day of the first version on, exactly one holds on every day, in whatever order they were adopted.
 */
export function planOpvolging (geldend: readonly Geldigheid[], geldigVan: Datum): Opvolging {
  const later = geldend.map((versie) => versie.geldigVan).filter((van) => van > geldigVan).sort()[0]
  const geraakt = geldend.find((versie) => versie.geldigVan <= geldigVan && (versie.geldigTot === null || geldigVan <= versie.geldigTot))
  return {
    geldigTot: later === undefined ? null : addDagen(later, -1),
    vervangen: geraakt === undefined ? null : { versie: geraakt.versie, geldigTot: geraakt.geldigVan === geldigVan ? null : addDagen(geldigVan, -1) }
  }
}
