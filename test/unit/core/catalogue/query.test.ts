import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AdvertBody } from '../../../../src/core/advert/body.ts'
import { queryUnits, type UnitQuery, type UnitView } from '../../../../src/core/catalogue/query.ts'
import type { UnitTerms } from '../../../../src/core/units.ts'
import { advertOf, bodyOf, NOW, unitOf } from '../advert/fixtures.ts'

async function viewOf(
  nonce: bigint,
  terms: Partial<UnitTerms> = {},
  body: Partial<AdvertBody> = {},
): Promise<UnitView> {
  const unit = unitOf(nonce, {}, terms)
  const entry = { ...(await advertOf(unit.id, { body: bodyOf(body) })), heardAtMs: NOW }
  return { unit, entry, state: 'Active', scoreBps: 9_000 }
}

/** Nonces that match, in order. */
const nonces = (views: readonly UnitView[], query: UnitQuery) =>
  queryUnits(views, query).units.map(({ unit }) => Number(unit.terms.nonce))

describe('queryUnits', async () => {
  const cheap = await viewOf(1n, { pricePerGibEpoch: 10n, kind: 'disk', region: 'eu-west-1' }, { freeBytes: 1n << 20n })
  const fast = await viewOf(2n, { pricePerGibEpoch: 30n, region: 'us-east-1' }, { capabilities: ['served'] })
  const plain = await viewOf(3n, {
    pricePerGibEpoch: 20n,
    region: 'eu',
    sla: { availabilityPpm: 990_000, ttfbP95Ms: 0, downP10Kbps: 0, upP10Kbps: 0 },
  })
  const silent: UnitView = {
    unit: unitOf(4n, {}, { pricePerGibEpoch: 5n }),
    entry: undefined,
    state: undefined,
    scoreBps: undefined,
  }
  const all = [fast, silent, plain, cheap]

  it('default', () => {
    assert.deepEqual(nonces(all, {}), [1, 3, 2])
    assert.equal(queryUnits(all, { limit: 1 }).total, 3)
  })

  it('behavior: each bound leaves out what it says', () => {
    const cases: [UnitQuery, number[]][] = [
      [{ kinds: ['disk'] }, [1]],
      [{ regions: ['eu'] }, [1, 3]],
      [{ regions: ['eu-west'] }, [1]],
      [{ regions: ['e'] }, []],
      [{ provider: '0x00000000000000000000000000000000000000ff' }, []],
      [{ token: fast.unit.terms.token, minFreeBytes: 1n << 30n }, [3, 2]],
      [{ maxPricePerGibEpoch: 20n }, [1, 3]],
      [{ minAvailabilityPpm: 999_000 }, [1, 2]],
      [{ maxTtfbP95Ms: 500 }, [1, 2]],
      [{ maxTtfbP95Ms: 100 }, []],
      [{ minDownP10Kbps: 1 }, [1, 2]],
      [{ minUpP10Kbps: 5_001 }, []],
      [{ minScoreBps: 9_001 }, []],
      [{ states: ['Suspended'] }, []],
      [{ states: ['Active', 'Warned'] }, [1, 3, 2]],
      [{ capabilities: ['served'] }, [2]],
      [{ live: false }, [4, 1, 3, 2]],
    ]
    for (const [query, expected] of cases)
      assert.deepEqual(nonces(all, query), expected, JSON.stringify(Object.keys(query)))
  })

  it('behavior: orders', () => {
    const best: UnitView = { ...fast, scoreBps: 9_900 }
    assert.deepEqual(nonces([cheap, best, plain], { order: 'score', limit: 1 }), [2])
    assert.equal(nonces([cheap, best, plain], { order: 'free' }).at(-1), 1)
  })

  it('behavior: retired and leaving units are not found', async () => {
    const retired: UnitView = { ...plain, unit: { ...plain.unit, status: 'Retired' } }
    const leaving = await viewOf(5n, {}, { availability: 'leaving' })
    assert.deepEqual(nonces([retired, leaving], {}), [])
  })
})
