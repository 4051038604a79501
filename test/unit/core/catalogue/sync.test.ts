import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { encodeAdvert } from '../../../../src/core/advert/advert.ts'
import { bucketOf } from '../../../../src/core/catalogue/buckets.ts'
import type { Catalogue } from '../../../../src/core/catalogue/catalogue.ts'
import { syncCatalogue } from '../../../../src/core/catalogue/sync-client.ts'
import {
  encodePage,
  encodeSummary,
  PAGE_PROTOCOL,
  SUMMARY_PROTOCOL,
} from '../../../../src/core/catalogue/sync-codec.ts'
import { serveCatalogue } from '../../../../src/core/catalogue/sync-server.ts'
import type { Address, UnitId } from '../../../../src/core/ids.ts'
import { networkName } from '../../../../src/core/network.ts'
import { silentLogger } from '../../../../src/core/ports/logger.ts'
import type { RegisteredUnit } from '../../../../src/core/units.ts'
import { advertOf, DOMAIN, NOW, rulesOf, signerOf, unitOf } from '../advert/fixtures.ts'
import { catalogueIn, directRequests, type StoredCatalogue } from './fixtures.ts'

const addressOf = (n: number): Address => `0x${n.toString(16).padStart(40, '0')}` as Address
const [ME, ANNA, BERT, LIAR] = [1, 2, 3, 4].map(addressOf) as [Address, Address, Address, Address]

describe('syncCatalogue', () => {
  let opened: StoredCatalogue[] = []
  const units: RegisteredUnit[] = Array.from({ length: 40 }, (_, i) => unitOf(BigInt(i + 1)))
  const network = directRequests(ME)
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()))
    opened = []
    network.asked.length = 0
  })

  /** A catalogue with adverts of these units. */
  const catalogueOf = async (held: readonly RegisteredUnit[]): Promise<Catalogue> => {
    const stored = await catalogueIn()
    opened.push(stored)
    for (const { id } of held) stored.catalogue.apply(await advertOf(id), NOW)
    return stored.catalogue
  }
  const sync = (catalogue: Catalogue, peers: Address[], registered = units, signal = new AbortController().signal) =>
    syncCatalogue(
      peers,
      {
        catalogue,
        requests: network.portOf(ME),
        domain: DOMAIN,
        rules: rulesOf({}, registered),
        now: () => NOW,
        logger: silentLogger,
      },
      signal,
    )
  /** Answers every page request with `adverts`, and a summary in which `bucket` has something. */
  const lie = (bucket: number, adverts: Uint8Array[], more = false) => {
    const port = network.portOf(LIAR)
    const counts = new Uint32Array(256)
    counts[bucket] = 1
    const fingerprints = new Uint8Array(256 * 8).fill(7)
    port.handle(networkName(DOMAIN, SUMMARY_PROTOCOL), async () => encodeSummary({ counts, fingerprints }), {
      maxRequestBytes: 0,
    })
    port.handle(networkName(DOMAIN, PAGE_PROTOCOL), async () => encodePage({ adverts, more }), { maxRequestBytes: 64 })
  }

  it('default', async () => {
    serveCatalogue(await catalogueOf(units), network.portOf(ANNA), DOMAIN)
    const mine = await catalogueOf([])
    assert.deepEqual(await sync(mine, [ANNA]), { applied: 40, honest: [ANNA], liars: [], failed: [] })
    assert.deepEqual(
      units.map(({ id }) => mine.get(id)?.seq),
      units.map(() => 10n),
    )
  })

  it('behavior: what one peer withholds another one gives, and equal buckets are not asked for', async () => {
    serveCatalogue(await catalogueOf(units.slice(10)), network.portOf(ANNA), DOMAIN)
    serveCatalogue(await catalogueOf(units), network.portOf(BERT), DOMAIN)
    const mine = await catalogueOf(units.slice(30))
    const report = await sync(mine, [ANNA, BERT])
    assert.equal(report.applied, 30)
    assert.equal(mine.size, 40)
    network.asked.length = 0
    await sync(mine, [ANNA, BERT])
    assert.ok(network.asked.every((each) => !each.startsWith(BERT) || each.includes(SUMMARY_PROTOCOL)))
  })

  it('behavior: an interrupted sync goes on where it was', async () => {
    serveCatalogue(await catalogueOf(units), network.portOf(ANNA), DOMAIN)
    const mine = await catalogueOf(units.slice(0, 20))
    assert.equal((await sync(mine, [ANNA])).applied, 20)
  })

  it('behavior: adverts of units that the chain does not know are left out', async () => {
    serveCatalogue(await catalogueOf(units), network.portOf(ANNA), DOMAIN)
    const mine = await catalogueOf([])
    assert.equal((await sync(mine, [ANNA], units.slice(0, 5))).applied, 5)
    assert.equal(mine.size, 5)
  })

  it('error: a forged advert', async () => {
    const { id } = units[0]!
    lie(bucketOf(id), [encodeAdvert(await advertOf(id, {}, signerOf(9)))])
    const mine = await catalogueOf([])
    assert.deepEqual((await sync(mine, [LIAR])).liars, [LIAR])
    assert.equal(mine.size, 0)
  })

  it('error: an advert of another bucket, one twice, a bucket without end, rubbish', async () => {
    const advert = encodeAdvert(await advertOf(units[0]!.id))
    const bucket = bucketOf(units[0]!.id as UnitId)
    const lies: [number, Uint8Array[], boolean][] = [
      [(bucket + 1) % 256, [advert], false],
      [bucket, [advert, advert], false],
      [bucket, [], true],
      [bucket, [Uint8Array.of(1)], false],
    ]
    for (const [at, adverts, more] of lies) {
      lie(at, adverts, more)
      assert.deepEqual((await sync(await catalogueOf([]), [LIAR])).liars, [LIAR])
    }
  })

  it('error: a peer that does not answer is no liar, and the next one is asked', async () => {
    serveCatalogue(await catalogueOf(units), network.portOf(ANNA), DOMAIN)
    const report = await sync(await catalogueOf([]), [addressOf(99), ANNA])
    assert.deepEqual(report, { applied: 40, honest: [ANNA], liars: [], failed: [addressOf(99)] })
  })

  it('error: given up', async () => {
    await assert.rejects(sync(await catalogueOf([]), [ANNA], units, AbortSignal.abort()))
  })
})
