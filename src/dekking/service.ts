import { CATEGORIEEN } from '../domain/absentie.ts'
import { beleidOp, findReden, type Beleid } from '../domain/beleid.ts'
import { addDagen } from '../domain/datum.ts'
import { findStam } from '../leerlingen/stam.ts'
import { requireRecht } from '../toegang/service.ts'
import { recordVerwerking } from '../verwerkingen/service.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Datum, Periode } from '../domain/datum.ts'
import type { Codedekking, Dekkingsvraag, Redendekking } from './contract.ts'

/** Which codes the bronnen sent and what the beleid of those days makes of them: the answer is counts, and names no person. */
export async function getRedendekking (ctx: Ctx, school: string, { van, tot }: Dekkingsvraag): Promise<Redendekking> {
  const scope = requireRecht(ctx.actor, 'beleid:lezen', school)
  const { beleid, rijen } = await ctx.transaction(async (tx) => {
    const stam = await findStam(ctx, tx, school)
    const beleid = stam?.beleid ?? []
    const rijen = await store.countCodes(tx, scope, listWissels(beleid, { van, tot }), tot)
    await recordVerwerking(ctx, tx, 'absenties:lezen', rijen.flatMap(({ bron, leerlingen }) => leerlingen.map((leerling) => ({ school, bron, leerling }))))
    return { beleid, rijen }
  })
  const totalen = CATEGORIEEN.map((categorie) => ({ categorie, ...sumCijfers(rijen.filter((rij) => rij.categorie === categorie)) }))
  const { minuten } = sumCijfers(rijen)
  const nietIngedeeld = totalen.find(({ categorie }) => categorie === 'niet-ingedeeld')!.minuten
  return { school, van, tot, codes: listCodes(beleid, rijen), totalen, aandeelNietIngedeeld: minuten === 0 ? null : Math.round(nietIngedeeld / minuten * 10_000) / 10_000 }
}

/** The days on which a code may begin to mean something else: within a stretch between them it means one thing. */
function listWissels (versies: readonly Beleid[], { van, tot }: Periode): Datum[] {
  const dagen = versies.flatMap(({ geldigVan, geldigTot, redenen }) =>
    [geldigVan, ...[geldigTot, ...redenen.map((reden) => reden.geldigTot)].flatMap((laatste) => laatste == null ? [] : [addDagen(laatste, 1)])])
  return [van, ...[...new Set(dagen)].filter((dag) => van < dag && dag <= tot).sort()]
}

/** Stretches in which a code means the same are one. */
function listCodes (beleid: readonly Beleid[], rijen: readonly store.Coderij[]): Codedekking[] {
  const betekenissen = rijen.map(({ bron, code, categorie, eersteDatum, laatsteDatum, leerlingen, ...cijfers }) => {
    const reden = code === null ? null : findReden(beleidOp(beleid, eersteDatum), code, bron, eersteDatum)?.code ?? null
    return { bron, code, reden, categorie, ...cijfers, eersteDatum, laatsteDatum }
  })
  const gelijk = Map.groupBy(betekenissen, ({ bron, code, reden, categorie }) => JSON.stringify([bron, code, reden, categorie]))
  const codes = [...gelijk.values()].map((deel) => ({ ...deel[0]!, ...sumCijfers(deel), laatsteDatum: deel.at(-1)!.laatsteDatum }))
  return [...codes.filter(({ categorie }) => categorie === 'niet-ingedeeld'), ...codes.filter(({ categorie }) => categorie !== 'niet-ingedeeld')]
}

type Cijfers = Pick<Codedekking, 'registraties' | 'minuten' | 'onbekend'>

function sumCijfers (delen: readonly Cijfers[]): Cijfers {
  const som = { registraties: 0, minuten: 0, onbekend: 0 }
  for (const { registraties, minuten, onbekend } of delen) {
    som.registraties += registraties
    som.minuten += minuten
    som.onbekend += onbekend
  }
  return som
}
