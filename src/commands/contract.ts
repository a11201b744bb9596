import { writeFile } from 'node:fs/promises'
import { stringify } from 'yaml'
import { describeApi } from '../server.ts'

const FILE = new URL('../../openapi.yaml', import.meta.url)

/** openapi.yaml as it must be committed. */
export async function renderOpenapi (): Promise<string> {
  return stringify(await describeApi(), { lineWidth: 0, aliasDuplicateObjects: false })
}

/** Writes openapi.yaml from the registered routes. */
export async function runContract (): Promise<number> {
  await writeFile(FILE, await renderOpenapi())
  process.stdout.write('openapi.yaml geschreven\n')
  return 0
}
