import { serverAudits } from 'graphql-http'
import { getIntrospectionQuery, parse } from 'graphql'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import t, { type Test } from 'tap'
import { runNacht } from '../../src/jobs/nachtelijk.ts'
import { buildAbsentie } from '../support/school.ts'
import { startService, type Service } from '../support/service.ts'
import type { Recht } from '../../src/toegang/rechten.ts'

interface Fout { readonly message: string, readonly path?: ReadonlyArray<string | number>, readonly extensions: { readonly code: string, readonly errors?: ReadonlyArray<{ readonly pointer: string }> } }
/** What any answer may hold; the tests compare it with what REST says. */
interface Boom { readonly [field: string]: any }
interface Antwoord { readonly data?: Boom | null, readonly errors?: readonly Fout[] }

const LEERLINGEN = 24
const DAGEN = ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05', '2026-03-06', '2026-03-09']
const NU = new Date('2026-03-20T10:00:00Z')
const BSN = '999990019'

async function ask (service: Service, query: string, variables?: object, bearer?: string): Promise<Antwoord> {
  const { body } = await service.inject({ method: 'POST', url: '/graphql', payload: { query, ...(variables === undefined ? {} : { variables }) }, ...(bearer === undefined ? {} : { bearer }) })
  return JSON.parse(body) as Antwoord
}

/** By the interpreter at first, compiled from the second time on: the answer must be the same. */
async function askTwice (t: Test, service: Service, query: string, variables?: object, bearer?: string): Promise<Antwoord> {
  const first = await ask(service, query, variables, bearer)
  for (const time of ['second', 'third']) t.strictSame(await ask(service, query, variables, bearer), first, `the ${time} time`)
  return first
}

async function get (service: Service, url: string): Promise<Boom> {
  const answer = await service.inject({ url: `/v1${url}` })
  if (answer.statusCode !== 200) throw new Error(answer.body)
  return answer.json<Boom>()
}

/** Two vestigingen with leerlingen, each with absenties, two of them with a signaal; and the figures of the night. */
async function prepare (t: Test): Promise<Service> {
  const service = await startService(t, { now: () => NU })
  for (const school of ['99AA', '99AB']) {
    const bearer = await service.token({ scholen: [school] })
    const post = async (url: string, payload: object): Promise<void> => {
      const { statusCode, body } = await service.inject({ method: 'POST', url: `/v1${url}`, bearer, payload })
      if (statusCode !== 200 || !body.includes('"afgewezen":0')) throw new Error(body.slice(0, 500))
    }
    const gegevens = { naam: 'De Proef', sector: 'vo', regio: 'noord', gemeentecode: '0014', lesuurMinuten: 50 }
    await post('/vestigingen/_bulk', { vestigingen: [{ vestiging: `${school}00`, ...gegevens }, { vestiging: `${school}01`, ...gegevens, samenwerkingsverband: 'VO2001' }] })
    await post('/leerlingen/_bulk', {
      leerlingen: Array.from({ length: LEERLINGEN }, (_, n) => ({
        bronId: `L-${100 + n}`,
        school,
        geboortedatum: '2012-05-01',
        ...(n === 0 ? { persoonsgebondenNummer: BSN, woongemeente: '0014' } : {}),
        inschrijvingen: [{ vestiging: `${school}0${n % 2}`, van: '2025-08-01', leerjaar: 1 + n % 3, ...(n === 5 ? {} : { minutenPerWeek: 1500 }) }]
      }))
    })
    await post('/absenties/_bulk', {
      absenties: Array.from({ length: LEERLINGEN * DAGEN.length }, (_, n) => buildAbsentie(`a-${1000 + n}`, DAGEN[Math.floor(n / LEERLINGEN)]!, {
        school,
        vestiging: `${school}0${n % 2}`,
        leerling: `L-${100 + n % LEERLINGEN}`,
        ...[{ minuten: 480 }, { soort: 'te-laat', reden: null }, { soort: 'eerder-weg', minuten: 20, reden: 'ZIEK' }, { lesuren: [3, 4] }, { dagdeel: 'middag', reden: 'ONBEKEND' }, {}][n % LEERLINGEN % 6]
      }))
    })
  }
  await service.evaluate()
  await runNacht(service.app, { peildatum: '2026-03-19' })
  return service
}

const underscored = (value: unknown): unknown => typeof value === 'string' ? value.replaceAll('-', '_') : value

t.test('the graph', async (t) => {
  const service = await prepare(t)

  await t.test('what it tells of a leerling is what REST tells', async (t) => {
    const { data, errors } = await askTwice(t, service, `{
      school(brin: "99AA") {
        brin
        leerlingen(first: 100) { edges { node {
          bron bronId school geboortedatum persoonsgebondenNummerBekend woongemeente beperkt inschrijvingen { vestiging van tot leerjaar rooster }
          absenties(first: 100) { edges { node { bron bronId school vestiging leerling datum soort reden categorie minuten minutenAfgeleid lesuren dagdeel overtroefdDoor afmelding beperkt gewijzigdOp } } }
          signalen { edges { node {
            id regel aard school leerling { bron bronId } begindatum einddatum eenheid gemeten drempel minuten drempelMinuten uiterlijkMelden uiterlijkAfhandelen status redenVervallen
            voorstel rustTot beperkt beleidsversie
            onderbouwing { bron bronId datum minuten } aangemaaktOp bijgewerktOp
          } } }
        } } }
      }
    }`)
    t.equal(errors, undefined)
    t.notOk(JSON.stringify(data).includes(BSN), 'the persoonsgebonden nummer is nowhere')
    const rest = await get(service, '/leerlingen?school=99AA&limit=1000')
    const leerlingen = data!['school'].leerlingen.edges.map(({ node }: Boom) => node)
    t.equal(leerlingen.length, LEERLINGEN)
    t.strictSame(leerlingen.map(({ absenties, signalen, ...leerling }: Boom) => leerling), rest['leerlingen'])
    let signalen = 0
    for (const leerling of leerlingen) {
      const { absenties } = await get(service, `/absenties?school=99AA&leerling=${leerling.bronId}`)
      t.strictSame(leerling.absenties.edges.map(({ node }: Boom) => node), absenties.map((absentie: Boom) => ({ ...absentie, soort: underscored(absentie['soort']), categorie: underscored(absentie['categorie']) })), leerling.bronId)
      const own = await get(service, `/signalen?school=99AA&leerling=${leerling.bronId}`)
      t.strictSame(leerling.signalen.edges.map(({ node }: Boom) => node), own['signalen'])
      signalen += own['signalen'].length
    }
    t.ok(signalen > 0, 'there were signalen to compare')
  })

  await t.test('what it tells of a vestiging and its figures is what REST tells', async (t) => {
    const cijfers = 'vestiging periode berekend van totEnMet volledigheid { lesdagen aangeleverd } cellen { leerjaar leerlingen geplandeMinuten zonderRooster gemisteMinuten aandeelGemist categorieen { categorie minuten onbekend registraties leerlingen } banden { tot5 tot10 tot20 vanaf20 } verzuimperioden signalen { regel aantal } }'
    const { data, errors } = await askTwice(t, service, `{
      school(brin: "99AA") {
        vestigingen { edges { node { code school naam sector regio gemeentecode samenwerkingsverband lesuurMinuten nu: statistieken(periode: "2026-03") { ${cijfers} } later: statistieken(periode: "2026-W40") { ${cijfers} } } } }
        statistieken(periode: "2026-03") { ${cijfers} }
      }
      vestiging(code: "99AA01") { naam statistieken(periode: "2026-03") { ${cijfers} } }
    }`)
    t.equal(errors, undefined)
    const rest = await get(service, '/vestigingen?school=99AA')
    const vestigingen = data!['school'].vestigingen.edges.map(({ node }: Boom) => node)
    t.strictSame(vestigingen.map(({ code, nu, later, ...vestiging }: Boom) => ({ vestiging: code, ...vestiging })), rest['vestigingen'])
    for (const { code, nu, later } of vestigingen) {
      const { cellen, ...statistiek } = await get(service, `/statistieken?vestiging=${code}&periode=2026-03`)
      t.ok(cellen.length > 1)
      t.strictSame(nu, {
        ...statistiek,
        cellen: cellen.map((cel: Boom) => ({
          ...cel,
          categorieen: ['geoorloofd', 'ongeoorloofd', 'aanwezig-elders', 'onverklaard', 'niet-ingedeeld'].map((categorie) => ({ categorie: underscored(categorie), ...cel['categorieen'][categorie] })),
          signalen: Object.entries(cel['signalen']).map(([regel, aantal]) => ({ regel, aantal }))
        }))
      })
      t.match(later, { berekend: false, totEnMet: null, volledigheid: null, cellen: [] }, 'not counted is something else than nothing')
    }
    t.strictSame(data!['school'].statistieken, vestigingen.map(({ nu }: Boom) => nu))
    t.strictSame(data!['vestiging'].statistieken, vestigingen[1].nu)
  })

  await t.test('the figures of its leerlingen add up to those of a vestiging', async (t) => {
    const { data, errors } = await askTwice(t, service, `{ vestiging(code: "99AA01") {
      statistieken(periode: "2026-03") { cellen { leerjaar geplandeMinuten gemisteMinuten zonderRooster verzuimperioden categorieen { categorie minuten onbekend registraties leerlingen } } }
      leerlingen(first: 100) { edges { node { bronId statistieken(periode: "2026-03") { vestiging van totEnMet geplandeMinuten gemisteMinuten zonderRooster aandeelGemist verzuimperioden categorieen { categorie minuten onbekend registraties } } } } }
    } }`)
    t.equal(errors, undefined)
    const totaal = data!['vestiging'].statistieken.cellen.find(({ leerjaar }: Boom) => leerjaar === null)
    const eigen = data!['vestiging'].leerlingen.edges.flatMap(({ node }: Boom) => node.statistieken)
    t.equal(eigen.length, LEERLINGEN / 2)
    const sum = (of: (cijfers: Boom) => number): number => eigen.reduce((total: number, cijfers: Boom) => total + of(cijfers), 0)
    for (const maat of ['geplandeMinuten', 'gemisteMinuten', 'verzuimperioden', 'zonderRooster']) t.equal(sum((cijfers) => Number(cijfers[maat])), totaal[maat], maat)
    totaal.categorieen.forEach(({ leerlingen, categorie, ...cijfers }: Boom, at: number) => {
      for (const [maat, aantal] of Object.entries(cijfers)) t.equal(sum(({ categorieen }) => categorieen[at][maat]), aantal, `${categorie} ${maat}`)
      t.equal(sum(({ categorieen }) => Number(categorieen[at].registraties > 0)), leerlingen, categorie)
    })
    t.match(eigen[0], { vestiging: '99AA01', van: '2026-03-01', totEnMet: '2026-03-19' })
    const leeg = await ask(service, '{ leerling(bron: "test-lvs", bronId: "L-100", school: "99AA") { statistieken(periode: "2026-W40") { vestiging } } }')
    t.strictSame(leeg, { data: { leerling: { statistieken: [] } } }, 'a periode to come has no figures yet')
  })

  await t.test('pages join into the whole list, with the cursors of REST', async (t) => {
    const query = 'query ($first: Int, $after: String) { school(brin: "99AA") { absenties(first: $first, after: $after) { edges { cursor node { bronId } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }'
    const seen: string[] = []
    let after: string | null = null
    let pages = 0
    for (let more = true; more; pages++) {
      const { absenties }: Boom = (await ask(service, query, { first: 60, after })).data!['school']
      t.equal(absenties.pageInfo.hasPreviousPage, pages > 0)
      t.equal(absenties.pageInfo.startCursor, absenties.edges[0].cursor)
      t.equal(absenties.pageInfo.endCursor, absenties.edges.at(-1).cursor)
      seen.push(...absenties.edges.map(({ node }: Boom) => node.bronId))
      if (pages === 0) t.equal((await get(service, '/absenties?school=99AA&limit=60'))['volgende'], absenties.pageInfo.endCursor)
      after = absenties.pageInfo.endCursor
      more = absenties.pageInfo.hasNextPage
    }
    t.equal(pages, 3)
    t.strictSame(seen, (await get(service, '/absenties?school=99AA&limit=1000'))['absenties'].map(({ bronId }: Boom) => bronId))

    // Below many parents at once each has its own page.
    const below = 'query ($after: String) { vestiging(code: "99AA00") { leerlingen(first: 3) { edges { node { bronId absenties(first: 4, after: $after) { edges { node { datum } } pageInfo { hasNextPage endCursor } } } } pageInfo { hasNextPage } } } }'
    const first = (await askTwice(t, service, below)).data!['vestiging'].leerlingen
    t.equal(first.pageInfo.hasNextPage, true)
    t.strictSame(first.edges.map(({ node }: Boom) => [node.bronId, node.absenties.edges.length, node.absenties.pageInfo.hasNextPage]), [['L-100', 4, true], ['L-102', 4, true], ['L-104', 4, true]])
    const rest = (await askTwice(t, service, below, { after: first.edges[0].node.absenties.pageInfo.endCursor })).data!['vestiging'].leerlingen
    t.strictSame(rest.edges[0].node.absenties.edges.map(({ node }: Boom) => node.datum), ['2026-03-06', '2026-03-09'])
    t.equal(rest.edges[0].node.absenties.pageInfo.hasNextPage, false)

    for (const veld of ['vestigingen', 'leerlingen', 'absenties', 'signalen']) {
      const { data, errors } = await askTwice(t, service, `{ school(brin: "99AA") { ${veld}(after: "WzFd") { pageInfo { endCursor } } } }`)
      t.strictSame(data, { school: { [veld]: null } })
      t.match(errors, [{ path: ['school', veld], extensions: { code: 'invoer-ongeldig', errors: [{ pointer: '/after' }] } }], `${veld}: a cursor of another list`)
    }
    const empty = await ask(service, '{ leerling(bron: "test-lvs", bronId: "L-101", school: "99AA") { signalen(status: in_behandeling) { edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }')
    t.strictSame(empty.data!['leerling'].signalen, { edges: [], pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null } })
  })

  await t.test('filters narrow as those of REST do', async (t) => {
    const count = async (text: string): Promise<number[]> => {
      const { data, errors } = await askTwice(t, service, `{ ${text} }`)
      t.equal(errors, undefined, text)
      const counts: number[] = []
      JSON.stringify(data, (key, value) => { if (key === 'edges') counts.push(value.length); return value })
      return counts
    }
    t.strictSame(await count('school(brin: "99AA") { absenties(vestiging: "99AA01", van: "2026-03-03", tot: "2026-03-03", first: 100) { edges { cursor } } }'), [12])
    t.strictSame(await count('school(brin: "99AA") { absenties(leerling: "L-101", bron: "test-lvs") { edges { cursor } } leerlingen(vestiging: "99AA01") { edges { cursor } } }'), [6, 12])
    t.strictSame(await count('vestiging(code: "99AA01") { absenties(van: "2026-03-05", first: 100) { edges { cursor } } signalen(status: open, regel: "wettelijk-16-uur") { edges { cursor } } }'), [36, 3])
    t.strictSame(await count('vestiging(code: "99AA00") { signalen(status: open, regel: "wettelijk-16-uur") { edges { cursor } } none: signalen(status: gemeld) { edges { cursor } } }'), [4, 0])
    t.strictSame(await count('school(brin: "99AA") { signalen(status: open, leerling: "L-100") { edges { cursor } } }'), [1])
  })

  await t.test('from a signaal and from an absentie one reaches the leerling, and from an id its node', async (t) => {
    const { data, errors } = await askTwice(t, service, `{ school(brin: "99AA") {
      id
      vestigingen(first: 1) { edges { node { id } } }
      signalen(first: 2) { edges { node { id leerling { bronId } leerlinggegevens { id bronId inschrijvingen { leerjaar } absenties(first: 1) { edges { node { id } } } } } } }
      absenties(first: 5) { edges { node { id leerling leerlinggegevens { bronId } } } }
    } }`)
    t.equal(errors, undefined)
    const { id, vestigingen, signalen, absenties } = data!['school']
    for (const { node } of signalen.edges) t.equal(node.leerlinggegevens.bronId, node.leerling.bronId)
    for (const { node } of absenties.edges) t.equal(node.leerlinggegevens.bronId, node.leerling)
    const { node: signaal } = signalen.edges[0]
    for (const [key, type] of [[id, 'School'], [vestigingen.edges[0].node.id, 'Vestiging'], [signaal.id, 'Signaal'], [signaal.leerlinggegevens.id, 'Leerling'], [absenties.edges[0].node.id, 'Absentie']]) {
      t.strictSame(await askTwice(t, service, 'query ($id: ID!) { node(id: $id) { __typename id ... on Absentie { soort categorie } ... on Signaal { status } } }', { id: key }).then(({ data }) => [data!['node'].__typename, data!['node'].id]), [type, key])
    }
    t.match(await ask(service, '{ node(id: "WyJTY2hvb2wiLCI5OUFCIl0") { id } }'), { data: { node: null }, errors: [{ extensions: { code: 'niet-gevonden' } }] }, 'of a school outside the token')
    t.match(await ask(service, '{ node(id: "x") { id } }'), { data: { node: null }, errors: [{ extensions: { code: 'invoer-ongeldig', errors: [{ pointer: '/id' }] } }] })
  })

  await t.test('the number of statements does not depend on the number of rows', async (t) => {
    const query = `query ($first: Int) { school(brin: "99AA") {
      vestigingen { edges { node { leerlingen(first: $first) { edges { node { bronId } } } absenties(first: $first) { edges { node { leerlinggegevens { geboortedatum } } } } signalen { edges { node { id } } } statistieken(periode: "2026-03") { berekend } } } }
      leerlingen(first: $first) { edges { node { inschrijvingen { van } absenties(first: $first) { edges { node { datum } } } signalen { edges { node { id } } } statistieken(periode: "2026-03") { vestiging } } } }
    } }`
    const counts = new Map<number, number[]>()
    for (const first of [1, LEERLINGEN, 1, LEERLINGEN]) {
      const { statements, answer } = await countStatements(async () => await ask(service, query, { first }))
      t.equal(answer.errors, undefined)
      t.equal(answer.data!['school'].leerlingen.edges.length, first)
      counts.set(first, [...counts.get(first) ?? [], statements])
    }
    t.strictSame(counts.get(1), counts.get(LEERLINGEN), 'interpreted and compiled')
    t.comment(`${counts.get(1)!.join(', ')} statements`)
    const { statements } = await countStatements(async () => await ask(service, '{ school(brin: "99AA") { leerlingen(first: 20) { edges { node { absenties { edges { node { datum } } } } } } } }'))
    t.equal(statements, 7, 'begin, leerlingen between two that say how, absenties, their verwerkingen, commit')
    t.equal((await countStatements(async () => await ask(service, '{ __typename }'))).statements, 0, 'nothing is begun before something is read')
  })

  await t.test('a field needs the right that REST asks, and the others still answer', async (t) => {
    const fields: ReadonlyArray<readonly [field: string, rechten: readonly Recht[]]> = [
      ['vestigingen { edges { cursor } }', ['stamgegevens:lezen']],
      ['leerlingen { edges { cursor } }', ['stamgegevens:lezen']],
      ['absenties { edges { cursor } }', ['absenties:lezen']],
      ['signalen { edges { cursor } }', ['signalen:lezen']],
      ['statistieken(periode: "2026-03") { berekend }', ['statistieken:lezen']]
    ]
    const all: readonly Recht[] = ['stamgegevens:lezen', 'absenties:lezen', 'signalen:lezen', 'statistieken:lezen']
    for (const recht of all) {
      const bearer = await service.token({ scopes: all.filter((each) => each !== recht) })
      const { data, errors } = await askTwice(t, service, `{ school(brin: "99AA") { ${fields.map(([field]) => field).join(' ')} } }`, undefined, bearer)
      const names = fields.map(([field, rechten]) => [/\w+/.exec(field)![0], rechten.includes(recht)] as const)
      for (const [name, refused] of names) t.equal(data!['school'][name] === null, refused, `${name} without ${recht}`)
      t.strictSame(errors!.map(({ path, extensions }) => [path, extensions.code]), names.filter(([, refused]) => refused).map(([name]) => [['school', name], 'geen-toegang']))
    }
    const below = '{ leerling(bron: "test-lvs", bronId: "L-100", school: "99AA") { absenties { edges { cursor } } signalen { edges { cursor } } statistieken(periode: "2026-03") { vestiging } } }'
    for (const [scopes, refused] of [
      [['stamgegevens:lezen', 'statistieken:lezen'], ['absenties', 'signalen', 'statistieken']],
      [['stamgegevens:lezen', 'absenties:lezen'], ['signalen', 'statistieken']],
      [['stamgegevens:lezen', 'absenties:lezen', 'statistieken:lezen'], ['signalen']]
    ] as const) {
      const { errors } = await askTwice(t, service, below, undefined, await service.token({ scopes }))
      t.strictSame(errors!.map(({ path, extensions }) => [path!.at(-1), extensions.code]).sort(), refused.map((name) => [name, 'geen-toegang']))
    }
    const vreemd = await askTwice(t, service, '{ eigen: school(brin: "99AA") { brin } school(brin: "99AB") { absenties { edges { cursor } } } leerling(bron: "test-lvs", bronId: "L-100", school: "99AB") { bronId } vestiging(code: "99AB00") { naam } geen: school(brin: "99ZZ") { brin } }')
    t.strictSame(vreemd.data, { eigen: { brin: '99AA' }, school: null, leerling: null, vestiging: null, geen: null })
    t.ok(vreemd.errors!.length === 4 && vreemd.errors!.every(({ extensions }) => extensions.code === 'niet-gevonden'), 'what is not yours does not exist')
    const alles = await ask(service, '{ geen: school(brin: "99ZZ") { brin } ander: school(brin: "99AB") { brin } }', undefined, await service.token({ scholen: '*' }))
    t.strictSame(alles.data, { geen: null, ander: { brin: '99AB' } }, 'nor does what nobody registered')
  })

  await t.test('every person read is recorded, once an activiteit', async (t) => {
    const traceparent = (id: string) => ({ traceparent: `00-${id.padStart(32, '0')}-0123456789abcdef-01` })
    const payload = { query: '{ school(brin: "99AA") { leerlingen(first: 10) { edges { node { absenties { edges { node { datum } } } signalen { edges { node { id } } } statistieken(periode: "2026-03") { vestiging } } } } } }' }
    t.equal((await service.inject({ method: 'POST', url: '/graphql', headers: traceparent('a1'), payload })).json<Antwoord>().errors, undefined)
    const { rows } = await service.app.pool.query<{ activiteit: string, personen: number }>("select activiteit, octet_length(betrokkenen) / 16 as personen from verwerking where trace_id = lpad('a1', 32, '0') order by 1, 2")
    t.strictSame(rows.map(({ activiteit, personen }) => [activiteit, personen]), [['absenties:lezen', 10], ['signalen:lezen', 2], ['stamgegevens:lezen', 10]])
  })

  await t.test('an operation of a document is run by its own name, compiled as well', async (t) => {
    const query = 'query A { school(brin: "99AA") { brin } } query B($x: ID = "x") { __typename node(id: $x) { id } }'
    for (const operationName of ['A', 'A', 'B', 'A', 'B', 'B', 'A']) {
      const { data } = (await service.inject({ method: 'POST', url: '/graphql', payload: { query, operationName } })).json<Antwoord>()
      t.strictSame(Object.keys(data!), operationName === 'A' ? ['school'] : ['__typename', 'node'], operationName)
    }
    for (const operationName of [undefined, 'C']) t.match((await service.inject({ method: 'POST', url: '/graphql', payload: { query, operationName } })).json(), { data: undefined, errors: [{ extensions: { code: 'invoer-ongeldig' } }] })
  })

  await t.test('an operation has limits', async (t) => {
    const accept = { accept: 'application/graphql-response+json' }
    const school = (inner: string): string => `{ school(brin: "99AA") { ${inner} } }`
    const deep = (levels: number): string => levels === 0 ? 'bronId' : `leerlinggegevens { absenties(first: 1) { edges { node { ${deep(levels - 1)} } } } }`
    const cases: ReadonlyArray<readonly [name: string, query: string, allowed: boolean]> = [
      ['14 levels', school(`absenties(first: 1) { edges { node { ${deep(2)} } } }`), true],
      ['18 levels', school(`absenties(first: 1) { edges { node { ${deep(3)} } } }`), false],
      ['30 aliases', `{ ${Array.from({ length: 30 }, (_, n) => `a${n}: __typename`).join(' ')} }`, true],
      ['31 aliases', `{ ${Array.from({ length: 31 }, (_, n) => `a${n}: __typename`).join(' ')} }`, false],
      ['31 aliases, some in a fragment', `{ ${Array.from({ length: 20 }, (_, n) => `a${n}: __typename`).join(' ')} ...f } fragment f on Query { ${Array.from({ length: 11 }, (_, n) => `b${n}: __typename`).join(' ')} }`, false],
      ['2,000 tokens', `{ ${'__typename '.repeat(2_001)} }`, false],
      ['100 x 100 nodes', school('leerlingen(first: 100) { edges { node { absenties(first: 100) { edges { cursor } } } } }'), true],
      ['100 x 100 nodes, twice', school('leerlingen(first: 100) { edges { node { absenties(first: 100) { edges { cursor } } b: absenties(first: 100) { edges { cursor } } } } }'), false],
      ['100 x 100 nodes, twice by a fragment', `${school('leerlingen(first: 100) { edges { node { ...f } } } b: leerlingen(first: 100) { edges { node { ...f } } }')} fragment f on Leerling { absenties(first: 100) { edges { cursor } } }`, false],
      ['a first below nothing makes no room', '{ school(brin: "99AA") { a: leerlingen(first: -100) { edges { node { absenties(first: 100) { edges { cursor } } } } } b: leerlingen(first: 100) { edges { node { absenties(first: 100) { edges { cursor } } } } } c: leerlingen(first: 100) { edges { node { absenties(first: 100) { edges { cursor } } } } } } }', false],
      ['the figures of 100 leerlingen', school('leerlingen(first: 100) { edges { node { statistieken(periode: "2025-2026") { categorieen { minuten } } } } }'), true],
      ['the figures of 100 leerlingen, twice', school('leerlingen(first: 100) { edges { node { statistieken(periode: "2025-2026") { vestiging } b: statistieken(periode: "2026-03") { vestiging } } } }'), false],
      ['no query but JSON', JSON.stringify(parse('{ __typename }')), false],
      ['introspection as GraphiQL asks it', getIntrospectionQuery(), true],
      ['introspection in circles', '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }', false]
    ]
    for (const [name, query, allowed] of cases) {
      for (const time of ['once', 'again', 'compiled']) {
        const { statusCode, body } = await service.inject({ method: 'POST', url: '/graphql', headers: accept, payload: { query } })
        t.equal(statusCode, allowed ? 200 : 400, `${name}, ${time}: ${allowed ? body.slice(0, 300) : ''}`)
        if (!allowed) t.ok(JSON.parse(body).errors.every(({ extensions }: Fout) => extensions.code === 'invoer-ongeldig') && JSON.parse(body).data === undefined, name)
      }
    }
    const pages = 'query ($first: Int = 100, $inner: Int) { school(brin: "99AA") { leerlingen(first: $first) { edges { node { absenties(first: $inner) { edges { node { leerlinggegevens { bronId } leerlinggegevens { school } } } } } } } } }'
    for (const [variables, status] of [[{}, 200], [{ inner: 50 }, 200], [{ inner: 100 }, 400], [{ first: 10, inner: 100 }, 200], [{ inner: null }, 200]] as const) {
      t.equal((await service.inject({ method: 'POST', url: '/graphql', headers: accept, payload: { query: pages, variables } })).statusCode, status, JSON.stringify(variables))
    }
    for (const first of [0, -1, 101]) t.match(await askTwice(t, service, 'query ($first: Int) { school(brin: "99AA") { leerlingen(first: $first) { edges { cursor } } } }', { first }), { data: { school: { leerlingen: null } }, errors: [{ extensions: { code: 'invoer-ongeldig', errors: [{ pointer: '/first' }] } }] }, `first: ${first}`)
    t.match(await ask(service, '{ school(brin: "99aa") { brin } }'), { data: { school: null }, errors: [{ extensions: { code: 'invoer-ongeldig', errors: [{ pointer: '/brin' }] } }] })
    t.match(await ask(service, school('absenties(van: "2026-02-30") { edges { cursor } }')), { data: undefined, errors: [{ message: /Geen bestaande datum/, extensions: { code: 'invoer-ongeldig' } }] })
    t.match(await ask(service, school('statistieken(periode: "2026-13") { berekend }')), { errors: [{ extensions: { code: 'invoer-ongeldig', errors: [{ pointer: '/periode' }] } }] })
    t.equal((await service.inject({ method: 'POST', url: '/graphql', payload: [{ query: '{ __typename }' }] })).statusCode, 400, 'no batches')
    t.equal((await service.inject({ method: 'POST', url: '/graphql', payload: { query: `{ __typename } #${'x'.repeat(70_000)}` } })).statusCode, 413)
  })

  await t.test('the transport is what GraphQL over HTTP asks', async (t) => {
    await service.server.listen({ port: 0, host: '127.0.0.1' })
    const { port } = service.server.server.address() as AddressInfo
    const authorization = `Bearer ${await service.token()}`
    const audits = serverAudits({ url: `http://127.0.0.1:${port}/graphql`, fetchFn: async (url: string, init: RequestInit = {}) => await fetch(url, { ...init, headers: { ...init.headers as Record<string, string>, authorization } }) })
    const results = await Promise.all(audits.map(async ({ fn }) => await fn()))
    t.strictSame(results.filter(({ status }) => status === 'error').map(({ name }) => name), [], 'every MUST')
    // A query in an address would be keys of leerlingen in logs and caches: there is no GET, which MAY be.
    t.strictSame(results.filter(({ status, name }) => status !== 'ok' && !/^MAY .*\bGETs?\b/.test(name)).map(({ name }) => name), [], 'and every SHOULD')
    t.ok(results.filter(({ status }) => status === 'ok').length >= 58, `of ${results.length}`)

    const stranger = await service.inject({ method: 'POST', url: '/graphql', bearer: null, payload: { query: '{ __typename }' } })
    t.match([stranger.statusCode, stranger.headers], [401, { 'content-type': /^application\/problem\+json/, 'www-authenticate': /^Bearer/, 'api-version': String }])
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      const { statusCode, headers } = await service.inject({ method, url: '/graphql', bearer: null })
      t.match([statusCode, headers], [405, { allow: 'POST' }], method)
    }
    t.equal((await service.inject({ method: 'POST', url: '/graphql', headers: { accept: 'text/html' }, payload: { query: '{ __typename }' } })).statusCode, 406)
  })

  await t.test('of a failure only the request id is told, and nothing that was read', async (t) => {
    const query = 'query ($bronId: String!) { school(brin: "99AA") { leerlingen(first: 3) { edges { node { bronId geboortedatum } } } absenties(leerling: $bronId) { edges { node { bronId } } } } }'
    const variables = { bronId: 'L-geheim' }
    const count = async (): Promise<number> => (await service.app.pool.query('select from verwerking')).rowCount!
    const before = await count()
    await service.app.pool.query('revoke select on absentie from aanwezig_dienst')
    for (const accept of ['application/json', 'application/graphql-response+json', 'application/json']) {
      const { statusCode, body, headers } = await service.inject({ method: 'POST', url: '/graphql', headers: { accept }, payload: { query, variables } })
      t.equal(statusCode, 500, accept)
      t.match(headers['content-type'], accept)
      const { errors, ...rest } = JSON.parse(body) as Antwoord
      t.strictSame(rest, {}, 'no data: the reading of it was not recorded')
      t.match(errors, [{ message: /^Er ging iets mis\. Noem bij navraag verzoek [0-9a-f-]{36}\.$/, path: undefined, extensions: { code: 'interne-fout' } }])
      t.notMatch(body, /geheim|select|absentie|permission|L-1|2012/i)
    }
    t.equal(await count(), before)
    await service.app.pool.query('grant select on absentie to aanwezig_dienst')
    t.equal((await ask(service, query, variables)).errors, undefined, 'and afterwards all is well')

    await service.app.pool.query("update statistiek set categorieen = categorieen #- '{ongeoorloofd,minuten}' where vestiging = '99AA00'")
    for (let time = 0; time < 3; time++) {
      const { data, errors } = await ask(service, '{ vestiging(code: "99AA00") { naam statistieken(periode: "2026-03") { cellen { categorieen { minuten } } } } }')
      t.strictSame(data, { vestiging: { naam: 'De Proef', statistieken: null } }, 'a value that does not fit empties its own field')
      t.ok(errors!.length > 0 && errors!.every(({ message, extensions }) => extensions.code === 'interne-fout' && message.startsWith('Er ging iets mis.')))
    }
    await service.app.pool.query('alter table statistiek rename to weg')
    t.match(await ask(service, '{ vestiging(code: "99AA00") { naam statistieken(periode: "2026-03") { berekend } } }'), { data: undefined, errors: [{ extensions: { code: 'interne-fout' } }] })
  })
})

// Counted from the start, so that the begin of every transaction is seen: the workers look at their lists twice a second, over every school, and that is none of ours.
let sent = 0
const workers = new WeakSet<pg.Client>()
const { query } = pg.Client.prototype
pg.Client.prototype.query = function (this: pg.Client, ...parameters: unknown[]) {
  const text = typeof parameters[0] === 'string' ? parameters[0] : ''
  if (text.startsWith('begin')) workers[text.includes("'*'") ? 'add' : 'delete'](this)
  if (!workers.has(this)) sent++
  return (query as (...all: unknown[]) => unknown).apply(this, parameters)
} as typeof query

/** How many statements the clients of pg send while this runs. */
async function countStatements<T> (work: () => Promise<T>): Promise<{ statements: number, answer: T }> {
  const before = sent
  const answer = await work()
  return { statements: sent - before, answer }
}
