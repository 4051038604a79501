/** Units and leaves as the market's tests need them: plausible numbers, any of which a test may change. */
import {
  type Address,
  bytesToHex,
  type Epoch,
  type Hash32,
  hexToBytes,
  type UnitId,
  ZERO_HASH,
} from '../../../src/core/ids.ts'
import { keccak256 } from '../../../src/core/keccak.ts'
import type { UnitLeaf } from '../../../src/core/leaves.ts'
import type { UnitTerms } from '../../../src/core/units.ts'

export const TOKEN: Address = `0x${'70'.repeat(20)}` as Address
export function address(n: number): Address {
  return `0x${n.toString(16).padStart(40, '0')}` as Address
}

export function termsOf(provider: Address, fields: Partial<UnitTerms> = {}): UnitTerms {
  return {
    provider,
    nonce: 1n,
    kind: 's3',
    region: 'eu-west',
    token: TOKEN,
    capacityBytes: 100n << 30n,
    pricePerGibEpoch: 1_000n,
    egressBytesPerEpoch: 1n << 30n,
    sla: { availabilityPpm: 999_000, ttfbP95Ms: 500, downP10Kbps: 1_000, upP10Kbps: 1_000 },
    ...fields,
  }
}

export function leafOf(unitId: UnitId, epoch: Epoch, fields: Partial<UnitLeaf> = {}): UnitLeaf {
  return {
    unitId,
    epoch,
    era: 0,
    state: 'Active',
    metEpochs: epoch,
    missedEpochs: 0,
    neutralEpochs: 0,
    paidBpsSum: BigInt(epoch) * 10_000n,
    lossIncidents: 0,
    scoreBps: 9_000,
    availabilityPpm: 999_500,
    ttfbP95Ms: 80,
    downP10Kbps: 50_000,
    upP10Kbps: 20_000,
    samples: 300,
    recordHash: ZERO_HASH,
    ...fields,
  }
}

/** As OpenZeppelin's library computes it. */
export function rootOfMultiProof(
  leaves: readonly Hash32[],
  proof: readonly Hash32[],
  flags: readonly boolean[],
): Hash32 {
  const queue = [...leaves]
  const siblings = [...proof]
  for (const flag of flags) {
    const a = queue.shift()!
    const b = (flag ? queue.shift() : siblings.shift())!
    const pair = a < b ? [a, b] : [b, a]
    queue.push(bytesToHex(keccak256(Uint8Array.from(pair.flatMap((hash) => [...hexToBytes(hash)])))))
  }
  return queue[0]!
}
