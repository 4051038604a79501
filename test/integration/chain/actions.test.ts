/** The rarer calls, each once against the contracts: done, or refused by the error that says why. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { activate } from '../../../src/chain/actions/activate.ts'
import { announceMaintenance } from '../../../src/chain/actions/announce-maintenance.ts'
import { applyState } from '../../../src/chain/actions/apply-state.ts'
import { approve } from '../../../src/chain/actions/approve.ts'
import { changeCapacity } from '../../../src/chain/actions/change-capacity.ts'
import { claimPoints } from '../../../src/chain/actions/claim-points.ts'
import { claimSeat } from '../../../src/chain/actions/claim-seat.ts'
import { executeEscape } from '../../../src/chain/actions/execute-escape.ts'
import { expire } from '../../../src/chain/actions/expire.ts'
import { increaseOracleBond } from '../../../src/chain/actions/increase-oracle-bond.ts'
import { increaseProviderBond } from '../../../src/chain/actions/increase-provider-bond.ts'
import { leaveOracleSet } from '../../../src/chain/actions/leave-oracle-set.ts'
import { openDispute } from '../../../src/chain/actions/open-dispute.ts'
import { openEscape } from '../../../src/chain/actions/open-escape.ts'
import { registerDataUnit } from '../../../src/chain/actions/register-data-unit.ts'
import { registerProvider } from '../../../src/chain/actions/register-provider.ts'
import { reject } from '../../../src/chain/actions/reject.ts'
import { release } from '../../../src/chain/actions/release.ts'
import { reserve } from '../../../src/chain/actions/reserve.ts'
import type { ActionModules } from '../../../src/chain/actions/send-call.ts'
import { setAutoAccept } from '../../../src/chain/actions/set-auto-accept.ts'
import { withdrawOracleBond } from '../../../src/chain/actions/withdraw-oracle-bond.ts'
import { createAttestationSink } from '../../../src/chain/attestation/attestation-sink.ts'
import { ChainError } from '../../../src/chain/errors.ts'
import { createDigests, unitIdOf } from '../../../src/core/eip712.ts'
import { bytesToHex, ZERO_HASH } from '../../../src/core/ids.ts'
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

describe('actions', () => {
  let network: TestNetwork
  let chain: DisposableChain
  let provider: ActionModules & AsyncDisposable
  let consumer: ActionModules & AsyncDisposable
  let operator: ActionModules & AsyncDisposable
  let unitId: ReturnType<typeof unitIdOf>
  let terms: UnitTerms
  let vetted: ProvenLeaf
  const options = { signal: AbortSignal.timeout(60_000) }

  before(async () => {
    network = await createTestNetwork({
      parameters: { economics: { exposureBps: [10_000, 10_000, 10_000], escapeEpochs: 6, challengeEpochs: 6 } },
    })
    chain = await network.connect()
    await network.toEpoch(0)
    provider = await network.sender(chain, network.account(10))
    consumer = await network.sender(chain, network.account(11))
    operator = await network.sender(chain, network.account(1))
    const node = network.nodes[0]!
    for (const { sender } of [provider, consumer, operator]) await network.mint(sender.address, 20_000n * TOKEN)
    const { token, orchestrator, oracleSet } = network
    for (const modules of [provider, consumer])
      await approve(modules, { token, spender: orchestrator, amount: 20_000n * TOKEN }, options)
    await approve(operator, { token, spender: oracleSet, amount: 20_000n * TOKEN }, options)
    const consent = await node.signDigest(createDigests(chain.domain).nodeConsent(provider.sender.address))
    await registerProvider(provider, { node: node.address, bond: 10_000n * TOKEN, consent }, options)
    terms = {
      provider: node.address,
      nonce: 1n,
      kind: 'disk',
      region: '',
      token,
      capacityBytes: 100n * GIB,
      pricePerGibEpoch: TOKEN / 100n,
      egressBytesPerEpoch: 0n,
      sla: { availabilityPpm: 900_000, ttfbP95Ms: 0, downP10Kbps: 0, upP10Kbps: 0 },
    }
    unitId = unitIdOf(terms.provider, terms.nonce)
  })
  after(async () => {
    for (const modules of [provider, consumer, operator]) await modules[Symbol.asyncDispose]()
    await chain.stop()
    await network.anvil.stop()
  })

  const seen = async () => {
    const { hash } = await network.anvil.head()
    await chain.until(() => (chain.health().head?.hash === hash ? true : undefined), options.signal)
  }
  const unit = async () => {
    await seen()
    return chain.view().unit(unitId)
  }
  const held = (epochs: number) =>
    reserve(consumer, { unitId, capacityBytes: GIB, epochs, maxPricePerGibEpoch: terms.pricePerGibEpoch }, options)
  /** The unit's first leaf, accepted at epoch 1. */
  const vet = async () => {
    await network.toEpoch(1, 8)
    await seen()
    const leaf: UnitLeaf = {
      ...{ unitId, epoch: 1, era: 0, state: 'Vetting', metEpochs: 1, missedEpochs: 0, neutralEpochs: 0 },
      ...{ paidBpsSum: 10_000n, lossIncidents: 0, scoreBps: 1, availabilityPpm: 1, ttfbP95Ms: 0, downP10Kbps: 0 },
      ...{ upP10Kbps: 0, samples: 0, recordHash: hashOf('record') },
    }
    const header = network.header({
      epoch: 1,
      parentRoot: ZERO_HASH,
      root: bytesToHex(unitLeafHash(leaf)),
      unitCount: 1,
    })
    const sink = createAttestationSink({ chain, sender: provider.sender, logger: silentLogger, metrics: noMetrics })
    assert.equal((await sink.submit(header, await network.sign(header), options.signal)).kind, 'accepted')
    vetted = { leaf, proof: [], ringPrevEpoch: 0 }
    await applyState(consumer, vetted, options)
  }

  it('default: a unit and what its provider may change', async () => {
    await registerDataUnit(provider, terms, network.genesis + 100_000, options)
    await vet()
    assert.equal((await unit())?.status, 'Active')
    await changeCapacity(provider, unitId, 200n * GIB, options)
    assert.equal((await unit())?.terms.capacityBytes, 200n * GIB)
    await setAutoAccept(provider, unitId, false, options)
    assert.equal((await unit())?.autoAccept, false)
    await increaseProviderBond(provider, 5n * TOKEN, options)
    await seen()
    assert.equal(chain.view().providers()[0]?.bond, 10_005n * TOKEN)
  })

  it('behavior: a held reservation is rejected and refunded', async () => {
    const { id } = await held(3)
    await assert.rejects(activate(consumer, id, vetted, options), reverts('NotAllowed'))
    await reject(provider, id, options)
    await seen()
    const reservation = chain.view().reservation(id)
    assert.deepEqual([reservation?.status, reservation?.refunded], ['Rejected', reservation?.deposited])
    assert.equal((await unit())?.reservedBytes, 0n)
  })

  it('behavior: released epochs are refunded; a dispute is opened; the escape closes what nobody settles', async () => {
    await setAutoAccept(provider, unitId, true, options)
    const { id } = await held(12)
    await activate(consumer, id, vetted, options)
    await openDispute(consumer, { reservationId: id, kind: 0, amount: 1n, evidenceHash: hashOf('why') }, options)
    await seen()
    const [dispute] = chain.view().disputes()
    assert.deepEqual([dispute?.reservationId, dispute?.kind, dispute?.verdict], [id, 0, undefined])
    assert.equal(dispute?.opener, consumer.sender.address)
    await release(consumer, id, options)
    await seen()
    const released = chain.view().reservation(id)!
    assert.ok(released.refunded > 0n && released.endEpoch! < 13)
    await assert.rejects(openEscape(consumer, id, options), reverts('NotBefore'))
    await network.toEpoch(10)
    await seen()
    await expire(consumer, [id], options)
    await seen()
    assert.equal(chain.view().reservation(id)?.capacityFreed, true)
    assert.equal((await unit())?.reservedBytes, 0n)
    await openEscape(consumer, id, options)
    await seen()
    const { escapeEpoch } = chain.view().reservation(id)!
    await network.toEpoch(escapeEpoch!)
    await seen()
    await executeEscape(consumer, id, options)
    await seen()
    const closed = chain.view().reservation(id)!
    assert.equal(closed.status, 'Released')
    assert.equal(closed.paid + closed.refunded, closed.deposited)
    assert.equal((await unit())?.reservedBytes, 0n)
  })

  it('behavior: facts say Maintenance in an announced window, and only there', async () => {
    const now = Math.floor(((await network.anvil.head()).timestamp - network.genesis) / 12)
    // Announced a day of six epochs ahead.
    const from = now + 8
    await announceMaintenance(provider, unitId, from, 1, options)
    await network.toEpoch(from + 2)
    await seen()
    const statusAt = async (epoch: number) => (await chain.factsAt(epoch, options.signal)).units[0]?.status
    assert.deepEqual(
      [await statusAt(from - 1), await statusAt(from), await statusAt(from + 1)],
      ['Active', 'Maintenance', 'Active'],
    )
  })

  it('behavior: an oracle raises its bond, and leaves', async () => {
    const own = () =>
      chain
        .view()
        .oracles()
        .find((oracle) => oracle.operator === operator.sender.address)
    await increaseOracleBond(operator, 7n * TOKEN, options)
    await seen()
    assert.equal(own()?.bond, 10_007n * TOKEN)
    await assert.rejects(claimSeat(operator, operator.sender.address, options), reverts('NoSeat'))
    await leaveOracleSet(operator, options)
    await seen()
    assert.equal(own()?.seated, false)
    assert.ok(own()?.leftEpoch !== undefined)
    await assert.rejects(
      withdrawOracleBond(operator, options),
      (error) => error instanceof ChainError && error.code === 'reverted',
    )
  })

  it('error: points that nobody attested', async () => {
    const leaf = { node: network.nodes[0]!.address, epoch: 1, era: 0, points: 5n, recordHash: hashOf('none') }
    const claim = claimPoints(consumer, { leaf, ringPrevEpoch: 0, proof: [] }, network.token, options)
    await assert.rejects(claim, reverts('UnknownRoot'))
  })
})
