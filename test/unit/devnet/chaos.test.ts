import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { choose, unleash, type Victim } from '../../../devnet/chaos.ts'
import { createLog } from '../../../devnet/log.ts'

describe('chaos', () => {
  it('default: the same seed chooses the same, another one something else', () => {
    const series = (seed: string) => Array.from({ length: 32 }, (_, epoch) => choose(seed, epoch, 'victim', 9))
    assert.deepEqual(series('a'), series('a'))
    assert.notDeepEqual(series('a'), series('b'))
    assert.ok(series('a').every((index) => index >= 0 && index < 9))
    assert.ok(new Set(series('a')).size > 4)
  })

  it('behavior: never more nodes down than are tolerated, and who comes back may go again', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let down = 0
    let most = 0
    let kills = 0
    const victims = Array.from({ length: 7 }, (_, i): Victim => {
      let up = true
      return {
        name: `node-${i}`,
        isNode: true,
        running: () => up,
        kill() {
          up = false
          most = Math.max(most, ++down)
          if (++kills === 12) resolve()
        },
        async restart() {
          up = true
          down--
        },
      }
    })
    // Epochs of 20 ms: what takes minutes in a devnet is over in half a second.
    const clock = { genesis: Math.floor(Date.now() / 1_000), epochSeconds: 0.02 }
    const stop = unleash({ clock, seed: 'x', victims, log: createLog(() => {}) })
    await promise
    stop()
    assert.ok(most <= 2, `${most} nodes were down at once`)
  })
})
