import { readFileSync } from 'node:fs'
import { buildSchema, getNamedType, isLeafType, isObjectType, type GraphQLObjectType } from 'graphql'
import { vandaag } from '../../src/domain/datum.ts'
import { ROLLEN, type Rolnaam } from '../../src/toegang/rollen.ts'
import { execute, operations, OPERATIES, prepareSchool, type Operation, type School, type Verzoek } from '../support/operaties.ts'
import { buildAbsentie } from '../support/school.ts'
import { VERWERKT } from '../support/verwerkt.ts'
import type { Service } from '../support/service.ts'
import type { LightMyRequestResponse } from 'fastify'

// A school in which every role is somebody, with a leerling that he sees, one that he does not, and one at another school.

export const ROLNAMEN = Object.keys(ROLLEN) as Rolnaam[]
/** Roles that see some leerlingen only: for them another leerling of the own school is a question of its own. */
export const NARROWED = ROLNAMEN.filter((rol) => ROLLEN[rol].reikwijdte !== 'school')

/** A leerling of the own school whom `eigen` does not see; the only one whom `ander` sees. Everything of him says who he is. */
export const ANDER = { sleutel: 'Qander', geboortedatum: '2012-12-12' }
export const ELDERS = { sleutel: 'Qelders', geboortedatum: '2013-03-13' }

export interface Wereld extends School { readonly verzoekVan18: string }

/** `prepareSchool`, what the roles need of it, and the other leerling with one of everything. */
export async function prepareWereld (service: Service, vestiging: string, ander: typeof ANDER): Promise<Wereld> {
  const own = await prepareSchool(service, vestiging)
  const { school } = own
  const bearer = await service.token({ scholen: [school] })
  const send = async (method: 'POST' | 'PUT', url: string, payload: object): Promise<{ id: string }> => {
    const answer = await service.inject({ bearer, method, url: `/v1${url}`, payload })
    if (answer.statusCode >= 300 || /"afgewezen":[1-9]/.test(answer.body)) throw new Error(`${method} ${url}: ${answer.statusCode} ${answer.body}`)
    return answer.json()
  }
  const inschrijvingen = [{ vestiging, van: '2019-08-01', leerjaar: 4, minutenPerWeek: 1650 }]
  await send('POST', '/leerlingen/_bulk', {
    leerlingen: [
      { bronId: 'L-1', school, geboortedatum: '2014-03-10', woongemeente: '0344', persoonsgebondenNummer: '999990019', inschrijvingen },
      { bronId: 'L-18', school, geboortedatum: '2008-01-15', woongemeente: '0344', inschrijvingen }
    ]
  })
  await send('POST', '/absenties/_bulk', { absenties: [buildAbsentie('a-god', '2026-03-19', { school, vestiging, reden: 'GOD' })] })
  for (const bronId of ['m-1', 'm-2']) await send('PUT', `/afmeldingen/test-lvs/${bronId}`, { school, leerling: 'L-1', begin: { datum: '2026-03-23' }, einde: { datum: '2026-03-24' }, reden: 'ZK', gewijzigdOp: '2026-03-23T08:00:00+01:00' })
  const { id: verzoekVan18 } = await send('POST', '/leerlingen/test-lvs/L-18/verzoeken', { school, soort: 'inzage', ontvangenOp: '2026-03-16', namens: 'leerling' })
  await service.evaluate()
  await cloneLeerling(service, school, ['L-1', 'L-7'], ander)
  await execute(service, `update melding set meldingsnummer = 'D-' || melding, status = 'R' where school = '${school}' and (leerling = '${ander.sleutel}' or melding = '${own.melding.slice(5)}')`)

  const groep = (naam: string, persoon: string, leerlingen: readonly string[]): object => ({ school, naam, begeleiders: ['mentor', 'zorgcoordinator'].map((rol) => ({ persoon, rol, van: '2025-08-01' })), leden: leerlingen.map((leerling) => ({ leerling, van: '2025-08-01' })) })
  await send('PUT', '/groepen/eigen', groep('3B', 'eigen', ['L-1', 'L-7', 'L-18']))
  await send('PUT', '/groepen/ander', groep('3C', 'ander', [ander.sleutel]))
  const betrekking = (leerling: string, persoon: string, soort: string, anders: object = {}): object => ({ bronId: `${persoon}-${soort}-${leerling}`, school, leerling, persoon, soort, gezag: soort === 'ouder', van: '2020-01-01', ...anders })
  await send('POST', '/betrekkingen/_bulk', {
    betrekkingen: ['leerling', 'ouder'].flatMap((soort) => [
      ...['L-1', 'L-7', 'L-18'].map((leerling) => betrekking(leerling, 'eigen', soort)),
      betrekking(ander.sleutel, 'ander', soort),
      ...soort === 'ouder' ? [betrekking('L-1', 'geheim', soort, { blokkades: [{ soort: 'geheim-adres', van: '2020-01-01' }] })] : []
    ])
  })
  await send('POST', '/leerlingen/test-lvs/L-18/toestemmingen', { school, persoon: 'eigen', van: '2026-02-01' })
  await service.evaluate()
  return { ...own, verzoekVan18 }
}

/** Copies every row of these leerlingen to one who has no other: his keys begin with his name. What has a copy already is left alone. */
async function cloneLeerling (service: Service, school: string, van: readonly string[], { sleutel, geboortedatum }: typeof ANDER): Promise<void> {
  const { rows } = await execute(service, `
    select c.table_name as tabel,
           (select string_agg(format('%L, to_jsonb(%s)', k.column_name, case when k.data_type = 'uuid' then 'gen_random_uuid()' else format('%L || t.%I', '${sleutel}-', k.column_name) end), ', ')
              from information_schema.key_column_usage u
              join information_schema.table_constraints p on p.constraint_name = u.constraint_name and p.table_name = u.table_name and p.constraint_type = 'PRIMARY KEY'
              join information_schema.columns k on k.table_name = u.table_name and k.column_name = u.column_name and k.table_schema = 'public'
             where u.table_name = c.table_name and k.data_type in ('uuid', 'text') and u.column_name not in ('school', 'bron', 'leerling', 'vestiging', 'groep', 'regel')) as sleutels
      from information_schema.columns c
      join information_schema.tables b on b.table_schema = 'public' and b.table_name = c.table_name and b.table_type = 'BASE TABLE'
     where c.table_schema = 'public' and c.column_name = 'leerling' and c.table_name not in ('groepslid', 'betrekking', 'vernietigde_leerling')
     order by c.table_name <> 'leerling', c.table_name`)
  for (const { tabel, sleutels } of rows) {
    await execute(service, `
      insert into ${tabel}
      select (jsonb_populate_record(t, jsonb_build_object('leerling', '${sleutel}'${sleutels === null ? '' : `, ${sleutels}`}))).* from ${tabel} t
       where school = '${school}' and leerling in (${van.map((each) => `'${each}'`).join()})
          on conflict do nothing`)
  }
  await execute(service, `update leerling set geboortedatum = '${geboortedatum}', pgn_zoek = null, pgn_versleuteld = null, pgn_soort = null, woongemeente = '0034' where school = '${school}' and leerling = '${sleutel}'`)
  await execute(service, `update leerling_versie set woongemeente = '0034' where school = '${school}' and leerling = '${sleutel}'`)
  await execute(service, `update absentie set reden = 'MED' where school = '${school}' and leerling = '${sleutel}'`)
  await execute(service, `update overdracht set pgn_ontvanger = null where school = '${school}' and leerling = '${sleutel}'`)
}

/** `eigen` sees L-1, L-7 and L-18 (a gemeente: L-7), `ander` sees Qander, `geheim` is an ouder from whom the address of L-1 is kept. */
export type Wie = 'eigen' | 'ander' | 'geheim'

export async function tokenOf (service: Service, rol: Rolnaam, wie: Wie, scholen: readonly string[]): Promise<string> {
  const gemeente = rol === 'leerplichtambtenaar' ? { gemeente: wie === 'eigen' ? '0014' : '0034' } : {}
  return await service.token({ bron: 'test-lvs', scholen, extra: { rol, sub: wie, ...gemeente } })
}

const nu = vandaag(new Date())
/** What a betrokkene asks himself, he asks of today, and a leerling not before he is 16. */
const ZELF: Partial<Record<Rolnaam, Record<string, (own: Wereld) => Verzoek>>> = {
  leerling: {
    getInzage: ({ school }) => ({ url: `/leerlingen/test-lvs/L-18/inzage?school=${school}` }),
    getVerzoek: ({ verzoekVan18 }) => ({ url: `/verzoeken/${verzoekVan18}` }),
    createVerzoek: ({ school }) => ({ url: '/leerlingen/test-lvs/L-18/verzoeken', payload: { school, soort: 'inzage', ontvangenOp: nu, namens: 'leerling' } })
  },
  ouder: { createVerzoek: ({ school }) => ({ url: '/leerlingen/test-lvs/L-1/verzoeken', payload: { school, soort: 'inzage', ontvangenOp: nu, namens: 'ouder' } }) }
}

export async function askAls (server: Pick<Service['server'], 'inject'>, bearer: string, rol: Rolnaam, { operationId, method }: Operation, own: Wereld, doelbinding?: string): Promise<LightMyRequestResponse> {
  const { url, payload } = ZELF[rol]?.[operationId]?.(own) ?? OPERATIES[operationId]![1](own)
  return await server.inject({ method: method as 'GET', url: `/v1${url}`, headers: { authorization: `Bearer ${bearer}`, ...doelbinding === undefined ? {} : { doelbinding } }, ...payload === undefined ? {} : { payload } })
}

/** What an answer comes down to: it was done, there is no right to it, or there is nothing there. */
export function judge ({ statusCode, body }: LightMyRequestResponse): string {
  if (statusCode < 300) return body.includes('"school-onbekend"') ? 'onbekend' : 'ja'
  const { code } = JSON.parse(body) as { code: string }
  return code === 'geen-toegang' ? 'nee' : code === 'niet-gevonden' ? 'onbekend' : `${statusCode} ${code}`
}

// --- what may not be in an answer

/** Of leerlingen whom only `eigen` sees. Keys of a request come back in its answer, so these are other things of them. */
export const VAN_EIGEN = ['2014-03-10', '2008-01-15', '"0344"', '"SPIJ"', '"GOD"', '"a-god"', '"L-1"', '"L-7"', '"L-18"']
export const VAN_ANDER = [ANDER.sleutel, ANDER.geboortedatum, '"0034"']
export const VAN_ELDERS = [ELDERS.sleutel, ELDERS.geboortedatum]

/** What shows each group of fields of L-1, L-7 and L-18. */
export const KENMERK: Readonly<Record<string, (own: School) => readonly string[]>> = {
  geboortedatum: () => ['2014-03-10', '2008-01-15'],
  woongemeente: () => ['"0344"'],
  nummer: () => ['999990019', '123456782', '"persoonsgebondenNummerBekend":true'],
  reden: () => ['"SPIJ"', '"GOD"', '"ZK"'],
  bijzonder: () => ['"GOD"'],
  plaats: ({ vestiging }) => [vestiging]
}

// Of what everybody of the school may know, and counts that are of nobody.
const OVER_NIEMAND = ['getRedendekking']

/** Whether its answer is about persons: what it shows of the school itself is no leak. */
export function isOverPersonen (operationId: string): boolean {
  return VERWERKT[operationId]!.length > 0 && !OVER_NIEMAND.includes(operationId)
}

export function findMerken (body: string, merken: readonly string[]): string[] {
  return merken.filter((merk) => body.includes(merk))
}

export const LEESOPERATIES = operations.filter(({ method, operationId }) => method === 'GET' || operationId === 'searchLeerlingen')

// --- the graph

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'))

/** Every field of a type that takes no arguments and is no way to other persons, and those of what hangs below it. */
function selectVelden (type: GraphQLObjectType): string {
  return Object.values(type.getFields()).filter(({ args, name }) => args.length === 0 && name !== 'leerlinggegevens').map(({ name, type: of }) => {
    const inner = getNamedType(of)
    return isLeafType(inner) ? name : isObjectType(inner) ? `${name} { ${selectVelden(inner)} }` : ''
  }).join(' ')
}

const alles = (type: string): string => selectVelden(schema.getType(type) as GraphQLObjectType)
const lijst = (veld: string, type: string): string => `${veld}(first: 100) { edges { node { ${alles(type)} } } }`
const statistieken = (type: string): string => `statistieken(periode: "2026-03") { ${alles(type)} }`
const school = (own: School, velden: string): string => `school(brin: "${own.school}") { ${velden} }`
const vestiging = (own: School, velden: string): string => `vestiging(code: "${own.vestiging}") { ${velden} }`
const leerling = (own: School, velden: string): string => `leerling(bron: "test-lvs", bronId: "L-1", school: "${own.school}") { ${velden} }`
const nodeId = (...delen: readonly string[]): string => Buffer.from(JSON.stringify(delen)).toString('base64url')
const node = (id: string, type: string): string => `node(id: "${id}") { ... on ${type} { ${alles(type)} } }`

/** A query for every root and every field that asks a right; a root of several kinds has one for each. */
export const GRAAF: Readonly<Record<string, (own: School) => string>> = {
  'Query.school': (own) => school(own, 'id brin'),
  'Query.vestiging': (own) => vestiging(own, alles('Vestiging')),
  'Query.leerling': (own) => leerling(own, alles('Leerling')),
  'Query.node (School)': ({ school: brin }) => node(nodeId('School', brin), 'School'),
  'Query.node (Vestiging)': ({ vestiging: code }) => node(nodeId('Vestiging', code), 'Vestiging'),
  'Query.node (Leerling)': ({ school: brin }) => node(nodeId('Leerling', brin, 'test-lvs', 'L-1'), 'Leerling'),
  'Query.node (Absentie)': ({ school: brin }) => node(nodeId('Absentie', brin, 'test-lvs', 'a-god'), 'Absentie'),
  'Query.node (Signaal)': ({ signaal }) => node(signaal, 'Signaal'),
  'School.vestigingen': (own) => school(own, lijst('vestigingen', 'Vestiging')),
  'School.leerlingen': (own) => school(own, lijst('leerlingen', 'Leerling')),
  'School.absenties': (own) => school(own, lijst('absenties', 'Absentie')),
  'School.signalen': (own) => school(own, lijst('signalen', 'Signaal')),
  'School.statistieken': (own) => school(own, statistieken('Statistiek')),
  'Vestiging.leerlingen': (own) => vestiging(own, lijst('leerlingen', 'Leerling')),
  'Vestiging.absenties': (own) => vestiging(own, lijst('absenties', 'Absentie')),
  'Vestiging.signalen': (own) => vestiging(own, lijst('signalen', 'Signaal')),
  'Vestiging.statistieken': (own) => vestiging(own, statistieken('Statistiek')),
  'Leerling.absenties': (own) => leerling(own, lijst('absenties', 'Absentie')),
  'Leerling.signalen': (own) => leerling(own, lijst('signalen', 'Signaal')),
  'Leerling.statistieken': (own) => leerling(own, statistieken('Leerlingstatistiek')),
  'Absentie.leerlinggegevens': (own) => school(own, `absenties(first: 100) { edges { node { bronId leerlinggegevens { ${alles('Leerling')} } } } }`),
  'Signaal.leerlinggegevens': (own) => school(own, `signalen(first: 100) { edges { node { id leerlinggegevens { ${alles('Leerling')} } } } }`)
}

/** What schema.graphql says to ask a right: the roots, and every field whose description names one. */
export const GRAAFVELDEN = Object.values(schema.getTypeMap()).filter(isObjectType).flatMap((type) => Object.values(type.getFields())
  .filter(({ description }) => type === schema.getQueryType() || /\bRecht(en)?: /.test(description ?? ''))
  .map(({ name }) => `${type.name}.${name}`))

export async function askGraaf (server: Pick<Service['server'], 'inject'>, bearer: string, veld: string, own: School, doelbinding?: string): Promise<LightMyRequestResponse> {
  return await server.inject({ method: 'POST', url: '/graphql', headers: { authorization: `Bearer ${bearer}`, ...doelbinding === undefined ? {} : { doelbinding } }, payload: { query: `{ ${GRAAF[veld]!(own)} }` } })
}

export function judgeGraaf ({ body }: LightMyRequestResponse): string {
  const { errors } = JSON.parse(body) as { errors?: Array<{ extensions?: { code?: string } }> }
  if (errors === undefined) return 'ja'
  const codes = [...new Set(errors.map(({ extensions }) => extensions?.code))]
  return codes.length === 1 && codes[0] === 'geen-toegang' ? 'nee' : codes.length === 1 && codes[0] === 'niet-gevonden' ? 'onbekend' : codes.join()
}
