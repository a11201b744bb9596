import { hide, isGesluierd, listVerborgen } from '../toegang/weergave.ts'
import type { Actor } from '../toegang/service.ts'
import type { Leerling } from './contract.ts'

const GROEPEN = { geboortedatum: 'geboortedatum', woongemeente: 'woongemeente', persoonsgebondenNummerBekend: 'nummer' } as const

type Kop = Omit<Leerling, 'inschrijvingen' | 'beperkt'> & { readonly inschrijvingen?: Leerling['inschrijvingen'] }

/** The leerling as this actor sees him for this purpose. */
export function showLeerling<T extends Kop> (actor: Actor, leerling: T): T {
  if (!isGesluierd(actor)) return leerling
  const { school, bron, bronId, inschrijvingen } = leerling
  const verborgen = listVerborgen(actor, { school, bron, leerling: bronId })
  return { ...hide(leerling, GROEPEN, verborgen), ...inschrijvingen === undefined ? {} : { inschrijvingen: showInschrijvingen(actor, { school, bron, bronId }, inschrijvingen) } }
}

export function showInschrijvingen (actor: Actor, { school, bron, bronId }: { readonly school: string, readonly bron: string, readonly bronId: string }, inschrijvingen: Leerling['inschrijvingen']): Leerling['inschrijvingen'] {
  const verborgen = listVerborgen(actor, { school, bron, leerling: bronId })
  return inschrijvingen.map((inschrijving) => hide(inschrijving, { vestiging: 'plaats' }, verborgen))
}
