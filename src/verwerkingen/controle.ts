import { VERWERKINGDAGEN } from '../domain/bewaartermijn.ts'
import { addDagen, vandaag } from '../domain/datum.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import { BEGIN, describeZegel, hashVerwerking, indexBetrokkenen } from './keten.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'

/** A seal as it was given out: by the service log, an answer of the API or `logboek zegels`. */
export interface UitgegevenZegel { readonly positie: number, readonly sha256: string }

export interface Keuring {
  readonly zegels: number
  readonly verwerkingen: number
  /** The first broken place; null: everything is as it was sealed. */
  readonly breuk: string | null
}

class Breuk extends Error {}

/**
 * Computes the chain of a school anew, in one snapshot, and names the first place where it is not as it was sealed. What was sealed last may
 * be cut off without a trace in the database: that only a seal that was given out shows.
 */
export async function verifyKeten (ctx: Ctx, school: string, uitgegeven: readonly UitgegevenZegel[] = []): Promise<Keuring> {
  const scope = requireRecht(ctx.actor, 'verwerkingen:lezen', school)
  const gezien = { zegels: 0, verwerkingen: 0 }
  try {
    await ctx.transaction(async (tx) => {
      await store.freezeSnapshot(tx)
      const einde = await verifyZegels(ctx, tx, scope, gezien)
      await verifyRanden(tx, scope, einde)
      for (const zegel of uitgegeven) await verifyUitgegeven(tx, scope, einde, zegel)
    })
  } catch (error) {
    if (!(error instanceof Breuk)) throw error
    return { ...gezien, breuk: error.message }
  }
  return { ...gezien, breuk: null }
}

interface Einde { readonly begin: number, readonly zegel: number, readonly positie: number, readonly betrokkenen: number }

async function verifyZegels (ctx: Ctx, tx: Tx, scope: Schoolscope, gezien: { zegels: number, verwerkingen: number }): Promise<Einde> {
  let vorig: store.ZegelMetWaarmerk | undefined
  let begin = 1
  let betrokkenen = 0
  for (;;) {
    const zegels = await store.listZegels(tx, scope, vorig?.nummer ?? 0, 100)
    for (const zegel of zegels) {
      if (vorig === undefined && await isGeleegd(ctx, tx, scope, zegel)) {
        verifyWaarmerk(ctx, scope, zegel)
        begin = zegel.laatste + 1
      } else {
        verifyAansluiting(vorig, zegel)
        verifyWaarmerk(ctx, scope, zegel)
        betrokkenen += await verifyZegel(tx, scope, zegel, vorig?.hash ?? BEGIN)
        gezien.zegels++
        gezien.verwerkingen += zegel.laatste - zegel.eerste + 1
      }
      vorig = zegel
    }
    if (zegels.length < 100) return { begin, zegel: vorig?.nummer ?? 0, positie: vorig?.laatste ?? 0, betrokkenen }
  }
}

function verifyAansluiting (vorig: store.ZegelMetWaarmerk | undefined, { nummer, eerste, dag }: store.ZegelMetWaarmerk): void {
  const [verwachtNummer, verwachtEerste] = [(vorig?.nummer ?? 0) + 1, (vorig?.laatste ?? 0) + 1]
  if (nummer !== verwachtNummer) throw new Breuk(`zegel ${verwachtNummer} ontbreekt, met alles vanaf positie ${verwachtEerste}; het eerstvolgende is ${nummer} (${dag})`)
  if (eerste !== verwachtEerste) throw new Breuk(`zegel ${nummer} begint op positie ${eerste}, verwacht ${verwachtEerste} (${dag})`)
}

function verifyWaarmerk (ctx: Ctx, { school }: Schoolscope, zegel: store.ZegelMetWaarmerk): void {
  if (!ctx.sleutels.signZegel(describeZegel(school, zegel)).equals(zegel.waarmerk)) throw new Breuk(`zegel ${zegel.nummer} is niet door deze dienst gezet (${zegel.dag})`)
}

/** The seal on which the rest hangs after the term was applied: it is old enough, and nothing of it is left. */
async function isGeleegd (ctx: Ctx, tx: Tx, scope: Schoolscope, zegel: store.ZegelMetWaarmerk): Promise<boolean> {
  return zegel.tot.slice(0, 10) <= addDagen(vandaag(ctx.now()), -VERWERKINGDAGEN) && (await store.listSchakels(tx, scope, zegel.eerste, zegel.laatste)).length === 0
}

async function verifyZegel (tx: Tx, scope: Schoolscope, zegel: store.ZegelMetWaarmerk, vorige: Buffer): Promise<number> {
  const schakels = await store.listSchakels(tx, scope, zegel.eerste, zegel.laatste)
  let hash = vorige
  for (let positie = zegel.eerste; positie <= zegel.laatste; positie++) {
    const schakel = schakels[positie - zegel.eerste]
    if (schakel?.positie !== positie) throw new Breuk(`positie ${positie} ontbreekt in de keten (${zegel.dag})`)
    const { verwerking, rij } = schakel
    if (rij === null) throw new Breuk(`positie ${positie}: verwerking ${verwerking} is weg (${zegel.dag})`)
    hash = hashVerwerking(hash, positie, verwerking, rij)
    if (!hash.equals(schakel.hash)) throw new Breuk(`positie ${positie}: verwerking ${verwerking} is niet wat er is verzegeld (${zegel.dag})`)
  }
  if (!hash.equals(zegel.hash)) throw new Breuk(`zegel ${zegel.nummer} past niet op positie ${zegel.laatste} (${zegel.dag})`)
  const betrokkenen = indexBetrokkenen(schakels)
  if (await store.countBetrokkenen(tx, scope, zegel.nummer, betrokkenen) !== betrokkenen.size) throw new Breuk(`het register van betrokkenen klopt niet met zegel ${zegel.nummer} (${zegel.dag})`)
  return betrokkenen.size
}

async function verifyRanden (tx: Tx, scope: Schoolscope, einde: Einde): Promise<void> {
  const buiten = await store.findBuitenKeten(tx, scope, einde.positie)
  if (buiten.positie !== null) throw new Breuk(`positie ${buiten.positie} staat voorbij het laatste zegel (${einde.positie})`)
  if (buiten.verwerking !== null) throw new Breuk(`verwerking ${buiten.verwerking} staat buiten de keten: zij is ingevoegd, of haar zegel is weggenomen`)
  if (await store.countAlleBetrokkenen(tx, scope) !== einde.betrokkenen) throw new Breuk('het register van betrokkenen noemt meer dan er is verzegeld')
}

async function verifyUitgegeven (tx: Tx, scope: Schoolscope, { begin, positie: laatste }: Einde, { positie, sha256 }: UitgegevenZegel): Promise<void> {
  if (positie > laatste) throw new Breuk(`de keten eindigt op positie ${laatste}, maar op ${positie} is een zegel uitgegeven: het einde is weg`)
  if (positie < begin - 1) return // its term is over
  const hash = await store.findSchakel(tx, scope, positie)
  if (hash?.toString('hex') !== sha256) throw new Breuk(`positie ${positie} is niet wat er is uitgegeven: de keten is opnieuw gemaakt`)
}
