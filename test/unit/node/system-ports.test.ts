import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sleepUntil } from '../../../src/core/ports/clock.ts'
import { randomBelow, systemClock, systemRng } from '../../../src/node/system-ports.ts'

describe('system ports', () => {
  it('default: a task runs at its time, never before', async () => {
    const at = systemClock.now() + 20
    await sleepUntil(systemClock, at)
    assert.ok(systemClock.now() >= at)
  })

  it('behavior: a cancelled task does not run', async () => {
    let ran = false
    systemClock.schedule(systemClock.now() + 5, () => {
      ran = true
    })()
    await sleepUntil(systemClock, systemClock.now() + 15)
    assert.ok(!ran)
  })

  it('behavior: numbers below a bound, without bias', () => {
    const values = [4_294_967_295, 0, 7].map((value) => {
      const bytes = new Uint8Array(4)
      new DataView(bytes.buffer).setUint32(0, value)
      return bytes
    })
    // 2^32 − 1 lies beyond the largest multiple of 10 and is drawn again.
    assert.equal(randomBelow({ bytes: () => values.shift()! }, 10), 0)
    assert.equal(values.length, 1)
    for (let i = 0; i < 100; i++) assert.ok(randomBelow(systemRng, 3) < 3)
  })
})
