import type { Recht } from './rechten.ts'

// What people may do, as data. A token of a person carries a role of here; it never gives more than the role has, whatever its scopes say.

/**
 * Whom a role sees: `school` everyone of its scholen, `caseload` the leden of its groepen, `zelf` and `kinderen` by betrekkingen, `gemeld` who was
 * reported to its gemeente, `niemand` no leerling at all.
 */
export type Reikwijdte = 'school' | 'caseload' | 'zelf' | 'kinderen' | 'gemeld' | 'niemand'

/** Groups of fields that are shown or not. `bijzonder`: redenen the beleid flags as bijzonder persoonsgegeven; `plaats`: the vestiging. */
export const GEGEVENSGROEPEN = ['geboortedatum', 'woongemeente', 'nummer', 'reden', 'bijzonder', 'plaats'] as const
export type Gegevensgroep = typeof GEGEVENSGROEPEN[number]

interface Doel { readonly omschrijving: string, readonly verborgen: readonly Gegevensgroep[] }

/** Doelbinding (AVG art. 5 lid 1 onder b): why somebody looks, and what is not needed for it. */
export const DOELEN = {
  verzuimregistratie: { omschrijving: 'Bijhouden wie er was en wie niet, en waarom.', verborgen: [] },
  begeleiding: { omschrijving: 'De leerling begeleiden bij zijn aanwezigheid.', verborgen: ['woongemeente', 'nummer'] },
  leerplicht: { omschrijving: 'Verzuim melden en opvolgen volgens de Leerplichtwet 1969.', verborgen: ['bijzonder'] },
  verantwoording: { omschrijving: 'Verantwoorden hoe de school met verzuim omgaat.', verborgen: ['geboortedatum', 'woongemeente', 'nummer', 'reden', 'bijzonder'] },
  toezicht: { omschrijving: 'Nagaan wie welke gegevens heeft verwerkt.', verborgen: ['geboortedatum', 'woongemeente', 'nummer', 'reden', 'bijzonder'] },
  'eigen-inzage': { omschrijving: 'Zien wat er over uzelf of uw kind is vastgelegd (AVG art. 15).', verborgen: [] }
} as const satisfies Record<string, Doel>
export type Doelbinding = keyof typeof DOELEN

interface Rol {
  readonly reikwijdte: Reikwijdte
  readonly rechten: readonly Recht[]
  /** The first counts where the caller states none. */
  readonly doelen: readonly [Doelbinding, ...Doelbinding[]]
  readonly verborgen: readonly Gegevensgroep[]
}

const LEZEN = ['stamgegevens:lezen', 'beleid:lezen', 'absenties:lezen', 'signalen:lezen'] as const

export const ROLLEN = {
  mentor: { reikwijdte: 'caseload', rechten: LEZEN, doelen: ['begeleiding', 'verzuimregistratie'], verborgen: ['nummer', 'bijzonder'] },
  zorgcoordinator: { reikwijdte: 'caseload', rechten: LEZEN, doelen: ['begeleiding'], verborgen: ['nummer'] },
  verzuimcoordinator: {
    reikwijdte: 'school',
    rechten: [...LEZEN, 'signalen:beoordelen', 'meldingen:lezen', 'meldingen:schrijven', 'statistieken:lezen', 'leveringen:lezen', 'toegang:lezen'],
    doelen: ['verzuimregistratie', 'begeleiding', 'leerplicht'],
    verborgen: []
  },
  schoolleider: {
    reikwijdte: 'school',
    rechten: [...LEZEN, 'beleid:schrijven', 'signalen:beoordelen', 'meldingen:lezen', 'statistieken:lezen', 'leveringen:lezen', 'leveringen:schrijven', 'verwerkingen:lezen', 'toegang:lezen', 'toegang:schrijven', 'verzoeken:lezen', 'verzoeken:schrijven', 'bewaring:lezen', 'bewaring:schrijven'],
    doelen: ['verzuimregistratie', 'begeleiding', 'leerplicht', 'verantwoording'],
    verborgen: ['nummer']
  },
  administratie: {
    reikwijdte: 'school',
    rechten: ['stamgegevens:lezen', 'stamgegevens:schrijven', 'beleid:lezen', 'absenties:lezen', 'absenties:schrijven', 'toegang:lezen', 'toegang:schrijven'],
    doelen: ['verzuimregistratie'],
    verborgen: []
  },
  leerling: { reikwijdte: 'zelf', rechten: [...LEZEN, 'verwerkingen:lezen', 'toegang:lezen', 'toegang:schrijven', 'verzoeken:lezen', 'verzoeken:schrijven'], doelen: ['eigen-inzage'], verborgen: [] },
  ouder: { reikwijdte: 'kinderen', rechten: [...LEZEN, 'verwerkingen:lezen', 'verzoeken:lezen', 'verzoeken:schrijven'], doelen: ['eigen-inzage'], verborgen: [] },
  leerplichtambtenaar: { reikwijdte: 'gemeld', rechten: ['meldingen:lezen'], doelen: ['leerplicht'], verborgen: ['bijzonder'] },
  bestuur: { reikwijdte: 'niemand', rechten: ['beleid:lezen', 'statistieken:lezen', 'leveringen:lezen'], doelen: ['verantwoording'], verborgen: [] },
  auditor: { reikwijdte: 'school', rechten: ['beleid:lezen', 'verwerkingen:lezen', 'leveringen:lezen', 'toegang:lezen', 'bewaring:lezen'], doelen: ['toezicht'], verborgen: [] }
} as const satisfies Record<string, Rol>
export type Rolnaam = keyof typeof ROLLEN

export function isRol (text: string): text is Rolnaam {
  return Object.hasOwn(ROLLEN, text)
}

export function isDoelbinding (text: string): text is Doelbinding {
  return Object.hasOwn(DOELEN, text)
}

export function getRol (naam: Rolnaam): Rol {
  return ROLLEN[naam]
}
