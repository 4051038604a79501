import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { silentLogger } from '../../../src/core/ports/logger.ts'
import { createClosing } from '../../../src/node/closing.ts'

describe('closing', () => {
  it('default: reverse order, one after the other, once', async () => {
    const closing = createClosing(silentLogger)
    const ended: string[] = []
    for (const name of ['store', 'mesh', 'oracle']) {
      closing.add(name, async () => {
        await Promise.resolve()
        ended.push(name)
      })
    }
    await Promise.all([closing.close(), closing.close()])
    assert.deepEqual(ended, ['oracle', 'mesh', 'store'])
  })

  it('behavior: a part that fails is logged and the others end all the same', async () => {
    const logged: unknown[] = []
    const closing = createClosing({ ...silentLogger, error: (_, fields) => void logged.push(fields?.part) })
    let ended = false
    closing.add('store', () => {
      ended = true
    })
    closing.add('mesh', () => Promise.reject(new Error('no')))
    await closing.close()
    assert.ok(ended)
    assert.deepEqual(logged, ['mesh'])
  })
})
