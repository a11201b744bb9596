import { createHash, randomUUID } from 'node:crypto'
import pakket from '../../package.json' with { type: 'json' }
import { countCellen } from '../domain/celtelling.ts'
import { afspraakOp, STANDAARDAFSPRAAK, type Bronafspraak } from '../domain/bronafspraak.ts'
import { addDagen, parsePeriode, schooljaar as schooljaarVan, schooljaarPeriode, tijdstip, vandaag, type Datum } from '../domain/datum.ts'
import { buildJsonregels, buildProjectie, buildPublicatie, buildRijen, OCW, sleutelVan, type Indeling, type Leveringtabel, type Ontvanger, type Projectie, type Regel } from '../domain/levering.ts'
import { AANLOOP_LANGDURIG, bewonerOp, countGemeente, countVerband, gemeenteprojectie, listGemeentenVan, listVerbanden, verbandprojectie, type Bewoner, type Gemeentefeit, type Leerlingversie, type Ontvangersleutel, type Verbandfeit, type Vestigingstand } from '../domain/ontvanger.ts'
import { K } from '../domain/onderdrukking.ts'
import { AppError, assert } from '../errors.ts'
import { listKalendersOp, readCelfeiten, type Cel, type Celfeiten } from '../statistiek/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import { formatCsv, formatJson, sha256 } from './bestanden.ts'
import { INDELINGEN, Leveringbestand, type Manifest } from './contract.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Kalender } from '../domain/kalender.ts'
import { announceTabel, type Publicatie } from '../domain/publicatie.ts'
import type { Schoolscope } from '../toegang/service.ts'

/** What no history is kept of. */
const STAND_VAN_NU = ['vakantieregio van de vestiging', 'welke leerlingen van twee bronnen dezelfde zijn']

export interface Bouwvraag { readonly ontvanger: Ontvanger, readonly periode: string, readonly afkapmoment: Date, readonly activiteit: 'leveringen:schrijven' | 'leveringen:lezen' }

/** The facts of an afkapmoment, read; and whom they could go to. */
export interface Bouwgrond {
  readonly ctx: Ctx
  readonly scope: Schoolscope
  readonly vraag: Bouwvraag
  readonly grenzen: Grenzen
  readonly kalenders: ReadonlyMap<string, Kalender>
  /** The gemeenten or samenwerkingsverbanden there are; for OCW the one that is empty. */
  readonly codes: readonly string[]
  readonly project: (code: string) => Projector
}

/** The figures for one ontvanger: exact, and as lines once it is known what was published before. */
interface Projector { readonly feiten: readonly Cel[], readonly heel: boolean, readonly announce: () => Publicatie, readonly build: (eerdere: readonly Publicatie[], isLesdag: (datum: Datum) => boolean) => Leveringtabel<Regel> }

export async function readBouwgrond (ctx: Ctx, tx: Tx, scope: Schoolscope, vraag: Bouwvraag): Promise<Bouwgrond> {
  const { school } = scope
  const { ontvanger, periode, afkapmoment } = vraag
  const peildatum = vandaag(afkapmoment)
  const grenzen = getGrenzen(periode, peildatum)
  const kop = { school, periode, ...grenzen }
  const kalenders = await listKalendersOp(tx, school, afkapmoment)
  const basis = { ctx, scope, vraag, grenzen, kalenders }
  const feiten = await readCelfeiten(tx, school, { vestigingen: [...kalenders.keys()].sort(), periode, kalenders, peildatum, afkapmoment, aanloop: ontvanger === 'samenwerkingsverband' ? AANLOOP_LANGDURIG : 0 })
  assert(feiten, 'a periode that has begun has a cel for every vestiging')
  const { raster, gegevens, leerlingen } = feiten
  await recordFeiten(basis, tx, feiten)

  if (ontvanger === 'ocw') return { ...basis, codes: [''], project: () => projector(OCW, kop, countCellen(raster, gegevens)) }
  if (ontvanger === 'samenwerkingsverband') {
    const vestigingen = await store.listVestigingenOp(tx, scope, tijdstip(afkapmoment))
    return { ...basis, codes: listVerbanden(vestigingen), project: (code) => projectVerband(code, kop, vestigingen, countVerband(raster, gegevens, vestigingen, code)) }
  }
  const bewoners = await listBewoners(tx, scope, leerlingen, { datum: grenzen.totEnMet, moment: tijdstip(afkapmoment) })
  const gemeentevraag = { raster, gegevens, bewoners }
  return { ...basis, codes: listGemeentenVan(gemeentevraag), project: (code) => projector(gemeenteprojectie(code), kop, countGemeente(gemeentevraag, code)) }
}

async function recordFeiten ({ ctx, scope: { school }, vraag: { activiteit } }: Pick<Bouwgrond, 'ctx' | 'scope' | 'vraag'>, tx: Tx, { leerlingen, overige }: Celfeiten): Promise<void> {
  await recordVerwerking(ctx, tx, activiteit, [...leerlingen, ...overige].map((each) => ({ school, ...each })))
}

function projectVerband (code: string, kop: Parameters<typeof buildProjectie>[1], vestigingen: readonly Vestigingstand[], feiten: readonly Verbandfeit[]): Projector {
  const heel = vestigingen.every(({ samenwerkingsverband }) => samenwerkingsverband === code)
  return { ...projector(verbandprojectie(code, heel), kop, feiten), heel }
}

function projector<Feit extends Cel, R extends Regel> (projectie: Projectie<Feit, R>, kop: Parameters<typeof buildProjectie>[1], feiten: readonly Feit[]): Projector {
  return { feiten, heel: false, announce: () => announceTabel(buildPublicatie(projectie, kop, feiten, { onderdrukt: new Set() })), build: (eerdere, isLesdag) => buildProjectie(projectie, kop, feiten, eerdere, isLesdag) }
}

/** Of each of these leerlingen, in order, where he lived on a day as it was known at a moment. */
export async function listBewoners (tx: Tx, scope: Schoolscope, leerlingen: ReadonlyArray<{ readonly bron: string, readonly leerling: string }>, { datum, moment }: { readonly datum: Datum, readonly moment: string }): Promise<Bewoner[]> {
  const versies = Map.groupBy(await store.listLeerlingversies(tx, scope, moment), ({ bron, leerling }) => `${bron}\n${leerling}`) as ReadonlyMap<string, readonly Leerlingversie[]>
  return leerlingen.map(({ bron, leerling }) => {
    const bewoner = bewonerOp(versies.get(`${bron}\n${leerling}`) ?? [], datum)
    assert(bewoner, 'every leerling that was written has a version')
    return bewoner
  })
}

export interface Opdracht {
  readonly code: string
  readonly eerdere: readonly store.EerdereLevering[]
  readonly zout: Buffer
}

/** Everything of a levering that follows from the store and an afkapmoment: the same on any machine, at any later time. */
export interface Bouwsel {
  readonly csv: string
  readonly json: string
  readonly tabel: Leveringtabel<Regel>
  readonly publicatie: store.Bewaardepublicatie
  readonly indeling: Indeling
  readonly versies: Pick<Manifest, 'kalenders' | 'beleidsversies' | 'bronafspraken'>
  readonly invoerSha256: string
}

export async function buildBestanden (tx: Tx, grond: Bouwgrond, { code, eerdere, zout }: Opdracht): Promise<Bouwsel> {
  const { scope, vraag, grenzen, kalenders } = grond
  const { school } = scope
  const { ontvanger, periode } = vraag
  const afkapmoment = tijdstip(vraag.afkapmoment)
  const { feiten, heel, build } = grond.project(code)
  const isLesdag = (datum: Datum): boolean => [...kalenders.values()].some((kalender) => kalender.isLesdag(datum))
  const publicaties: Publicatie[] = []
  for (const eerder of eerdere) publicaties.push(toPublicatie(eerder, eerder.publicatie ?? await recoverPublicatie(tx, grond, eerder)))
  // What the other gemeenten get of these days too: shown to one, a figure must not give away the small one of the last.
  for (const ander of grond.codes) if (ander !== code) publicaties.push(grond.project(ander).announce())
  const tabel = build(publicaties, isLesdag)

  const indeling = INDELINGEN.find((each) => each.ontvanger === ontvanger)
  assert(indeling, 'every ontvanger has a layout')
  const { naam, versie } = indeling
  const versies = {
    kalenders: await listKalenders(tx, scope, tabel.regels, grenzen, afkapmoment),
    beleidsversies: listGeldig(await store.listGeldigheden(tx, scope, afkapmoment), grenzen),
    bronafspraken: listAfspraken(await store.listBronafspraken(tx, scope, afkapmoment), grenzen)
  }
  return {
    csv: formatCsv(buildRijen(indeling, tabel.regels)),
    json: formatJson(Leveringbestand.parse({ indeling: { naam, versie }, ontvanger, school, periode, afkapmoment, k: K, regels: buildJsonregels(indeling, tabel.regels) })),
    tabel,
    publicatie: { feiten, onderdrukt: [...tabel.publicatie.onderdrukt], achtergehouden: tabel.toets.achtergehouden, zaden: tabel.publicatie.zaden, heel },
    indeling,
    versies,
    invoerSha256: createHash('sha256').update(zout).update(canonical({ feiten, versies, indeling: { naam, versie }, k: K, eerdere: eerdere.map(({ levering }) => levering) })).digest('hex')
  }
}

/** Measures of a cel come in any order from the store. */
function canonical (value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => typeof part === 'object' && part !== null && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1)) : part)
}

/** What was made before figures were kept: for OCW, counted anew as of its moment. */
async function recoverPublicatie (tx: Tx, grond: Bouwgrond, { periode, afkapmoment, json }: store.EerdereLevering): Promise<store.Bewaardepublicatie> {
  const { school } = grond.scope
  const moment = new Date(afkapmoment)
  const kalenders = await listKalendersOp(tx, school, moment)
  const feiten = await readCelfeiten(tx, school, { vestigingen: [...kalenders.keys()].sort(), periode, kalenders, peildatum: vandaag(moment), afkapmoment: moment, aanloop: 0 })
  if (feiten !== undefined) await recordFeiten(grond, tx, feiten)
  return { feiten: feiten === undefined ? [] : countCellen(feiten.raster, feiten.gegevens), onderdrukt: [...listOnderdrukt(json)] }
}

function toPublicatie ({ ontvanger, code, van, totEnMet }: store.EerdereLevering, { feiten, onderdrukt, achtergehouden = false, zaden = null, heel = false }: store.Bewaardepublicatie): Publicatie {
  const [dagen, verborgen] = [{ van, totEnMet }, { onderdrukt: new Set(onderdrukt), achtergehouden, zaden }]
  // Kept as they were counted for this ontvanger.
  if (ontvanger === 'gemeente') return buildPublicatie(gemeenteprojectie(code), dagen, feiten as readonly Gemeentefeit[], verborgen)
  if (ontvanger === 'samenwerkingsverband') return buildPublicatie(verbandprojectie(code, heel), dagen, feiten as readonly Verbandfeit[], verborgen)
  return buildPublicatie(OCW, dagen, feiten, verborgen)
}

/** Of the schooljaar: a week says something of another by way of the maand that both lie in. */
export async function listEerdere (tx: Tx, { scope, vraag, grenzen }: Bouwgrond, code: string): Promise<store.EerdereLevering[]> {
  const [van, totEnMet] = [schooljaarPeriode(schooljaarVan(grenzen.van)).van, schooljaarPeriode(schooljaarVan(grenzen.totEnMet)).tot]
  return await store.listEerdere(tx, scope, { ontvanger: vraag.ontvanger, code, periode: vraag.periode, van, totEnMet, afkapmoment: tijdstip(vraag.afkapmoment) })
}

/** What makes one levering another than its earlier revisies. */
export type Revisie = Pick<Manifest, 'revisie' | 'vervangt' | 'reden' | 'watVeranderde'>

export function buildManifest ({ scope: { school }, vraag, grenzen }: Bouwgrond, bouwsel: Bouwsel, { sleutel: { ontvanger, code }, eerdere, revisie, gemaaktOp }: { readonly sleutel: Ontvangersleutel, readonly eerdere: readonly store.EerdereLevering[], readonly revisie: Revisie, readonly gemaaktOp: Date }): { levering: string, manifest: Manifest } {
  const levering = randomUUID()
  const { csv, json, tabel, indeling: { naam, versie, bron, status, toelichting }, versies, invoerSha256 } = bouwsel
  const bestandsnaam = `${[school, ontvanger, ...(code === '' ? [] : [code]), vraag.periode, levering.slice(0, 8)].join('_')}`
  const manifest: Manifest = {
    levering: `${school}-${levering}`,
    gemaaktOp: tijdstip(gemaaktOp),
    ontvanger,
    school,
    gemeentecode: ontvanger === 'gemeente' ? code : null,
    samenwerkingsverband: ontvanger === 'samenwerkingsverband' ? code : null,
    periode: vraag.periode,
    ...revisie,
    periodeVan: grenzen.van,
    periodeTotEnMet: grenzen.totEnMet,
    afkapmoment: tijdstip(vraag.afkapmoment),
    peildatum: vandaag(vraag.afkapmoment),
    indeling: { naam, versie, bron, status, toelichting },
    engineversie: pakket.version,
    invoerSha256,
    standVanNu: STAND_VAN_NU,
    ...versies,
    volledigheid: tabel.volledigheid,
    k: K,
    rijen: tabel.regels.length,
    onderdrukteCellen: tabel.onderdrukteCellen,
    toets: { ...tabel.toets, eerdereLeveringen: eerdere.map((eerder) => `${school}-${eerder.levering}`) },
    bestanden: [describeBestand(`${bestandsnaam}.csv`, 'text/csv; charset=utf-8', csv), describeBestand(`${bestandsnaam}.json`, 'application/json', json)]
  }
  return { levering, manifest }
}

interface Grenzen { readonly van: Datum, readonly totEnMet: Datum }

function getGrenzen (periode: string, peildatum: Datum): Grenzen {
  const grenzen = parsePeriode(periode)
  assert(grenzen, 'the periode was checked at the edge')
  if (grenzen.van > peildatum) throw invalid('periode-niet-begonnen', '/periode', 'Deze periode was op het afkapmoment nog niet begonnen.')
  return { van: grenzen.van, totEnMet: grenzen.tot < peildatum ? grenzen.tot : peildatum }
}

/** What a stored levering did not show, read from the file that went out. */
function listOnderdrukt (json: string): Set<string> {
  const { regels } = Leveringbestand.parse(JSON.parse(json))
  return new Set(regels.flatMap((regel) => Object.entries(regel).flatMap(([kolom, waarde]) =>
    typeof waarde === 'object' && waarde !== null && 'onderdrukt' in waarde ? [sleutelVan(regel as unknown as Parameters<typeof sleutelVan>[0], kolom)] : [])))
}

async function listKalenders (tx: Tx, scope: Schoolscope, regels: readonly Regel[], { van, totEnMet }: Grenzen, moment: string): Promise<Manifest['kalenders']> {
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
