/**
 * `npm run deploy:contracts -- --rpc URL --parameters FILE --key-file FILE [--out FILE] [--verify-only]`
 *
 * FILE holds DeployParameters as JSON (amounts as decimal strings), the key file one private key as hex, readable by its owner
 * only. Prints the addresses as JSON and verifies what stands on chain; exit code 1 when it is not what the file says, 2 for
 * wrong usage.
 */
import { readFile, stat, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { createPublicClient, createWalletClient, defineChain, http } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { deployContracts } from './deploy.ts'
import type { DeployParameters, Hex } from './parameters.ts'
import { verifyDeployment } from './verify.ts'

const USAGE =
  'usage: npm run deploy:contracts -- --rpc URL --parameters FILE --key-file FILE [--out FILE] [--verify-only]'
/** JSON knows no big integers: these fields are decimal strings in the file. */
const AMOUNTS = new Set([
  ...['minProviderBond', 'bondPerTib', 'lossSlash', 'lossSlashCap', 'abandonmentSlash', 'reporterReward'],
  ...['disputeDeposit', 'minBond', 'slashAmount', 'pointValue'],
])

/** @throws {Error} for an amount that is not a decimal string. */
export function parseParameters(text: string): DeployParameters {
  return JSON.parse(text, (name, value) => {
    if (!AMOUNTS.has(name)) return value
    if (typeof value !== 'string' || !/^\d+$/.test(value)) throw new Error(`${name} must be a decimal string`)
    return BigInt(value)
  }) as DeployParameters
}

async function readKey(path: string): Promise<Hex> {
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) throw new Error(`${path} can be read by others: chmod 600 it`)
  const key = (await readFile(path, 'utf8')).trim()
  if (!/^0x[0-9a-fA-F]{64}$/.test(key)) throw new Error(`${path} does not hold a private key (0x and 64 hex digits)`)
  return key as Hex
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      rpc: { type: 'string' },
      parameters: { type: 'string' },
      'key-file': { type: 'string' },
      out: { type: 'string' },
      'verify-only': { type: 'boolean', default: false },
    },
  })
  const { rpc, parameters: file, 'key-file': keyFile } = values
  if (rpc === undefined || file === undefined || keyFile === undefined) throw new Error(USAGE)
  const parameters = parseParameters(await readFile(file, 'utf8'))
  const account = privateKeyToAccount(await readKey(keyFile))
  const transport = http(rpc)
  const id = await createPublicClient({ transport }).getChainId()
  const nativeCurrency = { name: 'coin', symbol: 'COIN', decimals: 18 }
  const chain = defineChain({ id, name: `chain ${id}`, nativeCurrency, rpcUrls: { default: { http: [rpc] } } })
  const publicClient = createPublicClient({ chain, transport })
  if (!values['verify-only']) {
    const walletClient = createWalletClient({ account, chain, transport })
    const deployed = await deployContracts({ publicClient, walletClient, parameters })
    const text = JSON.stringify({ chainId: id, ...deployed, deployBlock: Number(deployed.deployBlock) }, null, 2)
    if (values.out !== undefined) await writeFile(values.out, `${text}\n`)
    process.stdout.write(`${text}\n`)
  }
  const problems = await verifyDeployment(publicClient, parameters, account.address)
  for (const problem of problems) process.stderr.write(`${problem}\n`)
  process.stderr.write(problems.length === 0 ? 'verified: the chain is what the parameters say\n' : '')
  return problems.length === 0 ? 0 : 1
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message.split('\n')[0] : String(error)}\n`)
    process.exitCode = 2
  }
}
