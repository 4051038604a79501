/**
 * One node in a process of its own, for a network namespace: `relay-node.ts ROLE LISTEN… [-- BOOTSTRAP]`. Writes a JSON
 * line when it can be reached, and as the asker one with the answer. Ends with its standard input.
 */
import { randomBytes } from 'node:crypto'
import { silentLogger } from '../../../src/core/ports/logger.ts'
import { noMetrics } from '../../../src/core/ports/metrics.ts'
import { createMesh } from '../../../src/p2p/mesh.ts'

const PROTOCOL = '/lightmesh/test/echo/1'
const [role, listen, bootstrap, target] = process.argv.slice(2)
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

const mesh = await createMesh(
  {
    domain: { chainId: 31337, orchestrator: '0x5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f' },
    privateKey: randomBytes(32),
    listen: listen!.split(','),
    bootstrap: bootstrap ? [bootstrap] : [],
    topics: [],
    allowPrivateAddresses: true,
    relay: role === 'relay',
  },
  { logger: silentLogger, metrics: noMetrics },
)
mesh.requests.handle(PROTOCOL, async (body) => body, { maxRequestBytes: 10 })
await mesh.start()
process.stdin.resume().on('end', () => void mesh.stop().then(() => process.exit(0)))

if (role === 'hidden') {
  // Its relayed address is there once the relay has granted a place.
  await new Promise<void>((resolve) => {
    const check = () => {
      if (mesh.multiaddrs().some((address) => address.includes('p2p-circuit'))) resolve()
    }
    mesh.watchAddresses(check)
    check()
  })
}
say({ address: mesh.address, multiaddrs: mesh.multiaddrs() })

if (role === 'asker') {
  mesh.keep([target as `0x${string}`])
  await mesh.waitForPeers(2, AbortSignal.timeout(30_000))
  const options = { timeoutMs: 10_000, maxResponseBytes: 10 }
  const answer = await mesh.requests.request(target as `0x${string}`, PROTOCOL, Uint8Array.of(7), options)
  const peer = mesh.peers().find(({ address }) => address === target)
  say({ answer: answer?.[0], via: peer?.multiaddr })
}
