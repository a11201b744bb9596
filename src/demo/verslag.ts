import { formatSeconden, layTabel } from './tabel.ts'

const MARGE = 15

/** What the demo tells: a line a phase with the time it took, indented lines below it, and tables. */
export class Verslag {
  readonly #write: (text: string) => void
  #begonnen = performance.now()

  constructor (write: (text: string) => void) {
    this.#write = write
  }

  line (text = ''): void {
    this.#write(`${text}\n`)
  }

  /** Ends a phase: what it did, and the time since the one before. */
  phase (naam: string, text: string): void {
    const nu = performance.now()
    this.line(`${naam.padEnd(MARGE)}${text} (${formatSeconden(nu - this.#begonnen)})`)
    this.#begonnen = nu
  }

  /** A line of a phase that goes on. */
  detail (text: string): void {
    this.line(`${' '.repeat(MARGE)}${text}`)
  }

  kop (text: string): void {
    this.line(`\n${text}`)
  }

  tabel (koppen: readonly string[], rijen: ReadonlyArray<readonly string[]>, links = 1): void {
    for (const line of layTabel(koppen, rijen, links)) this.line(`  ${line}`)
  }
}
