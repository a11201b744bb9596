import { setTimeout as sleep } from 'node:timers/promises'
import { startDienst, withClient } from '../bench/dienst.ts'
import { checkOpslag } from './controle.ts'
import { createSchool, divide, pushAll, range, type Klantverslag } from './klant.ts'
import type { Storing } from './storingen.ts'

/** PostgreSQL answers as on a full disk (53100), in the middle of batches; raised by a trigger, for a disk cannot be filled politely. */
export async function fillSchijf (): Promise<Storing> {
  const dienst = await startDienst()
  await createSchool(dienst)
  const nummers = range(0, 20_000)
  const verslag: Klantverslag = { bevestigd: [], mislukt: {} }
  const half = await withClient(dienst, async (client) => {
    await client.query(`create function schijf_vol() returns trigger language plpgsql as $$
      begin
        if new.bron_id like '%7' then raise exception 'could not extend file: No space left on device' using errcode = '53100'; end if;
        return new;
      end $$`)
    const klanten = Promise.all(divide(nummers, 4, 500).map(async (batches) => { await pushAll(() => dienst, batches, verslag) }))
    while (verslag.bevestigd.length < 5_000) await sleep(5)
    await client.query('create trigger schijf_vol before insert on absentie for each row execute function schijf_vol()')
    await sleep(1_000)
    const opgeslagen = Number((await client.query<{ count: string }>('select count(*) from absentie')).rows[0]!.count)
    const bevestigd = verslag.bevestigd.length
    await sleep(2_000)
    const later = Number((await client.query<{ count: string }>('select count(*) from absentie')).rows[0]!.count)
    await client.query('drop trigger schijf_vol on absentie')
    await klanten
    return { opgeslagen, bevestigd, later }
  })
  const controle = await checkOpslag(dienst, verslag.bevestigd, new Set(nummers))
  await dienst.stop()
  return {
    naam: 'schijf vol (53100) gedurende 3 seconden, 4 klanten met samen 20.000 records',
    gezien: { 'bevestigd en opgeslagen zolang hij vol is': `${half.bevestigd} en ${half.opgeslagen}`, 'pogingen zonder 200': Object.entries(verslag.mislukt).map(([wat, aantal]) => `${wat} ${aantal}`).join(', '), 'bevestigd na afloop': verslag.bevestigd.length },
    eisen: { 'geen halve aanlevering': half.opgeslagen === half.bevestigd && half.later === half.bevestigd, 'zolang hij vol is: 503': (verslag.mislukt['503'] ?? 0) > 0 && Object.keys(verslag.mislukt).every((wat) => wat === '503'), 'daarna staat alles er, een keer': controle.kwijt === 0 && controle.opgeslagen === nummers.length && controle.versies === 0 }
  }
}
