import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFrameReader, decodeLength, encodeLength } from '../../../src/p2p/frames.ts'

const frame = (payload: Uint8Array) => Uint8Array.from([...encodeLength(payload.length), ...payload])

/** The payload that these chunks give, `undefined` when it is not complete. */
function read(maxBytes: number, chunks: Iterable<Uint8Array>): Uint8Array | undefined {
  const reader = createFrameReader(maxBytes)
  let complete: Uint8Array | undefined
  for (const chunk of chunks) complete = reader.push(chunk)
  return complete
}

function* slices(bytes: Uint8Array, size: number): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('frames', () => {
  it('default', () => {
    const payload = Uint8Array.of(1, 2, 3)
    assert.deepEqual(Uint8Array.from(read(10, [frame(payload)])!), payload)
  })

  it('behavior: any cut gives the same payload', () => {
    const payload = Uint8Array.from({ length: 20_000 }, (_, i) => i % 251)
    for (const size of [1, 2, 3, 1_000, 4_096, 30_000]) {
      assert.ok(Buffer.from(payload).equals(read(20_000, slices(frame(payload), size))!), `chunks of ${size}`)
    }
  })

  it('behavior: an empty frame is complete', () => {
    assert.equal(read(0, [frame(new Uint8Array(0))])?.length, 0)
  })

  it('behavior: lengths up to 2^28 − 1 survive', () => {
    for (const length of [0, 1, 127, 128, 16_383, 16_384, 2 ** 21, 2 ** 28 - 1]) {
      const bytes = encodeLength(length)
      assert.deepEqual(decodeLength(bytes), { length, size: bytes.length })
    }
  })

  it('behavior: a frame that announces much and sends little holds little', () => {
    const before = process.memoryUsage().arrayBuffers
    const readers = Array.from({ length: 1_000 }, () => {
      const reader = createFrameReader(1 << 27)
      reader.push(Uint8Array.from([...encodeLength(1 << 27), 1]))
      return reader
    })
    const held = process.memoryUsage().arrayBuffers - before
    assert.ok(held < 32 << 20, `${held} bytes held by ${readers.length} readers`)
  })

  it('error: longer than allowed', () => {
    assert.throws(() => read(3, [frame(new Uint8Array(4))]), { code: 'too-long' })
  })

  it('error: bytes after the frame', () => {
    assert.throws(() => read(3, [Uint8Array.from([...frame(new Uint8Array(2)), 9])]), { code: 'malformed' })
  })

  it('error: a length of five bytes, or with a needless zero', () => {
    assert.throws(() => decodeLength(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 1)), { code: 'malformed' })
    assert.throws(() => decodeLength(Uint8Array.of(0x81, 0)), { code: 'malformed' })
  })
})
