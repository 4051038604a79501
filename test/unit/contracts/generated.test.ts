/** The committed ABIs and bytecode are what the contracts compile to. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

describe('generated ABIs', () => {
  it('behavior: src/chain/generated is fresh', async () => {
    const script = fileURLToPath(new URL('../../../scripts/contracts/build.ts', import.meta.url))
    const child = spawn(process.execPath, [script, '--check'], { stdio: ['ignore', 'ignore', 'pipe'] })
    const printed: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => printed.push(chunk))
    const [code] = await once(child, 'close')
    assert.equal(code, 0, Buffer.concat(printed).toString('utf8'))
  })
})
