import { randomUUID } from 'node:crypto'
import pakket from '../../package.json' with { type: 'json' }
import { afspraakOp, STANDAARDAFSPRAAK, type Bronafspraak } from '../domain/bronafspraak.ts'
import { addDagen, parsePeriode, schooljaar as schooljaarVan, tijdstip, vandaag, type Datum } from '../domain/datum.ts'
import { buildJsonregels, buildRijen, buildTabel, sleutelVan, type Leveringregel, type Vrijgave } from '../domain/levering.ts'
import { K } from '../domain/onderdrukking.ts'
import { AppError, assert } from '../errors.ts'
import { computeCellen, listKalendersOp, type Cel } from '../statistiek/service.ts'
import { formatCsv, formatJson, sha256 } from './bestanden.ts'
import { Leveringbestand, type Leveringsinvoer, type Manifest } from './contract.ts'
import { INDELING_OCW } from './indeling-ocw.ts'
import * as store from './store.ts'
import type { Tx } from '../db/transaction.ts'
import type { Schoolscope } from '../toegang/service.ts'

/** Earlier leveringen of a periode that a new one is tested against: each costs one computation of the cellen under the school's lock. */
const GETOETST = 10

/** Everything of a levering, made in memory: the figures of the afkapmoment, suppressed, in both forms, with their manifest. */
export async function buildLevering (tx: Tx, scope: Schoolscope, invoer: Leveringsinvoer, momenten: { readonly gemaaktOp: Date, readonly afkapmoment: Date }): Promise<store.Nieuwelevering> {
  const { ontvanger, school, periode } = invoer
  const afkapmoment = tijdstip(momenten.afkapmoment)
  const peildatum = vandaag(momenten.afkapmoment)
  const grenzen = getGrenzen(periode, peildatum)

  const cellen = await listCellenOp(tx, school, periode, afkapmoment)
  const eerdere = await store.listEerdere(tx, scope, { ontvanger, periode, afkapmoment, limit: GETOETST })
  const vrijgaven: Vrijgave[] = []
  for (const eerder of eerdere) vrijgaven.push({ cellen: await listCellenOp(tx, school, periode, eerder.afkapmoment), onderdrukt: listOnderdrukt(eerder.json) })
  const tabel = buildTabel(school, cellen, { periode, ...grenzen }, vrijgaven)

  const levering = randomUUID()
  const { naam, versie, bron, status, toelichting } = INDELING_OCW
  const csv = formatCsv(buildRijen(INDELING_OCW, tabel.regels))
  const json = formatJson(Leveringbestand.parse({ indeling: { naam, versie }, ontvanger, school, periode, afkapmoment, k: K, regels: buildJsonregels(INDELING_OCW, tabel.regels) }))
  const bestandsnaam = `${school}_${ontvanger}_${periode}_${levering.slice(0, 8)}`
  const manifest: Manifest = {
    levering: `${school}-${levering}`,
    gemaaktOp: tijdstip(momenten.gemaaktOp),
    ontvanger,
    school,
    periode,
    periodeVan: grenzen.van,
    periodeTotEnMet: grenzen.totEnMet,
    afkapmoment,
    peildatum,
    indeling: { naam, versie, bron, status, toelichting },
    engineversie: pakket.version,
    kalenders: await listKalenders(tx, scope, tabel.regels, grenzen, afkapmoment),
    beleidsversies: listGeldig(await store.listGeldigheden(tx, scope, afkapmoment), grenzen),
    bronafspraken: listAfspraken(await store.listBronafspraken(tx, scope, afkapmoment), grenzen),
    volledigheid: tabel.volledigheid,
    k: K,
    rijen: tabel.regels.length,
    onderdrukteCellen: tabel.onderdrukteCellen,
    toets: { ...tabel.toets, eerdereLeveringen: eerdere.map((eerder) => `${school}-${eerder.levering}`) },
    bestanden: [describeBestand(`${bestandsnaam}.csv`, 'text/csv; charset=utf-8', csv), describeBestand(`${bestandsnaam}.json`, 'application/json', json)]
  }
  return { levering, manifest, csv, json }
}

interface Grenzen { readonly van: Datum, readonly totEnMet: Datum }

function getGrenzen (periode: string, peildatum: Datum): Grenzen {
  const grenzen = parsePeriode(periode)
  assert(grenzen, 'the periode was checked at the edge')
  if (grenzen.van > peildatum) throw invalid('periode-niet-begonnen', '/periode', 'Deze periode was op het afkapmoment nog niet begonnen.')
  return { van: grenzen.van, totEnMet: grenzen.tot < peildatum ? grenzen.tot : peildatum }
}

/** The exact figures as they were at an instant. */
async function listCellenOp (tx: Tx, school: string, periode: string, afkapmoment: string): Promise<Cel[]> {
  const moment = new Date(afkapmoment)
  const kalenders = await listKalendersOp(tx, school, moment)
  return await computeCellen(tx, school, { vestigingen: [...kalenders.keys()].sort(), perioden: [periode], kalenders, peildatum: vandaag(moment), afkapmoment: moment })
}

/** What a stored levering did not show, read from the file that went out. */
function listOnderdrukt (json: string): Set<string> {
  const { regels } = Leveringbestand.parse(JSON.parse(json))
  return new Set(regels.flatMap((regel) => Object.entries(regel).flatMap(([kolom, waarde]) =>
    typeof waarde === 'object' && waarde?.onderdrukt !== undefined ? [sleutelVan(regel as unknown as Parameters<typeof sleutelVan>[0], kolom)] : [])))
}

async function listKalenders (tx: Tx, scope: Schoolscope, regels: readonly Leveringregel[], { van, totEnMet }: Grenzen, moment: string): Promise<Manifest['kalenders']> {
  const vestigingen = [...new Set(regels.flatMap(({ vestiging }) => vestiging ?? []))]
  const schooljaren = [...new Set([schooljaarVan(van), schooljaarVan(totEnMet)])]
  const eigen = new Map((await store.listKalenderversies(tx, scope, schooljaren, moment)).map(({ vestiging, schooljaar, versie }) => [`${vestiging} ${schooljaar}`, versie]))
  return vestigingen.flatMap((vestiging) => schooljaren.map((schooljaar) => ({ vestiging, schooljaar, versie: eigen.get(`${vestiging} ${schooljaar}`) ?? null })))
}

/** The beleidsversies in force on any day from van to totEnMet; where none is, the standaardbeleid. */
function listGeldig (geldigheden: readonly store.Geldigheid[], { van, totEnMet }: Grenzen): string[] {
  const inPeriode = geldigheden.filter((versie) => versie.van <= totEnMet && (versie.tot === null || versie.tot >= van))
  let gedekt = addDagen(van, -1)
  let gat = false
  for (const versie of inPeriode) {
    gat ||= versie.van > addDagen(gedekt, 1)
    gedekt = versie.tot ?? totEnMet
  }
  return [...(gat || gedekt < totEnMet ? ['standaardbeleid'] : []), ...inPeriode.map(({ versie }) => String(versie))]
}

/** The bronafspraken in force on any day from van to totEnMet, in order. */
function listAfspraken (afspraken: readonly Bronafspraak[], { van, totEnMet }: Grenzen): string[] {
  const later = afspraken.filter(({ geldigVan }) => van < geldigVan && geldigVan <= totEnMet).map(({ geldigVan }) => geldigVan).sort()
  const eerste = afspraakOp(afspraken, van)
  return [eerste === STANDAARDAFSPRAAK ? 'standaardafspraak' : eerste.geldigVan, ...later]
}

function describeBestand (naam: string, mediatype: string, inhoud: string): Manifest['bestanden'][number] {
  return { naam, mediatype, bytes: Buffer.byteLength(inhoud), sha256: sha256(inhoud) }
}

/** One fault in the input that only shows here. */
export function invalid (code: string, pointer: string, detail: string): AppError {
  return new AppError('invoer-ongeldig', 'Er is 1 fout in de invoer.', [{ code, pointer, detail }])
}
