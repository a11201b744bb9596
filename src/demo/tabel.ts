import { relative } from 'node:path'

const heel = new Intl.NumberFormat('nl-NL')
const eenDecimaal = new Intl.NumberFormat('nl-NL', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const tweeDecimalen = new Intl.NumberFormat('nl-NL', { minimumFractionDigits: 2, maximumFractionDigits: 2 })

/** 8412 as '8.412'. */
export function formatAantal (aantal: number): string {
  return heel.format(aantal)
}

/** A share of 1 as '5,27 %'; of nothing there is no share. */
export function formatAandeel (deel: number, geheel: number): string {
  return geheel === 0 ? '-' : `${tweeDecimalen.format(deel / geheel * 100)} %`
}

export function formatSeconden (milliseconden: number): string {
  return `${eenDecimaal.format(milliseconden / 1000)} s`
}

/** '2025-09-08' as '08-09-2025'. */
export function formatDatumkort (datum: string): string {
  return `${datum.slice(8)}-${datum.slice(5, 7)}-${datum.slice(0, 4)}`
}

/** From the current folder when the path lies in it. */
export function shortPath (path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' || short.startsWith('..') ? path : short
}

/** Columns as wide as their widest cell, two spaces apart; all but the first `links` are aligned to the right. */
export function layTabel (koppen: readonly string[], rijen: ReadonlyArray<readonly string[]>, links = 1): string[] {
  const breedten = koppen.map((kop, i) => Math.max(kop.length, ...rijen.map((rij) => rij[i]?.length ?? 0)))
  const lay = (cellen: readonly string[]): string => cellen.map((cel, i) => i < links ? cel.padEnd(breedten[i]!) : cel.padStart(breedten[i]!)).join('  ').trimEnd()
  return [lay(koppen), breedten.map((breedte) => '─'.repeat(breedte)).join('  '), ...rijen.map(lay)]
}
