/** The scopes of CONTRACT.md; a token carries some of them. */
export const RECHTEN = [
  'stamgegevens:schrijven', 'stamgegevens:lezen', 'beleid:schrijven', 'beleid:lezen', 'absenties:schrijven', 'absenties:lezen',
  'signalen:lezen', 'signalen:beoordelen', 'statistieken:lezen', 'meldingen:schrijven', 'meldingen:lezen', 'leveringen:schrijven', 'leveringen:lezen',
  'bewaring:lezen', 'bewaring:schrijven', 'verwerkingen:lezen', 'toegang:lezen', 'toegang:schrijven', 'verzoeken:lezen', 'verzoeken:schrijven'
] as const

export type Recht = typeof RECHTEN[number]

export function isRecht (text: string): text is Recht {
  return (RECHTEN as readonly string[]).includes(text)
}
