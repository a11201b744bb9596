// Refuses a production dependency under a licence that nobody looked at: the list holds what the EUPL-1.2 can be delivered with.
import { readFileSync } from 'node:fs'

const ALLOWED = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'Python-2.0'])

/** An SPDX expression: one choice of an OR is enough, of an AND all are needed. */
function isAllowed (expression) {
  return expression.replaceAll(/[()]/g, '').split(' OR ').some((choice) => choice.split(' AND ').every((license) => ALLOWED.has(license.trim())))
}

const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
const production = Object.entries(packages).filter(([path, { dev, link }]) => path !== '' && dev !== true && link !== true)
const refused = production.filter(([, { license }]) => typeof license !== 'string' || !isAllowed(license))
for (const [path, { license = 'none' }] of refused) console.log(`${path}: ${license}`)
console.log(`${production.length} production packages, ${refused.length} under a licence that is not on the list`)
process.exitCode = production.length === 0 || refused.length > 0 ? 1 : 0
