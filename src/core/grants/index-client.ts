/** Asking a provider for a reservation's index, and for its countersignature. */
import { CodecError, decodeCanonical, encodeCanonical, read } from '../canonical-cbor.ts'
import type { Digests, Domain } from '../eip712.ts'
import type { Address } from '../ids.ts'
import { decodeObjectIndex, encodeIndexChange, MAX_INDEX_BYTES, objectIndexDigest } from '../manifest/object-index.ts'
import { networkName } from '../network.ts'
import { INDEX_REFUSALS, IndexError, type IndexSource } from '../ports/object-index.ts'
import type { Requests } from '../ports/requests.ts'
import type { SignatureScheme } from '../ports/signer.ts'

/** Get: the body is the reservation's id. Commit: the body is a change. */
export const indexProtocol = (domain: Domain) => networkName(domain, 'index')
export const indexCommitProtocol = (domain: Domain) => networkName(domain, 'index-commit')

export interface IndexClientPorts {
  requests: Requests
  signatures: SignatureScheme
  digests: Digests
  domain: Domain
  /** This consumer. */
  consumer: Address
  /** Provider's key of a reservation's unit, which signs, and the node to ask. */
  providerOf: (reservationId: bigint) => { provider: Address; node: Address } | undefined
}

/** The provider looks at every new object in its backend before it signs. */
const TIMEOUT_MS = 30_000

export function createIndexClient(ports: IndexClientPorts): IndexSource {
  const { requests, signatures, digests, domain, consumer } = ports
  const providerOf = (reservationId: bigint) => {
    const found = ports.providerOf(reservationId)
    if (!found) throw new IndexError('reservation-unknown', `reservation ${reservationId} is not known here`)
    return found
  }
  const send = async (node: Address, protocol: string, body: Uint8Array, signal: AbortSignal) => {
    try {
      return await requests.request(node, protocol, body, {
        signal,
        timeoutMs: TIMEOUT_MS,
        maxResponseBytes: MAX_INDEX_BYTES,
      })
    } catch (cause) {
      signal.throwIfAborted()
      throw new IndexError('unreachable', `${node} does not answer`, { cause })
    }
  }
  return {
    async latest(reservationId, signal) {
      const { provider, node } = providerOf(reservationId)
      const bytes = await send(node, indexProtocol(domain), encodeCanonical(reservationId), signal)
      if (!bytes) return undefined
      const index = decoded(() => decodeObjectIndex(bytes))
      const digest = objectIndexDigest(digests, index)
      const signed =
        index.reservationId === reservationId &&
        signatures.recover(digest, index.consumerSignature) === consumer &&
        signatures.recover(digest, index.providerSignature) === provider
      if (!signed) throw new IndexError('malformed-answer', 'the index is not signed by both sides')
      return index
    },
    async commit(change, { digest, consumerSignature }, signal) {
      const { provider, node } = providerOf(change.reservationId)
      const body = encodeIndexChange(change, consumerSignature)
      const bytes = await send(node, indexCommitProtocol(domain), body, signal)
      if (!bytes) throw new IndexError('reservation-unknown', `${node} does not serve this reservation`)
      const [status, signature] = decoded(() => read.tuple(decodeCanonical(bytes, 128), 2))
      const code = decoded(() => read.uint(status, INDEX_REFUSALS.length))
      if (code > 0) {
        const refusal = INDEX_REFUSALS[code - 1]!
        throw new IndexError(refusal, `the provider does not countersign: ${refusal}`)
      }
      const countersignature = decoded(() => read.bytes(signature, 65))
      if (signatures.recover(digest, countersignature) !== provider)
        throw new IndexError('malformed-answer', 'the countersignature is not the provider’s')
      return countersignature
    },
  }
}

function decoded<T>(decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw new IndexError('malformed-answer', `the provider's answer can't be used: ${cause.message}`, { cause })
  }
}
