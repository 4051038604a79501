/**
 * Checks a devnet's attestations with viem alone, sharing no code with the nodes: each epoch's root is in the contract's
 * ring, and the signers recovered from the transaction's calldata are members of the epoch's oracle set, in quorum.
 *
 *   node scripts/verify-attestations.ts READY_FILE [--json]
 *
 * READY_FILE is what `npm start -- --ready-file FILE` writes (or the last line of `--json`). Exit code 1 when anything differs.
 */
import { readFileSync } from 'node:fs'
import {
  type Address,
  createPublicClient,
  decodeFunctionData,
  encodeAbiParameters,
  getAddress,
  type Hex,
  hashTypedData,
  http,
  keccak256,
  parseAbi,
  recoverAddress,
} from 'viem'

const abi = parseAbi([
  'struct Header { uint40 epoch; uint64 setId; uint8 attempt; bytes32 parentRoot; bytes32 root; uint32 unitCount; bytes32 inputsHash; bytes32 paramsHash; uint32 evaluatorVersion; }',
  'function submitAttestation(Header header, bytes signatures) returns (uint8)',
  'function ringEntry(uint256 index) view returns (bytes32)',
  'function isAccepted(bytes32 root, uint40 epoch, uint40 prevEpoch) view returns (bool)',
  'function nodesOf(uint64 setId) view returns (address[])',
])
const TYPES = {
  Attestation: [
    { name: 'epoch', type: 'uint40' },
    { name: 'setId', type: 'uint64' },
    { name: 'attempt', type: 'uint8' },
    { name: 'parentRoot', type: 'bytes32' },
    { name: 'root', type: 'bytes32' },
    { name: 'unitCount', type: 'uint32' },
    { name: 'inputsHash', type: 'bytes32' },
    { name: 'paramsHash', type: 'bytes32' },
    { name: 'evaluatorVersion', type: 'uint32' },
  ],
} as const
const RING = 4096

interface Attestation {
  epoch: number
  prevEpoch: number
  root: Hex
  txHash: Hex
  signers: Address[]
}

interface Result {
  chain: { rpcUrl: string; chainId: number; orchestrator: Address; oracleSet: Address }
  quorum: number
  attestations: Attestation[]
}

/** Addresses behind `bitmap ‖ (r ‖ s)…`, in the bitmap's order (docs/protocol.md 1.4). */
async function recoverSigners(digest: Hex, signatures: Hex): Promise<{ index: number; address: Address }[]> {
  const bitmap = BigInt(signatures.slice(0, 66))
  const indexes = Array.from({ length: 256 }, (_, i) => i).filter((i) => (bitmap >> BigInt(i)) & 1n)
  if (signatures.length !== 2 + 64 + indexes.length * 128) throw new Error('signatures do not fit the bitmap')
  return Promise.all(
    indexes.map(async (index, k) => {
      const at = 66 + k * 128
      const r: Hex = `0x${signatures.slice(at, at + 64)}`
      const s: Hex = `0x${signatures.slice(at + 64, at + 128)}`
      return { index, address: await recoverAddress({ hash: digest, signature: { r, s, v: 27n } }) }
    }),
  )
}

async function verify(result: Result, attestation: Attestation): Promise<number> {
  const { orchestrator, oracleSet, chainId, rpcUrl } = result.chain
  const client = createPublicClient({ transport: http(rpcUrl) })
  const fail = (why: string): never => {
    throw new Error(`epoch ${attestation.epoch}: ${why}`)
  }
  const transaction = await client.getTransaction({ hash: attestation.txHash })
  const call = decodeFunctionData({ abi, data: transaction.input })
  if (call.functionName !== 'submitAttestation') return fail('the transaction submits nothing')
  const [header, signatures] = call.args
  if (header.epoch !== attestation.epoch || header.root !== attestation.root) fail('the calldata is about another root')

  const digest = hashTypedData({
    domain: { name: 'Lightmesh', version: '1', chainId, verifyingContract: orchestrator },
    types: TYPES,
    primaryType: 'Attestation',
    message: header,
  })
  const members = await client.readContract({ address: oracleSet, abi, functionName: 'nodesOf', args: [header.setId] })
  const signers = await recoverSigners(digest, signatures)
  for (const { index, address } of signers) {
    if (members[index] !== address) fail(`signature ${index} recovers ${address}, the set has ${members[index]}`)
  }
  if (signers.length < result.quorum) fail(`${signers.length} signatures, a quorum is ${result.quorum}`)
  const stated = attestation.signers.map((address) => getAddress(address)).join()
  if (signers.map(({ address }) => address).join() !== stated) fail('other signers than stated')

  const { root, epoch, prevEpoch } = attestation
  const entry = keccak256(
    encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint40' }, { type: 'uint40' }], [root, epoch, prevEpoch]),
  )
  const read = { address: orchestrator, abi } as const
  const ring = await client.readContract({ ...read, functionName: 'ringEntry', args: [BigInt(epoch % RING)] })
  const accepted = await client.readContract({ ...read, functionName: 'isAccepted', args: [root, epoch, prevEpoch] })
  if (ring !== entry || !accepted) fail('the root is not in the ring')
  return signers.length
}

const [file, ...flags] = process.argv.slice(2)
if (!file) {
  console.error('usage: node scripts/verify-attestations.ts READY_FILE [--json]')
  process.exit(2)
}
const result = JSON.parse(readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '') as Result
const verified: { epoch: number; signers: number }[] = []
for (const attestation of result.attestations) {
  const signers = await verify(result, attestation)
  verified.push({ epoch: attestation.epoch, signers })
  if (!flags.includes('--json'))
    console.log(`epoch ${attestation.epoch}: root in the ring, ${signers} signers recovered`)
}
if (verified.length === 0) throw new Error('no attestation to verify')
if (flags.includes('--json')) console.log(JSON.stringify({ verified }))
