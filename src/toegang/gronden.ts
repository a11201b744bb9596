import { sql, type SQL } from '../db/drizzle.ts'

// What ties a person to a leerling, as parts of the statements that ask it: here, where it decides, and where it is explained.

/** Whether `melding m` reached this gemeente: it has a number of DUO, was not withdrawn, and the leerling lived there when it was made. */
export function isGemeldAan (gemeente: string): SQL {
  return sql`
    m.meldingsnummer is not null and m.status <> 'I'
    and (select v.woongemeente
           from leerling_versie v
          where v.school = m.school and v.bron = m.bron and v.leerling = m.leerling and v.woont_sinds <= (m.aangemaakt_op at time zone 'Europe/Amsterdam')::date
          order by v.woont_sinds desc, v.vastgelegd_op desc
          limit 1) = ${gemeente}`
}

/** Every record of the school that is the same person as leerling `l`, itself among them, as `p`. */
export const ZELFDE_PERSOON = sql`leerling p on p.school = l.school and (p.pgn_zoek = l.pgn_zoek or (p.bron, p.leerling) = (l.bron, l.leerling))`

/** Of `betrekking b`: what keeps its persoon from this leerling, under whatever betrekking and with whatever bron it was laid down. A bron that does not know of it opens nothing. */
export const BLOKKADES = sql`
  coalesce((select jsonb_agg(k.blokkade)
              from leerling l
              join ${ZELFDE_PERSOON}
              join betrekking o on o.school = p.school and o.bron = p.bron and o.leerling = p.leerling and o.persoon = b.persoon
             cross join lateral jsonb_array_elements(o.blokkades) as k (blokkade)
             where l.school = b.school and l.bron = b.bron and l.leerling = b.leerling), '[]')`

/** Of `betrekking b`: what the leerling consented to and did not take back. */
export const TOESTEMMINGEN = sql`
  coalesce((select json_agg(json_build_object('van', t.van, 'tot', t.tot))
              from toestemming t
             where t.school = b.school and t.bron = b.bron and t.leerling = b.leerling and t.persoon = b.persoon and t.ingetrokken_op is null), '[]')`
