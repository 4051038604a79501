import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { providerScoreBps } from '../../../src/scoring/provider-score.ts'

describe('providerScoreBps', () => {
  it('default: the score below which a quarter of the volume lies', () => {
    const show = { scoreBps: 9_900, volumeBytes: 70n }
    const rest = { scoreBps: 4_000, volumeBytes: 30n }
    assert.equal(providerScoreBps([show, rest]), 4_000)
    assert.equal(providerScoreBps([show, { ...rest, volumeBytes: 20n }]), 9_900)
    const exactly = [
      { scoreBps: 9_900, volumeBytes: 75n },
      { scoreBps: 4_000, volumeBytes: 25n },
    ]
    assert.equal(providerScoreBps(exactly), 4_000)
    assert.equal(providerScoreBps([]), undefined)
  })
})
