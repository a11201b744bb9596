import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { createSchool } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'

interface Geval {
  readonly naam: string
  readonly sector: string
  readonly regio: string
  readonly lesuurMinuten: number
  readonly geboortedatum: string
  readonly schooljaar: string
  readonly lesvrij: ReadonlyArray<{ van: string, tot: string }>
  readonly absenties: ReadonlyArray<{ datum: string, minuten: number }>
  readonly verwacht: ReadonlyArray<{ begindatum: string, einddatum: string, minuten: number, uiterlijkMelden: string }>
}

// The shared vectors of the rekenregels lie beside the project where it is developed; our own always run.
const SHARED = new URL('../../../shared/vectors/', import.meta.url)
const OWN = new URL('./vectoren/', import.meta.url)

t.test('every vector passes through the API', async (t) => {
  const service = await startService(t)
  const files = [OWN, ...(existsSync(SHARED) ? [SHARED] : [])].flatMap((folder) => readdirSync(folder).filter((name) => name.endsWith('.json')).map((name) => new URL(name, folder)))
  let number = 0
  for (const file of files) {
    const { regel, gevallen } = JSON.parse(readFileSync(file, 'utf8')) as { regel: string, gevallen: Geval[] }
    for (const geval of gevallen) {
      const school = `${String(10 + Math.floor(number / 676) % 90)}${String.fromCharCode(65 + Math.floor(number / 26) % 26)}${String.fromCharCode(65 + number++ % 26)}`
      await t.test(`${regel}: ${geval.naam}`, async (t) => { await runGeval(t, service, school, regel, geval) })
    }
  }
  t.ok(number >= 8, 'there are vectors')
})

async function runGeval (t: Test, service: Service, school: string, regel: string, geval: Geval): Promise<void> {
  const bearer = await service.token({ scholen: [school] })
  const vestiging = `${school}00`
  const { sector, regio, lesuurMinuten, geboortedatum, schooljaar, lesvrij } = geval
  await createSchool(service, { vestiging, sector, regio, lesuurMinuten, geboortedatum, schooljaar, lesvrij, bearer })
  const absenties = geval.absenties.map(({ datum, minuten }, index) => ({ bronId: `v-${index}`, school, vestiging, leerling: 'L-1', datum, soort: 'afwezig', reden: 'SPIJ', minuten, gewijzigdOp: `${datum}T09:00:00Z` }))
  const pushed = await service.inject({ bearer, method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties } })
  t.equal(pushed.statusCode, 200)
  for (const { resultaat, problemen } of pushed.json<{ resultaten: Array<{ resultaat: string, problemen?: Array<{ code: string }> }> }>().resultaten) {
    t.ok(resultaat === 'nieuw' || problemen?.[0]?.code === 'geen-lesdag', 'taken, or refused because there was no lesson')
  }
  await service.evaluate()
  const { signalen } = (await service.inject({ bearer, url: `/v1/signalen?school=${school}&regel=${regel}` })).json<{ signalen: Geval['verwacht'] }>()
  t.same(signalen.map(({ begindatum, einddatum, minuten, uiterlijkMelden }) => ({ begindatum, einddatum, minuten, uiterlijkMelden })), geval.verwacht)
}
