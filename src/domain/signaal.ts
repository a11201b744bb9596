import type { Uitkomst } from './evaluate-regels.ts'

export const SIGNAALSTATUSSEN = ['open', 'in-behandeling', 'gemeld', 'niet-gemeld', 'vervallen'] as const
export type Signaalstatus = typeof SIGNAALSTATUSSEN[number]

/** A signaal as stored, with what tells whether the facts still carry it. */
export interface Signaalstand extends Uitkomst { readonly signaal: string, readonly status: Signaalstatus }

export interface Volging {
  readonly nieuw: readonly Uitkomst[]
  /** Keeps its identity and history. */
  readonly gewijzigd: ReadonlyArray<{ readonly signaal: Signaalstand, readonly uitkomst: Uitkomst }>
  readonly vervallen: readonly Signaalstand[]
}

/**
 * How the stored signalen of one leerling follow a fresh evaluation (REKENREGELS 5). An uitkomst belongs to the signaal of its regel and
 * einddatum, a vervallen one too: facts that return bring it back. What is left is paired where the periods overlap, oldest first; the rest
 * is new, or no longer carried.
 */
export function followUitkomsten (signalen: readonly Signaalstand[], uitkomsten: readonly Uitkomst[]): Volging {
  const vrij = new Set(signalen)
  const paren: Array<{ signaal: Signaalstand, uitkomst: Uitkomst }> = []
  const pair = (uitkomst: Uitkomst, fits: (signaal: Signaalstand) => boolean): boolean => {
    for (const signaal of vrij) {
      if (signaal.regel !== uitkomst.regel || !fits(signaal)) continue
      vrij.delete(signaal)
      paren.push({ signaal, uitkomst })
      return true
    }
    return false
  }
  const later = uitkomsten.filter((uitkomst) => !pair(uitkomst, (signaal) => signaal.einddatum === uitkomst.einddatum && signaal.status !== 'vervallen'))
  const nogLater = later.filter((uitkomst) => !pair(uitkomst, (signaal) => signaal.status !== 'vervallen' && signaal.begindatum <= uitkomst.einddatum && uitkomst.begindatum <= signaal.einddatum))
  const nieuw = nogLater.filter((uitkomst) => !pair(uitkomst, (signaal) => signaal.einddatum === uitkomst.einddatum))
  return {
    nieuw,
    gewijzigd: paren.filter(({ signaal, uitkomst }) => signaal.status === 'vervallen' || !isGelijk(signaal, uitkomst)),
    vervallen: [...vrij].filter(({ status }) => status !== 'vervallen')
  }
}

function isGelijk (a: Uitkomst, b: Uitkomst): boolean {
  return a.begindatum === b.begindatum && a.einddatum === b.einddatum && a.minuten === b.minuten && a.drempelMinuten === b.drempelMinuten &&
    a.uiterlijkMelden === b.uiterlijkMelden && a.beleidsversie === b.beleidsversie && a.onderbouwing.length === b.onderbouwing.length &&
    a.onderbouwing.every((regel, at) => regel.bron === b.onderbouwing[at]!.bron && regel.bronId === b.onderbouwing[at]!.bronId && regel.datum === b.onderbouwing[at]!.datum && regel.minuten === b.onderbouwing[at]!.minuten)
}
