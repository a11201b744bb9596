import { createHash } from 'node:crypto'
import type { Datum } from '../domain/datum.ts'

/** A verwerking as it is stored. */
export interface Verwerkingsrij {
  readonly school: string
  readonly verwerking: string
  readonly activiteit: string
  readonly actor: string
  readonly toepassing: string | null
  readonly rol: string | null
  readonly doelbinding: string | null
  readonly traceId: string
  readonly spanId: string | null
  readonly ouderSpan: string | null
  readonly sleutel: number
  readonly betrokkenen: Buffer
  /** To the microsecond. */
  readonly tijdstip: string
}

/** What the first hash of a school goes on from. */
export const BEGIN = Buffer.alloc(32)

/**
 * SHA-256 over the hash before it, the place, and everything that is stored of the verwerking, as JSON in this order; the doelbinding where there
 * is one, as verwerkingen of before it have none. Null: what was to be sealed was gone by then; its place says so for ever.
 */
export function hashVerwerking (vorige: Buffer, positie: number, verwerking: string, rij: Verwerkingsrij | null): Buffer {
  const inhoud = rij === null
    ? null
    : [rij.school, rij.activiteit, rij.actor, rij.toepassing, rij.rol, rij.traceId, rij.spanId, rij.ouderSpan, rij.sleutel, rij.betrokkenen.toString('hex'), rij.tijdstip, ...rij.doelbinding === null ? [] : [rij.doelbinding]]
  return createHash('sha256').update(vorige).update(JSON.stringify([positie, verwerking, inhoud])).digest()
}

export interface Zegel {
  readonly nummer: number
  readonly dag: Datum
  readonly eerste: number
  readonly laatste: number
  /** Of the last verwerking in it. */
  readonly hash: Buffer
}

/** What the keyed mark of a seal is over. */
export function describeZegel (school: string, { nummer, dag, eerste, laatste, hash }: Zegel): string {
  return JSON.stringify([school, nummer, dag, eerste, laatste, hash.toString('hex')])
}

/** The pseudonyms of a verwerking, in hex. */
export function * listPseudoniemen (betrokkenen: Buffer): Generator<string> {
  for (let at = 0; at < betrokkenen.length; at += 16) yield betrokkenen.toString('hex', at, at + 16)
}

/** Notes where each betrokkene of these verwerkingen occurs. */
export function indexBetrokkenen (rijen: ReadonlyArray<{ readonly positie: number, readonly rij: Pick<Verwerkingsrij, 'betrokkenen'> | null }>, posities = new Map<string, number[]>()): Map<string, number[]> {
  for (const { positie, rij } of rijen) {
    for (const pseudoniem of rij === null ? [] : listPseudoniemen(rij.betrokkenen)) {
      const known = posities.get(pseudoniem)
      if (known === undefined) posities.set(pseudoniem, [positie])
      else if (known.at(-1) !== positie) known.push(positie)
    }
  }
  return posities
}
