import { sql, type SQL } from '../db/drizzle.ts'
import type { Inzagedeel } from '../domain/inzage.ts'
import type { Tx } from '../db/transaction.ts'
import type { Schoolinzage } from '../toegang/service.ts'

// Everything that is held on one person: a line per table, each row as it is stored, so that a new column is in it of itself.

export interface Leerlingrecord { readonly [column: string]: unknown, readonly bron: string, readonly leerling: string }

/** The record that was asked for, known or not, and every other of the same person. */
export async function listRecords (tx: Tx, scope: Schoolinzage, bron: string, leerling: string): Promise<Leerlingrecord[]> {
  const { rows } = await tx.execute<{ bron: string, leerling: string }>(sql`
    select ${bron}::text as bron, ${leerling}::text as leerling
    union
    select o.bron, o.leerling
      from leerling l
      join leerling o on o.school = l.school and o.pgn_zoek = l.pgn_zoek
     where l.school = ${scope.school} and l.bron = ${bron} and l.leerling = ${leerling}
     order by 1, 2`)
  return rows
}

interface Tak {
  readonly deel: Inzagedeel
  /** The table `t`, joined to the persons it is of, `lid`. */
  readonly van: SQL
  /** What orders its rows. */
  readonly volgens: SQL
}

const eigen = sql.raw('join lid on t.bron = lid.bron and t.leerling = lid.leerling')
/** A table that hangs from another one. */
const onder = (tabel: string): SQL => sql.raw(`join ${tabel} p on p.school = t.school and p.${tabel} = t.${tabel} join lid on p.bron = lid.bron and p.leerling = lid.leerling`)

/** Each table in which somebody is known by his key. test/api/inzage.test.ts holds it against the database. */
export const TAKKEN: ReadonlyMap<string, Tak> = new Map(Object.entries<Tak>({
  leerling: { deel: 'leerling', van: sql`leerling t ${eigen}`, volgens: sql`t.vastgelegd_op` },
  leerling_versie: { deel: 'leerling-eerder', van: sql`leerling_versie t ${eigen}`, volgens: sql`t.vastgelegd_op` },
  inschrijving: { deel: 'inschrijvingen', van: sql`inschrijving t ${eigen}`, volgens: sql`t.van` },
  inschrijving_versie: { deel: 'inschrijvingen-eerder', van: sql`inschrijving_versie t ${eigen}`, volgens: sql`t.vervangen_op` },
  vrijstelling: { deel: 'vrijstellingen', van: sql`vrijstelling t ${eigen}`, volgens: sql`t.van` },
  groepslid: { deel: 'groepen', van: sql`groepslid t ${eigen}`, volgens: sql`t.van` },
  betrekking: { deel: 'betrekkingen', van: sql`betrekking t ${eigen}`, volgens: sql`t.van` },
  toestemming: { deel: 'toestemmingen', van: sql`toestemming t ${eigen}`, volgens: sql`t.gegeven_op` },
  absentie: { deel: 'absenties', van: sql`absentie t ${eigen}`, volgens: sql`t.datum` },
  absentie_versie: { deel: 'absenties-eerder', van: sql`absentie_versie t ${eigen}`, volgens: sql`t.vervangen_op` },
  absentie_in_wacht: { deel: 'absenties-wachtend', van: sql`absentie_in_wacht t ${eigen}`, volgens: sql`t.sinds` },
  afmelding: { deel: 'afmeldingen', van: sql`afmelding t ${eigen}`, volgens: sql`t.begindatum` },
  afmelding_versie: { deel: 'afmeldingen-eerder', van: sql`afmelding_versie t ${eigen}`, volgens: sql`t.vervangen_op` },
  signaal: { deel: 'signalen', van: sql`signaal t ${eigen}`, volgens: sql`t.einddatum` },
  signaal_versie: { deel: 'signalen-eerder', van: sql`signaal_versie t ${onder('signaal')}`, volgens: sql`t.vastgelegd_op` },
  signaal_beoordeling: { deel: 'beoordelingen', van: sql`signaal_beoordeling t ${onder('signaal')}`, volgens: sql`t.beoordeeld_op` },
  signaalrust: { deel: 'rust', van: sql`signaalrust t ${eigen}`, volgens: sql`t.van` },
  uitzondering: { deel: 'uitzonderingen', van: sql`uitzondering t ${eigen}`, volgens: sql`t.van` },
  melding: { deel: 'meldingen', van: sql`melding t ${eigen}`, volgens: sql`t.begindatum` },
  melding_versie: { deel: 'meldingen-eerder', van: sql`melding_versie t ${onder('melding')}`, volgens: sql`t.versie` },
  uitzending: { deel: 'uitzendingen', van: sql`uitzending t ${onder('melding')}`, volgens: sql`t.volgnummer` },
  uitzendpoging: { deel: 'uitzendpogingen', van: sql`uitzendpoging t join uitzending u on u.school = t.school and u.uitzending = t.uitzending join melding p on p.school = u.school and p.melding = u.melding join lid on p.bron = lid.bron and p.leerling = lid.leerling`, volgens: sql`t.begonnen_op` },
  verzoek: { deel: 'verzoeken', van: sql`verzoek t ${eigen}`, volgens: sql`t.ontvangen_op` },
  verzoek_stap: { deel: 'verzoeken-verloop', van: sql`verzoek_stap t ${onder('verzoek')}`, volgens: sql`t.vastgelegd_op` },
  beperking: { deel: 'beperkingen', van: sql`beperking t ${eigen}`, volgens: sql`t.vastgelegd_op` },
  vasthouding: { deel: 'vasthoudingen', van: sql`vasthouding t ${eigen}`, volgens: sql`t.vastgelegd_op` },
  dossiersluiting: { deel: 'dossiersluitingen', van: sql`dossiersluiting t ${eigen}`, volgens: sql`t.tot` },
  overdracht: {
    deel: 'overdrachten',
    van: sql`overdracht t join (select lid.bron, lid.leerling, l.pgn_zoek
                                  from lid
                                  left join leerling l on l.school = (select school from hier) and l.bron = lid.bron and l.leerling = lid.leerling) lid
                            on t.school = (select school from hier) and t.bron = lid.bron and t.leerling = lid.leerling
                            or t.naar_school = (select school from hier) and t.pgn_ontvanger = lid.pgn_zoek`,
    volgens: sql`t.gemaakt_op`
  }
}))
/** Of whom a row is of another school too, and so read by more than the school. */
const OOK_VAN_ANDEREN = ['overdracht']

/** Not handed over: what only the service can read, and who of the school did it (HvJ EU 22 June 2023, C-579/21; rights of others, AVG art. 15 lid 4). */
export const VERZWEGEN = [
  'school', 'pgn_zoek', 'pgn_versleuteld', 'pgn_ontvanger', 'bericht',
  'actor', 'beeindigd_door', 'gegeven_door', 'ingetrokken_door', 'opgeheven_door'
] as const

export interface Dossierrij { readonly deel: Inzagedeel, readonly rij: Record<string, unknown> }

/** Every row of these records in one statement, so of one moment; each part oldest first. */
export async function listDossier (tx: Tx, scope: Schoolinzage, records: readonly Leerlingrecord[]): Promise<Dossierrij[]> {
  const takken = [...TAKKEN].map(([tabel, { deel, van, volgens }]) => sql`
    select ${deel}::text as deel, ${volgens}::text as volgens, to_jsonb(t) - ${sql.param([...VERZWEGEN])}::text[] as rij
      from ${van}
     where ${OOK_VAN_ANDEREN.includes(tabel) ? sql`true` : sql`t.school = ${scope.school}`}`)
  const { rows } = await tx.execute<Dossierrij & Record<string, unknown>>(sql`
    with hier as (select ${scope.school}::text as school),
         lid as materialized (select * from unnest(${sql.param(records.map(({ bron }) => bron))}::text[], ${sql.param(records.map(({ leerling }) => leerling))}::text[]) as r (bron, leerling))
    select deel, rij from (${sql.join(takken, sql` union all `)}) alle order by deel, volgens, rij::text`)
  return rows
}

export interface Versleutelden {
  readonly nummers: ReadonlyArray<Leerlingrecord & { readonly soort: string, readonly versleuteld: Buffer }>
  readonly berichten: ReadonlyArray<{ readonly uitzending: string, readonly versleuteld: Buffer }>
}

/** What is stored of these records under our own key. */
export async function listVersleutelden (tx: Tx, scope: Schoolinzage, records: readonly Leerlingrecord[]): Promise<Versleutelden> {
  const lid = sql`unnest(${sql.param(records.map(({ bron }) => bron))}::text[], ${sql.param(records.map(({ leerling }) => leerling))}::text[]) as r (bron, leerling)`
  const nummers = await tx.execute<Leerlingrecord & { soort: string, versleuteld: Buffer }>(sql`
    select l.bron, l.leerling, l.pgn_soort as soort, l.pgn_versleuteld as versleuteld
      from ${lid}
      join leerling l on l.school = ${scope.school} and l.bron = r.bron and l.leerling = r.leerling
     where l.pgn_versleuteld is not null
     order by l.bron, l.leerling`)
  const berichten = await tx.execute<{ uitzending: string, versleuteld: Buffer }>(sql`
    select u.uitzending, u.bericht as versleuteld
      from ${lid}
      join melding m on m.school = ${scope.school} and m.bron = r.bron and m.leerling = r.leerling
      join uitzending u on u.school = m.school and u.melding = m.melding`)
  return { nummers: nummers.rows, berichten: berichten.rows }
}
