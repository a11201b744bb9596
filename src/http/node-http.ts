import { createRequire } from 'node:module'

/** node:http, for who needs a value of it: an `import` reads each of its exports, one of which loads undici: 0.1 s of a start, needed only where `fetch` is used (keys of an issuer, export of the log). */
export const http = createRequire(import.meta.url)('node:http') as typeof import('node:http')
