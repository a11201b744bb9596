import { AppError } from '../../errors.ts'
import { dagnummer, isDatum, schooljaar as schooljaarVan, type Datum } from '../../domain/datum.ts'
import { findStam } from '../../leerlingen/stam.ts'
import { reject, type Duiding, type Importrecord, type Indeling, type Lezer } from '../indeling.ts'
import type { Kalender } from '../../domain/kalender.ts'

/**
 * EduArte's two interchange files (no header), as its own reader takes them: absentiemeldingen (9 columns) and waarnemingen (10). Source: Topicus
 * `tribe-krd-opensource`, AbsentiemeldingenImportFile and KRDWaarnemingenImportFile (Apache-2.0). What the layout cannot say:
 * that an earlier row no longer holds. A range that became shorter leaves its old days; withdraw those over REST.
 */
export const eduarte: Indeling = {
  naam: 'eduarte',
  omschrijving: 'EduArte absentiemeldingen of waarnemingen, zonder kopregel',
  levert: 'absenties',
  kop: false,
  perSchool: true,
  opties: { redenen: 'vertaling van redencodes, zoals Z=ZK,SP=SPIJ; een code zonder vertaling blijft zoals zij is, X= maakt haar onverklaard' },
  open: async (ctx, { school, vestiging = `${school}00`, gewijzigdOp, peildatum, opties }) => {
    if (school === undefined) throw new AppError('invoer-ongeldig', 'Geef --school met één BRIN: de rijen zelf noemen geen school.')
    const stam = await ctx.transaction(async (tx) => await findStam(ctx, tx, school))
    const kalender = stam?.vestigingen.get(vestiging)?.kalender
    if (kalender === undefined) throw new AppError('stamgegevens-onbekend', `Vestiging ${vestiging} is hier niet bekend; lever eerst de vestigingen, of geef --vestiging.`)
    return makeLezer({ school, vestiging, kalender, gewijzigdOp, peildatum, redenen: parseRedenen(opties.redenen) })
  }
}

export interface Eduartegegevens {
  readonly school: string
  readonly vestiging: string
  readonly kalender: Kalender
  readonly gewijzigdOp: string
  /** An absentiemelding without einddatum runs to this day. */
  readonly peildatum: Datum
  readonly redenen: ReadonlyMap<string, string>
}

type Rijsoort = 'melding' | 'waarneming'

const [LEERLING, BEGINDATUM, BEGINTIJD, EINDDATUM, EINDTIJD, BEGINLESUUR, EINDLESUUR, REDEN, NEGENDE, AFGEHANDELD] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const BREEDTE: Readonly<Record<Rijsoort, number>> = { melding: 9, waarneming: 10 }
const NAAM: Readonly<Record<Rijsoort, string>> = { melding: 'absentiemeldingen', waarneming: 'waarnemingen' }
// REGEL, CODE and REDEN, when the file is one of rejected rows.
const AFWIJSKOLOMMEN = 3
// A schooljaar; longer is a slip in the year, and would be thousands of records.
const MEESTE_DAGEN = 366

/** One school's file. The first row that can only be one of the two kinds decides for all: a waarneming that lost a column looks like a melding. */
export function makeLezer (gegevens: Eduartegegevens): Lezer {
  let bestandssoort: Rijsoort | undefined
  const tellingen = { opmerkingen: 0, dagenWeggelaten: 0, lesurenOverDagen: 0, zonderEinde: 0, waarnemingen: 0 }
  const zonderVakanties = new Set<string>()

  const parseRij = (velden: readonly string[]): Duiding => {
    const soort = bestandssoort ??= findSoort(velden)
    if (hasOpmerking(velden, soort)) tellingen.opmerkingen++
    if (soort === undefined) return reject('indeling-onbekend', `Deze rij heeft ${velden.length} kolommen en is geen absentiemelding (9) en geen waarneming (10).`)
    if (!past(velden, soort)) return reject('aantal-kolommen', `Deze rij heeft ${velden.length} kolommen; ${NAAM[soort]} hebben er ${BREEDTE[soort]}.`)
    if (soort === 'waarneming') {
      const waarneming = velden[NEGENDE]!.trim().toLowerCase()
      if (!WAARNEMINGEN.has(waarneming)) return reject('soort-onbekend', 'De soort waarneming is Aanwezig, Afwezig of Nvt.')
      if (waarneming !== 'afwezig') return { uitkomst: 'overgeslagen', reden: `waarneming ${waarneming === 'nvt' ? 'Nvt' : 'Aanwezig'} is geen absentie` }
      tellingen.waarnemingen++
    }
    return parseAfwezig(velden, soort)
  }

  const parseAfwezig = (velden: readonly string[], soort: Rijsoort): Duiding => {
    const leerling = velden[LEERLING]!.trim()
    if (!/^[A-Za-z0-9][A-Za-z0-9._~-]{0,31}$/.test(leerling)) return reject('leerlingnummer', 'Het leerlingnummer ontbreekt of heeft andere tekens dan letters en cijfers.')
    const periode = parsePeriode(velden, soort, gegevens.peildatum)
    if ('uitkomst' in periode) return periode
    const duur = parseDuur(velden, periode)
    if ('uitkomst' in duur) return duur

    const dagen = gegevens.kalender.lesdagen(periode.van, periode.tot)
    if (dagen.length === 0) {
      const waarom = gegevens.kalender.reden(periode.van)
      return reject('geen-lesdag', `Volgens de kalender van ${gegevens.vestiging} is er in deze periode geen lesdag (${waarom}).`)
    }
    tellingen.dagenWeggelaten += periode.dagen - dagen.length
    if (duur.lesuren !== undefined && periode.dagen > 1) tellingen.lesurenOverDagen++
    if (periode.open) tellingen.zonderEinde++
    const schooljaren = new Set([dagen[0]!, dagen.at(-1)!].map(schooljaarVan))
    for (const jaar of schooljaren) if (gegevens.kalender.bron(jaar) === 'feestdagen') zonderVakanties.add(jaar)
    return { uitkomst: 'records', records: dagen.map((datum) => makeRecord(gegevens, { soort, leerling, datum, reden: soort === 'melding' ? velden[REDEN]!.trim() : '', duur })) }
  }

  return {
    parseRij,
    keepVelden: (velden) => keepVelden(velden, bestandssoort),
    listOpmerkingen: () => [
      ...describe('opmerkingen weggelaten', tellingen.opmerkingen, 'vrije tekst komt niet in het register, en ook niet in het bestand met afgewezen rijen'),
      ...describe('dagen weggelaten', tellingen.dagenWeggelaten, 'geen lesdag volgens de kalender'),
      ...describe('lesuren over meer dagen', tellingen.lesurenOverDagen, 'op iedere lesdag vastgelegd'),
      ...describe('zonder einddatum', tellingen.zonderEinde, `vastgelegd tot en met ${gegevens.peildatum}`),
      ...describe('waarnemingen zonder reden', tellingen.waarnemingen, 'een lesuur dat ook als absentiemelding binnenkomt telt dubbel: lees één van beide soorten'),
      ...[...zonderVakanties].sort().map((jaar) => `vakanties van ${jaar} zijn hier niet bekend en tellen als lesdagen; lever een kalender`)
    ]
  }
}

function describe (wat: string, aantal: number, toelichting: string): string[] {
  return aantal > 0 ? [`${wat}: ${aantal} (${toelichting})`] : []
}

const WAARNEMINGEN: ReadonlySet<string> = new Set(['aanwezig', 'afwezig', 'nvt'])

function past (velden: readonly string[], soort: Rijsoort): boolean {
  return velden.length === BREEDTE[soort] || velden.length === BREEDTE[soort] + AFWIJSKOLOMMEN
}

function findSoort (velden: readonly string[]): Rijsoort | undefined {
  const isWaarneming = WAARNEMINGEN.has(velden[NEGENDE]?.trim().toLowerCase() ?? '')
  if (past(velden, 'waarneming')) return isWaarneming && /^[JN]$/i.test(velden[AFGEHANDELD]!.trim()) ? 'waarneming' : undefined
  return past(velden, 'melding') && !isWaarneming ? 'melding' : undefined
}

/** From the ninth column on a row may hold free text, unless it is a whole waarneming. */
function keepVelden (velden: readonly string[], soort: Rijsoort | undefined): readonly string[] {
  if (soort === 'waarneming') return past(velden, soort) ? velden.slice(0, BREEDTE.waarneming) : pad(velden.slice(0, NEGENDE), BREEDTE.waarneming)
  return pad(velden.slice(0, NEGENDE), BREEDTE.melding)
}

function pad (velden: readonly string[], breedte: number): readonly string[] {
  return [...velden, ...Array.from({ length: breedte - velden.length }, () => '')]
}

function hasOpmerking (velden: readonly string[], soort: Rijsoort | undefined): boolean {
  if (soort === 'waarneming') return false
  const tot = past(velden, 'melding') ? BREEDTE.melding : velden.length
  return velden.slice(NEGENDE, tot).some((veld) => veld.trim() !== '')
}

interface Rijperiode { readonly van: Datum, readonly tot: Datum, readonly dagen: number, readonly open: boolean }

function parsePeriode (velden: readonly string[], soort: Rijsoort, peildatum: Datum): Rijperiode | ReturnType<typeof reject> {
  const van = parseDag(velden[BEGINDATUM]!)
  if (van === undefined) return reject('begindatum', 'De begindatum is geen bestaande dag als JJJJMMDD.')
  const open = velden[EINDDATUM]!.trim() === ''
  if (open && soort === 'waarneming') return reject('einddatum', 'De einddatum van een waarneming ontbreekt.')
  // With lesuren a row is one day; EduArte's own reader lets the einddatum be empty then too.
  const metLesuren = velden[BEGINLESUUR]!.trim() !== ''
  const tot = open ? (metLesuren || peildatum < van ? van : peildatum) : parseDag(velden[EINDDATUM]!)
  if (tot === undefined) return reject('einddatum', 'De einddatum is geen bestaande dag als JJJJMMDD.')
  if (tot < van) return reject('einddatum', 'De einddatum ligt voor de begindatum.')
  const dagen = dagnummer(tot) - dagnummer(van) + 1
  if (dagen > MEESTE_DAGEN) return reject('periode-te-lang', `Deze periode is langer dan ${MEESTE_DAGEN} dagen; splits de rij.`)
  return { van, tot, dagen, open: open && !metLesuren }
}

function parseDag (veld: string): Datum | undefined {
  const deel = /^(\d{4})(\d{2})(\d{2})$/.exec(veld.trim())
  if (deel === null) return undefined
  const datum = `${deel[1]}-${deel[2]}-${deel[3]}`
  return isDatum(datum) ? datum : undefined
}

/** How long a row lasts on each of its days, and the place in the day that is part of its key. */
interface Duur { readonly lesuren?: readonly number[], readonly minuten?: number, readonly plek: string }

/** Lesuren before clock times before the whole day. EduArte keeps a whole day as 00:00 to 23:59. */
function parseDuur (velden: readonly string[], periode: Rijperiode): Duur | ReturnType<typeof reject> {
  const [begin, eind] = [velden[BEGINLESUUR]!.trim(), velden[EINDLESUUR]!.trim()]
  if (begin !== '' || eind !== '') return parseLesuren(begin, eind)

  const [begintijd, eindtijd] = [parseTijd(velden[BEGINTIJD]!), parseTijd(velden[EINDTIJD]!)]
  if (begintijd === 'fout' || eindtijd === 'fout') return reject('tijd', 'De begintijd of eindtijd is geen tijd als UUMM.')
  if ((begintijd ?? 0) === 0 && (eindtijd ?? 24 * 60) >= 24 * 60 - 1) return { plek: 'dag' }
  if (periode.dagen > 1) return reject('tijden-over-dagen', 'Hoeveel lestijd van de eerste en laatste dag is gemist blijkt niet uit deze tijden; splits de rij per dag of geef lesuren.')
  if (begintijd === undefined || eindtijd === undefined) return reject('tijd', 'Begintijd en eindtijd horen bij elkaar; een van beide ontbreekt.')
  if (eindtijd <= begintijd) return reject('tijd', 'De eindtijd ligt niet na de begintijd.')
  return { minuten: eindtijd - begintijd, plek: `t${String(Math.floor(begintijd / 60)).padStart(2, '0')}${String(begintijd % 60).padStart(2, '0')}` }
}

function parseLesuren (begin: string, eind: string): Duur | ReturnType<typeof reject> {
  if (!/^\d{1,2}$/.test(begin) || !/^\d{1,2}$/.test(eind)) return reject('lesuren', 'Beginlesuur en eindlesuur zijn allebei een getal, of allebei leeg.')
  const [eerste, laatste] = [Number(begin), Number(eind)]
  if (eerste < 1 || laatste < eerste) return reject('lesuren', 'Het eindlesuur ligt voor het beginlesuur, of het beginlesuur is 0.')
  return { lesuren: Array.from({ length: laatste - eerste + 1 }, (_, i) => eerste + i), plek: String(eerste) }
}

/** Minutes since midnight; spreadsheets drop the first zero of 0900. Undefined when empty; 2400 is the end of the day. */
function parseTijd (veld: string): number | undefined | 'fout' {
  if (veld.trim() === '') return undefined
  const deel = /^(\d{1,2}):?(\d{2})$/.exec(veld.trim())
  if (deel === null || Number(deel[2]) > 59) return 'fout'
  const minuten = Number(deel[1]) * 60 + Number(deel[2])
  return minuten <= 24 * 60 ? minuten : 'fout'
}

interface Dagregel { readonly soort: Rijsoort, readonly leerling: string, readonly datum: Datum, readonly reden: string, readonly duur: Duur }

/** The key is the place in the day, not what is said of it: another reden for the same lesuur changes the absentie. */
function makeRecord ({ school, vestiging, gewijzigdOp, redenen }: Eduartegegevens, { soort, leerling, datum, reden, duur }: Dagregel): Importrecord {
  const { plek, ...duurvelden } = duur
  return {
    bronId: `eduarte:${leerling}:${datum}:${soort}:${plek}`,
    school,
    vestiging,
    leerling,
    datum,
    soort: 'afwezig',
    reden: (redenen.get(reden) ?? reden) || null,
    ...duurvelden,
    gewijzigdOp
  }
}

/** 'Z=ZK,SP=SPIJ' as a map. */
export function parseRedenen (tekst: string | undefined): ReadonlyMap<string, string> {
  const paren = (tekst ?? '').split(',').map((paar) => paar.trim()).filter((paar) => paar !== '').map((paar) => paar.split('='))
  if (paren.some(({ length, 0: van }) => length !== 2 || van!.trim() === '')) throw new AppError('invoer-ongeldig', '--redenen is een lijst als Z=ZK,SP=SPIJ.')
  return new Map(paren.map(([van, naar]) => [van!.trim(), naar!.trim()]))
}
