/** Following the chain over reorgs, restarts and crashes of the store; attestations over a reorg. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { ChainChange } from '../../../src/chain/api.ts'
import { createAttestationSink } from '../../../src/chain/attestation/attestation-sink.ts'
import { ChainError } from '../../../src/chain/errors.ts'
import { ZERO_HASH } from '../../../src/core/ids.ts'
import { type Logger, silentLogger } from '../../../src/core/ports/logger.ts'
import { noMetrics } from '../../../src/core/ports/metrics.ts'
import { openLevelStore } from '../../../src/storage/level-store.ts'
import {
  CONFIRMATIONS,
  createTestNetwork,
  type DisposableChain,
  hashOf,
  type TestNetwork,
} from '../../support/chain-network.ts'
import { MemoryStore } from '../../support/market/memory-store.ts'
import { startRpcProxy } from '../../support/rpc-proxy.ts'

const code = (expected: string) => (error: unknown) => error instanceof ChainError && error.code === expected

describe('following the chain', () => {
  let network: TestNetwork
  beforeEach(async () => {
    network = await createTestNetwork()
  })
  afterEach(() => network[Symbol.asyncDispose]())

  const limit = () => AbortSignal.timeout(20_000)
  const seen = async (chain: DisposableChain) => {
    const { hash } = await network.anvil.head()
    await chain.until(() => (chain.health().head?.hash === hash ? true : undefined), limit())
  }
  const attested = async (chain: DisposableChain, epoch: number, parentRoot = ZERO_HASH) => {
    await network.toEpoch(epoch, 8)
    await seen(chain)
    const node = network.nodes[0]!
    await network.anvil.rpc('anvil_setBalance', [node.address, `0x${(10n ** 19n).toString(16)}`])
    const sender = await network.sender(chain, node)
    const sink = createAttestationSink({ chain, sender, logger: silentLogger, metrics: noMetrics })
    const header = network.header({ epoch, parentRoot })
    const signatures = await network.sign(header)
    return { sender, sink, header, outcome: await sink.submit(header, signatures, limit()) }
  }

  it('default: a reorg is undone in the projection', async () => {
    await using chain = await network.connect()
    const changes: ChainChange[] = []
    chain.subscribe((change) => changes.push(change))
    await network.toEpoch(1)
    await seen(chain)
    const before = chain.health().head!
    await network.anvil.reorg(CONFIRMATIONS)
    await network.anvil.mine(1)
    await seen(chain)
    const reorg = changes.find((change) => change.kind === 'reorg')
    assert.deepEqual(reorg, { kind: 'reorg', block: before.number - BigInt(CONFIRMATIONS), depth: CONFIRMATIONS })
    assert.equal(chain.view().sets().length, 1)
  })

  it('behavior: an attestation that a reorg drops is sent again, the same bytes, and becomes final', async () => {
    await using chain = await network.connect()
    const { sender, header, outcome } = await attested(chain, 1)
    assert.equal(outcome.kind, 'accepted')
    await seen(chain)
    const first = await chain.latestAttestation(limit())
    await network.anvil.rpc('evm_setAutomine', [false])
    await network.anvil.reorg(1)
    await network.anvil.mine(1)
    await seen(chain)
    assert.equal(await chain.latestAttestation(limit()), undefined)
    assert.equal((await chain.epochStatus(1, limit())).kind, 'open')
    // The sender hands the dropped bytes in again at each block until they are mined.
    while ((await chain.latestAttestation(limit())) === undefined) {
      await network.anvil.mine(1)
      await seen(chain)
    }
    const again = await chain.latestAttestation(limit())
    assert.equal(again?.txHash, first?.txHash)
    assert.deepEqual(again?.header, header)
    await network.anvil.mine(CONFIRMATIONS)
    await seen(chain)
    assert.equal((await chain.epochStatus(1, limit())).kind, 'final')
    await sender.stop()
  })

  it('behavior: a reorg deeper than what counts as settled is said loudly and adopted', async () => {
    const errors: string[] = []
    const logger: Logger = { ...silentLogger, error: (message) => errors.push(message), child: () => logger }
    await using chain = await network.connect({ logger })
    const { sender } = await attested(chain, 1)
    await network.anvil.mine(6)
    await seen(chain)
    assert.equal((await chain.epochStatus(1, limit())).kind, 'final')
    await sender.stop()
    await network.anvil.rpc('evm_setAutomine', [false])
    await network.anvil.reorg(8)
    await network.anvil.mine(1)
    await seen(chain)
    assert.equal(errors.length, 1)
    assert.equal((await chain.epochStatus(1, limit())).kind, 'open')
    assert.equal(chain.view().sets().length, 1)
  })

  it('behavior: facts follow the canonical chain', async () => {
    await using chain = await network.connect()
    await network.toEpoch(2)
    await seen(chain)
    const before = await chain.factsAt(2, limit())
    await network.anvil.reorg(6)
    await network.toEpoch(2, 5)
    await seen(chain)
    const after = await chain.factsAt(2, limit())
    assert.notEqual(after.block.hash, before.block.hash)
    assert.notEqual(after.seed, before.seed)
  })

  it('behavior: a restart goes on from the store and asks for nothing twice', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lightmesh-chain-'))
    const store = await openLevelStore(folder)
    await using proxy = await startRpcProxy(network.anvil.url)
    // Short history, so that there are settled rows as well as logs above them.
    const options = { rpcUrls: [proxy.url], store, historyEpochs: 2 }
    const first = await network.connect(options)
    const { sender, header } = await attested(first, 1)
    await sender.stop()
    for (let epoch = 2; epoch < 30; epoch++) {
      await network.toEpoch(epoch)
      await seen(first)
    }
    const facts = await first.factsAt(29, limit())
    const state = [first.view().oracles(), first.view().sets(), first.view().attestations(5)]
    await assert.rejects(first.factsAt(3, limit()), code('epoch-too-old'))
    await first.stop()
    await network.anvil.mine(3)

    const from: number[] = []
    proxy.intercept = (call) => {
      if (call.method === 'eth_getLogs') from.push(Number((call.params[0] as { fromBlock: string }).fromBlock))
      return undefined
    }
    await using second = await network.connect(options)
    await seen(second)
    assert.deepEqual([second.view().oracles(), second.view().sets(), second.view().attestations(5)], state)
    assert.deepEqual(await second.factsAt(29, limit()), facts)
    assert.deepEqual((await second.latestAttestation(limit()))?.header, header)
    assert.equal(Math.min(...from), (await network.anvil.head()).number - 2)
    await second.stop()
    await store.close()
    await rm(folder, { recursive: true })
  })

  it('behavior: a reorg while the node was down', async () => {
    const store = new MemoryStore()
    const first = await network.connect({ store })
    await network.toEpoch(1)
    await seen(first)
    await first.stop()
    await network.anvil.reorg(2)
    await network.anvil.mine(3)
    await using second = await network.connect({ store })
    await seen(second)
    await using fresh = await network.connect()
    await seen(fresh)
    assert.deepEqual(second.view().oracles(), fresh.view().oracles())
    assert.deepEqual(await second.factsAt(1, limit()), await fresh.factsAt(1, limit()))
  })

  it('behavior: a damaged store is read again from the chain', async () => {
    const store = new MemoryStore()
    const first = await network.connect({ store })
    await seen(first)
    await first.stop()
    await store.batch([{ type: 'put', key: 'chain/log/0000000000000003/0000000000', value: Uint8Array.of(1, 2, 3) }])
    await using second = await network.connect({ store })
    await seen(second)
    assert.equal(second.view().oracles().length, 4)
  })

  it('behavior: a store that fails does not stop the node', async () => {
    const store = new MemoryStore()
    let full = false
    const errors: string[] = []
    const logger: Logger = { ...silentLogger, error: (message) => errors.push(message), child: () => logger }
    const failing = {
      get: (key: string) => store.get(key),
      entries: (range: object) => store.entries(range),
      batch: (operations: Parameters<MemoryStore['batch']>[0]) =>
        full ? Promise.reject(new Error('ENOSPC')) : store.batch(operations),
    }
    const first = await network.connect({ store: failing, logger })
    await seen(first)
    full = true
    await network.toEpoch(1)
    await seen(first)
    assert.equal((await first.factsAt(1, limit())).epoch, 1)
    assert.equal(errors.length, 1)
    await first.stop()
    full = false
    await using second = await network.connect({ store })
    await seen(second)
    assert.equal((await second.factsAt(1, limit())).epoch, 1)
  })

  it('behavior: of two that race into one block one is accepted, the other pays for an early return', async () => {
    await using chain = await network.connect()
    await network.toEpoch(1, 8)
    await seen(chain)
    await network.anvil.rpc('evm_setAutomine', [false])
    const header = network.header({ epoch: 1 })
    const signatures = await network.sign(header, 4)
    const senders = await Promise.all([1, 2].map((i) => network.sender(chain, network.account(20 + i))))
    const outcomes = senders.map((sender) =>
      createAttestationSink({ chain, sender, logger: silentLogger, metrics: noMetrics }).submit(
        header,
        signatures,
        limit(),
      ),
    )
    const pooled = async () => Number((await network.anvil.rpc<{ pending: string }>('txpool_status')).pending)
    while ((await pooled()) < 2) await seen(chain)
    await network.anvil.mine(1)
    const [a, b] = await Promise.all(outcomes)
    assert.deepEqual([a!.kind, b!.kind].sort(), ['accepted', 'superseded'])
    const [won, lost] = a!.kind === 'accepted' ? [a!, b!] : [b!, a!]
    assert.ok(lost.gasUsed > 21_000n && lost.gasUsed < won.gasUsed)
    await seen(chain)
    assert.equal(chain.view().attestations(9).length, 1)
    for (const sender of senders) await sender.stop()
  })

  it('error: an attestation that the contract would not take is not sent', async () => {
    await using chain = await network.connect()
    const { sender, sink, header } = await attested(chain, 1)
    await network.toEpoch(2, 8)
    await seen(chain)
    const next = network.header({ epoch: 2, parentRoot: header.root })
    const submit = async (fields: Partial<typeof next>, signed = next) =>
      sink.submit({ ...next, ...fields }, await network.sign({ ...signed, ...fields }), limit())
    await assert.rejects(submit({ parentRoot: hashOf('other') }), code('attestation-wrong-parent'))
    await assert.rejects(submit({ setId: 7 }), code('attestation-wrong-set'))
    await assert.rejects(submit({ paramsHash: hashOf('other') }), code('attestation-wrong-parameters'))
    await assert.rejects(submit({ epoch: 9 }), code('attestation-outside-window'))
    const wrong = sink.submit(next, await network.sign({ ...next, unitCount: 5 }), limit())
    await assert.rejects(wrong, code('attestation-bad-signatures'))
    assert.equal((await submit({ epoch: 1 })).kind, 'superseded')
    assert.equal((await submit({})).kind, 'accepted')
    await sender.stop()
  })

  it('error: after stop everything that waits ends', async () => {
    const chain = await network.connect()
    const waiting = chain.factsAt(40, limit())
    const outcome = assert.rejects(waiting, code('stopped'))
    await chain.stop()
    await outcome
    await assert.rejects(chain.latestAttestation(limit()), code('stopped'))
    await chain.stop()
  })
})
