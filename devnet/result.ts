/** What `--json` prints and `--ready-file` holds. Amounts are decimal strings, addresses carry their checksum. */
import type { Address, Hex } from 'viem'
import type { UnitKind, UnitState, UnitStatus } from '../src/core/units.ts'

export interface DevnetResult {
  chain: { rpcUrl: string; chainId: number; orchestrator: Address; oracleSet: Address }
  quorum: number
  nodes: {
    peerId: string
    address: Address
    pid: number
    roles: readonly string[]
    /** Points as an oracle, proven to a root on chain; absent before the first. */
    points?: string
  }[]
  /** pid 0: a server that this run did not start. */
  backends: { kind: UnitKind; pid: number; endpoint: string }[]
  units: {
    id: Hex
    kind: UnitKind
    provider: Address
    status: UnitStatus
    state: UnitState
    scoreBps: number
    availabilityPpm: number
    met: number
    missed: number
  }[]
  attestations: {
    epoch: number
    prevEpoch: number
    root: Hex
    txHash: Hex
    gasUsed: number
    signers: Address[]
    unitCount: number
    /** From start(e) + 0.85 L to the block with the attestation, as the launcher saw it. */
    msAfterProposal: number
  }[]
  reservations: { id: string; unit: Hex; deposited: string; paid: string; refunded: string }[]
  lost: { what: string; pid: number; epoch: number }[]
  elapsedMs: number
}
