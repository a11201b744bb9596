// PostGraphile 5 in a process of its own, from the folder that POSTGRAPHILE names, on the store that POSTGRES describes (JSON): a bench asks it what it asks us.
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { AddressInfo } from 'node:net'

// No dependency of ours: what is used of it is described here.
interface Grafserv { readonly addTo: (server: ReturnType<typeof createServer<never, never>>) => Promise<void> }
interface Postgraphile {
  readonly postgraphile: (preset: object) => { readonly createServ: (grafserv: unknown) => Grafserv }
}

const load = createRequire(join(process.env['POSTGRAPHILE']!, 'package.json'))
const { postgraphile } = load('postgraphile') as Postgraphile
const { PostGraphileAmberPreset } = load('postgraphile/presets/amber') as { PostGraphileAmberPreset: object }
const { makePgService } = load('postgraphile/adaptors/pg') as { makePgService: (options: object) => object }
const { grafserv } = load('postgraphile/grafserv/node') as { grafserv: unknown }
const { jsonPgSmartTags } = load('postgraphile/utils') as { jsonPgSmartTags: (tags: object) => object }
const { Pool } = load('pg') as { Pool: new (config: object) => { on: (event: 'error', listener: () => void) => void } }

// As many connections as we have ourselves.
const pool = new Pool({ ...JSON.parse(process.env['POSTGRES']!) as object, max: 10 })
pool.on('error', () => {}) // the store may stop before this process
type Enumnaam = (value: string, codec: unknown) => string
const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [{
    name: 'HyphensInEnums',
    version: '0.0.0',
    inflection: { replace: { enumValue: (previous: Enumnaam, _: unknown, value: string, codec: unknown) => previous(value, codec).replaceAll('-', '_') } }
  }, jsonPgSmartTags({
    version: 1,
    config: {
      class: {
        // The relation is in no constraint, for the speed of pushes, and ingetrokken in no index of its own; PostGraphile must hear of them to offer them.
        absentie: { tags: { foreignKey: '(school, bron, leerling) references leerling (school, bron, leerling)|@foreignFieldName absenties' }, attribute: { ingetrokken: { tags: { behavior: '+attribute:filterBy' } } } }
      }
    }
  })],
  pgServices: [makePgService({ pool, schemas: ['public'] })],
  grafast: { explain: false },
  grafserv: { graphiql: false, watch: false, graphqlPath: '/graphql' }
})
const server = createServer() as ReturnType<typeof createServer<never, never>>
await instance.createServ(grafserv).addTo(server)
server.listen(0, '127.0.0.1', () => { process.stdout.write(`${(server.address() as AddressInfo).port}\n`) })
