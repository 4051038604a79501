/** Oracles, their anchors, and the announced sets. */
import type { HashChainAnchor } from '../../core/chain-facts.ts'
import type { Address, Epoch } from '../../core/ids.ts'
import { type ContractEvent, lower } from '../events.ts'
import type { OracleRecord } from '../records.ts'
import type { Tables } from './tables.ts'

/** Anchors are renewed long before their chain is used up; older ones answer for epochs that nobody asks about. */
const MAX_ANCHORS = 8

export function applyOracles(tables: Tables, event: ContractEvent, block: number): void {
  switch (event.eventName) {
    case 'OracleRegistered': {
      const operator = lower(event.args.operator)
      const node = lower(event.args.node)
      tables.nodeOperators.set(node, block, operator)
      // The anchor's event comes first, under the node's address.
      const anchors = tables.oracles.get(node)?.anchors ?? []
      tables.oracles.set(operator, block, { ...blank(operator, node), bond: event.args.bond, anchors })
      return
    }
    case 'AnchorAnnounced': {
      const node = lower(event.args.node)
      const anchor: HashChainAnchor = { value: lower(event.args.value), baseEpoch: event.args.baseEpoch }
      const key = tables.nodeOperators.get(node) ?? node
      const record = tables.oracles.get(key) ?? blank(key, node)
      tables.oracles.set(key, block, { ...record, anchors: [...record.anchors, anchor].slice(-MAX_ANCHORS) })
      return
    }
    case 'BondChanged':
      change(tables, event.args.operator, block, { bond: event.args.bond })
      return
    case 'CandidateChanged':
      change(tables, event.args.operator, block, { seated: event.args.seated })
      return
    case 'OracleLeft':
      change(tables, event.args.operator, block, { leftEpoch: event.args.leftEpoch })
      return
    case 'BondReturned':
      change(tables, event.args.operator, block, { bond: 0n })
      return
    case 'OracleSlashed': {
      const record = tables.oracles.get(lower(event.args.operator))
      const { amount } = event.args
      if (record !== undefined)
        change(tables, record.operator, block, { bond: record.bond - amount, slashed: record.slashed + amount })
      return
    }
    case 'SetAnnounced': {
      const setId = Number(event.args.setId)
      tables.sets.set(String(setId), block, {
        setId,
        firstEpoch: event.args.firstEpoch,
        quorum: event.args.quorum,
        nodes: event.args.nodes.map((node) => lower(node)),
      })
      return
    }
  }
}

function blank(operator: Address, node: Address): OracleRecord {
  return { operator, node, bond: 0n, seated: false, leftEpoch: undefined, slashed: 0n, anchors: [] }
}

function change(tables: Tables, operator: `0x${string}`, block: number, fields: Partial<OracleRecord>): void {
  const record = tables.oracles.get(lower(operator))
  if (record !== undefined) tables.oracles.set(record.operator, block, { ...record, ...fields })
}

/** The anchor that holds at an epoch: the newest that begins before it, else the first one. */
export function anchorAt(anchors: readonly HashChainAnchor[], epoch: Epoch): HashChainAnchor | undefined {
  return anchors.findLast((anchor) => anchor.baseEpoch < epoch) ?? anchors[0]
}
