import { CATEGORIEEN, SOORTEN } from '../domain/absentie.ts'
import { SIGNAALSTATUSSEN, VOORSTELLEN } from '../domain/signaal.ts'

// A name in schema.graphql cannot hold the hyphen of our values: te-laat is te_laat there.
const NAMES = new Map<string, string>([...SOORTEN, ...CATEGORIEEN, ...SIGNAALSTATUSSEN, ...VOORSTELLEN].filter((value) => value.includes('-')).map((value) => [value, value.replaceAll('-', '_')]))

/** The name of a value in schema.graphql. */
export function toEnumName (value: string): string {
  return value.includes('-') ? NAMES.get(value) ?? value : value
}

/** Our value of a name in schema.graphql. */
export function fromEnumName (name: unknown): unknown {
  return typeof name === 'string' ? name.replaceAll('_', '-') : name
}
