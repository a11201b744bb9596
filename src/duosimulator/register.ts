import { soortPersoonsgebondenNummer } from '../domain/identificatie.ts'
import { tijdstip } from '../domain/datum.ts'
import type { Statuswijziging } from '../domain/duobericht.ts'
import type { Knoop } from '../verzending/xml.ts'
import type { Velden, Vraag } from './berichten.ts'

/** A melding as the receiver keeps it. */
export interface Gemeld extends Statuswijziging {
  readonly brin: string
  readonly velden: Velden
  readonly gegevens: readonly Knoop[]
  /** MessageID of the message that made it. */
  readonly messageId: string
}

export interface Vrijstelling { readonly nummer: string, readonly van: string, readonly tot: string }

/** The codes of DC0002 here. DUO's own are not public. */
export const WEIGERINGEN = {
  SIM01: 'Het bericht voldoet niet aan het schema',
  SIM02: 'Het burgerservicenummer of onderwijsnummer is onjuist',
  SIM03: 'De melding is intussen gewijzigd',
  SIM04: 'De melding is onbekend',
  SIM05: 'De status laat dit niet toe'
} as const

const EERSTE_NUMMER = 700_000_001

/** The receiver's books, in memory. What was done for a MessageID is answered again and not done again; what was refused is looked at anew. */
export class Register {
  readonly meldingen = new Map<string, Gemeld>()
  readonly vrijstellingen: Vrijstelling[] = []
  readonly #antwoorden = new Map<string, Knoop>()
  readonly #now: () => Date
  /** Milliseconds after which the gemeente takes a melding up, and again after which it ends it; undefined: only on command. */
  readonly #gemeente: number | undefined

  constructor (now: () => Date, gemeente: number | undefined) {
    this.#now = now
    this.#gemeente = gemeente
  }

  /** The document that answers this question; `weiger` refuses it with that code, whatever it says. */
  answer (vraag: Vraag, messageId: string, weiger: string | undefined): Knoop {
    this.#advance()
    if (vraag.vraag === 'peilen') return this.#changed(vraag.brin, vraag.sinds)
    if (vraag.vraag === 'opvragen') {
      const melding = this.#find(vraag.brin, vraag.meldingsnummer)
      return melding === undefined ? refuse('SIM04') : ['vsv:DC0011', [formatMelding(melding, ['vsv:gegevens', melding.gegevens])]]
    }
    const eerder = this.#antwoorden.get(messageId)
    if (eerder !== undefined) return eerder
    const antwoord = weiger === undefined ? this.#decide(vraag, messageId) : refuse(weiger)
    if (antwoord[0] !== 'vsv:DC0002') this.#antwoorden.set(messageId, antwoord)
    return antwoord
  }

  /** What a gemeente does, or DUO because of a vrijstelling; undefined for a number that is not here. */
  setStatus (meldingsnummer: string, status: Statuswijziging['status'], reden: 'V' | null = null): Gemeld | undefined {
    const melding = this.meldingen.get(meldingsnummer)
    return melding === undefined ? undefined : this.#keep({ ...melding, status, reden, mutatieOp: this.#next(melding) })
  }

  /** Withdraws, now and from now on, every melding of this number that overlaps. */
  exempt (vrijstelling: Vrijstelling): void {
    this.vrijstellingen.push(vrijstelling)
    for (const melding of this.meldingen.values()) this.#withdrawExempted(melding)
  }

  #decide (vraag: Extract<Vraag, { velden: Velden }>, messageId: string): Knoop {
    if (vraag.fouten.length > 0) return refuse('SIM01', vraag.fouten.join(', '))
    if (vraag.vraag === 'melden') return this.#register(vraag, messageId)

    const melding = this.#find(vraag.brin, vraag.meldingsnummer)
    if (melding === undefined) return refuse('SIM04')
    if (Date.parse(vraag.laatsteMutatie) !== Date.parse(melding.mutatieOp)) return refuse('SIM03')
    if (!['R', 'B'].includes(melding.status)) return refuse('SIM05')
    if (vraag.vraag === 'muteren' && !hasGoodNummer(vraag.velden)) return refuse('SIM02')

    const mutatieOp = this.#next(melding)
    const changed = this.#keep(vraag.vraag === 'intrekken' ? { ...melding, status: 'I', reden: null, mutatieOp } : { ...melding, velden: vraag.velden, gegevens: vraag.gegevens, mutatieOp })
    this.#withdrawExempted(changed)
    return ['vsv:DC0001', [['vsv:mutatieOp', mutatieOp]]]
  }

  #register ({ brin, velden, gegevens }: { brin: string, velden: Velden, gegevens: readonly Knoop[] }, messageId: string): Knoop {
    if (!hasGoodNummer(velden)) return refuse('SIM02')
    const melding = this.#keep({ meldingsnummer: String(EERSTE_NUMMER + this.meldingen.size), brin, velden, gegevens, messageId, status: 'R', reden: null, mutatieOp: tijdstip(this.#now()) })
    this.#withdrawExempted(melding)
    return ['vsv:DC0018', [['vsv:meldingsnummer', melding.meldingsnummer], ['vsv:mutatieOp', melding.mutatieOp]]]
  }

  #changed (brin: string, sinds: string): Knoop {
    const meldingen = [...this.meldingen.values()].filter((melding) => melding.brin === brin && Date.parse(melding.mutatieOp) >= Date.parse(sinds))
    return ['vsv:DC0011', meldingen.map((melding) => formatMelding(melding))]
  }

  #find (brin: string, meldingsnummer: string): Gemeld | undefined {
    const melding = this.meldingen.get(meldingsnummer)
    return melding?.brin === brin ? melding : undefined
  }

  #keep (melding: Gemeld): Gemeld {
    this.meldingen.set(melding.meldingsnummer, melding)
    return melding
  }

  /** Later than the last one, also within one millisecond: the moment is the lock. */
  #next ({ mutatieOp }: Gemeld): string {
    return tijdstip(new Date(Math.max(this.#now().getTime(), Date.parse(mutatieOp) + 1)))
  }

  #withdrawExempted (melding: Gemeld): void {
    const { burgerservicenummer, onderwijsnummer, begindatum, einddatum = '9999-12-31' } = melding.velden as Record<string, string>
    const exempted = this.vrijstellingen.some(({ nummer, van, tot }) => nummer === (burgerservicenummer ?? onderwijsnummer) && van <= einddatum && begindatum! <= tot)
    if (exempted && melding.status !== 'I') this.setStatus(melding.meldingsnummer, 'I', 'V')
  }

  /** The gemeente takes up what lies long enough, and ends it: one in two closed, one in two taken for information. */
  #advance (): void {
    if (this.#gemeente === undefined) return
    for (const melding of [...this.meldingen.values()]) {
      const lag = (): boolean => this.#now().getTime() - Date.parse(this.meldingen.get(melding.meldingsnummer)!.mutatieOp) >= this.#gemeente!
      if (melding.status === 'R' && lag()) this.setStatus(melding.meldingsnummer, 'B')
      else if (melding.status === 'B' && lag()) this.setStatus(melding.meldingsnummer, Number(melding.meldingsnummer) % 2 === 1 ? 'G' : 'K')
    }
  }
}

function formatMelding ({ meldingsnummer, status, mutatieOp, reden }: Gemeld, ...meer: Knoop[]): Knoop {
  return ['vsv:melding', [['vsv:meldingsnummer', meldingsnummer], ['vsv:status', status], ['vsv:mutatieOp', mutatieOp], ...(reden === null ? [] : [['vsv:reden', reden] as const]), ...meer]]
}

function hasGoodNummer ({ burgerservicenummer, onderwijsnummer }: Velden): boolean {
  return burgerservicenummer === undefined ? soortPersoonsgebondenNummer(String(onderwijsnummer)) === 'onderwijsnummer' : soortPersoonsgebondenNummer(String(burgerservicenummer)) === 'bsn'
}

function refuse (code: string, detail?: string): Knoop {
  const omschrijving = WEIGERINGEN[code as keyof typeof WEIGERINGEN] ?? 'Geweigerd op verzoek van de sturing'
  return ['vsv:DC0002', [['vsv:foutcode', code], ['vsv:omschrijving', detail === undefined ? omschrijving : `${omschrijving}: ${detail}`.slice(0, 500)]]]
}
