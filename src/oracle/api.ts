/**
 * What the oracle engine shows to the rest of the program: options, ports, events, status. `createOracleNode` in node.ts
 * takes the first two and gives an `OracleNode`.
 */
import type { AcceptedAttestation } from '../core/chain-facts.ts'
import type { Address, Epoch, Hash32, NodeIndex, UnitId } from '../core/ids.ts'
import type { OracleLeaf, UnitLeaf } from '../core/leaves.ts'
import type { ProbeTask } from '../core/observations.ts'
import type { AttestationSink, ChainReader } from '../core/ports/chain.ts'
import type { Clock } from '../core/ports/clock.ts'
import type { Gossip } from '../core/ports/gossip.ts'
import type { KeyValueStore } from '../core/ports/key-value-store.ts'
import type { Logger } from '../core/ports/logger.ts'
import type { Metrics } from '../core/ports/metrics.ts'
import type { Requests } from '../core/ports/requests.ts'
import type { Rng } from '../core/ports/rng.ts'
import type { SignatureScheme, Signer } from '../core/ports/signer.ts'
import type { ProbeResult, UnitProbe } from '../core/ports/unit-probe.ts'
import type { EvidenceBundle } from './evidence.ts'
import type { HashChain } from './hash-chain.ts'

export interface OracleNodeOptions {
  /** The oracle's reverse hash chain; without it the node follows and verifies but never reports or signs. */
  hashChain?: HashChain
  /** Epochs whose evidence bundles are kept. @default 4,320 (30 days of 144) */
  retainEpochs?: number
}

/** Everything the engine reaches outside itself. */
export interface OracleNodePorts {
  clock: Clock
  rng: Rng
  gossip: Gossip
  requests: Requests
  /** Holds journal, states and evidence under keys that begin with `oracle/`. */
  store: KeyValueStore
  chain: ChainReader
  /** Absent in a light node that never transmits. */
  sink?: AttestationSink
  /** Absent in a node that never reports. */
  probe?: UnitProbe
  signer: Signer
  signatures: SignatureScheme
  logger?: Logger
  metrics?: Metrics
}

export type AlarmCode =
  /** A message signed by this node's own key that its journal does not know: another process has the key. */
  | 'foreign-signature'
  /** The journal is missing or damaged: the node abstains for a while. */
  | 'journal-damaged'
  /** This node's own result differs from the accepted root. */
  | 'divergence'
  /** A final attestation is no longer on the chain. */
  | 'deep-reorg'
  /** The key of this node is not in the oracle set. */
  | 'not-in-set'
  /** The hash chain does not lead to the anchor on chain. */
  | 'anchor-mismatch'
  /** The hash chain ends soon; a new anchor has to be announced. */
  | 'anchor-exhausting'
  /** No peer could give a state that verifies. */
  | 'no-snapshot'
  /** The chain announces an evaluator version that this program does not implement. */
  | 'evaluator-version'
  /** The store refused a write; nothing is signed without the journal. */
  | 'store-failed'
  /** The chain could not be read. */
  | 'chain-unreachable'

export interface Alarm {
  code: AlarmCode
  epoch: Epoch
  message: string
  /** Unix ms. */
  at: number
}

/** Two contradicting messages of one author, enough for the contract to slash. */
export interface Equivocation {
  kind: 'commit' | 'reveal' | 'attestation'
  setId: number
  epoch: Epoch
  index: NodeIndex
  node: Address
  /** The two messages as they were on the wire. */
  messages: readonly [Uint8Array, Uint8Array]
}

export type RoundPhase = 'probe' | 'commit' | 'reveal' | 'propose' | 'sign' | 'transmit' | 'final' | 'skipped'

export interface OracleEvents {
  /** This node entered a phase of an epoch. */
  phase: { epoch: Epoch; phase: RoundPhase }
  observed: { epoch: Epoch; unitId: UnitId; task: ProbeTask; result: ProbeResult }
  /** A valid proposal was heard or made. */
  proposal: { epoch: Epoch; attempt: number; proposer: NodeIndex; inputs: number; mine: boolean }
  /** This node signed a root. */
  signed: { epoch: Epoch; attempt: number; root: Hash32 }
  /** This node holds a quorum of signatures. */
  certified: { epoch: Epoch; attempt: number; root: Hash32; signers: readonly NodeIndex[] }
  /** This node sent the attestation to the chain. */
  submitted: { epoch: Epoch; attempt: number; outcome: 'accepted' | 'superseded' | 'failed'; gasUsed: bigint }
  /** Accepted on chain and as deep as it has to be; the state is the node's own from now on. */
  attested: { epoch: Epoch; attestation: AcceptedAttestation }
  skipped: { epoch: Epoch }
  /** The node took over a state that verified against the chain. */
  adopted: { epoch: Epoch; root: Hash32; source: 'evaluated' | 'snapshot' | 'store' | 'genesis' }
  equivocation: Equivocation
  alarm: Alarm
}

export interface OracleStatus {
  running: boolean
  /** Epoch by the node's clock; negative before genesis. */
  epoch: Epoch
  phase: RoundPhase | undefined
  /** Seat in the current set; `undefined` for a light node or while the facts are unknown. */
  index: NodeIndex | undefined
  setId: number | undefined
  oracles: number | undefined
  quorum: number | undefined
  /** Newest final state. */
  stateEpoch: Epoch | undefined
  stateRoot: Hash32 | undefined
  units: number
  /** First epoch in which the journal's rule allows a signature; 0 = no restriction. */
  abstainingUntil: Epoch
  /** Heard its own key from elsewhere: signs nothing until restarted. */
  signingStopped: boolean
  /** Newest last, at most 32. */
  alarms: readonly Alarm[]
}

/** A leaf under an attested root, as consumers and settlement need it. */
export interface LeafProof<Leaf> {
  leaf: Leaf
  /** Siblings from the leaf up. */
  proof: readonly Hash32[]
  epoch: Epoch
  root: Hash32
}

/** The newest final state, read-only. */
export interface OracleStateView {
  epoch: Epoch
  era: number
  root: Hash32
  /** Ascending by unit id. */
  unitLeaves(): readonly UnitLeaf[]
  /** Ascending by node address. */
  oracleLeaves(): readonly OracleLeaf[]
}

export interface OracleNode {
  /** Resolves once the store is open for business and the epochs are being followed. Aborting the signal stops the node. */
  start(signal?: AbortSignal): Promise<void>
  /** Resolves when every timer, handler and task is gone. A second call waits for the first. */
  stop(): Promise<void>
  status(): OracleStatus
  /** @returns a function that removes the listener. A listener that throws is logged and kept. */
  on<E extends keyof OracleEvents>(event: E, listener: (value: OracleEvents[E]) => void): () => void
  /** Proof under the newest final root; `undefined` for a unit that is not in it. */
  leafProof(unitId: UnitId): LeafProof<UnitLeaf> | undefined
  oracleProof(node: Address): LeafProof<OracleLeaf> | undefined
  state(): OracleStateView | undefined
  /** All reveals of an attested epoch, from this node's store. */
  evidence(epoch: Epoch): Promise<EvidenceBundle | undefined>
}

export type { EvidenceBundle, HashChain }
