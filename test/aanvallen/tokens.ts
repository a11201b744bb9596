import { createPrivateKey, sign as signBytes } from 'node:crypto'
import { exportPKCS8, exportSPKI } from 'jose'
import type { Test } from 'tap'
import { startService } from '../support/service.ts'
import { claims, makeKey, sign, startCanary, UITGEVER, type Antwoord, type Doelwit } from './doelwit.ts'

const KLASSE = 'tokens and headers'
const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Tokens that somebody made himself, changed or found. */
export async function attackTokens (t: Test, doelwit: Doelwit): Promise<void> {
  const { rsa, ec } = doelwit
  const canary = await startCanary(t, () => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify({ keys: [own.jwk] }) }))
  const own = await makeKey('RS256', 'rsa')
  const ask = async (token: string, expected = 401): Promise<void> => { await doelwit.attack(KLASSE, { bearer: token, url: '/v1/signalen' }, ({ statusCode }) => statusCode === expected) }
  for (const key of [rsa, ec]) t.equal((await doelwit.inject({ bearer: await sign(key), url: '/v1/signalen' })).statusCode, 200, 'an honest token is taken')

  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'HS256', 'null']) for (const signature of ['', 'AAAA']) await ask(`${encode({ alg, typ: 'at+jwt' })}.${encode(claims())}.${signature}`)
  const spki = await exportSPKI(rsa.publicKey)
  const secrets = [spki, spki.trim(), spki.replaceAll('\n', ''), JSON.stringify(rsa.jwk), JSON.stringify({ keys: [rsa.jwk] }), String(rsa.jwk.n), 'secret', '\0'.repeat(32)]
  for (const alg of ['HS256', 'HS384', 'HS512']) for (const secret of secrets) await ask(await sign({ alg, kid: 'rsa', privateKey: new TextEncoder().encode(secret.padEnd(64, '\0')) }))
  for (const secret of secrets.slice(0, 4)) await ask(`${encode({ alg: 'HS256', kid: 'rsa', typ: 'at+jwt' })}.${encode(claims())}.${encode(secret)}`)

  const kids = ['../../../../dev/null', '/dev/null', 'ontwikkeling', "rsa' or 1=1 --", 'rsa\0', 'RSA', '', '__proto__', 'constructor', `${canary.origin}/jwks`, 'x'.repeat(4_000), '$(touch /tmp/kanarie)']
  for (const kid of kids) await ask(await sign({ ...own, kid }))
  const elsewhere = { jku: `${canary.origin}/jwks`, x5u: `${canary.origin}/x5u`, jwk: own.jwk, x5c: ['MIIB'] }
  for (const [name, value] of Object.entries(elsewhere)) await ask(await sign(own, {}, { [name]: value }))
  await ask(await sign(own, {}, elsewhere))
  await ask(await sign(own, { iss: canary.origin }))
  await ask(await sign(own, { iss: `${canary.origin}/.well-known/openid-configuration` }))
  t.strictSame(canary.hits, [], 'no key is fetched from where a token says')

  // A key with the name of another algorithm, and signatures that are none.
  const [header, body] = (await sign(ec)).split('.') as [string, string]
  for (const bytes of [Buffer.alloc(64), Buffer.alloc(0), Buffer.alloc(64, 255), Buffer.alloc(1), Buffer.alloc(128)]) await ask(`${header}.${body}.${bytes.toString('base64url')}`)
  const der = createPrivateKey(await exportPKCS8(ec.privateKey))
  await ask(`${header}.${body}.${signBytes('sha256', Buffer.from(`${header}.${body}`), der).toString('base64url')}`)
  for (const alg of ['RS256', 'PS256', 'ES384', 'ES512', 'EdDSA', 'RS512', 'ES256K']) await ask(`${encode({ alg, kid: 'ec', typ: 'at+jwt' })}.${body}.${(await sign(ec)).split('.')[2]!}`)
  await ask(await sign(own, {}, { kid: undefined }))

  for (const anders of [
    { aud: 'iets-anders' }, { aud: ['iets', 'anders'] }, { aud: '' }, { aud: undefined }, { aud: ['AANWEZIG'] }, { iss: `${UITGEVER}/` }, { iss: UITGEVER.toUpperCase() }, { iss: [UITGEVER] }, { iss: undefined }, { iss: 'urn:aanwezig:ontwikkeling' },
    { exp: 1 }, { exp: 0 }, { exp: -1 }, { exp: 1e300 }, { exp: undefined }, { nbf: 4e9 }, { iat: 4e9, exp: 4e9 + 1 }, { iat: undefined }, { jti: undefined }, { jti: 'x' }, { jti: ['x'.repeat(30)] }, { azp: undefined }, { azp: '' }, { azp: 'systeem:nachtelijk' }, { azp: 'test-lvs\n' }, { azp: 'test lvs' }, { azp: ['test-lvs'] }, { azp: 'x'.repeat(65) },
    { scholen: '99AA' }, { scholen: ['*'] }, { scholen: ['99aa'] }, { scholen: ['99AA '] }, { scholen: ['99AA', '99'] }, { scholen: ['99\uFF21\uFF21'] }, { scholen: { 0: '99AA' } }, { scholen: true }, { scholen: undefined }, { scholen: ["99AA'||'99AB"] }, { scholen: ['%'] }, { scholen: ['99AA|99AB'] },
    { scope: ['signalen:lezen'] }, { scope: 1 }, { cnf: {} }, { cnf: { jkt: 'x' } }, { rol: ['beheerder'] }, { client_id: 'vreemd-lvs' }
  ]) await ask(await sign(rsa, anders))
  for (const typ of [undefined, 'JOSE', 'id+jwt', 'logout+jwt', 'dpop+jwt', 'at+jwt;x']) await ask(await sign(rsa, {}, { typ }))
  const spread = ['signalen\u200B:lezen', '\u0455ignalen:lezen', 'SIGNALEN:LEZEN', 'signalen:lezen\0', 'signalen:lezen,absenties:lezen', 'signalen%3Alezen', 'signalen:lezen\tabsenties:lezen', 'signalen\uFF1Alezen', 'signalen:*', '*', 'signalen:lezen\u00A0', 'openid admin', 'signalen:lezen\n', '__proto__', 'signalen: lezen', '"signalen:lezen"']
  for (const scope of spread) await ask(await sign(rsa, { scope }), 403)

  const good = await sign(rsa)
  const [first, second, third] = good.split('.') as [string, string, string]
  for (const token of ['', '.', '..', first, `${first}.${second}`, `${first}.${second}.`, `.${second}.${third}`, `${good}.x`, `${good}.x.y`, `${good},${good}`, `${good} ${good}`, ` ${good}`.repeat(2), `${good}=`, `${first}.${encode(claims({ scholen: '*' }))}.${third}`, `${encode({ alg: 'RS256', kid: 'rsa', typ: 'JWT' })}.${second}.${third}`, good.slice(0, -2), 'x'.repeat(12_000), `${'x'.repeat(6_000)}.${'y'.repeat(6_000)}.z`]) await ask(token)
  for (const authorization of ['Basic dGVzdDp0ZXN0', `Token ${good}`, `bearer:${good}`, good, `Bearer${good}`, `DPoP ${good}`, `Bearer, Bearer ${good}`]) await doelwit.attack(KLASSE, { bearer: null, url: '/v1/signalen', headers: { authorization } })
  for (const headers of [{ cookie: `access_token=${good}` }, { 'x-access-token': good }, { 'x-authorization': `Bearer ${good}` }, { 'proxy-authorization': `Bearer ${good}` }, { 'fsc-authorization': `Bearer ${good}` }, { 'x-forwarded-authorization': `Bearer ${good}` }, { 'x-user': 'beheerder', 'x-forwarded-user': 'beheerder', 'x-remote-user': 'beheerder' }]) await doelwit.attack(KLASSE, { bearer: null, url: '/v1/signalen', headers: headers as Record<string, string> }, ({ statusCode }) => statusCode === 401)
  for (const url of [`/v1/signalen?access_token=${good}`, `/v1/signalen?token=${good}`, `/v1/signalen?Authorization=Bearer%20${good}`, `/v1/signalen#access_token=${good}`]) await doelwit.attack(KLASSE, { bearer: null, url }, ({ statusCode }) => statusCode === 401)
  t.equal((await doelwit.inject({ bearer: good, url: '/v1/signalen' })).statusCode, 200)
}

/** Answers of issuers that are not well, or no longer honest; one service trusts them all. */
export async function attackIssuer (t: Test, doelwit: Doelwit): Promise<void> {
  const own = await makeKey('RS256', 'sleutel')
  const secret = Buffer.from('geheim'.repeat(8))
  const elsewhere = await startCanary(t)
  const answers: ReadonlyArray<readonly [name: string, answer: Antwoord]> = [
    ['a redirect to another host', { status: 302, headers: { location: `${elsewhere.origin}/jwks` } }],
    ['a permanent redirect to another host', { status: 308, headers: { location: `${elsewhere.origin}/jwks` } }],
    ['an error', { status: 500, body: '{}' }],
    ['a page', { body: '<html></html>' }],
    ['nothing', { body: '' }],
    ['null', { body: 'null' }],
    ['no list', { body: '{"keys": {}}' }],
    ['no keys', { body: '{"keys": []}' }],
    ['keys that are none', { body: '{"keys": [null]}' }],
    ['a key that is no key', { body: '{"keys": [{"kty": "RSA", "kid": "sleutel", "n": "x", "e": "AQAB"}]}' }],
    ['two keys of one name', { body: JSON.stringify({ keys: [own.jwk, (await makeKey('RS256', 'sleutel')).jwk] }) }],
    ['a key for encryption', { body: JSON.stringify({ keys: [{ ...own.jwk, use: 'enc' }] }) }],
    ['a secret', { body: JSON.stringify({ keys: [{ kty: 'oct', k: secret.toString('base64url'), kid: 'sleutel', alg: 'HS256' }] }) }],
    ['a prototype', { body: '{"keys": [], "__proto__": {"keys": [1]}}' }]
  ]
  const list = await Promise.all(answers.map(async ([name, answer]) => {
    const { origin } = await startCanary(t, () => ({ headers: { 'content-type': 'application/json' }, ...answer }))
    return { issuer: name, jwksUrl: `${origin}/jwks`, audience: 'aanwezig' }
  }))
  const service = await startService(t, { environment: { AUTH_ISSUERS: JSON.stringify(list), ADRES_PER_SECONDE: '1000' } })
  for (const [name] of answers) {
    for (const key of [own, { alg: 'HS256', kid: 'sleutel', privateKey: secret }]) {
      const { statusCode } = await service.inject({ bearer: await sign(key, { iss: name }), url: '/v1/signalen' })
      doelwit.count('answers of an issuer', `${name}: ${statusCode}`, statusCode === 401 || statusCode === 503)
    }
  }
  t.strictSame(elsewhere.hits, [], 'no redirect is followed')
  t.equal((await service.inject({ url: '/v1/signalen' })).statusCode, 200, 'another issuer does not suffer')
}
