import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asHeartbeat, encodeAdvert, type SignedAdvert } from '../../../../src/core/advert/advert.ts'
import { ADVERT_SHARDS, MAX_ADVERT_SECONDS, MIN_ADVERT_INTERVAL_MS } from '../../../../src/core/advert/limits.ts'
import { shardOf } from '../../../../src/core/advert/topics.ts'
import { type AdvertRules, validateAdvert } from '../../../../src/core/advert/validate-advert.ts'
import { advertOf, bodyOf, NOW, rulesOf, signerOf, unitOf } from './fixtures.ts'

const unit = unitOf(1n)
const shard = shardOf(unit.id)

/** `accept`, or the result and its code. */
function judge(advert: SignedAdvert | Uint8Array, rules: Partial<AdvertRules> = {}, units = [unit]): string {
  const bytes = advert instanceof Uint8Array ? advert : encodeAdvert(advert)
  const judged = validateAdvert(bytes, rulesOf(rules, units))
  return judged.result === 'accept' ? 'accept' : `${judged.result} ${judged.code}`
}

/** Rules under which `advert` was heard `agoMs` ago. */
const heard = (advert: SignedAdvert, agoMs = 60_000): Partial<AdvertRules> => ({
  known: () => ({ ...advert, heardAtMs: NOW - agoMs }),
})

describe('validateAdvert', () => {
  it('default', async () => {
    const advert = await advertOf(unit.id)
    assert.equal(judge(advert, { shard }), 'accept')
    assert.equal(judge(asHeartbeat(advert), { shard }), 'accept')
  })

  it('error: A1 malformed', () => {
    assert.equal(judge(Uint8Array.of(1, 2, 3)), 'reject malformed')
  })

  it('error: A2 on the topic of another shard', async () => {
    assert.equal(judge(await advertOf(unit.id), { shard: (shard + 1) % ADVERT_SHARDS }), 'reject wrong-topic')
  })

  it('error: A3 a body of another hash', async () => {
    const advert = await advertOf(unit.id)
    assert.equal(judge({ ...advert, body: bodyOf({ freeBytes: 1n }) }), 'reject body-hash')
  })

  it('error: A4, A5 units that the chain does not know or has retired', async () => {
    assert.equal(judge(await advertOf(unit.id), {}, []), 'ignore unknown-unit')
    assert.equal(judge(await advertOf(unit.id), {}, [unitOf(1n, { status: 'Retired' })]), 'ignore retired-unit')
    assert.equal(judge(await advertOf(unit.id), {}, [unitOf(1n, { status: 'Maintenance' })]), 'accept')
  })

  it('error: A6 expired, or living too long', async () => {
    assert.equal(judge(await advertOf(unit.id, { expiresAt: NOW / 1_000 })), 'ignore expired')
    assert.equal(judge(await advertOf(unit.id, { expiresAt: NOW / 1_000 + MAX_ADVERT_SECONDS })), 'accept')
    const far = await advertOf(unit.id, { expiresAt: NOW / 1_000 + MAX_ADVERT_SECONDS + 31 })
    assert.equal(judge(far), 'ignore too-far-ahead')
  })

  it('error: A7 a number that is not above the last one', async () => {
    const last = await advertOf(unit.id, { seq: 10n })
    assert.equal(judge(await advertOf(unit.id, { seq: 9n }), heard(last)), 'ignore stale')
    assert.equal(judge(last, heard(last)), 'ignore stale')
    assert.equal(judge(await advertOf(unit.id, { seq: 11n }), heard(last)), 'accept')
  })

  it('behavior: A7 the same advert is news when only its heartbeat was heard', async () => {
    const last = await advertOf(unit.id, { seq: 10n })
    assert.equal(judge(last, heard(asHeartbeat(last))), 'accept')
    assert.equal(judge(asHeartbeat(last), heard(asHeartbeat(last))), 'ignore stale')
  })

  it('error: A7 two adverts of one number are the author’s fault, and only when really signed', async () => {
    const last = await advertOf(unit.id, { seq: 10n })
    const other = await advertOf(unit.id, { seq: 10n, body: bodyOf({ freeBytes: 5n }) })
    const judged = validateAdvert(encodeAdvert(other), rulesOf(heard(last)))
    assert.deepEqual(judged.result === 'ignore' && [judged.code, judged.message?.bodyHash], [
      'equivocation',
      other.bodyHash,
    ])
    const forged = await advertOf(unit.id, { seq: 10n, body: bodyOf({ freeBytes: 5n }) }, signerOf(2))
    assert.equal(judge(forged, heard(last)), 'reject bad-signature')
  })

  it('error: A8 too soon after the last one, on a topic only', async () => {
    const last = await advertOf(unit.id, { seq: 10n })
    const next = await advertOf(unit.id, { seq: 11n })
    const soon = heard(last, MIN_ADVERT_INTERVAL_MS - 1)
    assert.equal(judge(next, { ...soon, shard }), 'ignore too-soon')
    assert.equal(judge(next, soon), 'accept')
    assert.equal(judge(next, { ...heard(last, MIN_ADVERT_INTERVAL_MS), shard }), 'accept')
  })

  it('error: A9 signed by somebody else, or changed afterwards', async () => {
    assert.equal(judge(await advertOf(unit.id, {}, signerOf(2))), 'reject bad-signature')
    const advert = await advertOf(unit.id)
    assert.equal(judge({ ...advert, seq: advert.seq + 1n }), 'reject bad-signature')
    assert.equal(judge({ ...advert, expiresAt: advert.expiresAt + 1 }), 'reject bad-signature')
  })

  it('error: A10 the node of somebody else', async () => {
    const advert = await advertOf(unit.id, { body: bodyOf({ node: signerOf(2).address }) })
    assert.equal(judge(advert), 'reject wrong-node')
  })

  it('error: A11 more free than there is', async () => {
    const { capacityBytes } = unit.terms
    assert.equal(judge(await advertOf(unit.id, { body: bodyOf({ freeBytes: capacityBytes }) })), 'accept')
    const advert = await advertOf(unit.id, { body: bodyOf({ freeBytes: capacityBytes + 1n }) })
    assert.equal(judge(advert), 'ignore free-above-capacity')
  })

  it('behavior: nothing is recovered before the cheap checks passed', async () => {
    const scheme = {
      recover(): never {
        throw new Error('a signature was checked')
      },
    }
    const advert = await advertOf(unit.id)
    assert.equal(judge(advert, { scheme }, []), 'ignore unknown-unit')
    assert.equal(judge(advert, { scheme, ...heard(advert) }), 'ignore stale')
    assert.throws(() => judge(advert, { scheme }), /was checked/)
  })
})
