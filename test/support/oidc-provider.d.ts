/** What the tests use of oidc-provider, which brings no types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  interface ClientCredentials { readonly clientId: string, readonly client?: Readonly<Record<string, unknown>> }
  export default class Provider {
    constructor (issuer: string, configuration: object)
    callback (): RequestListener
  }
}
