import { startDienst, withClient } from '../bench/dienst.ts'
import { checkOpslag } from './controle.ts'
import { createSchool, divide, pushAll, range, SCHOOL, type Klantverslag } from './klant.ts'
import type { Storing } from './storingen.ts'

/** Every connection of the pool kept busy for eight seconds, behind a lock that somebody else holds. */
export async function exhaustPool (): Promise<Storing> {
  const dienst = await startDienst({ env: { DB_VERBINDINGEN: '4' } })
  await createSchool(dienst)
  const nummers = range(0, 4_000)
  const verslag: Klantverslag = { bevestigd: [], mislukt: {} }
  const { tijdens, livez } = await withClient(dienst, async (client) => {
    await client.query('begin')
    await client.query('select from school where school = $1 for update', [SCHOOL])
    const klanten = Promise.all(divide(nummers, 12, 100).map(async (batches) => { await pushAll(() => dienst, batches, verslag) }))
    const at = performance.now()
    let slowest = 0
    while (performance.now() - at < 8_000) {
      const asked = performance.now()
      await fetch(`${dienst.url}/livez`)
      slowest = Math.max(slowest, performance.now() - asked)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const bevestigd = verslag.bevestigd.length
    await client.query('commit')
    await klanten
    return { tijdens: bevestigd, livez: slowest }
  })
  const controle = await checkOpslag(dienst, verslag.bevestigd, new Set(nummers))
  await dienst.stop()
  return {
    naam: 'alle databaseverbindingen 8 seconden bezet, 12 klanten',
    gezien: { 'bevestigd tijdens': tijdens, 'bevestigd na afloop': verslag.bevestigd.length, 'pogingen zonder 200': Object.entries(verslag.mislukt).map(([wat, aantal]) => `${wat} ${aantal}`).join(', '), 'traagste livez (ms)': Math.round(livez) },
    eisen: { 'wie niet aan de beurt komt krijgt 503': (verslag.mislukt['503'] ?? 0) > 0 && Object.keys(verslag.mislukt).every((wat) => wat === '503'), 'alles staat er, een keer': controle.kwijt === 0 && controle.opgeslagen === nummers.length && controle.versies === 0, 'livez blijft antwoorden': livez < 1_000 }
  }
}
