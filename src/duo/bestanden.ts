import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'csv-stringify/sync'

/** CSV in the habits of DUO: semicolon, CRLF, quotes only where a value needs them, no byte order mark. */
export function formatCsv (rijen: readonly string[][]): string {
  return stringify([...rijen], { delimiter: ';', record_delimiter: '\r\n' })
}

export function formatJson (value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

export function sha256 (text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export interface Bestand { readonly naam: string, readonly inhoud: string }

/** Files that are on the disk, under names nobody looks for yet. */
export interface Klaargezet {
  /** Gives them their names, the last one last: whoever sees it sees the others. */
  readonly publish: () => Promise<void>
  readonly discard: () => Promise<void>
}

/** Writes files and makes sure they are on the disk; a failure leaves none behind. */
export async function stageBestanden (folder: string, bestanden: readonly Bestand[]): Promise<Klaargezet> {
  const tijdelijk = (naam: string): string => join(folder, `.${naam}.tijdelijk`)
  const discard = async (): Promise<void> => { for (const { naam } of bestanden) await rm(tijdelijk(naam), { force: true }) }
  try {
    await mkdir(folder, { recursive: true })
    for (const { naam, inhoud } of bestanden) await writeDurable(tijdelijk(naam), inhoud)
  } catch (error) {
    await discard()
    throw error
  }
  return {
    discard,
    publish: async () => {
      for (const { naam } of bestanden) await rename(tijdelijk(naam), join(folder, naam))
      await syncFolder(folder)
    }
  }
}

async function writeDurable (path: string, inhoud: string): Promise<void> {
  const handle = await open(path, 'w')
  try {
    await handle.writeFile(inhoud)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A rename survives a power cut once its folder is on the disk. */
export async function syncFolder (folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
