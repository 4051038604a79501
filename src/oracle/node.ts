/** The entry point of the oracle engine: one light node's part in every epoch. */
import type { OracleNode, OracleNodeOptions, OracleNodePorts } from './api.ts'
import { Engine } from './engine.ts'

export function createOracleNode(options: OracleNodeOptions, ports: OracleNodePorts): OracleNode {
  return new Engine(options, ports)
}
