import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CodecError } from '../../../../src/core/canonical-cbor.ts'
import { type CommitMessage, checkCommit, decodeCommit, encodeCommit } from '../../../../src/oracle/messages/commit.ts'
import { EPOCH, oracles, word } from '../fixture.ts'

const set = oracles(4)

async function commitOf(change: Partial<CommitMessage> = {}): Promise<CommitMessage> {
  const fields = { setId: 1, epoch: EPOCH, index: 2, commitHash: word('commit'), ...change }
  return { ...fields, signature: change.signature ?? (await set.signers[2]!.signDigest(set.digests.commit(fields))) }
}

describe('commit', () => {
  it('default', async () => {
    const m = await commitOf()
    assert.deepEqual(decodeCommit(encodeCommit(m)), m)
    assert.equal(checkCommit(m, set.rules, undefined).verdict, 'accept')
  })

  it('error: each rule has its verdict and code', async () => {
    const judged = async (change: Partial<CommitMessage>, held?: `0x${string}`) => {
      const checked = checkCommit(await commitOf(change), set.rules, held)
      return checked.verdict === 'accept' ? 'accept' : `${checked.verdict} ${checked.code}`
    }
    assert.equal(await judged({ setId: 2 }), 'ignore wrong-set')
    assert.equal(await judged({ index: 4 }), 'ignore no-such-seat')
    assert.equal(await judged({}, word('commit')), 'ignore duplicate')
    assert.equal(await judged({ index: 1 }), 'reject bad-signature')
    assert.equal(await judged({ signature: new Uint8Array(65) }), 'reject bad-signature')
    assert.equal(await judged({}, word('another')), 'ignore equivocation')
  })

  it('error: only the one canonical encoding decodes', async () => {
    const bytes = encodeCommit(await commitOf())
    for (let length = 0; length < bytes.length; length += 7)
      assert.throws(() => decodeCommit(bytes.slice(0, length)), CodecError)
    assert.throws(() => decodeCommit(Uint8Array.from([...bytes, 0])), CodecError)
    // The epoch as a two-byte integer although one byte would do.
    const at = bytes.indexOf(EPOCH)
    const longer = Uint8Array.from([...bytes.slice(0, at), 0x18, EPOCH, ...bytes.slice(at + 1)])
    assert.throws(() => decodeCommit(longer), CodecError)
  })
})
