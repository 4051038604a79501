/** The deployment command against a real anvil: addresses, verification, interruption, bad input. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startAnvil } from '../../../scripts/contracts/local-network.ts'

const COMMAND = fileURLToPath(new URL('../../../scripts/contracts/deploy-command.ts', import.meta.url))
/** First account of anvil's well-known mnemonic: worth nothing anywhere. */
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const PARAMETERS = {
  ...{
    genesis: 1_900_000_000,
    epochSeconds: 600,
    economics: { protocolFeeBps: 150, lossSlash: '70000000000000000000' },
  },
  oracleSet: { minBond: '20000000000000000000000' },
}

describe('contract deployment', () => {
  let anvil: Awaited<ReturnType<typeof startAnvil>>
  let folder: string

  async function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    const [code] = await once(child, 'close')
    return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
  }
  const withParameters = async (name: string, parameters: unknown) => {
    const file = join(folder, name)
    await writeFile(file, JSON.stringify(parameters))
    return ['--rpc', anvil.url, '--parameters', file, '--key-file', join(folder, 'key')]
  }

  before(async () => {
    anvil = await startAnvil()
    folder = await mkdtemp(join(tmpdir(), 'lightmesh-deploy-'))
    await writeFile(join(folder, 'key'), `${KEY}\n`, { mode: 0o600 })
  })
  after(async () => {
    await anvil.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('default: deploys, writes the addresses, verifies; a second run changes nothing', async () => {
    const args = await withParameters('a.json', PARAMETERS)
    const first = await command(...args, '--out', join(folder, 'out.json'))
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stderr, /verified/)
    assert.deepEqual(JSON.parse(await readFile(join(folder, 'out.json'), 'utf8')), JSON.parse(first.stdout))
    const second = await command(...args)
    assert.equal(second.code, 0, second.stderr)
    const { deployBlock, ...addresses } = JSON.parse(second.stdout)
    assert.equal(addresses.orchestrator, JSON.parse(first.stdout).orchestrator)
    // Whoever reads logs from there on misses none, although blocks went by since.
    assert.ok(deployBlock <= JSON.parse(first.stdout).deployBlock + 2, `block ${deployBlock}`)
  })

  it('error: parameters that were not deployed do not verify', async () => {
    const args = await withParameters('b.json', { ...PARAMETERS, economics: { protocolFeeBps: 151 } })
    const { code, stderr } = await command(...args, '--verify-only')
    assert.equal(code, 1)
    assert.match(stderr, /Orchestrator: no code at/)
  })

  it('error: parameters out of bounds, a wrong amount, a readable key, wrong usage', async () => {
    const outOfBounds = await command(...(await withParameters('c.json', { ...PARAMETERS, epochSeconds: 3 })))
    assert.equal(outOfBounds.code, 2)
    assert.match(outOfBounds.stderr, /ParameterOutOfBounds\(epochLength\)/)
    const amount = await command(...(await withParameters('d.json', { economics: { lossSlash: 7 } })))
    assert.equal(amount.code, 2)
    assert.match(amount.stderr, /lossSlash must be a decimal string/)
    const args = await withParameters('e.json', PARAMETERS)
    await chmod(join(folder, 'key'), 0o644)
    const readable = await command(...args)
    await chmod(join(folder, 'key'), 0o600)
    assert.equal(readable.code, 2)
    assert.match(readable.stderr, /can be read by others/)
    assert.equal((await command('--rpc', anvil.url)).code, 2)
  })
})
