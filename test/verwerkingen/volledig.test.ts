import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { runNacht } from '../../src/jobs/nachtelijk.ts'
import { findLeerling } from '../../src/leerlingen/store.ts'
import { ROLLEN, type Rolnaam } from '../../src/toegang/rollen.ts'
import { requireRecht, systemActor } from '../../src/toegang/service.ts'
import { startVerzender } from '../../src/verzending/worker.ts'
import { execute, operations, OPERATIES, prepareSchool } from '../support/operaties.ts'
import { buildAbsentie } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import { observePersonen, type Waarnemer } from '../support/waarnemer.ts'
import { ANDER as DE_ANDER, askAls, askGraaf, GRAAF as GRAAF_PER_VELD, LEESOPERATIES, NARROWED, prepareWereld, ROLNAMEN, tokenOf, type Wereld, type Wie } from '../toegang/wereld.ts'
import type { LightMyRequestResponse } from 'fastify'

/** Statements on tables of persons that are no processing of a leerling, or none of their own; each with why. */
const UITGEZONDERD: ReadonlyArray<readonly [tekst: RegExp, waarom: string]> = [
  [/^select distinct school from evaluatie_markering|^select school from jobrun/, 'which scholen have work: no leerling is looked at'],
  [/^insert into evaluatie_markering/, 'the work list: who is evaluated because of it, the evaluation records'],
  [/^insert into aggregaat_markering/, 'the work list of weeks: what is counted because of it, the count records'],
  [/^with te_evalueren as \( insert into evaluatie_markering/, 'the marks of a push, which records itself'],
  [/^select bron, leerling from afmelding where .* group by bron, leerling/, 'keys for the night; each batch of them is recorded where it is looked at'],
  [/^select distinct bron, leerling from inschrijving where .* order by bron, leerling$/, 'keys for a proefberekening; each batch of them is recorded where it is looked at'],
  [/^(select inhoud, actor, [^;]* from|insert into) meldgegevens/, 'of the contactpersoon of the school, who is no leerling'],
  [/^select d\.datum, \(select count\(\*\) from absentie/, 'how many records a day were delivered: about the delivery'],
  [/^select count\(\*\) as aantal from absentie where/, 'how many records stand, for the plafond: about the delivery'],
  [/^select least\(\(select datum from absentie/, 'the first day anything is stored of'],
  [/^select exists \(select from leerling where school = \$1 and pgn_zoek is not null group by pgn_zoek/, 'whether several bronnen know the same person, nobody in particular; who is counted is recorded'],
  [/^select regel, count\(\*\)::int as aantal from signaal|^select count\(\*\)::int as aantal from (melding|verzoek) /, 'a measure of the service: how many terms are over, of all scholen together'],
  [/^select coalesce\(\(select json_agg\(json_build_object\('vestiging', v\.vestiging/, 'the stamgegevens of a school: of its leerlingen only which bronnen there are'],
  [/^select bron from afmelding where school = \$1 order by school, afmelding, bron limit 1$/, 'whether the school has afmeldingen at all'],
  [/^select school \|\| '-' \|\| vernietiging as id/, 'a receipt: what is gone, and of whom by a pseudonym that leads to nobody any more'],
  [/^with persoon as materialized .* select count\(\*\)::int as leerlingen/, 'how many have passed their bewaartermijn; who is named is recorded'],
  [/^select school from \(select distinct on \(u\.school\)|^select school, tot as sinds from/, 'which scholen have something to send or to ask']
]

/** Answers one row where there is no work: another evaluation had just done it. With a leerling in its answer it is no exception. */
const GEEN_WERK = /^with af as \( delete from evaluatie_markering/

const LVS = 'test-lvs'
const ANDER = 'ander-lvs'
const bronVan = (leerling: string): string => leerling.startsWith('L-5') ? ANDER : LVS

/** What was seen or written of a leerling in a transaction that does not record him. */
async function listOnvermeld (kijk: Waarnemer): Promise<string[]> {
  const gezien = kijk.takeTransacties().filter(({ einde }) => einde === 'commit').flatMap(({ blikken, vastgelegd }) => blikken
    .filter(({ tekst, gezien }) => !UITGEZONDERD.some(([uitgezonderd]) => uitgezonderd.test(tekst)) && !(gezien.length === 0 && GEEN_WERK.test(tekst)))
    .filter(({ gezien }) => vastgelegd.size === 0 || gezien.some((leerling) => !vastgelegd.has(kijk.describePersoon('99AA', bronVan(leerling), leerling))))
    .map(({ tekst, gezien }) => `${vastgelegd.size} recorded, seen ${gezien.join(' ')}: ${tekst.slice(0, 300)}`))
  const geschreven = (await kijk.takeGeschreven())
    .filter(({ tabel, school, bron, leerling, vastgelegd }) => tabel !== 'evaluatie_markering' && !vastgelegd.has(kijk.describePersoon(school, bron, leerling)))
    .map(({ tabel, bron, leerling, vastgelegd }) => `${vastgelegd.size} recorded, written in ${tabel}: ${bron} ${leerling}`)
  return [...new Set([...gezien, ...geschreven])]
}

async function expectOk (t: Test, service: Service, what: string, request: Parameters<Service['inject']>[0]): Promise<void> {
  const { statusCode, body } = await service.inject(request)
  t.ok(statusCode < 300 && !/"afgewezen":[1-9]|"errors"/.test(body), `${what} succeeds ${/"(afgewezen":[1-9]|errors|code)"?/.test(body) ? body.slice(0, 500) : ''}`)
}

const leerling = (bronId: string, anders: object = {}) => ({ bronId, school: '99AA', geboortedatum: '2014-03-10', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }], ...anders })
const post = (url: string, payload: object) => ({ method: 'POST', url: `/v1${url}`, payload }) as const

t.test('whatever the service sees or writes of a leerling, the transaction that does it records him', async (t) => {
  const service = await startService(t, { environment: { WACHT_DAGEN: '1', DUO_KANAAL: 'map' } })
  const kijk = await observePersonen(t, service, /\bL-\d+\b/g)
  const own = await prepareSchool(service, '99AA00')
  t.strictSame(await listOnvermeld(kijk), [], 'a school with one of everything')

  for (const { operationId, method } of operations) {
    const operatie = OPERATIES[operationId]
    if (operatie === undefined) {
      t.fail(`${operationId} has no row in support/operaties.ts`)
      continue
    }
    await expectOk(t, service, operationId, await withBearer(service, method, operatie[1](own)))
    t.strictSame(await listOnvermeld(kijk), [], operationId)
  }
  await service.evaluate()
  t.strictSame(await listOnvermeld(kijk), [], 'the evaluation')

  for (const [what, url, payload] of [
    ['leerlingen', '/leerlingen/_bulk', { leerlingen: [leerling('L-1', { geboortedatum: '2014-03-11' }), leerling('L-20')] }],
    ['vrijstellingen', '/vrijstellingen/_bulk', { vrijstellingen: [{ bronId: 'v-9', leerling: 'L-1', school: '99AA', grondslag: '5a', van: '2026-02-02', tot: '2026-02-03' }] }],
    ['absenties', '/absenties/_bulk', { absenties: [buildAbsentie('a-0', '2026-03-09', { minuten: 10, gewijzigdOp: '2026-03-20T09:00:00Z' }), buildAbsentie('p-1', '2026-03-18', { leerling: 'L-20' })] }],
    ['afmeldingen', '/afmeldingen/_bulk', { afmeldingen: [{ bronId: 'm-9', school: '99AA', leerling: 'L-1', begin: { datum: '2026-03-19' }, gewijzigdOp: '2026-03-19T08:00:00Z' }] }],
    ['a momentopname', '/momentopnamen', { school: '99AA', vestiging: '99AA00', van: '2026-03-09', tot: '2026-03-12', opgenomenOp: '2026-03-21T12:00:00Z', plafond: 100, absenties: [] }]
  ] as const) {
    await expectOk(t, service, `a trial of ${what}`, post(`${url}?proef=true`, payload))
    t.strictSame(await listTrial(service, kijk), { onvermeld: [], vastgelegd: true }, `a trial of ${what}: what it told was recorded`)
  }

  await expectOk(t, service, 'the graph', { method: 'POST', url: '/graphql', payload: { query: GRAAF } })
  t.strictSame(await listOnvermeld(kijk), [], 'the graph')

  const bearer = await service.token({ bron: ANDER })
  await expectOk(t, service, 'another bron', { ...post('/leerlingen/_bulk', { leerlingen: [leerling('L-51', { persoonsgebondenNummer: '123456782' })] }), bearer })
  await expectOk(t, service, 'about the same lessons', { ...post('/absenties/_bulk', { absenties: [buildAbsentie('o-1', '2026-03-09', { leerling: 'L-51' })] }), bearer })
  await expectOk(t, service, 'another order of them', { method: 'PUT', url: '/v1/scholen/99AA/bronafspraken/2026-01-05', payload: { volgorde: [ANDER, LVS], verklaring: 'door-aanlevering' } })
  await service.evaluate()
  t.strictSame(await listOnvermeld(kijk), [], 'a person whom two bronnen know')

  await expectOk(t, service, 'another kalender', { method: 'PUT', url: '/v1/vestigingen/99AA00/kalenders/2019-2020', payload: { lesdagen: [1, 2, 3, 4], lesvrij: [] } })
  await expectOk(t, service, 'another lesuur', { method: 'PUT', url: '/v1/vestigingen/99AA00', payload: { naam: 'De Proef', sector: 'po', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 55 } })
  await service.evaluate()
  t.strictSame(await listOnvermeld(kijk), [], 'stamgegevens that change what was derived from them')

  await expectOk(t, service, 'of nobody who is known', post('/absenties/_bulk', { absenties: [buildAbsentie('w-1', '2026-03-10', { leerling: 'L-30' })] }))
  await execute(service, "update absentie_in_wacht set sinds = sinds - interval '2 days'")
  await expectOk(t, service, 'an open afmelding', post('/afmeldingen/_bulk', { afmeldingen: [{ bronId: 'm-8', school: '99AA', leerling: 'L-1', begin: { datum: '2026-03-23' }, gewijzigdOp: '2026-03-23T08:00:00Z' }] }))
  await runNacht(service.app, { volledig: true })
  t.match(await execute(service, 'select probleem from absentie_in_wacht'), { rows: [{ probleem: { code: 'leerling-onbekend' } }] })
  t.strictSame(await listOnvermeld(kijk), [], 'the night')

  const verzender = startVerzender(service.app)!
  await verzender.idle()
  await verzender.peil()
  await verzender.stop()
  t.match(await execute(service, "select count(*)::int as n from uitzending where status = 'aangenomen'"), { rows: [{ n: Number }] })
  t.strictSame(await listOnvermeld(kijk), [], 'the sending of meldingen')

  const ctx = service.app.makeCtx(systemActor('test', ['99AA']))
  await ctx.transaction(async (tx) => { await findLeerling(tx, requireRecht(ctx.actor, 'stamgegevens:lezen', '99AA'), LVS, 'L-1') })
  await sleep(1)
  t.match(await listOnvermeld(kijk), [/^0 recorded, seen L-1: select l\.bron/], 'a reading that nobody recorded is found')
  await ctx.transaction(async (tx) => { await tx.execute("update leerling set woongemeente = '0014' where leerling = 'L-7'") })
  t.match(await listOnvermeld(kijk), [/^0 recorded, seen : update leerling/, /^0 recorded, written in leerling: test-lvs L-7/], 'and so is a writing')
})

async function withBearer (service: Service, method: string, { url, payload }: { readonly url: string, readonly payload?: object }): Promise<Parameters<Service['inject']>[0]> {
  return { method: method as 'GET', url: `/v1${url}`, bearer: await service.token(), ...(payload === undefined ? {} : { payload }) }
}

/** A trial is undone; the transaction after it must record whom it saw. */
async function listTrial (service: Service, kijk: Waarnemer): Promise<{ onvermeld: string[], vastgelegd: boolean }> {
  const gezien = kijk.takeTransacties().filter(({ einde }) => einde === 'rollback').flatMap(({ blikken }) => blikken.flatMap((blik) => blik.gezien))
  const { rows } = await execute(service, "select encode(betrokkenen, 'hex') as hex from verwerking where activiteit in ('absenties:lezen', 'stamgegevens:lezen', 'signalen:lezen') order by tijdstip desc limit 4")
  const vastgelegd = rows.map(({ hex }) => hex as string).join('')
  await kijk.takeGeschreven()
  return { onvermeld: [...new Set(gezien)].filter((leerling) => !vastgelegd.includes(kijk.describePersoon('99AA', bronVan(leerling), leerling).slice(5))), vastgelegd: gezien.length === 0 || vastgelegd !== '' }
}

const GRAAF = `{
  school(brin: "99AA") {
    vestigingen(first: 2) { edges { node { leerlingen(first: 10) { edges { node { geboortedatum inschrijvingen { van } absenties(first: 10) { edges { node { bronId leerling } } } } } } statistieken(periode: "2026-03") { berekend } } } }
    absenties { edges { node { bronId } } }
    signalen { edges { node { id leerling { bronId } } } }
  }
}`

// --- people

interface Vraag { readonly wat: string, readonly rol: Rolnaam, readonly wie: Wie, readonly antwoord: LightMyRequestResponse }
interface Vastgelegd { readonly traceId: string, readonly actor: string, readonly rol: string | null, readonly toepassing: string, readonly leerlingen: readonly string[] }

/** Of more leerlingen than one: what somebody else than `eigen` finds there, are others. */
const VAN_MEER = /^list|^(School|Vestiging)\.(leerlingen|absenties|signalen)$|\.leerlinggegevens$/
const IEDEREEN = ['L-1', 'L-18', 'L-7', 'L-fout-2', 'Qander']

/** Answers that show something of a leerling and not his key; of whom, with why. */
const ZONDER_SLEUTEL: Readonly<Record<string, readonly [van: readonly string[], waarom: string]>> = {
  getSignaalgeschiedenis: [['L-1'], 'what happened to one signaal'],
  getSignaalherleiding: [['L-1'], 'the figures of one signaal'],
  getMeldinggeschiedenis: [['L-7'], 'what happened to one melding'],
  listUitzendingen: [['L-7'], 'the messages of one melding'],
  listVerwerkingen: [['L-1'], 'who saw the leerling of its address'],
  getRedendekking: [['L-1', 'L-7', 'Qander'], 'a count of everybody with an absentie'],
  getOnbestelbaar: [IEDEREEN, 'a count of everybody'],
  'Leerling.statistieken': [['L-1'], 'the figures of one leerling, who was read even where they are refused'],
  'Leerling.signalen': [['L-1'], 'the same']
}

/** Everything a person may read, of whom he sees and, where there are others, as the person who sees only those; and pages of one. */
async function askPersonen (service: Service, own: Wereld): Promise<Vraag[]> {
  const vragen: Vraag[] = []
  for (const rol of ROLNAMEN) {
    for (const wie of NARROWED.includes(rol) ? ['eigen', 'ander'] as const : ['eigen'] as const) {
      const bearer = await tokenOf(service, rol, wie, [own.school])
      const past = (wat: string): boolean => wie === 'eigen' || VAN_MEER.test(wat)
      for (const operation of LEESOPERATIES.filter(({ operationId, recht }) => past(operationId) && (ROLLEN[rol].rechten as readonly string[]).includes(recht))) {
        vragen.push({ wat: operation.operationId, rol, wie, antwoord: await askAls(service.server, bearer, rol, operation, own) })
      }
      for (const veld of Object.keys(GRAAF_PER_VELD).filter(past)) vragen.push({ wat: veld, rol, wie, antwoord: await askGraaf(service.server, bearer, veld, own) })
    }
  }
  const bearer = await tokenOf(service, 'schoolleider', 'eigen', [own.school])
  for (const { operationId } of LEESOPERATIES.filter(({ operationId }) => operationId.startsWith('list') && !(operationId in ZONDER_SLEUTEL))) {
    const { url } = OPERATIES[operationId]![1](own)
    const antwoord = await service.inject({ bearer, url: `/v1${url}${url.includes('?') ? '&' : '?'}limit=1` })
    if (antwoord.statusCode === 200) vragen.push({ wat: `${operationId}, one`, rol: 'schoolleider', wie: 'eigen', antwoord })
  }
  return vragen
}

/** Every verwerking of the school, with the leerlingen behind the pseudonyms. */
async function listVastgelegd (service: Service, school: string): Promise<Vastgelegd[]> {
  const { rows: leerlingen } = await execute(service, `select bron, leerling from leerling where school = '${school}'`) as { rows: Array<{ bron: string, leerling: string }> }
  const logsleutel = service.app.sleutels.logsleutels.get(school)!
  const namen = new Map(leerlingen.map((sleutel) => [service.app.sleutels.pseudonyms(logsleutel, new Map([[sleutel.bron, [sleutel.leerling]]])).toString('hex'), sleutel.leerling]))
  const { rows } = await execute(service, `select trace_id as "traceId", actor, rol, toepassing, encode(betrokkenen, 'hex') as hex from verwerking where school = '${school}'`) as { rows: Array<Omit<Vastgelegd, 'leerlingen'> & { hex: string }> }
  return rows.map(({ hex, ...rij }) => ({ ...rij, leerlingen: hex.match(/.{32}/g)!.map((pseudoniem) => namen.get(pseudoniem) ?? pseudoniem) }))
}

/** Where the leerlingen in an answer are not those that were recorded under its trace, or not as read by who asked. */
function listVerschillen (vragen: readonly Vraag[], vastgelegd: readonly Vastgelegd[]): string[] {
  const perTrace = Map.groupBy(vastgelegd, ({ traceId }) => traceId)
  const join = (leerlingen: Iterable<string>): string => [...new Set(leerlingen)].sort().join(' ')
  return vragen.flatMap(({ wat, rol, wie, antwoord }) => {
    const rijen = perTrace.get(String(antwoord.headers['traceparent']).split('-')[1]!) ?? []
    const gekregen = antwoord.body.match(/(?<=")(L-\d+|L-fout-\d|Qander)(?=")/g) ?? []
    const isGevonden = antwoord.statusCode === 200 && !antwoord.body.includes('"path":["leerling"]')
    const [getoond, genoteerd] = [join([...gekregen, ...isGevonden ? ZONDER_SLEUTEL[wat]?.[0] ?? [] : []]), join(rijen.flatMap(({ leerlingen }) => leerlingen))]
    return [
      ...getoond === genoteerd ? [] : [`${rol} ${wie} ${wat}: shows [${getoond}], recorded [${genoteerd}]`],
      ...rijen.filter((rij) => rij.actor !== wie || rij.rol !== rol || rij.toepassing !== LVS).map((rij) => `${rol} ${wie} ${wat}: by ${rij.actor} ${rij.rol} ${rij.toepassing}`)
    ]
  })
}

t.test('of whom a person is shown something, and of nobody else, it is recorded that this person read it in this role', async (t) => {
  const service = await startService(t, { environment: { VERZOEKEN_PER_SECONDE: '100000' } })
  const own = await prepareWereld(service, '99AA00', DE_ANDER)
  const vragen = await askPersonen(service, own)
  const vastgelegd = await listVastgelegd(service, own.school)
  t.strictSame(listVerschillen(vragen, vastgelegd), [])

  for (const rol of ROLNAMEN.filter((rol) => rol !== 'bestuur')) t.ok(vragen.some((vraag) => vraag.rol === rol && listVerschillen([vraag], []).length > 0), `${rol} was shown leerlingen`)
  t.ok(vragen.filter((vraag) => vraag.wie === 'ander' && listVerschillen([vraag], []).some((verschil) => verschil.includes('shows [Qander]'))).length > 10, 'and those who see another were shown that one')
  t.ok(vragen.filter(({ wat }) => wat.endsWith(', one')).length > 10, 'pages of one were asked')
  t.strictSame(Object.keys(ZONDER_SLEUTEL).filter((naam) => !vragen.some(({ wat, antwoord }) => antwoord.statusCode === 200 && naam === wat)), [], 'every exception is used')

  const [een] = vragen.filter(({ wat, rol }) => wat === 'getLeerling' && rol === 'mentor')
  const trace = String(een!.antwoord.headers['traceparent']).split('-')[1]!
  const anders = (wijzig: object): Vastgelegd[] => vastgelegd.map((rij) => rij.traceId === trace ? { ...rij, ...wijzig } : rij)
  t.strictSame(listVerschillen([een!], anders({ leerlingen: [] })), ['mentor eigen getLeerling: shows [L-1], recorded []'], 'one who is missing is found')
  t.strictSame(listVerschillen([een!], anders({ leerlingen: ['L-1', 'L-7'] })), ['mentor eigen getLeerling: shows [L-1], recorded [L-1 L-7]'], 'one too many too')
  t.strictSame(listVerschillen([een!], anders({ rol: null })), ['mentor eigen getLeerling: by eigen null test-lvs'], 'and so is another role')
})
