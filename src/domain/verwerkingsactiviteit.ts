/** The register of AVG art. 30, as data: what we do with persons, why, and on what ground. The school is the controller; we are its processor. */
export interface Verwerkingsactiviteit {
  readonly naam: string
  readonly doel: string
  /** With the article it rests on. */
  readonly grondslag: string
  readonly gegevens: readonly string[]
  readonly betrokkenen: readonly string[]
  /** Of the data themselves; the log of the activity has a term of its own. */
  readonly bewaartermijn: string
  readonly ontvangers: readonly string[]
}

const WETTELIJK = 'Wettelijke verplichting (AVG art. 6 lid 1 onder c): het bijhouden en melden van verzuim (Leerplichtwet 1969 art. 21 en 21a; WPO, WEC, WVO 2020 en WEB over de registratie van deelnemers).'
const TAAK = 'Taak van algemeen belang (AVG art. 6 lid 1 onder e): zorg voor aanwezigheid en tijdige begeleiding door de school.'
const BETROKKENE = 'Wettelijke verplichting (AVG art. 6 lid 1 onder c): de rechten van de betrokkene (AVG art. 12 tot en met 22; UAVG art. 5).'
const OVERDRACHT = 'Wettelijke verplichting (AVG art. 6 lid 1 onder c): het onderwijskundig rapport (WPO art. 42; WEC art. 43), en bij andere overstappen leer- en begeleidingsgegevens (Besluit uitwisseling leer- en begeleidingsgegevens, Stb. 2012, 234, ook op grond van WVO art. 103b en WEB art. 2.3.6a en 2.5.5a).'
const BEWARING = 'Wettelijke verplichting (AVG art. 6 lid 1 onder c): opslagbeperking en wissing (AVG art. 5 lid 1 onder e en art. 17).'
const DOSSIER = 'Vijf jaar na uitschrijving.'
const SCHOOL = 'de school'

export const VERWERKINGSACTIVITEITEN = {
  'stamgegevens:lezen': {
    naam: 'Gegevens van leerlingen lezen',
    doel: 'Weten welke leerling waar is ingeschreven, om aanwezigheid te kunnen vaststellen.',
    grondslag: WETTELIJK,
    gegevens: ['sleutel van de bron', 'geboortedatum', 'inschrijvingen', 'woongemeente', 'aanwezigheid van een persoonsgebonden nummer'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'stamgegevens:schrijven': {
    naam: 'Gegevens van leerlingen vastleggen',
    doel: 'Inschrijvingen en vrijstellingen bijhouden zoals de school ze aanlevert.',
    grondslag: WETTELIJK,
    gegevens: ['sleutel van de bron', 'geboortedatum', 'inschrijvingen', 'vrijstellingen', 'woongemeente', 'persoonsgebonden nummer (versleuteld)'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'stamgegevens:zoeken': {
    naam: 'Een leerling zoeken op nummer',
    doel: 'De leerling vinden die bij een persoonsgebonden nummer hoort.',
    grondslag: WETTELIJK,
    gegevens: ['persoonsgebonden nummer', 'sleutel van de bron', 'geboortedatum', 'inschrijvingen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'absenties:lezen': {
    naam: 'Absenties en afmeldingen lezen',
    doel: 'Zien wie er was en wie niet, om de leerling te begeleiden en verzuim te beoordelen.',
    grondslag: WETTELIJK,
    gegevens: ['absenties met reden en minuten', 'afmeldingen', 'geschiedenis daarvan'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'absenties:schrijven': {
    naam: 'Absenties en afmeldingen vastleggen',
    doel: 'Bijhouden wie er was en wie niet, met indeling volgens het verzuimbeleid van de dag.',
    grondslag: WETTELIJK,
    gegevens: ['absenties met reden en minuten', 'afmeldingen', 'indeling in categorie'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'signalen:evalueren': {
    naam: 'Signalen berekenen',
    doel: 'Tijdig zien dat een leerling een grens van de wet of van het verzuimbeleid bereikt.',
    grondslag: WETTELIJK,
    gegevens: ['absenties', 'inschrijvingen', 'leeftijd', 'vrijstellingen', 'signalen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'signalen:lezen': {
    naam: 'Signalen, marges en uitzonderingen lezen',
    doel: 'Weten voor welke leerling iets nodig is, en waar dat op berust.',
    grondslag: TAAK,
    gegevens: ['signalen met onderbouwing', 'marges', 'beoordelingen', 'uitzonderingen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'signalen:beoordelen': {
    naam: 'Signalen beoordelen',
    doel: 'Besluiten of er gemeld wordt, rust of een uitzondering vastleggen.',
    grondslag: WETTELIJK,
    gegevens: ['signalen', 'beoordelingen', 'rust', 'uitzonderingen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'statistieken:tellen': {
    naam: 'Verzuim van een school tellen',
    doel: 'Weten hoeveel er wordt verzuimd, per vestiging, periode en leerjaar; de uitkomst zijn aantallen en noemt niemand.',
    grondslag: WETTELIJK,
    gegevens: ['inschrijvingen', 'absenties', 'signalen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: 'De tellingen bevatten alleen aantallen en blijven zolang de school ze gebruikt.',
    ontvangers: [SCHOOL]
  },
  'beleid:proefberekenen': {
    naam: 'Beleid op het verleden proberen',
    doel: 'Zien wat een verzuimbeleid zou doen voordat de school het vaststelt; de uitkomst noemt niemand.',
    grondslag: TAAK,
    gegevens: ['absenties', 'inschrijvingen', 'leeftijd', 'vrijstellingen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: 'Wordt niet bewaard.',
    ontvangers: [SCHOOL]
  },
  'meldingen:lezen': {
    naam: 'Verzuimmeldingen lezen',
    doel: 'Zien wat er gemeld is en hoe het ermee staat.',
    grondslag: WETTELIJK,
    gegevens: ['meldingen', 'status en geschiedenis daarvan'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'meldingen:schrijven': {
    naam: 'Verzuim melden',
    doel: 'Verzuim melden bij DUO, en wijzigen of intrekken wat gemeld is.',
    grondslag: WETTELIJK,
    gegevens: ['persoonsgebonden nummer', 'verzuimsoort', 'verzuimdagen', 'gegevens van de melding'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL, 'DUO', 'de gemeente van de leerling']
  },
  'meldingen:verzenden': {
    naam: 'Verzuimmeldingen verzenden',
    doel: 'Een melding bij DUO afleveren, namens de school.',
    grondslag: WETTELIJK,
    gegevens: ['persoonsgebonden nummer', 'verzuimsoort', 'verzuimdagen', 'gegevens van de melding'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: ['DUO', 'de gemeente van de leerling']
  },
  'meldingen:peilen': {
    naam: 'Verzuimmeldingen volgen',
    doel: 'Ophalen wat DUO en de gemeente met een melding deden.',
    grondslag: WETTELIJK,
    gegevens: ['meldingsnummer', 'status van de melding'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'leveringen:schrijven': {
    naam: 'Leveringen tellen',
    doel: 'Aantallen leerlingen met verzuim tellen voor OCW, gemeente en samenwerkingsverband; de levering noemt niemand.',
    grondslag: WETTELIJK,
    gegevens: ['woongemeente', 'geboortedatum', 'inschrijvingen', 'absenties', 'wettelijke signalen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: 'De levering bevat alleen aantallen en wordt bewaard zolang zij moet kunnen worden herbouwd.',
    ontvangers: ['OCW, de gemeente van de leerling en het samenwerkingsverband, alleen aantallen van 5 of meer']
  },
  'leveringen:lezen': {
    naam: 'Onbestelbare woongemeenten tellen',
    doel: 'Zien van hoeveel leerlingen geen gemeente bekend is, en een levering nabouwen om haar te controleren; de uitkomst noemt niemand.',
    grondslag: WETTELIJK,
    gegevens: ['woongemeente', 'geboortedatum', 'inschrijvingen', 'absenties', 'wettelijke signalen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: 'Wordt niet bewaard.',
    ontvangers: [SCHOOL]
  },
  'verzoeken:lezen': {
    naam: 'Verzoeken van betrokkenen lezen',
    doel: 'Zien welk verzoek er ligt, wanneer het beantwoord moet zijn en wat ermee is gedaan.',
    grondslag: BETROKKENE,
    gegevens: ['verzoeken met termijn en uitkomst', 'beperkingen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'verzoeken:schrijven': {
    naam: 'Verzoeken van betrokkenen behandelen',
    doel: 'Een verzoek vastleggen, beantwoorden en uitvoeren.',
    grondslag: BETROKKENE,
    gegevens: ['verzoeken met termijn en uitkomst', 'beperkingen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'verzoeken:inzage': {
    naam: 'Inzage geven',
    doel: 'De leerling of zijn ouders alles geven wat over de leerling is vastgelegd.',
    grondslag: BETROKKENE,
    gegevens: ['alles wat over de leerling is vastgelegd', 'persoonsgebonden nummer, alleen bij een verzoek'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: 'Het overzicht zelf wordt niet bewaard.',
    ontvangers: [SCHOOL, 'de leerling en zijn ouders, door de school']
  },
  'overdrachten:schrijven': {
    naam: 'Verzuim aan een andere school overdragen',
    doel: 'De volgende school totalen van het verzuim meegeven, zonder de absenties zelf.',
    grondslag: OVERDRACHT,
    gegevens: ['totalen van absenties per schooljaar', 'aantal open signalen', 'zoeksleutel van het persoonsgebonden nummer'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: ['de school waar de leerling heen gaat']
  },
  'overdrachten:lezen': {
    naam: 'Overgedragen verzuim lezen',
    doel: 'Weten wat de vorige school aan totalen van het verzuim meegaf, om de leerling goed te beginnen.',
    grondslag: OVERDRACHT,
    gegevens: ['totalen van absenties per schooljaar', 'aantal open signalen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'toegang:schrijven': {
    naam: 'Vastleggen wie een leerling mag zien',
    doel: 'Alleen wie een leerling begeleidt, zijn ouders en hijzelf laten zien wat over hem is vastgelegd.',
    grondslag: 'Wettelijke verplichting (AVG art. 6 lid 1 onder c): passende beveiliging (AVG art. 25 en 32).',
    gegevens: ['groepen met begeleiders en leden', 'wie ouder is, met gezag en blokkades', 'toestemmingen van leerlingen van 18 jaar en ouder'],
    betrokkenen: ['leerlingen', 'ouders', 'medewerkers'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'toegang:lezen': {
    naam: 'Lezen wie een leerling mag zien',
    doel: 'Nagaan en uitleggen wie toegang heeft tot gegevens van een leerling, en waarom.',
    grondslag: 'Wettelijke verplichting (AVG art. 6 lid 1 onder c): passende beveiliging en verantwoording (AVG art. 5 lid 2, art. 25 en 32).',
    gegevens: ['groepen met begeleiders en leden', 'wie ouder is, met gezag en blokkades', 'toestemmingen'],
    betrokkenen: ['leerlingen', 'ouders', 'medewerkers'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'bewaring:lezen': {
    naam: 'Zien wat er vernietigd gaat worden',
    doel: 'Weten van wie de bewaartermijn verstrijkt, en wat wordt vastgehouden.',
    grondslag: BEWARING,
    gegevens: ['sleutel van de bron', 'dag van uitschrijving', 'vasthoudingen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'bewaring:schrijven': {
    naam: 'Gegevens vasthouden',
    doel: 'Voorkomen dat wordt vernietigd wat voor een procedure, onderzoek of klacht nodig is.',
    grondslag: BEWARING,
    gegevens: ['sleutel van de bron', 'vasthoudingen'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: DOSSIER,
    ontvangers: [SCHOOL]
  },
  'bewaring:vernietigen': {
    naam: 'Gegevens vernietigen',
    doel: 'Gegevens niet langer bewaren dan nodig, of wissen omdat de betrokkene daar recht op heeft.',
    grondslag: BEWARING,
    gegevens: ['alles wat over de leerling is vastgelegd'],
    betrokkenen: ['leerlingen'],
    bewaartermijn: 'Van de vernietiging blijft hoeveel er weg is, en een pseudoniem dat alleen deze dienst kan maken.',
    ontvangers: [SCHOOL]
  },
  'verwerkingen:lezen': {
    naam: 'Verwerkingen van een leerling lezen',
    doel: 'Laten zien wie gegevens van een leerling heeft verwerkt, waarvoor en met welk recht.',
    grondslag: 'Wettelijke verplichting (AVG art. 6 lid 1 onder c): inzage en verantwoording (AVG art. 5 lid 2 en art. 15).',
    gegevens: ['verwerkingen: wie, wanneer, welke activiteit'],
    betrokkenen: ['leerlingen', 'medewerkers'],
    bewaartermijn: 'Drie jaar na de verwerking.',
    ontvangers: [SCHOOL, 'de leerling en zijn ouders, door de school']
  }
} as const satisfies Record<string, Verwerkingsactiviteit>

export type Activiteit = keyof typeof VERWERKINGSACTIVITEITEN

/** The same text for as long as the activity means the same: processing_activity_id of the Logboek Dataverwerkingen. */
export function activiteitUri (activiteit: string): string {
  return `urn:aanwezig:verwerkingsactiviteit:${activiteit}`
}

/** The activity of a row; one that an older version knew is shown by its code alone. */
export function findActiviteit (activiteit: string): Verwerkingsactiviteit | undefined {
  return (VERWERKINGSACTIVITEITEN as Readonly<Record<string, Verwerkingsactiviteit>>)[activiteit]
}
