import fc from 'fast-check'
import t from 'tap'
import { Beleidsinvoer, type Beleidsinvoer as Invoer } from '../../src/beleid/contract.ts'
import { CATEGORIEEN, SOORTEN, type Soort } from '../../src/domain/absentie.ts'
import { KENMERKEN, STANDAARDBELEID } from '../../src/domain/beleid.ts'
import { ELEMENTCODES, listElementeisen } from '../../src/domain/beleidselement.ts'
import { planOpvolging, type Geldigheid } from '../../src/domain/beleidsopvolging.ts'
import { describeDuiding, describeRegel, renderBeleid, type Beleidsstuk } from '../../src/domain/beleidstekst.ts'
import { compareDefinities, toetsBeleid } from '../../src/domain/beleidstoets.ts'
import { compareBeleid } from '../../src/domain/beleidsverschil.ts'
import { addDagen } from '../../src/domain/datum.ts'
import { evaluateRegels } from '../../src/domain/evaluate-regels.ts'
import { buildKalender } from '../../src/domain/kalender.ts'
import { AARDEN, findLandelijk, HERSTARTEN, LANDELIJKE_REGELS, LEERPLICHTGROEPEN, METINGEN, resolveRegel, type Duiding, type Regelkeuze } from '../../src/domain/regel.ts'
import { SECTOREN } from '../../src/domain/sector.ts'

const VAN = '2026-08-01'

function parse (anders: Record<string, unknown>): Invoer {
  return Beleidsinvoer.parse({ geldigVan: VAN, ...anders })
}

function build (anders: Record<string, unknown> = {}): Beleidsstuk {
  const { redenen = STANDAARDBELEID.redenen, codes = [], regels = [], duidingen = [], elementen = [], onverklaardNaLesdagen = null } = parse(anders)
  return { school: '99AA', versie: 1, status: 'vastgesteld', geldigVan: VAN, geldigTot: null, vastgesteldOp: '2026-06-15', redenen, codes, regels, duidingen, elementen, onverklaardNaLesdagen: onverklaardNaLesdagen ?? null }
}

function toets (regels: readonly Regelkeuze[], inwerkingtreding: string | null = null): ReturnType<typeof toetsBeleid> {
  return toetsBeleid({ ...build(), regels }, listElementeisen(inwerkingtreding), VAN)
}

t.test('in whatever order versions are adopted, exactly one holds on every day from the first on', async (t) => {
  const dag = fc.integer({ min: 0, max: 40 }).map((na) => addDagen('2026-08-01', na))
  fc.assert(fc.property(fc.array(dag, { minLength: 1, maxLength: 15 }), (starts) => {
    let geldend: Geldigheid[] = []
    starts.forEach((geldigVan, at) => {
      const voor = geldend
      const { geldigTot, vervangen } = planOpvolging(geldend, geldigVan)
      geldend = [...geldend.flatMap((ander) => ander.versie !== vervangen?.versie ? [ander] : vervangen.geldigTot === null ? [] : [{ ...ander, geldigTot: vervangen.geldigTot }]), { versie: at, geldigVan, geldigTot }]
      for (let d = '2026-07-30'; d < '2026-09-20'; d = addDagen(d, 1)) {
        const op = (versies: readonly Geldigheid[]): number[] => versies.filter((versie) => versie.geldigVan <= d && (versie.geldigTot === null || d <= versie.geldigTot)).map(({ versie }) => versie)
        // The oracle: of all that began by then the latest beginning holds, and of those the last adopted.
        const begonnen = starts.slice(0, at + 1).map((van, versie) => ({ van, versie })).filter(({ van }) => van <= d).sort((a, b) => a.van === b.van ? b.versie - a.versie : a.van < b.van ? 1 : -1)
        if (JSON.stringify(op(geldend)) !== JSON.stringify(begonnen.slice(0, 1).map(({ versie }) => versie))) return false
        const eigen = geldigVan <= d && (geldigTot === null || d <= geldigTot)
        if (!eigen && JSON.stringify(op(voor)) !== JSON.stringify(op(geldend))) return false
      }
      return true
    })
    return true
  }), { numRuns: 300, seed: 17 })
  t.same(planOpvolging([{ versie: 1, geldigVan: '2026-08-01', geldigTot: null }], '2026-08-01'), { geldigTot: null, vervangen: { versie: 1, geldigTot: null } }, 'from its first day on: the whole of it')
  t.same(planOpvolging([{ versie: 1, geldigVan: '2026-08-01', geldigTot: null }], '2026-01-01'), { geldigTot: '2026-07-31', vervangen: null }, 'before the first')
})

// ---- what the grammar refuses

const eigen = { regel: 'eigen', aan: true, meting: 'uren', venster: { soort: 'maanden', aantal: 1 }, drempels: [3] }
const duiding = { omschrijving: 'D', wanneer: { categorieen: ['geoorloofd'] }, telt: { categorie: 'ongeoorloofd' } }
const SOM = ['minuten', 'uren', 'lesuren', 'registraties', 'perioden']

const FOUTEN: ReadonlyArray<readonly [name: string, invoer: Record<string, unknown>, pointers: readonly string[]]> = [
  ['a national rule named twice', { regels: [{ regel: 'te-laat', aan: true }, { regel: 'te-laat', aan: false }] }, ['regels/1/regel']],
  ['the aard of a national rule', { regels: [{ regel: 'te-laat', aan: true, aard: 'intern' }] }, ['regels/0/aard']],
  ['zorgelijk-verzuim without a drempel', { regels: [{ regel: 'zorgelijk-verzuim', aan: true }] }, ['regels/0/drempels']],
  ['a rule of its own without a meting, venster or drempel', { regels: [{ regel: 'eigen', aan: false }] }, ['regels/0/meting', 'regels/0/venster', 'regels/0/drempels']],
  ['a wettelijke rule of its own', { regels: [{ ...eigen, aard: 'wettelijk' }] }, ['regels/0/aard']],
  ['a zorgelijke rule without the name for it', { regels: [{ ...eigen, aard: 'zorgelijk', onderDrempelVan: 'wettelijk-16-uur' }] }, ['regels/0/regel']],
  ['an interne rule with the name of a zorgelijke', { regels: [{ ...eigen, regel: 'zorgelijk-verzuim-vo' }] }, ['regels/0/regel']],
  ['a ladder that does not rise', { regels: [{ regel: 'te-laat', aan: true, drempels: [3, 3, 2] }] }, ['regels/0/drempels/1', 'regels/0/drempels/2']],
  ['more than all of the time', { regels: [{ regel: 'aanwezigheidstrede', aan: true, drempels: [50, 101] }] }, ['regels/0/drempels/1']],
  ['an age that ends before it begins', { regels: [{ ...eigen, voor: { leeftijd: { van: 18, tot: 18 } } }] }, ['regels/0/voor/leeftijd/tot']],
  ...SOM.map((meting) => [`${meting} in one run`, { regels: [{ ...eigen, meting, venster: { soort: 'aaneengesloten' } }] }, ['regels/0/venster']] as const),
  ...['lesweken', 'lesdagen', 'maanden'].map((soort) => [`lesweken in ${soort}`, { regels: [{ ...eigen, meting: 'lesweken', venster: { soort, aantal: 2 } }] }, ['regels/0/venster']] as const),
  ...['lesdagen', 'maanden'].map((soort) => [`procent in ${soort}`, { regels: [{ ...eigen, meting: 'procent', venster: { soort, aantal: 2 } }] }, ['regels/0/venster']] as const),
  ['another meting in the venster of the national rule', { regels: [{ regel: 'langdurig-verzuim', aan: true, meting: 'uren' }] }, ['regels/0/meting']],
  ['a reden nobody knows', { regels: [{ ...eigen, over: { redenen: ['ZK', 'QQ'] } }], duidingen: [{ ...duiding, wanneer: { categorieen: ['geoorloofd'], redenen: ['QQ'] } }] }, ['regels/0/over/redenen/1', 'duidingen/0/wanneer/redenen/0']],
  ['a reden that this version dropped', { redenen: [{ code: 'A', omschrijving: 'A', categorie: 'ongeoorloofd' }], regels: [{ ...eigen, over: { redenen: ['ZK'] } }] }, ['regels/0/over/redenen/0']],
  ['a wettelijke rule on geoorloofd verzuim', { regels: [{ regel: 'wettelijk-16-uur', aan: true, over: { categorieen: ['ongeoorloofd', 'geoorloofd'] } }] }, ['regels/0/over/categorieen']],
  ['a zorgelijke rule of its own on geoorloofd verzuim', { regels: [{ ...eigen, regel: 'zorgelijk-verzuim-vo', aard: 'zorgelijk', over: { categorieen: ['geoorloofd'] }, onderDrempelVan: 'wettelijk-16-uur' }] }, ['regels/0/over/categorieen']],
  ['presence elsewhere as verzuim', { regels: [{ ...eigen, over: { categorieen: ['aanwezig-elders'] } }], duidingen: [{ ...duiding, wanneer: { categorieen: ['aanwezig-elders'] } }] }, ['regels/0/over/categorieen', 'duidingen/0/wanneer/categorieen']],
  ['a duiding of special personal data', { duidingen: [{ ...duiding, wanneer: { categorieen: ['geoorloofd'], kenmerken: ['ziekte', 'bijzonder-persoonsgegeven'], redenen: ['ZK', 'GOD'] } }] }, ['duidingen/0/wanneer/kenmerken/1', 'duidingen/0/wanneer/redenen/1']],
  ['two duidingen of one name', { duidingen: [duiding, duiding] }, ['duidingen/1/omschrijving']],
  ['below the drempel of a rule nobody knows, or of itself', { regels: [{ ...eigen, onderDrempelVan: 'zoek' }, { ...eigen, regel: 'ander', onderDrempelVan: 'ander' }] }, ['regels/0/onderDrempelVan', 'regels/1/onderDrempelVan']],
  ['zorgelijk verzuim that may pass the 16 hours', { regels: [{ regel: 'zorgelijk-verzuim', aan: true, drempels: [9], onderDrempelVan: null }] }, ['regels/0/onderDrempelVan']],
  ['an element twice', { elementen: [{ code: 'signalering', tekst: 'a' }, { code: 'signalering', tekst: 'b' }] }, ['elementen/1/code']],
  ['an end', { geldigTot: '2027-07-31' }, ['']]
]

t.test('what cannot be evaluated, or may not be, is refused at its own place', async (t) => {
  for (const [name, invoer, pointers] of FOUTEN) {
    const { error } = Beleidsinvoer.safeParse({ geldigVan: VAN, ...invoer })
    t.same(error?.issues.map(({ path }) => path.join('/')), pointers, name)
  }
  const alles = Beleidsinvoer.safeParse({ geldigVan: VAN, regels: [{ regel: 'te-laat', aan: true, aard: 'intern', drempels: [2, 1] }, { ...eigen, over: { redenen: ['QQ'] } }], duidingen: [duiding, duiding] })
  t.equal(alles.error?.issues.length, 4, 'all at once')
})

// ---- held against the law

const wet = (anders: Partial<Regelkeuze>): readonly Regelkeuze[] => [{ regel: 'wettelijk-16-uur', aan: true, ...anders }]
const GROEP = { leerplicht: 'leer-of-kwalificatieplichtig' } as const

const OORDELEN: ReadonlyArray<readonly [name: string, regels: readonly Regelkeuze[], oordeel: string, parameters: readonly string[]]> = [
  ['named, and no more', wet({}), 'gelijk', []],
  ['the same numbers', wet({ drempels: [16], venster: { soort: 'lesweken', aantal: 4, overZomer: true, minLesdagen: 1 }, over: { soorten: ['eerder-weg', 'afwezig'] } }), 'gelijk', []],
  ['a lower drempel', wet({ drempels: [12] }), 'strenger', ['drempels strenger']],
  ['a higher drempel', wet({ drempels: [17] }), 'zwakker', ['drempels zwakker']],
  ['a step more', wet({ drempels: [16, 32] }), 'strenger', ['drempels strenger']],
  ['a longer venster', wet({ venster: { soort: 'lesweken', aantal: 5 } }), 'strenger', ['venster strenger']],
  ['a shorter venster', wet({ venster: { soort: 'lesweken', aantal: 3 } }), 'zwakker', ['venster zwakker']],
  ['a venster that ends with the summer', wet({ venster: { soort: 'lesweken', aantal: 4, overZomer: false } }), 'zwakker', ['venster zwakker']],
  ['another kind of venster', wet({ venster: { soort: 'schooljaar' } }), 'eigen', ['venster anders']],
  ['other lesweken', wet({ venster: { soort: 'lesweken', aantal: 4, minLesdagen: 3 } }), 'eigen', ['venster anders']],
  ['another meting', wet({ meting: 'lesuren' }), 'eigen', ['meting anders']],
  ['another herstart', wet({ herstart: 'geen' }), 'eigen', ['herstart anders']],
  ['more days between', wet({ minimaalDagenTussen: 14 }), 'zwakker', ['minimaalDagenTussen zwakker']],
  ['fewer days between', wet({ minimaalDagenTussen: 0 }), 'strenger', ['minimaalDagenTussen strenger']],
  ['silence at first', wet({ minimaalLesdagen: 10 }), 'zwakker', ['minimaalLesdagen zwakker']],
  ['a longer term', wet({ termijnWerkdagen: 6 }), 'zwakker', ['termijnWerkdagen zwakker']],
  ['no term', wet({ termijnWerkdagen: null }), 'zwakker', ['termijnWerkdagen zwakker']],
  ['a shorter term', wet({ termijnWerkdagen: 2 }), 'strenger', ['termijnWerkdagen strenger']],
  ['a soort fewer', wet({ over: { soorten: ['afwezig'] } }), 'zwakker', ['over/soorten zwakker']],
  ['a soort for another', wet({ over: { soorten: ['afwezig', 'te-laat'] } }), 'zwakker', ['over/soorten zwakker']],
  ['a soort more', wet({ over: { soorten: ['afwezig', 'eerder-weg', 'te-laat'] } }), 'strenger', ['over/soorten strenger']],
  ['some redenen only', wet({ over: { redenen: ['SPIJ'] } }), 'zwakker', ['over/redenen zwakker']],
  ['some weekdays only', wet({ over: { weekdagen: [1] } }), 'zwakker', ['over/weekdagen zwakker']],
  ['longer absenties only', wet({ over: { meerDanMinuten: 0 } }), 'zwakker', ['over/meerDanMinuten zwakker']],
  ['whole days only', wet({ over: { heleDag: true } }), 'zwakker', ['over/heleDag zwakker']],
  ['leerplichtigen only', wet({ voor: { leerplicht: 'leerplichtig' } }), 'zwakker', ['voor/leerplicht zwakker']],
  ['everybody', wet({ voor: {} }), 'strenger', ['voor/leerplicht strenger']],
  ['up to 18, in words of age', wet({ voor: { leeftijd: { tot: 18 } } }), 'zwakker', ['voor/leerplicht strenger', 'voor/leeftijd zwakker']],
  ['one sector', wet({ voor: { ...GROEP, sectoren: ['vo'] } }), 'zwakker', ['voor/sectoren zwakker']],
  ['one leerjaar', wet({ voor: { ...GROEP, leerjaren: [1] } }), 'zwakker', ['voor/leerjaren zwakker']],
  ['under a vrijstelling too', wet({ voor: { ...GROEP, ookMetVrijstelling: true } }), 'strenger', ['voor/ookMetVrijstelling strenger']],
  ['below another rule', wet({ onderDrempelVan: 'te-laat' }), 'zwakker', ['onderDrempelVan zwakker']],
  ['off', wet({ aan: false }), 'uit', []],
  ['one thing stricter and one weaker', wet({ drempels: [12], venster: { soort: 'lesweken', aantal: 2 } }), 'zwakker', ['drempels strenger', 'venster zwakker']]
]

t.test('each parameter of a mandatory rule is weaker, stricter, or not to be compared', async (t) => {
  for (const [name, regels, oordeel, parameters] of OORDELEN) {
    const { regels: oordelen, belemmeringen, strenger } = toets(regels)
    const regel = oordelen.find((each) => each.regel === 'wettelijk-16-uur')!
    t.same([regel.oordeel, regel.verschillen.map(({ parameter, richting }) => `${parameter} ${richting}`)], [oordeel, parameters], name)
    const geweigerd = oordeel === 'uit' ? ['regels/0/aan'] : regel.verschillen.filter(({ richting }) => richting !== 'strenger').map(({ parameter }) => `regels/0/${parameter}`)
    t.same(belemmeringen.map(({ pad }) => pad.join('/')), geweigerd, `${name}: refused where it is weaker`)
    t.equal(strenger.length, parameters.filter((each) => each.endsWith('strenger')).length, `${name}: what is stricter is said`)
    for (const { omschrijving } of regel.verschillen) t.match(omschrijving, /^[A-Z][^{}]*\.$/, omschrijving)
  }
  t.match(toets(wet({ drempels: [20] })).belemmeringen, [{ detail: 'De regel wettelijk-16-uur is zo zwakker dan de wet. De drempel is 20 uur in plaats van 16 uur.' }])
  const trap = (drempels: readonly number[]): string => toets([{ regel: 'te-laat', aan: true, drempels }]).regels.find(({ regel }) => regel === 'te-laat')!.oordeel
  t.same([[3, 6, 9], [2, 6, 9, 12], [3, 6, 9, 12, 15], [3, 7, 9, 12], [3, 6, 9, 12]].map(trap), ['zwakker', 'strenger', 'strenger', 'zwakker', 'gelijk'], 'a ladder step by step')
  const vrij = toets([{ regel: 'te-laat', aan: true, drempels: [5, 9] }, { regel: 'doorstroompunt', aan: false }, { regel: 'zorgelijk-verzuim', aan: true, drempels: [9] }, { ...eigen, over: { categorieen: ['ongeoorloofd'] } } as Regelkeuze])
  t.same(vrij.belemmeringen, [], 'what is not mandatory may be anything')
  t.same(vrij.regels.map(({ regel, oordeel }) => `${regel} ${oordeel}`), ['wettelijk-16-uur gelijk', 'wettelijk-16-uur-18plus uit', 'langdurig-verzuim gelijk', 'doorstroompunt uit', 'luxeverzuim gelijk', 'zorgelijk-verzuim eigen',
    'ziek-frequent uit', 'ziek-langdurig uit', 'te-laat zwakker', 'aanwezigheidstrede uit', 'eigen eigen'])
})

t.test('what is called stricter never says anything later than the law does, whatever the absenties', async (t) => {
  const kalender = buildKalender({ regio: 'noord', eigen: ['2025-2026', '2026-2027'].map((schooljaar) => ({ schooljaar, lesdagen: [1, 2, 3, 4, 5], lesvrij: [{ van: '2026-10-17', tot: '2026-10-25', soort: 'vakantie', naam: 'Herfst' }] })) })
  const vestigingen = new Map([['99AA00', { sector: 'po' as const, lesuurMinuten: 60, kalender }]])
  const misschien = <T>(waarde: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(waarde, { nil: undefined, freq: 2 })
  const anders = fc.record({
    regel: fc.constantFrom('wettelijk-16-uur', 'langdurig-verzuim', 'luxeverzuim'),
    drempels: misschien(fc.constantFrom([1], [2], [4], [8], [12], [16], [12, 16], [4, 20])),
    venster: misschien(fc.constantFrom({ soort: 'lesweken', aantal: 4 }, { soort: 'lesweken', aantal: 6 }, { soort: 'lesweken', aantal: 4, overZomer: false }, { soort: 'aaneengesloten' })),
    over: misschien(fc.record({ soorten: fc.constantFrom(['afwezig', 'eerder-weg'], ['afwezig', 'eerder-weg', 'te-laat'], ['afwezig']) })),
    voor: misschien(fc.constantFrom({}, GROEP, { leerplicht: 'leerplichtig' }, { ...GROEP, ookMetVrijstelling: true })),
    minimaalDagenTussen: misschien(fc.constantFrom(0, 7)),
    minimaalLesdagen: misschien(fc.constantFrom(0, 5))
  })
  const dag = fc.record({ soort: fc.constantFrom('afwezig', 'afwezig', 'eerder-weg', 'te-laat'), reden: fc.constantFrom('SPIJ', 'SPIJ', 'LUX'), minuten: fc.constantFrom(60, 200, 330, 330, 330), mist: fc.integer({ min: 0, max: 9 }) })
  let vergeleken = 0
  let eerder = 0
  fc.assert(fc.property(anders, fc.array(dag, { minLength: 70, maxLength: 70 }), fc.integer({ min: 1, max: 10 }), (velden, dagen, hoeveel) => {
    const keuze = { aan: true, ...Object.fromEntries(Object.entries(velden).filter(([, waarde]) => waarde !== undefined)) }
    const invoer = Beleidsinvoer.safeParse({ geldigVan: VAN, regels: [keuze] })
    if (!invoer.success) return
    const regels = invoer.data.regels!
    const regeltoets = toets(regels).regels.find(({ regel }) => regel === velden.regel)!
    if (regeltoets.oordeel !== 'strenger' && regeltoets.oordeel !== 'gelijk') return
    const absenties = dagen.flatMap(({ soort, reden, minuten, mist }, at) => {
      const datum = addDagen('2026-08-31', at)
      return mist >= hoeveel || !kalender.isLesdag(datum) ? [] : [{ bron: 'b', bronId: String(at), vestiging: '99AA00', datum, soort: soort as Soort, reden, categorie: 'ongeoorloofd' as const, minuten, redenSinds: null }]
    })
    const feiten = { geboortedatum: '2014-03-10', absenties, inschrijvingen: [{ vestiging: '99AA00', van: '2020-08-01', tot: null, leerjaar: 6, rooster: [330, 330, 330, 330, 330, 0, 0] }], vrijstellingen: [{ van: '2026-09-09', tot: '2026-09-11' }], uitzonderingen: [] }
    const read = (met: readonly Regelkeuze[]): string[] => evaluateRegels(feiten, vestigingen, [{ ...STANDAARDBELEID, versie: 1, regels: met }], '2026-12-31').filter(({ regel }) => regel === velden.regel).map(({ einddatum }) => einddatum)
    const [wettelijk, school] = [read([]), read(regels)]
    if (wettelijk.length === 0) return
    vergeleken++
    if (regeltoets.oordeel === 'gelijk' && JSON.stringify(school) !== JSON.stringify(wettelijk)) throw new Error(`${JSON.stringify(keuze)} is not the same: ${school.join()} against ${wettelijk.join()}`)
    if (school[0] === undefined || school[0] > wettelijk[0]!) throw new Error(`${JSON.stringify(keuze)} is later: ${school.join()} against ${wettelijk.join()}`)
    if (school[0] < wettelijk[0]!) eerder++
  }), { numRuns: 3000, seed: 36663 })
  t.ok(vergeleken > 300 && eerder > 30, `${vergeleken} compared, ${eerder} of them earlier`)
})

t.test('elements are mandatory from the day the law takes effect', async (t) => {
  const open = toets([], null)
  t.same([open.elementen.length, open.elementen.filter(({ verplicht }) => verplicht).length, open.belemmeringen], [10, 0, []], 'unknown: reported, and no more')
  t.same(open.elementen.filter(({ aanwezig }) => aanwezig).map(({ code }) => code), ['redenen'])
  t.equal(toets([], '2026-08-02').belemmeringen.length, 0)
  t.same(toets([], '2026-08-01').belemmeringen.map(({ pad, code }) => [pad.join('/'), code]), Array.from({ length: 9 }, () => ['elementen', 'element-ontbreekt']), 'all at once')
  t.notOk(toets([{ regel: 'zorgelijk-verzuim', aan: true, drempels: [9] }], '2026-08-01').belemmeringen.some(({ detail }) => detail.includes('criteria')), 'criteria may be a rule')
  t.ok(toets([{ regel: 'zorgelijk-verzuim', aan: false, drempels: [9] }], '2026-08-01').belemmeringen.some(({ detail }) => detail.includes('criteria')), 'that is on')
  const vol = build({ elementen: ELEMENTCODES.map((code) => ({ code, tekst: 'Zo doen wij dat.' })) })
  t.same(toetsBeleid(vol, listElementeisen('2026-08-01'), VAN).belemmeringen, [])
})

// ---- in words

/** Any rule the shape allows; what does not fit is thrown away by the contract itself. */
const keuzes = ((): fc.Arbitrary<Record<string, unknown>> => {
  const som = <T>(delen: readonly T[]): fc.Arbitrary<T[]> => fc.uniqueArray(fc.constantFrom(...delen), { minLength: 1, maxLength: 4 })
  const misschien = (velden: Record<string, fc.Arbitrary<unknown>>, verplicht: string[] = []): fc.Arbitrary<Record<string, unknown>> => fc.record(velden, { requiredKeys: verplicht })
  const venster = fc.oneof(
    misschien({ soort: fc.constant('lesweken'), aantal: fc.integer({ min: 1, max: 12 }), minLesdagen: fc.integer({ min: 1, max: 5 }), overZomer: fc.boolean() }, ['soort', 'aantal']),
    fc.record({ soort: fc.constantFrom('lesdagen', 'maanden'), aantal: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ soort: fc.constantFrom('schooljaar', 'aaneengesloten') })
  )
  const over = misschien({
    categorieen: som(CATEGORIEEN), soorten: som(SOORTEN), redenen: som(['ZK', 'SPIJ', 'TL']), kenmerken: som(KENMERKEN), weekdagen: som([1, 2, 3, 4, 5]), meerDanMinuten: fc.integer({ min: 0, max: 60 }), heleDag: fc.constant(true)
  })
  const voor = misschien({ leerplicht: fc.constantFrom(...LEERPLICHTGROEPEN), leeftijd: misschien({ van: fc.integer({ min: 4, max: 18 }), tot: fc.integer({ min: 19, max: 27 }) }), sectoren: som(SECTOREN), leerjaren: som([1, 2, 3, 10]), ookMetVrijstelling: fc.constant(true) })
  const drempels = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }).map((lijst) => lijst.toSorted((a, b) => a - b))
  return misschien({
    regel: fc.constantFrom('eigen', 'zorgelijk-verzuim-vo', ...LANDELIJKE_REGELS.map(({ regel }) => regel)),
    aan: fc.constant(true),
    aard: fc.constantFrom(...AARDEN),
    meting: fc.constantFrom(...METINGEN),
    venster,
    over,
    voor,
    drempels,
    herstart: fc.constantFrom(...HERSTARTEN),
    minimaalDagenTussen: fc.integer({ min: 0, max: 9 }),
    minimaalLesdagen: fc.integer({ min: 0, max: 3 }),
    onderDrempelVan: fc.constantFrom(null, 'wettelijk-16-uur', 'te-laat'),
    termijnWerkdagen: fc.constantFrom(null, 1, 5)
  }, ['regel', 'aan', 'meting', 'venster', 'drempels'])
})()

t.test('every rule the grammar allows reads as Dutch', async (t) => {
  const gezien = new Set<string>()
  fc.assert(fc.property(keuzes, (keuze) => {
    const invoer = Beleidsinvoer.safeParse({ geldigVan: VAN, regels: [keuze] })
    if (!invoer.success) return
    const [eerste] = invoer.data.regels!
    const definitie = resolveRegel(eerste, findLandelijk(eerste!.regel, VAN))!
    const tekst = describeRegel(definitie, eerste!.regel)
    gezien.add(`${definitie.meting} ${definitie.venster.soort} ${definitie.aard}`)
    if (!/^Regel [a-z0-9-]+: er volgt een signaal .+\.$/.test(tekst)) throw new Error(tekst)
    if (/undefined|null|NaN|Infinity|object|true|false| {2}| [.,;)]|\( |\.\.|, of|, en|\b1 (minuten|lesuren|lesdagen|perioden|dagen|werkdagen|maanden)\b/.test(tekst)) throw new Error(tekst)
    if (compareDefinities(definitie, definitie).length > 0) throw new Error('a rule differs from itself')
  }), { numRuns: 6000, seed: 4 })
  t.ok(gezien.size > 45, `${gezien.size} kinds of rules were read`)

  for (const [keuze, zin] of [
    [{ regel: 'te-laat', aan: true, drempels: [5, 9] }, 'Regel te-laat: er volgt een signaal zodra een leerling binnen het schooljaar uitkomt op 5 of 9 keer verzuim (te laat) om welke reden ook. Elke stap geeft een eigen signaal. Het signaal blijft binnen de school.'],
    [{ regel: 'ziek-frequent', aan: true, venster: { soort: 'maanden', aantal: 3 } }, 'Regel ziek-frequent: er volgt een signaal zodra een leerling binnen 3 maanden uitkomt op 4 perioden van verzuim wegens ziekte. Na een signaal begint de telling opnieuw. Het signaal blijft binnen de school.'],
    [{ regel: 'ziek-langdurig', aan: true, drempels: [10] }, 'Regel ziek-langdurig: er volgt een signaal zodra er bij een leerling 10 lesdagen achtereen sprake is van verzuim wegens ziekte. Het signaal blijft binnen de school.'],
    [{ regel: 'ziek-langdurig', aan: true, drempels: [7, 20], herstart: 'na-signaal' }, 'Regel ziek-langdurig: er volgt een signaal zodra er bij een leerling 7 of 20 lesdagen achtereen sprake is van verzuim wegens ziekte. Elke stap geeft een eigen signaal. Het signaal blijft binnen de school.'],
    [{ ...eigen, voor: { leeftijd: { van: 12, tot: 16 }, sectoren: ['vso', 'vo'], leerjaren: [3, 1] }, over: { categorieen: ['ongeoorloofd', 'onverklaard'], weekdagen: [5, 1] }, termijnWerkdagen: 1 },
      'Regel eigen: er volgt een signaal zodra een leerling van 12 tot 16 jaar in het vso of vo in leerjaar 1 of 3 binnen één maand uitkomt op 3 uur ongeoorloofd of onverklaard verzuim op maandag of vrijdag. Dezelfde drempel geeft pas opnieuw een signaal als hij intussen niet meer werd gehaald. De school handelt het signaal binnen 1 werkdag af. Het signaal blijft binnen de school.']
  ] as const) t.equal(describeRegel(resolveRegel(parse({ regels: [keuze] }).regels![0], findLandelijk(keuze.regel, VAN))!, keuze.regel), zin)

  const telt = { categorie: 'ongeoorloofd' } as const
  for (const [gelezen, zin] of [
    [{ omschrijving: 'a', wanneer: { categorieen: ['ongeoorloofd', 'onverklaard'], soorten: ['te-laat'], meerDanMinuten: 20 }, telt: { ...telt, soort: 'afwezig', lesuren: 1 } }, 'Ongeoorloofd of onverklaard verzuim (te laat) van meer dan 20 minuten telt als ongeoorloofd verzuim (afwezig) van 1 lesuur.'],
    [{ omschrijving: 'b', wanneer: { categorieen: ['geoorloofd'], redenNaLesdagen: 0 }, telt }, 'Geoorloofd verzuim waarvan de reden pas na de dag zelf bekend werd telt als ongeoorloofd verzuim.']
  ] satisfies ReadonlyArray<readonly [Duiding, string]>) t.equal(describeDuiding(gelezen), zin)
})

t.test('the text for the schoolgids says what counts, from when, and where it is stricter; what was typed stays text', async (t) => {
  const beleid = build({
    redenen: [{ code: 'ZK', omschrijving: 'Ziek | <b>thuis</b>', categorie: 'geoorloofd', grondslag: 'art. 11 onder d', geldigTot: '2026-12-31' }, { code: 'SPIJ', omschrijving: 'Spijbelen', categorie: 'ongeoorloofd' }],
    onverklaardNaLesdagen: 1,
    regels: [{ regel: 'wettelijk-16-uur', aan: true, drempels: [12] }, { regel: 'doorstroompunt', aan: false }, { regel: 'te-laat', aan: true, drempels: [5, 9], omschrijving: 'Gesprek met de mentor' }],
    duidingen: [{ omschrijving: 'Te laat gemeld', wanneer: { categorieen: ['geoorloofd'], redenNaLesdagen: 0 }, telt: { categorie: 'ongeoorloofd' } }],
    elementen: [{ code: 'samenwerking', tekst: 'Wij bellen.\n\n# Geen kop\n---\n<script>' }]
  })
  t.equal(renderBeleid(beleid, listElementeisen(null), ['wettelijk-16-uur: De drempel is 12 uur in plaats van 16 uur.'], VAN), [
    '# Verzuimbeleid van school 99AA', '',
    'Versie 1, vastgesteld op 15 juni 2026, geldig van 1 augustus 2026 tot een volgende versie.', '',
    '## Wat is geoorloofd en wat niet', '',
    '### Geoorloofd', '',
    '| Code | Reden | Grondslag |', '| --- | --- | --- |', '| ZK | Ziek \\| \\<b\\>thuis\\</b\\> (tot en met 31 december 2026) | art. 11 onder d |', '',
    '### Ongeoorloofd', '',
    '| Code | Reden | Grondslag |', '| --- | --- | --- |', '| SPIJ | Spijbelen |  |', '',
    'Verzuim waarvan geen reden bekend is, is onverklaard; na 1 lesdag zonder reden is het ongeoorloofd.', '',
    '### Wat anders telt dan de reden', '',
    '- **Te laat gemeld.** Geoorloofd verzuim waarvan de reden pas na de dag zelf bekend werd telt als ongeoorloofd verzuim.', '',
    '## Samenwerking met gemeente en samenwerkingsverband, en wie wanneer wordt betrokken', '',
    'Wij bellen.', '', '\\# Geen kop', '\\---', '\\<script\\>', '',
    '## Wanneer een signaal volgt', '',
    '- Regel wettelijk-16-uur: er volgt een signaal zodra een leer- of kwalificatieplichtige leerling binnen 4 opeenvolgende lesweken uitkomt op 12 uur ongeoorloofd verzuim (afwezig of eerder weg). Na een signaal begint de telling opnieuw. Tussen twee signalen liggen ten minste 7 dagen. De school handelt het signaal binnen 5 werkdagen af. Het signaal kan leiden tot een melding van ongeoorloofd verzuim.',
    '- **Elke lesdag van meer dan 4 opeenvolgende lesweken geheel ongeoorloofd gemist, leer- of kwalificatieplichtig.** Regel langdurig-verzuim: er volgt een signaal zodra er bij een leer- of kwalificatieplichtige leerling op elke lesdag van meer dan 4 opeenvolgende hele lesweken sprake is van ongeoorloofd verzuim (afwezig of eerder weg; alleen hele lesdagen). De school handelt het signaal binnen 5 werkdagen af. Het signaal kan leiden tot een melding van ongeoorloofd verzuim.',
    '- **Vakantie zonder verlof: elke aaneengesloten periode, op de eerste dag.** Regel luxeverzuim: er volgt een signaal op de eerste lesdag van elke aaneengesloten periode waarin er bij een leer- of kwalificatieplichtige leerling sprake is van ongeoorloofd verzuim (afwezig of eerder weg) wegens vakantie zonder verlof. De school handelt het signaal binnen 5 werkdagen af. Het signaal kan leiden tot een melding van ongeoorloofd verzuim.',
    '- **Gesprek met de mentor.** Regel te-laat: er volgt een signaal zodra een leerling binnen het schooljaar uitkomt op 5 of 9 keer verzuim (te laat) om welke reden ook. Elke stap geeft een eigen signaal. Het signaal blijft binnen de school.', '',
    '## Strenger dan de wet', '',
    '- wettelijk-16-uur: De drempel is 12 uur in plaats van 16 uur.', ''
  ].join('\n'))
})

t.test('two versions differ in what they mean, in a stable order', async (t) => {
  const oud = build({
    codes: [{ bron: 'lvs', code: 'Z', reden: 'ZK' }],
    elementen: [{ code: 'samenwerking', tekst: 'Oud.' }, { code: 'registratie', tekst: 'Zo.' }],
    regels: [{ regel: 'te-laat', aan: true }, eigen],
    duidingen: [{ ...duiding, omschrijving: 'A' }, { ...duiding, omschrijving: 'B' }]
  })
  const nieuw = build({
    redenen: [...STANDAARDBELEID.redenen.filter(({ code }) => code !== 'VRV').map((reden) => reden.code === 'MED' ? { ...reden, categorie: 'ongeoorloofd' } : reden), { code: 'EIG', omschrijving: 'Eigen', categorie: 'geoorloofd' }],
    codes: [{ bron: 'lvs', code: 'Z', reden: 'SPIJ' }, { bron: 'lvs', code: 'Y', reden: 'ZK' }],
    elementen: [{ code: 'samenwerking', tekst: 'Nieuw.' }, { code: 'signalering', tekst: 'Zo.' }],
    onverklaardNaLesdagen: 5,
    regels: [{ regel: 'doorstroompunt', aan: false }, { regel: 'te-laat', aan: true, drempels: [5, 9] }, { regel: 'wettelijk-16-uur', aan: true, drempels: [16] }, { regel: 'ziek-langdurig', aan: true }, { ...eigen, over: { categorieen: ['ongeoorloofd'] } }],
    duidingen: [{ ...duiding, omschrijving: 'B' }, { ...duiding, omschrijving: 'A' }]
  })
  const verschillen = compareBeleid(oud, nieuw, VAN)
  t.same(verschillen.map(({ onderdeel, sleutel, soort }) => `${onderdeel} ${sleutel} ${soort}`), [
    'algemeen onverklaardNaLesdagen gewijzigd', 'reden EIG toegevoegd', 'reden MED gewijzigd', 'reden VRV verwijderd', 'code lvs/Y toegevoegd', 'code lvs/Z gewijzigd',
    'regel doorstroompunt verwijderd', 'regel te-laat gewijzigd', 'regel ziek-langdurig toegevoegd', 'duiding  gewijzigd',
    'element registratie verwijderd', 'element samenwerking gewijzigd', 'element signalering toegevoegd'
  ], 'a rule that says the same in other words is no difference')
  for (const { omschrijving } of verschillen) t.match(omschrijving, /^[A-Z].*\.$/)
  t.equal(verschillen.find(({ sleutel }) => sleutel === 'te-laat')!.omschrijving, 'Regel te-laat is anders. De drempels zijn 5 en 9 keer in plaats van 3, 6, 9 en 12 keer.')
  t.equal(verschillen.find(({ sleutel }) => sleutel === 'MED')!.omschrijving, 'Reden MED (Medisch bezoek) is ongeoorloofd in plaats van geoorloofd.')
  t.same(compareBeleid(nieuw, nieuw, VAN), [])
  t.same(compareBeleid(nieuw, oud, VAN).map(({ soort }) => soort).filter((soort) => soort === 'toegevoegd').length, verschillen.filter(({ soort }) => soort === 'verwijderd').length, 'the other way round')
})
