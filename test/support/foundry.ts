/** Paths of Foundry's binaries. The npm wrappers swallow exit codes; the platform packages hold the programs themselves. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ARCH: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

export function foundryBinary(name: 'anvil' | 'cast' | 'forge'): string {
  const platform = `${process.platform}-${ARCH[process.arch] ?? process.arch}`
  const file = process.platform === 'win32' ? `${name}.exe` : name
  const path = join(
    resolve(import.meta.dirname, '../..'),
    'node_modules/@foundry-rs',
    `${name}-${platform}`,
    'bin',
    file,
  )
  if (!existsSync(path)) throw new Error(`${path} is missing: run npm ci on a platform that Foundry supports`)
  return path
}
