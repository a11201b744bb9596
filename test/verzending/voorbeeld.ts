import { randomUUID } from 'node:crypto'
import { VERMOEDELIJKE_REDENEN } from '../../src/domain/meldingsprofiel.ts'
import type { Duobericht, Operatie, Uitzending } from '../../src/domain/duobericht.ts'

export const VELDEN = {
  burgerservicenummer: '999990019',
  gemeentecode: '0363',
  brin: '99AA',
  vestiging: '99AA00',
  soortOnderwijs: 'VO',
  leerjaar: 3,
  soort: 'V3',
  begindatum: '2026-09-07',
  einddatum: '2026-09-09',
  alleLessenGemist: false,
  dagenGespecificeerd: true,
  dagen: [{ datum: '2026-09-07', heleDag: true, lesuren: [] }, { datum: '2026-09-09', heleDag: false, lesuren: [1, 2] }],
  vermoedelijkeReden: VERMOEDELIJKE_REDENEN.onbekend,
  toelichting: 'Twee keer gebeld.',
  actieOndernemen: true,
  toelichtingActieGewenst: 'Gesprek met leerling en ouders',
  contactpersoon: 'J. de Vries',
  emailadres: 'verzuim@school.example',
  ccEmail: 'CONTACTPERSOON'
} as const

/** A message as the outbox hands it over, of school 99AA unless `velden` say otherwise. */
export function buildUitzending (anders: Partial<Uitzending> & { readonly meldingsnummer?: string, readonly laatsteMutatie?: string, readonly velden?: Duobericht['velden'] } = {}): Uitzending {
  const { operatie = 'melden' as Operatie, velden = operatie === 'intrekken' ? { brin: '99AA' } : VELDEN, meldingsnummer = null, laatsteMutatie = null, ...rest } = anders
  const school = String(velden['brin'])
  return {
    school,
    uitzending: randomUUID(),
    melding: `${school}-${randomUUID()}`,
    volgnummer: 1,
    operatie,
    kenmerk: randomUUID(),
    poging: 1,
    bericht: { profiel: 'duo-vsv-v8', school, meldingsnummer, laatsteMutatie, velden },
    ...rest
  }
}

/** Nobody ends it. */
export const RUSTIG = new AbortController().signal
