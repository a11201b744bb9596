import fc from 'fast-check'
import t from 'tap'
import { emptyCel, type Cel, type Celinwording } from '../../src/domain/aggregaat.ts'
import { CATEGORIEEN, type Categorie } from '../../src/domain/absentie.ts'
import { buildTabel, ONDERDRUKT, sleutelVan, type Leveringregel, type Leveringtabel, type Vrijgave } from '../../src/domain/levering.ts'
import { isKleineCel } from '../../src/domain/onderdrukking.ts'
import { suppressTabel, type Tabel } from '../../src/domain/publicatie.ts'

const PERIODE = { periode: '2026-09', van: '2026-09-01', totEnMet: '2026-09-30' }
const TELLINGEN = ['leerlingen', 'leerlingenGeoorloofd', 'leerlingenOngeoorloofd', 'leerlingenVanaf10Procent'] as const
const UREN = ['geplandeUren', 'urenGeoorloofd', 'urenOngeoorloofd', 'urenOnverklaard', 'urenNietIngedeeld'] as const
const KOLOMMEN = [...TELLINGEN, ...UREN]
type Kolom = typeof KOLOMMEN[number]

// --- schools

interface Leerling { readonly vestiging: number, readonly leerjaren: readonly number[], readonly gemist: Readonly<Partial<Record<Categorie, number>>>, readonly vanaf10: boolean }

/** The cellen of a school, counted leerling by leerling; who changed leerjaar is in both and once in the total. */
function countCellen (leerlingen: readonly Leerling[]): Cel[] {
  const cellen = new Map<string, Celinwording>()
  const celVan = (vestiging: number, leerjaar: number | null): Celinwording => {
    const key = `${vestiging} ${leerjaar}`
    const cel = cellen.get(key) ?? { ...emptyCel(`99AA0${vestiging}`, PERIODE.periode, leerjaar, '2026-10-15')!, lesdagen: 22, lesdagenAangeleverd: 22 }
    cellen.set(key, cel)
    return cel
  }
  const add = (cel: Celinwording, { gemist, vanaf10 }: Leerling, deel: number): void => {
    cel.leerlingen++
    cel.geplandeMinuten += 6600 * deel
    cel.banden[vanaf10 ? 'tot20' : 'tot5']++
    for (const categorie of CATEGORIEEN) {
      if (gemist[categorie] === undefined) continue
      cel.categorieen[categorie].leerlingen++
      cel.categorieen[categorie].registraties++
      cel.categorieen[categorie].minuten += gemist[categorie] * deel
    }
  }
  for (const leerling of leerlingen) {
    for (const leerjaar of leerling.leerjaren) add(celVan(leerling.vestiging, leerjaar), leerling, 1 / leerling.leerjaren.length)
    add(celVan(leerling.vestiging, null), leerling, 1)
  }
  return [...cellen.values()]
}

/** A leerling from one number, so that large schools are cheap to make and to shrink. */
function leerling (vestigingen: number, leerjaren: number): fc.Arbitrary<Leerling> {
  return fc.nat().map((number) => {
    let state = number
    const nat = (most: number): number => {
      state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 >>> 0
      return Math.floor(state / 2 ** 32 * (most + 1))
    }
    const gemist: Partial<Record<Categorie, number>> = {}
    for (const [categorie, procent] of [['geoorloofd', 65], ['ongeoorloofd', 25], ['onverklaard', 15], ['niet-ingedeeld', 3]] as const) {
      if (nat(99) < procent) gemist[categorie] = [0, 60, 300, 330, 990, 1980][nat(5)]!
    }
    const leerjaar = 1 + nat(leerjaren - 1)
    return { vestiging: nat(vestigingen - 1), leerjaren: nat(20) === 0 && leerjaar < leerjaren ? [leerjaar, leerjaar + 1] : [leerjaar], gemist, vanaf10: nat(9) === 0 }
  })
}
const schoolVan = (vestigingen: number, leerjaren: number, most: number): fc.Arbitrary<Leerling[]> => fc.array(leerling(vestigingen, leerjaren), { minLength: 1, maxLength: most, size: 'max' })
const school = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }), fc.constantFrom(6, 20, 60, 150)).chain(([vestigingen, leerjaren, most]) => schoolVan(vestigingen, leerjaren, most))

// --- the reader who wants to know: shares no code with what he attacks

interface Plaats { readonly regel: Leveringregel, readonly kolom: string, readonly waarheid: number, readonly gevoelig: boolean, readonly totaal: boolean, lo: number, hi: number }
interface Vergelijking { readonly totaal: Plaats, readonly delen: readonly Plaats[], readonly verschil: number }

/** What can be read off a table, and the sums that everyone knows to hold; the exact figures only to set by how much a sum is off. */
function readTabel (regels: readonly Leveringregel[], exact: readonly Leveringregel[], groepen: ReadonlyMap<string, number>): { plaatsen: Plaats[], vergelijkingen: Vergelijking[] } {
  const plaatsen: Plaats[] = []
  const at = new Map<string, Plaats>()
  const isTotaal = (regel: Leveringregel): boolean => regel.leerjaar === null && regels.some((ander) => regel.vestiging === null ? ander.vestiging !== null : ander.vestiging === regel.vestiging && ander.leerjaar !== null)
  const put = (regel: Leveringregel, kolom: string, plaats: Omit<Plaats, 'regel' | 'kolom' | 'totaal'>): void => {
    const nieuw = { regel, kolom, totaal: isTotaal(regel), ...plaats }
    plaatsen.push(nieuw)
    at.set(sleutelVan(regel, kolom), nieuw)
  }
  for (const [index, regel] of regels.entries()) {
    for (const kolom of KOLOMMEN) {
      const waarheid = exact[index]![kolom] as number
      const uren = (UREN as readonly string[]).includes(kolom)
      const klein = !uren && isKleineCel(waarheid) && !isTotaal(regel)
      const known = regel[kolom] !== ONDERDRUKT
      const [lo, hi] = known ? [waarheid, waarheid] : [uren || waarheid === 0 ? 0 : 1, klein ? 4 : Infinity]
      put(regel, kolom, { waarheid, gevoelig: !known && isKleineCel(groepen.get(sleutelVan(regel, kolom))!), lo, hi })
    }
    for (const kolom of TELLINGEN.slice(1)) {
      const waarheid = (exact[index]!.leerlingen as number) - (exact[index]![kolom] as number)
      put(regel, `zonder ${kolom}`, { waarheid, gevoelig: isKleineCel(waarheid), lo: 0, hi: Infinity })
    }
  }
  const vergelijkingen: Vergelijking[] = []
  const add = (totaal: Plaats, delen: Plaats[]): void => { vergelijkingen.push({ totaal, delen, verschil: delen.reduce((sum, deel) => sum + deel.waarheid, 0) - totaal.waarheid }) }
  for (const regel of regels) {
    for (const kolom of TELLINGEN.slice(1)) add(at.get(sleutelVan(regel, 'leerlingen'))!, [at.get(sleutelVan(regel, kolom))!, at.get(sleutelVan(regel, `zonder ${kolom}`))!])
    if (!isTotaal(regel)) continue
    const delen = regels.filter((deel) => regel.vestiging === null ? deel.vestiging !== null && deel.leerjaar === null : deel.vestiging === regel.vestiging && deel.leerjaar !== null)
    for (const kolom of [...KOLOMMEN, ...TELLINGEN.slice(1).map((naam) => `zonder ${naam}`)]) add(at.get(sleutelVan(regel, kolom))!, delen.map((deel) => at.get(sleutelVan(deel, kolom))!))
  }
  return { plaatsen, vergelijkingen }
}

/** Narrows every interval by every sum until nothing moves; false when the assumptions contradict each other. */
function propagate (vergelijkingen: readonly Vergelijking[]): boolean {
  for (let moved = true; moved;) {
    moved = false
    const narrow = (plaats: Plaats, lo: number, hi: number): void => {
      if (lo > plaats.lo) [plaats.lo, moved] = [lo, true]
      if (hi < plaats.hi) [plaats.hi, moved] = [hi, true]
    }
    for (const { totaal, delen, verschil } of vergelijkingen) {
      const [lo, hi] = [delen.reduce((sum, deel) => sum + deel.lo, 0), delen.reduce((sum, deel) => sum + deel.hi, 0)]
      narrow(totaal, lo - verschil, hi - verschil)
      for (const deel of delen) {
        const anderen = delen.filter((ander) => ander !== deel)
        narrow(deel, totaal.lo + verschil - anderen.reduce((sum, ander) => sum + ander.hi, 0), totaal.hi + verschil - anderen.reduce((sum, ander) => sum + ander.lo, 0))
      }
      if ([totaal, ...delen].some((plaats) => plaats.lo > plaats.hi)) return false
    }
  }
  return true
}

/** Tries every value of everything hidden, up to 4 more than it is; tells which gevoelige places never had a second value; undefined when that takes too long. */
function bruteForce (plaatsen: readonly Plaats[], vergelijkingen: readonly Vergelijking[]): Plaats[] | undefined {
  const waarden = new Map<Plaats, number>()
  const gezien = new Map<Plaats, Set<number>>(plaatsen.filter(({ gevoelig }) => gevoelig).map((plaats) => [plaats, new Set()]))
  const open = plaatsen.filter(({ lo, hi }) => lo < hi)
  for (const plaats of plaatsen) if (plaats.lo >= plaats.hi) waarden.set(plaats, plaats.lo)
  const betrokken = new Map(open.map((plaats) => [plaats, vergelijkingen.filter(({ totaal, delen }) => totaal === plaats || delen.includes(plaats))]))
  const enough = (): boolean => [...gezien.values()].every(({ size }) => size > 1)
  let steps = 0
  const most = 30_000
  const holds = ({ totaal, delen, verschil }: Vergelijking): boolean => {
    if (!waarden.has(totaal) || delen.some((deel) => !waarden.has(deel))) return true
    return delen.reduce((sum, deel) => sum + waarden.get(deel)!, 0) === waarden.get(totaal)! + verschil
  }
  const search = (index: number): void => {
    if (enough() || ++steps > most) return
    const plaats = open[index]
    if (plaats === undefined) {
      for (const [each, set] of gezien) set.add(waarden.get(each)!)
      return
    }
    for (let waarde = plaats.lo; waarde <= Math.min(plaats.hi, plaats.waarheid + 4); waarde++) {
      waarden.set(plaats, waarde)
      if (betrokken.get(plaats)!.every(holds)) search(index + 1)
    }
    waarden.delete(plaats)
  }
  search(0)
  if (steps > most) return undefined
  return [...gezien].filter(([, set]) => set.size === 1).map(([plaats]) => plaats)
}

/** The exact lines of the same table, and of each figure how many leerlingen it is about. */
function exactOf (cellen: readonly Cel[], regels: readonly Leveringregel[]): { exact: Leveringregel[], groepen: Map<string, number> } {
  const groepen = new Map<string, number>()
  const exact = regels.map((regel) => {
    const own = cellen.filter((cel) => (regel.vestiging === null || cel.vestiging === regel.vestiging) && cel.leerjaar === regel.leerjaar)
    const sum = (count: (cel: Cel) => number): number => own.reduce((total, cel) => total + count(cel), 0)
    const tienden = (count: (cel: Cel) => number): number => Math.round(sum(count) / 6)
    const met = (categorie: Categorie) => (cel: Cel): number => cel.categorieen[categorie].leerlingen
    const minuten = (categorie: Categorie) => (cel: Cel): number => cel.categorieen[categorie].minuten
    const leerlingen = sum((cel) => cel.leerlingen)
    const vanaf10 = sum(({ banden }) => banden.tot20 + banden.vanaf20)
    const groep: Record<Kolom, number> = {
      leerlingen, leerlingenGeoorloofd: sum(met('geoorloofd')), leerlingenOngeoorloofd: sum(met('ongeoorloofd')), leerlingenVanaf10Procent: vanaf10, geplandeUren: leerlingen, urenGeoorloofd: sum(met('geoorloofd')), urenOngeoorloofd: sum(met('ongeoorloofd')), urenOnverklaard: sum(met('onverklaard')), urenNietIngedeeld: sum(met('niet-ingedeeld'))
    }
    for (const kolom of KOLOMMEN) groepen.set(sleutelVan(regel, kolom), groep[kolom])
    return {
      ...regel, ...groep, geplandeUren: tienden((cel) => cel.geplandeMinuten), urenGeoorloofd: tienden(minuten('geoorloofd')), urenOngeoorloofd: tienden(minuten('ongeoorloofd')), urenOnverklaard: tienden(minuten('onverklaard')), urenNietIngedeeld: tienden(minuten('niet-ingedeeld'))
    }
  })
  return { exact, groepen }
}

function attack (cellen: readonly Cel[], { regels }: Pick<Leveringtabel, 'regels'>, brute: boolean): Plaats[] | undefined {
  const { exact, groepen } = exactOf(cellen, regels)
  const knower = readTabel(regels, exact, groepen)
  if (!propagate(knower.vergelijkingen)) throw new Error('the truth does not fit the table')
  const pinned = knower.plaatsen.filter((plaats) => plaats.gevoelig && plaats.lo === plaats.hi)
  if (pinned.length > 0 || !brute) return pinned
  const tellingen = (plaats: Plaats): boolean => !(UREN as readonly string[]).includes(plaats.kolom)
  return bruteForce(knower.plaatsen.filter(tellingen), knower.vergelijkingen.filter(({ totaal }) => tellingen(totaal)))
}

/** Takes `<5` at its word everywhere. Where that contradicts itself, or makes him sure of something false, what he gets right is luck. */
function attackLiterally (cellen: readonly Cel[], { regels }: Pick<Leveringtabel, 'regels'>): Plaats[] {
  const { exact, groepen } = exactOf(cellen, regels)
  return TELLINGEN.flatMap((kolom) => {
    const { plaatsen, vergelijkingen } = readTabel(regels, exact, groepen)
    const own = plaatsen.filter((plaats) => plaats.kolom === kolom)
    const verborgen = own.filter(({ lo, hi }) => lo !== hi)
    for (const plaats of verborgen) [plaats.lo, plaats.hi] = [0, 4]
    if (!propagate(vergelijkingen.filter(({ totaal, delen }) => [totaal, ...delen].every((plaats) => own.includes(plaats))))) return []
    const zeker = verborgen.filter(({ lo, hi }) => lo === hi)
    return zeker.every(({ lo, waarheid }) => lo === waarheid) ? zeker.filter(({ gevoelig }) => gevoelig) : []
  })
}

const show = (plaatsen: readonly Plaats[]): string[] => plaatsen.map(({ regel, kolom, waarheid }) => `${sleutelVan(regel, kolom)} = ${waarheid}`)
const build = (cellen: readonly Cel[], eerdere: readonly Vrijgave[] = []): Leveringtabel => buildTabel('99AA', cellen, PERIODE, eerdere)
const vrijgave = (cellen: readonly Cel[], { publicatie: { onderdrukt, zaden } }: Leveringtabel): Vrijgave => ({ cellen, onderdrukt, zaden })
const onderdruktIn = ({ regels }: Leveringtabel): Set<string> => new Set(regels.flatMap((regel) => KOLOMMEN.filter((kolom) => regel[kolom] === ONDERDRUKT).map((kolom) => sleutelVan(regel, kolom))))

t.test('nobody can find a gevoelig number by computing with what is shown', async (t) => {
  let [getoond, alle, gevoelig] = [0, 0, 0]
  fc.assert(fc.property(school, (leerlingen) => {
    const cellen = countCellen(leerlingen)
    const tabel = build(cellen)
    const pinned = attack(cellen, tabel, false)!
    if (pinned.length > 0) throw new Error(`found: ${show(pinned).join('; ')}`)
    const literally = attackLiterally(cellen, tabel)
    if (literally.length > 0) throw new Error(`found by reading literally: ${show(literally).join('; ')}`)
    if (tabel.toets.achtergehouden) throw new Error('a first levering can always tell something')
    alle += tabel.regels.length * KOLOMMEN.length
    getoond += tabel.regels.length * KOLOMMEN.length - onderdruktIn(tabel).size
    gevoelig += tabel.toets.gevoelig
  }), { numRuns: 1000, seed: 36663 })
  t.comment(`${alle} figures, ${gevoelig} to keep secret (those that only follow among them), ${Math.round(getoond / alle * 100)} % shown`)
})

t.test('small tables: not by trying every possibility either', async (t) => {
  let gereed = 0
  fc.assert(fc.property(fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 3 })).chain(([vestigingen, leerjaren]) => schoolVan(vestigingen, leerjaren, 24)), (leerlingen) => {
    const cellen = countCellen(leerlingen)
    const pinned = attack(cellen, build(cellen), true)
    if (pinned !== undefined) gereed++
    if (pinned !== undefined && pinned.length > 0) throw new Error(`found: ${show(pinned).join('; ')}`)
  }), { numRuns: 300, seed: 1969 })
  t.ok(gereed > 150, `${gereed} of 300 tried to the end`)
})

t.test('the attack is a real one: with only the small counts hidden it finds some in many schools', async (t) => {
  let gevonden = 0
  const runs = 60
  fc.assert(fc.property(school, (leerlingen) => {
    const cellen = countCellen(leerlingen)
    const { regels } = build(cellen)
    const { exact, groepen } = exactOf(cellen, regels)
    const naief = exact.map((regel) => ({ ...regel, ...Object.fromEntries(KOLOMMEN.filter((kolom) => isKleineCel(groepen.get(sleutelVan(regel, kolom))!)).map((kolom) => [kolom, ONDERDRUKT])) }))
    if (attack(cellen, { regels: naief as Leveringregel[] }, false)!.length > 0) gevonden++
  }), { numRuns: runs, seed: 5 })
  t.ok(gevonden > runs / 4, `${gevonden} of ${runs}`)
})

t.test('a school of ordinary size keeps most of its figures', async (t) => {
  // 6 leerjaren of some 55 leerlingen at one vestiging, and 40 at another.
  const leerlingen = fc.sample(leerling(1, 6), { numRuns: 330, seed: 1 }).concat(fc.sample(leerling(1, 6), { numRuns: 40, seed: 2 }).map((each) => ({ ...each, vestiging: 1 })))
  const tabel = build(countCellen(leerlingen))
  const kept = (regels: readonly Leveringregel[]): number => 1 - regels.flatMap((regel) => KOLOMMEN.filter((kolom) => regel[kolom] === ONDERDRUKT)).length / (regels.length * KOLOMMEN.length)
  const [groot, klein] = ['99AA00', '99AA01'].map((code) => kept(tabel.regels.filter(({ vestiging }) => vestiging === code)))
  t.comment(`shown: ${Math.round(groot! * 100)} % of 330 leerlingen, ${Math.round(klein! * 100)} % of 40`)
  t.ok(groot! > 0.75)
  t.ok(klein! > 0.3)
})

t.test('a vestiging of fewer than 5 leerlingen shows nothing but its name, and has no leerjaren', async (t) => {
  const groot = fc.sample(leerling(1, 2), { numRuns: 60, seed: 3 })
  const klein = [1, 2, 2].map((leerjaar) => ({ vestiging: 1, leerjaren: [leerjaar], gemist: { ongeoorloofd: 600 }, vanaf10: true }))
  const { regels } = build(countCellen([...groot, ...klein]))
  const own = regels.filter(({ vestiging }) => vestiging === '99AA01')
  t.equal(own.length, 1)
  t.match(own[0], { vestiging: '99AA01', leerjaar: null, periode: '2026-09', lesdagen: 22 })
  t.strictSame(Object.entries(own[0]!).filter(([veld, waarde]) => typeof waarde !== 'string' && waarde !== ONDERDRUKT && waarde !== null && veld !== 'lesdagen'), [])
})

t.test('all but two above 10 %: the two are as well protected as two above it', async (t) => {
  const leerlingen = Array.from({ length: 30 }, (_, n) => ({ vestiging: 0, leerjaren: [1 + n % 2], gemist: {}, vanaf10: n >= 2 }))
  const { regels } = build(countCellen(leerlingen))
  for (const regel of regels) t.notSame([regel.leerlingenVanaf10Procent, regel.leerlingen], [regel.leerjaar === null ? 28 : 14, regel.leerjaar === null ? 30 : 15])
})

t.test('zero is shown, and is not the same as suppressed', async (t) => {
  const leerlingen = Array.from({ length: 30 }, () => ({ vestiging: 0, leerjaren: [1], gemist: {}, vanaf10: false }))
  const { regels } = build(countCellen(leerlingen))
  t.match(regels[0], { leerlingen: 30, leerlingenOngeoorloofd: 0, urenOngeoorloofd: 0, leerlingenVanaf10Procent: 0, percentageOngeoorloofd: 0 })
})

t.test('a percentage goes with its hours, and with the planned hours', async () => {
  fc.assert(fc.property(school, (leerlingen) => {
    for (const regel of build(countCellen(leerlingen)).regels) {
      if (regel.percentageOngeoorloofd === ONDERDRUKT) continue
      if ([regel.leerlingen, regel.leerlingenOngeoorloofd, regel.urenOngeoorloofd, regel.geplandeUren].includes(ONDERDRUKT)) throw new Error('a percentage tells what was suppressed')
    }
  }), { numRuns: 100, seed: 7 })
})

t.test('a second levering does not tell what the first one hid', async (t) => {
  let later = 0
  fc.assert(fc.property(schoolVan(2, 3, 60), fc.array(fc.tuple(fc.nat(1000), leerling(2, 3)), { minLength: 1, maxLength: 4 }), (leerlingen, correcties) => {
    const toen = countCellen(leerlingen)
    const eerste = build(toen)
    const gecorrigeerd = leerlingen.map((each, index) => correcties.find(([nummer]) => nummer % leerlingen.length === index)?.[1] ?? each)
    const nu = countCellen(gecorrigeerd)
    const tweede = build(nu, [vrijgave(toen, eerste)])

    if (tweede.toets.achtergehouden) {
      later++
      if (tweede.regels.length > 1 || KOLOMMEN.some((kolom) => tweede.regels[0]![kolom] !== ONDERDRUKT)) throw new Error('held back, and tells something')
      return
    }
    // Reads both; what has the same value in both is the same place to him.
    const tables = [[toen, eerste], [nu, tweede]] as const
    const [a, b] = tables.map(([cellen, { regels }]) => {
      const { exact, groepen } = exactOf(cellen, regels)
      return readTabel(regels, exact, groepen)
    })
    const plaatsen = new Map(a!.plaatsen.map((plaats) => [sleutelVan(plaats.regel, plaats.kolom), plaats]))
    const same = new Map(b!.plaatsen.flatMap((plaats) => {
      const ander = plaatsen.get(sleutelVan(plaats.regel, plaats.kolom))
      return ander !== undefined && ander.waarheid === plaats.waarheid ? [[plaats, ander] as const] : []
    }))
    const merge = (plaats: Plaats): Plaats => same.get(plaats) ?? plaats
    for (const [plaats, ander] of same) [ander.lo, ander.hi] = [Math.max(ander.lo, plaats.lo), Math.min(ander.hi, plaats.hi)]
    const vergelijkingen = [...a!.vergelijkingen, ...b!.vergelijkingen.map(({ totaal, delen, verschil }) => ({ totaal: merge(totaal), delen: delen.map(merge), verschil }))]
    if (!propagate(vergelijkingen)) throw new Error('the truth does not fit the tables')
    const hiddenThen = onderdruktIn(eerste)
    const pinned = [...new Set([...a!.plaatsen, ...b!.plaatsen.map(merge)])].filter((plaats) => plaats.gevoelig && plaats.lo === plaats.hi)
      // What was shown then as no secret cannot become one.
      .filter((plaats) => plaats.kolom.startsWith('zonder') || hiddenThen.has(sleutelVan(plaats.regel, plaats.kolom)) || !plaatsen.has(sleutelVan(plaats.regel, plaats.kolom)))
    if (pinned.length > 0) throw new Error(`found: ${show(pinned).join('; ')}`)
  }), { numRuns: 200, seed: 11 })
  t.comment(`${later} of 200 second leveringen were held back`)
})

t.test('the same figures again hide the same places', async () => {
  fc.assert(fc.property(school, (leerlingen) => {
    const cellen = countCellen(leerlingen)
    const eerste = build(cellen)
    const tweede = build(cellen, [vrijgave(cellen, eerste)])
    if (tweede.toets.achtergehouden || [...onderdruktIn(eerste)].some((sleutel) => !onderdruktIn(tweede).has(sleutel))) throw new Error('shows what it hid before')
  }), { numRuns: 60, seed: 13 })
})

t.test('what is hidden along: named cases', async (t) => {
  const hide = (delen: readonly number[]): number[] => {
    const alle = [...delen, delen.reduce((sum, deel) => sum + deel, 0)]
    const sleutels = alle.map((_, index) => `99AA00/${index < delen.length ? index : ''}/a`)
    const tabel: Tabel = {
      van: '2026-09-01',
      totEnMet: '2026-09-30',
      cijfers: alle.map((waarde, index) => ({ sleutel: sleutels[index]!, kolom: 'a', waarde, precies: waarde, zicht: 'te-kiezen', gevoelig: isKleineCel(waarde), weglaten: false, min: waarde === 0 ? 0 : 1, max: isKleineCel(waarde) ? 4 : Infinity, uiterst: isKleineCel(waarde) && index < delen.length ? 4 : Infinity, mee: [], tijd: 'ten-minste-een' })),
      sommen: [{ totaal: sleutels[delen.length]!, delen: sleutels.slice(0, -1) }],
      resten: [],
      isNul: () => false
    }
    const { onderdrukt, achtergehouden } = suppressTabel(tabel, [])
    t.notOk(achtergehouden)
    return sleutels.flatMap((sleutel, index) => onderdrukt.has(sleutel) ? [index] : [])
  }
  t.strictSame(hide([10, 20, 30]), [], 'nothing small, nothing hidden')
  t.strictSame(hide([3, 20, 10]), [0, 2], 'one small count takes the smallest other one along')
  t.strictSame(hide([3, 10, 10]), [0, 1], 'of equals the first')
  t.strictSame(hide([3, 2, 10]), [0, 1], 'two small counts protect each other')
  t.strictSame(hide([4, 4, 10]).length, 3, 'but not when both must be 4')
  t.strictSame(hide([1, 1, 10]).length, 3, 'nor when both must be 1')
  t.strictSame(hide([3, 0, 0]), [0, 3], 'the total is as small')
  t.strictSame(hide([1, 1, 1, 1]), [0, 1, 2, 3, 4], 'where only the total can move, it is not known to be small')
})
