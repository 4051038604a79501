/** Names under which the nodes of one network find one another: every topic and protocol carries the network id. */
import type { Domain } from './eip712.ts'

/** e.g. `31337-5fbdb2315678afecb367f032d93f642f64180aa3`: chain id and contract. */
export function networkId(domain: Domain): string {
  return `${domain.chainId}-${domain.orchestrator.slice(2)}`
}

/** `/lightmesh/<network>/<name>/<version>` for gossip topics and request protocols alike. */
export function networkName(domain: Domain, name: string, version = 1): string {
  return `/lightmesh/${networkId(domain)}/${name}/${version}`
}
