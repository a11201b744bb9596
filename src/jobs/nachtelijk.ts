import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { refuseWachtende } from '../absenties/service.ts'
import { expandAfmeldingen } from '../afmeldingen/service.ts'
import { applyOnverklaard } from '../beleid/service.ts'
import { destroyVerlopen } from '../bewaring/service.ts'
import { Wisregister } from '../bewaring/wisregister.ts'
import { addDagen, type Datum } from '../domain/datum.ts'
import { describeError } from '../http/problem.ts'
import { deleteVerlopen } from '../http/idempotentie.ts'
import { measureMeldingenTeLaat, sendAutomatisch } from '../meldingen/service.ts'
import { evaluateSchool, markDagen, measureTeLaat, verifySample } from '../signalen/service.ts'
import { recountSchool, verifySteekproef, type Verschil } from '../statistiek/service.ts'
import { systemActor } from '../toegang/service.ts'
import { measureVerzoekenTeLaat } from '../verzoeken/service.ts'
import { Schoolsloten } from './lock.ts'
import * as store from './store.ts'
import type { App } from '../app.ts'
import type { Ctx } from '../context.ts'

export const NACHTELIJK = 'nachtelijk'

/** Scholen a night that are counted in full and compared with what the increments made: the same work however many scholen there are. */
const STEEKPROEF_SCHOLEN = 20
/** Leerlingen of such a school whose signalen are evaluated anew: 0.2 ms each. */
const STEEKPROEF_LEERLINGEN = 25
/** A push in the same moment can look like a difference; a real one stays. */
const POGINGEN = 3
const WACHT = 500
/** Longer than any transaction of ours lasts (statement_timeout is five minutes): what committed after a run began was written less than this before. */
const SPELING = 3_600_000
const ALTIJD = '1900-01-01'

export interface Nachtopties {
  /** The last day that counts; today by default. */
  readonly peildatum?: Datum
  /** The day the rules are evaluated at; the peildatum by default. The schedule counts until yesterday but evaluates, as every push does, today. */
  readonly evaluerenTot?: Datum
  readonly scholen?: readonly string[]
  /** Every cel anew, not only what changed. */
  readonly volledig?: boolean
  /** One line a school, and a summary. */
  readonly melden?: (line: string) => void
  /** Stops after the school that is being done. */
  readonly signal?: AbortSignal
}

interface Schoolcijfers {
  /** Absenties that were written because the day of an afmelding came. */
  afgemeld: number
  /** The day afmeldingen were expanded to. */
  afgemeldTot: Datum
  geweigerd: number
  ongeoorloofd: number
  leerlingen: number
  nieuw: number
  gewijzigd: number
  vervallen: number
  cellen: number
  /** Meldingen made of soorten the school sends without deciding on each. */
  gemeld: number
  cellenGewijzigd: number
  /** Leerlingen of whom everything was destroyed, those of whom the dossier was, and rows in all. */
  vernietigd: number
  dossiers: number
  rijenVernietigd: number
  /** The day its rules were evaluated at. */
  geevalueerdTot: Datum
}

export interface Schoolverslag extends Partial<Schoolcijfers> {
  readonly school: string
  /** `elders`: another process is doing this school. `al-gereed`: done for this peildatum, and nothing was pushed since. */
  readonly uitslag: 'gereed' | 'al-gereed' | 'elders' | 'mislukt'
  readonly seconden: number
  readonly fout?: string
}

export interface Nachtverslag { readonly peildatum: Datum, readonly scholen: readonly Schoolverslag[], readonly afgebroken: boolean, readonly seconden: number }

/** Scholen that failed; the others were done. */
export class Nachtfout extends Error {
  readonly verslag: Nachtverslag
  constructor (verslag: Nachtverslag) {
    const mislukt = verslag.scholen.filter(({ uitslag }) => uitslag === 'mislukt')
    super(`De nacht van ${verslag.peildatum} mislukte voor ${mislukt.map(({ school }) => school).join(', ')}`)
    this.verslag = verslag
  }
}

/** A school cannot be finished; the message is for the operator and names no person. */
class Schoolfout extends Error {}

interface Schoolnacht {
  readonly ctx: Ctx
  readonly register: Wisregister
  readonly school: string
  readonly peildatum: Datum
  readonly evaluerenTot: Datum
  readonly vorige: store.Vorigerun | undefined
  readonly volledig: boolean
  readonly inSteekproef: boolean
}

/** Each step is a use case of a room, can be done again at any time with the same result, and says what it did. */
const STAPPEN: ReadonlyArray<(nacht: Schoolnacht) => Promise<Partial<Schoolcijfers>>> = [
  expandOpen,
  async ({ ctx, school }) => ({ geweigerd: await refuseWachtende(ctx, school) }),
  async ({ ctx, school }) => ({ ongeoorloofd: await applyOnverklaard(ctx, school) }),
  evaluate,
  recount,
  async (nacht) => nacht.inSteekproef ? await verifyCellen(nacht) : {},
  async (nacht) => nacht.inSteekproef ? await verifySignalen(nacht) : {},
  // Only on signalen as they are today: a night over a day that has passed sends nothing.
  async ({ ctx, school, evaluerenTot }) => evaluerenTot === ctx.vandaag() ? { gemeld: await sendAutomatisch(ctx, school) } : {},
  // Last: what was still to be counted of it is.
  destroyOude
]

async function destroyOude ({ ctx, register, school }: Schoolnacht): Promise<Partial<Schoolcijfers>> {
  const { leerlingen, dossiers, rijen } = await destroyVerlopen(ctx, register, school)
  return { vernietigd: leerlingen, dossiers, rijenVernietigd: rijen }
}

/** An open afmelding covers the days that came since the last night, whatever day this night counts until: the worker expands to today too. */
async function expandOpen ({ ctx, school, vorige }: Schoolnacht): Promise<Partial<Schoolcijfers>> {
  const afgemeldTot = ctx.vandaag()
  return { afgemeld: await expandAfmeldingen(ctx, school, (vorige?.verslag.afgemeldTot ?? ALTIJD) as Datum), afgemeldTot }
}

/** Marks whose day came (or went, at an earlier peildatum) since the last night, and evaluates everything marked. */
async function evaluate ({ ctx, school, evaluerenTot, vorige }: Schoolnacht): Promise<Partial<Schoolcijfers>> {
  // The worker evaluates at today, whatever the night does.
  const dagen = [(vorige?.verslag.geevalueerdTot ?? ALTIJD) as Datum, evaluerenTot, ctx.vandaag()].sort()
  await markDagen(ctx, school, addDagen(dagen[0]!, 1), dagen[2]!)
  return { ...await evaluateSchool(ctx, school, { peildatum: evaluerenTot }), geevalueerdTot: evaluerenTot }
}

async function recount ({ ctx, school, peildatum, vorige, volledig }: Schoolnacht): Promise<Partial<Schoolcijfers>> {
  const signalenSinds = vorige === undefined ? null : new Date(vorige.gestartOp - SPELING)
  const { cellen, gewijzigd } = await recountSchool(ctx, school, { peildatum, signalenSinds, volledig })
  return { cellen, cellenGewijzigd: gewijzigd }
}

/** A real difference stays: a second recount does no more than the first one did, for what was not pushed since. */
async function verifyCellen (nacht: Schoolnacht): Promise<Partial<Schoolcijfers>> {
  const { ctx, school, peildatum } = nacht
  for (let poging = 1; ; poging++) {
    const [verschil, ...andere] = await verifySteekproef(ctx, school, peildatum)
    if (verschil === undefined) return {}
    if (poging === POGINGEN) throw new Schoolfout(`steekproef: ${describeVerschil(verschil)}${andere.length > 0 ? ` en ${andere.length} andere cellen` : ''}; herstel met nachtelijk --volledig --school ${school} en meld dit`)
    await sleep(WACHT)
    await recount({ ...nacht, volledig: false })
  }
}

function describeVerschil ({ vestiging, periode, leerjaar, opgeslagen, berekend }: Verschil): string {
  return `cel ${vestiging} ${periode} ${leerjaar === null ? 'totaal' : `leerjaar ${leerjaar}`} is opgeslagen als ${JSON.stringify(opgeslagen)}, volledig geteld ${JSON.stringify(berekend)}`
}

async function verifySignalen (nacht: Schoolnacht): Promise<Partial<Schoolcijfers>> {
  const { ctx, school, peildatum, evaluerenTot } = nacht
  for (let poging = 1; ; poging++) {
    const { verschillen } = await verifySample(ctx, school, STEEKPROEF_LEERLINGEN, `${school} ${peildatum}`, evaluerenTot)
    if (verschillen.length === 0) return {}
    if (poging === POGINGEN) throw new Schoolfout(`steekproef: de signalen van ${verschillen.length} leerlingen zijn anders dan een volledige evaluatie; meld dit`)
    await sleep(WACHT)
    await evaluate(nacht)
    await recount({ ...nacht, volledig: false })
  }
}

/**
 * The night of these scholen, one after the other, in order. Restartable: a school that is done is passed over unless something was pushed
 * since, and an interruption loses less than one school. Several processes may run it at once; they share the scholen. A school that fails
 * does not stop the others; the run then ends with a Nachtfout.
 */
export async function runNacht (app: App, options: Nachtopties = {}): Promise<Nachtverslag> {
  const started = performance.now()
  const ctx = app.makeCtx(systemActor(NACHTELIJK, '*'))
  const peildatum = options.peildatum ?? ctx.vandaag()
  const dag = { peildatum, evaluerenTot: options.evaluerenTot ?? peildatum, volledig: options.volledig ?? false }
  const melden = options.melden ?? (() => {})
  const scholen = options.scholen ?? await ctx.transaction(store.listScholen)

  await deleteVerlopen(ctx)
  // One statement for all of them: what is done costs nothing, however many scholen there are.
  const gereed = dag.volledig ? new Set<string>() : await ctx.transaction(async (tx) => await store.listGereed(tx, scholen, NACHTELIJK, peildatum))
  const verslagen: Schoolverslag[] = []
  const steekproef = new Set(scholen.toSorted((a, b) => compare(drawOf(a, peildatum), drawOf(b, peildatum))).slice(0, STEEKPROEF_SCHOLEN))
  const sloten = await Schoolsloten.open(app.connection)
  try {
    for (const school of scholen) {
      if (options.signal?.aborted === true) break
      const verslag: Schoolverslag = gereed.has(school) ? { school, uitslag: 'al-gereed', seconden: 0 } : await runSchool(app, sloten, school, { ...dag, inSteekproef: steekproef.has(school) })
      verslagen.push(verslag)
      melden(`[${verslagen.length}/${scholen.length}] ${describeSchool(verslag, peildatum)}`)
    }
  } finally {
    await sloten.close()
  }

  await measureTeLaat(ctx)
  await measureMeldingenTeLaat(ctx)
  await measureVerzoekenTeLaat(ctx)
  const verslag = { peildatum, scholen: verslagen, afgebroken: verslagen.length < scholen.length, seconden: (performance.now() - started) / 1000 }
  melden(describeNacht(verslag, scholen.length))
  if (verslagen.some(({ uitslag }) => uitslag === 'mislukt')) throw new Nachtfout(verslag)
  return verslag
}

/** Chance that every process draws alike. */
function drawOf (school: string, peildatum: Datum): string {
  return createHash('sha256').update(`${school} ${peildatum}`).digest('hex')
}

function compare (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

async function runSchool (app: App, sloten: Schoolsloten, school: string, dag: Pick<Schoolnacht, 'peildatum' | 'evaluerenTot' | 'volledig' | 'inSteekproef'>): Promise<Schoolverslag> {
  const started = performance.now()
  const seconden = (): number => (performance.now() - started) / 1000
  const ctx = app.makeCtx(systemActor(NACHTELIJK, [school]))
  try {
    if (!await sloten.take(school)) return { school, uitslag: 'elders', seconden: seconden() }
    try {
      const { klaar, vorige } = await ctx.transaction(async (tx) => {
        // Again, now that it is ours: another process may have done it since the run began.
        const klaar = !dag.volledig && (await store.listGereed(tx, [school], NACHTELIJK, dag.peildatum)).has(school)
        const vorige = await store.findLaatste(tx, school, NACHTELIJK)
        if (!klaar) await store.startRun(tx, school, NACHTELIJK, dag.peildatum)
        return { klaar, vorige }
      })
      if (klaar) return { school, uitslag: 'al-gereed', seconden: seconden() }
      const cijfers: Partial<Schoolcijfers> = {}
      const register = new Wisregister(app.config.wisregister, app.sleutels, app.now)
      for (const stap of STAPPEN) {
        sloten.assertHeld()
        Object.assign(cijfers, await stap({ ctx, register, school, vorige, ...dag }))
      }
      await ctx.transaction(async (tx) => { await store.finishRun(tx, school, NACHTELIJK, dag.peildatum, cijfers) })
      return { school, uitslag: 'gereed', seconden: seconden(), ...cijfers }
    } finally {
      await sloten.release(school)
    }
  } catch (error) {
    // The other scholen go on; the run ends with a Nachtfout that names this one.
    app.log.error({ school, peildatum: dag.peildatum, fout: error instanceof Schoolfout ? error.message : describeError(error) }, 'night failed for a school')
    return { school, uitslag: 'mislukt', seconden: seconden(), fout: error instanceof Schoolfout ? error.message : 'onverwachte fout; zie het logboek' }
  }
}

function describeSchool (verslag: Schoolverslag, peildatum: Datum): string {
  const { school, uitslag, seconden } = verslag
  const wat = {
    gereed: () => describeCijfers(verslag),
    'al-gereed': () => 'was al gereed',
    elders: () => 'wordt door een ander proces gedaan, overgeslagen',
    mislukt: () => `MISLUKT: ${verslag.fout}`
  }[uitslag]()
  return `${school} ${peildatum}: ${wat}, ${formatSeconden(seconden)} s`
}

function describeCijfers ({ afgemeld = 0, geweigerd = 0, ongeoorloofd = 0, leerlingen = 0, nieuw = 0, gewijzigd = 0, vervallen = 0, cellen = 0, gemeld = 0, vernietigd = 0, dossiers = 0, rijenVernietigd = 0 }: Partial<Schoolcijfers>): string {
  return [
    ...(afgemeld > 0 ? [`${afgemeld} absenties uit afmeldingen`] : []),
    ...(geweigerd > 0 ? [`${geweigerd} wachtende absenties geweigerd`] : []),
    ...(ongeoorloofd > 0 ? [`${ongeoorloofd} onverklaarde absenties ongeoorloofd`] : []),
    `${leerlingen} leerlingen geëvalueerd`,
    `${nieuw} signalen nieuw`,
    ...(gewijzigd > 0 ? [`${gewijzigd} gewijzigd`] : []),
    `${vervallen} vervallen`,
    `${cellen} cellen herrekend`,
    ...(gemeld > 0 ? [`${gemeld} automatisch gemeld`] : []),
    ...(rijenVernietigd > 0 || dossiers > 0 ? [`vernietigd: ${vernietigd} leerlingen, ${dossiers} dossiers, ${rijenVernietigd} rijen`] : [])
  ].join(', ')
}

function describeNacht ({ peildatum, scholen, afgebroken, seconden }: Nachtverslag, totaal: number): string {
  const count = (uitslag: Schoolverslag['uitslag']): number => scholen.filter((verslag) => verslag.uitslag === uitslag).length
  const rest = [[count('al-gereed'), 'al gereed'], [count('elders'), 'elders'], [count('mislukt'), 'mislukt'], [afgebroken ? totaal - scholen.length : 0, 'niet begonnen: onderbroken']] as const
  return `Nacht van ${peildatum}: ${count('gereed')} van ${totaal} scholen gedaan${rest.map(([aantal, wat]) => aantal > 0 ? `, ${aantal} ${wat}` : '').join('')}, ${formatSeconden(seconden)} s`
}

function formatSeconden (seconden: number): string {
  return seconden.toFixed(2).replace('.', ',')
}
