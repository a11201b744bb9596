import { globSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import t from 'tap'
import { z } from 'zod'

/** What a field takes that takes a sentence about a leerling. */
const ZINNEN = ['Lisa heeft buikgriep en blijft thuis.', 'lisa van dijk', 'ZIEK: griep']

/** The only fields that take a sentence, each with why. A new one is a decision about the privacy of leerlingen. */
const TOEGESTAAN: ReadonlyArray<readonly [pad: RegExp, waarom: string]> = [
  [/^meldingen\/Melding(invoer|wijziging)\/toelichting(ActieGewenst|OndernomenActie)?$/, 'the melding at DUO has them (Besluit verzuimmelding); the leerplichtambtenaar reads them'],
  [/^signalen\/Beoordeling\/notitie$/, 'why a person decided so; refused when it says what ails him, read back by who may decide and at inzage'],
  [/^meldingen\/Meld(inginvoer|ingwijziging|gegevensinvoer)\/(contactpersoon|functie)$/, 'who at the school may be called about a melding; no leerling'],
  [/^meldingen\/Melding(invoer|wijziging)\/opleidingsnaam$/, 'the name of an opleiding'],
  [/^meldingen\/Meldingwijziging\/laatsteMutatie$/, 'compared with what DUO gave, and not kept'],
  [/^betrekkingen\/Groep\w+(\/groepen)?\/naam$/, 'the name of a groep of the school'],
  [/^betrekkingen\/Uitlegvraag\/rol$/, 'looked up among the rollen, and not kept'],
  [/^leerlingen\/Vestiging\w+(\/vestigingen)?\/naam$/, 'the name of a vestiging'],
  [/^leerlingen\/Vestiging\w+(\/vestigingen)?\/samenwerkingsverband$/, 'read as a number or refused, by the service'],
  [/^leerlingen\/Kalender\w+(\/kalenders)?\/lesvrij\/naam$/, 'the name of a vacation'],
  [/^beleid\/\w+(\/.+)?\/(omschrijving|grondslag|tekst|onderDrempelVan)$/, 'the beleid of a school, about nobody; what a reden may not name is refused (domain/bijzonder.ts)'],
  [/^\w+\/\w+\/cursor$/, 'a place in a list, read back as one'],
  [/^duo\/Leveringbestand\//, 'goes out: the figures of a levering']
]

/** Every field of text below a schema of input, by its path. */
function * listTeksten (schema: z.core.$ZodType, pad: string, seen: ReadonlySet<z.core.$ZodType> = new Set()): Generator<{ pad: string, schema: z.core.$ZodType }> {
  if (seen.has(schema)) return
  const within = new Set([...seen, schema])
  const { def } = schema._zod as unknown as { def: { type: string, shape?: Record<string, z.core.$ZodType>, element?: z.core.$ZodType, innerType?: z.core.$ZodType, options?: readonly z.core.$ZodType[], in?: z.core.$ZodType, valueType?: z.core.$ZodType, items?: readonly z.core.$ZodType[] } }
  // The records of a bulk push are read one by one; their schema hangs beside it.
  const record = (z.globalRegistry.get(schema) as { record?: z.core.$ZodType } | undefined)?.record
  if (def.type === 'string') yield { pad, schema }
  for (const [veld, deel] of Object.entries(def.shape ?? {})) yield * listTeksten(deel, `${pad}/${veld}`, within)
  for (const deel of [def.element, def.innerType, def.in, def.valueType, record, ...def.options ?? [], ...def.items ?? []]) if (deel !== undefined) yield * listTeksten(deel, pad, within)
}

const isInvoer = (schema: z.core.$ZodType): boolean => {
  const { def } = schema._zod as unknown as { def: { type: string, catchall?: z.core.$ZodType, options?: readonly z.core.$ZodType[] } }
  if (def.type === 'union') return def.options!.every(isInvoer)
  // What comes in is strict (unknown fields are refused), what goes out is not.
  return def.type === 'object' && (def.catchall?._zod as { def: { type: string } } | undefined)?.def.type === 'never'
}

const neemtZin = (schema: z.core.$ZodType): boolean => ZINNEN.some((zin) => z.safeParse(schema, zin).success)

t.test('nobody can write about a leerling in words, but where the law asks for it', async (t) => {
  const root = join(import.meta.dirname, '../../src')
  const gevonden = new Set<string>()
  let invoer = 0
  let teksten = 0
  for (const file of globSync('*/contract.ts', { cwd: root })) {
    for (const [naam, schema] of Object.entries(await import(join(root, file)) as Record<string, unknown>)) {
      if (!(schema instanceof z.ZodType) || !isInvoer(schema)) continue
      invoer++
      for (const tekst of listTeksten(schema, `${basename(dirname(file))}/${naam}`)) {
        teksten++
        if (neemtZin(tekst.schema)) gevonden.add(tekst.pad)
      }
    }
  }
  t.ok(invoer > 60 && teksten > 200, `${invoer} kinds of input with ${teksten} fields of text were asked`)
  t.strictSame([...gevonden].filter((pad) => !TOEGESTAAN.some(([toegestaan]) => toegestaan.test(pad))), [], 'fields that take a sentence')
  t.strictSame(TOEGESTAAN.filter(([toegestaan]) => ![...gevonden].some((pad) => toegestaan.test(pad))), [], 'every exception is used')

  const los = z.strictObject({ leerling: z.string().regex(/^[A-Z]-\d+$/), opmerking: z.string().max(100).nullish(), dagen: z.array(z.strictObject({ waarom: z.string().optional() })) })
  t.strictSame([...listTeksten(los, 'x')].filter(({ schema }) => neemtZin(schema)).map(({ pad }) => pad), ['x/opmerking', 'x/dagen/waarom'], 'a new field is found, however deep')
})
