import { openApp, type App } from '../app.ts'
import { systemActor } from '../toegang/service.ts'
import { requireHersteld } from './service.ts'
import { Wisregister } from './wisregister.ts'
import type { Config } from '../config.ts'

/** Opens the store to work on it; refused while it holds what was destroyed (Herstelfout). */
export async function openHersteld (config: Config): Promise<App> {
  const app = await openApp(config)
  try {
    await requireHersteld(app.makeCtx(systemActor('herstel', '*')), new Wisregister(config.wisregister, app.sleutels, app.now))
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}
