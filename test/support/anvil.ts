/** A private anvil on a free port, and its development methods. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createRpcEndpoint } from '../../src/chain/rpc/json-rpc.ts'
import { foundryBinary } from './foundry.ts'

export interface Anvil {
  readonly url: string
  readonly pid: number
  rpc<T = unknown>(method: string, params?: readonly unknown[]): Promise<T>
  /** Mines until a block has this timestamp, one each `stepSeconds`; the first step may be longer. */
  mineTo(timestamp: number, stepSeconds?: number): Promise<void>
  mine(blocks: number): Promise<void>
  /** Replaces the newest `depth` blocks by empty ones. */
  reorg(depth: number): Promise<void>
  head(): Promise<{ number: number; timestamp: number; hash: string }>
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Blocks are mined for each transaction unless `args` say otherwise. */
export async function startAnvil({ args = [] }: { args?: readonly string[] } = {}): Promise<Anvil> {
  // Anvil keeps old states below its home and leaves them there when it is killed.
  const home = await mkdtemp(join(tmpdir(), 'lightmesh-anvil-'))
  const child = spawn(foundryBinary('anvil'), ['--port', '0', '--accounts', '40', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, HOME: home },
  })
  const url = await listening(child)
  const endpoint = createRpcEndpoint({ url, timeoutMs: 20_000 })
  const forever = new AbortController().signal
  const rpc = async <T>(method: string, params: readonly unknown[] = []) =>
    (await endpoint.request(method, params, forever)) as T
  const head = async () => {
    const block = await rpc<{ number: string; timestamp: string; hash: string }>('eth_getBlockByNumber', [
      'latest',
      false,
    ])
    return { number: Number(block.number), timestamp: Number(block.timestamp), hash: block.hash }
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    }
    await rm(home, { recursive: true, force: true })
  }
  return {
    url,
    pid: child.pid!,
    rpc,
    head,
    mine: (blocks) => rpc('anvil_mine', [`0x${blocks.toString(16)}`, '0x1']),
    async mineTo(timestamp, stepSeconds = 1) {
      const { timestamp: now } = await head()
      if (now >= timestamp) return
      const blocks = Math.max(1, Math.min(64, Math.floor((timestamp - now) / stepSeconds)))
      await rpc('evm_setNextBlockTimestamp', [timestamp - (blocks - 1) * stepSeconds])
      await rpc('anvil_mine', [`0x${blocks.toString(16)}`, `0x${stepSeconds.toString(16)}`])
    },
    reorg: (depth) => rpc('anvil_reorg', [depth, []]),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function listening(child: ChildProcess): Promise<string> {
  const printed: string[] = []
  for await (const line of createInterface({ input: child.stdout! })) {
    printed.push(line)
    const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1]
    if (port === undefined) continue
    child.stdout!.resume()
    return `http://127.0.0.1:${port}`
  }
  throw new Error(`anvil ended before it listened:\n${printed.join('\n')}`)
}
