/** TypeScript and Solidity agree on random inputs, on a real anvil: digests, leaf hashes, trees, bitmaps, quorums. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import type { Abi, Hex } from 'viem'
import { compileHarness } from '../../../scripts/contracts/compile-harness.ts'
import { type LocalNetwork, launchNetwork, startAnvil } from '../../../scripts/contracts/local-network.ts'
import { packSignatures } from '../../../src/chain/attestation/signatures.ts'
import { oracleSetAbi } from '../../../src/chain/generated/oracle-set-abi.ts'
import { orchestratorAbi } from '../../../src/chain/generated/orchestrator-abi.ts'
import { bytesToHex, hexToBytes } from '../../../src/core/ids.ts'
import { oracleLeafHash, type UnitLeaf, unitLeafHash } from '../../../src/core/leaves.ts'
import { MerkleTree } from '../../../src/core/merkle.ts'
import { maxFaulty, quorumOf } from '../../../src/core/quorum.ts'
import { UNIT_KINDS, UNIT_STATES, type UnitState } from '../../../src/core/units.ts'

const HARNESS = `
// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Hashing} from "../src/libraries/Hashing.sol";
import {OracleLeaf, UnitLeaf} from "../src/types/Leaves.sol";
import {Commit, DataUnitTerms, RevealHeader} from "../src/types/Messages.sol";
contract Harness {
    bytes32 public immutable separator;
    constructor(address orchestrator) { separator = Hashing.domainSeparator(orchestrator); }
    function commit(Commit calldata m) external view returns (bytes32) { return Hashing.digest(separator, Hashing.commit(m)); }
    function reveal(RevealHeader calldata m) external view returns (bytes32) { return Hashing.digest(separator, Hashing.revealHeader(m)); }
    function dataUnit(DataUnitTerms calldata m) external view returns (bytes32) { return Hashing.digest(separator, Hashing.dataUnit(m)); }
    function consent(address operator) external view returns (bytes32) { return Hashing.digest(separator, Hashing.consent(operator)); }
    function unitLeaf(UnitLeaf calldata l) external pure returns (bytes32) { return Hashing.leaf(l); }
    function oracleLeaf(OracleLeaf calldata l) external pure returns (bytes32) { return Hashing.leaf(l); }
    function verify(bytes32[] calldata proof, bytes32 root, bytes32 leaf) external pure returns (bool) { return MerkleProof.verifyCalldata(proof, root, leaf); }
}`

const NODES = 13
const RUNS = { numRuns: 40 }
const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((value) => bytesToHex(value))
const word = bytes(32)
const uint = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n })
const u32 = uint(32).map(Number)
const u40 = uint(40).map(Number)
const setId = fc.nat({ max: 1_000_000 })

describe('contracts and TypeScript agree', () => {
  let anvil: Awaited<ReturnType<typeof startAnvil>>
  let network: LocalNetwork
  let harness: { address: Hex; abi: Abi }

  const ask = (functionName: string, args: readonly unknown[]) =>
    network.publicClient.readContract({ ...harness, functionName, args })
  const orchestrator = (functionName: string, args: readonly unknown[]) =>
    network.publicClient.readContract({
      address: network.contracts.orchestrator,
      abi: orchestratorAbi as Abi,
      functionName,
      args,
    })

  before(async () => {
    anvil = await startAnvil()
    network = await launchNetwork(anvil.url, NODES)
    const { abi, bytecode } = compileHarness(HARNESS, 'Harness')
    const hash = await network.wallet(0).deployContract({ abi, bytecode, args: [network.contracts.orchestrator] })
    const { contractAddress } = await network.publicClient.waitForTransactionReceipt({ hash })
    harness = { address: contractAddress!, abi }
  })
  after(() => anvil.stop())

  it('behavior: attestation digests and their quorum signatures', async () => {
    const header = fc.record({
      ...{ epoch: u40, setId, attempt: fc.nat({ max: 255 }), parentRoot: word, root: word, unitCount: u32 },
      ...{ inputsHash: word, paramsHash: word, evaluatorVersion: u32 },
    })
    const members = fc
      .uniqueArray(fc.nat({ max: NODES - 1 }), { minLength: quorumOf(NODES), maxLength: quorumOf(NODES) })
      .map((list) => list.toSorted((a, b) => a - b))
    let odd = 0
    let all = 0
    await fc.assert(
      fc.asyncProperty(header, members, async (message, signers) => {
        const digest = network.digests.attestation(message)
        assert.equal(await orchestrator('attestationDigest', [{ ...message, setId: BigInt(message.setId) }]), digest)
        const signed = await Promise.all(
          signers.map(async (index) => ({ index, signature: await network.signers[index]!.signDigest(digest) })),
        )
        odd += signed.filter(({ signature }) => signature[64] === 28).length
        all += signed.length
        const encoded = packSignatures(signed, quorumOf(NODES))
        const bitmap = signers.reduce((bits, index) => bits | (1n << BigInt(index)), 0n)
        assert.equal(await orchestrator('verifyAttestation', [digest, 1n, encoded]), bitmap)
      }),
      RUNS,
    )
    assert.ok(odd > 0.3 * all && odd < 0.7 * all, `about half of the signatures have v = 28 (${odd} of ${all})`)
  })

  it('behavior: commits, reveal headers, consents', async () => {
    const commit = fc.record({ setId, epoch: u40, commitHash: word })
    const reveal = fc.record({
      ...{ setId, epoch: u40, batchHash: word, salt: word, secret: word, blockHash: word, seenHash: word },
    })
    await fc.assert(
      fc.asyncProperty(commit, reveal, bytes(20), async (c, r, operator) => {
        assert.equal(await ask('commit', [c]), network.digests.commit(c))
        assert.equal(await ask('reveal', [r]), network.digests.revealHeader(r))
        assert.equal(await ask('consent', [operator]), network.digests.nodeConsent(operator))
      }),
      RUNS,
    )
  })

  it('behavior: data units', async () => {
    const sla = fc.record({ availabilityPpm: u32, ttfbP95Ms: u32, downP10Kbps: u32, upP10Kbps: u32 })
    const terms = fc.record({
      ...{ provider: bytes(20), nonce: uint(64), kind: fc.constantFrom(...UNIT_KINDS), token: bytes(20), sla },
      ...{ region: fc.stringMatching(/^[a-z0-9-]{1,32}$/), capacityBytes: uint(64), pricePerGibEpoch: uint(128) },
      ...{ egressBytesPerEpoch: uint(64) },
    })
    await fc.assert(
      fc.asyncProperty(terms, u40, async (unit, deadline) => {
        const region = `0x${Buffer.from(unit.region).toString('hex').padEnd(64, '0')}`
        const onChain = { ...unit, ...unit.sla, kind: UNIT_KINDS.indexOf(unit.kind), region, deadline }
        assert.equal(await ask('dataUnit', [onChain]), network.digests.dataUnit(unit, deadline))
      }),
      RUNS,
    )
  })

  it('behavior: leaves, trees and proofs', async () => {
    const unit: fc.Arbitrary<UnitLeaf> = fc.record({
      ...{ unitId: word, epoch: u40, era: u32, state: fc.constantFrom<UnitState>(...UNIT_STATES), metEpochs: u32 },
      ...{ missedEpochs: u32, neutralEpochs: u32, paidBpsSum: uint(64), lossIncidents: u32, scoreBps: fc.nat(65_535) },
      ...{ availabilityPpm: u32, ttfbP95Ms: u32, downP10Kbps: u32, upP10Kbps: u32, samples: u32, recordHash: word },
    })
    const oracle = fc.record({ node: bytes(20), epoch: u40, era: u32, points: uint(64), recordHash: word })
    await fc.assert(
      fc.asyncProperty(fc.array(unit, { minLength: 1, maxLength: 9 }), oracle, fc.nat(), async (units, node, pick) => {
        const leaves = [...units.map(unitLeafHash), oracleLeafHash(node)]
        const first = { tag: 1, ...units[0]!, state: UNIT_STATES.indexOf(units[0]!.state) }
        assert.equal(await ask('unitLeaf', [first]), bytesToHex(leaves[0]!))
        assert.equal(await ask('oracleLeaf', [{ tag: 2, ...node }]), bytesToHex(leaves.at(-1)!))
        const tree = new MerkleTree(leaves)
        const k = pick % leaves.length
        assert.equal(await ask('verify', [tree.proof(k), tree.root, bytesToHex(leaves[k]!)]), true)
        const other = bytesToHex(hexToBytes(bytesToHex(leaves[k]!)).map((byte) => byte ^ 1))
        assert.equal(await ask('verify', [tree.proof(k), tree.root, other]), false)
      }),
      RUNS,
    )
  })

  it('behavior: quorum arithmetic for every size', async () => {
    for (let n = 4; n <= 31; n++) {
      const { oracleSet } = network.contracts
      const args = [BigInt(n)] as const
      const [f, quorum] = await network.publicClient.readContract({
        ...{ address: oracleSet, abi: oracleSetAbi, functionName: 'quorumOf', args },
      })
      assert.deepEqual([f, quorum], [BigInt(maxFaulty(n)), BigInt(quorumOf(n))])
    }
  })
})
