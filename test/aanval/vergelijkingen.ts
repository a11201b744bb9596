// What somebody knows who has read everything: numbers between bounds, and linear equations between them. Knows nothing of how it was hidden.
import loader from 'highs'

// Its types describe the CommonJS form, where the function is one level down; Node loads the other.
const highs = await (loader as unknown as typeof loader.default)()

export interface Getal {
  lo: number
  hi: number
  /** What it is; absent of what only the reader thinks up. Never used to find anything, only to tell what was found. */
  readonly waarheid?: number
  readonly geheel: boolean
}

/** lo <= sum of factor x number <= hi */
export interface Rij { readonly plekken: readonly number[], readonly factoren: readonly number[], readonly lo: number, readonly hi: number }

export class Kennis {
  readonly getallen: Getal[] = []
  readonly rijen: Rij[] = []

  add (getal: Getal): number {
    return this.getallen.push(getal) - 1
  }

  /** left = right + between `lo` and `hi`. */
  equate (links: readonly number[], rechts: readonly number[], lo: number, hi = lo): void {
    const factoren = new Map<number, number>()
    for (const plek of links) factoren.set(plek, (factoren.get(plek) ?? 0) + 1)
    for (const plek of rechts) factoren.set(plek, (factoren.get(plek) ?? 0) - 1)
    const echt = [...factoren].filter(([, factor]) => factor !== 0)
    this.rijen.push({ plekken: echt.map(([plek]) => plek), factoren: echt.map(([, factor]) => factor), lo, hi })
  }
}

const RUIS = 1e-6

/** Narrows every number by every equation, until nothing moves by half or for so many rounds; false when nothing fits. */
export function propagate ({ getallen, rijen }: Kennis, ronden = 40): boolean {
  const som = (rij: Rij, kant: 'lo' | 'hi', zonder: number): number => {
    let total = 0
    for (const [index, plek] of rij.plekken.entries()) {
      const factor = rij.factoren[index]!
      if (plek !== zonder) total += factor * getallen[plek]![(factor > 0) === (kant === 'lo') ? 'lo' : 'hi']
    }
    return total
  }
  for (let ronde = 0, moved = true; moved && ronde < ronden; ronde++) {
    moved = false
    for (const rij of rijen) {
      for (const [index, plek] of rij.plekken.entries()) {
        const getal = getallen[plek]!
        if (getal.lo === getal.hi) continue
        const factor = rij.factoren[index]!
        const grenzen = [(rij.lo - som(rij, 'hi', plek)) / factor, (rij.hi - som(rij, 'lo', plek)) / factor].sort((a, b) => a - b) as [number, number]
        const lo = getal.geheel ? Math.ceil(grenzen[0] - RUIS) : grenzen[0]
        const hi = getal.geheel ? Math.floor(grenzen[1] + RUIS) : grenzen[1]
        if (lo > getal.lo + RUIS) [getal.lo, moved] = [lo, moved || getal.geheel || lo > getal.lo + 0.5]
        if (hi < getal.hi - RUIS) [getal.hi, moved] = [hi, moved || getal.geheel || hi < getal.hi - 0.5]
        if (getal.lo > getal.hi) {
          if (getal.lo > getal.hi + RUIS) return false
          getal.hi = getal.lo
        }
      }
    }
  }
  return true
}

export interface Gevonden { readonly plek: number, readonly lo: number, readonly hi: number }

/** Farther from the truth than this nobody needs to look. */
const VER = 100

/** The equations among what is still open, in parts that have nothing to do with each other. */
function listDelen ({ getallen, rijen }: Kennis): Array<{ plekken: number[], rijen: Rij[] }> {
  const ouder = getallen.map((_, plek) => plek)
  const top = (plek: number): number => {
    while (ouder[plek] !== plek) plek = ouder[plek] = ouder[ouder[plek]!]!
    return plek
  }
  const isOpen = (plek: number): boolean => getallen[plek]!.hi - getallen[plek]!.lo > RUIS
  const open = rijen.filter(({ plekken }) => plekken.some(isOpen))
  for (const { plekken } of open) {
    const eigen = plekken.filter(isOpen)
    for (const plek of eigen) ouder[top(plek)] = top(eigen[0]!)
  }
  const delen = new Map<number, { plekken: number[], rijen: Rij[] }>()
  for (const plek of getallen.keys()) {
    if (!isOpen(plek)) continue
    const deel = delen.get(top(plek)) ?? { plekken: [], rijen: [] }
    delen.set(top(plek), deel)
    deel.plekken.push(plek)
  }
  for (const rij of open) delen.get(top(rij.plekken.find(isOpen)!))!.rijen.push(rij)
  return [...delen.values()]
}

/**
 * Which of these numbers have one whole value left, by linear programming after propagation. With `breedte` also those whose interval holds
 * fewer than that many values, with the interval.
 */
export function findSmal (kennis: Kennis, doelen: readonly number[], breedte = 2): Gevonden[] {
  if (!propagate(kennis)) throw new Error('what was read contradicts itself')
  const { getallen } = kennis
  const gevonden: Gevonden[] = []
  for (const { lo, hi, plek } of doelen.map((plek) => ({ ...getallen[plek]!, plek }))) if (hi - lo <= RUIS) gevonden.push({ plek, lo, hi })
  const gezocht = new Set(doelen)
  for (const deel of listDelen(kennis)) {
    const eigen = deel.plekken.filter((plek) => gezocht.has(plek))
    if (eigen.length > 0) gevonden.push(...solveDeel(kennis, deel, eigen, breedte))
  }
  return gevonden
}

interface Deel { readonly plekken: readonly number[], readonly rijen: readonly Rij[] }
type Model = ReturnType<typeof highs.createModel>

function solveDeel ({ getallen }: Kennis, deel: Deel, doelen: readonly number[], breedte: number): Gevonden[] {
  const kolom = new Map(deel.plekken.map((plek, index) => [plek, index]))
  const gezien = new Map(doelen.map((plek) => [plek, { lo: getallen[plek]!.waarheid!, hi: getallen[plek]!.waarheid! }]))
  const look = (waarden: Float64Array): void => {
    for (const [plek, bereik] of gezien) {
      const waarde = waarden[kolom.get(plek)!]!
      bereik.lo = Math.min(bereik.lo, waarde)
      bereik.hi = Math.max(bereik.hi, waarde)
    }
  }
  const isBreed = (plek: number): boolean => telWaarden(gezien.get(plek)!) >= breedte
  const model = buildModel(getallen, deel, kolom, gezocht(doelen, getallen))
  const gevonden: Gevonden[] = []
  try {
    // In a few directions at once first: what differs from the truth there has another value.
    for (const kant of [1, -1]) {
      for (const plek of doelen) model.changeColCost(kolom.get(plek)!, kant)
      look(run(model))
    }
    for (const [index, plek] of doelen.entries()) model.changeColCost(kolom.get(plek)!, index % 2 === 0 ? 1 : -1)
    look(run(model))
    for (const plek of doelen) model.changeColCost(kolom.get(plek)!, 0)
    for (const plek of doelen) {
      for (const kant of [1, -1]) {
        if (isBreed(plek)) break
        model.changeColCost(kolom.get(plek)!, kant)
        look(run(model))
        model.changeColCost(kolom.get(plek)!, 0)
      }
      if (!isBreed(plek)) gevonden.push({ plek, ...gezien.get(plek)! })
    }
  } finally {
    model.dispose()
  }
  return gevonden
}

/** Whole values between bounds. */
export function telWaarden ({ lo, hi }: { readonly lo: number, readonly hi: number }): number {
  return Math.floor(hi + RUIS) - Math.ceil(lo - RUIS) + 1
}

function gezocht (doelen: readonly number[], getallen: readonly Getal[]): (plek: number) => [lo: number, hi: number] {
  const alle = new Set(doelen)
  return (plek) => {
    const { lo, hi, waarheid } = getallen[plek]!
    return alle.has(plek) ? [Math.max(lo, waarheid! - VER), Math.min(hi, waarheid! + VER)] : [lo, hi]
  }
}

function buildModel (getallen: readonly Getal[], deel: Deel, kolom: ReadonlyMap<number, number>, grenzen: (plek: number) => [number, number]): Model {
  const starts = [0]
  const indices: number[] = []
  const values: number[] = []
  const rowLower: number[] = []
  const rowUpper: number[] = []
  for (const { plekken, factoren, lo, hi } of deel.rijen) {
    let vast = 0
    for (const [index, plek] of plekken.entries()) {
      const place = kolom.get(plek)
      if (place === undefined) vast += factoren[index]! * getallen[plek]!.lo
      else {
        indices.push(place)
        values.push(factoren[index]!)
      }
    }
    starts.push(indices.length)
    rowLower.push(lo - vast)
    rowUpper.push(hi - vast)
  }
  const bounds = deel.plekken.map(grenzen)
  const model = highs.createModel({
    numCols: deel.plekken.length,
    numRows: deel.rijen.length,
    colCost: new Float64Array(deel.plekken.length),
    colLower: bounds.map(([lo]) => lo),
    colUpper: bounds.map(([, hi]) => hi),
    rowLower,
    rowUpper,
    matrix: { format: 'csr', numRows: deel.rijen.length, numCols: deel.plekken.length, starts: Int32Array.from(starts), indices: Int32Array.from(indices), values: Float64Array.from(values) }
  })
  model.options.set({ output_flag: false })
  return model
}

/** The values of the last objective; an answer that is not optimal is no answer. */
function run (model: Model): Float64Array {
  model.run()
  if (model.getModelStatus() !== highs.constants.modelStatus.optimal) throw new Error(`the solver stopped with status ${model.getModelStatus()}`)
  return model.getSolution().colValue
}

/** Least and most of a number by the solver. */
export function intervalVan (kennis: Kennis, plek: number): { lo: number, hi: number } {
  const deel = listDelen(kennis).find(({ plekken }) => plekken.includes(plek))
  if (deel === undefined) return { lo: kennis.getallen[plek]!.lo, hi: kennis.getallen[plek]!.hi }
  const kolom = new Map(deel.plekken.map((each, index) => [each, index]))
  const model = buildModel(kennis.getallen, deel, kolom, (each) => [kennis.getallen[each]!.lo, kennis.getallen[each]!.hi])
  try {
    model.changeColCost(kolom.get(plek)!, 1)
    const lo = run(model)[kolom.get(plek)!]!
    model.changeColCost(kolom.get(plek)!, -1)
    return { lo, hi: run(model)[kolom.get(plek)!]! }
  } finally {
    model.dispose()
  }
}

/** Every value each number can have, by trying all whole ones; for a handful of numbers with bounds. */
export function enumerate ({ getallen, rijen }: Kennis): Array<Set<number>> {
  const waarden: number[] = []
  const mogelijk = getallen.map(() => new Set<number>())
  const past = ({ plekken, factoren, lo, hi }: Rij): boolean => {
    if (plekken.some((plek) => plek >= waarden.length)) return true
    const som = plekken.reduce((total, plek, index) => total + factoren[index]! * waarden[plek]!, 0)
    return som >= lo - RUIS && som <= hi + RUIS
  }
  const search = (plek: number): void => {
    if (plek === getallen.length) {
      for (const [each, set] of mogelijk.entries()) set.add(waarden[each]!)
      return
    }
    for (let waarde = getallen[plek]!.lo; waarde <= getallen[plek]!.hi; waarde++) {
      waarden.push(waarde)
      if (rijen.every((rij) => !rij.plekken.includes(plek) || past(rij))) search(plek + 1)
      waarden.pop()
    }
  }
  search(0)
  return mogelijk
}
