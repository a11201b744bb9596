import type { Feit } from './absentie.ts'
import { classify, onverklaardTot, type Beleid } from './beleid.ts'
import { isoWeek, type Datum } from './datum.ts'
import type { Uitkomst } from './evaluate-regels.ts'
import type { Aard } from './regel.ts'
import type { Vestigingen } from './teldagen.ts'

/** The absenties as another beleid would have classified them, had it been in force on each of their days, at the peildatum. */
export function reclassifyFeiten (absenties: readonly Feit[], beleid: Beleid, vestigingen: Vestigingen, peildatum: Datum): Feit[] {
  const grenzen = new Map<string, Datum | undefined>()
  const isOngeoorloofd = ({ vestiging, datum }: Feit): boolean => {
    if (!grenzen.has(vestiging)) {
      const kader = vestigingen.get(vestiging)
      grenzen.set(vestiging, kader === undefined ? undefined : onverklaardTot(beleid, kader.kalender, peildatum))
    }
    const grens = grenzen.get(vestiging)
    return grens !== undefined && datum <= grens
  }
  return absenties.map((feit) => ({ ...feit, categorie: feit.reden === null && isOngeoorloofd(feit) ? 'ongeoorloofd' : classify(beleid, feit.reden, feit.bron, feit.datum) }))
}

export interface Leerlingsleutel { readonly bron: string, readonly bronId: string }

export interface Proefregel {
  readonly regel: string
  readonly aard: Aard
  signalen: number
  signalenNu: number
  leerlingen: number
  leerlingenNu: number
  /** Leerlingen with a signaal of this rule by the one and none by the other. */
  nieuw: number
  nietMeer: number
  readonly perLesweek: Map<string, { signalen: number, nu: number }>
}

export interface Verschuiving extends Leerlingsleutel { readonly regels: readonly string[] }

/** What a beleid would have raised in a period beside what is raised now, leerling by leerling. */
export class Proeftelling {
  readonly regels = new Map<string, Proefregel>()
  /** Leerlingen with a signaal of a rule of which they now have none, and the other way round. */
  readonly nieuw: Verschuiving[] = []
  readonly nietMeer: Verschuiving[] = []

  add (leerling: Leerlingsleutel, proef: readonly Uitkomst[], nu: readonly Uitkomst[]): void {
    const [inProef, inNu] = [this.#count(proef, 'signalen', 'signalen'), this.#count(nu, 'signalenNu', 'nu')]
    const nieuw = [...inProef].filter((regel) => !inNu.has(regel)).sort()
    const nietMeer = [...inNu].filter((regel) => !inProef.has(regel)).sort()
    for (const regel of inProef) this.regels.get(regel)!.leerlingen++
    for (const regel of inNu) this.regels.get(regel)!.leerlingenNu++
    for (const regel of nieuw) this.regels.get(regel)!.nieuw++
    for (const regel of nietMeer) this.regels.get(regel)!.nietMeer++
    if (nieuw.length > 0) this.nieuw.push({ ...leerling, regels: nieuw })
    if (nietMeer.length > 0) this.nietMeer.push({ ...leerling, regels: nietMeer })
  }

  #count (uitkomsten: readonly Uitkomst[], totaal: 'signalen' | 'signalenNu', week: 'signalen' | 'nu'): Set<string> {
    for (const { regel, aard, einddatum } of uitkomsten) {
      let telling = this.regels.get(regel)
      if (telling === undefined) this.regels.set(regel, telling = { regel, aard, signalen: 0, signalenNu: 0, leerlingen: 0, leerlingenNu: 0, nieuw: 0, nietMeer: 0, perLesweek: new Map() })
      telling[totaal]++
      const lesweek = isoWeek(einddatum)
      const inWeek = telling.perLesweek.get(lesweek) ?? { signalen: 0, nu: 0 }
      inWeek[week]++
      telling.perLesweek.set(lesweek, inWeek)
    }
    return new Set(uitkomsten.map(({ regel }) => regel))
  }

  /** Signalen per lesweek over all rules, the busiest week first found. */
  werklast (soort: 'signalen' | 'nu', lesweken: number): { signalen: number, perLesweek: number, drukste: { week: string, signalen: number } | null } {
    const weken = new Map<string, number>()
    for (const { perLesweek } of this.regels.values()) {
      for (const [week, telling] of perLesweek) weken.set(week, (weken.get(week) ?? 0) + telling[soort])
    }
    const [drukste] = [...weken].filter(([, signalen]) => signalen > 0).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    const signalen = [...weken.values()].reduce((a, b) => a + b, 0)
    return { signalen, perLesweek: lesweken === 0 ? 0 : Math.round(10 * signalen / lesweken) / 10, drukste: drukste === undefined ? null : { week: drukste[0], signalen: drukste[1] } }
  }
}
