import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAdvertiser } from '../../../../src/core/advert/advertiser.ts'
import { bodyOf, digests, NOW, provider, unitOf } from './fixtures.ts'

const { id } = unitOf(1n)

function advertiserAt(start = NOW) {
  const time = { now: start }
  const clock = { now: () => time.now, schedule: () => () => {} }
  return { time, advertiser: createAdvertiser({ ttlSeconds: 60 }, { clock, signer: provider, digests }) }
}

describe('createAdvertiser', () => {
  it('default', async () => {
    const { advertiser } = advertiserAt()
    const { full, sent } = await advertiser.next(id, bodyOf())
    assert.equal(sent, full)
    assert.equal(full.seq, BigInt(NOW))
    assert.equal(full.expiresAt, NOW / 1_000 + 60)
  })

  it('behavior: an unchanged body is sent as a heartbeat, in full again after ten', async () => {
    const { advertiser } = advertiserAt()
    const withBody: boolean[] = []
    for (let i = 0; i < 21; i++) withBody.push((await advertiser.next(id, bodyOf())).sent.body !== undefined)
    assert.deepEqual(
      withBody.flatMap((full, i) => (full ? [i] : [])),
      [0, 10, 20],
    )
  })

  it('behavior: a changed body is sent in full', async () => {
    const { advertiser } = advertiserAt()
    await advertiser.next(id, bodyOf())
    assert.ok((await advertiser.next(id, bodyOf({ freeBytes: 1n }))).sent.body)
  })

  it('behavior: numbers grow when the clock stands still or goes back', async () => {
    const { time, advertiser } = advertiserAt()
    const first = (await advertiser.next(id, bodyOf())).full.seq
    const second = (await advertiser.next(id, bodyOf())).full.seq
    time.now -= 5_000
    const third = (await advertiser.next(id, bodyOf())).full.seq
    assert.ok(first < second && second < third)
  })
})
