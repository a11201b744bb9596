// A night of leveringen against plain SQL that counts the same, in one run: npm run bench -- nacht-leveringen [--maat 0.1]
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openApp, makeLog, type App } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { runLeveringen } from '../../src/jobs/leveringen.ts'
import { fill } from './nacht.ts'
import type { Benchregel } from './bench.ts'

/** The day after the month that is levered; for each school to three ontvangers. */
const VANDAAG = '2026-11-02'
const PERIODE = { van: '2026-10-01', tot: '2026-10-31' } as const
const PER_SCHOOL = 3

/** What is in the files of a school, counted by one statement without roosters, history, suppression or anything kept. */
const TELLING = `
  select i.vestiging, i.leerjaar, l.woongemeente, count(distinct l.leerling), count(distinct a.leerling), a.categorie, sum(a.minuten)
    from inschrijving i
    join leerling l on (l.school, l.bron, l.leerling) = (i.school, i.bron, i.leerling)
    left join absentie a on (a.school, a.bron, a.leerling, a.vestiging) = (i.school, i.bron, i.leerling, i.vestiging) and a.datum between $2 and $3 and not a.ingetrokken
   where i.school = $1 and i.van <= $3 and coalesce(i.tot, 'infinity') >= $2
   group by grouping sets ((i.vestiging, i.leerjaar, a.categorie), (i.vestiging, a.categorie), (i.vestiging, l.woongemeente, a.categorie), ())`

/** Leveringen that are due at one moment of every school there is. */
export async function benchNachtLeveringen ({ scholen, leerlingen, absenties }: { readonly scholen: number, readonly leerlingen: number, readonly absenties: number }): Promise<Benchregel[]> {
  const dataDir = await mkdtemp(join(tmpdir(), 'aanwezig-bench-'))
  const app = await openApp(readConfig({ DATA_DIR: dataDir }), { log: makeLog('error'), now: () => new Date(`${VANDAAG}T05:00:00Z`) })
  try {
    await fill(app, { scholen, leerlingen, absenties })
    await plan(app)
    const { rows } = await app.pool.query<{ school: string }>('select school from school order by school')

    const began = performance.now()
    const { gemaakt, mislukt } = await runLeveringen(app)
    const eigen = performance.now() - began
    if (gemaakt !== scholen * PER_SCHOOL || mislukt.length > 0) throw new Error(`${gemaakt} leveringen made, ${mislukt.length} failed`)
    const sql = performance.now()
    // As often as there are leveringen: each of ours reads its facts anew, under a lock of its own.
    for (const { school } of rows) for (let keer = 0; keer < PER_SCHOOL; keer++) await app.pool.query(TELLING, [school, PERIODE.van, PERIODE.tot])
    const vergelijking = performance.now() - sql
    const line = (naam: string, deel: number, eenheid: string): Benchregel => ({ naam, eigen: eigen / deel, vergelijking: vergelijking / deel, ratio: eigen / vergelijking, doel: 'geen', eenheid })
    return [
      line(`een levering van ${leerlingen} leerlingen : telling in SQL`, gemaakt, 'ms'),
      line(`nacht van ${scholen} scholen, ${gemaakt} leveringen : telling in SQL`, 1_000, 's')
    ]
  } finally {
    await app.close()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Where everybody lives, to which verband each vestiging belongs, and a plan of every ontvanger for the month that ended. */
async function plan ({ pool }: App): Promise<void> {
  await pool.query("update leerling set woongemeente = '0344'")
  await pool.query(`
    insert into leerling_versie (school, bron, leerling, geboortedatum, woongemeente, woont_sinds, vastgelegd_op)
    select school, bron, leerling, geboortedatum, woongemeente, '1900-01-01', vastgelegd_op from leerling`)
  await pool.query("update vestiging set samenwerkingsverband = 'VO2601', vastgelegd_op = '2026-08-01'")
  await pool.query(`
    insert into leveringsplan (school, ontvanger, periodesoort, dagen_na_periode, aan, sinds, actor, vastgelegd_op)
    select school, ontvanger::ontvanger, 'maand', 1, true, $1, 'bench', now() from school, unnest('{ocw,gemeente,samenwerkingsverband}'::text[]) ontvanger`, [PERIODE.van])
  await pool.query('vacuum analyze')
}
