/** Leaf hashes against viem's `abi.encode`. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeAbiParameters, keccak256 as reference } from 'viem'
import { type Address, bytesToHex } from '../../../src/core/ids.ts'
import { keccak256Hex } from '../../../src/core/keccak.ts'
import { type OracleLeaf, oracleLeafHash, type UnitLeaf, unitLeafHash } from '../../../src/core/leaves.ts'

const fields = (text: string) => text.split(' ').map((type) => ({ type }))

const unit: UnitLeaf = {
  unitId: keccak256Hex(Uint8Array.of(1)),
  epoch: 2 ** 40 - 1,
  era: 2,
  state: 'Warned',
  metEpochs: 10,
  missedEpochs: 11,
  neutralEpochs: 12,
  paidBpsSum: 2n ** 63n,
  lossIncidents: 1,
  scoreBps: 9_876,
  availabilityPpm: 999_123,
  ttfbP95Ms: 87,
  downP10Kbps: 55_000,
  upP10Kbps: 22_000,
  samples: 321,
  recordHash: keccak256Hex(Uint8Array.of(2)),
}

describe('unitLeafHash', () => {
  it('default', () => {
    const types = fields(
      'uint8 bytes32 uint40 uint32 uint8 uint32 uint32 uint32 uint64 uint32 uint16 uint32 uint32 uint32 uint32 uint32 bytes32',
    )
    const { state: _state, unitId, epoch, era, ...rest } = unit
    const encoded = encodeAbiParameters(types, [1, unitId, epoch, era, 3, ...Object.values(rest)] as never)
    assert.equal(bytesToHex(unitLeafHash(unit)), reference(reference(encoded)))
  })

  it('behavior: every field counts', () => {
    const base = bytesToHex(unitLeafHash(unit))
    for (const key of Object.keys(unit) as (keyof UnitLeaf)[]) {
      const value = unit[key]
      const other =
        typeof value === 'bigint'
          ? value - 1n
          : typeof value === 'number'
            ? value - 1
            : key === 'state'
              ? 'Active'
              : keccak256Hex(Uint8Array.of(9))
      assert.notEqual(bytesToHex(unitLeafHash({ ...unit, [key]: other } as UnitLeaf)), base, key)
    }
  })
})

describe('oracleLeafHash', () => {
  it('default', () => {
    const leaf: OracleLeaf = {
      node: `0x${'ab'.repeat(20)}` as Address,
      epoch: 9,
      era: 1,
      points: 2n ** 40n,
      recordHash: keccak256Hex(Uint8Array.of(3)),
    }
    const encoded = encodeAbiParameters(fields('uint8 address uint40 uint32 uint64 bytes32'), [
      2,
      leaf.node,
      9,
      1,
      leaf.points,
      leaf.recordHash,
    ] as never)
    assert.equal(bytesToHex(oracleLeafHash(leaf)), reference(reference(encoded)))
  })
})
