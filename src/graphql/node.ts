import { z } from 'zod'
import { nameEnums } from '../absenties/loaders.ts'
import { getAbsentie } from '../absenties/service.ts'
import { AppError } from '../errors.ts'
import { decodeCursor, encodeCursor } from '../http/rest.ts'
import { AbsentieId, Brin, Bron, BronId, Vestigingscode } from '../http/velden.ts'
import { getSchool } from '../leerlingen/loaders.ts'
import { getLeerling, getVestiging } from '../leerlingen/service.ts'
import { Signaalid } from '../signalen/contract.ts'
import { getSignaal } from '../signalen/service.ts'
import type { Ctx } from '../context.ts'

const Sleutel = z.union([
  z.tuple([z.literal('School'), Brin]),
  z.tuple([z.literal('Vestiging'), Vestigingscode]),
  z.tuple([z.literal('Leerling'), Brin, Bron, BronId]),
  z.tuple([z.literal('Absentie'), Brin, Bron, AbsentieId])
])
type Sleutel = z.output<typeof Sleutel>

/** The global id of a node; a signaal has the id that REST gives it. */
export function buildNodeId (...sleutel: Sleutel): string {
  return encodeCursor(sleutel)
}

/** The node of a global id, by the service that REST asks. */
export async function getNode (ctx: Ctx, id: string): Promise<object> {
  if (Signaalid.safeParse(id).success) return { __typename: 'Signaal', ...await getSignaal(ctx, id) }
  const [soort, school, bron = '', bronId = ''] = parseNodeId(id)
  switch (soort) {
    case 'School': return { __typename: soort, ...await getSchool(ctx, school) }
    case 'Vestiging': return { __typename: soort, ...await getVestiging(ctx, school) }
    case 'Leerling': return { __typename: soort, ...await getLeerling(ctx, bron, bronId, school) }
    case 'Absentie': return { __typename: soort, ...nameEnums(await getAbsentie(ctx, { bron, bronId }, school)) }
  }
}

function parseNodeId (id: string): Sleutel {
  try {
    return decodeCursor(id, Sleutel)
  } catch {
    throw new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code: 'verkeerde-vorm', pointer: '/id', detail: 'Deze sleutel is niet van hier; neem hem over uit het veld id.' }])
  }
}
