/** Two hundred random schedules, on all cores: what `npm run sim` runs. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'

const SCHEDULES = 200

describe('random schedules', () => {
  it('default', async () => {
    const script = join(import.meta.dirname, 'run.ts')
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [
      script,
      '--seeds',
      String(SCHEDULES),
      '--json',
    ])
    const summary = JSON.parse(stdout.trim().split('\n').at(-1)!)
    assert.equal(summary.schedules, SCHEDULES)
    assert.equal(summary.violations, 0, stderr)
    assert.ok(summary.epochs >= 12 * SCHEDULES, 'schedules are long enough')
    assert.ok(summary.attested >= 0.9 * summary.epochs, stderr)
  })
})
