import type { Volging } from './signaal.ts'

/** One that is in force; without an absentie it holds for everything of the leerling. */
export interface Geldendebeperking { readonly bron: string, readonly absentie: string | null }

export function isOnderBeperking (beperkingen: readonly Geldendebeperking[], { bron, bronId }: { readonly bron: string, readonly bronId: string }): boolean {
  return beperkingen.some((beperking) => beperking.absentie === null || (beperking.absentie === bronId && beperking.bron === bron))
}

/**
 * What rests on a beperkte absentie stays as it stands: stored, not used (AVG art. 18 lid 2). Beperkte absenties are in no uitkomst, so what is
 * new rests on others.
 */
export function holdBeperkt ({ nieuw, gewijzigd, vervallen }: Volging, beperkingen: readonly Geldendebeperking[]): Volging {
  if (beperkingen.length === 0) return { nieuw, gewijzigd, vervallen }
  const staatVast = ({ status, onderbouwing }: Volging['vervallen'][number]): boolean => status !== 'vervallen' && onderbouwing.some((absentie) => isOnderBeperking(beperkingen, absentie))
  return { nieuw, gewijzigd: gewijzigd.filter(({ signaal }) => !staatVast(signaal)), vervallen: vervallen.filter((signaal) => !staatVast(signaal)) }
}
