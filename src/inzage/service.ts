import { STANDAARDBELEID, type Beleid } from '../domain/beleid.ts'
import { tijdstip } from '../domain/datum.ts'
import { BESLUITVORMING, DOORGIFTE, INZAGEDELEN, KLACHT, RECHTEN_VAN_BETROKKENE, type Inzagedeel } from '../domain/inzage.ts'
import { refuseNamens } from '../domain/verzoek.ts'
import { AppError } from '../errors.ts'
import { findStam } from '../leerlingen/stam.ts'
import { isNarrowed, reaches, requireInzage, type Leerlingsleutel, type Schoolinzage } from '../toegang/service.ts'
import { listVerborgen } from '../toegang/weergave.ts'
import { listActiviteiten, recordVerwerking, sealSchool, summarizeVerwerkingen } from '../verwerkingen/service.ts'
import { namensOf, requireInzageverzoek } from '../verzoeken/service.ts'
import { listDossier, listRecords, listVersleutelden, VERZWEGEN, type Dossierrij, type Leerlingrecord } from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Duobericht } from '../domain/duobericht.ts'
import type { Inzagepakket } from './contract.ts'

/**
 * Everything held on one person at one school, from one moment (AVG art. 15). The persoonsgebonden nummer is in it whole only for an inzage or
 * overdraagbaarheid that was asked: the copy is due to the betrokkene (art. 15 lid 3), and without him the number has no purpose here (UAVG art. 46).
 */
export async function getInzage (ctx: Ctx, leerling: { bron: string, bronId: string }, { school, verzoek }: { school: string, verzoek?: string | undefined }): Promise<Inzagepakket> {
  const scope = requireInzage(ctx.actor, 'verzoeken:lezen', school)
  // Who sees only some leerlingen reads what the worker has sealed, a moment ago.
  if (!isNarrowed(ctx.actor)) await sealSchool(ctx, school)
  return await ctx.transaction(async (tx) => {
    const records = (await listRecords(tx, scope, leerling.bron, leerling.bronId)).filter((record) => reaches(scope, { school, ...record }))
    if (verzoek !== undefined) await requireInzageverzoek(tx, scope, verzoek, records)
    const dossier = selectEigen(ctx, await listDossier(tx, scope, records))
    if (dossier.length === 0) throw new AppError('niet-gevonden', 'Deze leerling is hier niet bekend.')
    const betrokkenen = records.map((record) => ({ school, bron: record.bron, leerling: record.leerling }))
    requireVolledig(ctx, betrokkenen, dossier)
    const verwerkingen = await summarizeVerwerkingen(ctx, tx, scope, betrokkenen)
    await recordVerwerking(ctx, tx, 'verzoeken:inzage', betrokkenen)

    const { nummers, berichten } = await openVersleutelden(ctx, tx, scope, records, verzoek !== undefined && ctx.actor.verborgen?.has('nummer') !== true)
    const rijen = Map.groupBy(dossier, ({ deel }) => deel)
    const delen = (Object.entries(INZAGEDELEN) as Array<[Inzagedeel, string]>).map(([deel, omschrijving]) => ({
      deel,
      omschrijving,
      rijen: (rijen.get(deel) ?? []).map(({ rij }) => readRij(openInhoud(deel, rij, berichten)))
    }))
    return {
      school,
      leerling,
      opgemaaktOp: tijdstip(ctx.now()),
      verzoek: verzoek ?? null,
      records: records.map(({ bron, leerling: bronId }) => ({ bron, bronId })),
      nummers,
      verantwoording: {
        activiteiten: listActiviteiten().verwerkingsactiviteiten.filter(({ betrokkenen: wie }) => wie.includes('leerlingen')).map(({ naam, doel, grondslag, gegevens, bewaartermijn, ontvangers }) => ({ naam, doel, grondslag, gegevens, bewaartermijn, ontvangers })),
        ontvangers: listOntvangers(school, delen),
        bronnen: [...new Set(records.map(({ bron }) => bron))],
        rechten: RECHTEN_VAN_BETROKKENE,
        klacht: KLACHT,
        besluitvorming: BESLUITVORMING,
        doorgifte: DOORGIFTE
      },
      redenen: listRedenen((await findStam(ctx, tx, school))?.beleid ?? []),
      delen,
      verwerkingen: verwerkingen.map(({ datum, naam, doel, toepassing, rol, aantal }) => ({ datum, activiteit: naam, doel, toepassing, rol, aantal }))
    }
  })
}

/** What it holds of an ouder, another ouder does not get (AVG art. 15 lid 4). */
function selectEigen (ctx: Ctx, dossier: readonly Dossierrij[]): readonly Dossierrij[] {
  if (namensOf(ctx) !== 'ouder') return dossier
  return dossier.filter(({ deel, rij }) => (deel !== 'betrekkingen' && deel !== 'toestemmingen') || rij['persoon'] === ctx.actor.persoon)
}

/**
 * Throws geen-toegang for who is not shown all of it: the package is whole or it is not. From 16 on the leerling asks for it himself, before that
 * his ouder (UAVG art. 5 lid 4).
 */
function requireVolledig (ctx: Ctx, betrokkenen: readonly Leerlingsleutel[], dossier: readonly Dossierrij[]): void {
  const namens = namensOf(ctx)
  const geboortedatum = dossier.find(({ deel }) => deel === 'leerling')?.rij['geboortedatum']
  const fout = namens === undefined || geboortedatum === undefined ? undefined : refuseNamens(namens, String(geboortedatum), ctx.vandaag())
  if (fout !== undefined) throw new AppError('geen-toegang', fout.detail)
  // The nummer is shown whole or only by its end.
  if (betrokkenen.some((betrokkene) => [...listVerborgen(ctx.actor, betrokkene)].some((groep) => groep !== 'nummer'))) {
    throw new AppError('geen-toegang', 'Dit pakket is volledig, en hiervan wordt u niet alles getoond; vraag het aan de school.')
  }
}

interface Geopend { readonly nummers: Inzagepakket['nummers'], /** What each uitzending says, by its key. */ readonly berichten: ReadonlyMap<string, Duobericht> }

async function openVersleutelden (ctx: Ctx, tx: Tx, scope: Schoolinzage, records: readonly Leerlingrecord[], voluit: boolean): Promise<Geopend> {
  const { nummers, berichten } = await listVersleutelden(tx, scope, records)
  const geopend = nummers.map(({ bron, leerling, soort, versleuteld }) => ({ bron, bronId: leerling, soort, nummer: ctx.sleutels.decryptPgn(versleuteld, JSON.stringify([scope.school, bron, leerling])) }))
  const conceal = (waarde: unknown): unknown => !voluit && typeof waarde === 'string' && /^[0-9]{9}$/.test(waarde) ? concealNummer(waarde) : waarde
  return {
    nummers: geopend.map((each) => voluit ? each : { ...each, nummer: concealNummer(each.nummer) }),
    berichten: new Map(berichten.map(({ uitzending, versleuteld }) => {
      const { velden, ...bericht } = JSON.parse(ctx.sleutels.decryptBericht(versleuteld, JSON.stringify([scope.school, uitzending]))) as Duobericht
      return [uitzending, { ...bericht, velden: Object.fromEntries(Object.entries(velden).map(([naam, waarde]) => [naam, conceal(waarde)])) as Duobericht['velden'] }]
    }))
  }
}

function concealNummer (nummer: string): string {
  return `xxxxxx${nummer.slice(-3)}`
}

/** Whom data of this leerling really went to (HvJ EU 12 January 2023, C-154/21). */
function listOntvangers (school: string, delen: Inzagepakket['delen']): string[] {
  const rijenVan = (deel: Inzagedeel): Inzagepakket['delen'][number]['rijen'] => delen.find((each) => each.deel === deel)!.rijen
  return [...new Set([
    ...rijenVan('uitzendingen').some(({ status }) => status === 'aangenomen') ? ['DUO', 'de gemeente waar de leerling woont, door DUO'] : [],
    ...rijenVan('overdrachten').map(({ naarSchool }) => String(naarSchool)).filter((naar) => naar !== school).map((naar) => `school ${naar}`)
  ])]
}

/** What a row holds as a text or under a key of ours, as what it says. */
function openInhoud (deel: Inzagedeel, rij: Readonly<Record<string, unknown>>, berichten: Geopend['berichten']): Readonly<Record<string, unknown>> {
  if (deel === 'uitzendingen') return { ...rij, inhoud: berichten.get(String(rij['uitzending'])) }
  return deel === 'overdrachten' ? { ...rij, inhoud: JSON.parse(String(rij['inhoud'])) as unknown } : rij
}

/** Of every beleidsversie; a later one goes before an earlier. */
function listRedenen (beleid: readonly Beleid[]): Inzagepakket['redenen'] {
  const versies = [STANDAARDBELEID, ...beleid.toSorted((a, b) => a.geldigVan < b.geldigVan ? -1 : 1)]
  const woorden = new Map(versies.flatMap(({ redenen }) => redenen.map(({ code, omschrijving }) => [code, omschrijving] as const)))
  for (const { code, reden } of versies.flatMap(({ codes }) => codes)) woorden.set(code, woorden.get(reden) ?? reden)
  return [...woorden].map(([code, omschrijving]) => ({ code, omschrijving }))
}

/** A row as the API names its fields; what a version kept of a row is read likewise. */
function readRij (rij: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(rij).filter(([kolom]) => !(VERZWEGEN as readonly string[]).includes(kolom))
    .map(([kolom, waarde]) => [toVeld(kolom), kolom === 'inhoud' && isRij(waarde) ? readRij(waarde) : waarde]))
}

function isRij (waarde: unknown): waarde is Record<string, unknown> {
  return typeof waarde === 'object' && waarde !== null && !Array.isArray(waarde)
}

function toVeld (kolom: string): string {
  return kolom.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
