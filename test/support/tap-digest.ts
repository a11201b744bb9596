export interface Digest {
  readonly read: (line: string) => void
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly todo: number
  /** Files that ran and asserted nothing. */
  readonly emptyFiles: readonly string[]
}

/** Reads tap's own TAP line by line: prints one line a file, every failure with its details, and whatever a test wrote itself. Counts assertions. */
export function createTapDigest (print: (line: string) => void): Digest {
  const totals = { passed: 0, failed: 0, skipped: 0, todo: 0 }
  const emptyFiles: string[] = []
  const path: string[] = [] // names of the subtests that are open, by depth
  let assertions = 0 // of this file
  let failures = 0 // of this file, already printed
  let details: 'none' | 'expected' | 'printed' | 'hidden' = 'none' // of the last test point
  let detailsIndent = ''
  let printDetails = false

  function read (line: string): void {
    if (readDetails(line)) return
    const total = /^# \{ total: (\d+), pass: (\d+)(?:, fail: (\d+))?(?:, todo: (\d+))?(?:, skip: (\d+))? \}$/.exec(line)
    if (total !== null) {
      Object.assign(totals, { passed: Number(total[2]), failed: Number(total[3] ?? 0), todo: Number(total[4] ?? 0), skipped: Number(total[5] ?? 0) })
      return
    }
    const subtest = /^( *)# Subtest: (.*)$/.exec(line)
    if (subtest !== null) {
      path.length = depthOf(subtest[1])
      path.push(subtest[2] ?? '')
      return
    }
    const point = /^( *)(not )?ok \d+(?: - (.*?))??( # (?:SKIP|TODO|time=).*)?$/i.exec(line)
    if (point !== null) return readPoint(depthOf(point[1]), point[2] !== undefined, point[3] ?? '', point[4] ?? '', line)
    if (!/^\s*(?:#.*|\d+\.\.\d+.*|TAP version \d+|Bail out!.*|\})?$/.test(line) || /Bail out!/.test(line)) print(line.trimStart())
  }

  function readPoint (depth: number, negative: boolean, name: string, directive: string, line: string): void {
    const failed = negative && !/# TODO/i.test(directive)
    const closes = path.length > depth && path[depth] === name.replace(/ \{$/, '') // the summary of a subtest, not an assertion
    details = 'expected'
    detailsIndent = ' '.repeat(depth * 4 + 2)
    printDetails = false
    if (depth === 0) {
      const skipped = /# SKIP/i.test(directive)
      if (skipped) emptyFiles.push(name)
      else print(`${failed ? 'not ok' : 'ok    '}  ${name}  ${assertions} assertions, ${secondsOf(directive)} s`)
      printDetails = failed && failures === 0 // the file itself: exit code, signal, time-out
      path.length = assertions = failures = 0
      return
    }
    if (!closes) assertions++
    if (failed && !closes) {
      failures++
      printDetails = true
      print(`not ok  ${[...path.slice(0, depth), name].join(' > ')}`)
    }
    if (/# (?:SKIP|TODO)/i.test(directive)) print(`        ${[...path.slice(0, 1), line.trim()].join(' > ')}`)
    path.length = Math.min(path.length, depth)
  }

  /** The YAML block that may follow a test point. */
  function readDetails (line: string): boolean {
    if (details === 'expected') {
      details = line === `${detailsIndent}---` ? (printDetails ? 'printed' : 'hidden') : 'none'
      return details !== 'none'
    }
    if (details === 'none') return false
    if (line === `${detailsIndent}...`) details = 'none'
    else if (details === 'printed') print(`        ${line.slice(detailsIndent.length)}`)
    return true
  }

  return {
    read,
    emptyFiles,
    get passed () { return totals.passed },
    get failed () { return totals.failed },
    get skipped () { return totals.skipped },
    get todo () { return totals.todo }
  }
}

function secondsOf (directive: string): string {
  return (Number.parseFloat(/time=([\d.]+)ms/.exec(directive)?.[1] ?? '0') / 1000).toFixed(1)
}

function depthOf (indent: string | undefined): number {
  return Math.floor((indent ?? '').length / 4)
}
