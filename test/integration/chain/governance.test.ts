/** Announcements over time: sets, anchors, evaluation terms and eras; the projection answers as the contract does. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { approve } from '../../../src/chain/actions/approve.ts'
import { recomputeSet } from '../../../src/chain/actions/recompute-set.ts'
import { registerOracle } from '../../../src/chain/actions/register-oracle.ts'
import { renewAnchor } from '../../../src/chain/actions/renew-anchor.ts'
import { sendCall } from '../../../src/chain/actions/send-call.ts'
import { createAttestationSink } from '../../../src/chain/attestation/attestation-sink.ts'
import { ChainError } from '../../../src/chain/errors.ts'
import { oracleSetAbi } from '../../../src/chain/generated/oracle-set-abi.ts'
import { orchestratorAbi } from '../../../src/chain/generated/orchestrator-abi.ts'
import { readContract } from '../../../src/chain/rpc/read-contract.ts'
import { createSigner } from '../../../src/core/crypto/secp256k1.ts'
import { createDigests } from '../../../src/core/eip712.ts'
import { ZERO_HASH } from '../../../src/core/ids.ts'
import { keccak256 } from '../../../src/core/keccak.ts'
import { DEVNET_PARAMS } from '../../../src/core/params.ts'
import { silentLogger } from '../../../src/core/ports/logger.ts'
import { noMetrics } from '../../../src/core/ports/metrics.ts'
import {
  createTestNetwork,
  type DisposableChain,
  hashOf,
  ORACLE_BOND,
  type TestNetwork,
} from '../../support/chain-network.ts'

describe('announcements', () => {
  let network: TestNetwork
  let chain: DisposableChain
  beforeEach(async () => {
    network = await createTestNetwork({
      parameters: { oracleSet: { rotationEpochs: 1 }, economics: { escapeEpochs: 6 } },
    })
    chain = await network.connect()
    await network.toEpoch(1)
    await seen()
  })
  afterEach(async () => {
    await chain.stop()
    await network.anvil.stop()
  })

  const options = () => ({ signal: AbortSignal.timeout(20_000) })
  const seen = async () => {
    const { hash } = await network.anvil.head()
    await chain.until(() => (chain.health().head?.hash === hash ? true : undefined), options().signal)
  }
  const view = <const name extends 'evaluationAt' | 'era' | 'isAccepted'>(
    functionName: name,
    args: readonly unknown[],
  ) =>
    readContract(
      chain.source.active(),
      { address: network.orchestrator, abi: orchestratorAbi, functionName, args: args as never },
      options().signal,
    )

  it('default: a set with a further oracle, from its first epoch on', async () => {
    const node = createSigner(keccak256(Uint8Array.of(99)))
    const operator = network.account(30)
    await network.mint(operator.address, ORACLE_BOND)
    await using modules = await network.sender(chain, operator)
    const { oracleSet: spender, token } = network
    await approve(modules, { token, spender, amount: ORACLE_BOND }, options())
    const consent = await node.signDigest(createDigests(chain.domain).nodeConsent(operator.address))
    const anchor = { value: hashOf('late'), baseEpoch: 3 }
    await registerOracle(modules, { node: node.address, bond: ORACLE_BOND, anchor, consent }, options())
    await recomputeSet(modules, options())
    await network.toEpoch(5)
    await seen()
    for (let epoch = 0; epoch <= 5; epoch++) {
      const term = await readContract(
        chain.source.active(),
        { address: network.oracleSet, abi: oracleSetAbi, functionName: 'setAt', args: [epoch] },
        options().signal,
      )
      assert.equal(chain.view().setAt(epoch)?.setId, Number(term.setId), `epoch ${epoch}`)
    }
    assert.equal((await chain.factsAt(2, options().signal)).set.seats.length, 4)
    const { set } = await chain.factsAt(4, options().signal)
    assert.deepEqual(
      set.seats.map((seat) => seat.node),
      [...network.nodes.map(({ address }) => address), node.address],
    )
    assert.deepEqual(set.seats[4]?.anchor, anchor)
    assert.equal(set.seats[4]?.operator, operator.address)
  })

  it('behavior: an anchor holds for the epochs after its base', async () => {
    await using modules = await network.sender(chain, network.account(1))
    const anchor = { value: hashOf('renewed'), baseEpoch: 4 }
    await renewAnchor(modules, anchor, options())
    await network.toEpoch(6)
    await seen()
    const anchorAt = async (epoch: number) =>
      (await chain.factsAt(epoch, options().signal)).set.seats.find(({ node }) => node === network.nodes[0]!.address)
        ?.anchor
    assert.equal((await anchorAt(4))?.baseEpoch, 0)
    assert.deepEqual(await anchorAt(5), anchor)
  })

  it('behavior: evaluation terms, and one that is replaced before it begins', async () => {
    await using owner = await network.sender(chain, network.account(0))
    const schedule = (minReports: number, version: number, fromEpoch: number) =>
      sendCall(
        owner,
        {
          to: network.orchestrator,
          abi: orchestratorAbi,
          functionName: 'scheduleEvaluation',
          args: [{ ...DEVNET_PARAMS, minReports }, version, fromEpoch],
        },
        options(),
      )
    await schedule(2, 2, 4)
    await schedule(3, 3, 5)
    await network.toEpoch(4)
    await schedule(4, 4, 9)
    await network.toEpoch(10)
    await seen()
    for (let epoch = 0; epoch <= 12; epoch++) {
      const term = await view('evaluationAt', [epoch])
      const ours = chain.view().evaluationAt(epoch)
      const theirs = term as { paramsHash: string; evaluatorVersion: number; fromEpoch: number }
      assert.deepEqual(
        [ours?.paramsHash, ours?.evaluatorVersion, ours?.fromEpoch],
        [theirs.paramsHash, theirs.evaluatorVersion, theirs.fromEpoch],
        `epoch ${epoch}`,
      )
    }
    assert.equal((await chain.factsAt(4, options().signal)).params.minReports, DEVNET_PARAMS.minReports)
    assert.equal((await chain.factsAt(5, options().signal)).params.minReports, 3)
    assert.equal((await chain.factsAt(9, options().signal)).evaluatorVersion, 4)
  })

  it('behavior: a new era begins without a parent', async () => {
    await network.anvil.rpc('anvil_setBalance', [network.nodes[0]!.address, `0x${(10n ** 19n).toString(16)}`])
    await using sender = await network.sender(chain, network.nodes[0]!)
    const sink = createAttestationSink({ chain, sender, logger: silentLogger, metrics: noMetrics })
    const attest = async (epoch: number) => {
      await network.toEpoch(epoch, 8)
      await seen()
      const header = network.header({ epoch, parentRoot: ZERO_HASH })
      const outcome = await sink.submit(header, await network.sign(header), options().signal)
      await seen()
      return { header, outcome }
    }
    assert.equal((await attest(1)).outcome.kind, 'accepted')
    await assert.rejects(attest(3), (error) => error instanceof ChainError && error.code === 'attestation-wrong-parent')
    const { header, outcome } = await attest(9)
    assert.equal(outcome.kind, 'accepted')
    const latest = chain.view().attestation(9)
    assert.deepEqual(latest?.header, header)
    assert.deepEqual([latest?.era, latest?.prevEpoch, latest?.ringPrevEpoch], [1, undefined, 1])
    assert.equal(await view('era', []), 1)
    assert.equal(await view('isAccepted', [header.root, 9, latest!.ringPrevEpoch]), true)
    assert.deepEqual(
      chain
        .view()
        .attestations(5)
        .map((attestation) => attestation.header.epoch),
      [9, 1],
    )
  })

  it('error: an epoch without a set', async () => {
    await using bare = await createTestNetwork({ oracles: 0 })
    await using other = await bare.connect()
    await bare.toEpoch(1)
    await assert.rejects(
      other.factsAt(0, options().signal),
      (error) => error instanceof ChainError && error.code === 'no-oracle-set',
    )
  })
})
