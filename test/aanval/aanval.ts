// npm run aanval [-- --scholen 1000 --eerste 1]: what a thousand invented schools published, how much of it was shown, and how much of what was
// hidden a reader gets back. Exits 1 when that is anything.
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { parsePeriode } from '../../src/domain/datum.ts'
import { buildProjectie, buildPublicatie, OCW as OCW_PROJECTIE, ONDERDRUKT, type Leveringtabel, type Projectie, type Regel } from '../../src/domain/levering.ts'
import { gemeenteprojectie, verbandprojectie } from '../../src/domain/ontvanger.ts'
import type { Cel } from '../../src/domain/aggregaat.ts'
import { announceTabel, type Publicatie, type Tabelcijfer } from '../../src/domain/publicatie.ts'
import { gemeente, Lezer, OCW, VERBAND, type Vorm } from './lezer.ts'
import { countCellen, countGemeente, makeSchool, type School, type Uitgave } from './scholen.ts'
import { findSmal } from './vergelijkingen.ts'

export interface Uitslag {
  readonly seed: number
  readonly tabellen: number
  readonly gevoelig: number
  /** What the leveringen themselves said could be found before. */
  readonly vindbaar: number
  /** Leveringen that could tell nothing. */
  readonly achtergehouden: number
  /** What the reader found: one value left. */
  readonly lekken: readonly string[]
  /** Hidden, and fewer than five values left. */
  readonly smal: number
  /** Per ontvanger and kind of periode, figures in all and shown. */
  readonly nut: ReadonlyMap<string, { readonly alle: number, readonly getoond: number }>
  /** Milliseconds of each levering. */
  readonly duur: readonly number[]
}

interface Gemaakt { readonly vorm: Vorm, readonly tabel: Leveringtabel<Regel> }

/** A protection that is switched off, in the publications of the test alone. */
export interface Sabotage {
  /** Which earlier leveringen a new one is held against. */
  readonly kent?: (eerder: Uitgave, nu: Uitgave) => boolean
  /** What is shown of what was hidden. */
  readonly toont?: (cijfer: Tabelcijfer) => boolean
}

/** Publishes all a school publishes, each levering against those before it, and has it read. */
export function attackSchool (seed: number, { breedte = 2, kent = () => true, toont }: { readonly breedte?: number } & Sabotage = {}): Uitslag {
  const school = makeSchool(seed)
  const lesdagen = new Set(school.lesdagen)
  const lezer = new Lezer(school)
  const eerdere: Array<{ readonly uitgave: Uitgave, readonly publicatie: Publicatie }> = []
  const nut = new Map<string, { alle: number, getoond: number }>()
  const duur: number[] = []
  let vindbaar = 0
  let achtergehouden = 0
  for (const uitgave of school.uitgaven) {
    const bouwers = listBouwers(school, uitgave)
    for (const [index, { build }] of bouwers.entries()) {
      // The other gemeenten of this periode get theirs too.
      const anderen = kent(uitgave, uitgave) ? bouwers.slice(index + 1).map(({ announce }) => announce()) : []
      const bekend = eerdere.filter((eerder) => kent(eerder.uitgave, uitgave)).map(({ publicatie }) => publicatie)
      const begin = process.threadCpuUsage()
      const { vorm, tabel } = build([...bekend, ...anderen], (datum) => lesdagen.has(datum))
      duur.push(cpuSince(begin))
      eerdere.push({ uitgave, publicatie: tabel.publicatie })
      vindbaar = Math.max(vindbaar, tabel.toets.vindbaar)
      if (tabel.toets.achtergehouden) achtergehouden++
      else lezer.read({ uitgave, vorm, regels: toont === undefined ? tabel.regels : showMore(tabel, toont) })
      countNut(nut, `${uitgave.ontvanger} ${parsePeriode(uitgave.periode)!.soort}`, vorm, tabel)
    }
  }
  const doelen = lezer.finish()
  const gevonden = findSmal(lezer.kennis, doelen.map(({ plek }) => plek), breedte)
  const lekken = gevonden.filter(({ lo, hi }) => Math.floor(hi + 1e-6) - Math.ceil(lo - 1e-6) < 1)
  return { seed, tabellen: eerdere.length, gevoelig: doelen.length, vindbaar, achtergehouden, lekken: lekken.map(({ plek, lo, hi }) => `${doelen.find((doel) => doel.plek === plek)!.naam} in ${lo} - ${hi}`), smal: gevonden.length, nut, duur }
}

interface Bouwer { readonly build: (eerdere: readonly Publicatie[], isLesdag: (datum: string) => boolean) => Gemaakt, readonly announce: () => Publicatie }

function bouwer<Feit extends Cel, R extends Regel> (vorm: Vorm, projectie: Projectie<Feit, R>, uitgave: Uitgave, feiten: readonly Feit[]): Bouwer {
  const kop = { school: '99AA', periode: uitgave.periode, ...grenzenVan(uitgave) }
  return {
    build: (eerdere, isLesdag) => ({ vorm, tabel: buildProjectie(projectie, kop, feiten, eerdere, isLesdag) as Leveringtabel<Regel> }),
    announce: () => announceTabel(buildPublicatie(projectie, kop, feiten, { onderdrukt: new Set() }))
  }
}

function listBouwers (school: School, uitgave: Uitgave): Bouwer[] {
  if (uitgave.ontvanger === 'ocw') return [bouwer(OCW, OCW_PROJECTIE, uitgave, countCellen(school, uitgave))]
  if (uitgave.ontvanger === 'samenwerkingsverband') return [bouwer(VERBAND, verbandprojectie('PO2202', true), uitgave, countCellen(school, uitgave).map((cel) => ({ ...cel, sector: 'po' as const, langdurig: 0 })))]
  const codes = [...new Set(school.standen[uitgave.stand]!.map((leerling) => leerling.gemeente))].sort()
  return codes.map((code) => bouwer(gemeente(code), gemeenteprojectie(code), uitgave, countGemeente(school, uitgave, code)))
}

/** The lines of a levering with more shown than there was. */
function showMore ({ regels, publicatie }: Leveringtabel<Regel>, toont: (cijfer: Tabelcijfer) => boolean): Regel[] {
  const extra = new Map(publicatie.cijfers.filter((cijfer) => cijfer.zicht === 'te-kiezen' && publicatie.onderdrukt.has(cijfer.sleutel) && toont(cijfer)).map(({ sleutel, waarde }) => [sleutel.slice(sleutel.indexOf(' ') + 1), waarde]))
  const kolommen = [...new Set([...extra.keys()].map((sleutel) => sleutel.slice(sleutel.lastIndexOf('/') + 1)))]
  return regels.map((regel) => ({
    ...regel,
    ...Object.fromEntries(kolommen.flatMap((kolom) => {
      const waarde = extra.get(`${regel.vestiging ?? ''}/${regel.leerjaar ?? ''}/${kolom}`)
      return waarde === undefined ? [] : [[kolom === 'urenGemist' ? 'percentageGemist' : kolom, waarde]]
    }))
  } as Regel))
}

/** Milliseconds of this thread: not of whoever else uses the machine. */
function cpuSince (begin: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(begin)
  return (user + system) / 1000
}

function grenzenVan ({ periode, peildatum }: Uitgave): { readonly van: string, readonly totEnMet: string } {
  const { van, tot } = parsePeriode(periode)!
  return { van, totEnMet: tot < peildatum ? tot : peildatum }
}

function countNut (nut: Map<string, { alle: number, getoond: number }>, soort: string, { maten }: Vorm, { regels, publicatie }: Leveringtabel<Regel>): void {
  const eigen = nut.get(soort) ?? { alle: 0, getoond: 0 }
  nut.set(soort, eigen)
  eigen.alle += publicatie.cijfers.filter(({ zicht }) => zicht === 'te-kiezen').length
  for (const regel of regels) {
    for (const maat of Object.keys(maten)) {
      if (regel[maat === 'urenGemist' ? 'percentageGemist' : maat] !== ONDERDRUKT) eigen.getoond++
    }
  }
}

export interface Samenvatting { readonly scholen: number, readonly tabellen: number, readonly achtergehouden: number, readonly cellen: number, readonly gevoelig: number, readonly vindbaar: number, readonly smal: number, readonly lekken: readonly string[], readonly getoond: string, readonly nut: readonly string[], readonly duur: string }

export function summarize (uitslagen: readonly Uitslag[]): Samenvatting {
  const tel = (count: (uitslag: Uitslag) => number): number => uitslagen.reduce((som, uitslag) => som + count(uitslag), 0)
  const soorten = [...new Set(uitslagen.flatMap(({ nut }) => [...nut.keys()]))].sort()
  const telNut = (wat: 'alle' | 'getoond', soort?: string): number => tel(({ nut }) => [...nut].reduce((som, [eigen, aantal]) => som + (soort === undefined || soort === eigen ? aantal[wat] : 0), 0))
  const deelVan = (soort?: string): string => `${(telNut('getoond', soort) / telNut('alle', soort) * 100).toFixed(1)} % of ${telNut('alle', soort)}`
  const duur = uitslagen.flatMap((uitslag) => uitslag.duur).sort((a, b) => a - b)
  const deel = (q: number): string => `${(duur[Math.floor((duur.length - 1) * q)] ?? 0).toFixed(0)} ms`
  return {
    scholen: uitslagen.length,
    tabellen: tel(({ tabellen }) => tabellen),
    achtergehouden: tel(({ achtergehouden }) => achtergehouden),
    cellen: telNut('alle'),
    gevoelig: tel(({ gevoelig }) => gevoelig),
    vindbaar: tel(({ vindbaar }) => vindbaar),
    smal: tel(({ smal }) => smal),
    lekken: uitslagen.flatMap(({ seed, lekken }) => lekken.map((lek) => `school ${seed}: ${lek}`)),
    getoond: deelVan(),
    nut: soorten.map((soort) => `${soort}: ${deelVan(soort)}`),
    duur: `median ${deel(0.5)}, 95 % ${deel(0.95)}, 99 % ${deel(0.99)}, most ${deel(1)}`
  }
}

/** The schools one after the other, in as many threads as there are cores. */
async function attackSchools (eerste: number, aantal: number): Promise<Uitslag[]> {
  const uitslagen: Uitslag[] = []
  let volgende = eerste
  await Promise.all(Array.from({ length: availableParallelism() }, async () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: 'aanval' })
    for (let seed = volgende++; seed < eerste + aantal; seed = volgende++) {
      worker.postMessage(seed)
      const [uitslag] = await once(worker, 'message') as [Uitslag]
      uitslagen.push(uitslag)
    }
    await worker.terminate()
  }))
  return uitslagen.sort((a, b) => a.seed - b.seed)
}

if (!isMainThread && workerData === 'aanval') parentPort!.on('message', (seed: number) => { parentPort!.postMessage(attackSchool(seed)) })

if (isMainThread && import.meta.main) {
  const { values } = parseArgs({ options: { scholen: { type: 'string', default: '1000' }, eerste: { type: 'string', default: '1' } } })
  const begin = performance.now()
  const samenvatting = summarize(await attackSchools(Number(values.eerste), Number(values.scholen)))
  console.log({ ...samenvatting, seconden: Math.round((performance.now() - begin) / 1000) })
  process.exitCode = samenvatting.lekken.length + samenvatting.vindbaar > 0 ? 1 : 0
}
