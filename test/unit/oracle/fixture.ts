/** A set of oracles with simulated keys, and the facts of one epoch. */
import type { ChainFacts } from '../../../src/core/chain-facts.ts'
import { createDigests, unitIdOf } from '../../../src/core/eip712.ts'
import { commitHashOf, hashIndexed } from '../../../src/core/hash-list.ts'
import { type Address, bytesToHex, type Hash32, ZERO_ADDRESS, ZERO_HASH } from '../../../src/core/ids.ts'
import { keccak256Hex } from '../../../src/core/keccak.ts'
import { DEVNET_PARAMS } from '../../../src/core/params.ts'
import type { RegisteredUnit, UnitKind } from '../../../src/core/units.ts'
import { createHashChain, SecretVerifier } from '../../../src/oracle/hash-chain.ts'
import type { RevealHeaderMessage } from '../../../src/oracle/messages/reveal-header.ts'
import { roundRules } from '../../../src/oracle/messages/rules.ts'
import { KeyedSignatures } from '../../sim/twins/signer.ts'

export const DOMAIN = { chainId: 31337, orchestrator: bytesToHex(new Uint8Array(20).fill(0x5a)) }
export const EPOCH = 9
export const word = (label: string | number): Hash32 => keccak256Hex(new TextEncoder().encode(`word ${label}`))
export const address = (i: number): Address => bytesToHex(new Uint8Array(20).fill(i))

export function unit(i: number, options: { operator?: Address; kind?: UnitKind } = {}): RegisteredUnit {
  const provider = address(200)
  return {
    id: unitIdOf(provider, BigInt(i)),
    terms: {
      provider,
      nonce: BigInt(i),
      kind: options.kind ?? 's3',
      region: 'eu',
      token: ZERO_ADDRESS,
      capacityBytes: 1n,
      pricePerGibEpoch: 1n,
      egressBytesPerEpoch: 1n,
      sla: { availabilityPpm: 990_000, ttfbP95Ms: 200, downP10Kbps: 0, upP10Kbps: 0 },
    },
    operator: options.operator ?? address(150),
    status: 'Active',
    termsHash: ZERO_HASH,
  }
}

export function oracles(n: number, units: readonly RegisteredUnit[] = [unit(1), unit(2)]) {
  const signatures = new KeyedSignatures()
  const signers = Array.from({ length: n }, (_, i) => signatures.signer(new Uint8Array(32).fill(i + 1)))
  const chains = signers.map((_, i) => createHashChain(new Uint8Array(32).fill(i + 1), { length: 40 }))
  const facts: ChainFacts = {
    epoch: EPOCH,
    block: { number: 5n, hash: word('block'), timestamp: 5 },
    seed: word('seed'),
    set: {
      setId: 1,
      firstEpoch: 0,
      seats: signers.map(({ address: node }, index) => ({
        index,
        node,
        operator: address(100 + index),
        anchor: chains[index]!.anchor(0),
      })),
    },
    params: DEVNET_PARAMS,
    paramsHash: word('params'),
    evaluatorVersion: 1,
    units: units.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  }
  const digests = createDigests(DOMAIN)
  const rules = roundRules(facts, { digests, signatures, secrets: new SecretVerifier() })
  const secretOf = (i: number) => chains[i]!.secretAt(facts.set.seats[i]!.anchor, EPOCH)
  return { signatures, signers, facts, digests, rules, secretOf }
}

export type Oracles = ReturnType<typeof oracles>

/** A reveal header that every rule accepts; `change` spoils it before it is signed. */
export async function revealOf(
  set: Oracles,
  index: number,
  change: (m: RevealHeaderMessage) => RevealHeaderMessage = (m) => m,
): Promise<RevealHeaderMessage> {
  const batchHash = word(`batch ${index}`)
  const salt = word(`salt ${index}`)
  const hash = commitHashOf(batchHash, salt, set.signers[index]!.address, EPOCH)
  const made = change({
    setId: 1,
    epoch: EPOCH,
    index,
    batchHash,
    salt,
    secret: set.secretOf(index),
    blockHash: set.facts.block.hash,
    seen: [{ index, hash }],
    seenHash: ZERO_HASH,
    signature: new Uint8Array(65),
  })
  const fields = { ...made, seenHash: hashIndexed(made.seen) }
  return { ...fields, signature: await set.signers[index]!.signDigest(set.digests.revealHeader(fields)) }
}
