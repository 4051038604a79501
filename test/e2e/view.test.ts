/** The live view in a real terminal (a pty made by `script`): drawn, resized by nobody, left with `q`, nothing left behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { descendants, footprintOf, leftOf, ROOT } from './support/run-devnet.ts'

const ALTERNATE = '\u001b[?1049h'
const BACK = '\u001b[?1049l'

describe('live view', () => {
  it('default: shows nodes, units and attestations; q ends it and gives the terminal back', async () => {
    const command = `stty rows 24 columns 80; exec '${process.execPath}' '${join(ROOT, 'bin/lightmesh.js')}' devnet --nodes 4`
    const child = spawn('script', ['-qefc', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
    let screen = ''
    const seen = async (text: string) => {
      while (!screen.includes(text)) {
        const [piece] = (await once(child.stdout, 'data')) as [Buffer]
        screen += piece.toString('utf8')
      }
    }
    await seen(ALTERNATE)
    await seen('nodes 4/4 up')
    await seen('azure-blob')
    await seen('epoch 0 ')
    const launcher = descendants(child.pid!).find(({ command: own }) => /lightmesh\.js devnet/.test(own))!
    const footprint = footprintOf(launcher.pid)
    child.stdout.on('data', (piece: Buffer) => {
      screen += piece.toString('utf8')
    })
    child.stdin.write('q')
    const [code] = (await once(child, 'close')) as [number]
    assert.equal(code, 0)
    assert.ok(screen.includes(BACK))
    assert.ok(screen.lastIndexOf(BACK) > screen.lastIndexOf(ALTERNATE))
    assert.deepEqual(await leftOf(footprint), [])
  })
})
