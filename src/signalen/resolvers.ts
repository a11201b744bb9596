import { z } from 'zod'
import { SIGNAALSTATUSSEN } from '../domain/signaal.ts'
import { buildConnection, cutConnection, pagina, parseArguments, type Connection } from '../graphql/connection.ts'
import { fromEnumName, toEnumName } from '../graphql/enum-name.ts'
import { decodeCursor } from '../http/rest.ts'
import { Bron, BronId } from '../http/velden.ts'
import { Signalenvraag as Restvraag, type Signaal } from './contract.ts'
import { listSignalenPerLeerling, listSignalenPerVestiging, type Signalenpaginavraag } from './loaders.ts'
import { listSignalen } from './service.ts'
import type { Argumenten, Resolvers } from '../graphql/resolver.ts'
import type { Leerlingsleutel, School } from '../leerlingen/loaders.ts'

const Positie = z.tuple([z.string(), z.iso.date(), z.uuid()])
const positionOf = ({ id, school, einddatum }: Signaal): [string, string, string] => [school, einddatum, id.slice(5)]

const Paginavraag = z.strictObject({ status: z.preprocess(fromEnumName, z.enum(SIGNAALSTATUSSEN)).optional(), regel: Restvraag.shape.regel, ...pagina(Positie) })
const Schoolvraag = Paginavraag.extend({ leerling: BronId.optional(), bron: Bron.optional() })

export const signalenResolvers = {
  School: {
    signalen: async ({ brin }: School, args, { lezing }) => {
      const { first, after, ...filter } = parseArguments(Schoolvraag, args)
      const { signalen, volgende } = await listSignalen(lezing.ctx, { ...filter, school: brin, limit: first, cursor: after })
      return buildConnection(signalen, volgende !== null, after, positionOf)
    }
  },
  Vestiging: {
    signalen: async (vestiging: { school: string, vestiging: string }, args, { lezing }, info) => await lezing.load(info, vestiging, async (vestigingen) =>
      await readPaginas(args, async (vraag) => await listSignalenPerVestiging(lezing.ctx, vestigingen, vraag)))
  },
  Leerling: {
    signalen: async (leerling: Leerlingsleutel, args, { lezing }, info) => await lezing.load(info, leerling, async (leerlingen) =>
      await readPaginas(args, async (vraag) => await listSignalenPerLeerling(lezing.ctx, leerlingen, vraag)))
  },
  Signaal: {
    status: ({ status }: Signaal) => toEnumName(status),
    voorstel: ({ voorstel }: Signaal) => voorstel === null ? null : toEnumName(voorstel)
  }
} satisfies Resolvers

async function readPaginas (args: Argumenten, list: (vraag: Signalenpaginavraag) => Promise<Signaal[][]>): Promise<Array<Connection<Signaal>>> {
  const { first, after, status, regel } = parseArguments(Paginavraag, args)
  const lists = await list({ status, regel, na: after === undefined ? undefined : decodeCursor(after, Positie), first })
  return lists.map((signalen) => cutConnection(signalen, { first, after }, positionOf))
}
