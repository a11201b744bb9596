import type { Indeling } from '../domain/levering.ts'
import type { Gemeenteregel } from '../domain/ontvanger.ts'

/**
 * What burgemeester en wethouders get to see whether the Leerplichtwet is kept: of who lives in their gemeente, per vestiging. Geoorloofd verzuim,
 * leerjaren and hours are left out: supervision does not need them.
 */
export const INDELING_GEMEENTE: Indeling<keyof Gemeenteregel & string> = {
  naam: 'gemeente-verzuim',
  versie: '2026.1',
  ontvanger: 'gemeente',
  geldigVan: '2026-08-01',
  doel: 'Het toezicht van burgemeester en wethouders op de naleving van de Leerplichtwet 1969 door hun inwoners.',
  bron: 'Wetsvoorstel 36663 (Wet terugdringen schoolverzuim), verstrekking aan burgemeester en wethouders voor zover noodzakelijk voor het toezicht op de Leerplichtwet 1969; nog geen amvb of programma van levering. Vorm naar de gewoonten van DUO-bestanden.',
  status: 'aangenomen-waarde',
  korrel: 'Een vestiging, en het totaal van de school, over de leerplichtige leerlingen die op de laatste getelde dag in de gemeente woonden.',
  toelichting: 'UTF-8 zonder byte order mark, puntkomma, regels eindigen op CRLF. <5: onderdrukt, omdat het over minder dan 5 leerlingen gaat of omdat zo\'n cijfer er anders uit te berekenen is.',
  kolommen: [
    { kop: 'BRIN', veld: 'school', soort: 'code', omschrijving: 'BRIN van de school.' },
    { kop: 'VESTIGINGSCODE', veld: 'vestiging', soort: 'code', omschrijving: 'Vestigingscode; TOTAAL is de som van de vestigingen: wie op twee vestigingen was ingeschreven telt daar twee keer.' },
    { kop: 'GEMCODE', veld: 'gemeentecode', soort: 'code', omschrijving: 'CBS-code van de gemeente zoals zij op de laatste getelde dag bestond.' },
    { kop: 'SCHOOLJAAR', veld: 'schooljaar', soort: 'code', omschrijving: 'Schooljaar van de eerste dag van de periode.' },
    { kop: 'PERIODE', veld: 'periode', soort: 'periode', omschrijving: 'Schooljaar (JJJJ-JJJJ), maand (JJJJMM) of ISO-week (JJJJ-Wnn).' },
    { kop: 'PERIODE_VAN', veld: 'periodeVan', soort: 'datum', omschrijving: 'Eerste dag van de periode.' },
    { kop: 'PERIODE_TOT_EN_MET', veld: 'periodeTotEnMet', soort: 'datum', omschrijving: 'Laatste getelde dag: het einde van de periode of de peildatum.' },
    { kop: 'AANTAL_LEERPLICHTIG', veld: 'leerplichtigeLeerlingen', soort: 'aantal', omschrijving: 'Leerlingen die op ten minste één getelde lesdag waren ingeschreven en naar leeftijd leerplichtig of kwalificatieplichtig waren; vrijstellingen en startkwalificaties zijn niet gewogen.' },
    { kop: 'AANTAL_LLN_ONGEOORLOOFD', veld: 'leerlingenOngeoorloofd', soort: 'aantal', omschrijving: 'Daarvan met ten minste één ongeoorloofde absentie op zo\'n dag.' },
    { kop: 'AANTAL_LLN_16UUR', veld: 'leerlingenZestienUur', soort: 'aantal', omschrijving: 'Daarvan met een signaal van 16 uur in 4 lesweken dat in de periode eindigt.' },
    { kop: 'AANTAL_LLN_LANGDURIG', veld: 'leerlingenLangdurig', soort: 'aantal', omschrijving: 'Daarvan met een signaal van langdurig ongeoorloofd verzuim dat in de periode eindigt.' },
    { kop: 'AANTAL_LLN_LUXEVERZUIM', veld: 'leerlingenLuxeverzuim', soort: 'aantal', omschrijving: 'Daarvan met een signaal van luxeverzuim dat in de periode eindigt.' },
    { kop: 'LESDAGEN', veld: 'lesdagen', soort: 'aantal', omschrijving: 'Getelde lesdagen; bij TOTAAL de som van de vestigingen met 5 van deze leerlingen of meer.' },
    { kop: 'LESDAGEN_AANGELEVERD', veld: 'lesdagenAangeleverd', soort: 'aantal', omschrijving: 'Lesdagen die zijn aangeleverd: een bron verklaarde ze compleet of, als de school dat niet eist, er is ten minste één absentie van.' },
    { kop: 'VOLLEDIG', veld: 'volledig', soort: 'ja-nee', omschrijving: 'J: op elke lesdag is aangeleverd, en van deze leerlingen is elke reden ingedeeld en elk rooster bekend.' }
  ]
}
