import { AppError } from '../../errors.ts'
import { REGIOS, type Regio } from '../../domain/kalender.ts'
import { SECTOREN, type Sector } from '../../domain/sector.ts'
import { reject, type Duiding, type Indeling, type Leesopdracht, type Lezer } from '../indeling.ts'
import { findVakantieregio, VAKANTIEREGIO_PEILDATUM } from '../vakantieregio.ts'

/** The names a column has had: DUO says instellingscode and vestigingscode since RIO. */
const KOLOMMEN = {
  brin: ['BRIN NUMMER', 'INSTELLINGSCODE'],
  vestiging: ['VESTIGINGSNUMMER', 'VESTIGINGSCODE'],
  naam: ['VESTIGINGSNAAM'],
  gemeentecode: ['GEMEENTENUMMER'],
  provincie: ['PROVINCIE'],
  plaats: ['PLAATSNAAM']
} as const
type Kolom = keyof typeof KOLOMMEN

/** DUO, "Alle vestigingen" of a sector (open data): a header, `;`, columns found by name. */
export const duoVestigingen: Indeling = {
  naam: 'duo-vestigingen',
  omschrijving: 'Vestigingenlijst van DUO (open data), met kopregel',
  levert: 'vestigingen',
  kop: true,
  perSchool: false,
  opties: {
    sector: `sector van alle vestigingen in het bestand: ${SECTOREN.join(', ')} (standaard po)`,
    regio: `vakantieregio van alle vestigingen: ${REGIOS.join(', ')} (standaard afgeleid uit provincie en gemeente)`
  },
  open: async (_ctx, opdracht) => makeLezer(opdracht)
}

export function makeLezer ({ kop, opties, scholen }: Pick<Leesopdracht, 'kop' | 'opties' | 'scholen'>): Lezer {
  const sector = choose('sector', opties.sector ?? 'po', SECTOREN) satisfies Sector
  const vasteRegio: Regio | undefined = opties.regio === undefined ? undefined : choose('regio', opties.regio, REGIOS)
  const plekken = findKolommen(kop, vasteRegio === undefined)
  const get = (velden: readonly string[], kolom: Kolom): string => velden[plekken.get(kolom) ?? -1]?.trim() ?? ''
  let afgeleid = 0
  const gedeeld = new Map<string, number>()

  const parseRij = (velden: readonly string[]): Duiding => {
    if (velden.length !== kop.length) return reject('aantal-kolommen', `Deze rij heeft ${velden.length} kolommen; de kopregel heeft er ${kop.length}.`)
    const brin = get(velden, 'brin')
    if (scholen !== '*' && !scholen.includes(brin)) return { uitkomst: 'overgeslagen', reden: 'school valt buiten --school' }
    const vestiging = get(velden, 'vestiging')
    if (!vestiging.startsWith(brin)) return reject('vestiging-past-niet', 'De vestiging begint niet met het BRIN-nummer van deze rij.')

    const gemeentecode = get(velden, 'gemeentecode')
    const gevonden = vasteRegio === undefined ? findVakantieregio(get(velden, 'provincie'), gemeentecode, get(velden, 'plaats')) : { regio: vasteRegio, gedeeld: false }
    if (gevonden === undefined) return reject('provincie-onbekend', 'Uit deze provincie is geen vakantieregio af te leiden; geef --regio.')
    if (vasteRegio === undefined) afgeleid++
    if (gevonden.gedeeld) gedeeld.set(gemeentecode, (gedeeld.get(gemeentecode) ?? 0) + 1)
    return { uitkomst: 'records', records: [{ vestiging, naam: get(velden, 'naam'), sector, regio: gevonden.regio, gemeentecode }] }
  }

  return {
    parseRij,
    keepVelden: (velden) => velden,
    listOpmerkingen: () => [
      ...(afgeleid > 0 ? [`vakantieregio afgeleid: ${afgeleid} (uit provincie en gemeente, indeling van ${VAKANTIEREGIO_PEILDATUM}); controleer haar waar een school afwijkt`] : []),
      ...(gedeeld.size > 0 ? [`gemeente in twee vakantieregio's, de plaatsnaam besliste: ${[...gedeeld].map(([code, aantal]) => `${code} (${aantal})`).join(', ')}; controleer deze`] : [])
    ]
  }
}

function choose<T extends string> (optie: string, waarde: string, uit: readonly T[]): T {
  const gekozen = uit.find((een) => een === waarde)
  if (gekozen === undefined) throw new AppError('invoer-ongeldig', `--${optie} is een van: ${uit.join(', ')}.`)
  return gekozen
}

function findKolommen (kop: readonly string[], metProvincie: boolean): ReadonlyMap<Kolom, number> {
  const namen = kop.map((naam) => naam.trim().toUpperCase())
  const plekken = new Map<Kolom, number>()
  for (const [kolom, mogelijk] of Object.entries(KOLOMMEN) as Array<[Kolom, readonly string[]]>) {
    const plek = namen.findIndex((naam) => mogelijk.includes(naam))
    if (plek >= 0) plekken.set(kolom, plek)
  }
  const nodig: Kolom[] = ['brin', 'vestiging', 'naam', 'gemeentecode', ...(metProvincie ? ['provincie' as const] : [])]
  const mist = nodig.filter((kolom) => !plekken.has(kolom))
  if (mist.length > 0) throw new AppError('invoer-ongeldig', `De kopregel mist: ${mist.map((kolom) => KOLOMMEN[kolom].join(' of ')).join(', ')}.`)
  return plekken
}
