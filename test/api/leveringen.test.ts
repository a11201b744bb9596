import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importPKCS8, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { DEVELOPMENT_ISSUER } from '../../src/http/authenticate.ts'
import { runLeveringen } from '../../src/jobs/leveringen.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { startService, type Service } from '../support/service.ts'
import type { Levering, Leveringsplan, Manifest } from '../../src/duo/contract.ts'

type Antwoord = Awaited<ReturnType<Service['inject']>>

async function ask (service: Service, method: 'GET' | 'PUT' | 'POST', url: string, payload?: object, ifMatch?: string): Promise<Antwoord> {
  return await service.inject({ method, url: `/v1${url}`, ...(payload === undefined ? {} : { payload }), ...(ifMatch === undefined ? {} : { headers: { 'if-match': ifMatch } }), bearer: await service.token() })
}

async function ok<T> (service: Service, method: 'GET' | 'PUT' | 'POST', url: string, payload?: object): Promise<T> {
  const answer = await ask(service, method, url, payload)
  if (answer.statusCode >= 300 || /"afgewezen":[1-9]/.test(answer.body)) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`)
  return answer.json()
}

async function pushSchool (service: Service, school = '99AA', woongemeenten: readonly string[] = ['0014', '1979']): Promise<void> {
  await ok(service, 'PUT', `/vestigingen/${school}00`, { naam: 'De Proef', sector: 'vo', regio: 'noord', gemeentecode: '0014', samenwerkingsverband: 'VO2001' })
  await ok(service, 'POST', '/leerlingen/_bulk', {
    leerlingen: woongemeenten.flatMap((woongemeente) => Array.from({ length: 12 }, (_, n) => ({ bronId: `${woongemeente}-${n}`, school, geboortedatum: '2012-03-10', woongemeente, inschrijvingen: [{ vestiging: `${school}00`, leerjaar: 1, van: '2026-08-01', minutenPerWeek: 1500 }] })))
  })
  await spijbel(service, '2026-09-14', [0, 1, 2, 3, 4, 5, 6, 7], school, woongemeenten)
}

async function spijbel (service: Service, datum: string, nummers: readonly number[], school = '99AA', woongemeenten: readonly string[] = ['0014', '1979']): Promise<void> {
  await ok(service, 'POST', '/absenties/_bulk', {
    absenties: woongemeenten.flatMap((woongemeente) => nummers.map((n) => ({ bronId: `${woongemeente}-${n}-${datum}`, school, vestiging: `${school}00`, leerling: `${woongemeente}-${n}`, datum, soort: 'afwezig', reden: 'SPIJ', gewijzigdOp: `${datum}T09:00:00+02:00` })))
  })
}

/** A service whose day can be moved on. */
async function startAt (t: Test, dag: string): Promise<{ service: Service, goTo: (dag: string) => void }> {
  let nu = new Date(`${dag}T10:00:00Z`)
  const service = await startService(t, { now: () => nu })
  const sleutel = await importPKCS8(await readFile(join(service.dataDir, 'ontwikkelsleutel.pem'), 'utf8'), 'ES256')
  // Issued on the day itself, so that a token is neither of the future nor long expired.
  const token = async (): Promise<string> => await new SignJWT({ azp: 'test-lvs', scholen: '*', scope: RECHTEN.join(' ') }).setProtectedHeader({ alg: 'ES256', kid: 'ontwikkeling', typ: 'at+jwt' })
    .setIssuer(DEVELOPMENT_ISSUER).setAudience('aanwezig').setIssuedAt(nu.getTime() / 1000).setExpirationTime(nu.getTime() / 1000 + 600).setJti(randomUUID()).sign(sleutel)
  return { service: { ...service, token }, goTo: (later) => { nu = new Date(`${later}T10:00:00Z`) } }
}

/** Everything that is due today, as `npm run job -- leveringen` makes it. */
async function maak (service: Service): Promise<{ gemaakt: number, mislukt: readonly string[] }> {
  const { gemaakt, mislukt } = await runLeveringen(service.app)
  return { gemaakt, mislukt }
}

const listOf = async (service: Service, school = '99AA'): Promise<Levering[]> => (await ok<{ leveringen: Levering[] }>(service, 'GET', `/leveringen?school=${school}`)).leveringen

t.test('from the plan to the ontvanger and back', async (t) => {
  const { service, goTo } = await startAt(t, '2026-09-16')
  await pushSchool(service)
  const planned = await ask(service, 'PUT', '/scholen/99AA/leveringsplannen/gemeente', { periodesoort: 'maand', dagenNaPeriode: 3, aan: true })
  t.equal(planned.statusCode, 200)
  t.match(planned.json<Leveringsplan>(), { ontvanger: 'gemeente', sinds: '2026-09-16', gepland: [{ periode: '2026-09', vanaf: '2026-10-03' }] })
  t.strictSame((await ok<{ leveringsplannen: Leveringsplan[] }>(service, 'GET', '/scholen/99AA/leveringsplannen')).leveringsplannen, [planned.json()])

  goTo('2026-10-02')
  t.match(await maak(service), { gemaakt: 0 }, 'not yet')
  goTo('2026-10-03')
  t.match(await maak(service), { gemaakt: 2 })
  const [groningen, eemsdelta] = (await listOf(service)) as [Levering, Levering]
  t.match([groningen, eemsdelta], [{ gemeentecode: '0014', periode: '2026-09', revisie: 1, status: 'gemaakt' }, { gemeentecode: '1979', status: 'gemaakt' }])

  const offered = await ask(service, 'POST', `/leveringen/${groningen.id}/aanbieding`)
  t.match(offered.json<Levering>(), { status: 'aangeboden', verloop: [{ status: 'gemaakt', door: 'systeem:leveringen' }, { status: 'aangeboden', door: 'test-lvs' }] })
  const map = join(service.app.config.leveringenDir, 'gemeente-0014')
  t.strictSame((await readdir(map)).sort(), [...groningen.bestanden.map(({ naam }) => naam), groningen.bestanden[0]!.naam.replace('csv', 'manifest.json')].sort())
  t.equal((JSON.parse(await readFile(join(map, groningen.bestanden[0]!.naam.replace('csv', 'manifest.json')), 'utf8')) as Manifest).levering, groningen.id)

  const refused = await ask(service, 'POST', `/leveringen/${groningen.id}/ontvangst`, { uitslag: 'afgekeurd', kenmerk: 'GM-2026/1', fouten: [{ code: 'E12', kolom: 'AANTAL_LEERPLICHTIG', regel: 2 }] })
  t.match(refused.json<Levering>(), { status: 'afgekeurd', ontvangst: { uitslag: 'afgekeurd', kenmerk: 'GM-2026/1', fouten: [{ code: 'E12', kolom: 'AANTAL_LEERPLICHTIG', regel: 2 }] } })

  await spijbel(service, '2026-09-21', [8, 9, 10, 11], '99AA', ['0014'])
  const revised = await ask(service, 'POST', '/leveringen', { ontvanger: 'gemeente', school: '99AA', periode: '2026-09', gemeentecode: '0014' })
  t.equal(revised.statusCode, 201)
  const revisie = revised.json<Levering>()
  t.match(revisie, { revisie: 2, reden: 'afgekeurd', status: 'gemaakt' })
  t.match(await ok(service, 'GET', `/leveringen/${groningen.id}`), { status: 'vervangen', ontvangst: { uitslag: 'afgekeurd' } })
  const manifest = await ok<Manifest>(service, 'GET', `/leveringen/${revisie.id}/manifest`)
  t.match(manifest, { revisie: 2, vervangt: groningen.id, reden: 'afgekeurd', watVeranderde: { rijenErbij: 0, rijenWeg: 0, rijenGewijzigd: 2 }, toets: { eerdereLeveringen: [groningen.id, eemsdelta.id], vindbaar: 0 } })
  t.ok(Object.keys(manifest.watVeranderde!.kolommen).includes('leerlingenOngeoorloofd'))

  const etag = (await ask(service, 'GET', `/leveringen/${revisie.id}`)).headers.etag as string
  t.equal(etag, revised.headers.etag)
  t.equal((await ask(service, 'POST', `/leveringen/${revisie.id}/aanbieding`, undefined, etag)).statusCode, 200)
  t.match((await ask(service, 'POST', `/leveringen/${revisie.id}/ontvangst`, { uitslag: 'ontvangen', kenmerk: 'GM-2' }, etag)).json(), { code: 'versie-verouderd' }, 'it has changed meanwhile')
  t.match(await ok(service, 'POST', `/leveringen/${revisie.id}/ontvangst`, { uitslag: 'ontvangen', kenmerk: 'GM-2' }), { status: 'ontvangen', ontvangst: { fouten: [] } })

  for (const [pad, payload] of [[`${revisie.id}/aanbieding`, undefined], [`${groningen.id}/aanbieding`, undefined], [`${revisie.id}/ontvangst`, { uitslag: 'afgekeurd', kenmerk: 'x' }], [`${eemsdelta.id}/ontvangst`, { uitslag: 'ontvangen', kenmerk: 'x' }]] as const) {
    const answer = await ask(service, 'POST', `/leveringen/${pad}`, payload)
    t.match([answer.statusCode, answer.json<{ code: string }>().code], [409, 'besluit-niet-toegestaan'], pad)
  }
  t.match((await ask(service, 'POST', `/leveringen/${revisie.id}/ontvangst`, { uitslag: 'ontvangen', kenmerk: 'x', fouten: [{ code: 'E1' }] })).json(), { code: 'invoer-ongeldig', errors: [{ pointer: '/fouten' }] })
  t.match(await maak(service), { gemaakt: 0 }, 'once more on the same day, whatever was pushed since')
  goTo('2026-10-04')
  t.match(await maak(service), { gemaakt: 0 }, 'each periode once, whatever was made by hand')
})

t.test('after a standstill every periode that was missed is made, once each; a school that fails leaves the rest', async (t) => {
  const { service, goTo } = await startAt(t, '2026-09-16')
  await pushSchool(service)
  await pushSchool(service, '99AB', ['0014'])
  const plan = { periodesoort: 'lesweek', dagenNaPeriode: 1, aan: true }
  for (const school of ['99AA', '99AB']) for (const ontvanger of ['ocw', 'samenwerkingsverband']) await ok(service, 'PUT', `/scholen/${school}/leveringsplannen/${ontvanger}`, plan)
  await ok(service, 'PUT', '/scholen/99AB/leveringsplannen/gemeente', { ...plan, aan: false })

  goTo('2026-10-07')
  // What a broken disk does to one school: its first file cannot be written.
  await service.app.pool.query("alter table leveringsronde add constraint stuk check (school <> '99AA') not valid")
  t.strictSame(await maak(service), { gemaakt: 6, mislukt: ['99AA ocw', '99AA samenwerkingsverband'] })
  await service.app.pool.query('alter table leveringsronde drop constraint stuk')
  t.strictSame(await maak(service), { gemaakt: 4, mislukt: [] }, 'those that were made before the failure are not made again')
  for (const school of ['99AA', '99AB']) {
    const gemaakt = await listOf(service, school)
    t.strictSame(gemaakt.map(({ ontvanger, periode, revisie }) => `${ontvanger} ${periode} ${revisie}`).sort(),
      ['ocw', 'samenwerkingsverband'].flatMap((ontvanger) => ['2026-W38', '2026-W39', '2026-W40'].map((periode) => `${ontvanger} ${periode} 1`)), school)
  }
  await ok(service, 'PUT', '/scholen/99AA/leveringsplannen/ocw', { ...plan, periodesoort: 'maand' })
  t.match(await ok(service, 'GET', '/scholen/99AA/leveringsplannen'), { leveringsplannen: [{ ontvanger: 'ocw', sinds: '2026-10-07', gepland: [{ periode: '2026-10' }] }, { sinds: '2026-09-16', gepland: [{ periode: '2026-W41', vanaf: '2026-10-12' }] }] }, 'another periodesoort begins anew')
})

t.test('whom it goes to must be clear', async (t) => {
  const { service } = await startAt(t, '2026-10-07')
  await pushSchool(service)
  const invoer = { school: '99AA', periode: '2026-09' }
  const refusal = async (payload: object): Promise<string> => {
    const { errors } = (await ask(service, 'POST', '/leveringen', { ...invoer, ...payload })).json<{ errors: Array<{ code: string, pointer: string, detail: string }> }>()
    return `${errors[0]!.pointer} ${errors[0]!.code} ${errors[0]!.detail}`
  }
  t.match(await refusal({ ontvanger: 'gemeente' }), /gemeentecode meer-ontvangers .*0014, 1979/)
  t.match(await refusal({ ontvanger: 'gemeente', gemeentecode: '0363' }), /gemeentecode geen-ontvanger/)
  t.match(await refusal({ ontvanger: 'gemeente', gemeentecode: '0003' }), /gemeentecode geen-ontvanger/, 'a gemeente that was no more')
  t.match(await refusal({ ontvanger: 'samenwerkingsverband', samenwerkingsverband: 'PO2001' }), /samenwerkingsverband geen-ontvanger/)
  t.match(await ok(service, 'POST', '/leveringen', { ...invoer, ontvanger: 'samenwerkingsverband' }), { samenwerkingsverband: 'VO2001', gemeentecode: null }, 'there is only one')
  t.match(await ok(service, 'GET', '/scholen/99AA/onbestelbaar'), { leerlingen: 24, zonderWoongemeente: 0, codes: [] })
  t.match(await ok(service, 'GET', '/scholen/99AA/onbestelbaar?datum=2026-07-31'), { leerlingen: 0 })
  t.equal((await ask(service, 'GET', '/leveringindelingen/ocw-verzuim/1999.1')).statusCode, 404)
  t.equal((await ask(service, 'PUT', '/scholen/99AC/leveringsplannen/ocw', { periodesoort: 'maand', dagenNaPeriode: 1, aan: true })).json<{ code: string }>().code, 'stamgegevens-onbekend')
})
