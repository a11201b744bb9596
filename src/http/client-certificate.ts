import { createHash, X509Certificate } from 'node:crypto'
import { BlockList, isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** The SHA-256 thumbprint (base64url, RFC 8705) of the certificate that the client showed; undefined where nobody we trust says so. */
export type ReadThumbprint = (request: FastifyRequest) => string | undefined

/** Believes the header only of a connection that comes from a proxy of ours; those must take it off what clients send. */
export function makeReadThumbprint (header: string | undefined, proxys: readonly string[]): ReadThumbprint {
  const trusted = new BlockList()
  for (const proxy of proxys) {
    const [address = '', bits] = proxy.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (bits === undefined) trusted.addAddress(address, family)
    else trusted.addSubnet(address, Number(bits), family)
  }
  return ({ raw: { socket }, headers }) => {
    const address = socket.remoteAddress
    if (header === undefined || address === undefined || !trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')) return undefined
    const value = headers[header]
    return typeof value === 'string' ? readThumbprint(value) : undefined
  }
}

/** Reads what proxies write: PEM in percent-encoding (nginx), or base64 of DER, between colons (RFC 9440) or bare. */
function readThumbprint (value: string): string | undefined {
  if (/[,\s]/.test(value)) return undefined // two headers become one with a comma: somebody else wrote the other
  try {
    const certificate = value.includes('-----BEGIN') ? decodeURIComponent(value) : Buffer.from(value.replaceAll(':', ''), 'base64')
    return createHash('sha256').update(new X509Certificate(certificate).raw).digest('base64url')
  } catch {
    return undefined // no certificate that can be read is none: a token that is bound to one is refused
  }
}
