import type { Indeling } from '../domain/levering.ts'
import type { Verbandregel } from '../domain/ontvanger.ts'

/**
 * What a samenwerkingsverband gets for its own task, support within its region: how much is missed and by how many, whatever the reason, of its
 * vestigingen. Nothing by where somebody lives, and geoorloofd verzuim only within the totals.
 */
export const INDELING_SAMENWERKINGSVERBAND: Indeling<keyof Verbandregel & string> = {
  naam: 'samenwerkingsverband-verzuim',
  versie: '2026.1',
  ontvanger: 'samenwerkingsverband',
  geldigVan: '2026-08-01',
  doel: 'De wettelijke taak van het samenwerkingsverband: een samenhangend geheel van ondersteuning, zodat elke leerling een passende plaats heeft.',
  bron: 'Wetsvoorstel 36663 (Wet terugdringen schoolverzuim), verstrekking aan het samenwerkingsverband voor zover noodzakelijk voor zijn wettelijke taak (WPO art. 18a, WVO 2020 art. 2.47); nog geen amvb of programma van levering. Vorm naar de gewoonten van DUO-bestanden.',
  status: 'aangenomen-waarde',
  korrel: 'Een vestiging van het samenwerkingsverband en een leerjaar, met de totalen van de vestiging en van die vestigingen samen.',
  toelichting: 'UTF-8 zonder byte order mark, puntkomma, decimale komma, regels eindigen op CRLF. <5: onderdrukt, omdat het over minder dan 5 leerlingen gaat of omdat zo\'n cijfer er anders uit te berekenen is. Leeg: onbekend.',
  kolommen: [
    { kop: 'BRIN', veld: 'school', soort: 'code', omschrijving: 'BRIN van de school.' },
    { kop: 'VESTIGINGSCODE', veld: 'vestiging', soort: 'code', omschrijving: 'Vestigingscode; TOTAAL is de som van de vestigingen van dit samenwerkingsverband: wie op twee vestigingen was ingeschreven telt daar twee keer.' },
    { kop: 'SAMENWERKINGSVERBAND', veld: 'samenwerkingsverband', soort: 'code', omschrijving: 'PO of VO en vier cijfers, zoals vastgelegd op het afkapmoment.' },
    { kop: 'SECTOR', veld: 'sector', soort: 'code', omschrijving: 'Sector van de vestiging op het afkapmoment: po, so, vso, vo of mbo.' },
    { kop: 'LEERJAAR', veld: 'leerjaar', soort: 'code', omschrijving: 'Leerjaar; TOTAAL telt wie van leerjaar wisselde één keer.' },
    { kop: 'SCHOOLJAAR', veld: 'schooljaar', soort: 'code', omschrijving: 'Schooljaar van de eerste dag van de periode.' },
    { kop: 'PERIODE', veld: 'periode', soort: 'periode', omschrijving: 'Schooljaar (JJJJ-JJJJ), maand (JJJJMM) of ISO-week (JJJJ-Wnn).' },
    { kop: 'PERIODE_VAN', veld: 'periodeVan', soort: 'datum', omschrijving: 'Eerste dag van de periode.' },
    { kop: 'PERIODE_TOT_EN_MET', veld: 'periodeTotEnMet', soort: 'datum', omschrijving: 'Laatste getelde dag: het einde van de periode of de peildatum.' },
    { kop: 'AANTAL_LEERLINGEN', veld: 'leerlingen', soort: 'aantal', omschrijving: 'Leerlingen die op ten minste één getelde lesdag waren ingeschreven.' },
    { kop: 'PERC_GEMIST', veld: 'percentageGemist', soort: 'percentage', omschrijving: 'Deel van de geplande lestijd dat werd gemist, in elke categorie; leeg als de geplande lestijd van iemand onbekend is.' },
    { kop: 'AANTAL_LLN_VANAF_10PERC', veld: 'leerlingenVanaf10Procent', soort: 'aantal', omschrijving: 'Leerlingen die 10 % of meer van hun geplande lestijd misten, in elke categorie.' },
    { kop: 'AANTAL_LLN_VANAF_20PERC', veld: 'leerlingenVanaf20Procent', soort: 'aantal', omschrijving: 'Daarvan 20 % of meer.' },
    { kop: 'AANTAL_LLN_LANGDURIG', veld: 'leerlingenLangdurig', soort: 'aantal', omschrijving: 'Leerlingen die in de periode een lesdag misten na meer dan 4 opeenvolgende lesweken waarvan zij alle lestijd misten, geoorloofd of niet.' },
    { kop: 'LESDAGEN', veld: 'lesdagen', soort: 'aantal', omschrijving: 'Getelde lesdagen; bij TOTAAL de som van de vestigingen met 5 leerlingen of meer.' },
    { kop: 'LESDAGEN_AANGELEVERD', veld: 'lesdagenAangeleverd', soort: 'aantal', omschrijving: 'Lesdagen die zijn aangeleverd: een bron verklaarde ze compleet of, als de school dat niet eist, er is ten minste één absentie van.' },
    { kop: 'VOLLEDIG', veld: 'volledig', soort: 'ja-nee', omschrijving: 'J: op elke lesdag is aangeleverd, elke reden is ingedeeld en elk rooster is bekend.' }
  ]
}
