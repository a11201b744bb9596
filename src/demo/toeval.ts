/** A seeded stream of numbers (mulberry32): the same seed and stream give the same numbers on every machine. */
export class Toeval {
  #state: number

  constructor (seed: number, stream = 0) {
    this.#state = Math.imul(seed ^ Math.imul(stream + 1, 0x9e3779b1), 0x85ebca6b)
  }

  /** From 0 up to 1. */
  next (): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  happens (chance: number): boolean {
    return this.next() < chance
  }

  /** A whole number, both ends inclusive. */
  between (low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  pick<T> (options: readonly T[]): T {
    return options[Math.floor(this.next() * options.length)] as T
  }

  /** Log-normal with mean 1: most below it, a few far above. */
  skewed (sigma: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next())
    return Math.exp(sigma * normal - sigma * sigma / 2)
  }
}
