import { openApp } from '../app.ts'
import { compareWisregister, restartWisregister, restore } from '../bewaring/service.ts'
import { Wisregister } from '../bewaring/wisregister.ts'
import { ConfigError, type Config } from '../config.ts'
import { isBrin } from '../domain/identificatie.ts'
import { systemActor } from '../toegang/service.ts'

const USAGE = `Gebruik: npm run herstel
  na het terugzetten van een back-up: vernietigt opnieuw wat sindsdien vernietigd was
  npm run herstel -- --nieuw-wisregister 99AA
  het wisregister van deze school is verloren: begint een nieuw bij waar de opslag is; wat een nog oudere back-up terugbrengt, komt dan niet meer boven`

/** `herstel`: 0 the store is as it should be, 1 a wisregister is broken or does not fit. */
export async function runHerstel (config: Config, argv: readonly string[]): Promise<number> {
  const [vlag, school = '', ...meer] = argv
  if (vlag !== undefined && (vlag !== '--nieuw-wisregister' || !isBrin(school) || meer.length > 0)) throw new ConfigError(USAGE)
  const app = await openApp({ ...config, logLevel: config.logLevel === 'info' ? 'warn' : config.logLevel })
  const say = (line: string): void => { process.stdout.write(`${line}\n`) }
  try {
    const register = new Wisregister(config.wisregister, app.sleutels, app.now)
    if (vlag !== undefined) {
      await restartWisregister(app.makeCtx(systemActor('herstel', [school])), register, school)
      say(`${school}: het wisregister begint opnieuw.`)
      return 0
    }
    return await herstel(app, register, say)
  } finally {
    await app.close()
  }
}

async function herstel (app: Awaited<ReturnType<typeof openApp>>, register: Wisregister, say: (line: string) => void): Promise<number> {
  const toestanden = await compareWisregister(app.makeCtx(systemActor('herstel', '*')), register)
  let opnieuw = 0
  for (const { school, fout } of toestanden) {
    // What the chain vouches for is destroyed, also where it breaks further on.
    for (const { voornemen: { nummer, vernietiging, wat, leerlingen, logsleutels }, terug, regel } of await restore(app.makeCtx(systemActor('herstel', [school])), register, school)) {
      const [aantal, naam] = wat === 'logsleutels' ? [logsleutels.length, 'logsleutels'] : [leerlingen.length, wat]
      const rijen = Object.values(regel.rijen).reduce((total, each) => total + each, 0)
      say(`${school} ${nummer}: ${terug} van ${aantal} ${naam} waren terug en zijn opnieuw vernietigd, ${rijen} rijen (vernietiging ${vernietiging}, nu ${regel.id})`)
      opnieuw += terug
    }
    if (fout !== null) say(`${school}: HET WISREGISTER KLOPT NIET: ${fout}`)
  }
  const mis = toestanden.filter(({ fout }) => fout !== null).length
  say(`${toestanden.length} scholen nagegaan, ${opnieuw} keer opnieuw vernietigd${mis === 0 ? '; de opslag en het wisregister passen bij elkaar.' : `; bij ${mis} klopt het wisregister niet.`}`)
  return mis === 0 ? 0 : 1
}
