/**
 * `npm run bench -- gas [--json]`: what the contracts' repeating transactions cost, as the receipts of a real anvil say:
 * attestations with a warm ring slot, settlements with a depth-17 proof and no balance at zero before. `--write` takes the
 * figures as the snapshot that the tests hold the contracts to.
 */
import { writeFile } from 'node:fs/promises'
import { type Hex, keccak256, toHex } from 'viem'
import { type LocalNetwork, launchNetwork, startAnvil } from '../scripts/contracts/local-network.ts'
import { createSigner } from '../src/core/crypto/secp256k1.ts'
import { unitIdOf } from '../src/core/eip712.ts'
import { bytesToHex, type Epoch, hexToBytes, ZERO_HASH } from '../src/core/ids.ts'
import { keccak256 as hash } from '../src/core/keccak.ts'
import { type UnitLeaf, unitLeafHash } from '../src/core/leaves.ts'
import { UNIT_STATES } from '../src/core/units.ts'

/** What the transactions cost when this was last looked at. */
export const GAS_SNAPSHOT = new URL('../contracts/gas-snapshot.json', import.meta.url)

const RING = 4_096
/** 100,000 units and 31 oracles are fewer than 2^17 leaves. */
const DEPTH = 17
const GIB = 2n ** 30n
const PRICE = 10n ** 18n
const NODE: Hex = keccak256(toHex('bench provider'))

export interface GasReport {
  /** Receipt gasUsed of submitAttestation, ring slot warm. */
  reportGas: Record<string, number>
  /** 9-of-13, by the number of units named in the header. */
  reportGasByUnits: Record<string, number>
  perSignature: number
  /** One reservation in the call. */
  settleFirst: number
  /** Each further reservation, of another consumer. */
  settleNext: number
  /** One reservation whose last epoch it is. */
  settleClosing: number
}

/** A leaf under a root of depth 17 whose other leaves nobody needs to know. */
function rootOver(leaf: UnitLeaf): { root: Hex; proof: Hex[] } {
  const proof = Array.from({ length: DEPTH }, (_, i) => keccak256(toHex(`sibling ${i} of ${leaf.epoch}`)))
  let node = unitLeafHash(leaf)
  for (const sibling of proof) {
    const pair = [bytesToHex(node), sibling].sort().map((half) => hexToBytes(half))
    node = hash(Uint8Array.from([...pair[0]!, ...pair[1]!]))
  }
  return { root: bytesToHex(node), proof }
}

const forAbi = (leaf: UnitLeaf) => ({ tag: 1, ...leaf, state: UNIT_STATES.indexOf(leaf.state) })

async function attestationGas(n: number, signal: AbortSignal): Promise<Record<string, number>> {
  const anvil = await startAnvil(signal)
  try {
    const network = await launchNetwork(anvil.url, n)
    const gas: Record<string, number> = {}
    let epoch = 10
    for (const units of [10, 100_000]) {
      // The first visit of a ring slot writes to zero; what repeats for ever is the second.
      await network.attest(epoch, keccak256(toHex(`root ${epoch}`)), units)
      epoch += RING
      const receipt = await network.attest(epoch, keccak256(toHex(`root ${epoch}`)), units)
      gas[String(units)] = Number(receipt.gasUsed)
      epoch += 1
    }
    return gas
  } finally {
    await anvil.stop()
  }
}

/** A unit with reservations of several consumers, attested and settled epoch by epoch. */
async function openMarket(network: LocalNetwork) {
  const [operator, consumers] = [20, [21, 22, 23, 24, 25, 26]]
  const { orchestrator, token } = network.contracts
  await network.fund(operator, 2_000n * PRICE, orchestrator)
  const provider = createSigner(hexToBytes(NODE)).address
  await network.call(operator, 'registerProvider', [provider, 1_000n * PRICE, await network.consent(operator, NODE)])
  const sla = { availabilityPpm: 999_000, ttfbP95Ms: 0, downP10Kbps: 0, upP10Kbps: 0 }
  const terms = { provider, nonce: 1n, kind: 0, region: ZERO_HASH, token, capacityBytes: 1_000n * GIB, ...sla }
  const offer = { ...terms, pricePerGibEpoch: PRICE, egressBytesPerEpoch: 0n, deadline: 2 ** 40 - 1 }
  await network.call(operator, 'registerDataUnit', [offer])
  const unitId = unitIdOf(provider, 1n)
  let paidBpsSum = 12_345_678n
  let epoch: Epoch = 10
  async function nextLeaf() {
    const prevEpoch = epoch === 10 ? 0 : epoch
    epoch += 1
    paidBpsSum += 9_000n
    const counts = { metEpochs: 1_300, missedEpochs: 7, neutralEpochs: 3, samples: 9_999, lossIncidents: 0 }
    const figures = { scoreBps: 9_871, availabilityPpm: 999_123, ttfbP95Ms: 87, downP10Kbps: 91_234, upP10Kbps: 51_234 }
    const base = { unitId, epoch, era: 0, state: 'Active' as const, paidBpsSum, recordHash: keccak256(toHex('record')) }
    const leaf: UnitLeaf = { ...base, ...counts, ...figures }
    const { root, proof } = rootOver(leaf)
    await network.attest(epoch, root)
    return { leaf: forAbi(leaf), prevEpoch, proof }
  }
  const { leaf, prevEpoch, proof } = await nextLeaf()
  await network.call(operator, 'applyState', [leaf, prevEpoch, proof])
  for (const [i, consumer] of consumers.entries()) {
    await network.fund(consumer, 1_000n * PRICE, orchestrator)
    const request = { unitId, capacityBytes: GIB, epochs: i === 5 ? 4 : 100, maxPricePerGibEpoch: PRICE }
    await network.call(consumer, 'reserve', [request])
    await network.call(consumer, 'activate', [BigInt(i + 1), leaf, prevEpoch, proof])
  }
  const settle = async (ids: readonly bigint[], at: Awaited<ReturnType<typeof nextLeaf>>) =>
    Number((await network.call(0, 'settle', [at.leaf, at.prevEpoch, at.proof, ids])).gasUsed)
  return { nextLeaf, settle }
}

async function settlementGas(signal: AbortSignal) {
  const anvil = await startAnvil(signal)
  try {
    const { nextLeaf, settle } = await openMarket(await launchNetwork(anvil.url, 4))
    // Nothing is at zero from here on.
    await settle([1n, 2n, 3n, 4n, 5n, 6n], await nextLeaf())
    const settleFirst = await settle([1n], await nextLeaf())
    const withFive = await settle([1n, 2n, 3n, 4n, 5n], await nextLeaf())
    const settleClosing = await settle([6n], await nextLeaf())
    return { settleFirst, settleNext: Math.ceil((withFive - settleFirst) / 4), settleClosing }
  } finally {
    await anvil.stop()
  }
}

export async function measureGas(signal: AbortSignal): Promise<GasReport> {
  const small = await attestationGas(13, signal)
  const large = await attestationGas(31, signal)
  const [nine, twentyOne] = [small['10']!, large['10']!]
  return {
    reportGas: { '9-of-13': nine, '21-of-31': twentyOne },
    reportGasByUnits: small,
    perSignature: Math.ceil((twentyOne - nine) / 12),
    ...(await settlementGas(signal)),
  }
}

/** Figures by name; the tests compare them one by one. */
export function flat({ reportGas, reportGasByUnits, ...rest }: GasReport): Record<string, number> {
  const byUnits = Object.entries(reportGasByUnits).map(([units, gas]) => [`9-of-13, ${units} units`, gas])
  return { ...reportGas, ...Object.fromEntries(byUnits), ...rest }
}

export async function run(args: readonly string[]): Promise<void> {
  const report = await measureGas(new AbortController().signal)
  if (args.includes('--write')) await writeFile(GAS_SNAPSHOT, `${JSON.stringify(report, null, 2)}\n`)
  if (args.includes('--json')) console.log(JSON.stringify(report))
  else console.table(flat(report))
}
