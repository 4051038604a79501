import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CodecError } from '../../../../src/core/canonical-cbor.ts'
import {
  checkRevealHeader,
  decodeRevealHeader,
  encodeRevealHeader,
  type RevealHeaderMessage,
} from '../../../../src/oracle/messages/reveal-header.ts'
import { oracles, revealOf, word } from '../fixture.ts'

const set = oracles(4)

describe('reveal header', () => {
  it('default', async () => {
    const m = await revealOf(set, 1)
    assert.deepEqual(decodeRevealHeader(encodeRevealHeader(m)), m)
    const checked = checkRevealHeader(m, set.rules, [])
    assert.equal(checked.verdict, 'accept')
    assert.equal(checked.message?.digest, set.digests.revealHeader(m))
  })

  it('error: each rule has its verdict and code', async () => {
    const judged = async (change: (m: RevealHeaderMessage) => RevealHeaderMessage, held: `0x${string}`[] = []) => {
      const checked = checkRevealHeader(await revealOf(set, 1, change), set.rules, held)
      return checked.verdict === 'accept' ? 'accept' : `${checked.verdict} ${checked.code}`
    }
    const same = (m: RevealHeaderMessage) => m
    const digest = set.digests.revealHeader(await revealOf(set, 1))
    assert.equal(await judged((m) => ({ ...m, setId: 7 })), 'ignore wrong-set')
    assert.equal(await judged((m) => ({ ...m, index: 9 })), 'ignore no-such-seat')
    assert.equal(await judged((m) => ({ ...m, blockHash: word('other') })), 'ignore wrong-block')
    assert.equal(await judged(same, [digest]), 'ignore duplicate')
    assert.equal(await judged((m) => ({ ...m, index: 2 })), 'reject bad-signature')
    assert.equal(await judged((m) => ({ ...m, secret: word('guess') })), 'ignore wrong-secret')
    assert.equal(await judged((m) => ({ ...m, seen: [] })), 'ignore commit-mismatch')
    assert.equal(await judged((m) => ({ ...m, salt: word('other salt') })), 'ignore commit-mismatch')
    assert.equal(await judged(same, [word('held')]), 'ignore equivocation')
  })

  it("error: another's commit can not be opened as one's own", async () => {
    const victim = await revealOf(set, 0)
    const copy = await revealOf(set, 1, (m) => ({
      ...m,
      batchHash: victim.batchHash,
      salt: victim.salt,
      seen: [{ index: 1, hash: victim.seen[0]!.hash }],
    }))
    const checked = checkRevealHeader(copy, set.rules, [])
    assert.ok(checked.verdict === 'ignore' && checked.code === 'commit-mismatch')
  })

  it('error: `seen` has to ascend', async () => {
    const entry = (index: number) => ({ index, hash: word(index) })
    const m = await revealOf(set, 1)
    assert.throws(() => decodeRevealHeader(encodeRevealHeader({ ...m, seen: [entry(2), entry(1)] })), CodecError)
    assert.throws(() => decodeRevealHeader(encodeRevealHeader({ ...m, seen: [entry(1), entry(1)] })), CodecError)
  })
})
