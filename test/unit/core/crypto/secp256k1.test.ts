/** Our signatures against viem's: both directions, and every malleable or broken form refused. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recoverAddress } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import {
  addressOfPublicKey,
  createSigner,
  KeyError,
  publicKeyOf,
  secp256k1Scheme,
} from '../../../../src/core/crypto/secp256k1.ts'
import { bytesToHex, hexToBytes } from '../../../../src/core/ids.ts'
import { keccak256, keccak256Hex } from '../../../../src/core/keccak.ts'

const keyOf = (i: number) => keccak256(Uint8Array.of(1, i))
const digestOf = (i: number) => keccak256Hex(Uint8Array.of(2, i))
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const word = (value: bigint) => hexToBytes(`0x${value.toString(16).padStart(64, '0')}`)

describe('secp256k1', () => {
  it('default', async () => {
    for (let i = 0; i < 32; i++) {
      const signer = createSigner(keyOf(i))
      const signature = await signer.signDigest(digestOf(i))
      assert.equal(signature.length, 65)
      assert.equal(secp256k1Scheme.recover(digestOf(i), signature), signer.address)
    }
  })

  it('behavior: address and signature are those of viem, in both directions', async () => {
    for (let i = 0; i < 16; i++) {
      const signer = createSigner(keyOf(i))
      const account = privateKeyToAccount(bytesToHex(keyOf(i)))
      assert.equal(signer.address, account.address.toLowerCase())
      const ours = await signer.signDigest(digestOf(i))
      assert.equal(
        (await recoverAddress({ hash: digestOf(i), signature: bytesToHex(ours) })).toLowerCase(),
        signer.address,
      )
      const theirs = hexToBytes(await account.sign({ hash: digestOf(i) }))
      assert.equal(secp256k1Scheme.recover(digestOf(i), theirs), signer.address)
    }
  })

  it('behavior: the same digest gives the same bytes, and a copy of the key is kept', async () => {
    const key = keyOf(1)
    const signer = createSigner(key)
    const first = await signer.signDigest(digestOf(1))
    key.fill(0)
    assert.deepEqual(await signer.signDigest(digestOf(1)), first)
  })

  it('behavior: another digest recovers another address', async () => {
    const signer = createSigner(keyOf(1))
    assert.notEqual(secp256k1Scheme.recover(digestOf(2), await signer.signDigest(digestOf(1))), signer.address)
  })

  it('behavior: the mirrored signature (N − s, other v) is refused, although it recovers the same key', async () => {
    const signer = createSigner(keyOf(3))
    const signature = await signer.signDigest(digestOf(3))
    const s = BigInt(bytesToHex(signature.subarray(32, 64)))
    const mirrored = Uint8Array.from(signature)
    mirrored.set(word(N - s), 32)
    mirrored[64] = 55 - signature[64]!
    assert.equal(
      (await recoverAddress({ hash: digestOf(3), signature: bytesToHex(mirrored) })).toLowerCase(),
      signer.address,
    )
    assert.equal(secp256k1Scheme.recover(digestOf(3), mirrored), undefined)
  })

  it('behavior: public keys of both lengths give the address', () => {
    const compressed = publicKeyOf(keyOf(4))
    assert.equal(compressed.length, 33)
    const account = privateKeyToAccount(bytesToHex(keyOf(4)))
    assert.equal(addressOfPublicKey(compressed), account.address.toLowerCase())
    assert.equal(addressOfPublicKey(hexToBytes(account.publicKey)), account.address.toLowerCase())
  })

  it('error: what is no signature recovers nothing', async () => {
    const good = await createSigner(keyOf(5)).signDigest(digestOf(5))
    const changed = (change: (copy: Uint8Array) => void) => {
      const copy = Uint8Array.from(good)
      change(copy)
      return secp256k1Scheme.recover(digestOf(5), copy)
    }
    assert.equal(
      changed((c) => {
        c[64] = 0
      }),
      undefined,
    )
    assert.equal(
      changed((c) => {
        c[64] = 29
      }),
      undefined,
    )
    assert.equal(
      changed((c) => c.fill(0, 0, 32)),
      undefined,
    )
    assert.equal(
      changed((c) => c.fill(0, 32, 64)),
      undefined,
    )
    assert.equal(
      changed((c) => c.fill(0xff, 0, 32)),
      undefined,
    )
    assert.equal(secp256k1Scheme.recover(digestOf(5), good.subarray(0, 64)), undefined)
    assert.equal(secp256k1Scheme.recover(digestOf(5), Uint8Array.of(...good, 0)), undefined)
    assert.equal(secp256k1Scheme.recover('0x1234', good), undefined)
  })

  it('error: keys outside the range', () => {
    const invalid = (error: unknown) => error instanceof KeyError && error.code === 'invalid-private-key'
    assert.throws(() => createSigner(new Uint8Array(32)), invalid)
    assert.throws(() => createSigner(word(N)), invalid)
    assert.throws(() => createSigner(new Uint8Array(31).fill(1)), invalid)
    assert.throws(
      () => addressOfPublicKey(new Uint8Array(33)),
      (error) => error instanceof KeyError && error.code === 'invalid-public-key',
    )
  })

  it('error: a digest that is no hash is not signed', async () => {
    await assert.rejects(
      createSigner(keyOf(6)).signDigest('0x12'),
      (error) => error instanceof KeyError && error.code === 'invalid-digest',
    )
  })
})
