/** Sources of the passphrase, in order; the terminal is a pseudo one made of streams. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import type { ReadStream, WriteStream } from 'node:tty'
import { KeystoreError } from '../../../../src/node/keystore/errors.ts'
import { readPassphrase } from '../../../../src/node/keystore/passphrase.ts'

const code = (expected: string) => (error: unknown) => error instanceof KeystoreError && error.code === expected

function terminal() {
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (mode: boolean) => modes.push(mode),
  })
  const output = new PassThrough()
  return {
    modes,
    input,
    shown: () => String(output.read() ?? ''),
    source: { input: input as unknown as ReadStream, output: output as unknown as WriteStream },
  }
}

describe('readPassphrase', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lightmesh-pass-'))
  })
  after(() => rm(folder, { recursive: true }))

  it('default', async () => {
    const file = join(folder, 'a')
    await writeFile(file, 'correct horse \r\nsecond line')
    assert.equal(await readPassphrase({ file }), 'correct horse ')
  })

  it('behavior: a credential of the service manager', async () => {
    await writeFile(join(folder, 'node-key'), 'from systemd\n')
    assert.equal(await readPassphrase({ credentialsFolder: folder, credential: 'node-key' }), 'from systemd')
  })

  it('behavior: the terminal shows nothing, understands backspace and leaves raw mode', async () => {
    const tty = terminal()
    const answer = readPassphrase({ terminal: tty.source })
    tty.input.write('sx\u007fecré')
    tty.input.write('t\r')
    assert.equal(await answer, 'secrét')
    assert.deepEqual(tty.modes, [true, false])
    assert.doesNotMatch(tty.shown(), /secr/)
  })

  it('error: Ctrl-C, an empty line, an aborted signal', async () => {
    for (const keys of ['abc\u0003', '\r']) {
      const tty = terminal()
      const answer = readPassphrase({ terminal: tty.source })
      tty.input.write(keys)
      await assert.rejects(answer, code('passphrase-missing'))
      assert.deepEqual(tty.modes, [true, false])
    }
    const tty = terminal()
    const abort = new AbortController()
    const answer = readPassphrase({ terminal: tty.source }, abort.signal)
    abort.abort(new Error('shutting down'))
    await assert.rejects(answer, /shutting down/)
    assert.deepEqual(tty.modes, [true, false])
  })

  it('error: no source, no file, an empty file', async () => {
    await assert.rejects(readPassphrase({}), code('passphrase-missing'))
    await assert.rejects(readPassphrase({ file: join(folder, 'none') }), code('passphrase-unreadable'))
    await writeFile(join(folder, 'empty'), '\nx')
    await assert.rejects(readPassphrase({ file: join(folder, 'empty') }), code('passphrase-unreadable'))
  })
})
