/** The live view in a real terminal (a pty made by `script`): drawn, resized by nobody, left with `q`, nothing left behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { descendants, footprintOf, leftOf, ROOT } from './support/run-devnet.ts'

const ALTERNATE = '\u001b[?1049h'
const BACK = '\u001b[?1049l'

/** Without colours and movements of the cursor. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const plain = (screen: string) => screen.replace(/\u001b\[[0-9;?]*[a-zA-Z]/g, '')

describe('live view', () => {
  it('default: shows nodes, units and attestations; q ends it and gives the terminal back', async () => {
    const command = `stty rows 24 columns 80; exec '${process.execPath}' '${join(ROOT, 'bin/lightmesh.js')}' devnet --nodes 4`
    const child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
    let screen = ''
    let look = () => {}
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      screen += piece
      look()
    })
    const closed = once(child, 'close') as Promise<[number]>
    const seen = (text: string) =>
      new Promise<void>((resolve, reject) => {
        look = () => (screen.includes(text) || plain(screen).includes(text)) && resolve()
        look()
        closed.then(() => reject(new Error(`the view ended without ${JSON.stringify(text)}`)))
      })
    await seen(ALTERNATE)
    await seen('4/4 up')
    await seen('azure-blob')
    await seen('epoch 0 ')
    await seen('after the proposal')
    const launcher = descendants(child.pid!).find(({ command: own }) => /lightmesh\.js devnet/.test(own))!
    const footprint = footprintOf(launcher.pid)
    child.stdin.write('q')
    const [code] = await closed
    assert.equal(code, 0)
    assert.ok(screen.includes(BACK))
    assert.ok(screen.lastIndexOf(BACK) > screen.lastIndexOf(ALTERNATE))
    assert.deepEqual(await leftOf(footprint), [])
  })
})
