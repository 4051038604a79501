/** Transactions that have to get through: concurrency, prices, crashes, reorgs, foreign nonces. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { ChainChange, TransactionReceipt, TransactionRequest } from '../../../src/chain/api.ts'
import { ChainError } from '../../../src/chain/errors.ts'
import type { Address, Hash32 } from '../../../src/core/ids.ts'
import type { Signer } from '../../../src/core/ports/signer.ts'
import { createTestNetwork, type DisposableChain, type TestNetwork } from '../../support/chain-network.ts'
import { MemoryStore } from '../../support/market/memory-store.ts'
import { startRpcProxy } from '../../support/rpc-proxy.ts'

const GWEI = 1_000_000_000n
const code = (expected: string) => (error: unknown) => error instanceof ChainError && error.code === expected

describe('transaction sender', () => {
  let network: TestNetwork
  let chain: DisposableChain
  let next = 20
  let account: Signer
  before(async () => {
    network = await createTestNetwork()
    chain = await network.connect()
  })
  after(async () => {
    await chain.stop()
    await network.anvil.stop()
  })
  // An account of its own for each test: nonces are what is tested.
  beforeEach(async () => {
    account = network.account(next++)
    await automine(true)
  })

  const signal = () => AbortSignal.timeout(20_000)
  const automine = (on: boolean) => network.anvil.rpc('evm_setAutomine', [on])
  const sink: Address = `0x${'51'.repeat(20)}` as Address
  const transfer = (fields: Partial<TransactionRequest> = {}): TransactionRequest => ({
    to: sink,
    data: '0x',
    value: 1n,
    label: 'transfer',
    ...fields,
  })
  const nonceOf = async (block: 'latest' | 'pending') =>
    Number(await network.anvil.rpc<string>('eth_getTransactionCount', [account.address, block]))
  const transactionOf = (hash: Hash32) =>
    network.anvil.rpc<{ maxFeePerGas: string; nonce: string } | null>('eth_getTransactionByHash', [hash])
  /** Resolves once the pool has a transaction of the account with this nonce that `matches`. */
  const pooled = async (
    nonce: number,
    matches: (tx: { hash: Hash32; maxFeePerGas: string }) => boolean = () => true,
  ) => {
    for (;;) {
      const { pending } = await network.anvil.rpc<{
        pending: Record<string, Record<string, { hash: Hash32; maxFeePerGas: string }>>
      }>('txpool_content')
      const own = Object.entries(pending).find(([from]) => from.toLowerCase() === account.address)?.[1]
      const found = own?.[String(nonce)]
      if (found !== undefined && matches(found)) return found
    }
  }
  const headAfter = (number: number) =>
    chain.until(() => (Number(chain.health().head?.number) >= number ? true : undefined), signal())
  const mine = async (blocks = 1) => {
    await network.anvil.mine(blocks)
    await headAfter((await network.anvil.head()).number)
  }

  it('default', async () => {
    await using sender = await network.sender(chain, account)
    const receipt = await sender.send(transfer(), signal())
    assert.equal(receipt.gasUsed, 21_000n)
    assert.equal(await nonceOf('latest'), 1)
  })

  it('behavior: many at once take one nonce each and share blocks', async () => {
    await automine(false)
    await using sender = await network.sender(chain, account)
    const sends = Array.from({ length: 12 }, (_, i) => sender.send(transfer({ value: BigInt(i) }), signal()))
    await pooled(11)
    assert.equal(sender.pending(), 12)
    await mine()
    const receipts = await Promise.all(sends)
    assert.equal(new Set(receipts.map(({ hash }) => hash)).size, 12)
    assert.equal(new Set(receipts.map(({ blockNumber }) => blockNumber)).size, 1)
    assert.equal(await nonceOf('latest'), 12)
    await mine(2)
    await mine(1)
    assert.equal(await settledCount(sender), 0)
  })

  /** Pending transactions once the look at the newest block is over: another send waits for its turn behind it. */
  const settledCount = async (sender: { pending(): number; send: unknown }) => {
    for (let i = 0; i < 50 && sender.pending() > 0; i++) await mine()
    return sender.pending()
  }

  it('behavior: two sends with one key are one transaction, also after a restart', async () => {
    const store = new MemoryStore()
    const first = await network.sender(chain, account, { store })
    const [a, b] = await Promise.all([
      first.send(transfer({ key: 'once' }), signal()),
      first.send(transfer({ key: 'once' }), signal()),
    ])
    assert.equal(a.hash, b.hash)
    assert.equal(await settledCount(first), 0)
    await first.stop()
    await using second = await network.sender(chain, account, { store })
    assert.deepEqual(await second.send(transfer({ key: 'once' }), signal()), a)
    assert.equal(await nonceOf('latest'), 1)
  })

  it('behavior: after a crash the written bytes are sent again, with the same hash', async () => {
    await automine(false)
    const store = new MemoryStore()
    const first = await network.sender(chain, account, { store })
    const lost = first.send(transfer({ key: 'k' }), signal())
    const { hash } = await pooled(0)
    await first.stop()
    await assert.rejects(lost, code('stopped'))
    await network.anvil.rpc('anvil_dropTransaction', [hash])
    assert.equal(await nonceOf('pending'), 0)
    await using second = await network.sender(chain, account, { store, replaceAfterMs: 60_000 })
    assert.equal(second.pending(), 1)
    assert.equal((await pooled(0)).hash, hash)
    const again = second.send(transfer({ key: 'k' }), signal())
    await mine()
    assert.equal((await again).hash, hash)
  })

  it('behavior: what waits is priced higher, by at least a tenth, up to the cap', async () => {
    await automine(false)
    const cap = 6n * GWEI
    await using sender = await network.sender(chain, account, { replaceAfterMs: 0, maxFeePerGas: cap })
    const sent = sender.send(transfer(), signal())
    const first = await pooled(0)
    // A price spike: what was offered is not enough any more.
    await network.anvil.rpc('anvil_setNextBlockBaseFeePerGas', [`0x${(4n * GWEI).toString(16)}`])
    await mine()
    const dearer = await pooled(0, (tx) => tx.hash !== first.hash)
    assert.ok(BigInt(dearer.maxFeePerGas) * 10n >= BigInt(first.maxFeePerGas) * 11n)
    assert.ok(BigInt(dearer.maxFeePerGas) <= cap)
    await mine()
    const receipt = await sent
    const { maxFeePerGas } = (await transactionOf(receipt.hash))!
    assert.ok(BigInt(maxFeePerGas) <= cap)
    assert.equal(await nonceOf('latest'), 1)
  })

  it('error: gas above the cap is refused before anything is sent', async () => {
    await network.anvil.rpc('anvil_setNextBlockBaseFeePerGas', [`0x${(50n * GWEI).toString(16)}`])
    await mine()
    await using sender = await network.sender(chain, account, { maxFeePerGas: 10n * GWEI })
    await assert.rejects(sender.send(transfer(), signal()), code('fee-too-high'))
    assert.equal(sender.pending(), 0)
    await network.anvil.rpc('anvil_setNextBlockBaseFeePerGas', [`0x${GWEI.toString(16)}`])
    await mine()
    assert.equal((await sender.send(transfer(), signal())).gasUsed, 21_000n)
  })

  it('behavior: a reorg drops it, the same bytes come back', async () => {
    await using sender = await network.sender(chain, account)
    await mine(3)
    const reorgs: ChainChange[] = []
    const stop = chain.subscribe((change) => {
      if (change.kind === 'reorg') reorgs.push(change)
    })
    const receipt = await sender.send(transfer(), signal())
    await headAfter(Number(receipt.blockNumber))
    await automine(false)
    await network.anvil.reorg(1)
    await network.anvil.mine(1)
    await headAfter((await network.anvil.head()).number)
    const { hash } = await pooledOrMined(receipt)
    assert.equal(hash, receipt.hash)
    await mine()
    const again = await network.anvil.rpc<{ blockHash: string } | null>('eth_getTransactionReceipt', [receipt.hash])
    assert.ok(again !== null && again.blockHash !== receipt.blockHash)
    assert.equal(await nonceOf('latest'), 1)
    assert.equal(reorgs.length, 1)
    stop()
  })

  const pooledOrMined = async (receipt: TransactionReceipt) => {
    for (;;) {
      const tx = await network.anvil.rpc<{ hash: Hash32 } | null>('eth_getTransactionByHash', [receipt.hash])
      if (tx !== null) return tx
      await mine()
    }
  }

  it('error: a nonce that somebody else used is noticed, and the next send goes on', async () => {
    await automine(false)
    await using sender = await network.sender(chain, account, { replaceAfterMs: 60_000 })
    const sent = sender.send(transfer(), signal())
    const outcome = assert.rejects(sent, code('nonce-taken'))
    const { hash } = await pooled(0)
    await network.anvil.rpc('anvil_dropTransaction', [hash])
    await network.anvil.rpc('anvil_setNonce', [account.address, '0x1'])
    for (let i = 0; i < 6; i++) await mine()
    await outcome
    await automine(true)
    await sender.send(transfer(), signal())
    assert.equal(await nonceOf('latest'), 2)
  })

  it('error: an empty account', async () => {
    await network.anvil.rpc('anvil_setBalance', [account.address, '0x0'])
    await using sender = await network.sender(chain, account)
    await assert.rejects(sender.send(transfer({ gasLimit: 21_000n }), signal()), code('insufficient-funds'))
    await assert.rejects(sender.send(transfer(), signal()), code('insufficient-funds'))
    assert.equal(sender.pending(), 0)
    await network.anvil.rpc('anvil_setBalance', [account.address, `0x${(10n ** 18n).toString(16)}`])
    await sender.send(transfer(), signal())
    assert.equal(await nonceOf('latest'), 1)
  })

  it('behavior: an endpoint that does not take transactions does not lose them', async () => {
    await using proxy = await startRpcProxy(network.anvil.url)
    await using own = await network.connect({ rpcUrls: [proxy.url] })
    await own.synced(signal())
    let refuse = true
    proxy.intercept = (call) =>
      refuse && call.method === 'eth_sendRawTransaction'
        ? Promise.reject({ code: -32_005, message: 'too many requests' })
        : undefined
    await using sender = await network.sender(own, account)
    const sent = sender.send(transfer(), signal())
    while ((proxy.calls.get('eth_sendRawTransaction') ?? 0) === 0) await mine()
    refuse = false
    await mine()
    assert.equal((await sent).gasUsed, 21_000n)
  })

  it('error: waiting ends with the signal, the transaction goes its way', async () => {
    await automine(false)
    await using sender = await network.sender(chain, account)
    const abort = new AbortController()
    const sent = sender.send(transfer(), abort.signal)
    await pooled(0)
    abort.abort(new Error('no time'))
    await assert.rejects(sent, /no time/)
    await mine()
    assert.equal(await nonceOf('latest'), 1)
  })
})
