import { sql } from '../db/drizzle.ts'
import { readRows } from '../db/statement.ts'
import type { Tx } from '../db/transaction.ts'

/** What identifies a request with an Idempotency-Key: the client, its key, and keyed digests of what it asks and of what it may. */
export interface Sleutelgebruik { readonly bron: string, readonly sleutel: string, readonly inhoud: Buffer, readonly actor: Buffer }
export interface Bewaard { readonly inhoud: Buffer, readonly bezigTot: string | null, readonly status: number | null, readonly koppen: Record<string, string> | null, readonly antwoord: Buffer | null }

/**
 * Takes the key for a request that starts now: one that is new, expired, left by a process that died, or answered to the same client when it had
 * other rights. False: somebody else has it. `inhoud` holds the digest of the request (32 bytes) and of the actor.
 */
export async function claimSleutel (tx: Tx, gebruik: Sleutelgebruik, nu: string, bezigTot: string, verlopen: string): Promise<boolean> {
  const { bron, sleutel, inhoud, actor } = gebruik
  const rows = await readRows<{ bron: string }>(tx, sql`
    insert into idempotentie as i (bron, sleutel, inhoud, bezig_tot, ontvangen_op)
    values (${bron}, ${sleutel}, ${Buffer.concat([inhoud, actor])}, ${bezigTot}::timestamptz, ${nu}::timestamptz)
    on conflict on constraint idempotentie_pk do update
       set inhoud = excluded.inhoud, bezig_tot = excluded.bezig_tot, ontvangen_op = excluded.ontvangen_op, status = null, koppen = null, antwoord = null
     where i.ontvangen_op <= ${verlopen}::timestamptz
        or (substring(i.inhoud from 1 for 32) = ${inhoud}::bytea and (i.bezig_tot <= ${nu}::timestamptz or (i.bezig_tot is null and i.inhoud <> excluded.inhoud)))
    returning bron`)
  return rows.length > 0
}

/** The use of this key that stands in the way; undefined when it was released in the meantime. */
export async function findBewaard (tx: Tx, bron: string, sleutel: string): Promise<Bewaard | undefined> {
  const [row] = await readRows<Bewaard>(tx, sql`
    select inhoud, bezig_tot as "bezigTot", status, koppen, antwoord
      from idempotentie
     where bron = ${bron} and sleutel = ${sleutel}`)
  return row
}

/** Keeps the answer of the request that took the key until `bezigTot`; nothing happens when another took it over. */
export async function keepAntwoord (tx: Tx, bron: string, sleutel: string, bezigTot: string, antwoord: { status: number, koppen: Record<string, string>, antwoord: Buffer }): Promise<void> {
  await readRows(tx, sql`
    update idempotentie
       set bezig_tot = null, status = ${antwoord.status}, koppen = ${JSON.stringify(antwoord.koppen)}::jsonb, antwoord = ${antwoord.antwoord}
     where bron = ${bron} and sleutel = ${sleutel} and bezig_tot = ${bezigTot}::timestamptz`)
}

/** Gives the key of a request that came to nothing free again. */
export async function releaseSleutel (tx: Tx, bron: string, sleutel: string, bezigTot: string): Promise<void> {
  await readRows(tx, sql`
    delete from idempotentie
     where bron = ${bron} and sleutel = ${sleutel} and bezig_tot = ${bezigTot}::timestamptz`)
}

/** Deletes what was received at or before this moment; answers how much that was. */
export async function deleteTotEnMet (tx: Tx, tijdstip: string): Promise<number> {
  const { rowCount } = await tx.execute(sql`delete from idempotentie where ontvangen_op <= ${tijdstip}::timestamptz`)
  return rowCount ?? 0
}
