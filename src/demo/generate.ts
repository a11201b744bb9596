import { deriveMinuten } from '../domain/absentie.ts'
import { classify, STANDAARDBELEID } from '../domain/beleid.ts'
import { addDagen, dagnummer, datumVanDagnummer, maand } from '../domain/datum.ts'
import { numberAbsenties, planDagen, range, Schrijver, writeMelding, writeTijdstip, type Geschreven } from './absenties.ts'
import { enrol, grantVrijstellingen, nextMaand, openVestiging, type OpenVestiging, type Plan } from './leerlingen.ts'
import { Toeval } from './toeval.ts'
import { DEMOVESTIGINGEN } from './vestigingen.ts'
import type { Aantallen, Absentiebericht, DemoSchooljaar, Melding, Vestigingstotaal, Zending } from './berichten.ts'

/**
 * A whole schooljaar of six invented vestigingen; the same seed and scale give the same bytes. Scale 1 is 3,000 leerlingen
 * and about 93,000 records in 0.8 s; nobody has a name.
 */
export function generateSchooljaar (seed = 20252026, scale = 1): DemoSchooljaar {
  const vestigingen = DEMOVESTIGINGEN.map((demo) => openVestiging(demo))
  const plannen = enrol(vestigingen, seed, scale)
  const geschreven = plannen.flatMap((plan, index) => new Schrijver(plan, new Toeval(seed, 10_000 + index)).write())
  numberAbsenties(geschreven)
  const toeval = new Toeval(seed, 1)
  const verlaat = delayOldVersions(geschreven, toeval)
  const gecorrigeerd = correct(geschreven, toeval)

  return {
    vestigingen: DEMOVESTIGINGEN.map(({ vestiging, naam, sector, regio, gemeentecode, samenwerkingsverband, lesuurMinuten }) => ({
      vestiging,
      naam,
      sector,
      regio,
      gemeentecode,
      ...(samenwerkingsverband === undefined ? {} : { samenwerkingsverband }),
      ...(lesuurMinuten === 60 ? {} : { lesuurMinuten })
    })),
    kalenders: vestigingen.flatMap(({ demo, eigen }) => eigen.map((kalender) => ({ vestiging: demo.vestiging, ...kalender }))),
    leerlingen: plannen.map(({ bericht }) => bericht),
    vrijstellingen: grantVrijstellingen(plannen),
    absenties: packMaanden(plannen, geschreven, verlaat),
    correcties: { maand: '2026-07', leerlingen: [], absenties: gecorrigeerd.berichten, verwacht: gecorrigeerd.verwacht },
    totalen: vestigingen.map((vestiging) => total(vestiging, plannen, geschreven))
  }
}

/** First versions that arrive a month after the version that replaced them: the bron had kept them in a queue. */
function delayOldVersions (geschreven: readonly Geschreven[], toeval: Toeval): Array<{ readonly maand: string, readonly bericht: Melding }> {
  return geschreven.flatMap((absentie) => {
    if (absentie.lot !== 'opgenomen' || absentie.plan.nagekomen || maandVan(absentie.moment) > '2026-05' || !toeval.happens(0.0008)) return []
    const oud = { ...writeMelding({ ...absentie, moment: absentie.moment - 7 }), reden: null }
    return [{ maand: nextMaand(maandVan(absentie.moment)), bericht: oud }]
  })
}

function maandVan (moment: number): string {
  return maand(datumVanDagnummer(Math.floor(moment / 1440)))
}

function countNothing (): Aantallen {
  return { nieuw: 0, gewijzigd: 0, ongewijzigd: 0, ingetrokken: 0, verouderd: 0, inWacht: 0, afgewezen: 0 }
}

function packMaanden (plannen: readonly Plan[], geschreven: readonly Geschreven[], verlaat: ReadonlyArray<{ readonly maand: string, readonly bericht: Melding }>): Zending[] {
  const maanden = range(0, 12).map((i) => maand(addDagen('2025-08-15', Math.round(i * 30.44))))
  const zendingen = new Map(maanden.map((m) => [m, { maand: m, leerlingen: plannen.filter(({ bekendIn }) => bekendIn === m).map(({ bericht }) => bericht), absenties: [] as Absentiebericht[], verwacht: countNothing() }]))
  for (const { maand: m, bericht } of verlaat) {
    const zending = zendingen.get(m)!
    zending.absenties.push(bericht)
    zending.verwacht.verouderd++
  }
  for (const { moment, bericht, lot, plan } of geschreven) {
    const m = maandVan(moment)
    const zending = zendingen.get(m)!
    zending.absenties.push(bericht!)
    zending.verwacht[lot === 'afgewezen' ? 'afgewezen' : m < plan.bekendIn ? 'inWacht' : 'nieuw']++
  }
  return [...zendingen.values()]
}

/**
 * Weeks later: most of what was onverklaard gets a reden, parents explain what looked like spijbelen, a leerling turns out to have been
 * there, a bron sends records again, and some first versions come in behind their correction. Changes what is in force.
 */
function correct (geschreven: readonly Geschreven[], toeval: Toeval): { berichten: Absentiebericht[], verwacht: Aantallen } {
  const verwacht = countNothing()
  const later: Array<{ readonly moment: number, readonly bericht: Absentiebericht }> = []
  const opnieuw: Melding[] = []
  const ingehaald: Melding[] = []
  for (const absentie of geschreven) {
    if (absentie.lot !== 'opgenomen') continue
    const { bronId, plan } = absentie
    const moment = Math.min(absentie.moment + toeval.between(7, 40) * 1440, LAATSTE_MOMENT + toeval.between(0, 200))
    const reden = drawReden(absentie, toeval)
    if (reden !== undefined) {
      const oud = absentie.bericht!
      later.push({ moment, bericht: writeMelding({ ...absentie, reden, moment }) })
      absentie.reden = reden
      verwacht.gewijzigd++
      if (toeval.happens(0.02)) ingehaald.push(oud)
    } else if (toeval.happens(absentie.soort === 'te-laat' ? 0.015 : 0.004)) {
      later.push({ moment, bericht: { bronId, school: plan.bericht.school, ingetrokken: true, gewijzigdOp: writeTijdstip(moment) } })
      absentie.ingetrokken = true
      verwacht.ingetrokken++
    } else if (toeval.happens(0.004)) {
      opnieuw.push(absentie.bericht!)
    }
  }
  verwacht.ongewijzigd = opnieuw.length
  verwacht.verouderd = ingehaald.length
  later.sort((a, b) => a.moment - b.moment)
  return { berichten: [...opnieuw, ...later.map(({ bericht }) => bericht), ...ingehaald], verwacht }
}

const LAATSTE_MOMENT = dagnummer('2026-07-30') * 1440 + 600

/** The reden that is found out later; undefined when nothing is. */
function drawReden ({ reden, plan }: Geschreven, toeval: Toeval): string | undefined {
  if (reden === null) {
    const draw = toeval.next()
    return draw < 0.4 ? 'ZK' : draw < 0.46 ? 'MED' : draw < 0.72 ? 'SPIJ' : undefined
  }
  // Some of the hardnekkige leerlingen turn out to have been ill all along: their signalen lapse.
  if (reden === 'SPIJ') return toeval.happens(plan.hardnekkig && plan.rang % 4 === 3 ? 0.8 : 0.03) ? 'ZK' : undefined
  return undefined
}

function total (vestiging: OpenVestiging, plannen: readonly Plan[], geschreven: readonly Geschreven[]): Vestigingstotaal {
  const { demo } = vestiging
  const leeg = { geoorloofd: 0, ongeoorloofd: 0, 'aanwezig-elders': 0, onverklaard: 0, 'niet-ingedeeld': 0 }
  const totaal: Vestigingstotaal = { vestiging: demo.vestiging, sector: demo.sector, leerlingen: 0, gepland: 0, gemist: { ...leeg }, aantal: { ...leeg }, zonderRooster: 0 }
  for (const { verblijven } of plannen) {
    const hier = verblijven.filter((verblijf) => verblijf.vestiging === vestiging)
    if (hier.length > 0) totaal.leerlingen++
    for (const verblijf of hier) totaal.gepland += planDagen(verblijf).reduce((sum, { gepland }) => sum + (gepland ?? 0), 0)
  }
  for (const absentie of geschreven) {
    if (absentie.verblijf.vestiging !== vestiging || absentie.lot !== 'opgenomen' || absentie.ingetrokken) continue
    const categorie = classify(STANDAARDBELEID, absentie.reden, 'demo-lvs', absentie.datum)
    const minuten = deriveMinuten(absentie, demo.lesuurMinuten, absentie.gepland)
    totaal.aantal[categorie]++
    if (absentie.gepland === null) totaal.zonderRooster++
    else totaal.gemist[categorie] += minuten ?? 0
  }
  return totaal
}
