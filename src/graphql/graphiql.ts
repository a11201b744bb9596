import { createRequire } from 'node:module'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'

// Everything from here: the page may reach no other host.
const FILES = {
  'graphiql.css': ['graphiql', 'graphiql.min.css', 'text/css'],
  'graphiql.js': ['graphiql', 'graphiql.min.js', 'text/javascript'],
  'react.js': ['react', 'umd/react.production.min.js', 'text/javascript'],
  'react-dom.js': ['react-dom', 'umd/react-dom.production.min.js', 'text/javascript']
} as const

const PAGE = `<!DOCTYPE html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex">
<title>aanwezig: GraphiQL</title>
<link rel="stylesheet" href="/graphiql/graphiql.css">
<style>body { margin: 0 } #graphiql { height: 100vh }</style>
</head>
<body>
<div id="graphiql">Laden …</div>
<script src="/graphiql/react.js"></script>
<script src="/graphiql/react-dom.js"></script>
<script src="/graphiql/graphiql.js"></script>
<script>
ReactDOM.createRoot(document.getElementById('graphiql')).render(React.createElement(GraphiQL, {
  fetcher: GraphiQL.createFetcher({ url: '/graphql' }),
  defaultEditorToolsVisibility: 'headers',
  shouldPersistHeaders: false,
  defaultHeaders: JSON.stringify({ Authorization: 'Bearer <npm run --silent token -- --bron demo-lvs --scholen 99AA --scopes alle>' }, null, 2),
  defaultQuery: '{\\n  school(brin: "99AA") {\\n    vestigingen {\\n      edges { node { code naam sector } }\\n    }\\n  }\\n}\\n'
}))
</script>
</body>
</html>
`

/** GraphiQL at /graphiql, for development. Its files come from packages that an installation without development tools leaves out: then it is not there. */
export function registerGraphiql (server: FastifyInstance): void {
  const { resolve } = createRequire(import.meta.url)
  const paths = new Map<string, string>()
  try {
    for (const [name, [root, file]] of Object.entries(FILES)) paths.set(name, join(resolve(`${root}/package.json`), '..', file))
  } catch {
    server.log.info('graphiql is not installed, so there is no /graphiql')
    return
  }
  server.get('/graphiql', async (_request, reply) => await reply.type('text/html; charset=utf-8').send(PAGE))
  for (const [name, [, , type]] of Object.entries(FILES)) {
    server.get(`/graphiql/${name}`, async (_request, reply) => await reply.type(`${type}; charset=utf-8`).send(createReadStream(paths.get(name)!)))
  }
}
