import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CodecError } from '../../../../src/core/canonical-cbor.ts'
import type { Requests } from '../../../../src/core/ports/requests.ts'
import { evaluate } from '../../../../src/oracle/evaluate.ts'
import { CHUNK_BYTES, encodeChunk, fetchChunks } from '../../../../src/oracle/requests/chunks.ts'
import { answerProof, requestLeafProof } from '../../../../src/oracle/requests/proof.ts'
import { decodeHashRequest, encodeHashRequest, MAX_REQUEST_BYTES } from '../../../../src/oracle/requests/protocols.ts'
import { bitsOf, decodeRoundQuery, encodeRoundQuery } from '../../../../src/oracle/requests/round-query.ts'
import { OracleState } from '../../../../src/oracle/state/state.ts'
import { address, DOMAIN, oracles, word } from '../fixture.ts'

const never = new AbortController().signal

/** A peer that answers with a function. */
function peerWith(answer: (body: Uint8Array) => Uint8Array | undefined): Requests {
  return { request: async (_peer, _protocol, body) => answer(body), handle: () => () => {}, peers: () => [] }
}

describe('request bodies', () => {
  it('default', () => {
    const query = {
      epoch: 2 ** 40 - 1,
      commits: bitsOf([0, 30]),
      headers: 0,
      attempt: 255,
      proposal: true,
      signatures: 5,
    }
    const bytes = encodeRoundQuery(query)
    assert.deepEqual(decodeRoundQuery(bytes), query)
    const request = encodeHashRequest(7, word('x'), 2 ** 40)
    assert.deepEqual(decodeHashRequest(request), { epoch: 7, hash: word('x'), offset: 2 ** 40 })
    assert.ok(Math.max(bytes.length, request.length) <= MAX_REQUEST_BYTES)
  })

  it('error: anything else', () => {
    assert.throws(() => decodeRoundQuery(encodeHashRequest(1, word('x'))), CodecError)
    assert.throws(() => decodeHashRequest(new Uint8Array(MAX_REQUEST_BYTES + 1)), CodecError)
  })
})

describe('long answers', () => {
  const subject = { epoch: 1, hash: word('whole'), maxBytes: 4 * CHUNK_BYTES }
  const fetchFrom = (requests: Requests, maxBytes = subject.maxBytes) =>
    fetchChunks({ requests, domain: DOMAIN, timeoutMs: 1000 }, address(1), 'snapshot', { ...subject, maxBytes }, never)

  it('default', async () => {
    const whole = Uint8Array.from({ length: 2 * CHUNK_BYTES + 5 }, (_, i) => i % 251)
    const got = await fetchFrom(peerWith((body) => encodeChunk(whole, decodeHashRequest(body).offset)))
    assert.ok(Buffer.from(whole).equals(got!))
  })

  it('error: too long, changing its length, without end', async () => {
    const whole = new Uint8Array(3 * CHUNK_BYTES)
    const honest = peerWith((body) => encodeChunk(whole, decodeHashRequest(body).offset))
    assert.equal(await fetchFrom(honest, whole.length - 1), undefined)
    let asked = 0
    const growing = peerWith(() => encodeChunk(new Uint8Array(2 * CHUNK_BYTES + asked++), 0))
    assert.equal(await fetchFrom(growing), undefined)
    const empty = peerWith(() => encodeChunk(whole, whole.length))
    assert.equal(await fetchFrom(empty), undefined)
    assert.equal(await fetchFrom(peerWith(() => undefined)), undefined)
  })
})

describe('leaf proofs', () => {
  const set = oracles(4)
  const { state } = evaluate(OracleState.empty(), set.facts, 0, [])
  const current = { state, root: state.root }
  const unitId = state.unitId(1)
  const ask = (requests: Requests) =>
    requestLeafProof({ requests, domain: DOMAIN }, address(1), unitId, { timeoutMs: 100 })

  it('default', async () => {
    const found = await ask(peerWith((body) => answerProof(current, body)))
    assert.deepEqual(found?.leaf, state.unitLeaf(1))
    assert.equal(found?.root, state.root)
  })

  it('error: a leaf that is not under the root, another unit, nothing', async () => {
    const honest = answerProof(current, encodeUnit(unitId))!
    for (let i = 40; i < honest.length; i += 9) {
      const broken = honest.slice()
      broken[i]! ^= 1
      const found = await ask(peerWith(() => broken)).catch((error: unknown) => {
        assert.ok(error instanceof CodecError)
        return undefined
      })
      assert.equal(found, undefined, `byte ${i}`)
    }
    assert.equal(await ask(peerWith(() => answerProof(current, encodeUnit(state.unitId(0))))), undefined)
    assert.equal(await ask(peerWith(() => undefined)), undefined)
    assert.equal(answerProof(current, encodeUnit(word('nowhere'))), undefined)
  })
})

/** The body of a proof request: one field of 32 bytes. */
function encodeUnit(id: `0x${string}`): Uint8Array {
  return Uint8Array.from([0x81, 0x58, 0x20, ...Buffer.from(id.slice(2), 'hex')])
}
