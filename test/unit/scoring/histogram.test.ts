import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { THROUGHPUT_EDGES_Q16, TTFB_EDGES_Q16 } from '../../../src/scoring/constants.ts'
import { addSmall, addWide, fastBin, halve, lateBin, p10, p95, scaleEdges } from '../../../src/scoring/histogram.ts'
import { medianOf } from '../../../src/scoring/median.ts'

const late = scaleEdges(200, TTFB_EDGES_Q16, new Float64Array(TTFB_EDGES_Q16.length))
const fast = scaleEdges(8_000, THROUGHPUT_EDGES_Q16, new Float64Array(THROUGHPUT_EDGES_Q16.length))

function lateP95(samples: readonly number[]): number {
  const bins = new Uint16Array(16)
  for (const sample of samples) addWide(bins, lateBin(late, 15, sample))
  return p95(bins, 0, late, 15, samples.length)
}

function fastP10(samples: readonly number[]): number {
  const bins = new Uint8Array(8)
  for (const sample of samples) addSmall(bins, 0, 8, fastBin(fast, 7, sample))
  return p10(bins, 0, fast, 7, samples.length)
}

const repeat = (count: number, value: number) => Array.from({ length: count }, () => value)

describe('histograms', () => {
  it('default: a p95 or p10 lies on the right side of the term, exactly', () => {
    assert.ok(lateP95([...repeat(95, 200), ...repeat(5, 5_000)]) <= 200)
    assert.ok(lateP95([...repeat(94, 200), ...repeat(6, 201)]) > 200)
    assert.ok(fastP10([...repeat(9, 100), ...repeat(91, 8_000)]) >= 8_000)
    assert.ok(fastP10([...repeat(10, 7_999), ...repeat(90, 8_000)]) < 8_000)
  })

  it('behavior: a single sample above the term at the rank of the p95 is above the term, however full its bin is', () => {
    assert.ok(lateP95([...repeat(1_899, 200), ...repeat(100, 201)]) > 200)
    assert.ok(lateP95([...repeat(1_899, 400), ...repeat(100, 401)]) > 400)
    assert.ok(lateP95([...repeat(1_900, 200), ...repeat(100, 201)]) <= 200)
  })

  it('default: linear within the bin, latency rounded up and throughput down', () => {
    // 201 … 282 holds ranks 1 … 20 of 20, of which the p95 is the 19th: 200 + ⌈82·19/20⌉.
    assert.equal(lateP95(repeat(20, 230)), 278)
    // 8 000 … 15 999 holds ranks 1 … 30, of which the p10 is the third: 8 000 + ⌊8 000·2/30⌋.
    assert.equal(fastP10(repeat(30, 9_000)), 8_533)
    assert.ok(fastP10([100, ...repeat(14, 9_000)]) >= 8_000, 'of 15 samples the second is the p10')
  })

  it('behavior: within a bin of half an octave of the truth', () => {
    for (const value of [13, 40, 90, 150, 260, 700, 1_500]) {
      const got = lateP95(repeat(100, value))
      assert.ok(got >= value / 1.42 && got <= value * 1.42, `${value} → ${got}`)
    }
  })

  it('behavior: a measured figure is never 0, which means no claim', () => {
    assert.equal(fastP10(repeat(5, 1)), 1)
    const tiny = scaleEdges(1, TTFB_EDGES_Q16, new Float64Array(TTFB_EDGES_Q16.length))
    const bins = new Uint16Array(16)
    addWide(bins, lateBin(tiny, 15, 1))
    assert.equal(p95(bins, 0, tiny, 15, 1), 1)
  })

  it('behavior: a full bin halves its histogram, a full wide bin stays', () => {
    const small = Uint8Array.from([255, 100, 3, 0])
    addSmall(small, 0, 4, 0)
    assert.deepEqual([...small], [128, 50, 1, 0])
    const wide = Uint16Array.from([65_535])
    addWide(wide, 0)
    assert.equal(wide[0], 65_535)
  })

  it('behavior: halving rounds up and down by turns', () => {
    const bins = Uint16Array.from([1, 8, 7])
    halve(bins, 0, 3, 1)
    assert.deepEqual([...bins], [1, 4, 4])
    halve(bins, 0, 3, 0)
    assert.deepEqual([...bins], [0, 2, 2])
  })

  it('default: the median of an even count is the floor of the mean of the middle two', () => {
    assert.equal(medianOf(Float64Array.from([9, 1, 4, 7]), 4), 5)
    assert.equal(medianOf(Float64Array.from([9, 1, 4, 7]), 3), 4)
  })
})
