// npm run aanval [-- schools [first]]: tells what a thousand invented schools published, and how much of what was hidden a reader gets back.
import { parsePeriode } from '../../src/domain/datum.ts'
import { buildProjectie, buildPublicatie, OCW as OCW_PROJECTIE, ONDERDRUKT, type Leveringtabel, type Projectie, type Regel } from '../../src/domain/levering.ts'
import { gemeenteprojectie, verbandprojectie } from '../../src/domain/ontvanger.ts'
import type { Cel } from '../../src/domain/aggregaat.ts'
import { announceTabel, type Publicatie } from '../../src/domain/publicatie.ts'
import { gemeente, Lezer, OCW, VERBAND, type Vorm } from './lezer.ts'
import { countCellen, countGemeente, makeSchool, type School, type Uitgave } from './scholen.ts'
import { findSmal } from './vergelijkingen.ts'

export interface Uitslag {
  readonly seed: number
  readonly tabellen: number
  readonly gevoelig: number
  /** What the leveringen themselves said could be found. */
  readonly vindbaar: number
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

/** Publishes all a school publishes, each levering against those before it, and has it read. */
export function attackSchool (seed: number, { breedte = 2, los = false }: { readonly breedte?: number, /** Every levering as if it were the only one. */ readonly los?: boolean } = {}): Uitslag {
  const school = makeSchool(seed)
  const lesdagen = new Set(school.lesdagen)
  const lezer = new Lezer(school)
  const eerdere: Publicatie[] = []
  const gehad = new Set<string>()
  const nut = new Map<string, { alle: number, getoond: number }>()
  const duur: number[] = []
  let vindbaar = 0
  for (const uitgave of school.uitgaven) {
    const komt = los ? [] : listKomend(school, uitgave, gehad)
    if (uitgave.ontvanger === 'ocw') gehad.add(uitgave.periode)
    const bouwers = listBouwers(school, uitgave)
    for (const [index, { build }] of bouwers.entries()) {
      // The other gemeenten of this periode get theirs too.
      const anderen = los ? [] : bouwers.slice(index + 1).map(({ komend }) => announceTabel(komend()))
      const begin = performance.now()
      const { vorm, tabel } = build(los ? [] : [...komt, ...anderen, ...eerdere], (datum) => lesdagen.has(datum))
      duur.push(performance.now() - begin)
      eerdere.push(tabel.publicatie)
      vindbaar = Math.max(vindbaar, tabel.toets.vindbaar)
      lezer.read({ uitgave, vorm, regels: tabel.regels })
      countNut(nut, `${uitgave.ontvanger} ${parsePeriode(uitgave.periode)!.soort}`, vorm, tabel)
    }
  }
  const doelen = lezer.finish()
  const gevonden = findSmal(lezer.kennis, doelen.map(({ plek }) => plek), breedte)
  const lekken = gevonden.filter(({ lo, hi }) => Math.floor(hi + 1e-6) - Math.ceil(lo - 1e-6) < 1)
  return { seed, tabellen: eerdere.length, gevoelig: doelen.length, vindbaar, lekken: lekken.map(({ plek, lo, hi }) => `${doelen.find((doel) => doel.plek === plek)!.naam} in ${lo} - ${hi}`), smal: gevonden.length, nut, duur }
}

interface Bouwer {
  readonly build: (eerdere: readonly Publicatie[], isLesdag: (datum: string) => boolean) => Gemaakt
  /** The exact figures, before any of them is told. */
  readonly komend: () => Publicatie
}

function bouwer<Feit extends Cel, R extends Regel> (vorm: Vorm, projectie: Projectie<Feit, R>, uitgave: Uitgave, feiten: readonly Feit[]): Bouwer {
  const kop = { school: '99AA', periode: uitgave.periode, ...grenzenVan(uitgave) }
  return {
    build: (eerdere, isLesdag) => ({ vorm, tabel: buildProjectie(projectie, kop, feiten, eerdere, isLesdag) as Leveringtabel<Regel> }),
    komend: () => buildPublicatie(projectie, kop, feiten, new Set())
  }
}

function listBouwers (school: School, uitgave: Uitgave): Bouwer[] {
  if (uitgave.ontvanger === 'ocw') return [bouwer(OCW, OCW_PROJECTIE, uitgave, countCellen(school, uitgave))]
  if (uitgave.ontvanger === 'samenwerkingsverband') return [bouwer(VERBAND, verbandprojectie('PO2202'), uitgave, countCellen(school, uitgave).map((cel) => ({ ...cel, sector: 'po' as const, langdurig: 0 })))]
  const codes = [...new Set(school.standen[uitgave.stand]!.map((leerling) => leerling.gemeente))].sort()
  return codes.map((code) => bouwer(gemeente(code), gemeenteprojectie(code), uitgave, countGemeente(school, uitgave, code)))
}

/** Perioden that are over and not told yet, and will be. */
function listKomend (school: School, uitgave: Uitgave, gehad: ReadonlySet<string>): Publicatie[] {
  return school.gepland.filter((periode) => periode !== uitgave.periode && !gehad.has(periode) && parsePeriode(periode)!.tot <= uitgave.peildatum).map((periode) => {
    const komend = { ...uitgave, periode }
    return announceTabel(buildPublicatie(OCW_PROJECTIE, grenzenVan(komend), countCellen(school, komend), new Set()))
  })
}

function grenzenVan ({ periode, peildatum }: Uitgave): { readonly van: string, readonly totEnMet: string } {
  const { van, tot } = parsePeriode(periode)!
  return { van, totEnMet: tot < peildatum ? tot : peildatum }
}

function countNut (nut: Map<string, { alle: number, getoond: number }>, soort: string, { maten }: Vorm, { regels }: Leveringtabel<Regel>): void {
  const eigen = nut.get(soort) ?? { alle: 0, getoond: 0 }
  nut.set(soort, eigen)
  for (const regel of regels) {
    for (const maat of Object.keys(maten)) {
      eigen.alle++
      if (regel[maat === 'urenGemist' ? 'percentageGemist' : maat] !== ONDERDRUKT) eigen.getoond++
    }
  }
}

export interface Samenvatting { readonly scholen: number, readonly tabellen: number, readonly cellen: number, readonly gevoelig: number, readonly aangekondigd: number, readonly smal: number, readonly lekken: readonly string[], readonly nut: readonly string[], readonly duur: string }

export function summarize (uitslagen: readonly Uitslag[]): Samenvatting {
  const tel = (count: (uitslag: Uitslag) => number): number => uitslagen.reduce((som, uitslag) => som + count(uitslag), 0)
  const soorten = [...new Set(uitslagen.flatMap(({ nut }) => [...nut.keys()]))].sort()
  const nut = soorten.map((soort) => {
    const [alle, getoond] = [tel((uitslag) => uitslag.nut.get(soort)?.alle ?? 0), tel((uitslag) => uitslag.nut.get(soort)?.getoond ?? 0)]
    return `${soort}: ${(getoond / alle * 100).toFixed(1)} % of ${alle}`
  })
  const duur = uitslagen.flatMap((uitslag) => uitslag.duur).sort((a, b) => a - b)
  const deel = (q: number): string => `${(duur[Math.floor((duur.length - 1) * q)] ?? 0).toFixed(0)} ms`
  return {
    scholen: uitslagen.length,
    tabellen: tel(({ tabellen }) => tabellen),
    cellen: tel((uitslag) => [...uitslag.nut.values()].reduce((som, { alle }) => som + alle, 0)),
    gevoelig: tel(({ gevoelig }) => gevoelig),
    aangekondigd: uitslagen.filter(({ vindbaar }) => vindbaar > 0).length,
    smal: tel(({ smal }) => smal),
    lekken: uitslagen.flatMap(({ seed, vindbaar, lekken }) => lekken.map((lek) => `school ${seed}${vindbaar > 0 ? ' (announced)' : ''}: ${lek}`)),
    nut,
    duur: `median ${deel(0.5)}, 95 % ${deel(0.95)}, 99 % ${deel(0.99)}, most ${deel(1)}`
  }
}

if (import.meta.main) {
  const [aantal = 1000, eerste = 1] = process.argv.slice(2).map(Number)
  const uitslagen: Uitslag[] = []
  for (let seed = eerste; seed < eerste + aantal; seed++) uitslagen.push(attackSchool(seed))
  const samenvatting = summarize(uitslagen)
  console.log(samenvatting)
  process.exitCode = samenvatting.lekken.length > 0 ? 1 : 0
}
