import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isBrin } from '../domain/identificatie.ts'
import { tijdstip } from '../domain/datum.ts'
import { syncFolder } from '../duo/bestanden.ts'
import { assert } from '../errors.ts'
import { buildBericht, NAMESPACES } from './vsv.ts'
import { formatXml, XmlFout } from './xml.ts'
import type { Logger } from 'pino'
import type { Kanaal, Kanaalantwoord, Statuswijziging, Uitzending } from '../domain/duobericht.ts'

const Statusantwoord = z.strictObject({
  meldingsnummer: z.string().regex(/^L?[0-9]{1,20}$/, 'is een meldingsnummer'),
  status: z.enum(['R', 'B', 'G', 'K', 'I']),
  mutatieOp: z.iso.datetime({ offset: true }),
  reden: z.literal('V').nullable().default(null)
})
const Antwoordbestand = z.union([z.array(Statusantwoord), Statusantwoord.transform((een) => [een])])
const Manifest = z.object({ meldingsnummer: z.string(), mutatieOp: z.string() })

export interface Mapopties { readonly map: string, readonly now: () => Date, readonly log: Logger }

/**
 * For a school without a connection: each message a folder with the message as JSON and XML and a manifest, there whole or not at all, on the disk
 * before it is answered; the same kenmerk is the same folder. People, or another system, put statuses in `antwoorden`. The files hold the number
 * of the leerling: only the user of the service may read them.
 */
export function makeMap ({ map, now, log }: Mapopties): Kanaal {
  return {
    naam: 'map',

    async verzend (uitzending) {
      try {
        return await place(map, uitzending, tijdstip(now()))
      } catch (error) {
        if (error instanceof XmlFout) return { uitslag: 'geweigerd', code: 'XML', omschrijving: `Niet geschreven: ${error.message}.` }
        const { code } = error as NodeJS.ErrnoException
        if (code === undefined) throw error
        return { uitslag: 'mislukt', omschrijving: `de map is niet te beschrijven: ${code}` }
      }
    },

    /** Every answer that lies there, each time: whoever applies them finds most of them done. */
    async peil (school, sinds) {
      const wijzigingen = (await readAntwoorden(join(map, school, 'antwoorden'), log)).toSorted((a, b) => Date.parse(a.mutatieOp) - Date.parse(b.mutatieOp))
      return { wijzigingen, tot: wijzigingen.at(-1)?.mutatieOp ?? sinds ?? tijdstip(now()) }
    }
  }
}

async function place (map: string, { school, operatie, kenmerk, volgnummer, bericht }: Uitzending, mutatieOp: string): Promise<Kanaalantwoord> {
  assert(isBrin(school) && /^[\w-]+$/.test(kenmerk), 'what names a folder is no path')
  const naam = `${String(volgnummer).padStart(8, '0')}-${kenmerk}`
  const doel = join(map, school, naam)
  const eerder = await readManifest(doel)
  if (eerder !== undefined) return { uitslag: 'aangenomen', ...eerder }

  // L: a number of here, which can be told from one of DUO.
  const meldingsnummer = bericht.meldingsnummer ?? `L${volgnummer}`
  const bestanden = [
    ['bericht.json', `${JSON.stringify({ operatie, kenmerk, ...bericht }, null, 2)}\n`],
    ['bericht.xml', formatXml(buildBericht(operatie, bericht), NAMESPACES)]
  ] as const
  const manifest = { kenmerk, school, volgnummer, operatie, meldingsnummer, mutatieOp, bestanden: bestanden.map(([bestand, inhoud]) => ({ bestand, bytes: Buffer.byteLength(inhoud), sha256: createHash('sha256').update(inhoud).digest('hex') })) }

  const tijdelijk = join(map, school, `.${naam}.tijdelijk`)
  await mkdir(join(map, school), { recursive: true, mode: 0o700 })
  await rm(tijdelijk, { recursive: true, force: true }) // of an attempt that was cut off
  await mkdir(tijdelijk, { mode: 0o700 })
  for (const [bestand, inhoud] of [...bestanden, ['manifest.json', `${JSON.stringify(manifest, null, 2)}\n`] as const]) {
    await writeFile(join(tijdelijk, bestand), inhoud, { mode: 0o600, flush: true })
  }
  await syncFolder(tijdelijk)
  await rename(tijdelijk, doel)
  // A name survives a power cut once its folder is on the disk.
  for (const folder of [join(map, school), map]) await syncFolder(folder)
  return { uitslag: 'aangenomen', meldingsnummer, mutatieOp }
}

async function readManifest (doel: string): Promise<z.infer<typeof Manifest> | undefined> {
  try {
    return Manifest.parse(JSON.parse(await readFile(join(doel, 'manifest.json'), 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A file that cannot be read gets a neighbour `….fout.txt` that says why, until it can; the others count. */
async function readAntwoorden (folder: string, log: Logger): Promise<Statuswijziging[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const wijzigingen: Statuswijziging[] = []
  let onleesbaar = 0
  for (const naam of (await readdir(folder)).filter((each) => each.endsWith('.json') && !each.startsWith('.')).toSorted()) {
    const fout = join(folder, `${naam}.fout.txt`)
    const gelezen = parseAntwoord(await readFile(join(folder, naam), 'utf8'))
    if (typeof gelezen === 'string') {
      onleesbaar++
      await writeFile(fout, `${gelezen}\n`, { mode: 0o600 })
    } else {
      wijzigingen.push(...gelezen)
      await rm(fout, { force: true })
    }
  }
  if (onleesbaar > 0) log.warn({ bestanden: onleesbaar }, 'status files that cannot be read; a .fout.txt beside each says why')
  return wijzigingen
}

/** What is in it, or in Dutch what is wrong with it. */
function parseAntwoord (tekst: string): Statuswijziging[] | string {
  let waarde: unknown
  try {
    waarde = JSON.parse(tekst)
  } catch {
    return 'Dit is geen geldige JSON.'
  }
  const parsed = Antwoordbestand.safeParse(waarde)
  return parsed.success ? parsed.data : 'Verwacht: {"meldingsnummer": "…", "status": "R|B|G|K|I", "mutatieOp": "2026-10-01T09:00:00+02:00", "reden": null of "V"}, of een lijst daarvan.'
}
