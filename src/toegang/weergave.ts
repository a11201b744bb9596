import { keyOf, type Actor, type Leerlingsleutel } from './service.ts'
import type { Gegevensgroep } from './rollen.ts'

/** The fields of a record that belong to a group. */
export type Groepen = Readonly<Record<string, Gegevensgroep>>

/** What of this leerling is not shown to this actor for this purpose. */
export function listVerborgen ({ verborgen, leerlingen }: Actor, leerling: Leerlingsleutel): ReadonlySet<Gegevensgroep> {
  const eigen = leerlingen?.get(keyOf(leerling))?.verborgen ?? []
  return eigen.length === 0 ? verborgen ?? new Set() : new Set([...verborgen ?? [], ...eigen])
}

/** Whether anything is hidden from this actor, so that who shows him nothing special need not look at every record. */
export function isGesluierd ({ verborgen, leerlingen }: Actor): boolean {
  return (verborgen !== undefined && verborgen.size > 0) || leerlingen !== undefined
}

/** The record with null for every field of a group that is hidden. */
export function hide<T extends object> (record: T, groepen: Groepen, verborgen: ReadonlySet<Gegevensgroep>): T {
  if (verborgen.size === 0) return record
  const hidden = Object.entries(groepen).filter(([, groep]) => verborgen.has(groep))
  return hidden.length === 0 ? record : { ...record, ...Object.fromEntries(hidden.map(([veld]) => [veld, null])) }
}
