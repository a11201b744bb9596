import { formatDatum } from '../domain/woorden.ts'
import { formatAantal } from './tabel.ts'
import type { Beleidsversie } from '../beleid/contract.ts'
import type { Proefberekening } from '../proefberekeningen/contract.ts'
import type { Bron } from './bron.ts'
import type { Uitkomsten } from './uitkomsten.ts'

/** The school of the demo that has laid down a verzuimbeleid; the others have the standaardbeleid. */
export const BELEIDSCHOOL = '99AA'

/** Signalen of its own beside those of the law, mostly with the national values. */
const BELEID = {
  geldigVan: '2025-08-01',
  regels: [
    { regel: 'zorgelijk-verzuim', aan: true, drempels: [10], termijnWerkdagen: 10 },
    { regel: 'ziek-frequent', aan: true, termijnWerkdagen: 10 },
    { regel: 'ziek-langdurig', aan: true, termijnWerkdagen: 5 },
    { regel: 'te-laat', aan: true },
    { regel: 'aanwezigheidstrede', aan: true, drempels: [10, 20], minimaalDagenTussen: 60 }
  ],
  elementen: [
    { code: 'bevordering-aanwezigheid', tekst: 'Wij vieren aanwezigheid: de mentor ziet elke leerling in de eerste les en belt dezelfde ochtend als die ontbreekt.' },
    { code: 'samenwerking', tekst: 'Bij een zorgelijk signaal overlegt de verzuimcoördinator binnen tien werkdagen met ouders en leerling, en zo nodig met de jeugdarts.' }
  ]
}

/** What the school thinks of changing: te laat less often a signaal, ziekte later, zorgelijk sooner. */
const CONCEPT = {
  geldigVan: '2026-08-01',
  regels: [
    { regel: 'zorgelijk-verzuim', aan: true, drempels: [6], termijnWerkdagen: 10 },
    { regel: 'ziek-frequent', aan: true, venster: { soort: 'maanden', aantal: 3 }, termijnWerkdagen: 10 },
    { regel: 'ziek-langdurig', aan: true, drempels: [10], termijnWerkdagen: 5 },
    { regel: 'te-laat', aan: true, drempels: [5, 9] },
    { regel: 'aanwezigheidstrede', aan: true, drempels: [10, 20], minimaalDagenTussen: 60, venster: { soort: 'lesweken', aantal: 12 } }
  ],
  duidingen: [{ omschrijving: 'Meer dan 20 minuten te laat is een gemist lesuur', wanneer: { categorieen: ['ongeoorloofd', 'onverklaard'], soorten: ['te-laat'], meerDanMinuten: 20 }, telt: { categorie: 'ongeoorloofd', soort: 'afwezig', lesuren: 1 } }]
}

/** Lays down the beleid before the year begins. */
export async function adoptBeleid (bron: Bron): Promise<void> {
  const { versie } = await bron.post<Beleidsversie>(`/v1/scholen/${BELEIDSCHOOL}/beleidsversies`, BELEID)
  await bron.post(`/v1/scholen/${BELEIDSCHOOL}/beleidsversies/${versie}/vaststelling`, {})
}

/** Tries the concept on the year that was, and tells what would have been different. */
export async function showProefberekening ({ bron, verslag }: Uitkomsten): Promise<void> {
  const { versie } = await bron.post<Beleidsversie>(`/v1/scholen/${BELEIDSCHOOL}/beleidsversies`, CONCEPT)
  const { regels, leerlingen, absenties, seconden, van, tot, werklast, werklastNu } = await bron.post<Proefberekening>(`/v1/scholen/${BELEIDSCHOOL}/beleidsversies/${versie}/proefberekening`, { van: '2025-08-01', tot: '2026-07-31' })
  verslag.kop(`Proefberekening van een concept voor school ${BELEIDSCHOOL} over ${formatDatum(van)} tot en met ${formatDatum(tot)}`)
  verslag.line(`  ${formatAantal(leerlingen)} leerlingen, ${formatAantal(absenties)} absenties, ${seconden.toFixed(1).replace('.', ',')} s; er is geen signaal vastgelegd`)
  verslag.tabel(['regel', 'aard', 'signalen nu', 'met het concept', 'leerlingen erbij', 'eraf'],
    regels.map(({ regel, aard, signalen, signalenNu, nieuw, nietMeer }) => [regel, aard, formatAantal(signalenNu), formatAantal(signalen), formatAantal(nieuw), formatAantal(nietMeer)]), 2)
  const week = ({ perLesweek, drukste }: Proefberekening['werklast']): string => `${formatTiende(perLesweek)} per lesweek${drukste === null ? '' : `, ten hoogste ${drukste.signalen} (${drukste.week})`}`
  verslag.line(`  Werk nu: ${week(werklastNu)}; met het concept: ${week(werklast)}`)
}

function formatTiende (getal: number): string {
  return getal.toFixed(1).replace('.', ',')
}
