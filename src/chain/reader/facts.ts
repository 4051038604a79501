/** The facts of an epoch out of the state at B_e (docs/protocol.md 4). */
import { encodeWords } from '../../core/abi.ts'
import type { ChainFacts, OracleSeat, OracleSetFacts } from '../../core/chain-facts.ts'
import { type Address, type Epoch, type Hash32, ZERO_HASH } from '../../core/ids.ts'
import { keccak256Hex } from '../../core/keccak.ts'
import type { BlockHeader, ChainNetwork, ChainView } from '../api.ts'
import { ChainError } from '../errors.ts'
import { anchorAt } from '../projection/oracles.ts'
import type { OracleSetRecord, UnitRecord } from '../records.ts'

/**
 * @param parent header before B_e; `undefined` when B_e is the chain's first block.
 * @throws {ChainError} `no-oracle-set`, `no-evaluation`: nothing can be attested for this epoch.
 */
export function factsFrom(
  network: ChainNetwork,
  epoch: Epoch,
  block: BlockHeader,
  parent: BlockHeader | undefined,
  view: ChainView,
): ChainFacts {
  const set = view.setAt(epoch)
  if (set === undefined) throw new ChainError('no-oracle-set', `no oracle set was announced for epoch ${epoch} in time`)
  const term = view.evaluationAt(epoch)
  if (term === undefined) throw new ChainError('no-evaluation', `no evaluation is in force at epoch ${epoch}`)
  return {
    epoch,
    block: { number: block.number, hash: block.hash, timestamp: block.timestamp },
    seed: seedOf(network, epoch, block, parent),
    set: setFacts(set, epoch, view),
    params: term.params,
    paramsHash: term.paramsHash,
    evaluatorVersion: term.evaluatorVersion,
    units: view
      .units()
      .filter(({ status }) => status !== 'Retired')
      .map((unit) => registeredUnit(unit, epoch)),
  }
}

/**
 * Some chains have no randomness and put a constant in its place; one that equals its parent's is such a constant, and
 * the block's hash is taken instead.
 */
function seedOf(network: ChainNetwork, epoch: Epoch, block: BlockHeader, parent: BlockHeader | undefined): Hash32 {
  const constant = block.mixHash === (parent?.mixHash ?? ZERO_HASH)
  const randomness = constant ? block.hash : block.mixHash
  return keccak256Hex(encodeWords([network.chainId, network.orchestrator, epoch, randomness]))
}

function setFacts({ setId, firstEpoch, nodes }: OracleSetRecord, epoch: Epoch, view: ChainView): OracleSetFacts {
  const byNode = new Map(view.oracles().map((oracle) => [oracle.node, oracle]))
  const seat = (node: Address, index: number): OracleSeat => {
    const oracle = byNode.get(node)
    const anchor = oracle && anchorAt(oracle.anchors, epoch)
    if (oracle === undefined || anchor === undefined)
      throw new ChainError('rpc-inconsistent', `the oracle ${node} has a seat but no registration; logs are missing`)
    return { index, node, operator: oracle.operator, anchor }
  }
  return { setId, firstEpoch, seats: nodes.map(seat) }
}

function registeredUnit(unit: UnitRecord, epoch: Epoch): ChainFacts['units'][number] {
  const { id, terms, operator, termsHash, maintenance } = unit
  const inWindow = maintenance !== undefined && epoch >= maintenance.fromEpoch && epoch < maintenance.untilEpoch
  const status = unit.status === 'Active' && inWindow ? 'Maintenance' : unit.status
  return { id, terms, operator, status, termsHash }
}
