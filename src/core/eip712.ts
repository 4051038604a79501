/** EIP-712 digests of the protocol's messages (docs/protocol.md 1.1–1.3). The types are data; documents quote them. */
import { encodeWords, textWord, type Word } from './abi.ts'
import { type Address, bytesToHex, type Epoch, type Hash32, hexToBytes, type UnitId } from './ids.ts'
import { keccak256, keccak256Hex } from './keccak.ts'
import { UNIT_KINDS, type UnitTerms } from './units.ts'

export const MESSAGE_TYPES = {
  Commit: 'Commit(uint64 setId,uint40 epoch,bytes32 commitHash)',
  RevealHeader:
    'RevealHeader(uint64 setId,uint40 epoch,bytes32 batchHash,bytes32 salt,bytes32 secret,bytes32 blockHash,bytes32 seenHash)',
  Proposal: 'Proposal(uint64 setId,uint40 epoch,uint8 attempt,bytes32 parentRoot,bytes32 inputsHash)',
  Attestation:
    'Attestation(uint40 epoch,uint64 setId,uint8 attempt,bytes32 parentRoot,bytes32 root,uint32 unitCount,bytes32 inputsHash,bytes32 paramsHash,uint32 evaluatorVersion)',
  DataUnit:
    'DataUnit(address provider,uint64 nonce,uint8 kind,bytes32 region,address token,uint64 capacityBytes,uint128 pricePerGibEpoch,uint64 egressBytesPerEpoch,uint32 availabilityPpm,uint32 ttfbP95Ms,uint32 downP10Kbps,uint32 upP10Kbps,uint40 deadline)',
  Advert: 'Advert(bytes32 unitId,uint64 seq,uint40 expiresAt,bytes32 bodyHash)',
  ObjectList: 'ObjectList(bytes32 unitId,uint64 seq,bytes32 indexRoot,uint32 count,uint64 bytes)',
  ObjectIndex: 'ObjectIndex(uint256 reservationId,uint64 seq,bytes32 indexRoot,uint32 count,uint64 bytes)',
  GrantRequest: 'GrantRequest(bytes32 subject,address requester,uint40 epoch,bytes32 bodyHash)',
  NodeConsent: 'NodeConsent(address operator)',
} as const
export type MessageType = keyof typeof MESSAGE_TYPES

const utf8 = (text: string) => new TextEncoder().encode(text)
const TYPE_HASHES = Object.fromEntries(
  Object.entries(MESSAGE_TYPES).map(([name, type]) => [name, keccak256Hex(utf8(type))]),
) as Record<MessageType, Hash32>

/** Which network a signature is for. */
export interface Domain {
  chainId: number
  orchestrator: Address
}

export function domainSeparator({ chainId, orchestrator }: Domain): Hash32 {
  return keccak256Hex(
    encodeWords([
      keccak256Hex(utf8('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')),
      keccak256Hex(utf8('Lightmesh')),
      keccak256Hex(utf8('1')),
      chainId,
      orchestrator,
    ]),
  )
}

/** Digest of `hashStruct` words under a domain separator. */
function digestOf(separator: Hash32, type: MessageType, words: readonly Word[]): Hash32 {
  const preimage = new Uint8Array(66)
  preimage.set([0x19, 0x01])
  preimage.set(hexToBytes(separator), 2)
  preimage.set(keccak256(encodeWords([TYPE_HASHES[type], ...words])), 34)
  return bytesToHex(keccak256(preimage))
}

export interface CommitFields {
  setId: number
  epoch: Epoch
  commitHash: Hash32
}

export interface RevealHeaderFields {
  setId: number
  epoch: Epoch
  batchHash: Hash32
  salt: Hash32
  /** x_e of the reporter's hash chain. */
  secret: Hash32
  /** hash(B_e). */
  blockHash: Hash32
  seenHash: Hash32
}

export interface ProposalFields {
  setId: number
  epoch: Epoch
  attempt: number
  parentRoot: Hash32
  inputsHash: Hash32
}

/** What a quorum signs and the contract stores: the header of an attestation. */
export interface AttestationHeader {
  epoch: Epoch
  setId: number
  attempt: number
  parentRoot: Hash32
  root: Hash32
  unitCount: number
  inputsHash: Hash32
  paramsHash: Hash32
  evaluatorVersion: number
}

export interface AdvertFields {
  unitId: UnitId
  seq: bigint
  /** Unix seconds. */
  expiresAt: number
  bodyHash: Hash32
}

export interface ObjectListFields {
  unitId: UnitId
  seq: bigint
  indexRoot: Hash32
  count: number
  bytes: bigint
}

/** What a reservation holds; signed by its consumer and countersigned by its provider. */
export interface ObjectIndexFields {
  reservationId: bigint
  seq: bigint
  indexRoot: Hash32
  count: number
  bytes: bigint
}

export interface GrantRequestFields {
  /** Unit id, or a reservation's id as a word. */
  subject: Hash32
  requester: Address
  epoch: Epoch
  bodyHash: Hash32
}

/** Digests under one domain; the separator is computed once. */
export interface Digests {
  commit(m: CommitFields): Hash32
  revealHeader(m: RevealHeaderFields): Hash32
  proposal(m: ProposalFields): Hash32
  attestation(m: AttestationHeader): Hash32
  dataUnit(terms: UnitTerms, deadline: number): Hash32
  advert(m: AdvertFields): Hash32
  objectList(m: ObjectListFields): Hash32
  objectIndex(m: ObjectIndexFields): Hash32
  grantRequest(m: GrantRequestFields): Hash32
  /** A node key's consent to be registered by an operator. */
  nodeConsent(operator: Address): Hash32
}

export function createDigests(domain: Domain): Digests {
  const s = domainSeparator(domain)
  return {
    commit: (m) => digestOf(s, 'Commit', [m.setId, m.epoch, m.commitHash]),
    revealHeader: (m) =>
      digestOf(s, 'RevealHeader', [m.setId, m.epoch, m.batchHash, m.salt, m.secret, m.blockHash, m.seenHash]),
    proposal: (m) => digestOf(s, 'Proposal', [m.setId, m.epoch, m.attempt, m.parentRoot, m.inputsHash]),
    attestation: (m) =>
      digestOf(s, 'Attestation', [
        m.epoch,
        m.setId,
        m.attempt,
        m.parentRoot,
        m.root,
        m.unitCount,
        m.inputsHash,
        m.paramsHash,
        m.evaluatorVersion,
      ]),
    dataUnit: (terms, deadline) => digestOf(s, 'DataUnit', [...termWords(terms), deadline]),
    advert: (m) => digestOf(s, 'Advert', [m.unitId, m.seq, m.expiresAt, m.bodyHash]),
    objectList: (m) => digestOf(s, 'ObjectList', [m.unitId, m.seq, m.indexRoot, m.count, m.bytes]),
    objectIndex: (m) => digestOf(s, 'ObjectIndex', [m.reservationId, m.seq, m.indexRoot, m.count, m.bytes]),
    grantRequest: (m) => digestOf(s, 'GrantRequest', [m.subject, m.requester, m.epoch, m.bodyHash]),
    nodeConsent: (operator) => digestOf(s, 'NodeConsent', [operator]),
  }
}

/** The words of a unit's terms, in the order of the `DataUnit` type. */
export function termWords(t: UnitTerms): Word[] {
  return [
    t.provider,
    t.nonce,
    UNIT_KINDS.indexOf(t.kind),
    textWord(t.region),
    t.token,
    t.capacityBytes,
    t.pricePerGibEpoch,
    t.egressBytesPerEpoch,
    t.sla.availabilityPpm,
    t.sla.ttfbP95Ms,
    t.sla.downP10Kbps,
    t.sla.upP10Kbps,
  ]
}

/** EIP-712 struct hash of an offer: the `termsHash` that the contract keeps. */
export function termsHashOf(terms: UnitTerms, deadline: number): Hash32 {
  return keccak256Hex(encodeWords([TYPE_HASHES.DataUnit, ...termWords(terms), deadline]))
}

/** `keccak256(abi.encode(provider, nonce))`. */
export function unitIdOf(provider: Address, nonce: bigint): UnitId {
  return keccak256Hex(encodeWords([provider, nonce]))
}
