import { MELDINGSPROFIELEN, checkVelden, listVelden, type Profielveld } from '../domain/meldingsprofiel.ts'
import { MELDEN, MUTATIES, MUTEREN, OPVRAGEN, PEILEN, VSV } from '../verzending/vsv.ts'
import { readRij, XmlFout, type Element, type Knoop } from '../verzending/xml.ts'
import type { Operatie } from '../domain/duobericht.ts'

/** What a school asks, read strictly; `fouten` are what is wrong with its fields, by name and never by value. */
export type Vraag =
  | { readonly vraag: 'melden', readonly brin: string, readonly gegevens: readonly Knoop[], readonly velden: Velden, readonly fouten: readonly string[] }
  | { readonly vraag: 'muteren' | 'intrekken', readonly brin: string, readonly meldingsnummer: string, readonly laatsteMutatie: string, readonly gegevens: readonly Knoop[], readonly velden: Velden, readonly fouten: readonly string[] }
  | { readonly vraag: 'peilen', readonly brin: string, readonly sinds: string }
  | { readonly vraag: 'opvragen', readonly brin: string, readonly meldingsnummer: string }

export type Velden = Readonly<Record<string, unknown>>

const PROFIEL = MELDINGSPROFIELEN.at(-1)!

/** Throws XmlFout for what is none of the four operations; faults in a melding itself are told, not thrown. */
export function readVraag (body: Element): Vraag {
  if (body.namespace !== VSV) throw new XmlFout('een andere namespace')
  const melding = body.kinderen.at(-1)
  switch (body.naam) {
    case MELDEN: {
      readOnly(body, 1)
      return { vraag: 'melden', ...readMelding(melding, 'melden') }
    }
    case MUTEREN: {
      readOnly(body, 4)
      const { meldingsnummer, laatsteMutatie, mutatie } = readRij({ ...body, kinderen: body.kinderen.slice(0, -1) }, ['meldingsnummer', 'laatsteMutatie', 'mutatie'])
      const vraag = mutatie === MUTATIES.muteren ? 'muteren' : mutatie === MUTATIES.intrekken ? 'intrekken' : undefined
      if (vraag === undefined) throw new XmlFout('een onbekende mutatie')
      return { vraag, meldingsnummer: meldingsnummer!, laatsteMutatie: laatsteMutatie!, ...readMelding(melding, vraag) }
    }
    case PEILEN: {
      readOnly(body, 1)
      const { brin, beginSelectie } = readRij(melding!, ['brin', 'beginSelectie'])
      if (melding!.naam !== 'DC0010' || Number.isNaN(Date.parse(beginSelectie!))) throw new XmlFout('geen DC0010')
      return { vraag: 'peilen', brin: brin!, sinds: beginSelectie! }
    }
    case OPVRAGEN: {
      const { brin, meldingsnummer } = readRij(body, ['brin', 'meldingsnummer'])
      return { vraag: 'opvragen', brin: brin!, meldingsnummer: meldingsnummer! }
    }
    default: throw new XmlFout('een onbekende operatie')
  }
}

function readOnly (body: Element, aantal: number): void {
  if (body.kinderen.length !== aantal) throw new XmlFout(`niet ${aantal} elementen in ${body.naam}`)
}

function readMelding (element: Element | undefined, operatie: Operatie): { brin: string, gegevens: Knoop[], velden: Velden, fouten: string[] } {
  if (element?.naam !== 'melding' || element.namespace !== VSV) throw new XmlFout('geen melding')
  const lijst = listVelden(PROFIEL, operatie)
  const velden = Object.fromEntries(element.kinderen.map((kind) => [kind.naam, readWaarde(lijst.find(({ naam }) => naam === kind.naam), kind)]))
  const volgorde = lijst.map(({ naam }) => naam).filter((naam) => naam in velden)
  const fouten = checkVelden(PROFIEL, operatie, velden).map(({ veld, code }) => `${veld} ${code}`)
  // Each once and in order; a name that is not on the list was told already.
  if (fouten.length === 0 && element.kinderen.map(({ naam }) => naam).join() !== volgorde.join()) fouten.push('volgorde')
  return { brin: String(velden['brin'] ?? ''), gegevens: element.kinderen.map(toKnoop), velden, fouten }
}

/** A value of another form stays text, which no other form accepts. */
function readWaarde (veld: Profielveld | undefined, element: Element): unknown {
  const { tekst } = element
  switch (veld?.vorm) {
    case 'getal': return /^[0-9]+$/.test(tekst) ? Number(tekst) : tekst
    case 'ja-nee': return readJaNee(tekst)
    case 'dagen': return element.kinderen.map(readDag)
    default: return tekst
  }
}

function readDag (dag: Element): unknown {
  const [datum, heleDag, ...lesuren] = dag.kinderen
  if (dag.naam !== 'dag' || datum?.naam !== 'datum' || heleDag?.naam !== 'heleDag' || lesuren.some(({ naam }) => naam !== 'lesuur')) return 'geen dag'
  return { datum: datum.tekst, heleDag: readJaNee(heleDag.tekst), lesuren: lesuren.map(({ tekst }) => /^[0-9]+$/.test(tekst) ? Number(tekst) : tekst) }
}

function readJaNee (tekst: string): boolean | string {
  return tekst === 'true' ? true : tekst === 'false' ? false : tekst
}

function toKnoop ({ naam, kinderen, tekst }: Element): Knoop {
  return [`vsv:${naam}`, kinderen.length > 0 ? kinderen.map(toKnoop) : tekst]
}
