/**
 * `npm run bench -- evaluate [--json] [--units N] [--reporters N]`: one epoch of 100,000 units with 15 reporters each, from
 * encoded batches to the Merkle root, on one core; consecutive epochs, and one after a day's outage. The root must not depend
 * on the order of the reveals.
 */
import { parseArgs } from 'node:util'
import type { ChainFacts } from '../src/core/chain-facts.ts'
import { unitIdOf } from '../src/core/eip712.ts'
import { commitHashOf, hashIndexed } from '../src/core/hash-list.ts'
import { type Address, bytesToHex, type Hash32, ZERO_ADDRESS, ZERO_HASH } from '../src/core/ids.ts'
import { keccak256Hex } from '../src/core/keccak.ts'
import { DEFAULT_PARAMS } from '../src/core/params.ts'
import type { RegisteredUnit } from '../src/core/units.ts'
import { batchHash, encodeBatch } from '../src/oracle/batch.ts'
import { evaluate, type NamedReveal } from '../src/oracle/evaluate.ts'
import { OracleState } from '../src/oracle/state/state.ts'

interface Result {
  units: number
  reporters: number
  seconds: number
  peakRssMiB: number
  root: Hash32
  /** The slowest of the consecutive epochs: each closes the day of one unit in epochsPerDay. */
  dayClosingSeconds: number
  /** An epoch after a skipped day, in which every unit's day closes at once. */
  afterOutageSeconds: number
}

const word = (i: number): Hash32 => keccak256Hex(new TextEncoder().encode(`bench ${i}`))
const address = (i: number): Address => bytesToHex(new Uint8Array(20).fill(i + 1))

function unitsOf(count: number): RegisteredUnit[] {
  const units = Array.from({ length: count }, (_, i): RegisteredUnit => {
    const provider = address(200 + (i % 40))
    return {
      id: unitIdOf(provider, BigInt(i)),
      terms: {
        provider,
        nonce: BigInt(i),
        kind: 's3',
        region: 'eu',
        token: ZERO_ADDRESS,
        capacityBytes: 1n,
        pricePerGibEpoch: 1n,
        egressBytesPerEpoch: 1n,
        sla: { availabilityPpm: 999_000, ttfbP95Ms: 200, downP10Kbps: 8_000, upP10Kbps: 0 },
      },
      operator: address(100),
      status: 'Active',
      termsHash: ZERO_HASH,
    }
  })
  return units.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function factsOf(epoch: number, units: readonly RegisteredUnit[], reporters: number): ChainFacts {
  return {
    epoch,
    block: { number: BigInt(epoch), hash: word(epoch), timestamp: epoch },
    seed: word(epoch),
    set: {
      setId: 1,
      firstEpoch: 0,
      seats: Array.from({ length: reporters }, (_, index) => ({
        index,
        node: address(index),
        operator: address(50 + index),
        anchor: { value: ZERO_HASH, baseEpoch: 0 },
      })),
    },
    params: DEFAULT_PARAMS,
    paramsHash: ZERO_HASH,
    evaluatorVersion: 1,
    units,
  }
}

/** Every reporter reads every unit; one read in fifty fails. */
function revealsOf(facts: ChainFacts, reporters: number): NamedReveal[] {
  const count = facts.units.length
  const made = Array.from({ length: reporters }, (_, index) => {
    const at = (i: number) => (Math.imul(i + 1, 2_654_435_761) ^ Math.imul(index + facts.epoch * 31 + 7, 40_503)) >>> 0
    const batch = encodeBatch({
      unit: Uint32Array.from({ length: count }, (_, i) => i),
      task: new Uint8Array(count),
      outcome: Uint8Array.from({ length: count }, (_, i) => (at(i) % 50 === 0 ? 9 : 0)),
      ttfbMs: Uint32Array.from({ length: count }, (_, i) => 20 + (at(i) % 180)),
      kbps: Uint32Array.from({ length: count }, (_, i) => 9_000 + (at(i) % 90_000)),
    })
    return { index, batch, hash: batchHash(batch), salt: word(index) }
  })
  const seen = made.map(({ index, hash, salt }) => ({
    index,
    hash: commitHashOf(hash, salt, facts.set.seats[index]!.node, facts.epoch),
  }))
  return made.map(({ index, batch, hash, salt }) => ({
    batch,
    header: {
      setId: 1,
      epoch: facts.epoch,
      index,
      batchHash: hash,
      salt,
      secret: word(1000 + index),
      blockHash: facts.block.hash,
      seen,
      seenHash: hashIndexed(seen),
      signature: new Uint8Array(65),
    },
  }))
}

function timed(state: OracleState, facts: ChainFacts, reveals: readonly NamedReveal[]) {
  const started = performance.now()
  const next = evaluate(state, facts, 0, reveals).state
  const root = next.root
  return { next, root, seconds: (performance.now() - started) / 1000 }
}

const round = (seconds: number) => Math.round(seconds * 1000) / 1000

function measure(units: number, reporters: number): Result {
  const all = unitsOf(units)
  let state = OracleState.empty()
  const seconds: number[] = []
  let root: Hash32 = ZERO_HASH
  // The first epoch creates every row and the second warms the compiler; the median of the next three counts.
  for (let epoch = 0; epoch < 5; epoch++) {
    const facts = factsOf(epoch, all, reporters)
    const reveals = revealsOf(facts, reporters)
    const result = timed(state, facts, reveals)
    if (epoch === 4 && timed(state, facts, reveals.toReversed()).root !== result.root)
      throw new Error('the root depends on the order of the reveals')
    if (epoch >= 2) seconds.push(result.seconds)
    state = result.next
    root = result.root
  }
  const closing = factsOf(5 + DEFAULT_PARAMS.epochsPerDay, all, reporters)
  const afterOutage = timed(state, closing, revealsOf(closing, reporters))
  return {
    units,
    reporters,
    seconds: round(seconds.sort((a, b) => a - b)[1]!),
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    root,
    dayClosingSeconds: round(Math.max(...seconds)),
    afterOutageSeconds: round(afterOutage.seconds),
  }
}

export function run(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      units: { type: 'string', default: '100000' },
      reporters: { type: 'string', default: '15' },
    },
  })
  const result = measure(Number(values.units), Number(values.reporters))
  console.log(values.json ? JSON.stringify(result) : result)
}
