/** Endpoints that are down, behind, or lie: what is left out, what stops, and how it recovers by itself. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ChainHealth } from '../../../src/chain/api.ts'
import { ChainError } from '../../../src/chain/errors.ts'
import { createTestNetwork, type DisposableChain, type TestNetwork } from '../../support/chain-network.ts'
import { MemoryStore } from '../../support/market/memory-store.ts'
import { startRpcProxy } from '../../support/rpc-proxy.ts'

const code = (expected: string) => (error: unknown) => error instanceof ChainError && error.code === expected

interface RpcBlock {
  number: string
  hash: string
}

describe('endpoints', () => {
  let network: TestNetwork
  before(async () => {
    network = await createTestNetwork()
    await network.toEpoch(1)
  })
  after(() => network[Symbol.asyncDispose]())

  const limit = () => AbortSignal.timeout(15_000)
  /** Resolves with the first health that matches, after any look at the head or a failure of one. */
  const healthOf = async (chain: DisposableChain, matches: (health: ChainHealth) => boolean): Promise<ChainHealth> => {
    for (;;) {
      if (matches(chain.health())) return chain.health()
      await network.anvil.head()
    }
  }
  const atHead = async (chain: DisposableChain) => {
    const { number } = await network.anvil.head()
    await chain.until(() => (Number(chain.health().head?.number) >= number ? true : undefined), limit())
  }

  it('default: two that agree', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    await using chain = await network.connect({ rpcUrls: [network.anvil.url, proxy.url] })
    await atHead(chain)
    assert.equal(chain.health().problem, undefined)
    assert.ok((proxy.calls.get('eth_getLogs') ?? 0) > 0)
    assert.equal((await chain.factsAt(1, limit())).set.seats.length, 4)
  })

  it('behavior: one that is down is left out, and taken back', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    await using chain = await network.connect({ rpcUrls: [proxy.url, network.anvil.url] })
    await atHead(chain)
    proxy.down = 503
    await healthOf(chain, ({ problem }) => problem?.code === 'rpc-unreachable')
    await network.anvil.mine(2)
    await atHead(chain)
    proxy.down = undefined
    await healthOf(chain, ({ problem }) => problem === undefined)
  })

  it('behavior: one that is far behind is left out', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    const stuck = await network.anvil.head()
    proxy.intercept = (call, forward) =>
      call.method === 'eth_getBlockByNumber' && call.params[0] === 'latest'
        ? forward({ ...call, params: [`0x${stuck.number.toString(16)}`, false] })
        : undefined
    await network.anvil.mine(10)
    await using chain = await network.connect({ rpcUrls: [proxy.url, network.anvil.url] })
    await atHead(chain)
    assert.equal(chain.health().problem?.code, 'rpc-lagging')
  })

  it('error: settled blocks that differ stop everything, until they agree again', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    let lying = false
    proxy.intercept = (call, forward) =>
      lying && call.method === 'eth_getBlockByNumber'
        ? forward(call).then((block) => ({ ...(block as RpcBlock), hash: `0x${'ee'.repeat(32)}` }))
        : undefined
    await using chain = await network.connect({ rpcUrls: [network.anvil.url, proxy.url] })
    await atHead(chain)
    const before = chain.health().head!
    lying = true
    await network.anvil.mine(3)
    await healthOf(chain, ({ problem }) => problem?.code === 'rpc-disagreement')
    assert.equal(chain.health().head?.hash, before.hash)
    await assert.rejects(chain.factsAt(20, limit()), code('rpc-disagreement'))
    lying = false
    await healthOf(chain, ({ problem }) => problem === undefined)
    await atHead(chain)
  })

  it('error: logs that are kept back by one of two', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    proxy.intercept = (call) => (call.method === 'eth_getLogs' ? Promise.resolve([]) : undefined)
    await using chain = await network.connect({ rpcUrls: [proxy.url, network.anvil.url] })
    await assert.rejects(chain.latestAttestation(limit()), code('rpc-disagreement'))
    assert.equal(chain.view().sets().length, 0)
  })

  it('error: a log in a block that is not the chain’s', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    proxy.intercept = (call, forward) =>
      call.method === 'eth_getLogs'
        ? forward(call).then((logs) => (logs as object[]).map((log) => ({ ...log, blockHash: `0x${'dd'.repeat(32)}` })))
        : undefined
    await using chain = await network.connect({ rpcUrls: [proxy.url] })
    await assert.rejects(chain.latestAttestation(limit()), code('rpc-inconsistent'))
  })

  it('error: a log that can’t be read leaves no half state behind', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    let cut = true
    proxy.intercept = (call, forward) =>
      cut && call.method === 'eth_getLogs'
        ? forward(call).then((logs) =>
            (logs as { data: string }[]).map((log, i, all) => (i === all.length - 1 ? { ...log, data: '0x12' } : log)),
          )
        : undefined
    await using chain = await network.connect({ rpcUrls: [proxy.url] })
    await assert.rejects(chain.latestAttestation(limit()), code('rpc-inconsistent'))
    assert.equal(chain.view().oracles().length, 0)
    cut = false
    await healthOf(chain, ({ problem }) => problem === undefined)
    await atHead(chain)
    await using other = await network.connect()
    await other.synced(limit())
    assert.deepEqual(chain.view().oracles(), other.view().oracles())
  })

  it('error: a chain that can’t be reached has a closed code, and comes back', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    await using chain = await network.connect({ rpcUrls: [proxy.url] })
    await atHead(chain)
    proxy.down = 502
    await assert.rejects(chain.factsAt(30, limit()), code('rpc-unreachable'))
    // What is known already is still answered.
    assert.equal((await chain.factsAt(1, limit())).epoch, 1)
    proxy.down = undefined
    await network.anvil.mine(1)
    await healthOf(chain, ({ problem }) => problem === undefined)
    await atHead(chain)
  })

  it('behavior: a node that starts while the chain is away waits for it', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    proxy.down = 503
    const connecting = network.connect({ rpcUrls: [proxy.url] })
    const store = new MemoryStore()
    const before = await network.connect({ store })
    await before.synced(limit())
    await before.stop()
    // With a store the constants are known: it starts at once and waits for the head.
    await using known = await network.connect({ rpcUrls: [proxy.url], store })
    await healthOf(known, ({ problem }) => problem?.code === 'rpc-unreachable')
    const synced = known.synced(limit())
    proxy.down = undefined
    await synced
    await using chain = await connecting
    await chain.synced(limit())
    assert.deepEqual(chain.view().sets(), known.view().sets())
  })

  it('error: another chain, and an address without the contract', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    proxy.intercept = (call) => (call.method === 'eth_chainId' ? Promise.resolve('0x1') : undefined)
    await assert.rejects(network.connect({ rpcUrls: [network.anvil.url, proxy.url] }), code('wrong-network'))
    await assert.rejects(
      network.connect({ orchestrator: `0x${'12'.repeat(20)}` as `0x${string}` }),
      code('wrong-network'),
    )
  })

  it('behavior: an endpoint that limits the range of logs is asked for less at a time', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    await network.anvil.mine(400)
    let widest = 0
    proxy.intercept = (call) => {
      if (call.method !== 'eth_getLogs') return undefined
      const { fromBlock, toBlock } = call.params[0] as { fromBlock: string; toBlock: string }
      const range = Number(toBlock) - Number(fromBlock) + 1
      if (range > 50) return Promise.reject({ code: -32_602, message: 'range too large' })
      widest = Math.max(widest, range)
      return undefined
    }
    await using chain = await network.connect({ rpcUrls: [proxy.url] })
    await atHead(chain)
    assert.equal(chain.view().sets().length, 1)
    assert.ok(widest > 0 && widest <= 50)
  })
})
