// What a supplier's pushes survive, shown on this machine: `npm run storingen [-- naam…] [--maat 0.1]`. Prints figures; ends with 1 when anything was lost.
import { parseArgs } from 'node:util'

/** One fault: what was done, what was seen, and what must hold of it. */
export interface Storing { readonly naam: string, readonly gezien: Readonly<Record<string, string | number>>, readonly eisen: Readonly<Record<string, boolean>> }

const STORINGEN: Record<string, (maat: number) => Promise<Storing>> = {
  kill: async (maat) => await (await import('./kill.ts')).killDienst(100_000 * maat),
  opslag: async () => await (await import('./opslag.ts')).stopOpslag(),
  pool: async () => await (await import('./pool.ts')).exhaustPool(),
  schijf: async () => await (await import('./schijf.ts')).fillSchijf(),
  schrijvers: async (maat) => await (await import('./schrijvers.ts')).raceSchrijvers(Math.ceil(20 * maat)),
  stroom: async (maat) => await (await import('./stroom.ts')).streamRegels(10_000_000 * maat)
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { maat: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } } })
const maat = Number(values.maat)
if (positionals.some((name) => STORINGEN[name] === undefined) || !(maat > 0)) {
  process.stderr.write(`Gebruik: npm run storingen -- [${Object.keys(STORINGEN).join(' ')}] [--maat 0.1|1] [--json]\n`)
  process.exit(2)
}

const uitkomsten: Storing[] = []
for (const name of positionals.length > 0 ? positionals : Object.keys(STORINGEN)) {
  process.stderr.write(`${name} …\n`)
  const storing = await STORINGEN[name]!(maat)
  uitkomsten.push(storing)
  if (values.json) continue
  process.stdout.write(`${storing.naam}\n${Object.entries(storing.gezien).map(([wat, waarde]) => `  ${wat}: ${waarde}\n`).join('')}`)
  for (const [eis, gehaald] of Object.entries(storing.eisen)) process.stdout.write(`  ${gehaald ? 'ja ' : 'NEE'}  ${eis}\n`)
}
if (values.json) process.stdout.write(`${JSON.stringify(uitkomsten, null, 2)}\n`)
process.exit(uitkomsten.every(({ eisen }) => Object.values(eisen).every(Boolean)) ? 0 : 1)
