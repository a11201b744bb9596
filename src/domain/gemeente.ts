import type { Datum } from './datum.ts'

/** `bekend`: as CBS publishes it. `aangenomen-waarde`: the direction is certain, not that every address went that way. */
type Wijzigingstatus = 'bekend' | 'aangenomen-waarde'

interface Wijziging {
  /** The first day of the new indeling. */
  readonly op: Datum
  readonly uit: readonly string[]
  /** One: all of them became this. Several: their addresses went to different gemeenten, and a code alone does not say which. */
  readonly naar: readonly string[]
  readonly status: Wijzigingstatus
}

// CBS, Gemeentelijke indeling op 1 januari (and Recode gemeenten). The number of gemeenten a year, which CBS publishes too, is a test.

/** The 408 gemeenten of 1 January 2013. */
const OP_1_JANUARI_2013 = `
  0003 0005 0007 0009 0010 0014 0015 0017 0018 0022 0024 0025 0034 0037 0040 0047 0048 0050 0051 0053 0055 0056 0058 0059 0060 0063 0070 0072 0074 0079
  0080 0081 0082 0085 0086 0088 0090 0093 0096 0098 0106 0109 0114 0118 0119 0140 0141 0147 0148 0150 0153 0158 0160 0163 0164 0166 0168 0171 0173 0175
  0177 0180 0183 0184 0189 0193 0196 0197 0200 0202 0203 0209 0213 0214 0216 0221 0222 0225 0226 0228 0230 0232 0233 0236 0241 0243 0244 0246 0252 0262
  0263 0265 0267 0268 0269 0273 0274 0275 0277 0279 0281 0282 0285 0289 0293 0294 0296 0297 0299 0301 0302 0303 0304 0307 0308 0310 0312 0313 0317 0321
  0327 0331 0335 0339 0340 0342 0344 0345 0351 0352 0353 0355 0356 0358 0361 0362 0363 0365 0370 0373 0375 0376 0377 0381 0383 0384 0385 0388 0392 0393
  0394 0396 0397 0398 0399 0400 0402 0405 0406 0415 0416 0417 0420 0424 0425 0431 0432 0437 0439 0441 0448 0450 0451 0453 0457 0458 0473 0478 0479 0482
  0484 0489 0491 0498 0499 0501 0502 0503 0505 0512 0513 0518 0523 0530 0531 0532 0534 0537 0542 0545 0546 0547 0553 0556 0568 0569 0575 0576 0579 0584
  0585 0588 0589 0590 0597 0599 0603 0606 0608 0610 0611 0612 0613 0614 0617 0620 0622 0623 0626 0627 0629 0632 0637 0638 0642 0643 0644 0653 0654 0664
  0668 0677 0678 0687 0689 0703 0707 0715 0716 0717 0718 0733 0736 0737 0738 0743 0744 0748 0753 0755 0756 0757 0758 0762 0765 0766 0770 0772 0777 0779
  0784 0785 0786 0788 0794 0796 0797 0798 0809 0815 0820 0823 0824 0826 0828 0840 0844 0845 0846 0847 0848 0851 0852 0855 0856 0858 0860 0861 0865 0866
  0867 0870 0873 0874 0879 0880 0881 0882 0888 0889 0893 0899 0907 0917 0928 0935 0938 0944 0946 0951 0957 0962 0965 0971 0981 0983 0984 0986 0988 0994
  0995 1507 1509 1525 1581 1586 1598 1621 1640 1641 1651 1652 1655 1658 1659 1663 1667 1669 1671 1672 1674 1676 1680 1681 1684 1685 1690 1695 1696 1699
  1700 1701 1702 1705 1706 1708 1709 1711 1714 1719 1721 1722 1723 1724 1728 1729 1730 1731 1734 1735 1740 1742 1771 1773 1774 1783 1842 1859 1876 1883
  1884 1891 1892 1894 1895 1896 1900 1901 1903 1904 1908 1911 1916 1924 1926 1927 1955 1987`.trim().split(/\s+/)

const WIJZIGINGEN: readonly Wijziging[] = [
  { op: '2013-01-01', uit: ['0504', '0511', '0559', '0580'], naar: ['1924'], status: 'bekend' }, // Goeree-Overflakkee
  { op: '2013-01-01', uit: ['0571', '0693', '0694'], naar: ['1927'], status: 'bekend' }, // Molenwaard
  { op: '2013-01-01', uit: ['0395', '0476'], naar: ['0441'], status: 'bekend' }, // Schagen
  { op: '2014-01-01', uit: ['0499', '1672'], naar: ['0484'], status: 'bekend' }, // Alphen aan den Rijn
  { op: '2014-01-01', uit: ['0082', '0653'], naar: ['1921'], status: 'bekend' }, // De Friese Meren
  { op: '2014-01-01', uit: ['0051'], naar: ['1921', '0074'], status: 'bekend' }, // Skarsterlân
  { op: '2014-01-01', uit: ['0055'], naar: ['0080', '1900', '0074', '1921'], status: 'bekend' }, // Boarnsterhim
  { op: '2015-01-01', uit: ['0365', '0458'], naar: ['0361'], status: 'bekend' }, // Alkmaar
  { op: '2015-01-01', uit: ['0265', '0282'], naar: ['0241'], status: 'bekend' }, // Groesbeek
  { op: '2015-01-01', uit: ['0491', '0608', '0623', '0643', '0644'], naar: ['1931'], status: 'bekend' }, // Krimpenerwaard
  { op: '2015-01-01', uit: ['0568', '0612'], naar: ['1930'], status: 'bekend' }, // Nissewaard
  { op: '2015-01-01', uit: ['1671'], naar: ['0796', '0828'], status: 'bekend' }, // Maasdonk
  { op: '2015-07-01', uit: ['1921'], naar: ['1940'], status: 'aangenomen-waarde' }, // De Fryske Marren, another name; CBS counts the new code from 2016
  { op: '2016-01-01', uit: ['0478'], naar: ['0385'], status: 'bekend' }, // Edam-Volendam
  { op: '2016-01-01', uit: ['0381', '0424', '0425'], naar: ['1942'], status: 'bekend' }, // Gooise Meren
  { op: '2016-01-01', uit: ['0241'], naar: ['1945'], status: 'bekend' }, // Berg en Dal, another name
  { op: '2017-01-01', uit: ['0844', '0846', '0860'], naar: ['1948'], status: 'bekend' }, // Meierijstad
  { op: '2018-01-01', uit: ['0018', '0040', '1987'], naar: ['1952'], status: 'bekend' }, // Midden-Groningen
  { op: '2018-01-01', uit: ['0007', '0048'], naar: ['1950'], status: 'bekend' }, // Westerwolde
  { op: '2018-01-01', uit: ['0063', '0070', '1908'], naar: ['1949'], status: 'bekend' }, // Waadhoeke
  { op: '2018-01-01', uit: ['0140'], naar: ['1949', '1900', '0080'], status: 'bekend' }, // Littenseradiel
  { op: '2018-01-01', uit: ['0081'], naar: ['0080'], status: 'bekend' }, // Leeuwarden
  { op: '2018-01-01', uit: ['0196'], naar: ['0299'], status: 'bekend' }, // Zevenaar
  { op: '2019-01-01', uit: ['0009', '0017'], naar: ['0014'], status: 'bekend' }, // Groningen
  { op: '2019-01-01', uit: ['0015', '0022', '0025', '0056'], naar: ['1969'], status: 'bekend' }, // Westerkwartier
  { op: '2019-01-01', uit: ['0005', '1651', '1663'], naar: ['1966'], status: 'bekend' }, // Het Hogeland
  { op: '2019-01-01', uit: ['0053'], naar: ['1966', '1969'], status: 'bekend' }, // Winsum
  { op: '2019-01-01', uit: ['0058', '0079', '1722'], naar: ['1970'], status: 'bekend' }, // Noardeast-Fryslân
  { op: '2019-01-01', uit: ['0236', '0304', '0733'], naar: ['1960'], status: 'bekend' }, // West Betuwe
  { op: '2019-01-01', uit: ['0545', '0620', '0707'], naar: ['1961'], status: 'bekend' }, // Vijfheerenlanden
  { op: '2019-01-01', uit: ['0576'], naar: ['0575'], status: 'bekend' }, // Noordwijk
  { op: '2019-01-01', uit: ['0584', '0585', '0588', '0611', '0617'], naar: ['1963'], status: 'bekend' }, // Hoeksche Waard
  { op: '2019-01-01', uit: ['0689', '1927'], naar: ['1978'], status: 'bekend' }, // Molenlanden
  { op: '2019-01-01', uit: ['0738', '0870', '0874'], naar: ['1959'], status: 'bekend' }, // Altena
  { op: '2019-01-01', uit: ['0881', '0951', '0962'], naar: ['1954'], status: 'bekend' }, // Beekdaelen
  { op: '2019-01-01', uit: ['0393'], naar: ['0394'], status: 'bekend' }, // Haarlemmermeer
  { op: '2021-01-01', uit: ['0003', '0010', '0024'], naar: ['1979'], status: 'bekend' }, // Eemsdelta
  { op: '2021-01-01', uit: ['0788'], naar: ['0757', '0824', '0855', '0865'], status: 'bekend' }, // Haaren
  { op: '2022-01-01', uit: ['0398', '0416'], naar: ['1980'], status: 'bekend' }, // Dijk en Waard
  { op: '2022-01-01', uit: ['0756', '0786', '0815', '1684', '1702'], naar: ['1982'], status: 'bekend' }, // Land van Cuijk
  { op: '2022-01-01', uit: ['0856', '1685'], naar: ['1991'], status: 'bekend' }, // Maashorst
  { op: '2022-01-01', uit: ['0370'], naar: ['0439'], status: 'bekend' }, // Purmerend
  { op: '2022-03-24', uit: ['0457'], naar: ['0363'], status: 'bekend' }, // Amsterdam
  { op: '2023-01-01', uit: ['0501', '0530', '0614'], naar: ['1992'], status: 'bekend' } // Voorne aan Zee
]

const BEKEND = new Set([...OP_1_JANUARI_2013, ...WIJZIGINGEN.flatMap(({ uit, naar }) => [...uit, ...naar])])
const WIJZIGING_VAN = new Map(WIJZIGINGEN.flatMap((wijziging) => wijziging.uit.map((code) => [code, wijziging] as const)))

export type Gemeente =
  | { readonly soort: 'gemeente', readonly gemeentecode: string }
  /** The addresses of this code went to several gemeenten. */
  | { readonly soort: 'gesplitst', readonly naar: readonly string[] }
  | { readonly soort: 'onbekend' }

/**
 * The gemeente that a code stands for on a day: itself, or the one it became part of by then. A code that is newer than the day stands for
 * itself, for that gemeente took the work of its predecessors over. Never a guess: a split is a split.
 */
export function findGemeente (code: string, datum: Datum): Gemeente {
  if (!BEKEND.has(code)) return { soort: 'onbekend' }
  const wijziging = WIJZIGING_VAN.get(code)
  if (wijziging === undefined || datum < wijziging.op) return { soort: 'gemeente', gemeentecode: code }
  const [eerste, ...andere] = wijziging.naar
  if (andere.length === 0) return findGemeente(eerste!, datum)
  const naar = wijziging.naar.flatMap((deel) => {
    const later = findGemeente(deel, datum)
    return later.soort === 'gemeente' ? [later.gemeentecode] : later.soort === 'gesplitst' ? later.naar : []
  })
  return { soort: 'gesplitst', naar: [...new Set(naar)].sort() }
}

/** Every gemeente that exists on a day, from 2013 on. */
export function listGemeenten (datum: Datum): string[] {
  const begonnen = WIJZIGINGEN.filter(({ op }) => op <= datum)
  const weg = new Set(begonnen.flatMap(({ uit }) => uit))
  return [...new Set([...OP_1_JANUARI_2013, ...begonnen.flatMap(({ naar }) => naar)])].filter((code) => !weg.has(code)).sort()
}
