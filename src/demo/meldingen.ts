import { formatAantal } from './tabel.ts'
import type { Simulator } from '../duosimulator/simulator.ts'
import type { Melding, Meldvoorstel } from '../meldingen/contract.ts'
import type { Verzender } from '../verzending/worker.ts'
import type { Uitkomsten } from './uitkomsten.ts'

/** The school of the demo that has a verzuimcoördinator at work. */
const MELDSCHOOL = '99AA'
/** So many signalen it reports; the others wait for people. */
const GEMELD = 5

interface Verkeer { readonly simulator: Simulator, readonly verzender: Verzender }

/** Reports some signalen to DUO as the simulator plays it, lets the gemeente take them up, withdraws one, and tells what came of it. */
export async function showMeldingen ({ bron, verslag }: Uitkomsten, { simulator, verzender }: Verkeer): Promise<void> {
  await bron.put(`/v1/scholen/${MELDSCHOOL}/meldgegevens`, { contactpersoon: 'A. Verzuimcoördinator', emailadres: 'verzuim@kantlijn.example', informeertBijMelding: true })
  const voorstellen = await bron.list<Meldvoorstel>(`/v1/meldvoorstellen?school=${MELDSCHOOL}`, 'meldvoorstellen')
  const compleet = voorstellen.filter(({ ontbreekt, soort }) => ontbreekt.length === 0 && soort !== null)
  const gemaakt: Melding[] = []
  for (const { signaal } of compleet.slice(-GEMELD)) gemaakt.push(await bron.post<Melding>('/v1/meldingen', { signaal }))
  await verzender.idle()
  for (const [at, { meldingsnummer }] of simulator.meldingen().entries()) simulator.setStatus(meldingsnummer, at % 3 === 2 ? 'K' : 'B')
  await verzender.peil()
  const [eerste] = gemaakt
  if (eerste !== undefined) await bron.post(`/v1/meldingen/${eerste.id}/intrekking`, { reden: 'verzuim-verklaard' })
  await verzender.idle()

  const meldingen = await bron.list<Melding>(`/v1/meldingen?school=${MELDSCHOOL}`, 'meldingen')
  verslag.kop(`Meldingen aan DUO, zoals een simulator haar speelt: ${formatAantal(voorstellen.length)} voorstellen van school ${MELDSCHOOL}, ${formatAantal(compleet.length)} compleet, ${formatAantal(meldingen.length)} gemeld`)
  verslag.tabel(['leerling', 'soort', 'van', 'tot en met', 'dagen', 'meldingsnummer', 'status'], meldingen.map(({ leerling, soort, begindatum, einddatum, dagen, meldingsnummer, status }) =>
    [leerling.bronId, soort, begindatum, einddatum ?? '', formatAantal(dagen.length), meldingsnummer ?? '', STATUS[status]]), 4)
}

const STATUS: Record<Melding['status'], string> = { W: 'wacht', R: 'geregistreerd', B: 'in behandeling', G: 'afgesloten', K: 'ter kennisgeving', I: 'ingetrokken' }
