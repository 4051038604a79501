import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { asHeartbeat } from '../../../../src/core/advert/advert.ts'
import { differing } from '../../../../src/core/catalogue/buckets.ts'
import { STORE_HEARTBEAT_MS } from '../../../../src/core/catalogue/limits.ts'
import { advertOf, bodyOf, NOW, unitOf } from '../advert/fixtures.ts'
import { catalogueIn, type StoredCatalogue } from './fixtures.ts'

const { id } = unitOf(1n)
const TTL_MS = 600_000

describe('catalogue', () => {
  let opened: StoredCatalogue[] = []
  const open = async (options = {}) => {
    const stored = await catalogueIn(options)
    opened.push(stored)
    return stored
  }
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()))
    opened = []
  })

  it('default', async () => {
    const { catalogue } = await open()
    const advert = await advertOf(id)
    assert.equal(catalogue.apply(advert, NOW), 'new')
    assert.deepEqual(catalogue.get(id), { ...advert, heardAtMs: NOW })
    assert.equal(catalogue.size, 1)
  })

  it('behavior: heartbeats, changes, and what is not news', async () => {
    const { catalogue } = await open()
    const first = await advertOf(id, { seq: 1n })
    catalogue.apply(first, NOW)
    const beat = asHeartbeat(await advertOf(id, { seq: 2n, expiresAt: first.expiresAt + 60 }))
    assert.equal(catalogue.apply(beat, NOW + 1), 'heartbeat')
    assert.deepEqual(catalogue.get(id)?.body, first.body)
    assert.equal(catalogue.get(id)?.expiresAt, beat.expiresAt)
    assert.equal(catalogue.apply(first, NOW + 2), 'stale')
    assert.equal(catalogue.apply(beat, NOW + 2), 'stale')
    const changed = await advertOf(id, { seq: 3n, body: bodyOf({ freeBytes: 1n }) })
    assert.equal(catalogue.apply(changed, NOW + 3), 'changed')
    assert.equal(catalogue.get(id)?.body?.freeBytes, 1n)
  })

  it('behavior: a heartbeat of an unknown body is kept until the body comes', async () => {
    const { catalogue } = await open()
    const full = await advertOf(id)
    assert.equal(catalogue.apply(asHeartbeat(full), NOW), 'new')
    assert.equal(catalogue.get(id)?.body, undefined)
    assert.equal(catalogue.apply(full, NOW), 'heartbeat')
    assert.deepEqual(catalogue.get(id)?.body, full.body)
  })

  it('behavior: no more entries than allowed', async () => {
    const { catalogue } = await open({ maxEntries: 1 })
    catalogue.apply(await advertOf(id), NOW)
    assert.equal(catalogue.apply(await advertOf(unitOf(2n).id), NOW), 'full')
    assert.equal(catalogue.apply(await advertOf(id, { seq: 11n }), NOW), 'heartbeat')
    assert.equal(catalogue.size, 1)
  })

  it('behavior: what expired or is not wanted any more is swept', async () => {
    const { catalogue } = await open()
    for (const nonce of [1n, 2n]) catalogue.apply(await advertOf(unitOf(nonce).id), NOW)
    assert.equal(
      catalogue.sweep(NOW, (unitId) => unitId !== id),
      1,
    )
    assert.equal(catalogue.get(id), undefined)
    assert.equal(
      catalogue.sweep(NOW + TTL_MS, () => true),
      1,
    )
    assert.equal(catalogue.size, 0)
  })

  it('behavior: survives a restart, without what expired or was forgotten', async () => {
    const stored = await open()
    const units = [1n, 2n, 3n].map((nonce) => unitOf(nonce).id)
    for (const [i, unitId] of units.entries())
      stored.catalogue.apply(await advertOf(unitId, { expiresAt: NOW / 1_000 + 100 * (i + 1) }), NOW)
    await stored.catalogue.flush(NOW)
    stored.catalogue.forget(units[2]!)
    await stored.catalogue.flush(NOW)
    const again = await stored.reopen(NOW + 150_000)
    assert.deepEqual(
      units.map((unitId) => again.get(unitId)?.seq),
      [undefined, 10n, undefined],
    )
    assert.deepEqual(again.get(units[1]!)?.body, bodyOf())
  })

  it('behavior: heartbeats are written at their interval only', async () => {
    const stored = await open()
    stored.catalogue.apply(await advertOf(id, { seq: 1n }), NOW)
    await stored.catalogue.flush(NOW)
    const beat = asHeartbeat(await advertOf(id, { seq: 2n }))
    stored.catalogue.apply(beat, NOW + 1)
    await stored.catalogue.flush(NOW + STORE_HEARTBEAT_MS - 1)
    assert.equal((await stored.reopen()).get(id)?.seq, 1n)
    stored.catalogue = await stored.reopen()
    stored.catalogue.apply(beat, NOW + 2)
    await stored.catalogue.flush(NOW + STORE_HEARTBEAT_MS)
    const kept = (await stored.reopen()).get(id)
    assert.equal(kept?.seq, 2n)
    assert.deepEqual(kept?.body, bodyOf())
  })

  it('behavior: buckets differ by bodies, not by heartbeats', async () => {
    const [a, b] = [(await open()).catalogue, (await open()).catalogue]
    const advert = await advertOf(id, { seq: 1n })
    a.apply(advert, NOW)
    const index = Number.parseInt(id.slice(2, 4), 16)
    assert.deepEqual(differing(b.buckets(), a.buckets()), [index])
    b.apply(asHeartbeat(advert), NOW)
    assert.deepEqual(differing(b.buckets(), a.buckets()), [index])
    b.apply(advert, NOW)
    b.apply(asHeartbeat(await advertOf(id, { seq: 2n })), NOW)
    assert.deepEqual(differing(b.buckets(), a.buckets()), [])
    a.forget(id)
    assert.deepEqual(differing(b.buckets(), a.buckets()), [])
    assert.equal(a.buckets().counts[index], 0)
  })

  it('error: damaged entries are left out', async () => {
    const stored = await open()
    stored.catalogue.apply(await advertOf(id), NOW)
    await stored.catalogue.flush(NOW)
    await stored.store.batch([{ type: 'put', key: `catalogue/unit/0x${'00'.repeat(32)}`, value: Uint8Array.of(1) }])
    const again = await stored.reopen()
    assert.equal(again.size, 1)
  })
})
