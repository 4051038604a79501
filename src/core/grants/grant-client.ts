/** Asking providers for grants and object lists. */
import { CodecError } from '../canonical-cbor.ts'
import type { Digests, Domain } from '../eip712.ts'
import { type EpochClock, epochAt } from '../epoch-clock.ts'
import { type Address, type Epoch, type Hex, hexToBytes } from '../ids.ts'
import { decodeObjectList, MAX_OBJECT_LIST_BYTES, type ObjectList } from '../manifest/object-list.ts'
import { networkName } from '../network.ts'
import type { Clock } from '../ports/clock.ts'
import type { GrantSource, ObjectListSource, ReservationGrantSource } from '../ports/grants.ts'
import type { Requests } from '../ports/requests.ts'
import type { SignatureScheme, Signer } from '../ports/signer.ts'
import type { RegisteredUnit } from '../units.ts'
import {
  type Grant,
  GrantError,
  type GrantItem,
  type GrantRequest,
  MAX_GRANT_RESPONSE_BYTES,
  reservationSubject,
} from './grant.ts'
import { decodeGrantAnswer, signGrantRequest } from './grant-codec.ts'

export const grantsProtocol = (domain: Domain) => networkName(domain, 'grants')
export const objectListProtocol = (domain: Domain) => networkName(domain, 'objects')

export interface GrantClientPorts {
  requests: Requests
  signer: Signer
  signatures: SignatureScheme
  digests: Digests
  domain: Domain
  clock: Clock
  epochClock: EpochClock
  /** Node that serves a unit, from its advert. @default the provider's own */
  nodeOf?: (unit: RegisteredUnit) => Address
  /** Unit of a reservation; needed by consumers only. */
  unitOf?: (reservationId: bigint) => RegisteredUnit | undefined
}

/** One answer from a provider, at the most; listing a prefix for the quota may take it a few seconds. */
const TIMEOUT_MS = 10_000

export function createGrantClient(ports: GrantClientPorts): GrantSource & ObjectListSource & ReservationGrantSource {
  const nodeOf = ports.nodeOf ?? ((unit: RegisteredUnit) => unit.terms.provider)
  const requester = ports.signer.address
  return {
    probeGrants: (unit: RegisteredUnit, epoch: Epoch, signal: AbortSignal) =>
      ask(ports, nodeOf(unit), { purpose: 'probe', subject: unit.id as Hex, requester, epoch, items: [] }, signal),
    async reservationGrants(reservationId: bigint, items: readonly GrantItem[], signal: AbortSignal) {
      const unit = ports.unitOf?.(reservationId)
      if (!unit) throw new GrantError('reservation-unknown', `reservation ${reservationId} is not known here`)
      const subject = reservationSubject(reservationId)
      const epoch = epochAt(ports.epochClock, ports.clock.now())
      const request: GrantRequest = { purpose: 'reservation', subject, requester, epoch, items }
      const grants = await ask(ports, nodeOf(unit), request, signal)
      if (grants.length !== items.length || grants.some((grant, i) => grant.key !== items[i]?.key))
        throw new GrantError('malformed-answer', 'the provider answered for other objects than it was asked for')
      return grants
    },
    async objectList(unit: RegisteredUnit, signal: AbortSignal): Promise<ObjectList> {
      const bytes = await send(ports, nodeOf(unit), objectListProtocol(ports.domain), hexToBytes(unit.id), {
        maxResponseBytes: MAX_OBJECT_LIST_BYTES,
        signal,
      })
      const expected = { unitId: unit.id, provider: unit.terms.provider }
      return decoded(() => decodeObjectList(bytes, { ...expected, digests: ports.digests, scheme: ports.signatures }))
    },
  }
}

async function ask(
  ports: GrantClientPorts,
  node: Address,
  request: GrantRequest,
  signal: AbortSignal,
): Promise<readonly Grant[]> {
  const body = await signGrantRequest(ports.digests, ports.signer, request)
  const bytes = await send(ports, node, grantsProtocol(ports.domain), body, {
    maxResponseBytes: MAX_GRANT_RESPONSE_BYTES,
    signal,
  })
  const answer = decoded(() => decodeGrantAnswer(bytes))
  if ('refusal' in answer) throw new GrantError(answer.refusal, `${node} gives no grants: ${answer.refusal}`)
  return answer.grants
}

async function send(
  { requests }: GrantClientPorts,
  node: Address,
  protocol: string,
  body: Uint8Array,
  options: { maxResponseBytes: number; signal: AbortSignal },
): Promise<Uint8Array> {
  let bytes: Uint8Array | undefined
  try {
    bytes = await requests.request(node, protocol, body, { ...options, timeoutMs: TIMEOUT_MS })
  } catch (cause) {
    options.signal.throwIfAborted()
    throw new GrantError('unreachable', `${node} does not answer`, { cause })
  }
  if (!bytes) throw new GrantError('unit-unknown', `${node} does not serve this`)
  return bytes
}

function decoded<T>(decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw new GrantError('malformed-answer', `the provider's answer can't be used: ${cause.message}`, { cause })
  }
}
