import { openApp } from '../app.ts'
import { rebuildLevering } from '../duo/service.ts'
import { AppError } from '../errors.ts'
import { systemActor } from '../toegang/service.ts'
import type { Config } from '../config.ts'

const GEBRUIK = 'Gebruik: npm run levering -- herbouw 99AA-6f1c0f5e-0000-4000-8000-000000000000'

/** `levering herbouw`: 0 every byte is the same, 1 something differs, 2 the input is wrong. */
export async function runLevering (config: Config, argv: readonly string[]): Promise<number> {
  const [opdracht, id = '', ...meer] = argv
  if (opdracht !== 'herbouw' || meer.length > 0 || !/^[0-9]{2}[A-Z]{2}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) {
    process.stderr.write(`${GEBRUIK}\n`)
    return 2
  }
  const app = await openApp(config)
  try {
    const { manifest, invoerGelijk, verschil } = await rebuildLevering(app.makeCtx(systemActor('herbouw', [id.slice(0, 4)])), id)
    const wat = `${id}: ${manifest.ontvanger} ${manifest.periode}, revisie ${manifest.revisie}, afkapmoment ${manifest.afkapmoment}, engine ${manifest.engineversie}`
    if (verschil === undefined && invoerGelijk !== false) {
      process.stdout.write(`${wat}: gelijk, byte voor byte${invoerGelijk === null ? '' : ', ook de invoer'}.\n`)
      return 0
    }
    process.stdout.write(`${wat}: ANDERS.\n`)
    if (verschil !== undefined) process.stdout.write(`Eerste verschil: ${verschil.bestand}, regel ${verschil.regel}.\n  bewaard:  ${verschil.bewaard.trim()}\n  herbouwd: ${verschil.herbouwd.trim()}\n`)
    else process.stdout.write('De bestanden zijn gelijk, maar de getelde cellen of versies eronder niet.\n')
    return 1
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    process.stderr.write(`${error.message}\n`)
    return 2
  } finally {
    await app.close()
  }
}
