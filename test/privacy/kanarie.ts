/** Values that say who a leerling is: as support/operaties.ts fills its school, and what the tests here send themselves. */
const KANARIES: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ['persoonsgebonden nummer', /(?<!\d)(123456782|999990019)/],
  ['geboortedatum', /2014-03-10|2015-01-01/],
  ['sleutel of a leerling', /\bL-[1279]\b/],
  ['toelichting', /Nagevraagd/],
  ['contactpersoon', /A\. Voorbeeld|verzuim@school/],
  // The test itself is in a stack.
  ['sent by the caller', /kanarie(?!(\.test)?\.ts)/i]
]

export const KANARIE = 'kanarie 123456782'

/** What of a leerling is in a text, with its surroundings. */
export const find = (text: string): string[] => KANARIES.flatMap(([what, pattern]) => {
  const at = text.search(pattern)
  return at === -1 ? [] : [`${what}: ${text.slice(Math.max(0, at - 150), at + 150)}`]
})
