import { createRequire } from 'node:module'

/** node:http, for who needs a value of it: an `import` reads each of its exports, one of which loads undici, and that is 0.1 s of every start. */
export const http = createRequire(import.meta.url)('node:http') as typeof import('node:http')
