import type { Rooster } from '../domain/absentie.ts'
import { addDagen, dagnummer, maand, schooljaarPeriode, verjaardag, weekdag, type Datum } from '../domain/datum.ts'
import { soortPersoonsgebondenNummer } from '../domain/identificatie.ts'
import { buildKalender, nationaleKalender, type Kalender, type Schooljaarkalender } from '../domain/kalender.ts'
import { DEMOSCHOOLJAAR, type Inschrijvingsbericht, type Leerlingbericht, type Vrijstellingsbericht } from './berichten.ts'
import { Toeval } from './toeval.ts'
import { KALENDERVESTIGING, STUDIEDAGEN, type Demovestiging } from './vestigingen.ts'

export interface Lesdag {
  readonly datum: Datum
  readonly nummer: number
  readonly weekdag: number
  /** Influenza and Mondays and Fridays; 1 on average. */
  readonly ziektefactor: number
  /** First or last lesdag beside a vakantie. */
  readonly naastVakantie: boolean
}

export interface OpenVestiging {
  readonly demo: Demovestiging
  readonly eigen: readonly Schooljaarkalender[]
  readonly kalender: Kalender
  readonly lesdagen: readonly Lesdag[]
}

const JAAR = schooljaarPeriode(DEMOSCHOOLJAAR)
const WEEKDAGFACTOR = [1.18, 0.95, 0.92, 0.93, 1.12]

export function openVestiging (demo: Demovestiging): OpenVestiging {
  const eigen = demo.vestiging !== KALENDERVESTIGING ? [] : [withStudiedagen(demo)]
  const kalender = buildKalender({ regio: demo.regio, eigen })
  const datums = kalender.lesdagen(JAAR.van, JAAR.tot)
  const lesdagen = datums.map((datum, i) => {
    const [vorige, volgende] = [datums[i - 1], datums[i + 1]]
    return {
      datum,
      nummer: dagnummer(datum),
      weekdag: weekdag(datum),
      ziektefactor: season(datum) * WEEKDAGFACTOR[weekdag(datum) - 1]!,
      naastVakantie: (vorige !== undefined && dagnummer(datum) - dagnummer(vorige) > 5) || (volgende !== undefined && dagnummer(volgende) - dagnummer(datum) > 5)
    }
  })
  return { demo, eigen, kalender, lesdagen }
}

function withStudiedagen ({ regio }: Demovestiging): Schooljaarkalender {
  const { lesdagen, lesvrij } = nationaleKalender(regio, DEMOSCHOOLJAAR)
  return { schooljaar: DEMOSCHOOLJAAR, lesdagen, lesvrij: [...lesvrij, ...STUDIEDAGEN].sort((a, b) => a.van < b.van ? -1 : a.van > b.van ? 1 : 0) }
}

/** A wave that peaks at the end of January and a smaller one in the first days of December. */
function season (datum: Datum): number {
  const day = dagnummer(datum)
  const wave = (top: Datum, width: number): number => Math.exp(-(((day - dagnummer(top)) / width) ** 2))
  return 0.78 + 0.95 * wave('2026-01-28', 28) + 0.5 * wave('2025-12-03', 20)
}

export interface Verblijf { readonly vestiging: OpenVestiging, readonly van: Datum, readonly tot: Datum | undefined, readonly rooster: Rooster | null }

export interface Plan {
  readonly bericht: Leerlingbericht
  readonly leerjaar: number
  readonly verblijven: readonly Verblijf[]
  /** The month whose zending brings this leerling; the month after the first absenties when the bron was slow. */
  readonly bekendIn: string
  readonly nagekomen: boolean
  readonly deeltijd: boolean
  /** Rank within the vestiging, for what must happen to somebody. */
  readonly rang: number
  readonly hardnekkig: boolean
}

const EERSTE_MAAND = '2025-08'
const EERSTE_LEERLING = 100_001
const EERSTE_ONDERWIJSNUMMER = 100_000_000

/** Everybody who comes in this schooljaar, by vestiging; scale 1 is all of them. */
export function enrol (vestigingen: readonly OpenVestiging[], seed: number, scale: number): Plan[] {
  const plannen: Plan[] = []
  let nummer = EERSTE_ONDERWIJSNUMMER
  for (const vestiging of vestigingen) {
    const aantal = Math.max(4, Math.round(vestiging.demo.leerlingen * scale))
    for (let rang = 0; rang < aantal; rang++) {
      const toeval = new Toeval(seed, 1_000_000 + plannen.length)
      do nummer++; while (soortPersoonsgebondenNummer(String(nummer)) !== 'onderwijsnummer')
      plannen.push(planLeerling(vestigingen, vestiging, rang, { bronId: `L-${EERSTE_LEERLING + plannen.length}`, nummer: String(nummer), toeval }))
    }
  }
  return plannen
}

function planLeerling (vestigingen: readonly OpenVestiging[], vestiging: OpenVestiging, rang: number, eigen: { bronId: string, nummer: string, toeval: Toeval }): Plan {
  const { demo, lesdagen } = vestiging
  const { toeval } = eigen
  const leerjaar = demo.leerjaren[rang % demo.leerjaren.length]!
  const geboortedatum = drawGeboortedatum(demo, leerjaar, toeval)
  const zijinstroom = rang % 59 === 17
  const start = drawStart(vestiging, geboortedatum, zijinstroom, toeval)
  const nagekomen = zijinstroom && start > lesdagen[0]!.datum && rang % 2 === 1 && maand(start) < '2026-06'
  const deeltijd = demo.deeltijd !== undefined && toeval.happens(demo.deeltijd.deel)
  const verblijven = planVerblijven(vestigingen, vestiging, rang, { leerjaar, start, deeltijd, einde: lesdagen[toeval.between(70, 150)]!.datum })
  return {
    bericht: {
      bronId: eigen.bronId,
      school: demo.vestiging.slice(0, 4),
      geboortedatum,
      ...(rang % 3 === 0 ? { persoonsgebondenNummer: eigen.nummer } : {}),
      woongemeente: toeval.pick(demo.woongemeenten),
      inschrijvingen: verblijven.map((verblijf) => writeInschrijving(verblijf, leerjaar))
    },
    leerjaar,
    verblijven,
    bekendIn: nagekomen ? nextMaand(maand(start)) : start > lesdagen[0]!.datum ? maand(start) : EERSTE_MAAND,
    nagekomen,
    deeltijd,
    rang,
    // One in every vestiging, at any scale.
    hardnekkig: rang === 3 || (!deeltijd && toeval.happens(demo.beeld.hardnekkig))
  }
}

/** The first lesdag; a four-year-old starts after that day, and some come from another school in the middle of the year. */
function drawStart ({ demo, lesdagen }: OpenVestiging, geboortedatum: Datum, zijinstroom: boolean, toeval: Toeval): Datum {
  const eerste = lesdagen[0]!.datum
  const vierde = verjaardag(geboortedatum, 4)
  const vanaf = demo.sector === 'po' && vierde >= eerste ? addDagen(vierde, 1) : zijinstroom ? addDagen(eerste, toeval.between(30, 200)) : eerste
  return (lesdagen.find(({ datum }) => datum >= vanaf) ?? lesdagen.at(-1)!).datum
}

function planVerblijven (vestigingen: readonly OpenVestiging[], vestiging: OpenVestiging, rang: number, keuze: { leerjaar: number, start: Datum, deeltijd: boolean, einde: Datum }): Verblijf[] {
  const { demo } = vestiging
  const { leerjaar, start, deeltijd, einde } = keuze
  const rooster = deeltijd ? demo.deeltijd!.rooster : demo.sector === 'mbo' && rang % 200 === 150 ? null : demo.roosters(leerjaar)
  if (demo.vestiging === '99AA01' && rang % 80 === 40) return moveTo(vestigingen, vestiging, start, leerjaar, rooster)
  return [{ vestiging, van: start, tot: rang % 61 === 23 && einde > start ? einde : undefined, rooster }]
}

function drawGeboortedatum ({ geboortejaar, vertraging: [chance, times] }: Demovestiging, leerjaar: number, toeval: Toeval): Datum {
  let jaar = geboortejaar - leerjaar
  for (let i = 0; i < times && toeval.happens(chance); i++) jaar--
  return addDagen(`${jaar}-10-01`, toeval.between(0, 364))
}

/** From the second vestiging of the school to the first, at the start of February. */
function moveTo (vestigingen: readonly OpenVestiging[], vanVestiging: OpenVestiging, start: Datum, leerjaar: number, rooster: Rooster | null): Verblijf[] {
  const naar = vestigingen.find(({ demo }) => demo.vestiging === '99AA00')!
  return [
    { vestiging: vanVestiging, van: start, tot: '2026-01-30', rooster },
    { vestiging: naar, van: '2026-02-02', tot: undefined, rooster: naar.demo.roosters(leerjaar) }
  ]
}

function writeInschrijving ({ vestiging: { demo }, van, tot, rooster }: Verblijf, leerjaar: number): Inschrijvingsbericht {
  const tijd = rooster === null ? {} : demo.alleenWeektotaal === true ? { minutenPerWeek: rooster.reduce((sum, minuten) => sum + minuten, 0) } : { rooster }
  return { vestiging: demo.vestiging, van, ...(tot === undefined ? {} : { tot }), leerjaar, ...tijd }
}

export function nextMaand (m: string): string {
  return maand(addDagen(`${m}-28`, 5))
}

/** Some leerlingen who need not come for a while: what they miss then carries no signaal. */
export function grantVrijstellingen (plannen: readonly Plan[]): Vrijstellingsbericht[] {
  const gronden = [['99AA00', '11-onder-g'], ['99AB00', '5a'], ['99AC01', '5-onder-a'], ['99AD00', '15']] as const
  return gronden.flatMap(([vestiging, grondslag], soort) => {
    const daar = plannen.filter(({ bekendIn, verblijven }) => bekendIn === EERSTE_MAAND && verblijven[0]!.vestiging.demo.vestiging === vestiging)
    const wie = [daar.find(({ hardnekkig, rang }) => hardnekkig && rang !== 3), daar.find(({ rang }) => rang === 1)].filter((plan) => plan !== undefined)
    return wie.map(({ bericht: { bronId, school } }, i) => ({
      bronId: `V-${soort + 1}${i + 1}`,
      school,
      leerling: bronId,
      grondslag,
      ...([{ van: '2025-11-03', tot: '2025-12-19' }, { van: '2026-04-13', tot: '2026-06-05' }][i]!)
    }))
  })
}
