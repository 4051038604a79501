/** The simulation's mesh and chain pass the suites that the real adapters pass. */
import { createDigests } from '../../../src/core/eip712.ts'
import { type Address, bytesToHex } from '../../../src/core/ids.ts'
import { SimChain } from '../../sim/twins/chain.ts'
import { chainPorts } from '../../sim/twins/chain-ports.ts'
import { SimNetwork } from '../../sim/twins/network.ts'
import { Random } from '../../sim/twins/random.ts'
import { KeyedSignatures } from '../../sim/twins/signer.ts'
import { VirtualTime } from '../../sim/twins/time.ts'
import { suite as chainSuite } from '../chain-reader.suite.ts'
import { suite as gossipSuite } from '../gossip.suite.ts'
import { suite as requestsSuite } from '../requests.suite.ts'

/** Longest that one piece of work may take, in virtual time. */
const DRIVE_MS = 60_000

/** Awaits work while virtual time runs. */
async function drive<T>(time: VirtualTime, work: Promise<T>): Promise<T> {
  let done = false
  const mark = () => {
    done = true
  }
  work.then(mark, mark)
  await time.runUntil(time.now + DRIVE_MS, () => done)
  return work
}

function mesh(count: number) {
  const time = new VirtualTime(0)
  const options = { loss: 0, minDelayMs: 1, maxDelayMs: 40, duplicate: 0, replay: 0, replayMs: 0 }
  const network = new SimNetwork(time, new Random('suite'), options)
  const nodes = Array.from({ length: count }, (_, i) => {
    const address: Address = bytesToHex(new Uint8Array(20).fill(i + 1))
    return { address, ...network.join(address) }
  })
  return { nodes, drive: <T>(work: Promise<T>) => drive(time, work), close: async () => {} }
}

gossipSuite('simulated mesh', async ({ nodes }) => ({ ...mesh(nodes), ready: async () => {} }))
requestsSuite('simulated mesh', async (nodes) => mesh(nodes))

const GENESIS = 1_800_000_000
const NODES = 4

chainSuite('simulated chain', async () => {
  const time = new VirtualTime((GENESIS - 20) * 1000)
  const random = new Random('suite')
  const signatures = new KeyedSignatures()
  const signers = Array.from({ length: NODES }, (_, i) => signatures.signer(random.fork(i).bytes(32)))
  const domain = { chainId: 31337, orchestrator: bytesToHex(new Uint8Array(20).fill(0x5a)) }
  const confirmations = 2
  const chain = new SimChain(time, random, signatures, {
    domain,
    clock: { genesis: GENESIS, epochSeconds: 12 },
    params: { epochsPerDay: 6, minReports: 1, ttfbClaimSamples: 12, ttfbEnforceSamples: 12, expectedReporters: 15 },
    blockSeconds: 1,
    confirmations,
    sets: [
      {
        setId: 1,
        firstEpoch: 0,
        seats: signers.map(({ address }, index) => ({
          index,
          node: address,
          operator: bytesToHex(new Uint8Array(20).fill(0xf0 + index)),
          anchor: { value: bytesToHex(new Uint8Array(32)), baseEpoch: 0 },
        })),
      },
    ],
    unitsAt: () => [],
  })
  const endpoint = { lagSeconds: 0, down: false, lies: false }
  const ports = chainPorts(chain, endpoint, { time, random, alive: () => true })
  const digests = createDigests(domain)
  return {
    reader: ports.chain,
    sink: { submit: (...args) => drive(time, ports.sink.submit(...args)) },
    confirmations,
    advanceTo: (timestamp) => time.runUntil(timestamp * 1000),
    advanceBlocks: (count) => time.runUntil(time.now + count * 1000),
    sign: async (header, count) => {
      const digest = digests.attestation(header)
      return Promise.all(
        signers.slice(0, count).map(async (signer, index) => ({ index, signature: await signer.signDigest(digest) })),
      )
    },
    close: async () => {},
  }
})
