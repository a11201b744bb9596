import { z } from 'zod'
import { buildConnection, cutConnection, listNodeFields, pagina, parseArguments, type Connection } from '../graphql/connection.ts'
import { buildNodeId } from '../graphql/node.ts'
import { decodeCursor } from '../http/rest.ts'
import { Bron, BronId, Datumveld, Vestigingscode } from '../http/velden.ts'
import { listAbsentiesPerLeerling, listAbsentiesPerVestiging, nameEnums, type Absentiespaginavraag } from './loaders.ts'
import { listAbsenties } from './service.ts'
import type { Argumenten, Resolvers } from '../graphql/resolver.ts'
import type { Leerlingsleutel, School } from '../leerlingen/loaders.ts'
import type { GraphQLResolveInfo } from 'graphql'
import type { Absentie } from './contract.ts'

const Positie = z.tuple([z.iso.date(), z.string(), z.string()])
const positionOf = ({ datum, bron, bronId }: Absentie): [string, string, string] => [datum, bron, bronId]

const Paginavraag = z.strictObject({ van: Datumveld.optional(), tot: Datumveld.optional(), ...pagina(Positie) })
const Schoolvraag = Paginavraag.extend({ vestiging: Vestigingscode.optional(), leerling: BronId.optional(), bron: Bron.optional() })

export const absentiesResolvers = {
  School: {
    absenties: async ({ brin }: School, args, { lezing }) => {
      const { first, after, ...filter } = parseArguments(Schoolvraag, args)
      const { absenties, volgende } = await listAbsenties(lezing.ctx, { ...filter, school: brin, limit: first, cursor: after })
      return buildConnection(absenties.map(nameEnums), volgende !== null, after, positionOf)
    }
  },
  Vestiging: {
    absenties: async (vestiging: { school: string, vestiging: string }, args, { lezing }, info) => await lezing.load(info, vestiging, async (vestigingen) =>
      await readPaginas(args, info, async (vraag) => await listAbsentiesPerVestiging(lezing.ctx, vestigingen, vraag)))
  },
  Leerling: {
    absenties: async (leerling: Leerlingsleutel, args, { lezing }, info) => await lezing.load(info, leerling, async (leerlingen) =>
      await readPaginas(args, info, async (vraag) => await listAbsentiesPerLeerling(lezing.ctx, leerlingen, vraag)))
  },
  Absentie: {
    id: ({ school, bron, bronId }: Absentie) => buildNodeId('Absentie', school, bron, bronId)
  }
} satisfies Resolvers

async function readPaginas (args: Argumenten, info: GraphQLResolveInfo, list: (vraag: Absentiespaginavraag) => Promise<Absentie[][]>): Promise<Array<Connection<Absentie>>> {
  const { first, after, van, tot } = parseArguments(Paginavraag, args)
  const lists = await list({ van, tot, na: after === undefined ? undefined : decodeCursor(after, Positie), first, velden: listNodeFields(info) })
  return lists.map((absenties) => cutConnection(absenties, { first, after }, positionOf))
}
