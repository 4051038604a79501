/**
 * Runs Forge itself. The npm package's wrapper exits 0 whatever happened, so the platform package's binary is called;
 * Node's folder goes in front of PATH because the compiler script needs `node`.
 */
import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const require = createRequire(import.meta.url)
export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))
export const CONTRACTS = join(REPOSITORY, 'contracts')

/** @throws {Error} when Foundry has no package for this platform, or it was not installed. */
export function foundryBinary(tool: 'forge' | 'anvil' | 'cast'): string {
  const arch = process.arch === 'x64' ? 'amd64' : process.arch
  const name = `@foundry-rs/${tool}-${process.platform}-${arch}`
  try {
    return join(dirname(require.resolve(`${name}/package.json`)), 'bin', tool)
  } catch (cause) {
    throw new Error(`${name} is not installed: run npm ci on a platform that Foundry supports`, { cause })
  }
}

export interface ForgeOptions {
  /** Profile of foundry.toml. */
  profile?: string
  /** Where output goes: the terminal, or collected. */
  stdio?: 'inherit' | 'pipe'
}

/** Runs `forge` at the root and resolves with its exit code and what it printed (empty when inherited). */
export function runForge(
  args: readonly string[],
  options: ForgeOptions = {},
): Promise<{ code: number; output: string }> {
  const child = spawn(foundryBinary('forge'), args, {
    cwd: REPOSITORY,
    stdio: ['ignore', options.stdio ?? 'inherit', options.stdio ?? 'inherit'],
    env: {
      ...process.env,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`,
      FOUNDRY_PROFILE: options.profile ?? 'default',
      FOUNDRY_DISABLE_NIGHTLY_WARNING: '1',
    },
  })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString('utf8') }))
  })
}
