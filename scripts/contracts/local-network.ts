/**
 * The contracts on an anvil of their own, with n bonded oracles whose keys are known: what benchmarks and tests of the
 * contracts run against. Blocks are mined for each transaction; time is set by the caller.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  createPublicClient,
  createTestClient,
  createWalletClient,
  encodeAbiParameters,
  type Hex,
  http,
  keccak256,
  type TransactionReceipt,
  toHex,
} from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { packSignatures } from '../../src/chain/attestation/signatures.ts'
import { devTokenAbi } from '../../src/chain/generated/dev-token-abi.ts'
import { oracleSetAbi } from '../../src/chain/generated/oracle-set-abi.ts'
import { orchestratorAbi } from '../../src/chain/generated/orchestrator-abi.ts'
import { createSigner } from '../../src/core/crypto/secp256k1.ts'
import { type AttestationHeader, createDigests } from '../../src/core/eip712.ts'
import { bytesToHex, hexToBytes, ZERO_HASH } from '../../src/core/ids.ts'
import { quorumOf } from '../../src/core/quorum.ts'
import { deployContracts } from './deploy.ts'
import { foundryBinary } from './forge.ts'
import type { DeployParameters } from './parameters.ts'

const MNEMONIC = 'test test test test test test test test test test test junk'
const EPOCH_SECONDS = 12
const BOND = 10_000n * 10n ** 18n

/** Starts anvil on a free port of 127.0.0.1; resolves once it listens. */
export async function startAnvil(signal?: AbortSignal): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(foundryBinary('anvil'), ['--port', '0', '--accounts', '40', '--mnemonic', MNEMONIC], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(signal === undefined ? {} : { signal }),
  })
  const url = await listening(child)
  return {
    url,
    stop: async () => {
      if (child.exitCode !== null) return
      child.kill()
      await once(child, 'close')
    },
  }
}

async function listening(child: ChildProcess): Promise<string> {
  let printed = ''
  for await (const chunk of child.stdout!) {
    printed += String(chunk)
    const port = /Listening on 127\.0\.0\.1:(\d+)/.exec(printed)?.[1]
    if (port === undefined) continue
    child.stdout!.resume()
    return `http://127.0.0.1:${port}`
  }
  throw new Error(`anvil ended before it listened:\n${printed}`)
}

const node = (i: number): Hex => keccak256(toHex(`local network node ${i}`))

export type LocalNetwork = Awaited<ReturnType<typeof launchNetwork>>

/** Contracts with `n` oracles in set 1, which begins with epoch 0. Account 0 deploys, i + 1 is the operator of node i. */
export async function launchNetwork(url: string, n: number, overrides: Partial<DeployParameters> = {}) {
  // anvil answers at once: viem's own polling would only add its interval.
  const transport = http(url, { retryCount: 0 })
  const publicClient = createPublicClient({ chain: foundry, transport, pollingInterval: 5, cacheTime: 0 })
  const testClient = createTestClient({ chain: foundry, transport, mode: 'anvil' })
  const account = (index: number) => mnemonicToAccount(MNEMONIC, { addressIndex: index })
  const wallet = (index: number) => createWalletClient({ account: account(index), chain: foundry, transport })
  const genesis = Number((await publicClient.getBlock()).timestamp) + 1_000
  const contracts = await deployContracts({
    publicClient,
    walletClient: wallet(0),
    parameters: { genesis, epochSeconds: EPOCH_SECONDS, dayEpochs: 6, ...overrides },
  })
  const { orchestrator, oracleSet, token } = contracts
  const domain = { chainId: foundry.id, orchestrator: orchestrator.toLowerCase() as Hex }
  const digests = createDigests(domain)
  const signers = Array.from({ length: n }, (_, i) => createSigner(hexToBytes(node(i))))

  /** Sends a call and waits; throws when it reverts. */
  async function send(from: number, to: Hex, abi: readonly unknown[], functionName: string, args: readonly unknown[]) {
    const { request } = await publicClient.simulateContract({
      account: account(from),
      address: to,
      abi: abi as typeof orchestratorAbi,
      functionName: functionName as never,
      args: args as never,
    })
    const hash = await wallet(from).writeContract(request as never)
    return publicClient.waitForTransactionReceipt({ hash })
  }
  const call = (from: number, functionName: string, args: readonly unknown[]) =>
    send(from, orchestrator, orchestratorAbi, functionName, args)
  async function fund(index: number, amount: bigint, spender: Hex): Promise<void> {
    await send(0, token, devTokenAbi, 'mint', [account(index).address, amount])
    await send(index, token, devTokenAbi, 'approve', [spender, 2n ** 256n - 1n])
  }
  async function consent(index: number, key: Hex): Promise<Hex> {
    const digest = digests.nodeConsent(account(index).address.toLowerCase() as Hex)
    return bytesToHex(await createSigner(hexToBytes(key)).signDigest(digest))
  }
  for (const [i, signer] of signers.entries()) {
    await fund(i + 1, BOND, oracleSet)
    const anchor = { value: keccak256(toHex(`anchor ${i}`)), baseEpoch: 0 }
    await send(i + 1, oracleSet, oracleSetAbi, 'register', [
      signer.address,
      BOND,
      anchor,
      await consent(i + 1, node(i)),
    ])
  }
  await send(0, oracleSet, oracleSetAbi, 'recompute', [])

  let parentRoot: Hex = ZERO_HASH
  const evaluation = await publicClient.readContract({
    address: orchestrator,
    abi: orchestratorAbi,
    functionName: 'evaluationAt',
    args: [0],
  })
  function headerFor(epoch: number, root: Hex, unitCount: number): AttestationHeader {
    return {
      epoch,
      setId: 1,
      attempt: 0,
      parentRoot,
      root,
      unitCount,
      inputsHash: keccak256(encodeAbiParameters([{ type: 'uint256' }], [BigInt(epoch)])),
      paramsHash: evaluation.paramsHash,
      evaluatorVersion: evaluation.evaluatorVersion,
    }
  }
  /** Signs with the first quorum of the set, or with `members`. */
  async function signaturesOf(header: AttestationHeader, members?: readonly number[]): Promise<Hex> {
    const digest = digests.attestation(header)
    const indexes = members ?? Array.from({ length: quorumOf(n) }, (_, i) => i)
    const signed = indexes.map(async (i) => ({ index: i, signature: await signers[i]!.signDigest(digest) }))
    return packSignatures(await Promise.all(signed), indexes.length)
  }
  /** Sets the time to late in the epoch and submits a root for it, in a transaction whose receipt is returned. */
  async function attest(epoch: number, root: Hex, unitCount = 10): Promise<TransactionReceipt> {
    const header = headerFor(epoch, root, unitCount)
    await testClient.setNextBlockTimestamp({ timestamp: BigInt(genesis + (epoch + 1) * EPOCH_SECONDS - 1) })
    const hash = await wallet(0).writeContract({
      address: orchestrator,
      abi: orchestratorAbi,
      functionName: 'submitAttestation',
      args: [{ ...header, setId: BigInt(header.setId) }, await signaturesOf(header)],
      gas: 1_000_000n,
    })
    const receipt = await publicClient.waitForTransactionReceipt({ hash })
    if (receipt.logs.length === 0) throw new Error(`attestation of epoch ${epoch} was not accepted`)
    parentRoot = root
    return receipt
  }

  return {
    ...{ contracts, genesis, domain, digests, publicClient, testClient, signers },
    ...{ account, wallet, send, call, fund, consent, headerFor, signaturesOf, attest },
  }
}
