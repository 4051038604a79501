/** Compiles one Solidity source text that imports contracts/src or OpenZeppelin, in memory: for contracts that only a test needs. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Abi, Hex } from 'viem'
import { REPOSITORY } from './forge.ts'

const REMAPPINGS: Record<string, string> = {
  '@openzeppelin/contracts/': 'node_modules/@openzeppelin/contracts/',
  'solady/': 'node_modules/solady/src/',
}

function readSource(path: string): { contents: string } | { error: string } {
  const prefix = Object.keys(REMAPPINGS).find((one) => path.startsWith(one))
  const file = prefix === undefined ? path : REMAPPINGS[prefix] + path.slice(prefix.length)
  try {
    return { contents: readFileSync(join(REPOSITORY, file), 'utf8') }
  } catch (cause) {
    return { error: String(cause) }
  }
}

/**
 * @param source Source text, at contracts/test/Harness.sol as far as its relative imports go.
 * @throws {Error} with the compiler's messages.
 */
export function compileHarness(source: string, contract: string): { abi: Abi; bytecode: Hex } {
  const solc = createRequire(import.meta.url)('solc') as {
    compile(input: string, callbacks: { import: typeof readSource }): string
  }
  const file = 'contracts/test/Harness.sol'
  const outputSelection = { '*': { '*': ['abi', 'evm.bytecode.object'] } }
  const settings = { optimizer: { enabled: true, runs: 200 }, evmVersion: 'cancun', outputSelection }
  const input = { language: 'Solidity', sources: { [file]: { content: source } }, settings }
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: readSource }))
  const built = output.contracts?.[file]?.[contract]
  if (built === undefined)
    throw new Error(output.errors.map((e: { formattedMessage: string }) => e.formattedMessage).join('\n'))
  return { abi: built.abi, bytecode: `0x${built.evm.bytecode.object}` }
}
