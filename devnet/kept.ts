/** What a kept run needs to go on: `run.json` in its folder. Keys are not in it: they derive from the seed, which is. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Network } from './network.ts'
import { UsageError } from './options.ts'
import { freePorts } from './ports.ts'

export interface RunPorts {
  rpc: number
  s3: number
  azure: number
  proxy: number
  consumer: number
  nodes: number[]
}

export interface RunPlan {
  seed: string
  nodes: number
  epochSeconds: number
  ports: RunPorts
  /** Once the network is founded: contracts deployed, everybody registered. */
  network: Network | undefined
}

export async function newPorts(nodes: number): Promise<RunPorts> {
  const [rpc, s3, azure, proxy, consumer, ...rest] = (await freePorts(nodes + 5)) as [
    number,
    number,
    number,
    number,
    number,
  ]
  return { rpc, s3, azure, proxy, consumer, nodes: rest }
}

const FILE = 'run.json'

/** @throws {UsageError} when the folder holds something else than a run of these options. */
export function readRun(folder: string): RunPlan | undefined {
  const file = join(resolve(folder), FILE)
  if (!existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8'), (key, value) =>
      key === 'deployBlock' ? BigInt(value) : value,
    ) as RunPlan
  } catch (error) {
    throw new UsageError(`--keep ${folder}: ${FILE} can't be read: ${(error as Error).message}`)
  }
}

/** In one step, so that a kill leaves the one before. */
export function writeRun(folder: string, plan: RunPlan): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, FILE)
  const text = JSON.stringify(plan, (_, value) => (typeof value === 'bigint' ? `${value}` : value), 2)
  writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
