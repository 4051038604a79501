/** Signatures as the contract takes them; recovery with v = 27 is checked with viem. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concat, recoverAddress, sliceHex } from 'viem'
import { compactSignature, packSignatures } from '../../../../src/chain/attestation/signatures.ts'
import { createSigner } from '../../../../src/core/crypto/secp256k1.ts'
import { bytesToHex } from '../../../../src/core/ids.ts'
import { keccak256, keccak256Hex } from '../../../../src/core/keccak.ts'

const signers = Array.from({ length: 24 }, (_, i) => createSigner(keccak256(Uint8Array.of(i))))
const digest = keccak256Hex(Uint8Array.of(77))
const signed = (...indexes: number[]) =>
  Promise.all(indexes.map(async (index) => ({ index, signature: await signers[index]!.signDigest(digest) })))

describe('compactSignature', () => {
  it('default', async () => {
    const seen = new Set<number>()
    for (const { index, signature } of await signed(...signers.keys())) {
      seen.add(signature[64]!)
      const recovered = await recoverAddress({
        hash: digest,
        signature: concat([bytesToHex(compactSignature(signature)), '0x1b']),
      })
      assert.equal(recovered.toLowerCase(), signers[index]!.address)
    }
    assert.deepEqual([...seen].sort(), [27, 28])
  })
})

describe('packSignatures', () => {
  it('default', async () => {
    const packed = packSignatures(await signed(9, 0, 3), 3)
    assert.equal(BigInt(sliceHex(packed, 0, 32)), (1n << 0n) | (1n << 3n) | (1n << 9n))
    assert.equal(packed.length, 2 + 2 * (32 + 3 * 64))
    const [first] = await signed(0)
    assert.equal(sliceHex(packed, 32, 96), bytesToHex(compactSignature(first!.signature)))
  })

  it('behavior: more than a quorum gives the same bytes, whoever holds them in whatever order', async () => {
    const all = await signed(1, 2, 3, 4, 5)
    assert.equal(packSignatures(all, 3), packSignatures(all.toReversed(), 3))
    assert.equal(packSignatures(all, 3), packSignatures(all.slice(0, 3), 3))
  })

  it('error: too few, or one twice', async () => {
    const two = await signed(1, 2)
    assert.throws(() => packSignatures(two, 3), RangeError)
    assert.throws(() => packSignatures([...two, two[0]!], 3), RangeError)
  })
})
