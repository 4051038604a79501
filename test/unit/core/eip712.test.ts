/** Digests against viem's `hashTypedData`, with viem's types made from our one table of type strings. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeAbiParameters, hashDomain, hashStruct, hashTypedData, keccak256 as reference, stringToHex } from 'viem'
import {
  createDigests,
  domainSeparator,
  MESSAGE_TYPES,
  type MessageType,
  termsHashOf,
  unitIdOf,
} from '../../../src/core/eip712.ts'
import { type Address, type Hash32, isAddress, isHash32, type UnitId } from '../../../src/core/ids.ts'
import { keccak256Hex } from '../../../src/core/keccak.ts'
import type { UnitTerms } from '../../../src/core/units.ts'

const hash = (i: number): Hash32 => keccak256Hex(Uint8Array.of(i))
const address = (pair: string) => `0x${pair.repeat(20)}` as Address
const unitId: UnitId = keccak256Hex(Uint8Array.of(13))
const orchestrator = address('c0')
const domain = { chainId: 31337, orchestrator }
const digests = createDigests(domain)

const EIP712_DOMAIN = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]
const viemDomain = {
  name: 'Lightmesh',
  version: '1',
  chainId: domain.chainId,
  verifyingContract: orchestrator,
}

/** `Name(type a,type b)` as viem wants it. */
function typesOf(type: MessageType): { name: string; type: string }[] {
  const inner = MESSAGE_TYPES[type].slice(type.length + 1, -1)
  return inner.split(',').map((field) => {
    const [kind, name] = field.split(' ')
    return { type: kind!, name: name! }
  })
}

function expected(type: MessageType, message: Record<string, unknown>): Hash32 {
  return hashTypedData({
    domain: viemDomain,
    types: { [type]: typesOf(type) },
    primaryType: type,
    message,
  } as Parameters<typeof hashTypedData>[0])
}

const attestation = {
  epoch: 2 ** 39,
  setId: 3,
  attempt: 1,
  parentRoot: hash(1),
  root: hash(2),
  unitCount: 100_000,
  inputsHash: hash(3),
  paramsHash: hash(4),
  evaluatorVersion: 1,
}
const terms: UnitTerms = {
  provider: address('aa'),
  nonce: 2n ** 64n - 1n,
  kind: 'disk',
  region: 'eu-central',
  token: address('bb'),
  capacityBytes: 10n ** 13n,
  pricePerGibEpoch: 2n ** 100n,
  egressBytesPerEpoch: 10n ** 12n,
  sla: { availabilityPpm: 999_000, ttfbP95Ms: 200, downP10Kbps: 50_000, upP10Kbps: 20_000 },
}

describe('createDigests', () => {
  it('default', () => {
    assert.equal(digests.attestation(attestation), expected('Attestation', attestation))
  })

  it('behavior: every other message equals viem', () => {
    const commit = { setId: 7, epoch: 12, commitHash: hash(5) }
    assert.equal(digests.commit(commit), expected('Commit', commit))
    const reveal = {
      setId: 7,
      epoch: 12,
      batchHash: hash(6),
      salt: hash(7),
      secret: hash(8),
      blockHash: hash(9),
      seenHash: hash(10),
    }
    assert.equal(digests.revealHeader(reveal), expected('RevealHeader', reveal))
    const proposal = { setId: 7, epoch: 12, attempt: 2, parentRoot: hash(11), inputsHash: hash(12) }
    assert.equal(digests.proposal(proposal), expected('Proposal', proposal))
    const advert = { unitId, seq: 9n, expiresAt: 1_800_000_000, bodyHash: hash(14) }
    assert.equal(digests.advert(advert), expected('Advert', advert))
    const list = { unitId, seq: 2n, indexRoot: hash(15), count: 4, bytes: 2n ** 40n }
    assert.equal(digests.objectList(list), expected('ObjectList', list))
    assert.equal(digests.nodeConsent(orchestrator), expected('NodeConsent', { operator: orchestrator }))
    const grant = { subject: hash(16), requester: terms.provider, epoch: 5, bodyHash: hash(17) }
    assert.equal(digests.grantRequest(grant), expected('GrantRequest', grant))
  })

  it('behavior: a data unit is hashed in the order of its type', () => {
    const { sla, region, kind: _kind, ...rest } = terms
    const message = { ...rest, kind: 3, region: stringToHex(region, { size: 32 }), ...sla, deadline: 1_900_000_000 }
    assert.equal(digests.dataUnit(terms, 1_900_000_000), expected('DataUnit', message))
    const struct = { data: message, primaryType: 'DataUnit', types: { DataUnit: typesOf('DataUnit') } }
    assert.equal(termsHashOf(terms, 1_900_000_000), hashStruct(struct as unknown as Parameters<typeof hashStruct>[0]))
  })

  it('behavior: chain id and contract are part of every digest', () => {
    const other = createDigests({ ...domain, chainId: 1 })
    const elsewhere = createDigests({ ...domain, orchestrator: terms.token })
    const all = [digests, other, elsewhere].map((d) => d.attestation(attestation))
    assert.equal(new Set(all).size, 3)
  })
})

describe('domainSeparator', () => {
  it('default', () => {
    assert.equal(
      domainSeparator(domain),
      hashDomain({ domain: viemDomain, types: { EIP712Domain: EIP712_DOMAIN } } as Parameters<typeof hashDomain>[0]),
    )
  })
})

describe('unitIdOf', () => {
  it('default', () => {
    const encoded = encodeAbiParameters([{ type: 'address' }, { type: 'uint64' }], [terms.provider, 5n])
    assert.equal(unitIdOf(terms.provider, 5n), reference(encoded))
  })
})

describe('ids', () => {
  it('default', () => {
    assert.ok(isAddress(terms.provider))
    assert.ok(isHash32(hash(1)))
  })

  it('error: upper case, wrong lengths and missing prefixes are no ids', () => {
    for (const bad of ['', '0x', `0x${'AA'.repeat(20)}`, 'aa'.repeat(20), `0x${'aa'.repeat(21)}`])
      assert.equal(isAddress(bad), false)
    assert.equal(isHash32(address('aa')), false)
  })
})
