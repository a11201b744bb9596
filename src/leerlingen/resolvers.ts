import { z } from 'zod'
import { buildConnection, cutConnection, pagina, parseArguments, type Connection } from '../graphql/connection.ts'
import { buildNodeId } from '../graphql/node.ts'
import { decodeCursor } from '../http/rest.ts'
import { Brin, Bron, BronId, Vestigingscode } from '../http/velden.ts'
import { getSchool, listInschrijvingenVan, listLeerlingenPer, listLeerlingenVan, type Leerlingenplaats, type Leerlingkop, type School } from './loaders.ts'
import { getLeerling, getVestiging, listVestigingen } from './service.ts'
import type { Argumenten, Resolvers } from '../graphql/resolver.ts'
import type { Lezing } from '../graphql/loaders.ts'
import type { GraphQLResolveInfo } from 'graphql'
import type { Vestiging } from './contract.ts'

const Leerlingpositie = z.tuple([z.string(), z.string()])

const Schoolvraag = z.strictObject({ brin: Brin })
const Vestigingvraag = z.strictObject({ code: Vestigingscode })
const Leerlingvraag = z.strictObject({ bron: Bron, bronId: BronId, school: Brin })
const Vestigingenvraag = z.strictObject(pagina(z.tuple([z.string()])))
const Leerlingenvraag = z.strictObject({ vestiging: Vestigingscode.optional(), ...pagina(Leerlingpositie) })

export const leerlingenResolvers = {
  Query: {
    school: async (_root: unknown, args, { lezing }) => await getSchool(lezing.ctx, parseArguments(Schoolvraag, args).brin),
    vestiging: async (_root: unknown, args, { lezing }) => await getVestiging(lezing.ctx, parseArguments(Vestigingvraag, args).code),
    leerling: async (_root: unknown, args, { lezing }) => {
      const { bron, bronId, school } = parseArguments(Leerlingvraag, args)
      return await getLeerling(lezing.ctx, bron, bronId, school)
    }
  },
  School: {
    id: ({ brin }: School) => buildNodeId('School', brin),
    vestigingen: async ({ brin }: School, args, { lezing }) => {
      const { first, after } = parseArguments(Vestigingenvraag, args)
      const { vestigingen, volgende } = await listVestigingen(lezing.ctx, { school: brin, limit: first, cursor: after })
      return buildConnection(vestigingen, volgende !== null, after, ({ vestiging }) => [vestiging])
    },
    leerlingen: async ({ brin }: School, args, { lezing }, info) => await loadLeerlingen(lezing, info, { school: brin, vestiging: parseArguments(Leerlingenvraag, args).vestiging ?? null }, args)
  },
  Vestiging: {
    id: ({ vestiging }: Vestiging) => buildNodeId('Vestiging', vestiging),
    code: ({ vestiging }: Vestiging) => vestiging,
    leerlingen: async ({ school, vestiging }: Vestiging, args, { lezing }, info) => await loadLeerlingen(lezing, info, { school, vestiging }, args)
  },
  Leerling: {
    id: ({ school, bron, bronId }: Leerlingkop) => buildNodeId('Leerling', school, bron, bronId),
    inschrijvingen: async (leerling: Leerlingkop, _args, { lezing }, info) =>
      leerling.inschrijvingen ?? await lezing.load(info, leerling, async (leerlingen) => await listInschrijvingenVan(lezing.ctx, leerlingen))
  },
  Absentie: {
    leerlinggegevens: async ({ school, bron, leerling }: { school: string, bron: string, leerling: string }, _args, { lezing }, info) =>
      await lezing.load(info, { school, bron, bronId: leerling }, async (sleutels) => await listLeerlingenVan(lezing.ctx, sleutels))
  },
  Signaal: {
    leerlinggegevens: async ({ school, leerling }: { school: string, leerling: { bron: string, bronId: string } }, _args, { lezing }, info) =>
      await lezing.load(info, { school, ...leerling }, async (sleutels) => await listLeerlingenVan(lezing.ctx, sleutels))
  }
} satisfies Resolvers

async function loadLeerlingen (lezing: Lezing, info: GraphQLResolveInfo, plaats: Leerlingenplaats, args: Argumenten): Promise<Connection<Leerlingkop>> {
  return await lezing.load(info, plaats, async (plaatsen) => {
    const { first, after } = parseArguments(Leerlingenvraag, args)
    const lists = await listLeerlingenPer(lezing.ctx, plaatsen, { na: after === undefined ? undefined : decodeCursor(after, Leerlingpositie), first })
    return lists.map((leerlingen) => cutConnection(leerlingen, { first, after }, ({ bron, bronId }) => [bron, bronId]))
  })
}
