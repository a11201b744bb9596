import { addDagen, schooljaar, weekdag, type Datum } from './datum.ts'
import type { Feit } from './absentie.ts'
import type { Feiten, Vestigingen } from './teldagen.ts'

/** What another school is told of a leerling: totals, as the OSO transfer file has them (2019.1, block verzuim), and never an absentie. */
export interface Overdrachttotalen {
  readonly schooljaren: readonly Schooljaartotaal[]
  readonly laatsteTwaalfMaanden: Twaalfmaandstotaal
}

export interface Categorietotaal {
  /** The known ones. */
  readonly minuten: number
  readonly dagen: number
  readonly registraties: number
  /** Registraties of which the minutes are not known: they are in no sum. */
  readonly zonderMinuten: number
}
export interface Schooljaartotaal { readonly schooljaar: string, readonly geoorloofd: Categorietotaal, readonly ongeoorloofd: Categorietotaal, /** Registraties of soort te-laat, of every categorie. */ readonly teLaat: number }

export interface Twaalfmaandstotaal {
  readonly van: Datum
  readonly tot: Datum
  readonly geoorloofd: Categorietotaal
  readonly ongeoorloofd: Categorietotaal
  /** Of each separate registratie that is ongeoorloofd. */
  readonly frequentieOngeoorloofd: number
  /** More than a quarter of the planned time was missed; null where the rooster or some minutes are not known. */
  readonly meerDan25Procent: boolean | null
}

/** Counts up to and including a day, from facts without what a beperking keeps from being used. Of the OSO block only what can be known here. */
export function countOverdracht (feiten: Feiten, vestigingen: Vestigingen, tot: Datum): Overdrachttotalen {
  const geteld = feiten.absenties.filter(({ datum }) => datum <= tot)
  const van = twaalfMaandenVoor(tot)
  const recent = geteld.filter(({ datum }) => datum >= van)
  return {
    schooljaren: [...Map.groupBy(geteld, ({ datum }) => schooljaar(datum))].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([jaar, eigen]) => ({ schooljaar: jaar, ...countCategorieen(eigen), teLaat: eigen.filter(({ soort }) => soort === 'te-laat').length })),
    laatsteTwaalfMaanden: {
      van,
      tot,
      ...countCategorieen(recent),
      frequentieOngeoorloofd: recent.filter(({ categorie }) => categorie === 'ongeoorloofd').length,
      meerDan25Procent: isMeerDanKwart(recent, countGepland(feiten, vestigingen, { van, tot }))
    }
  }
}

/** The first of the twelve months that end on this day. */
function twaalfMaandenVoor (tot: Datum): Datum {
  const jaarEerder = `${Number(tot.slice(0, 4)) - 1}${tot.slice(4)}`
  return addDagen(jaarEerder.endsWith('-02-29') ? `${jaarEerder.slice(0, 4)}-02-28` : jaarEerder, 1)
}

function countCategorieen (absenties: readonly Feit[]): { geoorloofd: Categorietotaal, ongeoorloofd: Categorietotaal } {
  const count = (categorie: Feit['categorie']): Categorietotaal => {
    const eigen = absenties.filter((feit) => feit.categorie === categorie)
    return {
      minuten: eigen.reduce((total, { minuten }) => total + (minuten ?? 0), 0),
      dagen: new Set(eigen.map(({ datum }) => datum)).size,
      registraties: eigen.length,
      zonderMinuten: eigen.filter(({ minuten }) => minuten === null).length
    }
  }
  return { geoorloofd: count('geoorloofd'), ongeoorloofd: count('ongeoorloofd') }
}

/** Planned minutes of these days; null where a rooster is not known. */
function countGepland ({ inschrijvingen }: Feiten, vestigingen: Vestigingen, { van, tot }: { van: Datum, tot: Datum }): number | null {
  let gepland = 0
  for (const inschrijving of inschrijvingen) {
    const kalender = vestigingen.get(inschrijving.vestiging)?.kalender
    const [begin, einde] = [inschrijving.van > van ? inschrijving.van : van, inschrijving.tot !== null && inschrijving.tot < tot ? inschrijving.tot : tot]
    if (begin > einde) continue
    if (inschrijving.rooster === null || kalender === undefined) return null
    for (const datum of kalender.lesdagen(begin, einde)) gepland += inschrijving.rooster[weekdag(datum) - 1]!
  }
  return gepland
}

function isMeerDanKwart (absenties: readonly Feit[], gepland: number | null): boolean | null {
  const verzuim = absenties.filter(({ categorie }) => categorie === 'geoorloofd' || categorie === 'ongeoorloofd')
  const gemist = verzuim.reduce((total, { minuten }) => total + (minuten ?? 0), 0)
  if (gepland === null || gepland === 0) return null
  if (gemist * 4 > gepland) return true
  return verzuim.some(({ minuten }) => minuten === null) ? null : false
}
