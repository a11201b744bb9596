import { Readable } from 'node:stream'
import { startDienst } from '../bench/dienst.ts'
import { createSchool } from './klant.ts'
import type { Storing } from './storingen.ts'

/** One NDJSON stream of very many lines that are no records, some 2 GB of them: refused one by one, in flat memory. */
export async function streamRegels (regels: number): Promise<Storing> {
  const dienst = await startDienst()
  await createSchool(dienst)
  const line = `{"bronId":"x","onzin":"${'y'.repeat(170)}"}\n`
  const chunk = Buffer.from(line.repeat(1_000))
  let hoogste = 0
  let begin = 0
  function * lines (): Generator<Buffer> {
    for (let at = 0; at < regels; at += 1_000) {
      const { nu } = dienst.memory()
      if (at >= regels / 20 && begin === 0) begin = nu
      hoogste = Math.max(hoogste, nu)
      yield chunk
    }
  }
  const started = performance.now()
  const answer = await fetch(`${dienst.url}/v1/absenties/_bulk`, { method: 'POST', headers: { authorization: `Bearer ${dienst.token}`, 'content-type': 'application/x-ndjson' }, body: Readable.toWeb(Readable.from(lines())), duplex: 'half' } as unknown as RequestInit)
  let last = ''
  for await (const text of answer.body!.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>) last = (last + text).slice(-2_000)
  const seconds = (performance.now() - started) / 1000
  const totals = JSON.parse(last.trim().split('\n').at(-1)!) as { aantallen?: Record<string, number> }
  await dienst.stop()
  return {
    naam: `een stroom van ${regels} onbruikbare regels, ${(regels * line.length / 1e9).toFixed(1)} GB`,
    gezien: { 'afgewezen regels': totals.aantallen?.['afgewezen'] ?? 0, 'regels per seconde': Math.round(regels / seconds), 'geheugen van node na 5 % en op zijn hoogst (MB)': `${begin} en ${hoogste}` },
    eisen: { 'elke regel is beantwoord': totals.aantallen?.['afgewezen'] === regels, 'het geheugen groeit niet mee': hoogste < begin * 1.5 + 50 }
  }
}
