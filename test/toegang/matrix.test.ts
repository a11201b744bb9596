import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { DOELEN, ROLLEN, type Doelbinding, type Rolnaam } from '../../src/toegang/rollen.ts'
import { operations, OPERATIES, type Operation } from '../support/operaties.ts'
import { startService, type Service } from '../support/service.ts'
import { ANDER, askAls, askGraaf, NARROWED, ELDERS, findMerken, GRAAF, GRAAFVELDEN, isOverPersonen, judge, judgeGraaf, KENMERK, LEESOPERATIES, prepareWereld, ROLNAMEN, tokenOf, VAN_ANDER, VAN_EIGEN, VAN_ELDERS, type Wereld } from './wereld.ts'

// What every role may, written down once more by hand: an operation, a field or a role that is not in these tables fails.

const split = (names: string): string[] => names.trim().split(/\s+/)

/** Every operation, under the right it asks. */
const PER_RECHT: Readonly<Record<string, readonly string[]>> = {
  'stamgegevens:lezen': split('listVestigingen getVestiging getKalender listLeerlingen getLeerling searchLeerlingen'),
  'stamgegevens:schrijven': split(`pushVestigingen putVestiging pushKalenders putKalender pushLeerlingen pushVrijstellingen putVrijstelling pushGroepen putGroep
    pushBetrekkingen putBetrekking`),
  'absenties:lezen': split(`listAbsenties getAbsentie getGeschiedenis listAfmeldingen getAfmelding getAfmeldinggeschiedenis listWachtende listAanleveringen getAanlevering
    listAanwezigheidsverklaringen`),
  'absenties:schrijven': split(`pushAbsenties putAbsentie withdrawAbsentie pushAfmeldingen putAfmelding withdrawAfmelding pushMomentopname revertAanlevering
    pushAanwezigheidsverklaringen`),
  'signalen:lezen': split('listRegels getMarges listSignalen getSignaal getSignaalherleiding getSignaalgeschiedenis listUitzonderingen getUitzondering startProefberekening'),
  'signalen:beoordelen': split('decideSignaal beginRust endRust createUitzondering withdrawUitzondering'),
  'meldingen:lezen': split('listMeldingen getMelding getMeldinggeschiedenis listUitzendingen listMeldvoorstellen getMeldgegevens'),
  'meldingen:schrijven': split('createMelding changeMelding withdrawMelding resendUitzending putMeldgegevens'),
  'beleid:lezen': split('listBeleidsversies getBeleidsversie getBeleidstekst getBeleidstoets getBeleidsverschil listBronafspraken listMandaten getRedendekking'),
  'beleid:schrijven': split('createBeleidsversie putBeleidsversie deleteBeleidsversie adoptBeleidsversie putBronafspraak withdrawBronafspraak createMandaat withdrawMandaat'),
  'statistieken:lezen': split('getStatistiek'),
  'leveringen:lezen': split('listLeveringen getLevering getLeveringbestand getLeveringmanifest listLeveringindelingen getLeveringindeling listLeveringsplannen getOnbestelbaar'),
  'leveringen:schrijven': split('createLevering offerLevering recordOntvangst createLeveringsronde putLeveringsplan'),
  'verwerkingen:lezen': split('listVerwerkingen'),
  'toegang:lezen': split('listGroepen listBetrekkingen listToestemmingen explainToegang'),
  'toegang:schrijven': split('giveToestemming withdrawToestemming'),
  'verzoeken:lezen': split('getInzage listVerzoeken getVerzoek listBeperkingen listOverdrachten getOverdracht'),
  'verzoeken:schrijven': split('createVerzoek decideVerzoek liftBeperking createOverdracht'),
  'bewaring:lezen': split('getBewaring listVernietigingen getVernietiging listVasthoudingen getVasthouding'),
  'bewaring:schrijven': split('destroyLeerling createVasthouding endVasthouding')
}

const van = (rechten: string): string[] => split(rechten).flatMap((recht) => [...PER_RECHT[recht]!])
const zonder = (namen: readonly string[], ...weg: readonly string[]): string[] => namen.filter((naam) => !weg.includes(naam))

/** Of the school itself: the same for everybody. */
const SCHOOL = split('listVestigingen getVestiging getKalender listRegels')
const BELEID = split('listBeleidsversies getBeleidsversie getBeleidstekst getBeleidstoets getBeleidsverschil')
const LEERLING = split('listLeerlingen getLeerling listAbsenties getAbsentie listAfmeldingen getAfmelding listSignalen getSignaal getSignaalherleiding getMarges')
const BETROKKENE = split('listVerwerkingen getInzage createVerzoek getVerzoek')
const CIJFERS = split('getStatistiek listLeveringen getLevering getLeveringbestand getLeveringmanifest listLeveringindelingen getLeveringindeling listLeveringsplannen')

interface Rij {
  /** Of the whole own school. */
  readonly school: readonly string[]
  /** Of the leerlingen that the role sees. */
  readonly eigen: readonly string[]
  /** The fields of the graph, likewise. */
  readonly graaf: { readonly school: readonly string[], readonly eigen: readonly string[] }
  /** By the first doel: what is not shown. */
  readonly verborgen: readonly string[]
}

const GRAAF_SCHOOL = ['Query.school', 'Query.vestiging', 'Query.node (School)', 'Query.node (Vestiging)', 'School.vestigingen']
const GRAAF_LEERLING = ['Query.leerling', 'Query.node (Leerling)', 'School.leerlingen', 'Vestiging.leerlingen']
const GRAAF_VERZUIM = ['Query.node (Absentie)', 'School.absenties', 'Vestiging.absenties', 'Leerling.absenties', 'Absentie.leerlinggegevens']
const GRAAF_SIGNAAL = ['Query.node (Signaal)', 'School.signalen', 'Vestiging.signalen', 'Leerling.signalen', 'Signaal.leerlinggegevens']
const LEZER = { school: GRAAF_SCHOOL, eigen: [...GRAAF_LEERLING, ...GRAAF_VERZUIM, ...GRAAF_SIGNAAL] }
const NIETS = { school: [], eigen: [] }

const MATRIX: Readonly<Record<Rolnaam, Rij>> = {
  mentor: { school: [...SCHOOL, ...BELEID], eigen: LEERLING, graaf: LEZER, verborgen: ['woongemeente', 'nummer', 'bijzonder'] },
  zorgcoordinator: { school: [...SCHOOL, ...BELEID], eigen: LEERLING, graaf: LEZER, verborgen: ['woongemeente', 'nummer'] },
  verzuimcoordinator: {
    school: van('stamgegevens:lezen absenties:lezen signalen:lezen signalen:beoordelen meldingen:lezen meldingen:schrijven beleid:lezen statistieken:lezen leveringen:lezen toegang:lezen'),
    eigen: [],
    graaf: { school: Object.keys(GRAAF), eigen: [] },
    verborgen: []
  },
  schoolleider: {
    school: zonder(van(`stamgegevens:lezen absenties:lezen signalen:lezen signalen:beoordelen meldingen:lezen beleid:lezen beleid:schrijven statistieken:lezen leveringen:lezen leveringen:schrijven
      verwerkingen:lezen toegang:lezen toegang:schrijven verzoeken:lezen verzoeken:schrijven bewaring:lezen bewaring:schrijven`), 'searchLeerlingen'),
    eigen: [],
    graaf: { school: Object.keys(GRAAF), eigen: [] },
    verborgen: ['nummer']
  },
  administratie: {
    school: van('stamgegevens:lezen stamgegevens:schrijven absenties:lezen absenties:schrijven beleid:lezen toegang:lezen toegang:schrijven'),
    eigen: [],
    graaf: { school: [...GRAAF_SCHOOL, ...GRAAF_LEERLING, ...GRAAF_VERZUIM], eigen: [] },
    verborgen: []
  },
  leerling: { school: [...SCHOOL, ...BELEID], eigen: [...LEERLING, ...BETROKKENE, 'listToestemmingen', 'giveToestemming', 'withdrawToestemming'], graaf: LEZER, verborgen: [] },
  ouder: { school: [...SCHOOL, ...BELEID], eigen: [...LEERLING, ...BETROKKENE], graaf: LEZER, verborgen: [] },
  leerplichtambtenaar: { school: [], eigen: split('listMeldingen getMelding getMeldinggeschiedenis'), graaf: { school: ['Query.school', 'Query.node (School)'], eigen: [] }, verborgen: ['bijzonder'] },
  bestuur: { school: [...BELEID, ...CIJFERS], eigen: [], graaf: { school: ['Query.school', 'Query.node (School)', 'School.statistieken'], eigen: [] }, verborgen: ['geboortedatum', 'woongemeente', 'nummer', 'reden', 'bijzonder'] },
  auditor: {
    school: van('beleid:lezen leveringen:lezen verwerkingen:lezen toegang:lezen bewaring:lezen'),
    eigen: [],
    graaf: { school: ['Query.school', 'Query.node (School)'], eigen: [] },
    verborgen: ['geboortedatum', 'woongemeente', 'nummer', 'reden', 'bijzonder']
  }
}

/** What each doel leaves out, beside what the role does. */
const PER_DOEL: Readonly<Record<Doelbinding, readonly string[]>> = {
  verzuimregistratie: [],
  begeleiding: ['woongemeente', 'nummer'],
  leerplicht: ['bijzonder'],
  verantwoording: ['geboortedatum', 'woongemeente', 'nummer', 'reden', 'bijzonder'],
  toezicht: ['geboortedatum', 'woongemeente', 'nummer', 'reden', 'bijzonder'],
  'eigen-inzage': []
}

/** Of several leerlingen: who sees others finds his own there, and no fault. */
const LIJSTEN = /^list(Leerlingen|Absenties|Afmeldingen|Signalen|Meldingen)$|^(School|Vestiging)\.|\.leerlinggegevens$/

type Tabel = Readonly<Record<Rolnaam, Rij>>

function expectOperatie ({ school, eigen }: Pick<Rij, 'school' | 'eigen'>, naam: string, wie: 'eigen' | 'ander' | 'elders'): string {
  if (!school.includes(naam) && !eigen.includes(naam)) return 'nee'
  if (wie === 'elders') return OPERATIES[naam]?.[0] === null ? 'ja' : 'onbekend'
  return wie === 'eigen' || school.includes(naam) || LIJSTEN.test(naam) ? 'ja' : 'onbekend'
}

interface Plaats { readonly service: Service, readonly own: Wereld, readonly elders: Wereld }

/** Every operation as one role: the faults, each with its cell. What refuses goes first, so that it meets the school as it was. */
async function checkOperaties ({ service, own, elders }: Plaats, rol: Rolnaam, matrix: Tabel, lijst: readonly Operation[]): Promise<string[]> {
  const fouten: string[] = []
  const rij = matrix[rol]
  const check = async (wie: 'eigen' | 'ander' | 'elders', bearer: string, doel: Wereld, merken: readonly string[]): Promise<void> => {
    for (const operation of lijst) {
      const { operationId } = operation
      const answer = await askAls(service.server, bearer, rol, operation, doel)
      const [verwacht, gezien] = [expectOperatie(rij, operationId, wie), judge(answer)]
      if (gezien !== verwacht) fouten.push(`${rol} ${operationId} ${wie}: ${gezien}, niet ${verwacht} ${answer.body.slice(0, 200)}`)
      const nietVoor = isOverPersonen(operationId) ? [...merken, ...rij.verborgen.flatMap((groep) => KENMERK[groep]!(own))] : merken.filter((merk) => merk.startsWith('Q'))
      if (answer.statusCode < 300) fouten.push(...findMerken(answer.body, nietVoor).map((merk) => `${rol} ${operationId} ${wie} toont ${merk}`))
      if (answer.headers['niet-getoond'] !== rij.verborgen.join(', ')) fouten.push(`${rol} ${operationId} ${wie}: niet-getoond ${String(answer.headers['niet-getoond'])}`)
    }
  }
  const isNarrowed = NARROWED.includes(rol)
  await check('elders', await tokenOf(service, rol, 'eigen', [elders.school]), own, [...VAN_EIGEN, ...VAN_ANDER])
  if (isNarrowed) await check('ander', await tokenOf(service, rol, 'ander', [own.school]), own, [...VAN_EIGEN, ...VAN_ELDERS])
  await check('eigen', await tokenOf(service, rol, 'eigen', [own.school]), own, [...isNarrowed ? VAN_ANDER : [], ...VAN_ELDERS])
  return fouten
}

async function checkGraaf ({ service, own, elders }: Plaats, rol: Rolnaam, matrix: Tabel): Promise<string[]> {
  const fouten: string[] = []
  const { graaf, verborgen } = matrix[rol]
  const check = async (wie: 'eigen' | 'ander' | 'elders', bearer: string, merken: readonly string[]): Promise<void> => {
    for (const veld of Object.keys(GRAAF)) {
      const answer = await askGraaf(service.server, bearer, veld, own)
      const verwacht = expectOperatie(graaf, veld, wie)
      const gezien = judgeGraaf(answer)
      // Below a leerling who is not there, nothing is asked.
      const past = gezien === verwacht || (verwacht === 'nee' && gezien === 'onbekend' && wie !== 'eigen')
      if (!past) fouten.push(`${rol} ${veld} ${wie}: ${gezien}, niet ${verwacht} ${answer.body.slice(0, 200)}`)
      // The place of a vestiging is hidden from an ouder only, and tested there.
      fouten.push(...findMerken(answer.body, [...merken, ...verborgen.flatMap((groep) => KENMERK[groep]!(own))]).map((merk) => `${rol} ${veld} ${wie} toont ${merk}`))
    }
  }
  const isNarrowed = NARROWED.includes(rol)
  await check('elders', await tokenOf(service, rol, 'eigen', [elders.school]), [...VAN_EIGEN, ...VAN_ANDER])
  if (isNarrowed) await check('ander', await tokenOf(service, rol, 'ander', [own.school]), [...VAN_EIGEN, ...VAN_ELDERS])
  await check('eigen', await tokenOf(service, rol, 'eigen', [own.school]), [...isNarrowed ? VAN_ANDER : [], ...VAN_ELDERS])
  return fouten
}

/** What the service shows for every doel of the role that is not its first. */
async function checkDoelen ({ service, own }: Plaats, rol: Rolnaam): Promise<string[]> {
  const fouten: string[] = []
  const bearer = await tokenOf(service, rol, 'eigen', [own.school])
  for (const doel of ROLLEN[rol].doelen.slice(1) as readonly Doelbinding[]) {
    const merken = [...PER_DOEL[doel], ...ROLLEN[rol].verborgen].flatMap((groep) => KENMERK[groep]!(own))
    for (const operation of LEESOPERATIES.filter(({ operationId }) => isOverPersonen(operationId))) {
      const { statusCode, body } = await askAls(service.server, bearer, rol, operation, own, doel)
      if (statusCode < 300) fouten.push(...findMerken(body, merken).map((merk) => `${rol} ${operation.operationId} ${doel} toont ${merk}`))
    }
    for (const veld of Object.keys(GRAAF)) fouten.push(...findMerken((await askGraaf(service.server, bearer, veld, own, doel)).body, merken).map((merk) => `${rol} ${veld} ${doel} toont ${merk}`))
  }
  return fouten
}

t.test('every operation, field and role has its cell', async (t) => {
  t.strictSame(operations.map(({ operationId, recht }) => `${recht} ${operationId}`).sort(), Object.entries(PER_RECHT).flatMap(([recht, namen]) => namen.map((naam) => `${recht} ${naam}`)).sort())
  t.strictSame([...new Set(Object.keys(GRAAF).map((veld) => veld.split(' ')[0]!))].sort(), GRAAFVELDEN.sort(), 'roots and fields that ask a right')
  t.strictSame(Object.keys(MATRIX).sort(), [...ROLNAMEN].sort())
  t.strictSame(Object.keys(PER_DOEL).sort(), Object.keys(DOELEN).sort())
})

t.test('each role may what the matrix says, of whom it says, and is shown no other leerling and no field it should not see', async (t) => {
  const service = await startService(t, { environment: { VERZOEKEN_PER_SECONDE: '100000' } })
  const elders = await prepareWereld(service, '99AZ00', ELDERS)
  const gedeeld = await prepareWereld(service, '99AA00', ANDER)
  for (const [at, rol] of ROLNAMEN.entries()) {
    // Who writes has a school of its own: what one role does, another does not find done.
    const schrijft = ROLLEN[rol].rechten.some((recht) => !recht.endsWith(':lezen'))
    const plaats = { service, own: schrijft ? await prepareWereld(service, `99B${String.fromCharCode(65 + at)}00`, ANDER) : gedeeld, elders }
    await t.test(rol, async (t) => {
      if (at === 0) {
        t.ok((await checkOperaties(plaats, rol, { ...MATRIX, [rol]: { ...MATRIX[rol], eigen: [] } }, LEESOPERATIES)).some((fout) => fout.startsWith(`${rol} getLeerling eigen: ja, niet nee`)), 'an operation too many is found')
        t.ok((await checkOperaties(plaats, rol, { ...MATRIX, [rol]: { ...MATRIX[rol], verborgen: ['geboortedatum'] } }, LEESOPERATIES)).includes(`${rol} getLeerling eigen toont 2014-03-10`), 'a field too many is found')
        t.not((await checkGraaf(plaats, rol, { ...MATRIX, [rol]: { ...MATRIX[rol], graaf: NIETS } })).length, 0, 'a field of the graph too many is found')
      }
      t.strictSame(await checkGraaf(plaats, rol, MATRIX), [])
      t.strictSame(await checkDoelen(plaats, rol), [])
      t.strictSame(await checkOperaties(plaats, rol, MATRIX, operations), [])
    })
  }
})

t.test('an ouder from whom the address is kept finds the vestiging nowhere', async (t) => {
  const service = await startService(t)
  const own = await prepareWereld(service, '99AA00', ANDER)
  const bearer = await tokenOf(service, 'ouder', 'geheim', [own.school])
  const merken = [...KENMERK['plaats']!(own), ...KENMERK['woongemeente']!(own)]
  for (const operation of LEESOPERATIES.filter(({ operationId }) => isOverPersonen(operationId) && MATRIX.ouder.eigen.includes(operationId))) {
    const { statusCode, body } = await askAls(service.server, bearer, 'ouder', operation, own)
    t.strictSame(findMerken(body, merken), [], operation.operationId)
    // What is whole or not at all, and the verzoek of which only its own ouder knows.
    t.equal(statusCode, operation.operationId === 'getInzage' ? 403 : 200, operation.operationId)
  }
  for (const veld of Object.keys(GRAAF).filter((naam) => /Leerling|Absentie|Signaal|leerling|absenties|signalen/.test(naam))) {
    const { data } = (await askGraaf(service.server, bearer, veld, own)).json<{ data: unknown }>()
    t.strictSame(findMerken(JSON.stringify(data), merken), [], veld)
  }
})

// --- the matrix as people read it

const README = new URL('../../README.md', import.meta.url)
const [BEGIN, EINDE] = ['<!-- matrix: MATRIX=schrijf npm test -- test/toegang/matrix.test.ts -->\n', '<!-- einde matrix -->']

/** Per right one row for the operations that the same roles may, of the same leerlingen. */
function drawMatrix (): string {
  const kop = `| recht | operaties | ${ROLNAMEN.join(' | ')} |\n| --- | --- | ${ROLNAMEN.map(() => ':-:').join(' | ')} |\n`
  const rijen = Object.entries(PER_RECHT).flatMap(([recht, namen]) =>
    [...Map.groupBy(namen, (naam) => ROLNAMEN.map((rol) => MATRIX[rol].school.includes(naam) ? 'ja' : MATRIX[rol].eigen.includes(naam) ? 'eigen' : '').join(' | '))]
      .map(([cellen, samen]) => `| \`${recht}\` | ${samen.join(', ')} | ${cellen} |\n`))
  return kop + rijen.join('')
}

t.test('README has this matrix', async (t) => {
  const text = readFileSync(README, 'utf8')
  const [voor, rest] = text.split(BEGIN)
  const na = rest?.split(EINDE)[1]
  t.ok(na, 'between its markers')
  if (process.env['MATRIX'] === 'schrijf') writeFileSync(README, `${voor}${BEGIN}${drawMatrix()}${EINDE}${na}`)
  t.equal(readFileSync(README, 'utf8').split(BEGIN)[1]?.split(EINDE)[0], drawMatrix())
})
