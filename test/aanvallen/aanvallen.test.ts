import { readFileSync } from 'node:fs'
import t from 'tap'
import { KLASSEN, startDoelwit, type Doelwit } from './doelwit.ts'
import { attackFields, attackFlows, attackFunctions, attackObjects, attackResources, attackTexts, attackUrls } from './invoer.ts'
import { attackConfiguration, attackEnumeration, attackFraming, attackInventory } from './omgeving.ts'
import { attackIssuer, attackTokens } from './tokens.ts'

const PARTS: ReadonlyArray<readonly [name: string, attack: (t: typeof import('tap').t, doelwit: Doelwit) => Promise<void>]> = [
  ['a token that is made, changed or found opens nothing', attackTokens],
  ['an issuer that answers badly opens nothing', attackIssuer],
  ['an object of another school is not there, whatever it is asked by', attackObjects],
  ['no spelling of an address and no claim replaces a right', attackFunctions],
  ['a field that nobody gave you is refused', attackFields],
  ['a text stays a text', attackTexts],
  ['what costs too much is refused, and soon', attackResources],
  ['a bron cannot turn the flows of another', attackFlows],
  ['no URL is fetched', attackUrls],
  ['nothing is open by configuration', attackConfiguration],
  ['no address is there that the contract does not know', attackInventory],
  ['what is elsewhere cannot be guessed from an answer, nor from its time', attackEnumeration],
  ['a request has one end', attackFraming]
]

t.test('hostile use, by the OWASP API Security Top 10 of 2023', { timeout: 110_000 }, async (t) => {
  const doelwit = await startDoelwit(t)
  for (const [name, attack] of PARTS) {
    await t.test(name, async (t) => {
      await attack(t as never, doelwit)
      t.strictSame(doelwit.gevolgen.splice(0), [])
    })
  }
  const lines = KLASSEN.map((klasse) => `${klasse} ${doelwit.tellingen.get(klasse) ?? 0}`)
  process.stderr.write(`aanvallen: ${lines.join(', ')}; ${[...doelwit.tellingen.values()].reduce((a, b) => a + b, 0)} in all\n`)

  const table = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').split('## Hostile use')[1]?.split('\n## ')[0] ?? ''
  for (const klasse of KLASSEN) {
    const promised = new RegExp(`^\\| ${klasse} \\|[^|]*\\| (\\d[\\d,]*)`, 'm').exec(table)?.[1]?.replaceAll(',', '')
    t.ok(Number(promised) <= (doelwit.tellingen.get(klasse) ?? 0), `${klasse}: README says ${promised ?? 'nothing'}`)
  }
})
