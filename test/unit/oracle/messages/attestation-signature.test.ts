import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AttestationHeader } from '../../../../src/core/eip712.ts'
import {
  checkSignature,
  decodeSignature,
  encodeSignature,
} from '../../../../src/oracle/messages/attestation-signature.ts'
import { formCertificate } from '../../../../src/oracle/phases/transmit.ts'
import { Round } from '../../../../src/oracle/round.ts'
import { EPOCH, oracles, word } from '../fixture.ts'

const set = oracles(7)
const HEADER: AttestationHeader = {
  epoch: EPOCH,
  setId: 1,
  attempt: 1,
  parentRoot: word('parent'),
  root: word('root'),
  unitCount: 2,
  inputsHash: word('inputs'),
  paramsHash: set.facts.paramsHash,
  evaluatorVersion: 1,
}

async function signed(index: number, change: Partial<AttestationHeader> = {}) {
  const header = { ...HEADER, ...change }
  return { header, index, signature: await set.signers[index]!.signDigest(set.digests.attestation(header)) }
}

describe('attestation signature', () => {
  it('default', async () => {
    const m = await signed(3)
    assert.deepEqual(decodeSignature(encodeSignature(m)), m)
    assert.equal(checkSignature(m, set.rules, undefined).verdict, 'accept')
  })

  it('error: each rule has its verdict and code', async () => {
    const digest = set.digests.attestation(HEADER)
    const judged = async (m: Awaited<ReturnType<typeof signed>>, held?: `0x${string}`) => {
      const checked = checkSignature(m, set.rules, held)
      return checked.verdict === 'accept' ? 'accept' : `${checked.verdict} ${checked.code}`
    }
    assert.equal(await judged(await signed(3, { setId: 4 })), 'ignore wrong-set')
    assert.equal(await judged({ ...(await signed(3)), index: 7 }), 'ignore no-such-seat')
    assert.equal(await judged(await signed(3, { attempt: 3 })), 'ignore wrong-attempt')
    assert.equal(await judged(await signed(3, { paramsHash: word('x') })), 'ignore wrong-header')
    assert.equal(await judged(await signed(3), digest), 'ignore duplicate')
    assert.equal(await judged({ ...(await signed(3)), index: 2 }), 'reject bad-signature')
    assert.equal(await judged(await signed(3, { root: word('y') }), digest), 'ignore equivocation')
  })
})

describe('certificate', () => {
  const roundWith = async (
    signers: readonly number[],
    change: Partial<AttestationHeader> = {},
    round = new Round(EPOCH),
  ) => {
    for (const index of signers) {
      const message = await signed(index, change)
      const digest = set.digests.attestation(message.header)
      round.signaturesOf(1).set(index, { message: { message, digest }, bytes: encodeSignature(message), at: 0 })
    }
    return round
  }

  it('default', async () => {
    const certificate = formCertificate(await roundWith([6, 2, 0, 5, 3, 1]), set.rules, 1)
    assert.deepEqual(
      certificate?.signatures.map((held) => held.message.message.index),
      [0, 2, 3, 5, 6],
    )
  })

  it('error: one below the quorum, or a quorum over two roots, is none', async () => {
    assert.equal(formCertificate(await roundWith([0, 1, 2, 3]), set.rules, 1), undefined)
    const divided = await roundWith([0, 1, 2, 3])
    await roundWith([4, 5, 6], { root: word('other') }, divided)
    assert.equal(formCertificate(divided, set.rules, 1), undefined)
    assert.equal(formCertificate(divided, set.rules, 0), undefined)
  })
})
