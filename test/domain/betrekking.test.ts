import t from 'tap'
import { isGeblokkeerd, isLopend, listBelemmeringen, type Belemmering, type Betrekking, type Blokkade, type Toestemming } from '../../src/domain/betrekking.ts'

const VAN = '2020-08-01'
const ouder = (anders: Partial<Betrekking> = {}): Betrekking => ({ soort: 'ouder', gezag: true, van: VAN, tot: null, blokkades: [], ...anders })
const leerling = (anders: Partial<Betrekking> = {}): Betrekking => ({ soort: 'leerling', gezag: false, van: VAN, tot: null, blokkades: [], ...anders })
const geenContact = (van: string, tot: string | null): Blokkade => ({ soort: 'geen-contact', van, tot })

interface Geval { readonly naam: string, readonly wie?: Betrekking, readonly geboren?: string, readonly toestemmingen?: readonly Toestemming[], readonly datum: string, readonly verwacht: readonly Belemmering[] }

const GEVALLEN: readonly Geval[] = [
  { naam: 'an ouder with gezag of a child', datum: '2026-03-10', verwacht: [] },
  { naam: 'the day before it begins', datum: '2020-07-31', verwacht: ['buiten-looptijd'] },
  { naam: 'the first day', datum: VAN, verwacht: [] },
  { naam: 'the last day counts', wie: ouder({ tot: '2026-03-10' }), datum: '2026-03-10', verwacht: [] },
  { naam: 'the day after the last', wie: ouder({ tot: '2026-03-10' }), datum: '2026-03-11', verwacht: ['buiten-looptijd'] },
  { naam: 'without gezag', wie: ouder({ gezag: false }), datum: '2026-03-10', verwacht: ['geen-gezag'] },

  { naam: 'geen-contact, the day before it begins', wie: ouder({ blokkades: [geenContact('2026-03-10', '2026-03-12')] }), datum: '2026-03-09', verwacht: [] },
  { naam: 'geen-contact, its first day', wie: ouder({ blokkades: [geenContact('2026-03-10', '2026-03-12')] }), datum: '2026-03-10', verwacht: ['geen-contact'] },
  { naam: 'geen-contact, its last day', wie: ouder({ blokkades: [geenContact('2026-03-10', '2026-03-12')] }), datum: '2026-03-12', verwacht: ['geen-contact'] },
  { naam: 'geen-contact, the day after', wie: ouder({ blokkades: [geenContact('2026-03-10', '2026-03-12')] }), datum: '2026-03-13', verwacht: [] },
  { naam: 'geen-contact without an end', wie: ouder({ blokkades: [geenContact('2026-03-10', null)] }), datum: '2030-01-01', verwacht: ['geen-contact'] },
  { naam: 'of two blokkades one still holds', wie: ouder({ blokkades: [geenContact('2026-01-01', '2026-01-31'), geenContact('2026-03-01', null)] }), datum: '2026-03-10', verwacht: ['geen-contact'] },
  { naam: 'geheim-adres keeps nobody out', wie: ouder({ blokkades: [{ soort: 'geheim-adres', van: '2026-01-01', tot: null }] }), datum: '2026-03-10', verwacht: [] },

  { naam: 'the day before the 18th birthday', geboren: '2008-03-10', datum: '2026-03-09', verwacht: [] },
  { naam: 'the 18th birthday', geboren: '2008-03-10', datum: '2026-03-10', verwacht: ['meerderjarig-zonder-toestemming'] },
  { naam: 'born on 29 February: 28 February of the 18th year', geboren: '2008-02-29', datum: '2026-02-28', verwacht: [] },
  { naam: 'born on 29 February: 1 March of the 18th year', geboren: '2008-02-29', datum: '2026-03-01', verwacht: ['meerderjarig-zonder-toestemming'] },
  { naam: 'consent, the day before it begins', geboren: '2008-01-01', toestemmingen: [{ van: '2026-03-10', tot: '2026-03-12' }], datum: '2026-03-09', verwacht: ['meerderjarig-zonder-toestemming'] },
  { naam: 'consent, its first day', geboren: '2008-01-01', toestemmingen: [{ van: '2026-03-10', tot: '2026-03-12' }], datum: '2026-03-10', verwacht: [] },
  { naam: 'consent, its last day', geboren: '2008-01-01', toestemmingen: [{ van: '2026-03-10', tot: '2026-03-12' }], datum: '2026-03-12', verwacht: [] },
  { naam: 'consent that ended', geboren: '2008-01-01', toestemmingen: [{ van: '2026-03-10', tot: '2026-03-12' }], datum: '2026-03-13', verwacht: ['meerderjarig-zonder-toestemming'] },
  { naam: 'of two consents one still holds', geboren: '2008-01-01', toestemmingen: [{ van: '2026-01-20', tot: '2026-01-31' }, { van: '2026-03-01', tot: null }], datum: '2026-03-13', verwacht: [] },
  { naam: 'consent is no gezag and lifts no blokkade', wie: ouder({ gezag: false, blokkades: [geenContact('2026-01-01', null)] }), geboren: '2008-01-01', toestemmingen: [{ van: '2026-01-20', tot: null }], datum: '2026-03-13', verwacht: ['geen-gezag', 'geen-contact'] },
  { naam: 'everything at once', wie: ouder({ gezag: false, tot: '2026-01-01', blokkades: [geenContact('2026-01-01', null)] }), geboren: '2008-01-01', datum: '2026-03-13', verwacht: ['buiten-looptijd', 'geen-gezag', 'geen-contact', 'meerderjarig-zonder-toestemming'] },

  { naam: 'the leerling himself, at any age', wie: leerling(), geboren: '2008-01-01', datum: '2026-03-13', verwacht: [] },
  { naam: 'the leerling himself, no longer', wie: leerling({ tot: '2026-03-12' }), datum: '2026-03-13', verwacht: ['buiten-looptijd'] }
]

t.test('what keeps somebody from seeing a leerling on a day, at each edge', async (t) => {
  for (const { naam, wie = ouder(), geboren = '2014-05-05', toestemmingen = [], datum, verwacht } of GEVALLEN) t.strictSame(listBelemmeringen(wie, { geboortedatum: geboren, toestemmingen, datum }), verwacht, naam)
})

t.test('a looptijd holds on its first and its last day, and a blokkade of one soort says nothing of another', async (t) => {
  t.strictSame(['2026-03-09', '2026-03-10', '2026-03-11', '2026-03-12'].map((datum) => isLopend({ van: '2026-03-10', tot: '2026-03-11' }, datum)), [false, true, true, false])
  t.ok(isLopend({ van: '2026-03-10', tot: null }, '2099-01-01'))
  const blokkades = [{ soort: 'geheim-adres' as const, van: '2026-03-10', tot: '2026-03-11' }]
  t.strictSame(['2026-03-09', '2026-03-10', '2026-03-11', '2026-03-12'].map((datum) => isGeblokkeerd(blokkades, 'geheim-adres', datum)), [false, true, true, false])
  t.notOk(isGeblokkeerd(blokkades, 'geen-contact', '2026-03-10'))
})
