import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Keys derived from the one configured key, each for one purpose. */
export interface Sleutels {
  /** AES-256-GCM: 12 bytes nonce, 16 bytes tag, ciphertext; bound to the leerling it belongs to, so a swapped row does not decrypt. */
  readonly encryptPgn: (nummer: string, eigenaar: string) => Buffer
  readonly decryptPgn: (versleuteld: Buffer, eigenaar: string) => string
  /** The same for an answer that is kept; bound to the client and key it belongs to. */
  readonly encryptAntwoord: (tekst: string, eigenaar: string) => Buffer
  readonly decryptAntwoord: (versleuteld: Buffer, eigenaar: string) => string
  /** The same for a message to DUO that waits to be sent; bound to the uitzending it belongs to. */
  readonly encryptBericht: (tekst: string, eigenaar: string) => Buffer
  readonly decryptBericht: (versleuteld: Buffer, eigenaar: string) => string
  /** Keyed HMAC, 32 bytes, of a request: what was sent may be one number of nine digits, and nobody who reads the table may try them all. */
  readonly digestVerzoek: (tekst: string) => Buffer
  /** Keyed HMAC, 32 bytes: equal numbers are found within one school, and nobody without the key can enumerate them. */
  readonly searchPgn: (nummer: string, school: string) => Buffer
  /** Pseudonyms of leerlingen of one school, by their bron, in the processing log: 16 bytes each, one after the other. */
  readonly pseudonyms: (sleutel: Logsleutel, leerlingen: ReadonlyMap<string, Iterable<string>>) => Buffer
  /** A new key of the processing log of a school, as it is stored; and such a key as it is used. */
  readonly makeLogsleutel: (eigenaar: string) => Buffer
  readonly openLogsleutel: (versleuteld: Buffer, eigenaar: string) => KeyObject
  /** The live key of each school as this process last read it. */
  readonly logsleutels: Map<string, Logsleutel>
  /** Keyed HMAC, 32 bytes, of a seal: who can write the database alone cannot make one. */
  readonly signZegel: (tekst: string) => Buffer
  /** Keyed HMAC, 32 bytes, of a line of the wisregister. */
  readonly signWisregel: (tekst: string) => Buffer
  /** Keyed HMAC, 16 bytes, of a leerling who was destroyed: whoever sends his key again is recognised, and nobody else can tell who it was. */
  readonly pseudonymVernietigd: (leerling: { readonly school: string, readonly bron: string, readonly leerling: string }) => Buffer
}

/** The key under which the leerlingen of one school are pseudonyms. */
export interface Logsleutel { readonly school: string, readonly nummer: number, readonly sleutel: KeyObject }

// Leerlingen whose pseudonym is kept, as a byte a character: an HMAC takes 2.7 µs, and a push one a record. 100 bytes each.
const KEPT = 50_000

export function deriveSleutels (sleutel: Buffer): Sleutels {
  // As key objects, made once: an HMAC with a Buffer as its key costs 13 µs, with a key object 2.7, and a push takes one a leerling.
  const derive = (purpose: string): KeyObject => createSecretKey(Buffer.from(hkdfSync('sha256', sleutel, Buffer.alloc(0), `aanwezig/${purpose}/1`, 32)))
  // By the key that made them, so that they go when it is destroyed; map in map, for a name glued together for each would be garbage.
  let kept = new WeakMap<Logsleutel, Map<string, Map<string, string>>>()
  let keptCount = 0
  const [pgn, zoek, log, antwoord, verzoek, bericht, zegel, wisregel, vernietigd] = [derive('pgn'), derive('pgn-zoek'), derive('verwerking'), derive('antwoord'), derive('verzoek'), derive('bericht'), derive('zegel'), derive('wisregister'), derive('vernietigd')]
  return {
    encryptPgn: (nummer, eigenaar) => encrypt(pgn, nummer, eigenaar),
    decryptPgn: (versleuteld, eigenaar) => decrypt(pgn, versleuteld, eigenaar),
    encryptAntwoord: (tekst, eigenaar) => encrypt(antwoord, tekst, eigenaar),
    decryptAntwoord: (versleuteld, eigenaar) => decrypt(antwoord, versleuteld, eigenaar),
    encryptBericht: (tekst, eigenaar) => encrypt(bericht, tekst, eigenaar),
    decryptBericht: (versleuteld, eigenaar) => decrypt(bericht, versleuteld, eigenaar),
    digestVerzoek: (tekst) => createHmac('sha256', verzoek).update(tekst).digest(),
    searchPgn: (nummer, school) => createHmac('sha256', zoek).update(`${school}|${nummer}`).digest(),
    makeLogsleutel: (eigenaar) => encrypt(log, randomBytes(32).toString('base64'), eigenaar),
    openLogsleutel: (versleuteld, eigenaar) => createSecretKey(Buffer.from(openOwn(log, versleuteld, eigenaar), 'base64')),
    logsleutels: new Map(),
    signZegel: (tekst) => createHmac('sha256', zegel).update(tekst).digest(),
    signWisregel: (tekst) => createHmac('sha256', wisregel).update(tekst).digest(),
    pseudonymVernietigd: ({ school, bron, leerling }) => createHmac('sha256', vernietigd).update(JSON.stringify([school, bron, leerling])).digest().subarray(0, 16),
    pseudonyms (logsleutel, leerlingen) {
      const { school, nummer, sleutel } = logsleutel
      let bytes = ''
      for (const [bron, eigen] of leerlingen) {
        const known = findOrMake(findOrMake(kept, logsleutel), bron)
        for (const leerling of eigen) {
          let pseudonym = known.get(leerling)
          if (pseudonym === undefined) {
            pseudonym = createHmac('sha256', sleutel).update(JSON.stringify([school, nummer, bron, leerling])).digest().toString('latin1', 0, 16)
            if (++keptCount > KEPT) {
              kept = new WeakMap()
              keptCount = 0
            } else known.set(leerling, pseudonym)
          }
          bytes += pseudonym
        }
      }
      return Buffer.from(bytes, 'latin1')
    }
  }
}

function findOrMake<K, V> (maps: { get: (key: K) => Map<string, V> | undefined, set: (key: K, made: Map<string, V>) => unknown }, key: K): Map<string, V> {
  let found = maps.get(key)
  if (found === undefined) maps.set(key, found = new Map())
  return found
}

function encrypt (sleutel: KeyObject, tekst: string, eigenaar: string): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', sleutel, nonce).setAAD(Buffer.from(eigenaar))
  const text = Buffer.concat([cipher.update(tekst, 'utf8'), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), text])
}

function decrypt (sleutel: KeyObject, versleuteld: Buffer, eigenaar: string): string {
  const decipher = createDecipheriv('aes-256-gcm', sleutel, versleuteld.subarray(0, 12)).setAAD(Buffer.from(eigenaar)).setAuthTag(versleuteld.subarray(12, 28))
  return decipher.update(versleuteld.subarray(28), undefined, 'utf8') + decipher.final('utf8')
}

/** What only another SLEUTEL can have closed. */
function openOwn (sleutel: KeyObject, versleuteld: Buffer, eigenaar: string): string {
  try {
    return decrypt(sleutel, versleuteld, eigenaar)
  } catch (error) {
    throw new Error('SLEUTEL is not the one that this store was filled with; take the same for every process and command', { cause: error })
  }
}

/** Development only: the key file in dataDir, made at first use; two processes that start together end with the same key. */
export async function developmentSleutel (dataDir: string): Promise<Buffer> {
  return await readOrCreate(join(dataDir, 'sleutel'), () => randomBytes(32))
}

/** Reads a secret file (mode 0600), or makes it; the link lets exactly one process win, and nobody reads half a key. */
export async function readOrCreate (path: string, make: () => Buffer | Promise<Buffer>): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  await mkdir(dirname(path), { recursive: true })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, await make(), { mode: 0o600 })
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await unlink(draft)
  }
  return await readFile(path)
}
