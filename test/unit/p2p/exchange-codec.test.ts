import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CodecError, encodeCanonical } from '../../../src/core/canonical-cbor.ts'
import type { Address } from '../../../src/core/ids.ts'
import { sample } from '../../../src/p2p/exchange.ts'
import {
  decodeExchangeAnswer,
  decodeExchangeRequest,
  encodeExchangeAnswer,
  encodeExchangeRequest,
  MAX_EXCHANGE_REQUEST_BYTES,
  MAX_WANTED,
} from '../../../src/p2p/exchange-codec.ts'

const addresses = Array.from({ length: 40 }, (_, i) => `0x${i.toString(16).padStart(40, '0')}` as Address)
const peer = (length: number) => ({ publicKey: new Uint8Array(33).fill(2), record: new Uint8Array(length).fill(3) })

describe('peer exchange messages', () => {
  it('default', () => {
    assert.deepEqual(decodeExchangeRequest(encodeExchangeRequest(addresses.slice(0, 3))), addresses.slice(0, 3))
    const [again] = decodeExchangeAnswer(encodeExchangeAnswer([peer(300)]), 1)
    assert.deepEqual([again?.publicKey.length, again?.record.length], [33, 300])
  })

  it('behavior: no more is asked for than one request takes', () => {
    const bytes = encodeExchangeRequest(addresses)
    assert.ok(bytes.length <= MAX_EXCHANGE_REQUEST_BYTES)
    assert.deepEqual(decodeExchangeRequest(bytes), addresses.slice(0, MAX_WANTED))
  })

  it('behavior: a record that is too long is not handed on', () => {
    assert.equal(decodeExchangeAnswer(encodeExchangeAnswer([peer(300), peer(3_000)]), 2).length, 1)
  })

  it('error: more peers than allowed, fields of another size', () => {
    assert.throws(() => decodeExchangeAnswer(encodeExchangeAnswer([peer(1), peer(1)]), 1), CodecError)
    assert.throws(() => decodeExchangeRequest(encodeCanonical([[new Uint8Array(19)]])), CodecError)
    assert.throws(() => decodeExchangeAnswer(encodeCanonical([[new Uint8Array(32), new Uint8Array(1)]]), 1), CodecError)
  })
})

describe('sample', () => {
  it('default', () => {
    const draws = [3, 0, 1]
    assert.deepEqual(
      sample(['a', 'b', 'c', 'd'], 3, () => draws.shift()!),
      ['d', 'b', 'a'],
    )
  })

  it('behavior: all of them when fewer', () => {
    assert.deepEqual(
      sample([1, 2], 5, () => 0),
      [1, 2],
    )
    assert.deepEqual(
      sample([], 5, () => 0),
      [],
    )
  })
})
