import { stat } from 'node:fs/promises'
import { pushAbsenties } from '../absenties/service.ts'
import { beleidOp, classify, type Beleid } from '../domain/beleid.ts'
import { vandaag } from '../domain/datum.ts'
import { AppError, assert } from '../errors.ts'
import { pushLeerlingen, pushVestigingen } from '../leerlingen/service.ts'
import { findStam } from '../leerlingen/stam.ts'
import { AFWIJSKOP, Afwijzingen, CODERINGEN, readRijen, type Afwijzing, type Codering, type Rij } from './csv.ts'
import { duoVestigingen } from './indelingen/duo-vestigingen.ts'
import { eduarte } from './indelingen/eduarte.ts'
import type { Ctx } from '../context.ts'
import type { Duiding, Importrecord, Indeling, Lezer } from './indeling.ts'

/** Every layout that can be read. */
export const INDELINGEN: readonly Indeling[] = [eduarte, duoVestigingen]

/** Options of every indeling. */
export const ALGEMENE_OPTIES: Readonly<Record<string, string>> = {
  codering: `${CODERINGEN.join(' of ')} (standaard utf-8)`,
  'gewijzigd-op': 'moment waarvoor dit bestand geldt, zoals 2026-09-15T08:00:00+02:00 (standaard de wijzigingstijd van het bestand); een later bestand vervangt een eerder'
}

/** What became of a row. Of the results of its records the first in this order counts: a row has landed only when all of it has. */
export const RIJUITKOMSTEN = ['afgewezen', 'inWacht', 'verouderd', 'nieuw', 'gewijzigd', 'ingetrokken', 'ongewijzigd', 'overgeslagen'] as const
export type Rijuitkomst = typeof RIJUITKOMSTEN[number]
type Recorduitkomst = Exclude<Rijuitkomst, 'overgeslagen'>

export interface Importopdracht {
  readonly indeling: string
  readonly bestand: string
  /** The one school of the file; an indeling whose rows name their school needs none. */
  readonly school?: string
  readonly vestiging?: string
  readonly proef: boolean
  /** Default: the file with `.afgewezen.csv` behind it; a number is added when that exists. */
  readonly afgewezenBestand?: string
  readonly opties?: Readonly<Record<string, string>>
  /** Gets each line of the report, and progress while a large file is read. */
  readonly melden: (regel: string) => void
}

export interface Importverslag {
  readonly gelezen: number
  /** Sums to `gelezen`. */
  readonly rijen: Readonly<Record<Rijuitkomst, number>>
  readonly records: Readonly<Record<Recorduitkomst, number>>
  readonly overgeslagen: ReadonlyMap<string, number>
  /** By code of the problem. */
  readonly afgewezen: ReadonlyMap<string, number>
  /** By reden, as pushed: the beleid of its day does not know it. */
  readonly nietIngedeeld: ReadonlyMap<string, number>
  readonly opmerkingen: readonly string[]
  readonly afgewezenBestand: string | undefined
  readonly milliseconden: number
  /** 0 when every row landed, 2 when some were rejected. */
  readonly exitCode: 0 | 2
}

// Large enough to be one statement's worth, small enough to keep a lock for milliseconds only.
const BATCH_RECORDS = 1_000
// Rows without records (overgeslagen, afgewezen) are settled now and then too, so that memory does not follow the file.
const BATCH_RIJEN = 5_000
const VOORTGANG_MS = 2_000

/**
 * Reads a file row by row, pushes what the indeling makes of it through the services of the rooms, and accounts for every row. Reading the same file
 * again changes nothing. A fault of the store stops it; what was pushed before stays, so starting again is safe.
 */
export async function importeer (ctx: Ctx, opdracht: Importopdracht): Promise<Importverslag> {
  const begin = performance.now()
  const indeling = findIndeling(opdracht.indeling, opdracht.opties ?? {})
  const { size, mtime } = await stat(opdracht.bestand).catch(() => { throw new AppError('invoer-ongeldig', `${opdracht.bestand} bestaat niet of is niet te lezen.`) })
  const gewijzigdOp = parseMoment(opdracht.opties?.['gewijzigd-op'], mtime)
  const boekhouding = new Boekhouding(indeling.levert === 'absenties' ? await findBeleid(ctx, opdracht.school) : [], ctx.actor.bron)
  let gelezenBytes = 0
  let gemeldOp = ctx.now().getTime()
  const rijen = readRijen(opdracht.bestand, parseCodering(opdracht.opties?.codering), (bytes) => { gelezenBytes = bytes })

  const kop = indeling.kop ? parseKop(await rijen.next()) : { kolommen: [], afwijskolommen: 0 }
  const lezer = await indeling.open(ctx, {
    school: opdracht.school,
    scholen: ctx.actor.scholen,
    vestiging: opdracht.vestiging,
    gewijzigdOp: gewijzigdOp.toISOString(),
    peildatum: vandaag(gewijzigdOp),
    opties: opdracht.opties ?? {},
    kop: kop.kolommen
  })
  const afwijzingen = new Afwijzingen(opdracht.afgewezenBestand ?? `${opdracht.bestand}.afgewezen.csv`, kop.kolommen)
  const push = makePush(ctx, indeling, opdracht.proef)
  try {
    for await (const batch of splitBatches(rijen, lezer, kop)) {
      const resultaten = await push(batch.flatMap(({ duiding }) => duiding.uitkomst === 'records' ? duiding.records : []))
      await afwijzingen.add(boekhouding.settle(batch, resultaten, lezer))
      if (ctx.now().getTime() - gemeldOp < VOORTGANG_MS) continue
      gemeldOp = ctx.now().getTime()
      opdracht.melden(`… ${boekhouding.describeVoortgang()} (${Math.round(100 * gelezenBytes / size)} % van het bestand)`)
    }
  } catch (error) {
    if (boekhouding.gelezen > 0) opdracht.melden(`Gestopt na rij ${boekhouding.gelezen}: wat daarvoor kwam is verwerkt. Nog eens beginnen is veilig.`)
    throw error
  } finally {
    await afwijzingen.close()
  }
  const verslag = boekhouding.close(lezer.listOpmerkingen(), afwijzingen.bestand, performance.now() - begin)
  for (const regel of describeVerslag(verslag, opdracht)) opdracht.melden(regel)
  return verslag
}

function findIndeling (naam: string, opties: Readonly<Record<string, string>>): Indeling {
  const indeling = INDELINGEN.find((een) => een.naam === naam)
  if (indeling === undefined) throw new AppError('invoer-ongeldig', `Indeling ${naam} is er niet; wel: ${INDELINGEN.map((een) => een.naam).join(', ')}.`)
  const bekend = { ...ALGEMENE_OPTIES, ...indeling.opties }
  const vreemd = Object.keys(opties).filter((optie) => !Object.hasOwn(bekend, optie))
  if (vreemd.length > 0) throw new AppError('invoer-ongeldig', `Indeling ${naam} kent geen ${vreemd.map((optie) => `--${optie}`).join(', ')}; wel: ${Object.keys(bekend).map((optie) => `--${optie}`).join(', ')}.`)
  return indeling
}

function parseMoment (tekst: string | undefined, mtime: Date): Date {
  if (tekst === undefined) return mtime
  const moment = new Date(tekst)
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(tekst) || Number.isNaN(moment.getTime())) {
    throw new AppError('invoer-ongeldig', '--gewijzigd-op is een tijdstip met tijdzone, zoals 2026-09-15T08:00:00+02:00.')
  }
  return moment
}

function parseCodering (tekst: string = 'utf-8'): Codering {
  const codering = CODERINGEN.find((een) => een === tekst)
  if (codering === undefined) throw new AppError('invoer-ongeldig', `--codering is een van: ${CODERINGEN.join(', ')}.`)
  return codering
}

interface Kop { readonly kolommen: readonly string[], readonly afwijskolommen: number }

/** The header, without the columns that a file of rejected rows has more. */
function parseKop ({ value }: IteratorResult<Rij, unknown>): Kop {
  if (value === undefined) throw new AppError('invoer-ongeldig', 'Het bestand is leeg: er is geen kopregel.')
  const { velden } = value as Rij
  const afwijskolommen = AFWIJSKOP.every((naam, i) => velden.at(i - AFWIJSKOP.length)?.trim() === naam) ? AFWIJSKOP.length : 0
  return { kolommen: velden.slice(0, velden.length - afwijskolommen), afwijskolommen }
}

async function findBeleid (ctx: Ctx, school: string | undefined): Promise<readonly Beleid[]> {
  return school === undefined ? [] : await ctx.transaction(async (tx) => (await findStam(ctx, tx, school))?.beleid ?? [])
}

interface Resultaat { readonly resultaat: Recorduitkomst, readonly problemen?: ReadonlyArray<{ readonly code: string, readonly pointer: string, readonly detail: string }> | undefined }

/** The push of the room, all batches of an import being one aanlevering where the room knows parts. */
function makePush (ctx: Ctx, indeling: Indeling, proef: boolean): (records: readonly Importrecord[]) => Promise<readonly Resultaat[]> {
  let vorige: { aanlevering: string, deel: number } | undefined
  return async (records) => {
    if (records.length === 0) return []
    if (indeling.levert === 'vestigingen') return (await pushVestigingen(ctx, records, { proef })).resultaten
    if (indeling.levert === 'leerlingen') return (await pushLeerlingen(ctx, records, { proef })).resultaten
    const deel = (vorige?.deel ?? -1) + 1
    const { aanlevering, resultaten } = await pushAbsenties(ctx, records, { proef, deel, ...(vorige === undefined ? {} : { aanlevering: vorige.aanlevering }) })
    vorige = { aanlevering, deel }
    return resultaten
  }
}

interface GeduideRij extends Rij { readonly duiding: Duiding }

/** Groups rows so that their records fit one push; the records of a row stay together. */
async function * splitBatches (rijen: AsyncIterable<Rij>, lezer: Lezer, { kolommen, afwijskolommen }: Kop): AsyncGenerator<readonly GeduideRij[]> {
  let batch: GeduideRij[] = []
  let aantalRecords = 0
  for await (const { regel, velden: alle } of rijen) {
    const velden = afwijskolommen > 0 && alle.length === kolommen.length + afwijskolommen ? alle.slice(0, kolommen.length) : alle
    const duiding: Duiding = velden.every((veld) => veld.trim() === '') ? { uitkomst: 'overgeslagen', reden: 'lege rij' } : lezer.parseRij(velden)
    const nieuwe = duiding.uitkomst === 'records' ? duiding.records.length : 0
    if (batch.length > 0 && (aantalRecords + nieuwe > BATCH_RECORDS || batch.length === BATCH_RIJEN)) {
      yield batch
      batch = []
      aantalRecords = 0
    }
    batch.push({ regel, velden, duiding })
    aantalRecords += nieuwe
  }
  if (batch.length > 0) yield batch
}

/** Counts what happened to rows and records; keeps counts only. */
class Boekhouding {
  readonly #beleid: readonly Beleid[]
  readonly #bron: string
  readonly #rijen = Object.fromEntries(RIJUITKOMSTEN.map((uitkomst) => [uitkomst, 0])) as Record<Rijuitkomst, number>
  readonly #records = Object.fromEntries(RIJUITKOMSTEN.filter((uitkomst) => uitkomst !== 'overgeslagen').map((uitkomst) => [uitkomst, 0])) as Record<Recorduitkomst, number>
  readonly #overgeslagen = new Map<string, number>()
  readonly #afgewezen = new Map<string, number>()
  readonly #nietIngedeeld = new Map<string, number>()
  gelezen = 0

  constructor (beleid: readonly Beleid[], bron: string) {
    this.#beleid = beleid
    this.#bron = bron
  }

  /** Books a batch with the results of its records, which are in the order of its rows; gives back the rows to keep as rejected. */
  settle (batch: readonly GeduideRij[], resultaten: readonly Resultaat[], lezer: Lezer): Afwijzing[] {
    const afwijzingen: Afwijzing[] = []
    let volgende = 0
    for (const { regel, velden, duiding } of batch) {
      this.gelezen++
      if (duiding.uitkomst === 'overgeslagen') {
        this.#rijen.overgeslagen++
        add(this.#overgeslagen, duiding.reden)
        continue
      }
      const problemen: Array<{ readonly code: string, readonly detail: string }> = duiding.uitkomst === 'afgewezen' ? [duiding] : []
      let uitkomst: Rijuitkomst = duiding.uitkomst === 'afgewezen' ? 'afgewezen' : 'ongewijzigd'
      if (duiding.uitkomst === 'records') {
        const eigen = resultaten.slice(volgende, volgende += duiding.records.length)
        assert(eigen.length === duiding.records.length, 'a push answers every record')
        uitkomst = RIJUITKOMSTEN.find((een) => eigen.some(({ resultaat }) => resultaat === een))!
        problemen.push(...listProblemen(eigen))
        eigen.forEach((resultaat, i) => { this.#bookRecord(resultaat, duiding.records[i]!) })
      }
      this.#rijen[uitkomst]++
      if (uitkomst !== 'afgewezen') continue
      const code = problemen[0]?.code ?? 'afgewezen'
      add(this.#afgewezen, code)
      afwijzingen.push({ regel, velden: lezer.keepVelden(velden), code, detail: problemen.map(({ detail }) => detail).join(' ') })
    }
    assert(volgende === resultaten.length, 'every result belongs to a row')
    return afwijzingen
  }

  #bookRecord ({ resultaat }: Resultaat, { datum, reden }: Importrecord): void {
    this.#records[resultaat]++
    if (resultaat === 'afgewezen' || typeof datum !== 'string' || typeof reden !== 'string') return
    if (classify(beleidOp(this.#beleid, datum), reden, this.#bron, datum) === 'niet-ingedeeld') add(this.#nietIngedeeld, reden)
  }

  describeVoortgang (): string {
    const { afgewezen, overgeslagen } = this.#rijen
    return `${format(this.gelezen)} rijen gelezen, ${format(this.gelezen - afgewezen - overgeslagen)} verwerkt, ${format(overgeslagen)} overgeslagen, ${format(afgewezen)} afgewezen`
  }

  close (opmerkingen: readonly string[], afgewezenBestand: string | undefined, milliseconden: number): Importverslag {
    assert(Object.values(this.#rijen).reduce((som, aantal) => som + aantal, 0) === this.gelezen, 'every row that was read has an outcome')
    return {
      gelezen: this.gelezen,
      rijen: this.#rijen,
      records: this.#records,
      overgeslagen: this.#overgeslagen,
      afgewezen: this.#afgewezen,
      nietIngedeeld: this.#nietIngedeeld,
      opmerkingen,
      afgewezenBestand,
      milliseconden,
      exitCode: this.#rijen.afgewezen > 0 ? 2 : 0
    }
  }
}

/** The problems of a row once each: its days often share them. A pointer names a field of the record, never its value. */
function listProblemen (resultaten: readonly Resultaat[]): Array<{ code: string, detail: string }> {
  const uniek = new Map<string, { code: string, detail: string }>()
  for (const { code, pointer, detail } of resultaten.flatMap(({ problemen }) => problemen ?? [])) {
    const veld = pointer.replace(/^\//, '').replaceAll('/', '.')
    uniek.set(`${code} ${veld} ${detail}`, { code, detail: veld === '' ? detail : `${veld}: ${detail}` })
  }
  return [...uniek.values()]
}

function add (tellingen: Map<string, number>, sleutel: string): void {
  tellingen.set(sleutel, (tellingen.get(sleutel) ?? 0) + 1)
}

const getallen = new Intl.NumberFormat('nl-NL')

function format (getal: number): string {
  return getallen.format(getal)
}

const list = (tellingen: ReadonlyMap<string, number>): string => [...tellingen].sort(([, a], [, b]) => b - a).map(([wat, aantal]) => `${wat} (${format(aantal)})`).join(', ')

/** The closing table. */
function describeVerslag (verslag: Importverslag, { indeling, proef }: Importopdracht): string[] {
  const { rijen, records } = verslag
  const aantalRecords = Object.values(records).reduce((som, aantal) => som + aantal, 0)
  const kolom = (naam: string, ...cellen: ReadonlyArray<number | string>): string =>
    `  ${naam.padEnd(14)}${cellen.map((cel) => (typeof cel === 'number' ? format(cel) : cel).padStart(12)).join('')}`.trimEnd()
  return [
    proef ? `Proef met indeling ${indeling}: er is niets vastgelegd.` : `Geïmporteerd met indeling ${indeling}.`,
    kolom('', 'rijen', 'records'),
    ...RIJUITKOMSTEN.filter((uitkomst) => rijen[uitkomst] > 0 || (uitkomst !== 'overgeslagen' && records[uitkomst] > 0))
      .map((uitkomst) => kolom(uitkomst, rijen[uitkomst], uitkomst === 'overgeslagen' ? '' : records[uitkomst])),
    kolom('gelezen', verslag.gelezen, aantalRecords),
    `  in ${(verslag.milliseconden / 1000).toFixed(1).replace('.', ',')} s`,
    ...(verslag.overgeslagen.size > 0 ? [`overgeslagen: ${list(verslag.overgeslagen)}`] : []),
    ...(verslag.nietIngedeeld.size > 0 ? [`niet ingedeeld: ${list(verslag.nietIngedeeld)}; het beleid kent deze redenen niet, vertaal ze met --redenen of neem ze op in het beleid`] : []),
    ...verslag.opmerkingen,
    ...(verslag.afgewezen.size > 0 ? [`afgewezen: ${list(verslag.afgewezen)}`, `De afgewezen rijen staan met hun reden in ${verslag.afgewezenBestand}; verbeter ze daar en importeer dat bestand.`] : [])
  ]
}
