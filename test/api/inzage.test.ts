import t from 'tap'
import { addDagen } from '../../src/domain/datum.ts'
import { INZAGEDELEN } from '../../src/domain/inzage.ts'
import { TAKKEN, VERZWEGEN } from '../../src/inzage/store.ts'
import { RECHTEN } from '../../src/toegang/rechten.ts'
import { buildAbsentie } from '../support/school.ts'
import { BSN, startBetrokkene, type Betrokkene } from '../support/betrokkene.ts'
import type { Inzagepakket } from '../../src/inzage/contract.ts'

const INZAGE = '/leerlingen/test-lvs/L-1/inzage?school=99AA'
const VANDAAG = '2025-09-20'

/** Of nobody by his key, though its columns look like it. */
const GEEN_GEGEVENS: Readonly<Record<string, string>> = {
  evaluatie_markering: 'a key on a work list, until its evaluation within the second',
  verwerking: 'told as `verwerkingen`, by pseudonym',
  verwerking_betrokkene: 'told as `verwerkingen`, by pseudonym',
  verwerking_markering: 'a verwerking on a work list',
  verwerkingsketen: 'place and hash of a verwerking',
  statistiek: 'a number of leerlingen',
  vernietigde_leerling: 'a pseudonym, of whom nothing else is held',
  vernietiging: 'numbers of rows that are gone'
}

t.test('every table in which a leerling is known is in the package, or is not on purpose', async (t) => {
  const betrokkene = await startBetrokkene(t)
  const kolommen = await betrokkene.sql<{ tabel: string, kolom: string }>(`
    select c.relname as tabel, a.attname as kolom
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`)
  const perTabel = Map.groupBy(kolommen, ({ tabel }) => tabel)
  // A table with a key of a leerling, and every table that names a row of such a one.
  const bekend = new Set([...perTabel].filter(([, eigen]) => eigen.some(({ kolom }) => ['leerling', 'leerlingen', 'betrokkenen', 'pseudoniem'].includes(kolom))).map(([tabel]) => tabel))
  for (let size = -1; size !== bekend.size;) {
    size = bekend.size
    for (const [tabel, eigen] of perTabel) if (eigen.some(({ kolom }) => kolom !== tabel && bekend.has(kolom))) bekend.add(tabel)
  }
  t.ok(bekend.has('signaal_versie') && bekend.has('uitzendpoging') && bekend.has('verzoek_stap'), 'what hangs from another table is found')
  t.strictSame([...bekend].filter((tabel) => !Object.hasOwn(GEEN_GEGEVENS, tabel)).sort(), [...TAKKEN.keys()].sort())
  t.strictSame([...TAKKEN.values()].map(({ deel }) => deel).sort(), Object.keys(INZAGEDELEN).sort(), 'each table is a part of its own')
})

/** One of everything, each with values of its own that are searched for. */
async function fill (betrokkene: Betrokkene): Promise<void> {
  const { ok, push, carry, sql, service } = betrokkene
  const leerling = { bronId: 'L-1', school: '99AA', geboortedatum: '2012-03-11', persoonsgebondenNummer: BSN, woongemeente: '0363', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 3, rooster: [481, 480, 480, 480, 480, 0, 0] }] }
  await ok('POST', '/leerlingen/_bulk', { leerlingen: [leerling] })
  await ok('PUT', '/vrijstellingen/V-MERK', { leerling: 'L-1', school: '99AA', grondslag: '11-onder-g', van: '2025-10-13', tot: '2025-10-17' })
  await push(['2025-09-08', '2025-09-09'])
  await push(['2025-09-08'], { minuten: 479, gewijzigdOp: '2025-09-09T09:00:00Z' })
  await push(['2025-09-08'], { minuten: 480, gewijzigdOp: '2025-09-09T10:00:00Z' })
  await ok('PUT', '/afmeldingen/test-lvs/AF-MERK', { school: '99AA', leerling: 'L-1', begin: { datum: '2025-09-15' }, reden: 'ZK', gewijzigdOp: '2025-09-15T08:00:00Z' })
  await ok('PUT', '/afmeldingen/test-lvs/AF-MERK', { school: '99AA', leerling: 'L-1', begin: { datum: '2025-09-15' }, einde: { datum: '2025-09-16' }, reden: 'ZK', gewijzigdOp: '2025-09-16T08:00:00Z' })
  await service.evaluate()
  const { signalen: [signaal] } = await ok<{ signalen: Array<{ id: string }> }>('GET', '/signalen?school=99AA')
  await ok('POST', `/signalen/${signaal!.id}/beoordelingen`, { besluit: 'in-behandeling', notitie: 'MERK-notitie | met *tekens*' })
  const { id: melding } = await ok<{ id: string }>('POST', '/meldingen', { signaal: signaal!.id, toelichting: 'MERK-toelichting' })
  await carry('MERK-700001')
  await ok('POST', `/meldingen/${melding}/intrekking`, { reden: 'fout-in-registratie' })
  await ok('POST', '/scholen/99AA/uitzonderingen', { leerling: { bron: 'test-lvs', bronId: 'L-1' }, regel: 'doorstroompunt', van: '2025-09-22', tot: '2025-09-26', reden: 'startkwalificatie' })
  await ok('POST', '/leerlingen/test-lvs/L-1/overdrachten', { school: '99AA', naarSchool: '98ZZ', datum: VANDAAG })
  const { id: verzoek } = await ok<{ id: string }>('POST', '/leerlingen/test-lvs/L-1/verzoeken', { school: '99AA', soort: 'beperking', ontvangenOp: VANDAAG, namens: 'ouder', betreft: { soort: 'absentie', bronId: 'd-2025-09-08' } })
  await ok('POST', `/verzoeken/${verzoek}/stappen`, { status: 'toegewezen' })
  // Of other rooms that have their own ways in.
  await sql("insert into signaalrust values ('99AA', gen_random_uuid(), 'test-lvs', 'L-1', 'te-laat', '2025-09-01', '2025-09-07', 'afspraken-lopen', 'test-lvs', null, now(), now(), 'test-lvs')")
  await sql("insert into absentie_in_wacht values ('99AA', 'test-lvs', 'WACHT-MERK', 'L-1', '{\"soort\": \"afwezig\"}', now(), gen_random_uuid(), now())")
  await sql("insert into groep values ('99AA', 'test-lvs', 'GROEP-MERK', '2B', now())")
  await sql("insert into groepslid values ('99AA', 'test-lvs', 'GROEP-MERK', 'L-1', '2025-08-01')")
  await sql("insert into betrekking (school, bron, betrekking, leerling, persoon, soort, gezag, van, blokkades, vastgelegd_op) values ('99AA', 'test-lvs', 'BETREKKING-MERK', 'L-1', 'ouder-1', 'ouder', true, '2019-08-01', '[]', now())")
  await sql("insert into toestemming (school, toestemming, bron, leerling, persoon, van, gegeven_door, gegeven_op) values ('99AA', gen_random_uuid(), 'test-lvs', 'L-1', 'ouder-1', '2025-09-01', 'L-1', now())")
  await sql("insert into dossiersluiting values ('99AA', 'test-lvs', 'L-1', '2020-07-31')")
  await sql("insert into vasthouding (school, vasthouding, bron, leerling, reden, van, actor, vastgelegd_op) values ('99AA', gen_random_uuid(), 'test-lvs', 'L-1', 'MERK-vasthouding', '2025-09-01', 'test-lvs', now())")
}

t.test('one of everything is found in the package, and nothing of anybody else', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: `${VANDAAG}T10:00:00Z` })
  const { ok, send, service, sql } = betrokkene
  await fill(betrokkene)
  await ok('POST', '/leerlingen/_bulk', { leerlingen: [{ bronId: 'ANDER-leerling', school: '99AA', geboortedatum: '2013-01-01', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 3, minutenPerWeek: 1650 }] }] })
  await ok('POST', '/absenties/_bulk', { absenties: [buildAbsentie('ANDER-1', '2025-09-08', { leerling: 'ANDER-leerling' }), buildAbsentie('d-2025-09-10', '2025-09-10', { leerling: 'ANDER-leerling' })] })
  // Registered on the wrong leerling first: what stood on this one is his, what stands now is not.
  await ok('POST', '/absenties/_bulk', { absenties: [buildAbsentie('VERKEERD-MERK', '2025-09-11')] })
  await ok('POST', '/absenties/_bulk', { absenties: [buildAbsentie('VERKEERD-MERK', '2025-09-12', { leerling: 'ANDER-leerling', gewijzigdOp: '2025-09-13T09:00:00Z' })] })

  const answer = await send('GET', INZAGE)
  t.equal(answer.statusCode, 200, answer.body)
  const pakket = answer.json<Inzagepakket>()
  const leeg = pakket.delen.filter(({ rijen }) => rijen.length === 0).map(({ deel }) => deel)
  t.strictSame(leeg, [], 'something in every part')
  for (const merk of ['V-MERK', 'd-2025-09-09', 'AF-MERK', 'MERK-notitie | met *tekens*', 'MERK-toelichting', 'MERK-700001', 'fout-in-registratie', 'WACHT-MERK', 'GROEP-MERK', 'BETREKKING-MERK', 'MERK-vasthouding', 'VERKEERD-MERK', '2012-03-10', '2012-03-11', '0014', '0363', '98ZZ']) {
    t.ok(answer.body.includes(JSON.stringify(merk).slice(1, -1)), `${merk} is in it`)
  }
  t.equal(/ANDER|d-2025-09-10|2025-09-12"/.exec(answer.body)?.[0], undefined, 'and nothing of another leerling')
  t.notOk(answer.body.includes(BSN), 'nor the number, as long as nobody asked for it')
  t.equal(/"(actor|(?!overtroefd)[a-z]+Door)":/.exec(answer.body)?.[0], undefined, 'nor who of the school did it')
  t.match(pakket.nummers, [{ soort: 'bsn', nummer: 'xxxxxx019' }])

  const perTabel = Map.groupBy(await sql<{ tabel: string, kolom: string }>("select c.relname as tabel, a.attname as kolom from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped where c.relnamespace = 'public'::regnamespace"), ({ tabel }) => tabel)
  for (const [tabel, { deel }] of TAKKEN) {
    const velden = new Set(Object.keys(pakket.delen.find((each) => each.deel === deel)!.rijen[0]!))
    const missing = perTabel.get(tabel)!.map(({ kolom }) => kolom).filter((kolom) => !(VERZWEGEN as readonly string[]).includes(kolom) && !velden.has(kolom.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())))
    t.strictSame(missing, [], `${tabel}: every column`)
  }

  t.match(pakket.verantwoording, { ontvangers: ['DUO', 'de gemeente waar de leerling woont, door DUO', 'school 98ZZ'], bronnen: ['test-lvs'], klacht: /Autoriteit Persoonsgegevens/ })
  t.ok(pakket.verantwoording.activiteiten.length > 10, 'with the purposes, grounds and terms of the register')
  t.ok(pakket.verwerkingen.some(({ activiteit, toepassing }) => activiteit === 'Signalen berekenen' && toepassing === 'systeem:evaluatie'), 'and who saw it')
  const before = pakket.verwerkingen.filter(({ activiteit }) => activiteit === 'Inzage geven').reduce((total, { aantal }) => total + aantal, 0)
  const after = (await ok<Inzagepakket>('GET', INZAGE)).verwerkingen.filter(({ activiteit }) => activiteit === 'Inzage geven').reduce((total, { aantal }) => total + aantal, 0)
  t.equal(after, before + 1, 'reading it is recorded as well')
  t.equal((await send('GET', '/leerlingen/test-lvs/L-9/inzage?school=99AA')).statusCode, 404)
  const ander = await service.token({ scopes: RECHTEN.filter((recht) => recht !== 'verzoeken:lezen') })
  t.equal((await service.inject({ bearer: ander, url: `/v1${INZAGE}` })).statusCode, 403)
})

t.test('the number is whole only for an inzage that was asked', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: `${VANDAAG}T10:00:00Z` })
  const { ok, send } = betrokkene
  await betrokkene.push(['2025-09-08', '2025-09-09'])
  const { signalen: [signaal] } = await ok<{ signalen: Array<{ id: string }> }>('GET', '/signalen?school=99AA')
  await ok('POST', '/meldingen', { signaal: signaal!.id })
  await ok('POST', '/leerlingen/_bulk', { leerlingen: [{ bronId: 'L-2', school: '99AA', geboortedatum: '2013-01-01', inschrijvingen: [{ vestiging: '99AA00', van: '2019-08-01', leerjaar: 3, minutenPerWeek: 1650 }] }] })
  const ask = async (soort: string, leerling = 'L-1'): Promise<string> => (await ok<{ id: string }>('POST', `/leerlingen/test-lvs/${leerling}/verzoeken`, { school: '99AA', soort, ontvangenOp: VANDAAG, namens: 'ouder' })).id
  const give = async (id: string): Promise<[number, boolean]> => {
    const { statusCode, body } = await send('GET', `${INZAGE}&verzoek=${id}`)
    return [statusCode, body.includes(BSN)]
  }
  const id = await ask('inzage')
  t.strictSame(await give(id), [200, true], 'the copy is due to the betrokkene')
  const pakket = await ok<Inzagepakket>('GET', `${INZAGE}&verzoek=${id}`)
  t.match(pakket, { verzoek: id, nummers: [{ soort: 'bsn', nummer: BSN }] })
  t.match(pakket.delen.find(({ deel }) => deel === 'uitzendingen')!.rijen[0], { inhoud: { velden: { burgerservicenummer: BSN } } }, 'in the message to DUO too')
  t.strictSame(await give(await ask('overdraagbaarheid')), [200, true])
  t.strictSame(await give(await ask('rectificatie')), [409, false], 'a verzoek of another soort gives none')
  t.strictSame(await give(await ask('inzage', 'L-2')), [404, false], 'nor one of another leerling')
  t.strictSame(await give(`99AA-${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}`), [404, false])
  await ok('POST', `/verzoeken/${id}/stappen`, { status: 'ingetrokken' })
  t.strictSame(await give(id), [409, false], 'nor one that was withdrawn')
})

t.test('the package reads as Dutch for a parent', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: `${VANDAAG}T10:00:00Z` })
  await fill(betrokkene)
  const answer = await betrokkene.send('GET', INZAGE, undefined, { accept: 'text/markdown' })
  t.match(answer.headers, { 'content-type': 'text/markdown; charset=utf-8', vary: /accept/ })
  const tekst = answer.body
  const has = (pattern: RegExp, message: string): void => { t.ok(pattern.test(tekst), message) }
  t.match(tekst.slice(0, 100), /^# Wat de school over deze leerling vastlegt\n/)
  has(/opgemaakt op 20 september 2025/, 'with its day')
  has(/\| 8 september 2025 \| afwezig \| Spijbelen of reden onbekend na navraag \| ongeoorloofd \| 480 \|/, 'a day reads as a day')
  has(/\| MERK-notitie \\\| met \\\*tekens\\\* \|/, 'what somebody wrote stays in its cell')
  has(/wettelijk-16-uur, 9 september 2025: Van 8 september 2025 tot en met 9 september 2025 zijn 960 minuten geteld/, 'a signaal says how it was computed')
  has(/## Uw rechten\n\n.*AVG art\. 16/, 'with the rights')
  has(/\(burgerservicenummer\): x{6}019/, 'without the number')
  for (const regel of tekst.split('\n').filter((each) => each.startsWith('|'))) t.notMatch(regel, /undefined|null|\[object|NaN/)
})

t.test('a leerling of eight years gives a package of one breath', async (t) => {
  const betrokkene = await startBetrokkene(t, { now: `${VANDAAG}T10:00:00Z` })
  const dagen: string[] = []
  for (let dag = '2019-08-26'; dag < '2025-07-01'; dag = addDagen(dag, 1)) if (dag.endsWith('3') || dag.endsWith('7')) dagen.push(dag)
  await betrokkene.service.inject({ method: 'POST', url: '/v1/absenties/_bulk', payload: { absenties: dagen.map((datum) => buildAbsentie(`d-${datum}`, datum, { minuten: 480 })) } })
  await betrokkene.service.evaluate()
  const started = process.cpuUsage()
  const answer = await betrokkene.send('GET', INZAGE)
  const { user } = process.cpuUsage(started)
  const pakket = answer.json<Inzagepakket>()
  const absenties = pakket.delen.find(({ deel }) => deel === 'absenties')!.rijen.length
  t.ok(absenties > 200, `${absenties} absenties, ${pakket.delen.find(({ deel }) => deel === 'signalen')!.rijen.length} signalen`)
  t.ok(answer.body.length < 20_000_000, `${answer.body.length} bytes`)
  t.ok(user < 2_000_000, `${user} µs`)
  t.comment(`${absenties} absenties, ${answer.body.length} bytes, ${user} µs`)
})
