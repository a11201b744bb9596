import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { TERMIJNNAMEN, VERGETELHEIDSGRONDEN } from '../domain/bewaartermijn.ts'
import { isBrin } from '../domain/identificatie.ts'
import { syncFolder } from '../duo/bestanden.ts'
import { assert } from '../errors.ts'
import type { Sleutels } from '../db/sleutels.ts'

const Hex = z.string().regex(/^([0-9a-f]{2})+$/)
const nummer = z.int().min(0)
const op = z.iso.datetime()

const Begin = z.strictObject({ soort: z.literal('begin'), nummer, op, school: z.string(), vorige: z.string() })
const Voornemen = z.strictObject({
  soort: z.literal('voornemen'),
  nummer,
  op,
  school: z.string(),
  /** Its receipt, and what that hashes to. */
  vernietiging: z.string(),
  sha256: z.string(),
  wat: z.enum(['leerlingen', 'dossiers', 'logsleutels']),
  termijn: z.object({ naam: z.enum(TERMIJNNAMEN), versie: z.string(), grens: z.iso.date().nullable() }).nullable(),
  grond: z.enum(VERGETELHEIDSGRONDEN).nullable(),
  /** Pseudonym, and the last day of what was destroyed. */
  leerlingen: z.array(z.tuple([Hex, z.iso.date()])),
  logsleutels: z.array(z.int())
})
const Merk = z.strictObject({ soort: z.enum(['gedaan', 'ongedaan']), nummer, op, school: z.string() })
const Inhoud = z.discriminatedUnion('soort', [Begin, Voornemen, Merk])
type Inhoud = z.output<typeof Inhoud>

/** What is to be destroyed, on the disk before it is. */
export type Voornemen = z.output<typeof Voornemen>

/** What the register says of one school. */
export interface Wisstand {
  /** Voornemens up to this one are not in it any more. */
  readonly begin: number
  /** Of the last voornemen; `begin` when there is none. */
  readonly einde: number
  /** In order, without those that were called off. */
  readonly voornemens: readonly Voornemen[]
  /** The last one, when nothing says yet whether it was carried out: its process died. */
  readonly open: Voornemen | undefined
  /** Where the chain is broken: what follows is not believed. */
  readonly breuk: string | null
}

interface Gelezen extends Wisstand { readonly regels: ReadonlyArray<{ readonly inhoud: Inhoud, readonly keten: string }>, readonly keten: string, /** Bytes of whole lines. */ readonly bytes: number, readonly bestaat: boolean }

/**
 * What was destroyed, outside the database and its backups: a file a school, each line chained to the one before by a key that lies in neither.
 * It names nobody: a restored row is recognised by its pseudonym. Whoever writes holds the lock of the school (`lockWisregister`).
 */
export class Wisregister {
  readonly #map: string
  readonly #sleutels: Sleutels
  readonly #now: () => Date
  readonly #dagen: number

  /** `dagen`: a backup that is older is never put back, so what was destroyed before need not be known any more. */
  constructor ({ map, dagen }: { readonly map: string, readonly dagen: number }, sleutels: Sleutels, now: () => Date) {
    this.#map = map
    this.#sleutels = sleutels
    this.#now = now
    this.#dagen = dagen
  }

  async listScholen (): Promise<string[]> {
    try {
      return (await readdir(this.#map)).flatMap((naam) => naam.endsWith('.jsonl') && isBrin(naam.slice(0, -6)) ? [naam.slice(0, -6)] : []).sort()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  async read (school: string): Promise<Wisstand> {
    return await this.#read(school)
  }

  /** Lays a voornemen down; on the disk when this returns. Answers its number. `before`: from then on it may be there, whatever is thrown. */
  async intend (voornemen: Omit<Voornemen, 'soort' | 'nummer' | 'op'>, before: () => void): Promise<number> {
    const gelezen = await this.#readWhole(voornemen.school)
    assert(gelezen.open === undefined, 'what was intended before is settled first')
    const volgende = gelezen.einde + 1
    before()
    await this.#append(gelezen, { soort: 'voornemen', nummer: volgende, op: this.#now().toISOString(), ...voornemen })
    return volgende
  }

  /** Says of the open voornemen of a school what became of it. */
  async settle (school: string, uitkomst: 'gedaan' | 'ongedaan'): Promise<void> {
    const gelezen = await this.#readWhole(school)
    assert(gelezen.open, 'there is something to settle')
    await this.#append(gelezen, { soort: uitkomst, nummer: gelezen.open.nummer, op: this.#now().toISOString(), school })
  }

  /** Leaves out what was settled longer ago than any backup that may be put back. */
  async shorten (school: string): Promise<void> {
    const { regels, bestaat, open } = await this.#readWhole(school)
    if (!bestaat || open !== undefined) return
    const grens = new Date(this.#now().getTime() - this.#dagen * 86_400_000).toISOString()
    const weg = regels.findLastIndex(({ inhoud }) => inhoud.soort !== 'voornemen' && inhoud.soort !== 'begin' && inhoud.op < grens)
    if (weg < 0) return
    const { begin, voornemens } = summarise(regels.slice(0, weg + 1))
    await this.#replace(school, voornemens.at(-1)?.nummer ?? begin, regels[weg]!.keten, regels.slice(weg + 1).map(({ inhoud, keten }) => ({ ...inhoud, keten })))
  }

  /** Begins the register of a school anew after a number: it was lost, and nothing before can be destroyed again by it. */
  async restart (school: string, nummer: number): Promise<void> {
    await this.#replace(school, nummer, '', [])
  }

  async #replace (school: string, nummer: number, vorige: string, regels: readonly object[]): Promise<void> {
    const begin = this.#sign('', { soort: 'begin', nummer, op: this.#now().toISOString(), school, vorige })
    const tijdelijk = join(this.#map, `.${school}.tijdelijk`)
    await this.#makeFolder()
    await rm(tijdelijk, { force: true })
    await writeDurable(tijdelijk, 'w', [begin, ...regels].map((regel) => `${JSON.stringify(regel)}\n`).join(''))
    await rename(tijdelijk, this.#pathOf(school))
    await syncFolder(this.#map)
  }

  async #append ({ keten, bytes, bestaat }: Gelezen, inhoud: Voornemen | z.output<typeof Merk>): Promise<void> {
    const { school } = inhoud
    if (!bestaat) {
      await this.restart(school, 0)
      return await this.#append(await this.#readWhole(school), inhoud)
    }
    // What a crash left half written was never acted on.
    const handle = await open(this.#pathOf(school), 'r+')
    try {
      await handle.truncate(bytes)
      await handle.write(`${JSON.stringify(this.#sign(keten, inhoud))}\n`, bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  #sign (vorige: string, inhoud: Inhoud): Inhoud & { keten: string } {
    // Its fields in the order of its shape, whoever made it.
    const regel = Inhoud.parse(inhoud)
    return { ...regel, keten: this.#sleutels.signWisregel(JSON.stringify([vorige, regel])).toString('hex') }
  }

  async #readWhole (school: string): Promise<Gelezen> {
    const gelezen = await this.#read(school)
    if (gelezen.breuk !== null) throw new Error(`The wisregister of ${school} is broken: ${gelezen.breuk}`)
    return gelezen
  }

  async #read (school: string): Promise<Gelezen> {
    const text = await this.#readText(school)
    const bytes = Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1))
    const regels: Array<{ inhoud: Inhoud, keten: string }> = []
    let vorige = ''
    let breuk: string | null = null
    for (const [at, line] of text.split('\n').slice(0, -1).entries()) {
      const regel = parseLine(line)
      const inhoud = regel?.inhoud
      const past = inhoud !== undefined && inhoud.school === school && (inhoud.soort === 'begin') === (at === 0) && this.#sign(vorige, inhoud).keten === regel!.keten
      if (!past) {
        breuk = `regel ${at + 1} past niet op wat eraan voorafgaat`
        break
      }
      regels.push(regel!)
      // What was left out by `shorten` is stood in for by the mark of its last line.
      vorige = inhoud.soort === 'begin' && inhoud.vorige !== '' ? inhoud.vorige : regel!.keten
    }
    return { ...summarise(regels), regels, keten: vorige, bytes, bestaat: regels.length > 0, breuk }
  }

  async #readText (school: string): Promise<string> {
    try {
      return await readFile(this.#pathOf(school), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    }
  }

  async #makeFolder (): Promise<void> {
    await mkdir(this.#map, { recursive: true, mode: 0o700 })
  }

  #pathOf (school: string): string {
    assert(isBrin(school), 'what names a file is a BRIN')
    return join(this.#map, `${school}.jsonl`)
  }
}

function summarise (regels: ReadonlyArray<{ readonly inhoud: Inhoud }>): Omit<Wisstand, 'breuk'> {
  const merken = new Map(regels.flatMap(({ inhoud }) => inhoud.soort === 'gedaan' || inhoud.soort === 'ongedaan' ? [[inhoud.nummer, inhoud.soort] as const] : []))
  const alle = regels.flatMap(({ inhoud }) => inhoud.soort === 'voornemen' ? [inhoud] : [])
  const begin = regels[0]?.inhoud.nummer ?? 0
  const laatste = alle.at(-1)
  return {
    begin,
    einde: laatste?.nummer ?? begin,
    voornemens: alle.filter((voornemen) => merken.get(voornemen.nummer) !== 'ongedaan'),
    open: laatste !== undefined && !merken.has(laatste.nummer) ? laatste : undefined
  }
}

/** Undefined: no line of ours. */
function parseLine (line: string): { inhoud: Inhoud, keten: string } | undefined {
  let value: unknown
  try { value = JSON.parse(line) } catch { return undefined } // said by what the caller does with it
  const { keten, ...rest } = typeof value === 'object' && value !== null ? value as Record<string, unknown> : {}
  const parsed = Inhoud.safeParse(rest)
  return parsed.success && typeof keten === 'string' ? { inhoud: parsed.data, keten } : undefined
}

async function writeDurable (path: string, flags: string, inhoud: string): Promise<void> {
  const handle = await open(path, flags, 0o600)
  try {
    await handle.writeFile(inhoud)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
