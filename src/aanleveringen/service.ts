import { insertAanlevering } from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Fout } from '../errors.ts'
import type { Schoolscope } from '../toegang/service.ts'

/** The kinds of aanlevering there are. */
export const SOORTEN_AANLEVERING = ['absenties', 'afmeldingen', 'vestigingen', 'kalenders', 'leerlingen', 'vrijstellingen', 'verklaringen', 'momentopname', 'terugdraaiing'] as const
export type Soortaanlevering = typeof SOORTEN_AANLEVERING[number]

export interface Afgewezen { readonly index: number, readonly problemen?: readonly Fout[] | undefined, readonly [sleutel: string]: unknown }

export interface Aanleveringsgegevens {
  readonly aanlevering: string
  /** The parts of a stream are numbered from 0. */
  readonly deel?: number
  readonly soort: Soortaanlevering
  readonly aantallen: Readonly<Record<string, number>>
  readonly afgewezen?: readonly Afgewezen[]
  readonly bijzonderheden?: object
  /** `performance.now()` when the work began. */
  readonly begonnen: number
}

/** Refused records kept per part; all of them are in the answer, and their number in aantallen. */
const BEWAARD = 100

/** Records what one school was delivered, in the transaction that lands it. */
export async function recordAanlevering (ctx: Ctx, tx: Tx, scope: Schoolscope, gegevens: Aanleveringsgegevens): Promise<void> {
  const { aanlevering, deel = 0, soort, aantallen, afgewezen = [], bijzonderheden = {}, begonnen } = gegevens
  await insertAanlevering(tx, {
    school: scope.school,
    aanlevering,
    deel,
    bron: scope.bron,
    actor: ctx.actor.persoon ?? ctx.actor.bron,
    soort,
    aantallen,
    afgewezen: afgewezen.slice(0, BEWAARD),
    bijzonderheden,
    duurMs: Math.round(performance.now() - begonnen)
  })
}
