/** `abi.encode` of static words against viem. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { encodeAbiParameters, stringToHex } from 'viem'
import { encodeWords, textWord, writeWord } from '../../../src/core/abi.ts'
import { bytesToHex, type Hex } from '../../../src/core/ids.ts'

const hexOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex)

describe('encodeWords', () => {
  it('default', () => {
    const address: Hex = `0x${'ab'.repeat(20)}`
    const hash: Hex = `0x${'0c'.repeat(32)}`
    const types = [{ type: 'address' }, { type: 'uint64' }, { type: 'bytes32' }, { type: 'uint8' }] as const
    assert.equal(
      bytesToHex(encodeWords([address, 77n, hash, 255])),
      encodeAbiParameters(types, [address, 77n, hash, 255]),
    )
  })

  it('behavior: equals viem for any static values', () => {
    fc.assert(
      fc.property(
        hexOf(20),
        fc.bigInt(0n, 2n ** 256n - 1n),
        hexOf(32),
        fc.nat(2 ** 31 - 1),
        (address, wide, hash, n) => {
          const expected = encodeAbiParameters(
            [{ type: 'address' }, { type: 'uint256' }, { type: 'bytes32' }, { type: 'uint32' }],
            [address, wide, hash, n],
          )
          assert.equal(bytesToHex(encodeWords([address, wide, hash, n])), expected)
        },
      ),
    )
  })

  it('error: values that are no uint256', () => {
    assert.throws(() => encodeWords([-1]), RangeError)
    assert.throws(() => encodeWords([1.5]), RangeError)
    assert.throws(() => encodeWords([2 ** 53]), RangeError)
    assert.throws(() => encodeWords([1n << 256n]), RangeError)
    assert.throws(() => writeWord(new Uint8Array(32), 0, `0x${'00'.repeat(33)}`), RangeError)
  })
})

describe('textWord', () => {
  it('default', () => {
    for (const text of ['', 'eu-west-1', 'Zürich', 'x'.repeat(32)])
      assert.equal(textWord(text), stringToHex(text, { size: 32 }))
  })

  it('error: more than 32 bytes of UTF-8', () => {
    assert.throws(() => textWord('ü'.repeat(17)), RangeError)
  })
})
