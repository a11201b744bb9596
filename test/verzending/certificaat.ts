import { generate } from 'selfsigned'

export interface Certificaat { readonly cert: string, readonly key: string }

/** Without `ca` it is one itself. `oin` is the serialNumber of its subject, as in a certificate of PKIoverheid. */
export async function makeCertificaat (naam: string, ca: Certificaat | undefined, { keyType = 'ec', oin, van, tot }: { readonly keyType?: 'ec' | 'rsa', readonly oin?: string, readonly van?: Date, readonly tot?: Date } = {}): Promise<Certificaat> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: naam }, ...(oin === undefined ? [] : [{ name: '2.5.4.5', value: oin }])], {
    keyType,
    keySize: 2048,
    algorithm: 'sha256',
    ...(van === undefined ? {} : { notBeforeDate: van }),
    ...(tot === undefined ? {} : { notAfterDate: tot }),
    ...(ca === undefined ? {} : { ca }),
    extensions: ca === undefined
      ? [{ name: 'basicConstraints', cA: true, critical: true }, { name: 'keyUsage', keyCertSign: true, critical: true }]
      : [{ name: 'basicConstraints', cA: false }, { name: 'subjectAltName', altNames: [naam === '127.0.0.1' ? { type: 7, ip: naam } : { type: 2, value: naam }] }]
  })
  return { cert, key }
}
