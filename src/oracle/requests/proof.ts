/**
 * Leaf proofs for consumers and settlement: ask a node for a unit's leaf and check it yourself. What is checked here is
 * leaf against root; root against chain is the caller's, who has the chain.
 */
import { type CborValue, decodeCanonical, encodeCanonical, read } from '../../core/canonical-cbor.ts'
import type { Domain } from '../../core/eip712.ts'
import { type Address, bytesToHex, type Hash32, hexToBytes, type UnitId } from '../../core/ids.ts'
import { type UnitLeaf, unitLeafHash } from '../../core/leaves.ts'
import { rootOfProof } from '../../core/merkle.ts'
import type { Requests } from '../../core/ports/requests.ts'
import { UNIT_STATES } from '../../core/units.ts'
import type { LeafProof } from '../api.ts'
import { MAX_EPOCH } from '../messages/fields.ts'
import type { RootedState } from '../state/store.ts'
import { MAX_REQUEST_BYTES, protocolName } from './protocols.ts'

/** 40 siblings are more leaves than there can be units. */
const MAX_SIBLINGS = 40
const MAX_ANSWER_BYTES = 4096

export function unitLeafProof(current: RootedState | undefined, unitId: UnitId): LeafProof<UnitLeaf> | undefined {
  const row = current?.state.rowOf(unitId) ?? -1
  if (!current || row < 0) return undefined
  const { state, root } = current
  return { leaf: state.unitLeaf(row), proof: state.unitProof(row), epoch: state.epoch, root }
}

export function answerProof(current: RootedState | undefined, body: Uint8Array): Uint8Array | undefined {
  const [unitId] = read.tuple(decodeCanonical(body, MAX_REQUEST_BYTES), 1)
  const found = unitLeafProof(current, bytesToHex(read.bytes(unitId, 32)))
  return found && encodeCanonical([hexToBytes(found.root), encodeLeaf(found.leaf), found.proof.map(hexToBytes)])
}

function encodeLeaf(l: UnitLeaf): CborValue[] {
  return [
    hexToBytes(l.unitId),
    l.epoch,
    l.era,
    UNIT_STATES.indexOf(l.state),
    l.metEpochs,
    l.missedEpochs,
    l.neutralEpochs,
    l.paidBpsSum,
    l.lossIncidents,
    l.scoreBps,
    l.availabilityPpm,
    l.ttfbP95Ms,
    l.downP10Kbps,
    l.upP10Kbps,
    l.samples,
    hexToBytes(l.recordHash),
  ]
}

const U32 = 2 ** 32 - 1

function decodeLeaf(value: CborValue | undefined): UnitLeaf {
  const f = read.tuple(value, 16)
  const u32 = (i: number) => read.uint(f[i], U32)
  return {
    unitId: bytesToHex(read.bytes(f[0], 32)),
    epoch: read.uint(f[1], MAX_EPOCH),
    era: u32(2),
    state: UNIT_STATES[read.uint(f[3], UNIT_STATES.length - 1)]!,
    metEpochs: u32(4),
    missedEpochs: u32(5),
    neutralEpochs: u32(6),
    paidBpsSum: read.uint64(f[7]),
    lossIncidents: u32(8),
    scoreBps: read.uint(f[9], 65_535),
    availabilityPpm: u32(10),
    ttfbP95Ms: u32(11),
    downP10Kbps: u32(12),
    upP10Kbps: u32(13),
    samples: u32(14),
    recordHash: bytesToHex(read.bytes(f[15], 32)),
  }
}

/**
 * Asks one node for a unit's leaf.
 * @returns `undefined` when it has none, or when what it sends does not verify against the root that it names.
 * @throws what `requests` throws; {CodecError} for a malformed answer.
 */
export async function requestLeafProof(
  modules: { requests: Requests; domain: Domain },
  peer: Address,
  unitId: UnitId,
  options: { signal?: AbortSignal; timeoutMs: number },
): Promise<LeafProof<UnitLeaf> | undefined> {
  const body = encodeCanonical([hexToBytes(unitId)])
  const name = protocolName(modules.domain, 'proof')
  const answer = await modules.requests.request(peer, name, body, { ...options, maxResponseBytes: MAX_ANSWER_BYTES })
  if (!answer) return undefined
  const [rootField, leafField, proofField] = read.tuple(decodeCanonical(answer, MAX_ANSWER_BYTES), 3)
  const root: Hash32 = bytesToHex(read.bytes(rootField, 32))
  const leaf = decodeLeaf(leafField)
  const proof = read.list(proofField, MAX_SIBLINGS).map((sibling) => bytesToHex(read.bytes(sibling, 32)))
  if (leaf.unitId !== unitId || rootOfProof(unitLeafHash(leaf), proof) !== root) return undefined
  return { leaf, proof, epoch: leaf.epoch, root }
}
