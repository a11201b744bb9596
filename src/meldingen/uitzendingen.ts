import { randomUUID } from 'node:crypto'
import { followStatus, LEENTIJD, MEESTE_POGINGEN, wachttijd } from '../domain/melding.ts'
import { AppError, assert } from '../errors.ts'
import { lockEvaluatie } from '../leerlingen/stam.ts'
import { requireRecht, type Schoolscope } from '../toegang/service.ts'
import { daad, record, settleSignaal } from './daden.ts'
import { checkBericht } from './ontwerp.ts'
import * as store from './store.ts'
import type { Ctx } from '../context.ts'
import type { Tx } from '../db/transaction.ts'
import type { Duobericht, Kanaalantwoord, Operatie, Statuswijziging, Uitzending } from '../domain/duobericht.ts'

// The outbox: what is put in it, and what who carries it takes out, finishes and brings back.

/** Puts a message in the outbox, encrypted. What the profile does not know cannot come here: it is a fault of ours. */
export async function queue (ctx: Ctx, tx: Tx, scope: Schoolscope, melding: string, operatie: Operatie, bericht: Duobericht): Promise<void> {
  assert(checkBericht(ctx, bericht, operatie).length === 0, 'a message to DUO is what its profile says')
  const uitzending = randomUUID()
  await store.insertUitzending(tx, scope, { uitzending, melding, operatie, kenmerk: randomUUID(), bericht: encrypt(ctx, scope, uitzending, bericht), op: ctx.now() })
}

function encrypt (ctx: Ctx, { school }: Schoolscope, uitzending: string, bericht: Duobericht): Buffer {
  return ctx.sleutels.encryptBericht(JSON.stringify(bericht), JSON.stringify([school, uitzending]))
}

function decrypt (ctx: Ctx, { school }: Schoolscope, { uitzending, bericht }: Pick<store.Uitzendingrij, 'uitzending' | 'bericht'>): Duobericht {
  return JSON.parse(ctx.sleutels.decryptBericht(bericht, JSON.stringify([school, uitzending]))) as Duobericht
}

/** DUO never heard of it: not tried yet, or refused. */
export async function findOngehoord (tx: Tx, scope: Schoolscope, melding: string): Promise<store.Uitzendingrij | undefined> {
  const eerste = await store.lockMeldbericht(tx, scope, melding)
  if (eerste === undefined || eerste.meldingstatus !== 'W') return undefined
  if (eerste.status === 'wacht') return eerste.pogingen === 0 ? eerste : undefined
  return eerste.status === 'dood' && await store.findLaatsteUitslag(tx, scope, eerste.uitzending) === 'geweigerd' ? eerste : undefined
}

export async function replaceOngezonden (ctx: Ctx, tx: Tx, scope: Schoolscope, melding: string, bericht: Duobericht): Promise<boolean> {
  const eerste = await findOngehoord(tx, scope, melding)
  if (eerste === undefined) return false
  assert(checkBericht(ctx, bericht, 'melden').length === 0, 'a message to DUO is what its profile says')
  await store.requeueUitzending(tx, scope, eerste.uitzending, { kenmerk: randomUUID(), bericht: encrypt(ctx, scope, eerste.uitzending, bericht), op: ctx.now(), opnieuw: true })
  return true
}

// --- for who carries it

/** Schools whose next uitzending may be taken now. */
export async function listWachtendeScholen (ctx: Ctx): Promise<string[]> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven')
  return await ctx.transaction(async (tx) => await store.listWachtendeScholen(tx, scope, ctx.now()))
}

/**
 * The next message of a school, lent out for a while with its attempt laid down; undefined while one is under way or waits its turn, or there
 * is none. Who takes it finishes it; not heard of within the lease it is taken again, under the same kenmerk.
 */
export async function takeUitzending (ctx: Ctx, school: string): Promise<Uitzending | undefined> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  return await ctx.transaction(async (tx) => {
    const eerste = await store.lockEerste(tx, scope)
    const op = ctx.now()
    if (eerste === undefined || Date.parse(eerste.aanDeBeurtOp) > op.getTime()) return undefined
    if (eerste.status === 'onderweg' && isLaatste(eerste.pogingen)) {
      await store.settleUitzending(tx, scope, eerste.uitzending, { status: 'dood', op })
      return undefined
    }
    const { uitzending, melding, volgnummer, operatie, kenmerk, bron, leerling } = eerste
    // Laid down at the first attempt under a kenmerk: every attempt carries the same message.
    const meldingsnummer = eerste.meldingsnummer ?? eerste.nummerNu
    const laatsteMutatie = eerste.meldingsnummer === null ? eerste.mutatieNu : eerste.laatsteMutatie
    const poging = eerste.pogingen + 1
    await store.lendUitzending(tx, scope, { uitzending, meldingsnummer, laatsteMutatie }, poging, { op, tot: new Date(op.getTime() + LEENTIJD) })
    await record(ctx, tx, scope, 'meldingen:verzenden', { bron, leerling })
    return { school, uitzending, melding, volgnummer, operatie, kenmerk, poging, bericht: { ...decrypt(ctx, scope, eerste), meldingsnummer, laatsteMutatie } }
  })
}

function isLaatste (pogingen: number): boolean {
  return pogingen > 0 && pogingen % MEESTE_POGINGEN === 0
}

/** Lays down what the channel answered. An answer that comes after the lease still counts: DUO's number is never lost. */
export async function finishUitzending (ctx: Ctx, { school, uitzending, poging }: Uitzending, antwoord: Kanaalantwoord): Promise<void> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  await ctx.transaction(async (tx) => {
    await lockEvaluatie(tx, school)
    const rij = await store.lockUitzending(tx, scope, uitzending)
    if (rij === undefined) throw new AppError('niet-gevonden', 'Deze uitzending is hier niet bekend.')
    await record(ctx, tx, scope, 'meldingen:verzenden', { bron: rij.bron, leerling: rij.leerling })
    const op = ctx.now()
    await store.finishPoging(tx, scope, uitzending, poging, trimAntwoord(antwoord), op)
    if (rij.status === 'aangenomen' || rij.status === 'vervallen') return
    if (antwoord.uitslag === 'aangenomen') {
      await store.settleUitzending(tx, scope, uitzending, { status: 'aangenomen', op })
      await acceptMelding(ctx, tx, scope, rij, antwoord)
    } else if (rij.meldingstatus === 'I') {
      await store.settleUitzending(tx, scope, uitzending, { status: 'vervallen', op })
    } else if (rij.status === 'onderweg' && rij.pogingen === poging) {
      const dood = antwoord.uitslag === 'geweigerd' || isLaatste(poging)
      await store.settleUitzending(tx, scope, uitzending, dood ? { status: 'dood', op } : { status: 'wacht', op, nietVoor: new Date(op.getTime() + wachttijd((poging - 1) % MEESTE_POGINGEN + 1, Math.random())) })
    }
    ctx.log.info({ school, uitzending, poging, uitslag: antwoord.uitslag, ...'code' in antwoord ? { code: antwoord.code } : {} }, 'uitzending answered')
  })
}

/** Enough of an answer to act on; a number of nine digits in it is somebody's. */
function trimAntwoord (antwoord: Kanaalantwoord): store.Pogingantwoord {
  const trim = (text: string, most: number): string => text.replaceAll(/[0-9]{9,}/g, '*********').slice(0, most)
  if (antwoord.uitslag === 'aangenomen') return { uitslag: 'aangenomen', code: null, omschrijving: null }
  return { uitslag: antwoord.uitslag, code: antwoord.uitslag === 'geweigerd' ? trim(antwoord.code, 40) : null, omschrijving: trim(antwoord.omschrijving, 500) }
}

const GEVOLGEN = { melden: 'geregistreerd', muteren: 'mutatie-aangenomen', intrekken: 'ingetrokken' } as const

async function acceptMelding (ctx: Ctx, tx: Tx, scope: Schoolscope, { melding, operatie, meldingstatus, mutatieNu }: store.Uitzendingrij, { meldingsnummer, mutatieOp }: Extract<Kanaalantwoord, { uitslag: 'aangenomen' }>): Promise<void> {
  const status = operatie === 'intrekken' ? 'I' : operatie === 'melden' && meldingstatus === 'W' ? 'R' : meldingstatus
  // A status that was read back meanwhile may be later than this answer.
  const later = mutatieNu !== null && Date.parse(mutatieNu) > Date.parse(mutatieOp)
  await store.updateStand(tx, scope, melding, { status, meldingsnummer, laatsteMutatie: later ? mutatieNu : mutatieOp }, daad(ctx, GEVOLGEN[operatie]))
  if (status === 'I') await store.dropUitzendingen(tx, scope, melding, { alles: true, op: ctx.now() })
}

/** Schools of which DUO may yet say something, with the moment its channel gave last. */
export async function listPeilingen (ctx: Ctx): Promise<Array<{ school: string, sinds: string | null }>> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven')
  return await ctx.transaction(async (tx) => await store.listPeilingen(tx, scope))
}

/** Lays down what DUO says of meldingen of a school, oldest first; what is no news, or of a melding that was not made here, changes nothing. */
export async function applyStatussen (ctx: Ctx, school: string, { wijzigingen, tot }: { readonly wijzigingen: readonly Statuswijziging[], readonly tot: string }): Promise<void> {
  const scope = requireRecht(ctx.actor, 'meldingen:schrijven', school)
  await ctx.transaction(async (tx) => {
    await lockEvaluatie(tx, school)
    const bekend = new Map((await store.listGenummerd(tx, scope, wijzigingen.map(({ meldingsnummer }) => meldingsnummer))).map((melding) => [melding.meldingsnummer, melding]))
    for (const wijziging of wijzigingen.toSorted((a, b) => Date.parse(a.mutatieOp) - Date.parse(b.mutatieOp))) {
      const melding = bekend.get(wijziging.meldingsnummer)
      const stand = melding === undefined ? undefined : followStatus(melding, wijziging)
      if (melding === undefined || stand === undefined) continue
      const { status, redenIntrekking } = stand
      await store.updateStand(tx, scope, melding.melding, { status, laatsteMutatie: wijziging.mutatieOp, ...redenIntrekking === null ? {} : { redenIntrekking } }, daad(ctx, status === 'I' ? 'ingetrokken' : 'status'))
      if (status === 'I') await store.dropUitzendingen(tx, scope, melding.melding, { alles: true, op: ctx.now() })
      if (status === 'I' && melding.signaal !== null) await settleSignaal(ctx, tx, scope, melding.signaal)
      bekend.set(wijziging.meldingsnummer, { ...melding, status, laatsteMutatie: wijziging.mutatieOp })
    }
    await store.upsertPeiling(tx, scope, tot, ctx.now())
    await record(ctx, tx, scope, 'meldingen:peilen', ...bekend.values())
  })
}
