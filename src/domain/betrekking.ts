import { leeftijdOp, type Datum } from './datum.ts'

// Who stands in which relation to a leerling, and from when to when that lets him see.

export const BETREKKINGSOORTEN = ['leerling', 'ouder'] as const
/** `geen-contact`: sees nothing. `geheim-adres`: sees nothing that tells where the leerling lives or is taught. */
export const BLOKKADESOORTEN = ['geen-contact', 'geheim-adres'] as const

interface Looptijd { readonly van: Datum, readonly tot: Datum | null }
export interface Blokkade extends Looptijd { readonly soort: typeof BLOKKADESOORTEN[number] }

export interface Betrekking extends Looptijd {
  readonly soort: typeof BETREKKINGSOORTEN[number]
  readonly gezag: boolean
  readonly blokkades: readonly Blokkade[]
}

export const BELEMMERINGEN = ['buiten-looptijd', 'geen-gezag', 'geen-contact', 'meerderjarig-zonder-toestemming'] as const
export type Belemmering = typeof BELEMMERINGEN[number]

/** Consent as the leerling gave it; withdrawn it is no more in this list. */
export type Toestemming = Looptijd

export function isLopend ({ van, tot }: Looptijd, datum: Datum): boolean {
  return van <= datum && (tot === null || datum <= tot)
}

/**
 * Everything that keeps this person from seeing the leerling on a day; nothing means he may. An ouder without gezag is informed by the school on
 * request (BW 1:377c) and has no access of his own. From the 18th birthday (BW 1:233) an ouder sees what the leerling consents to.
 */
export function listBelemmeringen (betrekking: Betrekking, { geboortedatum, toestemmingen, datum }: { geboortedatum: Datum, toestemmingen: readonly Toestemming[], datum: Datum }): Belemmering[] {
  const { soort, gezag, blokkades } = betrekking
  const isOuder = soort === 'ouder'
  return [
    ...isLopend(betrekking, datum) ? [] : ['buiten-looptijd' as const],
    ...isOuder && !gezag ? ['geen-gezag' as const] : [],
    ...isOuder && isGeblokkeerd(blokkades, 'geen-contact', datum) ? ['geen-contact' as const] : [],
    ...isOuder && leeftijdOp(geboortedatum, datum) >= 18 && !toestemmingen.some((toestemming) => isLopend(toestemming, datum)) ? ['meerderjarig-zonder-toestemming' as const] : []
  ]
}

export function isGeblokkeerd (blokkades: readonly Blokkade[], soort: Blokkade['soort'], datum: Datum): boolean {
  return blokkades.some((blokkade) => blokkade.soort === soort && isLopend(blokkade, datum))
}
