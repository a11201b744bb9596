import { z } from 'zod'
import { CATEGORIEEN } from '../domain/absentie.ts'
import { toEnumName } from '../graphql/enum-name.ts'
import { parseArguments } from '../graphql/connection.ts'
import { Periodeveld, type Statistiekcel } from './contract.ts'
import { listStatistiekenPerLeerling, listStatistiekenVanSchool, type Leerlingcijfers } from './loaders.ts'
import { listStatistieken } from './service.ts'
import type { Resolvers } from '../graphql/resolver.ts'
import type { Leerlingsleutel, School } from '../leerlingen/loaders.ts'

const Vraag = z.strictObject({ periode: Periodeveld })

export const statistiekResolvers = {
  School: {
    statistieken: async ({ brin }: School, args, { lezing }) => await listStatistiekenVanSchool(lezing.ctx, brin, parseArguments(Vraag, args).periode)
  },
  Vestiging: {
    statistieken: async ({ vestiging }: { vestiging: string }, args, { lezing }, info) => await lezing.load(info, vestiging, async (vestigingen) =>
      await listStatistieken(lezing.ctx, { vestigingen, periode: parseArguments(Vraag, args).periode }))
  },
  Leerling: {
    statistieken: async (leerling: Leerlingsleutel, args, { lezing }, info) => await lezing.load(info, leerling, async (leerlingen) =>
      await listStatistiekenPerLeerling(lezing.ctx, leerlingen, parseArguments(Vraag, args).periode))
  },
  // GraphQL has no maps: each key becomes a field of its entry.
  Statistiekcel: {
    categorieen: ({ categorieen }: Statistiekcel) => CATEGORIEEN.map((categorie) => ({ categorie: toEnumName(categorie), ...categorieen[categorie] })),
    signalen: ({ signalen }: Statistiekcel) => Object.entries(signalen).map(([regel, aantal]) => ({ regel, aantal }))
  },
  Leerlingstatistiek: {
    categorieen: ({ categorieen }: Leerlingcijfers) => CATEGORIEEN.map((categorie) => ({ categorie: toEnumName(categorie), ...categorieen[categorie] }))
  }
} satisfies Resolvers
