import { parseArgs } from 'node:util'

/** One comparison, both sides measured in the same run. `ratio` is own/other in the sense that higher is better unless `doel` says `≤`. */
export interface Benchregel { readonly naam: string, readonly eigen: number, readonly vergelijking: number, readonly ratio: number, readonly doel: string, readonly eenheid: string }

/** Each bench is loaded when it is asked for; sizes are options, so that a quick look and a full measurement are the same code. */
const BENCHES: Record<string, (maat: number) => Promise<Benchregel[]>> = {
  push: async (maat) => await (await import('./push.ts')).benchPush({ rijen: 200_000 * maat }),
  regels: async () => await (await import('./regels.ts')).benchRegels(),
  proef: async (maat) => await (await import('./proef.ts')).benchProef(maat),
  nacht: async (maat) => await (await import('./nacht.ts')).benchNacht({ scholen: Math.ceil(10 * maat), leerlingen: 1_000, absenties: 20 }),
  'nacht-leveringen': async (maat) => await (await import('./nacht-leveringen.ts')).benchNachtLeveringen({ scholen: Math.ceil(500 * maat), leerlingen: 60, absenties: 20 }),
  signaal: async () => await (await import('./signaal.ts')).benchSignaal({ aantal: 80 }),
  pagina: async (maat) => await (await import('./pagina.ts')).benchPagina({ rijen: Math.ceil(2_000_000 * maat) }),
  graphql: async () => await (await import('./graphql.ts')).benchGraphql({}),
  muren: async () => await (await import('./muren.ts')).benchMuren(),
  start: async () => await (await import('./start.ts')).benchStart()
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { maat: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } } })
const unknown = positionals.filter((name) => BENCHES[name] === undefined)
const maat = Number(values.maat)
if (unknown.length > 0 || !(maat > 0)) {
  process.stderr.write(`Gebruik: npm run bench -- [${Object.keys(BENCHES).join(' ')}] [--maat 0.1|1|5] [--json]\n`)
  process.exit(2)
}

const regels: Benchregel[] = []
for (const name of positionals.length > 0 ? positionals : Object.keys(BENCHES)) {
  process.stderr.write(`${name} …\n`)
  regels.push(...await BENCHES[name]!(maat))
}
if (values.json) process.stdout.write(`${JSON.stringify(regels, null, 2)}\n`)
else for (const regel of regels) process.stdout.write(`${regel.naam.padEnd(62)} ${round(regel.eigen)} : ${round(regel.vergelijking)} ${regel.eenheid}   ratio ${round(regel.ratio)} (doel ${regel.doel})\n`)

function round (value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Math.round(value * 1000) / 1000)
}
