/** A unit from offer to settlement through the program's own actions; the projection is compared with the contract. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { activate } from '../../../src/chain/actions/activate.ts'
import { applyState } from '../../../src/chain/actions/apply-state.ts'
import { approve } from '../../../src/chain/actions/approve.ts'
import { cancel } from '../../../src/chain/actions/cancel.ts'
import { deposit } from '../../../src/chain/actions/deposit.ts'
import { extend } from '../../../src/chain/actions/extend.ts'
import { registerDataUnitFor } from '../../../src/chain/actions/register-data-unit-for.ts'
import { registerProvider } from '../../../src/chain/actions/register-provider.ts'
import { reserve } from '../../../src/chain/actions/reserve.ts'
import { retireUnit } from '../../../src/chain/actions/retire-unit.ts'
import type { ActionModules } from '../../../src/chain/actions/send-call.ts'
import { settle } from '../../../src/chain/actions/settle.ts'
import { topUp } from '../../../src/chain/actions/top-up.ts'
import { withdraw } from '../../../src/chain/actions/withdraw.ts'
import { createAttestationSink } from '../../../src/chain/attestation/attestation-sink.ts'
import { ChainError } from '../../../src/chain/errors.ts'
import { orchestratorAbi } from '../../../src/chain/generated/orchestrator-abi.ts'
import { readContract } from '../../../src/chain/rpc/read-contract.ts'
import { createDigests, unitIdOf } from '../../../src/core/eip712.ts'
import { bytesToHex, type Hash32, ZERO_HASH } from '../../../src/core/ids.ts'
import { type UnitLeaf, unitLeafHash } from '../../../src/core/leaves.ts'
import { silentLogger } from '../../../src/core/ports/logger.ts'
import type { ProvenLeaf } from '../../../src/core/ports/market.ts'
import { noMetrics } from '../../../src/core/ports/metrics.ts'
import type { UnitTerms } from '../../../src/core/units.ts'
import { createTestNetwork, type DisposableChain, hashOf, type TestNetwork } from '../../support/chain-network.ts'

const TOKEN = 10n ** 18n
const GIB = 1n << 30n
const reverts = (name: string) => (error: unknown) =>
  error instanceof ChainError && error.code === 'reverted' && error.revert?.name === name

describe('market on chain', () => {
  let network: TestNetwork
  let chain: DisposableChain
  let provider: ActionModules & AsyncDisposable
  let consumer: ActionModules & AsyncDisposable
  let terms: UnitTerms
  let unitId: ReturnType<typeof unitIdOf>
  let parent: Hash32 = ZERO_HASH
  let lastEpoch = 0
  const options = { signal: AbortSignal.timeout(60_000) }

  before(async () => {
    network = await createTestNetwork({ parameters: { economics: { exposureBps: [10_000, 10_000, 10_000] } } })
    chain = await network.connect()
    await network.toEpoch(0)
    provider = await network.sender(chain, network.account(10))
    consumer = await network.sender(chain, network.account(11))
    terms = {
      provider: network.nodes[0]!.address,
      nonce: 1n,
      kind: 's3',
      region: 'eu-west-1',
      token: network.token,
      capacityBytes: 100n * GIB,
      pricePerGibEpoch: TOKEN / 100n,
      egressBytesPerEpoch: GIB,
      sla: { availabilityPpm: 999_000, ttfbP95Ms: 200, downP10Kbps: 10_000, upP10Kbps: 0 },
    }
    unitId = unitIdOf(terms.provider, terms.nonce)
  })
  after(async () => {
    await provider[Symbol.asyncDispose]()
    await consumer[Symbol.asyncDispose]()
    await chain.stop()
    await network.anvil.stop()
  })

  const seen = async () => {
    const { number } = await network.anvil.head()
    await chain.until(() => (Number(chain.health().head?.number) >= number ? true : undefined), options.signal)
  }
  const contractUnit = () =>
    readContract(
      chain.source.active(),
      { address: network.orchestrator, abi: orchestratorAbi, functionName: 'unit', args: [unitId] },
      options.signal,
    )
  /** A root with one leaf, accepted; what the contract takes of it. */
  const attest = async (epoch: number, fields: Partial<UnitLeaf>): Promise<ProvenLeaf> => {
    await network.toEpoch(epoch, 8)
    await seen()
    const leaf: UnitLeaf = {
      unitId,
      epoch,
      era: 0,
      state: 'Vetting',
      metEpochs: 1,
      missedEpochs: 0,
      neutralEpochs: 0,
      paidBpsSum: 0n,
      lossIncidents: 0,
      scoreBps: 9_000,
      availabilityPpm: 1_000_000,
      ttfbP95Ms: 10,
      downP10Kbps: 20_000,
      upP10Kbps: 20_000,
      samples: 12,
      recordHash: hashOf('record'),
      ...fields,
    }
    const header = network.header({ epoch, parentRoot: parent, root: bytesToHex(unitLeafHash(leaf)), unitCount: 1 })
    const sink = createAttestationSink({ chain, sender: provider.sender, logger: silentLogger, metrics: noMetrics })
    const outcome = await sink.submit(header, await network.sign(header), options.signal)
    assert.equal(outcome.kind, 'accepted')
    const proven = { leaf, proof: [], ringPrevEpoch: parent === ZERO_HASH ? 0 : lastEpoch }
    parent = header.root
    lastEpoch = epoch
    await seen()
    assert.equal(chain.view().attestation(epoch)?.ringPrevEpoch, proven.ringPrevEpoch)
    return proven
  }

  it('default: a provider and its unit, relayed by somebody else', async () => {
    const digests = createDigests(chain.domain)
    const node = network.nodes[0]!
    const bond = 10_000n * TOKEN
    await network.mint(provider.sender.address, bond)
    await approve(provider, { token: network.token, spender: network.orchestrator, amount: bond }, options)
    const consent = await node.signDigest(digests.nodeConsent(provider.sender.address))
    await registerProvider(provider, { node: node.address, bond, consent }, options)
    const deadline = network.genesis + 100_000
    const signature = await node.signDigest(digests.dataUnit(terms, deadline))
    await registerDataUnitFor(consumer, { terms, deadline, signature }, options)
    await seen()
    const unit = chain.view().unit(unitId)
    assert.deepEqual(unit?.terms, terms)
    assert.equal(unit?.operator, provider.sender.address)
    assert.equal(unit?.termsHash, (await contractUnit()).termsHash)
    assert.equal(unit?.status, 'Pending')
    assert.deepEqual(
      chain
        .view()
        .providers()
        .map(({ node: address, bond: amount }) => [address, amount]),
      [[node.address, bond]],
    )
    await assert.rejects(registerDataUnitFor(consumer, { terms, deadline, signature }, options), reverts('UnitExists'))
  })

  it('behavior: facts have the unit from the epoch on whose block knows it', async () => {
    await network.toEpoch(3)
    await seen()
    assert.deepEqual((await chain.factsAt(0, options.signal)).units, [])
    const { units } = await chain.factsAt(2, options.signal)
    assert.deepEqual(
      units.map(({ id, terms: t }) => [id, t]),
      [[unitId, terms]],
    )
  })

  it('behavior: reserve, activate, settle, withdraw', async () => {
    const vetted = await attest(3, {})
    await applyState(consumer, vetted, options)
    await network.mint(consumer.sender.address, 1_000n * TOKEN)
    const { orchestrator: spender, token } = network
    await approve(consumer, { token, spender, amount: 1_000n * TOKEN }, options)
    await deposit(consumer, token, consumer.sender.address, 5n * TOKEN, options)
    const request = { unitId, capacityBytes: 10n * GIB, epochs: 4, maxPricePerGibEpoch: terms.pricePerGibEpoch }
    const first = await reserve(consumer, request, { ...options, key: 'reserve/a' })
    const again = await reserve(consumer, request, { ...options, key: 'reserve/a' })
    assert.equal(again.hash, first.hash)
    const second = await reserve(consumer, request, { ...options, key: 'reserve/b' })
    assert.equal(second.id, first.id + 1n)
    await cancel(consumer, second.id, options)
    await activate(consumer, first.id, vetted, options)
    await topUp(consumer, first.id, TOKEN / 10n, options)
    await extend(consumer, first.id, 1, options)
    await seen()
    const running = chain.view().reservation(first.id)
    assert.equal(running?.status, 'Active')
    assert.deepEqual([running?.lastEpoch, running?.endEpoch, running?.surplus], [3, 8, 0n])
    const cancelled = chain.view().reservation(second.id)
    assert.deepEqual([cancelled?.status, cancelled?.refunded], ['Cancelled', cancelled?.deposited])
    assert.equal(chain.view().unit(unitId)?.reservedBytes, 10n * GIB)
    assert.equal((await contractUnit()).reservedBytes, 10n * GIB)

    // Two epochs at 100 % and 50 %.
    const later = await attest(5, { paidBpsSum: 15_000n, metEpochs: 3 })
    await settle(consumer, later, [first.id], options)
    await seen()
    const settled = chain.view().reservation(first.id)!
    const rate = settled.ratePerEpoch
    assert.deepEqual([settled.paid, settled.refunded], [(rate * 3n) / 2n, rate / 2n])
    await assert.rejects(settle(consumer, later, [first.id], options), reverts('AlreadySettled'))

    const end = await attest(8, { paidBpsSum: 45_000n })
    await settle(consumer, end, [first.id], options)
    const { amount } = await withdraw(provider, token, provider.sender.address, options)
    await seen()
    const closed = chain.view().reservation(first.id)!
    assert.equal(closed.status, 'Expired')
    assert.equal(closed.paid + closed.refunded, closed.deposited)
    assert.equal(chain.view().unit(unitId)?.reservedBytes, 0n)
    const [totals] = chain.view().totals()
    assert.equal(totals?.paid, closed.paid)
    assert.equal(totals?.withdrawn, amount)
    assert.equal(await chain.tokenBalance(token, provider.sender.address, options.signal), amount)
    const stats = await readContract(
      chain.source.active(),
      { address: network.orchestrator, abi: orchestratorAbi, functionName: 'totalStats', args: [token] },
      options.signal,
    )
    assert.deepEqual([stats.paid, stats.reservedBytes], [closed.paid, 0n])
  })

  it('behavior: another process, started now, sees the same state', async () => {
    await seen()
    await using other = await network.connect()
    await other.synced(options.signal)
    for (const read of ['units', 'providers', 'oracles', 'sets', 'totals'] as const)
      assert.deepEqual(other.view()[read](), chain.view()[read](), read)
    assert.deepEqual(other.view().reservations(), chain.view().reservations())
    assert.deepEqual(other.view().attestations(10), chain.view().attestations(10))
    assert.deepEqual(
      chain
        .view()
        .attestations(10)
        .map(({ header }) => header.epoch),
      [8, 5, 3],
    )
    assert.deepEqual(await other.factsAt(8, options.signal), await chain.factsAt(8, options.signal))
  })

  it('behavior: a retired unit leaves the facts', async () => {
    await retireUnit(provider, unitId, options)
    await network.toEpoch(11)
    await seen()
    assert.equal(chain.view().unit(unitId)?.status, 'Retired')
    assert.equal((await chain.factsAt(8, options.signal)).units.length, 1)
    assert.deepEqual((await chain.factsAt(11, options.signal)).units, [])
  })

  it('error: what the contract refuses has its name, and costs nothing', async () => {
    const balance = await chain.balance(consumer.sender.address, options.signal)
    const request = { unitId, capacityBytes: GIB, epochs: 1, maxPricePerGibEpoch: 10n ** 30n }
    await assert.rejects(reserve(consumer, request, options), reverts('NotAdmitted'))
    await assert.rejects(retireUnit(consumer, unitId, options), reverts('NotAllowed'))
    assert.equal(await chain.balance(consumer.sender.address, options.signal), balance)
  })
})
