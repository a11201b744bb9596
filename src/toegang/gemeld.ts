import { sql, type SQL } from 'drizzle-orm'

// What counts as gemeld to a gemeente, as a condition for the statements of other rooms.

/** Whether `melding m` reached this gemeente. */
export function isGemeldAan (gemeente: string): SQL {
  return sql`
    m.meldingsnummer is not null and m.status <> 'I'
    and (select v.woongemeente
           from leerling_versie v
          where v.school = m.school and v.bron = m.bron and v.leerling = m.leerling and v.woont_sinds <= m.aangemaakt_op::date
          order by v.woont_sinds desc, v.vastgelegd_op desc
          limit 1) = ${gemeente}`
}
