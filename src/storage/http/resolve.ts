/** Name → one checked address, which the connection then is pinned to: a second look-up could give another answer. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { HttpFailure } from '../../core/ports/http.ts'
import { isPublicAddress } from './address-guard.ts'

export interface Resolved {
  address: string
  family: 4 | 6
}

export type Lookup = (host: string) => Promise<readonly Resolved[]>

/** All addresses, as the system resolves them. */
export const systemLookup: Lookup = async (host) => {
  const found = await lookup(host, { all: true, verbatim: true })
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

/**
 * @throws {HttpFailure} `dns-failure`, or `address-refused` when any of the addresses is private: a name that mixes
 * public and private ones is an attempt, not a mistake.
 */
export async function resolveChecked(host: string, look: Lookup, allowPrivate: boolean): Promise<Resolved> {
  const literal = isIP(host)
  let found: readonly Resolved[]
  try {
    found = literal === 0 ? await look(host) : [{ address: host, family: literal === 6 ? 6 : 4 }]
  } catch (cause) {
    throw new HttpFailure('dns-failure', `${host} does not resolve`, { cause })
  }
  const [first] = found
  if (!first) throw new HttpFailure('dns-failure', `${host} has no address`)
  if (!allowPrivate && !found.every(({ address }) => isPublicAddress(address)))
    throw new HttpFailure('address-refused', `${host} leads into a private network`)
  return first
}
