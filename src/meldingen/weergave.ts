import { assert } from '../errors.ts'
import { isNarrowed, type Actor } from '../toegang/service.ts'
import type { Melding, Meldinggebeurtenis } from './contract.ts'

/** To whose meldingen an actor who sees only some leerlingen is held; undefined for who sees those of the whole school. */
export function gemeldAan (actor: Actor): string | undefined {
  if (!isNarrowed(actor)) return undefined
  assert(actor.gemeente, 'of those who see some leerlingen only a gemeente reads meldingen')
  return actor.gemeente
}

/** To the gemeente: what it was sent, and not how the school came to it or what is under way. */
export function showMelding (actor: Actor, melding: Melding): Melding {
  if (!isNarrowed(actor)) return melding
  const { geinformeerd: _, ...invoer } = melding.invoer
  return { ...melding, signaal: null, uiterlijkMelden: null, voorstel: null, verzending: null, invoer }
}

export function showGebeurtenissen (actor: Actor, gebeurtenissen: readonly Meldinggebeurtenis[]): Meldinggebeurtenis[] {
  return isNarrowed(actor) ? gebeurtenissen.map((gebeurtenis) => ({ ...gebeurtenis, actor: null })) : [...gebeurtenissen]
}
