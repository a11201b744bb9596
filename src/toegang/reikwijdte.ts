import { isGeblokkeerd, listBelemmeringen } from '../domain/betrekking.ts'
import { getRol } from './rollen.ts'
import { keyOf, type Actor, type Zichtbaar } from './service.ts'
import * as store from './store.ts'
import type { Tx } from '../db/transaction.ts'
import type { Datum } from '../domain/datum.ts'

/** Whether `resolveReikwijdte` must say whom this actor sees. */
export function hasReikwijdte ({ rol }: Actor): boolean {
  return rol !== undefined && getRol(rol).reikwijdte !== 'school'
}

/** Whom a person sees on a day, asked anew for every call: what ends, ends at once. In a transaction of the whole school. */
export async function resolveReikwijdte (tx: Tx, actor: Actor, datum: Datum): Promise<ReadonlyMap<string, Zichtbaar>> {
  const eigen = await listZichtbaar(tx, actor, datum)
  const zelfde = eigen.length === 0 ? [] : await store.listZelfdePersoon(tx, eigen)
  const alle = [...eigen, ...zelfde.map(({ nr, ...sleutel }) => ({ ...sleutel, verborgen: eigen[nr - 1]!.verborgen }))]
  const zichtbaar = new Map<string, Zichtbaar>()
  // Whoever reaches a leerling in two ways sees what both show.
  for (const each of alle) zichtbaar.set(keyOf(each), { ...each, verborgen: [...new Set([...each.verborgen, ...zichtbaar.get(keyOf(each))?.verborgen ?? []])] })
  return zichtbaar
}

async function listZichtbaar (tx: Tx, { persoon, rol, gemeente, scholen }: Actor, datum: Datum): Promise<Zichtbaar[]> {
  if (persoon === undefined || rol === undefined || scholen === '*') return []
  const { reikwijdte } = getRol(rol)
  const wie = { persoon, scholen }
  if (reikwijdte === 'caseload') return (await store.listCaseload(tx, wie, rol, datum)).map((sleutel) => ({ ...sleutel, verborgen: [] }))
  if (reikwijdte === 'gemeld') return gemeente === undefined ? [] : (await store.listGemeld(tx, scholen, gemeente)).map((sleutel) => ({ ...sleutel, verborgen: [] }))
  if (reikwijdte !== 'zelf' && reikwijdte !== 'kinderen') return []
  const betrekkingen = await store.listBetrekkingen(tx, wie, reikwijdte === 'zelf' ? 'leerling' : 'ouder')
  return betrekkingen
    .filter((betrekking) => listBelemmeringen(betrekking, { ...betrekking, datum }).length === 0)
    .map(({ school, bron, leerling, blokkades }) => ({ school, bron, leerling, verborgen: isGeblokkeerd(blokkades, 'geheim-adres', datum) ? ['woongemeente', 'plaats'] : [] }))
}
