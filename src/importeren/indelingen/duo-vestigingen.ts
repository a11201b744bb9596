import { AppError } from '../../errors.ts'
import { REGIOS, type Regio } from '../../domain/kalender.ts'
import { SECTOREN, type Sector } from '../../domain/sector.ts'
import { listVestigingen } from '../../leerlingen/service.ts'
import { reject, type Duiding, type Indeling, type Leesopdracht, type Lezer } from '../indeling.ts'
import { findVakantieregio, VAKANTIEREGIO_PEILDATUM, type Vakantieregio } from '../vakantieregio.ts'
import type { Ctx } from '../../context.ts'
import type { Vestiging } from '../../leerlingen/contract.ts'

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
  open: async (ctx, opdracht) => makeLezer(opdracht, await listBekend(ctx))
}

/** The vestigingen in the register: some ten thousand when it is the whole country. */
async function listBekend (ctx: Ctx): Promise<ReadonlyMap<string, Vestiging>> {
  const bekend = new Map<string, Vestiging>()
  let cursor: string | undefined
  do {
    const pagina = await listVestigingen(ctx, { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) })
    for (const vestiging of pagina.vestigingen) bekend.set(vestiging.vestiging, vestiging)
    cursor = pagina.volgende ?? undefined
  } while (cursor !== undefined)
  return bekend
}

/** What the file does not say of a known vestiging stays as the school set it; its region too, which is only derived here. */
export function makeLezer ({ kop, opties, scholen }: Pick<Leesopdracht, 'kop' | 'opties' | 'scholen'>, bekend: ReadonlyMap<string, Vestiging>): Lezer {
  const sector = choose('sector', opties.sector ?? 'po', SECTOREN) satisfies Sector
  const vasteRegio: Regio | undefined = opties.regio === undefined ? undefined : choose('regio', opties.regio, REGIOS)
  const plekken = findKolommen(kop, vasteRegio === undefined)
  const get = (velden: readonly string[], kolom: Kolom): string => velden[plekken.get(kolom) ?? -1]?.trim() ?? ''
  const tellingen = { afgeleid: 0, bekend: 0 }
  const gedeeld = new Map<string, number>()

  const findRegio = (velden: readonly string[], oud: Vestiging | undefined): Vakantieregio | undefined => {
    const regio = vasteRegio ?? oud?.regio
    return regio === undefined ? findVakantieregio(get(velden, 'provincie'), get(velden, 'gemeentecode'), get(velden, 'plaats')) : { regio, gedeeld: false }
  }

  const parseRij = (velden: readonly string[]): Duiding => {
    if (velden.length !== kop.length) return reject('aantal-kolommen', `Deze rij heeft ${velden.length} kolommen; de kopregel heeft er ${kop.length}.`)
    const brin = get(velden, 'brin')
    if (scholen !== '*' && !scholen.includes(brin)) return { uitkomst: 'overgeslagen', reden: 'school valt buiten --school' }
    const vestiging = get(velden, 'vestiging')
    if (!vestiging.startsWith(brin)) return reject('vestiging-past-niet', 'De vestiging begint niet met het BRIN-nummer van deze rij.')

    const oud = bekend.get(vestiging)
    const gevonden = findRegio(velden, oud)
    if (gevonden === undefined) return reject('provincie-onbekend', 'Uit deze provincie is geen vakantieregio af te leiden; geef --regio.')
    const gemeentecode = get(velden, 'gemeentecode')
    if (oud !== undefined) tellingen.bekend++
    else if (vasteRegio === undefined) tellingen.afgeleid++
    if (gevonden.gedeeld) gedeeld.set(gemeentecode, (gedeeld.get(gemeentecode) ?? 0) + 1)
    const behouden = oud === undefined ? {} : { lesuurMinuten: oud.lesuurMinuten, ...(oud.samenwerkingsverband === null ? {} : { samenwerkingsverband: oud.samenwerkingsverband }) }
    return { uitkomst: 'records', records: [{ vestiging, naam: get(velden, 'naam'), sector, regio: gevonden.regio, gemeentecode, ...behouden }] }
  }

  return {
    parseRij,
    keepVelden: (velden) => velden,
    listOpmerkingen: () => [
      ...(tellingen.bekend > 0 ? [`al bekende vestigingen: ${tellingen.bekend} (lesuurMinuten, samenwerkingsverband${vasteRegio === undefined ? ' en vakantieregio' : ''} bleven zoals ze waren)`] : []),
      ...(tellingen.afgeleid > 0 ? [`vakantieregio afgeleid: ${tellingen.afgeleid} (uit provincie en gemeente, indeling van ${VAKANTIEREGIO_PEILDATUM}); controleer haar waar een school afwijkt`] : []),
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
