/** Instants of an epoch in Unix milliseconds. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  acceptUntilSeconds,
  attemptSlotMs,
  epochAt,
  epochStartMs,
  factsCutoffSeconds,
  phaseMs,
  revealStartMs,
  sigmaMs,
} from '../../../src/core/epoch-clock.ts'

const day = { genesis: 1_700_000_000, epochSeconds: 600 }
const devnet = { genesis: 1_700_000_000, epochSeconds: 12 }

describe('epoch clock', () => {
  it('default', () => {
    assert.equal(epochStartMs(day, 10), 1_700_006_000_000)
    assert.equal(phaseMs(day, 0, 'probeEnd'), 1_700_000_300_000)
    assert.equal(phaseMs(day, 0, 'propose'), 1_700_000_510_000)
    assert.equal(phaseMs(devnet, 1, 'propose'), 1_700_000_022_200)
  })

  it('behavior: an epoch begins at its start and lasts until the next', () => {
    for (const clock of [day, devnet]) {
      for (const e of [0, 1, 7, 100_000]) {
        assert.equal(epochAt(clock, epochStartMs(clock, e)), e)
        assert.equal(epochAt(clock, epochStartMs(clock, e + 1) - 1), e)
      }
      assert.equal(epochAt(clock, epochStartMs(clock, 0) - 1), -1)
    }
  })

  it('behavior: σ, the reveal and the attempt slots', () => {
    assert.equal(sigmaMs(day), 12_500)
    assert.equal(sigmaMs(devnet), 250)
    assert.equal(revealStartMs(devnet, 0) - epochStartMs(devnet, 0), 7_200 + 500)
    assert.equal(attemptSlotMs(day, 2), 100_000)
    assert.equal(attemptSlotMs(devnet, 4), 1_200)
    // f + 1 slots end half an epoch after the proposal instant, before the contract stops accepting.
    for (const f of [1, 2, 4, 10]) {
      const last = phaseMs(devnet, 0, 'propose') + (f + 1) * attemptSlotMs(devnet, f)
      assert.ok(last <= acceptUntilSeconds(devnet, 0) * 1000)
    }
  })

  it('behavior: facts are fixed 0.3 L before the start', () => {
    assert.equal(factsCutoffSeconds(day, 2), 1_700_001_200 - 180)
    assert.equal(factsCutoffSeconds(devnet, 0), 1_700_000_000 - 3)
  })

  it('behavior: the contract takes an attestation until half an epoch after the end', () => {
    assert.equal(acceptUntilSeconds(day, 0), 1_700_000_900)
    assert.equal(acceptUntilSeconds({ genesis: 0, epochSeconds: 13 }, 1), 32)
  })
})
