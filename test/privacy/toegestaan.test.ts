import { readFileSync } from 'node:fs'
import { buildSchema, isInterfaceType, isObjectType } from 'graphql'
import t from 'tap'
import { z } from 'zod'
import { MELDINGSPROFIELEN } from '../../src/domain/meldingsprofiel.ts'
import { INDELINGEN, Leveringbestand, Manifest } from '../../src/duo/contract.ts'
import { Overdrachtinhoud } from '../../src/overdrachten/contract.ts'
import { buildRequest, buildSpans } from '../../src/verwerkingen/otlp.ts'

// What may leave the service in answers to a graph and in files for others, field by field. A new field fails here: whoever adds it decides, by
// adding it, that it may be told.

const GRAAF: Readonly<Record<string, string>> = {
  Query: 'school vestiging leerling node',
  Node: 'id',
  PageInfo: 'hasNextPage hasPreviousPage startCursor endCursor',
  School: 'id brin vestigingen leerlingen absenties signalen statistieken',
  Vestiging: 'id code school naam sector regio gemeentecode samenwerkingsverband lesuurMinuten leerlingen absenties signalen statistieken',
  Leerling: 'id bron bronId school geboortedatum persoonsgebondenNummerBekend woongemeente beperkt inschrijvingen absenties signalen statistieken',
  Inschrijving: 'vestiging van tot leerjaar rooster',
  Leerlingsleutel: 'bron bronId',
  Absentie: 'id bron bronId school vestiging leerling datum soort reden categorie minuten minutenAfgeleid lesuren dagdeel overtroefdDoor afmelding beperkt gewijzigdOp leerlinggegevens',
  Signaal: 'id regel school leerling begindatum einddatum aard eenheid gemeten drempel minuten drempelMinuten uiterlijkMelden uiterlijkAfhandelen beperkt status redenVervallen voorstel rustTot beleidsversie onderbouwing aangemaaktOp bijgewerktOp leerlinggegevens',
  Onderbouwingsregel: 'bron bronId datum minuten',
  Statistiek: 'vestiging periode berekend van totEnMet volledigheid cellen',
  Volledigheid: 'lesdagen aangeleverd',
  Statistiekcel: 'leerjaar leerlingen geplandeMinuten zonderRooster gemisteMinuten aandeelGemist categorieen banden verzuimperioden signalen',
  Categoriecijfers: 'categorie minuten onbekend registraties leerlingen',
  Verzuimbanden: 'tot5 tot10 tot20 vanaf20',
  Signaalaantal: 'regel aantal',
  Leerlingstatistiek: 'vestiging periode van totEnMet geplandeMinuten zonderRooster gemisteMinuten aandeelGemist verzuimperioden categorieen',
  Leerlingcategoriecijfers: 'categorie minuten onbekend registraties',
  ...Object.fromEntries(['Vestiging', 'Leerling', 'Absentie', 'Signaal'].flatMap((naam) => [[`${naam}Connection`, 'edges pageInfo'], [`${naam}Edge`, 'cursor node']]))
}

const KOLOMMEN: Readonly<Record<string, string>> = {
  'ocw-verzuim 2026.1': 'BRIN VESTIGINGSCODE SCHOOLJAAR PERIODE PERIODE_VAN PERIODE_TOT_EN_MET LEERJAAR AANTAL_LEERLINGEN GEPLANDE_UREN UREN_GEOORLOOFD UREN_ONGEOORLOOFD UREN_ONVERKLAARD UREN_NIET_INGEDEELD PERC_GEOORLOOFD PERC_ONGEOORLOOFD AANTAL_LLN_GEOORLOOFD AANTAL_LLN_ONGEOORLOOFD AANTAL_LLN_VANAF_10PERC LESDAGEN LESDAGEN_AANGELEVERD VOLLEDIG',
  'gemeente-verzuim 2026.1': 'BRIN VESTIGINGSCODE GEMCODE SCHOOLJAAR PERIODE PERIODE_VAN PERIODE_TOT_EN_MET AANTAL_LEERPLICHTIG AANTAL_LLN_ONGEOORLOOFD AANTAL_LLN_16UUR AANTAL_LLN_LANGDURIG AANTAL_LLN_LUXEVERZUIM LESDAGEN LESDAGEN_AANGELEVERD VOLLEDIG',
  'samenwerkingsverband-verzuim 2026.1': 'BRIN VESTIGINGSCODE SAMENWERKINGSVERBAND SECTOR LEERJAAR SCHOOLJAAR PERIODE PERIODE_VAN PERIODE_TOT_EN_MET AANTAL_LEERLINGEN PERC_GEMIST AANTAL_LLN_VANAF_10PERC AANTAL_LLN_VANAF_20PERC AANTAL_LLN_LANGDURIG LESDAGEN LESDAGEN_AANGELEVERD VOLLEDIG'
}
const BESTAND = 'indeling indeling.naam indeling.versie ontvanger school periode afkapmoment k regels'
const MANIFEST = 'levering gemaaktOp ontvanger school gemeentecode samenwerkingsverband periode revisie vervangt reden watVeranderde watVeranderde.rijenErbij watVeranderde.rijenWeg watVeranderde.rijenGewijzigd watVeranderde.kolommen periodeVan periodeTotEnMet afkapmoment peildatum indeling indeling.naam indeling.versie indeling.bron indeling.status indeling.toelichting engineversie invoerSha256 standVanNu kalenders kalenders.vestiging kalenders.schooljaar kalenders.versie beleidsversies bronafspraken volledigheid volledigheid.lesdagen volledigheid.aangeleverd k rijen onderdrukteCellen toets toets.gevoelig toets.vindbaar toets.achtergehouden toets.eerdereLeveringen bestanden bestanden.naam bestanden.mediatype bestanden.bytes bestanden.sha256'
const BERICHT = 'burgerservicenummer onderwijsnummer gemeentecode brin vestiging soortOnderwijs leerjaar niveau opleidingsnaam leerweg vorm soort begindatum einddatum alleLessenGemist dagenGespecificeerd dagen vermoedelijkeReden toelichting actieOndernemen toelichtingActieGewenst toelichtingOndernomenActie contactpersoon functie emailadres netnummer abonneenummer ccEmail'
const TOTAAL = ['minuten', 'dagen', 'registraties', 'zonderMinuten']
const OVERDRACHT = ['vorm overdracht vanSchool naarSchool datum schooljaren schooljaren.schooljaar', ...listTotalen('schooljaren.'), 'schooljaren.teLaat laatsteTwaalfMaanden laatsteTwaalfMaanden.van laatsteTwaalfMaanden.tot', ...listTotalen('laatsteTwaalfMaanden.'), 'laatsteTwaalfMaanden.frequentieOngeoorloofd laatsteTwaalfMaanden.meerDan25Procent openSignalen'].join(' ')

function listTotalen (pad: string): string[] {
  return ['geoorloofd', 'ongeoorloofd'].flatMap((categorie) => [`${pad}${categorie}`, ...TOTAAL.map((maat) => `${pad}${categorie}.${maat}`)])
}

/** Every key of what a schema lets out, with those below it. */
function * listSleutels (schema: z.core.$ZodType, pad = ''): Generator<string> {
  const { def } = schema._zod as unknown as { def: { shape?: Record<string, z.core.$ZodType>, element?: z.core.$ZodType, innerType?: z.core.$ZodType } }
  for (const [naam, deel] of Object.entries(def.shape ?? {})) {
    yield `${pad}${naam}`
    yield * listSleutels(deel, `${pad}${naam}.`)
  }
  for (const deel of [def.element, def.innerType]) if (deel !== undefined) yield * listSleutels(deel, pad)
}
const sleutels = (schema: z.core.$ZodType): string => [...listSleutels(schema)].join(' ')

t.test('the graph tells what is on the list, and no more', async (t) => {
  const types = Object.values(buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')).getTypeMap())
  const velden = types.flatMap((type) => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__') ? [[type.name, Object.keys(type.getFields()).join(' ')] as const] : [])
  t.strictSame(Object.fromEntries(velden), GRAAF)
})

t.test('what goes to others holds what is on the list, and no more', async (t) => {
  t.strictSame(Object.fromEntries(INDELINGEN.map(({ naam, versie, kolommen }) => [`${naam} ${versie}`, kolommen.map(({ kop }) => kop).join(' ')])), KOLOMMEN, 'the columns of a levering')
  const kolommen = new Set(INDELINGEN.flatMap((indeling) => indeling.kolommen.map(({ veld }) => `regels.${veld}`)))
  for (const vorm of Leveringbestand.options) t.equal([...listSleutels(vorm)].filter((veld) => !kolommen.has(veld.replace(/\.(waarde|onderdrukt)$/, ''))).join(' '), BESTAND, 'a levering as JSON: beside its columns')
  t.equal(sleutels(Manifest), MANIFEST, 'its manifest')
  t.strictSame(MELDINGSPROFIELEN.map(({ velden }) => velden.map(({ naam }) => naam).join(' ')), [BERICHT], 'a melding at DUO')
  t.equal(sleutels(Overdrachtinhoud), OVERDRACHT, 'what the next school gets')

  const rij = { school: '99AA', verwerking: '00000000-0000-4000-8000-000000000000', activiteit: 'absenties:lezen', actor: 'kanarie', toepassing: 'lvs', rol: 'kanarie', doelbinding: 'kanarie', traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), ouderSpan: null, sleutel: 1, betrokkenen: Buffer.alloc(32), tijdstip: '2026-03-09T09:00:00.000000Z' }
  const uitvoer = JSON.stringify(buildRequest('99AA', [...buildSpans(rij)]))
  t.strictSame([...new Set([...uitvoer.matchAll(/"key":"([^"]+)"/g)].map(([, naam]) => naam))].sort(), ['dpl.core.data_subject_id', 'dpl.core.data_subject_id_type', 'dpl.core.foreign_operation.processor', 'dpl.core.processing_activity_id', 'service.name', 'service.namespace'], 'the attributes of the processing log')
  t.notMatch(uitvoer, /kanarie/, 'and none of who acted')
})
