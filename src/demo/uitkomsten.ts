import { formatDatum } from '../domain/woorden.ts'
import type { Config } from '../config.ts'
import type { Levering } from '../duo/contract.ts'
import type { Marges } from '../regels/contract.ts'
import type { Signaal } from '../signalen/contract.ts'
import type { Statistiek } from '../statistiek/contract.ts'
import { formatAandeel, formatAantal, formatDatumkort, shortPath } from './tabel.ts'
import { DEMOSCHOOLJAAR, type DemoSchooljaar, type Melding } from './berichten.ts'
import type { Bron } from './bron.ts'
import type { Verslag } from './verslag.ts'

/** What is needed to ask the service what came of it, and to tell that. */
export interface Uitkomsten { readonly bron: Bron, readonly schooljaar: DemoSchooljaar, readonly scholen: readonly string[], readonly verslag: Verslag }

const WETTELIJK = 'wettelijk-16-uur'
/** Last lesdag of the region midden: there the margins of the summer are still a matter of today. */
const MARGEDATUM = '2026-07-17'
const MARGEVESTIGING = '99AA00'

async function listSignalen ({ bron, scholen }: Uitkomsten): Promise<Signaal[]> {
  const signalen = await Promise.all(scholen.map(async (school) => await bron.list<Signaal>(`/v1/signalen?school=${school}`, 'signalen')))
  // Two on one day have only a random id to order them by.
  return signalen.flat().sort((a, b) => compare(a.einddatum, b.einddatum) || compare(a.leerling.bronId, b.leerling.bronId) || compare(a.regel, b.regel))
}

function compare (a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** '120 signalen open, 14 vervallen'. */
export async function describeSignalen (uitkomsten: Uitkomsten): Promise<string> {
  const signalen = await listSignalen(uitkomsten)
  const vervallen = signalen.filter(({ status }) => status === 'vervallen').length
  return `${formatAantal(signalen.length - vervallen)} signalen open${vervallen === 0 ? '' : `, ${formatAantal(vervallen)} vervallen`}`
}

/** The vestiging where the leerling was on the day that carried the signaal. */
function vestigingVan ({ schooljaar }: Uitkomsten, { leerling, einddatum }: Signaal): string {
  const { inschrijvingen } = schooljaar.leerlingen.find(({ bronId }) => bronId === leerling.bronId)!
  return inschrijvingen.find(({ van, tot }) => van <= einddatum && (tot === undefined || einddatum <= tot))!.vestiging
}

export async function showSignalen (uitkomsten: Uitkomsten): Promise<void> {
  const { verslag } = uitkomsten
  const signalen = await listSignalen(uitkomsten)
  const perCel = Map.groupBy(signalen, (signaal) => `${signaal.regel} ${vestigingVan(uitkomsten, signaal)}`)
  const statussen = (['open', 'in-behandeling', 'gemeld', 'niet-gemeld', 'vervallen'] as const).filter((status) => signalen.some((signaal) => signaal.status === status))
  const count = (eigen: readonly Signaal[]): string[] => [...statussen.map((status) => formatAantal(eigen.filter((signaal) => signaal.status === status).length)), formatAantal(new Set(eigen.map(({ leerling }) => leerling.bronId)).size)]

  verslag.kop('Signalen, per regel en vestiging')
  verslag.tabel(['regel', 'vestiging', ...statussen, 'leerlingen'], [
    ...[...perCel].sort(([a], [b]) => compare(a, b)).map(([cel, eigen]) => [...cel.split(' '), ...count(eigen)]),
    ['samen', '', ...count(signalen)]
  ], 2)
  const open = [...Map.groupBy(signalen.filter(({ status, aard }) => status === 'open' && aard === 'wettelijk'), (signaal) => vestigingVan(uitkomsten, signaal)).entries()].sort(([a], [b]) => compare(a, b))
  verslag.line('  Drie die gemeld moeten worden, met wat ze draagt:')
  for (const [vestiging, [eerste]] of open.slice(0, 3)) verslag.line(`  - ${vestiging} ${describeSignaal(eerste!)}`)
}

function describeSignaal ({ leerling, regel, begindatum, einddatum, eenheid, gemeten, drempel, uiterlijkAfhandelen, onderbouwing }: Signaal): string {
  const getoond = onderbouwing.slice(0, 3).map((absentie) => `${formatDatumkort(absentie.datum)} ${absentie.minuten ?? 'onbekend aantal'} min (${absentie.bronId})`)
  const rest = onderbouwing.length > 3 ? ` en nog ${onderbouwing.length - 3}` : ''
  const termijn = uiterlijkAfhandelen === null ? '' : `, uiterlijk ${formatDatumkort(uiterlijkAfhandelen)}`
  return `${leerling.bronId}, ${regel}: ${gemeten} van ${drempel} ${eenheid}, ${formatDatumkort(begindatum)} t/m ${formatDatumkort(einddatum)}${termijn}; uit ${getoond.join(', ')}${rest}`
}

export async function showStatistiek ({ bron, schooljaar, verslag }: Uitkomsten): Promise<void> {
  verslag.kop(`Statistiek van ${DEMOSCHOOLJAAR}, in delen van de geplande tijd`)
  const rijen = await Promise.all(schooljaar.vestigingen.map(async ({ vestiging, naam, sector }) => {
    const { cellen: [totaal], volledigheid } = await bron.get<Statistiek>(`/v1/statistieken?vestiging=${vestiging}&periode=${DEMOSCHOOLJAAR}&leerjaar=`)
    if (totaal === undefined || volledigheid === null) return [vestiging, naam, sector, 'niet berekend']
    const { leerlingen, geplandeMinuten, gemisteMinuten, categorieen, banden } = totaal
    const aandeel = (minuten: number): string => formatAandeel(minuten, geplandeMinuten)
    return [
      vestiging,
      naam,
      sector,
      formatAantal(leerlingen),
      formatAantal(Math.round(geplandeMinuten / 60)),
      aandeel(gemisteMinuten),
      aandeel(categorieen.geoorloofd.minuten),
      aandeel(categorieen.ongeoorloofd.minuten),
      aandeel(categorieen.onverklaard.minuten),
      formatAantal(banden.tot20 + banden.vanaf20),
      formatAandeel(volledigheid.aangeleverd, volledigheid.lesdagen)
    ]
  }))
  verslag.tabel(['vestiging', 'naam', 'sector', 'leerlingen', 'uren gepland', 'gemist', 'geoorloofd', 'ongeoorloofd', 'onverklaard', '10 % of meer', 'volledig'], rijen, 3)
}

/** The leerling whose window at the end of the year was nearest to the drempel without reaching it. */
async function findBijna ({ bron, schooljaar }: Uitkomsten): Promise<{ leerling: string, school: string, resterend: number } | undefined> {
  const spijbelminuten = new Map<string, number>()
  for (const absentie of schooljaar.absenties.flatMap(({ absenties }) => absenties as Melding[])) {
    if (absentie.vestiging !== MARGEVESTIGING || absentie.reden !== 'SPIJ' || absentie.datum < '2026-06-22') continue
    spijbelminuten.set(absentie.leerling, (spijbelminuten.get(absentie.leerling) ?? 0) + (absentie.lesuren?.length ?? 6))
  }
  const kandidaten = [...spijbelminuten].sort((a, b) => b[1] - a[1] || compare(a[0], b[0])).slice(0, 12).map(([leerling]) => leerling)
  const school = MARGEVESTIGING.slice(0, 4)
  const marges = await Promise.all(kandidaten.map(async (leerling) => {
    const antwoord = await bron.get<Marges>(`/v1/leerlingen/demo-lvs/${leerling}/marges?school=${school}&peildatum=${MARGEDATUM}`)
    const marge = antwoord.marges.find(({ regel }) => regel === WETTELIJK)
    // Without a vroegsteDatum it can no longer come: the leerling will be 18.
    return { leerling, school, resterend: marge?.vroegsteDatum == null ? 0 : marge.resterendMinuten ?? 0 }
  }))
  return marges.filter(({ resterend }) => resterend > 0).sort((a, b) => a.resterend - b.resterend || compare(a.leerling, b.leerling))[0]
}

/** Three questions to copy, with a token for them. */
/** Three questions to put to the service: the one that stays up, or one started again on the same store. */
export async function showProbeer (uitkomsten: Uitkomsten, { dataDir, host, port }: Config, eenmalig: boolean): Promise<void> {
  const { bron, scholen, verslag } = uitkomsten
  const origin = eenmalig ? `http://${host}:${port}` : bron.origin
  const bijna = await findBijna(uitkomsten)
  const ask = 'curl -sw "\\n" -H "Authorization: Bearer $TOKEN"'
  verslag.kop(eenmalig ? `Probeer nu: start de dienst op deze opslag met DATA_DIR='${shortPath(dataDir)}' npm start, en in een andere terminal` : 'Probeer nu, in een andere terminal')
  verslag.line(`  export TOKEN=$(DATA_DIR='${shortPath(dataDir)}' npm run --silent token -- --bron demo-lvs --scholen ${scholen.join()} --scopes alle)`)
  verslag.line('  # Drie open signalen van school 99AA, met hun onderbouwing')
  verslag.line(`  ${ask} '${origin}/v1/signalen?school=99AA&status=open&limit=3'`)
  if (bijna !== undefined) {
    verslag.line(`  # Leerling ${bijna.leerling} was op ${formatDatum(MARGEDATUM)} nog ${bijna.resterend} minuten van een signaal af`)
    verslag.line(`  ${ask} '${origin}/v1/leerlingen/demo-lvs/${bijna.leerling}/marges?school=${bijna.school}&peildatum=${MARGEDATUM}'`)
  }
  verslag.line('  # Hetzelfde register over GraphQL')
  verslag.line(`  ${ask} -H 'Content-Type: application/json' ${origin}/graphql -d '${JSON.stringify({ query: GRAPHQL })}'`)
}

const GRAPHQL = '{ vestiging(code: "99AD00") { naam signalen(first: 2) { edges { node { regel einddatum minuten status leerlinggegevens { bronId woongemeente } } } } statistieken(periode: "2025-2026") { cellen { leerjaar leerlingen aandeelGemist } } } }'

/** Has the service build what OCW gets, one levering a school. */
export async function makeLeveringen ({ bron, scholen }: Uitkomsten): Promise<Levering[]> {
  const leveringen: Levering[] = []
  for (const school of scholen) leveringen.push(await bron.post<Levering>('/v1/leveringen', { ontvanger: 'ocw', school, periode: DEMOSCHOOLJAAR }))
  return leveringen
}

export function showLeveringen ({ verslag }: Uitkomsten, leveringen: readonly Levering[], map: string): void {
  verslag.kop(`Leveringen aan OCW over ${DEMOSCHOOLJAAR}, in ${shortPath(map)}`)
  // The JSON holds the moment it was made, so only the CSV has the same SHA-256 each time.
  verslag.tabel(['bestand', 'rijen', 'onderdrukte cellen', 'SHA-256'], leveringen.flatMap(({ bestanden, rijen, onderdrukteCellen }) =>
    bestanden.filter(({ naam }) => naam.endsWith('.csv')).map(({ naam, sha256 }) => [naam, formatAantal(rijen), formatAantal(onderdrukteCellen), sha256.slice(0, 12)])))
  verslag.line('  Naast elk CSV-bestand staan dezelfde cijfers als JSON, en een manifest.')
}
