import type { Indeling, Leveringregel } from '../domain/levering.ts'

/**
 * What the Minister of OCW gets for the preparation of policy (wetsvoorstel 36663): totals per vestiging with leerjaren, nobody in person.
 * The sector is left out: it follows from the vestigingscode in RIO, and we keep no history of it, so a rebuild could differ.
 */
export const INDELING_OCW: Indeling<keyof Leveringregel & string> = {
  naam: 'ocw-verzuim',
  versie: '2026.1',
  ontvanger: 'ocw',
  geldigVan: '2026-08-01',
  doel: 'De voorbereiding van beleid door de Minister van OCW.',
  bron: 'Wetsvoorstel 36663 (Wet terugdringen schoolverzuim), verstrekking van verzuimgegevens per school; nog geen amvb of programma van levering. Vorm naar de gewoonten van DUO-bestanden.',
  status: 'aangenomen-waarde',
  korrel: 'Een vestiging en een leerjaar, met de totalen van de vestiging en van de school.',
  toelichting: 'UTF-8 zonder byte order mark, puntkomma, decimale komma, regels eindigen op CRLF. <5: onderdrukt, omdat het over minder dan 5 leerlingen gaat of omdat zo\'n cijfer er anders uit te berekenen is. Leeg: onbekend.',
  kolommen: [
    { kop: 'BRIN', veld: 'school', soort: 'code', omschrijving: 'BRIN van de school.' },
    { kop: 'VESTIGINGSCODE', veld: 'vestiging', soort: 'code', omschrijving: 'Vestigingscode; TOTAAL is de som van de vestigingen: wie op twee vestigingen was ingeschreven telt daar twee keer.' },
    { kop: 'SCHOOLJAAR', veld: 'schooljaar', soort: 'code', omschrijving: 'Schooljaar van de eerste dag van de periode.' },
    { kop: 'PERIODE', veld: 'periode', soort: 'periode', omschrijving: 'Schooljaar (JJJJ-JJJJ), maand (JJJJMM) of ISO-week (JJJJ-Wnn).' },
    { kop: 'PERIODE_VAN', veld: 'periodeVan', soort: 'datum', omschrijving: 'Eerste dag van de periode.' },
    { kop: 'PERIODE_TOT_EN_MET', veld: 'periodeTotEnMet', soort: 'datum', omschrijving: 'Laatste getelde dag: het einde van de periode of de peildatum.' },
    { kop: 'LEERJAAR', veld: 'leerjaar', soort: 'code', omschrijving: 'Leerjaar; TOTAAL telt wie van leerjaar wisselde één keer.' },
    { kop: 'AANTAL_LEERLINGEN', veld: 'leerlingen', soort: 'aantal', omschrijving: 'Leerlingen die op ten minste één getelde lesdag waren ingeschreven.' },
    { kop: 'GEPLANDE_UREN', veld: 'geplandeUren', soort: 'uren', omschrijving: 'Geplande lestijd, in klokuren, voor zover bekend.' },
    { kop: 'UREN_GEOORLOOFD', veld: 'urenGeoorloofd', soort: 'uren', omschrijving: 'Gemiste klokuren, geoorloofd, voor zover bekend.' },
    { kop: 'UREN_ONGEOORLOOFD', veld: 'urenOngeoorloofd', soort: 'uren', omschrijving: 'Gemiste klokuren, ongeoorloofd, voor zover bekend.' },
    { kop: 'UREN_ONVERKLAARD', veld: 'urenOnverklaard', soort: 'uren', omschrijving: 'Gemiste klokuren waarvoor nog geen reden is gegeven.' },
    { kop: 'UREN_NIET_INGEDEELD', veld: 'urenNietIngedeeld', soort: 'uren', omschrijving: 'Gemiste klokuren met een reden die het beleid van de school niet kent.' },
    { kop: 'PERC_GEOORLOOFD', veld: 'percentageGeoorloofd', soort: 'percentage', omschrijving: 'Deel van de geplande lestijd; leeg als die van iemand onbekend is.' },
    { kop: 'PERC_ONGEOORLOOFD', veld: 'percentageOngeoorloofd', soort: 'percentage', omschrijving: 'Deel van de geplande lestijd; leeg als die van iemand onbekend is.' },
    { kop: 'AANTAL_LLN_GEOORLOOFD', veld: 'leerlingenGeoorloofd', soort: 'aantal', omschrijving: 'Leerlingen met ten minste één geoorloofde absentie.' },
    { kop: 'AANTAL_LLN_ONGEOORLOOFD', veld: 'leerlingenOngeoorloofd', soort: 'aantal', omschrijving: 'Leerlingen met ten minste één ongeoorloofde absentie.' },
    { kop: 'AANTAL_LLN_VANAF_10PERC', veld: 'leerlingenVanaf10Procent', soort: 'aantal', omschrijving: 'Leerlingen die 10 % of meer van hun geplande lestijd misten, in elke categorie.' },
    { kop: 'LESDAGEN', veld: 'lesdagen', soort: 'aantal', omschrijving: 'Getelde lesdagen; bij TOTAAL de som van de vestigingen met 5 leerlingen of meer.' },
    { kop: 'LESDAGEN_AANGELEVERD', veld: 'lesdagenAangeleverd', soort: 'aantal', omschrijving: 'Lesdagen die zijn aangeleverd: een bron verklaarde ze compleet of, als de school dat niet eist, er is ten minste één absentie van.' },
    { kop: 'VOLLEDIG', veld: 'volledig', soort: 'ja-nee', omschrijving: 'J: op elke lesdag is aangeleverd, elke reden is ingedeeld en elk rooster is bekend.' }
  ]
}
