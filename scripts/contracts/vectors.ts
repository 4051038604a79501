/**
 * Writes test/contract-vectors/vectors.json: digests, leaf hashes, trees, bitmap signatures and quorums, all computed by viem
 * and by the rules written out here, so that the contracts and src/core are both checked against a third opinion.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { concatHex, encodeAbiParameters, type Hex, hashTypedData, keccak256, numberToHex, toHex } from 'viem'
import { privateKeyToAddress } from 'viem/accounts'
import { REPOSITORY } from './forge.ts'

const word = (text: string): Hex => keccak256(toHex(text))
const N = secp256k1.Point.Fn.ORDER
const domain = {
  name: 'Lightmesh',
  version: '1',
  chainId: 31337,
  verifyingContract: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
} as const

type Field = readonly [type: string, name: string, value: string | number | bigint]
/** Every type of docs/protocol.md 1.2 with a sample; values are far from zero and from one another. */
const MESSAGES: Record<string, readonly Field[]> = {
  Commit: [
    ['uint64', 'setId', 7],
    ['uint40', 'epoch', 123_456],
    ['bytes32', 'commitHash', word('commit')],
  ],
  RevealHeader: [
    ['uint64', 'setId', 7],
    ['uint40', 'epoch', 123_456],
    ['bytes32', 'batchHash', word('batch')],
    ['bytes32', 'salt', word('salt')],
    ['bytes32', 'secret', word('secret')],
    ['bytes32', 'blockHash', word('block')],
    ['bytes32', 'seenHash', word('seen')],
  ],
  Proposal: [
    ['uint64', 'setId', 7],
    ['uint40', 'epoch', 123_456],
    ['uint8', 'attempt', 2],
    ['bytes32', 'parentRoot', word('parent')],
    ['bytes32', 'inputsHash', word('inputs')],
  ],
  Attestation: [
    ['uint40', 'epoch', 1_099_511_627_775],
    ['uint64', 'setId', 18_446_744_073_709_551_615n],
    ['uint8', 'attempt', 255],
    ['bytes32', 'parentRoot', word('parent')],
    ['bytes32', 'root', word('root')],
    ['uint32', 'unitCount', 4_294_967_295],
    ['bytes32', 'inputsHash', word('inputs')],
    ['bytes32', 'paramsHash', word('params')],
    ['uint32', 'evaluatorVersion', 1],
  ],
  DataUnit: [
    ['address', 'provider', '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'],
    ['uint64', 'nonce', 42],
    ['uint8', 'kind', 1],
    ['bytes32', 'region', `0x${Buffer.from('eu-west-1').toString('hex').padEnd(64, '0')}`],
    ['address', 'token', '0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512'],
    ['uint64', 'capacityBytes', 1_099_511_627_776n],
    ['uint128', 'pricePerGibEpoch', 1_234_567_890_123_456_789n],
    ['uint64', 'egressBytesPerEpoch', 10_737_418_240n],
    ['uint32', 'availabilityPpm', 999_000],
    ['uint32', 'ttfbP95Ms', 250],
    ['uint32', 'downP10Kbps', 50_000],
    ['uint32', 'upP10Kbps', 20_000],
    ['uint40', 'deadline', 1_900_000_000],
  ],
  Advert: [
    ['bytes32', 'unitId', word('unit')],
    ['uint64', 'seq', 9],
    ['uint40', 'expiresAt', 1_900_000_000],
    ['bytes32', 'bodyHash', word('body')],
  ],
  ObjectList: [
    ['bytes32', 'unitId', word('unit')],
    ['uint64', 'seq', 9],
    ['bytes32', 'indexRoot', word('index')],
    ['uint32', 'count', 1_000],
    ['uint64', 'bytes', 65_536_000n],
  ],
  GrantRequest: [
    ['bytes32', 'subject', word('unit')],
    ['address', 'requester', '0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC'],
    ['uint40', 'epoch', 123_456],
    ['bytes32', 'bodyHash', word('body')],
  ],
  NodeConsent: [['address', 'operator', '0x90F79bf6EB2c4f870365E785982E1f101E93b906']],
}

const UNIT_LEAF: readonly Field[] = [
  ['uint8', 'tag', 1],
  ['bytes32', 'unitId', word('unit')],
  ['uint40', 'epoch', 123_456],
  ['uint32', 'era', 3],
  ['uint8', 'state', 2],
  ['uint32', 'metEpochs', 100_000],
  ['uint32', 'missedEpochs', 20_000],
  ['uint32', 'neutralEpochs', 3_456],
  ['uint64', 'paidBpsSum', 1_034_560_000n],
  ['uint32', 'lossIncidents', 1],
  ['uint16', 'scoreBps', 9_876],
  ['uint32', 'availabilityPpm', 998_765],
  ['uint32', 'ttfbP95Ms', 231],
  ['uint32', 'downP10Kbps', 48_000],
  ['uint32', 'upP10Kbps', 19_000],
  ['uint32', 'samples', 1_234],
  ['bytes32', 'recordHash', word('record')],
]
const ORACLE_LEAF: readonly Field[] = [
  ['uint8', 'tag', 2],
  ['address', 'node', '0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65'],
  ['uint40', 'epoch', 123_456],
  ['uint32', 'era', 3],
  ['uint64', 'points', 987_654_321n],
  ['bytes32', 'recordHash', word('record')],
]
const VERDICT_LEAF: readonly Field[] = [
  ['uint8', 'tag', 3],
  ['uint256', 'disputeId', 77],
  ['uint40', 'epoch', 123_456],
  ['uint32', 'era', 3],
  ['uint8', 'verdict', 1],
  ['bytes32', 'recordHash', word('record')],
]

const plain = (fields: readonly Field[]) => Object.fromEntries(fields.map(([, name, value]) => [name, String(value)]))

function encoded(fields: readonly Field[]): Hex {
  return encodeAbiParameters(
    fields.map(([type, name]) => ({ type, name })),
    fields.map(([, , value]) => value),
  )
}

function message(primaryType: string, fields: readonly Field[]) {
  const type = `${primaryType}(${fields.map(([t, name]) => `${t} ${name}`).join(',')})`
  const digest = hashTypedData({
    domain,
    primaryType,
    types: { [primaryType]: fields.map(([t, name]) => ({ type: t, name })) },
    message: Object.fromEntries(fields.map(([, name, value]) => [name, value])),
  })
  const structHash = keccak256(concatHex([word(type), encoded(fields)]))
  return { type, fields: plain(fields), words: encoded(fields), structHash, digest }
}

const leaf = (fields: readonly Field[]) => ({ fields: plain(fields), hash: keccak256(keccak256(encoded(fields))) })

/** docs/protocol.md 2.3, literally. */
function tree(size: number) {
  const leaves = Array.from({ length: size }, (_, k) => word(`leaf ${k} of ${size}`))
  const slots: Hex[] = []
  leaves.forEach((hash, k) => {
    slots[2 * size - 2 - k] = hash
  })
  for (let i = size - 2; i >= 0; i--) {
    slots[i] = keccak256(concatHex([slots[2 * i + 1]!, slots[2 * i + 2]!].sort()))
  }
  const proofs = leaves.map((_, k) => {
    const proof: Hex[] = []
    for (let i = 2 * size - 2 - k; i > 0; i = (i - 1) >> 1) proof.push(slots[i % 2 === 1 ? i + 1 : i - 1]!)
    return proof
  })
  return { leaves, root: slots[0], proofs }
}

/** docs/protocol.md 1.4: a quorum of the set's keys over one digest. */
function bitmap(n: number, members: readonly number[]) {
  const digest = word(`digest for ${n}`)
  const keys = Array.from({ length: n }, (_, i) => word(`key ${i}`))
  const parts: Hex[] = [
    numberToHex(
      members.reduce((bits, i) => bits | (1n << BigInt(i)), 0n),
      { size: 32 },
    ),
  ]
  const v: number[] = []
  for (const i of members) {
    const bytes = secp256k1.sign(Buffer.from(digest.slice(2), 'hex'), Buffer.from(keys[i]!.slice(2), 'hex'), {
      prehash: false,
      format: 'recovered',
    })
    const { r, s, recovery } = secp256k1.Signature.fromBytes(bytes, 'recovered')
    v.push(27 + recovery!)
    parts.push(numberToHex(r, { size: 32 }), numberToHex(recovery === 1 ? N - s : s, { size: 32 }))
  }
  return { digest, keys, nodes: keys.map((key) => privateKeyToAddress(key)), members, v, signatures: concatHex(parts) }
}

const quorums = Array.from({ length: 28 }, (_, k) => {
  const n = k + 4
  const f = Math.floor((n - 1) / 3)
  return { n, f, quorum: Math.floor((n + f) / 2) + 1 }
})

/** All vectors; a pure function of the constants above. */
export function vectors() {
  return {
    domain,
    messages: Object.fromEntries(Object.entries(MESSAGES).map(([type, fields]) => [type, message(type, fields)])),
    leaves: { unit: leaf(UNIT_LEAF), oracle: leaf(ORACLE_LEAF), verdict: leaf(VERDICT_LEAF) },
    trees: [1, 2, 3, 5, 8, 13].map(tree),
    bitmaps: [bitmap(4, [0, 2, 3]), bitmap(13, [0, 1, 3, 4, 6, 8, 9, 11, 12])],
    quorums,
  }
}

if (import.meta.main) {
  const path = join(REPOSITORY, 'test', 'contract-vectors', 'vectors.json')
  await writeFile(path, `${JSON.stringify(vectors(), null, 2)}\n`)
}
