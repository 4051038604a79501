/** src/core agrees with the golden vectors that the Solidity tests read too. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { vectors } from '../../../scripts/contracts/vectors.ts'
import { createDigests, type Digests } from '../../../src/core/eip712.ts'
import { type Hash32, type Hex, hexToBytes } from '../../../src/core/ids.ts'
import { keccak256Hex } from '../../../src/core/keccak.ts'
import { oracleLeafHash, unitLeafHash } from '../../../src/core/leaves.ts'
import { MerkleTree } from '../../../src/core/merkle.ts'
import { maxFaulty, quorumOf } from '../../../src/core/quorum.ts'
import { UNIT_KINDS, UNIT_STATES } from '../../../src/core/units.ts'

type Fields = Record<string, string>
interface Vectors {
  domain: { chainId: number; verifyingContract: string }
  messages: Record<string, { fields: Fields; digest: Hash32 }>
  leaves: Record<'unit' | 'oracle' | 'verdict', { fields: Fields; hash: Hash32 }>
  trees: { leaves: Hex[]; root: Hash32; proofs: Hash32[][] }[]
  quorums: { n: number; f: number; quorum: number }[]
}

const path = new URL('../../contract-vectors/vectors.json', import.meta.url)
const golden = JSON.parse(await readFile(path, 'utf8')) as Vectors
const lower = (value: string | undefined) => (value ?? '').toLowerCase() as Hex
const digests = createDigests({ chainId: golden.domain.chainId, orchestrator: lower(golden.domain.verifyingContract) })

/** A vector's fields as src/core takes them: hex as it is in lower case, amounts of 64 bits and more as bigint. */
function typed(fields: Fields, bigints: readonly string[]) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      value.startsWith('0x') ? lower(value) : bigints.includes(name) ? BigInt(value) : Number(value),
    ]),
  )
}

function dataUnit(f: Fields): Hash32 {
  const region = Buffer.from(hexToBytes(lower(f.region)))
    .toString('utf8')
    .replace(/\0+$/, '')
  const sla = {
    availabilityPpm: Number(f.availabilityPpm),
    ttfbP95Ms: Number(f.ttfbP95Ms),
    downP10Kbps: Number(f.downP10Kbps),
    upP10Kbps: Number(f.upP10Kbps),
  }
  const terms = {
    provider: lower(f.provider),
    nonce: BigInt(f.nonce!),
    kind: UNIT_KINDS[Number(f.kind)]!,
    region,
    token: lower(f.token),
    capacityBytes: BigInt(f.capacityBytes!),
    pricePerGibEpoch: BigInt(f.pricePerGibEpoch!),
    egressBytesPerEpoch: BigInt(f.egressBytesPerEpoch!),
    sla,
  }
  return digests.dataUnit(terms, Number(f.deadline))
}

const DIGESTS: Record<string, (fields: Fields) => Hash32> = {
  Commit: (f) => digests.commit(typed(f, []) as never),
  RevealHeader: (f) => digests.revealHeader(typed(f, []) as never),
  Proposal: (f) => digests.proposal(typed(f, []) as never),
  Attestation: (f) => digests.attestation(typed(f, ['setId']) as unknown as Parameters<Digests['attestation']>[0]),
  DataUnit: dataUnit,
  Advert: (f) => digests.advert(typed(f, ['seq']) as never),
  ObjectList: (f) => digests.objectList(typed(f, ['seq', 'bytes']) as never),
  GrantRequest: (f) => digests.grantRequest(typed(f, []) as never),
  NodeConsent: (f) => digests.nodeConsent(lower(f.operator)),
}

describe('contract vectors', () => {
  it('behavior: the file is what the generator writes', () => {
    assert.deepEqual(JSON.parse(JSON.stringify(vectors())), golden)
  })

  for (const [type, { fields, digest }] of Object.entries(golden.messages)) {
    it(`behavior: digest of ${type}`, () => {
      assert.equal(DIGESTS[type]!(fields), digest)
    })
  }

  it('behavior: unit and oracle leaves', () => {
    const unit = typed(golden.leaves.unit.fields, ['paidBpsSum'])
    const state = UNIT_STATES[unit.state as number]!
    assert.deepEqual(unitLeafHash({ ...unit, state } as never), hexToBytes(golden.leaves.unit.hash))
    const oracle = typed(golden.leaves.oracle.fields, ['points'])
    assert.deepEqual(oracleLeafHash(oracle as never), hexToBytes(golden.leaves.oracle.hash))
  })

  it('behavior: verdict leaf', () => {
    const f = golden.leaves.verdict.fields
    const words = [f.tag, f.disputeId, f.epoch, f.era, f.verdict].map((value) =>
      BigInt(value!).toString(16).padStart(64, '0'),
    )
    const encoded = hexToBytes(`0x${words.join('')}${f.recordHash!.slice(2)}`)
    assert.equal(keccak256Hex(hexToBytes(keccak256Hex(encoded))), golden.leaves.verdict.hash)
  })

  it('behavior: trees and proofs', () => {
    for (const { leaves, root, proofs } of golden.trees) {
      const tree = new MerkleTree(leaves.map((leaf) => hexToBytes(leaf)))
      assert.equal(tree.root, root)
      for (const [k, proof] of proofs.entries()) assert.deepEqual(tree.proof(k), proof)
    }
  })

  it('behavior: quorums', () => {
    for (const { n, f, quorum } of golden.quorums) {
      assert.equal(maxFaulty(n), f)
      assert.equal(quorumOf(n), quorum)
    }
  })
})
