/** Every decoder that bytes of other nodes reach: round trips, one encoding per value, and no input that crashes it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeAdvert, encodeAdvert } from '../../../src/core/advert/advert.ts'
import { AVAILABILITIES, bodyHashOf, CAPABILITIES, decodeBody, encodeBody } from '../../../src/core/advert/body.ts'
import { decodeOffer, encodeOffer } from '../../../src/core/advert/offer.ts'
import { CodecError } from '../../../src/core/canonical-cbor.ts'
import { decodeStored, encodeStored } from '../../../src/core/catalogue/stored.ts'
import {
  decodePage,
  decodePageRequest,
  decodeSummary,
  encodePage,
  encodePageRequest,
  encodeSummary,
} from '../../../src/core/catalogue/sync-codec.ts'
import { bytesToHex } from '../../../src/core/ids.ts'
import { UNIT_KINDS } from '../../../src/core/units.ts'
import { RequestError } from '../../../src/p2p/errors.ts'
import {
  decodeExchangeAnswer,
  decodeExchangeRequest,
  encodeExchangeAnswer,
  encodeExchangeRequest,
} from '../../../src/p2p/exchange-codec.ts'
import { createFrameReader, encodeLength } from '../../../src/p2p/frames.ts'

const hexOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex)
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const uint64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const uint32 = fc.nat({ max: 2 ** 32 - 1 })
const uint40 = fc.integer({ min: 0, max: 2 ** 40 - 1 })

const body = fc.record({
  node: hexOf(20),
  multiaddrs: fc.array(fc.string({ maxLength: 40 }), { maxLength: 8 }),
  objectList: fc.option(fc.record({ seq: uint64, indexRoot: hexOf(32) }), { nil: undefined }),
  freeBytes: uint64,
  capabilities: fc.subarray([...CAPABILITIES]),
  availability: fc.constantFrom(...AVAILABILITIES),
})

const advert = fc
  .record({
    unitId: hexOf(32),
    seq: uint64,
    expiresAt: uint40,
    body: fc.option(body, { nil: undefined }),
    signature: bytesOf(65),
  })
  .map((a) => ({ ...a, bodyHash: a.body === undefined ? a.unitId : bodyHashOf(encodeBody(a.body)) }))

const offer = fc.record({
  terms: fc.record({
    provider: hexOf(20),
    nonce: uint64,
    kind: fc.constantFrom(...UNIT_KINDS),
    region: fc.string({ maxLength: 32 }).filter((text) => Buffer.byteLength(text) <= 32 && !text.includes('\0')),
    token: hexOf(20),
    capacityBytes: uint64,
    pricePerGibEpoch: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
    egressBytesPerEpoch: uint64,
    sla: fc.record({ availabilityPpm: uint32, ttfbP95Ms: uint32, downP10Kbps: uint32, upP10Kbps: uint32 }),
  }),
  deadline: uint40,
  signature: bytesOf(65),
})

interface Codec<T> {
  name: string
  values: fc.Arbitrary<T>
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): unknown
}

/** Forgets what a codec is of, so that they fit one list. */
const codec = <T>(each: Codec<T>) => each as unknown as Codec<unknown>

const codecs = [
  codec({ name: 'advert', values: advert, encode: encodeAdvert, decode: decodeAdvert }),
  codec({ name: 'advert body', values: body, encode: encodeBody, decode: decodeBody }),
  codec({ name: 'offer', values: offer, encode: encodeOffer, decode: decodeOffer }),
  codec({
    name: 'stored entry',
    values: fc.tuple(advert, fc.nat()).map(([a, heardAtMs]) => ({ ...a, heardAtMs })),
    encode: encodeStored,
    decode(bytes) {
      const entry = decodeStored(bytes)
      if (entry === undefined) throw new CodecError('malformed', 'refused')
      return entry
    },
  }),
  codec({
    name: 'catalogue summary',
    values: fc.record({
      counts: fc.array(uint32, { minLength: 256, maxLength: 256 }).map((counts) => Uint32Array.from(counts)),
      fingerprints: bytesOf(256 * 8),
    }),
    encode: encodeSummary,
    decode: decodeSummary,
  }),
  codec({
    name: 'page request',
    values: fc.record({ bucket: fc.nat({ max: 255 }), after: fc.option(hexOf(32), { nil: undefined }) }),
    encode: encodePageRequest,
    decode: decodePageRequest,
  }),
  codec({
    name: 'page',
    values: fc.record({ adverts: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), more: fc.boolean() }),
    encode: encodePage,
    decode: (bytes) => ({ ...decodePage(bytes) }),
  }),
  codec({
    name: 'exchange request',
    values: fc.array(hexOf(20), { maxLength: 32 }),
    encode: encodeExchangeRequest,
    decode: decodeExchangeRequest,
  }),
  codec({
    name: 'exchange answer',
    values: fc.array(fc.record({ publicKey: bytesOf(33), record: fc.uint8Array({ maxLength: 400 }) }), {
      maxLength: 10,
    }),
    encode: encodeExchangeAnswer,
    decode: (bytes) => decodeExchangeAnswer(bytes, 10),
  }),
]

/** Typed arrays of one content are equal whatever buffer they look at. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesToHex(value)
  if (value instanceof Uint32Array) return [...value]
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

/** What a hostile peer would send: nearly right. */
const mutations = fc.array(
  fc.record({
    at: fc.nat(),
    value: fc.nat({ max: 255 }),
    kind: fc.constantFrom('set', 'insert', 'delete', 'cut', 'double'),
  }),
  { minLength: 1, maxLength: 4 },
)
type Mutation = { at: number; value: number; kind: string }

function mutate(bytes: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let result = [...bytes]
  for (const { at, value, kind } of changes) {
    const index = result.length === 0 ? 0 : at % result.length
    if (kind === 'set') result[index] = value
    else if (kind === 'insert') result.splice(index, 0, value)
    else if (kind === 'delete') result.splice(index, 1)
    else if (kind === 'cut') result = result.slice(0, index)
    else result = [...result, ...result.slice(index)]
  }
  return Uint8Array.from(result)
}

/** Frames each decoder gets; together more than 100,000. */
const RANDOM_FRAMES = 4_000
const MUTATED_FRAMES = 8_000

describe('decoders', () => {
  for (const { name, values, encode, decode } of codecs) {
    /** Either refused with the codec's own error, or it was the one encoding of what it decodes to. */
    const harmless = (bytes: Uint8Array) => {
      let value: unknown
      try {
        value = decode(bytes)
      } catch (error) {
        assert.ok(error instanceof CodecError, `${name}: ${String(error)}`)
        return
      }
      assert.ok(Buffer.from(bytes).equals(encode(value)), `${name}: two encodings of one value`)
    }

    it(`default: ${name} survives its encoding`, () => {
      fc.assert(fc.property(values, (value) => assert.deepEqual(plain(decode(encode(value))), plain(value))))
    })

    it(`error: ${name} from random bytes`, () => {
      fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), harmless), { numRuns: RANDOM_FRAMES })
    })

    it(`error: ${name} from changed encodings`, () => {
      fc.assert(
        fc.property(values, mutations, (value, changes) => harmless(mutate(encode(value), changes))),
        { numRuns: MUTATED_FRAMES },
      )
    })
  }

  it('error: frames from random chunks give a payload within the limit or a named error', () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 })
    fc.assert(
      fc.property(chunks, fc.nat({ max: 64 }), (parts, maxBytes) => {
        const reader = createFrameReader(maxBytes)
        try {
          for (const part of parts) {
            const payload = reader.push(part)
            if (payload !== undefined) assert.ok(payload.length <= maxBytes)
          }
        } catch (error) {
          assert.ok(error instanceof RequestError, String(error))
        }
      }),
      { numRuns: RANDOM_FRAMES },
    )
  })

  it('default: a frame in any chunks gives its payload', () => {
    const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 })
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), cuts, (payload, at) => {
        const frame = Buffer.concat([encodeLength(payload.length), payload])
        const reader = createFrameReader(400)
        const ends = [...at.filter((cut) => cut < frame.length), frame.length].sort((a, b) => a - b)
        let from = 0
        let complete: Uint8Array | undefined
        for (const end of ends) {
          if (end > from) complete = reader.push(frame.subarray(from, end))
          from = end
        }
        assert.deepEqual(Uint8Array.from(complete ?? []), payload)
      }),
    )
  })
})
