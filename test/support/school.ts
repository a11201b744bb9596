import type { Service } from './service.ts'

export interface Schoolopties {
  readonly vestiging?: string
  readonly sector?: string
  readonly regio?: string
  readonly lesuurMinuten?: number
  readonly geboortedatum?: string
  readonly leerling?: string
  readonly minutenPerWeek?: number
  readonly schooljaar?: string
  readonly lesvrij?: ReadonlyArray<{ van: string, tot: string }>
  readonly bearer?: string
}

/** A vestiging with one leerling, through the API; answers must be good. */
export async function createSchool (service: Service, opties: Schoolopties = {}): Promise<void> {
  const { vestiging = '99AA00', sector = 'po', regio = 'noord', lesuurMinuten = 60, geboortedatum = '2014-03-10', leerling = 'L-1', minutenPerWeek = 1650, schooljaar = '2025-2026', lesvrij, bearer } = opties
  const auth = bearer === undefined ? {} : { bearer }
  await expectOk(service.inject({ ...auth, method: 'PUT', url: `/v1/vestigingen/${vestiging}`, payload: { naam: 'De Proef', sector, regio, gemeentecode: '0014', lesuurMinuten } }))
  if (lesvrij !== undefined) await expectOk(service.inject({ ...auth, method: 'PUT', url: `/v1/vestigingen/${vestiging}/kalenders/${schooljaar}`, payload: { lesvrij } }))
  await expectOk(service.inject({
    ...auth,
    method: 'POST',
    url: '/v1/leerlingen/_bulk',
    payload: { leerlingen: [{ bronId: leerling, school: vestiging.slice(0, 4), geboortedatum, inschrijvingen: [{ vestiging, van: '2019-08-01', leerjaar: 4, minutenPerWeek }] }] }
  }))
}

async function expectOk (answer: ReturnType<Service['inject']>): Promise<void> {
  const { statusCode, body } = await answer
  if (statusCode >= 300 || body.includes('"afgewezen":1')) throw new Error(`${statusCode} ${body}`)
}

/** An absentie of the leerling of `createSchool`. */
export function buildAbsentie (bronId: string, datum: string, anders: Record<string, unknown> = {}): Record<string, unknown> {
  return { bronId, school: '99AA', vestiging: '99AA00', leerling: 'L-1', datum, soort: 'afwezig', reden: 'SPIJ', gewijzigdOp: `${datum}T09:00:00+02:00`, ...anders }
}
