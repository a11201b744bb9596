import { beleidOp, type Beleid } from './beleid.ts'
import { addDagen, startjaar, type Datum, type Periode } from './datum.ts'
import { findLandelijk, LANDELIJKE_REGELS, resolveRegel } from './regel.ts'

/** Why a rule does not count for one leerling for a while; no free text, for it would tell about the leerling. */
export const UITZONDERINGSREDENEN = ['medisch-traject', 'onderwijs-op-maat', 'afspraak-met-jeugdarts', 'afspraak-met-leerplicht', 'startkwalificatie', 'bezwaar', 'anders'] as const

/** The last day an uitzondering may have: of the schooljaar after this one, so that each is looked at again. */
export function laatsteUitzonderingsdag (vandaag: Datum): Datum {
  return `${startjaar(vandaag) + 2}-07-31`
}

export interface Weigering { readonly code: 'regel-verplicht' | 'regel-onbekend' | 'regel-uit', readonly detail: string }

/** Why no leerling can be excepted from this rule in this periode: the law wants it on one of the days, or the beleid has it on none of them. */
export function refuseUitzondering (versies: readonly Beleid[], regel: string, { van, tot }: Periode): Weigering | undefined {
  const wissels = [
    ...LANDELIJKE_REGELS.map(({ geldigVan }) => geldigVan),
    ...versies.flatMap(({ geldigVan, geldigTot }) => [geldigVan, ...(geldigTot === null ? [] : [addDagen(geldigTot, 1)])])
  ]
  const dagen = [van, ...wissels.filter((dag) => van < dag && dag <= tot)].map((dag) =>
    ({ landelijk: findLandelijk(regel, dag), keuze: beleidOp(versies, dag).regels.find((keuze) => keuze.regel === regel) }))
  if (dagen.some(({ landelijk }) => landelijk?.verplicht === true)) {
    return { code: 'regel-verplicht', detail: `Regel ${regel} is wettelijk verplicht en geldt voor elke leerling; wie niet of elders naar school hoeft, heeft een vrijstelling.` }
  }
  if (dagen.some(({ landelijk, keuze }) => resolveRegel(keuze, landelijk) !== undefined)) return undefined
  return dagen.every(({ landelijk, keuze }) => landelijk === undefined && keuze === undefined)
    ? { code: 'regel-onbekend', detail: `Regel ${regel} staat niet in het beleid van deze periode.` }
    : { code: 'regel-uit', detail: `Regel ${regel} staat in het beleid van deze periode uit; er is niets om van uit te zonderen.` }
}
