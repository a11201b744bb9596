import { withClient, type Dienst } from '../bench/dienst.ts'
import { buildRecord, SCHOOL } from './klant.ts'

export interface Controle { readonly opgeslagen: number, readonly kwijt: number, readonly verzonnen: number, readonly anders: number, readonly versies: number }

/** Compares what is stored with what clients were told: every confirmed record once, as sent; nothing that nobody sent. */
export async function checkOpslag (dienst: Pick<Dienst, 'connection'>, bevestigd: readonly number[], verstuurd: ReadonlySet<number>): Promise<Controle> {
  const { rijen, versies } = await withClient(dienst, async (client) => ({
    rijen: (await client.query<{ bron_id: string, minuten: number, leerling: string }>('select bron_id, minuten, leerling from absentie where school = $1', [SCHOOL])).rows,
    versies: Number((await client.query<{ count: string }>('select count(*) from absentie_versie where school = $1', [SCHOOL])).rows[0]!.count)
  }))
  const stored = new Map(rijen.map((rij) => [Number(rij.bron_id.slice(2)), rij]))
  return {
    opgeslagen: rijen.length,
    kwijt: bevestigd.filter((nummer) => !stored.has(nummer)).length,
    verzonnen: [...stored.keys()].filter((nummer) => !verstuurd.has(nummer)).length + rijen.length - stored.size,
    anders: [...stored].filter(([nummer, rij]) => rij.minuten !== buildRecord(nummer).minuten || rij.leerling !== buildRecord(nummer)['leerling']).length,
    versies
  }
}
