import { sql } from '../db/drizzle.ts'
import { columnText, readRows } from '../db/statement.ts'
import { isOnderBeperking, type Geldendebeperking } from '../domain/beperking.ts'
import { WETTELIJK_GETELD } from '../domain/regel.ts'
import type { Tx } from '../db/transaction.ts'
import type { Categorie, Feit, Soort } from '../domain/absentie.ts'
import { vandaag, type Datum } from '../domain/datum.ts'
import type { Feiten } from '../domain/teldagen.ts'
import { inReikwijdte, type Schoolinzage } from '../toegang/service.ts'
import { BEPERKINGEN } from '../verzoeken/beperkt.ts'

/** Without what a beperking keeps from being used. */
export interface Leerlingfeiten extends Feiten { readonly bron: string, readonly leerling: string, readonly beperkingen: readonly Geldendebeperking[] }

interface Feitenrij { [column: string]: unknown, readonly bron: string, readonly leerling: string, readonly geboortedatum: Datum, readonly absenties: string | null, readonly inschrijvingen: Feiten['inschrijvingen'], readonly vrijstellingen: Feiten['vrijstellingen'], readonly uitzonderingen: Feiten['uitzonderingen'], readonly beperkingen: readonly Geldendebeperking[] }

// Whether the statutory rules count it.
const IS_WETTELIJK_GETELD = sql.raw(`a.categorie = '${WETTELIJK_GETELD.categorie}' and a.soort in (${WETTELIJK_GETELD.soorten.map((soort) => `'${soort}'`).join(', ')})`)

// When the bron first gave the reden it gives now, in seconds: by its own gewijzigdOp, in whatever order the versions came.
const REDEN_SINDS = sql.raw(`
  (select extract(epoch from least(a.gewijzigd_op, min(v.gewijzigd_op)))
     from absentie_versie v
    where v.school = a.school and v.bron = a.bron and v.bron_id = a.bron_id and v.reden = a.reden)`)

// Between fields; no field of an absentie holds a control character (http/velden.ts).
const TUSSEN = '\x1f'

/** What the rules of a school ask: all absenties of a leerling, or only what the statutory rules count; and since when a reden was given. */
export interface Feitenvraag { readonly alles: boolean, readonly redenSinds: boolean }

/**
 * Everything the rules know of these leerlingen, in one statement. Absenties travel as one text a
 * leerling: as JSON objects 1,000 leerlingen with 20 each took PostgreSQL 141 ms, so 42. Planned anew each time: a plan kept from when the school
 * was empty took 130 ms for 250 leerlingen, until the next analyze.
 */
export async function listFeiten (tx: Tx, scope: Schoolinzage, leerlingen: ReadonlyArray<{ bron: string, leerling: string }>, { alles, redenSinds }: Feitenvraag): Promise<Leerlingfeiten[]> {
  const tussen = sql.raw("E'\\x1f'")
  const { rows } = await tx.execute<Feitenrij>(sql`
    select l.bron, l.leerling, l.geboortedatum,
           (select string_agg(a.bron_id || ${tussen} || a.vestiging || ${tussen} || a.datum || ${tussen} || a.soort || ${tussen} || coalesce(a.reden, '') || ${tussen} ||
                              a.categorie || ${tussen} || coalesce(a.minuten::text, '') || ${tussen} || ${redenSinds ? sql`coalesce(${REDEN_SINDS}::text, '')` : sql`''`}, ${tussen} order by a.datum, a.bron_id)
              from absentie a
             where a.school = l.school and a.bron = l.bron and a.leerling = l.leerling and not a.ingetrokken and a.overtroefd_door is null
               ${alles ? sql`` : sql`and ${IS_WETTELIJK_GETELD}`}) as absenties,
           coalesce((select json_agg(json_build_object('vestiging', i.vestiging, 'van', i.van, 'tot', i.tot, 'leerjaar', i.leerjaar, 'rooster', i.rooster) order by i.van, i.vestiging)
                       from inschrijving i
                      where i.school = l.school and i.bron = l.bron and i.leerling = l.leerling), '[]') as inschrijvingen,
           coalesce((select json_agg(json_build_object('van', v.van, 'tot', v.tot))
                       from vrijstelling v
                      where v.school = l.school and v.bron = l.bron and v.leerling = l.leerling), '[]') as vrijstellingen,
           coalesce((select json_agg(json_build_object('regel', u.regel, 'van', u.van, 'tot', u.tot))
                       from uitzondering u
                      where u.school = l.school and u.bron = l.bron and u.leerling = l.leerling and u.ingetrokken_op is null), '[]') as uitzonderingen,
           ${BEPERKINGEN} as beperkingen
      from unnest(${columnText(leerlingen, ({ bron }) => bron)}::text[], ${columnText(leerlingen, ({ leerling }) => leerling)}::text[]) as k(bron, leerling)
      join leerling l on l.school = ${scope.school} and l.bron = k.bron and l.leerling = k.leerling and ${inReikwijdte(scope, sql`l`)}`)
  return rows.map((rij) => {
    const absenties = readFeiten(rij.bron, rij.absenties)
    return { ...rij, absenties: rij.beperkingen.length === 0 ? absenties : absenties.filter((feit) => !isOnderBeperking(rij.beperkingen, feit)) }
  })
}

function readFeiten (bron: string, text: string | null): Feit[] {
  const velden = text?.split(TUSSEN) ?? []
  const feiten: Feit[] = []
  for (let at = 0; at < velden.length; at += 8) {
    feiten.push({
      bron,
      bronId: velden[at]!,
      vestiging: velden[at + 1]!,
      datum: velden[at + 2]!,
      soort: velden[at + 3] as Soort,
      reden: velden[at + 4] || null,
      categorie: velden[at + 5] as Categorie,
      minuten: velden[at + 6] === '' ? null : Number(velden[at + 6]),
      redenSinds: velden[at + 7] === '' ? null : vandaag(new Date(Number(velden[at + 7]) * 1000))
    })
  }
  return feiten
}

export interface Lid { [column: string]: unknown, readonly persoon: string, readonly bron: string, readonly leerling: string }

/** These leerlingen and everyone who is the same person as one of them: records of a school with the same persoonsgebonden nummer. */
export async function listLeden (tx: Tx, scope: Schoolinzage, leerlingen: ReadonlyArray<{ bron: string, leerling: string }>): Promise<Lid[]> {
  return await readRows<Lid>(tx, sql`
    with gevraagd as materialized (
      select l.bron, l.leerling, l.pgn_zoek
        from unnest(${columnText(leerlingen, ({ bron }) => bron)}::text[], ${columnText(leerlingen, ({ leerling }) => leerling)}::text[]) as k(bron, leerling)
        join leerling l on l.school = ${scope.school} and l.bron = k.bron and l.leerling = k.leerling and ${inReikwijdte(scope, sql`l`)}
    )
    select bron || ' ' || leerling as persoon, bron, leerling from gevraagd where pgn_zoek is null
    union
    select encode(l.pgn_zoek, 'hex'), l.bron, l.leerling
      from (select distinct pgn_zoek from gevraagd where pgn_zoek is not null) g
      join leerling l on l.school = ${scope.school} and l.pgn_zoek = g.pgn_zoek and ${inReikwijdte(scope, sql`l`)}`)
}
