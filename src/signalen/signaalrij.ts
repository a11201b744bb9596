import { sql, type SQL } from '../db/drizzle.ts'
import { iso } from '../db/statement.ts'
import { uiterlijkMelden } from '../domain/signaal.ts'
import { SIGNAAL_BEPERKT } from '../verzoeken/beperkt.ts'
import type { Datum } from '../domain/datum.ts'
import type { Signaal } from './contract.ts'

// A signaal as REST and GraphQL show it: read here, once for both.

/** What the store says of a signaal, without what follows from the law and the eenheid. */
export type Signaalgegevens = Omit<Signaal, 'drempelMinuten' | 'uiterlijkMelden'>

/** The columns of `signaal s`, with its rust on a day. */
export function signaalvelden (vandaag: Datum): SQL {
  return sql`
    s.school || '-' || s.signaal as id, s.regel, s.aard, s.school, json_build_object('bron', s.bron, 'bronId', s.leerling) as leerling, s.begindatum, s.einddatum,
    s.eenheid, s.gemeten, s.drempel, s.minuten, s.uiterlijk_afhandelen as "uiterlijkAfhandelen", s.status, s.reden_vervallen as "redenVervallen", s.voorstel,
    ${rustTot(vandaag)} as "rustTot", ${nameBeleidsversie(sql`s.beleidsversie`)} as beleidsversie, s.onderbouwing, ${SIGNAAL_BEPERKT} as beperkt,
    ${iso(sql`s.aangemaakt_op`)} as "aangemaaktOp",
    ${iso(sql`s.bijgewerkt_op`)} as "bijgewerktOp"`
}

/** The last day of the rust that `signaal s` has on a day; null when it has none. */
export function rustTot (vandaag: Datum): SQL {
  return sql`
    (select max(r.tot)
       from signaalrust r
      where r.school = s.school and r.bron = s.bron and r.leerling = s.leerling and r.regel = s.regel and r.beeindigd_op is null and ${vandaag}::date between r.van and r.tot)`
}

export function nameBeleidsversie (versie: SQL): SQL {
  return sql`case when ${versie} = 0 then 'standaardbeleid' else ${versie}::text end`
}

export function completeSignaal (gegevens: Signaalgegevens): Signaal {
  return { ...gegevens, drempelMinuten: gegevens.eenheid === 'minuten' ? gegevens.drempel : null, uiterlijkMelden: uiterlijkMelden(gegevens) }
}
