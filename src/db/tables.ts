import { bigint, boolean, customType, date, integer, jsonb, pgEnum, pgTable, smallint, text, timestamp, uuid } from './drizzle.ts'
import { CATEGORIEEN, DAGDELEN, SOORTEN } from '../domain/absentie.ts'
import { VERKLARINGSVORMEN } from '../domain/bronafspraak.ts'
import { LEVERINGSTATUSSEN, ONTVANGERS } from '../domain/levering.ts'
import { PERIODESOORTEN } from '../domain/ontvanger.ts'
import { SECTOREN } from '../domain/sector.ts'
import { DIENSTEN } from '../domain/mandaat.ts'
import { MELDINGSOORTEN, MELDINGSTATUSSEN, OPERATIES, UITZENDSTATUSSEN } from '../domain/melding.ts'
import { AARDEN } from '../domain/regel.ts'
import { SIGNAALSTATUSSEN } from '../domain/signaal.ts'
import { NAMENS, VERZOEKSOORTEN, VERZOEKSTATUSSEN } from '../domain/verzoek.ts'

// A mirror of migrations/*.sql, which are the truth; test/db/schema.test.ts compares every column, type and enum with a migrated database.

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' })
const instant = (column: string) => timestamp(column, { withTimezone: true })
const day = (column: string) => date(column, { mode: 'string' })

export const sector = pgEnum('sector', SECTOREN)
export const regio = pgEnum('regio', ['noord', 'midden', 'zuid'])
export const absentiesoort = pgEnum('absentiesoort', SOORTEN)
export const dagdeel = pgEnum('dagdeel', DAGDELEN)
export const categorie = pgEnum('categorie', CATEGORIEEN)
export const beleidsstatus = pgEnum('beleidsstatus', ['concept', 'vastgesteld', 'vervangen'])
export const signaalstatus = pgEnum('signaalstatus', SIGNAALSTATUSSEN)
export const signaalaard = pgEnum('signaalaard', AARDEN)
export const ontvanger = pgEnum('ontvanger', ONTVANGERS)
export const leveringstatus = pgEnum('leveringstatus', LEVERINGSTATUSSEN)
export const periodesoort = pgEnum('periodesoort', PERIODESOORTEN)
export const verklaringsvorm = pgEnum('verklaringsvorm', VERKLARINGSVORMEN)
export const meldingsoort = pgEnum('meldingsoort', MELDINGSOORTEN)
export const meldingstatus = pgEnum('meldingstatus', MELDINGSTATUSSEN)
export const meldinggrond = pgEnum('meldinggrond', ['wettelijk', 'zorgelijk', 'handmatig'])
export const operatie = pgEnum('operatie', OPERATIES)
export const uitzendstatus = pgEnum('uitzendstatus', UITZENDSTATUSSEN)
export const mandaatdienst = pgEnum('mandaatdienst', DIENSTEN)
export const verzoeksoort = pgEnum('verzoeksoort', VERZOEKSOORTEN)
export const verzoekstatus = pgEnum('verzoekstatus', VERZOEKSTATUSSEN)
export const namens = pgEnum('namens', NAMENS)

export const school = pgTable('school', {
  school: text().notNull(),
  stamversie: bigint({ mode: 'number' }).notNull(),
  aangemaaktOp: instant('aangemaakt_op').notNull(),
  leerlingversie: bigint({ mode: 'number' }).notNull()
})

export const vestiging = pgTable('vestiging', {
  school: text().notNull(),
  vestiging: text().notNull(),
  naam: text().notNull(),
  sector: sector().notNull(),
  regio: regio().notNull(),
  gemeentecode: text().notNull(),
  samenwerkingsverband: text(),
  lesuurMinuten: smallint('lesuur_minuten').notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
})

export const vestigingVersie = pgTable('vestiging_versie', {
  school: text().notNull(),
  vestiging: text().notNull(),
  naam: text().notNull(),
  sector: sector().notNull(),
  regio: regio().notNull(),
  gemeentecode: text().notNull(),
  samenwerkingsverband: text(),
  lesuurMinuten: smallint('lesuur_minuten').notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  vervangenOp: instant('vervangen_op').notNull()
})

export const leerlingVersie = pgTable('leerling_versie', {
  school: text().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  geboortedatum: day('geboortedatum').notNull(),
  woongemeente: text(),
  woontSinds: day('woont_sinds').notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
})

export const kalender = pgTable('kalender', {
  school: text().notNull(),
  vestiging: text().notNull(),
  schooljaar: text().notNull(),
  lesdagen: smallint().array().notNull(),
  lesvrij: jsonb().notNull(),
  versie: integer().notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  vervangenOp: instant('vervangen_op').notNull()
})

export const beleidsversie = pgTable('beleidsversie', {
  school: text().notNull(),
  versie: integer().notNull(),
  status: beleidsstatus().notNull(),
  geldigVan: day('geldig_van').notNull(),
  geldigTot: day('geldig_tot'),
  inhoud: jsonb().notNull(),
  aangemaaktOp: instant('aangemaakt_op').notNull(),
  vastgesteldOp: instant('vastgesteld_op'),
  vastgesteldDoor: text('vastgesteld_door')
})

export const leerling = pgTable('leerling', {
  school: text().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  geboortedatum: day('geboortedatum').notNull(),
  pgnSoort: text('pgn_soort'),
  pgnVersleuteld: bytea('pgn_versleuteld'),
  pgnZoek: bytea('pgn_zoek'),
  woongemeente: text(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
})

const inschrijvingskolommen = {
  school: text().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  vestiging: text().notNull(),
  van: day('van').notNull(),
  tot: day('tot'),
  leerjaar: smallint().notNull(),
  minutenPerWeek: smallint('minuten_per_week'),
  rooster: smallint().array(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
}
export const inschrijving = pgTable('inschrijving', inschrijvingskolommen)
export const inschrijvingVersie = pgTable('inschrijving_versie', { ...inschrijvingskolommen, vervangenOp: instant('vervangen_op').notNull() })

export const vrijstelling = pgTable('vrijstelling', {
  school: text().notNull(),
  bron: text().notNull(),
  vrijstelling: text().notNull(),
  leerling: text().notNull(),
  grondslag: text().notNull(),
  van: day('van').notNull(),
  tot: day('tot').notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
})

const absentiekolommen = {
  school: text().notNull(),
  bron: text().notNull(),
  bronId: text('bron_id').notNull(),
  vestiging: text(),
  leerling: text(),
  datum: day('datum'),
  soort: absentiesoort(),
  reden: text(),
  minuten: smallint(),
  minutenAfgeleid: boolean('minuten_afgeleid').notNull(),
  lesuren: smallint().array(),
  dagdeel: dagdeel(),
  categorie: categorie(),
  ingetrokken: boolean().notNull(),
  gewijzigdOp: instant('gewijzigd_op').notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  aanlevering: uuid().notNull(),
  afmelding: text(),
  overtroefdDoor: text('overtroefd_door')
}
export const absentie = pgTable('absentie', absentiekolommen)
export const absentieVersie = pgTable('absentie_versie', { ...absentiekolommen, vervangenOp: instant('vervangen_op').notNull(), verouderd: boolean().notNull() })

export const absentieInWacht = pgTable('absentie_in_wacht', {
  school: text().notNull(),
  bron: text().notNull(),
  bronId: text('bron_id').notNull(),
  leerling: text().notNull(),
  inhoud: jsonb().notNull(),
  gewijzigdOp: instant('gewijzigd_op').notNull(),
  aanlevering: uuid().notNull(),
  sinds: instant('sinds').notNull(),
  probleem: jsonb()
})

export const aanlevering = pgTable('aanlevering', {
  school: text().notNull(),
  aanlevering: uuid().notNull(),
  deel: integer().notNull(),
  bron: text().notNull(),
  soort: text().notNull(),
  aantallen: jsonb().notNull(),
  ontvangenOp: instant('ontvangen_op').notNull(),
  actor: text().notNull(),
  duurMs: integer('duur_ms').notNull(),
  afgewezen: jsonb().notNull(),
  bijzonderheden: jsonb().notNull(),
  teruggedraaidDoor: uuid('teruggedraaid_door')
})

const afmeldingkolommen = {
  school: text().notNull(),
  bron: text().notNull(),
  afmelding: text().notNull(),
  leerling: text(),
  begindatum: day('begindatum'),
  begindagdeel: dagdeel(),
  einddatum: day('einddatum'),
  einddagdeel: dagdeel(),
  reden: text(),
  ingetrokken: boolean().notNull(),
  gewijzigdOp: instant('gewijzigd_op').notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  aanlevering: uuid().notNull()
}
export const afmelding = pgTable('afmelding', afmeldingkolommen)
export const afmeldingVersie = pgTable('afmelding_versie', { ...afmeldingkolommen, vervangenOp: instant('vervangen_op').notNull() })

export const aanwezigheidsverklaring = pgTable('aanwezigheidsverklaring', {
  school: text().notNull(),
  vestiging: text().notNull(),
  datum: day('datum').notNull(),
  bron: text().notNull(),
  verklaardOp: instant('verklaard_op').notNull(),
  ingetrokkenOp: instant('ingetrokken_op').notNull()
})

export const bronafspraak = pgTable('bronafspraak', {
  school: text().notNull(),
  geldigVan: day('geldig_van').notNull(),
  volgorde: text().array().notNull(),
  verklaring: verklaringsvorm().notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  vervangenOp: instant('vervangen_op').notNull()
})

export const idempotentie = pgTable('idempotentie', {
  bron: text().notNull(),
  sleutel: text().notNull(),
  inhoud: bytea('inhoud').notNull(),
  bezigTot: instant('bezig_tot'),
  status: smallint(),
  koppen: jsonb(),
  antwoord: bytea('antwoord'),
  ontvangenOp: instant('ontvangen_op').notNull()
})

export const evaluatieMarkering = pgTable('evaluatie_markering', {
  school: text().notNull(),
  markering: uuid().notNull(),
  bron: text().notNull(),
  leerlingen: text().array().notNull(),
  overige: text().array().notNull()
})

export const aggregaatMarkering = pgTable('aggregaat_markering', {
  school: text().notNull(),
  vestiging: text().notNull(),
  maandag: day('maandag').notNull(),
  markering: uuid().notNull()
})

export const signaal = pgTable('signaal', {
  school: text().notNull(),
  signaal: uuid().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  regel: text().notNull(),
  begindatum: day('begindatum').notNull(),
  einddatum: day('einddatum').notNull(),
  minuten: integer().notNull(),
  drempel: integer().notNull(),
  uiterlijkAfhandelen: day('uiterlijk_afhandelen'),
  status: signaalstatus().notNull(),
  redenVervallen: text('reden_vervallen'),
  beleidsversie: integer().notNull(),
  onderbouwing: jsonb().notNull(),
  aangemaaktOp: instant('aangemaakt_op').notNull(),
  bijgewerktOp: instant('bijgewerkt_op').notNull(),
  aard: signaalaard().notNull(),
  eenheid: text().notNull(),
  gemeten: integer().notNull(),
  herleiding: jsonb().notNull(),
  herleidingHash: text('herleiding_hash').notNull(),
  voorstel: text()
})

export const signaalBeoordeling = pgTable('signaal_beoordeling', {
  school: text().notNull(),
  signaal: uuid().notNull(),
  volgnummer: integer().notNull(),
  besluit: signaalstatus().notNull(),
  reden: text(),
  notitie: text(),
  actor: text().notNull(),
  rol: text(),
  herleidingHash: text('herleiding_hash').notNull(),
  beoordeeldOp: instant('beoordeeld_op').notNull()
})

export const signaalrust = pgTable('signaalrust', {
  school: text().notNull(),
  signaalrust: uuid().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  regel: text().notNull(),
  van: day('van').notNull(),
  tot: day('tot').notNull(),
  reden: text().notNull(),
  actor: text().notNull(),
  rol: text(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  beeindigdOp: instant('beeindigd_op'),
  beeindigdDoor: text('beeindigd_door')
})

export const uitzondering = pgTable('uitzondering', {
  school: text().notNull(),
  uitzondering: uuid().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  regel: text().notNull(),
  van: day('van').notNull(),
  tot: day('tot').notNull(),
  reden: text().notNull(),
  actor: text().notNull(),
  rol: text(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  ingetrokkenOp: instant('ingetrokken_op'),
  ingetrokkenDoor: text('ingetrokken_door')
})

export const signaalVersie = pgTable('signaal_versie', {
  school: text().notNull(),
  signaal: uuid().notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  inhoud: jsonb().notNull()
})

export const statistiek = pgTable('statistiek', {
  school: text().notNull(),
  vestiging: text().notNull(),
  periode: text().notNull(),
  leerjaar: smallint(),
  van: day('van').notNull(),
  totEnMet: day('tot_en_met').notNull(),
  lesdagen: integer().notNull(),
  lesdagenAangeleverd: integer('lesdagen_aangeleverd').notNull(),
  leerlingen: integer().notNull(),
  geplandeMinuten: bigint('geplande_minuten', { mode: 'number' }).notNull(),
  zonderRooster: integer('zonder_rooster').notNull(),
  verzuimperioden: integer().notNull(),
  categorieen: jsonb().notNull(),
  banden: jsonb().notNull(),
  signalen: jsonb().notNull(),
  gemisteMinuten: bigint('gemiste_minuten', { mode: 'number' }).notNull()
})

export const levering = pgTable('levering', {
  school: text().notNull(),
  levering: uuid().notNull(),
  ontvanger: ontvanger().notNull(),
  periode: text().notNull(),
  afkapmoment: instant('afkapmoment').notNull(),
  manifest: jsonb().notNull(),
  bestandCsv: text('bestand_csv').notNull(),
  bestandJson: text('bestand_json').notNull(),
  gemaaktOp: instant('gemaakt_op').notNull(),
  ontvangercode: text().notNull(),
  revisie: integer().notNull(),
  reden: text(),
  status: leveringstatus().notNull(),
  verloop: jsonb().notNull(),
  ontvangst: jsonb(),
  publicatie: jsonb(),
  invoerZout: bytea('invoer_zout')
})

export const leveringsplan = pgTable('leveringsplan', {
  school: text().notNull(),
  ontvanger: ontvanger().notNull(),
  periodesoort: periodesoort().notNull(),
  dagenNaPeriode: smallint('dagen_na_periode').notNull(),
  aan: boolean().notNull(),
  sinds: day('sinds').notNull(),
  actor: text().notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
})

export const leveringsronde = pgTable('leveringsronde', {
  school: text().notNull(),
  ontvanger: ontvanger().notNull(),
  periode: text().notNull(),
  gemaakt: integer().notNull(),
  gereedOp: instant('gereed_op').notNull()
})

export const meldgegevens = pgTable('meldgegevens', {
  school: text().notNull(),
  inhoud: jsonb().notNull(),
  actor: text().notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
})

export const melding = pgTable('melding', {
  school: text().notNull(),
  melding: uuid().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  soort: meldingsoort().notNull(),
  grond: meldinggrond().notNull(),
  signaal: uuid(),
  begindatum: day('begindatum').notNull(),
  einddatum: day('einddatum'),
  uiterlijkMelden: day('uiterlijk_melden'),
  status: meldingstatus().notNull(),
  meldingsnummer: text(),
  laatsteMutatie: text('laatste_mutatie'),
  invoer: jsonb().notNull(),
  dagen: jsonb().notNull(),
  redenIntrekking: text('reden_intrekking'),
  versie: integer().notNull(),
  gebeurtenis: text().notNull(),
  actor: text().notNull(),
  rol: text(),
  aangemaaktOp: instant('aangemaakt_op').notNull(),
  bijgewerktOp: instant('bijgewerkt_op').notNull()
})

export const meldingVersie = pgTable('melding_versie', {
  school: text().notNull(),
  melding: uuid().notNull(),
  versie: integer().notNull(),
  inhoud: jsonb().notNull()
})

export const uitzending = pgTable('uitzending', {
  school: text().notNull(),
  uitzending: uuid().notNull(),
  melding: uuid().notNull(),
  volgnummer: bigint({ mode: 'number' }).notNull(),
  operatie: operatie().notNull(),
  kenmerk: uuid().notNull(),
  bericht: bytea('bericht').notNull(),
  status: uitzendstatus().notNull(),
  pogingen: integer().notNull(),
  meldingsnummer: text(),
  laatsteMutatie: text('laatste_mutatie'),
  nietVoor: instant('niet_voor').notNull(),
  geleendTot: instant('geleend_tot'),
  aangemaaktOp: instant('aangemaakt_op').notNull(),
  gereedOp: instant('gereed_op')
})

export const uitzendpoging = pgTable('uitzendpoging', {
  school: text().notNull(),
  uitzending: uuid().notNull(),
  nummer: integer().notNull(),
  begonnenOp: instant('begonnen_op').notNull(),
  beeindigdOp: instant('beeindigd_op'),
  uitslag: text(),
  code: text(),
  omschrijving: text()
})

export const peiling = pgTable('peiling', {
  school: text().notNull(),
  tot: text().notNull(),
  gepeildOp: instant('gepeild_op').notNull()
})

export const mandaat = pgTable('mandaat', {
  school: text().notNull(),
  mandaat: uuid().notNull(),
  bron: text().notNull(),
  oin: text().notNull(),
  dienst: mandaatdienst().notNull(),
  van: day('van').notNull(),
  tot: day('tot'),
  actor: text().notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  ingetrokkenOp: instant('ingetrokken_op'),
  ingetrokkenDoor: text('ingetrokken_door')
})

export const verzoek = pgTable('verzoek', {
  school: text().notNull(),
  verzoek: uuid().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  soort: verzoeksoort().notNull(),
  namens: namens().notNull(),
  ontvangenOp: day('ontvangen_op').notNull(),
  betreft: jsonb()
})

export const verzoekStap = pgTable('verzoek_stap', {
  school: text().notNull(),
  verzoek: uuid().notNull(),
  volgnummer: integer().notNull(),
  status: verzoekstatus().notNull(),
  reden: text(),
  uiterlijk: day('uiterlijk'),
  gevolg: jsonb(),
  actor: text().notNull(),
  rol: text(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
})

export const beperking = pgTable('beperking', {
  school: text().notNull(),
  beperking: uuid().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  absentie: text(),
  verzoek: uuid().notNull(),
  van: day('van').notNull(),
  actor: text().notNull(),
  rol: text(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  medegedeeldOp: day('medegedeeld_op'),
  opgehevenOp: instant('opgeheven_op'),
  opgehevenDoor: text('opgeheven_door')
})

export const overdracht = pgTable('overdracht', {
  school: text().notNull(),
  overdracht: uuid().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  naarSchool: text('naar_school').notNull(),
  datum: day('datum').notNull(),
  inhoud: text().notNull(),
  hash: text().notNull(),
  pgnOntvanger: bytea('pgn_ontvanger'),
  actor: text().notNull(),
  rol: text(),
  gemaaktOp: instant('gemaakt_op').notNull()
})

export const verwerking = pgTable('verwerking', {
  school: text().notNull(),
  verwerking: uuid().notNull(),
  activiteit: text().notNull(),
  actor: text().notNull(),
  rol: text(),
  traceId: text('trace_id').notNull(),
  betrokkenen: bytea('betrokkenen').notNull(),
  tijdstip: instant('tijdstip').notNull(),
  toepassing: text(),
  spanId: text('span_id'),
  ouderSpan: text('ouder_span'),
  sleutel: smallint().notNull(),
  doelbinding: text()
})

export const groep = pgTable('groep', {
  school: text().notNull(),
  bron: text().notNull(),
  groep: text().notNull(),
  naam: text().notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
})

export const groepslid = pgTable('groepslid', {
  school: text().notNull(),
  bron: text().notNull(),
  groep: text().notNull(),
  leerling: text().notNull(),
  van: day('van').notNull(),
  tot: day('tot')
})

export const groepsbegeleider = pgTable('groepsbegeleider', {
  school: text().notNull(),
  bron: text().notNull(),
  groep: text().notNull(),
  persoon: text().notNull(),
  rol: text().notNull(),
  van: day('van').notNull(),
  tot: day('tot')
})

export const betrekking = pgTable('betrekking', {
  school: text().notNull(),
  bron: text().notNull(),
  betrekking: text().notNull(),
  leerling: text().notNull(),
  persoon: text().notNull(),
  soort: text().notNull(),
  gezag: boolean().notNull(),
  van: day('van').notNull(),
  tot: day('tot'),
  blokkades: jsonb().notNull(),
  vastgelegdOp: instant('vastgelegd_op').notNull()
})

export const toestemming = pgTable('toestemming', {
  school: text().notNull(),
  toestemming: uuid().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  persoon: text().notNull(),
  van: day('van').notNull(),
  tot: day('tot'),
  gegevenDoor: text('gegeven_door').notNull(),
  gegevenRol: text('gegeven_rol'),
  gegevenOp: instant('gegeven_op').notNull(),
  ingetrokkenDoor: text('ingetrokken_door'),
  ingetrokkenOp: instant('ingetrokken_op')
})

export const verwerkingMarkering = pgTable('verwerking_markering', {
  school: text().notNull(),
  verwerking: uuid().notNull()
})

export const verwerkingsketen = pgTable('verwerkingsketen', {
  school: text().notNull(),
  positie: bigint({ mode: 'number' }).notNull(),
  verwerking: uuid().notNull(),
  hash: bytea('hash').notNull()
})

export const verwerkingszegel = pgTable('verwerkingszegel', {
  school: text().notNull(),
  nummer: bigint({ mode: 'number' }).notNull(),
  dag: day('dag').notNull(),
  eerste: bigint({ mode: 'number' }).notNull(),
  laatste: bigint({ mode: 'number' }).notNull(),
  van: instant('van').notNull(),
  tot: instant('tot').notNull(),
  hash: bytea('hash').notNull(),
  waarmerk: bytea('waarmerk').notNull(),
  verzegeldOp: instant('verzegeld_op').notNull()
})

export const verwerkingBetrokkene = pgTable('verwerking_betrokkene', {
  school: text().notNull(),
  pseudoniem: bytea('pseudoniem').notNull(),
  zegel: bigint({ mode: 'number' }).notNull(),
  posities: bigint({ mode: 'number' }).array().notNull()
})

export const logsleutel = pgTable('logsleutel', {
  school: text().notNull(),
  nummer: smallint().notNull(),
  sleutel: bytea('sleutel'),
  gemaaktOp: instant('gemaakt_op').notNull(),
  vernietigdOp: instant('vernietigd_op')
})

export const vasthouding = pgTable('vasthouding', {
  school: text().notNull(),
  vasthouding: uuid().notNull(),
  bron: text(),
  leerling: text(),
  reden: text().notNull(),
  van: day('van').notNull(),
  tot: day('tot'),
  actor: text().notNull(),
  rol: text(),
  vastgelegdOp: instant('vastgelegd_op').notNull(),
  beeindigdOp: instant('beeindigd_op'),
  beeindigdDoor: text('beeindigd_door')
})

export const vernietiging = pgTable('vernietiging', {
  school: text().notNull(),
  vernietiging: uuid().notNull(),
  soort: text().notNull(),
  termijn: text(),
  termijnversie: text(),
  grens: day('grens'),
  grond: text(),
  vernietigdOp: instant('vernietigd_op').notNull(),
  actor: text().notNull(),
  rol: text(),
  leerlingen: integer().notNull(),
  rijen: jsonb().notNull(),
  dagenVan: day('dagen_van'),
  dagenTot: day('dagen_tot'),
  herhalingVan: uuid('herhaling_van'),
  sha256: text().notNull()
})

export const vernietigdeLeerling = pgTable('vernietigde_leerling', {
  school: text().notNull(),
  pseudoniem: bytea('pseudoniem').notNull(),
  vernietiging: uuid().notNull(),
  tot: day('tot').notNull(),
  heropendOp: instant('heropend_op')
})

export const dossiersluiting = pgTable('dossiersluiting', {
  school: text().notNull(),
  bron: text().notNull(),
  leerling: text().notNull(),
  tot: day('tot').notNull()
})

export const bewaarstand = pgTable('bewaarstand', {
  school: text().notNull(),
  wisregister: bigint({ mode: 'number' }).notNull(),
  grens: day('grens')
})

export const jobrun = pgTable('jobrun', {
  school: text().notNull(),
  job: text().notNull(),
  peildatum: day('peildatum').notNull(),
  gestartOp: instant('gestart_op').notNull(),
  gereedOp: instant('gereed_op'),
  verslag: jsonb()
})

export const migratie = pgTable('migratie', {
  naam: text().notNull(),
  sha256: text().notNull(),
  uitgevoerdOp: instant('uitgevoerd_op').notNull()
})

/** The room that owns each table: it alone writes there. The two work lists are filled by whoever changes a fact, and emptied by their owner. */
export const OWNERS = {
  school: 'leerlingen',
  vestiging: 'leerlingen',
  vestiging_versie: 'leerlingen',
  kalender: 'leerlingen',
  leerling: 'leerlingen',
  leerling_versie: 'leerlingen',
  inschrijving: 'leerlingen',
  inschrijving_versie: 'leerlingen',
  vrijstelling: 'leerlingen',
  beleidsversie: 'beleid',
  absentie: 'absenties',
  absentie_versie: 'absenties',
  absentie_in_wacht: 'absenties',
  aanlevering: 'aanleveringen',
  afmelding: 'afmeldingen',
  afmelding_versie: 'afmeldingen',
  aanwezigheidsverklaring: 'bronnen',
  bronafspraak: 'bronnen',
  idempotentie: 'http',
  evaluatie_markering: 'signalen',
  signaal: 'signalen',
  signaal_versie: 'signalen',
  signaal_beoordeling: 'signalen',
  signaalrust: 'signalen',
  uitzondering: 'uitzonderingen',
  aggregaat_markering: 'statistiek',
  statistiek: 'statistiek',
  levering: 'duo',
  leveringsplan: 'duo',
  leveringsronde: 'duo',
  meldgegevens: 'meldingen',
  melding: 'meldingen',
  melding_versie: 'meldingen',
  uitzending: 'meldingen',
  uitzendpoging: 'meldingen',
  peiling: 'meldingen',
  mandaat: 'mandaten',
  verzoek: 'verzoeken',
  verzoek_stap: 'verzoeken',
  beperking: 'verzoeken',
  overdracht: 'overdrachten',
  verwerking: 'verwerkingen',
  verwerking_markering: 'verwerkingen',
  verwerkingsketen: 'verwerkingen',
  verwerkingszegel: 'verwerkingen',
  verwerking_betrokkene: 'verwerkingen',
  logsleutel: 'verwerkingen',
  groep: 'betrekkingen',
  groepslid: 'betrekkingen',
  groepsbegeleider: 'betrekkingen',
  betrekking: 'betrekkingen',
  toestemming: 'betrekkingen',
  vasthouding: 'bewaring',
  vernietiging: 'bewaring',
  vernietigde_leerling: 'bewaring',
  dossiersluiting: 'bewaring',
  bewaarstand: 'bewaring',
  jobrun: 'jobs',
  migratie: 'db'
} as const
