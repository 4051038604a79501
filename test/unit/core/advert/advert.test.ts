import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asHeartbeat, decodeAdvert, encodeAdvert } from '../../../../src/core/advert/advert.ts'
import { bodyHashOf, decodeBody, encodeBody } from '../../../../src/core/advert/body.ts'
import { MAX_ADVERT_BYTES, MAX_MULTIADDR_CHARS, MAX_MULTIADDRS } from '../../../../src/core/advert/limits.ts'
import { CodecError, encodeCanonical } from '../../../../src/core/canonical-cbor.ts'
import { hexToBytes } from '../../../../src/core/ids.ts'
import { advertOf, bodyOf, digests, provider, scheme, unitOf } from './fixtures.ts'

const { id } = unitOf(1n)

describe('adverts', () => {
  it('default', async () => {
    const advert = await advertOf(id)
    const again = decodeAdvert(encodeAdvert(advert))
    assert.deepEqual(again, { ...advert, signature: Uint8Array.from(again.signature) })
    assert.equal(scheme.recover(digests.advert(again), again.signature), provider.address)
    assert.equal(again.bodyHash, bodyHashOf(encodeBody(bodyOf())))
  })

  it('behavior: a heartbeat keeps the signature and costs less than 200 bytes', async () => {
    const advert = await advertOf(id)
    const bytes = encodeAdvert(asHeartbeat(advert))
    assert.ok(bytes.length < 200, `${bytes.length} bytes`)
    const again = decodeAdvert(bytes)
    assert.equal(again.body, undefined)
    assert.equal(scheme.recover(digests.advert(again), again.signature), provider.address)
  })

  it('behavior: the largest body fits the limit', async () => {
    const multiaddrs = Array.from({ length: MAX_MULTIADDRS }, () => 'x'.repeat(MAX_MULTIADDR_CHARS))
    const advert = await advertOf(id, { body: bodyOf({ multiaddrs }) })
    const bytes = encodeAdvert(advert)
    assert.ok(bytes.length <= MAX_ADVERT_BYTES)
    assert.deepEqual(decodeAdvert(bytes).body?.multiaddrs, multiaddrs)
  })

  it('behavior: every part of a body survives', () => {
    const bodies = [
      bodyOf(),
      bodyOf({ objectList: undefined, capabilities: [], availability: 'leaving', multiaddrs: [] }),
      bodyOf({
        freeBytes: (1n << 64n) - 1n,
        capabilities: ['direct', 'served', 'read-probe', 'write-probe', 'function-probe'],
      }),
    ]
    for (const body of bodies) assert.deepEqual(decodeBody(encodeBody(body)), body)
  })

  it('error: a version that is not known', async () => {
    const { unitId, seq, expiresAt, bodyHash, signature } = await advertOf(id)
    const fields = [hexToBytes(unitId), seq, expiresAt, hexToBytes(bodyHash), null, signature]
    assert.ok(decodeAdvert(encodeCanonical([1, ...fields])))
    assert.throws(() => decodeAdvert(encodeCanonical([2, ...fields])), CodecError)
  })

  it('error: a byte more or less, or more than fits', async () => {
    const bytes = encodeAdvert(await advertOf(id))
    assert.throws(() => decodeAdvert(bytes.subarray(1)), CodecError)
    assert.throws(() => decodeAdvert(Uint8Array.from([...bytes, 0])), CodecError)
    assert.throws(() => decodeAdvert(new Uint8Array(MAX_ADVERT_BYTES + 1)), { code: 'too-long' })
  })
})
